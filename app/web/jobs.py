"""Background work: it reports its steps, and ends soon after a request to stop.

The work runs in its own thread. It stops only between two steps: its call to report the next step
raises ``Stopped``, which the work handles like any other error.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Generic, TypeVar

from index.errors import GlossError

Step = TypeVar("Step")
ReportStep = Callable[[Step], None]
"""Called with each step; raises ``Stopped`` after a request to stop."""


class Stopped(GlossError):
    """The work was stopped before its end."""

    def __init__(self) -> None:
        super().__init__("stopped; nothing was changed")


class Job(Generic[Step]):
    """Some work in a thread, which starts at once."""

    def __init__(self, work: Callable[[ReportStep[Step]], object]) -> None:
        self._work = work
        self._steps: SimpleQueue[Step | None] = SimpleQueue()
        self._stopping = threading.Event()
        self._error: BaseException | None = None
        self.last: Step | None = None  # the step that was reported last
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
        """Its steps as they come, until its end; raises the error of the work."""
        while (step := self._steps.get()) is not None:
            yield step
        if self._error is not None:
            raise self._error

    def stop(self, seconds: float = 0.0) -> bool:
        """Request a stop and wait at most ``seconds``; whether the work was cut short."""
        self._stopping.set()
        self._thread.join(seconds)
        return isinstance(self._error, Stopped)

    def _run(self) -> None:
        try:
            self._work(self._tell)
        except BaseException as error:  # raised again in ``steps``
            self._error = error
        finally:
            self._steps.put(None)

    def _tell(self, step: Step) -> None:
        if self._stopping.is_set():
            raise Stopped
        self.last = step
        self._steps.put(step)


class Jobs(Generic[Step]):
    """One job for each session; a new one stops the former one."""

    def __init__(self) -> None:
        self._of: dict[str, Job[Step]] = {}
        self._lock = threading.Lock()

    def begin(self, session_id: str, work: Callable[[ReportStep[Step]], object]) -> Job[Step]:
        """Start some work for a session."""
        with self._lock:
            former = self._of.pop(session_id, None)
            if former is not None:
                former.stop()
            job = self._of[session_id] = Job(work)
            return job

    def end(self, session_id: str, job: Job[Step] | None = None) -> None:
        """Stop and remove a session's job; with ``job``, only if it is still that one."""
        with self._lock:
            if job is None or self._of.get(session_id) is job:
                former = self._of.pop(session_id, None)
                if former is not None:
                    former.stop()

    def pop(self, session_id: str) -> Job[Step] | None:
        """Remove and return a session's job, or None."""
        with self._lock:
            return self._of.pop(session_id, None)


TURNS_MOST = 10_000  # sessions whose requests are numbered; as many visitors are known


class Turns:
    """Numbers the requests of each session, to find the last one."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, int] = OrderedDict()
        self._changing = threading.Lock()

    def begin(self, session_id: str | None) -> int:
        """Count a request; its number in this session."""
        with self._changing:
            turn = self._last.get(session_id or "", 0) + 1
            self._last[session_id or ""] = turn
            self._last.move_to_end(session_id or "")
            if len(self._last) > TURNS_MOST:
                self._last.popitem(last=False)
        return turn

    def is_last(self, session_id: str | None, turn: int) -> bool:
        """Whether this is the session's last request; 0 is older than the first."""
        with self._changing:
            return self._last.get(session_id or "", 0) == turn

    def end(self, session_id: str | None) -> None:
        """The session is over: forget its number."""
        with self._changing:
            self._last.pop(session_id or "", None)
