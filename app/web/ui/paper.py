"""The tab to add a paper on, and to read its digest beside its pages."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any

from app.api.service import RateLimiter, limit_digest, unlimited
from app.digest import Digest, DigestSection, Language
from app.show.html import fill, template_source
from app.show.text import plain
from app.web.jobs import Job, Jobs, ReportStep, Stopped, Turns
from app.web.session import STAGES, Session, Sessions
from app.web.texts import texts
from app.web.ui.components import ONE_AT_A_TIME, PRIVATE, html, labels, language_of, load_gradio
from index.errors import GlossError, PaperNotFound
from index.sources import SUFFIXES

# Of an address that names a paper. By a click, since gr.Tabs(selected=...) of Gradio 6.31 mixes up
# the names of the tabs while they are made.
TO_THE_PAPER = """
() => {
  const turn = () => {
    const tab = document.getElementById('paper-tab-button');
    if (tab) tab.click();
    else setTimeout(turn, 50);
  };
  if (new URLSearchParams(location.search).get('paper')) turn();
}
"""
STOP_SECONDS = 5.0  # that a stopped job is waited for, to say how it ended
STORE_SECONDS = 60.0  # the same where it is storing, which ends with the paper in the library
LAST_STAGE = list(STAGES)[-1]


@dataclass(frozen=True, slots=True)
class PaperTab:
    """What the other tabs change here, and what they wait for."""

    paper: Any
    on_added: Callable[..., Any]  # takes what an event takes: a handler, inputs, outputs
    opened: Callable[[Any], str | None]  # of a request: the paper that it names, "" if unknown
    leave: Callable[..., Any]  # given a request of a session that has ended


def paper_tab(sessions: Sessions, rate_limiter: RateLimiter = unlimited) -> PaperTab:
    """Lay out the tab, inside ``gr.Blocks``.

    ``rate_limiter`` is asked before a paper is added or a language model words a digest.
    """
    gr = load_gradio()
    say = labels()
    adding: Jobs[str] = Jobs()
    wording: Jobs[DigestSection] = Jobs()
    turns = Turns()

    def last_asked(
        answer: Callable[..., Iterator[tuple[Any, ...]]],
    ) -> Callable[..., Iterator[tuple[Any, ...]]]:
        """A handler whose late answer to a former request does not replace a newer one.

        A page sets its language before its paper, in two requests that may arrive in either order:
        one without a paper counts as older than all that have one.
        """

        @wraps(answer)  # by whose signature Gradio knows that the last argument is the request
        def asked(*arguments: Any) -> Iterator[tuple[Any, ...]]:
            session_id, paper = arguments[-1].session_hash, arguments[0]
            turn = turns.begin(session_id) if paper else 0
            for shown in answer(*arguments):
                if not turns.is_last(session_id, turn):
                    yield tuple(gr.skip() for _ in shown)  # nothing at all would empty them
                    return
                yield shown

        return asked

    @last_asked
    def read(
        paper: str | None,
        lang: Language,
        writer: str,
        address: str | None,
        model: str | None,
        key: str | None,
        request: gr.Request,  # type: ignore[name-defined]
    ) -> Iterator[tuple[Any, Any, Any, Any]]:
        session_id, language = request.session_hash, language_of(request)
        session = sessions.of(session_id)
        wording.end(session_id)
        if not paper:
            yield _hint(session, request, language), "", "", gr.update(visible=False)
            return
        try:
            limit_digest(rate_limiter, request, session.library, paper, lang)
            digest = session.quoted(paper, lang)
            pages = session.pages(digest.paper.id, language)
        except PaperNotFound:
            yield _unknown(paper, language), "", "", gr.update(visible=False)
            return
        except GlossError as error:
            said = fill("no_paper.html", text=plain(str(error)))
            yield said, "", "", gr.update(visible=False)
            return
        if writer == "extractive":
            yield session.reader(digest, language), pages, "", gr.update(visible=False)
            return
        try:
            session = session.with_endpoint(
                address or "", model or "", key or ""
            )  # untouched ones are None
            if writer not in session.writers():
                yield session.reader(digest, language), pages, "", gr.update(visible=False)
                return
            rate_limiter(request)
        except GlossError as error:
            said = _told(error=plain(str(error)))
            yield session.reader(digest, language), pages, said, gr.update(visible=False)
            return
        job: Job[DigestSection] = wording.begin(session_id, _wording(session, digest, lang, writer))
        try:
            yield from _as_worded(session, digest, pages, job, writer, language)
        finally:
            wording.end(session_id, job)

    def _as_worded(
        session: Session,
        digest: Digest,
        pages: str,
        job: "Job[DigestSection]",
        writer: str,
        language: Language,
    ) -> Iterator[tuple[Any, Any, Any, Any]]:
        waiting = {section.name for section in digest.sections if section.items}
        said = _told(told=texts()[language]["paper_wording"])
        cancel = gr.update(visible=True)
        yield session.reader(digest, language, waiting), pages, said, cancel
        try:
            for section in job.steps():
                waiting.discard(section.name)
                digest = _with(digest, section)
                if section.items and not job.stopping:
                    yield session.reader(digest, language, waiting), gr.skip(), gr.skip(), gr.skip()
        except Stopped:
            return  # whoever stopped it says so
        except GlossError as error:
            said = _told(error=plain(str(error)))
            yield session.reader(digest, language), gr.skip(), said, gr.update(visible=False)
            return
        if not job.stopping:
            final = session.saved(digest.paper.id, digest.lang, writer)
            yield session.reader(final, language), gr.skip(), "", gr.update(visible=False)

    def stop_wording(request: gr.Request) -> tuple[Any, Any]:  # type: ignore[name-defined]
        language = language_of(request)
        wording.end(request.session_hash)
        said = texts()[language]["paper_wording_stopped"]
        return _told(told=said), gr.update(visible=False)

    def add(
        work: Callable[[Session, ReportStep[str]], str],
        request: gr.Request,  # type: ignore[name-defined]
    ) -> Iterator[tuple[Any, Any, Any]]:
        session_id, language = request.session_hash, language_of(request)
        session = sessions.of(session_id)
        words = texts()[language]
        found: list[str] = []
        try:
            rate_limiter(request)
        except GlossError as error:
            yield gr.skip(), _told(error=plain(str(error))), gr.update(visible=False)
            return
        job = adding.begin(session_id, lambda report: found.append(work(session, report)))
        yield gr.skip(), _stage("", language), gr.update(visible=True)
        try:
            for stage in job.steps():
                if not job.stopping:
                    yield gr.skip(), _stage(stage, language), gr.skip()
        except Stopped:
            return
        except GlossError as error:
            said = _told(error=plain(str(error)))
            yield gr.skip(), said, gr.update(visible=False)
            return
        finally:
            adding.end(session_id, job)
        said = _told(done=words["paper_added"].format(found[0]))
        update = gr.update(choices=session.choices(), value=found[0])
        yield update, said, gr.update(visible=False)

    def upload(
        path: str | None,
        request: gr.Request,  # type: ignore[name-defined]
    ) -> Iterator[tuple[Any, Any, Any]]:
        if path is not None:
            yield from add(lambda session, report: session.add(Path(path), report), request)

    def fetch(
        named: str,
        request: gr.Request,  # type: ignore[name-defined]
    ) -> Iterator[tuple[Any, Any, Any]]:
        yield from add(lambda session, report: session.fetch(named, report), request)

    def stop_adding(request: gr.Request) -> tuple[Any, Any]:  # type: ignore[name-defined]
        words = texts()[language_of(request)]
        job = adding.pop(request.session_hash)
        ended = job is not None and job.stop(STOP_SECONDS)
        if job is not None and job.last == LAST_STAGE:  # which nothing stops
            ended = job.stop(STORE_SECONDS)
        if ended:
            said = words["paper_stopped"]
        elif job is not None and job.running:
            said = words["paper_stopping"]
        else:
            said = words["paper_too_late"]
        return _told(told=said), gr.update(visible=False)

    def share(
        paper_id: str | None,
        request: gr.Request,  # type: ignore[name-defined]
    ) -> Iterator[tuple[Any, Any, Any]]:
        """Shows progress, since the paper's passages are embedded again."""
        session_id, language = request.session_hash, language_of(request)
        try:
            rate_limiter(request)
            yield gr.skip(), _told(told=texts()[language]["paper_sharing"]), gr.skip()
            shared_id = sessions.share(session_id, paper_id or "")
        except GlossError as error:
            yield gr.skip(), _told(error=plain(str(error))), gr.skip()
            return
        said = _told(done=texts()[language]["paper_shared"].format(shared_id))
        choices = sessions.of(session_id).choices()
        yield gr.update(choices=choices, value=shared_id), said, gr.update(visible=False)

    def may_share(paper_id: str | None, request: gr.Request) -> Any:  # type: ignore[name-defined]
        may = bool(paper_id) and sessions.may_share(request.session_hash, paper_id or "")
        return gr.update(visible=may, open=False)

    def leave(request: gr.Request) -> None:  # type: ignore[name-defined]
        turns.end(request.session_hash)
        wording.end(request.session_hash)
        adding.end(request.session_hash)

    def start(request: gr.Request) -> tuple[Any, Any, Any]:  # type: ignore[name-defined]
        """What a session begins with: its language, its writers, a hint or what is missing."""
        language = language_of(request)
        session = sessions.of(request.session_hash)
        asked = _named(request)
        there = asked is not None and session.known(asked) is not None
        words = texts()[language]
        writers = [(words[f"paper_writer_{name}"], name) for name in session.writers()]
        return (
            gr.update(value=language),
            gr.update(choices=writers, value="extractive", visible=len(writers) > 1),
            gr.skip() if there else _hint(session, request, language),
        )

    def offer(address: str | None, model: str | None, request: gr.Request) -> Any:  # type: ignore[name-defined]
        """The writers, once a visitor has named a model, which is called when it is chosen."""
        session, words = sessions.of(request.session_hash), texts()[language_of(request)]
        names = list(session.writers())
        if (address or "").strip() and (model or "").strip() and "endpoint" not in names:
            names.append("endpoint")
        choices = [(words[f"paper_writer_{name}"], name) for name in names]
        return gr.update(choices=choices, visible=len(choices) > 1)

    with gr.Tab(say("paper_tab"), id="paper", elem_id="paper-tab"):
        with gr.Row(elem_classes="gloss-choice"):
            paper = gr.Dropdown(
                [], value=None, label=say("paper_choice"), scale=5, elem_id="paper-choice"
            )
            lang = gr.Radio(
                [("English", "en"), ("中文", "zh")],
                value="en",
                label=say("paper_language"),
                scale=2,
                min_width=220,
            )
            writer = gr.Radio(
                [(say("paper_writer_extractive"), "extractive")],
                value="extractive",
                label=say("paper_writer"),
                scale=3,
                visible=False,
                elem_id="writer",
            )
        with gr.Row(elem_classes="gloss-add"):
            named = gr.Textbox(
                label=say("paper_add_label"),
                placeholder=say("paper_add_hint"),
                scale=5,
                max_lines=1,
                elem_id="paper-add",
            )
            button = gr.Button(say("paper_add"), size="md", scale=1, min_width=90, elem_id="add")
            chosen = gr.UploadButton(
                say("paper_upload"),
                file_types=list(SUFFIXES),
                size="md",
                scale=3,
                min_width=220,
                elem_id="upload",
            )
        with gr.Accordion(say("paper_own"), open=False, elem_id="own"):
            gr.Markdown(say("paper_own_told"))
            with gr.Row():
                address = gr.Textbox(
                    label=say("paper_own_address"),
                    placeholder="https://api.example.org/v1",
                    max_lines=1,
                    elem_id="own-address",
                )
                model = gr.Textbox(label=say("paper_own_model"), max_lines=1, elem_id="own-model")
                key = gr.Textbox(
                    label=say("paper_own_key"),
                    type="password",
                    max_lines=1,
                    elem_id="own-key",
                    html_attributes=gr.InputHTMLAttributes(autocomplete="off"),
                )
        with gr.Row(elem_classes="gloss-status"):
            progress = html("adding")
            cancel = _button(say("paper_cancel"), "cancel")
        with gr.Row(elem_classes="gloss-status"):
            worded = html("wording")
            stop = _button(say("paper_cancel_wording"), "stop")
        with gr.Accordion(
            say("paper_share"), open=False, visible=False, elem_id="share"
        ) as sharing:
            gr.Markdown(say("paper_share_told"))
            share_button = gr.Button(say("paper_share_button"), size="md", elem_id="share-button")
        with gr.Row(elem_classes="gloss-reader"):
            with gr.Column(scale=5, min_width=320):
                reading = html("digest", template_source("reader.js"))
            with gr.Column(scale=6, min_width=320, elem_classes="gloss-pages"):
                pages = html("pages")

    quiet: dict[str, Any] = {"show_progress": "hidden", **PRIVATE}
    added = gr.on(
        [button.click, named.submit],
        fetch,
        named,
        [paper, progress, cancel],
        **ONE_AT_A_TIME,
        **quiet,
    )
    uploaded = chosen.upload(upload, chosen, [paper, progress, cancel], **ONE_AT_A_TIME, **quiet)
    cancel.click(stop_adding, None, [progress, cancel], cancels=[added, uploaded], **quiet)
    shown = gr.on(
        [paper.change, lang.change, writer.change],
        read,
        [paper, lang, writer, address, model, key],
        [reading, pages, worded, stop],
        trigger_mode="multiple",
        **quiet,
    )
    paper.change(may_share, paper, sharing, **quiet)
    share_button.click(share, paper, [paper, progress, sharing], **ONE_AT_A_TIME, **quiet)
    gr.on([address.change, model.change], offer, [address, model], writer, **quiet)
    stop.click(stop_wording, None, [worded, stop], cancels=[shown], **quiet)
    load = gr.context.Context.root_block.load
    load(start, None, [lang, writer, reading], **quiet)
    load(None, None, None, js=TO_THE_PAPER, **PRIVATE)

    def on_added(*arguments: Any, **options: Any) -> None:
        added.success(*arguments, **options)
        uploaded.success(*arguments, **options)

    def opened(request: gr.Request) -> str | None:  # type: ignore[name-defined]
        asked = _named(request)
        return sessions.of(request.session_hash).known(asked) or "" if asked else None

    return PaperTab(paper, on_added, opened, leave)


