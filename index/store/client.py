"""A Qdrant server or cluster by its address, through ``qdrant_client``; ``:memory:`` for tests.

The same points and the same query as ``edge``; only the transport differs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index.config import QdrantSettings
from index.errors import StoreUnusable
from index.store import (
    Point,
    Scored,
    Store,
    VectorQuery,
    day_number,
    fused,
    last_day_number,
    means_of,
)
from index.store.connection import MEMORY, connect, explained

if TYPE_CHECKING:
    from qdrant_client import QdrantClient, models

_BATCH = 256  # points in one request: some 2 MB of JSON
# By small copies so many times as many are found as are wanted, and scored again by the full
# vectors: where Qdrant's guide begins (https://qdrant.tech/documentation/guides/quantization/).
_OVERSAMPLING = 2.0

# Fields of the payload with an index. A server refuses to count by a field that has none, and
# may refuse to filter by it.
_INDEXES = {"paper_id": "keyword", "role": "keyword", "edition": "integer", "date": "integer"}


@dataclass(frozen=True, slots=True)
class ClientStoreFactory:
    """A library's stores as collections of a server, named after the library's own."""

    server: QdrantSettings
    collection: str

    def open(self, name: str, dimension: int) -> Store:
        """The store in the collection of that name."""
        return ClientStore(self.server, dimension, f"{self.collection}-{name}")

    def drop(self, name: str) -> None:
        """Delete the collection."""
        _Dropping(self.server, 0, f"{self.collection}-{name}").close()


class ClientStore:
    """A ``Store`` on a server. A missing collection is created."""

    def __init__(self, server: QdrantSettings, dimension: int, collection: str = "gloss") -> None:
        self._server = server
        self._url = server.url
        self._dimension = dimension
        self._collection = collection
        self._closed = False
        with self._explained():
            self._client: QdrantClient = connect(server)
            try:
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
        """The best ``query.limit`` points by both halves (``fused``), in one request."""
        from qdrant_client import models

        if query.limit <= 0:
            return []
        depth = max(query.depth, query.limit)
        condition = _filter(query)
        halves: list[tuple[str, list[float] | models.SparseVector]] = [
            ("dense", [float(number) for number in query.dense])
        ]
        if query.sparse.indices:
            words = models.SparseVector(
                indices=list(query.sparse.indices), values=list(query.sparse.values)
            )
            halves.append(("words", words))
        requests = [
            models.QueryRequest(
                query=vector,
                using=name,
                limit=depth,
                filter=condition,
                params=self._params(name),
                with_payload=["passage_id", "edition"],
            )
            for name, vector in halves
        ]
        with self._explained():
            answers = self._client.query_batch_points(self._collection, requests)
        # In one request: a second one costs a server more than the payloads of all candidates.
        payloads = {str(one.id): one.payload or {} for answer in answers for one in answer.points}
        found = [{str(one.id): one.score for one in answer.points} for answer in answers]
        return fused(found[0], found[1] if len(found) > 1 else {}, query, lambda _: payloads)

    def editions(self) -> dict[int, int]:
        """How many points each edition has."""
        with self._explained():
            total = self._client.count(self._collection, exact=True).count
            answer = self._client.facet(
                self._collection, "edition", limit=max(total, 1), exact=True
            )
        return {int(hit.value): hit.count for hit in answer.hits if hit.count}

    def clear(self) -> None:
        """Remove all points: the collection is created again."""
        with self._explained():
            self._client.delete_collection(self._collection)
            self._prepare()

    def means(self, editions: Collection[int]) -> dict[int, tuple[float, ...]]:
        """The mean of the dense vectors of each of these editions that is there."""
        with self._explained():
            return means_of(self._values(editions, "edition"))

    def vectors(self, edition: int) -> dict[str, tuple[float, ...]]:
        """The dense vectors of an edition by passage id."""
        with self._explained():
            return {
                name: tuple(vector)
                for names, vectors in self._values([edition], "passage_id")
                for name, vector in zip(names, vectors, strict=True)
            }

    def _values(
        self, editions: Collection[int], name: str
    ) -> Iterator[tuple[list[Any], list[Any]]]:
        """A value of the payload and the dense vector of the editions' points, some at a time."""
        from qdrant_client import models

        match = models.MatchAny(any=sorted(editions))
        wanted = models.Filter(must=[models.FieldCondition(key="edition", match=match)])
        start: Any = None
        while True:
            points, start = self._client.scroll(
                self._collection,
                wanted,
                limit=_BATCH,
                offset=start,
                with_payload=[name],
                with_vectors=["dense"],
            )
            if points:
                yield (
                    [(point.payload or {})[name] for point in points],
                    [point.vector["dense"] for point in points if type(point.vector) is dict],
                )
            if start is None:
                return

    def damaged(self) -> frozenset[int]:
        """None: a server looks after its files itself."""
        return frozenset()

    def problems(self) -> list[str]:
        """Where the collection was made otherwise than the settings say now."""
        if self._url == MEMORY:
            return []
        with self._explained():
            config = self._client.get_collection(self._collection).config
        differences = _differences(self._server, config)
        if not differences:
            return []
        made = "; ".join(differences)
        return [
            f"vector store {self._url}: collection {self._collection} was made otherwise than the "
            f"settings say: {made}; set them back, or `gloss doctor --repair` rebuilds it"
        ]

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
            server = self._server
            on_disk = server.on_disk or None  # None is not sent
            self._client.create_collection(
                self._collection,
                vectors_config={
                    "dense": models.VectorParams(
                        size=self._dimension, distance=models.Distance.DOT, on_disk=on_disk
                    )
                },
                sparse_vectors_config={
                    "words": models.SparseVectorParams(
                        modifier=models.Modifier.IDF,
                        index=models.SparseIndexParams(on_disk=True) if on_disk else None,
                    )
                },
                shard_number=server.shards,
                replication_factor=server.replicas,
                write_consistency_factor=server.write_consistency,
                quantization_config=_quantization(server),
            )
        if self._url == MEMORY:
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

    def _params(self, vector: str) -> models.SearchParams | None:
        """How to search the small copies of the vectors, where there are some."""
        from qdrant_client import models

        if vector != "dense" or self._server.quantization == "none":
            return None
        small = models.QuantizationSearchParams(rescore=True, oversampling=_OVERSAMPLING)
        return models.SearchParams(quantization=small)

    def _misfit(self, found: int) -> StoreUnusable:
        return StoreUnusable(
            self._url,
            f"made for another embedding model (vectors of {self._dimension} and {found} numbers); "
            "set GLOSS_MODEL back or run `gloss doctor --repair`",
        )

    def _explained(self) -> AbstractContextManager[None]:
        if self._closed:
            raise StoreUnusable(self._url, "is closed; open it again")
        return explained(self._server, self._collection)


