"""A library's digests: saved as text, searched by their sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.catalog import Catalog, KeptDigest
from index.errors import PaperChanged
from index.hits import ClaimHit, ClaimRecord, ClaimVector, SearchFilter
from index.library.claims import claim_points, resolves
from index.library.engines import Engines
from index.library.ids import Ids
from index.library.points import valid_date
from index.library.search import resolved
from index.sources import key_of


@dataclass(eq=False)
class SavedDigests:
    """The digests of an open library. The methods are described in ``Papers``."""

    _catalog: Catalog
    _ids: Ids
    _engines: Engines

    def save(
        self,
        paper_id: str,
        key: str,
        text: str,
        lang: str,
        claims: Sequence[ClaimRecord],
        writer: str,
    ) -> None:
        """Save a digest and let its claims be searched."""
        engine = self._engines.started()
        edition = self._ids.edition(paper_id)
        paper = self._catalog.contents.paper(edition.number)
        if not all(resolves(claim, paper) for claim in claims):
            raise PaperChanged(paper_id)
        dated = valid_date(paper.date)
        points = claim_points(claims, dated, engine.embedder, engine.sparse_encoder)
        with self._engines.writing:
            if self._ids.edition(paper_id).number != edition.number:
                raise PaperChanged(paper_id)
            index = self._engines.claims(engine)
            index.save(edition.number, lang, key, text, claims, points, writer)

    def newest(self, paper_id: str, lang: str, writer: str) -> KeptDigest | None:
        """The digest that was last saved in that language by that writer."""
        edition, former = self._ids.edition_then(paper_id)
        key = key_of(paper_id)
        kept = [*self._catalog.digests.newest(edition.number), *former]
        if key.version is not None and key.paper == edition.paper_key:
            kept = [one for one in kept if one.version == key.version]
        return next((one for one in kept if (one.lang, one.writer) == (lang, writer)), None)

    def former(self, paper_id: str) -> tuple[KeptDigest, ...]:
        """Digests of what the paper's file was before, newest first."""
        edition, former = self._ids.edition_then(paper_id)
        return tuple(one for one in former if one.sha256 != edition.sha256)

    def unsearched(self) -> dict[str, tuple[str, ...]]:
        """Papers whose saved digests are not searched, with the digests."""
        unclaimed = self._catalog.claims.unclaimed()
        return {
            paper_id: self._catalog.digests.texts(number) for number, paper_id in unclaimed.items()
        }

    def search(self, query: str, k: int, filter: SearchFilter | None) -> list[ClaimHit]:
        """The ``k`` best sentences, best first."""
        wanted = resolved(filter, self._ids, self._catalog)
        engine = self._engines.started()
        index = self._engines.claims_to_search(engine)
        return index.search(query, k, wanted, engine.embedder, engine.sparse_encoder)

    def vectors(self, paper_id: str) -> tuple[ClaimVector, ...]:
        """The sentences of a paper's digest that are searched, with their vectors."""
        edition = self._ids.edition(paper_id)
        sets = self._catalog.claims.sets(edition.number)
        if not sets:
            return ()
        engine = self._engines.started()
        return self._engines.claims(engine).vectors(sets[0].number)

    def like(
        self, claim_id: str, k: int, filter: SearchFilter | None
    ) -> tuple[ClaimRecord, list[ClaimHit]]:
        """A claim, and the ``k`` nearest to it among those of other papers, nearest first."""
        wanted = resolved(filter, self._ids, self._catalog)
        engine = self._engines.started()
        return self._engines.claims_to_search(engine).like(claim_id, k, wanted, engine.embedder)
