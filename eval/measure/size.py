"""Measures disk, memory and time per paper, and extrapolates to large libraries.

    python eval/measure/size.py FOLDER [--points N] [--json]

The papers of the folder go into a library that is thrown away. Seconds are the processor's, of all
processes, so that other work on the machine does not count. Bytes of a point are measured on a
store of N points, since a small one is mostly what the engine sets aside to begin with: the papers'
own points, each under many editions. The arithmetic at the end multiplies, and says by what.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from eval.bounds import resident, size_of
from index.config import Settings
from index.embed import open_embedder
from index.hits import SparseVector
from index.library import Encoders, Library, Stages, bm25_encoder, split_and_embed, splitter
from index.library.points import points_of
from index.read import Reader
from index.sources import find_sources
from index.store import Point, VectorQuery
from index.store.edge import EdgeStore

SIZES = (3_000, 300_000, 3_000_000)
NUMBERS = 384  # in a vector of the default model
# Of Qdrant's capacity planning: vectors in memory with their graph, and half as much again for
# what changes meanwhile. https://qdrant.tech/documentation/guides/capacity-planning/
ROOM = 1.5
LINKS = 2 * 16 * 4  # bytes of a graph with m = 16, a vector


@dataclass(frozen=True, slots=True)
class PaperCost:
    """Costs per paper, unless a field says otherwise; bytes and seconds."""

    papers: int
    pages: float
    points: float
    file_bytes: float
    catalogue_bytes: float
    read_seconds: float
    prepare_seconds: float  # to split and embed
    take_seconds: float  # to receive and commit, which one process does for all
    passages_per_second: float  # of one core, as pages
    pages_per_second: float
    edge_points: int  # in the store that the next ones are of
    edge_bytes: float  # a point, on disk
    edge_memory: float  # a point, in memory after searching
    edge_search_ms: float


def processor() -> float:
    """Seconds of the processor, of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def measure(folder: Path, number: int) -> PaperCost:
    """All of it, on the papers of a folder."""
    with tempfile.TemporaryDirectory() as temporary:
        settings = Settings(library=Path(temporary, "library"))
        open_embedder(settings.model, settings.cache)  # converted once, which is not counted
        sources = find_sources([folder]).found
        cut = splitter(settings)
        encoders = Encoders(open_embedder(settings.model, settings.cache), bm25_encoder())
        points: list[Point] = []
        reading, preparing, taking = 0.0, 0.0, 0.0
        with Library.open(settings) as library:
            library.embedder.embed_query("opened")
            before = processor()
            reader = Reader(settings)
            for source in sources:
                began = time.process_time()
                pending = library.receive(source)
                taking += time.process_time() - began
                assert pending.copy is not None
                pending.reading = reader.read(pending.copy, name=pending.name)
                began = time.process_time()
                pending.embedded = split_and_embed(pending.reading, cut, encoders, Stages())
                preparing += time.process_time() - began
                paper, embedded = pending.reading.paper, pending.embedded
                if paper is not None and embedded.vectors is not None:
                    title = encoders.embedder.embed_passages([paper.title])[0]
                    points += points_of(
                        paper, embedded.passages, embedded.vectors, title, encoders.sparse_encoder
                    )
                began = time.process_time()
                library.commit(pending)
                taking += time.process_time() - began
            reader.close()  # its workers' time counts once they have ended
            reading = processor() - before - preparing - taking
            pages = sum(library.paper(row.id).pages or 0 for row in library.papers())
            count = len(library.papers())
        catalogue = size_of(settings.library / "catalog.sqlite")
        files = size_of(settings.library / "files")
        disk, memory, search = edge(Path(temporary, "vectors"), points, number)
        return PaperCost(
            papers=count,
            pages=pages / count,
            points=len(points) / count,
            file_bytes=files / count,
            catalogue_bytes=catalogue / count,
            read_seconds=reading / count,
            prepare_seconds=preparing / count,
            take_seconds=taking / count,
            passages_per_second=len(points) / preparing,
            pages_per_second=pages / reading,
            edge_points=number,
            edge_bytes=disk / number,
            edge_memory=memory / number,
            edge_search_ms=search,
        )


def edge(directory: Path, points: list[Point], number: int) -> tuple[int, int, float]:
    """Bytes on disk and in memory of an embedded store, and milliseconds of a search."""
    store = EdgeStore(directory, len(points[0].dense))
    for edition, start in enumerate(range(0, number, len(points)), start=1):
        batch = points[: min(len(points), number - start)]
        store.upsert([replace(point, edition=edition) for point in batch])
    store.close()
    before = resident()
    store = EdgeStore(directory, len(points[0].dense))
    times = []
    for point in islice(cycle(points), 50):
        query = VectorQuery(point.dense, SparseVector(point.sparse.indices[:8], (1 / 8,) * 8), 10)
        began = time.perf_counter()
        store.search(query)
        times.append(1000 * (time.perf_counter() - began))
    memory = resident() - before
    store.close()
    return size_of(directory), memory, median(times)


def amount(size: float) -> str:
    """Bytes for a person: three digits at most."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"


def arithmetic(one: PaperCost) -> Iterator[tuple[str, ...]]:
    """A table: what each number of papers comes to."""
    yield ("", *(f"{papers:,} papers" for papers in SIZES))
    points = [papers * one.points for papers in SIZES]
    yield ("passages", *(f"{count / 1e6:.3g} million" for count in points))
    for name, size in (
        ("disk: the files", one.file_bytes),
        ("disk: catalogue", one.catalogue_bytes),
        ("disk: vectors, embedded", one.points * one.edge_bytes),
    ):
        yield (name, *(amount(papers * size) for papers in SIZES))
    full = NUMBERS * 4
    for name, size in (
        ("memory: embedded", one.edge_memory),
        ("memory: server, all in memory", ROOM * full),
        ("memory: server, scalar, vectors on disk", ROOM * NUMBERS + LINKS),
        ("memory: server, binary, vectors on disk", ROOM * NUMBERS / 8 + LINKS),
    ):
        yield (name, *(amount(count * size) for count in points))
    search = [one.edge_search_ms * count / one.edge_points for count in points]
    yield ("a search, embedded and exact", *(f"{ms / 1000:.2g} s" for ms in search))
    seconds = one.read_seconds + one.prepare_seconds + one.take_seconds
    for cores in (2, 16, 128):
        hours = [papers * max(seconds / cores, one.take_seconds) / 3600 for papers in SIZES]
        yield (f"hours to add, {cores} cores", *(f"{count:,.3g}" for count in hours))


def main() -> None:
    """Measure, and print figures and table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    one = measure(given.folder, given.points)
    if given.json:
        json.dump(asdict(one), sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    for name, value in asdict(one).items():
        shown = amount(value) if name.endswith(("bytes", "memory")) else f"{value:.3g}"
        sys.stdout.write(f"{name:<24}{shown}\n")
    sys.stdout.write("\n")
    for row in arithmetic(one):
        sys.stdout.write("| " + " | ".join(row) + " |\n")


if __name__ == "__main__":
    main()
