"""How long `gloss related` takes in a library of many papers: seconds of a processor.

    python -m eval.measure.related_speed LIBRARY [--papers 5000]

Makes a copy of LIBRARY, whose papers have digests, and in it further papers with the passages and
the digests' sentences of its own, all vectors turned a little. Then it asks for the papers related
to each of its own, twice: the first time the mean vectors of those that are near are not known yet.
Prints the median and the 95th percentile. Making 5,000 papers takes a processor some two minutes.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np

from app.compare.related import related
from index.config import Settings
from index.library import Library
from index.library.files import CATALOG
from index.store import point_id

ASKED = 60  # papers
TURN = 0.02  # standard deviation of each number that is added to a vector, of 384 of length 1
_BATCH = 1024  # points in one operation


@dataclass(frozen=True, slots=True)
class Group:
    """The points of an edition, or of a claim set."""

    number: int
    names: tuple[str, ...]
    vectors: np.ndarray


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("--papers", type=int, default=5000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, "library")
        shutil.copytree(given.library, library, ignore=shutil.ignore_patterns("lock*"))
        began = time.process_time()
        multiply(library, given.papers)
        sys.stderr.write(f"made in {time.process_time() - began:.0f} s of a processor\n")
        with Library.open(Settings(library=library), create=False) as opened:
            own = [one.id for one in opened.listed() if not one.id.startswith("copy")]
            asked = [one for one in own if opened.claim_vectors(one)][:ASKED]
            related(opened, asked[0])
            sys.stdout.write(f"{opened.count()} papers: median, 95th percentile, most\n")
            for name in ("first", "again"):
                took = []
                for paper_id in asked[1:]:
                    began = time.process_time()
                    found = related(opened, paper_id)
                    took.append(time.process_time() - began)
                    assert found.papers
                shown = *np.percentile(took, (50, 95)), max(took)
                sys.stdout.write(f"{name}: {', '.join(f'{one:.3f}' for one in shown)}\n")


def multiply(directory: Path, papers: int) -> None:
    """Make papers of those that are there, until there are so many."""
    randomness = np.random.default_rng(0)
    with Library.open(Settings(library=directory), create=False) as library:
        library.search("papers", 1)  # whatever an older gloss left is settled
    with closing(sqlite3.connect(directory / CATALOG)) as catalog:
        catalog.execute("PRAGMA foreign_keys = ON")
        own = catalog.execute(
            "SELECT e.number, s.number FROM editions e JOIN claim_sets s ON s.edition = e.number "
            "WHERE e.state = 'current' AND s.state = 'current' AND s.lang = 'en'"
        ).fetchall()
        there = catalog.execute("SELECT count(*) FROM editions WHERE state = 'current'").fetchone()
        editions: dict[int, list[int]] = {}
        sets: dict[int, list[int]] = {}
        with catalog:
            for number in range(papers - there[0]):
                edition, claim_set = own[number % len(own)]
                copy = _copied_edition(catalog, edition, f"copy{number}")
                editions.setdefault(edition, []).append(copy)
                sets.setdefault(claim_set, []).append(_copied_set(catalog, claim_set, copy))
    for name, wanted in (("vectors", editions), ("claims", sets)):
        _copy_points(directory / name, wanted, randomness)


def _copied_edition(catalog: sqlite3.Connection, edition: int, name: str) -> int:
    """A paper without its text, which nobody asks for."""
    made = catalog.execute(
        "INSERT INTO editions (paper_id, paper_key, version, state, status, reason, source, sha256,"
        " file, original, added, title, authors, date, categories) SELECT ?, ?, 1, state, status,"
        " reason, source, ?, file, original, added, title, authors, date, categories"
        " FROM editions WHERE number = ?",
        (f"{name}v1", name, name, edition),
    ).lastrowid
    assert made is not None
    return made


def _copied_set(catalog: sqlite3.Connection, claim_set: int, edition: int) -> int:
    made = catalog.execute(
        "INSERT INTO claim_sets (edition, lang, digest, state)"
        " SELECT ?, lang, digest, state FROM claim_sets WHERE number = ?",
        (edition, claim_set),
    ).lastrowid
    assert made is not None
    catalog.execute(
        "INSERT INTO claims SELECT ?, position, ? || id, section, text, citations, support, verdict"
        " FROM claims WHERE claim_set = ?",
        (made, f"{made}-", claim_set),
    )
    return made


def _copy_points(
    directory: Path, wanted: Mapping[int, Sequence[int]], randomness: np.random.Generator
) -> None:
    import qdrant_edge as edge

    shard = edge.EdgeShard.load(str(directory))
    try:
        points: list[edge.Point] = []
        for group in _groups(shard, wanted):
            for copy in wanted[group.number]:
                turned = group.vectors + randomness.normal(0, TURN, group.vectors.shape)
                turned /= np.linalg.norm(turned, axis=1, keepdims=True)
                for name, vector in zip(group.names, turned.tolist(), strict=True):
                    # Claims have ids of their own, as ``_copied_set`` makes them.
                    own = f"{copy}-{name}" if directory.name == "claims" else name
                    payload = {"passage_id": own, "paper_id": f"copy{copy}v1", "edition": copy}
                    points.append(edge.Point(UUID(point_id(copy, own)), {"dense": vector}, payload))
            while len(points) >= _BATCH:
                shard.update(edge.UpdateOperation.upsert_points(points[:_BATCH]))
                del points[:_BATCH]
        shard.update(edge.UpdateOperation.upsert_points(points))
        shard.flush()
    finally:
        shard.close()


def _groups(shard: object, wanted: Mapping[int, Sequence[int]]) -> Iterator[Group]:
    import qdrant_edge as edge

    assert isinstance(shard, edge.EdgeShard)
    for number in wanted:
        condition = edge.FieldCondition("edition", match=edge.MatchValue(number))
        found, _ = shard.scroll(
            edge.ScrollRequest(
                None, 10_000, edge.Filter(must=[condition]), ["passage_id"], ["dense"]
            )
        )
        vectors = [one.vector["dense"] for one in found if isinstance(one.vector, dict)]
        names = tuple(str((one.payload or {})["passage_id"]) for one in found)
        if names:  # a digest may have no sentences
            yield Group(number, names, np.array(vectors, dtype=np.float64))


if __name__ == "__main__":
    main()
