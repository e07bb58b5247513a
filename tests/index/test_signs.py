"""Signs of fonts that give no letter for them: by the glyph's name, by its outline, by the font."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from index.paper import Paper
from index.read.page.characters import drawn_characters
from index.read.page.letters import clean_text, symbol_table
from index.read.page.pdf import read_pages
from index.read.page.signs import drawn_sign, named_sign

PAPERS = Path(__file__).parents[2].parent / "shared/papers"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("digests/dotmotion.pdf", "β_1 = −0.11 ± 0.005, t = −21.25, p < 1e-8"),
        ("digests/polarbears.pdf", "P(y = 2) ≈P(y = 1) ≈0.5"),
        ("digests/tesseroids.pdf", "within the range [−1,1]. Before"),
        ("digests/eft.pdf", "Z(x) = ∑_y π_ref(y | x)"),
        ("digests/dkg.pdf", "a(x) = ∏_(i∈S)(x −i)"),
        ("digests/ampute.pdf", "For α ≠ 1 and b ≠ 0"),
        ("open/N18-3011.pdf", "linearly to range from (−0.5, −0.5)"),
    ],
)
def test_signs_without_unicode_are_read(
    published_paper: Callable[[Path], Paper], name: str, said: str
) -> None:
    paper = published_paper(PAPERS / name)
    assert said in paper.text


def test_boxes_are_checked_against_the_same_signs() -> None:
    path = PAPERS / "digests/dotmotion.pdf"
    if not path.exists():
        pytest.skip("../shared is not here")
    said = "".join(one.text for one in drawn_characters(path, 6))
    assert "−21.25" in said
    assert "\ufffd" not in said


GLYPHS = [
    ("ABCDEF+CMEX10", "summationdisplay", "∑"),
    ("CMEX9", "parenleftBigg", "("),
    ("txexs", "summationtext.1", "∑"),
    ("LMMathExtension10-Regular", "integraldisplay", "∫"),
    ("MathematicalPi-One", "H11002", "−"),
    ("MathematicalPi-One", "H11349", "≤"),
    ("MathematicalPi-One", "H9004", "Δ"),
    ("MathematicalPi-One", "H9251", "α"),
    ("MathematicalPi-One", "H9262", "μ"),
    ("MathematicalPi-One", "H9273", "χ"),
    ("AdvP4C4E74", "C0", "−"),
    ("AdvP4C4E46", "C16", "("),
    ("Helvetica", "C0", None),
    ("FontAwesome5Free-Regular", "lightbulb", None),
    ("Any", "bigbang", None),
]


def test_names_of_glyphs(subtests: pytest.Subtests) -> None:
    for font, glyph, sign in GLYPHS:
        with subtests.test(font=font, glyph=glyph, sign=sign):
            assert named_sign(font, glyph) == sign


def box(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    """A bar, with a point in the middle of a side, as some programs leave one."""
    return [(x0, y0), (x1, y0), (x1, (y0 + y1) / 2), (x1, y1), (x0, y1), (x0, y0)]


def cross(x: float, y: float, arm: float, half: float) -> list[tuple[float, float]]:
    """A cross of bars ``2 * half`` thick."""
    quarter = [(half, arm), (half, half), (arm, half)]
    turned = [quarter, [(arm, -half), (half, -half), (half, -arm)],
              [(-half, -arm), (-half, -half), (-arm, -half)],
              [(-arm, half), (-half, half), (-half, arm)]]  # fmt: skip
    return [(x + a, y + b) for part in turned for a, b in part]


def test_outlines_of_bars_and_crosses() -> None:
    assert drawn_sign([box(0.06, 0.23, 0.72, 0.27)], 0.78) == "−"
    assert drawn_sign([box(0.0, 0.23, 0.5, 0.27)], 0.5) is None  # a dash joins its neighbours
    assert drawn_sign([box(0.06, -0.1, 0.72, -0.06)], 0.78) is None  # a low line
    assert drawn_sign([box(0.06, 0.33, 0.72, 0.37), box(0.06, 0.13, 0.72, 0.17)], 0.78) == "="
    plus = cross(0.39, 0.25, 0.33, 0.02)
    assert drawn_sign([plus], 0.78) == "+"
    assert drawn_sign([plus, box(0.06, -0.15, 0.72, -0.11)], 0.78) == "±"
    turned = [((x - y) * 0.7, (x + y) * 0.7) for x, y in cross(0, 0, 0.33, 0.02)]
    assert drawn_sign([turned], 0.78) == "×"
    assert drawn_sign([[(0, 0), (0.5, 0), (0.25, 0.5)]], 0.5) is None
    assert drawn_sign([[(0, 0), (0.5, 0), (0.5, 0.5), (0, 0.5)]], 0.5) is None
    assert drawn_sign([[(0, 0.2), (0.3, 0.3), (0.6, 0.2), (0.3, 0.25)]], 0.7) is None


SIGNS = """#set page(width: 16cm, height: 6cm)
#set text(font: "Libertinus Serif")
#show math.equation: set text(font: "New Computer Modern Math")
The slope is $-$ 21.25 and the sum $=$ 7 $plus.minus$ 2 of 3 $times$ 4 words $+$ 5 more.
"""


def test_outlines_of_a_font_without_letters(tmp_path: Path) -> None:
    typst = pytest.importorskip("typst")
    pymupdf = pytest.importorskip("pymupdf")
    made, path = tmp_path / "made.pdf", tmp_path / "signs.pdf"
    typst.compile(SIGNS.encode(), output=made, format="pdf", ignore_system_fonts=True)
    with pymupdf.open(made) as document:
        for font in document[0].get_fonts():
            if "Math" in font[3]:
                document.xref_set_key(font[0], "ToUnicode", "null")
        document.save(path)
    said = " ".join(line.text for line in read_pages(path, 5).pages[0].lines)
    assert said == "The slope is − 21.25 and the sum = 7 ± 2 of 3 × 4 words + 5 more."


def test_a_letter_that_nobody_can_tell_stays_unreadable(tmp_path: Path) -> None:
    typst = pytest.importorskip("typst")
    pymupdf = pytest.importorskip("pymupdf")
    made, path = tmp_path / "made.pdf", tmp_path / "signs.pdf"
    source = SIGNS.replace("$-$", "$theta$")
    typst.compile(source.encode(), output=made, format="pdf", ignore_system_fonts=True)
    with pymupdf.open(made) as document:
        for font in document[0].get_fonts():
            if "Math" in font[3]:
                document.xref_set_key(font[0], "ToUnicode", "null")
        document.save(path)
    content = read_pages(path, 5).pages[0]
    assert "The slope is \ufffd 21.25" in " ".join(line.text for line in content.lines)


def test_signs_on_the_keys_of_letters() -> None:
    mathtime = symbol_table("ABCDEF+MT2SYT", "DI!")
    assert mathtime is not None
    assert "x D y".replace("x ", "").translate(mathtime) == "= y"
    italic = symbol_table("MTMI", ".:;/")
    assert italic is not None
    assert ".0:5; 1/".translate(italic) == "(0.5, 1)"
    assert symbol_table("MTGU", ".") is None
    # With a map of their own these fonts say what they draw: a factorial, three dots.
    assert symbol_table("ABCDEF+MTSYN10", "!:;=|") is None
    assert symbol_table("MTSY", "!") is None
    assert symbol_table("MTMI", ".") is None
    factorial = symbol_table("AdvP4C4E59", "!")
    assert factorial is not None
    assert "!".translate(factorial) == "!"
    commas = symbol_table("AdvTT0123abcd.I", "abx;")
    assert commas is not None
    assert "a;b".translate(commas) == "a,b"
    assert symbol_table("AdvTT0123abcd.I", "abx;,") is None


def test_a_barred_letter_is_one() -> None:
    assert clean_text("Pawe\u0335l \u0335Lukasz") == "Paweł Łukasz"
