"""A target: what is drawn for it, and the function that must hold for each draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st


@dataclass(frozen=True)
class Target:
    """``holds`` raises for a draw of ``drawn`` that breaks what must hold."""

    name: str
    drawn: st.SearchStrategy[Any]
    holds: Callable[[Any], None]
    share: float  # of all cases: less for what takes longer


TARGETS: dict[str, Target] = {}


def target(drawn: st.SearchStrategy[Any], share: float = 1.0) -> Callable[..., Callable[..., None]]:
    """Add a function to ``TARGETS`` under its name."""

    def add(holds: Callable[[Any], None]) -> Callable[[Any], None]:
        TARGETS[holds.__name__] = Target(holds.__name__, drawn, holds, share)
        return holds

    return add
