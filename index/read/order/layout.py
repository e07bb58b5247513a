"""Pages to paragraphs: columns, reading order, page furniture, and what kind each paragraph is.

``columns`` finds the columns and the order; here furniture is set apart, the pieces of a printed
line are joined, and lines become paragraphs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from statistics import median

from index.paper import BlockKind
from index.read.order.columns import find_gutters, reading_order, units
from index.read.page.bidi import row_of, runs_right_to_left
from index.read.page.pages import Line, PageContent, PageWord, is_tall
from index.read.page.printed import level_of
from index.read.page.words import words_of
from index.read.text.headings import opens_body
from index.read.text.scripts import in_order, row_type

_SAME_HEIGHT = 12.0  # points: a running head moves no further from page to page
_LEAST_COUNTED = 4  # numbers of lines on a page
_LEAST_OF_COLUMN = 10  # lines of text on a page from which its column's edges are taken
MARGIN = 0.1  # of the page's height: where running heads and page numbers stand


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
    first_page: list[Line]  # before its lines were joined: cells of authors stand apart
    stamps: list[Line]  # text along the margin: arXiv's stamp
    furniture: list[Line]
    body_size: float
    leading: float
    # Left and right edge of a column, by page and column; page 0 stands for all.
    columns: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)
    gutters: dict[int, tuple[float, ...]] = field(default_factory=dict)  # by page

    def edges(self, line: Line) -> tuple[float, float]:
        """Left and right edge of the column that ``line`` stands in."""
        here = self.columns.get((line.page, line.column))
        return here or self.columns.get((0, line.column), (line.x0, line.x1))


def lay_out(pages: Sequence[PageContent]) -> Layout:
    """Lines of all pages in reading order."""
    furniture, stamps = _furniture(pages)
    away = {id(line) for line in furniture} | {id(line) for line in stamps}
    body_size = _body_size(line for page in pages for line in page.lines if id(line) not in away)
    gutters = find_gutters(pages, away)
    lines: list[Line] = []
    first_page: list[Line] = []
    for page in pages:
        kept = _with_initials([line for line in page.lines if id(line) not in away], body_size)
        if page is pages[0]:
            first_page = [Line(page.number, line.block, list(line.words)) for line in kept]
        places = gutters[page.number]
        lines += reading_order(kept, places, _front_end(kept, places), page.width)
    # Twice: the numerator of a fraction in the text meets its line only once that is whole.
    lines = _joined(_joined(lines))
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


# --- page furniture -------------------------------------------------------------------------------

_NUMBER_ONLY = re.compile(
    r"[\s\-–—|]*(?:page\s+)?(?:\d{1,4}|[ivxl]{1,6})(?:\s*(?:of|/)\s*\d{1,4})?[\s\-–—|]*", re.I
)
_LINE_NUMBER = re.compile(r"\d{1,4}")
_IMPRINT = re.compile(
    r"\s*(?:Proceedings of|©|Copyright|\(c\)|c\s*[⃝]|arXiv:\d|Preprint|Published (?:as|at|in|by)|"
    r"Under review|To appear|Accepted (?:at|to|by)|"
    r"\d+(?:st|nd|rd|th)\s+(?:Conference|International|Annual|Workshop)|"
    r"Permission to make|ISSN|ISBN|https?://doi\.org|doi:|Corresponding author:|"
    r"[A-Z][\w ]*Conference on |Manuscript (?:received|submitted)|"
    r"This (?:work|paper) (?:is|was) (?:licensed|published))",
)


def _furniture(pages: Sequence[PageContent]) -> tuple[list[Line], list[Line]]:
    furniture: list[Line] = []
    stamps: list[Line] = []
    margins: list[tuple[str, PageContent, Line]] = []
    numbering = _line_numbers(pages)
    away = {id(line) for line in numbering}
    for page in pages:
        stamps += [line for line in page.lines if not line.upright]
        upright = [line for line in page.lines if line.upright and id(line) not in away]
        margins += [(_pattern(line.text), page, line) for line in _margin_lines(page, upright)]
    seen: dict[str, list[tuple[int, float]]] = {}
    for pattern, page, line in margins:
        seen.setdefault(pattern, []).append((page.number, line.middle))
    often = 2 if len(pages) <= 5 else 3
    offsets = _offsets(margins)
    largest = max(
        (line.size for page in pages[:1] for line in page.lines if line.upright), default=0
    )
    # From the text outwards: the inner of two rows of a running head comes first.
    margins.sort(key=lambda one: -min(one[2].y0, one[1].height - one[2].y1))
    for pattern, page, line in margins:
        if page is pages[0] and line.size > largest - 0.2 and len(line.words) > 2:
            continue  # the title, which running heads repeat
        if (
            (_is_page_number(line, page, offsets) and not _numbers_a_heading(line, margins))
            or (
                len({n for n, y in seen[pattern] if abs(y - line.middle) < _SAME_HEIGHT}) >= often
                and sum(c.isalpha() for c in pattern) > 3
                and _stands_off(line, page, furniture, _always(seen[pattern], line, pages))
            )
            or (page is pages[0] and _IMPRINT.match(line.text))
        ):
            furniture.append(line)
    # What stands beside a page number, or goes on with an imprint, is furniture too.
    taken = list(furniture)
    for _, page, line in margins:
        if any(line is one for one in taken):
            continue
        for other in taken:
            beside = abs(other.middle - line.middle) < 3 and _NUMBER_ONLY.fullmatch(other.text)
            overlap = min(other.x1, line.x1) - max(other.x0, line.x0)
            below = (
                0 < line.middle - other.middle < 3 * line.size
                and overlap > 0
                and other.middle > 0.85 * page.height
                and _IMPRINT.match(other.text)
            )
            apart = below or (beside and _stands_off(line, page, furniture, False))
            if other.page == line.page and apart:
                furniture.append(line)
                break
    return furniture + numbering, stamps


def _offsets(margins: list[tuple[str, PageContent, Line]]) -> set[int]:
    """By how much the numbers that a paper prints on its pages differ from their count.

    Two pages that agree are enough; a number of a table in the margin agrees with none.
    """
    pages: dict[int, set[int]] = {}
    for _, page, line in margins:
        if _NUMBER_ONLY.fullmatch(line.text) and (said := re.search(r"\d+", line.text)):
            pages.setdefault(int(said.group()) - page.number, set()).add(page.number)
    most = max((len(found) for found in pages.values()), default=0)
    return {offset for offset, found in pages.items() if len(found) >= max(2, 0.3 * most)}


def _is_page_number(line: Line, page: PageContent, offsets: set[int]) -> bool:
    if not _NUMBER_ONLY.fullmatch(line.text):
        return False
    said = re.search(r"\d+", line.text)
    row = sum(abs(one.middle - line.middle) < 3 for one in page.lines)
    if row > 4 and line.text.strip().isalnum():
        return False  # a cell; "1 of 10" is none
    if said is None:
        return True
    if offsets:
        return int(said.group()) - page.number in offsets
    return _stands_off(line, page, [], False)


def _always(places: list[tuple[int, float]], line: Line, pages: Sequence[PageContent]) -> bool:
    """Whether a long text stands at the very height of a line on most pages."""
    there = {number for number, y in places if abs(y - line.middle) < 3}
    return len(there) >= max(3, 0.4 * len(pages)) and sum(map(str.isalpha, line.text)) > 12


def _stands_off(line: Line, page: PageContent, furniture: list[Line], always: bool) -> bool:
    """Whether a line of the margin is apart from the text, as no line of a paragraph or table is:
    further from the next row inwards than that row is from the one after it.

    ``always``: it stands there on most pages, so a gap is enough.
    """
    head = line.y1 < 0.5 * page.height
    away = {id(one) for one in furniture}
    inside = [
        other
        for other in page.lines
        if other.upright
        and id(other) not in away
        and (other.middle > line.middle + 3 if head else other.middle < line.middle - 3)
        and min(other.x1, line.x1) - max(other.x0, line.x0) > 0
    ]
    inside.sort(key=lambda other: abs(other.middle - line.middle))
    if not inside:
        return True
    first = inside[0]
    gap = first.y0 - line.y1 if head else line.y0 - first.y1
    if gap < 0.45 * line.size or _pattern(first.text) == _pattern(line.text):
        return False
    second = next((one for one in inside if abs(one.middle - first.middle) > 3), None)
    if second is None:
        return True
    step, usual = abs(first.middle - line.middle), abs(second.middle - first.middle)
    cells = sum(abs(one.middle - line.middle) < 3 for one in page.lines)
    return step > 1.25 * usual or usual > 4 * line.size or (always and cells < 3)


def _numbers_a_heading(number: Line, margins: list[tuple[str, PageContent, Line]]) -> bool:
    """Whether text follows closely on the same row: "4" of "4  Evaluation", and no page number."""
    return bool(_LINE_NUMBER.fullmatch(number.text.strip(". "))) and any(
        line.page == number.page
        and line is not number
        and abs(line.middle - number.middle) < 3
        and 0 <= line.x0 - number.x1 < 3 * number.size
        for _, _, line in margins
    )


def _pattern(text: str) -> str:
    return re.sub(r"\d+", "#", text).strip().lower()


def _margin_lines(page: PageContent, lines: list[Line]) -> list[Line]:
    """The outermost two rows at the head and four at the foot, if they stand in the margin."""
    head = [line for line in lines if line.y1 < 1.3 * MARGIN * page.height]
    foot = [line for line in lines if line.y0 > (1 - 1.5 * MARGIN) * page.height]
    chosen: list[Line] = []
    for ordered, most in (
        (sorted(head, key=lambda line: line.y0), 2),
        (sorted(foot, key=lambda line: -line.y1), 4),
    ):
        rows = 0
        last: float | None = None
        for line in ordered:
            if last is None or abs(line.middle - last) > 3:
                rows += 1
                last = line.middle
            if rows > most:
                break
            chosen.append(line)
    return chosen


def _line_numbers(pages: Sequence[PageContent]) -> list[Line]:
    """Numbers that count the lines in the margin, every one or every fifth, as under review.

    They stand in a column of their own beside the text, and rise by the same step from each to the
    next, on from page to page or anew.
    """
    columns: dict[int, list[list[Line]]] = {}  # by right edge: the numbers of each page
    for page in pages:
        found: dict[int, list[Line]] = {}
        prose = [line for line in page.lines if line.upright and len(line.words) > 4]
        for line in page.lines:
            if not line.upright or not _LINE_NUMBER.fullmatch(line.text):
                continue
            over = sum(one.x0 < line.x1 - 1 and one.x1 > line.x0 + 1 for one in prose)
            if over <= 0.1 * len(prose):
                found.setdefault(_right_edge(line), []).append(line)
        for edge, numbers in found.items():
            columns.setdefault(edge, []).append(numbers)
    counting: set[int] = set()
    for edge, by_page in columns.items():
        for numbers in by_page:
            near = [line for step in (-1, 1) for more in columns.get(edge + step, ())
                    for line in more if line.page == numbers[0].page]  # fmt: skip
            ordered = sorted([*numbers, *near], key=lambda line: line.middle)
            if _rise_evenly(ordered, pages):
                counting |= {edge - 1, edge, edge + 1}
    return [
        line
        for edge, by_page in columns.items()
        if edge in counting
        for numbers in by_page
        for line in numbers
    ]


def _rise_evenly(numbers: list[Line], pages: Sequence[PageContent]) -> bool:
    """Whether numbers rise by one step down a page, and no text stands left of them."""
    if len(numbers) < _LEAST_COUNTED:
        return False
    steps = Counter(int(b.text) - int(a.text) for a, b in pairwise(numbers))
    step, count = steps.most_common(1)[0]
    if step not in (1, 2, 5, 10) or count < 0.8 * (len(numbers) - 1):
        return False
    page = next(page for page in pages if page.number == numbers[0].page)
    rows = [line for line in page.lines if len(line.words) > 3 and line.upright]
    beside = [
        line
        for line in rows
        if any(abs(line.middle - number.middle) < 0.5 * line.size for number in numbers)
    ]
    apart = all(
        line.x0 > number.x1 - 1 or line.x1 < number.x0 + 1 for line in beside for number in numbers
    )
    # A table has a row for each of its numbers and other cells beside it; text has long lines.
    return apart and len(beside) >= 0.5 * len(numbers)


def _right_edge(line: Line) -> int:
    return round(line.x1 / 4)


# --- rows and the front --------------------------------------------------------------------------

_INITIAL = re.compile(r"[\"“‘'«]?[^\W\d_]")
_INITIAL_SIZE = 1.7  # of the text's size


def _with_initials(lines: list[Line], body_size: float) -> list[Line]:
    """Put a paragraph's dropped capital before the word that it begins.

    It reaches down over two or three lines and is drawn on the baseline of the last of them.
    """
    initials: list[tuple[PageWord, Line]] = []
    kept: list[Line] = []
    for line in lines:
        first = line.words[0]
        size = first.parts[-1][1].size  # of the letter: a quotation mark may be small
        large = size > _INITIAL_SIZE * body_size and first.text[-1:].isupper()
        if not large or not _INITIAL.fullmatch(first.text):
            kept.append(line)
            continue
        if len(line.words) > 1:
            rest = Line(line.page, line.block, line.words[1:], line.upright)
            if rest.size > 0.8 * size:  # a word of a line in that size
                kept.append(line)
                continue
            kept.append(rest)
        first.style = first.parts[-1][1]
        initials.append((first, line))
    for initial, own in initials:
        beside = [
            line
            for line in kept
            if line.upright
            and -2 < line.x0 - initial.x1 < 1.2 * body_size
            and initial.y0 - 0.5 * body_size < line.middle < initial.y1
            and len(line.words) > 1
        ]
        if beside:
            first_line = min(beside, key=lambda line: line.middle)
            first_line.words = [initial, *first_line.words]
            first_line.measure()
        else:
            kept.append(own)
    return kept


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
    """Whether the title stands at the head of one column, and text beside it in the others."""
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


def _joined(lines: list[Line]) -> list[Line]:
    """Put the pieces of a printed line together: inline maths and wide spaces cut it up."""
    joined: list[Line] = []
    for line in lines:
        last = joined[-1] if joined else None
        if last is not None and _same_row(last, line):
            last.words = row_of(last.words, line.words)
            last.measure()
            _level(last)
        else:
            joined.append(line)
    return joined


def _level(line: Line) -> None:
    """Tell the raised and lowered words of a line that the file gave in pieces, and put what is
    raised before what is lowered under it.
    """
    if not runs_right_to_left(line.text):
        line.words = in_order(line.words)
    main, base = row_type(line.words)
    changed = False
    for word in line.words:
        marked = word.style.raised or word.style.lowered
        small = word.style.size < 0.95 * main
        if len(word.parts) == 1 and (small or marked) and not is_tall(word.style):
            level = level_of(base - word.base, word.style.size, main)
            if level != word.style.raised - word.style.lowered:
                word.parts = ((word.parts[0][0], word.style.at(level)),)
                word.style = word.parts[0][1]
                changed = True
    if changed:
        line.measure()


_EQUATION_NUMBER = re.compile(r"\(\d{1,3}(?:\.\d{1,2})?[a-z]?\)")


def _same_row(last: Line, line: Line) -> bool:
    if last.page != line.page or last.column != line.column:
        return False
    top, bottom = line.band
    last_top, last_bottom = last.band
    overlap = min(bottom, last_bottom) - max(top, last_top)
    if overlap < 0.5 * min(bottom - top, last_bottom - last_top):
        return False
    if _EQUATION_NUMBER.fullmatch(line.text) and line.x0 > last.x1:
        return True
    gap = max(line.x0 - last.x1, last.x0 - line.x1)
    beside = line.x0 > last.x0 - 2 or last.x0 - line.x1 > -2
    alike = last.block == line.block and abs(last.size - line.size) < 1.0
    if min(len(last.words), len(line.words)) > 3 and not alike:
        # The text of another column, where no gutter was found, is further away than a space.
        return beside and gap < 1.2 * min(last.size, line.size)
    near = gap < 3.0 * max(last.size, line.size)
    return beside and (near or last.block == line.block)


# --- paragraphs -----------------------------------------------------------------------------------

_SMALLEST_PROSE = 0.66  # of the body's size: anything smaller is text in a drawing
_BULLET = re.compile(r"(?:[•‣▪◦●■–*]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])$")
_BULLETS = "•‣▪◦●■"
_HYPHENS = "-\u00ad\u2010"
_CAPTION = re.compile(
    r"(?:Fig(?:ur[ae]|\.)?|Table|Tab(?:elle|leau|la|\.)|Alg(?:orithm|\.)|Listing|Scheme|Plate|Chart|"
    r"Box|Abb(?:ildung|\.)|[图圖図表]|그림|표|"
    r"Extended Data Fig(?:ure|\.)|Supplementary (?:Fig(?:ure|\.)|Table))\s*"
    r"((?:[A-Z]\.?)?\d+(?:\.\d+)?[a-z]?|[IVX]+)\s*(?P<mark>[.:：．|–—-])?",
    re.I,
)
_NUMBER_FIRST = re.compile(r"(?:\d{1,2}(?:\.\d{1,2})*|[IVX]+)\.?\s")
_DOTTED_FIRST = re.compile(r"\d{1,2}(?:\.\d{1,2})+\.?\s+[A-Z]")  # a heading in plain type
_LICENCE = re.compile(
    r"Permission to (?:make|copy)|To copy otherwise|personal or classroom use|All rights reserved|"
    r"licensed under|Creative Commons|Copyright (?:\(c\) |©\s*)?\d{4}",
    re.I,
)
_OF_AUTHORS = re.compile(
    r"\b(?:is|are|was|were) with (?:the )?[A-Z]|"
    r"^\W*(?:Equal|Correspondence to|Manuscript received)\b"
)
_SENTENCE_END = re.compile(r"[.!?:。．！？؟][\"'”’)\]]*$")
_ABSTRACT_ALONE = re.compile(r"(?:Abstract|ABSTRACT)\W?")
_KEYWORD = re.compile(r"(?:key\s?-?words|index terms)\b", re.I)
_KEYWORDS = re.compile(r"(?:key\s?-?words(?: and phrases)?|index terms)\s*[.:—–-]", re.I)
_GLUED_MARK = re.compile(r"[*∗†‡§¶]|\d{1,2}[A-Z“]")  # fonts may draw raised digits in full size
_FOOTNOTE_MARK = re.compile(r"[*∗†‡§¶⋆♠♣♦]+|\d{1,2}(?=\D|$)")


def paragraphs(layout: Layout) -> list[Paragraph]:
    """Lines to paragraphs, each with its kind. Headings are recognised later, by their styles."""
    groups: list[list[Line]] = []
    for line in layout.lines:
        if groups and not _breaks(groups[-1], line, layout):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [Paragraph(_kind(group, layout), group) for group in groups]


def _breaks(group: list[Line], line: Line, layout: Layout) -> bool:
    last = group[-1]
    if last.page != line.page or last.column != line.column:
        return True
    size = max(last.size, line.size)
    step = line.middle - last.middle
    if _starts_footnote(line, layout) and step > 0.5 * size:
        return True
    if step < -0.5 * size:
        return True
    if raised_mark(line) and (step > 1.3 * layout.leading or raised_mark(group[0])):
        return True
    if step > 0.8 * size and _displayed(last, layout) != _displayed(line, layout):
        # The last words of a caption beside another one begin where its lines do.
        flush = abs(line.x0 - last.x0) < 1 and len(group) > 1 and last.text[-1] in _HYPHENS
        if not flush:
            return True
    if _ABSTRACT_ALONE.fullmatch(last.text):
        return True
    if _KEYWORDS.match(line.text) or (_KEYWORD.match(line.text) and line.words[0].style.bold):
        return True
    if _CAPTION.match(line.text) and last.block != line.block and step > 0.5 * size:
        return True
    if last.bold != line.bold and (_whole_style(last) or _whole_style(line)) and step > 0.6 * size:
        ends_open = last.bold and line.words[0].style.bold  # a label of two lines
        if not ends_open and not _goes_on_in_bold(last, line, layout):
            return True
    if len(group) == 1 and _is_label_of_two_lines(last, line, layout):
        return False
    if (
        last.italic != line.italic
        and (len(last.words) < 12 or _is_numbered_italic(group))
        and step > 0.9 * size
        and (last.italic or line.italic)
        and (last.x1 < layout.edges(line)[1] - 4 * size or _is_numbered_italic(group))
        and not _SENTENCE_END.search(last.text)
    ):
        return True
    left, right = layout.edges(line)
    (begins, _), (last_begins, last_ends) = (_sides(one, left, right) for one in (line, last))
    short = last_ends < right - 2.5 * size
    ended = bool(_SENTENCE_END.search(last.text))
    plain = not (last.bold or last.italic or ended) and last_ends < left + 0.7 * (right - left)
    if len(group) == 1 and plain and _DOTTED_FIRST.match(last.text):
        return True
    # A label at the head of a line may be longer than what it labels, and in a size of its own;
    # so may be an expression in typewriter type, after which the text goes on.
    same = abs(last.words[-1].style.size - line.size) < 0.3 and len(last.words) > 2
    same = same or (abs(line.words[-1].style.size - last.size) < 0.3 and len(line.words) > 2)
    # A line in typewriter type is smaller and yet in the middle of its paragraph.
    alike = same or min(last.size, line.size) > 0.85 * size
    near = alike and step < 1.15 * layout.leading
    runs_on = near and (last.block == line.block or same) and not (short or ended)
    if (
        abs(last.size - line.size) > 0.8
        and min(sum(len(one.text) for one in group), len(line.text)) > 3
        and step > 0.6 * size
        and not runs_on
    ):
        return not (_mostly_maths(last) or _mostly_maths(line))
    usual = layout.leading if abs(line.size - layout.body_size) < 0.6 else 1.25 * line.size
    if layout.leading > 1.5 * layout.body_size and abs(line.size - layout.body_size) < 3:
        usual = layout.leading * line.size / layout.body_size  # a manuscript's wide spacing
    if len(group) > 1 and group[-2].page == last.page:
        usual = min(max(usual, last.middle - group[-2].middle), 1.5 * usual)
    if step > 1.35 * usual + 0.5:
        return True
    indent = begins - min(last_begins, max(left, last_begins))
    alone = len(line.words) == 1 and line.text[0].isalnum() and not (ended or short)
    if _BULLET.match(line.words[0].text) and line.block != last.block and not alone:
        return True
    if line.x0 < group[0].x0 - 0.5 * size and _is_item(group) and not _BULLET.match(line.text):
        return True
    if ended and short:
        return True
    if _goes_on_as_heading(last, line, layout):
        return False
    if (
        0.7 * size < indent < 4 * size
        and (ended or short)
        and len(group) >= 1
        and abs(last_begins - left) < 0.7 * size
    ):
        return True
    return line.block != last.block and step > 1.12 * usual and (ended or short)


def _is_item(group: list[Line]) -> bool:
    """Whether a group begins with a bullet: nothing of its item stands left of that."""
    return group[0].words[0].text in _BULLETS and len(group[0].words) > 1


def _is_label_of_two_lines(last: Line, line: Line, layout: Layout) -> bool:
    """Whether a bold label in a size of its own goes on to the line where its text begins."""
    first = line.words[0].style
    same = abs(first.size - last.size) < 0.3 and first.bold and last.bold
    _, right = layout.edges(last)
    full = last.x1 > right - 4 * last.size and not _SENTENCE_END.search(last.text)
    step = line.middle - last.middle
    return same and full and not line.bold and 0 < step < 1.3 * layout.leading


def _sides(line: Line, left: float, right: float) -> tuple[float, float]:
    """Where a line begins and ends in its column, as if all were written from left to right."""
    if runs_right_to_left(line.text):
        return left + right - line.x1, left + right - line.x0
    return line.x0, line.x1


def _goes_on_in_bold(last: Line, line: Line, layout: Layout) -> bool:
    """Whether a paragraph's line is full and open, and the next one is bold for its weight only."""
    left, right = layout.edges(line)
    full = last.x1 > right - 1.5 * last.size and last.x0 < left + 4 * last.size
    near = line.middle - last.middle < 1.15 * layout.leading
    alike = abs(last.size - line.size) < 0.3 and abs(line.x0 - left) < 1.5
    return full and near and alike and len(last.words) > 4 and not _SENTENCE_END.search(last.text)


