"""Asking arXiv no more than it allows, however many processes ask: its turns, tries and waits.

httpx, because it streams, times out and is typed; tenacity for the tries. No other module of gloss
opens a connection to arXiv.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from html import unescape
from pathlib import Path
from typing import NoReturn, TypeVar

import httpx
from filelock import FileLock
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    wait_exponential,
    wait_random,
)

from index import __version__
from index.config import Settings
from index.errors import FetchError
from index.fetch.connection import ConnectionWatch, is_private
from index.proxies import check_proxies

Received = TypeVar("Received")

TERMS_OF_USE = "https://info.arxiv.org/help/api/tou.html"
RETRY_AFTER_MOST = 366 * 86_400.0  # seconds; a date that far is as good as any later
_REDIRECTS_MAX = 5
_HEADERS = 2  # times the wait for the next bytes: until then the headers of an answer are whole
_SLOWEST = 4_000  # bytes a second that an answer must have on average, an old modem's rate
# httpx unpacks each piece that comes as a whole. Of gzip alone it becomes a thousand times as large
# at most; packed twice, or as Brotli, as large as there is memory.
_PACKED = frozenset(("", "identity", "gzip", "x-gzip", "deflate"))
_RETRIED = (
    httpx.TimeoutException,
    httpx.NetworkError,
    httpx.RemoteProtocolError,
    httpx.ProxyError,
    httpx.DecodingError,
)


class Turn:
    """One request at a time, and ``seconds`` between two, across all processes that share a folder.

    "Make no more than one request every three seconds, and limit requests to a single connection at
    a time" (https://info.arxiv.org/help/api/tou.html). A lock on a file makes it one at a time; a
    stamp beside it says when arXiv last answered. The stamp has the wall clock, which outlives a
    reboot, and the machine's monotonic clock, which nobody sets; the one that asks for the longer
    wait is believed, and neither for longer than the whole spacing, so a clock that was set back
    costs one spacing at most. The wait may be stretched for everyone by ``hold``.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        self._seconds = seconds
        self._lock = folder / "turn.lock"
        self._stamp = folder / "turn.txt"

    @contextmanager
    def taken(self) -> Iterator[Turn]:
        """Wait for the turn, and keep it until the block ends."""
        with FileLock(self._lock, poll_interval=0.02):
            time.sleep(self._wait())
            self.answered()  # so that a request which dies in between counts as well
            try:
                yield self
            except BaseException:
                self._touch()
                raise

    def answered(self) -> None:
        """Count the spacing from now: arXiv has certainly received the request."""
        self._write(0.0)

    def hold(self, seconds: float) -> None:
        """Let nobody ask for so long: arXiv said so."""
        self._write(seconds)

    def _touch(self) -> None:
        """Move the stamp to now, and leave a hold as it is: the request was lost on its way."""
        _, _, held = self._read() or (0.0, 0.0, 0.0)
        self._write(held)

    def _write(self, held: float) -> None:
        stamp = f"{time.time():.6f} {time.monotonic():.6f} {held:.3f}\n"
        self._stamp.write_text(stamp, encoding="ascii")

    def _read(self) -> tuple[float, float, float] | None:
        """Both clocks at the last answer, and how long everyone is held; ``None`` if unreadable."""
        try:
            wall, monotonic, held = map(float, self._stamp.read_text(encoding="ascii").split())
        except ValueError:
            return None
        stamp = (wall, monotonic, held)
        return stamp if all(map(math.isfinite, stamp)) else None

    def _wait(self) -> float:
        """Seconds until the next request may go."""
        if not self._stamp.exists():
            return 0.0
        stamp = self._read()
        if stamp is None:  # torn by a crash: something was asked a moment ago, perhaps
            return self._seconds
        wall, monotonic, held = stamp
        spacing = max(self._seconds, held)
        by_wall = spacing - (time.time() - wall)
        by_monotonic = spacing - (time.monotonic() - monotonic)
        if by_monotonic > spacing:  # rebooted since
            by_monotonic = 0.0
        return min(max(by_wall, by_monotonic, 0.0), spacing)


@dataclass(frozen=True, slots=True)
class ArxivResponse:
    """A complete response."""

    url: str  # that answered, after redirects
    status: int
    content: bytes


