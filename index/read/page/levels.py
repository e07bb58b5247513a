"""Finds raised and lowered type, by its size and its distance from the row's baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# Of the type's size, between the baselines of a fraction's halves. TeX sets them 0.74 apart, and a
# raised letter over a lowered one at most 0.66 (The TeXbook, appendix G).
HALVES_APART = 0.69
SMALL = 0.92  # of the line's size: what is raised or lowered is set smaller


def main_type(kept: Sequence[tuple[dict[str, Any], int]]) -> tuple[float, float]:
    """The size of a line's letters and their base, of its spans and how many letters each has."""
    sizes: dict[float, int] = {}
    for span, length in kept:
        sizes[span["size"]] = sizes.get(span["size"], 0) + length
    main = main_size(sizes)
    return main, next(span["origin"][1] for span, _ in kept if span["size"] == main)


def main_size(sizes: dict[float, int]) -> float:
    """The size of a row's letters, given how many there are of each; in points.

    Formulas may have more small letters than large ones.
    """
    most = max(sizes.values())
    return max(size for size, count in sizes.items() if count >= 0.4 * most)


def level_of(rise: float, size: float, main: float) -> int:
    """1 for raised type, -1 for lowered, else 0; ``rise`` over the baseline, sizes in points.

    TeX raises by 0.36 to 0.41 of the type's size and lowers by 0.15 or more (The TeXbook, app. G).
    """
    small = size < SMALL * main
    if 0.9 * main > rise > 0.12 * main and (small or rise > 0.2 * main):
        return 1
    return -1 if 0.8 * main > -rise > 0.05 * main and small else 0
