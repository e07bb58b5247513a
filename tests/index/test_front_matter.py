"""Front matter as journals and conferences print it: title, authors, and whose place is which."""

from __future__ import annotations

import re
from itertools import cycle, islice
from pathlib import Path

import pytest

from index.paper import Paper
from index.read.front.authors import until_prose
from index.read.front.identity import identify
from index.read.page.pages import Line, PageWord, Style
from index.read.page.pdf import read_pages
from index.read.understand import understand

typst = pytest.importorskip("typst")

CASES = Path(__file__).parents[2].parent / "shared" / "cases"
WORDS = re.findall(
    r"\w+",
    "sparse trees grow where dense forests once stood and every leaf of them is counted by hand "
    "before the winter storms arrive from northern hills while patient readers compare the totals",
)
TITLE = "Counting the Leaves of Sparse Trees"


def prose(sentences: int, start: int = 0) -> str:
    words = cycle(WORDS[start:] + WORDS[:start])
    return " ".join(
        f"Here {' '.join(islice(words, 15 + n % 4))} in the end." for n in range(sentences)
    )


def paper_of(
    folder: Path, front: str, end: str = "", page: str = 'margin: 72pt, paper: "a4"'
) -> Paper:
    """A paper with this front matter, typeset: Typst markup above the abstract, and at the end."""
    source = f"""
#set page({page})
#set text(font: "Libertinus Serif", size: 10pt)
#set par(justify: true, leading: 0.5em)
{front}
#v(14pt)
#text(weight: "bold", size: 11pt)[Abstract]

{prose(5)}

#text(weight: "bold", size: 12pt)[1 Introduction]

{prose(14, 5)}

#text(weight: "bold", size: 12pt)[2 Method]

{prose(14, 9)}
{end}
"""
    path = folder / "paper.pdf"
    typst.compile(source.encode(), output=path, format="pdf", ignore_system_fonts=True)
    return understand(read_pages(path, 50), identify("paper", "", ""))


def said(paper: Paper) -> list[tuple[str, list[str]]]:
    """Each author with the places that it has."""
    places = [" ".join(span.of(paper.text).split()) for span in paper.affiliations]
    return [
        (author, [places[n] for n in own])
        for author, own in zip(paper.authors, paper.author_affiliations, strict=True)
    ]


def all_places(paper: Paper) -> list[str]:
    return [" ".join(span.of(paper.text).split()) for span in paper.affiliations]


HEAD = f'#align(center, text(size: 17pt, weight: "bold")[{TITLE}])\n#v(8pt)\n'
KIEL, TURIN = "Institute of Leaves, University of Kiel", "Department of Trees & Shrubs, Turin"


def test_cells_side_by_side(tmp_path: Path) -> None:
    def cell(name: str, *lines: str) -> str:
        return "[" + " \\ ".join([name, *lines]) + "]"

    grid = ", ".join([
        cell("Ada Lovelace", "Department of Leaves", "University of Kiel", "Kiel, Germany"),
        cell("Li Xu", "ada\\@kiel.de", "Google Research", "New York"),
        cell("Bela Muster", "CMU"),
    ])  # fmt: skip
    paper = paper_of(
        tmp_path, HEAD + f"#align(center, grid(columns: 3, column-gutter: 30pt, {grid}))"
    )
    assert paper.title == TITLE
    assert said(paper) == [
        ("Ada Lovelace", ["Department of Leaves University of Kiel Kiel, Germany"]),
        ("Li Xu", ["Google Research New York"]),
        ("Bela Muster", ["CMU"]),
    ]


def test_cells_in_two_rows_with_names_in_bold(tmp_path: Path) -> None:
    names = ["Ada Lovelace", "Grace Hopper", "Alan Turing", "Emmy Noether"]
    towns = ["Kiel", "Turin", "Leeds", "Bonn"]
    grid = ", ".join(
        f"[*{name}* \\ University of {town} \\ {town}, Europe]"
        for name, town in zip(names, towns, strict=True)
    )
    paper = paper_of(
        tmp_path,
        HEAD + f"#align(center, grid(columns: 2, column-gutter: 40pt, row-gutter: 12pt, {grid}))",
    )
    assert said(paper) == [
        (name, [f"University of {town} {town}, Europe"])
        for name, town in zip(names, towns, strict=True)
    ]


