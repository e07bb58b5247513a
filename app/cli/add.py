"""``gloss add``: files and papers of arXiv into the library."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import (
    JsonOption,
    LibraryOption,
    NoWaitOption,
    ask_arxiv,
    given_in,
    open_library,
    settings_of,
)
from app.cli.terminal import (
    EXIT_ALL_IN,
    EXIT_SOME_FAILED,
    EXIT_UNUSABLE,
    Bars,
    in_short,
    output,
    print_json,
    say,
    say_bug,
)
from app.show.text import plain
from index.errors import FetchError, GlossError, SourceNotFound

if TYPE_CHECKING:
    from app.documents.intake import AddedSource
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
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Read papers into the library. Exit code 3 where some failed."""
    from app.documents.intake import AddedSources
    from app.write import with_digests
    from index.intake import Wanted, add_all, look_up
    from index.sources import find_sources

    named = find_sources(sources, given_in())
    rows = [_nothing(error.source, error) for error in named.errors]
    if not (named.found or named.papers):
        for error in named.errors:
            say(error)
        if as_json:
            print_json(AddedSources(added=rows))
        raise typer.Exit(EXIT_UNUSABLE)
    settings = settings_of(context, library)
    wanted = [Wanted(source.name, source) for source in named.found]
    asking = ask_arxiv(settings) if named.papers else nullcontext()
    helping = _cluster(ray, settings) if ray is not None else nullcontext()
    with (
        open_library(context, library, create=True, no_wait=no_wait) as opened,
        asking as arxiv,
        helping as cluster,
    ):
        for error in named.errors:
            say(error)
        settled: Sequence[Outcome] = ()
        if arxiv is not None:
            try:
                plan = look_up(opened, arxiv, named.papers)
            except FetchError as error:  # arXiv is out of reach: the files go in all the same
                if not wanted:
                    raise
                say(error)
                rows += [_nothing(str(paper), error) for paper in named.papers]
            else:
                wanted += plan.wanted
                settled = plan.settled
        with Bars(len(wanted)) as bars:
            threads = settings.read.workers + 1
            taken = add_all(opened, wanted, threads, arxiv, bars.begin, cluster)
            outcomes: Iterator[Outcome] = itertools.chain(settled, taken)
            if settings.digest_on_add:
                outcomes = with_digests(opened, outcomes, say_bug)
            for outcome in outcomes:
                rows.append(_document(outcome))
                if outcome not in settled:
                    bars.advance()
                with bars.aside():
                    _say_outcome(outcome, quiet=as_json)
    if as_json:
        print_json(AddedSources(added=rows))
    failed = any(row.status != "ok" for row in rows)
    raise typer.Exit(EXIT_SOME_FAILED if failed else EXIT_ALL_IN)


def _document(outcome: Outcome) -> AddedSource:
    from app.documents.intake import AddedSource

    name = outcome.wanted.name
    if outcome.added is not None:
        return AddedSource.of(outcome.added, source=name, id=outcome.added.paper_id)
    if outcome.error is not None:
        return _nothing(name, outcome.error)
    return AddedSource(source=name, status="withdrawn", reason=outcome.reason)


def _nothing(source: str, error: Exception) -> AddedSource:
    """The entry of a source that an error kept out of the library."""
    from app.documents.intake import AddedSource

    if isinstance(error, SourceNotFound):
        return AddedSource(source=error.source, status="not-found", reason=error.why)
    if isinstance(error, FetchError):
        return AddedSource(source=source, status="not-fetched", reason=str(error))
    return AddedSource(source=source, status="broken", reason=in_short(error))


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
        output.print(f"{outcome.wanted.name}  {plain(outcome.reason)}", soft_wrap=True)


def _added_line(added: Added) -> str:
    if added.status != "ok":
        return f"{added.paper_id}  {added.status}  {plain(added.reason)}"
    unchanged = "" if added.changed else "  unchanged"
    reason = f"  ({plain(added.reason)})" if added.reason else ""
    return f"{added.paper_id}  ok  {added.passages} passages{unchanged}{reason}"


def _cluster(address: str, settings: Settings) -> Cluster:
    """The connection to the other machines; used in a ``with``."""
    from index.intake.cluster import Cluster

    return Cluster(address, settings)
