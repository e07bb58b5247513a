"""PDF files by PyMuPDF: the fastest reader with words, boxes and fonts, and it draws pages too.

Pinned below 2.0, whose rectangles are wrong. Everything here runs inside a worker process
(``index.read``), since a hostile file can hang or crash the engine.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from index.paper import Box, Finding, PageSize
from index.read.page.devices import listed, rendered, run_through, watch
from index.read.page.hidden import (
    MOST_FINDINGS,
    SAID,
    Doubtful,
    PageFacts,
    Sight,
    alike,
    find_hidden,
    findings_of,
)
from index.read.page.letters import (
    clean_text,
    draws_digits_twice,
    is_cipher,
    may_sign,
    symbol_table,
    unreadable,
)
from index.read.page.pages import Area, Line, PageContent, Pages, PageWord
from index.read.page.printed import PrintedLine, printed_lines, put_signs
from index.read.page.refused import UnreadableError
from index.read.page.signs import ASKED, put_names
from index.read.page.styles import NO_STYLE
from index.read.page.unicode import spelled

_MARK_COLOUR = (1.0, 0.92, 0.5)
_LEAST_LETTERS = 3
_LEAST_TURNED = 80  # characters on their side: fewer are a stamp or the label of an axis
_UNREADABLE = 0.02  # of a page's characters
_BLACK = 0x000000
_CLIPS = re.compile(rb"W(?<=\bW)\*?\s+n\b")  # begins with a letter, which is found quickly
_HEADER_WITHIN = 1024  # bytes; readers accept junk before "%PDF-" up to here


def read_pages(path: Path, pages_max: int, characters_max: int = 6_000_000) -> Pages:
    """All words of the file at ``path``. Raises ``UnreadableError``, beyond the limits too."""
    pymupdf = _engine()
    document = _open(path)
    with document:
        count = document.page_count
        if count > pages_max:
            raise UnreadableError("limit", f"{count} pages; at most {pages_max} are read")
        pages: list[PageContent] = []
        images = 0
        broken = 0
        characters = 0
        hidden_layers = _hidden_layers(document)
        variants = _Variants(document)
        for number in range(count):
            try:
                page = document[number]
                content = _page(page, number + 1, variants.are_on(page))
                if hidden_layers:
                    content.findings += _on_layers(document, number, content.turned, hidden_layers)
            except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase) as error:
                # "malloc (9 bytes) failed", "realloc ...", "out of memory"
                if "alloc (" in str(error) or "out of memory" in str(error).lower():
                    raise UnreadableError("limit", "too little memory for this file") from error
                broken += 1
                pages.append(_unread(document, number, error))
                continue
            if not content.lines and _pictured(page, 0.3):
                images += 1
                content.unread = "it is a picture without text; run OCR on it"
            characters += sum(len(line.text) for line in content.lines)
            if characters > characters_max:
                raise UnreadableError("limit", f"more than {characters_max} characters of text")
            pages.append(content)
        if broken == count:
            raise UnreadableError("broken", "no page of this PDF can be read")
        put_signs(pages)
        for content in pages:
            content.unread = content.unread or _without_letters(content)
        return Pages(pages, count, images)


def _unread(document: Any, number: int, error: Exception) -> PageContent:
    """An empty page that says why it is empty."""
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    try:
        rect = document[number].rect
        width, height = rect.width, rect.height
    except (RuntimeError, ValueError, _engine().mupdf.FzErrorBase):
        width, height = 612.0, 792.0
    return PageContent(number + 1, width, height, [], unread=f"the PDF engine failed: {reason}")


def _without_letters(page: PageContent) -> str:
    """Why some of a page's characters have no letters; "" where next to none lack them."""
    text = "\n".join([line.text for line in page.lines])
    page.cipher = is_cipher(text)
    if page.cipher:
        return "its letters are not those that it shows: its fonts lack them"
    share = unreadable(text) / max(len(text), 1)
    return "its fonts do not say which letters it shows there" if share > _UNREADABLE else ""


