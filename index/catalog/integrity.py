"""Whether what the catalogue has of its papers is what it had, and what is put right of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from index.catalog.checksums import (
    DAMAGED,
    claims_checksum,
    passages_checksum,
    reading_checksum,
    text_checksum,
)
from index.catalog.database import Database
from index.catalog.pack import columns_of, unpack_record
from index.catalog.words import POSITION_BITS, has_rows, is_stale, refill, sums_of, sums_there
from index.paper import Paper


@dataclass(eq=False)
class Integrity:
    """The checks of a catalogue. ``forget`` is called with each edition that is stored again."""

    _database: Database
    _forget: Callable[[int], None]

    def is_sound(self, number: int) -> bool:
        """Whether the bytes that the catalogue has of an edition's paper are those that it had,
        and its file is called after its own."""
        named = "SELECT 1 FROM editions WHERE number = ? AND substr(file, 1, 64) = sha256"
        return self._fits("reading", number) and self._database.row(named, (number,)) is not None

    def are_passages_sound(self, number: int) -> bool:
        """Whether its passages are those that it had."""
        return self._fits("passages", number)

    def _fits(self, what: Literal["reading", "passages"], number: int) -> bool:
        now = {"reading": reading_checksum, "passages": passages_checksum}[what]
        with self._database.reading() as connection:
            kept = connection.execute(
                f"SELECT {what} FROM checksums WHERE edition = ?", (number,)
            ).fetchone()
            return kept is not None and kept[what] == now(connection, number)

    def damaged_digests(self) -> list[tuple[str, str]]:
        """The papers and languages of digests that are not as they were written."""
        rows = self._database.rows(
            "SELECT e.paper_id, d.lang, d.json, d.checksum FROM digests d"
            " JOIN editions e ON e.number = d.edition WHERE e.state = 'current'"
            " ORDER BY e.paper_id, d.lang"
        )
        return [
            (row["paper_id"], row["lang"])
            for row in rows
            if row["checksum"] != text_checksum(row["json"])
        ]

    def damaged_claims(self) -> dict[int, str]:
        """The sets of claims that count and are not as they were, with the ids of their papers."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT s.number, s.checksum, e.paper_id FROM claim_sets s"
                " JOIN editions e ON e.number = s.edition"
                " WHERE s.state = 'current' AND e.state = 'current' ORDER BY e.paper_id, s.lang"
            ).fetchall()
            return {
                row["number"]: row["paper_id"]
                for row in rows
                if row["checksum"] != claims_checksum(connection, row["number"])
            }

    def paper_without_text(self, number: int) -> Paper | None:
        """What is kept of a paper apart from its text and words; None where that is damaged."""
        row = self._database.row("SELECT paper FROM editions WHERE number = ?", (number,))
        try:
            return unpack_record(row["paper"]) if row is not None else None
        except DAMAGED:
            return None

    def restore(self, number: int, paper: Paper, file: str, original: str) -> bool:
        """Store a damaged edition's paper, which was read again, if it has the text that it had.

        Its passages, digests and vectors are then right as they are. Nothing is stored otherwise.
        ``file`` is what it was read from now, where the row may have named none of its own, and
        ``original`` where that came from.
        """
        columns = {
            **columns_of(paper),
            "source": paper.source,
            "file": file,
            "original": original,
        }
        with self._database.transaction() as connection:
            kept = connection.execute(
                "SELECT text FROM checksums WHERE edition = ?", (number,)
            ).fetchone()
            if kept is None or kept["text"] != text_checksum(paper.text):
                return False
            set_all = ", ".join(f"{column} = :{column}" for column in columns)
            connection.execute(
                f"UPDATE editions SET {set_all} WHERE number = :number",
                {**columns, "number": number},
            )
            connection.execute(
                "UPDATE checksums SET reading = ? WHERE edition = ?",
                (reading_checksum(connection, number), number),
            )
            self._forget(number)
        return True

    def words_in_step(self, numbers: Iterable[int]) -> bool:
        """Whether the index of words has the passages of these editions, by some of their words.

        Editions whose text is damaged are left out.
        """
        with self._database.reading() as connection:
            if is_stale(connection):
                return False
            for number in numbers:
                with suppress(*DAMAGED):
                    if not has_rows(connection, number):
                        return False
            return True

    def all_words_in_step(self) -> bool:
        """Whether the index of words has every word of all passages, and no others.

        Editions whose text is damaged may have any.
        """
        with self._database.reading() as connection:
            if is_stale(connection):
                return False
            there = sums_there(connection)
            for (number,) in connection.execute("SELECT DISTINCT edition FROM passages").fetchall():
                try:
                    mine = sums_of(connection, number)
                except DAMAGED:
                    first = number << POSITION_BITS
                    for row in [
                        one for one in there if first <= one < first + (1 << POSITION_BITS)
                    ]:
                        del there[row]
                    continue
                if any(there.pop(row, None) != wanted for row, wanted in mine.items()):
                    return False
            return not there

    def refill_words(self) -> None:
        """Make the index of words again."""
        with self._database.transaction() as connection:
            refill(connection)
