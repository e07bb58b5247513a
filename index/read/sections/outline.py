"""Which paragraphs are headings, and on which level: by their numbers first, then by their type.

Numbers must follow each other (``numbering``), so that a numbered list is no outline. Where a
paper numbers its sections, an unnumbered heading bears a well-known name or is set like a numbered
one; where it does not, the paragraphs that stand out are ranked by how they are set.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from index.paper import Role
from index.read.order.kinds import is_contents_row
from index.read.order.layout import Layout, Paragraph
from index.read.page.pages import PageWord, Style, is_typewriter
from index.read.sections.closing import END_MATTER
from index.read.sections.opening import count_of
from index.read.sections.usual import Usual, usual_type
from index.read.text.headings import (
    KNOWN,
    Heading,
    assign_roles,
    ordinal,
    parse_heading,
    title_role,
)
from index.read.text.numbering import ROMAN, Numbering, kinds_of

_CONTENTS = re.compile(
    r"(?:table of )?contents$|(?:\w+ ){0,2}key\s?words(?: and phrases)?\W*$|"
    r"index terms\W*$|ccs concepts\W*$|"
    r"categories and subject descriptors\W*$|general terms\W*$|acm reference format\W*$|"
    r"article info$|arxiv e-?print\b|pacs\b|jel\b|msc\b",
    re.I,
)
_SMALL_CAPITALS = re.compile(r"CSC|caps|smallcap|-SC\b|\.sc\b|SmCp", re.I)
_LISTED = re.compile(r"\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]\s|[•‣▪◦●■–*]")
_LETTERED = re.compile(r"^\([a-z]\)\s+(?=[A-Z])")
_BRACKETS = "([“‘\"'«"  # that a title may begin with: "(Verifiable) Secret Sharing"
_MOST_LINES = 4
_MOST_LETTERS = 180
# Of sections that are printed in the size of the text, or are its headings all the same.
_OF_BODY = frozenset(
    {"introduction", "background", "method", "experiments", "results", "discussion"}
)
_PLAIN_LETTERS = 100
_LEAST_FAINT = 3  # subheadings that are neither bold nor large
_LEAST_NUMBERED = 3  # fewer are a numbered list in bold


@dataclass(frozen=True, slots=True)
class Face:
    """How a heading is set. ``size`` is in half points; small capitals are capitals."""

    size: float
    bold: bool
    italic: bool
    capitals: bool
    other: bool = False  # in another colour than the text, or in another family, if upright
    beside: bool = False  # at the left edge, in a paper that centres its sections


@dataclass(frozen=True, slots=True)
class _Candidate:
    place: int
    heading: Heading
    face: Face
    spaced: bool  # the number stands clear of the title, or has a mark of its own


def find_headings(
    parts: Sequence[Paragraph], layout: Layout, title: set[int]
) -> dict[int, Heading]:
    """The paragraphs that are headings, by their place; ``title`` has the ids of its words."""
    # Of those that are short enough for a heading.
    usual = usual_type(parts)
    faces = {
        place: face_of(part, usual)
        for place, part in enumerate(parts)
        if len(part.lines) <= _MOST_LINES
    }
    numbered = _numbered(parts, faces, layout, title)
    if len(numbered) < _LEAST_NUMBERED:
        numbered = {p: one for p, one in numbered.items() if KNOWN.match(one.title_alone)}
    found = dict(numbered)
    found.update(_unnumbered(parts, faces, layout, numbered, title))
    anchors = [
        place
        for place, heading in found.items()
        if heading.number or KNOWN.match(parts[place].text.strip())
    ]
    first = min(anchors, default=0)  # what stands out above it, and above all text, are authors
    first = min(first, _first_prose(parts, title))
    ordered = [
        place
        for place in sorted(found)
        if place >= first and not _CONTENTS.match(parts[place].text)
    ]
    roles = _end_matter(assign_roles([found[place] for place in ordered]))
    return dict(zip(ordered, roles, strict=True))


def _end_matter(headings: Sequence[Heading]) -> list[Heading]:
    """What a journal prints about a paper is no part of its results, nor of its appendix."""
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
    return Face(
        round((size or first.size) * 2) / 2,
        bold >= 0.8 * letters if letters else first.bold,
        letters > 0 and italic >= 0.8 * letters,
        letters > 4 and max(upper, small) >= 0.9 * letters,
        letters > 0 and other >= 0.8 * letters,
    )


def may_head(part: Paragraph, face: Face, layout: Layout) -> bool:
    """Whether a paragraph is short and plain enough for a heading."""
    text = _LETTERED.sub("", parse_heading(part.text).title_alone).lstrip(_BRACKETS)
    letters = sum(map(str.isalpha, text))
    return (
        part.kind in ("paragraph", "table", "footnote")
        and len(part.lines) <= _MOST_LINES
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


def stands_out(face: Face, layout: Layout) -> bool:
    """Whether it is bold, larger than the text, in capitals, or in another colour or family."""
    return face.bold or face.capitals or face.other or face.size > layout.body_size + 0.7


# --- numbered headings ----------------------------------------------------------------------------


def _numbered(
    parts: Sequence[Paragraph], faces: dict[int, Face], layout: Layout, title: set[int]
) -> dict[int, Heading]:
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
    # In the type of the text only sections with such names are told from a list.
    plain = [c for c in candidates if len(c.heading.number) == 1 and _is_plain(c.face, layout)]
    named = sum(KNOWN.match(c.heading.title_alone) for c in plain)
    if named < _LEAST_NUMBERED:
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
    """With the section of the first level that a gap in the numbers tells of.

    It may be set otherwise ("2. THE Kepler-GAIA DATA" among capitals), if it is as large.
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
                and not _ends(part)
            ):
                filled[place] = replace(heading, level=1)
                break
    return filled


