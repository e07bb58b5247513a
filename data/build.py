"""Set the sample papers: every ``*.typ`` beside this file becomes a PDF.

    python data/build.py [FOLDER]

The PDFs go beside their sources, or into FOLDER. Typst brings its own fonts and the time stamp is
fixed, so the same typst writes the same bytes.
"""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import typst

SOURCES = Path(__file__).parent
WRITTEN = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)


def build(folder: Path = SOURCES) -> list[Path]:
    """Write the PDFs into ``folder``. Raises ``typst.TypstError`` on a faulty source."""
    papers = []
    for source in sorted(SOURCES.glob("*.typ")):
        paper = folder / f"{source.stem}.pdf"
        typst.compile(
            source,
            output=paper,
            format="pdf",
            timestamp=WRITTEN,
            ignore_system_fonts=True,
        )
        papers.append(paper)
    return papers


if __name__ == "__main__":
    for path in build(Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCES):
        sys.stdout.write(f"{path}\n")
