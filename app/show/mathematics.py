"""Finds mathematics in the text of a PDF: what one line of characters cannot show as it is printed.

That is what the reader of pages writes with "_" and "^" (``index.read.text.scripts``), letters of
mathematical alphabets, signs that print sets above and below something (sums, integrals, roots), or
that only formulas have; a letter that equals a term; and displayed equations. A number with its
unit, "p < 0.05" and a Greek letter alone look the same on a line as in print. No word is listed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import takewhile

from index.paper import Block, Paper
from index.spans import Span

_WORD = re.compile(r"\S+")
# Mathematical alphabets, and letters like ℝ: https://www.unicode.org/charts/PDF/U1D400.pdf and
# https://www.unicode.org/charts/PDF/U2100.pdf
_LETTER = re.compile("[\U0001d400-\U0001d7ff\u2102\u210a-\u2115\u2119-\u211d\u2124\u2128-\u2131]")
# Of Unicode's mathematical symbols (Sm), those that text has, too: they print as they are.
_EVERYDAY = frozenset("+<=>|~¬±×÷⁄−∼≈≠≤≥←↑→↓↔∘∙∗⋆⋅△▷◁♯")  # fmt: skip
# A script that the reader wrote: its base ends here, and what is raised or lowered begins.
_SCRIPT = re.compile(r"(?P<mark>[_^])(?=[\w(+\-−∗*])")
_BASE_MOST = 12  # characters before a script that are looked at
_SHORT = 2  # letters of a name in a formula: "x", "Re"; a longer word has a note's mark
_ADDRESS = re.compile(r"https?:|www\.|@|\w/\w+[./]")
_TERM = re.compile(r"[(\[{|√]*-?\d*(?P<name>[^\W\d_]+)")
_EQUATION_PARTS = 12  # blocks that a displayed equation may be torn into
_PROSE = 4  # words of three letters: a block that has as many is text again
_SENTENCE_END = re.compile(r"[.!?。！？]['\"”’)\]]*$")


def find_mathematics(text: str) -> tuple[Span, ...]:
    """The words of a text that are mathematics, neighbours as one span, in order."""
    words = list(_WORD.finditer(text))
    found: list[Span] = []
    before = -2
    for number, word in enumerate(words):
        if not (_is_mathematics(word[0]) or _equals(words, number)):
            continue
        if before == number - 1:
            found[-1] = Span(found[-1].start, word.end())
        else:
            found.append(Span(*word.span()))
        before = number
    return tuple(found)


def has_mathematics(paper: Paper, span: Span) -> bool:
    """Whether the words of a span of a PDF, or an equation among them, are mathematics."""
    return bool(mathematics_in(paper, span))


def mathematics_in(paper: Paper, span: Span) -> list[Span]:
    """The words of a span of a PDF that are mathematics, and its displayed equations, in order."""
    words = [
        Span(span.start + one.start, span.start + one.end)
        for one in find_mathematics(span.of(paper.text))
    ]
    equations = [
        Span(max(block.span.start, span.start), min(block.span.end, span.end))
        for block in paper.blocks
        if block.kind == "equation" and block.span.start < span.end and span.start < block.span.end
    ]
    return sorted([*words, *equations])


def with_equation(paper: Paper, span: Span) -> Span:
    """The span, and the displayed equation that its sentence goes on in: "... as follows:"."""
    if _SENTENCE_END.search(span.of(paper.text).rstrip()):
        return span
    after = (block for block in paper.blocks if block.span.start >= span.end)
    parts = list(takewhile(lambda one: not _is_prose(paper, one), after))[:_EQUATION_PARTS]
    if (
        not parts
        or parts[0].kind != "equation"
        or paper.text[span.end : parts[0].span.start].strip()
    ):
        return span
    return Span(span.start, parts[-1].span.end)


def _is_prose(paper: Paper, block: Block) -> bool:
    """Whether a block is no part of a torn equation."""
    if block.kind == "equation":
        return False
    text = block.span.of(paper.text)
    words = sum(sum(map(str.isalpha, word)) >= 3 for word in _WORD.findall(text))
    ends = words >= 2 and _SENTENCE_END.search(text) is not None
    return block.kind not in ("paragraph", "table") or words >= _PROSE or ends


def _is_mathematics(word: str) -> bool:
    if word.isascii() and "_" not in word and "^" not in word:
        return False
    if _ADDRESS.search(word):
        return False
    if _LETTER.search(word) or any(map(_is_sign, word)):
        return True
    return any(_is_script(word, mark) for mark in _SCRIPT.finditer(word))


def _is_sign(character: str) -> bool:
    return (
        not character.isascii()
        and unicodedata.category(character) == "Sm"
        and character not in _EVERYDAY
    )


def _is_script(word: str, mark: re.Match[str]) -> bool:
    """Whether something is the script of a term, and not the mark of a note: "reported^12"."""
    base = word[max(mark.start() - _BASE_MOST, 0) : mark.start()].rstrip(")]}|")
    if not base:
        return mark.start() > 0  # of a bracket
    letters = sum(1 for _ in takewhile(str.isalpha, reversed(base)))
    if letters:
        return letters <= _SHORT
    return base[-1].isdigit() or _is_term_end(base[-1])


def _is_term_end(character: str) -> bool:
    """A prime, a sign or a letter's accent ends a term; a full stop or a comma ends words."""
    return unicodedata.category(character) in ("Sm", "Mn") or character in "′″∥‖|'"


def _equals(words: Sequence[re.Match[str]], number: int) -> bool:
    """Whether a word is the sign between a letter and a term with letters: "y = ax + b"."""
    if words[number][0] not in ("=", "≈", "≤", "≥", "<", ">", "≠", "≡"):
        return False
    if not 0 < number < len(words) - 1:
        return False
    left, right = words[number - 1][0].strip("([{,;"), _TERM.match(words[number + 1][0])
    return len(left) == 1 and left.isalpha() and right is not None and len(right["name"]) <= _SHORT
