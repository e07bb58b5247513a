"""Papers to take along from the app: one from the reader, those that were chosen in a list.

A visitor of a public instance gets references and notes of Obsidian's, and no PDF: its papers are
not the visitor's to be given (docs/api.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, get_args
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from app.api.failures import Failure, QueryUnusable
from app.api.service import ID_MOST, RateLimiter, limit_digest, unlimited
from app.digest import Language
from app.publish.exports import (
    ARCHIVED_MOST,
    archive,
    obsidian_parts,
    pdf_parts,
    pdf_with_notes,
)
from app.show.exports import ENDINGS, MEDIA, bibliography
from app.show.text import file_slug
from app.web import answers
from app.web.errors import line_of
from index.entries import Bibliography
from index.errors import GlossError

if TYPE_CHECKING:
    from app.web.session import Session, Sessions

Form = Literal[Bibliography, "pdf", "obsidian"]
CHOSEN_MOST = 5_000  # papers of a bibliography


class ChosenPapers(BaseModel):
    """Papers of a list, and what is to become of them."""

    ids: list[Annotated[str, Field(max_length=ID_MOST)]] = Field(max_length=CHOSEN_MOST)
    form: Form


def forms_of(session: Session, with_pages: bool) -> tuple[Form, ...]:
    """What a paper can be exported as in a session; PDF only of one ``with_pages``."""
    own = session.library.notes is not None
    return tuple(one for one in get_args(Form) if one != "pdf" or (own and with_pages))


def takeaway_router(sessions: Sessions, rate_limiter: RateLimiter = unlimited) -> APIRouter:
    """``/view/{key}/{paper}/export/ris`` and, for chosen papers, ``/view/{key}/export``.

    ``rate_limiter`` is asked before each digest that is written.
    """
    router = APIRouter(prefix="/view", include_in_schema=False)

    def answered(key: str, lang: Language, make: Callable[[Session], Response]) -> Response:
        return answers.answered(sessions, key, lang, make, _explained)

    def limit(request: Request, session: Session, ids: Sequence[str], form: Form) -> None:
        if form in ("pdf", "obsidian"):
            for one in ids:
                limit_digest(rate_limiter, request, session.library, one)

    @router.get("/{key}/{paper_id:path}/export/{form}")
    def one(
        request: Request, key: str, paper_id: str, form: Form, lang: Language = "en"
    ) -> Response:
        def make(session: Session) -> Response:
            paper = session.library.paper(paper_id)
            limit(request, session, [paper.id], form)
            name = file_slug(paper.id)
            if form != "pdf":
                return _file(session, [paper.id], form, name, lang)
            _check_pdf(session)
            data = pdf_with_notes(session.library, paper.id, lang)
            return Response(data, media_type="application/pdf", headers=_headers(f"{name}.pdf"))

        return answered(key, lang, make)

    @router.post("/{key}/export")
    def many(request: Request, key: str, chosen: ChosenPapers, lang: Language = "en") -> Response:
        def make(session: Session) -> Response:
            known = map(session.known, dict.fromkeys(chosen.ids))  # not files that failed
            ids = [one for one in known if one is not None]
            archived = chosen.form in ("pdf", "obsidian")
            if not ids or (archived and len(ids) > ARCHIVED_MOST):
                raise QueryUnusable("ids", f"choose 1 to {ARCHIVED_MOST} papers at once")
            limit(request, session, ids, chosen.form)
            return _file(session, ids, chosen.form, "papers", lang)

        return answered(key, lang, make)

    return router


def _explained(error: GlossError, failure: Failure, lang: Language) -> Mapping[str, str]:
    return {"error": "failed", "told": line_of(error, lang, failure)}


def _check_pdf(session: Session) -> None:
    if session.library.notes is None:
        raise QueryUnusable("form", "PDFs are exported from a library of one's own alone")


def _file(session: Session, ids: Sequence[str], form: Form, name: str, lang: Language) -> Response:
    if form == "pdf":
        _check_pdf(session)
        parts = pdf_parts(session.library, ids, lang)
    elif form == "obsidian":
        own = session.library.notes is not None
        parts = obsidian_parts(session.library, ids, lang, with_pdf=own)
    else:
        data = bibliography(session.library, ids, form).encode()
        return Response(data, media_type=MEDIA[form], headers=_headers(f"{name}.{ENDINGS[form]}"))
    made = archive(parts)
    return StreamingResponse(made, media_type="application/zip", headers=_headers(f"{name}.zip"))


def _headers(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
