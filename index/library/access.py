"""Whether an open library may be written; settled once, when it is opened (``lock``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from index.errors import LibraryReadOnly
from index.room import MARGIN, check_room


@dataclass(frozen=True, slots=True)
class Access:
    """What may be done with an open library; ``reason`` says why it cannot be written, if so.

    ``beside`` another process has it, which may write while this one reads.
    """

    directory: Path
    reason: str = ""
    beside: bool = False

    @property
    def writable(self) -> bool:
        """Whether something can be written."""
        return not self.reason

    def check(self, needed: int = 0, margin: int = MARGIN) -> None:
        """Raise ``LibraryReadOnly``, or ``DiskFull`` unless there are that many bytes of room."""
        if self.reason:
            raise LibraryReadOnly(self.directory, self.reason)
        check_room(self.directory, needed, margin)
