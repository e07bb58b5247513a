"""What the web UI asks for: searches, digests and pages as HTML and pictures, without a browser.

No logic of its own: a ``Desk`` asks the library, the writer and the templates. HTML comes from
``app.render``, which escapes every text of a paper.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from app.digest import Language
from app.render import fill, found_claim_view, plain, sources, to_html_fragment
from index.errors import GlossError, NoDigests
from index.paper import ROLES, Box, ClaimHit, Hit, SearchFilter, Span

if TYPE_CHECKING:
    from PIL.Image import Image

    from app.ask import Sentence
    from index.library import Library

HITS = 10
PAGE_SCALE = 2.0  # pixels per point: a column of a paper is readable on a laptop
CONTEXT = 400  # characters shown on each side of a place in a paper without pages


class NothingToSearch(GlossError):
    """No digest is there to be searched. Who has only the UI cannot run a command to change it."""

    def __init__(self, paper_id: str) -> None:
        of_it = f" of {paper_id}" if paper_id else ""
        super().__init__(f"no digest{of_it} yet: choose a paper under Paper, which writes its own")


class NotAdded(GlossError):
    """An uploaded file did not become a paper."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a paper: which words, and where they are on its pages."""

    paper_id: str
    title: str
    where: str
    span: Span
    boxes: tuple[Box, ...]


class Desks(Protocol):
    """Whose desk is whose: on a laptop all sessions share one."""

    @property
    def shared(self) -> Library:
        """The library that all visitors see, and the one that programs ask."""

    def of(self, session: str) -> Desk:
        """The desk of a session of the browser."""

    def by_key(self, key: str) -> Desk | None:
        """The desk whose ``key`` this is: of addresses of pictures."""


@dataclass(frozen=True)
class OneDesk:
    """The same desk for everybody, as on one's own machine."""

    desk: Desk

    @property
    def shared(self) -> Library:
        """The desk's."""
        return self.desk.library

    def of(self, session: str) -> Desk:
        """The desk."""
        return self.desk

    def by_key(self, key: str) -> Desk | None:
        """The desk, if it is its key."""
        return self.desk if key == self.desk.key else None


@dataclass(frozen=True)
class Desk:
    """What a session's components call; who knows its ``key`` may see its pages."""

    library: Library
    key: str = "library"

    def search(
        self, query: str, paper_id: str | None, role: str | None, since: str | None
    ) -> tuple[str, list[Place]]:
        """The hits as HTML, and their places in the same order."""
        hits = self.library.search(query, HITS, _filter(paper_id, role, since))
        return fill("hits.html", hits=hits, query=query), [_place_of_hit(hit) for hit in hits]

    def search_digests(
        self, query: str, paper_id: str | None, role: str | None, since: str | None
    ) -> tuple[str, list[Place]]:
        """The sentences of digests that were found, as HTML, and their places in the same order."""
        wanted = _filter(paper_id, role, since)
        try:
            hits = self.library.search_claims(query, HITS, wanted)
        except NoDigests as error:
            if error.unsearchable:
                raise
            raise NothingToSearch(error.paper_id) from error
        views = [(found_claim_view(hit), hit.found_by) for hit in hits]
        return fill("claims.html", hits=views, query=query), [_place_of_claim(hit) for hit in hits]

    def ask(
        self, question: str, paper_id: str | None, role: str | None, since: str | None
    ) -> tuple[str, list[Place]]:
        """The answer as HTML, and the places of its sentences, or else of the nearest passages.

        A question is asked of whole papers of any date: ``role`` and ``since`` do not count.
        """
        from app.ask import ask

        answer = ask(self.library, question, paper_id or None)
        shown = fill(
            "answer.html",
            sources=sources(answer),
            found=answer.found,
            hits=answer.nearest,
            query=question,
        )
        if not answer.found:
            return shown, [_place_of_hit(hit) for hit in answer.nearest]
        return shown, [_place_of_sentence(one) for one in answer.sentences]

    def add(self, path: Path, progress: Callable[[float, str], None]) -> str:
        """Put an uploaded file into the library; its paper's id. Raises ``NotAdded``."""
        from index.sources import find_sources

        sources = find_sources([path])
        if sources.errors:
            raise NotAdded(sources.errors[0].why)
        added = self.library.add(sources.found[0], progress=_in_words(progress))
        if added.status != "ok":
            raise NotAdded(f"{path.name}: {added.status}: {added.reason}")
        return added.paper_id

    def digest(self, paper_id: str | None, lang: Language) -> tuple[str, list[Place]]:
        """A paper's digest as HTML, and the place of each of its sentences."""
        from app.write import write_digest

        if not paper_id:
            return "", []
        digest = write_digest(self.library, paper_id, lang=lang)
        places = [
            Place(
                paper_id, digest.paper.title, "", claim.citations[0].span, claim.citations[0].boxes
            )
            for claim in digest.claims
        ]
        return to_html_fragment(digest), places

    def show(self, place: Place) -> tuple[Image | None, str]:
        """The page with the place marked, and a line on it; or the text around the place."""
        if place.boxes:
            page = place.boxes[0].page
            boxes = [box for box in place.boxes if box.page == page]
            image = _image(self.library.page_image(place.paper_id, page, boxes, PAGE_SCALE))
            return image, fill("place.html", place=place, pages=_pages(place.boxes), around=None)
        text = self.library.paper(place.paper_id).text
        start, end = place.span.start, place.span.end
        around = text[max(start - CONTEXT, 0) : start], text[start:end], text[end : end + CONTEXT]
        return None, fill("place.html", place=place, pages="", around=around)

    def papers(self) -> str:
        """All papers with their states, as HTML."""
        return fill("papers.html", rows=self.library.papers())

    def choices(self) -> list[tuple[str, str]]:
        """The papers that can be read: what is shown, and the id."""
        rows = [row for row in self.library.papers() if row.status == "ok"]
        return sorted((plain(f"{row.title or row.id} ({row.id})"), row.id) for row in rows)


# What the library is doing, and how much of an add is behind it then (embedding takes longest).
STAGES = {
    "read": ("reading", 0.05),
    "split": ("splitting", 0.3),
    "embed": ("embedding", 0.35),
    "store": ("storing", 0.9),
}


def _in_words(progress: Callable[[float, str], None]) -> Callable[[str], None]:
    def tell(stage: str) -> None:
        words, part = STAGES.get(stage, (stage, 0.0))
        progress(part, words)

    return tell


def _place_of_hit(hit: Hit) -> Place:
    passage = hit.passage
    return Place(passage.paper_id, hit.title, passage.section, passage.span, hit.boxes)


def _place_of_sentence(sentence: Sentence) -> Place:
    first = sentence.claim.citations[0]
    return Place(sentence.paper_id, sentence.title, sentence.section, first.span, first.boxes)


def _place_of_claim(hit: ClaimHit) -> Place:
    first = hit.claim.citations[0]
    part = found_claim_view(hit).part
    return Place(hit.claim.paper_id, hit.title, part, first.span, first.boxes)


def _filter(paper_id: str | None, role: str | None, since: str | None) -> SearchFilter:
    return SearchFilter(
        paper_id=paper_id or None,
        role=next((one for one in ROLES if one == role), None),
        since=_date(since),
    )


def _date(text: str | None) -> str | None:
    from app.dates import iso_date

    return iso_date(text) if text and text.strip() else None


def _pages(boxes: Sequence[Box]) -> str:
    first, last = boxes[0].page, boxes[-1].page
    return str(first) if first == last else f"{first} and {last}"


def _image(data: bytes) -> Image:
    from PIL import Image

    return Image.open(io.BytesIO(data))
