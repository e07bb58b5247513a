"""PDF files by PyMuPDF: the fastest reader with words, boxes and fonts, and it draws pages too.

Pinned below 2.0, whose rectangles are wrong. Everything here runs inside a worker process
(``index.read``), since a hostile file can hang or crash the engine.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from index.paper import Box, Finding, HiddenBy, PageSize, Status
from index.read.devices import listed, rendered, run_through, watch, watch_text
from index.read.hidden import Doubtful, PageFacts, Sight, alike, doubt, find_hidden, findings_of
from index.read.pages import Area, Line, PageContent, Pages, PageWord, Style

_MATHS_FONT = re.compile(
    r"CMMI|CMSY|CMEX|CMBSY|MSAM|MSBM|MTMI|MTSY|MTEX|EUFM|EUSM|EUEX|RSFS|rsfs|Math|Symbol|STIX.*Sym|"
    r"txsy|txmi|pxsy|pxmi|esint|LMMath|wasy|stmary|bbold|dsrom",
)
_BOLD_FONT = re.compile(
    r"Bold|Medi(?!um)|CMBX|CMSSBX|SFBX|CMCSC.*Bold|Black|Heavy|-B(?:$|I)|Semibold|Demi|\.B\b|LMRoman\d+-Bold|bx\d",
    re.I,
)
_ITALIC_FONT = re.compile(r"Ital|Obli|CMTI|SFTI|CMSL|Slant|-I$|ReguItal", re.I)
# Accents that old TeX fonts draw as a letter of their own, before or after the letter they sit on.
_SPACING_ACCENTS = {
    "´": "\u0301", "`": "\u0300", "¨": "\u0308", "ˆ": "\u0302", "˜": "\u0303", "¸": "\u0327",
    "ˇ": "\u030c", "˘": "\u0306", "˙": "\u0307", "˚": "\u030a", "˝": "\u030b", "¯": "\u0304",
}  # fmt: skip
ACCENTS = "".join(_SPACING_ACCENTS)
_ACCENT_FIRST = re.compile(f"([{ACCENTS}])([A-Za-zı])")
_ACCENT_LAST = re.compile(f"([A-Za-zı])([{ACCENTS}])")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_MARK_COLOUR = (1.0, 0.92, 0.5)
_LEAST_LETTERS = 3
_CLIPS = re.compile(rb"\bW\*?\s+n\b")
_PAINTS_KEPT = 10_000  # a file can have a new size for every letter
_HEADER_WITHIN = 1024  # bytes; readers accept junk before "%PDF-" up to here


class UnreadableError(Exception):
    """A file that gives no pages. ``status`` is the reading's."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


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
        for number in range(count):
            try:
                page = document[number]
                content = _page(page, number + 1)
                if hidden_layers:
                    content.findings += _on_layers(document, number, hidden_layers)
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


def _page(page: Any, number: int) -> PageContent:
    """A page as it is stored, before the file's rotation turns it, without its annotations."""
    page.set_rotation(0)
    rect = page.rect
    area = Area(rect.x0, rect.y0, rect.x1, rect.y1)
    display_list = listed(page)
    textpage = _textpage(display_list, area)
    lines: list[Line] = []
    doubtful: list[Doubtful] = []
    colours: set[int] = set()
    shown = textpage.extractWORDS()
    for spans, drawn, block, upright in _printed_lines(textpage, shown):
        words, doubts = _words(spans, drawn)
        colours.update(span["color"] for span in spans)
        if words:
            if doubts:
                doubtful += [Doubtful(*one, len(lines)) for one in doubts]
            lines.append(Line(number, block, words, upright))
    beside = watch(display_list, area)
    content = PageContent(number, rect.width, rect.height, lines, beside.seen)
    content.printed = textpage.extractText()
    others = _under(beside.covering, lines)
    if others:
        risky = [area for area, fill in beside.fills if any(alike(fill, one) for one in colours)]
        others = _under([*watch_text(display_list, area).over, *risky], lines)
    if doubtful or others:
        facts = PageFacts(
            [word for line in lines for word in line.words],
            lambda: _pictured(page, 0.5),
            lambda words: _sight(display_list, area, words),
        )
        known = {id(one.word) for one in doubtful}
        others = [one for one in others if id(one.word) not in known]
        hidden = find_hidden(doubtful, others, facts)
        content.findings += findings_of(number, hidden)
        content.hidden = [one.word for one in hidden]
        content.lines = _without(lines, {id(one.word) for one in hidden})
    everything = _textpage(display_list, None)
    if beside.tight or _CLIPS.search(page.read_contents()):
        # What a clip leaves nothing of is in no display list, so the page itself is asked.
        everything = _textpage(page, None)
    away, content.outside = _out_of_sight(page, everything, shown, area)
    content.findings += away
    return content


