"""What a Markdown file says of itself above its text is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.paper import Paper
from index.read.front.identity import iso_date
from index.read.markup.markdown import read_markdown

CASES = Path(__file__).parents[3] / "shared" / "cases"
PROSE = (
    "We grow sparse trees and count the leaves of each one. The leaves are green in spring and "
    "brown later. We ask whether a second count is worth its time, and the answer is mostly no."
)


def paper_of(tmp_path: Path, matter: str, text: str = "") -> Paper:
    path = tmp_path / "notes.md"
    text = text or f"# Introduction\n\n{PROSE}\n\n## Method\n\n{PROSE}"
    path.write_text(f"{matter}\n{text}\n", "utf-8")
    paper = read_markdown(path, "notes")
    assert paper is not None
    assert PROSE in paper.text  # whatever is said above it
    return paper


def places(paper: Paper) -> list[str]:
    return [one.of(paper.text) for one in paper.affiliations]


@pytest.mark.skipif(not CASES.exists(), reason="the cases are not here")
def test_title_author_and_date_of_yaml() -> None:
    paper = read_markdown(CASES / "09-front-matter-dropped" / "lf.md", "lf")
    assert paper is not None
    assert paper.title == "Recurrent Models of River Levels without Local Rain"
    assert (paper.authors, paper.date) == (("Ada Example",), "2021-03-04")
    assert [one.title for one in paper.sections[1:]] == ["Introduction", "Method", "Results"]
    assert "author:" not in paper.text


JOSS = """---
title: 'Gala: A Python package'
tags:
  - Python
authors:
  - name: Adrian M. Price-Whelan
    orcid: 0000-0000-0000-0000
    affiliation: "1, 2" # (Multiple affiliations must be quoted)
  - name: Author Without ORCID
    affiliation: 2
  - given-names: Ludwig
    surname: Beethoven
    affiliation: 3
affiliations:
 - name: Lyman Spitzer, Jr. Fellow, Princeton University, United States
   index: 1
 - name: Institution Name, Country
   index: 2
 - name: Independent Researcher, Country
   index: 3
date: 13 August 2017
abstract: |
  We made a package. It is
  quick.
