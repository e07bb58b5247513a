"""What stands among the paragraphs and is no prose: kinds that readers of papers saw quoted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from index.paper import BlockKind, Paper
from index.read.front.identity import identify
from index.read.page.pdf import read_pages
from index.read.understand import understand

typst = pytest.importorskip("typst")

PAPERS = Path(__file__).parents[3] / "shared" / "papers" / "digests"
HEAD = """
#set page(width: 595pt, height: 842pt, margin: 72pt)
#set text(size: 10pt, font: "Libertinus Serif")
#set par(justify: true, spacing: 9pt)
#align(center, text(17pt)[*Counting Leaves in Sparse Forests*])
#align(center)[Ada Berg]
= Abstract
We count leaves. #lorem(40)
= Introduction
#lorem(90)

"""


def read(tmp_path: Path, source: str) -> Paper:
    """The paper that a page of typst makes, below a title, an abstract and some text."""
    path = tmp_path / "paper.pdf"
    typst.compile((HEAD + source).encode(), output=path, format="pdf", ignore_system_fonts=True)
    return understand(read_pages(path, 50), identify("paper", "", ""))


@pytest.fixture
def printed(published_paper: Callable[[Path], Paper]) -> Callable[[str], Paper]:
    """A paper of the digests, by its name."""
    return lambda name: published_paper(PAPERS / f"{name}.pdf")


def kinds_of(paper: Paper, said: str) -> set[BlockKind]:
    """The kinds of the blocks that have these words, which the paper must have."""
    held = {
        block.kind for block in paper.blocks if said in " ".join(block.span.of(paper.text).split())
    }
    assert held, said
    return held


def prose_of(paper: Paper) -> list[str]:
    """The sentences that may be quoted."""
    return [
        " ".join(sentence.span.of(paper.text).split())
        for sentence in paper.sentences
        if sentence.kind == "paragraph"
    ]


# --- listings -------------------------------------------------------------------------------------

PROMPT = """
We give it this prompt, in which the question of each topic takes the place

```
Your answer MUST NOT be based on the result alone.
Please explain the answer that you give to me.
```

of the words in brackets. #lorem(60) The function `count` is called once for each tree.
"""


def test_a_prompt_in_typewriter_type_is_no_sentence(tmp_path: Path) -> None:
    paper = read(tmp_path, PROMPT)
    assert kinds_of(paper, "Your answer MUST NOT be based on the result alone.") == {"table"}
    said = prose_of(paper)
    assert "The function count is called once for each tree." in said
    assert any("takes the place of the words in brackets." in one for one in said)


def test_a_paper_in_typewriter_type_has_sentences(tmp_path: Path) -> None:
    paper = read(tmp_path, '#set text(font: "DejaVu Sans Mono")\n' + "#lorem(120)\n\n" * 9)
    assert len(prose_of(paper)) > 30


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("healthgpt", "Please also provide an explanation for your answer."),
        ("eft", "Critical user is COMPLETELY satisfied".replace("C", "c", 1)),
        ("concord", "$mcoptions$ = (A) Yes."),
    ],
)
def test_prompts_of_papers_are_no_sentences(
    name: str, said: str, printed: Callable[[str], Paper]
) -> None:
    paper = printed(name)
    assert "paragraph" not in kinds_of(paper, said)
    assert not any(said in one for one in prose_of(paper))


def test_a_mark_without_a_word_is_no_sentence(
    tmp_path: Path, printed: Callable[[str], Paper]
) -> None:
    paper = read(tmp_path, "#lorem(60)\n\n#v(20pt)\n…\n\n#v(20pt)\nB #h(90pt) C\n\n#lorem(60)")
    assert kinds_of(paper, "…") == {"table"}
    assert not any(one in ("…", "B C") for one in prose_of(paper))
    assert not {"¯", "B C"} & {*prose_of(printed("cobot")), *prose_of(printed("monsoon"))}


# --- small print at the foot ----------------------------------------------------------------------

RULED = """
#lorem(300)

