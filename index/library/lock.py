"""Who has a library open: a lock that the system lets go of when its owner ends."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import LibraryBusy
from index.library.files import no_writing

if TYPE_CHECKING:
    from filelock import BaseFileLock


class LibraryLock:
    """The library's owner: a file lock, with a file beside it that names the process.

    The system lets go of the lock when its process ends, however it ends.
    """

    def __init__(self, directory: Path) -> None:
        from filelock import FileLock, Timeout

        note = directory / "lock.json"
        # Any thread may close the library, so the lock must not belong to the one that opened it.
        self._lock: BaseFileLock = FileLock(directory / "lock", timeout=0, thread_local=False)
        try:
            self._lock.acquire()
        except Timeout:
            raise LibraryBusy(directory, _holder(note)) from None
        except (OSError, NotImplementedError) as error:
            raise no_writing(directory, error) from error
        self._note = note
        command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]]).strip() or "python"
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        try:
            fresh = note.with_suffix(".new")
            fresh.write_text(json.dumps({"pid": os.getpid(), "command": command, "since": since}))
            fresh.replace(note)
        except OSError as error:
            self._lock.release()
            raise no_writing(directory, error) from error

    def release(self) -> None:
        """Let the next one in."""
        if self._lock.is_locked:
            self._note.unlink(missing_ok=True)
            self._lock.release()


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
