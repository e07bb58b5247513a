"""Web addresses in PDFs, which may be broken at the end of a line between any two letters."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest

from index.read.page.pages import Line, PageWord, Style
from index.read.page.pdf import read_pages
from index.read.text.compose import Composer, vocabulary

STYLE = Style(10, False, False, False, False, False, "Any")
CODE = "https://github.com/lovelace/deep-rivers"


def composed(lines: tuple[str, ...], addresses: tuple[str, ...]) -> str:
    made = [
        Line(1, 0, [PageWord(one, 0, 0, 9, 9, ((one, STYLE),)) for one in line.split()])
        for line in lines
    ]
    composer = Composer(vocabulary(made), addresses)
    composer.write(made)
    return composer.text


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("code at https://gi", "thub.com/lovelace/deep-rivers."), f"code at {CODE}."),
        (("(https:", "//github.com/lovelace/deep-rivers) and"), f"({CODE}) and"),
        (("see https://gith", "ub.com/love", "lace/deep-rivers, too"), f"see {CODE}, too"),
        ((f"see {CODE}", "and so on"), f"see {CODE} and so on"),
        (("see https://gi", "ants have"), "see https://gi ants have"),
        ((CODE, ". The"), f"{CODE}. The"),
    ],
)
def test_where_a_link_leads_tells_how_its_address_goes_on(
    lines: tuple[str, ...], text: str
) -> None:
    assert composed(lines, ("https://example.org/", CODE)) == text


def test_without_a_link_the_two_slashes_still_belong_to_the_scheme() -> None:
    assert (
        composed(("at https:", "//doi.org/10.5281/z and"), ()) == "at https://doi.org/10.5281/z and"
    )


def test_the_addresses_of_a_page_are_those_of_its_links(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    with pymupdf.open() as document:
        page = document.new_page()
        page.insert_text((72, 72), "Rivers are measured by gauges.")
        for place, uri in enumerate((CODE, "mailto:ada@example.org", "file:///etc/passwd")):
            area = pymupdf.Rect(72, 100 * place, 200, 100 * place + 20)
            page.insert_link({"kind": pymupdf.LINK_URI, "from": area, "uri": uri})
        document.save(path)
    assert read_pages(path, 5).pages[0].addresses == {CODE}
