"""Type 3 fonts: those whose stated size is not the size drawn, and those of TeX's codes.

A Type 3 font draws its glyphs by itself, and its matrix may scale them by anything (ISO 32000-1,
9.6.5): bitmaps of 50 pixels are set "at 0.24 points", outlines of a fortieth of a unit "at 500".
MuPDF measures the gap between two glyphs by the stated size, so it tears words apart, or joins all
of a line. Each such font gets the size at which its letters are as wide as those of other fonts.

Bitmap fonts that came from TeX name a glyph by its code, so "fi" is the control character 12,
which is in no text. In a font that draws words these codes are known; what else is a control
character becomes U+FFFD, which is counted as unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

# The widths of the letters from "a" to "z" in Times-Roman (Adobe's font metrics), in thousandths of
# the size.
_USUAL = (444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500, 500, 500, 333,
          389, 278, 500, 500, 722, 500, 500, 444)  # fmt: skip
_USUAL_MEAN = 0.5  # of the size: of a glyph that is no letter
_CODES = 256  # of a Type 3 font
_LEAST_LETTERS = 5  # with fewer, the codes need not be those of letters
_FALSE = 2.5  # times too wide, or too narrow: no typeface is so
_HEIGHT = (0.2, 3.0)  # of the size, from the lowest to the highest glyph
_ABOVE, _BELOW = 0.75, -0.25  # of the size: of a font that does not say it

# What TeX's fonts of text have where ASCII has control characters (The TeXbook, appendix F, "OT1").
_TEX = dict(enumerate("ΓΔΘΛΞΠΣΥΦΨΩ\ufb00\ufb01\ufb02\ufb03\ufb04ıȷ`´ˇ˘¯˚¸ßæœøÆŒØ")) | {
    0x22: "”", 0x5C: "“", 0x7B: "–", 0x7C: "—", 0x7F: "¨",
}  # fmt: skip
_LIGATURE = re.compile("[a-z][\x0b-\x0f]|[\x0b-\x0f][a-z]")
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f]")
_LETTER = re.compile("[a-z\x0b-\x0f]")
_WORD = re.compile("[a-z\x0b-\x0f]{4,}")
_IN_WORDS = 0.5  # of a font's small letters: a font of formulas draws hardly any words
_UNKNOWN = 0xFFFD


@dataclass(frozen=True, slots=True)
class Type3Font:
    """What is to be put right of a font."""

    scale: float  # how many times the stated size it draws; 1 where that is as usual
    codes: dict[int, int]  # what it draws in place of a character


def false_sizes(text: Any, said: str) -> dict[int, Type3Font]:
    """The Type 3 fonts in MuPDF's text of a page whose stated size is false, by their address.

    ``said`` is that text. Without control characters only lines that begin in such a font are
    looked at: a page without any costs next to nothing.
    """
    scales = {key: _scale(font) for key, (font, _) in _drawn(text, said).items()}
    return {key: Type3Font(scale, {}) for key, scale in scales.items() if scale != 1.0}


def with_codes(text: Any, said: str, fonts: dict[int, Type3Font]) -> dict[int, Type3Font]:
    """Those fonts and the ones that draw characters by TeX's codes, or by others.

    ``text`` is what MuPDF takes from the page with ``fonts``: by a false size a word is in pieces.
    """
    found = dict(fonts)
    if not _CONTROLS.search(said):
        return found
    for key, (_, letters) in _drawn(text, said).items():
        if codes := _codes("".join(letters)):
            found[key] = Type3Font(fonts[key].scale if key in fonts else 1.0, codes)
    return found


def _drawn(text: Any, said: str) -> dict[int, tuple[Any, list[str]]]:
    """Each Type 3 font of a page, and what it draws; a line end where it does not go on."""
    controls = _CONTROLS.search(said) is not None
    drawn: dict[int, tuple[Any, list[str]]] = {}
    for block in text:
        if block.m_internal.type != _mupdf().FZ_STEXT_BLOCK_TEXT:
            continue
        for line in block:
            char = line.m_internal.first_char
            if not controls and not char.font.t3procs:
                continue
            before = 0
            while char:
                font = char.font
                key = int(font.this) if font.t3procs else 0
                if key:
                    letters = drawn.setdefault(key, (font, []))[1]
                    letters.append(chr(char.c) if key == before else "\n" + chr(char.c))
                before = key
                char = char.next
    return drawn


def _scale(font: Any) -> float:
    width_of = _mupdf().floats_getitem
    widths = [abs(width_of(font.t3widths, code)) for code in range(_CODES)]
    drawn = [width for width in widths if width > 0]
    if not drawn:
        return 1.0
    wide = sum(drawn) / len(drawn) / _USUAL_MEAN
    letters = [code for code in range(ord("a"), ord("z") + 1) if widths[code] > 0]
    if len(letters) >= _LEAST_LETTERS:
        usual = sum(_USUAL[code - ord("a")] for code in letters) / 1000
        wide = sum(widths[code] for code in letters) / usual
    return 1.0 if 1 / _FALSE <= wide <= _FALSE else round(wide, 3)


def _codes(drawn: str) -> dict[int, int]:
    """What the characters of a font mean, by all that a page draws in it."""
    controls = set(map(ord, _CONTROLS.findall(drawn)))
    if not controls:
        return {}
    in_words = sum(map(len, _WORD.findall(drawn)))
    if _LIGATURE.search(drawn) and in_words > _IN_WORDS * len(_LETTER.findall(drawn)):
        return {code: ord(sign) for code, sign in _TEX.items()}
    return dict.fromkeys(controls, _UNKNOWN)


def corrected(device: Any, fonts: dict[int, Type3Font]) -> Any:
    """A device that hands each text on to ``device`` in corrected fonts."""
    return _correcting()(device, fonts)


@cache
def _correcting() -> Any:
    mupdf = _mupdf()
    base: Any = mupdf.FzDevice2

    class Correcting(base):  # type: ignore[misc]
        """Changes texts while another device takes them, and then changes them back: the page's
        display list is drawn, too.
        """

        def __init__(self, target: Any, fonts: dict[int, Type3Font]) -> None:
            super().__init__()
            self._target, self._fonts = target.m_internal, fonts
            for name in ("fill_text", "stroke_text", "clip_text", "clip_stroke_text",
                         "ignore_text"):  # fmt: skip
                getattr(self, f"use_virtual_{name}")()

        @contextmanager
        def _corrected(self, text: Any) -> Iterator[None]:
            changed: list[tuple[Any, Type3Font, list[int]]] = []
            heights: dict[int, tuple[Any, float, float]] = {}
            span = text.head
            while span:
                key = int(span.font.this)
                font = self._fonts.get(key)
                if font is not None:
                    changed.append((span, font, _put(span, font)))
                    if key not in heights and font.scale != 1.0:
                        heights[key] = span.font, span.font.ascender, span.font.descender
                        _put_heights(span.font, font.scale)
                span = span.next
            try:
                yield
            finally:
                for span, font, former in changed:
                    _put_back(span, font, former)
                for one, above, below in heights.values():
                    one.ascender, one.descender = above, below

        def fill_text(
            self, ctx: Any, text: Any, ctm: Any, space: Any, colour: Any, *rest: Any
        ) -> None:
            count = mupdf.ll_fz_colorspace_n(space) if space is not None else 0
            if count > 4:  # more than the binding hands on: black, as which nothing is hidden
                space, count = mupdf.ll_fz_device_gray(), 0
            parts = tuple(mupdf.floats_getitem(colour, number) for number in range(count))
            with self._corrected(text):
                mupdf.ll_fz_fill_text(self._target, text, ctm, space, parts, *rest)

        def stroke_text(self, ctx: Any, text: Any, *rest: Any) -> None:
            with self._corrected(text):
                mupdf.ll_fz_stroke_text(self._target, text, *rest)

        def clip_text(self, ctx: Any, text: Any, *rest: Any) -> None:
            with self._corrected(text):
                mupdf.ll_fz_clip_text(self._target, text, *rest)

        def clip_stroke_text(self, ctx: Any, text: Any, *rest: Any) -> None:
            with self._corrected(text):
                mupdf.ll_fz_clip_stroke_text(self._target, text, *rest)

        def ignore_text(self, ctx: Any, text: Any, *rest: Any) -> None:
            with self._corrected(text):
                mupdf.ll_fz_ignore_text(self._target, text, *rest)

    return Correcting


def _put(span: Any, font: Type3Font) -> list[int]:
    """Correct a span; what its characters were."""
    _resize(span.trm, font.scale)
    glyphs = _mupdf().FzTextSpan(span)
    former: list[int] = []
    for number in range(span.len):
        glyph = glyphs.items(number)
        glyph.adv /= font.scale
        former.append(glyph.ucs)
        if glyph.ucs in font.codes:
            glyph.ucs = font.codes[glyph.ucs]
    return former


def _put_back(span: Any, font: Type3Font, former: list[int]) -> None:
    _resize(span.trm, 1 / font.scale)
    glyphs = _mupdf().FzTextSpan(span)
    for number, code in enumerate(former):
        glyph = glyphs.items(number)
        glyph.adv *= font.scale
        glyph.ucs = code


def _resize(matrix: Any, scale: float) -> None:
    matrix.a, matrix.b = matrix.a * scale, matrix.b * scale
    matrix.c, matrix.d = matrix.c * scale, matrix.d * scale


def _put_heights(font: Any, scale: float) -> None:
    """How far a font goes above its baseline and below it, of its true size."""
    above, below = font.ascender / scale, font.descender / scale
    if font.t3matrix.d < 0:  # bitmaps are drawn from the top, and MuPDF takes top for bottom
        above, below = -below, -above
    if not _HEIGHT[0] < above - below < _HEIGHT[1]:
        above, below = _ABOVE, _BELOW
    font.ascender, font.descender = above, below


def _mupdf() -> Any:
    import pymupdf

    return pymupdf.mupdf
