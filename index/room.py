"""Room on the disk. Qdrant Edge writes through mapped files with holes: where a full disk has no
block for one of them, the system ends the process by SIGBUS. So the room is looked at first.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from index.errors import DiskFull, NoScratch

MIB = 1 << 20
# Kept free for what takes little or gives room back: opening, removing. Where a file system gives
# every page that is looked at a block (tmpfs does), opening two stores of Qdrant Edge takes 70 MB.
LEAST = 128 * MIB
# Kept free to remove a paper without its vectors, which go once there is room: what the log of the
# catalogue takes until it is brought in (1,000 pages), twice.
REMOVING = 8 * MIB
# Kept free beyond what a write asks for: the engine's files grow by pages and segments at their own
# time, and another process may write meanwhile. More than ``LEAST``, so that a library which is too
# full to take papers can still give some up.
MARGIN = 192 * MIB
_MEMORY = "/dev/shm"  # a file system in memory, on Linux


def free_space(folder: Path) -> int:
    """Bytes that this user may still write where ``folder`` is."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def check_room(folder: Path, needed: int = 0, margin: int = MARGIN) -> None:
    """Raise ``DiskFull`` unless ``needed`` bytes and ``margin`` are free where ``folder`` is."""
    free = free_space(folder)
    if free < needed + margin:
        raise DiskFull(folder, free, needed + margin)


def scratch_folder() -> TemporaryDirectory[str]:
    """A temporary folder, in memory where the usual place for one is full or read-only.

    Raises ``NoScratch`` where there is none.
    """
    for place in (None, _MEMORY):
        try:
            folder = TemporaryDirectory(prefix="gloss-", dir=place, ignore_cleanup_errors=True)
        except OSError:
            continue
        if free_space(Path(folder.name)) >= LEAST:
            return folder
        folder.cleanup()
    raise NoScratch


def occupied(folder: Path) -> int:
    """Bytes on the disk of all files in ``folder``; holes take none."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(os.path.join(path, name))  # noqa: PTH118 - of thousands of files
            except FileNotFoundError:  # the engine has just replaced it
                continue
            # Where a system does not count blocks, the whole size.
            total += getattr(status, "st_blocks", -(-status.st_size // 512)) * 512
    return total
