"""Measures of rankings, by values worked out by hand, and by what must always hold."""

from __future__ import annotations

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.measures import average_precision, mean, ndcg, recall, reciprocal_rank

FOUND = ("a", "b", "c", "d")


def test_by_hand() -> None:
    assert ndcg(FOUND, {"a"}, 10) == 1.0
    assert ndcg(FOUND, {"b"}, 10) == pytest.approx(1 / log2(3))
    assert ndcg(FOUND, {"b", "d"}, 10) == pytest.approx(
        (1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3))
    )
    assert ndcg(FOUND, {"d"}, 3) == 0.0
    assert ndcg(FOUND, {"a", "b", "x"}, 2) == 1.0  # there is no room for more
    assert recall(FOUND, {"b", "d", "x"}, 3) == pytest.approx(1 / 3)
    assert reciprocal_rank(FOUND, {"c", "d"}, 10) == pytest.approx(1 / 3)
    assert reciprocal_rank(FOUND, {"c"}, 2) == 0.0
    assert mean([0.25, 0.5]) == 0.375
    assert mean([]) == 0.0


@given(st.permutations(list("abcdef")), st.sets(st.sampled_from("abcdefgh"), min_size=1))
def test_what_is_relevant_first_is_best(found: list[str], relevant: set[str]) -> None:
    best = sorted(found, key=lambda one: one not in relevant)
    for measure in (ndcg, recall, reciprocal_rank):
        assert 0 <= measure(found, relevant, 3) <= measure(best, relevant, 3) <= 1


def test_average_precision_is_the_mean_precision_at_each_relevant_one() -> None:
    assert average_precision([True, False, True, False]) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision([False, True]) == 0.5
    assert average_precision([False, False]) is None
