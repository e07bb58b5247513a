"""Kinds of sentence ends that readers of papers saw go wrong, each with inputs of its own."""

from __future__ import annotations

import pytest

from index.read.text.sentences import split_sentences
from index.spans import Span


def split(text: str) -> list[str]:
    """The sentences of the whole text."""
    return [span.of(text) for span in split_sentences(text, Span(0, len(text)))]


@pytest.mark.parametrize(
    "sentences",
    [
        ["The virus reached Brazil.1", "By 29 February it had spread."],
        ["The virus reached Brazil.^1", "By 29 February it had spread."],
        ["Few studies had patients with CAD.10-19", "In addition, they were short."],
        ["Some showed no association.1,2", "Also, most had few patients."],
        ["The rate fell in 2015.^12,13", "Then it rose (P < .05).^4", "We note it."],
        ["It varies over periods.*", "We split it.†", "The pattern holds.§§", "Others differ."],
        ["It was shown before.[3,4]", "Here we extend it."],
    ],
)
def test_a_raised_mark_after_the_full_stop_belongs_to_its_sentence(sentences: list[str]) -> None:
    assert split(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    "text",
    ["The mean is 0.64 Metres above it.", "See Sec. 4.2 Results.", "Smith et al.12 Say so."],
)  # fmt: skip
def test_a_number_after_a_point_is_no_mark(text: str) -> None:
    assert split(text) == [text]


@pytest.mark.parametrize(
    "sentences",
    [
        ["Most are hotter than 5000 K.", "From these we chose 894."],
        ["It ended by never answering No.", "In contrast, it was fluent."],
        ["It was a Yes or No.", "Figure 3 divides the results."],
        ["It took 31 secs.", "The rest took 25 ms.", "Verification is fast."],
        ["We draw grasps in G.", "Figure 2 shows them."],
        ["We model “no.”", "Negation is hard."],
        ["It is common in the U.S.", "However, we do not see it."],
    ],
)
def test_a_unit_or_a_short_word_ends_a_sentence(sentences: list[str]) -> None:
    assert split(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    "text",
    [
        "As in Fig. SI-8 and Fig. S3 it falls.",
        "See Appx. A for a list.",
        "We thank prof. dr. Stef Smith and R. P. Allan for it.",
        "As in Tab. 2 and Fig . 6, it falls.",
        "It holds by Eqs. (2) and Sec. IV of it.",
        "Wir haben z. B. am 3. Mai, d. h. vgl. Abb. 2, p. ex. cela, begonnen.",
        "S. Gadgil, Am. Econ. Rev. 104, 123 has it.",
        "K. K. Kumar, Geophys. Res. Lett. 46, 1681 has it.",
    ],
)
def test_an_abbreviation_or_an_initial_does_not(text: str) -> None:
    assert split(text) == [text]


@pytest.mark.parametrize("label", ["Fig. 1.", "Figure 12.", "TABLE I.", "Table A.2.", "图 1."])
def test_a_label_is_no_sentence_of_its_own(label: str) -> None:
    assert split(f"{label} Rates by age. Bars are errors.")[0] == f"{label} Rates by age."


@pytest.mark.parametrize(
    "sentences",
    [
        ["It is costly.", "(ii) Multi-query: how to share it.", "(iii) Updates."],
        ["It scales.", "b) We show that it is exact."],
        ["We release:", "• the list of papers;", "• The raw results."],
        ["1. Read it.", "2. Write it down."],
    ],
)
def test_items_of_a_list_are_sentences(sentences: list[str]) -> None:
    joint = " ".join(sentences)
    assert split(joint)[-1] == sentences[-1]
    assert [one for one in sentences[1:] if one not in split(joint)] == []


@pytest.mark.parametrize(
    "text",
    [
        "Nouns come first. (Snedeker, Geren, & Shafto, 2007).",
        "Relations are drawn from it. (see Fig. S3c).",
        "It is known. [31, 32].",
    ],
)
def test_a_source_alone_belongs_to_the_sentence_before(text: str) -> None:
    assert split(f"{text} We go on.") == [text, "We go on."]


def test_a_missing_space_hides_no_end() -> None:
    text = "They were in the publication.The other two are τ, respectively.The mass follows."
    assert len(split(text)) == 3
    for one in (
        "We call numpy.Array of it.",
        "See www.example.The end of it.",
        "It is e.g.The end.",
    ):
        assert split(one) == [one]


@pytest.mark.parametrize(
    "sentences",
    [
        ["It is the current practice.", "ampute’s defaults are safe."],
        ["The protocol is slow in practice.", "eVSS needs no such step."],
    ],
)
def test_a_name_written_small_begins_a_sentence(sentences: list[str]) -> None:
    assert split(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["誤差は4.2センチである。", "基準では6.9であった．", "次に示す。"],
        ["他说：“很好。”", "我们同意（见图1。）。", "为什么？"],
        ["彼は「正しい。」と述べた。", "次に進む。"],
        ["هل يعمل؟", "نعم، يعمل.", "شكرا"],
        ["यह एक वाक्य है।", "यह दूसरा है।"],
        ["이 방법은 빠르다.", "다음은 실험이다."],
    ],
)
def test_each_script_has_its_own_full_stop(sentences: list[str]) -> None:
    joint = "" if "。" in sentences[-1] or "？" in sentences[-1] else " "
    assert split(joint.join(sentences)) == sentences
