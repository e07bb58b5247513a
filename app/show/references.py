"""A paper as an entry of a bibliography: what was imported of it, and what it says itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from app.show.text import plain
from index.entries import Entry, Name, name_of
from index.notes import Located
from index.paper import Paper
from index.reference import ARXIV_ID


def entry_of(paper: Paper, imported: Entry | None = None, marked: Iterable[Located] = ()) -> Entry:
    """A paper's entry, of one line each; ``marked`` are the reader's notes and tags on it.

    Title, authors and date are the paper's; what was imported, and arXiv's record, add the rest.
    """
    known = imported or Entry(title="")
    record = paper.record
    arxiv = known.arxiv
    if ARXIV_ID.fullmatch(paper.id):
        arxiv = paper.id + (f"v{paper.version}" if paper.version else "")
    abstract = known.abstract
    if record is not None and record.abstract:
        abstract = record.abstract
    elif paper.abstract is not None:
        abstract = paper.abstract.of(paper.text)
    authors = known.authors
    if tuple(str(one) for one in authors) != paper.authors and paper.authors:
        authors = tuple(map(name_of, paper.authors))
    tags, notes = list(known.tags), []
    for one in marked:
        tags += one.place.tags
        words = f"“{one.place.anchor.quote}”: " if one.place.anchor is not None else ""
        notes += [f"{words}{note.text}" for note in one.place.notes]
    entry = replace(
        known,
        title=paper.title or known.title,
        authors=authors,
        date=_date(paper.date or known.date),
        container=known.container or (record.journal if record is not None else ""),
        doi=known.doi or (record.doi if record is not None else ""),
        arxiv=arxiv,
        url=f"https://arxiv.org/abs/{arxiv}" if arxiv else known.url,
        abstract=abstract,
        tags=tuple(dict.fromkeys(tags)),
        notes=tuple(notes),
    )
    return on_one_line(entry)


def on_one_line(entry: Entry) -> Entry:
    """An entry whose values have no line breaks and no characters that steer or hide."""
    said: dict[str, Any] = {}
    for name in Entry.__dataclass_fields__:
        value = getattr(entry, name)
        if isinstance(value, str):
            said[name] = plain(value)
        elif name == "authors":
            said[name] = tuple(Name(plain(one.family), plain(one.given)) for one in value)
        else:
            said[name] = tuple(map(plain, value))
    return Entry(**said)


def _date(date: str) -> str:
    """A date as far as it is ISO: "2017-06"; empty for one that is none."""
    found = re.match(r"\d{4}(-\d{2}(-\d{2})?)?(?!\d)", date)
    return found[0] if found else ""