@pytest.mark.parametrize(
    "line",
    [
        "{name}, {place}",
        "{name} ({place})",
        "{name}, _{place}_",
        "*{name}*, {place}",
        "{name} --- {place}",
    ],
)
def test_a_place_in_the_line_of_its_name(tmp_path: Path, line: str) -> None:
    people = [
        ("Ada Lovelace", "University of Kiel"),
        ("Ludwig van der Berg", "Max Planck Institute"),
        ("Grace B. Hopper", "Yale University"),
    ]
    rows = " \\\n".join(line.format(name=name, place=place) for name, place in people)
    paper = paper_of(tmp_path, HEAD + f"#align(center)[{rows}]")
    assert said(paper) == [(name, [place]) for name, place in people]


def test_names_and_places_between_semicolons(tmp_path: Path) -> None:
    paper = paper_of(
        tmp_path,
        HEAD + "#align(center)[Ada Lovelace and Li Xu, _University of Kiel_; Grace Hopper, _MIT_; "
        "Bela Muster, _Institute of Leaves_]",
    )
    assert said(paper) == [
        ("Ada Lovelace", ["University of Kiel"]),
        ("Li Xu", ["University of Kiel"]),
        ("Grace Hopper", ["MIT"]),
        ("Bela Muster", ["Institute of Leaves"]),
    ]


MARKED = (
    "Yu.A.Pusep#super[1], Alabsi S#super[1,2], Cyprien de Masson d'Autume#super[2], "
    "Derek AT Cummings#super[2,\\*], Mausam#super[1], Ahmed al-Khalili#super[1] & "
    "Francesca Maynard#super[2]"
)
PLACES = f"#super[1]{KIEL}. \\ #super[2]{TURIN}."


def test_names_of_every_shape_with_marks(tmp_path: Path) -> None:
    paper = paper_of(tmp_path, HEAD + f"#align(center)[{MARKED}]\n\n#align(center)[{PLACES}]")
    assert said(paper) == [
        ("Yu.A.Pusep", [KIEL]),
        ("Alabsi S", [KIEL, TURIN]),
        ("Cyprien de Masson d’Autume", [TURIN]),
        ("Derek AT Cummings", [TURIN]),
        ("Mausam", [KIEL]),
        ("Ahmed al-Khalili", [KIEL]),
        ("Francesca Maynard", [TURIN]),
    ]


def test_degrees_are_no_names(tmp_path: Path) -> None:
    paper = paper_of(
        tmp_path,
        HEAD
        + "Ada Lovelace, MD, MPH; Li Xu, PharmD, PhD; Grace Hopper, Dr.P.H.; Bela Muster, Jr., MS",
    )
    assert paper.authors == ("Ada Lovelace", "Li Xu", "Grace Hopper", "Bela Muster, Jr.")


def test_a_group_among_the_authors(tmp_path: Path) -> None:
    paper = paper_of(
        tmp_path,
        HEAD
        + "Authors: Ada Lovelace#super[1], Li Xu#super[1], The SAFER Investigators and Field Study "
        "Team#super[2], CMMID COVID-19 working group#super[1], Bela Muster#super[2]\n\n"
        "#super[1]University of Kiel \\ #super[2]Institute of Leaves",
    )
    assert paper.authors == (
        "Ada Lovelace", "Li Xu", "The SAFER Investigators and Field Study Team",
        "CMMID COVID-19 working group", "Bela Muster",
    )  # fmt: skip
    assert all_places(paper) == ["University of Kiel", "Institute of Leaves"]


@pytest.mark.parametrize("mark", ["#super[{}]", "{} ", "({}) ", "#super[({})] "])
def test_marks_before_places(tmp_path: Path, mark: str) -> None:
    names = (
        "Ada Lovelace#super[1], Li Xu#super[2]"
        if "super" in mark
        else "Ada Lovelace (1), Li Xu (2)"
    )
    places = " \\ ".join(f"{mark.format(n)}{place}" for n, place in ((1, KIEL), (2, TURIN)))
    paper = paper_of(tmp_path, HEAD + f"#align(center)[{names} \\ {places}]")
    assert said(paper) == [("Ada Lovelace", [KIEL]), ("Li Xu", [TURIN])]


