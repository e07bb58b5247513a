"""The evaluation must see what is wrong with a digest: here each kind of wrong is made."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.check.support import Checker
from app.digest import Citation, Claim, Digest, DigestSection, Header, Support
from eval.citations import WordsOrChecker
from eval.corpus import DataUnusable
from eval.digests import DigestReport, check, run
from eval.judging import FORM
from index.config import Settings
from index.hits import Passage
from index.library import Library
from index.paper import Paper
from index.read import Reader
from index.sources import find_sources
from index.spans import Box, Span

DATA = Path(__file__).parent.parent.parent / "data"
PDF = DATA / "cited-digests.pdf"
PAGE = """## Passages

**Authors:Ada Byron**

Words of an abstract.

[PDF](http://arxiv.org/abs/2407.00001v1)

**Summary**
A sentence without a source.
"""
SUPPORT = Support(1.0, "supported", ())


@pytest.fixture(scope="module")
def paper(started_reader: Reader) -> Paper:
    reading = started_reader.read(PDF)
    assert reading.paper is not None
    return reading.paper


class OnePassage:
    """Stands in for the library: one passage that holds everything."""

    def __init__(self, paper: Paper, span: Span | None = None) -> None:
        whole = span or Span(0, len(paper.text))
        self._passage = Passage("p#other.1", paper.id, "", "other", whole, whole.of(paper.text))

    def passages(self, paper_id: str) -> tuple[Passage, ...]:
        return (self._passage,)


def _report(paper: Paper, citation: Citation | None, title: str | None = None) -> DigestReport:
    header = Header(
        paper.id, None, title or paper.title, paper.authors, None, (), paper.source, None
    )
    citations = (citation,) if citation else ()
    claim = Claim(citation.quote if citation else "A claim.", "quoted", citations, SUPPORT)
    digest = Digest(header, "en", "extractive", (DigestSection("summary", (claim,)),))
    report = DigestReport()
    check(report, digest, paper, OnePassage(paper), PDF, WordsOrChecker(Checker()))
    return report


def _true(paper: Paper) -> Citation:
    span = next(s.span for s in paper.sentences if s.kind == "paragraph" and len(s.span) > 100)
    return Citation("p#other.1", span.of(paper.text), span, paper.boxes(span))


def test_a_true_citation_is_no_miss(paper: Paper) -> None:
    report = _report(paper, _true(paper))
    assert (report.cited, report.boxes_hold, report.misses) == (1, 1, [])
    assert (report.fabrications, report.supported, report.relevant) == ([], 1, 1)


def test_it_sees_an_altered_quote(paper: Paper) -> None:
    true = _true(paper)
    report = _report(paper, replace(true, quote=true.quote.replace("e", "o")))
    assert report.cited == 0
    assert "not the paper's text" in report.misses[0].why


def test_it_sees_boxes_that_are_elsewhere(paper: Paper) -> None:
    true = _true(paper)
    moved = tuple(Box(b.page, b.x0, b.y0 + 40, b.x1, b.y1 + 40) for b in true.boxes)
    assert "the page says" in _report(paper, replace(true, boxes=moved)).misses[0].why
    assert "without boxes" in _report(paper, replace(true, boxes=())).misses[0].why


def test_it_sees_a_passage_that_does_not_hold_the_quote(paper: Paper) -> None:
    assert _report(paper, replace(_true(paper), passage_id="p#method.9")).cited == 0


def test_it_sees_a_quote_that_runs_out_of_its_passage(paper: Paper) -> None:
    true = _true(paper)
    short = OnePassage(paper, Span(true.span.start, true.span.end - 1))
    header = Header(paper.id, None, paper.title, (), None, (), paper.source, None)
    claim = Claim(true.quote, "quoted", (true,), SUPPORT)
    digest = Digest(header, "en", "extractive", (DigestSection("summary", (claim,)),))
    report = DigestReport()
    check(report, digest, paper, short, PDF, WordsOrChecker(Checker()))
    assert "passage does not hold" in report.misses[0].why


def test_it_says_which_data_it_takes(tmp_path: Path) -> None:
    with pytest.raises(DataUnusable, match="neither a blog page"):
        run(Settings(library=tmp_path), [tmp_path / "pairs.jsonl"])
    page = tmp_path / "page.md"
    page.write_text("# Nothing of the kind\n", encoding="utf-8")
    with pytest.raises(DataUnusable, match="no paper with authors"):
        run(Settings(library=tmp_path), [page])


def test_it_sees_a_claim_without_a_citation(paper: Paper) -> None:
    assert _report(paper, None).misses[0].why == "no citation"


def test_it_sees_an_invented_title(paper: Paper) -> None:
    (found,) = _report(paper, _true(paper), title="A Title of Our Own").fabrications
    assert (found.kind, found.said) == ("title", "A Title of Our Own")


def test_shares_are_of_what_was_counted() -> None:
    report = DigestReport(papers=2, sentences=4, supported=3, citations=5, relevant=4, words=50)
    report.asked, report.accepted, report.fields = 8, 6, 10
    measures = report.measures()
    assert measures["citation_recall"] == 0.75
    assert measures["citation_precision"] == 0.8
    assert (measures["accepted_share"], measures["fallback_rate"]) == (0.75, 0.25)
    assert (measures["words_per_digest"], measures["words_per_sentence"]) == (25.0, 12.5)
    assert DigestReport().measures()["citation_recall"] is None


def test_a_library_is_measured_whole(tmp_path: Path, cache_with_model: Path) -> None:
    settings = Settings(library=tmp_path / "library", cache=cache_with_model, read={"workers": 1})
    with Library.open(settings) as library:
        library.add(find_sources([str(DATA / "choosing-passage-size.md")]).found[0])
    sentences = [{"id": "x", "verdict": "supported", "supported": "no", "readable": "yes"}]
    judgements = tmp_path / "judgements.json"
    judgements.write_text(json.dumps({"form": FORM, "judgements": sentences}), encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(PAGE, encoding="utf-8")
    shutil.copy(DATA / "choosing-passage-size.md", tmp_path / "2407.00001v1.md")
    report = run(settings, [judgements, page])
    measures: dict[str, Any] = dict(report.measures)
    assert measures["cited"] == measures["sentences"] > 10
    assert measures["citation_recall"] == measures["citation_precision"] == 1.0
    assert (measures["fabricated"], measures["judge"]) == (0, "words or rules")
    assert measures["abstention"]["recall"] == 1.0
    assert measures["abstention"]["deletions"] >= 4
    assert measures["judgements"]["agreement"] == 0.0
    (beside,) = measures["seed"]["page.md"]
    assert beside["full_text"]  # the file beside the page
    assert (beside["blog"]["sentences"], beside["blog"]["cited"]) == (1, 0)
    assert beside["gloss"]["cited"] == beside["gloss"]["sentences"] > 10
    assert report.table[0] == ("paper", "known", "measure", "blog", "gloss")
    assert "How digests hold" in Path(measures["page"]).read_text(encoding="utf-8")
    assert "Save the judgements" in Path(measures["judging_page"]).read_text(encoding="utf-8")
    json.dumps(measures)
