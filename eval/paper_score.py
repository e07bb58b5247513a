"""One paper's reading against its truth: title, authors, abstract, headings, boxes, figures.

A score compares letters and digits only (``eval.boxes.letters``). Truth files differ on headings
that every paper has or that end it: where an entry has no heading of the kind *abstract*,
*references*, *acknowledgements* or *appendix*, headings of that kind are not counted;
``headings_f1_strict`` counts them all.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from eval.boxes import DrawnPages, letters
from eval.coverage import PageCoverage, coverage
from eval.truth import Named, Truth
from index.paper import Paper, Reading, Role, Sentence
from index.spans import Box

_OPTIONAL: tuple[Role, ...] = ("abstract", "references", "acknowledgements", "appendix")
_OVERLAP = 0.7  # intersection over union from which a figure's box counts as found


@dataclass(slots=True)
class PaperScore:
    """One paper's results, misses and errors. A score is None if the truth has no such field."""

    pdf: str
    status: str
    reason: str = ""
    seconds: float = 0.0
    title: str = ""
    title_exact: bool | None = None
    authors: tuple[str, ...] = ()
    authors_found: int = 0
    authors_missed: tuple[str, ...] = ()
    authors_wrong: tuple[str, ...] = ()
    authors_in_order: bool | None = None
    affiliations_right: int = 0
    affiliations_given: int = 0
    affiliations_asked: int = 0
    affiliations_missed: tuple[str, ...] = ()  # "author: place; place"
    affiliations_wrong: tuple[str, ...] = ()
    places_found: int = 0  # affiliations as printed
    places_asked: bool = False
    places_missed: tuple[str, ...] = ()
    places_wrong: tuple[str, ...] = ()
    abstract: str = ""
    abstract_f1: float | None = None
    headings_f1: float | None = None
    headings_f1_strict: float | None = None
    headings_missed: tuple[str, ...] = ()
    headings_wrong: tuple[str, ...] = ()
    order: float | None = None
    figures_right: int = 0
    figures_asked: int = 0
    figures_missed: tuple[str, ...] = ()
    sentences: int = 0
    boxes_hold: int = 0
    box_misses: list[dict[str, object]] = field(default_factory=list)
    coverage: list[PageCoverage] = field(default_factory=list)


def score(truth: Truth, reading: Reading, seconds: float) -> PaperScore:
    """One paper against its truth. Boxes are read back from the file."""
    paper = reading.paper
    result = PaperScore(truth.name, reading.status, reading.reason, seconds)
    if truth.title is not None:
        result.title_exact = paper is not None and letters(paper.title) == letters(truth.title)
    _score_authors(result, truth, paper)
    if truth.affiliations is not None:
        _score_affiliations(result, truth.authors or (), truth.affiliations, paper)
    if truth.places is not None:
        _score_places(result, truth.places, paper)
    if truth.abstract is not None:
        result.abstract_f1 = 0.0
        if paper is not None and paper.abstract is not None:
            result.abstract = paper.abstract.of(paper.text)
            result.abstract_f1 = character_f1(result.abstract, truth.abstract)
    if truth.headings is not None:
        _score_headings(result, truth, truth.headings, paper)
    if truth.order is not None:
        result.order = order_kept(truth.order, paper.text if paper else "")
    if truth.figures is not None:
        _score_figures(result, truth.figures, paper)
    if paper is not None:
        result.title = paper.title
        _score_boxes(result, truth.pdf, paper)
        if paper.pages and truth.pdf.is_file():
            result.coverage = coverage(truth.pdf, paper)
    return result


def _score_authors(result: PaperScore, truth: Truth, paper: Paper | None) -> None:
    if truth.authors is None:
        return
    found = paper.authors if paper is not None else ()
    wanted = Counter(map(letters, truth.authors))
    given = Counter(map(letters, found))
    result.authors = found
    result.authors_found = (wanted & given).total()
    result.authors_missed = tuple(a for a in truth.authors if not given[letters(a)])
    result.authors_wrong = tuple(a for a in found if not wanted[letters(a)])
    result.authors_in_order = [letters(a) for a in found] == [letters(a) for a in truth.authors]


def _score_affiliations(
    result: PaperScore,
    authors: Sequence[str],
    wanted: Sequence[Sequence[str]],
    paper: Paper | None,
) -> None:
    """Each author's places, as one: where a place ends and the next begins is not asked."""
    found: dict[str, list[str]] = {}
    if paper is not None:
        for name, numbers in zip(paper.authors, paper.author_affiliations, strict=False):
            found[letters(name)] = [paper.affiliations[n].of(paper.text) for n in numbers]
    missed: list[str] = []
    wrong: list[str] = []
    for name, places in zip(authors, wanted, strict=True):
        given = found.pop(letters(name), [])
        result.affiliations_asked += bool(places)
        result.affiliations_given += bool(given)
        if letters(" ".join(given)) == letters(" ".join(places)):
            result.affiliations_right += bool(places)
            continue
        missed += [_located(name, places)] if places else []
        wrong += [_located(name, given)] if given else []
    result.affiliations_missed, result.affiliations_wrong = tuple(missed), tuple(wrong)


