"""The title as text, and the spans of the affiliations in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.read.front.places import MARKS, AffiliationText
from index.read.front.title import subtitle_place, without_mark
from index.read.page.letters import unreadable
from index.read.page.pages import Line, PageWord
from index.read.text.compose import Composer
from index.spans import Span

_AROUND = " ,;&(.):—–\u2009\u200a\u200b\n"  # stripped from the ends of an affiliation
_TRAILING_AND = re.compile(r"[\s,;]+and\W*$")
UNREADABLE = 0.1  # of a title's characters: with more that cannot be read it is none


def title_of(composer: Composer, text: str, lines: Sequence[Line]) -> str:
    """The title's lines as one, hyphens at their ends undone where they were set as one block, a
    colon before a subtitle, and no footnote's mark.
    """
    if not lines:
        return ""
    place = subtitle_place(lines)
    title = without_mark(_said(composer, text, lines[:place]), lines[:place])
    if place == len(lines) or not title:
        return title
    subtitle = without_mark(_said(composer, text, lines[place:]), lines[place:])
    return f"{title}: {subtitle}"


def _said(composer: Composer, text: str, lines: Sequence[Line]) -> str:
    span = composer.span_of([word for line in lines for word in line.words])
    said = span.of(text) if span is not None else " ".join(line.text for line in lines)
    return "" if unreadable(said) > UNREADABLE * len(said) else " ".join(said.split())


def spans_of_places(
    composer: Composer, text: str, places: Sequence[AffiliationText]
) -> tuple[tuple[Span, ...], list[list[int]]]:
    """The spans of the affiliations in the text, and for each affiliation the numbers of its spans.

    A place whose lines went apart has several.
    """
    spans: list[Span] = []
    known: dict[str, int] = {}
    numbers: list[list[int]] = []
    for place in places:
        numbers.append([])
        for run in _runs(composer, place):
            span = _trimmed(run, text, 0 if numbers[-1] else place.marker)
            if span is None:
                continue
            said = " ".join(span.of(text).split())
            if said not in known:  # "Google Brain" may be under each of its authors
                known[said] = len(spans)
                spans.append(span)
            numbers[-1].append(known[said])
    return tuple(spans), numbers


def _runs(composer: Composer, place: AffiliationText) -> list[Span]:
    """The stretches of text that the words of a place went to."""
    whole = composer.span_of(place.words)
    if whole is not None:
        return [whole]
    runs: list[list[PageWord]] = []
    for word in place.words:
        if runs and composer.span_of([*runs[-1], word]) is not None:
            runs[-1].append(word)
        else:
            runs.append([word])
    spans = (composer.span_of(run) for run in runs)
    return [span for span in spans if span is not None]


def _trimmed(span: Span, text: str, marker: int) -> Span | None:
    """Without its marker and the punctuation around it; None if little is left."""
    if marker and text.startswith("^", span.start):  # as it was written: "^1" or "^(1,2)"
        marker += 3 if text.startswith("^(", span.start) else 1
    said = text[span.start + marker : span.end]
    end = span.start + marker + len(_TRAILING_AND.sub("", said).rstrip(_AROUND + MARKS))
    start = span.end - len(said.lstrip(_AROUND))
    if text[end : end + 1] == ")" and text.count("(", start, end) > text.count(")", start, end):
        end += 1  # "United States of America (USA)"
    if text[span.start : end].endswith((" Inc", " Corp", " Ltd", " Co")) and end < span.end:
        end += 1
    return Span(start, end) if sum(c.isalpha() for c in text[start:end]) > 1 else None
