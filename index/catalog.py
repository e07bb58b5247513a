"""The catalogue: papers, passages and digests in SQLite, which is the truth of a library.

SQLite because a commit survives kill -9 and a loss of power, in one file, without a server. What
the vector store holds can be rebuilt from here; nothing here can be rebuilt from the store.

An edition is one reading of one file. It is ``pending`` until its vectors are in the store, then
``current``; a newer one makes it ``replaced`` until its vectors are out. A ``failed`` one says why.

A claim set is what one digest of an edition says in one language, and has the same three states:
the digest is saved in the transaction that makes its claims ``current``.

A digest is a row of its edition's, and goes with it. The newest of each language and writer is kept
apart as a former digest, in the very transaction that takes its edition or its passages away, so
that what a paper was said to say is known after the paper has changed.

Beside them stands what arXiv was heard to say: the newest version of each paper that came up, and
other ids under which the file of a paper is known.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
import threading
import zlib
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, get_type_hints

from pydantic import BaseModel, TypeAdapter, create_model

from index.errors import LibraryUnusable
from index.paper import (
    Box,
    Citation,
    ClaimRecord,
    Paper,
    Passage,
    SourceKind,
    Span,
    Status,
    Words,
    is_in_category,
)

SCHEMA = 4
State = Literal["pending", "current", "replaced", "failed"]
ClaimState = Literal["pending", "current", "replaced"]
Key = Literal["paper_id", "paper_key", "sha256", "original"]

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
    version INTEGER NOT NULL,                  -- the newest that arXiv was heard to have
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
}

# The columns of ``passages``, for a table of the connection's own.
_STAGED = (
    'edition INTEGER, position INTEGER, id TEXT, section TEXT, role TEXT, start INTEGER, "end"'
)

# Papers kept in memory after use, so that ten hits in three papers unpack three papers. A paper of
# 20 pages takes some 2 MB.
_KEPT = 32


@dataclass(frozen=True, slots=True)
class Edition:
    """One reading of one file, without its text."""

    number: int
    paper_id: str
    paper_key: str
    version: int | None
    state: State
    status: Status
    reason: str
    source: SourceKind
    sha256: str
    file: str
    original: str
    added: str
    title: str
    authors: tuple[str, ...]
    date: str | None
    categories: tuple[str, ...]
    passages: int
    recorded: bool = False  # whether its paper has arXiv's record


@dataclass(frozen=True, slots=True)
class Origin:
    """The file that an edition was read from. ``file`` is its name among the library's copies."""

    sha256: str
    file: str
    original: str


@dataclass(frozen=True, slots=True)
class Known:
    """The newest version of a paper that arXiv was heard to have, and whether it is withdrawn.

    An announcement does not say whether: then ``withdrawn`` is ``None`` where it is handed in.
    """

    paper_key: str
    version: int
    withdrawn: bool | None = None


@dataclass(frozen=True, slots=True)
class Alias:
    """Another id of a file: that of a paper which turned out to be the same, byte for byte."""

    paper_key: str
    version: int | None
    target: str  # the other paper's key


