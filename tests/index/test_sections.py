"""Where abstracts, sections and bibliographies begin and end, in papers set in many ways."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from index.paper import Paper, Section
from index.read.front.identity import identify
from index.read.page.pdf import read_pages
from index.read.understand import understand

typst = pytest.importorskip("typst")

SHARED = Path(__file__).parents[3] / "shared"

ABSTRACT = (
    "We count the leaves of sparse forests by hand, before the storms of winter take them. "
    "Two readers agree on nine of ten leaves, and on every twig that is longer than a thumb. "
    "The counts hold for oaks and elms, and they fail for larches, which drop needles early. "
    "Patience explains more of the difference between readers than eyesight or age does."
)
PROSE = (
    "Every leaf was counted by hand before the winter storms arrived in the valley. "
    "The readers walked from tree to tree with a ladder and a notebook, and rested at noon. "
    "Earlier work has counted from the air, which hides the lower branches from the eye. "
    "It follows that the number of leaves grows with the age of the tree until it falls."
)
ENTRIES = tuple(
    f"{name}, {letter}. ({year}). On the counting of {tree} in autumn. Journal of Patience, "
    f"{number}({number % 4 + 1}), {number * 11}–{number * 11 + 9}."
    for number, (name, letter, year, tree) in enumerate(
        (
            ("Adams", "B", 1999, "oaks"), ("Brown", "C", 2004, "elms"),
            ("Clark", "D", 2010, "limes"), ("Davis", "E", 2011, "planes"),
            ("Evans", "F", 2013, "yews"), ("Frank", "G", 2015, "pines"),
            ("Green", "H", 2016, "beeches"), ("Hills", "I", 2018, "birches"),
        ),
        3,
    )
)  # fmt: skip
PAGE = '#set page(paper: "a4", margin: 2.4cm)\n#set par(justify: true, leading: 0.55em)\n'
FRONT = (
    '#set text(font: "Libertinus Serif", size: 10pt)\n'
    '#text(size: 17pt, weight: "bold")[Counting the Leaves of Sparse Forests]\n\n'
    "Ada M. Lovelace, Wei Zhang\n\nUniversity of Patience, Winterthur, Switzerland\n\n"
)


HEADED = FRONT + f"*Abstract*\n\n{ABSTRACT}\n\n"


def prose(times: int) -> str:
    """Paragraphs of text, no two lines of which are alike."""
    trees = ("oak", "elm", "lime", "plane", "yew", "pine", "beech", "birch", "rowan", "maple")
    return "\n\n".join(
        PROSE.replace("tree", trees[n % 10]).replace("valley", f"valley of {n + 2} rivers")
        for n in range(times)
    )


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], Paper]:
    """A paper from the source of its pages."""

    def reading(source: str) -> Paper:
        path = tmp_path / "paper.pdf"
        typst.compile((PAGE + source).encode(), output=path, format="pdf", ignore_system_fonts=True)
        return understand(read_pages(path, 50), identify("paper", "", ""))

    return reading


def said(paper: Paper) -> str:
    assert paper.abstract is not None
    return " ".join(paper.abstract.of(paper.text).split())


def titles(paper: Paper) -> list[str]:
    return [section.title for section in paper.sections if section.title]


def after_abstract(paper: Paper) -> Section:
    number = next(n for n, section in enumerate(paper.sections) if section.role == "abstract")
    return paper.sections[number + 1]


# --- where an abstract ends -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "abstract",
    [
        f'#text(weight: "bold")[{ABSTRACT}]',
        f'#text(font: "New Computer Modern", size: 9pt)[{ABSTRACT}]',
        f"#emph[{ABSTRACT}]",
        f"#pad(x: 1.2cm)[{ABSTRACT}]",
        f"#text(size: 8.5pt)[{ABSTRACT}]",
    ],
    ids=["bold", "another face", "italic", "narrower", "smaller"],
)
def test_an_abstract_ends_where_its_setting_does(
    read: Callable[[str], Paper], abstract: str
) -> None:
    paper = read(FRONT + abstract + "\n\n" + prose(14) + "\n\n= Results\n\n" + prose(3))
    assert said(paper) == ABSTRACT
    assert (after_abstract(paper).title, after_abstract(paper).role) == ("", "introduction")


@pytest.mark.parametrize(
    "line",
    [
        "*Keywords:* leaves, patience, winter",
        "leaves | patience | winter | ladders",
        "Received 3 May 2019; accepted 12 June 2019",
        "© 2020 The Authors. Published by Patience Press.",
    ],
)
def test_an_abstract_ends_at_the_front_matter_below_it(
    read: Callable[[str], Paper], line: str
) -> None:
    paper = read(
        FRONT
        + f"*Abstract*\n\n{ABSTRACT}\n\n{line}\n\n"
        + prose(8)
        + "\n\n= Results\n\n"
        + prose(3)
    )
    assert said(paper) == ABSTRACT
    assert after_abstract(paper).role == "introduction"
    assert not any(line[:12].strip("*") in s.span.of(paper.text) for s in paper.sentences)


def test_an_abstract_that_nothing_sets_apart_ends_by_its_length(
    read: Callable[[str], Paper],
) -> None:
    paper = read(
        FRONT + f"*Abstract*\n\n{ABSTRACT}\n\n" + prose(14) + "\n\n= Results\n\n" + prose(3)
    )
    assert said(paper) == ABSTRACT


def test_a_short_abstract_of_two_paragraphs_stays_whole(read: Callable[[str], Paper]) -> None:
    paper = read(
        FRONT + f"*Abstract*\n\n{ABSTRACT}\n\n{PROSE}\n\n= Introduction\n\n" + prose(6)
        + "\n\n= Results\n\n" + prose(3)
    )  # fmt: skip
    assert said(paper) == f"{ABSTRACT} {PROSE}"


def test_an_abstract_ends_in_a_paper_without_headings(read: Callable[[str], Paper]) -> None:
    abstract = f"#pad(x: 1cm)[#text(size: 9pt)[{ABSTRACT}]]"
    paper = read(FRONT + f"{abstract}\n\n{prose(14)}\n\n" + "\n\n".join(ENTRIES))
    assert said(paper) == ABSTRACT
    assert [s.role for s in paper.sections] == ["other", "abstract", "introduction", "references"]


def test_a_label_in_capitals_needs_no_mark(read: Callable[[str], Paper]) -> None:
    block = f"*ABSTRACT* {ABSTRACT}\n\n*IMPORTANCE* {PROSE}\n\n*KEYWORDS* leaves, winter"
    paper = read(
        FRONT + f"#pad(left: 3cm)[#text(size: 9.5pt)[{block}]]\n\n" + prose(10)
        + "\n\n*RESULTS*\n\n" + prose(3) + "\n\n*DISCUSSION*\n\n" + prose(3)
    )  # fmt: skip
    assert said(paper) == f"{ABSTRACT} IMPORTANCE {PROSE}"
    assert [b.span.of(paper.text) for b in paper.blocks if b.kind == "run-in"] == ["IMPORTANCE"]
    assert after_abstract(paper).role == "introduction"


def test_what_acm_prints_below_an_abstract_is_no_sentence(read: Callable[[str], Paper]) -> None:
    below = (
        "CCS Concepts: • *Software engineering* → _Semantics_; • *Theory of counting*.\n\n"
        "Additional Key Words and Phrases: leaves, patience, ladders\n\n"
        "#text(size: 8pt)[*ACM Reference Format:*\\\nAda M. Lovelace and Wei Zhang. 2022. Counting "
        "the Leaves of Sparse Forests. _Proc. ACM Program. Lang._ 6, OOPSLA2, Article 153 (October "
        "2022), 29 pages. https://doi.org/10.1145/3563316]"
    )
    paper = read(
        FRONT + f"#text(size: 9pt)[{ABSTRACT}\n\n{below}]\n\n"
        + "\n\n".join(
            f'#v(6pt)#text(weight: "bold")[{heading}]\n\n' + prose(3)
            for heading in ("1#h(1em)INTRODUCTION", "2#h(1em)OVERVIEW", "3#h(1em)EVALUATION")
        )
    )  # fmt: skip
    assert said(paper) == ABSTRACT
    assert titles(paper) == ["1 INTRODUCTION", "2 OVERVIEW", "3 EVALUATION"]
    assert not any("Reference" in s.span.of(paper.text) for s in paper.sentences)
    assert not any("OOPSLA" in s.span.of(paper.text) for s in paper.sentences)


def test_a_drop_cap_begins_the_text(read: Callable[[str], Paper]) -> None:
    first = "#box(text(size: 26pt)[E])very leaf was counted. " + PROSE
    paper = read(FRONT + f"{ABSTRACT}\n\n{first}\n\n" + prose(12) + "\n\n= Results\n\n" + prose(3))
    assert said(paper) == ABSTRACT


def test_a_box_beside_the_abstract_is_a_section_of_its_own(read: Callable[[str], Paper]) -> None:
    box = (
        '#text(font: "DejaVu Sans Mono", size: 8pt)[*Significance*\n\nForests are counted so that '
        "they may be kept, and nobody has counted one twice. What two readers agree on can be told "
        "to a third, who need not climb. The method costs a ladder and a winter.]"
    )
    main = f'#text(font: "New Computer Modern", size: 9pt)[{ABSTRACT}]\n\n' + prose(5)
    paper = read(
        FRONT + f"#grid(columns: (2fr, 1fr), gutter: 1cm, [{main}], [{box}])\n\n"
        + "= Results\n\n" + prose(5)
    )  # fmt: skip
    assert said(paper) == ABSTRACT
    box_section = next(s for s in paper.sections if s.title == "Significance")
    assert "costs a ladder and a winter" in " ".join(box_section.span.of(paper.text).split())
    assert "Every leaf" not in box_section.span.of(paper.text)


def test_what_stands_before_the_abstract_is_front_matter(read: Callable[[str], Paper]) -> None:
    cover = (
        "*HAL is an archive.* The archive is for the deposit of papers, whether they are "
        "published or not. The documents may come from teaching and research institutions in "
        "the country or abroad, or from public or private centres of research. Some are long.\n\n"
        "#pagebreak()\n\n"
    )
    paper = read(
        FRONT + cover + f"*Abstract*\n\n{ABSTRACT}\n\n*1. Introduction*\n\n" + prose(3)
        + "\n\n*2. Methods*\n\n" + prose(3) + "\n\n*3. Results*\n\n" + prose(3)
    )  # fmt: skip
    assert said(paper) == ABSTRACT
    assert not any("archive" in s.span.of(paper.text) for s in paper.sentences)


# --- bibliographies -------------------------------------------------------------------------------


@pytest.mark.parametrize("numbered", [True, False], ids=["numbered", "by names"])
def test_a_bibliography_without_a_heading_is_found(
    read: Callable[[str], Paper], numbered: bool
) -> None:
    entries = [f"{n}. {e}" if numbered else e for n, e in enumerate(ENTRIES, 1)]
    listed = "#set par(hanging-indent: 1em)\n" + "\n\n".join(
        e.replace(". ", "\\. ", 1) for e in entries
    )
    paper = read(
        HEADED + "= Introduction\n\n" + prose(4) + "\n\n= Conclusion\n\n"
        + prose(1) + f"\n\n#text(size: 8pt)[{listed}]"
    )  # fmt: skip
    found = [s for s in paper.sections if s.role == "references"]
    assert len(found) == 1
    assert not any("Journal of Patience" in s.span.of(paper.text) for s in paper.sentences)
    assert "grows with the age" in next(
        s for s in paper.sections if s.role == "conclusion"
    ).span.of(paper.text).replace("\n", " ")


def test_what_follows_a_bibliography_is_not_in_it(read: Callable[[str], Paper]) -> None:
    listed = "\n\n".join(ENTRIES)
    paper = read(
        HEADED + "= Introduction\n\n" + prose(4) + "\n\n= References\n\n"
        + f"#text(size: 8pt)[{listed}]\n\n" + PROSE + "\n\n" + PROSE.replace("leaf", "twig")
    )  # fmt: skip
    references = next(s for s in paper.sections if s.role == "references")
    assert "notebook" not in references.span.of(paper.text)
    assert any("notebook" in s.span.of(paper.text) for s in paper.sentences)


def test_related_work_full_of_citations_is_no_bibliography(read: Callable[[str], Paper]) -> None:
    cited = "\n\n".join(
        f"Counting from the air goes back to Adams et al. ({year}) and was taken up by Brown "
        f"({year + 1}), pp. 3–9, who counted oaks. Neither of them climbed a tree, and the lower "
        "branches were hidden from both, as Clark showed by standing under them in the rain."
        for year in range(1990, 2000)
    )
    paper = read(
        HEADED + "= Introduction\n\n" + prose(3)
        + f"\n\n= Related Work\n\n{cited}\n\n= Results\n\n" + prose(3)
    )  # fmt: skip
    assert not [s for s in paper.sections if s.role == "references"]


def test_end_matter_is_out_of_the_conclusion(read: Callable[[str], Paper]) -> None:
    end = (
        "#text(size: 8pt)[*Funding*\n\nNone was asked for by any of the readers.\n\n"
        "*Competing interests*\n\nThe authors own no forest and no ladder at this time.\n\n"
        "*Publisher’s note*\n\nThe press remains neutral about trees of every kind.\n\n"
        f"*References*\n\n{'  #parbreak() '.join(ENTRIES)}]"
    )
    paper = read(
        HEADED + "= Introduction\n\n" + prose(4) + "\n\n= Conclusion\n\n"
        + PROSE + "\n\n" + end
    )  # fmt: skip
    conclusion = next(s for s in paper.sections if s.role == "conclusion")
    assert "ladder at this time" not in conclusion.span.of(paper.text)
    assert titles(paper)[-4:] == [
        "Funding",
        "Competing interests",
        "Publisher’s note",
        "References",
    ]


def test_labels_of_end_matter_end_the_discussion(read: Callable[[str], Paper]) -> None:
    paper = read(
        HEADED + "= Introduction\n\n" + prose(6) + "\n\n= Discussion\n\n"
        + PROSE + "\n\nData accessibility. The counts are kept in a drawer of the university.\n\n"
        + "Funding. This study was paid for by the readers, in apples.\n\n= References\n\n"
        + "\n\n".join(ENTRIES)
    )  # fmt: skip
    discussion = next(s for s in paper.sections if s.role == "discussion")
    assert "drawer" not in discussion.span.of(paper.text)


# --- headings -------------------------------------------------------------------------------------

NUMBERED = '#set heading(numbering: "1.1")\n#show heading: set text(size: 11pt)\n'


def body(*headings: str) -> str:
    return (
        FRONT + f"*Abstract*\n\n{ABSTRACT}\n\n"
        + "\n\n".join(f"{heading}\n\n{PROSE}" for heading in headings)
    )  # fmt: skip


def test_a_numbered_heading_in_a_second_face_is_one(read: Callable[[str], Paper]) -> None:
    def centred(text: str) -> str:
        return f"#align(center)[{text}]"

    paper = read(
        body(
            centred("1. INTRODUCTION"), centred("2. THE _Kepler_–GAIA DATA"),
            centred("3. CHOOSING THE TREES"), centred("4. DISCUSSION"),
        )
    )  # fmt: skip
    assert titles(paper)[1:] == [
        "1. INTRODUCTION", "2. THE Kepler–GAIA DATA", "3. CHOOSING THE TREES", "4. DISCUSSION"
    ]  # fmt: skip


def test_headings_with_names_of_code_are_headings(read: Callable[[str], Paper]) -> None:
    code = '#text(font: "DejaVu Sans Mono", weight: "regular", size: 11pt)'
    paper = read(
        NUMBERED
        + body(
            "= Introduction",
            f"= Use of {code}[ladder]",
            f"== {code}[climb]",
            f"== {code}[count]",
            "= Results",
        )
    )
    assert titles(paper)[1:] == [
        "1 Introduction",
        "2 Use of ladder",
        "2.1 climb",
        "2.2 count",
        "3 Results",
    ]


def test_an_italic_subheading_is_no_part_of_its_paragraph(read: Callable[[str], Paper]) -> None:
    long = "A. Performance of the patient readers in the north"
    source = FRONT + f"*Abstract*\n\n{ABSTRACT}\n\n#set par(spacing: 0.55em)\n"
    for heading in ("I. INTRODUCTION", "II. METHOD", "III. RESULTS"):
        source += f"#v(0.6em)\n#align(center)[{heading}]\n\n"
        if heading.startswith("III"):
            source += (
                f"#emph[{long}]\\\n"
                + PROSE
                + f"\n\n#v(0.6em)\n#emph[B. Performance of the others]\\\n{PROSE}\n\n"
            )
        source += PROSE + "\n\n"
    found = titles(read(source))
    assert found[-2:] == [long, "B. Performance of the others"]


def test_a_heading_and_its_subheading_are_two(read: Callable[[str], Paper]) -> None:
    tight = (
        "#show heading: set block(above: 0.7em, below: 0.7em)\n"
        "#show heading: set text(size: 10pt)\n"
    )
    paper = read(
        NUMBERED + tight
        + body("= Introduction", "= Related Work\n\n== Counting from the Air", "== Counting by Ear",
               "= Experiments\n\n== Forests", "= Results")
    )  # fmt: skip
    assert titles(paper)[1:] == [
        "1 Introduction", "2 Related Work", "2.1 Counting from the Air", "2.2 Counting by Ear",
        "3 Experiments", "3.1 Forests", "4 Results",
    ]  # fmt: skip
    alone = next(s for s in paper.sections if s.title == "2 Related Work")
    assert alone.span.of(paper.text).strip() == "2 Related Work"


def test_a_heading_of_two_lines_with_a_colon_is_one(read: Callable[[str], Paper]) -> None:
    paper = read(
        NUMBERED
        + body(
            "= Introduction",
            "#heading[The Descriptive Way of Counting:\\\nEncouraging the Readers]",
            "= Results",
        )
    )
    assert titles(paper)[2] == "2 The Descriptive Way of Counting: Encouraging the Readers"


def test_unnumbered_subheadings_of_a_numbered_paper(read: Callable[[str], Paper]) -> None:
    paper = read(
        NUMBERED.replace("11pt", "13pt")
        + body(
            "= Introduction", "= Methods", "*Choosing the trees*", "*Climbing them*", "= Results"
        )
    )
    assert [(s.title, s.level) for s in paper.sections if s.title][2:] == [
        ("2 Methods", 1), ("Choosing the trees", 2), ("Climbing them", 2), ("3 Results", 1)
    ]  # fmt: skip


def test_headings_above_the_first_well_known_one_are_kept(read: Callable[[str], Paper]) -> None:
    paper = read(
        FRONT + f"#text(weight: \"bold\")[{ABSTRACT}]\n\n" + prose(4)
        + "\n\n= General ladders\n\n" + prose(2) + "\n\n= Results\n\n" + prose(3)
        + "\n\n= Discussion\n\n" + prose(2)
    )  # fmt: skip
    assert titles(paper) == ["General ladders", "Results", "Discussion"]


def test_two_numbered_headings_of_well_known_names_are_enough(
    read: Callable[[str], Paper],
) -> None:
    paper = read(NUMBERED + body("= Introduction", "= Methods"))
    assert titles(paper)[1:] == ["1 Introduction", "2 Methods"]


def test_small_print_does_not_set_the_level_of_sections(read: Callable[[str], Paper]) -> None:
    source = FRONT + f"#text(size: 9pt)[{ABSTRACT}]\n\n" + prose(5)
    for heading in ("Ladders and their use", "Trees of the north", "Outlook on the counts"):
        source += f'\n\n#text(weight: "bold", size: 11pt)[{heading}]\n\n' + prose(2)
    listed = "\n\n".join(ENTRIES)
    paper = read(source + f"\n\n#text(size: 7pt)[*REFERENCES*\n\n{listed}]")
    assert titles(paper) == [
        "Ladders and their use", "Trees of the north", "Outlook on the counts", "REFERENCES"
    ]  # fmt: skip


def test_running_text_that_begins_with_a_number_is_no_heading(
    read: Callable[[str], Paper],
) -> None:
    paper = read(
        NUMBERED
        + body(
            "= Introduction",
            "= Methods",
            "2 Readers climbed the trees of the north\n\n",
            "= Results",
        )
    )
    assert titles(paper)[1:] == ["1 Introduction", "2 Methods", "3 Results"]


# --- labels ---------------------------------------------------------------------------------------


def test_labels_of_a_list_are_all_labels(read: Callable[[str], Paper]) -> None:
    labels = ("Fixed (F):", "Confirmed (C):", "No-info (N):", "Ignored (I):", "Opposed (O):")
    listed = "\\\n".join(f"*{label}* The tree was climbed and counted by both." for label in labels)
    paper = read(body("= Introduction") + f"\n\n{listed}\n\n= Results\n\n" + PROSE)
    found = [b.span.of(paper.text) for b in paper.blocks if b.kind == "run-in"]
    assert found == list(labels)


def test_a_label_that_fills_its_line_is_one(read: Callable[[str], Paper]) -> None:
    label = (
        "Recommendation 4: Verify the counts of each tree in the same season with a third reader "
        "if possible."
    )
    paper = read(
        "#set page(width: 15.9cm)\n"
        + body("= Introduction", "= Results")
        + f"\n\n*{label}* {PROSE}"
    )
    assert [
        b.span.of(paper.text).replace("\n", " ") for b in paper.blocks if b.kind == "run-in"
    ] == [label]


# --- papers as they were published ----------------------------------------------------------------


@pytest.fixture
def published(published_paper: Callable[[Path], Paper]) -> Callable[[str], Paper]:
    """A paper of the digests, by its name."""
    return lambda name: published_paper(SHARED / "papers" / "digests" / f"{name}.pdf")


ENDS = json.loads(Path(__file__).with_name("abstract_ends.json").read_text("utf-8"))


@pytest.mark.parametrize("name", ENDS)
def test_published_abstracts_begin_and_end_where_they_do(
    published_paper: Callable[[Path], Paper], name: str
) -> None:
    first, last = ENDS[name]
    text = said(published_paper(SHARED / name))
    assert (text[: len(first)], text[-len(last) :]) == (first, last)


@pytest.mark.parametrize("name", ["bpvar", "telemed", "ukraine", "monsoon", "polarbears"])
def test_no_entry_of_a_published_bibliography_is_a_sentence(
    published: Callable[[str], Paper], name: str
) -> None:
    paper = published(name)
    end = len(paper.text) // 2
    listed = [
        s.span.of(paper.text)
        for s in paper.sentences
        if s.span.start > end and " et al" in s.span.of(paper.text)
    ]
    assert len(listed) <= 1, listed
    assert any(s.role == "references" for s in paper.sections)


CLOSE_HEADINGS = [
    ("gaiarot", "2. THE Kepler–GAIA DATA"),
    ("ampute", "4. Evaluation of ampute"),
    ("cobot", "E. Considerations on replanning and path constraints"),
    ("grasp", "B. Performance of the feasibility-informed TAMP algorithm"),
    ("data4robotics", "1 Introduction"),
    ("polarbears", "(b) Statistical analyses"),
    ("jays", "General methods"),
    ("telemed", "Competing interests"),
    ("monsoon", "ENSO influences on extreme daily rainfall"),
]


def test_published_headings_that_stand_close_to_others(
    subtests: pytest.Subtests, published: Callable[[str], Paper]
) -> None:
    for name, heading in CLOSE_HEADINGS:
        with subtests.test(name=name, heading=heading):
            assert heading in titles(published(name))


def test_figures_give_no_headings(published: Callable[[str], Paper]) -> None:
    assert not any(
        "Predictions" in title or "Trial" in title for title in titles(published("jays"))
    )
