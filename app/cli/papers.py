"""``gloss papers`` and ``gloss remove``: what is in the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from app.cli.options import (
    JsonOption,
    LibraryOption,
    NoWaitOption,
    open_library,
)
from app.cli.terminal import (
    messages,
    output,
    print_json,
    write,
)
from app.show.text import plain
from index.errors import PaperNotFound

if TYPE_CHECKING:
    from index.entries import StoredEntry
    from index.library import Library, PaperRow

ENTRY = "entry:"  # before the number of an imported entry; no paper's id has a colon


def papers(
    context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False
) -> None:
    """List what is in the library, with states."""
    with open_library(context, library, reading=True) as opened:
        rows = opened.papers()
        waiting = opened.waiting_entries()
    if as_json:
        from app.documents.papers import paper_list

        print_json(paper_list(rows, waiting))
    elif not (rows or waiting):
        messages.print("The library is empty: gloss add PAPER.pdf puts a paper in.")
    elif output.is_terminal:
        table = Table("id", "status", "passages", "title or reason", box=None, pad_edge=False)
        table.columns[0].no_wrap = table.columns[1].no_wrap = True
        table.columns[2].justify = "right"
        for cells in (*map(_row_cells, rows), *map(_entry_cells, waiting)):
            table.add_row(*map(Text, cells))
        output.print(table)
    else:
        for cells in (*map(_row_cells, rows), *map(_entry_cells, waiting)):
            write("\t".join(cells) + "\n")  # rich would expand the tabs


def _row_cells(row: PaperRow) -> tuple[str, str, str, str]:
    notes = f" ({row.reason})" if row.reason else ""
    said = f"{row.title}{notes}" if row.status == "ok" else row.reason
    return row.id, row.status, str(row.passages), plain(said)


def _entry_cells(one: StoredEntry) -> tuple[str, str, str, str]:
    """An imported entry that no paper is here of."""
    said = f"{one.entry.title} ({one.reason or 'no paper is here of it'})"
    return f"{ENTRY}{one.number}", "no-file", "0", plain(said)


def remove(
    context: typer.Context,
    paper_ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ID...", help="Papers, failed files and entries, as `gloss papers` has them."
        ),
    ],
    library: LibraryOption = None,
    no_wait: NoWaitOption = False,
) -> None:
    """Take papers out of the library, with their digests. All of them are there, or none goes.

    Your notes and tags are kept, and are on the papers again if they come back.
    """
    with open_library(context, library, no_wait=no_wait) as opened:
        entries = {f"{ENTRY}{one.number}": one.number for one in opened.waiting_entries()}
        for paper_id in dict.fromkeys(
            one if one in entries else opened.row(one).id for one in paper_ids
        ):
            if paper_id in entries:
                opened.forget_entry(entries[paper_id])
                output.print(f"{paper_id}  removed", soft_wrap=True)
                continue
            kept = _own_words(opened, paper_id)
            opened.remove(paper_id)
            output.print(f"{paper_id}  removed{kept}", soft_wrap=True)


def _own_words(library: Library, paper_id: str) -> str:
    """What is kept of a paper that is taken out; nothing of a file that failed."""
    try:
        places = [one.place for one in library.notes.of(paper_id)]
    except PaperNotFound:
        return ""
    counts = {
        "note": sum(len(one.notes) for one in places),
        "tag": sum(len(one.tags) for one in places),
    }
    said = [f"{count} {what}{'s' * (count != 1)}" for what, count in counts.items() if count]
    return f"; {' and '.join(said)} kept: `gloss notes` lists them" if said else ""
