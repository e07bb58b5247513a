"""Splits headings from paragraphs that they were joined to, and joins headings that were split.

Lines are grouped into paragraphs by position. A heading close to its text or to a subheading, or
over two lines, is recognised by the type of its lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from index.read.order.layout import Layout, Paragraph
from index.read.page.pages import Line, is_typewriter
from index.read.sections.closing import END_MATTER
from index.read.sections.usual import Usual, usual_type
from index.read.text.headings import KNOWN, parse_heading

_MOST_SPLIT = 8  # words of a label's second line
_MOST_LINES = 3  # of a heading that is cut from its text
_MARKED = re.compile(
    r"(?:[A-Z]|[IVX]{1,5}|\d{1,2})[.)]\s|(?:\d{1,2}|[A-Z])(?:\.\d{1,2})+\.?\s|\(?[a-z]\)\s"
)
_NUMBERED = re.compile(rf"{_MARKED.pattern}|\d{{1,2}}\s+[A-Z]")
_OPEN = re.compile(r"(?:[:,–—-]|\b(?:and|or|of|for|in|on|with|the|a|to|from|by|via|at))$", re.I)


def split_headings(parts: Sequence[Paragraph], layout: Layout) -> list[Paragraph]:
    """The parts, each heading as one of its own."""
    usual = usual_type(parts)
    cut: list[Paragraph] = []
    for part in parts:
        if part.kind == "paragraph":
            cut += _cut(part, layout, usual)
        else:  # "3 Results", "3.1 Trees": half of the words are numbers, as in a table
            cut += _stacked(part, usual) if part.kind == "table" else [part]
    return _whole(cut, layout, usual)


def _cut(part: Paragraph, layout: Layout, usual: Usual) -> list[Paragraph]:
    """A heading and the text below it, or two headings one below the other."""
    lines = part.lines
    loud = any(_looks(lines[0], usual)) or lines[0].size > layout.body_size + 0.7
    if not loud and len(lines) > 1 and _is_plain_heading(lines[0], lines[1], layout):
        rest = Paragraph(part.kind, lines[1:])
        return [Paragraph(part.kind, lines[:1]), *_cut(rest, layout, usual)]
    for number in range(1, min(len(lines) - 1, _MOST_LINES) + 1) if loud else ():
        head, below = lines[:number], lines[number]
        if not all(_alike(one, other, usual) for one, other in pairwise(head)):
            break
        text = " ".join(line.text for line in head)
        if _is_apart(head[-1], below, usual) and _may_head(text, head, below, layout, usual):
            rest = Paragraph(part.kind, lines[number:])
            return [Paragraph(part.kind, head), *_cut(rest, layout, usual)]
    named = KNOWN.match(lines[0].text) and lines[0].text[-1] not in ".:"
    if loud and named and len(lines) in (2, 3) and all(any(_looks(one, usual)) for one in lines):
        below = lines[1]  # "Methods" and its first subheading, in one setting
        if _alike(lines[0], below, usual) and _is_broken(lines[0], below, layout):
            return [Paragraph(part.kind, lines[:1]), Paragraph(part.kind, lines[1:])]
    return [one for whole in _stacked(part, usual) for one in _labelled(whole)]


def _is_plain_heading(head: Line, below: Line, layout: Layout) -> bool:
    """Whether a line in the type of the text is a heading: by its number, name and position, and
    if it ends although the next word would have fitted.
    """
    heading = parse_heading(head.text.strip())
    title = heading.title_alone
    left, right = layout.edges(head)
    before, after = head.x0 - left, right - head.x1
    centred = before > 0.1 * (right - left) and abs(before - after) < 0.05 * (right - left)
    told = KNOWN.match(title) or (heading.number and (len(heading.number) > 1 or centred))
    return bool(told) and title[0].isupper() and _is_broken(head, below, layout)


def _is_broken(head: Line, below: Line, layout: Layout) -> bool:
    """Whether a line was broken on purpose: it ends without punctuation and has room for the next
    word, or the line below is indented like a new paragraph.
    """
    _, right = layout.edges(head)
    word = below.words[0]
    room = right - head.x1 > (word.x1 - word.x0) + head.size
    left, _ = layout.edges(below)
    flush = abs(head.x0 - left) < 2
    room = room or (flush and 0.6 * head.size < below.x0 - left < 3 * head.size)  # an indent
    same = head.page == below.page and head.column == below.column
    ended = head.text.rstrip()[-1] in ".,;:-–—"
    return same and room and not ended and not below.text[0].islower()


def _may_head(text: str, head: Sequence[Line], below: Line, layout: Layout, usual: Usual) -> bool:
    title = parse_heading(text.strip()).title_alone
    named = bool(KNOWN.match(title) or END_MATTER.fullmatch(title))
    if text.rstrip()[-1] in ".,;" and not named:
        return False
    bold, italic, capitals, other = _looks(head[0], usual)
    under = _looks(below, usual)[0]
    loud = bold or capitals or other or head[0].size > layout.body_size + 0.7
    if _NUMBERED.match(text):
        fainter = not under and below.size < head[0].size + 0.3
        return (loud or italic) and (fainter or named) and sum(map(str.isalpha, text)) > 3
    if not named and text[0].isupper() and _is_broken(head[-1], below, layout):
        said = [word.isalpha() for word in text.split()]
        titled = (sum(said) > 1 or all(said)) and "=" not in text
        return (loud or italic) and not any(_looks(below, usual)) and titled
    return named and loud and not (under and below.size >= head[0].size and not capitals)


def _is_apart(head: Line, below: Line, usual: Usual) -> bool:
    """Whether the second line is set otherwise: in another slope, weight, size or face."""
    under = below.middle - head.middle > 0.6 * head.size
    beside = below.x0 > head.x1 or below.x1 < head.x0  # a figure that the text flows around
    return (under or beside) and not _alike(head, below, usual)


def _alike(one: Line, other: Line, usual: Usual) -> bool:
    return abs(one.size - other.size) < 0.4 and _looks(one, usual) == _looks(other, usual)


def _looks(line: Line, usual: Usual) -> tuple[bool, bool, bool, bool]:
    """Whether most of it is bold, italic, in capitals, and in another type or colour than the text.
    Formulas do not count, nor does code after the first word.
    """
    letters = bold = italic = other = 0
    coded = not is_typewriter(line.words[0].style)
    for word in line.words:
        for text, style in word.parts:
            if not (style.maths or style.raised or (coded and is_typewriter(style))):
                here = sum(map(str.isalpha, text))
                letters += here
                bold += here if style.bold else 0
                italic += here if style.italic else 0
                other += here if usual.is_other(style) else 0
    most = letters / 2
    return bold > most, italic > most, _capitals(line), other > most


def _capitals(line: Line) -> bool:
    letters = "".join(filter(str.isalpha, line.text))
    return len(letters) > 3 and letters.isupper()


def _stacked(part: Paragraph, usual: Usual) -> list[Paragraph]:
    """A heading and its subheading in one setting: each line that begins with the next number."""
    lines = part.lines
    if len(lines) > 2 * _MOST_LINES or len(lines) < 2 or not _NUMBERED.match(lines[0].text):
        return [part]
    starts = [
        number
        for number, line in enumerate(lines)
        if number == 0 or (_MARKED.match(line.text) and _steps(lines[0].text, line.text))
    ]
    loud = all(any(_looks(line, usual)) for line in lines)
    if not loud or len(starts) < 2:
        return [part]
    ends = [*starts[1:], len(lines)]
    return [Paragraph("paragraph", lines[a:b]) for a, b in zip(starts, ends, strict=True)]


def _labelled(part: Paragraph) -> list[Paragraph]:
    """Each bold label that begins a line after a full stop begins a paragraph, as in a list."""
    starts = [0]
    for number, (above, line) in enumerate(pairwise(part.lines), 1):
        bold = next((n for n, word in enumerate(line.words) if not word.style.bold), 0)
        label = 0 < bold <= 8 and line.words[bold - 1].text[-1] in ".:"
        ended = above.text[-1] in ".?!" and not above.words[-1].style.bold
        if label and ended and any(map(str.isalpha, line.words[0].text)):
            starts.append(number)
    ends = [*starts[1:], len(part.lines)]
    return [
        part if len(starts) == 1 else Paragraph(part.kind, part.lines[a:b])
        for a, b in zip(starts, ends, strict=True)
    ]


def _steps(first: str, second: str) -> bool:
    """Whether the second number is a part of the first, or the one after it."""
    one, other = parse_heading(first).number, parse_heading(second).number
    if one and other:
        return other[: len(one)] == one or other[:-1] == one[:-1]
    return not one and not other  # "(a) ...", "(b) ..."


def _whole(parts: Sequence[Paragraph], layout: Layout, usual: Usual) -> list[Paragraph]:
    """Rejoin the second line of a heading that was split at a colon, and a label that fills a
    line with its paragraph.
    """
    done: list[Paragraph] = []
    for part in parts:
        last = done[-1] if done else None
        if last is not None and (
            _continues(last, part, layout, usual) or _labels(last, part, layout, usual)
        ):
            last.lines = [*last.lines, *part.lines]
        else:
            done.append(part)
    return done


def _labels(last: Paragraph, part: Paragraph, layout: Layout, usual: Usual) -> bool:
    """Whether a bold first line is a label of the paragraph below: its text begins on the line, or
    would not have fitted on it.
    """
    if (last.kind, part.kind) != ("paragraph", "paragraph") or len(last.lines) > 2:
        return False
    above, below = last.lines[-1], part.lines[0]
    step = below.middle - above.middle
    near = above.page == below.page and above.column == below.column
    rest = next((n for n, word in enumerate(below.words) if not word.style.bold), 0)
    continued = 0 < rest <= _MOST_SPLIT and below.words[rest - 1].text[-1] in ".:"
    size = below.words[0].style.size if continued else below.size
    tight = near and 0 < step < 1.15 * layout.leading and abs(above.size - size) < 0.6
    if not (tight and _looks(last.lines[0], usual)[0]) or _looks(below, usual)[0]:
        return False
    words = last.words
    bold = next((n for n, word in enumerate(words) if not word.style.bold), len(words))
    closed = bold > 0 and words[bold - 1].text[-1] in ".:—–?"
    closed = closed or (continued and bold == len(words))
    _, right = layout.edges(above)
    full = above.x1 > right - max(4 * above.size, below.words[0].x1 - below.words[0].x0)
    return closed and full and not KNOWN.match(last.text) and not _NUMBERED.match(last.text)


def _continues(last: Paragraph, part: Paragraph, layout: Layout, usual: Usual) -> bool:
    above, below = last.lines[-1], part.lines[0]
    if (
        last.kind != "paragraph"
        or part.kind != "paragraph"
        or len(last.lines) + len(part.lines) > 4
    ):
        return False
    near = above.page == below.page and above.column == below.column
    step = below.middle - above.middle
    loud = (last.bold and part.bold) or min(last.size, part.size) > layout.body_size + 0.7
    return (
        near
        and loud
        and 0 < step < 1.45 * above.size
        and all(_alike(one, other, usual) for one, other in pairwise([*last.lines, *part.lines]))
        and bool(_OPEN.search(above.text))
        and bool(_NUMBERED.match(last.text) or _OPEN.search(above.text))
        and not _NUMBERED.match(part.text)
        and not KNOWN.match(part.text)
        and not KNOWN.match(last.text)
    )
