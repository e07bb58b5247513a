"""Entries as CSL-JSON, which Zotero, Pandoc and citation processors read.

https://docs.citationstyles.org/en/stable/specification.html, appendices III and IV.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from app.controls import escaped_in_json
from app.show.bibtex import citation_keys
from app.show.text import web_address
from index.entries import Entry, Name


def to_csl(entries: Iterable[Entry]) -> str:
    """Entries as one CSL-JSON document."""
    entries = list(entries)
    items = [_item(*one) for one in zip(citation_keys(entries), entries, strict=True)]
    return escaped_in_json(json.dumps(items, ensure_ascii=False, indent=2)) + "\n"


def _item(key: str, entry: Entry) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": key,
        "type": entry.kind,
        "title": entry.title,
        "author": [_name(one) for one in entry.authors],
        "issued": _issued(entry.date),
        "container-title": entry.container,
        "volume": entry.volume,
        "issue": entry.issue,
        "page": entry.pages,
        "publisher": entry.publisher or ("arXiv" if entry.arxiv and not entry.container else ""),
        "number": f"arXiv:{entry.arxiv}" if entry.arxiv and not entry.container else "",
        "DOI": entry.doi,
        "URL": web_address(entry.url) or "",
        "abstract": entry.abstract,
        "keyword": ", ".join(entry.tags),
        "note": "\n".join(entry.notes),
    }
    return {name: value for name, value in values.items() if value}


def _name(name: Name) -> dict[str, str]:
    if not name.given:
        return {"literal": name.family}
    return {"family": name.family, "given": name.given}


def _issued(date: str) -> dict[str, list[list[int]]]:
    parts = [int(part) for part in re.findall(r"\d+", date)[:3]]
    return {"date-parts": [parts]} if parts else {}
