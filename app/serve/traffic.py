"""Who waits for an answer: what can be done at any time is done while nobody does."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Traffic:
    """Requests whose answer has not begun, counted. Safe from several threads.

    An answer that has begun may last for as long as a page is open, and nobody waits for it.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting = 0
        self._rests_since = time.monotonic()
        self._ended = False

    def come(self) -> None:
        """Somebody waits."""
        with self._changed:
            self._waiting += 1

    def answered(self) -> None:
        """One waits no more."""
        with self._changed:
            self._waiting -= 1
            self._rests_since = time.monotonic()
            self._changed.notify_all()

    def end(self) -> None:
        """The server ends; nothing is to be begun any more."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def rest(self, seconds: float, most: float) -> bool:
        """Wait until nobody has waited for so many seconds, or ``most`` have gone by.

        False once the server ends.
        """
        end = time.monotonic() + most
        with self._changed:
            while not self._ended:
                now = time.monotonic()
                until = end if self._waiting else min(end, self._rests_since + seconds)
                if now >= until:
                    return True
                self._changed.wait(until - now)
            return False


class Counted:
    """Counts the requests of an application."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self._app = app
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        waits = True

        def answered() -> None:
            nonlocal waits
            if waits:
                waits = False
                self._traffic.answered()

        async def sent(message: Message) -> None:
            answered()
            await send(message)

        self._traffic.come()
        try:
            await self._app(scope, receive, sent)
        finally:
            answered()
