"""The tab that shows the papers of the library: as a map, in time, and as a table."""

from dataclasses import dataclass
from typing import Any

from app.digest import Language
from app.web.pictures import Marks
from app.web.session import Session, Sessions
from app.web.texts import texts
from app.web.ui.components import (
    CHOOSE,
    PRIVATE,
    as_gradio_error,
    html,
    labels,
    language_of,
    load_gradio,
)


@dataclass(frozen=True, slots=True)
class LibraryTab:
    """Where papers can be opened from, and the events that ask for what there is now."""

    links: tuple[Any, ...]
    asks: tuple[Any, ...]


def library_tab(sessions: Sessions) -> LibraryTab:
    """Lay out the tab, inside ``gr.Tabs``."""
    gr = load_gradio()
    say = labels()

    def show(by: str | None, request: gr.Request) -> tuple[Any, str, str]:  # type: ignore[name-defined]
        lang, session = language_of(request), sessions.of(request.session_hash)
        marks: Marks = "year" if by == "year" else "category"
        with as_gradio_error(lang):
            return _choices(lang, marks), *_shown(session, marks, lang)

    with gr.Tab(say("library_tab"), id="library") as tab:
        with gr.Row():
            by = gr.Radio([], label=say("library_by"), elem_id="map-by")
            again = gr.Button(say("library_refresh"), size="sm", scale=0, min_width=120)
        pictures = html("pictures", CHOOSE)
        table = html("papers", CHOOSE)
    shown = [by, pictures, table]
    gr.on([tab.select, again.click, by.input], show, by, shown, show_progress="hidden", **PRIVATE)
    return LibraryTab((pictures, table), (tab.select, again.click))


def _shown(session: Session, by: Marks, lang: Language) -> tuple[str, str]:
    return session.pictures(by, lang), session.papers(lang)


def _choices(lang: Language, by: Marks) -> Any:
    say = texts()[lang]
    choices = [(say["library_by_category"], "category"), (say["library_by_year"], "year")]
    return load_gradio().update(choices=choices, value=by)
