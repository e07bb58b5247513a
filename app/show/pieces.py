"""Words of a paper in pieces: text, and formulas with the LaTeX that they were written in."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from app.controls import without_controls
from app.digest import Citation, Digest
from app.show.text import plain
from app.write.claims import named_claims
from index.paper import Paper
from index.spans import Span

_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"[\d\s.,%°+−–-]+")  # which text has as print has it


@dataclass(frozen=True, slots=True)
class Piece:
    """Words, or a formula as the text has it with the LaTeX that it was written in."""

    text: str
    tex: str = ""
    displayed: bool = False


def pieces_of(paper: Paper, span: Span, *, as_written: bool = False) -> list[Piece]:
    """The words of a span, formulas apart; on one line, unless they are to be ``as_written``."""
    pieces: list[Piece] = []
    at = span.start
    first = bisect_left(paper.formulas, span.start, key=lambda one: one.span.start)
    for formula in islice(paper.formulas, first, None):
        if formula.span.end > span.end:
            break
        if formula.span.start >= at and not _NUMBER.fullmatch(formula.span.of(paper.text)):
            pieces.append(Piece(paper.text[at : formula.span.start]))
            pieces.append(Piece(formula.span.of(paper.text), formula.tex, formula.displayed))
            at = formula.span.end
    pieces.append(Piece(paper.text[at : span.end]))
    if not as_written:
        pieces = [Piece(_flat(one.text), one.tex, one.displayed) for one in pieces]
    return [one for one in pieces if one.text]


def words_of(paper: Paper, text: str, by: Sequence[Citation]) -> tuple[Piece, ...]:
    """The words of a sentence, with the formulas of its quote where it is one."""
    if len(by) == 1 and by[0].span.of(paper.text) == by[0].quote:
        own = trimmed(pieces_of(paper, by[0].span))
        if "".join(one.text for one in own) == plain(text):
            return own
    return (Piece(plain(text)),)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and the quotes that it rests on."""

    said: tuple[Piece, ...]
    quotes: tuple[tuple[Piece, ...], ...]


def sentences_with_formulas(paper: Paper, digest: Digest) -> dict[str, Sentence]:
    """The sentences of a digest that have formulas, or quotes that have, by their names.

    None of a digest of another file than the paper's, where other words stand at these places.
    """
    found: dict[str, Sentence] = {}
    if not paper.formulas:
        return found
    for _, name, claim in named_claims(digest):
        quotes = tuple(words_of(paper, one.quote, [one]) for one in claim.citations)
        said = words_of(paper, claim.text, claim.citations)
        if any(one.tex for words in (said, *quotes) for one in words):
            found[name] = Sentence(said, quotes)
    return found


def trimmed(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Without spaces at both ends, and one where two meet."""
    done: list[Piece] = []
    for one in pieces:
        text = one.text.lstrip() if not done or done[-1].text.endswith(" ") else one.text
        if text:
            done.append(Piece(text, one.tex, one.displayed))
    while done and not done[-1].text.rstrip():
        done.pop()
    if done:
        done[-1] = Piece(done[-1].text.rstrip(), done[-1].tex, done[-1].displayed)
    return tuple(done)


def _flat(text: str) -> str:
    return _SPACE.sub(" ", without_controls(text))
