"""Why an export, or a file that it names, is not taken."""

from __future__ import annotations

from index.errors import GlossError


class ExportUnusable(GlossError):
    """An export that cannot be read, or a reference manager that cannot be asked."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(f"{source}: {' '.join(why.split())[:300]}")
        self.source = source
        self.why = why


class FileRefused(Exception):
    """A file that an entry names and that is not taken; says why in a line."""
