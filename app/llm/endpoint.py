"""Any server that speaks OpenAI's chat API, through LlamaIndex's ``OpenAILike``.

That library, because hosted APIs, Ollama, vLLM and llama.cpp are all reached by it. It is asked in
its asynchronous form, in a thread with a loop of its own: only there can a call be ended at a given
moment whatever the server does, even one that sends a byte now and then for ever.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import json
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from app.llm import (
    Completion,
    EndpointUnusable,
    FailureKind,
    LanguageModel,
    LanguageModelFailed,
    Prompt,
)
from app.llm.cache import CachedModel
from index import __version__
from index.config import Settings
from index.proxies import check_proxies
from index.secret import names_server, redact, reveals

if TYPE_CHECKING:
    import httpx
    from tenacity import RetryCallState

SAMPLING: dict[str, Any] = {"temperature": 0.0, "seed": 7}  # the likeliest words, and always those
# After so many failures in a row, no prompt is sent for so many seconds: whoever
# waits for a digest gets quotes now instead of after hundreds of deadlines.
FAILURES_MAX, LEFT_ALONE = 4, 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 20.0  # seconds between tries, where the server names none
# What a request may say of us. The client would add the system, its versions and, from the
# environment, the names of an organisation and a project.
_HEADERS = frozenset(
    ("host", "accept", "accept-encoding", "connection", "content-type", "content-length")
)

_UNPACKED = {"Accept-Encoding": "identity"}  # see ``app.llm.bodies``


@dataclass(frozen=True, slots=True)
class Server:
    """A server, a model on it, and the options of its requests."""

    address: str  # up to /v1
    model: str
    key: SecretStr  # may be empty
    seconds: float  # for one call, from its first byte to its last
    tries: int
    concurrency: int

    @property
    def host(self) -> str:
        """Where it is, without anything that is nobody's business."""
        return urlsplit(self.address).netloc


def open_endpoint(settings: Settings) -> LanguageModel:
    """The server of ``settings``, and what it answered before. Nothing is sent yet.

    Raises ``EndpointUnusable``, and ``ProxyUnusable``.
    """
    if not settings.endpoint.url:
        raise EndpointUnusable(
            "writer endpoint: set GLOSS_ENDPOINT__URL to the server's address up to /v1, "
            "as http://localhost:11434/v1"
        )
    _check_address(settings.endpoint.url)
    if not settings.endpoint.model:
        raise EndpointUnusable(
            "writer endpoint: set GLOSS_ENDPOINT__MODEL to the name of a model that "
            f"{urlsplit(settings.endpoint.url).hostname} has"
        )
    parts = urlsplit(settings.endpoint.url)
    if parts.query or parts.fragment:
        raise EndpointUnusable(
            "GLOSS_ENDPOINT__URL: has more than an address in it; a key belongs in "
            "GLOSS_ENDPOINT__KEY"
        )
    if not _is_loopback(settings.endpoint.url):
        check_proxies()
    key = settings.endpoint.key.get_secret_value().strip()
    if not re.fullmatch(r"[!-~]*", key):
        raise EndpointUnusable("GLOSS_ENDPOINT__KEY: has letters that no key has; copy it again")
    server = Server(
        address=settings.endpoint.url.rstrip("/"),
        model=settings.endpoint.model,
        key=SecretStr(key),
        seconds=settings.endpoint.timeout,
        tries=settings.endpoint.tries,
        concurrency=settings.endpoint.concurrency,
    )
    model = EndpointModel(
        server, server.model, fingerprint_of("endpoint", server.address, server.model)
    )
    return CachedModel(model, settings.cache / "answers") if settings.keep_answers else model


