"""Visitors of a public instance: a desk for each, and nobody's papers are another's to see.

All read and search the library that they share. From the first paper that a visitor adds on, they
have a small library of their own beside it, which is deleted when the session ends, when the
visitor has done nothing for long, and when the server stops. It lies inside the shared library's
folder, which one process owns at a time: what is there at a start is what a crash has left.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from app.api.failures import TooBusy
from app.web.session import Desk
from index.catalog import KeptDigest
from index.config import Settings
from index.errors import GlossError, NoDigests, PaperNotFound
from index.paper import (
    Box,
    ClaimHit,
    ClaimRecord,
    Hit,
    PageSize,
    Paper,
    Passage,
    Record,
    SearchFilter,
    Span,
)
from index.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from index.catalog import Fingerprint, Known
    from index.embed import Embedder
    from index.library import (
        Added,
        Held,
        Library,
        PaperRow,
        PassageEncoder,
        Progress,
        Ready,
    )
    from index.sources import Source

_log = logging.getLogger(__name__)

FOLDER = "visitors"  # inside the shared library's
KNOWN_MOST = 10_000  # sessions without papers of their own; the one longest gone is forgotten
SESSION_MOST = 100  # characters of a session's name, which browsers choose; Gradio's have 11
WORDED_MOST = 20  # digests of shared papers by a language model that a visitor keeps
RESTING = 120.0  # seconds after which a visitor's place may go to another, where all are taken


class NoRoom(GlossError):
    """A visitor has as many papers as one may have."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"this visit has {most} papers of its own, which is all that fit: reload the page to "
            "begin anew, or run gloss on a machine of your own"
        )
        self.most = most


class VisitEnded(GlossError):
    """A paper is to go where there is nobody any more, or never was."""

    def __init__(self) -> None:
        super().__init__("this visit has ended: reload the page, and add the paper again")


class NotShared(GlossError):
    """A paper that stays its visitor's own, and why."""

    def __init__(self, paper_id: str, why: str) -> None:
        super().__init__(f"{paper_id}: {why}")
        self.paper_id = paper_id