def draw_page(path: Path, page: int, boxes: Sequence[Box], scale: float) -> bytes:
    """Page ``page`` (from 1) as a PNG with ``boxes`` marked.

    The scale is lowered where the picture would have more than sixteen million pixels. Raises
    ``UnreadableError``.
    """
    pymupdf = _engine()
    with _open(path) as document:
        if not 1 <= page <= document.page_count:
            raise UnreadableError("broken", f"no page {page}: the file has {document.page_count}")
        drawn = document[page - 1]
        for box in boxes:
            if box.page == page:
                corners = pymupdf.Rect(box.x0 - 1, box.y0 - 1, box.x1 + 1, box.y1 + 1)
                mark = drawn.add_rect_annot(corners)
                mark.set_border(width=0)
                mark.set_colors(stroke=(), fill=_MARK_COLOUR)
                # Multiplied with the page, so that the words stay black.
                mark.update(blend_mode=pymupdf.PDF_BM_Multiply)
        scale = min(scale, (_PAGE_PIXELS / max(abs(drawn.rect), 1.0)) ** 0.5)
        picture: bytes = drawn.get_pixmap(matrix=pymupdf.Matrix(scale, scale)).tobytes("png")
        return picture


def page_sizes(path: Path) -> tuple[PageSize, ...]:
    """The size of each page as people see it. Raises ``UnreadableError``."""
    with _open(path) as document:
        return tuple(
            PageSize(page.rect.width, page.rect.height, page.rotation)
            for page in (document[number] for number in range(document.page_count))
        )


def _engine() -> Any:
    """PyMuPDF, silent, with boxes as high as the type: those of neighbouring lines stay apart."""
    import pymupdf

    tools: Any = pymupdf.TOOLS
    tools.mupdf_display_errors(False)
    tools.mupdf_display_warnings(False)
    tools.set_small_glyph_heights(True)
    return pymupdf


def _open(path: Path) -> Any:
    pymupdf = _engine()
    with path.open("rb") as file:
        head = file.read(_HEADER_WITHIN)
    if not head:
        raise UnreadableError("broken", "the file is empty")
    if b"%PDF-" not in head:
        raise UnreadableError("broken", "not a PDF: it does not begin with %PDF-")
    try:
        document = pymupdf.open(path, filetype="pdf")
        locked, count = (
            bool(document.needs_pass),
            -1 if document.needs_pass else document.page_count,
        )
    except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase) as error:
        raise UnreadableError("broken", "this PDF cannot be opened; it may be cut short") from error
    if locked:
        document.close()
        raise UnreadableError("encrypted", "a password is needed; remove it and add the file again")
    if count == 0:
        document.close()
        raise UnreadableError("broken", "this PDF has no pages; it may be cut short")
    return document


def _pictured(page: Any, share: float) -> bool:
    """Whether pictures cover more than such a share of the page."""
    area = abs(page.rect)
    corners = (image["bbox"] for image in page.get_image_info())
    # Scanners cut a page into strips: it is their sum that counts.
    covered = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in corners)
    return bool(covered > share * area)


class _Variants:
    """Fonts that draw a digit in two ways, as where raised digits are letters of their own.

    Such a font has two codes for one digit in its table of Unicode (PDF 32000-1, 9.10.3).
    """

    def __init__(self, document: Any) -> None:
        self._document = document
        self._known: dict[int, bool] = {}

    def are_on(self, page: Any) -> bool:
        """Whether a page uses such a font."""
        mupdf = _engine().mupdf
        stored = mupdf.pdf_page_from_fz_page(page.this).obj()
        resources = mupdf.pdf_dict_get_inheritable(stored, mupdf.PDF_ENUM_NAME_Resources)
        return any(self._has_variants(font) for font in _fonts(resources, set()))

    def _has_variants(self, font: int) -> bool:
        if font not in self._known:
            kind, value = self._document.xref_get_key(font, "ToUnicode")
            table = b""
            if kind == "xref":
                table = self._document.xref_stream(int(value.split()[0])) or b""
            self._known[font] = draws_digits_twice(table)
        return self._known[font]


def _fonts(resources: Any, seen: set[int]) -> Iterator[int]:
    """The numbers of the fonts that a page or a form names, and those of the forms within it.

    PyMuPDF's own ``get_fonts`` asks for their names and files too, which takes thrice as long.
    """
    mupdf = _engine().mupdf
    fonts = mupdf.pdf_dict_get(resources, mupdf.PDF_ENUM_NAME_Font)
    for place in range(mupdf.pdf_dict_len(fonts)):
        yield mupdf.pdf_to_num(mupdf.pdf_dict_get_val(fonts, place))
    forms = mupdf.pdf_dict_get(resources, mupdf.PDF_ENUM_NAME_XObject)
    for place in range(mupdf.pdf_dict_len(forms)):
        form = mupdf.pdf_dict_get_val(forms, place)
        within = mupdf.pdf_dict_get(form, mupdf.PDF_ENUM_NAME_Resources)
        if within.m_internal and mupdf.pdf_to_num(form) not in seen:
            seen.add(mupdf.pdf_to_num(form))
            yield from _fonts(within, seen)


