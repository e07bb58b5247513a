"""Groups the words of a table into rows, columns and cells, by their positions on the page.

Words at one height are a row. Wide spaces and drawn lines split a row into segments. Segments above
one another are a column, except those that span several columns of other rows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from index.read.page.pages import Area, Line, PageWord

THIN = 2.5  # points: a drawing no wider than this is a line
_WIDE_GAP = 0.65  # of the type's size: spaces between words of a cell are narrower
_STRIP = 0.45  # of the type's size: a strip as wide that no row crosses parts two columns
_ACROSS = 0.7  # of a table's width: a line as long parts rows
_NEAR = 0.9  # of the type's size: lines of one column are further apart
_NUMBER = re.compile(
    r"[~≈<>≤≥±+\-−–—$€£¥(\[]*(?:\d[\d.,:/%±×x()\[\]\s^*†‡§+\-−–—]*(?:e-?\d+)?[a-zA-Z%‰]{0,3}"
    r"|[-−–—]+|n/?a|✓|✗|×|\.\.\.|…)[)\]*†‡§^]*",
    re.I,
)


def is_number(text: str) -> bool:
    """Whether a cell's text is a number, or stands for one: "12.5 (0.3)", "–", "n/a"."""
    return _NUMBER.fullmatch(text) is not None


@dataclass(slots=True)
class GridCell:
    """A cell before it is written: its printed lines, and the columns and rows that it covers."""

    lines: list[Line]
    column: int
    across: int = 1
    row: int = 0
    down: int = 1

    @property
    def text(self) -> str:
        """Its words with a space between."""
        return " ".join(line.text for line in self.lines)

    @property
    def is_number(self) -> bool:
        """Whether it is a number, or stands for one."""
        return is_number(self.text)


@dataclass(slots=True)
class Grid:
    """A table: its rows of cells from left to right; the first ``head`` rows are the head."""

    caption: int  # identity of the caption's paragraph
    rows: list[list[GridCell]]
    columns: int
    head: int
    stub: int  # columns at the left that name the rows
    heads: tuple[int, ...] = ()  # rows of the body with new column heads


@dataclass(slots=True)
class Segment:
    """Words of one row with no wide space between them."""

    words: list[PageWord]
    row: int
    x0: float = field(init=False)
    x1: float = field(init=False)

    def __post_init__(self) -> None:
        self.x0 = min(word.x0 for word in self.words)
        self.x1 = max(word.x1 for word in self.words)

    def overlaps(self, x0: float, x1: float) -> bool:
        """Whether it overlaps the range from ``x0`` to ``x1`` horizontally."""
        return min(self.x1, x1) - max(self.x0, x0) > 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """Words of one height."""

    lines: tuple[Line, ...]
    between: tuple[Line, ...] = ()  # words half way to the next row, which are of both

    @property
    def y0(self) -> float:
        """Its top, in points."""
        return min(line.band[0] for line in self.lines)

    @property
    def y1(self) -> float:
        """Its bottom, in points."""
        return max(line.band[1] for line in self.lines)

    @property
    def middle(self) -> float:
        """Its height on the page, in points."""
        return median(line.middle for line in self.lines)

    @property
    def size(self) -> float:
        """The size of its largest type, in points."""
        return max(line.size for line in self.lines)


def ruled_across(lines: Sequence[Line], drawn: Sequence[Area]) -> list[float]:
    """The heights at which a line is drawn across the table, or several that together do."""
    left, right = min(line.x0 for line in lines), max(line.x1 for line in lines)
    heights: dict[int, list[Area]] = {}
    for one in drawn:
        if one.height <= THIN and one.width > 4:
            heights.setdefault(round((one.y0 + one.y1) / 2), []).append(one)
    found: list[float] = []
    for height, pieces in sorted(heights.items()):
        covered, end = 0.0, left
        for piece in sorted(pieces, key=lambda piece: piece.x0):
            covered += max(min(piece.x1, right) - max(piece.x0, end, left), 0.0)
            end = max(end, piece.x1)
        begins = min(piece.x0 for piece in pieces) <= left + 4  # one under a head does not
        if begins and covered >= _ACROSS * (right - left) and (not found or height > found[-1] + 3):
            found.append(float(height))
    return found


def rows_of(lines: Sequence[Line]) -> list[Row]:
    """Lines of one height, from top to bottom."""
    groups: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.middle):
        last = groups[-1] if groups else None
        if last is not None and line.middle - last[0].middle < 0.5 * min(line.size, last[0].size):
            last.append(line)
        else:
            groups.append([line])
    rows: list[Row] = []
    for number, group in enumerate(groups):
        row = Row(tuple(sorted(group, key=lambda line: line.x0)))
        near = _NEAR * row.size
        if rows and row.middle - rows[-1].middle < near and not _collide(rows[-1], row):
            # Words set between two rows stand for both.
            after = groups[number + 1][0].middle if number + 1 < len(groups) else math.inf
            both = after - row.middle < near
            known = rows[-1]
            rows[-1] = (
                Row(known.lines, (*known.between, *row.lines))
                if both
                else Row((*known.lines, *row.lines), known.between)
            )
        else:
            rows.append(row)
    return rows


