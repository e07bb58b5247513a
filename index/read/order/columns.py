"""Finds the columns of each page, and the reading order of its lines.

A *gutter* is a vertical strip that few lines cross, with full lines on both sides at the same
heights. Most pages of a document have the same gutters, so a page without visible gutters gets the
usual ones, and a page that differs (mirrored margins, three columns after two, a box beside the
text) keeps its own.

The order is the recursive XY cut of Nagy and Seth (1984): lines across all columns divide a page
into bands, and a band is divided at the gutter that no line crosses.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from index.read.page.bidi import runs_right_to_left
from index.read.page.pages import Line, PageContent

_STEP = 3  # points between places that are tried
_NARROWEST = 0.13  # of the page's width: no column of text is narrower
_FULL = 0.8  # of a column's width: shorter lines may be cells
_LEAST = 6  # full lines on either side
_FEW = 4  # where the other side is full, and nothing crosses: the last column of a paper
_STRONG = 10  # full lines with which a page that differs from the others is believed
_LEAST_LINES = 12  # of a page that has something to say on columns
_SAME = 20.0  # points: gutters of two pages that are the same one
_SLACK = 4.0  # points that a line may reach over a gutter
_HEADING_LINES = 2
_BESIDE = 0.6  # of the other column: a narrower one on page 1 is a box, read before the text


@dataclass(frozen=True, slots=True)
class Gutter:
    """A gutter and how many full lines, less those that cross, say that it is one."""

    x: float
    score: int


def find_gutters(pages: Sequence[PageContent], away: set[int]) -> dict[int, tuple[float, ...]]:
    """The gutters of each page in points from the left, by the page's number.

    ``away`` has the identities of lines that are not text of the paper, such as running heads.
    """
    texts: dict[int, list[Line]] = {}
    own: dict[int, list[Gutter]] = {}
    for page in pages:
        lines = [line for line in page.lines if id(line) not in away and len(line.text) > 8]
        texts[page.number] = lines
        if len(lines) >= _LEAST_LINES:
            found = _gutters(lines, 0.0, page.width, page.width)
            own[page.number] = sorted(found, key=lambda gutter: gutter.x)
    usual = _usual(list(own.values()))
    chosen: dict[int, tuple[float, ...]] = {}
    for page in pages:
        lines = texts[page.number]
        found = own.get(page.number, [])
        gutters = _chosen(found, tuple(x for x in usual if not _is_crossed(lines, x)))
        if page.number == 1 and not gutters:
            gutters = _beside_box(lines, page.width)
        chosen[page.number] = gutters
    return chosen


def _is_crossed(lines: list[Line], x: float) -> bool:
    """Whether most lines of text of a page run across a place."""
    prose = [line for line in lines if line.count > 4]
    return sum(line.x0 < x - 2 and line.x1 > x + 2 for line in prose) > 0.5 * len(prose)


def _beside_box(lines: list[Line], width: float) -> tuple[float, ...]:
    """The gutter between the text of page 1 and a journal's side column (how to cite the article,
    its dates, its subject), in which lines are short and which no line crosses.
    """
    found: list[tuple[int, float]] = []
    for step in range(15, 86):
        x = width * step / 100
        before = [line for line in lines if line.x1 <= x]
        after = [line for line in lines if line.x0 >= x]
        for text, box in ((before, after), (after, before)):
            full = _full(text)
            if len(full) < 2 * _LEAST or len(box) < _LEAST:
                continue
            top, bottom = min(one.y0 for one in full), max(one.y1 for one in full)
            beside = [one for one in box if top < one.middle < bottom and one.count > 1]
            over = [
                one
                for one in lines
                if one.x0 < x < one.x1 and top < one.middle < bottom and one.count > 1
            ]
            if len(beside) >= _LEAST and not over:
                found.append((len(beside), x))
    if not found:
        return ()
    most = max(found)[0]
    places = [x for count, x in found if count == most]
    return (median(places),)


def _gutters(lines: list[Line], left: float, right: float, width: float) -> list[Gutter]:
    """The gutters between ``left`` and ``right``, the clearest and then those beside it."""
    if right - left < 2 * _NARROWEST * width or len(lines) < _LEAST + _FEW:
        return []
    ends = sorted(line.x1 for line in lines)
    begins = sorted(line.x0 for line in lines)
    margin = _NARROWEST * width
    crossing: list[tuple[int, float]] = []
    x = left + margin
    while x <= right - margin:
        before = bisect_right(ends, x + 2)
        after = len(lines) - bisect_left(begins, x - 2)
        if before >= _FEW and after >= _FEW:
            crossing.append((len(lines) - before - after, x))
        x += _STEP
    best: Gutter | None = None
    for place in _valleys(crossing):
        gutter = _judged(lines, place, width)
        if gutter is not None and (best is None or gutter.score > best.score):
            best = gutter
    if best is None:
        return []
    before_it = [line for line in lines if line.x1 <= best.x + _SLACK]
    after_it = [line for line in lines if line.x0 >= best.x - _SLACK]
    return [
        *_gutters(before_it, left, best.x, width),
        best,
        *_gutters(after_it, best.x, right, width),
    ]


def _valleys(crossing: list[tuple[int, float]]) -> list[float]:
    """The middle of each stretch that fewer lines cross than what lies on both sides of it."""
    found: list[float] = []
    start = 0
    while start < len(crossing):
        end = start
        while end + 1 < len(crossing) and crossing[end + 1][0] == crossing[start][0]:
            end += 1
        lower_left = start == 0 or crossing[start - 1][0] > crossing[start][0]
        lower_right = end + 1 == len(crossing) or crossing[end + 1][0] > crossing[start][0]
        if lower_left and lower_right:
            found.append((crossing[start][1] + crossing[end][1]) / 2)
        start = end + 1
    return found


def _judged(lines: list[Line], x: float, width: float) -> Gutter | None:
    """The gutter near ``x``, if full lines are on both sides of it at the same heights."""
    before = _full([line for line in lines if line.x1 <= x + 2])
    after = _full([line for line in lines if line.x0 >= x - 2])
    if min(len(before), len(after)) < _FEW:
        return None
    if min(_widest(before), _widest(after)) < _NARROWEST * width:
        return None
    top = max(min(line.y0 for line in before), min(line.y0 for line in after))
    bottom = min(max(line.y1 for line in before), max(line.y1 for line in after))
    beside = [line for line in lines if top - 1 <= line.middle <= bottom + 1]
    over = sum(line.x0 < x - 2 and line.x1 > x + 2 for line in beside)
    left = [line for line in before if top - 1 <= line.middle <= bottom + 1]
    right = [line for line in after if top - 1 <= line.middle <= bottom + 1]
    least = min(len(left), len(right))
    enough = least >= _LEAST or (least >= _FEW and not over and max(len(before), len(after)) > 15)
    if not enough or over > 0.35 * len(beside):
        return None
    inner = median(sorted(line.x1 for line in left)[-max(len(left) // 2, 1) :])
    outer = median(sorted(line.x0 for line in right)[: max(len(right) // 2, 1)])
    return Gutter((inner + outer) / 2, least - over)


def _full(lines: list[Line]) -> list[Line]:
    """The lines that fill their column: cells of a table are short."""
    prose = [line for line in lines if line.count > 2]
    if len(prose) < _FEW:
        return []
    widths = sorted(line.width for line in prose)
    usual = widths[int(0.85 * (len(widths) - 1))]
    return [line for line in prose if _FULL * usual <= line.width <= 1.25 * usual]


def _widest(lines: list[Line]) -> float:
    return median(line.width for line in lines)


def _usual(pages: list[list[Gutter]]) -> tuple[float, ...]:
    """The gutters that most pages with text have."""
    counted = Counter(len(gutters) for gutters in pages)
    if not counted:
        return ()
    number, count = counted.most_common(1)[0]
    if number == 0 and count > 0.5 * len(pages):
        return ()
    alike = [gutters for gutters in pages if len(gutters) == (number or 1)]
    if len(alike) < 0.4 * len(pages):
        return ()
    middles = [median(one.x for one in row) for row in zip(*alike, strict=True)]
    near = [
        gutters
        for gutters in alike
        if all(abs(one.x - x) < _SAME for one, x in zip(gutters, middles, strict=True))
    ]
    return tuple(middles) if len(near) >= 0.4 * len(pages) else ()


def _chosen(own: list[Gutter], usual: tuple[float, ...]) -> tuple[float, ...]:
    near = [one for one in own if any(abs(one.x - x) < _SAME for x in usual)]
    other = [one.x for one in own if one not in near and one.score >= _STRONG]
    if other:
        return tuple(sorted([one.x for one in near] + other))
    if not near:
        return usual
    shift = median(one.x - min(usual, key=lambda x: abs(x - one.x)) for one in near)
    missing = [x + shift for x in usual if all(abs(one.x - x) >= _SAME for one in near)]
    return tuple(sorted([one.x for one in near] + missing))


# --- order ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Unit:
    """Lines that the file keeps together, and the first and last column that they stand in."""

    lines: list[Line]
    first: int
    last: int

    @property
    def top(self) -> float:
        """The upper edge, in points."""
        return min(line.y0 for line in self.lines)

    @property
    def left(self) -> float:
        """The left edge, in points."""
        return min(line.x0 for line in self.lines)

    @property
    def right(self) -> float:
        """The right edge, in points."""
        return max(line.x1 for line in self.lines)

    @property
    def bottom(self) -> float:
        """The lower edge, in points."""
        return max(line.y1 for line in self.lines)


def reading_order(
    lines: list[Line], gutters: tuple[float, ...], front_end: float, width: float
) -> list[Line]:
    """One page's lines in reading order, with their columns: 1 and on, 0 where a line spans two.

    Lines above ``front_end`` are in no column: authors side by side are not columns of text.
    """
    if not gutters:
        return [line for unit in sorted_units(units(lines, {})) for line in unit.lines]
    reach: dict[int, tuple[int, int]] = {}
    for line in lines:
        if line.y1 <= front_end:
            reach[id(line)] = (0, len(gutters))
            continue
        first = sum(line.x0 >= x - _SLACK for x in gutters)
        last = max(sum(line.x1 > x + _SLACK for x in gutters), first)
        reach[id(line)] = (first, last)
        line.column = first + 1 if first == last else 0
    _widen(lines, reach)
    edges = (0.0, *gutters, width)
    turned = runs_right_to_left("".join([line.text for line in lines]))
    beside = _Cut(edges, lines[0].page == 1 if lines else False, turned)
    cut = _below_abstract(lines) or _below_larger(lines)
    bands = [[line for line in lines if (line.middle < cut) is above] for above in (True, False)]
    return [
        line
        for band in bands
        for unit in beside.order(units(band, reach), 0, len(gutters))
        for line in unit
    ]


_ABSTRACT = re.compile(r"a\s?b\s?s\s?t\s?r\s?a\s?c\s?t|summary|résumé|zusammenfassung", re.I)


def _below_abstract(lines: list[Line]) -> float:
    """The height at which the text begins, on a first page whose abstract is set in its own
    columns: these end side by side, are indented, and white space follows. Else 0.
    """
    if not lines or lines[0].page != 1:
        return 0.0
    heading = next((line for line in lines if _ABSTRACT.fullmatch(line.text.strip(" .:"))), None)
    if heading is None:
        return 0.0
    below = sorted(
        (line for line in lines if line.y0 >= heading.y0 - heading.size and line.column > 0),
        key=lambda line: line.y0,
    )
    reached = heading.y1
    for number, line in enumerate(below):
        if line.y0 - reached > 1.5 * line.size:
            above, after = below[:number], below[number:]
            return line.y0 - line.size / 2 if _are_apart(above, after) else 0.0
        reached = max(reached, line.y1)
    return 0.0


def _below_larger(lines: list[Line]) -> float:
    """The height at which every column changes to smaller type, after a gap across all of them and
    a heading in the left one: references below the text in columns. Else 0.
    """
    rows = sorted((line for line in lines if line.column > 0), key=lambda line: line.y0)
    reached = rows[0].y1 if rows else 0.0
    for number, line in enumerate(rows):
        above, below = rows[:number], rows[number:]
        heads = line.column == 1 and line.count < 4 and (line.bold or line.text.isupper())
        if heads and line.y0 - reached > 1.5 * line.size and _are_apart(above, below):
            columns = {one.column for one in rows}
            if all(_size(below, one) < _size(above, one) - 0.4 for one in columns):
                return line.y0 - line.size / 2
        reached = max(reached, line.y1)
    return 0.0


def _size(lines: list[Line], column: int) -> float:
    """The type size of most lines of a column."""
    return median(line.size for line in lines if line.column == column)


def _are_apart(above: list[Line], below: list[Line]) -> bool:
    """Whether every column has lines on both sides, ends at one height, and changes its edge."""
    columns = {line.column for line in above}
    if len(columns) < 2 or columns != {line.column for line in below}:
        return False
    ends = [max(line.y1 for line in above if line.column == one) for one in columns]
    rows = [sum(line.column == one for line in above) for one in columns]
    edges = [abs(_edge(above, column) - _edge(below, column)) for column in columns]
    sizes = abs(median(line.size for line in above) - median(line.size for line in below))
    level = max(ends) - min(ends) < 2 * above[0].size  # columns are a line uneven at most
    return level and min(rows) > 2 and (max(edges) > 4 or sizes > 0.4)


def _edge(lines: list[Line], column: int) -> float:
    """The median left edge of a column's lines, in points."""
    return median(line.x0 for line in lines if line.column == column)