def test_marks_after_places_in_cells(tmp_path: Path) -> None:
    grid = (
        "[Adobe Research#super[1] \\ Seattle, WA, 98103], [Paul G. Allen School#super[2] "
        "\\ Seattle]"
    )
    paper = paper_of(
        tmp_path,
        HEAD
        + "#align(center)[*Ada Lovelace#super[1,2], Li Xu#super[2]*]\n"
        + f"#align(center, grid(columns: 2, column-gutter: 60pt, {grid}))",
    )
    assert said(paper) == [
        ("Ada Lovelace", ["Adobe Research Seattle, WA, 98103", "Paul G. Allen School Seattle"]),
        ("Li Xu", ["Paul G. Allen School Seattle"]),
    ]


def test_what_is_no_place(tmp_path: Path) -> None:
    front = (
        HEAD
        + "#align(center)[Ada Lovelace#super[1], Li Xu#super[1]]\n\n"
        + "#align(center)[#super[1]University of Kiel, Germany]\n\n"
        + "#align(center)[WARNING: This paper contains leaves that some readers may find "
        "upsetting.]\n"
        + "#v(20pt)\n#rect(width: 80%)[#text(size: 8pt)[The kitten is really lovely #h(1fr) "
        "input]]\n"
        + "#align(center)[Edited by Grace Hopper, Yale University, New Haven, CT]\n\n"
        + "#align(center)[Author Note]\n"
    )
    paper = paper_of(tmp_path, front)
    assert said(paper) == [
        (name, ["University of Kiel, Germany"]) for name in ("Ada Lovelace", "Li Xu")
    ]
    assert len(paper.affiliations) == 1


@pytest.mark.parametrize(
    "nobody", ["Anonymous submission to Leaves 2025", "Anonymous ICME submission", "Paper ID 1234"]
)
def test_without_authors_there_are_no_places(tmp_path: Path, nobody: str) -> None:
    paper = paper_of(tmp_path, HEAD + f"#align(center)[_{nobody}_]")
    assert (paper.authors, paper.affiliations) == ((), ())


@pytest.mark.parametrize(
    "above",
    [
        "Research Article",
        "ORIGINAL PAPER",
        "Short Communication",
        "Review article",
        "Letter to the Editor",
    ],
)
def test_the_kind_of_article_is_no_title(tmp_path: Path, above: str) -> None:
    big = (
        f"#text(size: 17pt)[{above}]\n\n#text(size: 17pt)[{TITLE}]\n\nAda Lovelace and Li "
        f"Xu\n\n{KIEL}"
    )
    paper = paper_of(tmp_path, big)
    assert paper.title == TITLE
    assert paper.authors == ("Ada Lovelace", "Li Xu")


@pytest.mark.skipif(not CASES.exists(), reason="../shared is not here")
def test_the_case_of_the_kind_of_article() -> None:
    path = CASES / "15-article-type-as-title" / "arttype.pdf"
    paper = understand(read_pages(path, 50), identify("paper", "", ""))
    assert paper.title == "Recurrent Models of River Levels without Local Rain"
    assert said(paper) == [
        (name, ["Department of Rivers, University of Nowhere, Dublin 2, Ireland"])
        for name in ("Ada Example", "Bela Muster")
    ]


def test_a_journal_above_the_title(tmp_path: Path) -> None:
    masthead = (
        '#align(center, text(size: 26pt, weight: "bold")[Journal of Patient Counting])\n'
        "_January 2007, Volume 18, Issue 3._ #h(1fr) _www.leaves.org_\n#v(20pt)\n"
    )
    paper = paper_of(tmp_path, masthead + HEAD + f"#align(center)[*Ada Lovelace* \\ {KIEL}]")
    assert paper.title == TITLE
    assert said(paper) == [("Ada Lovelace", [KIEL])]


@pytest.mark.parametrize(
    ("name", "beside", "size"),
    [
        ("Northern Journal of Basic Patient Counting", "leaves.kiel.ac.ir", 14),
        ("The Open Counting Journal", "www.leaves.org/counting", 12),
        ("Bulletin of Patient Counting", "Volume 5, Number 2 (2004), 11-20", 12),
    ],
)
def test_a_journal_in_larger_type_than_the_title(
    tmp_path: Path, name: str, beside: str, size: int
) -> None:
    masthead = f"#text(size: 21pt)[{name}]\n\n#text(size: 9pt)[{beside}]\n#v(30pt)\n"
    title = f'#text(size: {size}pt, weight: "bold")[{TITLE}]\n\n'
    paper = paper_of(tmp_path, f"{masthead}{title}Ada Lovelace\n\n{KIEL}")
    assert paper.title == TITLE
    assert said(paper) == [("Ada Lovelace", [KIEL])]


