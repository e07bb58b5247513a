"""What can wait until nobody waits for an answer does, and not for ever."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.serve import warming
from app.serve.late import Late
from app.serve.site import Site
from app.serve.traffic import Counted, Traffic

LONG = 60.0


def rested(traffic: Traffic, seconds: float = 0.0, most: float = LONG) -> threading.Event:
    """Set once ``rest`` has said that there is rest."""
    event = threading.Event()

    def wait() -> None:
        if traffic.rest(seconds, most):
            event.set()

    threading.Thread(target=wait, daemon=True).start()
    return event


def test_it_waits_for_those_who_wait_and_for_a_while_after_them() -> None:
    traffic = Traffic()
    traffic.come()
    traffic.come()
    event = rested(traffic)
    traffic.answered()
    assert not event.wait(0.05)
    traffic.answered()
    assert event.wait(LONG)
    assert not rested(traffic, LONG, LONG).wait(0.05)


def test_it_does_not_wait_for_ever_nor_for_a_server_that_ends() -> None:
    traffic = Traffic()
    traffic.come()
    assert traffic.rest(0.0, 0.01)
    ending = threading.Thread(target=lambda: told.append(traffic.rest(LONG, LONG)))
    told: list[bool] = []
    ending.start()
    traffic.end()
    ending.join(LONG)
    assert told == [False]


def asked(traffic: Traffic, app: Callable[..., Awaitable[None]]) -> None:
    async def nothing(*_: Any) -> None: ...

    asyncio.run(Counted(app, traffic)({"type": "http"}, nothing, nothing))  # type: ignore[arg-type]


def test_an_answer_that_has_begun_is_waited_for_no_more() -> None:
    """A page of Gradio's listens to an answer for as long as it is open."""
    traffic = Traffic()
    seen: list[bool] = []

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        seen.append(rested(traffic).wait(0.05))
        await send({"type": "http.response.start"})
        seen.append(rested(traffic).wait(LONG))
        await send({"type": "http.response.body"})

    async def breaks(scope: Any, receive: Any, send: Any) -> None:
        raise OSError("no answer")

    asked(traffic, endless)
    assert seen == [False, True]
    with pytest.raises(OSError, match="no answer"):
        asked(traffic, breaks)
    assert rested(traffic).wait(LONG)


def test_what_takes_long_at_the_start_is_begun_while_nobody_waits(
    library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first search beside Gradio's import took three times as long."""
    made = threading.Event()

    def make() -> Any:
        made.set()
        site.traffic.end()  # nothing comes after it
        raise OSError("not there")

    monkeypatch.setattr(warming, "_REST", 0.0)
    site = Site(None, Late(make), Traffic())  # type: ignore[arg-type]
    site.traffic.come()
    opening = threading.Thread(target=lambda: None)
    opening.start()
    with warming.warming(library, "http://127.0.0.1:9/", site, opening):
        assert not made.wait(0.05)
        site.traffic.answered()
        assert made.wait(LONG)