@dataclass(frozen=True, slots=True)
class KeptDigest:
    """A saved digest, as the app wrote it, with what is known of the edition it was written of."""

    paper_id: str
    version: int | None
    sha256: str  # of the file
    lang: str
    writer: str
    text: str


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of one edition, SHA-256 in hexadecimal: of its file, of its text, and of the reading.

    The reading is everything that the catalogue has of a paper, with the places of its words on
    the pages, and its passages.
    """

    file: str
    text: str
    reading: str


@dataclass(frozen=True, slots=True)
class ClaimSet:
    """The claims of one digest in one language, without the claims."""

    number: int
    edition: int
    paper_id: str
    lang: str
    digest: str
    claims: int


@dataclass(frozen=True, slots=True)
class KeptClaim:
    """A claim with the edition and the title of its paper."""

    claim: ClaimRecord
    edition: int
    title: str


@dataclass(frozen=True, slots=True)
class KeptPassage:
    """A passage with its place on the page and the title of its paper."""

    passage: Passage
    boxes: tuple[Box, ...]
    title: str


@dataclass(frozen=True, slots=True)
class PackedPaper:
    """A paper as bytes, its text and words apart so that a hit needs no more than these."""

    paper: bytes
    text: bytes
    words: bytes


def pack(paper: Paper) -> PackedPaper:
    """A paper as bytes. Raises ``UnicodeEncodeError`` for text that is not Unicode."""
    record = _record()
    named = {name: getattr(paper, name) for name in record.model_fields}
    return PackedPaper(
        zlib.compress(record.model_construct(**named).model_dump_json().encode(), 6),
        zlib.compress(paper.text.encode(), 6),
        pack_words(paper.words),
    )


def unpack(packed: PackedPaper) -> Paper:
    """The paper that was packed, equal in every field."""
    record = _record()
    values = record.model_validate_json(zlib.decompress(packed.paper))
    return Paper(
        **{name: getattr(values, name) for name in record.model_fields},
        text=zlib.decompress(packed.text).decode(),
        words=unpack_words(packed.words),
    )


@cache
def _record() -> type[BaseModel]:
    """The fields of ``Paper`` that pydantic can write: all but ``text`` and ``words``.

    A field that a paper was packed without, since it is younger, has its default.
    """
    hints = get_type_hints(Paper)
    kept: dict[str, Any] = {
        field.name: (hints[field.name], ... if field.default is MISSING else field.default)
        for field in fields(Paper)
        if field.name not in ("text", "words")
    }
    return create_model("PaperRecord", **kept)


def pack_words(words: Words) -> bytes:
    """The five columns one after the other: four of int32, one of four float32 a word."""
    columns = [
        _little_endian(array("i", column)).tobytes()
        for column in (words.starts, words.ends, words.pages, words.lines)
    ]
    corners = _little_endian(array("f", words.corners)).tobytes()
    return zlib.compress(b"".join([*columns, corners]), 1)


def unpack_words(packed: bytes) -> Words:
    """The words that were packed."""
    data = zlib.decompress(packed)
    size = len(data) // (4 * (4 + 4))  # four whole numbers and four corners of four bytes each
    starts, ends, pages, lines = (
        _little_endian(array("i", data[4 * size * number : 4 * size * (number + 1)]))
        for number in range(4)
    )
    return Words(starts, ends, pages, lines, _little_endian(array("f", data[16 * size :])))


_Column = TypeVar("_Column", "array[int]", "array[float]")


def _little_endian(column: _Column) -> _Column:
    if sys.byteorder == "big":
        column.byteswap()
    return column


class Catalog:
    """An open catalogue. Safe to call from several threads; ``close`` it, or use it in ``with``.

    Every method raises ``LibraryUnusable`` where SQLite cannot read or write the file. With
    ``create`` false a file without our tables is damage, and is left as it is.
    """

    def __init__(self, path: Path, create: bool = True) -> None:
        self._path = path
        self._create = create
        self._lock = threading.RLock()
        self._kept: OrderedDict[int, Paper] = OrderedDict()
        with self._explained():
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=5
            )
        try:
            with self._explained():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Catalog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. Closing twice does no harm."""
        with self._lock:
            self._connection.close()

    def _prepare(self) -> None:
        schema = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        if schema > SCHEMA:
            raise LibraryUnusable(
                self._path.parent,
                f"made by a newer gloss (catalogue {schema}, this knows {SCHEMA}): update gloss",
            )
        if schema == 0:
            if self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise LibraryUnusable(
                    self._path.parent,
                    f"{self._path.name} was not made by gloss; give another --library",
                )
            if not self._create:
                raise LibraryUnusable(
                    self._path.parent,
                    "the catalogue is damaged (nothing is in it): restore it from a copy, "
                    "or start anew in another --library",
                )
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("PRAGMA foreign_keys=ON")
        if schema < SCHEMA:
            with self._transaction():
                # Another process may have done so while this one waited for its turn.
                schema = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
                changes = [_CHANGES[number] for number in range(max(schema, 1), SCHEMA)]
                for statements in ([_TABLES] if schema == 0 else []) + changes:
                    for statement in statements.split(";\n"):
                        if statement.strip():
                            self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version={SCHEMA}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError:
            raise  # a bug, or used after close
        except sqlite3.OperationalError as error:
            raise LibraryUnusable(
                self._path.parent,
                f"the catalogue cannot be used ({error}): check the disk's space and permissions",
            ) from error
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.IntegrityError):
                raise
            raise LibraryUnusable(
                self._path.parent,
                f"{self._path.name} is damaged ({error}): restore it from a copy, "
                "or start anew in another --library",
            ) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing; one thread at a time."""
        with self._lock, self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock, self._explained():
            return self._connection.execute(query, values).fetchall()

    # What the library was made with.

    def meta(self) -> dict[str, str]:
        """Names and values: the model, its fingerprint, how papers were split."""
        return {str(name): str(value) for name, value in self._rows("SELECT * FROM meta")}

    def set_meta(self, values: Mapping[str, str]) -> None:
        """Put values in, all at once; the others stay."""
        with self._transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    # The life of an edition.

    def add_pending(
        self, paper: Paper, paper_key: str, origin: Origin, passages: Iterable[Passage]
    ) -> int:
        """A new edition that nobody sees yet; its number. ``UnicodeEncodeError`` as in ``pack``."""
        packed = pack(paper)
        with self._transaction() as connection:
            number = connection.execute(
                "INSERT INTO editions (paper_id, paper_key, version, state, status, reason, source,"
                " sha256, file, original, added, title, authors, date, categories,"
                " paper, text, words, recorded)"
                " VALUES (?, ?, ?, 'pending', 'ok', '', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    paper.id,
                    paper_key,
                    paper.version,
                    paper.source,
                    origin.sha256,
                    origin.file,
                    origin.original,
                    _now(),
                    paper.title,
                    json.dumps(paper.authors),
                    paper.date,
                    json.dumps(paper.categories),
                    packed.paper,
                    packed.text,
                    packed.words,
                    paper.record is not None,
                ),
            ).lastrowid
            assert number is not None  # an INSERT always has one
            _insert_passages(connection, number, passages)
        return number

    def make_current(self, number: int) -> None:
        """The commit: this edition counts from now on, and the paper's former one no longer.

        The newest digests of that one stay as former digests. Failures of the same file or the same
        paper are forgotten, and so is that its id was another paper's.
        """
        with self._transaction() as connection:
            _keep_digests(
                connection,
                "e.state = 'current'"
                " AND e.paper_key = (SELECT paper_key FROM editions WHERE number = ?)",
                (number,),
            )
            connection.execute(
                "UPDATE editions SET state = 'replaced' WHERE state = 'current'"
                " AND paper_key = (SELECT paper_key FROM editions WHERE number = ?)",
                (number,),
            )
            connection.execute(
                "UPDATE editions SET state = 'current' WHERE number = ? AND state = 'pending'",
                (number,),
            )
            connection.execute(
                "DELETE FROM editions WHERE state = 'failed' AND EXISTS (SELECT 1 FROM editions new"
                " WHERE new.number = ? AND (new.original = editions.original"
                " OR new.sha256 = editions.sha256 OR new.paper_key = editions.paper_key))",
                (number,),
            )
            connection.execute(
                "DELETE FROM aliases"
                " WHERE paper_key = (SELECT paper_key FROM editions WHERE number = ?)",
                (number,),
            )
            connection.execute(_FORGET_OLDER, (number,))

    def add_failed(
        self,
        paper_id: str,
        paper_key: str,
        origin: Origin,
        source: SourceKind,
        status: Status,
        reason: str,
    ) -> None:
        """A file that did not become a paper; takes the place of its own earlier failure."""
        with self._transaction() as connection:
            connection.execute(
                "DELETE FROM editions WHERE state = 'failed' AND original = ?", (origin.original,)
            )
            connection.execute(
                "INSERT INTO editions (paper_id, paper_key, state, status, reason, source, sha256,"
                " file, original, added) VALUES (?, ?, 'failed', ?, ?, ?, ?, '', ?, ?)",
                (
                    paper_id,
                    paper_key,
                    status,
                    reason,
                    source,
                    origin.sha256,
                    origin.original,
                    _now(),
                ),
            )

    def retire(self, number: int) -> None:
        """The paper is no longer in the library; ``purge`` follows once its vectors are out.

        Former digests of it are forgotten.
        """
        with self._transaction() as connection:
            connection.execute(
                "DELETE FROM former_digests"
                " WHERE paper_key = (SELECT paper_key FROM editions WHERE number = ?)",
                (number,),
            )
            connection.execute(
                "DELETE FROM aliases"
                " WHERE target = (SELECT paper_key FROM editions WHERE number = ?)",
                (number,),
            )
            connection.execute("UPDATE editions SET state = 'replaced' WHERE number = ?", (number,))

    def purge(self, number: int) -> None:
        """Forget an edition with its passages and digests."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM editions WHERE number = ?", (number,))
            self._kept.pop(number, None)

    def stage_passages(self, number: int, passages: Iterable[Passage]) -> None:
        """Other passages for an edition, which ``make_anew`` puts in the place of its own.

        They are lost when the catalogue is closed before.
        """
        with self._transaction() as connection:
            connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS staged ({_STAGED})")
            connection.execute("DELETE FROM staged WHERE edition = ?", (number,))
            _insert_passages(connection, number, passages, "staged")

    def make_anew(self, values: Mapping[str, str]) -> None:
        """Let vectors count that were made anew: ``values`` of ``meta``, and all staged passages.

        Digests and claims of editions with staged passages go, since they cite the former ones;
        the newest stay as former digests. So do editions and claim sets go that do not count, whose
        vectors are among the former ones.
        """
        with self._transaction() as connection:
            connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS staged ({_STAGED})")
            connection.execute("DELETE FROM editions WHERE state IN ('pending', 'replaced')")
            connection.execute("DELETE FROM claim_sets WHERE state != 'current'")
            staged = "edition IN (SELECT edition FROM staged)"
            _keep_digests(connection, f"d.{staged}", ())
            for table in ("passages", "digests", "claim_sets"):
                connection.execute(f"DELETE FROM {table} WHERE {staged}")
            connection.execute(
                "INSERT INTO passages SELECT * FROM staged"
                " WHERE edition IN (SELECT number FROM editions)"
            )
            connection.execute("DELETE FROM staged")
            connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    # What is there.

    def editions(self, *states: State) -> list[Edition]:
        """Editions in these states, by paper id."""
        return self._editions(f"state IN ({_marks(states)})", states)

    def find(self, column: Key, value: str, *states: State) -> list[Edition]:
        """Editions in these states of one paper, file or place, by paper id."""
        return self._editions(f"{column} = ? AND state IN ({_marks(states)})", (value, *states))

    def _editions(self, where: str, values: Sequence[object]) -> list[Edition]:
        rows = self._rows(
            "SELECT number, paper_id, paper_key, version, state, status, reason, source,"
            " sha256, file, original, added, title, authors, date, categories,"
            " (SELECT count(*) FROM passages WHERE edition = number), recorded"
            f" FROM editions WHERE {where} ORDER BY paper_id, number",
            values,
        )
        return [_edition(row) for row in rows]

    def in_category(self, category: str) -> tuple[str, ...]:
        """The ids of the current papers with a category that contains this, in any case."""
        rows = self._rows("SELECT paper_id, categories FROM editions WHERE state = 'current'")
        return tuple(key for key, packed in rows if is_in_category(json.loads(packed), category))

    def numbers(self, *states: State) -> frozenset[int]:
        """The numbers of the editions in these states."""
        query = f"SELECT number FROM editions WHERE state IN ({_marks(states)})"
        return frozenset(row[0] for row in self._rows(query, states))

    def is_current(self, number: int) -> bool:
        """Whether an edition counts."""
        query = "SELECT 1 FROM editions WHERE number = ? AND state = 'current'"
        return bool(self._rows(query, (number,)))

    def files(self) -> frozenset[str]:
        """The file names that editions of any state refer to."""
        return frozenset(row[0] for row in self._rows("SELECT file FROM editions WHERE file != ''"))

    def paper(self, number: int) -> Paper:
        """The paper of an edition. ``KeyError`` where there is none."""
        with self._lock:
            kept = self._kept.get(number)
            if kept is not None:
                self._kept.move_to_end(number)
                return kept
        rows = self._rows(
            "SELECT paper, text, words FROM editions WHERE number = ? AND paper IS NOT NULL",
            (number,),
        )
        if not rows:
            raise KeyError(number)
        paper = unpack(PackedPaper(*rows[0]))
        with self._lock:
            self._kept[number] = paper
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return paper

    def passages(self, number: int) -> tuple[Passage, ...]:
        """The passages of an edition, in text order."""
        return self._passages(number, "", ())

    def found(self, number: int, passage_ids: Sequence[str]) -> dict[str, KeptPassage]:
        """Passages of an edition as a search shows them, by id; none that it does not have.

        It unpacks the text and the words of a paper, and not the rest, which takes longer.
        """
        rows = self._rows(
            'SELECT id, section, role, start, "end" FROM passages'
            f" WHERE edition = ? AND id IN ({_marks(passage_ids)})",
            (number, *passage_ids),
        )
        kept = self._rows(
            "SELECT paper_id, title, text, words FROM editions WHERE number = ?", (number,)
        )
        if not rows or not kept:
            return {}
        paper_id, title, packed_text, packed_words = kept[0]
        text, words = zlib.decompress(packed_text).decode(), unpack_words(packed_words)
        found = {}
        for passage_id, section, role, start, end in rows:
            span = Span(start, end)
            passage = Passage(passage_id, paper_id, section, role, span, text[start:end])
            found[passage_id] = KeptPassage(passage, words.boxes(span), title)
        return found

    def passage_text(self, number: int, passage_id: str) -> str | None:
        """The words of that passage alone, which takes less than the passage with its paper."""
        rows = self._rows(
            'SELECT start, "end", text FROM passages JOIN editions ON number = edition'
            " WHERE edition = ? AND passages.id = ?",
            (number, passage_id),
        )
        if not rows:
            return None
        start, end, text = rows[0]
        return zlib.decompress(text).decode()[start:end]

    def passages_across(self, number: int, span: Span) -> tuple[Passage, ...]:
        """The passages that share a character with ``span``."""
        where = 'AND start < ? AND "end" > ?'
        return self._passages(number, where, (span.end, span.start))

    def _passages(self, number: int, where: str, values: tuple[object, ...]) -> tuple[Passage, ...]:
        rows = self._rows(
            'SELECT id, section, role, start, "end" FROM passages'
            f" WHERE edition = ? {where} ORDER BY position",
            (number, *values),
        )
        if not rows:
            return ()
        paper = self.paper(number)
        return tuple(
            Passage(
                row[0], paper.id, row[1], row[2], Span(row[3], row[4]), paper.text[row[3] : row[4]]
            )
            for row in rows
        )

    # What arXiv was heard to say.

    def note(self, heard: Iterable[Known]) -> None:
        """Remember the newest version of each paper; what is older changes nothing."""
        with self._transaction() as connection:
            connection.executemany(
                "INSERT INTO known VALUES (:key, :version, coalesce(:withdrawn, 0))"
                " ON CONFLICT (paper_key) DO UPDATE SET version = :version, withdrawn = CASE"
                " WHEN :version > known.version THEN coalesce(:withdrawn, 0)"
                " ELSE coalesce(:withdrawn, known.withdrawn) END"
                " WHERE :version >= known.version",
                [
                    {"key": one.paper_key, "version": one.version, "withdrawn": one.withdrawn}
                    for one in heard
                ],
            )

    def known(self) -> dict[str, Known]:
        """The newest version of every paper that arXiv was heard to have, by id."""
        rows = self._rows("SELECT paper_key, version, withdrawn FROM known")
        return {key: Known(key, version, bool(gone)) for key, version, gone in rows}

    def known_of(self, paper_key: str) -> Known | None:
        """The same of one paper."""
        rows = self._rows("SELECT version, withdrawn FROM known WHERE paper_key = ?", (paper_key,))
        return Known(paper_key, rows[0][0], bool(rows[0][1])) if rows else None

    def add_alias(self, alias: Alias) -> None:
        """Another id for a paper, in place of what that id led to before."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO aliases VALUES (?, ?, ?)",
                (alias.paper_key, alias.version, alias.target),
            )

    def alias(self, paper_key: str) -> Alias | None:
        """Where an id leads that is not a paper's own."""
        query = "SELECT paper_key, version, target FROM aliases WHERE paper_key = ?"
        return next((Alias(*row) for row in self._rows(query, (paper_key,))), None)

    def aliases(self) -> list[Alias]:
        """All other ids, in order."""
        query = "SELECT paper_key, version, target FROM aliases ORDER BY paper_key"
        return [Alias(*row) for row in self._rows(query)]

    # Digests.

    def digest(self, number: int, name: str) -> str | None:
        """The digest of an edition that was saved under ``name``."""
        rows = self._rows("SELECT json FROM digests WHERE edition = ? AND name = ?", (number, name))
        return str(rows[0][0]) if rows else None

    def digests(self, number: int) -> tuple[str, ...]:
        """All digests that were saved with an edition, of whatever version of gloss, by name."""
        rows = self._rows("SELECT json FROM digests WHERE edition = ? ORDER BY name", (number,))
        return tuple(str(row[0]) for row in rows)

    def newest_digests(self, number: int | None = None) -> list[KeptDigest]:
        """The newest digest in each language by each writer, of one current edition or of all."""
        rows = self._rows(
            "SELECT e.paper_id, e.version, e.sha256, d.lang, d.writer, d.json"
            " FROM digests d JOIN editions e ON e.number = d.edition"
            f" WHERE e.state = 'current' AND {_NEWEST} AND e.number = coalesce(?, e.number)"
            " ORDER BY e.paper_id, d.number DESC",
            (number,),
        )
        return [KeptDigest(*row) for row in rows]

    def former_digests(self, paper_key: str) -> list[KeptDigest]:
        """What is kept of a paper's former digests, newest first."""
        rows = self._rows(
            "SELECT paper_id, version, sha256, lang, writer, json FROM former_digests"
            " WHERE paper_key = ? ORDER BY number DESC",
            (paper_key,),
        )
        return [KeptDigest(*row) for row in rows]

    def fingerprint(self, number: int) -> Fingerprint:
        """What tells one reading of a paper from another. ``KeyError`` where there is no paper.

        It unpacks bytes and parses nothing, which takes a few milliseconds for a paper.
        """
        rows = self._rows(
            "SELECT sha256, paper, text, words FROM editions"
            " WHERE number = ? AND paper IS NOT NULL",
            (number,),
        )
        if not rows:
            raise KeyError(number)
        file, *packed = rows[0]
        parts = [zlib.decompress(part) for part in packed]
        passages = self._rows(
            'SELECT id, section, role, start, "end" FROM passages WHERE edition = ?'
            " ORDER BY position",
            (number,),
        )
        reading = hashlib.sha256()
        for part in (*parts, json.dumps(passages).encode()):
            reading.update(hashlib.sha256(part).digest())
        return Fingerprint(file, hashlib.sha256(parts[1]).hexdigest(), reading.hexdigest())

    def add_claims(
        self, edition: int, lang: str, digest: str, claims: Sequence[ClaimRecord]
    ) -> int:
        """The claims of a digest that is still to be saved, as a set that nobody sees yet."""
        with self._transaction() as connection:
            number = connection.execute(
                "INSERT INTO claim_sets (edition, lang, digest, state) VALUES (?, ?, ?, 'pending')",
                (edition, lang, digest),
            ).lastrowid
            assert number is not None  # an INSERT always has one
            connection.executemany(
                "INSERT INTO claims VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (number, at, one.id, one.section, one.text, cited, one.support, one.verdict)
                    for at, one in enumerate(claims)
                    for cited in (_citations().dump_json(one.citations).decode(),)
                ),
            )
        return number

    def commit_digest(self, number: int, text: str, writer: str = "extractive") -> None:
        """The commit of a digest: it is saved, and its claim set counts instead of the former.

        The former is that of the same edition and language. ``text`` takes the place of an
        earlier digest of that name, and is the newest. ``KeyError`` where there is no such pending
        set.
        """
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT edition, lang, digest FROM claim_sets WHERE number = ?"
                " AND state = 'pending'",
                (number,),
            ).fetchone()
            if row is None:
                raise KeyError(number)
            edition, lang, digest = row
            connection.execute(
                "INSERT OR REPLACE INTO digests (edition, name, lang, writer, json)"
                " VALUES (?, ?, ?, ?, ?)",
                (edition, digest, lang, writer, text),
            )
            connection.execute(
                "UPDATE claim_sets SET state = 'replaced'"
                " WHERE edition = ? AND lang = ? AND state = 'current'",
                (edition, lang),
            )
            connection.execute(
                "UPDATE claim_sets SET state = 'current' WHERE number = ?", (number,)
            )

    def purge_claims(self, number: int) -> None:
        """Forget a claim set."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM claim_sets WHERE number = ?", (number,))

    def claim_sets(self, edition: int | None = None) -> list[ClaimSet]:
        """The claim sets that count, of one current edition or of all, by paper and language."""
        where, values = (
            (_COUNTS, ()) if edition is None else (f"s.edition = ? AND {_COUNTS}", (edition,))
        )
        rows = self._rows(
            "SELECT s.number, s.edition, e.paper_id, s.lang, s.digest,"
            " (SELECT count(*) FROM claims WHERE claim_set = s.number)"
            " FROM claim_sets s JOIN editions e ON e.number = s.edition"
            f" WHERE {where} ORDER BY e.paper_id, s.lang",
            values,
        )
        return [ClaimSet(*row) for row in rows]

    def has_claims(self, paper_id: str | None = None) -> bool:
        """Whether any claim set counts, of all papers or of one."""
        query = (
            "SELECT 1 FROM claim_sets s JOIN editions e ON e.number = s.edition"
            f" WHERE {_COUNTS} AND e.paper_id = coalesce(?, e.paper_id) LIMIT 1"
        )
        return bool(self._rows(query, (paper_id,)))

    def claimed_edition(self, number: int) -> int | None:
        """The edition of a claim set, if that counts."""
        rows = self._rows(
            "SELECT s.edition FROM claim_sets s JOIN editions e ON e.number = s.edition"
            f" WHERE s.number = ? AND {_COUNTS}",
            (number,),
        )
        return int(rows[0][0]) if rows else None

    def claim_numbers(self, *states: ClaimState) -> frozenset[int]:
        """The numbers of the claim sets in these states, whatever their editions are."""
        query = f"SELECT number FROM claim_sets WHERE state IN ({_marks(states)})"
        return frozenset(row[0] for row in self._rows(query, states))

    def claim_numbers_of(self, edition: int) -> frozenset[int]:
        """The numbers of an edition's claim sets of any state."""
        query = "SELECT number FROM claim_sets WHERE edition = ?"
        return frozenset(row[0] for row in self._rows(query, (edition,)))

    def claims(self, number: int) -> tuple[ClaimRecord, ...]:
        """The claims of a set, in the digest's order."""
        rows = self._claims("c.claim_set = ? ORDER BY c.position", (number,))
        return tuple(kept.claim for kept in rows)

    def claim(self, claim_id: str) -> KeptClaim | None:
        """The claim of that id, if it counts."""
        return next(iter(self._claims(f"c.id = ? AND {_COUNTS}", (claim_id,))), None)

    def shown_claim(self, number: int, claim_id: str) -> KeptClaim | None:
        """The claim that stands for one of a set: the first of its paper with the same words.

        A digest may quote a sentence under two headings, and again in another language.
        """
        rows = self._claims(
            f"s.edition = (SELECT edition FROM claim_sets WHERE number = ?) AND {_COUNTS}"
            " AND c.text = (SELECT text FROM claims WHERE claim_set = ? AND id = ?)"
            " ORDER BY s.lang, c.position LIMIT 1",
            (number, number, claim_id),
        )
        return next(iter(rows), None)

    def claim_ids(self) -> list[str]:
        """The ids of all claims that count, in order."""
        rows = self._rows(
            "SELECT c.id FROM claims c JOIN claim_sets s ON s.number = c.claim_set"
            f" JOIN editions e ON e.number = s.edition WHERE {_COUNTS} ORDER BY c.id"
        )
        return [str(row[0]) for row in rows]

    def unclaimed(self) -> dict[int, str]:
        """Current editions with digests of which no claims were kept, and their paper ids."""
        rows = self._rows(
            "SELECT number, paper_id FROM editions e WHERE state = 'current'"
            " AND EXISTS (SELECT 1 FROM digests WHERE edition = e.number)"
            " AND NOT EXISTS (SELECT 1 FROM claim_sets"
            " WHERE edition = e.number AND state = 'current')"
            " ORDER BY paper_id"
        )
        return {int(number): str(paper_id) for number, paper_id in rows}

    def _claims(self, where: str, values: Sequence[object]) -> list[KeptClaim]:
        rows = self._rows(
            "SELECT c.id, e.paper_id, s.lang, c.section, c.text, c.citations, c.support,"
            " c.verdict, e.number, e.title FROM claims c"
            " JOIN claim_sets s ON s.number = c.claim_set"
            f" JOIN editions e ON e.number = s.edition WHERE {where}",
            values,
        )
        return [
            KeptClaim(
                ClaimRecord(
                    id=row[0],
                    paper_id=row[1],
                    lang=row[2],
                    section=row[3],
                    text=row[4],
                    citations=_citations().validate_json(row[5]),
                    support=row[6],
                    verdict=row[7],
                ),
                edition=row[8],
                title=row[9],
            )
            for row in rows
        ]

    def damage(self) -> str:
        """What SQLite's own check finds wrong; empty for a sound catalogue."""
        found = "; ".join(str(row[0]) for row in self._rows("PRAGMA quick_check"))
        return "" if found == "ok" else found