def test_rows_above_prose_on_the_next_page_are_above_it() -> None:
    style = Style(10.0, False, False, False, False, False, "Serif")

    def row(page: int, top: float, said: str) -> Line:
        words = [
            PageWord(word, 72 + 30 * n, top, 99 + 30 * n, top + 10, ((word, style),))
            for n, word in enumerate(said.split())
        ]
        return Line(page, 0, words)

    name, place = row(1, 400, "Ada Lovelace"), row(1, 420, KIEL)
    text = [row(2, 80 + 12 * n, "here every leaf of the trees was counted by hand") for n in (0, 1)]
    assert until_prose([name, place, *text]) == [name, place]


def test_a_title_that_names_a_journal_stays(tmp_path: Path) -> None:
    title = "The Journal of Leaves: A Bibliometric Study"
    head = f"#text(size: 17pt)[{title}]\n\nAda Lovelace\n\n{KIEL}"
    assert paper_of(tmp_path, head).title == title


def test_an_author_above_the_title(tmp_path: Path) -> None:
    front = f"#align(center)[Ada Lovelace\n\n#v(6pt)\n{TITLE.upper()}]\n"
    paper = paper_of(tmp_path, front)
    assert paper.title == TITLE.upper()
    assert paper.authors == ("Ada Lovelace",)


@pytest.mark.parametrize("mark", ["#super[1]", "#super[∗]", "∗", "#footnote[Supported by leaves.]"])
def test_a_footnotes_mark_is_no_part_of_the_title(tmp_path: Path, mark: str) -> None:
    head = f'#align(center, text(size: 17pt, weight: "bold")[{TITLE}{mark}])\n\n'
    assert paper_of(tmp_path, head + "Ada Lovelace and Li Xu").title == TITLE


@pytest.mark.parametrize(
    ("subtitle", "set_as"),
    [
        ("A Case Study in Northern Hills", "text(size: 17pt)"),
        ("A Case Study in Northern Hills", 'text(size: 17pt, weight: "bold")'),
        ("A Case Study in Northern Hills", 'text(size: 13pt, weight: "bold")'),
    ],
)
def test_a_subtitle_is_a_part_of_the_title(tmp_path: Path, subtitle: str, set_as: str) -> None:
    head = f'#text(size: 17pt, weight: "bold")[{TITLE}]\n\n#{set_as}[{subtitle}]\n\n'
    paper = paper_of(tmp_path, head + f"Ada Lovelace and Li Xu\n\n{KIEL}")
    assert paper.title == f"{TITLE}: {subtitle}"
    assert paper.authors == ("Ada Lovelace", "Li Xu")


FRONT = HEAD + f"#align(center)[Ada Lovelace#super[1], Zoë Müller#super[1] \\ #super[1]{KIEL}]"


def test_a_blank_first_page(tmp_path: Path) -> None:
    paper = paper_of(tmp_path, "#pagebreak(weak: false)\n" + FRONT)
    assert paper.title == TITLE
    assert said(paper) == [("Ada Lovelace", [KIEL]), ("Zoë Müller", [KIEL])]


@pytest.mark.parametrize(
    "cover",
    [
        f"#text(size: 20pt)[{TITLE}]\n\nAda Lovelace, Zoe Muller\n\n*To cite this version:*\n\n"
        f"Ada Lovelace, Zoe Muller. {TITLE}. Leaves, 2023. hal-0401\n\n*HAL Id: "
        f"hal-0401*\n\n{prose(3)}",
        f"*Journal of Leaves* #h(1fr) ISSN: 0094-9655\n\n#text(size: 18pt)[*{TITLE}*]\n\n"
        "#text(size: 12pt)[*Ada Lovelace & Zoë Müller*]\n\nTo link to this article: "
        "https://doi.org/10.1080/1\n\nPublished online: 02 Jul 2018.\n\n"
        "Submit your article to this journal\n\nView related articles",
        f"#text(size: 18pt)[{TITLE}] \n\nAda Lovelace (ada\\@kiel.de)\n\nUniversity of Kiel\n\n"
        "Zoë Müller\n\nUniversity of Kiel\n\n*Research Article*\n\nPosted Date: May 3rd, 2023\n\n"
        "License: This work is licensed under a Creative Commons License.",
        f"#text(size: 14pt)[{TITLE}]\n\n#text(size: 14pt)[Author(s): Ada Lovelace and Zoë Müller]"
        "\n\n#text(size: 14pt)[Source: Leaves, Nov., 1985, Vol. 53]\n\nStable URL: "
        "https:\\/\\/www.jstor.org/stable/19132",
    ],
    ids=["archive", "journal", "preprint", "jstor"],
)
def test_a_cover_page_is_not_the_papers_first_page(tmp_path: Path, cover: str) -> None:
    paper = paper_of(tmp_path, f"{cover}\n#pagebreak()\n{FRONT}")
    assert paper.title == TITLE
    assert said(paper) == [("Ada Lovelace", [KIEL]), ("Zoë Müller", [KIEL])]
    assert paper.abstract is not None and paper.abstract.of(paper.text).startswith("Here sparse")
    spoken = " ".join(sentence.span.of(paper.text) for sentence in paper.sentences)
    assert "cite this version" not in spoken and "Submit your article" not in spoken


