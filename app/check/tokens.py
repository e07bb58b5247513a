"""A claim and what it cites as tokens, by which the rules compare them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from app.digest import Whose
from index.read.text.sentences import split_sentences
from index.spans import Span


def word_set(text: str) -> frozenset[str]:
    """The words of a text, each once."""
    return frozenset(text.split())


_BASIS = 3  # sentences of the sources that a sentence of a claim may rest on
_BASIS_GAIN = 2  # content words that a further one must add
HEADS_MOST = 2  # content words after a small word that it bears on

_TOKEN = re.compile(
    r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+(?:['’][^\W_\u3400-\u9fff]+)*|[.,;:!?()。，；：！？]"
)
CLAUSE_BREAKS = frozenset(".,;:!?()。，；：！？") | word_set("but although though because whereas")
STOP_WORDS = word_set(
    """
    a about above after all also although an and any are as at be because been before being
    below between both but by can could did do does doing down during each either every few
    for from further had has have having he her here his how however i if in into is it its
    itself just many may might more most much must neither never no none nor not of off often
    on once only or other our out over own per same she should so some such than that the
    their them then there these they this those though through thus to too under until up upon
    us very was we well were what when where whereas whether which while who whom whose why
    will with within without would you your t s
    的 了 是 在 和 与 有 我 们 这 那 其 为 以 也 都 而 被 把 对 从 到 不 没 无 未
    """
)
NEGATORS = word_set(
    """
    not no never without none neither nor nobody nothing nowhere cannot unable hardly barely
    lack lacks lacked lacking fail fails failed failing absence 不 没 无 未
    """
)
NEGATIVE_WORDS = {
    "uncommon": "common",
    "unusual": "usual",
    "unlikely": "likely",
    "impossible": "possible",
    "insignificant": "significant",
    "unimportant": "important",
    "unclear": "clear",
    "unaffected": "affected",
    "unnecessary": "necessary",
    "unknown": "known",
    "irrelevant": "relevant",
    "incorrect": "correct",
    "inconsistent": "consistent",
    "unchanged": "changed",
    "unsupported": "supported",
    "unrelated": "related",
    "insufficient": "sufficient",
    "ineffective": "effective",
    "unstable": "stable",
    "unreliable": "reliable",
}
_NO_NEGATION = re.compile(
    r"\b(?:not (?:only|just|merely|least|to mention)|no doubt|whether or not|if not"
    r"|(?:no|not) (?:less|more|fewer) than)\b",
    re.I,
)
_NO_QUANTIFIER = re.compile(
    r"\b(?:the most|at all|after all|above all|all of a sudden|first of all|all the more"
    r"|most of all|each other)\b|(?<=\w)-all\b|\ball-(?=\w)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word as the rules compare it: in small letters, and without its ending."""

    word: str
    stem: str
    is_content: bool


class TokenizedText:
    """A text as tokens, by sentences; computed once for all rules."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """Words and marks in order."""
        said = _NO_NEGATION.sub(" ", _NO_QUANTIFIER.sub(" ", self.text))
        return tuple(_token(match.group()) for match in _TOKEN.finditer(said))

    @cached_property
    def content(self) -> tuple[str, ...]:
        """The stems of the words that carry meaning, in order."""
        return tuple(token.stem for token in self.tokens if token.is_content)

    @cached_property
    def stems(self) -> frozenset[str]:
        """The same, each once."""
        return frozenset(self.content)

    @cached_property
    def words(self) -> frozenset[str]:
        """All words in small letters."""
        return frozenset(token.word for token in self.tokens)

    @cached_property
    def sentences(self) -> tuple[TokenizedText, ...]:
        """Its sentences."""
        spans = list(split_sentences(self.text, Span(0, len(self.text))))
        return (
            tuple(TokenizedText(span.of(self.text)) for span in spans)
            if len(spans) > 1
            else (self,)
        )

    def head(self, most: int) -> TokenizedText:
        """As much of it as has so many content words."""
        ends = [m.end() for m in re.finditer(r"\S+", self.text)]
        words = (TokenizedText(self.text[:end]) for end in ends)
        return next((one for one in words if len(one.content) >= most), self)

    def heads(self, at: int, most: int = HEADS_MOST) -> tuple[str, ...]:
        """The next content words after a token, in its clause."""
        found: list[str] = []
        for token in self.tokens[at + 1 :]:
            if token.word in CLAUSE_BREAKS or len(found) == most:
                break
            if token.is_content:
                found.append(token.stem)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim and what it cites, as the rules see them. ``whose`` work the sources are about."""

    claim: TokenizedText
    source: TokenizedText
    basis: TokenizedText
    whose: Whose | None = None  # None: their words decide

    @classmethod
    def of(cls, claim: str, sources: Sequence[str], whose: Whose | None = None) -> Pair:
        """Choose the basis: for each sentence of the claim, what shares most words with it."""
        parts = [sentence for source in sources for sentence in TokenizedText(source).sentences]
        chosen: list[int] = []
        said = TokenizedText(claim)
        for sentence in said.sentences:
            wanted = set(sentence.stems)
            gain = 1
            for _ in range(_BASIS):
                gains = [len(wanted & part.stems) for part in parts]
                best = max(
                    range(len(parts)),
                    key=lambda at: (
                        gains[at],
                        parts[at].text == sentence.text,
                        -len(parts[at].stems),
                    ),
                    default=None,
                )
                if best is None or gains[best] < gain:
                    break
                wanted -= parts[best].stems
                chosen.append(best)
                gain = _BASIS_GAIN
        basis = " \n".join(parts[at].text for at in sorted(set(chosen)))
        return cls(said, TokenizedText(" \n".join(sources)), TokenizedText(basis), whose)


@lru_cache(1 << 15)  # of a paper's words most are ones that it has had before
def _token(text: str) -> Token:
    word = text.lower().replace("’", "'")
    if word.endswith("n't"):
        word = "not"
    word = word.removesuffix("'s")
    named = NEGATIVE_WORDS.get(word, word)
    content = word not in STOP_WORDS and word not in NEGATORS and word not in CLAUSE_BREAKS
    return Token(word, stem(named), content)


def stem(word: str) -> str:
    """A word without its ending, roughly: "improves", "improved" and "improving" are one."""
    for ending in ("ing", "ed", "ies", "es", "s", "ly", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word.removesuffix(ending)
            return word + "y" if ending == "ies" else word.removesuffix("e")
    return word.removesuffix("e") if len(word) > 3 else word
