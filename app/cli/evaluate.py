"""``gloss eval``: the index and the digests, measured."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from app.cli.options import (
    JsonOption,
    LibraryOption,
    settings_of,
)
from app.cli.terminal import output
from app.controls import escaped_in_json
from index.errors import GlossError

EVALUATIONS = "gloss.evaluations"  # the group of entry points that `gloss eval` runs


class NotThere(GlossError):
    """Something was asked for that this version does not have."""


def evaluate(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The evaluation.")],
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", metavar="PATH", help="What to measure on; can be given again."),
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the index or the digests."""
    from importlib.metadata import entry_points

    # By entry point, since evaluations import the app and the app does not know them.
    known = {entry.name: entry for entry in entry_points(group=EVALUATIONS)}
    if name not in known:
        names = ", ".join(sorted(known)) or "none is installed"
        raise NotThere(f"no evaluation is called {name}; there are: {names}")
    report = known[name].load()(settings_of(context, library), data or [])
    if as_json:
        said = escaped_in_json(
            json.dumps(report.measures, ensure_ascii=False, indent=2, allow_nan=False)
        )
        sys.stdout.write(f"{said}\n")
        return
    if report.table:
        table = Table(*report.table[0], box=None, pad_edge=False)
        for row in report.table[1:]:
            table.add_row(*row)
        output.print(table)
    for measure, value in _flat(report.measures):
        output.print(f"{measure:<40}{value}", soft_wrap=True)
    for note in report.notes:
        output.print(note, soft_wrap=True)


def _flat(report: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """A report's numbers as "title.exact", "0.9"; lists only by their length."""
    for key, value in report.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            yield f"{prefix}{key}", f"{len(value)} entries"
        else:
            yield f"{prefix}{key}", f"{value:.4f}" if isinstance(value, float) else str(value)
