"""Words of a paper as people read them: formulas set, tables as tables, mathematics as printed.

Of a span of a paper's text that is a run of words, where formulas have their LaTeX; the rows of
tables that it has, with their heads; and of a PDF the lines on the page, where the words have
mathematics, which one line of characters does not show. The words themselves stay what they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.show.mathematics import has_mathematics, mathematics_in, with_equation
from app.show.pieces import Piece, pieces_of, trimmed, words_of
from app.show.text import plain
from app.web.grids import Grid, grid_of, tables_in
from index.errors import GlossError
from index.paper import Paper
from index.spans import Box, PageSize, Span, runs_of

if TYPE_CHECKING:
    from index.hits import Citation
    from index.library import Papers

_PICTURES_MOST = 3  # of one quote
_LINE_MOST = 300  # characters of a printed line
_APART = 36.0  # points between a line and a displayed equation: three lines
_POINT = 4 / 3  # pixels of a style sheet


@dataclass(frozen=True, slots=True)
class Printed:
    """A picture of lines on a page: its address, and the pixels of a screen that it takes."""

    address: str
    width: int
    height: int
    words: str  # that it shows; those of all pictures of a quote are with the first


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote as people read it."""

    pieces: tuple[Piece, ...]
    grids: tuple[Grid, ...] = ()
    pictures: tuple[Printed, ...] = ()
    tabular: bool = False  # it is cells of a table and nothing else


def as_text(text: str) -> Quoted:
    """Words of which no place in a paper is known, or that are not the paper's."""
    return Quoted((Piece(plain(text)),))


def quoted(
    library: Papers,
    paper_id: str,
    address: str,
    span: Span,
    cut: tuple[bool, bool] = (False, False),
) -> Quoted:
    """The words of a paper at ``span``, whose pictures are under ``address``.

    ``cut``: whether words before and after it were left out, which dots say; then the pictures are
    of the lines with mathematics alone.
    """
    paper = library.paper(paper_id)
    tables = tables_in(paper, span)
    said = _outside(span, [one for table in tables for one in (table.caption, table.span)])
    shown = [one for one in said if one.of(paper.text).strip()]
    pictures: list[Printed] = []
    if paper.source == "pdf":
        for one in shown:
            if has_mathematics(paper, one) and len(pictures) < _PICTURES_MOST:
                lines = _mathematical_lines(paper, one) if any(cut) else with_equation(paper, one)
                pictures += printed(paper, lines, library, address)
    pieces = [piece for one in shown for piece in (*pieces_of(paper, one), Piece(" "))]
    if pieces and cut[0]:
        pieces.insert(0, Piece("… "))
    if pieces and cut[1]:
        pieces.append(Piece("…"))
    grids = tuple(grid_of(paper, table, span) for table in tables)
    done = trimmed(pieces)
    return Quoted(done, grids, tuple(pictures[:_PICTURES_MOST]), bool(grids) and not done)


def cited(
    library: Papers, paper_id: str, address: str, text: str, by: Sequence[Citation]
) -> Quoted:
    """A sentence of a digest or an answer: ``text``, with what its citations' places add.

    Formulas are set where the text is the quote. Of a digest of another file than the paper's,
    where other words stand at these places, it is text alone.
    """
    try:
        paper = library.paper(paper_id)
    except GlossError:  # gone meanwhile, or damaged: whoever opens it is told
        return as_text(text)
    there = [one for one in by if one.span.of(paper.text) == one.quote]
    seen = [quoted(library, paper_id, address, one.span) for one in there]
    return Quoted(
        words_of(paper, text, by),
        tuple(grid for one in seen for grid in one.grids),
        tuple(picture for one in seen for picture in one.pictures)[:_PICTURES_MOST],
        len(there) == len(by) and all(one.tabular for one in seen),
    )


def sentence_pieces(
    library: Papers, paper_id: str, text: str, by: Sequence[Citation]
) -> tuple[Piece, ...]:
    """The words of a sentence in a list or a table, with the formulas of its quote.

    A PDF has no LaTeX, so that its text need not be read.
    """
    try:
        if library.row(paper_id).source == "pdf":
            return (Piece(plain(text)),)
        return words_of(library.paper(paper_id), text, by)
    except GlossError:  # gone meanwhile, or damaged: whoever opens it is told
        return (Piece(plain(text)),)


def _outside(span: Span, others: Sequence[Span]) -> Iterator[Span]:
    """The parts of a span that are in none of the others."""
    at = span.start
    for other in sorted(others):
        if other.end <= at or other.start >= span.end:
            continue
        if other.start > at:
            yield Span(at, other.start)
        at = other.end
    if at < span.end:
        yield Span(at, span.end)


def _mathematical_lines(paper: Paper, span: Span) -> Span:
    """The printed lines from the first that has mathematics to the last."""
    found = mathematics_in(paper, span)
    part = Span(found[0].start, max(one.end for one in found))
    lines = {word.line for word in paper.words.within(part)}
    around = Span(max(part.start - _LINE_MOST, 0), part.end + _LINE_MOST)
    words = [word for word in paper.words.within(around) if word.line in lines]
    return Span(words[0].span.start, words[-1].span.end) if words else part


# --- as printed -----------------------------------------------------------------------------------


def printed(paper: Paper, span: Span, library: Papers, address: str) -> list[Printed]:
    """Pictures of the lines of a span: one for each run of lines below one another."""
    try:
        places = line_places(paper, span, library.page_sizes(paper.id))
    except GlossError:  # the file is damaged or gone: the words are there all the same
        return []
    words = plain(span.of(paper.text))
    return [
        Printed(
            f"{address}/lines/{span.start}-{span.end}/{number}.png?v={paper.sha256[:12]}",
            max(round((place.x1 - place.x0) * _POINT), 1),
            max(round((place.y1 - place.y0) * _POINT), 1),
            words if number == 0 else "",
        )
        for number, place in enumerate(places[:_PICTURES_MOST])
    ]


def line_places(paper: Paper, span: Span, sizes: Sequence[PageSize]) -> list[Box]:
    """Where the runs of lines of a span are, on pages as people see them and within these.

    A displayed equation is one with the lines around it, though it is set further apart.
    """
    found: list[Box] = []
    for box in runs_of(paper.boxes(span)):
        if box.page > len(sizes):
            continue
        size = sizes[box.page - 1]
        seen = size.seen(box)
        x0, y0 = max(seen.x0, 0.0), max(seen.y0, 0.0)
        x1, y1 = min(seen.x1, size.width), min(seen.y1, size.height)
        if x1 <= x0 or y1 <= y0:
            continue
        last = found[-1] if found else None
        if (
            last is not None
            and last.page == box.page
            and min(last.x1, x1) > max(last.x0, x0)
            and last.y0 <= y0 <= last.y1 + _APART
        ):
            x0, x1 = min(last.x0, x0), max(last.x1, x1)
            found[-1] = Box(box.page, x0, last.y0, x1, max(last.y1, y1))
        else:
            found.append(Box(box.page, x0, y0, x1, y1))
    return found
