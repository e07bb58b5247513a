"""What was exported, and how a paper's words are cited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from app.documents import PathText, Shape
from index.entries import Bibliography
from index.errors import GlossError

if TYPE_CHECKING:
    from pathlib import Path


class FileWritten(Protocol):
    """``app.publish.exports.Exported``, which knows of documents."""

    @property
    def paper_id(self) -> str:
        """The paper's."""

    @property
    def file(self) -> Path | None:
        """Where it is."""

    @property
    def error(self) -> GlossError | None:
        """Why there is none."""


class ExportedFile(Shape):
    """A file that was to be written for a paper."""

    id: str
    """The paper's."""
    file: PathText | None
    """Where it is; null where it could not be written."""
    reason: str
    """Why not; empty where it was."""


class Exported(Shape):
    """What ``gloss export`` wrote."""

    papers: list[str]
    """The ids of those that were chosen, in order."""
    files: list[ExportedFile]
    """PDFs and notes; a bibliography is one file for all, at the path that was given."""


class CitationShape(Shape):
    """A paper, or words of it, as a citation."""

    id: str
    """The paper's."""
    text: str
    """As in `“the words” (Vaswani et al., 2017, p. 4)`."""
    pandoc: str
    """As in `[@vaswani2017attention, p. 4]`, for Pandoc and Quarto."""
    quote: str
    """The words, as the paper has them; empty for the paper itself."""
    page: int | None
    """Where they begin, from 1."""


class References(Shape):
    """Papers as a bibliography."""

    papers: list[str]
    """The ids of those that are in it, in order."""
    format: Bibliography
    """How it is written."""
    text: str
    """The bibliography, with the reader's notes and tags."""


def exported(ids: Sequence[str], files: Iterable[FileWritten]) -> Exported:
    """What was written, as ``gloss export --json`` says it."""
    return Exported(
        papers=list(ids),
        files=[
            ExportedFile.of(
                one,
                id=one.paper_id,
                reason=" ".join(str(one.error).split()) if one.error is not None else "",
            )
            for one in files
        ],
    )
