"""Text between the paragraphs that is not running text: listings, small print, notes of figures.

It is recognised by its type and position, not by its words. It stays in the text, as tables,
footnotes or captions, so that it neither interrupts nor becomes a sentence of the running text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from index.paper import BlockKind
from index.read.floats.captions import figure_name
from index.read.order.kinds import has_gap
from index.read.order.layout import Layout, Paragraph
from index.read.page.pages import Area, Line, PageContent, is_typewriter
from index.read.sections.opening import setting_of
from index.read.text.headings import Heading
from index.spans import Box

_SMALLER = 0.6  # points below the body's size: small print
_ALL = 0.9  # of the letters
_RULE_LEAST = 20.0  # points: the shortest rule over footnotes
_RULE_MOST = 0.7  # of its column's width
_THIN = 2.5  # points
_FRAME_LEAST = 14.0, 30.0  # points: the height and the width of a frame that holds a label
_FRAME_MOST = 0.3  # of the page
_FRAMED_MOST = 6  # lines of a box of a diagram
_CELL_LINES = 4
_MARKS = 4  # words: more are a formula
_GAP = 1.8  # of the type's size: a space between two cells
_REACH = 2.0  # of the body's size: the greatest distance of notes below a table
_STOPPED = re.compile(r"[.!?][\"'”’)\]]*$")


def mark_listings(parts: Sequence[Paragraph], headings: set[int]) -> None:
    """Mark paragraphs in typewriter type as tables: code, prompts, addresses on their own lines.

    Nothing is marked in a paper that is set in such type as a whole.
    """
    prose = [part for part in parts if part.kind == "paragraph" and id(part) not in headings]
    shares = [_typewritten(part) for part in prose]
    if sum(typed for typed, _ in shares) > 0.5 * sum(letters for _, letters in shares):
        return
    for part, (typed, letters) in zip(prose, shares, strict=True):
        if typed > _ALL * letters:
            part.kind = "table"


def mark_lone_signs(parts: Sequence[Paragraph], headings: set[int]) -> None:
    """Mark paragraphs without a word as tables: single signs of formulas, letters of panels."""
    for part in parts:
        if part.kind != "paragraph" or id(part) in headings or len(part.words) > _MARKS:
            continue
        if all(sum(map(str.isalnum, word.text)) <= 1 for word in part.words):
            part.kind = "table"


def _typewritten(part: Paragraph) -> tuple[int, int]:
    """The number of letters in typewriter type, and of all letters."""
    typed = letters = 0
    for word in part.words:
        for text, style in word.parts:
            letters += len(text)
            typed += len(text) if is_typewriter(style) else 0
    return typed, letters


# --- boxes ---------------------------------------------------------------------------------------


def mark_framed_labels(
    parts: Sequence[Paragraph], headings: set[int], pages: Sequence[PageContent]
) -> None:
    """Mark labels in frames and tinted boxes without a sentence as tables: parts of diagrams."""
    for page in pages:
        frames = [
            one
            for one in page.drawn
            if one.height >= _FRAME_LEAST[0]
            and one.width >= _FRAME_LEAST[1]
            and one.area < _FRAME_MOST * page.width * page.height
        ]
        here = [part for part in parts if part.lines[0].page == page.number] if frames else []
        areas = [_area(part.lines) for part in here]
        for frame in frames:
            held = [part for part, area in zip(here, areas, strict=True) if frame.holds(area, 1)]
            labels = [part for part in held if part.kind == "paragraph"]
            few = sum(len(part.lines) for part in held) <= _FRAMED_MOST
            plain = all(id(part) not in headings and part.kind != "caption" for part in held)
            if labels and few and plain and not any(_STOPPED.search(one.text) for one in labels):
                for part in labels:
                    part.kind = "table"


def mark_small_cells(
    parts: Sequence[Paragraph], begins: Mapping[int, Heading], layout: Layout
) -> None:
    """Mark sentences in small print as tables if they are cells: beside another cell, or below one
    with the same left edge or with gaps between their words.

    ``begins`` has the headings of sections, by the identity of the part that begins the section.
    """
    columns: dict[int, list[Paragraph]] = {}
    for part in _unlisted(parts, begins):
        if id(part) not in begins:
            columns.setdefault(part.lines[0].page, []).append(part)
    small = [part for part in _small_print(parts, begins, layout) if len(part.lines) <= _CELL_LINES]
    pieces = {id(part): _after_gap(part.lines[0]) for part in small}
    for part in small:
        own = _area(part.lines)
        cells = columns.get(part.lines[0].page, ())
        beside = any(one.kind == "table" and _is_beside(part.lines[0], own, one) for one in cells)
        if beside or any(_is_row(part, other, pieces) for other in small):
            part.kind = "table"


def _after_gap(line: Line) -> float | None:
    """The left edge of the words after the first wide space of a line, in points."""
    for before, after in pairwise(line.words):
        if after.x0 - before.x1 > _GAP * line.size:
            return after.x0
    return None


def _is_row(part: Paragraph, other: Paragraph, pieces: Mapping[int, float | None]) -> bool:
    """Whether one text is right below the other and their second pieces have one left edge."""
    one, two = pieces[id(part)], pieces[id(other)]
    first, second = (part, other) if part.lines[0].y0 < other.lines[0].y0 else (other, part)
    near = 0 < second.lines[0].y0 - first.lines[-1].y1 < 2 * part.size
    same = first.lines[0].page == second.lines[0].page
    return one is not None and two is not None and abs(one - two) < 1 and near and same


def _is_beside(line: Line, area: Area, cell: Paragraph) -> bool:
    """Whether a text is in the row of a cell, or right below it as another cell would be."""
    other = _area(cell.lines)
    first = cell.lines[0]
    if abs(line.size - first.size) > 0.5 or not _same_column(line, first):
        return False
    if abs(line.middle - first.middle) < 2:
        return other.shared_width(area) < -0.5 * line.size
    aligned = abs(line.x0 - other.x0) < 1 or has_gap(line)
    return aligned and 0 <= line.y0 - other.y1 < line.size


def _same_column(line: Line, other: Line) -> bool:
    return line.column == other.column or 0 in (line.column, other.column)


# --- the foot of a page ---------------------------------------------------------------------------


def mark_footnotes(
    parts: Sequence[Paragraph],
    begins: Mapping[int, Heading],
    layout: Layout,
    pages: Sequence[PageContent],
) -> None:
    """Mark the small print at the foot of a column as footnotes: under a rule, next to a footnote
    with a mark, or on the first page.

    ``begins`` has the headings of sections, by the identity of the part that begins the section.
    """
    drawn = {page.number: page.drawn for page in pages}
    first = min(drawn, default=0)
    for run, above in _feet(_unlisted(parts, begins), layout):
        top, page = run[-1].lines[0], above.lines[-1].page
        open_text = above.kind in ("paragraph", "equation") and id(above) not in begins
        marked = any(part.kind == "footnote" for part in run)
        ruled = _is_ruled(drawn.get(page, ()), above.lines[-1], top, layout)
        apart = top.y0 - above.lines[-1].y1 > 0.3 * layout.body_size
        if ruled or (open_text and apart and (marked or page == first)):
            for part in run:
                part.kind = "footnote"


def _feet(
    parts: Iterable[Paragraph], layout: Layout
) -> Iterator[tuple[list[Paragraph], Paragraph]]:
    """The run of small print at the foot of each column, from below, and the part above it."""
    columns: dict[tuple[int, int], list[Paragraph]] = {}
    for part in parts:
        for place in {(line.page, line.column) for line in part.lines}:
            columns.setdefault(place, []).append(part)
    for place, held in columns.items():
        lowest = {id(part): max(line.y1 for line in _lines_in(part, place)) for part in held}
        run: list[Paragraph] = []
        for part in sorted(held, key=lambda part: -lowest[id(part)]):
            small = part.size < layout.body_size - _SMALLER
            whole = len(_lines_in(part, place)) == len(part.lines)
            if whole and small and part.kind in ("paragraph", "footnote", "equation", "table"):
                # Formulas and cells of a note stay what they are.
                run += [part] if part.kind in ("paragraph", "footnote") else []
                continue
            if run and _lines_in(part, place)[-1] is part.lines[-1]:
                yield run, part
            break


def _lines_in(part: Paragraph, place: tuple[int, int]) -> list[Line]:
    return [line for line in part.lines if (line.page, line.column) == place]


def _is_ruled(drawn: Sequence[Area], above: Line, top: Line, layout: Layout) -> bool:
    """Whether a short rule at the column's left edge is between two lines of the column."""
    left, right = layout.edges(top)
    return any(
        rule.height <= _THIN
        and _RULE_LEAST <= rule.width <= _RULE_MOST * (right - left)
        and abs(rule.x0 - left) < 6
        and above.y1 - 2 <= rule.y0
        and rule.y1 <= top.y0 + 2
        for rule in drawn
    )


