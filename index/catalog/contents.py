"""What an edition says: its paper, its passages, and what a search shows of them."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from index.catalog.checksums import DAMAGED, sum_up
from index.catalog.database import Database, marks
from index.catalog.digests import keep_digests
from index.catalog.pack import PackedPaper, unpack, unpack_words
from index.catalog.words import POSITION_BITS, every, put_in, take_out, texts_of
from index.errors import PaperDamaged
from index.hits import Passage
from index.paper import Paper
from index.spans import Box, Span

# Papers kept in memory after use, so that ten hits in three papers unpack three papers. A paper of
# 20 pages takes some 2 MB.
_KEPT = 32

_AT_ONCE = 250  # passages that one query asks for

# The columns of ``passages``, for a table of the connection's own.
_STAGED = (
    'edition INTEGER, position INTEGER, id TEXT, section TEXT, role TEXT, start INTEGER, "end"'
)


@dataclass(frozen=True, slots=True)
class KeptPassage:
    """A passage with its boxes on the page and the title of its paper."""

    passage: Passage
    boxes: tuple[Box, ...]
    title: str


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of one edition, SHA-256 in hexadecimal: of its file, of its text, and of the reading.

    The reading is everything that the catalogue has of a paper, with the places of its words on
    the pages, and its passages.
    """

    file: str
    text: str
    reading: str


@dataclass(slots=True)
class _Unpacked:
    paper: Paper
    passages: tuple[Passage, ...] | None = None


