"""The sample papers: their sources still build, and they say what the questions rely on."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pymupdf
import pytest

DATA = Path(__file__).parent.parent / "data"
TITLES = {
    "cited-digests": "Cited Digests: Tying Every Sentence to the Words on the Page",
    "every-sentence-needs-a-source": "Every Sentence Needs a Source: A Position on Paper Digests",
}
PAGES = {"cited-digests": 3, "every-sentence-needs-a-source": 2}


def text_of(path: Path) -> str:
    """The text of a PDF with single spaces."""
    with pymupdf.open(path) as document:  # type: ignore[no-untyped-call]
        return " ".join(" ".join(page.get_text() for page in document).split())


@pytest.mark.parametrize("name", TITLES)
def test_pdf_has_its_title_and_pages(name: str) -> None:
    path = DATA / f"{name}.pdf"
    with pymupdf.open(path) as document:  # type: ignore[no-untyped-call]
        assert len(document) == PAGES[name]
        assert document.metadata["title"] == TITLES[name]
    assert TITLES[name] in text_of(path)


def test_the_pdfs_are_what_their_sources_build(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("data_build", DATA / "build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    built = module.build(tmp_path)
    assert {path.stem for path in built} == set(TITLES)
    for path in built:
        assert text_of(path) == text_of(DATA / path.name)


def test_the_position_paper_has_no_methods() -> None:
    source = (DATA / "every-sentence-needs-a-source.typ").read_text(encoding="utf-8")
    headings = [line.lstrip("= ") for line in source.splitlines() if line.startswith("= ")]
    assert headings == [
        "Introduction",
        "The Problem with Today's Digests",
        "What Readers Deserve",
        "Discussion",
        "Conclusion",
    ]
    words = set(text_of(DATA / "every-sentence-needs-a-source.pdf").lower().split())
    assert not {"method", "methods", "experiment", "experiments"} & words


def test_every_question_names_a_sample_paper_and_a_role() -> None:
    from index.paper import ROLES

    questions = json.loads((DATA / "questions.json").read_text(encoding="utf-8"))
    papers = {path.stem for path in DATA.glob("*.pdf")} | {"choosing-passage-size"}
    assert len(questions) == 12
    assert {entry["paper"] for entry in questions} == papers
    assert {entry["role"] for entry in questions} <= set(ROLES)
