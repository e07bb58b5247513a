"""A paper to be read: its digest, its pages, its outline, and places in it, as HTML and numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.digest import Digest, Language
from app.show.html import fill
from app.show.pieces import pieces_of, words_of
from app.show.text import addresses_in, plain
from app.show.views import reference, view
from app.web.grids import whole_grid
from app.web.media import SCALES, address_of, figure_addresses, marks_at, marks_of, text_blocks
from app.web.quoted import cited, quoted
from app.web.related import related_section
from app.web.takeaway import forms_of
from app.web.texts import texts
from app.write.claims import sentence_names
from index.paper import Paper
from index.spans import PageSize, Span

if TYPE_CHECKING:
    from app.web.session import Session
    from index.library import Papers

_QUOTED = 700  # characters of a place that are shown above the digest
_FOUND_MOST = 200  # places of words that are looked for in a paper
_WORDS_MOST = 200  # characters of them


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a paper: its span, its lines on the pages, and what it says."""

    span: Span
    marks: list[list[float]]  # page, left, top, width, height: percent of the page
    text: str
    where: str  # "Method · p. 4"
    html: str = ""  # the text as people read it

    def to_json(self) -> dict[str, Any]:
        """As the app's script takes it."""
        return {
            "span": [self.span.start, self.span.end],
            "marks": self.marks,
            "text": self.text,
            "where": self.where,
            "html": self.html,
        }


@dataclass(frozen=True, slots=True)
class Heading:
    """A section's heading and where it is; ``top`` is in percent of the page."""

    title: str
    level: int
    page: int | None
    top: float
    start: int  # in the paper's text


def digest_html(
    session: Session, digest: Digest, language: Language, waiting: Collection[str]
) -> str:
    """A digest beside its pages; see ``Session.reader``."""
    paper = session.library.paper(digest.paper.id)
    sizes = session.library.page_sizes(paper.id)
    address = address_of(session.key, paper.id)
    writers = session.writers()
    return fill(
        "reader.html",
        seen=view(digest),
        say=texts()[language],
        claims=digest.claims,
        quotes=[
            [words_of(paper, one.quote, [one]) for one in claim.citations]
            for claim in digest.claims
        ],
        as_read=[
            cited(session.library, paper.id, address, claim.text, claim.citations)
            for claim in digest.claims
        ],
        names=sentence_names(digest),
        marks=[marks_of(claim, sizes) for claim in digest.claims],
        spans=[[[one.span.start, one.span.end] for one in c.citations] for c in digest.claims],
        links=[addresses_in(claim.text) for claim in digest.claims],
        sources=[reference(digest.paper, claim.citations[0].page) for claim in digest.claims],
        ours=any(claim.origin != "quoted" for claim in digest.claims),
        untranslated=digest.lang != "en"
        and all(one.origin != "translated" for one in digest.claims),
        figures=figure_addresses(address, paper, digest),
        address=address,
        writer=digest.writer,
        forms=forms_of(session, bool(sizes)),
        writers=writers,
        waiting=waiting,
        related=related_section(address, language),
    )


def pages_html(session: Session, paper_id: str, language: Language) -> str:
    """The pages of a paper; see ``Session.pages``."""
    paper = session.library.paper(paper_id)
    sizes = session.library.page_sizes(paper_id)
    blocks = [] if sizes else text_blocks(paper)
    grids = {
        span: whole_grid(paper, table)
        for table in paper.tables
        for _, span in blocks
        if table.rows and span.contains(table.span)
    }
    return fill(
        "pages.html",
        say=texts()[language],
        paper_id=paper_id,
        title=plain(paper.title) or paper_id,
        address=address_of(session.key, paper_id),
        version=paper.sha256[:12],
        sizes=sizes,
        scales=SCALES,
        blocks=[
            (kind, span.start, pieces_of(paper, span, as_written=True), grids.get(span))
            for kind, span in blocks
        ],
    )


def outline_of(paper: Paper, sizes: Sequence[PageSize], language: Language) -> str:
    """The headings of a paper's sections as a list of places."""
    headings = [
        _heading(paper, plain(section.title), section.level, section.span, sizes)
        for section in paper.sections
        if plain(section.title)
    ]
    return fill("outline.html", headings=headings, say=texts()[language])


def _heading(
    paper: Paper, title: str, level: int, span: Span, sizes: Sequence[PageSize]
) -> Heading:
    first = Span(span.start, min(span.start + len(title), span.end))
    marks = marks_at(paper.boxes(first), sizes)
    page, top = (int(marks[0][0]), marks[0][2]) if marks else (None, 0.0)
    return Heading(title, min(level, 3), page, top, span.start)


def place_at(session: Session, paper_id: str, span: Span, language: Language) -> Place | None:
    """Where a span of a paper is; see ``Session.place``."""
    library = session.library
    paper = library.paper(paper_id)
    if not 0 <= span.start < span.end <= len(paper.text):
        return None
    marks = marks_at(paper.boxes(span), library.page_sizes(paper_id))
    passage = library.passage_of(paper_id, span)
    page = texts()[language]["page_number"].format(int(marks[0][0])) if marks else ""
    where = [plain(passage.section) if passage is not None else "", page]
    part = span
    if len(span) > _QUOTED:
        shorter = span.of(paper.text)[:_QUOTED].rsplit(maxsplit=1)[0]
        part = Span(span.start, span.start + len(shorter))
    cut = (False, part != span)
    seen = quoted(library, paper_id, address_of(session.key, paper_id), part, cut)
    text = plain(part.of(paper.text)) + (" …" if cut[1] else "")
    shown = fill("place.html", seen=seen, say=texts()[language])
    return Place(span, marks, text, " · ".join(one for one in where if one), shown)


def find_in(library: Papers, paper_id: str, words: str) -> list[Place]:
    """Where a paper has these words, whatever case and line breaks; see ``Session.find``."""
    paper, asked = library.paper(paper_id), words[:_WORDS_MOST].split()
    if not asked:
        return []
    sizes = library.page_sizes(paper_id)
    pattern = re.compile(r"\s+".join(map(re.escape, asked)), re.I)
    found = []
    for number, match in enumerate(pattern.finditer(paper.text)):
        if number == _FOUND_MOST:
            break
        span = Span(*match.span())
        found.append(Place(span, marks_at(paper.boxes(span), sizes), plain(match[0]), ""))
    return found
