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


class RankedPaper(Shape):
    """A paper of the day, in its place."""

    id: str
    score: float
    """Its nearness to what the reader keeps: an order, no probability; 0 without anything kept."""
    near: str
    """The title of the kept paper that it is near; empty without one."""
    near_id: str
    """That paper's id; empty for one of the BibTeX file."""


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
    ranking: list[RankedPaper]
    """Today's papers, the nearest to what the reader keeps first."""
    unranked: str
    """Why they could not be compared with all that the reader keeps; empty if they were."""
    unmailed: str
    """Why the e-mail did not go out; empty if it did, or none was asked for."""
    out: PathText
    """Where the pages are."""
