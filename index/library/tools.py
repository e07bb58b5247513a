"""The reader of files and two models beside the embedder, opened when they are needed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from index.config import Settings
from index.errors import LibraryUnusable
from index.library.parts import FileReader, HitReranker, Parts

if TYPE_CHECKING:
    from index.embed.states import SentenceEncoder


@dataclass(eq=False)
class Tools:
    """The reader, the reranker and the sentence encoder: the library's own, or the caller's."""

    _settings: Settings
    _directory: Path
    _parts: Parts
    _reader: FileReader | None = None  # the library's own, once it is opened
    _reranker: HitReranker | None = None
    _sentence_encoder: SentenceEncoder | None = None
    _starting: threading.Lock = field(default_factory=threading.Lock)
    _closed: bool = False

    def reader(self) -> FileReader:
        """What reads files. Raises ``LibraryUnusable`` once the library is closed."""
        with self._starting:
            if self._closed:
                raise LibraryUnusable(self._directory, "is closed; open it again")
            if self._parts.reader is not None:
                return self._parts.reader
            if self._reader is None:
                from index.read import Reader

                self._reader = Reader(self._settings)
            return self._reader

    def reranker(self) -> HitReranker | None:
        """What orders the first hits, where the settings name a model for it."""
        with self._starting:
            if self._parts.reranker is not None:
                return self._parts.reranker
            if self._reranker is None and self._settings.reranker:
                from index.embed.rerank import Reranker

                self._reranker = Reranker(self._settings.reranker)
            return self._reranker

    def sentence_encoder(self) -> SentenceEncoder:
        """What digests' sentences are chosen with."""
        with self._starting:
            if self._parts.sentence_encoder is not None:
                return self._parts.sentence_encoder
            if self._sentence_encoder is None:
                from index.embed.states import MiddleLayer

                self._sentence_encoder = MiddleLayer(self._settings.cache)
            return self._sentence_encoder

    def stop(self) -> None:
        """Start nothing any more."""
        with self._starting:
            self._closed = True

    def close(self) -> None:
        """End the library's own workers."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
