"""A session of the web UI: searches, digests and pages as HTML and pictures, without a browser.

No logic of its own: a ``Session`` asks the library, the writer and the templates. HTML comes from
``app.show``, which escapes every text of a paper.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from app.answer.questions import is_english
from app.digest import Digest, DigestSection, Language, WriterName
from app.show.figures import Pictures
from app.show.html import fill
from app.show.text import addresses_in, plain
from app.show.views import found_claim_view, sources, view
from app.web.pictures import Marks, map_of, timeline_of
from app.web.texts import texts
from app.write.ask import knows_english_only
from app.write.claims import sentence_names
from index.config import Settings
from index.errors import GlossError, NoDigests, PaperNotFound
from index.hits import ClaimHit, Hit, SearchFilter
from index.paper import ROLES
from index.spans import Box, Span

if TYPE_CHECKING:
    from PIL.Image import Image

    from app.write.ask import AnswerQuote
    from index.intake import Arxiv, Wanted
    from index.library import Papers

HITS = 10
PAGE_SCALE = 2.0  # pixels per point: a column of a paper is readable on a laptop
CONTEXT = 400  # characters shown on each side of a place in a paper without pages


class NothingToSearch(GlossError):
    """There is no digest to search. Users of the UI cannot run a command to write one."""

    def __init__(self, paper_id: str) -> None:
        of_it = f" of {paper_id}" if paper_id else ""
        super().__init__(f"no digest{of_it} yet: choose a paper under Paper, which writes its own")


class NotAdded(GlossError):
    """A file or an id could not be added as a paper."""


@dataclass(frozen=True, slots=True)
class HitPlace:
    """The place of a hit: its span in the paper's text and its boxes on the pages."""

    paper_id: str
    title: str
    where: str
    span: Span
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class FoundPlaces:
    """The result of a search: HTML, its places in the same order, and their number in words."""

    shown: str
    places: list[HitPlace]
    outcome: Literal["found_passages", "found_digests", "answered", "not_answered"]
    number: int
    lang: Language

    @property
    def said(self) -> str:
        """One line, which is read out."""
        say = texts()[self.lang]
        if not self.places:
            return say["search_none_title"]
        return say[f"search_{self.outcome}"].format(self.number)


class Sessions(Protocol):
    """The sessions of the browser, by id and by key; on a laptop, one for all."""

    @property
    def shared(self) -> Papers:
        """The library that all visitors see, and the one that programs ask."""

    def of(self, session_id: str) -> Session:
        """The session with the id that the browser (Gradio's ``session_hash``) gives."""

    def by_key(self, key: str) -> Session | None:
        """The session with that ``key``, which addresses of pictures contain."""

    def may_share(self, session_id: str, paper_id: str) -> bool:
        """Whether the session has the paper to itself, and may show it to all."""

    def share(self, session_id: str, paper_id: str) -> str:
        """Put a paper of the session's own into the library of all; its id there."""

    def end(self, session_id: str) -> None:
        """A session is over: its tab was closed or reloaded."""

    def close(self) -> None:
        """The server stops; called before the library is closed."""


@dataclass(frozen=True)
class SharedSession:
    """One session for everybody, as on one's own machine."""

    session: Session

    @property
    def shared(self) -> Papers:
        """The session's library."""
        return self.session.library

    def of(self, session_id: str) -> Session:
        """The one session."""
        return self.session

    def by_key(self, key: str) -> Session | None:
        """The one session, if this is its key."""
        return self.session if key == self.session.key else None

    def may_share(self, session_id: str, paper_id: str) -> bool:
        """Everybody sees it already."""
        return False

    def share(self, session_id: str, paper_id: str) -> str:
        """Everybody sees it already."""
        return paper_id

    def end(self, session_id: str) -> None:
        """The session stays for the others."""

    def close(self) -> None:
        """Nothing to close."""


