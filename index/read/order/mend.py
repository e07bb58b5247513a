"""Paragraphs that a figure, a table, a footnote or a page's end tore apart, put together again.

What stood between the halves comes after them, so that a sentence is one span of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from index.paper import BlockKind
from index.read.order.kinds import has_gap, is_contents_row, prose_words, raised_mark
from index.read.order.layout import Layout, Paragraph
from index.read.page.bidi import runs_right_to_left
from index.read.page.pages import Line

_END = re.compile(r"(?:[.!?:;。！？][\"'”’)\]]*(?:\s*\[[\d,\s–-]+\])?\d{0,2}|[■□∎◼])$")
_SHORT = re.compile(r"(?:\b[A-Z]\.)+$|\b(?:e\.g|i\.e|al|cf|vs|resp|approx)\.$")
_FLOATS: frozenset[BlockKind] = frozenset({"caption", "table", "footnote"})
_LISTING = re.compile(r"algorithm|listing|procedure", re.I)
_LISTED = re.compile(r"\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})\)\s")  # an item's letter, or a heading's
_ENTRY = re.compile(r"\[\d+\]")  # of a list of references
_ENTRY_WITHIN = re.compile(r"\[\d+\][,;)]*\s+[a-z]")
_BULLETS = "•‣▪◦●■*–"
_HYPHENS = "-\u00ad\u2010"
_CELL_WORDS = 30  # of prose: more is a paragraph in small type, and no cell
_FAR = 80  # parts that are no cells: a page full of small figures lies between
_PAGES = 4  # pages of figures and tables, at most


def draw_in(parts: Sequence[Paragraph], headings: set[int], layout: Layout) -> None:
    """Make a table of the text that stands between cells and is no prose: heads, labels of axes.

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
            # What stands above a figure's caption is the figure; below it, the text goes on.
            of_table = part.kind == "caption" and part.text.startswith(captions)
            heading = id(part) in headings
            cells = part if (part.kind == "table" and not heading) or of_table else None
    _sandwiched(parts, headings, layout)


def _side_by_side(parts: Sequence[Paragraph]) -> Iterator[Paragraph]:
    """The parts that share a row with another one of their column, as only cells do."""
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
    if part.kind != "paragraph" or len(part.lines) > 3 or _END.search(part.lines[-1].text):
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


def mend(
    parts: Sequence[Paragraph], headings: set[int], layout: Layout, begins: set[int]
) -> list[Paragraph]:
    """The parts in order, each torn paragraph as one.

    ``begins`` are the identities of the parts that begin a section without a heading.
    """
    mended: list[Paragraph] = []
    waiting = _with_rests(parts, headings | begins, layout)
    place = 0
    while place < len(waiting):
        part = waiting[place]
        place += 1
        mended.append(part)
        if part.kind != "paragraph" or id(part) in headings:
            continue
        between: list[Paragraph] = []
        barriers = headings | begins
        while (found := _continuation(waiting, place, part, barriers, layout)) is not None:
            between += waiting[place:found]
            part.lines = [*part.lines, *waiting[found].lines]
            place = found + 1
        if between:  # torn paragraphs among them are looked at in turn
            waiting[place:place] = between
    return mended


def _with_rests(parts: Sequence[Paragraph], barriers: set[int], layout: Layout) -> list[Paragraph]:
    """The parts, each caption and note with the lines that go on with it right below or beside."""
    whole: list[Paragraph] = []
    for part in parts:
        note = whole[-1] if whole else None
        if note is not None and id(part) not in barriers and _is_rest(part, note, layout):
            note.lines = [*note.lines, *part.lines]
        else:
            whole.append(part)
    return whole


def _is_rest(part: Paragraph, note: Paragraph, layout: Layout) -> bool:
    """Whether lines in the type of a caption or note begin within its last sentence."""
    first, last = part.lines[0], note.lines[-1]
    if note.kind not in ("caption", "footnote") or part.kind not in ("paragraph", "footnote"):
        return False
    if part.kind == "footnote" and raised_mark(first):  # another one, as "b Of the same trees."
        return False
    torn = first.text[0].islower() and not _LISTED.match(part.text) and not _END.search(last.text)
    if not torn or abs(part.size - note.size) > 0.3 or first.page != last.page:
        return False
    small = note.size < layout.body_size - 0.7
    if first.column == last.column and first.middle > last.middle:
        return first.middle - last.middle < (1.8 if small else 1.35) * note.size
    return small


