"""Parses headings, and assigns a role in the paper to each section.

A title that is the name of a role has that role anywhere. Any other section takes its role from its
parent, or on the first level from its position: in a paper with experiments, the sections between
the introduction and the experiments are its method.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from unicodedata import normalize

from index.paper import Role
from index.read.text.roles import Strength, TitleRole, is_closing, is_known_title, match_title

_NUMBERED = re.compile(
    r"(?P<word>(?i:appendix|section)\s+|§\s*)?"
    r"(?P<number>\d{1,2}(?:[.．]\d{1,2}){0,3}|[A-Z](?:\.?\d{1,2})(?:\.\d{1,2}){0,2}|[IVX]{1,5}|[A-Z])"
    r"(?P<mark>[.):．）]{0,2})\s*[—–|-]?\s+(?P<title>\S.*)$"
)
# "一、引言", "第2章 手法", "１．はじめに": no space need follow the number.
_CJK_NUMBERED = re.compile(
    r"(?:第\s*)?(?P<number>[一二三四五六七八九十]{1,3}|\d{1,2})\s*"
    r"(?:[章節节部]\s*[:、．]?|[、．.]|(?<!\d)\s)\s*"
    "(?P<title>[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af].*)$"
)
_CJK_DIGITS = "零一二三四五六七八九"
_PARTS = re.compile(r"\d+|[A-Z]+")
_APPENDIX_WORD = re.compile(r"(?:appendix|appendices|supplementary)\b", re.I)


class _SectionNames:
    """Names of sections, with or without a mark at the end; ``match`` as a pattern has."""

    def match(self, text: str) -> bool:
        """Whether the whole of ``text`` is such a title."""
        return is_known_title(text)


KNOWN = _SectionNames()


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading as printed. ``number`` is its parts ("3.2" is ("3", "2")), empty if it has none."""

    title: str
    number: tuple[str, ...]
    level: int
    role: Role = "other"

    @property
    def in_appendix(self) -> bool:
        """Whether it is lettered as appendices are, or says so."""
        lettered = bool(self.number) and bool(re.fullmatch("[A-HJ-UWYZ]", self.number[0]))
        # In a paper of roman sections "A" is a section's first part, on the second level.
        return (lettered and self.level == len(self.number)) or self.says_appendix

    @property
    def says_appendix(self) -> bool:
        """Whether its title begins with the word."""
        return bool(_APPENDIX_WORD.match(self.title))

    @property
    def title_alone(self) -> str:
        """The title without its number."""
        if not self.number:
            return self.title
        match = _NUMBERED.match(self.title) or _CJK_NUMBERED.match(self.title)
        return match["title"] if match else self.title


def parse_heading(text: str) -> Heading:
    """Number, title and the level that the number gives (1 without a number)."""
    match = _NUMBERED.match(text)
    if not match:
        found = _CJK_NUMBERED.match(text)
        return Heading(text, (_in_digits(found["number"]),) if found else (), 1)
    number = tuple(_PARTS.findall(normalize("NFKC", match["number"])))
    return Heading(text, number, len(number))


def _in_digits(number: str) -> str:
    """A Chinese number below a hundred in digits: "十二" is "12"."""
    if number.isdigit():
        return str(int(number))
    tens, ten, ones = number.rpartition("十")
    if not ten:
        tens = ""
    value = 10 * (_CJK_DIGITS.find(tens) if tens else 1) if ten else 0
    return str(value + (_CJK_DIGITS.find(ones) if ones else 0))


def follows(number: tuple[str, ...], last: tuple[str, ...] | None) -> bool:
    """Whether a number can come after ``last``: the next of any level, or with one left out."""
    ordinals = [ordinal(part) for part in number]
    if last is None:  # "A Survey of ..." is not appendix A
        return number[0] in ("0", "1", "2", "I") and len(number) == 1
    before = [ordinal(part) for part in last]
    if number[0].isdigit() != last[0].isdigit():
        return len(number) == 1 and ordinals[0] == 1
    if len(ordinals) == len(before) + 1 and ordinals[:-1] == before:
        return ordinals[-1] <= 2
    shorter = len(ordinals)
    if shorter > len(before):
        return ordinals[0] - before[0] in (0, 1) and ordinals[-1] <= 2
    return ordinals[:-1] == before[: shorter - 1] and 1 <= ordinals[-1] - before[shorter - 1] <= 2


