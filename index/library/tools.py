"""The reader of files and the reranker of hits, opened when they are needed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from index.config import Settings
from index.errors import LibraryUnusable
from index.library.parts import FileReader, HitReranker, Parts


@dataclass(eq=False)
class ReaderAndReranker:
    """The reader and the reranker of a library: its own, or the caller's."""

    _settings: Settings
    _directory: Path
    _parts: Parts
    _reader: FileReader | None = None  # the library's own, once it is opened
    _reranker: HitReranker | None = None
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

    def stop(self) -> None:
        """Start nothing any more."""
        with self._starting:
            self._closed = True

    def close(self) -> None:
        """End the library's own workers."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
