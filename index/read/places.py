"""Affiliations on page 1: the words of each place, and whose places they are.

What refers from a name to a place is a mark ("1", "a", "*"), or the column, the row above or the
line that both stand in. Where neither tells, an author has no places: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.read.pages import Line, PageWord

MARKS = "*∗⁎†‡§¶⋆★☆✩✉♠♣♦♢♡♥⋄∥‖#\ufffd"
_SIGNS = {"∗": "*", "⁎": "*", "⋆": "*", "♡": "♥", "♢": "♦"}
_MARK = re.compile(rf"\d{{1,2}}|[a-zα-ω](?![a-zα-ω])|([{re.escape(MARKS)}+$])\1*")
_MARKED = re.compile(r"\d{1,2}(?:,\d)*(?=[A-Z][a-z])")
_NUMBERED = re.compile(r"\d{1,2}(?=\D|$)")
_ORCID = re.compile(r"\[?(?:\d{4}\s*[-−–]\s*){3}\d{3}[\dX]\]?")
_ADDRESS = re.compile(r"@|\(at\)|https?://|www\.|(?:\d{4}-){3}\d{3}[\dX]|^doi:", re.I)
_INITIALS = re.compile(r"[A-ZØÅÄÖÜ]{2,4}[,:;]?")  # "OG, 0000-0001-7001-5142"
_ONLY_INITIALS = re.compile(r"\W*(?:[A-Z]\.-?){2,4}\W*")
_ADDRESS_LABEL = re.compile(r"[(\[<]?(?:e-?mails?|orcid|url|web|homepage)s?:?$", re.I)
# What is said of authors where their places stand: no place.
_NOTE = re.compile(
    r"\W*(?:correspon|equal|joint(?:ly)? (?!\w+ (?:institut|cent|lab|research|program))[a-z]|"
    r"these authors|the (?:first|second|last)|(?:both|all) authors|current(?:ly)? |present address|"
    r"now (?:at|with)|work (?:was )?(?:done|performed)|contribut|further author|e-?mails?\b|"
    r"contact|support|thanks|orcid|compiled|draft|version|preprint|published|submitted|received|"
    r"accepted|revised|dated?\b|to whom|deceased|author for|lead author|proceedings|copyright|©|"
    r"this (?:work|research|paper|article)|manuscript|to appear|(?:first )?(?:published|appeared) |"
    r"\(?c\) |authors?['’]? address|address:|part of the|member of|on behalf of|"
    r"author to whom|full list of|edited by|editors?\b|reviewed by|communicated by|"
    r"academic editor|author notes?|cite this|citation|warning\b|disclaimer|content warning|"
    r"anonymous|(?:graduate |student |senior |life )*(?:member|fellow), |senior author|shared )",
    re.I,
)
_SAYS = re.compile(r"[^\W\d_]\S* (?:is|are|was|were|has|have|thank|thanks) [a-z]")  # a sentence
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
_LIST_LABEL = re.compile(
    r"(?:list of )?(?:authors?['’]?s? )?(?:affiliations?:|details\b:?$|details\b:?(?= ?\d)|"
    r"information:?(?= ?\d)|addresses:|institutional affiliations:?)"
    r"|author affiliations?\b(?! and)",
    re.I,
)
_SHORTENED = frozenset({"Univ.", "Dept.", "Inst.", "Lab.", "Dep.", "Prof."})
_LEAST_LETTERS = 2
_MOST_LINES, _MOST_WORDS = 4, 40  # of a place without a mark in a footnote
_NEAR = 2.8  # type sizes between a name and its place, with an address in between
_FAR = 8.0  # the same where the place names an institution, and the page has room


@dataclass(frozen=True, slots=True)
class Name:
    """An author's name on the page: what refers from it to places, and where it stands."""

    text: str
    marks: tuple[str, ...]
    x0: float
    x1: float
    y: float
    beside: tuple[PageWord, ...] = ()  # a place in the name's own line


@dataclass(frozen=True, slots=True)
class Place:
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
    """The words that are no e-mail, link or ORCID, nor the label or the braces of one."""
    kept: list[PageWord] = []
    brace: int | None = None  # where "{anna, ben}@x.org" may have begun
    for word in words:
        if word.text.startswith(("{", "[", "(", "<")):
            brace = len(kept)
        if _PHONE.match(word.text):
            break
        if _ADDRESS.search(word.text):
            closes = re.search(r"[}\])>|,]+@|^@", word.text)
            if brace is not None and closes:
                del kept[brace:]
            while kept and _ADDRESS_LABEL.fullmatch(kept[-1].text):
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


