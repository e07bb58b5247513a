"""Recognises signs without a Unicode value by the name of their glyph or by its outline.

MuPDF gives U+FFFD for a glyph that is neither in the font's Unicode table nor in Adobe's glyph
list. But TeX's fonts name their glyphs ("summationdisplay"), so do those of typesetters ("H11002",
"C0"), and a bar at half the height of a letter is a minus whatever its name. The sign is written
into MuPDF's text of the page, so that all callers get it.

A glyph with neither stays U+FFFD.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from itertools import pairwise
from typing import Any

_UNNAMED = 0xFFFD
_SLASH = 0x338  # TeX draws "≠" as a slash of no width and "=" over it
_NOTHING = 0x200B  # a space without width, which goes into no text
_Point = tuple[float, float]

# Adobe's private characters for pieces of tall brackets, as Unicode has them (symbol.txt of
# https://www.unicode.org/Public/MAPPINGS/VENDORS/ADOBE/).
_PIECES = {
    0xF8E6: "⏐", 0xF8E7: "⎯", 0xF8E8: "®", 0xF8E9: "©", 0xF8EA: "™", 0xF8EB: "⎛", 0xF8EC: "⎜",
    0xF8ED: "⎝", 0xF8EE: "⎡", 0xF8EF: "⎢", 0xF8F0: "⎣", 0xF8F1: "⎧", 0xF8F2: "⎨", 0xF8F3: "⎩",
    0xF8F4: "⎪", 0xF8F5: "⎮", 0xF8F6: "⎞", 0xF8F7: "⎟", 0xF8F8: "⎠", 0xF8F9: "⎤", 0xF8FA: "⎥",
    0xF8FB: "⎦", 0xF8FC: "⎫", 0xF8FD: "⎬", 0xF8FE: "⎭",
}  # fmt: skip
ASKED = re.compile(f"[{chr(_UNNAMED)}{chr(_SLASH)}{''.join(map(chr, _PIECES))}]")
"""A text without these needs nothing put right."""

# The names of TeX's extension fonts (The TeXbook, appendix F; texglyphlist.txt of lcdf-typetools),
# without the word for their size.
_SIZE = re.compile(r"(?:text|display|big|Big|bigg|Bigg)$")
_TEX = {
    "summation": "∑", "product": "∏", "coproduct": "∐", "integral": "∫", "contintegral": "∮",
    "union": "⋃", "intersection": "⋂", "unionmulti": "⨄", "unionsq": "⨆", "logicaland": "⋀",
    "logicalor": "⋁", "circledot": "⨀", "circleplus": "⨁", "circlemultiply": "⨂",
    "parenleft": "(", "parenright": ")", "bracketleft": "[", "bracketright": "]",
    "braceleft": "{", "braceright": "}", "angbracketleft": "⟨", "angbracketright": "⟩",
    "floorleft": "⌊", "floorright": "⌋", "ceilingleft": "⌈", "ceilingright": "⌉",
    "slash": "/", "backslash": "\\", "radical": "√", "vextendsingle": "|", "vextenddouble": "‖",
    "negationslash": "\u0338", "mapsto": "↦", "nequal": "≠", "epsilon1": "ϵ", "suppress": "\u0335",
    # The ends and the middle of a brace that lies over or under a formula: no letter.
    "bracehtipdownleft": " ", "bracehtipdownright": " ", "bracehtipupleft": " ",
    "bracehtipupright": " ", "bracehext": " ", "radicalvertex": " ",
}  # fmt: skip

# Mathematical Pi's glyphs bear their number.
_PI = {
    1: "+", 2: "−", 3: "×", 4: "÷", 5: "=", 6: "±", 7: "∓", 11: "∼", 15: "≈", 21: "<", 22: ">",
    32: "′", 33: "″", 34: "°", 349: "≤", 350: "≥",
}  # fmt: skip
_PI_NUMBER = re.compile(r"H(\d{4,5})")
_PI_CAPITALS = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"  # from 9001 on
_PI_SMALL = "αβγδεζηθικλμνξοπρσςτυφχψω"  # from 9251 on

# Arbortext's fonts of symbols call a glyph by its code in TeX's fonts of symbols and of extensions.
_ADVENT_CODE = re.compile(r"C(\d{1,3})")
_ADVENT_SYMBOLS = {
    0: "−", 1: "⋅", 2: "×", 3: "∗", 4: "÷", 5: "⋄", 6: "±", 7: "∓", 8: "⊕", 10: "⊗", 12: "⊙",
    14: "°", 15: "•", 17: "≡", 18: "⊆", 19: "⊇", 20: "≤", 21: "≥", 24: "∼", 25: "≈", 26: "⊂",
    27: "⊃", 28: "≪", 29: "≫", 138: "]",
}  # fmt: skip
_ADVENT_EXTENSIONS = dict(zip((*range(8), *range(16, 24)), "()[]⌊⌋⌈⌉()()[]⌊⌋", strict=True))


def named_sign(font: str, glyph: str) -> str | None:
    """The sign of a glyph by its name in a font of that name; None if the name is not known."""
    name = glyph.partition(".")[0]
    sign = _TEX.get(name) or _TEX.get(_SIZE.sub("", name))
    if sign:
        return sign
    if number := _PI_NUMBER.fullmatch(name):
        code = int(number[1])
        for begin, letters in ((9001, _PI_CAPITALS), (9251, _PI_SMALL)):
            if begin <= code < begin + len(letters):
                return letters[code - begin]
        return _PI.get(code - 11000)
    code_name = _ADVENT_CODE.fullmatch(name)
    family = font.partition("+")[2] or font
    if code_name and family.startswith("AdvP"):
        extensions = family.startswith("AdvP4C4E46")
        return (_ADVENT_EXTENSIONS if extensions else _ADVENT_SYMBOLS).get(int(code_name[1]))
    return "]" if name == "c141" and family.startswith(("MT2MI", "MTMI")) else None


# --- outlines -------------------------------------------------------------------------------------


def drawn_sign(contours: Sequence[Sequence[_Point]], advance: float) -> str | None:
    """The sign that closed outlines draw, in units of the type's size, the baseline at 0; None if
    they are none of bars and crosses. ``advance`` is how far the next glyph is.
    """
    bars = sorted((one for one in map(_bar, contours) if one), key=lambda one: one[1])
    if len(bars) == len(contours) == 1:
        x0, y0, x1, y1 = bars[0]
        # An en dash goes from side to side, a low line lies below.
        free = min(x0, advance - x1) > 0.02 and x1 - x0 > 0.4
        return "−" if free and 0.1 < (y0 + y1) / 2 < 0.45 else None
    if len(bars) == len(contours) and all(_are_alike(a, b) for a, b in pairwise(bars)):
        return {2: "=", 3: "≡"}.get(len(bars))
    crosses = [one for one in contours if _is_cross(one)]
    if len(crosses) == 1 and len(bars) == len(contours) - 1:
        if not bars:
            return "+"
        below = bars[0][3] < max(y for _, y in crosses[0]) / 2
        return ("±" if below else "∓") if len(bars) == 1 else None
    if len(contours) == 1:
        if _is_cross([(x + y, y - x) for x, y in contours[0]]):
            return "×"
        return "±" if _is_cross_on_bar(contours[0]) else None
    return None


def _area(contour: Sequence[_Point]) -> float:
    """The area inside a closed line, in squares of the type's size."""
    following = [*contour[1:], *contour[:1]]
    return abs(sum(a * d - b * c for (a, b), (c, d) in zip(contour, following, strict=True))) / 2


