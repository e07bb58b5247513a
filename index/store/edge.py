"""Qdrant Edge: Qdrant's own engine inside our process, which needs no server and survives kill -9.

One process at a time has a shard open. Vectors are searched exactly: up to some hundred thousand
passages that is a matter of milliseconds, and equal libraries give equal answers, which an
approximate graph does not promise.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from index.disk import copy_data, sync_directory
from index.errors import GlossError, StoreUnusable
from index.room import LEAST, MARGIN, check_room, free_space, occupied
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
from index.store.seals import Tally, sealed

if TYPE_CHECKING:
    from qdrant_edge import (
        EdgeConfig,
        EdgeShard,
        Filter,
        PointId,
        QueryBatchRequest,
        Record,
        ScoredPoint,
    )

_BATCH = 256  # points in one operation: some 1 MB of the write-ahead log
_PAGE = 2048  # points that are read at a time: some 25 MB as Python's numbers

# Fields of the payload with an index, and of what kind: the engine counts and filters by no others.
_INDEXES = {"paper_id": "Keyword", "role": "Keyword", "edition": "Integer", "date": "Integer"}

# Folders beside a store's own: one that is being made, and one that is to be deleted.
_MAKING, _DISCARDED = ".making", ".discarded"


@dataclass(frozen=True, slots=True)
class EdgeStoreFactory:
    """A library's stores as folders in its directory."""

    directory: Path

    def open(self, name: str, dimension: int) -> Store:
        """The store in the folder of that name."""
        return EdgeStore(self.directory / name, dimension)

    def drop(self, name: str) -> None:
        """Delete the folder: it is renamed first, so that no part of it is ever opened."""
        _discard(self.directory / name)


@dataclass(frozen=True, slots=True)
class CopiedStoreFactory:
    """Copies of a library's stores, for a library that cannot be written.

    The engine maps its files to be written even where it only searches, so it cannot open them on a
    read-only medium, must not where no block is free, and cannot where another process has them.
    ``scratch`` is a folder to copy them to, ``resting`` lasts while nobody writes to them.
    """

    directory: Path
    scratch: Path
    resting: Callable[[], AbstractContextManager[object]] = nullcontext

    def open(self, name: str, dimension: int) -> Store:
        """A copy of the store in the folder of that name; what was copied is deleted first.

        Raises ``DiskFull`` where there is no room for it.
        """
        source, copy = self.directory / name, self.scratch / name
        shutil.rmtree(copy, ignore_errors=True)
        if source.is_dir():
            check_room(self.scratch, occupied(source), LEAST)
            try:
                with self.resting():
                    shutil.copytree(source, copy, copy_function=_copied)
            except (OSError, shutil.Error) as error:
                raise StoreUnusable(str(source), f"cannot be read ({error})") from error
        return EdgeStore(copy, dimension)

    def drop(self, name: str) -> None:
        """Delete the copy."""
        shutil.rmtree(self.scratch / name, ignore_errors=True)


