"""Serving: the web UI and what stands beside it, here and on Hugging Face Spaces."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from app.api.rate_limiter import VisitorRateLimiter
from app.api.service import RateLimiter, unlimited
from app.serve.late import Late
from app.serve.limits import Bounded, UploadRoom
from app.serve.memory import EVERY, give_back
from app.serve.schedule import Schedule
from app.serve.work import ReadJob, taking_work
from app.web.session import Session, Sessions, SharedSession
from app.web.visitors import Visitors
from index.config import Settings
from index.errors import GlossError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

    from index.library import Library, Papers

UPLOADS = "uploads"  # inside the library's folder, which one process owns
LOOPBACK = ("127.0.0.1", "localhost", "::1")  # names that no other machine has for this one
STOP_SECONDS = 3  # what connections are given to end


class AddressInUse(GlossError):
    """The address to listen on is taken, or is none of this machine's."""

    def __init__(self, host: str, port: int, why: str) -> None:
        super().__init__(f"cannot listen on {host}:{port}: {why}; give another --port or --host")
        self.host = host
        self.port = port


def web_app(
    library: Library, settings: Settings, rate_limiter: RateLimiter | None = None
) -> FastAPI:
    """All that is served of an open library.

    ``rate_limiter`` is asked before a paper is added or a digest written for somebody. Left out,
    that is free on one's own machine, and a public instance has the limits of its settings.
    """
    from fastapi import FastAPI
    from starlette.applications import Starlette
    from starlette.routing import Route

    from app.api.http import api, mounted
    from app.api.tools import PATHS, ToolServer
    from app.show.figures import Pictures
    from app.web.katex import katex_router
    from app.web.media import view_router
    from app.web.notes import notes_router
    from app.web.related import related_router
    from app.web.screens import screen_router
    from app.web.takeaway import takeaway_router
    from app.web.ui import VIEWS, gradio_app, uploads_to
    from app.web.ui.first_page import FirstPage, Shell

    sessions: Sessions
    drawn = Pictures()
    uploads = UploadRoom(library.directory / UPLOADS)
    if settings.public.enabled:
        sessions, rate_limiter = (
            Visitors(library, settings, drawn),
            rate_limiter or VisitorRateLimiter.of(settings),
        )
        uploads.shared, uploads.rate_limiter = True, VisitorRateLimiter.of(settings)
    else:
        session = Session(library, settings=settings, drawn=drawn)
        sessions, rate_limiter = SharedSession(session), rate_limiter or unlimited
    own = None if settings.public.enabled else library

    def tools() -> Starlette:
        server = ToolServer(lambda: library, rate_limiter, own)
        routes = [Route(path, server) for path in PATHS]
        return Starlette(routes=routes, lifespan=lambda _: server.running())

    def tabs() -> FastAPI:
        with uploads_to(uploads.folder):
            return gradio_app(sessions, rate_limiter, own)

    tools_late, tabs_late = Late(tools), Late(tabs)

    @asynccontextmanager
    async def open_to_visitors(app: FastAPI) -> AsyncIterator[None]:
        async with tools_late.running(), tabs_late.running():
            try:
                yield
            finally:
                sessions.close()
                uploads.empty()

    app = FastAPI(
        title="gloss",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=open_to_visitors,
    )
    app.router.routes.append(mounted(api(library, settings, rate_limiter, drawn, own)))
    for path in PATHS:
        app.router.routes.append(Route(path, tools_late))
    app.include_router(screen_router(sessions, rate_limiter))
    app.include_router(notes_router(sessions))
    app.include_router(takeaway_router(sessions, rate_limiter))
    app.include_router(view_router(sessions))
    app.include_router(katex_router())
    app.include_router(related_router(sessions, rate_limiter))
    app.router.routes.append(FirstPage(Shell(sessions, VIEWS, settings.source_url)).route())
    app.mount("/", tabs_late)
    app.state.begin_late = tabs_late.begin
    app.add_middleware(Bounded, uploads=uploads, names=settings.hosts.split())
    return app


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

    from app.serve.connections import HEAD_BYTES, KEEP_ALIVE_SECONDS, capacity, protocol_of

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
            h11_max_incomplete_event_size=HEAD_BYTES,
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
    from app.web.ui import uploads_to
    from index.library import Library

    _check_free(host, port)
    if threading.current_thread() is threading.main_thread():
        # Told to stop (systemd, a container), leave in order: end the workers, free the library.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Library.open(settings) as library:
        app = web_app(library, settings)
        warming: threading.Thread | None = None
        try:
            with (
                # Gradio makes parts of the UI anew for a session that changes them, from the second
                # upload on: where it copies files to then, it reads from the environment again.
                uploads_to(library.directory / UPLOADS),
                running(app, host, port, settings.hosts.split()) as address,
                ExitStack() as working,
            ):
                if read_job is not None and _is_writable(library):
                    working.enter_context(taking_work(library, read_job))
                if daily is not None:
                    working.enter_context(daily.kept(library))
                if ready is not None:
                    ready(address)
                begin = app.state.begin_late
                warming = threading.Thread(
                    target=_warm, args=(library, address, begin), daemon=True
                )
                warming.start()
                while True:
                    threading.Event().wait(EVERY)
                    give_back()
        finally:
            if warming is not None:  # cut off in a conversion, the process ends badly
                warming.join()


def _is_writable(library: Library) -> bool:
    try:
        library.check_writable()
    except GlossError:
        return False
    return True


def _warm(library: Papers, address: str, begin_late: Callable[[], None]) -> None:
    """Have made what is made once, before somebody waits for it: the model, the first screen.

    What is made late is begun after them, since it takes a processor for seconds. Where no digest
    of the newest papers is written, as after an update of gloss, that of the newest is, for the
    first screen to show.
    """
    from app.web.home import newest_of
    from app.write import write_digest
    from app.write.saved import is_saved

    with suppress(GlossError):  # whoever searches is told
        library.search("gloss", 1)
    with suppress(OSError, HTTPException), closing(_connection(address)) as server:
        server.request("GET", "/")
        server.getresponse().read()
    begin_late()
    with suppress(GlossError):  # whoever opens the paper is told
        newest = newest_of(library)
        if newest and not any(is_saved(library, one.id, "en") for one in newest):
            write_digest(library, newest[0].id)


def _connection(address: str) -> HTTPConnection:
    """To the server itself, whatever proxy is set."""
    there = urlsplit(address)
    return HTTPConnection(there.hostname or "127.0.0.1", there.port, timeout=60)


def serve_space() -> NoReturn:
    """Serve on Hugging Face Spaces, a small library to begin with (``app.serve.space``)."""
    from app.serve.space import space_settings

    port = int(os.environ.get("GRADIO_SERVER_PORT", "7860"))
    serve(space_settings(), os.environ.get("GRADIO_SERVER_NAME", "0.0.0.0"), port)