def _is_numbered_italic(group: list[Line]) -> bool:
    short = len(group) <= 3 and all(line.italic for line in group)
    return short and bool(_NUMBER_FIRST.match(group[0].text))


def _goes_on_as_heading(last: Line, line: Line, layout: Layout) -> bool:
    """Whether two lines, set alike and unlike the text, are one heading."""
    alike = last.bold == line.bold and abs(last.size - line.size) < 0.3
    apart = (last.bold and line.bold) or min(last.size, line.size) > layout.body_size + 0.7
    begins = _BULLET.match(line.words[0].text) or _NUMBER_FIRST.match(line.text)
    return alike and apart and not begins and not _SENTENCE_END.search(last.text)


def _displayed(line: Line, layout: Layout) -> bool:
    """Whether the line is a formula that stands by itself, and no line of running text."""
    left, _ = layout.edges(line)
    return line.x0 > left + 1.5 * line.size and _is_equation([line], layout)


def _starts_footnote(line: Line, layout: Layout) -> bool:
    first = line.words[0]
    mark, style = first.parts[0]
    return (
        line.size < layout.body_size - 0.7
        and (style.raised or style.size < 0.8 * line.size)
        and bool(_FOOTNOTE_MARK.fullmatch(mark))
    )


def raised_mark(line: Line) -> bool:
    """Whether it begins with a raised mark and then a word, as a footnote of any size does."""
    first = line.words[0]
    mark, style = first.parts[0]
    rest = first.text[len(mark) :] or (line.words[1].text if len(line.words) > 1 else "")
    raised = style.raised or style.size < 0.8 * line.size
    lettered = style.raised and len(mark) == 1 and mark.islower()
    return raised and bool(lettered or _FOOTNOTE_MARK.fullmatch(mark)) and rest[:1].isalpha()


