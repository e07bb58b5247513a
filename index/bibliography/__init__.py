"""Exports of reference managers, read: RIS, BibTeX, Zotero's RDF, CSL-JSON, and Zotero itself.

What an export says is data of somebody else's. A module for each format turns it into ``Entry``s;
``attached`` decides which of the files that they name may be taken.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

from index.bibliography.refused import ExportUnusable
from index.disk import read_file
from index.entries import Entry, Imported

MEGABYTES = 100  # of an export: some 50,000 entries
ENTRIES_MOST = 50_000
ENDINGS = (".ris", ".bib", ".rdf", ".json")

__all__ = ["ENDINGS", "ExportUnusable", "read_export"]


def read_export(path: Path) -> Imported:
    """The entries of a file, by its ending. Raises ``ExportUnusable``."""
    read = _reader(path)
    try:
        if path.is_dir():
            raise ExportUnusable(str(path), f"a folder: name the {', '.join(ENDINGS)} file in it")
        data = read_file(path, MEGABYTES * 1_000_000)
    except OSError as error:
        why = error.strerror or "cannot be read"
        if error.errno == errno.EFBIG:
            why = f"larger than {MEGABYTES} MB: export it in parts"
        raise ExportUnusable(str(path), why) from error
    try:
        entries = read(data)
    except ExportUnusable as error:
        raise ExportUnusable(str(path), error.why) from error
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ExportUnusable(str(path), f"not as its ending says: {error}") from error
    if not entries:
        raise ExportUnusable(str(path), "no entry in it that has a title")
    if len(entries) > ENTRIES_MOST:
        raise ExportUnusable(str(path), f"more than {ENTRIES_MOST:,} entries: export it in parts")
    return Imported(tuple(entries), path.parent)


def _reader(path: Path) -> Callable[[bytes], list[Entry]]:
    match path.suffix.lower():
        case ".ris":
            from index.bibliography.ris import read_ris

            return read_ris
        case ".bib":
            from index.bibliography.bibtex import read_bibtex

            return read_bibtex
        case ".rdf":
            from index.bibliography.rdf import read_rdf

            return read_rdf
        case ".json":
            from index.bibliography.csl import read_csl

            return read_csl
    raise ExportUnusable(
        str(path), f"gloss imports {', '.join(ENDINGS)} files, and zotero: from Zotero itself"
    )
