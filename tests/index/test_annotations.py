"""Highlights in a copy of a PDF cover their words, as other readers of PDFs see them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pymupdf
import pypdf
import pypdfium2
import pytest

from index.config import Settings
from index.embed import Embedder
from index.errors import SourceNotFound
from index.library import Library
from index.read import Reader
from index.read.page.annotations import annotate
from index.read.page.pdf import read_pages
from index.sources import find_sources
from index.spans import Box, Highlight, Span

DATA = Path(__file__).parents[2] / "data"
SAID = "A lantern stands here"
CROP = pymupdf.Rect(30, 50, 380, 560)


def highlights_in(data: bytes) -> list[tuple[int, pypdf.generic.DictionaryObject]]:
    """The highlights with their pages, from 0, as pypdf has them."""
    return [
        (number, mark.get_object())
        for number, page in enumerate(pypdf.PdfReader(io.BytesIO(data)).pages)
        for mark in page.get("/Annots") or ()
        if mark.get_object()["/Subtype"] == "/Highlight"
    ]


def words_under(data: bytes, page: int, mark: pypdf.generic.DictionaryObject) -> str:
    """What PDFium has between the corners of a highlight, a printed line each."""
    text = pypdfium2.PdfDocument(data)[page].get_textpage()
    corners = [float(one) for one in mark["/QuadPoints"]]
    said = []
    for at in range(0, len(corners), 8):
        xs, ys = corners[at : at + 8 : 2], corners[at + 1 : at + 8 : 2]
        said.append(text.get_text_bounded(min(xs), min(ys), max(xs), max(ys)))
    return " ".join(" ".join(said).split())


def made(folder: Path, rotation: int = 0, crop: bool = False, **saved: object) -> Path:
    document = pymupdf.open()
    page = document.new_page(width=400, height=600)
    page.insert_text((50, 100), SAID)
    page.insert_text((200, 500), "and nothing there")
    if crop:
        page.set_cropbox(CROP)
    page.set_rotation(rotation)
    path = folder / "made.pdf"
    document.save(path, **saved)
    document.close()
    return path


def first_line(path: Path) -> Box:
    line = next(one for one in read_pages(path, 5).pages[0].lines if one.text == SAID)
    return Box(1, line.x0, line.y0, line.x1, line.y1)


@pytest.mark.parametrize("crop", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_highlights_cover_their_words(tmp_path: Path, rotation: int, crop: bool) -> None:
    path = made(tmp_path, rotation, crop)
    marked = Highlight((first_line(path),), "Method", "Method\nA lantern (说) stands.")
    data = annotate(path, [marked])
    ((page, mark),) = highlights_in(data)
    assert words_under(data, page, mark) == SAID
    assert mark["/Contents"] == marked.note
    assert (mark["/Subj"], mark["/T"]) == ("Method", "gloss")
    with pypdf.PdfReader(path) as before, pypdf.PdfReader(io.BytesIO(data)) as after:
        for one in ("/Rotate", "/MediaBox", "/CropBox"):
            assert after.pages[0].get(one) == before.pages[0].get(one)


@pytest.mark.parametrize("how", ["PDF_ENCRYPT_AES_256", "PDF_ENCRYPT_RC4_128"])
def test_a_file_that_opens_without_a_password_stays_encrypted(tmp_path: Path, how: str) -> None:
    locks = {"encryption": getattr(pymupdf, how), "owner_pw": "owner", "user_pw": ""}
    path = made(tmp_path, **locks, permissions=int(pymupdf.PDF_PERM_PRINT))
    data = annotate(path, [Highlight((first_line(path),), "Method", "a note")])
    opened = pypdf.PdfReader(io.BytesIO(data))
    assert opened.is_encrypted
    ((page, mark),) = highlights_in(data)
    assert (mark["/Contents"], words_under(data, page, mark)) == ("a note", SAID)


def test_what_cannot_be_marked_is_said(tmp_path: Path, started_reader: Reader) -> None:
    locked = made(
        tmp_path, encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="owner", user_pw="user"
    )
    mark = Highlight((Box(1, 0, 0, 9, 9),), "Method", "a note")
    with pytest.raises(SourceNotFound, match=r"no notes can be put into it: a password is needed"):
        started_reader.annotate(locked, [mark])
    plain = made(tmp_path)
    with pytest.raises(SourceNotFound, match=r"no page 7: the file has 1"):
        started_reader.annotate(plain, [Highlight((Box(7, 0, 0, 9, 9),), "", "")])


def test_what_the_file_had_stays(tmp_path: Path) -> None:
    path = made(tmp_path)
    with pymupdf.open(path) as document:
        document[0].add_text_annot((10, 10), "mine")
        document.saveIncr()
    data = annotate(path, [Highlight((first_line(path),), "Method", "a note")])
    there = pypdf.PdfReader(io.BytesIO(data)).pages[0]["/Annots"]
    said = [one.get_object().get("/Contents") for one in there]
    assert [one for one in said if one is not None] == ["mine", "a note"]


@pytest.fixture
def library(tmp_path: Path, fake_embedder: Embedder, started_reader: Reader) -> Iterator[Library]:
    """A sample paper as a PDF, and one as Markdown."""
    settings = Settings(library=tmp_path / "library")
    papers = [str(DATA / name) for name in ("every-sentence-needs-a-source.pdf",
                                            "choosing-passage-size.md")]  # fmt: skip
    with Library.open(settings, embedder=fake_embedder, reader=started_reader) as opened:
        for source in find_sources(papers).found:
            opened.add(source)
        yield opened


def test_a_quote_of_a_paper_over_two_columns_and_pages(library: Library) -> None:
    paper = library.paper("every-sentence-needs-a-source")
    turn = next(at for at, page in enumerate(paper.words.pages) if page == 2)
    span = Span(paper.words[turn - 12].span.start, paper.words[turn + 12].span.end)
    data = library.annotated(paper.id, [Highlight(paper.boxes(span), "H", "over a page")])
    marks = highlights_in(data)
    assert [page for page, _ in marks] == [0, 1]
    found = " ".join(words_under(data, page, mark) for page, mark in marks)
    letters = "".join(one for one in span.of(paper.text) if one.isalnum())
    assert "".join(one for one in found if one.isalnum()) == letters


def test_a_paper_that_is_no_pdf_has_none(library: Library) -> None:
    with pytest.raises(SourceNotFound, match="has no PDF to put notes into: it was added as mark"):
        library.annotated("choosing-passage-size", [])
