"""A question to an answer: sentences of the papers that answer it, quoted, cited and checked.

The sentences of the best passages, of one paper or of all, are ranked by weights that were trained
on judged answers (``app.answer``). One to three are quoted, further ones only where
they may add something. Whether the best one answers is decided apart from that: if not, nothing is
quoted, and the nearest passages are all there is to show
(docs/adr/0024-answers-are-ranked-by-trained-weights.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from app.answer.copies import without_copies
from app.answer.questions import Question, question_of
from app.digest import Claim
from app.write import quote
from index.hits import Hit, SearchFilter

if TYPE_CHECKING:
    from app.answer.features import Pool
    from app.answer.memory import VectorMemory
    from index.library import Papers

MOST = 3  # sentences of an answer
_OF_ONE = 1  # sentence of each paper where all are asked: a third of an answer (ADR 35)
_PASSAGES = 10  # of all papers, whose sentences may answer
_PASSAGES_OF_ONE = 20  # of one paper: a quarter of a usual one, with 96 % of the answers (ADR 24)
_NEAREST = 3  # passages that are shown in place of an answer


@dataclass(frozen=True, slots=True)
class AnswerQuote:
    """A sentence of an answer: a checked quote and its paper."""

    claim: Claim
    paper_id: str
    title: str  # of the paper
    section: str  # the section's title
    score: float  # how probably this is the answer, if one of the sentences is: 0..1


@dataclass(frozen=True, slots=True)
class Answer:
    """Sentences that answer a question, best first; none if the papers do not answer it."""

    question: str
    sentences: tuple[AnswerQuote, ...]
    nearest: tuple[Hit, ...]  # the passages nearest to the question, answered or not
    english_only: bool = False  # whether the library's model does not know the question's language

    @property
    def found(self) -> bool:
        """Whether the papers answer the question."""
        return bool(self.sentences)


def ask(
    library: Papers,
    question: str,
    paper_id: str | None = None,
    *,
    most: int = MOST,
    within: SearchFilter | None = None,
) -> Answer:
    """What one paper, or all that are there, say to a question, in at most ``most`` sentences.

    Only passages that pass the filter ``within`` are searched for sentences.
    Raises ``EmptyQuery`` and ``PaperNotFound``.
    """
    from app.answer.ranker import chosen, ranked, shipped

    asked = question_of(question)
    wanted = within or SearchFilter()
    wanted = replace(wanted, paper_id=paper_id or wanted.paper_id)
    hits = _hits(library, question, wanted)
    nearest = tuple(hits[:_NEAREST])
    foreign = not asked.is_english and bool(hits) and knows_english_only(library.model)
    pool = _pool(library, asked, hits)
    if pool is None:
        return Answer(question, (), nearest, foreign)
    judge = shipped().judge(asked)
    found = ranked(pool, asked, judge)
    if found.answered < judge.threshold:
        return Answer(question, (), nearest, foreign)
    claims: dict[int, Claim] = {}

    def holds(number: int) -> bool:
        owner, sentence = pool.sentences[number]
        passages = library.passages(owner)
        claims[number] = quote(library.paper(owner), sentence.span, passages)
        return claims[number].support.verdict == "supported"

    alone = wanted.paper_id is not None or library.count() == 1
    titles = {hit.passage.paper_id: hit.title for hit in hits}
    share = dict(zip(found.order, found.probability, strict=True))
    sentences = tuple(
        AnswerQuote(
            claim=claims[number],
            paper_id=pool.sentences[number][0],
            title=titles[pool.sentences[number][0]],
            section=pool.sentences[number][1].heading,
            score=share[number],
        )
        for number in chosen(pool, found, min(most, MOST), holds, MOST if alone else _OF_ONE)
    )
    return Answer(question, sentences, nearest, foreign)


def asked_pool(library: Papers, question: Question, paper_id: str) -> Pool | None:
    """The sentences of one paper as ``ask`` ranks them; None where it has none."""
    hits = _hits(library, question.text, SearchFilter(paper_id=paper_id))
    return _pool(library, question, hits)


def knows_english_only(model: str) -> bool:
    """The default does, and its sisters: https://www.sbert.net/docs/sentence_transformer/pretrained_models.html."""
    return Path(model).name.startswith("all-")


def _hits(library: Papers, question: str, wanted: SearchFilter) -> list[Hit]:
    if wanted.paper_id:
        return library.search(question, _PASSAGES_OF_ONE, wanted)
    return without_copies(
        lambda most: library.search(question, most, wanted),
        _PASSAGES,
        lambda paper_id: library.paper(paper_id),
    )


def _pool(library: Papers, question: Question, hits: Sequence[Hit]) -> Pool | None:
    """The sentences that share words with a hit, None where there are none."""
    from app.answer.features import found_part, pool_of
    from app.answer.memory import RememberingEmbedder
    from index.embed.pairs import open_pair_scorer

    of_paper: dict[str, list[Hit]] = {}
    for hit in hits:
        of_paper.setdefault(hit.passage.paper_id, []).append(hit)
    parts = [
        found_part(library.paper(paper_id), {hit.passage.span: hit.score for hit in inside})
        for paper_id, inside in of_paper.items()
    ]
    parts = [part for part in parts if part.paper.sentences]
    if not parts:
        return None
    embedder = RememberingEmbedder(library.embedder, _vectors())
    return pool_of(parts, question, embedder, open_pair_scorer())


@cache
def _vectors() -> VectorMemory:
    from app.answer.memory import VectorMemory

    return VectorMemory()
