"""Titles and abstracts of a BibTeX file, as reference managers (Zotero, JabRef) export it.

bibtexparser, because it knows BibTeX's strings, nested braces and comments, and goes on after an
entry that is broken.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from index.errors import GlossError
from index.fetch.feeds import plain_text

MOST = 5_000  # entries; 200 abstracts are embedded in some 20 seconds on two cores, once
_LARGEST = 50_000_000  # bytes


class BibtexUnusable(GlossError):
    """A BibTeX file that cannot be read, or has no titles."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}; give a BibTeX file (GLOSS_BIBTEX, or `bibtex` of FILE)")
        self.path = path
        self.why = why


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper by its title and, where the file has it, its abstract."""

    title: str
    abstract: str = ""

    @property
    def text(self) -> str:
        """What is embedded of it."""
        return f"{self.title}. {self.abstract}" if self.abstract else self.title


def read_bibtex(path: Path) -> tuple[Entry, ...]:
    """The entries that have a title, each once, in the file's order, ``MOST`` at most.

    Raises ``BibtexUnusable``.
    """
    import bibtexparser  # type: ignore[import-untyped]
    from bibtexparser.bparser import BibTexParser  # type: ignore[import-untyped]

    path = path.expanduser()
    try:
        if not path.is_file():
            raise BibtexUnusable(path, "no such file")
        if path.stat().st_size > _LARGEST:
            raise BibtexUnusable(path, f"has more than {_LARGEST // 10**6} MB")
        text = path.read_text("utf-8", errors="replace")
    except OSError as error:
        raise BibtexUnusable(path, f"cannot be read: {error.strerror or error}") from error
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # it logs lines of the file
    parser = BibTexParser(common_strings=True, ignore_nonstandard_types=False)
    try:
        read = bibtexparser.loads(text, parser=parser).entries
    except Exception as error:  # pyparsing's errors have no base but this
        raise BibtexUnusable(path, "is no BibTeX") from error
    found: dict[str, Entry] = {}
    for fields in read:
        title = _said(fields.get("title", ""))
        if title:
            found.setdefault(title.casefold(), Entry(title, _said(fields.get("abstract", ""))))
    if not found:
        raise BibtexUnusable(path, "has no entry with a title")
    return tuple(found.values())[:MOST]


def _said(field: str) -> str:
    """A field without the braces that keep capitals, and with its TeX accents as letters."""
    return plain_text(field).replace("{", "").replace("}", "").strip()
