"""A question to an answer: sentences of the papers that answer it, quoted, cited and checked.

The best passages are searched for the sentences that make sense alone (``app.choose.evidence``),
and of these the best are quoted that differ from each other. A sentence that is not near enough to
the question is no answer, however near it is among its kind: then nothing is quoted, and the
nearest passages are all there is to show. How near is enough was measured
(docs/adr/0015-when-an-answer-is-not-found.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.choose.evidence import Candidate, Pool, candidates
from app.digest import Claim
from app.write import quote
from index.hits import Hit, SearchFilter

if TYPE_CHECKING:
    from index.library import Papers

MOST = 5  # sentences of an answer
LEAST = 0.64  # the score from which a sentence answers (ADR 15)
_PASSAGES = 10  # that are searched for sentences
_NEAREST = 3  # passages that are shown in place of an answer
_WORDS = 0.4  # what it counts that a sentence has all words of the question, beside a likeness of 1

# How near a model sets texts that have nothing in common: some 0.05 for one, 0.75 for another. What
# a question has in common with these is no likeness. LEAST was measured with MiniLM alone.
_UNRELATED = (
    "The patients were given the drug twice a day for six weeks.",
    "The galaxy's spectrum shows a broad emission line.",
    "Prices rose faster than wages in most of these countries.",
    "The beam was cooled to four kelvin before each run.",
    "The proof is by induction on the number of vertices.",
    "Birds of this species nest on cliffs near the sea.",
    "The robot's arm reaches each point within a millimetre.",
    "Voters in rural districts were asked the same questions.",
)


@dataclass(frozen=True, slots=True)
class AnswerQuote:
    """A sentence of an answer: a checked quote and its paper."""

    claim: Claim
    paper_id: str
    title: str  # of the paper
    section: str  # the section's title
    score: float  # how well it answers; ``LEAST`` or more


@dataclass(frozen=True, slots=True)
class Answer:
    """Sentences that answer a question, best first; none if the papers do not answer it."""

    question: str
    sentences: tuple[AnswerQuote, ...]
    nearest: tuple[Hit, ...]  # the passages nearest to the question, answered or not

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
    least: float = LEAST,
    within: SearchFilter | None = None,
) -> Answer:
    """What one paper, or all that are there, say to a question, in at most ``most`` sentences.

    Only passages that pass the filter ``within`` are searched for sentences.
    Raises ``EmptyQuery`` and ``PaperNotFound``.
    """
    wanted = within or SearchFilter()
    wanted = replace(wanted, paper_id=paper_id or wanted.paper_id)
    hits = library.search(question, _PASSAGES, wanted)
    titles = {hit.passage.paper_id: hit.title for hit in hits}
    papers = {name: library.paper(name) for name in titles}
    quotes = [one for paper in papers.values() for one in candidates(paper) if _is_in(one, hits)]
    if not quotes:
        return Answer(question, (), tuple(hits[:_NEAREST]))

    def cited(one: Candidate) -> Claim:
        return quote(papers[one.paper_id], one.span, library.passages(one.paper_id))

    vectors = library.embedder.embed_sentences([*(one.text for one in quotes), *_UNRELATED])
    likeness = vectors @ library.embedder.embed_query(question)
    unrelated = float(likeness[len(quotes) :].mean())
    scores = [
        (float(alike) - unrelated) / (1 - unrelated) + _WORDS * _shared(library, question, one.text)
        for alike, one in zip(likeness, quotes, strict=False)
    ]
    pool = Pool(quotes, vectors, lambda one: cited(one).support.verdict == "supported")
    chosen: list[int] = []
    near = [i for i, score in enumerate(scores) if score >= least]
    pool.take(chosen, near, min(most, MOST), scores.__getitem__)
    sentences = tuple(
        AnswerQuote(
            claim=cited(quotes[i]),
            paper_id=quotes[i].paper_id,
            title=titles[quotes[i].paper_id],
            section=papers[quotes[i].paper_id].section_at(quotes[i].span.start).title,
            score=scores[i],
        )
        for i in sorted(chosen, key=lambda i: -scores[i])
    )
    return Answer(question, sentences, tuple(hits[:_NEAREST]))


def _is_in(one: Candidate, hits: list[Hit]) -> bool:
    """Whether the quote shares words with a found passage."""
    return any(
        one.paper_id == hit.passage.paper_id
        and one.span.start < hit.passage.span.end
        and hit.passage.span.start < one.span.end
        for hit in hits
    )


def _shared(library: Papers, question: str, text: str) -> float:
    """The share of the question's terms that ``text`` has, 0..1."""
    asked = library.sparse_encoder.encode_query(question)
    there = set(library.sparse_encoder.encode_passage(text).indices)
    pairs = zip(asked.indices, asked.values, strict=True)
    return sum(weight for term, weight in pairs if term in there)
