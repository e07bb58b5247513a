"""Shared by the commands: options, settings, and opening the library."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.digest import Language
from index.errors import GlossError, SettingsUnusable

if TYPE_CHECKING:
    from pydantic import ValidationError

    from index.config import Settings
    from index.fetch import Fetcher
    from index.library import Library


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


class NothingAsked(GlossError):
    """A command without the query or the papers that it needs."""


def settings_of(context: typer.Context, library: Path | None) -> Settings:
    """The environment's settings, with ``--library`` from after or before the command."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from index.config import Settings

    chosen = library or context.obj
    try:
        return Settings(library=chosen.expanduser()) if chosen else Settings()
    except ValidationError as error:
        raise SettingsUnusable(wrong_settings(error)) from error
    except SettingsError as error:  # a group as one variable, whose value is not JSON
        said = re.search(r'field "(\w+)"', str(error))
        group = f"GLOSS_{said[1].upper()}" if said else "GLOSS_*"
        raise SettingsUnusable(f"{group}: not JSON; set its parts, as {group}__...") from error


def wrong_settings(error: ValidationError) -> str:
    """Which variable does not fit and why; of several, two and how many more."""
    said = []
    for wrong in error.errors(include_url=False, include_context=False):
        why = wrong["msg"].removeprefix("Value error, ")
        variable = "GLOSS_" + "__".join(str(part).upper() for part in wrong["loc"])
        said.append(f"{variable}: {why}" if wrong["loc"] else why)
    more = f"; and {len(said) - 2} more" if len(said) > 2 else ""
    return "; ".join(said[:2]) + more


def open_library(context: typer.Context, library: Path | None, *, create: bool = False) -> Library:
    """The library, used in a ``with``; without ``create`` it must be there.

    With ``create`` papers are to go in: raises ``LibraryReadOnly`` and ``DiskFull`` at once.
    """
    from index.library import Library

    opened = Library.open(settings_of(context, library), create=create)
    if create:
        try:
            opened.check_writable()
        except GlossError:
            opened.close()
            raise
    return opened


def ask_arxiv(settings: Settings) -> Fetcher:
    """The client of arXiv; used in a ``with``."""
    from index.fetch import Fetcher

    return Fetcher(settings)
