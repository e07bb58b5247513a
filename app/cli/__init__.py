"""The command line. Every command is a few lines: open the library, ask it, print the answer.

What a command answers goes to standard output, ``--json`` as one JSON document; messages and
progress go to standard error. Nothing heavy is imported before a command runs, so that help is
there at once.
"""

from __future__ import annotations

import datetime
import itertools
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.api.dates import dated, iso_date
from app.cli.daily import daily
from app.cli.models import models
from app.digest import Digest, Language, WriterName
from index.errors import FetchError, GlossError, SettingsUnusable, SourceNotFound
from index.paper import ClaimHit, Hit, Paper, Role, SearchFilter

if TYPE_CHECKING:
    from pydantic import ValidationError

    from app.write import Writer, Written
    from app.write.ask import Answer
    from index.config import Settings
    from index.fetch import Fetcher
    from index.intake import Asked, Outcome, Wish
    from index.intake.cluster import Cluster
    from index.library import Added, Library, PaperRow, Step

EXIT_ALL_IN, EXIT_SOME_FAILED, EXIT_UNUSABLE, EXIT_INTERRUPTED = 0, 3, 2, 130
EVALUATIONS = "gloss.evaluations"  # the group of entry points that `gloss eval` runs

# Text of papers is printed as it is: no markup, no emoji codes, no guessed colours.
output = Console(markup=False, emoji=False, highlight=False)
messages = Console(markup=False, emoji=False, highlight=False, stderr=True)

