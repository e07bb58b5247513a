"""Describes how paragraphs are set, and which of them may be headings by their type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from index.read.order.kinds import is_contents_row
from index.read.order.layout import Layout, Paragraph
from index.read.page.pages import Style, is_typewriter
from index.read.sections.closing import END_MATTER
from index.read.sections.usual import Usual
from index.read.text.headings import KNOWN, parse_heading

_SMALL_CAPITALS = re.compile(r"CSC|caps|smallcap|-SC\b|\.sc\b|SmCp", re.I)
_LETTERED = re.compile(r"^\([a-z]\)\s+(?=[A-Z])")
BRACKETS = "([“‘\"'«"  # that a title may begin with: "(Verifiable) Secret Sharing"
MOST_LINES = 4
_MOST_LETTERS = 180


@dataclass(frozen=True, slots=True)
class Face:
    """The style of a heading. ``size`` is in half points; small capitals are capitals."""

    size: float
    bold: bool
    italic: bool
    capitals: bool
    other: bool = False  # in another colour than the text, or in another family, if upright
    beside: bool = False  # at the left edge, in a paper that centres its sections


def is_small_capitals(style: Style) -> bool:
    """Whether a font draws small letters as small capitals, by its name."""
    return _draws_small_capitals(style.font)


@cache
def _draws_small_capitals(font: str) -> bool:
    return bool(_SMALL_CAPITALS.search(font))


def face_of(part: Paragraph, usual: Usual) -> Face:
    """The type that a paragraph is set in, its raised marks, formulas and names of code apart."""
    size = 0.0
    bold = italic = small = letters = upper = other = 0
    words = part.words
    coded = len(words) > 1 and not is_typewriter(words[0].style)
    for word in words:
        for text, style in word.parts:
            if style.maths or style.raised or (coded and is_typewriter(style)):
                continue
            here = sum(map(str.isalpha, text))
            letters += here
            upper += sum(map(str.isupper, text))
            bold += here if style.bold else 0
            italic += here if style.italic else 0
            small += here if is_small_capitals(style) else 0
            other += here if usual.is_other(style) else 0
            size = max(size, style.size) if here else size
    first = words[0].style  # of "3.1. readData" only the number is left
    if letters and upper >= 0.9 * letters:  # small capitals, whose number is as large as the text
        size = max(size, first.size)
    return Face(
        round((size or first.size) * 2) / 2,
        bold >= 0.8 * letters if letters else first.bold,
        letters > 0 and italic >= 0.8 * letters,
        letters > 4 and max(upper, small) >= 0.9 * letters,
        letters > 0 and other >= 0.8 * letters,
    )


def may_head(part: Paragraph, face: Face, layout: Layout) -> bool:
    """Whether a paragraph is short and plain enough for a heading."""
    text = _LETTERED.sub("", parse_heading(part.text).title_alone).lstrip(BRACKETS)
    letters = sum(map(str.isalpha, text))
    return (
        part.kind in ("paragraph", "table", "footnote")
        and len(part.lines) <= MOST_LINES
        and (3 if text.isascii() else 2) <= letters <= _MOST_LETTERS
        and letters > 0.5 * len(text.replace(" ", ""))
        and (text[0].isupper() or text[0].isdigit() or part.text != text or not text[0].isascii())
        and not text.rstrip().endswith((",", ";"))
        and (face.size >= layout.body_size - 1.2 or _is_small_print(part, face, layout))
        and not is_contents_row(part)
        and not (part.kind == "footnote" and _is_marked(part))
    )


def _is_small_print(part: Paragraph, face: Face, layout: Layout) -> bool:
    """Whether it heads what a journal sets in small type: references, funding, interests."""
    loud = (face.bold or face.capitals) and face.size > 0.66 * layout.body_size
    return loud and len(part.lines) == 1 and is_known(part)


def is_known(part: Paragraph) -> bool:
    """Whether it has one of the names that sections and end matter have everywhere."""
    text = part.text.strip()
    return bool(KNOWN.match(text) or END_MATTER.fullmatch(text))


def _is_marked(part: Paragraph) -> bool:
    """Whether it begins with a raised mark, as footnotes and affiliations do."""
    _, style = part.words[0].parts[0]
    return style.raised or style.size < 0.8 * part.size


def is_distinct(face: Face, layout: Layout) -> bool:
    """Whether it is bold, larger than the text, in capitals, or in another colour or family."""
    return face.bold or face.capitals or face.other or face.size > layout.body_size + 0.7


def ends_as_sentence(part: Paragraph) -> bool:
    """Whether it ends with a mark that no heading has."""
    return part.text.rstrip().endswith((".", ":", "!", "。"))
