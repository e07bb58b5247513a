"""What `gloss doctor` finds wrong, and what it calls the hashes it prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import index.embed
from app.cli.doctor import Examination, examine
from index.config import Settings
from index.embed import ModelCheck
from index.library import Library, LibraryHealth

if TYPE_CHECKING:
    from served_model import ServedModel


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModelCheck]:
    """What the check of the model finds."""
    found = {"check": ModelCheck("f" * 64, "53aa5117" + "0" * 56, ())}
    monkeypatch.setattr(index.embed, "check_model", lambda *_: found["check"])
    return found


@pytest.mark.parametrize("there", ["a file", "nothing", "an empty folder"])
def test_no_library_is_a_problem_whatever_is_there(
    there: str, model: dict[str, ModelCheck], tmp_path: Path
) -> None:
    directory = tmp_path / "library"
    if there == "a file":
        directory.write_text("words")
    elif there == "an empty folder":
        directory.mkdir()
    found = examine(Settings(library=directory))
    assert found.problems == (f"{directory}: no library here; `gloss add` makes one",)
    assert found.health is None
    assert directory.exists() == (there != "nothing")


def lines_of(found: Examination) -> dict[str, str]:
    return dict(found.lines())


def test_the_hashes_are_called_what_they_are(model: dict[str, ModelCheck], tmp_path: Path) -> None:
    lines = lines_of(examine(Settings(library=tmp_path)))
    assert lines["model's fingerprint"] == "f" * 64
    assert lines["weights' SHA-256"] == f"53aa5117{'0' * 56} (as published)"
    model["check"] = ModelCheck("f" * 64, "", ())
    assert "weights' SHA-256" not in lines_of(examine(Settings(library=tmp_path)))


def test_a_damaged_model_is_said(model: dict[str, ModelCheck], tmp_path: Path) -> None:
    model["check"] = ModelCheck("f" * 64, "", ("model.bin",))
    damaged, _ = examine(Settings(library=tmp_path)).problems
    assert "damaged (model.bin) and has been made again" in damaged
    assert "gloss doctor --repair" in damaged


def test_the_writer_is_told_of(
    model: dict[str, ModelCheck], served_model: ServedModel, tmp_path: Path
) -> None:
    def writer(name: str = "extractive", **endpoint: str) -> tuple[str, str]:
        settings = Settings(
            library=tmp_path / "library", cache=tmp_path, writer=name, endpoint=endpoint
        )
        found = examine(settings)
        assert found.document().writer == found.writer
        said = [one for one in found.problems if "no library here" not in one]
        return lines_of(found)["writer"], " ".join(said)

    there = {"name": "endpoint", "url": served_model.url, "model": "echo-1"}
    assert writer() == ("extractive: quotes, without a language model", "")
    assert writer(**there) == (f"endpoint: echo-1 at {served_model.url}, which answers", "")
    assert "lists no such model" in writer(**{**there, "model": "echo-2"})[0]
    served_model.key = "sk-1"
    assert "GLOSS_ENDPOINT__KEY" in writer(**there)[1]
    assert writer(**there, key="sk-1")[1] == ""
    away = writer(**{**there, "url": "http://127.0.0.1:9/v1"})
    assert away[0] == "see below" and "does not answer" in away[1]
    assert "GLOSS_ENDPOINT__URL" in writer("endpoint")[1]
    assert "`gloss models get qwen2.5-coder-1.5b` gets it" in writer("local")[1]


def test_all_papers_are_compared_where_that_is_asked_for(
    model: dict[str, ModelCheck], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def health(library: Library, deep: bool = False) -> LibraryHealth:
        asked.append(deep)
        return LibraryHealth(30, 0, 30, 30, "m", (), checked=30 if deep else 20)

    Library.open(Settings(library=tmp_path)).close()
    monkeypatch.setattr(Library, "health", health)
    monkeypatch.setattr("app.cli.doctor._stale", lambda *_: None)
    said = [lines_of(examine(Settings(library=tmp_path), deep=deep)) for deep in (False, True)]
    assert asked == [False, True]
    assert [one["bytes compared"] for one in said] == [
        "of 20 of 30 papers and their files",
        "of 30 of 30 papers and their files",
    ]
