"""What a PDF's pages hold before anything is understood: words with their boxes and their type."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Style:
    """How a run of characters is set. ``size`` is in points."""

    size: float
    bold: bool
    italic: bool
    maths: bool
    raised: bool  # a superscript
    font: str


@dataclass(frozen=True, slots=True)
class PageWord:
    """A word as drawn: its characters by style, and its rectangle on the page in points."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    parts: tuple[tuple[str, Style], ...]

    @property
    def style(self) -> Style:
        """The style of most of its characters."""
        return max(self.parts, key=lambda part: len(part[0]))[1]


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
    size: float = field(init=False)
    text: str = field(init=False)
    bold: bool = field(init=False)
    italic: bool = field(init=False)

    def __post_init__(self) -> None:
        self.measure()

    def measure(self) -> None:
        """Derive box, text and dominant type from the words."""
        self.x0 = min(word.x0 for word in self.words)
        self.y0 = min(word.y0 for word in self.words)
        self.x1 = max(word.x1 for word in self.words)
        self.y1 = max(word.y1 for word in self.words)
        self.text = " ".join(word.text for word in self.words)
        sizes: dict[float, int] = {}
        bold = italic = letters = 0
        for word in self.words:
            for characters, style in word.parts:
                sizes[style.size] = sizes.get(style.size, 0) + len(characters)
                if not style.maths and not style.raised:
                    letters += len(characters)
                    bold += len(characters) if style.bold else 0
                    italic += len(characters) if style.italic else 0
        self.size = max(sizes, key=lambda size: (sizes[size], size))
        self.bold = letters > 0 and bold >= 0.85 * letters
        self.italic = letters > 0 and italic >= 0.85 * letters

    @property
    def width(self) -> float:
        """In points."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """In points."""
        return self.y1 - self.y0

    @property
    def band(self) -> tuple[float, float]:
        """Top and bottom of its first word of full size: a root or a sum reaches further."""
        for word in self.words:
            if abs(word.style.size - self.size) < 0.6 and not word.style.maths:
                return word.y0, word.y1
        return self.y0, self.y1

    @property
    def middle(self) -> float:
        """The vertical middle of the first full-size word: steadier than that of the whole line."""
        for word in self.words:
            if abs(word.style.size - self.size) < 0.6:
                return (word.y0 + word.y1) / 2
        return (self.y0 + self.y1) / 2


@dataclass(slots=True)
class PageContent:
    """One page: its size in points and its lines in the order of the file."""

    number: int
    width: float
    height: float
    lines: list[Line]


@dataclass(slots=True)
class Pages:
    """All pages of a file, with what the file says about itself."""

    pages: list[PageContent]
    count: int
    images: int  # pages that are covered by a picture
