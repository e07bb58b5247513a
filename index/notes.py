"""The reader's own notes and tags, on papers and on words of papers."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from index.errors import GlossError
from index.paper import Paper
from index.spans import Span

NOTE_MOST = 20_000  # characters of a note: ten pages
QUOTE_MOST = 5_000  # characters of the words that a note is on: longer than any sentence
TAG_MOST = 100  # characters of a tag

Where = Literal["here", "gone", "removed"]


class NoteUnusable(GlossError):
    """A note or a tag that cannot be stored."""


class NoteNotFound(NoteUnusable):
    """There is no such note, or no such tag where one was to be taken away."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Words of a paper as they were when a note was made on them.

    They are kept as words, not as a place, so that they are found in another version of the paper.
    """

    quote: str
    page: int | None  # from 1; None for a paper without pages
    start: int  # the first character in the text of that version
    version: int | None  # arXiv's, where known


@dataclass(frozen=True, slots=True)
class Note:
    """What the reader wrote. ``number`` is its own in the library; times are ISO, UTC."""

    number: int
    text: str
    made: str
    changed: str


@dataclass(frozen=True, slots=True)
class Place:
    """A paper, or words of one, with the reader's notes and tags."""

    number: int
    paper_key: str  # the paper's id without a version
    title: str  # the paper's, as last known
    anchor: Anchor | None  # None: the paper itself
    removed: bool  # whether the paper was taken out of the library
    notes: tuple[Note, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Located:
    """A place as it is in the paper now: ``here`` with its span, or why it has none.

    ``gone``: the words are not in the paper any more; ``removed``: the paper is not here.
    """

    place: Place
    paper_id: str
    where: Where
    span: Span | None = None  # None for the paper itself, too
    page: int | None = None  # where the words are now; of words that are gone where they were


def anchor_of(paper: Paper, span: Span) -> Anchor:
    """The anchor of a span. Raises ``NoteUnusable`` where it has no words, or too many."""
    quote = span.of(paper.text)
    if not quote.strip() or len(quote) > QUOTE_MOST:
        raise NoteUnusable(f"{paper.id}: a note is on 1 to {QUOTE_MOST} characters of the paper")
    boxes = paper.boxes(span)
    return Anchor(quote, boxes[0].page if boxes else None, span.start, paper.version)


def occurrences(quote: str, paper: Paper) -> list[Span]:
    """Where words are in a paper, however its lines are broken; in order, without overlap."""
    words = quote.split()
    if not words:
        return []
    pattern = r"\s+".join(map(re.escape, words))
    return [Span(*found.span()) for found in re.finditer(pattern, paper.text)]


def locate(anchor: Anchor, paper: Paper) -> Span | None:
    """Where the words of an anchor are in a paper, which may be another version; None: nowhere.

    Of several places it is the one on the page, and then nearest to the character, where they were.
    """

    def distance(span: Span) -> tuple[int, int]:
        boxes = paper.boxes(span)
        pages = 0 if anchor.page is None or not boxes else abs(boxes[0].page - anchor.page)
        return pages, abs(span.start - anchor.start)

    return min(occurrences(anchor.quote, paper), key=distance, default=None)


def tag_name(name: str) -> str:
    """A tag as it is stored: one line, without ends. Raises ``NoteUnusable`` for what is none."""
    tag = " ".join(name.split())
    if not any(one.isalnum() for one in tag) or len(tag) > TAG_MOST or not tag.isprintable():
        raise NoteUnusable(f"a tag is one line of 1 to {TAG_MOST} letters, digits and signs")
    return tag


def note_text(text: str) -> str:
    """A note as it is stored. Raises ``NoteUnusable`` for an empty or a long one."""
    text = text.strip()
    if not text or len(text) > NOTE_MOST:
        raise NoteUnusable(f"a note has 1 to {NOTE_MOST:,} characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NoteUnusable("a note is Unicode: this one has half of a character") from None
    return text


def matches(place: Place, query: str) -> bool:
    """Whether every word of a query is in the notes, tags or words of a place, in any case."""
    quote = place.anchor.quote if place.anchor is not None else ""
    return _has_all(query.split(), [_said(place), quote, place.title])


def says(place: Place, words: Collection[str]) -> bool:
    """Whether the reader's own words on a place, notes and tags, have all of these, in any case."""
    return _has_all(words, [_said(place)])


def _said(place: Place) -> str:
    return " ".join([*(note.text for note in place.notes), *place.tags])


def _has_all(words: Collection[str], texts: Collection[str]) -> bool:
    folded = " ".join(texts).casefold()
    return all(word.casefold() in folded for word in words)
