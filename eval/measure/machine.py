"""What a process and those that it started take of the machine, as Linux's /proc has it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_SUMS = {"Rss": "rss", "Pss": "pss", "Pss_Anon": "anonymous"}  # of smaps_rollup, in kB


@dataclass(frozen=True, slots=True)
class Taken:
    """Memory in bytes (``pss``: pages that are shared count in part), handles, threads, seconds."""

    rss: int = 0
    pss: int = 0
    anonymous: int = 0  # of pss: heap and stacks, and not files that are mapped
    handles: int = 0
    threads: int = 0
    cpu: float = 0.0

    def __add__(self, other: Taken) -> Taken:
        return Taken(
            self.rss + other.rss,
            self.pss + other.pss,
            self.anonymous + other.anonymous,
            self.handles + other.handles,
            self.threads + other.threads,
            self.cpu + other.cpu,
        )


def taken(process: int) -> Taken:
    """What one process takes now; nothing where it has ended."""
    folder = Path("/proc", str(process))
    try:
        lines = (folder / "smaps_rollup").read_text().splitlines()[1:]
        sizes = {name: int(size.split()[0]) * 1024 for name, _, size in
                 (line.partition(":") for line in lines)}  # fmt: skip
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        handles = len(list((folder / "fd").iterdir()))
    except (OSError, ValueError):
        return Taken()
    seconds = sum(int(fields[at]) for at in (11, 12)) / _TICKS  # utime, stime
    memory = {field: sizes.get(name, 0) for name, field in _SUMS.items()}
    return Taken(**memory, handles=handles, threads=int(fields[17]), cpu=seconds)


def below(process: int) -> Iterator[int]:
    """The processes that it started, and those that these did."""
    with suppress(OSError):
        for task in Path("/proc", str(process), "task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from below(int(child))


def on_disk(folder: Path) -> int:
    """Bytes that the files of a folder take, without holes."""
    total = 0
    for place, _, names in os.walk(folder):  # which passes by a folder that is gone meanwhile
        for name in names:
            with suppress(OSError):
                total += Path(place, name).lstat().st_blocks * 512
    return total
