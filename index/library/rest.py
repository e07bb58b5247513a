"""The moments at which nothing is being written to a library that a process has open.

Everything that changes vectors is preceded by a row of the catalogue that is ``pending`` or
``replaced``, and followed by a transaction. So while a transaction of ours keeps others from
writing to the catalogue and no such row is in it, the vectors are at rest.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from index.errors import LibraryUnusable
from index.library.files import CATALOG

_PATIENCE = 30.0  # seconds: a paper that is being committed takes a tenth of one
_LOOK_AGAIN = 0.1
_WAIT = 60.0  # seconds that SQLite waits for a transaction of another process

_UNSETTLED = (
    "SELECT 1 FROM editions WHERE state IN ('pending', 'replaced')"
    " UNION ALL SELECT 1 FROM claim_sets WHERE state != 'current' LIMIT 1"
)


def connected(catalogue: Path) -> sqlite3.Connection:
    """A connection of its own to a catalogue, without transactions that begin by themselves."""
    return sqlite3.connect(catalogue, isolation_level=None, timeout=_WAIT)


@contextmanager
def at_rest(catalogue: sqlite3.Connection, *, owned: bool = False) -> Iterator[bool]:
    """Keep others from writing meanwhile; whether the vectors are at rest.

    Where the library is ``owned``, nobody has begun anything. Else what its owner has begun is
    waited for.
    """
    deadline = time.monotonic() + _PATIENCE
    try:
        catalogue.execute("BEGIN IMMEDIATE")
        while not (rests := owned or not catalogue.execute(_UNSETTLED).fetchone()):
            catalogue.execute("ROLLBACK")
            if time.monotonic() > deadline:
                break
            time.sleep(_LOOK_AGAIN)
            catalogue.execute("BEGIN IMMEDIATE")
        yield rests
    finally:
        if catalogue.in_transaction:
            catalogue.execute("ROLLBACK")


@contextmanager
def resting(directory: Path) -> Iterator[None]:
    """While the vectors of a library that another process has are at rest.

    Raises ``LibraryUnusable`` where they do not come to rest, or nobody can be kept from writing.
    """
    try:
        with closing(connected(directory / CATALOG)) as catalogue, at_rest(catalogue) as rests:
            if not rests:
                raise LibraryUnusable(
                    directory, "is being written without a pause: search it when that has ended"
                )
            yield
    except sqlite3.Error as error:
        raise LibraryUnusable(
            directory, f"cannot be searched while another process has it ({error})"
        ) from error
