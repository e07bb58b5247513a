"""Papers side by side in words, and as Markdown and CSV; papers near to one in words.

A spreadsheet takes a cell that begins with a sign such as ``=`` for a formula, and papers are
written by strangers: such cells get an apostrophe in front, which spreadsheets take away again and
do not run (https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.choose.template import NOT_STATED
from app.digest import Citation, Claim, Language
from app.show.markdown import escape_markdown
from app.show.text import plain
from app.show.views import author_line, item_title
from app.show.words import ROLE_TITLES, WORDS
from index.spans import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.compare import Cell, CellStatus, ComparedPaper, Comparison
    from app.compare.related import Related
    from index.hits import ClaimRecord

PAPER_TITLES: dict[Language, tuple[str, str, str, str]] = {
    "en": ("Paper", "Title", "Authors", "Date"),
    "zh": ("论文", "标题", "作者", "日期"),
}

# What begins a formula, in East Asian widths too, which some spreadsheets read as the others; marks
# of quotes before it may be taken off. A separator of another country's lists ends a cell there, so
# that what follows begins one.
_SIGNS = "[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]"
_FORMULA = re.compile(f"[ \"']*{_SIGNS}")
_NEXT_CELL = re.compile(f"(?<=;)(?=[ \"']*{_SIGNS})")


@dataclass(frozen=True, slots=True)
class QuoteView:
    """A quote of a cell: its words, where they stand, and what opens their place."""

    text: str
    page: str  # "p. 4"; empty for a paper without pages
    place: str  # "Method"
    citations: tuple[Citation, ...]

    @property
    def span(self) -> Span:
        """The place that the words open: that of the first citation."""
        return self.citations[0].span

    @property
    def label(self) -> str:
        """Page and place."""
        return ", ".join(part for part in (self.page, self.place) if part)

    @property
    def cited(self) -> str:
        """The words with their page: "It burns. (p. 4)"."""
        return f"{self.text} ({self.page})" if self.page else self.text


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell in words; ``said`` stands in it where there is no quote."""

    status: CellStatus | None  # None: still to be filled
    quotes: tuple[QuoteView, ...]
    said: str

    @property
    def text(self) -> str:
        """All of it, a quote a line."""
        return "\n".join(quote.cited for quote in self.quotes) or self.said


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A heading."""

    name: str
    title: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class RowView:
    """A paper with its cells."""

    id: str
    label: str  # the id with its version
    title: str
    authors: str
    date: str
    is_there: bool
    cells: tuple[CellView, ...]

    @property
    def fields(self) -> tuple[str, str, str, str]:
        """What stands before the cells, under ``PAPER_TITLES``."""
        return self.label, self.title, self.authors, self.date


@dataclass(frozen=True, slots=True)
class TableView:
    """A comparison in words, before any markup."""

    columns: tuple[ColumnView, ...]
    rows: tuple[RowView, ...]

    @property
    def lines(self) -> tuple[tuple[str, ...], ...]:
        """The table as text without its heading: of each row the paper's fields and its cells."""
        return tuple((*row.fields, *(cell.text for cell in row.cells)) for row in self.rows)


def table_view(
    table: Comparison, lang: Language = "en", explained: Callable[[Exception], str] = str
) -> TableView:
    """What all renderings show. ``explained`` puts an error into a line."""
    return TableView(
        tuple(
            ColumnView(column.name, plain(column.titles[lang]), column.is_own)
            for column in table.columns
        ),
        tuple(
            RowView(
                id=row.paper.id,
                label=_label(row.paper),
                title=plain(row.paper.title),
                authors=author_line(row.paper.authors, lang),
                date=plain(row.paper.date or ""),
                is_there=row.error is None,
                cells=tuple(_cell_view(cell, lang, explained) for cell in row.cells),
            )
            for row in table.rows
        ),
    )


def headings(seen: TableView, lang: Language = "en") -> tuple[str, ...]:
    """The headings of ``TableView.lines``."""
    return (*PAPER_TITLES[lang], *(column.title for column in seen.columns))


