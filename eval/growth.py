"""Measures what a library costs as it grows, with random papers that are not read or embedded.

A paper is three paragraphs of random words with a vector of hashed words, and is added like any
other: received, split, stored and committed. So the costs of the catalogue, the store and the
library are real, and small compared to reading and embedding, which do not depend on the size.

``python -m eval.growth 100 1000 5000`` prints a line for each size, as JSON.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from app.compare.related import related
from app.web.session import Session
from eval.corpus import text_paper
from index.config import Settings
from index.embed import Vectors
from index.library import Library
from index.paper import Reading
from index.sources import Source

_SEED = 20261129
_SECTIONS = ("Introduction", "Method", "Results")
_WORDS = 2_000  # in the vocabulary; the first are frequent, as in any language
_OF_A_PARAGRAPH = 120
_LAST = 50  # papers before each size whose adding is measured
_ASKED = 40  # times of each call; more papers than the catalogue keeps unpacked


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU milliseconds at one size of the library: the mean of adding a paper, medians of calls."""

    papers: int
    add: float
    row: float
    paper: float
    search: float
    phrase: float
    listing: float  # all papers
    page: float  # of ten papers of the list
    health: float
    map: float  # the first time
    again: float  # the map, when nothing has changed since
    related: float  # the papers near to one, whose digests are written


@dataclass(frozen=True)
class HashedWords:
    """An embedder without a model: a unit vector of word counts, by the words' hashes."""

    name: str = "hashed words"
    fingerprint: str = "hashed-words-1"
    dimension: int = 64

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """A row for each text."""
        rows = [self.embed_query(text) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(texts), self.dimension)

    embed_sentences = embed_passages

    def embed_query(self, text: str) -> Vectors:
        """The query's row."""
        at = [crc32(word.encode()) % self.dimension for word in text.lower().split()]
        counts = np.bincount(at, minlength=self.dimension).astype(np.float32) + np.float32(0.001)
        return counts / np.linalg.norm(counts)


def growth(settings: Settings, sizes: Sequence[int]) -> list[Costs]:
    """The costs at each size of one library in the folder of the settings, which is new."""
    drawn = random.Random(_SEED)
    words = [f"w{number:04}" for number in range(_WORDS)]
    weights = [1 / (rank + 10) for rank in range(_WORDS)]
    found: list[Costs] = []
    with (
        tempfile.TemporaryDirectory(prefix="gloss-growth-") as folder,
        Library.open(settings, embedder=HashedWords(), count_tokens=_count_words) as library,
    ):
        spent: list[float] = []
        texts: list[str] = []
        for number in range(max(sizes)):
            paragraphs = [
                " ".join(drawn.choices(words, weights, k=_OF_A_PARAGRAPH)) for _ in _SECTIONS
            ]
            texts.append(paragraphs[0])
            spent.append(_add(library, Path(folder), number, paragraphs))
            if number + 1 in sizes:
                add = 1000 * statistics.mean(spent[-_LAST:])
                found.append(_asked(library, number + 1, add, texts))
    return found


def _add(library: Library, folder: Path, number: int, paragraphs: Sequence[str]) -> float:
    """CPU-seconds of adding one paper."""
    name = f"grown-{number:05}"
    parts = [(heading, [text]) for heading, text in zip(_SECTIONS, paragraphs, strict=True)]
    paper, _ = text_paper(name, " ".join(paragraphs[0].split()[:8]), parts)
    path = folder / f"{name}.md"
    path.write_text("\n".join(paragraphs), encoding="utf-8")
    began = time.process_time()
    pending = library.receive(Source(path, path.name))
    pending.reading = Reading("ok", "", paper)
    library.commit(pending)
    spent = time.process_time() - began
    path.unlink()
    return spent


def _asked(library: Library, papers: int, add: float, texts: Sequence[str]) -> Costs:
    drawn = random.Random(papers)
    asked = [drawn.randrange(papers) for _ in range(_ASKED)]
    ids = [f"grown-{number:05}" for number in asked]
    starts = [texts[number].split()[20:26] for number in asked]
    queries = [" ".join(words) for words in starts]
    phrases = [f'"{" ".join(words[:3])}"' for words in starts]
    library.search("w0001")  # opens what a first search opens
    session = Session(library)
    session.pictures()
    for one in ids[:5]:
        related(library, one)  # writes the digests
    return Costs(
        papers,
        round(add, 2),
        _median(library.row, ids),
        _median(library.paper, ids),
        _median(library.search, queries),
        _median(library.search, phrases[:10]),
        _median(lambda _: library.papers(), ids[:5]),
        _median(lambda _: library.papers(10, papers // 2), ids),
        _median(lambda _: library.count(), ids),
        _median(lambda _: Session(library).pictures(), ids[:5]),
        _median(lambda _: session.pictures(), ids),
        _median(lambda one: related(library, one), ids[:5]),
    )


def _median(call: Callable[[str], object], given: Sequence[str]) -> float:
    took = []
    for one in given:
        began = time.process_time()
        call(one)
        took.append(time.process_time() - began)
    return round(1000 * statistics.median(took), 2)


def _count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def main() -> None:
    """Measure the sizes that the command line names."""
    sizes = [int(size) for size in sys.argv[1:]] or [100, 1000]
    with tempfile.TemporaryDirectory(prefix="gloss-growth-") as folder:
        for costs in growth(Settings(library=Path(folder, "library")), sizes):
            sys.stdout.write(f"{json.dumps(asdict(costs))}\n")


if __name__ == "__main__":
    main()
