"""A paper as it was read, and its parts: sections, blocks, sentences, figures, tables.

``Paper.text`` is stored once. Sections, sentences, passages and citations are spans of it
(``index.spans``). Every noun is frozen; a stage is a function from one noun to the next.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

from index.accounts import Finding, Loss, PageAccount
from index.spans import Box, Span, Words

Role = Literal[
    "abstract",
    "introduction",
    "background",
    "method",
    "experiments",
    "results",
    "discussion",
    "conclusion",
    "limitations",
    "acknowledgements",
    "references",
    "appendix",
    "other",
]

ROLES: tuple[Role, ...] = get_args(Role)

BlockKind = Literal[
    "front",  # title, authors, affiliations, keywords: page 1 above the body
    "heading",
    "run-in",  # a bold label at the head of a paragraph: "Optimizer."
    "paragraph",
    "caption",
    "footnote",
    "equation",
    "table",
    "reference",
]

Status = Literal["ok", "no-text", "encrypted", "broken", "limit", "not-a-paper"]

SourceKind = Literal["pdf", "markdown", "html"]


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text of one kind, as it was set: a paragraph, a caption, an equation."""

    kind: BlockKind
    span: Span


@dataclass(frozen=True, slots=True)
class Section:
    """A section. ``span`` runs from its heading to the next heading of any level.

    The sections of a paper lie side by side and cover its text; ``level`` (1 is the top) tells the
    tree. The first one is the front matter: title, authors, affiliations, with an empty title.
    """

    title: str
    role: Role
    level: int
    span: Span


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a paragraph, a caption or a footnote (``kind`` says which)."""

    span: Span
    kind: BlockKind


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure or table: its label ("Figure 1"), its caption, and the caption's page."""

    label: str
    caption: Span
    page: int | None = None
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table. Empty cells are left out."""

    span: Span
    box: Box | None  # around its words; None for a paper that is no PDF
    row: int  # from 0, counted through head and body; the first of those that it covers
    column: int  # from 0
    down: int = 1  # how many rows it covers
    across: int = 1  # how many columns it covers


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its cells, row by row from left to right, as they are in ``Paper.text``."""

    label: str  # "Table 2"
    caption: Span
    header: tuple[tuple[Cell, ...], ...]  # its rows of column heads; may be empty
    rows: tuple[tuple[Cell, ...], ...]
    stub: int  # how many columns at the left name the rows
    heads: tuple[int, ...]  # rows, counted as those of cells, that head the columns anew
    box: Box | None

    @property
    def span(self) -> Span:
        """From its first cell to its last."""
        rows = (*self.header, *self.rows)
        return Span(rows[0][0].span.start, rows[-1][-1].span.end)

    def row_heads(self, cell: Cell) -> tuple[Cell, ...]:
        """The cells that name the row of ``cell``, outermost first, without itself: the heads of
        the rows' group, then those of the row."""
        if cell.row < len(self.header):
            return ()
        return tuple(
            one
            for row in self.rows
            for one in row
            if one.column < min(self.stub, cell.column)
            and one.row < cell.row + cell.down
            and cell.row < one.row + one.down
        )

    def column_heads(self, cell: Cell) -> tuple[Cell, ...]:
        """The cells that name the column of ``cell``, from top to bottom, without itself."""
        anew = max((row for row in self.heads if row < cell.row), default=None)
        heads = [
            one
            for row in (self.header if anew is None else self.rows)
            for one in row
            if anew is None or one.row == anew
        ]
        return tuple(
            one
            for one in heads
            if one.row < cell.row
            and one.column < cell.column + cell.across
            and cell.column < one.column + one.across
        )


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula of a Markdown or HTML source, and the LaTeX that it was written in.

    The text at ``span`` is LaTeX between its signs ("$x_i$") or the formula on one line ("x_i").
    """

    span: Span
    tex: str  # without the signs around it
    displayed: bool = False  # on a line of its own


@dataclass(frozen=True, slots=True)
class Record:
    """arXiv's record of a paper, which overrules what was read from its pages."""

    id: str  # without version, as arXiv writes it
    version: int | None
    title: str
    authors: tuple[str, ...]
    abstract: str
    published: str  # ISO dates: of version 1, and of this version
    updated: str
    categories: tuple[str, ...]  # the primary one first
    comment: str = ""
    doi: str = ""
    journal: str = ""
    withdrawn: bool = False
    pdf_url: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as it was read. All spans point into ``text``."""

    id: str
    version: int | None  # arXiv's, where known
    source: SourceKind
    sha256: str  # of the file it was read from
    text: str
    title: str
    authors: tuple[str, ...] = ()
    affiliations: tuple[Span, ...] = ()
    # For each author its places in ``affiliations``; none where the paper does not tell.
    author_affiliations: tuple[tuple[int, ...], ...] = ()
    keywords: tuple[Span, ...] = ()
    links: tuple[Span, ...] = ()  # addresses that the paper prints: code, project page, data
    abstract: Span | None = None
    date: str | None = None  # ISO, as exact as is known: "2024-07-03", "2017-06"
    categories: tuple[str, ...] = ()
    pages: int = 0  # 0 for a paper that has none
    sections: tuple[Section, ...] = ()
    blocks: tuple[Block, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    words: Words = field(default_factory=Words)
    findings: tuple[Finding, ...] = ()  # hidden text
    record: Record | None = None  # arXiv's, where it came from there
    accounts: tuple[PageAccount, ...] = ()  # of each page of a PDF
    formulas: tuple[Formula, ...] = ()  # in text order; of a PDF none, which has no LaTeX

    @property
    def losses(self) -> tuple[Loss, ...]:
        """The pages of which words were lost, in order."""
        return tuple(one.loss for one in self.accounts if one.loss is not None)

    def section_at(self, offset: int) -> Section:
        """The section that character ``offset`` lies in."""
        starts = [section.span.start for section in self.sections]
        return self.sections[max(bisect_right(starts, offset) - 1, 0)]

    def boxes(self, span: Span) -> tuple[Box, ...]:
        """Where ``span`` is on the page; nothing for a paper that is no PDF."""
        return self.words.boxes(span)


def quote_cell(paper: Paper, cell: Cell) -> str:
    """A cell of one of the paper's tables with its heads: "BERT: 84.6 (MNLI dev)"."""
    table = next(one for one in paper.tables if one.span.contains(cell.span))

    def said(cells: Iterable[Cell]) -> str:
        texts = (" ".join(one.span.of(paper.text).split()) for one in cells)
        return " ".join(dict.fromkeys(texts))

    rows, columns = said(table.row_heads(cell)), said(table.column_heads(cell))
    quote = said([cell])
    return (f"{rows}: " if rows else "") + quote + (f" ({columns})" if columns else "")


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading one file: a status, its reason, and the paper if it is ``ok``."""

    status: Status
    reason: str = ""
    paper: Paper | None = None
