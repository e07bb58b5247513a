"""The tab that sets papers side by side, in a table that is filled cell by cell."""

import time
from collections.abc import Collection, Iterator
from typing import Any

from app.api.dates import NotADate, dated
from app.api.failures import QueryUnusable
from app.api.service import QUERY_MOST, RateLimiter, limit_compare, unlimited
from app.compare import MOST, Comparison, table_of
from app.compare.choice import chosen
from app.compare.columns import COLUMNS, question_columns
from app.digest import Language
from app.show.html import fill as fill_template
from app.show.html import template_source
from app.show.text import plain
from app.web.comparing import (
    DATE,
    PAPER,
    QUESTIONS_MOST,
    Desk,
    Desks,
    Layout,
    filled_in_turn,
    named_in,
    table_html,
)
from app.web.errors import line_of
from app.web.jobs import Job, Jobs, ReportStep, Stopped, Turns
from app.web.session import Session, Sessions
from app.web.texts import texts
from app.web.ui.components import PRIVATE, event_value, html, labels, language_of, load_gradio
from index.errors import GlossError

FOUND = 6  # papers that a search or a day adds
SHOWN_EVERY = 0.4  # seconds between two tables that are sent, each of them whole


class TooManyQuestions(GlossError):
    """More questions than a table has room for."""

    def __init__(self) -> None:
        super().__init__(f"at most {QUESTIONS_MOST} questions; reload the page to begin anew")


def compare_tab(sessions: Sessions, rate_limiter: RateLimiter = unlimited) -> None:
    """Lay out the tab, inside ``gr.Tabs``.

    ``rate_limiter`` is asked before a digest is written, and for each new question.
    """
    gr = load_gradio()
    say = labels()
    jobs: Jobs[Comparison] = Jobs()
    turns = Turns()
    desks = Desks()

    def build(
        papers: list[str] | None,
        question: str | None,
        request: gr.Request,  # type: ignore[name-defined]
    ) -> Iterator[tuple[Any, Any, Any, Any]]:
        """The table as it is filled; a question that was typed is a column from now on."""
        session_id, lang = request.session_hash, language_of(request)
        session, desk = sessions.of(session_id), desks.of(session_id)
        turn = turns.begin(session_id)
        jobs.end(session_id)
        said, done = "", gr.update(visible=False)
        try:
            former, known = desk.questions, desk.table
            asked = _with(former, question)
            table = table_of(session.library, papers or (), (*COLUMNS, *question_columns(asked)))
            fresh = [one for one in asked if one not in former]
            limit_compare(rate_limiter, request, session.library, papers or (), fresh)
        except GlossError as error:
            yield gr.skip(), _told(line_of(error, lang)), done, gr.skip()
            return
        desk.questions = asked
        desk.table = table.knowing(known) if known is not None else table
        yield table_html(session.library, desk, lang), said, gr.update(visible=True), ""
        job: Job[Comparison] = jobs.begin(session_id, _filling(session, desk.table))
        try:
            for shown in _shown_at_times(job, session, desk, lang):
                if not turns.is_last(session_id, turn):
                    yield gr.skip(), gr.skip(), gr.skip(), gr.skip()
                    return
                yield shown, gr.skip(), gr.skip(), gr.skip()
        except Stopped:
            said = _told(said=texts()[lang]["compare_stopped"])
        except GlossError as error:
            said = _told(line_of(error, lang))
        finally:
            jobs.end(session_id, job)
        if turns.is_last(session_id, turn):
            yield table_html(session.library, desk, lang), said, done, gr.skip()
        else:
            yield gr.skip(), gr.skip(), gr.skip(), gr.skip()

    def stop(request: gr.Request) -> Any:  # type: ignore[name-defined]
        jobs.end(request.session_hash)
        return gr.update(visible=False)

    def act(event: gr.EventData, request: gr.Request) -> str:  # type: ignore[name-defined]
        """Sort, hide or show a column of the table."""
        session, desk = sessions.of(request.session_hash), desks.of(request.session_hash)
        names = {PAPER, DATE, *(one.name for one in desk.table.columns)} if desk.table else set()
        desk.layout = _laid_out(desk.layout, event, names)
        return table_html(session.library, desk, language_of(request))

    def find(
        query: str | None,
        papers: list[str] | None,
        request: gr.Request,  # type: ignore[name-defined]
    ) -> tuple[Any, Any, Any]:
        """The papers of a search, of a day or of a tag, beside those that are chosen."""
        lang, session = language_of(request), sessions.of(request.session_hash)
        words = (query or "").strip()
        if not words:
            return gr.skip(), gr.skip(), gr.skip()
        try:
            _check_length("query", words)
            found = chosen(
                session.library,
                papers or (),
                most=FOUND,
                notes=session.library.notes,
                **_named_by(words),
            )
        except GlossError as error:
            return gr.skip(), _told(line_of(error, lang)), gr.skip()
        added = len(found.ids) - len(papers or ())
        said = _told(said=texts()[lang]["compare_added"].format(added))
        return gr.update(choices=session.choices(), value=list(found.ids[:MOST])), said, ""

    def refresh(request: gr.Request) -> tuple[Any, Any]:  # type: ignore[name-defined]
        session, desk = sessions.of(request.session_hash), desks.of(request.session_hash)
        table = begun(session, desk, language_of(request)) if desk.table is None else gr.skip()
        return gr.update(choices=session.choices()), table

    def begun(session: Session, desk: Desk, lang: Language) -> str:
        return table_html(session.library, desk, lang, bool(session.samples()))

    def arrive(request: gr.Request) -> tuple[Any, Any]:  # type: ignore[name-defined]
        """The papers to choose from, and those that the address names, with its questions."""
        session = sessions.of(request.session_hash)
        papers, asked = named_in({k: str(v) for k, v in dict(request.query_params).items()})
        there = [known for one in papers[:MOST] if (known := session.known(one)) is not None]
        short = tuple(one for one in asked if len(one) <= QUERY_MOST)
        desks.of(request.session_hash).questions = short[:QUESTIONS_MOST]
        update = gr.update(choices=session.choices(), value=there)
        return update, begun(session, Desk(), language_of(request))

    def begin(
        papers: list[str] | None,
        request: gr.Request,  # type: ignore[name-defined]
    ) -> Iterator[tuple[Any, Any, Any, Any]]:
        if papers and len(papers) > 1:
            yield from build(papers, "", request)
        else:
            yield gr.skip(), gr.skip(), gr.skip(), gr.skip()

    def leave(request: gr.Request) -> None:  # type: ignore[name-defined]
        turns.end(request.session_hash)
        jobs.end(request.session_hash)
        desks.end(request.session_hash)

    with gr.Tab(say("compare_tab"), id="compare") as tab:
        papers = gr.Dropdown(
            [],
            value=[],
            multiselect=True,
            max_choices=MOST,
            label=say("compare_papers"),
            elem_id="compare-papers",
        )
        with gr.Row(equal_height=False, elem_classes="gloss-compare"):
            query = gr.Textbox(
                label=say("compare_find"),
                placeholder=say("compare_find_hint"),
                max_lines=1,
                max_length=QUERY_MOST,
                scale=4,
                min_width=240,
                elem_id="compare-find",
            )
            question = gr.Textbox(
                label=say("compare_question"),
                placeholder=say("compare_question_hint"),
                max_lines=1,
                max_length=QUERY_MOST,
                scale=4,
                min_width=240,
                elem_id="compare-question",
            )
            button = gr.Button(
                say("compare_button"), variant="primary", scale=1, min_width=120, elem_id="compare"
            )
            cancel = gr.Button(
                say("compare_stop"), scale=1, min_width=100, visible=False, elem_id="compare-stop"
            )
        said = html("compare-said", "element.setAttribute('role', 'status');")
        table = gr.HTML(
            elem_id="compare-table",
            apply_default_css=False,
            css_template=template_source("compare.css"),
            js_on_load=template_source("compare.js"),
        )

    quiet: dict[str, Any] = {"show_progress": "hidden", **PRIVATE}
    # Each click counts, also while the former table is being filled: the last one wins.
    many: dict[str, Any] = {"trigger_mode": "multiple", "concurrency_limit": None, **quiet}
    built = [table, said, cancel, question]
    gr.on([button.click, question.submit], build, [papers, question], built, **many)
    cancel.click(stop, None, cancel, **quiet)
    query.submit(find, [query, papers], [papers, said, query], **quiet)
    table.input(act, None, table, **many)
    tab.select(refresh, None, [papers, table], **quiet)
    root = gr.context.Context.root_block
    root.load(arrive, None, [papers, table], **quiet).success(begin, papers, built, **many)
    root.unload(leave)


