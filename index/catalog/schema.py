"""The catalogue's tables, and what turns a catalogue of an earlier schema into one of this.

The indexes are no part of the schema's number: they are made wherever they are missing, and an
earlier gloss can go on with them.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress

from index.catalog.checksums import DAMAGED, sum_up_all
from index.catalog.checksums import TABLE as CHECKSUMS
from index.catalog.words import TABLE as WORDS
from index.catalog.words import put_in, texts_of

SCHEMA = 8
_WORDS_SINCE = 5  # the schema that has the words of passages
_CHECKSUMS_SINCE = 6

_log = logging.getLogger(__name__)

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE editions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: points in the store carry it
    paper_id TEXT NOT NULL,
    paper_key TEXT NOT NULL,                   -- the id without a version
    version INTEGER,
    state TEXT NOT NULL CHECK (state IN ('pending', 'current', 'replaced', 'failed')),
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    source TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    file TEXT NOT NULL,                        -- in the library's files/; empty for a failed one
    original TEXT NOT NULL,                    -- where it was added from, absolute
    added TEXT NOT NULL,
    title TEXT NOT NULL DEFAULT '',
    authors TEXT NOT NULL DEFAULT '[]',
    date TEXT,
    categories TEXT NOT NULL DEFAULT '[]',
    paper BLOB,                                -- everything but text and words
    text BLOB,
    words BLOB
);
CREATE UNIQUE INDEX one_current ON editions (paper_key) WHERE state = 'current';
CREATE INDEX editions_sha256 ON editions (sha256);
CREATE TABLE passages (
    edition INTEGER NOT NULL REFERENCES editions ON DELETE CASCADE,
    position INTEGER NOT NULL,
    id TEXT NOT NULL,
    section TEXT NOT NULL,
    role TEXT NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    PRIMARY KEY (edition, position)
) WITHOUT ROWID;
CREATE INDEX passages_id ON passages (edition, id);
CREATE TABLE digests (
    edition INTEGER NOT NULL REFERENCES editions ON DELETE CASCADE,
    name TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (edition, name)
) WITHOUT ROWID;
"""

# What turns a catalogue of each schema into one of the next; a new catalogue goes through all.
_CHANGES: dict[int, str] = {
    1: """
ALTER TABLE editions ADD COLUMN recorded INTEGER NOT NULL DEFAULT 0;
CREATE TABLE known (
    paper_key TEXT PRIMARY KEY,                -- an arXiv id; its paper need not be here
    version INTEGER NOT NULL,                  -- the newest that arXiv has reported
    withdrawn INTEGER NOT NULL                 -- whether that version is
) WITHOUT ROWID;
CREATE TABLE aliases (
    paper_key TEXT PRIMARY KEY,                -- an id whose file was that of another paper
    version INTEGER,
    target TEXT NOT NULL                       -- that paper's paper_key
) WITHOUT ROWID;
""",
    2: """
CREATE TABLE claim_sets (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: points of claims carry it
    edition INTEGER NOT NULL REFERENCES editions ON DELETE CASCADE,
    lang TEXT NOT NULL,
    digest TEXT NOT NULL,                      -- the name of the digest that they are of
    state TEXT NOT NULL CHECK (state IN ('pending', 'current', 'replaced'))
);
CREATE UNIQUE INDEX one_claim_set ON claim_sets (edition, lang) WHERE state = 'current';
CREATE TABLE claims (
    claim_set INTEGER NOT NULL REFERENCES claim_sets ON DELETE CASCADE,
    position INTEGER NOT NULL,
    id TEXT NOT NULL,
    section TEXT NOT NULL,
    text TEXT NOT NULL,
    citations TEXT NOT NULL,
    support REAL NOT NULL,
    verdict TEXT NOT NULL,
    PRIMARY KEY (claim_set, position)
) WITHOUT ROWID;
CREATE INDEX claims_id ON claims (id);
""",
    # Of the digests that an edition had in schema 3, those whose claims counted were the newest.
    3: """
CREATE TABLE saved_digests (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- of two digests, the newer has the higher one
    edition INTEGER NOT NULL REFERENCES editions ON DELETE CASCADE,
    name TEXT NOT NULL,
    lang TEXT NOT NULL,
    writer TEXT NOT NULL,
    json TEXT NOT NULL,
    UNIQUE (edition, name)
);
INSERT INTO saved_digests (edition, name, lang, writer, json)
    SELECT edition, name,
        coalesce(CASE WHEN json_valid(json) THEN json_extract(json, '$.lang') END, 'en'),
        coalesce(CASE WHEN json_valid(json) THEN json_extract(json, '$.writer') END, 'extractive'),
        json
    FROM digests d ORDER BY edition, EXISTS (SELECT 1 FROM claim_sets s
        WHERE s.edition = d.edition AND s.digest = d.name AND s.state = 'current'), name;
DROP TABLE digests;
ALTER TABLE saved_digests RENAME TO digests;
CREATE TABLE former_digests (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    paper_key TEXT NOT NULL,                   -- of the edition that it was written of, as are
    paper_id TEXT NOT NULL,                    -- these three
    version INTEGER,
    sha256 TEXT NOT NULL,
    lang TEXT NOT NULL,
    writer TEXT NOT NULL,
    json TEXT NOT NULL,
    UNIQUE (paper_key, sha256, lang, writer)
);
""",
    4: WORDS,
    5: CHECKSUMS,
    6: """
CREATE TABLE marks (
    paper_key TEXT NOT NULL,                   -- so that a mark outlives a new version
    mark TEXT NOT NULL CHECK (mark IN ('brought', 'read', 'kept')),
    since TEXT NOT NULL,                       -- ISO, UTC
    PRIMARY KEY (paper_key, mark)
) WITHOUT ROWID;
""",
    7: """
CREATE TABLE places (                          -- what the reader has notes and tags on
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    paper_key TEXT NOT NULL,                   -- not an edition: they outlive each
    quote TEXT NOT NULL,                       -- the paper's words; empty for the paper itself
    page INTEGER,                              -- these three say where the words were
    start INTEGER NOT NULL,
    version INTEGER,
    removed INTEGER NOT NULL DEFAULT 0,        -- whether the paper was taken out,
    title TEXT NOT NULL DEFAULT '',            -- and what it was then
    sha256 TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX one_place ON places (paper_key, quote) WHERE NOT removed;
CREATE TABLE notes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    place INTEGER NOT NULL REFERENCES places ON DELETE CASCADE,
    text TEXT NOT NULL,
    made TEXT NOT NULL,
    changed TEXT NOT NULL,
    checksum TEXT NOT NULL                     -- of the text
);
CREATE TABLE tags (
    place INTEGER NOT NULL REFERENCES places ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (place, name)
) WITHOUT ROWID;
CREATE TABLE entries (                         -- imported from bibliographies
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    identity TEXT NOT NULL UNIQUE,             -- of the work, in whatever export
    paper_key TEXT NOT NULL,                   -- of the paper that came of it; empty for none,
    reason TEXT NOT NULL,                      -- and why
    source TEXT NOT NULL,                      -- the export
    json TEXT NOT NULL,
    added TEXT NOT NULL
);
""",
}

