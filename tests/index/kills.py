"""A program that ends gloss at the n-th change of the disk, and looks at what is left.

``kills.py FOLDER EVERY [SIGNAL [RANDOM]]`` runs each command of ``forks.OPERATIONS`` once, to count
what it changes; then again and again on a copy of the library as it was before, ended by SIGKILL
(or ``SIGNAL``) before the first change, before the second, and so on. ``EVERY`` 3 takes a third of
them; ``RANDOM`` more are killed at moments that are drawn. After each, another process asks
whether all that was acknowledged is there, found and digestible, and whether nothing is doubled,
pending or left behind; it runs the command again, which must come to the end that it would have
come to at first.

It prints a JSON line for each: the operation, the number of the change, and what was wrong.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import forks

# What changes the disk, of the events that Python reports; what SQLite and the engine do comes from
# their own calls.
_ENDS = (0, -signal.SIGKILL, -signal.SIGTERM, 130, 143)  # of a run that was ended, or was not
_EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink"}
_STATEMENTS = ("BEGIN", "COMMIT", "INSERT", "UPDATE", "DELETE", "CREATE", "PRAGMA user_version=")
_ENGINE = ("update", "flush", "optimize", "close")


@dataclass
class Steps:
    """Counts changes below a folder, and ends this process before the one of number ``last``."""

    folder: str
    last: int = 0
    by: signal.Signals = signal.SIGKILL
    count: int = 0

    def step(self) -> None:
        self.count += 1
        if self.count == self.last:
            os.kill(os.getpid(), self.by)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """For ``sys.addaudithook``, which has no way back: for a process that ends."""
        if event == "open":
            path, _, flags = arguments
            written = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if written and self._is_ours(path):
                self.step()
        elif event in _EVENTS and self._is_ours(arguments[0]):
            self.step()

    def _is_ours(self, path: object) -> bool:
        # A path beside an open folder's number, as ``shutil.rmtree`` has them, is ours, too.
        return isinstance(path, str | os.PathLike) and (
            str(path).startswith(self.folder) or not str(path).startswith(os.sep)
        )

    def connect(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """SQLite's ``connect``, with a step before each statement that changes something."""

        def connected(*given: Any, **named: Any) -> Any:
            connection = real(*given, **named)
            connection.set_trace_callback(self._statement)
            return connection

        return connected

    def _statement(self, statement: str) -> None:
        if statement.startswith(_STATEMENTS):
            self.step()

    def engine(self, real: Any) -> Any:
        """Qdrant Edge's shard, with a step before and after each change."""
        steps = self

        class Shard:
            def __init__(self, shard: Any) -> None:
                self._shard = shard

            def __getattr__(self, name: str) -> Any:
                found = getattr(self._shard, name)
                return steps.around(found) if name in _ENGINE else found

            @staticmethod
            def create(*given: Any) -> Any:
                return Shard(steps.around(real.create)(*given))

            @staticmethod
            def load(*given: Any) -> Any:
                return Shard(steps.around(real.load)(*given))

        return Shard

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*given: Any) -> Any:
            self.step()
            result = call(*given)
            self.step()
            return result

        return stepped


def work_of(
    operation: forks.Operation, folder: Path, last: int, by: signal.Signals = signal.SIGKILL
) -> Callable[[], int]:
    """The operation, ended at a step; without one, the number of its steps is written."""

    def work() -> int:
        import sqlite3

        import qdrant_edge

        steps = Steps(str(folder), last, by)
        qdrant_edge.EdgeShard = steps.engine(qdrant_edge.EdgeShard)
        sqlite3.connect = steps.connect(sqlite3.connect)
        sys.addaudithook(steps.hear)
        code = forks.run(operation.command, folder)
        if not last:
            counted = steps.count
            (folder.parent / "steps").write_text(str(counted))
        return code

    return work


def checked(
    operation: forks.Operation, folder: Path, before: forks.State, ended: forks.Ended
) -> list[str]:
    """What is wrong after a kill, and again after the command has been run to its end."""
    after = operation.change(before)

    def look() -> int:
        through = ended.status == 0
        found = forks.problems(folder, before, after, ended.said, through, deep=False)
        code = 0 if through else forks.run(operation.command, folder)
        if code and operation.name != "remove":  # what is gone already cannot be removed
            found.append(f"run again, it ends with {code}")
        found += [f"run again: {one}" for one in forks.problems(folder, after, after, "", True)]
        (folder.parent / "found.json").write_text(json.dumps(found))
        return 0

    answer = folder.parent / "found.json"
    answer.unlink(missing_ok=True)
    looked = forks.forked(look, folder.parent)
    if not answer.exists():
        return [f"the check ended with {looked.status}: {looked.complained[-500:]}"]
    found: list[str] = json.loads(answer.read_text())
    if ended.status not in _ENDS or "Traceback" in ended.complained:
        found.append(f"ended with {ended.status}: {ended.complained[-500:]}")
    return found + ([f"{looked.complained[-300:]}"] if found else [])


def kills(root: Path, every: int, by: signal.Signals, at_random: int) -> Iterator[dict[str, Any]]:
    """Each operation, killed at every n-th step, and at random moments besides."""
    folder, template = root / "run", root / "template"
    (template / "lib").mkdir(parents=True)
    state, draw = forks.State(), random.Random(1)
    for operation in forks.OPERATIONS:
        forks.copied(template, folder)
        began = time.monotonic()
        ended = forks.forked(work_of(operation, folder, 0), folder)
        lasted = time.monotonic() - began
        if ended.status:
            raise SystemExit(f"{operation.name}: {ended}")
        steps = int((root / "steps").read_text())
        finished = root / "finished"
        shutil.rmtree(finished, ignore_errors=True)
        folder.rename(finished)
        lasts: list[tuple[int, float | None]] = [
            (last, None) for last in _spread(steps, -(-steps // every))
        ]
        share = at_random // len(forks.OPERATIONS)
        lasts += [(0, draw.uniform(0, 1.2 * lasted)) for _ in range(share)]
        for last, seconds in lasts:
            forks.copied(template, folder)
            ended = forks.forked(work_of(operation, folder, last or 10**9, by), folder, seconds)
            yield {
                "operation": operation.name,
                "step": last,
                "steps": steps,
                "status": ended.status,
                "complained": ended.complained[-2000:],
                "found": checked(operation, folder, state, ended),
            }
        shutil.rmtree(template)
        finished.rename(template)
        state = operation.change(state)


def _spread(steps: int, times: int) -> list[int]:
    """So many of the numbers from 1 to ``steps``, evenly."""
    return sorted({1 + (2 * time + 1) * steps // (2 * times) for time in range(times)})


def main(root: str, every: str, name: str = "SIGKILL", at_random: str = "0") -> None:
    """Print a line for each kill."""
    with forks.prepared(root) as folder:
        for one in kills(folder, int(every), signal.Signals[name], int(at_random)):
            sys.stdout.write(json.dumps(one) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
