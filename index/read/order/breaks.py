"""Groups lines into paragraphs."""

from __future__ import annotations

import re

from index.read.order.kinds import (
    CAPTION,
    SENTENCE_END,
    has_gap,
    is_equation,
    kind_of,
    raised_mark,
    starts_footnote,
)
from index.read.order.layout import Layout, Paragraph
from index.read.page.bidi import runs_right_to_left
from index.read.page.pages import Line

_BULLET = re.compile(r"(?:[•‣▪◦●■–*]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])$")
_BULLETS = "•‣▪◦●■"
_HYPHENS = "-\u00ad\u2010"
_NUMBER_FIRST = re.compile(r"(?:\d{1,2}(?:\.\d{1,2})*|[IVX]+)\.?\s")
_DOTTED_FIRST = re.compile(r"\d{1,2}(?:\.\d{1,2})+\.?\s+[A-Z]")  # a heading in plain type
_ABSTRACT_ALONE = re.compile(r"(?:Abstract|ABSTRACT)\W?")
_KEYWORD = re.compile(r"(?:key\s?-?words|index terms)\b", re.I)
_KEYWORDS = re.compile(r"(?:key\s?-?words(?: and phrases)?|index terms)\s*[.:—–-]", re.I)


def paragraphs(layout: Layout) -> list[Paragraph]:
    """Lines to paragraphs, each with its kind. Headings are recognised later, by their styles."""
    groups: list[list[Line]] = []
    for line in layout.lines:
        if groups and not _breaks(groups[-1], line, layout):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [Paragraph(kind_of(group, layout), group) for group in groups]


def _breaks(group: list[Line], line: Line, layout: Layout) -> bool:
    last = group[-1]
    if last.page != line.page or last.column != line.column:
        return True
    size = max(last.size, line.size)
    step = line.middle - last.middle
    if starts_footnote(line, layout) and step > 0.5 * size:
        return True
    if step < -0.5 * size:
        return True
    apart = step > 1.3 * layout.leading
    if raised_mark(line) and (apart or raised_mark(group[0]) or has_gap(last)):
        return True  # a footnote, or a note below the rows of a table
    if step > 0.8 * size and _displayed(last, layout) != _displayed(line, layout):
        # The last words of a caption beside another one begin where its lines do.
        flush = abs(line.x0 - last.x0) < 1 and len(group) > 1 and last.text[-1] in _HYPHENS
        if not flush:
            return True
    if _ABSTRACT_ALONE.fullmatch(last.text):
        return True
    if _KEYWORDS.match(line.text) or (_KEYWORD.match(line.text) and line.words[0].style.bold):
        return True
    if CAPTION.match(line.text) and last.block != line.block and step > 0.5 * size:
        return True
    if last.bold != line.bold and (_whole_style(last) or _whole_style(line)) and step > 0.6 * size:
        ends_open = last.bold and line.words[0].style.bold  # a label of two lines
        if not ends_open and not _continues_in_bold(last, line, layout):
            return True
    if len(group) == 1 and _is_label_of_two_lines(last, line, layout):
        return False
    if (
        last.italic != line.italic
        and (len(last.words) < 12 or _is_numbered_italic(group))
        and step > 0.9 * size
        and (last.italic or line.italic)
        and (last.x1 < layout.edges(line)[1] - 4 * size or _is_numbered_italic(group))
        and not SENTENCE_END.search(last.text)
    ):
        return True
    left, right = layout.edges(line)
    (begins, _), (last_begins, last_ends) = (_sides(one, left, right) for one in (line, last))
    short = last_ends < right - 2.5 * size
    ended = bool(SENTENCE_END.search(last.text))
    plain = not (last.bold or last.italic or ended) and last_ends < left + 0.7 * (right - left)
    if len(group) == 1 and plain and _DOTTED_FIRST.match(last.text):
        return True
    # A label at the head of a line may be longer than what it labels, and in a size of its own;
    # so may be an expression in typewriter type, after which the text continues.
    same = abs(last.words[-1].style.size - line.size) < 0.3 and len(last.words) > 2
    same = same or (abs(line.words[-1].style.size - last.size) < 0.3 and len(line.words) > 2)
    # A line in typewriter type is smaller and yet in the middle of its paragraph.
    alike = same or min(last.size, line.size) > 0.85 * size
    near = alike and step < 1.15 * layout.leading
    runs_on = near and (last.block == line.block or same) and not (short or ended)
    if (
        abs(last.size - line.size) > 0.8
        and min(sum(len(one.text) for one in group), len(line.text)) > 3
        and step > 0.6 * size
        and not runs_on
    ):
        return not (_mostly_maths(last) or _mostly_maths(line))
    usual = layout.leading if abs(line.size - layout.body_size) < 0.6 else 1.25 * line.size
    if layout.leading > 1.5 * layout.body_size and abs(line.size - layout.body_size) < 3:
        usual = layout.leading * line.size / layout.body_size  # a manuscript's wide spacing
    if len(group) > 1 and group[-2].page == last.page:
        usual = min(max(usual, last.middle - group[-2].middle), 1.5 * usual)
    if step > 1.35 * usual + 0.5:
        return True
    indent = begins - min(last_begins, max(left, last_begins))
    alone = len(line.words) == 1 and line.text[0].isalnum() and not (ended or short)
    if _BULLET.match(line.words[0].text) and line.block != last.block and not alone:
        return True
    if line.x0 < group[0].x0 - 0.5 * size and _is_item(group) and not _BULLET.match(line.text):
        return True
    if ended and short:
        return True
    if _continues_heading(last, line, layout):
        return False
    if (
        0.7 * size < indent < 4 * size
        and (ended or short)
        and len(group) >= 1
        and abs(last_begins - left) < 0.7 * size
    ):
        return True
    return line.block != last.block and step > 1.12 * usual and (ended or short)


