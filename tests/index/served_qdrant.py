"""The part of Qdrant's REST interface that ``ClientStore`` uses, served on 127.0.0.1.

What this tests is the way over HTTP: addresses, methods, headers, JSON bodies (read with the
client's own models, which forbid unknown fields), the answer's envelope, status codes and time
limits. What it does not test is Qdrant: **the engine behind it is the client's own in-memory one**,
so ranking, durability and speed are not a server's. A real server is tested where
``GLOSS_TEST_QDRANT_URL`` names one.

Three habits of a real server that the in-memory engine lacks are added, since a store can get them
wrong: a wrong key is refused with 401, payload indexes are remembered and reported, and a facet
over a field without an index is refused with 400. How a collection was asked to be made is
remembered and reported, and has no effect, as how it is to be searched has none.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from threading import Event, Lock, Thread
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json
from qdrant_client import QdrantClient, models

Fault = Literal[
    "none",
    "hang",  # takes the request and does not answer
    "cut",  # promises more bytes than it sends
    "error",  # 500
    "busy",  # 429, as a cluster with a limit on requests says it
    "missing",  # 404, as a web server without such a page says it
    "moved",  # 301
    "page",  # 200 and HTML: another kind of server
    "other",  # 200 and JSON, but nobody's envelope
]

_FAULTS: dict[Fault, tuple[int, dict[str, str], bytes]] = {
    "error": (500, {}, b'{"status": {"error": "Service internal error: disk full"}, "time": 0.0}'),
    "busy": (429, {"Retry-After": "7"}, b'{"status": {"error": "Rate limit"}, "time": 0.0}'),
    "missing": (404, {"Content-Type": "text/html"}, b"<h1>Not Found</h1>"),
    "moved": (301, {"Location": "/dashboard"}, b""),
    "page": (200, {"Content-Type": "text/html"}, b"<h1>It works!</h1>"),
    "other": (200, {}, b'{"ready": true}'),
}


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in."""

    method: str
    path: str
    params: dict[str, list[str]]
    key: str | None  # the api-key header
    body: Any  # the JSON, read


