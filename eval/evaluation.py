"""The result of an evaluation: measures, and a table and lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Report:
    """``measures`` is what ``--json`` prints; ``table`` has its head as the first row."""

    measures: Mapping[str, object]
    table: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
