"""The scorer of structure must see what is wrong, and must not punish conventions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pymupdf
import pytest

from eval.paper_score import character_f1, order_kept, overlap, score
from eval.structure import run, summary
from eval.truth import TruthUnusable, read_truth
from index.config import Settings
from index.paper import Paper, Reading, Role, Section, Sentence
from index.spans import Box, Span, Word, Words

TEXT = (
    "A Study of Trees Ada Lovelace Trees are counted here. Introduction We count. Methods By hand."
)


def _section(title: str, role: Role, level: int = 1) -> Section:
    return Section(title, role, level, Span(0, 1))


PAPER = Paper(
    id="trees",
    version=None,
    source="pdf",
    sha256="",
    text=TEXT,
    title="A Study of Trees",
    authors=("Ada Lovelace", "José García"),
    abstract=Span(TEXT.index("Trees are"), TEXT.index(" Introduction")),
    pages=1,
    sections=(
        _section("", "other"),
        _section("Abstract", "abstract"),
        _section("1 Introduction", "introduction"),
        _section("1.1 Aims", "introduction", 2),
        _section("2 Methods", "method"),
        _section("References", "references"),
        _section("A Proofs", "appendix"),
    ),
)
ENTRY = {
    "pdf": "trees.pdf",
    "title": "A study of TREES",
    "authors": ["Ada Lovelace", "Jose Garcia"],
    "abstract": "Trees are counted here.",
    "sections": ["1 Introduction", "1.1 Aims", "2 Methods"],
    "levels": "all",
}


def _scored(tmp_path: Path, paper: Paper | None = PAPER, **changed: object):
    """The score of ``paper`` against the entry with some of its fields changed."""
    path = tmp_path / "truth.json"
    path.write_text(json.dumps([{**ENTRY, **changed}]))
    [truth] = read_truth(path)
    reading = Reading("ok", "", paper) if paper else Reading("broken", "cut short")
    return score(truth, reading, 0.0)


def test_a_paper_that_was_read_right(tmp_path: Path) -> None:
    one = _scored(tmp_path)
    assert one.title_exact and one.authors_in_order
    assert (one.abstract_f1, one.headings_f1) == (1.0, 1.0)
    assert one.headings_f1_strict < 1.0  # abstract, references and appendix are in no such list


def test_a_paper_that_cannot_be_read_scores_nothing(tmp_path: Path) -> None:
    one = _scored(tmp_path, None)
    assert one.title_exact is False and one.authors_found == 0
    assert (one.abstract_f1, one.headings_f1, one.reason) == (0.0, 0.0, "cut short")


def test_a_paper_that_is_not_there_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "truth.json"
    path.write_text(json.dumps([ENTRY]))
    report = run(Settings(cache=tmp_path / "cache"), [path]).measures
    assert report["titles"] == {"exact": 0.0, "papers": 1}
    assert report["papers"][0]["reason"] == "the file is not there"
    assert "the file is not there" in Path(report["page"]).read_text()


@pytest.mark.parametrize("title", ["A Study of Tree", "A Study of Trees: Leaves"])
def test_a_title_with_a_letter_less_or_a_word_more_is_wrong(tmp_path: Path, title: str) -> None:
    assert _scored(tmp_path, title=title).title_exact is False


def test_authors_that_are_missed_wrong_or_out_of_order(tmp_path: Path) -> None:
    one = _scored(tmp_path, authors=["José García", "Ada Lovelace", "Grace Hopper"])
    assert (one.authors_found, one.authors_missed, one.authors_wrong) == (2, ("Grace Hopper",), ())
    assert one.authors_in_order is False
    one = _scored(tmp_path, authors=["Ada Lovelace"])
    assert one.authors_wrong == ("José García",)
    assert summary([one])["authors"]["f1"] == pytest.approx(2 / 3, abs=1e-3)


def test_affiliations_count_for_each_author_whole(tmp_path: Path) -> None:
    places = tuple(Span(TEXT.index(word), TEXT.index(word) + len(word)) for word in ("Trees", "By"))
    paper = replace(PAPER, affiliations=places, author_affiliations=((0, 1), (1,)))
    wanted = [["Trees, By"], ["Trees"]]
    one = _scored(tmp_path, paper, affiliations=wanted)
    assert one.affiliations_missed == ("Jose Garcia: Trees",)
    assert one.affiliations_wrong == ("Jose Garcia: By",)
    assert summary([one])["affiliations"] == {"f1": 0.5, "authors": 2}
    none = _scored(tmp_path, affiliations=wanted)
    assert summary([none])["affiliations"] == {"f1": 0.0, "authors": 2}


def test_affiliations_that_are_not_one_list_for_each_author(tmp_path: Path) -> None:
    with pytest.raises(TruthUnusable, match="one for each author"):
        _scored(tmp_path, affiliations=[["Trees"]])


def test_an_entry_may_have_figures_alone(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    figures = [{"label": "Figure 1", "page": 1, "box": [0, 0, 10, 10]}]
    path.write_text(json.dumps([{"pdf": "trees.pdf", "figures": figures}]), "utf-8")
    (truth,) = read_truth(path)
    report = summary([score(truth, Reading("broken", "no file"), 0.0)])
    assert report["figures"] == {"found": 0.0, "asked": 1}
    assert report["titles"] == {"exact": None, "papers": 0}
    assert report["authors"] == {"f1": None, "in_order": None, "authors": 0}
    assert report["headings"] == {"f1": None, "f1_strict": None, "papers": 0}


def test_a_heading_on_another_level_is_wrong(tmp_path: Path) -> None:
    wrong = tuple(
        replace(one, level=1) if one.title == "1.1 Aims" else one for one in PAPER.sections
    )
    one = _scored(tmp_path, replace(PAPER, sections=wrong))
    assert one.headings_missed == ("1.1 Aims [2]",) and one.headings_f1 < 1


def test_headings_out_of_order_count_once(tmp_path: Path) -> None:
    one = _scored(tmp_path, sections=["2 Methods", "1 Introduction", "1.1 Aims"])
    assert one.headings_f1 == pytest.approx(2 * 2 / 6, abs=1e-3)


def test_only_the_levels_that_the_truth_gives(tmp_path: Path) -> None:
    assert _scored(tmp_path, sections=["1 Introduction", "2 Methods"]).headings_f1 == 0.8
    one = _scored(tmp_path, sections=["1 Introduction", "2 Methods"], levels=[1])
    assert one.headings_f1 == 1.0


def test_a_kind_that_the_truth_lists_counts_both_ways(tmp_path: Path) -> None:
    listed = [*ENTRY["sections"], "References"]
    assert _scored(tmp_path, sections=listed).headings_f1 == 1.0
    without = tuple(one for one in PAPER.sections if one.role != "references")
    assert _scored(tmp_path, replace(PAPER, sections=without), sections=listed).headings_f1 < 1.0
    one = _scored(tmp_path, sections=[*listed, "B Tables"])
    assert one.headings_wrong == ("A Proofs [1]",)


def test_an_appendix_does_not_count_because_its_title_is_used_twice(tmp_path: Path) -> None:
    twice = (*PAPER.sections, _section("B Methods", "appendix"))
    assert _scored(tmp_path, replace(PAPER, sections=twice)).headings_f1 == 1.0


def test_headings_without_numbers(tmp_path: Path) -> None:
    assert _scored(tmp_path, sections=["Introduction", "Aims", "Methods"]).headings_f1 == 1.0
    levels = [{"title": "Introduction", "level": 1}, {"title": "Aims", "level": 3}]
    assert _scored(tmp_path, sections=levels).headings_missed == ("Aims [3]",)


def test_character_f1() -> None:
    assert character_f1("Trees are counted.", "trees are  COUNTED") == 1.0
    assert character_f1("abcd", "ab") == pytest.approx(2 * 2 / 6, abs=1e-3)
    assert character_f1("", "ab") == 0.0


def test_order_of_phrases() -> None:
    assert order_kept(["We count", "By hand"], TEXT) == 1.0
    assert order_kept(["By hand", "We count"], TEXT) == 0.0
    assert order_kept(["We count", "by machine", "By hand"], TEXT) == 0.0


def test_overlap_of_boxes() -> None:
    box = Box(1, 0, 0, 10, 10)
    assert overlap(box, box) == 1.0
    assert overlap(box, Box(1, 5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert overlap(box, Box(2, 0, 0, 10, 10)) == overlap(box, Box(1, 20, 0, 30, 10)) == 0.0


def _printed(tmp_path: Path, shift: float) -> Paper:
    """A page that says "We count.", and a paper whose boxes for it are ``shift`` points off."""
    with pymupdf.open() as document:
        page = document.new_page()
        page.insert_text((72, 100), "We count.")
        document.save(tmp_path / "trees.pdf")
    start = TEXT.index("We count.")
    words = Words.of(
        [
            Word(Span(start, start + 2), Box(1, 70 + shift, 88, 87 + shift, 104), 1),
            Word(Span(start + 3, start + 9), Box(1, 87 + shift, 88, 125 + shift, 104), 1),
        ]
    )
    sentence = Sentence(Span(start, start + 9), "paragraph")
    return replace(PAPER, words=words, sentences=(sentence,))


def test_boxes_are_read_back_from_the_page(tmp_path: Path) -> None:
    assert _scored(tmp_path, _printed(tmp_path, 0)).boxes_hold == 1
    off = _scored(tmp_path, _printed(tmp_path, 20))
    assert off.boxes_hold == 0
    assert off.box_misses[0]["sentence"] == "We count."


@pytest.mark.parametrize(
    "content", ["{", "{}", "[]", '[{"title": "x"}]', '[{"pdf": "a.pdf", "levels": ["x"]}]']
)
def test_a_truth_file_that_is_none_is_an_error_in_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "truth.json"
    path.write_text(content)
    with pytest.raises(TruthUnusable) as caught:
        read_truth(path)
    assert "\n" not in str(caught.value)


def test_without_a_truth_file() -> None:
    with pytest.raises(TruthUnusable, match="--data"):
        run(Settings())
