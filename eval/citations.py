"""Citation recall and precision: do citations support their sentence, and is each one needed?

As in ALCE (Gao et al. 2023, https://arxiv.org/abs/2305.14627, section 3.3). A sentence is recalled
if its citations together support it. A citation of such a sentence is irrelevant if it alone does
not support the sentence and the others do without it; all citations of an unsupported sentence are
irrelevant. ALCE cites passages of 100 words and asks T5-11B; here a citation is the quoted words
only, and the report names the judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.check.entailment import SourcedClaim
from app.check.support import Checker
from app.digest import Claim


class CitationJudge(Protocol):
    """Decides whether sources support a claim."""

    @property
    def name(self) -> str:
        """The name in the report."""

    def supported(self, claim: str, sources: Sequence[str]) -> bool | None:
        """Whether ``sources``, taken together, say ``claim``; None if it cannot tell."""


class WordsOrChecker:
    """Words that the sources have in that order, or what the checker of digests lets pass.

    A claim that is in its sources word for word is supported. Any other is left to
    ``app.check.support.Checker``, which cannot tell where claim and sources are not both English.
    With the checker that a digest was written by, its sentences pass by construction: a judge that
    is to find what the checker missed must be another one, or a person (``eval.judging``).
    """

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self.name = f"words or {checker.name}"

    def supported(self, claim: str, sources: Sequence[str]) -> bool | None:
        """Whether ``sources`` hold the claim's words in a row, or it passes the check."""
        if f" {' '.join(claim.split())} " in f" {' '.join(' '.join(sources).split())} ":
            return bool(claim.strip())
        if is_chinese(claim) != is_chinese(" ".join(sources)):
            return None
        (support,) = self._checker.check([SourcedClaim(claim, tuple(sources))])
        return support.verdict == "supported"


@dataclass(frozen=True, slots=True)
class Cited:
    """A judge's verdict on a claim's citations; ``relevant`` has one for each, in order."""

    supported: bool
    relevant: tuple[bool, ...]


def judged(claim: Claim, judge: CitationJudge) -> Cited:
    """Whether a claim's citations support it, and which of them it needs.

    A translated claim is judged by the English sentence that it was made from. What the judge
    cannot tell does not count as supported.
    """
    said = claim.english or claim.text
    quotes = [citation.quote for citation in claim.citations]
    if not quotes or not judge.supported(said, quotes):
        return Cited(False, tuple(False for _ in quotes))
    if len(quotes) == 1:
        return Cited(True, (True,))
    relevant = tuple(
        bool(judge.supported(said, [quote]))
        or not judge.supported(said, [*quotes[:at], *quotes[at + 1 :]])
        for at, quote in enumerate(quotes)
    )
    return Cited(True, relevant)


def is_chinese(text: str) -> bool:
    """Whether over a fifth of its letters are Chinese characters: the names in it often are not."""
    letters = [character for character in text if character.isalpha()]
    chinese = sum("\u4e00" <= character <= "\u9fff" for character in letters)
    return 5 * chinese > len(letters)
