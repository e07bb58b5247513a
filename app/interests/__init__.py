"""What a reader keeps, and how near other papers are to it.

Kept are the papers of the library but those that the daily job brought, of these the ones that the
reader has marked as kept, and the entries of a BibTeX file: what another program holds for the
reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.interests.bibtex import read_bibtex
from app.interests.vectors import embedded
from app.show.text import plain

if TYPE_CHECKING:
    from index.config import Settings
    from index.library import Papers

__all__ = ["KeptPaper", "interests_of"]


@dataclass(frozen=True, slots=True)
class KeptPaper:
    """A paper that the reader keeps. ``paper_id`` is empty for one that is not in the library."""

    title: str
    vector: Sequence[float]
    paper_id: str = ""


def interests_of(
    library: Papers, settings: Settings, bibtex: Path | None = None
) -> tuple[KeptPaper, ...]:
    """All that the reader keeps; ``bibtex`` instead of the settings' file.

    Raises ``BibtexUnusable``, and what the model and the store raise.
    """
    kept_again, brought = library.marked("kept"), library.marked("brought")
    vectors = library.mean_vectors()
    kept = [
        KeptPaper(plain(one.title) or one.id, vectors[one.id], one.id)
        for one in library.listed()
        if one.id in vectors and (one.id not in brought or one.id in kept_again)
    ]
    file = bibtex or settings.bibtex
    if file is not None:
        entries = read_bibtex(file)
        rows = embedded([entry.text for entry in entries], library.embedder, settings.cache)
        kept += [
            KeptPaper(plain(entry.title), row) for entry, row in zip(entries, rows, strict=True)
        ]
    return tuple(kept)
