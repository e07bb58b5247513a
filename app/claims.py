"""A digest's sentences as the index keeps them."""

from __future__ import annotations

from app.digest import Digest
from index.paper import ClaimRecord


def claim_records(digest: Digest) -> tuple[ClaimRecord, ...]:
    """All sentences of a digest in order, each under its id: ``2407.03300v1/en/method.2``."""
    paper = digest.paper
    named = paper.id + (f"v{paper.version}" if paper.version else "")
    return tuple(
        ClaimRecord(
            id=f"{named}/{digest.lang}/{section.name}.{number}",
            paper_id=paper.id,
            lang=digest.lang,
            section=section.name,
            text=claim.text,
            citations=claim.citations,
            support=claim.support.score,
            verdict=claim.support.verdict,
        )
        for section in digest.sections
        for number, claim in enumerate(section.items, start=1)
    )
