"""The web UI: its first screen, searches and reader are HTML of our own, all else is Gradio's.

``app.web.ui.first_page`` is the page at the root, our HTML and scripts, which ask
``app.web.screens``: it is there before Gradio is imported. ``build`` lays out what Gradio shows:
adding papers, the library, and what has a tab beside them; each tab is one of ``VIEWS``, an entry
of the navigation, at ``/?view=ID``. ``gradio_app`` serves it.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from app.api.failures import log_places
from app.api.service import RateLimiter, unlimited
from app.show.html import template_source
from app.web import UPLOADS_KEPT
from app.web.session import Sessions
from app.web.ui.add import add_tab
from app.web.ui.compare import compare_tab
from app.web.ui.components import PRIVATE, labels, load_gradio
from app.web.ui.first_page import GRADIO_PAGE, View
from app.web.ui.library import library_tab
from app.web.ui.programs import programs
from app.web.ui.today import today_tab

if TYPE_CHECKING:
    import gradio
    from fastapi import FastAPI
    from starlette.routing import BaseRoute
    from starlette.types import Receive, Scope, Send

    from index.library import Library

TITLE = "gloss"
UPLOAD_LIMIT = "50mb"
# Open tabs of which Gradio keeps what its parts show, 120 kB for each; its own limit is 10,000.
# Of one more, that idle for longest has its list of papers in the usual order again.
_TABS_MOST = 200
# Sessions of which its queue knows what is being done; that of their messages has the same limit.
_QUEUED_MOST = 2000
# The tabs in their order, for a navigation that is there before they are.
VIEWS = (
    View("add", "add_tab"),
    View("today", "today_tab"),
    View("library", "library_tab"),
    View("compare", "compare_tab"),
)
_LOOKS_EVERY = 0.03  # seconds until Gradio's queue looks for work again; its own is 0.001


def build(
    sessions: Sessions, rate_limiter: RateLimiter = unlimited, own: "Library | None" = None
) -> "gradio.Blocks":
    """What Gradio shows of the UI, over sessions.

    ``rate_limiter`` is asked before a paper is added, or a digest written for a program; ``own`` is
    the library of all where who asks is its reader.
    """
    gr = load_gradio()
    from gradio.utils import LRUCache

    def arrive(request: gr.Request) -> str:  # type: ignore[name-defined]
        """The key of the browser's session, by which our scripts ask from now on."""
        return sessions.of(request.session_hash).key

    def left(request: gr.Request) -> None:  # type: ignore[name-defined]
        leave(request.session_hash)
        sessions.end(request.session_hash)
        _forget(blocks, request.session_hash)

    with gr.Blocks(
        title=TITLE,
        analytics_enabled=False,
        delete_cache=(UPLOADS_KEPT, UPLOADS_KEPT),
        fill_width=True,
    ) as blocks:
        # First, since a handler of the same name would take the name.
        programs(sessions, rate_limiter, own)
        key = gr.Textbox(visible=False)
        with gr.Tabs(elem_id="tabs") as tabs:
            leave = add_tab(sessions, rate_limiter, own)
            today_tab(sessions)
            library_tab(sessions)
            compare_tab(sessions, rate_limiter)
        for tab in tabs.children:
            tab.elem_id = f"{tab.id}-tab"  # by which our script finds its button
        blocks.load(arrive, None, key, show_progress="hidden", **PRIVATE).success(
            fn=None, inputs=key, js="(key) => gloss.arrived(key)", **PRIVATE
        )
        blocks.unload(left)
    blocks.space_id = None  # else the page of a Space asks Google for fonts, and the hub who it is
    blocks.state_session_capacity = _TABS_MOST
    blocks.queue(default_concurrency_limit=4, max_size=64)
    # Without a limit, an empty set stays of each session that ever asked for something.
    blocks._queue.pending_event_ids_session = LRUCache(_QUEUED_MOST)
    blocks._queue.sleep_when_free = _LOOKS_EVERY
    blocks._queue.progress_update_sleep_when_free = 2 * _LOOKS_EVERY
    return cast("gradio.Blocks", blocks)


