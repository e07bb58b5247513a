"""Compares the rules with a small classifier: headings, and the end of the abstract.

    python data/layouts.py LAYOUTS
    python -m eval.lines ../shared/papers/truth/structure.json \\
        ../shared/papers/truth/structure_faults.json \\
        --ends tests/index/abstract_ends.json --learn LAYOUTS/truth.json

A logistic regression learns from the type and the position of paragraphs, and is tested on papers
that it has not seen: for each of the papers named first, it is trained on the others and on all of
those of ``--learn``. scikit-learn comes with sentence-transformers.

Headings are counted as ``gloss eval structure`` counts them, levels apart. An abstract's end is
right if the paragraph that has its last words is the last one; both are given the first paragraph.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from eval.boxes import letters
from eval.truth import Truth, read_truth
from index.read.floats.captions import split_captions
from index.read.front.title import find_title, first_page
from index.read.order.breaks import paragraphs
from index.read.order.layout import Layout, Paragraph, lay_out
from index.read.page.pdf import read_pages
from index.read.sections.faces import face_of
from index.read.sections.heads import split_headings
from index.read.sections.labels import split_labels
from index.read.sections.opening import (
    Setting,
    body_setting,
    find_opening,
    is_prose,
    is_separator,
    setting_of,
)
from index.read.sections.outline import find_headings
from index.read.sections.unnumbered import is_aligned
from index.read.sections.usual import usual_type
from index.read.text.headings import KNOWN, Heading, parse_heading, title_role

Row = list[float]
_OPTIONAL = ("abstract", "references", "acknowledgements", "appendix")
_MOST_LINES = 4  # of a heading
_WORDS = 5  # of an abstract's end
_FOLLOWING = 12  # paragraphs after the first one of an abstract that may be the first of the text


@dataclass(frozen=True, slots=True)
class Example:
    """A paper as the rules see it, and the truth of it."""

    name: str
    parts: list[Paragraph]
    layout: Layout
    titled: set[int]
    headings: dict[int, Heading]  # what the rules find, by place
    wanted: tuple[str, ...] | None  # the true headings, by their letters without the number
    levels: tuple[int, ...] | None  # the levels that the truth gives; None: all
    last: str  # letters of the last words of the abstract; "" if nobody said


def example(
    pdf: Path,
    name: str,
    headings: Sequence[str] | None,
    last: str,
    levels: tuple[int, ...] | None = None,
) -> Example:
    """Read a paper as far as its paragraphs."""
    pages = read_pages(pdf, 500)
    for page in pages.pages:
        split_captions(page)
    covers = first_page(pages.pages)
    layout = lay_out(pages.pages[covers:])
    parts = split_labels(split_headings(paragraphs(layout), layout))
    lines = find_title(layout.first_page, pages.pages[covers].height)
    titled = {id(word) for line in lines for word in line.words}
    wanted = None if headings is None else tuple(map(_spelling, headings))
    found = find_headings(parts, layout, titled)
    return Example(name, parts, layout, titled, found, wanted, levels, letters(last))


def _spelling(title: str) -> str:
    return letters(parse_heading(title.strip()).title_alone)


# --- headings -------------------------------------------------------------------------------------


def heading_rows(paper: Example) -> tuple[list[int], list[Row]]:
    """The short paragraphs of a paper, and what is known of each."""
    body = body_setting(paper.parts, paper.layout)
    usual = usual_type(paper.parts)
    faces = {n: face_of(part, usual) for n, part in enumerate(paper.parts) if _may_be_heading(part)}
    often = Counter(faces.values())
    rows: list[Row] = []
    for place, face in faces.items():
        part = paper.parts[place]
        text, size = part.text.strip(), paper.layout.body_size
        above, below = _gaps(paper.parts, place, paper.layout)
        after = paper.parts[place + 1] if place + 1 < len(paper.parts) else None
        left, right = paper.layout.edges(part.lines[0])
        rows.append(
            [
                face.size / size, face.bold, face.italic, face.capitals, len(part.lines),
                math.log(len(part.words)), text.endswith("."), text.endswith((":", ",", ";")),
                bool(parse_heading(text).number), bool(KNOWN.match(text)), above, below,
                is_aligned(part, paper.layout), part.lines[-1].width / max(right - left, 1),
                after is not None and len(after.words) > 20 and after.kind == "paragraph",
                part.kind == "table", part.kind == "footnote", part.kind == "caption",
                part.kind == "equation", part.run_in, setting_of(part).family == body.family,
                text[:1].isupper() or text[:1].isdigit(), math.log(often[face]),
                place / len(paper.parts), sum(map(str.isdigit, text)) / len(text),
            ]
        )  # fmt: skip
    return list(faces), rows


def _may_be_heading(part: Paragraph) -> bool:
    return len(part.lines) <= _MOST_LINES and len(part.text.strip()) > 2


def _gaps(parts: Sequence[Paragraph], place: int, layout: Layout) -> tuple[float, float]:
    """Space above and below in lines of text; 3 where another column or page begins."""

    def gap(one: int, other: int) -> float:
        if one < 0 or other >= len(parts):
            return 3.0
        above, below = parts[one].lines[-1], parts[other].lines[0]
        if (above.page, above.column) != (below.page, below.column):
            return 3.0
        return min(max((below.y0 - above.y1) / layout.leading, -1.0), 3.0)

    return gap(place - 1, place), gap(place, place + 1)


def heading_score(paper: Example, places: Sequence[int]) -> float:
    """F1 of the headings at these places, those of optional kinds apart if the truth has none."""
    wanted = Counter(paper.wanted or ())
    found: Counter[str] = Counter()
    for place in places:
        text = paper.parts[place].text.strip()
        spelling = _spelling(text)
        own = paper.headings.get(place)
        asked = paper.levels is None or own is None or own.level in paper.levels
        role = title_role(text) if own is None else own.role
        if wanted[spelling] or (asked and role not in _OPTIONAL):
            found[spelling] += 1
    return 2 * (wanted & found).total() / max(wanted.total() + found.total(), 1)


# --- the end of an abstract -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Run:
    """The paragraphs from the first of an abstract on; which one is the last, truly and by rule."""

    rows: list[Row]  # of all but the first: what speaks for it as the first of the text
    last: int
    by_rule: int


def abstract_run(paper: Example) -> Run | None:
    """The candidate paragraphs; None if the annotated last words are not in them."""
    opening = find_opening(paper.parts, paper.titled, paper.headings, paper.layout)
    headings = {id(paper.parts[place]) for place in paper.headings}
    text = opening.body
    prose = [
        n for n, part in enumerate(text)
        if is_prose(part) and id(part) not in headings | opening.apart
    ][: _FOLLOWING + 1]  # fmt: skip
    ends = [n for n, part in enumerate(text) if paper.last in letters(part.text)]
    if not paper.last or not ends or not prose or ends[0] < prose[0]:
        return None
    last = max(n for n, place in enumerate(prose) if place <= ends[0])
    body = body_setting(paper.parts, paper.layout)
    begins = headings | set(opening.begins) | set(opening.boxes)
    turns = (
        any(id(part) in begins for part in text[before + 1 : place + 1])
        for before, place in pairwise(prose)
    )
    by_rule = next((n for n, turned in enumerate(turns) if turned), len(prose) - 1)
    words = 0
    rows: list[Row] = []
    for before, place in pairwise(prose):
        words += len(text[before].words)
        row = _turn(text[prose[0]], text[before], text[place], words, body, paper.layout)
        between = text[before + 1 : place]
        marks = [any(id(one) in headings for one in between), any(map(is_separator, between))]
        rows.append([*row, *marks])
    return Run(rows, last, by_rule)


def _turn(
    lead: Paragraph,
    before: Paragraph,
    part: Paragraph,
    words: int,
    body: Setting,
    layout: Layout,
) -> Row:
    own, other = setting_of(lead), setting_of(part)
    above, below = before.lines[-1], part.lines[0]
    same = (above.page, above.column) == (below.page, below.column)
    gap = (below.y0 - above.y1) / layout.leading if same else 3.0
    inset = min(line.x0 for line in lead.lines) - min(line.x0 for line in part.lines)
    return [
        own.size / max(other.size, 1), own.family != other.family, own.bold != other.bold,
        own.italic != other.italic, own.like(body), other.like(body), min(max(gap, -1.0), 3.0),
        above.page != below.page, above.column != below.column, inset / layout.body_size,
        math.log(words), math.log(len(part.words)), bool(part.label), bool(before.label),
        part.words[0].parts[0][1].size > 1.6 * other.size,
    ]  # fmt: skip


# --- folds ----------------------------------------------------------------------------------------


def learnt(rows: Sequence[Row], right: Sequence[bool], asked: Sequence[Row]) -> NDArray[np.float64]:
    """The probability of each test row, by a regression trained on the others."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    model.fit(np.array(rows, dtype=float), np.array(right))
    said: NDArray[np.float64] = model.predict_proba(np.array(asked, dtype=float))[:, 1]
    return said


