"""Sentences of one paper or several as rows of numbers, by which they are judged as answers.

What a column means does not depend on the embedding model: a likeness is 0 for what texts that have
nothing in common are to each other, and 1 for the same text.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.answer.cues import CUES, Cues, cues_of
from app.answer.questions import Question
from app.answer.sentences import AnswerSentence, ReadPaper, content_words
from index.paper import ROLES, Paper
from index.spans import Span

Vectors = NDArray[np.float32]
Column = NDArray[np.float64]

_READ_MOST = 16  # papers that are kept as they were read
_K1, _B = 1.2, 0.75  # of BM25: Robertson's defaults
_KINDRED = 0.3  # the cosine up to which two words have nothing in common
_AROUND = 2  # sentences before and after that make the window
_PAIR_DIGITS = 3  # of a pair's score: the model computes in eight bits
_DIGITS = 6  # of a column: beyond them a vector depends on what is embedded in the same batch

# How near a model sets texts that have nothing in common: some 0.05 for one, 0.75 for another. What
# a question has in common with these is no likeness.
UNRELATED = (
    "The patients were given the drug twice a day for six weeks.",
    "The galaxy's spectrum shows a broad emission line.",
    "Prices rose faster than wages in most of these countries.",
    "The beam was cooled to four kelvin before each run.",
    "The proof is by induction on the number of vertices.",
    "Birds of this species nest on cliffs near the sea.",
    "The robot's arm reaches each point within a millimetre.",
    "Voters in rural districts were asked the same questions.",
)

_RANKED = ("likeness", "matter", "overlap", "bm25", "kindred")
_EACH = ("likeness", "matter", "overlap", "bm25")  # of which each neighbour counts, too
_KINDS = ("row", "front", "caption", "footnote")
_ROLES = tuple(role for role in ROLES if role != "references")

# What of a sentence may answer what is asked; each pair is a column.
FITS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("number", ("number", "counted", "unit", "citation", "data", "people", "comparison", "own",
                "table or caption")),
    ("who", ("name", "support", "people", "front", "acknowledgements")),
    ("where", ("name", "place", "front", "offer")),
    ("when", ("year", "month", "number")),
    ("why", ("cause", "shortfall", "own")),
    ("definition", ("definition", "aside", "own")),
    ("comparison", ("comparison", "number", "unit", "own")),
    ("how", ("means", "own", "method")),
    ("which", ("name", "short name", "data", "aside", "means")),
    ("yes-no", ("shortfall", "comparison")),
    ("shortfall", ("shortfall", "plan", "limitations", "ending")),
    ("funding", ("support", "acknowledgements", "short name")),
    ("availability", ("offer", "footnote", "own")),
)  # fmt: skip

# For these, what fits counts by how near the sentence is to the question, too.
_BY_LIKENESS = ("number", "why", "comparison")

# What is read together with the question: as many sentences as are first by this sum. Columns are
# not trained weights, so that what is read does not depend on them.
READ_FIRST = {"likeness": 1.0, "matter": 0.5, "kindred": 0.5, "overlap": 0.5, "bm25": 0.15}
READ_TOGETHER = 12  # more find nothing more (ADR 27)
_SURE = 10.0  # the score of a pair that fits well, about

# Columns that mean the same for a question in any language.
ANY_LANGUAGE = (
    "likeness", "likeness before", "likeness after", "likeness window", "likeness below best",
    "likeness rank", "likeness x length", "heading likeness",
    "passage", "passage below best", "passage rank",
    "length", "length squared", "short", "very short", "long", "very long", "unfinished",
    "kind row", "kind front", "kind caption", "kind footnote", "has maths",
)  # fmt: skip


class SentenceEmbedder(Protocol):
    """The part of an embedding model that answers need; vectors have unit length."""

    def embed_sentences(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, (n, dimension)."""

    def embed_query(self, text: str) -> Vectors:
        """The vector of a question, (dimension,)."""


class PairScorer(Protocol):
    """A model that reads a question and a text together."""

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """How well each text answers; more is better."""


