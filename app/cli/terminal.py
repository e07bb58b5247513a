"""What commands print: answers on standard output, messages and progress on standard error."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console

from app.show.text import plain
from index.errors import GlossError

if TYPE_CHECKING:
    from app.documents import Shape
    from index.library import Step


EXIT_ALL_IN, EXIT_SOME_FAILED, EXIT_UNUSABLE, EXIT_INTERRUPTED = 0, 3, 2, 130


# Text of papers is printed as it is: no markup, no emoji codes, no guessed colours.
output = Console(markup=False, emoji=False, highlight=False)


messages = Console(markup=False, emoji=False, highlight=False, stderr=True)


def fail(error: GlossError) -> NoReturn:
    """Print the error and exit."""
    say(error)
    sys.exit(error.exit_code)


def say(problem: GlossError | str) -> None:
    """Print a problem in one line on standard error."""
    messages.print(f"gloss: {plain(str(problem))}", soft_wrap=True)


def say_bug(source: str, error: Exception) -> None:
    """One line of it; all of it where GLOSS_DEBUG is set."""
    if os.environ.get("GLOSS_DEBUG"):
        sys.stderr.writelines(traceback.format_exception(error))
        hint = ""
    else:
        hint = " (GLOSS_DEBUG=1 shows where)"
    say(f"{source}: {in_short(error)}{hint}")


def in_short(error: Exception) -> str:
    """An unexpected error in one line: its class and its message."""
    return f"{type(error).__name__}: {plain(str(error))}"


def print_json(document: Shape) -> None:
    """Write one JSON document to standard output."""
    sys.stdout.write(document.to_json())


class Bars:
    """A progress bar over papers, with the stage that one of them came to; silent in a pipe."""

    def __init__(self, total: int) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            console=messages,
            transient=True,
            redirect_stdout=False,  # it would send answers to standard error
            disable=not messages.is_terminal,
        )
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, name: str) -> Callable[[str], None]:
        """Shows ``name`` and, as it goes on, its stage. From any thread."""

        def stage(what: str) -> None:
            self._progress.update(self._task, description=f"{name}: {what}")

        return stage

    def counted(self, name: str) -> Callable[[Step], None]:
        """Shows ``name`` and a step, and how far it has come. From any thread."""

        def step(now: Step) -> None:
            self._progress.update(
                self._task, description=f"{name}: {now.what}", completed=now.done, total=now.total
            )

        return step

    def advance(self) -> None:
        """Count a finished paper."""
        self._progress.advance(self._task)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Hide the bar while an answer is printed."""
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()
