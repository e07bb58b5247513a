"""PyMuPDF itself: opened files, and the text of a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from index.read.page.devices import run_through
from index.read.page.pages import Area
from index.read.page.refused import UnreadableError
from index.read.page.signs import ASKED, put_names

_HEADER_WITHIN = 1024  # bytes; readers accept junk before "%PDF-" up to here


def silent_engine() -> Any:
    """PyMuPDF, silent, with boxes as high as the type: those of neighbouring lines stay apart."""
    import pymupdf

    tools: Any = pymupdf.TOOLS
    tools.mupdf_display_errors(False)
    tools.mupdf_display_warnings(False)
    tools.set_small_glyph_heights(True)
    return pymupdf


def open_file(path: Path) -> Any:
    """Open a PDF. Raises ``UnreadableError`` if it is not a PDF, is locked, or has no pages."""
    pymupdf = silent_engine()
    with path.open("rb") as file:
        head = file.read(_HEADER_WITHIN)
    if not head:
        raise UnreadableError("broken", "the file is empty")
    if b"%PDF-" not in head:
        raise UnreadableError("broken", "not a PDF: it does not begin with %PDF-")
    try:
        document = pymupdf.open(path, filetype="pdf")
        locked, count = (
            bool(document.needs_pass),
            -1 if document.needs_pass else document.page_count,
        )
    except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase) as error:
        raise UnreadableError("broken", "this PDF cannot be opened; it may be cut short") from error
    if locked:
        document.close()
        raise UnreadableError("encrypted", "a password is needed; remove it and add the file again")
    if count == 0:
        document.close()
        raise UnreadableError("broken", "this PDF has no pages; it may be cut short")
    return document


def text_of(drawing: Any, within: Area | None, *, flags: int = 0) -> Any:
    """The text of a page or of its display list: what an area and the clips leave of it, or all."""
    pymupdf = silent_engine()
    mupdf = pymupdf.mupdf
    options = mupdf.FzStextOptions()
    options.flags = pymupdf.TEXT_PRESERVE_WHITESPACE | flags
    rect = mupdf.FzRect(mupdf.FzRect.Fixed_INFINITE)
    if within is not None:
        options.flags |= pymupdf.TEXT_MEDIABOX_CLIP
        rect = mupdf.FzRect(within.x0, within.y0, within.x1, within.y1)
    text = mupdf.FzStextPage(rect)
    device = mupdf.fz_new_stext_device(text, options)
    run_through(drawing, device)
    mupdf.fz_close_device(device)
    textpage = pymupdf.TextPage(text)
    if ASKED.search(said_in(textpage)):
        put_names(text, lambda device: run_through(drawing, device))
    return textpage


def said_in(textpage: Any) -> str:
    """The text of a page, by the engine's own printer: a tenth of what ``extractText`` takes."""
    mupdf = silent_engine().mupdf
    printed: bytes = mupdf.fz_buffer_extract(mupdf.fz_new_buffer_from_stext_page(textpage.this))
    return printed.decode(errors="replace")
