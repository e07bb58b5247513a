"""One paper in the manner of many journals: its structure is found in each of them."""

from __future__ import annotations

import importlib.util
import sys
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest

from index.paper import Paper
from index.read.front.identity import identify
from index.read.page.pdf import read_pages
from index.read.understand import understand

typst = pytest.importorskip("typst")


def _layouts() -> ModuleType:
    path = Path(__file__).parents[2] / "data" / "layouts.py"
    spec = importlib.util.spec_from_file_location("layouts", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["layouts"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


LAYOUTS = _layouts()


ROLES = ("introduction", "background", "method", "experiments", "results", "conclusion")


@pytest.fixture(scope="module", params=LAYOUTS.STYLES, ids=lambda style: style.name)
def printed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """A style and the paper that was read from it."""
    style = request.param
    path = tmp_path_factory.mktemp(style.name) / "paper.pdf"
    source = LAYOUTS.source(style).encode()
    typst.compile(source, output=path, format="pdf", ignore_system_fonts=True)
    return style, understand(read_pages(path, 50), identify("paper", "", ""))


def _without_number(title: str) -> str:
    from index.read.text.headings import parse_heading

    return parse_heading(title).title_alone.casefold()


def test_title(printed: tuple[object, Paper]) -> None:
    assert printed[1].title.casefold() == LAYOUTS.TITLE.casefold()


def test_authors_in_order(printed: tuple[object, Paper]) -> None:
    style, paper = printed
    assert list(paper.authors) == LAYOUTS.truth(style, "")["authors"] or [
        name.casefold() for name in paper.authors
    ] == [name.casefold() for name in LAYOUTS.AUTHORS]


def test_each_author_has_its_own_affiliations(printed: tuple[object, Paper]) -> None:
    style, paper = printed
    places = [span.of(paper.text) for span in paper.affiliations]
    found = [[places[number] for number in own] for own in paper.author_affiliations]
    wanted = LAYOUTS.truth(style, "")["affiliations"]
    assert found == wanted
    assert sorted(places) == sorted({place for own in wanted for place in own})


def test_abstract(printed: tuple[object, Paper]) -> None:
    style, paper = printed
    assert paper.abstract is not None
    said = " ".join(paper.abstract.of(paper.text).split())
    assert said == LAYOUTS.truth(style, "")["abstract"]


def test_headings_with_their_levels_in_order(printed: tuple[object, Paper]) -> None:
    style, paper = printed
    wanted = [
        (one["title"].casefold(), one["level"]) for one in LAYOUTS.truth(style, "")["sections"]
    ]
    found = [
        (_without_number(section.title), section.level)
        for section in paper.sections
        if section.title and section.role != "abstract"
    ]
    assert found == wanted


def test_roles(printed: tuple[object, Paper]) -> None:
    _, paper = printed
    roles = [s.role for s in paper.sections if s.title and s.level == 1 and s.role != "abstract"]
    assert tuple(roles[:7]) == (*ROLES, "references")
    assert set(roles[7:]) <= {"appendix"}


def test_every_sentence_of_the_body_is_whole_and_in_order(printed: tuple[object, Paper]) -> None:
    _, paper = printed
    body = [
        " ".join(sentence.span.of(paper.text).split())
        for sentence in paper.sentences
        if sentence.kind == "paragraph"
    ]
    assert len(body) > 100
    assert body == list(islice(LAYOUTS.sentences(), len(body)))
