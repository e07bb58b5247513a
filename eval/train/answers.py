"""Trains what ``gloss ask`` answers by: ``app/answer/weights.json``.

    gloss --library LIBRARY add ../shared/papers/digests/*.pdf
    python -m eval.train.answers --data ../shared --library LIBRARY

The papers and questions are those of ``bench/digests`` (``eval.judged``). The ranker is linear and
trained listwise: for each question, the log-likelihood that the softmax over the paper's sentences
gives to those that answer (ListNet with one relevance; Cao et al. 2007), with an L2 penalty.
Sentences that answer in part count neither way.

Whether the best sentence answers at all is decided by a logistic regression over
``app.answer.ranker.decision_columns``, trained on answerable and unanswerable questions by scores
of rankers that did not see the paper. Questions on a paper that it leaves open are the hard ones;
so that it knows the easy ones too, each paper is also asked questions on papers of other fields.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.answer.features import ANY_LANGUAGE, Pool
from app.answer.questions import Question, question_of
from app.answer.ranker import (
    DECISION,
    DECISION_ANY_LANGUAGE,
    Judge,
    Linear,
    Weights,
    decision_columns,
)
from app.write.ask import asked_pool
from eval.corpus import DataUnusable
from eval.judged import JudgedQuestion, is_right, read_judged_questions
from index.config import Settings
from index.errors import PaperNotFound
from index.library import Library

WEIGHTS = Path(__file__).parents[2] / "app" / "answer" / "weights.json"
PENALTY = 80.0  # L2, of standardised columns
# Log-odds that the paper answers, were half of the questions answerable. The balanced accuracy is
# flat from -0.3 to 0; the lower it is, the more questions get a right quote (ADR 27).
THRESHOLD = -0.3
_STEPS = 10_000  # far more than it takes
_GRADIENT = 1e-7  # at which the ranker has its optimum, so that noise does not move it
_STRANGE = 0.2  # the weight of strange questions among those that are not answered
_STRIDE = 7  # questions between one strange question and the next
_DECISION_C = 0.1  # of scikit-learn: 1 / L2
_INNER = 5  # folds by paper, for scores of papers that did not train the ranker
_DIGITS = 3


@dataclass(frozen=True)
class Example:
    """A judged question with the sentences of its paper; ``right`` and ``partial`` are flags."""

    judged: JudgedQuestion
    question: Question
    pool: Pool
    right: NDArray[np.bool_]
    partial: NDArray[np.bool_]
    strange: bool = (
        False  # whether it is a question on another paper, which this one does not answer
    )


@contextmanager
def judged_library(settings: Settings, judged: Sequence[JudgedQuestion]) -> Iterator[Library]:
    """The library of ``settings``, which must have the papers. Raises ``DataUnusable``."""
    with Library.open(settings) as library:
        for paper_id in dict.fromkeys(one.paper_id for one in judged):
            try:
                library.paper(paper_id)
            except PaperNotFound as error:
                raise DataUnusable(
                    settings.library, f"has no paper {paper_id}: add the judged papers to it first"
                ) from error
        yield library


def examples_of(library: Library, judged: Sequence[JudgedQuestion]) -> list[Example]:
    """The questions, and strange ones, with what is known of each sentence of their papers."""
    found = []
    strange = strange_questions(judged)
    every = [(one, False) for one in judged] + [(one, True) for one in strange]
    for one, is_strange in sorted(every, key=lambda one: one[0].paper_id):
        question = question_of(one.text)
        pool = asked_pool(library, question, one.paper_id)
        if pool is None:
            raise DataUnusable(None, f"the library has no text of {one.paper_id}")
        texts = [sentence.text for _, sentence in pool.sentences]
        found.append(
            Example(
                one,
                question,
                pool,
                np.array([is_right(text, one.answers) for text in texts], dtype=bool),
                np.array([is_right(text, one.partial) for text in texts], dtype=bool),
                is_strange,
            )
        )
    return found


def strange_questions(judged: Sequence[JudgedQuestion]) -> list[JudgedQuestion]:
    """For each paper a question on a paper of each other field, as one that it does not answer."""
    of_field: dict[str, list[JudgedQuestion]] = {}
    for one in judged:
        of_field.setdefault(one.field, []).append(one)
    papers = {one.paper_id: one.field for one in judged}
    return [
        replace(
            others[_STRIDE * number % len(others)],
            paper_id=paper_id,
            field=field,
            answers=(),
            partial=(),
        )
        for number, (paper_id, field) in enumerate(papers.items())
        for other, others in of_field.items()
        if other != field
    ]


def train(examples: Sequence[Example]) -> Weights:
    """Both judges, of these examples."""
    names = examples[0].pool.names
    return Weights(
        english=train_judge(examples, names),
        any_language=train_judge(examples, ANY_LANGUAGE, DECISION_ANY_LANGUAGE),
    )


def train_judge(
    examples: Sequence[Example], columns: Sequence[str], decision: Sequence[str] = DECISION
) -> Judge:
    """A ranker over these columns, and a decision over these of ``decision_columns``."""
    rows: list[list[float]] = []
    asked: list[Example] = []
    for trained, kept_out in folds([one.judged.paper_id for one in examples], _INNER):
        ranker = train_ranker([examples[at] for at in trained], columns)
        for at in kept_out:
            one = examples[at]
            known = decision_columns(one.pool, one.question, ranker.of_pool(one.pool))
            rows.append([known[name] for name in decision])
            asked.append(one)
    answered = train_decision(np.array(rows), asked, decision)
    return Judge(train_ranker(examples, columns), answered, THRESHOLD)


def folds(groups: Sequence[str], number: int) -> Iterator[tuple[list[int], list[int]]]:
    """What trains and what is kept out, as numbers; a group is never in both."""
    names = sorted({*groups})
    for fold in range(min(number, len(names))):
        out = {*names[fold::number]}
        yield (
            [at for at, name in enumerate(groups) if name not in out],
            [at for at, name in enumerate(groups) if name in out],
        )


def train_ranker(examples: Sequence[Example], columns: Sequence[str]) -> Linear:
    """The listwise ranker of the questions that have an answer among their sentences."""
    from scipy.optimize import minimize

    usable = [one for one in examples if one.right.any()]
    kept = [np.flatnonzero(one.right | ~one.partial) for one in usable]
    values = np.concatenate(
        [one.pool.among(columns)[rows] for one, rows in zip(usable, kept, strict=True)]
    )
    right = np.concatenate([one.right[rows] for one, rows in zip(usable, kept, strict=True)])
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    deviation[deviation < 1e-6] = np.inf  # a column of one value says nothing
    standard = (values - mean) / deviation
    lengths = np.array([len(rows) for rows in kept])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    owner = np.repeat(np.arange(len(kept)), lengths)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = standard @ weights
        powers = np.exp(scores - np.maximum.reduceat(scores, starts)[owner])
        every = np.add.reduceat(powers, starts)
        answers = np.add.reduceat(powers * right, starts) + 1e-300
        gradient = powers / every[owner] - powers * right / answers[owner]
        value = float(np.log(every / answers).sum() + PENALTY / 2 * weights @ weights)
        return value, standard.T @ gradient + PENALTY * weights

    found = minimize(
        loss,
        np.zeros(len(columns)),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _STEPS, "maxfun": _STEPS, "ftol": 0.0, "gtol": _GRADIENT},
    )
    weights = found.x / deviation
    return _linear(columns, weights, -float(weights @ mean))


def train_decision(
    rows: NDArray[np.float64], examples: Sequence[Example], columns: Sequence[str]
) -> Linear:
    """Log-odds that a question is answered, were half of the questions."""
    from sklearn.linear_model import LogisticRegression

    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    deviation[deviation < 1e-6] = np.inf  # a column of one value says nothing
    model = LogisticRegression(C=_DECISION_C, max_iter=10_000, tol=1e-9)
    answerable = np.array([one.judged.answerable for one in examples])
    strange = np.array([one.strange for one in examples])
    weight = np.zeros(len(examples))
    for among, share in (
        (answerable, 0.5),
        (~answerable & ~strange, 0.5 * (1 - _STRANGE)),
        (strange, 0.5 * _STRANGE),
    ):
        weight[among] = share * len(examples) / max(among.sum(), 1)
    model.fit((rows - mean) / deviation, answerable, sample_weight=weight)
    weights = model.coef_[0] / deviation
    return _linear(columns, weights, float(model.intercept_[0] - weights @ mean))


def _linear(columns: Sequence[str], weights: NDArray[np.float64], bias: float) -> Linear:
    rounded = {
        name: round(float(weight), _DIGITS) for name, weight in zip(columns, weights, strict=True)
    }
    return Linear(
        {name: weight for name, weight in rounded.items() if weight}, round(bias, _DIGITS)
    )


def as_document(weights: Weights) -> dict[str, Any]:
    """What ``Weights.of`` reads."""

    def linear(part: Linear) -> dict[str, Any]:
        return {"bias": part.bias, "weights": dict(part.weights)}

    return {
        name: {
            "ranker": linear(judge.ranker),
            "answered": linear(judge.answered),
            "threshold": judge.threshold,
        }
        for name, judge in (("english", weights.english), ("any_language", weights.any_language))
    }


def written(weights: Weights) -> str:
    """The weights as the text of their file: the same for the same weights."""
    return json.dumps(as_document(weights), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Train on the judged papers and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with bench/digests")
    parser.add_argument("--library", type=Path, required=True, help="a library with the papers")
    given = parser.parse_args()
    judged = read_judged_questions(given.data / "bench" / "digests")
    settings = Settings(library=given.library)
    with judged_library(settings, judged) as library:
        text = written(train(examples_of(library, judged)))
    WEIGHTS.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{WEIGHTS}: {len(text.encode()):,} bytes\n")


if __name__ == "__main__":
    main()
