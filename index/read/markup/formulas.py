r"""Finds where the formulas of a source are in the text that is made of it.

A formula is said as a part of its own (``SaidFormula``). A block's parts are joined and cleaned
once as they are, and once with a character around each formula that no text has; where both give
the same text, the characters' places are those of the formulas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from index.paper import Formula
from index.spans import Span

# Noncharacters, "for internal use": https://www.unicode.org/faq/private_use.html#noncharacters
_BEGIN, _END = "\ufdd0", "\ufdd1"
_MARKS = re.compile(f"[{_BEGIN}{_END}]")
# What MathJax takes for the signs around a formula on a page that says nothing else:
# https://docs.mathjax.org/en/latest/input/tex/delimiters.html
_SIGNS = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
_OPENING = re.compile(r"\\\(|\\\[|\$\$")
_GROUP = re.compile(r"\\[A-Za-z]+|\{[^{}]*\}")
_WORDS = re.compile(r"[A-Za-z]{3,}")
_PROSE = 3  # words outside commands and braces
_LONGEST = 2000  # characters: what opens and closes no sooner is no formula


class SaidFormula(str):
    """A part of a text that is a formula, with its LaTeX."""

    tex: str
    displayed: bool

    __slots__ = ("displayed", "tex")

    def __new__(cls, said: str, tex: str, displayed: bool = False) -> SaidFormula:
        """``said`` as it goes into the text."""
        self = super().__new__(cls, said)
        self.tex, self.displayed = tex, displayed
        return self


def between_signs(said: str) -> SaidFormula:
    """A formula of which the text has the LaTeX: "$x$", "$$x$$", an environment.

    Between the signs of two prices stands prose: that has no LaTeX.
    """
    inside = said.strip()
    for opening, closing in (*_SIGNS.items(), ("$", "$")):
        signs = len(opening) + len(closing)
        if len(inside) > signs and inside.startswith(opening) and inside.endswith(closing):
            tex = inside[len(opening) : -len(closing)].strip()
            if opening == "$" and len(_WORDS.findall(_GROUP.sub(" ", tex))) >= _PROSE:
                tex = ""
            return SaidFormula(said, tex, opening in ("$$", "\\["))
    return SaidFormula(said, inside, inside.startswith("\\begin{"))


def parts_of(text: str) -> Iterator[str]:
    """The text of a page that MathJax would read, formulas as parts of their own."""
    end = 0
    while (opening := _OPENING.search(text, end)) is not None:
        start, inside = opening.span()
        closing = _SIGNS[opening[0]]
        at = text.find(closing, inside, inside + _LONGEST)
        if at < 0 or not text[inside:at].strip():
            yield text[end:inside]
            end = inside
            continue
        yield text[end:start]
        end = at + len(closing)
        yield between_signs(text[start:end])
    yield text[end:]


def formulas_in(parts: Sequence[str], text: str, clean: Callable[[str], str]) -> list[Formula]:
    """The formulas among ``parts`` by their places in ``text``, which is ``clean`` of them all.

    None of a text whose cleaning depends on what is beside a formula.
    """
    said = [one for one in parts if isinstance(one, SaidFormula) and one.strip() and one.tex]
    if not said or any(map(_MARKS.search, parts)):
        return []
    known = set(map(id, said))
    marked = clean("".join(_marked(one) if id(one) in known else one for one in parts))
    places = [match.start() - number for number, match in enumerate(_MARKS.finditer(marked))]
    if _MARKS.sub("", marked) != text or len(places) != 2 * len(said):
        return []
    spans = [_trimmed(text, *ends) for ends in zip(places[::2], places[1::2], strict=True)]
    return [
        Formula(span, one.tex, one.displayed)
        for one, span in zip(said, spans, strict=True)
        if span.start < span.end
    ]


def _trimmed(text: str, start: int, end: int) -> Span:
    """Without the spaces at its ends, which are there where cleaning took a sign out."""
    inside = text[start:end]
    start += len(inside) - len(inside.lstrip())
    return Span(start, max(start, end - len(inside) + len(inside.rstrip())))


def _marked(said: str) -> str:
    """With marks around it, within the spaces around it."""
    inside = said.strip()
    before, _, after = said.partition(inside)
    return f"{before}{_BEGIN}{inside}{_END}{after}"
