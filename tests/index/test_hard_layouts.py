"""One paper in the manner of many journals: its structure is found in each of them."""

from __future__ import annotations

import importlib.util
import sys
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from thinned import some

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


def _without_number(title: str) -> str:
    from index.read.text.headings import parse_heading

    return parse_heading(title).title_alone.casefold()


def check_title(style: Any, paper: Paper) -> None:
    assert paper.title.casefold() == LAYOUTS.TITLE.casefold()


def check_authors_in_order(style: Any, paper: Paper) -> None:
    assert list(paper.authors) == LAYOUTS.truth(style, "")["authors"] or [
        name.casefold() for name in paper.authors
    ] == [name.casefold() for name in LAYOUTS.AUTHORS]


def check_each_author_has_its_own_affiliations(style: Any, paper: Paper) -> None:
    places = [span.of(paper.text) for span in paper.affiliations]
    found = [[places[number] for number in own] for own in paper.author_affiliations]
    wanted = LAYOUTS.truth(style, "")["affiliations"]
    assert found == wanted
    assert sorted(places) == sorted({place for own in wanted for place in own})


def check_abstract(style: Any, paper: Paper) -> None:
    assert paper.abstract is not None
    said = " ".join(paper.abstract.of(paper.text).split())
    assert said == LAYOUTS.truth(style, "")["abstract"]


def check_headings_with_their_levels_in_order(style: Any, paper: Paper) -> None:
    wanted = [
        (one["title"].casefold(), one["level"]) for one in LAYOUTS.truth(style, "")["sections"]
    ]
    found = [
        (_without_number(section.title), section.level)
        for section in paper.sections
        if section.title and section.role != "abstract"
    ]
    assert found == wanted


def check_roles(style: Any, paper: Paper) -> None:
    roles = [s.role for s in paper.sections if s.title and s.level == 1 and s.role != "abstract"]
    assert tuple(roles[:7]) == (*ROLES, "references")
    assert set(roles[7:]) <= {"appendix"}


def check_every_sentence_of_the_body_is_whole_and_in_order(style: Any, paper: Paper) -> None:
    body = [
        " ".join(sentence.span.of(paper.text).split())
        for sentence in paper.sentences
        if sentence.kind == "paragraph"
    ]
    assert len(body) > 100
    assert body == list(islice(LAYOUTS.sentences(), len(body)))


FACTS = (
    check_title,
    check_authors_in_order,
    check_each_author_has_its_own_affiliations,
    check_abstract,
    check_headings_with_their_levels_in_order,
    check_roles,
    check_every_sentence_of_the_body_is_whole_and_in_order,
)


@pytest.mark.parametrize("style", some(LAYOUTS.STYLES), ids=lambda style: style.name)
def test_the_paper_is_read(style: Any, tmp_path: Path, subtests: pytest.Subtests) -> None:
    path = tmp_path / "paper.pdf"
    source = LAYOUTS.source(style).encode()
    typst.compile(source, output=path, format="pdf", ignore_system_fonts=True)
    paper = understand(read_pages(path, 50), identify("paper", "", ""))
    for check in FACTS:
        with subtests.test(check.__name__):
            check(style, paper)