def _is_set_as_heading(part: Paragraph, heading: Heading, face: Face, layout: Layout) -> bool:
    title = heading.title_alone.lstrip(_BRACKETS)
    capital = bool(title) and title[0].isalpha() and not title[0].islower()  # or has no case
    if not title or not title[0].isalnum() or not (capital or part.bold or face.bold):
        return False
    if not (stands_out(face, layout) or face.italic):
        # A dotted number on a short line of its own: lower levels are printed in plain type too.
        lines = 2 if len(heading.number) > 1 else 1
        own = len(part.lines) <= lines and len(title) <= _PLAIN_LETTERS
        return own and capital and not part.run_in and not _ends(part)
    ended = part.text.rstrip().endswith(".") and not part.run_in
    return not ended or face.bold or face.capitals


def _is_plain(face: Face, layout: Layout) -> bool:
    return not (stands_out(face, layout) or face.italic)


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


# --- headings without numbers ---------------------------------------------------------------------


def _unnumbered(
    parts: Sequence[Paragraph],
    faces: dict[int, Face],
    layout: Layout,
    numbered: dict[int, Heading],
    title: set[int],
) -> dict[int, Heading]:
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
            out = stands_out(face, layout)
            named = place in known and (out or _alone(parts, place))
            if text.endswith(":") and not named:
                continue  # "Affiliation:"
            if named or (out and face in tops and not _LISTED.match(text)):
                found[place] = Heading(text, (), 1)
            elif out and face in level_of and face.size > layout.body_size + 0.7:
                found[place] = Heading(text, (), level_of[face])
        found.update(_below(candidates, found, parts, faces, layout, numbered))
        return found
    sections = [place for place in known if stands_out(faces[place], layout)]
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
            if not (below or _stands_over_text(parts, place, layout)):
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
    """Unnumbered subheadings of a numbered paper: lines of their own in another type than the text,
    at the left edge or centred, set alike twice or more, each with text right below it. Their level
    is that below the numbers.
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
        and (stands_out(faces[place], layout) or faces[place].italic)
        and levels.get(faces[place]) != 1
        and _is_centred(parts[place], layout) in sides.get(faces[place], (True, False))
        and (parts[place].kind == "paragraph" or _is_apart(parts, place))
        and len(parts[place].lines) <= 2
        and (large(place) or not _LISTED.match(parts[place].text))
        and not _ends(parts[place])
        and _stands_over_text(parts, place, layout)
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
    """Whether a line of small type that reads as a row stands in no table."""
    above = parts[place - 1] if place else None
    return parts[place].kind == "table" and (above is None or above.kind != "table")


def _stands_over_text(parts: Sequence[Paragraph], place: int, layout: Layout) -> bool:
    """Whether it stands at the left edge of its column, and running text begins right below."""
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
    """The level of each way that headings are set in, in a paper without numbers.

    The well-known names tell the first level. What stands out less comes below it, as often as it
    is used: larger before smaller, bold before italic.
    """
    named = [
        place
        for place in known
        if stands_out(faces[place], layout) and not END_MATTER.match(parts[place].text.strip())
    ]
    as_text = [place for place in named if faces[place].size > layout.body_size - 0.7]
    small = [place for place in named if place not in as_text]
    if not any(title_role(parts[place].text.strip()) in _OF_BODY for place in small):
        named = as_text  # the others are small print
    named = [place for place in named if not _ends(parts[place])] or named
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
            continue  # it is set as what stands above the paper
        leads = list(_leads(parts, place))
        plain = face.italic or face.size > layout.body_size + 0.7
        label = parts[place].run_in or _ends(parts[place])
        over.update([face] if not label and _stands_over_text(parts, place, layout) else [])
        loud = face.bold or face.capitals
        if leads and (loud or ((plain or face.other) and not _ends(parts[place]))):
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
    """What it counts for among others: ``other`` only where it is not bold or capitals, too."""
    loud = face.capitals or face.bold
    other = face.other and not loud
    return face.size, face.capitals, face.bold, other, not face.italic, not face.beside


def _is_centred(part: Paragraph, layout: Layout) -> bool:
    left, right = layout.edges(part.lines[0])
    before = min(line.x0 for line in part.lines) - left
    after = right - max(line.x1 for line in part.lines)
    return before > 0.04 * (right - left) and abs(before - after) < 0.05 * (right - left) + 2


def _is_quiet(face: Face, layout: Layout) -> bool:
    """Whether only its colour or family tells it from the text, as those of tables often do."""
    loud = face.bold or face.capitals or face.italic or face.size > layout.body_size + 0.7
    return face.other and not loud


def _heads_text(
    face: Face, parts: Sequence[Paragraph], faces: dict[int, Face], layout: Layout
) -> bool:
    """Whether most of what is set so stands over text."""
    places = [place for place, own in faces.items() if own == face]
    over = sum(_stands_over_text(parts, place, layout) for place in places)
    return 2 * over >= len(places)


def _leads(parts: Sequence[Paragraph], place: int) -> Iterator[Paragraph]:
    """The running text or the heading that comes right after."""
    for part in parts[place + 1 : place + 2]:
        if part.kind in ("paragraph", "equation") or part.run_in:
            yield part


def _ends(part: Paragraph) -> bool:
    return part.text.rstrip().endswith((".", ":", "!", "。"))


def _alone(parts: Sequence[Paragraph], place: int) -> bool:
    return len(parts[place].lines) == 1 and parts[place].kind == "paragraph"
