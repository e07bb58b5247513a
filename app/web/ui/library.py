"""The tab that shows the papers of the library: as a list, and as a map and in time below it."""

from contextlib import suppress
from typing import Any

from app.digest import Language
from app.show.html import fill, template_source
from app.web.errors import line_of
from app.web.notes import notes_of
from app.web.pictures import Marks
from app.web.removals import SECONDS, Removals
from app.web.session import Session, Sessions
from app.web.shelf import ShelfView, Shelves
from app.web.takeaway import forms_of
from app.web.texts import texts
from app.web.ui.components import (
    PRIVATE,
    as_gradio_error,
    event_value,
    html,
    labels,
    language_of,
    load_gradio,
)
from index.notes import NoteUnusable

MOST_AT_ONCE = 5_000  # papers that one request removes


def library_tab(sessions: Sessions) -> None:
    """Lay out the tab, inside ``gr.Tabs``."""
    gr = load_gradio()
    say = labels()
    shelves, removals = Shelves(), Removals()

    def shown(session: Session, view: ShelfView, lang: Language) -> tuple[str, dict[str, object]]:
        removed, failure = removals.hidden(session.key), removals.failure(session.key)
        page = shelves.page(session.library, view, lang, removed)
        values = {
            "page": page,
            "removed": len(removed),
            "seconds": SECONDS,
            "failure": line_of(failure, lang) if failure is not None else "",
            "forms": forms_of(session, with_pages=True),
            "own": session.library.notes is not None,
            "samples": bool(session.samples()),
        }
        return fill("shelf.html", say=texts()[lang], lang=lang, **values), page.view.sent()

    def show(text: str, sent: dict[str, object], request: gr.Request) -> Any:  # type: ignore[name-defined]
        lang = language_of(request)
        with as_gradio_error(lang):
            return shown(sessions.of(request.session_hash), ShelfView.of(sent, text or ""), lang)

    def filtered(text: str, sent: dict[str, object], request: gr.Request) -> Any:  # type: ignore[name-defined]
        return show(text, {**(sent or {}), "page": 1}, request)

    def viewed(text: str, event: gr.EventData, request: gr.Request) -> Any:  # type: ignore[name-defined]
        return show(text, event._data, request)

    def act(text: str, event: gr.EventData, request: gr.Request) -> Any:  # type: ignore[name-defined]
        lang, session = language_of(request), sessions.of(request.session_hash)
        asked = event_value(event, "remove")
        with as_gradio_error(lang):
            if isinstance(asked, list):
                ids = [one for one in asked if isinstance(one, str)][:MOST_AT_ONCE]
                removals.ask(session.key, session.library, ids)
            elif event_value(event, "undo"):
                removals.undo(session.key)
            else:
                _tag(session, event)
            return shown(session, ShelfView.of(event._data, text or ""), lang)

    def draw(by: str | None, request: gr.Request) -> tuple[Any, str]:  # type: ignore[name-defined]
        lang, session = language_of(request), sessions.of(request.session_hash)
        marks: Marks = "year" if by == "year" else "category"
        with as_gradio_error(lang):
            return _choices(lang, marks), session.pictures(marks, lang)

    with gr.Tab(say("library_tab"), id="library") as tab:
        with gr.Row(elem_classes="gloss-ask"):
            text = gr.Textbox(
                label=say("library_filter"),
                max_lines=1,
                scale=6,
                min_width=300,
                elem_id="library-filter",
            )
            again = gr.Button(say("library_refresh"), size="sm", scale=0, min_width=120)
        table = html("papers", template_source("shelf.js"))
        view = gr.State(ShelfView().sent())
        with gr.Accordion(say("library_map_fold"), open=False, elem_id="map-fold") as fold:
            by = gr.Radio([], label=say("library_by"), elem_id="map-by")
            pictures = html("pictures", template_source("map.js"))
    quiet: dict[str, Any] = {"show_progress": "hidden", **PRIVATE}
    page = [table, view]
    gr.on([tab.select, again.click], show, [text, view], page, **quiet)
    text.change(filtered, [text, view], page, trigger_mode="always_last", **quiet)
    table.select(viewed, text, page, **quiet)
    table.click(act, text, page, **quiet)
    gr.on([fold.expand, by.input], draw, by, [by, pictures], **quiet)


def _tag(session: Session, event: Any) -> None:
    """Give chosen papers a tag, or take it away from those that have it."""
    ids, on, off = (event_value(event, name) for name in ("ids", "put", "take"))
    if not isinstance(ids, list):
        return
    notes = notes_of(session)
    for one in ids[:MOST_AT_ONCE]:
        paper_id = session.known(one) if isinstance(one, str) else None
        if paper_id is not None and isinstance(on, str):
            notes.tag(paper_id, on)
        elif paper_id is not None and isinstance(off, str):
            with suppress(NoteUnusable):  # it has none of that name
                notes.untag(paper_id, off)


def _choices(lang: Language, by: Marks) -> Any:
    say = texts()[lang]
    choices = [(say["library_by_category"], "category"), (say["library_by_year"], "year")]
    return load_gradio().update(choices=choices, value=by)
