"""A table of papers as a file that is downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from fastapi.responses import Response

if TYPE_CHECKING:
    from app.compare import Comparison

NAME = "comparison"  # of the file, without its ending


def table_answer(table: Comparison, form: Literal["md", "csv", "xlsx"]) -> Response:
    """The table in that form, as a download."""
    from app.show.comparison import to_csv, to_markdown
    from app.show.workbook import MEDIA_TYPE, to_xlsx

    if form == "xlsx":
        data, media_type = to_xlsx(table), MEDIA_TYPE
    elif form == "csv":
        data, media_type = _bytes(to_csv(table)), "text/csv; charset=utf-8"
    else:
        data, media_type = _bytes(to_markdown(table)), "text/markdown; charset=utf-8"
    headers = {
        "Content-Disposition": f'attachment; filename="{NAME}.{form}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(data, media_type=media_type, headers=headers)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
