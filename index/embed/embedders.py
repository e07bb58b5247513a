"""Embedders: a converted model run by OpenVINO, and one as sentence-transformers runs it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from copy import copy
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.embed.converted import Converted
from index.embed.source import quiet

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

BF16 = "+bf16"  # at the end of a fingerprint
_QUESTIONS_MOST = 128  # whose vectors are remembered

# What Chinese questions have in common draws them to passages that are like Chinese in some way,
# rather than to the answer (Libovický et al., https://arxiv.org/abs/2004.05160). So half of the
# mean of some questions about nothing in particular is taken from the vector of a Chinese one; the
# share was chosen on the part "tune" of data/chinese_pairs.jsonl (ADR 14).
_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_COMMON_SHARE = 0.5
COMMON_QUESTIONS = (
    "什么是机器学习？",
    "怎样学好一门外语？",
    "今天的天气怎么样？",
    "这项研究的主要结论是什么？",
    "为什么天空是蓝色的？",
    "如何减少能源消耗？",
    "哪些因素影响经济增长？",
    "该方法与以往方法相比有什么优势？",
    "数据是怎样收集的？",
    "这种算法的复杂度是多少？",
    "模型在测试集上的表现如何？",
    "城市交通拥堵有什么解决办法？",
    "古代建筑有哪些特点？",
    "怎么做红烧肉？",
    "谁发明了电话？",
    "实验结果支持这个假设吗？",
)


class OpenVinoEmbedder:
    """A converted model. Safe to use from several threads."""

    def __init__(
        self,
        name: str,
        fingerprint: str,
        home: Path,
        description: dict[str, Any],
        threads: int | None = None,
    ) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self.dimension: int = description["dimension"]
        self._prompts: dict[str, str] = description["prompts"]
        self._compile = partial(
            Converted,
            home,
            description["max_tokens"],
            description["inputs"],
            description["pad"],
            threads=threads,
        )
        self._model = self._compile("f32")
        self._passages: Callable[[], Converted] = lambda: self._model
        self.embed_query = Questions(self._embed_question).vector

    def in_bf16(self) -> OpenVinoEmbedder:
        """The same, but for passages, which are computed in bfloat16; compiled for the first."""
        short = copy(self)
        short.fingerprint = f"{self.fingerprint}{BF16}"
        short._passages = _once(partial(self._compile, "bf16"))
        return short

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, (n, dimension), of unit length."""
        return self._embed(self._passages, texts)

    def embed_sentences(self, texts: Sequence[str]) -> Vectors:
        """The same in f32 on every machine, so that it chooses the same of them."""
        return self._embed(lambda: self._model, texts)

    def _embed(self, model: Callable[[], Converted], texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        prompt = self._prompts["passage"]
        return unit(model().rows([prompt + text for text in texts]))

    def _embed_question(self, text: str) -> Vectors:
        vector: Vectors = unit(self._model.row(self._prompts["query"] + text)[np.newaxis])[0]
        return vector


class TorchEmbedder:
    """A model run by sentence-transformers, for models that cannot be converted."""

    def __init__(self, name: str, fingerprint: str, model: SentenceTransformer) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self._model = model
        self.embed_query = Questions(self._embed_question).vector
        with quiet():
            self.dimension = len(self.embed_query("dimension"))

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, (n, dimension), of unit length."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        with quiet():
            vectors: Any = self._model.encode_document(list(texts), show_progress_bar=False)
        return unit(np.asarray(vectors, dtype=np.float32))

    def embed_sentences(self, texts: Sequence[str]) -> Vectors:
        """The same: all is computed in f32."""
        return self.embed_passages(texts)

    def _embed_question(self, text: str) -> Vectors:
        with quiet():
            vectors: Any = self._model.encode_query([text], show_progress_bar=False)
        vector: Vectors = unit(np.asarray(vectors, dtype=np.float32))[0]
        return vector


def _once(make: Callable[[], Converted]) -> Callable[[], Converted]:
    """Calls ``make`` for the first call only, whichever thread is first."""
    lock, made = threading.Lock(), list[Converted]()

    def get() -> Converted:
        with lock:
            if not made:
                made.append(make())
        return made[0]

    return get


class Questions:
    """Vectors of questions, out of those that a model gives: see ``COMMON_QUESTIONS``.

    The last ones are remembered: a digest asks the same questions of every paper.
    """

    def __init__(self, embed: Callable[[str], Vectors]) -> None:
        self._embed = embed
        self.vector: Callable[[str], Vectors] = lru_cache(_QUESTIONS_MOST)(self._vector)

    def _vector(self, text: str) -> Vectors:
        """Of unit length, not to be written to; without what is common to all in that language."""
        vector = self._embed(text)
        if _CHINESE.search(text):
            vector = unit((vector - self._common)[np.newaxis])[0]
        vector.setflags(write=False)
        return vector

    @cached_property
    def _common(self) -> Vectors:
        """What is taken off; computed for the first Chinese question, in a third of a second."""
        vectors = np.stack([self._embed(text) for text in COMMON_QUESTIONS])
        common: Vectors = np.float32(_COMMON_SHARE) * vectors.mean(axis=0)
        return common


def unit(vectors: Vectors) -> Vectors:
    """Each row, (n, dimension), of unit length; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = vectors / np.maximum(lengths, np.float32(1e-12))
    return scaled
