"""Headings: their numbers, their levels, and the role that a section plays in the paper.

Roles are a table of wordings. A section without a telling title takes its parent's role; one that
stands between the introduction and the experiments of a paper that has experiments is its method.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.paper import Role

_NUMBERED = re.compile(
    r"(?P<word>(?i:appendix|section)\s+|§\s*)?"
    r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,3}|[A-Z](?:\.?\d{1,2})(?:\.\d{1,2}){0,2}|[IVX]{1,5}|[A-Z])"
    r"(?P<mark>[.):]{0,2})\s*[—–|-]?\s+(?P<title>\S.*)$"
)
_PARTS = re.compile(r"\d+|[A-Z]+")
_APPENDIX_WORD = re.compile(r"(?:appendix|appendices|supplementary)\b", re.I)

_ROLES: tuple[tuple[Role, str], ...] = (
    ("abstract", r"abstract|summary$"),
    ("references", r"references|bibliography|literature cited|works cited|reference list|"
                   r"literatur"),
    ("acknowledgements", r"acknowledge?ments?|funding|author contributions?|credit author"),
    ("limitations", r"limitations?|threats to validity|discussion (?:and|&) limitations?|"
                    r"limitations? (?:and|&)|failure cases"),
    ("conclusion", r"conclu|summary and (?:discussion|conclusion|outlook|future)|closing remarks|"
                   r"final remarks|outlook|future work|future directions"),
    ("appendix", r"appendi|supplement"),
    ("introduction", r"intro(?:duction)?|motivation|overview$"),
    ("background", r"(?:related|previous|prior|earlier|existing) "
                   r"(?:works?|approaches|methods?|research|studies|literature)|"
                   r"background|preliminar|literature review|state of the art|notation|"
                   r"problem (?:statement|setup|formulation|definition|setting)|"
                   r"task (?:setup|definition|formulation)"),
    ("experiments", r"experiment|evaluation|empirical|setup|implementation details|training|"
                    r"data ?sets?|benchmarks?|case stud|simulations?|measurement|validation"),
    ("results", r"results?|findings|analysis|analyses|ablations?|performance|comparison|"
                r"observations"),
    ("discussion", r"discussion|broader impacts?|ethic|implications|impact statement|"
                   r"open problems|societal"),
    ("method", r"methods?|methodology|approach|model(?:s|ing|ling)?\b|algorithms?|"
               r"architecture|framework|proposed|our |system|design|implementation|"
               r"formulation|technique|procedure|materials|theory|scheme|pipeline"),
)  # fmt: skip
_ROLE_PATTERNS = tuple(
    (role, re.compile(rf"(?:.*\b)?(?:{pattern})", re.I)) for role, pattern in _ROLES
)
# Wordings that decide only where they begin the title.
_FIRST_ONLY: frozenset[Role] = frozenset({"abstract", "appendix", "references", "acknowledgements"})

KNOWN = re.compile(
    r"(?:abstract|introduction|related works?|background|preliminaries|methods?|methodology|"
    r"materials and methods|experiments?|experimental (?:setup|results)|evaluation|results?|"
    r"results and discussion|discussion|conclusions?|concluding remarks|"
    r"conclusions? and (?:future work|outlook)|future work|limitations?|broader impacts?|"
    r"(?:ethics|ethical|impact|reproducibility|data availability|code availability|funding|"
    r"competing interests?) ?(?:statement|considerations?)?|acknowledge?ments?|references|"
    r"bibliography|appendix(?: [A-Z])?|appendices|supplementary materials?|author contributions?|"
    r"conflicts? of interest|data availability|code availability|funding)\s?[.:—–-]*$",
    re.I,
)


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
        match = _NUMBERED.match(self.title) if self.number else None
        return match["title"] if match else self.title


def parse_heading(text: str) -> Heading:
    """Number, title and the level that the number gives (1 without a number)."""
    match = _NUMBERED.match(text)
    if not match:
        return Heading(text, (), 1)
    number = tuple(_PARTS.findall(match["number"]))
    return Heading(text, number, len(number))


def follows(number: tuple[str, ...], last: tuple[str, ...] | None) -> bool:
    """Whether a number can come after ``last``: the next of any level, or with one left out."""
    ordinals = [ordinal(part) for part in number]
    if last is None:  # "A Survey of ..." is no heading A
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
    """The role that a title's wording tells, ``other`` if it tells none."""
    match = _NUMBERED.match(title)
    words = (match["title"] if match else title).strip(" .:—-")
    for role, pattern in _ROLE_PATTERNS:
        if role in _FIRST_ONLY:
            if re.match(f"(?:{dict(_ROLES)[role]})", words, re.I):
                return role
        elif pattern.match(words):
            return role
    return "other"


def assign_roles(headings: Sequence[Heading]) -> list[Heading]:
    """Give each heading its role: from its title, its place among the others, and its parents."""
    assigned = [replace(heading, role=title_role(heading.title)) for heading in headings]
    return _inherited(_by_place(_after_references(assigned)))


def _after_references(headings: list[Heading]) -> list[Heading]:
    """What follows the bibliography, and what is lettered, is appendix."""
    placed: list[Heading] = []
    appendix = False
    for heading in headings:
        own = heading.role in ("references", "acknowledgements")
        if (appendix or heading.in_appendix) and not own:
            heading = replace(heading, role="appendix")
        appendix = appendix or heading.role in ("references", "appendix")
        placed.append(heading)
    return placed


def _by_place(headings: list[Heading]) -> list[Heading]:
    """Untold top sections: method before the experiments, results after them.

    A paper without experiments (an essay, a survey) keeps its untold sections as ``other``: that a
    paper has no method must stay visible.
    """
    tested = [
        place
        for place, heading in enumerate(headings)
        if heading.level == 1 and heading.role in ("experiments", "results")
    ]
    if not tested:
        return headings
    begun = False
    placed: list[Heading] = []
    for place, heading in enumerate(headings):
        if heading.level == 1:
            begun = begun or heading.role in ("introduction", "background")
            if heading.role == "other" and begun:
                heading = replace(heading, role="method" if place < tested[0] else "results")
        placed.append(heading)
    return placed


# A subsection may be more exact than its section in these cases only.
_SHARPER: frozenset[tuple[Role, Role]] = frozenset(
    {("experiments", "results"), ("introduction", "background"), ("method", "background"),
     ("discussion", "limitations"), ("conclusion", "limitations"), ("results", "limitations")}
)  # fmt: skip


def _inherited(headings: list[Heading]) -> list[Heading]:
    """Subsections take their section's role, unless they are more exact or it has none."""
    placed: list[Heading] = []
    parents: list[Heading] = []
    for heading in headings:
        parents = [parent for parent in parents if parent.level < heading.level]
        inherited: Role = parents[-1].role if parents else "other"
        sharper = (inherited, heading.role) in _SHARPER
        if inherited != "other" and not sharper and heading.role not in _OWN:
            heading = replace(heading, role=inherited)
        parents.append(heading)
        placed.append(heading)
    return placed


_OWN: frozenset[Role] = frozenset({"references", "acknowledgements", "appendix"})
