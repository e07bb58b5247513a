"""Splits, embeds, stores and ranks the texts of a benchmark with the code of a library."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from index.config import Settings
from index.embed import Embedder, Vectors, count_tokens, open_embedder
from index.embed.rerank import Reranker
from index.embed.sparse import Bm25Encoder
from index.errors import GlossError
from index.hits import Passage, SearchFilter, SparseVector
from index.library.points import points_of
from index.library.rank import RERANKED, encode_query
from index.paper import Block, Paper, Section, Sentence
from index.read.text.headings import title_role
from index.read.text.sentences import split_sentences
from index.spans import Span
from index.split import split
from index.store import WORDS_WEIGHT, VectorQuery
from index.store.edge import EdgeStore

Way = Literal["bm25", "dense", "hybrid", "reranked"]

_BATCH = 2048  # texts embedded in one go
_WORDS_ALONE = 1e6  # a weight of BM25 beside which no cosine counts
_NO_WORDS = SparseVector((), ())


class DataUnusable(GlossError):
    """A file or folder of a benchmark is missing or invalid."""

    def __init__(self, path: Path | None, why: str) -> None:
        super().__init__(f"{path}: {why}" if path else why)
        self.path = path
        self.why = why


def json_lines(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file, one a line. Raises ``DataUnusable``."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines if line.strip()]
    except OSError as error:
        raise DataUnusable(path, f"cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise DataUnusable(path, f"is not JSON, one object a line ({error})") from error
    if not all(isinstance(one, dict) for one in found):
        raise DataUnusable(path, "is not JSON, one object a line")
    return found


def text_paper(
    paper_id: str, title: str, sections: Iterable[tuple[str, Sequence[str]]]
) -> tuple[Paper, tuple[Span, ...]]:
    """A paper of sections, each a heading (or none) and paragraphs, and the paragraphs' spans.

    Its role is that of the heading; without one, that of an abstract.
    """
    text = ""
    starts: list[tuple[str, int]] = []
    blocks: list[Block] = []
    for heading, paragraphs in sections:
        starts.append((heading, len(text)))
        if heading:
            blocks.append(Block("heading", Span(len(text), len(text) + len(heading))))
            text += f"{heading}\n\n"
        for paragraph in paragraphs:
            blocks.append(Block("paragraph", Span(len(text), len(text) + len(paragraph))))
            text += f"{paragraph}\n\n"
    ends = [*(start for _, start in starts[1:]), len(text)]
    spans = tuple(block.span for block in blocks if block.kind == "paragraph")
    paper = Paper(
        id=paper_id,
        version=None,
        source="markdown",
        sha256="",
        text=text,
        title=title,
        sections=tuple(
            Section(heading, title_role(heading) if heading else "abstract", 1, Span(start, end))
            for (heading, start), end in zip(starts, ends, strict=True)
        ),
        blocks=tuple(blocks),
        sentences=tuple(
            Sentence(one, "paragraph") for span in spans for one in split_sentences(text, span)
        ),
    )
    return paper, spans


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of embedding, when it was done; vectors are cached."""

    texts: int
    seconds: float
    cpu_seconds: float
    kept: bool  # from an earlier time

    @property
    def rate(self) -> float:
        """Texts in a CPU-second."""
        return round(self.texts / self.cpu_seconds, 1) if self.cpu_seconds else 0.0


