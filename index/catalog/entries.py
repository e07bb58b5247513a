"""Imported entries of bibliographies: what is said of a paper, and works that have no file here."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from index.catalog.database import Database, text_in
from index.entries import Entry, StoredEntry, entry_from_json
from index.reference import ARXIV_ID


@dataclass(eq=False)
class Entries:
    """The entries of a catalogue, each work once. Damaged ones are left out."""

    _database: Database

    def put(self, entry: Entry, paper_key: str, reason: str, source: str) -> None:
        """Store an entry in place of a former one of the same work.

        That a work has a paper here is not forgotten by an import that brings no file.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO entries (identity, paper_key, reason, source, json, added)"
                " VALUES (:identity, :paper_key, :reason, :source, :json, :added)"
                " ON CONFLICT (identity) DO UPDATE SET json = :json, source = :source,"
                " reason = CASE WHEN :paper_key = '' AND paper_key != '' THEN reason"
                " ELSE :reason END,"
                " paper_key = CASE WHEN :paper_key = '' THEN paper_key ELSE :paper_key END",
                {
                    "identity": entry.identity,
                    "paper_key": paper_key,
                    "reason": reason,
                    # The name of a file need not be Unicode.
                    "source": source.encode(errors="backslashreplace").decode(),
                    "json": entry.to_json(),
                    "added": now,
                },
            )

    def of(self, paper_key: str) -> Entry | None:
        """What was imported of a paper last, or None."""
        found = self._where("paper_key = ?", paper_key)
        return found[-1].entry if found else None

    def by_paper(self) -> dict[str, Entry]:
        """What was imported of each paper, by its key."""
        return {one.paper_key: one.entry for one in self._where("paper_key != ''")}

    def waiting(self) -> list[StoredEntry]:
        """The entries that no paper is here of, in the order of their first import."""
        return self._where(
            "NOT EXISTS (SELECT 1 FROM editions e WHERE e.state = 'current'"
            " AND e.paper_key = entries.paper_key)"
        )

    def damaged(self) -> int:
        """How many entries are not of the form or of the work that they were stored as."""
        rows = self._database.rows("SELECT * FROM entries")
        return sum(not _is_sound(row) for row in rows)

    def delete(self, number: int) -> bool:
        """Delete an entry; whether there was one of that number."""
        with self._database.transaction() as connection:
            gone = connection.execute("DELETE FROM entries WHERE number = ?", (number,))
            return gone.rowcount > 0

    def _where(self, where: str, *values: object) -> list[StoredEntry]:
        rows = self._database.rows(
            "SELECT number, paper_key, reason, source, json FROM entries"
            f" WHERE {where} ORDER BY number",
            values,
        )
        found = []
        for row in rows:
            with suppress(ValueError, TypeError, KeyError):
                found.append(_stored(row))
        return found


def release(connection: sqlite3.Connection, edition: int) -> None:
    """Keep the entries of an edition's paper, which is about to be taken out, without it.

    An id of arXiv's always is that paper; a file's name may be another's next.
    """
    row = connection.execute("SELECT paper_key FROM editions WHERE number = ?", (edition,))
    key = row.fetchone()["paper_key"]
    connection.execute(
        "UPDATE entries SET reason = 'its paper was taken out of the library', paper_key = ?"
        " WHERE paper_key = ?",
        (key if ARXIV_ID.fullmatch(key) else "", key),
    )


def _is_sound(row: sqlite3.Row) -> bool:
    try:
        works = _stored(row).entry.identity == row["identity"]
    except (ValueError, TypeError, KeyError):
        return False
    texts = (row["paper_key"], row["reason"], row["source"])
    return works and all(isinstance(one, str) for one in texts)


def _stored(row: sqlite3.Row) -> StoredEntry:
    return StoredEntry(
        number=row["number"],
        entry=entry_from_json(row["json"]),
        paper_key=text_in(row["paper_key"]),
        reason=text_in(row["reason"]),
        source=text_in(row["source"]),
    )
