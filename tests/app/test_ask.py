"""Questions to the sample papers: answered by their words, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import cache
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from thinned import some

from app.check.support import check_quote
from app.web.session import Session
from app.write.ask import MOST, Answer, ask
from index.errors import EmptyQuery, PaperNotFound
from index.hits import Hit, SearchFilter
from index.library import Library

SAMPLES = Path(__file__).parents[2] / "data"
QUESTIONS = json.loads((SAMPLES / "questions.json").read_text(encoding="utf-8"))
MISLEADING = "Why is counting hits in the top five misleading?"
ELSEWHERE = "What is the boiling point of tungsten?"  # no sample paper says


def test_an_answer_is_quoted_from_the_paper_that_has_it(sample_library: Library) -> None:
    answer = ask(sample_library, MISLEADING)
    assert answer.found
    first = answer.sentences[0]
    assert first.paper_id == "choosing-passage-size"
    assert first.title == "Choosing the Passage Size for Search Inside Papers"
    assert "misleading, because it favours long passages" in first.claim.text
    assert first.claim.citations[0].passage_id.startswith("choosing-passage-size#")
    assert [one.score for one in answer.sentences] == sorted(
        (one.score for one in answer.sentences), reverse=True
    )


@pytest.fixture(scope="module")
def answered(sample_library: Library) -> Callable[[str, str | None], Answer]:
    """The answer to a question, of one paper or of all; asked once."""

    @cache
    def answer(question: str, paper_id: str | None) -> Answer:
        return ask(sample_library, question, paper_id)

    return answer


@pytest.mark.parametrize("asked", some(QUESTIONS, 4), ids=lambda asked: asked["question"])
def test_every_sentence_is_the_papers_text_at_its_span(
    sample_library: Library,
    answered: Callable[[str, str | None], Answer],
    asked: dict[str, str],
) -> None:
    for paper_id in (None, asked["paper"]):
        answer = answered(asked["question"], paper_id)
        assert len(answer.sentences) <= MOST
        assert len({one.claim.text for one in answer.sentences}) == len(answer.sentences)
        for one in answer.sentences:
            paper = sample_library.paper(one.paper_id)
            assert paper_id in (None, one.paper_id)
            assert 0 < one.score <= 1
            assert one.section == paper.section_at(one.claim.citations[0].span.start).title
            said = " ".join(cited.quote for cited in one.claim.citations)
            assert one.claim.text.split() == said.split()
            passages = {passage.id: passage for passage in sample_library.passages(paper.id)}
            for cited in one.claim.citations:
                assert paper.text[cited.span.start : cited.span.end] == cited.quote
                assert passages[cited.passage_id].span.contains(cited.span)
                assert (cited.page is None) == (paper.source != "pdf")
            checked = check_quote(paper, one.claim.text, one.claim.citations)
            assert one.claim.support == checked
            assert checked.verdict == "supported"


@pytest.mark.slow
def test_most_questions_of_the_samples_are_answered(
    answered: Callable[[str, str | None], Answer],
) -> None:
    found = [answered(one["question"], one["paper"]).found for one in QUESTIONS]
    assert sum(found) >= 9, found


@pytest.mark.parametrize(
    "question",
    [ELSEWHERE, "Who won the football match?", "How many patients were given the vaccine?"],
)
def test_what_the_papers_do_not_say_is_not_answered(sample_library: Library, question: str) -> None:
    answer = ask(sample_library, question)
    assert (answer.found, answer.sentences) == (False, ())
    assert len(answer.nearest) == 3
    assert answer.nearest == tuple(sample_library.search(question, 3))


def test_one_paper_is_asked_alone(sample_library: Library) -> None:
    answer = ask(sample_library, MISLEADING, "cited-digests")
    assert {hit.passage.paper_id for hit in answer.nearest} == {"cited-digests"}
    assert {one.paper_id for one in answer.sentences} <= {"cited-digests"}
    with pytest.raises(PaperNotFound):
        ask(sample_library, MISLEADING, "no-such-paper")
    with pytest.raises(EmptyQuery):
        ask(sample_library, " ? ")


def test_an_answer_has_no_more_sentences_than_asked_for(sample_library: Library) -> None:
    question = "How are papers cut into passages without crossing a section?"
    few = ask(sample_library, question, most=1)
    many = ask(sample_library, question, most=50)
    assert len(few.sentences) == 1
    assert len(many.sentences) <= MOST
    assert few.sentences[0] == many.sentences[0]


def test_papers_with_nothing_to_quote_do_not_answer() -> None:
    empty: Any = SimpleNamespace(search=lambda *_: [])
    assert ask(empty, "why") == Answer("why", (), ())


@pytest.fixture
def gloss(
    sample_library: Library,
    run_gloss: Callable[..., SimpleNamespace],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., SimpleNamespace]:
    """Run ``gloss`` on the sample papers."""
    monkeypatch.setattr(Library, "open", lambda *_, **__: nullcontext(sample_library))
    return run_gloss


def test_the_command_prints_sentences_then_their_sources(gloss: Any) -> None:
    ran = gloss("ask", "How many pages per second does PyMuPDF read?", "--sentences", "1")
    said, nothing, source = ran.out.splitlines()
    assert said.startswith("PyMuPDF reads about 160 pages in a second")
    assert said.endswith(" [1]")
    assert nothing == ""
    title = "Cited Digests: Tying Every Sentence to the Words on the Page"
    assert source == f"[1] {title} · 5 Results · p. 2  cited-digests#results.1"
    assert (ran.code, ran.err) == (0, "")


def test_the_command_says_what_is_not_found(gloss: Any) -> None:
    ran = gloss("ask", ELSEWHERE)
    assert ran.out.startswith("Not found in these papers. The nearest passages:\n\n 1  ")
    assert "\n 3  " in ran.out and "\n 4  " not in ran.out
    assert (ran.code, ran.err) == (0, "")


def test_the_command_says_that_the_model_knows_english_only(gloss: Any) -> None:
    ran = gloss("ask", "Combien de pages PyMuPDF lit-il par seconde ?", "--json")
    assert json.loads(ran.out)["question"].startswith("Combien")
    assert len(ran.err.splitlines()) == 1
    assert "knows English only" in ran.err and "multilingual-e5-small" in ran.err
    assert gloss("ask", "How many pages per second does PyMuPDF read?").err == ""


def test_the_command_as_json(gloss: Any) -> None:
    ran = gloss("ask", MISLEADING, "--json", "--paper", "choosing-passage-size")
    document = json.loads(ran.out)
    assert set(document) == {"question", "found", "sentences", "nearest"}
    assert (document["question"], document["found"]) == (MISLEADING, True)
    for sentence in document["sentences"]:
        assert {"text", "paper_id", "title", "section", "citations", "support"} <= set(sentence)
        assert sentence["support"] == {"score": 1.0, "verdict": "supported"}
        for cited in sentence["citations"]:
            assert {"passage_id", "quote", "page", "boxes"} <= set(cited)
    hits = json.loads(gloss("search", MISLEADING, "-k", "3", "--json").out)["hits"]
    assert set(document["nearest"][0]) == set(hits[0])
    other = json.loads(gloss("ask", ELSEWHERE, "--json").out)
    assert (other["found"], other["sentences"], len(other["nearest"])) == (False, [], 3)


def test_wrong_questions_get_a_line(gloss: Any) -> None:
    for arguments, why in (
        (("ask", "  "), "is empty: give at least one word"),
        (("ask", "why", "--paper", "cited-digest"), "did you mean cited-digests?"),
    ):
        ran = gloss(*arguments)
        assert (ran.code, ran.out) == (2, "")
        assert why in ran.err
        assert len(ran.err.splitlines()) == 1
    assert gloss("ask", "why", "-k", str(MOST + 1)).code == 2
    assert gloss("ask").code == 2


def test_the_web_ui_shows_sentences_and_their_places(sample_library: Library) -> None:
    session = Session(sample_library)
    found = session.ask("How many pages per second does PyMuPDF read?", SearchFilter())
    shown, places = found.shown, found.places
    assert shown.count("data-to=") == len(places) >= 1
    assert (places[0].paper_id, places[0].page) == ("cited-digests", 2)
    assert f'href="{escape(places[0].address)}"' in shown and ">p. 2</span>" in shown
    there = session.place("cited-digests", places[0].span, "en")
    assert there is not None and there.marks[0][0] == 2
    assert found.said.startswith(f"Answered in the papers' own words. Sentences: {len(places)}")
    other = session.ask("How many pages per second does PyMuPDF read?", SearchFilter(role="method"))
    assert places[0].address not in [one.address for one in other.places]
    nothing = session.ask(ELSEWHERE, SearchFilter())
    assert nothing.places == [] and nothing.outcome == "not_answered"
    assert nothing.said in nothing.shown and "No sentence of these papers" in nothing.said


ATTACK = "<img src=x onerror=alert(1)> {{ 7 * 7 }} \x1b[31m\u202etxt"


def test_words_of_a_paper_do_not_steer_a_terminal(
    sample_library: Library, gloss: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = ask(sample_library, MISLEADING)
    first, hit = answer.sentences[0], answer.nearest[0]
    cited = replace(first.claim.citations[0], passage_id=f"x#{ATTACK}.1")
    claim = replace(first.claim, text=ATTACK, citations=(cited,))
    planted = replace(first, claim=claim, title=ATTACK, section=ATTACK, paper_id=ATTACK)
    passage = replace(hit.passage, text=ATTACK, section=ATTACK)
    near = (Hit(passage, 0.5, "both", ATTACK, ()),)
    for attacked in (Answer(ATTACK, (planted,), near), Answer(ATTACK, (), near)):
        monkeypatch.setattr("app.write.ask.ask", lambda *_, answer=attacked, **__: answer)
        ran = gloss("ask", "why")
        assert "onerror=alert(1)" in ran.out
        assert not {"\x1b", "\u202e"} & set(ran.out)
        assert ran.code == 0
