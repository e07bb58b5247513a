"""Checksums of points, for an engine whose files have none: each point carries its own."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from index.store import Point, point_id

SEAL = "seal"  # its name in a payload
_FILTERS = ("paper_id", "role", "edition", "date")


def sealed(point: Point) -> dict[str, Any]:
    """A point's payload, with the checksum of the point."""
    payload = point.payload
    return {
        **payload,
        SEAL: _seal(payload, point.dense, point.sparse.indices, point.sparse.values),
    }


def _seal(
    payload: Mapping[str, Any],
    dense: Sequence[float],
    indices: Sequence[int],
    values: Sequence[float],
) -> str:
    """Numbers count as they are stored, in 32 bits; terms in the order of their numbers."""
    whole = hashlib.blake2b(digest_size=8)
    said = {name: value for name, value in payload.items() if name != SEAL}
    whole.update(json.dumps(said, sort_keys=True).encode())
    whole.update(array("f", dense).tobytes())
    terms = sorted(zip(indices, values, strict=True))
    whole.update(array("Q", [number for number, _ in terms]).tobytes())
    whole.update(array("f", [value for _, value in terms]).tobytes())
    return whole.hexdigest()


@dataclass(eq=False)
class Tally:
    """The points of a store, counted as they are read, beside what its filters say of them."""

    _editions: dict[tuple[str, Any], set[int]] = field(default_factory=lambda: defaultdict(set))
    _counts: Counter[tuple[str, Any]] = field(default_factory=Counter)
    _broken: set[int] = field(default_factory=set)

    def add(self, key: int, payload: Mapping[str, Any], vectors: Any) -> None:
        """A point by its id, with all that is stored of it."""
        edition = payload.get("edition")
        if type(edition) is not int:
            self._broken.add(0)  # of nobody knows which: no edition has this number
            return
        if SEAL in payload and not _is_sound(key, payload, vectors):
            self._broken.add(edition)
        for name in _FILTERS:
            if name in payload:
                self._counts[name, payload[name]] += 1
                self._editions[name, payload[name]].add(edition)

    def damaged(self, counted: Callable[[str, Any], int]) -> frozenset[int]:
        """Editions with points that are not what they were, or that ``counted`` does not count."""
        missed: Collection[int] = [
            edition
            for one, number in self._counts.items()
            if counted(*one) != number
            for edition in self._editions[one]
        ]
        return frozenset(self._broken.union(missed))


def _is_sound(key: int, payload: Mapping[str, Any], vectors: Any) -> bool:
    try:
        dense, words = vectors["dense"], vectors["words"]
        known = UUID(point_id(payload["edition"], payload["passage_id"])).int == key
        return known and payload[SEAL] == _seal(payload, dense, words.indices, words.values)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return False
