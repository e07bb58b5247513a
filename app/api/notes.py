"""The reader's notes and tags, citations and bibliographies over HTTP: of one's own server alone.

A public instance has none of these addresses: notes are the reader's, and visitors are others.
Pages of other sites cannot write them: a body must be JSON, which browsers ask leave for, and
``app.serve.limits`` refuses what they send all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Path, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from app.api.failures import QueryUnusable
from app.api.parameters import errors
from app.api.service import ID_MOST, QUERY_MOST
from app.digest import Language
from app.documents.exports import CitationShape
from app.documents.notes import PlaceList, PlaceShape, place_list, place_shape
from app.show.exports import MEDIA
from index.entries import Bibliography
from index.notes import NOTE_MOST, QUOTE_MOST, TAG_MOST

if TYPE_CHECKING:
    from index.library import Library

_PDF, _ZIP = "application/pdf", "application/zip"
_NUMBER_MOST = 2**63 - 1  # of SQLite's
Number = Annotated[int, Path(ge=1, le=_NUMBER_MOST, description="The note's.")]
Named = Annotated[
    str,
    Field(
        min_length=1,
        max_length=ID_MOST,
        description="A paper's id, or that of a sentence of a digest: `2407.03300v1/en/method.2`.",
        examples=["2407.03300"],
    ),
]
Words = Annotated[
    str, Field(max_length=QUOTE_MOST, description="On these words, which the paper has once.")
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewText(_Body):
    """The new text of a note."""

    text: Annotated[str, Field(pattern=r"\S", max_length=NOTE_MOST)]


class NewNote(NewText):
    """A note, and what it is on."""

    paper: Named
    quote: Words = ""


class NewTag(_Body):
    """A tag, and what is tagged."""

    paper: Named
    name: Annotated[str, Field(pattern=r"[^\W_]", max_length=TAG_MOST)]
    quote: Words = ""


def add_note_routes(app: FastAPI, library: Library) -> None:
    """Offer the addresses."""
    from app.publish.exports import ARCHIVED_MOST, archive, obsidian_parts, pdf_with_notes
    from app.show.exports import bibliography, citation
    from app.write.spots import chosen_papers, spot_of

    @app.get("/notes", response_model=PlaceList, responses=errors(404, 422, 503))
    def notes(
        q: Annotated[str, Query(max_length=QUERY_MOST, description="All of these words.")] = "",
        tag: Annotated[str, Query(max_length=TAG_MOST, description="Tagged so.")] = "",
        paper: Annotated[str, Query(max_length=ID_MOST, description="On this paper.")] = "",
    ) -> Any:
        """Your notes and tags, with where their words are now."""
        found = library.notes.find(q, tag)
        if paper:
            numbers = {one.place.number for one in library.notes.of(paper)}
            found = [one for one in found if one.place.number in numbers]
        return place_list(found)

    @app.post("/notes", response_model=PlaceShape, responses=errors(404, 409, 422, 503))
    def add_note(said: NewNote) -> Any:
        """Write a note on a paper, or on words of it."""
        spot = spot_of(library, said.paper, said.quote)
        return place_shape(library.notes.add(spot.paper_id, said.text, spot.span))

    @app.put("/notes/{number}", response_model=PlaceShape, responses=errors(404, 422, 503))
    def change_note(number: Number, said: NewText) -> Any:
        """Write another text in place of a note's."""
        return place_shape(library.notes.change(number, said.text))

    @app.delete("/notes/{number}", status_code=204, responses=errors(404, 422, 503))
    def delete_note(number: Number) -> Response:
        """Delete a note."""
        library.notes.delete(number)
        return Response(status_code=204)

    @app.post("/tags", response_model=PlaceShape, responses=errors(404, 409, 422, 503))
    def add_tag(said: NewTag) -> Any:
        """Tag a paper, or words of it."""
        spot = spot_of(library, said.paper, said.quote)
        return place_shape(library.notes.tag(spot.paper_id, said.name, spot.span))

    @app.delete("/tags", status_code=204, responses=errors(404, 409, 422, 503))
    def delete_tag(
        paper: Annotated[str, Query(min_length=1, max_length=ID_MOST)],
        name: Annotated[str, Query(min_length=1, max_length=TAG_MOST)],
        quote: Annotated[str, Query(max_length=QUOTE_MOST)] = "",
    ) -> Response:
        """Take a tag away."""
        spot = spot_of(library, paper, quote)
        library.notes.untag(spot.paper_id, name, spot.span)
        return Response(status_code=204)

    @app.get("/cite", response_model=CitationShape, responses=errors(404, 409, 422, 503))
    def cite(
        paper: Annotated[str, Query(min_length=1, max_length=ID_MOST)],
        quote: Annotated[str, Query(max_length=QUOTE_MOST)] = "",
    ) -> Any:
        """A paper, or words of it, as a citation with author, year and page."""
        return CitationShape.of(citation(library, paper, quote))

    @app.get(
        "/bibliography",
        response_class=Response,
        responses={
            200: {"content": {kind: {} for kind in MEDIA.values()}},
            **errors(404, 422, 503),
        },
    )
    def bibliography_of(
        form: Annotated[Bibliography, Query(alias="format", description="The format.")] = "bibtex",
        paper: Annotated[list[str] | None, Query(description="These papers.")] = None,
        q: Annotated[str, Query(max_length=QUERY_MOST, description="Those found by it.")] = "",
        tag: Annotated[str, Query(max_length=TAG_MOST, description="Those tagged so.")] = "",
    ) -> Response:
        """Papers with their notes and tags as BibTeX, RIS or CSL-JSON; all of them, if not said."""
        every = not (paper or q or tag)
        ids = chosen_papers(library, paper or (), q, tag, every)
        media = f"{MEDIA[form]}; charset=utf-8"
        return Response(bibliography(library, ids, form), media_type=media)

    @app.get(
        "/pdf",
        response_class=Response,
        responses={200: {"content": {_PDF: {}}}, **errors(404, 409, 422, 503)},
    )
    def pdf(
        paper: Annotated[str, Query(min_length=1, max_length=ID_MOST)],
        lang: Annotated[Language, Query(description="Of the digest's headings.")] = "en",
    ) -> Response:
        """A paper's PDF with the digest's sentences, and your notes, as highlights."""
        return Response(pdf_with_notes(library, paper, lang), media_type=_PDF)

    @app.get(
        "/obsidian",
        response_class=Response,
        responses={200: {"content": {_ZIP: {}}}, **errors(404, 409, 422, 503)},
    )
    def obsidian(
        paper: Annotated[list[str] | None, Query(description="These papers.")] = None,
        q: Annotated[str, Query(max_length=QUERY_MOST, description="Those found by it.")] = "",
        tag: Annotated[str, Query(max_length=TAG_MOST, description="Those tagged so.")] = "",
        lang: Annotated[Language, Query(description="Of the digests' headings.")] = "en",
    ) -> Response:
        """A ZIP with a note of Obsidian's for each paper, and its PDF; all papers, if not said.

        At most 200 papers. What could not be written is listed in `not-exported.txt`.
        """
        ids = chosen_papers(library, paper or (), q, tag, not (paper or q or tag))
        if len(ids) > ARCHIVED_MOST:
            raise QueryUnusable("paper", f"at most {ARCHIVED_MOST} papers at once")
        made = archive(obsidian_parts(library, ids, lang))
        return StreamingResponse(made, media_type=_ZIP)
