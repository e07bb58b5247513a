"""Puts the lines of all pages in reading order, and measures the document.

``furniture`` is removed, ``columns`` finds the columns and the order, ``rows`` joins the pieces of
a printed line. ``breaks`` groups the lines into paragraphs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from index.paper import BlockKind
from index.read.order.columns import find_gutters, reading_order, units
from index.read.order.furniture import find_furniture
from index.read.order.rows import join_rows, with_initials
from index.read.page.pages import Line, PageContent, PageWord
from index.read.text.headings import opens_body

_LEAST_OF_COLUMN = 10  # lines of text on a page from which its column's edges are taken


@dataclass(slots=True)
class Paragraph:
    """Lines that belong together, of one kind."""

    kind: BlockKind
    lines: list[Line]
    label: int = 0  # a "run-in": how many words at its head are the label
    run_in: bool = False  # a heading's place: cut from the head of the paragraph that comes next

    @property
    def text(self) -> str:
        """The lines' words with a space between them."""
        return " ".join(line.text for line in self.lines)

    @property
    def words(self) -> list[PageWord]:
        """All its words in order."""
        return [word for line in self.lines for word in line.words]

    @property
    def size(self) -> float:
        """Type size of most of its lines."""
        return Counter(line.size for line in self.lines).most_common(1)[0][0]

    @property
    def bold(self) -> bool:
        """Whether all of it is bold."""
        return all(line.bold for line in self.lines)


@dataclass(slots=True)
class Layout:
    """A document's lines in reading order without furniture, and its measures."""

    lines: list[Line]
    first_page: list[Line]  # before its lines were joined: cells of authors are apart
    stamps: list[Line]  # text along the margin: arXiv's stamp
    furniture: list[Line]
    body_size: float
    leading: float
    # Left and right edge of a column, by page and column; page 0 stands for all.
    columns: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)
    gutters: dict[int, tuple[float, ...]] = field(default_factory=dict)  # by page

    def edges(self, line: Line) -> tuple[float, float]:
        """Left and right edge of the column that ``line`` is in."""
        here = self.columns.get((line.page, line.column))
        return here or self.columns.get((0, line.column), (line.x0, line.x1))


def lay_out(pages: Sequence[PageContent]) -> Layout:
    """Lines of all pages in reading order."""
    furniture, stamps = find_furniture(pages)
    away = {id(line) for line in furniture} | {id(line) for line in stamps}
    body_size = _body_size(line for page in pages for line in page.lines if id(line) not in away)
    gutters = find_gutters(pages, away)
    lines: list[Line] = []
    first_page: list[Line] = []
    for page in pages:
        kept = with_initials([line for line in page.lines if id(line) not in away], body_size)
        if page is pages[0]:
            first_page = [Line(page.number, line.block, list(line.words)) for line in kept]
        places = gutters[page.number]
        lines += reading_order(kept, places, _front_end(kept, places), page.width)
    # Twice: the numerator of a fraction in the text meets its line only once that is whole.
    lines = join_rows(join_rows(lines))
    columns: dict[tuple[int, int], tuple[float, float]] = {}
    body: dict[tuple[int, int], list[Line]] = {}
    for line in lines:
        if abs(line.size - body_size) < 1.1 and line.count > 3:
            for page_number in (0, line.page):
                body.setdefault((page_number, line.column), []).append(line)
    for place, alike in body.items():
        if place[0] == 0 or len(alike) >= _LEAST_OF_COLUMN:
            columns[place] = (
                _usual([line.x0 for line in alike], low=True),
                _usual([line.x1 for line in alike], low=False),
            )
    steps = [
        after.middle - before.middle
        for before, after in pairwise(lines)
        if before.page == after.page
        and before.column == after.column
        and 0 < after.middle - before.middle < 3 * body_size
        and abs(before.size - body_size) < 0.6
    ]
    leading = median(steps) if steps else 1.2 * body_size
    return Layout(lines, first_page, stamps, furniture, body_size, leading, columns, gutters)


def _usual(edges: list[float], low: bool) -> float:
    """The edge that most lines share; of the common ones the outermost."""
    common = Counter(round(edge) for edge in edges)
    most = common.most_common(1)[0][1]
    frequent = [edge for edge, count in common.items() if count >= 0.4 * most]
    return float(min(frequent) if low else max(frequent))


def _body_size(lines: Iterator[Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        if line.upright and line.count > 4:
            sizes[line.size] += len(line.text)
    if not sizes:
        return 10.0
    best = sizes.most_common(1)[0][0]
    near = {size: count for size, count in sizes.items() if abs(size - best) <= 0.3}
    return max(near, key=lambda size: near[size])


def _front_end(lines: list[Line], gutters: tuple[float, ...]) -> float:
    """The height at which page 1's body begins; 0 on other pages."""
    if not lines or lines[0].page != 1 or not gutters or _is_titled_in_column(lines, gutters):
        return 0.0
    heights = [line.y0 for line in lines if opens_body(line.text)]
    heights += [
        unit.lines[0].y0
        for unit in units(lines, {})
        if any(_is_column_of_prose(unit.lines, gutter) for gutter in gutters)
    ]
    return min(heights, default=0.0)


def _is_titled_in_column(lines: list[Line], gutters: tuple[float, ...]) -> bool:
    """Whether the title is at the head of one column, and text beside it in the others."""
    upper = [line for line in lines if line.y0 < 300 and len(line.words) > 1]
    largest = max((line.size for line in upper), default=0.0)
    title = [line for line in upper if line.size > largest - 0.3]
    others = [line for line in upper if line.size < largest - 2 and len(line.words) > 4]
    if not others or len(title) > 8:
        return False
    left = max((x for x in gutters if x <= title[0].x0 + 4), default=0.0)
    right = min((x for x in gutters if x > title[0].x0 + 4), default=float("inf"))
    inside = all(line.x0 >= left - 4 and line.x1 <= right + 4 for line in title)
    beside = [line for line in others if line.x0 >= right - 4 or line.x1 <= left + 4]
    foot = max(line.y1 for line in title)
    return inside and sum(line.y0 < foot + 4 for line in beside) >= 2


def _is_column_of_prose(unit: list[Line], gutter: float) -> bool:
    """Whether a unit is justified text on one side of the gutter, as no cells of authors are."""
    left = all(line.x1 <= gutter + 4 for line in unit)
    right = all(line.x0 >= gutter - 4 for line in unit)
    rows: list[tuple[float, float, float]] = []  # the file may cut a line at a wide space
    for line in unit:
        if rows and abs(rows[-1][0] - line.middle) < 2:
            _, x0, x1 = rows.pop()
            rows.append((line.middle, min(x0, line.x0), max(x1, line.x1)))
        else:
            rows.append((line.middle, line.x0, line.x1))
    full = max(x1 - x0 for _, x0, x1 in rows)
    even = sum(x1 - x0 > 0.9 * full for _, x0, x1 in rows)
    return len(rows) >= 5 and (left or right) and even >= len(rows) - 2 and full > 0.6 * gutter
