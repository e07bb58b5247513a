"""What a reader has done with a paper: read it, kept it; and what the daily job brought.

A mark belongs to a paper and not to an edition: it stays when a new version comes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

from index.catalog.database import Database

Mark = Literal["brought", "read", "kept"]

MARKS: tuple[Mark, ...] = get_args(Mark)


@dataclass(eq=False)
class Marks:
    """The marks of a catalogue's papers."""

    _database: Database

    def put(self, paper_ids: Iterable[str], mark: Mark, on: bool) -> None:
        """Set a mark on current papers, or take it off, in one transaction.

        Ids that no current paper has are left out.
        """
        since = datetime.now(UTC).isoformat(timespec="seconds")
        with self._database.transaction() as connection:
            for paper_id in paper_ids:
                if on:
                    connection.execute(
                        "INSERT OR IGNORE INTO marks SELECT paper_key, ?, ? FROM editions"
                        " WHERE paper_id = ? AND state = 'current'",
                        (mark, since, paper_id),
                    )
                else:
                    connection.execute(
                        "DELETE FROM marks WHERE mark = ? AND paper_key = (SELECT paper_key"
                        " FROM editions WHERE paper_id = ? AND state = 'current')",
                        (mark, paper_id),
                    )

    def of(self, mark: Mark) -> frozenset[str]:
        """The ids of the current papers with a mark."""
        rows = self._database.rows(
            "SELECT paper_id FROM marks JOIN editions USING (paper_key)"
            " WHERE mark = ? AND state = 'current'",
            (mark,),
        )
        return frozenset(row["paper_id"] for row in rows)
