"""Papers read, split and embedded by a Ray cluster, with the functions that do so on one machine.

Ray Data carries bytes of files to whichever node is free and brings back what they came to. The
library stays where it is and commits, in the order in which papers were asked for: what a cluster
does is to fill in a ``PendingPaper`` ahead of ``Library.commit``, as threads do that read ahead
(ADR 13).

One row of a data set is one paper, and one task. A worker that dies takes its paper with it; Ray
tries that one again, and if the worker dies again the paper is a failure of its own.
"""

from __future__ import annotations

import logging
import os
import pickle
import platform
import re
import tempfile
import time
import warnings
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from index.config import Settings
from index.embed import Embedder
from index.errors import ClusterUnusable, GlossError
from index.library import (
    EmbeddedReading,
    Encoders,
    PendingPaper,
    Splitter,
    Stages,
    bm25_encoder,
    split_and_embed,
    splitter,
)
from index.paper import Reading

_REQUIREMENT = "ray[data]>=2.60,<2.64"  # as the extra ``ray`` in pyproject.toml
# How many papers a data set has for each core. It takes a second to begin one, and while its last
# paper is read the other cores wait: some 2% of a minute and a half of work.
PAPERS_EACH = 32
_BYTES = 512 * 1024 * 1024  # of files in one data set; Ray has a third of the memory for them
_PATIENCE = 10.0  # seconds to fill a data set, where papers come as slowly as arXiv gives them
_TRIES = 2  # of a paper whose worker died
_KNOCK = 5.0  # seconds for somebody to answer at an address
_LOCAL = re.compile(r"local(?::(?P<workers>[1-9]\d{0,3}))?")
# What decides what comes out must be the same on every node.
_SAME = ("gloss", "pymupdf", "lxml", "markdown-it-py", "tokenizers", "openvino", "qdrant-edge-py")


