"""Quotes to claims: a citation for each passage."""

from __future__ import annotations

from app.write import quote
from index.hits import Passage
from index.paper import Block, Paper, Section, Sentence
from index.spans import Span

ONE = "Lanterns burn for three hours on a single fill of oil."
TWO = "However, they go out in the rain after a few minutes."
TEXT = f"{ONE} {TWO}"


def _paper() -> Paper:
    whole, first = Span(0, len(TEXT)), Span(0, len(ONE))
    second = Span(len(ONE) + 1, len(TEXT))
    return Paper(
        id="a", version=None, source="markdown", sha256="", text=TEXT, title="Lanterns",
        sections=(Section("Results", "results", 1, whole),),
        blocks=(Block("paragraph", whole),),
        sentences=(Sentence(first, "paragraph"), Sentence(second, "paragraph")),
    )  # fmt: skip


def _passage(number: int, start: int, end: int) -> Passage:
    return Passage(f"a#results.{number}", "a", "", "results", Span(start, end), TEXT[start:end])


def test_a_quote_over_two_passages_cites_both() -> None:
    passages = (_passage(1, 0, len(ONE)), _passage(2, len(ONE) + 1, len(TEXT)))
    claim = quote(_paper(), Span(0, len(TEXT)), passages)
    assert claim.text == TEXT
    assert [(c.passage_id, c.quote) for c in claim.citations] == [
        ("a#results.1", ONE),
        ("a#results.2", TWO),
    ]
    assert claim.support.verdict == "supported"


def test_a_quote_that_no_passage_holds_whole_is_not_supported() -> None:
    claim = quote(_paper(), Span(0, len(TEXT)), (_passage(1, 0, len(ONE)),))
    assert claim.support.verdict == "unsupported"
    assert quote(_paper(), Span(0, len(TEXT)), ()).support.verdict == "unsupported"
