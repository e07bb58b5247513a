"""Serving: the web UI and what stands beside it, here and on Hugging Face Spaces.

What is served (``app.serve.site``) takes a second to import: a library's model and vectors are
opened meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from app.serve.memory import EVERY, give_back
from app.serve.warming import engine_opening, warming
from app.serve.work import ReadJob, taking_work
from index.config import Settings
from index.errors import GlossError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.serve.schedule import Schedule
    from index.library import Library

LOOPBACK = ("127.0.0.1", "localhost", "::1")  # names that no other machine has for this one
STOP_SECONDS = 3  # what connections are given to end


class AddressInUse(GlossError):
    """The address to listen on is taken, or is none of this machine's."""

    def __init__(self, host: str, port: int, why: str) -> None:
        super().__init__(f"cannot listen on {host}:{port}: {why}; give another --port or --host")
        self.host = host
        self.port = port


class OwnNames:
    """Answers requests for these names only, whatever others lead to the same address.

    A page of anybody's can have its own name lead to 127.0.0.1 (DNS rebinding), and its visitor's
    browser then takes what is served here for that page's own. Gradio does not ask for the name:
    it only keeps pages of other names from reading what ``localhost`` says.
    """

    def __init__(self, app: ASGIApp, names: Sequence[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on, or say what to set."""
        from starlette.datastructures import Headers
        from starlette.responses import PlainTextResponse

        if scope["type"] == "http" and not self._is_own(Headers(scope=scope).get("host", "")):
            said = "this name is not that of this server; GLOSS_HOSTS can add it\n"
            await PlainTextResponse(said, 421)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_own(self, host: str) -> bool:
        try:
            return (urlsplit(f"//{host}").hostname or "") in self._names
        except ValueError:  # brackets that do not close
            return False


class LetGo(logging.Filter):
    """Of uvicorn's log while it stops: that open tabs were let go in mid-answer is no error."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is about anything else."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, asyncio.CancelledError):
            return False
        return "timeout graceful shutdown exceeded" not in record.getMessage()


@contextmanager
def running(app: FastAPI, host: str, port: int, names: Sequence[str] = ()) -> Iterator[str]:
    """Serve in a thread for as long as the context lasts; gives the address.

    On an address of this machine alone, only requests that name it, or one of ``names``, are
    answered (``OwnNames``). At the end, answers under way have ``STOP_SECONDS`` to end in. Raises
    ``AddressInUse``.
    """
    import uvicorn

    from app.serve.connections import KEEP_ALIVE_SECONDS, capacity, protocol_of

    _check_free(host, port)
    fits = capacity()
    server = uvicorn.Server(
        uvicorn.Config(
            OwnNames(app, (*LOOPBACK, *names)) if host in LOOPBACK else app,
            host,
            port,
            loop="asyncio",
            http=protocol_of(fits),
            ws="none",
            log_level="warning",
            backlog=fits.backlog,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise AddressInUse(host, port, "the server ended before it began")
        time.sleep(0.02)
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    finally:
        log, let_go = logging.getLogger("uvicorn.error"), LetGo()
        log.addFilter(let_go)
        server.should_exit = True
        thread.join(STOP_SECONDS + 2)
        log.removeFilter(let_go)


def _check_free(host: str, port: int) -> None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        raise AddressInUse(host, port, error.strerror or str(error)) from error


def serve(
    settings: Settings,
    host: str,
    port: int,
    *,
    ready: Callable[[str], object] | None = None,
    read_job: ReadJob | None = None,
    daily: Schedule | None = None,
) -> NoReturn:
    """Serve until interrupted; owns the library. ``ready`` is called with the address.

    With ``read_job`` other processes of the same user may have work done (``app.serve.work``).
    """
    from index.library import Library

    _check_free(host, port)
    if threading.current_thread() is threading.main_thread():
        # Told to stop (systemd, a container), leave in order: end the workers, free the library.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Library.open(settings) as library, engine_opening(library) as opening:
        from app.serve.site import UPLOADS, site_of
        from app.web.ui import uploads_to

        site = site_of(library, settings)
        with (
            # Gradio makes parts of the UI anew for a session that changes them, from the second
            # upload on: where it copies files to then, it reads from the environment again.
            uploads_to(library.directory / UPLOADS),
            running(site.app, host, port, settings.hosts.split()) as address,
            ExitStack() as working,
        ):
            if read_job is not None and _is_writable(library):
                working.enter_context(taking_work(library, read_job))
            if daily is not None:
                working.enter_context(daily.kept(library))
            if ready is not None:
                ready(address)
            working.enter_context(warming(library, address, site, opening))
            while True:
                threading.Event().wait(EVERY)
                give_back()


def _is_writable(library: Library) -> bool:
    try:
        library.check_writable()
    except GlossError:
        return False
    return True


def serve_space() -> NoReturn:
    """Serve on Hugging Face Spaces, a small library to begin with (``app.serve.space``)."""
    from app.serve.space import space_settings

    port = int(os.environ.get("GRADIO_SERVER_PORT", "7860"))
    serve(space_settings(), os.environ.get("GRADIO_SERVER_NAME", "0.0.0.0"), port)
