"""Builds the printed lines of a page: words with box, type and position on the baseline.

MuPDF gives the words of a page and, separately, its spans of one type each. Both are in drawing
order, block by block, but not line by line: a line whose letters have no width is in only one of
them. So both are aligned here by their characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from index.accounts import HiddenBy
from index.read.page.bidi import Laid, is_right_to_left, reordered
from index.read.page.cuts import SPACES, cut_up, cuts_at_head, cuts_of_fractions, pieces_of
from index.read.page.letter_places import (
    Edges,
    Letters,
    drawn_length,
    drawn_letters,
    is_spaceless,
    small_letters,
)
from index.read.page.letters import ACCENTS, clean_text, may_sign, symbol_table, visible
from index.read.page.levels import level_of, main_type
from index.read.page.pages import PageContent, PageWord, Style
from index.read.page.styles import NO_STYLE, known_styles, paint_of

_ACCENTED = re.compile(f"[{ACCENTS}]")
_MAY_BE_GLUED = re.compile(r"[.!?][A-Z][a-z]")  # found far quicker, and rare
_FLAT = 2.5  # times its size: no letter is so wide, so the size is not what is drawn
_TYPE_WIDTH = 0.5  # of the size: the usual width of a letter


@dataclass(slots=True)
class PrintedLine:
    """A line as it was drawn, with those of its words whose paint leaves in doubt who sees them."""

    words: list[PageWord]
    doubts: list[tuple[PageWord, HiddenBy, int]]  # the colour is 0xRRGGBB
    block: int
    upright: bool
    direction: tuple[float, float]  # of writing: (1, 0) is from left to right
    length: int  # drawn characters
    colours: set[int]


def printed_lines(
    textpage: Any, shown: Sequence[tuple[Any, ...]], outlines: Any = None
) -> Iterator[PrintedLine]:
    """The lines of a page. ``shown`` is what ``textpage.extractWORDS()`` gave; ``outlines`` is the
    page's dictionary with boxes of outlines, where raised digits are letters of their own.
    """
    blocks = textpage.extractDICT()["blocks"]
    letters = Letters(textpage, blocks)
    drawn_small = small_letters(outlines) if outlines is not None else {}
    spaceless = is_spaceless(shown, letters)
    laid = _laid(blocks, shown)
    if is_right_to_left("".join([word[4] for word in shown])):
        laid = reordered(laid, letters.blocks())
    for number, place, line, drawn in laid:
        spans = line["spans"] if line is not None else []
        direction = (line["dir"][0], line["dir"][1]) if line is not None else (1.0, 0.0)
        edges = Edges(letters, number, place, drawn_small.get((number, place), {}))
        found, doubts = _words(spans, drawn, edges, spaceless)
        if found:
            upright = abs(direction[0] - 1.0) < 0.01
            colours = {span["color"] for span in spans}
            length = sum([len(word[4]) for word in drawn])
            yield PrintedLine(found, doubts, number, upright, direction, length, colours)


def put_signs(pages: Sequence[PageContent]) -> None:
    """Replace letters by the signs that their fonts draw, by all text that a document draws."""
    if not any(may_sign(font) for font, *_ in known_styles):  # of all that this process has read
        return
    drawn: dict[str, set[str]] = {}
    for word in _words_of(pages):
        for text, style in word.parts:
            if may_sign(style.font):
                drawn.setdefault(style.font, set()).update(text)
    tables = {font: symbol_table(font, "".join(used)) for font, used in drawn.items()}
    tables = {font: table for font, table in tables.items() if table is not None}
    if not tables:
        return
    for page in pages:
        for line in page.lines:
            changed = False
            for word in line.words:
                if any(style.font in tables for _, style in word.parts):
                    word.parts = tuple(
                        (text.translate(tables.get(style.font) or {}), style)
                        for text, style in word.parts
                    )
                    word.text = clean_text("".join([text for text, _ in word.parts]))
                    changed = True
            if changed:
                line.measure()


def _words_of(pages: Sequence[PageContent]) -> Iterator[PageWord]:
    for page in pages:
        for line in page.lines:
            yield from line.words


# --- words beside their types ---------------------------------------------------------------------


def _laid(blocks: Sequence[dict[str, Any]], shown: Sequence[tuple[Any, ...]]) -> Iterator[Laid]:
    """Each line's block and number, its spans where they are given, and its words."""
    for number, lines, words in _blocks(blocks, shown):
        for place, line, drawn in _beside(lines, words):
            yield number, place, line, drawn


