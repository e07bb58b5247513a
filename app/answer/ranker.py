"""The trained ranker: which sentence answers, how surely, and whether any does.

The weights are data (``weights.json``), made by ``python -m eval.train.answers``; here they are
only applied, by numpy. There are two sets: one for English questions, and one of columns that mean
the same in any language.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from app.answer.features import Column, Pool
from app.answer.questions import ASKED, Question

QUOTES = 3  # of an answer at most
_AROUND = 2  # sentences before and after the best one that are read with it
_ALONE = 5.0  # the margin of a sentence without a rival
_SHARE = 0.02  # of the best one's probability that a further quote has at least
_TOO_ALIKE = 0.86  # cosine from which two sentences say the same
_TOO_SHARED = 0.7  # of the shorter one's words, from which they do
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")

DECISION = (
    "score", "share", "share of three", "margin", "pair", "most pair", "most likeness", "passage",
    "covered", "least met anywhere", "missing", "number wanted, none near", "number counted",
    "unit wanted, none",
    *(f"asks {name}" for name in ASKED),
)  # fmt: skip
DECISION_ANY_LANGUAGE = (
    "score", "share", "margin", "spread", "likeness", "most likeness", "passage"
)  # fmt: skip


class UnusableWeights(ValueError):
    """The weights name columns that the features do not have."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A sum of columns by weight."""

    weights: Mapping[str, float]
    bias: float = 0.0

    def of(self, columns: Mapping[str, float]) -> float:
        """The sum for one row."""
        return self.bias + sum(weight * columns[name] for name, weight in self.weights.items())

    def of_pool(self, pool: Pool) -> Column:
        """The sum for each sentence. Raises ``UnusableWeights``."""
        missing = self.weights.keys() - {*pool.names}
        if missing:
            raise UnusableWeights(f"no such columns: {', '.join(sorted(missing))}")
        weights = np.array(list(self.weights.values()))
        found: Column = pool.among(list(self.weights)) @ weights + self.bias
        return found


@dataclass(frozen=True, slots=True)
class Judge:
    """A ranker of sentences, and what decides whether the best of them answers at all."""

    ranker: Linear
    answered: Linear
    threshold: float  # of ``answered``, from which the best sentence answers


@dataclass(frozen=True, slots=True)
class Weights:
    """All that was trained."""

    english: Judge
    any_language: Judge

    def judge(self, question: Question) -> Judge:
        """The one for this question."""
        return self.english if question.is_english else self.any_language

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Weights:
        """From the document that ``eval.train.answers`` writes."""

        def linear(part: Mapping[str, Any]) -> Linear:
            return Linear(part["weights"], part["bias"])

        def judge(part: Mapping[str, Any]) -> Judge:
            return Judge(linear(part["ranker"]), linear(part["answered"]), part["threshold"])

        return cls(judge(document["english"]), judge(document["any_language"]))


@cache
def shipped() -> Weights:
    """The weights that gloss comes with."""
    text = files("app.answer").joinpath("weights.json").read_text(encoding="utf-8")
    return Weights.of(json.loads(text))


@dataclass(frozen=True, slots=True)
class Ranked:
    """The sentences of a pool, best first."""

    order: tuple[int, ...]  # numbers of the pool's sentences
    probability: tuple[float, ...]  # of each, in that order, if one of them answers; sum to 1
    answered: float  # log-odds that the best one answers, by ``Judge.answered``


def ranked(pool: Pool, question: Question, judge: Judge) -> Ranked:
    """The sentences by how surely each answers."""
    scores = judge.ranker.of_pool(pool)
    order = np.argsort(-scores, kind="stable")
    powers = np.exp(scores - scores[order[0]])
    share = powers / powers.sum()
    columns = decision_columns(pool, question, scores)
    return Ranked(tuple(order.tolist()), tuple(share[order].tolist()), judge.answered.of(columns))


def decision_columns(pool: Pool, question: Question, scores: Column) -> dict[str, float]:
    """What tells a question that the papers answer from one that they do not.

    ``share`` is the logarithm of the best sentence's probability, ``share of three`` that of three.
    ``covered`` is how far the question's words are met by the best sentence and those around it,
    ``missing`` how much the one of these words weighs that is met least. Few and blunt: with more
    of them the decision learns its questions by heart.
    """
    order = np.argsort(-scores, kind="stable")
    best, first = int(order[0]), order[:QUOTES]
    powers = np.exp(scores - scores[best])
    share = powers[order] / powers.sum()
    total = float(pool.weight.sum()) or 1.0
    met = pool.met[max(0, best - _AROUND) : best + _AROUND + 1].max(axis=0)
    unmet = pool.weight * (1 - met)
    wants_number = float("number" in question.asked)
    wants_unit = float(bool(question.units))

    def at(name: str) -> float:
        return float(pool.column(name)[best])

    def most(name: str) -> float:
        return float(pool.column(name).max())

    return {
        "score": float(scores[best]),
        "share": float(np.log(share[0])),
        "share of three": float(np.log(share[:QUOTES].sum())),
        "margin": float(scores[best] - scores[order[1]]) if len(order) > 1 else _ALONE,
        "spread": float(-(share * np.log(share + 1e-12)).sum()),
        "likeness": at("likeness"),
        "most likeness": most("likeness"),
        "passage": most("passage"),
        "pair": at("pair"),
        "most pair": most("pair"),
        "covered": float(met @ pool.weight) / total,
        "least met anywhere": float(pool.met.max(axis=0).min(initial=1.0)),
        "missing": float(unmet.max(initial=0.0)),
        "number wanted, none near": wants_number
        * (1 - float(pool.column("has number")[first].max())),
        "number counted": wants_number * at("has counted"),
        "unit wanted, none": wants_unit * (1 - at("has unit")),
        **{f"asks {name}": float(name in question.asked) for name in ASKED},
    }


def chosen(
    pool: Pool,
    found: Ranked,
    most: int = QUOTES,
    holds: Callable[[int], bool] = lambda _: True,
    of_one: int = QUOTES,
) -> list[int]:
    """Numbers of the sentences to quote, best first: further ones where each may add something.

    One that does not hold is left out, and so is one of a paper that has ``of_one`` there already.
    """
    taken: list[int] = []
    for number, share in zip(found.order, found.probability, strict=True):
        if len(taken) >= most or share < _SHARE * found.probability[0]:
            break
        owner = pool.sentences[number][0]
        if sum(pool.sentences[one][0] == owner for one in taken) >= of_one:
            continue
        if not any(_same(pool, number, other) for other in taken) and holds(number):
            taken.append(number)
    return taken


def _same(pool: Pool, one: int, other: int) -> bool:
    """Whether two sentences say the same, or share their place in the paper.

    Those of two papers that name other numbers do not: one would keep the other from being said.
    """
    (mine, first), (theirs, second) = pool.sentences[one], pool.sentences[other]
    if mine != theirs and {*_NUMBER.findall(first.text)} != {*_NUMBER.findall(second.text)}:
        return False
    if mine == theirs and first.span.start < second.span.end and second.span.start < first.span.end:
        return True
    if float(pool.vectors[one] @ pool.vectors[other]) > _TOO_ALIKE:
        return True
    words, others = set(first.text.lower().split()), set(second.text.lower().split())
    return len(words & others) >= _TOO_SHARED * min(len(words), len(others))
