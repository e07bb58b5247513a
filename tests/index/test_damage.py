"""Bytes that were damaged on the disk: found, named, and put right from what is whole."""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import library_fakes as fakes
import pytest
from earlier_schemas import as_it_was_in_schema

from index.catalog import Catalog
from index.errors import GlossError, PaperDamaged
from index.library import Library
from index.paper import Reading
from index.sources import Source

TEXT = "a bees buzz. " * 40  # some packed bytes


class OtherReader(fakes.JsonReader):
    """Reads more than the former reader did."""

    def read(self, *given: Any, **named: Any) -> Reading:
        reading = super().read(*given, **named)
        paper = reading.paper
        return replace(reading, paper=replace(paper, text=f"{paper.text} And more."))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A library of two papers, one with a digest."""
    return filled(tmp_path, fakes.open_with_lists)


def filled(folder: Path, open_library: Callable[[Path], Library]) -> Path:
    """The folder of a library of two papers, one with a digest."""
    for name, text in (("a", TEXT), ("b", "b bees")):
        (folder / f"{name}.pdf").write_text(json.dumps({"text": text, "title": name.upper()}))
    with open_library(folder / "lib") as library:
        for name in "ab":
            add(library, folder / f"{name}.pdf")
        fakes.digest(library, "a", "a bees buzz.")
    return folder / "lib"


def add(library: Library, path: Path) -> Any:
    return library.add(Source(path, path.name))


def change(directory: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(directory / "catalog.sqlite")) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0
        connection.commit()


def flip(directory: Path, column: str, at: int = -1) -> None:
    """Change a bit of a packed column of the first paper."""
    with contextlib.closing(sqlite3.connect(directory / "catalog.sqlite")) as connection:
        packed = connection.execute(f"SELECT {column} FROM editions WHERE number = 1").fetchone()
        data = bytearray(packed[0])
        data[at if at >= 0 else len(data) // 2] ^= 1
        connection.execute(f"UPDATE editions SET {column} = ? WHERE number = 1", (bytes(data),))
        connection.commit()


def sound(library: Library) -> None:
    """Everything is as it was."""
    health = library.health(deep=True)
    assert (health.problems, health.papers, health.checked) == ((), 2, 2)
    assert library.paper("a").text == TEXT
    assert [row.title for row in library.papers()] == ["A", "B"]
    assert {hit.passage.paper_id for hit in library.search('"bees"')} == {"a", "b"}
    assert [hit.claim.text for hit in library.search_claims("bees")] == ["a bees buzz."]


@pytest.mark.parametrize("column", ["paper", "text", "words"])
@pytest.mark.parametrize("by", ["repair", "add"])
def test_a_damaged_paper_is_named_and_read_again(
    directory: Path, column: str, by: str, caplog: pytest.LogCaptureFixture
) -> None:
    flip(directory, column)
    with fakes.open_with_lists(directory) as library:
        named = "a: what the catalogue has of it is damaged: `gloss doctor --repair` reads its file"
        for ask in (library.paper, library.passages, library.fingerprint):
            with pytest.raises(PaperDamaged, match=named):
                ask("a")
        with caplog.at_level(logging.WARNING):
            found = {hit.passage.paper_id for hit in library.search("bees")}
        assert found == ({"a", "b"} if column == "paper" else {"b"})
        assert ("its passages are left out" in caplog.text) == (column != "paper")
        assert [one.partition(":")[0] for one in library.health().problems] == ["a"]
        if by == "repair":
            assert library.repair().problems == ()
        else:
            added = add(library, directory.parent / "a.pdf")
            assert (added.paper_id, added.changed) == ("a", True)
            assert added.reason == "was damaged, and has been read again"
        sound(library)
        assert library.saved_digest("a", "digest-en") is not None
        assert not add(library, directory.parent / "a.pdf").changed


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM editions WHERE number = 1",
        "UPDATE editions SET words = 0.5 WHERE number = 1",
        "UPDATE editions SET text = 'of another type' WHERE number = 1",
        "UPDATE editions SET file = x'ff' WHERE number = 1",
        "UPDATE editions SET original = x'ff' WHERE number = 1",
        "UPDATE passages SET start = 'bees' WHERE edition = 1",
        "UPDATE passages SET start = -7 WHERE edition = 1",
        "UPDATE passages SET \"end\" = x'ff' WHERE edition = 1",
    ],
)
def test_a_row_that_is_gone_or_of_other_types_is_said(directory: Path, damage: str) -> None:
    """As a page of the catalogue has them in which bytes were changed."""
    change(directory, damage)
    with fakes.open_with_lists(directory) as library:
        problems = library.health(deep=True).problems
        assert problems
        for ask in (
            library.papers,
            lambda: library.paper("a"),
            lambda: library.passages("a"),
            lambda: library.search("bees"),
            lambda: library.search('"bees buzz"'),
            lambda: library.search_claims("bees"),
        ):
            with contextlib.suppress(GlossError):
                ask()
        # A file whose row is gone is kept, and said.
        for after in (library.repair, lambda: library.health(deep=True)):
            left = [one for one in after().problems if "quarantine" not in one]
            assert left == []
            add(library, directory.parent / "a.pdf")
        assert library.paper("a").text == TEXT
        assert {hit.passage.text for hit in library.search('"buzz a bees"')} == {TEXT.strip()}


@pytest.mark.parametrize(
    ("by", "name"),
    [
        ("add", "x'ff'"),
        ("add", "'../outside.pdf'"),
        ("repair", "replace(file, '0', '1')"),
        ("repair from the quarantine", "''"),
    ],
)
def test_a_row_that_names_no_file_of_its_own_gets_it_again(
    directory: Path, by: str, name: str
) -> None:
    original = directory.parent / "a.pdf"
    change(directory, f"UPDATE editions SET file = {name} WHERE number = 1")
    if by == "repair from the quarantine":
        original.unlink()
        with fakes.open_with_lists(directory):
            pass  # which puts files there that no row names
    before = {one.name for one in directory.parent.iterdir()}
    with fakes.open_with_lists(directory) as library:
        if by == "add":
            assert add(library, original).reason == "was damaged, and has been read again"
            library.repair()  # what nobody names any more goes to the quarantine, or comes back
        else:
            assert library.repair().problems == ()
        sound(library)
        assert library.file_of("a").parent == directory / "files"
    assert {one.name for one in directory.parent.iterdir()} == before


@pytest.mark.parametrize("what", ["passages", "digest's sentences"])
def test_damaged_vectors_are_named_and_made_again(tmp_path: Path, what: str) -> None:
    """A byte of a vector: it is found as another passage would be, and nothing else says so."""
    directory = filled(tmp_path, fakes.open_library)
    store = "vectors" if what == "passages" else "claims"
    (chunk,) = (directory / store).rglob("vector_storage-dense/vectors/chunk_0.mmap")
    with chunk.open("r+b") as file:
        (number,) = struct.unpack("f", file.read(4))
        file.seek(0)
        file.write(struct.pack("f", number + 0.5))
    with fakes.open_library(directory) as library:
        said = (
            f"a: vectors of its {what} are damaged, and found wrongly; run `gloss doctor --repair`"
        )
        assert library.health(deep=True).problems == (said,)
        assert library.repair().problems == ()
        sound(library)


@pytest.mark.parametrize("by", ["repair", "add", "repair for another model"])
def test_a_paper_that_is_read_otherwise_now_replaces_the_damaged_one(
    directory: Path, by: str
) -> None:
    flip(directory, "text")
    parts: dict[str, Any] = {"reader": OtherReader()}
    if by == "repair for another model":
        parts["embedder"] = fakes.LetterEmbedder("others", "others-1")
    with fakes.open_with_lists(directory, **parts) as library:
        if by == "add":
            assert add(library, directory.parent / "a.pdf").changed
            assert library.health(deep=True).problems == (
                "the index of words, by which phrases are found, is not that of the passages; "
                "run `gloss doctor --repair`",
            )
        assert library.repair().problems == ()
        assert [row.id for row in library.papers()] == ["a", "b"]
        assert library.paper("a").text == f"{TEXT} And more."
        assert {hit.passage.paper_id for hit in library.search('"bees"')} == {"a", "b"}
        assert library.newest_digest("a", "en", "extractive") is not None  # what it said before


@pytest.mark.parametrize(
    "damage", ["title = 'Q'", "authors = '[\"x'", "title = CAST(x'ff41' AS TEXT)", "date = 'x'"]
)
def test_a_damaged_row_is_named_and_put_right(directory: Path, damage: str) -> None:
    change(directory, f"UPDATE editions SET {damage} WHERE number = 1")
    with fakes.open_with_lists(directory) as library:
        assert [row.id for row in library.papers()] == ["a", "b"]
        assert "a: what the catalogue has of it is damaged" in library.health().problems[0]
        library.repair()
        sound(library)


def test_damaged_passages_are_named_and_cut_again(directory: Path) -> None:
    change(directory, 'UPDATE passages SET "end" = 9 WHERE edition = 1')
    with fakes.open_with_lists(directory) as library:
        assert "a: its passages in the catalogue are damaged" in library.health().problems[0]
        assert library.repair().problems == ()
        assert library.passages("a")[0].text == TEXT.strip()
        assert {hit.passage.text for hit in library.search('"buzz a bees"')} == {TEXT.strip()}


def test_a_damaged_file_is_named_and_put_right_by_adding_it_again(directory: Path) -> None:
    original = directory.parent / "a.pdf"
    for damaged in (b"", b"damaged", original.read_bytes()[:-1] + b"x"):
        with fakes.open_with_lists(directory) as library:
            library.file_of("a").write_bytes(damaged)
            said = f"a: its file is damaged; add it again: `gloss add {original}`"
            assert library.health().problems == (said,)
            added = add(library, original)
            assert (added.changed, added.paper_id) == (True, "a")
            assert added.reason == "its file was gone or damaged, and is here again"
            assert library.file_of("a").read_bytes() == original.read_bytes()
            sound(library)
            assert not add(library, original).changed


def test_a_repair_copies_a_file_again_where_it_came_from(directory: Path) -> None:
    original = directory.parent / "a.pdf"
    whole = original.read_bytes()
    with fakes.open_with_lists(directory) as library:
        library.file_of("a").write_bytes(b"damaged")
        original.write_bytes(whole + b" ")  # it is another file by now
        assert [one.partition(";")[0] for one in library.repair().problems] == [
            "a: its file is damaged"
        ]
        original.write_bytes(whole)
        assert library.repair().problems == ()
        library.file_of("a").unlink()
        assert library.repair().problems == ()
        sound(library)


def test_what_cannot_be_put_right_stays_and_hinders_nothing(directory: Path) -> None:
    flip(directory, "text")
    (directory.parent / "a.pdf").unlink()
    other = fakes.LetterEmbedder("others", "others-1")
    with fakes.open_with_lists(directory, embedder=other) as library:
        library.file_of("a").write_bytes(b"damaged")
        problems = " ".join(library.repair().problems)
        assert "a: what the catalogue has of it is damaged" in problems
        assert "a: its file is damaged" in problems
        assert {hit.passage.paper_id for hit in library.search('"bees"')} == {"b"}
        assert [hit.claim.text for hit in library.search_claims("bees")] == ["a bees buzz."]
        library.remove("a")
        assert library.repair().problems == ()
        assert [row.id for row in library.papers()] == ["b"]


@pytest.mark.parametrize(
    "damage",
    [
        "INSERT INTO passage_words (passage_words) VALUES ('delete-all')",
        "INSERT INTO passage_words (rowid, words) VALUES (99 << 20, 'of no passage')",
        "INSERT INTO passage_words (rowid, words) VALUES (2 << 20, 'bees b')",
    ],
)
def test_the_index_of_words_is_compared_and_made_again(directory: Path, damage: str) -> None:
    change(directory, damage)
    with fakes.open_with_lists(directory) as library:
        seen = any("the index of words" in problem for problem in library.health().problems)
        assert seen == ("delete-all" in damage)  # some words of the passages are looked for
        said = "the index of words, by which phrases are found, is not that of the passages"
        assert said in " ".join(library.health(deep=True).problems)
        assert library.repair().problems == ()
        sound(library)


@pytest.mark.parametrize("json", ["'[\"a bees buzz,\"]'", "'[\"a bees'", "CAST(x'ff' AS TEXT)"])
def test_a_damaged_digest_is_none_and_is_written_again(directory: Path, json: str) -> None:
    change(directory, f"UPDATE digests SET json = {json}")
    with fakes.open_with_lists(directory) as library:
        said = (
            "a: its digest (en) in the catalogue is damaged: `gloss digest a --lang en` writes it"
        )
        assert said in library.health().problems[0]
        assert library.saved_digest("a", "digest-en") is None
        assert library.newest_digests() == []
        fakes.digest(library, "a", "a bees buzz.")
        sound(library)


def test_a_damaged_digest_goes_with_the_next_of_another_name(directory: Path) -> None:
    change(directory, "UPDATE digests SET json = 'x', name = 'of an earlier gloss'")
    with fakes.open_with_lists(directory) as library:
        fakes.digest(library, "a", "a bees buzz.")
        sound(library)


@pytest.mark.parametrize("damage", ["text = 'a bees'", "citations = '[{'", "verdict = 'x'"])
def test_damaged_claims_are_named_and_taken_out(directory: Path, damage: str) -> None:
    change(directory, f"UPDATE claims SET {damage}")
    with fakes.open_with_lists(directory) as library:
        library.search_claims("bees")
        said = "a: sentences of its digest are damaged where digests are searched"
        assert said in library.health().problems[0]
        assert [one.partition(";")[0] for one in library.repair().problems] == [
            "digests of 1 papers cannot be searched"
        ]
        assert library.unsearched_digests() == {"a": ('["a bees buzz."]',)}
        fakes.digest(library, "a", "a bees buzz.")
        sound(library)


def test_a_catalogue_without_checksums_gets_them_and_finds_what_is_damaged_already(
    directory: Path,
) -> None:
    flip(directory, "text")
    as_it_was_in_schema(5, directory / "catalog.sqlite")
    with fakes.open_with_lists(directory) as library:
        assert [one.partition(":")[0] for one in library.health(deep=True).problems] == ["a"]
        assert library.repair().problems == ()
        assert library.paper("a").text == TEXT
        # Whether its text is what it was is not known: its digest is of a former edition.
        assert library.newest_digest("a", "en", "extractive") is not None


def test_no_bit_of_a_row_changes_unseen(directory: Path) -> None:
    """Every column that a paper is made of counts, whichever of its bits it is."""
    columns = ("paper", "text", "words", "title", "authors", "original", "added", "sha256", "file")
    with Catalog(directory / "catalog.sqlite") as catalog:
        assert catalog.integrity.is_sound(1)
        for column in columns:
            query = f"SELECT CAST({column} AS BLOB) AS data FROM editions WHERE number = 1"
            row = catalog.row(query)
            assert row is not None
            data = bytes(row["data"])
            kind = "BLOB" if column in ("paper", "text", "words") else "TEXT"
            for at in range(0, len(data), max(1, len(data) // 9)):
                changed = data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]
                for value, is_sound in ((changed, False), (data, True)):
                    with catalog.transaction() as connection:
                        connection.execute(
                            f"UPDATE editions SET {column} = CAST(? AS {kind}) WHERE number = 1",
                            (value,),
                        )
                    assert catalog.integrity.is_sound(1) is is_sound, (column, at)
