"""Seconds to open, check, repair, copy and restore a library of papers that are drawn by chance.

    python eval/measure/upkeep.py [--papers 1000] [--passages 40] [--folder WORK]

A paper is sections of random words; its vectors are hashed words, of as many numbers as those of
the default model, so that embedding takes next to nothing: to the seconds of a repair add those of
the model (50 passages a second on two cores). Everything else is as in any library. Each step
begins with a library that is closed; "open" has the list of papers, "first search" the vectors too.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from eval.corpus import text_paper
from eval.growth import HashedWords
from index.config import Settings
from index.library import Library, back_up, restore
from index.paper import Reading
from index.sources import Source

_SEED = 20261130
_SECTIONS = ("Introduction", "Method", "Experiments", "Results", "Discussion")
_WORDS_OF_A_PASSAGE = 150
_DIMENSION = 384


def measure(folder: Path, papers: int, passages: int) -> dict[str, float]:
    """Seconds of each step, and how large the library is; ``folder`` is empty."""
    library, copy = folder / "library", folder / "copy"
    with _opened(library) as opened:
        _fill(opened, folder, papers, passages)
        held = opened.health()
    found = {
        "papers": float(held.papers),
        "passages": float(held.passages),
        "megabytes": _megabytes(library),
    }
    steps: dict[str, Callable[[Library], object]] = {
        "open": lambda opened: opened.papers(),
        "first search": lambda opened: opened.search("w0001 w0002"),
        "doctor": lambda opened: opened.health(),
        "doctor --deep": lambda opened: opened.health(deep=True),
        "doctor --repair": lambda opened: opened.repair(),
    }
    for name, step in steps.items():
        with _timed(name, found), _opened(library) as opened:
            step(opened)
    with _timed("backup", found):
        back_up(library, copy)
    found["megabytes of the backup"] = _megabytes(copy)
    with _timed("restore", found):
        restore(library, copy)
    return found


@contextmanager
def _timed(name: str, found: dict[str, float]) -> Iterator[None]:
    """Note seconds of the clock, and of the processor: the rest is waiting for disk and others."""
    began, spent = time.perf_counter(), time.process_time()
    yield
    found[name] = round(time.perf_counter() - began, 2)
    found[f"{name}, of the processor"] = round(time.process_time() - spent, 2)


@contextmanager
def _opened(directory: Path) -> Iterator[Library]:
    settings = Settings(library=directory)
    embedder = HashedWords(dimension=_DIMENSION)
    with Library.open(settings, embedder=embedder, count_tokens=_count_words) as opened:
        yield opened


def _fill(library: Library, folder: Path, papers: int, passages: int) -> None:
    drawn = random.Random(_SEED)
    words = [f"w{number:04}" for number in range(2_000)]
    weights = [1 / (rank + 10) for rank in range(len(words))]
    for number in range(papers):
        texts = [
            " ".join(drawn.choices(words, weights, k=_WORDS_OF_A_PASSAGE)) for _ in range(passages)
        ]
        each = -(-passages // len(_SECTIONS))
        parts = [
            (title, texts[at * each : (at + 1) * each])
            for at, title in enumerate(_SECTIONS)
            if texts[at * each :]
        ]
        name = f"drawn-{number:05}"
        paper, _ = text_paper(name, " ".join(texts[0].split()[:8]), parts)
        path = folder / f"{name}.md"
        path.write_text("\n".join(texts), encoding="utf-8")
        pending = library.receive(Source(path, path.name))
        pending.reading = Reading("ok", "", paper)
        library.commit(pending)
        path.unlink()


def _count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def _megabytes(directory: Path) -> float:
    """What a folder takes of the disk, without holes."""
    blocks = sum(path.stat().st_blocks for path in directory.rglob("*") if path.is_file())
    return round(blocks * 512 / 1e6, 1)


def main() -> None:
    """Print the figures as JSON."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--papers", type=int, default=1000)
    asked.add_argument("--passages", type=int, default=40)
    asked.add_argument("--folder", type=Path, help="where to work; else the system's own")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="gloss-upkeep-", dir=given.folder) as folder:
        found = measure(Path(folder), given.papers, given.passages)
    sys.stdout.write(f"{json.dumps(found, indent=1)}\n")


if __name__ == "__main__":
    main()
