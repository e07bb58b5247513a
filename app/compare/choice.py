"""Which papers a table is of: ids that a person names, those of a search, of a tag, of a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.errors import GlossError
from index.hits import SearchFilter
from index.store import day_number, last_day_number

if TYPE_CHECKING:
    from index.library import OwnNotes, Papers

_HITS_PER_PAPER = (
    8  # passages that a search asks for each paper that is wanted: papers have several
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Papers by id, and how many more there were of the day, or with the tag."""

    ids: tuple[str, ...]
    left_out: int = 0


class NoSuchTag(GlossError):
    """No paper has a tag."""

    def __init__(self, tag: str) -> None:
        super().__init__(f"{tag}: no paper has this tag; `gloss notes` lists what is there")
        self.tag = tag


def chosen(
    library: Papers,
    ids: Sequence[str],
    query: str = "",
    day: str = "",
    most: int = 10,
    tag: str = "",
    notes: OwnNotes | None = None,
) -> Choice:
    """The papers that are named, then ``most`` of a search, ``most`` with a tag, and of a day.

    Tags are those of ``notes``. A day may be a month or a year (ISO); papers without a date are of
    none. Raises ``EmptyQuery``, ``NoSuchTag``, and ``ValueError`` for a ``day`` that is not a date.
    """
    found = list(ids)
    left_out = 0
    if query:
        hits = library.search(query, most * _HITS_PER_PAPER, SearchFilter())
        found += list(dict.fromkeys(hit.passage.paper_id for hit in hits))[:most]
    if tag:
        tagged = notes.tagged(tag) if notes is not None else []
        if not tagged:
            raise NoSuchTag(tag)
        found += tagged[:most]
        left_out = max(len(tagged) - most, 0)
    if day:
        dated = of_day(library, day)
        found += dated[:most]
        left_out += max(len(dated) - most, 0)
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
