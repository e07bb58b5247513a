"""Captions and notes made whole: each gets the lines that continue it.

A caption is split where its name is alone on a line ("Fig. 2.", "TABLE I"), where its type changes,
and where a line of it reads as a formula or a table row; a note also where it is set in columns.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from statistics import median

from index.read.floats.captions import FigureName, figure_name
from index.read.order.kinds import COMPLETE, LIST_ITEM, has_gap, raised_mark
from index.read.order.layout import Layout, Paragraph

_HYPHENS = "-\u00ad\u2010"
_SMALL = 0.7  # points below the body's size
# The greatest distance from one line to the next: as a share of the note's own leading, and of its
# type size. Small type of which only one line is known may have a wide leading.
_OF_LEADING = 1.3
_OF_SIZE = 1.5
_OF_SMALL_SIZE = 1.8


def join_continuations(parts: list[Paragraph], kept: Collection[int], layout: Layout) -> None:
    """Add to each caption and footnote the lines of the parts that continue it, and remove these
    from ``parts``. ``kept`` are the identities of parts that stay as they are.
    """
    for note in [part for part in parts if part.kind in ("caption", "footnote")]:
        while (rest := _continuation(note, parts, kept, layout)) is not None:
            note.lines = [*note.lines, *rest.lines]
            parts.remove(rest)


def _continuation(
    note: Paragraph, parts: list[Paragraph], kept: Collection[int], layout: Layout
) -> Paragraph | None:
    """The part that continues a note or caption; None if there is none, or it was joined."""
    page = note.lines[-1].page
    name = figure_name(note.text) if note.kind == "caption" else None
    last: Paragraph | None = None
    for part in parts:
        before, last = last, part
        if part.lines[0].page != page or id(part) in kept or part.kind == "caption":
            continue
        if name is not None and len(note.text.rstrip(" .:|")) <= len(name.label):
            if _is_title(note, part):
                return part
        elif _continues(note, name, part, before is note, layout):
            return part
    return None


def _is_title(caption: Paragraph, part: Paragraph) -> bool:
    """Whether a part is beside or below a caption's name, like the rest of the caption."""
    last, line, size = caption.lines[-1], part.lines[0], caption.size
    capitals = sum(map(str.isupper, line.text)) > sum(map(str.islower, line.text))
    least = 0.7 * size if capitals else size - 0.5  # small capitals may be large ones made smaller
    if has_gap(line) or not least <= line.size <= size + 0.5:
        return False
    if abs(line.middle - last.middle) < 2:
        return 0 < line.x0 - last.x1 < 3 * size
    centred = abs(line.x0 + line.x1 - last.x0 - last.x1) < 12 or abs(line.x0 - last.x0) < 2
    return centred and 0.5 * size < line.middle - last.middle < _OF_SIZE * size


def _continues(
    note: Paragraph, name: FigureName | None, part: Paragraph, follows: bool, layout: Layout
) -> bool:
    """Whether a part in the type of a note continues its last sentence, below it, or, in small
    type, at another place if the part ``follows`` in reading order.
    """
    last, line, size = note.lines[-1], part.lines[0], note.size
    if abs(line.size - size) > 0.5 or has_gap(line) or COMPLETE.search(last.text):
        return False
    if name is not None and name.kind in ("algorithm", "listing"):
        return False
    if part.kind == "footnote" and raised_mark(line):  # another note: "b Of the same trees."
        return False
    lower = line.text[0].islower() and not LIST_ITEM.match(part.text)
    small = size < layout.body_size - _SMALL
    left, right = min(one.x0 for one in note.lines), max(one.x1 for one in note.lines)
    step = line.middle - last.middle
    steps = [after.middle - before.middle for before, after in pairwise(note.lines)]
    most = _OF_SMALL_SIZE * size if small else _OF_SIZE * size
    if steps:
        most = max(_OF_LEADING * median(steps), _OF_SIZE * size)
    if 0.5 * size < step < most and left - 2 <= line.x0 < right:
        if len(note.lines) == 1:
            right = layout.edges(last)[1]
        # A footnote without a mark may follow on a full line of another one.
        full = last.x1 > right - 3 * size and abs(line.x0 - last.x0) < 2
        return lower or last.text[-1] in _HYPHENS or (full and note.kind == "caption")
    moved = line.column != last.column or step < 0
    prose = part.kind in ("paragraph", "footnote")
    return follows and small and lower and moved and prose
