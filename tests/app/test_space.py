"""Where a Space of Hugging Face keeps what it writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from app.space import NowhereToWrite, place_of, space_settings

ROOT = Path(__file__).parents[2]


def test_storage_that_stays_comes_first(tmp_path: Path) -> None:
    stays, here = tmp_path / "data", tmp_path / "app"
    here.mkdir()
    home = {"HOME": str(tmp_path / "home")}
    assert place_of(home, here, stays) == here / "demo-space"  # there is none
    stays.mkdir()
    assert place_of(home, here, stays) == stays / "gloss"
    assert list((stays / "gloss").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "file"  # no folder can be made in a file, whoever asks
    file.write_text("", encoding="utf-8")
    home = tmp_path / "home"
    assert place_of({"HOME": str(home)}, file, file) == home / ".gloss-space"
    with pytest.raises(NowhereToWrite, match="set GLOSS_LIBRARY and GLOSS_CACHE"):
        place_of({"HOME": str(file)}, file, file)


def test_what_the_environment_says_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GLOSS_CACHE", raising=False)
    monkeypatch.setenv("GLOSS_LIBRARY", str(tmp_path / "own"))
    settings = space_settings({"GLOSS_LIBRARY": "set", "HOME": str(tmp_path)}, tmp_path)
    assert settings.library == tmp_path / "own"
    assert settings.cache == tmp_path / "demo-space" / "cache" and settings.public


def test_the_front_matter_is_what_a_space_reads() -> None:
    """https://huggingface.co/docs/hub/spaces-config-reference."""
    front = yaml.safe_load((ROOT / "README.md").read_text(encoding="utf-8").split("---")[1])
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    gradio = re.search(r"^gradio==(.*)$", lock, re.M)
    assert gradio is not None and front["sdk_version"] == gradio[1]
    assert (front["sdk"], front["app_file"]) == ("gradio", "space.py")
    assert (ROOT / front["app_file"]).is_file()
    assert len(front["short_description"]) <= 60
    assert front["license"] == "agpl-3.0" and front["suggested_hardware"] == "cpu-basic"
    assert re.fullmatch(r"3\.1[1-9]", front["python_version"])
