"""Model and vectors, opened when they are needed; each rebuild makes another generation of them.

They are used only where they fit what the catalogue says the library was made with, and once what a
crash left is cleared away.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from index.catalog import Catalog
from index.config import Settings
from index.errors import GlossError, LibraryUnusable
from index.library.access import Access
from index.library.claims import ClaimIndex
from index.library.files import Files
from index.library.parts import Encoders, Parts, bm25_encoder
from index.library.points import TITLE_WEIGHT
from index.library.points import VERSION as POINTS_VERSION
from index.library.rest import resting
from index.room import scratch_folder
from index.secret import without_login
from index.split import TOKENS, TOKENS_MAX
from index.store import Store, StoreFactory

if TYPE_CHECKING:
    from index.embed import Embedder

STORES = ("vectors", "claims")  # what stores are called, followed by the generation
_VECTORS, _CLAIMS = STORES
EMBEDDED = "the embedded store"  # where a library's vectors are, if on no server


@dataclass(frozen=True, slots=True)
class Engine(Encoders):
    """An embedding model and the vectors that it made."""

    store: Store
    generation: int
    claims: list[ClaimIndex] = field(default_factory=list)  # one, once it is opened
    means: dict[int, tuple[float, ...]] = field(default_factory=dict)  # of editions looked at

    def close(self) -> None:
        """Close the stores."""
        try:
            for index in self.claims:
                index.close()
        finally:
            self.store.close()


@dataclass(eq=False)
class Engines:
    """The current engine, and former ones that searches may still use.

    Whoever changes which editions or claim sets count holds ``writing``.
    """

    _settings: Settings
    _access: Access
    _parts: Parts
    _catalog: Catalog
    _files: Files
    writing: threading.RLock = field(default_factory=threading.RLock, init=False)
    _engine: Engine | None = field(default=None, init=False)
    # Rebuilt; searches that had begun end on them.
    _former: list[Engine] = field(default_factory=list, init=False)
    _copies: TemporaryDirectory[str] | None = field(default=None, init=False)
    # Whose vectors were seen to be there.
    _claims_seen: ClaimIndex | None = field(default=None, init=False)

    @property
    def model(self) -> str:
        """The model that the settings name, or where they name none the library's own."""
        if "model" in self._settings.model_fields_set:
            return self._settings.model
        return self._catalog.meta().get("model", self._settings.model)

    @property
    def current(self) -> Engine | None:
        """The current engine, or None before it is opened."""
        return self._engine

    def embedder(self) -> Embedder:
        """The model, opened at the first call."""
        if self._engine is not None:
            return self._engine.embedder
        if self._parts.embedder is not None:
            return self._parts.embedder
        from index.embed import open_embedder

        return open_embedder(self.model, self._settings.cache)

    def started(self) -> Engine:
        """Model and store, after a check against this library and a cleanup of crash leftovers."""
        engine = self._engine
        if engine is not None:
            return engine
        with self.writing:
            if self._engine is None:
                self._engine = self._start()
            return self._engine

    def _start(self) -> Engine:
        embedder, meta = self.embedder(), self._catalog.meta()
        current = self._catalog.editions.numbers("current")
        misfit = self._misfit(embedder, meta)
        if misfit and current:
            raise LibraryUnusable(self._access.directory, misfit)
        generation = int(meta.get("generation", 1))
        if (
            misfit and self._access.writable
        ):  # what is there may be damaged, or of another dimension
            if "collection" not in meta:
                self._catalog.set_meta({"collection": new_collection()})
            self.drop_stores(generation)
        engine = self.opened(embedder, generation)
        try:
            there = engine.store.editions()
            if current and current.isdisjoint(there):  # it would find nothing
                raise LibraryUnusable(
                    self._access.directory, "its vectors are not here; run `gloss doctor --repair`"
                )
            if not self._access.writable:
                return engine  # what a crash left waits, and counts no more than it did
            made_with = self.made_with(embedder) if misfit else self._store_place()
            if not made_with.items() <= meta.items():
                self._catalog.set_meta(made_with)
            # Vectors that an older catalogue does not know: no other paper is to have their number.
            self._catalog.editions.skip_numbers(max(there, default=0))
            for number in self._catalog.editions.numbers("pending", "replaced"):
                self.drop(number, engine)
            self.discard()
        except BaseException:
            engine.close()
            raise
        return engine

    def opened(self, embedder: Embedder, generation: int) -> Engine:
        """The engine of a generation, current or not."""
        sparse_encoder = self._parts.sparse_encoder or bm25_encoder()
        store = self._store_factory().open(stored_name(_VECTORS, generation), embedder.dimension)
        return Engine(embedder, sparse_encoder, store, generation)

    def drop(self, number: int, engine: Engine) -> None:
        """Remove an edition: vectors, then its file, then its row, which knows of both."""
        claim_sets = self._catalog.claims.numbers_of(number)
        if claim_sets:
            self.claims(engine).drop_vectors(claim_sets)
        engine.store.delete(number)
        editions = self._catalog.editions
        self._files.delete(editions.own_file(number))
        editions.purge(number)

    def claims(self, engine: Engine) -> ClaimIndex:
        """The claims and their store, after a cleanup of crash leftovers.

        A library without digests that count has nothing there that does.
        """
        if engine.claims:
            return engine.claims[0]
        with self.writing:
            if not engine.claims:
                factory, name = self._store_factory(), stored_name(_CLAIMS, engine.generation)
                if self._access.writable and not self._catalog.claims.are_there():
                    factory.drop(name)
                store = factory.open(name, engine.embedder.dimension)
                index = ClaimIndex(self._catalog, store)
                try:
                    if self._access.writable and engine.generation == int(
                        self._catalog.meta().get("generation", 1)
                    ):
                        # What a crash left of sets that never counted, or no longer do.
                        index.drop(self._catalog.claims.numbers("pending", "replaced"))
                        self._catalog.claims.skip_numbers(max(index.counts(), default=0))
                except BaseException:
                    index.close()
                    raise
                engine.claims.append(index)
            return engine.claims[0]

    def claims_to_search(self, engine: Engine) -> ClaimIndex:
        """The claims, for a search; an error if their vectors are missing, not an empty result."""
        index = self.claims(engine)
        if index is not self._claims_seen and not self._access.beside:  # sets come meanwhile
            with self.writing:  # no set comes or goes between the two looks
                there = index.counts().keys()
                gone = [
                    one
                    for one in self._catalog.claims.sets()
                    if one.claims and one.number not in there
                ]
            if gone:
                raise LibraryUnusable(
                    self._access.directory,
                    f"the vectors of {len(gone)} of its digests are not here; "
                    "run `gloss doctor --repair`",
                )
            self._claims_seen = index
        return index

    # What they were made with.

    def made_with(self, embedder: Embedder) -> dict[str, str]:
        """The catalogue's ``meta`` values for vectors of this model with these settings."""
        return {
            "model": embedder.name,
            "fingerprint": embedder.fingerprint,
            "dimension": str(embedder.dimension),
            **self.splitting(),
            **self._store_place(),
        }

    def splitting(self) -> dict[str, str]:
        """The versions and sizes that decide passages and points."""
        return {
            "points": POINTS_VERSION,
            "title_weight": str(TITLE_WEIGHT),
            "passage_tokens": str(TOKENS),
            "passage_tokens_max": str(TOKENS_MAX),
        }

    def _store_place(self) -> dict[str, str]:
        """Where this library's vectors are; empty for a store factory that the caller gave."""
        if self._parts.stores is not None:
            return {}
        return {"store": self._settings.qdrant.url.rstrip("/") or EMBEDDED}

    def _misfit(self, embedder: Embedder, meta: Mapping[str, str]) -> str:
        """Why vectors of this model cannot join those that the library has, or had; "" if they can.

        Vectors in bfloat16 and in f32 are of one model: a machine that has the former takes a
        library of the latter, and the other way about.
        """
        from index.embed import weights_of

        if weights_of(meta.get("fingerprint", "")) != weights_of(embedder.fingerprint):
            model, wanted = meta.get("model", "unknown"), embedder.name
            if model == wanted:
                wanted = "of other weights, as those of that name are now"
            return (
                f"its vectors are of another model ({model}, not {wanted}); set GLOSS_MODEL back, "
                "or run `gloss doctor --repair` to rebuild them"
            )
        former = without_login(meta.get("store", ""))  # earlier versions stored that, too
        here = self._store_place().get("store", former)
        if former not in ("", here):
            return (
                f"its vectors are not here ({here}) but in {former}; set GLOSS_QDRANT__URL back, "
                "or run `gloss doctor --repair` to rebuild them"
            )
        return ""

    # Generations.

    def _store_factory(self) -> StoreFactory:
        if self._parts.stores is not None:
            return self._parts.stores
        if self._settings.qdrant.url:
            from index.store.client import ClientStoreFactory

            # Edition numbers are this library's own, so each library has its own collections.
            return ClientStoreFactory(self._settings.qdrant, self._catalog.meta()["collection"])
        from index.store.edge import CopiedStoreFactory, EdgeStoreFactory

        if not self._access.writable:
            directory = self._access.directory
            rests = partial(resting, directory) if self._access.beside else nullcontext
            return CopiedStoreFactory(directory, self._scratch(), rests)
        return EdgeStoreFactory(self._access.directory)

    def _scratch(self) -> Path:
        """A temporary folder for copies of stores, deleted when these are closed."""
        with self.writing:
            if self._copies is None:
                self._copies = scratch_folder()
            return Path(self._copies.name)

    def drop_stores(self, generation: int) -> None:
        """Delete the stores of a generation."""
        for name in STORES:
            self._store_factory().drop(stored_name(name, generation))

    def switch(self, fresh: Engine, made_with: Mapping[str, str]) -> None:
        """Make rebuilt vectors current; the former ones are deleted when nothing uses them."""
        meta = self._catalog.meta()
        same_place = meta.get("store") == made_with.get("store")
        former = int(meta.get("generation", 1))
        editions = self._catalog.editions  # those that do not count end with the former vectors
        for file in editions.files("pending", "replaced") - editions.files("current"):
            self._files.delete(file)
        self._catalog.contents.commit_rebuild(
            {
                **made_with,
                "generation": str(fresh.generation),
                "rebuilding": "",
                "discarded": json.dumps([former] if same_place else []),
            }
        )
        if self._engine is not None:
            self._former.append(self._engine)
        self._engine = fresh

    def discard(self) -> None:
        """Delete vectors that a rebuild replaced, and those of an abandoned rebuild."""
        generations = json.loads(self._catalog.meta().get("discarded", "[]"))
        in_use = [*self._former, *([self._engine] if self._engine else [])]
        if any(engine.generation in generations for engine in in_use):
            return  # a search may be under way on them
        for generation in generations:
            self.drop_stores(generation)
        if generations:
            self._catalog.set_meta({"discarded": "[]"})

    def close(self) -> None:
        """Close all stores; those that a rebuild replaced are deleted."""
        engines, self._engine = [*self._former, self._engine], None
        self._claims_seen = None
        try:
            for engine in engines:
                if engine is not None:
                    engine.close()
        finally:
            if self._copies is not None:
                self._copies.cleanup()
                self._copies = None
            if self._former:
                self._former = []
                with suppress(GlossError):  # else the next opening does so
                    self.discard()


def new_collection() -> str:
    """A unique name for a library's collections on a server."""
    return f"gloss-{uuid.uuid4().hex[:12]}"


def stored_name(name: str, generation: int) -> str:
    """What a store of a generation is called; of the first, as folders were before there were any
    others."""
    return name if generation == 1 else f"{name}-{generation}"
