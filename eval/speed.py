"""Measures speed, each figure beside a bound of the machine.

``--data`` names a folder of PDFs, and given again a folder in the form of SciFact's
(``corpus.jsonl``; its ``claims*.jsonl`` are the questions). Four parts, each measured in
alternation with its bound, so that other work on the machine affects both equally; medians.

- *embedding*: the library's model against sentence-transformers' ``encode`` of the same model, on
  the same texts with the same batch and threads, and against matrix products of its shapes.
- *searching*: a library of 100,000 passages (``eval.crowd`` says of what) against bare requests to
  Qdrant with the same vectors, depth and filter; the scan against reading the vectors from memory.
- *adding*: PDFs as ``gloss add`` takes them, against the model alone on the same passages. Where
  there are fewer than wanted, copies that differ in a comment behind their end stand in.
- *starting*: ``gloss search`` in a process of its own, and where its time goes.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from eval.bounds import cores, product_rate, resident, scan_rate, size_of
from eval.corpus import DataUnusable
from eval.crowd import FIRST_YEAR, LAST_YEAR, SECTIONS, Originals, originals, settle
from eval.evaluation import Report
from eval.search import read_claims, read_corpus
from index.config import QdrantSettings, Settings
from index.embed import Embedder, Vectors, open_embedder, open_original
from index.hits import SearchFilter, SparseVector
from index.intake import Wanted, add_all
from index.library import Library, bm25_encoder
from index.library.rank import EncodedQuery, encode_query
from index.read.text.headings import title_role
from index.sources import Source
from index.store import Point, Store, VectorQuery
from index.store.edge import EdgeStore, EdgeStoreFactory

_K = 10
_SEED = 20261124
_FILTERS = ("none", "paper", "role", "date")
_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


@dataclass(frozen=True, slots=True)
class Sizes:
    """The amount of each measurement."""

    texts: int = 256  # embedded in a turn
    batch: int = 32
    turns: int = 5
    real: int = 2048  # passages whose vectors are the model's
    passages: int = 100_000  # in the library that is searched
    questions: int = 100
    papers: int = 30  # to add
    starts: int = 5


def run(settings: Settings, data: Sequence[Path] = (), sizes: Sizes | None = None) -> Report:
    """Measure all four parts. Raises ``DataUnusable``."""
    sizes = sizes or Sizes()
    corpus = next((one for one in data if (one / "corpus.jsonl").is_file()), None)
    pdfs = sorted(path for one in data if one != corpus for path in one.glob("*.pdf"))
    if corpus is None or not pdfs:
        raise DataUnusable(
            None, "give a folder of PDFs and one with corpus.jsonl: --data PDFS --data CORPUS"
        )
    embedder = open_embedder(settings.model, settings.cache)
    real = originals(settings, embedder, read_corpus(corpus / "corpus.jsonl"), sizes.real)
    asked = [claim.text for claim in read_claims(corpus)][: sizes.questions]
    with tempfile.TemporaryDirectory(prefix="gloss-speed-") as temporary:
        crowded, added = Path(temporary, "crowd"), Path(temporary, "added")
        measures: dict[str, Any] = {
            "model": settings.model,
            "cores": cores(),
            "embedding": _embedding(settings, real.texts[: sizes.texts], sizes),
            "searching": _searching(_in(settings, crowded), embedder, real, asked, sizes),
            "adding": _adding(_in(settings, added), embedder, pdfs, sizes),
            "starting": {
                "added": _starting(added, asked, sizes),
                "crowd": _starting(crowded, asked, sizes),
            },
        }
    return Report(measures, tuple(_table(measures)), tuple(_notes(measures, sizes)))


def _in(settings: Settings, directory: Path) -> Settings:
    return settings.model_copy(
        update={"library": directory, "qdrant": QdrantSettings(), "reranker": ""}
    )


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# Embedding.


def _embedding(settings: Settings, texts: Sequence[str], sizes: Sizes) -> dict[str, Any]:
    import torch

    threads = cores()
    torch.set_num_threads(threads)
    ours = open_embedder(settings.model, settings.cache, threads)
    plain = open_original(settings.model)
    network: Any = plain[0]
    shape = network.auto_model.config
    lengths = [len(one) for one in plain.tokenizer(list(texts), truncation=True)["input_ids"]]
    flops = sum(_flops(shape, length) for length in lengths)
    width, inner = shape.hidden_size, shape.intermediate_size
    rows = sizes.batch * round(sum(lengths) / len(lengths))
    widths = [*[(width, width)] * 4, (width, inner), (inner, width)]
    turns: dict[str, list[float]] = {"gloss": [], "plain": [], "products": []}
    works: dict[str, Callable[[], object]] = {
        "gloss": lambda: ours.embed_passages(texts),
        "plain": lambda: plain.encode(list(texts), batch_size=sizes.batch, show_progress_bar=False),
    }
    processor = dict.fromkeys(works, 0.0)
    ours.embed_passages(texts[:8])
    plain.encode(list(texts[:8]))
    for _ in range(sizes.turns):
        for name, work in works.items():
            worked = _processor()
            turns[name].append(_timed(work))
            processor[name] += _processor() - worked
        turns["products"].append(product_rate(rows, widths))
    reached, possible = flops / min(turns["gloss"]), max(turns["products"])
    return {
        "texts": len(texts),
        "word_pieces_mean": round(sum(lengths) / len(lengths), 1),
        "batch": sizes.batch,
        "threads": threads,
        "passages_per_second": round(len(texts) / median(turns["gloss"]), 1),
        "plain_passages_per_second": round(len(texts) / median(turns["plain"]), 1),
        "times_plain": round(
            median(other / own for own, other in zip(turns["gloss"], turns["plain"], strict=True)),
            2,
        ),
        "times_plain_by_processor": round(processor["plain"] / processor["gloss"], 2),
        # Of a rate that the machine can reach, the best turn says most: others were disturbed.
        "gflop_per_second": round(reached / 1e9, 1),
        "gemm_gflop_per_second": round(possible / 1e9, 1),
        "share_of_gemm": round(reached / possible, 3),
        "turns": {name: [round(one, 4) for one in values] for name, values in turns.items()},
    }


def _flops(shape: Any, length: int) -> float:
    """Of a text of so many word pieces, special ones and no padding counted, in a BERT.

    A multiplication and an addition are two. Per layer and word piece: four products with the
    width squared, two with the inner width, and attention to and from every word piece. What is no
    matrix product (normalisation, softmax, activation) is not counted, though it takes time.
    """
    width, inner, layers = shape.hidden_size, shape.intermediate_size, shape.num_hidden_layers
    of_piece = 2 * (4 * width * width + 2 * width * inner) + 2 * (2 * length * width)
    return float(layers * length * of_piece)


# Searching.


class _WatchedStore(EdgeStore):
    """The embedded store, with the seconds that putting points in took."""

    seconds = 0.0

    def upsert(self, points: Sequence[Point]) -> None:
        """As the store does."""
        self.seconds += _timed(lambda: EdgeStore.upsert(self, points))


@dataclass(frozen=True, slots=True)
class _WatchedStoreFactory:
    """A library's stores, which stay in sight."""

    factory: EdgeStoreFactory
    opened: list[_WatchedStore] = field(default_factory=list)

    def open(self, name: str, dimension: int) -> Store:
        """As the factory does."""
        self.opened.append(_WatchedStore(self.factory.directory / name, dimension))
        return self.opened[-1]

    def drop(self, name: str) -> None:
        """As the factory does."""
        self.factory.drop(name)