#place(bottom)[
  #line(length: 120pt, stroke: 0.4pt)
  #set text(size: 8pt)
  #h(1em)1. Broadly speaking, forests are any group of trees that somebody has planted.

  #h(1em)2. We use the word leaf for needles too, since the count is the same for both.
]
#v(60pt)
"""


def test_small_print_under_a_rule_is_a_footnote(tmp_path: Path) -> None:
    paper = read(tmp_path, "#pagebreak()\n" + RULED)
    assert kinds_of(paper, "Broadly speaking, forests are any group") == {"footnote"}
    assert kinds_of(paper, "We use the word leaf for needles too") == {"footnote"}


def test_small_print_at_the_foot_of_the_first_page_is_a_footnote(tmp_path: Path) -> None:
    thanks = RULED.replace("#line(length: 120pt, stroke: 0.4pt)", "").replace("300", "200")
    paper = read(tmp_path, thanks + "#pagebreak()\n#lorem(200)")
    assert kinds_of(paper, "Broadly speaking, forests are any group") == {"footnote"}


def test_a_section_in_small_print_is_prose(tmp_path: Path) -> None:
    paper = read(
        tmp_path,
        "#pagebreak()\n#lorem(300)\n= Materials and Methods\n#set text(size: 8pt)\n"
        "The leaves were counted twice by hand. #lorem(1100)",
    )
    assert kinds_of(paper, "The leaves were counted twice by hand.") == {"paragraph"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("crackdowns", "Broadly speaking, NGOs are any local"),
        ("cobot", "This work was supported in part by the European Unions"),
        ("goldilocks", "under exclusive license to Springer Nature"),
        ("rewire", "Publication rights licensed to ACM."),
        ("zikatimes", "Preprint published online: 1 April 2016"),
    ],
)
def test_footnotes_and_permissions_of_papers_are_no_prose(
    name: str, said: str, printed: Callable[[str], Paper]
) -> None:
    assert kinds_of(printed(name), said) == {"footnote"}


def test_sections_in_small_print_of_a_paper_are_prose(printed: Callable[[str], Paper]) -> None:
    paper = printed("ukraine")
    assert "paragraph" in kinds_of(paper, "Anonymized device-level location data are obtained")


# --- captions -------------------------------------------------------------------------------------

TABLE = """
#align(center, table(columns: (90pt, 90pt, 90pt), stroke: none, table.hline(),
  [Forest], [Leaves], [Trees], table.hline(), [North], [4.1], [12], [South], [5.3], [17],
  [East], [6.3], [18], table.hline()))
