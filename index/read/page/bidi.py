"""Puts the letters of lines with Arabic or Hebrew in reading order, from their positions.

A PDF draws letters at positions. MuPDF puts them in reading order within each line it finds, but
it splits a line where a number or a Latin word changes the direction, and moves the spaces. Such a
row is therefore rebuilt from the positions of its letters, by the Unicode bidirectional algorithm
(python-bidi) in reverse: applied to a row read from its far end, it gives the row as it is typed.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from index.read.page.pages import PageWord

Laid = tuple[int, int, dict[str, Any] | None, list[tuple[Any, ...]]]
"""A line: its block's number, its number (-1: MuPDF's lines do not show it), spans and words."""

_RIGHT = frozenset({"R", "AL"})
_RIGHT_LETTERS = re.compile(
    "[\u05be-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_CONTROLS = frozenset({"BN", "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "B"})
_BRACKETS = {"(": ")", ")": "(", "[": "]", "]": "[", "{": "}", "}": "{", "«": "»", "»": "«"}
_OPENING = "([{«"
_WORD_SPACE = 0.6  # of a line's height: the widest gap between pieces of a row; columns are wider
_SPACE = 0.14  # of the type's size: a wider gap between glyphs is a space


def is_right_to_left(text: str) -> bool:
    """Whether a text has letters that are written from right to left."""
    return _RIGHT_LETTERS.search(text) is not None


def row_of(one: Sequence[PageWord], other: Sequence[PageWord]) -> list[PageWord]:
    """Two pieces of a printed row as one, in the order of reading; each is in that order itself."""
    words = [*one, *other]
    if runs_right_to_left("".join(word.text for word in words)):
        return [*one, *other] if one[0].x1 > other[0].x1 else [*other, *one]
    return sorted(words, key=lambda word: word.x0)


def runs_right_to_left(text: str) -> bool:
    """Whether most of a text's letters are written from right to left."""
    if not is_right_to_left(text):
        return False
    kinds = Counter(unicodedata.bidirectional(one) for one in text if one.isalpha())
    return kinds["R"] + kinds["AL"] >= max(kinds["L"], 1)


@dataclass(slots=True)
class _Letter:
    """The text of one glyph: a letter with its marks, or the letters of a ligature."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    span: dict[str, Any]
    ends_word: bool = False  # a space follows it in the file, drawn on its right

    @property
    def middle(self) -> float:
        return (self.x0 + self.x1) / 2


def reordered(laid: Iterable[Laid], blocks: Sequence[dict[str, Any]]) -> Iterator[Laid]:
    """The lines of a page, those with right-to-left letters in reading order, rows put together.

    ``blocks`` are MuPDF's, with the place of each character ("rawdict"). A row that was put
    together has the number -1.
    """
    rows = list(_rows(laid, blocks))
    page = runs_right_to_left("".join(word[4] for row in rows for line in row for word in line[3]))
    orders = [
        _in_reading_order(_raw(row, blocks), page or _runs(row)) if _has_right_to_left(row) else []
        for row in rows
    ]
    mirrored = _is_mirrored([order for order in orders if order])
    for row, order in zip(rows, orders, strict=True):
        if not order:
            yield from row
            continue
        if mirrored:
            for letter, level in order:
                if level % 2:
                    letter.text = _BRACKETS.get(letter.text, letter.text)
        letters = [letter for letter, _ in order]
        line = {"spans": list(_spans(letters)), "dir": (1.0, 0.0)}
        yield row[0][0], -1, line, list(_words(letters))


def _rows(laid: Iterable[Laid], blocks: Sequence[dict[str, Any]]) -> Iterator[list[Laid]]:
    """MuPDF's lines, with side-by-side lines of one block joined."""
    row: list[Laid] = []
    for one in laid:
        if row and not (row[-1][0] == one[0] and _beside(_raw([row[-1], one], blocks))):
            yield row
            row = []
        row.append(one)
    if row:
        yield row


