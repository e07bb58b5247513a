"""Places in a paper: spans of its text, the words of its pages, and the boxes of both.

A paper's text is stored once and everything else points into it. The words of a PDF keep the boxes
that they had on the page, so that the boxes of a span are looked up and never searched for.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of ``Paper.text``."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: {self.start}..{self.end}")

    def __len__(self) -> int:
        return self.end - self.start

    def contains(self, other: Span) -> bool:
        """Whether ``other`` lies wholly inside."""
        return self.start <= other.start and other.end <= self.end

    def of(self, text: str) -> str:
        """The characters themselves."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """A rectangle on a page. ``page`` counts from 1; the rest is PDF points from the top left.

    The page is the one that is stored: where the file turns its pages, before they are turned.
    """

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Highlight:
    """Words on pages that are to be marked in a copy of the PDF, and the note on them."""

    boxes: tuple[Box, ...]  # one for each printed line
    heading: str
    note: str
    author: str = "gloss"
    by: Literal["digest", "own"] = "digest"  # decides the colour


@dataclass(frozen=True, slots=True)
class PageSize:
    """A page as people see it, in points. ``turned`` is by how many degrees the file turns it."""

    width: float
    height: float
    turned: int = 0  # clockwise: 0, 90, 180 or 270

    def seen(self, box: Box) -> Box:
        """A box of the stored page, which is not turned, where people see it."""
        match self.turned:
            case 90:
                x0, x1 = self.width - box.y1, self.width - box.y0
                return Box(box.page, x0, box.x0, x1, box.x1)
            case 180:
                x0, x1 = self.width - box.x1, self.width - box.x0
                return Box(box.page, x0, self.height - box.y1, x1, self.height - box.y0)
            case 270:
                return Box(box.page, box.y0, self.height - box.x1, box.y1, self.height - box.x0)
            case _:
                return box


@dataclass(frozen=True, slots=True)
class Word:
    """One word as the PDF drew it: where it is in the text, and where on the page.

    ``line`` numbers the printed lines of the paper in reading order. A word that was hyphenated at
    a line's end is two of these, side by side in the text.
    """

    span: Span
    box: Box
    line: int


@dataclass(frozen=True, slots=True)
class Words:
    """All words of a PDF in text order, kept as columns (a paper has some ten thousand).

    Empty for a paper that is no PDF: such a paper has spans and no boxes.
    """

    starts: array[int] = field(default_factory=lambda: array("i"))
    ends: array[int] = field(default_factory=lambda: array("i"))
    pages: array[int] = field(default_factory=lambda: array("i"))
    lines: array[int] = field(default_factory=lambda: array("i"))
    corners: array[float] = field(default_factory=lambda: array("f"))  # x0, y0, x1, y1 of each

    @classmethod
    def of(cls, words: Iterable[Word]) -> Words:
        """Columns of ``words``, which must come in text order without overlap."""
        columns = cls()
        end = 0
        for word in words:
            if word.span.start < end:
                raise ValueError(f"words overlap or are out of order at {word.span}")
            end = word.span.end
            columns.starts.append(word.span.start)
            columns.ends.append(end)
            columns.pages.append(word.box.page)
            columns.lines.append(word.line)
            columns.corners.extend((word.box.x0, word.box.y0, word.box.x1, word.box.y1))
        return columns

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, number: int) -> Word:
        x0, y0, x1, y1 = self.corners[4 * number : 4 * number + 4]
        return Word(
            Span(self.starts[number], self.ends[number]),
            Box(self.pages[number], x0, y0, x1, y1),
            self.lines[number],
        )

    def __iter__(self) -> Iterator[Word]:
        return (self[number] for number in range(len(self)))

    def within(self, span: Span) -> list[Word]:
        """The words that overlap ``span``, in order."""
        return [self[number] for number in range(*self._overlapping(span))]

    def _overlapping(self, span: Span) -> tuple[int, int]:
        """The numbers of the first word that overlaps ``span`` and of the one after the last."""
        return bisect_right(self.ends, span.start), bisect_left(self.starts, span.end)

    def on(self, page: int) -> list[Word]:
        """The words of a page, in text order."""
        return [self[number] for number, one in enumerate(self.pages) if one == page]

    def inside(self, boxes: Sequence[Box]) -> list[Word]:
        """The words whose middle lies in one of ``boxes``, in text order."""
        import numpy as np

        pages = np.asarray(self.pages)
        x0, y0, x1, y1 = np.asarray(self.corners, dtype=np.float64).reshape(-1, 4).T
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        held = np.zeros(len(pages), dtype=bool)
        for b in boxes:
            held |= (pages == b.page) & (b.x0 <= x) & (x <= b.x1) & (b.y0 <= y) & (y <= b.y1)
        return [self[number] for number in np.flatnonzero(held).tolist()]

    def boxes(self, span: Span) -> tuple[Box, ...]:
        """Where ``span`` is on the page: one box for each printed line it touches, in order."""
        boxes: list[Box] = []
        page = line = -1
        x0 = y0 = x1 = y1 = 0.0
        for number in range(*self._overlapping(span)):
            left, top, right, bottom = self.corners[4 * number : 4 * number + 4]
            if (self.pages[number], self.lines[number]) == (page, line):
                x0, y0, x1, y1 = min(x0, left), min(y0, top), max(x1, right), max(y1, bottom)
                continue
            if page >= 0:
                boxes.append(Box(page, x0, y0, x1, y1))
            page, line = self.pages[number], self.lines[number]
            x0, y0, x1, y1 = left, top, right, bottom
        if page >= 0:
            boxes.append(Box(page, x0, y0, x1, y1))
        return tuple(boxes)


def around(boxes: Sequence[Box]) -> Box | None:
    """The box around boxes of one page; of several pages, that of the first. None for none."""
    if not boxes:
        return None
    page = boxes[0].page
    own = [box for box in boxes if box.page == page]
    return Box(
        page,
        min(box.x0 for box in own),
        min(box.y0 for box in own),
        max(box.x1 for box in own),
        max(box.y1 for box in own),
    )


_APART = 2.4  # of a line's height: lines of one paragraph are nearer

_EDGE = 1.5  # points around a run of lines: accents and commas reach over the words' boxes


def runs_of(boxes: Sequence[Box]) -> tuple[Box, ...]:
    """The boxes of lines, in reading order, as one box for each run of lines that follow closely on
    one another; the jump to another column or page begins a new one.
    """
    runs: list[list[Box]] = []
    # A line of text is longer than it is high; on a page that lies on its side it stands on end.
    flat = sum(box.x1 - box.x0 for box in boxes) >= sum(box.y1 - box.y0 for box in boxes)
    edges = [(box.y0, box.y1) if flat else (box.x0, box.x1) for box in boxes]
    heights = sorted(end - start for start, end in edges)
    usual = heights[len(heights) // 2] if heights else 0.0
    middle = 0.0
    for box, (start, end) in zip(boxes, edges, strict=True):
        near = abs((start + end) / 2 - middle) <= _APART * usual
        if runs and runs[-1][-1].page == box.page and near:
            runs[-1].append(box)
        else:
            runs.append([box])
        middle = (start + end) / 2
    wholes = (around(run) for run in runs)
    return tuple(
        Box(one.page, one.x0 - _EDGE, one.y0 - _EDGE, one.x1 + _EDGE, one.y1 + _EDGE)
        for one in wholes
        if one is not None
    )
