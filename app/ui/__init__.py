"""The web UI, in Gradio: a working UI from Python alone, here and on Hugging Face Spaces.

``build`` lays out the tabs, which call a ``Desk``; ``app.server`` serves them. ``gr.HTML`` shows
what it is given, so all HTML comes from ``app.render``, which escapes every text of a paper.
"""

from typing import TYPE_CHECKING, Any, cast

from app.desk import Desks
from app.render import fill, style, template_source
from app.ui.components import COLOURS, PRIVATE, labels, load_gradio
from app.ui.library import library_tab
from app.ui.paper import paper_tab
from app.ui.search import search_tab

if TYPE_CHECKING:
    import gradio
    from fastapi import FastAPI

TITLE = "gloss"
UPLOAD_LIMIT = "50mb"
TEMPORARY_SECONDS = 3600  # uploads and page images older than this are deleted


def build(desks: Desks, source_url: str = "") -> "gradio.Blocks":
    """The UI over desks; ``source_url`` is where its users find the source code."""
    gr = load_gradio()
    say = labels()

    def refresh(request: gr.Request) -> tuple[Any, Any, str]:  # type: ignore[name-defined]
        desk = desks.of(request.session_hash)
        choices = desk.choices()
        return (
            gr.update(choices=[("All papers", ""), *choices]),
            gr.update(choices=choices),
            desk.papers(),
        )

    def enter(request: gr.Request) -> tuple[Any, ...]:  # type: ignore[name-defined]
        """What ``refresh`` does, and the paper that the address names, if it is there."""
        filters, papers, table = refresh(request)
        named = paper.opened(request)
        return filters, {**papers, "value": named} if named else papers, table

    with gr.Blocks(
        title=TITLE,
        analytics_enabled=False,
        delete_cache=(TEMPORARY_SECONDS, TEMPORARY_SECONDS),
        fill_width=True,
    ) as blocks:
        gr.Markdown(f"# {TITLE}")
        gr.Markdown(say("explanation"))
        search, paper, library = search_tab(desks), paper_tab(desks), library_tab()
        gr.HTML(
            fill("footer.html", source_url=source_url), elem_id="footer", apply_default_css=False
        )
        lists = [search.paper_filter, paper.paper, library.table]
        paper.on_added(refresh, None, lists, **PRIVATE)
        gr.on(list(library.asks), refresh, None, lists, **PRIVATE)
        blocks.load(enter, None, lists, **PRIVATE)
        blocks.unload(paper.leave)
    blocks.queue(default_concurrency_limit=4, max_size=64)
    return cast("gradio.Blocks", blocks)


def mount(app: "FastAPI", blocks: "gradio.Blocks") -> None:
    """Put the UI at the root of a web application, below the routes that it already has."""
    gr = load_gradio()
    theme = gr.themes.Default(
        primary_hue="blue",
        neutral_hue="slate",
        font=["system-ui", "-apple-system", "Segoe UI", "sans-serif"],
        font_mono=["ui-monospace", "Menlo", "monospace"],
    )
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        show_error=True,
        i18n=labels(),
        max_file_size=UPLOAD_LIMIT,
        theme=theme,
        css=COLOURS + style() + template_source("reader.css"),
        ssr_mode=False,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
    )
