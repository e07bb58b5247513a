"""The evaluation of support, on pairs so few that the right figures are known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from eval import support
from eval.corpus import DataUnusable
from eval.corruption import CHANGES, generated
from eval.measures import auroc, balanced_accuracy
from index.config import Settings

SOURCE = "Each lantern of the <b>new</b> kind may burn for 3.5 hours in the rain."
PAIRS = [
    {"source": SOURCE, "claim": SOURCE, "label": 1},
    {"source": SOURCE, "claim": "Each lantern may burn for 3.5 hours.", "label": 1},
    {"source": SOURCE, "claim": "Each lantern may burn for 4.5 hours.", "label": 0},
    {"source": SOURCE, "claim": "Each lantern of the <b>new</b> kind may burn.", "label": 0},
]
QUOTES = (
    (
        "The lanterns (of one kind) burn for up to 35 ms longer than GPT-3, which may fail Oslo.",
        "Ada Byron did not test −3 of some 40% in London, and BLEU is higher.",
    ),
    (
        "The bees of Paris dance for 12 hours on most days.",
        "CNN and LSTM were larger than 7 GB.",
        "We show that the dance outperforms a song.",
    ),
)


def lines(path: Path, objects: Sequence[object]) -> Path:
    path.write_text("".join(f"{json.dumps(one)}\n" for one in objects))
    return path


def measured(tmp_path: Path, *data: Path) -> dict[str, Any]:
    return dict(support.run(Settings(cache=tmp_path / "cache"), data).measures)


def test_sets_are_scored_one_by_one(tmp_path: Path) -> None:
    one = lines(tmp_path / "one.jsonl", PAIRS)
    (tmp_path / "more").mkdir()
    lines(tmp_path / "more" / "two.jsonl", PAIRS[:2])
    measures = measured(tmp_path, one, tmp_path / "more")
    assert list(measures["sets"]) == ["one", "two"]
    assert measures["balanced_accuracy"] == 0.75  # "one" alone: all labels of "two" are alike
    assert measures["auroc"] == measures["sets"]["one"]["auroc"]
    assert measures["sets"]["one"]["false_refused"] == 0.5
    assert measures["sets"]["one"]["true_refused"] == 0.0
    assert measures["sets"]["one"]["rules"]["numbers"]["false_refused"] == 0.5
    assert measures["sets"]["two"]["balanced_accuracy"] is None
    assert measures["ms_per_pair"] > 0
    assert sum(one["pairs"] for one in measures["calibration"]) == 6
    json.dumps(measures)


def test_the_page_shows_the_worst_cases_as_text(tmp_path: Path) -> None:
    measures = measured(tmp_path, lines(tmp_path / "one.jsonl", PAIRS))
    page = Path(measures["page"]).read_text(encoding="utf-8")
    assert "not supported, and let pass" in page
    assert "&lt;b&gt;new&lt;/b&gt; kind may burn." in page
    assert "<b>" not in page


def test_a_large_set_is_sampled_by_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(support, "PAIRS_MOST", 2)
    path = lines(tmp_path / "one.jsonl", PAIRS)
    assert len(support.read_pairs(path)) == 2
    assert support.read_pairs(path) == support.read_pairs(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("", "has no pairs"),
        ('{"source": "a", "claim": "b"}', "line 1 lacks source, claim or a label"),
        ('{"source": "a", "claim": "b", "label": 2}', "line 1 lacks"),
        ('{"source": 1, "claim": "b", "label": 1}', "line 1 lacks"),
    ],
)
def test_a_file_that_is_no_set_is_told_so(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    with pytest.raises(DataUnusable, match=said):
        measured(tmp_path, path)


def test_what_is_not_there_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(DataUnusable, match="cannot be read"):
        measured(tmp_path, tmp_path / "none.jsonl")
    with pytest.raises(DataUnusable, match="or a folder of either"):
        measured(tmp_path, tmp_path / "none")


def test_made_pairs_have_every_kind_and_depend_on_the_seed_alone() -> None:
    pairs = generated(QUOTES, 1)
    assert pairs == generated(QUOTES, 1)
    kinds = {pair.kind for pair in pairs}
    assert set(CHANGES) <= kinds
    assert {"quote", "two quotes", "without an aside"} <= kinds
    for pair in pairs:
        assert pair.supported == (pair.kind not in CHANGES)
        assert pair.claim not in pair.sources or pair.supported


@pytest.mark.slow
def test_quotes_pass_and_what_was_made_false_mostly_does_not(tmp_path: Path) -> None:
    measures = measured(tmp_path)  # the sample papers
    kinds = measures["sets"]["generated"]["kinds"]
    assert kinds["quote"]["refused"] == kinds["two quotes"]["refused"] == 0.0
    assert kinds["number"]["refused"] == kinds["another paper"]["refused"] == 1.0
    assert kinds["negation"]["refused"] > 0.9


def test_measures_of_a_verdict() -> None:
    assert balanced_accuracy([True, True, False], [True, True, False]) == 1.0
    assert balanced_accuracy([True, True, True], [True, True, False]) == 0.5
    assert balanced_accuracy([True], [True]) is None
    assert auroc([0.1, 0.5, 0.9], [False, False, True]) == 1.0
    assert auroc([0.5, 0.5], [False, True]) == 0.5
    assert auroc([0.9, 0.1, 0.5], [False, True, True]) == 0.0
    assert auroc([0.5], [True]) is None
