"""The style of a span by its font name and flags, and whether its own drawing state hides it."""

from __future__ import annotations

import re
from typing import Any

from index.accounts import HiddenBy
from index.read.page.hidden import doubt
from index.read.page.pages import Style, is_tall

_MATHS_FONT = re.compile(
    r"CMMI|CMSY|CMEX|CMBSY|MSAM|MSBM|MTMI|MTSY|MTEX|MT2|AdvP4C4E46|EUFM|EUSM|EUEX|RSFS|rsfs|Math|Symbol|STIX.*Sym|"
    r"txsy|txmi|txex|pxex|pxsy|pxmi|esint|LMMath|wasy|stmary|bbold|dsrom",
)
_BOLD_FONT = re.compile(
    r"Bold|Medi(?!um)|CMBX|CMSSBX|SFBX|CMCSC.*Bold|Black|Heavy|-B(?:$|I)|Semibold|Demi|\.B\b|LMRoman\d+-Bold|bx\d",
    re.I,
)
_ITALIC_FONT = re.compile(r"Ital|Obli|CMTI|SFTI|CMSL|Slant|-I$|ReguItal", re.I)
_PAINTS_KEPT = 10_000  # a file can have a new size for every letter

NO_STYLE = Style(10.0, False, False, False, False, False, "")
known_styles: dict[tuple[str, int, float, int, int], Style] = {}
_paints: dict[tuple[Any, ...], tuple[Style, HiddenBy | None]] = {}


def paint_of(span: dict[str, Any], level: int, flat: float) -> tuple[Style, HiddenBy | None]:
    """How a span is set, and why it may be hidden."""
    size = round(flat, 1) if flat else span["size"]
    key = (
        span["font"],
        span["flags"],
        span["size"],
        span["color"],
        span["alpha"],
        span["char_flags"],
        level,
        size,
    )
    known = _paints.get(key)
    if known is None:
        if len(_paints) > _PAINTS_KEPT:
            _paints.clear()
        style = _style(span["font"], span["flags"], round(size, 1), level, span["color"])
        known = _paints[key] = (style, doubt(*key[2:6]))
    return known


def _style(font: str, flags: int, size: float, level: int, colour: int) -> Style:
    key = (font, flags, size, level, colour)
    style = known_styles.get(key)
    if style is None:
        style = Style(
            size=size,
            bold=bool(flags & 16) or bool(_BOLD_FONT.search(font)),
            italic=bool(flags & 2) or bool(_ITALIC_FONT.search(font)),
            maths=bool(_MATHS_FONT.search(font)),
            raised=level > 0,
            lowered=level < 0,
            font=font,
            colour=colour,
        )
        style = known_styles[key] = style.at(0) if is_tall(style) else style
    return style
