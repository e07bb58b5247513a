"""Titles and abstracts of a BibTeX file, as reference managers (Zotero, JabRef) export it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from index.bibliography.bibtex import read_bibtex as entries_of
from index.bibliography.refused import ExportUnusable
from index.errors import GlossError

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
    path = path.expanduser()
    try:
        if not path.is_file():
            raise BibtexUnusable(path, "no such file")
        if path.stat().st_size > _LARGEST:
            raise BibtexUnusable(path, f"has more than {_LARGEST // 10**6} MB")
        data = path.read_bytes()
    except OSError as error:
        raise BibtexUnusable(path, f"cannot be read: {error.strerror or error}") from error
    try:
        read = entries_of(data)
    except ExportUnusable as error:
        raise BibtexUnusable(path, "is no BibTeX") from error
    found: dict[str, Entry] = {}
    for one in read:
        found.setdefault(one.title.casefold(), Entry(one.title, one.abstract))
    if not found:
        raise BibtexUnusable(path, "has no entry with a title")
    return tuple(found.values())[:MOST]
