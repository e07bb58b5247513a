"""Joins paragraphs that a figure, a table, a footnote or the end of a page splits.

Parts between the halves are moved behind them, so that a sentence is one span of the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.paper import BlockKind
from index.read.order.kinds import COMPLETE, LIST_ITEM, has_gap
from index.read.order.layout import Layout, Paragraph
from index.read.page.bidi import runs_right_to_left
from index.read.page.pages import Line
from index.read.text.labels import KEYWORDS_LABEL

_SHORT = re.compile(r"(?:\b[A-Z]\.)+$|\b(?:e\.g|i\.e|al|cf|vs|resp|approx)\.$")
_FLOATS: frozenset[BlockKind] = frozenset({"caption", "table", "footnote"})
_ENTRY = re.compile(r"\[\d+\]")  # of a list of references
_ENTRY_WITHIN = re.compile(r"\[\d+\][,;)]*\s+[a-z]")
_BULLETS = "•‣▪◦●■*–"
_HYPHENS = "-\u00ad\u2010"
_FAR = 80  # parts other than cells: a page full of small figures may be between
_PAGES = 4  # pages of figures and tables, at most


def join_torn(
    parts: Sequence[Paragraph], headings: set[int], layout: Layout, begins: set[int]
) -> list[Paragraph]:
    """The parts in order, with the halves of each split paragraph joined.

    ``begins`` are the identities of the parts that begin a section without a heading.
    """
    joined: list[Paragraph] = []
    waiting = list(parts)
    place = 0
    while place < len(waiting):
        part = waiting[place]
        place += 1
        joined.append(part)
        if part.kind != "paragraph" or id(part) in headings:
            continue
        between: list[Paragraph] = []
        barriers = headings | begins
        while (found := _continuation(waiting, place, part, barriers, layout)) is not None:
            between += waiting[place:found]
            part.lines = [*part.lines, *waiting[found].lines]
            place = found + 1
        if between:  # may hold split paragraphs themselves
            waiting[place:place] = between
    return joined


def _continuation(
    parts: Sequence[Paragraph], place: int, torn: Paragraph, headings: set[int], layout: Layout
) -> int | None:
    """The place where the paragraph before ``place`` continues; None if it is complete."""
    last = torn.lines[-1]
    labels = len(torn.lines) == 1 and has_gap(last)  # words of a drawing, far apart
    # The full stop of an abbreviation does not end a sentence before a lower-case letter.
    short = _SHORT.search(last.text)
    if labels or (COMPLETE.search(last.text) and not short and not _in_brackets(torn)):
        return None
    # What was passed: a caption; a formula, or words of a figure before its caption.
    captioned = drawn = False
    hyphen = last.text[-1] in _HYPHENS
    passed = 0
    for number in range(place, len(parts)):
        part = parts[number]
        first = part.lines[0]
        # A part higher on the page is neither a formula below the text nor text after it.
        above = _is_beside(first, last) and first.middle < last.middle - 0.5 * last.size
        moved = first.page != last.page or first.column != last.column or above
        passed += part.kind != "table"
        if id(part) in headings or passed > _FAR or first.page > last.page + _PAGES:
            return None
        if not moved and KEYWORDS_LABEL.fullmatch(part.text):
            return None
        if short and (moved or number > place or not _begins_lower(part, layout)):
            return None
        if part.kind in _FLOATS:
            if part.kind == "caption":  # a formula above it is its figure's
                captioned, drawn = True, False
        elif part.kind == "equation":
            if captioned and part.size < torn.size - 0.8:
                continue  # a cell, or a number on an axis
            if not moved:
                return None  # a displayed formula ends the stretch
            drawn = True
        elif part.kind == "paragraph" and _reads_on(part, torn):
            lower = _begins_lower(part, layout)
            if drawn:
                return None
            if lower and moved and _is_label(torn, layout):
                return None
            if lower and not above:
                return number
            if _wide(part, layout):
                if first.page == last.page and first.column == 0 != last.column:
                    continue  # a block across the foot of the columns
                if hyphen and not moved:
                    return number
                if hyphen:  # text in a figure, if a caption comes
                    drawn = True
                    continue
                near = first.page <= last.page + 2 and not above
                continued = near and _is_full(last, layout) and _is_flush(part, torn, layout)
                return number if continued else None
    return None


def _is_beside(first: Line, last: Line) -> bool:
    """Whether a line is on the page of another, in its column or in one before it."""
    if first.page != last.page or 0 in {first.column, last.column}:
        return False
    turned = runs_right_to_left(last.text)
    return first.column >= last.column if turned else first.column <= last.column


def _begins_lower(part: Paragraph, layout: Layout) -> bool:
    """Whether it begins like the rest of a sentence: with a lower-case letter or a bracket."""
    text = part.text
    if text[0] in "([":
        # "[19] proposes", and no reference "[19] Smith"; no cell "[name]".
        entry = _ENTRY.match(text) and not _ENTRY_WITHIN.match(text)
        return not entry and bool(_wide(part, layout) or COMPLETE.search(text))
    return text[0].islower() and not LIST_ITEM.match(text)


def _edges(line: Line, layout: Layout) -> tuple[float, float]:
    """The edges of a line's column; for a line across columns, of the first and the last one."""
    if line.column or not layout.gutters.get(line.page):
        return layout.edges(line)
    places = [
        layout.columns.get((page, column), layout.columns.get((0, column)))
        for page, column in ((line.page, n + 1) for n in range(len(layout.gutters[line.page]) + 1))
    ]
    known = [place for place in places if place is not None]
    return (known[0][0], known[-1][1]) if known else layout.edges(line)


