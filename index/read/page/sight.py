"""Finds text that is not visible: under drawings, off the page, on hidden layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from index.accounts import Finding
from index.read.page.devices import listed, rendered, watch
from index.read.page.engine import said_in, silent_engine, text_of
from index.read.page.hidden import Doubtful, Sight, findings_of
from index.read.page.letters import clean_text
from index.read.page.pages import Area, Line, PageWord
from index.read.page.styles import NO_STYLE

_LEAST_LETTERS = 3
_BLACK = 0x000000


def words_under(covering: Sequence[Area], lines: Sequence[Line]) -> list[Doubtful]:
    """The words at places where something may have been painted over them."""
    if not covering:
        return []
    corners = [(area.x0, area.y0, area.x1, area.y1) for area in covering]
    found: list[Doubtful] = []
    for number, line in enumerate(lines):
        x0, y0, x1, y1 = line.x0, line.y0, line.x1, line.y1
        over = [
            one for one in corners if one[0] < x1 and x0 < one[2] and one[1] < y1 and y0 < one[3]
        ]
        for word in line.words if over else ():
            x0, y0, x1, y1 = word.x0, word.y0, word.x1, word.y1
            for a, b, c, d in over:
                if a < x1 and x0 < c and b < y1 and y0 < d:
                    found.append(Doubtful(word, "cover", _BLACK, number))
                    break
    return found


def sight_of(display_list: Any, page: Area, words: Sequence[PageWord | Area]) -> Sight:
    """A part of the page around words, drawn with its text and without."""
    x0 = max(math.floor(min(word.x0 for word in words)), page.x0)
    y0 = max(math.floor(min(word.y0 for word in words)), page.y0)
    x1 = min(math.ceil(max(word.x1 for word in words)), page.x1)
    y1 = min(math.ceil(max(word.y1 for word in words)), page.y1)
    part = Area(x0, y0, max(x1, x0 + 1), max(y1, y0 + 1))
    with_text, scale = rendered(display_list, part, with_text=True)
    without_text, _ = rendered(display_list, part, with_text=False)
    return Sight(with_text, without_text, part.x0, part.y0, scale)


def lines_without(lines: Sequence[Line], hidden: set[int]) -> list[Line]:
    """The lines without hidden words, which are given by their identity."""
    if not hidden:
        return list(lines)
    kept: list[Line] = []
    for line in lines:
        words = [word for word in line.words if id(word) not in hidden]
        if len(words) == len(line.words):
            kept.append(line)
        elif words:
            kept.append(Line(line.page, line.block, words, line.upright))
    return kept


def out_of_sight(
    page: Any, everything: Any, shown: Sequence[tuple[Any, ...]], area: Area
) -> tuple[list[Finding], str]:
    """Text off the page, or where a clip leaves next to nothing of it; and all text that is cut
    off, which beside that has labels that were cropped from a picture: their frame shows the rest
    of it, so they are not hidden.
    """
    if "".join(said_in(everything).split()) == "".join([word[4] for word in shown]):
        return [], ""
    there = {_place(word) for word in shown}
    missing = [
        Doubtful(plain_word(clean, word), "position", _BLACK, _line_of(word))
        for word in everything.extractWORDS()
        if _place(word) not in there and (clean := clean_text(word[4]))
    ]
    if not missing:
        return [], ""
    within = any(area.meets(area_of(one.word)) for one in missing)
    cut_away = watch(page, area).cut_away if within else ()
    away = [
        one
        for one in missing
        if not area.meets(area_of(one.word))
        or any(place.holds(area_of(one.word), 1.0) for place in cut_away)
    ]
    # Numbers beyond the edge are the printer's: of pages, of sheets, of colours.
    found = findings_of(page.number + 1, away)
    said = [one for one in found if sum(map(str.isalpha, one.text)) >= _LEAST_LETTERS]
    return said, " ".join(one.word.text for one in missing)


def plain_word(text: str, drawn: tuple[Any, ...]) -> PageWord:
    """A word that is only reported: how it is set does not matter."""
    return PageWord(text, drawn[0], drawn[1], drawn[2], drawn[3], ((text, NO_STYLE),))


def area_of(word: PageWord) -> Area:
    """The area of a word."""
    return Area(word.x0, word.y0, word.x1, word.y1)


def layers_off(document: Any) -> list[int]:
    """The numbers of the optional layers that are switched off."""
    pymupdf = silent_engine()
    mupdf = pymupdf.mupdf
    pdf = mupdf.pdf_document_from_fz_document(document.this)
    return [
        layer
        for layer in range(mupdf.pdf_count_layers(pdf))
        if not mupdf.pdf_layer_is_enabled(pdf, layer)
    ]


def findings_on_layers(
    document: Any, number: int, turned: int, layers: Sequence[int]
) -> list[Finding]:
    """The words that a page shows only with these layers switched on."""
    pymupdf = silent_engine()
    mupdf = pymupdf.mupdf
    pdf = mupdf.pdf_document_from_fz_document(document.this)

    def printed() -> Sequence[tuple[Any, ...]]:
        page = document[number]
        page.set_rotation(turned)
        words: Sequence[tuple[Any, ...]] = text_of(listed(page), None).extractWORDS()
        return words

    there = {_place(word) for word in printed()}
    for layer in layers:
        mupdf.pdf_enable_layer(pdf, layer, 1)
    try:
        hidden = [
            Doubtful(plain_word(clean, word), "layer", _BLACK, _line_of(word))
            for word in printed()
            if _place(word) not in there and (clean := clean_text(word[4]))
        ]
    finally:
        for layer in layers:
            mupdf.pdf_enable_layer(pdf, layer, 0)
    return findings_of(number + 1, hidden)


def _line_of(word: tuple[Any, ...]) -> int:
    """A number for the line that a drawn word is in, rising in the order of drawing."""
    return int(word[5]) << 16 | int(word[6])


def _place(word: tuple[Any, ...]) -> tuple[str, int, int]:
    """The key of a drawn word."""
    return word[4], round(word[0]), round(word[1])