def find_places(rows: Sequence[Line], named: set[int], marks: set[str]) -> list[Place]:
    """The affiliations in the rows below a title; ``named`` are the lines with names (by
    identity), ``marks`` are those of the authors.

    A place begins at a mark, or where nothing stands closely above, and may run over lines. One
    without a mark names an institution, or stands below a name or another place.
    """
    places: list[_Open] = []
    column: list[_Open | None] = []  # what each line went to; None: a note
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
        last = next((n for n in reversed(range(len(above))) if stands_below(above[n], line)), None)
        at = column[last] if last is not None else None
        noted = last is not None and at is None and id(above[last]) not in named
        pending = None
        for number, word in enumerate(words):
            length = _marker(word, line)
            said = " ".join(one.text for one in words[number:])[length:]
            if not length and number == 0 and _flat_mark(word, marks):
                length = len(word.text)
                said = " ".join(one.text for one in words[1:])
            if number and length and word.text[0] in MARKS and not _is_known(word, length, marks):
                length = 0  # "#323"
            if number and at is not None and _follows(word, words[number - 1], at.mark, marks):
                length = len(word.text)
                said = " ".join(one.text for one in words[number + 1 :])
            begins = bool(length) or (number == 0 and set_apart is not None)
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
                at = None if is_note(said) else _Open(length, mark[0] if mark else "")
                if at is not None:
                    places.append(at)
            if at is not None:
                at.words.append(word)
        above.append(line)
        column.append(at)
    for place in places:
        while place.words and _ADDRESS_LABEL.fullmatch(place.words[-1].text):
            place.words.pop()
    done = [Place(tuple(p.words), p.marker, p.mark) for p in places if p.words]
    return [place for place in done if not _is_little(place.text)]


def _is_running(said: str) -> bool:
    """Whether most words of a line are in lower case, as in a sentence and in few addresses."""
    words = [word for word in said.split() if word.isalpha()]
    small = sum(word.islower() and len(word) > 3 for word in words)
    return len(words) > 2 and small > (0.5 if INSTITUTION.search(said) else 0.3) * len(words)


def _is_little(text: str) -> bool:
    """Whether what is left is no place: hardly a letter, or an author's initials ("T.A.W.;")."""
    return sum(c.isalpha() for c in text) < _LEAST_LETTERS or bool(_ONLY_INITIALS.fullmatch(text))


def _may_be_place(
    line: Line,
    said: str,
    above: Sequence[Line],
    named: set[int],
    column: Sequence[_Open | None],
) -> bool:
    """Whether an unmarked line can be a place: no running text; it names an institution, or no
    more than a line's room is between it and a name or a place.
    """
    if said.islower() or _is_running(said):  # what was before an "@", or a sentence
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


class _Open:
    """A place that may go on."""

    def __init__(self, marker: int, mark: str) -> None:
        self.words: list[PageWord] = []
        self.marker = marker
        self.mark = mark


def _begins_another(at: _Open, said: str) -> bool:
    """Whether an unmarked line below a place is another place: one that was whole, and this too."""
    before = " ".join(word.text for word in at.words)
    if at.mark:  # up to the next mark
        return is_note(said)
    # It ends in a town or a country: after a department comes its university.
    end = before.rsplit(",", 1)[-1]
    whole = "," in before and INSTITUTION.search(before) and not INSTITUTION.search(end)
    closed = whole and not before.endswith((",", "-"))
    return is_note(said) or bool(closed and "," in said and INSTITUTION.search(said))


def stands_below(above: Line, line: Line) -> bool:
    """Whether a line stands right below another one, in the same column and in its size."""
    step = line.middle - above.middle
    beside = min(above.x1, line.x1) - max(above.x0, line.x0)
    return 0.4 * line.size < step < 1.7 * max(line.size, above.size) and beside > 0


def _middle(word: PageWord) -> float:
    return (word.y0 + word.y1) / 2


def _flat_mark(word: PageWord, marks: set[str]) -> bool:
    """Whether a word in full size is the mark of an author: "1" before "University of X"."""
    said = word.text.rstrip(".):").lstrip("(")
    return marks_in(said) == [said] and said in marks


