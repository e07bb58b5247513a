"""How many pages of a folder of PDFs PyMuPDF turns into words in one CPU-second.

python data/measure/reading_speed.py FOLDER
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pymupdf


def pages_per_second(folder: Path, output: str) -> dict[str, float]:
    """Read every PDF of ``folder`` once as ``output`` (PyMuPDF's name of a kind of text)."""
    pages = 0
    start = time.process_time()
    for path in sorted(folder.glob("*.pdf")):
        with pymupdf.open(path) as document:
            for page in document:
                page.get_text(output)
                pages += 1
    seconds = time.process_time() - start
    return {"pages": pages, "seconds": round(seconds, 2), "pages/s": round(pages / seconds, 1)}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    result = {output: pages_per_second(folder, output) for output in ("text", "words", "rawdict")}
    json.dump(result, sys.stdout, indent=2)
    sys.stdout.write("\n")
