"""Reads the front matter above the abstract: title, authors, affiliations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.read.front.cells import rows_of
from index.read.front.names import (
    ends_in_particle,
    is_collective,
    is_name,
    marks_come_first,
    names_of,
)
from index.read.front.noted import find_in_sentences, find_listed, find_noted, find_unmarked
from index.read.front.places import (
    INSTITUTION,
    MARKS,
    AffiliationText,
    Name,
    find_places,
    is_right_below,
    leading_mark,
    marks_in,
    without_addresses,
)
from index.read.front.title import is_article_type
from index.read.front.whose import bind
from index.read.page.pages import Line, PageWord

_DATELINE = re.compile(
    r"^(?:received|accepted|published|revised|online at|submitted|dated?|keywords?|index terms)\b",
    re.I,
)

_ENDS_IN_MARK = re.compile(r"[^\W\d_]\d{1,2}$")  # "Schmidt1", not "COVID-19"


@dataclass(frozen=True, slots=True)
class FrontBlock:
    """The lines above the abstract: title, names, affiliations."""

    title_lines: tuple[Line, ...]
    authors: tuple[str, ...]
    places: tuple[AffiliationText, ...]
    places_of: tuple[tuple[int, ...], ...] = ()  # for each author the numbers of its places


def read_front(
    lines: Sequence[Line],
    title: tuple[Line, ...],
    notes: Sequence[Sequence[Line]] = (),
    listed: Sequence[Sequence[Line]] = (),
) -> FrontBlock:
    """Names and affiliations from the lines between title and abstract (unjoined).

    ``notes`` are the first page's footnotes by their lines, where some journals print the
    affiliations; ``listed`` are blocks with the heading "Author affiliations", anywhere.
    """
    below = max((line.y1 for line in title), default=0.0)
    inside = {id(line) for line in title}
    first = title[0].page if title else 0
    rows = [
        line
        for line in lines
        if id(line) not in inside and (line.page > first or line.y0 >= below - 2)
    ]
    rows = _until_spaced(rows)
    side = [line for line in rows if _is_beside(line, title, rows)]
    away = {id(line) for line in side}
    rows = [line for line in rows if id(line) not in away]
    notes = [side, *notes]  # journals with a column at the side print the affiliations there
    rows = [
        Line(line.page, line.block, words, line.upright)
        for line in (line for row in rows_of(rows) for line in _with_marks(row))
        if (words := without_addresses(line.words))
    ]
    rows = [line for line in rows if not _DATELINE.match(line.text)]
    rows = [line for line in rows if not is_article_type(line.text)]
    rows = _broken_names(until_prose(rows))
    names, named = _find_names(rows)
    said = tuple(name.text for name in names)
    if not names:  # places without anybody are something else's
        return FrontBlock(title, (), ())
    marks = {mark for name in names for mark in name.marks}
    places = find_places(rows, named, marks)
    places += [
        AffiliationText(beside, 0) for beside in dict.fromkeys(n.beside for n in names) if beside
    ]
    told, given = find_in_sentences(notes, names)
    if told and not places:
        return FrontBlock(title, said, tuple(told), tuple(given))
    longer, whose = find_listed(listed, names)
    if not any(place.mark in marks for place in places):
        noted = find_noted([line for note in notes for line in note], marks)
        if longer and sum(map(bool, whose)) >= sum(map(bool, bind(names, noted))):
            noted = []
        places += noted
    if len(longer) > sum(not place.mark or place.mark in marks for place in places):
        return FrontBlock(title, said, tuple(longer), tuple(whose))
    counted = any(mark.isalnum() for mark in marks)  # a sign may say whose address it is
    if not places and not counted and (places := find_unmarked(notes)):
        return FrontBlock(title, said, tuple(places), tuple((0,) for _ in names))
    return FrontBlock(title, said, tuple(places), tuple(bind(names, places)))


def read_above(lines: Sequence[Line], title: tuple[Line, ...]) -> FrontBlock:
    """The names in the line right above a title, in its type: some print the author first."""
    first = title[0] if title else None
    over = [line for line in lines if first and line.y1 <= first.y0 + 2]
    last = max(over, key=lambda line: line.y1, default=None)
    if first is None or last is None or first.y0 - last.y1 > 3 * first.size:
        return FrontBlock(title, (), ())
    names = names_of(last) if _like(last, _type_of(first)) else []
    if sum(len(name.text.split()) for name in names) != len(last.words):
        names = []
    return FrontBlock(title, tuple(name.text for name in names), (), tuple(() for _ in names))


def _is_beside(line: Line, title: Sequence[Line], lines: Sequence[Line]) -> bool:
    """Whether a line is in a column to the left of the title, which is set flush left."""
    if not title:
        return False
    left = min(one.x0 for one in title)
    flush = all(one.x0 - left < 2 for one in title)
    others = [*title, *(one for one in lines if one.y0 >= title[-1].y1 - 2)]
    same = [one for one in others if abs(one.x0 - left) < 2]
    uneven = max(one.x1 for one in same) - min(one.x1 for one in same) > 4 if same else False
    return flush and len(same) > 1 and uneven and line.x1 < left - 4


def _with_marks(row: Sequence[Line]) -> list[Line]:
    """A row with what begins with a mark joined to the name before it: "Anna Li", "1,2 and Ben"."""
    joined: list[Line] = []
    for line in row:
        last = joined[-1] if joined else None
        word = line.words[0]
        marked = all(c.isdigit() or c in f"{MARKS},;" for c in word.text)
        if last is not None and marked and line.x0 - last.x1 < line.size:
            joined[-1] = Line(last.page, last.block, [*last.words, *line.words], last.upright)
        else:
            joined.append(line)
    return joined


def _until_spaced(rows: Sequence[Line]) -> list[Line]:
    """The rows above a label in spaced letters: "a b s t r a c t", "a r t i c l e i n f o"."""
    tops = [
        line.y0
        for line in rows
        if len(line.words) >= 6 and all(len(word.text) == 1 for word in line.words)
    ]
    return [line for line in rows if not tops or line.y0 < min(tops) - 3]


def until_prose(rows: Sequence[Line]) -> list[Line]:
    """The rows above the first paragraph of running text: lines that are mostly in lower case, and
    as long as a sentence.
    """
    for number, line in enumerate(rows):
        after = rows[number + 1] if number + 1 < len(rows) else None
        continued = after is not None and _is_prose(after, 6) and is_right_below(line, after)
        if _is_prose(line, 10) or (continued and _is_prose(line, 6)):
            return [one for one in rows[:number] if (one.page, one.y0) < (line.page, line.y0)]
    return list(rows)


def _is_prose(line: Line, least: int) -> bool:
    """Whether a line has at least ``least`` words, most of them in lower case."""
    words = [word.text for word in line.words if word.text[0].isalpha()]
    return len(words) >= least and sum(word[0].islower() for word in words) > 0.6 * len(words)


def _find_names(rows: Sequence[Line]) -> tuple[list[Name], set[int]]:
    """The names in rows of lines, and which lines (by identity) hold them.

    All names are set in one type, or side by side; below a place a line in that type is a town,
    unless a place or an address is below it in turn.
    """
    names: list[Name] = []
    named: dict[int, Line] = {}
    style: tuple[bool, bool, float] | None = None
    marks: set[str] = set()
    beside = False
    for number, line in enumerate(rows):
        row = any(
            abs(line.middle - one.middle) < 3 and abs(line.size - one.size) < 2
            for one in named.values()
        )
        if style is not None and not (row or _like(line, style)):
            continue
        above = list(named.values())[-1] if named else None
        continued = above is not None and above.text.endswith((",", ";", "and", "&"))
        ahead = continued and above is not None and marks_come_first(above.words, above)
        if leading_mark(line) in marks and not ahead:
            continue
        found = names_of(line, continued) or (_single(line) if row else [])
        if any(name.beside for name in found) and names and not beside:
            continue  # "Applied Mathematics, University of X"
        if found and names and not row and _is_town(line, rows[:number], rows[number + 1 :], named):
            continue
        known = {name.text for name in names}
        names += [name for name in found if name.text not in known]
        if found:
            style = style or _type_of(line)
            named[id(line)] = line
            marks |= {mark for name in found for mark in name.marks}
            beside = beside or any(name.beside for name in found)
    return names, set(named)


def _single(line: Line) -> list[Name]:
    """A name of one word, in a row with others: "Mausam"."""
    words = line.words
    said = words[0].parts[0][0] if len(words) == 1 else ""
    if len(said) < 3 or not (said.isalpha() and said.istitle()) or INSTITUTION.search(said):
        return []
    marks = tuple(m for text, _ in words[0].parts[1:] for m in marks_in(text))
    return [Name(said, marks, line.x0, line.x1, line.middle)]


def _is_town(
    line: Line, above: Sequence[Line], below: Sequence[Line], named: dict[int, Line]
) -> bool:
    """Whether a line that reads like a name continues the affiliation above it."""
    over = next((one for one in reversed(above) if is_right_below(one, line)), None)
    if over is None or id(over) in named or any(names_of(line)[0].marks):
        return False
    if not _like(over, _type_of(line)):
        return False
    under = next((one for one in below if is_right_below(line, one)), None)
    return under is None or not INSTITUTION.search(under.text)


def _broken_names(rows: Sequence[Line]) -> list[Line]:
    """Rows of names that run on, with a name that a line's end broke ("X. Y." "Zhou") made whole.

    The second half goes up to the first, in front of its line's other words.
    """
    whole: list[Line] = []
    for line in rows:
        last = whole[-1] if whole else None
        near = last is not None and line.y0 - last.y1 < 0.6 * line.size
        torn = last is not None and last.words[-1].text.endswith("-")
        if last is not None and near and (torn or _is_open(last)) and names_of(last):
            length = 1 + next((n for n, w in enumerate(line.words) if _closes(w)), len(line.words))
            moved, kept = line.words[:length], line.words[length:]
            torn = torn and moved[0].text[0].islower()
            if torn:
                moved = [_unbroken(last.words[-1], moved[0]), *moved[1:]]
                last = Line(last.page, last.block, last.words[:-1], last.upright)
            tail = next((n for n in range(len(last.words), 0, -1) if _closes(last.words[n - 1])), 0)
            joined = " ".join(w.text for w in [*last.words[tail:], *moved])
            alike = tail < len(last.words) and _same_type(last.words[tail], moved[0])
            group = is_collective(_plain(joined))
            open_part = _plain(" ".join(w.text for w in last.words[tail:]))
            half = is_name(open_part) and not ends_in_particle(open_part)
            named = group or (not half and is_name(_plain(joined)))
            if (tail or torn) and alike and named:
                shift = last.x1 + 0.3 * line.size - moved[0].x0
                moved = [replace(w, x0=w.x0 + shift, x1=w.x1 + shift) for w in moved]
                whole[-1] = Line(last.page, last.block, [*last.words, *moved], last.upright)
                if not kept:
                    continue
                line = Line(line.page, line.block, kept, line.upright)
        whole.append(line)
    return whole


def _unbroken(head: PageWord, rest: PageWord) -> PageWord:
    """A word that a line's end broke, as one: "Ro-" and "cha"."""
    text, style = head.parts[-1]
    parts = (*head.parts[:-1], (text.rstrip("-") + rest.parts[0][0], style), *rest.parts[1:])
    said = "".join(part for part, _ in parts)
    return PageWord(said, rest.x0, rest.y0, rest.x1, rest.y1, parts)


