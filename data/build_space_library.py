"""Build the library that comes with a Space, data/space-library.zip, from the sample papers.

    python data/build_space_library.py

It is to be run again where the sample papers, the model or the way they are read change; a digest
that a newer gloss would write otherwise is written anew when somebody opens it. Nothing in the
library tells of the machine that built it: the papers are added from ``/tmp/gloss-samples``.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from app.serve.space import ARCHIVE, SAMPLES, fill, pack
from index.config import Settings
from index.library import Library

PLACE = Path("/tmp/gloss-samples")  # of the papers meanwhile; the catalogue remembers it


def main() -> None:
    """Write the archive."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary) / "library"
        shutil.rmtree(PLACE, ignore_errors=True)
        PLACE.mkdir()
        try:
            for path in (*SAMPLES.glob("*.pdf"), SAMPLES / "choosing-passage-size.md"):
                shutil.copy(path, PLACE)
            with Library.open(Settings(library=directory)) as library:
                fill(library, PLACE)
                health = library.health()
        finally:
            shutil.rmtree(PLACE)
        if not health.ok:
            raise SystemExit("; ".join(health.problems))
        pack(directory, SAMPLES / ARCHIVE)
    size = (SAMPLES / ARCHIVE).stat().st_size
    sys.stdout.write(
        f"{ARCHIVE}: {size:,} bytes, {health.papers} papers, {health.passages} passages, "
        f"{health.claims} sentences of digests\n"
    )


if __name__ == "__main__":  # the workers that read papers import this file too
    main()