# What makes a claim count, in the words of the queries above.
_COUNTS = "s.state = 'current' AND e.state = 'current'"

# What makes a digest the newest of its edition in its language by its writer.
_NEWEST = (
    "d.number = (SELECT max(number) FROM digests same WHERE same.edition = d.edition"
    " AND same.lang = d.lang AND same.writer = d.writer)"
)

# Of a paper's former digests in a language by a writer, two files' are kept at most: those of the
# file that counts, which may have been read anew, and those of the last one before it.
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


def _keep_digests(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> None:
    """Keep the newest digests of editions apart, as former ones."""
    connection.execute(
        "INSERT OR REPLACE INTO former_digests"
        " (paper_key, paper_id, version, sha256, lang, writer, json)"
        " SELECT e.paper_key, e.paper_id, e.version, e.sha256, d.lang, d.writer, d.json"
        " FROM digests d JOIN editions e ON e.number = d.edition"
        f" WHERE {_NEWEST} AND {where} ORDER BY d.number",
        values,
    )


@cache
def _citations() -> TypeAdapter[tuple[Citation, ...]]:
    return TypeAdapter(tuple[Citation, ...])


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _edition(row: tuple[Any, ...]) -> Edition:
    values = list(row)
    for number in (13, 15):  # authors, categories
        values[number] = tuple(json.loads(values[number]))
    values[17] = bool(values[17])  # recorded
    return Edition(*values)


def _insert_passages(
    connection: sqlite3.Connection,
    number: int,
    passages: Iterable[Passage],
    table: Literal["passages", "staged"] = "passages",
) -> None:
    connection.executemany(
        f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (number, at, passage.id, passage.section, passage.role, *_ends(passage.span))
            for at, passage in enumerate(passages)
        ),
    )


def _ends(span: Span) -> tuple[int, int]:
    return span.start, span.end


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