keywords: [galaxies, python]
---
"""


def test_people_with_places(tmp_path: Path) -> None:
    paper = paper_of(tmp_path, JOSS)
    assert paper.title == "Gala: A Python package"
    assert paper.authors == ("Adrian M. Price-Whelan", "Author Without ORCID", "Ludwig Beethoven")
    assert places(paper) == [
        "Lyman Spitzer, Jr. Fellow, Princeton University, United States",
        "Institution Name, Country",
        "Independent Researcher, Country",
    ]
    assert paper.author_affiliations == ((0, 1), (1,), (2,))
    assert paper.date == "2017-08-13"
    assert paper.abstract is not None
    assert paper.abstract.of(paper.text) == "We made a package. It is quick."
    assert [one.of(paper.text) for one in paper.keywords] == ["galaxies", "python"]


PEOPLE = [
    ("author: Ada Lovelace", ("Ada Lovelace",), []),
    ("author: Ada Lovelace and Alan Turing", ("Ada Lovelace", "Alan Turing"), []),
    ("authors: Ada Lovelace, Alan Turing", ("Ada Lovelace", "Alan Turing"), []),
    ("author: Lovelace, Ada; Turing, Alan", ("Ada Lovelace", "Alan Turing"), []),
    ('author: "Lovelace, Ada"', ("Ada Lovelace",), []),
    ("authors: [Ada Lovelace, 王伟]", ("Ada Lovelace", "王伟"), []),
    ("author:\n  - Ada Lovelace^[MIT]\n  - Alan Turing", ("Ada Lovelace", "Alan Turing"), []),
    ("author:\n  name: Ada Lovelace\n  affiliation: MIT", ("Ada Lovelace",), ["MIT"]),
    ("author:\n- name: Ada Lovelace\n  affiliation: [MIT, ETH]", ("Ada Lovelace",), ["MIT", "ETH"]),
    (
        "author:\n- name: {given: Ada, family: Lovelace}\n  affiliations:\n  - ref: u\n"
        "affiliations:\n- id: u\n  name: University of Nowhere\n  city: Berlin",
        ("Ada Lovelace",),
        ["University of Nowhere, Berlin"],
    ),
    (
        "author:\n- Ada Lovelace:\n    institute: m\ninstitute:\n- m: MIT",
        ("Ada Lovelace",),
        ["MIT"],
    ),
    (
        "author: Ada Lovelace\naffiliation: University of Nowhere",
        ("Ada Lovelace",),
        ["University of Nowhere"],
    ),
    ("author: null", (), []),
]


def test_people_in_every_form(subtests: pytest.Subtests, tmp_path: Path) -> None:
    for matter, authors, where in PEOPLE:
        with subtests.test(matter=matter, authors=authors, where=where):
            paper = paper_of(tmp_path, f"---\ntitle: Sparse Trees\n{matter}\n---\n")
            assert (paper.title, paper.authors, places(paper)) == ("Sparse Trees", authors, where)


@pytest.mark.parametrize(
    "matter",
    [
        '+++\ntitle = "Sparse Trees"\nauthors = ["Ada Lovelace", "Alan Turing"]\n'
        "date = 2024-07-03T10:00:00Z\n[params]\ndraft = false\n+++\n",
        "% Sparse\n  Trees\n% Ada Lovelace; Alan Turing\n% July 3, 2024\n",
        "Title: Sparse Trees\nAuthor: Ada Lovelace, Alan Turing\nDate: 2024-07-03\n",
        "---\r\ntitle: Sparse Trees\r\nauthor: [Ada Lovelace, Alan Turing]\r\ndate: 3 July 2024\r\n"
        "...\r\n",
        # What YAML and TOML cannot read
        '---\ntitle: Sparse Trees\nauthor: Ada Lovelace and Alan Turing\nnote: a: "b\n'
        "date: 2024-07-03\n---\n",
        "---\ntitle: Sparse Trees\nauthors:\n  - Ada Lovelace\n  - Alan Turing\n\tx: {\n"
        "date: 2024/7/3\n---\n",
        '+++\ntitle = "Sparse Trees"\nauthors = ["Ada Lovelace", "Alan Turing"]\n'
        "date = 2024-07-03\nx = [\n+++\n",
        # What nothing closes
        "---\ntitle: Sparse Trees\nauthor: Ada Lovelace and Alan Turing\ndate: 2024-07-03\n",
    ],
)
def test_every_form_of_front_matter(tmp_path: Path, matter: str) -> None:
    paper = paper_of(tmp_path, matter)
    assert (paper.title, paper.authors) == ("Sparse Trees", ("Ada Lovelace", "Alan Turing"))
    assert paper.date == "2024-07-03"
    assert [one.title for one in paper.sections[1:]] == ["Introduction", "Method"]


@pytest.mark.parametrize(
    "matter",
    [
        "---\n- a\n- b\n---\n",
        "---\njust a line\n---\n",
        "---\n---\n",
        "---\n" + "a: &a [x, x]\nb: &b [*a, *a]\n" + "---\n",
        "---\ntitle: [a, {b: c}]\nauthor: [[[x]]]\ndate: 2024-13-45\nabstract: {}\n---\n",
        "---\n" + "{" * 2000 + "\n---\n",
        "+++\n+++\n",
    ],
)
def test_no_front_matter_loses_the_paper(tmp_path: Path, matter: str) -> None:
    paper_of(tmp_path, matter, f"# Sparse Trees\n\n## 1 Introduction\n\n{PROSE}")


def test_the_text_says_what_is_printed(tmp_path: Path) -> None:
    paper = paper_of(
        tmp_path,
        "---\ntitle: sparse trees!\nauthor: admin\nabstract: Another one.\n---\n",
        f"# Sparse Trees\n\nAda Lovelace\n\n## Abstract\n\n{PROSE}\n\n## 1 Introduction\n\n{PROSE}",
    )
    assert (paper.title, paper.authors) == ("Sparse Trees", ("Ada Lovelace",))
    assert paper.abstract is not None and paper.abstract.of(paper.text) == PROSE
    assert "Another" not in paper.text


def test_the_title_above_a_text_without_headings(tmp_path: Path) -> None:
    paper = paper_of(tmp_path, "---\ntitle: Sparse Trees\nauthor: Ada Lovelace\n---\n", PROSE)
    assert (paper.title, paper.authors) == ("Sparse Trees", ("Ada Lovelace",))
    assert [one.kind for one in paper.sentences] == ["paragraph"] * 3


@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("2024-07-03", "2024-07-03"), ("2024/7", "2024-07"), ("2024年7月3日", "2024-07-03"),
        ("July 3, 2024", "2024-07-03"), ("3 Jul 2024", "2024-07-03"), ("July 2024", "2024-07"),
        ("2024", "2024"), ("last-modified", None), ("2024-13-01", None), ("", None),
    ],
)  # fmt: skip
def test_dates(said: str, date: str | None) -> None:
    assert iso_date(said) == date


def test_a_text_between_two_rules_is_no_front_matter(tmp_path: Path) -> None:
    said = "We grow sparse trees.\n\nNote: this is text.\n\nWe count the leaves in the spring.\n\n"
    path = tmp_path / "rules.md"
    path.write_text(f"---\n# Sparse Trees\n\n{said * 9}---\n\n## 2 Leaves\n\n{said}", "utf-8")
    paper = read_markdown(path, "rules")
    assert paper is not None
    assert paper.title == "Sparse Trees"
    assert paper.text.count("Note: this is text.") == 10


def test_thousands_of_authors(tmp_path: Path) -> None:
    people = "".join(f"  - name: Ada Example\n    affiliation: Place {n}\n" for n in range(2000))
    path = tmp_path / "many.md"
    path.write_text(f"---\ntitle: Sparse Trees\nauthor:\n{people}---\n\nWe count.\n", "utf-8")
    paper = read_markdown(path, "many")
    assert paper is not None
    assert paper.title == "Sparse Trees"
    assert "affiliation:" not in paper.text
