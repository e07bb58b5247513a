"""What one request may bring to the server, in front of all routes, those of Gradio too.

A request's body is received whole here, within a size and a time, before any route sees it; that
of an upload is passed on as it comes, into a folder that has a size and is swept. What browsers
send for other sites' pages is refused, and of an error the log has places, never values.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message as Headed
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from app.api.failures import Failure, TooBusy, TooMany, failure_of
from app.api.rate_limiter import visitor_of
from app.api.service import RateLimiter, Visit, unlimited
from app.web import UPLOADS_KEPT
from app.web.visitors import SESSION_MOST
from index.errors import GlossError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

UPLOAD_PATH = "/gradio_api/upload"
# Routes of Gradio's that the UI does not use: they fetch other servers' files, keep what is sent,
# or show how the server is run.
CLOSED = (
    "/gradio_api/component_server",
    "/gradio_api/deep_link",
    "/gradio_api/dev/",
    "/gradio_api/process_recording",
    "/gradio_api/profiling",
    "/gradio_api/proxy=",
    "/gradio_api/run-history",
    "/gradio_api/runs",
    "/gradio_api/stream/",
    "/gradio_api/undo-vibe-edit",
    "/gradio_api/vibe-",
    "/monitoring",
)
# A file by its address, which Gradio would fetch.
_FETCHED = re.compile(r"/gradio_api/file[=/][a-z][a-z0-9+.-]*:/", re.I)
# A question has 1,000 characters, and no call of the UI or of a program a hundred times that.
BODY_BYTES = 256 * 1024
BODY_SECONDS = 15.0  # in which a body must have come, and in which an upload must go on
DEPTH_MOST = 64  # brackets within brackets; Gradio's calls and MCP's have fewer than ten
PAPER_BYTES = 50_000_000  # of an uploaded file, as arXiv takes
UPLOAD_BYTES = PAPER_BYTES + 64 * 1024  # with the words around the file
UPLOAD_SECONDS = 300.0  # 50 MB at 1.3 Mbit/s
UPLOAD_PACE = 8_000  # bytes a second, over any time: whoever sends less keeps others out
BOUNDARY_MOST = 70  # characters, by RFC 2046
UPLOADS_AT_A_TIME = 16
VISITOR_AT_A_TIME = 2
# Uploads wait here to be read: as many papers as 20 visitors bring at once. One visitor has a
# quarter at most.
ROOM_BYTES = 1_000_000_000


class Refused(GlossError):
    """A request that is not answered, and why; ``status`` is that of HTTP."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(slots=True)