app = typer.Typer(
    name="gloss",
    help="Read papers into a library, search them, and write digests in which every sentence "
    "cites the words on the page.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

app.add_typer(models)

LibraryOption = Annotated[
    Path | None,
    typer.Option(
        "--library",
        metavar="DIR",
        help="Where everything lives (GLOSS_LIBRARY).",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
LanguageOption = Annotated[Language, typer.Option("--lang", help="The digest's language.")]
PaperArgument = Annotated[str, typer.Argument(metavar="ID", help="A paper's id.")]


class NotThere(GlossError):
    """Something was asked for that this version does not have."""


class NothingAsked(GlossError):
    """A command that needs to be told what to look for was not."""


def main() -> None:
    """Run ``gloss``; errors that a person can put right become a line and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        app()
    except GlossError as error:
        fail(error)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


def fail(error: GlossError) -> NoReturn:
    """Say what went wrong and leave."""
    _say(error)
    sys.exit(error.exit_code)


def _say(problem: GlossError | str) -> None:
    messages.print(f"gloss: {_one_line(str(problem))}", soft_wrap=True)


def _version(wanted: bool) -> None:
    if wanted:
        from index import __version__

        output.print(f"gloss {__version__}")
        raise typer.Exit


@app.callback()
def common(
    context: typer.Context,
    library: LibraryOption = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take ``--library`` before the command, too."""
    context.obj = library


@app.command()
def add(
    context: typer.Context,
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="PDF, Markdown and HTML files, folders, and arXiv ids or addresses.",
        ),
    ],
    ray: Annotated[
        str | None,
        typer.Option(
            "--ray", metavar="ADDRESS", help="Read and embed on a Ray cluster; local starts one."
        ),
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read papers into the library. Exit code 3 where some failed."""
    from index.intake import Wanted, add_all, look_up
    from index.sources import find_sources

    named = find_sources(sources)
    rows = [_not_found_json(error) for error in named.errors]
    for error in named.errors:
        _say(error)
    if not (named.found or named.papers):
        if as_json:
            _print_json({"added": rows})
        raise typer.Exit(EXIT_UNUSABLE)
    settings = _settings(context, library)
    wanted = [Wanted(source.name, source) for source in named.found]
    asking = _arxiv(settings) if named.papers else nullcontext()
    helping = _cluster(ray, settings) if ray is not None else nullcontext()
    with _open(context, library, create=True) as opened, asking as arxiv, helping as cluster:
        settled: Sequence[Outcome] = ()
        if arxiv is not None:
            try:
                plan = look_up(opened, arxiv, named.papers)
            except FetchError as error:  # arXiv is out of reach: the files go in all the same
                if not wanted:
                    raise
                _say(error)
                rows += [_not_fetched_json(str(paper), error) for paper in named.papers]
            else:
                wanted += plan.wanted
                settled = plan.settled
        with Bars(len(wanted)) as bars:
            threads = settings.read.workers + 1
            taken = add_all(opened, wanted, threads, arxiv, bars.begin, cluster)
            for outcome in itertools.chain(settled, taken):
                rows.append(_outcome_json(outcome))
                if outcome not in settled:
                    bars.advance()
                with bars.aside():
                    _say_outcome(outcome, quiet=as_json)
    if as_json:
        _print_json({"added": rows})
    failed = any(row["status"] != "ok" for row in rows)
    raise typer.Exit(EXIT_SOME_FAILED if failed else EXIT_ALL_IN)


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    name, error = outcome.wanted.name, outcome.error
    if outcome.added is not None:
        return _added_json(name, outcome.added)
    if isinstance(error, SourceNotFound):
        return _not_found_json(error)
    if isinstance(error, FetchError):
        return _not_fetched_json(name, error)
    if error is not None:
        return _error_json(name, error)
    return _nothing_json(name, "withdrawn", outcome.reason)


def _say_outcome(outcome: Outcome, *, quiet: bool) -> None:
    """A paper's line on standard output unless ``quiet``; an error's on standard error."""
    error = outcome.error
    if isinstance(error, GlossError):
        _say(error)
    elif error is not None:
        _say_bug(outcome.wanted.name, error)
    elif quiet:
        return
    elif outcome.added is not None:
        output.print(_added_line(outcome.added), soft_wrap=True)
    else:
        output.print(f"{outcome.wanted.name}  {_one_line(outcome.reason)}", soft_wrap=True)


def _nothing_json(source: str, status: str, reason: str) -> dict[str, Any]:
    """What is said of a source that is no paper in the library."""
    return {
        "source": source,
        "id": None,
        "status": status,
        "reason": reason,
        "passages": 0,
        "seconds": {},
    }


def _not_found_json(error: SourceNotFound) -> dict[str, Any]:
    return _nothing_json(error.source, "not-found", error.why)


def _not_fetched_json(source: str, error: FetchError) -> dict[str, Any]:
    return _nothing_json(source, "not-fetched", str(error))


def _error_json(source: str, error: Exception) -> dict[str, Any]:
    return _nothing_json(source, "broken", _in_short(error))


def _in_short(error: Exception) -> str:
    return f"{type(error).__name__}: {_one_line(str(error))}"


def _say_bug(source: str, error: Exception) -> None:
    """One line of it; all of it where GLOSS_DEBUG is set."""
    if os.environ.get("GLOSS_DEBUG"):
        sys.stderr.writelines(traceback.format_exception(error))
        hint = ""
    else:
        hint = " (GLOSS_DEBUG=1 shows where)"
    _say(f"{source}: {_in_short(error)}{hint}")


def _added_json(source: str, added: Added) -> dict[str, Any]:
    return {
        "source": source,
        "id": added.paper_id,
        "status": added.status,
        "reason": added.reason,
        "passages": added.passages,
        "seconds": {stage: round(seconds, 3) for stage, seconds in added.seconds.items()},
    }


def _added_line(added: Added) -> str:
    if added.status != "ok":
        return f"{added.paper_id}  {added.status}  {_one_line(added.reason)}"
    unchanged = "" if added.changed else "  unchanged"
    reason = f"  ({_one_line(added.reason)})" if added.reason else ""
    return f"{added.paper_id}  ok  {added.passages} passages{unchanged}{reason}"


@app.command()
def fetch(
    context: typer.Context,
    category: Annotated[
        list[str] | None,
        typer.Option(
            "--category", metavar="NAME", help="As cs.CV: what is new there; can be given again."
        ),
    ] = None,
    query: Annotated[
        str | None,
        typer.Option("--query", metavar="TEXT", help="In arXiv's words: cat:cs.CV AND ti:fox."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="D", help="From that day on; else what is newest."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="The most papers to take.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be taken.")
    ] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take new papers from arXiv into the library. Exit code 3 where some failed."""
    from index.intake import Outcome, Wish, add_all, plan

    if not category and not (query or "").strip():
        raise NothingAsked("fetch: give --category cs.CV, or --query TEXT, or both")
    wish = Wish(tuple(category or ()), query or "", iso_date(since) if since else "", limit)
    settings = _settings(context, library)
    outcomes: list[Outcome] = []

    def tell(outcome: Outcome) -> None:
        outcomes.append(outcome)
        _say_fetched(outcome, dry_run=dry_run, quiet=as_json)

    with _open(context, library, create=True) as opened, _arxiv(settings) as arxiv:
        with Bars(1) as bars:
            bars.begin("arXiv")("what is there")
            found = plan(opened, arxiv, wish, dry_run=dry_run)
        for asked in found.asked:
            if not asked.papers:
                day = f" on {asked.date}" if asked.date else ""
                messages.print(f"{_one_line(asked.name)}: nothing new on arXiv{day}")
        for outcome in found.settled:
            tell(outcome)
        if dry_run:
            for one in found.wanted:
                tell(Outcome(one, "taken"))
        else:
            with Bars(len(found.wanted)) as bars:
                threads = settings.read.workers + 1
                for outcome in add_all(opened, found.wanted, threads, arxiv, bars.begin):
                    bars.advance()
                    with bars.aside():
                        tell(outcome)
    kinds = ("taken", "skipped", "failed")
    listed = {kind: [one for one in outcomes if one.kind == kind] for kind in kinds}
    if as_json:
        rows = {kind: [_fetched_json(one) for one in ones] for kind, ones in listed.items()}
        _print_json({**rows, "asked": _asked_json(wish, found.asked, dry_run)})
    else:
        verb = {"taken": "would be taken"} if dry_run else {}
        counts = (f"{len(ones)} {verb.get(kind, kind)}" for kind, ones in listed.items())
        output.print(", ".join(counts))
    raise typer.Exit(EXIT_SOME_FAILED if listed["failed"] else EXIT_ALL_IN)


def _say_fetched(outcome: Outcome, *, dry_run: bool, quiet: bool) -> None:
    """One line a paper: what became of it and why; a bug's on standard error, too."""
    error, added, record = outcome.error, outcome.added, outcome.wanted.record
    if error is not None and not isinstance(error, GlossError):
        _say_bug(outcome.wanted.name, error)
    if quiet:
        return
    kind, said = str(outcome.kind), outcome.reason
    if kind == "taken" and dry_run:
        kind, said = "would be taken", record.title if record else ""
    elif kind == "taken" and added is not None:
        said = f"{added.passages} passages" + (f"  ({said})" if said else "")
    output.print(f"{outcome.wanted.name}  {kind}  {_one_line(said)}", soft_wrap=True)


def _fetched_json(outcome: Outcome) -> dict[str, Any]:
    record, added = outcome.wanted.record, outcome.added
    return {
        "id": added.paper_id if added else outcome.wanted.id,
        "version": record.version if record else None,
        "title": record.title if record else "",
        "passages": added.passages if added else None,
        "reason": outcome.reason,
    }


def _asked_json(wish: Wish, asked: Sequence[Asked], dry_run: bool) -> dict[str, Any]:
    return {
        "categories": list(wish.categories),
        "query": wish.query or None,
        "since": wish.since or None,
        "limit": wish.limit,
        "dry_run": dry_run,
        "answers": [
            {"name": one.name, "papers": one.papers, "date": one.date or None} for one in asked
        ],
    }


@app.command()
def papers(
    context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False
) -> None:
    """List what is in the library, with states."""
    with _open(context, library) as opened:
        rows = opened.papers()
    if as_json:
        from app.api.documents import papers_json

        _print_json(papers_json(rows))
    elif not rows:
        messages.print("The library is empty: gloss add PAPER.pdf puts a paper in.")
    elif output.is_terminal:
        table = Table("id", "status", "passages", "title or reason", box=None, pad_edge=False)
        table.columns[0].no_wrap = table.columns[1].no_wrap = True
        table.columns[2].justify = "right"
        for row in rows:
            table.add_row(*(Text(cell) for cell in _row_cells(row)))
        output.print(table)
    else:
        for row in rows:
            sys.stdout.write("\t".join(_row_cells(row)) + "\n")  # rich would expand the tabs


def _row_cells(row: PaperRow) -> tuple[str, str, str, str]:
    notes = f" ({row.reason})" if row.reason else ""
    said = f"{row.title}{notes}" if row.status == "ok" else row.reason
    return row.id, row.status, str(row.passages), _one_line(said)


@app.command()
def remove(
    context: typer.Context,
    paper_ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ID...", help="Papers, or failed files, as `gloss papers` has them."
        ),
    ],
    library: LibraryOption = None,
) -> None:
    """Take papers out of the library, with their digests. All of them are there, or none goes."""
    with _open(context, library) as opened:
        for paper_id in dict.fromkeys(opened.row(one).id for one in paper_ids):
            opened.remove(paper_id)
            output.print(f"{paper_id}  removed", soft_wrap=True)


@app.command()
def show(
    context: typer.Context,
    paper_id: PaperArgument,
    library: LibraryOption = None,
    as_json: JsonOption = False,
    figures: Annotated[
        Path | None,
        typer.Option(
            "--figures",
            metavar="DIR",
            help="Write each figure and table into DIR as a picture, with an index.json.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show a paper as it was understood: title, authors, abstract, sections."""
    with _open(context, library) as opened:
        row = opened.row(paper_id)
        paper = opened.paper(row.id) if row.status == "ok" else None
        if figures is not None and paper:
            _write_figures(opened, paper, figures)
    if as_json:
        from app.api.documents import show_json

        _print_json(show_json(row, paper))
    elif paper:
        _print_paper(paper, row)
    else:
        output.print(f"{row.id}  {row.status}  {_one_line(row.reason)}", soft_wrap=True)


def _write_figures(library: Library, paper: Paper, folder: Path) -> None:
    """Each figure that was found as ``figure-1.png``; ``index.json`` lists all, found or not."""
    from app.publish.site import OutputUnusable, write_text
    from app.show import box_json
    from index.read.figures import figure_name

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputUnusable(folder, error.strerror or str(error)) from error
    listed: list[dict[str, Any]] = []
    for figure in paper.figures:
        name = figure_name(figure.label)
        file = f"{name.stem}.png" if name and figure.box else None
        if file:
            picture = library.figure_image(paper.id, figure.label)
            try:
                (folder / file).write_bytes(picture)
            except OSError as error:
                raise OutputUnusable(folder / file, error.strerror or str(error)) from error
        listed.append(
            {
                "label": figure.label,
                "kind": name.kind if name else "figure",
                "caption": figure.caption.of(paper.text),
                "page": figure.page,
                "box": box_json(figure.box) if figure.box else None,
                "file": file,
            }
        )
    said = json.dumps(listed, ensure_ascii=False, indent=2)
    write_text(folder / "index.json", said + "\n")
    written = sum(one["file"] is not None for one in listed)
    messages.print(f"{folder}: {written} of {len(listed)} figures and tables", soft_wrap=True)


def _print_paper(paper: Paper, row: PaperRow) -> None:
    from app.api.documents import abstract_of
    from app.show import author_line

    output.print(Text(_one_line(paper.title), style="bold"), soft_wrap=True)
    if paper.authors:
        output.print(_one_line(author_line(paper.authors, "en")), soft_wrap=True)
    version = f"v{paper.version}" if paper.version else ""
    facts = [f"{paper.id}{version}", paper.date or "", ", ".join(paper.categories)]
    facts += [f"{paper.pages} pages" if paper.pages else paper.source]
    output.print(_one_line(" · ".join(fact for fact in facts if fact)), soft_wrap=True)
    if paper.record:
        for name, said in (("Comment", paper.record.comment), ("DOI", paper.record.doi)):
            if said:
                output.print(f"{name}: {_one_line(said)}", soft_wrap=True)
    if row.reason:
        output.print(f"Note: {_one_line(row.reason)}", soft_wrap=True)
    abstract = abstract_of(paper)
    if abstract:
        output.print()
        output.print(_one_line(abstract), soft_wrap=not output.is_terminal)
    output.print()
    for section in paper.sections:
        if section.title:
            indent = "  " * section.level
            output.print(f"{indent}{_one_line(section.title)}  [{section.role}]", soft_wrap=True)
    if paper.findings:
        output.print()
        output.print("Hidden text, which is in no passage:")
        for finding in paper.findings:
            place = f"p. {finding.box.page}, " if finding.box else ""
            said = f"{place}by its {finding.hidden_by}: {finding.text}"
            output.print(f"  {_one_line(said)}", soft_wrap=True)
    if paper.accounts:
        output.print()
        _print_accounts(paper)


def _print_accounts(paper: Paper) -> None:
    """Where the words of each page went, and what was lost."""
    counts = (
        ("words", "drawn"),
        ("text", "text"),
        ("captions", "captions"),
        ("tables", "tables"),
        ("figures", "figures"),
        ("margins", "furniture"),
        ("hidden", "hidden"),
        ("lost", "unaccounted"),
    )
    table = Table("page", *(head for head, _ in counts), box=None, pad_edge=False)
    for column in table.columns:
        column.justify = "right"
        column.no_wrap = True
    for account in paper.accounts:
        table.add_row(str(account.page), *(str(getattr(account, name)) for _, name in counts))
    totals = (sum(getattr(one, name) for one in paper.accounts) for _, name in counts)
    table.add_row("all", *map(str, totals), style="bold")
    output.print("Words of each page, and where they went:")
    output.print(table)
    for loss in paper.losses:
        output.print(_one_line(f"{loss}: {loss.reason}"), soft_wrap=True)


@app.command()
def search(
    context: typer.Context,
    query: Annotated[
        str | None, typer.Argument(metavar="[QUERY]", help="What to look for.", show_default=False)
    ] = None,
    among: Annotated[
        Literal["passages", "digests"],
        typer.Option("--in", help="What to search: papers' passages, or sentences of digests."),
    ] = "passages",
    like: Annotated[
        str | None,
        typer.Option(
            "--like",
            metavar="CLAIM_ID",
            help="In place of QUERY: what other papers' digests say that is like this sentence.",
            show_default=False,
        ),
    ] = None,
    count: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many hits.")] = 10,
    paper_id: Annotated[
        str | None, typer.Option("--paper", metavar="ID", help="Only in this paper.")
    ] = None,
    role: Annotated[
        Role | None, typer.Option("--role", help="Only in sections of this role; not of digests.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="Only papers of this date or later."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="DATE", help="Only papers up to this day, month or year."),
    ] = None,
    category: Annotated[
        str | None,
        typer.Option("--category", metavar="NAME", help="Only papers of categories that have it."),
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find passages, or sentences of digests, by meaning and by words."""
    if (query is None) == (like is None):
        raise NothingAsked("search: give a QUERY, or --like CLAIM_ID in its place")
    wanted = SearchFilter(
        paper_id=paper_id,
        role=role,
        since=iso_date(since) if since else None,
        until=dated(until) if until else None,
        category=category or None,
    )
    found: Sequence[Hit | ClaimHit]
    with _open(context, library) as opened:
        if like is not None:
            claim, found = opened.claims_like(like, count, wanted)
            query = claim.text
        elif among == "digests":
            found = opened.search_claims(query or "", count, wanted)
        else:
            found = opened.search(query or "", count, wanted)
    if as_json:
        from app.api.documents import hits_json

        _print_json(hits_json(query or "", found))
    elif not found:
        messages.print("Nothing found.")
    else:
        _print_hits(found, query or "")


@app.command()
def ask(
    context: typer.Context,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What to ask.")],
    count: Annotated[
        int, typer.Option("-k", "--sentences", min=1, max=5, help="How many sentences at most.")
    ] = 5,
    paper_id: Annotated[
        str | None, typer.Option("--paper", metavar="ID", help="Ask only this paper.")
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question by sentences of the papers, or say that they do not."""
    from app.api.documents import asked_json
    from app.write.ask import ask as ask_papers

    with _open(context, library) as opened:
        answer = ask_papers(opened, question, paper_id, most=count)
    if as_json:
        _print_json(asked_json(answer))
    else:
        _print_answer(answer)


def _print_answer(answer: Answer) -> None:
    from app.show import sources

    if not answer.found:
        nearest = " The nearest passages:\n" if answer.nearest else ""
        output.print(f"Not found in these papers.{nearest}", soft_wrap=True)
        _print_hits(answer.nearest, answer.question)
        return
    seen = sources(answer)
    for source in seen:
        output.print(Text(f"{source.text} [{source.number}]"), soft_wrap=not output.is_terminal)
    output.print()
    for source in seen:
        line = Text(f"[{source.number}] ")
        line.append(source.title, style="bold")
        line.append(f" · {source.place}" if source.place else "")
        line.append(f"  {source.passages}", style="dim")
        output.print(line, soft_wrap=True)


def _print_hits(hits: Sequence[Hit | ClaimHit], query: str) -> None:
    from app.show import found_claim_view, query_words

    pattern = query_words(query)
    for rank, hit in enumerate(hits, start=1):
        if isinstance(hit, Hit):
            pages = sorted({box.page for box in hit.boxes})
            title, found_id, said = hit.title, hit.passage.id, hit.passage.text
            places = [hit.passage.section, f"p. {pages[0]}" if pages else ""]
            quotes: tuple[str, ...] = ()
            support = ""
        else:
            shown = found_claim_view(hit)
            title, found_id, said = shown.title, hit.claim.id, shown.text
            places = [shown.section, shown.source]
            quotes, support = shown.quotes, f"  {shown.support}"
        head = Text(f"{rank:>2}  ")
        head.append(_one_line(title), style="bold")
        head.append("".join(f" · {_one_line(place)}" for place in places if place))
        output.print(head, soft_wrap=True)
        output.print(
            f"    {found_id}  {hit.score:.3f}  {hit.found_by}{support}",
            style="dim",
            soft_wrap=True,
        )
        text = Text(_one_line(said))
        if pattern:
            text.highlight_regex(pattern, "bold yellow")
        _print_indented(text)
        for quote in quotes:
            _print_indented(Text(f"“{_one_line(quote)}”", style="dim"))
        output.print()


def _print_indented(text: Text) -> None:
    if output.is_terminal:
        for line in text.wrap(output, max(output.width - 4, 20)):
            output.print(Text("    ") + line)
    else:
        output.print(Text("    ") + text, soft_wrap=True)


@app.command()
def digest(
    context: typer.Context,
    paper_id: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="A paper's id.", show_default=False),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="In place of ID: of every paper; prints one line each.")
    ] = False,
    lang: LanguageOption = "en",
    writer: Annotated[
        WriterName | None,
        typer.Option(
            "--writer",
            help="Who words it (GLOSS_WRITER): extractive quotes the paper; local and endpoint ask "
            "a language model, and every sentence is checked.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        Literal["md", "html", "json"] | None,
        typer.Option("--format", help="How it is printed: md if not given.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it to a file.")
    ] = None,
    locked: Annotated[
        bool,
        typer.Option(
            "--locked", help="The one that was saved last, as it was written; says what changed."
        ),
    ] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a paper's digest: every sentence with the words that it rests on."""
    from app.wording.writers import open_writer
    from app.write import write_digest

    settings = _settings(context, library)
    name = writer or settings.writer
    if locked:
        if every or not paper_id:
            raise NothingAsked("digest: --locked is for one paper: give its ID")
        shown = "json" if as_json else form or "md"
        with _open(context, library) as opened:
            _print_locked(opened, settings, paper_id, lang, name, shown, out)
        return
    if every == (paper_id is not None):
        raise NothingAsked("digest: give a paper's ID, or --all in its place")
    if every and (out or form):
        raise NothingAsked(
            "digest: --format and --out are for one paper: give its ID, "
            "or use `gloss page` for files of many"
        )
    with _open(context, library) as opened, open_writer(settings, name) as by:
        if every:
            _digest_all(opened, lang, by, as_json)
        written = write_digest(opened, paper_id or "", lang=lang, writer=by)
        _say_usage(written)
        _print_digest(opened, written, "json" if as_json else form or "md", out)


def _print_digest(
    library: Library, written: Digest, form: Literal["md", "html", "json"], out: Path | None
) -> None:
    from app.show import notices, to_html, to_json, to_markdown
    from app.show.figures import Pictures, figure_pictures

    if form == "json":
        text = _json_text(to_json(written))
    elif form == "html":
        text = to_html(written, figure_pictures(library, written, Pictures()))
    else:
        text = to_markdown(written)
    for notice in notices(written.paper):
        _say(notice)
    if out is None:
        sys.stdout.write(text)
    else:
        from app.publish.site import write_text

        write_text(out, text)
        messages.print(f"Written to {out}", soft_wrap=True)


def _say_usage(written: Digest) -> None:
    """What a language model did for a digest, on standard error."""
    used = written.usage
    if used.sentences:
        failed = f", {used.failed} of {used.calls} calls without an answer" if used.failed else ""
        messages.print(
            f"{written.writer}: {used.accepted} of {used.sentences} sentences accepted{failed}; "
            f"{used.prompt_tokens} + {used.completion_tokens} tokens in {used.seconds:.0f} s",
            soft_wrap=True,
        )


def _print_locked(
    library: Library,
    settings: Settings,
    paper_id: str,
    lang: Language,
    writer: WriterName,
    form: Literal["md", "html", "json"],
    out: Path | None,
) -> None:
    """A saved digest as it was written; on standard error, what has changed since."""
    from app.show import notices
    from app.wording.writers import made_by
    from app.write import with_news
    from app.write.saved import changed_since, in_words, locked_digest

    saved = locked_digest(library, paper_id, lang, writer)
    _print_digest(library, saved, form, out)
    for notice in notices(with_news(saved.paper, library.heard(saved.paper.id))):
        _say(notice)
    try:
        changed = changed_since(library, saved, made_by(settings, writer, lang))
    except GlossError as error:  # the digest is printed, whatever else is wrong
        _say(f"whether it is stale cannot be told: {error}")
        return
    if changed:
        options = f" --lang {lang}" * (lang != "en")
        options += f" --writer {writer}" * (writer != "extractive")
        anew = f"gloss digest {saved.paper.id}{options} writes it anew"
        if "paper" in changed:
            anew += f"; gloss diff {saved.paper.id} shows what stands"
        _say(f"stale: {in_words(changed)} since; {anew}")


def _digest_all(library: Library, lang: Language, writer: Writer, as_json: bool) -> NoReturn:
    """The digests of all papers, one line each; exit codes as those of ``add``."""
    from app.write import write_digests

    listed: list[Written] = []
    ids = [row.id for row in library.papers() if row.status == "ok"]
    with Bars(len(ids)) as bars:

        def wanted() -> Iterator[tuple[str, Language]]:
            for paper_id in ids:
                bars.begin(paper_id)("writing")
                yield paper_id, lang

        for written in write_digests(library, wanted(), writer):
            listed.append(written)
            bars.advance()
            with bars.aside():
                _say_written(written, quiet=as_json)
    if as_json:
        _print_json({"digests": [_written_json(written) for written in listed]})
    if not ids:
        _say("no paper to write a digest of: gloss add PAPER.pdf puts one in")
        raise typer.Exit(EXIT_UNUSABLE)
    failed = any(written.error is not None for written in listed)
    raise typer.Exit(EXIT_SOME_FAILED if failed else EXIT_ALL_IN)


def _say_written(written: Written, *, quiet: bool) -> None:
    """A digest's line on standard output unless ``quiet``; an error's on standard error."""
    error = written.error
    if isinstance(error, GlossError):
        _say(error)
    elif error is not None:
        _say_bug(written.paper_id, error)
    elif written.digest is not None and not quiet:
        count = len(written.digest.claims)
        output.print(f"{written.paper_id}  ok  {count} sentences", soft_wrap=True)


def _written_json(written: Written) -> dict[str, Any]:
    error = written.error
    why = str(error) if isinstance(error, GlossError) else _in_short(error) if error else ""
    return {
        "id": written.paper_id,
        "status": "ok" if error is None else "failed",
        "reason": why,
        "sentences": len(written.digest.claims) if written.digest else 0,
    }


@app.command()
def diff(
    context: typer.Context,
    paper_id: PaperArgument,
    lang: LanguageOption = "en",
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show which sentences of a former version's digest the new version still carries."""
    from app.show import diff_json, diff_lines
    from app.write.diff import paper_diff

    with _open(context, library) as opened:
        found = paper_diff(opened, paper_id, lang)
    if as_json:
        _print_json(diff_json(found))
        return
    for line in diff_lines(found):
        output.print(Text(line), soft_wrap=True)


@app.command()
def page(
    context: typer.Context,
    category: Annotated[
        str, typer.Option("--category", metavar="NAME", help="As cs.CV; all takes every paper.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write.")],
    date: Annotated[
        str | None,
        typer.Option("--date", metavar="D", help="The day papers were added; today if not given."),
    ] = None,
    lang: LanguageOption = "en",
    writer: Annotated[
        WriterName | None,
        typer.Option("--writer", help="Who words it (GLOSS_WRITER).", show_default=False),
    ] = None,
    hexo: Annotated[
        Path | None,
        typer.Option(
            "--hexo", metavar="DIR", help="A Hexo blog's source folder: the page goes there, too."
        ),
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a day's digests of a category as a page, for Hexo and as HTML, with index and feed."""
    from app.publish.listing import FEED, INDEX
    from app.publish.site import Site, write_page
    from app.wording.writers import open_writer

    day = datetime.date.fromisoformat(iso_date(date, whole=True)) if date else None
    settings = _settings(context, library)
    site = Site(settings.app_url, settings.pages_url, hexo=hexo)
    with _open(context, library) as opened, open_writer(settings, writer or settings.writer) as by:
        files = write_page(opened, category, out, date=day, lang=lang, writer=by, site=site)
    if as_json:
        _print_json(
            {
                "papers": list(files.paper_ids),
                "markdown": str(files.markdown),
                "html": str(files.html),
                "failed": [{"id": one.id, "reason": one.reason} for one in files.failed],
                "index": str(out / INDEX),
                "feed": str(out / FEED),
                "changed": files.changed,
            }
        )
    else:
        output.print(str(files.markdown), soft_wrap=True)
        output.print(str(files.html), soft_wrap=True)


app.command()(daily)


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port.")] = 7860,
    library: LibraryOption = None,
) -> None:
    """Serve the web UI until Ctrl+C."""
    from app.serve.server import serve as serve_app

    serve_app(
        _settings(context, library),
        host,
        port,
        ready=lambda address: messages.print(f"gloss: {address} (Ctrl+C stops)"),
    )


@app.command()
def doctor(
    context: typer.Context,
    repair: Annotated[
        bool, typer.Option("--repair", help="Rebuild the index from the catalogue.")
    ] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check versions, the model and the library; --repair rebuilds the index."""
    from app.cli.doctor import examine

    with Bars(1) as bars:
        found = examine(
            _settings(context, library), repair=bars.counted("repair") if repair else None
        )
    if as_json:
        _print_json(found.as_json())
    else:
        for name, value in found.lines():
            output.print(f"{name:<22}{_one_line(value)}", soft_wrap=True)
    if found.problems:
        for problem in found.problems:
            _say(problem)
        raise typer.Exit(EXIT_SOME_FAILED)


@app.command(name="eval")
def evaluate(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The evaluation.")],
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", metavar="PATH", help="What to measure on; can be given again."),
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the index or the digests."""
    from importlib.metadata import entry_points

    # By entry point, since evaluations import the app and the app does not know them.
    known = {entry.name: entry for entry in entry_points(group=EVALUATIONS)}
    if name not in known:
        names = ", ".join(sorted(known)) or "none is installed"
        raise NotThere(f"no evaluation is called {name}; there are: {names}")
    report = known[name].load()(_settings(context, library), data or [])
    if as_json:
        _print_json(report.measures)
        return
    if report.table:
        table = Table(*report.table[0], box=None, pad_edge=False)
        for row in report.table[1:]:
            table.add_row(*row)
        output.print(table)
    for measure, value in _flat(report.measures):
        output.print(f"{measure:<40}{value}", soft_wrap=True)
    for note in report.notes:
        output.print(note, soft_wrap=True)


def _flat(report: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """A report's numbers as "title.exact", "0.9"; lists only by their length."""
    for key, value in report.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            yield f"{prefix}{key}", f"{len(value)} entries"
        else:
            yield f"{prefix}{key}", f"{value:.4f}" if isinstance(value, float) else str(value)


def _settings(context: typer.Context, library: Path | None) -> Settings:
    """The environment's settings, with ``--library`` from after or before the command."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from index.config import Settings

    chosen = library or context.obj
    try:
        return Settings(library=chosen.expanduser()) if chosen else Settings()
    except ValidationError as error:
        raise SettingsUnusable(_wrong_settings(error)) from error
    except SettingsError as error:
        raise SettingsUnusable(f"{error}; {error.__cause__ or 'give JSON'}") from error


def _wrong_settings(error: ValidationError) -> str:
    """Which variable does not fit and why; of several, two and how many more."""
    said = []
    for wrong in error.errors(include_url=False, include_context=False):
        why = wrong["msg"].removeprefix("Value error, ")
        variable = "GLOSS_" + "__".join(str(part).upper() for part in wrong["loc"])
        said.append(f"{variable}: {why}" if wrong["loc"] else why)
    more = f"; and {len(said) - 2} more" if len(said) > 2 else ""
    return "; ".join(said[:2]) + more


@contextmanager
def _open(
    context: typer.Context, library: Path | None, *, create: bool = False
) -> Iterator[Library]:
    """The library; without ``create`` it must be there."""
    from index.library import Library

    with Library.open(_settings(context, library), create=create) as opened:
        yield opened


def _arxiv(settings: Settings) -> Fetcher:
    """Whoever asks arXiv; to be used in a ``with``."""
    from index.fetch import Fetcher

    return Fetcher(settings)


def _cluster(address: str, settings: Settings) -> Cluster:
    """The machines that help; to be used in a ``with``."""
    from index.intake.cluster import Cluster

    return Cluster(address, settings)


class Bars:
    """A progress bar over papers, with the stage that one of them came to; silent in a pipe."""

    def __init__(self, total: int) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            console=messages,
            transient=True,
            redirect_stdout=False,  # it would send answers to standard error
            disable=not messages.is_terminal,
        )
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, name: str) -> Callable[[str], None]:
        """Shows ``name`` and, as it goes on, its stage. From any thread."""

        def stage(what: str) -> None:
            self._progress.update(self._task, description=f"{name}: {what}")

        return stage

    def counted(self, name: str) -> Callable[[Step], None]:
        """Shows ``name`` and a step, and how far it has come. From any thread."""

        def step(now: Step) -> None:
            self._progress.update(
                self._task, description=f"{name}: {now.what}", completed=now.done, total=now.total
            )

        return step

    def advance(self) -> None:
        """One more is done."""
        self._progress.advance(self._task)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Take the bar off the screen while an answer is printed."""
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()


def _print_json(document: object) -> None:
    sys.stdout.write(_json_text(document))


def _json_text(document: object) -> str:
    # NaN is no JSON: better a traceback than a document that other programs refuse.
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _one_line(text: str) -> str:
    """A paper's text for a terminal: one line, without characters that steer it."""
    from app.show import plain

    return plain(text)
