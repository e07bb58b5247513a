"""Measures reading against truth files: title, authors, abstract, headings, boxes, figures.

``eval.truth`` describes the files. Fields that a file leaves out are not scored. A paper that is
missing or cannot be read scores nothing and is listed with the reason. For every PDF that was read,
the accounted words of each page are counted (``eval.coverage``).
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eval.coverage import LEAST, PageCoverage
from eval.evaluation import Report
from eval.pages import fill, write_page
from eval.paper_score import PaperScore, f1, score
from eval.truth import Truth, TruthUnusable, read_truth
from index.config import Settings
from index.paper import Reading
from index.spans import Box

_PICTURE_SCALE = 1.1


def run(settings: Settings, data: Sequence[Path] = ()) -> Report:
    """Read the papers of truth files and score them; raises ``TruthUnusable``."""
    from index.read import Reader

    if not data:
        raise TruthUnusable(None, "give a truth file: gloss eval structure --data TRUTH.json")
    truths = [truth for path in data for truth in read_truth(path)]
    began = time.perf_counter()
    with Reader(settings) as reader, ThreadPoolExecutor(settings.read.workers) as threads:

        def read(truth: Truth) -> tuple[Reading, float]:
            start = time.perf_counter()
            if not truth.pdf.is_file():
                return Reading("broken", "the file is not there"), 0.0
            return reader.read(truth.pdf), time.perf_counter() - start

        readings = list(threads.map(read, truths))
        seconds = time.perf_counter() - began
        scores = [
            score(truth, reading, round(took, 3))
            for truth, (reading, took) in zip(truths, readings, strict=True)
        ]
        pictures = [
            _pictures(reader, truth, reading, one)
            for truth, (reading, _), one in zip(truths, readings, scores, strict=True)
        ]
    report = summary(scores)
    report["seconds"] = round(seconds, 2)
    rows = list(zip(truths, scores, pictures, strict=True))
    page = write_page(settings, "structure", fill("structure.html", report=report, rows=rows))
    report["page"] = str(page)
    return Report(report, tuple(_table(scores)), tuple(_notes(scores, page)))


def summary(scores: Sequence[PaperScore]) -> dict[str, object]:
    """The figures over all papers, and each paper."""
    titles = [one.title_exact for one in scores if one.title_exact is not None]
    named = [one for one in scores if one.authors_in_order is not None]
    right = sum(one.authors_found for one in named)
    wanted = sum(one.authors_found + len(one.authors_missed) for one in named)
    found = sum(len(one.authors) for one in named)
    headed = [one for one in scores if one.headings_f1 is not None]
    sentences = sum(one.sentences for one in scores)
    holding = sum(one.boxes_hold for one in scores)
    asked = sum(one.figures_asked for one in scores)
    located = sum(one.affiliations_asked for one in scores)
    placed = [one for one in scores if one.places_asked]
    return {
        "titles": {"exact": _mean(map(float, titles)), "papers": len(titles)},
        "authors": {
            "f1": f1(right, wanted, found) if named else None,
            "in_order": _mean(float(bool(one.authors_in_order)) for one in named),
            "authors": wanted,
        },
        "affiliations": {
            "f1": f1(
                sum(one.affiliations_right for one in scores),
                located,
                sum(one.affiliations_given for one in scores),
            )
            if located
            else None,
            "authors": located,
        },
        "places": {
            "f1": f1(
                sum(one.places_found for one in placed),
                sum(one.places_found + len(one.places_missed) for one in placed),
                sum(one.places_found + len(one.places_wrong) for one in placed),
            )
            if placed
            else None,
            "places": sum(one.places_found + len(one.places_missed) for one in placed),
            "papers": len(placed),
        },
        "headings": {
            "f1": _mean(one.headings_f1 or 0.0 for one in headed),
            "f1_strict": _mean(one.headings_f1_strict or 0.0 for one in headed),
            "papers": len(headed),
        },
        "abstract": {
            "f1": _mean(one.abstract_f1 for one in scores if one.abstract_f1 is not None),
            "papers": sum(one.abstract_f1 is not None for one in scores),
        },
        "boxes": {
            "accuracy": round(holding / sentences, 4) if sentences else None,
            "sentences": sentences,
            "misses": sentences - holding,
        },
        "order": {"kept": _mean(one.order for one in scores if one.order is not None)},
        "figures": {
            "found": round(sum(one.figures_right for one in scores) / asked, 4) if asked else None,
            "asked": asked,
        },
        "coverage": covered(scores),
        "papers": [asdict(one) for one in scores],
    }


def covered(scores: Sequence[PaperScore]) -> dict[str, object]:
    """The share of words that is accounted for, and the pages that have less than ``LEAST``."""
    pages = [(one.pdf, page) for one in scores for page in one.coverage]
    drawn = sum(page.drawn for _, page in pages)
    missing = sum(page.missing for _, page in pages)
    return {
        "words": round(1 - missing / drawn, 6) if drawn else None,
        "pages": [
            [pdf, page.page, round(page.share, 4)] for pdf, page in pages if page.share < LEAST
        ],
        "counted": len(pages),
    }


def _mean(values: Iterable[float]) -> float | None:
    listed = list(values)
    return round(sum(listed) / len(listed), 4) if listed else None


def _table(scores: Sequence[PaperScore]) -> Iterator[tuple[str, ...]]:
    yield (
        "paper",
        "status",
        "title",
        "authors",
        "abstract",
        "headings",
        "boxes",
        "figures",
        "words",
        "s",
    )
    for one in scores:
        authors = f"{one.authors_found}/{one.authors_found + len(one.authors_missed)}"
        yield (
            Path(one.pdf).name,
            one.status,
            {None: "", True: "exact", False: "wrong"}[one.title_exact],
            authors if one.authors_in_order is not None else "",
            _shown(one.abstract_f1),
            _shown(one.headings_f1),
            f"{one.boxes_hold}/{one.sentences}",
            f"{one.figures_right}/{one.figures_asked}" if one.figures_asked else "",
            _shown(_share(one.coverage)),
            f"{one.seconds:.2f}",
        )


def _share(pages: Sequence[PageCoverage]) -> float | None:
    """The share of a paper's words that is accounted for."""
    drawn = sum(page.drawn for page in pages)
    return 1 - sum(page.missing for page in pages) / drawn if drawn else None


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _notes(scores: Sequence[PaperScore], page: Path) -> Iterator[str]:
    """The reading errors, one line each, and the path of the page."""
    for one in scores:
        name = Path(one.pdf).name
        if one.reason:
            yield f"{name}: {one.status}: {one.reason}"
        if one.title_exact is False:
            yield f"{name}: title read as {one.title!r}"
        for what, missed, wrong in (
            ("author", one.authors_missed, one.authors_wrong),
            ("affiliation", one.affiliations_missed, one.affiliations_wrong),
            ("affiliation", one.places_missed, one.places_wrong),
            ("heading", one.headings_missed, one.headings_wrong),
            ("figure", one.figures_missed, ()),
        ):
            yield from (f"{name}: {what} missed: {said}" for said in missed)
            yield from (f"{name}: {what} wrong: {said}" for said in wrong)
        for covered_page in one.coverage:
            if covered_page.share < LEAST:
                lost = " ".join(covered_page.lost)
                yield f"{name}: page {covered_page.page}: {covered_page.share:.1%} of words: {lost}"
        for miss in one.box_misses:
            yield f"{name}: box on page {miss['page']} does not hold: {miss['sentence']}"
    yield f"page: {page}"


# --- the page that people look at -----------------------------------------------------------------


def _pictures(reader: Any, truth: Truth, reading: Reading, one: PaperScore) -> list[dict[str, str]]:
    """Page 1 with title and abstract marked, and the pages of sentences whose boxes do not hold."""
    paper = reading.paper
    if paper is None:
        return []
    marked: dict[int, list[Box]] = {1: list(paper.boxes(paper.abstract)) if paper.abstract else []}
    for miss in one.box_misses:
        if isinstance(miss["page"], int):
            marked.setdefault(miss["page"], [])
    for sentence in paper.sentences:
        places = paper.boxes(sentence.span)
        said = " ".join(sentence.span.of(paper.text).split())
        if any(said == miss["sentence"] for miss in one.box_misses):
            for box in places:
                marked.setdefault(box.page, []).append(box)
    pictures = []
    for page, boxes in sorted(marked.items()):
        png = reader.render_page(truth.pdf, page, boxes, _PICTURE_SCALE)
        pictures.append({"page": str(page), "png": base64.b64encode(png).decode("ascii")})
    return pictures
