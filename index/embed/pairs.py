"""Two texts read together and scored, by a converted cross-encoder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from index.embed.converted import Converted


class PairScorer:
    """A cross-encoder with one output. Safe to use from several threads.

    ``folder`` holds ``model.xml`` with its weights, and ``tokenizer.json``. What is past
    ``tokens_most`` word pieces of a pair is cut off, of the longer text first. Raises ``OSError``
    where a file is missing.
    """

    def __init__(self, folder: Path, tokens_most: int) -> None:
        digest = hashlib.sha256()
        for name in ("model.xml", "model.bin", "tokenizer.json"):
            digest.update((folder / name).read_bytes())
        self.fingerprint = digest.hexdigest()
        self._model = Converted(folder, tokens_most)

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """What the model gives for each pair, in order; more is better."""
        if not pairs:
            return []
        found: list[float] = self._model.rows(pairs)[:, 0].tolist()
        return found
