"""Checksums of what the catalogue has of a paper, by which damage on the disk is found.

SQLite checks its own structure and not what stands in it. SHA-256 of each edition's row and of its
passages are kept in a table apart, as is that of the paper's text, by which a paper that is read
again is known to be the same. Digests and sets of claims have theirs in their own rows.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable

TABLE = """
CREATE TABLE checksums (
    edition INTEGER PRIMARY KEY REFERENCES editions ON DELETE CASCADE,
    reading TEXT NOT NULL,                     -- of the edition's row, but for its state
    text TEXT NOT NULL,                        -- of the paper's text, unpacked
    passages TEXT NOT NULL
);
ALTER TABLE digests ADD COLUMN checksum TEXT NOT NULL DEFAULT '';
ALTER TABLE claim_sets ADD COLUMN checksum TEXT NOT NULL DEFAULT '';
"""

# What reading damaged bytes raises; pydantic's errors and those of Unicode are ``ValueError``.
# SQLite gives a value of a damaged page in whatever type it has there now, or no row at all.
DAMAGED = (zlib.error, ValueError, TypeError)

# What never changes in an edition's row, as bytes: damaged words need not be Unicode.
_READING = ", ".join(
    f"CAST({column} AS BLOB)"
    for column in (
        *("paper_id", "paper_key", "version", "status", "source", "sha256", "file", "original"),
        *("added", "title", "authors", "date", "categories", "recorded", "paper", "text", "words"),
    )
)
_PASSAGES = ", ".join(
    f"CAST({column} AS BLOB)" for column in ("id", "section", "role", "start", '"end"')
)
_CLAIMS = ", ".join(
    f"CAST({column} AS BLOB)"
    for column in ("id", "section", "text", "citations", "support", "verdict")
)


def checksum(values: Iterable[object]) -> str:
    """SHA-256 of values in order, in hexadecimal: bytes, and None, which is no bytes."""
    whole = hashlib.sha256()
    for value in values:
        data = bytes(value) if isinstance(value, bytes | memoryview) else b""
        whole.update(b"%d:" % (-1 if value is None else len(data)))
        whole.update(data)
    return whole.hexdigest()


def reading_checksum(connection: sqlite3.Connection, number: int) -> str:
    """Of an edition's row as it is now."""
    query = f"SELECT {_READING} FROM editions WHERE number = ?"
    return checksum(connection.execute(query, (number,)).fetchone() or ())


def passages_checksum(connection: sqlite3.Connection, number: int) -> str:
    """Of an edition's passages as they are now."""
    query = f"SELECT {_PASSAGES} FROM passages WHERE edition = ? ORDER BY position"
    return checksum(value for row in connection.execute(query, (number,)) for value in row)


def claims_checksum(connection: sqlite3.Connection, number: int) -> str:
    """Of the claims of a set as they are now."""
    query = f"SELECT {_CLAIMS} FROM claims WHERE claim_set = ? ORDER BY position"
    return checksum(value for row in connection.execute(query, (number,)) for value in row)


def text_checksum(text: str) -> str:
    """Of a paper's text, or of a digest's."""
    return hashlib.sha256(text.encode()).hexdigest()


def sum_up_all(connection: sqlite3.Connection) -> None:
    """Store the checksums of a catalogue that had none: a thousand papers take some seconds."""
    for (number,) in connection.execute(
        "SELECT number FROM editions WHERE paper IS NOT NULL"
    ).fetchall():
        sum_up(connection, number)
    for number, text in connection.execute("SELECT number, json FROM digests").fetchall():
        values = (text_checksum(text), number)
        connection.execute("UPDATE digests SET checksum = ? WHERE number = ?", values)
    for (number,) in connection.execute("SELECT number FROM claim_sets").fetchall():
        sum_up_claims(connection, number)


def sum_up_claims(connection: sqlite3.Connection, number: int) -> None:
    """Store the checksum of a claim set as it is now."""
    values = (claims_checksum(connection, number), number)
    connection.execute("UPDATE claim_sets SET checksum = ? WHERE number = ?", values)


def sum_up(connection: sqlite3.Connection, number: int) -> None:
    """Store the checksums of an edition as it is now; none fits one that cannot be unpacked."""
    packed = connection.execute("SELECT text FROM editions WHERE number = ?", (number,)).fetchone()
    try:
        text = text_checksum(zlib.decompress(packed["text"]).decode())
        reading = reading_checksum(connection, number)
    except DAMAGED:
        text = reading = ""
    connection.execute(
        "INSERT OR REPLACE INTO checksums VALUES (?, ?, ?, ?)",
        (number, reading, text, passages_checksum(connection, number)),
    )
