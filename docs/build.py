"""Write docs/commands.md and docs/settings.md from the program: ``make docs``.

A test compares the files with what this writes.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.cli import get_docs_for_click
from typer.main import get_command

from app.cli import app
from index.config import Settings

DOCS = Path(__file__).parent

_SETTINGS = """# Settings

From the environment, read once when a command starts. Two underscores part a group from its
setting; former names, with one, are taken too. Written from
[index/config.py](../index/config.py) by `make docs`.
"""


def commands() -> str:
    """Every command with its arguments and options, as Typer documents them."""
    command = get_command(app)
    context = typer.Context(command, info_name="gloss")
    return get_docs_for_click(obj=command, ctx=context, name="gloss").strip() + "\n"


def settings() -> str:
    """A table of the settings without a group, then one of each group."""
    alone, groups = {}, {}
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            groups[name] = kind
        else:
            alone[name] = field
    parts = [_SETTINGS, _table("GLOSS_", alone)]
    for name, kind in groups.items():
        told = " ".join((kind.__doc__ or "").split())
        parts += [
            f"\n## {name.capitalize()}\n\n{told}\n",
            _table(f"GLOSS_{name.upper()}__", kind.model_fields),
        ]
    return "\n".join(parts)


def _table(prefix: str, fields: dict[str, FieldInfo]) -> str:
    rows = ["| setting | default | what it is |", "|---|---|---|"]
    for name, field in fields.items():
        told = " ".join((field.description or "").split()).replace("|", "\\|")
        rows.append(f"| `{prefix}{name.upper()}` | {_default(field)} | {told} |")
    return "\n".join(rows) + "\n"


def _default(field: FieldInfo) -> str:
    """Empty where it depends on the machine, or is nothing."""
    value: Any = field.default
    if field.default_factory is not None or value is None or not str(value):
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"`{value.value if isinstance(value, Enum) else value}`"


if __name__ == "__main__":
    (DOCS / "commands.md").write_text(commands(), encoding="utf-8")
    (DOCS / "settings.md").write_text(settings(), encoding="utf-8")
