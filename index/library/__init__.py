"""A library: papers go in, and passages are found. One directory, one owner at a time.

``catalog.sqlite`` is the truth, ``vectors/`` and ``claims/`` can be rebuilt from it (and are then
called ``vectors-2``, and so on), ``files/`` has a copy of each original. A paper is acknowledged
when ``add`` returns: by then its vectors are durable and one transaction of the catalogue has made
it count. Whatever is cut short before that never counted; what it left behind is cleared away when
the library is next opened for searching or adding. The same holds for a digest and the vectors of
its sentences.
"""

from __future__ import annotations

from index.catalog import Listed, Mark, ShelfRow
from index.library.adding import Added
from index.library.backup import Backup, Restored, back_up, restore
from index.library.health import LibraryHealth
from index.library.ids import HeldPaper
from index.library.library import Library
from index.library.notes import OwnNotes, PaperTags
from index.library.papers import Papers
from index.library.parts import Encoders, Parts, bm25_encoder
from index.library.preparing import (
    EmbeddedReading,
    PendingPaper,
    Progress,
    Splitter,
    Stages,
    split_and_embed,
    splitter,
)
from index.library.rank import SparseEncoder
from index.library.rebuild import Step
from index.library.rows import PaperRow
from index.library.stored import StoredPaper

__all__ = [
    "Added",
    "Backup",
    "EmbeddedReading",
    "Encoders",
    "HeldPaper",
    "Library",
    "LibraryHealth",
    "Listed",
    "Mark",
    "OwnNotes",
    "PaperRow",
    "PaperTags",
    "Papers",
    "Parts",
    "PendingPaper",
    "Progress",
    "Restored",
    "ShelfRow",
    "SparseEncoder",
    "Splitter",
    "Stages",
    "Step",
    "StoredPaper",
    "back_up",
    "bm25_encoder",
    "restore",
    "split_and_embed",
    "splitter",
]
