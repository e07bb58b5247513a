"""Formulas of Markdown and HTML: their LaTeX, and where they are in a text that is as it was."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.catalog.pack import pack, unpack
from index.paper import Paper
from index.read.markup.assemble import BlockDraft
from index.read.markup.formulas import (
    SaidFormula,
    between_signs,
    formulas_in,
    parts_of,
)
from index.read.markup.html import read_html
from index.read.markup.markdown import read_markdown
from index.read.page.unicode import plain

HERE = Path(__file__).parent
PROSE = "Hills are walked down by those who see them. " * 12
MARKDOWN = rf"""# On $x^2$ hills

## Abstract

We study $E = mc^2$ and pay $5 and then 10 dollars. It has \(a_i\), `no $y$ code`, and
a long sentence on $\alpha$ that

| $a$ | b |
|---|---|
| $x_1$ | 2 |

continues with $\beta$ here. {PROSE}

$$\sum_{{i=1}}^n x_i$$ (3)

\begin{{align}}
a &= b \\
c &= d
\end{{align}}

Then \[ z = \frac{{1}}{{2}} \] is done. A mark$^{{12}}$ is none.
"""  # fmt: skip


def _said(paper: Paper) -> list[tuple[str, str, bool]]:
    return [(one.span.of(paper.text), one.tex, one.displayed) for one in paper.formulas]


@pytest.fixture
def hills(tmp_path: Path) -> Paper:
    path = tmp_path / "hills.md"
    path.write_text(MARKDOWN)
    paper = read_markdown(path, path.name)
    assert paper is not None
    return paper


def test_formulas_of_markdown_have_their_latex_and_their_places(hills: Paper) -> None:
    assert [(said, shown) for said, _, shown in _said(hills)] == [
        ("$x^2$", False),
        ("$E = mc^2$", False),
        ("$\\beta$", False),
        ("$a$", False),
        ("$x_1$", False),
        ("$$\\sum_{i=1}^n x_i$$", True),
        ("\\begin{align} a &= b \\\\ c &= d \\end{align}", True),
        ("\\[ z = \\frac{1}{2} \\]", True),
    ]  # in their order in the text: the table is behind the paragraph that it splits
    assert [one.tex for one in hills.formulas][:2] == ["x^2", "E = mc^2"]
    assert hills.formulas[5].tex == "\\sum_{i=1}^n x_i"
    assert "on $\\alpha$ that continues with $\\beta$ here." in hills.text
    assert "A mark^12 is none." in hills.text
    assert unpack(pack(hills)) == hills


def test_what_prices_stand_around_is_no_formula(hills: Paper) -> None:
    assert "pay $5 and then 10 dollars. It has" in hills.text
    assert not any("dollars" in one.tex or "sentence" in one.tex for one in hills.formulas)


def test_formulas_of_latexml_are_on_a_line_and_keep_their_latex() -> None:
    paper = read_html(HERE / "latexml_sample.html", "sample")
    assert paper is not None
    said = _said(paper)
    assert ("x_i", "x_{i}", False) in said and ("e_i ≥ 0", "e_{i}\\geq 0", False) in said
    assert (
        "e_i = (|x_i − y_i|)/x_i,",
        "e_{i}=\\frac{|x_{i}-y_{i}|}{x_{i}},",
        True,
    ) in said
    assert len(said) == 14


def test_a_page_for_mathjax_has_formulas_outside_of_code(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(
        r"<html><body><h1>Hills</h1><h2>Abstract</h2><p>We study \(x_i\) and \[y=1\], also "
        r"$$\sum x$$ but <code>\(no\)</code> and \( and $5, $6.</p><p>"
        + PROSE
        + "</p></body></html>"
    )
    paper = read_html(path, "page")
    assert paper is not None
    assert [one[0] for one in _said(paper)] == ["\\(x_i\\)", "\\[y=1\\]", "$$\\sum x$$"]
    assert "but \\(no\\) and \\( and $5, $6." in paper.text


def test_a_table_behind_a_torn_paragraph_moves_no_formula() -> None:
    first, second = BlockDraft("paragraph", "a $x$ b"), BlockDraft("paragraph", "Abstract: $y$ c")
    first.formulas = formulas_in(["a ", between_signs("$x$"), " b"], first.text, plain)
    second.formulas = formulas_in(["Abstract: ", between_signs("$y$"), " c"], second.text, plain)
    second.cut(len("Abstract: "))
    first.append(second)
    assert first.text == "a $x$ b $y$ c"
    assert [one.span.of(first.text) for one in first.formulas] == ["$x$", "$y$"]


@pytest.mark.parametrize(
    ("said", "tex", "displayed"),
    [
        ("$x$", "x", False),
        ("$$x$$", "x", True),
        ("\\( x \\)", "x", False),
        ("\\[x\\]", "x", True),
        ("\\begin{gather}x\\end{gather}", "\\begin{gather}x\\end{gather}", True),
        ("$$", "$$", False),
        ("$5 per word and then 6$", "", False),
        ("$\\text{per word and then}$", "\\text{per word and then}", False),
    ],
)
def test_the_signs_around_a_formula_are_taken_off(said: str, tex: str, displayed: bool) -> None:
    formula = between_signs(said)
    assert (str(formula), formula.tex, formula.displayed) == (said, tex, displayed)


@given(st.text(alphabet="ab \\()[]$\n", max_size=60))
def test_a_text_is_all_of_its_parts(text: str) -> None:
    assert "".join(parts_of(text)) == text


WORDS = st.text(alphabet="ab é\u0301\u200b\n\t中\ufdd0", max_size=6)


@example([SaidFormula("a \u200b", "x"), "a"])
@given(st.lists(st.one_of(WORDS, WORDS.map(lambda one: SaidFormula(one, "x")))))
def test_a_place_has_the_formula_that_was_said(parts: list[str]) -> None:
    text = plain("".join(parts))
    found = formulas_in(parts, text, plain)
    said = [plain(one) for one in parts if isinstance(one, SaidFormula) and plain(one)]
    assert [one.span.of(text) for one in found] in ([], said)
    # Cleaning may depend on what is beside a formula where there is more than ASCII.
    assert found or not said or not all(map(str.isascii, parts))
    assert all(one.span.end <= two.span.start for one, two in itertools.pairwise(found))


def test_many_openings_without_an_end_are_read_in_time() -> None:
    text = "\\(" * 50_000
    assert "".join(parts_of(text)) == text
