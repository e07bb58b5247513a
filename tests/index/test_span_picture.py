"""A span as printed: the crop of its boxes, one for each run of lines."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from index.config import Settings
from index.errors import PaperNotFound, SourceNotFound
from index.library import Library
from index.paper import Paper
from index.read import Reader
from index.read.page.pictures import draw_crop
from index.sources import find_sources
from index.spans import Box, Span, runs_of

typst = pytest.importorskip("typst")

SENTENCE = "Lanterns of every kind were placed on the path and lit at dusk by two people in rain. "
LAST = "The formula $x^2 + y_1^2$ was seen here, and nothing else of it remains to be shown at all."


def _set(folder: Path, columns: int, rotation: int = 0) -> Path:
    source = (
        f"#set page(width: 400pt, height: 300pt, columns: {columns}, margin: 30pt)\n"
        "#set text(10pt)\n#set par(justify: true)\n"
        f"= Introduction\n{SENTENCE * 12}\n{LAST}\n\n{SENTENCE * 12}\n"
    )
    path = folder / "paper.pdf"
    typst.compile(source.encode(), output=path, format="pdf", ignore_system_fonts=True)
    if rotation:
        import pymupdf

        with pymupdf.open(path) as document:
            for page in document:
                page.set_rotation(rotation)
            document.saveIncr()
    return path


@pytest.fixture
def opened(
    tmp_path: Path, fake_embedder: Any, started_reader: Reader
) -> Callable[[Path], tuple[Library, str]]:
    """Open a library with a paper in it; also gives the paper's id."""

    def open_with(path: Path) -> tuple[Library, str]:
        settings = Settings(library=tmp_path / "library")
        library = Library.open(settings, embedder=fake_embedder, reader=started_reader)
        return library, library.add(find_sources([str(path)]).found[0]).paper_id

    return open_with


def _size(picture: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(picture)).size


def _ink(picture: bytes) -> int:
    grey = Image.open(io.BytesIO(picture)).convert("L")
    return sum(count for count, value in grey.getcolors(256) or () if value < 128)


def _span_of(paper: Paper, words: str) -> Span:
    start = paper.text.index(words)
    return Span(start, start + len(words))


def _two_lines(paper: Paper) -> Span:
    """A span of the body that stands on two lines of one page."""
    first = paper.sentences[0].span.start
    spans = (Span(first, end) for end in range(first + 40, len(paper.text)))
    return next(span for span in spans if len(paper.boxes(span)) == 2)


def test_a_span_of_two_lines_is_one_picture_of_both(tmp_path: Path, opened: Any) -> None:
    path = _set(tmp_path, 1)
    library, paper_id = opened(path)
    with library:
        paper = library.paper(paper_id)
        span = _two_lines(paper)
        [picture] = library.span_picture(paper_id, span, 2.0)
        [place] = runs_of(paper.boxes(span))
        width, height = _size(picture)
        assert abs(width - 2 * (place.x1 - place.x0)) <= 2
        assert abs(height - 2 * (place.y1 - place.y0)) <= 2
        assert picture == draw_crop(path, place, 2.0)
        assert _ink(picture) > 100


def test_a_span_over_a_column_and_a_page_is_a_picture_for_each(tmp_path: Path, opened: Any) -> None:
    library, paper_id = opened(_set(tmp_path, 2))
    with library:
        paper = library.paper(paper_id)
        whole = Span(paper.sentences[0].span.start, paper.sentences[-1].span.end)
        columns = {(box.page, box.x0 > 200) for box in paper.boxes(whole)}
        pictures = library.span_picture(paper_id, whole, 1.0)
        assert len(pictures) == len(columns) > 2
        assert all(_size(picture)[0] < 190 for picture in pictures)


def test_scripts_are_shown_as_printed(tmp_path: Path, opened: Any) -> None:
    path = _set(tmp_path, 1)
    library, paper_id = opened(path)
    with library:
        paper = library.paper(paper_id)
        start = paper.text.index("The formula")
        span = Span(start, paper.text.index("was seen here") + 3)
        [picture] = library.span_picture(paper_id, span)
        assert _ink(picture) > 300


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_page_is_shown_upright(tmp_path: Path, opened: Any, rotation: int) -> None:
    library, paper_id = opened(_set(tmp_path, 1, rotation))
    with library:
        paper = library.paper(paper_id)
        sentence = _two_lines(paper)
        [picture] = library.span_picture(paper_id, sentence, 1.0)
        width, height = _size(picture)
        assert (width > 4 * height) == (rotation == 180)


def test_what_has_no_place_is_an_error_in_one_line(tmp_path: Path, opened: Any) -> None:
    library, paper_id = opened(_set(tmp_path, 1))
    text = tmp_path / "notes.md"
    text.write_text("# Lanterns\n\n## Introduction\n\n" + SENTENCE * 12)
    with library:
        with pytest.raises(SourceNotFound, match="is on a page"):
            library.span_picture(paper_id, Span(10**6, 10**6 + 1))
        notes = library.add(find_sources([str(text)]).found[0]).paper_id
        with pytest.raises(SourceNotFound, match="has no pages"):
            library.span_picture(notes, Span(0, 5))
        with pytest.raises(PaperNotFound):
            library.span_picture("nothing", Span(0, 5))


def test_runs_end_where_the_text_jumps() -> None:
    lines = [Box(1, 50, 100, 290, 110), Box(1, 50, 112, 290, 122), Box(1, 310, 60, 550, 70)]
    assert len(runs_of(lines)) == 2
    assert len(runs_of([*lines, Box(2, 50, 60, 290, 70)])) == 3
    assert runs_of(lines[:2]) == (Box(1, 48.5, 98.5, 291.5, 123.5),)
    # On a page that lies on its side a line stands on end, and the next one is beside it.
    assert len(runs_of([Box(1, 100, 50, 110, 290), Box(1, 112, 50, 122, 290)])) == 1
    assert runs_of([]) == ()
