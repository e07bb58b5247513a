"""Page 1 above the abstract: title, authors, affiliations."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.read.headings import KNOWN
from index.read.letters import ACCENTS, clean_text
from index.read.pages import Line, PageWord
from index.read.places import (
    MARKS,
    Name,
    Place,
    bind,
    find_noted,
    find_places,
    find_told,
    marks_in,
    without_addresses,
)

_AFFILIATION = re.compile(
    r"\b(?:Universit|Institut|Depart|Dept|Laborator|Lab\b|Labs\b|School|College|Research|Centre|"
    r"Center|Academy|Faculty|Corporation|Corp\b|Inc\b|Ltd|GmbH|Company|Hospital|Technolog|"
    r"Foundation|Polytechni|Council|Observator|National|Google|Microsoft|Facebook|Meta AI|"
    r"OpenAI|DeepMind|NVIDIA|Amazon|IBM|Apple|Adobe|Alibaba|Tencent|Huawei|Baidu|Yahoo|ETH\b|MIT\b|CNRS|INRIA|DFKI|Street|Road|Avenue|"
    r"Science|Engineering|USA|Germany|China|France|Italy|Canada|Japan|Korea|India|Poland|Kingdom|"
    r"Berkeley|Division|Group\b|Team\b|Project|Ministry|Agency|Studio|Consult|Society)",
    re.I,
)
_CONTACT = re.compile(r"@|\bdoi:|https?://|www\.|e-?mail|\.(?:edu|com|org|ac\.\w\w)\b", re.I)
_DATELINE = re.compile(
    r"^(?:received|accepted|published|revised|online at|submitted|dated?|keywords?|index terms)\b",
    re.I,
)
_PARTICLES = frozenset({
    "van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "du", "la", "le", "el",
    "al", "bin", "ben", "ibn", "ter", "ten", "zu", "zur", "af", "av", "y", "e", "the",
})  # fmt: skip
_NAME_TOKEN = re.compile(r"(?:[^\W\d_][\w'’.\-‐]*)$")
_COLLECTIVE = re.compile(
    r"(?!anonymous)(?:the )?(?:[\w.'-]+ ){1,5}"
    r"(?:authors|team|consortium|collaboration|working group)",
    re.I,
)
_AND = re.compile(r"\s*(?:,|;|&|·|•|\||\b(?:and|AND|und|et)\b)\s*")
_MEMBERSHIP = re.compile(
    r",?\s*(?:(?:Graduate |Student |Senior |Life )+)?(?:Member|Fellow),?\s*(?:IEEE|ACM|SIAM|AAAI)\b"
)
_NOT_NAMES = frozenset({
    "abstract", "student", "member", "ieee", "fellow", "senior", "equal", "contribution",
    "authors", "anonymous", "preprint", "draft", "article", "letter", "review",
})  # fmt: skip


def is_collective(text: str) -> bool:
    """Whether this names a group as author: "The gloss authors"."""
    return bool(_COLLECTIVE.fullmatch(text))


@dataclass(frozen=True, slots=True)
class Front:
    """What stands above the abstract: the title's lines, the names, the lines of affiliations."""

    title_lines: tuple[Line, ...]
    authors: tuple[str, ...]
    places: tuple[Place, ...]
    places_of: tuple[tuple[int, ...], ...] = ()  # for each author the numbers of its places


def find_title(lines: Sequence[Line], page_height: float) -> tuple[Line, ...]:
    """The largest lines with words in the upper part of page 1, that stand together."""
    candidates = [
        line
        for line in lines
        if line.y0 < 0.55 * page_height
        and sum(c.isalpha() for c in line.text) >= 6
        and len(line.words) >= 1
    ]
    if not candidates:
        return ()
    # A single short word in the largest type is a journal's name more often than a title.
    worded = [line for line in candidates if len(line.words) >= 2] or candidates
    largest = max(line.size for line in worded)
    top = [line for line in worded if line.size >= largest - 0.1]
    if largest <= _usual_size(lines) + 0.6:  # no larger than the text: it is in bold, or in front
        top = [line for line in top if line.bold and not KNOWN.match(line.text)] or top
    first = next(i for i, line in enumerate(lines) if line is top[0])
    title = [lines[first]]
    for line in lines[first + 1 :]:
        last = title[-1]
        if (
            abs(line.size - largest) > 0.8
            or line.y0 - last.y1 > 1.2 * largest
            or _mostly_bold(line) != _mostly_bold(title[0])
        ):
            break
        title.append(line)
    return tuple(title)


