"""The papers near to one, for whoever shows that one: a folded section whose list comes when it is
opened.

``related_section`` is the section, ``related.js`` fetches its list from ``related_router``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.api.failures import failure_of
from app.api.service import RateLimiter, limit_digest, unlimited
from app.compare.related import related
from app.digest import Language
from app.show.comparison import AlikeView, related_views
from app.show.html import fill
from app.show.pieces import Piece
from app.web.errors import line_of
from app.web.quoted import sentence_pieces
from app.web.texts import texts
from index.errors import GlossError
from index.library import Papers

if TYPE_CHECKING:
    from app.web.session import Sessions

_HEADERS = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


def related_router(sessions: Sessions, rate_limiter: RateLimiter = unlimited) -> APIRouter:
    """``/view/{key}/2407.03300/related.html``: the list as HTML, of a session's papers.

    ``rate_limiter`` is asked before a digest is written.
    """
    router = APIRouter(prefix="/view", include_in_schema=False)

    @router.get("/{key}/{paper_id:path}/related.html")
    def listed(request: Request, key: str, paper_id: str, lang: Language = "en") -> HTMLResponse:
        session = sessions.by_key(key)
        if session is None:
            return HTMLResponse(_list(lang, error=texts()[lang]["related_gone"]), 404, _HEADERS)
        try:
            limit_digest(rate_limiter, request, session.library, paper_id)
            return HTMLResponse(related_html(session.library, paper_id, lang), headers=_HEADERS)
        except GlossError as error:
            failure = failure_of(error)
            return HTMLResponse(
                _list(lang, error=line_of(error, lang, failure)), failure.status, _HEADERS
            )

    return router


def related_section(address: str, lang: Language) -> str:
    """The folded section of a paper; ``address`` is the paper's under ``/view``."""
    return fill("related_section.html", address=address, lang=lang, say=texts()[lang])


def related_html(library: Papers, paper_id: str, lang: Language) -> str:
    """The papers near to one, with the two sentences that are alike; each opens at its place.

    Raises as ``app.compare.related.related`` does.
    """
    views = related_views(related(library, paper_id), lang)

    def pieces(of_id: str, one: AlikeView) -> tuple[Piece, ...]:
        return sentence_pieces(library, of_id, one.text, one.citations)

    return _list(lang, views=views, paper_id=paper_id, pieces=pieces)


def _list(lang: Language, **values: object) -> str:
    given: dict[str, object] = {"views": (), "paper_id": "", "error": "", **values}
    return fill("related.html", at=_place, say=texts()[lang], lang=lang, **given)


def _place(paper_id: str, sentence: AlikeView) -> str:
    span = sentence.span
    return f"?{urlencode({'paper': paper_id, 'at': f'{span.start}-{span.end}'})}"
