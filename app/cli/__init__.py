"""The command line. Every command is a few lines: open the library, ask it, print the answer.

What a command answers goes to standard output, ``--json`` as one JSON document; messages and
progress go to standard error. Nothing heavy is imported before a command runs, so that help is
there at once.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from app.cli import (
    add,
    backup,
    compare,
    daily,
    digest,
    doctor,
    evaluate,
    export,
    fetch,
    imports,
    models,
    notes,
    page,
    papers,
    search,
    serve,
    show,
)
from app.cli.options import Command, HeldByServer, LibraryOption
from app.cli.terminal import (
    EXIT_INTERRUPTED,
    answers_on_standard_output,
    ended_by_sigterm,
    fail,
    occupy_standard_streams,
    output,
)
from index.errors import GlossError

app = typer.Typer(
    name="gloss",
    help="Read papers into a library, search them, and write digests in which every sentence "
    "cites the words on the page.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run ``gloss``; errors that a person can put right become a line and an exit code."""
    occupy_standard_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        with ended_by_sigterm(), answers_on_standard_output():
            try:
                app()
            except HeldByServer as held:
                from app.cli.handover import hand_over
                from app.cli.work import Work

                sys.exit(hand_over(held.server, Work.given(sys.argv[1:], held.command)))
    except GlossError as error:
        fail(error)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


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


app.add_typer(models.models)
# In the order in which help lists them.
for command in (
    add.add,
    fetch.fetch,
    papers.papers,
    papers.remove,
    show.show,
    search.search,
    search.ask,
    digest.digest,
    digest.diff,
    compare.compare,
    compare.related,
    notes.note,
    notes.tag,
    notes.notes,
    export.export,
    export.cite,
    page.page,
    daily.daily,
    serve.serve,
    doctor.doctor,
    backup.backup,
    backup.restore,
):
    app.command(cls=Command)(command)
app.command(name="import", cls=Command)(imports.import_)
app.command(name="eval")(evaluate.evaluate)
