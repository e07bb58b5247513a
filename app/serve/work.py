"""Work for other processes of the same user, by the one that has the library.

A listener of its own on 127.0.0.1, which neither ``--host`` nor a proxy leads to, takes commands
from whoever knows the token. Port and token are in a file of the library's folder that only its
owner can read, for as long as the server runs. What a command prints is streamed back, a JSON array
of a kind and a value for each line, and "end" with the exit code last.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.library.lock import SERVER

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from index.library import Library

Send = Callable[[str, Any], None]
Job = Callable[["Library", Send], int]
"""Some work on a library: what it prints goes to ``Send``; gives the exit code."""
ReadJob = Callable[[bytes], Job]
"""The job that a request asks for. Raises ``ValueError`` where it asks for none that is done."""

AT_A_TIME = 8  # commands; each reads ahead with the same few workers
ORDER_BYTES = 4_000_000  # more than a command line may have
BEAT_SECONDS = 1.0  # something is sent at least that often
STOP_SECONDS = 10.0  # that commands are given to come to their next step when the server ends


@dataclass(eq=False)
class _Piece:
    """A command that is being run: what it prints, until nobody wants it."""

    loop: asyncio.AbstractEventLoop
    printed: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    unwanted: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def send(self, kind: str, value: Any) -> None:
        """From the command's threads. Raises ``KeyboardInterrupt`` once nobody wants it."""
        if self.unwanted.is_set():
            raise KeyboardInterrupt
        line = json.dumps([kind, value]).encode() + b"\n"
        try:
            self.loop.call_soon_threadsafe(self.printed.put_nowait, line)
        except RuntimeError:  # the server has ended
            raise KeyboardInterrupt from None


@dataclass(eq=False)
class Workshop:
    """Runs commands on a library, for whoever knows the token."""

    library: Library
    read_job: ReadJob
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    _running: list[_Piece] = field(default_factory=list)

    def app(self) -> Starlette:
        """The application: one address, /work."""
        from starlette.applications import Starlette
        from starlette.routing import Route

        return Starlette(routes=[Route("/work", self._take, methods=["POST"])])

    def close(self) -> None:
        """Stop all commands at their next step."""
        until = time.monotonic() + STOP_SECONDS
        for piece in list(self._running):
            piece.unwanted.set()
        for piece in list(self._running):
            if piece.thread is not None:
                piece.thread.join(max(until - time.monotonic(), 0.0))

    async def _take(self, request: Request) -> Response:
        from starlette.responses import PlainTextResponse, StreamingResponse

        refusal = self._refusal(request)
        if refusal is not None:
            return PlainTextResponse(f"{refusal[1]}\n", refusal[0])
        order = bytearray()
        async for part in request.stream():
            order += part
            if len(order) > ORDER_BYTES:
                return PlainTextResponse("the command is too long\n", 413)
        try:
            job = self.read_job(bytes(order))
        except ValueError as error:
            return PlainTextResponse(f"{error}\n", 422)
        piece = _Piece(asyncio.get_running_loop())
        self._begin(piece, job)
        return StreamingResponse(self._lines(piece, request), media_type="application/x-ndjson")

    def _refusal(self, request: Request) -> tuple[int, str] | None:
        """The status and the reason for which a request is not answered."""
        client = request.client.host if request.client else ""
        said = request.headers.get("authorization", "").removeprefix("Bearer ")
        if client != "127.0.0.1" or "origin" in request.headers:
            return 403, "only for programs on this machine"
        if not hmac.compare_digest(said.encode(), self.token.encode()):
            return 403, "the token is another one"
        if len(self._running) >= AT_A_TIME:
            return 503, f"{AT_A_TIME} commands are running; try again when one has ended"
        return None

    def _begin(self, piece: _Piece, job: Job) -> None:
        def work() -> None:
            try:
                piece.send("end", job(self.library, piece.send))
            except KeyboardInterrupt:  # nobody is there any more
                pass
            finally:
                self._running.remove(piece)
                with suppress(RuntimeError):  # the server has ended
                    piece.loop.call_soon_threadsafe(piece.printed.put_nowait, b"")

        self._running.append(piece)
        piece.thread = threading.Thread(target=work, name="work", daemon=True)
        piece.thread.start()

    async def _lines(self, piece: _Piece, request: Request) -> AsyncIterator[bytes]:
        """What a command prints, until its end or until nobody listens."""
        try:
            while True:
                try:
                    line = await asyncio.wait_for(piece.printed.get(), BEAT_SECONDS)
                except TimeoutError:
                    line = b'["beat", null]\n'
                if not line or await request.is_disconnected():
                    return
                yield line
        finally:
            piece.unwanted.set()


@contextmanager
def taking_work(library: Library, read_job: ReadJob) -> Iterator[None]:
    """While other processes may give work to this one."""
    import uvicorn

    shop = Workshop(library, read_job)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(
            uvicorn.Config(
                shop.app(),
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="off",
                log_level="warning",
                timeout_graceful_shutdown=1,
            )
        )
        listening = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        listening.start()
        while not server.started and listening.is_alive():
            time.sleep(0.01)
        note = library.directory / SERVER
        try:
            _write_note(note, listener.getsockname()[1], shop.token)
            yield
        finally:
            note.unlink(missing_ok=True)
            shop.close()
            server.should_exit = True
            listening.join(STOP_SECONDS)


def _write_note(note: Path, port: int, token: str) -> None:
    """Where this process takes work, for its own user: complete, or not there."""
    fresh = note.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    number = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "w") as file:
        json.dump({"pid": os.getpid(), "port": port, "token": token}, file)
    fresh.replace(note)