def _named(request: Any) -> str | None:
    """The paper that the address of a session names: ``/?paper=2407.03300``."""
    named = request.query_params.get("paper")
    return plain(named)[:200] if named else None


def _wording(
    session: Session, digest: Digest, lang: Language, writer: str
) -> Callable[[ReportStep[DigestSection]], object]:
    return lambda report: session.worded(digest.paper.id, lang, writer, report)


def _with(digest: Digest, section: DigestSection) -> Digest:
    """The digest with a section in the place of the one of that name."""
    sections = [section if one.name == section.name else one for one in digest.sections]
    return replace(digest, sections=tuple(sections))


def _button(label: Any, element: str) -> Any:
    """A button that is there only while there is something to stop."""
    return load_gradio().Button(
        label, size="sm", scale=0, min_width=130, visible=False, elem_id=element
    )


def _nothing(language: Language) -> str:
    return fill("no_paper.html", text=texts()[language]["paper_empty"])


def _hint(session: Session, request: Any, language: Language) -> str:
    """What to do if no paper is chosen: the address may name a missing one."""
    asked = _named(request)
    if asked is None or session.known(asked) is not None:
        return _nothing(language)
    return _unknown(asked, language)


def _unknown(paper: str, language: Language) -> str:
    return fill("no_paper.html", text=texts()[language]["paper_unknown"].format(plain(paper)))


def _told(*, error: str = "", told: str = "", done: str = "") -> str:
    return fill("adding.html", error=error, told=told, done=done, stage="")


def _stage(stage: str, language: Language) -> str:
    names = list(STAGES)
    return fill(
        "adding.html",
        error="",
        told="",
        done="",
        stage=stage or names[0],
        stages=names,
        percent=round(100 * STAGES.get(stage, 0.0)),
        say=texts()[language],
    )
