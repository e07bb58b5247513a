"""Raised and lowered type and fractions in a line, as people write them in plain text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from index.paper import Paper
from index.read import _read_file
from index.read.page.pages import Line, PageWord, Style
from index.read.text.scripts import in_order, plain_text

PAPERS = Path(__file__).parents[2].parent / "shared/papers"
STYLE = Style(10, False, False, False, False, False, "Any")
SMALL = Style(7, False, False, False, False, False, "Any")


def word(text: str, x: float, rise: float = 0.0, *, wide: float = 0.0) -> PageWord:
    """A word on the base line at y = 100, of small type where it rises or falls."""
    style = STYLE if rise == 0 else SMALL.at(1 if rise > 0 else -1)
    x1 = x + (wide or 5 * len(text))
    return PageWord(text, x, 92 - rise, x1, 102 - rise, ((text, style),), 100 - rise)


def said(*words: PageWord) -> str:
    line = Line(1, 0, in_order(list(words)))
    return "".join(text + ("" if glued else " ") for text, glued in plain_text(line)).strip()


def test_a_fraction_is_written_with_a_slash() -> None:
    ratio = word("1", 32, 4), word("3", 32, -4)
    assert said(word("are", 0), *ratio, word("of", 45)) == "are 1/3 of"
    assert said(word("are", 0), *ratio[::-1], word("of", 45)) == "are 1/3 of"


def test_the_halves_of_a_fraction_may_be_long() -> None:
    above = [word("a", 30, 4), word("+", 35.5, 4), word("b", 41, 4)]
    below = [word("2", 36, -4)]
    row = sorted([word("sum", 0), *above, *below, word("of", 60)], key=lambda one: one.x0)
    assert said(*row) == "sum (a + b)/2 of"


def test_an_index_before_a_fraction_is_none_of_it() -> None:
    above, below = [word("1", 40, 4)], [word("n", 40, -4)]
    assert said(word("∑", 20), word("t", 25.5, -3), *above, *below, word("of", 60)) == "∑_t 1/n of"


def test_scripts_over_each_other_are_no_fraction() -> None:
    assert said(word("x", 0), word("2", 5.2, 4), word("i", 5.2, -2), word("is", 20)) == "x^2_i is"
    # Too low for an index: the halves of a fraction beside a letter.
    assert said(word("x", 0), word("2", 5.2, 4), word("3", 5.2, -4), word("is", 20)) == "x 2/3 is"
    assert said(word("W", 0), word("′", 5.2, 4), word("R", 5.2, -4), word("is", 20)) == "W′_R is"


def test_a_script_of_several_words_is_one() -> None:
    base = PageWord("2|T", 0, 92, 15, 102, (("2", STYLE), ("|T", SMALL.at(1))), 100)
    assert said(base, word("|", 15, 4), word("steps", 40)) == "2^(|T|) steps"
    tall = Style(5, False, False, False, True, False, "Any")
    nested = PageWord("2", 15, 88, 18, 93, (("2", tall),), 94)
    power = PageWord("gτ", 0, 92, 15, 102, (("g", STYLE), ("τ", SMALL.at(1))), 100)
    assert said(power, nested, word("is", 40)) == "g^τ^2 is"


def test_an_index_under_a_long_script() -> None:
    base = PageWord("LControl", 0, 92, 40, 102, (("L", STYLE), ("Control", SMALL.at(1))), 100)
    assert said(base, word("SDS", 5.2, -2), word("is", 60)) == "L^Control_SDS is"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("digests/vsl.pdf", "(∂v)/(∂h) = V (w"),
        ("digests/qgraph.pdf", "with probability 1/12500 which"),
        ("digests/eft.pdf", "exp ( 1/β r(x, y) )"),
        ("digests/dkg.pdf", "(g^τ^i)_(i∈[0,ℓ])"),
        ("digests/dkg.pdf", "= x^2 − ω^4_8 x"),
        ("digests/rooms.pdf", "w_PF = 0.1"),
        ("digests/cve.pdf", "across 304 A∗ papers"),
        ("digests/telemed.pdf", "Kahtrel Maynard"),
        ("open/sparse_diffusion_policy.pdf", "reduced to 1/16 of the original"),
        ("open/smola10.pdf", "η_i = 1/(√const.+i)"),
        ("open/P14-1059.pdf", "W′_R ∈R^(2d×d)"),
    ],
)
def test_fractions_and_scripts_of_papers(
    published_paper: Callable[[Path], Paper], name: str, wanted: str
) -> None:
    assert wanted in published_paper(PAPERS / name).text


MATHS = """#set page(width: 16cm, height: 14cm)
#set text(font: "Libertinus Serif", size: 10pt)
= Ways of water in dry rivers
The rivers of the dry land run in winter and lie dry in summer, and we have seen them.

The model has $y_1^2$ as its output. We find that the rate $(partial h)/(partial v) = V(w)$ is
positive. The load is $(a + b)/2$ for each of the workers. The share $(x_i - x_j)/(x - x_j)$ is less
than that, and it takes $O(2^(|T|))$ steps in all. We have walked along each of the rivers for a
year and counted the days on which they carried water, and here we say how many there were of them.
"""


def test_fractions_that_typst_sets(tmp_path: Path) -> None:
    typst = pytest.importorskip("typst")
    path = tmp_path / "maths.pdf"
    typst.compile(MATHS.encode(), output=path, format="pdf", ignore_system_fonts=True)
    paper = _read_file(path, "maths", None, 9, 10**6).paper
    assert paper is not None
    text = " ".join(paper.text.split())
    assert "The model has 𝑦^2_1 as its output." in text
    assert "the rate (𝜕ℎ)/(𝜕𝑣) = 𝑉(𝑤) is" in text
    assert "The load is (𝑎+𝑏)/2 for each" in text
    assert "The share (𝑥_𝑖−𝑥_𝑗)/(𝑥−𝑥𝑗) is less" in text
    assert "takes 𝑂(2^(|𝑇|)) steps" in text


INITIALS = """#set page(width: 12cm, height: 12cm, margin: 1.5cm)
#set text(font: "Libertinus Serif", size: 10pt)
= Ways of water in dry rivers
#grid(columns: (auto, 1fr), column-gutter: 1pt, [QUOTE#text(30pt)[T]], [he land is dry in summer” is
what people say, and we have seen them so for many years. We have walked along each of the rivers
for a year and more, and we have counted the days on which they carried water to the sea.])

The rivers of the dry land run in winter and lie dry in summer, and we have seen them. We measure
the depth of the water twice a day and give all of what we have measured in the tables at the end.
"""


@pytest.mark.parametrize("size", [10, 30])
def test_a_dropped_capital_with_a_quotation_mark(size: int, tmp_path: Path) -> None:
    typst = pytest.importorskip("typst")
    path = tmp_path / "initial.pdf"
    source = INITIALS.replace("QUOTE", f"#text({size}pt)[“]")
    typst.compile(source.encode(), output=path, format="pdf", ignore_system_fonts=True)
    paper = _read_file(path, "initial", None, 9, 10**6).paper
    assert paper is not None
    text = " ".join(paper.text.split())
    assert "“The land is dry in summer” is what people say, and we have seen them so" in text
