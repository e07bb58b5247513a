"""A digest's sentences as the index keeps them."""

from __future__ import annotations

from app.digest import Digest
from index.paper import ClaimRecord


def sentence_names(digest: Digest) -> tuple[str, ...]:
    """What the sentences of one digest are called, in order: ``method.2``."""
    return tuple(
        f"{section.name}.{number}"
        for section in digest.sections
        for number in range(1, len(section.items) + 1)
    )


def claim_records(digest: Digest) -> tuple[ClaimRecord, ...]:
    """All sentences of a digest in order, each under its id: ``2407.03300v1/en/method.2``."""
    paper = digest.paper
    named = paper.id + (f"v{paper.version}" if paper.version else "")
    return tuple(
        ClaimRecord(
            id=f"{named}/{digest.lang}/{name}",
            paper_id=paper.id,
            lang=digest.lang,
            section=name.rpartition(".")[0],
            text=claim.text,
            citations=claim.citations,
            support=claim.support.score,
            verdict=claim.support.verdict,
        )
        for name, claim in zip(sentence_names(digest), digest.claims, strict=True)
    )
