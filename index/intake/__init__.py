"""Papers in, many at a time: what arXiv announced or people named, read ahead, taken in order.

What is worth having is settled before anything is downloaded (``look_up``, ``plan``). Then threads
download and read some papers ahead while one is embedded and stored (``add_all``), always in the
order in which they were asked for, so that the same papers give the same library.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal, Protocol

from index.catalog import KnownVersion
from index.errors import FetchError, GlossError, SourceNotFound
from index.fetch.feeds import Feed, category_spelling
from index.library import Added, HeldPaper, Papers, PendingPaper, Progress
from index.paper import Record
from index.reference import Reference
from index.sources import Source

if TYPE_CHECKING:
    from index.embed import Embedder
    from index.fetch.downloads import Download

Kind = Literal["taken", "skipped", "failed"]

# How many results of a query are looked at: without a limit or a date only the newest, one request;
# else as far as it takes to find what is new.
QUERY_FIRST = 100
QUERY_MOST = 2000
# Days from a submission to its announcement, at most: a weekend with holidays around it.
ANNOUNCED_WITHIN = timedelta(days=7)
# Downloads in a row that arXiv did not answer, or seconds that it asks to wait, after which it is
# not asked for the rest.
GIVE_UP = 3
HOLD_MOST = 60


class Elsewhere(Protocol):
    """What is needed of ``index.intake.cluster.Cluster``: other machines that read."""

    @property
    def papers(self) -> int:
        """The most papers that are on their way at once."""

    def prepare(
        self, received: Iterator[PendingPaper | BaseException], embedder: Embedder
    ) -> Iterator[PendingPaper | BaseException]:
        """Read what was received, in its order."""


class Arxiv(Protocol):
    """What is needed of ``index.fetch.Fetcher``."""

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
    """Something to be added: a file, or a paper on arXiv. ``name`` is what people are told."""

    name: str
    source: Source | None = None
    record: Record | None = None

    @property
    def id(self) -> str | None:
        """The arXiv id without version, where it is known."""
        return self.record.id if self.record else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one of them: ``added``, or an ``error``, or only the reason why not."""

    wanted: Wanted
    kind: Kind
    reason: str = ""
    added: Added | None = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of arXiv. ``since`` is an ISO date, ``limit`` the most papers to take."""

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
    """What is to be taken, and what is settled without a download."""

    wanted: tuple[Wanted, ...]
    settled: tuple[Outcome, ...]
    asked: tuple[ArxivQuery, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A paper that came up. ``passed_over`` says why it is not taken unless it is here already."""

    id: str
    version: int
    title: str
    record: Record | None = None
    passed_over: str = ""

    @property
    def wanted(self) -> Wanted:
        """As something to be added, with what is known of it."""
        reference = Reference(self.id, self.version)
        known = self.record or Record(self.id, self.version, self.title, (), "", "", "", ())
        return Wanted(str(reference), record=known)


# What people named.


def look_up(library: Papers, arxiv: Arxiv, references: Sequence[Reference]) -> Plan:
    """The records of papers on arXiv, and which of them are to be fetched.

    What the library has with arXiv's record, or newer, is not fetched again. Raises ``FetchError``.
    """
    records = arxiv.records(references)
    library.record_versions(_heard(records.values()))
    wanted: list[Wanted] = []
    settled: list[Outcome] = []
    seen: set[tuple[str, int]] = set()
    for reference in dict.fromkeys(references):
        record = records.get(reference)
        if record is None or record.version is None:
            missing = SourceNotFound(str(reference), "arXiv has no such paper or version")
            settled.append(Outcome(Wanted(str(reference)), "failed", missing.why, error=missing))
            continue
        if (record.id, record.version) in seen:  # "2407.03300" and "2407.03300v2"
            continue
        seen.add((record.id, record.version))
        one = Wanted(str(reference), record=record)
        held = library.find_arxiv(record.id)
        here = held is not None and held.version is not None and (
            held.version > record.version or (held.version == record.version and held.recorded)
        )  # fmt: skip
        if held is not None and (here or record.withdrawn):
            said = _held_reason(held, record.id, record.version, record.withdrawn)
            added = Added(held.paper_id, "ok", said, held.passages, {}, False)
            settled.append(Outcome(one, "skipped", said or "already here", added))
        elif record.withdrawn:
            settled.append(Outcome(one, "skipped", _withdrawn(record)))
        else:
            wanted.append(one)
    return Plan(tuple(wanted), tuple(settled))


