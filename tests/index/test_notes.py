"""The reader's notes and tags outlive versions, repairs, removals and the process."""

from __future__ import annotations

import importlib.util
import json
import signal
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from forked import Forks

from index.errors import LibraryReadOnly, PaperNotFound
from index.library import Library, back_up, restore
from index.library.files import CATALOG
from index.notes import NOTE_MOST, NoteUnusable
from index.sources import Source
from index.spans import Span

PROGRAM = Path(__file__).with_name("library_fakes.py")
_spec = importlib.util.spec_from_file_location("library_fakes", PROGRAM)
assert _spec is not None and _spec.loader is not None
fakes = importlib.util.module_from_spec(_spec)
sys.modules["library_fakes"] = fakes
_spec.loader.exec_module(fakes)

V1 = "We light lanterns. The lamp burns for nine hours. We tried no rain."
V2 = "New: we light many lanterns. The lamp\nburns for nine hours. The rain is next."


def add(library: Library, folder: Path, text: str, name: str = "a", **said: object) -> str:
    path = folder / f"{name}.pdf"
    path.write_text(json.dumps({"text": text, "title": "Lanterns", **said}))
    added = library.add(Source(path, path.name))
    assert added.status == "ok"
    return added.paper_id


def span(library: Library, paper_id: str, words: str) -> Span:
    return library.notes.quoted(paper_id, words)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with fakes.open_library(tmp_path / "lib", store=fakes.ListStore()) as opened:
        yield opened


def test_tags_by_paper_and_the_readers_own_words(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, V1, "a")
    add(library, tmp_path, V2, "b")
    notes = library.notes
    notes.tag("a", "ML")
    notes.tag("a", "ml", span(library, "a", "We tried no rain."))
    notes.tag("a", "rain", span(library, "a", "We tried no rain."))
    notes.tag("b", "Rain")
    notes.add("b", "Compare with the Lamp of oil")
    found = notes.tags_by_paper()
    assert (found["a"].own, found["a"].of_words, found["b"].all) == (("ML",), ("rain",), ("Rain",))
    assert notes.tagged("RAIN") == ["a", "b"]
    assert [one.paper_id for one in notes.saying(["oil", "LAMP"])] == ["b"]
    assert [one.paper_id for one in notes.saying(["rain"])] == ["a", "b"]  # tags, too
    assert notes.saying(["tried"]) == notes.saying(["Lanterns"]) == []  # the paper's own words
    assert notes.saying([]) == []
    library.remove("a")
    assert list(notes.tags_by_paper()) == ["b"]
    assert [one.where for one in notes.saying(["rain"])] == ["removed", "here"]


def said(library: Library) -> list[tuple[str, str, str, list[str], list[str]]]:
    """Everything that is there: paper, state, words, notes, tags."""
    return [
        (
            one.paper_id,
            one.where,
            one.place.anchor.quote if one.place.anchor else "",
            [note.text for note in one.place.notes],
            list(one.place.tags),
        )
        for one in library.notes.find()
    ]


def test_notes_survive_version_2(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, V1, "v1", id="2401.00001", version=1)
    notes = library.notes
    notes.add("2401.00001", "on the paper")
    notes.add("2401.00001", "kept", span(library, "2401.00001", "The lamp burns for nine hours."))
    notes.add("2401.00001", "lost", span(library, "2401.00001", "We tried no rain."))
    notes.tag("2401.00001", "to read")
    add(library, tmp_path, V2, "v2", id="2401.00001", version=2)
    paper = library.paper("2401.00001")
    assert paper.version == 2
    here, kept, lost = notes.of("2401.00001")
    assert (here.where, here.place.tags, here.place.notes[0].text) == (
        "here",
        ("to read",),
        "on the paper",
    )
    assert kept.where == "here" and kept.span is not None
    assert kept.span.of(paper.text) == "The lamp\nburns for nine hours."  # as version 2 breaks it
    assert (lost.where, lost.span, lost.page) == ("gone", None, 1)
    assert lost.place.anchor is not None and lost.place.anchor.version == 1
    # What is noted on the same words now goes where the former note is.
    notes.add("2401.00001", "again", kept.span)
    assert [note.text for note in notes.of("2401.00001")[1].place.notes] == ["kept", "again"]
    assert library.health().problems == ()


def test_of_several_places_the_nearest_is_it(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, "It glows. " + "Then it rains. " * 5 + "It glows.")
    second = Span(85, 94)
    assert second.of(library.paper("a").text) == "It glows."
    library.notes.add("a", "the second", second)
    assert library.notes.of("a")[0].span == second
    with pytest.raises(NoteUnusable, match="2 times"):
        library.notes.quoted("a", "It glows.")
    with pytest.raises(NoteUnusable, match="nowhere"):
        library.notes.quoted("a", "It growls.")


def test_removed_and_added_again(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, V1)
    library.notes.add("a", "mine", span(library, "a", "We tried no rain."))
    library.notes.tag("a", "ml")
    library.remove("a")
    with pytest.raises(PaperNotFound):
        library.notes.of("a")
    gone = [("a", "removed", "", [], ["ml"]), ("a", "removed", "We tried no rain.", ["mine"], [])]
    assert said(library) == gone
    assert library.notes.find()[0].place.title == "Lanterns"
    assert library.notes.tagged("ml") == []
    # Another paper, whose file is called the same, does not get them.
    add(library, tmp_path, "Something else. " + V2, title="Stones")
    library.notes.add("a", "on stones")
    assert library.notes.of("a")[0].place.notes[0].text == "on stones"
    assert [one for one in said(library) if one[1] == "removed"] == gone
    library.remove("a")
    add(library, tmp_path, V1)
    assert [one for one in said(library) if one[1] == "here"] == [
        ("a", "here", "", [], ["ml"]),
        ("a", "here", "We tried no rain.", ["mine"], []),
    ]
    assert [one[3] for one in said(library) if one[1] == "removed"] == [["on stones"]]


