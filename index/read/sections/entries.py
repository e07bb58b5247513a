"""Cuts a bibliography into its entries, by their numbers or by the edge at which they begin.

Lines of a bibliography are often as close between two entries as within one, so that paragraphs
hold several entries, or halves of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from statistics import median

from index.read.order.layout import Paragraph
from index.read.page.pages import Line
from index.read.sections.closing import LEAST_ENTRIES, begins_with_name
from index.read.text.headings import Heading

_NUMBER = re.compile(r"([\[(]?)(\d{1,3})([\]).]{0,2})\s+\S")
_MISSED = 2  # numbers of a row that do not begin a line, as where two short entries share one
_INDENTED = 0.3  # of all lines: a bibliography of one line an entry has no edge to tell by
_NAMED = 0.7  # of the lines at the edge


def split_entries(
    parts: Iterable[Paragraph], headings: dict[int, Heading], begins: dict[int, Heading]
) -> list[Paragraph]:
    """The parts, each entry of a bibliography as one; headings and beginnings by identity."""
    done: list[Paragraph] = []
    run: list[Paragraph] = []
    inside = False
    for part in parts:
        heading = headings.get(id(part)) or begins.get(id(part))
        if heading is not None:
            done += _cut(run)
            run = []
            inside = heading.role == "references"
        (run if inside and id(part) not in headings else done).append(part)
    return [*done, *_cut(run)]


def _cut(run: Sequence[Paragraph]) -> list[Paragraph]:
    lines = [line for part in run if part.kind == "paragraph" for line in part.lines]
    left: dict[tuple[int, int], float] = {}
    for line in lines:
        place = line.page, line.column
        left[place] = min(left.get(place, line.x0), line.x0)

    def indent(line: Line) -> float:
        return line.x0 - left[line.page, line.column]

    inner = {id(one) for one in lines if indent(one) > 0.5 * one.size}
    hanging = median([indent(one) for one in lines if id(one) in inner] or [0.0])
    starts = _numbered(lines) or _flush(lines, inner)
    if not starts:
        return list(run)
    cut: list[Paragraph] = []
    last: Paragraph | None = None
    for part in run:
        if part.kind != "paragraph":
            cut.append(part)
            continue
        for line in part.lines:
            first = line is part.lines[0]
            torn = first and id(line) in inner and last is not None and _follows(last, line)
            torn = torn and abs(indent(line) - hanging) < line.size  # not beside a portrait
            if last is not None and id(line) not in starts and (torn or not first):
                last.lines.append(line)
                continue
            last = part if first else Paragraph(part.kind, [])
            if first:  # its identity may begin a section
                part.lines, part.label = [], 0
            last.lines = [line]
            cut.append(last)
    return cut


def _follows(last: Paragraph, line: Line) -> bool:
    """Whether a line is right below what comes before it, or in a later column."""
    above = last.lines[-1]
    if (above.page, above.column) == (line.page, line.column):
        return 0 < line.middle - above.middle < 2 * line.size
    return (above.page, above.column) < (line.page, line.column)


def _numbered(lines: Sequence[Line]) -> set[int]:
    """The lines that begin with the numbers of a row, all written alike, if the first line does."""
    starts: set[int] = set()
    due, form = 0, ("", "")
    for line in lines:
        told = _NUMBER.match(line.text)
        if told and not starts:
            due, form = int(told[2]), (told[1], told[3])
        missed = int(told[2]) - due if told and (told[1], told[3]) == form else -1
        if missed == 0 or (0 < missed <= _MISSED and any(form)):
            starts.add(id(line))
            due += missed + 1
        elif not starts:
            return set()
    return starts if len(starts) >= LEAST_ENTRIES else set()


def _flush(lines: Sequence[Line], inner: set[int]) -> set[int]:
    """The lines at the left edge, if the others are indented and these begin with names."""
    outer = [line for line in lines if id(line) not in inner]
    named = sum(begins_with_name(line.text) for line in outer)
    indented = sum(begins_with_name(line.text) for line in lines if id(line) in inner)
    hanging = len(inner) > _INDENTED * len(lines) and named > _NAMED * len(outer)
    clear = indented * len(outer) < 0.5 * named * len(inner)
    return {id(line) for line in outer} if hanging and clear and named >= LEAST_ENTRIES else set()
