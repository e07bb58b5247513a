"""What a library needs of others: protocols of its parts, and parts that are given to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from index.library.rank import SparseEncoder
from index.paper import Box, PageSize, Reading
from index.split import CountTokens
from index.store import StoreFactory

if TYPE_CHECKING:
    from index.embed import Embedder


class FileReader(Protocol):
    """What a library needs of ``index.read.Reader``."""

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

    def close(self) -> None:
        """End the workers."""


class HitReranker(Protocol):
    """What a library needs of ``index.embed.rerank.Reranker``."""

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts that are given to a library, which stay the giver's to close. None: its own, lazily."""

    embedder: Embedder | None = None
    stores: StoreFactory | None = None
    reader: FileReader | None = None
    sparse_encoder: SparseEncoder | None = None
    count_tokens: CountTokens | None = None
    reranker: HitReranker | None = None


@dataclass(frozen=True, slots=True)
class Encoders:
    """What makes vectors of passages."""

    embedder: Embedder
    sparse_encoder: SparseEncoder


def bm25_encoder() -> SparseEncoder:
    """BM25, loaded when it is asked for."""
    from index.embed.sparse import Bm25Encoder

    return Bm25Encoder()
