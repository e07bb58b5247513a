"""Search in the sentences of digests: claims in a second collection beside that of the passages.

The catalogue is the truth here too. A digest is saved in the transaction that makes its claim set
count, once the set's vectors are in the store; the former set of that paper and language goes
afterwards. The store is one of ``index.store``, whose points carry the number of a claim set where
those of passages carry that of an edition. Numbers are never used twice, so that what a crash
leaves behind is never shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Protocol

from index.catalog import Catalog, KeptClaim
from index.errors import ClaimNotFound, GlossError, NoDigests, RoleOfDigest, StoreUnusable
from index.hits import ClaimHit, ClaimRecord, ClaimVector, SearchFilter, SparseVector
from index.library.rank import EncodedQuery, SparseEncoder, encode_query, rank
from index.paper import Paper
from index.store import Point, Scored, Store, VectorQuery

_NO_TERMS = SparseVector((), ())

# "Which papers report X" asks for X: every digest has words like "this paper reports".
_ASKING = re.compile(
    r"^\W*(?:which|what)\s+(?:of\s+(?:the|these)\s+)?(?:other\s+)?"
    r"(?:papers?|works?|study|studies|articles?|authors?|digests?)\s+"
    r"(?:have\s+|has\s+|that\s+|also\s+)*"
    r"(?:reports?|reported|finds?|found|shows?|shown|claims?|claimed|says?|states?|describes?|"
    r"presents?|proposes?|discuss(?:es)?|mentions?|observes?)\s+(?:that\s+|about\s+|of\s+)?",
    re.I,
)


class ClaimEmbedder(Protocol):
    """The part of an embedding model that claims need."""

    def embed_passages(self, texts: Sequence[str]) -> Any:
        """A row of unit length for each text."""

    def embed_query(self, text: str) -> Any:
        """The query's vector, of unit length."""


def claim_points(
    claims: Sequence[ClaimRecord],
    date: str | None,
    embedder: ClaimEmbedder,
    sparse_encoder: SparseEncoder,
) -> list[Point]:
    """Claims as points whose claim set is still to be set, in the same order.

    ``date`` is the paper's, ISO and valid.
    """
    if not claims:
        return []
    vectors = embedder.embed_passages([claim.text for claim in claims])
    return [
        Point(
            passage_id=claim.id,
            paper_id=claim.paper_id,
            edition=0,
            role=None,
            date=date,
            dense=vector.tolist(),
            sparse=sparse_encoder.encode_passage(claim.text),
        )
        for claim, vector in zip(claims, vectors, strict=True)
    ]


def resolves(claim: ClaimRecord, paper: Paper) -> bool:
    """Whether the claim has citations and each quotes the paper's text at its span."""
    return (
        claim.paper_id == paper.id
        and bool(claim.citations)
        and all(citation.span.of(paper.text) == citation.quote for citation in claim.citations)
    )


