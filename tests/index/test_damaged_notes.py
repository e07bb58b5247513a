"""Damaged rows of notes, tags, imported entries and marks: the rest is read, and doctor says so."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import library_fakes as fakes
import pytest
from thinned import some

from app.documents.notes import place_list
from app.show.exports import bibliography
from index.entries import Entry, Name, entry_from_json
from index.library import Library
from index.sources import Source

BEES = Entry("On bees", authors=(Name("Byron", "Ada"),), doi="10.1000/bees", tags=("k",))
WASPS = Entry("On wasps", authors=(Name("Byron", "Ada"),), doi="10.1000/wasps")
# What a page of SQLite's in which bytes were changed may have in a column of any type.
VALUES = ("x'ff00fe'", "''", "'\u202e'", "-1", "0.5", "9e999", "9223372036854775807", "NULL")
COLUMNS = {
    "places": ("paper_key", "quote", "page", "start", "version", "removed", "title"),
    "notes": ("place", "text", "made", "changed", "checksum"),
    "tags": ("place", "name"),
    "entries": ("identity", "paper_key", "reason", "source", "json", "added"),
    "marks": ("paper_key", "mark", "since"),
}
JSONS = (
    "null", "[]", "5", '"x"', "{}", "[" * 5000, '{"title": NaN}',
    *(json.dumps({**json.loads(BEES.to_json()), **changed}) for changed in (
        {"title": 5}, {"date": None}, {"tags": "abc"} | {"doi": []}, {"tags": [1]}, {"notes": [{}]},
        {"files": None}, {"authors": [5]}, {"authors": [{"family": 5}]}, {"authors": {"a": 1}},
        {"authors": [{"family": "x", "born": "y"}]}, {"kind": []}, {"title": "\ud83d"}, {"x": "y"},
    )),
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of two papers with notes, tags, entries and marks."""
    folder = tmp_path_factory.mktemp("whole")
    for name in ("a", "b"):
        said = {"text": f"{name} bees buzz. They rest.", "title": name.upper()}
        (folder / f"{name}.pdf").write_text(json.dumps(said))
    with fakes.open_with_lists(folder / "lib") as library:
        for name in ("a", "b"):
            library.add(Source(folder / f"{name}.pdf", f"{name}.pdf"))
        library.notes.add("a", "on words", library.notes.quoted("a", "They rest."))
        library.notes.add("b", "of b")
        library.notes.tag("a", "ml", library.notes.quoted("a", "They rest."))
        library.notes.tag("b", "ml")
        library.store_entry(BEES, "a", "", "bees.ris")
        library.store_entry(WASPS, "", "no file came with it", "bees.ris")
        library.mark(["a"], "read")
    return folder / "lib"


def damage(directory: Path, table: str, column: str, value: str) -> None:
    """Put a value into the first row of a table, whatever its declaration says."""
    with contextlib.closing(sqlite3.connect(directory / "catalog.sqlite")) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        bare = "UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE name = ?"
        connection.execute(bare, (table,))
        connection.commit()
    with contextlib.closing(sqlite3.connect(directory / "catalog.sqlite")) as connection:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        key = next(row[1] for row in connection.execute(f"PRAGMA table_info({table})"))
        with contextlib.suppress(sqlite3.IntegrityError):  # as the key of a row no page has
            connection.execute(
                f"UPDATE {table} SET {column} = {value}"
                f" WHERE {key} = (SELECT min({key}) FROM {table})"
            )
        connection.commit()


def used(library: Library) -> list[object]:
    """What each command that reads asks of these tables."""
    return [
        place_list(library.notes.find()).to_json(),
        place_list(library.notes.find("words", "ml")).to_json(),
        place_list(library.notes.saying(["of"])).to_json(),
        place_list(library.notes.of("a")).to_json(),
        library.notes.tags(), library.notes.tags_by_paper(), library.notes.tagged("ml"),
        *(bibliography(library, ["a", "b"], form) for form in ("bibtex", "ris", "csl")),
        library.imported("a"), [one.entry.identity for one in library.waiting_entries()],
        library.marked("read"), library.papers(), library.shelf(),
        [hit.passage.paper_id for hit in library.search("bees")],
    ]  # fmt: skip