def _blocks(
    blocks: Sequence[dict[str, Any]], shown: Sequence[tuple[Any, ...]]
) -> Iterator[tuple[int, list[dict[str, Any]], list[tuple[Any, ...]]]]:
    """Each block's number, its lines of spans, and its words."""
    at, count = 0, len(shown)
    for number, block in enumerate(blocks):
        begin = at
        while at < count and shown[at][5] == number:
            at += 1
        if at > begin:
            yield number, block.get("lines", []), list(shown[begin:at])


def _beside(
    lines: list[dict[str, Any]], words: list[tuple[Any, ...]]
) -> Iterator[tuple[int, dict[str, Any] | None, list[tuple[Any, ...]]]]:
    """The words of each line beside its spans and their number; None where no spans are given."""
    groups: list[list[tuple[Any, ...]]] = []
    for word in words:
        if groups and groups[-1][-1][6] == word[6]:
            groups[-1].append(word)
        else:
            groups.append([word])
    if len(groups) == len(lines):
        yield from zip(range(len(lines)), lines, groups, strict=True)
        return
    at = 0
    for group in groups:
        said = "".join([word[4] for word in group])
        found = next((n for n in range(at, len(lines)) if _is_said(lines[n], said)), None)
        if found is None:
            yield -1, None, group
        else:
            at = found + 1
            yield found, lines[found], group


def _is_said(line: dict[str, Any], said: str) -> bool:
    """Whether a line of spans has these letters, or some of them where others have no width."""
    own = "".join([drawn_letters(span["text"]) for span in line["spans"]])
    letters = iter(said)
    return bool(own) and all(letter in letters for letter in own)


@dataclass(slots=True)
class _Run:
    """A span of a line: its style, how many drawn characters of the line end with it, its paint."""

    style: Style
    end: int
    why: HiddenBy | None
    colour: int
    flat: float  # the height that its letters must have, in points; 0 if the span has it
    base: float


def _words(
    spans: list[dict[str, Any]], drawn: Sequence[tuple[Any, ...]], edges: Edges, spaceless: bool
) -> tuple[list[PageWord], list[tuple[PageWord, HiddenBy, int]]]:
    """Join the drawn words of a line with the styles of its spans, which cut them into parts.

    Beside the words, those whose paint leaves it in doubt whether they are seen.
    """
    runs = _runs(spans)
    if not runs:
        runs = [_Run(NO_STYLE, 1 << 30, None, 0, 0.0, float(drawn[0][3]))] if drawn else []
    words: list[PageWord] = []
    doubtful: list[tuple[PageWord, HiddenBy, int]] = []
    whole = " ".join([word[4] for word in drawn])
    # Most lines are so: nothing in them is to be cut or put right.
    apart = spaceless or _MAY_BE_GLUED.search(whole) is not None
    plain = whole.isascii() and edges.are_plain(spaceless) and not apart
    apart = apart or not (whole.isascii() or SPACES.search(whole) is None)
    if len(runs) == 1 and plain and runs[0].why is None and not runs[0].flat:
        style, base = runs[0].style, runs[0].base
        if whole.isprintable():
            return [
                PageWord(text, x0, y0, x1, y1, ((text, style),), base)
                for x0, y0, x1, y1, text, *_ in drawn
                if x1 > x0 and y1 > y0
            ], []
        return [
            PageWord(clean, x0, y0, x1, y1, ((clean, style),), base)
            for x0, y0, x1, y1, text, *_ in drawn
            if x1 > x0 and y1 > y0 and (clean := clean_text(text))
        ], []
    cuts = [*cuts_at_head(spans), *cuts_of_fractions(spans)] if len(spans) > 1 else []
    position = 0
    run = 0  # the span that the next character is of
    last = len(runs) - 1
    for x0, y0, x1, y1, text, *_ in drawn:
        pieces = [(x0, x1, text)]
        if apart:
            pieces = list(pieces_of(x0, x1, text, position, edges, spaceless))
        if cuts:
            pieces = list(cut_up(pieces, position, cuts))
        for left, right, said in pieces:
            end = position + len(said)
            first = run
            while run < last and runs[run].end < end:
                run += 1
            parts = _parts(said, position, runs, first, run)
            if not plain:
                if (levels := edges.levels(position, len(said))) and len(parts) == 1:
                    parts = _cut_by_level(*parts[0], levels)
                if not said.isascii():  # "1" + a space without width + "Centre"
                    parts = tuple((seen, style) for one, style in parts if (seen := visible(one)))
            clean = clean_text(said) if plain else _clean(said, position, edges)
            top = y0
            flat = (
                runs[first].flat
                if first == run
                else max([one.flat for one in runs[first : run + 1]])
            )
            if flat and y1 - y0 < 0.5 * flat:
                top = y1 - flat
            if clean and right > left and y1 > top:
                # A word in several colours gets that of most of its characters.
                main = runs[run if first == run else _main(runs, first, run, position, end)]
                word = PageWord(clean, left, top, right, y1, parts, main.base)
                words.append(word)
                if main.why is not None:
                    doubtful.append((word, main.why, main.colour))
            position = end
            if run < last and runs[run].end == end:
                run += 1
    return words, doubtful


