"""An application that is made once it is asked for, so that the rest of a server need not wait."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import Receive, Scope, Send

_log = logging.getLogger(__name__)

# What is imported and read from the environment meanwhile is the process's.
_MAKING = threading.Lock()
# Seconds that a thread keeps the interpreter while others wait for it; Python's own are 0.005. A
# search lets it go at every row that it reads, and an import never does.
_TURN = 0.0005


@contextmanager
def _short_turns() -> Iterator[None]:
    former = sys.getswitchinterval()
    sys.setswitchinterval(_TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(former)


class NotMade(RuntimeError):
    """An application could not be made, or could not start; the log has said why, once."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(f"a part of the server did not start: {cause!r}")


class Late:
    """Answers by an application that ``make`` makes, in a thread, at the first request or before.

    Requests wait for it. If it cannot be made, or its lifespan does not begin, each raises
    ``NotMade``.
    """

    def __init__(self, make: Callable[[], Starlette]) -> None:
        self._make = make
        self._made: Future[Starlette] = Future()
        self._begun = threading.Lock()
        self._started: asyncio.Event | None = None  # its lifespan, within the server's
        self._unstarted: Exception | None = None  # why its lifespan did not begin

    def begin(self, done: Callable[[], object] = lambda: None) -> None:
        """Have it made, if nobody has yet; ``done`` is called when it is, or cannot be."""
        self._made.add_done_callback(lambda _: done())
        if self._begun.acquire(blocking=False) and self._made.set_running_or_notify_cancel():
            # A daemon: a server that is stopped meanwhile does not wait for it.
            threading.Thread(target=self._fulfil, daemon=True).start()

    def _fulfil(self) -> None:
        try:
            with _MAKING, _short_turns():
                made = self._make()
        except BaseException as error:
            _log.exception("a part of the server could not be made")
            self._made.set_exception(error)
        else:
            self._made.set_result(made)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The server's lifespan, within which the application has its own once it is made."""
        stop, self._started = asyncio.Event(), asyncio.Event()
        living = asyncio.create_task(self._live(self._started, stop))
        try:
            yield
        finally:
            stop.set()
            try:
                await living
            finally:
                self._started = None

    async def _live(self, started: asyncio.Event, stop: asyncio.Event) -> None:
        stopped = asyncio.create_task(stop.wait())
        made = asyncio.wrap_future(self._made)
        await asyncio.wait((made, stopped), return_when=asyncio.FIRST_COMPLETED)
        if not made.done():
            made.cancel()
        elif made.exception() is None:
            app = made.result()
            try:
                async with app.router.lifespan_context(app):
                    started.set()
                    await stopped
            except Exception as error:
                if not started.is_set():
                    _log.exception("a part of the server could not start")
                    self._unstarted = error
                raise
            finally:
                started.set()
        else:
            started.set()
        stopped.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, once the application is there. Raises ``NotMade``.

        A new one each time: the traceback of one that is raised again would keep every request.
        """
        self.begin()
        made = asyncio.wrap_future(self._made)
        await asyncio.wait((made,))
        failed = made.exception()
        if failed is None and self._started is not None:
            await self._started.wait()
            failed = self._unstarted
        if failed is not None:
            raise NotMade(failed)
        await made.result()(scope, receive, send)
