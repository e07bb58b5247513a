"""How the HTTP API answers what fails."""

from __future__ import annotations

from typing import cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from app.api.failures import INTERNAL, Failure, failure_of
from index.errors import GlossError


def answer_errors(app: FastAPI, documented: str) -> None:
    """Whatever fails has one shape, and no traceback leaves the server.

    ``documented`` is the address that errors refer to.
    """

    async def failed(request: Request, error: Exception) -> Response:
        return _answer(failure_of(error))

    async def unusable(request: Request, error: Exception) -> Response:
        return _answer(Failure(422, "unusable", _unusable(cast(RequestValidationError, error))))

    async def refused(request: Request, error: Exception) -> Response:
        status = cast(HTTPException, error).status_code
        if status == 400:  # FastAPI's for bytes that are no text
            return _answer(Failure(422, "unusable", "body: it is no JSON in UTF-8"))
        kinds = {404: "no-such-address", 405: "no-such-method"}
        said = f"{request.method} {request.url.path}: {kinds.get(status, 'refused')}"
        answer = _answer(Failure(status, kinds.get(status, "refused"), f"{said}; see {documented}"))
        answer.headers.update(cast(HTTPException, error).headers or {})
        return answer

    async def broken(request: Request, error: Exception) -> Response:
        return _answer(Failure(500, "internal", INTERNAL))  # the server logs it

    app.add_exception_handler(GlossError, failed)
    app.add_exception_handler(RequestValidationError, unusable)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(Exception, broken)


def _answer(failure: Failure) -> JSONResponse:
    headers = {}
    if failure.retry_after is not None:
        headers["Retry-After"] = str(max(round(failure.retry_after), 1))
    said = {"error": {"kind": failure.kind, "message": failure.message}}
    return JSONResponse(said, failure.status, headers)


def _unusable(error: RequestValidationError) -> str:
    """Which values do not fit and why, on one line; what was sent is not repeated."""
    wrong = {
        str([*one["loc"], "body"][1]): one["msg"]  # after "path", "query"; a body may be no JSON
        for one in error.errors()
        if one["type"] != "none_required"  # said of what may be left out, beside what is wrong
    }
    return " ".join("; ".join(f"{name}: {why}" for name, why in wrong.items()).split())
