"""What a search or a question found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.documents import Shape
from app.documents.claims import BoxShape, ClaimShape, SupportShape
from app.documents.notes import PlaceShape, place_shape
from index.hits import ClaimHit, FoundBy, Hit
from index.notes import Located
from index.paper import Role

if TYPE_CHECKING:
    from app.write.ask import Answer


class FoundCitationShape(Shape):
    """The words that a sentence of a digest rests on, as a search tells them."""

    passage_id: str
    """The passage that they stand in."""
    quote: str
    """The words, exactly as the paper has them."""
    page: int | None
    """The page where they begin, from 1; null for a paper that is no PDF."""
    boxes: list[BoxShape]
    """Where they are on the pages, one box a printed line."""


class PassageHit(Shape):
    """A passage of a paper that a search found."""

    passage_id: str
    """As `2407.03300v1#method.3`: paper, version, section role, number."""
    paper_id: str
    """The paper, as all addresses take it."""
    title: str
    """The paper's title."""
    section: str
    """The section's title."""
    role: Role
    """What part of a paper the section is."""
    text: str
    """The passage, some 130 tokens."""
    score: float
    """The higher the better; comparable within one answer only."""
    found_by: FoundBy
    """Whether meaning (`dense`), words or both found it."""
    boxes: list[BoxShape]
    """Where it is on the pages; empty for a paper that is no PDF."""


class ClaimFound(Shape):
    """A sentence of a digest that a search found."""

    claim_id: str
    """As `2407.03300v1/en/method.2`: paper, version, language, section, number."""
    paper_id: str
    """The paper, as all addresses take it."""
    title: str
    """The paper's title."""
    section: str
    """The digest's section, as `key_takeaways`."""
    text: str
    """The sentence."""
    score: float
    """The higher the better; comparable within one answer only."""
    found_by: FoundBy
    """Whether meaning (`dense`), words or both found it."""
    citations: list[FoundCitationShape]
    """The words that it rests on; never empty."""
    support: SupportShape
    """Whether those words carry it."""


class SearchFound(Shape):
    """What a search found, best first."""

    query: str
    """What was asked for."""
    hits: list[PassageHit | ClaimFound]
    """Passages, or sentences of digests, whichever were searched."""
    notes: list[PlaceShape]
    """The reader's own notes and tags with these words: none of a paper's. Visitors have none."""


class _Answering(Shape):
    """Whose sentence it is, and how well it answers; stands before the sentence."""

    paper_id: str
    """Whose it is."""
    title: str
    """The paper's title."""
    section: str
    """The section's title."""
    score: float
    """How probably this is the answer, if one of the sentences is: 0..1."""


class AnswerSentence(ClaimShape, _Answering):
    """A sentence of a paper that answers a question."""


class AnswerFound(Shape):
    """Sentences of the papers that answer a question, or word that none does."""

    question: str
    """What was asked."""
    found: bool
    """Whether the papers answer."""
    sentences: list[AnswerSentence]
    """At most three, best first; empty where the papers do not answer."""
    nearest: list[PassageHit]
    """The passages nearest to the question, which need not answer it."""


def search_found(
    query: str, hits: Sequence[Hit | ClaimHit], notes: Sequence[Located] = ()
) -> SearchFound:
    """What a search found, as ``gloss search`` and the API say it."""
    return SearchFound(
        query=query,
        hits=[_passage(hit) if isinstance(hit, Hit) else _claim(hit) for hit in hits],
        notes=list(map(place_shape, notes)),
    )


def answer_found(answer: Answer) -> AnswerFound:
    """An answer with its nearest passages, as ``gloss ask`` and the API say it."""
    return AnswerFound(
        question=answer.question,
        found=answer.found,
        sentences=[
            AnswerSentence.of(
                one.claim,
                paper_id=one.paper_id,
                title=one.title,
                section=one.section,
                score=one.score,
            )
            for one in answer.sentences
        ],
        nearest=[_passage(hit) for hit in answer.nearest],
    )


def _passage(hit: Hit) -> PassageHit:
    return PassageHit.of(
        hit.passage,
        passage_id=hit.passage.id,
        title=hit.title,
        score=hit.score,
        found_by=hit.found_by,
        boxes=hit.boxes,
    )


def _claim(hit: ClaimHit) -> ClaimFound:
    claim = hit.claim
    return ClaimFound.of(
        claim,
        claim_id=claim.id,
        title=hit.title,
        score=hit.score,
        found_by=hit.found_by,
        support=SupportShape(score=claim.support, verdict=claim.verdict),
    )
