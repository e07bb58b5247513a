"""Finds headings and their levels, first by their numbers, then by their type.

Numbers must follow each other (``numbering``), so that a numbered list is not an outline. In a
paper with numbered sections, an unnumbered heading has a well-known name or is set like a numbered
one; in other papers, paragraphs in a distinct type are ranked by that type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from index.paper import Role
from index.read.order.layout import Layout, Paragraph
from index.read.sections.closing import END_MATTER, LEAST_ENTRIES, is_entry
from index.read.sections.faces import MOST_LINES, face_of
from index.read.sections.numbered import LEAST_NUMBERED, numbered_headings
from index.read.sections.opening import count_of
from index.read.sections.unnumbered import unnumbered_headings
from index.read.sections.usual import usual_type
from index.read.text.headings import KNOWN, Heading, assign_roles, title_role
from index.read.text.labels import KEYWORDS_LABEL

_CONTENTS = re.compile(
    r"(?:table of )?contents$|(?:\w+ ){0,2}key\s?words(?: and phrases)?\W*$|"
    r"index terms\W*$|ccs concepts\W*$|"
    r"categories and subject descriptors\W*$|general terms\W*$|acm reference format\W*$|"
    r"article info$|arxiv e-?print\b|pacs\b|jel\b|msc\b",
    re.I,
)

_SEARCHED = 60  # parts after what looks like a heading: a bibliography goes on at once


def _is_listing(text: str) -> bool:
    """Whether it is a label between the abstract and the text, or keywords behind theirs."""
    label = KEYWORDS_LABEL.match(text)
    return bool(_CONTENTS.match(text) or (label and label["mark"]))


def find_headings(
    parts: Sequence[Paragraph], layout: Layout, title: set[int]
) -> dict[int, Heading]:
    """The paragraphs that are headings, by their place; ``title`` has the ids of its words."""
    # Of those that are short enough for a heading.
    usual = usual_type(parts)
    faces = {
        place: face_of(part, usual)
        for place, part in enumerate(parts)
        if len(part.lines) <= MOST_LINES
    }
    numbered = numbered_headings(parts, faces, layout, title)
    if len(numbered) < LEAST_NUMBERED:
        numbered = {p: one for p, one in numbered.items() if KNOWN.match(one.title_alone)}
    found = dict(numbered)
    found.update(unnumbered_headings(parts, faces, layout, numbered, title))
    for place in _inside_bibliographies(parts, found):
        del found[place]
    anchors = [
        place
        for place, heading in found.items()
        if heading.number or KNOWN.match(parts[place].text.strip())
    ]
    first = min(anchors, default=0)  # what stands out above it, and above all text, are authors
    first = min(first, _first_prose(parts, title))
    ordered = [
        place for place in sorted(found) if place >= first and not _is_listing(parts[place].text)
    ]
    roles = _end_matter(assign_roles([found[place] for place in ordered]))
    return dict(zip(ordered, roles, strict=True))


def _inside_bibliographies(parts: Sequence[Paragraph], found: dict[int, Heading]) -> list[int]:
    """The places of what only looks like a heading: names or titles that a bibliography sets in
    bold, with more entries after them.
    """
    inside: list[list[int]] = []  # of each bibliography
    opened = False
    for place in sorted(found):
        text = parts[place].text.strip()
        if KNOWN.match(text) or END_MATTER.fullmatch(text) or found[place].in_appendix:
            opened = title_role(text) == "references"
            inside += [[]] if opened else []
        elif opened:
            inside[-1].append(place)
    ends = sorted({*found, len(parts)} - {place for one in inside for place in one})
    taken: list[int] = []
    for places in inside:
        least = LEAST_ENTRIES
        for place in places:
            end = next(end for end in ends if end > place)
            if _entries(parts, place + 1, end) >= least:
                taken.append(place)
                least = 1  # of the last ones
    return taken


def _entries(parts: Sequence[Paragraph], first: int, end: int) -> int:
    return sum(is_entry(part) for part in parts[first : min(end, first + _SEARCHED)])


def _end_matter(headings: Sequence[Heading]) -> list[Heading]:
    """A journal's notes on a paper belong neither to its results nor to its appendix."""
    placed: list[Heading] = []
    group: Heading | None = None  # "Declarations", which holds others
    for heading in headings:
        if heading.number or not END_MATTER.fullmatch(heading.title):
            group = None
            placed.append(heading)
            continue
        own = title_role(heading.title)
        role: Role = own if own in ("acknowledgements", "appendix") else "other"
        inside = group is not None and heading.level > group.level
        group = group if inside else heading
        placed.append(replace(heading, role=role, level=2 if inside else 1))
    return placed


def _first_prose(parts: Sequence[Paragraph], title: set[int]) -> int:
    """The place of the first running text after the title."""
    titled = [p for p, part in enumerate(parts) if any(id(word) in title for word in part.words)]
    for place in range(max(titled, default=-1) + 1, len(parts)):
        part = parts[place]
        stops = part.text.count(".") + part.text.count("。")
        if part.kind == "paragraph" and count_of(part) > 60 and stops >= 3:
            return place
    return len(parts)
