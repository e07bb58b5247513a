"""Reads affiliations that are not below the names: in footnotes, at the side, at the end."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.read.front.places import (
    ADDRESS,
    ADDRESS_LABEL,
    INSTITUTION,
    AffiliationText,
    Name,
    is_note,
    is_running,
    marker_length,
    marks_in,
)
from index.read.front.whose import bind
from index.read.page.pages import Line, PageWord

_LIST_LABEL = re.compile(
    r"(?:list of )?(?:authors?['’]?s? )?(?:affiliations?:|details\b:?$|details\b:?(?= ?\d)|"
    r"information:?(?= ?\d)|addresses:|institutional affiliations:?)"
    r"|author affiliations?\b(?! and)",
    re.I,
)
_SHORTENED = frozenset({"Univ.", "Dept.", "Inst.", "Lab.", "Dep.", "Prof."})
_MOST_LINES, _MOST_WORDS = 4, 40  # of a place without a mark in a footnote


def find_noted(
    lines: Sequence[Line], marks: set[str], certain: bool = False
) -> list[AffiliationText]:
    """The places in a footnote, each after its mark, up to the end of what can be one.

    "∗Equal contribution. 1University of Kiel, Germany. Correspondence to: ..." has one. Where
    ``certain``, the block is said to list affiliations: a place need not name an institution.
    """
    found_places: list[AffiliationText] = []
    words: list[PageWord] = []
    marker, mark = 0, ""

    def close() -> None:
        while words and words[-1].text.lower() in ("and", "&"):
            words.pop()
        said = " ".join(word.text for word in words)[marker:].strip()
        if mark in marks and said and not is_note(said):
            found_places.append(AffiliationText(tuple(words), marker, mark))

    brace = 0  # where "{anna, ben}@x.org" may have begun
    for line in lines:
        for number, word in enumerate(line.words):
            length = marker_length(word, line)
            if word.text.startswith(("{", "[")):
                brace = len(words)
            left = " ".join(one.text for one in line.words[number : number + 4])
            ended = words and (number == 0 or words[-1].text.endswith(".")) and is_note(left)
            if length or ended:
                close()
                marker, words = length, []
                found = marks_in(word.text[:length])
                mark = found[0] if found else ""
            if ADDRESS.search(word.text):
                if re.search(r"[}\]]+@|^@", word.text):
                    del words[brace:]
                close()
                words, mark = [], ""
            elif not ADDRESS_LABEL.fullmatch(word.text):
                words.append(word)
    close()
    named = [place for place in found_places if INSTITUTION.search(place.text)]
    # Among several that name an institution, the others are places too.
    return found_places if certain or len(named) > 1 else named


def find_unmarked(notes: Sequence[Sequence[Line]]) -> list[AffiliationText]:
    """The place that a footnote gives without a mark, below an address: that of all authors."""
    for lines in notes:
        found: list[Line] = []
        continued = False  # a note that has no end yet
        for line in [*lines, None]:
            addressed = line is not None and bool(ADDRESS.search(line.text))
            if line is not None and not addressed and (continued or is_note(line.text)):
                continued = not line.text.endswith((".", ":"))
            elif line is not None and not addressed:
                found.append(line)
                continue
            else:
                continued = False
            said = " ".join(one.text for one in found)
            short = "," in said and len(found) <= _MOST_LINES and len(said.split()) <= _MOST_WORDS
            if short and INSTITUTION.search(said) and not is_running(said):
                return [AffiliationText(tuple(word for one in found for word in one.words), 0)]
            found = []
    return []


def is_list_of_places(text: str) -> bool:
    """Whether a block begins with the heading of a list of affiliations."""
    return bool(_LIST_LABEL.match(text))


def find_listed(
    blocks: Sequence[Sequence[Line]], names: Sequence[Name]
) -> tuple[list[AffiliationText], list[tuple[int, ...]]]:
    """Affiliations in a block that says so ("Author Affiliations:"), at the side or the end.

    Each is after its mark, or before the last names of its authors in brackets. The places,
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
) -> tuple[list[AffiliationText], list[tuple[int, ...]]]:
    """Places with their authors in brackets: "University of X, Kiel (Schmidt, Ito); ..."."""
    last = [name.text.lower().split()[-1] for name in names]
    places: list[AffiliationText] = []
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
            places.append(AffiliationText(tuple(words[first:open_at]), 0))
            first = number + 1
        open_at = None
    whole = [place for place in places if place.words]
    if len(whole) < len(places):
        return [], [() for _ in names]
    return places, [tuple(found) for found in given]


def find_in_sentences(
    notes: Sequence[Sequence[Line]], names: Sequence[Name]
) -> tuple[list[AffiliationText], list[tuple[int, ...]]]:
    """Affiliations in sentences of footnotes: "A. Li and B. Ito are with the Institute X, Japan."

    Returns the affiliations, and for each name the numbers of its affiliations.
    """
    places: list[AffiliationText] = []
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
            told = AffiliationText(tuple(words[first:last]), 0)
            if whose and last > first and sum(c.isalpha() for c in told.text) > 3:
                for k in whose:
                    given[k].append(len(places))
                places.append(told)
    return places, [tuple(found) for found in given]


def _begin(texts: Sequence[str], before: int) -> int:
    """The start of the sentence whose verb is at ``before``; initials do not end a sentence."""
    for number in range(before - 1, -1, -1):
        if texts[number].endswith(".") and len(texts[number].strip(".-")) > 2:
            return number + 1
    return 0


def _end_of_place(texts: Sequence[str], first: int) -> int:
    """After the last word of a place: a full stop, an address, or what else is said comes next."""
    for number in range(first, len(texts)):
        said = texts[number]
        if ADDRESS.search(said) or ADDRESS_LABEL.fullmatch(said) or said.startswith("("):
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