def _is_item(group: list[Line]) -> bool:
    """Whether a group begins with a bullet: nothing of its item is left of the bullet."""
    return group[0].words[0].text in _BULLETS and len(group[0].words) > 1


def _is_label_of_two_lines(last: Line, line: Line, layout: Layout) -> bool:
    """Whether a bold label in its own size continues on the line where its text begins."""
    first = line.words[0].style
    same = abs(first.size - last.size) < 0.3 and first.bold and last.bold
    _, right = layout.edges(last)
    full = last.x1 > right - 4 * last.size and not SENTENCE_END.search(last.text)
    step = line.middle - last.middle
    return same and full and not line.bold and 0 < step < 1.3 * layout.leading


def _sides(line: Line, left: float, right: float) -> tuple[float, float]:
    """The start and the end of a line in its column, as if all text ran from left to right."""
    if runs_right_to_left(line.text):
        return left + right - line.x1, left + right - line.x0
    return line.x0, line.x1


def _continues_in_bold(last: Line, line: Line, layout: Layout) -> bool:
    """Whether a paragraph's line is full and open, and the next one is bold for its weight only."""
    left, right = layout.edges(line)
    full = last.x1 > right - 1.5 * last.size and last.x0 < left + 4 * last.size
    near = line.middle - last.middle < 1.15 * layout.leading
    alike = abs(last.size - line.size) < 0.3 and abs(line.x0 - left) < 1.5
    return full and near and alike and len(last.words) > 4 and not SENTENCE_END.search(last.text)


def _is_numbered_italic(group: list[Line]) -> bool:
    short = len(group) <= 3 and all(line.italic for line in group)
    return short and bool(_NUMBER_FIRST.match(group[0].text))


def _continues_heading(last: Line, line: Line, layout: Layout) -> bool:
    """Whether two lines, set alike and unlike the text, are one heading."""
    alike = last.bold == line.bold and abs(last.size - line.size) < 0.3
    apart = (last.bold and line.bold) or min(last.size, line.size) > layout.body_size + 0.7
    begins = _BULLET.match(line.words[0].text) or _NUMBER_FIRST.match(line.text)
    return alike and apart and not begins and not SENTENCE_END.search(last.text)


def _displayed(line: Line, layout: Layout) -> bool:
    """Whether the line is a displayed formula, not a line of running text."""
    left, _ = layout.edges(line)
    return line.x0 > left + 1.5 * line.size and is_equation([line], layout)


def _whole_style(line: Line) -> bool:
    return sum(character.isalpha() for character in line.text) >= 3


def _mostly_maths(line: Line) -> bool:
    return line.maths > 0.4 * max(line.characters, 1)
