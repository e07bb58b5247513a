"""Are questions answered by the right sentence, and not answered where the paper does not say?

``--data`` names a folder of judged questions (``eval.judged``), or one that has it as
``bench/digests``; the library (``--library``) has the papers under the same ids.

``first`` and ``any`` are shares of the answerable questions whose first quote is right, or one of
all; ``abstained`` is the share of these that got no answer, ``false_answers`` the share of the
others that got one, ``precision_first`` how often the first quote is right where there is one.
``answered_or_silent`` is the balanced accuracy of that decision. ``strange_answered`` is the share
of questions on papers of other fields that got an answer; they count nowhere else.

The weights that gloss ships were trained on these papers: ``shipped`` says what they do, and is
tuned. ``by_field`` and ``by_paper`` train again without the fields, or a fifth of the papers, that
are then asked. ``ingredients`` adds one part of the ranker after the other, by field.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.answer.features import FITS
from app.answer.ranker import Judge, Linear, chosen, ranked, shipped
from eval.corpus import DataUnusable
from eval.evaluation import Report
from eval.judged import is_right, read_judged_questions
from eval.measures import balanced_accuracy
from eval.pages import fill, write_page
from eval.train.answers import (
    Example,
    examples_of,
    folds,
    judged_library,
    train_judge,
    train_ranker,
)
from index.config import Settings

_WORST = 20
_PAPER_FOLDS = 5
_LIKENESS = ("likeness",)
_WORDS = ("likeness", "matter", "overlap", "bm25", "kindred")
_CONTEXT = ("before", "after", "window", "mean", "both", "heading", "passage", "below best", "rank")

Names = Sequence[str]


@dataclass(frozen=True, slots=True)
class Answered:
    """What one question got: its quotes, which of them are right, and how sure the decision was."""

    example: Example
    quotes: tuple[str, ...]
    right: tuple[bool, ...]
    sureness: float  # log-odds above the threshold; below 0 nothing is quoted

    @property
    def outcome(self) -> str:
        """In a word, for people."""
        if not self.example.judged.answerable:
            return "false answer" if self.quotes else "rightly silent"
        if not self.quotes:
            return "falsely silent"
        return "right" if self.right[0] else "right further down" if any(self.right) else "wrong"


def run(settings: Settings, data: Sequence[Path] = ()) -> Report:
    """Ask all judged questions. Raises ``DataUnusable``."""
    if len(data) != 1:
        raise DataUnusable(None, "give one folder of judged questions: --data FOLDER")
    folder = data[0] / "bench" / "digests"
    judged = read_judged_questions(folder if folder.is_dir() else data[0])
    with judged_library(settings, judged) as library:
        examples = examples_of(library, judged)
    fields = [one.judged.field for one in examples]
    papers = [one.judged.paper_id for one in examples]
    names = examples[0].pool.names

    def trained(train: Sequence[Example]) -> Judge:
        return train_judge(train, names)

    by_field = _asked_by_folds(examples, fields, len({*fields}), trained)
    ways = {
        "shipped": [answered(one, shipped().judge(one.question)) for one in examples],
        "by_field": by_field,
        "by_paper": _asked_by_folds(examples, papers, _PAPER_FOLDS, trained),
    }
    scores = {name: scores_of(asked) for name, asked in ways.items()}
    kinds = _each(by_field, lambda one: one.example.judged.kind)
    of_field = _each(by_field, lambda one: one.example.judged.field)
    ingredients = dict(_ingredients(examples, fields))
    table = (
        ("", *scores["by_field"]),
        *((name, *map(_shown, of_way.values())) for name, of_way in scores.items()),
    )
    worst = sorted(
        (
            one
            for one in by_field
            if not one.example.strange
            and one.outcome in ("wrong", "false answer", "falsely silent")
        ),
        key=lambda one: -abs(one.sureness),
    )[:_WORST]
    page = write_page(
        settings,
        "answers",
        fill(
            "answers.html",
            title="How questions are answered",
            about=f"{len(judged)} questions on {len({*papers})} papers, each asked with weights "
            f"of papers of other fields.",
            table=table,
            ingredients=[(name, *map(_shown, one.values())) for name, one in ingredients.items()],
            kinds=[(name, *map(_shown, one.values())) for name, one in kinds.items()],
            worst=[
                (one.outcome, one.example.judged.paper_id, one.example.judged.text, one.quotes[:1],
                 one.example.judged.answers[:1])
                for one in worst
            ],
        ),
    )  # fmt: skip
    measures: dict[str, object] = {
        "questions": len(judged),
        "papers": len({*papers}),
        **scores,
        "kinds": kinds,
        "fields": of_field,
        "ingredients": ingredients,
        "bound": _bound(examples),
        "quotes_of_an_answer": _mean_quotes(by_field),
        "page": str(page),
    }
    notes = (
        "shipped: tuned, its weights were trained on these papers",
        f"the {_WORST} worst: {page}",
    )
    return Report(measures, table, notes)


def answered(example: Example, judge: Judge) -> Answered:
    """What ``gloss ask --paper`` answers by these weights; each quote is the paper's text."""
    pool = example.pool
    found = ranked(pool, example.question, judge)
    sureness = found.answered - judge.threshold
    numbers = chosen(pool, found) if sureness >= 0 else []
    quotes = tuple(pool.sentences[number][1].text for number in numbers)
    right = tuple(is_right(one, example.judged.answers) for one in quotes)
    return Answered(example, quotes, right, sureness)