@dataclass(eq=False)
class ClaimIndex:
    """Claims in an open store, which this index closes. Made by ``Library``.

    Every method raises ``StoreUnusable`` where the store cannot answer.
    """

    _catalog: Catalog
    _store: Store

    def save(
        self,
        edition: int,
        lang: str,
        digest: str,
        text: str,
        claims: Sequence[ClaimRecord],
        points: Sequence[Point],
        writer: str,
    ) -> None:
        """Save a writer's digest (``text``, under the name ``digest``) and let its claims count.

        They take the place of those of the edition's former digest in that language. Cut short,
        it leaves the former digest and its claims.
        """
        former = [one.number for one in self._catalog.claims.sets(edition) if one.lang == lang]
        number = self._catalog.claims.add_pending(edition, lang, digest, claims)
        try:
            self._store.upsert([replace(point, edition=number) for point in points])
            self._catalog.claims.commit(number, text, writer)
        except BaseException:
            # What was interrupted after the commit counts. What does not is taken out; if that
            # cannot be done now, the next opening does so.
            with suppress(GlossError):
                if number in self._catalog.claims.numbers("pending"):
                    self.drop([number])
            raise
        with suppress(StoreUnusable):  # not shown any more; else the next opening does so
            self.drop(former)

    def drop(self, numbers: Iterable[int]) -> None:
        """Take out claim sets: vectors first, then the rows that know of them."""
        for number in numbers:
            self._store.delete(number)
            self._catalog.claims.purge(number)

    def drop_vectors(self, numbers: Iterable[int]) -> None:
        """Take out the vectors of claim sets whose rows go with their edition's."""
        for number in numbers:
            self._store.delete(number)

    def fill(self, points: Sequence[Point]) -> None:
        """Put points of claim sets in that count already."""
        self._store.upsert(points)

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    def counts(self) -> dict[int, int]:
        """How many points each claim set has."""
        return self._store.editions()

    def damaged(self) -> frozenset[int]:
        """Claim sets with points that are not what was stored, or that filters do not find."""
        return self._store.damaged()

    def search(
        self,
        query: str,
        k: int,
        wanted: SearchFilter,
        embedder: ClaimEmbedder,
        sparse_encoder: SparseEncoder,
    ) -> list[ClaimHit]:
        """The ``k`` best claims, best first; a sentence that a digest has twice comes once.

        Raises ``EmptyQuery``; ``NoDigests`` where there is nothing to search.
        """
        self._check(wanted)
        about = _ASKING.sub("", query, count=1)
        asked = encode_query(
            about if any(map(str.isalnum, about)) else query,
            embedder,
            sparse_encoder,
        )
        return self._best(asked, k, wanted)

    def like(
        self, claim_id: str, k: int, wanted: SearchFilter, embedder: ClaimEmbedder
    ) -> tuple[ClaimRecord, list[ClaimHit]]:
        """A claim and the ``k`` of other papers that are nearest to it, by its own vector.

        Raises ``ClaimNotFound``.
        """
        if wanted.role is not None:
            raise RoleOfDigest(wanted.role)
        own = self.claim(claim_id)
        alike = EncodedQuery(embedder.embed_passages([own.claim.text])[0].tolist(), _NO_TERMS)
        return own.claim, self._best(alike, k, wanted, apart_from=own.edition)

    def vectors(self, number: int) -> tuple[ClaimVector, ...]:
        """The claims of a set in the digest's order, with their vectors."""
        vectors = self._store.vectors(number)
        return tuple(
            ClaimVector(claim, vectors[claim.id])
            for claim in self._catalog.claims.of_set(number)
            if claim.id in vectors
        )

    def claim(self, claim_id: str) -> KeptClaim:
        """The claim of that id. Raises ``ClaimNotFound``."""
        kept = self._catalog.claims.find(claim_id)
        if kept is None:
            raise ClaimNotFound(claim_id, _near(claim_id, self._catalog.claims.ids()))
        return kept

    def _check(self, wanted: SearchFilter) -> None:
        if wanted.role is not None:
            raise RoleOfDigest(wanted.role)
        if not self._catalog.claims.are_there(wanted.paper_id):
            unclaimed = self._catalog.claims.unclaimed().values()
            old = [one for one in unclaimed if wanted.paper_id in (None, one)]
            raise NoDigests(wanted.paper_id or "", len(old))

    def _best(
        self, asked: EncodedQuery, k: int, wanted: SearchFilter, apart_from: int | None = None
    ) -> list[ClaimHit]:
        """The best claims that count; none of the edition ``apart_from``."""
        shown: dict[tuple[int, str], KeptClaim | None] = {}  # the same hits come again

        def shown_for(scored: Scored) -> KeptClaim | None:
            key = (scored.edition, scored.passage_id)
            if key not in shown:
                shown[key] = self._catalog.claims.shown(*key)
            return shown[key]

        def nearest(limit: int) -> list[Scored]:
            return self._store.search(
                VectorQuery(
                    dense=asked.dense,
                    sparse=asked.sparse,
                    limit=limit,
                    filter=wanted,
                )
            )

        def counting(found: Sequence[Scored]) -> list[Scored]:
            editions = self._catalog.claims.editions_of(one.edition for one in found)
            kept = [one for one in found if editions.get(one.edition) not in (None, apart_from)]
            if not asked.phrases:
                return kept
            return [
                one
                for one in kept
                if (claim := shown_for(one)) is not None and asked.is_met_by(claim.claim.text)
            ]

        limit = k
        while True:
            found = rank(nearest, limit, counting)
            hits: dict[str, ClaimHit] = {}
            for scored in found:
                kept = shown_for(scored)
                if kept is not None:  # else it was replaced a moment ago
                    hit = ClaimHit(kept.claim, scored.score, scored.found_by, kept.title)
                    hits.setdefault(kept.claim.id, hit)
            if len(hits) >= k or len(found) < limit:
                return list(hits.values())[:k]
            limit *= 2


def _near(claim_id: str, ids: Sequence[str]) -> tuple[str, ...]:
    """Ids that may have been meant: of the paper that is named, or of those with a similar id.

    Papers first, since comparing an id with those of all claims of a large library takes seconds.
    """
    by_paper: dict[str, list[str]] = {}
    for one in ids:
        by_paper.setdefault(_paper_of(one), []).append(one)
    named = _paper_of(claim_id)
    papers = [paper for paper in by_paper if named and paper.startswith(named)]
    papers = papers or get_close_matches(named, by_paper)
    return tuple(get_close_matches(claim_id, [one for paper in papers for one in by_paper[paper]]))


def _paper_of(claim_id: str) -> str:
    """``2407.03300v1`` of ``2407.03300v1/en/method.2``; empty for what is no claim's id."""
    return claim_id.rpartition("/")[0].rpartition("/")[0]
