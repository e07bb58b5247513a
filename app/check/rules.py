"""Rules on a claim and the texts that it cites. Each says what of the claim they do not bear out.

No rule understands a sentence. They compare what can be compared by letters: numbers, names, and
the small words that turn a meaning round (not, may, only, lower). A claim that keeps them all may
still be false, so rules can refuse a claim and never prove one.

Numbers and names may stand anywhere in the cited texts. Small words are compared with the
*basis*: those sentences of the cited texts that share most words with the claim. They are read for
English, negation for Chinese too; in other languages these rules find nothing to object to.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise, takewhile

from app.check.quantities import Quantity, pointers, quantities, without_pointers
from index.paper import Span
from index.read.text.sentences import split_sentences


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COPIED_LEAST = 0.3  # of a claim's content words that must stand in the sources, in runs (ADR 16)
FOREIGN_MOST = 3  # content words in a row that no source has (ADR 16)
_BASIS = 3  # sentences of the sources that a sentence of a claim may rest on
_BASIS_GAIN = 2  # content words that a further one must add
_HEADS = 2  # content words after a small word that it bears on
_PARTS_OF_NAME = 6  # words that a name may be written as: "State-of-the-art"
_ASIDE = 3  # content words on either side of a comparison

_TOKEN = re.compile(
    r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+(?:['’][^\W_\u3400-\u9fff]+)*|[.,;:!?()。，；：！？]"
)
_ENDS = frozenset(".,;:!?()。，；：！？") | {"but", "although", "though", "because", "whereas"}
_CLAUSE_ENDS = _ENDS | {"and", "while"}
_STOP = _words(
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
_NEGATORS = _words(
    """
    not no never without none neither nor nobody nothing nowhere cannot unable hardly barely
    lack lacks lacked lacking fail fails failed failing absence 不 没 无 未
    """
)
_NEGATIVE_WORDS = {
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
_HEDGES = _words(
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
_NO_QUANTIFIER = re.compile(
    r"\b(?:the most|at all|after all|above all|all of a sudden|first of all|all the more"
    r"|most of all|each other)\b|(?<=\w)-all\b|\ball-(?=\w)",
    re.I,
)
_ONLY = frozenset(("only", "solely", "exclusively", "merely"))
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
_CAPITALISED = re.compile(r"[A-Z][^\W_]+(?:['’][a-z]+)?")
_ACRONYM = re.compile(r"[^\W_]*[A-Z][^\W_]*[A-Z][^\W_]*|[A-Z]{2,}")
_NAME_TOKEN = re.compile(
    r"(?<![^\W_])(?=[^\s]*[A-Za-z])[A-Za-z0-9À-ÿ]+(?:[-–./+&][A-Za-z0-9À-ÿ]+)*"
)
_VERSION_TOKEN = re.compile(r"(?<![\w.])v?[0-9]+(?:\.[0-9]+){2,}(?!\w)")
_COMMON_CAPITALS = _words(
    "i a the in on at we our it its this that these those for and or of to by as an is are"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule found. ``objections`` are the words of the claim, or of the source, at fault."""

    rule: str
    objections: tuple[str, ...]

    @property
    def held(self) -> bool:
        """Whether the claim keeps the rule."""
        return not self.objections


@dataclass(frozen=True, slots=True)
class Token:
    """A word as the rules compare it: in small letters, and without its ending."""

    word: str
    stem: str
    is_content: bool


