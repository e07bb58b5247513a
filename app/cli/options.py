"""Shared by the commands: options, settings, and opening the library."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core

from app.cli.terminal import say, terminal
from app.digest import Language
from index.disk import expanded
from index.errors import GlossError, LibraryBusy, LibraryUnusable, SettingsUnusable

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


NoWaitOption = Annotated[
    bool, typer.Option("--no-wait", help="Do not wait for a command that has the library.")
]


class NothingAsked(GlossError):
    """A command without the query or the papers that it needs."""


def settings_of(context: typer.Context, library: Path | None) -> Settings:
    """The environment's settings, with ``--library`` from after or before the command."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from index.config import Settings
    from index.library.lock import name_process

    if _held.get() is None:
        name_process(f"gloss {context.info_name}")
    chosen = library or context.obj
    try:
        return Settings(library=expanded(chosen)) if chosen else Settings()
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


# Commands whose work a server does that has the library: they write, or search vectors, which one
# process at a time can open.
HANDED = frozenset(
    (
        *("add", "fetch", "import", "remove", "note", "tag"),
        *("search", "ask", "digest", "compare", "related", "export", "page", "daily"),
    )
)
STANDARD_OUTPUT = Path("-")  # in the place of a file
_LOOK_AGAIN = 0.2  # seconds


@dataclass(frozen=True, slots=True)
class WorkServer:
    """The server that has a library: where it takes work, and the token that it asks for."""

    directory: Path
    name: str  # "gloss serve (process 7 since 14:02)"
    port: int
    token: str


class HeldByServer(LibraryBusy):
    """A server has the library, which does the work of this ``command``."""

    def __init__(self, server: WorkServer, command: str) -> None:
        super().__init__(server.directory, server.name)
        self.server = server
        self.command = command


@dataclass(frozen=True, slots=True)
class Held:
    """A library that this process has open for longer than a command.

    ``folder`` is where the relative paths of the command that it runs begin.
    """

    library: Library
    folder: Path


_held: ContextVar[Held | None] = ContextVar("held", default=None)


@contextmanager
def on(held: Held) -> Iterator[None]:
    """Commands of this context use a library that is open."""
    token = _held.set(held)
    try:
        yield
    finally:
        _held.reset(token)


def given_in() -> Path:
    """Where relative paths of the command begin."""
    held = _held.get()
    return held.folder if held is not None else Path()


class Command(typer.core.TyperCommand):
    """A command, whose relative paths begin where it was given, whoever runs it."""

    def invoke(self, ctx: Any) -> Any:
        """Run it. Raises ``UserUnknown`` for a path that begins with one's home."""
        for name, value in ctx.params.items():
            if isinstance(value, Path) and value != STANDARD_OUTPUT:
                ctx.params[name] = given_in() / expanded(value)
        return super().invoke(ctx)


def open_library(
    context: typer.Context,
    library: Path | None,
    *,
    create: bool = False,
    reading: bool = False,
    no_wait: bool = False,
) -> AbstractContextManager[Library]:
    """The library, used in a ``with``; without ``create`` it must be there.

    With ``create`` papers are to go in: raises ``LibraryReadOnly`` and ``DiskFull`` at once.

    Where another process has it: raises ``HeldByServer`` if that is a server that does the work of
    this command. Else, for ``reading``, it is opened beside that process; any other command waits
    for it, or raises ``LibraryBusy`` with ``no_wait``, and for a server.
    """
    held = _held.get()
    if held is not None:
        opened = _fits(held.library, settings_of(context, library))
        if create:
            opened.check_writable()
        return nullcontext(opened)
    opened = _opened(context, settings_of(context, library), create, reading, no_wait)
    if create:
        try:
            opened.check_writable()
        except GlossError:
            opened.close()
            raise
    return opened


def _opened(
    context: typer.Context, settings: Settings, create: bool, reading: bool, no_wait: bool
) -> Library:
    from index.library import Library

    waited = False
    while True:
        try:
            return Library.open(settings, create=create)
        except LibraryBusy as error:
            server = find_server(error)
            if server is not None and context.info_name in HANDED:
                raise HeldByServer(server, context.info_name or "") from None
            if reading:
                return Library.open(settings, create=False, beside=True)
            if no_wait or server is not None:
                raise
            if not waited:
                say(f"{error.directory}: waiting for {error.holder} to end (--no-wait does not)")
                waited = True
            time.sleep(_LOOK_AGAIN)
            terminal().check()


def find_server(busy: LibraryBusy) -> WorkServer | None:
    """The server that has a library, if it is one and this user may give it work."""
    from index.library.lock import SERVER

    try:
        said = json.loads((busy.directory / SERVER).read_text())
        return WorkServer(busy.directory, busy.holder, int(said["port"]), str(said["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _fits(library: Library, settings: Settings) -> Library:
    """The library, unless its vectors are of another model than the settings name."""
    if "model" in settings.model_fields_set and settings.model != library.model:
        raise LibraryUnusable(
            library.directory,
            f"its vectors are of another model ({library.model}, not {settings.model}); "
            "set GLOSS_MODEL back",
        )
    return library


def ask_arxiv(settings: Settings) -> Fetcher:
    """The client of arXiv; used in a ``with``."""
    from index.fetch import Fetcher

    return Fetcher(settings)
