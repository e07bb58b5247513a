"""Sentences as spans. Rules for scientific English, and for full-width Chinese punctuation.

A full stop ends a sentence unless it belongs to an abbreviation, an initial, a number, an ellipsis
or a bracket that is still open, and unless what follows starts in lower case. Libraries were looked
at first: pysbd returns strings that have to be searched for again, and NLTK needs a download.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.paper import Span

# Abbreviations that never end a sentence: what follows them belongs to them.
_NEVER_LAST = frozenset({
    "fig", "figs", "eq", "eqs", "eqn", "eqns", "sec", "secs", "sect", "ch", "chap", "tab",
    "tbl", "ref", "refs", "thm", "lem", "prop", "def", "cor", "alg", "app", "appx", "no", "nos",
    "vol", "vols", "pp", "p", "cf", "vs", "viz", "e.g", "i.e", "resp", "approx", "ca", "dr",
    "prof", "mr", "mrs", "ms", "st", "mt", "dept", "univ", "proc", "conf", "trans", "lett",
    "rev", "assoc", "intl", "natl", "ed", "eds", "jan", "feb", "mar", "apr", "jun", "jul",
    "aug", "sep", "sept", "oct", "nov", "dec", "w.r.t", "a.k.a", "s.t", "i.i.d",
})  # fmt: skip
# Abbreviations that end a sentence when a word follows that begins one: "the U.S. Census" goes on.
_MAYBE_LAST = frozenset({
    "et.al", "al", "etc", "inc", "ltd", "co", "corp", "jr", "sr", "u.s", "u.k", "ph.d", "m.sc",
    "b.sc", "a.m", "p.m",
})  # fmt: skip

_END = re.compile(r"[.!?]+[\"'”’)\]]*(?=\s|$)|[。！？]+[”’）」』]*")
_BRACKET = re.compile(r"[()\[\]]")
_STARTS_SENTENCE = re.compile(
    r"[\"'“‘(\[•–—-]*\s*[A-Z0-9À-ÖØ-ÞΑ-ΩА-Я§⋆∗†‡\u3400-\u9fff\uac00-\ud7af]"
)
_LAST_WORD = re.compile(r"[\w.’'-]*$")
# How far around a mark is looked: a paragraph may be as long as a book.
_BEFORE, _AFTER = 80, 400


def split_sentences(text: str, span: Span) -> Iterator[Span]:
    """The sentences of ``text[span.start:span.end]``, in order, without the space between them.

    Every character that is not white space is in exactly one sentence.
    """
    start = span.start
    for end in _ends(text, span):
        yield from _trimmed(text, start, end)
        start = end
    yield from _trimmed(text, start, span.end)


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if end > start:
        yield Span(start, end)


def _ends(text: str, span: Span) -> Iterator[int]:
    depth = 0
    opened_at = span.start
    position = span.start
    for match in _END.finditer(text, span.start, span.end):
        for bracket in _BRACKET.finditer(text, position, match.start()):
            if bracket.group() in "([":
                if depth == 0:
                    opened_at = bracket.start()
                depth += 1
            else:
                depth = max(depth - 1, 0)
        position = match.start()
        # A bracket that was never closed must not swallow the rest of the paragraph.
        open_bracket = depth > 0 and match.start() - opened_at < 300
        closes = any(character in ")]" for character in match.group())
        if open_bracket and not closes and text.find(")", match.end(), match.end() + 200) >= 0:
            continue
        if _ends_here(text, span, match):
            depth = 0
            position = match.end()
            yield match.end()


def _ends_here(text: str, span: Span, match: re.Match[str]) -> bool:
    mark = match.group()
    rest = text[match.end() : min(match.end() + _AFTER, span.end)].lstrip()
    if mark[0] in "。！？" or not rest:
        return True
    if not _STARTS_SENTENCE.match(rest):
        return False
    if mark[0] != ".":
        return True
    if mark.startswith("..."):
        return rest[0].isupper()
    word_match = _LAST_WORD.search(text, max(match.start() - _BEFORE, span.start), match.start())
    word = (word_match.group() if word_match else "").strip("'’").lower().lstrip("(").rstrip(".")
    if word in _NEVER_LAST:
        return False
    if word in _MAYBE_LAST:
        following = rest.split(maxsplit=1)[0].lstrip("\"'“‘").rstrip(",")
        return following in _SENTENCE_WORDS or (word == "etc" and following[:1].isupper())
    # An initial: "J. Smith", "A. N. Gomez". Not after a word and a symbol: "size k. The".
    if len(word) == 1 and word.isalpha() and text[match.start() - 1].isupper():
        before = text[max(span.start, match.start() - 3) : match.start() - 1]
        following = rest.split(maxsplit=1)[0]
        named = following.rstrip(".,").isalpha() and following not in _SENTENCE_WORDS
        return not (named and (not before.strip() or before[-1:] in " .("))
    # A numbered list's head: "1. First".
    return not (word.isdigit() and len(word) <= 2 and match.start() - len(word) == span.start)


_SENTENCE_WORDS = frozenset({
    "The", "This", "These", "Those", "That", "We", "In", "It", "For", "A", "An", "As", "At",
    "By", "If", "On", "Our", "To", "When", "While", "With", "However", "There", "They", "Then",
    "Thus", "Here", "Each", "Since", "Note", "Such", "Both", "Given", "Let", "One", "Two",
    "All", "And", "But",
})  # fmt: skip
