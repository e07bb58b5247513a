"""A drawn page has its marks where the words are, also where the file turns its pages."""

from __future__ import annotations

import io
from pathlib import Path

import pymupdf
import pytest
from PIL import Image

from index.errors import SourceNotFound
from index.read import Reader
from index.read.page.pdf import read_pages
from index.read.page.pictures import draw_page
from index.spans import Box


def _file(folder: Path, rotation: int) -> Path:
    document = pymupdf.open()
    page = document.new_page(width=400, height=600)
    page.insert_text((50, 100), "A lantern stands here")
    page.insert_text((200, 500), "and nothing there")
    page.set_rotation(rotation)
    path = folder / f"turned-{rotation}.pdf"
    document.save(path)
    document.close()
    return path


def _coloured(picture: bytes) -> set[tuple[int, int]]:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    return {
        (x, y)
        for x in range(image.width)
        for y in range(image.height)
        if image.getpixel((x, y))[2] < 180 < image.getpixel((x, y))[0]  # yellow, not black
    }


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_marks_stand_on_the_words(tmp_path: Path, rotation: int) -> None:
    path = _file(tmp_path, rotation)
    line = read_pages(path, 5).pages[0].lines[0]
    box = Box(1, line.x0, line.y0, line.x1, line.y1)
    coloured = _coloured(draw_page(path, 1, [box], 1.0))
    assert coloured
    with pymupdf.open(path) as document:
        page = document[0]
        where = pymupdf.Rect(box.x0, box.y0, box.x1, box.y1) * page.rotation_matrix
        where.normalize()
    inside = [
        p
        for p in coloured
        if where.x0 - 3 < p[0] < where.x1 + 3 and where.y0 - 3 < p[1] < where.y1 + 3
    ]
    assert len(inside) == len(coloured)
    assert len(coloured) > 0.5 * where.width * where.height


def test_words_stay_black_under_a_mark(tmp_path: Path) -> None:
    path = _file(tmp_path, 0)
    line = read_pages(path, 5).pages[0].lines[0]
    marked = Image.open(
        io.BytesIO(draw_page(path, 1, [Box(1, line.x0, line.y0, line.x1, line.y1)], 2.0))
    ).convert("L")
    assert marked.getextrema()[0] < 40


def test_a_page_that_is_not_there_is_said(tmp_path: Path, started_reader: Reader) -> None:
    path = _file(tmp_path, 0)
    with pytest.raises(SourceNotFound, match="cannot be drawn"):
        started_reader.render_page(path, 2, [], 1.0)
