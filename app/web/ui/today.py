"""The tab that shows a day's papers, the nearest to what the reader keeps first."""

from typing import Any

from app.digest import Language
from app.interests.filters import PaperFilter
from app.show.html import fill, template_source
from app.web.session import Session, Sessions
from app.web.texts import texts
from app.web.today import MOST, DayFilter, DayList, day_list, words_of
from app.web.ui.components import (
    PRIVATE,
    as_gradio_error,
    event_value,
    html,
    labels,
    language_of,
    load_gradio,
)
from index.catalog import Mark


def today_tab(sessions: Sessions) -> None:
    """Lay out the tab, inside ``gr.Tabs``."""
    gr = load_gradio()
    say = labels()

    def show(
        day: str | None,
        keywords: str,
        authors: str,
        unread: bool,
        tag: str | None,
        request: gr.Request,  # type: ignore[name-defined]
    ) -> tuple[Any, Any, str, str]:
        lang, session = language_of(request), sessions.of(request.session_hash)
        wanted = _filter(day, keywords, authors, unread, tag)
        with as_gradio_error(lang):
            shown = _shown(session, wanted, lang)
        choices = gr.update(choices=list(shown.days), value=shown.day or None)
        listed = fill(
            "today.html",
            day=shown,
            samples=bool(session.samples()),
            say=texts()[lang],
            lang=lang,
        )
        tags = [(texts()[lang]["library_any_tag"], ""), *((one, one) for one in shown.tags)]
        chosen = next((one for one in shown.tags if one == tag), "")
        by_tag = gr.update(choices=tags, value=chosen, visible=bool(shown.tags))
        return choices, by_tag, _line(shown, lang), listed

    def mark(
        day: str | None,
        event: gr.EventData,  # type: ignore[name-defined]
        request: gr.Request,  # type: ignore[name-defined]
    ) -> str:
        lang, session = language_of(request), sessions.of(request.session_hash)
        ids, asked = event_value(event, "ids"), event_value(event, "mark")
        known: Mark = "kept" if asked == "kept" else "read"
        with as_gradio_error(lang):
            if isinstance(ids, list):
                named = [one for one in ids if isinstance(one, str)][:MOST]
                session.library.mark(named, known, event_value(event, "on") is True)
            return _unread(session, day or "", lang)

    def mark_all(
        day: str | None,
        keywords: str,
        authors: str,
        unread: bool,
        tag: str | None,
        request: gr.Request,  # type: ignore[name-defined]
    ) -> tuple[Any, Any, str, str]:
        lang, session = language_of(request), sessions.of(request.session_hash)
        wanted = _filter(day, keywords, authors, True, tag)
        with as_gradio_error(lang):
            shown = _shown(session, wanted, lang)
            session.library.mark([line.id for line in shown.lines], "read")
        return show(day, keywords, authors, unread, tag, request)

    with gr.Tab(say("today_tab"), id="today") as tab:
        with gr.Row(elem_classes="gloss-ask"):
            day = gr.Dropdown(
                [], label=say("today_day"), min_width=170, scale=1, elem_id="today-day"
            )
            keywords, authors = (
                gr.Textbox(
                    label=say(f"today_{name}"),
                    placeholder=say(f"today_{name}_hint"),
                    max_lines=1,
                    scale=3,
                    min_width=160,
                    elem_id=f"today-{name}",
                )
                for name in ("keywords", "authors")
            )
            tag = gr.Dropdown(
                [],
                label=say("library_by_tag"),
                min_width=120,
                scale=1,
                visible=False,
                elem_id="today-tag",
            )
            unread = gr.Checkbox(
                label=say("today_unread"), min_width=170, scale=1, elem_id="today-unread"
            )
            all_read = gr.Button(say("today_all_read"), size="sm", scale=0, min_width=150)
        line = html("today-line", "element.setAttribute('role', 'status');")
        listed = html("today-list", template_source("today.js"))
    asked, shown = [day, keywords, authors, unread, tag], [day, tag, line, listed]
    quiet: dict[str, Any] = {"show_progress": "hidden", **PRIVATE}
    gr.on([tab.select, day.input, unread.input, tag.input], show, asked, shown, **quiet)
    for words in (keywords, authors):
        words.change(show, asked, shown, trigger_mode="always_last", **quiet)
    listed.click(mark, day, line, trigger_mode="multiple", **quiet)
    all_read.click(mark_all, asked, shown, **quiet)


def _filter(
    day: str | None, keywords: str, authors: str, unread: bool, tag: str | None
) -> DayFilter:
    words = PaperFilter(words_of(keywords), words_of(authors))
    return DayFilter(day or "", words, bool(unread), tag or "")


def _shown(session: Session, wanted: DayFilter, lang: Language) -> DayList:
    return day_list(session.library, session.settings, wanted, lang)


def _line(shown: DayList, lang: Language) -> str:
    say = texts()[lang]
    if not shown.papers:
        return ""
    if len(shown.lines) < min(shown.papers, MOST):
        said = say["today_found"].format(len(shown.lines), shown.papers, shown.day)
    else:
        said = say["today_count"].format(shown.papers, shown.day, shown.unread)
    return fill("today_line.html", said=said)


def _unread(session: Session, day: str, lang: Language) -> str:
    """The line after a mark was set: no list has to be ranked for it."""
    there = {
        row.id for row in session.library.shelf() if row.status == "ok" and row.added[:10] == day
    }
    unread = len(there - session.library.marked("read"))
    said = texts()[lang]["today_count"].format(len(there), day, unread)
    return fill("today_line.html", said=said)