def _is_full(line: Line, layout: Layout) -> bool:
    """Whether a line ends at the edge of its column."""
    left, right = _edges(line, layout)
    if runs_right_to_left(line.text):
        return line.x0 < left + 2.5 * line.size
    return line.x1 > right - 2.5 * line.size


def _is_label(part: Paragraph, layout: Layout) -> bool:
    """Whether a few lines end so far from the edge that they are a figure's label."""
    last = part.lines[-1]
    left, right = _edges(last, layout)
    return len(part.lines) < 4 and last.x1 < right - 0.3 * (right - left)


def _is_flush(part: Paragraph, torn: Paragraph, layout: Layout) -> bool:
    """Whether a part that begins with a capital is set like the next line of a split paragraph.

    A new paragraph is indented, and a new entry of a list begins further left than the end of the
    last one.
    """
    first, last = part.lines[0], torn.lines[-1]
    if _ENTRY.match(part.text) and not _ENTRY_WITHIN.match(part.text):
        return False
    if first.page == last.page and first.column == last.column:
        return len(torn.lines) == 1 or abs(_begins(first) - _begins(last)) < 0.8 * last.size
    if len(part.lines) == 1:
        return bool(COMPLETE.search(first.text))
    return abs(_begins(first) - _begins(part.lines[1])) < 0.8 * last.size


def _begins(line: Line) -> float:
    """The edge at which a line begins, in points: the right one in Arabic and Hebrew."""
    return line.x1 if runs_right_to_left(line.text) else line.x0


def _in_brackets(torn: Paragraph) -> bool:
    """Whether it ends between the authors of a citation: "(Kaplan et al., 2020;"."""
    said = " ".join(line.text for line in torn.lines[-4:])
    return said.endswith(";") and said.count("(") > said.count(")")


def _reads_on(part: Paragraph, torn: Paragraph) -> bool:
    first = part.lines[0].words[0]
    alike = (
        abs(part.size - torn.size) < 0.6
        or abs(first.style.size - torn.lines[-1].words[-1].style.size) < 0.3
    )
    labelled = part.label and not first.text[0].islower()  # a label begins with a capital
    return not labelled and first.text[0] not in _BULLETS and alike


def _wide(part: Paragraph, layout: Layout) -> bool:
    left, right = _edges(part.lines[0], layout)
    return max(line.width for line in part.lines) > 0.6 * (right - left)
