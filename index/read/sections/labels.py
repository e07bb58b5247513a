"""Splits labels from the head of paragraphs: "Abstract" and run-in headings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from index.read.order.layout import Paragraph
from index.read.page.pages import Line, PageWord
from index.read.sections.faces import is_small_capitals
from index.read.text.headings import KNOWN, parse_heading

_UNSPACED_ABSTRACT = r"[【\[]?(?:摘要|概要|要旨|抄録|内容提要|초록|요약)[】\]]?"
_GLUED_LABEL = re.compile(
    rf"(?:abstract|summary|terms|keywords)[—–](?=\w)|{_UNSPACED_ABSTRACT}(?:(?<=[】\]])|[:：])(?=\w)",
    re.I,
)
_ABSTRACT_LABEL = re.compile(
    rf"(?:(?:abstract|summary)\s*[.:—–-]*|{_UNSPACED_ABSTRACT}[:：]?)$", re.I
)
_UPRIGHT = 2  # words at the end of a label in italics


def split_labels(parts: list[Paragraph]) -> list[Paragraph]:
    """Split off "Abstract." as a heading, and mark the bold labels at the head of paragraphs.

    A label with a number ("2.1. Data.") or with the name of a section ("Acknowledgments.") is split
    off too: it may be a heading.
    """
    done: list[Paragraph] = []
    for part in parts:
        if part.kind not in ("paragraph", "footnote"):
            done.append(part)
            continue
        _loosen(part)
        label = _abstract_length(part) or (0 if part.bold else _label_length(part))
        said = " ".join(word.text for word in part.words[:label])
        inside = 0 < label < len(part.lines[0].words)
        if inside and _ABSTRACT_LABEL.match(said):
            head, rest = _cut(part, label)
            done += [head, rest]
            continue
        named = KNOWN.match(said) and part.words[0].style.bold
        if 0 < label < len(part.words) and (parse_heading(said).number or named):
            head, rest = _cut(part, label)
            head.run_in = True
            done += [head, rest]
            continue
        part.label = label
        done.append(part)
    return done


def rejoin_labels(parts: Sequence[Paragraph], headings: set[int]) -> list[Paragraph]:
    """Rejoin split-off labels that are not headings with their paragraphs."""
    done: list[Paragraph] = []
    for part in parts:
        last = done[-1] if done else None
        if last is not None and last.run_in and id(last) not in headings:
            length = len(last.words)
            part.lines = [
                *last.lines[:-1],
                _one_line(last.lines[-1], part.lines[0]),
                *part.lines[1:],
            ]
            part.label, part.kind = length, last.kind
            done.pop()
        done.append(part)
    return done


def _one_line(head: Line, rest: Line) -> Line:
    if head.page != rest.page or abs(head.middle - rest.middle) > head.size:
        raise AssertionError("a label stands on the line that it was cut from")
    return type(head)(head.page, head.block, [*head.words, *rest.words], head.upright, head.column)


def _loosen(part: Paragraph) -> None:
    """Take "Abstract—We" apart, which IEEE's papers print without a space."""
    line = part.lines[0]
    for number, word in enumerate(line.words[:2]):
        glued = _GLUED_LABEL.match(word.text)
        if glued:
            # A dash is as wide as two letters.
            share = (glued.end() + 1) / (len(word.text) + 1)
            x = word.x0 + share * (word.x1 - word.x0)
            head = replace(word, text=glued.group(), x1=x)
            rest = replace(word, text=word.text[glued.end() :], x0=x)
            line.words[number : number + 1] = [head, rest]
            line.measure()
            return


def _abstract_length(part: Paragraph) -> int:
    """Words of "Abstract." where it is set apart, or begins a paragraph with a dash."""
    words = part.words
    if not words or not _ABSTRACT_LABEL.match(words[0].text):
        return 0
    first = words[0]
    style = first.style
    told = first.text[-1] in ".:—–-：】]"
    marked = style.bold or style.italic or is_small_capitals(style) or first.text.isupper()
    return 1 if told and (marked or sum(line.count for line in part.lines) > 20) else 0


def _cut(part: Paragraph, label: int) -> tuple[Paragraph, Paragraph]:
    """The first ``label`` words of a paragraph, and the rest of it."""
    head: list[Line] = []
    lines = list(part.lines)
    while lines and label >= len(lines[0].words):
        label -= len(lines[0].words)
        head.append(lines.pop(0))
    if label:
        line = lines[0]
        head.append(_with_words(line, line.words[:label]))
        lines[0] = _with_words(line, line.words[label:])
    return Paragraph(part.kind, head), Paragraph("paragraph", lines)


def _with_words(line: Line, words: list[PageWord]) -> Line:
    return type(line)(line.page, line.block, words, line.upright, line.column)


def _label_length(part: Paragraph) -> int:
    """Words of the bold or italic label that a paragraph begins with; 0 without one."""
    words = part.words
    body = _usual_style(part)
    count = 0
    for word in words:
        style = word.style
        marked = (
            (style.bold and not body[0])
            or (style.italic and not body[1])
            or (is_small_capitals(style) and not word.text.isdigit())
        )
        if not marked and not (count == 0 and parse_heading(f"{word.text} X").number):
            break
        count += 1
    if count > 1 and parse_heading(f"{words[0].text} X").number:
        # In "1) Kate's eVSS:" what is to stand out of the italics is upright.
        upright = [word.text[-1] for word in words[count : count + _UPRIGHT]]
        count += upright.index(":") + 1 if ":" in upright else 0
    if not count or count > 24 or count == len(words):
        return 0
    last, after = words[count - 1], words[count]
    said = " ".join(word.text for word in words[:count])
    gap = after.x0 - last.x1 if abs(after.y0 - last.y0) < part.size else 0.0
    closed = last.text[-1] in ".:—–?" or (last.style.bold and gap > 0.8 * part.size and count <= 10)
    # "MAIN OUTCOMES AND MEASURES All-cause death was"
    closed = closed or (last.style.bold and said.isupper() and len(said) > 6)
    return count if closed else 0


def _usual_style(part: Paragraph) -> tuple[bool, bool]:
    words = part.words
    bold = sum(word.style.bold for word in words) > 0.6 * len(words)
    italic = sum(word.style.italic for word in words) > 0.6 * len(words)
    return bold, italic