def _searching(
    settings: Settings,
    embedder: Embedder,
    real: Originals,
    asked: Sequence[str],
    sizes: Sizes,
) -> dict[str, Any]:
    factory = _WatchedStoreFactory(EdgeStoreFactory(settings.library))
    files = settings.library.with_name("files")
    files.mkdir()
    with Library.open(settings, stores=factory, embedder=embedder) as library:
        library.search("opened")
        whole = _timed(lambda: settle(library, files, real, sizes.passages))
        building = factory.opened[0].seconds
    disk = size_of(settings.library / "vectors")
    with Library.open(settings, stores=factory, embedder=embedder) as library:
        before = resident()
        library.search("opened")
        store = factory.opened[-1]
        papers = [row.id for row in library.papers()]
        bm25 = bm25_encoder()
        questions = [encode_query(one, embedder, bm25) for one in asked]
        embedding = [_timed(lambda one=one: encode_query(one, embedder, bm25)) for one in asked]  # type: ignore[misc]
        drawn = random.Random(_SEED)
        by_filter = {}
        for name in _FILTERS:
            wanted = [_filter(name, drawn.choice(papers)) for _ in asked]
            by_filter[name] = _asked(library, store, asked, questions, wanted)
        memory = resident() - before
        keys, vectors = _vectors(store)
        recall, dense = _against_exact(store, questions, keys, vectors)
    bandwidth = scan_rate(vectors)
    return {
        "passages": len(keys),
        "papers": len(papers),
        "questions": len(asked),
        "build_seconds": round(building, 1),
        "library_build_seconds": round(whole, 1),
        "disk_mb": round(disk / 1e6, 1),
        "memory_mb": round(memory / 1e6, 1),
        "recall@10": round(recall, 4),
        "question_to_vectors_ms": _percentiles(embedding),
        "filters": by_filter,
        "dense_half_ms": round(1000 * dense, 2),
        "scan_gb_per_second": round(vectors.nbytes / dense / 1e9, 1),
        "memory_gb_per_second": round(bandwidth / 1e9, 1),
        "share_of_memory_bandwidth": round(vectors.nbytes / dense / bandwidth, 2),
    }


