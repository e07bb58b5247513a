"""``gloss serve``: the web UI and the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import (
    LibraryOption,
    settings_of,
)
from app.cli.terminal import (
    messages,
)

if TYPE_CHECKING:
    pass


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port.")] = 7860,
    library: LibraryOption = None,
) -> None:
    """Serve the web UI until Ctrl+C."""
    from app.serve.server import serve as serve_app

    serve_app(
        settings_of(context, library),
        host,
        port,
        ready=lambda address: messages.print(f"gloss: {address} (Ctrl+C stops)"),
    )