class Corpus:
    """Papers in a store of their own. Made by ``corpus``."""

    def __init__(
        self,
        settings: Settings,
        embedder: Embedder,
        store: EdgeStore,
        passages: dict[str, Passage],
        titles: dict[str, str],
        cost: Cost,
    ) -> None:
        self.embedder = embedder
        self._store = store
        self._titles = titles
        self._words = Bm25Encoder()
        self._reranker = Reranker(settings.reranker) if settings.reranker else None
        self.passages = passages
        self.cost = cost

    @property
    def ways(self) -> tuple[Way, ...]:
        """The ways of ranking; the last is that of a library with these settings."""
        return ("bm25", "dense", "hybrid", *(("reranked",) if self._reranker else ()))

    def scored(self, asked: str, paper_id: str) -> dict[Span, float]:
        """All passages of a paper by where they are, with their scores for a question."""
        query = encode_query(asked, self.embedder, self._words)
        found = self._store.search(
            VectorQuery(
                dense=query.dense,
                sparse=query.sparse,
                limit=len(self.passages),
                filter=SearchFilter(paper_id=paper_id),
            )
        )
        return {self.passages[one.passage_id].span: one.score for one in found}

    def rank(self, asked: str, way: Way, limit: int, paper_id: str | None = None) -> list[Passage]:
        """The best ``limit`` passages, of one paper or of all, best first."""
        query = encode_query(asked, self.embedder, self._words)
        found = self._store.search(
            VectorQuery(
                dense=query.dense,
                sparse=_NO_WORDS if way == "dense" else query.sparse,
                limit=limit,
                filter=SearchFilter(paper_id=paper_id),
                words_weight=_WORDS_ALONE if way == "bm25" else WORDS_WEIGHT,
            )
        )
        # BM25 alone does not find passages without a word of the query.
        passages = [
            self.passages[one.passage_id]
            for one in found
            if way != "bm25" or one.found_by != "dense"
        ]
        if way != "reranked" or self._reranker is None:
            return passages
        first = passages[:RERANKED]
        texts = [f"{self._titles[passage.paper_id]}\n{passage.text}" for passage in first]
        scores = self._reranker.scores(asked, texts)
        order = sorted(range(len(first)), key=lambda at: -scores[at])
        return [*(first[at] for at in order), *passages[len(first) :]]


@contextmanager
def corpus(settings: Settings, papers: Sequence[Paper]) -> Iterator[Corpus]:
    """The papers in a store, made as a library makes its points, and gone afterwards."""
    embedder = open_embedder(settings.model, settings.cache)
    words = Bm25Encoder()
    passages = [split(paper, count_tokens) for paper in papers]
    texts = [passage.text for of_paper in passages for passage in of_paper]
    vectors, cost = embedded(texts, embedder, settings.cache)
    titles, _ = embedded([paper.title for paper in papers], embedder, settings.cache)
    points = []
    done = 0
    for paper, of_paper, title in zip(papers, passages, titles, strict=True):
        rows = vectors[done : done + len(of_paper)]
        own = title if paper.title.strip() else None
        points += points_of(paper, of_paper, rows, own, words)
        done += len(of_paper)
    with tempfile.TemporaryDirectory(prefix="gloss-corpus-") as folder:
        store = EdgeStore(Path(folder), embedder.dimension)
        try:
            store.upsert(points)
            by_id = {passage.id: passage for of_paper in passages for passage in of_paper}
            named = {paper.id: paper.title for paper in papers}
            yield Corpus(settings, embedder, store, by_id, named, cost)
        finally:
            store.close()


def embedded(texts: Sequence[str], embedder: Embedder, cache: Path) -> tuple[Vectors, Cost]:
    """The texts' vectors, kept in the cache under what they were made of."""
    key = hashlib.sha256("\0".join((embedder.fingerprint, *texts)).encode()).hexdigest()
    kept = cache / "eval" / f"{key}.npz"
    if kept.is_file():
        with np.load(kept) as there:
            seconds, cpu_seconds = there["seconds"].tolist()
            return there["vectors"], Cost(len(texts), seconds, cpu_seconds, True)
    began, cpu_began = time.perf_counter(), time.process_time()
    parts = [
        embedder.embed_passages(texts[start : start + _BATCH])
        for start in range(0, len(texts), _BATCH)
    ]
    vectors = np.concatenate(parts) if parts else embedder.embed_passages([])
    cost = Cost(
        len(texts),
        round(time.perf_counter() - began, 1),
        round(time.process_time() - cpu_began, 1),
        False,
    )
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_suffix(".new.npz")
    np.savez(fresh, vectors=vectors, seconds=np.array([cost.seconds, cost.cpu_seconds]))
    fresh.replace(kept)
    return vectors, cost
