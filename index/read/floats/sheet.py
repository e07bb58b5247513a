"""The types of a page that is divided into captions, barriers and parts of figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from index.read.floats.captions import FigureName
from index.read.order.layout import Paragraph
from index.read.page.pages import Area, Line

Side = Literal["above", "below"]


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption on the page, and the strip that its figure may take."""

    part: int  # identity of its paragraph
    name: FigureName
    area: Area
    left: float  # of the strip that its figure may take
    right: float


@dataclass(frozen=True, slots=True)
class Offer:
    """The parts that may belong to a caption, on one side of it."""

    area: Area
    drawn: bool  # whether it has drawings, and is not text alone
    ruled: bool  # whether there are rules across it, as tables have
    gap: float  # points between it and the caption


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page as its captions, what must not be cut, and what may belong to a figure."""

    number: int
    width: float
    height: float
    captions: tuple[Caption, ...]
    kept: tuple[Area, ...]  # lines that no figure may cut
    graphics: tuple[Area, ...]
    rules: tuple[Area, ...]
    labels: tuple[Area, ...]  # text that may belong to a figure
    hosts: tuple[tuple[Area, ...], ...]  # of each label, the drawings at whose edge it stands
    offers: dict[tuple[int, Side], Offer]


@dataclass(frozen=True, slots=True)
class ParagraphPart:
    """The lines of a paragraph that are on one page and in one column."""

    part: Paragraph
    lines: tuple[Line, ...]
    area: Area
    full_size: bool  # whether it is as large as the body
    words: int  # of prose, in the first lines of the paragraph
    strange: bool  # in a face that the running text is not set in, and no larger: no heading

    @property
    def page(self) -> int:
        """Counted from 1."""
        return self.lines[0].page


def area_of(line: Line) -> Area:
    """The area of a line."""
    return Area(line.x0, line.y0, line.x1, line.y1)


def area_around(areas: Iterable[Area]) -> Area:
    """The area around areas, of which there is at least one."""
    every = iter(areas)
    first = next(every)
    x0, y0, x1, y1 = first.x0, first.y0, first.x1, first.y1
    for area in every:
        x0 = area.x0 if area.x0 < x0 else x0
        y0 = area.y0 if area.y0 < y0 else y0
        x1 = area.x1 if area.x1 > x1 else x1
        y1 = area.y1 if area.y1 > y1 else y1
    return Area(x0, y0, x1, y1)
