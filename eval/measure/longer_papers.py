"""What a paper of twice the length takes: processor seconds by stage, and memory.

    python eval/measure/longer_papers.py PAPER.pdf [--most 8]

Adds the PDF with its pages once, and then 2, 4 ... ``--most`` times over, to a library of its own,
and writes a digest of each. The first is added twice, so that models are loaded. Memory is the most
that a process had in the meantime, as Linux's ``VmHWM`` says it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from app.write import write_digest
from eval.measure.machine import below, taken
from index.config import Settings
from index.library import Library
from index.sources import Source

ROW = "{:>5} {:>10} {:>7} {:>7} {:>7} {:>12} {:>13}\n"


def seconds() -> float:
    """Of a processor, that this process and its workers have had."""
    me = os.getpid()
    return taken(me).cpu + sum(taken(process).cpu for process in below(me))


def most_megabytes(process: int) -> float:
    """Of memory, that a process had since ``forget_most``; 0 if it has ended."""
    with suppress(OSError):
        for line in Path("/proc", str(process), "status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0


def forget_most() -> None:
    """Let the most memory be that of now, for this process and its workers."""
    for process in (os.getpid(), *below(os.getpid())):
        with suppress(OSError):
            Path("/proc", str(process), "clear_refs").write_text("5")


def repeated(paper: Path, times: int, out: Path) -> Path:
    """The PDF with all of its pages ``times`` over."""
    import pymupdf

    with pymupdf.open(paper) as one, pymupdf.open() as many:  # type: ignore[no-untyped-call]
        for _ in range(times):
            many.insert_pdf(one)
        many.save(out)
    return out


def main(paper: Path, most: int) -> None:
    """Print a line for each length."""
    sys.stdout.write(
        ROW.format("pages", "characters", "read", "embed", "digest", "reader, MB", "library, MB")
    )
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(library=Path(folder, "library"), digest_on_add=False)
        with Library.open(settings) as library:
            measure(library, repeated(paper, 1, Path(folder, "warm.pdf")))
            times = 1
            while times <= most:
                path = repeated(paper, times, Path(folder, f"{times}.pdf"))
                sys.stdout.write(ROW.format(*measure(library, path)))
                sys.stdout.flush()
                times *= 2


def measure(library: Library, path: Path) -> tuple[str, ...]:
    """Add a paper, write its digest and remove it: the cells of its row."""
    forget_most()
    marks: list[tuple[str, float]] = []
    added = library.add(Source(path, path.name), lambda stage: marks.append((stage, seconds())))
    marks.append(("digest", seconds()))
    reader = max(map(most_megabytes, below(os.getpid())), default=0.0)
    write_digest(library, added.paper_id)
    marks.append(("", seconds()))
    took = {stage: after - before for (stage, before), (_, after) in pairwise(marks)}
    paper = library.paper(added.paper_id)
    library.remove(added.paper_id)
    return (
        str(paper.pages),
        str(len(paper.text)),
        *(f"{took.get(stage, 0.0):.1f}" for stage in ("read", "embed", "digest")),
        f"{reader:.0f}",
        f"{most_megabytes(os.getpid()):.0f}",
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paper", type=Path)
    parser.add_argument("--most", type=int, default=8)
    asked = parser.parse_args()
    main(asked.paper, asked.most)
