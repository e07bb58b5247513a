"""Papers without the word "Abstract", and what looks like a heading: what is text, what is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from index.paper import Paper
from index.read.front.identity import identify
from index.read.page.pdf import read_pages
from index.read.understand import understand

typst = pytest.importorskip("typst")

PAGE = '#set page(paper: "a4", margin: 2.4cm)\n#set par(justify: true, leading: 0.55em)\n'
FRONT = (
    '#align(center)[#text(size: 17pt, weight: "bold")[On the Patience of Trees]\n\n'
    "Ada Lovelace#super[1] and Alan Turing#super[2]\n\n"
    "#super[1]University of Leaves  #super[2]Institute of Ladders]\n\n"
)
FIRST = (
    "Trees have been asked about their patience for as long as there have been gardeners to ask "
    "them, and few of the answers were ever written down. We went through nine valleys with a "
    "ladder and a notebook, and counted for each tree the winters that it said it could remember. "
    "It turned out that old trees say little, and that young ones say what they were told."
)
PROSE = (
    "A second tree stood further up, where the valley turns, and no wind had ever come that far. "
    "Its leaves were counted twice, by two people who did not know of each other, and both came to "
    "one number. That number is in our notebook, with the date and the weather of that day."
)


def prose(times: int) -> str:
    return "\n\n".join(PROSE.replace("second", f"tree {n} and another") for n in range(times))


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], Paper]:
    """A paper from the source of its pages."""

    def reading(source: str) -> Paper:
        path = tmp_path / "paper.pdf"
        typst.compile((PAGE + source).encode(), output=path, format="pdf", ignore_system_fonts=True)
        return understand(read_pages(path, 50), identify("paper", "", ""))

    return reading


def roles(paper: Paper) -> list[tuple[str, str]]:
    return [(section.title, section.role) for section in paper.sections[1:]]


def said(paper: Paper) -> str:
    assert paper.abstract is not None
    return " ".join(paper.abstract.of(paper.text).split())


@pytest.mark.parametrize("paragraphs", [1, 9], ids=["short", "longer than abstracts are"])
def test_an_essay_begins_with_its_text(read: Callable[[str], Paper], paragraphs: int) -> None:
    paper = read(
        FRONT
        + f"{FIRST}\n\n{prose(paragraphs)}\n\n= The Nine Valleys\n\n{prose(4)}"
        + f"\n\n= What Trees Remember\n\n{prose(4)}"
    )
    assert paper.abstract is None
    assert roles(paper)[0] == ("", "introduction")
    assert [title for title, _ in roles(paper)[1:]] == ["The Nine Valleys", "What Trees Remember"]


def test_no_abstract_is_longer_than_abstracts_are(read: Callable[[str], Paper]) -> None:
    """Set otherwise than the rest: what a journal reprints in small type."""
    paper = read(FRONT + f"#text(size: 8.5pt)[{FIRST}\n\n{prose(10)}]\n\n= Trees\n\n{prose(20)}")
    assert paper.abstract is None


@pytest.mark.parametrize(
    "below",
    [
        f"= Introduction\n\n{prose(3)}",
        "".join(f"= {n}. Trees {n}\n\n{prose(3)}\n\n" for n in range(1, 5)),
        f"Keywords: trees, ladders, patience\n\n= Trees and Their Kin\n\n{prose(3)}",
    ],
    ids=["an introduction", "a first number", "keywords"],
)
def test_text_above_the_first_section_is_the_abstract(
    read: Callable[[str], Paper], below: str
) -> None:
    assert said(read(FRONT + f"{FIRST}\n\n{below}\n\n= Results\n\n{prose(3)}")) == FIRST


def test_text_across_two_columns_is_the_abstract(read: Callable[[str], Paper]) -> None:
    columns = f"#columns(2)[{prose(7)}\n\n= Valleys\n\n{prose(9)}]"
    paper = read(FRONT + f"{FIRST}\n\n#v(1em)\n{columns}")
    assert said(paper) == FIRST
    assert roles(paper)[1:] == [("", "introduction"), ("Valleys", "other")]


def test_where_all_text_is_bold_no_paragraph_is_a_heading(read: Callable[[str], Paper]) -> None:
    """A scanner's text, and some typefaces of books, say that all of it is bold."""
    short = "Every tree of the valley was counted by two people, as table 1 shows"
    paper = read(
        '#set text(weight: "bold")\n'
        + FRONT
        + f"#emph[{FIRST}]\n\n= Method\n\n{short}\n\n{prose(5)}\n\n{short}\n\n"
        + f"= Conclusion\n\n{prose(3)}"
    )
    assert [title for title, _ in roles(paper) if title] == ["Method", "Conclusion"]


