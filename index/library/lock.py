"""Who has a library open, and whether it may be written: settled once, when it is opened.

A lock that the system lets go of when its owner ends. On a read-only medium, without permission and
on a full disk nobody can become the owner; the library is then opened to be read, under a shared
lock where the system gives one. Beside an owner it is read without a lock (``Beside``).
"""

from __future__ import annotations

import errno
import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from index.errors import DiskFull, LibraryBusy, LibraryUnusable
from index.library.access import Access
from index.library.files import CATALOG, no_writing
from index.room import LEAST, REMOVING, check_room

if TYPE_CHECKING:
    from filelock import BaseFileLock


# Errors that leave a library readable; the others mean that it cannot be used at all.
_READABLE = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT}
NOTE = "lock.json"  # names the process that has the lock
SERVER = "server.json"  # where that process takes work, if it does; of its user alone

# How this process is called where others read who has a library.
_names: list[str] = []


def name_process(command: str) -> None:
    """Have others read this name of the libraries that this process opens: "gloss serve"."""
    _names[:] = [command]


class Hold(Protocol):
    """What keeps a library open, until it is released."""

    @property
    def access(self) -> Access:
        """What may be done with it."""

    def release(self) -> None:
        """Let go of it."""


@dataclass(frozen=True, slots=True)
class Beside:
    """No lock: another process has the library, and may write while this one reads.

    That is safe for the catalogue, of which each statement reads one state (SQLite's log), and for
    files, which are never changed; vectors are copied at a moment of rest (``rest``).
    """

    access: Access

    def release(self) -> None:
        """There is nothing to let go of."""


class LibraryLock:
    """A lock on the library's directory, with a file beside it that names the process.

    ``access`` is what may be done under it: where there is a library, what keeps it from being
    written is no error here. The system lets go of the lock when its process ends, however it ends.
    """

    def __init__(self, directory: Path) -> None:
        from filelock import FileLock, Timeout

        self._note = directory / NOTE
        self._server = directory / SERVER
        self._shared: int | None = None
        # Any thread may close the library, so the lock must not belong to the one that opened it.
        self._lock: BaseFileLock = FileLock(directory / "lock", timeout=0, thread_local=False)
        try:
            self._lock.acquire()
        except Timeout:
            raise LibraryBusy(directory, _holder(self._note)) from None
        except (OSError, NotImplementedError) as error:
            self.access = _access(directory, error)
            self._share(directory)
            return
        try:
            self._server.unlink(missing_ok=True)  # of a server that was killed
            check_room(directory, margin=LEAST)
            self._write_note()
        except (OSError, DiskFull) as error:
            try:
                self.access = _access(directory, error)
            except LibraryUnusable:
                self._lock.release()
                raise
        else:
            self.access = Access(directory)

    def release(self) -> None:
        """Let the next one in."""
        if self._lock.is_locked:
            with suppress(OSError):  # it became read-only; the note of a process that ended is none
                self._note.unlink(missing_ok=True)
                self._server.unlink(missing_ok=True)
            self._lock.release()
        if self._shared is not None:
            os.close(self._shared)
            self._shared = None

    def _write_note(self) -> None:
        command = _names[0] if _names else Path(sys.argv[0]).name or "python"
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        fresh = self._note.with_suffix(".new")
        fresh.write_text(json.dumps({"pid": os.getpid(), "command": command, "since": since}))
        fresh.replace(self._note)

    def _share(self, directory: Path) -> None:
        """Read beside others that read; ``LibraryBusy`` where another user writes just now.

        Nothing is locked where there is no lock file, or no way of sharing it.
        """
        try:
            import fcntl
        except ImportError:  # Windows
            return
        try:
            self._shared = os.open(directory / "lock", os.O_RDONLY)
            fcntl.flock(self._shared, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise LibraryBusy(directory, _holder(self._note)) from None
        except OSError:
            return


def hold(directory: Path, beside: bool = False) -> Hold:
    """The library's lock; with ``beside``, where another process has it, none.

    Raises ``LibraryBusy`` and ``LibraryUnusable``.
    """
    try:
        return LibraryLock(directory)
    except LibraryBusy as error:
        if not beside or not (directory / CATALOG).is_file():
            raise
        return Beside(Access(directory, f"in use by {error.holder}", beside=True))


def _access(directory: Path, error: Exception) -> Access:
    """That of a library that cannot be written for this reason. Raises ``LibraryUnusable``."""
    there = (directory / CATALOG).is_file()
    if there and isinstance(error, DiskFull):
        removes = error.free >= REMOVING
        way = "make room, as by `gloss remove`" if removes else "make room"
        said = f"the disk is full, {error.free / 1e6:.0f} MB free: {way}"
        return Access(directory, said, removes=removes)
    if there and isinstance(error, OSError) and error.errno in _READABLE:
        return Access(directory, os.strerror(error.errno))
    if isinstance(error, DiskFull):
        raise error
    raise no_writing(directory, error) from error


def _holder(note: Path) -> str:
    """The holder of the lock in words: "gloss serve (process 123 since 14:02)"."""
    try:
        said = json.loads(note.read_text())
        since = datetime.fromisoformat(said["since"]).astimezone()
        today = since.date() == datetime.now().astimezone().date()
        when = since.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")
        return f"{said['command']} (process {int(said['pid'])} since {when})"
    except (OSError, ValueError, KeyError, TypeError):  # it has not yet, or no longer, said so
        return "another process"