def _usual_size(lines: Sequence[Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0]


def _mostly_bold(line: Line) -> bool:
    """A system's name in typewriter type does not make a bold title's line another kind of line."""
    return sum(word.style.bold for word in line.words) > 0.5 * len(line.words)


def read_front(
    lines: Sequence[Line], title: tuple[Line, ...], notes: Sequence[Sequence[Line]] = ()
) -> Front:
    """Names and affiliations from the lines between title and abstract (page 1, unjoined).

    ``notes`` are page 1's footnotes by their lines, where some journals print the affiliations.
    """
    below = max((line.y1 for line in title), default=0.0)
    inside = {id(line) for line in title}
    rows = [line for line in lines if id(line) not in inside and line.y0 >= below - 2]
    rows = [
        Line(line.page, line.block, words, line.upright)
        for line in _row_by_row(rows)
        if (words := without_addresses(line.words))
    ]
    rows = [line for line in rows if not _DATELINE.match(line.text)]
    names: list[Name] = []
    style: tuple[bool, float] | None = None
    others: list[Line] = []
    for line in _broken_names(rows):
        found = _names(line) if style is None or _like(line, style) else []
        known = {name.text for name in names}
        names += [name for name in found if name.text not in known]
        if found:
            style = style or _type_of(line)
        elif line.text.strip():
            others.append(line)
    marks = {mark for name in names for mark in name.marks}
    places = find_places(others, marks)
    told, given = find_told(notes, names)
    if told and not places:
        return Front(title, tuple(name.text for name in names), tuple(told), tuple(given))
    if not any(place.mark in marks for place in places):
        places += find_noted([line for note in notes for line in note], marks)
    places += [Place(name.beside, 0) for name in names if name.beside]
    return Front(
        title, tuple(name.text for name in names), tuple(places), tuple(bind(names, places))
    )


def _row_by_row(lines: Sequence[Line]) -> list[Line]:
    """From top to bottom, and from left to right what stands side by side."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.middle):
        if rows and line.middle - rows[-1][0].middle < 3:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.x0)]


def _broken_names(rows: Sequence[Line]) -> list[Line]:
    """Rows of names that run on, with a name that a line's end broke ("X. Y." "Zhou") made whole.

    The second half goes up to the first, in front of its line's other words.
    """
    whole: list[Line] = []
    for line in rows:
        last = whole[-1] if whole else None
        near = last is not None and line.y0 - last.y1 < 0.6 * line.size
        if last is not None and near and _is_open(last) and _names(last):
            length = 1 + next((n for n, w in enumerate(line.words) if _closes(w)), len(line.words))
            moved, kept = line.words[:length], line.words[length:]
            tail = next((n for n in range(len(last.words), 0, -1) if _closes(last.words[n - 1])), 0)
            joined = " ".join(w.text for w in [*last.words[tail:], *moved])
            alike = tail < len(last.words) and _same_type(last.words[tail], moved[0])
            half = is_name(_plain(" ".join(w.text for w in last.words[tail:])))
            if tail and alike and not half and is_name(_plain(joined)):
                shift = last.x1 + 0.3 * line.size - moved[0].x0
                moved = [replace(w, x0=w.x0 + shift, x1=w.x1 + shift) for w in moved]
                whole[-1] = Line(last.page, last.block, [*last.words, *moved], last.upright)
                if not kept:
                    continue
                line = Line(line.page, line.block, kept, line.upright)
        whole.append(line)
    return whole


def _is_open(line: Line) -> bool:
    """Whether a row of several names ends within a name: no comma, mark or "and" at its end."""
    return not _closes(line.words[-1]) and any(_closes(word) for word in line.words)


def _closes(word: PageWord) -> bool:
    """Whether a name ends with this word: a comma, a raised mark, or "and" by itself."""
    mark = word.parts[-1][1].raised and not word.parts[-1][0].isalpha()
    return word.text[-1] in ",;" or word.text.lower() in ("and", "&") or mark


def _same_type(word: PageWord, other: PageWord) -> bool:
    same = word.style.bold == other.style.bold
    return same and abs(word.style.size - other.style.size) < 0.5


def _plain(text: str) -> str:
    return re.sub(rf"[\d,;{re.escape(MARKS)}]+", " ", text).strip()


def _type_of(line: Line) -> tuple[bool, float]:
    said = [word for word in line.words if word.text.lower() not in ("and", "&")]
    main = next((word for word in said if not word.style.raised), line.words[0])
    return main.style.bold, line.size


def _like(line: Line, style: tuple[bool, float]) -> bool:
    bold, size = _type_of(line)
    return bold == style[0] and abs(size - style[1]) < 0.7


def _names(line: Line) -> list[Name]:
    words = list(line.words)
    if _CONTACT.search(" ".join(word.text for word in words)):
        return []
    while words[1:] and words[0].text.lower() in ("and", "&"):  # an address was left out before
        words = words[1:]
    if is_collective(line.text.strip(f" {MARKS}")):
        return [Name(line.text.strip(f" {MARKS}"), (), line.x0, line.x1, line.middle)]
    first = _names_in(_pieces(words, line), line)
    if first:
        return first
    # "ANNA SCHMIDT, University of X": names in a larger type than the places after them.
    head = _head(line)
    named = _names_in(_pieces(head, line), line) if head else []
    rest = tuple(line.words[len(head) :])
    if len(named) == 1 and sum(word.text[0].isalpha() for word in rest) > 1:
        named = [replace(named[0], beside=rest)]
    return named


def _head(line: Line) -> list[PageWord]:
    """The words at the head of the line that are set larger than the rest, if there are such."""
    sizes = [word.style.size for word in line.words]
    length = next((n for n, size in enumerate(sizes) if size < sizes[0] - 0.7), 0)
    return line.words[:length] if length >= 2 else []


def _names_in(found: Sequence[_Piece], line: Line) -> list[Name]:
    names = _turned(found, line)
    if names:
        return names
    pieces = 0
    for piece in found:
        parts = [
            _trimmed(part) for part in _AND.split(_MEMBERSHIP.sub(",", clean_text(piece.text)))
        ]
        parts = [part for part in parts if part]
        pieces += len(parts)
        for number, part in enumerate(parts):
            if is_name(part):
                marks = tuple(marks_in(piece.marks)) if number == len(parts) - 1 else ()
                names.append(Name(part, marks, piece.x0, piece.x1, line.middle))
    # A line is a line of names or it is none: one that has more else is an affiliation.
    return names if names and len(names) >= 0.6 * pieces else []


_TURNED = re.compile(
    r"(?P<last>(?:[^\W\d_][\w'’.-]*\s+){0,3}[^\W\d_][\w'’-]+), "
    r"(?P<first>(?:[^\W\d_][\w'’.-]*\s*){1,3})"
)


def _turned(found: Sequence[_Piece], line: Line) -> list[Name]:
    """Names with the last name first, which semicolons set apart: "Schmidt, Anna M.; Li, Xu"."""
    if sum(piece.text.count(";") for piece in found) + 1 < 2:
        return []
    names: list[Name] = []
    for piece in found:
        parts = [part.strip(f" ;{MARKS}") for part in clean_text(piece.text).split(";")]
        parts = [part for part in parts if part]
        for number, part in enumerate(parts):
            told = _TURNED.fullmatch(part)
            if not told or not is_name(f"{told['first']} {told['last']}"):
                return []
            marks = tuple(marks_in(piece.marks)) if number == len(parts) - 1 else ()
            names.append(Name(part, marks, piece.x0, piece.x1, line.middle))
    return names


def _trimmed(piece: str) -> str:
    if piece.rstrip().endswith(("Jr.", "Sr.")):
        return piece.strip()
    return piece.strip(f" ,;.|()[]{{}}✉{MARKS}")


def is_name(text: str) -> bool:
    """Whether this can be a person's name: two to five capitalised words, particles apart."""
    tokens = text.split()
    if not 2 <= len(tokens) <= 6 or _AFFILIATION.search(text):
        return False
    if any(token.lower().strip(".") in _NOT_NAMES for token in tokens):
        return False
    proper = 0
    for token in tokens:
        if token.lower() in _PARTICLES and token.islower():
            continue
        if not _NAME_TOKEN.match(token) or not (token[0].isupper() or not token[0].isascii()):
            return False
        proper += 1
    return proper >= 2 and any(len(token.strip(".")) >= 2 for token in tokens)


@dataclass(slots=True)
class _Piece:
    """A stretch of a line of names, what is raised after it, and its edges."""

    text: str
    x0: float
    x1: float
    marks: str = ""


def _pieces(words: Sequence[PageWord], line: Line) -> list[_Piece]:
    """The text of words of a line, cut at marks and at wide gaps."""
    pieces: list[_Piece] = [_Piece("", words[0].x0, words[0].x1)]
    last: PageWord | None = None
    for word in words:
        if last is not None:
            if word.x0 - last.x1 > 0.9 * line.size:
                pieces.append(_Piece("", word.x0, word.x1))
            elif pieces[-1].text:
                pieces[-1].text += " "
        for text, style in word.parts:
            if text in ACCENTS:  # a letter's own, drawn apart and high
                pieces[-1].text += text
                continue
            marker = style.raised or style.size < 0.8 * line.size or all(c in MARKS for c in text)
            if marker and (not text.isalpha() or len(text) <= 2):
                marked = next((p for p in reversed(pieces) if p.text.strip(" ,;|")), pieces[-1])
                marked.marks += f" {text}"
                if pieces[-1].text:
                    pieces.append(_Piece("", word.x0, word.x1))
            else:
                said = text if len(word.parts) > 1 else word.text
                pieces[-1].text += said
                pieces[-1].x1 = word.x1
        last = word
    return [flat for piece in pieces for flat in _cut_at_marks(piece) if flat.text]


def _cut_at_marks(piece: _Piece) -> list[_Piece]:
    """Some fonts draw raised digits and signs in full size; a name has none."""
    cut: list[_Piece] = []
    for said in re.split(rf"(\d+|[{re.escape(MARKS)}]+)", piece.text):
        if said.strip(" ,;") and not (said[0].isdigit() or said[0] in MARKS):
            cut.append(_Piece(said.strip(), piece.x0, piece.x1))
        elif cut:
            cut[-1].marks += f" {said}"
    if cut:
        cut[-1].marks += f" {piece.marks}"
    return cut