_ROMAN = {"I": 1, "V": 5, "X": 10}


def ordinal(part: str, roman: bool = True) -> int:
    """A number's place in its row: "3", "III" and "C" are 3; ``roman`` decides for "I" or "C"."""
    if part.isdigit():
        return int(part)
    if len(part) == 1 and not (roman and part in _ROMAN):
        return ord(part) - ord("A") + 1
    total = 0
    for here, after in zip(part, (*part[1:], ""), strict=True):
        value = _ROMAN.get(here, 0)
        total += -value if _ROMAN.get(after, 0) > value else value
    return total


def title_role(title: str) -> Role:
    """The role by a title's wording; ``other`` if it has none."""
    return _role_by_title(title).role


def _role_by_title(title: str) -> TitleRole:
    match = _NUMBERED.match(title) or _CJK_NUMBERED.match(title)
    return match_title(match["title"] if match else title)


_OPENS_BODY = re.compile(r"(?:abstract|summary|(?:1|I)?\.?\s*introduction)\b", re.I)


def opens_body(line: str) -> bool:
    """Whether a line is, or begins with, the heading of the abstract or of the introduction."""
    if _OPENS_BODY.match(line):
        return True
    label = parse_heading(re.split(r"[:：.—]\s*(?=\D)", line, maxsplit=1)[0]).title_alone
    return is_known_title(label) and match_title(label).role in ("abstract", "introduction")


def assign_roles(headings: Sequence[Heading]) -> list[Heading]:
    """Give each heading its role: from its title, its place among the others, and its parents."""
    matched = _one_abstract(headings, [_role_by_title(heading.title) for heading in headings])
    parents = _parents(headings)
    placed = _by_place(headings, matched, _after_references(headings, matched, parents))
    explains = _explaining(headings, matched, parents, placed)
    roles: list[Role] = []
    for place, (heading, own, parent, role) in enumerate(
        zip(headings, matched, parents, placed, strict=True)
    ):
        if parent is None or heading.in_appendix or (heading.level == 1 and role != own.role):
            roles.append(role)
        elif place == explains:
            roles.append("method")
        elif roles[parent] == "experiments" and own.role == "method" and not _heads_method(heading):
            roles.append("experiments")
        else:
            roles.append(_below(roles[parent], matched[parent], own))
    return [replace(heading, role=role) for heading, role in zip(headings, roles, strict=True)]


def _one_abstract(headings: Sequence[Heading], matched: Sequence[TitleRole]) -> list[TitleRole]:
    """A second abstract is the first one in another language: it adds nothing."""
    kept: list[TitleRole] = []
    found = False
    for heading, one in zip(headings, matched, strict=True):
        title = heading.title_alone
        again = one.role == "abstract" and is_known_title(title) and not is_closing(title)
        kept.append(TitleRole("other", Strength.CLEAR) if again and found else one)
        found = found or again
    return kept


def _parents(headings: Sequence[Heading]) -> list[int | None]:
    """The place of each heading's nearest one above it in level; None on the top."""
    parents: list[int | None] = []
    path: list[int] = []
    for place, heading in enumerate(headings):
        path = [one for one in path if headings[one].level < heading.level]
        parents.append(path[-1] if path else None)
        path.append(place)
    return parents


def _heads_method(heading: Heading) -> bool:
    """Whether a title says "Method", and does not name a part of an experiment: "Participants"."""
    return is_known_title(heading.title_alone)


def _explaining(
    headings: Sequence[Heading],
    matched: Sequence[TitleRole],
    parents: Sequence[int | None],
    placed: Sequence[Role],
) -> int | None:
    """The place of the subsection that is a paper's method, where no section is.

    A section of another name than "Results" that also says how they came about does so first.
    """
    sure = (own.role for own in matched if own.strength >= Strength.TELLING)
    tops = (role for role, parent in zip(placed, parents, strict=True) if parent is None)
    if "method" in (*sure, *tops):
        return None
    for place, role in enumerate(placed):
        if parents[place] is None and role in _TESTED:
            below = [number for number, parent in enumerate(parents) if parent == place]
            silent = len(below) > 1 and matched[below[0]].strength is Strength.SILENT
            return below[0] if silent and matched[place].strength < Strength.CLEAR else None
    return None


