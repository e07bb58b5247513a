"""Papers that somebody has removed and may still have back: they go some seconds later.

Until then nothing has happened to them, so that an undo, or a server that dies, loses nothing: no
note, no digest, no mark.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.show.text import plain
from index.errors import GlossError, PaperNotFound

if TYPE_CHECKING:
    from index.library import Papers

SECONDS = 10.0  # to have them back

_log = logging.getLogger(__name__)

Later = Callable[[float, Callable[[], None]], Callable[[], None]]
"""Calls something after so many seconds; gives what calls that off."""


def _timer(seconds: float, act: Callable[[], None]) -> Callable[[], None]:
    timer = threading.Timer(seconds, act)
    timer.daemon = True  # a server that ends keeps the papers
    timer.start()
    return timer.cancel


@dataclass(eq=False)
class _Removal:
    ids: tuple[str, ...]
    call_off: Callable[[], None] = lambda: None
    begun: bool = False


@dataclass(eq=False)
class Removals:
    """What is about to be removed, by the key of the session that wants it."""

    _later: Later = _timer
    _pending: dict[str, _Removal] = field(default_factory=dict)
    _failed: dict[str, str] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def ask(self, key: str, library: Papers, ids: Sequence[str]) -> int:
        """Remove papers after ``SECONDS``; how many that are. What was asked before goes now."""
        self.settle(key, library)
        wanted = tuple(one for one in dict.fromkeys(ids) if library.may_remove(one))
        if not wanted:
            return 0
        removal = _Removal(wanted)
        with self._lock:
            self._pending[key] = removal
            removal.call_off = self._later(SECONDS, lambda: self._remove(key, library, removal))
        return len(wanted)

    def undo(self, key: str) -> int:
        """Keep what was about to be removed; how many papers that are."""
        with self._lock:
            removal = self._pending.get(key)
            if removal is None or removal.begun:
                return 0
            del self._pending[key]
        removal.call_off()
        return len(removal.ids)

    def settle(self, key: str, library: Papers) -> None:
        """Remove now what is about to be removed."""
        with self._lock:
            removal = self._pending.get(key)
        if removal is not None:
            removal.call_off()
            self._remove(key, library, removal)

    def hidden(self, key: str) -> frozenset[str]:
        """What is about to be removed."""
        with self._lock:
            removal = self._pending.get(key)
        return frozenset(removal.ids) if removal else frozenset()

    def failure(self, key: str) -> str:
        """Why something could not be removed, once; empty if all could."""
        with self._lock:
            return self._failed.pop(key, "")

    def _remove(self, key: str, library: Papers, removal: _Removal) -> None:
        with self._lock:
            if self._pending.get(key) is not removal or removal.begun:
                return  # undone, or on its way
            removal.begun = True
        for paper_id in removal.ids:
            try:
                library.remove(paper_id)
            except PaperNotFound:
                continue  # somebody else was faster
            except GlossError as error:
                self._failed[key] = plain(str(error))
                break
            except Exception:  # such as a library that was closed meanwhile
                _log.exception("a paper could not be removed")
                break
        with self._lock:
            del self._pending[key]
