"""Titles, names and headings as older journals and archives print them."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.paper import Paper
from index.read.front.identity import identify
from index.read.page.pdf import read_pages
from index.read.understand import understand
from tests.index.test_front_matter import prose

typst = pytest.importorskip("typst")

PAGE = """
#set page(margin: 72pt, paper: "a4")
#set text(font: "Libertinus Serif", size: 10.5pt)
#set par(justify: true, leading: 0.5em)
"""
COVER = """
#set par(spacing: 6pt)
#text(size: 11pt)[Growth of Sparse Trees after the Northern Storms]

#text(size: 11pt)[Author(s): Ada Byron, Karl Rovey, Jr. and Mina Loy]

#text(size: 11pt)[Source: _Journal of Leaves_, Vol. 12, No. 3 (Feb., 1981), pp. 58-73]

#text(size: 11pt)[Published by: The Society of Leaves]

#text(size: 11pt)[Stable URL: https://www.jstor.org/stable/3689266]

#text(size: 8pt)[Your use of the JSTOR archive indicates your acceptance of its terms.]
#pagebreak()
"""


def small_capitals(number: str, title: str) -> str:
    return f"#align(center)[{number}#h(0.5em)#text(size: 8.4pt)[{title.upper()}]]"


def sections() -> str:
    names = ["Introduction", "The Counting of Leaves", "Storms", "Closing Remarks"]
    parts = []
    for number, name in enumerate(names, 1):
        parts += [small_capitals(f"{number}.", name), prose(14, 3 * number)]
    return "\n\n".join(parts)


def read(folder: Path, source: str) -> Paper:
    path = folder / "paper.pdf"
    typst.compile((PAGE + source).encode(), output=path, format="pdf", ignore_system_fonts=True)
    return understand(read_pages(path, 50, 1_000_000), identify("paper", "", "0" * 64, None))


def test_an_archives_cover_tells_title_and_authors(tmp_path: Path) -> None:
    """The scan below has its title in torn lines of a size of their own, with a note's mark."""
    scan = """
#text(size: 26pt)[GROWTH OF SPARSE]

#text(size: 14pt)[TREES AFTER THE NORTHERN STORMS\\*t]

#text(size: 11pt)[ADA BYRON]
#v(12pt)
"""
    paper = read(tmp_path, COVER + scan + prose(8) + "\n\n" + sections())
    assert paper.title == "Growth of Sparse Trees after the Northern Storms"
    assert paper.authors == ("Ada Byron", "Karl Rovey, Jr.", "Mina Loy")


def test_the_places_of_authors_that_a_cover_names_are_those_of_the_paper(tmp_path: Path) -> None:
    below = """
#align(center)[#text(size: 14pt)[GROWTH OF SPARSE TREES AFTER THE NORTHERN STORMS]

#text(size: 11pt)[ADA BYRON]

_Department of Botany, University of Somewhere_]
#v(12pt)
"""
    paper = read(tmp_path, COVER + below + prose(8) + "\n\n" + sections())
    places = [" ".join(place.of(paper.text).split()) for place in paper.affiliations]
    assert places == ["Department of Botany, University of Somewhere"]
    assert paper.author_affiliations == ((0,), (), ())


def test_the_line_of_an_issue_makes_no_masthead_of_the_title_below(tmp_path: Path) -> None:
    """Where abstract and notes fill most of the page, its text is in larger type than is usual."""
    source = f"""
#align(center)[#text(size: 8.5pt)[Annals of Leaves, Vol. 78, No. 6 (November, 2010), 1863–1903]

#text(size: 10.5pt)[THE GROWTH OF SPARSE TREES IN STORMS]

#text(size: 8.5pt)[ADA BYRON]]
#pad(x: 40pt)[#text(size: 8.5pt)[{prose(8)}]]
#place(bottom, float: true)[#text(size: 8.5pt)[{prose(36, 7)}]]

#v(10pt)
{sections()}
"""
    paper = read(tmp_path, source)
    assert paper.title == "THE GROWTH OF SPARSE TREES IN STORMS"
    assert paper.authors == ("ADA BYRON",)


def test_the_line_of_an_issue_is_no_title(tmp_path: Path) -> None:
    source = f"""
#align(center)[#text(size: 12pt)[_Annals_, Vol. 78, No. 6 (November, 2010), 1863–1903]

#text(size: 12pt)[THE GROWTH OF SPARSE TREES IN STORMS]

#text(size: 10.5pt)[Ada Byron]]

{sections()}
"""
    assert read(tmp_path, source).title == "THE GROWTH OF SPARSE TREES IN STORMS"


def test_a_name_set_larger_than_the_title_is_not_the_title(tmp_path: Path) -> None:
    source = f"""
#text(size: 8.5pt)[Journal of Leaves 22 (1988) 3-42. North Somewhere]
#v(40pt)
#align(center)[#text(size: 11pt, weight: "bold")[ON THE GROWTH OF SPARSE TREES]

#text(size: 12pt)[Robert E. Rovey]

#text(size: 9pt, style: "italic")[University of Somewhere, Norwich]]
#v(10pt)
{sections()}
"""
    paper = read(tmp_path, source)
    assert paper.title == "ON THE GROWTH OF SPARSE TREES"
    assert paper.authors == ("Robert E. Rovey",)


def test_headings_in_small_capitals_are_as_large_as_their_numbers(tmp_path: Path) -> None:
    title = "#align(center)[#text(size: 16pt)[The Growth of Sparse Trees]]\n\n"
    paper = read(tmp_path, title + sections())
    assert [section.title for section in paper.sections if section.title] == [
        "1. INTRODUCTION",
        "2. THE COUNTING OF LEAVES",
        "3. STORMS",
        "4. CLOSING REMARKS",
    ]
