"""CSL-JSON: https://docs.citationstyles.org/en/stable/specification.html#appendix-iv-variables."""

from __future__ import annotations

import json
from typing import Any

from index.bibliography.fields import (
    arxiv_of,
    date_of,
    doi_of,
    iso_date,
    listed,
    note_of,
    one_line,
    with_title,
)
from index.entries import Entry, Name, name_of


def read_csl(data: bytes) -> list[Entry]:
    """The entries of a CSL-JSON document. Raises ``ValueError`` for what is none."""
    said = json.loads(data)
    items = said.get("items") if isinstance(said, dict) else said
    if not isinstance(items, list):
        raise ValueError("no list of items")
    return with_title(_entry(item) for item in items if isinstance(item, dict))


def _entry(item: dict[str, Any]) -> Entry:
    keyword = item.get("keyword") or ""
    tags = keyword if isinstance(keyword, list) else one_line(keyword).split(",")
    attachments = item.get("attachments") or ()
    return Entry(
        title=one_line(item.get("title")),
        kind=one_line(item.get("type")) or "article",
        authors=tuple(
            name
            for one in item.get("author") or ()
            if isinstance(one, dict)
            if (name := _name(one))
        ),
        date=_date(item.get("issued")),
        container=one_line(item.get("container-title")),
        volume=one_line(item.get("volume")),
        issue=one_line(item.get("issue")),
        pages=one_line(item.get("page")),
        publisher=one_line(item.get("publisher")),
        doi=doi_of(item.get("DOI")),
        arxiv=arxiv_of(item.get("number"), item.get("URL"), item.get("DOI"), item.get("note")),
        url=one_line(item.get("URL")),
        abstract=one_line(item.get("abstract")),
        key=one_line(item.get("citation-key") or item.get("id")),
        tags=listed(tags),
        notes=tuple(filter(None, [note_of(item.get("note"))])),
        files=listed(one.get("path") for one in attachments if isinstance(one, dict)),
    )


def _name(said: dict[str, Any]) -> Name | None:
    if said.get("literal"):
        return name_of(one_line(said["literal"]))
    particle = one_line(said.get("non-dropping-particle"))
    family = f"{particle} {one_line(said.get('family'))}".strip()
    return Name(family, one_line(said.get("given"))) if family else None


def _date(said: Any) -> str:
    if isinstance(said, str):
        return date_of(said)
    if not isinstance(said, dict):
        return ""
    parts = (said.get("date-parts") or [[]])[0]
    if parts and all(one_line(part).isdecimal() for part in parts):
        year, month, day, *_ = [*(int(part) for part in parts), 0, 0]
        return iso_date(year, month, day)
    return date_of(said.get("raw") or said.get("literal"))