def _whole_style(line: Line) -> bool:
    return sum(character.isalpha() for character in line.text) >= 3


def _mostly_maths(line: Line) -> bool:
    return line.maths > 0.4 * max(line.characters, 1)


def _kind(group: list[Line], layout: Layout) -> BlockKind:
    text = " ".join(line.text for line in group)
    words = [word for line in group for word in line.words]
    size = Counter(line.size for line in group).most_common(1)[0][0]
    if group[0].page == 1 and _LICENCE.search(text):
        return "footnote"
    if group[0].page == 1 and size < layout.body_size - 0.7 and _OF_AUTHORS.search(text):
        return "footnote"
    if _NUMBER.fullmatch(text):
        return "table"  # at an axis, or in a cell
    if _EQUATION_NUMBER.fullmatch(text):
        return "equation"
    caption = _CAPTION.match(text)
    if caption and (
        caption["mark"]
        or size < layout.body_size - 0.4
        or group[0].words[0].style.bold
        or len(text) == caption.end()
    ):
        return "caption"
    noted = _is_footnote(group, layout, size)
    worded = noted and raised_mark(group[0]) and prose_words(words) > 2
    if not worded and (_is_equation(group, layout) or _is_wordless(group)):
        return "equation"
    if noted:
        return "footnote"
    if size < _SMALLEST_PROSE * layout.body_size or _is_tabular(group, layout, size):
        return "table"
    return "paragraph"