def _is_known(word: PageWord, length: int, marks: set[str]) -> bool:
    return not marks.isdisjoint(marks_in(word.text[:length]))


def _follows(word: PageWord, before: PageWord, mark: str, marks: set[str]) -> bool:
    """Whether a number in full size within a line is the mark of the next place: "..., Sweden, 2
    Department of ..." after the place with mark 1.
    """
    said = word.text
    counted = said.isdigit() and mark.isdigit() and int(said) == int(mark) + 1
    return counted and said in marks and before.text[-1] in ",.;"


def _marker(word: PageWord, line: Line) -> int:
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
    found = marks_in(word.text[: _marker(word, line)])
    if not found and len(line.words) > 1:
        said = word.text.rstrip(".):").lstrip("(")
        found = [said] if marks_in(said) == [said] else []
    return found[0] if found else ""


def find_noted(lines: Sequence[Line], marks: set[str], certain: bool = False) -> list[Place]:
    """The places in a footnote, each after its mark, up to the end of what can be one.

    "∗Equal contribution. 1University of Kiel, Germany. Correspondence to: ..." has one. Where
    ``certain``, the block is said to list affiliations: a place need not name an institution.
    """
    places: list[Place] = []
    words: list[PageWord] = []
    marker, mark = 0, ""

    def close() -> None:
        while words and words[-1].text.lower() in ("and", "&"):
            words.pop()
        said = " ".join(word.text for word in words)[marker:].strip()
        if mark in marks and (certain or INSTITUTION.search(said)) and not is_note(said):
            places.append(Place(tuple(words), marker, mark))

    brace = 0  # where "{anna, ben}@x.org" may have begun
    for line in lines:
        for number, word in enumerate(line.words):
            length = _marker(word, line)
            if word.text.startswith(("{", "[")):
                brace = len(words)
            left = " ".join(one.text for one in line.words[number : number + 4])
            ended = words and (number == 0 or words[-1].text.endswith(".")) and is_note(left)
            if length or ended:
                close()
                marker, words = length, []
                found = marks_in(word.text[:length])
                mark = found[0] if found else ""
            if _ADDRESS.search(word.text):
                if re.search(r"[}\]]+@|^@", word.text):
                    del words[brace:]
                close()
                words, mark = [], ""
            elif not _ADDRESS_LABEL.fullmatch(word.text):
                words.append(word)
    close()
    return places


def find_unmarked(notes: Sequence[Sequence[Line]]) -> list[Place]:
    """The place that a footnote gives without a mark, below an address: that of all authors."""
    for lines in notes:
        found: list[Line] = []
        goes_on = False  # a note that has no end yet
        for line in [*lines, None]:
            addressed = line is not None and bool(_ADDRESS.search(line.text))
            if line is not None and not addressed and (goes_on or is_note(line.text)):
                goes_on = not line.text.endswith((".", ":"))
            elif line is not None and not addressed:
                found.append(line)
                continue
            else:
                goes_on = False
            said = " ".join(one.text for one in found)
            short = "," in said and len(found) <= _MOST_LINES and len(said.split()) <= _MOST_WORDS
            if short and INSTITUTION.search(said) and not _is_running(said):
                return [Place(tuple(word for one in found for word in one.words), 0)]
            found = []
    return []


def is_list_of_places(text: str) -> bool:
    """Whether a block begins with the heading of a list of affiliations."""
    return bool(_LIST_LABEL.match(text))


def find_listed(
    blocks: Sequence[Sequence[Line]], names: Sequence[Name]
) -> tuple[list[Place], list[tuple[int, ...]]]:
    """Affiliations in a block that says so ("Author Affiliations:"), at the side or the end.

    Each stands after its mark, or before the last names of its authors in brackets. The places,
    and for each name the numbers of its places.
    """
    marks = {mark for name in names for mark in name.marks}
    for block in blocks:
        lines = _after_label(block)
        marked = find_noted(lines, marks, certain=True)
        if marked:
            return marked, bind(names, marked)
        places, given = _with_last_names([word for line in lines for word in line.words], names)
        if places:
            return places, given
    return [], [() for _ in names]


