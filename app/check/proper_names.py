"""The rule on names: names, acronyms, versions, and marks of letters and digits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from app.check.quantities import pointers, quantities, without_pointers
from app.check.tokens import STOP_WORDS, Pair, word_set
from index.read.text.sentences import split_sentences
from index.spans import Span

_PARTS_OF_NAME = 6  # words that a name may be written as: "State-of-the-art"
_CAPITALISED = re.compile(r"[A-Z][^\W_]+(?:['’][a-z]+)?")
_ACRONYM = re.compile(r"[^\W_]*[A-Z][^\W_]*[A-Z][^\W_]*|[A-Z]{2,}")
_NAME_TOKEN = re.compile(
    r"(?<![^\W_])(?=[^\s]*[A-Za-z])[A-Za-z0-9À-ÿ]+(?:[-–./+&][A-Za-z0-9À-ÿ]+)*"
)
_VERSION_TOKEN = re.compile(r"(?<![\w.])v?[0-9]+(?:\.[0-9]+){2,}(?!\w)")
# Letters and digits of any script that writes words apart, joined or not: "sk-123", "word2vec".
_SIGN = r"[^\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
_MARK = re.compile(rf"(?<!{_SIGN}){_SIGN}(?:[-–./+&_:#=@~]?{_SIGN})*")
_COUNTED = re.compile(r"([0-9]+)[^\W\d_]+")  # "40ft"
_COMMON_CAPITALS = word_set(
    "i a the in on at we our it its this that these those for and or of to by as an is are"
)


def names(pair: Pair) -> Iterator[str]:
    """Names, acronyms, and marks of letters and digits stand in the sources.

    Compared without case, hyphens and plural; an acronym may stand for words with its initials, and
    such words for it. A capital at the head of a sentence makes no name. References to a table or
    figure count as names.
    """
    claim = pair.claim.text
    yield from foreign_marks(claim, pair.source.text)
    words = [word for word in re.findall(r"[^\W\d_]{2,}", claim) if word.lower() not in STOP_WORDS]
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


def foreign_marks(claim: str, source: str) -> Iterator[str]:
    """The marks of letters and digits in a claim that the source does not have.

    They name one thing and nothing else ("sk-123", "e5-base", "8f3a-77c1"), so that no other word
    of the source can stand for one. What is a number with a unit is left to the rule on numbers.
    """
    claim, source = (unicodedata.normalize("NFKC", one) for one in (claim, source))
    text = without_pointers(claim)
    marks = [found for found in _MARK.finditer(text) if _is_mark(found[0])]
    if not marks:
        return
    counted = {at for one in quantities(text) for at in range(one.start, one.end)}
    as_printed, there = source.casefold(), _spellings(source.replace("×", " x "))
    for found in marks:
        digits = (at for at in range(*found.span()) if text[at].isdigit())
        if all(at in counted for at in digits) or found[0].casefold() in as_printed:
            continue
        if not _is_there(found[0], there):
            yield found[0]


def _is_there(mark: str, there: frozenset[str]) -> bool:
    """Whether a mark is in the source, or its parts are: "word2vec-based", "40ft", "12-by-18"."""
    plain = _plain(mark)
    if plain in there or plain.removesuffix("s") in there:
        return True
    parts = [one for one in re.split(r"[^\w]|_", mark) if any(sign.isdigit() for sign in one)]
    if mark[0].isdigit():  # numbers with a word behind, unless a letter stands before a digit
        parts = [found[1] if (found := _COUNTED.fullmatch(one)) else one for one in parts]
        return all(_plain(one) in there for one in parts)
    return parts != [mark] and all(_is_mark(one) and _plain(one) in there for one in parts)


def _is_mark(token: str) -> bool:
    return any(one.isdigit() for one in token) and any(one.isalpha() for one in token)


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
            and token.lower() not in STOP_WORDS
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
