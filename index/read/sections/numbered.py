"""Finds numbered headings, each of which follows the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.read.order.layout import Layout, Paragraph
from index.read.page.pages import PageWord
from index.read.sections.faces import BRACKETS, Face, ends_as_sentence, is_distinct, may_head
from index.read.text.headings import KNOWN, Heading, ordinal, parse_heading
from index.read.text.numbering import ROMAN, Numbering, kinds_of

_PLAIN_LETTERS = 100
LEAST_NUMBERED = 3  # fewer are a numbered list in bold


@dataclass(frozen=True, slots=True)
class _Candidate:
    place: int
    heading: Heading
    face: Face
    spaced: bool  # the number is clear of the title, or has a mark of its own


def numbered_headings(
    parts: Sequence[Paragraph], faces: dict[int, Face], layout: Layout, title: set[int]
) -> dict[int, Heading]:
    """The headings with numbers, by their place."""
    candidates: list[_Candidate] = []
    for place, part in enumerate(parts):
        if place not in faces or not part.words or id(part.words[0]) in title:
            continue
        if not may_head(part, faces[place], layout):
            continue
        heading = parse_heading(part.text.strip())
        if heading.number and _is_set_as_heading(part, heading, faces[place], layout):
            spaced = _spaced(part.words)
            candidates.append(_Candidate(place, heading, faces[place], spaced))
    # In the type of the text only sections with such names differ from a list.
    plain = [c for c in candidates if len(c.heading.number) == 1 and _is_plain(c.face, layout)]
    named = sum(KNOWN.match(c.heading.title_alone) for c in plain)
    if named < LEAST_NUMBERED:
        candidates = [c for c in candidates if c not in plain]
    # The sections of the first level are set alike: of all ways, the one that explains most.
    top = {c.face for c in candidates if len(c.heading.number) == 1}
    chains = [_chain(candidates, face) for face in sorted(top, key=repr)]
    best = max(chains, key=len, default={})
    loose = _chain(candidates, None)
    chosen = loose if len(loose) > len(best) + 2 else best
    return _filled(chosen, parts, faces, layout, title) if chosen else chosen


def _filled(
    chain: dict[int, Heading],
    parts: Sequence[Paragraph],
    faces: dict[int, Face],
    layout: Layout,
    title: set[int],
) -> dict[int, Heading]:
    """The headings with the section of the first level that a gap in the numbers shows.

    It may be set differently ("2. THE Kepler-GAIA DATA" among capitals), if it is as large.
    """
    tops = [place for place in sorted(chain) if chain[place].level == 1]
    filled = dict(chain)
    for before, after in zip([None, *tops], tops, strict=False):
        kind = kinds_of(chain[after].number[0])
        here = ordinal(chain[after].number[0], roman=ROMAN in kind)
        last = 0
        if before is not None:
            if kinds_of(chain[before].number[0])[0] != kind[0]:
                continue
            last = ordinal(chain[before].number[0], roman=ROMAN in kind)
        if here - last != 2:
            continue
        for place in range(0 if before is None else before + 1, after):
            part = parts[place]
            heading = parse_heading(part.text.strip())
            if (
                place in faces
                and len(heading.number) == 1
                and kinds_of(heading.number[0])[0] == kind[0]
                and ordinal(heading.number[0], roman=ROMAN in kind) == here - 1
                and abs(faces[place].size - faces[after].size) <= 0.6
                and id(part.words[0]) not in title
                and may_head(part, faces[place], layout)
                and len(part.lines) <= 2
                and heading.title_alone[0].isupper()
                and not ends_as_sentence(part)
            ):
                filled[place] = replace(heading, level=1)
                break
    return filled


def _is_set_as_heading(part: Paragraph, heading: Heading, face: Face, layout: Layout) -> bool:
    title = heading.title_alone.lstrip(BRACKETS)
    capital = bool(title) and title[0].isalpha() and not title[0].islower()  # or has no case
    if not title or not title[0].isalnum() or not (capital or part.bold or face.bold):
        return False
    if not (is_distinct(face, layout) or face.italic):
        # A dotted number on a short line of its own: lower levels are printed in plain type too.
        lines = 2 if len(heading.number) > 1 else 1
        own = len(part.lines) <= lines and len(title) <= _PLAIN_LETTERS
        return own and capital and not part.run_in and not ends_as_sentence(part)
    ended = part.text.rstrip().endswith(".") and not part.run_in
    return not ended or face.bold or face.capitals


def _is_plain(face: Face, layout: Layout) -> bool:
    return not (is_distinct(face, layout) or face.italic)


def _spaced(words: Sequence[PageWord]) -> bool:
    number, mark = words[0], words[0].text[-1]
    if mark in ".):" or len(words) < 2 or words[0].text.lower() == "appendix":
        return True
    return words[1].x0 - number.x1 > 0.42 * number.style.size


def _chain(candidates: Sequence[_Candidate], top: Face | None) -> dict[int, Heading]:
    """The candidates whose numbers follow each other, with sections of level 1 set as ``top``."""
    path = Numbering()
    chain: dict[int, Heading] = {}
    for candidate in candidates:
        heading = candidate.heading
        as_top = top is not None and _alike(candidate.face, top)
        step = path.after(heading, candidate.spaced, as_top)
        if step is None:
            continue
        level = step[0]
        if level == 1 and top is not None and not (as_top or heading.says_appendix):
            continue
        path.take(heading, *step)
        chain[candidate.place] = replace(candidate.heading, level=level)
    return chain


def _alike(face: Face, other: Face) -> bool:
    same = (face.bold, face.capitals) == (other.bold, other.capitals)
    same = same and (face.bold or face.capitals or face.other == other.other)
    return same and abs(face.size - other.size) <= 0.6
