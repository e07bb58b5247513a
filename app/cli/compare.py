"""``gloss compare`` and ``gloss related``: papers side by side, and those near to one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from app.api.dates import dated
from app.cli.options import (
    JsonOption,
    LibraryOption,
    NothingAsked,
    NoWaitOption,
    PaperArgument,
    open_library,
)
from app.cli.terminal import EXIT_SOME_FAILED, Bars, messages, output, print_json, write

if TYPE_CHECKING:
    from app.compare import Comparison


def compare(
    context: typer.Context,
    paper_ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID]...", help="Papers' ids; two to twenty papers in all.", show_default=False
        ),
    ] = None,
    query: Annotated[
        str | None,
        typer.Option(
            "--search",
            metavar="QUERY",
            help="Further papers: those of the best passages for this.",
            show_default=False,
        ),
    ] = None,
    day: Annotated[
        str | None,
        typer.Option(
            "--day",
            metavar="DATE",
            help="Further papers: those of a day, a month or a year.",
            show_default=False,
        ),
    ] = None,
    tag: Annotated[
        str | None,
        typer.Option(
            "--tag",
            metavar="NAME",
            help="Further papers: those that you have tagged so.",
            show_default=False,
        ),
    ] = None,
    count: Annotated[
        int,
        typer.Option(
            "-k", min=2, max=20, help="How many papers of --search, --tag or --day at most."
        ),
    ] = 10,
    questions: Annotated[
        list[str] | None,
        typer.Option(
            "--ask",
            metavar="QUESTION",
            help="Add a column that asks each paper this; may be given again.",
            show_default=False,
        ),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write the table as CSV.")
    ] = None,
    xlsx: Annotated[
        Path | None,
        typer.Option("--xlsx", metavar="FILE", help="Write the table as an Excel workbook."),
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table as Markdown.")
    ] = False,
    library: LibraryOption = None,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Set papers side by side: task, data, method, main result, limits, code, in their words."""
    from app.compare import fill, table_of
    from app.compare.choice import chosen
    from app.compare.columns import COLUMNS, question_columns

    if as_json and markdown:
        raise NothingAsked("compare: give --json or --markdown, not both")
    columns = (*COLUMNS, *question_columns(questions or ()))
    with open_library(context, library, no_wait=no_wait) as opened:
        date = dated(day) if day else ""
        papers = chosen(opened, paper_ids or (), query or "", date, count, tag or "", opened.notes)
        if papers.left_out:
            of = " and ".join(one for one in (f"#{tag}" if tag else "", day) if one)
            messages.print(
                f"{papers.left_out} more papers of {of} are left out (-k)", soft_wrap=True
            )
        table = table_of(opened, papers.ids, columns)
        with Bars(table.total - table.done) as bars:
            for filled in fill(opened, table):
                table = filled
                bars.begin("compare")(f"{table.done} of {table.total} cells")
                bars.advance()
    _write(table, csv, xlsx)
    if as_json:
        from app.documents.comparisons import papers_compared

        print_json(papers_compared(table, left_out=papers.left_out))
    elif markdown:
        from app.show.comparison import to_markdown

        write(to_markdown(table))
    elif csv is None and xlsx is None:
        _print_table(table)
    if any(row.error is not None for row in table.rows):
        raise typer.Exit(EXIT_SOME_FAILED)


def _write(table: Comparison, csv: Path | None, xlsx: Path | None) -> None:
    from app.publish.files import write_file, write_text

    if csv is not None:
        from app.show.comparison import to_csv

        write_text(csv, to_csv(table))
        messages.print(f"Written to {csv}", soft_wrap=True)
    if xlsx is not None:
        from app.show.workbook import to_xlsx

        write_file(xlsx, to_xlsx(table))
        messages.print(f"Written to {xlsx}", soft_wrap=True)


def _print_table(table: Comparison) -> None:
    """The table paper by paper: a terminal is too narrow for its columns."""
    from app.show.comparison import table_view

    seen = table_view(table)
    for number, row in enumerate(seen.rows):
        if number:
            output.print()
        head = Text(row.title or row.label, style="bold")
        if row.title:
            head.append(f"  {row.label}", style="dim not bold")
        output.print(head, soft_wrap=True)
        for column, cell in zip(seen.columns, row.cells, strict=True):
            output.print(Text(f"  {column.title}", style="bold"), soft_wrap=True)
            for quote in cell.quotes:
                line = Text(f"    {quote.text}")
                if quote.label:
                    line.append(f"  ({quote.label})", style="dim")
                output.print(line, soft_wrap=True)
            if not cell.quotes:
                output.print(Text(f"    {cell.said}", style="dim"), soft_wrap=True)


def related(
    context: typer.Context,
    paper_id: PaperArgument,
    count: Annotated[int, typer.Option("-k", min=1, max=20, help="How many papers at most.")] = 5,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the papers nearest to one, with the two sentences that are most alike."""
    from app.compare.related import related as related_papers

    with open_library(context, library, reading=True) as opened:
        found = related_papers(opened, paper_id, count)
    if as_json:
        from app.documents.comparisons import related_found

        print_json(related_found(found))
        return
    if not found.papers:
        messages.print("No other paper of this library is near.")
        return
    from app.show.comparison import related_views

    for number, one in enumerate(related_views(found), start=1):
        head = Text(f"{number:>2}  ")
        head.append(one.title, style="bold")
        head.append(f"  {one.id}  {one.nearness}", style="dim")
        output.print(head, soft_wrap=True)
        for whose, alike in (("here", one.own), ("there", one.other)):
            if alike is not None:
                page = f", {alike.page}" if alike.page else ""
                output.print(Text(f"    {whose}{page}: {alike.text}"), soft_wrap=True)
