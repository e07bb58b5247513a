"""A library's directory: its copies of files, and whether it may be used as a library."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from index.errors import LibraryUnusable, SourceNotFound
from index.sources import Source

CATALOG, FILES = "catalog.sqlite", "files"
_INCOMING = "incoming"  # the folder of copies that are not kept yet

# What opening makes before there is a catalogue with something in it.
_BEGUN = re.compile(r"lock(\.json|\.new)?|catalog\.sqlite(-\w+)?")
_KEPT_FILE = re.compile(r"[0-9a-f]{64}\.(pdf|md|markdown|html|htm|xhtml)")
_PART = 1 << 20  # bytes that are copied at a time


@dataclass(frozen=True, slots=True)
class Files:
    """The copies of the papers' files in a folder of the library, each named by its SHA-256."""

    folder: Path

    def path(self, file: str) -> Path:
        """Where the copy of that name is, or would be."""
        return self.folder / file

    def copied(self, source: Source) -> tuple[Path, str]:
        """A copy inside the library, to be kept or deleted, and its SHA-256 in hexadecimal.

        What is read is what is kept, even if the original changes meanwhile. Raises
        ``SourceNotFound``, and ``LibraryUnusable`` where nothing can be written.
        """
        copy = self.folder / _INCOMING / f"{uuid.uuid4().hex}{source.path.suffix.lower()}"
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

    def make_durable(self, copy: Path) -> None:
        """Have the system write a copy to the disk. Raises ``LibraryUnusable``."""
        try:
            with copy.open("r+b") as file:
                os.fsync(file.fileno())
        except OSError as error:
            raise no_writing(self.folder.parent, error) from error

    def keep(self, copy: Path, file: str) -> None:
        """Let a copy be the file of that name. Raises ``LibraryUnusable``."""
        try:
            copy.replace(self.folder / file)
        except OSError as error:
            raise no_writing(self.folder.parent, error) from error

    def delete(self, file: str) -> None:
        """Delete the file of that name, if it is one of ours."""
        path = self.folder / file
        if _KEPT_FILE.fullmatch(file) and path.is_file() and not path.is_symlink():
            path.unlink(missing_ok=True)

    def tidy(self, wanted: Collection[str]) -> None:
        """Delete what an add that was cut short left; the files ``wanted`` stay."""
        shutil.rmtree(self.folder / _INCOMING, ignore_errors=True)
        (self.folder / _INCOMING).mkdir(parents=True)
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name not in wanted:
                    self.delete(entry.name)


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


def no_reading(source: Source, error: OSError) -> SourceNotFound:
    """A source that cannot be read, and why."""
    return SourceNotFound(source.name, f"cannot be read: {error.strerror or error}")


def no_writing(directory: Path, error: Exception) -> LibraryUnusable:
    """A directory that cannot be used, and why."""
    why = getattr(error, "strerror", None) or error
    return LibraryUnusable(
        directory, f"cannot be used ({why}): give a --library that can be written"
    )
