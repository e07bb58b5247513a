"""Which sentences may stand in a digest, and which are chosen."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from app.choose.evidence import (
    Selector,
    candidates,
    own_voice,
    points_back,
    reads_well,
    stands_alone,
)
from app.choose.template import ITEMS, Item
from index.paper import Block, Paper, Section, Sentence
from index.read.text.sentences import split_sentences
from index.spans import Span


def paper_of(*sections: tuple[str, str, str], title: str = "Lanterns") -> Paper:
    """A paper of (title, role, one paragraph) sections."""
    text, blocks, sentences, made = "", [], [], []
    for name, role, paragraph in sections:
        start = len(text)
        text += f"{name}\n\n"
        span = Span(len(text), len(text) + len(paragraph))
        text += paragraph + "\n\n"
        blocks.append(Block("paragraph", span))
        sentences += [Sentence(one, "paragraph") for one in split_sentences(text, span)]
        made.append(Section(name, role, 1, Span(start, len(text))))  # type: ignore[arg-type]
    abstract = next(
        (b.span for b, s in zip(blocks, made, strict=True) if s.role == "abstract"), None
    )
    return Paper(
        id="lanterns", version=None, source="markdown", sha256="", text=text, title=title,
        abstract=abstract, sections=tuple(made), blocks=tuple(blocks), sentences=tuple(sentences),
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "However, lanterns fail in the rain on most paths.",
        "Of these, only three burned for the whole night.",
        "In this case the flame goes out after an hour.",
        "This makes the path hard to see at night.",
        "They burn longer than candles do in all our tests.",
        "To this end, we measure the light at each step.",
        "To address this, the light is measured at each step.",
        "Such lanterns are rarely seen on mountain paths.",
        "The former burns longer than the latter by far.",
        "Moreover, the glass protects the flame from wind.",
        "lanterns without a head are no sentence at all.",
        "Table 3 lists the lanterns that we have measured.",
    ],
)
def test_sentences_that_lean_on_others_do_not_stand_alone(text: str) -> None:
    assert not stands_alone(text)


@pytest.mark.parametrize(
    "text",
    [
        "This paper measures how well lanterns light a path.",
        "To address this, we propose a novel lantern whose flame survives the wind.",
        "In this work, we measure how well lanterns light a path.",
        "Lanterns burn for 3.5 hours on average in our tests.",
        "We propose a lantern that burns without any oil.",
        "3,000 lanterns were measured over the course of a year.",
    ],
)
def test_sentences_that_stand_alone(text: str) -> None:
    assert stands_alone(text) and reads_well(text)


@pytest.mark.parametrize(
    "text",
    [
        "Lanterns burn.",  # a stub
        "The light is given by L = ∑ w · x ± ∂ with all the lanterns lit.",  # a formula
        "The rest of this paper is organized as follows and has four sections.",  # a signpost
        "Our lanterns are measured with the procedure that is shown in Table 2.",  # points away
        "Lanterns (which burn oil are brighter than any of the candles.",  # torn
        "Lanterns are brighter than candles and much brighter than the",  # no end
        " ".join(["word"] * 80) + ".",  # endless
    ],
)
def test_what_does_not_read_well(text: str) -> None:
    assert not reads_well(text)


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("We train a lantern to simplify this task for the walker.", True),
        ("Experiments on two paths show these models to be superior.", True),
        ("We build three lanterns and measure how bright these lanterns are.", False),
        ("In this paper, we measure how well lanterns light a path.", False),
        ("Lanterns such as ours are bright.", False),
    ],
)
def test_pointers_without_a_name_are_seen(text: str, back: bool) -> None:
    assert points_back(text) is back


def test_a_leaning_sentence_is_taken_with_the_one_before() -> None:
    paper = paper_of(
        ("Introduction", "introduction", "Earlier lanterns burn oil and give a steady light. "
         "However, they fail in the rain and have to be lit again.")
    )  # fmt: skip
    texts = [candidate.text for candidate in candidates(paper)]
    assert texts == [
        "Earlier lanterns burn oil and give a steady light.",
        "Earlier lanterns burn oil and give a steady light. "
        "However, they fail in the rain and have to be lit again.",
    ]


def test_a_leaning_sentence_never_reaches_over_a_paragraph() -> None:
    paper = paper_of(
        ("Introduction", "introduction", "Earlier lanterns burn oil and give a steady light."),
        ("Background", "background", "However, they fail in the rain and have to be lit again."),
    )
    assert len(candidates(paper)) == 1


def test_own_voice_knows_the_name_that_the_authors_gave() -> None:
    abstract = "We propose a new kind of lamp, the Moonlamp, that needs no oil. Oil is dear."
    paper = paper_of(("Abstract", "abstract", abstract), title="GlowNet: Light for All")
    voice = own_voice(paper)
    for own in (
        "The Moonlamp is bright.",
        "GlowNet is small.",
        "Our lamp is bright.",
        "As we show,",
    ):
        assert voice.search(own), own
    for others in (
        "Oil is dear.",
        "Lamps by Li et al. are bright.",
        "In our universe, light is fast.",
    ):
        assert not voice.search(others), others


def _chosen(paper: Paper, name: str, embedder: Any) -> list[str]:
    selector = Selector(paper, embedder)
    return [e.span.of(paper.text) for e in selector.choose(ITEMS[name])]


LIMITED = paper_of(
    ("Abstract", "abstract", "We propose a lantern that burns without any oil at all."),
    (
        "1 Introduction",
        "introduction",
        "Lanterns are an important source of light on mountain paths.",
    ),
    ("2 Method", "method", "Each lantern is composed of a glass, a wick and a battery."),
    ("3 Limitations", "limitations", "Our lantern cannot be used under water by anybody."),
)


def test_items_take_from_their_sections(fake_embedder: Any) -> None:
    assert _chosen(LIMITED, "methods", fake_embedder) == [
        "Each lantern is composed of a glass, a wick and a battery."
    ]
    assert _chosen(LIMITED, "limits", fake_embedder) == [
        "Our lantern cannot be used under water by anybody."
    ]


def test_no_evidence_is_no_answer(fake_embedder: Any) -> None:
    silent = paper_of(
        ("Abstract", "abstract", "We propose a lantern that burns without any oil at all."),
        (
            "1 Conclusion",
            "conclusion",
            "Lanterns have lit the paths of this valley for many years.",
        ),
    )
    for name in ("methods", "limits", "performance", "earlier_methods"):
        assert _chosen(silent, name, fake_embedder) == [], name


def test_a_method_of_others_is_not_the_papers_own(fake_embedder: Any) -> None:
    paper = paper_of(
        ("1 Introduction", "introduction", "Li et al. propose a lantern that burns whale oil. "
         "We present a lantern that burns no oil at all.")
    )  # fmt: skip
    assert _chosen(paper, "method", fake_embedder) == [
        "We present a lantern that burns no oil at all."
    ]


def test_an_items_question_is_embedded_as_a_question(fake_embedder: Any) -> None:
    """e5 wants other words before a question than before a passage."""
    asked: list[str] = []
    plain = fake_embedder.embed_query

    def embed_query(text: str) -> Any:
        asked.append(text)
        return plain(text)

    fake_embedder.embed_query = embed_query
    paper = paper_of(("Abstract", "abstract", "We propose a lantern that outperforms oil lamps."))
    _chosen(paper, "summary", fake_embedder)
    assert asked == [ITEMS["summary"].question]


def test_only_an_item_that_would_be_empty_repeats_a_quote(fake_embedder: Any) -> None:
    paper = paper_of(
        ("Abstract", "abstract", "We propose a novel lantern that outperforms oil lamps by 20%.")
    )
    once = Item("once", "x", {}, most=2, roles=("abstract",), question="What is new?")
    selector = Selector(paper, fake_embedder)
    first = selector.choose(once)
    assert len(first) == 1
    assert selector.choose(once) == []
    again = selector.choose(replace(once, reuse=True))
    assert [e.span for e in again] == [e.span for e in first]


def test_cues_of_the_template_are_patterns_without_empty_alternatives() -> None:
    for item in ITEMS.values():
        for pattern in (item.cue, item.never):
            assert pattern is None or isinstance(pattern, re.Pattern)
            assert pattern is None or not pattern.search("xyzzy"), item.name
