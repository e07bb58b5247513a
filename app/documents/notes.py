"""The reader's own notes and tags."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from app.documents import Shape
from app.documents.claims import SpanShape
from index.notes import Located


class NoteShape(Shape):
    """A note."""

    number: int
    """Its own in the library, by which it is changed and deleted."""
    text: str
    """What the reader wrote."""
    made: str
    """ISO, UTC."""
    changed: str
    """ISO, UTC."""


class PlaceShape(Shape):
    """A paper, or words of one, with notes and tags."""

    paper: str
    """The paper's id."""
    title: str
    """The paper's, as last known."""
    quote: str
    """The words that they are on; empty for the paper itself."""
    page: int | None
    """Where the words are, from 1; where they were, if they are not there any more."""
    span: SpanShape | None
    """Where they are in the paper's text."""
    where: Literal["here", "gone", "removed"]
    """`gone`: its words are no longer in this version; `removed`: the paper was taken out."""
    notes: list[NoteShape]
    """In the order in which they were written."""
    tags: list[str]
    """By name."""


class PlaceList(Shape):
    """Papers and words with the reader's notes and tags."""

    places: list[PlaceShape]
    """By paper, each paper before its words."""


def place_shape(one: Located) -> PlaceShape:
    """A place as all interfaces say it."""
    anchor = one.place.anchor
    return PlaceShape.of(
        one.place,
        paper=one.paper_id,
        quote=anchor.quote if anchor is not None else "",
        page=one.page,
        span=one.span,
        where=one.where,
        tags=list(one.place.tags),
    )


def place_list(found: Iterable[Located]) -> PlaceList:
    """Places as all interfaces say them."""
    return PlaceList(places=[place_shape(one) for one in found])
