"""Where vectors live: one protocol, and a module for each store that fulfils it.

``edge`` is Qdrant's engine inside our process, on disk; ``client`` is a Qdrant server by its
address, or the client's own memory for tests. All hold the same points and answer the same query:
the dense and the BM25 half in one request, and their scores added (ADR 9).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date as calendar_date
from typing import Any, Protocol, TypeVar
from uuid import NAMESPACE_OID, uuid5

from index.hits import FoundBy, SearchFilter, SparseVector
from index.paper import Role

__all__ = [
    "Point",
    "Scored",
    "SparseVector",
    "Store",
    "StoreFactory",
    "VectorQuery",
    "day_number",
    "fused",
    "last_day_number",
    "means_of",
    "point_id",
]


_Key = TypeVar("_Key", int, str)  # what a store tells points apart by; both sort as their ids


@dataclass(frozen=True, slots=True)
class Point:
    """A passage in the store, or a digest's claim in the store of claims.

    ``edition`` is the catalogue's number of this reading of the paper, and of a claim that of its
    claim set; a claim has its own id for ``passage_id`` and no role.
    """

    passage_id: str
    paper_id: str
    edition: int
    role: Role | None
    date: str | None  # ISO: "2024-07-03", "2017-06"
    dense: Sequence[float]  # unit length
    sparse: SparseVector

    @property
    def id(self) -> str:
        """The same for the same passage of the same edition, so that a second upsert replaces."""
        return point_id(self.edition, self.passage_id)

    @property
    def payload(self) -> dict[str, Any]:
        """What is kept beside the vectors, for filters and for telling which passage it is."""
        payload: dict[str, Any] = {
            "passage_id": self.passage_id,
            "paper_id": self.paper_id,
            "edition": self.edition,
        }
        if self.role is not None:
            payload["role"] = self.role
        if self.date is not None:
            payload["date"] = day_number(self.date)
        return payload


def point_id(edition: int, passage_id: str) -> str:
    """The id of a passage's point, a UUID."""
    return str(uuid5(NAMESPACE_OID, f"{edition}/{passage_id}"))


@dataclass(frozen=True, slots=True)
class Scored:
    """A hit of the store; hits come best first. The catalogue has the passage."""

    passage_id: str
    edition: int
    score: float
    found_by: FoundBy


DEPTH = 200  # hits that each half gives to the sum
WORDS_WEIGHT = (
    0.15  # of BM25, the mean over the query's terms, which is added to the cosine (ADR 9)
)


@dataclass(frozen=True, slots=True)
class VectorQuery:
    """A query as vectors. With an empty ``sparse`` (only stop words) the search is dense only.

    Given ``points``, their ids, others are not found.
    """

    dense: Sequence[float]
    sparse: SparseVector
    limit: int
    filter: SearchFilter = field(default_factory=SearchFilter)
    points: tuple[str, ...] | None = None
    depth: int = DEPTH
    words_weight: float = WORDS_WEIGHT


def day_number(date: str) -> int:
    """An ISO date as a number that sorts by day: "2024-07-03" is 20240703, "2017-06" its first day.

    Raises ``ValueError`` for what is no date.
    """
    year, month, day = ([int(part) for part in date.split("-")] + [1, 1])[:3]
    first = calendar_date(year, month, day)
    return first.year * 10_000 + first.month * 100 + first.day


def last_day_number(date: str) -> int:
    """The same of the last day: "2024-07" is 20240731, "2024" is 20241231."""
    year, month, day = ([int(part) for part in date.split("-")] + [0, 0])[:3]
    if not day:
        month = month or 12
        day = monthrange(year, month)[1]
    return day_number(f"{year}-{month}-{day}")


def fused(
    dense: Mapping[_Key, float],
    words: Mapping[_Key, float],
    query: VectorQuery,
    payloads: Callable[[Sequence[_Key]], Mapping[_Key, Mapping[str, Any]]],
) -> list[Scored]:
    """The best ``query.limit`` points of both halves by cosine plus weighted BM25, best first.

    Each half has the scores of its best ``depth`` points, by a key of the point; ``payloads`` is
    asked about those alone that may be among the best, and leaves out what is gone meanwhile.

    A point that one half left out scores there at most what its last one does, and gets that; with
    BM25 nothing, if the half had room. Ties go by passage and point, so that equal libraries give
    equal answers.
    """
    least_cosine = min(dense.values(), default=0.0)
    full = len(words) >= max(query.depth, query.limit)
    least_bm25 = min(words.values(), default=0.0) if full else 0.0
    # Engines sum in different orders; the sixth decimal is beyond what they agree on.
    scores = {
        key: round(
            dense.get(key, least_cosine) + query.words_weight * words.get(key, least_bm25), 6
        )
        for key in {**dense, **words}
    }
    bar = sorted(scores.values(), reverse=True)[: query.limit][-1:]
    best = [key for key, score in scores.items() if score >= bar[0]]
    known = payloads(best) if best else {}

    scored = []
    for key in best:
        if key in known:
            passage_id, edition = known[key]["passage_id"], known[key]["edition"]
            found_by: FoundBy = "words" if key not in dense else "both" if key in words else "dense"
            scored.append((Scored(passage_id, edition, scores[key], found_by), key))
    scored.sort(key=lambda pair: (-pair[0].score, pair[0].passage_id, pair[1]))
    return [one for one, _ in scored[: query.limit]]


def means_of(
    pages: Iterable[tuple[Sequence[int], Sequence[Sequence[float]]]],
) -> dict[int, tuple[float, ...]]:
    """The mean vector of each edition, from its points some at a time: editions and vectors."""
    import numpy as np

    sums: dict[int, Any] = {}
    counts: dict[int, int] = {}
    for editions, vectors in pages:
        there, rows = np.asarray(editions), np.asarray(vectors, dtype=np.float64)
        for number in map(int, np.unique(there)):
            mine = rows[there == number]
            sums[number] = sums.get(number, 0.0) + mine.sum(axis=0)
            counts[number] = counts.get(number, 0) + len(mine)
    return {number: tuple((total / counts[number]).tolist()) for number, total in sums.items()}


class Store(Protocol):
    """A vector store. All methods raise ``StoreUnusable`` if the store cannot answer."""

    def upsert(self, points: Sequence[Point]) -> None:
        """Put points in, or replace those of the same passage and edition. Durable on return."""

    def delete(self, edition: int) -> None:
        """Take out all points of an edition."""

    def search(self, query: VectorQuery) -> list[Scored]:
        """The best ``query.limit`` points by both halves (``fused``), in one request."""

    def editions(self) -> dict[int, int]:
        """How many points each edition has."""

    def means(self, editions: Collection[int]) -> dict[int, tuple[float, ...]]:
        """The mean of the dense vectors of each of these editions that is there."""

    def vectors(self, edition: int) -> dict[str, tuple[float, ...]]:
        """The dense vectors of an edition by passage id; none where it is not there."""

    def damaged(self) -> frozenset[int]:
        """Editions with points that are not what was stored, or that filters do not find."""

    def problems(self) -> list[str]:
        """What a person should know and can put right, though the store works."""

    def clear(self) -> None:
        """Take out everything."""

    def close(self) -> None:
        """Let go of files and connections."""


class StoreFactory(Protocol):
    """Opens and drops the stores of one library, by their names."""

    def open(self, name: str, dimension: int) -> Store:
        """The store of that name, made where it is missing. Raises ``StoreUnusable``."""

    def drop(self, name: str) -> None:
        """Take a closed store away, whatever state or dimension it is of, if it is there."""
