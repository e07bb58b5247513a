"""The reader of files and the reranker of hits, opened when they are needed."""

from __future__ import annotations

import threading
from pathlib import Path

from index.config import Settings
from index.errors import LibraryUnusable
from index.library.parts import FileReader, HitReranker, Parts


class ReaderAndReranker:
    """The reader and the reranker of a library: its own, or the caller's."""

    def __init__(self, settings: Settings, directory: Path, parts: Parts) -> None:
        self._settings = settings
        self._directory = directory
        self._parts = parts
        self._starting = threading.Lock()
        self._closed = False
        self._reader = parts.reader
        self._reranker = parts.reranker

    def reader(self) -> FileReader:
        """What reads files. Raises ``LibraryUnusable`` once the library is closed."""
        with self._starting:
            if self._closed:
                raise LibraryUnusable(self._directory, "is closed; open it again")
            if self._reader is None:
                from index.read import Reader

                self._reader = Reader(self._settings)
            return self._reader

    def reranker(self) -> HitReranker | None:
        """What orders the first hits, where the settings name a model for it."""
        with self._starting:
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
        if self._reader is not None and self._parts.reader is None:
            self._reader.close()
            self._reader = None
