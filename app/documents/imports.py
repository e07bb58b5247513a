"""What was imported from a bibliography."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.documents import Shape

if TYPE_CHECKING:
    from index.intake.imported import ImportedEntry


class ImportedShape(Shape):
    """The result of one entry."""

    title: str
    """The entry's."""
    outcome: Literal["added", "there", "no-file", "failed"]
    """`there`: the paper was in the library before."""
    id: str
    """The paper's in the library; empty where none is here."""
    reason: str
    """Why there is no paper, and what to do."""
    doi: str
    """Empty where there is none."""
    arxiv: str
    """An arXiv id, which `gloss add` takes; empty where there is none."""

    @classmethod
    def of_entry(cls, one: ImportedEntry) -> ImportedShape:
        """As all interfaces say it."""
        return cls(
            title=one.entry.title,
            outcome=one.outcome,
            id=one.paper_id,
            reason=one.reason,
            doi=one.entry.doi,
            arxiv=one.entry.arxiv,
        )


class EntriesImported(Shape):
    """The result of all entries."""

    entries: list[ImportedShape]
    """In the export's order."""
