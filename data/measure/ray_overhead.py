"""Seconds to add the papers of a folder with Ray on this machine and without, turn and turn about.

    python data/measure/ray_overhead.py FOLDER [--rounds N] [--copies N]

Each run is a ``gloss add`` into a new library. ``--copies`` adds each paper so often, each copy
with a comment of its own at the end, so that none is taken for another. Other work on the machine
makes every run slower; the smallest figure of each kind is the best guess.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORKERS = 2


def seconds(folder: Path, *options: str) -> float:
    """Of the wall clock, for one ``gloss add``."""
    program = [sys.executable, "-c", "from app.cli import main; main()", "add"]
    with tempfile.TemporaryDirectory() as temporary:
        began = time.perf_counter()
        subprocess.run(
            [*program, *options, "--library", f"{temporary}/library", str(folder)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return time.perf_counter() - began


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
                took = seconds(Path(temporary), *options)
                sys.stdout.write(f"{' '.join(options) or 'without'}: {took:.1f} s\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
