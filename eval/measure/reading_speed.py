"""Compares the speed of reading: gloss, raw PyMuPDF and pymupdf4llm, two workers and one.

    python eval/measure/reading_speed.py FOLDER [--rounds N] [--without-pymupdf4llm]

All on the same files in one run, round after round, and of each way its best round: other work on
the machine can only slow it down. Workers are warm. pymupdf4llm is not a dependency: install it
with `pip install pymupdf4llm`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pymupdf

from index.config import ReadSettings, Settings
from index.read import Reader, collect_rarely
from index.read.front.identity import identify
from index.read.page.pdf import read_pages
from index.read.understand import understand

_WITHOUT_IMAGES = pymupdf.TEXTFLAGS_DICT & ~pymupdf.TEXT_PRESERVE_IMAGES


def raw(files: list[Path]) -> None:
    """Words with boxes and fonts as PyMuPDF gives them, nothing understood."""
    for file in files:
        with pymupdf.open(file) as document:  # type: ignore[no-untyped-call]
            for page in document:
                page.get_text("dict", flags=_WITHOUT_IMAGES)


def full(files: list[Path]) -> None:
    """A paper from a file, in this process, as a worker reads it."""
    for file in files:
        understand(read_pages(file, 2000), identify(file.stem, "", "", None))


def for_llm(files: list[Path]) -> None:
    """Markdown by pymupdf4llm."""
    import pymupdf4llm  # type: ignore[import-not-found]

    with contextlib.redirect_stdout(io.StringIO()):
        for file in files:
            pymupdf4llm.to_markdown(file)


def by_workers(reader: Reader, workers: int) -> Callable[[list[Path]], None]:
    """Papers by worker processes, as ``gloss add`` reads them."""

    def read(files: list[Path]) -> None:
        with ThreadPoolExecutor(workers) as threads:
            # The longest first, so that no worker is left with it at the end.
            ordered = sorted(files, key=lambda file: -file.stat().st_size)
            assert all(reading.status for reading in threads.map(reader.read, ordered))

    return read


def main() -> None:
    """Print pages per second of each way, and the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-pymupdf4llm", action="store_true")
    arguments = parser.parse_args()
    collect_rarely()
    files = sorted(arguments.folder.glob("*.pdf"))
    pages = sum(pymupdf.open(file).page_count for file in files)  # type: ignore[no-untyped-call]
    with (
        Reader(Settings(read=ReadSettings(workers=1))) as one,
        Reader(Settings(read=ReadSettings(workers=2))) as two,
    ):
        ways: dict[str, Callable[[list[Path]], None]] = {
            "raw dict": raw,
            "full path": full,
            "one worker": by_workers(one, 1),
            "two workers": by_workers(two, 2),
        }
        best: dict[str, float] = {}
        for way in ways.values():
            way(files)  # warm: imports, workers, the disk's cache
        for _ in range(arguments.rounds):
            for name, way in ways.items():
                began = time.perf_counter()
                way(files)
                best[name] = max(best.get(name, 0.0), pages / (time.perf_counter() - began))
    if not arguments.without_pymupdf4llm:
        began = time.perf_counter()
        for_llm(files)
        best["pymupdf4llm"] = pages / (time.perf_counter() - began)
    print(f"{len(files)} files, {pages} pages")  # noqa: T201
    for name, speed in best.items():
        print(f"{name:12} {speed:8.1f} pages/s")  # noqa: T201
    print(f"full path / raw dict      {best['full path'] / best['raw dict']:.3f}")  # noqa: T201
    if "pymupdf4llm" in best:
        print(f"full path / pymupdf4llm   {best['full path'] / best['pymupdf4llm']:.1f}")  # noqa: T201
    print(f"two workers / one         {best['two workers'] / best['one worker']:.2f}")  # noqa: T201


if __name__ == "__main__":
    main()
