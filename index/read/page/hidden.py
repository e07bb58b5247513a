"""Finds text that a reader of the page does not see, to keep it out of the paper and report it.

A word without opacity, without fill and stroke, or too small to read is hidden by its own drawing
state. A word hidden by its colour or by a later drawing is found by rendering: the page is drawn
with and without its text, and a word that makes no difference is hidden. White words on a dark
ground make a difference, so they are kept.

Invisible text over a scanned page is what OCR adds for searching. It is the page's text, and is
kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from index.accounts import Finding, HiddenBy
from index.read.page.pages import Area, PageWord
from index.spans import Box

MOST_FINDINGS = 200  # of a page: a file that hides a book gives no book of findings
SAID = 200  # characters of a finding's text
_FAINT = 26  # of 255: the least opacity, and the least distance of two colours, that is seen
_INK = 96  # of 255: the distance of what is drawn from what it is drawn on
_LOGO_WORDS = 2
_NEAR_WHITE = 224  # of 255 in each of red, green and blue
_TINY = 1.05  # points: nothing that small is there to be read
_TINY_PROSE = 2.05  # points, where it says more than a label in a drawing does
_BESIDE = 30.0  # points
_UNPAINTED = 0b11_0000  # of MuPDF's flags of a character: filled, stroked
_MARK = re.compile(r"[\W_]+")


def doubt(size: float, colour: int, alpha: int, flags: int) -> HiddenBy | None:
    """Why text of such paint may be hidden. ``size`` in points, the rest as MuPDF gives it."""
    if not flags & _UNPAINTED:
        return "render mode"
    if alpha < _FAINT:
        return "transparency"
    if size < _TINY_PROSE:
        return "size"
    if min(colour >> 16 & 255, colour >> 8 & 255, colour & 255) >= _NEAR_WHITE:
        return "colour"
    return None


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A word that may be hidden: why, its line on the page, its type's size and its colour."""

    word: PageWord
    why: HiddenBy
    colour: int  # 0xRRGGBB
    line: int


