"""Editions: each a reading of one file, from ``pending`` to ``current`` to ``replaced``."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from index.catalog.checksums import sum_up
from index.catalog.contents import insert_passages
from index.catalog.database import Database, marks
from index.catalog.digests import forget_older, keep_digests
from index.catalog.entries import release
from index.catalog.notes import attach, detach
from index.catalog.pack import columns_of
from index.catalog.words import put_in, take_out
from index.hits import Passage, is_in_category
from index.paper import Paper, SourceKind, Status

State = Literal["pending", "current", "replaced", "failed"]
Key = Literal["paper_id", "paper_key", "sha256", "original"]

_AT_ONCE = 500  # values in one query
_ALL = -1  # rows, for SQLite's LIMIT
# What lists have: current papers, and failures that no paper has come of.
_SHOWN = (
    "(state = 'current' OR (state = 'failed' AND NOT EXISTS (SELECT 1 FROM editions same"
    " WHERE same.paper_key = editions.paper_key AND same.state = 'current')))"
)


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
class Listed:
    """A current paper as lists and maps show it: what it is called, and what it can be found by."""

    id: str
    title: str
    added: str  # ISO, UTC
    date: str | None
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShelfRow:
    """A paper, or a file that did not become one, by what a list is sorted and filtered by."""

    id: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    date: str
    added: str  # ISO, UTC
    status: Status
    digests: tuple[str, ...] = ()  # the languages of its saved digests
    file: str = ""  # the library's copy
    size: int = 0  # bytes of that copy, 0 where there is none


@dataclass(frozen=True, slots=True)
class Origin:
    """The source file of an edition. ``file`` is the name of the library's copy."""

    sha256: str
    file: str
    original: str


