"""Papers side by side, and the papers that are near to one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from app.compare import CellStatus
from app.documents import Shape, Share
from app.documents.claims import ClaimShape
from app.documents.found import FoundCitationShape

if TYPE_CHECKING:
    from app.compare import Cell, Comparison
    from app.compare.columns import Column
    from app.compare.related import Related
    from index.hits import ClaimRecord

Explained = Callable[[Exception], str]
"""An error in a line, for whoever reads the document."""


class ComparedColumn(Shape):
    """A column of the table."""

    name: str
    """`task`, `data`, `method`, `main_result`, `limits`, `code`, then `question.1` and so on."""
    title: str
    """Its heading."""
    question: str
    """Of a column that was asked for: the question; empty for the others."""


class ComparedCell(Shape):
    """What one paper says under one heading."""

    column: str
    """The column's name."""
    status: CellStatus
    """`stated`; `not stated` where the paper does not say, and nothing is filled in then; `failed`
    where it could not be looked up."""
    reason: str
    """Why it failed; empty otherwise."""
    claims: list[ClaimShape]
    """The sentences that say it, quoted."""


class ComparedPaperShape(Shape):
    """The paper of a row."""

    id: str
    """As all addresses take it."""
    version: int | None
    """arXiv's, where known."""
    title: str
    """As arXiv or page 1 has it; empty for a paper that is not there."""
    authors: list[str]
    """In the paper's order."""
    date: str | None
    """As exact as is known."""


class ComparedRow(Shape):
    """A paper and what it says."""

    paper: ComparedPaperShape
    """Which paper."""
    status: Literal["ok", "failed"]
    """`failed` for a paper that is not there or cannot be read; then all its cells are."""
    reason: str
    """Why; empty otherwise."""
    cells: list[ComparedCell]
    """One for each column, in their order."""


class PapersCompared(Shape):
    """Papers side by side."""

    columns: list[ComparedColumn]
    """The same for every paper."""
    rows: list[ComparedRow]
    """The papers, in the order in which they were asked for."""
    left_out: int
    """Papers of the day that was asked for beyond those that a table has."""


class AlikeSentence(Shape):
    """A sentence of a paper's digest that is like one of another's."""

    section: str
    """The digest's section, as `key_takeaways`."""
    text: str
    """The sentence."""
    citations: list[FoundCitationShape]
    """The words that it rests on, with page and place; never empty."""


class AlikePair(Shape):
    """Two sentences that are alike, one of each paper."""

    own: AlikeSentence
    """Of the paper that was asked for."""
    other: AlikeSentence
    """Of the one near to it."""
    score: Share
    """The cosine of their vectors."""


class RelatedPaperShape(Shape):
    """A paper that is near to another."""

    paper_id: str
    """As all addresses take it."""
    version: int | None
    """arXiv's, where known."""
    title: str
    """As arXiv or page 1 has it."""
    authors: list[str]
    """In the paper's order."""
    date: str | None
    """As exact as is known."""
    score: Share
    """How near: the cosine of the means of their passages' vectors."""
    alike: AlikePair | None
    """The two sentences of their digests that are most alike; null where one has none."""


class RelatedFound(Shape):
    """The papers that are nearest to one, nearest first."""

    paper_id: str
    """The paper that was asked for."""
    title: str
    """Its title."""
    related: list[RelatedPaperShape]
    """Empty where no other paper of the library is near."""


def papers_compared(
    table: Comparison, explained: Explained = str, left_out: int = 0
) -> PapersCompared:
    """A table whose cells are all filled, as ``gloss compare`` and the API say it."""
    return PapersCompared(
        columns=[
            ComparedColumn(
                name=column.name,
                title=column.titles["en"],
                question=column.titles["en"] if column.is_own else "",
            )
            for column in table.columns
        ],
        rows=[
            ComparedRow(
                paper=ComparedPaperShape.of(row.paper),
                status="failed" if row.error else "ok",
                reason=explained(row.error) if row.error else "",
                cells=[
                    _cell(column, cell, explained)
                    for column, cell in zip(table.columns, row.cells, strict=True)
                    if cell is not None
                ],
            )
            for row in table.rows
        ],
        left_out=left_out,
    )


def related_found(found: Related) -> RelatedFound:
    """The papers near to one, as ``gloss related`` and the API say them."""
    return RelatedFound(
        paper_id=found.paper_id,
        title=found.title,
        related=[
            RelatedPaperShape.of(
                one,
                paper_id=one.id,
                alike=one.alike
                and AlikePair(
                    own=_sentence(one.alike.own),
                    other=_sentence(one.alike.other),
                    score=one.alike.score,
                ),
            )
            for one in found.papers
        ],
    )


def _cell(column: Column, cell: Cell, explained: Explained) -> ComparedCell:
    return ComparedCell(
        column=column.name,
        status=cell.status,
        reason=explained(cell.error) if cell.error else "",
        claims=[ClaimShape.of(claim) for claim in cell.claims],
    )


def _sentence(claim: ClaimRecord) -> AlikeSentence:
    return AlikeSentence.of(claim)