class VisitorLibrary:
    """What a desk asks of a ``Library``, answered by the shared one and by a visitor's own.

    The own one answers for every id that it has, and hides the shared paper of that id; what is
    added goes there. ``index.library.Library`` says what each method does and raises.

    Hits of both are merged by their scores, which are made in the same way: a cosine, which depends
    on the two texts alone, plus weighted BM25, whose inverse document frequency each store counts
    over its own passages. In one paper's passages a word of its topic is frequent, so that a paper
    of one's own is set somewhat below equals of the shared library; the hits of each keep their
    order. Of eleven papers four were taken out in turn and added by a visitor: for their titles and
    the beginnings of sentences of their abstracts, 16 questions, the first hit was theirs 16 times
    as a shared paper and 15 as an own one, and of ten hits 8.2 and 6.8 were. With a reranker the
    scores are its own, and the same for both.
    """

    def __init__(self, shared: Library, papers_most: int, open_own: Callable[[], Library]) -> None:
        self._shared = shared
        self._papers_most = papers_most
        self._open_own = open_own
        self._own: Library | None = None
        self._ended = False
        self._changing = threading.RLock()  # whether there is an own library
        self._adding = threading.Lock()  # one paper at a time, so that they can be counted
        self._worded: OrderedDict[str, KeptDigest] = OrderedDict()
        self._given = 0  # papers that went to the shared library

    @property
    def is_adding(self) -> bool:
        """Whether a paper is on its way in."""
        return self._adding.locked()

    def close(self) -> None:
        """Close the own library for good, and delete it."""
        with self._changing:
            self._ended = True
            own, self._own = self._own, None
        self._worded.clear()
        if own is None:
            return
        try:
            own.close()
        finally:
            shutil.rmtree(own.directory)

    # Papers in.

    def add(
        self, source: Source, progress: Progress | None = None, record: Record | None = None
    ) -> Added:
        """Add a file to the own library. Raises ``NoRoom`` and ``VisitEnded``, too."""
        with self._adding, self._being_there() as own:
            return own.add(source, progress, record)

    def ready(
        self, source: Source, progress: Progress | None = None, record: Record | None = None
    ) -> Ready:
        """The first half of ``add``."""
        with self._adding, self._being_there() as own:
            return own.ready(source, progress, record)

    def receive(
        self, source: Source, progress: Progress | None = None, record: Record | None = None
    ) -> Ready:
        """What ``ready`` does before it reads."""
        with self._adding, self._being_there() as own:
            return own.receive(source, progress, record)

    def take(self, ready: Ready) -> Added:
        """The second half of ``add``."""
        with self._adding, self._being_there() as own:
            return own.take(ready)

    @contextmanager
    def _being_there(self) -> Iterator[Library]:
        """The own library, made for its first paper, for as long as the visitor is there."""
        with self._changing:
            if self._ended:
                raise VisitEnded
            if self._own is None:
                self._own = self._open_own()
            own = self._own
        with self._unless_ended():
            if self._given + sum(row.status == "ok" for row in own.papers()) >= self._papers_most:
                raise NoRoom(self._papers_most)
            yield own

    @contextmanager
    def _unless_ended(self) -> Iterator[None]:
        """Whatever goes wrong with a library that was closed meanwhile comes of that."""
        try:
            yield
        except Exception as error:
            if self._ended:
                raise VisitEnded from error
            raise

    def is_own(self, paper_id: str) -> bool:
        """Whether it is a paper of the visitor's alone."""
        if self._own is None:
            return False
        try:
            self._own.fingerprint(paper_id)
        except PaperNotFound:
            return False
        return True

    def share(self, paper_id: str) -> str:
        """Move an own paper into the shared library, as it was read; its id there.

        Raises ``NotShared`` where it is not the visitor's, or only claims to be arXiv's,
        ``PaperThere`` where another's place would be taken, and ``VisitEnded``.
        """
        from index.sources import key_of

        with self._adding:
            own = self._own
            if own is None or not self.is_own(paper_id):
                raise NotShared(paper_id, "not a paper of this visit: add it first")
            with self._unless_ended():
                paper = own.paper(paper_id)
                if key_of(paper.id).arxiv and paper.record is None:
                    raise NotShared(
                        paper.id,
                        "an upload only says that it is arXiv's: add it by its id, and share that",
                    )
                added = self._shared.adopt(own, paper.id)
                self._given += 1
                own.remove(paper.id)
        return added.paper_id

    # What is there.

    def papers(self) -> list[PaperRow]:
        """The papers of both, by id."""
        own = self._own.papers() if self._own is not None else []
        hidden = self._hidden()
        rows = [*own, *(row for row in self._shared.papers() if row.id not in hidden)]
        return sorted(rows, key=lambda row: row.id)

    def row(self, paper_id: str) -> PaperRow:
        """The line of one paper or failed file."""
        return self._with(paper_id).row(paper_id)

    def held(self, arxiv_id: str) -> Held | None:
        """What there is of the arXiv paper of that id, if anything."""
        own = self._own.held(arxiv_id) if self._own is not None else None
        return own or self._shared.held(arxiv_id)

    def note(self, heard: Iterable[Known]) -> None:
        """Remember which versions arXiv was heard to have, of the own library's papers."""
        if self._own is not None:
            self._own.note(heard)

    def heard(self, paper_id: str) -> Known | None:
        """The newest version of a paper that arXiv was heard to have."""
        return self._with(paper_id).heard(paper_id)

    def paper(self, paper_id: str) -> Paper:
        """The paper of that id."""
        return self._with(paper_id).paper(paper_id)

    def passages(self, paper_id: str) -> tuple[Passage, ...]:
        """The paper's passages."""
        return self._with(paper_id).passages(paper_id)

    def passage_at(self, paper_id: str, offset: int) -> Passage | None:
        """The passage that character ``offset`` lies in."""
        return self._with(paper_id).passage_at(paper_id, offset)

    def passage_of(self, paper_id: str, span: Span) -> Passage | None:
        """The passage that shares most with ``span``."""
        return self._with(paper_id).passage_of(paper_id, span)

    def file_of(self, paper_id: str) -> Path:
        """The copy of the paper's file."""
        return self._with(paper_id).file_of(paper_id)

    def page_image(self, paper_id: str, page: int, boxes: Sequence[Box], scale: float) -> bytes:
        """A page as PNG with boxes marked."""
        return self._with(paper_id).page_image(paper_id, page, boxes, scale)

    def page_sizes(self, paper_id: str) -> tuple[PageSize, ...]:
        """How large each page is; none for a paper without pages."""
        return self._with(paper_id).page_sizes(paper_id)

    def figure_image(self, paper_id: str, label: str, scale: float = 3.0) -> bytes:
        """A figure as PNG."""
        return self._with(paper_id).figure_image(paper_id, label, scale)

    def span_picture(self, paper_id: str, span: Span, scale: float = 3.0) -> tuple[bytes, ...]:
        """A span as printed, as PNG images."""
        return self._with(paper_id).span_picture(paper_id, span, scale)

    def mean_vectors(self) -> dict[str, tuple[float, ...]]:
        """Where each paper is among the others: one model has made them all."""
        own = self._own.mean_vectors() if self._own is not None else {}
        return {**self._shared.mean_vectors(), **own}

    @property
    def model(self) -> str:
        """The model of both."""
        return self._shared.model

    @property
    def embedder(self) -> Embedder:
        """The model of both."""
        return self._shared.embedder

    @property
    def words(self) -> PassageEncoder:
        """What turns text into terms, in both."""
        return self._shared.words

    # Searches.

    def search(self, query: str, k: int = 10, filter: SearchFilter | None = None) -> list[Hit]:
        """The ``k`` best passages of both."""
        named = parse_reference(query)
        asked = self._asked(filter or SearchFilter(), named.id if named else None)
        hits = [hit for library, wanted in asked for hit in library.search(query, k, wanted)]
        return sorted(hits, key=lambda hit: -hit.score)[:k]

    def search_claims(
        self, query: str, k: int = 10, filter: SearchFilter | None = None
    ) -> list[ClaimHit]:
        """The ``k`` best sentences of digests of both; ``NoDigests`` where neither has one."""
        hits: list[ClaimHit] = []
        none: list[NoDigests] = []
        asked = self._asked(filter or SearchFilter())
        for library, wanted in asked:
            try:
                hits.extend(library.search_claims(query, k, wanted))
            except NoDigests as error:
                none.append(error)
        if len(none) == len(asked):
            raise none[-1]
        return sorted(hits, key=lambda hit: -hit.score)[:k]

    def _asked(
        self, wanted: SearchFilter, named: str | None = None
    ) -> list[tuple[Library, SearchFilter]]:
        """Which libraries to search, and for what, so that no hidden paper is found.

        ``named`` is the paper whose arXiv id is all of the query, and it alone is to be found.
        """
        own, shared = self._own, self._shared
        if own is None:
            return [(shared, wanted)]
        if wanted.paper_id is not None:
            return [(self._with(wanted.paper_id), wanted)]
        if named is not None and self.held(named) is not None:
            return [(own if own.held(named) is not None else shared, wanted)]
        hidden = self._hidden()
        if not any(row.id in hidden for row in shared.papers()):
            return [(own, wanted), (shared, wanted)]
        seen = {row.id for row in shared.papers() if row.status == "ok"} - hidden
        if wanted.among is not None:
            seen &= set(wanted.among)
        return [(own, wanted), (shared, replace(wanted, among=tuple(sorted(seen))))]

    # Digests.

    def saved_digest(self, paper_id: str, key: str) -> str | None:
        """The digest that was saved under ``key``."""
        saved = self._with(paper_id).saved_digest(paper_id, key)
        worded = self._worded.get(key)
        return saved or (worded.text if worded is not None else None)

    def save_digest(
        self,
        paper_id: str,
        key: str,
        text: str,
        lang: str = "en",
        claims: Sequence[ClaimRecord] = (),
        writer: str = "extractive",
        embedder: Embedder | None = None,
    ) -> None:
        """Save a digest. One of a shared paper goes to all where anybody's would be the same.

        What a language model has worded for a visitor, who may have chosen the model, is the
        visitor's: it is kept for the session, and not searched.
        """
        library = self._with(paper_id)
        if library is self._shared and writer != "extractive":
            paper = library.paper(paper_id)
            self._worded[key] = KeptDigest(
                paper.id, paper.version, paper.sha256, lang, writer, text
            )
            self._worded.move_to_end(key)
            while len(self._worded) > WORDED_MOST:
                self._worded.popitem(last=False)
            return
        library.save_digest(paper_id, key, text, lang, claims, writer, embedder)

    def is_searched(self, paper_id: str, key: str, lang: str) -> bool:
        """Whether nothing is left to do for the digest under ``key`` to be searched."""
        return key in self._worded or self._with(paper_id).is_searched(paper_id, key, lang)

    def newest_digest(self, paper_id: str, lang: str, writer: str) -> KeptDigest | None:
        """The digest of a paper that was last saved in that language by that writer."""
        for one in reversed(list(self._worded.values())):
            if (one.paper_id, one.lang, one.writer) == (paper_id, lang, writer):
                return one
        return self._with(paper_id).newest_digest(paper_id, lang, writer)

    def newest_digests(self) -> list[KeptDigest]:
        """The newest digest in each language by each writer, of every paper of both."""
        own = self._own.newest_digests() if self._own is not None else []
        hidden = self._hidden()
        shared = self._shared.newest_digests()
        return [*own, *(one for one in shared if one.paper_id not in hidden)]

    def former_digests(self, paper_id: str) -> tuple[KeptDigest, ...]:
        """Digests of what the paper's file was before."""
        return self._with(paper_id).former_digests(paper_id)

    def fingerprint(self, paper_id: str) -> Fingerprint:
        """What tells this reading of a paper from another."""
        return self._with(paper_id).fingerprint(paper_id)

    def _with(self, paper_id: str) -> Library:
        """The library that has the paper, or that has to say why there is none of that id."""
        if self._own is None:
            return self._shared
        try:
            self._own.fingerprint(paper_id)
        except PaperNotFound as missing:
            if not missing.why:
                return self._shared
            try:
                self._shared.fingerprint(paper_id)
            except PaperNotFound:
                return self._own  # where the file failed that was to become it
            return self._shared
        return self._own

    def _hidden(self) -> set[str]:
        """Ids of the own papers, which hide others of these ids."""
        own = self._own.papers() if self._own is not None else []
        return {row.id for row in own if row.status == "ok"}


