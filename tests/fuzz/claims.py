"""What is published: whatever a model answers, every sentence is supported by what it cites."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from hypothesis import strategies as st
from material import JSON, PIECE, SENTENCE, TEXT
from targets import target

from app.check.quantities import quantities
from app.check.rules import outcomes
from app.check.support import Checker, check_claim, check_quote
from app.check.tokens import Pair, TokenizedText
from app.chinese.glossary import load_glossary
from app.chinese.rules import broken
from app.chinese.translate import cleaned, prompt_for, translated
from app.choose.template import TEMPLATE
from app.controls import without_controls
from app.digest import Citation, Claim, DigestSection, Support
from app.llm import Completion, LanguageModelFailed, Prompt
from app.llm.prompts import fenced
from app.wording import Compressing, Merging, ModelWriter
from index.paper import Paper
from index.spans import Box, Span, Word, Words

QUOTES = (
    "In this work we measure that our lanterns burn for 3.5 hours on a single fill of oil, which "
    "may be longer than any lantern that was sold before.",
    "We find that the lanterns of Paris are 12% brighter than the lanterns of Rome in the rain.",
)


class Answering:
    """A model that gives one answer to everything."""

    name = "fuzz"
    fingerprint = "fuzz 1"

    def __init__(self, answer: str) -> None:
        self._answer = answer

    def complete(
        self, prompts: Sequence[Prompt], seconds: float
    ) -> list[Completion | LanguageModelFailed]:
        return [Completion(self._answer, 1, 1, 0.1, True) for _ in prompts]

    def close(self) -> None: ...


def _sections() -> list[DigestSection]:
    claims = tuple(
        Claim(
            text,
            "quoted",
            (Citation(f"a#method.{n}", text, Span(1000 * n, 1000 * n + len(text)), ()),),
            Support(1.0, "supported", ("verbatim",)),
        )
        for n, text in enumerate(QUOTES)
    )
    return [DigestSection(one.name, claims if one.name == "method" else ()) for one in TEMPLATE]


_SECTIONS = _sections()
_QUOTED = {claim for section in _SECTIONS for claim in section.items}
_CITATIONS = {cited for claim in _QUOTED for cited in claim.citations}
_GLOSSARY = load_glossary()
_COPIED = st.tuples(st.sampled_from(QUOTES), st.integers(0, 30), st.integers(1, 30), PIECE)
_NEAR = _COPIED.map(
    lambda drawn: " ".join([*drawn[0].split()[drawn[1] : drawn[1] + drawn[2]], drawn[3]]) + "."
)
_MERGED = st.lists(st.tuples(_NEAR, st.lists(st.integers(0, 3), max_size=3)), max_size=3).map(
    lambda said: json.dumps({"sentences": [{"text": t, "evidence": e} for t, e in said]})
)


@target(st.tuples(st.sampled_from((Compressing, Merging)), st.one_of(JSON, _NEAR, _MERGED)), 0.2)
def model_answers(given: tuple[Callable[[], Compressing | Merging], str]) -> None:
    """Whatever the model answers: a quote, or a checked sentence with citations of its quotes."""
    strategy, answer = given
    writer = ModelWriter("local", Answering(answer), strategy(), Checker(), _GLOSSARY, 60)
    worded = writer.word(_SECTIONS, "en")
    for section in worded.sections:
        for claim in section.items:
            assert set(claim.citations) <= _CITATIONS and claim.citations
            if claim.origin == "quoted":
                assert claim in _QUOTED
            else:
                sources = [one.quote for one in claim.citations]
                assert check_claim(claim.text, sources).verdict == "supported"
                assert claim.text == without_controls(" ".join(claim.text.split()))
    assert {claim for section in worded.sections for claim in section.items} or not _QUOTED


@target(st.tuples(st.one_of(SENTENCE, st.sampled_from(QUOTES)), st.one_of(TEXT, SENTENCE)), 0.4)
def translations(given: tuple[str, str]) -> None:
    """A translation is what its rules let pass, on one line; a refused one says why."""
    english, reply = given
    found = translated(english, reply, _GLOSSARY)
    assert (found.chinese is None) == bool(found.faults)
    if found.chinese is not None:
        assert broken(english, found.chinese, _GLOSSARY) == ()
        assert cleaned(found.chinese) == found.chinese == without_controls(found.chinese)
    asked = prompt_for(english, _GLOSSARY).user
    assert len(re.findall(r"</?\s*en\s*>", asked, flags=re.I)) == 2


@target(TEXT, 12)
def fences(text: str) -> None:
    """No text of a paper closes the fence that it is in."""
    said = fenced(text)
    assert not re.search(r"<\s*/?\s*(?:evidence|claim|question)\b", said, flags=re.I)
    assert fenced(said) == said


@target(st.tuples(SENTENCE, SENTENCE), 0.3)
def claim_rules(given: tuple[str, str]) -> None:
    """The checker decides for any two texts, always the same; objections are words of theirs."""
    claim, source = given
    support = check_claim(claim, [source])
    assert support == check_claim(claim, [source])
    assert 0 <= support.score <= 1
    assert (support.verdict == "supported") == (support.score >= 0.5)
    for one in outcomes(Pair.of(claim, [source])):
        assert all(isinstance(said, str) for said in one.objections)
    assert check_claim(claim, []).verdict == "unsupported"


@target(st.tuples(SENTENCE, st.integers(2100, 9899), st.integers(1, 99)), 1)
def invented_numbers(given: tuple[str, int, int]) -> None:
    """A number that the source does not have is refused, whatever stands around it."""
    text, number, more = given
    if any(char.isdigit() for char in text) or not text.isascii():
        return
    source = f"{text} and so it took {number} trials of it."
    claim = f"{text} and so it took {number + more} trials of it."
    assert check_claim(claim, [source]).verdict == "unsupported"


@target(SENTENCE, 4)
def quantity_spans(text: str) -> None:
    """What is found as a number stands in the text; reading it in more ways finds no fewer."""
    found = quantities(text)
    assert len(quantities(text, every_reading=True)) >= len(found)
    tokens = TokenizedText(text).tokens
    assert all(one.word for one in tokens)


@target(
    st.tuples(
        st.lists(st.one_of(PIECE, SENTENCE).filter(str.strip), min_size=1, max_size=6),
        st.integers(0, 40),
        st.integers(0, 40),
        st.integers(-2, 2),
        st.one_of(st.none(), TEXT),
        st.booleans(),
    ),
    1,
)
def quotes(given: tuple[list[str], int, int, int, str | None, bool]) -> None:
    """A quote that passes is on the page: its words at its span, its boxes around these words."""
    parts, start, length, moved, other, paged = given
    text = " ".join(parts)
    words = [
        Word(Span(m.start(), m.end()), Box(1 + n // 6, 10.0 * n, 0.0, 10.0 * n + 8, 9.0), n // 6)
        for n, m in enumerate(re.finditer(r"\S+", text))
    ]
    source = "pdf" if paged else "markdown"
    paper = Paper(
        "a", None, source, "0" * 64, text, "A", words=Words.of(words) if paged else Words()
    )
    span = Span(min(start, len(text)), min(start + length, len(text)))
    said = span.of(text) if other is None else other
    boxes = tuple(
        Box(w.box.page, w.box.x0 + moved * 9, w.box.y0, w.box.x1 + moved * 9, w.box.y1)
        for w in words
        if w.span.start < span.end and span.start < w.span.end
    )
    citation = Citation("a#method.1", said, span, boxes if paged else ())
    support = check_quote(paper, said, (citation,))
    if support.verdict == "supported":
        assert text[span.start : span.end] == said
        if paged and boxes:
            on_page = {w.span for w in words if w.span.start < span.end and span.start < w.span.end}
            held = {
                w.span
                for w in words
                for box in boxes
                if box.page == w.box.page and box.x0 < w.box.x1 and w.box.x0 < box.x1
            }
            assert held == on_page
    elif other is None and not moved and (boxes or not paged) and said.strip():
        raise AssertionError(f"a true quote was refused: {support.checks}")
    changed = check_quote(paper, f"{said}x", (citation,))
    assert changed.verdict == "unsupported"
