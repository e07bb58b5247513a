"""A copy of a PDF with words highlighted and noted, which every reader of PDFs shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from index.read.page.engine import open_file, silent_engine
from index.read.page.refused import UnreadableError
from index.spans import Box, Highlight

_COLOURS = {"digest": (1.0, 0.83, 0.0), "own": (0.37, 0.7, 0.21)}  # Zotero's yellow and green


def annotate(path: Path, highlights: Sequence[Highlight]) -> bytes:
    """The PDF at ``path`` with an annotation for each highlight, on each page that it touches.

    What the file has already stays, its encryption too. Raises ``UnreadableError``.
    """
    pymupdf = silent_engine()
    try:
        with open_file(path) as document:
            count = document.page_count
            for highlight in highlights:
                pages: dict[int, list[Box]] = {}
                for box in highlight.boxes:
                    pages.setdefault(box.page, []).append(box)
                for number, boxes in pages.items():
                    if not 1 <= number <= count:
                        why = f"no page {number}: the file has {count}"
                        raise UnreadableError("broken", why)
                    _mark(pymupdf, document[number - 1], boxes, highlight)
            kept = pymupdf.PDF_ENCRYPT_KEEP
            written: bytes = document.tobytes(garbage=1, deflate=True, encryption=kept)
            return written
    except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase) as error:
        raise UnreadableError("broken", "this PDF cannot be written with notes") from error


def _mark(pymupdf: Any, page: Any, boxes: Sequence[Box], highlight: Highlight) -> None:
    """One annotation. The engine takes corners of the page before it is turned, as boxes have."""
    quads = [pymupdf.Rect(box.x0, box.y0, box.x1, box.y1).quad for box in boxes]
    mark = page.add_highlight_annot(quads=quads)
    mark.set_colors(stroke=_COLOURS[highlight.by])
    mark.set_info(title=highlight.author, subject=highlight.heading, content=highlight.note)
    mark.update()