class Refused(Exception):
    """An answer other than 200, with the words that a server has for it."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass
class ServedQdrant:
    """A running server: its address, what it was asked, and what is to go wrong with it."""

    url: str
    api_key: str  # empty: everybody may ask
    engine: QdrantClient
    fault: Fault = "none"
    received: list[Received] = field(default_factory=list)
    # The indexed payload fields of each collection.
    indexes: dict[str, dict[str, models.PayloadIndexInfo]] = field(default_factory=dict)
    # How each collection was asked to be made, which the in-memory engine does not keep.
    made: dict[str, models.CreateCollection] = field(default_factory=dict)
    released: Event = field(default_factory=Event)  # lets hanging requests go
    lock: Lock = field(default_factory=Lock)  # the in-memory engine is for one thread

    def asked(self, method: str, ending: str) -> list[Received]:
        """The requests of a method whose path ends so."""
        return [one for one in self.received if one.method == method and one.path.endswith(ending)]


@contextmanager
def serve(api_key: str = "", tls: SSLContext | None = None) -> Iterator[ServedQdrant]:
    """A server on a free port, until the block ends; its threads and sockets are gone then."""
    engine = QdrantClient(":memory:")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as listener:
        listener.daemon_threads = False  # closing waits for every answer under way
        if tls is not None:
            listener.socket = tls.wrap_socket(listener.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        served = ServedQdrant(f"{scheme}://127.0.0.1:{listener.server_port}", api_key, engine)
        listener.served = served  # type: ignore[attr-defined]
        thread = Thread(target=listener.serve_forever, args=(0.01,), name="served-qdrant")
        thread.start()
        try:
            yield served
        finally:
            served.released.set()
            listener.shutdown()
            thread.join()
    engine.close()


class _Handler(BaseHTTPRequestHandler):
    """Speaks HTTP/1.0: a connection ends with its answer, so no thread waits for another one."""

    def do_GET(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests read what was received from ``ServedQdrant``."""

    def _answer(self) -> None:
        served: ServedQdrant = self.server.served  # type: ignore[attr-defined]
        began = time.monotonic()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.path)
        request = Received(
            self.command,
            address.path,
            parse_qs(address.query),
            self.headers.get("api-key"),
            json.loads(body) if body else None,
        )
        served.received.append(request)
        if served.fault == "hang":
            served.released.wait(60)
        elif served.fault == "cut":
            self._send(200, {"Content-Length": "1000"}, b'{"result":')
        elif served.fault in _FAULTS:
            self._send(*_FAULTS[served.fault])
        elif served.api_key and request.key != served.api_key:
            self._send(401, {"Content-Type": "text/plain"}, b"Invalid API key or JWT")
        else:
            status, envelope = _envelope(served, request, body)
            envelope["time"] = time.monotonic() - began
            self._send(status, {}, to_json(envelope, exclude_none=True))

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        standard = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        for name, value in {**standard, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _envelope(served: ServedQdrant, request: Received, body: bytes) -> tuple[int, dict[str, Any]]:
    """Status and answer without its time."""
    try:
        with served.lock:
            return 200, {"result": _result(served, request, body), "status": "ok"}
    except Refused as error:
        return error.status, {"status": {"error": str(error)}}
    except ValidationError as error:
        return 400, {"status": {"error": f"Format error in JSON body: {error}"}}
    except ValueError as error:
        return 400, {"status": {"error": f"Wrong input: {error}"}}


def _result(served: ServedQdrant, request: Received, body: bytes) -> Any:
    parts = re.fullmatch(r"/collections/([^/]+)(/.*)?", request.path)
    answer = _ROUTES.get((request.method, parts[2] or "")) if parts else None
    if parts is None or answer is None:
        raise Refused(HTTPStatus.NOT_FOUND, f"no such endpoint: {request.method} {request.path}")
    name = unquote(parts[1])
    if answer not in _WITHOUT_COLLECTION and not served.engine.collection_exists(name):
        raise Refused(HTTPStatus.NOT_FOUND, f"Not found: Collection `{name}` doesn't exist!")
    return answer(served, name, body)


def _exists(served: ServedQdrant, name: str, body: bytes) -> models.CollectionExistence:
    return models.CollectionExistence(exists=served.engine.collection_exists(name))


def _create(served: ServedQdrant, name: str, body: bytes) -> bool:
    if served.engine.collection_exists(name):
        raise Refused(HTTPStatus.CONFLICT, f"Wrong input: Collection `{name}` already exists!")
    asked = models.CreateCollection.model_validate_json(body)
    served.indexes[name] = {}
    served.made[name] = asked
    return served.engine.create_collection(
        name, vectors_config=asked.vectors, sparse_vectors_config=asked.sparse_vectors
    )


def _info(served: ServedQdrant, name: str, body: bytes) -> models.CollectionInfo:
    info, asked = served.engine.get_collection(name), served.made[name]
    params = {
        name: getattr(asked, name) or 1
        for name in ("shard_number", "replication_factor", "write_consistency_factor")
    }
    params |= {"vectors": asked.vectors, "sparse_vectors": asked.sparse_vectors}
    graph = asked.hnsw_config.model_dump(exclude_none=True) if asked.hnsw_config else {}
    config = {
        "params": info.config.params.model_copy(update=params),
        "hnsw_config": info.config.hnsw_config.model_copy(
            update={"m": 16, "ef_construct": 100, **graph}
        ),
        "quantization_config": asked.quantization_config,
    }
    return info.model_copy(
        update={
            "payload_schema": served.indexes[name],
            "config": info.config.model_copy(update=config),
        }
    )


def _drop(served: ServedQdrant, name: str, body: bytes) -> bool:
    served.indexes.pop(name, None)
    served.made.pop(name, None)
    return served.engine.delete_collection(name)


def _index(served: ServedQdrant, name: str, body: bytes) -> models.UpdateResult:
    asked = models.CreateFieldIndex.model_validate_json(body)
    served.indexes[name][asked.field_name] = models.PayloadIndexInfo(
        data_type=models.PayloadSchemaType(asked.field_schema),
        points=served.engine.count(name).count,
    )
    return models.UpdateResult(operation_id=0, status=models.UpdateStatus.COMPLETED)


def _upsert(served: ServedQdrant, name: str, body: bytes) -> models.UpdateResult:
    asked = models.PointsList.model_validate_json(body)
    return served.engine.upsert(name, asked.points)


def _delete(served: ServedQdrant, name: str, body: bytes) -> models.UpdateResult:
    selector: models.PointsSelector = _SELECTOR.validate_json(body)
    return served.engine.delete(name, selector)


def _count(served: ServedQdrant, name: str, body: bytes) -> models.CountResult:
    asked = models.CountRequest.model_validate_json(body)
    return served.engine.count(name, count_filter=asked.filter, exact=bool(asked.exact))


def _facet(served: ServedQdrant, name: str, body: bytes) -> models.FacetResponse:
    asked = models.FacetRequest.model_validate_json(body)
    if asked.key not in served.indexes[name]:
        raise Refused(
            HTTPStatus.BAD_REQUEST,
            f"Wrong input: No appropriate index for faceting: `{asked.key}`.",
        )
    limit = 10 if asked.limit is None else asked.limit
    return served.engine.facet(name, asked.key, facet_filter=asked.filter, limit=limit)


def _query_batch(served: ServedQdrant, name: str, body: bytes) -> list[models.QueryResponse]:
    asked = models.QueryRequestBatch.model_validate_json(body)
    searches = [one.model_copy(update={"params": None}) for one in asked.searches]
    return served.engine.query_batch_points(name, searches)


def _scroll(served: ServedQdrant, name: str, body: bytes) -> models.ScrollResult:
    asked = models.ScrollRequest.model_validate_json(body)
    points, following = served.engine.scroll(
        name,
        scroll_filter=asked.filter,
        limit=asked.limit or 10,
        offset=asked.offset,
        with_payload=asked.with_payload if asked.with_payload is not None else True,
        with_vectors=asked.with_vector if asked.with_vector is not None else False,
    )
    return models.ScrollResult(points=points, next_page_offset=following)


_SELECTOR: TypeAdapter[Any] = TypeAdapter(models.PointsSelector)

_Answer = Callable[[ServedQdrant, str, bytes], Any]

# By method and by what follows /collections/NAME.
_ROUTES: dict[tuple[str, str], _Answer] = {
    ("GET", "/exists"): _exists,
    ("GET", ""): _info,
    ("PUT", ""): _create,
    ("DELETE", ""): _drop,
    ("PUT", "/index"): _index,
    ("PUT", "/points"): _upsert,
    ("POST", "/points/delete"): _delete,
    ("POST", "/points/count"): _count,
    ("POST", "/facet"): _facet,
    ("POST", "/points/query/batch"): _query_batch,
    ("POST", "/points/scroll"): _scroll,
}
_WITHOUT_COLLECTION: tuple[_Answer, ...] = (_exists, _create, _drop)
