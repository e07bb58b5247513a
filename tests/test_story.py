"""One paper in, one cited digest out: the whole way, with the real model and the embedded store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.check.support import Checker
from app.choose.template import TEMPLATE
from app.documents.digests import DigestShape
from app.show.markdown import to_markdown
from app.write import write_digest
from eval.citations import WordsOrChecker
from eval.digests import DigestReport, check
from index.config import Settings
from index.hits import SearchFilter
from index.library import Library
from index.read import Reader
from index.sources import find_sources

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture
def library(sample_library: Library) -> Library:
    return sample_library


def test_the_sample_papers_are_in(library: Library) -> None:
    assert {row.id for row in library.papers() if row.status == "ok"} == {
        "cited-digests",
        "every-sentence-needs-a-source",
        "choosing-passage-size",
    }


def test_every_sentence_of_every_digest_cites_the_words_on_the_page(library: Library) -> None:
    report = DigestReport()
    for row in library.papers():
        if row.status == "ok":
            digest = write_digest(library, row.id)
            paper, file = library.paper(row.id), library.file_of(row.id)
            check(report, digest, paper, library, file, WordsOrChecker(Checker()))
    assert report.papers == 3
    assert report.sentences > 40
    assert report.misses == []
    assert report.cited == report.sentences
    assert report.boxes_hold == report.boxed > 20
    assert report.fabrications == []
    assert report.rejected == 0


def test_a_digest_copies_title_and_authors(library: Library) -> None:
    digest = write_digest(library, "cited-digests")
    assert digest.paper.title == "Cited Digests: Tying Every Sentence to the Words on the Page"
    assert digest.paper.authors == ("The gloss authors",)
    assert digest.paper.url is None


def test_what_a_paper_does_not_have_is_reported_as_silent(library: Library) -> None:
    sections = {s.name: s for s in write_digest(library, "every-sentence-needs-a-source").sections}
    assert sections["figures"].status == "not stated"
    assert sections["links"].status == "not stated"
    assert sections["keywords"].status == "not stated"
    assert sections["summary"].status == "stated"
    markdown = to_markdown(write_digest(library, "every-sentence-needs-a-source"))
    assert "not stated in the paper" in markdown


def test_a_paper_with_methods_has_them_from_where_it_tells_them(library: Library) -> None:
    for paper_id in ("cited-digests", "choosing-passage-size"):
        digest = write_digest(library, paper_id)
        methods = next(s for s in digest.sections if s.name == "methods")
        paper = library.paper(paper_id)
        assert len(methods.items) >= 3
        for claim in methods.items:
            role = paper.section_at(claim.citations[0].span.start).role
            assert role in ("method", "experiments")


def test_the_json_has_every_item_of_the_template(library: Library) -> None:
    document = json.loads(DigestShape.of(write_digest(library, "choosing-passage-size")).to_json())
    assert [section["name"] for section in document["sections"]] == [i.name for i in TEMPLATE]
    for section in document["sections"]:
        assert section["status"] == ("stated" if section["items"] else "not stated")
        for item in section["items"]:
            assert item["origin"] == "quoted"
            assert item["text"] == item["citations"][0]["quote"]
            assert item["citations"][0]["boxes"] == []  # Markdown has no pages


def test_the_same_paper_gives_the_same_bytes_in_another_library(
    library: Library, tmp_path: Path, started_reader: Reader
) -> None:
    first = DigestShape.of(write_digest(library, "cited-digests")).to_json()
    with Library.open(Settings(library=tmp_path / "another"), reader=started_reader) as other:
        for source in find_sources([str(DATA / "cited-digests.pdf")]).found:
            other.add(source)
        assert DigestShape.of(write_digest(other, "cited-digests")).to_json() == first


def test_a_chinese_digest_keeps_the_quotes(library: Library) -> None:
    english = write_digest(library, "cited-digests")
    chinese = write_digest(library, "cited-digests", lang="zh")
    assert chinese.lang == "zh"
    assert chinese.sections == english.sections
    assert "关键词" in to_markdown(chinese)


QUESTIONS = json.loads((DATA / "questions.json").read_text("utf-8"))


@pytest.mark.parametrize("question", QUESTIONS, ids=[q["question"][:40] for q in QUESTIONS])
def test_questions_find_their_paper(library: Library, question: dict[str, str]) -> None:
    hits = library.search(question["question"], 3)
    assert question["paper"] in [hit.passage.paper_id for hit in hits]


def test_filters_hold(library: Library) -> None:
    by_role = library.search("passages", 5, SearchFilter(role="method"))
    assert by_role and all(hit.passage.role == "method" for hit in by_role)
    one = SearchFilter(paper_id="cited-digests")
    by_paper = library.search("passages", 5, one)
    assert by_paper and all(hit.passage.paper_id == "cited-digests" for hit in by_paper)
    assert all(hit.boxes for hit in by_paper)
    # None of the three has a date, and a paper without one does not pass.
    assert library.search("passages", 5, SearchFilter(since="2000-01-01")) == []
