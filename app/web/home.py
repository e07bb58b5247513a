"""The first screen: a sentence of a digest lit on its page, and the newest papers as cards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from app.digest import Claim, Digest, Language
from app.show.html import fill
from app.show.pieces import Piece, pieces_of, trimmed
from app.show.text import plain
from app.show.views import short_authors
from app.web.media import address_of, marks_at
from app.web.quoted import sentence_pieces
from app.web.texts import texts
from app.write.claims import sentence_names
from app.write.saved import is_saved
from index.errors import GlossError
from index.spans import PageSize

if TYPE_CHECKING:
    from app.web.session import Session
    from index.catalog import Listed
    from index.library import Papers

CARDS = 12
_LIT = 2  # sentences beside the page: more are higher than its frame
# Papers for one whose digest can be lit: so many with pages, of so many newest.
_LIT_OF, LOOKED_AT = 8, 200
# The part of the page that is shown, in widths of it: a page of US Letter is 1.29 high.
_SHAPE = 0.6
# What the sentences of the example are taken from, in this order.
_ITEMS = ("summary", "key_takeaways", "method", "performance")


@dataclass(frozen=True, slots=True)
class Card:
    """A paper as a card."""

    id: str
    title: str
    by: str
    date: str
    summary: tuple[Piece, ...]  # one sentence of the paper


@dataclass(frozen=True, slots=True)
class Lit:
    """A sentence of the example and where its words are on the page: percent of it."""

    name: str
    text: str
    marks: list[list[float]]


@dataclass(frozen=True, slots=True)
class Example:
    """Sentences of a digest that rest on words of one page, and the part of it that is shown."""

    card: Card
    page: int
    picture: str
    zoom: float  # how many times as wide as its frame the page is
    left: float  # percent of the frame's width that the page is moved by
    top: float  # percent of the frame's height
    shape: float  # the page's height by its width
    sentences: tuple[Lit, ...]


def newest_of(library: Papers, most: int = CARDS) -> list[Listed]:
    """The newest papers, the first of which the first screen shows as cards."""
    listed = sorted(
        library.listed(), key=lambda one: (one.added[:10], one.date or ""), reverse=True
    )
    return listed[:most]


def with_pages(library: Papers, newest: Sequence[Listed]) -> Iterator[Listed]:
    """Those of the newest papers that have pages, one of which is lit; others may be newer."""
    return islice((one for one in newest if _has_pages(library, one.id)), _LIT_OF)


def home_of(session: Session, lang: Language) -> str:
    """The first screen of a session, as HTML."""
    say = texts()[lang]
    listed = newest_of(session.library, LOOKED_AT)
    newest = listed[:CARDS]
    if not newest:
        return fill("nothing.html", say=say, samples=bool(session.samples()))
    digests = {one.id: digest for one in newest if (digest := _digest_of(session, one.id))}
    cards = [_card(session, one, digests.get(one.id)) for one in newest]
    lit = (
        _example(session, _card(session, one, digest), digest)
        for one in with_pages(session.library, listed)
        if (digest := digests.get(one.id) or _digest_of(session, one.id)) is not None
    )
    example = next((one for one in lit if one is not None), None)
    return fill("home.html", say=say, cards=cards, example=example, count=session.library.count())


def _has_pages(library: Papers, paper_id: str) -> bool:
    try:
        return library.row(paper_id).source == "pdf"
    except GlossError:  # gone meanwhile
        return False


def _digest_of(session: Session, paper_id: str) -> Digest | None:
    """The paper's digest, if it is written."""
    try:
        saved = is_saved(session.library, paper_id, "en")
        return session.quoted(paper_id, "en") if saved else None
    except GlossError:  # whoever opens the paper is told
        return None


def _card(session: Session, paper: Listed, digest: Digest | None) -> Card:
    try:
        row = session.library.row(paper.id)
        authors = row.authors
        summary = _summary(session, paper.id, digest)
    except GlossError:  # damaged, or gone meanwhile
        authors, summary = (), ()
    return Card(
        paper.id,
        plain(paper.title) or paper.id,
        short_authors(authors),
        (paper.date or "")[:10],
        summary,
    )


def _summary(session: Session, paper_id: str, digest: Digest | None) -> tuple[Piece, ...]:
    """One sentence: that of the digest, else the first of the abstract."""
    claim = digest.summary if digest is not None else None
    if claim is not None:
        return sentence_pieces(session.library, paper_id, claim.text, claim.citations)
    paper = session.library.paper(paper_id)
    if paper.abstract is None:
        return ()
    inside = [one.span for one in paper.sentences if paper.abstract.contains(one.span)]
    return trimmed(pieces_of(paper, inside[0] if inside else paper.abstract))


def _example(session: Session, card: Card, digest: Digest) -> Example | None:
    """Sentences with words on one page, the first of which is lit."""
    sizes = session.library.page_sizes(card.id)
    named = list(zip(sentence_names(digest), digest.claims, strict=True))
    named = [
        (name, claim) for item in _ITEMS for name, claim in named if name.partition(".")[0] == item
    ]
    first = next((claim for _, claim in named if _page_of(claim, sizes)), None)
    if first is None:
        return None
    page = _page_of(first, sizes)
    sentences: dict[str, Lit] = {}
    for name, claim in named:
        if _page_of(claim, sizes) == page and claim.text not in sentences:
            marks = [box[1:] for box in marks_at(claim.citations[0].boxes, sizes)]
            sentences[claim.text] = Lit(name, plain(claim.text), marks)
    size = sizes[page - 1]
    lit = tuple(sentences.values())[:_LIT]
    zoom, left, top = _framing(lit[0].marks, size)
    paper = session.library.paper(card.id)
    picture = f"{address_of(session.key, card.id)}/pages/{page}.png?v={paper.sha256[:12]}&scale=2"
    return Example(card, page, picture, zoom, left, top, size.height / size.width, lit)


def _page_of(claim: Claim, sizes: Sequence[PageSize]) -> int:
    """The page that all the words of its first citation are on; 0 where there is none."""
    pages = {box.page for box in claim.citations[0].boxes}
    return pages.pop() if len(pages) == 1 and max(pages) <= len(sizes) else 0


def _framing(marks: Sequence[Sequence[float]], size: PageSize) -> tuple[float, float, float]:
    """How the page is enlarged and moved, so that the marks are in the middle of its frame."""
    x0, x1 = min(one[0] for one in marks), max(one[0] + one[2] for one in marks)
    y0, y1 = min(one[1] for one in marks), max(one[1] + one[3] for one in marks)
    zoom = min(max(92 / max(x1 - x0, 1), 1.0), 1.8)
    left = min(max(zoom * (x0 + x1) / 2 - 50, 0), 100 * (zoom - 1))
    height = zoom * size.height / size.width / _SHAPE  # of the page, in heights of the frame
    top = min(max(height * (y0 + y1) / 2 - 50, 0), max(100 * (height - 1), 0))
    return round(zoom, 3), round(left, 2), round(top, 2)
