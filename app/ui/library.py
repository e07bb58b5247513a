"""The tab that lists the papers of the library with their states."""

from dataclasses import dataclass
from typing import Any

from app.ui.components import html, load_gradio


@dataclass(frozen=True, slots=True)
class LibraryTab:
    """What is filled here, and the events that ask for it."""

    table: Any
    asks: tuple[Any, ...]


def library_tab() -> LibraryTab:
    """Lay out the tab, inside ``gr.Blocks``."""
    gr = load_gradio()
    with gr.Tab("Library", id="library") as tab:
        table = html("papers")
        with gr.Row():
            again = gr.Button("Refresh", size="sm", scale=0, min_width=120)
    return LibraryTab(table, (tab.select, again.click))
