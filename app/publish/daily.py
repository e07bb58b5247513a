"""The whole job of a day from one file: fetch, add, digest, publish. Safe to run again at any time.

Nothing that one paper meets stops another, and nothing that one question to arXiv meets stops the
pages of what is here. What could not be had is asked for again in later runs. ``pages.json`` has
the list of what is wanted before the first download, so that a run that was killed goes on, too.
The papers of a day are in the order of their nearness to what the reader keeps (``app.interests``).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from app.digest import Language
from app.documents.pages import (
    DailyDigests,
    DailyDone,
    DailyPage,
    FailedPaperShape,
    RankedPaper,
)
from app.interests import interests_of
from app.interests.nearness import Ranked, by_nearness
from app.publish.daily_file import ConfigUnusable, Daily, Query, read_daily
from app.publish.day import day_stem
from app.publish.files import OutputUnusable, write_text
from app.publish.listing import MANIFEST, PublishedFailure, QueryFinds, Waiting, read_published
from app.publish.mail import MailNotSent
from app.publish.mailing import Post, days_due, ids_of_day, mail_days
from app.publish.site import (
    PageFiles,
    Site,
    day_added,
    failed_of,
    papers_of,
    reason_of,
    today,
    write_listed,
    write_page,
)
from app.show.text import plain
from app.write import Writer, write_digests
from index.errors import FetchError, GlossError
from index.intake import ArxivSelection, Outcome, Plan, Wanted, add_all, look_up, plan
from index.reference import parse_reference

if TYPE_CHECKING:
    from app.interests import KeptPaper
    from app.interests.filters import PaperFilter
    from app.publish.listing import Published
    from index.config import Settings
    from index.fetch import Fetcher
    from index.library import PaperRow, Papers

__all__ = [
    "ConfigUnusable",
    "Daily",
    "DailyReport",
    "Query",
    "Voice",
    "daily_done",
    "read_daily",
    "run_daily",
]

_WAITING = "papers of earlier runs"  # as what is asked for is named where arXiv does not answer


@dataclass(slots=True)
class DailyReport:
    """The result of a run. ``unasked`` are the questions that arXiv did not answer."""

    asked: int = 0
    unasked: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    skipped: int = 0
    failed: dict[str, str] = field(default_factory=dict)  # paper to reason
    digests: int = 0
    undigested: dict[str, str] = field(default_factory=dict)
    pages: list[PageFiles] = field(default_factory=list)
    ranked: tuple[Ranked, ...] = ()  # today's papers
    unranked: str = ""  # why they could not be compared with what the reader keeps
    unmailed: str = ""  # why the e-mail did not go out

    @property
    def anything_failed(self) -> bool:
        """Whether somebody should look."""
        return bool(
            self.unasked or self.failed or self.undigested or self.unranked or self.unmailed
        )

    @property
    def out_of_reach(self) -> bool:
        """Whether arXiv answered nothing at all."""
        return bool(self.asked) and len(self.unasked) == self.asked


class Voice:
    """Reports a run: ``stage`` at a stage's end, ``problem`` for a failure. This one is silent."""

    def step(self) -> None:
        """Something is about to begin; what this raises ends the run."""

    def stage(self, line: str) -> None:
        """A stage ended."""

    def problem(self, name: str, why: str, error: Exception | None = None) -> None:
        """Something failed, and the run goes on."""


