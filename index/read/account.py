"""Counts where the words of each page went: into the text, a figure, the margin, or nowhere.

The words that the engine draws on a page are counted from its plain text, independently of the
steps that build lines and paragraphs. A word that is missing at the end was lost in these steps.

Words are runs of letters and digits after Unicode folding, and single ideographs. A word that is
whole on one side and in parts on the other ("31^7", an undone hyphenation) is the same word.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Literal, get_args

from index.accounts import PageAccount
from index.paper import Block, Figure
from index.read.floats.captions import figure_name
from index.read.floats.figures import turned_lines
from index.read.order.furniture import MARGIN
from index.read.order.layout import Layout
from index.read.page.pages import Line, PageContent
from index.spans import Box, Words

Place = Literal["text", "captions", "tables", "figures", "furniture", "hidden"]

_Found = dict[int, dict[Place, list[str]]]  # the words of each page by where they went

_LOST_SHOWN = 20  # words of a page that are named
_UNREADABLE = "\ufffd"
_FRACTION = re.compile(r"\d+\u2044\d+")
_COMBINING = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
_LINE_END_HYPHEN = re.compile(r"[-\u2010\u00ad]\s")
_WRITTEN = "^_{}()\u00ad"  # what scripts are written out with; see ``index.read.text.scripts``
# An accent that is drawn as a glyph of its own comes before its letter, after it, or apart.
_DROPPED = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff´`¨ˆ˜¸ˇ˘˙˚˝¯]")
_IDEOGRAPH = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
_HAS_IDEOGRAPH = re.compile(f"[{_IDEOGRAPH}\U00020000-\U0003ffff]")
_WORD = re.compile(rf"[{_IDEOGRAPH}\U00020000-\U0003ffff]|(?:(?![{_IDEOGRAPH}])[^\W_])+")
_RUN = re.compile(r"[^\W_]+")


def words_in(text: str) -> list[str]:
    """The words of a text, folded: without case, accents, ligatures and soft hyphens.

    "¼" is one letter, since old fonts draw "=" as such.
    """
    if text.isascii():
        return _RUN.findall(text.casefold())
    return [word for piece in text.split() for word in _words_of(piece)]


@lru_cache(maxsize=65_536)
def _words_of(piece: str) -> list[str]:
    """The words of a text without white space: both sides of an account have mostly the same."""
    text = unicodedata.normalize("NFKD", _DROPPED.sub("", piece).replace("ı", "i"))
    text = _FRACTION.sub("¼", _COMBINING.sub("", text)).casefold()
    return (_WORD if _HAS_IDEOGRAPH.search(text) else _RUN).findall(text)


def words_missing(drawn: str, found: str) -> list[str]:
    """The words of the text ``drawn`` that are not in the text ``found``, folded.

    First whole words are paired, wherever they are; then the letters of what is left over on both
    sides, since the two may cut words in different ways. A symbol that only ``found`` has stands
    for one letter at most, of a word that is found otherwise or for half of it: a font without
    Unicode may draw "=" as "5", and one reader knows that and the other does not.
    """
    return _missing(words_in(drawn), words_in(found), drawn, found)


def _missing(
    drawn_words: Sequence[str], found_words: Sequence[str], drawn: str, found: str
) -> list[str]:
    wanted, given = Counter(drawn_words), Counter(found_words)
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
    """The spellings of an ASCII letter in the output of another reader."""
    found = Counter(text)
    for one in list(found):
        if one.isspace() or one in _WRITTEN or (one.isascii() and one.isalnum()):
            del found[one]
    return found


def account_for(
    pages: Sequence[PageContent],
    layout: Layout,
    text: str,
    words: Words,
    blocks: Sequence[Block],
    figures: Sequence[Figure],
) -> tuple[PageAccount, ...]:
    """An account of each page. ``blocks`` are those of the text, in its order."""
    found: _Found = {page.number: {} for page in pages}
    drawings: dict[int, list[Box]] = {}  # figures other than tables
    for figure in figures:
        name = figure_name(figure.label)
        if figure.box is not None and (name is None or name.kind != "table"):
            drawings.setdefault(figure.box.page, []).append(figure.box)
    boxes: dict[int, list[Box]] = {}
    for figure in figures:
        if figure.box is not None:
            boxes.setdefault(figure.box.page, []).append(figure.box)
    _sort_text(found, text, words, blocks, drawings)
    aside: dict[int, list[str]] = {page.number: [] for page in pages}
    amid = {
        id(line) for line in turned_lines(layout, [box for one in boxes.values() for box in one])
    }
    height = {page.number: page.height for page in pages}
    for line in (*layout.furniture, *layout.stamps):
        if id(line) in amid or _numbers_of(line, height[line.page], boxes.get(line.page, ())):
            continue  # in the text; or lost from a table or a figure
        aside[line.page].append(line.text)
        for word in line.words:
            found[line.page].setdefault("furniture", []).append(word.text)
    accounts: list[PageAccount] = []
    for page in pages:
        for hidden in page.hidden:
            found[page.number].setdefault("hidden", []).append(hidden.text)
        if page.outside:
            aside[page.number].append(page.outside)
        accounts.append(_account(page, found[page.number], "\n".join(aside[page.number])))
    return tuple(accounts)


def _numbers_of(line: Line, height: float, boxes: Sequence[Box]) -> bool:
    """Whether a number that was read as a line number is in a figure or table."""
    x, y = (line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2
    in_margin = line.y1 < MARGIN * height or line.y0 > (1 - MARGIN) * height
    return (
        line.upright
        and not in_margin
        and line.text.isdigit()
        and any(box.x0 < x < box.x1 and box.y0 < y < box.y1 for box in boxes)
    )


def _sort_text(
    found: _Found,
    text: str,
    words: Words,
    blocks: Sequence[Block],
    drawings: dict[int, list[Box]],
) -> None:
    begin = 0
    for at, block in enumerate(blocks):
        last = at + 1 == len(blocks)
        end = len(words) if last else max(bisect_left(words.starts, block.span.end), begin)
        place: Place = "captions" if block.kind == "caption" else "text"
        for number in range(begin, end):
            page = words.pages[number]
            if block.kind == "table":
                x0, y0, x1, y1 = words.corners[4 * number : 4 * number + 4]
                x, y = (x0 + x1) / 2, (y0 + y1) / 2
                drawn = any(b.x0 <= x <= b.x1 and b.y0 <= y <= b.y1 for b in drawings.get(page, ()))
                place = "figures" if drawn else "tables"
            said = text[words.starts[number] : words.ends[number]]
            found[page].setdefault(place, []).append(said)
        begin = end


def _account(page: PageContent, went: dict[Place, list[str]], aside: str) -> PageAccount:
    said = {place: " ".join(words) for place, words in went.items()}
    words = {place: words_in(text) for place, text in said.items()}
    drawn, found = words_in(page.printed), list(chain.from_iterable(words.values()))
    lost = _missing(drawn, found, page.printed, " ".join(said.values()))
    shown = " ".join(text for place, text in said.items() if place != "hidden")
    letters = len(shown) - shown.count(" ")
    counts = {place: len(words.get(place, ())) for place in get_args(Place)}
    return PageAccount(
        page=page.number,
        drawn=len(drawn),
        text=counts["text"],
        captions=counts["captions"],
        tables=counts["tables"],
        figures=counts["figures"],
        furniture=counts["furniture"],
        hidden=counts["hidden"],
        unaccounted=len(lost),
        lost=tuple(lost[:_LOST_SHOWN]),
        aside=aside,
        unreadable=round(shown.count(_UNREADABLE) / letters, 4) if letters else 0.0,
        unread=page.unread,
    )