class EdgeStore:
    """A ``Store`` in its own directory, which is created if it is missing: complete, or not at all.

    A process may be killed at any step: what is made has another name until it is complete.
    """

    def __init__(self, directory: Path, dimension: int) -> None:
        self._directory = directory
        self._dimension = dimension
        with self._explained():
            _sweep(directory)
        check_room(directory, margin=LEAST)
        self._shard = self._open()

    def upsert(self, points: Sequence[Point]) -> None:
        """Put points in, or replace those of the same passage and edition. Durable on return.

        Raises ``DiskFull`` before it writes.
        """
        import qdrant_edge as edge

        check_room(self._directory, sum(map(_size, points)))
        for point in points:
            if len(point.dense) != self._dimension:
                raise StoreUnusable(
                    str(self._directory),
                    f"a vector of {len(point.dense)} numbers does not fit into one of "
                    f"{self._dimension}; run `gloss doctor --repair` after a change of model",
                )
        with self._explained():
            for start in range(0, len(points), _BATCH):
                batch = [
                    edge.Point(
                        point.id,
                        {
                            "dense": [float(number) for number in point.dense],
                            "words": edge.SparseVector(
                                list(point.sparse.indices), list(point.sparse.values)
                            ),
                        },
                        sealed(point),
                    )
                    for point in points[start : start + _BATCH]
                ]
                self._shard.update(edge.UpdateOperation.upsert_points(batch))
            self._shard.flush()

    def delete(self, edition: int) -> None:
        """Take out all points of an edition, and sweep once a fifth of the points are dead.

        Sweeping writes the rest anew, and waits until there is room for that. Raises ``DiskFull``
        before it writes.
        """
        import qdrant_edge as edge

        check_room(self._directory, margin=LEAST)

        condition = edge.FieldCondition("edition", match=edge.MatchValue(edition))
        with self._explained():
            self._shard.update(
                edge.UpdateOperation.delete_points_by_filter(edge.Filter(must=[condition]))
            )
            self._shard.flush()
            if free_space(self._directory) > occupied(self._directory) + MARGIN:
                self._shard.optimize()

    @property
    def shard(self) -> EdgeShard:
        """The engine itself, with which evaluations compare this store."""
        return self._shard

    def request(self, query: VectorQuery) -> QueryBatchRequest:
        """The halves of a query as the engine is asked for them: points and scores alone."""
        import qdrant_edge as edge

        halves = [edge.Query.Nearest([float(number) for number in query.dense], "dense")]
        if query.sparse.indices:
            words = edge.SparseVector(list(query.sparse.indices), list(query.sparse.values))
            halves.append(edge.Query.Nearest(words, "words"))
        depth, condition = max(query.depth, query.limit), _filter(query)
        return edge.QueryBatchRequest(
            [edge.QueryRequest(limit=depth, query=half, filter=condition) for half in halves]
        )

    def search(self, query: VectorQuery) -> list[Scored]:
        """The best ``query.limit`` points by both halves (``fused``), and then who they are.

        Payloads of all candidates would take a quarter of the time of a search.
        """
        if query.limit <= 0:
            return []

        def payloads(keys: Sequence[int]) -> dict[int, Mapping[str, Any]]:
            names: list[PointId] = [UUID(int=key) for key in keys]
            records = self._shard.retrieve(names, ["passage_id", "edition"], False)
            return {_key(record): record.payload for record in records if record.payload}

        with self._explained():
            answers = self._shard.query_batch(self.request(query))
            found = [{_key(point): point.score for point in answer} for answer in answers]
            return fused(found[0], found[1] if len(found) > 1 else {}, query, payloads)

    def pages(self) -> Iterator[tuple[list[PointId], list[Any]]]:
        """All points as their ids and dense vectors, some at a time."""
        import qdrant_edge as edge

        start: PointId | None = None
        while True:
            with self._explained():
                points, start = self._shard.scroll(
                    edge.ScrollRequest(start, _BATCH, with_payload=False, with_vector=["dense"])
                )
            yield (
                [point.id for point in points],
                [point.vector["dense"] for point in points if isinstance(point.vector, dict)],
            )
            if start is None:
                return

    def editions(self) -> dict[int, int]:
        """How many points each edition has."""
        import qdrant_edge as edge

        with self._explained():
            total = self._shard.count(edge.CountRequest(exact=True))
            request = edge.FacetRequest("edition", limit=max(total, 1), exact=True)
            hits = self._shard.facet(request).hits
        return {int(hit.value): hit.count for hit in hits if hit.count}

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
        import qdrant_edge as edge

        condition = edge.FieldCondition("edition", match=edge.MatchAny(sorted(editions)))
        wanted = edge.Filter(must=[condition])
        start: PointId | None = None
        while True:
            points, start = self._shard.scroll(
                edge.ScrollRequest(start, _PAGE, wanted, [name], ["dense"])
            )
            if points:
                yield (
                    [(point.payload or {})[name] for point in points],
                    [point.vector["dense"] for point in points if type(point.vector) is dict],
                )
            if start is None:
                return

    def damaged(self) -> frozenset[int]:
        """Editions with points that are not what was stored, or that filters do not find.

        The engine has no checksums: a byte of a vector that changes on the disk changes what is
        found. Points of earlier versions of gloss have none either, and are not compared.
        """
        import qdrant_edge as edge

        tally, start = Tally(), None
        with self._explained():
            while True:
                request = edge.ScrollRequest(start, _PAGE, None, True, ["dense", "words"])
                points, start = self._shard.scroll(request)
                for point in points:
                    tally.add(_key(point), point.payload or {}, point.vector)
                if start is None:
                    break
            return tally.damaged(self._counted)

    def _counted(self, field: str, value: Any) -> int:
        """How many points a filter by this value finds."""
        import qdrant_edge as edge

        same: Any = edge.FieldCondition(field, match=edge.MatchValue(value))
        if field == "date":
            same = edge.FieldCondition(field, range=edge.RangeFloat(gte=value, lte=value))
        return self._shard.count(edge.CountRequest(exact=True, filter=edge.Filter(must=[same])))

    def problems(self) -> list[str]:
        """None: this store has no settings of its own."""
        return []

    def clear(self) -> None:
        """Remove all points: the directory is renamed, created again, and the old one deleted."""
        with self._explained():
            self._shard.close()
            _discard(self._directory)
            self._shard = self._open()

    def close(self) -> None:
        """Let go of the files; other processes may open them."""
        with self._explained():
            self._shard.close()

    def _open(self) -> EdgeShard:
        import qdrant_edge as edge

        config = edge.EdgeConfig(
            vectors={
                "dense": edge.EdgeVectorParams(size=self._dimension, distance=edge.Distance.Dot)
            },
            sparse_vectors={"words": edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
            # No graph at any size: search stays exact, optimize() only sweeps.
            optimizers=edge.EdgeOptimizersConfig(indexing_threshold=0),
        )
        if not _has_files(self._directory):
            self._make(config)
        with self._explained():
            shard = edge.EdgeShard.load(str(self._directory), config)
            try:
                _index(shard)  # an earlier gloss could be killed between the two
            except BaseException:
                shard.close()
                raise
            return shard

    def _make(self, config: EdgeConfig) -> None:
        """Make an empty store beside the directory, and rename it once it is complete."""
        import qdrant_edge as edge

        making = self._directory.with_name(f"{self._directory.name}{_MAKING}")
        try:
            making.mkdir(parents=True)
            with self._explained():
                shard = edge.EdgeShard.create(str(making), config)
                try:
                    _index(shard)
                finally:
                    shard.close()
            if self._directory.is_dir():  # an empty one, which not every system renames over
                self._directory.rmdir()
            making.rename(self._directory)
            sync_directory(self._directory.parent)
        except OSError as error:
            raise StoreUnusable(
                str(self._directory), f"cannot be made ({error.strerror}); give another --library"
            ) from error

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Errors of the engine, which are all plain ``Exception``, as ``StoreUnusable``.

        A panic inside the engine (a damaged file) comes as a ``BaseException`` of its own.
        """
        try:
            yield
        except GlossError:
            raise
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            raise StoreUnusable(str(self._directory), _remedy(str(error))) from error


def _has_files(directory: Path) -> bool:
    return directory.is_dir() and any(directory.iterdir())


def _index(shard: EdgeShard) -> None:
    """Have the engine index every field of the payload that is filtered or counted by."""
    import qdrant_edge as edge

    missing = _INDEXES.keys() - shard.info().payload_schema.keys()
    for name in sorted(missing):
        kind = getattr(edge.PayloadSchemaType, _INDEXES[name])
        shard.update(edge.UpdateOperation.create_field_index(name, kind))
    if missing:
        shard.flush()


def _discard(directory: Path) -> None:
    """Delete a store's folder, and what an earlier deletion or making of it left."""
    _sweep(directory)
    if directory.exists():
        discarded = directory.with_name(f"{directory.name}{_DISCARDED}")
        directory.rename(discarded)
        shutil.rmtree(discarded, ignore_errors=True)


def _sweep(directory: Path) -> None:
    """Delete what a process that was killed while it made or deleted a store's folder left.

    Stores beside it that were to be deleted go with it: they stay for want of open files.
    """
    making = directory.with_name(f"{directory.name}{_MAKING}")
    for left in (making, *directory.parent.glob(f"*{_DISCARDED}")):
        shutil.rmtree(left, ignore_errors=True)


# What the engine says, and what to do about it.
_REMEDIES = (
    ("WouldBlock", "in use by another process; wait for it, stop it, or give another --library"),
    (
        "expected vector size",
        "made for another embedding model; set GLOSS_MODEL back or run `gloss doctor --repair`",
    ),
    ("not initialized", "is closed; open it again"),
    ("FileTooLarge", "files may not be as large as it needs them; raise the limit (ulimit -f)"),
    ("Too many open files", "too few files may be open; raise the limit (ulimit -n)"),
    ("No space left", "the disk is full; free some space and run it again"),
    ("Cannot allocate memory", "too little memory; raise the limit (ulimit -v)"),
)


def _remedy(message: str) -> str:
    for sign, remedy in _REMEDIES:
        if sign in message:
            return remedy
    return f"{' '.join(message.split())}; `gloss doctor --repair` rebuilds it"


# What a point takes in the write-ahead log, the segment and their indexes: 2.4 times its own
# numbers in all, measured on 6,000 passages; these ask for twice that.
_OVERHEAD, _ROW = 4, 2048


def _size(point: Point) -> int:
    """The bytes that a point takes on the disk at most."""
    return _OVERHEAD * (4 * len(point.dense) + 8 * len(point.sparse.indices)) + _ROW


def _copied(source: str, target: str) -> str:
    copy_data(Path(source), Path(target))
    return target


def _key(point: ScoredPoint | Record) -> int:
    """The identity of a point: comparing numbers takes less time than comparing ``UUID``s."""
    name = point.id  # the engine makes a new one each time
    assert isinstance(name, UUID)
    return name.int


def _filter(query: VectorQuery) -> Filter | None:
    import qdrant_edge as edge

    wanted = query.filter
    conditions: list[edge.ConditionType] = []
    if query.points is not None:
        conditions.append(edge.HasIdCondition({UUID(point) for point in query.points}))
    if wanted.paper_id is not None:
        conditions.append(edge.FieldCondition("paper_id", match=edge.MatchValue(wanted.paper_id)))
    if wanted.role is not None:
        conditions.append(edge.FieldCondition("role", match=edge.MatchValue(wanted.role)))
    if wanted.among is not None:
        papers = edge.MatchAny(list(wanted.among))
        conditions.append(edge.FieldCondition("paper_id", match=papers))
    if wanted.since is not None:
        first_day = edge.RangeFloat(gte=day_number(wanted.since))
        conditions.append(edge.FieldCondition("date", range=first_day))
    if wanted.until is not None:
        last_day = edge.RangeFloat(lte=last_day_number(wanted.until))
        conditions.append(edge.FieldCondition("date", range=last_day))
    others: list[edge.ConditionType] = []
    if wanted.apart_from is not None:
        own = edge.MatchValue(wanted.apart_from)
        others.append(edge.FieldCondition("paper_id", match=own))
    if not conditions and not others:
        return None
    return edge.Filter(must=conditions or None, must_not=others or None)
