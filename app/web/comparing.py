"""A session's table of papers: what is asked for, how it is shown, and its HTML.

Cells are filled one at a time over all sessions, so that searches find the processor free between
two of them.
"""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from app.api.failures import failure_of
from app.compare import Comparison, Row, fill
from app.digest import Language
from app.show.comparison import table_view, to_csv, to_markdown
from app.show.html import fill as fill_template
from app.show.workbook import MEDIA_TYPE, to_xlsx
from app.web.errors import line_of
from app.web.quoted import sentence_pieces
from app.web.texts import texts

if TYPE_CHECKING:
    from index.library import Papers
    from index.spans import Span

PAPER, DATE = "paper", "date"  # what rows are sorted by beside the names of columns
QUESTIONS_MOST = 10
DESKS_MOST = 200  # tables that are kept: of twenty papers one has some 100 kB
_filling = threading.Lock()


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is shown: the columns that are hidden, and what its rows are sorted by."""

    hidden: frozenset[str] = frozenset()
    sorted_by: str = ""  # empty: as they were asked for
    descending: bool = False

    def sorting(self, name: str) -> Layout:
        """Sorted by that column; by the same again the other way round, then not at all."""
        if self.sorted_by != name:
            return replace(self, sorted_by=name, descending=False)
        if not self.descending:
            return replace(self, descending=True)
        return replace(self, sorted_by="", descending=False)

    def of(self, table: Comparison) -> Comparison:
        """The table so, as it is shown and exported. Cells that state nothing come last."""
        shown = table.without(self.hidden)
        if not self.sorted_by:
            return shown
        said = [(self._words(table, row), number) for number, row in enumerate(table.rows)]
        stated = sorted(one for one in said if one[0])
        if self.descending:
            stated.reverse()
        order = [number for _, number in stated + [one for one in said if not one[0]]]
        return replace(shown, rows=tuple(shown.rows[number] for number in order))

    def _words(self, table: Comparison, row: Row) -> str:
        if self.sorted_by == PAPER:
            return (row.paper.title or row.paper.id).casefold()
        if self.sorted_by == DATE:
            return row.paper.date or ""
        for column, cell in zip(table.columns, row.cells, strict=True):
            if column.name == self.sorted_by and cell is not None and cell.claims:
                return cell.claims[0].text.casefold()
        return ""


@dataclass
class Desk:
    """What one session compares. A table is replaced whole, from the thread that has it shown."""

    questions: tuple[str, ...] = ()
    layout: Layout = field(default_factory=Layout)
    table: Comparison | None = None


@dataclass(frozen=True, slots=True)
class Desks:
    """The desks of the sessions that were here last, by the id of the session.

    A program may name any number of sessions, and need not say that one has ended.
    """

    _of: OrderedDict[str, Desk] = field(default_factory=OrderedDict)
    _changing: threading.Lock = field(default_factory=threading.Lock)

    def of(self, session_id: str) -> Desk:
        """The session's desk; an empty one at first."""
        with self._changing:
            desk = self._of.setdefault(session_id, Desk())
            self._of.move_to_end(session_id)
            if len(self._of) > DESKS_MOST:
                self._of.popitem(last=False)
            return desk

    def end(self, session_id: str) -> None:
        """A session is over."""
        with self._changing:
            self._of.pop(session_id, None)


def filled_in_turn(library: Papers, table: Comparison) -> Iterator[Comparison]:
    """``fill``, one cell at a time over all sessions."""
    cells = fill(library, table)
    while True:
        with _filling:
            filled = next(cells, None)
        if filled is None:
            return
        yield filled


def table_html(library: Papers, desk: Desk, lang: Language, samples: bool = False) -> str:
    """The desk's table with what is filled of it; once all is, with its downloads.

    ``library`` has its papers; without any it says how to add some, ``samples`` among them.
    """
    table = desk.table
    if table is None:
        empty = not library.count()
        return fill_template(
            "compare.html", seen=None, empty=empty, samples=samples, say=texts()[lang]
        )
    laid_out = desk.layout.of(table)
    complete = table.done == table.total
    return fill_template(
        "compare.html",
        seen=table_view(laid_out, lang, lambda error: line_of(error, lang, failure_of(error))),
        table=table,
        layout=desk.layout,
        hidden=[column.name for column in table.columns if column.name in desk.layout.hidden],
        titles={column.name: column.titles[lang] for column in table.columns},
        exports=_exports(laid_out, lang) if complete else (),
        address=_address(table, desk.questions),
        at=_place,
        pieces=lambda paper_id, one: sentence_pieces(library, paper_id, one.text, one.citations),
        say=texts()[lang],
        lang=lang,
    )


def _place(paper_id: str, span: Span) -> str:
    """The address of a place in the app."""
    return f"?{urlencode({'paper': paper_id, 'at': f'{span.start}-{span.end}'})}"


def _address(table: Comparison, questions: Sequence[str]) -> str:
    """What of the app's address names this table; see ``named_in``."""
    papers = ",".join(row.paper.id for row in table.rows)
    return urlencode({"papers": papers} | ({"asks": "\n".join(questions)} if questions else {}))


def named_in(asked: dict[str, str]) -> tuple[list[str], tuple[str, ...]]:
    """The papers and the questions that an address names, as ``_address`` writes them."""
    papers = [one for one in asked.get("papers", "").split(",") if one]
    lines = asked.get("asks", "").split("\n")
    return papers, tuple(line.strip() for line in lines if any(map(str.isalnum, line)))


def _exports(table: Comparison, lang: Language) -> tuple[tuple[str, str, str], ...]:
    """The downloads: their name, the file's, and the file itself as an address."""
    files = (
        ("CSV", "csv", "text/csv", to_csv(table, lang).encode("utf-8", "replace")),
        ("Excel", "xlsx", MEDIA_TYPE, to_xlsx(table, lang)),
        ("Markdown", "md", "text/markdown", to_markdown(table, lang).encode("utf-8", "replace")),
    )
    return tuple(
        (name, f"comparison.{ending}", f"data:{kind};base64,{base64.b64encode(data).decode()}")
        for name, ending, kind, data in files
    )
