"""What each ingredient of the choice of sentences is worth, on fields that trained nothing.

    python -m eval.measure.selection_ingredients ../shared/bench

Each row trains anew with one ingredient more and measures the digests of the fields left out, as
``eval.selection`` does. The last ingredients are the public sets and
the states of sentences in the middle of a language model.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.choose.features import BLOCKS
from eval.judged import read_judged
from eval.selection import by_field, folded, measured
from eval.train.selection import TrainingPaper, role_model, training_paper
from index.config import Settings
from index.embed.states import MiddleLayer

ROWS: tuple[tuple[str, tuple[str, ...], bool, bool, bool, bool], ...] = (
    # name, blocks of n-grams, places, likenesses, public sets, states
    ("places alone", (), True, False, False, False),
    ("n-grams of the sentence alone", ("sentence",), False, False, False, False),
    ("n-grams and places", ("sentence",), True, False, False, False),
    ("and headings, opening", ("sentence", "headings", "opening"), True, False, False, False),
    ("and neighbours", BLOCKS[:-1], True, False, False, False),
    ("and likenesses", BLOCKS[:-1], True, True, False, False),
    ("and public sets", BLOCKS, True, True, True, False),
    ("and states", BLOCKS, True, True, True, True),
)


def reduced(
    papers: Sequence[TrainingPaper],
    blocks: Sequence[str],
    places: bool,
    likenesses: bool,
    states: bool,
) -> list[TrainingPaper]:
    """The papers without the other features."""
    none: Counter[str] = Counter()
    names = papers[0].dense.names
    kept = np.array([likenesses if name.startswith("~") else places for name in names])
    return [
        replace(
            paper,
            counts=[{n: one[n] if n in blocks else none for n in BLOCKS} for one in paper.counts],
            dense=replace(paper.dense, values=paper.dense.values * kept),
            states=paper.states * states,
        )
        for paper in papers
    ]


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, help="a folder with digests and roles")
    asked = parser.parse_args()
    papers = read_judged(asked.data / "digests")
    encoder = MiddleLayer(Settings().cache)
    numbers = [training_paper(one, encoder) for one in papers]
    roles = role_model(asked.data / "roles")
    sys.stdout.write("| | precision | ideal | useful |\n|---|---|---|---|\n")
    for name, blocks, places, likenesses, public, states in ROWS:
        less = reduced(numbers, blocks, places, likenesses, states)
        said = measured(folded(papers, less, roles if public else None, by_field(papers), encoder))
        row = " | ".join(f"{said[one]:.3f}" for one in ("precision", "ideal", "useful"))
        sys.stdout.write(f"| {name} | {row} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
