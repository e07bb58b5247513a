"""Papers in the order of their nearness to what a reader keeps, each with the kept one it is near.

A paper is as near as the mean of its cosines with the three kept papers that are nearest to it.
Before, the mean of all these vectors is taken from each: what all papers have in common tells none
from another. Measured in docs/daily.md (``eval/measure/nearness.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from app.interests import KeptPaper

NEAREST = 3  # kept papers that count


@dataclass(frozen=True, slots=True)
class Ranked:
    """A paper in its place. ``near`` is the kept paper that is nearest, None where there is none.

    ``score`` is an order, and no probability.
    """

    paper_id: str
    score: float = 0.0
    near: KeptPaper | None = None


def by_nearness(
    paper_ids: Iterable[str],
    vectors: Mapping[str, Sequence[float]],
    kept: Sequence[KeptPaper],
) -> tuple[Ranked, ...]:
    """The papers, the nearest first; a kept one is compared with the others only.

    Those without a vector, and all where nothing is kept, stay in their order, at the end.
    """
    import numpy as np

    ids = list(paper_ids)
    there = [one for one in ids if one in vectors]
    if not there or not kept:
        return tuple(Ranked(one) for one in ids)
    day = _unit(np.asarray([vectors[one] for one in there], dtype=np.float64))
    mine = _unit(np.asarray([one.vector for one in kept], dtype=np.float64))
    # A kept paper of this day is in both tables, and counts once.
    others = [at for at, one in enumerate(there) if one not in {two.paper_id for two in kept}]
    common = np.concatenate([day[others], mine]).mean(axis=0)
    cosines = _unit(day - common) @ _unit(mine - common).T
    for column, one in enumerate(kept):
        if one.paper_id in vectors and one.paper_id in there:
            cosines[there.index(one.paper_id), column] = -np.inf
    ranked = []
    for row, paper_id in zip(cosines, there, strict=True):
        best = [at for at in np.argsort(-row, kind="stable")[:NEAREST] if np.isfinite(row[at])]
        if best:
            score = round(float(np.mean(row[best])), 6)
            ranked.append(Ranked(paper_id, score, kept[int(best[0])]))
    ranked.sort(key=lambda one: -one.score)
    placed = {one.paper_id for one in ranked}
    return (*ranked, *(Ranked(one) for one in ids if one not in placed))


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float64] = rows / np.maximum(lengths, 1e-12)
    return unit
