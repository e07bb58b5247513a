"""Whether the ranking of a day means something: papers of a field among those of all others.

``python -m eval.measure.nearness --data ../shared`` prints the area under the ROC curve over the
papers of ``bench/digests``, whose ``group`` is their field. Of each paper the others of its field
are kept, and it is ranked among the papers of all other fields. ``--library`` is one that has
them, else they are added to a temporary one, which takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from app.interests import KeptPaper
from app.interests.nearness import NEAREST, by_nearness
from index.config import Settings
from index.library import Library
from index.sources import find_sources

Vectors = Mapping[str, Sequence[float]]
Scores = Callable[[str, Sequence[str], Sequence[str]], Mapping[str, float]]
"""Of a field's held-out paper, the kept ones and the other fields' papers: a score of each."""


def auroc(scores: Mapping[str, float], wanted: str) -> float:
    """How often the wanted paper is before another one; a tie is half."""
    others = [score for one, score in scores.items() if one != wanted]
    before = sum(scores[wanted] > score for score in others)
    ties = sum(scores[wanted] == score for score in others)
    return (before + ties / 2) / len(others)


def measured(fields: Mapping[str, str], scores: Scores) -> tuple[float, int]:
    """The mean over all papers whose field has others, and how many these are."""
    found = []
    for paper, field in fields.items():
        kept = [one for one, other in fields.items() if other == field and one != paper]
        day = [paper, *(one for one, other in fields.items() if other != field)]
        if kept:
            found.append(auroc(scores(paper, kept, day), paper))
    return float(np.mean(found)), len(found)


def near(vectors: Vectors) -> Scores:
    """As ``gloss daily`` ranks."""

    def scores(_: str, kept: Sequence[str], day: Sequence[str]) -> dict[str, float]:
        mine = [KeptPaper(one, vectors[one]) for one in kept]
        return {one.paper_id: one.score for one in by_nearness(day, vectors, mine)}

    return scores


def plain_cosines(vectors: Vectors) -> Scores:
    """The same without taking away what all papers have in common."""
    unit = {one: np.asarray(row) / np.linalg.norm(row) for one, row in vectors.items()}

    def scores(_: str, kept: Sequence[str], day: Sequence[str]) -> dict[str, float]:
        return {
            one: float(np.mean(sorted(unit[one] @ unit[two] for two in kept)[-NEAREST:]))
            for one in day
        }

    return scores


def by_date(dates: Mapping[str, str]) -> Scores:
    """The newest first; those without a date last."""
    order = {date: at for at, date in enumerate(sorted(set(dates.values())))}
    return lambda _, __, day: {one: float(order[dates[one]]) for one in day}


def main() -> None:
    """Print the three figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--library", type=Path)
    asked = parser.parse_args()
    fields = {
        file.stem: str(json.loads(file.read_text("utf-8"))["group"])
        for file in sorted((asked.data / "bench" / "digests").glob("*.json"))
    }
    with tempfile.TemporaryDirectory() as folder:
        place = asked.library or Path(folder) / "library"
        with Library.open(Settings(library=place)) as library:
            if asked.library is None:
                for source in find_sources([asked.data / "papers" / "digests"]).found:
                    library.add(source)
            rows = {row.id: row for row in library.listed() if row.id in fields}
            vectors = library.mean_vectors()
    fields = {one: field for one, field in fields.items() if one in rows}
    dates = {one: row.date or "" for one, row in rows.items()}
    for name, scores in {
        "by date": by_date(dates),
        "by nearness, as vectors are": plain_cosines(vectors),
        "by nearness": near(vectors),
    }.items():
        value, papers = measured(fields, scores)
        sys.stdout.write(f"{name}: {value:.3f} ({papers} papers)\n")


if __name__ == "__main__":
    main()
