"""Where vectors live: one protocol, and a module for each store that fulfils it.

``edge`` is Qdrant's engine inside our process, on disk; ``client`` is a Qdrant server by its address,
or the client's own memory for tests. All hold the same points and answer the same query: the dense and
the BM25 half, fused by reciprocal rank inside one Qdrant query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from index.paper import FoundBy, Role, SearchFilter


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Term weights by term number: ``indices[i]`` weighs ``values[i]``. Empty for text without terms."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A passage as the store keeps it. ``edition`` is the catalogue's number of this reading of the paper."""

    passage_id: str
    paper_id: str
    edition: int
    role: Role
    date: str | None  # ISO: "2024-07-03", "2017-06"
    dense: Sequence[float]  # unit length
    sparse: SparseVector


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
    filter: SearchFilter = SearchFilter()
    depth: int = 100  # hits that each half gives to the fusion
    fusion_k: int = 10


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

    def clear(self) -> None:
        """Take out everything."""

    def close(self) -> None:
        """Let go of files and connections."""
