"""Judged questions: read, matched, asked by folds; and weights that are made anew."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.answer.features import FoundPart, pool_of
from app.answer.questions import question_of
from app.answer.ranker import Weights, ranked
from app.answer.sentences import ReadPaper
from eval.answers import answered, scores_of
from eval.corpus import DataUnusable, text_paper
from eval.judged import JudgedQuestion, is_right, read_judged_questions
from eval.train.answers import Example, folds, strange_questions, train, written

NO_PAIRS = SimpleNamespace(scores=lambda question, texts: [0.0] * len(texts))
FIELDS = {
    "bees": ("bio", "We kept 12 hives. Bees dance because they found food. Honey is sweet."),
    "steel": ("phys", "We cast 40 bars. Steel is hard because it was quenched. Iron is soft."),
    "tides": ("phys", "We saw 7 tides. The sea rises because of the moon. Bays are narrow."),
}
QUESTIONS = (("How many {} were there?", 0), ("Why is it that {}?", 1), ("Who paid for {}?", None))
WORDS = {"bees": ("hives", "bees dance"), "steel": ("bars", "steel is hard"),
         "tides": ("tides", "the sea rises")}  # fmt: skip


@pytest.fixture
def examples(fake_embedder: Any) -> list[Example]:
    found = []
    for paper_id, (field, text) in FIELDS.items():
        paper, _ = text_paper(paper_id, paper_id, [("Method", [text])])
        read = ReadPaper.of(paper)
        for at, (form, answer) in enumerate(QUESTIONS):
            asked = question_of(form.format(WORDS[paper_id][min(at, 1)]))
            answers = () if answer is None else (read.sentences[answer].text,)
            pool = pool_of([FoundPart(read, [0.5] * 3)], asked, fake_embedder, NO_PAIRS)
            right = np.array([number == answer for number in range(3)])
            judged = JudgedQuestion(paper_id, field, asked.text, "other", answers, ())
            found.append(Example(judged, asked, pool, right, np.zeros(3, dtype=bool)))
    return found


def test_questions_are_read(tmp_path: Path) -> None:
    question = {"question": "Why?", "kind": "why", "answers": ["Because."], "partial": []}
    paper = {"id": "p", "group": "bio", "questions": [
        {**question, "answerable": True}, {**question, "answerable": False}]}  # fmt: skip
    (tmp_path / "p.json").write_text(json.dumps(paper))
    first, second = read_judged_questions(tmp_path)
    assert (first.paper_id, first.field, first.answers) == ("p", "bio", ("Because.",))
    assert (first.answerable, second.answerable) == (True, False)
    (tmp_path / "p.json").write_text("{}")
    with pytest.raises(DataUnusable, match=r"p\.json"):
        read_judged_questions(tmp_path)
    (tmp_path / "p.json").unlink()
    with pytest.raises(DataUnusable):
        read_judged_questions(tmp_path)


@pytest.mark.parametrize(
    ("quote", "right"),
    [
        ("Bees dance because they found food.", True),
        ("We saw it. Bees dance, because they found food!", True),  # the shorter in the longer
        ("Bees dance because they found foot.", True),  # four fifths of the runs
        ("Bees sleep because they found a hive.", False),
        ("Bees", False),
    ],
)
def test_a_quote_is_right_by_its_letters(quote: str, right: bool) -> None:
    assert is_right(quote, ["Bees dance because they found food."]) is right


def test_matching_agrees_with_the_scorer_beside_the_data() -> None:
    bench = Path(__file__).parents[3] / "shared" / "bench" / "digests"
    if not (bench / "score.py").is_file():
        pytest.skip(f"there is no {bench}")
    scorer: dict[str, Any] = {"__name__": "score"}
    exec((bench / "score.py").read_text(encoding="utf-8"), scorer)
    judged = [one for one in read_judged_questions(bench) if one.answerable][:40]
    for one, other in pairwise(judged):
        for quote in (one.answers[0], one.answers[0][5:], one.answers[0][::2], other.answers[0]):
            assert is_right(quote, one.answers) == scorer["right"](quote, one.answers)


def test_a_group_is_never_on_both_sides() -> None:
    groups = ["a", "b", "a", "c", "b"]
    seen = []
    for train_on, kept_out in folds(groups, 2):
        assert not {groups[at] for at in train_on} & {groups[at] for at in kept_out}
        seen += kept_out
    assert sorted(seen) == [0, 1, 2, 3, 4]


def test_strange_questions_are_of_other_fields() -> None:
    judged = [
        JudgedQuestion(paper, field, f"Why {paper}?", "why", ("Because.",), ())
        for paper, (field, _) in FIELDS.items()
    ]
    strange = strange_questions(judged)
    assert {one.paper_id for one in strange} == {*FIELDS}
    assert all(not one.answerable and one.paper_id not in one.text for one in strange)
    assert all(one.text == "Why bees?" for one in strange if one.field == "phys")


def test_training_learns_and_gives_the_same_bytes(examples: list[Example]) -> None:
    weights = train(examples)
    assert written(weights) == written(train(examples))
    read = Weights.of(json.loads(written(weights)))
    assert written(read) == written(weights)
    for one in examples:
        if one.judged.answerable:
            assert one.right[ranked(one.pool, one.question, read.english).order[0]]


def test_the_last_digits_of_vectors_do_not_move_the_weights(examples: list[Example]) -> None:
    def shaken(one: Example, seed: int) -> Example:
        noise = np.random.default_rng(seed).uniform(-1e-9, 1e-9, one.pool.values.shape)
        return replace(one, pool=replace(one.pool, values=one.pool.values + noise))

    other = [shaken(one, seed) for seed, one in enumerate(examples)]
    assert written(train(other)) == written(train(examples))


def test_measures_count_what_was_answered(examples: list[Example]) -> None:
    judge = replace(train(examples).english, threshold=-1000.0)
    asked = [answered(one, judge) for one in examples]
    scores = scores_of(asked)
    assert (scores["first"], scores["any"], scores["abstained"]) == (1.0, 1.0, 0.0)
    assert (scores["false_answers"], scores["answered_or_silent"]) == (1.0, 0.5)
    assert scores["precision_first"] == pytest.approx(6 / 9, abs=0.001)
    assert {one.outcome for one in asked} == {"right", "false answer"}
    silent = [answered(one, replace(judge, threshold=1000.0)) for one in examples]
    assert scores_of(silent)["abstained"] == 1.0
    assert {one.outcome for one in silent} == {"falsely silent", "rightly silent"}
    strange = [answered(replace(one, strange=True), judge) for one in examples]
    assert scores_of([*asked, *strange]) == {**scores, "strange_answered": 1.0}