_OWN: frozenset[Role] = frozenset({"references", "acknowledgements", "limitations"})


def _after_references(
    headings: Sequence[Heading], matched: Sequence[TitleRole], parents: Sequence[int | None]
) -> list[Role]:
    """The roles by titles, and appendix for sections with letters or after the bibliography.

    Some journals print the methods after it: the first section of a clear name keeps its role.
    """
    roles: list[Role] = []
    appendix = False
    seen: set[Role] = set()
    for heading, own, parent in zip(headings, matched, parents, strict=True):
        role = own.role
        clear = own.strength is Strength.CLEAR
        keeps = clear and (role in _OWN or not (heading.in_appendix or role in seen))
        if heading.in_appendix or (appendix and parent is None):
            role = role if keeps and not heading.says_appendix else "appendix"
        elif parent is not None and roles[parent] in ("appendix", "references"):
            role = role if clear and role in _OWN else "appendix"
        appendix = appendix or role == "references" or (role == "appendix" and parent is None)
        if clear and role != "other":
            seen.add(role)
        roles.append(role)
    return roles


_TESTED: frozenset[Role] = frozenset({"experiments", "results"})
_CLOSING: frozenset[Role] = frozenset({"discussion", "conclusion"})
_OPENING: frozenset[Role] = frozenset({"introduction", "background"})


def _by_place(
    headings: Sequence[Heading], matched: Sequence[TitleRole], roles: Sequence[Role]
) -> list[Role]:
    """Top sections with an unclear title: method before the experiments, results after them.

    A paper without experiments (an essay, a survey) keeps its untold sections as ``other``: that a
    paper has no method must stay visible.
    """
    placed = list(roles)
    tops = [place for place, one in enumerate(headings) if one.level == 1]
    begun = False
    for place in tops:
        begun = begun or placed[place] in _OPENING
        if begun and placed[place] == "abstract" and is_closing(headings[place].title_alone):
            placed[place] = "conclusion"
    tested = [place for place in tops if placed[place] in _TESTED]
    sure = [place for place in tested if matched[place].strength >= Strength.TELLING] or tested
    if not sure:
        return placed
    last = max((place for place in tops if placed[place] in _CLOSING), default=len(headings))
    opened = any(placed[place] in _OPENING for place in tops)
    begun = explained = False
    for place in tops:
        role, strength = placed[place], matched[place].strength
        # An introduction without a heading is over where the results begin.
        begun = begun or role in _OPENING or (not opened and place > sure[0])
        explained = explained or (role == "method" and strength >= Strength.TELLING)
        if not begun or role == "appendix" or strength >= Strength.TELLING:
            continue
        if place < sure[0]:
            kept = role in _OPENING or (explained and role in _TESTED)
            placed[place] = role if kept else "method"
        elif place < last and role in ("other", "method"):
            placed[place] = "results"
    return placed


# A subsection whose title is not a role's name may be more exact than its section in these cases.
_SHARPER: frozenset[tuple[Role, Role]] = frozenset(
    {("experiments", "results"), ("introduction", "background"), ("method", "background"),
     ("results", "experiments"), ("discussion", "conclusion")}
)  # fmt: skip


def _below(section: Role, matched: TitleRole, own: TitleRole) -> Role:
    """The role of a subsection: its own clear name, else its section's."""
    if section == "abstract" and own.role not in _OWN:
        return section
    if section in ("appendix", "references"):
        return own.role if own.strength is Strength.CLEAR and own.role in _OWN else "appendix"
    if own.strength is Strength.CLEAR:
        return own.role
    if section == "other" and matched.strength < Strength.CLEAR:
        return own.role
    exact = own.strength is Strength.TELLING or (section, own.role) == ("experiments", "results")
    return own.role if exact and (section, own.role) in _SHARPER else section
