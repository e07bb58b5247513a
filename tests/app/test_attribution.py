"""Whose work a claim speaks of, and how it sets things against each other."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.check.attribution import clauses
from app.check.entailment import SourcedClaim
from app.check.rules import RULES
from app.check.support import Checker, check_claim
from app.check.tokens import Pair
from app.chinese.rules import broken
from app.digest import Whose

TERMS = "have a limitation in relying on predefined identity terms."
ABOUT_BOTH = "Unlike previous work, which needs labels, we use a cache."

REFUSED = [
    (f"The authors' works {TERMS}", f"All aforementioned works {TERMS}"),
    (f"The proposed methods {TERMS}", f"Existing segmentation methods {TERMS}"),
    (
        "Previous methods outperform the authors' model on X.",
        "We outperform previous methods on X.",
    ),
    ("The authors show that a loss helps.", "Smith et al. (2019) show that a loss helps."),
    ("The authors show that a loss helps.", "Smith and Jones (2019) show that a loss helps."),
    ("The authors propose a loss.", "A loss is proposed by Smith et al. (2019)."),
    ("Earlier studies use a cache.", ABOUT_BOTH),
    ("The authors' method needs labels.", ABOUT_BOTH),
    ("This paper reports fewer errors.", "Prior work reports fewer errors."),
    ("Prior work reports fewer errors.", "This paper reports fewer errors."),
    ("The authors' networks require pairs.", "Recurrent networks [13] require pairs."),
    ("The authors rated all videos.", "They rated all videos."),  # nobody says "they" of himself
    ("LoRaX needs labels.", "We propose LoRaX. Earlier methods need labels for training."),
    ("The authors need labels.", "The authors of [3] need labels."),
    ("The author's loss is new.", "The loss of Li et al. (2019) is new."),
]
PASSED = [
    ("The authors outperform previous methods.", "We outperform previous methods."),
    ("The authors' loss is new.", "The loss is new."),  # it does not say whose
    ("The loss is new.", "Existing work has a loss that is new."),
    ("They propose a loss.", "We propose a loss."),
    ("The authors need labels.", "The authors need labels."),
    ("The authors use a cache.", ABOUT_BOTH),
    ("Previous work needs labels.", ABOUT_BOTH),
    ("The authors note that existing methods need labels.", "Existing methods need labels."),
    (
        f"The authors note a limitation of earlier works: relying on {TERMS.split('on ')[1]}",
        f"All aforementioned works {TERMS}",
    ),
    (
        "The authors propose a new loss that handles drift.",
        "Existing methods fail on drift, so a new loss is proposed that handles drift.",
    ),
    (
        "The authors evaluate it with two models, LXMERT and ViLT.",
        "We evaluate it with two models, LXMERT (Tan and Bansal, 2019) and ViLT (Kim, 2021).",
    ),
    ("The study by Li et al. finds none.", "Li et al. (2019) find none."),
    ("The authors use the parser of Hu.", "We use the parser proposed by Hu et al. (2020)."),
    ("Earlier work of the authors needs labels.", "Our previous work needs labels."),
    ("The author shows a loss.", "In this letter I show a loss."),
    ("The authors build on it.", "Based on previous work, it is built on."),
]


def objections(claim: str, source: str, whose: Whose | None = None) -> list[str]:
    return list(RULES["attribution"](Pair.of(claim, [source], whose)))


def test_work_of_one_side_is_not_given_to_the_other(subtests: pytest.Subtests) -> None:
    for claim, source in REFUSED:
        with subtests.test(claim=claim, source=source):
            assert objections(claim, source)
            assert check_claim(claim, [source]).verdict == "unsupported"


def test_what_keeps_sides_or_names_none_passes(subtests: pytest.Subtests) -> None:
    for claim, source in PASSED:
        with subtests.test(claim=claim, source=source):
            assert objections(claim, source) == []


@pytest.mark.parametrize(
    ("claim", "whose", "refused"),
    [
        ("The authors' method requires pairs.", "others", True),
        ("The authors' method requires pairs.", "own", False),
        ("Earlier methods require pairs.", "own", True),
        ("The method requires pairs.", "others", False),
    ],
)
def test_a_hint_decides_where_words_do_not(claim: str, whose: Whose, refused: bool) -> None:
    source = "The method requires pairs."
    assert bool(objections(claim, source, whose)) == refused
    assert objections(claim, source) == []
    (support,) = Checker().check([SourcedClaim(claim, (source,), whose)])
    assert ("attribution" in support.checks) != refused
    why = Checker().why(SourcedClaim(claim, (source,), whose), support)
    assert ("attribution" in why) == refused


def test_words_weigh_more_than_a_hint() -> None:
    assert objections("The authors use a cache.", "We use a cache.", "others") == []


def test_clauses_have_subjects() -> None:
    said = clauses("Unlike prior work, we use a loss; Li et al. use none, which fails.")
    assert [one.whose for one in said] == [None, "own", "others", "others"]


OWN = st.sampled_from(["We", "The proposed models", "Our models", "In this paper, we"])
OTHERS = st.sampled_from(["Prior works", "Existing deep models", "Li et al. (2020)", "Those works"])
SAID = st.sampled_from(
    ["require paired labels", "fail on long inputs", "use a small cache", "have two stages"]
)


@given(OWN, OTHERS, SAID, st.booleans())
def test_swapping_sides_is_refused_and_keeping_them_is_not(
    own: str, others: str, said: str, turned: bool
) -> None:
    of_quote, of_claim = (others, own) if turned else (own, others)
    source = f"{of_quote} {said} in all cases."
    assert objections(f"{of_claim} {said} in all cases.", source)
    assert not objections(f"{of_quote} {said}.", source)
    assert not objections(f"The models {said}.", source)


VOCABULARY = """we our they the authors previous prior methods work this paper Li et al. (2019) [3]
by is use that which , ; ( ) and in of unlike matches or exceeds comparable better than improves"""
WORDS = st.sampled_from(VOCABULARY.split())


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, max_size=25).map(" ".join), st.sampled_from(["own", "others", None]))
@example("Li et al. find that the paper is slow.", None)
def test_a_quote_keeps_both_rules_against_itself(text: str, whose: Whose | None) -> None:
    pair = Pair.of(text, [text], whose)
    assert not list(RULES["attribution"](pair))
    assert not list(RULES["relation"](pair))


@pytest.mark.parametrize(
    ("claim", "source", "refused"),
    [
        (
            "It improves the state of the art.",
            "It matches or exceeds the state of the art.",
            "improves",
        ),
        ("It exceeds BERT.", "It matches or exceeds BERT.", "exceeds"),
        ("It matches BERT.", "It outperforms BERT.", "matches"),
        ("It outperforms BERT.", "It is comparable to BERT.", "outperforms"),
        ("It is better than BERT.", "It is no worse than BERT.", "better than"),
        ("It is on par with BERT.", "It is worse than BERT.", "on par"),
        ("It matches or exceeds BERT.", "It falls short of BERT.", "matches or exceeds"),
        ("It matches or exceeds BERT.", "It outperforms BERT.", ""),
        ("It matches or surpasses BERT.", "It matches or exceeds BERT.", ""),
        ("It surpasses BERT.", "It outperforms BERT.", ""),
        ("It is competitive with BERT.", "It is comparable to BERT.", ""),
        ("It improves BERT.", "It gains 3 points and matches the larger BERT.", ""),
        ("It outperforms BERT.", "It has 93 points, and BERT has 91.", ""),  # nothing to compare
    ],
)
def test_a_relation_is_neither_raised_nor_changed(claim: str, source: str, refused: str) -> None:
    found = " ".join(RULES["relation"](Pair.of(claim, [source])))
    assert found.startswith(refused) if refused else not found


@pytest.mark.parametrize(
    ("english", "chinese", "kept"),
    [
        ("The authors outperform previous methods.", "作者优于以往的方法。", True),
        ("The authors outperform previous methods.", "以往的方法优于作者的方法。", False),
        ("Unlike previous methods, the authors need none.", "与以往方法不同，作者不需要。", True),
        ("All aforementioned works have a limit.", "上述所有工作都有局限性。", True),
        ("All aforementioned works have a limit.", "本文的工作都有局限性。", False),
        ("Smith et al. propose a loss.", "Smith 等人提出了一种损失。", True),
        ("Smith et al. propose a loss.", "我们提出了一种损失。", False),
        ("A loss is proposed.", "本文提出了一种损失。", True),
        ("Existing methods are surpassed by our model.", "现有方法被我们的模型超越。", True),
        ("Our model is surpassed by existing methods.", "现有方法被我们的模型超越。", False),
        ("We use it because existing ones fail.", "由于现有方法失效，我们使用它。", True),
    ],
)
def test_chinese_keeps_whose_work_it_is(english: str, chinese: str, kept: bool) -> None:
    assert any(one.startswith("attribution") for one in broken(english, chinese)) != kept
