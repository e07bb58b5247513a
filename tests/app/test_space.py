"""What a Space of Hugging Face begins with, and where it keeps what it writes."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import zipfile
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from app.serve.space import ARCHIVE, SAMPLES, NowhereToWrite, pack, space_settings, unpack
from index.catalog.schema import SCHEMA
from index.config import Settings
from index.library import Library

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GLOSS_LIBRARY", "GLOSS_CACHE", "GLOSS_PUBLIC__ENABLED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SPACE_ID", "someone/gloss")
    monkeypatch.setattr("app.serve.space._temporary", lambda: tmp_path / "temporary")


def test_the_library_that_comes_with_a_space_is_there_at_once(tmp_path: Path) -> None:
    settings = space_settings(tmp_path / "data")
    assert settings.library == tmp_path / "data" / "gloss-space" / "library"
    assert settings.cache == tmp_path / "data" / "gloss-space" / "cache"
    assert settings.public.enabled
    assert settings.source_url == "https://huggingface.co/spaces/someone/gloss/tree/main"
    with Library.open(settings, create=False) as library:
        papers = {row.id for row in library.papers() if row.status == "ok"}
        assert papers == {path.stem for path in SAMPLES.glob("*.pdf")} | {"choosing-passage-size"}
        assert {one.paper_id for one in library.newest_digests()} == papers
        assert library.file_of("cited-digests").read_bytes()[:5] == b"%PDF-"
    again = space_settings(tmp_path / "data")
    assert again.library == settings.library  # what is there is left alone


def test_it_is_of_this_schema(tmp_path: Path) -> None:
    """An older one is changed at every start of every Space: data/build_space_library.py."""
    unpack(SAMPLES / ARCHIVE, tmp_path / "library")
    with contextlib.closing(sqlite3.connect(tmp_path / "library" / "catalog.sqlite")) as catalog:
        assert catalog.execute("PRAGMA user_version").fetchone() == (SCHEMA,)


def test_nothing_of_the_machine_that_built_it_is_in_it() -> None:
    with zipfile.ZipFile(SAMPLES / ARCHIVE) as packed:
        assert (SAMPLES / ARCHIVE).stat().st_size < 3_000_000
        for entry in packed.infolist():
            if entry.filename.endswith(".sqlite"):
                content = packed.read(entry)
                assert b"/root" not in content and b"/home/" not in content


def test_a_folder_that_cannot_be_written_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"  # no folder can be made in a file, whoever asks
    file.write_text("", encoding="utf-8")
    assert tmp_path / "home" in space_settings(file).library.parents
    monkeypatch.setenv("HOME", str(file))
    assert tmp_path / "temporary" in space_settings(file).library.parents
    monkeypatch.setattr("app.serve.space._temporary", lambda: file)
    with pytest.raises(NowhereToWrite, match="set GLOSS_LIBRARY and GLOSS_CACHE"):
        space_settings(file)


def test_what_the_environment_says_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLOSS_LIBRARY", str(tmp_path / "own"))
    monkeypatch.setenv("GLOSS_PUBLIC__ENABLED", "false")
    settings = space_settings(tmp_path / "data")
    assert settings.library == tmp_path / "own" and not settings.public.enabled
    assert settings.cache == tmp_path / "cache"


def test_a_packed_library_is_the_same_again(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    (folder / "vectors" / "empty").mkdir(parents=True)
    (folder / "catalog.sqlite").write_bytes(b"a" * 70_000 + bytes(200_000) + b"z" + bytes(70_000))
    (folder / "lock").write_bytes(b"x")
    pack(folder, tmp_path / "one.zip")
    unpack(tmp_path / "one.zip", tmp_path / "there" / "library")
    made = tmp_path / "there" / "library"
    assert (made / "catalog.sqlite").read_bytes() == (folder / "catalog.sqlite").read_bytes()
    assert (made / "vectors" / "empty").is_dir() and not (made / "lock").exists()
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["library"]


def test_settings_are_as_they_were() -> None:
    assert Settings().public.enabled is False


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
