"""A Space of Hugging Face: where its library is, and what its first visitor finds there.

A Space starts on a machine that knows nothing of the one before, unless its owner pays for storage
(``/data``). Only the repository stays. So a small library comes with it, built beforehand by
data/build_space_library.py: it is unpacked in a tenth of a second, where reading the same papers
takes ten seconds and more. What does not fit it, as another embedding model, is built from the
papers at the start.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.config import Settings
from index.disk import write_sparse
from index.errors import GlossError

if TYPE_CHECKING:
    from index.library import Papers

_log = logging.getLogger(__name__)

SAMPLES = Path(__file__).parents[2] / "data"
ARCHIVE = "space-library.zip"  # among the samples
STORAGE = Path("/data")  # where a Space has its storage, if it has any
_BLOCK = 1 << 16  # bytes that are read at a time
# What a library has while it is open.
_OF_ONE_PROCESS = frozenset(("lock", "lock.json", "server.json", "visitors", "incoming"))


class NowhereToWrite(GlossError):
    """No folder can be written that a library could be in."""

    def __init__(self, tried: str) -> None:
        super().__init__(
            f"{tried}: no library can be kept in any of these; set GLOSS_LIBRARY and GLOSS_CACHE "
            "to folders that can be written"
        )


def space_settings(storage: Path = STORAGE, samples: Path = SAMPLES) -> Settings:
    """The settings of a Space: those of the environment, and for what that leaves open its own.

    The library and the models are in the Space's storage, else in the home directory, else in the
    folder for temporary files: in the first where a library can be opened. Where there is none, one
    is unpacked. It is a public instance. Its source code is the Space's, whose address the
    environment gives (https://huggingface.co/docs/hub/spaces-overview#helper-environment-variables).
    Raises ``NowhereToWrite``, and a ``GlossError`` where a folder that was given is of no use.
    """
    settings = Settings()
    own: dict[str, Any] = {}
    if "enabled" not in settings.public.model_fields_set:
        own["public"] = settings.public.model_copy(update={"enabled": True})
    space = os.environ.get("SPACE_ID")
    if space and "source_url" not in settings.model_fields_set:
        own["source_url"] = f"https://huggingface.co/spaces/{space}/tree/main"
    settings = settings.model_copy(update=own)
    if "library" in settings.model_fields_set:
        return _prepared(_with_cache(settings, settings.library), samples)
    tried = [*([storage] if space else []), Path.home() / ".local" / "share", _temporary()]
    for folder in tried:
        here = settings.model_copy(update={"library": folder / "gloss-space" / "library"})
        try:
            return _prepared(_with_cache(here, here.library), samples)
        except (GlossError, OSError) as error:
            _log.warning("no library in %s: %s", folder, error)
    raise NowhereToWrite(", ".join(map(str, tried)))


def fill(library: Papers, samples: Path = SAMPLES) -> None:
    """Add the sample papers to an empty library and write their digests, so that some are there."""
    from app.write import write_digest
    from index.sources import find_sources

    if library.papers():
        return
    # By name: the folder also holds a README.
    papers = [*sorted(samples.glob("*.pdf")), samples / "choosing-passage-size.md"]
    for source in find_sources(papers).found:
        added = library.add(source)
        if added.status == "ok":
            write_digest(library, added.paper_id)


def pack(directory: Path, archive: Path) -> None:
    """A closed library as a file. What one process has of it while it is open stays behind."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path in sorted(directory.rglob("*")):
            inside = path.relative_to(directory)
            if not _OF_ONE_PROCESS.isdisjoint(inside.parts):
                continue
            name = f"{inside.as_posix()}/" if path.is_dir() else inside.as_posix()
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            if path.is_dir():
                packed.writestr(entry, b"")
                continue
            with path.open("rb") as stream, packed.open(entry, "w") as target:
                shutil.copyfileobj(stream, target, _BLOCK)


def unpack(archive: Path, directory: Path) -> None:
    """A library out of a file that ``pack`` wrote: whole, or not at all.

    Qdrant Edge keeps room in its files, 400 MB of zeros in a library of three papers: they become
    holes, which take no room and no time. Raises ``OSError``.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=".unpacking-") as temporary:
        made = Path(temporary) / "library"
        with zipfile.ZipFile(archive) as packed:
            for entry in packed.infolist():
                path = made / entry.filename
                if entry.is_dir():
                    path.mkdir(parents=True, exist_ok=True)
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                with packed.open(entry) as stream, path.open("wb") as target:
                    while block := stream.read(_BLOCK):
                        write_sparse(target, block)
                    target.truncate()
        made.replace(directory)


def _temporary() -> Path:
    return Path(tempfile.gettempdir())


def _with_cache(settings: Settings, library: Path) -> Settings:
    """The models beside the library, unless the environment says where they are."""
    if "cache" in settings.model_fields_set:
        return settings
    return settings.model_copy(update={"cache": library.parent / "cache"})


def _prepared(settings: Settings, samples: Path) -> Settings:
    """The same settings, once there is a library with papers where they say.

    Raises ``GlossError`` and ``OSError``.
    """
    from index.library import Library

    directory = settings.library.expanduser()
    archive = samples / ARCHIVE
    is_new = not directory.exists() or not any(directory.iterdir())
    # Vectors that were made elsewhere can be searched with the same model, and here only.
    other = "model" in settings.model_fields_set or bool(settings.qdrant.url)
    if is_new and archive.is_file() and not other:
        unpack(archive, directory)
    settings.cache.expanduser().mkdir(parents=True, exist_ok=True)
    with Library.open(settings) as library:
        fill(library, samples)
    return settings
