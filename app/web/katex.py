"""Serves KaTeX, which sets formulas in the browser, from our own files; no other host is asked.

``app/show/templates/quoted.js`` asks for them where a screen has a formula.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.show.katex import TYPES, VERSION, katex_files

if TYPE_CHECKING:
    from fastapi import APIRouter

ADDRESS = f"/katex/{VERSION}/"  # so that a browser may keep them for good
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
}


def katex_router() -> APIRouter:
    """``/katex/0.19.1/katex.min.js`` and so on."""
    from fastapi import APIRouter, HTTPException, Response

    router = APIRouter(include_in_schema=False)

    @router.get(ADDRESS + "{name:path}")
    def served(name: str) -> Response:
        path = katex_files().get(name)
        if path is None:
            raise HTTPException(404, "no such file of KaTeX is served here")
        return Response(path.read_bytes(), media_type=TYPES[path.suffix], headers=_HEADERS)

    return router
