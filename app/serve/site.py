"""What a server answers with: the web UI, the HTTP API, tools for language models."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Route

from app.api import tools
from app.api.http import api, mounted
from app.api.rate_limiter import VisitorRateLimiter
from app.api.service import RateLimiter, unlimited
from app.serve.late import Late
from app.serve.limits import Bounded, UploadRoom
from app.serve.traffic import Counted, Traffic
from app.show.figures import Pictures
from app.web import ui
from app.web.katex import katex_router
from app.web.media import view_router
from app.web.notes import notes_router
from app.web.related import related_router
from app.web.screens import screen_router
from app.web.session import Session, Sessions, SharedSession
from app.web.takeaway import takeaway_router
from app.web.ui.first_page import FirstPage, Shell
from app.web.visitors import Visitors

if TYPE_CHECKING:
    from index.config import Settings
    from index.library import Library

UPLOADS = "uploads"  # inside the library's folder, which one process owns


@dataclass(frozen=True, slots=True)
class Site:
    """All that is served of a library."""

    app: FastAPI
    tabs: Late  # Gradio's part
    traffic: Traffic


def site_of(library: Library, settings: Settings, rate_limiter: RateLimiter | None = None) -> Site:
    """All that is served of an open library.

    ``rate_limiter`` is asked before a paper is added or a digest written for somebody. Left out,
    that is free on one's own machine, and a public instance has the limits of its settings.
    """
    sessions: Sessions
    drawn = Pictures()
    uploads = UploadRoom(library.directory / UPLOADS)
    if settings.public.enabled:
        sessions, rate_limiter = (
            Visitors(library, settings, drawn),
            rate_limiter or VisitorRateLimiter.of(settings),
        )
        uploads.shared, uploads.rate_limiter = True, VisitorRateLimiter.of(settings)
    else:
        session = Session(library, settings=settings, drawn=drawn)
        sessions, rate_limiter = SharedSession(session), rate_limiter or unlimited
    own = None if settings.public.enabled else library

    def make_tools() -> Starlette:
        server = tools.ToolServer(lambda: library, rate_limiter, own)
        routes = [Route(path, server) for path in tools.PATHS]
        return Starlette(routes=routes, lifespan=lambda _: server.running())

    def make_tabs() -> FastAPI:
        with ui.uploads_to(uploads.folder):
            return ui.gradio_app(sessions, rate_limiter, own)

    tools_late, tabs_late = Late(make_tools), Late(make_tabs)

    @asynccontextmanager
    async def open_to_visitors(app: FastAPI) -> AsyncIterator[None]:
        async with tools_late.running(), tabs_late.running():
            try:
                yield
            finally:
                sessions.close()
                uploads.empty()

    app = FastAPI(
        title="gloss",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=open_to_visitors,
    )
    app.router.routes.append(mounted(api(library, settings, rate_limiter, drawn, own)))
    for path in tools.PATHS:
        app.router.routes.append(Route(path, tools_late))
    app.include_router(screen_router(sessions, rate_limiter))
    app.include_router(notes_router(sessions))
    app.include_router(takeaway_router(sessions, rate_limiter))
    app.include_router(view_router(sessions))
    app.include_router(katex_router())
    app.include_router(related_router(sessions, rate_limiter))
    app.router.routes.append(FirstPage(Shell(sessions, ui.VIEWS, settings.source_url)).route())
    app.mount("/", tabs_late)
    traffic = Traffic()
    app.add_middleware(Counted, traffic=traffic)
    app.add_middleware(Bounded, uploads=uploads, names=settings.hosts.split())
    return Site(app, tabs_late, traffic)
