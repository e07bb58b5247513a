"""Exports of reference managers that are dropped into the app, beside the files that they name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.web.importing import EntryKept, dropped, import_entry
from app.web.session import NotAdded, Session
from app.web.ui.add import _dropped
from index.config import Settings
from index.errors import FetchError
from index.sources import Source

RIS = """TY  - JOUR
TI  - Lanterns for Long Paths
AU  - Byron, Ada
PY  - 2021
KW  - night
N1  - read it twice
L1  - files/12/Lanterns & Paths.md
ER  -
TY  - JOUR
TI  - A book of oil
ER  -
TY  - JOUR
TI  - Kites
UR  - https://arxiv.org/abs/2401.00009
ER  -
"""


@pytest.fixture
def session(open_library: Any, tmp_path: Path) -> Iterator[Session]:
    settings = Settings(library=tmp_path / "library")
    with open_library(settings) as library:
        yield Session(library, settings=settings)


@pytest.fixture
def files(versions: tuple[Path, Path], tmp_path: Path) -> list[Path]:
    """As Gradio stores uploads: each in a folder of its own, without some signs of its name."""
    found = []
    for folder, name, data in (
        ("a", "refs.ris", RIS),
        ("b", "Lanterns Paths.md", versions[0].read_text()),
        ("c", "other.md", versions[1].read_text()),
        ("d", "broken.json", "{"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(data, encoding="utf-8")
        found.append(tmp_path / folder / name)
    return found


def test_a_dropped_export_takes_the_files_that_it_names(session: Session, files: Any) -> None:
    drop = dropped(files)
    lanterns, book, kites = drop.entries
    assert (lanterns.file, book.file, kites.file) == (files[1], None, None)
    assert (book.from_arxiv, kites.from_arxiv) == (False, True)
    assert drop.files == (files[2],)
    assert str(drop.unusable[0]).startswith("broken.json: not as its ending says")
    library: Any = session.library
    stages: list[str] = []
    paper_id = import_entry(session, library, lanterns, stages.append)
    assert stages[0] == "read" and library.paper(paper_id).title == "Lanterns for Long Paths"
    (place,) = library.notes.of(paper_id)
    assert (place.place.tags, place.place.notes[0].text) == (("night",), "read it twice")
    assert library.digested(2) == [paper_id]
    assert import_entry(session, library, lanterns, stages.append) == paper_id  # as it is there
    assert len(library.notes.of(paper_id)[0].place.notes) == 1
    with pytest.raises(EntryKept, match="A book of oil: kept without a paper"):
        import_entry(session, library, book, stages.append)
    assert [one.entry.title for one in library.waiting_entries()] == ["A book of oil"]


def test_a_paper_of_arxiv_is_fetched_once(
    session: Session, files: Any, monkeypatch: pytest.MonkeyPatch, versions: tuple[Path, Path]
) -> None:
    library: Any = session.library
    kites = dropped(files).entries[2]
    asked: list[str] = []

    def offline(self: Session, named: str, progress: Any) -> str:
        raise FetchError("https://export.arxiv.org", None, "no answer")

    def fetch(self: Session, named: str, progress: Any) -> str:
        asked.append(named)
        path = versions[0].with_name("2401.00009v1.md")
        path.write_text(versions[0].read_text())
        return str(library.add(Source(path, path.name)).paper_id)

    monkeypatch.setattr(Session, "fetch", offline)
    with pytest.raises(FetchError):
        import_entry(session, library, kites, lambda stage: None)
    assert [one.entry.title for one in library.waiting_entries()] == ["Kites"]
    monkeypatch.setattr(Session, "fetch", fetch)
    for _ in range(2):
        assert import_entry(session, library, kites, lambda stage: None) == "2401.00009"
    assert asked == ["2401.00009"] and library.waiting_entries() == []


def test_what_a_visitor_drops_is_a_file(session: Session, files: Any) -> None:
    wanted = _dropped(files[:1], None)
    with pytest.raises(NotAdded, match="gloss reads"):
        wanted[0].add(session, lambda stage: None)
    library: Any = session.library
    names = [one.name for one in _dropped(files, library)]
    assert names == [
        "broken.json", "Lanterns for Long Paths", "A book of oil", "Kites", "other.md"
    ]  # fmt: skip
