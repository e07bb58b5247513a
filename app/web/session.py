"""A session of the web UI: searches, digests and pages as HTML and pictures, without a browser.

No logic of its own: a ``Session`` asks the library, the writer and the templates. HTML comes from
``app.show``, which escapes every text of a paper.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from app.api.failures import log_places
from app.digest import Digest, DigestSection, Language, WriterName
from app.show.figures import Pictures
from app.show.html import fill
from app.show.text import plain
from app.web.found import (
    Found,
    answer_of,
    found_in_digests,
    found_in_nothing,
    found_passages,
    notes_found,
)
from app.web.home import home_of
from app.web.pictures import Marks, map_of, timeline_of
from app.web.reading import Place, digest_html, find_in, outline_of, pages_html, place_at
from app.web.texts import texts
from index.config import Settings
from index.errors import GlossError, PaperNotFound
from index.hits import SearchFilter
from index.paper import ROLES, Status
from index.spans import Span

if TYPE_CHECKING:
    from index.intake import Arxiv, Wanted
    from index.library import Papers

SAMPLES = Path(__file__).parents[2] / "data"  # papers of a checkout, for an empty library


class NotAdded(GlossError):
    """A file or an id could not be added as a paper."""


class NotRead(NotAdded):
    """A file that is no paper that can be read, with its ``status`` and the reason."""

    def __init__(self, name: str, status: Status, reason: str) -> None:
        super().__init__(f"{name}: {status}: {reason}")
        self.name = name
        self.status = status


class Sessions(Protocol):
    """The sessions of the browser, by id and by key; on a laptop, one for all."""

    @property
    def shared(self) -> Papers:
        """The library that all visitors see, and the one that programs ask."""

    @property
    def first(self) -> Session:
        """The session of a page that has just come, before its browser has an id."""

    def of(self, session_id: str) -> Session:
        """The session with the id that the browser (Gradio's ``session_hash``) gives."""

    def by_key(self, key: str) -> Session | None:
        """The session with that ``key``, which addresses of pictures contain."""

    def may_share(self, key: str, paper_id: str) -> bool:
        """Whether the session with that key has the paper to itself, and may show it to all."""

    def share(self, key: str, paper_id: str) -> str:
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

    @property
    def first(self) -> Session:
        """The one session."""
        return self.session

    def of(self, session_id: str) -> Session:
        """The one session."""
        return self.session

    def by_key(self, key: str) -> Session | None:
        """The one session, if this is its key."""
        return self.session if key == self.session.key else None

    def may_share(self, key: str, paper_id: str) -> bool:
        """Everybody sees it already."""
        return False

    def share(self, key: str, paper_id: str) -> str:
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
    reads_only: bool = False  # of a visitor who is not known yet: nothing is kept for it

    def search(self, query: str, wanted: SearchFilter, lang: Language = "en") -> Found:
        """Search passages, and the reader's notes."""
        if not self.library.count():
            return found_in_nothing(lang, bool(self.samples()))
        found = found_passages(self.library, query, wanted, lang, self.key)
        return replace(found, notes=self.own_notes(query, wanted, lang))

    def search_digests(self, query: str, wanted: SearchFilter, lang: Language = "en") -> Found:
        """Search sentences of digests, and notes; places are those of the cited words."""
        if not self.library.count():
            return found_in_nothing(lang, bool(self.samples()))
        found = found_in_digests(self.library, query, wanted, lang, self.key)
        return replace(found, notes=self.own_notes(query, wanted, lang))

    def ask(self, question: str, wanted: SearchFilter, lang: Language = "en") -> Found:
        """Answer a question by sentences, or say that the papers do not."""
        return answer_of(self.library, question, wanted, lang, self.key)

    def own_notes(self, query: str, wanted: SearchFilter, lang: Language = "en") -> str:
        """The reader's notes with the query's words, as HTML; empty without any."""
        return notes_found(self.library, query, wanted, lang)

    def home(self, lang: Language = "en") -> str:
        """The first screen: a sentence lit on its page, and the newest papers."""
        name = (self.library.revision, "home", self.key, lang)
        return self.drawn.of(name, lambda: home_of(self, lang).encode()).decode()

    def samples(self) -> list[Path]:
        """The sample papers, where this is a checkout that has them."""
        return [*sorted(SAMPLES.glob("*.pdf")), *SAMPLES.glob("choosing-passage-size.md")]

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
        from app.write import with_digests
        from index.intake import add_all

        outcomes = add_all(self.library, [wanted], 1, arxiv, lambda _: progress)
        if self.settings.digest_on_add:
            outcomes = with_digests(self.library, outcomes, lambda _, error: log_places(error))
        (outcome,) = outcomes
        if outcome.kind == "failed" or outcome.added is None:
            if isinstance(outcome.error, GlossError):
                raise outcome.error
            if outcome.added is not None:
                raise NotRead(wanted.name, outcome.added.status, outcome.added.reason)
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
        return digest_html(self, digest, language, waiting)

    def pages(self, paper_id: str, language: Language) -> str:
        """A paper's pages as HTML, to be marked in the browser; the text of one without pages."""
        return pages_html(self, paper_id, language)

    def outline(self, paper_id: str, language: Language) -> str:
        """The sections of a paper with their pages, as HTML."""
        return outline_of(self.library.paper(paper_id), self.library.page_sizes(paper_id), language)

    def place(self, paper_id: str, span: Span, language: Language) -> Place | None:
        """Where a span of the paper is; None if the paper has no such span."""
        return place_at(self, paper_id, span, language)

    def find(self, paper_id: str, words: str) -> list[Place]:
        """Where the paper has these words, in order."""
        return find_in(self.library, paper_id, words)

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
