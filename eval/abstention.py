"""Does a digest say "not stated in the paper" where the paper is silent, and only there?

Sections are deleted from papers, and the digest is written anew. What is then to be expected does
not depend on what the digest chose. For each item of the template:

- It is *silent* in a shortened paper if something was deleted and nothing is left that the template
  lets it rest on: no sentence in a section of its ``roles``. Affiliations, keywords, links and
  figures are silent once the places that the paper had for them are deleted. (A limit may be told
  in the results, so to delete the conclusion leaves it open: there it is not counted.)
- It is *stated* in a whole paper that has a section which exists to say it (``SAYS``: a method
  section says the methods, a section on experiments or results says scores, one on limitations or
  future work says limits), and where page 1 has affiliations or keywords, or the paper figures. In
  a shortened paper it is still stated if it was in the whole one and nothing that says it went.
- Anything else is open, and counts neither way: whether a paper has "strengths" is for a person.

Precision is the share of silent ones among the items that were decided and reported as not stated;
recall is the share of silent ones that were so reported. An item of a paper counts once as silent,
however many deletions make it so (as wrong, if one of them shows it wrong), and once as left open
wrongly. Digests are written in quotes
(``app.write.written``): another writer words what was found and cannot leave out an item, nor fill
one that has nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal

from app.choose.template import TEMPLATE, Item
from app.digest import Digest
from index.paper import Figure, Paper, Role, Section, Sentence
from index.spans import Span, Words

Truth = Literal["silent", "stated", "open"]

SAYS: dict[str, tuple[Role, ...]] = {
    "summary": ("abstract",),
    "key_takeaways": ("abstract",),
    "background": ("introduction",),
    "earlier_methods": (),
    "method": ("abstract", "method"),
    "methods": ("method",),
    "task_and_performance": ("experiments", "results"),
    "performance": ("experiments", "results"),
    "limits": ("limitations",),
}
"""The sections that exist to say what an item asks for."""

SAYS_BY_TITLE: dict[str, re.Pattern[str]] = {
    "limits": re.compile(r"\blimitations?\b|\bfuture (?:work|research|directions)\b", re.I),
    "earlier_methods": re.compile(r"\b(?:related|previous|prior|earlier) (?:work|research)", re.I),
}
"""Titles of which the same is true, whatever else the section is for."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """What is taken out of a paper: sections by role with all that is under them, or places."""

    name: str
    roles: tuple[Role, ...] = ()
    places: Literal["", "affiliations", "keywords", "links", "captions"] = ""

    def of(self, paper: Paper) -> Paper | None:
        """The shortened paper; None if the paper has nothing of the kind."""
        spans = sections_of(paper, self.roles)
        match self.places:
            case "affiliations":
                spans = list(paper.affiliations)
            case "keywords":
                spans = list(paper.keywords)
            case "links":
                spans = list(paper.links)
            case "captions":
                spans = [figure.caption for figure in paper.figures]
        return cut(paper, spans) if spans else None


DELETIONS: tuple[Deletion, ...] = (
    Deletion("methods", ("method",)),
    Deletion("conclusion", ("conclusion", "discussion", "limitations")),
    Deletion("results", ("results", "experiments")),
    *(
        Deletion(f"all that tells {item.name}", item.roles)
        for item in TEMPLATE
        if item.selection == "evidence"
    ),
    Deletion("affiliations", places="affiliations"),
    Deletion("keywords", places="keywords"),
    Deletion("links", places="links"),
    Deletion("captions", places="captions"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """An item of a digest: what is true of the paper that it was written from, and what it says."""

    paper_id: str
    deleted: str  # the deletion's name; empty for the whole paper
    item: str
    truth: Truth
    stated: bool
    quote: str = ""  # the first thing that the digest states


@dataclass(frozen=True, slots=True)
class Abstention:
    """All cases over some papers."""

    deletions: int
    cases: tuple[Case, ...]

    @property
    def precision(self) -> float | None:
        """Of the items reported as not stated, the share that the paper is silent on."""
        reported = [case for case in self.decided if not case.stated]
        return _share(case.truth == "silent" for case in reported)

    @property
    def recall(self) -> float | None:
        """Of the items that the paper is silent on, the share reported as not stated."""
        silent = [case for case in self.decided if case.truth == "silent"]
        return _share(not case.stated for case in silent)

    @property
    def decided(self) -> tuple[Case, ...]:
        """The cases that count."""
        silent: dict[tuple[str, str], Case] = {}
        for case in self.cases:
            if case.truth == "silent":
                former = silent.setdefault((case.paper_id, case.item), case)
                if case.stated and not former.stated:
                    silent[case.paper_id, case.item] = case
        return (*silent.values(), *(case for case in self.cases if case.truth == "stated"))

    @property
    def wrong(self) -> tuple[Case, ...]:
        """Those where the digest says otherwise than the paper."""
        return tuple(case for case in self.decided if case.stated == (case.truth == "silent"))

    @property
    def left_open(self) -> tuple[Case, ...]:
        """Items of whole papers that are reported so and of which only a person can say more."""
        whole = (case for case in self.cases if not case.deleted)
        return tuple(case for case in whole if case.truth == "open" and not case.stated)


def _share(held: Iterable[bool]) -> float | None:
    of_them = list(held)
    return round(sum(of_them) / len(of_them), 4) if of_them else None


# --- a paper with less in it ----------------------------------------------------------------------


def without(paper: Paper, roles: Collection[Role]) -> Paper:
    """The paper without its sections of these roles and all that stands under them."""
    return cut(paper, sections_of(paper, roles))


def sections_of(paper: Paper, roles: Collection[Role]) -> list[Span]:
    """The sections of these roles, each with those of a deeper level that follow it."""
    found: list[Span] = []
    under: int | None = None  # the level of a section that is taken with all that is under it
    for section in paper.sections:
        if under is not None and section.level <= under:
            under = None
        if under is None and section.role in roles:
            under = section.level
        if under is not None:
            found.append(section.span)
    return found


def cut(paper: Paper, spans: Sequence[Span]) -> Paper:
    """The paper without these stretches of its text.

    What lies outside of them keeps its words: ``text[span]`` is as before. Sections and blocks keep
    what is left of them and go where nothing is; anything else that touches a stretch goes with it.
    """
    gone = _merged(spans)
    starts, ends = [span.start for span in gone], [span.end for span in gone]
    lost = [0, *accumulate(len(span) for span in gone)]

    def at(offset: int) -> int:
        from bisect import bisect_right

        before = bisect_right(ends, offset)
        inside = offset - starts[before] if before < len(gone) and starts[before] < offset else 0
        return offset - lost[before] - inside

    def touches(span: Span) -> bool:
        return any(one.start < span.end and span.start < one.end for one in gone)

    def left(span: Span) -> Span:
        return Span(at(span.start), at(span.end))

    def kept(all_of_them: Iterable[Span]) -> tuple[Span, ...]:
        return tuple(left(span) for span in all_of_them if not touches(span))

    def parts() -> Iterator[str]:
        for start, end in zip([0, *ends], [*starts, len(paper.text)], strict=True):
            yield paper.text[start:end]

    places = [number for number, one in enumerate(paper.affiliations) if not touches(one)]
    return replace(
        paper,
        text="".join(parts()),
        affiliations=kept(paper.affiliations),
        author_affiliations=tuple(
            tuple(places.index(number) for number in of_author if number in places)
            for of_author in paper.author_affiliations
        ),
        keywords=kept(paper.keywords),
        links=kept(paper.links),
        abstract=None
        if paper.abstract is None or touches(paper.abstract)
        else left(paper.abstract),
        sections=tuple(
            replace(section, span=left(section.span))
            for section in paper.sections
            if len(left(section.span))
        ),
        blocks=tuple(
            replace(block, span=left(block.span)) for block in paper.blocks if len(left(block.span))
        ),
        sentences=tuple(
            replace(one, span=left(one.span)) for one in paper.sentences if not touches(one.span)
        ),
        figures=_with_captions(paper.figures, touches, left),
        words=Words.of(
            replace(word, span=left(word.span)) for word in paper.words if not touches(word.span)
        ),
    )


def _with_captions(
    figures: Iterable[Figure], touches: Callable[[Span], bool], left: Callable[[Span], Span]
) -> tuple[Figure, ...]:
    return tuple(
        replace(one, caption=left(one.caption)) for one in figures if not touches(one.caption)
    )


def _merged(spans: Iterable[Span]) -> list[Span]:
    """In order, and those that touch as one."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        elif len(span):
            merged.append(span)
    return merged


