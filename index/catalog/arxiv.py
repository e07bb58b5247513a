"""What arXiv says of papers: the newest version of each, and other ids of the same file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from index.catalog.database import Database


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


class ArxivIds:
    """The newest versions and the other ids that a catalogue knows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, heard: Iterable[Known]) -> None:
        """Remember the newest version of each paper; what is older changes nothing."""
        with self._database.transaction() as connection:
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
        rows = self._database.rows("SELECT paper_key, version, withdrawn FROM known")
        return {row["paper_key"]: _known(row) for row in rows}

    def known_of(self, paper_key: str) -> Known | None:
        """The same of one paper."""
        query = "SELECT paper_key, version, withdrawn FROM known WHERE paper_key = ?"
        row = self._database.row(query, (paper_key,))
        return _known(row) if row else None

    def add_alias(self, alias: Alias) -> None:
        """Another id for a paper, in place of what that id led to before."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO aliases VALUES (?, ?, ?)",
                (alias.paper_key, alias.version, alias.target),
            )

    def alias(self, paper_key: str) -> Alias | None:
        """Where an id leads that is not a paper's own."""
        query = "SELECT paper_key, version, target FROM aliases WHERE paper_key = ?"
        row = self._database.row(query, (paper_key,))
        return Alias(**dict(row)) if row else None

    def aliases(self) -> list[Alias]:
        """All other ids, in order."""
        query = "SELECT paper_key, version, target FROM aliases ORDER BY paper_key"
        return [Alias(**dict(row)) for row in self._database.rows(query)]

    def aliases_of(self, target: str) -> list[str]:
        """The other ids of one paper, in order."""
        query = "SELECT paper_key FROM aliases WHERE target = ? ORDER BY paper_key"
        return [row["paper_key"] for row in self._database.rows(query, (target,))]


def _known(row: sqlite3.Row) -> Known:
    return Known(row["paper_key"], row["version"], bool(row["withdrawn"]))
