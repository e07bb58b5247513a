"""The tab to search passages and digests on, and to ask."""

from dataclasses import dataclass
from typing import Any

from app.desk import Desks, Place
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
from index.paper import ROLES

EXAMPLES = (
    "how is attention computed",
    "what are the limits of the method",
    "which data sets were used",
)
PASSAGES, DIGESTS, ASK = "passages", "digests", "ask"  # what is searched, or asked


@dataclass(frozen=True, slots=True)
class SearchTab:
    """What the other tabs change here."""

    paper_filter: Any


def search_tab(desks: Desks) -> SearchTab:
    """Lay out the tab, inside ``gr.Blocks``."""
    gr = load_gradio()

    def picked(places: list[Place], event: gr.EventData, request: gr.Request) -> Any:  # type: ignore[name-defined]
        return chosen_place(desks.of(request.session_hash), places, event)

    def search(
        query: str,
        among: str,
        paper: str | None,
        role: str | None,
        since: str,
        request: gr.Request,  # type: ignore[name-defined]
    ) -> tuple[str, list[Place], Any, str]:
        desk = desks.of(request.session_hash)
        ways = {PASSAGES: desk.search, DIGESTS: desk.search_digests, ASK: desk.ask}
        with as_gradio_error():
            return *ways[among](query, paper, role, since), no_page(), ""

    def search_anew(
        query: str,
        among: str,
        paper: str | None,
        role: str | None,
        since: str,
        request: gr.Request,  # type: ignore[name-defined]
    ) -> tuple[str, list[Place], Any, str]:
        if not query.strip():
            return "", [], no_page(), ""
        return search(query, among, paper, role, since, request)

    def filters_that_count(among: str) -> tuple[Any, Any]:
        by_role, by_date = among == PASSAGES, among != ASK
        return (
            gr.update(interactive=True) if by_role else gr.update(value="", interactive=False),
            gr.update(interactive=True) if by_date else gr.update(value="", interactive=False),
        )

    with gr.Tab("Search", id="search"), gr.Row():
        with gr.Column(scale=5, min_width=320):
            query = gr.Textbox(
                label="What are you looking for?",
                placeholder="a question, a phrase or a few words",
                submit_btn="Search",
                max_lines=1,
                max_length=1000,
            )
            among = gr.Radio(
                [
                    ("Passages of papers", PASSAGES),
                    ("Sentences of digests", DIGESTS),
                    ("Ask: sentences that answer", ASK),
                ],
                value=PASSAGES,
                label="Look in",
                elem_id="among",
            )
            with gr.Accordion("Filters", open=False), gr.Row():
                paper_filter = gr.Dropdown([("All papers", "")], value="", label="Paper")
                role = gr.Dropdown(
                    [("Anywhere", ""), *((one.capitalize(), one) for one in ROLES)],
                    value="",
                    label="Part of the paper",
                )
                since = gr.Textbox(label="Since", placeholder="2024 or 2024-07-05", max_lines=1)
            with gr.Row(elem_classes="gloss-examples"):
                examples = [
                    gr.Button(example, size="sm", scale=0, min_width=0) for example in EXAMPLES
                ]
            hits = html("hits", CHOOSE)
        with gr.Column(scale=4, min_width=320, elem_classes="gloss-place"):
            line = html("hit-line")
            image = page_image("hit-image")
    places = gr.State([])

    found = [hits, places, image, line]
    asked = [query, among, paper_filter, role, since]
    query.submit(search, asked, found, **PRIVATE)
    among.input(filters_that_count, among, [role, since], **PRIVATE).then(
        search_anew, asked, found, **PRIVATE
    )
    for button in examples:
        button.click(lambda text: text, button, query, **PRIVATE).then(
            search, asked, found, **PRIVATE
        )
    hits.click(picked, places, [image, line], **PRIVATE)
    return SearchTab(paper_filter)
