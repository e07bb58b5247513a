"""Text to vectors: any sentence-transformers model, run by OpenVINO.

Where a model's files are is ``index.embed.source``; a model is converted once
(``index.embed.conversion``), and from then on OpenVINO and the tokenizer are all that is loaded. A
model that OpenVINO cannot take, or whose vectors change by it, is run by sentence-transformers.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache as remembered
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from index.disk import sha256_of
from index.embed.conversion import CHECK_TEXTS, description_of, no_cache, opened_copy
from index.embed.converted import computes_bf16, tokenizer_of
from index.embed.embedders import BF16, OpenVinoEmbedder, TorchEmbedder, Vectors, unit
from index.embed.source import (
    bundled_folder,
    fingerprint_of,
    json_of,
    load_original,
    source_of,
    write_json,
)

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

__all__ = [
    "Embedder",
    "ModelCheck",
    "OpenVinoEmbedder",
    "TorchEmbedder",
    "Vectors",
    "blended",
    "check_model",
    "count_tokens",
    "open_embedder",
    "open_original",
    "weights_of",
]

_log = logging.getLogger(__name__)

_PRECISION = "bf16.json"  # beside a converted model, what was measured of bfloat16
_AGREEMENT_BF16 = 0.999  # least cosine between vectors in bfloat16 and in f32


class Embedder(Protocol):
    """A model that embeds text as vectors of unit length."""

    @property
    def name(self) -> str:
        """As it was asked for."""

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the model's files, and ``+bf16`` where passages are computed in that.

        Equal fingerprints, equal vectors; equal ``weights_of`` them, vectors that may stand in one
        library.
        """

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, (n, dimension). What is past the model's limit is cut off."""

    def embed_sentences(self, texts: Sequence[str]) -> Vectors:
        """The same, to compare with each other: equal vectors on every machine."""

    def embed_query(self, text: str) -> Vectors:
        """The vector of a question, (dimension,)."""


def open_embedder(name: str, cache: Path, threads: int | None = None) -> Embedder:
    """The model of that name, or in that folder, converted into ``cache`` on first use.

    It takes every core, or ``threads`` of them where others embed beside it.

    all-MiniLM-L6-v2 comes with a package that gloss depends on, multilingual-e5-small with one
    that it may; other names are looked up on the Hugging Face hub. Raises ``ModelUnusable``.
    """
    source = source_of(name)

    def opened(description: dict[str, Any]) -> Embedder:
        if description["engine"] == "torch":
            _log.warning(
                "model %s is run by sentence-transformers, which loads slowly: %s",
                name,
                description["reason"],
            )
            return TorchEmbedder(name, fingerprint, load_original(source))
        return _opened(name, fingerprint, home, description, threads)

    try:
        fingerprint = fingerprint_of(source, cache)
        home = cache / fingerprint
        return opened_copy(source, home, opened)
    except OSError as error:
        raise no_cache(name, error) from error


def _opened(
    name: str, fingerprint: str, home: Path, description: dict[str, Any], threads: int | None
) -> OpenVinoEmbedder:
    """The converted model, for passages in bfloat16 where that is faster and gives like vectors.

    Whether it does is measured once, on ``CHECK_TEXTS``.
    """
    full = OpenVinoEmbedder(name, fingerprint, home, description, threads)
    if not computes_bf16():
        return full
    short = full.in_bf16()
    least = json_of(home / _PRECISION).get("least_cosine")
    if least is None:
        both = full.embed_passages(CHECK_TEXTS) * short.embed_passages(CHECK_TEXTS)
        least = float(both.sum(axis=1).min())
        write_json(home / _PRECISION, {"least_cosine": least})
    return short if least > _AGREEMENT_BF16 else full


def weights_of(fingerprint: str) -> str:
    """The part of an embedder's fingerprint that names its weights, whatever the precision."""
    return fingerprint.removesuffix(BF16)


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """The result of ``check_model``: ``weights`` is their SHA-256, only for a model from a package.

    ``damaged`` names the files of the converted copy that were not as they had been written.
    """

    fingerprint: str
    weights: str
    damaged: tuple[str, ...]


def check_model(name: str, cache: Path) -> ModelCheck:
    """Read every byte of a model and of its converted copy, where opening looks at sizes only.

    A damaged copy is made again; vectors that it gave meanwhile are not to be trusted. Raises
    ``ModelUnusable``.
    """
    source = source_of(name)
    try:
        fingerprint = fingerprint_of(source, cache, remembered=False)
        home = cache / fingerprint
        written = (description_of(home) or {"sha256": {}})["sha256"]
        damaged = tuple(file for file, found in written.items() if sha256_of(home / file) != found)
        if damaged:
            (home / "embedder.json").unlink()
    except OSError as error:
        raise no_cache(name, error) from error
    return ModelCheck(open_embedder(name, cache).fingerprint, source.sha256, damaged)


def blended(vectors: Vectors, other: Vectors, weight: float) -> Vectors:
    """Each row with ``weight`` of the vector ``other`` in it, of unit length again."""
    return unit(vectors + np.float32(weight) * other)


def open_original(name: str) -> SentenceTransformer:
    """The model as sentence-transformers runs it, to compare with. Raises ``ModelUnusable``."""
    return load_original(source_of(name))


def count_tokens(texts: Sequence[str]) -> list[int]:
    """Word pieces in each text, as all-MiniLM-L6-v2 counts them, without special tokens."""
    encodings = _counting_tokenizer().encode_batch_fast(list(texts), add_special_tokens=False)
    return [len(encoding) for encoding in encodings]


@remembered
def _counting_tokenizer() -> Tokenizer:
    return tokenizer_of(bundled_folder() / "tokenizer.json")