@dataclass(frozen=True, slots=True)
class WorkerJob:
    """What a worker has to know; equal jobs share one set of tools in it."""

    settings: Settings  # without what concerns the store
    fingerprint: str  # of the model that the library was made with
    versions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a file. An ``error`` is a bug that this paper met."""

    reading: Reading | None = None
    embedded: EmbeddedReading | None = None
    seconds: dict[str, float] | None = None
    error: Exception | None = None
    refusal: str = ""  # why this worker can do nothing for anybody


class Cluster:
    """A connection to Ray, made in ``with``. The address is that of a node, or ``local``.

    ``local`` starts Ray on this machine for as long as it is needed, with a worker for each core;
    ``local:2`` with two. Raises ``ClusterUnusable``.
    """

    def __init__(self, address: str, settings: Settings) -> None:
        self._address = address.strip()
        self._settings = settings
        self._cores = 1
        if find_spec("ray") is None or find_spec("pyarrow") is None:
            raise ClusterUnusable(
                address, f"is not installed here; run `pip install '{_REQUIREMENT}'`"
            )
        if not self._address:
            raise ClusterUnusable(address, "the address is empty; give HOST:PORT, auto or local")
        if self._address.startswith("ray://"):
            raise ClusterUnusable(
                address,
                "Ray's client cannot carry data sets; run `ray start --address=HOST:6379` on this "
                "machine and give auto",
            )

    def __enter__(self) -> Self:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it reports over the network
        import ray
        import ray.data

        local = _LOCAL.fullmatch(self._address)
        if not local and self._address != "auto":
            self._knock()
        own = {"num_cpus": _cores(local["workers"]), "include_dashboard": False} if local else {}
        try:
            ray.init(
                address="local" if local else self._address,
                log_to_driver=False,
                logging_level=logging.CRITICAL,
                **own,
            )
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            said = " ".join(str(error).split())[:300]
            raise ClusterUnusable(
                self._address,
                f"cannot be reached ({said}); see `ray status` there, and set RAY_AUTH_MODE=token "
                "if it asks for a token",
            ) from error
        self._cores = max(1, int(ray.cluster_resources().get("CPU", 0)))
        # What happens to workers is printed on standard output, which is for answers.
        ray._private.worker._worker_logs_enabled = bool(os.environ.get("GLOSS_DEBUG"))
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        context.max_errored_blocks = -1  # a lost paper is missed below, and stops no other
        # What it says of each data set is nothing to a person who adds papers.
        logging.getLogger("ray.data").addFilter(lambda _: bool(os.environ.get("GLOSS_DEBUG")))
        for handler in logging.getLogger("ray.data").handlers:
            handler.addFilter(lambda _: bool(os.environ.get("GLOSS_DEBUG")))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        import ray

        ray.shutdown()

    def _knock(self) -> None:
        """Ask whether somebody is there; Ray itself asks for ever."""
        import socket

        host, _, port = self._address.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK).close()
        except (OSError, ValueError, OverflowError) as error:
            raise ClusterUnusable(
                self._address,
                f"cannot be reached ({error}); give HOST:PORT as `ray start --head` says it, "
                "auto, or local",
            ) from error

    @property
    def papers(self) -> int:
        """The most papers that are on their way at once."""
        return PAPERS_EACH * self._cores

    def prepare(
        self, received: Iterator[PendingPaper | BaseException], embedder: Embedder
    ) -> Iterator[PendingPaper | BaseException]:
        """Read and prepare what was received, in its order; errors among it are passed on.

        ``embedder`` is the library's, opened there by its name. Whoever stops iterating lets go of
        what was not yielded. Raises ``ClusterUnusable`` where no paper could be prepared.
        """
        job = _job(self._settings, embedder)
        while window := list(self._window(received)):
            waiting = dict(enumerate(window))
            try:
                with closing(self._run(window, job)) as done:
                    for number, result in done:
                        # Those before it that are still waiting have no result.
                        while (first := next(iter(waiting))) != number:
                            yield _settled(waiting.pop(first), None)
                        yield _settled(waiting.pop(number), result)
                for number in list(waiting):
                    yield _settled(waiting.pop(number), None)
            finally:
                for left in waiting.values():
                    if isinstance(left, PendingPaper):
                        left.close()

    def _window(
        self, received: Iterator[PendingPaper | BaseException]
    ) -> Iterator[PendingPaper | BaseException]:
        size, until = 0, time.monotonic() + _PATIENCE
        for one in islice(received, self.papers):
            yield one
            if isinstance(one, PendingPaper) and one.copy is not None:
                size += one.copy.stat().st_size
            if size >= _BYTES or time.monotonic() > until:
                return

    def _run(
        self, window: list[PendingPaper | BaseException], job: WorkerJob
    ) -> Generator[tuple[int, Done], None, None]:
        """The results by number, without lost ones."""
        import ray.data
        from ray.exceptions import RayError

        rows = _rows(window)
        if not rows:
            return
        try:
            papers = ray.data.from_items(rows, override_num_blocks=len(rows))
            del rows  # the object store has them now
            with warnings.catch_warnings():
                # How often to try is told only in a way that Ray 2.64 takes away, and by default
                # a paper that kills its worker is tried for ever.
                warnings.simplefilter("ignore", DeprecationWarning)
                tasks = papers.map(_work, fn_args=(job,), num_cpus=1, max_retries=_TRIES - 1)
            for row in tasks.iter_rows():
                done: Done = pickle.loads(row["done"])
                if done.refusal:
                    raise ClusterUnusable(self._address, done.refusal)
                yield row["number"], done
        except (RayError, ConnectionError) as error:
            said = " ".join(str(error).split())[:300]
            raise ClusterUnusable(
                self._address,
                f"was lost ({said}); what was added is in the library, add the rest again",
            ) from error


def _rows(window: list[PendingPaper | BaseException]) -> list[dict[str, Any]]:
    """A row of a data set for each paper that was received."""
    return [
        {
            "number": number,
            "name": one.name,
            "suffix": one.copy.suffix,
            "sha256": one.origin.sha256,
            "data": one.copy.read_bytes(),
        }
        for number, one in enumerate(window)
        if isinstance(one, PendingPaper) and one.copy is not None
    ]


def _settled(one: PendingPaper | BaseException, done: Done | None) -> PendingPaper | BaseException:
    """What was received, with what the cluster made of it."""
    if isinstance(one, BaseException) or one.copy is None:  # it was not sent
        return one
    if done is None:
        one.reading = Reading("broken", f"the workers that had it died, {_TRIES} of {_TRIES} times")
    elif done.error is not None:
        one.close()
        return done.error
    else:
        one.reading, one.embedded = done.reading, done.embedded
        one.stages.seconds.update(done.seconds or {})
    return one


def _job(settings: Settings, embedder: Embedder) -> WorkerJob:
    """No worker needs a server or its key, and each reads one file at a time."""
    kept = Settings.model_construct(
        **{
            name: value
            for name, value in settings
            if name not in ("qdrant", "arxiv", "endpoint", "library")
        }
        | {"read": settings.read.model_copy(update={"workers": 1}), "model": embedder.name}
    )
    return WorkerJob(kept, embedder.fingerprint, _versions())


def _versions() -> tuple[tuple[str, str], ...]:
    def installed(package: str) -> str:
        try:
            return version(package)
        except PackageNotFoundError:
            return "missing"

    return tuple((package, installed(package)) for package in _SAME)


def _cores(workers: str | None) -> int:
    if workers:
        return int(workers)
    # On Linux the cores that this process may use; elsewhere all.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# --- inside a worker ------------------------------------------------------------------------------


class _Unfit(GlossError):
    """This node would prepare papers otherwise than the library's own."""


