"""A question turned into vectors, and the passages that answer it ranked by the store.

The dense and the BM25 half are fused by reciprocal rank inside the store; what is left to do here
is to keep out points of editions that do not count (not yet, or no longer) and lose no hits by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from index.errors import EmptyQuery
from index.paper import SearchFilter, SparseVector
from index.store import Scored, VectorQuery


class _Vector(Protocol):
    def tolist(self) -> Sequence[float]: ...


class QueryEmbedder(Protocol):
    """What ranking needs of the embedding model."""

    def embed_query(self, text: str) -> _Vector:
        """The query's vector, of unit length."""


class Searcher(Protocol):
    """What ranking needs of the store."""

    def search(self, query: VectorQuery) -> list[Scored]:
        """The best points, best first."""


class WordEncoder(Protocol):
    """What ranking needs of the BM25 encoder."""

    def encode_query(self, text: str) -> SparseVector:
        """The query's terms."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """Reciprocal rank fusion: ``k`` of the formula, and how many hits each half gives to it."""

    k: int
    depth: int


def vector_query(
    text: str,
    wanted: SearchFilter,
    limit: int,
    *,
    embedder: QueryEmbedder,
    words: WordEncoder,
    fusion: Fusion,
) -> VectorQuery:
    """The question as vectors. Raises ``EmptyQuery`` where it has no letter or digit."""
    # Bytes of the command line that are not Unicode arrive as lone surrogates.
    text = " ".join(text.encode("utf-8", "replace").decode().split())
    if not any(character.isalnum() for character in text):
        raise EmptyQuery
    return VectorQuery(
        dense=embedder.embed_query(text).tolist(),
        sparse=words.encode_query(text),
        limit=limit,
        filter=wanted,
        depth=max(fusion.depth, limit),
        fusion_k=fusion.k,
    )


def rank(query: VectorQuery, store: Searcher, counts: Callable[[int], bool]) -> list[Scored]:
    """The best ``query.limit`` points whose edition ``counts``, best first.

    Points of other editions are there only while a paper is added or after a crash. Where they took
    places, the store is asked again for twice as many, until there are enough or it has no more.
    """
    limit = query.limit
    while True:
        found = store.search(replace(query, limit=limit, depth=max(query.depth, limit)))
        kept = [scored for scored in found if counts(scored.edition)]
        if len(kept) >= query.limit or len(kept) == len(found) or len(found) < limit:
            return kept[: query.limit]
        limit *= 2