# --- below a figure or a table --------------------------------------------------------------------


def mark_notes(
    parts: list[Paragraph],
    begins: Mapping[int, Heading],
    layout: Layout,
    boxes: Mapping[int, Box],
) -> None:
    """Mark the small print below a caption as a caption, and that below a table or figure whose
    caption is above it as a footnote.

    ``boxes`` are by the identity of a caption, ``begins`` as in ``mark_footnotes``.
    """
    small = _small_print(parts, begins, layout)
    every = _in_small_type(parts, begins, layout)
    marked = [part for part in parts if part.kind == "footnote"]
    for caption in parts:
        if caption.kind != "caption" or figure_name(caption.text) is None:
            continue
        own = _area(caption.lines)
        page = caption.lines[-1].page
        left, right = layout.edges(caption.lines[0])
        whole = Area(min(own.x0, left), own.y0, max(own.x1, right), own.y1)
        _take(every, page, whole, 1.2 * caption.size, caption.size, "caption")
        box = boxes.get(id(caption))
        if box is not None and box.page == page and box.y0 > own.y0:
            below = Area(min(own.x0, box.x0), box.y0, max(own.x1, box.x1), box.y1)
            _take(
                [*small, *marked], page, below, _REACH * layout.body_size, caption.size, "footnote"
            )


