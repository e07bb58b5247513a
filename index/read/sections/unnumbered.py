"""Finds headings without numbers, by their names and their type."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from index.read.order.layout import Layout, Paragraph
from index.read.sections.closing import END_MATTER
from index.read.sections.faces import Face, ends_as_sentence, is_distinct, is_known, may_head
from index.read.text.headings import Heading, title_role

_LISTED = re.compile(r"\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]\s|[•‣▪◦●■–*]")
# Of sections that are printed in the size of the text, or are its headings all the same.
_OF_BODY = frozenset(
    {"introduction", "background", "method", "experiments", "results", "discussion"}
)
_TEXT = 40  # words of running text: lines of authors and their affiliations have fewer
_LEAST_FAINT = 3  # subheadings that are neither bold nor large


def unnumbered_headings(
    parts: Sequence[Paragraph],
    faces: dict[int, Face],
    layout: Layout,
    numbered: dict[int, Heading],
    title: set[int],
) -> dict[int, Heading]:
    """The headings without numbers, by their place, where ``numbered`` are those with them."""
    run_in = {faces[p] for p, heading in numbered.items() if parts[p].run_in and heading.level == 1}
    candidates = [
        place
        for place, part in enumerate(parts)
        if place in faces
        and place not in numbered
        and (not part.run_in or faces[place] in run_in)
        and part.words
        and id(part.words[0]) not in title
        and may_head(part, faces[place], layout)
        and "=" not in part.text
        and (is_known(part) or is_aligned(part, layout))
    ]
    known = {place for place in candidates if is_known(parts[place])}
    found: dict[int, Heading] = {}
    if numbered:
        level_of = {faces[p]: numbered[p].level for p in sorted(numbered, reverse=True)}
        tops = {face for face, level in level_of.items() if level == 1}
        for place in candidates:
            face, text = faces[place], parts[place].text.strip()
            out = is_distinct(face, layout)
            named = place in known and (out or _alone(parts, place))
            if text.endswith(":") and not named:
                continue  # "Affiliation:"
            if named or (out and face in tops and not _LISTED.match(text)):
                found[place] = Heading(text, (), 1)
            elif out and face in level_of and face.size > layout.body_size + 0.7:
                found[place] = Heading(text, (), level_of[face])
        found.update(_below(candidates, found, parts, faces, layout, numbered))
        return found
    sections = [place for place in known if is_distinct(faces[place], layout)]
    if len(sections) >= 2 and all(_is_centred(parts[place], layout) for place in sections):
        faces = {
            place: face if _is_centred(parts[place], layout) else replace(face, beside=True)
            for place, face in faces.items()
        }
    ranks = _ranks(candidates, known, parts, faces, layout)
    for place in candidates:
        text = parts[place].text.strip()
        face = faces[place]
        if _is_quiet(face, layout) and face in ranks:
            below = place + 1 in candidates and faces[place + 1] in ranks
            if not (below or _is_above_text(parts, place, layout)):
                continue
        if face in ranks and not _LISTED.match(text):
            alone = title_role(text) in ("abstract", "references") and place in known
            found[place] = Heading(text, (), 1 if alone else ranks[face])
        elif place in known and _alone(parts, place):
            found[place] = Heading(text, (), 1)
    return found


def _below(
    candidates: Sequence[int],
    found: dict[int, Heading],
    parts: Sequence[Paragraph],
    faces: dict[int, Face],
    layout: Layout,
    numbered: dict[int, Heading],
) -> dict[int, Heading]:
    """Unnumbered subheadings of a numbered paper: separate lines in another type than the text, at
    the left edge or centred, with at least two set alike, each right above text. Their level is
    the one below the numbers.
    """

    def large(place: int) -> bool:
        return faces[place].size > layout.body_size + 1.2

    levels = {faces[place]: heading.level for place, heading in numbered.items()}
    sides: dict[Face, set[bool]] = {}  # a line over a table is centred, and the headings are not
    for place in numbered:
        sides.setdefault(faces[place], set()).add(_is_centred(parts[place], layout))
    first, last = min(numbered), max(numbered)
    rows = [
        place
        for place in candidates
        if place not in found
        and first < place
        and (is_distinct(faces[place], layout) or faces[place].italic)
        and levels.get(faces[place]) != 1
        and _is_centred(parts[place], layout) in sides.get(faces[place], (True, False))
        and (parts[place].kind == "paragraph" or _is_apart(parts, place))
        and len(parts[place].lines) <= 2
        and (large(place) or not _LISTED.match(parts[place].text))
        and not ends_as_sentence(parts[place])
        and _is_above_text(parts, place, layout)
    ]
    counted = Counter(faces[place] for place in rows if place < last)
    deepest = {
        face: max(
            level for own, level in levels.items() if level == 1 or own.size > face.size - 0.2
        )
        for face in counted
    }
    return {
        place: Heading(parts[place].text.strip(), (), min(deepest[faces[place]] + 1, 4))
        for place in rows
        if counted[faces[place]] >= (2 if faces[place].bold or large(place) else _LEAST_FAINT)
        and (faces[place].bold or _heads_text(faces[place], parts, faces, layout))
    }


def _is_apart(parts: Sequence[Paragraph], place: int) -> bool:
    """Whether a line of small type that reads as a row is in no table."""
    above = parts[place - 1] if place else None
    return parts[place].kind == "table" and (above is None or above.kind != "table")


def _is_above_text(parts: Sequence[Paragraph], place: int, layout: Layout) -> bool:
    """Whether it is at the left edge of its column, and running text begins right below."""
    part = parts[place]
    below = next(iter(parts[place + 1 : place + 2]), None)
    if below is None or not is_aligned(part, layout):
        return False
    head, text = part.lines[-1], below.lines[0]
    near = head.page == text.page and 0 < text.middle - head.middle < 3 * layout.leading
    near = near or head.page + 1 >= text.page > head.page or head.column < text.column
    return near and below.kind == "paragraph" and len(below.words) > 12


def is_aligned(part: Paragraph, layout: Layout) -> bool:
    """Whether it begins at the left edge of its column or is centred, as text in figures is not."""
    left, _ = layout.edges(part.lines[0])
    return abs(part.lines[0].x0 - left) < 2.2 * part.size or _is_centred(part, layout)


def _ranks(
    candidates: Sequence[int],
    known: set[int],
    parts: Sequence[Paragraph],
    faces: dict[int, Face],
    layout: Layout,
) -> dict[Face, int]:
    """The level of each heading style, in a paper without numbers.

    The style of well-known names is the first level. Less prominent styles are below it if they are
    used often enough: larger before smaller, bold before italic.
    """
    named = [
        place
        for place in known
        if is_distinct(faces[place], layout) and not END_MATTER.match(parts[place].text.strip())
    ]
    as_text = [place for place in named if faces[place].size > layout.body_size - 0.7]
    small = [place for place in named if place not in as_text]
    if not any(title_role(parts[place].text.strip()) in _OF_BODY for place in small):
        named = as_text  # the others are small print
    named = [place for place in named if not ends_as_sentence(parts[place])] or named
    tops = Counter(faces[place] for place in named)
    if tops:
        most = max(tops.values())
        first = max((face for face in tops if tops[face] >= 0.5 * most), key=_weight)
    else:
        bold = [faces[p] for p in candidates if faces[p].bold and faces[p].size >= layout.body_size]
        if not bold:
            return {}
        first = max(bold, key=_weight)
    others: Counter[Face] = Counter()
    over: set[Face] = set()  # of text, as no label of a drawing is
    for place in candidates:
        face = faces[place]
        if face == first or _weight(face) >= _weight(first) or place < min(known, default=0):
            continue
        if place in known and title_role(parts[place].text.strip()) == "abstract":
            continue  # it is set as what is above the paper
        leads = list(_leads(parts, place))
        plain = face.italic or face.size > layout.body_size + 0.7
        label = parts[place].run_in or ends_as_sentence(parts[place])
        over.update([face] if not label and _is_above_text(parts, place, layout) else [])
        loud = face.bold or face.capitals
        if leads and (loud or ((plain or face.other) and not ends_as_sentence(parts[place]))):
            others[face] += 1
    often = [
        face
        for face, count in others.items()
        if face in over
        and (not _is_quiet(face, layout) or _heads_text(face, parts, faces, layout))
        and (
            count >= 2
            or (face.bold and face.size >= layout.body_size - 0.2)
            or face.size > layout.body_size + 1.2
        )
    ]
    ranks = {first: 1}
    level = 1
    last = first
    for face in sorted(often, key=_weight, reverse=True):
        level += 0 if _weight(face) == _weight(last) else 1
        ranks[face] = min(level, 4)
        last = face
    for face in tops:
        ranks.setdefault(face, 1)
    return ranks


def _weight(face: Face) -> tuple[float, bool, bool, bool, bool, bool]:
    """Its rank among others: ``other`` counts only if it is neither bold nor in capitals."""
    loud = face.capitals or face.bold
    other = face.other and not loud
    return face.size, face.capitals, face.bold, other, not face.italic, not face.beside


def _is_centred(part: Paragraph, layout: Layout) -> bool:
    left, right = layout.edges(part.lines[0])
    before = min(line.x0 for line in part.lines) - left
    after = right - max(line.x1 for line in part.lines)
    return before > 0.04 * (right - left) and abs(before - after) < 0.05 * (right - left) + 2


def _is_quiet(face: Face, layout: Layout) -> bool:
    """Whether only its colour or family differs from the text, as in heads of tables."""
    loud = face.bold or face.capitals or face.italic or face.size > layout.body_size + 0.7
    return face.other and not loud


def _heads_text(
    face: Face, parts: Sequence[Paragraph], faces: dict[int, Face], layout: Layout
) -> bool:
    """Whether most parts with this face are right above text."""
    places = [place for place, own in faces.items() if own == face]
    over = sum(_is_above_text(parts, place, layout) for place in places)
    return 2 * over >= len(places)


def _leads(parts: Sequence[Paragraph], place: int) -> Iterator[Paragraph]:
    """The running text or the heading that comes right after."""
    for part in parts[place + 1 : place + 2]:
        if part.kind in ("paragraph", "equation") or part.run_in:
            yield part


def _alone(parts: Sequence[Paragraph], place: int) -> bool:
    """Whether it is a line by itself, and no cell of a table: above all text there is none yet."""
    part = parts[place]
    if len(part.lines) > 1 or part.kind == "paragraph":
        return len(part.lines) == 1
    opens = title_role(part.text.strip()) == "abstract"
    return opens and all(len(above.words) < _TEXT for above in parts[:place])
