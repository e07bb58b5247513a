"""The part of the app that adds papers: from arXiv, from files, or the samples."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.api.service import RateLimiter, unlimited
from app.digest import Language
from app.show.html import fill
from app.show.text import plain
from app.web.errors import line_of
from app.web.importing import DroppedEntry, dropped, import_entry
from app.web.jobs import Jobs, ReportStep, Stopped
from app.web.session import STAGES, Session, Sessions
from app.web.texts import texts
from app.web.ui.components import ONE_AT_A_TIME, PRIVATE, html, labels, language_of, load_gradio
from index.bibliography import ENDINGS, ExportUnusable
from index.errors import GlossError
from index.library import Library
from index.sources import SUFFIXES

STOP_SECONDS = 5.0  # that a stopped job is waited for, to say how it ended
STORE_SECONDS = 60.0  # the same where it is storing, which ends with the paper in the library
LAST_STAGE = list(STAGES)[-1]
OF_FILES = [stage for stage in STAGES if stage not in ("look up", "download")]
MOST = 200  # papers that are asked for at once

Add = Callable[[Session, Callable[[str], None]], str]
"""Adds one paper, is given what to call at each stage, and returns the paper's id."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A paper to add: as what it is shown, through which stages it goes, and how it is added."""

    name: str
    stages: Sequence[str]
    add: Add


