"""A page's printed lines: words with their boxes, their type, and where they stand on the baseline.

MuPDF gives the words of a page and, apart from them, its spans of one type each. Both come in the
order of drawing, block by block, but not line by line: a line of which every letter has no width is
in one and not in the other. So they are laid side by side here by their characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

from index.paper import HiddenBy
from index.read.page.bidi import Laid, is_right_to_left, reordered
from index.read.page.hidden import doubt
from index.read.page.letters import ACCENTS, clean_text, may_sign, symbol_table, visible
from index.read.page.pages import PageContent, PageWord, Style, is_tall

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
# Spaces that MuPDF takes for letters: thin, hair, en, em, ideographic.
_SPACES = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_NOT_DRAWN = {
    **dict.fromkeys(range(0x20)),
    **dict.fromkeys((0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)),
    **dict.fromkeys(range(0x2000, 0x200B)),
}
_ACCENTED = re.compile(f"[{ACCENTS}]")
_LONG_WORD = re.compile(r"[^\W\d_]{20,}")  # so many letters in a row are several words, or German
# The end of one sentence and the first word of the next, without a space: "publication.The".
_GLUED = re.compile(r"(?<=[a-z]{3}[.!?])(?=[A-Z][a-z])|(?<=[a-z\d)][)\]][.!?])(?=[A-Z][a-z])")
_MAY_BE_GLUED = re.compile(r"[.!?][A-Z][a-z]")  # found far quicker, and rare
_FLAT = 2.5  # times its size: no letter is so wide, so the size is not what is drawn
_TYPE_WIDTH = 0.5  # of the size: the usual width of a letter
_APART = 0.07  # of the size: letters further apart are of two words
_TOGETHER = 0.03  # of the size: letters of one word are nearer
# Of the type's size, between the baselines of a fraction's halves. TeX sets them 0.74 apart, and a
# raised letter over a lowered one at most 0.66 (The TeXbook, appendix G).
HALVES_APART = 0.69
_GAP = 0.16  # of the type's size: what stands higher or lower is no further from its letter
_SMALL = 0.92  # of the line's size: what is raised or lowered is set smaller


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
    letters = _Letters(textpage, blocks)
    drawn_small = _small_letters(outlines) if outlines is not None else {}
    spaceless = _is_spaceless(shown, letters)
    laid = _laid(blocks, shown)
    if is_right_to_left("".join([word[4] for word in shown])):
        laid = reordered(laid, letters.blocks())
    for number, place, line, drawn in laid:
        spans = line["spans"] if line is not None else []
        direction = (line["dir"][0], line["dir"][1]) if line is not None else (1.0, 0.0)
        edges = _Edges(letters, number, place, drawn_small.get((number, place), {}))
        found, doubts = _words(spans, drawn, edges, spaceless)
        if found:
            upright = abs(direction[0] - 1.0) < 0.01
            colours = {span["color"] for span in spans}
            length = sum([len(word[4]) for word in drawn])
            yield PrintedLine(found, doubts, number, upright, direction, length, colours)


def put_signs(pages: Sequence[PageContent]) -> None:
    """Put the signs of fonts that draw them for letters, as all that a document draws tells."""
    if not any(may_sign(font) for font, *_ in _styles):  # of all that this process has read
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
    own = "".join([_drawn(span["text"]) for span in line["spans"]])
    letters = iter(said)
    return bool(own) and all(letter in letters for letter in own)


def _drawn(text: str) -> str:
    """The characters that are in words: no white space, no control characters."""
    if text.isascii() and text.isprintable():
        return text.replace(" ", "")
    return text.translate(_NOT_DRAWN)


def _length(text: str) -> int:
    """How many characters of a text are in words."""
    if text.isascii() and text.isprintable():
        return len(text) - text.count(" ")
    return len(text.translate(_NOT_DRAWN))


class _Letters:
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
            if _drawn(one["c"])
        ]

    def lines(self, block: int) -> list[dict[str, Any]]:
        """The lines of a block, without the letters' places; none where there is no such block."""
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


class _Edges:
    """The letters of one line, by their place among all that it draws."""

    def __init__(self, letters: _Letters, block: int, line: int, small: dict[int, int]) -> None:
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
        """The letters of a word that begins after ``begin`` others; none if they do not agree."""
        found = self._all[begin : begin + len(text)]
        return found if "".join([one[0] for one in found]) == text else []


def _small_letters(outlines: Any) -> dict[tuple[int, int], dict[int, int]]:
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
                    if not _drawn(one["c"]):
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


def _is_spaceless(shown: Sequence[tuple[Any, ...]], letters: _Letters) -> bool:
    """Whether a page draws no spaces but leaves gaps: a very long word falls apart by its gaps."""
    for word in shown:
        if _LONG_WORD.search(word[4]):
            line = _line_of(letters, word)
            if line and len(_gaps(line)) > 0:
                return True
    return False


