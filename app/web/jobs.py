"""Work that a person waits for: it tells its steps, and ends soon after it is asked to stop.

The work runs in a thread of its own. It stops between two steps only, by an error that its call to
tell of the next one raises; what it does then is what it does on any error.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Generic, TypeVar

from index.errors import GlossError

Step = TypeVar("Step")
Tell = Callable[[Step], None]
"""Told of a step; raises ``Stopped`` where nobody waits for the work any more."""


class Stopped(GlossError):
    """The work was stopped before its end."""

    def __init__(self) -> None:
        super().__init__("stopped; nothing was changed")


class Job(Generic[Step]):
    """Some work in a thread, begun at once."""

    def __init__(self, work: Callable[[Tell[Step]], object]) -> None:
        self._work = work
        self._told: SimpleQueue[Step | None] = SimpleQueue()
        self._stopping = threading.Event()
        self._error: BaseException | None = None
        self.last: Step | None = None  # the step that was told last
        # A daemon: a program that ends does not wait for a language model.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stopping.is_set()

    def steps(self) -> Iterator[Step]:
        """Its steps as they come, until it has ended; raises what it raised."""
        while (step := self._told.get()) is not None:
            yield step
        if self._error is not None:
            raise self._error

    def stop(self, seconds: float = 0.0) -> bool:
        """Ask it to stop, wait for it so long at most; whether it has ended before its work did."""
        self._stopping.set()
        self._thread.join(seconds)
        return isinstance(self._error, Stopped)

    def _run(self) -> None:
        try:
            self._work(self._tell)
        except BaseException as error:  # whoever waits for it is told
            self._error = error
        finally:
            self._told.put(None)

    def _tell(self, step: Step) -> None:
        if self._stopping.is_set():
            raise Stopped
        self.last = step
        self._told.put(step)


class Jobs(Generic[Step]):
    """One job for each session: a new one stops the one before."""

    def __init__(self) -> None:
        self._of: dict[str, Job[Step]] = {}
        self._lock = threading.Lock()

    def begin(self, session_id: str, work: Callable[[Tell[Step]], object]) -> Job[Step]:
        """Begin some work for a session."""
        with self._lock:
            former = self._of.pop(session_id, None)
            if former is not None:
                former.stop()
            job = self._of[session_id] = Job(work)
            return job

    def end(self, session_id: str, job: Job[Step] | None = None) -> None:
        """Stop a session's job, if it is this one where one is given, and forget it."""
        with self._lock:
            if job is None or self._of.get(session_id) is job:
                former = self._of.pop(session_id, None)
                if former is not None:
                    former.stop()

    def take(self, session_id: str) -> Job[Step] | None:
        """A session's job, if it has one, which it has no more then."""
        with self._lock:
            return self._of.pop(session_id, None)


class Turns:
    """Of what a session has asked for, what it asked for last."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._changing = threading.Lock()

    def begin(self, session_id: str | None) -> int:
        """Something was asked for; its number in this session."""
        with self._changing:
            turn = self._last.get(session_id or "", 0) + 1
            self._last[session_id or ""] = turn
        return turn

    def is_last(self, session_id: str | None, turn: int) -> bool:
        """Whether nothing was asked for since."""
        with self._changing:
            return self._last.get(session_id or "") == turn

    def end(self, session_id: str | None) -> None:
        """The session is over, and nothing of it is the last."""
        with self._changing:
            self._last.pop(session_id or "", None)
