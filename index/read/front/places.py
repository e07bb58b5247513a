"""Reads affiliations below the names: the words of each, and the mark that refers to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.read.page.pages import Line, PageWord

MARKS = "*∗⁎†‡§¶⋆★☆✩✉♠♣♦♢♡♥⋄∥‖#\ufffd"
_SIGNS = {"∗": "*", "⁎": "*", "⋆": "*", "♡": "♥", "♢": "♦"}
_MARK = re.compile(rf"\d{{1,3}}|[a-zα-ω](?![a-zα-ω])|([{re.escape(MARKS)}+$])\1*")
_MARKED = re.compile(r"\d{1,2}(?:,\d)*(?=[A-Z][a-z])")
_ORCID = re.compile(r"\[?(?:\d{4}\s*[-−–]\s*){3}\d{3}[\dX]\]?")
ADDRESS = re.compile(r"@|\(at\)|https?://|www\.|(?:\d{4}-){3}\d{3}[\dX]|^doi:", re.I)
_INITIALS = re.compile(r"[A-ZØÅÄÖÜ]{2,4}[,:;]?")  # "OG, 0000-0001-7001-5142"
_ONLY_INITIALS = re.compile(r"\W*(?:[A-Z]\.-?){2,4}\W*")
ADDRESS_LABEL = re.compile(r"[(\[<]?(?:e-?mails?|orcid|url|web|homepage)s?:?$", re.I)
# What is said of authors where their places are: no place.
_NOTE = re.compile(
    r"\W*(?:correspon|equal|joint(?:ly)? (?!\w+ (?:institut|cent|lab|research|program))[a-z]|"
    r"(?:these )?authors? contributed|these authors|affiliations?:?$|"
    r"the (?:first|second|last)|(?:both|all) authors|current(?:ly)? |present address|"
    r"now (?:at|with)|work (?:was )?(?:done|performed)|contribut|further author|e-?mails?\b|"
    r"contact|support|thanks|orcid|compiled|draft|version|preprint|published|submitted|received|"
    r"accepted|revised|dated?\b|to whom|deceased|author for|lead author|proceedings|copyright|©|"
    r"this (?:work|research|paper|article)|manuscript|to appear|(?:first )?(?:published|appeared) |"
    r"\(?c\) |authors?['’]? address|address:|part of the|member of|on behalf of|"
    r"research (?:partially|partly|supported|is|was)|partially|partly|based on|key ?words|"
    r"author to whom|full list of|edited by|editors?\b|reviewed by|communicated by|"
    r"academic editor|author notes?|cite this|citation|warning\b|disclaimer|content warning|"
    r"anonymous|(?:graduate |student |senior |life )*(?:member|fellow), |senior author|shared )",
    re.I,
)
_SAYS = re.compile(r" (?:is|are|was|were|has|have|thank|thanks) [a-z]")  # a sentence
_PHONE = re.compile(r"(?:tel|phone|telephone|fax)\b[.:]?|\(\d{3}\)|\+\d{1,3}[-\d()]*$", re.I)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DATE = re.compile(
    rf"\W*(?:(?:\d{{1,2}}(?:st|nd|rd|th)?\.? )?{_MONTH},? (?:\d{{1,2}}(?:st|nd|rd|th)?,? )?\d{{4}}|"
    r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4})\W*$",
    re.I,
)
# Words of places in the languages that papers are written in, by their stems.
INSTITUTION = re.compile(
    r"\b(?:Univ(?:ersi[tdt]|\b)|Institut|Istitut|Instytut|Uniwersyt|Université|Hochschule|École\b|"
    r"Ecole\b|Facult|Fakult|Facolt|Dep(?:artment|artament|artement|t\b)|Département|Dipartimento|"
    r"Division|College|Collège|School|Academy|Akademi|Acad[eé]mi|Laborator|Laboratoire|Labs?\b|"
    r"Corporation|Corp\b|Inc\b|Ltd|GmbH|Company|Research|Recherche|Hospital|Hôpital|Klinik|Clinic|"
    r"Polytech|Politec|Cent(?:re|er)\b|Centro\b|Zentrum|Observator|Museum|Foundation|Technolog|"
    r"Ministry|Agency|Council|CNRS\b|INRIA\b|INSERM\b)"
    r"|大学|大學|学院|學院|研究|公司|医院|대학|연구",
    re.I,
)
_LEAST_LETTERS = 2
_SAID = 60  # words of a line that are checked to decide whether it is an affiliation
_NEAR = 2.8  # type sizes between a name and its place, with an address in between
_FAR = 8.0  # the same where the place names an institution, and the page has room


@dataclass(frozen=True, slots=True)
class Name:
    """An author's name on the page: its marks of affiliations, and its position."""

    text: str
    marks: tuple[str, ...]
    x0: float
    x1: float
    y: float
    beside: tuple[PageWord, ...] = ()  # a place in the name's own line


