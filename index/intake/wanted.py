"""Requests for files and papers of arXiv, and their outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from index.fetch.feeds import Feed
from index.library import Added, PendingPaper
from index.paper import Record
from index.reference import Reference
from index.sources import Source

if TYPE_CHECKING:
    from index.embed import Embedder
    from index.fetch.downloads import Download


Kind = Literal["taken", "skipped", "failed"]


class RemotePreparer(Protocol):
    """What is needed of ``index.intake.cluster.Cluster``: other machines that read."""

    @property
    def papers(self) -> int:
        """The most papers that are on their way at once."""

    def prepare(
        self, received: Iterator[PendingPaper | BaseException], embedder: Embedder
    ) -> Iterator[PendingPaper | BaseException]:
        """Read what was received, in its order."""


class Arxiv(Protocol):
    """The part of ``index.fetch.Fetcher`` that intake uses."""

    def records(self, references: Sequence[Reference]) -> Mapping[Reference, Record]:
        """What arXiv says of papers; those it does not have are missing."""

    def search(self, query: str, limit: int) -> Iterator[Record]:
        """The papers that a query finds, the last submitted first."""

    def today(self, category: str) -> Feed:
        """What was announced last in a category."""

    def since(self, category: str, date: str) -> Iterator[Record]:
        """The papers of a category that are new or changed since a day."""

    def pdf(self, paper: Record) -> Download:
        """The PDF of a version."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file or an arXiv paper to add. ``name`` is what messages show."""

    name: str
    source: Source | None = None
    record: Record | None = None

    @property
    def id(self) -> str | None:
        """The arXiv id without version, where it is known."""
        return self.record.id if self.record else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result for one of them: ``added``, an ``error``, or only the reason against it."""

    wanted: Wanted
    kind: Kind
    reason: str = ""
    added: Added | None = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class ArxivSelection:
    """Which papers of arXiv to add. ``since`` is an ISO date, ``limit`` the most papers."""

    categories: tuple[str, ...] = ()
    query: str = ""
    since: str = ""
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class ArxivQuery:
    """One question to arXiv, and how many papers its answer had; ``date`` is the answer's own."""

    name: str  # a category, or the query
    papers: int
    date: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The papers to add, and the outcomes that need no download."""

    wanted: tuple[Wanted, ...]
    settled: tuple[Outcome, ...]
    asked: tuple[ArxivQuery, ...] = ()