def _page(page: Any, number: int, variants: bool = False) -> PageContent:
    """A page without its annotations, turned so that most of its text is upright.

    ``variants``: one of its fonts draws a digit in two ways, so each digit's outline is asked.

    How the file turns its page is not asked: a table may lie on its side on a page that stands, and
    a page that the file turns may hold text that is upright only then.
    """
    page.set_rotation(0)
    display_list, shown, printed = _printed(page, variants)
    turned = _turn(printed)
    if turned:
        page.set_rotation(turned)
        display_list, shown, printed = _printed(page, variants)
    rect = page.rect
    area = Area(rect.x0, rect.y0, rect.x1, rect.y1)
    lines: list[Line] = []
    doubtful: list[Doubtful] = []
    colours: set[int] = set()
    for one in printed:
        colours |= one.colours
        doubtful += [Doubtful(*doubted, len(lines)) for doubted in one.doubts]
        lines.append(Line(number, one.block, one.words, one.upright))
    beside = watch(display_list, area)
    content = PageContent(number, rect.width, rect.height, lines, beside.seen, turned=turned)
    content.printed = " ".join(word[4] for word in shown)
    # Letters that a gradient shines through are seen, though they are not painted.
    bright = [area.grown(1.0) for area in beside.through]
    doubtful = [
        one for one in doubtful if one.why != "transparency" or not _is_in(bright, one.word)
    ]
    others = _under(beside.covering, lines)
    if others:
        risky = [area for area, fill in beside.fills if any(alike(fill, one) for one in colours)]
        others = _under([*beside.over, *risky], lines)
    if doubtful or others:
        facts = PageFacts(
            [word for line in lines for word in line.words],
            lambda: _pictured(page, 0.5),
            lambda words: _sight(display_list, area, words),
        )
        known = {id(one.word) for one in doubtful}
        others = [
            one for one in others if id(one.word) not in known and not _is_in(bright, one.word)
        ]
        hidden = find_hidden(doubtful, others, facts)
        content.findings += findings_of(number, hidden)
        content.hidden = [one.word for one in hidden]
        content.lines = _without(lines, {id(one.word) for one in hidden})
    content.findings += _spelled(number, shown, area)
    everything = _textpage(display_list, None)
    if beside.tight or _CLIPS.search(page.read_contents()):
        # What a clip leaves nothing of is in no display list, so the page itself is asked.
        everything = _textpage(page, None)
    away, content.outside = _out_of_sight(page, everything, shown, area)
    content.findings += away
    return content


def _is_in(areas: Sequence[Area], word: PageWord) -> bool:
    return any(area.holds(_area(word)) for area in areas)


def _spelled(number: int, shown: Sequence[tuple[Any, ...]], area: Area) -> list[Finding]:
    """What characters that draw nothing spell on a page."""
    said = spelled(" ".join([word[4] for word in shown]))
    box = Box(number, area.x0, area.y0, area.x1, area.y1)
    return [Finding("unicode", text[:SAID], box) for text in said[:MOST_FINDINGS]]


def _printed(page: Any, variants: bool) -> tuple[Any, Sequence[tuple[Any, ...]], list[PrintedLine]]:
    """A page's display list, its words, and its lines."""
    display_list = listed(page)
    rect = page.rect
    area = Area(rect.x0, rect.y0, rect.x1, rect.y1)
    textpage = _textpage(display_list, area)
    shown = textpage.extractWORDS()
    outlines = _outlines(display_list, area) if variants else None
    return display_list, shown, list(printed_lines(textpage, shown, outlines))


def _turn(printed: Sequence[PrintedLine]) -> int:
    """By how many degrees, clockwise, a page has to be turned to make most of its text upright.

    Single words are labels of a drawing, which may all lie on their side.
    """
    printed = [line for line in printed if len(line.words) > 2]
    upright = sum(line.length for line in printed if line.upright)
    for turned, x, y in ((90, 0, -1), (180, -1, 0), (270, 0, 1)):
        along = sum(
            line.length
            for line in printed
            if abs(line.direction[0] - x) < 0.01 and abs(line.direction[1] - y) < 0.01
        )
        if along > max(upright, _LEAST_TURNED):
            return turned
    return 0


