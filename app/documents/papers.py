"""A paper as it was understood, and the list of all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from app.documents import Shape, Share, is_empty
from app.documents.claims import BoxShape
from index.accounts import HiddenBy
from index.paper import Cell, Paper, Role, SourceKind, Status, quote_cell

if TYPE_CHECKING:
    from index.entries import StoredEntry
    from index.library import PaperRow


class PaperState(Shape):
    """A paper of the library, or a file that did not become one."""

    id: str
    """As all addresses take it: an arXiv id, or the file's name."""
    version: int | None
    """arXiv's, where known."""
    title: str
    """As arXiv or page 1 has it."""
    status: Status
    """`ok`, or why the file could not be read."""
    reason: str
    """A line on the status; empty for most that are `ok`."""
    source: SourceKind
    """What kind of file it was read from."""
    passages: int
    """How many passages can be found of it."""
    newest: int | None
    """The newest version that arXiv has reported."""
    withdrawn: bool
    """Whether arXiv says that it was withdrawn."""


class WaitingEntry(Shape):
    """An imported entry of a bibliography that no paper is here of."""

    number: int
    """Its own in the library."""
    title: str
    """As the export had it."""
    reason: str
    """Why there is no paper, and what to do."""
    doi: str
    """Empty where there is none."""
    arxiv: str
    """Empty where there is none."""


class PaperList(Shape):
    """All papers of the library."""

    papers: list[PaperState]
    """By id."""
    entries: list[WaitingEntry] = Field(default_factory=list, exclude_if=is_empty)
    """Imported entries without a paper, where there are some and all were asked for."""


class ArxivRecord(Shape):
    """What arXiv says of a paper."""

    id: str
    """Without version."""
    version: int | None
    """The version that this record is of."""
    comment: str
    """The authors' comment."""
    doi: str
    """Empty where there is none."""
    journal: str
    """Where it was published; empty where arXiv does not know."""
    published: str
    """When version 1 came."""
    updated: str
    """When this version came."""
    withdrawn: bool
    """Whether it was withdrawn."""


class SectionShape(Shape):
    """A section of a paper."""

    title: str
    """As the paper has it."""
    role: Role
    """What part of a paper it is."""
    level: int
    """1 is the top."""


class FigureShape(Shape):
    """A figure or table."""

    label: str
    """As `Figure 1`."""
    caption: str
    """As the paper has it."""
    page: int | None
    """The caption's page, from 1."""
    box: BoxShape | None
    """Where the figure is, where that was found."""


class CellShape(Shape):
    """A cell of a table that is not empty."""

    text: str
    """Its words."""
    quote: str
    """Its words with the heads of its row and column: `BERT: 84.6 (MNLI dev)`."""
    row: int
    """From 0, the head's rows first."""
    column: int
    """From 0."""
    down: int
    """How many rows it covers."""
    across: int
    """How many columns it covers."""
    box: BoxShape | None
    """Where it is, in a file with pages."""


class TableShape(Shape):
    """A table with its cells."""

    label: str
    """As `Table 2`; empty for one without a caption."""
    header: list[list[CellShape]]
    """The rows of column heads; may be empty."""
    rows: list[list[CellShape]]
    """The other rows."""


class FindingShape(Shape):
    """Text in the file that a reader of the page does not see, or that gloss could not read; it is
    in no passage."""

    kind: Literal["hidden", "lost"]
    """Whether it was left out, or could not be read."""
    page: int | None
    """From 1."""
    hidden_by: HiddenBy | None
    """How hidden text is hidden."""
    share: Share | None
    """Of what was lost: the share of the page's words, 0 to 1."""
    text: str
    """Of hidden text at most its first 200 characters; of lost text why it was lost."""
    box: BoxShape | None
    """Where hidden text is, in a file with pages."""


class AccountShape(Shape):
    """Where the words of one page went: words are runs of letters and digits."""

    page: int
    """From 1."""
    drawn: int
    """Counted apart from the others, so that what was lost on the way shows."""
    text: int
    """In running text, headings, front matter, footnotes, formulas and references."""
    captions: int
    """In captions."""
    tables: int
    """In tables."""
    figures: int
    """In drawings."""
    furniture: int
    """In running heads, page and line numbers, stamps in the margin; they are not in the text."""
    hidden: int
    """Not seen by a reader of the page; they are not in the text."""
    unaccounted: int
    """Drawn, and in none of these."""
    lost: list[str]
    """The first of the words that are unaccounted for, folded."""
    aside: str
    """The furniture and what a clip cuts off, a line each."""
    unreadable: float
    """The share of characters that stand for no known letter, 0 to 1."""
    unread: str
    """Why the page, or a part of it, could not be read."""
    share: Share
    """The share that is accounted for, 0 to 1."""


