"""Claim sets: what one digest of an edition says in one language, sentence by sentence.

A set has the states of an edition: the digest is saved in the transaction that makes its claims
``current``. A set counts while it and its edition are current.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import TypeAdapter

from index.catalog.checksums import sum_up_claims, text_checksum
from index.catalog.database import Database, marks
from index.catalog.digests import forget_damaged
from index.hits import Citation, ClaimRecord

ClaimState = Literal["pending", "current", "replaced"]

# What makes a claim count, in the words of the queries below.
_COUNTS = "s.state = 'current' AND e.state = 'current'"
_AT_ONCE = 500  # values in one query


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


@dataclass(eq=False)
class Claims:
    """The claim sets of a catalogue."""

    _database: Database

    # The life of a claim set.

    def add_pending(
        self, edition: int, lang: str, digest: str, claims: Sequence[ClaimRecord]
    ) -> int:
        """Store the claims of an unsaved digest as a pending set; its number."""
        with self._database.transaction() as connection:
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
            sum_up_claims(connection, number)
        return number

    def commit(self, number: int, text: str, writer: str = "extractive") -> None:
        """The commit of a digest: it is saved, and its claim set counts instead of the former.

        The former is that of the same edition and language. ``text`` takes the place of an
        earlier digest of that name, and is the newest. ``KeyError`` where there is no such pending
        set.
        """
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT edition, lang, digest FROM claim_sets WHERE number = ?"
                " AND state = 'pending'",
                (number,),
            ).fetchone()
            if row is None:
                raise KeyError(number)
            edition, lang = row["edition"], row["lang"]
            connection.execute(
                "INSERT OR REPLACE INTO digests (edition, name, lang, writer, json, checksum)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (edition, row["digest"], lang, writer, text, text_checksum(text)),
            )
            forget_damaged(connection, edition, lang)
            connection.execute(
                "UPDATE claim_sets SET state = 'replaced'"
                " WHERE edition = ? AND lang = ? AND state = 'current'",
                (edition, lang),
            )
            connection.execute(
                "UPDATE claim_sets SET state = 'current' WHERE number = ?", (number,)
            )

    def purge(self, number: int) -> None:
        """Delete a claim set."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM claim_sets WHERE number = ?", (number,))

    def skip_numbers(self, last: int) -> None:
        """Give no claim set a number up to ``last`` from now on."""
        self._database.skip_numbers("claim_sets", last)

    # Sets.

    def sets(self, edition: int | None = None) -> list[ClaimSet]:
        """The current claim sets, of one current edition or of all, by paper and language."""
        where, values = (
            (_COUNTS, ()) if edition is None else (f"s.edition = ? AND {_COUNTS}", (edition,))
        )
        rows = self._database.rows(
            "SELECT s.number, s.edition, e.paper_id, s.lang, s.digest,"
            " (SELECT count(*) FROM claims WHERE claim_set = s.number) AS claims"
            " FROM claim_sets s JOIN editions e ON e.number = s.edition"
            f" WHERE {where} ORDER BY e.paper_id, s.lang",
            values,
        )
        return [ClaimSet(**dict(row)) for row in rows]

    def are_there(self, paper_id: str | None = None) -> bool:
        """Whether there is a current claim set, of all papers or of one."""
        where, values = ("", ()) if paper_id is None else (" AND e.paper_id = ?", (paper_id,))
        query = (
            "SELECT 1 FROM claim_sets s JOIN editions e ON e.number = s.edition"
            f" WHERE {_COUNTS}{where} LIMIT 1"
        )
        return self._database.row(query, values) is not None

    def editions_of(self, numbers: Iterable[int]) -> dict[int, int]:
        """The edition of each of these claim sets that counts."""
        wanted, found = sorted(set(numbers)), {}
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            rows = self._database.rows(
                "SELECT s.number, s.edition FROM claim_sets s"
                " JOIN editions e ON e.number = s.edition"
                f" WHERE s.number IN ({marks(part)}) AND {_COUNTS}",
                part,
            )
            found.update({row["number"]: row["edition"] for row in rows})
        return found

    def numbers(self, *states: ClaimState) -> frozenset[int]:
        """The numbers of the claim sets in these states, whatever their editions are."""
        query = f"SELECT number FROM claim_sets WHERE state IN ({marks(states)})"
        return frozenset(row["number"] for row in self._database.rows(query, states))

    def numbers_of(self, edition: int) -> frozenset[int]:
        """The numbers of an edition's claim sets of any state."""
        query = "SELECT number FROM claim_sets WHERE edition = ?"
        return frozenset(row["number"] for row in self._database.rows(query, (edition,)))

    def unclaimed(self) -> dict[int, str]:
        """Current editions with digests of which no claims were kept, and their paper ids."""
        rows = self._database.rows(
            "SELECT number, paper_id FROM editions e WHERE state = 'current'"
            " AND EXISTS (SELECT 1 FROM digests WHERE edition = e.number)"
            " AND NOT EXISTS (SELECT 1 FROM claim_sets"
            " WHERE edition = e.number AND state = 'current')"
            " ORDER BY paper_id"
        )
        return {row["number"]: row["paper_id"] for row in rows}

    # Claims.

    def of_set(self, number: int) -> tuple[ClaimRecord, ...]:
        """The claims of a set, in the digest's order."""
        rows = self._where("c.claim_set = ? ORDER BY c.position", (number,))
        return tuple(kept.claim for kept in rows)

    def find(self, claim_id: str) -> KeptClaim | None:
        """The claim of that id, if it is current."""
        return next(iter(self._where(f"c.id = ? AND {_COUNTS}", (claim_id,))), None)

    def shown(self, number: int, claim_id: str) -> KeptClaim | None:
        """The claim that stands for one of a set: the first of its paper with the same words.

        A digest may quote a sentence under two headings, and again in another language.
        """
        rows = self._where(
            f"s.edition = (SELECT edition FROM claim_sets WHERE number = ?) AND {_COUNTS}"
            " AND c.text = (SELECT text FROM claims WHERE claim_set = ? AND id = ?)"
            " ORDER BY s.lang, c.position LIMIT 1",
            (number, number, claim_id),
        )
        return next(iter(rows), None)

    def ids(self) -> list[str]:
        """The ids of all current claims, in order."""
        rows = self._database.rows(
            "SELECT c.id FROM claims c JOIN claim_sets s ON s.number = c.claim_set"
            f" JOIN editions e ON e.number = s.edition WHERE {_COUNTS} ORDER BY c.id"
        )
        return [str(row["id"]) for row in rows]

    def _where(self, where: str, values: Sequence[object]) -> list[KeptClaim]:
        rows = self._database.rows(
            "SELECT c.id, e.paper_id, s.lang, c.section, c.text, c.citations, c.support,"
            " c.verdict, e.number, e.title FROM claims c"
            " JOIN claim_sets s ON s.number = c.claim_set"
            f" JOIN editions e ON e.number = s.edition WHERE {where}",
            values,
        )
        kept = []
        for row in rows:
            with suppress(ValueError):  # it is damaged: a search leaves it out, doctor names it
                kept.append(_kept(row))
        return kept


def _kept(row: sqlite3.Row) -> KeptClaim:
    claim = ClaimRecord(
        id=row["id"],
        paper_id=row["paper_id"],
        lang=row["lang"],
        section=row["section"],
        text=row["text"],
        citations=_citations().validate_json(row["citations"]),
        support=row["support"],
        verdict=row["verdict"],
    )
    return KeptClaim(claim, edition=row["number"], title=row["title"])


@cache
def _citations() -> TypeAdapter[tuple[Citation, ...]]:
    return TypeAdapter(tuple[Citation, ...])