def _asked_by_folds(
    examples: Sequence[Example],
    groups: Sequence[str],
    number: int,
    trained: Callable[[Sequence[Example]], Judge],
) -> list[Answered]:
    """Every question, asked with weights that were trained without its group, in order."""
    found: dict[int, Answered] = {}
    for train, kept_out in folds(groups, number):
        judge = trained([examples[at] for at in train])
        found |= {at: answered(examples[at], judge) for at in kept_out}
    return [found[at] for at in range(len(examples))]


def scores_of(asked: Sequence[Answered]) -> dict[str, float | None]:
    """The measures; None where there is nothing to count."""
    strange = [one for one in asked if one.example.strange]
    asked = [one for one in asked if not one.example.strange]
    answerable = [one for one in asked if one.example.judged.answerable]
    others = [one for one in asked if not one.example.judged.answerable]
    spoken = [one for one in asked if one.quotes]
    first = sum(one.right[:1] == (True,) for one in answerable)
    balanced = balanced_accuracy(
        [bool(one.quotes) for one in asked], [one.example.judged.answerable for one in asked]
    )
    return {
        "first": _share(first, len(answerable)),
        "any": _share(sum(any(one.right) for one in answerable), len(answerable)),
        "abstained": _share(sum(not one.quotes for one in answerable), len(answerable)),
        "false_answers": _share(sum(bool(one.quotes) for one in others), len(others)),
        "precision_first": _share(first, len(spoken)),
        "answered_or_silent": None if balanced is None else round(balanced, 3),
        "strange_answered": _share(sum(bool(one.quotes) for one in strange), len(strange)),
    }


def _each(
    asked: Sequence[Answered], key: Callable[[Answered], str]
) -> dict[str, dict[str, float | None]]:
    parts: dict[str, list[Answered]] = defaultdict(list)
    for one in asked:
        if not one.example.strange:
            parts[key(one)].append(one)
    scores = {name: scores_of(part) for name, part in sorted(parts.items())}
    return {
        name: {"n": len(parts[name])} | {k: v for k, v in one.items() if k != "strange_answered"}
        for name, one in scores.items()
    }


def _ingredients(
    examples: Sequence[Example], fields: Sequence[str]
) -> Iterator[tuple[str, dict[str, float | None]]]:
    """The ranker with more and more columns, without silence, by field; then with it."""
    names = examples[0].pool.names
    fits = tuple(name for name in names if name.partition(":")[0] in dict(FITS) or "has " in name)
    alone = tuple(name for name in names if not name.startswith("pair"))
    context = tuple(name for name in alone if any(part in name for part in _CONTEXT))
    steps: tuple[tuple[str, Names], ...] = (
        ("cosine", _LIKENESS),
        ("+ words", _WORDS),
        ("+ what is asked and what is there", (*_WORDS, *fits)),
        ("+ context", tuple(dict.fromkeys((*_WORDS, *fits, *context)))),
        ("+ place, length, kind, role", alone),
        ("+ read together with the question: all", names),
    )
    for name, columns in steps:

        def always(train: Sequence[Example], columns: Names = columns) -> Judge:
            return Judge(train_ranker(train, columns), Linear({}), 0.0)

        asked = _asked_by_folds(examples, fields, len({*fields}), always)
        yield name, _ranking(asked)


def _ranking(asked: Sequence[Answered]) -> dict[str, float | None]:
    """Measures of a ranker that always answers."""
    answerable = [one for one in asked if one.example.judged.answerable]
    scores = scores_of(answerable)
    return {"first": scores["first"], "any": scores["any"]}


def _bound(examples: Sequence[Example]) -> float | None:
    """The share of the answerable questions with a right sentence among those that are ranked."""
    answerable = [one for one in examples if one.judged.answerable]
    return _share(sum(bool(np.any(one.right)) for one in answerable), len(answerable))


def _mean_quotes(asked: Sequence[Answered]) -> dict[str, float]:
    counts = Counter(len(one.quotes) for one in asked if one.quotes and not one.example.strange)
    total = sum(counts.values()) or 1
    return {str(number): round(count / total, 3) for number, count in sorted(counts.items())}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
