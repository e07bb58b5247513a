"""The tab to search passages and digests on, and to ask."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from app.digest import Language
from app.show.html import fill
from app.show.text import plain
from app.show.words import ROLE_TITLES
from app.web.session import FoundPlaces, HitPlace, Session, Sessions, filter_of
from app.web.texts import texts
from app.web.ui.components import (
    ANNOUNCE,
    CHOOSE,
    PRIVATE,
    TOUR,
    as_gradio_error,
    chosen_place,
    event_value,
    html,
    labels,
    language_of,
    load_gradio,
    no_page,
    page_image,
    shown_place,
)
from index.errors import GlossError
from index.hits import SearchFilter
from index.paper import ROLES

PASSAGES, DIGESTS, ASK = "passages", "digests", "ask"  # what is searched, or asked
WAYS: dict[str, Callable[[Session, str, SearchFilter, Language], FoundPlaces]] = {
    PASSAGES: Session.search,
    DIGESTS: Session.search_digests,
    ASK: Session.ask,
}
# Of the tour's steps those that ask something: how, and which text is the question.
STEPS = {"find": (PASSAGES, "tour_find_query"), "ask": (ASK, "tour_ask_query")}


def _kept(way: str, wait: bool = True, done: bool = True) -> str:
    """A script that puts the query into the address, and passes it on."""
    said = "(...asked) => { gloss.keep(" + way + ", ...asked.slice(0, 6));"
    return f"{said} {'gloss.wait(true);' * wait} {'gloss.tourDone();' * done} return asked; }}"


def _when_done(event: Any) -> None:
    """Gradio runs the next step only after a success, so both events are set."""
    for ended in (event.success, event.failure):
        ended(fn=None, js="() => gloss.wait(false)", **PRIVATE)


@dataclass(frozen=True, slots=True)
class SearchTab:
    """What others change here, and the places with links that open a paper."""

    paper_filter: Any
    filters: tuple[Any, ...]  # paper, year, category: what depends on the papers
    links: tuple[Any, ...]


def search_tab(sessions: Sessions, blocks: Any) -> SearchTab:
    """Lay out the tab, inside ``gr.Tabs`` of the blocks."""
    gr = load_gradio()
    say = labels()

    def picked(places: list[HitPlace], event: gr.EventData, request: gr.Request) -> Any:  # type: ignore[name-defined]
        lang = language_of(request)
        return chosen_place(sessions.of(request.session_hash), places, event, lang)

    def search(
        query: str,
        among: str | None,
        paper: str | None,
        role: str | None,
        year: str | None,
        category: str | None,
        request: gr.Request,  # type: ignore[name-defined]
    ) -> tuple[str, str, list[HitPlace], Any, str]:
        asked = query, filter_of(paper, role, year, category)
        return _found(sessions, among or PASSAGES, *asked, request)

    def ask(
        query: str,
        among: str | None,
        paper: str | None,
        role: str | None,
        year: str | None,
        category: str | None,
        request: gr.Request,  # type: ignore[name-defined]
    ) -> tuple[str, str, list[HitPlace], Any, str]:
        return _found(sessions, ASK, query, filter_of(paper, role, year, category), request)

    def search_anew(
        query: str,
        among: str | None,
        paper: str | None,
        role: str | None,
        year: str | None,
        category: str | None,
        way: str | None,
        request: gr.Request,  # type: ignore[name-defined]
    ) -> Any:
        if not query.strip():
            return gr.skip()
        known = ASK if way == ASK else among or PASSAGES
        return _found(sessions, known, query, filter_of(paper, role, year, category), request)

    def roles_that_count(among: str | None) -> Any:
        if among == DIGESTS:  # whose sentences have no role
            return gr.update(value="", interactive=False)
        return gr.update(interactive=True)

    def step(event: gr.EventData, request: gr.Request) -> Any:  # type: ignore[name-defined]
        known = STEPS.get(str(event_value(event, "step")))
        if known is None:
            return gr.skip()
        way, key = known
        lang = language_of(request)
        session = sessions.of(request.session_hash)
        query = texts()[lang][key]
        with as_gradio_error(lang):
            found = WAYS[way](session, query, SearchFilter(), lang)
            # The first that has a page to show; a paper of Markdown has none.
            shown = next((one for one in found.places if one.boxes), None)
            shown = shown or next(iter(found.places), None)
            first = shown_place(session, shown, lang) if shown else (no_page(), "")
        return (query, way, _line(found.said), found.shown, found.places, *first)

    def arrive(request: gr.Request) -> Any:  # type: ignore[name-defined]
        lang, session = language_of(request), sessions.of(request.session_hash)
        asked = {name: str(request.query_params.get(name, "")) for name in ADDRESS}
        lists = _lists(session, lang)
        chosen = {name: _known(asked[name], lists[name]) for name in lists}
        way = asked["in"] if asked["in"] in WAYS else PASSAGES
        tour, empty = session.welcome(lang)
        updates = [
            gr.update(
                choices=_choices_of_among(lang), value=DIGESTS if way == DIGESTS else PASSAGES
            ),
            *(gr.update(choices=lists[name], value=chosen[name]) for name in lists),
        ]
        query = asked["q"][:MOST_LETTERS]
        found: tuple[Any, ...] = ("", empty, [], no_page(), "")
        if query.strip():
            wanted = filter_of(chosen["of"], chosen["part"], chosen["year"], chosen["category"])
            try:
                seen = WAYS[way](session, query, wanted, lang)
                found = _shown(seen)
            except GlossError as error:
                found = ("", fill("empty.html", said=plain(str(error))), [], no_page(), "")
        return query, *updates, tour, *found

    with gr.Tab(say("search_tab"), id="search"):
        with gr.Row(equal_height=False, elem_classes="gloss-ask"):
            query = gr.Textbox(
                label=say("search_query"),
                placeholder=say("search_placeholder"),
                max_lines=1,
                max_length=MOST_LETTERS,
                scale=8,
                min_width=260,
                elem_id="query",
            )
            search_button = gr.Button(
                say("search_button"), variant="primary", scale=1, min_width=100
            )
            ask_button = gr.Button(say("search_ask"), scale=1, min_width=100)
        with gr.Row(equal_height=False):
            among = gr.Radio([], label=say("search_among"), scale=2, min_width=300, elem_id="among")
            with gr.Column(scale=3, min_width=300):  # noqa: SIM117
                with gr.Accordion(say("search_filters"), open=False, elem_id="filters"), gr.Row():
                    paper, role, year, category = (
                        gr.Dropdown([], label=say(f"search_{name}"), min_width=140)
                        for name in ("paper", "role", "year", "category")
                    )
        with gr.Row():
            with gr.Column(scale=5, min_width=320, elem_classes="gloss-found"):
                tour = html("tour", TOUR)
                said = html("said", ANNOUNCE)
                hits = html("hits", CHOOSE)
            with gr.Column(scale=4, min_width=320, elem_classes="gloss-place"):
                line = html("hit-line", ANNOUNCE)
                image = page_image("hit-image")
        places = gr.State([])
        way = gr.Textbox(visible=False)

    found = [said, hits, places, image, line]
    asked = [query, among, paper, role, year, category]
    quiet = {**PRIVATE, "show_progress": "hidden"}
    for event in (query.submit, search_button.click):
        _when_done(event(search, asked, found, js=_kept("''"), **quiet))
    _when_done(ask_button.click(ask, asked, found, js=_kept("'ask'"), **quiet))
    among.input(roles_that_count, among, role, **quiet)
    again = (
        "(...asked) => { const way = gloss.way() === 'ask' ? 'ask' : '';"
        " if (asked[0].trim()) { gloss.keep(way, ...asked.slice(0, 6)); gloss.wait(true); }"
        " asked[6] = way; return asked; }"
    )
    for one in (paper, role, year, category):
        _when_done(one.input(search_anew, [*asked, way], found, js=again, **quiet))
    anew = again.replace("gloss.way() === 'ask' ? 'ask' : ''", "''")  # what was chosen counts
    _when_done(among.input(search_anew, [*asked, way], found, js=anew, **quiet))
    tour.select(step, None, [query, way, *found], **quiet).success(
        fn=None,
        inputs=[*asked, way],
        js="(...asked) => { gloss.keep(asked[6], ...asked.slice(0, 6)); }",
        **PRIVATE,
    )
    hits.click(picked, places, [image, line], **quiet)
    blocks.load(arrive, None, [*asked, tour, *found], **quiet)
    return SearchTab(paper, (paper, year, category), (hits, tour))


ADDRESS = ("q", "in", "of", "part", "year", "category")  # what the address says of a search
MOST_LETTERS = 1000


def _found(
    sessions: Sessions, way: str, query: str, wanted: SearchFilter, request: Any
) -> tuple[str, str, list[HitPlace], Any, str]:
    lang = language_of(request)
    if way == DIGESTS:  # whose sentences have no role; the filter may not know yet
        wanted = replace(wanted, role=None)
    with as_gradio_error(lang):
        found = WAYS[way](sessions.of(request.session_hash), query, wanted, lang)
    return _shown(found)


def _shown(found: FoundPlaces) -> tuple[str, str, list[HitPlace], Any, str]:
    """What a search gives to the tab's places, before anything is chosen."""
    hint = fill("empty.html", said=texts()[found.lang]["search_choose"]) if found.places else ""
    return _line(found.said), found.shown, found.places, no_page(), hint


def _line(said: str) -> str:
    return fill("said.html", said=said)


def _choices_of_among(lang: Language) -> list[tuple[str, str]]:
    say = texts()[lang]
    return [(say["search_passages"], PASSAGES), (say["search_digests"], DIGESTS)]


def _lists(session: Session, lang: Language) -> dict[str, list[tuple[str, str]]]:
    """The choices of each filter, by its name in the address."""
    say = texts()[lang]
    roles = [(ROLE_TITLES.get(one, {}).get(lang) or say["role_other"], one) for one in ROLES]
    return {
        "of": [(say["search_paper_all"], ""), *session.choices()],
        "part": [(say["search_role_all"], ""), *roles],
        "year": [(say["search_year_all"], ""), *((one, one) for one in session.years())],
        "category": [
            (say["search_category_all"], ""),
            *((one, one) for one in session.categories()),
        ],
    }


def filters_of(session: Session, lang: Language) -> list[Any]:
    """Updates of the filters that depend on the papers, once these have changed."""
    lists = _lists(session, lang)
    return [load_gradio().update(choices=lists[name]) for name in ("of", "year", "category")]


def _known(value: str, choices: list[tuple[str, str]]) -> str:
    return value if any(value == one for _, one in choices) else ""
