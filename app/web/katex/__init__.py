"""KaTeX, which sets formulas in the browser, served by us as it was published; no other host.

Its files are those of the package ``katex`` on npm, unchanged; ``SHA256SUMS`` has their checksums,
``LICENSE`` its terms (MIT). ``app/show/templates/quoted.js`` asks for them where a screen has a
formula. ADR 36 says why it is here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import APIRouter

VERSION = "0.19.1"
ADDRESS = f"/katex/{VERSION}/"  # so that a browser may keep them for good
FOLDER = Path(__file__).parent
_TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
}


@cache
def served_files() -> dict[str, Path]:
    """The files that a browser may ask for, by their names below ``ADDRESS``."""
    return {
        path.relative_to(FOLDER).as_posix(): path
        for path in sorted(FOLDER.rglob("*"))
        if path.suffix in _TYPES
    }


def katex_router() -> APIRouter:
    """``/katex/0.19.1/katex.min.js`` and so on."""
    from fastapi import APIRouter, HTTPException, Response

    router = APIRouter(include_in_schema=False)

    @router.get(ADDRESS + "{name:path}")
    def served(name: str) -> Response:
        path = served_files().get(name)
        if path is None:
            raise HTTPException(404, "no such file of KaTeX is served here")
        return Response(path.read_bytes(), media_type=_TYPES[path.suffix], headers=_HEADERS)

    return router
