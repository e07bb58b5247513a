"""What the app's own script asks: searches, answers, papers to be read, as HTML within JSON.

Addresses begin as those of ``app.web.media``, with the key of a session. A browser asks for what is
on its screen and drops what comes too late, so that no answer stands under another question.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from app.api.failures import Failure
from app.api.service import QUERY_MOST, RateLimiter, limit_digest, unlimited
from app.digest import Digest, DigestSection, Language
from app.show.html import fill
from app.show.text import plain
from app.show.words import ROLE_TITLES
from app.web import answers
from app.web.errors import line_of
from app.web.found import Found, is_question
from app.web.jobs import Job, Jobs, ReportStep, Stopped
from app.web.own_papers import VisitEnded
from app.web.session import Session, Sessions, filter_of
from app.web.texts import texts
from index.errors import GlossError, PaperNotFound
from index.paper import ROLES
from index.spans import Span

Words = Annotated[str, Query(max_length=QUERY_MOST)]
Name = Annotated[str, Query(max_length=200)]
AT_A_TIME = 4  # searches and digests, over all visitors: each takes a processor
OWN_MOST = 500  # characters of an address, a model's name, a key


class NoWriter(GlossError):
    """A digest was to be worded by a model that cannot be reached from here."""


class Wish(BaseModel):
    """Who words a digest, and how a visitor's own model is reached."""

    digest: Language = "en"
    lang: Language = "en"
    writer: str = Field(max_length=20)
    address: str = Field("", max_length=OWN_MOST)
    model: str = Field("", max_length=OWN_MOST)
    secret: str = Field("", max_length=OWN_MOST)


def screen_router(sessions: Sessions, rate_limiter: RateLimiter = unlimited) -> APIRouter:
    """The addresses under ``/view``: ``/view/{key}/search.json?q=lantern`` and so on.

    ``rate_limiter`` is asked before a digest is written or worded, and a paper shared.
    """
    router = APIRouter(prefix="/view", include_in_schema=False)
    working = threading.BoundedSemaphore(AT_A_TIME)
    wording: Jobs[DigestSection] = Jobs()

    def answered(key: str, lang: Language, make: Callable[[Session], dict[str, Any]]) -> Response:
        shown = lambda session: answers.private(make(session))  # noqa: E731
        return answers.answered(sessions, key, lang, shown, _explained)

    @router.get("/{key}/home.html")
    def home(key: str, lang: Language = "en") -> HTMLResponse:
        session = sessions.by_key(key) or sessions.first
        return HTMLResponse(session.home(lang), headers={"Cache-Control": "private, no-store"})

    @router.get("/{key}/filters.json")
    def filters(key: str, lang: Language = "en") -> Response:
        return answered(key, lang, lambda session: {"html": _filters(session, lang)})

    def looked_for(
        key: str,
        way: Callable[[Session], Callable[..., Found]],
        asked: tuple[str, str, str, str, str],
        lang: Language,
    ) -> Response:
        query, paper, role, year, category = asked

        def look(session: Session) -> dict[str, Any]:
            with working:
                wanted = filter_of(paper, role, year, category)
                found = way(session)(query, wanted, lang)
            return {
                "notes": found.notes,
                "html": found.shown,
                "said": found.said,
                "outcome": found.outcome,
                "question": is_question(query) and found.outcome != "no_papers",
            }

        return answered(key, lang, look)

    @router.get("/{key}/search.json")
    def search(
        key: str,
        q: Words = "",
        among: str = Query("", alias="in", max_length=20),
        of: Name = "",
        part: Name = "",
        year: Name = "",
        category: Name = "",
        lang: Language = "en",
    ) -> Response:
        if among == "digests":  # whose sentences have no role
            asked = q, of, "", year, category
            return looked_for(key, lambda session: session.search_digests, asked, lang)
        asked = q, of, part, year, category
        return looked_for(key, lambda session: session.search, asked, lang)

    @router.get("/{key}/answer.json")
    def answer(
        key: str,
        q: Words = "",
        of: Name = "",
        part: Name = "",
        year: Name = "",
        category: Name = "",
        lang: Language = "en",
    ) -> Response:
        asked = q, of, part, year, category
        return looked_for(key, lambda session: session.ask, asked, lang)

    @router.get("/{key}/{paper_id:path}/pages.json")
    def pages(key: str, paper_id: str, lang: Language = "en") -> Response:
        def shown(session: Session) -> dict[str, Any]:
            paper = session.library.paper(paper_id)
            return {
                "paper": paper.id,
                "title": plain(paper.title) or paper.id,
                "html": session.pages(paper.id, lang),
                "outline": session.outline(paper.id, lang),
                "share": sessions.may_share(key, paper.id),
            }

        return answered(key, lang, shown)

    @router.get("/{key}/{paper_id:path}/sentences.json")
    def sentences(
        request: Request, key: str, paper_id: str, digest: Language = "en", lang: Language = "en"
    ) -> Response:
        def written(session: Session) -> dict[str, Any]:
            limit_digest(rate_limiter, request, session.library, paper_id, digest)
            with working:
                made = session.quoted(paper_id, digest)
            return {"html": session.reader(made, lang), "lang": digest}

        return answered(key, lang, written)

    @router.get("/{key}/{paper_id:path}/place.json")
    def place(
        key: str,
        paper_id: str,
        start: int = Query(ge=0),
        end: int = Query(ge=0),
        lang: Language = "en",
    ) -> Response:
        def found(session: Session) -> dict[str, Any]:
            there = session.place(paper_id, Span(start, end), lang) if start < end else None
            return {"place": there.to_json() if there is not None else None}

        return answered(key, lang, found)

    @router.get("/{key}/{paper_id:path}/find.json")
    def find(key: str, paper_id: str, q: Words = "", lang: Language = "en") -> Response:
        def found(session: Session) -> dict[str, Any]:
            return {"places": [one.to_json() for one in session.find(paper_id, q)]}

        return answered(key, lang, found)

    @router.post("/{key}/{paper_id:path}/share")
    def share(request: Request, key: str, paper_id: str, lang: Language = "en") -> Response:
        def shared(session: Session) -> dict[str, Any]:
            rate_limiter(request)
            return {"paper": sessions.share(key, paper_id)}

        return answered(key, lang, shared)

    @router.post("/{key}/stop")
    def stop(key: str) -> Response:
        def stopped(session: Session) -> dict[str, Any]:
            wording.end(session.key)
            return {}

        return answered(key, "en", stopped)

    @router.post("/{key}/{paper_id:path}/worded")
    def worded(request: Request, key: str, paper_id: str, wish: Wish) -> StreamingResponse:
        """The digest again and again, each time with one more section worded: lines of JSON."""

        def lines() -> Iterator[str]:
            for shown in _worded(sessions, wording, rate_limiter, request, key, paper_id, wish):
                yield json.dumps(shown, ensure_ascii=False) + "\n"

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    return router


