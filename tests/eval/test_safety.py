"""The evaluation of safety counts what it should: by files whose faults are known."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from eval import safety
from eval.hiding import HIDING, SHOWING, plant
from index.accounts import Finding
from index.config import Settings
from index.paper import Paper, Reading
from index.spans import Box

DATA = Path(__file__).parents[2] / "data"
CLEAN = DATA / "every-sentence-needs-a-source.pdf"
ONE_PROCESS = Settings(read={"workers": 1})


@pytest.fixture
def two_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety, "HIDING", {"white": HIDING["white"]})
    monkeypatch.setattr(safety, "SHOWING", {"grey": SHOWING["grey"]})


@pytest.mark.usefixtures("two_ways")
def test_a_folder_of_papers_and_others(tmp_path: Path) -> None:
    shutil.copy(CLEAN, tmp_path / "clean.pdf")
    plant(CLEAN, "white", tmp_path / "flagged.pdf")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 and no more")
    (tmp_path / "notes.txt").write_text("not read")
    report = safety.run(ONE_PROCESS, [tmp_path])
    measures: dict[str, Any] = dict(report.measures)
    assert [(one["name"], one["status"], one["findings"]) for one in measures["files"]] == [
        ("broken.pdf", "broken", 0),
        ("clean.pdf", "ok", 0),
        ("flagged.pdf", "ok", 2),
    ]
    assert all(one["seconds"] > 0 for one in measures["files"])
    assert all(20 < one["megabytes"] < 2000 for one in measures["files"][1:])
    assert measures["ok_without_sentences"] == 0
    assert measures["planted_in"] == 2
    assert measures["recall"] == {"white": 1.0}
    assert measures["papers_with_findings"] == 0.5
    assert report.notes == ("findings in flagged.pdf, as it came",)
    assert ("white", "hidden", "", "", "2 of 2") in report.table


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not read")
    with pytest.raises(safety.NothingToRead, match="give files or folders"):
        safety.run(ONE_PROCESS, [tmp_path])
    with pytest.raises(safety.NothingToRead):
        safety.run(ONE_PROCESS, [tmp_path / "missing.pdf"])


@pytest.mark.usefixtures("two_ways")
def test_what_cannot_be_planted_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(clean: Path, way: str, out: Path) -> None:
        raise ValueError("no room")

    monkeypatch.setattr(safety, "plant", refuses)
    report = safety.run(ONE_PROCESS, [CLEAN])
    assert report.measures["recall"] == {"white": 0.0}
    assert len(report.notes) == 2
    assert report.notes[0].endswith("white: ValueError: no room")


def test_hidden_counts_only_where_every_page_has_it_and_the_text_has_it_not() -> None:
    def reading(text: str, *pages: int) -> Reading:
        found = tuple(Finding("colour", safety.SENTENCE, Box(page, 0, 0, 9, 9)) for page in pages)
        return Reading("ok", "", Paper("a", None, "pdf", "", text, "A", findings=found))

    assert safety._right(reading("clean", 1, 2), hidden=True)
    assert not safety._right(reading("clean", 1), hidden=True)
    assert not safety._right(reading(f"so {safety.SENTENCE}", 1, 2), hidden=True)
    assert safety._right(reading("clean"), hidden=False)
    assert not safety._right(reading("clean", 2), hidden=False)
    assert not safety._right(Reading("limit", "too long"), hidden=True)
