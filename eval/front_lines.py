"""Compares the rules with a small classifier: lines of the front matter, and run-in labels.

    python data/layouts.py LAYOUTS
    python -m eval.front_lines ../shared/bench/digests ../shared/papers/truth/structure.json \\
        ../shared/papers/truth/structure_faults.json --ends tests/index/abstract_ends.json \\
        --layouts LAYOUTS/truth.json --apart esmm crackdowns concord

Front matter: each line of the first page that begins above the end of the abstract (each line, if
that end was not annotated) belongs to the title, the authors (a name occurs in it for the first
time), an affiliation (most of its letters are of one) or none of these. The annotations and the
output of the rules are strings, which are mapped to lines in the same way. A multinomial logistic
regression, trained on all other papers, classifies the same lines. In a paper without annotated
affiliations, their lines belong to none of these, and it is not used for training.

Run-in labels: which paragraphs of ``data/layouts.py`` begin with one; folded by style.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from eval.boxes import letters
from eval.lines import Row, learnt
from eval.truth import Truth, read_truth
from index.read.floats.captions import split_captions
from index.read.front.identity import Identity
from index.read.front.places import ADDRESS, INSTITUTION, MARKS
from index.read.front.title import first_page
from index.read.order.breaks import paragraphs
from index.read.order.layout import Layout, Paragraph, lay_out
from index.read.page.pages import Line, PageContent
from index.read.page.pdf import read_pages
from index.read.sections.faces import is_small_capitals
from index.read.sections.heads import split_headings
from index.read.sections.labels import split_labels
from index.read.text.headings import KNOWN, parse_heading
from index.read.understand import understand

KINDS = ("title", "authors", "affiliation", "other")
_PIECE = 8  # letters of a line or of a part of an affiliation that say where it is from
_WORDS = 5  # of an abstract's end


@dataclass(frozen=True, slots=True)
class FrontLines:
    """A paper's lines above its abstract's end: what is known of each, and what each is."""

    name: str
    rows: list[Row]
    right: list[str]
    ruled: list[str]
    located: bool  # whether somebody noted the affiliations


# --- the front matter -----------------------------------------------------------------------------


def kinds_of(
    lines: Sequence[Line], title: str, authors: Sequence[str], places: Sequence[str]
) -> list[str]:
    """The class of each line, given these strings for a paper."""
    words = [
        (n, said)
        for n, line in enumerate(lines)
        for word in line.words
        if (said := _spelling("".join(part for part, style in word.parts if not style.raised)))
    ]
    stream = "".join(said for _, said in words)
    owner = [n for n, said in words for _ in said]
    edges = {0, *np.cumsum([len(said) for _, said in words]).tolist()}
    own = ["".join(said for at, said in words if at == n) for n in range(len(lines))]

    def found(phrase: str) -> list[range]:
        """Where whole words say this."""
        said = _spelling(phrase)
        at = [one.start() for one in re.finditer(f"(?={said})", stream)] if said else []
        return [range(n, n + len(said)) for n in at if {n, n + len(said)} <= edges]

    def torn(phrase: str) -> list[range]:
        """The places of the lines within it, and its parts if it is not contiguous."""
        parts = [said for said in own if said in _spelling(phrase)] + re.split("[,;]", phrase)
        return [one for part in parts if len(_spelling(part)) >= _PIECE for one in found(part)]

    titled = Counter(owner[at] for at in set(chain(*(found(title)[:1] or torn(title)))))
    named = {owner[at] for name in authors for one in found(name)[:1] for at in one}
    placed = chain(*(one for place in places for one in found(place) or torn(place)))
    located = Counter(owner[at] for at in set(placed))
    return [
        "title" if 2 * titled[n] > len(said)
        else "authors" if n in named
        else "affiliation" if 2 * located[n] > len(said)
        else "other"
        for n, said in enumerate(own)
    ]  # fmt: skip


def _spelling(text: str) -> str:
    return "".join(filter(str.isalpha, letters(text)))


def front_of(truth: Truth, last: str) -> FrontLines:
    """Read a paper; ``last`` are the last words of its abstract, "" if nobody said."""
    pages = read_pages(truth.pdf, 500)
    for page in pages.pages:
        split_captions(page)
    covers = first_page(pages.pages)
    layout = lay_out(pages.pages[covers:])
    end = _end(layout, _spelling(last))
    lines = [line for line in layout.first_page if line.y0 < end]
    right = kinds_of(lines, truth.title or "", truth.authors or (), truth.places or ())
    paper = understand(read_pages(truth.pdf, 500), Identity(truth.name, None, None, (), ""))
    found = [span.of(paper.text) for span in paper.affiliations]
    ruled = kinds_of(lines, paper.title, paper.authors, found)
    rows = line_rows(lines, layout, pages.pages[covers])
    return FrontLines(truth.pdf.stem, rows, right, ruled, truth.places is not None)


def _end(layout: Layout, last: str) -> float:
    """The end of the line with the abstract's last words; of the page, if they are not on it."""
    page = layout.first_page[0].page if layout.first_page else 0
    lines = [line for line in layout.lines if line.page == page]
    said = ""
    for line in lines:
        said += _spelling(line.text)
        if last and last in said:
            return line.y1
    return max((line.y1 for line in lines), default=0.0)


