"""What a paper costs in disk, memory and time, and what that comes to for many of them.

    python data/measure/size.py FOLDER [--points N] [--json]

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

from index.config import Settings
from index.embed import open_embedder
from index.intake import Wanted, add_all
from index.library import Library, splitter, word_encoder
from index.paper import SparseVector
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
class Measured:
    """Of a paper, unless a field says otherwise; bytes and seconds."""

    papers: int
    pages: float
    points: float
    file_bytes: float
    catalogue_bytes: float
    read_seconds: float
    embed_seconds: float
    other_seconds: float  # splitting, packing, committing
    passages_per_second: float  # one core, of the processor
    pages_per_second: float
    edge_points: int  # in the store that the next ones are of
    edge_bytes: float  # a point, on disk
    edge_memory: float  # a point, in memory after searching
    edge_search_ms: float


def processor() -> float:
    """Seconds of the processor, of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def resident() -> int:
    """Bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def size_of(path: Path) -> int:
    """Bytes on disk, which a file with holes takes fewer of than it is long."""
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_blocks * 512 for one in files)


def measure(folder: Path, number: int) -> Measured:
    """All of it, on the papers of a folder."""
    with tempfile.TemporaryDirectory() as temporary:
        settings = Settings(library=Path(temporary, "library"))
        open_embedder(settings.model, settings.cache)  # converted once, which is not counted
        wanted = [Wanted(one.name, one) for one in find_sources([folder]).found]
        began = processor()
        with Library.open(settings) as library:
            taken = [one.added for one in add_all(library, wanted, 2) if one.kind == "taken"]
            papers = [library.paper(one.paper_id) for one in taken if one is not None]
        whole = processor() - began
        catalogue = size_of(settings.library / "catalog.sqlite")
        files = size_of(settings.library / "files")
        cut, words = splitter(settings), word_encoder(settings)
        passages = [one for paper in papers for one in cut(paper)]
        embedder = open_embedder(settings.model, settings.cache)
        began = processor()
        vectors = embedder.embed_passages([one.text for one in passages])
        embedding = processor() - began
        from index.read import Reader

        began = processor()
        with Reader(settings) as reader:
            for one in wanted:
                if one.source is not None:
                    reader.read(one.source.path)
        reading = processor() - began
        points = [
            Point(one.id, one.paper_id, 0, one.role, None, vector.tolist(), word)
            for one, vector, word in zip(
                passages, vectors, (words.encode_passage(one.text) for one in passages), strict=True
            )
        ]
        disk, memory, search = edge(Path(temporary, "vectors"), points, number)
        count, pages = len(papers), sum(paper.pages or 0 for paper in papers)
        return Measured(
            papers=count,
            pages=pages / count,
            points=len(passages) / count,
            file_bytes=files / count,
            catalogue_bytes=catalogue / count,
            read_seconds=reading / count,
            embed_seconds=embedding / count,
            other_seconds=max(0.0, whole - reading - embedding) / count,
            passages_per_second=len(passages) / embedding,
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
        query = VectorQuery(point.dense, SparseVector(point.sparse.indices[:8], (1.0,) * 8), 10)
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


def arithmetic(one: Measured) -> Iterator[tuple[str, ...]]:
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
    seconds = one.read_seconds + one.embed_seconds + one.other_seconds
    for cores in (2, 16, 128):
        hours = [papers * seconds / cores / 3600 for papers in SIZES]
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
