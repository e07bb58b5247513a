"""What a question asks for, and what is kept of what a store finds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import EmptyQuery
from index.hits import SparseVector
from index.library.rank import EncodedQuery, encode_query, rank


class Model:
    def embed_query(self, text: str) -> np.ndarray:
        return np.array([float(len(text))])

    def encode_query(self, text: str) -> SparseVector:
        return SparseVector((len(text),), (1.0,))


def asked(query: str) -> EncodedQuery:
    return encode_query(query, Model(), Model())


MET = [
    ('what is "scaled dot product" attention', "The Scaled Dot-Product is fast."),
    ("\u201cŁukasz  Kaiser\u201d", "by LUKASZ\nKaiser and others".replace("L", "Ł", 1)),
    ('"naive bayes"', "Naïve Bayes is a baseline"),
    ('"0.05"', "at p < 0.05."),
    ("\u300c注意力\u300d", "我们使用注意力机制"),
    ('"注意力 mechanism"', "the 注意力 mechanism"),
    ('"a b" and "c d"', "c d before a b"),
    ("no quotation marks", "anything"),
    ('an unclosed "mark', "anything"),
    ('"..." nothing in it', "anything"),
]


def test_a_phrase_is_met_by_its_words_in_a_row(subtests: pytest.Subtests) -> None:
    for query, text in MET:
        with subtests.test(query=query, text=text):
            assert asked(query).is_met_by(text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ('"dot product"', "the product of a dot"),
        ('"dot product"', "dot products"),
        ('"0.05"', "0.055 and 10.05"),
        ('"a b" and "c d"', "a b alone"),
        ("\u300c注意力\u300d", "注力意"),
    ],
)
def test_a_phrase_is_not_met_by_less(query: str, text: str) -> None:
    assert not asked(query).is_met_by(text)


def test_a_query_without_letters_is_refused() -> None:
    for query in ("", "  ", '"?!"', "\udcff"):
        with pytest.raises(EmptyQuery):
            asked(query)


@given(
    st.lists(st.integers(0, 5), max_size=200),
    st.integers(1, 30),
    st.frozensets(st.integers(0, 5)),
)
def test_no_hit_is_lost_to_what_does_not_count(
    editions: list[int], k: int, current: frozenset[int]
) -> None:
    stored = list(enumerate(editions))

    def search(limit: int) -> Sequence[tuple[int, int]]:
        return stored[:limit]

    kept = rank(search, k, lambda found: [hit for hit in found if hit[1] in current])
    assert kept == [hit for hit in stored if hit[1] in current][:k]


def test_a_search_for_what_is_nowhere_ends() -> None:
    limits: list[int] = []

    def endless(limit: int) -> Sequence[int]:
        limits.append(limit)
        return range(limit)

    assert rank(endless, 10, lambda found: []) == []
    assert limits == [10, 40, 160, 640, 2560]


def test_k_is_positive() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        rank(lambda limit: [], 0, lambda found: found)
