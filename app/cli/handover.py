"""Giving a command's work to the server that has the library, and printing what comes back."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any

from app.cli.options import WorkServer
from app.cli.terminal import ProgressBar, terminal
from index.errors import GlossError

if TYPE_CHECKING:
    from app.cli.work import Work

_SILENCE = 120.0  # seconds; a server that does the work sends something every second


class ServerGone(GlossError):
    """The server that has the library cannot be given work, or ended before the work was done."""

    def __init__(self, server: WorkServer, why: str) -> None:
        super().__init__(f"{server.directory}: {server.name} {why}")
        self.server = server


def hand_over(server: WorkServer, work: Work) -> int:
    """Have a server do some work; prints what the command prints, and gives its exit code.

    Whoever interrupts this stops the work. Raises ``ServerGone``.
    """
    connection = HTTPConnection("127.0.0.1", server.port, timeout=_SILENCE)
    begun = False
    try:
        connection.request(
            "POST",
            "/work",
            work.model_dump_json().encode(),
            {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"},
        )
        answer = connection.getresponse()
        if answer.status != 200:
            why = answer.read(500).decode(errors="replace").strip()
            raise ServerGone(server, f"does not take work: {why}; stop it and start it again")
        begun = True
        return _print(answer)
    except (OSError, HTTPException, _Cut) as error:
        if begun:
            why = (
                "ended before the work was done; what was printed is in the library: "
                "run the command again"
            )
        else:
            why = f"does not answer ({error}); run the command again, or stop that process"
        raise ServerGone(server, why) from error
    finally:
        connection.close()


class _Cut(Exception):
    """What the server sent has no end."""


def _print(answer: HTTPResponse) -> int:
    """Print what comes; the exit code, which comes last."""
    own = terminal()
    bar: ProgressBar | None = None
    try:
        for line in answer:
            kind, value = json.loads(line)
            if kind == "end":
                return int(value)
            if kind == "out":
                own.answers.write(value)
                own.answers.flush()
            elif kind == "err":
                own.errors.write(value)
                own.errors.flush()
            elif kind == "bar":
                bar = own.bar(value)
            elif bar is not None:
                _show(bar, kind, value)
    except ValueError as error:  # half a line
        raise _Cut from error
    finally:
        if bar is not None:
            bar.stop()
    raise _Cut


def _show(bar: ProgressBar, kind: str, value: Any) -> None:
    match kind:
        case "start":
            bar.start()
        case "stop":
            bar.stop()
        case "update":
            bar.update(*value)
        case "advance":
            bar.advance()
