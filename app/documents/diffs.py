"""What a new version of a paper leaves of a digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.digest import Language
from app.documents import Shape, Share
from app.documents.claims import CitationShape
from app.write.diff import Fate

if TYPE_CHECKING:
    from app.write.diff import DigestDiff


class VersionShape(Shape):
    """A version of a paper."""

    version: int | None
    """arXiv's, where known."""
    title: str
    """As arXiv or page 1 has it."""


class ComparedPaper(Shape):
    """The version that is here now."""

    id: str
    """As all addresses take it."""
    version: int | None
    """arXiv's, where known."""
    title: str
    """As arXiv or page 1 has it."""


class WordsChanged(Shape):
    """Words and what stands in their place now; one of them may be empty."""

    before: str
    after: str


class QuoteCompared(Shape):
    """What became of words that a sentence rests on."""

    status: Fate
    """Whether they stand, changed, or are lost."""
    quote: str
    """As the former version has them."""
    passage_id: str
    """The passage of the former version that they stand in."""
    page: int | None
    """The page of the former version where they begin, from 1."""
    closeness: Share
    """1 for what stands; of what is lost, the best that was found."""
    now: CitationShape | None
    """Where they are in the version that is here now, or what comes nearest there."""
    words: list[WordsChanged]
    """What differs."""


class ClaimCompared(Shape):
    """A sentence of the former digest and what became of the words that it rests on."""

    section: str
    """The digest's section, as `key_takeaways`."""
    text: str
    """The sentence."""
    status: Fate
    """That of the quote which fared worst."""
    quotes: list[QuoteCompared]
    """Never empty."""


class DigestCompared(Shape):
    """The sentences of a former version's digest beside the version that is here now."""

    paper: ComparedPaper
    former: VersionShape
    """What the digest is of."""
    lang: Language
    """The digest's."""
    writer: str
    """Who worded it."""
    stands: int
    """How many sentences stand word for word."""
    changed: int
    """How many rest on words that changed."""
    lost: int
    """How many rest on words that nothing comes near."""
    claims: list[ClaimCompared]
    """In the digest's order."""


def digest_compared(found: DigestDiff) -> DigestCompared:
    """What ``gloss diff`` says."""
    return DigestCompared.of(
        found,
        paper=ComparedPaper(id=found.paper_id, version=found.version, title=found.title),
        stands=len(found.of("stands")),
        changed=len(found.of("changed")),
        lost=len(found.of("lost")),
        claims=[
            ClaimCompared(
                section=one.section,
                text=one.claim.text,
                status=one.fate,
                quotes=[QuoteCompared.of(quote, status=quote.fate) for quote in one.quotes],
            )
            for one in found.claims
        ],
    )
