"""Citation recall and precision on the cases of ALCE's figure 3, and on real quotes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from app.check.support import Checker
from app.digest import Citation, Claim, Support
from eval.citations import WordsOrChecker, is_chinese, judged
from index.spans import Span


class Table:
    """A judge by hand: the sets of sources that support the claim."""

    name = "by hand"

    def __init__(self, *supporting: str) -> None:
        self._supporting = {frozenset(one.split()) for one in supporting}

    def supported(self, claim: str, sources: Sequence[str]) -> bool | None:
        return frozenset(sources) in self._supporting


def claim_of(text: str, *quotes: str, english: str = "") -> Claim:
    citations = tuple(Citation("p#x.1", quote, Span(0, len(quote)), ()) for quote in quotes)
    return Claim(text, "compressed", citations, Support(1.0, "supported", ()), english)


@pytest.mark.parametrize(
    ("supporting", "quotes", "supported", "relevant"),
    [
        (("1 2", "1"), "1 2", True, (True, False)),
        ((), "3", False, (False,)),
        # Of 2, 4 and 5, the last two do it together: 2 is of no use.
        (("2 4 5", "4 5"), "2 4 5", True, (False, True, True)),
        (("1 2",), "1 2", True, (True, True)),  # only together
        (("1 2", "1", "2"), "1 2", True, (True, True)),  # each alone
    ],
)
def test_a_citation_is_irrelevant_if_the_others_do_without_it(
    supporting: tuple[str, ...], quotes: str, supported: bool, relevant: tuple[bool, ...]
) -> None:
    found = judged(claim_of("A claim.", *quotes.split()), Table(*supporting))
    assert (found.supported, found.relevant) == (supported, relevant)


def test_without_a_citation_nothing_is_supported() -> None:
    assert not judged(claim_of("A claim."), Table("")).supported


def test_words_in_a_row_are_proof_and_other_words_are_for_the_rules() -> None:
    judge = WordsOrChecker(Checker())
    quotes = ("Lanterns burn for three hours.", "However, they go out in rain.")
    assert judge.supported(" ".join(quotes), quotes)
    assert judge.supported("Lanterns burn for three hours.", quotes)
    assert not judge.supported("Lanterns burn for four hours.", quotes)
    assert not judge.supported("antern", ["Lanterns"])
    assert not judge.supported("", quotes)


def test_it_cannot_tell_of_chinese_beside_english() -> None:
    assert (
        WordsOrChecker(Checker()).supported("灯笼燃烧三小时。", ["Lanterns burn for three hours."])
        is None
    )
    english = "Lanterns burn for three hours."
    translated = claim_of("灯笼燃烧三小时。", english, english=english)
    assert judged(translated, WordsOrChecker(Checker())).supported
    assert not judged(claim_of("灯笼燃烧三小时。", english), WordsOrChecker(Checker())).supported


def test_chinese_is_told_by_its_letters() -> None:
    assert is_chinese("DisCo-Diff 不依赖预训练网络，具有普遍适用性。")
    assert not is_chinese("The word 灯笼 means lantern.")
