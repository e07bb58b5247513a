"""An embedder that embeds each text once: sentences are chosen first and searched later."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from index.embed import Embedder, Vectors


class Remembered:
    """A cache over another embedder. Texts that differ only in white space count as equal."""

    def __init__(self, embedder: Embedder) -> None:
        self.name = embedder.name
        self.dimension = embedder.dimension
        self.fingerprint = embedder.fingerprint
        self.embed_query = embedder.embed_query
        self._embedder = embedder
        self._known: dict[str, Vectors] = {}

    def embed_sentences(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, (n, dimension), of unit length."""
        names = [" ".join(text.split()) for text in texts]
        new = {
            name: text for name, text in zip(names, texts, strict=True) if name not in self._known
        }
        if new:
            vectors = self._embedder.embed_sentences(list(new.values()))
            self._known.update(zip(new, vectors, strict=True))
        if not names:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([self._known[name] for name in names])

    embed_passages = embed_sentences  # what it is asked for are sentences