@dataclass(frozen=True, slots=True)
class AffiliationText:
    """An affiliation: its words, and how many characters at their head are its marker."""

    words: tuple[PageWord, ...]
    marker: int
    mark: str = ""

    @property
    def x0(self) -> float:
        """Its left edge in points, as the other three."""
        return min(word.x0 for word in self.words)

    @property
    def x1(self) -> float:
        """Its right edge."""
        return max(word.x1 for word in self.words)

    @property
    def y0(self) -> float:
        """Its upper edge."""
        return min(word.y0 for word in self.words)

    @property
    def y1(self) -> float:
        """Its lower edge."""
        return max(word.y1 for word in self.words)

    @property
    def text(self) -> str:
        """Its words without the marker."""
        return " ".join(word.text for word in self.words)[self.marker :]


def marks_in(text: str) -> list[str]:
    """The marks in what is printed raised: "1,2,∗" has three."""
    found = (match.group() for match in _MARK.finditer(_ORCID.sub(" ", text)))
    return ["".join(_SIGNS.get(c, c) for c in mark) for mark in found]


def without_addresses(words: Sequence[PageWord]) -> list[PageWord]:
    """The words without e-mail addresses, links, ORCIDs, and their labels and braces."""
    kept: list[PageWord] = []
    brace: int | None = None  # where "{anna, ben}@x.org" may have begun
    for word in words:
        if word.text.startswith(("{", "[", "(", "<")):
            brace = len(kept)
        if _PHONE.match(word.text):
            break
        if ADDRESS.search(word.text):
            closes = re.search(r"[}\])>|,]+@|^@", word.text)
            if brace is not None and closes:
                del kept[brace:]
            while kept and ADDRESS_LABEL.fullmatch(kept[-1].text):
                kept.pop()
            if "@" in word.text and len(kept) > 1 and _is_local(kept[-1], word):
                kept.pop()  # "anna li@x.org": its line under the space is a rule
            if _ORCID.search(word.text) and kept and _INITIALS.fullmatch(kept[-1].text):
                kept.pop()
            brace = None
        else:
            kept.append(word)
    while kept and kept[-1].text.lower().strip(",;.()") in ("and", "&", ""):
        kept.pop()
    return kept


def _is_local(word: PageWord, address: PageWord) -> bool:
    """Whether a word in small letters right before an address is the first part of it."""
    small = word.text.isascii() and word.text.isalpha() and word.text.islower()
    return small and len(word.text) > 3 and 0 < address.x0 - word.x1 < 4


def is_note(text: str) -> bool:
    """Whether a line says something of authors or of the paper, and names no place."""
    return bool(_NOTE.match(text) or _DATE.match(text) or _SAYS.search(text))


def find_places(rows: Sequence[Line], named: set[int], marks: set[str]) -> list[AffiliationText]:
    """The affiliations in the rows below a title; ``named`` are the lines with names (by
    identity), ``marks`` are those of the authors.

    A place begins at a mark, or at a line with nothing right above, and may have several lines. One
    without a mark names an institution, or is below a name or another place.
    """
    places: list[_OpenAffiliation] = []
    column: list[_OpenAffiliation | None] = []  # what each line went to; None: a note
    above: list[Line] = []
    pending: PageWord | None = None  # a mark that the file set apart from its place
    for line in rows:
        if id(line) in named:
            above.append(line)
            column.append(None)
            continue
        words = line.words
        if len(words) == 1 and _flat_mark(words[0], marks) and len(line.text) <= 2:
            pending = words[0]
            continue
        set_apart = pending if pending and abs(_middle(pending) - line.middle) < line.size else None
        last = next(
            (n for n in reversed(range(len(above))) if is_right_below(above[n], line)), None
        )
        at = column[last] if last is not None else None
        noted = last is not None and at is None and id(above[last]) not in named
        pending = None
        for number, word in enumerate(words):
            length = _mark_length(line, number, at, marks)
            begins = bool(length) or (number == 0 and set_apart is not None)
            said = ""
            if begins or number == 0:
                said = " ".join(one.text for one in words[number : number + _SAID])[length:].strip()
            if number == 0 and not begins:
                begins = at is None or _begins_another(at, said)
                if noted and (len(above[last or 0].words) < 3 or not INSTITUTION.search(said)):
                    begins = False  # "Correspondence", and below it whose address
                if begins and not _may_be_place(line, said, above, named, column):
                    begins, at = False, None
            if begins:
                mark = marks_in(word.text[:length]) if length else []
                if number == 0 and set_apart is not None:
                    mark = marks_in(set_apart.text)
                at = None if is_note(said) else _OpenAffiliation(length, mark[0] if mark else "")
                if at is not None:
                    places.append(at)
            if at is not None:
                at.words.append(word)
        above.append(line)
        column.append(at)
    for place in places:
        while place.words and ADDRESS_LABEL.fullmatch(place.words[-1].text):
            place.words.pop()
    done = [AffiliationText(tuple(p.words), p.marker, p.mark) for p in places if p.words]
    return [place for place in done if not _is_little(place.text)]