class _Again(Exception):
    """A failed try that is worth a retry."""

    def __init__(
        self, came: str, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(came)
        self.came = came
        self.status = status
        self.retry_after = retry_after


class PoliteClient:
    """GET requests to arXiv: each in its turn, with retries where they help, within limits.

    429, 5xx, timeouts and broken connections are tried again, after what ``Retry-After`` says or
    else after exponentially growing waits with jitter, until ``settings.arxiv.tries`` tries are
    made or the waits would pass ``settings.arxiv.patience`` seconds. Every other refusal is final.
    A redirect is a request like any other and takes its own turn.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._turn = Turn(folder, settings.arxiv.seconds)
        check_proxies()
        self._client = httpx.Client(
            timeout=httpx.Timeout(settings.arxiv.timeout),
            headers={"User-Agent": f"gloss/{__version__}", "Accept-Encoding": "gzip"},
            follow_redirects=False,
            # A connection that is kept is a connection: other processes may be asking meanwhile.
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=0),
        )

    def close(self) -> None:
        """Close the connections; asking afterwards is an error."""
        self._client.close()

    def get(self, url: str, asked: str, also: frozenset[int] = frozenset()) -> ArxivResponse:
        """The whole answer to ``url``; its status is 200 or one of ``also``.

        ``asked`` says in an error what was wanted. Raises ``FetchError``.
        """
        limit = int(self._settings.arxiv.megabytes_max * 1e6)

        def receive(response: httpx.Response) -> ArxivResponse:
            content = bytearray()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > limit:
                    raise FetchError(asked, *self.too_large(), url=url)
            return ArxivResponse(str(response.url), response.status_code, bytes(content))

        return self.ask(url, asked, receive, also=also)

    def too_large(self) -> tuple[str, str]:
        """What came and what to do, for an answer beyond the limit."""
        limit = self._settings.arxiv.megabytes_max
        return f"more than {limit:g} MB came", "raise GLOSS_ARXIV__MEGABYTES_MAX to allow it"

    def ask(
        self,
        url: str,
        asked: str,
        receive: Callable[[httpx.Response], Received],
        headers: Callable[[], Mapping[str, str]] = dict,
        also: frozenset[int] = frozenset(),
    ) -> Received:
        """``receive`` the response to ``url``, unread, while the turn lasts.

        ``headers`` is called for each try, and ``receive`` for each that was answered with
        200, 206 or one of ``also``. Raises ``FetchError``.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(_Again),
            wait=self._pause,
            stop=self._enough,
            retry_error_callback=lambda state: self._give_up(state, url, asked),
        )
        try:
            received: Received = retrying(self._once, url, asked, receive, headers, also)
        except OSError as error:  # httpx has its own errors, so this is the cache or the disk
            raise unwritable(asked, error) from error
        except httpx.HTTPError as error:
            raise FetchError(asked, f"{url}: {error}", "check the address", url) from error
        return received

    def _once(
        self,
        url: str,
        asked: str,
        receive: Callable[[httpx.Response], Received],
        headers: Callable[[], Mapping[str, str]],
        also: frozenset[int],
    ) -> Received:
        for _ in range(_REDIRECTS_MAX + 1):
            watch = ConnectionWatch(
                _HEADERS * self._settings.arxiv.timeout, partial(self._reached, asked)
            )
            extensions = {"trace": watch.trace}
            try:
                with (
                    self._turn.taken() as turn,
                    watch,
                    self._client.stream(
                        "GET", url, headers=dict(headers()), extensions=extensions
                    ) as response,
                ):
                    watch.answered()
                    turn.answered()
                    if response.next_request is not None:
                        url = self._followed(response.next_request.url, asked)
                        continue
                    assert isinstance(response.stream, httpx.SyncByteStream)
                    response.stream = _Steady(response.stream, self._settings.arxiv.timeout)
                    self._judge(response, turn, asked, also)
                    return receive(response)
            except httpx.TimeoutException as error:
                limit = self._settings.arxiv.timeout
                raise _Again(f"no answer within {limit:g} s") from error
            except _RETRIED as error:
                if watch.ended:
                    limit = _HEADERS * self._settings.arxiv.timeout
                    raise _Again(f"the answer had not begun after {limit:g} s") from error
                raise _Again(f"the connection broke ({error})") from error
        raise FetchError(asked, f"more than {_REDIRECTS_MAX} redirects", "check the address", url)

    def _reached(self, asked: str, host: str, address: str) -> None:
        """Raise ``FetchError`` where a name of arXiv's leads into this machine's own network."""
        if _is_arxivs(host) and is_private(address):
            raise FetchError(
                asked, f"{host} has the private address {address} here", "check the DNS", host
            )

    def _followed(self, to: httpx.URL, asked: str) -> str:
        """Where a redirect may lead: to arXiv by TLS, or an address that the settings name.

        Raises ``FetchError`` for all else, before anything is asked there.
        """
        arxiv = self._settings.arxiv
        named = {_origin(httpx.URL(one)) for one in (arxiv.api, arxiv.rss, arxiv.oai, arxiv.pdf)}
        if _origin(to) in named or (_is_arxivs(to.host) and _origin(to) == ("https", to.host, 443)):
            return str(to)
        there = "".join(char if char.isprintable() else " " for char in str(to.host))[:100]
        raise FetchError(
            asked, f"a redirect to {there}, which is not arXiv's", "check the address", str(to)
        )

    def _judge(
        self, response: httpx.Response, turn: Turn, asked: str, also: frozenset[int]
    ) -> None:
        """Raise unless the response can be received."""
        status = response.status_code
        packed = response.headers.get("Content-Encoding", "identity").strip().lower()
        if packed not in _PACKED:
            came = "an answer packed in a way that was not asked for"
            raise FetchError(asked, came, "try again later", str(response.url), status)
        if status in (200, 206) or status in also:
            return
        if status == 429 or status >= 500:
            wait = retry_after_seconds(response.headers.get("Retry-After", ""))
            if wait is not None and wait <= self._settings.arxiv.patience:
                turn.hold(wait)
            came = "too many requests" if status == 429 else "arXiv is out of order"
            raise _Again(f"{came} (HTTP {status})", status, wait)
        raise _refusal(response, asked)

    def _pause(self, state: RetryCallState) -> float:
        error = _error_of(state)
        if error.retry_after is not None:
            return error.retry_after
        first = self._settings.arxiv.seconds
        return (wait_exponential(multiplier=first, max=60) + wait_random(0, first))(state)

    def _enough(self, state: RetryCallState) -> bool:
        waited = state.idle_for + state.upcoming_sleep
        return (
            state.attempt_number >= self._settings.arxiv.tries
            or waited > self._settings.arxiv.patience
        )

    def _give_up(self, state: RetryCallState, url: str, asked: str) -> NoReturn:
        error = _error_of(state)
        advice = "try again later"
        if error.retry_after is not None:
            back = datetime.now(UTC) + timedelta(seconds=error.retry_after)
            advice = f"come back after {back:%Y-%m-%d %H:%M:%S} UTC, as arXiv asks"
        tries = f"{state.attempt_number} {'try' if state.attempt_number == 1 else 'tries'}"
        raise FetchError(
            asked, f"{error.came}, after {tries}", advice, url, error.status, error.retry_after
        ) from error


