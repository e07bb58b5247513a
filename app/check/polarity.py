"""The rules on words that turn a meaning round: negation, opposites, changed sides."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice, takewhile

from app.check.tokens import (
    CLAUSE_BREAKS,
    HEADS_MOST,
    NEGATIVE_WORDS,
    NEGATORS,
    Pair,
    TokenizedText,
    stem,
)

_ASIDE = 3  # content words on either side of a comparison
_CLAUSE_ENDS = CLAUSE_BREAKS | {"and", "while"}
_OPPOSITES = tuple(
    (frozenset(one.split()), frozenset(other.split()))
    for one, other in (
        (
            "higher highest high increase increases increased increasing raise raises raised rise "
            "rises rose grow grows grew gain gains gained upregulated elevated",
            "lower lowest low decrease decreases decreased decreasing reduce reduces reduced "
            "reducing drop drops dropped decline declines declined fall falls fell loss "
            "downregulated diminished diminishes",
        ),
        ("more greater", "less fewer"),
        ("larger largest bigger biggest large", "smaller smallest small"),
        (
            "better best superior outperform outperforms outperformed outperforming surpass "
            "surpasses surpassed beat beats improve improves improved improving improvement",
            "worse worst inferior underperform underperforms underperformed degrade degrades "
            "degraded worsen worsens worsened",
        ),
        ("faster fastest fast quick quicker", "slower slowest slow"),
        ("longer longest long", "shorter shortest short"),
        ("stronger strongest strong", "weaker weakest weak"),
        ("deeper deep", "shallower shallow"),
        ("above exceeds exceed exceeded", "below"),
        ("before earlier early", "after later late"),
        ("positive positively", "negative negatively"),
        ("maximum maximal maximize maximise", "minimum minimal minimize minimise"),
        ("easier easy", "harder hard difficult"),
        ("promote promotes promoted", "inhibit inhibits inhibited suppress suppresses prevents"),
        ("with", "without"),
        ("agree agrees", "disagree disagrees"),
        ("similar same identical", "different"),
        ("accept accepted", "reject rejected"),
        ("encode encodes encoder", "decode decodes decoder"),
        ("simple simpler", "complex"),
        ("first", "last"),
    )
)
_SIDES = re.compile(
    r"\b(?:(?P<passive>(?:is|are|was|were) (?:outperformed|surpassed|exceeded|beaten) by)"
    r"|outperform(?:s|ed)?|underperform(?:s|ed)?|surpass(?:es|ed)?|exceed(?:s|ed)?|beats?|precedes?"
    r"|(?:better|worse|higher|lower|more|less|fewer|greater|larger|smaller|faster|slower|longer"
    r"|shorter|stronger|weaker|easier|harder|earlier|later)\b[^.;]{0,30}?\bthan)\b",
    re.I,
)


def negation(pair: Pair) -> Iterator[str]:
    """What the basis negates the claim negates, and nothing else; two negations are none.

    A negation bears on the next content words of its clause.
    """
    claim, basis = _negated(pair.claim), _negated(pair.basis)
    negated_there = any(negated for _, negated in basis)
    for word in dict.fromkeys(word for word, _ in claim):
        plain, negated = claim[word, False], claim[word, True]
        plain_there, negated_of_it = basis[word, False], basis[word, True]
        if plain_there + negated_of_it == 0:
            turned = negated > 0 and not negated_there
        else:
            turned = (plain > plain_there and negated < negated_of_it) or (
                negated > negated_of_it and plain < plain_there
            )
        if turned:
            yield f"not {word}"
            return
    # Where nothing was left out, not even a "cannot" at the end of a clause may be.
    same = pair.claim.content and sorted(pair.basis.content) == sorted(pair.claim.content)
    if same and (_negations(pair.claim) - _negations(pair.basis)) % 2:
        yield "not"


def _negations(tokenized: TokenizedText) -> int:
    """How many there are in sentences that say something: others are no part of a basis."""
    return sum(
        token.word in NEGATORS or token.word in NEGATIVE_WORDS
        for sentence in tokenized.sentences
        if sentence.stems
        for token in sentence.tokens
    )


def _negated(tokenized: TokenizedText) -> Counter[tuple[str, bool]]:
    """How often each content word stands with a negation that bears on it, and without."""
    count = [0] * len(tokenized.tokens)
    for at, token in enumerate(tokenized.tokens):
        if token.word in NEGATIVE_WORDS:
            count[at] += 1
        elif token.word in NEGATORS:
            left = HEADS_MOST
            for after in range(at + 1, len(tokenized.tokens)):
                if left == 0 or tokenized.tokens[after].word in CLAUSE_BREAKS:
                    break
                count[after] += 1
                left -= tokenized.tokens[after].is_content
    return Counter(
        (token.stem, negations % 2 == 1)
        for token, negations in zip(tokenized.tokens, count, strict=True)
        if token.is_content
    )


def comparison(pair: Pair) -> Iterator[str]:
    """Directions ("higher", "outperforms") are the basis's, and so is which side has which."""
    for one, other in _OPPOSITES:
        for same, opposite in ((one, other), (other, one)):
            said = pair.claim.words & same
            if not said or not pair.basis.words & opposite:
                continue
            if not pair.basis.words & same or _turned(pair, same, opposite):
                yield from sorted(said)
            elif not pair.claim.words & opposite:
                beside = _beside(pair.claim, same)
                turned = beside & _beside(pair.basis, opposite)
                if len(turned) > len(beside & _beside(pair.basis, same)):
                    yield from sorted(said)
    for match in _SIDES.finditer(pair.claim.text):
        mine = _two_sides(pair.claim.text, match)
        for there in _SIDES.finditer(pair.basis.text):
            if _verb(there.group()) == _verb(match.group()):
                yours = _two_sides(pair.basis.text, there)
                straight = len(mine[0] & yours[0]) + len(mine[1] & yours[1])
                crossed = len(mine[0] & yours[1]) + len(mine[1] & yours[0])
                if mine[0] & yours[1] and mine[1] & yours[0] and crossed > straight:
                    yield match.group()


def _turned(pair: Pair, same: frozenset[str], opposite: frozenset[str]) -> bool:
    """Whether the claim has more of the one direction than the basis, and less of the other."""

    def count(tokenized: TokenizedText, words: frozenset[str]) -> int:
        return sum(token.word in words for token in tokenized.tokens)

    return count(pair.claim, same) > count(pair.basis, same) and count(
        pair.claim, opposite
    ) < count(pair.basis, opposite)


def _beside(tokenized: TokenizedText, words: frozenset[str]) -> set[str]:
    """The content words on either side of these words, up to the ends of their clause."""
    found: set[str] = set()
    for at, token in enumerate(tokenized.tokens):
        if token.word in words:
            for side in (tokenized.tokens[at + 1 :], tokenized.tokens[:at][::-1]):
                clause = takewhile(lambda one: one.word not in _CLAUSE_ENDS, side)
                content = (one for one in clause if one.is_content and one.word not in words)
                found.update(one.stem for one in islice(content, _ASIDE))
    return found


def _verb(text: str) -> str:
    """What compares, so that only like is set beside like."""
    words = text.lower().split()
    return "than " + words[0] if words[-1] == "than" else stem(words[-2 if len(words) > 2 else 0])


def _two_sides(text: str, match: re.Match[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The words that stand on one side of a comparison only; the subject's first."""
    before, after = (
        TokenizedText(text[: match.start()][-120:]),
        TokenizedText(text[match.end() :][:120]),
    )
    sides = (before.stems - after.stems, after.stems - before.stems)
    return (sides[1], sides[0]) if match["passive"] else sides
