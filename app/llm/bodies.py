"""How much of a server's answer is received: a visitor may name any server as their model's.

httpx unpacks what comes packed, a piece as a whole: 64 kB of gzip are 64 MB, of Brotli, or packed
twice, as much as there is memory. So answers are asked for as they are, and packed ones refused.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx

MOST = 4_000_000  # bytes of an answer; one of 8,000 tokens has some 40 kB


class BodyRefused(Exception):
    """An answer that is packed, too large or too slow."""


async def bounded(response: httpx.Response) -> None:
    """For ``event_hooks``: the answer, before its body comes. Raises ``BodyRefused``."""
    _check(response)
    assert isinstance(response.stream, httpx.AsyncByteStream)
    response.stream = _Bounded(response.stream)


def json_of(response: httpx.Response, seconds: float) -> Any:
    """The JSON of a streamed answer. Raises ``BodyRefused``, and ``ValueError`` for none."""
    _check(response)
    body, end = bytearray(), time.monotonic() + seconds
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > MOST:
            raise _too_large()
        if time.monotonic() > end:
            raise BodyRefused(f"no whole answer within {seconds:.3g} s")
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("brackets within brackets") from None


def _check(response: httpx.Response) -> None:
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise BodyRefused("a packed answer came, which was not asked for")


def _too_large() -> BodyRefused:
    return BodyRefused(f"more than {MOST / 1e6:.3g} MB came")


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, body: httpx.AsyncByteStream) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        got = 0
        async for chunk in self._body:
            got += len(chunk)
            if got > MOST:
                raise _too_large()
            yield chunk

    async def aclose(self) -> None:
        await self._body.aclose()
