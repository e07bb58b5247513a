"""The reader's own notes and tags: of a paper, whatever edition of it counts.

They hang on the paper's key and not on an edition, so that none of them goes with a version, a
rebuild or a repair. Those of a paper that is taken out stay, and are its again if it comes back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from index.catalog.checksums import text_checksum
from index.catalog.database import Database, number_in, text_in
from index.notes import Anchor, Note, NoteNotFound, Place
from index.reference import ARXIV_ID


@dataclass(eq=False)
class Notes:
    """The places with notes and tags of a catalogue."""

    _database: Database

    def places(self, paper_key: str | None = None) -> list[Place]:
        """The places of a paper that is here, or all; by paper, the paper itself first."""
        where, values = ("", ()) if paper_key is None else (" WHERE p.paper_key = ?", (paper_key,))
        if paper_key is not None:
            where += " AND NOT p.removed"
        return self._places(where, values)

    def place(self, number: int) -> Place:
        """The place of that number. ``KeyError`` where there is none."""
        found = self._places(" WHERE p.number = ?", (number,))
        if not found:
            raise KeyError(number)
        return found[0]

    def add_note(self, paper_key: str, anchor: Anchor | None, text: str) -> int:
        """Store a note; the number of its place."""
        with self._database.transaction() as connection:
            place = _place_for(connection, paper_key, anchor)
            now = _now()
            connection.execute(
                "INSERT INTO notes (place, text, made, changed, checksum) VALUES (?, ?, ?, ?, ?)",
                (place, text, now, now, text_checksum(text)),
            )
        return place

    def change_note(self, number: int, text: str) -> int:
        """Store another text of a note; the number of its place. Raises ``NoteNotFound``."""
        with self._database.transaction() as connection:
            place = _place_of_note(connection, number)
            connection.execute(
                "UPDATE notes SET text = ?, changed = ?, checksum = ? WHERE number = ?",
                (text, _now(), text_checksum(text), number),
            )
        return place

    def delete_note(self, number: int) -> None:
        """Delete a note. Raises ``NoteNotFound``."""
        with self._database.transaction() as connection:
            place = _place_of_note(connection, number)
            connection.execute("DELETE FROM notes WHERE number = ?", (number,))
            _drop_if_bare(connection, place)

    def add_tag(self, paper_key: str, anchor: Anchor | None, tag: str) -> int:
        """Tag a place, unless it has the tag in any case; the number of the place."""
        with self._database.transaction() as connection:
            place = _place_for(connection, paper_key, anchor)
            if _tag_there(connection, place, tag) is None:
                connection.execute("INSERT INTO tags VALUES (?, ?)", (place, tag))
        return place

    def delete_tag(self, place: int, tag: str) -> None:
        """Take a tag, in any case, from a place. Raises ``NoteNotFound``."""
        with self._database.transaction() as connection:
            there = _tag_there(connection, place, tag)
            if there is None:
                raise NoteNotFound(f"{tag}: no such tag there")
            connection.execute("DELETE FROM tags WHERE place = ? AND name = ?", (place, there))
            _drop_if_bare(connection, place)

    def tags_of_papers(self) -> list[tuple[str, str, bool]]:
        """Paper id, tag, and whether the paper itself has it and not words of it; by paper, tag."""
        rows = self._database.rows(
            "SELECT e.paper_id, t.name, p.quote = '' AS own FROM tags t"
            " JOIN places p ON p.number = t.place AND NOT p.removed"
            " JOIN editions e ON e.paper_key = p.paper_key AND e.state = 'current'"
            " ORDER BY e.paper_id, t.name"
        )
        return [(row["paper_id"], text_in(row["name"]), bool(row["own"])) for row in rows]

    def damaged(self) -> list[tuple[str, int]]:
        """The papers, by key, and numbers of notes that are not as they were written."""
        rows = self._database.rows(
            "SELECT n.number, n.text, n.checksum, p.paper_key FROM notes n"
            " JOIN places p ON p.number = n.place ORDER BY n.number"
        )
        return [
            (text_in(row["paper_key"]), row["number"])
            for row in rows
            if not isinstance(row["text"], str) or row["checksum"] != text_checksum(row["text"])
        ]

    def astray(self) -> int:
        """How many rows of notes, tags and their places have values that none is written with, or
        are of no place."""
        row = self._database.row(f"SELECT {' + '.join(f'({one})' for one in _ASTRAY)} AS astray")
        return int(row["astray"]) if row is not None else 0

    def _places(self, where: str, values: Sequence[object]) -> list[Place]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT p.*, e.title AS known FROM places p"
                " LEFT JOIN editions e ON e.paper_key = p.paper_key AND e.state = 'current'"
                f"{where} ORDER BY p.paper_key, p.quote != '', p.page, p.start, p.number",
                values,
            ).fetchall()
            return [_place(connection, row) for row in rows]


_ASTRAY = (
    "SELECT count(*) FROM places WHERE typeof(paper_key) != 'text' OR typeof(quote) != 'text'"
    " OR typeof(page) NOT IN ('integer', 'null') OR typeof(version) NOT IN ('integer', 'null')"
    " OR typeof(start) != 'integer' OR typeof(title) != 'text' OR typeof(removed) != 'integer'"
    " OR removed NOT IN (0, 1) OR paper_key = ''",
    "SELECT count(*) FROM tags WHERE typeof(name) != 'text' OR trim(name) = ''"
    " OR place NOT IN (SELECT number FROM places)",
    "SELECT count(*) FROM notes WHERE place NOT IN (SELECT number FROM places)",
)


def detach(connection: sqlite3.Connection, edition: int) -> None:
    """Keep the places of an edition's paper, which is about to be taken out, with what it was."""
    connection.execute(
        "UPDATE places SET removed = 1, title = e.title, sha256 = e.sha256"
        " FROM editions e WHERE e.number = ? AND places.paper_key = e.paper_key"
        " AND NOT places.removed",
        (edition,),
    )