def _held_reason(held: HeldPaper, arxiv_id: str, version: int, withdrawn: bool) -> str:
    """Why a paper that the library has stays as it is; empty where it is simply the same."""
    if withdrawn:
        kept = f"version {held.version}" if held.version else "what is here"
        return f"withdrawn on arXiv; {kept} is kept"
    if held.version is not None and held.version > version:
        return f"kept version {held.version}: version {version} does not replace it"
    is_alias = not held.paper_id.startswith(arxiv_id)
    return f"same file as {held.paper_id}" if is_alias else ""


def _withdrawn(record: Record) -> str:
    return f"withdrawn on arXiv: {record.comment}" if record.comment else "withdrawn on arXiv"


def _heard(records: Iterable[Record]) -> list[KnownVersion]:
    return [
        KnownVersion(one.id, one.version, one.withdrawn)
        for one in records
        if one.version is not None
    ]


# What arXiv has to offer.


def plan(library: Papers, arxiv: Arxiv, wish: Wish, *, dry_run: bool = False) -> Plan:
    """Ask arXiv what there is, and settle what of it is worth downloading. Raises ``FetchError``.

    Of a category, what was announced last; since a date, what OAI-PMH has. New versions are taken
    of papers that the library has, and are remembered in any case unless it is a ``dry_run``.
    """
    candidates: dict[str, _Candidate] = {}
    asked: list[ArxivQuery] = []
    heard: list[KnownVersion] = []

    def offer(candidate: _Candidate) -> None:
        # A replacement in one category may be new, as a cross-list, in another.
        former = candidates.get(candidate.id)
        rank = (candidate.version, not candidate.passed_over)
        if former is None or rank > (former.version, not former.passed_over):
            candidates[candidate.id] = candidate

    for category in dict.fromkeys(map(category_spelling, wish.categories)):
        papers = 0
        if wish.since:
            for record in arxiv.since(category, wish.since):
                papers += 1
                heard += _heard([record])
                offer(_changed(record, wish.since))
            asked.append(ArxivQuery(category, papers))
        else:
            feed = arxiv.today(category)
            for one in feed.announcements:
                heard.append(KnownVersion(one.id, one.version))
                why = ""
                if one.kind.startswith("replace"):
                    why = "a replacement of a paper that is not in the library"
                offer(_Candidate(one.id, one.version, one.title, None, why))
            asked.append(ArxivQuery(category, len(feed.announcements), feed.published))
    if wish.query:
        papers = 0
        for record in _found(arxiv, wish, library, candidates):
            papers += 1
            heard += _heard([record])
            offer(_Candidate(record.id, record.version or 1, record.title, record))
        asked.append(ArxivQuery(wish.query, papers))

    settled: list[Outcome] = []
    chosen: list[_Candidate] = []
    for candidate in candidates.values():
        why = _not_taken(library, candidate)
        if why:
            settled.append(Outcome(candidate.wanted, "skipped", why))
        else:
            chosen.append(candidate)
    records = _records_of(arxiv, [one for one in chosen if one.record is None])
    wanted: list[Wanted] = []
    for candidate in chosen:
        said = candidate.record or records.get(Reference(candidate.id, candidate.version))
        paper = replace(candidate, record=said).wanted
        if said is None:
            missing = SourceNotFound(paper.name, "arXiv announced it and has no record of it")
            settled.append(Outcome(paper, "failed", missing.why, error=missing))
            continue
        heard += _heard([said])
        held = library.find_arxiv(said.id)
        if said.withdrawn:
            why = _held_reason(held, said.id, candidate.version, True) if held else ""
            settled.append(Outcome(paper, "skipped", why or _withdrawn(said)))
        elif wish.limit is not None and len(wanted) >= wish.limit:
            settled.append(Outcome(paper, "skipped", f"beyond --limit {wish.limit}"))
        else:
            wanted.append(paper)
    if not dry_run:
        library.record_versions(heard)
    return Plan(tuple(wanted), tuple(settled), tuple(asked))


