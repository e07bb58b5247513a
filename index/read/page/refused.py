"""Why a file is refused, and how much markup a worker reads within a few seconds."""

from __future__ import annotations

from index.paper import Status

MOST_LINES = 100_000  # of Markdown; a book of a thousand pages has half as many
MOST_ELEMENTS = 500_000  # of HTML; LaTeXML makes 1,000 to 4,000 of a page with formulas


class UnreadableError(Exception):
    """A file that gives no paper. ``status`` is the reading's."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
