"""Why a paper on arXiv is not taken, and what a library notes of it all the same."""

from __future__ import annotations

from collections.abc import Iterable

from index.catalog import KnownVersion
from index.library import HeldPaper
from index.paper import Record


def held_reason(held: HeldPaper, arxiv_id: str, version: int, withdrawn: bool) -> str:
    """Why a paper that the library has stays as it is; empty where it is simply the same."""
    if withdrawn:
        kept = f"version {held.version}" if held.version else "what is here"
        return f"withdrawn on arXiv; {kept} is kept"
    if held.version is not None and held.version > version:
        return f"kept version {held.version}: version {version} does not replace it"
    is_alias = not held.paper_id.startswith(arxiv_id)
    return f"same file as {held.paper_id}" if is_alias else ""


def withdrawn_reason(record: Record) -> str:
    """Why a paper that was withdrawn is not taken: arXiv's comment, where it has one."""
    return f"withdrawn on arXiv: {record.comment}" if record.comment else "withdrawn on arXiv"


def known_versions(records: Iterable[Record]) -> list[KnownVersion]:
    """The versions of papers and their withdrawals, as a library records them."""
    return [
        KnownVersion(one.id, one.version, one.withdrawn)
        for one in records
        if one.version is not None
    ]
