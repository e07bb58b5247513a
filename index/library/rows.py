"""The list of papers: a row for each, and for each file that did not become one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from index.catalog import Catalog, Edition, KnownVersion
from index.errors import PaperNotFound
from index.library.ids import Ids
from index.paper import SourceKind, Status
from index.reference import Reference
from index.sources import key_of

_NUMBER = re.compile(r"-\d+")  # after the id of another paper of that name


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A paper in the list, or a file that failed: then ``status`` is not ``ok``.

    A ``reason`` beside ``ok`` names a paper that this one belongs to by its file's name, of a
    later file for the same paper that failed, and of what arXiv has said since: ``newest`` is the
    version to get where there is a newer one.
    """

    id: str
    version: int | None
    title: str
    status: Status
    reason: str
    source: SourceKind
    passages: int
    added: str  # ISO, UTC
    authors: tuple[str, ...]
    date: str | None
    categories: tuple[str, ...]
    newest: int | None = None
    withdrawn: bool = False  # on arXiv


def paper_rows(catalog: Catalog, limit: int | None = None, offset: int = 0) -> list[PaperRow]:
    """All papers by id, and the files that did not become papers; or ``limit`` from ``offset`` on.

    What is said of them is looked up paper by paper for some, and in one reading for all.
    """
    shown = catalog.editions.shown(limit, offset)
    if limit is not None:
        return [_row_of(catalog, edition) for edition in shown]
    failed = catalog.editions.in_state("failed")
    failed_later = {edition.paper_key: edition for edition in failed}
    known = catalog.arxiv.latest_versions()
    also: dict[str, list[str]] = {}
    for alias in catalog.arxiv.aliases():
        also.setdefault(alias.target, []).append(alias.paper_key)
    return [
        _row(edition)
        if edition.state == "failed"
        else _row(
            edition,
            failed_later.get(edition.paper_key),
            known.get(edition.paper_key),
            also.get(edition.paper_key, ()),
        )
        for edition in shown
    ]


def paper_row(catalog: Catalog, ids: Ids, paper_id: str) -> PaperRow:
    """The row of one paper or failed file. Raises ``PaperNotFound``."""
    try:
        edition = ids.edition(paper_id)
    except PaperNotFound:
        failed = catalog.editions.find("paper_id", paper_id, "failed")
        if not failed:
            raise
        return _row(failed[0])
    return _row_of(catalog, edition)


def _row_of(catalog: Catalog, edition: Edition) -> PaperRow:
    if edition.state == "failed":
        return _row(edition)
    key = edition.paper_key
    later = catalog.editions.find("paper_key", key, "failed")
    return _row(
        edition,
        later[-1] if later else None,
        catalog.arxiv.latest_version(key),
        catalog.arxiv.aliases_of(key),
    )


@lru_cache(maxsize=10_000)  # a list asks for every paper, half of its time
def relation(original: str, paper_key: str) -> str:
    """What is to be said of a document whose file is named after another paper."""
    from index.read.front.identity import identify

    named = identify(Path(original).stem, "", "")
    if named.belongs_to and named.belongs_to != paper_key:
        return f"belongs to {named.belongs_to}, as its file name says"
    numbered = paper_key.startswith(named.id) and _NUMBER.fullmatch(paper_key, len(named.id))
    if numbered and key_of(named.id).arxiv:
        return f"another paper than {named.id}, which its file is named after"
    return ""


def _row(
    edition: Edition,
    failed_later: Edition | None = None,
    known: KnownVersion | None = None,
    also: Sequence[str] = (),
) -> PaperRow:
    belongs = relation(edition.original, edition.paper_key)
    said = [one for one in (edition.reason, belongs) if one]
    if failed_later is not None:
        name = Path(failed_later.original).name
        said.append(f"{name} was not taken: {failed_later.status}: {failed_later.reason}")
    withdrawn = known is not None and bool(known.withdrawn)
    newest = None
    if withdrawn:
        said.append("withdrawn on arXiv")
    elif known is not None and edition.version is not None and known.version > edition.version:
        newest = known.version
        get = Reference(edition.paper_key, newest)
        said.append(f"version {newest} is on arXiv: gloss add {get}")
    if also:
        said.append(f"also {', '.join(also)}")
    return PaperRow(
        id=edition.paper_id,
        version=edition.version,
        title=edition.title,
        status=edition.status,
        reason="; ".join(said),
        source=edition.source,
        passages=edition.passages,
        added=edition.added,
        authors=edition.authors,
        date=edition.date,
        categories=edition.categories,
        newest=newest,
        withdrawn=withdrawn,
    )
