"""Which papers a table is of: ids that a person names, the papers of a search, those of a day."""

from __future__ import annotations

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
    """Papers by id, and how many more there would have been."""

    ids: tuple[str, ...]
    left_out: int = 0


def of_search(library: Papers, query: str, most: int) -> Choice:
    """The papers of the best passages for a query, best first. Raises ``EmptyQuery``."""
    hits = library.search(query, most * _HITS_PER_PAPER, SearchFilter())
    return Choice(tuple(dict.fromkeys(hit.passage.paper_id for hit in hits))[:most])


def of_day(library: Papers, date: str, most: int) -> Choice:
    """The papers of a day, a month or a year (ISO), by id.

    Those without a date are of no day. Raises ``ValueError`` for what is not a date.
    """
    day = _days(date)
    dated = [one.id for one in library.listed() if one.date and _is_within(one.date, day)]
    return Choice(tuple(dated[:most]), max(len(dated) - most, 0))


def _days(date: str) -> tuple[int, int]:
    """The first and the last day of a date, as numbers that sort."""
    return day_number(date), last_day_number(date)


def _is_within(date: str, days: tuple[int, int]) -> bool:
    try:
        first, last = _days(date)
    except ValueError:  # a paper may print a date that there is not
        return False
    return days[0] <= first and last <= days[1]
