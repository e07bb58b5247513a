"""Files as they lie on the disk: found, hashed, copied with their holes, and renamed for good."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from index.errors import UserUnknown

_PART = 1 << 16  # bytes that are read at a time, and left out of a copy where they are all zero
_ZEROS = bytes(_PART)


def sync_directory(directory: Path) -> None:
    """Have the system write a directory's names to the disk: a rename outlives a loss of power.

    Windows opens no directories and needs none of it. Raises ``OSError``.
    """
    if os.name == "nt":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def expanded(path: Path) -> Path:
    """A path with the home of the user that it begins with. Raises ``UserUnknown``."""
    try:
        return path.expanduser()
    except RuntimeError:
        raise UserUnknown(path) from None


def package_folder(package: str) -> Path | None:
    """Where an installed package is, found without importing it: that may load a great deal."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(next(iter(found.submodule_search_locations)))


def open_file(path: Path) -> io.BufferedReader:
    """A regular file, to be read. Raises ``OSError``, also for a pipe or a device.

    To open a pipe waits until somebody writes to it, and what some devices have never ends.
    """
    number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    kind = os.fstat(number).st_mode
    if not stat.S_ISREG(kind):
        os.close(number)
        wrong = errno.EISDIR if stat.S_ISDIR(kind) else errno.EINVAL
        why = os.strerror(wrong) if stat.S_ISDIR(kind) else "Not a regular file"
        raise OSError(wrong, why, str(path))
    return os.fdopen(number, "rb")


def read_file(path: Path, most: int) -> bytes:
    """All of a regular file of at most ``most`` bytes. Raises ``OSError`` as ``open_file``."""
    with open_file(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"Larger than {most / 1e6:.3g} MB", str(path))
    return data


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal. Raises ``OSError``."""
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_file(source: Path, target: Path) -> str:
    """Copy a file to a new one, durably; its SHA-256 in hexadecimal. Raises ``OSError``.

    Zeros become holes: Qdrant Edge keeps room in its files, 200 MB in a library of three papers.
    """
    whole = hashlib.sha256()
    with open_file(source) as original, target.open("xb") as copy:
        while part := original.read(_PART):
            whole.update(part)
            write_sparse(copy, part)
        copy.truncate()
        copy.flush()
        os.fsync(copy.fileno())
    return whole.hexdigest()


def copy_data(source: Path, target: Path) -> None:
    """Copy what a file has apart from its holes, which are not read, to a new file, for a while.

    Raises ``OSError``.
    """
    with open_file(source) as original, target.open("xb") as copy:
        size = os.fstat(original.fileno()).st_size
        while (at := _data_from(original, size)) < size and (part := original.read(_PART)):
            copy.seek(at)
            write_sparse(copy, part)
        copy.truncate(size)


def _data_from(file: io.BufferedReader, size: int) -> int:
    """Go to the next byte that is in no hole, or to ``size``, the end; where that is."""
    at = file.tell()
    if at < size and hasattr(os, "SEEK_DATA"):  # Windows has none
        try:
            return file.seek(at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # only a hole is left
                return size
            file.seek(at)  # a file system that knows no holes
    return at


def write_sparse(file: IO[bytes], part: bytes) -> None:
    """Write a part of a file, or leave a hole where it is all zeros; ``truncate`` at the end."""
    if part == _ZEROS[: len(part)]:
        file.seek(len(part), os.SEEK_CUR)
    else:
        file.write(part)
