"""Joins the pieces of printed lines: dropped capitals, and pieces of one row in the file."""

from __future__ import annotations

import re

from index.read.page.bidi import row_of, runs_right_to_left
from index.read.page.levels import level_of
from index.read.page.pages import Line, PageWord, is_tall
from index.read.text.scripts import in_order, row_type

_INITIAL = re.compile(r"[\"“‘'«]?[^\W\d_]")
_INITIAL_SIZE = 1.7  # of the text's size


def with_initials(lines: list[Line], body_size: float) -> list[Line]:
    """Put a paragraph's dropped capital before the word that it begins.

    It is two or three lines high and is drawn on the baseline of the last of them.
    """
    initials: list[tuple[PageWord, Line]] = []
    kept: list[Line] = []
    for line in lines:
        first = line.words[0]
        size = first.parts[-1][1].size  # of the letter: a quotation mark may be small
        large = size > _INITIAL_SIZE * body_size and first.text[-1:].isupper()
        if not large or not _INITIAL.fullmatch(first.text):
            kept.append(line)
            continue
        if len(line.words) > 1:
            rest = Line(line.page, line.block, line.words[1:], line.upright)
            if rest.size > 0.8 * size:  # a word of a line in that size
                kept.append(line)
                continue
            kept.append(rest)
        first.style = first.parts[-1][1]
        initials.append((first, line))
    for initial, own in initials:
        beside = [
            line
            for line in kept
            if line.upright
            and -2 < line.x0 - initial.x1 < 1.2 * body_size
            and initial.y0 - 0.5 * body_size < line.middle < initial.y1
            and len(line.words) > 1
        ]
        if beside:
            first_line = min(beside, key=lambda line: line.middle)
            first_line.words = [initial, *first_line.words]
            first_line.measure()
        else:
            kept.append(own)
    return kept


def join_rows(lines: list[Line]) -> list[Line]:
    """Put the pieces of a printed line together: inline maths and wide spaces cut it up."""
    joined: list[Line] = []
    for line in lines:
        last = joined[-1] if joined else None
        if last is not None and _same_row(last, line):
            last.words = row_of(last.words, line.words)
            last.measure()
            _level(last)
        else:
            joined.append(line)
    return joined


def _level(line: Line) -> None:
    """Mark the raised and lowered words of a line that is in pieces in the file, and put each
    raised word before the lowered one below it.
    """
    if not runs_right_to_left(line.text):
        line.words = in_order(line.words)
    main, base = row_type(line.words)
    changed = False
    for word in line.words:
        marked = word.style.raised or word.style.lowered
        small = word.style.size < 0.95 * main
        if len(word.parts) == 1 and (small or marked) and not is_tall(word.style):
            level = level_of(base - word.base, word.style.size, main)
            if level != word.style.raised - word.style.lowered:
                word.parts = ((word.parts[0][0], word.style.at(level)),)
                word.style = word.parts[0][1]
                changed = True
    if changed:
        line.measure()


EQUATION_NUMBER = re.compile(r"\(\d{1,3}(?:\.\d{1,2})?[a-z]?\)")


def _same_row(last: Line, line: Line) -> bool:
    if last.page != line.page or last.column != line.column:
        return False
    top, bottom = line.band
    last_top, last_bottom = last.band
    overlap = min(bottom, last_bottom) - max(top, last_top)
    if overlap < 0.5 * min(bottom - top, last_bottom - last_top):
        return False
    if EQUATION_NUMBER.fullmatch(line.text) and line.x0 > last.x1:
        return True
    gap = max(line.x0 - last.x1, last.x0 - line.x1)
    beside = line.x0 > last.x0 - 2 or last.x0 - line.x1 > -2
    alike = last.block == line.block and abs(last.size - line.size) < 1.0
    if min(len(last.words), len(line.words)) > 3 and not alike:
        # The text of another column, where no gutter was found, is further away than a space.
        return beside and gap < 1.2 * min(last.size, line.size)
    near = gap < 3.0 * max(last.size, line.size)
    return beside and (near or last.block == line.block)
