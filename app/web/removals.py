"""What somebody has removed and may still have back, papers or notes: it goes some seconds later.

Until then nothing has happened to it, so that an undo, or a server that dies, loses nothing: of a
paper no note, no digest, no mark.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from index.errors import GlossError, PaperNotFound

SECONDS = 10.0  # to have them back

_log = logging.getLogger(__name__)

Later = Callable[[float, Callable[[], None]], Callable[[], None]]
"""Calls something after so many seconds; gives what calls that off."""


def _timer(seconds: float, act: Callable[[], None]) -> Callable[[], None]:
    timer = threading.Timer(seconds, act)
    timer.daemon = True  # a server that ends keeps the papers
    timer.start()
    return timer.cancel


class Shelf(Protocol):
    """What things are removed from by their ids: a library, the notes of a paper."""

    def may_remove(self, name: str, /) -> bool:
        """Whether who asks may remove it."""

    def remove(self, name: str, /) -> None:
        """Remove it. Raises ``PaperNotFound`` where somebody else was faster."""


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
    _failed: dict[str, GlossError] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def ask(self, key: str, shelf: Shelf, ids: Sequence[str]) -> int:
        """Remove things after ``SECONDS``; how many they are. What was asked before goes now."""
        self.settle(key, shelf)
        wanted = tuple(one for one in dict.fromkeys(ids) if shelf.may_remove(one))
        if not wanted:
            return 0
        removal = _Removal(wanted)
        with self._lock:
            self._pending[key] = removal
            removal.call_off = self._later(SECONDS, lambda: self._remove(key, shelf, removal))
        return len(wanted)

    def undo(self, key: str) -> int:
        """Keep what was about to be removed; how many things that is."""
        with self._lock:
            removal = self._pending.get(key)
            if removal is None or removal.begun:
                return 0
            del self._pending[key]
        removal.call_off()
        return len(removal.ids)

    def settle(self, key: str, shelf: Shelf) -> None:
        """Remove now what is about to be removed."""
        with self._lock:
            removal = self._pending.get(key)
        if removal is not None:
            removal.call_off()
            self._remove(key, shelf, removal)

    def hidden(self, key: str) -> frozenset[str]:
        """What is about to be removed."""
        with self._lock:
            removal = self._pending.get(key)
        return frozenset(removal.ids) if removal else frozenset()

    def failure(self, key: str) -> GlossError | None:
        """Why something could not be removed, once; None if all could."""
        with self._lock:
            return self._failed.pop(key, None)

    def _remove(self, key: str, shelf: Shelf, removal: _Removal) -> None:
        with self._lock:
            if self._pending.get(key) is not removal or removal.begun:
                return  # undone, or on its way
            removal.begun = True
        for one in removal.ids:
            try:
                shelf.remove(one)
            except PaperNotFound:
                continue  # somebody else was faster
            except GlossError as error:
                self._failed[key] = error
                break
            except Exception:  # such as a library that was closed meanwhile
                _log.exception("something could not be removed")
                break
        with self._lock:
            del self._pending[key]