@dataclass(eq=False)
class Editions:
    """The editions of a catalogue. ``forget`` is called with each purged one."""

    _database: Database
    _forget: Callable[[int], None]

    # The life of an edition.

    def add_pending(
        self, paper: Paper, paper_key: str, origin: Origin, passages: Sequence[Passage]
    ) -> int:
        """Store a pending edition; its number. ``UnicodeEncodeError`` as in ``pack``."""
        columns = {
            **columns_of(paper),
            "paper_key": paper_key,
            "state": "pending",
            "status": "ok",
            "reason": "",
            "source": paper.source,
            "sha256": origin.sha256,
            "file": origin.file,
            "original": origin.original,
            "added": _now(),
        }
        names, values = ", ".join(columns), ", ".join(f":{column}" for column in columns)
        with self._database.transaction() as connection:
            number = connection.execute(
                f"INSERT INTO editions ({names}) VALUES ({values})", columns
            ).lastrowid
            assert number is not None  # an INSERT always has one
            insert_passages(connection, number, passages)
            put_in(connection, number, (passage.text for passage in passages))
            sum_up(connection, number)
        return number

    def make_current(self, number: int) -> None:
        """The commit: this edition becomes current and replaces the paper's former one.

        The newest digests of that one stay as former digests. Failures of the same file or the same
        paper are forgotten, and so is that its id was another paper's.
        """
        with self._database.transaction() as connection:
            new = connection.execute(
                "SELECT paper_key, original, sha256 FROM editions WHERE number = ?", (number,)
            ).fetchone()
            if new is None:
                return
            key = (new["paper_key"],)
            keep_digests(connection, "e.state = 'current' AND e.paper_key = ?", key)
            connection.execute(
                "UPDATE editions SET state = 'replaced' WHERE state = 'current' AND paper_key = ?",
                key,
            )
            connection.execute(
                "UPDATE editions SET state = 'current' WHERE number = ? AND state = 'pending'",
                (number,),
            )
            for column in ("original", "sha256", "paper_key"):
                connection.execute(
                    f"DELETE FROM editions WHERE state = 'failed' AND {column} = ?", (new[column],)
                )
            connection.execute("DELETE FROM aliases WHERE paper_key = ?", key)
            forget_older(connection, number)
            attach(connection, number)

    def add_failed(
        self,
        paper_id: str,
        paper_key: str,
        origin: Origin,
        source: SourceKind,
        status: Status,
        reason: str,
    ) -> None:
        """Store a failed file; it replaces its own earlier failure."""
        with self._database.transaction() as connection:
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

        Former digests of it are forgotten, and what a reader has marked it as; notes and tags are
        kept.
        """
        with self._database.transaction() as connection:
            detach(connection, number)
            release(connection, number)
            for table, column in (
                ("former_digests", "paper_key"),
                ("aliases", "target"),
                ("marks", "paper_key"),
            ):
                connection.execute(
                    f"DELETE FROM {table}"
                    f" WHERE {column} = (SELECT paper_key FROM editions WHERE number = ?)",
                    (number,),
                )
            connection.execute("UPDATE editions SET state = 'replaced' WHERE number = ?", (number,))

    def purge(self, number: int) -> None:
        """Delete an edition with its passages and digests; its file went before (``own_file``)."""
        with self._database.transaction() as connection:
            take_out(connection, number)
            connection.execute("DELETE FROM editions WHERE number = ?", (number,))
            self._forget(number)

    def skip_numbers(self, last: int) -> None:
        """Give no edition a number up to ``last`` from now on."""
        self._database.skip_numbers("editions", last)

    # What is there.

    def in_state(self, *states: State) -> list[Edition]:
        """Editions in these states, by paper id."""
        return self._where(f"state IN ({marks(states)})", states)

    def find(self, column: Key, value: str, *states: State) -> list[Edition]:
        """Editions in these states of one paper, file or place, by paper id."""
        return self._where(f"{column} = ? AND state IN ({marks(states)})", (value, *states))

    def shown(self, limit: int | None = None, offset: int = 0) -> list[Edition]:
        """What a list has: current papers, and failures that no paper has come of, by paper id.

        Of these ``limit`` at most, from the one at ``offset`` on.
        """
        return self._where(_SHOWN, (), "paper_id, state, number", limit, offset)

    def shelf(self) -> list[ShelfRow]:
        """The same by id, all of them, with no more than a list is sorted and filtered by."""
        languages: dict[int, list[str]] = {}
        for row in self._database.rows("SELECT DISTINCT edition, lang FROM digests ORDER BY lang"):
            languages.setdefault(row["edition"], []).append(row["lang"])
        rows = self._database.rows(
            "SELECT number, paper_id, title, authors, categories, date, added, status, file"
            f" FROM editions WHERE {_SHOWN} ORDER BY paper_id, state, number"
        )
        return [
            ShelfRow(
                row["paper_id"],
                row["title"],
                _texts(row["authors"]),
                _texts(row["categories"]),
                row["date"] or "",
                row["added"],
                row["status"],
                tuple(languages.get(row["number"], ())),
                row["file"],
            )
            for row in rows
        ]

    def _where(
        self,
        where: str,
        values: Sequence[object],
        order: str = "paper_id, number",
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Edition]:
        rows = self._database.rows(
            "SELECT number, paper_id, paper_key, version, state, status, reason, source,"
            " sha256, file, original, added, title, authors, date, categories,"
            " (SELECT count(*) FROM passages WHERE edition = number) AS passages, recorded"
            f" FROM editions WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
            (*values, _ALL if limit is None else limit, offset),
        )
        return [_edition(row) for row in rows]

    def listed(self) -> list[Listed]:
        """The current papers by id."""
        rows = self._database.rows(
            "SELECT paper_id, title, added, date, categories FROM editions"
            " WHERE state = 'current' ORDER BY paper_id"
        )
        return [
            Listed(
                row["paper_id"],
                row["title"],
                row["added"],
                row["date"],
                _texts(row["categories"]),
            )
            for row in rows
        ]

    def count(self) -> int:
        """How many papers are current."""
        row = self._database.row("SELECT count(*) AS papers FROM editions WHERE state = 'current'")
        return int(row["papers"]) if row else 0

    def ids(self, limit: int | None = None) -> dict[int, str]:
        """The ids of the current papers, in order, by the editions' numbers."""
        rows = self._database.rows(
            "SELECT number, paper_id FROM editions WHERE state = 'current'"
            " ORDER BY paper_id LIMIT ?",
            (_ALL if limit is None else limit,),
        )
        return {row["number"]: row["paper_id"] for row in rows}

    def digested(self, limit: int) -> list[str]:
        """The ids of the first ``limit`` current papers with a saved digest, in order."""
        rows = self._database.rows(
            "SELECT paper_id FROM editions WHERE state = 'current'"
            " AND EXISTS (SELECT 1 FROM digests WHERE edition = editions.number)"
            " ORDER BY paper_id LIMIT ?",
            (limit,),
        )
        return [row["paper_id"] for row in rows]

    def in_category(self, category: str) -> tuple[str, ...]:
        """The ids of the current papers with a category that contains this, in any case."""
        rows = self._database.rows(
            "SELECT paper_id, categories FROM editions WHERE state = 'current'"
        )
        return tuple(
            row["paper_id"] for row in rows if is_in_category(_texts(row["categories"]), category)
        )

    def numbers(self, *states: State) -> frozenset[int]:
        """The numbers of the editions in these states."""
        query = f"SELECT number FROM editions WHERE state IN ({marks(states)})"
        return frozenset(row["number"] for row in self._database.rows(query, states))

    def current_among(self, numbers: Iterable[int]) -> frozenset[int]:
        """Those numbers whose editions are current."""
        wanted = sorted(set(numbers))
        found: set[int] = set()
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            query = (
                f"SELECT number FROM editions WHERE number IN ({marks(part)}) AND state = 'current'"
            )
            found.update(row["number"] for row in self._database.rows(query, part))
        return frozenset(found)

    def files(self, *states: State) -> frozenset[str]:
        """The file names that editions in these states refer to, or in any."""
        where = f" AND state IN ({marks(states)})" if states else ""
        rows = self._database.rows(f"SELECT file FROM editions WHERE file != ''{where}", states)
        return frozenset(_as_text(row["file"]) for row in rows)

    def own_file(self, number: int) -> str:
        """The name of an edition's file; empty where another edition has the same."""
        row = self._database.row(
            "SELECT file FROM editions own WHERE number = ? AND NOT EXISTS (SELECT 1 FROM editions"
            " other WHERE other.sha256 = own.sha256 AND other.file = own.file"
            " AND other.number != own.number)",
            (number,),
        )
        return str(row["file"]) if row else ""


def _edition(row: sqlite3.Row) -> Edition:
    values = {name: _as_text(value) for name, value in dict(row).items()}
    for name in ("authors", "categories"):
        values[name] = _texts(values[name])
    return Edition(**{**values, "recorded": bool(row["recorded"])})


def _as_text(value: Any) -> Any:
    """A text that a damaged row has as bytes."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _texts(kept: str) -> tuple[str, ...]:
    """A list in a row; none where it is damaged, which the row's checksum tells."""
    try:
        return tuple(map(str, json.loads(kept)))
    except (ValueError, TypeError):
        return ()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
