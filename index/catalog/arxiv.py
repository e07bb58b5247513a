"""The newest version that arXiv has of each paper, and other ids of the same file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from index.catalog.database import Database


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """The newest version of a paper that arXiv has reported, and whether it is withdrawn.

    ``withdrawn`` is None in a record of an announcement, which does not say.
    """

    paper_key: str
    version: int
    withdrawn: bool | None = None


@dataclass(frozen=True, slots=True)
class Alias:
    """Another id of a paper: that of a file with the same bytes."""

    paper_key: str
    version: int | None
    target: str  # the other paper's key


@dataclass(eq=False)
class ArxivIds:
    """The newest versions and the other ids in a catalogue."""

    _database: Database

    def record_versions(self, versions: Iterable[KnownVersion]) -> None:
        """Store the newest version of each paper; an older one changes nothing."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT INTO known VALUES (:key, :version, coalesce(:withdrawn, 0))"
                " ON CONFLICT (paper_key) DO UPDATE SET version = :version, withdrawn = CASE"
                " WHEN :version > known.version THEN coalesce(:withdrawn, 0)"
                " ELSE coalesce(:withdrawn, known.withdrawn) END"
                " WHERE :version >= known.version",
                [
                    {"key": one.paper_key, "version": one.version, "withdrawn": one.withdrawn}
                    for one in versions
                ],
            )

    def latest_versions(self) -> dict[str, KnownVersion]:
        """The newest version that arXiv has reported of every paper, by id."""
        rows = self._database.rows("SELECT paper_key, version, withdrawn FROM known")
        return {row["paper_key"]: _known_version(row) for row in rows}

    def latest_version(self, paper_key: str) -> KnownVersion | None:
        """The newest version that arXiv has reported of one paper, or None."""
        query = "SELECT paper_key, version, withdrawn FROM known WHERE paper_key = ?"
        row = self._database.row(query, (paper_key,))
        return _known_version(row) if row else None

    def add_alias(self, alias: Alias) -> None:
        """Store another id of a paper; it replaces an older alias of that id."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO aliases VALUES (?, ?, ?)",
                (alias.paper_key, alias.version, alias.target),
            )

    def alias(self, paper_key: str) -> Alias | None:
        """The alias of that id, or None."""
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


def _known_version(row: sqlite3.Row) -> KnownVersion:
    return KnownVersion(row["paper_key"], row["version"], bool(row["withdrawn"]))
