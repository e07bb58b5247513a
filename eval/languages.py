"""Does a Chinese question find the English abstract, and what does that cost in English?

``--data`` names a corpus in the form of SciFact's (a JSON object a line: ``doc_id``, ``title``,
``sentences``) and, given again, its claims (``claim``, ``cited_doc_ids``), by which the same index
is measured in English. The Chinese questions are ``data/chinese_pairs.jsonl``: each was written
for the one abstract that answers it, before any model had seen it. Settings are chosen by the part
``tune``; ``report`` is what is reported.

Abstracts are split, embedded and ranked as papers are, with the model, the passage size and the
fusion of the settings; an abstract's rank is that of its best passage.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log, log2
from pathlib import Path
from typing import Any

from app.evaluation import Report
from index.config import Settings
from index.embed import count_tokens, open_embedder
from index.errors import GlossError
from index.paper import Block, Paper, Section, Sentence, Span, SparseVector
from index.rank import question
from index.sparse import Bm25Encoder
from index.split import split
from index.store import Point, VectorQuery
from index.store.edge import EdgeStore

_PAIRS = Path(__file__).parents[1] / "data" / "chinese_pairs.jsonl"
_SEED = 20261124
_POOL = 1500  # abstracts: the answers, and others drawn by the seed
_CLAIMS = 200  # English questions, drawn by the seed
_DEPTH = 100  # passages looked at for a question
_BATCH = 512  # passages embedded in one go
_HALVES = ("dense", "words", "hybrid")
_NO_WORDS = SparseVector((), ())

Ask = Callable[[str], list[str]]
"""A question's abstracts, best first."""


class CorpusUnusable(GlossError):
    """A file of abstracts or claims is missing or is none."""

    def __init__(self, path: Path | None, why: str) -> None:
        super().__init__(f"{path}: {why}" if path else why)
        self.path = path
        self.why = why


@dataclass(frozen=True, slots=True)
class Abstract:
    """A paper's title and the sentences of its abstract."""

    id: str
    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the abstracts that answer it; ``part`` groups questions for the report."""

    question: str
    answers: frozenset[str]
    part: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one half found for a question: the abstracts, best first."""

    asked: Asked
    found: tuple[str, ...]

    @property
    def rank(self) -> int:
        """Of the first abstract that answers, from 1; 0 where none was found."""
        ranks = (at for at, one in enumerate(self.found, 1) if one in self.asked.answers)
        return next(ranks, 0)

    @property
    def ndcg(self) -> float:
        """nDCG@10 with one degree of relevance."""
        gain = sum(
            1 / log2(at + 1)
            for at, one in enumerate(self.found[:10], 1)
            if one in self.asked.answers
        )
        return gain / sum(1 / log2(at + 1) for at in range(1, min(len(self.asked.answers), 10) + 1))


def run(settings: Settings, data: Sequence[Path]) -> Report:
    """Rank a corpus of abstracts for Chinese, and English, questions. ``CorpusUnusable``."""
    if not data:
        raise CorpusUnusable(None, "give a corpus of abstracts: --data CORPUS.jsonl")
    lines = [line for path in data for line in _lines(path)]
    abstracts = {
        str(one["doc_id"]): Abstract(str(one["doc_id"]), one["title"], tuple(one["sentences"]))
        for one in lines
        if {"doc_id", "title", "sentences"} <= one.keys()
    }
    asked = list(chinese())
    lost = [one for one in asked if not one.answers <= abstracts.keys()]
    if lost:
        raise CorpusUnusable(
            data[0], f"has no abstract for {len(lost)} of {len(asked)} questions of {_PAIRS.name}"
        )
    drawn = random.Random(_SEED)
    claims = [
        Asked(one["claim"], answers, "english")
        for one in lines
        if "claim" in one
        and (answers := frozenset(map(str, one.get("cited_doc_ids", ()))) & abstracts.keys())
    ]
    asked += drawn.sample(claims, min(_CLAIMS, len(claims)))
    wanted = {answer for one in asked for answer in one.answers}
    others = [one for one in abstracts if one not in wanted]
    wanted |= set(drawn.sample(others, min(max(_POOL - len(wanted), 0), len(others))))
    return measure(settings, [one for one in abstracts.values() if one.id in wanted], asked)


def chinese() -> Iterator[Asked]:
    """The Chinese questions, in parts ``tune`` and ``report``."""
    for line in _PAIRS.read_text(encoding="utf-8").splitlines():
        pair = json.loads(line)
        yield Asked(pair["question"], frozenset([pair["doc_id"]]), pair["part"])


