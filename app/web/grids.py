"""Tables of a paper as tables of HTML: rows that are quoted, under the heads that they have.

What a cell covers is said by its table (``index.paper.Table``). HTML fills each column of a row
once, so that a cell gives way where another one begins, and a name that covers rows that are left
out is written beside the first that is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.show.pieces import Piece, pieces_of
from app.show.text import plain
from index.paper import Cell, Paper, Table
from index.spans import Span

_ROWS_MOST = 12  # of a table in a quote
_COLUMNS_MOST = 60
_CAPTION_MOST = 200  # characters


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell of a table as HTML has it; without pieces where the table has none."""

    pieces: tuple[Piece, ...] = ()
    across: int = 1
    down: int = 1
    scope: str = ""  # of a head: "col", "colgroup", "row", "rowgroup"
    quoted: bool = False  # among cells of its row that are not
    start: int = 0  # in the paper's text


Rows = tuple[tuple[GridCell, ...], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of a table under its heads."""

    caption: str
    head: Rows
    rows: Rows
    more: int = 0  # rows of the quote that were left out


def tables_in(paper: Paper, span: Span) -> list[Table]:
    """The tables of which a span has a cell."""
    return [table for table in paper.tables if table.rows and any(_cells_in(table, span))]


def grid_of(paper: Paper, table: Table, span: Span) -> Grid:
    """The rows of a table that a span has a cell of; all of them where it has only heads."""
    inside = list(_cells_in(table, span))
    wanted = {cell.row for cell in inside if cell.row >= len(table.header)}
    rows = [row for row in table.rows if row and (not wanted or row[0].row in wanted)]
    kept = rows[:_ROWS_MOST]
    return _grid(paper, table, kept, len(rows) - len(kept), inside)


def whole_grid(paper: Paper, table: Table) -> Grid:
    """All of a table."""
    return _grid(paper, table, [row for row in table.rows if row], 0, ())


def _grid(
    paper: Paper, table: Table, kept: Sequence[tuple[Cell, ...]], more: int, inside: Sequence[Cell]
) -> Grid:
    columns = max(cell.column + cell.across for row in (*table.header, *table.rows) for cell in row)
    layout = _Layout(paper, table, min(columns, _COLUMNS_MOST), frozenset(inside))
    caption = plain(table.caption.of(paper.text)) or plain(table.label)
    if len(caption) > _CAPTION_MOST:
        caption = f"{caption[:_CAPTION_MOST].rsplit(' ', 1)[0]} …"
    return Grid(caption, layout.head(), layout.body(kept), more)


def _cells_in(table: Table, span: Span) -> Iterator[Cell]:
    if span.start >= table.span.end or table.span.start >= span.end:
        return
    for row in (*table.header, *table.rows):
        for cell in row:
            if cell.span.start < span.end and span.start < cell.span.end:
                yield cell


_Placed = tuple[Cell, int]
"""A cell, and how many of the rows that are shown it may cover."""


@dataclass(frozen=True)
class _Layout:
    """Lays the cells of a table out, row by row."""

    paper: Paper
    table: Table
    columns: int
    quoted: frozenset[Cell]

    def head(self) -> Rows:
        rows = [[(cell, cell.down) for cell in row] for row in self.table.header]
        return self._laid(rows, "col")

    def body(self, kept: Sequence[tuple[Cell, ...]]) -> Rows:
        """Rows; before them the names of their groups, and heads that head the columns anew."""
        laid: list[tuple[GridCell, ...]] = []
        part: list[list[_Placed]] = []
        by_row = {row[0].row: row for row in self.table.rows if row}
        shown = {row[0].row for row in kept}
        above: tuple[Cell, ...] = ()
        anew: int | None = None
        for row in kept:
            number = row[0].row
            groups = tuple(
                one[0] for first, one in by_row.items()
                if first not in shown and _names_rows(one) and first < number < first + one[0].down
            )  # fmt: skip
            head = max((one for one in self.table.heads if one < number), default=None)
            if groups != above or head != anew or _names_rows(row):
                laid += self._laid(part)
                part = []
            if head is not None and head != anew and head not in shown and head in by_row:
                laid += self._laid([[(cell, 1) for cell in by_row[head]]], "col")
            laid += [self._group(one) for one in groups if one not in above]
            above, anew = groups, head
            if _names_rows(row):
                laid.append(self._group(row[0]))
            else:
                own = [(cell, _covered(cell, shown)) for cell in row]
                part.append([*own, *_names(number, by_row, shown)])
        return (*laid, *self._laid(part))

    def _group(self, cell: Cell) -> tuple[GridCell, ...]:
        pieces = tuple(pieces_of(self.paper, cell.span))
        return (GridCell(pieces, self.columns, scope="rowgroup", start=cell.span.start),)

    def _laid(self, rows: Sequence[Sequence[_Placed]], scope: str = "") -> Rows:
        places = [{cell.column: (cell, down) for cell, down in reversed(row)} for row in rows]
        taken: set[tuple[int, int]] = set()  # by cells of rows above
        laid = []
        for number, cells in enumerate(places):
            done: list[GridCell] = []
            column = 0
            while column < self.columns:
                across = down = 1
                if (number, column) in taken:
                    column += 1
                    continue
                if column not in cells:
                    done.append(GridCell())
                else:
                    cell, reach = cells[column]
                    while across < cell.across and self._free(
                        number, column + across, places, taken
                    ):
                        across += 1
                    beside = range(column, column + across)
                    while down < min(reach, len(rows) - number) and all(
                        one not in places[number + down] for one in beside
                    ):
                        down += 1
                    taken |= {(number + n, one) for n in range(1, down) for one in beside}
                    done.append(self._cell(cell, across, down, scope, rows[number]))
                column += across
            laid.append(tuple(done))
        return tuple(laid)

    def _free(
        self,
        number: int,
        column: int,
        places: Sequence[dict[int, _Placed]],
        taken: set[tuple[int, int]],
    ) -> bool:
        inside = column < self.columns
        return inside and column not in places[number] and (number, column) not in taken

    def _cell(
        self, cell: Cell, across: int, down: int, scope: str, row: Sequence[_Placed]
    ) -> GridCell:
        if scope:
            scope = "colgroup" if across > 1 else scope
        elif cell.column < self.table.stub:
            scope = "rowgroup" if down > 1 else "row"
        part = cell in self.quoted and not all(one in self.quoted for one, _ in row)
        pieces = tuple(pieces_of(self.paper, cell.span))
        return GridCell(pieces, across, down, scope, part and not scope, cell.span.start)


def _names_rows(row: Sequence[Cell]) -> bool:
    """Whether a row is the name of the rows below it."""
    return len(row) == 1 and row[0].down > 1


def _covered(cell: Cell, shown: set[int]) -> int:
    """How many rows that are shown side by side a cell covers, its own among them."""
    covered = 1
    while covered < cell.down and cell.row + covered in shown:
        covered += 1
    return covered


def _names(number: int, by_row: dict[int, tuple[Cell, ...]], shown: set[int]) -> Iterator[_Placed]:
    """The cells of rows left out that cover this one, with the first row that is shown of these."""
    for row, cells in by_row.items():
        if row >= number or row in shown or _names_rows(cells):
            continue
        for cell in cells:
            covers = [one for one in shown if row < one < row + cell.down]
            if covers and number == min(covers):
                yield cell, len(covers)
