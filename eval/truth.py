"""Reads truth files: annotations of the contents of papers.

A truth file is a JSON list; each entry names a ``pdf`` and its contents: ``title``,
``authors``, ``affiliations`` (a list, as printed, or a list for each author), ``abstract``,
``sections`` (headings in order, as text or as ``{"title", "level"}``) with ``levels`` (the levels
that the list gives: ``"all"`` or numbers), and optionally ``figures`` (``{"label",
"page", "box"}``) and ``order`` (phrases of the text in reading order).

A folder may replace a truth file: each of its JSON files is an entry, which names the PDF as
``pdf`` or ``file``. In a folder without JSON files all PDFs are read, without annotations.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.boxes import letters
from index.errors import GlossError
from index.paper import Role
from index.read.text.headings import parse_heading, title_role
from index.spans import Box

_DOTTED = re.compile(r"\d{1,2}(?:\.\d{1,2})*\.?\s")


class TruthUnusable(GlossError):
    """A truth file is missing or invalid."""

    def __init__(self, path: Path | None, why: str) -> None:
        super().__init__(f"{path}: {why}" if path else why)
        self.path = path
        self.why = why


@dataclass(frozen=True, slots=True)
class Truth:
    """The annotations of a paper; None where a field is not annotated."""

    pdf: Path
    name: str
    title: str | None
    authors: tuple[str, ...] | None
    abstract: str | None
    headings: tuple[Named, ...] | None
    levels: tuple[int, ...] | None  # None: all
    figures: tuple[tuple[str, Box], ...] | None
    affiliations: tuple[tuple[str, ...], ...] | None  # of each author
    places: tuple[str, ...] | None  # affiliations as printed, of any author
    order: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Named:
    """A heading: its title as printed, and its level where that is known."""

    title: str
    level: int | None
    role: Role = "other"

    def is_like(self, other: Named) -> bool:
        """Whether the two are one heading: by their letters, with or without the number."""
        if self.level is not None and other.level is not None and self.level != other.level:
            return False
        return not self._spellings().isdisjoint(other._spellings())

    def _spellings(self) -> set[str]:
        return {letters(self.title), letters(parse_heading(self.title.strip()).title_alone)}


def read_truth(path: Path) -> list[Truth]:
    """The entries of a truth file or of a folder. Raises ``TruthUnusable``."""
    if path.is_dir():
        return list(_of_folder(path))
    entries = _json(path)
    if not isinstance(entries, list) or not entries:
        raise TruthUnusable(path, "is not a list of papers")
    return [_truth(path, number, entry) for number, entry in enumerate(entries, start=1)]


def _of_folder(folder: Path) -> Iterator[Truth]:
    files = sorted(folder.glob("*.json"))
    pdfs = [] if files else sorted(folder.rglob("*.pdf"))
    if not files and not pdfs:
        raise TruthUnusable(folder, "has neither truth files nor PDFs")
    for file in files:
        entry = _json(file)
        if isinstance(entry, dict) and "pdf" not in entry:
            entry["pdf"] = entry.get("file")
        yield _truth(file, 1, entry)
    for pdf in pdfs:
        yield _truth(folder, 1, {"pdf": str(pdf.relative_to(folder))})


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TruthUnusable(path, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise TruthUnusable(path, f"is not JSON: {error}") from error


def _truth(path: Path, number: int, entry: Any) -> Truth:
    if not isinstance(entry, dict) or not isinstance(entry.get("pdf"), str):
        raise TruthUnusable(path, f"entry {number} does not name a pdf")
    try:
        levels = entry.get("levels", "all")
        headings = entry.get("sections")
        figures = entry.get("figures")
        located = entry.get("affiliations")
        printed: tuple[str, ...] | None = None
        if isinstance(located, list) and all(isinstance(place, str) for place in located):
            printed, located = tuple(located), None
        if located is not None and len(located) != len(entry.get("authors") or ()):
            raise ValueError("affiliations are lists, one for each author")
        return Truth(
            pdf=_placed(entry["pdf"], path),
            name=entry["pdf"],
            title=entry.get("title") or None,
            authors=None if entry.get("authors") is None else tuple(map(str, entry["authors"])),
            abstract=entry.get("abstract") or None,
            headings=None if not headings else tuple(_named(headings)),
            levels=None if levels in ("all", None) else tuple(int(level) for level in levels),
            figures=None
            if not figures
            else tuple(
                (str(f["label"]), Box(int(f["page"]), *map(float, f["box"]))) for f in figures
            ),
            affiliations=None
            if located is None
            else tuple(tuple(map(str, places)) for places in located),
            places=printed,
            order=tuple(entry["order"]) if entry.get("order") else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TruthUnusable(path, f"entry {number} ({entry['pdf']}): {error}") from error


def _placed(name: str, truth: Path) -> Path:
    """A path of a truth file: absolute, or relative to the file or one of the folders above it, or
    in the folder of papers there that has the name of the file's own: ``bench/digests/a.json`` is
    of ``papers/digests/a.pdf``.
    """
    own = truth if truth.is_dir() else truth.parent
    for folder in (own, *own.resolve().parents):
        for placed in (folder / name, folder / "papers" / own.name / name):
            if placed.is_file():
                return placed
    return own / name


def _named(headings: Iterable[Any]) -> Iterable[Named]:
    """Headings with the given levels, or with those of decimal numbers in a list that has them."""
    rows = [
        (h["title"], h.get("level")) if isinstance(h, dict) else (str(h), None) for h in headings
    ]
    numbered = sum(bool(_DOTTED.match(title)) for title, _ in rows) >= 0.5 * len(rows)
    for title, level in rows:
        parsed = parse_heading(title.strip())
        if level is None and numbered and _DOTTED.match(title):
            level = len(parsed.number)
        appendix = parsed.in_appendix and numbered
        yield Named(title, level, "appendix" if appendix else title_role(title))