def _continuation(
    parts: Sequence[Paragraph], place: int, torn: Paragraph, headings: set[int], layout: Layout
) -> int | None:
    """Where the paragraph goes on that ends before ``place``; None if it is whole."""
    last = torn.lines[-1]
    labels = len(torn.lines) == 1 and has_gap(last)  # words of a drawing, far apart
    short = _SHORT.search(last.text)  # its full stop ends no sentence if a small letter comes next
    if labels or (_END.search(last.text) and not short and not _in_brackets(torn)):
        return None
    # What was passed on the way: a caption; a formula, or words of a figure before its caption.
    captioned = drawn = False
    hyphen = last.text[-1] in _HYPHENS
    passed = 0
    for number in range(place, len(parts)):
        part = parts[number]
        first = part.lines[0]
        # What stands higher on the page is no formula below the text, and no text after it.
        above = _is_beside(first, last) and first.middle < last.middle - 0.5 * last.size
        moved = first.page != last.page or first.column != last.column or above
        passed += part.kind != "table"
        if id(part) in headings or passed > _FAR or first.page > last.page + _PAGES:
            return None
        if short and (moved or number > place or not _begins_low(part, layout)):
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
            lower = _begins_low(part, layout)
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
                goes_on = near and _is_full(last, layout) and _is_flush(part, torn, layout)
                return number if goes_on else None
    return None


def _is_beside(first: Line, last: Line) -> bool:
    """Whether a line stands on the page of another, in its column or in one before it."""
    if first.page != last.page or 0 in {first.column, last.column}:
        return False
    turned = runs_right_to_left(last.text)
    return first.column >= last.column if turned else first.column <= last.column


def _begins_low(part: Paragraph, layout: Layout) -> bool:
    """Whether it begins as only the rest of a sentence does: with a small letter or a bracket."""
    text = part.text
    if text[0] in "([":
        # "[19] proposes", and no reference "[19] Smith"; no cell "[name]".
        entry = _ENTRY.match(text) and not _ENTRY_WITHIN.match(text)
        return not entry and bool(_wide(part, layout) or _END.search(text))
    return text[0].islower() and not _LISTED.match(text)


def _edges(line: Line, layout: Layout) -> tuple[float, float]:
    """The edges that a line is set between; one across columns has the first's and the last's."""
    if line.column or not layout.gutters.get(line.page):
        return layout.edges(line)
    places = [
        layout.columns.get((page, column), layout.columns.get((0, column)))
        for page, column in ((line.page, n + 1) for n in range(len(layout.gutters[line.page]) + 1))
    ]
    known = [place for place in places if place is not None]
    return (known[0][0], known[-1][1]) if known else layout.edges(line)


def _is_full(line: Line, layout: Layout) -> bool:
    """Whether a line reaches the edge of its column where it ends."""
    left, right = _edges(line, layout)
    if runs_right_to_left(line.text):
        return line.x0 < left + 2.5 * line.size
    return line.x1 > right - 2.5 * line.size


def _is_label(part: Paragraph, layout: Layout) -> bool:
    """Whether a few lines end so far from the edge that they are a figure's, and no torn text."""
    last = part.lines[-1]
    left, right = _edges(last, layout)
    return len(part.lines) < 4 and last.x1 < right - 0.3 * (right - left)


def _is_flush(part: Paragraph, torn: Paragraph, layout: Layout) -> bool:
    """Whether a part that begins with a capital is set as the next line of a torn paragraph is.

    A new paragraph is indented, and a new entry of a list stands further left than the end of the
    last one.
    """
    first, last = part.lines[0], torn.lines[-1]
    if _ENTRY.match(part.text) and not _ENTRY_WITHIN.match(part.text):
        return False
    if first.page == last.page and first.column == last.column:
        return len(torn.lines) == 1 or abs(_begins(first) - _begins(last)) < 0.8 * last.size
    if len(part.lines) == 1:
        return bool(_END.search(first.text))
    return abs(_begins(first) - _begins(part.lines[1])) < 0.8 * last.size


def _begins(line: Line) -> float:
    """Where a line begins, in points: on the right in Arabic and Hebrew."""
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
