"""Dates as people write them."""

from __future__ import annotations

import datetime
import re

from index.errors import GlossError


class NotADate(GlossError):
    """Not a date."""


def iso_date(text: str, *, whole: bool = False) -> str:
    """``text`` as an ISO date; a year or a month means its first day unless ``whole`` is asked for.

    Raises ``NotADate`` where it is none.
    """
    given = text.strip()
    full = given + {4: "-01-01", 7: "-01"}.get(len(given), "") if not whole else given
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", full):
            return datetime.date.fromisoformat(full).isoformat()
    except ValueError:
        pass  # a month or a day that does not exist: said below
    forms = "2024-07-05" if whole else "2024-07-05, 2024-07 or 2024"
    raise NotADate(f"{text!r} is not a date: write it as {forms}")


def dated(text: str) -> str:
    """``text`` as it is, an ISO date, month or year. Raises ``NotADate`` if it is not one."""
    iso_date(text)
    return text.strip()
