"""Errors as programs see them: a kind, one line, and the status of HTTP.

One table for all interfaces. Anybody may read the line, so details that concern only the server's
operator (a folder, a model, an address) are logged and not sent.
"""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass

from app.api.dates import NotADate
from app.compare import NotComparable
from app.compare.choice import NoSuchTag
from app.write.spots import NothingChosen
from index.errors import (
    ClaimNotFound,
    EmptyQuery,
    GlossError,
    NoDigests,
    PaperChanged,
    PaperNotFound,
    RoleOfDigest,
    SourceNotFound,
)
from index.notes import NoteNotFound, NoteUnusable

_log = logging.getLogger(__name__)

INTERNAL = "this is a bug of gloss: whoever runs this server finds more in its log"
UNAVAILABLE = "this server cannot do that now: whoever runs it finds the reason in its log"


class QueryUnusable(GlossError):
    """A request's value is too long, too large, or unknown."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name


class PassageNotFound(GlossError):
    """A paper has no passage of that id."""

    def __init__(self, paper_id: str, passage_id: str) -> None:
        super().__init__(f"{passage_id}: no passage of {paper_id}; a search shows their ids")
        self.paper_id = paper_id
        self.passage_id = passage_id


class WriterNotOffered(GlossError):
    """A request for a digest by a language model, which this server does not offer."""

    def __init__(self, writer: str, offered: tuple[str, ...]) -> None:
        super().__init__(f"writer {writer}: not offered here; there is {', '.join(offered)}")
        self.writer = writer
        self.offered = offered


class NotesNotOffered(GlossError):
    """A visitor's request for notes or tags, which are those of a library's owner."""

    def __init__(self) -> None:
        super().__init__(
            "notes and tags need a library of your own: run gloss on a machine of yours "
            "(`gloss serve`)"
        )


class TooBusy(GlossError):
    """The server is at its limit of parallel work; ``retry_after`` is in seconds."""

    def __init__(self, why: str, retry_after: float) -> None:
        super().__init__(f"{why}; ask again in {retry_after:.0f} seconds")
        self.retry_after = retry_after


class TooMany(TooBusy):
    """One visitor asks for more than the rate limit of costly requests."""


_SAID_MOST = 2000  # characters: twice a question, which a line may repeat


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as sent: ``status`` is that of HTTP, ``kind`` a word for programs."""

    status: int
    kind: str
    message: str
    retry_after: float | None = None  # seconds


# The first class that an error is an instance of decides. Any other `GlossError` is about what the
# server needs (the library, a model, a language model's server): nothing that a visitor can change.
_KINDS: tuple[tuple[type[GlossError], int, str], ...] = (
    (PaperNotFound, 404, "paper-not-found"),
    (PassageNotFound, 404, "passage-not-found"),
    (SourceNotFound, 404, "page-not-found"),  # a page, or the file that it is on
    (ClaimNotFound, 404, "sentence-not-found"),
    (NothingChosen, 404, "nothing-chosen"),
    (NoSuchTag, 404, "no-such-tag"),
    (NoteNotFound, 404, "note-not-found"),
    (NoteUnusable, 422, "note-unusable"),
    (NoDigests, 404, "no-digests"),
    (PaperChanged, 409, "paper-changed"),
    (WriterNotOffered, 403, "writer-not-offered"),
    (NotesNotOffered, 403, "notes-not-offered"),
    (EmptyQuery, 422, "empty-query"),
    (NotComparable, 422, "not-comparable"),
    (NotADate, 422, "not-a-date"),
    (RoleOfDigest, 422, "role-of-digest"),
    (QueryUnusable, 422, "unusable"),
    (TooMany, 429, "too-many"),
    (TooBusy, 503, "busy"),
)


def failure_of(error: Exception) -> Failure:
    """``error`` as a program sees it; hidden details are logged."""
    for kind, status, name in _KINDS:
        if isinstance(error, kind):
            retry_after = error.retry_after if isinstance(error, TooBusy) else None
            return Failure(status, name, _said(error), retry_after)
    if isinstance(error, GlossError):
        _log.error("%s", error)
        return Failure(503, "unavailable", UNAVAILABLE)
    log_places(error)
    return Failure(500, "internal", INTERNAL)


def log_places(error: BaseException | None) -> None:
    """Log a bug by its kind and its places in the code.

    The message of an error may have what a visitor sent, which no log is to have.
    """
    places = "".join(traceback.format_tb(error.__traceback__)) if error is not None else ""
    _log.error("a bug: %s\n%s", type(error).__name__, places.rstrip())


def _said(error: GlossError) -> str:
    """An error's line, on one line and with an end whatever was sent, without advice that only the
    command line can follow."""
    if isinstance(error, PaperNotFound) and not (error.near or error.why):
        said = f"{error.paper_id}: not in this library; the list of papers says what is"
    elif isinstance(error, NoDigests) and not error.unsearchable:
        of_it = f" of {error.paper_id}" if error.paper_id else ""
        said = f"no digest{of_it} to search yet: asking for a paper's digest writes it"
    else:
        said = str(error)
    return " ".join(said[:_SAID_MOST].split()).encode(errors="replace").decode()
