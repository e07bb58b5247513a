"""Papers to take along: as a bibliography, as a citation, as a PDF with notes on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.digest import Digest
from app.show.bibtex import citation_keys, entries_to_bibtex
from app.show.citation import cite, pandoc_cite
from app.show.csl import to_csl
from app.show.highlights import digest_highlights, own_highlights
from app.show.references import entry_of
from app.show.ris import to_ris
from app.write.spots import spot_of
from index.entries import Bibliography, Entry

if TYPE_CHECKING:
    from index.library import Library, Papers
    from index.notes import Located

BIBLIOGRAPHIES: dict[Bibliography, Callable[[Iterable[Entry]], str]] = {
    "bibtex": entries_to_bibtex,
    "ris": to_ris,
    "csl": to_csl,
}

ENDINGS: dict[Bibliography, str] = {"bibtex": "bib", "ris": "ris", "csl": "json"}
MEDIA: dict[Bibliography, str] = {  # types of files
    "bibtex": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "csl": "application/vnd.citationstyles.csl+json",
}


def marked_in(library: Papers, paper_id: str) -> list[Located]:
    """The notes and tags on a paper of who asks, who may be a visitor without any."""
    return library.notes.of(paper_id) if library.notes is not None else []


def entries_of(library: Papers, ids: Sequence[str]) -> list[Entry]:
    """The papers' entries, with the reader's notes and tags. Raises ``PaperNotFound``."""
    return [
        entry_of(library.paper(one), library.imported(one), marked_in(library, one)) for one in ids
    ]


def bibliography(library: Papers, ids: Sequence[str], form: Bibliography) -> str:
    """The papers as one bibliography. Raises ``PaperNotFound``."""
    return BIBLIOGRAPHIES[form](entries_of(library, ids))


def annotated_pdf(library: Papers, paper_id: str, digest: Digest) -> bytes:
    """The paper's PDF with the digest's sentences and the reader's notes on its words.

    Raises ``SourceNotFound`` for a paper that has no PDF.
    """
    own = own_highlights(marked_in(library, paper_id), library.paper(paper_id))
    return library.annotated(paper_id, (*digest_highlights(digest), *own))


@dataclass(frozen=True, slots=True)
class Citable:
    """A paper, or words of it, as a citation; ``page`` is where the words begin, from 1."""

    id: str
    text: str  # "“the words” (Vaswani et al., 2017, p. 4)"
    pandoc: str  # "[@vaswani2017attention, p. 4]"
    quote: str
    page: int | None


def citation(library: Library, named: str, quote: str = "") -> Citable:
    """What an id names, as a citation. Raises as ``app.write.spots.spot_of``."""
    spot = spot_of(library, named, quote)
    paper = library.paper(spot.paper_id)
    entry = entry_of(paper, library.imported(spot.paper_id))
    (key,) = citation_keys([entry])
    boxes = paper.boxes(spot.span) if spot.span is not None else ()
    page = boxes[0].page if boxes else None
    words = spot.span.of(paper.text) if spot.span is not None else ""
    return Citable(paper.id, cite(entry, words, page), pandoc_cite(key, page), words, page)
