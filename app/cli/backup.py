"""``gloss backup`` and ``gloss restore``: a library copied while it is used, and put back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import JsonOption, LibraryOption, settings_of
from app.cli.terminal import EXIT_SOME_FAILED, output, print_json, say

BackupFolder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The backup.")]


def backup(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that is not there.")],
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the library to a new folder, also while it is in use. Exit code 3: files are damaged."""
    from app.documents.backup import BackupMade
    from index.library import back_up

    directory = settings_of(context, library).library.expanduser().absolute()
    made = back_up(directory, folder.absolute())
    if as_json:
        print_json(BackupMade.of(made))
    else:
        vectors = "with" if made.vectors else "without"
        output.print(
            f"{made.folder}: {made.papers} papers, {made.passages} passages, {made.digests} "
            f"digests, {vectors} their vectors",
            soft_wrap=True,
        )
    for paper_id in made.damaged:
        say(f"{paper_id}: its file is damaged or gone; `gloss doctor` says what to do")
    if made.damaged:
        raise typer.Exit(EXIT_SOME_FAILED)


def restore(
    context: typer.Context,
    folder: BackupFolder,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let the library be what it was in a backup, once every byte of that is verified."""
    from app.documents.backup import BackupMade, LibraryRestored
    from index.library import restore as restore_library

    directory = settings_of(context, library).library.expanduser().absolute()
    done = restore_library(directory, folder.absolute())
    if as_json:
        print_json(LibraryRestored.of(done, backup=BackupMade.of(done.backup)))
        return
    had = done.backup
    output.print(
        f"{done.directory}: {had.papers} papers, {had.passages} passages, {had.digests} digests, "
        f"as of {had.made}",
        soft_wrap=True,
    )
    if done.former is not None:
        output.print(f"the catalogue that was there is {done.former}", soft_wrap=True)
    if done.set_aside:
        output.print(
            f"{done.set_aside} files that no paper of the backup has are in "
            f"{done.directory / 'quarantine'}: `gloss add` adds them again",
            soft_wrap=True,
        )
    if not done.vectors:
        output.print(
            "the backup has no vectors: `gloss doctor` says whether `--repair` is needed",
            soft_wrap=True,
        )
