"""Page 1 above the abstract: title, authors, affiliations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.read.pages import Line, PageWord

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
_MARKED = re.compile(r"\d{1,2}(?:,\d)*(?=[A-Z][a-z])")
_NUMBERED = re.compile(r"\d{1,2}(?=\D|$)")
_MARKS = "*∗†‡§¶⋆♠♣♦♢♡\ufffd"
_AND = re.compile(r"\s*(?:,|;|&|·|•|\band\b|\bund\b|\bet\b)\s*")
_NOT_NAMES = frozenset({
    "abstract", "student", "member", "ieee", "fellow", "senior", "equal", "contribution",
    "authors", "anonymous",
})  # fmt: skip


def is_collective(text: str) -> bool:
    """Whether this names a group as author: "The gloss authors"."""
    return bool(_COLLECTIVE.fullmatch(text))


@dataclass(frozen=True, slots=True)
class Place:
    """An affiliation: its words, and how many characters at their head are its marker."""

    words: tuple[PageWord, ...]
    marker: int


@dataclass(frozen=True, slots=True)
class Front:
    """What stands above the abstract: the title's lines, the names, the lines of affiliations."""

    title_lines: tuple[Line, ...]
    authors: tuple[str, ...]
    places: tuple[Place, ...]


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
    first = next(
        i
        for i, line in enumerate(lines)
        if any(line is one for one in worded) and line.size >= largest - 0.1
    )
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


def _mostly_bold(line: Line) -> bool:
    """A system's name in typewriter type does not make a bold title's line another kind of line."""
    return sum(word.style.bold for word in line.words) > 0.5 * len(line.words)


def read_front(lines: Sequence[Line], title: tuple[Line, ...]) -> Front:
    """Names and affiliations from the lines between title and abstract (page 1, unjoined)."""
    below = max((line.y1 for line in title), default=0.0)
    inside = {id(line) for line in title}
    rows = [line for line in lines if id(line) not in inside and line.y0 >= below - 2]
    rows.sort(key=lambda line: (round(line.middle / 5), line.x0))
    rows = [line for line in rows if not _DATELINE.match(line.text)]
    authors: list[str] = []
    style: tuple[bool, float] | None = None
    affiliations: list[Line] = []
    for line in rows:
        names = _names(line) if style is None or _like(line, style) else []
        if names:
            style = style or (line.words[0].style.bold, line.size)
            authors += [name for name in names if name not in authors]
        elif not _CONTACT.search(line.text) and sum(c.isalpha() for c in line.text) >= 2:
            affiliations.append(line)
    return Front(title, tuple(authors), tuple(_places(affiliations)))


def _like(line: Line, style: tuple[bool, float]) -> bool:
    bold, size = style
    main = next((word for word in line.words if not word.style.raised), line.words[0])
    return main.style.bold == bold and abs(line.size - size) < 0.7


def _names(line: Line) -> list[str]:
    if _CONTACT.search(line.text):
        return []
    if is_collective(line.text.strip(" *∗†‡")):
        return [line.text.strip(" *∗†‡")]
    pieces = [name for piece in _pieces(line) for name in _AND.split(piece)]
    pieces = [
        piece.strip(" ,;.*∗†‡§¶") if not piece.rstrip().endswith(("Jr.", "Sr.")) else piece.strip()
        for piece in pieces
    ]
    pieces = [piece for piece in pieces if piece]
    names = [piece for piece in pieces if is_name(piece)]
    # A line is a line of names or it is none: one that has more else is an affiliation.
    return names if names and len(names) >= 0.6 * len(pieces) else []


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


def _pieces(line: Line) -> list[str]:
    """The line's text, cut at raised marks and at wide gaps."""
    pieces: list[str] = [""]
    last: PageWord | None = None
    for word in line.words:
        if last is not None:
            wide = word.x0 - last.x1 > 0.9 * line.size
            if wide:
                pieces.append("")
            elif pieces[-1]:
                pieces[-1] += " "
        for text, style in word.parts:
            marker = style.raised or style.size < 0.8 * line.size or all(c in _MARKS for c in text)
            if marker and (not text.isalpha() or len(text) <= 2):
                pieces.append("")
            else:
                pieces[-1] += text if len(word.parts) > 1 else word.text
        last = word
    # Some fonts draw raised digits in full size; a name has no digits.
    cut = [name for piece in pieces for name in re.split(r"\d+", piece)]
    return [piece.strip() for piece in cut if piece.strip()]


def _places(lines: list[Line]) -> list[Place]:
    """Affiliations: each begins at a marker or in a block of its own, and may run over lines."""
    places: list[list[PageWord]] = []
    marks: list[int] = []
    last: Line | None = None
    for line in lines:
        for number, word in enumerate(line.words):
            mark = _marker(word, line)
            new = number == 0 and (last is None or last.block != line.block)
            if mark or new or (number == 0 and _NUMBERED.match(word.text)):
                places.append([])
                marks.append(mark)
            places[-1].append(word)
        last = line
    return [Place(tuple(words), mark) for words, mark in zip(places, marks, strict=True)]


def _marker(word: PageWord, line: Line) -> int:
    """Characters at the head of the word that refer from an author to this place: "1", "†"."""
    length = 0
    for text, style in word.parts:
        small = style.raised or style.size < 0.8 * line.size
        if not small and any(c.isalnum() for c in text):
            break
        length += len(text)
    if length == 0:
        length = len(word.text) - len(word.text.lstrip(_MARKS))
        digits = _MARKED.match(word.text)
        length = digits.end() if digits else length
    return length if word.text[:length].strip("(") else 0