def line_rows(lines: Sequence[Line], layout: Layout, page: PageContent) -> list[Row]:
    """The features of each line, with those of the line before and after it."""
    upper = [line for line in lines if line.y0 < 0.55 * page.height and len(line.words) > 1]
    large = max(upper or lines, key=lambda line: line.size, default=None)
    label = re.compile(r"(?:abstract|summary|a b s t r a c t)\b", re.I)
    below = min((line.y0 for line in lines if label.match(line.text)), default=page.height)
    alone: list[Row] = []
    for number, line in enumerate(lines):
        text, size = line.text, layout.body_size
        count = max(sum(map(str.isalpha, text)), 1)
        words = [word.text for word in line.words if word.text[0].isalpha()]
        before = lines[number - 1] if number else line
        assert large is not None
        reach = max(below - large.y1, 1.0)
        alone.append(
            [
                line.size / size, line.size / large.size, line.bold, line.italic,
                abs(line.size - large.size) < 0.5, line.size - before.size,
                sum(map(str.isupper, text)) / count, sum(map(str.isdigit, text)) / len(text),
                sum(word[0].isupper() for word in words) / max(len(words), 1),
                math.log(len(line.words)), text.count(","), text.count(",") / len(line.words),
                text.endswith((",", ";", "and")), text.endswith("."), " and " in text,
                any(style.raised for word in line.words for _, style in word.parts),
                any(mark in text for mark in MARKS), line.words[0].style.size < 0.8 * line.size,
                text[0].isdigit(), bool(INSTITUTION.search(text)), bool(ADDRESS.search(text)),
                bool(KNOWN.match(text)), line.y0 / page.height, line.x0 / page.width,
                line.width / page.width, abs(line.x0 + line.x1 - page.width) / page.width,
                min(max((line.y0 - large.y1) / reach, -1.0), 3.0), line.y0 < large.y0 - 1,
                line.y0 > below, min(max((line.y0 - before.y1) / size, -3.0), 3.0),
                abs(line.middle - before.middle) < 3, number / len(lines),
            ]
        )  # fmt: skip
    blank = [0.0] * len(alone[0]) if alone else []
    around = [blank, *alone, blank]
    return [[*around[n], *around[n + 1], *around[n + 2]] for n in range(len(alone))]


def judged(papers: Sequence[FrontLines]) -> Iterator[tuple[FrontLines, list[str]]]:
    """Each paper with what the regression takes its lines for, learnt from the others."""
    for paper in papers:
        others = [one for one in papers if one.located and one.name != paper.name]
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=3000))
        rows = [row for one in others for row in one.rows]
        model.fit(np.array(rows, dtype=float), [kind for one in others for kind in one.right])
        said = model.predict(np.array(paper.rows, dtype=float)) if paper.rows else ()
        yield paper, [str(kind) for kind in said]


def counted(pairs: Sequence[tuple[FrontLines, list[str]]]) -> str:
    """Lines, the share of them that is judged right, and the F1 of each kind."""
    both = [
        (wanted, "other" if kind == "affiliation" and not paper.located else kind)
        for paper, kinds in pairs
        for wanted, kind in zip(paper.right, kinds, strict=True)
    ]
    right = Counter(wanted for wanted, kind in both if wanted == kind)
    wanted, given = Counter(w for w, _ in both), Counter(g for _, g in both)
    scores = [
        f"{kind} {2 * right[kind] / max(wanted[kind] + given[kind], 1):.3f} ({wanted[kind]})"
        for kind in KINDS
    ]
    return f"{len(both)} lines, right {right.total() / max(len(both), 1):.3f}; {', '.join(scores)}"


# --- labels that run in ---------------------------------------------------------------------------