def _main(runs: Sequence[_Run], first: int, last: int, begin: int, end: int) -> int:
    """The run that most characters of a word are of."""
    return max(range(first, last + 1), key=lambda number: _share(runs, number, begin, end))


def _share(runs: Sequence[_Run], number: int, begin: int, end: int) -> int:
    """The number of characters from ``begin`` to ``end`` that belong to a run."""
    before = runs[number - 1].end if number else 0
    return min(runs[number].end, end) - max(before, begin)


def _runs(spans: Sequence[dict[str, Any]]) -> list[_Run]:
    kept = [(span, length) for span in spans if (length := drawn_length(span["text"]))]
    if len(kept) < 2:
        return [_run(span, length, length, span["size"], 0.0) for span, length in kept]
    main, base = main_type(kept)
    runs: list[_Run] = []
    end = 0
    for span, length in kept:
        end += length
        runs.append(_run(span, length, end, main, base - span["origin"][1]))
    return runs


def _run(span: dict[str, Any], length: int, end: int, main: float, rise: float) -> _Run:
    """A span of ``length`` letters that ends after ``end`` of its line's."""
    left, _, right, _ = span["bbox"]
    size = span["size"]
    width = (right - left) / length
    flat = width / _TYPE_WIDTH if width > _FLAT * size else 0.0
    style, why = paint_of(span, level_of(rise, size, main) if rise else 0, flat)
    return _Run(style, end, why, span["color"], 0.7 * flat, span["origin"][1])


def _clean(text: str, position: int, edges: Edges) -> str:
    """The word's characters; an accent drawn separately is combined with the letter below it."""
    if text.isascii() or not _ACCENTED.search(text):
        return clean_text(text)
    letters = edges.of(position, text)
    return clean_text(text, [(left, right) for _, left, right, _ in letters] if letters else None)


def _parts(
    text: str, position: int, runs: Sequence[_Run], first: int, last: int
) -> tuple[tuple[str, Style], ...]:
    """The characters of a word by style; neighbours of one style are one part."""
    if first == last:
        return ((text, runs[first].style),)
    parts: list[tuple[str, Style]] = []
    begin = 0
    for run in range(first, last + 1):
        end = min(runs[run].end - position, len(text)) if run < last else len(text)
        if end <= begin:
            continue
        piece = text[begin:end]
        if parts and parts[-1][1] is runs[run].style:
            parts[-1] = (parts[-1][0] + piece, runs[run].style)
        else:
            parts.append((piece, runs[run].style))
        begin = end
    return tuple(parts)


def _cut_by_level(text: str, style: Style, levels: dict[int, int]) -> tuple[tuple[str, Style], ...]:
    """The characters of a word of one style, with those apart that are raised or lowered."""
    parts: list[tuple[str, Style]] = []
    for place, letter in enumerate(text):
        own = style.at(levels.get(place, 0))
        if parts and parts[-1][1] is own:
            parts[-1] = (parts[-1][0] + letter, own)
        else:
            parts.append((letter, own))
    return tuple(parts)
