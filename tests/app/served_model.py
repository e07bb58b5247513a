"""A language model's server on this machine: OpenAI's chat API, with faults by script.

What a request is answered with is a function of the request, so a test can say beforehand what must
come. ``ServedModel.script`` holds what happens to the next requests, in the order of their arrival;
after its end, or for requests that ``where`` does not fit, ``ServedModel.always`` holds.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from index.config import EndpointSettings, Settings

FaultName = Literal[
    "fine",
    "status",  # an error: status=429, retry_after="2", words="Rate limit reached."
    "hang",  # no answer for seconds=...
    "dribble",  # a byte every tenth of a second, for seconds=...
    "dribble headers",  # the same before the body
    "cut",  # the connection ends in the middle of the body
    "invalid json",  # half of the body, in good order
    "no choices",  # "choices": []
    "null",  # null for everything
    "empty",  # an answer without a word
    "length",  # cut at the most tokens: half of the text, finish_reason "length"
    "page",  # HTML instead, status 200
    "says",  # words=... whatever was asked
    "redirect",  # 307 to another address: words=...
    "bare",  # words=... in the place of an answer's head and body
]

CAME = "{key}"  # in words and headers of a behaviour: the key that came with the request


@dataclass(frozen=True)
class Asked:
    """A request as it came: when (monotonic seconds), its path, headers and JSON."""

    time: float
    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def key(self) -> str:
        """The key that came."""
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    @property
    def system(self) -> str:
        """What the system message says."""
        return _said(self.body, "system")

    @property
    def user(self) -> str:
        """What the user message says."""
        return _said(self.body, "user")

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON schema that the answer must follow, if one was sent."""
        format = self.body.get("response_format")
        return format["json_schema"]["schema"] if format else None


@dataclass(frozen=True)
class Behaviour:
    """What happens to one request whose user message contains ``where``."""

    name: FaultName = "fine"
    where: str = ""
    status: int = 500
    retry_after: str = ""
    words: str = ""
    seconds: float = 5.0
    reason: str = ""  # beside the status, in the place of its own name
    headers: Mapping[str, str] = field(default_factory=dict)

    def to(self, key: str) -> Behaviour:
        """The behaviour to a request with this key."""
        return replace(
            self,
            words=self.words.replace(CAME, key),
            reason=self.reason.replace(CAME, key),
            retry_after=self.retry_after.replace(CAME, key),
            headers={name: value.replace(CAME, key) for name, value in self.headers.items()},
        )


def echo(asked: Asked) -> str:
    """The user's words again; where a schema is asked for, as the value of all its strings."""
    if asked.schema is None:
        return asked.user
    properties = asked.schema.get("properties", {})
    return json.dumps(dict.fromkeys(properties, asked.user))


@dataclass
class ServedModel:
    """The server, its log and its script. ``url`` is its address, up to /v1."""

    answer: Callable[[Asked], str] = echo  # what a fine request is answered with
    script: list[Behaviour] = field(default_factory=list)
    always: Behaviour = Behaviour()
    log: list[Asked] = field(default_factory=list)
    key: str = ""  # asked for, if not empty
    models: list[str] = field(default_factory=lambda: ["echo-1"])
    url: str = ""
    busy: int = 0  # requests being answered
    busiest: int = 0  # the most at once
    seconds: float = 0.0  # that every answer takes
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def then(self, name: FaultName, times: int = 1, **options: Any) -> ServedModel:
        """Let the next ``times`` requests, after those in the script already, be answered so."""
        self.script += [Behaviour(name, **options)] * times
        return self

    def ever(self, name: FaultName, **options: Any) -> ServedModel:
        """Let all requests that are not in the script be answered so."""
        self.always = Behaviour(name, **options)
        return self

    def settings(self, cache: Path, **changes: Any) -> Settings:
        """Settings whose endpoint this is; quick ones unless changed."""
        own = {name: changes.pop(name) for name in EndpointSettings.model_fields if name in changes}
        endpoint = {"url": self.url, "model": "echo-1", "timeout": 2.0, "tries": 2, **own}
        values: dict[str, Any] = {"cache": cache, "writer": "endpoint", "endpoint": endpoint}
        return Settings(**{**values, **changes})

    def take(self, asked: Asked) -> Behaviour:
        """What is to happen to this request."""
        with self.lock:
            for place, behaviour in enumerate(self.script):
                if behaviour.where in asked.user:
                    return self.script.pop(place)
            return self.always if self.always.where in asked.user else Behaviour()