@dataclass(slots=True)
class _Visitor:
    """A session: its desk, the library behind that, and when it was last heard of."""

    desk: Desk
    library: VisitorLibrary
    seen: float


class Visitors:
    """A desk for each session, over a library that all share. ``close`` it before the library.

    ``clock`` gives seconds. Safe to call from several threads.
    """

    def __init__(
        self, shared: Library, settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.shared = shared
        self._settings = settings = settings.model_copy(update={"keep_answers": False})
        self._clock = clock
        self._folder = shared.directory / FOLDER
        self._known: OrderedDict[str, _Visitor] = OrderedDict()  # by session, longest gone first
        self._sessions: dict[str, str] = {}  # by the desk's key
        self._places: set[str] = set()  # sessions that have a library of their own
        self._changing = threading.RLock()
        self._sharing = threading.Lock()
        self._stopped = threading.Event()
        self._sweeper: threading.Thread | None = None
        self._guest = Desk(
            cast("Library", VisitorLibrary(shared, 0, _nowhere)),
            secrets.token_urlsafe(24),
            settings,
        )
        shutil.rmtree(self._folder, ignore_errors=True)

    def of(self, session: str | None) -> Desk:
        """The desk of a session of the browser; whoever has none may look, and add nothing."""
        if not session or len(session) > SESSION_MOST:
            return self._guest
        with self._changing:
            visitor = self._known.get(session)
            if visitor is None:
                visitor = self._known[session] = self._arrived(session)
                self._forget()
            self._touch(session, visitor)
            return visitor.desk

    def by_key(self, key: str) -> Desk | None:
        """The desk whose ``key`` this is."""
        with self._changing:
            session = self._sessions.get(key)
            visitor = self._known.get(session) if session is not None else None
            if session is None or visitor is None:
                return None
            self._touch(session, visitor)
            return visitor.desk

    def may_share(self, session: str, paper_id: str) -> bool:
        """Whether sharing is allowed here, and the paper is the visitor's own."""
        with self._changing:
            visitor = self._known.get(session)
        return visitor is not None and visitor.library.is_own(paper_id) and self._shares

    def share(self, session: str, paper_id: str) -> str:
        """Put a visitor's paper into the library of all, and its quoted digest.

        Raises as ``VisitorLibrary.share``, and ``NotShared`` where nothing is shared.
        """
        from app.write import write_digest

        with self._changing:
            visitor = self._known.get(session)
        if visitor is None:
            raise VisitEnded
        with self._sharing:  # so that they can be counted
            if not self._shares:
                raise NotShared(
                    paper_id,
                    "no paper can be shared here now; GLOSS_PUBLIC__SHARED_PAPERS says how many",
                )
            shared_id = visitor.library.share(paper_id)
        with suppress(GlossError):  # else it is written when it is first read
            write_digest(self.shared, shared_id)
        return shared_id

    @property
    def _shares(self) -> bool:
        """Whether the shared library takes papers of visitors, and has room for one more."""
        most = self._settings.public.shared_papers
        return most > 0 and sum(row.status == "ok" for row in self.shared.papers()) < most

    def end(self, session: str | None) -> None:
        """The session is over: what the visitor added is deleted."""
        if session is not None:
            with self._changing:
                visitor = self._gone(session)
            _delete(visitor)

    def sweep(self) -> None:
        """Let those go who have done nothing for as long as the settings say."""
        before = self._clock() - self._settings.public.visitor_minutes * 60
        with self._changing:
            idle = [
                session
                for session, one in self._known.items()
                if one.seen < before and not one.library.is_adding
            ]
            gone = [self._gone(session) for session in idle]
        _delete(*gone)

    def close(self) -> None:
        """Let all go."""
        self._stopped.set()
        with self._changing:
            gone = [self._gone(session) for session in list(self._known)]
        _delete(*gone)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _arrived(self, session: str) -> _Visitor:
        library = VisitorLibrary(
            self.shared, self._settings.public.visitor_papers, lambda: self._own_library(session)
        )
        # It has what a desk asks of a `Library`: tests compare the two, method by method.
        desk = Desk(cast("Library", library), secrets.token_urlsafe(24), self._settings)
        self._sessions[desk.key] = session
        return _Visitor(desk, library, self._clock())

    def _touch(self, session: str, visitor: _Visitor) -> None:
        visitor.seen = self._clock()
        self._known.move_to_end(session)

    def _forget(self) -> None:
        """Of sessions without papers, those that were here last are remembered."""
        if len(self._known) - len(self._places) > KNOWN_MOST:
            self._gone(next(one for one in self._known if one not in self._places))

    def _gone(self, session: str) -> _Visitor | None:
        visitor = self._known.pop(session, None)
        if visitor is not None:
            del self._sessions[visitor.desk.key]
        self._places.discard(session)
        return visitor

    def _own_library(self, session: str) -> Library:
        """A library for a session's first paper. Raises ``TooBusy`` where no place is free."""
        with self._changing:
            if self._stopped.is_set() or session not in self._known:
                raise VisitEnded
            leaving = self._leaving()
            self._places.add(session)
        try:
            _delete(leaving)
            self._folder.mkdir(mode=0o700, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=self._folder))  # which nobody else may look into
            try:
                library = self.shared.beside(folder)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
        except BaseException:
            with self._changing:
                self._places.discard(session)
            raise
        self._begin_sweeping()
        return library

    def _leaving(self) -> _Visitor | None:
        """Who has to go for another to have a place: of those who rest, the one longest gone."""
        if len(self._places) < self._settings.public.visitors:
            return None
        session = next(one for one in self._known if one in self._places)
        here = self._known[session]
        rested = self._clock() - here.seen if not here.library.is_adding else 0.0
        if rested < RESTING:
            raise TooBusy(
                f"{self._settings.public.visitors} visitors have papers of their own here now, "
                "which is all that fit",
                RESTING - rested,
            )
        return self._gone(session)

    def _begin_sweeping(self) -> None:
        with self._changing:
            if self._sweeper is None and not self._stopped.is_set():
                self._sweeper = threading.Thread(target=self._sweep_on, daemon=True)
                self._sweeper.start()

    def _sweep_on(self) -> None:
        while not self._stopped.wait(min(self._settings.public.visitor_minutes * 60 / 4, 60)):
            self.sweep()


def _nowhere() -> Library:
    raise VisitEnded


def _delete(*gone: _Visitor | None) -> None:
    """Close what was theirs and take it away; what goes wrong with one keeps no other's here."""
    for visitor in gone:
        if visitor is not None:
            try:
                visitor.library.close()
            except Exception:
                _log.exception("a visitor's papers are left until the next start")
