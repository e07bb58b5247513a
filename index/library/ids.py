"""From an id that people give to the edition that counts."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field

from index.catalog import Catalog, Edition, KeptDigest
from index.errors import PaperNotFound
from index.sources import key_of

_MOST = 1000  # ids that are remembered


@dataclass(frozen=True, slots=True)
class HeldPaper:
    """The edition of an arXiv paper in the library. ``recorded``: with arXiv's record.

    ``paper_id`` is that of another paper where the two were one file.
    """

    paper_id: str
    version: int | None
    passages: int
    recorded: bool


@dataclass(frozen=True, slots=True)
class _Seen:
    """Editions by id, valid while the catalogue's counter of changes is ``changes``."""

    changes: int
    editions: dict[str, Edition] = field(default_factory=dict)


@dataclass(eq=False)
class Ids:
    """The ids of a catalogue's papers. Each is looked up once until the catalogue changes."""

    _catalog: Catalog
    _seen: _Seen = field(default_factory=lambda: _Seen(-1))

    def edition(self, paper_id: str) -> Edition:
        """The current edition of an id with or without a version. Raises ``PaperNotFound``."""
        seen, changes = self._seen, self._catalog.changes
        if seen.changes != changes or len(seen.editions) >= _MOST:
            seen = self._seen = _Seen(changes)
        if paper_id not in seen.editions:
            seen.editions[paper_id] = self._edition(paper_id)
        return seen.editions[paper_id]

    def has(self, paper_id: str) -> bool:
        """Whether a paper that counts has exactly this id."""
        return bool(self._catalog.editions.find("paper_id", paper_id, "current"))

    def find_arxiv(self, arxiv_id: str) -> HeldPaper | None:
        """What there is of the arXiv paper of that id (without a version), if anything."""
        alias = None
        found = self._catalog.editions.find("paper_key", arxiv_id, "current")
        if not found:
            alias = self._catalog.arxiv.alias(arxiv_id)
            key = alias.target if alias else ""
            found = self._catalog.editions.find("paper_key", key, "current") if alias else []
        if not found:
            return None
        edition = found[0]
        if alias is not None:
            return HeldPaper(edition.paper_id, alias.version, edition.passages, True)
        return HeldPaper(edition.paper_id, edition.version, edition.passages, edition.recorded)

    def edition_then(self, paper_id: str) -> tuple[Edition, list[KeptDigest]]:
        """The edition that counts now of a paper, and its former digests, newest first.

        An id with a version that is not here any more stands for the paper where a digest of that
        version is kept, and then only those of that version are given. Raises ``PaperNotFound``.
        """
        key = key_of(paper_id)
        try:
            edition = self.edition(paper_id)
        except PaperNotFound:
            current = self._catalog.editions.find("paper_key", key.paper, "current")
            former = [
                one for one in self._catalog.digests.former(key.paper) if one.version == key.version
            ]
            if not (current and former):
                raise
            return current[0], former
        return edition, self._catalog.digests.former(edition.paper_key)

    def _edition(self, paper_id: str) -> Edition:
        key, editions = key_of(paper_id), self._catalog.editions
        exact = editions.find("paper_id", paper_id, "current")
        found = exact or editions.find("paper_key", key.paper, "current")
        if not found:
            alias = self._catalog.arxiv.alias(key.paper)
            if alias is not None and key.version in (None, alias.version):
                found = editions.find("paper_key", alias.target, "current")
                exact = found
        if not found:
            failed = editions.find("paper_id", paper_id, "failed")
            if failed:
                raise PaperNotFound(paper_id, why=f"{failed[-1].status}: {failed[-1].reason}")
            ids = editions.ids().values()
            raise PaperNotFound(paper_id, tuple(difflib.get_close_matches(paper_id, ids)))
        edition = found[0]
        known = None not in (key.version, edition.version)
        if not exact and known and key.version != edition.version:
            raise PaperNotFound(paper_id, (f"{edition.paper_key}v{edition.version}",))
        return edition
