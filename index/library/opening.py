"""Whether a directory may be opened as a library, be made one, or have one restored to it."""

from __future__ import annotations

from pathlib import Path

from index.errors import LibraryUnusable
from index.library.files import CATALOG, is_bare, no_writing

RESTORING = "restoring"  # a file that is there while a backup is restored


def ready(directory: Path, create: bool) -> Path:
    """The directory, created where there is none and ``create`` allows it.

    Raises ``LibraryUnusable`` if it has something other than a library, or cannot be written.
    """
    try:
        there = (directory / CATALOG).is_file()
        if not there and (directory / RESTORING).is_file():
            raise LibraryUnusable(
                directory, "a restore was cut short here; run `gloss restore BACKUP` again"
            )
        if not create and not there:
            raise LibraryUnusable(directory, "no library here; `gloss add` makes one")
        directory.mkdir(parents=True, exist_ok=True)
        if not there and not is_bare(directory):
            raise LibraryUnusable(
                directory, "is not empty and no library; give an empty or new directory"
            )
    except OSError as error:
        raise no_writing(directory, error) from error
    return directory


def ready_to_restore(directory: Path) -> None:
    """Make the directory where there is none.

    Raises ``LibraryUnusable`` if it has something other than a library or a restore cut short.
    """
    if not (directory / RESTORING).is_file():
        ready(directory, create=True)
