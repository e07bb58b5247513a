"""Marks cells of tables and labels of drawings, by the paragraphs around them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from index.read.order.kinds import COMPLETE, has_gap, is_contents_row, prose_words
from index.read.order.layout import Layout, Paragraph
from index.read.page.pages import Line

_LISTING = re.compile(r"algorithm|listing|procedure", re.I)
_CELL_WORDS = 30  # of prose: more is a paragraph in small type


def mark_cells(parts: Sequence[Paragraph], headings: set[int], layout: Layout) -> None:
    """Mark text between cells that is not prose as tables: heads, labels of axes.

    ``headings`` are the identities of the parts that are headings.
    """
    for part in parts:
        if part.kind == "paragraph" and id(part) not in headings and is_contents_row(part):
            part.kind = "table"
    _listings(parts, headings, layout)
    for part in _side_by_side([part for part in parts if id(part) not in headings]):
        if _is_cell(part, layout):
            part.kind = "table"
    for ordered, captions in ((parts, ("Table",)), (parts[::-1], ("Table", "Fig", "FIG"))):
        cells: Paragraph | None = None
        for part in ordered:
            beside = cells is not None and cells.lines[0].page == part.lines[0].page
            if beside and id(part) not in headings and _is_cell(part, layout):
                part.kind = "table"
            # The figure is above its caption; below the caption, the text continues.
            of_table = part.kind == "caption" and part.text.startswith(captions)
            heading = id(part) in headings
            cells = part if (part.kind == "table" and not heading) or of_table else None
    _sandwiched(parts, headings, layout)


def _side_by_side(parts: Sequence[Paragraph]) -> Iterator[Paragraph]:
    """The parts that share a row with another part of their column, as only cells do."""
    short = [part for part in parts if len(part.lines) <= 3]
    for part in short:
        first = part.lines[0]
        for other in short:
            line = other.lines[0]
            same = other is not part and line.page == first.page
            if same and abs(line.middle - first.middle) < 2 and 0 in {line.column, first.column}:
                yield part
                break


def _listings(parts: Sequence[Paragraph], headings: set[int], layout: Layout) -> None:
    """The lines of an algorithm, below its caption, up to the next gap."""
    last: Line | None = None
    for part in parts:
        first = part.lines[0]
        if part.kind == "caption" and _LISTING.match(part.text):
            last = part.lines[-1]
            continue
        near = (
            last is not None
            and first.page == last.page
            and first.column == last.column
            and 0 < first.middle - last.middle < 1.45 * layout.leading
        )
        if near and part.kind in ("paragraph", "equation", "table") and id(part) not in headings:
            part.kind = "table"
            last = part.lines[-1]
        else:
            last = None


def _is_cell(part: Paragraph, layout: Layout) -> bool:
    if part.kind != "paragraph" or len(part.lines) > 3 or COMPLETE.search(part.lines[-1].text):
        return False
    left, right = layout.edges(part.lines[0])
    if any(has_gap(line) for line in part.lines):
        return prose_words(part.words) <= 12
    inside = min(line.x0 for line in part.lines) > left + 2 or part.bold
    narrow = max(line.width for line in part.lines) < 0.6 * (right - left)
    return inside and narrow and prose_words(part.words) <= 8


def _sandwiched(parts: Sequence[Paragraph], headings: set[int], layout: Layout) -> None:
    """Sentences in small type between cells of one page are cells too."""
    run: list[Paragraph] = []
    begun: Paragraph | None = None
    for part in parts:
        small = (
            part.kind == "paragraph"
            and part.size < layout.body_size - 0.8
            and prose_words(part.words) <= _CELL_WORDS
        )
        if begun is not None and small and id(part) not in headings:
            run.append(part)
            continue
        if part.kind == "table" and begun is not None and len(run) <= 8:
            for cell in run:
                if cell.lines[0].page == begun.lines[0].page == part.lines[0].page:
                    cell.kind = "table"
        run = []
        begun = part if part.kind == "table" and id(part) not in headings else None
