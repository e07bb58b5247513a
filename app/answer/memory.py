"""Vectors of sentences and words, kept in the process: a second question on a paper is fast."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from app.answer.features import Vectors
    from index.embed import Embedder

MOST = 30_000  # texts: some 50 MB with 384 numbers each, 15 to 30 papers


class VectorMemory:
    """The last ``most`` texts that were embedded, by any model; for several threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: OrderedDict[tuple[str, str], Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def embed(self, embedder: Embedder, texts: Sequence[str]) -> Vectors:
        """One row of unit length for each text; those that are new are embedded in one batch."""
        names = [(embedder.fingerprint, text) for text in texts]
        with self._lock:
            found = {name: self._known[name] for name in names if name in self._known}
        new = [name for name in dict.fromkeys(names) if name not in found]
        if new:
            vectors = embedder.embed_sentences([text for _, text in new])
            # Copies: a row alone would keep its whole batch for as long as its text is known.
            found.update((name, row.copy()) for name, row in zip(new, vectors, strict=True))
        with self._lock:
            for name in names:
                self._known[name] = found[name]
                self._known.move_to_end(name)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        if not names:
            return np.zeros((0, embedder.dimension), dtype=np.float32)
        return np.stack([found[name] for name in names])


class RememberingEmbedder:
    """An embedder whose sentences are looked up in a memory first."""

    def __init__(self, embedder: Embedder, memory: VectorMemory) -> None:
        self.embed_query = embedder.embed_query
        self._embedder = embedder
        self._memory = memory

    def embed_sentences(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, (n, dimension), of unit length."""
        return self._memory.embed(self._embedder, texts)