def _is_open(line: Line) -> bool:
    """Whether a row of several names ends within a name: no comma, mark or "and" at its end."""
    return not _closes(line.words[-1]) and any(_closes(word) for word in line.words)


def _closes(word: PageWord) -> bool:
    """Whether a name ends with this word: a comma, a raised mark, or "and" by itself."""
    mark = word.parts[-1][1].raised and not word.parts[-1][0].isalpha()
    return (
        word.text[-1] in f",;{MARKS}"
        or bool(_ENDS_IN_MARK.search(word.text))
        or word.text.lower() in ("and", "&")
        or mark
    )


def _same_type(word: PageWord, other: PageWord) -> bool:
    same = word.style.bold == other.style.bold
    return same and abs(word.style.size - other.style.size) < 0.5


def _plain(text: str) -> str:
    return " ".join(re.sub(rf"(?<![-\d])\d+|[,;{re.escape(MARKS)}]+", " ", text).split())


def _type_of(line: Line) -> tuple[bool, bool, float]:
    said = [word for word in line.words if word.text.lower() not in ("and", "&")]
    if len(said) > 1 and said[0].text.endswith(":"):  # a label: "Authors:"
        said = said[1:]
    main = next((word for word in said if not word.style.raised), line.words[0])
    return main.style.bold, main.style.italic, line.size


def _like(line: Line, style: tuple[bool, bool, float]) -> bool:
    bold, italic, size = _type_of(line)
    return (bold, italic) == style[:2] and abs(size - style[2]) < 0.7
