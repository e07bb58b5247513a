"""Processes that read files; they import this package and nothing of the caller's script."""

from __future__ import annotations

import sys
import threading
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any

_starting = threading.Lock()


class _Process(SpawnProcess):
    """A spawned process that does not run the main module.

    ``multiprocessing`` imports it in every process, so that functions of it can be called there.
    Ours are in packages; a script without ``if __name__ == "__main__"`` would start again in each.
    """

    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Any:  # noqa: N802  # multiprocessing names it
        with _starting:
            main = sys.modules["__main__"]
            sys.modules["__main__"] = ModuleType("__main__")
            try:
                return SpawnProcess._Popen(process_obj)
            finally:
                sys.modules["__main__"] = main


class WorkerContext(SpawnContext):
    """The ``multiprocessing`` context of the processes that read files."""

    Process = _Process