def measure(settings: Settings, abstracts: Sequence[Abstract], asked: Sequence[Asked]) -> Report:
    """Every question asked of an index of all the abstracts."""
    embedder = open_embedder(settings.model, settings.cache)
    words = Bm25Encoder(settings.bm25_k1, settings.bm25_b, settings.bm25_average_length)
    passages = [
        (number, passage)
        for number, abstract in enumerate(abstracts)
        for passage in split(
            _paper(abstract), count_tokens, settings.passage_tokens, settings.passage_tokens_max
        )
    ]
    sparse = [words.encode_passage(passage.text) for _, passage in passages]
    embedding = 0.0
    with tempfile.TemporaryDirectory() as folder:
        store = EdgeStore(Path(folder, "vectors"), embedder.dimension)
        for start in range(0, len(passages), _BATCH):
            batch = passages[start : start + _BATCH]
            began = time.perf_counter()
            vectors = embedder.embed_passages([passage.text for _, passage in batch])
            embedding += time.perf_counter() - began
            store.upsert(
                [
                    Point(passage.id, passage.paper_id, number, None, None, vector.tolist(), terms)
                    for (number, passage), vector, terms in zip(
                        batch, vectors, sparse[start : start + _BATCH], strict=True
                    )
                ]
            )

        def nearest(text: str, *, alone: bool) -> list[str]:
            vectors = question(text, embedder, words)
            query = VectorQuery(
                vectors.dense,
                _NO_WORDS if alone else vectors.sparse,
                _DEPTH,
                depth=max(settings.fusion_depth, _DEPTH),
                fusion_k=settings.fusion_k,
            )
            return _once([abstracts[found.edition].id for found in store.search(query)])

        bm25 = WordsAlone(sparse)

        def by_words(text: str) -> list[str]:
            rows = bm25.best(words.encode_query(text), _DEPTH)
            return _once([abstracts[passages[row][0]].id for row in rows])

        halves: dict[str, Ask] = {
            "dense": lambda text: nearest(text, alone=True),
            "words": by_words,
            "hybrid": lambda text: nearest(text, alone=False),
        }
        rankings = {
            half: [Ranking(one, tuple(ask(one.question))) for one in asked]
            for half, ask in halves.items()
        }
        store.close()
    return _report(settings, len(abstracts), len(passages), embedding, rankings)


class WordsAlone:
    """The half of a search that goes by words, which stores fuse and do not give on its own.

    Scores are BM25 with the inverse document frequency that Qdrant multiplies in.
    """

    def __init__(self, passages: Sequence[SparseVector]) -> None:
        self._postings: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for row, passage in enumerate(passages):
            for term, weight in zip(passage.indices, passage.values, strict=True):
                self._postings[term].append((row, weight))
        self._count = len(passages)

    def best(self, query: SparseVector, limit: int) -> list[int]:
        """Rows of the ``limit`` best passages that share a word with the query, best first."""
        scores: dict[int, float] = defaultdict(float)
        for term, weight in zip(query.indices, query.values, strict=True):
            postings = self._postings.get(term, [])
            rarity = log(1 + (self._count - len(postings) + 0.5) / (len(postings) + 0.5))
            for row, frequency in postings:
                scores[row] += weight * frequency * rarity
        return sorted(scores, key=lambda row: (-scores[row], row))[:limit]


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            value = json.loads(line)
            if not isinstance(value, dict):
                raise ValueError("a line that is no object")
            yield value
    except OSError as error:
        raise CorpusUnusable(path, f"cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise CorpusUnusable(path, f"is not a JSON object a line ({error})") from error


def _paper(abstract: Abstract) -> Paper:
    """An abstract as a paper of one section, its title for a heading."""
    spans: list[Span] = []
    at = 0
    for text in (abstract.title, *abstract.sentences):
        spans.append(Span(at, at + len(text)))
        at += len(text) + 1
    body = Span(len(abstract.title) + 1, max(at - 1, len(abstract.title) + 1))
    text = " ".join((abstract.title, *abstract.sentences))
    return Paper(
        id=abstract.id,
        version=None,
        source="markdown",
        sha256="",
        text=text,
        title=abstract.title,
        sections=(Section(abstract.title, "abstract", 1, Span(0, len(text))),),
        blocks=(Block("heading", spans[0]), Block("paragraph", body)),
        sentences=tuple(
            Sentence(span, "paragraph" if number else "heading")
            for number, span in enumerate(spans)
        ),
    )


def _once(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _report(
    settings: Settings,
    abstracts: int,
    passages: int,
    seconds: float,
    rankings: Mapping[str, Sequence[Ranking]],
) -> Report:
    parts = list(dict.fromkeys(one.asked.part for one in rankings["dense"]))
    scores = {
        part: {
            half: _scores([one for one in rankings[half] if one.asked.part == part])
            for half in _HALVES
        }
        for part in parts
    }
    table: list[tuple[str, ...]] = [
        ("questions", "half", "right first", "recall@10", "MRR", "nDCG@10")
    ]
    table += [
        (
            f"{part} ({sum(one.asked.part == part for one in rankings['dense'])})",
            half,
            *(f"{scores[part][half][name]:.3f}" for name in _NAMES),
        )
        for part in parts
        for half in _HALVES
    ]
    missed = [
        {"question": one.asked.question, "part": one.asked.part, "rank": one.rank}
        for one in rankings["hybrid"]
        if one.rank != 1 and one.asked.part != "english"
    ]
    measures: dict[str, Any] = {
        "model": settings.model,
        "abstracts": abstracts,
        "passages": passages,
        "passages_per_second": round(passages / seconds, 2) if seconds else 0.0,
        **scores,
        "missed": missed,
    }
    notes = tuple(
        f"{one['part']}, rank {one['rank'] or 'none'}: {one['question']}" for one in missed
    )
    return Report(measures, tuple(table), notes)


_NAMES = ("right_first", "recall@10", "mrr", "ndcg@10")


def _scores(rankings: Sequence[Ranking]) -> dict[str, float]:
    count = len(rankings)
    values = (
        sum(one.rank == 1 for one in rankings),
        sum(
            len(one.asked.answers & set(one.found[:10])) / len(one.asked.answers)
            for one in rankings
        ),
        sum(1 / one.rank for one in rankings if one.rank),
        sum(one.ndcg for one in rankings),
    )
    return {name: round(value / count, 4) for name, value in zip(_NAMES, values, strict=True)}