_NUMBER = re.compile(r"(?=.*\d)[−–+\d.,%\s×^-]+")
_PROSE_WORD = re.compile(r"(?=(?:[^a-zA-Z]*[^\W\d_]){3})[^\s=∈<>|^{}≈∝∼]+")


def prose_words(words: Sequence[PageWord]) -> int:
    """Words of three letters and more that are not set as maths or as a formula."""
    return sum([0 if word.style.maths else _prose_in(word.text) for word in words])


@lru_cache(maxsize=65_536)
def _prose_in(text: str) -> int:
    return words_of(text) if _PROSE_WORD.fullmatch(text) else 0


_CITED = re.compile(r"\[\d[\d,;\s–-]*\]")
_SYMBOL = re.compile("[=<>≤≥∈∑∏∫√∂∇±×·≈∼|{}^∥→←⟨⟩+−]")


def _is_equation(group: list[Line], layout: Layout) -> bool:
    words = [word for line in group for word in line.words]
    text = "".join([line.text for line in group])
    characters = len(text) - text.count(" ")
    maths = sum([line.maths for line in group])
    symbols = len(_SYMBOL.findall(text))
    if maths + symbols <= 0.12 * characters:
        return False
    prose = prose_words(words)
    if prose <= 0.35 * len(words) and maths + symbols > 0.12 * characters and prose < 12:
        left, right = layout.edges(group[0])
        numbered = bool(
            re.search(r"\(\d{1,3}[a-z]?\)$", group[0].text)
            or re.search(r"\(\d{1,3}[a-z]?\)$", group[-1].text)
        )
        inside = group[0].x0 > left + 0.8 * layout.body_size or len(words) < 6
        return numbered or inside or maths > 0.4 * characters or right - left < 1
    return False


