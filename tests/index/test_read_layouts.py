"""Layouts that are hard to read, typeset here: the order, the structure, and what is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from index.paper import BlockKind, Paper, Role
from index.read.front.identity import identify
from index.read.page.pdf import read_pages
from index.read.understand import understand

typst = pytest.importorskip("typst")

WORDS = re.findall(
    r"\w+",
    "sparse trees grow where dense forests once stood and every leaf of them is counted by hand "
    "before the winter storms arrive from northern hills while patient readers compare the totals",
)


def prose(mark: str, sentences: int = 6) -> str:
    """Sentences that tell their place: "Left 3 ..." is the third one of "Left"."""
    made = []
    for number in range(1, sentences + 1):
        words = [WORDS[(number * 7 + step) % len(WORDS)] for step in range(16)]
        made.append(f"{mark} {number} says that {' '.join(words)}.")
    return " ".join(made)


def typeset(folder: Path, source: str) -> Paper:
    """The paper that this Typst source prints."""
    path = folder / "paper.pdf"
    typst.compile(source.encode(), output=path, format="pdf", ignore_system_fonts=True)
    return understand(read_pages(path, 50), identify("paper", "", ""))


def sentences(paper: Paper, kind: BlockKind = "paragraph") -> list[str]:
    return [one.span.of(paper.text) for one in paper.sentences if one.kind == kind]


def marks(paper: Paper, *wanted: str) -> list[str]:
    """The first two words of the sentences whose first word is one of ``wanted``, in order."""
    said = [sentence.split() for sentence in sentences(paper)]
    return [" ".join(words[:2]) for words in said if words[0] in wanted]


def outline(paper: Paper) -> list[tuple[str, Role, int]]:
    return [(one.title, one.role, one.level) for one in paper.sections if one.title]


TWO_COLUMNS = f"""
#set page("us-letter", margin: (x: 54pt, y: 72pt), columns: 2,
  header: context if calc.odd(here().page()) [#h(1fr) Sparse Trees] else [Lovelace et al. #h(1fr)],
  footer: context align(center, counter(page).display()))
#set text(font: "Libertinus Serif", size: 10pt)
#set par(justify: true, first-line-indent: 1em, leading: 0.5em)
#show heading: set text(size: 10pt)
#place(top + center, scope: "parent", float: true)[
  #text(size: 17pt, weight: "bold")[A Forest of Sparse Trees That Is Counted \\
  by Patient Hands and Never by Machines]
  #v(6pt)
  #text(size: 11pt)[Ada Lovelace#super[1], Ludwig van der Berg#super[1,2], Grace B. Hopper#super[2]]
  #v(2pt)
  #text(size: 10pt)[#super[1]University of Nowhere, #super[2]Institute of Leaves]
  #v(12pt)
]
#text(weight: "bold")[Abstract—]{prose("Abstract", 4)}

#align(center)[I. INTRODUCTION]
{prose("Alpha", 30)}

{prose("Beta", 40)}

#align(center)[II. METHOD]
{prose("Gamma", 30)}

#place(top + center, scope: "parent", float: true)[
  #rect(width: 60%, height: 80pt)[#text(size: 7pt)[input #h(1fr) layer one #h(1fr) output]]
  #text(size: 9pt)[Fig. 1. The wide figure shows every tree of the forest and all of its leaves.]
  #v(6pt)
]
#text(style: "italic")[Leaf counting:] {prose("Delta", 30)}

#align(center)[III. EXPERIMENTS]
{prose("Epsilon", 40)}#footnote[The counts were made twice in the same week of spring.]