def _after_label(block: Sequence[Line]) -> list[Line]:
    """A block's lines without the words of its label."""
    lines: list[Line] = []
    label = _LIST_LABEL.match(" ".join(line.text for line in block))
    left = len(label.group().split()) if label else 0
    for line in block:
        words = line.words[left:]
        left = max(left - len(line.words), 0)
        if words:
            lines.append(Line(line.page, line.block, words, line.upright, line.column))
    return lines


def _with_last_names(
    words: Sequence[PageWord], names: Sequence[Name]
) -> tuple[list[Place], list[tuple[int, ...]]]:
    """Places with their authors in brackets: "University of X, Kiel (Schmidt, Ito); ..."."""
    last = [name.text.lower().split()[-1] for name in names]
    places: list[Place] = []
    given: list[list[int]] = [[] for _ in names]
    open_at: int | None = None
    first = 0
    for number, word in enumerate(words):
        if word.text.startswith("("):
            open_at = number
        if open_at is None or ")" not in word.text:
            continue
        inside = " ".join(one.text for one in words[open_at : number + 1]).strip("();., ").lower()
        inside = inside.replace("- ", "-")
        said = {one.strip().split()[-1] for one in re.split(r"[,;]|\band\b", inside) if one.strip()}
        if said and said <= set(last):
            for k, one in enumerate(last):
                if one in said:
                    given[k].append(len(places))
            places.append(Place(tuple(words[first:open_at]), 0))
            first = number + 1
        open_at = None
    whole = [place for place in places if place.words]
    if len(whole) < len(places):
        return [], [() for _ in names]
    return places, [tuple(found) for found in given]


def find_told(
    notes: Sequence[Sequence[Line]], names: Sequence[Name]
) -> tuple[list[Place], list[tuple[int, ...]]]:
    """What footnotes say in words: "A. Li and B. Ito are with the Institute of X, Y, Japan."

    The places, and for each name the numbers of its places.
    """
    places: list[Place] = []
    given: list[list[int]] = [[] for _ in names]
    for note in notes:
        words = [word for line in note for word in line.words]
        texts = [word.text for word in words]
        whose: list[int] = []
        for number in range(1, len(words) - 2):
            if texts[number] != "with":
                continue
            if texts[number - 1].lower() in ("is", "are", "was", "were"):
                subject = " ".join(texts[_begin(texts, number - 1) : number - 1])
                whose = [k for k, name in enumerate(names) if _is_said(name, subject)]
            elif texts[number - 1].lower() != "also":
                continue
            first = number + 1 + (texts[number + 1] in ("the", "The"))
            last = _end_of_place(texts, first)
            told = Place(tuple(words[first:last]), 0)
            if whose and last > first and sum(c.isalpha() for c in told.text) > 3:
                for k in whose:
                    given[k].append(len(places))
                places.append(told)
    return places, [tuple(found) for found in given]


def _begin(texts: Sequence[str], before: int) -> int:
    """Where the sentence begins that has its verb here: after a full stop that ends no initial."""
    for number in range(before - 1, -1, -1):
        if texts[number].endswith(".") and len(texts[number].strip(".-")) > 2:
            return number + 1
    return 0


def _end_of_place(texts: Sequence[str], first: int) -> int:
    """After the last word of a place: a full stop, an address, or what else is said comes next."""
    for number in range(first, len(texts)):
        said = texts[number]
        if _ADDRESS.search(said) or _ADDRESS_LABEL.fullmatch(said) or said.startswith("("):
            return number
        if said in ("and", "and,") and number + 1 < len(texts) and texts[number + 1] == "also":
            return number
        after = texts[number + 1] if number + 1 < len(texts) else ""
        stops = said.endswith(".") and (not after or after[0].isupper())
        if said.endswith(";") or (stops and len(said) > 3 and said not in _SHORTENED):
            return number + 1
    return len(texts)


def _is_said(name: Name, subject: str) -> bool:
    """Whether a sentence's subject is this author: by the last name, or as one of "the authors"."""
    said = subject.lower().replace("- ", "-")
    if re.fullmatch(r"(?:all |both )?(?:the )?(?:\w+ )?authors", said):
        return "author" in said and not re.search(r"\b(?:first|second|third|last|other)\b", said)
    last = name.text.lower().removesuffix(" jr.").split()[-1]
    initial = name.text[0].lower()
    return bool(re.search(rf"\b{initial}[\w.'-]*[^,;]*\b{re.escape(last)}\b", said))


# --- whose places ---------------------------------------------------------------------------------


