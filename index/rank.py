"""A question turned into vectors, and what the store finds for it reduced to what counts.

The dense and the BM25 half are fused by reciprocal rank inside the store; what is left to do here
is to keep out points of editions that do not count (not yet, or no longer) and lose no hits by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from index.errors import EmptyQuery
from index.paper import SparseVector


class _Vector(Protocol):
    def tolist(self) -> Sequence[float]: ...


class QueryEmbedder(Protocol):
    """What ranking needs of the embedding model."""

    def embed_query(self, text: str) -> _Vector:
        """The query's vector, of unit length."""


class WordEncoder(Protocol):
    """What ranking needs of the BM25 encoder."""

    def encode_query(self, text: str) -> SparseVector:
        """The query's terms."""


class Found(Protocol):
    """What ranking needs of a hit of the store."""

    @property
    def edition(self) -> int:
        """The catalogue's number of the edition that the passage is of."""


_Found = TypeVar("_Found", bound=Found)


@dataclass(frozen=True, slots=True)
class Question:
    """A query as vectors."""

    dense: Sequence[float]
    sparse: SparseVector


def question(query: str, embedder: QueryEmbedder, words: WordEncoder) -> Question:
    """The query as vectors. Raises ``EmptyQuery`` where it has no letter or digit."""
    # Bytes of the command line that are not Unicode arrive as lone surrogates.
    text = " ".join(query.encode("utf-8", "replace").decode().split())
    if not any(character.isalnum() for character in text):
        raise EmptyQuery
    return Question(embedder.embed_query(text).tolist(), words.encode_query(text))


def rank(
    search: Callable[[int], Sequence[_Found]], k: int, counts: Callable[[int], bool]
) -> list[_Found]:
    """The best ``k`` points whose edition ``counts``, best first; ``search`` gives the best n.

    Points of other editions are there only while a paper is added or after a crash. Where they took
    places, the store is asked again for twice as many, until there are enough or it has no more.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    limit = k
    while True:
        found = search(limit)
        kept = [one for one in found if counts(one.edition)]
        if len(kept) >= k or len(kept) == len(found) or len(found) < limit:
            return kept[:k]
        limit *= 2
