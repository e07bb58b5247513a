"""Reading files that are hostile, damaged or no papers: each gets a status, and stops no other."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, get_args

import pymupdf
import pytest

from index.config import Settings
from index.errors import SourceNotFound
from index.paper import Status
from index.read import Reader
from index.read.front.identity import identify, is_stamp
from index.spans import Box

DATA = Path(__file__).parents[2] / "data"
GOOD = DATA / "every-sentence-needs-a-source.pdf"
SHARED = Path(__file__).parents[3] / "shared" / "papers"
PROSE = "We grow sparse trees and count their leaves. The leaves are green in spring. " * 12


def pdf_with(path: Path, pages: list[str], **options: Any) -> Path:
    """A PDF with one page of text for each of ``pages``."""
    document: Any = pymupdf.open()
    for text in pages:
        page = document.new_page()
        page.insert_textbox(pymupdf.Rect(72, 72, 520, 720), text, fontsize=10)
    document.save(path, **options)
    document.close()
    return path


@pytest.fixture(scope="module")
def reader() -> Any:
    with Reader(Settings(read={"workers": 1, "pages_max": 50})) as made:
        yield made


def test_a_good_paper_is_ok(reader: Reader) -> None:
    reading = reader.read(GOOD)
    assert (reading.status, reading.reason) == ("ok", "")
    assert reading.paper is not None
    assert reading.paper.id == "every-sentence-needs-a-source"


def test_the_name_before_copying_and_a_given_id_count(reader: Reader) -> None:
    named = reader.read(GOOD, name="2407.03300v2").paper
    given = reader.read(GOOD, paper_id="mine").paper
    assert named is not None and given is not None
    assert (named.id, named.version, named.date) == ("2407.03300", 2, "2024-07")
    assert given.id == "mine"


def test_a_worker_has_only_its_memory(tmp_path: Path) -> None:
    """A document so large that its text alone is beyond the limit."""
    pytest.importorskip("resource")
    path = tmp_path / "long.md"
    path.write_text("# A long one\n\n" + PROSE * 120_000)
    with Reader(Settings(read={"megabytes": 400, "workers": 1, "characters_max": 10**9})) as reader:
        reading = reader.read(path)
        assert (reading.status, reading.reason) == (
            "limit",
            "reading took more than 400 MB of memory",
        )
        assert reader.read(GOOD).status == "ok"


def test_a_worker_that_ends_with_nothing_to_do_is_replaced() -> None:
    """As when the system needs its memory: pebble takes no more work then."""
    with Reader(Settings(read={"workers": 1})) as reader:
        assert reader.read(GOOD).status == "ok"
        (worker,) = reader._pool()._pool_manager.worker_manager.workers.values()
        worker.kill()
        while reader._started is not None and reader._started.active:
            time.sleep(0.05)
        assert reader.read(GOOD).status == "ok"


def test_a_page_as_large_as_a_field_is_drawn_smaller(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "wide.pdf"
    document: Any = pymupdf.open()
    document.new_page(width=14000, height=14000)
    document.save(path)
    picture = pymupdf.Pixmap(reader.render_page(path, 1, (), 4.0))
    assert 15_000_000 < picture.width * picture.height < 17_000_000


@pytest.mark.parametrize(
    ("name", "content", "status", "said"),
    [
        ("empty.pdf", b"", "broken", "empty"),
        ("page.pdf", b"<!doctype html><p>Not found", "broken", "not a PDF"),
        ("notes.pdf", PROSE.encode(), "broken", "not a PDF"),
        ("head.pdf", b"%PDF-1.7\n", "broken", "PDF"),
        ("no-pages.pdf", b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type"
         b"/Pages/Kids[]/Count 0>>endobj trailer<</Root 1 0 R>>", "broken", "no pages"),
    ],
)  # fmt: skip
def test_what_is_no_pdf_is_broken(
    reader: Reader, tmp_path: Path, name: str, content: bytes, status: str, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    reading = reader.read(path)
    assert reading.status == status
    assert said in reading.reason
    assert "\n" not in reading.reason


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_pdf_that_was_cut_short_is_broken_or_whole(
    reader: Reader, tmp_path: Path, share: float
) -> None:
    whole = GOOD.read_bytes()
    path = tmp_path / "cut.pdf"
    path.write_bytes(whole[: int(len(whole) * share)])
    reading = reader.read(path)
    assert reading.status in ("broken", "no-text", "ok")
    assert reading.status != "ok" or (reading.paper is not None and reading.paper.sentences)


def test_a_locked_pdf_says_so(reader: Reader, tmp_path: Path) -> None:
    path = pdf_with(
        tmp_path / "locked.pdf", [PROSE], encryption=pymupdf.PDF_ENCRYPT_AES_256,
        user_pw="secret", owner_pw="more",
    )  # fmt: skip
    reading = reader.read(path)
    assert (reading.status, reading.paper) == ("encrypted", None)
    assert "password" in reading.reason


def test_too_many_pages_are_a_limit(reader: Reader, tmp_path: Path) -> None:
    reading = reader.read(pdf_with(tmp_path / "book.pdf", ["Page"] * 51))
    assert reading.status == "limit"
    assert reading.reason == "51 pages; at most 50 are read"


def test_a_notice_is_not_a_paper(reader: Reader, tmp_path: Path) -> None:
    said = "The library is closed on all Mondays. We are sorry for this, dear readers."
    reading = reader.read(pdf_with(tmp_path / "notice.pdf", [said]))
    assert reading.status == "not-a-paper"


def test_blank_pages_have_no_text(reader: Reader, tmp_path: Path) -> None:
    assert reader.read(pdf_with(tmp_path / "blank.pdf", ["", ""])).status == "no-text"


def test_a_page_is_drawn_with_its_boxes_marked(reader: Reader) -> None:
    plain = reader.render_page(GOOD, 1, (), 1.0)
    marked = reader.render_page(GOOD, 1, (Box(1, 100, 100, 300, 120),), 1.0)
    assert plain.startswith(b"\x89PNG") and marked.startswith(b"\x89PNG")
    assert plain != marked
    picture: Any = pymupdf.Pixmap(marked)
    red, green, blue = picture.pixel(299, 119)[:3]
    assert min(red, green) > 200 > blue  # yellow


def test_the_sizes_of_pages_are_those_of_their_pictures(reader: Reader, tmp_path: Path) -> None:
    sizes = reader.page_sizes(GOOD)
    picture: Any = pymupdf.Pixmap(reader.render_page(GOOD, 1, (), 1.0))
    assert (picture.width, picture.height) == pytest.approx((sizes[0].width, sizes[0].height), 1)
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 and no more")
    with pytest.raises(SourceNotFound, match="cannot be drawn"):
        reader.page_sizes(tmp_path / "broken.pdf")


def test_a_page_that_is_not_there_cannot_be_drawn(reader: Reader) -> None:
    with pytest.raises(SourceNotFound, match="no page 99"):
        reader.render_page(GOOD, 99, (), 1.0)


ODD = sorted((SHARED / "odd").glob("*.pdf"))
EXPECTED = {
    "scanned_no_text.pdf": "no-text",
    "pdfjs_empty.pdf": "no-text",
    "pypdf_encryption_r6-user-password.pdf": "encrypted",
    "unstructured_password.pdf": "encrypted",
}


@pytest.mark.skipif(not ODD, reason="../shared is not here")
@pytest.mark.parametrize("path", ODD, ids=lambda path: path.stem[:40])
def test_every_odd_file_ends_with_a_status(reader: Reader, path: Path) -> None:
    reading = reader.read(path)
    assert reading.status in get_args(Status)
    assert reading.status == EXPECTED.get(path.name, reading.status)
    assert (reading.paper is not None) == (reading.status == "ok")
    assert (reading.reason == "") == (reading.status == "ok")
    if reading.paper is not None:
        assert len(reading.paper.sentences) >= 3


@pytest.mark.skipif(not ODD, reason="../shared is not here")
def test_a_scan_is_told_to_go_through_ocr(reader: Reader) -> None:
    reading = reader.read(SHARED / "odd" / "scanned_no_text.pdf")
    assert reading.reason == "8 of its 8 pages are pictures; run OCR on it first"


@pytest.mark.skipif(not ODD, reason="../shared is not here")
def test_a_title_with_a_word_in_typewriter_type_is_whole(reader: Reader) -> None:
    name = "unstructured_layout-parser-paper-with-empty-pages.pdf"
    paper = reader.read(SHARED / "odd" / name).paper
    assert paper is not None
    assert paper.title.startswith(
        "LayoutParser: A Unified Toolkit for Deep Learning Based Document"
    )


@pytest.mark.parametrize(
    ("line", "stamped"),
    [
        ("arXiv:1706.03762v5 [cs.CL] 6 Dec 2017", True),
        ("arXiv:2407.03300v1[cs.LG]3Jul2024", True),
        ("arXiv:hep-th/9901001v2 5 Jan 1999", True),
        ("This work follows Vaswani et al., arXiv:1706.03762v9", False),
        ("arXiv:1706.03762v9", False),  # the end of a reference
        ("arXiv:1706.03762v9 [cs.CL] 6 Dec 2017 and others", False),
    ],
)
def test_only_arxivs_own_stamp_names_a_paper(line: str, stamped: bool) -> None:
    assert is_stamp(line) is stamped
    found = identify("notes", line, "")
    assert (found.id != "notes") is stamped