def _outlines(display_list: Any, area: Area) -> Any:
    """The text of a page as a dictionary of blocks, in which a letter's box is its outline's."""
    pymupdf = _engine()
    tools: Any = pymupdf.TOOLS
    textpage = _textpage(display_list, area, flags=pymupdf.TEXT_ACCURATE_BBOXES)
    tools.unset_quad_corrections(True)  # else PyMuPDF makes boxes as high as the type again
    try:
        return textpage.extractRAWDICT()
    finally:
        tools.unset_quad_corrections(False)


def _textpage(drawing: Any, within: Area | None, *, flags: int = 0) -> Any:
    """The text of a page or of its display list: what an area and the clips leave of it, or all."""
    pymupdf = _engine()
    mupdf = pymupdf.mupdf
    options = mupdf.FzStextOptions()
    options.flags = pymupdf.TEXT_PRESERVE_WHITESPACE | flags
    rect = mupdf.FzRect(mupdf.FzRect.Fixed_INFINITE)
    if within is not None:
        options.flags |= pymupdf.TEXT_MEDIABOX_CLIP
        rect = mupdf.FzRect(within.x0, within.y0, within.x1, within.y1)
    text = mupdf.FzStextPage(rect)
    device = mupdf.fz_new_stext_device(text, options)
    run_through(drawing, device)
    mupdf.fz_close_device(device)
    textpage = pymupdf.TextPage(text)
    if ASKED.search(_said(textpage)):
        put_names(text, lambda device: run_through(drawing, device))
    return textpage


def _under(covering: Sequence[Area], lines: Sequence[Line]) -> list[Doubtful]:
    """The words that stand where something may have been painted over them."""
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


def _sight(display_list: Any, page: Area, words: Sequence[PageWord | Area]) -> Sight:
    x0 = max(math.floor(min(word.x0 for word in words)), page.x0)
    y0 = max(math.floor(min(word.y0 for word in words)), page.y0)
    x1 = min(math.ceil(max(word.x1 for word in words)), page.x1)
    y1 = min(math.ceil(max(word.y1 for word in words)), page.y1)
    part = Area(x0, y0, max(x1, x0 + 1), max(y1, y0 + 1))
    with_text, scale = rendered(display_list, part, with_text=True)
    without_text, _ = rendered(display_list, part, with_text=False)
    return Sight(with_text, without_text, part.x0, part.y0, scale)


def _without(lines: Sequence[Line], hidden: set[int]) -> list[Line]:
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


def _out_of_sight(
    page: Any, everything: Any, shown: Sequence[tuple[Any, ...]], area: Area
) -> tuple[list[Finding], str]:
    """Text off the page, or where a clip leaves next to nothing of it; and all text that is cut
    off, which beside that has labels that were cropped from a picture: their frame shows the rest
    of it, so they are not hidden.
    """
    if "".join(_said(everything).split()) == "".join([word[4] for word in shown]):
        return [], ""
    there = {_place(word) for word in shown}
    missing = [
        Doubtful(_plain(clean, word), "position", _BLACK, _line_of(word))
        for word in everything.extractWORDS()
        if _place(word) not in there and (clean := clean_text(word[4]))
    ]
    if not missing:
        return [], ""
    within = any(area.meets(_area(one.word)) for one in missing)
    cut_away = watch(page, area).cut_away if within else ()
    away = [
        one
        for one in missing
        if not area.meets(_area(one.word))
        or any(place.holds(_area(one.word), 1.0) for place in cut_away)
    ]
    # Numbers beyond the edge are the printer's: of pages, of sheets, of colours.
    found = findings_of(page.number + 1, away)
    said = [one for one in found if sum(map(str.isalpha, one.text)) >= _LEAST_LETTERS]
    return said, " ".join(one.word.text for one in missing)


def _said(textpage: Any) -> str:
    """The text of a page, by the engine's own printer: a tenth of what ``extractText`` takes."""
    mupdf = _engine().mupdf
    printed: bytes = mupdf.fz_buffer_extract(mupdf.fz_new_buffer_from_stext_page(textpage.this))
    return printed.decode(errors="replace")


