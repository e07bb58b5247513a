"""Coverage counts the words of a page a second way, and sees what the reader lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from eval.coverage import coverage
from eval.paper_score import score
from eval.structure import run, summary
from eval.truth import TruthUnusable, read_truth
from index.config import Settings
from index.paper import Paper, Reading
from index.read import Reader
from index.spans import Span, Word, Words

pytest.importorskip("pypdfium2")

SENTENCES = (
    "Lanterns were placed on the path at equal distances and lit at dusk.",
    "Each of them was watched by two people until the morning came.",
    "The path was walked by nobody else in these nights of the trial.",
    "Rain fell twice, and neither time did any of the lanterns go out.",
)


def _pdf(path: Path, pages: int = 2) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with pymupdf.open() as document:
        for number in range(pages):
            page = document.new_page(width=400, height=600)
            if number == 0:
                page.insert_text((40, 60), "Lanterns on Paths", fontsize=20)
                page.insert_text((40, 90), "Ada Byron")
                page.insert_text((40, 120), "Abstract", fontsize=14)
            page.insert_textbox(pymupdf.Rect(40, 140, 360, 560), " ".join(SENTENCES * 3))
        document.save(path)
    return path


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory, started_reader: Reader) -> tuple[Path, Paper]:
    path = _pdf(tmp_path_factory.mktemp("coverage") / "lanterns.pdf")
    reading = started_reader.read(path)
    assert reading.paper is not None, reading
    return path, reading.paper


def test_a_paper_that_was_read_whole(read: tuple[Path, Paper]) -> None:
    path, paper = read
    assert [page.share for page in coverage(path, paper)] == [1.0, 1.0]


def test_words_that_the_paper_has_nowhere_are_missing(read: tuple[Path, Paper]) -> None:
    path, paper = read
    kept = [word for word in paper.words if word.box.page == 1]
    half = [word for word in paper.words if word.box.page == 2][::2]
    torn = replace(paper, words=Words.of([*kept, *half]))
    first, second = coverage(path, torn)
    assert first.share == 1.0
    assert 0.4 < second.share < 0.6
    assert "lanterns" in second.lost


def test_the_share_of_words_and_the_pages_below_it_are_reported(
    read: tuple[Path, Paper], tmp_path: Path
) -> None:
    path, paper = read
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps([{"pdf": str(path)}]))
    [entry] = read_truth(truth)
    whole = summary([score(entry, Reading("ok", "", paper), 0.0)])["coverage"]
    assert whole == {"words": 1.0, "pages": [], "counted": 2}
    without = replace(paper, words=Words.of(w for w in paper.words if w.box.page == 1))
    lossy: Any = summary([score(entry, Reading("ok", "", without), 0.0)])["coverage"]
    assert 0.4 < lossy["words"] < 0.6
    assert lossy["pages"] == [[str(path), 2, 0.0]]


def test_what_stands_in_margins_and_what_is_hidden_counts(
    tmp_path: Path, started_reader: Reader
) -> None:
    path = tmp_path / "margins.pdf"
    with pymupdf.open() as document:
        for number in range(4):
            page = document.new_page(width=400, height=600)
            page.insert_text((40, 30), "Proceedings of the Lantern Society")
            page.insert_text((200, 580), str(number + 1))
            page.insert_textbox(pymupdf.Rect(40, 140, 360, 500), " ".join(SENTENCES * 2))
            page.insert_text((40, 520), "Nobody sees these words", color=(1, 1, 1))
        document.save(path)
    paper = started_reader.read(path).paper
    assert paper is not None
    assert "Proceedings" not in paper.text.split("\n\n", 1)[1]
    assert [page.missing for page in coverage(path, paper)] == [0, 0, 0, 0]


# --- folders as truth -----------------------------------------------------------------------------


def test_a_folder_of_pdfs_reports_coverage_alone(tmp_path: Path) -> None:
    _pdf(tmp_path / "papers" / "a.pdf")
    _pdf(tmp_path / "papers" / "more" / "b.pdf")
    (tmp_path / "papers" / "c.pdf").write_bytes(b"no PDF")
    report = run(
        Settings(cache=tmp_path / "cache", read={"workers": 1}), [tmp_path / "papers"]
    ).measures
    assert report["coverage"] == {"words": 1.0, "pages": [], "counted": 4}
    assert report["titles"]["papers"] == report["places"]["papers"] == 0
    assert [one["status"] for one in report["papers"]] == ["ok", "broken", "ok"]


def test_a_folder_of_json_files_names_papers_beside_it(tmp_path: Path) -> None:
    _pdf(tmp_path / "papers" / "digests" / "lamp.pdf")
    truth = tmp_path / "bench" / "digests"
    truth.mkdir(parents=True)
    entry = {
        "file": "lamp.pdf",
        "title": "Lanterns on Paths",
        "authors": ["Ada Byron"],
        "affiliations": ["University of Lanterns"],
    }
    (truth / "2401.00001.json").write_text(json.dumps(entry))
    [one] = read_truth(truth)
    assert one.pdf == tmp_path / "papers" / "digests" / "lamp.pdf"
    report = run(Settings(cache=tmp_path / "cache", read={"workers": 1}), [truth])
    assert report.measures["titles"] == {"exact": 1.0, "papers": 1}
    assert report.measures["places"] == {"f1": 0.0, "places": 1, "papers": 1}
    assert any("affiliation missed: University of Lanterns" in said for said in report.notes)


def test_affiliations_as_printed_count_by_their_letters(tmp_path: Path) -> None:
    text = "Dept. of Light,\nUniversity of Paths; Lamp Co"
    places = (Span(0, text.index(";")), Span(text.index("Lamp"), len(text)))
    paper = Paper("p", None, "pdf", "", text, "Lanterns", affiliations=places)
    truth = tmp_path / "truth.json"
    wanted = ["Dept of Light, University of Paths", "Wax Institute"]
    truth.write_text(json.dumps([{"pdf": "p.pdf", "affiliations": wanted}]))
    [entry] = read_truth(truth)
    one = score(entry, Reading("ok", "", paper), 0.0)
    assert (one.places_found, one.places_missed, one.places_wrong) == (
        1,
        ("Wax Institute",),
        ("Lamp Co",),
    )
    assert summary([one])["places"] == {"f1": 0.5, "places": 2, "papers": 1}


def test_a_folder_with_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(TruthUnusable, match="neither"):
        read_truth(tmp_path)


def test_a_word_that_stands_on_another_page_is_missing_here(read: tuple[Path, Paper]) -> None:
    path, paper = read
    moved = Words.of(
        Word(word.span, replace(word.box, page=1), word.line) if word.box.page == 2 else word
        for word in paper.words
    )
    assert coverage(path, replace(paper, words=moved))[1].share == 0.0
