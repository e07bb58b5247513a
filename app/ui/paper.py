"""The tab to add a paper on, and to read its digest beside its pages."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.desk import Desks, Place
from app.digest import Language
from app.ui.components import (
    CHOOSE,
    PRIVATE,
    as_gradio_error,
    chosen_place,
    html,
    load_gradio,
    no_page,
    page_image,
)
from index.sources import SUFFIXES


@dataclass(frozen=True, slots=True)
class PaperTab:
    """What the other tabs change here, and what they wait for."""

    paper: Any
    on_added: Callable[..., Any]  # takes what an event takes: a handler, inputs, outputs


def paper_tab(desks: Desks) -> PaperTab:
    """Lay out the tab, inside ``gr.Blocks``."""
    gr = load_gradio()

    def picked(places: list[Place], event: gr.EventData, request: gr.Request) -> Any:  # type: ignore[name-defined]
        return chosen_place(desks.of(request.session_hash), places, event)

    def read(
        paper: str | None,
        lang: Language,
        request: gr.Request,  # type: ignore[name-defined]
    ) -> tuple[str, list[Place], Any, str]:
        with as_gradio_error():
            return *desks.of(request.session_hash).digest(paper, lang), no_page(), ""

    def add(
        path: str | None,
        request: gr.Request,  # type: ignore[name-defined]
        progress: Any = gr.Progress(),  # noqa: B008
    ) -> Any:
        if path is None:
            return gr.skip()
        desk = desks.of(request.session_hash)
        with as_gradio_error():
            paper_id = desk.add(Path(path), lambda part, stage: progress(part, desc=stage))
        return gr.update(choices=desk.choices(), value=paper_id)

    with gr.Tab("Paper", id="paper"), gr.Row():
        with gr.Column(scale=5, min_width=320):
            with gr.Row():
                paper = gr.Dropdown(
                    [],
                    value=None,
                    label="A paper of the library",
                    scale=3,
                    elem_id="paper-choice",
                )
                lang = gr.Radio(
                    [("English", "en"), ("中文", "zh")],
                    value="en",
                    label="Headings",
                    min_width=220,
                )
            upload = gr.UploadButton(
                "Add a paper: a PDF, a Markdown or an HTML text",
                file_types=list(SUFFIXES),
                size="sm",
                elem_id="upload",
            )
            reading = html("digest", CHOOSE)
        with gr.Column(scale=4, min_width=320, elem_classes="gloss-place"):
            line = html("place-line")
            image = page_image("place-image")
        places = gr.State([])  # in the tab, since Gradio counts whatever stands among tabs as one

    added = upload.upload(add, upload, paper, show_progress_on=reading, **PRIVATE)
    gr.on(
        [paper.change, lang.change], read, [paper, lang], [reading, places, image, line], **PRIVATE
    )
    reading.click(picked, places, [image, line], **PRIVATE)
    return PaperTab(paper, added.success)