@dataclass(frozen=True)
class Pool:
    """Sentences that may answer, of one paper or several, and what of each is known.

    ``values`` has a row for each sentence and a column for each of ``names``; ``vectors`` are the
    sentences', of unit length.
    """

    sentences: tuple[tuple[str, AnswerSentence], ...]  # with the id of the paper
    vectors: Vectors
    names: tuple[str, ...]
    values: NDArray[np.float64]
    met: NDArray[np.float64]  # (sentences, words): how far each word of the question is in each
    weight: Column  # of each of these words

    def column(self, name: str) -> Column:
        """One column, a number for each sentence."""
        column: Column = self.values[:, self.names.index(name)]
        return column

    def among(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Some columns, in this order."""
        chosen: NDArray[np.float64] = self.values[:, [self.names.index(name) for name in names]]
        return chosen


@dataclass(frozen=True, slots=True)
class FoundPart:
    """Sentences of one paper, and the score of the passage that each is in."""

    paper: ReadPaper
    passages: Sequence[float]


def found_part(paper: Paper, passages: Mapping[Span, float]) -> FoundPart:
    """The sentences of a paper that share words with one of these passages, with its score."""
    whole = _read(paper)
    scores: dict[int, float] = {}
    for number, sentence in enumerate(whole.sentences):
        shared = {
            span: min(span.end, sentence.span.end) - max(span.start, sentence.span.start)
            for span in passages
        }
        most = max(shared, key=shared.__getitem__)
        if shared[most] > 0:
            scores[number] = passages[most]
    return FoundPart(whole.part(list(scores)), list(scores.values()))


_papers_read: OrderedDict[tuple[str, str], ReadPaper] = OrderedDict()
_reading = Lock()


def _read(paper: Paper) -> ReadPaper:
    """The paper as sentences, which are kept for the next question on it."""
    key = (paper.id, paper.text)
    with _reading:
        read = _papers_read.pop(key, None) or ReadPaper.of(paper)
        _papers_read[key] = read
        while len(_papers_read) > _READ_MOST:
            _papers_read.popitem(last=False)
    return read


@dataclass(frozen=True, slots=True)
class Kindred:
    """How far each word of a question is met by each sentence of a paper, by a word like it."""

    met: NDArray[np.float64]  # (sentences, words): 1 for the same word, 0 for none like it
    weight: Column  # of each word in that paper

    @property
    def overlap(self) -> Column:
        """As the overlap of words, where "wealth" meets "income" in part."""
        return self._overlap(self.met)

    @property
    def overlap_with_before(self) -> Column:
        """The same of each sentence read with the one before it."""
        return self._overlap(self._with_before(self.met))

    @property
    def overlap_with_both(self) -> Column:
        """The same of each sentence read with the one before it and the one after."""
        after = np.vstack([self.met[1:], np.zeros_like(self.met[:1])])
        return self._overlap(np.maximum(self._with_before(self.met), after))

    def _overlap(self, met: NDArray[np.float64]) -> Column:
        found: Column = met @ self.weight / (self.weight.sum() or 1.0)
        return found

    @staticmethod
    def _with_before(met: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.maximum(met, np.vstack([np.zeros_like(met[:1]), met[:-1]]))


def pool_of(
    parts: Sequence[FoundPart], question: Question, embedder: SentenceEmbedder, pairs: PairScorer
) -> Pool:
    """The sentences of all parts as one pool. Each part is embedded in one batch."""
    sentences = tuple((part.paper.paper_id, one) for part in parts for one in part.paper.sentences)
    vectors = [embedder.embed_sentences([s.read for s in one.paper.sentences]) for one in parts]
    kindred = [_kindred(part.paper, question, embedder) for part in parts]
    own = [
        _own_columns(*one, question, embedder) for one in zip(parts, vectors, kindred, strict=True)
    ]
    columns = {name: np.concatenate([one[name] for one in own]).round(_DIGITS) for name in own[0]}
    columns["pair"] = _pair_scores(columns, sentences, question, pairs)
    for name in (*_RANKED, "passage", "pair"):
        values = columns[name]
        columns[f"{name} below best"] = values - values.max()
        order = np.argsort(np.argsort(-values, kind="stable"), kind="stable")
        columns[f"{name} rank"] = 1 / (1.0 + order)
    return Pool(
        sentences,
        np.concatenate(vectors),
        tuple(columns),
        np.stack(list(columns.values()), axis=1),
        np.concatenate([one.met for one in kindred]),
        np.max([one.weight for one in kindred], axis=0),
    )


def _own_columns(
    part: FoundPart,
    vectors: Vectors,
    kindred: Kindred,
    question: Question,
    embedder: SentenceEmbedder,
) -> dict[str, Column]:
    """What is known of the sentences of one paper without those of others."""
    paper = part.paper
    sentences = paper.sentences
    columns = _form(sentences)
    asked, matter = embedder.embed_query(question.text), embedder.embed_query(question.matter)
    unrelated = embedder.embed_sentences(UNRELATED)
    headings = list(dict.fromkeys(one.heading for one in sentences))
    of_headings = _likeness(embedder.embed_sentences(headings), asked, unrelated)
    near = dict(zip(headings, of_headings.tolist(), strict=True))
    shared, bm25 = _by_words(paper, question)
    for name, values in (
        ("likeness", _likeness(vectors, asked, unrelated)),
        ("matter", _likeness(vectors, matter, unrelated)),
        ("overlap", shared),
        ("bm25", bm25),
        ("kindred", kindred.overlap),
    ):
        columns[name] = values
        around = _around(values)
        kept = around if name in _EACH else ("window",)
        columns |= {f"{name} {where}": around[where] for where in kept}
        columns[f"{name} x length"] = values * columns["length"]
    columns["kindred with before"] = kindred.overlap_with_before
    columns["kindred with both"] = kindred.overlap_with_both
    columns["heading likeness"] = np.array([near[one.heading] for one in sentences])
    columns["heading overlap"] = _heading_overlap(paper, question)
    columns["passage"] = np.array(part.passages, dtype=np.float64)
    cues = [_cues(one.read) for one in sentences]
    columns |= _cue_columns(cues, question)
    columns |= _fit_columns(columns, question)
    return columns


def _pair_scores(
    columns: Mapping[str, Column],
    sentences: Sequence[tuple[str, AnswerSentence]],
    question: Question,
    pairs: PairScorer,
) -> Column:
    """What ``pairs`` says of the likeliest sentences; the others have the least of these scores.

    All are 0 for a question that is not English, which the model does not know.
    """
    if not question.is_english:
        return np.zeros(len(sentences))
    nearest = sum(weight * columns[name] for name, weight in READ_FIRST.items())
    first = np.argsort(-np.asarray(nearest), kind="stable")[:READ_TOGETHER]
    read = pairs.scores(question.text, [sentences[number][1].read for number in first])
    found = np.full(len(sentences), min(read))
    found[first] = read
    return (found / _SURE).round(_PAIR_DIGITS)


_cues = lru_cache(20_000)(cues_of)


def _likeness(vectors: Vectors, asked: Vectors, unrelated: Vectors) -> Column:
    none = float((unrelated @ asked).mean())
    return ((vectors @ asked).astype(np.float64) - none) / (1 - none)


def _around(values: Column) -> dict[str, Column]:
    """The same of the sentence before, of the one after, and the most and the mean of a window."""
    padded = np.concatenate([np.zeros(_AROUND), values, np.zeros(_AROUND)])
    shifted = [
        padded[_AROUND + by : _AROUND + by + len(values)]
        for by in range(-_AROUND, _AROUND + 1)
        if by
    ]
    return {
        "before": shifted[_AROUND - 1],
        "after": shifted[_AROUND],
        "window": np.max(shifted, axis=0),
        "mean": np.mean(shifted, axis=0),
    }


def _by_words(paper: ReadPaper, question: Question) -> tuple[Column, Column]:
    """The share of the question's words, by weight, that each sentence has; and BM25, 0..2.2."""
    weights = {stem: paper.weight(stem) for stem in question.stems}
    total = sum(weights.values()) or 1.0
    shared = np.zeros(len(paper.sentences))
    bm25 = np.zeros(len(paper.sentences))
    for at, stems in enumerate(paper.stems):
        length = _K1 * (1 - _B + _B * stems.total() / paper.mean_length)
        for stem, weight in weights.items():  # in order, so that the sum is the same each time
            if stem in stems:
                shared[at] += weight
                bm25[at] += weight * stems[stem] * (_K1 + 1) / (stems[stem] + length)
    return shared / total, bm25 / total


def _kindred(paper: ReadPaper, question: Question, embedder: SentenceEmbedder) -> Kindred:
    known = paper.vocabulary
    met = np.zeros((len(paper.sentences), len(question.stems)))
    weight = np.array([paper.weight(stem) for stem in question.stems])
    if not question.stems or not known:
        return Kindred(met, weight)
    mine = embedder.embed_sentences(question.words).astype(np.float64)
    cosines = mine @ embedder.embed_sentences(list(known.values())).T
    alike = np.clip((cosines - _KINDRED) / (1 - _KINDRED), 0, 1).T
    number = {stem: at for at, stem in enumerate(known)}
    for at, stems in enumerate(paper.stems):
        if there := [number[stem] for stem in stems if stem in number]:
            met[at] = alike[there].max(axis=0)
        for word, stem in enumerate(question.stems):
            if stem in stems:
                met[at, word] = 1.0
    return Kindred(met, weight)


def _heading_overlap(paper: ReadPaper, question: Question) -> Column:
    total = sum(map(paper.weight, question.stems)) or 1.0
    of_heading: dict[str, float] = {}
    for heading in {one.heading for one in paper.sentences}:
        there = {word.stem for word in content_words(heading)}
        of_heading[heading] = sum(paper.weight(one) for one in question.stems if one in there)
    return np.array([of_heading[one.heading] / total for one in paper.sentences])


def _form(sentences: Sequence[AnswerSentence]) -> dict[str, Column]:
    """Where a sentence is, how long, of what kind."""
    lengths = np.array([len(one.text.split()) for one in sentences], dtype=np.float64)
    ended = [one.text.rstrip("\"'”’)]").endswith((".", "!", "?", "。")) for one in sentences]
    columns: dict[str, Column] = {
        "place": np.array([one.place for one in sentences]),
        "in section": np.array([one.in_section for one in sentences]),
        "first page": _flags(one.place < 0.06 for one in sentences),
        "length": np.log1p(lengths) / 4,
        "length squared": np.log1p(lengths) ** 2 / 16,
        "very short": _flags(lengths < 5),
        "short": _flags(lengths < 8),
        "long": _flags(lengths > 40),
        "very long": _flags(lengths > 70),
        "unfinished": _flags(not one for one in ended),
    }
    for role in _ROLES:
        columns[f"role {role}"] = _flags(one.role == role for one in sentences)
    for kind in _KINDS:
        columns[f"kind {kind}"] = _flags(one.kind == kind for one in sentences)
    return columns


def _cue_columns(cues: Sequence[Cues], question: Question) -> dict[str, Column]:
    """What a sentence has, whatever is asked, and what is counted or named in the question."""
    columns = {f"has {name}": _flags(one.counts[name] > 0 for one in cues) for name in CUES}
    for name in ("name", "short name"):
        columns[f"has {name}"] = np.array([min(one.counts[name], 3) / 3 for one in cues])
    columns["has number"] = _flags(one.numbers > 0 for one in cues)
    columns["has numbers"] = np.array([min(one.numbers, 6) / 6 for one in cues])
    columns["has unit"] = _flags(bool(one.units & {*question.units}) for one in cues)
    columns["has counted"] = np.array([one.counted(question.things) for one in cues])
    columns["has thing"] = _flags(bool(question.things & {*one.tokens}) for one in cues)
    return columns


def _fit_columns(columns: dict[str, Column], question: Question) -> dict[str, Column]:
    of_sentence = {
        name.partition(" ")[2]: one
        for name, one in columns.items()
        if name.startswith(("has ", "kind ", "role "))
    }
    of_sentence["table or caption"] = np.maximum(of_sentence["row"], of_sentence["caption"])
    of_sentence["ending"] = np.maximum(of_sentence["conclusion"], of_sentence["discussion"])
    found: dict[str, Column] = {}
    for asked, fits in FITS:
        weight = float(asked in question.asked)
        for fit in fits:
            found[f"{asked}: {fit}"] = weight * of_sentence[fit]
        for fit in fits if asked in _BY_LIKENESS else ():
            found[f"{asked}: {fit} x likeness"] = weight * of_sentence[fit] * columns["likeness"]
    return found


def _flags(values: object) -> Column:
    return np.array(list(values), dtype=np.float64)  # type: ignore[call-overload]
