"""Files that a person named, written: whole or not at all, and never in the place of no file."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from index.errors import GlossError

_PART = ".gloss-"  # what a file is called before it is whole
_ABANDONED = 3600.0  # seconds: no file takes that long
_MODE = 0o644  # of a new file


class OutputUnusable(GlossError):
    """A file cannot be written where it was asked for."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: cannot be written: {why}")
        self.path = path
        self.why = why


def write_text(path: Path, text: str) -> bool:
    """Write ``text`` as ``write_file`` does."""
    return write_file(path, text.encode("utf-8", errors="replace"))


def write_file(path: Path, data: bytes) -> bool:
    """Write ``data`` whole or not at all, and not where it is there already: then ``False``.

    Folders are made; what a run that was killed left in them is deleted. A file that is replaced
    keeps its permissions. Raises ``OutputUnusable``, also for a device, a pipe or a link: a new
    file would take its place.
    """
    try:
        mode = _mode_of(path)
        if mode is not None and path.read_bytes() == data:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=_PART, suffix=".part")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())  # or a loss of power may leave an empty file of its name
            temporary.chmod(_MODE if mode is None else mode)
            _mode_of(path)  # nothing else has come there meanwhile
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, ValueError) as error:  # a name with a NUL, as a file of settings may have
        raise OutputUnusable(path, getattr(error, "strerror", None) or str(error)) from error
    return True


def _mode_of(path: Path) -> int | None:
    """The permissions of a regular file; None where there is nothing. Raises ``OutputUnusable``."""
    try:
        found = path.lstat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found):
        raise OutputUnusable(path, "it is a link; name the file that it leads to")
    if stat.S_ISDIR(found):
        raise OutputUnusable(path, "it is a folder; name a file")
    if not stat.S_ISREG(found):
        raise OutputUnusable(path, "it is a device or a pipe; name a file")
    return stat.S_IMODE(found)


def _sweep(folder: Path) -> None:
    """Delete half-written files that nobody writes any more."""
    for left in folder.glob(f"{_PART}*.part"):
        with suppress(FileNotFoundError):  # its writer is done, or has swept too
            if time.time() - left.stat().st_mtime > _ABANDONED:
                left.unlink()
