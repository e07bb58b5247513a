"""Places that cannot be written: a file system that is mounted read-only or is full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NO_MOUNT = "no file system can be mounted here"


@contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[Path]:
    """A small file system of its own, in memory. The test is skipped where nobody may mount."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=20)
    except OSError:
        pytest.skip(NO_MOUNT)
    if done.returncode:
        pytest.skip(NO_MOUNT)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=20)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing below a folder can be written: by permission, or for root by a mount of its own."""
    if os.geteuid() == 0:
        try:
            for options in (["--bind", str(folder)], ["-o", "remount,bind,ro"]):
                subprocess.run(["mount", *options, str(folder)], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip(NO_MOUNT)
        try:
            yield
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=20)
        return
    modes = {path: path.stat().st_mode for path in (folder, *folder.rglob("*"))}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


def fill(folder: Path, left: int) -> None:
    """Write a file that leaves so many bytes free."""
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    with (folder / "filling").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - left)