# --- what is true ---------------------------------------------------------------------------------


def truth_of_whole(paper: Paper, item: Item) -> Truth:
    """Whether a whole paper surely states an item; ``open`` where that cannot be told."""
    match item.selection:
        case "affiliations":
            return "stated" if paper.affiliations else "open"
        case "keywords":
            return "stated" if paper.keywords else "open"
        case "captions":
            return "stated" if paper.figures else "open"
        case "links":  # most addresses in a paper are not its own
            return "open"
        case "evidence":
            return "stated" if any(_says(paper, item)) else "open"


def truth_of_shortened(paper: Paper, item: Item, whole: Paper) -> Truth:
    """The same of a paper that was shortened, beside the whole one."""
    places = {
        "affiliations": (paper.affiliations, whole.affiliations),
        "keywords": (paper.keywords, whole.keywords),
        "links": (paper.links, whole.links),
        "captions": (paper.figures, whole.figures),
    }
    if item.selection != "evidence":
        now, before = places[item.selection]
        if before and not now:
            return "silent"
        return truth_of_whole(paper, item) if len(now) == len(before) else "open"
    if _may_rest(whole, item) and not _may_rest(paper, item):
        return "silent"
    said = list(_says(paper, item))
    return "stated" if said and len(said) == len(list(_says(whole, item))) else "open"