def run_daily(
    library: Papers,
    arxiv: Fetcher,
    daily: Daily,
    writer: Writer,
    site: Site,
    threads: int,
    voice: Voice,
    settings: Settings,
    mail_file: Path | None = None,
) -> DailyReport:
    """Do all that the file asks for. Raises what no paper survives, such as ``OutputUnusable``.

    The e-mail goes out at the end, or into ``mail_file``: one that fails is reported, and the pages
    are there.

    Pages are written of the days (UTC) on which papers came in, from ``daily.days`` ago to today:
    today's always, another where it is not there, lacks a paper, or its foot is no longer true.
    """
    report = DailyReport()
    _take(library, arxiv, daily, threads, voice, report)
    new = len(report.taken)
    voice.stage(
        f"fetch: {f'{new} taken' if new else 'nothing new'}, "
        f"{report.skipped} skipped, {len(report.failed)} failed"
    )
    wanted = list(_pages_to_write(library, daily))
    _digest(library, writer, wanted, voice, report)
    voice.stage(f"digests: {report.digests} ready, {len(report.undigested)} failed")
    rankings = _rank(library, daily, {page[1] for page in wanted}, settings, voice, report)
    for topic, date, lang, ids in wanted:
        files = write_page(
            library,
            topic,
            daily.out,
            date=date,
            lang=lang,
            writer=writer,
            site=site,
            ids=ids,
            ranked=rankings[date],
            name_near=daily.why_on_pages,
        )
        report.pages.append(files)
    published = read_published(daily.out)
    if site.title:
        published = published.changed(title=plain(site.title))
    write_listed(daily.out, published.without_lost(daily.out), site.pages_url)
    changed = sum(files.changed for files in report.pages)
    voice.stage(f"pages: {changed} changed, {len(report.pages) - changed} as they were")
    if daily.mail_to or mail_file is not None:
        post = Post(settings.mail, mail_file)
        now = datetime.datetime.now(datetime.UTC)
        try:
            voice.stage(mail_days(library, daily, site, writer, rankings, post, now))
        except (MailNotSent, OutputUnusable) as error:
            report.unmailed = plain(str(error))
            voice.problem("mail", report.unmailed, error)
    return report


def _rank(
    library: Papers,
    daily: Daily,
    days: Collection[datetime.date],
    settings: Settings,
    voice: Voice,
    report: DailyReport,
) -> dict[datetime.date, tuple[Ranked, ...]]:
    """The papers of each day of the pages and of the e-mail; by id where there is no telling."""
    rows, published, now = library.papers(), read_published(daily.out), today()
    ids = {
        day: ids_of_day(rows, published, daily, day) for day in {*days, *days_due(published, now)}
    }
    kept: tuple[KeptPaper, ...] = ()
    vectors: dict[str, tuple[float, ...]] = {}
    if any(ids.values()):
        try:
            kept, vectors = interests_of(library, settings, daily.bibtex), library.mean_vectors()
        except GlossError as error:
            report.unranked = plain(str(error))
            voice.problem("ranking", report.unranked, error)
    rankings = {day: by_nearness(there, vectors, kept) for day, there in ids.items()}
    report.ranked = rankings[now]
    return rankings


# What there is, and in


@dataclass(slots=True)
class _ArxivResults:
    """The combined results of the queries to arXiv."""

    wanted: dict[str, Wanted] = field(default_factory=dict)  # by arXiv id
    settled: dict[str, Outcome] = field(default_factory=dict)
    topics: dict[str, set[str]] = field(default_factory=dict)  # the queries that found a paper
    unanswered: tuple[Waiting, ...] = ()  # what was waited for, and could not be asked for

    def take(self, found: Plan, topics: Mapping[str, Iterable[str]] | None = None) -> None:
        for one in found.wanted:
            former = self.wanted.get(one.id or one.name)
            if former is None or _version(one) > _version(former):
                self.wanted[one.id or one.name] = one
        for outcome in found.settled:
            self.settled.setdefault(outcome.wanted.id or outcome.wanted.name, outcome)
        for paper_id, names in (topics or {}).items():
            self.topics.setdefault(paper_id, set()).update(names)

    def drop_unwanted(self, wants: PaperFilter) -> int:
        """Leave out the categories' papers that do not pass; how many these are.

        What a query found passes: it says by itself what is wanted.
        """
        unwanted = [
            key
            for key, one in self.wanted.items()
            if one.record is not None
            and not self.topics.get(one.record.id)
            and not wants.passes(one.record.title, one.record.abstract, one.record.authors)
        ]
        for key in unwanted:
            del self.wanted[key]
        return len(unwanted)


def _version(one: Wanted) -> int:
    return (one.record.version if one.record else None) or 0