@dataclass(frozen=True, slots=True)
class Line:
    """What is said of one paper: where it is, or why it is not."""

    name: str
    state: str  # waiting, now, done or failed
    paper_id: str = ""
    title: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What has come of all papers so far, and the stage of the one that is being added."""

    lines: tuple[Line, ...]
    stages: Sequence[str] = ()
    stage: str = ""


def add_tab(
    sessions: Sessions, rate_limiter: RateLimiter = unlimited, own: Library | None = None
) -> Callable[[Any], None]:
    """Lay out the tab, inside ``gr.Tabs``; gives what to call when a session has ended.

    ``rate_limiter`` is asked before each paper; ``own`` is the library where who asks is its
    reader, who may import exports of reference managers.
    """
    gr = load_gradio()
    say = labels()
    adding: Jobs[Step] = Jobs()

    def add(wanted: list[Wanted], request: gr.Request) -> Iterator[tuple[Any, Any]]:  # type: ignore[name-defined]
        session_id, language = request.session_hash, language_of(request)
        session = sessions.of(session_id)
        job = adding.begin(
            session_id, lambda report: _add_all(session, wanted, rate_limiter, request, report)
        )
        yield _shown(_begun(wanted), language), gr.update(visible=True)
        last = _begun(wanted)
        try:
            for last in job.steps():
                if not job.stopping:
                    yield _shown(last, language), gr.skip()
        except Stopped:
            return
        finally:
            adding.end(session_id, job)
        yield _shown(last, language), gr.update(visible=False)

    def upload(
        paths: list[str] | None,
        request: gr.Request,  # type: ignore[name-defined]
    ) -> Iterator[tuple[Any, Any, Any]]:
        wanted = _dropped([Path(path) for path in paths or []], own)[:MOST]
        for number, shown in enumerate(add(wanted, request) if wanted else ()):
            yield *shown, gr.update(value=None) if number == 0 else gr.skip()

    def fetch(
        named: str,
        request: gr.Request,  # type: ignore[name-defined]
    ) -> Iterator[tuple[Any, Any]]:
        yield from add(
            list(map(_of_arxiv, named.replace(",", " ").split()[:MOST] or [""])), request
        )

    def samples(request: gr.Request) -> Iterator[tuple[Any, Any]]:  # type: ignore[name-defined]
        session = sessions.of(request.session_hash)
        yield from add([_file(path) for path in session.samples()], request)

    def stop(request: gr.Request) -> tuple[Any, Any]:  # type: ignore[name-defined]
        words = texts()[language_of(request)]
        job = adding.pop(request.session_hash)
        ended = job is not None and job.stop(STOP_SECONDS)
        if job is not None and job.last is not None and job.last.stage == LAST_STAGE:
            ended = job.stop(STORE_SECONDS)  # which nothing stops
        lines = _ended(job.last.lines) if job is not None and job.last is not None else ()
        if ended:
            some = any(one.state == "done" for one in lines)
            told = words["paper_stopped_some" if some else "paper_stopped"]
        elif job is not None and job.running:
            told = words["paper_stopping"]
        else:
            told = words["paper_too_late"]
        shown = fill("adding.html", told=told, step=Step(lines), say=words)
        return shown, gr.update(visible=False)

    def offer(request: gr.Request) -> Any:  # type: ignore[name-defined]
        session = sessions.of(request.session_hash)
        return gr.update(visible=not session.library.count() and bool(session.samples()))

    with gr.Tab(say("add_tab"), id="add"):
        with gr.Row(elem_classes="gloss-add"):
            named = gr.Textbox(
                label=say("paper_add_label"),
                placeholder=say("paper_add_hint"),
                scale=5,
                max_lines=1,
                elem_id="paper-add",
            )
            button = gr.Button(
                say("paper_add"), variant="primary", scale=1, min_width=90, elem_id="add"
            )
        files = gr.File(
            label=say("paper_upload" if own is None else "paper_upload_import"),
            file_count="multiple",
            file_types=[*SUFFIXES, *(ENDINGS if own is not None else ())],
            height=150,
            elem_id="upload",
        )
        ours = gr.Button(say("add_samples"), visible=False, elem_id="samples")
        with gr.Row(elem_classes="gloss-status"):
            progress = html("adding")
            cancel = gr.Button(
                say("paper_cancel"),
                size="sm",
                scale=0,
                min_width=130,
                visible=False,
                elem_id="cancel",
            )

    quiet: dict[str, Any] = {"show_progress": "hidden", **PRIVATE}
    shown = [progress, cancel]
    runs = [
        gr.on([button.click, named.submit], fetch, named, shown, **ONE_AT_A_TIME, **quiet),
        files.upload(upload, files, [*shown, files], **ONE_AT_A_TIME, **quiet),
        ours.click(samples, None, shown, **ONE_AT_A_TIME, **quiet),
    ]
    cancel.click(stop, None, shown, cancels=runs, **quiet)
    gr.context.Context.root_block.load(offer, None, ours, **quiet)

    def leave(session_id: Any) -> None:
        adding.end(session_id)

    return leave


def _dropped(paths: Sequence[Path], own: Library | None) -> list[Wanted]:
    """Files to add, and entries of exports to import."""
    if own is None:
        return list(map(_file, paths))
    drop = dropped(paths)
    entries = [_entry(one, own) for one in drop.entries]
    return [*map(_unusable, drop.unusable), *entries, *map(_file, drop.files)]


def _entry(one: DroppedEntry, own: Library) -> Wanted:
    stages = list(STAGES) if one.from_arxiv else OF_FILES
    name = plain(one.entry.title)[:200]
    return Wanted(name, stages, lambda session, tell: import_entry(session, own, one, tell))


def _unusable(error: ExportUnusable) -> Wanted:
    def refuse(session: Session, tell: Callable[[str], None]) -> str:
        raise error

    return Wanted(error.source, OF_FILES, refuse)


def _file(path: Path) -> Wanted:
    return Wanted(path.name, OF_FILES, lambda session, tell: session.add(path, tell))


def _of_arxiv(named: str) -> Wanted:
    return Wanted(named[:200], list(STAGES), lambda session, tell: session.fetch(named, tell))


def _begun(wanted: Sequence[Wanted]) -> Step:
    lines = [Line(one.name, "waiting" if number else "now") for number, one in enumerate(wanted)]
    return Step(tuple(lines), wanted[0].stages, wanted[0].stages[0])


def _ended(lines: Sequence[Line]) -> tuple[Line, ...]:
    return tuple(one for one in lines if one.state in ("done", "failed"))


def _add_all(
    session: Session,
    wanted: Sequence[Wanted],
    rate_limiter: RateLimiter,
    request: Any,
    report: ReportStep[Step],
) -> None:
    """Add one paper after the other; what fails says why, and the next one is added."""
    lines = list(_begun(wanted).lines)

    def tell(one: Wanted, stage: str = "") -> None:
        report(Step(tuple(lines), one.stages, stage))

    for number, one in enumerate(wanted):
        lines[number] = Line(one.name, "now")
        tell(one, one.stages[0])
        try:
            rate_limiter(request)
            paper_id = one.add(session, lambda stage, one=one: tell(one, stage))  # type: ignore[misc]
            title = plain(session.library.row(paper_id).title)
            lines[number] = Line(one.name, "done", paper_id, title or paper_id)
        except Stopped:
            raise
        except GlossError as error:
            lines[number] = Line(one.name, "failed", reason=line_of(error, language_of(request)))
        tell(one)


def _shown(step: Step, language: Language) -> str:
    return fill("adding.html", told="", step=step, say=texts()[language])