@contextmanager
def serve_model() -> Iterator[ServedModel]:
    """A server on a free port of this machine, until the block ends."""
    served = ServedModel()

    class Handler(_Handler):
        model = served

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        served.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield served
        finally:
            served.released.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: ServedModel
    reason = ""
    more: Mapping[str, str] = MappingProxyType({})

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        if self.path != "/v1/models":
            self._send(404, {"error": {"message": "no such page"}})
        elif self._admitted():
            came = self.headers.get("Authorization", "").removeprefix("Bearer ")
            names = [name.replace(CAME, came) for name in self.model.models]
            listed = [{"id": name, "object": "model"} for name in names]
            self._send(200, {"object": "list", "data": listed})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = json.loads(self.rfile.read(length))
        asked = Asked(time.monotonic(), self.path, dict(self.headers.items()), body)
        with self.model.lock:
            self.model.log.append(asked)
            self.model.busy += 1
            self.model.busiest = max(self.model.busiest, self.model.busy)
        try:
            if self.path != "/v1/chat/completions":
                self._send(404, {"error": {"message": "no such page"}})
            elif self._admitted():
                self.model.released.wait(self.model.seconds)
                self._answer(asked, self.model.take(asked).to(asked.key))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with self.model.lock:
                self.model.busy -= 1

    def _admitted(self) -> bool:
        if not self.model.key or self.headers.get("Authorization") == f"Bearer {self.model.key}":
            return True
        # As some servers do: the key that came is told to whoever reads the error.
        came = self.headers.get("Authorization", "none").removeprefix("Bearer ")
        self._send(401, {"error": {"message": f"Incorrect API key provided: {came}."}})
        return False

    def _answer(self, asked: Asked, behaviour: Behaviour) -> None:
        words = behaviour.words if behaviour.name == "says" else self.model.answer(asked)
        completion = _completion(asked, words)
        self.reason, self.more = behaviour.reason, behaviour.headers
        content = json.dumps(completion).encode()
        match behaviour.name:
            case "status":
                headers = {"Retry-After": behaviour.retry_after} if behaviour.retry_after else {}
                error = {"error": {"message": behaviour.words or "an error", "type": "fault"}}
                self._send(behaviour.status, error, headers)
            case "redirect":
                status = behaviour.status if 300 <= behaviour.status < 400 else 307
                there = behaviour.words or "http://127.0.0.1:9/v1/chat/completions"
                self._send(status, {}, {"Location": there})
            case "bare":
                self.close_connection = True
                self.wfile.write(behaviour.words.encode())
            case "hang":
                self.model.released.wait(behaviour.seconds)
                self.close_connection = True
            case "dribble":
                self._begin(len(content))
                self._dribble(content, behaviour.seconds)
            case "dribble headers":
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                self._dribble(b"X-Padding: " + b"x" * len(content), behaviour.seconds)
            case "cut":
                self._begin(len(content))
                self.wfile.write(content[: len(content) // 2])
                self.close_connection = True
            case "invalid json":
                self._raw(200, "application/json", content[: len(content) // 2])
            case "no choices":
                self._send(200, {**completion, "choices": []})
            case "null":
                self._send(200, {"id": None, "choices": None, "usage": None})
            case "empty":
                self._send(200, _completion(asked, ""))
            case "length":
                self._send(200, _completion(asked, words[: len(words) // 2], "length"))
            case "page":
                said = behaviour.words or "Sign in to the network"
                page = f"<html><body><h1>{said}</h1></body></html>".encode()
                self._raw(200, "text/html; charset=utf-8", page)
            case "fine" | "says":
                self._send(200, completion)

    def _dribble(self, content: bytes, seconds: float) -> None:
        self.close_connection = True
        end = time.monotonic() + seconds
        for byte in content:
            if time.monotonic() > end or self.model.released.wait(0.1):
                return
            self.wfile.write(bytes([byte]))
            self.wfile.flush()

    def _begin(self, length: int, status: int = 200, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _raw(self, status: int, kind: str, content: bytes) -> None:
        self._begin(len(content), status, kind)
        self.wfile.write(content)

    def _send(self, status: int, document: Any, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(document).encode()
        self.send_response(status, self.reason or None)
        for name, value in {**self.more, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _completion(asked: Asked, words: str, reason: str = "stop") -> dict[str, Any]:
    """A chat completion; a token is a word."""
    prompt = len(f"{asked.system} {asked.user}".split())
    written = len(words.split())
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": asked.body.get("model", ""),
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": words},
                "finish_reason": reason,
                "logprobs": None,
            }
        ],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": written,
            "total_tokens": prompt + written,
        },
    }


def _said(body: dict[str, Any], role: str) -> str:
    for message in body.get("messages", ()):
        if message["role"] == role:
            content = message["content"]
            if isinstance(content, list):
                return "".join(part["text"] for part in content)
            return str(content)
    return ""
