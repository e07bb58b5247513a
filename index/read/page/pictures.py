"""Renders pages: a page with marked boxes, a part of a page; gives page sizes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from index.read.page.engine import open_file, silent_engine
from index.read.page.refused import UnreadableError
from index.spans import Box, PageSize

_MARK_COLOUR = (1.0, 0.92, 0.5)
_PAGE_PIXELS = 16_000_000
_CROP_PIXELS = 4_000_000


def draw_page(path: Path, page: int, boxes: Sequence[Box], scale: float) -> bytes:
    """Page ``page`` (from 1) as a PNG with ``boxes`` marked.

    The scale is lowered where the picture would have more than sixteen million pixels. Raises
    ``UnreadableError``.
    """
    pymupdf = silent_engine()
    with open_file(path) as document:
        if not 1 <= page <= document.page_count:
            raise UnreadableError("broken", f"no page {page}: the file has {document.page_count}")
        drawn = document[page - 1]
        for box in boxes:
            if box.page == page:
                corners = pymupdf.Rect(box.x0 - 1, box.y0 - 1, box.x1 + 1, box.y1 + 1)
                mark = drawn.add_rect_annot(corners)
                mark.set_border(width=0)
                mark.set_colors(stroke=(), fill=_MARK_COLOUR)
                # Multiplied with the page, so that the words stay black.
                mark.update(blend_mode=pymupdf.PDF_BM_Multiply)
        scale = min(scale, (_PAGE_PIXELS / max(abs(drawn.rect), 1.0)) ** 0.5)
        picture: bytes = drawn.get_pixmap(matrix=pymupdf.Matrix(scale, scale)).tobytes("png")
        return picture


def page_sizes(path: Path) -> tuple[PageSize, ...]:
    """The size of each page as people see it. Raises ``UnreadableError``."""
    with open_file(path) as document:
        return tuple(
            PageSize(page.rect.width, page.rect.height, page.rotation)
            for page in (document[number] for number in range(document.page_count))
        )


def draw_crop(path: Path, box: Box, scale: float) -> bytes:
    """The content of ``box`` as a PNG, upright as people see the page.

    The scale is lowered where the picture would have more than four million pixels. Raises
    ``UnreadableError``.
    """
    pymupdf = silent_engine()
    with open_file(path) as document:
        if not 1 <= box.page <= document.page_count:
            raise UnreadableError(
                "broken", f"no page {box.page}: the file has {document.page_count}"
            )
        page = document[box.page - 1]
        clip = pymupdf.Rect(box.x0, box.y0, box.x1, box.y1) * page.rotation_matrix & page.rect
        if clip.is_empty:
            raise UnreadableError("broken", f"nothing of the box is on page {box.page}")
        scale = min(scale, (_CROP_PIXELS / abs(clip.get_area())) ** 0.5)
        drawn = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale), clip=clip)
        picture: bytes = drawn.tobytes("png")
        return picture