def _widen(lines: list[Line], reach: dict[int, tuple[int, int]]) -> None:
    """The short last line of a block that spans columns spans them too."""
    blocks: dict[int, list[Line]] = {}
    for line in lines:
        blocks.setdefault(line.block, []).append(line)
    for block in blocks.values():
        wide = [reach[id(line)] for line in block if line.column == 0]
        if len(wide) >= 0.5 * len(block):
            for line in block:
                line.column = 0
                reach[id(line)] = (min(a for a, _ in wide), max(b for _, b in wide))


def units(lines: list[Line], reach: dict[int, tuple[int, int]]) -> list[Unit]:
    """Runs of lines that the file keeps together and that are in one column."""
    found: list[Unit] = []
    for line in lines:
        first, last = reach.get(id(line), (0, 0))
        before = found[-1] if found else None
        if (
            before is not None
            and before.lines[-1].block == line.block
            and before.lines[-1].column == line.column
        ):
            before.lines.append(line)
            before.first, before.last = min(before.first, first), max(before.last, last)
        else:
            found.append(Unit([line], first, last))
    return found


def sorted_units(found: list[Unit]) -> list[Unit]:
    """Units from top to bottom if they are above each other; others stay in the order of the file,
    which may follow columns that no gutter shows.
    """
    ordered: list[Unit] = []
    for unit in found:
        top, bottom = unit.top, unit.bottom
        left, right = unit.left, unit.right
        place = len(ordered)
        for number in range(len(ordered) - 1, -1, -1):
            other = ordered[number]
            if other.left >= right or other.right <= left:
                continue
            overlap = min(bottom, other.bottom) - max(top, other.top)
            least = min(bottom - top, other.bottom - other.top)
            if other.top <= top or overlap > 0.5 * least:
                break
            place = number
        ordered.insert(place, unit)
    return ordered