@dataclass(frozen=True, slots=True)
class _WorkerTools:
    """What a worker keeps from one paper to the next."""

    reader: Any
    cut: Splitter
    encoders: Encoders


def _work(row: dict[str, Any], job: WorkerJob) -> dict[str, Any]:
    """One row of a data set: the file's bytes in, what became of them out."""
    try:
        done = _done(row, job)
    except GlossError as error:  # of the model, or of this node: no paper would fare better
        done = Done(refusal=f"a worker on {platform.node()} cannot work: {error}")
    except Exception as error:
        done = Done(error=_portable(error))
    return {"number": row["number"], "done": pickle.dumps(done)}


def _done(row: dict[str, Any], job: WorkerJob) -> Done:
    tools = _tools(job)
    stages = Stages()
    with tempfile.TemporaryDirectory(prefix="gloss-") as folder:
        path = Path(folder, f"paper{row['suffix']}")
        path.write_bytes(row["data"])
        with stages("read"):
            reading: Reading = tools.reader.read(path, name=row["name"], sha256=row["sha256"])
    embedded = None
    if reading.status == "ok":
        embedded = split_and_embed(reading, tools.cut, tools.encoders, stages)
    return Done(reading, embedded, stages.seconds)


@cache
def _tools(job: WorkerJob) -> _WorkerTools:
    from index.embed import open_embedder, weights_of
    from index.read import Reader

    here = dict(_versions())
    other = [
        f"{package} {here[package]} (not {wanted})"
        for package, wanted in job.versions
        if here[package] != wanted
    ]
    if other:
        raise _Unfit(f"it has {', '.join(other)}; install the same versions on every node")
    settings = job.settings
    embedder = open_embedder(settings.model, settings.cache, threads=1)  # as Ray counts this task
    if weights_of(embedder.fingerprint) != weights_of(job.fingerprint):
        raise _Unfit(f"it has other weights of {settings.model}; copy the model to every node")
    return _WorkerTools(Reader(settings), splitter(settings), Encoders(embedder, bm25_encoder()))


def _portable(error: Exception) -> Exception:
    """The error, or its words where it cannot cross from one process to another."""
    try:
        crossed: Exception = pickle.loads(pickle.dumps(error))
    except Exception:  # an error's own way of being made may need anything
        return RuntimeError(f"{type(error).__name__}: {error}")
    return crossed