def _filters(session: Session, lang: Language) -> str:
    """The choices of the filters."""
    say = texts()[lang]
    roles = [(ROLE_TITLES.get(one, {}).get(lang) or say["role_other"], one) for one in ROLES]
    lists = {
        "of": (say["search_paper"], say["search_paper_all"], session.choices()),
        "part": (say["search_role"], say["search_role_all"], roles),
        "year": (say["search_year"], say["search_year_all"], [(o, o) for o in session.years()]),
        "category": (
            say["search_category"],
            say["search_category_all"],
            [(one, one) for one in session.categories()],
        ),
    }
    return fill("filters.html", lists=lists, say=say)


@contextmanager
def _job(
    wording: Jobs[DigestSection], key: str, work: Callable[[ReportStep[DigestSection]], object]
) -> Iterator[Job[DigestSection]]:
    job = wording.begin(key, work)
    try:
        yield job
    finally:
        wording.end(key, job)


def _explained(error: GlossError, failure: Failure, lang: Language) -> Mapping[str, str]:
    kind = {"error": "unknown"} if isinstance(error, PaperNotFound) else {}
    return {**answers.in_its_words(error, failure, lang), **kind}


def _worded(
    sessions: Sessions,
    wording: Jobs[DigestSection],
    rate_limiter: RateLimiter,
    request: Request,
    key: str,
    paper_id: str,
    wish: Wish,
) -> Iterator[dict[str, Any]]:
    """A digest as it is worded: HTML with what is ready, and at the end what went wrong."""
    say = texts()[wish.lang]
    try:
        session = sessions.by_key(key)
        if session is None or session.reads_only:
            raise VisitEnded
        session = session.with_endpoint(wish.address, wish.model, wish.secret)
        if wish.writer not in session.writers():
            raise NoWriter(say["paper_writer_none"])
        rate_limiter(request)
        digest = session.quoted(paper_id, wish.digest)
    except GlossError as error:
        yield {"error": line_of(error, wish.lang)}
        return
    waiting = {section.name for section in digest.sections if section.items}
    yield {"html": session.reader(digest, wish.lang, waiting), "told": say["paper_wording"]}
    writing, asking = session, digest.paper.id

    def work(report: ReportStep[DigestSection]) -> object:
        return writing.worded(asking, wish.digest, wish.writer, report)

    try:
        with _job(wording, session.key, work) as job:
            for section in job.steps():
                waiting.discard(section.name)
                digest = _with(digest, section)
                if section.items and not job.stopping:
                    yield {"html": session.reader(digest, wish.lang, waiting)}
        final = session.saved(asking, wish.digest, wish.writer)
        yield {"html": session.reader(final, wish.lang), "told": ""}
    except Stopped:
        shown = session.reader(digest, wish.lang)
        yield {"html": shown, "told": say["paper_wording_stopped"]}
    except GlossError as error:
        yield {"html": session.reader(digest, wish.lang), "error": line_of(error, wish.lang)}


def _with(digest: Digest, section: DigestSection) -> Digest:
    """The digest with a section in the place of the one of that name."""
    sections = [section if one.name == section.name else one for one in digest.sections]
    return replace(digest, sections=tuple(sections))