def _take(
    library: Papers,
    arxiv: Fetcher,
    daily: Daily,
    threads: int,
    voice: Voice,
    report: DailyReport,
) -> None:
    """Ask arXiv, and take what is new; ``pages.json`` remembers what is not settled by that."""
    day = today()
    published = _recent(read_published(daily.out), day - datetime.timedelta(days=daily.days))
    found = _ask(library, arxiv, daily, published.waiting, voice, report)
    report.skipped += found.drop_unwanted(daily.wants)
    since = {one.id: one.since for one in published.waiting}

    def waiting(ones: Iterable[Wanted]) -> tuple[Waiting, ...]:
        return tuple(
            Waiting(
                id=one.name,
                since=since.get(one.name, day),
                topics=tuple(sorted(found.topics.get(one.id or "", ()))),
            )
            for one in ones
        )

    heard_of = {one.name for one in found.wanted.values()}
    heard_of |= {one.wanted.name for one in found.settled.values()}
    unsettled = tuple(one for one in found.unanswered if one.id not in heard_of)
    # What was had before and could not be read need not be waited for, should this run be killed.
    unread = {one.id for one in published.failures} - {
        known.id for one in published.waiting if (known := parse_reference(one.id))
    }
    untried = (one for one in found.wanted.values() if one.id not in unread)
    published = published.changed(waiting=(*unsettled, *waiting(untried)))
    if published.waiting:
        write_text(daily.out / MANIFEST, published.to_json())

    outcomes = [one for key, one in found.settled.items() if key not in found.wanted]
    wanted = tuple(found.wanted.values())
    outcomes += add_all(library, wanted, threads, arxiv, lambda _: lambda _: voice.step())
    # Of a run that was killed before this line, what it took is here and still waited for.
    library.mark(
        [
            one.added.paper_id
            for one in outcomes
            if one.added and (one.kind == "taken" or one.wanted.name in since)
        ],
        "brought",
    )
    again: list[Wanted] = []
    failures: list[PublishedFailure] = []
    for outcome in outcomes:
        if outcome.kind == "taken":
            report.taken.append(outcome.wanted.name)
        elif outcome.kind == "skipped":
            report.skipped += 1
        else:
            name = outcome.wanted.name
            reason = plain(outcome.reason)
            report.failed[name] = reason
            voice.problem(name, reason, outcome.error)
            failures.append(_failure(outcome, day, found.topics))
            if isinstance(outcome.error, FetchError):
                again.append(outcome.wanted)
    rows = library.papers()
    here = {row.id for row in rows if row.status == "ok"}
    new = {(one.id, one.date) for one in failures}
    former = (one for one in published.failures if (one.id, one.date) not in new)
    published = published.changed(
        waiting=(*unsettled, *waiting(again)),
        failures=tuple(one for one in (*former, *failures) if one.id not in here),
        found=_found(published, daily, rows, found.topics, day),
    )
    write_text(daily.out / MANIFEST, published.to_json())


def _ask(
    library: Papers,
    arxiv: Fetcher,
    daily: Daily,
    waiting: Sequence[Waiting],
    voice: Voice,
    report: DailyReport,
) -> _ArxivResults:
    """Each question by itself: what one meets keeps nobody from asking the next.

    A refusal ends the run: after it, or after a request to wait, arXiv is not asked again.
    """
    found = _ArxivResults(unanswered=tuple(waiting))
    references = {known: one for one in waiting if (known := parse_reference(one.id)) is not None}
    for reference, one in references.items():
        found.topics.setdefault(reference.id, set()).update(one.topics)
    questions: list[tuple[str, str, Callable[[], Plan]]] = []
    if references:
        questions.append((_WAITING, "", lambda: look_up(library, arxiv, tuple(references))))
    for category in daily.categories:
        selection = ArxivSelection((category,), limit=daily.limit)
        questions.append((category, "", _planned(library, arxiv, selection)))
    for query in daily.queries:
        selection = ArxivSelection((), query.query, limit=query.limit or daily.limit)
        questions.append((query.name, query.name, _planned(library, arxiv, selection)))
    refused = False
    for name, topic, ask in questions:
        report.asked += 1
        if refused:
            report.unasked.append(name)
            continue
        try:
            brought = ask()
        except FetchError as error:
            report.unasked.append(name)
            voice.problem(name, plain(str(error)), error)
            refused = error.status in (403, 429)
            continue
        if name == _WAITING:
            found.unanswered = ()
        ids = [*(one.id for one in brought.wanted), *(one.wanted.id for one in brought.settled)]
        found.take(brought, {one: [topic] for one in ids if one} if topic else {})
    return found


def _planned(library: Papers, arxiv: Fetcher, selection: ArxivSelection) -> Callable[[], Plan]:
    return lambda: plan(library, arxiv, selection)