def _says(paper: Paper, item: Item) -> Iterator[Section]:
    """The sections that exist to say what an item asks for, and have a sentence in them."""
    titled = SAYS_BY_TITLE.get(item.name)
    for section in paper.sections:
        named = titled is not None and titled.search(section.title)
        if (named or section.role in SAYS.get(item.name, ())) and any(_prose(paper, section)):
            yield section


def _may_rest(paper: Paper, item: Item) -> bool:
    """Whether anything is left that the template lets the item rest on."""
    return any(
        section.role in item.roles and any(_prose(paper, section)) for section in paper.sections
    )


def _prose(paper: Paper, section: Section) -> Iterator[Sentence]:
    return (
        one
        for one in paper.sentences
        if one.kind == "paragraph" and section.span.contains(one.span)
    )


# --- the trial ------------------------------------------------------------------------------------


def cases_of(
    paper: Paper,
    write: Callable[[Paper], Digest],
    deletions: Sequence[Deletion] = DELETIONS,
) -> Abstention:
    """The whole paper and each deletion from it, item by item; ``write`` writes its digest."""
    whole = write(paper)
    cases = list(_cases(whole, "", lambda item: truth_of_whole(paper, item), paper))
    left_open = {case.item for case in cases if case.truth == "stated" and not case.stated}
    done = 0
    for deletion in deletions:
        shortened = deletion.of(paper)
        if shortened is None:
            continue
        done += 1
        digest = write(shortened)

        def truth(item: Item, shortened: Paper = shortened) -> Truth:
            found = truth_of_shortened(shortened, item, paper)
            return "open" if found == "stated" and item.name in left_open else found

        cases += _cases(digest, deletion.name, truth, paper)
    return Abstention(done, tuple(cases))


def together(abstentions: Iterable[Abstention]) -> Abstention:
    """Those of several papers as one."""
    all_of_them = list(abstentions)
    return Abstention(
        sum(one.deletions for one in all_of_them),
        tuple(case for one in all_of_them for case in one.cases),
    )


def _cases(
    digest: Digest, deleted: str, truth: Callable[[Item], Truth], paper: Paper
) -> Iterator[Case]:
    sections = {section.name: section for section in digest.sections}
    for item in TEMPLATE:
        section = sections[item.name]
        quote = section.items[0].text if section.items else ""
        yield Case(paper.id, deleted, item.name, truth(item), section.status == "stated", quote)
