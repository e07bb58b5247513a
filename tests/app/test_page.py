"""A day's page: its papers, where it is written, and what is said when there are none."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.page import NothingForPage, OutputUnusable, write_page, write_text

DAY = datetime.date(2024, 7, 5)


def test_page_has_the_papers_of_the_day_and_category(
    library: Any, row_of: Callable[..., Any], tmp_path: Path
) -> None:
    library.rows = [
        row_of("text"),
        row_of("2401.00001"),
        row_of("later", added="2024-07-06T00:00:00+00:00"),
        row_of("other", categories=("math.CO",)),
        row_of("broken", status="broken"),
    ]
    files = write_page(library, "CS.cv", tmp_path / "new", date=DAY)
    assert files.paper_ids == ("2401.00001", "text")
    assert files.markdown == tmp_path / "new" / "2024-07-05-cs.cv.md"
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        "2024-07-05-cs.cv.md",
        "2024-07-05-cs.cv.html",
        "index.html",
        "feed.xml",
        "pages.json",
    }
    assert files.markdown.read_text().count("\n## Lanterns on Paths\n") == 2
    assert files.html.read_text().count("<article id=") == 2


def test_all_takes_every_paper(library: Any, row_of: Callable[..., Any], tmp_path: Path) -> None:
    library.rows = [row_of("2401.00001", categories=()), row_of("text", categories=("q-bio",))]
    assert len(write_page(library, "All", tmp_path, date=DAY).paper_ids) == 2


def test_writing_twice_gives_the_same_bytes(library: Any, tmp_path: Path) -> None:
    first = write_page(library, "all", tmp_path, date=DAY).markdown.read_bytes()
    assert write_page(library, "all", tmp_path, date=DAY).markdown.read_bytes() == first


def test_a_name_cannot_leave_the_folder(
    library: Any, row_of: Callable[..., Any], tmp_path: Path
) -> None:
    name = "../../etc/passwd"
    library.rows = [row_of("2401.00001", categories=(name,))]
    out = tmp_path / "a" / "b"
    files = write_page(library, name, out, date=DAY)
    assert files.markdown.parent == out
    assert files.markdown.name == "2024-07-05-etc-passwd.md"


def test_without_papers_it_says_which_days_have_some(library: Any, tmp_path: Path) -> None:
    with pytest.raises(NothingForPage, match=r"there are: 2024-07-05 all \(1\), .*cs\.CV \(1\)"):
        write_page(library, "cs.CV", tmp_path, date=datetime.date(2020, 1, 1))
    library.rows = []
    with pytest.raises(NothingForPage, match="the library has no papers"):
        write_page(library, "all", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    write_text(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "new"
    with pytest.raises(OutputUnusable, match="cannot be written"):
        write_text(tmp_path / "file" / "below", "text")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputUnusable):
        write_text(tmp_path / "folder", "text")
    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder"}