def models_of(settings: Settings) -> frozenset[str]:
    """The models that a server lists; empty where it has no list. Raises ``EndpointUnusable``,
    and ``ProxyUnusable``."""
    import httpx

    from app.llm import bodies

    address = settings.endpoint.url.rstrip("/")
    _check_address(address)
    if not _is_loopback(address):
        check_proxies()
    key = settings.endpoint.key.get_secret_value().strip()
    headers = {"User-Agent": f"gloss/{__version__}", **_UNPACKED}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    try:
        # So short since a person waits for `gloss doctor`; each read has it, and there are few.
        with (
            httpx.Client(timeout=5.0, trust_env=not _is_loopback(address)) as client,
            client.stream("GET", f"{address}/models", headers=headers) as answer,
        ):
            if answer.status_code in (401, 403):
                raise EndpointUnusable(
                    f"GLOSS_ENDPOINT__KEY: {address} does not take it (HTTP {answer.status_code})"
                )
            listed = bodies.json_of(answer, 5.0)["data"]
            return frozenset(str(model["id"]) for model in listed)
    except (httpx.HTTPError, bodies.BodyRefused) as error:
        raise EndpointUnusable(
            f"GLOSS_ENDPOINT__URL: {address} does not answer ({type(error).__name__}); "
            "check the address and that the server runs"
        ) from None
    except (ValueError, KeyError, TypeError):
        return frozenset()


def _check_address(address: str) -> None:
    """Raise ``EndpointUnusable`` for what no client can ask."""
    if not names_server(address):
        raise EndpointUnusable(
            "GLOSS_ENDPOINT__URL: no address of a server; give http(s)://HOST/v1"
        )


def fingerprint_of(*what: str) -> str:
    """The SHA-256 of the server, the model and the sampling."""
    return hashlib.sha256(json.dumps([*what, SAMPLING]).encode()).hexdigest()


