"""The rule on how one thing is set against another: below it, equal to it, above it."""

from __future__ import annotations

# Tables of wordings: a line for each alternative reads better than four.
# ruff: noqa: E501
import re
from collections.abc import Iterator

from app.check.tokens import Pair

_EVEN = r"(?:even |sometimes |often |slightly |significantly )?"
# In this order, and what one has taken the next does not see: "matches or exceeds" is neither.
_STATED = {
    "at least": re.compile(
        rf"\b(?:match|equal|rival|meet|reach|approach)(?:es|ed|s|ing)?,? (?:or|and/or|and even) {_EVEN}(?:exceed|outperform|surpass|beat|improv|better|superior)\w*"
        rf"|\b(?:exceed|outperform|surpass|beat|improv)\w*,? or {_EVEN}(?:match|equal|rival)\w*"
        rf"|\b(?:comparable|equal|equivalent|similar|competitive|on par)(?: \w+)?,? (?:or|if not|and/or) {_EVEN}(?:better|superior|higher|improved)\b"
        rf"|\b(?:better|superior|higher)(?: than)?,? or {_EVEN}(?:comparable|equal|equivalent|similar|on par)\b"
        r"|\bat least (?:as \w+ as|comparable|equal|equivalent)|\b(?:not?|never) (?:\w+ )?(?:worse|inferior)\b|\bnon-?inferior\w*",
        re.I,
    ),
    "equal": re.compile(
        r"\bcomparabl[ey]\b|\bon (?:a )?par\b|\bparity\b|\bcompetitive(?:ly)?\b|\bindistinguishable\b|\bequivalent to\b"
        r"|\b(?:match|rival)(?:es|ed|s)? (?:that of|those of|the|their|its|our|or|with|human|state)\b"
        r"|\bequal(?:s|led|ed)? (?:the|that|those)\b|\bas (?:good|accurate|fast|effective|efficient|strong|reliable|precise) as\b"
        r"|\b(?:similar|same|equal|equivalent) (?:performance|accuracy|results?|quality|scores?|level)",
        re.I,
    ),
    "more": re.compile(
        r"\boutperform\w*|\bexceed\w*|\bsurpass\w*|\bbeats?\b|\bbeaten\b|\bsuperior(?:ity)?\b|\bbetter\b[^.;]{0,30}?\bthan\b"
        r"|\bimprov\w* (?:upon|on|over)\b|\bimprov\w* (?:the )?state[- ]of[- ]the[- ]art\b",
        re.I,
    ),
    "less": re.compile(
        r"\bunderperform\w*|\binferior(?:ity)?\b|\bworse\b[^.;]{0,30}?\bthan\b|\b(?:lags?|lagged) behind\b|\b(?:falls?|fell) short of\b",
        re.I,
    ),
}
# What states a relation in a claim that has none of those.
_BARE = {
    "equal": re.compile(r"\b(?:match|rival|equal)(?:es|ed|s|led)?\b", re.I),
    "more": re.compile(
        r"\b(?:improv\w*|better)\b"
        r"|\b(?:achiev|obtain|reach|set|yield|establish)\w* (?:(?:a|the|new) ){0,2}state[- ]of[- ]the[- ]art",
        re.I,
    ),
}
# Words of a basis by which a claim's relation may have been said.
_MAY_SAY = {
    "at least": re.compile(r"(?!)"),
    "equal": re.compile(
        r"\b(?:match|equal|rival|same|similar|equivalent|alike|tie[ds]?\b|close to|as (?!well|long|soon|far)\w+ as)",
        re.I,
    ),
    "more": re.compile(
        r"\b(?:improv\w*|better|higher|greater|faster|stronger|gains?|increas\w*|boost\w*|enhanc\w*|advanc\w*|advantages?)\b",
        re.I,
    ),
    "less": re.compile(
        r"\b(?:worse|worst|lower|lowest|less|fewer|below|behind|under|decreas\w*|reduc\w*|drop\w*|degrad\w*|fail\w*|short|slower|weaker|poor\w*|lag\w*)\b",
        re.I,
    ),
}
# For each relation of a claim, those of a basis from which it follows.
_FOLLOWS_FROM = {
    "at least": frozenset(("at least", "equal", "more")),
    "equal": frozenset(("equal",)),
    "more": frozenset(("more",)),
    "less": frozenset(("less",)),
}


def relation(pair: Pair) -> Iterator[str]:
    """What matches another is not said to exceed it or to be worse, nor the other way round.

    "Matches or exceeds" may be said for either, and neither for it. Where the basis sets nothing
    against another, this rule has nothing to compare.
    """
    there, rest_there = _stated(pair.basis.text)
    if not there:
        return
    claim, rest = _stated(pair.claim.text)
    if not claim:
        bare = {name: words.search(rest) for name, words in _BARE.items()}
        claim = {name: match.group() for name, match in bare.items() if match}
    for name, words in claim.items():
        if not _FOLLOWS_FROM[name] & {*there} and not _MAY_SAY[name].search(rest_there):
            yield words


def _stated(text: str) -> tuple[dict[str, str], str]:
    """Each relation that a text states, with its words, and the text without them."""
    found: dict[str, str] = {}
    for name, words in _STATED.items():
        match = words.search(text)
        if match:
            found[name] = match.group()
            text = words.sub(" ", text)
    return found, text