def test_a_title_page_of_its_own_stays_the_first_page(tmp_path: Path) -> None:
    paper = paper_of(tmp_path, f"{FRONT}\n#pagebreak()\n{HEAD}")
    assert said(paper) == [("Ada Lovelace", [KIEL]), ("Zoë Müller", [KIEL])]


def test_last_names_after_the_affiliations_at_the_end(tmp_path: Path) -> None:
    paper = paper_of(
        tmp_path,
        HEAD + "Ada Lovelace, MD; Li Xu, PhD; Rhonda Cooper-DeHoff, MS",
        "\n\n#text(size: 8pt)[*Author Affiliations:* Institute of Leaves, University of Kiel, Kiel "
        "(Lovelace, Xu); Department of Trees, College of Wood, Turin (Xu, Cooper-DeHoff).\n\n"
        "*Author Contributions:* Dr Lovelace had full access to all of the leaves in the study.]",
    )
    kiel = "Institute of Leaves, University of Kiel, Kiel"
    turin = "Department of Trees, College of Wood, Turin"
    assert said(paper) == [
        ("Ada Lovelace", [kiel]), ("Li Xu", [kiel, turin]), ("Rhonda Cooper-DeHoff", [turin]),
    ]  # fmt: skip


@pytest.mark.parametrize("label", ["*Author details*", "*Author affiliations:*"])
def test_marks_before_the_affiliations_at_the_end(tmp_path: Path, label: str) -> None:
    paper = paper_of(
        tmp_path,
        HEAD + "Ada Lovelace#super[1], Li Xu#super[2] and Bela Muster#super[3]",
        f"\n\n#text(size: 8pt)[{label} \\ #super[1]{KIEL}, 24118 Kiel, Germany. #super[2]Snap "
        "Trees, "
        "Turin, Italy. #super[3]Yale University, New Haven, CT, USA.\n\nReceived: 3 May 2021]",
    )
    assert said(paper) == [
        ("Ada Lovelace", [f"{KIEL}, 24118 Kiel, Germany"]),
        ("Li Xu", ["Snap Trees, Turin, Italy"]),
        ("Bela Muster", ["Yale University, New Haven, CT, USA"]),
    ]


def test_a_column_beside_the_title_holds_no_authors(tmp_path: Path) -> None:
    side = (
        "#place(top + left, dx: -130pt, dy: 20pt, box(width: 110pt, text(size: "
        "8pt)[#text(size: 14pt)"
        "[Research] \\ \\ Cite this article: Lovelace A, Xu L. 2019 Counting the leaves. "
        "Biol. Lett. "
        "15: 20190070 \\ \\ Received: 29 January 2019 \\ \\ *Author for correspondence:* \\ "
        "Li Xu]))"
    )
    front = (
        f"{side}\n#text(size: 20pt)[{TITLE} that no Machine has Ever Seen in a Forest]\n\n"
        f"#text(size: 12pt)[Ada Lovelace#super[1] and Li Xu#super[1]]\n\n#super[1]{KIEL}"
    )
    paper = paper_of(tmp_path, front, page="margin: (left: 190pt, right: 60pt, y: 60pt)")
    assert said(paper) == [("Ada Lovelace", [KIEL]), ("Li Xu", [KIEL])]
    assert len(paper.affiliations) == 1


def test_names_with_only_a_gap_between_them(tmp_path: Path) -> None:
    paper = paper_of(
        tmp_path,
        HEAD + f"#align(center)[*Ruifang Ge#h(9pt)Raymond J. Mooney* \\ {KIEL}]",
    )
    assert paper.authors == ("Ruifang Ge", "Raymond J. Mooney")