class _Dropping(ClientStore):
    """A store whose opening drops the collection, of any dimension."""

    def _prepare(self) -> None:
        self._client.delete_collection(self._collection)


def _quantization(
    server: QdrantSettings,
) -> models.ScalarQuantization | models.BinaryQuantization | None:
    """The small copies always stay in memory: they are what makes a search fast."""
    from qdrant_client import models

    if server.quantization == "scalar":
        # A hundredth of the numbers at the edges is cut off, so that the others are finer.
        scalar = models.ScalarQuantizationConfig(
            type=models.ScalarType.INT8, quantile=0.99, always_ram=True
        )
        return models.ScalarQuantization(scalar=scalar)
    if server.quantization == "binary":
        return models.BinaryQuantization(binary=models.BinaryQuantizationConfig(always_ram=True))
    return None


def _differences(server: QdrantSettings, config: models.CollectionConfig) -> list[str]:
    """What a collection has and what is asked for, by variable; what is not asked for fits."""
    from qdrant_client import models

    params, small = config.params, config.quantization_config
    kinds = {models.ScalarQuantization: "scalar", models.BinaryQuantization: "binary"}
    dense = params.vectors.get("dense") if isinstance(params.vectors, dict) else None
    found: dict[str, Any] = {
        "shards": params.shard_number or 1,
        "replicas": params.replication_factor or 1,
        "write_consistency": params.write_consistency_factor or 1,
        "quantization": "none" if small is None else kinds.get(type(small), "of another kind"),
        "on_disk": bool(dense and dense.on_disk),
    }
    return [
        f"GLOSS_QDRANT__{name.upper()} is {wanted}, and there it is {there}"
        for name, there in found.items()
        if (wanted := getattr(server, name)) is not None and wanted != there
    ]


def _filter(query: VectorQuery) -> models.Filter | None:
    from qdrant_client import models

    wanted = query.filter
    conditions: list[models.Condition] = []
    if query.points is not None:
        conditions.append(models.HasIdCondition(has_id=list(query.points)))
    if wanted.paper_id is not None:
        match = models.MatchValue(value=wanted.paper_id)
        conditions.append(models.FieldCondition(key="paper_id", match=match))
    if wanted.role is not None:
        match = models.MatchValue(value=wanted.role)
        conditions.append(models.FieldCondition(key="role", match=match))
    if wanted.among is not None:
        papers = models.MatchAny(any=list(wanted.among))
        conditions.append(models.FieldCondition(key="paper_id", match=papers))
    if wanted.since is not None:
        first_day = models.Range(gte=day_number(wanted.since))
        conditions.append(models.FieldCondition(key="date", range=first_day))
    if wanted.until is not None:
        last_day = models.Range(lte=last_day_number(wanted.until))
        conditions.append(models.FieldCondition(key="date", range=last_day))
    others: list[models.Condition] = []
    if wanted.apart_from is not None:
        own = models.MatchValue(value=wanted.apart_from)
        others.append(models.FieldCondition(key="paper_id", match=own))
    if not conditions and not others:
        return None
    return models.Filter(must=conditions or None, must_not=others or None)
