"""Threads that read papers ahead of the commits, and the downloads that they start."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

from index.errors import FetchError
from index.intake.wanted import Arxiv, Wanted
from index.library import PendingPaper
from index.paper import Record
from index.reference import Reference

# Downloads in a row that arXiv did not answer, or seconds that it asks to wait, after which it is
# not asked for the rest.
GIVE_UP = 3
HOLD_MOST = 60


@dataclass(eq=False)
class PdfDownloads:
    """PDFs one by one; none any more once arXiv has refused, or keeps silent."""

    _arxiv: Arxiv | None
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _silent: int = field(default=0, init=False)
    _refused: FetchError | None = field(default=None, init=False)

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


class ReadAhead:
    """Threads that read the wanted papers in order, a bounded number ahead of the commits.

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
            except BaseException as error:  # raised again in ``result``
                result = error
            with self._changed:
                if not self._stopped:
                    self._done[number].put(result)
                    continue
            if isinstance(result, PendingPaper):
                result.close()