def test_a_repair_keeps_them(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(library, tmp_path, V1)
    library.notes.add("a", "mine", span(library, "a", "We tried no rain."))
    library.notes.tag("a", "ml")
    before = said(library)
    fakes.cut_smaller(monkeypatch)
    assert library.repair().problems == ()
    with library._catalog.transaction() as connection:  # its words on the disk are damaged
        connection.execute("UPDATE editions SET text = x'00'")
    library._catalog.contents._kept.clear()
    assert library.repair().problems == ()
    assert said(library) == before
    assert (library.health().notes, library.health().tags) == (1, 1)


def test_a_backup_has_them(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, V1)
    library.notes.add("a", "mine", span(library, "a", "We tried no rain."))
    library.notes.tag("a", "ml")
    before = said(library)
    back_up(library.directory, tmp_path / "backup")
    library.notes.delete(1)
    library.close()
    restore(tmp_path / "lib", tmp_path / "backup")
    with fakes.open_library(tmp_path / "lib") as again:
        assert said(again) == before


def test_what_is_wrong_with_a_note_is_said(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, V1)
    notes = library.notes
    for text in ("", " \n", "x" * (NOTE_MOST + 1), "\ud800"):
        with pytest.raises(NoteUnusable):
            notes.add("a", text)
    for name in ("", "--", "two\x07", "x" * 101, "\u202eevil"):
        with pytest.raises(NoteUnusable):
            notes.tag("a", name)
    with pytest.raises(NoteUnusable, match="1 to 5000 characters"):
        notes.add("a", "x", Span(3, 3))
    with pytest.raises(NoteUnusable, match="no such note"):
        notes.change(7, "x")
    with pytest.raises(NoteUnusable, match="no such note"):
        notes.delete(7)
    with pytest.raises(NoteUnusable, match="no such tag"):
        notes.untag("a", "ml")
    with pytest.raises(PaperNotFound):
        notes.add("b", "x")
    assert said(library) == []


def test_notes_and_tags_are_changed_deleted_and_found(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, V1)
    add(library, tmp_path, "Stones are heavy. " + V2, "b", title="Stones")
    notes = library.notes
    rain = span(library, "a", "We tried no rain.")
    notes.add("a", "Ask Ada about Straße", rain)
    notes.tag("a", "ML", rain)
    notes.tag("a", "ml", rain)  # the same tag
    notes.tag("b", "ml")
    assert notes.tags() == {"ML": 1, "ml": 1}
    assert notes.tagged("Ml") == ["a", "b"]
    assert [one.paper_id for one in notes.find("ada STRASSE")] == ["a"]
    assert [one.paper_id for one in notes.find("rain")] == ["a"]  # the words that it is on
    assert notes.find("ada stones") == []
    changed = notes.change(1, "Asked")
    assert [note.text for note in changed.place.notes] == ["Asked"]
    with pytest.raises(NoteUnusable, match="on a, not on b"):
        notes.check_on("b", 1)
    notes.check_on("a", 1)
    notes.delete(1)
    notes.untag("a", "mL", rain)
    assert [one[0] for one in said(library)] == ["b"]


def test_a_damaged_note_is_a_problem(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, V1)
    library.notes.add("a", "mine")
    with sqlite3.connect(library.directory / CATALOG) as connection:
        connection.execute("UPDATE notes SET text = 'nine'")
    connection.close()
    (problem,) = library.health().problems
    assert problem.startswith("a: note 1 is damaged")
    library.notes.change(1, "mine")
    assert library.health().ok


def test_nothing_is_written_where_nothing_can_be(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, V1)
    library.notes.add("a", "mine")
    object.__setattr__(library.notes._access, "reason", "Read-only file system")
    for change in (
        lambda: library.notes.add("a", "x"),
        lambda: library.notes.change(1, "x"),
        lambda: library.notes.delete(1),
        lambda: library.notes.tag("a", "x"),
        lambda: library.notes.untag("a", "x"),
    ):
        with pytest.raises(LibraryReadOnly):
            change()


KILLED = """
import importlib.util, os, signal, sys
spec = importlib.util.spec_from_file_location("library_fakes", sys.argv[1])
fakes = sys.modules["library_fakes"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fakes)
with fakes.open_library(__import__("pathlib").Path(sys.argv[2])) as library:
    statements = 0
    def heard(statement):
        global statements
        statements += statement.startswith(("INSERT", "UPDATE", "DELETE", "COMMIT"))
        if statements == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)
    library._catalog._connection.set_trace_callback(heard)
    library.notes.add("a", "second")
    library._catalog._connection.set_trace_callback(None)
    sys.stdout.write("acknowledged")
"""


def test_killed_at_any_statement_a_note_is_whole_or_not_there(tmp_path: Path, forks: Forks) -> None:
    with fakes.open_library(tmp_path / "lib") as library:
        add(library, tmp_path, V1)
        library.notes.add("a", "first")
    for last in range(1, 4):  # the note, its COMMIT; then none
        ended = forks.run(KILLED, PROGRAM, tmp_path / "lib", last)
        with fakes.open_library(tmp_path / "lib") as library:
            texts = [note.text for note in library.notes.of("a")[0].place.notes]
            assert library.health().problems == ()
        if ended.returncode == -signal.SIGKILL:
            assert texts == ["first"]
        else:
            assert (ended.stdout, texts) == ("acknowledged", ["first", "second"]), ended.stderr
    assert texts == ["first", "second"]
