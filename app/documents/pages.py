"""The result of writing pages, and of a day's whole job."""

from __future__ import annotations

from app.documents import PathText, Shape


class FailedPaperShape(Shape):
    """A paper that failed."""

    id: str
    """The paper's."""
    reason: str
    """Why."""


class PageWritten(Shape):
    """The result of ``gloss page``."""

    papers: list[str]
    """Those on the page, by id."""
    markdown: PathText
    html: PathText
    failed: list[FailedPaperShape]
    """Those at the page's foot."""
    index: PathText
    """The list of all pages."""
    feed: PathText
    """The same for feed readers."""
    changed: bool
    """Whether a byte of the page did."""


class DailyPage(Shape):
    """A page of a day's job."""

    html: PathText
    markdown: PathText
    papers: list[str]
    """Those on the page, by id."""
    failed: list[str]
    """Those at the page's foot, by id."""
    changed: bool
    """Whether a byte of it did."""


class DailyDigests(Shape):
    """The digests of a day's job."""

    ready: int
    """How many there are."""
    failed: list[FailedPaperShape]
    """Those that could not be written."""


class DailyDone(Shape):
    """The result of ``gloss daily``."""

    taken: list[str]
    """Papers that came in."""
    skipped: int
    """Papers that were here already, or not wanted."""
    failed: list[FailedPaperShape]
    """Papers that could not be had or read."""
    unanswered: list[str]
    """The questions that arXiv did not answer."""
    digests: DailyDigests
    pages: list[DailyPage]
    """The earliest day first."""
    out: PathText
    """Where the pages are."""