@pytest.mark.parametrize("value", some(VALUES, 8))
def test_a_value_of_any_type_in_any_column_hinders_nothing_else(
    whole: Path, tmp_path: Path, value: str
) -> None:
    for table, columns in COLUMNS.items():
        for column in columns:
            directory = tmp_path / f"{table}-{column}"
            shutil.copytree(whole, directory)
            damage(directory, table, column, value)
            with fakes.open_with_lists(directory) as library:
                used(library)
                library.health(deep=True)
                # What is written there still can be.
                library.notes.add("b", "another")
                library.notes.tag("b", "new")
                library.store_entry(WASPS, "", "no file", "bees.ris")
                library.mark(["b"], "kept")
                assert "another" in place_list(library.notes.of("b")).to_json()


@pytest.mark.parametrize(
    ("table", "column", "value", "said"),
    [
        ("notes", "text", "x'ff'", "note 1 is damaged"),
        ("notes", "text", "'of word'", "note 1 is damaged"),
        ("notes", "place", "99", "1 rows of notes, tags or their places"),
        ("places", "quote", "x'ff'", "1 rows of notes, tags or their places"),
        ("places", "start", "'x'", "1 rows of notes, tags or their places"),
        ("places", "removed", "7", "1 rows of notes, tags or their places"),
        ("places", "page", "x'ff'", "1 rows of notes, tags or their places"),
        ("tags", "name", "x'ff'", "1 rows of notes, tags or their places"),
        ("tags", "place", "99", "1 rows of notes, tags or their places"),
        ("entries", "json", "'{}'", "1 imported entries are damaged"),
        ("entries", "json", "replace(json, 'bees', 'bee')", "1 imported entries are damaged"),
        ("entries", "identity", "'doi:x'", "1 imported entries are damaged"),
        ("entries", "paper_key", "x'ff'", "1 imported entries are damaged"),
    ],
)
def test_a_damaged_row_is_said(
    whole: Path, tmp_path: Path, table: str, column: str, value: str, said: str
) -> None:
    directory = tmp_path / "lib"
    shutil.copytree(whole, directory)
    with fakes.open_with_lists(directory) as library:
        assert library.health(deep=True).problems == ()
    damage(directory, table, column, value)
    with fakes.open_with_lists(directory) as library:
        assert [one for one in library.health().problems if said in one]


def test_what_is_no_entry_is_none() -> None:
    assert entry_from_json(BEES.to_json()) == BEES
    for text in JSONS:
        with pytest.raises((ValueError, TypeError, KeyError)):
            entry_from_json(text)


def test_notes_of_other_papers_are_listed_beside_a_damaged_one(whole: Path, tmp_path: Path) -> None:
    directory = tmp_path / "lib"
    shutil.copytree(whole, directory)
    damage(directory, "editions", "text", "x'ff'")
    asked: tuple[Callable[[Library], list[object]], ...] = (
        lambda library: list(library.notes.find()),
        lambda library: list(library.notes.saying(["o"])),
    )
    with fakes.open_with_lists(directory) as library:
        for ask in asked:
            assert [one.paper_id for one in ask(library)] == ["a", "b"]  # type: ignore[attr-defined]


def test_the_name_of_an_export_need_not_be_unicode(whole: Path, tmp_path: Path) -> None:
    directory = tmp_path / "lib"
    shutil.copytree(whole, directory)
    with fakes.open_with_lists(directory) as library:
        library.store_entry(WASPS, "", "no file", "w\udcff.ris")
        (waiting,) = library.waiting_entries()
        assert waiting.source == "w\\udcff.ris"
