"""The parts of a library: their protocols, and parts that a caller supplies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from index.library.rank import SparseEncoder
from index.paper import Reading
from index.spans import Box, Highlight, PageSize
from index.split import CountTokens
from index.store import StoreFactory

if TYPE_CHECKING:
    from index.embed import Embedder
    from index.embed.states import SentenceEncoder


class FileReader(Protocol):
    """The part of ``index.read.Reader`` that a library uses."""

    def read(
        self,
        path: Path,
        paper_id: str | None = None,
        name: str | None = None,
        sha256: str | None = None,
    ) -> Reading:
        """The paper in a file, or why not; ``sha256`` is the file's, where it is known."""

    def render_page(self, path: Path, page: int, boxes: Sequence[Box], scale: float) -> bytes:
        """A page as PNG with boxes marked."""

    def render_figure(self, path: Path, box: Box, scale: float) -> bytes:
        """What a page shows in a box as PNG."""

    def page_sizes(self, path: Path) -> tuple[PageSize, ...]:
        """The sizes of a PDF's pages, as people see them."""

    def annotate(self, path: Path, highlights: Sequence[Highlight]) -> bytes:
        """A copy of a PDF with words highlighted and noted."""

    def close(self) -> None:
        """End the workers."""


class HitReranker(Protocol):
    """The part of ``index.embed.rerank.Reranker`` that a library uses."""

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts that a caller supplies and closes. None: the library opens its own when needed."""

    embedder: Embedder | None = None
    stores: StoreFactory | None = None
    reader: FileReader | None = None
    sparse_encoder: SparseEncoder | None = None
    count_tokens: CountTokens | None = None
    reranker: HitReranker | None = None
    sentence_encoder: SentenceEncoder | None = None


@dataclass(frozen=True, slots=True)
class Encoders:
    """The two encoders of passages: dense and sparse."""

    embedder: Embedder
    sparse_encoder: SparseEncoder


def bm25_encoder() -> SparseEncoder:
    """The BM25 encoder, loaded at the first use."""
    from index.embed.sparse import Bm25Encoder

    return Bm25Encoder()
