"""An open library: opening, closing, and what may be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from index.catalog import Catalog, KeptDigest, KnownVersion, Listed, Mark, ShelfRow
from index.config import QdrantSettings, Settings
from index.entries import Entry, StoredEntry
from index.errors import GlossError, PaperNotFound
from index.hits import ClaimHit, ClaimRecord, ClaimVector, Hit, NearPaper, SearchFilter
from index.library.adding import Added, Adding
from index.library.digests import SavedDigests
from index.library.engines import Engines
from index.library.files import CATALOG, FILES, Files, is_bare, no_writing
from index.library.health import LibraryHealth, health
from index.library.ids import HeldPaper, Ids
from index.library.lock import Hold, hold
from index.library.notes import OwnNotes
from index.library.opening import ready
from index.library.papers import Papers
from index.library.parts import FileReader, HitReranker, Parts
from index.library.preparing import PendingPaper, Progress
from index.library.rank import SparseEncoder
from index.library.rebuild import Rebuilding, Step
from index.library.repairing import Repairing
from index.library.rows import PaperRow, paper_row, paper_rows
from index.library.search import PassageSearch
from index.library.stored import Holdings, StoredPaper
from index.library.tools import Tools
from index.paper import Record
from index.room import LEAST
from index.sources import Source, key_of
from index.split import CountTokens
from index.store import StoreFactory

if TYPE_CHECKING:
    from index.embed import Embedder
    from index.embed.states import SentenceEncoder


class Library(Papers):
    """An open library. ``close`` it, or use it in ``with``. Safe to call from several threads.

    ``Papers`` says what most of the methods do.
    """

    def __init__(
        self,
        settings: Settings,
        directory: Path,
        lock: Hold,
        parts: Parts,
    ) -> None:
        self.directory = directory
        self._settings = settings
        self._lock = lock
        self._parts = parts
        self._access = access = lock.access
        # What a first opening that was cut short has begun is completed, whoever comes next.
        create = access.writable and is_bare(directory)
        catalog = Catalog(directory / CATALOG, create, access.closed_catalog, access.beside)
        self._catalog = catalog
        self._files = files = Files(directory / FILES)
        self._tools = tools = Tools(settings, directory, parts)
        self._engines = engines = Engines(settings, access, parts, catalog, files)
        self._ids = ids = Ids(catalog)
        self._holdings = Holdings(catalog, files, tools)
        self._adding = Adding(settings, access, parts, catalog, files, ids, engines, tools)
        self._searches = PassageSearch(catalog, ids, engines, tools)
        self._digests = SavedDigests(catalog, ids, engines)
        self._notes = OwnNotes(catalog, access, ids)
        rebuilding = Rebuilding(settings, parts, catalog, engines)
        self._repairing = Repairing(catalog, files, tools, self._adding, rebuilding)

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        create: bool = True,
        beside: bool = False,
        embedder: Embedder | None = None,
        stores: StoreFactory | None = None,
        reader: FileReader | None = None,
        sparse_encoder: SparseEncoder | None = None,
        count_tokens: CountTokens | None = None,
        reranker: HitReranker | None = None,
        sentence_encoder: SentenceEncoder | None = None,
    ) -> Library:
        """Open the library of the settings; the model, the store and the reader wait for their use.

        A library is made only where nothing is, and with ``create`` false not even there. One that
        cannot be written (a read-only medium, no permission, a full disk) can be read; what would
        change it raises ``LibraryReadOnly``. So is, with ``beside``, one that another process has;
        else raises ``LibraryBusy`` at once. Raises ``LibraryUnusable`` if it cannot be had.
        """
        directory = ready(settings.library.expanduser().absolute(), create)
        lock = hold(directory, beside)
        parts = Parts(
            embedder, stores, reader, sparse_encoder, count_tokens, reranker, sentence_encoder
        )
        library = None
        try:
            library = cls(settings, directory, lock, parts)
            if lock.access.writable:
                library._files.tidy(library._catalog.editions.files())
        except BaseException as error:
            if library is None:
                lock.release()
            else:
                library.close()
            if isinstance(error, OSError):
                raise no_writing(directory, error) from error
            raise
        return library

    def beside(self, directory: Path) -> Library:
        """Open another library, its vectors in its own directory, with this one's parts.

        These stay this one's: no second model is loaded, and no other workers read its files. Close
        it before this one. Raises as ``open`` does, and what the model raises.
        """
        return Library.open(
            self._settings.model_copy(update={"library": directory, "qdrant": QdrantSettings()}),
            embedder=self.embedder,
            reader=self._tools.reader(),
            sparse_encoder=self.sparse_encoder,
            count_tokens=self._parts.count_tokens,
            reranker=self._tools.reranker(),
            sentence_encoder=self.sentence_encoder,
        )

    def check_writable(self) -> None:
        """Raise ``LibraryReadOnly`` or ``DiskFull`` where nothing can be kept, before any work."""
        self._access.check()

    def close(self) -> None:
        """Let go of everything. Closing twice does no harm."""
        self._tools.stop()  # no thread that still reads restarts the workers
        with self._adding.lock, self._engines.writing:
            try:
                self._engines.close()
                self._tools.close()
            finally:
                self._catalog.close()
                self._lock.release()

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # One paper, and all.

    def stored(self, paper_id: str) -> StoredPaper:
        """The paper of that id, with or without a version. Raises ``PaperNotFound``."""
        return StoredPaper(paper_id, self._ids.edition(paper_id), self._holdings)

    @property
    def notes(self) -> OwnNotes:
        """The reader's notes and tags."""
        return self._notes

    def has_paper(self, paper_id: str) -> bool:
        """Whether a paper has exactly this id, without a version."""
        return self._ids.has(paper_id)

    @property
    def revision(self) -> tuple[str, int]:
        """Equal for as long as nothing changes."""
        return str(self.directory), self._catalog.changes

    def count(self) -> int:
        """How many papers can be read."""
        return self._catalog.editions.count()

    def ids(self, limit: int | None = None) -> list[str]:
        """The ids of all papers that can be read, or of the first ``limit``, in order."""
        return list(self._catalog.editions.ids(limit).values())

    def digested(self, limit: int) -> list[str]:
        """The ids of the first ``limit`` papers with a saved digest, in order."""
        return self._catalog.editions.digested(limit)

    def listed(self) -> list[Listed]:
        """The papers that can be read, by id, with what lists and maps show."""
        return self._catalog.editions.listed()

    def papers(self, limit: int | None = None, offset: int = 0) -> list[PaperRow]:
        """All papers by id, and the files that did not become papers."""
        return paper_rows(self._catalog, limit, offset)

    def shelf(self) -> list[ShelfRow]:
        """The same, all of them, with no more than a list is sorted and filtered by."""
        sizes = self._files.sizes()
        return [replace(row, size=sizes.get(row.file, 0)) for row in self._catalog.editions.shelf()]

    def row(self, paper_id: str) -> PaperRow:
        """The row of one paper or failed file. Raises ``PaperNotFound``."""
        return paper_row(self._catalog, self._ids, paper_id)

    def imported(self, paper_id: str) -> Entry | None:
        """What an import said of a paper, or None. Raises ``PaperNotFound``."""
        return self._catalog.entries.of(self._ids.edition(paper_id).paper_key)

    def find_arxiv(self, arxiv_id: str) -> HeldPaper | None:
        """What the library has of the arXiv paper of that id (without a version), if anything."""
        return self._ids.find_arxiv(arxiv_id)

    def record_versions(self, versions: Iterable[KnownVersion]) -> None:
        """Store which versions arXiv has, also of papers that are not in the library."""
        self._access.check()
        with self._engines.writing:
            self._catalog.arxiv.record_versions(versions)

    def mark(self, paper_ids: Iterable[str], mark: Mark, on: bool = True) -> None:
        """Mark papers, or take the mark off. Raises ``LibraryReadOnly``."""
        self._access.check(margin=LEAST)
        self._catalog.marks.put(paper_ids, mark, on)

    def marked(self, mark: Mark) -> frozenset[str]:
        """The ids of the papers with a mark."""
        return self._catalog.marks.of(mark)

    def mean_vectors(self, among: Collection[str] | None = None) -> dict[str, tuple[float, ...]]:
        """The mean of each paper's vectors, by paper id. Raises ``StoreUnusable``."""
        return self._searches.mean_vectors(among)

    def near(
        self, vector: Sequence[float], k: int = 10, filter: SearchFilter | None = None
    ) -> list[NearPaper]:
        """The ``k`` papers with the passages nearest to a vector, nearest first."""
        return self._searches.near(vector, k, filter)

    def search(self, query: str, k: int = 10, filter: SearchFilter | None = None) -> list[Hit]:
        """The ``k`` best passages, best first. Raises ``EmptyQuery``, ``PaperNotFound``.

        A query that is nothing but the arXiv id or address of a paper that is here asks for that
        paper, not for those that cite it.
        """
        return self._searches.search(query, k, filter)

    @property
    def model(self) -> str:
        """The model that the settings name, or where they name none the library's own."""
        return self._engines.model

    @property
    def embedder(self) -> Embedder:
        """The model that this library was made with. Raises ``ModelUnusable``."""
        return self._engines.started().embedder

    @property
    def sparse_encoder(self) -> SparseEncoder:
        """What turns text into terms, for the passages of this library and for questions."""
        return self._engines.started().sparse_encoder

    @property
    def sentence_encoder(self) -> SentenceEncoder:
        """What digests' sentences are chosen with; its model is opened at its first call."""
        return self._tools.sentence_encoder()

    # Papers in and out.

    def prepare(
        self, source: Source, progress: Progress | None = None, record: Record | None = None
    ) -> PendingPaper:
        """The first half of ``add``: a source received and read."""
        return self._adding.prepare(source, progress, record)

    def receive(
        self, source: Source, progress: Progress | None = None, record: Record | None = None
    ) -> PendingPaper:
        """The first half of ``prepare``, for a source that another machine reads."""
        return self._adding.receive(source, progress, record)

    def commit(self, pending: PendingPaper) -> Added:
        """The second half of ``add``: one source at a time, in the order of the calls."""
        return self._adding.commit(pending) or self.add(pending.source, None, pending.record)

    def add_entry(self, source: Source, entry: Entry, progress: Progress | None = None) -> Added:
        """Add a file with what a bibliography says of it, as ``add`` does."""
        pending = self.prepare(source, progress)
        pending.entry = entry
        return self.commit(pending)

    def store_entry(self, entry: Entry, paper_id: str, reason: str, source: str) -> None:
        """Store an entry with its paper; without one, with the reason why there is none.

        An entry of an arXiv paper is that paper's once it is added.
        """
        self._access.check(margin=LEAST)
        key = self._ids.edition(paper_id).paper_key if paper_id else key_of(entry.arxiv).paper
        self._catalog.entries.put(entry, key, reason, source)

    def waiting_entries(self) -> list[StoredEntry]:
        """The imported entries that no paper is here of."""
        return self._catalog.entries.waiting()

    def forget_entry(self, number: int) -> bool:
        """Forget an imported entry; whether there was one of that number."""
        self._access.check_removing()
        return self._catalog.entries.delete(number)

    def adopt(self, other: Library, paper_id: str) -> Added:
        """Take over a paper of another library as it was read there, under the id that it has.

        Nothing that is here changes by it. Raises ``PaperNotFound``, ``SourceNotFound`` where its
        file is gone or nothing of it can be embedded, and ``PaperThere`` where a paper here has
        that id, or had it once, or has the same bytes.
        """
        return self._adding.adopt(other.stored(paper_id))

    def may_remove(self, paper_id: str) -> bool:
        """Whether papers can be taken out."""
        return not self._access.closed_catalog

    def remove(self, paper_id: str) -> None:
        """Take a paper out, and forget files that failed to become it.

        On a disk that is too full for the engine, its file goes and its vectors, which count no
        more, when the library is opened with room. Raises ``PaperNotFound`` if there is neither,
        ``LibraryReadOnly`` and ``DiskFull``.
        """
        self._access.check_removing()
        with self._engines.writing:
            editions = self._catalog.editions
            failed = editions.find("paper_id", paper_id, "failed")
            try:
                edition = self._ids.edition(paper_id)
            except PaperNotFound:
                if not failed:
                    raise
                edition = None
            roomy = self._access.fits_engine()
            engine = self._engines.started() if edition is not None and roomy else None
            for one in failed:
                editions.purge(one.number)
            if edition is None:
                return
            editions.retire(edition.number)
            if engine is None:
                self._files.delete(editions.own_file(edition.number))
                return
            # It is out. If its vectors cannot be deleted now, the next opening does so.
            with suppress(GlossError):
                self._engines.drop(edition.number, engine)

    # Digests.

    def saved_digest(self, paper_id: str, key: str) -> str | None:
        """The digest that was saved under ``key``, unless the paper has changed since."""
        return self._catalog.digests.text(self._ids.edition(paper_id).number, key)

    def save_digest(
        self,
        paper_id: str,
        key: str,
        text: str,
        lang: str = "en",
        claims: Sequence[ClaimRecord] = (),
        writer: str = "extractive",
    ) -> None:
        """Save a digest under ``key`` with the edition that the paper has now."""
        self._access.check()
        self._digests.save(paper_id, key, text, lang, claims, writer)

    def is_searched(self, paper_id: str, key: str, lang: str) -> bool:
        """Whether the digest under ``key`` is the one that is searched in that language."""
        sets = self._catalog.claims.sets(self._ids.edition(paper_id).number)
        return any((one.digest, one.lang) == (key, lang) for one in sets)

    def newest_digest(self, paper_id: str, lang: str, writer: str) -> KeptDigest | None:
        """The digest of a paper that was last saved in that language by that writer."""
        return self._digests.newest(paper_id, lang, writer)

    def newest_digests(self) -> list[KeptDigest]:
        """The newest digest in each language by each writer, of every paper that is here."""
        return self._catalog.digests.newest()

    def former_digests(self, paper_id: str) -> tuple[KeptDigest, ...]:
        """Digests of what the paper's file was before, newest first."""
        return self._digests.former(paper_id)

    def search_claims(
        self, query: str, k: int = 10, filter: SearchFilter | None = None
    ) -> list[ClaimHit]:
        """The ``k`` best sentences of digests, best first: of each paper's newest in a language."""
        return self._digests.search(query, k, filter)

    def claims_like(
        self, claim_id: str, k: int = 10, filter: SearchFilter | None = None
    ) -> tuple[ClaimRecord, list[ClaimHit]]:
        """A claim, and the ``k`` nearest to it among those of other papers, nearest first.

        Raises ``ClaimNotFound``, ``PaperNotFound``, and ``RoleOfDigest`` for a filter by role.
        """
        return self._digests.like(claim_id, k, filter)

    def claim_vectors(self, paper_id: str) -> tuple[ClaimVector, ...]:
        """The sentences of a paper's digest that are searched, with their vectors."""
        return self._digests.vectors(paper_id)

    def unsearched_digests(self) -> dict[str, tuple[str, ...]]:
        """Papers whose saved digests are not searched, with the digests.

        An older gloss saved digests without their claims.
        """
        return self._digests.unsearched()

    # Health.

    def health(self, deep: bool = False) -> LibraryHealth:
        """Compare catalogue, vectors and files. Problems are reported, not raised.

        The bytes of a few papers and their files are compared with their checksums, or ``deep`` of
        all.
        """
        found = health(self._settings, self._catalog, self._files, self._engines, deep)
        try:
            self._access.check()
        except GlossError as error:
            return replace(found, problems=(str(error), *found.problems))
        return found

    def repair(
        self, progress: Callable[[Step], None] | None = None, embedder: Embedder | None = None
    ) -> LibraryHealth:
        """Read damaged papers again; rebuild vectors from the catalogue with our passage size.

        The model is the settings', or ``embedder``, which is the library's from then on. The
        vectors come into being beside the former ones, which answer until one transaction lets the
        new ones count. Cut short, it leaves the library as it was; begun again with the same model
        and settings, it goes on after the papers that were done.
        """
        self._access.check()
        with self._adding.lock:
            self._repairing.repair(progress, embedder)
            return self.health(deep=True)
