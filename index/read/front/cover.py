"""Reads an archive's cover, which says in so many words what the title is and who the authors are.

JSTOR puts one before each paper. The paper below is often a scan, whose title the recognition of
characters sets in any size and may have torn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import takewhile

from index.read.front.authors import FrontBlock
from index.read.front.title import is_archive_cover
from index.read.page.pages import Line, PageContent

_AUTHORS = re.compile(r"(?:author\(s\)|authors?)\s?:\s*", re.I)
_LABEL = re.compile(
    r"(?:source|review by|reviewed work\(s\)|published by|stable url|accessed|references)\b", re.I
)
_BETWEEN = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+|\s+&\s+")
_SUFFIX = re.compile(r"(?:[JS]r\.?|I{2,3}|IV)$")
_MOST_LINES = 8  # of a title
_ALIKE = 0.8  # of the letters of a title, since a recognised one has other letters here and there


@dataclass(frozen=True, slots=True)
class Cover:
    """What a cover says of the paper."""

    title: tuple[Line, ...]
    authors: tuple[str, ...]


def read_cover(pages: Sequence[PageContent]) -> Cover | None:
    """What the first archive's cover of these pages says; None if there is none, or no title."""
    for page in pages:
        lines = [line for line in page.lines if line.upright]
        place = next((n for n, line in enumerate(lines) if _AUTHORS.match(line.text)), 0)
        if not place or not is_archive_cover(lines):
            continue
        title = _alike_above(lines[:place], lines[place].size)
        below = takewhile(lambda line: not _LABEL.match(line.text), lines[place:])
        said = _AUTHORS.sub("", " ".join(line.text for line in below), count=1)
        if title:
            return Cover(title, _names(said))
    return None


def _alike_above(lines: Sequence[Line], size: float) -> tuple[Line, ...]:
    """The lines right above in the same type; a publisher's name is apart from them."""
    found: list[Line] = []
    for line in reversed(lines):
        apart = bool(found) and found[-1].y0 - line.y1 > 1.5 * size
        if apart or abs(line.size - size) > 0.6 or len(found) == _MOST_LINES:
            break
        found.append(line)
    return tuple(reversed(found))


def _names(said: str) -> tuple[str, ...]:
    names: list[str] = []
    for piece in _BETWEEN.split(" ".join(said.split())):
        if names and _SUFFIX.match(piece):
            names[-1] += f", {piece}"
        elif piece:
            names.append(piece)
    return tuple(names)


def printed_title(lines: Sequence[Line], cover: Cover) -> tuple[Line, ...]:
    """The lines of the paper's first page that print the cover's title; none if there are none."""
    wanted = _letters(cover.title)
    best: tuple[float, tuple[Line, ...]] = (_ALIKE, ())
    for start in range(len(lines)):
        for end in range(start + 1, min(start + _MOST_LINES, len(lines)) + 1):
            said = _letters(lines[start:end])
            if len(said) > 1.3 * len(wanted):
                break
            alike = SequenceMatcher(None, wanted, said, autojunk=False)
            if alike.real_quick_ratio() > best[0] and alike.ratio() > best[0]:
                best = alike.ratio(), tuple(lines[start:end])
    return best[1]


def _letters(lines: Sequence[Line]) -> str:
    return "".join(filter(str.isalnum, "".join(line.text for line in lines).casefold()))


def told_by(cover: Cover, front: FrontBlock) -> FrontBlock:
    """The front matter with the cover's title and authors, and with the places of those that the
    paper itself names, in whatever type.
    """
    if not cover.authors:
        return replace(front, title_lines=cover.title)
    places: list[tuple[int, ...]] = []
    own = dict(zip(map(_surname, front.authors), front.places_of, strict=False))
    for name in cover.authors:
        places.append(own.get(_surname(name), ()))
    return replace(front, title_lines=cover.title, authors=cover.authors, places_of=tuple(places))


def _surname(name: str) -> str:
    words = [word for word in name.casefold().replace(",", "").split() if not _SUFFIX.match(word)]
    return words[-1] if words else ""
