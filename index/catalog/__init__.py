"""The catalogue: papers, passages and digests in SQLite, which is the truth of a library.

SQLite because a commit survives kill -9 and a loss of power, in one file, without a server. What
the vector store holds can be rebuilt from here; nothing here can be rebuilt from the store.

An edition is one reading of one file. It is ``pending`` until its vectors are in the store, then
``current``; a newer one makes it ``replaced`` until its vectors are out. A ``failed`` one says why.
A module for each noun: ``editions``, ``contents`` (papers and passages), ``digests``, ``claims``,
``arxiv``, ``marks`` and ``notes`` (the reader's own), ``entries`` (imported), ``integrity`` (what
was damaged); ``schema`` and ``database`` are what they stand on.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from index.catalog.arxiv import Alias, ArxivIds, KnownVersion
from index.catalog.claims import Claims, ClaimSet, ClaimState, KeptClaim
from index.catalog.contents import Contents, Fingerprint, KeptPassage
from index.catalog.database import Database
from index.catalog.digests import Digests, KeptDigest
from index.catalog.editions import Edition, Editions, Key, Listed, Origin, ShelfRow, State
from index.catalog.entries import Entries
from index.catalog.integrity import Integrity
from index.catalog.marks import Mark, Marks
from index.catalog.notes import Notes

__all__ = [
    "Alias",
    "ArxivIds",
    "Catalog",
    "ClaimSet",
    "ClaimState",
    "Claims",
    "Contents",
    "Digests",
    "Edition",
    "Editions",
    "Entries",
    "Fingerprint",
    "Integrity",
    "KeptClaim",
    "KeptDigest",
    "KeptPassage",
    "Key",
    "KnownVersion",
    "Listed",
    "Mark",
    "Marks",
    "Notes",
    "Origin",
    "ShelfRow",
    "State",
]


class Catalog(Database):
    """An open catalogue: the database and a part for each noun. ``close`` it, or use it in
    ``with``.

    Every method of a part raises what the database's raise.
    """

    def __init__(
        self, path: Path, create: bool = True, read_only: str = "", beside: bool = False
    ) -> None:
        super().__init__(path, create, read_only, beside)
        self.contents = Contents(self)
        self.editions = Editions(self, self.contents.forget)
        self.digests = Digests(self)
        self.claims = Claims(self)
        self.arxiv = ArxivIds(self)
        self.marks = Marks(self)
        self.notes = Notes(self)
        self.entries = Entries(self)
        self.integrity = Integrity(self, self.contents.forget)

    def __enter__(self) -> Catalog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def meta(self) -> dict[str, str]:
        """What the library was made with: the model, its fingerprint, how papers were split."""
        rows = self.rows("SELECT name, value FROM meta")
        return {row["name"]: row["value"] for row in rows}

    def set_meta(self, values: Mapping[str, str]) -> None:
        """Set values in one transaction; the others stay."""
        with self.transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())
