"""Saved digests, as text that the app writes: the editions' own, and former ones.

A digest is a row of its edition's, and goes with it. The newest of each language and writer is kept
apart as a former digest, in the very transaction that takes its edition or its passages away, so
that what a paper was said to say is known after the paper has changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from index.catalog.checksums import text_checksum
from index.catalog.database import Database


@dataclass(frozen=True, slots=True)
class KeptDigest:
    """A saved digest as the app wrote it, with the edition that it was written from."""

    paper_id: str
    version: int | None
    sha256: str  # of the file
    lang: str
    writer: str
    text: str


@dataclass(eq=False)
class Digests:
    """The saved digests of a catalogue; ``Claims.commit`` saves them."""

    _database: Database

    def text(self, number: int, name: str) -> str | None:
        """The digest of an edition that was saved under ``name``."""
        row = self._database.row(
            "SELECT json, checksum FROM digests WHERE edition = ? AND name = ?", (number, name)
        )
        return str(row["json"]) if row and _is_sound(row) else None

    def texts(self, number: int) -> tuple[str, ...]:
        """All digests that were saved with an edition, of whatever version of gloss, by name."""
        rows = self._database.rows(
            "SELECT json, checksum FROM digests WHERE edition = ? ORDER BY name", (number,)
        )
        return tuple(str(row["json"]) for row in rows if _is_sound(row))

    def newest(self, number: int | None = None) -> list[KeptDigest]:
        """The newest digest in each language by each writer, of one current edition or of all."""
        where, values = ("", ()) if number is None else (" AND e.number = ?", (number,))
        rows = self._database.rows(
            "SELECT e.paper_id, e.version, e.sha256, d.lang, d.writer, d.json, d.checksum"
            " FROM digests d JOIN editions e ON e.number = d.edition"
            f" WHERE e.state = 'current' AND {_NEWEST}{where}"
            " ORDER BY e.paper_id, d.number DESC",
            values,
        )
        return [_kept(row) for row in rows if _is_sound(row)]

    def former(self, paper_key: str) -> list[KeptDigest]:
        """The former digests of a paper, newest first."""
        rows = self._database.rows(
            "SELECT paper_id, version, sha256, lang, writer, json FROM former_digests"
            " WHERE paper_key = ? ORDER BY number DESC",
            (paper_key,),
        )
        return [_kept(row) for row in rows]


# What makes a digest the newest of its edition in its language by its writer.
_NEWEST = (
    "d.number = (SELECT max(number) FROM digests same WHERE same.edition = d.edition"
    " AND same.lang = d.lang AND same.writer = d.writer)"
)

# Of a paper's former digests in a language by a writer, two files' are kept at most: those of the
# current file, which may have been read again, and those of the last one before it.
_FORGET_OLDER = """
DELETE FROM former_digests WHERE number IN (
    SELECT old.number FROM former_digests old
    JOIN editions e ON e.paper_key = old.paper_key AND e.sha256 != old.sha256
    JOIN former_digests later ON later.paper_key = old.paper_key
        AND later.lang = old.lang AND later.writer = old.writer
        AND later.number > old.number AND later.sha256 != e.sha256
    WHERE e.number = ?
)
"""


def keep_digests(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> None:
    """Keep the newest digests of editions apart, as former ones.

    ``where`` says of which, in terms of the digest ``d`` and its edition ``e``.
    """
    connection.execute(
        "INSERT OR REPLACE INTO former_digests"
        " (paper_key, paper_id, version, sha256, lang, writer, json)"
        " SELECT e.paper_key, e.paper_id, e.version, e.sha256, d.lang, d.writer, d.json"
        " FROM digests d JOIN editions e ON e.number = d.edition"
        f" WHERE {_NEWEST} AND {where} ORDER BY d.number",
        values,
    )


def forget_damaged(connection: sqlite3.Connection, edition: int, lang: str) -> None:
    """Delete an edition's damaged digests in a language in which another was written just now."""
    query = "SELECT number, json, checksum FROM digests WHERE edition = ? AND lang = ?"
    for row in connection.execute(query, (edition, lang)).fetchall():
        if not _is_sound(row):
            connection.execute("DELETE FROM digests WHERE number = ?", (row["number"],))


def _is_sound(row: sqlite3.Row) -> bool:
    """Whether a digest is as it was written: a damaged one is none, and is written again."""
    return bool(row["checksum"] == text_checksum(row["json"]))


def forget_older(connection: sqlite3.Connection, number: int) -> None:
    """Delete former digests of the edition's paper that are older than those that are kept."""
    connection.execute(_FORGET_OLDER, (number,))


def _kept(row: sqlite3.Row) -> KeptDigest:
    return KeptDigest(
        paper_id=row["paper_id"],
        version=row["version"],
        sha256=row["sha256"],
        lang=row["lang"],
        writer=row["writer"],
        text=row["json"],
    )
