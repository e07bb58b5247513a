"""The command line. Every command is a few lines: open the library, ask it, print the answer.

What a command answers goes to standard output, ``--json`` as one JSON document; messages and
progress go to standard error. Nothing heavy is imported before a command runs, so that help is
there at once.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.digest import Language
from index.errors import GlossError, SourceNotFound
from index.paper import Box, Hit, Paper, Role, SearchFilter

if TYPE_CHECKING:
    from pydantic import ValidationError

    from index.config import Settings
    from index.library import Added, Library, PaperRow

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


class SettingsUnusable(GlossError):
    """A ``GLOSS_*`` variable of the environment has a value that does not fit."""


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
        from importlib.metadata import version

        output.print(f"gloss {version('gloss')}")
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
        list[str], typer.Argument(metavar="SOURCE...", help="PDF and Markdown files, or folders.")
    ],
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read papers into the library. Exit code 3 where some failed."""
    from index.sources import find_sources

    wanted = find_sources(sources)
    rows = [_not_found_json(error) for error in wanted.errors]
    for error in wanted.errors:
        _say(error)
    if wanted.found:
        with _open(context, library, create=True) as opened, Bars(len(wanted.found)) as bars:
            for source in wanted.found:
                try:
                    added = opened.add(source, progress=bars.begin(source.path.name))
                except SourceNotFound as error:  # no permission, or gone meanwhile
                    rows.append(_not_found_json(error))
                    with bars.aside():
                        _say(error)
                    continue
                except GlossError:  # of the model, the store or the library: no file would do
                    raise
                except Exception as error:  # a bug that one file meets stops no other
                    rows.append(_error_json(source.name, error))
                    with bars.aside():
                        _say_bug(source.name, error)
                    continue
                rows.append(_added_json(source.name, added))
                if not as_json:
                    with bars.aside():
                        output.print(_added_line(added), soft_wrap=True)
    if as_json:
        _print_json({"added": rows})
    if not wanted.found:
        raise typer.Exit(EXIT_UNUSABLE)
    failed = any(row["status"] != "ok" for row in rows)
    raise typer.Exit(EXIT_SOME_FAILED if failed else EXIT_ALL_IN)


def _not_found_json(error: SourceNotFound) -> dict[str, Any]:
    return {
        "source": error.source,
        "id": None,
        "status": "not-found",
        "reason": error.why,
        "passages": 0,
        "seconds": {},
    }


def _error_json(source: str, error: Exception) -> dict[str, Any]:
    return {
        "source": source,
        "id": None,
        "status": "broken",
        "reason": _in_short(error),
        "passages": 0,
        "seconds": {},
    }


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
def papers(
    context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False
) -> None:
    """List what is in the library, with states."""
    with _open(context, library) as opened:
        rows = opened.papers()
    if as_json:
        _print_json({"papers": [_row_json(row) for row in rows]})
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
    said = row.title if row.status == "ok" else row.reason
    return row.id, row.status, str(row.passages), _one_line(said)


def _row_json(row: PaperRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "version": row.version,
        "title": row.title,
        "status": row.status,
        "reason": row.reason,
        "source": row.source,
        "passages": row.passages,
    }


