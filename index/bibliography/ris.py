"""RIS, by rispy, which knows the tags of the managers that write it."""

from __future__ import annotations

from typing import Any

from index.bibliography.fields import (
    arxiv_of,
    date_of,
    doi_of,
    listed,
    note_of,
    one_line,
    with_title,
)
from index.entries import Entry, name_of

_KINDS = {
    "JOUR": "article-journal",
    "EJOUR": "article-journal",
    "MGZN": "article-magazine",
    "CPAPER": "paper-conference",
    "CONF": "paper-conference",
    "CHAP": "chapter",
    "BOOK": "book",
    "RPRT": "report",
    "THES": "thesis",
    "ELEC": "webpage",
}


def read_ris(data: bytes) -> list[Entry]:
    """The entries of a RIS file. Raises ``ValueError`` for what is none."""
    import rispy

    text = data.decode("utf-8-sig", errors="replace")
    try:
        records = rispy.loads(text)
    except (OSError, LookupError) as error:  # a line that is out of place
        raise ValueError(str(error)) from error
    return with_title(map(_entry, records))


def _entry(said: dict[str, Any]) -> Entry:
    def first(*names: str) -> str:
        return next((text for name in names if (text := one_line(said.get(name)))), "")

    start, end = first("start_page"), first("end_page")
    authors = said.get("authors") or said.get("first_authors") or ()
    urls = said.get("urls") or ()
    files = (said.get("file_attachments1"), said.get("file_attachments2"))
    return Entry(
        title=first("title", "primary_title"),
        kind=_KINDS.get(first("type_of_reference"), "article"),
        authors=tuple(name_of(name) for name in listed(authors)),
        date=date_of(first("date")) or date_of(first("year", "publication_year")),
        container=first("secondary_title", "journal_name", "alternate_title3"),
        volume=first("volume"),
        issue=first("number"),
        pages=f"{start}-{end}" if start and end else start,
        publisher=first("publisher"),
        doi=doi_of(first("doi")),
        arxiv=arxiv_of(first("accession_number"), *urls, first("doi"), first("publisher")),
        url=one_line(urls[0]) if urls else "",
        abstract=first("abstract", "notes_abstract"),
        key=first("id"),
        tags=listed(said.get("keywords") or ()),
        notes=tuple(filter(None, map(note_of, said.get("notes") or ()))),
        files=listed(path for file in files for path in one_line(file).split(";")),
    )