def _small_print(
    parts: Sequence[Paragraph], begins: Mapping[int, Heading], layout: Layout
) -> list[Paragraph]:
    """Paragraphs in small print on one page, without references.

    A paper may set whole sections small: paragraphs set like the first one of a section are text.
    """
    small = _in_small_type(parts, begins, layout)
    led = {id(after) for before, after in pairwise(parts) if id(before) in begins}
    sections = [setting_of(part) for part in small if id(part) in led]
    return [part for part in small if not any(setting_of(part).like(one) for one in sections)]


def _in_small_type(
    parts: Sequence[Paragraph], begins: Mapping[int, Heading], layout: Layout
) -> list[Paragraph]:
    return [
        part
        for part in _unlisted(parts, begins)
        if part.kind == "paragraph"
        and id(part) not in begins
        and part.size < layout.body_size - _SMALLER
        and part.lines[0].page == part.lines[-1].page
    ]


def _unlisted(parts: Sequence[Paragraph], begins: Mapping[int, Heading]) -> Iterator[Paragraph]:
    """The parts outside lists of references."""
    listed = False
    for part in parts:
        if id(part) in begins:
            listed = begins[id(part)].role == "references"
        if not listed:
            yield part


def _take(
    free: list[Paragraph], page: int, area: Area, near: float, size: float, kind: BlockKind
) -> None:
    """Give ``kind`` to the paragraphs right below an area, and to those right below these, if their
    type is not larger than ``size``; footnotes with marks may be between them.
    """
    wide = area.grown(4)
    waiting = [
        part
        for part in free
        if part.lines[0].page == page
        and part.lines[0].y0 > area.y1 - 2
        and part.size < size + 0.4
        and wide.shared_width(_area(part.lines)) > 0.95 * _area(part.lines).width
    ]
    taken = [(area, near)]
    while taken:
        above, reach = taken.pop()
        for part in list(waiting):
            own = _area(part.lines)
            if -2 < own.y0 - above.y1 < reach and own.shared_width(above) > 0:
                part.kind = kind if part.kind == "paragraph" else part.kind
                waiting.remove(part)
                taken.append((own, 1.2 * size))


def _area(lines: Sequence[Line]) -> Area:
    return Area(
        min(line.x0 for line in lines),
        min(line.y0 for line in lines),
        max(line.x1 for line in lines),
        max(line.y1 for line in lines),
    )