def run_in_rows(pdf: Path, labels: Sequence[str]) -> tuple[list[Row], list[bool], list[bool]]:
    """A paper's paragraphs: what is known of each, whether it begins with a label, and by rule."""
    pages = read_pages(pdf, 500)
    for page in pages.pages:
        split_captions(page)
    layout = lay_out(pages.pages)
    said = {letters(label) for label in labels}
    rows: list[Row] = []
    right: list[bool] = []
    ruled: list[bool] = []
    for part in split_headings(paragraphs(layout), layout):
        if part.kind not in ("paragraph", "footnote") or len(part.words) < 2:
            continue
        text = letters(parse_heading(part.text.strip()).title_alone)
        right.append(any(text.startswith(one) and len(text) > len(one) for one in said))
        rows.append(_run_in_row(part))
        done = split_labels([part])  # last: it cuts the part
        label = done[0].words if len(done) > 1 else done[0].words[: done[0].label]
        # A heading's number in another type than its words is not a label.
        ruled.append(bool(re.search(r"[^\W\d_]{2}", " ".join(word.text for word in label))))
    return rows, right, ruled


def _run_in_row(part: Paragraph) -> Row:
    faces = [
        (w.style.bold, w.style.italic, is_small_capitals(w.style) or w.text.isupper(), w.style.font)
        for w in part.words
    ]
    first, usual = faces[0], Counter(faces).most_common(1)[0][0]
    length = next((n for n, face in enumerate(faces) if face != first), len(faces))
    head = " ".join(word.text for word in part.words[:length])
    return [
        first[0] and not usual[0], first[1] and not usual[1], first[2] and not usual[2],
        first[3] != usual[3], math.log(length), math.log(len(faces)), length / len(faces),
        head.endswith((".", ":", "—", "–", "?")), bool(parse_heading(part.text).number),
        bool(KNOWN.match(head)), part.kind == "footnote", part.text[0].isupper(),
    ]  # fmt: skip


def compare_run_ins(path: Path) -> str:
    """The F1 of the rules and of the regression, which has learnt from all other styles."""
    entries = json.loads(path.read_text("utf-8"))
    styles = [run_in_rows(path.parent / one["pdf"], one["run_in"]) for one in entries]
    right: list[bool] = []
    ruled: list[bool] = []
    judgement: list[bool] = []
    for number, (asked, wanted, by_rule) in enumerate(styles):
        others = styles[:number] + styles[number + 1 :]
        rows = [row for one in others for row in one[0]]
        said = learnt(rows, [truth for one in others for truth in one[1]], asked)
        right += wanted
        ruled += by_rule
        judgement += [bool(share > 0.5) for share in said]
    return (
        f"run-in labels: {len(styles)} styles, {len(right)} paragraphs, {sum(right)} with a label; "
        f"rules {_f1(right, ruled):.3f}, learnt {_f1(right, judgement):.3f}"
    )


def _f1(right: Sequence[bool], said: Sequence[bool]) -> float:
    both = sum(w and s for w, s in zip(right, said, strict=True))
    return 2 * both / max(sum(right) + sum(said), 1)


# --- the command ----------------------------------------------------------------------------------


def fronts(paths: Sequence[Path], ends: Mapping[str, Sequence[str]]) -> list[FrontLines]:
    """The papers of truth files that name a title."""
    found: list[FrontLines] = []
    for truth in (truth for path in paths for truth in read_truth(path) if truth.title):
        known = next((e[1] for p, e in ends.items() if str(truth.pdf).endswith(p)), "")
        last = (known or truth.abstract or "").split()[-_WORDS:]
        found.append(front_of(truth, " ".join(last)))
    return found


def main() -> None:
    """Print both comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("truth", nargs="+", type=Path)
    parser.add_argument("--ends", type=Path, help="first and last words of abstracts, by paper")
    parser.add_argument("--layouts", type=Path, help="truth.json of data/layouts.py")
    parser.add_argument("--apart", nargs="*", default=[], help="papers to count by themselves")
    given = parser.parse_args()
    ends = json.loads(given.ends.read_text("utf-8")) if given.ends else {}
    papers = fronts(given.truth, ends)
    line = list(judged(papers))
    said: list[str] = []
    for name, some in (
        ("others", [pair for pair in line if pair[0].name not in given.apart]),
        ("apart", [pair for pair in line if pair[0].name in given.apart]),
    ):
        said.append(f"front matter, {name}: {len(some)} papers")
        said.append(f"  rules:  {counted([(paper, paper.ruled) for paper, _ in some])}")
        said.append(f"  learnt: {counted(some)}")
    if given.layouts:
        said.append(compare_run_ins(given.layouts))
    sys.stdout.write("\n".join(said) + "\n")


if __name__ == "__main__":
    main()