def _filter(name: str, paper_id: str) -> SearchFilter:
    if name == "paper":
        return SearchFilter(paper_id=paper_id)
    if name == "role":
        return SearchFilter(role=title_role(SECTIONS[1]))
    if name == "date":
        return SearchFilter(since=str((FIRST_YEAR + LAST_YEAR) // 2))
    return SearchFilter()


def _asked(
    library: Library,
    store: EdgeStore,
    asked: Sequence[str],
    questions: Sequence[EncodedQuery],
    filters: Sequence[SearchFilter],
) -> dict[str, Any]:
    """Milliseconds of bare requests, of the store, and of the whole search, in turns."""
    seconds: dict[str, list[float]] = {"bare": [], "store": [], "search": []}
    for text, vectors, wanted in zip(asked, questions, filters, strict=True):
        query = VectorQuery(vectors.dense, vectors.sparse, _K, wanted)
        bare = store.request(query)
        works: dict[str, Callable[[], object]] = {
            "bare": lambda bare=bare: store.shard.query_batch(bare),  # type: ignore[misc]
            "store": lambda query=query: store.search(query),  # type: ignore[misc]
            "search": lambda text=text, wanted=wanted: library.search(text, _K, wanted),  # type: ignore[misc]
        }
        works["bare"]()  # so that none of them is the first to read the filtered points
        for name, work in works.items():
            seconds[name].append(_timed(work))
    medians = {name: median(values) for name, values in seconds.items()}
    return {
        **{name: _percentiles(values) for name, values in seconds.items()},
        "store_times_bare": round(medians["store"] / medians["bare"], 2),
        "search_times_bare": round(medians["search"] / medians["bare"], 2),
    }


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    return {
        f"p{share}_ms": round(1000 * float(np.percentile(seconds, share)), 2) for share in (50, 95)
    }


def _vectors(store: EdgeStore) -> tuple[list[object], Vectors]:
    """The points of the store."""
    keys: list[object] = []
    parts = []
    for ids, vectors in store.pages():
        keys += ids
        parts.append(np.array(vectors, dtype=np.float32))
    return keys, np.concatenate(parts)


def _against_exact(
    store: EdgeStore, questions: Sequence[EncodedQuery], keys: Sequence[object], vectors: Vectors
) -> tuple[float, float]:
    """Recall@10 of the dense half against all products, and the seconds of its scan, the median."""
    shares, seconds = [], []
    for asked in questions:
        bare = store.request(VectorQuery(asked.dense, SparseVector((), ()), _K, depth=_K))
        seconds.append(_timed(lambda bare=bare: store.shard.query_batch(bare)))  # type: ignore[misc]
        (answer,) = store.shard.query_batch(bare)
        best = np.argpartition(-(vectors @ np.array(asked.dense, dtype=np.float32)), _K - 1)[:_K]
        shares.append(len({keys[row] for row in best} & {one.id for one in answer}) / len(best))
    return sum(shares) / len(shares), median(seconds)


# Adding.


def _adding(
    settings: Settings, embedder: Embedder, pdfs: Sequence[Path], sizes: Sizes
) -> dict[str, Any]:
    """Papers into a new library as ``gloss add`` takes them, and then the model alone.

    On the clock, and by the seconds of the processor, which other work on the machine changes less.
    """
    stages = dict.fromkeys(("read", "split", "embed", "store"), 0.0)
    papers = passages = 0
    with tempfile.TemporaryDirectory(prefix="gloss-adding-") as temporary:
        sources = _copies(pdfs, Path(temporary), sizes.papers)
        wanted = [Wanted(one.name, one) for one in sources]
        with Library.open(settings, embedder=embedder) as library:
            library.search("opened")
            began, worked = time.perf_counter(), _processor()
            for outcome in add_all(library, wanted, settings.read.workers + 1):
                if outcome.kind == "taken" and outcome.added is not None:
                    papers, passages = papers + 1, passages + outcome.added.passages
                    for stage, seconds in outcome.added.seconds.items():
                        stages[stage] += seconds
            wall = time.perf_counter() - began
            # Copies that take each other's place are embedded too, so their texts come again.
            texts = [
                passage.text
                for row in library.papers()
                if row.status == "ok"
                for passage in library.passages(row.id)
            ]
        work = _processor() - worked  # that of the readers counts once they have ended
    began, worked = time.perf_counter(), _processor()
    embedder.embed_passages(texts)
    rate, work_rate = (
        len(texts) / (now - before)
        for now, before in ((time.perf_counter(), began), (_processor(), worked))
    )
    return {
        "papers": papers,
        "passages": passages,
        "seconds": round(wall, 1),
        "papers_per_minute": round(60 * papers / wall, 1),
        "passages_per_second": round(passages / wall, 1),
        "passages_per_second_alone": round(rate, 1),
        "share_of_embedder": round(passages / wall / rate, 3),
        "processor_seconds": round(work, 1),
        "share_of_processor": round(passages / work / work_rate, 3),
        "stages": {
            name: {"seconds": round(seconds, 2), "share": round(seconds / wall, 3)}
            for name, seconds in stages.items()
        },
    }


def _processor() -> float:
    """Seconds of the processor, of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _copies(pdfs: Sequence[Path], folder: Path, number: int) -> list[Source]:
    """So many files of other bytes and names: the PDFs, and copies where there are too few."""
    sources = []
    for at in range(number):
        original = pdfs[at % len(pdfs)]
        turn = at // len(pdfs)
        path = folder / (f"{original.stem}-copy{turn}.pdf" if turn else original.name)
        path.write_bytes(original.read_bytes() + (f"\n% {turn}\n".encode() if turn else b""))
        sources.append(Source(path, path.name))
    return sources


# Starting.


def _starting(directory: Path, asked: Sequence[str], sizes: Sizes) -> dict[str, Any]:
    """Seconds of ``gloss search`` from start to end, and of its steps in another process."""
    environment = {name: value for name, value in os.environ.items() if name != _NO_BYTECODE}
    root = Path(__file__).parents[1]

    def ran(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    command = ["-c", "from app.cli import main; main()", "search", "--library", str(directory)]
    ran(*command, asked[0])  # so that what Python compiles is there
    whole, steps = [], []
    for at in range(sizes.starts):
        text = asked[at % len(asked)]
        whole.append(_timed(lambda text=text: ran(*command, text)))  # type: ignore[misc]
        steps.append(json.loads(ran("-m", "eval.start", str(directory), text)))
    return {
        "seconds": round(median(whole), 3),
        "steps": {name: round(median(one[name] for one in steps), 3) for name in steps[0]},
    }


# What people see.


def _table(measures: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    embedding, searching = measures["embedding"], measures["searching"]
    adding, starting = measures["adding"], measures["starting"]
    yield ("", "figure", "bound", "of it")
    yield (
        "embedding, passages a second",
        f"{embedding['passages_per_second']}",
        f"{embedding['plain_passages_per_second']} (encode)",
        f"{embedding['times_plain']} times",
    )
    yield (
        "embedding, GFLOP a second",
        f"{embedding['gflop_per_second']}",
        f"{embedding['gemm_gflop_per_second']} (GEMM)",
        f"{embedding['share_of_gemm']:.0%}",
    )
    for name, times in searching["filters"].items():
        for what in ("store", "search"):
            yield (
                f"{what}, filter: {name}; p50 and p95, ms",
                f"{times[what]['p50_ms']}, {times[what]['p95_ms']}",
                f"{times['bare']['p50_ms']}, {times['bare']['p95_ms']} (Qdrant)",
                f"{times[f'{what}_times_bare']} times",
            )
    yield (
        "scan, GB a second",
        f"{searching['scan_gb_per_second']}",
        f"{searching['memory_gb_per_second']} (memory)",
        f"{searching['share_of_memory_bandwidth']:.0%}",
    )
    yield (
        "adding, passages a second",
        f"{adding['passages_per_second']}",
        f"{adding['passages_per_second_alone']} (model alone)",
        f"{adding['share_of_embedder']:.0%}",
    )
    yield (
        "adding, seconds of the processor",
        f"{adding['processor_seconds']}",
        "",
        f"{adding['share_of_processor']:.0%} of it the model's",
    )
    for name, one in starting.items():
        yield (f"gloss search, cold, s ({name})", f"{one['seconds']}", "", "")


def _notes(measures: Mapping[str, Any], sizes: Sizes) -> Iterator[str]:
    searching, adding = measures["searching"], measures["adding"]
    yield (
        f"the searched passages are {sizes.real} real ones, each many times with a word exchanged "
        "and its vector moved by noise: nobody embedded them, and what is found means nothing"
    )
    yield (
        f"{searching['passages']} passages: {searching['build_seconds']} s into the store, "
        f"{searching['disk_mb']} MB of disk, {searching['memory_mb']} MB of memory"
    )
    stages = ", ".join(f"{name} {one['share']:.0%}" for name, one in adding["stages"].items())
    yield (
        f"{adding['papers']} papers in {adding['seconds']} s, {adding['papers_per_minute']} a "
        f"minute; seconds of each stage against those on the clock: {stages} (read: in processes "
        "of their own, ahead)"
    )
    for name, one in measures["starting"].items():
        steps = ", ".join(f"{step} {seconds}" for step, seconds in one["steps"].items())
        yield f"a cold search ({name}), seconds: {steps}"
