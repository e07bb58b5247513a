"""What a reading found hidden and what it lost: hidden text, and a count of each page's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from index.spans import Box

HiddenBy = Literal[
    "colour",  # white or nearly so, on a page that is as light there
    "size",  # too small to read
    "render mode",  # drawn with neither fill nor stroke, and no layer of text over a scan
    "transparency",
    "cover",  # something opaque was painted over it
    "position",  # off the page, or clipped away
    "layer",  # on an optional layer that is switched off
    "style",  # by an attribute or a style sheet that says not to show it
    "comment",  # in a comment of the source
    "unicode",  # in characters that draw nothing
]


@dataclass(frozen=True, slots=True)
class Finding:
    """Text in the file that is invisible on the page. It is not in ``Paper.text``."""

    hidden_by: HiddenBy
    text: str  # at most its first 200 characters
    box: Box | None = None  # none in a file without pages


@dataclass(frozen=True, slots=True)
class Loss:
    """A page of which words were lost, or that could not be read at all."""

    page: int
    share: float  # of its words, 0..1
    reason: str

    @property
    def percent(self) -> int:
        """The share in whole percents, and never 0."""
        return max(round(100 * self.share), 1)

    def __str__(self) -> str:
        if self.percent >= 100:
            return f"page {self.page} could not be read"
        return f"{self.percent} % of page {self.page} could not be read"


@dataclass(frozen=True, slots=True)
class PageAccount:
    """Where the words of one page went. Counts are of words: runs of letters and digits.

    ``drawn`` is counted apart from the other counts, and a word that the text has in two parts is
    two there, so the sum of the others may differ by some.
    """

    page: int
    drawn: int  # by the engine, whether anything became of them or not
    text: int  # front matter, headings, paragraphs, footnotes, equations, references
    captions: int
    tables: int
    figures: int  # labels in drawings
    furniture: int  # running heads, page numbers, line numbers, stamps in the margin
    hidden: int  # see ``Finding``
    unaccounted: int  # drawn, and in none of these
    lost: tuple[str, ...] = ()  # the first of these words
    aside: str = ""  # lines that are not in ``Paper.text``: the furniture, what a clip cuts off
    unreadable: float = 0.0  # share of its characters that stand for no known letter
    unread: str = ""  # why the page, or a part of it, could not be read

    @property
    def share(self) -> float:
        """The share of its words that are accounted for, 0..1."""
        if self.drawn == 0:
            return 0.0 if self.unread else 1.0
        return 1 - self.unaccounted / self.drawn

    @property
    def loss(self) -> Loss | None:
        """What was lost of it, if more than ``LOSS`` or if it could not be read."""
        lost = max(1 - self.share, self.unreadable)
        if lost <= LOSS and not self.unread:
            return None
        why = "its words were lost in reading"
        if self.unreadable > 1 - self.share:
            why = "its letters cannot be read; run OCR on it"
        return Loss(self.page, lost, self.unread or why)


LOSS = 0.02  # of a page's words: more is reported wherever the paper is shown