class _Steady(httpx.SyncByteStream):
    """A body that must keep coming.

    httpx limits the wait for the next bytes only, so that a byte now and then would keep the turn,
    and the library, for as long as it drips. Raises ``_Again`` where fewer than ``_SLOWEST`` bytes
    a second came, once ``seconds`` have passed.
    """

    def __init__(self, body: httpx.SyncByteStream, seconds: float) -> None:
        self._body = body
        self._seconds = seconds

    def __iter__(self) -> Iterator[bytes]:
        start, got = time.monotonic(), 0
        for chunk in self._body:
            got += len(chunk)
            took = time.monotonic() - start
            if got < _SLOWEST * (took - self._seconds):
                raise _Again(f"only {got:,} bytes came in {took:.0f} s")
            yield chunk

    def close(self) -> None:
        """Close the connection."""
        self._body.close()


def _is_arxivs(host: str) -> bool:
    return host == "arxiv.org" or host.endswith(".arxiv.org")


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme, 0)


def unwritable(asked: str, error: OSError) -> FetchError:
    """The error for a cache that is full, or is somebody else's."""
    return FetchError(
        asked,
        f"the cache cannot be written ({error.strerror or error})",
        "make room or set GLOSS_CACHE to another folder",
    )


def _error_of(state: RetryCallState) -> _Again:
    assert state.outcome is not None
    error = state.outcome.exception()
    assert isinstance(error, _Again)
    return error


def retry_after_seconds(retry_after: str) -> float | None:
    """``Retry-After`` in seconds, given as such or as a date (RFC 9110, section 10.2.3)."""
    text = retry_after.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(float(text), RETRY_AFTER_MOST)
    try:
        date = parsedate_to_datetime(text)
        if date.tzinfo is None:
            date = date.replace(tzinfo=UTC)
        wait = (date - datetime.now(UTC)).total_seconds()
    except (ValueError, OverflowError):  # no date, or one beyond the calendar's last year
        return None
    return min(max(wait, 0.0), RETRY_AFTER_MOST)


def _refusal(response: httpx.Response, asked: str) -> FetchError:
    """The error for a status that no further try would change."""
    status, url = response.status_code, str(response.url)
    if status in (404, 410):
        return FetchError(
            asked, f"not on arXiv (HTTP {status})", "check the id and the version", url, status
        )
    if status == 403:
        return FetchError(
            asked,
            "arXiv refuses to answer this machine (HTTP 403)",
            f"ask less often ({TERMS_OF_USE}) and come back tomorrow",
            url,
            status,
        )
    reason = _words_of(response)
    came = f"HTTP {status}" + (f", {reason}" if reason else "")
    return FetchError(asked, came, "change what is asked for", url, status)


def _words_of(response: httpx.Response) -> str:
    """What the body of an error says, in its first words."""
    content = b""
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > 20_000:
            break
    return page_words(content)


def page_words(content: bytes) -> str:
    """The first words of a page that should have been something else: HTML without its tags."""
    words = page_text(content)
    return words if len(words) <= 160 else f"{words[:159]}…"


def page_text(content: bytes) -> str:
    """What a page says on one line: HTML without its tags, of its first 20 kB."""
    text = content[:20_000].decode("utf-8", "replace")
    text = re.sub(r"(?is)<(script|style)\b.*?(?:</\1\s*>|\Z)|<[^>]*>", " ", text)
    text = unescape(text)
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
