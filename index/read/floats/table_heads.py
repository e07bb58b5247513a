"""Finds the header cells of a table's rows and columns, and lines of words that are one row.

The rows above the first drawn horizontal line are the header. A line of words belongs to the row
above if it continues its cells and the cell above had no room for its next word.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from index.read.floats.grid import Grid, GridCell, Row

_OFF_CENTRE = 8.0  # points: a head is no further from the middle of what it is over
_HEAD_MOST = 5  # rows


def head_rows(rows: Sequence[Row], cells: Sequence[Sequence[GridCell]], across: list[float]) -> int:
    """The number of header rows."""
    for height in across:
        above = sum(row.middle < height for row in rows)
        if 0 < above < len(rows):
            if above > min(_HEAD_MOST, len(rows) - 1):
                break
            # A line below a head of several columns, before the row that heads each of them.
            while above < len(rows) - 1 and not any(
                cell.column == 0 for row in cells[:above] for cell in row
            ):
                more = cells[above]
                plain = len(more) > 1 and all(cell.across == 1 for cell in more)
                if not plain or more[0].column > 0 or any(cell.is_number for cell in more):
                    break
                if not any(cell.is_number for cell in cells[above + 1]):
                    break
                above += 1
            return above
    first = [cell for cell in cells[0] if cell.column > 0]
    numbers = sum(cell.is_number for cell in first)
    body = [cell for row in cells[1:] for cell in row if cell.column > 0]
    others = sum(cell.is_number for cell in body)
    bold = all(line.bold for cell in cells[0] for line in cell.lines)
    plain = not all(line.bold for row in cells[1:] for cell in row for line in cell.lines)
    words = first and numbers == 0 and others >= 0.5 * len(body)
    return 1 if words or (bold and plain) else 0


def whole_rows(
    rows: Sequence[Row],
    cells: list[list[GridCell]],
    head: int,
    columns: Sequence[tuple[float, float]],
    across: Sequence[float],
) -> tuple[list[list[GridCell]], int]:
    """Rows with the lines that go on in their cells, and the rows of the head then."""
    whole: list[list[GridCell]] = []
    bottom: list[Row] = []
    steps = sorted(after.middle - before.middle for before, after in pairwise(rows))
    tight = 1.25 * steps[len(steps) // 4]
    new_head = head
    for number, (row, found) in enumerate(zip(rows, cells, strict=True)):
        continued = (
            whole
            and number != head
            and row.middle - bottom[-1].middle <= tight
            and not any(bottom[-1].middle < height < row.middle for height in across)
            and _continues(whole[-1], found, columns)
        )
        if continued:
            for cell in found:
                known = next(one for one in whole[-1] if one.column == cell.column)
                known.lines += cell.lines
            bottom[-1] = row
            new_head -= number < head
            continue
        for cell in found:
            cell.row = len(whole)
        whole.append(found)
        bottom.append(row)
    return whole, new_head


def _continues(
    above: Sequence[GridCell], found: Sequence[GridCell], columns: Sequence[tuple[float, float]]
) -> bool:
    """Whether a line of words continues the cells above it: each had no room for its next word."""
    if len(found) > len(above) or any(cell.is_number for cell in found):
        return False
    if any(cell.column == 0 for cell in found) and (
        len(found) > 1 or not found[0].text[:1].islower()
    ):
        return False
    for cell in found:
        known = next((one for one in above if one.column == cell.column), None)
        if known is None or known.is_number or known.across != cell.across:
            return False
        last, word = known.lines[-1], cell.lines[0].words[0]
        room = columns[cell.column + cell.across - 1][1] - columns[cell.column][0]
        if last.width + 0.2 * last.size + (word.x1 - word.x0) < room - 1:
            return False
    return True


def stub_columns(body: Sequence[Sequence[GridCell]], columns: int) -> int:
    """The number of columns that head the rows: those left of the first one with numbers."""
    for column in range(1, columns):
        own = [cell for row in body for cell in row if cell.column == column and cell.across == 1]
        if own and sum(cell.is_number for cell in own) >= 0.5 * len(own):
            return column
    return 1


def is_sure(grid: Grid) -> bool:
    """Whether each row has a head or a number. Rows without either are lines of cells of running
    text that nothing separates."""
    body = grid.rows[grid.head :]
    bare = sum(
        not any(cell.column < grid.stub or cell.is_number for cell in cells) for cells in body
    )
    return bare <= 0.25 * len(body)


def heads_again(grid: Grid) -> tuple[int, ...]:
    """Rows of words in columns of numbers, as where several tables are one below the other."""
    numbers: dict[int, list[bool]] = {}
    for cells in grid.rows[grid.head :]:
        for cell in cells:
            numbers.setdefault(cell.column, []).append(cell.is_number)
    found: list[int] = []
    for row in range(grid.head, len(grid.rows) - 1):
        own = [cell for cell in grid.rows[row] if cell.column >= grid.stub]
        told = all(
            not cell.is_number
            and len(numbers[cell.column]) > 2
            and sum(numbers[cell.column]) >= 0.6 * len(numbers[cell.column])
            for cell in own
        )
        if len(own) >= 2 and told:
            found.append(row)
    return tuple(found)


def spread_names(grid: Grid, across: Sequence[float]) -> None:
    """Extend row heads over the rows without one, and heads of groups over their rows."""
    heights = [cells[0].lines[0].middle for cells in grid.rows]
    bands = [sum(height < middle for height in across) for middle in heights]
    for column in range(grid.stub):
        _spread_column(grid, column, bands)
    _spread_groups(grid)


def _spread_column(grid: Grid, column: int, bands: Sequence[int]) -> None:
    """Extend a row head over several rows: if it is alone between two horizontal lines, in the
    middle of the rows, or beside their first row. Otherwise it heads its own row only."""
    body = range(grid.head, len(grid.rows))
    names = {
        row: next((one for one in grid.rows[row] if one.column == column and one.across == 1), None)
        for row in body
    }
    for band in sorted({bands[row] for row in body}):
        rows = [row for row in body if bands[row] == band]
        named = [row for row in rows if names[row] is not None]
        if len(named) == 1 and len(set(bands)) > 2:
            extents = [(rows[0], rows[-1])]
        elif named and named[0] == rows[0]:
            extents = list(zip(named, [*(row - 1 for row in named[1:]), rows[-1]], strict=True))
        else:
            extents = _centred(rows, [(row, names[row]) for row in named])
        for row, (first, last) in zip(named, extents, strict=False):
            cell = names[row]
            if cell is not None:
                cell.row, cell.down = first, last - first + 1


def _centred(
    rows: Sequence[int], named: Sequence[tuple[int, GridCell | None]]
) -> list[tuple[int, int]]:
    """The first and last row of each head if every one is in the middle of its rows, else empty."""
    extents: list[tuple[int, int]] = []
    start = rows[0]
    for row, cell in named:
        half_below = cell is not None and cell.down == 2  # between this row and the next
        last = row + (row - start) + half_below
        if row < start or last > rows[-1]:
            return []
        extents.append((start, last))
        start = last + 1
    return extents if start == rows[-1] + 1 else []


def _spread_groups(grid: Grid) -> None:
    """Let a row with one cell head the rows below it: those up to the next such row across the
    table, or those that are indented."""
    body = range(grid.head, len(grid.rows))
    alone = [row for row in body if len(grid.rows[row]) == 1 and not grid.rows[row][0].is_number]
    cells = [cell for row in body for cell in grid.rows[row] if cell.column >= grid.stub]
    told = sum(cell.is_number for cell in cells) >= 0.3 * len(cells)
    wide = [row for row in alone if told and _heads_all(grid, grid.rows[row][0])]
    for place, row in enumerate(wide):
        end = wide[place + 1] if place + 1 < len(wide) else len(grid.rows)
        if end > row + 1:
            grid.rows[row][0].column = 0
            grid.rows[row][0].down = end - row
    for row in alone:
        cell = grid.rows[row][0]
        if row in wide or cell.column > 0:
            continue
        own = cell.lines[0].x0 + 2
        end = row + 1
        while end < len(grid.rows) and end not in wide:
            first = grid.rows[end][0]
            if first.column > 0 or first.lines[0].x0 <= own:
                break
            end += 1
        cell.down = max(end - row, 1)


def _heads_all(grid: Grid, cell: GridCell) -> bool:
    """Whether a name alone in its row is set as the head of the whole table's rows."""
    lines = [line for cells in grid.rows for one in cells for line in one.lines]
    left, right = min(line.x0 for line in lines), max(line.x1 for line in lines)
    own = cell.lines[0]
    if cell.column == 0 and cell.across <= max(1, grid.columns // 2):
        return False
    centred = abs(own.x0 + own.x1 - left - right) < 0.2 * (right - left) and own.x0 > left + 6
    return centred or (cell.across > 1 and (own.bold or own.italic))


def widen_heads(grid: Grid, columns: Sequence[tuple[float, float]]) -> None:
    """Extend a head over the columns in whose middle it is, if a row below it has a head for each
    of them."""
    for row in range(grid.head - 1):
        cells = grid.rows[row]
        below = {c.column for cells in grid.rows[row + 1 : grid.head] for c in cells}
        if _aligned_left(cells, columns):
            ends = [*(cell.column for cell in cells[1:]), len(columns)]
            for cell, end in zip(cells, ends, strict=True):
                while cell.column + cell.across < end and cell.column + cell.across in below:
                    cell.across += 1
            continue
        for place, cell in enumerate(cells):
            x0, x1 = cell.lines[0].x0, cell.lines[0].x1
            left = (cells[place - 1].lines[0].x1 + x0) / 2 if place else columns[0][1]
            right = math.inf
            if place + 1 < len(cells):
                right = (cells[place + 1].lines[0].x0 + x1) / 2
            near = [
                number
                for number, column in enumerate(columns)
                if number >= grid.stub
                and number in below
                and left < (column[0] + column[1]) / 2 < right
            ]
            reaches = {
                (first, last): abs(columns[first][0] + columns[last][1] - x0 - x1) / 2
                for first in near
                for last in near
                if first <= cell.column and last >= cell.column + cell.across - 1
            }
            best = min(reaches.values(), default=math.inf)
            if best <= _OFF_CENTRE:
                first, last = max(
                    (one for one in reaches if reaches[one] <= best + 2),
                    key=lambda one: one[1] - one[0],
                )
                cell.column, cell.across = first, last - first + 1


def _aligned_left(cells: Sequence[GridCell], columns: Sequence[tuple[float, float]]) -> bool:
    return all(abs(cell.lines[0].x0 - columns[cell.column][0]) < 1.5 for cell in cells)
