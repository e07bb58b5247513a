"""The result of adding files, and of fetching what is new on arXiv."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import AfterValidator, Field

from app.documents import Shape

Seconds = Annotated[float, AfterValidator(partial(round, ndigits=3))]


class AddedSource(Shape):
    """The result of one source."""

    source: str
    """The file, or arXiv's id."""
    id: str | None = None
    """The paper's, or the failed file's, in the library; null for what did not get that far."""
    status: str
    """`ok`, why the file is no paper, or `not-found`, `not-fetched`, `withdrawn`."""
    reason: str
    """A line on the status."""
    passages: int = 0
    """How many can be found of it."""
    seconds: dict[str, Seconds] = Field(default_factory=dict)
    """By stage: `read`, `split`, `embed`, `store`, as far as it got."""


class AddedSources(Shape):
    """The result of all sources."""

    added: list[AddedSource]
    """Those that were not found first."""


class FetchedPaper(Shape):
    """The result of a paper that is on arXiv."""

    id: str | None
    """In the library, or arXiv's."""
    version: int | None
    """arXiv's."""
    title: str
    """arXiv's; empty if arXiv has not reported one."""
    passages: int | None
    """How many can be found of it; null where it was not read."""
    reason: str
    """Why it was skipped or failed."""


class ArxivAnswer(Shape):
    """One question to arXiv."""

    name: str
    """A category, or the query."""
    papers: int
    """How many the answer had."""
    date: str | None
    """The answer's own."""


class ArxivAsked(Shape):
    """What was asked for."""

    categories: list[str]
    """As `cs.CV`."""
    query: str | None
    """In arXiv's language."""
    since: str | None
    """The first day."""
    limit: int | None
    """The most papers to take."""
    dry_run: bool
    """Whether nothing was to be taken."""
    answers: list[ArxivAnswer]
    """One for each question."""


class Fetched(Shape):
    """The result of all papers, and what was asked for."""

    taken: list[FetchedPaper]
    """Into the library, or would be with ``--dry-run``."""
    skipped: list[FetchedPaper]
    """Here already, or not wanted."""
    failed: list[FetchedPaper]
    """Not had, or not readable."""
    asked: ArxivAsked