@dataclass(eq=False)
class Contents:
    """The papers and passages of a catalogue's editions."""

    _database: Database
    _kept: OrderedDict[int, _Unpacked] = field(default_factory=OrderedDict)

    def paper(self, number: int) -> Paper:
        """The paper of an edition. ``KeyError`` where there is none."""
        return self._unpacked(number).paper

    def forget(self, number: int) -> None:
        """Drop a purged edition from the cache."""
        self._kept.pop(number, None)

    def passages(self, number: int) -> tuple[Passage, ...]:
        """The passages of an edition, in text order; none where there is no such edition."""
        try:
            kept = self._unpacked(number)
        except KeyError:
            return ()
        with self._database.lock:  # or a rebuild might replace them between the two steps
            if kept.passages is None:
                rows = self._database.rows(
                    'SELECT id, section, role, start, "end" FROM passages WHERE edition = ?'
                    " ORDER BY position",
                    (number,),
                )
                kept.passages = _passages(rows, kept.paper.id, kept.paper.text)
            return kept.passages

    def passages_across(self, number: int, span: Span) -> tuple[Passage, ...]:
        """The passages that share a character with ``span``."""
        return tuple(
            one
            for one in self.passages(number)
            if one.span.start < span.end and one.span.end > span.start
        )

    def found(self, number: int, passage_ids: Sequence[str]) -> dict[str, KeptPassage]:
        """Passages of an edition as a search shows them, by id; none that it does not have.

        It unpacks the text and the words of a paper, and not the rest, which takes longer.
        """
        rows = self._database.rows(
            'SELECT id, section, role, start, "end" FROM passages'
            f" WHERE edition = ? AND id IN ({marks(passage_ids)})",
            (number, *passage_ids),
        )
        kept = self._database.row(
            "SELECT paper_id, title, text, words FROM editions WHERE number = ?", (number,)
        )
        if not rows or kept is None:
            return {}
        try:
            text, words = zlib.decompress(kept["text"]).decode(), unpack_words(kept["words"])
        except DAMAGED as error:
            raise PaperDamaged(kept["paper_id"]) from error
        found = {}
        for passage in _passages(rows, kept["paper_id"], text):
            found[passage.id] = KeptPassage(passage, words.boxes(passage.span), kept["title"])
        return found

    def containing(self, phrases: Sequence[str], most: int) -> frozenset[tuple[int, str]] | None:
        """The passages with every phrase (``in_words``), by edition and id; None: more than
        ``most``.

        Of editions in any state.
        """
        rows = self._database.rows(
            "SELECT p.edition, p.id FROM passage_words w"
            f" CROSS JOIN passages p ON p.edition = w.rowid >> {POSITION_BITS}"
            f" AND p.position = w.rowid & {(1 << POSITION_BITS) - 1}"
            " WHERE passage_words MATCH ? LIMIT ?",
            (every(phrases), most + 1),
        )
        return None if len(rows) > most else frozenset((row["edition"], row["id"]) for row in rows)

    def containing_among(
        self, phrases: Sequence[str], wanted: Iterable[tuple[int, str]]
    ) -> frozenset[tuple[int, str]]:
        """Those passages, by edition and id, that have every phrase (``in_words``)."""
        asked = sorted(set(wanted))
        found: set[tuple[int, str]] = set()
        for start in range(0, len(asked), _AT_ONCE):
            part = asked[start : start + _AT_ONCE]
            rows = self._database.rows(
                f"WITH asked(edition, id) AS (VALUES {', '.join(['(?, ?)'] * len(part))})"
                " SELECT p.edition, p.id FROM asked"
                " CROSS JOIN passages p ON p.edition = asked.edition AND p.id = asked.id"
                " CROSS JOIN passage_words w"
                f" ON w.rowid = p.edition << {POSITION_BITS} | p.position"
                " WHERE passage_words MATCH ?",
                [*(value for pair in part for value in pair), every(phrases)],
            )
            found.update((row["edition"], row["id"]) for row in rows)
        return frozenset(found)

    def fingerprint(self, number: int) -> Fingerprint:
        """The fingerprint of a reading. ``KeyError`` if there is no paper.

        It unpacks bytes and parses nothing, which takes a few milliseconds for a paper.
        """
        packed = self._database.row(
            "SELECT paper_id, sha256, paper, text, words FROM editions"
            " WHERE number = ? AND paper IS NOT NULL",
            (number,),
        )
        if packed is None:
            raise KeyError(number)
        try:
            parts = {name: zlib.decompress(packed[name]) for name in ("paper", "text", "words")}
        except DAMAGED as error:
            raise PaperDamaged(packed["paper_id"]) from error
        passages = [
            [row["id"], row["section"], row["role"], row["start"], row["end"]]
            for row in self._database.rows(
                'SELECT id, section, role, start, "end" FROM passages WHERE edition = ?'
                " ORDER BY position",
                (number,),
            )
        ]
        reading = hashlib.sha256()
        for part in (*parts.values(), json.dumps(passages).encode()):
            reading.update(hashlib.sha256(part).digest())
        text = hashlib.sha256(parts["text"]).hexdigest()
        return Fingerprint(packed["sha256"], text, reading.hexdigest())

    # A rebuild.

    def stage_passages(self, number: int, passages: Iterable[Passage]) -> None:
        """Stage new passages of an edition, which ``commit_rebuild`` makes current.

        They are lost when the catalogue is closed before.
        """
        with self._database.transaction() as connection:
            connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS staged ({_STAGED})")
            connection.execute("DELETE FROM staged WHERE edition = ?", (number,))
            insert_passages(connection, number, passages, "staged")

    def commit_rebuild(self, values: Mapping[str, str]) -> None:
        """Make rebuilt vectors current: ``values`` of ``meta``, and all staged passages.

        Digests and claims of editions with staged passages go, since they cite the former ones;
        the newest stay as former digests. So do editions and claim sets go that do not count, whose
        vectors are among the former ones.
        """
        with self._database.transaction() as connection:
            connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS staged ({_STAGED})")
            changed = connection.execute(
                "SELECT number, state FROM editions WHERE state IN ('pending', 'replaced')"
                " OR number IN (SELECT edition FROM staged)"
            ).fetchall()
            for edition in changed:
                take_out(connection, edition["number"])
            connection.execute("DELETE FROM editions WHERE state IN ('pending', 'replaced')")
            connection.execute("DELETE FROM claim_sets WHERE state != 'current'")
            staged = "edition IN (SELECT edition FROM staged)"
            keep_digests(connection, f"d.{staged}", ())
            for table in ("passages", "digests", "claim_sets"):
                connection.execute(f"DELETE FROM {table} WHERE {staged}")
            connection.execute(
                "INSERT INTO passages SELECT * FROM staged"
                " WHERE edition IN (SELECT number FROM editions)"
            )
            connection.execute("DELETE FROM staged")
            for edition in changed:
                if edition["state"] == "current":
                    texts = texts_of(connection, edition["number"])
                    put_in(connection, edition["number"], texts)
                    sum_up(connection, edition["number"])
            connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())
            self._kept.clear()

    def _unpacked(self, number: int) -> _Unpacked:
        with self._database.lock:
            kept = self._kept.get(number)
            if kept is not None:
                self._kept.move_to_end(number)
                return kept
        row = self._database.row(
            "SELECT paper_id, paper, text, words FROM editions"
            " WHERE number = ? AND paper IS NOT NULL",
            (number,),
        )
        if row is None:
            raise KeyError(number)
        try:
            unpacked = _Unpacked(unpack(PackedPaper(row["paper"], row["text"], row["words"])))
        except DAMAGED as error:
            raise PaperDamaged(row["paper_id"]) from error
        with self._database.lock:
            kept = self._kept.setdefault(number, unpacked)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return kept


def insert_passages(
    connection: sqlite3.Connection,
    number: int,
    passages: Iterable[Passage],
    table: Literal["passages", "staged"] = "passages",
) -> None:
    """Put the passages of an edition into a table, in their order."""
    connection.executemany(
        f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (number, at, one.id, one.section, one.role, one.span.start, one.span.end)
            for at, one in enumerate(passages)
        ),
    )


def _passages(rows: Iterable[sqlite3.Row], paper_id: str, text: str) -> tuple[Passage, ...]:
    """Raises ``PaperDamaged`` where a row is not what was stored."""
    found = []
    for row in rows:
        try:
            span = Span(row["start"], row["end"])
            passage = Passage(row["id"], paper_id, row["section"], row["role"], span, span.of(text))
        except DAMAGED as error:
            raise PaperDamaged(paper_id) from error
        found.append(passage)
    return tuple(found)