def _forget(blocks: Any, session_id: str | None) -> None:
    """Drop what Gradio keeps of a session that has ended; it would stay until 10,000 others came.

    Gradio (6.31) has no call for that: it marks the session as closed, and empties ``State`` alone.
    """
    states = blocks.state_holder
    with states.lock:
        states.session_data.pop(session_id, None)
        states.time_last_used.pop(session_id, None)


@contextmanager
def uploads_to(folder: Path) -> Iterator[None]:
    """Where a UI that is built and mounted meanwhile keeps what is uploaded.

    Gradio reads that from the environment when it makes its parts, and from nowhere else.
    """
    name = "GRADIO_TEMP_DIR"
    before = os.environ.get(name)
    os.environ[name] = str(folder.resolve())
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def gradio_app(
    sessions: Sessions, rate_limiter: RateLimiter = unlimited, own: "Library | None" = None
) -> "FastAPI":
    """What Gradio answers: its page at ``GRADIO_PAGE``, and below the root all else of its own.

    It takes seconds to import and to make. Arguments as for ``build``.
    """
    from fastapi import FastAPI
    from starlette.routing import Route

    gr = load_gradio()
    _keep_inputs_out_of_the_log()
    ours = {  # of palette.css, which says both light and dark
        "body_background_fill": "--gloss-back",
        "background_fill_primary": "--gloss-back",
        "background_fill_secondary": "--gloss-tint",
        "block_background_fill": "--gloss-back",
        "block_label_background_fill": "--gloss-back",
        "block_label_text_color": "--gloss-soft",
        "block_title_text_color": "--gloss-soft",
        "body_text_color": "--gloss-ink",
        "body_text_color_subdued": "--gloss-soft",
        "border_color_primary": "--gloss-line",
        "block_border_color": "--gloss-line",
        "block_label_border_color": "--gloss-line",
        "input_background_fill": "--gloss-back",
        "input_border_color": "--gloss-edge",
        "input_placeholder_color": "--gloss-soft",
        "checkbox_background_color": "--gloss-back",
        "checkbox_border_color": "--gloss-edge",
        "button_primary_background_fill": "--gloss-action",
        "button_primary_background_fill_hover": "--gloss-action",
        "button_secondary_background_fill": "--gloss-tint",
        "button_secondary_background_fill_hover": "--gloss-bar",
        "button_secondary_text_color": "--gloss-ink",
    }
    colours = {name: f"var({colour})" for name, colour in ours.items()}
    theme = gr.themes.Default(
        primary_hue="blue",
        neutral_hue="gray",
        font=["system-ui", "-apple-system", "Segoe UI", "sans-serif"],
        font_mono=["ui-monospace", "Menlo", "monospace"],
    ).set(
        color_accent="*primary_600",  # Gradio's own is below a contrast of 4.5
        **colours,
        **{f"{name}_dark": colour for name, colour in colours.items()},
    )
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    gr.mount_gradio_app(
        app,
        build(sessions, rate_limiter, own),
        path="/",
        show_error=True,
        i18n=labels(),
        max_file_size=UPLOAD_LIMIT,
        theme=theme,
        css=template_source("lists.css") + template_source("tabs.css"),
        ssr_mode=False,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,  # app.api.tools says why not Gradio's
    )
    app.router.routes.insert(0, Route(GRADIO_PAGE, _Page(app.router.routes[-1])))
    return app


class _Page:
    """Gradio's page, which it has at its root, at another address."""

    def __init__(self, mounted: "BaseRoute") -> None:
        self._mounted = mounted

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer."""
        await self._mounted.handle({**scope, "path": "/", "raw_path": b"/"}, receive, send)


class _Places:
    """In the place of the module ``traceback`` where Gradio prints errors with what they say."""

    @staticmethod
    def print_exc() -> None:
        """Log the error that is handled, without its message."""
        log_places(sys.exc_info()[1])


def _keep_inputs_out_of_the_log() -> None:
    """Errors of calls that do not fit have their arguments in them, and Gradio prints them."""
    import gradio.queueing

    vars(gradio.queueing)["traceback"] = _Places
