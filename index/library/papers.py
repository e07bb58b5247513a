"""The protocol of papers for a UI, an API or a writer, over one library or several."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Hashable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from index.catalog import Fingerprint, KeptDigest, KnownVersion, Listed, Mark, ShelfRow
from index.entries import Entry
from index.hits import (
    ClaimHit,
    ClaimRecord,
    ClaimVector,
    Hit,
    NearPaper,
    Passage,
    SearchFilter,
)
from index.library.adding import Added
from index.library.ids import HeldPaper
from index.library.notes import OwnNotes
from index.library.preparing import PendingPaper, Progress
from index.library.rank import SparseEncoder
from index.library.rows import PaperRow
from index.library.stored import StoredPaper
from index.paper import Paper, Record
from index.sources import Source
from index.spans import Box, Highlight, PageSize, Span

if TYPE_CHECKING:
    from index.embed import Embedder
    from index.embed.states import SentenceEncoder


class Papers(Protocol):
    """Papers that can be read, searched and added, and their digests: one ``Library`` or several.

    ``stored`` answers requests on one paper; the methods that take an id are short for
    it, and raise ``PaperNotFound`` and what the methods of ``StoredPaper`` raise.
    """

    # One paper.

    @abstractmethod
    def stored(self, paper_id: str) -> StoredPaper:
        """The paper of that id, with or without a version. Raises ``PaperNotFound``."""

    def paper(self, paper_id: str) -> Paper:
        """The paper."""
        return self.stored(paper_id).paper()

    def passages(self, paper_id: str) -> tuple[Passage, ...]:
        """Its passages in text order."""
        return self.stored(paper_id).passages()

    def passage_at(self, paper_id: str, offset: int) -> Passage | None:
        """The passage that contains character ``offset``, or None, as in references."""
        return self.stored(paper_id).passage_of(Span(offset, offset + 1))

    def passage_of(self, paper_id: str, span: Span) -> Passage | None:
        """The passage that shares most with ``span``."""
        return self.stored(paper_id).passage_of(span)

    def fingerprint(self, paper_id: str) -> Fingerprint:
        """The fingerprint that identifies this reading of a paper."""
        return self.stored(paper_id).fingerprint()

    def latest_version(self, paper_id: str) -> KnownVersion | None:
        """The newest version of a paper that arXiv has reported, or None."""
        return self.stored(paper_id).latest_version()

    def file_of(self, paper_id: str) -> Path:
        """The copy of the paper's file."""
        return self.stored(paper_id).file()

    def page_image(self, paper_id: str, page: int, boxes: Sequence[Box], scale: float) -> bytes:
        """Page ``page`` (from 1) as PNG with boxes marked; ``scale`` 1 is 72 dpi."""
        return self.stored(paper_id).page_image(page, boxes, scale)

    def page_sizes(self, paper_id: str) -> tuple[PageSize, ...]:
        """The size of each page; none for a paper without pages."""
        return self.stored(paper_id).page_sizes()

    def figure_image(self, paper_id: str, label: str, scale: float = 3.0) -> bytes:
        """A figure or table as PNG: "Table 2", "fig. 3", or "3" for Figure 3."""
        return self.stored(paper_id).figure_image(label, scale)

    def span_picture(self, paper_id: str, span: Span, scale: float = 3.0) -> tuple[bytes, ...]:
        """A span as printed, as PNG images."""
        return self.stored(paper_id).span_picture(span, scale)

    def annotated(self, paper_id: str, highlights: Sequence[Highlight]) -> bytes:
        """A copy of the paper's PDF with words highlighted and noted."""
        return self.stored(paper_id).annotated(highlights)

    @abstractmethod
    def imported(self, paper_id: str) -> Entry | None:
        """What a bibliography says of a paper, or None: nothing of its reader's for a visitor."""

    # All papers.

    @property
    @abstractmethod
    def notes(self) -> OwnNotes | None:
        """Notes and tags of who asks; None where that is a visitor of somebody else's library."""

    @property
    @abstractmethod
    def revision(self) -> Hashable:
        """What is equal for as long as nothing changes, and of no other library."""

    @abstractmethod
    def count(self) -> int:
        """How many papers can be read."""

    @abstractmethod
    def ids(self, limit: int | None = None) -> list[str]:
        """The ids of all papers that can be read, or of the first ``limit``, in order."""

    @abstractmethod
    def digested(self, limit: int) -> list[str]:
        """The ids of the first ``limit`` papers with a saved digest, in order."""

    @abstractmethod
    def listed(self) -> list[Listed]:
        """The papers that can be read, by id, with what lists and maps show."""

    @abstractmethod
    def papers(self, limit: int | None = None, offset: int = 0) -> list[PaperRow]:
        """All papers by id, and the files that did not become papers.

        Of these ``limit`` at most, from the one at ``offset`` on.
        """

    @abstractmethod
    def shelf(self) -> list[ShelfRow]:
        """The same, all of them, with no more than a list is sorted and filtered by."""

    @abstractmethod
    def may_remove(self, paper_id: str) -> bool:
        """Whether who asks may take the paper, or the failed file, out."""

    @abstractmethod
    def remove(self, paper_id: str) -> None:
        """Take a paper out, and forget files that failed to become it. Raises ``PaperNotFound``."""

    @abstractmethod
    def row(self, paper_id: str) -> PaperRow:
        """The row of one paper or failed file. Raises ``PaperNotFound``."""

    @abstractmethod
    def find_arxiv(self, arxiv_id: str) -> HeldPaper | None:
        """The edition of the arXiv paper of that id (without a version), or None."""

    @abstractmethod
    def record_versions(self, versions: Iterable[KnownVersion]) -> None:
        """Store which versions arXiv has, also of papers that are not in the library."""

    @abstractmethod
    def mark(self, paper_ids: Iterable[str], mark: Mark, on: bool = True) -> None:
        """Mark papers, or take the mark off; ids of papers that are not here are left out."""

    @abstractmethod
    def marked(self, mark: Mark) -> frozenset[str]:
        """The ids of the papers with a mark."""

    @abstractmethod
    def mean_vectors(self, among: Collection[str] | None = None) -> dict[str, tuple[float, ...]]:
        """The mean of each paper's passage vectors, by paper id.

        Of those ``among`` alone, if given; ids that are not here are left out.
        """

    @abstractmethod
    def near(
        self, vector: Sequence[float], k: int = 10, filter: SearchFilter | None = None
    ) -> list[NearPaper]:
        """The ``k`` papers with the passages nearest to a vector, nearest first.

        Of a few thousand nearest passages: fewer papers come where these are all of fewer.
        Raises ``StoreUnusable``.
        """

    @abstractmethod
    def search(self, query: str, k: int = 10, filter: SearchFilter | None = None) -> list[Hit]:
        """The ``k`` best passages, best first. Raises ``EmptyQuery``, ``PaperNotFound``."""

    @abstractmethod
    def search_claims(
        self, query: str, k: int = 10, filter: SearchFilter | None = None
    ) -> list[ClaimHit]:
        """The ``k`` best sentences of digests, best first: of each paper's newest in a language.

        Raises ``EmptyQuery``, ``PaperNotFound``, ``NoDigests``, and ``RoleOfDigest`` for a filter
        by role.
        """

    @property
    @abstractmethod
    def model(self) -> str:
        """The name of the embedding model."""

    @property
    @abstractmethod
    def embedder(self) -> Embedder:
        """The embedding model. Raises ``ModelUnusable``."""

    @property
    @abstractmethod
    def sparse_encoder(self) -> SparseEncoder:
        """The sparse encoder of passages and queries."""

    @property
    @abstractmethod
    def sentence_encoder(self) -> SentenceEncoder:
        """What digests' sentences are chosen with."""

    @abstractmethod
    def claim_vectors(self, paper_id: str) -> tuple[ClaimVector, ...]:
        """The sentences of a paper's digest that are searched, in order, with their vectors.

        Of its English digest where there is one; none where no digest is searched. Raises
        ``PaperNotFound`` and ``StoreUnusable``.
        """

    # Papers in.

    def add(
        self, source: Source, progress: Progress | None = None, record: Record | None = None
    ) -> Added:
        """Add a file. An unusable file is recorded with its status; no error is raised.

        The same bytes again change nothing. A higher or equal version of an arXiv paper takes the
        place of the one that is there if their titles are alike, and so does a file that changed
        where it is; other files of one name or id are other papers (``name-2``). Bytes that are in
        the library under another id stay one paper, and that id finds it too.

        ``record`` is what arXiv says of a PDF that came from there: it holds for the id, version,
        title, authors, date and categories, and is kept as ``Paper.record``. A paper that is there
        without one is read again. Raises ``SourceNotFound`` if the file cannot be opened,
        ``LibraryUnusable``, ``ModelUnusable`` or ``StoreUnusable`` if nothing can be added.
        """
        return self.commit(self.prepare(source, progress, record))

    @abstractmethod
    def prepare(
        self, source: Source, progress: Progress | None = None, record: Record | None = None
    ) -> PendingPaper:
        """Receive and read a source: the first half of ``add``, which may run ahead of the commit.

        The library contains nothing of it before ``commit``.
        """

    @abstractmethod
    def receive(
        self, source: Source, progress: Progress | None = None, record: Record | None = None
    ) -> PendingPaper:
        """The first half of ``prepare``, for a source that another machine reads."""

    @abstractmethod
    def commit(self, pending: PendingPaper) -> Added:
        """The second half of ``add``: one source at a time, in the order of the calls."""

    # Digests, as text that the app reads and writes.

    @abstractmethod
    def saved_digest(self, paper_id: str, key: str) -> str | None:
        """The digest that was saved under ``key``, unless the paper has changed since."""

    @abstractmethod
    def check_writable(self) -> None:
        """Raise ``LibraryReadOnly`` or ``DiskFull`` where no digest can be saved."""

    @abstractmethod
    def save_digest(
        self,
        paper_id: str,
        key: str,
        text: str,
        lang: str = "en",
        claims: Sequence[ClaimRecord] = (),
        writer: str = "extractive",
    ) -> None:
        """Save a digest under ``key`` with the edition that the paper has now.

        From then on its ``claims`` are what ``search_claims`` finds for the paper in that
        language; both come about in one step or not at all. Raises ``PaperNotFound``, and
        ``PaperChanged`` where a claim cites what the paper does not say.
        """

    @abstractmethod
    def is_searched(self, paper_id: str, key: str, lang: str) -> bool:
        """Whether the digest under ``key`` is the one that is searched in that language."""

    @abstractmethod
    def newest_digest(self, paper_id: str, lang: str, writer: str) -> KeptDigest | None:
        """The digest of a paper that was last saved in that language by that writer.

        It may be of an edition that is no longer here, where the paper has none since; an id with
        a former version asks for that version's. Raises ``PaperNotFound``.
        """

    @abstractmethod
    def newest_digests(self) -> list[KeptDigest]:
        """The newest digest in each language by each writer, of every paper that is here."""

    @abstractmethod
    def former_digests(self, paper_id: str) -> tuple[KeptDigest, ...]:
        """Digests of former editions of the paper, newest first.

        ``paper_id`` may name the former version. Raises ``PaperNotFound``.
        """
