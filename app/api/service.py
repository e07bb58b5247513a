"""What programs may ask of a library, within limits: the same over HTTP, MCP and Gradio's client.

Each function answers with a document of ``app.documents``. Whoever serves it holds what was
sent against the types and limits that are here. An empty filter does not filter, since tools send
empty strings for what they leave out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

from app.api.dates import dated, iso_date
from app.api.failures import PassageNotFound, failure_of
from app.digest import Language
from app.documents.comparisons import (
    PapersCompared,
    RelatedFound,
    papers_compared,
    related_found,
)
from app.documents.digests import DigestShape
from app.documents.found import AnswerFound, SearchFound, answer_found, search_found
from app.documents.papers import PaperList, PaperShown, paper_list, paper_shown
from app.show.own_notes import found_notes
from index.errors import PaperNotFound
from index.hits import ClaimHit, Hit, SearchFilter
from index.paper import Role
from index.spans import Box

if TYPE_CHECKING:
    from app.compare import Comparison
    from app.show.figures import Pictures
    from index.library import Library, Papers

Among = Literal["passages", "digests"]
AnyRole = Role | Literal[""]
QUERY_MOST = 1000  # characters: some 150 words, as in the web UI
ID_MOST = 200  # characters; those of files are shorter
CATEGORY_MOST = 100  # characters
HITS, HITS_MOST = 10, 100
SENTENCES_MOST = 3  # of an answer (ADR 24)
COMPARED, COMPARED_LEAST, COMPARED_MOST = 10, 2, 20  # papers of a table
QUESTIONS_MOST = 10  # columns that ask something
RELATED, RELATED_MOST = 5, 20  # papers
SCALE, SCALE_LEAST, SCALE_MOST = 2.0, 0.5, 4.0  # pixels a point; 2 is readable on a laptop
PAGE_MOST = 100_000  # more than any paper that is read has
LIST_MOST = 1_000_000_000  # papers; SQLite counts further


class Visit(Protocol):
    """The client of a request: Starlette's request, or Gradio's, which has the same fields."""

    @property
    def headers(self) -> Mapping[str, str]:
        """As they came."""

    @property
    def client(self) -> Any:
        """With ``host``, the address that the request came from; ``None`` where not known."""


RateLimiter = Callable[[Visit], None]
"""Called before a costly request of a visitor; raises ``TooMany`` over the limit."""

Limit = Callable[["Papers", Sequence[str], Sequence[str]], None]
"""``limit_compare`` of one visit: called with the library, and the papers and questions of it."""


def unlimited(visit: Visit) -> None:
    """No limit, as on one's own machine."""


def no_limit(library: Papers, papers: Sequence[str], questions: Sequence[str]) -> None:
    """No limit on comparing papers."""


def search(
    library: Papers,
    query: str,
    among: Among = "passages",
    k: int = HITS,
    paper: str = "",
    role: AnyRole = "",
    since: str = "",
    until: str = "",
    category: str = "",
    own: Library | None = None,
) -> SearchFound:
    """The ``k`` best passages, or sentences of digests, and the notes of ``own`` beside them.

    Raises ``NotADate``, and what the library's searches raise.
    """
    wanted = SearchFilter(
        paper_id=_paper_id(paper) if paper else None,
        role=role or None,
        since=iso_date(since) if since else None,
        until=dated(until) if until else None,
        category=category or None,
    )
    found: Sequence[Hit | ClaimHit]
    if among == "digests":
        found = library.search_claims(query, k, wanted)
    else:
        found = library.search(query, k, wanted)
    return search_found(query, found, found_notes(own, query, wanted) if own is not None else ())


def ask(library: Papers, question: str, paper: str = "", k: int = SENTENCES_MOST) -> AnswerFound:
    """At most ``k`` sentences of the papers that answer. Raises as ``search`` does."""
    from app.write.ask import ask as ask_papers

    one = _paper_id(paper) if paper else None
    return answer_found(ask_papers(library, question, one, most=k))


def papers(library: Papers, limit: int = 0, offset: int = 0) -> PaperList:
    """Papers with their states, from the one at ``offset`` on; with ``limit`` 0 all of them."""
    return paper_list(library.papers(limit or None, offset))


def show(library: Papers, paper: str) -> PaperShown:
    """A paper as it was understood. Raises ``PaperNotFound``."""
    row = library.row(_paper_id(paper))
    return paper_shown(row, library.paper(row.id) if row.status == "ok" else None)


