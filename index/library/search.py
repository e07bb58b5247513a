"""From a query to passages: the hits of the store that count and contain every quoted phrase."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from index.catalog import Catalog, KeptPassage
from index.errors import PaperDamaged
from index.hits import Hit, NearPaper, SearchFilter, SparseVector
from index.library.engines import Engines
from index.library.ids import Ids
from index.library.rank import RERANKED, encode_query, rank
from index.library.tools import Tools
from index.reference import parse_reference
from index.store import Scored, VectorQuery, point_id

_log = logging.getLogger(__name__)

# Passages with a quoted phrase that the store is given by name. Of a phrase that more have, the
# best hits have it too, and only they are looked at.
_NAMED = 1_000
# Passages that are looked at for papers near to a vector, and the most of them: papers have some
# eighty, and the nearest of a few papers may be most of those near to the vector.
_NEAR, _NEAR_MOST = 200, 3_200
_NO_TERMS = SparseVector((), ())


@dataclass(eq=False)
class PassageSearch:
    """Searches of an open library."""

    _catalog: Catalog
    _ids: Ids
    _engines: Engines
    _tools: Tools

    def search(self, query: str, k: int, filter: SearchFilter | None) -> list[Hit]:
        """The ``k`` best passages, best first.

        Their scores are sums (``index.store.fused``), or the reranker's where there is one.
        A query that is nothing but the arXiv id or address of a paper that is here asks for that
        paper, not for those that cite it.
        """
        wanted = resolved(filter, self._ids, self._catalog)
        engine = self._engines.started()
        named = parse_reference(query)
        held = self._ids.find_arxiv(named.id) if named and wanted.paper_id is None else None
        if held is not None:
            edition = self._ids.edition(held.paper_id)
            wanted = replace(wanted, paper_id=edition.paper_id)
            query = edition.title or query
        asked = encode_query(query, engine.embedder, engine.sparse_encoder)

        contents, having, points = self._catalog.contents, None, None
        if asked.phrases:
            having = contents.containing(asked.phrases, _NAMED)
            if having is not None:
                points = tuple(point_id(*key) for key in having)

        def best(limit: int) -> list[Scored]:
            return engine.store.search(
                VectorQuery(
                    dense=asked.dense,
                    sparse=asked.sparse,
                    limit=limit,
                    filter=wanted,
                    points=points,
                )
            )

        def counting(found: Sequence[Scored]) -> list[Scored]:
            current = self._catalog.editions.current_among(one.edition for one in found)
            kept = [one for one in found if one.edition in current]
            if not asked.phrases:
                return kept
            met = having
            if met is None:
                keys = [(one.edition, one.passage_id) for one in kept]
                met = contents.containing_among(asked.phrases, keys)
            return [one for one in kept if (one.edition, one.passage_id) in met]

        reranker = self._tools.reranker()
        depth = max(k, RERANKED) if reranker else k
        hits = self._hits(rank(best, depth, counting))
        if reranker:
            texts = [f"{hit.title}\n{hit.passage.text}" for hit in hits]
            scored_anew = zip(hits, reranker.scores(query, texts), strict=True)
            hits = [replace(hit, score=score) for hit, score in scored_anew]
            hits.sort(key=lambda hit: -hit.score)
        return hits[:k]

    def near(self, vector: Sequence[float], k: int, filter: SearchFilter | None) -> list[NearPaper]:
        """The ``k`` papers with the passages nearest to ``vector``, nearest first."""
        wanted = resolved(filter, self._ids, self._catalog)
        engine = self._engines.started()
        limit = max(_NEAR, k)
        while True:
            asked = VectorQuery(vector, _NO_TERMS, limit, wanted)
            found = engine.store.search(asked)
            current = self._catalog.editions.ids()
            best: dict[str, NearPaper] = {}
            for one in found:
                paper_id = current.get(one.edition)
                if paper_id is not None:
                    best.setdefault(paper_id, NearPaper(paper_id, one.score))
            if len(best) >= k or len(found) < limit or limit >= _NEAR_MOST:
                return list(best.values())[:k]
            limit *= 4

    def mean_vectors(self, among: Collection[str] | None) -> dict[str, tuple[float, ...]]:
        """The mean of each paper's vectors, by paper id; each is read from the store once."""
        engine = self._engines.started()
        means = engine.means
        known = set(means)
        ids = self._catalog.editions.ids()
        for number in known - ids.keys():  # whose paper was removed or replaced
            means.pop(number, None)
        current = {
            number: paper_id
            for number, paper_id in ids.items()
            if among is None or paper_id in among
        }
        missing = current.keys() - known
        if missing:
            means.update(engine.store.means(missing))
        return {
            paper_id: mean
            for number, paper_id in current.items()
            if (mean := means.get(number)) is not None
        }

    def _hits(self, ranked: Sequence[Scored]) -> list[Hit]:
        """What the catalogue has of what was found; not what was replaced a moment ago."""
        wanted: dict[int, list[str]] = {}
        for scored in ranked:
            wanted.setdefault(scored.edition, []).append(scored.passage_id)
        kept = {edition: self._found(edition, ids) for edition, ids in wanted.items()}
        return [
            Hit(one.passage, scored.score, scored.found_by, one.title, one.boxes)
            for scored in ranked
            if (one := kept[scored.edition].get(scored.passage_id)) is not None
        ]

    def _found(self, edition: int, passage_ids: Sequence[str]) -> dict[str, KeptPassage]:
        """Passages of an edition; none of a damaged one, so that those of others are found."""
        try:
            return self._catalog.contents.found(edition, passage_ids)
        except PaperDamaged as error:
            _log.warning("%s; its passages are left out", error)
            return {}


def resolved(filter: SearchFilter | None, ids: Ids, catalog: Catalog) -> SearchFilter:
    """A filter in the store's terms: papers by their own ids, no category.

    Raises ``PaperNotFound``.
    """
    wanted = filter or SearchFilter()
    if wanted.paper_id is not None:
        wanted = replace(wanted, paper_id=ids.edition(wanted.paper_id).paper_id)
    if wanted.category is not None:  # the store does not know of categories
        inside = catalog.editions.in_category(wanted.category)
        if wanted.among is not None:
            among = set(wanted.among)
            inside = tuple(one for one in inside if one in among)
        wanted = replace(wanted, category=None, among=inside)
    return wanted
