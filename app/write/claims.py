"""A digest's sentences as the index keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from app.digest import Claim, Digest
from index.hits import ClaimRecord


class NamedClaim(NamedTuple):
    """A sentence of a digest, its section's name, and its own: ``method.2``."""

    section: str
    name: str
    claim: Claim


def named_claims(digest: Digest) -> Iterator[NamedClaim]:
    """The sentences of a digest in order, each with its name."""
    for section in digest.sections:
        for number, claim in enumerate(section.items, start=1):
            yield NamedClaim(section.name, f"{section.name}.{number}", claim)


def sentence_names(digest: Digest) -> tuple[str, ...]:
    """What the sentences of one digest are called, in order: ``method.2``."""
    return tuple(one.name for one in named_claims(digest))


def claim_records(digest: Digest) -> tuple[ClaimRecord, ...]:
    """All sentences of a digest in order, each under its id: ``2407.03300v1/en/method.2``."""
    paper = digest.paper
    named = paper.id + (f"v{paper.version}" if paper.version else "")
    return tuple(
        ClaimRecord(
            id=f"{named}/{digest.lang}/{name}",
            paper_id=paper.id,
            lang=digest.lang,
            section=section,
            text=claim.text,
            citations=claim.citations,
            support=claim.support.score,
            verdict=claim.support.verdict,
        )
        for section, name, claim in named_claims(digest)
    )