def digest(library: Papers, paper: str, lang: Language = "en") -> DigestShape:
    """A paper's digest in its own words. Raises ``PaperNotFound`` and ``PaperChanged``."""
    from app.write import write_digest

    return DigestShape.of(write_digest(library, _paper_id(paper), lang=lang))


def compare(
    library: Papers,
    papers: Sequence[str],
    questions: Sequence[str] = (),
    search: str = "",
    day: str = "",
    k: int = COMPARED,
    tag: str = "",
    own: Library | None = None,
    limit: Limit = no_limit,
) -> Compared:
    """Papers side by side: those that are named, ``k`` of a search, ``k`` of a day or of a tag.

    Tags are those of ``own``. ``limit`` is asked once the papers are chosen, before anything is
    written. Raises ``NotComparable``, ``NotADate``, ``NoSuchTag``, ``EmptyQuery`` and ``TooMany``.
    """
    from app.compare import compare as compare_papers
    from app.compare.choice import chosen

    notes = own.notes if own is not None else None
    choice = chosen(library, papers, search, dated(day) if day else "", k, tag, notes)
    asked = [question for question in questions if question]
    limit(library, choice.ids, asked)
    return Compared(compare_papers(library, choice.ids, asked), choice.left_out)


def related(library: Papers, paper: str, k: int = RELATED) -> RelatedFound:
    """The papers nearest to one. Raises ``PaperNotFound``."""
    from app.compare.related import related as related_papers

    return related_found(related_papers(library, _paper_id(paper), k))


def limit_compare(
    rate_limiter: RateLimiter,
    visit: Visit,
    library: Papers,
    papers: Sequence[str],
    questions: Sequence[str],
) -> None:
    """Call ``rate_limiter`` for each paper whose digest is not there, and for each question.

    Raises ``TooMany``.
    """
    if rate_limiter is unlimited:
        return
    for paper in papers[:COMPARED_MOST]:
        limit_digest(rate_limiter, visit, library, paper)
    for _ in questions[:QUESTIONS_MOST]:
        rate_limiter(visit)


def limit_digest(
    rate_limiter: RateLimiter, visit: Visit, library: Papers, paper: object, lang: object = "en"
) -> None:
    """Call ``rate_limiter`` before ``digest``, unless the digest is saved already.

    The arguments need not be valid yet. Raises ``TooMany``.
    """
    from app.write.saved import is_saved

    known = next((one for one in get_args(Language) if one == lang), None)
    if isinstance(paper, str) and paper and known is not None:
        try:
            if is_saved(library, _paper_id(paper), known):
                return
        except PaperNotFound:
            return
    rate_limiter(visit)


@dataclass(frozen=True, slots=True)
class Compared:
    """A table of papers, and how many more there were of the day that was asked for."""

    table: Comparison
    left_out: int

    def document(self) -> PapersCompared:
        """As JSON; errors are in words for anybody."""
        return papers_compared(self.table, lambda error: failure_of(error).message, self.left_out)


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page that can be drawn; ``tag`` changes with whatever changes the picture."""

    paper_id: str
    page: int
    boxes: tuple[Box, ...]
    scale: float  # pixels a point
    tag: str

    def draw(self, library: Papers, drawn: Pictures) -> bytes:
        """As PNG. Raises ``PaperNotFound``, and ``SourceNotFound`` for a page that is not there."""
        return drawn.page(library, self.paper_id, self.page, self.boxes, self.scale)


def page_picture(
    library: Papers, paper: str, page: int, scale: float = SCALE, passage: str = ""
) -> PagePicture:
    """A page, with what it has of a passage marked. Nothing is drawn yet.

    Raises ``PaperNotFound`` and ``PassageNotFound``.
    """
    there = library.paper(_paper_id(paper))
    boxes: tuple[Box, ...] = ()
    if passage:
        span = next((one.span for one in library.passages(there.id) if one.id == passage), None)
        if span is None:
            raise PassageNotFound(there.id, passage[:ID_MOST])
        boxes = tuple(box for box in there.boxes(span) if box.page == page)
    decides = repr((there.sha256, page, boxes, scale))
    return PagePicture(there.id, page, boxes, scale, hashlib.sha256(decides.encode()).hexdigest())


def _paper_id(paper: str) -> str:
    if not paper or len(paper) > ID_MOST:
        raise PaperNotFound(paper[:ID_MOST])
    return paper
