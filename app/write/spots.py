"""From what a reader names to papers, and to words of a paper."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from app.digest import Claim, Language
from app.write import write_digest
from app.write.claims import named_claims
from index.errors import ClaimNotFound, GlossError
from index.spans import Span

if TYPE_CHECKING:
    from index.library import Library

# The id of a sentence of a digest, as ``app.write.claims`` makes it.
_CLAIM_ID = re.compile(r"(?P<paper>.+)/(?P<lang>en|zh)/(?P<name>[a-z_]+\.[0-9]+)", re.DOTALL)
_PASSAGES = 100  # among which the papers of a search are


class NothingChosen(GlossError):
    """No paper was named that could be exported, or several ways of naming some at once."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A paper, or words of it. ``claim`` is the sentence of a digest that was named, if one was."""

    paper_id: str
    span: Span | None = None
    claim: Claim | None = None


def spot_of(library: Library, named: str, quote: str = "") -> Spot:
    """What an id names: a paper, or the words that a sentence of its digest rests on.

    With ``quote``, these words of the paper, which must be there once. Raises ``PaperNotFound``,
    ``ClaimNotFound`` and ``NoteUnusable``.
    """
    claim_id = _CLAIM_ID.fullmatch(named)
    if claim_id is None:
        paper_id = library.stored(named).id
        return Spot(paper_id, library.notes.quoted(paper_id, quote) if quote else None)
    stored = library.stored(claim_id["paper"])
    if quote:
        raise ClaimNotFound(named, (stored.id,))
    digest = write_digest(library, stored.id, lang=cast(Language, claim_id["lang"]))
    for one in named_claims(digest):
        if one.name == claim_id["name"]:
            return Spot(stored.id, one.claim.citations[0].span, one.claim)
    raise ClaimNotFound(named)


def chosen_papers(
    library: Library,
    ids: Sequence[str] = (),
    query: str = "",
    tag: str = "",
    every: bool = False,
) -> list[str]:
    """The papers that are named, found, tagged, or all: by exactly one of these.

    Raises ``NothingChosen``, and ``PaperNotFound`` for any that is not here.
    """
    if sum(map(bool, (ids, query, tag, every))) != 1:
        raise NothingChosen(
            "give the IDs of papers, or in their place --search QUERY, --tag NAME or --all"
        )
    if ids:
        return list(dict.fromkeys(library.stored(one).id for one in ids))
    if query:
        found = [hit.passage.paper_id for hit in library.search(query, _PASSAGES)]
    else:
        found = library.notes.tagged(tag) if tag else library.ids()
    if not found:
        where = f"by the search {query!r}" if query else f"with the tag {tag!r}" if tag else "here"
        raise NothingChosen(f"no paper {where}: `gloss papers` lists what is there")
    return list(dict.fromkeys(found))