class UploadRoom:
    """The folder that uploads are written to, with its limits. Safe from several threads.

    ``rate_limiter`` is asked for each; ``shared`` says whether visitors are strangers, who have
    shares. What is there when the server starts was left by a crash.
    """

    folder: Path
    rate_limiter: RateLimiter = unlimited
    shared: bool = False
    room: int = ROOM_BYTES  # bytes
    _changing: threading.Lock = field(default_factory=threading.Lock)
    _now: Counter[str] = field(default_factory=Counter)  # uploads under way, by visitor
    _sent: dict[str, list[tuple[float, int]]] = field(default_factory=dict)  # when, and bytes

    def __post_init__(self) -> None:
        self.empty()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def empty(self) -> None:
        """Delete all uploads."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def taking(self, visit: Visit, size: int) -> Iterator[None]:
        """While an upload of at most ``size`` bytes comes. Raises ``TooBusy`` and ``TooMany``."""
        visitor = visitor_of(visit) if self.shared else ""
        with self._changing:
            self._check(visitor, size)
            self.rate_limiter(visit)
            self._now[visitor] += 1
            self._sent.setdefault(visitor, []).append((time.time(), size))
        try:
            yield
        finally:
            with self._changing:
                self._now[visitor] -= 1
                if not self._now[visitor]:
                    del self._now[visitor]

    def _check(self, visitor: str, size: int) -> None:
        self._sweep()
        if self._now.total() >= UPLOADS_AT_A_TIME:
            raise TooBusy("too many files are uploaded at the moment", 10)
        if self.shared and self._now[visitor] >= VISITOR_AT_A_TIME:
            raise TooMany("too many files are uploaded by one visitor at the moment", 10)
        sent = sum(number for _, number in self._sent.get(visitor, ()))
        if self.shared and sent + size > self.room / 4:
            raise TooMany("one visitor has uploaded all that fits for now", UPLOADS_KEPT)
        coming = self._now.total() * UPLOAD_BYTES
        if _bytes_in(self.folder) + coming + size > self.room:
            raise TooBusy("no room for more uploads at the moment", UPLOADS_KEPT)

    def _sweep(self) -> None:
        """Delete what is old, and forget who sent it."""
        before = time.time() - UPLOADS_KEPT
        for visitor, sent in list(self._sent.items()):
            kept = [(when, number) for when, number in sent if when > before]
            if kept:
                self._sent[visitor] = kept
            else:
                del self._sent[visitor]
        # Deepest first, so that folders are empty when it is their turn.
        for path in sorted(_below(self.folder), reverse=True):
            try:
                if path.lstat().st_mtime > before:
                    continue
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                else:
                    path.unlink()
            except OSError:  # gone meanwhile, or a folder with something in it
                continue


class Bounded:
    """An ASGI application within limits. ``names`` are those that the server has beside its own."""

    def __init__(self, app: ASGIApp, uploads: UploadRoom, names: Collection[str] = ()) -> None:
        self._app = app
        self._uploads = uploads
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or say in a line why not."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing here speaks WebSocket
            await send({"type": "websocket.close", "code": 1008})
            return
        begun = ended = False

        async def watched(message: Message) -> None:
            nonlocal begun, ended
            begun = True
            ended = message["type"] == "http.response.body" and not message.get("more_body")
            await send(message)

        try:
            await self._answer(scope, receive, watched)
        except Exception as error:
            failure = _failure(error)
            if failure is None or ended:  # nobody is there, or has an answer already
                return
            if begun:  # so that what was sent is not taken for the whole
                raise ConnectionResetError("an answer was broken off") from None
            await _refuse(failure, scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.requests import Request

        request = Request(scope)
        headers = request.headers
        path = str(scope["path"])
        if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            raise Refused(415, "bodies come as they are, and not packed")
        if path.startswith(CLOSED) or _FETCHED.match(path):
            raise Refused(404, "there is nothing here")
        _check_session(request.query_params.get("session_hash", ""))
        if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            self._check_site(headers)
        length = _length(headers.get("content-length"))
        if length == 0 and "transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        if scope["method"] == "POST" and path == UPLOAD_PATH:
            most = length or UPLOAD_BYTES
            if most > UPLOAD_BYTES:
                raise _too_large(UPLOAD_BYTES)
            _check_form(headers.get("content-type", ""))
            with self._uploads.taking(request, most):
                await self._take(scope, _within(receive, most), send)
            return
        if length > BODY_BYTES:
            raise _too_large(BODY_BYTES)
        body = await _whole(receive)
        _check_json(body, "json" in headers.get("content-type", "").lower())
        await self._app(scope, _again(body, receive), send)

    async def _take(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have Gradio take an upload: where a field is no file, it says that it has a bug."""
        failed = False

        async def answered(message: Message) -> None:
            nonlocal failed
            failed = failed or message.get("status", 200) == 500
            if not failed:
                await send(message)

        try:
            await self._app(scope, receive, answered)
        except TypeError as error:
            if "GradioUploadFile" not in str(error):
                raise
            raise Refused(400, "what is uploaded has to be a file") from None

    def _check_site(self, headers: Any) -> None:
        """Refuse what another site's page has its visitor's browser send.

        Browsers say so in ``Sec-Fetch-Site``, where the address is one that they trust, and in
        ``Origin``: https://www.w3.org/TR/fetch-metadata/.
        """
        site = headers.get("sec-fetch-site")
        if site is not None:
            if site not in ("same-origin", "none"):
                raise Refused(403, "not for other sites' pages")
            return
        origin = headers.get("origin")
        if origin is None:
            return
        try:
            from_there = urlsplit(origin)
            own = from_there.netloc.lower() == headers.get("host", "").lower()
            if own or (from_there.hostname or "") in self._names:
                return
        except ValueError:  # brackets that do not close
            pass
        raise Refused(403, "not for other sites' pages; GLOSS_HOSTS can add a name of this server")


def _length(said: str | None) -> int:
    if said is None:
        return 0
    if not re.fullmatch(r"[0-9]{1,18}", said):
        raise Refused(400, "Content-Length is no number")
    return int(said)


def _too_large(most: int) -> Refused:
    return Refused(413, f"more than {most / 1e6:.3g} MB, which is the most that is taken here")


class _Gone(Exception):
    """The client has hung up."""


async def _whole(receive: Receive) -> bytes:
    """The body of a request. Raises ``Refused`` beyond its size and time, and ``_Gone``."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Gone
                body += message.get("body", b"")
                if len(body) > BODY_BYTES:
                    raise _too_large(BODY_BYTES)
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        raise Refused(408, f"the request did not come within {BODY_SECONDS:.0f} s") from None


def _again(body: bytes, receive: Receive) -> Receive:
    """``receive`` for a body that came already."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return waiting.pop() if waiting else await receive()

    return received


