"""What a server makes late: nothing else waits for it, and it is made once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.serve.late import Late, NotMade
from app.serve.site import site_of
from index.config import Settings


class Told:
    """An application that tells what becomes of it, made once ``go`` is set."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.go = threading.Event()

    def make(self) -> Starlette:
        self.told.append("made")
        assert self.go.wait(30)

        @asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[None]:
            self.told.append("started")
            yield
            self.told.append("ended")

        def answer(request: Request) -> PlainTextResponse:
            self.told.append("asked")
            return PlainTextResponse("there")

        return Starlette(routes=[Route("/", answer)], lifespan=lifespan)


def asked(late: Late) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(late), base_url="http://late")


def within(late: Late, then: Callable[[httpx.AsyncClient], Any]) -> Any:
    async def run() -> Any:
        async with late.running(), asked(late) as client:
            return await then(client)

    return asyncio.run(run())


def test_requests_wait_for_it_and_it_is_made_and_started_once() -> None:
    told = Told()

    async def two(client: httpx.AsyncClient) -> list[str]:
        both = [asyncio.create_task(client.get("/")) for _ in range(2)]
        done, _ = await asyncio.wait(both, timeout=0.05)
        assert not done and told.told == ["made"]
        told.go.set()
        return [(await one).text for one in both]

    assert within(Late(told.make), two) == ["there", "there"]
    assert told.told == ["made", "started", "asked", "asked", "ended"]


def test_a_server_that_stops_meanwhile_waits_neither_for_it_nor_for_a_request() -> None:
    told = Told()
    late = Late(told.make)

    async def leave(client: httpx.AsyncClient) -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.get("/"), 0.05)

    within(late, leave)
    told.go.set()
    assert asyncio.run(one_answer(late)) == "there"  # nobody's going away has cost it
    within(Late(told.make), nothing)  # not asked for, not made
    assert told.told == ["made", "asked"]


async def one_answer(late: Late) -> str:
    async with asked(late) as client:
        return (await client.get("/")).text


async def nothing(client: httpx.AsyncClient) -> None:
    pass


def test_what_cannot_be_made_fails_each_request_and_not_the_server(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def make() -> Starlette:
        raise OSError("no such library")

    frames: list[int] = []

    async def thrice(client: httpx.AsyncClient) -> None:
        for _ in range(3):
            with pytest.raises(NotMade, match="no such library") as caught:
                await client.get("/")
            frames.append(len(caught.traceback))
            assert caught.value.__cause__ is caught.value.__context__ is None

    within(Late(make), thrice)
    assert len(set(frames)) == 1  # nothing is kept of a request
    assert caplog.text.count("could not be made") == 1


def test_a_failure_to_start_fails_each_request_and_is_raised_when_the_server_ends() -> None:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        raise OSError("no room to start")
        yield

    async def once(client: httpx.AsyncClient) -> None:
        with pytest.raises(NotMade, match="no room to start"):
            await client.get("/")

    with pytest.raises(OSError, match="no room to start"):
        within(Late(lambda: Starlette(lifespan=lifespan)), once)


def test_screens_searches_and_the_api_answer_before_gradio_and_mcp_are_there(
    library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server's first answer waited for Gradio, which takes seven seconds to import."""

    tried: list[str] = []

    def never(name: str) -> Callable[..., Any]:
        def fail(*_: object) -> Any:
            tried.append(name)
            raise OSError(name)

        return fail

    monkeypatch.setattr("app.web.ui.gradio_app", never("Gradio"))
    monkeypatch.setattr("app.api.tools.ToolServer", never("mcp"))
    with TestClient(site_of(library, Settings()).app, base_url="http://localhost") as client:
        page = client.get("/?lang=zh")
        assert '<html lang="zh-CN">' in page.text and 'href="?view=library"' in page.text
        assert client.head("/").status_code == 200
        for address in (
            "/view/library/search.json?q=lantern",
            "/view/library/2401.00001/pages.json",
            "/api/search?q=lantern",
            "/api/health",
        ):
            assert client.get(address).status_code == 200
        assert tried == []
        assert client.get("/gradio").status_code == client.get("/config").status_code == 500
        assert client.post("/mcp", json={}).status_code == 500
    assert tried == ["Gradio", "mcp"]
