"""What commands print: answers on standard output, messages and progress on standard error.

A command prints to the terminal of its context: the streams of this process, or, where a server
runs it for another process (``work``), what that one prints to its own.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TextIO, cast

from rich.console import Console

from app.show.text import plain
from index.errors import GlossError

if TYPE_CHECKING:
    from app.documents import Shape
    from index.library import Step


EXIT_ALL_IN, EXIT_SOME_FAILED, EXIT_UNUSABLE, EXIT_INTERRUPTED = 0, 3, 2, 130
EXIT_TERMINATED = 143
_EXIT_NOT_READ = 1  # whoever read the answers went away, as click has it


_STDERR = 2  # the highest number of a standard stream


class ProgressBar(Protocol):
    """How far a command has come."""

    def start(self) -> None:
        """Show it."""

    def stop(self) -> None:
        """Hide it."""

    def update(self, what: str, done: int | None = None, total: int | None = None) -> None:
        """Show what is being done, and how much of how much is done."""

    def advance(self) -> None:
        """One more is done."""


class Terminal:
    """Where a command prints: the standard streams of this process."""

    def __init__(self) -> None:
        # Text of papers is printed as it is: no markup, no emoji codes, no guessed colours.
        self.output = Console(markup=False, emoji=False, highlight=False)
        self.messages = Console(markup=False, emoji=False, highlight=False, stderr=True)

    @property
    def answers(self) -> TextIO:
        """The stream of answers."""
        return sys.stdout

    @property
    def errors(self) -> TextIO:
        """The stream of messages."""
        return sys.stderr

    @property
    def debug(self) -> bool:
        """Whether bugs are to be shown with their places."""
        return bool(os.environ.get("GLOSS_DEBUG"))

    def bar(self, total: int) -> ProgressBar:
        """A progress bar over so many papers; silent in a pipe."""
        return _RichBar(total, self.messages)

    def check(self) -> None:
        """Between two steps of some work: raises ``KeyboardInterrupt`` where nobody wants it."""


_terminal: ContextVar[Terminal] = ContextVar("terminal")
_OWN = Terminal()


def terminal() -> Terminal:
    """Where the command of this context prints."""
    return _terminal.get(_OWN)


@contextmanager
def printing_to(other: Terminal) -> Iterator[None]:
    """What is printed in this context goes to another terminal."""
    token = _terminal.set(other)
    try:
        yield
    finally:
        _terminal.reset(token)


class _Console:
    """A console of the terminal that is this context's when it is used."""

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def __getattr__(self, attribute: str) -> Any:
        return getattr(getattr(terminal(), self._name), attribute)

    def __setattr__(self, attribute: str, value: object) -> None:
        setattr(getattr(terminal(), self._name), attribute, value)


output = cast(Console, _Console("output"))
messages = cast(Console, _Console("messages"))


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
    if terminal().debug:
        terminal().errors.writelines(traceback.format_exception(error))
        hint = ""
    else:
        hint = " (GLOSS_DEBUG=1 shows where)"
    say(f"{source}: {in_short(error)}{hint}")


def in_short(error: Exception) -> str:
    """An unexpected error in one line: its class and its message."""
    return f"{type(error).__name__}: {plain(str(error))}"


def print_json(document: Shape) -> None:
    """Write one JSON document to standard output."""
    write(document.to_json())


def write(text: str) -> None:
    """Write text to standard output as it is."""
    terminal().answers.write(text)


class Bars:
    """A progress bar over papers, with the stage that one of them came to; silent in a pipe."""

    def __init__(self, total: int) -> None:
        self._bar = terminal().bar(total)

    def __enter__(self) -> Bars:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begin(self, name: str) -> Callable[[str], None]:
        """Shows ``name`` and, as it goes on, its stage. From any thread."""

        def stage(what: str) -> None:
            self._bar.update(f"{name}: {what}")

        return stage

    def counted(self, name: str) -> Callable[[Step], None]:
        """Shows ``name`` and a step, and how far it has come. From any thread."""

        def step(now: Step) -> None:
            self._bar.update(f"{name}: {now.what}", now.done, now.total)

        return step

    def advance(self) -> None:
        """Count a finished paper."""
        self._bar.advance()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Hide the bar while an answer is printed."""
        self._bar.stop()
        try:
            yield
        finally:
            self._bar.start()


class _RichBar:
    """A ``ProgressBar`` on a console that is a terminal."""

    def __init__(self, total: int, console: Console) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            console=console,
            transient=True,
            redirect_stdout=False,  # it would send answers to standard error
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=total)

    def start(self) -> None:
        self._progress.start()

    def stop(self) -> None:
        self._progress.stop()

    def update(self, what: str, done: int | None = None, total: int | None = None) -> None:
        self._progress.update(self._task, description=what, completed=done, total=total)

    def advance(self) -> None:
        self._progress.advance(self._task)
