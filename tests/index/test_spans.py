"""Words and where they are: a span's words, its boxes, and what its boxes hold."""

from __future__ import annotations

import pytest

from index.spans import Box, Span, Word, Words

TEXT = "The quick brown fox jumps over"
PLACES = {  # word -> page, line, x0
    "The": (1, 1, 10.0), "quick": (1, 1, 40.0), "brown": (1, 2, 10.0),
    "fox": (1, 2, 50.0), "jumps": (2, 3, 10.0), "over": (2, 3, 60.0),
}  # fmt: skip


@pytest.fixture
def words() -> Words:
    made = []
    for text, (page, line, x0) in PLACES.items():
        start = TEXT.index(text)
        box = Box(page, x0, 100.0 * line, x0 + 25, 100.0 * line + 10)
        made.append(Word(Span(start, start + len(text)), box, line))
    return Words.of(made)


def span(said: str) -> Span:
    start = TEXT.index(said)
    return Span(start, start + len(said))


def test_words_within_a_span_overlap_it(words: Words) -> None:
    found = words.within(span("ick brown f"))
    assert [word.span.of(TEXT) for word in found] == ["quick", "brown", "fox"]
    assert words.within(Span(3, 4)) == []  # the space between two words
    assert words.within(Span(0, 0)) == []


def test_one_box_for_each_printed_line(words: Words) -> None:
    assert words.boxes(span("quick brown fox jumps")) == (
        Box(1, 40.0, 100.0, 65.0, 110.0),
        Box(1, 10.0, 200.0, 75.0, 210.0),
        Box(2, 10.0, 300.0, 35.0, 310.0),
    )


def test_no_boxes_without_words() -> None:
    assert Words().boxes(Span(0, 10)) == ()


def test_boxes_hold_their_words_and_no_others(words: Words) -> None:
    boxes = words.boxes(span("brown fox"))
    assert [word.span.of(TEXT) for word in words.inside(boxes)] == ["brown", "fox"]


def test_a_word_comes_back_as_it_was_put_in(words: Words) -> None:
    assert words[4] == Word(span("jumps"), Box(2, 10.0, 300.0, 35.0, 310.0), 3)
    assert len(words) == len(PLACES)


def test_a_span_never_runs_backwards() -> None:
    with pytest.raises(ValueError, match=r"5\.\.4"):
        Span(5, 4)
