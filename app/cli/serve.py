"""``gloss serve``: the web UI and the API."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import (
    LibraryOption,
    NothingAsked,
    settings_of,
)
from app.cli.terminal import (
    Terminal,
    messages,
)
from index.errors import LibraryUnusable

if TYPE_CHECKING:
    from app.serve.schedule import Schedule
    from index.config import Settings
    from index.library import Library

_AT = "06:15"


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port.")] = 7860,
    daily: Annotated[
        Path | None,
        typer.Option(
            "--daily",
            metavar="FILE",
            help="Do the job of this file once a day: docs/daily.md.",
            show_default=False,
        ),
    ] = None,
    at: Annotated[
        str, typer.Option("--at", metavar="HH:MM", help="When, by this machine's clock.")
    ] = _AT,
    library: LibraryOption = None,
) -> None:
    """Serve the web UI until Ctrl+C; other commands on the library hand it their work."""
    from app.cli.work import read_job
    from app.serve.server import serve as serve_app

    settings = settings_of(context, library)
    serve_app(
        settings,
        host,
        port,
        ready=lambda address: messages.print(f"gloss: {address} (Ctrl+C stops)"),
        read_job=read_job,
        daily=_schedule(daily, at, settings) if daily is not None else None,
    )


def _schedule(config: Path, at: str, settings: Settings) -> Schedule:
    """The job of a file, once a day. Raises ``ConfigUnusable``, and for another library's file."""
    from app.cli.work import Work, run
    from app.publish.daily import read_daily
    from app.serve.schedule import Schedule

    asked = read_daily(config)
    here = settings.library.expanduser().absolute()
    if asked.library is not None and asked.library.expanduser().absolute() != here:
        raise LibraryUnusable(
            asked.library, f"{config} is for this library, and {here} is served; make them one"
        )
    try:
        time = datetime.datetime.strptime(at, "%H:%M").time()
    except ValueError:
        raise NothingAsked(f"serve: --at {at}: give hours and minutes, as {_AT}") from None
    arguments = ("daily", "--config", str(config.absolute()))
    work = Work.given(arguments, "daily")

    def job(opened: Library, check: Callable[[], None]) -> int:
        return run(work, opened, _Stoppable(check))

    return Schedule(time, job)


class _Stoppable(Terminal):
    """This process's own terminal, for work that ends when the server does."""

    def __init__(self, check: Callable[[], None]) -> None:
        super().__init__()
        self._check = check

    def check(self) -> None:
        """Raises ``KeyboardInterrupt`` once the server ends."""
        self._check()
