"""Which papers a table is of: ids that a person names, the papers of a search, those of a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.hits import SearchFilter
from index.store import day_number, last_day_number

if TYPE_CHECKING:
    from index.library import Papers

_HITS_PER_PAPER = (
    8  # passages that a search asks for each paper that is wanted: papers have several
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Papers by id, and how many more there were of the day."""

    ids: tuple[str, ...]
    left_out: int = 0


def chosen(
    library: Papers, ids: Sequence[str], query: str = "", day: str = "", most: int = 10
) -> Choice:
    """The papers that are named, then ``most`` of a search, then ``most`` of a day.

    A day may be a month or a year (ISO); papers without a date are of none. Raises ``EmptyQuery``,
    and ``ValueError`` for a ``day`` that is not a date.
    """
    found = list(ids)
    left_out = 0
    if query:
        hits = library.search(query, most * _HITS_PER_PAPER, SearchFilter())
        found += list(dict.fromkeys(hit.passage.paper_id for hit in hits))[:most]
    if day:
        dated = of_day(library, day)
        found += dated[:most]
        left_out = max(len(dated) - most, 0)
    return Choice(tuple(dict.fromkeys(found)), left_out)


def of_day(library: Papers, date: str) -> list[str]:
    """The papers of a day, a month or a year (ISO), by id. Raises ``ValueError``."""
    day = _days(date)
    return [one.id for one in library.listed() if one.date and _is_within(one.date, day)]


def _days(date: str) -> tuple[int, int]:
    """The first and the last day of a date, as numbers that sort."""
    return day_number(date), last_day_number(date)


def _is_within(date: str, days: tuple[int, int]) -> bool:
    try:
        first, last = _days(date)
    except ValueError:  # a paper may print a date that there is not
        return False
    return days[0] <= first and last <= days[1]