def _changed(record: Record, since: str) -> _Candidate:
    """A record of OAI-PMH, which lists a paper anew whenever anything about it changes."""
    why = ""
    if _is_old(record, since):
        what = "a replacement of" if (record.version or 1) > 1 else "a change to the record of"
        why = f"{what} a paper that is not in the library"
    return _Candidate(record.id, record.version or 1, record.title, record, why)


def _is_old(record: Record, since: str) -> bool:
    """Whether a paper was there before ``since``: submitted long enough before to be announced."""
    try:
        submitted = date.fromisoformat(record.published)
    except ValueError:
        return False
    return submitted + ANNOUNCED_WITHIN < date.fromisoformat(since)


def _found(
    arxiv: Arxiv, wish: Wish, library: Papers, candidates: Mapping[str, _Candidate]
) -> Iterator[Record]:
    """What the query finds: the newest hundred; where there is a limit or a date, as far as that.

    The last submitted come first, so the first one from before the date ends it.
    """
    fresh = sum(not _not_taken(library, one) for one in candidates.values())
    further = wish.limit is not None or wish.since
    most = QUERY_MOST if further else QUERY_FIRST
    for number, record in enumerate(arxiv.search(wish.query, most)):
        if wish.since and record.published < wish.since:
            return
        if number >= QUERY_FIRST and wish.limit is not None and fresh >= wish.limit:
            return
        one = _Candidate(record.id, record.version or 1, record.title, record)
        fresh += record.id not in candidates and not _not_taken(library, one)
        yield record


def _not_taken(library: Papers, candidate: _Candidate) -> str:
    """Why a paper that came up is not taken; empty if it is, as far as is known."""
    held = library.find_arxiv(candidate.id)
    if candidate.record is not None and candidate.record.withdrawn:
        if held is not None:
            return _held_reason(held, candidate.id, candidate.version, True)
        return _withdrawn(candidate.record)
    if held is None:
        return candidate.passed_over
    if held.version is not None and held.version >= candidate.version:
        said = _held_reason(held, candidate.id, candidate.version, False)
        return said or "already here"
    return ""


def _records_of(arxiv: Arxiv, candidates: Sequence[_Candidate]) -> Mapping[Reference, Record]:
    if not candidates:
        return {}
    return arxiv.records([Reference(one.id, one.version) for one in candidates])


# In.


def add_all(
    library: Papers,
    wanted: Sequence[Wanted],
    threads: int,
    arxiv: Arxiv | None = None,
    progress: Callable[[str], Progress] | None = None,
    cluster: Elsewhere | None = None,
) -> Iterator[Outcome]:
    """Add papers in their order, reading some ahead; each outcome comes once it is certain.

    ``threads`` download and read while the caller's thread embeds and stores; they are at most
    twice their number ahead. What fails one paper stops no other; an error that none would survive
    (of the library, the model, the store) is raised. Whoever stops iterating stops them: what was
    not yielded, or was being stored just then, is not in the library.

    A ``cluster`` reads and embeds in their place; what it gives back is taken in the same way.
    """
    downloads = _Downloads(arxiv)

    def read(one: Wanted) -> PendingPaper:
        source = one.source
        stage = None
        if progress is not None:
            stage = progress(source.path.name if source is not None else one.name)
        if source is None:
            assert one.record is not None
            if stage is not None:
                stage("download")
            source = Source(downloads.path(one.record), one.name)
        if cluster is not None:
            return library.receive(source, stage, one.record)
        return library.prepare(source, stage, one.record)

    ahead = _Ahead(wanted, read, threads, 2 * (threads if cluster is None else cluster.papers))
    results = (ahead.result(number) for number in range(len(wanted)))
    prepared: Iterator[PendingPaper | BaseException] = results
    if cluster is not None and wanted:
        prepared = cluster.prepare(results, library.embedder)
    try:
        for one, result in zip(wanted, prepared, strict=True):
            try:
                if isinstance(result, BaseException):
                    raise result
                added = library.commit(result)
            except (SourceNotFound, FetchError) as error:
                why = error.why if isinstance(error, SourceNotFound) else str(error)
                yield Outcome(one, "failed", why, error=error)
            except GlossError:
                raise
            except Exception as error:  # a bug that one paper meets stops no other
                yield Outcome(one, "failed", f"{type(error).__name__}: {error}", error=error)
            else:
                yield _outcome(one, added)
    finally:
        if isinstance(prepared, Generator):
            prepared.close()
        ahead.stop()