class Reading:
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
    def sentences(self) -> tuple[Reading, ...]:
        """Its sentences."""
        spans = list(split_sentences(self.text, Span(0, len(self.text))))
        return tuple(Reading(span.of(self.text)) for span in spans) if len(spans) > 1 else (self,)

    def head(self, most: int) -> Reading:
        """As much of it as has so many content words."""
        ends = [m.end() for m in re.finditer(r"\S+", self.text)]
        words = (Reading(self.text[:end]) for end in ends)
        return next((one for one in words if len(one.content) >= most), self)

    def heads(self, at: int, most: int = _HEADS) -> tuple[str, ...]:
        """The next content words after a token, in its clause."""
        found: list[str] = []
        for token in self.tokens[at + 1 :]:
            if token.word in _ENDS or len(found) == most:
                break
            if token.is_content:
                found.append(token.stem)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim and what it cites, as the rules see them."""

    claim: Reading
    source: Reading
    basis: Reading

    @classmethod
    def of(cls, claim: str, sources: Sequence[str]) -> Pair:
        """Choose the basis: for each sentence of the claim, what shares most words with it."""
        parts = [sentence for source in sources for sentence in Reading(source).sentences]
        chosen: list[int] = []
        said = Reading(claim)
        for sentence in said.sentences:
            wanted = set(sentence.stems)
            gain = 1
            for _ in range(_BASIS):
                gains = [len(wanted & part.stems) for part in parts]
                best = max(
                    range(len(parts)),
                    key=lambda at: (gains[at], -len(parts[at].stems)),
                    default=None,
                )
                if best is None or gains[best] < gain:
                    break
                wanted -= parts[best].stems
                chosen.append(best)
                gain = _BASIS_GAIN
        basis = " \n".join(parts[at].text for at in sorted(set(chosen)))
        return cls(said, Reading(" \n".join(sources)), Reading(basis))


def _token(text: str) -> Token:
    word = text.lower().replace("’", "'")
    if word.endswith("n't"):
        word = "not"
    word = word.removesuffix("'s")
    named = _NEGATIVE_WORDS.get(word, word)
    content = word not in _STOP and word not in _NEGATORS and word not in _ENDS
    return Token(word, stem(named), content)


def stem(word: str) -> str:
    """A word without its ending, roughly: "improves", "improved" and "improving" are one."""
    for ending in ("ing", "ed", "ies", "es", "s", "ly", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word.removesuffix(ending)
            return word + "y" if ending == "ies" else word.removesuffix("e")
    return word.removesuffix("e") if len(word) > 3 else word


# --- the rules ------------------------------------------------------------------------------------


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
    if word in _STOP or stem(word) not in counted or not source.words_after:
        return True
    return stem(word) in {stem(after) for after in source.words_after}


def bounds(pair: Pair) -> Iterator[str]:
    """A number's "up to", "at least", "about" or "<" is kept, or becomes weaker."""
    there = quantities(pair.source.text, every_reading=True)
    for number in quantities(pair.claim.text):
        same = [one for one in there if number.is_value_of(one)]
        if same and not any(number.is_bound_of(one) for one in same):
            yield f"{number.bound or same[0].bound} {number.text}"


def names(pair: Pair) -> Iterator[str]:
    """Names, acronyms, and names with digits in them stand in the sources.

    Compared without case, hyphens and plural; an acronym may stand for words with its initials, and
    such words for it. A capital at the head of a sentence makes no name. References to a table or
    figure count as names.
    """
    claim = pair.claim.text
    words = [word for word in re.findall(r"[^\W\d_]{2,}", claim) if word.lower() not in _STOP]
    if words and sum(word[0].isupper() for word in words) > 0.8 * len(words) and len(words) > 4:
        return  # a heading, where capitals say nothing
    there = _spellings(pair.source.text)
    initials = _initials(pair.source.text)
    acronyms = {_plain(one) for one in _ACRONYM.findall(pair.source.text)}
    for name in names_in(claim):
        plain = _plain(name)
        if plain in there or plain.removesuffix("s") in there:
            continue
        if len(plain) > 2 and f"{plain}s" in there:
            continue
        if _ACRONYM.fullmatch(name) and len(plain) > 2 and plain.removesuffix("s") in initials:
            continue
        if any(acronym in acronyms for acronym in _initials(_around(claim, name))):
            continue
        yield name
    for pointer in pointers(claim):
        if _plain(pointer) not in there:
            yield pointer