def _score_places(result: PaperScore, wanted: Sequence[str], paper: Paper | None) -> None:
    """Affiliations as printed, by their letters, in any order; whose they are is not asked."""
    found = [span.of(paper.text) for span in paper.affiliations] if paper is not None else []
    asked, given = Counter(map(letters, wanted)), Counter(map(letters, found))
    result.places_asked = True
    result.places_found = (asked & given).total()
    result.places_missed = tuple(_one_line(one) for one in wanted if not given[letters(one)])
    result.places_wrong = tuple(_one_line(one) for one in found if not asked[letters(one)])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _located(name: str, places: Sequence[str]) -> str:
    return f"{name}: {'; '.join(' '.join(place.split()) for place in places)}"


def character_f1(found: str, wanted: str) -> float:
    """F1 of the characters that two texts share in order, spaces and accents apart."""
    a, b = letters(found), letters(wanted)
    if not a or not b:
        return 0.0
    blocks = difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    return round(2 * sum(block.size for block in blocks) / (len(a) + len(b)), 4)


def _score_headings(
    result: PaperScore, truth: Truth, wanted: Sequence[Named], paper: Paper | None
) -> None:
    """Text, level and order: the longest row of headings that both have, as F1."""
    result.headings_f1 = result.headings_f1_strict = 0.0
    if paper is None:
        result.headings_missed = tuple(one.title for one in wanted)
        return
    found = [
        Named(section.title, section.level, section.role)
        for section in paper.sections
        if section.title and (truth.levels is None or section.level in truth.levels)
    ]
    core = [one for one in found if one.role not in _OPTIONAL]
    unmatched = dict(enumerate(wanted))
    for number, _ in _common(wanted, core):
        del unmatched[number]
    given = {
        role
        for role in _OPTIONAL
        if any(one.role == role for one in wanted)
        or any(
            one.is_like(other) for one in found if one.role == role for other in unmatched.values()
        )
    }
    counted = [one for one in found if one.role not in _OPTIONAL or one.role in given]
    shared = _common(wanted, counted)
    result.headings_f1 = f1(len(shared), len(wanted), len(counted))
    result.headings_f1_strict = f1(len(_common(wanted, found)), len(wanted), len(found))
    rights = {number for number, _ in shared}
    places = {place for _, place in shared}
    result.headings_missed = tuple(
        _with_level(one) for number, one in enumerate(wanted) if number not in rights
    )
    result.headings_wrong = tuple(
        _with_level(one) for place, one in enumerate(counted) if place not in places
    )


def _with_level(heading: Named) -> str:
    return heading.title if heading.level is None else f"{heading.title} [{heading.level}]"


def _common(wanted: Sequence[Named], found: Sequence[Named]) -> list[tuple[int, int]]:
    """The longest common row of two lists of headings, as pairs of places."""
    length = [[0] * (len(found) + 1) for _ in range(len(wanted) + 1)]
    for i in reversed(range(len(wanted))):
        for j in reversed(range(len(found))):
            if wanted[i].is_like(found[j]):
                length[i][j] = length[i + 1][j + 1] + 1
            else:
                length[i][j] = max(length[i + 1][j], length[i][j + 1])
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < len(wanted) and j < len(found):
        if wanted[i].is_like(found[j]):
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif length[i + 1][j] >= length[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def f1(right: int, wanted: int, found: int) -> float:
    """F1 of ``right`` matches among ``wanted`` and ``found``; 1 where there are neither."""
    return round(2 * right / (wanted + found), 4) if wanted + found else 1.0


def order_kept(phrases: Sequence[str], text: str) -> float:
    """The share of neighbouring phrases that are both in the text, and in this order."""
    folded = letters(text)
    places = [folded.find(letters(phrase)) for phrase in phrases]
    pairs = list(pairwise(places))
    if not pairs:
        return float(bool(places) and places[0] >= 0)
    return round(sum(0 <= before < after for before, after in pairs) / len(pairs), 4)


def _score_figures(
    result: PaperScore, wanted: Sequence[tuple[str, Box]], paper: Paper | None
) -> None:
    found = {letters(figure.label): figure.box for figure in paper.figures} if paper else {}
    result.figures_asked = len(wanted)
    missed: list[str] = []
    for label, box in wanted:
        given = found.get(letters(label))
        if given is not None and overlap(given, box) >= _OVERLAP:
            result.figures_right += 1
        else:
            missed.append(label)
    result.figures_missed = tuple(missed)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes; 0 on different pages."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    if one.page != other.page or width <= 0 or height <= 0:
        return 0.0
    union = _area(one) + _area(other) - width * height
    return width * height / union if union > 0 else 0.0


def _area(box: Box) -> float:
    return (box.x1 - box.x0) * (box.y1 - box.y0)


def _score_boxes(result: PaperScore, pdf: Path, paper: Paper) -> None:
    """Every sentence: are the words inside its boxes, read back from the page, its words?"""
    drawn = DrawnPages(pdf)
    for sentence in paper.sentences:
        result.sentences += 1
        boxes = paper.boxes(sentence.span)
        said = sentence.span.of(paper.text)
        if boxes and drawn.hold(boxes, said):
            result.boxes_hold += 1
        else:
            result.box_misses.append(_miss(sentence, said, boxes, drawn))


def _miss(
    sentence: Sentence, said: str, boxes: Sequence[Box], drawn: DrawnPages
) -> dict[str, object]:
    return {
        "page": boxes[0].page if boxes else None,
        "kind": sentence.kind,
        "sentence": " ".join(said.split()),
        "page_says": drawn.says(boxes) if boxes else "",
    }