def to_csv(table: Comparison, lang: Language = "en") -> str:
    """The table as CSV (RFC 4180), which a spreadsheet opens without running anything.

    It begins with a byte order mark, without which Excel takes UTF-8 for another encoding.
    """
    seen = table_view(table, lang)
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for line in (headings(seen, lang), *seen.lines):
        writer.writerow([harmless(cell) for cell in line])
    return "\ufeff" + written.getvalue()


def harmless(cell: str) -> str:
    """A cell of CSV in which no line, and no part after a semicolon, begins a formula."""
    lines = [f"'{line}" if _FORMULA.match(line) else line for line in cell.split("\n")]
    return _NEXT_CELL.sub("'", "\n".join(lines))


def to_markdown(table: Comparison, lang: Language = "en") -> str:
    """The table as Markdown (GitHub's tables); authors are left out, which make it too wide."""
    seen = table_view(table, lang)
    titles = PAPER_TITLES[lang]
    head = [titles[0], titles[3], *(column.title for column in seen.columns)]
    rows = [[_paper_cell(row), row.date, *(cell.text for cell in row.cells)] for row in seen.rows]
    lines = [_markdown_row(head), "|" + " --- |" * len(head)]
    lines += [_markdown_row(row) for row in rows]
    return "\n".join(lines) + "\n"


def _paper_cell(row: RowView) -> str:
    return f"{row.title}\n{row.label}" if row.title else row.label


def _markdown_row(cells: list[str]) -> str:
    return "| " + " | ".join(map(_markdown_cell, cells)) + " |"


def _markdown_cell(cell: str) -> str:
    lines = (escape_markdown(line) for line in cell.split("\n"))
    return "<br>".join(line.replace("|", "&#124;") for line in lines)


@dataclass(frozen=True, slots=True)
class AlikeView:
    """A sentence that is like another paper's, in words."""

    text: str
    section: str  # of the digest
    page: str
    citations: tuple[Citation, ...]

    @property
    def span(self) -> Span:
        """The place that the words open: that of the first citation."""
        return self.citations[0].span


@dataclass(frozen=True, slots=True)
class RelatedView:
    """A paper near to another, in words."""

    id: str
    title: str
    authors: str
    date: str
    nearness: str  # "0.68": a cosine
    own: AlikeView | None
    other: AlikeView | None


def related_views(found: Related, lang: Language = "en") -> tuple[RelatedView, ...]:
    """What the command line and the web UI show of the papers near to one."""
    return tuple(
        RelatedView(
            id=one.id,
            title=plain(one.title) or one.id,
            authors=author_line(one.authors, lang),
            date=plain(one.date or ""),
            nearness=f"{one.score:.2f}",
            own=_alike_view(one.alike.own, lang) if one.alike else None,
            other=_alike_view(one.alike.other, lang) if one.alike else None,
        )
        for one in found.papers
    )


def _alike_view(claim: ClaimRecord, lang: Language) -> AlikeView:
    return AlikeView(
        plain(claim.text),
        item_title(claim.section, lang),
        _page(claim.citations[0], lang),
        claim.citations,
    )


def _label(paper: ComparedPaper) -> str:
    return plain(paper.id + (f"v{paper.version}" if paper.version else ""))


def _cell_view(
    cell: Cell | None, lang: Language, explained: Callable[[Exception], str]
) -> CellView:
    if cell is None:
        return CellView(None, (), "")
    if cell.error is not None:
        return CellView(cell.status, (), plain(explained(cell.error)))
    quotes = tuple(_quote_view(claim, lang) for claim in cell.claims)
    return CellView(cell.status, quotes, "" if quotes else NOT_STATED[lang])


def _quote_view(claim: Claim, lang: Language) -> QuoteView:
    first = claim.citations[0]
    place = ROLE_TITLES[first.role][lang] if first.role in ROLE_TITLES else ""
    return QuoteView(plain(claim.text), _page(first, lang), place, claim.citations)


def _page(cited: Citation, lang: Language) -> str:
    return WORDS["page"][lang].format(cited.page) if cited.page else ""
