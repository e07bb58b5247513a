"""Papers with something taken out: what stays is as before, and what is then true of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import library_fakes as fakes
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thinned import some

from app.choose.template import ITEMS
from app.digest import Digest, DigestSection
from app.write import written
from eval.abstention import (
    DELETIONS,
    Abstention,
    Case,
    Truth,
    cases_of,
    cut,
    sections_of,
    truth_of_shortened,
    truth_of_whole,
    without,
)
from index.config import Settings
from index.library import splitter
from index.paper import Paper, Section, Sentence
from index.read import _read_file
from index.spans import Span

DATA = Path(__file__).parent.parent.parent / "data"
FILES = ("cited-digests.pdf", "choosing-passage-size.md")


@cache
def read(name: str) -> Paper:
    reading = _read_file(DATA / name, Path(name).stem, None, 100, 1_000_000, None)
    assert reading.paper is not None
    return reading.paper


def left_of(text: str, gone: Sequence[Span], span: Span) -> str:
    """The characters of a span that are not gone, one by one."""
    return "".join(
        text[at]
        for at in range(span.start, span.end)
        if not any(s.start <= at < s.end for s in gone)
    )


def outside(span: Span, gone: Sequence[Span]) -> bool:
    return not any(one.start < span.end and span.start < one.end for one in gone)


@pytest.mark.parametrize("name", some(reversed(FILES), 2))
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_what_lies_outside_keeps_its_words(name: str, data: Any) -> None:
    paper = read(name)
    ends = st.integers(0, len(paper.text))
    pairs = data.draw(st.lists(st.tuples(ends, ends), max_size=4))
    spans = [Span(*sorted(pair)) for pair in pairs]
    shorter = cut(paper, spans)
    gone = [span for span in spans if len(span)]
    assert shorter.text == left_of(paper.text, gone, Span(0, len(paper.text)))

    def words(of: Paper, spans: Sequence[Span]) -> list[str]:
        return [span.of(of.text) for span in spans]

    for spans_of in (
        lambda of: of.affiliations,
        lambda of: of.keywords,
        lambda of: of.links,
        lambda of: [one.span for one in of.sentences],
        lambda of: [one.caption for one in of.figures],
        lambda of: [word.span for word in of.words],
        lambda of: [of.abstract] if of.abstract else [],
    ):
        stay = [span for span in spans_of(paper) if outside(span, gone)]
        assert words(shorter, spans_of(shorter)) == words(paper, stay)
    for spans_of in (
        lambda of: [one.span for one in of.sections],
        lambda of: [one.span for one in of.blocks],
    ):
        parts = [left_of(paper.text, gone, span) for span in spans_of(paper)]
        assert words(shorter, spans_of(shorter)) == [part for part in parts if part]
    assert [len(one) for one in shorter.author_affiliations] == [
        sum(outside(paper.affiliations[number], gone) for number in places)
        for places in paper.author_affiliations
    ]


@pytest.mark.parametrize("name", FILES)
def test_boxes_of_what_stays_are_the_same(name: str) -> None:
    paper = read(name)
    shorter = without(paper, ("method",))
    assert len(shorter.text) < len(paper.text)
    before = {one.span.of(paper.text): paper.boxes(one.span) for one in paper.sentences}
    for one in shorter.sentences:
        assert shorter.boxes(one.span) == before[one.span.of(shorter.text)]


def of_sections(*sections: tuple[str, str, int, str]) -> Paper:
    """A paper of sections, each of one sentence: title, role, level, words."""
    text, found, sentences = "", [], []
    for title, role, level, words in sections:
        start = len(text)
        text += f"{title}\n{words}\n"
        span = Span(start, len(text))
        found.append(Section(title, role, level, span))  # type: ignore[arg-type]
        if words:
            sentences.append(Sentence(Span(span.end - len(words) - 1, span.end - 1), "paragraph"))
    return Paper(
        "p", None, "markdown", "", text, "P", sections=tuple(found), sentences=tuple(sentences)
    )


PAPER = of_sections(
    ("Abstract", "abstract", 1, "We burn lanterns."),
    ("Method", "method", 1, "We fill them."),
    ("Problem", "background", 2, "They go out."),
    ("Tests", "experiments", 1, "We leave oil to future work."),
    ("Conclusion and future work", "conclusion", 1, "It is done."),
)


def test_a_section_goes_with_all_that_is_under_it() -> None:
    assert [one.title for one in without(PAPER, ("method",)).sections] == [
        "Abstract", "Tests", "Conclusion and future work",
    ]  # fmt: skip
    assert len(sections_of(PAPER, ("background",))) == 1


def shortened(item: str, *roles: Any) -> Truth:
    return truth_of_shortened(without(PAPER, roles), ITEMS[item], PAPER)


def test_an_item_is_silent_once_nothing_is_left_that_it_may_rest_on() -> None:
    assert shortened("methods", "method", "experiments") == "silent"
    assert shortened("methods", "method") == "open"  # the tests tell it too, perhaps
    assert shortened("methods", "conclusion") == "stated"
    assert shortened("method", "method") == "open"  # the abstract tells it too, perhaps
    assert shortened("task_and_performance", "experiments") == "open"
    assert shortened("limits", "conclusion") == "open"  # "future work" stands in the tests
    assert shortened("limits", "conclusion", "experiments") == "open"
    assert shortened("limits", *ITEMS["limits"].roles) == "silent"


def test_what_is_true_of_a_whole_paper_is_told_by_what_sections_are_for() -> None:
    told = {name: truth_of_whole(PAPER, item) for name, item in ITEMS.items()}
    stated = {name for name, truth in told.items() if truth == "stated"}
    assert stated == {
        "summary", "key_takeaways", "method", "methods", "task_and_performance", "performance",
        "limits",  # by its title
    }  # fmt: skip
    assert "silent" not in told.values()


def case(
    truth: Truth, stated: bool, item: str = "methods", paper: str = "p", without: str = "x"
) -> Case:
    return Case(paper, without, item, truth, stated)


def test_precision_and_recall() -> None:
    cases = (
        case("silent", False),
        case("silent", False, without="y"),  # the same item of the same paper: once
        case("silent", False, paper="q"),
        case("silent", False, paper="r"),
        case("silent", True, paper="r", without="y"),  # and as wrong, if once wrong
        case("stated", True),
        case("stated", False, item="limits"),
        case("open", False, item="strengths", without=""),
        case("open", False, item="background"),
    )
    found = Abstention(2, cases)
    assert found.precision == round(2 / 3, 4)
    assert found.recall == round(2 / 3, 4)
    assert {one.item for one in found.wrong} == {"methods", "limits"}
    assert [one.item for one in found.left_open] == ["strengths"]
    assert Abstention(0, ()).precision is None


def test_a_digest_says_what_was_deleted(tmp_path: Path) -> None:
    count = lambda texts: [len(text.split()) for text in texts]  # noqa: E731
    split, encoder = splitter(Settings(library=tmp_path), count), fakes.PlainStates()
    found = cases_of(read("cited-digests.pdf"), lambda paper: written(paper, split(paper), encoder))
    assert found.deletions >= 5
    assert found.recall == 1.0
    deleted = {one.deleted: one for one in found.cases if one.item == "methods"}
    assert deleted[""].stated and not deleted["all that tells methods"].stated
    assert deleted["affiliations"].stated
    affiliation = {one.deleted: one for one in found.cases if one.item == "affiliation"}
    assert affiliation[""].stated and not affiliation["affiliations"].stated
    assert set(deleted) <= {"", *(one.name for one in DELETIONS)}


def test_a_digest_that_invents_is_seen(tmp_path: Path) -> None:
    """A writer that fills methods with whatever there is, and leaves out the summary."""
    count = lambda texts: [len(text.split()) for text in texts]  # noqa: E731
    split, encoder = splitter(Settings(library=tmp_path), count), fakes.PlainStates()

    def dishonest(paper: Paper) -> Digest:
        digest = written(paper, split(paper), encoder)
        items = {one.name: one.items for one in digest.sections}
        items |= {"methods": items["summary"], "summary": ()}
        return replace(digest, sections=tuple(DigestSection(*one) for one in items.items()))

    found = cases_of(read("cited-digests.pdf"), dishonest)
    wrong = {(one.deleted, one.item) for one in found.wrong}
    assert {("all that tells methods", "methods"), ("", "summary")} <= wrong
    assert found.recall is not None and found.recall < 1
    assert found.precision is not None and found.precision < 1
