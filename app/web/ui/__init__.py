"""The web UI, in Gradio: a working UI from Python alone, here and on Hugging Face Spaces.

``build`` lays out the tabs, which call a ``Session``; ``app.serve.server`` serves them. ``gr.HTML``
shows what it is given, so all HTML comes from ``app.show``, which escapes every text of a paper.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from app.api.failures import log_places
from app.api.service import RateLimiter, unlimited
from app.show.html import fill, script, style
from app.web.session import Sessions
from app.web.texts import texts
from app.web.ui.compare import compare_tab
from app.web.ui.components import (
    LAYOUT,
    PRIVATE,
    event_value,
    html,
    labels,
    language_of,
    load_gradio,
)
from app.web.ui.first_page import FirstPage
from app.web.ui.library import library_tab
from app.web.ui.paper import paper_tab
from app.web.ui.programs import programs
from app.web.ui.search import filters_of, search_tab
from app.web.ui.today import today_tab

if TYPE_CHECKING:
    import gradio
    from fastapi import FastAPI

TITLE = "gloss"
UPLOAD_LIMIT = "50mb"
TEMPORARY_SECONDS = 900  # uploads older than this are deleted, as in app.serve.limits


def build(
    sessions: Sessions, source_url: str = "", rate_limiter: RateLimiter = unlimited
) -> "gradio.Blocks":
    """The UI over sessions; ``source_url`` is where its users find the source code.

    ``rate_limiter`` is asked before a paper is added, or a digest written by a model or for a
    program.
    """
    gr = load_gradio()

    def refresh(request: gr.Request) -> Any:  # type: ignore[name-defined]
        session = sessions.of(request.session_hash)
        return *filters_of(session, language_of(request)), gr.update(choices=session.choices())

    def arrive(request: gr.Request) -> Any:  # type: ignore[name-defined]
        """The papers to choose from; of an address with ``?paper=ID``, the paper."""
        choices = sessions.of(request.session_hash).choices()
        named = paper.opened(request)
        return gr.update(choices=choices, value=named) if named else gr.update(choices=choices)

    def left(request: gr.Request) -> None:  # type: ignore[name-defined]
        paper.leave(request)
        sessions.end(request.session_hash)

    def open_paper(event: gr.EventData, request: gr.Request) -> tuple[Any, Any]:  # type: ignore[name-defined]
        choices = sessions.of(request.session_hash).choices()
        wanted = event_value(event, "open")
        if not any(wanted == paper_id for _, paper_id in choices):
            return gr.skip(), gr.skip()
        return gr.update(selected="paper"), gr.update(choices=choices, value=wanted)

    with gr.Blocks(
        title=TITLE,
        analytics_enabled=False,
        delete_cache=(TEMPORARY_SECONDS, TEMPORARY_SECONDS),
        fill_width=True,
    ) as blocks:
        programs(
            sessions, rate_limiter
        )  # first, since a handler of the same name would take the name
        html("header", value=fill("header.html", texts=texts()))
        with gr.Tabs(elem_id="tabs") as tabs:
            search = search_tab(sessions, blocks)
            paper = paper_tab(sessions, rate_limiter)
            today = today_tab(sessions)
            library = library_tab(sessions)
            compare_tab(sessions, rate_limiter)
        html("footer", value=fill("footer.html", texts=texts(), source_url=source_url))
        lists = [*search.filters, paper.paper]
        paper.on_added(refresh, None, lists, **PRIVATE)
        gr.on(list(library.asks), refresh, None, lists, show_progress="hidden", **PRIVATE)
        for place in (*search.links, *today.links, *library.links):
            place.input(open_paper, None, [tabs, paper.paper], show_progress="hidden", **PRIVATE)
        blocks.load(arrive, None, paper.paper, show_progress="hidden", **PRIVATE)
        blocks.unload(left)
    blocks.space_id = None  # else the page of a Space asks Google for fonts, and the hub who it is
    blocks.queue(default_concurrency_limit=4, max_size=64)
    return cast("gradio.Blocks", blocks)


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


def mount(app: "FastAPI", blocks: "gradio.Blocks") -> None:
    """Put the UI at the root of a web application, below the routes that it already has."""
    gr = load_gradio()
    _keep_inputs_out_of_the_log()
    theme = gr.themes.Default(
        primary_hue="blue",
        neutral_hue="slate",
        font=["system-ui", "-apple-system", "Segoe UI", "sans-serif"],
        font_mono=["ui-monospace", "Menlo", "monospace"],
    ).set(  # where Gradio's own are below a contrast of 4.5
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        color_accent="*primary_600",
        body_text_color_subdued="*neutral_600",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
    )
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        show_error=True,
        i18n=labels(),
        max_file_size=UPLOAD_LIMIT,
        theme=theme,
        css=style("gloss.css", "lists.css", "reader.css") + LAYOUT,
        ssr_mode=False,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,  # app.api.tools says why not Gradio's
    )
    app.add_middleware(FirstPage, script=script())


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
