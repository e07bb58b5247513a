"""Catalogues as earlier versions of gloss left them: what later schemas put in is taken out."""

import sqlite3
from pathlib import Path

# By schema, what takes out of the next one what that put in. There is none that led to schema 2.
_TAKEN_OUT = {
    7: "DROP TABLE tags; DROP TABLE notes; DROP TABLE places; DROP TABLE entries;",
    6: "DROP TABLE marks;",
    5: "DROP TABLE checksums; ALTER TABLE digests DROP COLUMN checksum;"
    "ALTER TABLE claim_sets DROP COLUMN checksum;",
    4: "DROP TABLE passage_words;",
    3: "DROP INDEX editions_listed; DROP INDEX editions_paper_key;"
    "DROP INDEX editions_original; DROP INDEX aliases_target;"
    "DROP INDEX claim_sets_edition;"
    "DROP TABLE former_digests; ALTER TABLE digests RENAME TO newer;"
    "CREATE TABLE digests ("
    " edition INTEGER NOT NULL REFERENCES editions ON DELETE CASCADE,"
    " name TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (edition, name)) WITHOUT ROWID;"
    "INSERT INTO digests SELECT edition, name, json FROM newer; DROP TABLE newer;"
    "PRAGMA journal_mode=DELETE;",
    1: "DROP TABLE claims; DROP TABLE claim_sets;"
    "DROP TABLE known; DROP TABLE aliases;"
    "ALTER TABLE editions DROP COLUMN recorded;",
}


def as_it_was_in_schema(number: int, path: Path) -> None:
    """Take out of a catalogue what the schemas after this one put in."""
    with sqlite3.connect(path) as connection:
        for schema, statements in _TAKEN_OUT.items():
            if schema >= number:
                connection.executescript(f"{statements} PRAGMA user_version={schema}")
    connection.close()