@app.command()
def show(
    context: typer.Context,
    paper_id: PaperArgument,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a paper as it was understood: title, authors, abstract, sections."""
    with _open(context, library) as opened:
        row = opened.row(paper_id)
        paper = opened.paper(row.id) if row.status == "ok" else None
    if as_json:
        _print_json(_paper_json(paper) if paper else _failed_json(row))
    elif paper:
        _print_paper(paper)
    else:
        output.print(f"{row.id}  {row.status}  {_one_line(row.reason)}", soft_wrap=True)


def _print_paper(paper: Paper) -> None:
    output.print(Text(_one_line(paper.title), style="bold"), soft_wrap=True)
    if paper.authors:
        output.print(_one_line(", ".join(paper.authors)), soft_wrap=True)
    version = f"v{paper.version}" if paper.version else ""
    facts = [f"{paper.id}{version}", paper.date or "", ", ".join(paper.categories)]
    facts += [f"{paper.pages} pages" if paper.pages else paper.source]
    output.print(_one_line(" · ".join(fact for fact in facts if fact)), soft_wrap=True)
    if paper.abstract:
        output.print()
        output.print(_one_line(paper.abstract.of(paper.text)), soft_wrap=not output.is_terminal)
    output.print()
    for section in paper.sections:
        if section.title:
            indent = "  " * section.level
            output.print(f"{indent}{_one_line(section.title)}  [{section.role}]", soft_wrap=True)


def _paper_json(paper: Paper) -> dict[str, Any]:
    return {
        "id": paper.id,
        "version": paper.version,
        "status": "ok",
        "title": paper.title,
        "authors": list(paper.authors),
        "affiliations": [span.of(paper.text) for span in paper.affiliations],
        "date": paper.date,
        "categories": list(paper.categories),
        "abstract": paper.abstract.of(paper.text) if paper.abstract else "",
        "sections": [
            {"title": section.title, "role": section.role, "level": section.level}
            for section in paper.sections
            if section.title
        ],
        "figures": [
            {
                "label": figure.label,
                "caption": figure.caption.of(paper.text),
                "page": figure.page,
                "box": _box_json(figure.box) if figure.box else None,
            }
            for figure in paper.figures
        ],
        "findings": [],
    }


def _failed_json(row: PaperRow) -> dict[str, Any]:
    """A file that did not become a paper: nothing but why."""
    return {
        "id": row.id,
        "version": row.version,
        "status": row.status,
        "reason": row.reason,
        "title": row.title,
        "authors": [],
        "affiliations": [],
        "date": None,
        "categories": [],
        "abstract": "",
        "sections": [],
        "figures": [],
        "findings": [],
    }


@app.command()
def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What to look for.")],
    among: Annotated[
        Literal["passages", "digests"], typer.Option("--in", help="What to search.")
    ] = "passages",
    count: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many hits.")] = 10,
    paper_id: Annotated[
        str | None, typer.Option("--paper", metavar="ID", help="Only in this paper.")
    ] = None,
    role: Annotated[
        Role | None, typer.Option("--role", help="Only in sections of this role.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="Only papers of this date or later."),
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find passages by meaning and by words."""
    if among == "digests":
        raise NotThere("--in digests is not in this version: search passages")
    wanted = SearchFilter(paper_id=paper_id, role=role, since=iso_date(since) if since else None)
    with _open(context, library) as opened:
        hits = opened.search(query, count, wanted)
    if as_json:
        _print_json({"query": query, "hits": [_hit_json(hit) for hit in hits]})
    elif not hits:
        messages.print("Nothing found.")
    else:
        _print_hits(hits, query)


def _print_hits(hits: Sequence[Hit], query: str) -> None:
    from app.render import query_words

    pattern = query_words(query)
    for rank, hit in enumerate(hits, start=1):
        pages = sorted({box.page for box in hit.boxes})
        places = [hit.passage.section, f"p. {pages[0]}" if pages else ""]
        head = Text(f"{rank:>2}  ")
        head.append(_one_line(hit.title), style="bold")
        head.append("".join(f" · {_one_line(place)}" for place in places if place))
        output.print(head, soft_wrap=True)
        output.print(
            f"    {hit.passage.id}  {hit.score:.3f}  {hit.found_by}", style="dim", soft_wrap=True
        )
        text = Text(_one_line(hit.passage.text))
        if pattern:
            text.highlight_regex(pattern, "bold yellow")
        if output.is_terminal:
            wrapped = text.wrap(output, max(output.width - 4, 20))
            for line in wrapped:
                output.print(Text("    ") + line)
        else:
            output.print(Text("    ") + text, soft_wrap=True)
        output.print()


def _hit_json(hit: Hit) -> dict[str, Any]:
    return {
        "passage_id": hit.passage.id,
        "paper_id": hit.passage.paper_id,
        "title": hit.title,
        "section": hit.passage.section,
        "role": hit.passage.role,
        "text": hit.passage.text,
        "score": hit.score,
        "found_by": hit.found_by,
        "boxes": [_box_json(box) for box in hit.boxes],
    }


@app.command()
def digest(
    context: typer.Context,
    paper_id: PaperArgument,
    lang: LanguageOption = "en",
    writer: Annotated[
        Literal["extractive", "local", "endpoint"],
        typer.Option("--writer", help="Who words it; extractive quotes the paper."),
    ] = "extractive",
    form: Annotated[
        Literal["md", "html", "json"], typer.Option("--format", help="How it is printed.")
    ] = "md",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it to a file.")
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a paper's digest: every sentence with the words that it rests on."""
    from app.render import to_html, to_json, to_markdown
    from app.write import write_digest

    if writer != "extractive":
        raise NotThere(f"--writer {writer} is not in this version: use --writer extractive")
    with _open(context, library) as opened:
        written = write_digest(opened, paper_id, lang=lang, writer=writer)
    if as_json or form == "json":
        text = _json_text(to_json(written))
    else:
        text = to_html(written) if form == "html" else to_markdown(written)
    if out is None:
        sys.stdout.write(text)
    else:
        from app.page import write_text

        write_text(out, text)
        messages.print(f"Written to {out}", soft_wrap=True)


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
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a day's digests of a category as a page, for Hexo and as HTML."""
    from app.page import write_page

    day = datetime.date.fromisoformat(iso_date(date, whole=True)) if date else None
    with _open(context, library) as opened:
        files = write_page(opened, category, out, date=day, lang=lang)
    if as_json:
        _print_json(
            {
                "papers": list(files.paper_ids),
                "markdown": str(files.markdown),
                "html": str(files.html),
            }
        )
    else:
        output.print(str(files.markdown), soft_wrap=True)
        output.print(str(files.html), soft_wrap=True)


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port.")] = 7860,
    library: LibraryOption = None,
) -> None:
    """Serve the web UI until Ctrl+C."""
    from app.ui import serve as serve_ui

    serve_ui(
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
    from app.doctor import examine

    with Bars(1) as bars:
        found = examine(
            _settings(context, library), repair=bars.begin("repair") if repair else None
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
        _print_json(report)
    else:
        for measure, value in _flat(report):
            output.print(f"{measure:<40}{value}", soft_wrap=True)


def _flat(report: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """A report's numbers as "title.exact", "0.9"; lists only by their length."""
    for key, value in report.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            yield f"{prefix}{key}", f"{len(value)} entries"
        else:
            yield f"{prefix}{key}", f"{value:.4f}" if isinstance(value, float) else str(value)


def iso_date(text: str, *, whole: bool = False) -> str:
    """``text`` as an ISO date; a year or a month means its first day unless ``whole`` is asked for.

    Raises ``NotThere`` where it is none.
    """
    given = text.strip()
    full = given + {4: "-01-01", 7: "-01"}.get(len(given), "") if not whole else given
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", full):
            return datetime.date.fromisoformat(full).isoformat()
    except ValueError:
        pass  # a month or a day that does not exist: said below
    forms = "2024-07-05" if whole else "2024-07-05, 2024-07 or 2024"
    raise NotADate(f"{text!r} is not a date: write it as {forms}")


class NotADate(GlossError):
    """A date that is none."""


def _settings(context: typer.Context, library: Path | None) -> Settings:
    """The environment's settings, with ``--library`` from after or before the command."""
    from pydantic import ValidationError

    from index.config import Settings

    chosen = library or context.obj
    try:
        return Settings(library=chosen.expanduser()) if chosen else Settings()
    except ValidationError as error:
        raise SettingsUnusable(_wrong_settings(error)) from error


def _wrong_settings(error: ValidationError) -> str:
    """Which variable does not fit and why; of several, two and how many more."""
    said = []
    for wrong in error.errors(include_url=False, include_context=False):
        why = wrong["msg"].removeprefix("Value error, ")
        variable = "_".join(("GLOSS", *(str(part).upper() for part in wrong["loc"])))
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


class Bars:
    """A progress bar over papers, with the stage of the present one; silent in a pipe."""

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
        self._begun = 0

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, name: str) -> Callable[[str], None]:
        """Show ``name`` and, as it goes on, its stage; the one before is done."""

        def stage(what: str) -> None:
            self._progress.update(self._task, description=f"{name}: {what}")

        self._progress.update(self._task, description=name, completed=self._begun)
        self._begun += 1
        return stage

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Take the bar off the screen while an answer is printed."""
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()


def _box_json(box: Box) -> dict[str, float]:
    from app.render import box_json

    return box_json(box)


def _print_json(document: object) -> None:
    sys.stdout.write(_json_text(document))


def _json_text(document: object) -> str:
    # NaN is no JSON: better a traceback than a document that other programs refuse.
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _one_line(text: str) -> str:
    """A paper's text for a terminal: one line, without characters that steer it."""
    from app.render import plain

    return plain(text)


if __name__ == "__main__":
    main()