def compare_headings(
    papers: Sequence[Example], also: Sequence[Example]
) -> Iterator[tuple[str, float, float]]:
    """Each paper with the F1 of the rules and of the regression."""
    known = {paper.name: heading_rows(paper) for paper in [*papers, *also] if paper.wanted}
    right = {
        paper.name: [
            _spelling(paper.parts[place].text) in (paper.wanted or ())
            for place in known[paper.name][0]
        ]
        for paper in [*papers, *also]
        if paper.wanted
    }
    for paper in papers:
        if paper.name not in known:
            continue
        others = [name for name in known if name != paper.name]
        rows = [row for name in others for row in known[name][1]]
        truths = [one for name in others for one in right[name]]
        places, asked = known[paper.name]
        said = learnt(rows, truths, asked)
        chosen = [place for place, share in zip(places, said, strict=True) if share > 0.5]
        yield paper.name, heading_score(paper, list(paper.headings)), heading_score(paper, chosen)


def compare_ends(
    papers: Sequence[Example], also: Sequence[Example]
) -> Iterator[tuple[str, bool, bool]]:
    """Each paper, and whether the rules and the regression find where its abstract ends."""
    runs = {paper.name: run for paper in [*papers, *also] if (run := abstract_run(paper))}
    for paper in papers:
        run = runs.get(paper.name)
        if run is None:
            continue
        others = [one for name, one in runs.items() if name != paper.name]
        rows = [row for one in others for row in one.rows[: one.last + 1]]
        right = [n == one.last for one in others for n in range(len(one.rows[: one.last + 1]))]
        said = learnt(rows, right, run.rows) if run.rows else np.zeros(0)
        chosen = next((n for n, share in enumerate(said) if share > 0.5), len(run.rows))
        yield paper.name, run.by_rule == run.last, chosen == run.last


