"""A Qdrant server or cluster by its address, through ``qdrant_client``; ``:memory:`` for tests.

The same points and the same query as ``edge``; only the transport differs.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from json import JSONDecodeError
from typing import TYPE_CHECKING

from index.errors import StoreUnusable
from index.paper import SearchFilter
from index.store import Candidate, Point, Scored, VectorQuery, day_number, ranked

if TYPE_CHECKING:
    from httpx import Request, Response
    from qdrant_client import QdrantClient, models
    from qdrant_client.http.exceptions import UnexpectedResponse

_BATCH = 256  # points in one request: some 2 MB of JSON
_TIMEOUT = 30  # seconds; a busy server takes some for an upsert that waits
_GREETING = 5.0  # seconds to connect, and for the first question, which costs a server nothing
_MEMORY = ":memory:"

# Fields of the payload with an index. A server refuses to count by a field that has none, and
# may refuse to filter by it.
_INDEXES = {"paper_id": "keyword", "role": "keyword", "edition": "integer", "date": "integer"}


class ClientStore:
    """A ``Store`` on a server. The collection is made where it is missing."""

    def __init__(self, url: str, api_key: str, dimension: int, collection: str = "gloss") -> None:
        from qdrant_client import QdrantClient

        self._url = url
        self._dimension = dimension
        self._collection = collection
        self._closed = False
        with self._explained(), warnings.catch_warnings():
            # The client warns of a key sent without TLS: whoever gave http:// chose so.
            warnings.simplefilter("ignore")
            self._client: QdrantClient = (
                QdrantClient(_MEMORY)
                if url == _MEMORY
                else QdrantClient(
                    url=url,
                    api_key=self._sendable(api_key) or None,
                    timeout=_TIMEOUT,
                    check_compatibility=False,
                )
            )
            try:
                if url != _MEMORY:
                    self._client.http.client.add_middleware(_impatient)
                self._prepare()
            except BaseException:
                self._client.close()
                raise

    def upsert(self, points: Sequence[Point]) -> None:
        """Put points in, or replace those of the same passage and edition. Durable on return."""
        from qdrant_client import models

        for point in points:
            if len(point.dense) != self._dimension:
                raise self._misfit(len(point.dense))
        with self._explained():
            for start in range(0, len(points), _BATCH):
                batch = [
                    models.PointStruct(
                        id=point.id,
                        vector={
                            "dense": [float(number) for number in point.dense],
                            "words": models.SparseVector(
                                indices=list(point.sparse.indices),
                                values=list(point.sparse.values),
                            ),
                        },
                        payload=point.payload,
                    )
                    for point in points[start : start + _BATCH]
                ]
                self._client.upsert(self._collection, batch, wait=True)

    def delete(self, edition: int) -> None:
        """Take out all points of an edition."""
        from qdrant_client import models

        condition = models.FieldCondition(key="edition", match=models.MatchValue(value=edition))
        selector = models.FilterSelector(filter=models.Filter(must=[condition]))
        with self._explained():
            self._client.delete(self._collection, selector, wait=True)

    def search(self, query: VectorQuery) -> list[Scored]:
        """The best ``query.limit`` points, fused by reciprocal rank in one Qdrant query.

        The two halves travel in the same request, only to say which of them found a hit.
        """
        from qdrant_client import models

        if query.limit <= 0:
            return []
        depth = max(query.depth, query.limit)
        condition = _filter(query.filter)
        halves: list[tuple[str, list[float] | models.SparseVector]] = [
            ("dense", [float(number) for number in query.dense])
        ]
        if query.sparse.indices:
            words = models.SparseVector(
                indices=list(query.sparse.indices), values=list(query.sparse.values)
            )
            halves.append(("words", words))
        fused = models.QueryRequest(
            prefetch=[
                models.Prefetch(query=vector, using=name, limit=depth, filter=condition)
                for name, vector in halves
            ],
            query=models.RrfQuery(rrf=models.Rrf(k=query.fusion_k)),
            limit=depth * len(halves),
            with_payload=["passage_id", "edition"],
        )
        alone = [
            models.QueryRequest(
                query=vector, using=name, limit=depth, filter=condition, with_payload=False
            )
            for name, vector in halves
        ]
        with self._explained():
            answers = self._client.query_batch_points(self._collection, [fused, *alone])
        candidates = []
        for point in answers[0].points:
            payload = point.payload or {}
            candidates.append(
                Candidate(str(point.id), payload["passage_id"], payload["edition"], point.score)
            )
        found = [[str(point.id) for point in answer.points] for answer in answers[1:]]
        dense, words_found = ([*found, []])[:2]
        return ranked(candidates, dense, words_found, query.limit)

    def editions(self) -> dict[int, int]:
        """How many points each edition has."""
        with self._explained():
            total = self._client.count(self._collection, exact=True).count
            answer = self._client.facet(
                self._collection, "edition", limit=max(total, 1), exact=True
            )
        return {int(hit.value): hit.count for hit in answer.hits if hit.count}

    def clear(self) -> None:
        """Take out everything, by making the collection anew."""
        with self._explained():
            self._client.delete_collection(self._collection)
            self._prepare()

    def close(self) -> None:
        """Let go of the connection; what was in memory is gone."""
        self._closed = True
        self._client.close()

    def _prepare(self) -> None:
        from qdrant_client import models

        indexed: set[str] = set()
        if self._client.collection_exists(self._collection):
            info = self._client.get_collection(self._collection)
            self._check(info.config.params)
            indexed.update(info.payload_schema)
        else:
            self._client.create_collection(
                self._collection,
                vectors_config={
                    "dense": models.VectorParams(size=self._dimension, distance=models.Distance.DOT)
                },
                sparse_vectors_config={
                    "words": models.SparseVectorParams(modifier=models.Modifier.IDF)
                },
            )
        if self._url == _MEMORY:
            return  # an index has no effect there
        # Also for a collection that is there: whoever made it may have been cut short.
        for name, kind in _INDEXES.items():
            if name not in indexed:
                self._client.create_payload_index(
                    self._collection, name, models.PayloadSchemaType(kind), wait=True
                )

    def _check(self, params: models.CollectionParams) -> None:
        """That the collection on the server is one of ours, of the right dimension."""
        dense = params.vectors.get("dense") if isinstance(params.vectors, dict) else None
        if dense is None or "words" not in (params.sparse_vectors or {}):
            raise StoreUnusable(
                self._url,
                f"collection {self._collection} was not made by gloss; use another server or "
                "delete the collection",
            )
        if dense.size != self._dimension:
            raise self._misfit(dense.size)

    def _sendable(self, api_key: str) -> str:
        """The key as a header can carry it; HTTP libraries quote one that they cannot send."""
        key = api_key.strip()
        if not (key.isascii() and key.isprintable()):
            raise StoreUnusable(
                self._url,
                "GLOSS_QDRANT_API_KEY holds a character that no key has; copy the key again",
            )
        return key

    def _misfit(self, found: int) -> StoreUnusable:
        return StoreUnusable(
            self._url,
            f"made for another embedding model (vectors of {self._dimension} and {found} numbers); "
            "set GLOSS_MODEL back or run `gloss doctor --repair`",
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Errors of the client and of its transport as ``StoreUnusable``."""
        from httpx import TimeoutException
        from qdrant_client.common.client_exceptions import (
            QdrantException,
            ResourceExhaustedResponse,
        )
        from qdrant_client.http.exceptions import (
            ApiException,
            ResponseHandlingException,
            UnexpectedResponse,
        )

        if self._closed:
            raise StoreUnusable(self._url, "is closed; open it again")
        try:
            yield
        except UnexpectedResponse as error:
            raise StoreUnusable(self._url, self._refusal(error)) from error
        except ResourceExhaustedResponse as error:
            raise StoreUnusable(
                self._url, f"has too much to do; try again in {error.retry_after_s} seconds"
            ) from error
        except (ResponseHandlingException, ApiException, QdrantException, OSError) as error:
            source = getattr(error, "source", error)
            if isinstance(source, ValueError):  # an answer that is not what was asked for
                raise self._stranger() from error
            if isinstance(source, TimeoutException):
                why = "does not answer in time; see whether the server is well"
            else:
                why = f"cannot be reached ({' '.join(str(source).split())}); start the server"
            raise StoreUnusable(
                self._url, f"{why}, or unset GLOSS_QDRANT_URL to use the embedded store"
            ) from error
        except (JSONDecodeError, AssertionError) as error:  # no JSON; an envelope without a result
            raise self._stranger() from error
        except (ValueError, RuntimeError) as error:  # a malformed address
            raise StoreUnusable(
                self._url, f"{' '.join(str(error).split())}; check GLOSS_QDRANT_URL"
            ) from error

    def _refusal(self, error: UnexpectedResponse) -> str:
        status = error.status_code or 0
        if status in (401, 403):
            return "refuses the key; set GLOSS_QDRANT_API_KEY"
        if status == 404:
            return (
                f"has no collection {self._collection}, or is no Qdrant server; check "
                "GLOSS_QDRANT_URL, or run `gloss doctor --repair`"
            )
        if status < 400:
            return f"answers {status} {error.reason_phrase}; check GLOSS_QDRANT_URL"
        return f"answers {status} {error.reason_phrase}; see the server's log"

    def _stranger(self) -> StoreUnusable:
        return StoreUnusable(self._url, "does not answer as Qdrant does; check GLOSS_QDRANT_URL")


def _impatient(request: Request, send: Callable[[Request], Response]) -> Response:
    """Waits less for a server that is not there than for one that has much to do."""
    limits = request.extensions["timeout"]
    limits["connect"] = _GREETING
    if request.url.path.endswith("/exists"):
        limits["read"] = _GREETING
    return send(request)


def _filter(wanted: SearchFilter) -> models.Filter | None:
    from qdrant_client import models

    conditions: list[models.Condition] = []
    if wanted.paper_id is not None:
        match = models.MatchValue(value=wanted.paper_id)
        conditions.append(models.FieldCondition(key="paper_id", match=match))
    if wanted.role is not None:
        match = models.MatchValue(value=wanted.role)
        conditions.append(models.FieldCondition(key="role", match=match))
    if wanted.since is not None:
        first_day = models.Range(gte=day_number(wanted.since))
        conditions.append(models.FieldCondition(key="date", range=first_day))
    return models.Filter(must=conditions) if conditions else None