def _raw(row: Sequence[Laid], blocks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of a row with their characters."""
    return [blocks[number]["lines"][place] for number, place, *_ in row if place >= 0]


def _beside(lines: Sequence[dict[str, Any]]) -> bool:
    if len(lines) < 2 or any(abs(line["dir"][0] - 1) > 0.01 for line in lines):
        return False
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = lines[0]["bbox"], lines[1]["bbox"]
    shared = min(ay1, by1) - max(ay0, by0)
    height = min(ay1 - ay0, by1 - by0)
    return bool(shared > 0.5 * height and max(bx0 - ax1, ax0 - bx1) < _WORD_SPACE * height)


def _has_right_to_left(row: Sequence[Laid]) -> bool:
    upright = all(line is not None and abs(line["dir"][0] - 1) < 0.01 for _, _, line, _ in row)
    return upright and any(is_right_to_left(word[4]) for *_, words in row for word in words)


def _runs(row: Sequence[Laid]) -> bool:
    """Whether a row runs from right to left by itself."""
    return runs_right_to_left("".join(word[4] for *_, words in row for word in words))


def _letters(row: Sequence[dict[str, Any]], right: bool) -> list[_Letter]:
    """The glyphs of a row from left to right, with a space in every gap between words.

    Marks and the further letters of a ligature are with their glyph.
    """
    glyphs: list[_Letter] = []
    loose: list[tuple[str, float]] = []
    lines = [list(_chars(raw)) for raw in row]
    begins: list[float] = []
    for line in lines:
        waiting: list[_Letter] = []
        for place, glyph in enumerate(line):
            kind = unicodedata.bidirectional(glyph.text)
            if kind == "NSM":
                loose.append((glyph.text, glyph.middle))
            elif kind in _RIGHT and (
                _has_no_box(glyph, begins) or _is_under_lam(*line[place : place + 3])
            ):
                waiting.append(glyph)
            else:
                # A ligature's further letters are at the end of its glyph, and come before it in
                # a line that MuPDF has turned.
                if kind in _RIGHT and waiting and abs(waiting[-1].x0 - glyph.x1) < 0.5:
                    glyph.text += "".join(one.text for one in reversed(waiting))
                else:
                    glyphs += waiting
                waiting = []
                glyphs.append(glyph)
            insort(begins, glyph.x0)
        glyphs += waiting
    loose += [(one.text, one.x0) for one in glyphs if one.x1 <= one.x0 and not one.text.isspace()]
    drawn = sorted(
        (one for one in glyphs if not one.text.isspace() and one.x1 > one.x0),
        key=lambda one: one.middle,
    )
    for text, x in loose:
        if drawn:
            min(drawn, key=lambda one: abs(x - one.middle) - (one.x1 - one.x0) / 2).text += text
    return list(_spaced(drawn, right))


def _chars(raw: dict[str, Any]) -> Iterator[_Letter]:
    """The characters of a line; one that a space follows in the file is marked so."""
    last: _Letter | None = None
    for span in raw["spans"]:
        for char in span["chars"]:
            if unicodedata.bidirectional(char["c"]) in _CONTROLS:
                continue
            x0, y0, x1, y1 = char["bbox"]
            letter = _Letter(char["c"], x0, y0, x1, y1, span)
            if last is not None and letter.text.isspace() and abs(letter.x0 - last.x1) < 0.5:
                last.ends_word = True
            yield letter
            last = letter


def _has_no_box(letter: _Letter, begins: Sequence[float]) -> bool:
    """Whether a character before begins where this one does: MuPDF makes a box up for it."""
    near = bisect_right(begins, letter.x0 + 0.4) - bisect_left(begins, letter.x0 - 0.4)
    return letter.x1 - letter.x0 < 0.01 or near > 0


def _is_under_lam(alef: _Letter, lam: _Letter | None = None, after: _Letter | None = None) -> bool:
    """Whether an alef is the second letter of a lam-alef, though a box was made up for it.

    The lam of "al-" is as narrow as an alef where another letter is joined to it; the ligature's
    is not.
    """
    if lam is None or after is None or lam.text != "ل" or alef.text not in "اأإآ":
        return False
    wide = lam.x1 - lam.x0 > 1.5 * (alef.x1 - alef.x0)
    joined = unicodedata.bidirectional(after.text) == "AL" and abs(after.x1 - lam.x0) < 0.5
    return wide and joined and abs(lam.x1 - alef.x0) < 0.5


def _spaced(glyphs: Sequence[_Letter], right: bool) -> Iterator[_Letter]:
    """Glyphs from left to right, and spaces between words. MuPDF's own spaces may be misplaced.

    ``right``: the row runs from right to left.
    """
    gaps = [_gap(one, other) for one, other in pairwise(glyphs)]
    start = 0  # of a run from left to right
    for place, one in enumerate(glyphs):
        if unicodedata.bidirectional(one.text[0]) in _RIGHT:
            start = place + 1
        elif (
            right and one.ends_word and 0 < start <= place < len(gaps) and gaps[start - 1] < _SPACE
        ):
            # A space that was typed after a Latin word and drawn on its right: people read on
            # from its left. Beside another space it makes a wide gap.
            gaps[start - 1], gaps[place] = gaps[place], gaps[place] - 3 * _SPACE
    for one, gap in zip(glyphs, [*gaps, 0.0], strict=True):
        yield one
        if gap > _SPACE:
            yield _Letter(" ", one.x1, one.y0, one.x1, one.y1, one.span)


def _gap(one: _Letter, other: _Letter) -> float:
    """The gap between two glyphs, as a share of their size."""
    return (other.x0 - one.x1) / max(min(float(one.span["size"]), float(other.span["size"])), 0.1)


def _in_reading_order(raw: Sequence[dict[str, Any]], right: bool) -> list[tuple[_Letter, int]]:
    """The glyphs of a row in the order of reading, each with its embedding level.

    ``right``: whether it runs from right to left, as mixed rows do where the page does.
    """
    from bidi import algorithm  # type: ignore[import-untyped]

    letters = _letters(raw, right)
    row = letters[::-1] if right else list(letters)
    said = "".join(letter.text[0] for letter in row)
    storage: dict[str, Any] = algorithm.get_empty_storage()
    storage["base_level"] = int(right)
    storage["base_dir"] = "R" if right else "L"
    algorithm.get_embedding_levels(said, storage)
    for number, one in enumerate(storage["chars"]):
        one["number"] = number
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    levels = {one["number"]: one["level"] for one in storage["chars"]}
    algorithm.reorder_resolved_levels(storage, False)
    order = [one["number"] for one in storage["chars"]]
    return [(row[number], levels[number]) for number in (order[::-1] if right else order)]


def _is_mirrored(rows: Sequence[Sequence[tuple[_Letter, int]]]) -> bool:
    """Whether brackets of right-to-left text are named by their looks: ")" opens on the page.

    Some programs store what was typed, others what was drawn; paired brackets show which.
    """
    typed = drawn = 0
    for row in rows:
        brackets = [letter.text for letter, level in row if level % 2 and letter.text in _BRACKETS]
        typed += _pairs(brackets)
        drawn += _pairs([_BRACKETS[one] for one in brackets])
    return drawn > typed


def _pairs(brackets: Sequence[str]) -> int:
    pairs = 0
    stack: list[str] = []
    for one in brackets:
        if one in _OPENING:
            stack.append(one)
        elif stack and _BRACKETS[stack[-1]] == one:
            stack.pop()
            pairs += 1
    return pairs


def _words(letters: Sequence[_Letter]) -> Iterator[tuple[Any, ...]]:
    """Words as MuPDF gives them: box and text."""
    for space, group in groupby(letters, key=lambda one: one.text.isspace()):
        word = list(group)
        if not space:
            yield (
                min(one.x0 for one in word),
                min(one.y0 for one in word),
                max(one.x1 for one in word),
                max(one.y1 for one in word),
                "".join(one.text for one in word),
            )


def _spans(letters: Sequence[_Letter]) -> Iterator[dict[str, Any]]:
    """Runs of letters that are set alike, as MuPDF's spans."""
    for _, group in groupby(letters, key=lambda one: id(one.span)):
        run = list(group)
        box = (min(one.x0 for one in run), run[0].y0, max(one.x1 for one in run), run[0].y1)
        style = {name: said for name, said in run[0].span.items() if name != "chars"}
        yield style | {"text": "".join(one.text for one in run), "bbox": box}
