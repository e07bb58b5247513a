"""Papers side by side: a table with a row for each paper, whose cells are cited quotes.

A cell is filled from what the rest of gloss finds: the items of the paper's digest, or the answer
to the column's question. Nothing is chosen a second way here. What no item and no answer says is
"not stated", and what fails one paper fails its cells alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from app.compare.columns import COLUMNS, Column, question_columns
from app.compare.quoted import quoted_digest
from app.digest import Claim, Digest
from index.errors import GlossError, PaperChanged, PaperDamaged, PaperNotFound

if TYPE_CHECKING:
    from index.library import Papers

LEAST, MOST = 2, 20  # papers of a table: one has nothing beside it, more nobody reads

CellStatus = Literal["stated", "not stated", "failed"]

_OF_ONE_PAPER = (PaperNotFound, PaperChanged, PaperDamaged)


class NotComparable(GlossError):
    """Too few or too many papers for a table."""

    def __init__(self, number: int) -> None:
        what = "one paper" if number == 1 else f"{number} papers"
        super().__init__(f"compare: give {LEAST} to {MOST} different papers, not {what}")
        self.number = number


@dataclass(frozen=True, slots=True)
class Cell:
    """What one paper says under one heading. Without claims and without an error, it says nothing.

    ``error`` is what kept the cell from being filled.
    """

    claims: tuple[Claim, ...] = ()
    error: Exception | None = None

    @property
    def status(self) -> CellStatus:
        """``stated``, ``not stated`` in the paper, or ``failed``."""
        if self.error is not None:
            return "failed"
        return "stated" if self.claims else "not stated"


@dataclass(frozen=True, slots=True)
class ComparedPaper:
    """The paper of a row; of one that cannot be read, only the id that was asked for."""

    id: str
    version: int | None = None
    title: str = ""
    authors: tuple[str, ...] = ()
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A paper and its cells, one for each column; ``None`` is still to be filled."""

    paper: ComparedPaper
    cells: tuple[Cell | None, ...]
    error: Exception | None = None  # why none of them can be filled


@dataclass(frozen=True, slots=True)
class Comparison:
    """A table of papers by columns."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def total(self) -> int:
        """How many cells there are."""
        return len(self.columns) * len(self.rows)

    @property
    def done(self) -> int:
        """How many of them are filled."""
        return sum(cell is not None for row in self.rows for cell in row.cells)

    def filled(self, row: int, column: int, cell: Cell) -> Comparison:
        """The table with that cell."""
        cells = list(self.rows[row].cells)
        cells[column] = cell
        rows = list(self.rows)
        rows[row] = replace(rows[row], cells=tuple(cells))
        return replace(self, rows=tuple(rows))

    def without(self, names: Collection[str]) -> Comparison:
        """The table without the columns of these names."""
        kept = [at for at, column in enumerate(self.columns) if column.name not in names]
        rows = tuple(replace(row, cells=tuple(row.cells[at] for at in kept)) for row in self.rows)
        return Comparison(tuple(self.columns[at] for at in kept), rows)

    def knowing(self, former: Comparison) -> Comparison:
        """The table with the cells of a former one, where paper and column are the same.

        What failed there is tried again.
        """
        known = {
            (row.paper, column.asks_for): cell
            for row in former.rows
            for column, cell in zip(former.columns, row.cells, strict=True)
            if cell is not None and cell.status != "failed"
        }
        rows = tuple(
            replace(
                row,
                cells=tuple(
                    cell or known.get((row.paper, column.asks_for))
                    for column, cell in zip(self.columns, row.cells, strict=True)
                ),
            )
            for row in self.rows
        )
        return replace(self, rows=rows)


def table_of(library: Papers, paper_ids: Sequence[str], columns: Sequence[Column]) -> Comparison:
    """The table of these papers, in that order, with all cells still to be filled.

    The cells of a paper that is not there say so, and a paper that two ids name has one row. Raises
    ``NotComparable`` for too few or too many ids.
    """
    wanted = tuple(dict.fromkeys(paper_ids))
    if not LEAST <= len(wanted) <= MOST:
        raise NotComparable(len(wanted))
    rows: dict[str, Row] = {}
    for paper_id in wanted:
        row = _row(library, paper_id, len(columns))
        rows.setdefault(row.paper.id, row)
    return Comparison(tuple(columns), tuple(rows.values()))


def fill(library: Papers, table: Comparison) -> Iterator[Comparison]:
    """The table after each cell that is filled, in the order in which a reader sees most soonest:
    what the digests say, paper by paper, then the columns that ask each paper something.

    What fails one paper is said in its cells; an error that none would survive is raised.
    """
    digests: dict[str, Digest | Exception] = {}
    asking = [at for at, column in enumerate(table.columns) if column.questions]
    quoting = [at for at in range(len(table.columns)) if at not in asking]
    for columns in (quoting, asking):
        for number, row in enumerate(table.rows):
            for at in columns:
                if row.cells[at] is None:
                    cell = _cell(library, row.paper.id, table.columns[at], digests)
                    table = table.filled(number, at, cell)
                    yield table


def compare(library: Papers, paper_ids: Sequence[str], questions: Sequence[str] = ()) -> Comparison:
    """Papers side by side, with a further column for each question.

    Raises ``NotComparable``, and ``EmptyQuery`` for a question without a word.
    """
    table = table_of(library, paper_ids, (*COLUMNS, *question_columns(questions)))
    for filled in fill(library, table):
        table = filled
    return table


def _row(library: Papers, paper_id: str, columns: int) -> Row:
    try:
        found = library.row(paper_id)
        if found.status != "ok":
            raise PaperNotFound(found.id, why=f"{found.status}: {found.reason}")
    except _OF_ONE_PAPER as error:
        return Row(ComparedPaper(paper_id), (Cell(error=error),) * columns, error)
    paper = ComparedPaper(found.id, found.version, found.title, found.authors, found.date)
    return Row(paper, (None,) * columns)


def _cell(
    library: Papers, paper_id: str, column: Column, digests: dict[str, Digest | Exception]
) -> Cell:
    try:
        claims = _from_digest(library, paper_id, column, digests) if column.items else ()
        return Cell(claims or _answer(library, paper_id, column))
    except _OF_ONE_PAPER as error:
        return Cell(error=error)
    except GlossError:
        raise
    except Exception as error:  # a bug that one paper meets stops no other
        return Cell(error=error)


def _from_digest(
    library: Papers, paper_id: str, column: Column, digests: dict[str, Digest | Exception]
) -> tuple[Claim, ...]:
    """The sentences of the first of the column's items that the paper states."""
    if paper_id not in digests:
        try:
            digests[paper_id] = quoted_digest(library, paper_id)
        except Exception as error:  # said in each cell that wants it; written once all the same
            digests[paper_id] = error
    digest = digests[paper_id]
    if isinstance(digest, Exception):
        raise digest
    said = {section.name: section.items for section in digest.sections}
    for name in column.items:
        fitting = tuple(claim for claim in said.get(name, ()) if column.takes_item(claim))
        if fitting:
            return fitting[: column.most]
    return ()


def _answer(library: Papers, paper_id: str, column: Column) -> tuple[Claim, ...]:
    """What the paper answers to the first of the column's questions that it answers."""
    from app.write.ask import ask

    for question in column.questions:
        found = ask(library, question, paper_id, most=column.most)
        fitting = tuple(one.claim for one in found.sentences if column.takes_answer(one.claim))
        if fitting:
            return fitting
    return ()
