"""Processes that read files; they import this package and nothing of the caller's script."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from types import FrameType, ModuleType
from typing import Any

_starting = threading.Lock()


class _Process(SpawnProcess):
    """A spawned process that does not run the main module.

    ``multiprocessing`` imports it in every process, so that functions of it can be called there.
    Ours are in packages; a script without ``if __name__ == "__main__"`` would start again in each.
    Ctrl-C, which a terminal sends to all processes of a command, is for the first of them alone.
    """

    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Any:  # noqa: N802  # multiprocessing names it
        with _starting:
            main = sys.modules["__main__"]
            sys.modules["__main__"] = ModuleType("__main__")
            try:
                with _without_interrupts():
                    return SpawnProcess._Popen(process_obj)
            finally:
                sys.modules["__main__"] = main


class WorkerContext(SpawnContext):
    """The ``multiprocessing`` context of the processes that read files."""

    Process = _Process


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes that are started meanwhile never get SIGINT, not even before they can ignore it."""
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # which lets SIGINT in where it starts
    former = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


@contextmanager
def signals_wait() -> Iterator[None]:
    """SIGINT and SIGTERM act at the end: what their handlers raise would leave a process that has
    begun without what it is to do, and it would say so in a traceback.

    Handlers run in the main thread alone; others need none of it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)

    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in former:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        for waiting in came:
            signal.raise_signal(waiting)