def attach(connection: sqlite3.Connection, edition: int) -> None:
    """Give an edition's paper the places back that it had before it was taken out.

    An id of arXiv's always is that paper; the name of a file need not be: by its file or its title
    it is known to be the same.
    """
    row = connection.execute(
        "SELECT paper_key, title, sha256 FROM editions WHERE number = ?", (edition,)
    ).fetchone()
    same = "" if ARXIV_ID.fullmatch(row["paper_key"]) else " AND (title = ? OR sha256 = ?)"
    values = (row["title"], row["sha256"]) if same else ()
    connection.execute(
        f"UPDATE OR IGNORE places SET removed = 0 WHERE removed AND paper_key = ?{same}",
        (row["paper_key"], *values),
    )


def _place_for(connection: sqlite3.Connection, paper_key: str, anchor: Anchor | None) -> int:
    """The number of a place, which is stored where it is new."""
    quote = anchor.quote if anchor is not None else ""
    found = connection.execute(
        "SELECT number FROM places WHERE paper_key = ? AND quote = ? AND NOT removed",
        (paper_key, quote),
    ).fetchone()
    if found is not None:
        return int(found["number"])
    page, start, version = (
        (anchor.page, anchor.start, anchor.version) if anchor else (None, 0, None)
    )
    number = connection.execute(
        "INSERT INTO places (paper_key, quote, page, start, version) VALUES (?, ?, ?, ?, ?)",
        (paper_key, quote, page, start, version),
    ).lastrowid
    assert number is not None  # an INSERT always has one
    return number


def _place_of_note(connection: sqlite3.Connection, number: int) -> int:
    row = connection.execute("SELECT place FROM notes WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise NoteNotFound(f"note {number}: no such note; `gloss notes` lists them")
    return int(row["place"])


def _drop_if_bare(connection: sqlite3.Connection, place: int) -> None:
    connection.execute(
        "DELETE FROM places WHERE number = ?"
        " AND NOT EXISTS (SELECT 1 FROM notes WHERE place = places.number)"
        " AND NOT EXISTS (SELECT 1 FROM tags WHERE place = places.number)",
        (place,),
    )


def _tag_there(connection: sqlite3.Connection, place: int, tag: str) -> object:
    """The tag as a place has it, whatever its case; None where it has not."""
    rows = connection.execute("SELECT name FROM tags WHERE place = ?", (place,)).fetchall()
    wanted = tag.casefold()
    return next((row["name"] for row in rows if text_in(row["name"]).casefold() == wanted), None)


def _place(connection: sqlite3.Connection, row: sqlite3.Row) -> Place:
    number = row["number"]
    notes = connection.execute(
        "SELECT number, text, made, changed FROM notes WHERE place = ? ORDER BY number", (number,)
    ).fetchall()
    tags = connection.execute(
        "SELECT name FROM tags WHERE place = ? ORDER BY name", (number,)
    ).fetchall()
    anchor = Anchor(
        text_in(row["quote"]),
        number_in(row["page"]),
        number_in(row["start"]) or 0,
        number_in(row["version"]),
    )
    return Place(
        number=number,
        paper_key=text_in(row["paper_key"]),
        title=text_in(row["title"] if row["removed"] else row["known"] or row["title"]),
        anchor=anchor if anchor.quote else None,
        removed=bool(row["removed"]),
        notes=tuple(
            Note(note["number"], *(text_in(note[name]) for name in ("text", "made", "changed")))
            for note in notes
        ),
        tags=tuple(text_in(tag["name"]) for tag in tags),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