# What every lookup of the other modules goes by, so that none of them reads all editions.
# ``editions_listed`` has every column of a list but the number of passages: rows with papers are
# large, and ``recorded`` stands behind the paper. None begins with the state, which nearly all
# editions share: SQLite would choose it.
INDEXES = """
CREATE INDEX IF NOT EXISTS editions_listed ON editions (
    paper_id, state, paper_key, version, status, reason, source, sha256, file, original, added,
    title, authors, date, categories, recorded
);
CREATE INDEX IF NOT EXISTS editions_paper_key ON editions (paper_key, state);
CREATE INDEX IF NOT EXISTS editions_original ON editions (original, state);
CREATE INDEX IF NOT EXISTS aliases_target ON aliases (target);
CREATE INDEX IF NOT EXISTS claim_sets_edition ON claim_sets (edition, lang);
CREATE INDEX IF NOT EXISTS places_paper_key ON places (paper_key);
CREATE INDEX IF NOT EXISTS notes_place ON notes (place);
CREATE INDEX IF NOT EXISTS entries_paper_key ON entries (paper_key);
"""


def schema_of(connection: sqlite3.Connection) -> int:
    """The schema that a catalogue has; 0 for an empty file."""
    return int(connection.execute("PRAGMA user_version").fetchone()["user_version"])


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a catalogue to this schema, inside a transaction of the caller."""
    schema = schema_of(connection)
    changes = [_CHANGES[number] for number in range(max(schema, 1), SCHEMA)]
    for statements in ([_TABLES] if schema == 0 else []) + changes:
        for statement in statements.split(";\n"):  # ``executescript`` would end the transaction
            connection.execute(statement)
    if 0 < schema < _WORDS_SINCE:
        _index_words(connection)
    if 0 < schema < _CHECKSUMS_SINCE:
        sum_up_all(connection)
    connection.execute(f"PRAGMA user_version={SCHEMA}")


def _index_words(connection: sqlite3.Connection) -> None:
    """Index the passages of a catalogue that knew of no words: 1,000 papers take some seconds."""
    editions = connection.execute("SELECT DISTINCT edition FROM passages").fetchall()
    if editions:
        _log.warning("indexing the words of %d papers, once", len(editions))
    for (number,) in editions:
        with suppress(*DAMAGED):  # of a damaged paper no word is found
            put_in(connection, number, texts_of(connection, number))