def _textpage(drawing: Any, within: Area | None) -> Any:
    """The text of a page or of its display list: what an area and the clips leave of it, or all."""
    pymupdf = _engine()
    mupdf = pymupdf.mupdf
    options = mupdf.FzStextOptions()
    options.flags = pymupdf.TEXT_PRESERVE_WHITESPACE
    rect = mupdf.FzRect(mupdf.FzRect.Fixed_INFINITE)
    if within is not None:
        options.flags |= pymupdf.TEXT_MEDIABOX_CLIP
        rect = mupdf.FzRect(within.x0, within.y0, within.x1, within.y1)
    text = mupdf.FzStextPage(rect)
    device = mupdf.fz_new_stext_device(text, options)
    run_through(drawing, device)
    mupdf.fz_close_device(device)
    return pymupdf.TextPage(text)


def _printed_lines(
    textpage: Any, drawn: Sequence[tuple[Any, ...]]
) -> Iterator[tuple[list[dict[str, Any]], Sequence[tuple[Any, ...]], int, bool]]:
    """The spans and the words of each line, its block's number, and whether it is upright."""
    at, count = 0, len(drawn)
    for block_number, block in enumerate(textpage.extractDICT()["blocks"]):
        for line_number, line in enumerate(block.get("lines", ())):
            begin = at
            while at < count and drawn[at][6] == line_number and drawn[at][5] == block_number:
                at += 1
            if at > begin:
                upright = abs(line["dir"][0] - 1.0) < 0.01
                yield line["spans"], drawn[begin:at], block_number, upright


def _under(covering: Sequence[Area], lines: Sequence[Line]) -> list[Doubtful]:
    """The words that stand where something may have been painted over them."""
    if not covering:
        return []
    return [
        Doubtful(word, "cover", _BLACK, number)
        for number, line in enumerate(lines)
        if any(
            area.x0 < line.x1 and line.x0 < area.x1 and area.y0 < line.y1 and line.y0 < area.y1
            for area in covering
        )
        for word in line.words
        if any(
            area.x0 < word.x1 and word.x0 < area.x1 and area.y0 < word.y1 and word.y0 < area.y1
            for area in covering
        )
    ]


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
    if "".join(everything.extractText().split()) == "".join([word[4] for word in shown]):
        return [], ""
    there = {_place(word) for word in shown}
    missing = [
        Doubtful(_plain(clean, word), "position", _BLACK, place)
        for place, (_, drawn, _, _) in enumerate(
            _printed_lines(everything, everything.extractWORDS())
        )
        for word in drawn
        if _place(word) not in there and (clean := clean_text(word[4]))
    ]
    cut_away = watch_text(page, area).cut_away
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


def _plain(text: str, drawn: tuple[Any, ...]) -> PageWord:
    """A word that is only reported: how it is set does not matter."""
    return PageWord(text, drawn[0], drawn[1], drawn[2], drawn[3], ((text, _NO_STYLE),))


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


