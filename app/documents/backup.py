"""What ``gloss backup`` and ``gloss restore`` did."""

from __future__ import annotations

from app.documents import PathText, Shape


class BackupMade(Shape):
    """A backup and what it has."""

    folder: PathText
    made: str
    """ISO, UTC."""
    papers: int
    passages: int
    digests: int
    size: int
    """In bytes; room that the vector store keeps is counted, and lies on the disk as holes."""
    vectors: bool
    """Whether it has the vectors of passages and digests."""
    damaged: list[str]
    """Papers whose files were damaged or gone when it was made."""


class LibraryRestored(Shape):
    """What a restore did."""

    backup: BackupMade
    directory: PathText
    """The library's."""
    former: PathText | None
    """The catalogue that the library had before; null where there was none."""
    set_aside: int
    """Files that no paper of the backup has, in the library's quarantine."""
    vectors: bool
    """Whether it has the backup's; else `gloss doctor` says whether `--repair` is needed."""
