"""The best hits put in the order that a cross-encoder gives them.

A cross-encoder reads question and passage together, which tells more than two vectors do and takes
a hundred times as long, so it is asked about the first hits only. None comes with gloss: any
``CrossEncoder`` of sentence-transformers can be named (``GLOSS_RERANKER``).
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import ModelUnusable

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


def open_cross_encoder(name: str, setting: str) -> CrossEncoder:
    """A cross-encoder from a folder or by its name on the Hugging Face hub, on the processor.

    ``setting`` is what a person sets to name another. Raises ``ModelUnusable``.
    """
    if name.startswith(("/", ".", "~")) and not Path(name).expanduser().is_dir():
        raise ModelUnusable(name, f"no such folder; set {setting} to one, or to a name")
    folder = Path(name).expanduser()
    said = io.StringIO()
    try:
        with warnings.catch_warnings(), redirect_stdout(said), redirect_stderr(said):
            warnings.simplefilter("ignore")
            from sentence_transformers import CrossEncoder

            model: CrossEncoder = CrossEncoder(
                str(folder.resolve()) if folder.is_dir() else name,
                device="cpu",
                local_files_only=folder.is_dir(),
            )
            return model
    except Exception as error:  # whatever the loading of a file or the hub raises
        reason = " ".join(str(error).split())[:200]
        raise ModelUnusable(
            name, f"cannot be loaded as a cross-encoder ({reason}); set {setting} to another"
        ) from error


class Reranker:
    """A cross-encoder that scores a pair of query and text.

    Raises ``ModelUnusable`` where there is none, or one that gives several.
    """

    def __init__(self, name: str) -> None:
        self._model = open_cross_encoder(name, "GLOSS_RERANKER")
        if self._model.num_labels != 1:
            raise ModelUnusable(
                name,
                f"gives {self._model.num_labels} scores for a pair where a reranker gives one; "
                "set GLOSS_RERANKER to another",
            )
        self.name = name

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query; more is better."""
        if not texts:
            return []
        given: Any = self._model.predict([(query, text) for text in texts], show_progress_bar=False)
        # A damaged model gives numbers that no order can be made of.
        return [score if math.isfinite(score) else -math.inf for score in map(float, given)]