@dataclass(frozen=True)
class Session:
    """What a session's components call; who knows its ``key`` may see its pages."""

    library: Papers
    key: str = "library"
    settings: Settings = field(default_factory=Settings)  # who writes, and where arXiv is
    drawn: Pictures = field(default_factory=Pictures)  # what all desks of a server share

    def search(self, query: str, wanted: SearchFilter, lang: Language = "en") -> FoundPlaces:
        """Search passages."""
        hits = self.library.search(query, HITS, wanted)
        shown = self._filled("hits.html", lang, query=query, hits=hits)
        return FoundPlaces(
            shown, [_place_of_hit(hit) for hit in hits], "found_passages", len(hits), lang
        )

    def search_digests(
        self, query: str, wanted: SearchFilter, lang: Language = "en"
    ) -> FoundPlaces:
        """Search sentences of digests; their places are those of the cited words."""
        try:
            hits = self.library.search_claims(query, HITS, wanted)
        except NoDigests as error:
            if error.unsearchable:
                raise
            raise NothingToSearch(error.paper_id) from error
        views = [(found_claim_view(hit, lang), hit) for hit in hits]
        shown = self._filled("claims.html", lang, query=query, hits=views)
        return FoundPlaces(
            shown, [_place_of_claim(hit) for hit in hits], "found_digests", len(hits), lang
        )

    def ask(self, question: str, wanted: SearchFilter, lang: Language = "en") -> FoundPlaces:
        """Answer a question by sentences, or show the nearest passages."""
        from app.write.ask import ask

        answer = ask(self.library, question, within=wanted)
        shown = self._filled(
            "answer.html",
            lang,
            query=question,
            sources=sources(answer, lang),
            found=answer.found,
            hits=answer.nearest,
        )
        if not answer.found:
            nearest = [_place_of_hit(hit) for hit in answer.nearest]
            return FoundPlaces(shown, nearest, "not_answered", 0, lang)
        places = [_place_of_sentence(one) for one in answer.sentences]
        return FoundPlaces(shown, places, "answered", len(places), lang)

    def _filled(self, template: str, lang: Language, query: str, **values: object) -> str:
        english_only = not is_english(query) and knows_english_only(self.library.model)
        return fill(
            template,
            say=texts()[lang],
            lang=lang,
            query=query,
            english_only=english_only,
            **values,
        )

    def welcome(self, lang: Language = "en") -> tuple[str, str]:
        """The tour of three questions, and what stands where results will: as HTML."""
        say = texts()[lang]
        paper = next(iter(self.library.digested(1) or self.library.ids(1)), None)
        if paper is None:
            return "", fill("empty.html", said=say["search_no_papers"])
        title = plain(self.library.row(paper).title) or paper
        tour = fill("tour.html", say=say, lang=lang, paper_id=paper, title=title)
        return tour, fill("empty.html", said=say["search_empty"])

    def add(self, path: Path, progress: Callable[[str], None]) -> str:
        """Put an uploaded file into the library; its paper's id. Raises ``NotAdded``.

        ``progress`` is called with each of ``STAGES`` as it begins; an error from it ends the
        adding, and nothing of it is in the library then.
        """
        from index.intake import Wanted
        from index.sources import find_sources

        sources = find_sources([path])
        if sources.errors:
            raise NotAdded(sources.errors[0].why)
        return self._taken(Wanted(path.name, sources.found[0]), None, progress)

    def fetch(self, named: str, progress: Callable[[str], None]) -> str:
        """Get a paper from arXiv by its id or address; its id in the library. As ``add``.

        Raises ``NotAdded``, and ``FetchError`` where arXiv cannot be asked.
        """
        from index.fetch import Fetcher
        from index.intake import look_up
        from index.reference import parse_reference

        reference = parse_reference(named)
        if reference is None:  # no path of this machine: who asks may sit elsewhere
            raise NotAdded(
                f"{plain(named)[:80] or 'nothing'}: no arXiv id or address; paste one like "
                "2407.03300 or https://arxiv.org/abs/2407.03300, or upload the file"
            )
        progress("look up")
        with Fetcher(self.settings) as arxiv:
            found = look_up(self.library, arxiv, [reference])
            for outcome in found.settled:
                if outcome.added is not None:
                    return outcome.added.paper_id
                raise NotAdded(f"{reference}: {outcome.reason}")
            return self._taken(found.wanted[0], arxiv, progress)

    def _taken(self, wanted: Wanted, arxiv: Arxiv | None, progress: Callable[[str], None]) -> str:
        from index.intake import add_all

        (outcome,) = add_all(self.library, [wanted], 1, arxiv, lambda _: progress)
        if outcome.kind == "failed" or outcome.added is None:
            if isinstance(outcome.error, GlossError):
                raise outcome.error
            raise NotAdded(f"{wanted.name}: {outcome.reason}")
        return outcome.added.paper_id

    def with_endpoint(self, address: str, model: str, key: str) -> Session:
        """This session with a visitor's own language model. Raises ``OwnEndpointRefused``."""
        from app.web.own_endpoint import with_own_endpoint

        return replace(self, settings=with_own_endpoint(self.settings, address, model, key))

    def writers(self) -> tuple[WriterName, ...]:
        """The writers that are available here."""
        from app.wording.writers import writers_at_hand

        return writers_at_hand(self.settings)

    def quoted(self, paper_id: str, lang: Language) -> Digest:
        """A paper's quoted digest; the first one takes a moment."""
        from app.write import write_digest

        return write_digest(self.library, paper_id, lang=lang)

    def worded(
        self,
        paper_id: str,
        lang: Language,
        writer: str,
        on_section: Callable[[DigestSection], None],
    ) -> Digest:
        """A digest worded by a writer; ``on_section`` is called with each finished section.

        An error from it ends the writing. Raises as ``open_writer``.
        """
        from app.wording.writers import open_writer
        from app.write import write_digest

        with open_writer(self.settings, writer) as by:
            return write_digest(self.library, paper_id, lang=lang, writer=by, on_section=on_section)

    def saved(self, paper_id: str, lang: Language, writer: str) -> Digest:
        """A saved digest, or the quoted one, which is always available."""
        from app.write.saved import locked_digest

        if writer == "extractive":
            return self.quoted(paper_id, lang)
        return locked_digest(self.library, paper_id, lang, writer)

    def reader(self, digest: Digest, language: Language, waiting: Collection[str] = ()) -> str:
        """A digest as HTML to be read beside its pages; ``waiting`` are sections not yet worded.

        ``language`` is that of the app around it.
        """
        from app.web.media import address_of, figure_addresses, marks_of

        paper = self.library.paper(digest.paper.id)
        sizes = self.library.page_sizes(paper.id)
        address = address_of(self.key, paper.id)
        return fill(
            "reader.html",
            seen=view(digest),
            say=texts()[language],
            claims=digest.claims,
            names=sentence_names(digest),
            marks=[marks_of(claim, sizes) for claim in digest.claims],
            spans=[[[one.span.start, one.span.end] for one in c.citations] for c in digest.claims],
            links=[addresses_in(claim.text) for claim in digest.claims],
            ours=any(claim.origin != "quoted" for claim in digest.claims),
            figures=figure_addresses(address, paper, digest),
            address=address,
            writer=digest.writer,
            waiting=waiting,
        )

    def pages(self, paper_id: str, language: Language) -> str:
        """A paper's pages as HTML, to be marked in the browser; the text of one without pages."""
        from app.web.media import SCALES, address_of, text_blocks

        paper = self.library.paper(paper_id)
        sizes = self.library.page_sizes(paper_id)
        blocks = [] if sizes else text_blocks(paper)
        return fill(
            "pages.html",
            say=texts()[language],
            paper_id=paper_id,
            title=plain(paper.title) or paper_id,
            address=address_of(self.key, paper_id),
            version=paper.sha256[:12],
            sizes=sizes,
            scales=SCALES,
            blocks=[(kind, span.start, span.of(paper.text)) for kind, span in blocks],
        )

    def show(self, place: HitPlace, lang: Language = "en") -> tuple[Image | None, str]:
        """The page with the place marked, and a line on it; or the text around the place."""
        if place.boxes:
            page = place.boxes[0].page
            boxes = [box for box in place.boxes if box.page == page]
            image = _image(self.drawn.page(self.library, place.paper_id, page, boxes, PAGE_SCALE))
            said = fill(
                "place.html",
                place=place,
                pages=_pages(place.boxes, lang),
                around=None,
                say=texts()[lang],
            )
            return image, said
        text = self.library.paper(place.paper_id).text
        start, end = place.span.start, place.span.end
        around = text[max(start - CONTEXT, 0) : start], text[start:end], text[end : end + CONTEXT]
        said = fill("place.html", place=place, pages="", around=around, say=texts()[lang])
        return None, said

    def papers(self, lang: Language = "en") -> str:
        """All papers with their states, as HTML."""
        return fill("papers.html", rows=self.library.papers(), say=texts()[lang], lang=lang)

    def pictures(self, by: Marks = "category", lang: Language = "en") -> str:
        """The library as a map, marked by category or year, and when papers came, as HTML."""

        def draw() -> bytes:
            listed = self.library.listed()
            vectors = self.library.mean_vectors() if listed else {}
            return fill(
                "pictures.html",
                map=map_of(listed, vectors, by),
                timeline=timeline_of(listed),
                say=texts()[lang],
                lang=lang,
            ).encode()

        return self.drawn.of((self.library.revision, "map", by, lang), draw).decode()

    def known(self, named: str) -> str | None:
        """The id of the paper that can be read and is called so, with or without a version."""
        try:
            row = self.library.row(named)
        except PaperNotFound:
            return None
        return row.id if row.status == "ok" else None

    def choices(self) -> list[tuple[str, str]]:
        """The papers that can be read: what is shown, and the id."""
        listed = self.library.listed()
        return sorted((plain(f"{one.title or one.id} ({one.id})"), one.id) for one in listed)

    def years(self) -> list[str]:
        """The years that papers are of, newest first."""
        dates = {one.date[:4] for one in self.library.listed() if one.date}
        return sorted((year for year in dates if year.isdecimal()), reverse=True)

    def categories(self) -> list[str]:
        """The categories that papers are of."""
        return sorted({plain(name) for one in self.library.listed() for name in one.categories})