def _recent(published: Published, first: datetime.date) -> Published:
    """Without what is remembered of days before ``first``; pages stay."""
    return published.changed(
        waiting=tuple(one for one in published.waiting if one.since >= first),
        failures=tuple(one for one in published.failures if one.date >= first),
        found=tuple(one for one in published.found if one.date >= first),
        mailed=tuple(one for one in published.mailed if one.date >= first),
    )


def _failure(
    outcome: Outcome, day: datetime.date, topics: Mapping[str, Iterable[str]]
) -> PublishedFailure:
    record, added = outcome.wanted.record, outcome.added
    paper_id = added.paper_id if added else outcome.wanted.id or outcome.wanted.name
    reason = outcome.reason if outcome.error is None else reason_of(outcome.error)
    return PublishedFailure(
        id=paper_id,
        date=day,
        reason=plain(reason),
        title=plain(record.title) if record else "",
        categories=record.categories if record else (),
        topics=tuple(sorted(topics.get(outcome.wanted.id or "", ()))),
    )


def _found(
    published: Published,
    daily: Daily,
    rows: Sequence[PaperRow],
    topics: Mapping[str, set[str]],
    day: datetime.date,
) -> tuple[QueryFinds, ...]:
    """What each query found, by the day on which it came in, with what was known of that before."""
    first = day - datetime.timedelta(days=daily.days)
    ids = {(one.topic, one.date): set(one.ids) for one in published.found}
    for row in rows:
        if row.status == "ok" and day_added(row) >= first:
            for topic in topics.get(row.id, ()):
                ids.setdefault((topic, day_added(row)), set()).add(row.id)
    return tuple(
        QueryFinds(topic=topic, date=date, ids=tuple(sorted(ids[topic, date])))
        for topic, date in sorted(ids)
    )


# Digests and pages

_Page = tuple[str, datetime.date, Language, "frozenset[str] | None"]


def _pages_to_write(library: Papers, daily: Daily) -> Iterator[_Page]:
    """Topic, day, language, and the ids where a query's page is meant; the earliest day first."""
    published, rows, now = read_published(daily.out), library.papers(), today()
    first = now - datetime.timedelta(days=daily.days)
    days = sorted({day_added(row) for row in rows if row.status == "ok"})
    for day in (one for one in days if one >= first):
        for topic, is_query in daily.topics():
            ids = published.found_by(topic, day) if is_query else None
            here = {row.id for row in papers_of(rows, topic, day, ids)}
            foot = {one.id for one in failed_of(rows, published, topic, day, ids)}
            for lang in daily.languages if here else ():
                page = published.page(day_stem(topic, day, lang))
                listed = {one.id for one in page.papers} if page else set()
                if day == now or not here <= listed or page is None or foot != set(page.failed):
                    yield topic, day, lang, ids


def _digest(
    library: Papers, writer: Writer, pages: Sequence[_Page], voice: Voice, report: DailyReport
) -> None:
    """Write the digests that the pages need, so that each is reported once."""
    rows = library.papers()
    wanted = dict.fromkeys(
        (row.id, lang)
        for topic, day, lang, ids in pages
        for row in papers_of(rows, topic, day, ids)
    )
    for written in write_digests(library, wanted, writer):
        voice.step()
        if written.error is None:
            report.digests += 1
        else:
            why = reason_of(written.error)
            report.undigested[written.paper_id] = why
            voice.problem(written.paper_id, why, written.error)


def daily_done(report: DailyReport, out: Path) -> DailyDone:
    """What ``gloss daily`` says to programs."""

    def failures(found: Mapping[str, str]) -> list[FailedPaperShape]:
        return [FailedPaperShape(id=name, reason=why) for name, why in found.items()]

    return DailyDone.of(
        report,
        failed=failures(report.failed),
        unanswered=report.unasked,
        digests=DailyDigests(ready=report.digests, failed=failures(report.undigested)),
        pages=[
            DailyPage.of(files, papers=files.paper_ids, failed=[one.id for one in files.failed])
            for files in report.pages
        ],
        ranking=[
            RankedPaper(
                id=one.paper_id,
                score=one.score,
                near=one.near.title if one.near else "",
                near_id=one.near.paper_id if one.near else "",
            )
            for one in report.ranked
        ],
        unranked=report.unranked,
        unmailed=report.unmailed,
        out=out,
    )
