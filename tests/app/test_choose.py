"""Which sentences may stand in a digest, and which are chosen."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import library_fakes as fakes
import numpy as np
import pytest
from numpy.typing import NDArray

from app.choose.features import dense, grams_of, ngrams, words_of
from app.choose.model import (
    LIKELY,
    WEIGHTS,
    Network,
    Scores,
    context_of,
    is_english,
    score,
    shipped,
)
from app.choose.select import Rank, select, shipped_rank
from app.choose.sentences import PaperSentence, leans, prose_sentences, quotable, reads_well
from app.choose.template import ITEMS, TEMPLATE
from index.config import Settings
from index.embed.states import MiddleLayer
from index.paper import Block, Paper, Section, Sentence
from index.read.text.sentences import split_sentences
from index.spans import Span

DATA = Path(__file__).parents[2] / "data"
EVIDENCE = [item for item in TEMPLATE if item.selection == "evidence"]


def paper_of(*sections: tuple[str, str, str], title: str = "Lanterns") -> Paper:
    """A paper of (title, role, paragraphs) sections."""
    text, blocks, sentences, made = "", [], [], []
    for name, role, paragraphs in sections:
        start = len(text)
        text += f"{name}\n\n"
        for paragraph in paragraphs.split("\n\n"):
            span = Span(len(text), len(text) + len(paragraph))
            text += paragraph + "\n\n"
            blocks.append(Block("paragraph", span))
            sentences += [Sentence(one, "paragraph") for one in split_sentences(text, span)]
        made.append(Section(name, role, 1, Span(start, len(text))))  # type: ignore[arg-type]
    abstract = next(
        (b.span for b in blocks for s in made if s.role == "abstract" and s.span.contains(b.span)),
        None,
    )
    return Paper(
        id="lanterns", version=None, source="markdown", sha256="", text=text, title=title,
        abstract=abstract, sections=tuple(made), blocks=tuple(blocks), sentences=tuple(sentences),
    )  # fmt: skip


LANTERNS = paper_of(
    (
        "Abstract",
        "abstract",
        "Lanterns go out in the wind, which is a problem on mountain paths. We propose a lantern "
        "that burns without any oil at all. It outperforms oil lanterns by 20% on long walks.",
    ),
    (
        "1 Introduction",
        "introduction",
        "Walkers need light at night, but candles fail in the rain. Previous lanterns are limited "
        "to dry paths and need much oil. In this paper we present a lantern with a battery.",
    ),
    (
        "2 Method",
        "method",
        "Each lantern is composed of a glass, a wick and a battery. We train the walkers for ten "
        "days. The battery is charged by a small wheel at the side of the path.",
    ),
    (
        "3 Results",
        "results",
        "Our lantern burned for 12.5 hours on average, while oil lanterns burned for 8 hours. "
        "Accuracy of steps rose from 71% to 85%.",
    ),
    (
        "4 Limitations",
        "limitations",
        "Our lantern was never tested under water. Future work will study lanterns on ships.",
    ),
    (
        "5 Conclusion",
        "conclusion",
        "We have shown that a lantern without oil is possible. It allows people to walk at night "
        "without any fear.",
    ),
)


RANK = shipped_rank(MiddleLayer(Settings().cache))


def chosen(paper: Paper, rank: Rank = RANK) -> dict[str, list[str]]:
    """The texts chosen for each item."""
    selection = select(paper, rank)
    return {name: [s.of(paper.text) for s in spans] for name, spans in selection.spans.items()}


# --- sentences ------------------------------------------------------------------------------------


def test_a_sentence_knows_where_it_stands() -> None:
    sentences = prose_sentences(LANTERNS)
    first, last = sentences[0], sentences[-1]
    assert (first.role, first.headings, first.from_section) == ("abstract", ("Abstract",), (0, 2))
    assert (first.in_paper, first.in_section, first.of_sections) == (0.0, 0.0, 0.0)
    assert (last.from_section, last.in_section, last.of_sections) == ((1, 0), 1.0, 1.0)
    assert [one.text for one in sentences] == [
        one.span.of(LANTERNS.text) for one in LANTERNS.sentences
    ]


def test_a_paragraph_labelled_limitations_speaks_of_them() -> None:
    text = "Discussion\n\nLimitations.\n\nOur lantern was never tested under water by anybody.\n\n"
    label, start = Span(12, 24), 26
    body = Span(start, len(text) - 2)
    paper = Paper(
        id="a", version=None, source="markdown", sha256="", text=text, title="Lanterns",
        sections=(Section("Discussion", "discussion", 1, Span(0, len(text))),),
        blocks=(Block("run-in", label), Block("paragraph", body)),
        sentences=(Sentence(body, "paragraph"),),
    )  # fmt: skip
    (one,) = prose_sentences(paper)
    assert (one.role, one.label) == ("limitations", "Limitations.")


def test_only_whole_sentences_of_prose_are_quoted(subtests: Any) -> None:
    for text in (
        "However, lanterns fail in the rain on most paths.",
        "Therefore we measure the light at each step [3, 4].",
        "Lanterns (which burn oil) were used for 3.5 hours by 61% of walkers.",
        "我们提出了一种不需要油的灯笼,并在山路上进行了测试。",
        "Table 3 shows that lanterns outlast candles by 8 hours.",
        "In this section, we show that lanterns outlast candles by 8 hours.",
        "In Section 4.1 we find that lanterns outlast candles by 8 hours.",
        "Before we lit a lantern, the walkers measured the light of the moon.",
        "We then measured the light of each lantern as in Section 3.",
    ):
        with subtests.test(text):
            assert reads_well(text)
    for text in (
        "lanterns without a head are no sentence at all.",
        "Table 3 lists the lanterns that we have measured.",
        "The rest of this paper is organized as follows.",
        "Section 5 contains the measurements of all lanterns.",
        "Finally, in section 5, we discuss the relation between lanterns and candles.",
        "In Appendix C we describe the glass of the lanterns in detail.",
        "We will conclude and discuss further uses of lanterns in Section 6.",
        "Section V concludes the paper and names further uses of lanterns.",
        "The next section develops the theory of lanterns and of their oil.",
        "Before we conclude, we briefly describe other questions on lanterns.",
        "We next explain the parts of a lantern and their use.",
        "We conclude by discussing what this means for walkers at night.",
        "Due to space limitations, we leave out the other lanterns.",
        "x = y + z ≤ ∑ α ∂ β ∈ γ ∫ δ holds for all.",
        "Supporting evidence",
        "Lanterns of oil.",
        "The lantern (which has no oil burns for long hours.",
    ):
        with subtests.test(text):
            assert not reads_well(text)


def test_an_opener_that_needs_the_sentence_before_takes_it_along() -> None:
    paper = paper_of(
        ("Results", "results", "Earlier lanterns burn oil and give a steady light. "
         "These results show that they are bright. However, oil is dear in the mountains.\n\n"
         "This makes walking at night a costly thing.\n\n• Candles are cheap but weak lights.")
    )  # fmt: skip
    quotes = [span.of(paper.text) if span else None for span in quotable(prose_sentences(paper))]
    assert quotes == [
        "Earlier lanterns burn oil and give a steady light.",
        "Earlier lanterns burn oil and give a steady light. "
        "These results show that they are bright.",
        "However, oil is dear in the mountains.",
        None,  # nothing before it in its paragraph
        "Candles are cheap but weak lights.",  # without its bullet
    ]


def test_what_the_paper_says_of_itself_leans_on_nothing() -> None:
    assert leans("This makes the path hard to see.") and leans("In this case it goes out.")
    assert leans("However, they go out.") and leans("In the former case they burn.")
    assert not leans("However, lanterns go out.") and not leans("It is known that they burn.")
    assert not leans("This paper presents a lantern.") and not leans("In this study we walk.")


# --- features -------------------------------------------------------------------------------------


def test_numbers_and_citations_are_placeholders() -> None:
    words = words_of("In 2019, 3.5 of 61% burned [2, 19] (Smith et al., 2020).")
    assert words == [
        "in", "<year>", "<number>", "of", "<percent>", "burned", "<cite>", "<cite>",
    ]  # fmt: skip
    assert grams_of(["a", "b", "c"]) == ["a", "b", "c", "a b", "b c"]
    assert words_of("我们用灯") == ["我", "们", "用", "灯"]


def test_neighbours_and_headings_are_counted_apart() -> None:
    counts = ngrams(prose_sentences(LANTERNS))
    assert counts[0]["before"] == {}
    assert counts[1]["before"] == counts[0]["sentence"]
    assert counts[0]["after"] == counts[1]["sentence"]
    assert counts[3]["headings"]["introduction"] == 1
    assert counts[1]["opening"] == {"we": 1, "we propose": 1, "we propose a": 1}


def test_dense_features_are_finite_and_bounded() -> None:
    for paper in (LANTERNS, paper_of(("A", "other", "One sentence is all of it."))):
        found = dense(paper, prose_sentences(paper))
        assert found.values.shape == (len(paper.sentences), len(found.names))
        assert np.isfinite(found.values).all() and np.abs(found.values).max() < 20
        assert np.allclose(np.diag(found.alike), 1)
        assert len(set(found.names)) == len(found.names)


# --- the choice -----------------------------------------------------------------------------------


def test_each_heading_gets_what_it_promises() -> None:
    found = chosen(LANTERNS)
    (summary,) = found["summary"]
    assert "We propose a lantern" in summary or "we present a lantern" in summary
    asked = {item: " ".join(quotes) for item, quotes in found.items()}
    assert "wind" in asked["background"] or "candles fail" in asked["background"]
    assert "Previous lanterns are limited" in asked["earlier_methods"]
    assert "composed of" in asked["method"] or "composed of" in asked["methods"]
    assert "12.5 hours" in asked["performance"] or "85%" in asked["performance"]
    assert "under water" in asked["limits"] or "Future work" in asked["limits"]
    assert "allows people" in asked["significance"]


def test_nothing_is_quoted_twice_and_every_quote_is_of_an_allowed_section(
    reader_here: Any,
) -> None:
    papers = [reader_here.read(file).paper for file in sorted(DATA.glob("*.md"))]
    assert any(papers)
    for paper in (LANTERNS, *(one for one in papers if one)):
        of_items = select(paper, RANK).spans
        spans = [(item, span) for item in EVIDENCE for span in of_items[item.name]]
        assert len(spans) >= 8
        order = sorted(span for _, span in spans)
        assert all(a.end <= b.start for a, b in pairwise(order))
        for item, span in spans:
            assert paper.section_at(span.start).role in (*item.roles, "limitations")
        assert all(len(of_items[item.name]) <= item.most for item in EVIDENCE)


def test_what_fails_the_check_gives_way_to_the_next_best() -> None:
    best = select(LANTERNS, RANK).spans["summary"][0]
    again = select(LANTERNS, RANK, lambda span: span != best)
    assert best not in again.spans["summary"]
    assert again.spans["summary"] and again.rejected == 1
    nothing = select(LANTERNS, RANK, lambda span: False)
    assert not any(nothing.spans.values()) and nothing.rejected > 0


def test_an_item_without_a_likely_sentence_stays_empty() -> None:
    def rank(paper: Paper, sentences: Sequence[PaperSentence], quotes: Any) -> Scores:
        found = RANK(paper, sentences, quotes)
        column = found.items.index("limits")
        found.good[:, column] = 0.01
        return found

    found = chosen(LANTERNS, rank=rank)
    assert found["limits"] == [] and found["summary"]


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ((0.5, 0.3), (0.3, 0.2), True),  # -0.1 + 0.14 + 0.15 > 0
        ((0.9, 0.3), (0.3, 0.2), False),  # -0.3 + 0.14 + 0.03: it would be half wrong
        ((0.9, 0.3), (0.3, 0.4), True),  # -0.3 + 0.28 + 0.03: often the one to print
        ((0.9, 0.9), (0.8, 0.4), True),  # -0.05 + 0.04 + 0.08
    ],
)
def test_a_second_sentence_is_quoted_where_the_item_is_better_with_it(
    first: tuple[float, float], second: tuple[float, float], both: bool
) -> None:
    """Each pair is the probability of being accepted and of being printed."""
    paper = paper_of(
        ("Limitations", "limitations", "Our lantern was never tested under water.\n\nNobody walked "
         "alone in winter."),
    )  # fmt: skip

    def rank(paper: Paper, sentences: Sequence[PaperSentence], quotes: Any) -> Scores:
        found = RANK(paper, sentences, quotes)
        column = found.items.index("limits")
        found.good[:, column] = (first[0], second[0])
        found.ideal[:, column] = (first[1], second[1])
        return replace(found, least=np.zeros(len(found.items)))

    assert len(chosen(paper, rank=rank)["limits"]) == 1 + both


def test_a_list_is_as_long_as_its_sentences_are_likely() -> None:
    def rank(paper: Paper, sentences: Sequence[PaperSentence], quotes: Any) -> Scores:
        found = RANK(paper, sentences, quotes)
        column = found.items.index("methods")
        found.good[:, column] = (0.6, 0.5, 0.4)  # the last is less than 0.8 times as likely
        return replace(found, least=np.zeros(len(found.items)))

    text = "Each lantern has a wick.\n\nThe battery is charged twice.\n\nTen walkers were trained."
    paper = paper_of(("A", "appendix", text))
    assert chosen(paper, rank=rank)["methods"] == text.split("\n\n")[:2]


def test_the_second_step_sees_the_section_and_the_sentences_that_share_words() -> None:
    logits = np.array([[2.0], [0.0], [0.0], [0.0], [2.0], [-4.0]])
    away = ((logits - logits.mean()) / logits.std())[:, 0]
    alike = np.eye(6)
    alike[0, 4] = alike[4, 0] = 0.5
    alike[0, 1] = alike[1, 0] = 0.9  # beside it: not elsewhere
    alike[0, 5] = alike[5, 0] = 0.2  # hardly shares words
    seen = context_of(logits, alike, [3, 3, 3, 7, 7, 7])
    *_, twins, section = seen.T
    assert seen.shape == (6, 7)
    assert np.allclose(twins, [away[4], 0, 0, 0, away[0], 0])
    assert np.allclose(section, [away[:3].mean()] * 3 + [away[3:].mean()] * 3)


class Seen:
    """A sentence encoder that keeps what it was asked, and lifts one sentence above the others."""

    def __init__(self, lifted: str = "") -> None:
        self.lifted, self.asked = lifted, list[str]()

    def states(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        found = fakes.PlainStates().states(texts)
        items, direct = shipped().items, shipped().third.direct
        states = direct[-1 - shipped().dense.shape[0] - found.shape[1] :][: found.shape[1]]
        towards = states[:, len(items) + items.index("summary")]  # that a reader would print it
        for row, text in enumerate(texts):
            found[row] += (text == self.lifted) * 9 * towards / np.linalg.norm(towards)
        return found


def test_the_third_step_sees_the_likeliest_sentences_of_each_item() -> None:
    many = "\n\n".join(f"We fed the {n} geese of farm {n} with corn and grass." for n in range(90))
    paper = paper_of(("Abstract", "abstract", many))
    encoder = Seen()
    sentences = prose_sentences(paper)
    scores = score(paper, sentences, quotable(sentences), shipped(), encoder)
    assert 0 < len(encoder.asked) <= LIKELY * len(EVIDENCE) and len(encoder.asked) < 90
    read = [one.text in encoder.asked for one in sentences]
    assert (scores.good[read] > 0).all() and not scores.good[np.logical_not(read)].any()


def test_regressions_and_the_hidden_layer_add_up() -> None:
    network = Network(
        direct=np.array([[1.0, 0.0], [0.0, 0.0], [-1.0, 0.5]]),
        layer=np.array([[0.0, 1.0], [1.0, -1.0], [0.0, -1.0]]),
        out=np.array([[2.0, 0.0], [0.0, 4.0]]),
        least=np.zeros(1),
    )
    good, ideal = network.probabilities(np.array([[1.0, 3.0], [2.0, -1.0]]))
    assert np.allclose(np.log(good / (1 - good)), [[1 - 1 + 2 * 3], [2 - 1 + 0]])
    assert np.allclose(np.log(ideal / (1 - ideal)), [[0.5 + 0], [0.5 + 4 * 2]])


def test_what_a_sentence_does_moves_it() -> None:
    before = chosen(LANTERNS)["summary"]
    other = next(
        one.text
        for one in prose_sentences(LANTERNS)
        if one.role == "introduction" and one.text not in before
    )
    assert other in chosen(LANTERNS, shipped_rank(Seen(other)))["summary"]


def test_sentences_of_another_language_have_no_third_step() -> None:
    texts = {
        "Nous avons mesuré la lumière de quarante lanternes pendant dix nuits en montagne.": False,
        "Wir haben das Licht von vierzig Laternen in zehn Nächten auf dem Berg gemessen.": False,
        "我们在十个夜晚测量了四十盏灯笼的光。": False,
        "We measured the light of forty lanterns on ten nights in the mountains.": True,
    }
    for text, english in texts.items():
        assert is_english([text]) is english
        encoder = Seen()
        paper = paper_of(("Methods", "method", text))
        sentences = prose_sentences(paper)
        score(paper, sentences, quotable(sentences), shipped(), encoder)
        assert encoder.asked == [text] * english


def test_an_item_is_silent_where_its_sections_are_missing() -> None:
    paper = paper_of(
        ("Method", "method", "Each lantern is composed of a glass, a wick and a battery.")
    )
    found = chosen(paper)
    assert found["methods"] == ["Each lantern is composed of a glass, a wick and a battery."]
    assert found["summary"] == found["background"] == found["significance"] == []
    assert not any(chosen(paper_of(("Results", "results", "x = y"))).values())


def test_two_sentences_that_say_the_same_are_not_both_quoted() -> None:
    same = "We propose a lantern that burns without any oil at all on mountain paths."
    paper = paper_of(
        ("Abstract", "abstract", same),
        ("Introduction", "introduction", f"Walkers need light at night. {same}"),
        ("Conclusion", "conclusion", same.replace("We propose", "We proposed")),
    )
    quotes = [quote for found in chosen(paper).values() for quote in found]
    assert sum("burns without any oil" in quote for quote in quotes) == 1


@pytest.mark.parametrize("language", ["French", "Chinese"])
def test_a_paper_in_another_language_is_chosen_by_structure(language: str) -> None:
    texts = {
        "French": (
            "Nous proposons une lanterne sans huile pour les chemins de montagne.",
            "Les marcheurs ont besoin de lumière la nuit, car les bougies craignent le vent.",
            "Chaque lampe se compose d'un verre, d'une mèche et d'une petite batterie.",
            "Notre lampe éclaire pendant 12,5 heures, contre 8 heures auparavant.",
            "Une lampe sans huile est donc possible, même sur de longs trajets.",
        ),
        "Chinese": (
            "我们提出了一种不需要油的灯笼,并在山路上进行了测试。",
            "行人夜间需要照明,而蜡烛在风雨中经常熄灭。",
            "每盏灯由玻璃罩、灯芯和一个小型电池组成。",
            "结果表明该灯可以燃烧12.5小时,比以前长20%。",
            "因此,在长途行走中不使用油也是可能的。",
        ),
    }[language]
    roles = ("abstract", "introduction", "method", "results", "conclusion")
    paper = paper_of(*(("X", role, text) for role, text in zip(roles, texts, strict=True)))
    found = chosen(paper)
    assert found["methods"] == [texts[2]]
    assert {texts[0], texts[3]} <= {quote for quotes in found.values() for quote in quotes}


# --- the weights ----------------------------------------------------------------------------------


def test_the_weights_are_small_and_of_phrases_of_three_papers() -> None:
    assert WEIGHTS.stat().st_size <= 200_000
    said = json.loads(gzip.decompress(WEIGHTS.read_bytes()))
    assert set(said["items"]) == {item.name for item in EVIDENCE}
    for name, block in said["blocks"].items():
        assert min(block["in_papers"]) >= 3, name
        assert len(block["ngrams"]) == len(block["weights"]) == len(block["in_papers"])
    assert all(ITEMS[name].roles for name in said["items"])
