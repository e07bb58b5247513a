"""Encode a query as vectors, and keep the hits of the store that count.

The store fuses the dense and the BM25 results (``index.store.fused``). This module removes points
of editions that do not count (not yet, or no longer) and passages without a quoted phrase of the
query, and searches deeper until there are enough hits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from index.catalog.words import in_words
from index.errors import EmptyQuery
from index.hits import SparseVector


class _Vector(Protocol):
    def tolist(self) -> Sequence[float]: ...


class QueryEmbedder(Protocol):
    """The part of an embedding model that ranking needs."""

    def embed_query(self, text: str) -> _Vector:
        """The query's vector, of unit length."""


class SparseQueryEncoder(Protocol):
    """The part of a sparse encoder (``index.embed.sparse.Bm25Encoder``) that ranking needs."""

    def encode_query(self, text: str) -> SparseVector:
        """The query's terms."""


class SparseEncoder(SparseQueryEncoder, Protocol):
    """A sparse encoder of queries and passages."""

    def encode_passage(self, text: str) -> SparseVector:
        """The terms of a passage or a claim."""


_HitT = TypeVar("_HitT")

# Hits that a reranker reorders: 50 pairs take a small model some seconds.
RERANKED = 50
# The deepest search for hits that count. The words of a phrase are also words of the query, so that
# passages further down hardly ever contain it.
_DEEPEST = 2_500

_QUOTED = re.compile(
    r'"([^"]+)"|\u201c([^\u201d]+)\u201d|\u201e([^\u201c]+)\u201c|\u00ab([^\u00bb]+)\u00bb'
    r"|\u300c([^\u300d]+)\u300d|\u300e([^\u300f]+)\u300f"
)


@dataclass(frozen=True, slots=True)
class EncodedQuery:
    """A query as a dense and a sparse vector, with its phrases in quotation marks."""

    dense: Sequence[float]
    sparse: SparseVector
    phrases: tuple[str, ...] = ()

    def is_met_by(self, text: str) -> bool:
        """Whether ``text`` contains every phrase: its words in a row, whatever case and signs."""
        words = f" {in_words(text)} "
        return all(f" {phrase} " in words for phrase in self.phrases)


def encode_query(query: str, embedder: QueryEmbedder, words: SparseQueryEncoder) -> EncodedQuery:
    """The query as vectors. Raises ``EmptyQuery`` if it has no letter or digit."""
    # The command line gives bytes that are not Unicode as lone surrogates.
    text = " ".join(query.encode("utf-8", "replace").decode().split())
    if not any(character.isalnum() for character in text):
        raise EmptyQuery
    quoted = (in_words("".join(found.groups(""))) for found in _QUOTED.finditer(text))
    phrases = tuple(dict.fromkeys(phrase for phrase in quoted if phrase))
    return EncodedQuery(embedder.embed_query(text).tolist(), words.encode_query(text), phrases)


def rank(
    search: Callable[[int], Sequence[_HitT]],
    k: int,
    counting: Callable[[Sequence[_HitT]], Sequence[_HitT]],
) -> list[_HitT]:
    """The best ``k`` hits that ``counting`` keeps, best first; ``search(n)`` gives the best n.

    ``counting`` drops hits while a paper is added, after a crash, and for quoted phrases. The
    search is then repeated four times as deep, until there are enough hits or the store has no
    more.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    limit = k
    while True:
        found = search(limit)
        kept = counting(found)
        if len(kept) >= k or len(found) < limit or limit >= max(k, _DEEPEST):
            return list(kept[:k])
        limit *= 4
