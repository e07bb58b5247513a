"""Whether an open library may be written; settled once, when it is opened (``lock``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from index.errors import LibraryReadOnly
from index.room import LEAST, MARGIN, REMOVING, check_room, free_space


@dataclass(frozen=True, slots=True)
class Access:
    """What may be done with an open library; ``reason`` says why it cannot be written, if so.

    ``beside`` another process has it, which may write while this one reads. ``removes``: the disk
    is too full for all but the catalogue, so that papers can be removed.
    """

    directory: Path
    reason: str = ""
    beside: bool = False
    removes: bool = False

    @property
    def writable(self) -> bool:
        """Whether something can be written."""
        return not self.reason

    @property
    def closed_catalog(self) -> str:
        """Why the catalogue cannot be written; "" where it can."""
        return "" if self.removes else self.reason

    def check_removing(self) -> None:
        """Raise ``LibraryReadOnly`` or ``DiskFull`` where no paper can be taken out."""
        if self.closed_catalog:
            raise LibraryReadOnly(self.directory, self.reason)
        check_room(self.directory, margin=REMOVING)

    def fits_engine(self) -> bool:
        """Whether the vectors may be written now."""
        return self.writable and free_space(self.directory) >= LEAST

    def check(self, needed: int = 0, margin: int = MARGIN) -> None:
        """Raise ``LibraryReadOnly``, or ``DiskFull`` unless there are that many bytes of room."""
        if self.reason:
            raise LibraryReadOnly(self.directory, self.reason)
        check_room(self.directory, needed, margin)
