"""Reads tables and their cells from the boxes of captions that name a table.

The result is checked: a table whose rows cannot be separated stays text. Each table becomes one
block of the text, row by row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from index.paper import BlockKind
from index.read.floats.captions import figure_name
from index.read.floats.grid import (
    THIN,
    Grid,
    cells_of,
    columns_of,
    rows_of,
    ruled_across,
    segments_of,
    undivided,
)
from index.read.floats.table_heads import (
    head_rows,
    heads_again,
    is_sure,
    spread_names,
    stub_columns,
    whole_rows,
    widen_heads,
)
from index.read.order.kinds import has_gap, prose_words
from index.read.order.layout import Paragraph
from index.read.page.pages import Area, Line, PageContent
from index.spans import Box

_NOTE = 6  # words of prose: fewer are cells
_ROWS_MOST = 400  # of a table: the search takes quadratic time


def find_tables(
    parts: list[Paragraph],
    boxes: dict[int, Box],
    pages: Sequence[PageContent],
    kept: Collection[int] = (),
) -> dict[int, Grid]:
    """The tables of captions with a box, by the identity of the paragraph that replaces each.

    ``boxes`` has the identities of the captions' paragraphs, ``kept`` those of paragraphs that are
    not part of a table whatever their kind. In ``parts``, one paragraph replaces the paragraphs of
    a table, in the place of the first of them.
    """
    page_of = {page.number: page for page in pages}
    grids: dict[int, Grid] = {}
    for caption in [part for part in parts if id(part) in boxes]:
        name = figure_name(caption.text)
        box = boxes[id(caption)]
        if name is None or name.kind != "table":
            continue
        area = Area(box.x0, box.y0, box.x1, box.y1)
        lines = [
            cut
            for part in parts
            if part.kind == "table" and id(part) not in kept
            for line in part.lines
            if line.page == box.page and (cut := _cut(line, area, inside=True)) is not None
        ]
        rules = [one for one in page_of[box.page].drawn if area.meets(one, 2)]
        grid, notes = _grid(id(caption), lines, rules)
        if grid is None:
            continue
        table = Paragraph("table", [line for row in grid.rows for c in row for line in c.lines])
        kind: BlockKind = "footnote" if _is_note(notes) else "table"
        put = [table, *([Paragraph(kind, notes)] if notes else [])]
        parts[:] = _replaced(parts, area, box.page, put, kept)
        grids[id(table)] = grid
    return grids


def _is_note(lines: Sequence[Line]) -> bool:
    """Whether the lines below the last rule of a table are running text, not rows."""
    words = [word for line in lines for word in line.words]
    prose = prose_words(words)
    return prose >= _NOTE and prose > 0.5 * len(words) and not any(map(has_gap, lines))


def _cut(line: Line, area: Area, *, inside: bool) -> Line | None:
    """The words of a line inside an area, or outside: two tables may be side by side."""
    if not line.upright:
        return None if inside else line
    words = [
        word
        for word in line.words
        if inside
        == (
            area.x0 <= (word.x0 + word.x1) / 2 <= area.x1
            and area.y0 <= (word.y0 + word.y1) / 2 <= area.y1
        )
    ]
    if len(words) == len(line.words):
        return line
    return Line(line.page, line.block, words, line.upright, line.column) if words else None


def _replaced(
    parts: Sequence[Paragraph],
    area: Area,
    page: int,
    put: Sequence[Paragraph],
    kept: Collection[int],
) -> Iterator[Paragraph]:
    """The paragraphs with ``put`` in place of the table text in an area of a page."""
    waiting = list(put)
    for part in parts:
        if (
            part.kind != "table"
            or id(part) in kept
            or all(line.page != page for line in part.lines)
        ):
            yield part
            continue
        rest = [
            cut
            for line in part.lines
            if (cut := line if line.page != page else _cut(line, area, inside=False)) is not None
        ]
        if sum(len(line.words) for line in rest) < sum(len(line.words) for line in part.lines):
            yield from waiting
            waiting = []
            part.lines = rest
        if rest:
            yield part


def _grid(
    caption: int, lines: Sequence[Line], drawn: Sequence[Area]
) -> tuple[Grid | None, list[Line]]:
    """The table in these lines, and the lines of notes below it; None if it is not a table."""
    if not lines:
        return None, []
    across = ruled_across(lines, drawn)
    notes: list[Line] = []
    if len(across) >= 2:
        notes = [line for line in lines if line.middle > across[-1]]
        if len(notes) == len(lines):
            notes = []
    away = {id(line) for line in notes}
    rows = rows_of([line for line in lines if id(line) not in away])
    if not 2 <= len(rows) <= _ROWS_MOST:
        return None, []
    upright = [one for one in drawn if one.width <= THIN and one.height > 0.8 * rows[0].size]
    segments = [segments_of(number, row.lines, upright) for number, row in enumerate(rows)]
    between = [segments_of(number, row.between, ()) for number, row in enumerate(rows)]
    columns = columns_of(segments, [row for row in between if row], rows)
    if len(columns) < 2:
        return None, []
    parts = [
        one
        for one in drawn
        if one.height <= THIN and one.width > 8 and min(abs(one.y0 - y) for y in [*across, 0]) > 3
    ]
    cells = cells_of(rows, segments, columns, parts)
    head = head_rows(rows, cells, across)
    columns = undivided(cells, head, columns)
    cells, head = whole_rows(rows, cells, head, columns, across)
    if len(cells) < 2:
        return None, []
    grid = Grid(caption, cells, len(columns), head, stub_columns(cells[head:], len(columns)))
    if not is_sure(grid):
        return None, []
    widen_heads(grid, columns)
    spread_names(grid, across)
    grid.heads = heads_again(grid)
    return grid, notes
