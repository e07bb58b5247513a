"""Reads PDF files with PyMuPDF, the fastest reader with words, boxes and fonts.

It is pinned below 2.0, whose rectangles are wrong. Everything here runs inside a worker process
(``index.read``), since a hostile file can hang or crash the engine. ``engine`` opens files,
``sight`` finds hidden words, ``pictures`` renders pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from index.accounts import Finding
from index.read.page.devices import listed, watch
from index.read.page.engine import open_file, silent_engine, text_of
from index.read.page.fonts import DigitVariants
from index.read.page.hidden import (
    MOST_FINDINGS,
    SAID,
    Doubtful,
    PageFacts,
    alike,
    find_hidden,
    findings_of,
)
from index.read.page.letters import is_cipher, unreadable
from index.read.page.pages import Area, Line, PageContent, Pages, PageWord
from index.read.page.printed import PrintedLine, printed_lines, put_signs
from index.read.page.refused import UnreadableError
from index.read.page.sight import (
    area_of,
    findings_on_layers,
    layers_off,
    lines_without,
    out_of_sight,
    sight_of,
    words_under,
)
from index.read.page.unicode import spelled
from index.read.page.weights import settle_weights
from index.spans import Box

_LEAST_TURNED = 80  # characters on their side: fewer are a stamp or the label of an axis
_UNREADABLE = 0.02  # of a page's characters
_MOST_ADDRESSES = 1000  # of a page
_CLIPS = re.compile(rb"W(?<=\bW)\*?\s+n\b")  # begins with a letter, which is found quickly


def read_pages(path: Path, pages_max: int, characters_max: int = 6_000_000) -> Pages:
    """All words of the file at ``path``. Raises ``UnreadableError``, beyond the limits too."""
    pymupdf = silent_engine()
    document = open_file(path)
    with document:
        count = document.page_count
        if count > pages_max:
            raise UnreadableError("limit", f"{count} pages; at most {pages_max} are read")
        pages: list[PageContent] = []
        images = 0
        broken = 0
        characters = 0
        hidden_layers = layers_off(document)
        variants = DigitVariants(document)
        for number in range(count):
            try:
                page = document[number]
                content = _page(page, number + 1, variants.are_on(page))
                if hidden_layers:
                    content.findings += findings_on_layers(
                        document, number, content.turned, hidden_layers
                    )
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
        settle_weights(pages)
        for content in pages:
            content.unread = content.unread or _without_letters(content)
        return Pages(pages, count, images)


def _unread(document: Any, number: int, error: Exception) -> PageContent:
    """An empty page that says why it is empty."""
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    try:
        rect = document[number].rect
        width, height = rect.width, rect.height
    except (RuntimeError, ValueError, silent_engine().mupdf.FzErrorBase):
        width, height = 612.0, 792.0
    return PageContent(number + 1, width, height, [], unread=f"the PDF engine failed: {reason}")


def _without_letters(page: PageContent) -> str:
    """Why some of a page's characters have no letters; "" if almost all have."""
    text = "\n".join([line.text for line in page.lines])
    page.cipher = is_cipher(text)
    if page.cipher:
        return "its letters are not those that it shows: its fonts lack them"
    share = unreadable(text) / max(len(text), 1)
    return "its fonts do not say which letters it shows there" if share > _UNREADABLE else ""


def _pictured(page: Any, share: float) -> bool:
    """Whether pictures cover more than such a share of the page."""
    area = abs(page.rect)
    corners = (image["bbox"] for image in page.get_image_info())
    # Scanners cut a page into strips: it is their sum that counts.
    covered = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in corners)
    return bool(covered > share * area)


def _addresses(page: Any) -> Iterator[str]:
    """The web addresses that the page's links lead to, before the first link that is damaged."""
    with suppress(RuntimeError, ValueError, silent_engine().mupdf.FzErrorBase):
        link = page.first_link
        while link is not None:
            if (link.uri or "").startswith(("http://", "https://")):
                yield link.uri
            link = link.next


def _page(page: Any, number: int, variants: bool = False) -> PageContent:
    """A page without its annotations, turned so that most of its text is upright.

    ``variants``: one of its fonts draws a digit in two ways, so each digit's outline is asked.

    The page rotation in the file is ignored: a table may be sideways on an upright page, and
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
    content.addresses = frozenset(islice(_addresses(page), _MOST_ADDRESSES))
    # Letters that a gradient shines through are seen, though they are not painted.
    bright = [area.grown(1.0) for area in beside.through]
    doubtful = [
        one for one in doubtful if one.why != "transparency" or not _is_in(bright, one.word)
    ]
    others = words_under(beside.covering, lines)
    if others:
        risky = [area for area, fill in beside.fills if any(alike(fill, one) for one in colours)]
        others = words_under([*beside.over, *risky], lines)
    if doubtful or others:
        facts = PageFacts(
            [word for line in lines for word in line.words],
            lambda: _pictured(page, 0.5),
            lambda words: sight_of(display_list, area, words),
        )
        known = {id(one.word) for one in doubtful}
        others = [
            one for one in others if id(one.word) not in known and not _is_in(bright, one.word)
        ]
        hidden = find_hidden(doubtful, others, facts)
        content.findings += findings_of(number, hidden)
        content.hidden = [one.word for one in hidden]
        content.lines = lines_without(lines, {id(one.word) for one in hidden})
    content.findings += _spelled(number, shown, area)
    everything = text_of(display_list, None)
    if beside.tight or _CLIPS.search(page.read_contents()):
        # What a clip leaves nothing of is in no display list, so the page itself is asked.
        everything = text_of(page, None)
    away, content.outside = out_of_sight(page, everything, shown, area)
    content.findings += away
    return content


def _is_in(areas: Sequence[Area], word: PageWord) -> bool:
    return any(area.holds(area_of(word)) for area in areas)


def _spelled(number: int, shown: Sequence[tuple[Any, ...]], area: Area) -> list[Finding]:
    """The text that invisible characters spell on a page."""
    said = spelled(" ".join([word[4] for word in shown]))
    box = Box(number, area.x0, area.y0, area.x1, area.y1)
    return [Finding("unicode", text[:SAID], box) for text in said[:MOST_FINDINGS]]


def _printed(page: Any, variants: bool) -> tuple[Any, Sequence[tuple[Any, ...]], list[PrintedLine]]:
    """A page's display list, its words, and its lines."""
    display_list = listed(page)
    rect = page.rect
    area = Area(rect.x0, rect.y0, rect.x1, rect.y1)
    textpage = text_of(display_list, area)
    shown = textpage.extractWORDS()
    outlines = _outlines(display_list, area) if variants else None
    return display_list, shown, list(printed_lines(textpage, shown, outlines))


def _turn(printed: Sequence[PrintedLine]) -> int:
    """The degrees, clockwise, by which a page has to be turned to make most of its text upright.

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
    pymupdf = silent_engine()
    tools: Any = pymupdf.TOOLS
    textpage = text_of(display_list, area, flags=pymupdf.TEXT_ACCURATE_BBOXES)
    tools.unset_quad_corrections(True)  # else PyMuPDF makes boxes as high as the type again
    try:
        return textpage.extractRAWDICT()
    finally:
        tools.unset_quad_corrections(False)
