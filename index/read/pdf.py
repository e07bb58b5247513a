"""PDF files by PyMuPDF: the fastest reader with words, boxes and fonts, and it draws pages too.

Pinned below 2.0, whose rectangles are wrong. Everything here runs inside a worker process
(``index.read``), since a hostile file can hang or crash the engine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from index.paper import Box, Status
from index.read.pages import Line, PageContent, Pages, PageWord, Style

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
_ACCENTS = "".join(_SPACING_ACCENTS)
_ACCENT_FIRST = re.compile(f"([{_ACCENTS}])([A-Za-zı])")
_ACCENT_LAST = re.compile(f"([A-Za-zı])([{_ACCENTS}])")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_MARK_COLOUR = (1.0, 0.92, 0.5)
_HEADER_WITHIN = 1024  # bytes; readers accept junk before "%PDF-" up to here


class UnreadableError(Exception):
    """A file that gives no pages. ``status`` is the reading's."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def read_pages(path: Path, pages_max: int) -> Pages:
    """All words of the file at ``path``. Raises ``UnreadableError``."""
    pymupdf = _engine()
    document = _open(path)
    with document:
        count = document.page_count
        if count > pages_max:
            raise UnreadableError("limit", f"{count} pages; at most {pages_max} are read")
        pages: list[PageContent] = []
        images = 0
        broken = 0
        for number in range(count):
            try:
                page = document[number]
                content = _page(page, number + 1)
            except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase) as error:
                if "malloc" in str(error) or "out of memory" in str(error).lower():
                    raise UnreadableError("limit", "too little memory for this file") from error
                broken += 1
                continue
            if not content.lines and _is_picture(page):
                images += 1
            pages.append(content)
        if broken == count:
            raise UnreadableError("broken", "no page of this PDF can be read")
        return Pages(pages, count, images)


def draw_page(path: Path, page: int, boxes: Sequence[Box], scale: float) -> bytes:
    """Page ``page`` (from 1) as a PNG with ``boxes`` marked. Raises ``UnreadableError``."""
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
        picture: bytes = drawn.get_pixmap(matrix=pymupdf.Matrix(scale, scale)).tobytes("png")
        return picture


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


def _is_picture(page: Any) -> bool:
    area = abs(page.rect)
    corners = (image["bbox"] for image in page.get_image_info())
    # Scanners cut a page into strips: it is their sum that counts.
    covered = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in corners)
    return bool(covered > 0.3 * area)


def _page(page: Any, number: int) -> PageContent:
    pymupdf = _engine()
    flags = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP
    textpage = page.get_textpage(flags=flags)
    blocks = page.get_text("dict", textpage=textpage)["blocks"]
    words_of: dict[tuple[int, int], list[tuple[Any, ...]]] = {}
    for word in page.get_text("words", textpage=textpage):
        words_of.setdefault((word[5], word[6]), []).append(word)
    lines: list[Line] = []
    for block_number, block in enumerate(blocks):
        for line_number, line in enumerate(block.get("lines", ())):
            drawn = words_of.get((block_number, line_number))
            if not drawn:
                continue
            words = list(_words(line["spans"], drawn))
            if words:
                upright = abs(line["dir"][0] - 1.0) < 0.01
                lines.append(Line(number, block_number, words, upright))
    # Text is placed on the page as it is stored, before the file's rotation turns it.
    width, height = page.rect.width, page.rect.height
    if page.rotation in (90, 270):
        width, height = height, width
    return PageContent(number, width, height, lines)


def _words(spans: list[dict[str, Any]], drawn: list[tuple[Any, ...]]) -> Iterator[PageWord]:
    """Join the drawn words of a line with the styles of its spans, character by character."""
    runs = [
        (character, _style(span))
        for span in spans
        for character in span["text"]
        if not character.isspace()
    ]
    cut, cut_x = _cut(spans)
    position = 0
    for x0, y0, x1, y1, text, *_ in drawn:
        inside = cut - position
        position += len(text)
        halves = [(x0, x1, text)]
        if 0 < inside < len(text):
            halves = [(x0, cut_x, text[:inside]), (cut_x, x1, text[inside:])]
        begin = position - len(text)
        for left, right, said in halves:
            parts = _parts(runs[begin : begin + len(said)])
            begin += len(said)
            clean = clean_text(said)
            if clean and parts and right > left and y1 > y0:
                yield PageWord(clean, left, y0, right, y1, parts)


def _parts(runs: Sequence[tuple[str, Style]]) -> tuple[tuple[str, Style], ...]:
    parts: list[tuple[str, Style]] = []
    for character, style in runs:
        if parts and parts[-1][1] is style:
            parts[-1] = (parts[-1][0] + character, style)
        else:
            parts.append((character, style))
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


_styles: dict[tuple[str, int, float], Style] = {}


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
        return "".join(c for c in text if c.isprintable())
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
