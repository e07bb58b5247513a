"""Headings: numbers, their order, and the role that a section plays."""

from __future__ import annotations

import pytest

from index.paper import Role
from index.read.text.headings import assign_roles, follows, parse_heading, title_role


@pytest.mark.parametrize(
    ("text", "number", "level"),
    [
        ("1 Introduction", ("1",), 1),
        ("3.2 Training data", ("3", "2"), 2),
        ("3.2.1 Optimizer", ("3", "2", "1"), 3),
        ("IV. EXPERIMENTS", ("IV",), 1),
        ("A Proofs", ("A",), 1),
        ("A.2 More proofs", ("A", "2"), 2),
        ("Acknowledgments", (), 1),
        ("2024 was a good year", (), 1),
    ],
)
def test_a_heading_tells_its_number_and_level(
    text: str, number: tuple[str, ...], level: int
) -> None:
    heading = parse_heading(text)
    assert (heading.title, heading.number, heading.level) == (text, number, level)


NEXT = [
    ("1", None),
    ("2", "1"),
    ("2.1", "2"),
    ("2.2", "2.1"),
    ("3", "2.4"),
    ("4", "2"),
    ("II", "I"),
    ("IV", "III"),
    ("IX", "VIII"),
    ("A", "7"),
    ("B", "A"),
    ("A.1", "A"),
]


def test_numbers_that_can_come_next(subtests: pytest.Subtests) -> None:
    for number, last in NEXT:
        with subtests.test(number=number, last=last):
            assert follows(tuple(number.split(".")), tuple(last.split(".")) if last else None)


NOT_NEXT = [
    ("A", None),
    ("7", None),
    ("1", "3"),
    ("9", "3"),
    ("2.7", "2.1"),
    ("1.2", "3"),
    ("C", "5"),
]


def test_numbers_that_cannot(subtests: pytest.Subtests) -> None:
    for number, last in NOT_NEXT:
        with subtests.test(number=number, last=last):
            assert not follows(tuple(number.split(".")), tuple(last.split(".")) if last else None)


TITLES = [
    ("Abstract—", "abstract"),
    ("1. INTRODUCTION", "introduction"),
    ("2 Related Work", "background"),
    ("3 Our Approach", "method"),
    ("5 Experimental Setup", "experiments"),
    ("Results and Discussion", "results"),
    ("6 Conclusions and Future Work", "conclusion"),
    ("Limitations", "limitations"),
    ("Acknowledgements", "acknowledgements"),
    ("7. REFERENCES", "references"),
    ("A Tale of Two Cities", "other"),
]


def test_a_title_tells_the_role(subtests: pytest.Subtests) -> None:
    for title, role in TITLES:
        with subtests.test(title=title, role=role):
            assert title_role(title) == role


def roles(*titles: str) -> list[Role]:
    """The roles of a paper with these headings."""
    return [heading.role for heading in assign_roles([parse_heading(title) for title in titles])]


def test_untold_sections_between_introduction_and_experiments_are_the_method() -> None:
    found = roles("1 Introduction", "2 Sparse Trees", "2.1 Pruning", "3 Experiments", "4 Oddities")
    assert found == ["introduction", "method", "method", "experiments", "results"]


def test_a_paper_without_experiments_has_no_method_made_up_for_it() -> None:
    found = roles("Introduction", "What Readers Deserve", "Conclusion")
    assert found == ["introduction", "other", "conclusion"]


def test_what_follows_the_references_is_appendix() -> None:
    found = roles("1 Introduction", "References", "A Training Details", "Acknowledgments")
    assert found == ["introduction", "references", "appendix", "acknowledgements"]


def test_subsections_take_the_role_of_their_section() -> None:
    found = roles("1 Introduction", "2 Experiments", "2.1 Models", "2.2 Results", "3 Conclusion")
    assert found == ["introduction", "experiments", "experiments", "results", "conclusion"]
