"""Where every word of a page went: into the text, a figure, the margin, or nowhere.

The words that the engine draws on a page are counted from its plain text, apart from the way on
which words become lines and paragraphs. What is missing at that way's end was lost on it.

Words are runs of letters and digits after Unicode folding, and ideographs one by one. A word that
one side has whole and the other in parts ("31^7", a hyphenation that was undone) is the same word.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from index.paper import Block, Box, Figure, PageAccount, Words
from index.read.figures import figure_name, turned_lines
from index.read.layout import Layout
from index.read.pages import PageContent

Place = Literal["text", "captions", "tables", "figures", "furniture", "hidden"]

_LOST_SHOWN = 20  # words of a page that are named
_UNREADABLE = "\ufffd"
_FRACTION_BAR = "\u2044"
_LINE_END_HYPHEN = re.compile(r"[-\u2010\u00ad]\s")
_WRITTEN = "^_{}()\u00ad"  # what scripts are written out with; see ``index.read.scripts``
# An accent that is drawn as a glyph of its own comes before its letter, after it, or apart.
_DROPPED = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff´`¨ˆ˜¸ˇ˘˙˚˝¯]")
_IDEOGRAPH = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_IDEOGRAPH}\U00020000-\U0003ffff]|(?:(?![{_IDEOGRAPH}])[^\W_])+")


def words_in(text: str) -> list[str]:
    """The words of a text, folded: without case, accents, ligatures and soft hyphens."""
    if not text.isascii():
        text = "".join(map(_folded, _DROPPED.sub("", text)))
    return _WORD.findall(text.casefold())


@cache
def _folded(letter: str) -> str:
    """Without accents and as plain letters; "¼" stays one, since old fonts draw "=" as such."""
    if letter == "ı":
        return "i"
    plain = unicodedata.normalize("NFKD", letter)
    if _FRACTION_BAR in plain:
        return letter
    return "".join(one for one in plain if not unicodedata.combining(one))


def words_missing(drawn: str, found: str) -> list[str]:
    """The words of the text ``drawn`` that are not in the text ``found``, folded.

    First whole words are paired, wherever they are; then the letters of what is left over on both
    sides, since the two may cut words in different ways. A symbol that only ``found`` has stands
    for one letter at most, of a word that is found otherwise or for half of it: a font without
    Unicode may draw "=" as "5", and one reader knows that and the other does not.
    """
    wanted, given = Counter(words_in(drawn)), Counter(words_in(found))
    missing = wanted - given
    if not missing:
        return []
    letters = Counter[str]()
    for word, count in (given - wanted).items():
        for letter in word:
            letters[letter] += count
    symbols = (_symbols(found) - _symbols(_LINE_END_HYPHEN.sub(" ", drawn))).total()
    lost: list[str] = []
    for word in sorted(missing.elements(), key=len, reverse=True):
        needed = Counter(word)
        short = (needed - letters).total()
        if short <= min(symbols, max(len(word) // 2, 1)):
            letters -= needed
            symbols -= short
        else:
            lost.append(word)
    return lost


def _symbols(text: str) -> Counter[str]:
    """What another reader may have for a letter of ASCII."""
    plain = (one.isspace() or one in _WRITTEN or (one.isascii() and one.isalnum()) for one in text)
    return Counter(one for one, known in zip(text, plain, strict=True) if not known)


@dataclass(slots=True)
class _Sorted:
    """The words of one page by where they went."""

    of: dict[Place, list[str]] = field(default_factory=dict)

    def put(self, place: Place, word: str) -> None:
        self.of.setdefault(place, []).append(word)

    def said(self, *places: Place) -> str:
        return " ".join(word for place in places for word in self.of.get(place, ()))


def account_for(
    pages: Sequence[PageContent],
    layout: Layout,
    text: str,
    words: Words,
    blocks: Sequence[Block],
    figures: Sequence[Figure],
) -> tuple[PageAccount, ...]:
    """An account of each page. ``blocks`` are those of the text, in its order."""
    found = {page.number: _Sorted() for page in pages}
    drawings: dict[int, list[Box]] = {}  # figures that are no tables
    for figure in figures:
        name = figure_name(figure.label)
        if figure.box is not None and (name is None or name.kind != "table"):
            drawings.setdefault(figure.box.page, []).append(figure.box)
    _sort_text(found, text, words, blocks, drawings)
    aside: dict[int, list[str]] = {page.number: [] for page in pages}
    amid = {id(line) for line in turned_lines(layout)}
    for line in (*layout.furniture, *layout.stamps):
        if id(line) in amid:
            continue  # in the text
        aside[line.page].append(line.text)
        for word in line.words:
            found[line.page].put("furniture", word.text)
    accounts: list[PageAccount] = []
    for page in pages:
        for hidden in page.hidden:
            found[page.number].put("hidden", hidden.text)
        if page.outside:
            aside[page.number].append(page.outside)
        accounts.append(_account(page, found[page.number], "\n".join(aside[page.number])))
    return tuple(accounts)


def _sort_text(
    found: dict[int, _Sorted],
    text: str,
    words: Words,
    blocks: Sequence[Block],
    drawings: dict[int, list[Box]],
) -> None:
    at = 0
    for start, end, page, number in zip(
        words.starts, words.ends, words.pages, range(len(words)), strict=True
    ):
        while at + 1 < len(blocks) and blocks[at].span.end <= start:
            at += 1
        place: Place = "text"
        if blocks and blocks[at].kind == "caption":
            place = "captions"
        elif blocks and blocks[at].kind == "table":
            x0, y0, x1, y1 = words.corners[4 * number : 4 * number + 4]
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            drawn = any(b.x0 <= x <= b.x1 and b.y0 <= y <= b.y1 for b in drawings.get(page, ()))
            place = "figures" if drawn else "tables"
        found[page].put(place, text[start:end])


def _account(page: PageContent, went: _Sorted, aside: str) -> PageAccount:
    drawn = words_in(page.printed)
    shown = went.said("text", "captions", "tables", "figures", "furniture")
    lost = words_missing(page.printed, f"{shown} {went.said('hidden')}")
    letters = sum(not one.isspace() for one in shown)
    return PageAccount(
        page=page.number,
        drawn=len(drawn),
        text=len(words_in(went.said("text"))),
        captions=len(words_in(went.said("captions"))),
        tables=len(words_in(went.said("tables"))),
        figures=len(words_in(went.said("figures"))),
        furniture=len(words_in(went.said("furniture"))),
        hidden=len(words_in(went.said("hidden"))),
        unaccounted=len(lost),
        lost=tuple(lost[:_LOST_SHOWN]),
        aside=aside,
        unreadable=round(shown.count(_UNREADABLE) / letters, 4) if letters else 0.0,
        unread=page.unread,
    )
