"""Visitors of a public instance: a session for each, which sees no other visitor's papers.

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
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.api.failures import TooBusy
from app.show.figures import Pictures
from app.web.own_papers import NotShared, OwnPapers, VisitEnded
from app.web.session import Session
from app.web.visitor import VisitorLibrary
from index.config import Settings
from index.errors import GlossError

if TYPE_CHECKING:
    from index.library import Library

_log = logging.getLogger(__name__)

FOLDER = "visitors"  # inside the shared library's
KNOWN_MOST = 10_000  # sessions without papers of their own; the one longest gone is forgotten
SESSION_MOST = 100  # characters of a session id, which browsers choose; Gradio's have 11
RESTING = 120.0  # seconds after which a visitor's place may go to another, where all are taken


@dataclass(slots=True)
class _Visitor:
    """A visitor's session, its library, and the time of its last request."""

    session: Session
    library: VisitorLibrary
    own_papers: OwnPapers
    seen: float


class Visitors:
    """A session for each visitor, over a library that all share. ``close`` it before the library.

    ``drawn`` has the pictures that all desks share; ``clock`` gives seconds. Safe to call from
    several threads.
    """

    def __init__(
        self,
        shared: Library,
        settings: Settings,
        drawn: Pictures | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.shared = shared
        self._settings = settings = settings.model_copy(update={"keep_answers": False})
        self._clock = clock
        self._drawn = drawn or Pictures()
        self._folder = shared.directory / FOLDER
        self._known: OrderedDict[str, _Visitor] = OrderedDict()  # by session, longest gone first
        self._session_ids: dict[str, str] = {}  # by the session's key
        self._with_library: set[str] = set()  # sessions that have a library of their own
        self._changing = threading.RLock()
        self._sharing = threading.Lock()
        self._stopped = threading.Event()
        self._sweeper: threading.Thread | None = None
        self._guest = Session(
            VisitorLibrary(shared, OwnPapers(shared, 0, _nowhere)),
            secrets.token_urlsafe(24),
            settings,
            self._drawn,
            reads_only=True,
        )
        shutil.rmtree(self._folder, ignore_errors=True)

    def of(self, session_id: str | None) -> Session:
        """The session with that id; a visitor without an id may read, but not add papers."""
        if not session_id or len(session_id) > SESSION_MOST:
            return self._guest
        with self._changing:
            visitor = self._known.get(session_id)
            if visitor is None:
                visitor = self._known[session_id] = self._arrived(session_id)
                self._forget()
            self._touch(session_id, visitor)
            return visitor.session

    @property
    def first(self) -> Session:
        """The session of all pages that have just come: it reads the shared library."""
        return self._guest

    def by_key(self, key: str) -> Session | None:
        """The session with that ``key``."""
        if secrets.compare_digest(key.encode(), self._guest.key.encode()):
            return self._guest
        with self._changing:
            session_id = self._session_ids.get(key)
            visitor = self._known.get(session_id) if session_id is not None else None
            if session_id is None or visitor is None:
                return None
            self._touch(session_id, visitor)
            return visitor.session

    def may_share(self, key: str, paper_id: str) -> bool:
        """Whether sharing is allowed here, and the paper is the visitor's own."""
        visitor = self._with_key(key)
        return visitor is not None and visitor.own_papers.has(paper_id) and self._shares

    def share(self, key: str, paper_id: str) -> str:
        """Put a visitor's paper into the library of all, and its quoted digest.

        Raises as ``OwnPapers.share``, and ``NotShared`` where nothing is shared.
        """
        from app.write import write_digest

        visitor = self._with_key(key)
        if visitor is None:
            raise VisitEnded
        with self._sharing:  # so that they can be counted
            if not self._shares:
                raise NotShared(
                    paper_id,
                    "no paper can be shared here now; GLOSS_PUBLIC__SHARED_PAPERS says how many",
                )
            shared_id = visitor.own_papers.share(paper_id)
        with suppress(GlossError):  # else it is written when it is first read
            write_digest(self.shared, shared_id)
        return shared_id

    def _with_key(self, key: str) -> _Visitor | None:
        with self._changing:
            session_id = self._session_ids.get(key)
            return self._known.get(session_id) if session_id is not None else None

    @property
    def _shares(self) -> bool:
        """Whether the shared library takes papers of visitors, and has room for one more."""
        most = self._settings.public.shared_papers
        return most > 0 and self.shared.count() < most

    def end(self, session_id: str | None) -> None:
        """The session is over: what the visitor added is deleted."""
        if session_id is not None:
            with self._changing:
                visitor = self._gone(session_id)
            _delete(visitor)

    def sweep(self) -> None:
        """End the sessions that were idle for as long as the settings say."""
        before = self._clock() - self._settings.public.visitor_minutes * 60
        with self._changing:
            idle = [
                session_id
                for session_id, one in self._known.items()
                if one.seen < before and not one.own_papers.is_adding
            ]
            gone = [self._gone(session_id) for session_id in idle]
        _delete(*gone)

    def close(self) -> None:
        """End all sessions."""
        self._stopped.set()
        with self._changing:
            gone = [self._gone(session_id) for session_id in list(self._known)]
        _delete(*gone)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _arrived(self, session_id: str) -> _Visitor:
        own_papers = OwnPapers(
            self.shared, self._settings.public.visitor_papers, lambda: self._own_library(session_id)
        )
        library = VisitorLibrary(self.shared, own_papers)
        session = Session(library, secrets.token_urlsafe(24), self._settings, self._drawn)
        self._session_ids[session.key] = session_id
        return _Visitor(session, library, own_papers, self._clock())

    def _touch(self, session_id: str, visitor: _Visitor) -> None:
        visitor.seen = self._clock()
        self._known.move_to_end(session_id)

    def _forget(self) -> None:
        """Forget the oldest of the sessions without papers, if there are too many."""
        if len(self._known) - len(self._with_library) > KNOWN_MOST:
            self._gone(next(one for one in self._known if one not in self._with_library))

    def _gone(self, session_id: str) -> _Visitor | None:
        visitor = self._known.pop(session_id, None)
        if visitor is not None:
            del self._session_ids[visitor.session.key]
        self._with_library.discard(session_id)
        return visitor

    def _own_library(self, session_id: str) -> Library:
        """A library for a session's first paper. Raises ``TooBusy`` where no place is free."""
        with self._changing:
            if self._stopped.is_set() or session_id not in self._known:
                raise VisitEnded
            leaving = self._leaving()
            self._with_library.add(session_id)
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
                self._with_library.discard(session_id)
            raise
        self._begin_sweeping()
        return library

    def _leaving(self) -> _Visitor | None:
        """The idle visitor who must go to make room for another: the one idle for longest."""
        if len(self._with_library) < self._settings.public.visitors:
            return None
        session_id = next(one for one in self._known if one in self._with_library)
        here = self._known[session_id]
        rested = self._clock() - here.seen if not here.own_papers.is_adding else 0.0
        if rested < RESTING:
            raise TooBusy(
                f"{self._settings.public.visitors} visitors have papers of their own here now, "
                "which is all that fit",
                RESTING - rested,
            )
        return self._gone(session_id)

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
    """Close and delete their libraries; an error with one does not stop the others."""
    for visitor in gone:
        if visitor is not None:
            try:
                visitor.library.close()
            except Exception:
                _log.exception("a visitor's papers are left until the next start")
