"""A comparison as an Excel workbook, by openpyxl: the library for that format that is kept.

What a paper says is written as text, never as a formula, whatever it begins with, and marked to
stay text where a person edits it.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from app.digest import Language
from app.show.comparison import headings, table_view

if TYPE_CHECKING:
    from app.compare import Comparison

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NO_XML = re.compile(
    "[\ud800-\udfff\ufffe\uffff]"
)  # beside the controls, which ``plain`` takes out
_MOST = 32_767  # of a cell, by Excel's limits: halves of characters, of which an emoji has two
_PAPER_WIDTHS, _WIDTH = (14, 40, 30, 12), 50  # characters of the columns


def to_xlsx(table: Comparison, lang: Language = "en") -> bytes:
    """The table as a workbook of one sheet: wrapped text, the heading and the papers stay in
    sight, and a filter on every column."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    seen = table_view(table, lang)
    book = Workbook()
    sheet = book.active
    assert sheet is not None  # a new workbook has one
    sheet.title = "gloss"
    head = headings(seen, lang)
    for number, line in enumerate((head, *seen.lines), start=1):
        for place, text in enumerate(line, start=1):
            cell = sheet.cell(number, place)
            cell.value = _cut(_NO_XML.sub("\ufffd", text))
            cell.data_type = "s"  # also of "=1+1", which openpyxl would take for a formula
            cell.quotePrefix = True
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if number == 1:
                cell.font = Font(bold=True)
    for place in range(1, len(head) + 1):
        width = _PAPER_WIDTHS[place - 1] if place <= len(_PAPER_WIDTHS) else _WIDTH
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = sheet.dimensions
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _cut(text: str) -> str:
    return text.encode("utf-16-le")[: 2 * _MOST].decode("utf-16-le", errors="ignore")
