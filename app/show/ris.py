"""Entries as RIS, by rispy, which knows the format's tags and how a record ends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.show.bibtex import citation_keys
from app.show.text import web_address
from index.entries import Entry, Name

# https://en.wikipedia.org/wiki/RIS_(file_format)#Type_of_reference; GEN is any other kind.
_KINDS = {
    "article": "UNPB",
    "article-journal": "JOUR",
    "paper-conference": "CPAPER",
    "chapter": "CHAP",
    "book": "BOOK",
    "report": "RPRT",
    "thesis": "THES",
    "webpage": "ELEC",
}


def to_ris(entries: Iterable[Entry]) -> str:
    """Entries as one RIS file, each value on one line."""
    import rispy

    class Writer(rispy.RisWriter):  # type: ignore[misc]
        """Without a number above each record, which is no line of RIS."""

        def set_header(self, count: int) -> None:
            return None

    entries = list(entries)
    records = [_record(*one) for one in zip(citation_keys(entries), entries, strict=True)]
    return str(rispy.dumps(records, implementation=Writer)) if records else ""


def _record(key: str, entry: Entry) -> dict[str, Any]:
    start, _, end = entry.pages.replace("–", "-").partition("-")
    values: dict[str, Any] = {
        "type_of_reference": _KINDS.get(entry.kind, "GEN"),
        "id": key,
        "title": entry.title,
        "authors": [_name(one) for one in entry.authors],
        "year": entry.year,
        "date": entry.date.replace("-", "/") if entry.date else "",
        "secondary_title": entry.container,
        "volume": entry.volume,
        "number": entry.issue,
        "start_page": start.strip(),
        "end_page": end.strip("- "),
        "publisher": entry.publisher or ("arXiv" if entry.arxiv and not entry.container else ""),
        "accession_number": f"arXiv:{entry.arxiv}" if entry.arxiv else "",
        "doi": entry.doi,
        "urls": [address] if (address := web_address(entry.url)) else [],
        "abstract": entry.abstract,
        "keywords": list(entry.tags),
        "notes": list(entry.notes),
    }
    return {name: value for name, value in values.items() if value}


def _name(name: Name) -> str:
    """As RIS has it: "Byron, Ada"; a group's name has no comma in it."""
    return f"{name.family}, {name.given}" if name.given else name.family.replace(",", "")
