"""The fonts of a page, and which of them have two codes for one digit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from index.read.page.engine import silent_engine
from index.read.page.letters import draws_digits_twice


class DigitVariants:
    """Fonts that draw a digit in two ways, as where raised digits are letters of their own.

    Such a font has two codes for one digit in its table of Unicode (PDF 32000-1, 9.10.3).
    """

    def __init__(self, document: Any) -> None:
        self._document = document
        self._known: dict[int, bool] = {}

    def are_on(self, page: Any) -> bool:
        """Whether a page uses such a font."""
        mupdf = silent_engine().mupdf
        stored = mupdf.pdf_page_from_fz_page(page.this).obj()
        resources = mupdf.pdf_dict_get_inheritable(stored, mupdf.PDF_ENUM_NAME_Resources)
        return any(self._has_variants(font) for font in _fonts(resources, set()))

    def _has_variants(self, font: int) -> bool:
        if font not in self._known:
            kind, value = self._document.xref_get_key(font, "ToUnicode")
            table = b""
            if kind == "xref":
                table = self._document.xref_stream(int(value.split()[0])) or b""
            self._known[font] = draws_digits_twice(table)
        return self._known[font]


def _fonts(resources: Any, seen: set[int]) -> Iterator[int]:
    """The numbers of the fonts that a page or a form names, and those of the forms within it.

    PyMuPDF's own ``get_fonts`` asks for their names and files too, which takes thrice as long.
    """
    mupdf = silent_engine().mupdf
    fonts = mupdf.pdf_dict_get(resources, mupdf.PDF_ENUM_NAME_Font)
    for place in range(mupdf.pdf_dict_len(fonts)):
        yield mupdf.pdf_to_num(mupdf.pdf_dict_get_val(fonts, place))
    forms = mupdf.pdf_dict_get(resources, mupdf.PDF_ENUM_NAME_XObject)
    for place in range(mupdf.pdf_dict_len(forms)):
        form = mupdf.pdf_dict_get_val(forms, place)
        within = mupdf.pdf_dict_get(form, mupdf.PDF_ENUM_NAME_Resources)
        if within.m_internal and mupdf.pdf_to_num(form) not in seen:
            seen.add(mupdf.pdf_to_num(form))
            yield from _fonts(within, seen)
