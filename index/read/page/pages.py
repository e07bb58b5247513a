"""The types of a PDF's pages: words with boxes and type, lines, areas, pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple

from index.accounts import Finding
from index.read.page.words import words_of
from index.spans import Box

_TYPEWRITER = re.compile(
    r"mono|courier|typewriter|consol|inconsolata|cmtt|sftt|txtt|nimbusmon", re.I
)

_TALL = re.compile(r"CMEX|MTEX|MT2EX|EUEX|txex|pxex|esint|MathExt|AdvP4C4E46")


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """The style of a run of characters. ``size`` is in points. Equal styles are one object."""

    size: float
    bold: bool
    italic: bool
    maths: bool
    raised: bool  # a superscript
    lowered: bool  # a subscript
    font: str
    colour: int = 0  # 0xRRGGBB

    def at(self, level: int) -> Style:
        """The same, raised (1), on the baseline (0) or lowered (-1)."""
        if level == self.raised - self.lowered:
            return self
        return _levelled(self, level)


@cache
def _levelled(style: Style, level: int) -> Style:
    return replace(style, raised=level > 0, lowered=level < 0)


def is_tall(style: Style) -> bool:
    """Whether a font has brackets and signs of several heights, by its name: they hang from the
    line's head or stand on its foot, and are neither raised nor lowered.
    """
    return bool(_TALL.search(style.font))


def is_typewriter(style: Style) -> bool:
    """Whether all letters of a font are of one width, as in code, by its name."""
    return _is_typewriter(style.font)


@cache
def _is_typewriter(font: str) -> bool:
    return bool(_TYPEWRITER.search(font))


@dataclass(slots=True, eq=False, init=False)
class PageWord:
    """A word as drawn: its characters by style, and its rectangle on the page in points.

    ``style`` is that of most of its characters. A word is itself and equals no other: papers have
    ten thousand of them, and what is noted of one is noted by its identity.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    parts: tuple[tuple[str, Style], ...]
    base: float  # where the baseline of most of its characters is, in points
    style: Style = field(init=False)

    def __init__(
        self,
        text: str,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        parts: tuple[tuple[str, Style], ...],
        base: float | None = None,
    ) -> None:
        self.text = text
        self.x0, self.y0, self.x1, self.y1 = x0, y0, x1, y1
        self.parts = parts
        self.base = y1 if base is None else base
        if len(parts) == 1:
            self.style = parts[0][1]
        else:
            self.style = max(parts, key=lambda part: len(part[0]))[1]


