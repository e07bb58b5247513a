"""Measures of a ranking, each between 0 and 1. What is relevant is so to one degree.

``found`` is the ranking, best first, each thing once; ``relevant`` must not be empty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from math import log2


def ndcg(found: Sequence[str], relevant: Collection[str], depth: int) -> float:
    """Normalised discounted cumulative gain (Järvelin & Kekäläinen 2002) of the first ``depth``."""
    gain = sum(1 / log2(at + 1) for at, one in enumerate(found[:depth], 1) if one in relevant)
    ideal = sum(1 / log2(at + 1) for at in range(1, min(len(relevant), depth) + 1))
    return gain / ideal


def recall(found: Sequence[str], relevant: Collection[str], depth: int) -> float:
    """The share of what is relevant that is among the first ``depth``."""
    return sum(one in relevant for one in found[:depth]) / len(relevant)


def reciprocal_rank(found: Sequence[str], relevant: Collection[str], depth: int) -> float:
    """1 / the rank of the first that is relevant; 0 if none of the first ``depth`` is."""
    ranks = (at for at, one in enumerate(found[:depth], 1) if one in relevant)
    return next((1 / rank for rank in ranks), 0.0)


def mean(values: Iterable[float]) -> float:
    """The mean, to four decimals; 0 of nothing."""
    all_of_them = list(values)
    return round(sum(all_of_them) / len(all_of_them), 4) if all_of_them else 0.0
