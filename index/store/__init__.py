"""Where vectors live: one protocol, and a module for each store that fulfils it.

``edge`` is Qdrant's engine inside our process, on disk; ``client`` is a Qdrant server by its
address, or the client's own memory for tests. All hold the same points and answer the same query:
the dense and the BM25 half, fused by reciprocal rank inside one Qdrant query.
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
    "SparseVector",
    "Store",
    "VectorQuery",
    "day_number",
    "ranked",
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
    depth: int = 100  # hits that each half gives to the fusion
    fusion_k: int = 10


@dataclass(frozen=True, slots=True)
class Candidate:
    """A point in the fused list, as the engine gave it, before ties are settled."""

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


def ranked(
    fused: Sequence[Candidate], dense: Sequence[str], words: Sequence[str], limit: int
) -> list[Scored]:
    """The best ``limit`` of the fused list, with the half that found each.

    ``dense`` and ``words`` are the point ids of the two halves, best first. Reciprocal ranks tie
    often (first in one half, first in the other), and engines order ties as they like; here the
    better dense rank goes first, then the better word rank, so that equal libraries give equal
    answers.
    """
    dense_rank = {point_id: rank for rank, point_id in enumerate(dense)}
    words_rank = {point_id: rank for rank, point_id in enumerate(words)}

    def order(candidate: Candidate) -> tuple[float, int, int, str]:
        return (
            -round(candidate.score, 6),
            dense_rank.get(candidate.point_id, len(dense)),
            words_rank.get(candidate.point_id, len(words)),
            candidate.point_id,
        )

    def found_by(point_id: str) -> FoundBy:
        if point_id not in words_rank:
            return "dense"
        return "both" if point_id in dense_rank else "words"

    return [
        Scored(one.passage_id, one.edition, one.score, found_by(one.point_id))
        for one in sorted(fused, key=order)[:limit]
    ]


class Store(Protocol):
    """A vector store. All methods raise ``StoreUnusable`` where the store cannot answer."""

    def upsert(self, points: Sequence[Point]) -> None:
        """Put points in, or replace those of the same passage and edition. Durable on return."""

    def delete(self, edition: int) -> None:
        """Take out all points of an edition."""

    def search(self, query: VectorQuery) -> list[Scored]:
        """The best ``query.limit`` points, fused by reciprocal rank in one Qdrant query."""

    def editions(self) -> dict[int, int]:
        """How many points each edition has."""

    def problems(self) -> list[str]:
        """What a person should know and can put right, though the store works."""

    def clear(self) -> None:
        """Take out everything."""

    def close(self) -> None:
        """Let go of files and connections."""
