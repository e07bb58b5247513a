"""Classifies a paragraph by its words and type: text, caption, footnote, equation or table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from index.paper import BlockKind
from index.read.order.layout import Layout, Paragraph
from index.read.order.rows import EQUATION_NUMBER
from index.read.page.pages import Line, PageWord
from index.read.page.words import words_of

_SMALLEST_PROSE = 0.66  # of the body's size: anything smaller is text in a drawing
CAPTION = re.compile(
    r"(?:Fig(?:ur[ae]|\.)?|Table|Tab(?:elle|leau|la|\.)|Alg(?:orithm|\.)|Listing|Scheme|Plate|Chart|"
    r"Box|Abb(?:ildung|\.)|[图圖図表]|그림|표|"
    r"Extended Data Fig(?:ure|\.)|Supplementary (?:Fig(?:ure|\.)|Table))\s*"
    r"((?:[A-Z]\.?)?\d+(?:\.\d+)?[a-z]?|[IVX]+)\s*(?P<mark>[.:：．|–—-])?",
    re.I,
)
_LICENCE = re.compile(
    r"Permission to (?:make|copy)|To copy otherwise|personal or classroom use|All rights reserved|"
    r"licensed under|Creative Commons|Copyright (?:\(c\) |©\s*)?\d{4}",
    re.I,
)
_OF_AUTHORS = re.compile(
    r"\b(?:is|are|was|were) with (?:the )?[A-Z]|"
    r"^\W*(?:Equal|Correspondence to|Manuscript received)\b"
)
SENTENCE_END = re.compile(r"[.!?:。．！？؟][\"'”’)\]]*$")
# Text of which the last sentence is complete: a citation or a raised digit may follow its stop.
COMPLETE = re.compile(r"(?:[.!?:;。！？][\"'”’)\]]*(?:\s*\[[\d,\s–-]+\])?\d{0,2}|[■□∎◼])$")
LIST_ITEM = re.compile(r"\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})\)\s")  # "(a) ", or a heading's number
_GLUED_MARK = re.compile(r"[*∗†‡§¶]|\d{1,2}[A-Z“]")  # fonts may draw raised digits in full size
_FOOTNOTE_MARK = re.compile(r"[*∗†‡§¶⋆♠♣♦]+|\d{1,2}(?=\D|$)")


def starts_footnote(line: Line, layout: Layout) -> bool:
    """Whether a line of small type begins with a raised mark."""
    first = line.words[0]
    mark, style = first.parts[0]
    return (
        line.size < layout.body_size - 0.7
        and (style.raised or style.size < 0.8 * line.size)
        and bool(_FOOTNOTE_MARK.fullmatch(mark))
    )


def raised_mark(line: Line) -> bool:
    """Whether it begins with a raised mark and then a word, as a footnote of any size does."""
    first = line.words[0]
    mark, style = first.parts[0]
    rest = first.text[len(mark) :] or (line.words[1].text if len(line.words) > 1 else "")
    raised = style.raised or style.size < 0.8 * line.size
    lettered = style.raised and len(mark) == 1 and mark.islower()
    return raised and bool(lettered or _FOOTNOTE_MARK.fullmatch(mark)) and rest[:1].isalpha()


def kind_of(group: list[Line], layout: Layout) -> BlockKind:
    """The kind of a paragraph of such lines."""
    text = " ".join(line.text for line in group)
    words = [word for line in group for word in line.words]
    size = Counter(line.size for line in group).most_common(1)[0][0]
    if group[0].page == 1 and _LICENCE.search(text):
        return "footnote"
    if group[0].page == 1 and size < layout.body_size - 0.7 and _OF_AUTHORS.search(text):
        return "footnote"
    if _NUMBER.fullmatch(text):
        return "table"  # at an axis, or in a cell
    if EQUATION_NUMBER.fullmatch(text):
        return "equation"
    caption = CAPTION.match(text)
    if caption and (
        caption["mark"]
        or size < layout.body_size - 0.4
        or group[0].words[0].style.bold
        or len(text) == caption.end()
    ):
        return "caption"
    noted = _is_footnote(group, layout, size)
    worded = noted and raised_mark(group[0]) and prose_words(words) > 2
    if not worded and (is_equation(group, layout) or _is_wordless(group)):
        return "equation"
    if noted:
        return "footnote"
    if size < _SMALLEST_PROSE * layout.body_size or _is_tabular(group, layout, size):
        return "table"
    return "paragraph"


_NUMBER = re.compile(r"(?=.*\d)[−–+\d.,%\s×^-]+")
_PROSE_WORD = re.compile(r"(?=(?:[^a-zA-Z]*[^\W\d_]){3})[^\s=∈<>|^{}≈∝∼]+")


def prose_words(words: Sequence[PageWord]) -> int:
    """Words of three letters and more that are not set as maths or as a formula."""
    return sum([0 if word.style.maths else _prose_in(word.text) for word in words])


@lru_cache(maxsize=65_536)
def _prose_in(text: str) -> int:
    return words_of(text) if _PROSE_WORD.fullmatch(text) else 0


_CITED = re.compile(r"\[\d[\d,;\s–-]*\]")
_SYMBOL = re.compile("[=<>≤≥∈∑∏∫√∂∇±×·≈∼|{}^∥→←⟨⟩+−]")


def is_equation(group: list[Line], layout: Layout) -> bool:
    """Whether lines are a displayed formula: mostly mathematics, set in or numbered."""
    words = [word for line in group for word in line.words]
    text = "".join([line.text for line in group])
    characters = len(text) - text.count(" ")
    maths = sum([line.maths for line in group])
    symbols = len(_SYMBOL.findall(text))
    if maths + symbols <= 0.12 * characters:
        return False
    prose = prose_words(words)
    if prose <= 0.35 * len(words) and maths + symbols > 0.12 * characters and prose < 12:
        left, right = layout.edges(group[0])
        numbered = bool(
            re.search(r"\(\d{1,3}[a-z]?\)$", group[0].text)
            or re.search(r"\(\d{1,3}[a-z]?\)$", group[-1].text)
        )
        inside = group[0].x0 > left + 0.8 * layout.body_size or len(words) < 6
        return numbered or inside or maths > 0.4 * characters or right - left < 1
    return False


def _is_wordless(group: list[Line]) -> bool:
    """Whether a group is single letters and signs, as a formula is in fonts that do not say so."""
    words = [word for line in group for word in line.words]
    if len(words) < 5:
        return False
    short = sum([len(word.text) < 3 and word.text.isascii() for word in words])
    return short > 0.6 * len(words) and prose_words(words) == 0


def _is_footnote(group: list[Line], layout: Layout, size: float) -> bool:
    if raised_mark(group[0]) and len(group[0].text) > 12:
        return True
    first = group[0].words[0]
    style = first.parts[0][1]
    mark = style.raised or style.size < 0.8 * size or bool(_GLUED_MARK.match(first.text))
    return size < layout.body_size - 0.7 and mark and bool(_FOOTNOTE_MARK.match(first.text))


def _is_tabular(group: list[Line], layout: Layout, size: float) -> bool:
    """Cells, axis labels and text inside drawings: nothing that reads as prose."""
    words = [word for line in group for word in line.words]
    prose = prose_words(words)
    left, right = layout.edges(group[0])
    width = right - left
    if width <= 0:
        return False
    digits = sum(
        [
            words_of(word) == 1
            for word in _CITED.sub("", " ".join([line.text for line in group])).split()
            if not word.isalpha() and any(map(str.isdigit, word))
        ]
    )
    if len(words) >= 4 and digits > 0.4 * sum([line.count for line in group]):
        return True
    gaps = sum(
        [
            after.x0 - before.x1 > 1.8 * line.size
            for line in group
            for before, after in pairwise(line.words)
        ]
    )
    if gaps >= max(2, 0.8 * len(group)):
        return True
    full = max(line.width for line in group) > 0.6 * width
    ended = bool(SENTENCE_END.search(group[-1].text))
    if abs(size - layout.body_size) < 0.6:
        return False
    return not full and not (ended and prose >= 6) and size < layout.body_size - 0.4


_LEADERS = re.compile(r"(?:[.·]\s?){6}|…{3}")


def is_contents_row(part: Paragraph) -> bool:
    """Rows of a table of contents: a page number far to the right, or after dots."""
    if 2 * sum([bool(_LEADERS.search(line.text)) for line in part.lines]) >= len(part.lines):
        return True
    words = part.lines[-1].words
    if len(part.lines) > 3 or len(words) < 2 or not words[-1].text.isdigit():
        return False
    return words[-1].x0 - words[-2].x1 > 1.5 * part.size or words[-2].text.endswith("..")


def has_gap(line: Line) -> bool:
    """Whether its words are apart like cells or labels: two of them far, or all of them."""
    gaps = [after.x0 - before.x1 for before, after in pairwise(line.words)]
    far = any(gap > 1.8 * line.size for gap in gaps)
    return far or (len(gaps) >= 2 and min(gaps) > 0.9 * line.size)
