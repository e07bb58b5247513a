"""The reader's notes and tags in the app: shown beside a paper, written, deleted and had back.

Visitors of a public instance have none (``Papers.notes``): a visit's papers are deleted when it
ends, and a note is not to be lost so. Whatever is asked for is answered with all that there is on
the paper then, so that the browser shows what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from app.api.failures import Failure, NotesNotOffered
from app.digest import Language
from app.show.html import fill
from app.show.pieces import Piece, pieces_of, trimmed
from app.show.text import plain
from app.web import answers
from app.web.media import marks_at
from app.web.removals import SECONDS, Removals
from app.web.texts import texts
from index.errors import GlossError
from index.notes import NOTE_MOST, TAG_MOST, Located, NoteNotFound, NoteUnusable
from index.spans import Span

if TYPE_CHECKING:
    from app.web.session import Session, Sessions
    from index.library import OwnNotes
    from index.paper import Paper

VERSION = 12  # characters of a file's hash, by which a browser says which text it shows
_LETTERS_MOST = 10**9  # characters of a paper's text


class _Words(BaseModel):
    """Words of a paper: characters of the text with this hash. Without them, the paper itself."""

    start: int | None = Field(None, ge=0, le=_LETTERS_MOST)
    end: int | None = Field(None, ge=0, le=_LETTERS_MOST)
    version: str = Field("", max_length=VERSION)


class WrittenNote(_Words):
    """A note as a browser sends it."""

    text: Annotated[str, Field(max_length=NOTE_MOST)]


class WrittenTag(_Words):
    """A tag as a browser sends it."""

    name: Annotated[str, Field(max_length=TAG_MOST)]


class ChangedNote(BaseModel):
    """Another text of a note."""

    text: Annotated[str, Field(max_length=NOTE_MOST)]


@dataclass(frozen=True, slots=True)
class _NotesOfPaper:
    """What a note is deleted from: the notes of one paper, by their numbers."""

    notes: OwnNotes
    paper_id: str

    def may_remove(self, number: str) -> bool:
        """Whether the paper has a note of that number."""
        return any(
            str(note.number) == number
            for one in self.notes.of(self.paper_id)
            for note in one.place.notes
        )

    def remove(self, number: str) -> None:
        """Delete it, unless somebody else has."""
        with suppress(NoteUnusable):
            self.notes.delete(int(number))


@dataclass(eq=False)
class Desk:
    """The notes of papers as one server's sessions see them, with those about to be deleted."""

    removals: Removals = field(default_factory=Removals)

    def shown(self, session: Session, paper_id: str, lang: Language) -> dict[str, Any]:
        """All that the reader has on a paper, as the app's script takes it."""
        say = texts()[lang]
        notes = session.library.notes
        if notes is None:
            shown = fill("own.html", say=say, tags=(), undo=0, seconds=0)
            return {"may": False, "version": "", "html": shown, "places": [], "known": []}
        paper = session.library.paper(paper_id)
        sizes = session.library.page_sizes(paper_id)
        hidden = self.removals.hidden(session.key)
        places: list[dict[str, Any]] = []
        tags: Sequence[str] = ()
        undo = 0
        for one in notes.of(paper_id):
            if one.place.anchor is None:
                tags = one.place.tags
            undo += sum(str(note.number) in hidden for note in one.place.notes)
            html = _place_html(one, paper, hidden, lang)
            if not html:
                continue
            boxes = paper.boxes(one.span) if one.span is not None else ()
            places.append(
                {
                    "number": one.place.number,
                    "on": "words" if one.place.anchor is not None else "paper",
                    "span": [one.span.start, one.span.end] if one.span is not None else None,
                    "marks": marks_at(boxes, sizes),
                    "html": html,
                }
            )
        return {
            "may": True,
            "version": paper.sha256[:VERSION],
            "html": fill("own.html", say=say, tags=tags, undo=undo, seconds=SECONDS),
            "places": places,
            "known": list(notes.tags()),
        }

    def delete(self, session: Session, paper_id: str, number: int) -> None:
        """Delete a note some seconds from now; what was to be deleted before goes at once."""
        shelf = _NotesOfPaper(notes_of(session), paper_id)
        if not self.removals.ask(session.key, shelf, [str(number)]):
            raise NoteNotFound(f"note {number}: no such note on {paper_id}")


def notes_of(session: Session) -> OwnNotes:
    """The notes of a session's reader. Raises ``NotesNotOffered`` for a visitor."""
    notes = session.library.notes
    if notes is None:
        raise NotesNotOffered
    return notes


