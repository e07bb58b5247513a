"""Sentence splitting: what ends a sentence in a paper, and what only looks like it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.read.text.sentences import split_sentences
from index.spans import Span


def split(text: str) -> list[str]:
    """The sentences of the whole text."""
    return [span.of(text) for span in split_sentences(text, Span(0, len(text)))]


SPLIT = [
    ["Gao et al. (2023) cite every claim.", "We check them."],
    ["As Fig. 3 shows, recall drops.", "Table 2 has the numbers."],
    ["Use the default, i.e. the first one.", "It is fast."],
    ["Some tasks, e.g. QA, are hard.", "Others are not."],
    ["We minimise Eq. (2) by descent.", "It converges."],
    ["The score is 0.64 and 0.61 in Sec. 4.2 of the text.", "It was 28.4 before."],
    ["RAG was proposed earlier [20, 26].", "We extend it [3]."],
    ["Models are trained on it (Brown et al., 2020).", "They work."],
    ["A. N. Gomez and J. Smith wrote it.", "It is short."],
    ["We use vectors of size k.", "The rest follows."],
    ["It holds for all x (see Sec. 3. Proof in the appendix).", "Done."],
    ["Does it scale?", "Yes!", "It does."],
    ["He said “it works.”", "We agree."],
    ["We thank Allen AI Inc. for the data.", "The code is public."],
    ["This is common in English, French, etc.", "We use both."],
    ["The U.S. Census was used.", "It is large."],
    ["本文提出一种新方法。", "它优于现有方法！", "为什么？"],
]


def test_splits_where_a_reader_would(subtests: pytest.Subtests) -> None:
    for sentences in SPLIT:
        with subtests.test(sentences=sentences):
            joint = "" if sentences[0].endswith("。") else " "
            assert split(joint.join(sentences)) == sentences


def test_a_bracket_that_never_closes_does_not_swallow_the_paragraph() -> None:
    text = "The interval is [0, 1. " + "It is short. " * 40
    assert len(split(text)) > 30


def test_splits_only_inside_the_span() -> None:
    text = "One is here. Two is here. Three is here."
    inner = Span(13, 25)
    assert list(split_sentences(text, inner)) == [inner]


PIECES = st.sampled_from(
    ["et al.", "Fig. 3", "i.e.", "Eq. (2)", "0.5", "[12]", "(a", "b)", ".", "?", "The", "model",
     "A.", "…", "...", "。", "“so.”", "\n\n", " ", "x", "W.", "3."]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map(" ".join) | st.text(max_size=200))
def test_every_character_is_in_exactly_one_sentence_in_order(text: str) -> None:
    spans = list(split_sentences(text, Span(0, len(text))))
    assert spans == sorted(spans)
    for before, after in pairwise(spans):
        assert before.end <= after.start
    said = "".join(span.of(text) for span in spans)
    assert "".join(said.split()) == "".join(text.split())
    assert all(span.of(text) == span.of(text).strip() != "" for span in spans)


def test_a_paragraph_as_long_as_a_book_is_split() -> None:
    text = "We grow sparse trees (as Li et al. did) and count their leaves. " * 10_000
    assert sum(1 for _ in split_sentences(text, Span(0, len(text)))) == 10_000
