"""What requests of the HTTP API give, and which errors they may get, as OpenAPI describes both."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import StringConstraints, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from app.api.schemas import ErrorAnswer
from app.api.service import ID_MOST, QUERY_MOST

_YEAR = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
Since = Annotated[
    str,
    StringConstraints(pattern="^[0-9]{4}(-[0-9]{2}){0,2}$"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date"},
                {"type": "string", "pattern": f"^{_YEAR}-(0[1-9]|1[0-2])$"},
                {"type": "string", "pattern": f"^{_YEAR}$"},
            ]
        }
    ),
]
Question = Annotated[
    str,
    Query(
        min_length=1,
        max_length=QUERY_MOST,
        description=f"A question, a phrase or a few words; at most {QUERY_MOST} characters, at "
        "least one of them a letter or digit. Words in quotation marks must be there as they are.",
        examples=["how is attention computed"],
    ),
]
OnePaper = Annotated[
    str | SkipJsonSchema[None],
    Query(max_length=ID_MOST, description="Only in this paper.", examples=["2407.03300"]),
]
PaperId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=ID_MOST,
        description="A paper's id, with or without a version. That of an old arXiv paper has a "
        "slash, which may be written as it is or as `%2F`.",
        examples=["2407.03300", "cs/9901001"],
    ),
]

_WHY = {
    403: "This server does not offer that.",
    404: "Not in this library.",
    409: "The paper was replaced meanwhile; ask again.",
    422: "A value is missing or does not fit; the message names it.",
    429: "More than a visitor's share; `Retry-After` has the seconds to wait.",
    503: "Busy, or something that the server needs is not at hand; `Retry-After` where known.",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route may answer beside its document, as OpenAPI has it."""
    return {status: {"model": ErrorAnswer, "description": _WHY[status]} for status in statuses}
