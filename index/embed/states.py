"""Sentences as the middle layers of all-MiniLM-L6-v2 see them: what they do in a text.

The last layers were trained to say what a text is about, and lose whether it proposes, reports or
concedes. The fourth of six still has that (measured: ADR 38; that lower layers hold form and higher
ones meaning is known from Tenney et al., https://arxiv.org/abs/1905.05950). Only these four layers
are computed, in f32 on every machine, so that another one hardly ever chooses other sentences.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from index.embed.conversion import no_cache, opened_copy
from index.embed.converted import Converted, middle_of
from index.embed.embedders import Vectors
from index.embed.source import BUNDLED_NAMES, fingerprint_of, source_of
from index.errors import ModelUnusable

NAME = BUNDLED_NAMES[0]
WIDTH = 384

_OUTPUT = "__module.model.0.model.encoder.layer.3.output.LayerNorm/aten::layer_norm/Add"
_TOKENS = 96  # of a sentence; what is past them is cut off. A sentence of 80 words has some 110


class SentenceEncoder(Protocol):
    """A model that sees what sentences do."""

    def states(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, (n, ``WIDTH``), of any length."""


class MiddleLayer:
    """The model's first four layers, opened at the first call. Safe to use from several threads."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._opening = threading.Lock()
        self._model: Converted | None = None

    def states(self, texts: Sequence[str]) -> Vectors:
        """One row for each text. Raises ``ModelUnusable``."""
        if not texts:
            return np.zeros((0, WIDTH), dtype=np.float32)
        with self._opening:
            if self._model is None:
                self._model = _opened(self._cache)
        return self._model.rows(texts)


def _opened(cache: Path) -> Converted:
    source = source_of(NAME)

    def opened(description: dict[str, Any]) -> Converted:
        if description["engine"] == "torch":
            raise ModelUnusable(NAME, f"OpenVINO does not take it: {description['reason']}")
        inputs, pad = description["inputs"], description["pad"]
        try:
            graph = middle_of(home, _OUTPUT)
        except LookupError as error:  # traced by another version of sentence-transformers
            raise ModelUnusable(NAME, f"its converted copy has no {error}; delete {home}") from None
        return Converted(home, _TOKENS, inputs, pad, "f32", None, graph)

    try:
        home = cache / fingerprint_of(source, cache)
        return opened_copy(source, home, opened)
    except OSError as error:
        raise no_cache(NAME, error) from error
