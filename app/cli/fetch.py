"""``gloss fetch``: what is new on arXiv into the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from app.api.dates import iso_date
from app.cli.options import (
    JsonOption,
    LibraryOption,
    NothingAsked,
    NoWaitOption,
    ask_arxiv,
    open_library,
    settings_of,
)
from app.cli.terminal import (
    EXIT_ALL_IN,
    EXIT_SOME_FAILED,
    Bars,
    messages,
    output,
    print_json,
    say_bug,
)
from app.show.text import plain
from index.errors import GlossError

if TYPE_CHECKING:
    from app.documents.intake import Fetched
    from index.intake import ArxivQuery, ArxivSelection, Outcome


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
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take new papers from arXiv into the library. Exit code 3 where some failed."""
    from app.write import with_digests
    from index.intake import ArxivSelection, Outcome, add_all, plan

    if not category and not (query or "").strip():
        raise NothingAsked("fetch: give --category cs.CV, or --query TEXT, or both")
    selection = ArxivSelection(
        tuple(category or ()), query or "", iso_date(since) if since else "", limit
    )
    settings = settings_of(context, library)
    outcomes: list[Outcome] = []

    def report(outcome: Outcome) -> None:
        outcomes.append(outcome)
        _say_fetched(outcome, dry_run=dry_run, quiet=as_json)

    with (
        open_library(context, library, create=True, no_wait=no_wait) as opened,
        ask_arxiv(settings) as arxiv,
    ):
        with Bars(1) as bars:
            bars.begin("arXiv")("what is there")
            found = plan(opened, arxiv, selection, dry_run=dry_run)
        for asked in found.asked:
            if not asked.papers:
                day = f" on {asked.date}" if asked.date else ""
                messages.print(f"{plain(asked.name)}: nothing new on arXiv{day}")
        for outcome in found.settled:
            report(outcome)
        if dry_run:
            for one in found.wanted:
                report(Outcome(one, "taken"))
        else:
            with Bars(len(found.wanted)) as bars:
                threads = settings.read.workers + 1
                taken = add_all(opened, found.wanted, threads, arxiv, bars.begin)
                if settings.digest_on_add:
                    taken = with_digests(opened, taken, say_bug)
                for outcome in taken:
                    bars.advance()
                    with bars.aside():
                        report(outcome)
    kinds = ("taken", "skipped", "failed")
    listed = {kind: [one for one in outcomes if one.kind == kind] for kind in kinds}
    if as_json:
        print_json(_document(listed, selection, found.asked, dry_run))
    else:
        verb = {"taken": "would be taken"} if dry_run else {}
        counts = (f"{len(ones)} {verb.get(kind, kind)}" for kind, ones in listed.items())
        output.print(", ".join(counts))
    raise typer.Exit(EXIT_SOME_FAILED if listed["failed"] else EXIT_ALL_IN)


def _say_fetched(outcome: Outcome, *, dry_run: bool, quiet: bool) -> None:
    """One line a paper: what became of it and why; a bug's on standard error, too."""
    error, added, record = outcome.error, outcome.added, outcome.wanted.record
    if error is not None and not isinstance(error, GlossError):
        say_bug(outcome.wanted.name, error)
    if quiet:
        return
    kind, said = str(outcome.kind), outcome.reason
    if kind == "taken" and dry_run:
        kind, said = "would be taken", record.title if record else ""
    elif kind == "taken" and added is not None:
        said = f"{added.passages} passages" + (f"  ({said})" if said else "")
    output.print(f"{outcome.wanted.name}  {kind}  {plain(said)}", soft_wrap=True)


def _document(
    listed: Mapping[str, Sequence[Outcome]],
    selection: ArxivSelection,
    asked: Sequence[ArxivQuery],
    dry_run: bool,
) -> Fetched:
    from app.documents.intake import ArxivAnswer, ArxivAsked, Fetched, FetchedPaper

    def paper(outcome: Outcome) -> FetchedPaper:
        record, added = outcome.wanted.record, outcome.added
        return FetchedPaper(
            id=added.paper_id if added else outcome.wanted.id,
            version=record.version if record else None,
            title=record.title if record else "",
            passages=added.passages if added else None,
            reason=outcome.reason,
        )

    return Fetched(
        taken=[paper(one) for one in listed["taken"]],
        skipped=[paper(one) for one in listed["skipped"]],
        failed=[paper(one) for one in listed["failed"]],
        asked=ArxivAsked.of(
            selection,
            query=selection.query or None,
            since=selection.since or None,
            dry_run=dry_run,
            answers=[ArxivAnswer.of(one, date=one.date or None) for one in asked],
        ),
    )