def test_a_name_that_a_lines_end_breaks(tmp_path: Path) -> None:
    paper = paper_of(
        tmp_path,
        HEAD
        + "#align(center)[Ada Lovelace#super[1], Li Xu#super[1], Edward Van \\ Keuren#super[1], "
        f"Paulo Ro- \\ cha#super[1] and Bela Muster#super[1] \\ #super[1]{KIEL}]",
    )
    assert paper.authors == (
        "Ada Lovelace", "Li Xu", "Edward Van Keuren", "Paulo Rocha", "Bela Muster",
    )  # fmt: skip


def test_places_that_run_on_in_one_paragraph(tmp_path: Path) -> None:
    paper = paper_of(
        tmp_path,
        HEAD + "Ada Lovelace*#super[1]*, Li Xu*#super[2]*\n\n*1* Institute of Leaves, University "
        "of Kiel, "
        "Kiel, Germany, *2* West Florida Research and Education Center, University of "
        "Florida, Jay, "
        "FL, United States of America",
    )
    assert said(paper) == [
        ("Ada Lovelace", ["Institute of Leaves, University of Kiel, Kiel, Germany"]),
        ("Li Xu", ["West Florida Research and Education Center, University of Florida, Jay, FL, "
                   "United States of America"]),
    ]  # fmt: skip


def test_a_town_below_a_university_in_the_type_of_names(tmp_path: Path) -> None:
    paper = paper_of(
        tmp_path,
        HEAD + "#align(center)[Ada Lovelace \\ University of Kiel \\ New York \\ \\ Li Xu \\ Yale "
        "University "
        "\\ New Haven]",
    )
    assert said(paper) == [
        ("Ada Lovelace", ["University of Kiel New York"]),
        ("Li Xu", ["Yale University New Haven"]),
    ]


def test_affiliations_in_the_column_at_the_side(tmp_path: Path) -> None:
    side = (
        "#place(top + left, dx: -130pt, dy: 60pt, box(width: 110pt, text(size: "
        "8pt)[#super[1]Institute "
        "of Leaves, \\ University of Kiel, Germany \\ #super[2]Yale University, New \\ "
        "Haven, CT, USA "
        "\\ \\ *Correspondence to* \\ Dr Li Xu, Yale University]))"
    )
    front = (
        f"{side}\n#text(size: 20pt)[{TITLE} that no Machine has Ever Seen in a Forest]\n\n"
        "#text(size: 12pt)[Ada Lovelace#super[1] and Li Xu#super[2]]"
    )
    paper = paper_of(tmp_path, front, page="margin: (left: 190pt, right: 60pt, y: 60pt)")
    assert said(paper) == [
        ("Ada Lovelace", ["Institute of Leaves, University of Kiel, Germany"]),
        ("Li Xu", ["Yale University, New Haven, CT, USA"]),
    ]


def test_a_footnote_without_a_mark_is_for_all(tmp_path: Path) -> None:
    foot = (
        "#place(bottom, float: true, text(size: 8pt)[\\* Correspondence: ada\\@kiel.de \\ "
        "Institute of "
        "Physiology, University of Kiel, \\ Universitätsstr 17, 24118 Kiel, Germany])"
    )
    paper = paper_of(tmp_path, f"{HEAD}#align(center)[Li Xu and Ada Lovelace\\*]\n{foot}")
    place = "Institute of Physiology, University of Kiel, Universitätsstr 17, 24118 Kiel, Germany"
    assert said(paper) == [("Li Xu", [place]), ("Ada Lovelace", [place])]


def test_a_journals_name_above_an_articles_type(tmp_path: Path) -> None:
    head = (
        '#text(size: 24pt, weight: "bold")[BMC Leaves]\n\n#text(size: 14pt)[Research article]\n\n'
        f'#text(size: 16pt, weight: "bold")[{TITLE}]\n\n#text(size: 15pt)[Ada Lovelace and Li '
        "Xu]\n\n"
    )
    paper = paper_of(tmp_path, head + KIEL)
    assert (paper.title, paper.authors) == (TITLE, ("Ada Lovelace", "Li Xu"))


