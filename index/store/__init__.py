"""Where vectors live: one protocol, and a module for each store that fulfils it.

``edge`` is Qdrant's engine inside our process, on disk; ``client`` is a Qdrant server by its
address, or the client's own memory for tests. All hold the same points and answer the same query:
the dense and the BM25 half in one request, and their scores added (ADR 9).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date as calendar_date
from typing import Any, Protocol
from uuid import NAMESPACE_OID, uuid5

from index.paper import FoundBy, Role, SearchFilter, SparseVector

__all__ = [
    "Candidate",
    "Point",
    "Scored",
    "Shelf",
    "SparseVector",
    "Store",
    "VectorQuery",
    "day_number",
    "fused",
]


@dataclass(frozen=True, slots=True)
class Point:
    """A passage as the store keeps it, or a digest's claim in the store of claims.

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
        return str(uuid5(NAMESPACE_OID, f"{self.edition}/{self.passage_id}"))

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


@dataclass(frozen=True, slots=True)
class Scored:
    """What a search gives back, best first. The catalogue has the passage."""

    passage_id: str
    edition: int
    score: float
    found_by: FoundBy


@dataclass(frozen=True, slots=True)
class VectorQuery:
    """A question as vectors. An empty ``sparse`` (only stop words) leaves the dense half alone."""

    dense: Sequence[float]
    sparse: SparseVector
    limit: int
    filter: SearchFilter = field(default_factory=SearchFilter)
    depth: int = 200  # hits that each half gives to the fusion
    words_weight: float = 0.15  # of BM25, which is added to the cosine


@dataclass(frozen=True, slots=True)
class Candidate:
    """A point that one half found, with that half's score."""

    point_id: str
    passage_id: str
    edition: int
    score: float


def day_number(date: str) -> int:
    """An ISO date as a number that sorts by day: "2024-07-03" is 20240703, "2017-06" its first day.

    Raises ``ValueError`` for what is no date.
    """
    year, month, day = ([int(part) for part in date.split("-")] + [1, 1])[:3]
    first = calendar_date(year, month, day)
    return first.year * 10_000 + first.month * 100 + first.day


def fused(
    dense: Sequence[Candidate], words: Sequence[Candidate], query: VectorQuery
) -> list[Scored]:
    """The best ``query.limit`` points of both halves by cosine plus weighted BM25, best first.

    Each half has its best ``depth`` points, best first. A point that one of them left out scores
    there at most what its last one does, and gets that; with BM25 nothing, if the half had room.
    Ties go by passage and point, so that equal libraries give equal answers.
    """
    cosines = {one.point_id: one.score for one in dense}
    bm25 = {one.point_id: one.score for one in words}
    least_cosine = min(cosines.values(), default=0.0)
    full = len(words) >= max(query.depth, query.limit)
    least_bm25 = min(bm25.values(), default=0.0) if full else 0.0

    def score(point_id: str) -> float:
        weighted = query.words_weight * bm25.get(point_id, least_bm25)
        # Engines sum in different orders; the sixth decimal is beyond what they agree on.
        return round(cosines.get(point_id, least_cosine) + weighted, 6)

    def found_by(point_id: str) -> FoundBy:
        if point_id not in bm25:
            return "dense"
        return "both" if point_id in cosines else "words"

    found = {one.point_id: one for one in (*dense, *words)}
    scored = [
        (Scored(one.passage_id, one.edition, score(point_id), found_by(point_id)), point_id)
        for point_id, one in found.items()
    ]
    scored.sort(key=lambda pair: (-pair[0].score, pair[0].passage_id, pair[1]))
    return [one for one, _ in scored[: query.limit]]


class Store(Protocol):
    """A vector store. All methods raise ``StoreUnusable`` where the store cannot answer."""

    def upsert(self, points: Sequence[Point]) -> None:
        """Put points in, or replace those of the same passage and edition. Durable on return."""

    def delete(self, edition: int) -> None:
        """Take out all points of an edition."""

    def search(self, query: VectorQuery) -> list[Scored]:
        """The best ``query.limit`` points by both halves (``fused``), in one request."""

    def editions(self) -> dict[int, int]:
        """How many points each edition has."""

    def problems(self) -> list[str]:
        """What a person should know and can put right, though the store works."""

    def clear(self) -> None:
        """Take out everything."""

    def close(self) -> None:
        """Let go of files and connections."""


class Shelf(Protocol):
    """Where the stores of one library stand, by their names."""

    def open(self, name: str, dimension: int) -> Store:
        """The store of that name, made where it is missing. Raises ``StoreUnusable``."""

    def drop(self, name: str) -> None:
        """Take a closed store away, whatever state or dimension it is of, if it is there."""
