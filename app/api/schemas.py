"""What the HTTP API says beside the documents that all share (``app.documents``)."""

from typing import Literal

from app.documents import Shape


class Health(Shape):
    """That the server answers."""

    status: Literal["ok"]
    """It does."""
    version: str
    """Of gloss."""
    papers: int
    """Papers that can be searched."""


class ErrorShape(Shape):
    """Why a request failed."""

    kind: str
    """A word for programs, as `paper-not-found`."""
    message: str
    """A line for people, which says what to do."""


class ErrorAnswer(Shape):
    """What every request gets that fails."""

    error: ErrorShape
    """What went wrong."""
