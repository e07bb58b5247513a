"""Reads the cells of Markdown and HTML tables, from rows of text with bars between cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from index.paper import Block, Cell, Figure, Table
from index.read.floats.captions import figure_name
from index.read.floats.grid import is_number
from index.spans import Span


def find_tables(text: str, blocks: Sequence[Block], figures: Sequence[Figure]) -> Iterator[Table]:
    """The tables of a text whose rows all have as many cells; of another one nobody can say which
    head a cell is under. A table has the label of the caption right before or after it.
    """
    captions = {figure.caption: figure for figure in figures}
    for place, block in enumerate(blocks):
        if block.kind != "table":
            continue
        rows = [row for row in _rows(text, block.span) if any(map(len, row))]
        widths = {len(row) for row in rows}
        if len(rows) < 2 or len(widths) > 1 or widths == {1}:
            continue
        beside = [blocks[n].span for n in (place - 1, place + 1) if 0 <= n < len(blocks)]
        near = [captions[span] for span in beside if span in captions]
        named = next(
            (one for one in near if (name := figure_name(one.label)) and name.kind == "table"), None
        )
        yield _table(text, rows, block.span, named)


def _rows(text: str, span: Span) -> list[list[Span]]:
    """The places of all cells of each row, those that are empty too."""
    rows: list[list[Span]] = []
    start = span.start
    for line in span.of(text).split("\n"):
        row: list[Span] = []
        at = start
        for part in line.split("|"):
            left = at + len(part) - len(part.lstrip())
            row.append(Span(left, max(at + len(part.rstrip()), left)))
            at += len(part) + 1
        rows.append(row)
        start += len(line) + 1
    return rows


def _table(text: str, rows: Sequence[Sequence[Span]], span: Span, named: Figure | None) -> Table:
    cells = [
        tuple(Cell(one, None, row, column) for column, one in enumerate(spans) if len(one))
        for row, spans in enumerate(rows)
    ]
    numbers = [[is_number(one.of(text)) for one in spans] for spans in rows]
    head = 0 if any(numbers[0][1:]) else 1
    body = numbers[head:]
    columns = range(1, len(rows[0]))
    stub = next((n for n in columns if sum(row[n] for row in body) >= 0.5 * len(body)), 1)
    return Table(
        named.label if named else "",
        named.caption if named else Span(span.start, span.start),
        tuple(cells[:head]),
        tuple(cells[head:]),
        stub,
        (),
        None,
    )