"""


def test_a_table_has_the_title_below_its_number(tmp_path: Path) -> None:
    paper = read(
        tmp_path,
        "#align(center, text(8pt)[TABLE I\\ #text(6.4pt)[LEAVES OF EACH TREE IN THREE FORESTS.]])"
        + TABLE
        + "#lorem(90)",
    )
    figure = next(one for one in paper.figures if one.label == "TABLE I")
    assert "LEAVES OF EACH TREE" in figure.caption.of(paper.text)


def test_a_caption_has_its_last_line_with_a_formula(tmp_path: Path) -> None:
    paper = read(
        tmp_path,
        "#align(center, rect(width: 200pt, height: 90pt, fill: luma(80%)))\n"
        "#pad(left: 90pt, right: 90pt)[#set par(justify: false)\n"
        "Figure 1: Leaves of two forests, where each of them has a good perfor-\\ "
        "mance ($R^2 = 32 %$).]\n\n#lorem(90)",
    )
    figure = next(one for one in paper.figures if one.label == "Figure 1")
    said = figure.caption.of(paper.text)
    assert "a good performance (" in said
    assert said.endswith(").")


def test_small_print_below_a_caption_goes_on_with_it(tmp_path: Path) -> None:
    paper = read(
        tmp_path,
        "#align(center, rect(width: 200pt, height: 90pt, fill: luma(80%)))\n"
        "#set text(size: 8pt)\nFigure 1: Leaves of two forests.\n\n"
        "The bold line is the mean of all the trees that stand in the northern forest.\n\n"
        "#v(14pt)\n#set text(size: 10pt)\n#lorem(90)",
    )
    assert kinds_of(paper, "The bold line is the mean of all the trees") == {"caption"}


def test_a_note_under_a_table_is_a_footnote(tmp_path: Path) -> None:
    paper = read(
        tmp_path,
        "#align(center)[Table 1: Leaves of each tree in three forests.]"
        + TABLE
        + "#align(center, text(8pt)[Notes: Leaves are in millions and were counted in June.])\n"
        "#v(14pt)\n#lorem(90)",
    )
    assert kinds_of(paper, "Leaves are in millions and were counted") == {"footnote"}


ROWS = "[1], [1.97 (0.11)], [1.01 (0.91)], [2], [2.97 (0.21)], [1.02 (0.92)]"


@pytest.mark.parametrize(("mark", "size", "width"), [("a", 7, 220), ("a", 8, 451), ("b", 7, 451)])
def test_a_raised_letter_below_rows_of_the_same_leading_begins_a_note(
    tmp_path: Path, mark: str, size: int, width: int
) -> None:
    paper = read(
        tmp_path,
        "#text(8pt)[*Table 1. Leaves of each tree in three forests*]\n"
        f"#text({size}pt)[#set par(justify: false, hanging-indent: 5pt)\n"
        f"#grid(columns: (90pt,) * 3, row-gutter: 4pt, [Tree], [Crude], [Adjusted], {ROWS})\n"
        f"#v(-5pt)\n#block(width: {width}pt)[#super(typographic: false)[{mark}] "
        "Results of a regression analysis of all leaves, which compare higher counts "
        "in fifths with the lowest one as the reference to all of them.]]\n"
        "#v(14pt)\n#lorem(200)",
    )
    (note,) = [block for block in paper.blocks if block.kind == "footnote"]
    said = " ".join(note.span.of(paper.text).split())
    assert said.startswith(f"{mark} Results of a regression analysis")
    assert said.endswith("as the reference to all of them.")


def test_a_note_in_two_columns_is_one_note(tmp_path: Path) -> None:
    note = (
        "#super(typographic: false)[a] Results of a regression analysis of all leaves. "
        "Covariates in all of the models were age of the trees, type of the forest, month of "
        "the count, height of the hills on which they stand, and whether it had rained."
    )
    paper = read(
        tmp_path,
        "#align(center)[Table 1: Leaves of each tree in three forests.]"
        + TABLE
        + f"#block(height: 27pt, text(8pt, columns(2, gutter: 24pt)[{note}]))\n"
        "#v(14pt)\n#lorem(200)",
    )
    said = [" ".join(one.span.of(paper.text).split()) for one in paper.sentences]
    (found,) = [one for one in said if one.startswith("Covariates")]
    assert found.endswith("whether it had rained.")
    assert kinds_of(paper, "Covariates in all of the models") == {"footnote"}


def test_a_caption_on_its_side_is_a_caption(tmp_path: Path) -> None:
    paper = read(
        tmp_path,
        "#lorem(60)\n\n#place(center, rotate(-90deg, reflow: true)[\n"
        "#rect(width: 220pt, height: 90pt, fill: luma(80%))\n"
        "Figure 1. Leaves of the trees.])",
    )
    assert kinds_of(paper, "Figure 1. Leaves of the trees.") == {"caption"}


@pytest.mark.parametrize(
    ("name", "label", "said"),
    [
        ("prescient", "TABLE I", "DATASETS USED TO TRAIN"),
        ("dkg", "Fig. 2", "All benchmarked threshold cryptosystems"),
        ("data4robotics", "Figure 5", "predictive of real world performance (R^2 = 32%)."),
        ("eft", "Figure 3", "alone mostly benefits factuality;"),
        ("ampute", "Figure 2", "Schematic overview"),
    ],
)
def test_captions_of_papers_are_whole(
    name: str, label: str, said: str, printed: Callable[[str], Paper]
) -> None:
    paper = printed(name)
    figure = next(one for one in paper.figures if one.label == label)
    assert said in " ".join(figure.caption.of(paper.text).split())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bpvar", "a Results of Cox proportional hazards regression analysis"),
        ("bpvar", "ARV indicates average real variability"),
        ("ampute", "The weights column displays whether the variables influence"),
        ("vsl", "VSL, in million US dollars, projected following"),
        ("zikatimes", "An explanation of how time periods were derived"),
    ],
)
def test_notes_of_papers_are_footnotes(
    name: str, said: str, printed: Callable[[str], Paper]
) -> None:
    assert kinds_of(printed(name), said) == {"footnote"}


# --- labels and cells -----------------------------------------------------------------------------


def test_labels_in_boxes_are_no_sentences_but_a_framed_sentence_is(tmp_path: Path) -> None:
    paper = read(
        tmp_path,
        "#align(center, rect(width: 60%, fill: luma(85%))[*Training Mix* \\ "
        "Leaves and needles of all trees (or only needles)])\n\n#lorem(40)\n\n"
        "#rect(width: 100%, fill: luma(85%))[Leaves fall in autumn, which is when we "
        "counted all of them by hand.]\n\n#lorem(60)",
    )
    assert kinds_of(paper, "Leaves and needles of all trees") == {"table"}
    assert kinds_of(paper, "Leaves fall in autumn, which is when we") == {"paragraph"}


def test_sentences_in_cells_are_no_prose(tmp_path: Path) -> None:
    paper = read(
        tmp_path,
        "#lorem(40)\n\n#text(8pt, grid(columns: (130pt, 1fr), row-gutter: 9pt,\n"
        "[4 Backup], [Making copies of data so that they may be used after a loss.],\n"
        "[5 Usability], [Ease with which people can use a system for a goal of theirs.],\n"
        "[6 Safety], [Freedom from danger of all the people who work with it.]))\n\n#lorem(60)",
    )
    assert "paragraph" not in kinds_of(paper, "Making copies of data so that they may")
    assert "paragraph" not in kinds_of(paper, "Freedom from danger of all the people")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("affordgrasp", "Wrap your hand around the bottle."),
        ("jays", "CCH Quito"),
        ("telemed", "Changes in LDL-C and triglyceride levels."),
        ("translitsurvey", "(Or only Transliterated Data)"),
    ],
)
def test_labels_and_cells_of_papers_are_no_prose(
    name: str, said: str, printed: Callable[[str], Paper]
) -> None:
    assert not any(said in one for one in prose_of(printed(name)))
