"""What commands print: answers on standard output, messages and progress on standard error."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, cast

from rich.console import Console

from app.show.text import plain
from index.errors import GlossError

if TYPE_CHECKING:
    from app.documents import Shape
    from index.library import Step


EXIT_ALL_IN, EXIT_SOME_FAILED, EXIT_UNUSABLE, EXIT_INTERRUPTED = 0, 3, 2, 130
EXIT_TERMINATED = 143
_EXIT_NOT_READ = 1  # whoever read the answers went away, as click has it


# Text of papers is printed as it is: no markup, no emoji codes, no guessed colours.
_STDERR = 2  # the highest number of a standard stream
output = Console(markup=False, emoji=False, highlight=False)


messages = Console(markup=False, emoji=False, highlight=False, stderr=True)


class OutputLost(GlossError):
    """An answer that cannot be written: the disk is full, or standard output is not to be written.

    A reader that went away (``gloss papers | head -1``) is no error.
    """

    def __init__(self, why: str) -> None:
        super().__init__(f"the answer cannot be written to standard output: {why}")


class Answers:
    """Standard output that says in one line why it cannot be written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text. Raises ``OutputLost``."""
        with self._said():
            return self._stream.write(text)

    def flush(self) -> None:
        """Give on what is kept back. Raises ``OutputLost``."""
        with self._said():
            self._stream.flush()

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # Python writes what it kept once more at its end: to nobody, then.
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            if isinstance(error, BrokenPipeError):
                sys.exit(_EXIT_NOT_READ)
            raise OutputLost(error.strerror or str(error)) from error


def occupy_standard_streams() -> None:
    """Give closed standard streams to nobody, so that no file of the library gets their numbers.

    What is written to standard output by a library that we use would end up in that file.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        os.set_inheritable(number, True)
    os.close(number)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # as Python has them where they are closed
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123


@contextmanager
def answers_on_standard_output() -> Iterator[None]:
    """All that is printed gets to where it is to go, or ``OutputLost`` says why not."""
    plain_output = sys.stdout
    answers = sys.stdout = cast(TextIO, Answers(plain_output))
    try:
        try:
            yield
        finally:
            answers.flush()
    finally:
        sys.stdout = plain_output


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does: libraries are closed, and workers ended.

    Only in the main thread, which alone gets signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_TERMINATED))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


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
