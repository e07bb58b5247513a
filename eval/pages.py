"""Writes evaluations as HTML pages with plots, into the cache."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.publish.files import write_text
from app.show.html import style
from eval.measures import mean, recall
from index.config import Settings

if TYPE_CHECKING:
    from jinja2 import Environment

DEPTHS = (1, 2, 3, 5, 10, 20, 50, 100)
_RANKS = ((1, 1), (2, 2), (3, 3), (4, 5), (6, 10), (11, 20), (21, 100))  # first and last of a row

Ranked = tuple[Sequence[str], Collection[str]]  # what was found, best first, and what is relevant


def write_page(settings: Settings, name: str, text: str) -> Path:
    """Keep a page as ``evaluations/NAME.html``. Raises ``OutputUnusable``."""
    path = settings.cache.expanduser() / "evaluations" / f"{name}.html"
    write_text(path, text)
    return path


def fill(template: str, **values: object) -> str:
    """A page of this template."""
    return _environment().get_template(template).render(palette=style(), **values)


def recall_curves(rankings: Mapping[str, Sequence[Ranked]]) -> dict[str, object]:
    """For each way to rank, the mean recall at each of ``depths``: up to where nothing is gained.

    Of rankings that have the same questions, at least one.
    """
    longest = max(len(found) for of_way in rankings.values() for found, _ in of_way)
    depths = [depth for at, depth in enumerate(DEPTHS) if at == 0 or DEPTHS[at - 1] < longest]
    return {
        "depths": depths,
        "recall": {
            way: [mean(recall(found, relevant, depth) for found, relevant in of_way)
                  for depth in depths]
            for way, of_way in rankings.items()
        },
    }  # fmt: skip


def first_ranks(ranked: Sequence[Ranked]) -> dict[str, int]:
    """How often the first relevant one has each rank, or is "later" or "not found"."""
    rows = {_named(first, last): 0 for first, last in _RANKS}
    rows |= {"later": 0, "not found": 0}
    for found, relevant in ranked:
        rank = first_rank(found, relevant)
        row = next((_named(low, high) for low, high in _RANKS if low <= rank <= high), "later")
        rows[row if rank else "not found"] += 1
    return rows


def first_rank(found: Sequence[str], relevant: Collection[str]) -> int:
    """The rank of the first that is relevant, from 1; 0 if none was found."""
    return next((at for at, one in enumerate(found, 1) if one in relevant), 0)


def _named(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("eval"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