@dataclass(frozen=True, slots=True)
class _Cut:
    edges: tuple[float, ...]  # of the columns
    is_first_page: bool
    right_first: bool  # in Arabic and Hebrew

    def order(self, found: list[Unit], first: int, last: int) -> list[list[Line]]:
        """The units of columns ``first`` to ``last`` in reading order."""
        if first == last or len(found) < 2:
            return [unit.lines for unit in sorted_units(found)]
        over = {
            gutter: [unit for unit in found if unit.first <= gutter < unit.last]
            for gutter in range(first, last)
        }
        whole = [unit for unit in found if unit.first <= first and unit.last >= last]
        gutter = min(over, key=lambda one: len(over[one]))
        if not whole and not over[gutter]:
            left = [unit for unit in found if unit.last <= gutter]
            right = [unit for unit in found if unit.first > gutter]
            before = self.order(left, first, gutter)
            after = self.order(right, gutter + 1, last)
            turned = self.right_first or self._is_box(gutter, first, last)
            return [*after, *before] if turned else [*before, *after]
        return self._bands(found, whole or over[gutter], first, last)

    def _bands(
        self, found: list[Unit], dividing: list[Unit], first: int, last: int
    ) -> list[list[Line]]:
        """The bands above, between and below the dividing units."""
        divides = {id(unit) for unit in dividing}
        ordered: list[list[Line]] = []
        band: list[Unit] = []
        for unit in sorted(found, key=lambda one: one.top):
            if id(unit) not in divides:
                band.append(unit)
                continue
            # Columns that go on below a wide figure were begun above it: split them there.
            below: list[Unit] = []
            for other in list(band):
                if other.lines[0].y0 < unit.top < other.lines[-1].y0:
                    cut = next(i for i, line in enumerate(other.lines) if line.y0 >= unit.top)
                    band.remove(other)
                    band.append(Unit(other.lines[:cut], other.first, other.last))
                    below.append(Unit(other.lines[cut:], other.first, other.last))
            heads = _headings_of(unit, band)
            band = [other for other in band if other not in heads]
            ordered += self.order(_by_file(band, found), first, last)
            ordered += [head.lines for head in heads]
            ordered.append(unit.lines)
            band = below
        return [*ordered, *self.order(_by_file(band, found), first, last)]

    def _is_box(self, gutter: int, first: int, last: int) -> bool:
        """Whether the lines right of a gutter are a box beside the text of page 1."""
        left = self.edges[gutter + 1] - self.edges[first]
        right = self.edges[last + 1] - self.edges[gutter + 1]
        return self.is_first_page and right < _BESIDE * left


def _headings_of(unit: Unit, band: list[Unit]) -> list[Unit]:
    """The heading of a unit across the columns, though it is as short as a column: it is below
    all columns of the band and nearest to the unit.
    """
    lowest = max(band, key=lambda one: one.bottom, default=None)
    others = [one for one in band if one is not lowest]
    if lowest is None or not others or len(lowest.lines) > _HEADING_LINES:
        return []
    above = lowest.top - max(one.bottom for one in others)
    below = unit.top - lowest.bottom
    return [lowest] if above > max(below, lowest.lines[0].size / 2) else []


def _by_file(band: list[Unit], found: list[Unit]) -> list[Unit]:
    """The units of a band in the order of the file."""
    place = {id(line): number for number, unit in enumerate(found) for line in unit.lines}
    return sorted(band, key=lambda unit: place[id(unit.lines[0])])