def _within(receive: Receive, most: int) -> Receive:
    """``receive`` for an upload, which ends with an error that Gradio deletes the file for."""
    from starlette.formparsers import MultiPartException

    left = most
    begun = time.monotonic()

    async def received() -> Message:
        nonlocal left
        lasted = time.monotonic() - begun
        patience = BODY_SECONDS + (most - left) / UPLOAD_PACE - lasted
        try:
            async with asyncio.timeout(min(patience, BODY_SECONDS, UPLOAD_SECONDS - lasted)):
                message = await receive()
        except TimeoutError:
            raise MultiPartException("The upload came too slowly, or not at all.") from None
        if message["type"] == "http.disconnect":
            raise MultiPartException("The upload was broken off.")
        left -= len(message.get("body", b""))
        if left < 0:
            raise MultiPartException(f"The upload has more than the maximum allowed size, {most}.")
        return message

    return received


_JSON_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def _check_json(body: bytes, is_json: bool) -> None:
    """Refuse what parsers behind fail at, and what has Gradio fetch an address."""
    encoding = json.detect_encoding(body)  # what parsers behind take, beside UTF-8 without a mark
    if encoding != "utf-8" and body.decode(encoding, "ignore").lstrip()[:1] in ("[", "{"):
        raise Refused(400, "JSON comes as UTF-8 without a byte order mark")
    try:
        body.decode()
    except UnicodeDecodeError:
        raise Refused(400, "what was sent is not UTF-8") from None
    if not is_json and body.lstrip()[:1] not in (b"[", b"{"):
        return
    brackets = _JSON_STRING.sub(b"", body).translate(None, _NOT_BRACKETS)
    if max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > DEPTH_MOST:
        raise Refused(400, f"the JSON is nested deeper than {DEPTH_MOST} levels")
    try:
        value = json.loads(body, parse_constant=_no_number, parse_float=_number)
        json.dumps(value, ensure_ascii=False).encode()
    except ValueError:  # half of a character, too, which no text has that is sent on
        raise Refused(400, "this is no JSON of texts and finite numbers") from None
    if isinstance(value, dict):
        _check_session(str(value.get("session_hash") or ""))
    if _names_address(value):
        raise Refused(400, "files are uploaded here, and not fetched from an address")


def _check_session(session_id: str) -> None:
    """Refuse a name of a session that is no name: all that is kept of a session is kept by it."""
    if len(session_id) > SESSION_MOST:
        raise Refused(400, f"a session has a name of at most {SESSION_MOST} characters")


def _no_number(said: str) -> float:
    """``NaN`` and ``Infinity``, which are Python's and not JSON's."""
    raise ValueError(said)


def _number(said: str) -> float:
    value = float(said)
    return value if math.isfinite(value) else _no_number(said)


def _check_form(kind: str) -> None:
    """Refuse an upload that is no form, or has a boundary that no parser takes."""
    said = Headed()
    said["Content-Type"] = kind
    boundary = said.get_boundary("")
    form = said.get_content_type() == "multipart/form-data"
    if not form or not 0 < len(boundary) <= BOUNDARY_MOST:
        raise Refused(400, "files are uploaded as multipart/form-data with a boundary")


def _names_address(value: Any) -> bool:
    """Whether a file's ``path`` is an address, which Gradio would fetch whatever its size."""
    if isinstance(value, dict):
        path = value.get("path")
        if isinstance(path, str) and "://" in path:
            return True
        return any(map(_names_address, value.values()))
    return isinstance(value, list) and any(map(_names_address, value))


def _failure(error: Exception) -> Failure | None:
    """What is said of an error; None where nobody listens any more."""
    if isinstance(error, (_Gone, ConnectionError)):
        return None
    if isinstance(error, Refused):
        return Failure(error.status, "refused", str(error))
    if isinstance(error, TooBusy):
        return failure_of(error)
    return failure_of(error)


async def _refuse(failure: Failure, scope: Scope, receive: Receive, send: Send) -> None:
    from starlette.responses import PlainTextResponse

    headers = {"Connection": "close"}  # what still comes is not read
    if failure.retry_after is not None:
        headers["Retry-After"] = f"{failure.retry_after:.0f}"
    answer = PlainTextResponse(f"{failure.message}\n", failure.status, headers)
    await answer(scope, receive, send)


def _below(folder: Path) -> Iterator[Path]:
    """All that is in a folder, from which Gradio deletes at the same moment.

    ``Path.rglob`` raises where a folder is gone before it is looked into; ``os.walk`` goes on.
    """
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in (*folders, *files))


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in _below(folder):
        try:
            total += path.lstat().st_size
        except OSError:  # gone meanwhile
            continue
    return total
