"""Finds page furniture: running heads, page numbers, imprints, line numbers, and stamps along the
margin.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from index.read.page.pages import Line, PageContent

_SAME_HEIGHT = 12.0  # points: a running head moves no further from page to page
_LEAST_COUNTED = 4  # numbers of lines on a page
MARGIN = 0.1  # of the page's height: where running heads and page numbers stand

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


def find_furniture(pages: Sequence[PageContent]) -> tuple[list[Line], list[Line]]:
    """Page furniture, and apart from it the stamps: lines that stand on end along the margin."""
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
                and _is_separate(line, page, furniture, _always(seen[pattern], line, pages))
            )
            or (page is pages[0] and _IMPRINT.match(line.text))
        ):
            furniture.append(line)
    # Text beside a page number, or that continues an imprint, is furniture too.
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
            apart = below or (beside and _is_separate(line, page, furniture, False))
            if other.page == line.page and apart:
                furniture.append(line)
                break
    return furniture + numbering, stamps


def _offsets(margins: list[tuple[str, PageContent, Line]]) -> set[int]:
    """The differences between the printed page numbers and the pages' positions in the file.

    Two pages with one difference are enough; a number of a table in the margin matches no page.
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
        return False  # a cell, unlike "1 of 10"
    if said is None:
        return True
    if offsets:
        return int(said.group()) - page.number in offsets
    return _is_separate(line, page, [], False)


def _always(places: list[tuple[int, float]], line: Line, pages: Sequence[PageContent]) -> bool:
    """Whether a long text is at the very height of a line on most pages."""
    there = {number for number, y in places if abs(y - line.middle) < 3}
    return len(there) >= max(3, 0.4 * len(pages)) and sum(map(str.isalpha, line.text)) > 12


def _is_separate(line: Line, page: PageContent, furniture: list[Line], always: bool) -> bool:
    """Whether a line of the margin is separate from the text: further from the next row inwards
    than that row is from the one after it.

    ``always``: it is there on most pages, so that a gap is enough.
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
    """The outermost two rows at the head and four at the foot, if they are in the margin."""
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
    """Line numbers in the margin, as in manuscripts under review: of every line or every fifth.

    They are in their own column beside the text and rise by a constant step; they continue from
    page to page or restart on each.
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
    """Whether numbers rise by one step down a page, and no text is left of them."""
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
