"""Vectors rebuilt from the catalogue, beside the former ones, which answer meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from index.catalog import Catalog, ClaimSet, Edition
from index.config import Settings
from index.errors import PaperDamaged, StoreUnusable
from index.hits import Passage
from index.library.claims import ClaimIndex, claim_points
from index.library.engines import Engine, Engines, new_collection
from index.library.parts import Parts
from index.library.points import paper_points, valid_date
from index.library.preparing import splitter
from index.paper import Paper
from index.split import TooManyPassages
from index.store import Point

if TYPE_CHECKING:
    from index.embed import Embedder

# Points that are stored at once. Making them durable takes 0.3 s on a busy disk, and more the more
# there are: once for each paper, that was half of a rebuild. A kill has as many embedded again.
POINTS_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a rebuild: a paper or a digest, its number from 0, and the total."""

    what: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A started rebuild: its generation, and what it is built from."""

    generation: int
    made_with: Mapping[str, str]

    @classmethod
    def noted(cls, meta: Mapping[str, str]) -> Rebuild | None:
        """The interrupted rebuild that the catalogue records, or None."""
        note = meta.get("rebuilding")
        return cls(**json.loads(note)) if note else None


_Tell = Callable[[str, int], None]  # what is rebuilt now, and how many were before it


@dataclass(eq=False)
class Rebuilding:
    """Rebuilds of an open library. The caller holds the lock of adding."""

    _settings: Settings
    _parts: Parts
    _catalog: Catalog
    _engines: Engines

    def rebuild(self, progress: Callable[[Step], None] | None, embedder: Embedder | None) -> None:
        """Rebuild the vectors with the passage size of the settings.

        The model is the settings', or ``embedder``. Cut short, it leaves the library as it was;
        begun again with the same model and settings, it goes on after the papers that were done.
        """
        embedder = embedder or self._engines.embedder()
        rebuild = self._begun(embedder)
        fresh = self._engines.opened(embedder, rebuild.generation)
        try:
            staged: set[int] = set()
            self._fill(fresh, staged, progress)
            with self._engines.writing:  # from here on no paper or digest comes or goes
                self._fill(fresh, staged, None)
                self._engines.switch(fresh, rebuild.made_with)
        except BaseException:
            if fresh is not self._engines.current:
                fresh.close()
            raise
        self._engines.discard()

    def _begun(self, embedder: Embedder) -> Rebuild:
        """The rebuild to continue, or a new one; another interrupted one is abandoned."""
        with self._engines.writing:
            self._engines.discard()
            meta = self._catalog.meta()
            made_with = self._engines.made_with(embedder)
            noted = Rebuild.noted(meta)
            if noted and noted.made_with == made_with and self._is_sound(noted, embedder):
                return noted
            last = max(int(meta.get("generation", 1)), noted.generation if noted else 0)
            rebuild = Rebuild(last + 1, made_with)
            values = {"rebuilding": json.dumps(asdict(rebuild))}
            if noted:
                values["discarded"] = json.dumps([noted.generation])
            if "collection" not in meta:
                values["collection"] = new_collection()
            self._catalog.set_meta(values)
            self._engines.discard()
            self._engines.drop_stores(rebuild.generation)
            return rebuild

    def _is_sound(self, rebuild: Rebuild, embedder: Embedder) -> bool:
        """Whether what a rebuild has made so far can be opened; a server's cannot be damaged."""
        if self._settings.qdrant.url:
            return True
        try:
            engine = self._engines.opened(embedder, rebuild.generation)
            try:
                engine.store.editions()
                if self._catalog.claims.are_there():
                    self._engines.claims(engine).counts()
            finally:
                engine.close()
        except StoreUnusable:
            return False
        return True

    def _fill(
        self, fresh: Engine, staged: set[int], progress: Callable[[Step], None] | None
    ) -> None:
        """Add what the rebuilt vectors lack, and remove what is no longer there.

        ``staged`` are the editions that were split again, which it adds to.
        """
        editions = self._catalog.editions.in_state("current")
        sets = self._catalog.claims.sets()
        index = self._engines.claims(fresh) if sets or fresh.claims else None

        def tell(what: str, done: int) -> None:
            if progress is not None:
                progress(Step(what, done, len(editions) + len(sets)))

        self._fill_passages(fresh, editions, staged, tell)
        if index is not None:
            self._fill_claims(
                fresh, index, sets, staged, lambda what, done: tell(what, done + len(editions))
            )

    def _fill_passages(
        self, fresh: Engine, editions: list[Edition], staged: set[int], tell: _Tell
    ) -> None:
        meta = self._catalog.meta()
        resplit = any(meta.get(name) != value for name, value in self._engines.splitting().items())
        there = fresh.store.editions()
        for number in there.keys() - {edition.number for edition in editions}:
            fresh.store.delete(number)
        with _stored_at_once(fresh.store.upsert) as put:
            for done, edition in enumerate(editions):
                if edition.number not in staged:
                    tell(edition.paper_id, done)
                    put(self._points(fresh, edition, there, resplit, staged))

    def _points(
        self,
        fresh: Engine,
        edition: Edition,
        there: Mapping[int, int],
        resplit: bool,
        staged: set[int],
    ) -> list[Point]:
        """The points that an edition lacks, of which ``there`` has so many; its passages made
        anew, where they are damaged or of other settings, which adds it to ``staged``.
        """
        sound = self._catalog.integrity.are_passages_sound(edition.number)
        again = resplit or not sound
        if not again and there.get(edition.number) == edition.passages:
            return []
        paper = self._still_there(edition.number)
        if paper is None:
            return []
        passages = kept = self._catalog.contents.passages(edition.number) if sound else ()
        if again:
            passages = self._split(paper) or kept
        if passages != kept or not sound:
            self._catalog.contents.stage_passages(edition.number, passages)
            staged.add(edition.number)
        if there.get(edition.number) == len(passages):
            return []
        vectors = fresh.embedder.embed_passages([one.text for one in passages])
        points = paper_points(paper, passages, vectors, fresh)
        if edition.number in there:
            fresh.store.delete(edition.number)
        return [replace(point, edition=edition.number) for point in points]

    def _fill_claims(
        self,
        fresh: Engine,
        index: ClaimIndex,
        sets: list[ClaimSet],
        staged: set[int],
        tell: _Tell,
    ) -> None:
        dates = {one.number: one.date for one in self._catalog.editions.in_state("current")}
        sets = [one for one in sets if one.edition not in staged]  # others cite former passages
        filled = index.counts()
        index.drop_vectors(filled.keys() - {one.number for one in sets})
        with _stored_at_once(index.fill) as put:
            for done, one in enumerate(sets):
                tell(f"{one.paper_id}, digest ({one.lang})", done)
                if filled.get(one.number, 0) == one.claims:
                    continue
                if one.edition in dates:  # else its paper was just removed
                    claims, date = self._catalog.claims.of_set(one.number), dates[one.edition]
                    date = valid_date(date)
                    points = claim_points(claims, date, fresh.embedder, fresh.sparse_encoder)
                    put([replace(point, edition=one.number) for point in points])

    def _still_there(self, number: int) -> Paper | None:
        """The paper of an edition, or None if it was just removed, or is damaged."""
        try:
            return self._catalog.contents.paper(number)
        except (KeyError, PaperDamaged):
            return None

    def _split(self, paper: Paper) -> tuple[Passage, ...]:
        """Its passages; none where it has more than one may have by now."""
        with suppress(TooManyPassages):
            return splitter(self._settings, self._parts.count_tokens)(paper)
        return ()


@contextmanager
def _stored_at_once(
    store: Callable[[Sequence[Point]], None],
) -> Iterator[Callable[[Sequence[Point]], None]]:
    """Takes points, and stores ``POINTS_AT_ONCE`` of them at a time, the last ones at the end.

    An interrupt has those stored that wait. Those that were being stored are made again next time.
    """
    waiting: list[Point] = []

    def put(points: Sequence[Point]) -> None:
        waiting.extend(points)
        if len(waiting) >= POINTS_AT_ONCE:
            stored = waiting.copy()
            waiting.clear()
            store(stored)

    try:
        yield put
    finally:
        if waiting:
            store(waiting)