def _on_layers(document: Any, number: int, layers: Sequence[int]) -> list[Finding]:
    """What a page shows only with these layers switched on."""
    pymupdf = _engine()
    mupdf = pymupdf.mupdf
    pdf = mupdf.pdf_document_from_fz_document(document.this)

    def printed() -> list[tuple[int, tuple[Any, ...]]]:
        page = document[number]
        page.set_rotation(0)
        textpage = _textpage(listed(page), None)
        lines = enumerate(_printed_lines(textpage, textpage.extractWORDS()))
        return [(place, word) for place, (_, drawn, _, _) in lines for word in drawn]

    there = {_place(word) for _, word in printed()}
    for layer in layers:
        mupdf.pdf_enable_layer(pdf, layer, 1)
    try:
        hidden = [
            Doubtful(_plain(clean, word), "layer", _BLACK, place)
            for place, word in printed()
            if _place(word) not in there and (clean := clean_text(word[4]))
        ]
    finally:
        for layer in layers:
            mupdf.pdf_enable_layer(pdf, layer, 0)
    return findings_of(number + 1, hidden)


def _place(word: tuple[Any, ...]) -> tuple[str, int, int]:
    """What tells a drawn word from another one."""
    return word[4], round(word[0]), round(word[1])


def _words(
    spans: list[dict[str, Any]], drawn: Sequence[tuple[Any, ...]]
) -> tuple[list[PageWord], list[tuple[PageWord, HiddenBy, int]]]:
    """Join the drawn words of a line with the styles of its spans, which cut them into parts.

    Beside the words, those whose paint leaves it in doubt whether they are seen.
    """
    styles: list[Style] = []
    ends: list[int] = []  # characters of the line before the end of each span, white space apart
    doubts: list[tuple[HiddenBy | None, int]] = []
    end = 0
    for span in spans:
        length = len("".join(span["text"].split()))
        if length:
            end += length
            style, why = _paint(span)
            styles.append(style)
            ends.append(end)
            doubts.append((why, span["color"]))
    if not styles:
        return [], []
    cut, cut_x = _cut(spans) if len(spans) > 1 else (0, 0.0)
    in_doubt = any(why for why, _ in doubts)
    if not in_doubt and len(styles) == 1:
        style = styles[0]
        return [
            PageWord(clean, x0, y0, x1, y1, ((text, style),))
            for x0, y0, x1, y1, text, *_ in drawn
            if x1 > x0 and y1 > y0 and (clean := clean_text(text))
        ], []
    words: list[PageWord] = []
    doubtful: list[tuple[PageWord, HiddenBy, int]] = []
    position = 0
    run = 0  # the span that the next character is of
    last = len(styles) - 1
    for x0, y0, x1, y1, text, *_ in drawn:
        inside = cut - position
        if 0 < inside < len(text):
            halves = [(x0, cut_x, text[:inside]), (cut_x, x1, text[inside:])]
        else:
            halves = [(x0, x1, text)]
        for left, right, said in halves:
            end = position + len(said)
            first = run
            while run < last and ends[run] < end:
                run += 1
            if run == first:
                parts: tuple[tuple[str, Style], ...] = ((said, styles[run]),)
            else:
                parts = _parts(said, position, styles, ends, first, run)
            clean = clean_text(said)
            if clean and right > left and y1 > y0:
                word = PageWord(clean, left, y0, right, y1, parts)
                words.append(word)
                if in_doubt:
                    # A word of several paints is taken for what most of its characters are.
                    bounds = [position, *ends[first:run], end]
                    lengths = [after - before for before, after in pairwise(bounds)]
                    why, colour = doubts[first + lengths.index(max(lengths))]
                    if why is not None:
                        doubtful.append((word, why, colour))
            position = end
            if run < last and ends[run] == end:
                run += 1
    return words, doubtful


def _parts(
    text: str,
    position: int,
    styles: Sequence[Style],
    ends: Sequence[int],
    first: int,
    last: int,
) -> tuple[tuple[str, Style], ...]:
    """The characters of a word by style; neighbours of one style are one part."""
    parts: list[tuple[str, Style]] = []
    begin = 0
    for run in range(first, last + 1):
        end = min(ends[run] - position, len(text)) if run < last else len(text)
        if end <= begin:
            continue
        piece = text[begin:end]
        if parts and parts[-1][1] is styles[run]:
            parts[-1] = (parts[-1][0] + piece, styles[run])
        else:
            parts.append((piece, styles[run]))
        begin = end
    return tuple(parts)