def _mark_length(line: Line, number: int, at: _OpenAffiliation | None, marks: set[str]) -> int:
    """The length of the affiliation mark at the head of a word; 0 if it has none."""
    word = line.words[number]
    length = marker_length(word, line)
    if number == 0:
        return length or (len(word.text) if _flat_mark(word, marks) else 0)
    if at is not None and _follows(word, line.words[number - 1], at.mark, marks):
        return len(word.text)
    if length and word.text[0] in MARKS and marks.isdisjoint(marks_in(word.text[:length])):
        return 0  # "#323"
    return length


def is_running(said: str) -> bool:
    """Whether most words of a line are in lower case, as in a sentence and in few addresses."""
    words = [word for word in said.split() if word.isalpha()]
    small = sum(word.islower() and len(word) > 3 for word in words)
    return small > 2 and small > (0.5 if INSTITUTION.search(said) else 0.3) * len(words)


def _is_little(text: str) -> bool:
    """Whether the rest is not an affiliation: almost no letters, or initials ("T.A.W.;")."""
    return sum(c.isalpha() for c in text) < _LEAST_LETTERS or bool(_ONLY_INITIALS.fullmatch(text))


def _may_be_place(
    line: Line,
    said: str,
    above: Sequence[Line],
    named: set[int],
    column: Sequence[_OpenAffiliation | None],
) -> bool:
    """Whether an unmarked line can be a place: no running text; it names an institution, or no
    more than a line's room is between it and a name or a place.
    """
    if said.islower() or is_running(said):  # what was before an "@", or a sentence
        return False
    names_one = bool(INSTITUTION.search(said))
    apart = _FAR if names_one else _NEAR
    near = (
        one for one, at in zip(above, column, strict=True)
        if (at is not None or id(one) in named)
        and 0 < line.middle - one.middle < apart * max(line.size, one.size)
    )  # fmt: skip
    if names_one:
        return any(True for _ in near)
    return any(min(one.x1, line.x1) - max(one.x0, line.x0) > 0 for one in near)


class _OpenAffiliation:
    """An affiliation that may continue on the next line."""

    def __init__(self, marker: int, mark: str) -> None:
        self.words: list[PageWord] = []
        self.marker = marker
        self.mark = mark


def _begins_another(at: _OpenAffiliation, said: str) -> bool:
    """Whether an unmarked line below a place is another place: one that was whole, and this too."""
    before = " ".join(word.text for word in at.words)
    if at.mark:  # up to the next mark
        return is_note(said)
    # It ends in a town or a country: after a department comes its university.
    end = before.rsplit(",", 1)[-1]
    whole = "," in before and INSTITUTION.search(before) and not INSTITUTION.search(end)
    closed = whole and not before.endswith((",", "-"))
    return is_note(said) or bool(closed and "," in said and INSTITUTION.search(said))


def is_right_below(above: Line, line: Line) -> bool:
    """Whether a line is right below another one, in the same column and in its size."""
    step = line.middle - above.middle
    beside = min(above.x1, line.x1) - max(above.x0, line.x0)
    close = 0.4 * line.size < step < 1.7 * max(line.size, above.size)
    return above.page == line.page and close and beside > 0


def _middle(word: PageWord) -> float:
    return (word.y0 + word.y1) / 2


def _flat_mark(word: PageWord, marks: set[str]) -> bool:
    """Whether a word in full size is the mark of an author: "1" before "University of X"."""
    said = word.text.rstrip(".):").lstrip("(")
    return marks_in(said) == [said] and said in marks


def _follows(word: PageWord, before: PageWord, mark: str, marks: set[str]) -> bool:
    """Whether a number in full size within a line is the mark of the next place: "..., Sweden, 2
    Department of ..." after the place with mark 1.
    """
    said = word.text
    counted = said.isdigit() and mark.isdigit() and int(said) == int(mark) + 1
    return counted and said in marks and before.text[-1] in ",.;"


def marker_length(word: PageWord, line: Line) -> int:
    """Characters at the head of the word that refer from an author to this place: "1", "†"."""
    length = 0
    for number, (text, style) in enumerate(word.parts):
        beside = word.parts[number + 1][1].size if number + 1 < len(word.parts) else line.size
        small = style.raised or style.size < 0.9 * beside
        lettered = sum(c.isalpha() for c in text) > 2
        if lettered or (not small and not all(c in MARKS + "(),." for c in text)):
            break
        length += len(text)
    if length == 0:
        length = len(word.text) - len(word.text.lstrip(MARKS))
        digits = _MARKED.match(word.text)
        length = digits.end() if digits else length
    return length if word.text[:length].strip("(.,;") else 0


def leading_mark(line: Line) -> str:
    """The mark at the head of a line that refers from an author to a place; "" without one."""
    word = line.words[0]
    found = marks_in(word.text[: marker_length(word, line)])
    if not found and len(line.words) > 1:
        said = word.text.rstrip(".):").lstrip("(")
        found = [said] if marks_in(said) == [said] else []
    return found[0] if found else ""
