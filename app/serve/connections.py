"""How many connections the server holds, and for how long one may be silent.

uvicorn's own limits begin with a whole request: a connection that never sends one is held for ever,
and one more than the process may open files stops the server. Its protocol on h11, which is all
Python, is extended for that.
"""

from __future__ import annotations

import asyncio
import resource
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0  # from a connection's beginning to the end of a first request's head
# As many times as long where nobody waits for the connection, with a quarter of all taken at most:
# a program on a busy machine gets no time between connecting and asking for longer than that.
CALM_TIMES = 6
KEEP_ALIVE_SECONDS = 5  # between two requests
HEAD_BYTES = 32 * 1024  # of a request's line and headers
CONNECTIONS_MOST = 1000  # a small machine has no use for more
PIECES_MOST = 2_000  # of a chunked body that may be of any size
PIECE_BYTES = 64  # that further ones have on average
WORKING_FILES = 16  # that the answers under way may open


@dataclass(frozen=True, slots=True)
class Capacity:
    """Connections at a time, and those that are accepted in one go."""

    connections: int
    backlog: int


def capacity() -> Capacity:
    """What fits into the files that this process may open, of which it asks for all it may have.

    Connections that were accepted and not yet counted are open files too. asyncio accepts
    ``backlog`` of them in a turn, and a refused one is gone some turns later.
    """
    limit = _raised_limit()
    free = max(limit - _open_files() - WORKING_FILES, 16)
    backlog = min(max(free // 10, 4), 128)
    return Capacity(min(max(free - 4 * backlog, 4), CONNECTIONS_MOST), backlog)


def _raised_limit() -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(hard, 8192)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return 8192 if soft == resource.RLIM_INFINITY else soft


def _open_files() -> int:
    try:
        return len(list(Path("/dev/fd").iterdir()))  # of Linux and macOS
    except OSError:
        return 64


class _Pieces(h11.Connection):
    """h11's reading of a connection, which ends where a body comes in crumbs.

    Each piece costs the time of a hundred bytes or more, while nobody else is served.
    """

    _number = _size = 0

    def next_event(self) -> Any:
        """What came. Raises ``h11.RemoteProtocolError``."""
        event = super().next_event()
        if isinstance(event, h11.Request):
            self._number = self._size = 0
        elif isinstance(event, h11.Data):
            self._number += event.chunk_start
            self._size += len(event.data)
            if self._number > PIECES_MOST + self._size // PIECE_BYTES:
                raise h11.RemoteProtocolError("a body in too many pieces")
        return event


class BoundedProtocol(H11Protocol):
    """A connection that is closed where there are too many, or where it stays silent."""

    most = CONNECTIONS_MOST  # of all; a class of its own for each server has its number
    _silent: asyncio.TimerHandle | None = None

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.conn = _Pieces(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, or hang up."""
        super().connection_made(transport)
        if len(self.connections) > self.most or self._is_greedy():
            transport.abort()
            return
        self._wait(CALM_TIMES)

    def data_received(self, data: bytes) -> None:
        """Take what came; the time for a head ends once it is there."""
        super().data_received(data)
        if self.cycle is not None:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self, times: int) -> None:
        self._silent = self.loop.call_later(HEADER_SECONDS, self._hang_up, times - 1)

    def _hang_up(self, left: int) -> None:
        """End a connection that was silent, or wait again, so many times at most."""
        if left and len(self.connections) <= self.most // 4:
            self._wait(left)
        else:
            self.transport.abort()

    def _stop_waiting(self) -> None:
        if self._silent is not None:
            self._silent.cancel()
            self._silent = None

    def _is_greedy(self) -> bool:
        """Whether one address of the internet, so no proxy, has more than a quarter of all."""
        peer = self.client[0] if self.client else ""
        try:
            if not ip_address(peer.partition("%")[0]).is_global:
                return False
        except ValueError:
            return False
        clients = [one.client for one in self.connections if isinstance(one, BoundedProtocol)]
        return [client[0] for client in clients if client].count(peer) > max(self.most // 4, 4)


def protocol_of(fits: Capacity) -> type[H11Protocol]:
    """The protocol with its number of connections."""
    named: dict[str, Any] = {"most": fits.connections}
    return type("Protocol", (BoundedProtocol,), named)
