"""``gloss add``: files and papers of arXiv into the library."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.options import (
    JsonOption,
    LibraryOption,
    ask_arxiv,
    open_library,
    settings_of,
)
from app.cli.terminal import (
    EXIT_ALL_IN,
    EXIT_SOME_FAILED,
    EXIT_UNUSABLE,
    Bars,
    in_short,
    one_line,
    output,
    print_json,
    say,
    say_bug,
)
from index.errors import FetchError, GlossError, SourceNotFound

if TYPE_CHECKING:
    from index.config import Settings
    from index.intake import Outcome
    from index.intake.cluster import Cluster
    from index.library import Added


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
        say(error)
    if not (named.found or named.papers):
        if as_json:
            print_json({"added": rows})
        raise typer.Exit(EXIT_UNUSABLE)
    settings = settings_of(context, library)
    wanted = [Wanted(source.name, source) for source in named.found]
    asking = ask_arxiv(settings) if named.papers else nullcontext()
    helping = _cluster(ray, settings) if ray is not None else nullcontext()
    with open_library(context, library, create=True) as opened, asking as arxiv, helping as cluster:
        settled: Sequence[Outcome] = ()
        if arxiv is not None:
            try:
                plan = look_up(opened, arxiv, named.papers)
            except FetchError as error:  # arXiv is out of reach: the files go in all the same
                if not wanted:
                    raise
                say(error)
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
        print_json({"added": rows})
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
        say(error)
    elif error is not None:
        say_bug(outcome.wanted.name, error)
    elif quiet:
        return
    elif outcome.added is not None:
        output.print(_added_line(outcome.added), soft_wrap=True)
    else:
        output.print(f"{outcome.wanted.name}  {one_line(outcome.reason)}", soft_wrap=True)


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
    return _nothing_json(source, "broken", in_short(error))


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
        return f"{added.paper_id}  {added.status}  {one_line(added.reason)}"
    unchanged = "" if added.changed else "  unchanged"
    reason = f"  ({one_line(added.reason)})" if added.reason else ""
    return f"{added.paper_id}  ok  {added.passages} passages{unchanged}{reason}"


def _cluster(address: str, settings: Settings) -> Cluster:
    """The machines that help; to be used in a ``with``."""
    from index.intake.cluster import Cluster

    return Cluster(address, settings)