@dataclass(slots=True)
class Line:
    """Words on one baseline. ``block`` is MuPDF's paragraph-like group on the page."""

    page: int  # from 1
    block: int
    words: list[PageWord]
    upright: bool = True
    column: int = 0  # 0: across the page or only column, 1: left, 2: right
    x0: float = field(init=False)
    y0: float = field(init=False)
    x1: float = field(init=False)
    y1: float = field(init=False)
    size: float = field(init=False)  # of most of its characters
    text: str = field(init=False)
    bold: bool = field(init=False)
    italic: bool = field(init=False)
    # Top and bottom of its first word of full size: a root or a sum reaches further.
    band: tuple[float, float] = field(init=False)
    # The vertical middle of the first word of full size: steadier than that of the whole line.
    middle: float = field(init=False)
    characters: int = field(init=False)  # white space apart
    maths: int = field(init=False)  # of these, those set as maths
    count: int = field(init=False)  # of words; of a script without spaces more than ``words``

    def __post_init__(self) -> None:
        self.measure()

    def measure(self) -> None:
        """Derive box, text and dominant type from the words."""
        words = self.words
        self.text = " ".join([word.text for word in words])
        self.count = (
            len(words) if self.text.isascii() else sum([words_of(word.text) for word in words])
        )
        x0, y0, x1, y1 = words[0].x0, words[0].y0, words[0].x1, words[0].y1
        styles: dict[Style, int] = {}
        for word in words:  # in one go: a paper has ten thousand words
            if word.x0 < x0:
                x0 = word.x0
            if word.y0 < y0:
                y0 = word.y0
            if word.x1 > x1:
                x1 = word.x1
            if word.y1 > y1:
                y1 = word.y1
            for characters, style in word.parts:
                styles[style] = styles.get(style, 0) + len(characters)
        self.x0, self.y0, self.x1, self.y1 = x0, y0, x1, y1
        sizes: dict[float, int] = {}
        bold = italic = letters = maths = 0
        for style, count in styles.items():
            sizes[style.size] = sizes.get(style.size, 0) + count
            if style.maths:
                maths += count
            elif not style.raised:
                letters += count
                bold += count if style.bold else 0
                italic += count if style.italic else 0
        self.size = max(sizes, key=lambda size: (sizes[size], size))
        self.bold = letters > 0 and bold >= 0.85 * letters
        self.italic = letters > 0 and italic >= 0.85 * letters
        self.characters = sum(styles.values())
        self.maths = maths
        self.band = (self.y0, self.y1)
        self.middle = (self.y0 + self.y1) / 2
        first = True
        for word in words:
            if abs(word.style.size - self.size) < 0.6:
                if first:
                    self.middle = (word.y0 + word.y1) / 2
                    first = False
                if not word.style.maths:
                    self.band = (word.y0, word.y1)
                    break

    @property
    def width(self) -> float:
        """In points."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """In points."""
        return self.y1 - self.y0


class Area(NamedTuple):
    """A rectangle on a page in points. A tuple, since a page of drawings has thousands of them."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """In points."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """In points."""
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        """In square points."""
        return self.width * self.height

    def grown(self, by: float) -> Area:
        """The area enlarged by ``by`` points on each side."""
        return Area(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)

    def shared_width(self, other: Area) -> float:
        """The width of the overlap of both in x; below 0 the distance between them."""
        return min(self.x1, other.x1) - max(self.x0, other.x0)

    def shared_height(self, other: Area) -> float:
        """The same from top to bottom."""
        return min(self.y1, other.y1) - max(self.y0, other.y0)

    def shared(self, other: Area) -> float:
        """The area that both cover, in square points."""
        return max(self.shared_width(other), 0.0) * max(self.shared_height(other), 0.0)

    def meets(self, other: Area, apart: float = 0.0) -> bool:
        """Whether they overlap, or are at most ``apart`` points apart."""
        return (
            self.x0 - apart <= other.x1
            and other.x0 - apart <= self.x1
            and self.y0 - apart <= other.y1
            and other.y0 - apart <= self.y1
        )

    def holds(self, other: Area, beyond: float = 0.0) -> bool:
        """Whether ``other`` lies inside, or at most ``beyond`` points beyond a side."""
        return (
            self.x0 - beyond <= other.x0
            and self.y0 - beyond <= other.y0
            and other.x1 - beyond <= self.x1
            and other.y1 - beyond <= self.y1
        )

    def within(self, other: Area) -> Area | None:
        """Its intersection with ``other``; None if there is none."""
        if not self.meets(other):
            return None
        return Area(
            max(self.x0, other.x0),
            max(self.y0, other.y0),
            min(self.x1, other.x1),
            min(self.y1, other.y1),
        )


@dataclass(slots=True)
class PageContent:
    """One page: its size in points and its lines in the order of the file."""

    number: int
    width: float
    height: float
    lines: list[Line]
    drawn: tuple[Area, ...] = ()  # pictures and drawn paths, on pages that may have a caption
    findings: list[Finding] = field(default_factory=list)  # text that is not seen, and in no line
    printed: str = ""  # all text that the engine draws on it, in any order: to account for it
    hidden: list[PageWord] = field(default_factory=list)  # those of ``printed`` in ``findings``
    outside: str = ""  # the words that the page's edge or a clip cuts off
    turned: int = 0  # by how many degrees, clockwise, it was turned to make its text upright
    cipher: bool = False  # its letters are other ones than it shows
    unread: str = ""  # why the page, or a part of its text, could not be read; "" if it was
    addresses: frozenset[str] = frozenset()  # web addresses that its links lead to

    def stored(self, box: Box) -> Box:
        """A box of the page as it was turned, where it is on the page as it is stored."""
        x0, y0, x1, y1 = box.x0, box.y0, box.x1, box.y1
        match self.turned:
            case 90:
                return Box(box.page, y0, self.width - x1, y1, self.width - x0)
            case 180:
                return Box(
                    box.page, self.width - x1, self.height - y1, self.width - x0, self.height - y0
                )
            case 270:
                return Box(box.page, self.height - y1, x0, self.height - y0, x1)
            case _:
                return box


@dataclass(slots=True)
class Pages:
    """All pages of a file, with what the file says about itself."""

    pages: list[PageContent]
    count: int
    images: int  # pages that are covered by a picture