def _line_of(letters: _Letters, word: tuple[Any, ...]) -> list[tuple[str, float, float, float]]:
    """The letters of a word, found by its place."""
    for number in range(len(letters.lines(word[5]))):
        line = letters.of(word[5], number)
        said = "".join([one[0] for one in line])
        at = said.find(word[4])
        if at >= 0 and line and abs(line[at][1] - word[0]) < 1:
            return line[at : at + len(word[4])]
    return []


def _gaps(line: Sequence[tuple[str, float, float, float]]) -> list[int]:
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


# --- one line -------------------------------------------------------------------------------------


_Cut = tuple[int, float, float]
"""Between two words: the letters before it (white space apart), and the edges beside it."""


@dataclass(slots=True)
class _Run:
    """A span of a line: its style, how many drawn characters of the line end with it, its paint."""

    style: Style
    end: int
    why: HiddenBy | None
    colour: int
    flat: float  # the height that its letters must have, in points; 0 where the span tells it
    base: float


def _words(
    spans: list[dict[str, Any]], drawn: Sequence[tuple[Any, ...]], edges: _Edges, spaceless: bool
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
    apart = apart or not (whole.isascii() or _SPACES.search(whole) is None)
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
    cuts = [*_cut(spans), *_stacked(spans)] if len(spans) > 1 else []
    position = 0
    run = 0  # the span that the next character is of
    last = len(runs) - 1
    for x0, y0, x1, y1, text, *_ in drawn:
        pieces = [(x0, x1, text)]
        if apart:
            pieces = list(_pieces(x0, x1, text, position, edges, spaceless))
        if cuts:
            pieces = list(_cut_up(pieces, position, cuts))
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
                # A word of several paints is taken for what most of its characters are.
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
    """How many of the characters from ``begin`` to ``end`` are of a run."""
    before = runs[number - 1].end if number else 0
    return min(runs[number].end, end) - max(before, begin)


def _runs(spans: Sequence[dict[str, Any]]) -> list[_Run]:
    kept = [(span, length) for span in spans if (length := _length(span["text"]))]
    if len(kept) < 2:
        return [_run(span, length, length, span["size"], 0.0) for span, length in kept]
    main, base = _main_type(kept)
    runs: list[_Run] = []
    end = 0
    for span, length in kept:
        end += length
        runs.append(_run(span, length, end, main, base - span["origin"][1]))
    return runs


def _main_type(kept: Sequence[tuple[dict[str, Any], int]]) -> tuple[float, float]:
    """The size of a line's letters and their base, of its spans and how many letters each has."""
    sizes: dict[float, int] = {}
    for span, length in kept:
        sizes[span["size"]] = sizes.get(span["size"], 0) + length
    main = main_size(sizes)
    return main, next(span["origin"][1] for span, _ in kept if span["size"] == main)


def _run(span: dict[str, Any], length: int, end: int, main: float, rise: float) -> _Run:
    """A span of ``length`` letters that ends after ``end`` of its line's."""
    left, _, right, _ = span["bbox"]
    size = span["size"]
    width = (right - left) / length
    flat = width / _TYPE_WIDTH if width > _FLAT * size else 0.0
    style, why = _paint(span, level_of(rise, size, main) if rise else 0, flat)
    return _Run(style, end, why, span["color"], 0.7 * flat, span["origin"][1])


def main_size(sizes: dict[float, int]) -> float:
    """The size of a row's letters, given how many there are of each; in points.

    Formulas may have more small letters than large ones.
    """
    most = max(sizes.values())
    return max(size for size, count in sizes.items() if count >= 0.4 * most)


def level_of(rise: float, size: float, main: float) -> int:
    """1 for raised type, -1 for lowered, else 0; ``rise`` over the baseline, sizes in points.

    TeX raises by 0.36 to 0.41 of the type's size and lowers by 0.15 or more (The TeXbook, app. G).
    """
    small = size < _SMALL * main
    if 0.9 * main > rise > 0.12 * main and (small or rise > 0.2 * main):
        return 1
    return -1 if 0.8 * main > -rise > 0.05 * main and small else 0


def _pieces(
    x0: float, x1: float, text: str, position: int, edges: _Edges, spaceless: bool
) -> Iterator[tuple[float, float, str]]:
    """A drawn word, or those that it falls into, at gaps or at spaces that MuPDF has as letters."""
    spaces = None if text.isascii() else _SPACES.search(text)
    if spaces is not None:
        width = (x1 - x0) / len(text)
        at = position
        for match in re.finditer(rf"[^{_SPACES.pattern[1:]}+", text):
            letters = edges.of(at, match.group())
            at += len(match.group())
            if letters:
                yield letters[0][1], letters[-1][2], match.group()
            else:
                yield x0 + match.start() * width, x0 + match.end() * width, match.group()
        return
    address = "/" in text or "@" in text
    cuts = [] if address else [match.end() for match in _GLUED.finditer(text)]
    if cuts or (spaceless and len(text) > 3 and not address):
        letters = edges.of(position, text)
        gaps = _gaps(letters) if spaceless else []
        ends = [0, *sorted({*cuts, *gaps}), len(letters)]
        if letters:
            for begin, end in pairwise(ends):
                yield letters[begin][1], letters[end - 1][2], text[begin:end]
            return
    yield x0, x1, text


def _cut_up(
    pieces: Sequence[tuple[float, float, str]], position: int, cuts: Sequence[_Cut]
) -> Iterator[tuple[float, float, str]]:
    """Pieces of a line, from ``position`` on, cut where ``cuts`` say."""
    for left, right, text in pieces:
        begin = 0
        for at, before, after in cuts:
            end = at - position
            if begin < end < len(text):
                yield left, before, text[begin:end]
                left, begin = after, end
        yield left, right, text[begin:]
        position += len(text)


def _clean(text: str, position: int, edges: _Edges) -> str:
    """The word's characters; an accent drawn apart goes on the letter that it stands over."""
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


_MARK = re.compile(r"[*∗†‡§¶⋆♠♣♦]+|\d{1,2}")
_LABEL = re.compile(r"(?:abstract|summary|index terms|key\s?words) ?[—–-]", re.I)


def _cut(spans: list[dict[str, Any]]) -> list[_Cut]:
    """Where a line begins with two words that are drawn without a space between.

    They are a footnote's raised mark and its first word, or a label like "Abstract—" and its text.
    """
    for number, (first, second) in enumerate(pairwise(spans[:4])):
        text = first["text"].strip()
        if not second["text"][:1].strip():
            continue
        raised = first["flags"] & 1 or first["size"] < 0.8 * second["size"]
        label = "".join(span["text"] for span in spans[: number + 1]).strip()
        if (number == 0 and raised and _MARK.fullmatch(text)) or _LABEL.fullmatch(label):
            edge = float(first["bbox"][2])
            return [(len(_drawn(label)), edge, edge)]
    return []


def _stacked(spans: list[dict[str, Any]]) -> list[_Cut]:
    """Around and between the halves of fractions, which are drawn one over the other."""
    if len({span["size"] for span in spans}) == 1:
        return []
    kept = [(span, length) for span in spans if (length := len(_drawn(span["text"])))]
    if len(kept) < 2:
        return []
    main, base = _main_type(kept)
    ends = list(accumulate(length for _, length in kept))
    boxes = [span["bbox"] for span, _ in kept]

    def small(number: int, side: float) -> bool:
        """Whether a span is of smaller type and above (-1) or below (1) the line's base."""
        span = kept[number][0]
        fall = side * (float(span["origin"][1]) - base)
        return bool(span["size"] < _SMALL * main and fall > 0.05 * main)

    cuts: list[_Cut] = []
    for number in range(1, len(kept)):
        fall = kept[number][0]["origin"][1] - kept[number - 1][0]["origin"][1]
        side = 1.0 if fall > 0 else -1.0
        back = boxes[number][0] < boxes[number - 1][2] - 0.3 * kept[number][0]["size"]
        apart = HALVES_APART * main <= abs(fall) < 2 * main
        gap = boxes[number][0] - boxes[number - 1][2]
        # A bracket is set apart from what leans towards it: "W_off (M)".
        least = _GAP + 0.09 * (kept[number][0]["text"][:1] in "([")
        if abs(fall) > 0.05 * main and gap > least * main:
            cuts.append((ends[number - 1], boxes[number - 1][2], boxes[number][0]))
        if not (back and apart and small(number, side) and small(number - 1, -side)):
            continue
        first, last = number - 1, number
        while first and small(first - 1, -side) and boxes[first - 1][2] <= boxes[first][0] + 1:
            first -= 1
        while last + 1 < len(kept) and small(last + 1, side):
            last += 1
        right = max(box[2] for box in boxes[first:number])
        if first:
            cuts.append((ends[first - 1], boxes[first - 1][2], boxes[first][0]))
        cuts.append((ends[number - 1], right, boxes[number][0]))
        if last + 1 < len(kept):
            cuts.append((ends[last], boxes[last][2], boxes[last + 1][0]))
    return sorted(set(cuts))


# --- type -----------------------------------------------------------------------------------------

NO_STYLE = Style(10.0, False, False, False, False, False, "")
_styles: dict[tuple[str, int, float, int, int], Style] = {}
_paints: dict[tuple[Any, ...], tuple[Style, HiddenBy | None]] = {}


def _paint(span: dict[str, Any], level: int, flat: float) -> tuple[Style, HiddenBy | None]:
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
    style = _styles.get(key)
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
        style = _styles[key] = style.at(0) if is_tall(style) else style
    return style
