"""A visitor of a public ``gloss serve``, without a browser: the requests that one would send.

Events of the web UI go the way of Gradio's own script: ``queue/join`` names the function, and
``queue/data`` has its answer as server-sent events. While a visitor is there, ``heartbeat`` stays
open; the server takes its end for the visitor's leaving, and deletes what the visitor added.
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

import httpx

SECONDS = 300.0  # for one answer
_PAGE = re.compile(r'/view/[^"\s]+?/pages/\d+\.png[^"\s]*')


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
            await self._call(number, [])

    async def leave(self) -> None:
        """Close the page."""
        if self._heart is not None:
            self._heart.cancel()
            with suppress(asyncio.CancelledError, httpx.HTTPError):
                await self._heart
        await self._client.aclose()

    async def search(self, question: str, among: str = "passages") -> None:
        """Search in the web UI, and open the page of the first hit."""
        found = await self._event("query submit", [question, among, "", "", "", ""])
        if 'class="hit' not in json.dumps(found).replace("\\", ""):
            raise Unanswered("no hits")
        await self._event("hits click", [None], {"pick": 0})

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
        answer = await self._event("upload upload", [file])
        choice, said = answer[0], str(answer[1])
        if not isinstance(choice, dict) or "value" not in choice:
            raise Unanswered(_plain(said), busy="too many" in said or "which is all" in said)
        self.own.append(str(choice["value"]))
        return self.own[-1]

    async def read(self, paper_id: str) -> None:
        """Open a paper in the reader: its digest, beside its pages."""
        given = [paper_id, "en", "extractive", None, None, None]
        reading, pages, *_ = await self._event("paper-choice change", given)
        if "claim" not in str(reading):
            raise Unanswered(_plain(str(reading)), busy="too many" in str(reading))
        self._places = [html.unescape(one) for one in _PAGE.findall(f"{reading}{pages}")]

    async def see_page(self, choose: Callable[[list[str]], str]) -> None:
        """Have one of the pages drawn beside which the paper is read."""
        if self._places:
            _check(await self._client.get(choose(self._places)))

    async def _event(self, name: str, data: list[Any], event: Any = None) -> list[Any]:
        return await self._call(self._functions[name], data, event)

    async def _call(self, function: int, data: list[Any], event: Any = None) -> list[Any]:
        asked = {
            "data": data,
            "event_data": event,
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
