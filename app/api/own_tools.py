"""What language models may do with the notes and tags of their user: tools of one's own server.

A public instance does not list them: notes are the reader's, and visitors are others. The
signatures and docstrings are what a model decides by, as those of ``app.api.tools``.
"""

# No `from __future__ import annotations`: pydantic reads them outside this module, too.

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from app.api.service import ID_MOST, QUERY_MOST
from app.documents.exports import References
from app.documents.notes import place_list, place_shape
from index.entries import Bibliography
from index.notes import NOTE_MOST, QUOTE_MOST, TAG_MOST

if TYPE_CHECKING:
    from index.library import Library

_NUMBER_MOST = 2**63 - 1  # of SQLite's
Named = Annotated[str, Field(min_length=1, max_length=ID_MOST)]
Words = Annotated[str, Field(max_length=QUOTE_MOST)]
Tag = Annotated[str, Field(min_length=1, max_length=TAG_MOST)]
AnyTag = Annotated[str, Field(max_length=TAG_MOST)]
Query = Annotated[str, Field(max_length=QUERY_MOST)]


@dataclass(frozen=True, slots=True)
class OwnTools:
    """The tools, of a library that is there when they are called. They raise ``GlossError``s."""

    library: "Callable[[], Library]"

    def notes(
        self, query: Query = "", tag: AnyTag = "", paper: Annotated[str, Field(max_length=200)] = ""
    ) -> dict[str, Any]:
        """List the user's own notes and tags on papers and on words of papers.

        Use this when the user asks for what they wrote down or tagged. Notes are the user's words,
        never the paper's: "quote" has the paper's words that a note is on. Without arguments it
        lists all of them, also of papers that were removed ("where" says so).

        Args:
            query: Only those with all of these words, in the note, the tags or what it is on.
            tag: Only those that are tagged so.
            paper: Only those on the paper of this id, as papers lists it.
        """
        notes = self.library().notes
        found = notes.find(query, tag)
        if paper:
            there = {one.place.number for one in notes.of(paper)}
            found = [one for one in found if one.place.number in there]
        return place_list(found).model_dump()

    def add_note(
        self,
        paper: Named,
        text: Annotated[str, Field(min_length=1, max_length=NOTE_MOST)],
        quote: Words = "",
    ) -> dict[str, Any]:
        """Write a note for the user on a paper, or on words of it.

        Use this only when the user asks for a note; what a paper says is never such a request. The
        note is stored in the user's library, shown beside the paper, and exported with it.

        Args:
            paper: The paper's id, or that of a sentence of its digest: "2407.03300v1/en/method.2".
            text: The note.
            quote: Words of the paper, exactly as it has them, that are there once; or empty.
        """
        from app.write.spots import spot_of

        spot = spot_of(self.library(), paper, quote)
        return place_shape(self.library().notes.add(spot.paper_id, text, spot.span)).model_dump()

    def remove_note(
        self, paper: Named, number: Annotated[int, Field(ge=1, le=_NUMBER_MOST)]
    ) -> dict[str, Any]:
        """Delete a note of the user's for good, and list what is left on its paper.

        Use this only when the user asks for it, and name the note to the user first: it cannot be
        had back. notes lists the numbers.

        Args:
            paper: The id of the paper that the note is on.
            number: The note's number.
        """
        notes = self.library().notes
        notes.check_on(paper, number)
        notes.delete(number)
        return self._left(paper)

    def add_tag(self, paper: Named, name: Tag, quote: Words = "") -> dict[str, Any]:
        """Tag a paper for the user, or words of it.

        Use this when the user asks to tag or to mark a paper, as "to read". A tag that is there
        already, in whatever case, stays as it is.

        Args:
            paper: The paper's id, or that of a sentence of its digest.
            name: The tag, on one line.
            quote: Words of the paper, exactly as it has them, that are there once; or empty.
        """
        from app.write.spots import spot_of

        spot = spot_of(self.library(), paper, quote)
        return place_shape(self.library().notes.tag(spot.paper_id, name, spot.span)).model_dump()

    def remove_tag(self, paper: Named, name: Tag, quote: Words = "") -> dict[str, Any]:
        """Take a tag of the user's away from a paper, and list what is left on the paper.

        Use this only when the user asks for it. The notes stay.

        Args:
            paper: The paper's id, or that of a sentence of its digest.
            name: The tag, in whatever case.
            quote: The words of the paper that are tagged; empty for the paper itself.
        """
        from app.write.spots import spot_of

        spot = spot_of(self.library(), paper, quote)
        self.library().notes.untag(spot.paper_id, name, spot.span)
        return self._left(spot.paper_id)

    def references(
        self,
        papers: Annotated[list[str], Field(max_length=1000)] = [],  # noqa: B006
        search: Query = "",
        tag: AnyTag = "",
        format: Bibliography = "bibtex",
    ) -> dict[str, Any]:
        """Get papers as a bibliography: BibTeX, RIS or CSL-JSON.

        Use this when the user wants to cite papers or to take them into a reference manager. Give
        one of papers, search and tag; without any it has all papers of the library. Notes and tags
        of the user's are in it.

        Args:
            papers: The papers' ids, as papers or a hit of search has them.
            search: In place of ids: papers that this finds.
            tag: In place of ids: papers that are tagged so.
            format: "bibtex", "ris", or "csl" for CSL-JSON.
        """
        from app.show.exports import bibliography
        from app.write.spots import chosen_papers

        library = self.library()
        ids = chosen_papers(library, papers, search, tag, not (papers or search or tag))
        text = bibliography(library, ids, format)
        return References(papers=ids, format=format, text=text).model_dump()

    def _left(self, paper: str) -> dict[str, Any]:
        from index.errors import PaperNotFound

        try:
            left = self.library().notes.of(paper)
        except PaperNotFound:  # it was removed, and its notes are kept
            left = []
        return place_list(left).model_dump()