def _place_html(one: Located, paper: Paper, hidden: frozenset[str], lang: Language) -> str:
    """The notes and tags of a place as HTML; empty for a paper itself without a note."""
    anchor = one.place.anchor
    notes = [note for note in one.place.notes if str(note.number) not in hidden]
    tags = one.place.tags if anchor is not None else ()
    if not (notes or tags):
        return ""
    at = {"paper": paper.id, "at": f"{one.span.start}-{one.span.end}"} if one.span else {}
    return fill(
        "own_place.html",
        say=texts()[lang],
        quote=_quote_pieces(one, paper),
        page=one.page,
        gone=one.where == "gone",
        address=f"?{urlencode(at)}" if at else "",
        notes=notes,
        tags=tags,
    )


def _quote_pieces(one: Located, paper: Paper) -> tuple[Piece, ...]:
    """The words that a note is on, where they still are with their formulas."""
    if one.span is not None:
        return trimmed(pieces_of(paper, one.span))
    return (Piece(plain(one.place.anchor.quote)),) if one.place.anchor is not None else ()


def notes_router(sessions: Sessions) -> APIRouter:
    """The addresses under ``/view``: ``/view/{key}/{paper}/notes.json`` and so on."""
    router = APIRouter(prefix="/view", include_in_schema=False)
    desk = Desk()

    def answered(
        key: str, paper_id: str, lang: Language, act: Callable[[Session], object] = lambda _: None
    ) -> Response:
        """What is on the paper after ``act``."""

        def make(session: Session) -> Response:
            act(session)
            return answers.private(desk.shown(session, paper_id, lang))

        def explain(error: GlossError, failure: Failure, lang: Language) -> Mapping[str, str]:
            if isinstance(error, NotesNotOffered):  # all others are the owner's to read
                return {"error": "failed", "told": texts()[lang]["app_own_visitor"]}
            return answers.in_its_words(error, failure, lang)

        return answers.answered(sessions, key, lang, make, explain)

    @router.get("/{key}/{paper_id:path}/notes.json")
    def listed(key: str, paper_id: str, lang: Language = "en") -> Response:
        return answered(key, paper_id, lang)

    @router.post("/{key}/{paper_id:path}/notes/undo")
    def undo(key: str, paper_id: str, lang: Language = "en") -> Response:
        return answered(key, paper_id, lang, lambda session: desk.removals.undo(session.key))

    @router.post("/{key}/{paper_id:path}/notes")
    def add(key: str, paper_id: str, note: WrittenNote, lang: Language = "en") -> Response:
        def write(session: Session) -> None:
            notes_of(session).add(paper_id, note.text, _span(session, paper_id, note))

        return answered(key, paper_id, lang, write)

    @router.put("/{key}/{paper_id:path}/notes/{number}")
    def change(
        key: str, paper_id: str, number: int, note: ChangedNote, lang: Language = "en"
    ) -> Response:
        def write(session: Session) -> None:
            if not _NotesOfPaper(notes_of(session), paper_id).may_remove(str(number)):
                raise NoteNotFound(f"note {number}: no such note on {paper_id}")
            notes_of(session).change(number, note.text)

        return answered(key, paper_id, lang, write)

    @router.delete("/{key}/{paper_id:path}/notes/{number}")
    def delete(key: str, paper_id: str, number: int, lang: Language = "en") -> Response:
        return answered(key, paper_id, lang, lambda session: desk.delete(session, paper_id, number))

    @router.post("/{key}/{paper_id:path}/tags")
    def tag(key: str, paper_id: str, tag: WrittenTag, lang: Language = "en") -> Response:
        def write(session: Session) -> None:
            notes_of(session).tag(paper_id, tag.name, _span(session, paper_id, tag))

        return answered(key, paper_id, lang, write)

    @router.delete("/{key}/{paper_id:path}/tags")
    def untag(
        key: str,
        paper_id: str,
        name: Annotated[str, Query(max_length=TAG_MOST)],
        start: Annotated[int | None, Query(ge=0, le=_LETTERS_MOST)] = None,
        end: Annotated[int | None, Query(ge=0, le=_LETTERS_MOST)] = None,
        version: Annotated[str, Query(max_length=VERSION)] = "",
        lang: Language = "en",
    ) -> Response:
        def write(session: Session) -> None:
            words = _Words(start=start, end=end, version=version)
            notes_of(session).untag(paper_id, name, _span(session, paper_id, words))

        return answered(key, paper_id, lang, write)

    return router


def _span(session: Session, paper_id: str, words: _Words) -> Span | None:
    """The words that a browser means. Raises ``NoteUnusable`` where it shows another text."""
    if words.start is None or words.end is None:
        return None
    paper = session.library.paper(paper_id)
    if paper.sha256[:VERSION] != words.version:
        raise NoteUnusable(f"{paper_id}: another version of it came in; reload the page")
    if not words.start < words.end <= len(paper.text):
        raise NoteUnusable(f"{paper_id}: no words at {words.start} to {words.end}")
    return Span(words.start, words.end)