class PaperShown(Shape):
    """A paper as it was understood."""

    id: str
    """As all addresses take it."""
    version: int | None
    """arXiv's, where known."""
    status: Status
    """`ok`, or why the file could not be read; then all below is empty."""
    reason: str = Field(default="", exclude_if=is_empty)
    """Why, where the status is not `ok`; absent otherwise."""
    title: str
    """As arXiv or page 1 has it."""
    authors: list[str]
    """In the paper's order."""
    affiliations: list[str]
    """As page 1 has them."""
    author_affiliations: list[list[str]]
    """Of each author; empty where the paper does not tell."""
    date: str | None
    """As exact as is known: `2024-07-03`, `2017-06`."""
    categories: list[str]
    """As `cs.CL`; the primary one first."""
    abstract: str
    """As arXiv has it, else as the page does."""
    arxiv: ArxivRecord | None
    """What arXiv says, of a paper that came from there."""
    sections: list[SectionShape]
    """In order."""
    figures: list[FigureShape]
    """In order."""
    tables: list[TableShape]
    """Those whose rows and columns were found."""
    findings: list[FindingShape]
    """Hidden and lost text, which no search finds and no digest quotes."""
    accounts: list[AccountShape]
    """Of each page of a PDF."""


class FigureFile(Shape):
    """A figure or table that ``gloss show --figures`` lists."""

    label: str
    """As `Figure 1`."""
    kind: str
    """`figure` or `table`."""
    caption: str
    """As the paper has it."""
    page: int | None
    """The caption's page, from 1."""
    box: BoxShape | None
    """Where the figure is, where that was found."""
    file: str | None
    """Its picture, in the folder of the list, where the figure was found."""


def paper_list(rows: Iterable[PaperRow], waiting: Iterable[StoredEntry] = ()) -> PaperList:
    """All papers with their states, as ``gloss papers`` and the API say them."""
    return PaperList(
        papers=[PaperState.of(row) for row in rows],
        entries=[
            WaitingEntry.of(one, title=one.entry.title, doi=one.entry.doi, arxiv=one.entry.arxiv)
            for one in waiting
        ],
    )


def paper_shown(row: PaperRow, paper: Paper | None) -> PaperShown:
    """A paper as ``gloss show`` and the API say it; without ``paper``, why it is none."""
    if paper is None:
        return PaperShown(
            id=row.id,
            version=row.version,
            status=row.status,
            reason=row.reason,
            title=row.title,
            authors=[],
            affiliations=[],
            author_affiliations=[],
            date=None,
            categories=[],
            abstract="",
            arxiv=None,
            sections=[],
            figures=[],
            tables=[],
            findings=[],
            accounts=[],
        )
    affiliations = [span.of(paper.text) for span in paper.affiliations]
    record = paper.record
    return PaperShown.of(
        paper,
        status="ok",
        affiliations=affiliations,
        author_affiliations=[
            [affiliations[n] for n in places] for places in paper.author_affiliations
        ],
        abstract=abstract_of(paper),
        arxiv=record and ArxivRecord.of(record, withdrawn=record.withdrawn or row.withdrawn),
        sections=[section for section in paper.sections if section.title],
        figures=[
            FigureShape.of(figure, caption=figure.caption.of(paper.text))
            for figure in paper.figures
        ],
        tables=[
            TableShape(
                label=table.label,
                header=_cells(paper, table.header),
                rows=_cells(paper, table.rows),
            )
            for table in paper.tables
        ],
        findings=_findings(paper),
    )


def abstract_of(paper: Paper) -> str:
    """As arXiv has it, else as the page does."""
    if paper.record and paper.record.abstract:
        return paper.record.abstract
    return paper.abstract.of(paper.text) if paper.abstract else ""


def _cells(paper: Paper, rows: Iterable[Iterable[Cell]]) -> list[list[CellShape]]:
    return [
        [
            CellShape.of(
                cell,
                text=" ".join(cell.span.of(paper.text).split()),
                quote=quote_cell(paper, cell),
            )
            for cell in row
        ]
        for row in rows
    ]


def _findings(paper: Paper) -> list[FindingShape]:
    """What is hidden, then what was lost."""
    hidden = [
        FindingShape.of(one, kind="hidden", page=one.box.page if one.box else None, share=None)
        for one in paper.findings
    ]
    lost = [
        FindingShape.of(one, kind="lost", hidden_by=None, text=one.reason, box=None)
        for one in paper.losses
    ]
    return hidden + lost
