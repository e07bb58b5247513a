"""The rules of support, each by examples of what it lets pass and what it refuses."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.check.quantities import quantities
from app.check.rules import RULES, copied_share, longest_foreign_run
from app.check.support import check_claim
from app.check.tokens import Pair


def objections(rule: str, claim: str, *sources: str) -> list[str]:
    return list(RULES[rule](Pair.of(claim, sources)))


NUMBERS = [
    ("1,000 and 1000", [1000, 1000]),
    ("3.3 × 10^18, 3.3e18 and 3.3 · 10¹⁸", [33 * 10**17] * 3),
    ("three of twenty-five", [3, 25]),
    ("40k, 65 million and 7B", [40_000, 65_000_000, 7 * 10**9]),
    ("half of them", [50]),
    ("a change of −3, of -3 and of +3", [-3, -3, 3]),
    ("3–5 layers and 1984-1990", [3, 5, 1984, 1990]),
    ("BLEU-4, GPT-3, ResNet50, 3D, F1, version 1.2.3", []),
    ("Table 2 and Figures 3 and 4 in Section 5.1 [12, 13]", []),
    ("zero-shot", []),
    ("the third of them", []),
    ("使用了3个模型", [3]),
    ("9" * 5000, []),
]


def test_numbers_are_read(subtests: pytest.Subtests) -> None:
    for text, values in NUMBERS:
        with subtests.test(text=text, values=values):
            assert [one.value for one in quantities(text)] == [Fraction(value) for value in values]


UNITS = [
    ("5%, 5 per cent and 5 percent", ["%", "%", "%"]),
    ("2 percentage points and 2 points", ["points", "points"]),
    ("3–5% in 3 to 5 ms", ["%", "%", "ms", "ms"]),
    ("$5 million and 5GB", ["$", "GB"]),
    ("3x as fast, 3-fold, twice", ["times", "times", "times"]),
    ("3 layers", [""]),
]


def test_units_are_read(subtests: pytest.Subtests) -> None:
    for text, units in UNITS:
        with subtests.test(text=text, units=units):
            assert [one.unit for one in quantities(text)] == units


PASSED = [
    ("numbers", "It has 1000 layers.", "It has 1,000 layers."),
    ("numbers", "It has 3 layers.", "It has three layers."),
    ("numbers", "It costs 3.3e18 FLOPs.", "It costs 3.3 · 10^18 FLOPs."),
    ("numbers", "It costs 3.3 × 10^18 FLOPs.", "It costs 3.3 · 1018 FLOPs."),
    ("numbers", "It took 2 hours.", "It took 2.0 hours."),
    ("numbers", "Half of the users left.", "50% of the users left."),
    ("numbers", "It is right in 85% of cases.", "It is right in 0.85 of cases."),
    ("numbers", "It took about 30 hours.", "It took 29.7 hours."),
    ("numbers", "It took over 30 hours.", "It took 31.2 hours."),
    ("numbers", "It scores 41.8 BLEU-4.", "BLEU-4 is 41.8."),
    ("numbers", "One of them failed.", "A model failed."),
    ("numbers", "It has 12 layers.", "It has 12 attention layers and 8 heads."),
    ("bounds", "It is at most 5.", "It is less than 5."),
    ("bounds", "It takes up to 5 hours.", "It takes as many as 5 hours."),
    ("bounds", "It was significant (p < 0.05).", "The effect was significant, p<0.05."),
    ("bounds", "It took at least 5 hours.", "It took 5 hours."),
    ("names", "It uses GPT3.", "It uses GPT-3."),
    ("names", "It uses CNNs.", "It uses a convolutional neural network (CNN)."),
    ("names", "It uses a CNN.", "It uses a convolutional neural network."),
    ("names", "It is a Long Short-Term Memory.", "It is an LSTM."),
    ("names", "Networks learn.", "Deep networks learn."),  # a capital at the head is no name
    ("names", "It is in Table 2.", "Table 2 shows it."),
    ("names", "It is by Bo Li.", "Bo Li's lantern."),
    ("names", "It uses word2vec and e5-base.", "It compares e5 base with Word2Vec."),
    ("names", "It is word2vec-based.", "It is based on word2vec."),
    ("names", "It uses a 3x3 kernel.", "It uses a kernel of 3 × 3."),
    ("names", "It fell 40ft in the mid-1990s.", "It fell 40 feet in the mid 1990s."),
    ("names", "It is 512-dimensional and fills 80GB.", "It has 512 dimensions and 80 GB."),
    ("names", "It takes 3.3e18 FLOPs and 10k steps.", "It takes 3.3 · 10^18 FLOPs, 10,000 steps."),
    ("names", "它使用word2vec。", "It uses word2vec."),
    ("negation", "It does not converge.", "The model does not converge."),
    ("negation", "It is common.", "It is not uncommon."),
    ("negation", "It is unable to learn.", "It cannot learn."),
    ("negation", "It learns not only words.", "It learns words."),
    ("comparison", "Recall is lower.", "Precision is higher while recall is lower."),
    ("comparison", "Our model outperforms theirs.", "Our model outperforms theirs by far."),
    ("hedges", "It may fail.", "It may fail."),
    ("hedges", "It might fail in rain.", "It may fail in rain."),
    ("hedges", "It may fail.", "It fails."),
    ("quantifiers", "Some models fail.", "Most models fail."),
    ("quantifiers", "All models fail.", "All models fail."),
    ("quantifiers", "It is the most accurate model.", "The model is the most accurate."),
    ("copied words", "It burns for hours.", "Each lantern burns for hours in the rain."),
]


def test_what_a_rule_lets_pass(subtests: pytest.Subtests) -> None:
    for rule, claim, source in PASSED:
        with subtests.test(rule=rule, claim=claim, source=source):
            assert objections(rule, claim, source) == []


REFUSED = [
    ("numbers", "It took 2.0 hours.", "It took 2 hours."),  # more exact than the source
    ("numbers", "It took 30 hours.", "It took 29.7 hours."),  # rounded, and does not say so
    ("numbers", "It took about 40 hours.", "It took 29.7 hours."),
    ("numbers", "It changed by 3.", "It changed by −3."),
    ("numbers", "It rose by 3%.", "It rose by 3 percentage points."),
    ("numbers", "It took 5 ms.", "It took 5 s."),
    ("numbers", "In 2015 it began.", "In 2014 it began."),
    ("numbers", "It has 2 parts.", "Table 2 lists its parts [2]."),
    ("numbers", "It has four layers.", "It has three layers."),
    ("numbers", "It has 12 heads.", "It has 12 layers and 8 heads."),
    ("numbers", "It costs 3.3 × 10^17.", "It costs 3.3 × 10^18."),
    ("bounds", "It takes 5 hours.", "It takes up to 5 hours."),
    ("bounds", "It takes at least 5 hours.", "It takes at most 5 hours."),
    ("bounds", "It holds (p > 0.05).", "It holds (p < 0.05)."),
    ("names", "It uses GPT-4.", "It uses GPT-3."),
    ("names", "It uses an RNN.", "It uses a CNN."),
    ("names", "It was tested on the Paris set.", "It was tested on the London set."),
    ("names", "Bo Li built it.", "Ada Byron built it."),
    ("names", "It is in Table 3.", "Table 2 shows it."),
    ("names", "The key is sk-123.", "The key of the server is 123 bits long."),
    ("names", "The key is sk-123abc.", "The key is printed by the server."),
    ("names", "The key is sk_live_50x.", "The key is live for 50 days."),
    ("names", "THE KEY OF THE SERVER IS SK-123.", "The key of the server is printed."),
    ("names", "The key is 8f3a-77c1.", "The key has 8 parts of 77 bits."),
    ("names", "The key is 0x1f.", "The key is 0 or 1."),
    ("names", "It uses bert-v2b.", "It uses BERT."),
    ("names", "密钥是sk-123。", "The key is printed."),
    ("names", "The key is ｓｋ－１２３a.", "The key is printed."),
    ("negation", "It converges.", "The model does not converge."),
    ("negation", "It does not converge.", "The model converges."),
    ("negation", "It is trained with labels.", "It is trained without labels."),
    ("negation", "It learns words.", "It fails to learn words."),
    ("comparison", "Recall is higher.", "Recall is lower."),
    ("comparison", "Recall is higher.", "Precision is higher while recall is lower."),
    ("comparison", "Lanterns outperform torches.", "Torches outperform lanterns."),
    ("comparison", "Torches outperform lanterns.", "Torches are outperformed by lanterns."),
    ("hedges", "Rain causes failure.", "Rain may cause failure."),
    ("hedges", "Rain causes failure.", "The results suggest that rain causes failure."),
    ("quantifiers", "All models fail.", "Some models fail."),
    ("quantifiers", "Most models fail.", "Some models fail."),
    ("quantifiers", "Models fail.", "Some models fail."),
    ("quantifiers", "We tested English.", "We only tested English."),
    ("copied words", "Sugar water fed twelve busy bees daily.", "Lanterns burn for hours."),
]


def test_what_a_rule_refuses(subtests: pytest.Subtests) -> None:
    for rule, claim, source in REFUSED:
        with subtests.test(rule=rule, claim=claim, source=source):
            assert objections(rule, claim, source)
            assert check_claim(claim, [source]).verdict == "unsupported"


def test_every_rule_has_an_example_and_a_docstring() -> None:
    assert all(rule.__doc__ for rule in RULES.values())


def test_the_score_follows_the_rules() -> None:
    source = "Each lantern burns for 3.5 hours in the rain."
    whole = check_claim(source, [source])
    assert (whole.verdict, whole.score, whole.checks) == ("supported", 1.0, tuple(RULES))
    wrong = check_claim("Each lantern burns for 4.5 hours in the rain.", [source])
    assert wrong.verdict == "unsupported" and wrong.score < 0.5
    assert "numbers" not in wrong.checks and "names" in wrong.checks
    worse = check_claim("A lantern never burns for 4.5 hours in Paris.", [source])
    assert worse.score < wrong.score


@pytest.mark.parametrize(("claim", "sources"), [("", ["It is."]), ("It is.", []), ("It is.", [""])])
def test_nothing_is_not_supported(claim: str, sources: list[str]) -> None:
    assert check_claim(claim, sources).verdict == "unsupported"


def test_a_claim_may_rest_on_two_sources() -> None:
    sources = ["Lanterns burn for 3.5 hours.", "Torches never burn in the rain."]
    joined = "Lanterns burn for 3.5 hours, and torches never burn in the rain."
    assert check_claim(joined, sources).verdict == "supported"
    assert check_claim(joined, sources[:1]).verdict == "unsupported"


def test_chinese_is_read_by_characters() -> None:
    source = "我们的模型在三个任务上提高了5%，但没有使用额外数据。"
    assert check_claim(source, [source]).verdict == "supported"
    assert objections("numbers", "我们的模型提高了6%。", source) == ["6%"]
    assert objections("negation", "我们没有提高。", "我们提高。")


def test_what_is_copied_is_counted() -> None:
    pair = Pair.of("red lanterns burn", ["red lanterns hang", "fires burn"])
    assert copied_share(pair) == pytest.approx(2.5 / 3)
    assert longest_foreign_run(pair) == ()


VOCABULARY = """the model model's not never up to may 3 −3 3.5% 1,000 GPT-4 BLEU Paris some all
only lower than higher outperforms of , . ; ( ) [12] Table 2 × 10^18 half three hours
模型 不 unlikely"""
WORDS = st.sampled_from(VOCABULARY.split())
SENTENCES = st.lists(WORDS, min_size=4, max_size=25).map(" ".join)


@pytest.mark.parametrize(
    ("claim", "source", "objection"),
    [
        (
            "The answers are short.",
            "For yes-no questions, the answers are short.",
            " yes-no questions",
        ),
        ("Tasks of yes-no type have short answers.", "For yes-no tasks, answers are short.", ""),
        ("The lantern is bright.", "The lantern is usually quite bright.", "usually"),
        ("The lantern is often bright.", "The lantern is usually quite bright.", ""),
        (
            "The answers are not fully supported.",
            "49% of the answers are not fully supported.",
            "49% of",
        ),
        (
            "49% of answers are not fully supported.",
            "49% of the answers are not fully supported.",
            "",
        ),
        ("The lantern burns.", "The lantern burns when the wind is weak.", " the wind is weak"),
        ("We study lanterns.", "In this paper, we study lanterns.", ""),
        ("The lantern burns long.", "In it, the lantern burns long.", ""),
        ("Paths are dark.", "For long nights, lanterns burn oil. Paths are dark.", ""),
    ],
)
def test_a_condition_is_not_left_out(claim: str, source: str, objection: str) -> None:
    assert objections("conditions", claim, source) == ([objection] if objection else [])


@settings(max_examples=150, deadline=None)
@given(SENTENCES)
@example("the 不 . 3")  # a sentence that says nothing
@example("3.5% . 3.5% all 3")  # two sentences with the same words
def test_a_quote_keeps_every_rule_against_itself(text: str) -> None:
    for rule in set(RULES) - {"copied words"}:  # which needs words to be copied
        assert objections(rule, text, text) == [], rule


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_no_text_breaks_the_rules(claim: str, source: str) -> None:
    assert 0 <= check_claim(claim, [source]).score <= 1


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 10**7), st.integers(0, 10**7), st.sampled_from(["", "%", " ms", " layers", "k"])
)
def test_a_quote_with_a_number_altered_never_passes(one: int, other: int, unit: str) -> None:
    source = f"The new lantern reached {one}{unit} on the long path of 12 stones."
    claim = re.sub(r"\d+", str(other), source, count=1)
    if one != other and other != 12:
        assert check_claim(claim, [source]).verdict == "unsupported"


def test_raised_figures_are_powers_or_marks() -> None:
    def values(text: str, every_reading: bool = False) -> list[str]:
        return [
            f"{float(one.value):g} {one.unit}".strip() for one in quantities(text, every_reading)
        ]

    assert values("a rate of 10^-4") == ["0.0001"]
    assert values("In Brazil.^1 By 29 cases") == ["29"]
    assert values("heart disease.^10-19 In 5 h") == ["5 h"]
    assert values("some H_2O") == []
    assert "4.2 cm" in values("fell to 4.2^12 cm", every_reading=True)
    assert values("10^9 sources", every_reading=True) == ["1e+09"]