def names_in(claim: str) -> Iterator[str]:
    """The names, acronyms and versions of a text, in its spelling."""
    text = without_pointers(claim)
    taken = [Span(number.start, number.end) for number in quantities(claim)]
    opening = {
        next(_NAME_TOKEN.finditer(text, span.start, span.end), None)
        for span in split_sentences(text, Span(0, len(text)))
    }
    starts = {match.start() for match in opening if match}
    for match in _NAME_TOKEN.finditer(text):
        token = match.group()
        if any(span.start < match.end() and match.start() < span.end for span in taken):
            continue
        parts = re.split(r"[-–./+&]", token)
        special = any(_ACRONYM.fullmatch(part) for part in parts) or (
            any(c.isdigit() for c in token) and any(c.isupper() for c in token)
        )
        capital = any(_CAPITALISED.fullmatch(part) for part in parts)
        if token.lower() in _COMMON_CAPITALS:
            continue
        if special or (capital and match.start() not in starts):
            yield token
        elif (
            capital
            and token.lower() not in _STOP
            and re.match(r" [A-Z][^\W_]*[a-z]", text[match.end() :])
        ):
            yield token  # the first of several: "Bo Li proposed"
    yield from (match.group() for match in _VERSION_TOKEN.finditer(text))


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", re.sub(r"['’]s\b", "", name)).lower()


def _spellings(text: str) -> frozenset[str]:
    """Each word, and each few in a row as one: "GPT 3" is "GPT-3"."""
    words = [_plain(word) for word in re.findall(r"[^\W_]+(?:['’]s\b)?", text)]
    found = set(words)
    for length in range(2, _PARTS_OF_NAME + 1):
        found.update("".join(words[at : at + length]) for at in range(len(words) - length + 1))
    return frozenset(found)


def _initials(text: str) -> frozenset[str]:
    """The first letters of three to six words in a row."""
    letters = "".join(word[0].lower() for word in re.findall(r"[^\W_]+", text))
    return frozenset(
        letters[at : at + length]
        for length in range(3, 7)
        for at in range(len(letters) - length + 1)
    )


def _around(claim: str, name: str) -> str:
    """The run of capitalised words that a name is part of."""
    for match in re.finditer(r"[A-Z][^\W_]+(?:[ -][A-Z][^\W_]+)+", claim):
        if name in match.group():
            return match.group()
    return ""


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


def _negations(reading: Reading) -> int:
    """How many there are in sentences that say something: others are no part of a basis."""
    return sum(
        token.word in _NEGATORS or token.word in _NEGATIVE_WORDS
        for sentence in reading.sentences
        if sentence.stems
        for token in sentence.tokens
    )


def _negated(reading: Reading) -> Counter[tuple[str, bool]]:
    """How often each content word stands with a negation that bears on it, and without."""
    count = [0] * len(reading.tokens)
    for at, token in enumerate(reading.tokens):
        if token.word in _NEGATIVE_WORDS:
            count[at] += 1
        elif token.word in _NEGATORS:
            left = _HEADS
            for after in range(at + 1, len(reading.tokens)):
                if left == 0 or reading.tokens[after].word in _ENDS:
                    break
                count[after] += 1
                left -= reading.tokens[after].is_content
    return Counter(
        (token.stem, negations % 2 == 1)
        for token, negations in zip(reading.tokens, count, strict=True)
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

    def count(reading: Reading, words: frozenset[str]) -> int:
        return sum(token.word in words for token in reading.tokens)

    return count(pair.claim, same) > count(pair.basis, same) and count(
        pair.claim, opposite
    ) < count(pair.basis, opposite)


def _beside(reading: Reading, words: frozenset[str]) -> set[str]:
    """The content words on either side of these words, up to the ends of their clause."""
    found: set[str] = set()
    for at, token in enumerate(reading.tokens):
        if token.word in words:
            for side in (reading.tokens[at + 1 :], reading.tokens[:at][::-1]):
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
    before, after = Reading(text[: match.start()][-120:]), Reading(text[match.end() :][:120])
    sides = (before.stems - after.stems, after.stems - before.stems)
    return (sides[1], sides[0]) if match["passive"] else sides


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


def _hedged(reading: Reading) -> list[tuple[str, tuple[str, ...]]]:
    """Each hedge with the content words that it bears on."""
    return [
        (token.word, reading.heads(at))
        for at, token in enumerate(reading.tokens)
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


def _strengths(reading: Reading) -> dict[str, int]:
    """For each content word, how much is said of it: the most that any place says."""
    bearing: dict[int, int] = {}
    content = [at for at, token in enumerate(reading.tokens) if token.is_content]
    for at, token in enumerate(reading.tokens):
        strength = _STRENGTH.get(token.word)
        if strength is None:
            continue
        for after in range(at + 1, len(reading.tokens)):
            if reading.tokens[after].word in _ENDS:
                break
            if reading.tokens[after].is_content and reading.tokens[after].word not in _STRENGTH:
                bearing.setdefault(after, strength)
                break
    found: dict[str, int] = {}
    for at in content:
        word = reading.tokens[at].stem
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
            scope = _roots(Reading(match["scope"]))
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
            borne = _roots(Reading(sentence.text[match.end() :]).head(_BEARS + 2))
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
_USUALLY = _words(
    "usually often typically generally sometimes mostly rarely frequently normally commonly largely"
    " mainly primarily partly partially occasionally"
)
_SHARE = re.compile(r"(?P<share>\d+(?:\.\d+)?)\s?%\s+(?:of\b|(?=\w+s\b))")
_BEARS = 3  # content words after a "usually" that it may bear on
_ROOT = 5  # letters by which words of a condition count as the same: "generation", "generating"


def _roots(reading: Reading) -> frozenset[str]:
    return frozenset(stem[:_ROOT] for stem in reading.stems)


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


def kept(found: Sequence[Outcome], pair: Pair) -> float:
    """How well a claim keeps the rules, 0..1, of what ``outcomes`` found: an order, no probability.

    At least 0.5 where every rule holds, rising with the share of words that are copied; below, it
    falls with each rule that does not.
    """
    share = copied_share(pair)
    held = sum(one.held for one in found)
    if held == len(found):
        return (1 + share) / 2
    return 0.49 * share * held / len(found)


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
    "hedges": hedges,
    "quantifiers": quantifiers,
    "conditions": conditions,
    "copied words": copied_words,
}


def outcomes(pair: Pair) -> tuple[Outcome, ...]:
    """What every rule says of a pair, in the order of ``RULES``."""
    return tuple(Outcome(name, tuple(rule(pair))) for name, rule in RULES.items())