def test_bold_titles_in_a_bibliography_are_no_headings(read: Callable[[str], Paper]) -> None:
    entries = "\n\n".join(
        f"Lovelace, A. 19{n}.\n\n*Patience of the {n} trees in a valley of ladders*\n\n"
        f"Turing, B. 19{n}. Journal of Ladders {n}, {n}1-{n}9.\n\n"
        f"Hopper, C. 19{n}. Winters of trees. Journal of Leaves {n}(2), 1-{n}."
        for n in range(60, 80)
    )
    paper = read(
        FRONT + f"*Introduction*\n\n{prose(6)}\n\n*Valleys and Winters*\n\n{prose(6)}\n\n"
        f"*References*\n\n{entries}\n\n*Appendix*\n\n{prose(3)}"
    )  # fmt: skip
    assert [one for one in roles(paper) if one[0]][-3:] == [
        ("Valleys and Winters", "other"),
        ("References", "references"),
        ("Appendix", "appendix"),
    ]


def test_a_section_and_its_first_subsection_in_one_setting_are_two(
    read: Callable[[str], Paper],
) -> None:
    heads = '#set par(spacing: 0.55em)\n#text(size: 13pt, weight: "bold")[{}]\n\n'
    paper = read(
        FRONT + heads.format("Introduction") + f"{prose(4)}\n\n"
        + heads.format("Methods \\ Design of the count") + f"{prose(4)}\n\n"
        + heads.format("Results \\ What the first valley said") + f"{prose(4)}"
    )  # fmt: skip
    assert [title for title, _ in roles(paper) if title] == [
        "Introduction",
        "Methods",
        "Design of the count",
        "Results",
        "What the first valley said",
    ]


@pytest.mark.parametrize("numbered", [True, False], ids=["by numbers", "by the edge"])
def test_a_bibliography_set_tight_is_cut_into_its_entries(
    read: Callable[[str], Paper], numbered: bool
) -> None:
    names = ["Lovelace, A. B.", "Turing, C. D.", "Hopper, E. F.", "Hamilton, G. H."]
    entries = [
        f"{f'{n}. ' if numbered else ''}{names[n % 4]} (19{n + 40}). The patience of the trees of "
        f"valley {n}, and what the winters of its ladders were. Journal of Leaves {n}, {n}1–{n}9."
        for n in range(1, 22)
    ]
    tight = "#set par(spacing: 0.55em, hanging-indent: 1.5em)\n" + "\n\n".join(
        one.replace(". ", ".~", 1) if numbered else one for one in entries
    )
    paper = read(FRONT + f"= Introduction\n\n{prose(30)}\n\n= References\n\n{tight}")
    found = [b.span.of(paper.text) for b in paper.blocks if b.kind == "reference"]
    assert [" ".join(one.split()) for one in found] == entries


def test_a_number_within_a_line_does_not_end_the_row(read: Callable[[str], Paper]) -> None:
    entries = [
        f"[{n}] Lovelace A{n}, Turing CD. The patience of the trees of valley {n}, and what the "
        f"winters of its ladders were. J Leaves 19{n + 40};{n}:{n}1-{n}9."
        for n in range(1, 12)
    ]
    lines = [*entries[:4], f"{entries[4]} [6] Hopper EF. Ladders. Leaves 1946;6:61.", *entries[6:]]
    tight = "#set par(spacing: 0.55em, hanging-indent: 1.5em)\n" + "\n\n".join(
        one.replace("[", "\\[").replace("]", "\\]") for one in lines
    )
    paper = read(FRONT + f"= Introduction\n\n{prose(30)}\n\n= References\n\n{tight}")
    found = [b.span.of(paper.text) for b in paper.blocks if b.kind == "reference"]
    assert [" ".join(one.split()) for one in found] == lines


def test_a_life_below_the_last_entry_is_no_part_of_it(read: Callable[[str], Paper]) -> None:
    entries = [
        f"[{n}] Lovelace A{n}, Turing CD. The patience of the trees of valley {n}, and what the "
        f"winters of its ladders were. J Leaves 19{n + 40};{n}:{n}1-{n}9."
        for n in range(1, 12)
    ]
    tight = "#set par(spacing: 0.55em, hanging-indent: 1.5em)\n" + "\n\n".join(
        one.replace("[", "\\[").replace("]", "\\]") for one in entries
    )
    life = "#pad(left: 3cm)[Ada Lovelace received a ladder in 1833, and has counted trees since.]"
    paper = read(FRONT + f"= Introduction\n\n{prose(30)}\n\n= References\n\n{tight}\n\n{life}")
    found = [" ".join(b.span.of(paper.text).split()) for b in paper.blocks if b.kind == "reference"]
    assert found[: len(entries)] == entries
