"""What one visitor of a public instance sees: the shared library, and a small one of their own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from app.web.own_papers import OwnPapers
from index.catalog import KeptDigest, Mark
from index.entries import Entry
from index.errors import NoDigests, PaperNotFound
from index.hits import ClaimHit, ClaimRecord, ClaimVector, Hit, NearPaper, SearchFilter
from index.library import Papers
from index.paper import Record
from index.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from index.catalog import KnownVersion
    from index.embed import Embedder
    from index.embed.states import SentenceEncoder
    from index.library import (
        Added,
        HeldPaper,
        Library,
        Listed,
        PaperRow,
        PendingPaper,
        Progress,
        ShelfRow,
        SparseEncoder,
        StoredPaper,
    )
    from index.sources import Source

WORDED_MOST = 20  # digests of shared papers by a language model that a visitor keeps


class VisitorLibrary(Papers):
    """The shared library and a visitor's own, as one that a session asks.

    The own one answers for every id that it has (``_with``), and hides the shared paper of that id;
    what is added goes there. ``Papers`` says what each method does and raises.

    Hits of both are merged by their scores, which are made in the same way: a cosine, which depends
    on the two texts alone, plus weighted BM25, whose inverse document frequency each store counts
    over its own passages. In one paper's passages a word of its topic is frequent, so that a paper
    of one's own is set somewhat below equals of the shared library; the hits of each keep their
    order. Of eleven papers four were taken out in turn and added by a visitor: for their titles and
    the beginnings of sentences of their abstracts, 16 questions, the first hit was theirs 16 times
    as a shared paper and 15 as an own one, and of ten hits 8.2 and 6.8 were. With a reranker the
    scores are its own, and the same for both.
    """

    def __init__(self, shared: Library, own_papers: OwnPapers) -> None:
        self._shared = shared
        self._own_papers = own_papers
        self._worded: OrderedDict[str, KeptDigest] = OrderedDict()
        self._marks: dict[Mark, set[str]] = {}

    @property
    def _own(self) -> Library | None:
        return self._own_papers.library

    def close(self) -> None:
        """Close the own library for good, and delete it."""
        self._worded.clear()
        self._own_papers.close()

    # Papers in.

    def prepare(
        self, source: Source, progress: Progress | None = None, record: Record | None = None
    ) -> PendingPaper:
        """A source received and read. Raises ``NoRoom`` and ``VisitEnded``, too."""
        with self._own_papers.adding() as own:
            return own.prepare(source, progress, record)

    def receive(
        self, source: Source, progress: Progress | None = None, record: Record | None = None
    ) -> PendingPaper:
        """A source that is read elsewhere. Raises as ``prepare``."""
        with self._own_papers.adding() as own:
            return own.receive(source, progress, record)

    def commit(self, pending: PendingPaper) -> Added:
        """Put what was read into the own library. Raises as ``prepare``."""
        with self._own_papers.adding() as own:
            return own.commit(pending)

    # One paper.

    def stored(self, paper_id: str) -> StoredPaper:
        """The paper of that id."""
        return self._with(paper_id).stored(paper_id)

    def row(self, paper_id: str) -> PaperRow:
        """The row of one paper or failed file."""
        return self._with(paper_id).row(paper_id)

    def _with(self, paper_id: str) -> Library:
        """The library that has the paper, or that raises the error for an unknown id."""
        own = self._own
        if own is None:
            return self._shared
        try:
            own.stored(paper_id)
        except PaperNotFound as missing:
            if not missing.why:
                return self._shared
            try:
                self._shared.stored(paper_id)
            except PaperNotFound:
                return own  # where the file failed that was to become it
            return self._shared
        return own

    def imported(self, paper_id: str) -> Entry | None:
        """What a bibliography says of a paper, without tags, notes and files of its owner's."""
        entry = self._with(paper_id).imported(paper_id)
        return None if entry is None else replace(entry, tags=(), notes=(), files=(), key="")

    # All papers.

    @property
    def notes(self) -> None:
        """A visit has none: those of the shared library are its owner's, and stay unseen."""

    @property
    def revision(self) -> tuple[Hashable, Hashable]:
        """That of both."""
        return self._shared.revision, self._own.revision if self._own is not None else None

    def count(self) -> int:
        """How many papers of both can be read."""
        own = self._own.ids() if self._own is not None else []
        return self._shared.count() + sum(not self._shared.has_paper(one) for one in own)

    def ids(self, limit: int | None = None) -> list[str]:
        """The ids of both, in order."""
        own = self._own.ids(limit) if self._own is not None else []
        return sorted({*own, *self._shared.ids(limit)})[:limit]

    def digested(self, limit: int) -> list[str]:
        """The papers with a saved digest: the own ones, then shared ones that they do not hide."""
        own = self._own
        if own is None:
            return self._shared.digested(limit)
        hidden = own.ids()
        shared = self._shared.digested(limit + len(hidden))
        return [*own.digested(limit), *(one for one in shared if one not in hidden)][:limit]

    def listed(self) -> list[Listed]:
        """The papers of both, by id; the own ones hide shared ones of their ids."""
        own = self._own.listed() if self._own is not None else []
        both = {one.id: one for one in (*self._shared.listed(), *own)}
        return sorted(both.values(), key=lambda one: one.id)

    def papers(self, limit: int | None = None, offset: int = 0) -> list[PaperRow]:
        """The papers of both, by id; the own ones hide shared ones of their ids."""
        if self._own is None:
            return self._shared.papers(limit, offset)
        own = self._own.papers()
        hidden = {row.id for row in own if row.status == "ok"}
        end = None if limit is None else offset + limit
        shared = self._shared.papers(None if end is None else end + len(hidden))
        rows = [*own, *(row for row in shared if row.id not in hidden)]
        return sorted(rows, key=lambda row: row.id)[offset:end]

    def shelf(self) -> list[ShelfRow]:
        """The same, all of them, with no more than a list is sorted and filtered by."""
        if self._own is None:
            return self._shared.shelf()
        own = self._own.shelf()
        hidden = {row.id for row in own if row.status == "ok"}
        rows = [*own, *(row for row in self._shared.shelf() if row.id not in hidden)]
        return sorted(rows, key=lambda row: row.id)

    def may_remove(self, paper_id: str) -> bool:
        """Whether it is the visitor's own."""
        return self._own is not None and any(row.id == paper_id for row in self._own.shelf())

    def remove(self, paper_id: str) -> None:
        """Take out a paper of the visitor's own. Raises ``PaperNotFound`` for one of the others."""
        if self._own is None:
            raise PaperNotFound(paper_id)
        self._own.remove(paper_id)

    def find_arxiv(self, arxiv_id: str) -> HeldPaper | None:
        """The edition of that arXiv paper, or None."""
        own = self._own.find_arxiv(arxiv_id) if self._own is not None else None
        return own or self._shared.find_arxiv(arxiv_id)

    def record_versions(self, versions: Iterable[KnownVersion]) -> None:
        """Store which versions arXiv has of the own library's papers."""
        if self._own is not None:
            self._own.record_versions(versions)

    def mark(self, paper_ids: Iterable[str], mark: Mark, on: bool = True) -> None:
        """Mark papers for as long as the visit lasts."""
        marked = self._marks.setdefault(mark, set())
        if on:
            marked.update(set(paper_ids) & set(self.ids()))
        else:
            marked.difference_update(paper_ids)

    def marked(self, mark: Mark) -> frozenset[str]:
        """What the visitor has marked; what the daily job brought is so for everybody."""
        brought = self._shared.marked(mark) if mark == "brought" else frozenset()
        return brought | self._marks.get(mark, set())

    def mean_vectors(self, among: Collection[str] | None = None) -> dict[str, tuple[float, ...]]:
        """The mean vector of each paper; one model made them all."""
        own = self._own.mean_vectors(among) if self._own is not None else {}
        return {**self._shared.mean_vectors(among), **own}

    def near(
        self, vector: Sequence[float], k: int = 10, filter: SearchFilter | None = None
    ) -> list[NearPaper]:
        """The ``k`` nearest papers of both."""
        asked = self._asked(filter or SearchFilter())
        near = [one for library, wanted in asked for one in library.near(vector, k, wanted)]
        return sorted(near, key=lambda one: -one.score)[:k]

    def claim_vectors(self, paper_id: str) -> tuple[ClaimVector, ...]:
        """The sentences of a paper's digest that are searched, with their vectors."""
        return self._with(paper_id).claim_vectors(paper_id)

    @property
    def model(self) -> str:
        """The model of both."""
        return self._shared.model

    @property
    def embedder(self) -> Embedder:
        """The model of both."""
        return self._shared.embedder

    @property
    def sparse_encoder(self) -> SparseEncoder:
        """The sparse encoder of both."""
        return self._shared.sparse_encoder

    @property
    def sentence_encoder(self) -> SentenceEncoder:
        """That of both."""
        return self._shared.sentence_encoder

    # Searches.

    def search(self, query: str, k: int = 10, filter: SearchFilter | None = None) -> list[Hit]:
        """The ``k`` best passages of both."""
        named = parse_reference(query)
        asked = self._asked(filter or SearchFilter(), named.id if named else None)
        hits = [hit for library, wanted in asked for hit in library.search(query, k, wanted)]
        return sorted(hits, key=lambda hit: -hit.score)[:k]

    def search_claims(
        self, query: str, k: int = 10, filter: SearchFilter | None = None
    ) -> list[ClaimHit]:
        """The ``k`` best sentences of digests of both; ``NoDigests`` where neither has one."""
        hits: list[ClaimHit] = []
        none: list[NoDigests] = []
        asked = self._asked(filter or SearchFilter())
        for library, wanted in asked:
            try:
                hits.extend(library.search_claims(query, k, wanted))
            except NoDigests as error:
                none.append(error)
        if len(none) == len(asked):
            raise none[-1]
        return sorted(hits, key=lambda hit: -hit.score)[:k]

    def _asked(
        self, wanted: SearchFilter, named: str | None = None
    ) -> list[tuple[Library, SearchFilter]]:
        """Which libraries to search, and for what, so that no hidden paper is found.

        ``named`` is the paper whose arXiv id is all of the query, and it alone is to be found.
        """
        own, shared = self._own, self._shared
        if own is None:
            return [(shared, wanted)]
        if wanted.paper_id is not None:
            return [(self._with(wanted.paper_id), wanted)]
        if named is not None and self.find_arxiv(named) is not None:
            return [(own if own.find_arxiv(named) is not None else shared, wanted)]
        hidden = set(own.ids())
        if not any(shared.has_paper(one) for one in hidden):
            return [(own, wanted), (shared, wanted)]
        seen = set(shared.ids()) - hidden
        if wanted.among is not None:
            seen &= set(wanted.among)
        return [(own, wanted), (shared, replace(wanted, among=tuple(sorted(seen))))]

    # Digests.

    def saved_digest(self, paper_id: str, key: str) -> str | None:
        """The digest that was saved under ``key``."""
        saved = self._with(paper_id).saved_digest(paper_id, key)
        worded = self._worded.get(key)
        return saved or (worded.text if worded is not None else None)

    def check_writable(self) -> None:
        """A digest of a visitor's can always be kept, be it for the session alone."""

    def save_digest(
        self,
        paper_id: str,
        key: str,
        text: str,
        lang: str = "en",
        claims: Sequence[ClaimRecord] = (),
        writer: str = "extractive",
    ) -> None:
        """Save a digest. One of a shared paper goes to all where anybody's would be the same.

        What a language model has worded for a visitor, who may have chosen the model, is the
        visitor's: it is kept for the session, and not searched.
        """
        library = self._with(paper_id)
        if library is self._shared and writer != "extractive":
            paper = library.paper(paper_id)
            self._worded[key] = KeptDigest(
                paper.id, paper.version, paper.sha256, lang, writer, text
            )
            self._worded.move_to_end(key)
            while len(self._worded) > WORDED_MOST:
                self._worded.popitem(last=False)
            return
        library.save_digest(paper_id, key, text, lang, claims, writer)

    def is_searched(self, paper_id: str, key: str, lang: str) -> bool:
        """Whether nothing is left to do for the digest under ``key`` to be searched."""
        return key in self._worded or self._with(paper_id).is_searched(paper_id, key, lang)

    def newest_digest(self, paper_id: str, lang: str, writer: str) -> KeptDigest | None:
        """The digest of a paper that was last saved in that language by that writer."""
        for one in reversed(list(self._worded.values())):
            if (one.paper_id, one.lang, one.writer) == (paper_id, lang, writer):
                return one
        return self._with(paper_id).newest_digest(paper_id, lang, writer)

    def newest_digests(self) -> list[KeptDigest]:
        """The newest digest in each language by each writer, of every paper of both."""
        own = self._own
        shared = self._shared.newest_digests()
        if own is None:
            return shared
        hidden = set(own.ids())
        return [*own.newest_digests(), *(one for one in shared if one.paper_id not in hidden)]

    def former_digests(self, paper_id: str) -> tuple[KeptDigest, ...]:
        """Digests of what the paper's file was before."""
        return self._with(paper_id).former_digests(paper_id)
