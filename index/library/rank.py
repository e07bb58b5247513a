"""A question turned into vectors, and what the store finds for it reduced to what counts.

The dense and the BM25 half are fused by the store (``index.store.fused``); what is left to do here
is to keep out points of editions that do not count (not yet, or no longer), and passages without a
phrase that was asked for in quotation marks, and lose no hits by it.
"""

from __future__ import annotations

import re
import unicodedata
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


_Found = TypeVar("_Found")

# Hits that a reranker puts in a new order: 50 pairs take a small model some seconds.
RERANKED = 50
# How many of the nearest are looked through for hits that count. The words of a phrase are words of
# the question too, so that what is beyond them hardly ever holds it.
_DEEPEST = 2_500

_QUOTED = re.compile(
    r'"([^"]+)"|\u201c([^\u201d]+)\u201d|\u201e([^\u201c]+)\u201c|\u00ab([^\u00bb]+)\u00bb'
    r"|\u300c([^\u300d]+)\u300d|\u300e([^\u300f]+)\u300f"
)
_CJK = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af])")


@dataclass(frozen=True, slots=True)
class Question:
    """A query as vectors, and the phrases in it that were set in quotation marks."""

    dense: Sequence[float]
    sparse: SparseVector
    phrases: tuple[str, ...] = ()

    def is_met_by(self, text: str) -> bool:
        """Whether ``text`` has every phrase: its words in a row, whatever case and signs."""
        if not self.phrases:
            return True
        plain = _plain(text)
        if not all(word in plain for phrase in self.phrases for word in phrase.split()):
            return False  # as most are, which needs no words
        words = _words_of(plain)
        return all(phrase in words for phrase in self.phrases)


def question(query: str, embedder: QueryEmbedder, words: WordEncoder) -> Question:
    """The query as vectors. Raises ``EmptyQuery`` where it has no letter or digit."""
    # Bytes of the command line that are not Unicode arrive as lone surrogates.
    text = " ".join(query.encode("utf-8", "replace").decode().split())
    if not any(character.isalnum() for character in text):
        raise EmptyQuery
    quoted = (_in_words("".join(found.groups(""))) for found in _QUOTED.finditer(text))
    phrases = tuple(phrase for phrase in quoted if phrase.strip())
    return Question(embedder.embed_query(text).tolist(), words.encode_query(text), phrases)


def _in_words(text: str) -> str:
    """Lower-case words without accents, one space around each; a Chinese character is a word."""
    return _words_of(_plain(text))


def _plain(text: str) -> str:
    """Lower case, without accents."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", text).casefold()
    accents = {ord(letter): None for letter in set(folded) if unicodedata.combining(letter)}
    return folded.translate(accents) if accents else folded


def _words_of(plain: str) -> str:
    words = re.findall(r"[^\W_]+", _CJK.sub(r" \1 ", plain))
    return f" {' '.join(words)} "


def rank(
    search: Callable[[int], Sequence[_Found]],
    k: int,
    counting: Callable[[Sequence[_Found]], Sequence[_Found]],
) -> list[_Found]:
    """The best ``k`` hits that ``counting`` keeps, best first; ``search`` gives the best n.

    Others are there while a paper is added or after a crash, and where a phrase is asked for. Where
    they took places, the store is asked again for more, until there are enough, or it has no more.
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
