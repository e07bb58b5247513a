"""A visitor of a public ``gloss serve``, without a browser: the requests that one would send.

Searches, answers and papers are asked for as our own scripts do, under the key of the session.
Adding goes the way of Gradio's script: ``queue/join`` names the function, and ``queue/data`` has
its answer as server-sent events. While a visitor is there, ``heartbeat`` stays open; the server
takes its end for the visitor's leaving, and deletes what the visitor added.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote, unquote

import httpx

SECONDS = 300.0  # for one answer
_PAGE = re.compile(r'/view/[^"\s]+?/pages/\d+\.png[^"\s,]*')
_PLACE = re.compile(r'data-to="\?paper=([^"&]+)&(?:amp;)?at=(\d+)-(\d+)"')
_ADDED = re.compile(r'<li class="done">.*?href="\?paper=([^"]+)"', re.S)


class Unanswered(Exception):
    """What a visitor sees in place of an answer; ``busy`` is said to come again later."""

    def __init__(self, said: str, *, busy: bool = False) -> None:
        super().__init__(said)
        self.busy = busy


class Visitor:
    """One visit, from the first page to the leaving. ``address`` is that of the internet."""

    def __init__(self, base: str, address: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=base,
            timeout=httpx.Timeout(SECONDS, connect=20),
            headers={"X-Forwarded-For": address},
        )
        self._session = secrets.token_hex(6)[:11]
        self._key = ""  # of the session, once it has been given
        self._functions: dict[str, int] = {}
        self._heart: asyncio.Task[None] | None = None
        self._places: list[str] = []
        self.own: list[str] = []  # ids of the papers that it added

    async def arrive(self) -> None:
        """Load the page, and what the page asks for by itself."""
        (await self._client.get("/")).raise_for_status()
        config = (await self._client.get("/config")).raise_for_status().json()
        names = {
            one["id"]: one.get("props", {}).get("elem_id") or "" for one in config["components"]
        }
        loads = []
        for function in config["dependencies"]:
            if not function["backend_fn"]:
                continue
            for target, event in function["targets"]:
                self._functions.setdefault(f"{names.get(target, '')} {event}", function["id"])
                if event == "load":
                    loads.append(function["id"])
        self._heart = asyncio.create_task(self._beat())
        for number in loads:
            for value in await self._call(number, []):
                if isinstance(value, str) and value:
                    self._key = value
        if not self._key:
            raise Unanswered("the session got no key")

    async def leave(self) -> None:
        """Close the page."""
        if self._heart is not None:
            self._heart.cancel()
            with suppress(asyncio.CancelledError, httpx.HTTPError):
                await self._heart
        await self._client.aclose()

    async def search(self, question: str) -> None:
        """Search in the app, and open the paper of the first hit at its place."""
        found = await self._asked("search.json", q=question)
        place = _PLACE.search(found["html"])
        if place is None:
            raise Unanswered("no hits")
        paper_id = unquote(place[1])
        await self._asked(f"{quote(paper_id)}/pages.json")
        await self._asked(f"{quote(paper_id)}/place.json", start=place[2], end=place[3])

    async def ask(self, question: str) -> None:
        """Ask in the app, which looks for passages and for an answer."""
        await self._asked("search.json", q=question)
        await self._asked("answer.json", q=question)

    async def get(self, path: str, **query: str | float) -> bytes:
        """What a program gets of the API."""
        answer = await self._client.get(f"/api/{path}", params=query)
        _check(answer)
        return answer.content

    async def add(self, name: str, data: bytes) -> str:
        """Upload a file, and wait until it is in the visitor's library; the paper's id."""
        sent = await self._client.post(
            "/gradio_api/upload", files={"files": (name, data, "application/pdf")}
        )
        _check(sent)
        file = {"path": sent.json()[0], "orig_name": name, "meta": {"_type": "gradio.FileData"}}
        answer = await self._call(self._functions["upload upload"], [[file]])
        said = str(answer[0])
        added = _ADDED.search(said)
        if added is None:
            raise Unanswered(_plain(said), busy="too many" in said or "which is all" in said)
        self.own.append(unquote(html.unescape(added[1])))
        return self.own[-1]

    async def read(self, paper_id: str) -> None:
        """Open a paper in the reader: its pages, and its digest beside them."""
        pages = await self._asked(f"{quote(paper_id)}/pages.json")
        digest = await self._asked(f"{quote(paper_id)}/sentences.json")
        if "claim" not in digest["html"]:
            raise Unanswered(_plain(digest["html"]))
        self._places = [html.unescape(one) for one in _PAGE.findall(pages["html"])]

    async def see_page(self, choose: Callable[[list[str]], str]) -> None:
        """Have one of the pages drawn beside which the paper is read."""
        if self._places:
            _check(await self._client.get(choose(self._places)))

    async def _asked(self, path: str, **query: str) -> dict[str, Any]:
        """What our scripts get: HTML, and what belongs to it."""
        answer = await self._client.get(f"/view/{self._key}/{path}", params=query)
        _check(answer)
        found: dict[str, Any] = answer.json()
        return found

    async def _call(self, function: int, data: list[Any]) -> list[Any]:
        asked = {
            "data": data,
            "event_data": None,
            "fn_index": function,
            "trigger_id": None,
            "session_hash": self._session,
        }
        _check(await self._client.post("/gradio_api/queue/join", json=asked))
        result: list[Any] | None = None
        async with self._client.stream(
            "GET", "/gradio_api/queue/data", params={"session_hash": self._session}
        ) as answer:
            async for line in answer.aiter_lines():
                if not line.startswith("data:"):
                    continue
                message = json.loads(line[5:])
                if message["msg"] == "process_completed":
                    output = message["output"]
                    if not message["success"]:
                        raise Unanswered(str(output.get("error")))
                    result = output["data"]
                if message["msg"] == "close_stream":
                    break
        if result is None:
            raise Unanswered("the server ended the answer before its end")
        return result

    async def _beat(self) -> None:
        path = f"/gradio_api/heartbeat/{self._session}"
        async with self._client.stream("GET", path, timeout=None) as answer:
            async for _ in answer.aiter_raw():
                pass


def _check(answer: httpx.Response) -> None:
    if answer.status_code >= 400:
        busy = answer.status_code in (429, 503)
        raise Unanswered(f"{answer.status_code}: {answer.text[:200]}", busy=busy)


def _plain(shown: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", shown).split())[:200]
