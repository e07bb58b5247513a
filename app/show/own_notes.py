"""The reader's notes that a search finds beside passages: by their own words, never a paper's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from app.show.text import COMMON_WORDS
from index.hits import SearchFilter, is_in_category
from index.notes import Located

if TYPE_CHECKING:
    from index.library import Listed, Papers

NOTES_MOST = 10  # that a search shows


def found_notes(library: Papers, query: str, wanted: SearchFilter | None = None) -> list[Located]:
    """The first notes and tags of who asks with every word of a query, common words left out.

    None for a visitor, and none for a part of papers, which notes do not have. Raises
    ``PaperNotFound`` where the filter names a paper that is not here.
    """
    wanted = wanted or SearchFilter()
    if library.notes is None or wanted.role is not None:
        return []
    words = set(re.findall(r"\w+", query))
    telling = {word for word in words if not COMMON_WORDS.fullmatch(word)} or words
    found = library.notes.saying(telling)
    if found and wanted.paper_id is not None:
        paper_id = library.stored(wanted.paper_id).id
        found = [one for one in found if one.paper_id == paper_id]
    if wanted.since or wanted.until or wanted.category:
        there = {one.id: one for one in library.listed()}
        found = [one for one in found if _passes(there.get(one.paper_id), wanted)]
    return found[:NOTES_MOST]


def _passes(paper: Listed | None, wanted: SearchFilter) -> bool:
    """Whether a note's paper is here, of those dates and in that category."""
    if paper is None or not _is_dated(paper.date or "", wanted):
        return False
    return not wanted.category or is_in_category(paper.categories, wanted.category)


def _is_dated(date: str, wanted: SearchFilter) -> bool:
    if not (wanted.since or wanted.until):
        return True
    since, until = wanted.since or "", wanted.until or date
    return bool(date) and date >= since and date[: len(until)] <= until
