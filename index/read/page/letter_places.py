"""The positions of single letters of a line, to split words and to find raised parts of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

_NOT_DRAWN = {
    **dict.fromkeys(range(0x20)),
    **dict.fromkeys((0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)),
    **dict.fromkeys(range(0x2000, 0x200B)),
}
_LONG_WORD = re.compile(r"[^\W\d_]{20,}")  # so many letters in a row are several words, or German
_APART = 0.07  # of the size: letters further apart are of two words
_TOGETHER = 0.03  # of the size: letters of one word are nearer


def drawn_letters(text: str) -> str:
    """The characters that are in words: no white space, no control characters."""
    if text.isascii() and text.isprintable():
        return text.replace(" ", "")
    return text.translate(_NOT_DRAWN)


def drawn_length(text: str) -> int:
    """The number of characters of a text that are in words."""
    if text.isascii() and text.isprintable():
        return len(text) - text.count(" ")
    return len(text.translate(_NOT_DRAWN))


class Letters:
    """The places of single letters, asked for only where a word has to be cut and only of its line:
    those of a whole page cost thrice what all else of it does.
    """

    def __init__(self, textpage: Any, plain: Sequence[dict[str, Any]]) -> None:
        self._textpage, self._plain = textpage, plain

    def blocks(self) -> list[dict[str, Any]]:
        """The page's blocks with all their letters."""
        blocks: list[dict[str, Any]] = self._textpage.extractRAWDICT()["blocks"]
        return blocks

    def of(self, block: int, line: int) -> list[tuple[str, float, float, float]]:
        """Each drawn letter of a line: itself, its left and right edge, its size. In points."""
        if not 0 <= line < len(self.lines(block)):
            return []
        return [
            (one["c"], one["bbox"][0], one["bbox"][2], span["size"])
            for span in self._spans(block, line)
            for one in span["chars"]
            if drawn_letters(one["c"])
        ]

    def lines(self, block: int) -> list[dict[str, Any]]:
        """The lines of a block, without the letters' positions; empty if there is no such block."""
        lines: list[dict[str, Any]] = (
            self._plain[block].get("lines", []) if block < len(self._plain) else []
        )
        return lines

    def _spans(self, block: int, line: int) -> list[dict[str, Any]]:
        """A line's spans with their letters: PyMuPDF leaves out what does not meet the page's
        edges, so these are moved to the line's own for so long.
        """
        corners = self.lines(block)[line]["bbox"]
        edges = self._textpage.this.m_internal.mediabox
        page = edges.x0, edges.y0, edges.x1, edges.y1
        edges.x0, edges.y0 = max(corners[0] - 1, page[0]), max(corners[1] - 1, page[1])
        edges.x1, edges.y1 = min(corners[2] + 1, page[2]), min(corners[3] + 1, page[3])
        try:
            met = self.blocks()
        finally:
            edges.x0, edges.y0, edges.x1, edges.y1 = page
        before = [one for number in range(block) for one in self.lines(number)]
        before += self.lines(block)[:line]
        same = [one for found in met for one in found.get("lines", ()) if one["bbox"] == corners]
        place = sum([one["bbox"] == corners for one in before])
        spans: list[dict[str, Any]] = same[place]["spans"] if place < len(same) else []
        return spans


class Edges:
    """The letters of one line, by their place among all that it draws."""

    def __init__(self, letters: Letters, block: int, line: int, small: dict[int, int]) -> None:
        self._letters, self._block, self._line = letters, block, line
        self._small = small

    def are_plain(self, spaceless: bool) -> bool:
        """Whether no word of the line needs its letters looked at."""
        return not spaceless and not self._small

    def levels(self, begin: int, length: int) -> dict[int, int]:
        """Of a word that begins after ``begin`` letters, those whose outlines are raised (1) or
        lowered (-1), by their place in it.
        """
        if not self._small:
            return {}
        return {
            place: self._small[begin + place]
            for place in range(length)
            if begin + place in self._small
        }

    @cached_property
    def _all(self) -> list[tuple[str, float, float, float]]:
        return self._letters.of(self._block, self._line)

    def of(self, begin: int, text: str) -> list[tuple[str, float, float, float]]:
        """The letters of a word that begins after ``begin`` others; empty if they do not agree."""
        found = self._all[begin : begin + len(text)]
        return found if "".join([one[0] for one in found]) == text else []


def small_letters(outlines: Any) -> dict[tuple[int, int], dict[int, int]]:
    """By block and line the places of digits that are drawn small, raised (1) or lowered (-1).

    Lining and old-style figures are higher than half the type; raised ones begin far above the
    baseline, lowered ones below it.
    """
    found: dict[tuple[int, int], dict[int, int]] = {}
    for number, block in enumerate(outlines["blocks"]):
        for place, line in enumerate(block.get("lines", ())):
            at = 0
            for span in line["spans"]:
                size = span["size"]
                for one in span["chars"]:
                    if not drawn_letters(one["c"]):
                        continue
                    top, bottom = one["bbox"][1], one["bbox"][3]
                    rise = (one["origin"][1] - bottom) / size
                    if one["c"].isalnum() and one["c"].isascii() and 0 < bottom - top < 0.55 * size:
                        level = 1 if rise > 0.2 else -1 if rise < -0.05 else 0
                        if level and (one["c"].isdigit() or level > 0):
                            found.setdefault((number, place), {})[at] = level
                    elif one["c"] in "−-–,.+" and rise > (0.1 if one["c"] in ",." else 0.4):
                        found.setdefault((number, place), {})[at] = 1
                    at += 1
    return found


def is_spaceless(shown: Sequence[tuple[Any, ...]], letters: Letters) -> bool:
    """Whether a page draws no spaces but leaves gaps: a very long word falls apart by its gaps."""
    for word in shown:
        if _LONG_WORD.search(word[4]):
            line = _line_of(letters, word)
            if line and len(gaps_of(line)) > 0:
                return True
    return False


def _line_of(letters: Letters, word: tuple[Any, ...]) -> list[tuple[str, float, float, float]]:
    """The letters of a word, found by its place."""
    for number in range(len(letters.lines(word[5]))):
        line = letters.of(word[5], number)
        said = "".join([one[0] for one in line])
        at = said.find(word[4])
        if at >= 0 and line and abs(line[at][1] - word[0]) < 1:
            return line[at : at + len(word[4])]
    return []


def gaps_of(line: Sequence[tuple[str, float, float, float]]) -> list[int]:
    """After how many letters a gap as of a word comes, where all other letters touch."""
    wide: list[int] = []
    close = 0
    for number, (one, other) in enumerate(pairwise(line), 1):
        gap = (other[1] - one[2]) / max(one[3], 0.1)
        if gap >= _APART:
            wide.append(number)
        elif gap <= _TOGETHER:
            close += 1
    return wide if close >= 0.95 * (len(line) - 1 - len(wide)) and len(wide) <= close else []
