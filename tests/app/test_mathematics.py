"""Which words of a PDF are mathematics: what a line of characters does not show as print has it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.show.mathematics import find_mathematics, has_mathematics, with_equation
from index.paper import Block, BlockKind, Paper
from index.spans import Span


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("the maximum speed v_max for each point", ["v_max"]),
        ("a weight decay of 2 × 10^-5.", ["10^-5."]),
        ("we compute ∥w∥^2_2 and Θ(t^2) then", ["∥w∥^2_2", "Θ(t^2)"]),
        ("the energy 𝑒(M) used, R^(4H×H)", ["𝑒(M)", "R^(4H×H)"]),
        ("the sum ∑ q ∈ Q of", ["∑", "∈"]),
        ("so y = ax + b holds", ["="]),
        ("emissions of CO_2 in cd/m^2", ["CO_2", "cd/m^2"]),
        ("x_i y_j z", ["x_i y_j"]),
        # What a line shows as it is printed:
        ("p < 0.05 with n = 12 and α = 0.1", []),
        ("an error of 84.3 ± 0.2%, −5 × 3, A → B", []),
        ("about β-carotene at 3 μm, 12°", []),
        ("as reported^12 and others.^3,4 did (CVD)^5-9", []),
        ("Measures^a of the bert-base-cased^2 backbone", []),
        ("see https://example.org/a_b/c_d and me_a@b.org", []),
        ("call word_tokenize on [question_text] or __init__", []),
        ("stars ∗ and ⋆ are marks of notes", []),
        ("", []),
    ],
)
def test_words_are_mathematics_by_what_they_are_made_of(text: str, found: list[str]) -> None:
    assert [one.of(text) for one in find_mathematics(text)] == found


MATERIAL = st.text(alphabet="xyAB12 _^()[]∑∈α−=.\n𝑥'′,", max_size=60)


@given(MATERIAL)
def test_places_are_whole_words_in_order_and_apart(text: str) -> None:
    found = find_mathematics(text)
    for one in found:
        assert one.of(text) == one.of(text).strip() != ""
        assert not text[: one.start] or text[one.start - 1].isspace()
        assert not text[one.end :] or text[one.end].isspace()
    assert all(one.end < two.start for one, two in itertools.pairwise(found))


@given(MATERIAL, MATERIAL)
def test_a_word_is_mathematics_whatever_is_far_from_it(before: str, after: str) -> None:
    text = f"{before} far away x_i far away {after}"
    assert any("x_i" in one.of(text) for one in find_mathematics(text))


@given(st.text(alphabet=st.characters(categories=["Ll", "Lu"], max_codepoint=0x24F)))
def test_words_of_letters_are_none(text: str) -> None:
    assert find_mathematics(text) == ()


def _paper(*parts: tuple[BlockKind, str]) -> Paper:
    text, blocks = "", []
    for kind, said in parts:
        text += "\n\n" if text else ""
        blocks.append(Block(kind, Span(len(text), len(text) + len(said))))
        text += said
    return Paper("p", None, "pdf", "0", text, "", blocks=tuple(blocks))


def test_a_sentence_goes_on_in_its_displayed_equation() -> None:
    paper = _paper(
        ("paragraph", "We define the loss as follows:"),
        ("equation", "L ="),
        ("paragraph", "1 n"),
        ("equation", "(1)"),
        ("paragraph", "where the number of all pages counts."),
    )
    first = paper.blocks[0].span
    assert not has_mathematics(paper, first)
    assert has_mathematics(paper, with_equation(paper, first))
    assert with_equation(paper, first) == Span(0, paper.blocks[3].span.end)
    assert with_equation(paper, Span(3, 9)) == Span(3, 9)  # the sentence goes on before it
    ended = _paper(("paragraph", "We define the loss."), ("equation", "L = 1"))
    assert with_equation(ended, ended.blocks[0].span) == ended.blocks[0].span
    other = _paper(("paragraph", "We define the loss as"), ("paragraph", "x"), ("equation", "L"))
    assert with_equation(other, other.blocks[0].span) == other.blocks[0].span