class _Again(Exception):
    """A failed try that is worth a retry."""

    def __init__(
        self,
        kind: FailureKind,
        came: str,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(came)
        self.kind = kind
        self.came = came
        self.status = status
        self.retry_after = retry_after


class EndpointModel:
    """A ``LanguageModel`` on a server. From any thread; at most ``concurrency`` calls at once.

    429, 5xx, timeouts, broken connections and broken answers are tried again, after what
    ``Retry-After`` says or else after growing waits, never beyond the time that is given for all.
    """

    def __init__(self, server: Server, name: str, fingerprint: str) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self._server = server
        self._asked = f"{name} at {server.host}"
        self._gate = asyncio.Semaphore(server.concurrency)
        self._preparing = threading.Lock()
        self._client: Any = None  # OpenAILike, which is untyped
        self._failures = 0  # in a row
        self._last = ""  # the failure of the last one
        self._left_alone_until = 0.0
        self._held_until = 0.0  # by Retry-After, for all prompts
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="language model", daemon=True
        )
        self._thread.start()

    def complete(
        self, prompts: Sequence[Prompt], seconds: float
    ) -> list[Completion | LanguageModelFailed]:
        """See ``LanguageModel``. The time runs once the libraries are there, which the first call
        imports in some seconds."""
        self._prepare()
        asking = self._all(prompts, time.monotonic() + seconds)
        future = asyncio.run_coroutine_threadsafe(asking, self._loop)
        try:
            return future.result()
        finally:
            future.cancel()  # where the person at the keyboard has had enough

    def close(self) -> None:
        """End all calls and the thread."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._closed(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _closed(self) -> None:
        calls = asyncio.all_tasks() - {asyncio.current_task()}
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        if self._client is not None:
            await self._client._get_aclient().close()
        await self._loop.shutdown_asyncgens()
        await self._loop.shutdown_default_executor()

    async def _all(
        self, prompts: Sequence[Prompt], end: float
    ) -> list[Completion | LanguageModelFailed]:
        return list(await asyncio.gather(*(self._answer(one, end) for one in prompts)))

    async def _answer(self, prompt: Prompt, end: float) -> Completion | LanguageModelFailed:
        try:
            async with asyncio.timeout(end - time.monotonic()):
                await self._gate.acquire()
        except TimeoutError:
            return self._failed("timeout", "no time was left to ask", "allow it more")
        try:
            unasked = self._unasked(end)
            if unasked is not None:
                return unasked
            answer = await self._tried(prompt, end)
        finally:
            self._gate.release()
        if isinstance(answer, Completion):
            self._failures = 0
        else:
            self._failures += 1
            self._last = answer.came
            if self._failures >= FAILURES_MAX:
                self._left_alone_until = time.monotonic() + LEFT_ALONE
        return answer

    def _unasked(self, end: float) -> LanguageModelFailed | None:
        """Why it is not even tried, where it is not."""
        now = time.monotonic()
        if now >= end:
            return self._failed("timeout", "no time was left to ask", "allow it more")
        if self._failures >= FAILURES_MAX and now < self._left_alone_until:
            came = f"not asked any more after {self._failures} failures in a row ({self._last})"
            return self._failed("stopped", came, "put that right and try again")
        if self._held_until >= end:
            wait = self._held_until - now
            came = f"it asked to be left alone for {wait:.0f} s more, longer than there is time"
            return self._failed("busy", came, "try again after that", retry_after=wait)
        return None

    async def _tried(self, prompt: Prompt, end: float) -> Completion | LanguageModelFailed:
        from tenacity import AsyncRetrying, retry_if_exception_type

        def enough(state: RetryCallState) -> bool:
            late = time.monotonic() + state.upcoming_sleep >= end
            return late or state.attempt_number >= self._server.tries

        def give_up(state: RetryCallState) -> LanguageModelFailed:
            error = _error_of(state)
            tries = f"{state.attempt_number} {'try' if state.attempt_number == 1 else 'tries'}"
            advice = "try again later"
            if error.retry_after is not None:
                advice = f"try again in {error.retry_after:.0f} s, as it asks"
            came = f"{error.came}, after {tries}"
            return self._failed(error.kind, came, advice, error.status, error.retry_after)

        started = time.monotonic()
        answer: Completion | LanguageModelFailed = await AsyncRetrying(
            retry=retry_if_exception_type(_Again),
            wait=_pause,
            stop=enough,
            retry_error_callback=give_up,
        )(self._once, prompt, end, started)
        return answer

    async def _once(
        self, prompt: Prompt, end: float, started: float
    ) -> Completion | LanguageModelFailed:
        """One call. Raises ``_Again`` where another may do better."""
        import openai
        from llama_index.core.base.llms.types import ChatMessage

        from app.llm import bodies

        now = time.monotonic()
        await asyncio.sleep(max(0.0, min(self._held_until, end) - now))
        limit = min(self._server.seconds, end - time.monotonic())
        try:
            async with asyncio.timeout(limit):
                response = await self._client.achat(
                    [
                        ChatMessage(role="system", content=prompt.system),
                        ChatMessage(role="user", content=prompt.user),
                    ],
                    max_tokens=prompt.most_tokens,
                    seed=SAMPLING["seed"],
                    **_format(prompt),
                )
        except (TimeoutError, openai.APITimeoutError):
            raise _Again("timeout", f"no whole answer within {limit:.3g} s") from None
        except openai.APIStatusError as error:
            return self._judged(error, prompt)
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, bodies.BodyRefused):
                raise _Again("broken answer", str(error.__cause__)) from None
            why = self._public(str(error.__cause__ or error))
            raise _Again("unreachable", f"no connection, or it broke ({why})") from None
        except Exception as error:  # whatever the library makes of a body that is none
            why = type(error).__name__
            raise _Again("broken answer", f"no answer of a chat API came ({why})") from None
        answer = _completion(response.message.content, response.raw, time.monotonic() - started)
        key = self._server.key.get_secret_value()
        if reveals(answer.text, key) and not reveals(f"{prompt.system} {prompt.user}", key):
            came = "an answer with the key in it, which is not used"
            return self._failed("broken answer", came, "take another server, and another key")
        return answer

    def _prepare(self) -> None:
        """Make the client, which answers that were kept do not need."""
        with self._preparing:
            if self._client is not None:
                return
            import httpx
            from llama_index.llms.openai_like import OpenAILike  # type: ignore[import-untyped]

            from app.llm import bodies

            client = OpenAILike(
                model=self._server.model,
                api_base=self._server.address,
                api_key="none",  # the real one is added to each request and stands nowhere else
                api_version="none",
                is_chat_model=True,
                temperature=SAMPLING["temperature"],
                max_retries=0,
                timeout=self._server.seconds,
                async_http_client=httpx.AsyncClient(
                    timeout=self._server.seconds,
                    event_hooks={"request": [self._bare], "response": [bodies.bounded]},
                    # A proxy of the environment serves the world, never this machine itself.
                    trust_env=not _is_loopback(self._server.address),
                ),
            )
            # OpenAI's library imports 500 modules where a call is first made: seconds of a busy
            # machine, which would be taken from that call's time.
            _ = client._get_aclient().chat.completions
            self._client = client

    async def _bare(self, request: httpx.Request) -> None:
        """Remove from a request all details of this machine, and add the key if there is one."""
        for name in set(request.headers) - _HEADERS:
            del request.headers[name]
        request.headers.update({"User-Agent": f"gloss/{__version__}", **_UNPACKED})
        key = self._server.key.get_secret_value()
        if key:
            request.headers["Authorization"] = f"Bearer {key}"

    def _judged(self, error: Any, prompt: Prompt) -> LanguageModelFailed:
        """The failure for a status; raises ``_Again`` where the next try may fare better."""
        from index.fetch.polite import retry_after_seconds

        status = int(error.status_code)
        wait = retry_after_seconds(error.response.headers.get("Retry-After", ""))
        words = self._public(_words_of(error.body, self._server.key))
        came = f"HTTP {status}" + (f", {words}" if words else "")
        if status in (429, 503):
            if wait is not None:
                self._held_until = max(self._held_until, time.monotonic() + wait)
            raise _Again("busy", came, status, wait)
        if status >= 500:
            raise _Again("out of order", came, status)
        return self._failed("refused", came, _advice(status, prompt), status)

    def _public(self, words: str) -> str:
        """A server's words on one line, and never the key that it may repeat."""
        return redact(words, self._server.key.get_secret_value())[:200]

    def _failed(
        self,
        kind: FailureKind,
        came: str,
        advice: str,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> LanguageModelFailed:
        return LanguageModelFailed(kind, self._asked, came, advice, status, retry_after)


def _format(prompt: Prompt) -> dict[str, Any]:
    """How a JSON schema is asked for.

    https://platform.openai.com/docs/guides/structured-outputs; llama.cpp and vLLM take the same.
    """
    if prompt.schema is None:
        return {}
    schema = {"name": "answer", "strict": True, "schema": dict(prompt.schema)}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _completion(text: Any, raw: Any, seconds: float) -> Completion:
    """What a chat completion says. Raises ``_Again`` where that is nothing."""
    if not isinstance(text, str) or not text.strip():
        raise _Again("broken answer", "an empty answer came")
    reason = raw.choices[0].finish_reason
    usage = getattr(raw, "usage", None)
    spent = [getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens")]
    prompt, completion = (count if isinstance(count, int) else 0 for count in spent)
    return Completion(text, prompt, completion, seconds, reason not in ("length", "content_filter"))


def _pause(state: RetryCallState) -> float:
    """Seconds to the next try: what the server asks for, else longer each time."""
    from tenacity import wait_random_exponential

    retry_after = _error_of(state).retry_after
    if retry_after is not None:
        return retry_after
    return wait_random_exponential(multiplier=_FIRST_PAUSE, max=_LONGEST_PAUSE)(state)


def _error_of(state: RetryCallState) -> _Again:
    assert state.outcome is not None
    error = state.outcome.exception()
    assert isinstance(error, _Again)
    return error


def _words_of(body: object, key: SecretStr) -> str:
    """What the body of an error says: OpenAI's form, or a page's words; the key is taken out before
    anything is cut off, so that no part of it is left."""
    from index.fetch.polite import page_text

    said = body.get("message", body) if isinstance(body, dict) else body
    secret = key.get_secret_value()
    text = redact(re.sub(r"\s+", " ", str(said or "")), secret)
    return redact(page_text(text.encode("utf-8", "replace")), secret)


def _advice(status: int, prompt: Prompt) -> str:
    """What to do about a refused prompt."""
    if status in (401, 403):
        return "check GLOSS_ENDPOINT__KEY"
    if status in (404, 405) or 300 <= status < 400:
        return "check GLOSS_ENDPOINT__URL, which ends in /v1 mostly, and GLOSS_ENDPOINT__MODEL"
    if prompt.schema is not None:
        return (
            "an answer by a JSON schema was asked for (response_format json_schema); "
            "where it knows none, take another server or model"
        )
    return "check GLOSS_ENDPOINT__MODEL and what the server's log says"


def _is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
