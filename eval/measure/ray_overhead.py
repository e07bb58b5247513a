"""Compares adding the papers of a folder with and without Ray on this machine, in alternation.

    python eval/measure/ray_overhead.py FOLDER [--rounds N] [--copies N]

Each run is a ``gloss add`` into a new library. ``--copies`` adds each paper so often, each copy
with a different comment at the end, so that all differ. Reported are wall-clock seconds, which
other work on the machine increases, and processor seconds of all processes that the run started:
they are sampled twice a second, so each may have used half a second more. Linux only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

WORKERS = 2
TICKS = os.sysconf("SC_CLK_TCK")


def spent(mark: str) -> dict[str, float]:
    """Seconds of the processor of each process with that mark in its environment."""
    found = {}
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if mark.encode() in (process / "environ").read_bytes():
                    fields = (process / "stat").read_text().rpartition(")")[2].split()
                    found[process.name] = (int(fields[11]) + int(fields[12])) / TICKS
            except OSError:
                continue  # it has ended
    return found


def run(folder: Path, *options: str) -> tuple[float, float]:
    """Seconds of the wall clock and of the processor, for one ``gloss add``."""
    program = [sys.executable, "-c", "from app.cli import main; main()", "add"]
    mark = uuid.uuid4().hex
    with tempfile.TemporaryDirectory() as temporary:
        began = time.perf_counter()
        running = subprocess.Popen(
            [*program, *options, "--library", f"{temporary}/library", str(folder)],
            stdout=subprocess.DEVNULL,
            env={**os.environ, "GLOSS_MEASURED": mark},
        )
        seconds: dict[str, float] = {}
        while running.poll() is None:
            seconds |= spent(mark)
            time.sleep(0.5)
        return time.perf_counter() - began, sum(seconds.values())


def main() -> None:
    """Measure, and print a line for each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--copies", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        for path in sorted(given.folder.glob("*.pdf")):
            for number in range(given.copies):
                copy = Path(temporary, f"{path.stem}-{number}.pdf")
                copy.write_bytes(path.read_bytes() + f"%{number}\n".encode())
        for _ in range(given.rounds):
            for options in ((), ("--ray", f"local:{WORKERS}")):
                wall, processor = run(Path(temporary), *options)
                said = f"{wall:.1f} s, {processor:.1f} s of the processor"
                sys.stdout.write(f"{' '.join(options) or 'without'}: {said}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
