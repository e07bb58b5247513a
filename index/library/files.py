"""A library's directory: its copies of files, and whether it may be used as a library.

Only files of papers that were taken out are deleted. One that the catalogue does not know, as after
an older catalogue was put back, is moved to a folder beside the others, the quarantine.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from index.disk import sha256_of, sync_directory
from index.errors import LibraryUnusable, SourceNotFound
from index.sources import Source

CATALOG, FILES, QUARANTINE = "catalog.sqlite", "files", "quarantine"
_INCOMING = "incoming"  # the folder of copies that are not kept yet

# What opening makes before there is a catalogue with something in it.
_BEGUN = re.compile(r"lock(\.json|\.new)?|catalog\.sqlite(-\w+)?")
_KEPT_FILE = re.compile(r"[0-9a-f]{64}\.(pdf|md|markdown|html|htm|xhtml)")
_NAMELESS = "nameless"  # which no file is called
_PART = 1 << 20  # bytes that are copied at a time


@dataclass(frozen=True, slots=True)
class Files:
    """The copies of the papers' files in a folder of the library, each named by its SHA-256."""

    folder: Path

    @property
    def quarantine(self) -> Path:
        """The folder of files that the catalogue does not know."""
        return self.folder.parent / QUARANTINE

    def path(self, file: str) -> Path:
        """Where the copy of that name is, or would be; a catalogue of strangers names no other."""
        return self.folder / (file if _KEPT_FILE.fullmatch(file) else _NAMELESS)

    def sizes(self) -> dict[str, int]:
        """The bytes of every copy, by its name."""
        try:
            with os.scandir(self.folder) as there:
                return {one.name: one.stat().st_size for one in there if one.is_file()}
        except OSError:
            return {}

    def is_whole(self, file: str) -> bool:
        """Whether the file of that name is there and has the bytes that it is named after."""
        return _is_whole(self.path(file))

    def copied(self, source: Source) -> tuple[Path, str]:
        """A copy inside the library, to be kept or deleted, and its SHA-256 in hexadecimal.

        What is read is what is kept, even if the original changes meanwhile. Raises
        ``SourceNotFound``, and ``LibraryUnusable`` where nothing can be written.
        """
        copy = self.incoming(source.path.suffix.lower())
        whole = hashlib.sha256()
        try:
            original = source.path.open("rb")
        except OSError as error:
            raise no_reading(source, error) from error
        try:
            with original, copy.open("xb") as target:
                while part := _read(original, source):
                    whole.update(part)
                    target.write(part)
        except BaseException as error:
            copy.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise no_writing(self.folder.parent, error) from error
            raise
        return copy, whole.hexdigest()

    def incoming(self, suffix: str) -> Path:
        """Where a copy is written before it is kept."""
        return self.folder / _INCOMING / f"{uuid.uuid4().hex}{suffix}"

    def make_durable(self, copy: Path) -> None:
        """Have the system write a copy to the disk. Raises ``LibraryUnusable``."""
        try:
            with copy.open("r+b") as file:
                os.fsync(file.fileno())
        except OSError as error:
            raise no_writing(self.folder.parent, error) from error

    def keep(self, copy: Path, file: str) -> None:
        """Let a copy be the file of that name, durably. Raises ``LibraryUnusable``."""
        try:
            copy.replace(self.path(file))
            sync_directory(self.folder)
        except OSError as error:
            raise no_writing(self.folder.parent, error) from error

    def own_name(self, file: str, sha256: str, original: str) -> str:
        """The name of the file with these bytes, where a damaged row calls it ``file``.

        One that lies in the quarantine, since the row did not name it, comes back.
        """
        if _KEPT_FILE.fullmatch(file) and Path(file).stem == sha256:
            return file
        for path in (*_kept_in(self.folder), *_kept_in(self.quarantine)):
            if path.stem == sha256:
                _move(path, self.folder / path.name)
                return path.name
        return f"{sha256}{Path(original).suffix.lower()}"

    def delete(self, file: str) -> None:
        """Delete the file of that name, if it is one of ours and the system allows it."""
        path = self.path(file)
        if _is_kept(path):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def tidy(self, wanted: Collection[str]) -> None:
        """Delete copies that are not kept yet, of an add that was cut short.

        Files that are not ``wanted`` go to the quarantine, and those that are come back from it.
        """
        shutil.rmtree(self.folder / _INCOMING, ignore_errors=True)
        (self.folder / _INCOMING).mkdir(parents=True)
        for path in _kept_in(self.folder):
            if path.name not in wanted:
                self.quarantine.mkdir(exist_ok=True)
                _move(path, self.quarantine / path.name)
        for path in _kept_in(self.quarantine):
            if path.name in wanted:
                _move(path, self.folder / path.name)
        with suppress(OSError):  # it is not there, or not empty
            self.quarantine.rmdir()

    def unknown(self, wanted: Collection[str]) -> list[Path]:
        """The files that the catalogue, which has those ``wanted``, does not know."""
        here = (path for path in _kept_in(self.folder) if path.name not in wanted)
        return [*here, *_kept_in(self.quarantine)]


def _kept_in(folder: Path) -> list[Path]:
    """The copies of papers in a folder, by name; none where there is no folder."""
    return sorted(filter(_is_kept, folder.iterdir())) if folder.is_dir() else []


def _is_kept(path: Path) -> bool:
    return bool(_KEPT_FILE.fullmatch(path.name)) and path.is_file() and not path.is_symlink()


def _is_whole(path: Path) -> bool:
    try:
        return sha256_of(path) == path.stem
    except OSError:
        return False


def _move(source: Path, target: Path) -> None:
    """Move a copy to where no other of its name is lost that is whole; health counts what stays."""
    with suppress(OSError):
        if _is_whole(target):
            source.unlink()
        else:
            source.replace(target)


def is_bare(directory: Path) -> bool:
    """Whether a library may be made here: nothing is there but what making one begins with."""
    for path in directory.iterdir():
        if path.name in (FILES, "vectors") and (directory / CATALOG).is_file():
            if any(not inner.is_dir() for inner in path.rglob("*")):
                return False
        elif not (_BEGUN.fullmatch(path.name) and path.is_file()):
            return False
    return True


def _read(original: BinaryIO, source: Source) -> bytes:
    try:
        return original.read(_PART)
    except OSError as error:
        raise no_reading(source, error) from error


# What to do about errors that another place would not end.
_ADVICE: dict[int | None, str] = {
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "raise the system's limit of open files",
    errno.EEXIST: "it is no folder, or a link that leads nowhere; give another --library",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.ENOSPC: "free some space and run it again",
    errno.EDQUOT: "free some space and run it again",
}


def no_reading(source: Source, error: OSError) -> SourceNotFound:
    """A source that cannot be read, and why."""
    return SourceNotFound(source.name, f"cannot be read: {error.strerror or error}")


def no_writing(directory: Path, error: Exception) -> LibraryUnusable:
    """A directory that cannot be used, and why."""
    why = getattr(error, "strerror", None) or error
    advice = _ADVICE.get(getattr(error, "errno", None), "give a --library that can be written")
    return LibraryUnusable(directory, f"cannot be used ({why}): {advice}")
