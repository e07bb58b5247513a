"""The evaluation must see what is wrong with a digest: here each kind of wrong is made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.digest import Citation, Claim, Digest, DigestSection, Header, Support
from eval.digests import DataNotUsed, DigestReport, check, run
from index.config import Settings
from index.paper import Box, Paper, Passage, Span
from index.read import Reader

DATA = Path(__file__).parent.parent.parent / "data"
PDF = DATA / "cited-digests.pdf"
SUPPORT = Support(1.0, "supported", ())


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    with Reader(Settings(library=tmp_path_factory.mktemp("x"))) as reader:
        reading = reader.read(PDF)
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
    check(report, digest, paper, OnePassage(paper), PDF)
    return report


def _true(paper: Paper) -> Citation:
    span = next(s.span for s in paper.sentences if s.kind == "paragraph" and len(s.span) > 100)
    return Citation("p#other.1", span.of(paper.text), span, paper.boxes(span))


def test_a_true_citation_is_no_miss(paper: Paper) -> None:
    report = _report(paper, _true(paper))
    assert (report.cited, report.boxes_hold, report.misses) == (1, 1, [])
    assert report.fabricated == 0


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
    check(report, digest, paper, short, PDF)
    assert "passage does not hold" in report.misses[0].why


def test_it_takes_no_other_data(tmp_path: Path) -> None:
    with pytest.raises(DataNotUsed, match="leave --data out"):
        run(Settings(library=tmp_path), [tmp_path])


def test_it_sees_a_claim_without_a_citation(paper: Paper) -> None:
    assert _report(paper, None).misses[0].why == "no citation"


def test_it_sees_an_invented_title(paper: Paper) -> None:
    assert _report(paper, _true(paper), title="A Title of Our Own").fabricated == 1
