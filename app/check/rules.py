"""Rules on a claim and the texts that it cites. Each reports what the texts do not support.

No rule understands a sentence. They compare what can be compared by letters: numbers, names
(``proper_names``), the small words that turn a meaning round (``polarity``: not, lower;
``modality``: may, only; ``relations``: matches, exceeds), and whose work is spoken of
(``attribution``: we, previous methods). A claim that keeps them all may still be false, so rules
can refuse a claim and never prove one.

Numbers and names may stand anywhere in the cited texts. Small words are compared with the
*basis*: those sentences of the cited texts that share most words with the claim. They are read for
English, negation for Chinese too; in other languages these rules find nothing to object to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.check.attribution import attribution
from app.check.modality import conditions, hedges, quantifiers
from app.check.polarity import comparison, negation
from app.check.proper_names import names
from app.check.quantities import Quantity, quantities
from app.check.relations import relation
from app.check.tokens import STOP_WORDS, Pair, stem

COPIED_LEAST = 0.3  # of a claim's content words that must stand in the sources, in runs (ADR 16)
BROKEN_COST = 1 / 9  # of a score for each broken rule, however many there are to be kept
FOREIGN_MOST = 3  # content words in a row that no source has (ADR 16)


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """A rule's result. ``objections`` are the words of the claim, or of the source, at fault."""

    rule: str
    objections: tuple[str, ...]

    @property
    def held(self) -> bool:
        """Whether the claim keeps the rule."""
        return not self.objections


def numbers(pair: Pair) -> Iterator[str]:
    """Each number, with its sign and unit, is one of the sources', and counts what it counts there.

    Rounded only after "about", "nearly", "over" and their like.
    """
    there = quantities(pair.source.text, every_reading=True)
    counted = {stem(word) for one in there for word in one.words_after[:2]}
    for number in quantities(pair.claim.text):
        same = [one for one in there if number.is_value_of(one)]
        if not same:
            if not _is_pronoun(number):
                yield number.text
        elif number.words_after and not any(_counts_alike(number, one, counted) for one in same):
            yield f"{number.text} {number.words_after[0]}"


def _is_pronoun(number: Quantity) -> bool:
    return number.text.lower().split("-")[0] in ("one", "zero")


def _counts_alike(number: Quantity, source: Quantity, counted: set[str]) -> bool:
    """False only where the counted word is one that other numbers of the source count."""
    word = number.words_after[0]
    if word in STOP_WORDS or stem(word) not in counted or not source.words_after:
        return True
    return stem(word) in {stem(after) for after in source.words_after}


def bounds(pair: Pair) -> Iterator[str]:
    """A number's "up to", "at least", "about" or "<" is kept, or becomes weaker."""
    there = quantities(pair.source.text, every_reading=True)
    for number in quantities(pair.claim.text):
        same = [one for one in there if number.is_value_of(one)]
        if same and not any(number.is_bound_of(one) for one in same):
            yield f"{number.bound or same[0].bound} {number.text}"


def copied_words(pair: Pair) -> Iterator[str]:
    """Enough content words stand in the sources in runs, and no long run is foreign."""
    run = longest_foreign_run(pair)
    if len(run) > FOREIGN_MOST:
        yield " ".join(run)
    share = copied_share(pair)
    if share < COPIED_LEAST:
        yield f"{share:.0%}"


def copied_share(pair: Pair) -> float:
    """The share of the claim's content words that follow or precede their neighbour in a source.

    Words that stand in a source alone count half. A claim without content words has 0.
    """
    claim, source = pair.claim.content, pair.source.content
    if not claim:
        return 0.0
    if len(claim) == 1:
        return float(claim[0] in pair.source.stems)
    twos = set(pairwise(source))
    follows = [two in twos for two in pairwise(claim)]
    points = 0.0
    for at, word in enumerate(claim):
        in_run = (at > 0 and follows[at - 1]) or (at < len(follows) and follows[at])
        points += 1.0 if in_run else 0.5 * (word in pair.source.stems)
    return points / len(claim)


def kept(found: Sequence[RuleOutcome], pair: Pair) -> float:
    """How well a claim keeps the rules, 0..1, of what ``outcomes`` found: an order, no probability.

    At least 0.5 where every rule holds, rising with the share of words that are copied; below, it
    falls with each rule that does not.
    """
    share = copied_share(pair)
    broken = sum(not one.held for one in found)
    if not broken:
        return (1 + share) / 2
    return 0.49 * share * max(0.0, 1 - broken * BROKEN_COST)


def longest_foreign_run(pair: Pair) -> tuple[str, ...]:
    """The most content words in a row that no source has."""
    best: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    for word in pair.claim.content:
        run = () if word in pair.source.stems else (*run, word)
        best = max(best, run, key=len)
    return best


RULES: dict[str, Callable[[Pair], Iterator[str]]] = {
    "numbers": numbers,
    "bounds": bounds,
    "names": names,
    "negation": negation,
    "comparison": comparison,
    "relation": relation,
    "attribution": attribution,
    "hedges": hedges,
    "quantifiers": quantifiers,
    "conditions": conditions,
    "copied words": copied_words,
}


def outcomes(pair: Pair) -> tuple[RuleOutcome, ...]:
    """The outcome of every rule for a pair, in the order of ``RULES``."""
    return tuple(RuleOutcome(name, tuple(rule(pair))) for name, rule in RULES.items())
