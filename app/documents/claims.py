"""A checked sentence with the words that it rests on, and where they are."""

from __future__ import annotations

from pydantic import Field

from app.digest import Origin
from app.documents import Points, Shape, is_empty


class BoxShape(Shape):
    """A rectangle on a page of a PDF."""

    page: int
    """The page, from 1."""
    x0: Points
    """Left edge, in points."""
    y0: Points
    """Top edge, in points from the top of the page."""
    x1: Points
    """Right edge, in points."""
    y1: Points
    """Bottom edge, in points from the top of the page."""


class SupportShape(Shape):
    """Whether the cited words carry the sentence."""

    score: float
    """From 0 to 1; 1 for words that stand in the paper as they are."""
    verdict: str
    """`supported`, for what is published."""


class SpanShape(Shape):
    """A place in the paper's text, in characters."""

    start: int
    """The first character, from 0."""
    end: int
    """One after the last character."""


class CitationShape(Shape):
    """The words of a paper that a sentence rests on."""

    passage_id: str
    """The passage that they stand in."""
    quote: str
    """The words, exactly as the paper has them."""
    span: SpanShape
    """Where they are in the paper's text."""
    page: int | None
    """The page where they begin, from 1; null for a paper that is no PDF."""
    boxes: list[BoxShape]
    """Where they are on the pages, one box a printed line; empty for a paper that is no PDF."""


class ClaimShape(Shape):
    """A checked sentence with the words that it rests on."""

    text: str
    """The sentence."""
    origin: Origin
    """`quoted` as the paper has it, or `compressed` or `translated` by a language model."""
    citations: list[CitationShape]
    """The words that it rests on; never empty."""
    support: SupportShape
    """Whether those words carry it."""
    english: str = Field(default="", exclude_if=is_empty)
    """Of a translated sentence only: the checked sentence that it says in Chinese."""