def _collide(one: Row, other: Row) -> bool:
    """Whether a word of one row is above or below one of the other."""
    words = [word for line in one.lines for word in line.words]
    return any(
        min(word.x1, above.x1) - max(word.x0, above.x0) > 1
        for line in other.lines
        for word in line.words
        for above in words
    )


def segments_of(number: int, lines: Sequence[Line], upright: Sequence[Area]) -> list[Segment]:
    """The segments of a row between wide spaces and the vertical lines ``upright``."""
    if not lines:
        return []
    words = sorted((word for line in lines for word in line.words), key=lambda word: word.x0)
    walls = [one for one in upright if one.y0 <= lines[0].middle <= one.y1]
    size = max(line.size for line in lines)
    runs: list[list[PageWord]] = [[words[0]]]
    end = words[0].x1
    for word in words[1:]:
        wall = any(end - 1 <= (one.x0 + one.x1) / 2 <= word.x0 + 1 for one in walls)
        if word.x0 - end > _WIDE_GAP * size or wall:
            runs.append([])
        runs[-1].append(word)
        end = max(end, word.x1)
    return [Segment(run, number) for run in runs]


# --- columns --------------------------------------------------------------------------------------


def columns_of(
    segments: list[list[Segment]], between: Sequence[Sequence[Segment]], rows: Sequence[Row]
) -> list[tuple[float, float]]:
    """Left and right edge of each column. Segments that a strip parts are parted in place."""

    def clusters() -> list[tuple[float, float]]:
        every = [one for row in (*segments, *between) for one in row]
        return _clusters([one for one in every if id(one) not in spanning])

    spanning = _spanning([*segments, *between])
    columns = clusters()
    parted = False
    for x0, x1 in columns:
        for strip in _strips(x0, x1, segments, spanning, rows):
            parted = True
            for row in segments:
                row[:] = [half for one in row for half in _parted(one, strip)]
    if parted:
        spanning = _spanning([*segments, *between])
        columns = clusters()
    # A head between the columns that it covers is not a column of its own.
    body = [
        column
        for column in columns
        if any(one.overlaps(*column) for row in (*segments[1:], *between) for one in row)
    ]
    entries = {
        column: {one.row for row in (*segments, *between) for one in row if one.overlaps(*column)}
        for column in body
    }
    top = {column for column in body if len(rows) >= 4 and max(entries[column]) <= len(rows) // 3}
    return [column for column in body if column not in top] or columns


def _spanning(segments: Sequence[Sequence[Segment]]) -> set[int]:
    """The identities of the segments that reach over several segments of other rows."""
    found: set[int] = set()
    needed = max(1, round(0.3 * (len(segments) - 1)))
    # As ``Segment.overlaps`` does, without its calls: a table has the square of them.
    edges = [[(one.x0, one.x1) for one in row if one.x1 - one.x0 > 1.0] for row in segments]
    for place, row in enumerate(segments):
        others = [one for number, one in enumerate(edges) if number != place and len(one) >= 2]
        for one in row if len(others) >= needed else ():
            left, right = one.x0, one.x1
            if right - left > 1.0 and needed <= sum(
                [
                    len([1 for a, b in one if right - a > 1.0 and b - left > 1.0]) >= 2
                    for one in others
                ]
            ):
                found.add(id(one))
    return found


def _clusters(segments: Sequence[Segment]) -> list[tuple[float, float]]:
    columns: list[tuple[float, float]] = []
    for one in sorted(segments, key=lambda one: one.x0):
        if columns and one.overlaps(*columns[-1]):
            columns[-1] = (columns[-1][0], max(columns[-1][1], one.x1))
        else:
            columns.append((one.x0, one.x1))
    return columns


def _strips(
    x0: float,
    x1: float,
    segments: Sequence[Sequence[Segment]],
    spanning: set[int],
    rows: Sequence[Row],
) -> list[tuple[float, float]]:
    """Strips inside a column that no row crosses and that have words on both sides in most rows."""
    inside = [
        one for row in segments for one in row if id(one) not in spanning and one.overlaps(x0, x1)
    ]
    least = _STRIP * median(row.size for row in rows)
    words = sorted((word.x0, word.x1) for one in inside for word in one.words)
    found: list[tuple[float, float]] = []
    if not words:
        return found
    end = words[0][1]
    for left, right in words[1:]:
        if left - end >= least:
            both = sum(one.x0 < end and one.x1 > left for one in inside)
            if both >= max(3, 0.6 * len(inside)):
                found.append((end, left))
        end = max(end, right)
    return found


def _parted(one: Segment, strip: tuple[float, float]) -> list[Segment]:
    left = [word for word in one.words if word.x1 <= strip[0] + 0.1]
    right = [word for word in one.words if word.x0 >= strip[1] - 0.1]
    if not left or not right or len(left) + len(right) < len(one.words):
        return [one]
    return [Segment(left, one.row), Segment(right, one.row)]


# --- cells ----------------------------------------------------------------------------------------


def cells_of(
    rows: Sequence[Row],
    segments: Sequence[Sequence[Segment]],
    columns: Sequence[tuple[float, float]],
    rules: Sequence[Area],
) -> list[list[GridCell]]:
    """The cells of each row. ``rules`` are lines drawn below heads, across their columns."""
    cells: list[list[GridCell]] = []
    for number, (row, parts) in enumerate(zip(rows, segments, strict=True)):
        below = rows[number + 1].middle if number + 1 < len(rows) else row.y1 + row.size
        found: list[GridCell] = []
        for place, one in enumerate(parts):
            first, last = _covered(one, parts, place, columns, row, below, rules)
            line = _line_of(one.words, row)
            if found and found[-1].column + found[-1].across > first:
                # Two of one row for one column are one cell.
                known = found[-1]
                known.lines = [_line_of([*known.lines[0].words, *line.words], row)]
                known.across = max(known.across, last - known.column + 1)
            else:
                found.append(GridCell([line], first, last - first + 1))
        for one in segments_of(number, row.between, ()):
            first, last = _covered(one, [one], 0, columns, row, below, ())
            found.append(GridCell([_line_of(one.words, row)], first, last - first + 1, down=2))
        cells.append(sorted(found, key=lambda cell: cell.column))
    return cells


def _covered(
    one: Segment,
    parts: Sequence[Segment],
    place: int,
    columns: Sequence[tuple[float, float]],
    row: Row,
    below: float,
    rules: Sequence[Area],
) -> tuple[int, int]:
    """The first and the last column that a segment covers."""
    over = [number for number, column in enumerate(columns) if one.overlaps(*column)]
    middle = (one.x0 + one.x1) / 2
    under = [
        rule
        for rule in rules
        if row.middle < (rule.y0 + rule.y1) / 2 < below
        and rule.x0 - 2 <= middle <= rule.x1 + 2
        and not any(rule.x0 < (o.x0 + o.x1) / 2 < rule.x1 for o in parts if o is not one)
    ]
    for rule in under:
        held = [
            n for n, (x0, x1) in enumerate(columns) if rule.x0 - 2 <= (x0 + x1) / 2 <= rule.x1 + 2
        ]
        over = sorted({*over, *held})
    if over:
        return over[0], over[-1]
    # Between columns: over those on both sides, up to the middle between it and its neighbours.
    left = (parts[place - 1].x1 + one.x0) / 2 if place else columns[0][0]
    right = (parts[place + 1].x0 + one.x1) / 2 if place + 1 < len(parts) else columns[-1][1]
    centres = [(x0 + x1) / 2 for x0, x1 in columns]
    near = [number for number, centre in enumerate(centres) if left <= centre <= right]
    if near:
        return near[0], near[-1]
    nearest = min(range(len(columns)), key=lambda number: abs(centres[number] - middle))
    return nearest, nearest


def _line_of(words: Iterable[PageWord], row: Row) -> Line:
    return _joined(row.lines[0], words)


def _joined(like: Line, words: Iterable[PageWord]) -> Line:
    ordered = sorted(words, key=lambda word: word.x0)
    return Line(like.page, like.block, ordered, like.upright, like.column)


def undivided(
    cells: Sequence[list[GridCell]], head: int, columns: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    """The columns, without the bounds that the head does not have and a row of the body crosses;
    "- / 50.1" in one row and "55.2/66.1" in another are one column under one head."""
    heads = [cell for row in cells[:head] for cell in row]
    known = {end for cell in heads for end in (cell.column, cell.column + cell.across)}
    crossed = {
        bound
        for row in cells[head:]
        for cell in row
        if len(row) > 1
        for bound in range(cell.column + 1, cell.column + cell.across)
    }
    bounds = [n for n in range(len(columns)) if not heads or n in known or n not in crossed]
    if len(bounds) == len(columns):
        return columns
    place = [sum(bound <= column for bound in bounds) - 1 for column in range(len(columns))]
    for row in cells:
        for cell in row:
            last = place[cell.column + cell.across - 1]
            cell.column = place[cell.column]
            cell.across = last - cell.column + 1
        for one, other in reversed(list(pairwise(row))):
            if one.column == other.column and one.down == other.down:
                words = [*one.lines[0].words, *other.lines[0].words]
                one.lines = [_joined(one.lines[0], words)]
                one.across = max(one.across, other.across)
                row.remove(other)
    ends = [*bounds[1:], len(columns)]
    return [(columns[a][0], columns[b - 1][1]) for a, b in zip(bounds, ends, strict=True)]