@dataclass(frozen=True, slots=True)
class Sight:
    """A part of a page with and without its text, as arrays of height, width, 3."""

    with_text: Any
    without_text: Any
    x0: float  # of the part, in points
    y0: float
    scale: float  # pixels per point

    def _pixels(self, of: Any, word: PageWord | Area) -> Any:
        height, width = of.shape[:2]
        x0, x1 = (word.x0 - self.x0) * self.scale, (word.x1 - self.x0) * self.scale
        y0, y1 = (word.y0 - self.y0) * self.scale, (word.y1 - self.y0) * self.scale
        # Inwards, so that the neighbours do not count; but at least one pixel.
        left, top = min(max(int(x0 + 0.5), 0), width - 1), min(max(int(y0 + 0.5), 0), height - 1)
        right, bottom = max(int(x1 + 0.5), left + 1), max(int(y1 + 0.5), top + 1)
        return of[top:bottom, left:right].astype("int16")

    def shows(self, word: PageWord) -> bool:
        """Whether the page looks different for the word's being there."""
        apart = self._pixels(self.with_text, word) - self._pixels(self.without_text, word)
        return bool(abs(apart).max() >= _FAINT)

    def height(self, word: PageWord) -> float:
        """The height, in points, of the ink that the page has only because of the word."""
        place = Area(word.x0, word.y0, word.x1, word.y1).grown(0.3 * (word.y1 - word.y0))
        apart = self._pixels(self.with_text, place) - self._pixels(self.without_text, place)
        rows = (abs(apart).max(axis=2) >= _FAINT).any(axis=1).nonzero()[0]
        return float(rows[-1] - rows[0] + 1) / self.scale if rows.size else 0.0

    def is_drawn_there(self, word: PageWord) -> bool:
        """Whether shapes are at the word's place, as wide as it and with nothing around them."""
        import numpy

        ground = numpy.array(self.ground(word))
        inside = abs(self._pixels(self.without_text, word) - ground).max(axis=2) > _INK
        wide = abs(self._pixels(self.without_text, _around(word)) - ground).max(axis=2) > _INK
        blank = wide.sum() - inside.sum() <= 0.02 * inside.sum()
        return bool(blank and inside.any(axis=0).mean() > 0.5 and inside.mean() < 0.6)

    def ground(self, word: PageWord) -> tuple[int, int, int]:
        """The median colour of the word's background."""
        import numpy

        pixels = self._pixels(self.without_text, word).reshape(-1, 3)
        red, green, blue = numpy.median(pixels, axis=0)
        return int(red), int(green), int(blue)


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Data of a page that are computed only if a word is doubtful."""

    words: Sequence[PageWord]  # all of them
    pictured: Callable[[], bool]  # whether pictures cover most of it
    look: Callable[[Sequence[PageWord | Area]], Sight]  # at the part of it where these are


def find_hidden(
    doubtful: Sequence[Doubtful], others: Sequence[Doubtful], facts: PageFacts
) -> list[Doubtful]:
    """The words that are hidden, with the way they are: ``others`` are in doubt only for standing
    where something may have been painted over them.
    """
    hidden = _no_logos([one for one in doubtful if one.why == "transparency"], facts)
    hidden += _tiny([one for one in doubtful if one.why == "size"], facts)
    unpainted = [one for one in doubtful if one.why == "render mode"]
    if unpainted and not _is_scan(unpainted, facts):
        hidden += _no_logos(unpainted, facts)
    pale = [one for one in doubtful if one.why == "colour"]
    if pale or others:
        sight = facts.look([one.word for one in (*pale, *others)])
        hidden += [one for one in pale if _meets(sight.ground(one.word), one.colour)]
        gone = {id(one.word) for one in hidden}
        maybe = [one for one in [*pale, *others] if id(one.word) not in gone]
        unseen = [one for one in maybe if not sight.shows(one.word)]
        gone |= {id(one.word) for one in unseen}
        seen = [word for word in facts.words if id(word) not in gone] if unseen else []
        covered = [one for one in unseen if not _said_beside(one.word, seen)]
        if covered and not _is_scan(covered, facts):
            hidden += [
                Doubtful(
                    one.word,
                    "colour" if _meets(sight.ground(one.word), one.colour) else "cover",
                    one.colour,
                    one.line,
                )
                for one in covered
            ]
    return hidden


def _tiny(words: Sequence[Doubtful], facts: PageFacts) -> list[Doubtful]:
    """Those too small to read, and of the larger ones those that are in a row of words.

    A font may say a size that it does not draw, as Type 3 fonts of old scanners do: the letters are
    far wider than that, and ``printed`` has given them the size that goes with their width. The
    page says how high they are.
    """
    rows: dict[int, int] = {}
    for one in words:
        rows[one.line] = rows.get(one.line, 0) + bool(_MARK.sub("", one.word.text))
    flat = [one for one in words if _size(one) >= _TINY_PROSE]
    sight = facts.look([one.word for one in flat]) if flat else None
    hidden: list[Doubtful] = []
    for one in words:
        if sight is not None and _size(one) >= _TINY_PROSE:
            said = _MARK.sub("", one.word.text)  # a dash is never high
            if said and sight.height(one.word) < _TINY_PROSE:
                hidden.append(one)
        elif _size(one) < _TINY or rows[one.line] >= 4:
            hidden.append(one)
    return hidden


def _size(one: Doubtful) -> float:
    return max(style.size for _, style in one.word.parts)


def _no_logos(words: Sequence[Doubtful], facts: PageFacts) -> list[Doubtful]:
    """Without the name under a logo: one or two words whose letters are drawn as shapes there."""
    lines: dict[int, list[Doubtful]] = {}
    for one in words:
        lines.setdefault(one.line, []).append(one)
    kept: list[Doubtful] = []
    for line in lines.values():
        few = len(line) <= _LOGO_WORDS
        if not few or not all(
            facts.look([_around(one.word)]).is_drawn_there(one.word) for one in line
        ):
            kept += line
    return kept


def _around(word: PageWord) -> Area:
    return Area(word.x0, word.y0, word.x1, word.y1).grown(0.4 * (word.y1 - word.y0))


def _said_beside(word: PageWord, seen: Sequence[PageWord]) -> bool:
    """Whether the same word is seen beside it, as where a drawing stacks its boxes."""
    return any(
        one.text == word.text
        and abs(one.x0 - word.x0) < _BESIDE
        and abs(one.y0 - word.y0) < _BESIDE
        for one in seen
    )


def _is_scan(words: Sequence[Doubtful], facts: PageFacts) -> bool:
    """Whether the page is a picture, and these words are most of its text: OCR's."""
    characters = sum(len(one.word.text) for one in words)
    return 2 * characters >= sum(len(word.text) for word in facts.words) and facts.pictured()


def alike(one: int, other: int) -> bool:
    """Whether two colours look the same. Both are 0xRRGGBB."""
    return _meets((one >> 16 & 255, one >> 8 & 255, one & 255), other)


def _meets(ground: tuple[int, int, int], colour: int) -> bool:
    paint = (colour >> 16 & 255, colour >> 8 & 255, colour & 255)
    return max(abs(one - other) for one, other in zip(ground, paint, strict=True)) < _FAINT


def findings_of(page: int, hidden: Sequence[Doubtful]) -> list[Finding]:
    """A finding for each line and way, in the order of the lines; at most ``MOST_FINDINGS``."""
    lines: dict[tuple[int, HiddenBy], list[PageWord]] = {}
    for one in sorted(hidden, key=lambda one: one.line):
        lines.setdefault((one.line, one.why), []).append(one.word)
    return [
        Finding(
            why,
            " ".join(word.text for word in words)[:SAID],
            Box(
                page,
                min(word.x0 for word in words),
                min(word.y0 for word in words),
                max(word.x1 for word in words),
                max(word.y1 for word in words),
            ),
        )
        for (_, why), words in list(lines.items())[:MOST_FINDINGS]
    ]
