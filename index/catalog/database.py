"""An open SQLite file with the catalogue's tables: transactions, rows by name, errors explained."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from index.catalog.schema import INDEXES, SCHEMA, migrate, schema_of
from index.errors import PUT_BACK, LibraryUnusable

_PATIENCE = 60  # seconds that a transaction waits for a backup, which copies vectors meanwhile


class Database:
    """The file, open. Safe to call from several threads; ``close`` it.

    Every method raises ``LibraryUnusable`` where SQLite cannot read or write the file. With
    ``create`` false a file without our tables is damage, and is left as it is.
    """

    def __init__(self, path: Path, create: bool = True) -> None:
        self._path = path
        self._create = create
        self.lock = threading.RLock()
        with self._explained():
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=_PATIENCE
            )
        self._connection.row_factory = sqlite3.Row
        # Words that were damaged on the disk need not be Unicode; their checksums tell.
        self._connection.text_factory = _text
        try:
            with self._explained():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file. Closing twice is harmless."""
        with self.lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction, of one thread at a time."""
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
        """The rows of a query."""
        with self.lock, self._explained():
            return self._connection.execute(query, values).fetchall()

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


def marks(values: Sequence[object]) -> str:
    """A question mark for each value, for ``IN``."""
    return ", ".join("?" * len(values))
