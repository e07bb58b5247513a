"""A piece of work on a library: a command line, whoever runs it.

A command runs in the process that has the library. Where that is a server, the command line goes
to it with all that decides what it does: the folder, the settings and the kind of terminal of the
person who gave it. ``run`` then runs it as it would have run there, and sends back what it prints.
"""

from __future__ import annotations

import contextvars
import os
import threading
import traceback
from collections.abc import Callable, Sequence
from functools import cache
from io import TextIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TextIO, cast

from pydantic import BaseModel, ConfigDict, ValidationError
from rich.console import Console
from typer.exceptions import TyperException
from typer.main import get_command

from app.cli.options import HANDED, Held, on
from app.cli.terminal import (
    EXIT_INTERRUPTED,
    ProgressBar,
    Terminal,
    printing_to,
    say,
    terminal,
)
from index.config import settings_from
from index.errors import GlossError

if TYPE_CHECKING:
    from index.library import Library

Send = Callable[[str, Any], None]
"""Takes what a command prints, piece by piece: a kind (``Terminal`` of ``handover`` has them) and a
value that JSON knows. Raises ``KeyboardInterrupt`` once nobody wants it."""

_EXIT_BUG = 1
# Settings that are the library's, so those of the process that has it.
_OF_THE_LIBRARY = ("GLOSS_LIBRARY", "GLOSS_QDRANT_")
_ALONE = frozenset(("page", "daily"))  # they write files that the next one reads
_publishing = threading.Lock()
_commands = cache(get_command)  # a twentieth of a processor's second each time
_TURN = 0.5  # seconds between two looks whether it is a command's turn


class Screen(BaseModel):
    """What a person's terminal is like."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = 80
    shows_answers: bool = False
    shows_messages: bool = False
    colors: str | None = None  # as rich names them


class Work(BaseModel):
    """A command line as it was given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    arguments: tuple[str, ...]
    command: str
    folder: Path
    environment: dict[str, str] = {}  # GLOSS_* alone
    screen: Screen = Screen()

    @classmethod
    def given(cls, arguments: Sequence[str], command: str) -> Self:
        """Of this process."""
        own = terminal()
        output, messages = own.output, own.messages
        return cls(
            arguments=tuple(arguments),
            command=command,
            folder=Path.cwd(),
            environment={
                name: value
                for name, value in os.environ.items()
                if name.startswith("GLOSS_") and not name.startswith(_OF_THE_LIBRARY)
            },
            screen=Screen(
                width=output.width,
                shows_answers=output.is_terminal,
                shows_messages=messages.is_terminal,
                colors=output.color_system if output.is_terminal else None,
            ),
        )


def read_work(text: bytes) -> Work:
    """Work that another process sent. Raises ``ValueError`` for what is none."""
    try:
        work = Work.model_validate_json(text)
    except ValidationError:
        raise ValueError("this is no command") from None
    if work.command not in HANDED:
        raise ValueError(f"{work.command}: not done for other processes")
    return work


def run(work: Work, library: Library, prints: Terminal) -> int:
    """Do the work on a library that is open; the exit code of the command."""
    context = contextvars.copy_context()
    return context.run(_run, work, library, prints)


def _run(work: Work, library: Library, prints: Terminal) -> int:
    from app.cli import app

    environment = {**work.environment, "GLOSS_LIBRARY": str(library.directory)}
    with printing_to(prints), settings_from(environment), on(Held(library, work.folder)):
        alone = work.command in _ALONE
        try:
            if alone:
                _take_turn()
            try:
                code = _commands(app).main(
                    list(work.arguments), prog_name="gloss", standalone_mode=False
                )
            finally:
                if alone:
                    _publishing.release()
        except GlossError as error:
            say(error)
            return error.exit_code
        except TyperException as error:
            prints.errors.write(f"gloss: {error}\n")
            return 2
        except KeyboardInterrupt:
            return EXIT_INTERRUPTED
        except Exception:
            prints.errors.write(traceback.format_exc())
            return _EXIT_BUG
        return code if isinstance(code, int) else 0


def _take_turn() -> None:
    """Wait for a command that publishes; two would write the same files."""
    if not _publishing.acquire(blocking=False):
        say("waiting for another command that writes pages")
        while not _publishing.acquire(timeout=_TURN):
            terminal().check()


class SentTerminal(Terminal):
    """The terminal of another process, which is sent what is printed."""

    def __init__(self, screen: Screen, send: Send, debug: bool = False) -> None:
        self._send = send
        self._debug = debug
        self._answers = cast(TextIO, _Sent("out", send))
        self._errors = cast(TextIO, _Sent("err", send))
        self.output = _console(self._answers, screen, screen.shows_answers)
        self.messages = _console(self._errors, screen, screen.shows_messages)

    @property
    def answers(self) -> TextIO:
        """The stream of answers."""
        return self._answers

    @property
    def errors(self) -> TextIO:
        """The stream of messages."""
        return self._errors

    @property
    def debug(self) -> bool:
        """Whether bugs are to be shown with their places."""
        return self._debug

    def bar(self, total: int) -> ProgressBar:
        """A progress bar there."""
        self._send("bar", total)
        return _SentBar(self._send)

    def check(self) -> None:
        """Between two steps of some work: raises ``KeyboardInterrupt`` where nobody wants it."""
        self._send("beat", None)


class _Sent(TextIOBase):
    """A stream of text that is sent."""

    def __init__(self, kind: str, send: Send) -> None:
        self._kind = kind
        self._send = send

    def write(self, text: str) -> int:
        if text:
            self._send(self._kind, text)
        return len(text)


class _SentBar:
    """A ``ProgressBar`` of another process."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def start(self) -> None:
        self._send("start", None)

    def stop(self) -> None:
        self._send("stop", None)

    def update(self, what: str, done: int | None = None, total: int | None = None) -> None:
        self._send("update", [what, done, total])

    def advance(self) -> None:
        self._send("advance", None)


def _console(stream: TextIO, screen: Screen, is_terminal: bool) -> Console:
    return Console(
        file=stream,
        width=screen.width,
        force_terminal=is_terminal,
        color_system=cast(Any, screen.colors if is_terminal else None),
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
    )


def read_job(order: bytes) -> Callable[[Library, Send], int]:
    """The work that another process sent; what it prints goes back. Raises ``ValueError``."""
    work = read_work(order)
    debug = bool(work.environment.get("GLOSS_DEBUG"))
    return lambda library, send: run(work, library, SentTerminal(work.screen, send, debug))
