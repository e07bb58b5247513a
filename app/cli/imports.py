"""``gloss import``: the exports of reference managers into the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import (
    JsonOption,
    LibraryOption,
    NoWaitOption,
    given_in,
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
    from index.intake.imported import ImportedEntry


def import_(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A .ris, .bib, .rdf (Zotero) or .json (CSL) export, with its files beside it; "
            "zotero: asks the Zotero that runs on this machine, zotero:ADDRESS one at an address.",
        ),
    ],
    library: LibraryOption = None,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Import a bibliography: entries with files become papers. Exit code 3 where some have none."""
    from app.documents.imports import EntriesImported, ImportedShape
    from app.write import write_digests
    from index.intake.imported import find_entries, import_all

    found = find_entries(source, given_in())
    settings = settings_of(context, library)
    done: list[ImportedEntry] = []
    with (
        open_library(context, library, create=True, no_wait=no_wait) as opened,
        Bars(len(found.entries)) as bars,
    ):
        for one in import_all(opened, found, source, bars.begin):
            done.append(one)
            bars.advance()
            with bars.aside():
                if not as_json:
                    output.print(_line(one), soft_wrap=True)
            if one.outcome == "added" and settings.digest_on_add:
                for written in write_digests(opened, [(one.paper_id, "en")]):
                    if written.error is not None and not isinstance(written.error, GlossError):
                        say_bug(one.paper_id, written.error)
    without = sum(not one.paper_id for one in done)
    if as_json:
        print_json(EntriesImported(entries=[ImportedShape.of_entry(one) for one in done]))
    else:
        said = f"{len(done) - without} of {len(done)} entries have a paper in the library"
        messages.print(f"{said}; `gloss papers` lists the others, too" if without else said)
    raise typer.Exit(EXIT_SOME_FAILED if without else EXIT_ALL_IN)


def _line(one: ImportedEntry) -> str:
    reason = f"  ({plain(one.reason)})" if one.reason else ""
    return f"{one.paper_id or '-'}  {one.outcome}  {plain(one.entry.title)}{reason}"