def _plain(text: str, drawn: tuple[Any, ...]) -> PageWord:
    """A word that is only reported: how it is set does not matter."""
    return PageWord(text, drawn[0], drawn[1], drawn[2], drawn[3], ((text, NO_STYLE),))


def _area(word: PageWord) -> Area:
    return Area(word.x0, word.y0, word.x1, word.y1)


def _hidden_layers(document: Any) -> list[int]:
    """The numbers of the optional layers that are switched off."""
    pymupdf = _engine()
    mupdf = pymupdf.mupdf
    pdf = mupdf.pdf_document_from_fz_document(document.this)
    return [
        layer
        for layer in range(mupdf.pdf_count_layers(pdf))
        if not mupdf.pdf_layer_is_enabled(pdf, layer)
    ]


def _on_layers(document: Any, number: int, turned: int, layers: Sequence[int]) -> list[Finding]:
    """What a page shows only with these layers switched on."""
    pymupdf = _engine()
    mupdf = pymupdf.mupdf
    pdf = mupdf.pdf_document_from_fz_document(document.this)

    def printed() -> Sequence[tuple[Any, ...]]:
        page = document[number]
        page.set_rotation(turned)
        words: Sequence[tuple[Any, ...]] = _textpage(listed(page), None).extractWORDS()
        return words

    there = {_place(word) for word in printed()}
    for layer in layers:
        mupdf.pdf_enable_layer(pdf, layer, 1)
    try:
        hidden = [
            Doubtful(_plain(clean, word), "layer", _BLACK, _line_of(word))
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
    """What tells a drawn word from another one."""
    return word[4], round(word[0]), round(word[1])


@lru_cache(maxsize=4)
def _signs_of(path: Path) -> dict[str, dict[int, str] | None]:
    """What the characters of fonts mean that draw signs for letters, over a whole document."""
    drawn: dict[str, set[str]] = {}
    with _open(path) as document:
        for page in document:
            if not any(may_sign(font[3]) for font in page.get_fonts()):
                continue
            for block in page.get_text("dict", flags=0)["blocks"]:
                for line in block.get("lines", ()):
                    for span in line["spans"]:
                        drawn.setdefault(span["font"], set()).update(span["text"].replace(" ", ""))
    return {font: symbol_table(font, "".join(used)) for font, used in drawn.items()}


@dataclass(frozen=True, slots=True)
class DrawnCharacter:
    """A character as a page draws it, with the middle of its box in points."""

    text: str
    x: float
    y: float


def drawn_characters(path: Path, page: int) -> list[DrawnCharacter]:
    """All characters of page ``page`` (from 1), as they are drawn: to check boxes against.

    Opens the file in this process, so only for files that were read before. Raises
    ``UnreadableError``.
    """
    with _open(path) as document:
        drawn = document[page - 1]
        drawn.set_rotation(0)
        area = Area(drawn.rect.x0, drawn.rect.y0, drawn.rect.x1, drawn.rect.y1)
        blocks = _textpage(listed(drawn), area).extractRAWDICT()["blocks"]
    signs = _signs_of(path)
    return [
        DrawnCharacter(
            character["c"].translate(signs.get(span["font"]) or {}),
            (character["bbox"][0] + character["bbox"][2]) / 2,
            (character["bbox"][1] + character["bbox"][3]) / 2,
        )
        for block in blocks
        for line in block.get("lines", ())
        for span in line["spans"]
        for character in span["chars"]
    ]


_PAGE_PIXELS = 16_000_000
_CROP_PIXELS = 4_000_000


def draw_crop(path: Path, box: Box, scale: float) -> bytes:
    """What stands in ``box`` as a PNG, upright as people see the page.

    The scale is lowered where the picture would have more than four million pixels. Raises
    ``UnreadableError``.
    """
    pymupdf = _engine()
    with _open(path) as document:
        if not 1 <= box.page <= document.page_count:
            raise UnreadableError(
                "broken", f"no page {box.page}: the file has {document.page_count}"
            )
        page = document[box.page - 1]
        clip = pymupdf.Rect(box.x0, box.y0, box.x1, box.y1) * page.rotation_matrix & page.rect
        if clip.is_empty:
            raise UnreadableError("broken", f"nothing of the box is on page {box.page}")
        scale = min(scale, (_CROP_PIXELS / abs(clip.get_area())) ** 0.5)
        drawn = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale), clip=clip)
        picture: bytes = drawn.tobytes("png")
        return picture
