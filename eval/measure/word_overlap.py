"""Measures how well word overlap separates supported from unsupported claims.

    python eval/measure/word_overlap.py FOLDER

Each ``*.jsonl`` of the folder is a set of pairs that people labelled: ``source``, ``claim``,
``label`` (1 is supported). The score of a pair is the share of the claim's content words that occur
in the source. The threshold for a set is the one that does best on all the other sets.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WORD = re.compile(r"[^\W_]+")
STOP_WORDS = """
a an and are as at be been by for from had has have in is it its not of on or that the their there
this to was were which will with
"""
STOP = set(STOP_WORDS.split())


def overlap(source: str, claim: str) -> float:
    """The share of the claim's content words that the source has."""
    words = {word for word in WORD.findall(claim.lower()) if word not in STOP}
    return len(words & set(WORD.findall(source.lower()))) / len(words) if words else 0.0


def balanced_accuracy(
    scores: NDArray[np.float64], labels: NDArray[np.int_], threshold: float
) -> float:
    """The mean of the shares of supported and unsupported pairs that are classified correctly."""
    said = scores >= threshold
    return float((said[labels == 1].mean() + (~said[labels == 0]).mean()) / 2)


def measure(folder: Path) -> dict[str, dict[str, float]]:
    """Balanced accuracy of each set, and the mean over sets."""
    sets: dict[str, tuple[NDArray[np.float64], NDArray[np.int_]]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        pairs = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        scores = np.array([overlap(pair["source"], pair["claim"]) for pair in pairs])
        sets[path.stem] = (scores, np.array([int(pair["label"]) for pair in pairs]))
    grid = np.linspace(0, 1, 101)
    rows: dict[str, dict[str, float]] = {}
    for name, (scores, labels) in sets.items():
        others = [pair for other, pair in sets.items() if other != name]
        best = max(
            grid, key=lambda t: sum(balanced_accuracy(*pair, threshold=float(t)) for pair in others)
        )
        rows[name] = {
            "pairs": len(labels),
            "supported, %": round(100 * float(labels.mean()), 1),
            "threshold": round(float(best), 2),
            "balanced accuracy": round(balanced_accuracy(scores, labels, float(best)), 3),
        }
    mean = float(np.mean([row["balanced accuracy"] for row in rows.values()]))
    return {**rows, "mean": {"balanced accuracy": round(mean, 3)}}


if __name__ == "__main__":
    json.dump(measure(Path(sys.argv[1])), sys.stdout, indent=2)
    sys.stdout.write("\n")
