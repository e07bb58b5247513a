"""Catalogues as earlier versions of gloss left them: what later schemas put in is taken out."""

import sqlite3
from pathlib import Path


def as_it_was_in_schema_7(path: Path) -> None:
    """Take out of a catalogue what schema 8 put in."""
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "DROP TABLE tags; DROP TABLE notes; DROP TABLE places; DROP TABLE entries;"
            "PRAGMA user_version=7"
        )
    connection.close()


def as_it_was_in_schema_6(path: Path) -> None:
    """Take out of a catalogue what schema 7 put in, and those after it."""
    as_it_was_in_schema_7(path)
    with sqlite3.connect(path) as connection:
        connection.executescript("DROP TABLE marks; PRAGMA user_version=6")
    connection.close()


def as_it_was_in_schema_5(path: Path) -> None:
    """Take out of a catalogue what schema 6 put in, and those after it."""
    as_it_was_in_schema_6(path)
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "DROP TABLE checksums; ALTER TABLE digests DROP COLUMN checksum;"
            "ALTER TABLE claim_sets DROP COLUMN checksum; PRAGMA user_version=5"
        )
    connection.close()


def as_it_was_in_schema_4(path: Path) -> None:
    """Take out of a catalogue what schema 5 put in, and those after it."""
    as_it_was_in_schema_5(path)
    with sqlite3.connect(path) as connection:
        connection.executescript("DROP TABLE passage_words; PRAGMA user_version=4")
    connection.close()


def as_it_was_in_schema_3(path: Path) -> None:
    """Take out of a catalogue what schema 4 put in, and the indexes, and those after it."""
    as_it_was_in_schema_4(path)
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "DROP INDEX editions_listed; DROP INDEX editions_paper_key;"
            "DROP INDEX editions_original; DROP INDEX aliases_target;"
            "DROP INDEX claim_sets_edition;"
            "DROP TABLE former_digests; ALTER TABLE digests RENAME TO newer;"
            "CREATE TABLE digests ("
            " edition INTEGER NOT NULL REFERENCES editions ON DELETE CASCADE,"
            " name TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (edition, name)) WITHOUT ROWID;"
            "INSERT INTO digests SELECT edition, name, json FROM newer; DROP TABLE newer;"
            "PRAGMA user_version=3; PRAGMA journal_mode=DELETE"
        )
    connection.close()


def as_it_was_in_schema_1(path: Path) -> None:
    """Take out of a catalogue what schema 2 put in, and those after it."""
    as_it_was_in_schema_3(path)
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "DROP TABLE claims; DROP TABLE claim_sets;"
            "DROP TABLE known; DROP TABLE aliases;"
            "ALTER TABLE editions DROP COLUMN recorded;"
            "PRAGMA user_version=1"
        )
    connection.close()
