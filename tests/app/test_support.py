"""A claim passes only if it is the cited words, at their place, in their boxes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.check.support import check_quote
from app.digest import Citation
from index.paper import Paper
from index.spans import Box, Span, Word, Words

TEXT = "Lanterns burn for 3.5 hours."


def _paper() -> Paper:
    words, offset = [], 0
    for number, text in enumerate(TEXT.split()):
        span = Span(offset, offset + len(text))
        words.append(Word(span, Box(1, 10.0 * number, 5, 10.0 * number + 9, 15), 1))
        offset += len(text) + 1
    return Paper(
        id="a", version=None, source="pdf", sha256="", text=TEXT, title="", words=Words.of(words)
    )


PAPER = _paper()
SPAN = Span(0, len(TEXT))
TRUE = Citation("a#method.1", TEXT, SPAN, PAPER.boxes(SPAN))


def test_the_papers_words_at_their_place_are_supported() -> None:
    support = check_quote(PAPER, TEXT, (TRUE,))
    assert support.verdict == "supported"
    assert support.score == 1.0
    assert len(support.checks) == 5


@pytest.mark.parametrize(
    ("text", "citation"),
    [
        ("Lanterns burn for 4.5 hours.", TRUE),  # a number changed
        ("Lanterns never burn for 3.5 hours.", TRUE),
        (TEXT, replace(TRUE, quote="Lanterns burn for 35 hours.")),
        (TEXT, replace(TRUE, span=Span(1, len(TEXT)))),
        (TEXT, replace(TRUE, boxes=())),
        (TEXT, replace(TRUE, boxes=(Box(2, 0, 0, 100, 100),))),  # another page
        (TEXT, replace(TRUE, boxes=(Box(1, 0, 0, 20, 20),))),  # half of the words
        (  # a box that holds more than the quote
            "Lanterns burn",
            Citation("a#method.1", "Lanterns burn", Span(0, 13), (Box(1, 0, 0, 100, 20),)),
        ),
    ],
)
def test_anything_else_is_not(text: str, citation: Citation) -> None:
    assert check_quote(PAPER, text, (citation,)).verdict == "unsupported"


def test_a_claim_without_a_citation_is_not_supported() -> None:
    assert check_quote(PAPER, TEXT, ()).verdict == "unsupported"
