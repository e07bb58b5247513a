"""Answers to the scripts of the app: what a session has, or a line that says what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fastapi.responses import JSONResponse, Response

from app.api.failures import Failure, failure_of
from app.digest import Language
from app.web.errors import line_of
from app.web.own_papers import VisitEnded
from index.errors import GlossError

if TYPE_CHECKING:
    from app.web.session import Session, Sessions

Explain = Callable[[GlossError, Failure, Language], Mapping[str, str]]
"""What an answer says of an error: ``error``, its kind, and ``told``, a line for people."""


def in_its_words(error: GlossError, _: Failure, lang: Language) -> Mapping[str, str]:
    """The error's own line."""
    return {"error": "failed", "told": line_of(error, lang)}


def answered(
    sessions: Sessions,
    key: str,
    lang: Language,
    make: Callable[[Session], Response],
    explain: Explain = in_its_words,
) -> Response:
    """What ``make`` gives for the session with that key; of an error what ``explain`` says.

    ``lang`` is the reader's language.
    """
    session = sessions.by_key(key)
    if session is None:
        told = {"error": "failed", "told": line_of(VisitEnded(), lang)}
        return JSONResponse(told, 404)
    try:
        return make(session)
    except GlossError as error:
        failure = failure_of(error)
        return JSONResponse(dict(explain(error, failure, lang)), failure.status)


def private(said: Mapping[str, Any]) -> JSONResponse:
    """JSON that no cache keeps."""
    return JSONResponse(said, headers={"Cache-Control": "private, no-store"})
