"""Measures of a ranking and of a verdict, each between 0 and 1. Relevance has one degree.

``found`` is the ranking, best first, each thing once; ``relevant`` must not be empty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
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


def average_precision(relevant: Sequence[bool]) -> float | None:
    """The mean precision at each relevant one of a whole ranking (trec_eval's AP).

    ``relevant`` has a flag for each, best first. None where nothing is relevant.
    """
    at = [rank for rank, one in enumerate(relevant, 1) if one]
    return sum(found / rank for found, rank in enumerate(at, 1)) / len(at) if at else None


def mean(values: Iterable[float]) -> float:
    """The mean, to four decimals; 0 of nothing."""
    all_of_them = list(values)
    return round(sum(all_of_them) / len(all_of_them), 4) if all_of_them else 0.0


def balanced_accuracy(said: Sequence[bool], labels: Sequence[bool]) -> float | None:
    """The mean of the shares of true and of false ones that are classified correctly.

    None where all labels are one.
    """
    of_true = [one for one, label in zip(said, labels, strict=True) if label]
    of_false = [not one for one, label in zip(said, labels, strict=True) if not label]
    if not of_true or not of_false:
        return None
    return (sum(of_true) / len(of_true) + sum(of_false) / len(of_false)) / 2


def auroc(scores: Sequence[float], labels: Sequence[bool]) -> float | None:
    """The share of pairs in which a true one scores above a false one; ties count half.

    The area under the receiver's operating curve, by ranks (Hanley & McNeil 1982). None where all
    labels are one.
    """
    true = sum(labels)
    false = len(labels) - true
    if not true or not false:
        return None
    order = sorted(zip(scores, labels, strict=True))
    above = 0.0
    passed = 0
    for _, equal in groupby(order, key=lambda one: one[0]):
        among = [label for _, label in equal]
        here = len(among) - sum(among)
        above += sum(among) * (passed + here / 2)
        passed += here
    return above / (true * false)