def _outcome(one: Wanted, added: Added) -> Outcome:
    if added.status != "ok":
        return Outcome(one, "failed", f"{added.status}: {added.reason}", added)
    if not added.changed:
        return Outcome(one, "skipped", added.reason or "already here", added)
    return Outcome(one, "taken", added.reason, added)


class _Downloads:
    """PDFs one by one; none any more once arXiv has refused, or keeps silent."""

    def __init__(self, arxiv: Arxiv | None) -> None:
        self._arxiv = arxiv
        self._lock = threading.Lock()
        self._silent = 0
        self._refused: FetchError | None = None

    def path(self, record: Record) -> Path:
        """Where the PDF of a record is. Raises ``FetchError``."""
        if self._arxiv is None:
            raise ValueError("papers on arXiv need somebody who fetches them")
        with self._lock:
            if self._refused is not None:
                asked = f"the PDF of {Reference(record.id, record.version)}"
                came = f"not asked for, since {self._refused.came}"
                raise FetchError(asked, came, self._refused.advice, status=self._refused.status)
            try:
                path = self._arxiv.pdf(record).path
            except FetchError as error:
                status = error.status
                unanswered = status is None or status == 429 or status >= 500
                self._silent = self._silent + 1 if unanswered else 0
                hold = error.retry_after or 0
                if status == 403 or hold > HOLD_MOST or self._silent >= GIVE_UP:
                    self._refused = error
                raise
            self._silent = 0
            return path


class _Ahead:
    """Threads that read what is wanted, in order, a bounded way ahead of whoever takes it.

    They are daemons: one that waits for arXiv does not keep a program from ending.
    """

    def __init__(
        self,
        wanted: Sequence[Wanted],
        read: Callable[[Wanted], PendingPaper],
        threads: int,
        most: int,
    ) -> None:
        self._wanted = wanted
        self._read = read
        self._most = most
        self._changed = threading.Condition()
        # Waiting for one of these is one step, which an interrupt ends cleanly; a condition's wait
        # is several, and may end in an error of the lock in place of the interrupt.
        self._done: list[SimpleQueue[PendingPaper | BaseException]] = [
            SimpleQueue() for _ in wanted
        ]
        self._next = 0  # to be read
        self._asked = 0  # for what is being waited, or taken
        self._stopped = False
        for _ in range(min(threads, len(wanted))):
            threading.Thread(target=self._work, daemon=True).start()

    def result(self, number: int) -> PendingPaper | BaseException:
        """The one of that number, once it is read, or what reading it raised."""
        with self._changed:
            self._asked = number
            self._changed.notify_all()
        return self._done[number].get()

    def stop(self) -> None:
        """Begin nothing any more, and throw away what was read and not taken."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            for queue in self._done:
                with suppress(Empty):
                    left = queue.get_nowait()
                    if isinstance(left, PendingPaper):
                        left.close()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._stopped and self._next >= self._asked + self._most:
                    self._changed.wait()
                number = self._next
                if self._stopped or number >= len(self._wanted):
                    return
                self._next += 1
            result: PendingPaper | BaseException
            try:
                result = self._read(self._wanted[number])
            except BaseException as error:  # whoever asks for it is told
                result = error
            with self._changed:
                if not self._stopped:
                    self._done[number].put(result)
                    continue
            if isinstance(result, PendingPaper):
                result.close()
