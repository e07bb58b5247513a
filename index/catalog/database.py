"""An open SQLite file with the catalogue's tables: transactions, rows by name, errors explained."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from index.catalog.schema import INDEXES, SCHEMA, migrate, schema_of
from index.errors import PUT_BACK, LibraryReadOnly, LibraryUnusable

_PATIENCE = 60  # seconds that a transaction waits for a backup, which copies vectors meanwhile


class Database:
    """The file, open. Safe to call from several threads; ``close`` it.

    Every method raises ``LibraryUnusable`` where SQLite cannot read or write the file. With
    ``create`` false a file without our tables is damage, and is left as it is. ``read_only`` is
    why the file cannot be written: it is opened to be read then, and left as it is; ``beside``
    another process that may write to it, so that nothing of what that commits is missed.
    """

    def __init__(
        self, path: Path, create: bool = True, read_only: str = "", beside: bool = False
    ) -> None:
        self._path = path
        self._create = create
        self._read_only = read_only
        self._beside = beside
        self.lock = threading.RLock()
        with self._explained():
            self._connection = self._opened_to_read() if read_only else self._opened(str(path))
        self._connection.row_factory = sqlite3.Row
        # Words that were damaged on the disk need not be Unicode; their checksums tell.
        self._connection.text_factory = _text
        try:
            with self._explained():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _opened(self, name: str) -> sqlite3.Connection:
        return sqlite3.connect(
            name,
            isolation_level=None,
            check_same_thread=False,
            timeout=_PATIENCE,
            uri=name.startswith("file:"),
        )

    def _opened_to_read(self) -> sqlite3.Connection:
        """Through the log and the index beside it, or without both where there is no log.

        SQLite makes them anew wherever it can, and of a file that is said to be immutable it reads
        no log.
        """
        uri = self._path.absolute().as_uri()
        if self._beside and os.access(self._path, os.W_OK):
            # It may be the last one that has the log open, and has to be able to keep it.
            connection = self._opened(f"{uri}?mode=rw")
            connection.execute("PRAGMA query_only=ON")
            return connection
        connection = self._opened(f"{uri}?mode=ro")
        try:
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
        except sqlite3.OperationalError as error:
            connection.close()
            log = self._path.with_name(f"{self._path.name}-wal")
            if log.is_file() and log.stat().st_size:
                raise LibraryUnusable(
                    self._path.parent,
                    f"its last changes stand in {log.name} and cannot be read here "
                    f"({self._read_only}): copy the whole folder to where it can be written, "
                    "and open it there",
                ) from error
            return self._opened(f"{uri}?immutable=1")
        return connection

    def close(self) -> None:
        """Close the file. Closing twice is harmless."""
        with self.lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction, of one thread at a time. Raises ``LibraryReadOnly``."""
        if self._read_only:
            raise LibraryReadOnly(self._path.parent, self._read_only)
        with self.lock, self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time to read from."""
        with self.lock, self._explained():
            yield self._connection

    def rows(self, query: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """The rows of a query; none for half characters, as JSON and command lines may have, which
        SQLite takes none of, and no row has."""
        with self.lock, self._explained(), suppress(UnicodeEncodeError):
            return self._connection.execute(query, values).fetchall()
        return []

    def row(self, query: str, values: Sequence[object] = ()) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        return next(iter(self.rows(query, values)), None)

    def skip_numbers(self, table: str, last: int) -> None:
        """Give no row of a table that numbers its rows once a number up to ``last`` from now on."""
        query = "SELECT seq FROM sqlite_sequence WHERE name = ?"
        row = self.row(query, (table,))
        if last > (row["seq"] if row else 0):
            with self.transaction() as connection:
                connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
                connection.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, last))

    @property
    def changes(self) -> int:
        """A number that grows with every change of a row, and of none that is not committed."""
        with self.lock:
            return self._connection.total_changes

    def damage(self) -> str:
        """What SQLite's own check finds wrong; empty for a sound catalogue."""
        found = "; ".join(str(row["quick_check"]) for row in self.rows("PRAGMA quick_check"))
        return "" if found == "ok" else found

    def _prepare(self) -> None:
        schema = schema_of(self._connection)
        if schema > SCHEMA:
            raise LibraryUnusable(
                self._path.parent,
                f"made by a newer gloss (catalogue {schema}, this knows {SCHEMA}): update gloss",
            )
        if schema == 0:
            if self._connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                raise LibraryUnusable(
                    self._path.parent,
                    f"{self._path.name} was not made by gloss; give another --library",
                )
            if not self._create:
                raise LibraryUnusable(
                    self._path.parent,
                    f"the catalogue is damaged (nothing is in it): {PUT_BACK}",
                )
        if self._read_only:
            if schema < SCHEMA:
                raise LibraryUnusable(
                    self._path.parent,
                    f"made by an earlier gloss, and cannot be brought up to date "
                    f"({self._read_only}): open it once where it can be written",
                )
            return
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("PRAGMA foreign_keys=ON")
        if schema < SCHEMA:
            with self.transaction() as connection:
                migrate(connection)  # or another process has done so while this one waited
        self._connection.executescript(INDEXES)

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
                f"{self._path.name} is damaged ({error}): {PUT_BACK}",
            ) from error


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def text_in(value: object) -> str:
    """A value of a row as text: in a damaged row it may be of any type that SQLite has."""
    if isinstance(value, bytes):
        return _text(value)
    return "" if value is None else str(value)


def number_in(value: object) -> int | None:
    """A value of a row as a whole number; None for what is none, as in a damaged row."""
    return value if isinstance(value, int) else None


def marks(values: Sequence[object]) -> str:
    """A question mark for each value, for ``IN``."""
    return ", ".join("?" * len(values))