# What adding a paper goes through, and how much of it is behind it then (embedding takes longest).
STAGES = {
    "look up": 0.02,
    "download": 0.06,
    "read": 0.2,
    "split": 0.4,
    "embed": 0.45,
    "store": 0.95,
}


def _place_of_hit(hit: Hit) -> HitPlace:
    passage = hit.passage
    return HitPlace(passage.paper_id, hit.title, passage.section, passage.span, hit.boxes)


def _place_of_sentence(sentence: AnswerQuote) -> HitPlace:
    first = sentence.claim.citations[0]
    return HitPlace(sentence.paper_id, sentence.title, sentence.section, first.span, first.boxes)


def _place_of_claim(hit: ClaimHit) -> HitPlace:
    first = hit.claim.citations[0]
    part = found_claim_view(hit).part
    return HitPlace(hit.claim.paper_id, hit.title, part, first.span, first.boxes)


def filter_of(
    paper_id: str | None = "",
    role: str | None = "",
    year: str | None = "",
    category: str | None = "",
) -> SearchFilter:
    """What a person chose; what is empty, or no role or year, does not filter."""
    in_year = year if year and year.isdecimal() and len(year) == 4 else None
    return SearchFilter(
        paper_id=paper_id or None,
        role=next((one for one in ROLES if one == role), None),
        since=in_year,
        until=in_year,
        category=category or None,
    )


def _pages(boxes: Sequence[Box], lang: Language) -> str:
    say = texts()[lang]
    first, last = boxes[0].page, boxes[-1].page
    both = str(first) if first == last else say["pages_two"].format(first, last)
    return say["page_number"].format(both)


def _image(data: bytes) -> Image:
    from PIL import Image

    return Image.open(io.BytesIO(data))