def _box(contour: Sequence[_Point]) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in contour], [y for _, y in contour]
    return min(xs), min(ys), max(xs), max(ys)


def _bar(contour: Sequence[_Point]) -> tuple[float, float, float, float] | None:
    """The box of a level bar, which may have round corners."""
    x0, y0, x1, y1 = _box(contour)
    wide, high = x1 - x0, y1 - y0
    return (x0, y0, x1, y1) if wide > 4 * high and _area(contour) > 0.9 * wide * high else None


def _are_alike(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two bars are one over the other."""
    return abs(one[0] - other[0]) < 0.02 and abs(one[2] - other[2]) < 0.02 and one[3] < other[1]


def _is_cross(contour: Sequence[_Point]) -> bool:
    """Whether a line goes around two equal bars, one level and one upright, that share a middle."""
    x0, y0, x1, y1 = _box(contour)
    wide = x1 - x0
    if wide <= 0 or abs(wide - (y1 - y0)) > 0.1 * wide:
        return False
    # Two bars of that length and of a thickness t have the area 2 * wide * t - t ** 2.
    thick = wide - max(wide * wide - _area(contour), 0.0) ** 0.5
    reach = thick / 2 + 0.05 * wide
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    inside = all(abs(a - x) < reach or abs(b - y) < reach for a, b in contour)
    # A line that goes in to the middle from each arm to the next; that of a square does not.
    inner = {(a > x, b > y) for a, b in contour if max(abs(a - x), abs(b - y)) < reach}
    return inside and len(inner) == 4 and thick < 0.35 * wide


def _is_cross_on_bar(contour: Sequence[_Point]) -> bool:
    """Whether a line goes around a cross whose foot is on a bar as wide as itself."""
    x0, y0, x1, y1 = _box(contour)
    wide, high = x1 - x0, y1 - y0
    if not wide < high < 1.5 * wide:
        return False
    thick = _area(contour) / (2 * wide + high)
    reach = 0.75 * thick + 0.05 * wide
    x, y = (x0 + x1) / 2, y1 - wide / 2
    foot = [a for a, b in contour if b < y0 + 2 * reach]
    inside = all(
        abs(a - x) < reach or abs(b - y) < 2 * reach or b < y0 + 2 * reach for a, b in contour
    )
    return inside and thick < 0.2 * wide and min(foot) < x0 + reach and max(foot) > x1 - reach


# --- MuPDF ----------------------------------------------------------------------------------------


def put_names(text: Any, run: Any) -> None:
    """Put signs for the glyphs without a letter into MuPDF's text of a page (``FzStextPage``).

    ``run`` runs what the page draws through a device.
    """
    unnamed: list[Any] = []
    slashes = 0
    for char in _characters(text):
        code = char.c
        if code < _SLASH:
            continue
        if code in _PIECES:
            char.c = ord(_PIECES[code])
        elif code == _UNNAMED:
            unnamed.append(char)
        slashes += code == _SLASH
    if unnamed:
        mupdf = _mupdf()
        device = _naming()()
        with suppress(mupdf.FzErrorBase):  # a page that breaks off shows what came before
            run(device)
        mupdf.fz_close_device(device)
        for char in unnamed:
            sign = _found(device.signs, char.origin.x, char.origin.y)
            char.c = ord(sign) if sign else _UNNAMED
            slashes += char.c == _SLASH
    if slashes:
        _put_slashes(text)


def _found(signs: dict[tuple[int, int], str], x: float, y: float) -> str | None:
    for right in (0, 1, -1):
        for down in (0, 1, -1):
            sign = signs.get((round(x) + right, round(y) + down))
            if sign is not None:
                return sign
    return None


def _put_slashes(text: Any) -> None:
    """A slash and the sign that is drawn over it become the sign that is struck through."""
    slash: Any = None
    for char in _characters(text):
        if char.c == _SLASH:
            slash = char
        elif slash is not None and not chr(char.c).isspace():
            near = abs(char.origin.x - slash.origin.x) < 0.5 * char.size
            through = _struck(chr(char.c))
            if near and through:
                slash.c, char.c = _NOTHING, ord(through)
            slash = None


def _struck(sign: str) -> str | None:
    import unicodedata

    composed = unicodedata.normalize("NFC", sign + chr(_SLASH))
    return composed if len(composed) == 1 else None


def _characters(text: Any) -> Iterator[Any]:
    """MuPDF's characters of a page, which can be changed."""
    for block in text:
        if block.m_internal.type == _mupdf().FZ_STEXT_BLOCK_TEXT:
            for line in block:
                char = (
                    line.m_internal.first_char
                )  # the binding's own iterator takes five times as long
                while char:
                    yield char
                    char = char.next


def _mupdf() -> Any:
    import pymupdf

    return pymupdf.mupdf


@cache
def _naming() -> Any:
    """The device that asks each glyph without a letter for its sign."""
    mupdf = _mupdf()
    base: Any = mupdf.FzDevice2

    class Naming(base):  # type: ignore[misc]
        """``signs`` has what was found by the place of the glyph, in whole points."""

        def __init__(self) -> None:
            super().__init__()
            self.signs: dict[tuple[int, int], str] = {}
            self._known: dict[tuple[str, int], str | None] = {}
            for name in ("fill_text", "stroke_text", "clip_text", "clip_stroke_text",
                         "ignore_text"):  # fmt: skip
                getattr(self, f"use_virtual_{name}")()

        def _ask(self, text: Any, ctm: Any) -> None:
            head = text.head
            while head:
                span = mupdf.FzTextSpan(head)
                for number in range(head.len):
                    item = span.items(number)
                    if item.ucs == _UNNAMED and item.gid > 0:
                        sign = self._sign(head.font, item.gid)
                        if sign:
                            x = item.x * ctm.a + item.y * ctm.c + ctm.e
                            y = item.x * ctm.b + item.y * ctm.d + ctm.f
                            self.signs[round(x), round(y)] = sign
                head = head.next

        def _sign(self, font: Any, glyph: int) -> str | None:
            kept = mupdf.FzFont(mupdf.ll_fz_keep_font(font))
            name = mupdf.fz_font_name(kept)
            key = (name, glyph)
            if key not in self._known:
                sign = named_sign(name, mupdf.fz_get_glyph_name2(kept, glyph))
                self._known[key] = sign or _outlined(kept, glyph)
            return self._known[key]

        def fill_text(self, ctx: Any, text: Any, ctm: Any, *rest: Any) -> None:
            self._ask(text, ctm)

        def stroke_text(self, ctx: Any, text: Any, stroke: Any, ctm: Any, *rest: Any) -> None:
            self._ask(text, ctm)

        def clip_text(self, ctx: Any, text: Any, ctm: Any, *rest: Any) -> None:
            self._ask(text, ctm)

        def clip_stroke_text(self, ctx: Any, text: Any, stroke: Any, ctm: Any, *rest: Any) -> None:
            self._ask(text, ctm)

        def ignore_text(self, ctx: Any, text: Any, ctm: Any) -> None:
            self._ask(text, ctm)

    return Naming


def _outlined(font: Any, glyph: int) -> str | None:
    """The sign that a glyph's outline draws."""
    mupdf = _mupdf()
    walker = _walking()()
    try:
        outline = mupdf.fz_outline_glyph(font, glyph, mupdf.FzMatrix())
        if not outline.m_internal:
            return None
        mupdf.fz_walk_path(outline, walker, walker.m_internal)
        advance = mupdf.fz_advance_glyph(font, glyph, 0)
    except mupdf.FzErrorBase:
        return None
    return drawn_sign([one for one in walker.contours if len(one) > 1], advance)


@cache
def _walking() -> Any:
    base: Any = _mupdf().FzPathWalker2

    class Walking(base):  # type: ignore[misc]
        """Notes the points of an outline, of a curve also its middle."""

        def __init__(self) -> None:
            super().__init__()
            self.contours: list[list[_Point]] = []
            for name in ("moveto", "lineto", "curveto", "closepath"):
                getattr(self, f"use_virtual_{name}")()

        def moveto(self, ctx: Any, x: float, y: float) -> None:
            self.contours.append([(x, y)])

        def lineto(self, ctx: Any, x: float, y: float) -> None:
            self.contours[-1].append((x, y))

        def curveto(self, ctx: Any, *points: float) -> None:
            x0, y0 = self.contours[-1][-1]
            x1, y1, x2, y2, x3, y3 = points
            middle = (x0 + 3 * x1 + 3 * x2 + x3) / 8, (y0 + 3 * y1 + 3 * y2 + y3) / 8
            self.contours[-1] += [middle, (x3, y3)]

        def closepath(self, ctx: Any) -> None:
            pass

    return Walking
