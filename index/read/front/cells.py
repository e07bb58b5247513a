"""Groups lines of the front matter into cells, of authors side by side.

The order of the page is row by row, but the lines of a cell belong together: name, department,
university, town.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.read.front.names import names_of
from index.read.front.places import INSTITUTION, MARKS
from index.read.page.pages import Line, PageWord

_SIGNS = f"{MARKS}+$"
_GAP = 1.8  # in type sizes: words further apart than this are in two cells


@dataclass(slots=True)
class _Cell:
    band: int  # the row that it begins in
    lines: list[Line]


def in_cells(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines of an author block by cells: from the top, and from left to right in a row."""
    cells: list[_Cell] = []
    rows = rows_of([part for line in lines for part in _cut_at_gaps(line)])
    for band, row in enumerate(rows):
        above = [_above(cells, line) for line in row]
        taken = [cell for found in above for cell in found]
        for line, found in zip(row, above, strict=True):
            only = len(found) == 1 and sum(cell is found[0] for cell in taken) == 1
            if only:
                found[0].lines.append(line)
            else:
                cells.append(_Cell(band, [line]))
    cells.sort(key=lambda cell: (cell.band, cell.lines[0].x0))
    return [_mark_first(cell.lines) for cell in cells]


def rows_of(lines: Sequence[Line]) -> list[list[Line]]:
    """Rows of side-by-side lines from top to bottom, each from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: (line.page, line.middle)):
        last = rows[-1][0] if rows else None
        if last is not None and last.page == line.page and line.middle - last.middle < 3:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.x0) for row in rows]


def _above(cells: Sequence[_Cell], line: Line) -> list[_Cell]:
    """The cells that end closely above a line, in its column."""
    found = []
    for cell in cells:
        last = cell.lines[-1]
        step = line.middle - last.middle
        beside = min(last.x1, line.x1) - max(last.x0, line.x0)
        near = last.page == line.page and 0.4 * line.size < step
        if near and step < 1.8 * max(line.size, last.size) and beside > 0:
            found.append(cell)
    return found


def _cut_at_gaps(line: Line) -> list[Line]:
    """The parts of a line between wide spaces: several cells in one line."""
    runs: list[list[PageWord]] = [[line.words[0]]]
    for word in line.words[1:]:
        if word.x0 - runs[-1][-1].x1 > _GAP * line.size:
            runs.append([])
        runs[-1].append(word)
    if len(runs) == 1:
        return [line]
    return [Line(line.page, line.block, run, line.upright, line.column) for run in runs]


def _mark_first(lines: list[Line]) -> list[Line]:
    """A cell with the superscript mark of its institution moved in front of it.

    "Adobe Research1" over "Seattle": an affiliation is one stretch of text and has no mark in it.
    """
    return [_turned(line) for line in lines]


def _turned(line: Line) -> Line:
    last = line.words[-1]
    text, style = last.parts[-1]
    body, rest = last.parts[0][0], last.parts[1:]
    raised = style.raised or style.size < 0.8 * line.size
    small = text.isdigit() or (len(text) == 1 and text.islower())
    if len(last.parts) == 1:  # a sign of full size
        body = last.text.rstrip(_SIGNS)
        text = last.text[len(body) :]
        rest = ((text, style),)
    elif len(last.parts) != 2 or not ((raised and small) or all(c in _SIGNS for c in text)):
        return line
    if not text or not body or not INSTITUTION.search(line.text) or names_of(line):
        return line
    x = last.x0 + len(body) / len(last.text) * (last.x1 - last.x0)
    head = PageWord(text, x, last.y0, last.x1, last.y1, rest)
    place = PageWord(body, last.x0, last.y0, x, last.y1, ((body, last.parts[0][1]),))
    return Line(line.page, line.block, [head, *line.words[:-1], place], line.upright, line.column)