_MARK = re.compile(r"[*∗†‡§¶⋆♠♣♦]+|\d{1,2}")
_LABEL = re.compile(r"(?:abstract|summary|index terms|key\s?words) ?[—–-]", re.I)


def _cut(spans: list[dict[str, Any]]) -> tuple[int, float]:
    """Where a line begins with two words that are drawn without a space between.

    They are a footnote's raised mark and its first word, or a label like "Abstract—" and its text.
    Returns how many characters (white space apart) the first one ends after, and its right edge.
    """
    for number, (first, second) in enumerate(pairwise(spans[:4])):
        text = first["text"].strip()
        if not second["text"][:1].strip():
            continue
        raised = first["flags"] & 1 or first["size"] < 0.8 * second["size"]
        label = "".join(span["text"] for span in spans[: number + 1]).strip()
        if (number == 0 and raised and _MARK.fullmatch(text)) or _LABEL.fullmatch(label):
            return len("".join(label.split())), float(first["bbox"][2])
    return 0, 0.0


_BLACK = 0x000000
_NO_STYLE = Style(10.0, False, False, False, False, "")
_styles: dict[tuple[str, int, float], Style] = {}
_paints: dict[tuple[str, int, float, int, int, int], tuple[Style, HiddenBy | None]] = {}


def _paint(span: dict[str, Any]) -> tuple[Style, HiddenBy | None]:
    """How a span is set, and why it may be hidden."""
    key = (
        span["font"],
        span["flags"],
        span["size"],
        span["color"],
        span["alpha"],
        span["char_flags"],
    )
    known = _paints.get(key)
    if known is None:
        if len(_paints) > _PAINTS_KEPT:
            _paints.clear()
        known = _paints[key] = (_style(span), doubt(*key[2:]))
    return known


def _style(span: dict[str, Any]) -> Style:
    font, flags, size = span["font"], span["flags"], round(span["size"], 1)
    key = (font, flags, size)
    style = _styles.get(key)
    if style is None:
        style = _styles[key] = Style(
            size=size,
            bold=bool(flags & 16) or bool(_BOLD_FONT.search(font)),
            italic=bool(flags & 2) or bool(_ITALIC_FONT.search(font)),
            maths=bool(_MATHS_FONT.search(font)),
            raised=bool(flags & 1),
            font=font,
        )
    return style


def clean_text(text: str) -> str:
    """Compose drawn accents, drop invisible and control characters, and apply Unicode's NFC."""
    if text.isascii():
        return text if text.isprintable() else "".join(c for c in text if c.isprintable())
    text = text.translate(_INVISIBLE)
    text = _ACCENT_FIRST.sub(lambda m: m[2].replace("ı", "i") + _SPACING_ACCENTS[m[1]], text)
    text = _ACCENT_LAST.sub(lambda m: m[1].replace("ı", "i") + _SPACING_ACCENTS[m[2]], text)
    text = unicodedata.normalize("NFC", text)
    return "".join(c for c in text if c.isprintable() or c == "\u00ad").replace("\ufffd", "�")


@dataclass(frozen=True, slots=True)
class DrawnCharacter:
    """A character as a page draws it, with the middle of its box in points."""

    text: str
    x: float
    y: float


def drawn_characters(path: Path, page: int) -> list[DrawnCharacter]:
    """All characters of page ``page`` (from 1), with nothing undone: to check boxes against.

    Opens the file in this process, so only for files that were read before. Raises
    ``UnreadableError``.
    """
    flags = _engine().TEXT_MEDIABOX_CLIP
    with _open(path) as document:
        blocks = document[page - 1].get_text("rawdict", flags=flags)["blocks"]
    return [
        DrawnCharacter(
            character["c"],
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