def bind(names: Sequence[Name], places: Sequence[Place]) -> list[tuple[int, ...]]:
    """For each name the numbers of its places."""
    given = [_by_mark(name, places) for name in names]
    free = [n for n, place in enumerate(places) if not _refers(place, names)]
    for number, found in enumerate(given):
        own = names[number].beside
        if own:
            given[number] = tuple(n for n, place in enumerate(places) if place.words == own)
        elif not found and any(given) and not any(name.beside for name in names):
            # All that have no mark share the one place that has none.
            given[number] = tuple(free) if len(_rows(free, places)) == 1 else ()
    if any(given):
        return given
    plain = [n for n in free if not places[n].mark] or free  # a mark that no name has
    return _by_column(names, places, plain)


def _refers(place: Place, names: Sequence[Name]) -> bool:
    return bool(place.mark) and any(_has(name, place.mark, {place.mark}) for name in names)


def _by_mark(name: Name, places: Sequence[Place]) -> tuple[int, ...]:
    known = {place.mark for place in places if place.mark}
    found: list[int] = []
    for mark in name.marks:
        wanted = [mark] if mark in known else list(mark) if mark.isdigit() else []
        found += [
            n for one in wanted for n, place in enumerate(places)
            if place.mark == one and n not in found
        ]  # fmt: skip
    return tuple(found)


def _has(name: Name, mark: str, known: set[str]) -> bool:
    return any(
        one == mark or (one.isdigit() and one not in known and mark in one) for one in name.marks
    )


def _rows(numbers: Sequence[int], places: Sequence[Place]) -> list[list[int]]:
    """The places that stand side by side, row by row."""
    rows: list[list[int]] = []
    for n in sorted(numbers, key=lambda n: places[n].y0):
        middle = (places[n].y0 + places[n].y1) / 2
        if rows and middle < max(places[m].y1 for m in rows[-1]):
            rows[-1].append(n)
        else:
            rows.append([n])
    return rows


def _by_column(
    names: Sequence[Name], places: Sequence[Place], free: Sequence[int]
) -> list[tuple[int, ...]]:
    """Each place belongs to the names right above it: in its column, or to a row that it closes."""
    given: list[list[int]] = [[] for _ in names]
    for n in free:
        for number in _above(names, places, free, n):
            given[number].append(n)
    return [tuple(found) for found in given]


def _above(
    names: Sequence[Name], places: Sequence[Place], free: Sequence[int], n: int
) -> Iterator[int]:
    place = places[n]
    higher = [k for k, name in enumerate(names) if name.y < place.y0 + 1]
    if not higher:
        return
    beside = [
        m for m in free
        if m != n and min(places[m].y1, place.y1) > max(places[m].y0, place.y0)
    ]  # fmt: skip
    if beside:
        higher = [k for k in higher if _shares(names[k], place)]
        if not higher:
            return
    last = max(names[k].y for k in higher)
    row = [k for k in higher if last - names[k].y < 4]
    if not beside and not any(_shares(names[k], place) for k in row) and len(row) > 1:
        centre = (min(names[k].x0 for k in row) + max(names[k].x1 for k in row)) / 2
        if abs(centre - (place.x0 + place.x1) / 2) > 12:
            return
    alone = not beside and _closes(names, row, place)
    for k in higher:
        name = names[k]
        between = any(
            name.y < places[m].y0 < last
            and (_shares(name, places[m]) or (alone and not _in_a_row(places[m], names)))
            for m in free
            if m != n
        )
        if not between and (alone or _shares(name, place)):
            yield k


def _in_a_row(place: Place, names: Sequence[Name]) -> bool:
    """Whether names stand at a place's side: it belongs to its column alone."""
    return any(place.y0 - 3 < name.y < place.y1 + 3 for name in names)


def _closes(names: Sequence[Name], row: Sequence[int], place: Place) -> bool:
    """Whether a single place below a row of names is set for all of them: in their middle, or
    from the same edge.
    """
    left, right = min(names[k].x0 for k in row), max(names[k].x1 for k in row)
    centred = abs((left + right) - (place.x0 + place.x1)) < 24
    return centred or abs(left - place.x0) < 6 or (place.x0 <= left + 6 and place.x1 >= right - 6)


def _shares(name: Name, place: Place) -> bool:
    return min(name.x1, place.x1) - max(name.x0, place.x0) > 0