@pytest.mark.parametrize("title", ["Tilings", "Tidy Leaves"])
def test_a_short_title_in_the_largest_type(tmp_path: Path, title: str) -> None:
    head = f"#align(center, text(size: 17pt)[{title}#super[∗]])\n\n"
    paper = paper_of(tmp_path, head + f"#align(center)[Ada Lovelace and Li Xu \\ {KIEL}]")
    assert (paper.title, paper.authors) == (title, ("Ada Lovelace", "Li Xu"))


def test_a_title_in_the_type_of_the_text_and_in_its_block(tmp_path: Path) -> None:
    source = f"""
#set page(margin: 72pt, paper: "a4")
#set text(font: "Libertinus Serif", size: 12pt)
*GE98* \\
{TITLE} in the northern hills of a country with many rivers and \\
few roads \\
Alabsi S#super[1], Alhadainy HA#super[2], Darrag AM#super[2] \\
_#super[1]Ministry of Health, Sanaa, Yemen, #super[2]Tanta University, Tanta, Egypt_ \\
{prose(9)}
"""
    path = tmp_path / "paper.pdf"
    typst.compile(source.encode(), output=path, format="pdf", ignore_system_fonts=True)
    paper = understand(read_pages(path, 50), identify("paper", "", ""))
    assert paper.title == (
        f"{TITLE} in the northern hills of a country with many rivers and few roads"
    )
    assert said(paper) == [
        ("Alabsi S", ["Ministry of Health, Sanaa, Yemen"]),
        ("Alhadainy HA", ["Tanta University, Tanta, Egypt"]),
        ("Darrag AM", ["Tanta University, Tanta, Egypt"]),
    ]
    assert any("Here sparse" in one.span.of(paper.text) for one in paper.sentences)


def test_sentences_about_authors_are_no_places(tmp_path: Path) -> None:
    front = HEAD + (
        f"#align(center)[Ada Lovelace#super[1], Li Xu#super[1] \\ #super[1]{KIEL}, Uprizer "
        "Building "
        "\\#323, Kiel \\ Lovelace is an assistant professor of leaves at the university of Kiel.]"
    )
    paper = paper_of(tmp_path, front)
    assert all_places(paper) == [f"{KIEL}, Uprizer Building #323, Kiel"]


def test_names_with_initials_are_no_numbered_heading(tmp_path: Path) -> None:
    names = "I. I. Didenkulova#super[1], A. V. Slunyaev#super[2], and C. Kharif#super[1]"
    paper = paper_of(tmp_path, f"{HEAD}*{names}*\n\n#super[1]{KIEL}\n\n#super[2]{TURIN}")
    assert paper.authors == ("I. I. Didenkulova", "A. V. Slunyaev", "C. Kharif")
    assert all_places(paper) == [KIEL, TURIN]


def test_a_page_between_the_cover_and_the_paper(tmp_path: Path) -> None:
    cover = f"#text(size: 20pt)[{TITLE}]\n\nAda Lovelace, Zoë Müller\n\n*To cite this version:*"
    licence = "Distributed under a Creative Commons Attribution 4.0 International License"
    pages = f"{cover}\n#pagebreak()\n{licence}\n#pagebreak()\n{FRONT}"
    paper = paper_of(tmp_path, pages)
    assert said(paper) == [("Ada Lovelace", [KIEL]), ("Zoë Müller", [KIEL])]
    assert licence in " ".join(paper.text.split())


@pytest.mark.skipif(not CASES.exists(), reason="../shared is not here")
def test_a_japanese_title_and_its_authors() -> None:
    path = CASES / "10-cjk-papers" / "ja.pdf"
    paper = understand(read_pages(path, 50), identify("paper", "", ""))
    assert paper.title == "雨量計のない河川水位の再帰モデル"
    assert paper.authors == ("山田太郎", "鈴木花子")


def test_letters_on_a_badge_are_no_part_of_a_name(tmp_path: Path) -> None:
    """Some journals draw ORCID's sign behind a name as white letters on a disc."""
    badge = "#box(fill: green, text(size: 7.5pt, fill: white)[ID])"
    front = f"""
#text(size: 16pt, weight: "bold")[{TITLE}]

#text(weight: "bold")[Ada Lovelace{badge}#super[1], Grace Hopper{badge}#super[2],
Alan Turing#super[1]]

#super[1]University of Leaves, Kiel. #super[2]Institute of Ladders, Turin.
"""
    paper = paper_of(tmp_path, front)
    assert paper.authors == ("Ada Lovelace", "Grace Hopper", "Alan Turing")
    assert paper.author_affiliations == ((0,), (1,), (0,))