# --- the command ----------------------------------------------------------------------------------


def examples(paths: Sequence[Path], ends: Mapping[str, Sequence[str]]) -> list[Example]:
    """The papers of truth files, and those that ``ends`` names by the end of their path."""
    truths: list[Truth] = [truth for path in paths for truth in read_truth(path)]
    made = [
        example(
            truth.pdf, truth.pdf.stem,
            None if truth.headings is None else [one.title for one in truth.headings],
            next((_last(e) for p, e in ends.items() if str(truth.pdf).endswith(p)), "")
            or " ".join((truth.abstract or "").split()[-_WORDS:]),
            truth.levels,
        )
        for truth in truths
    ]  # fmt: skip
    known = {paper.name for paper in made}
    root = next((path.resolve().parents[2] for path in paths), Path())
    for name, words in ends.items():
        if Path(name).stem not in known and (root / name).is_file():
            made.append(example(root / name, Path(name).stem, None, _last(words)))
    return made


def _last(words: Sequence[str]) -> str:
    return " ".join(words[1].split()[-_WORDS:])


def main() -> None:
    """Print both comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("truth", nargs="+", type=Path)
    parser.add_argument(
        "--learn", nargs="*", type=Path, default=[], help="papers to learn from only"
    )
    parser.add_argument("--ends", type=Path, help="first and last words of abstracts, by paper")
    given = parser.parse_args()
    ends = json.loads(given.ends.read_text("utf-8")) if given.ends else {}
    papers, also = examples(given.truth, ends), examples(given.learn, {})
    headings = list(compare_headings(papers, also))
    said = [f"headings {name:28} rules {r:.3f} learnt {s:.3f}" for name, r, s in headings]
    found = list(compare_ends(papers, also))
    said += [
        f"abstract {name:28} rules {_verdict(ruled)} learnt {_verdict(learned)}"
        for name, ruled, learned in found
        if not (ruled and learned)
    ]
    rules, line = mean(r for _, r, _ in headings), mean(s for _, _, s in headings)
    said.append(f"headings: {len(headings)} papers, rules {rules:.3f}, learnt {line:.3f}")
    right = sum(r for _, r, _ in found), sum(s for _, _, s in found)
    said.append(f"abstracts: {len(found)} papers, rules {right[0]}, learnt {right[1]}")
    sys.stdout.write("\n".join(said) + "\n")


def _verdict(right: bool) -> str:
    return "right" if right else "WRONG"


if __name__ == "__main__":
    main()
