"""The rules on how far a statement goes: hedges, quantifiers and conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.check.tokens import CLAUSE_BREAKS, Pair, TokenizedText, word_set

_HEDGES = word_set(
    """
    may might could possibly perhaps likely probably potentially potential apparently seem
    seems seemed appear appears appeared suggest suggests suggested suggesting tend tends
    tended partly partially presumably hypothesize hypothesise hypothesized conjecture believe
    believed expect expected plausible plausibly should would
    """
)
# How much a word says of a group or of the times: a claim may say less than its source, not more.
_STRENGTH = {
    **dict.fromkeys(("few", "rarely", "seldom", "occasionally"), 1),
    **dict.fromkeys(("some", "several", "sometimes", "certain"), 2),
    **dict.fromkeys(("many", "often", "frequently", "commonly", "various"), 3),
    **dict.fromkeys(
        ("most", "mostly", "usually", "typically", "generally", "mainly", "largely", "almost"), 4
    ),
    **dict.fromkeys(("all", "every", "each", "always", "entirely", "completely", "everyone"), 6),
}
_PLAIN = 5  # no such word: more than most, less than all
_ALL = 6
_ONLY = frozenset(("only", "solely", "exclusively", "merely"))


def hedges(pair: Pair) -> Iterator[str]:
    """A "may", "suggests" or "likely" of the basis is not left out, where its words are kept."""
    claim, basis = _hedged(pair.claim), _hedged(pair.basis)
    kept = [
        (word, heads)
        for word, heads in basis
        if heads and heads[0] in pair.claim.stems and heads[-1] in pair.claim.stems
    ]
    if len(claim) < len(kept):
        still = {head for _, heads in claim for head in heads}
        yield from (word for word, heads in kept if not still & {*heads})


def _hedged(tokenized: TokenizedText) -> list[tuple[str, tuple[str, ...]]]:
    """Each hedge with the content words that it bears on."""
    return [
        (token.word, tokenized.heads(at))
        for at, token in enumerate(tokenized.tokens)
        if token.word in _HEDGES
    ]


def quantifiers(pair: Pair) -> Iterator[str]:
    """ "Some", "often", "most" and "only" are not left out, and none becomes stronger."""
    claim, basis = _strengths(pair.claim), _strengths(pair.basis)
    for word, strength in claim.items():
        there = basis.get(word)
        if there is not None and strength > there:
            if there < _PLAIN or not pair.basis.words & _WORDS_FOR_ALL:
                yield word
        elif there is None and strength >= _ALL and not pair.basis.words & _WORDS_FOR_ALL:
            yield f"all {word}"
    for one, other, sign in ((pair.claim, pair.basis, "only"), (pair.basis, pair.claim, "no only")):
        if other.words & _ONLY:
            continue
        for at, token in enumerate(one.tokens):
            if token.word in _ONLY and {*one.heads(at)} & other.stems:
                yield sign


_WORDS_FOR_ALL = frozenset(word for word, strength in _STRENGTH.items() if strength >= _ALL)


def _strengths(tokenized: TokenizedText) -> dict[str, int]:
    """For each content word, how much is said of it: the most that any place says."""
    bearing: dict[int, int] = {}
    content = [at for at, token in enumerate(tokenized.tokens) if token.is_content]
    for at, token in enumerate(tokenized.tokens):
        strength = _STRENGTH.get(token.word)
        if strength is None:
            continue
        for after in range(at + 1, len(tokenized.tokens)):
            if tokenized.tokens[after].word in CLAUSE_BREAKS:
                break
            if tokenized.tokens[after].is_content and tokenized.tokens[after].word not in _STRENGTH:
                bearing.setdefault(after, strength)
                break
    found: dict[str, int] = {}
    for at in content:
        word = tokenized.tokens[at].stem
        found[word] = max(found.get(word, 0), bearing.get(at, _PLAIN))
    return found


def conditions(pair: Pair) -> Iterator[str]:
    """What a sentence of the basis says holds only somewhere, sometimes or of a share, is kept so.

    Its opening ("For 3-way classification, …") and its "when" and "if" are kept by more than half
    of their content words, a "usually" by a word of its kind, and "49% of the answers" by its
    number, each where the claim says what they bear on.
    """
    for sentence in pair.basis.sentences:
        for match in (_OPENING.match(sentence.text), *_ONLY_WHEN.finditer(sentence.text)):
            if match is None or _OF_THE_PAPER.match(match["scope"]):
                continue
            scope = _roots(TokenizedText(match["scope"]))
            rest = _roots(sentence) - scope
            kept = scope & _roots(pair.claim)
            if (
                scope
                and 3 * len(rest & _roots(pair.claim)) >= len(rest)
                and 2 * len(kept) <= len(scope)
            ):
                yield match["scope"]
        if not pair.claim.words & _USUALLY:
            for at, token in enumerate(sentence.tokens):
                if token.word in _USUALLY and {*sentence.heads(at, _BEARS)} & pair.claim.stems:
                    yield token.word
        for match in _SHARE.finditer(sentence.text):
            borne = _roots(TokenizedText(sentence.text[match.end() :]).head(_BEARS + 2))
            if len(borne & _roots(pair.claim)) >= 2 and match["share"] not in pair.claim.text:
                yield match.group()


_OPENING = re.compile(
    r"(?:In|For|On|Within|Under|Among|Across|During|At|When|If|Unless|Where|Without)\b"
    r"(?P<scope>(?: [^\s,;:]+){1,6}),\s"
)
_ONLY_WHEN = re.compile(r"\b(?:when|if|unless|as long as)\b(?P<scope>[^,;:.]{3,80})")
# An opening that says where it is said, and not where it holds.
_OF_THE_PAPER = re.compile(
    r"\s*(?:this|the present|our|order|addition|contrast|particular|general|fact|practice|total|all"
    r"|short|turn|summary|other words|the (?:following|end|future)|example|instance|future|one"
    r"|comparison|recent years)\b",
    re.I,
)
_USUALLY = word_set(
    "usually often typically generally sometimes mostly rarely frequently normally commonly largely"
    " mainly primarily partly partially occasionally"
)
_SHARE = re.compile(r"(?P<share>\d+(?:\.\d+)?)\s?%\s+(?:of\b|(?=\w+s\b))")
_BEARS = 3  # content words after a "usually" that it may bear on
_ROOT = 5  # letters by which words of a condition count as the same: "generation", "generating"


def _roots(tokenized: TokenizedText) -> frozenset[str]:
    return frozenset(stem[:_ROOT] for stem in tokenized.stems)