#align(center)[IV. CONCLUSION]
{prose("Zeta", 6)}
"""


@pytest.fixture(scope="module")
def two_columns(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    return typeset(tmp_path_factory.mktemp("two-columns"), TWO_COLUMNS)


class TestTwoColumns:
    """IEEE style: roman numbers, capitals, run-in abstract, a wide figure, alternating heads."""

    def test_a_title_of_two_lines_that_begins_like_an_appendix(self, two_columns: Paper) -> None:
        assert two_columns.title == (
            "A Forest of Sparse Trees That Is Counted by Patient Hands and Never by Machines"
        )

    def test_authors_with_marks_and_a_particle(self, two_columns: Paper) -> None:
        assert two_columns.authors == ("Ada Lovelace", "Ludwig van der Berg", "Grace B. Hopper")
        places = [span.of(two_columns.text) for span in two_columns.affiliations]
        assert places == ["University of Nowhere", "Institute of Leaves"]

    def test_roman_headings_and_a_run_in_abstract(self, two_columns: Paper) -> None:
        assert outline(two_columns) == [
            ("Abstract—", "abstract", 1),
            ("I. INTRODUCTION", "introduction", 1),
            ("II. METHOD", "method", 1),
            ("III. EXPERIMENTS", "experiments", 1),
            ("IV. CONCLUSION", "conclusion", 1),
        ]
        assert two_columns.abstract is not None
        assert two_columns.abstract.of(two_columns.text).startswith("Abstract 1 says")

    def test_the_columns_are_read_in_order_around_the_figure(self, two_columns: Paper) -> None:
        counts = {"Alpha": 30, "Beta": 40, "Gamma": 30, "Delta": 30, "Epsilon": 40, "Zeta": 6}
        assert marks(two_columns, *counts) == [
            f"{mark} {number}" for mark, count in counts.items() for number in range(1, count + 1)
        ]
        for sentence in sentences(two_columns):
            assert sentence.endswith((".", ".^1")), sentence  # one has the mark of a footnote

    def test_a_run_in_heading_is_no_sentence(self, two_columns: Paper) -> None:
        labels = [
            block.span.of(two_columns.text)
            for block in two_columns.blocks
            if block.kind == "run-in"
        ]
        assert labels == ["Leaf counting:"]

    def test_heads_numbers_and_labels_are_in_no_sentence(self, two_columns: Paper) -> None:
        said = " ".join(sentences(two_columns))
        assert "Lovelace et al." not in two_columns.text
        assert "layer one" not in said
        assert sentences(two_columns, "caption")[-1].startswith("Fig. 1. The wide figure")
        assert len(two_columns.figures) == 1
        noted = " ".join(sentences(two_columns, "footnote"))
        assert "The counts were made twice in the same week of spring." in noted


UNDER_REVIEW = f"""
#set page("a4", margin: (x: 90pt, y: 80pt), header: [Under review as a conference paper])
#set text(font: "New Computer Modern", size: 10pt)
#set par(justify: true, leading: 0.55em)
#set par.line(numbering: n => text(size: 6pt)[#n])
#show heading: it => block(above: 14pt, below: 9pt, text(weight: "bold", size: 12pt, it.body))
#align(center, text(size: 17pt, weight: "bold")[Counting Leaves])
#align(center)[Anonymous authors]
#align(center, text(weight: "bold", size: 12pt)[Abstract])
{prose("Abstract", 4)}

= 1#h(8pt)Introduction
{prose("Alpha", 9)}
The state-of-the-art is a hyphen#"-"ated compound.

= 2#h(8pt)Approach
{prose("Beta", 9)} We minimise
$ L(theta) = sum_(i=1)^n (y_i - f_theta (x_i))^2 $
where #emph[f] is the model that we train.

#text(weight: "bold")[Data.] {prose("Gamma", 9)}

= 3#h(8pt)Experiments
{prose("Delta", 9)}

#figure(table(columns: 4, [Model], [Leaves], [Trees], [Score],
  [small], [12], [3], [0.5], [large], [40], [9], [0.7]),
  caption: [Scores of the two models on all trees of the forest.])

{prose("Epsilon", 9)}

= References
[1] A. Turing. On trees. Journal of Leaves, 1950.

[2] G. Hopper. On bugs in trees. Journal of Leaves, 1951.
"""


@pytest.fixture(scope="module")
def under_review(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    return typeset(tmp_path_factory.mktemp("under-review"), UNDER_REVIEW)


class TestUnderReview:
    """One column with numbered lines, a formula, a table and references."""

    def test_headings(self, under_review: Paper) -> None:
        assert [title for title, _, _ in outline(under_review)] == [
            "Abstract", "1 Introduction", "2 Approach", "3 Experiments", "References",
        ]  # fmt: skip

    def test_line_numbers_and_running_heads_are_left_out(self, under_review: Paper) -> None:
        assert "Under review" not in under_review.text
        counts = {"Alpha": 9, "Beta": 9, "Gamma": 9, "Delta": 9, "Epsilon": 9}
        assert marks(under_review, *counts) == [
            f"{mark} {number}" for mark, count in counts.items() for number in range(1, count + 1)
        ]
        for sentence in sentences(under_review):
            words = sentence.split()
            assert not any(word.isdigit() and int(word) > 9 for word in words), sentence

    def test_the_formula_is_no_sentence(self, under_review: Paper) -> None:
        said = sentences(under_review)
        assert "We minimise" in said
        assert "where f is the model that we train." in said
        assert any(block.kind == "equation" for block in under_review.blocks)

    def test_the_table_is_no_sentence(self, under_review: Paper) -> None:
        assert not any(
            "small" in sentence or "0.7" in sentence for sentence in sentences(under_review)
        )
        assert [figure.label for figure in under_review.figures] == ["Table 1"]

    def test_references_are_no_sentences(self, under_review: Paper) -> None:
        assert not any("Turing" in sentence for sentence in sentences(under_review))
        cited = [
            block.span.of(under_review.text)
            for block in under_review.blocks
            if block.kind == "reference"
        ]
        assert cited and cited[0].startswith("[1] A. Turing.")

    def test_every_box_is_on_its_page(self, under_review: Paper) -> None:
        for sentence in under_review.sentences:
            boxes = under_review.boxes(sentence.span)
            assert boxes
            assert all(1 <= box.page <= under_review.pages and box.x0 < box.x1 for box in boxes)