def _is_wordless(group: list[Line]) -> bool:
    """Whether a group is single letters and signs, as a formula is in fonts that do not say so."""
    words = [word for line in group for word in line.words]
    if len(words) < 5:
        return False
    short = sum([len(word.text) < 3 and word.text.isascii() for word in words])
    return short > 0.6 * len(words) and prose_words(words) == 0


def _is_footnote(group: list[Line], layout: Layout, size: float) -> bool:
    if raised_mark(group[0]) and len(group[0].text) > 12:
        return True
    first = group[0].words[0]
    style = first.parts[0][1]
    mark = style.raised or style.size < 0.8 * size or bool(_GLUED_MARK.match(first.text))
    return size < layout.body_size - 0.7 and mark and bool(_FOOTNOTE_MARK.match(first.text))


def _is_tabular(group: list[Line], layout: Layout, size: float) -> bool:
    """Cells, axis labels and text inside drawings: nothing that reads as prose."""
    words = [word for line in group for word in line.words]
    prose = prose_words(words)
    left, right = layout.edges(group[0])
    width = right - left
    if width <= 0:
        return False
    digits = sum(
        [
            words_of(word) == 1
            for word in _CITED.sub("", " ".join([line.text for line in group])).split()
            if not word.isalpha() and any(map(str.isdigit, word))
        ]
    )
    if len(words) >= 4 and digits > 0.4 * sum([line.count for line in group]):
        return True
    gaps = sum(
        [
            after.x0 - before.x1 > 1.8 * line.size
            for line in group
            for before, after in pairwise(line.words)
        ]
    )
    if gaps >= max(2, 0.8 * len(group)):
        return True
    full = max(line.width for line in group) > 0.6 * width
    ended = bool(_SENTENCE_END.search(group[-1].text))
    if abs(size - layout.body_size) < 0.6:
        return False
    return not full and not (ended and prose >= 6) and size < layout.body_size - 0.4


def is_contents_row(part: Paragraph) -> bool:
    """A row of a table of contents: a page number far to the right, or after dots."""
    words = part.lines[-1].words
    if len(part.lines) > 3 or len(words) < 2 or not words[-1].text.isdigit():
        return False
    return words[-1].x0 - words[-2].x1 > 1.5 * part.size or words[-2].text.endswith("..")


def has_gap(line: Line) -> bool:
    """Whether its words stand apart as cells or labels do: two of them far, or all of them."""
    gaps = [after.x0 - before.x1 for before, after in pairwise(line.words)]
    far = any(gap > 1.8 * line.size for gap in gaps)
    return far or (len(gaps) >= 2 and min(gaps) > 0.9 * line.size)