def _with(questions: tuple[str, ...], question: str | None) -> tuple[str, ...]:
    """The questions and a new one. Raises ``GlossError`` for too many."""
    new = " ".join((question or "").split())
    _check_length("question", new)
    asked = tuple(dict.fromkeys((*questions, new))) if new else questions
    if len(asked) > QUESTIONS_MOST:
        raise TooManyQuestions
    return asked


def _check_length(name: str, words: str) -> None:
    """What a text field says of its length holds in browsers alone. Raises ``QueryUnusable``."""
    if len(words) > QUERY_MOST:
        raise QueryUnusable(name, f"at most {QUERY_MOST} characters")


def _filling(session: Session, table: Comparison) -> Any:
    def work(report: ReportStep[Comparison]) -> None:
        for filled in filled_in_turn(session.library, table):
            report(filled)

    return work


def _shown_at_times(job: Job[Comparison], session: Session, desk: Desk, lang: Any) -> Iterator[str]:
    """The table now and then while the job fills it; the desk has it with every cell."""
    last = 0.0
    for filled in job.steps():
        if job.stopping:
            continue
        desk.table = filled
        if time.monotonic() - last >= SHOWN_EVERY:
            last = time.monotonic()
            yield table_html(session.library, desk, lang)


def _laid_out(layout: Layout, event: Any, names: Collection[str]) -> Layout:
    """The layout after an event that sorts, hides or shows a column of one of the names."""
    sort, hide, show = (event_value(event, name) for name in ("sort", "hide", "show"))
    if isinstance(sort, str) and sort in names:
        return layout.sorting(sort)
    if isinstance(hide, str) and hide in names:
        return Layout(layout.hidden | {hide}, layout.sorted_by, layout.descending)
    if isinstance(show, str) and show in names:
        return Layout(layout.hidden - {show}, layout.sorted_by, layout.descending)
    return layout


def _named_by(words: str) -> dict[str, str]:
    """What a person typed as an argument of ``chosen``: "#to read" is a tag."""
    if words.startswith("#") and words[1:].strip():
        return {"tag": words[1:].strip()}
    return {"day": words} if _is_day(words) else {"query": words}


def _is_day(text: str) -> bool:
    try:
        return bool(dated(text))
    except NotADate:
        return False


def _told(error: str = "", said: str = "") -> str:
    return fill_template("compare_said.html", error=plain(error), said=said)
