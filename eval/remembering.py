"""Sentences that are measured more than once are encoded once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from index.embed.states import SentenceEncoder


class RememberingStates:
    """A sentence encoder that encodes each sentence once."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._encoder = encoder
        self._known: dict[str, NDArray[np.float32]] = {}

    def states(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row for each text. Raises what the encoder raises."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known |= zip(new, self._encoder.states(new), strict=True)
        return np.array([self._known[text] for text in texts], dtype=np.float32)
