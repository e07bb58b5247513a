"""Words of a paper as people read them: formulas apart, tables laid out, lines as printed."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from app.show.figures import Pictures, all_within, part_of
from app.show.pieces import Piece, pieces_of, trimmed
from app.show.text import plain, snippet, snippet_at
from app.web.grids import Grid, grid_of, tables_in, whole_grid
from app.web.media import view_router
from app.web.quoted import as_text, cited, quoted
from app.web.session import Session, SharedSession
from index.errors import PaperNotFound, SourceNotFound
from index.hits import Citation, SearchFilter
from index.paper import Block, Cell, Formula, Paper, Table
from index.sources import Source
from index.spans import Box, PageSize, Span, Word, Words

# --- tables ---------------------------------------------------------------------------------------


def _paper(rows: list[list[tuple[str, int, int, int]]], **given: Any) -> tuple[Paper, Table]:
    """A paper that is a table: of each row its cells as words, column, down, across."""
    text, laid = "", []
    for number, row in enumerate(rows):
        cells = []
        for words, column, down, across in row:
            start = len(text)
            text += words
            cells.append(Cell(Span(start, len(text)), None, number, column, down, across))
            text += " | "
        laid.append(tuple(cells))
    head = given.pop("head", 1)
    values = {"stub": 1, "heads": (), "box": None, **given}
    table = Table("Table 1", Span(0, 0), tuple(laid[:head]), tuple(laid[head:]), **values)
    return Paper("p", None, "markdown", "0", text, "", tables=(table,)), table


def _words(grid: Grid) -> list[list[str]]:
    return [
        ["".join(p.text for p in one.pieces) for one in row] for row in (*grid.head, *grid.rows)
    ]


LAMPS = [
    [("Lamp", 0, 1, 1), ("Light", 1, 1, 2)],
    [("Old lamps", 0, 4, 1)],
    [("Tallow", 0, 1, 1), ("12", 1, 1, 1), ("13", 2, 1, 1)],
    [("Wax", 0, 2, 1), ("14", 1, 1, 1)],
    [("15", 1, 1, 1), ("16", 2, 1, 1)],
    [("New lamps", 0, 2, 1)],
    [("Gas", 0, 1, 1), ("90", 1, 1, 1), ("91", 2, 1, 1)],
]


def test_a_row_is_shown_with_the_heads_of_its_columns_and_its_group() -> None:
    paper, table = _paper(LAMPS)
    place = paper.text.index("16")
    grid = grid_of(paper, table, Span(place, place + 2))
    assert _words(grid) == [["Lamp", "Light"], ["Old lamps"], ["Wax", "15", "16"]]
    assert [(one.scope, one.across) for one in grid.head[0]] == [("col", 1), ("colgroup", 2)]
    group, row = grid.rows
    assert (group[0].scope, group[0].across) == ("rowgroup", 3)
    assert [(one.scope, one.quoted) for one in row] == [("row", False), ("", False), ("", True)]
    both = grid_of(paper, table, Span(paper.text.index("14"), place + 2))
    assert _words(both)[2:] == [["Wax", "14", ""], ["15", "16"]]
    assert both.rows[1][0].down == 2
    heads = grid_of(paper, table, Span(0, 4))
    assert len(heads.rows) == 6 and heads.rows[4][0].scope == "rowgroup"
    assert whole_grid(paper, table).rows == heads.rows
    assert tables_in(paper, Span(place, place + 1)) == [table]
    assert tables_in(paper, Span(len(paper.text), len(paper.text))) == []


def test_heads_that_head_the_columns_anew_stand_above_their_rows() -> None:
    rows = [
        [("Lamp", 0, 1, 1), ("Light", 1, 1, 1)],
        [("Wax", 0, 1, 1), ("14", 1, 1, 1)],
        [("Lamp", 0, 1, 1), ("Hours", 1, 1, 1)],
        [("Gas", 0, 1, 1), ("9", 1, 1, 1)],
    ]
    paper, table = _paper(rows, heads=(2,))
    place = paper.text.index("Gas")
    grid = grid_of(paper, table, Span(place, place + 7))
    assert _words(grid) == [["Lamp", "Light"], ["Lamp", "Hours"], ["Gas", "9"]]
    assert [one.scope for one in grid.rows[0]] == ["col", "col"]


def test_of_a_long_table_some_rows_are_shown_and_the_others_counted() -> None:
    rows = [[(f"a{n}", 0, 1, 1), (f"b{n}", 1, 1, 1)] for n in range(40)]
    paper, table = _paper(rows)
    grid = grid_of(paper, table, Span(0, len(paper.text)))
    assert len(grid.rows) == 12 and grid.more == 27
    assert len(whole_grid(paper, table).rows) == 39


CELLS = st.tuples(st.just("w"), st.integers(0, 4), st.integers(1, 3), st.integers(1, 3))


@given(st.lists(st.lists(CELLS, max_size=4), min_size=2, max_size=7), st.integers(0, 30))
def test_whatever_cells_cover_each_row_fills_each_column_once(rows: Any, start: int) -> None:
    rows = [sorted({one[1]: one for one in row}.values(), key=lambda one: one[1]) for row in rows]
    rows = [row or [("w", 0, 1, 1)] for row in rows]
    paper, table = _paper(rows)
    columns = max(column + across for row in rows for _, column, _, across in row)
    for grid in (whole_grid(paper, table), grid_of(paper, table, Span(start, start + 9))):
        for part in (grid.head, grid.rows):
            left = [0] * len(part)
            for number, row in enumerate(part):
                for one in row:
                    for below in range(one.down):
                        left[number + below] += one.across
            assert left == [columns] * len(part)
    shown = sum(bool(one.pieces) for part in (grid.head, grid.rows) for row in part for one in row)
    assert shown >= sum(len(row) for row in table.header)
    whole = whole_grid(paper, table)
    every = [
        one.start for part in (whole.head, whole.rows) for row in part for one in row if one.pieces
    ]
    assert sorted(every) == [one.span.start for row in (*table.header, *table.rows) for one in row]


# --- words ----------------------------------------------------------------------------------------


def test_words_and_formulas_come_apart_and_together_are_the_text() -> None:
    text = "so  $x$ and\n2% of\u200b n"
    paper = Paper(
        "p", None, "html", "0", text, "",
        formulas=(
            Formula(Span(4, 7), "x"),
            Formula(Span(12, 14), "2\\%"),
            Formula(Span(19, 20), "n"),
        ),
    )  # fmt: skip
    whole = Span(0, len(text))
    assert pieces_of(paper, whole) == [
        Piece("so "),
        Piece("$x$", "x"),
        Piece(" and 2% of "),  # print has a number as text has it
        Piece("n", "n"),
    ]
    assert "".join(one.text for one in pieces_of(paper, whole, as_written=True)) == text
    assert pieces_of(paper, Span(5, 11)) == [Piece("x$ and")]  # a part of a formula is none
    assert trimmed([Piece(" "), Piece("a "), Piece(" b"), Piece(" ")]) == (Piece("a "), Piece("b"))


TEXTS = st.text(alphabet="lantern \n\u200b\t.é", max_size=300)


@given(TEXTS, st.sampled_from(["lantern", "tern", "", "é"]), st.integers(5, 80))
def test_a_snippets_place_has_its_words(text: str, query: str, most: int) -> None:
    start, end = snippet_at(text, query, most)
    said = plain(text[start:end])
    shown = snippet(text, query, most)
    assert said == shown.removeprefix("… ").removesuffix(" …").strip()
    assert (start, end) == (0, 0) or not text[start].isspace() or not said


# --- from a library -------------------------------------------------------------------------------

TEXT = (
    "It holds v_max as follows:\n\nL = x\n\nand no more. Table 1: Lamps.\n\nLamp | Hours\nGas | 9"
)


def _words_of(text: str) -> Words:
    """Each line of the text is one on the page, 20 points apart."""
    words, line, before = [], 0, 0
    for found in re.finditer(r"[^\s|]+", text):
        line += text[before : found.start()].count("\n")
        before = found.end()
        left = 50.0 + 6 * (found.start() - text.rfind("\n", 0, found.start()))
        box = Box(1, left, 100 + 20.0 * line, left + 6 * len(found[0]), 110 + 20.0 * line)
        words.append(Word(Span(*found.span()), box, line))
    return Words.of(words)


def _at(words: str) -> Span:
    start = TEXT.index(words)
    return Span(start, start + len(words))


def _cell(words: str, row: int, column: int) -> Cell:
    return Cell(_at(words), None, row, column)


PAPER = Paper(
    "p",
    None,
    "pdf",
    "f" * 64,
    TEXT,
    "",
    pages=1,
    words=_words_of(TEXT),
    blocks=(
        Block("paragraph", _at("It holds v_max as follows:")),
        Block("equation", _at("L = x")),
        Block("paragraph", _at("and no more.")),
    ),
    tables=(
        Table(
            "Table 1",
            _at("Table 1: Lamps."),
            ((_cell("Lamp | ", 0, 0), _cell("Hours", 0, 1)),),
            ((_cell("Gas", 1, 0), _cell("9", 1, 1)),),
            1,
            (),
            None,
        ),
    ),
)


def _library(**methods: Any) -> Any:
    given = {
        "paper": lambda _: PAPER,
        "page_sizes": lambda _: (PageSize(400, 600),),
        "row": None,
    }
    return cast(Any, SimpleNamespace(**{**given, **methods}))


def test_a_sentence_with_mathematics_has_a_picture_of_its_lines() -> None:
    span = _at("It holds v_max as follows:")
    seen = quoted(_library(), "p", "/view/k/p", span)
    assert [one.text for one in seen.pieces] == ["It holds v_max as follows:"]
    (one,) = seen.pictures  # the equation that it goes on in is in the picture
    assert one.address == f"/view/k/p/lines/0-{_at('L = x').end}/0.png?v=ffffffffffff"
    assert one.words == "It holds v_max as follows: L = x"
    assert one.height == round((50 + 3) * 4 / 3)
    assert not quoted(_library(), "p", "/view/k/p", _at("and no more.")).pictures
    markdown = replace(PAPER, source="markdown", words=Words())
    assert not quoted(_library(paper=lambda _: markdown), "p", "/view/k/p", span).pictures


def test_of_a_part_of_a_passage_the_lines_with_mathematics_are_shown() -> None:
    seen = quoted(_library(), "p", "/a", Span(0, _at("and no more.").end), (True, True))
    assert seen.pieces[0].text == "… " and seen.pieces[-1].text == "…"
    assert seen.pictures[0].address.startswith(f"/a/lines/0-{_at('L = x').end}/0.png")
    only = quoted(
        _library(), "p", "/a", Span(_at("follows").start, _at("and no").end), (True, True)
    )
    assert only.pictures[0].address.startswith(f"/a/lines/{_at('L = x').start}-")


def test_cells_are_a_table_and_the_words_beside_them_text() -> None:
    row = quoted(_library(), "p", "/a", _at("Gas | 9"))
    assert row.tabular and row.pieces == () and row.grids[0].caption == "Table 1: Lamps."
    both = quoted(_library(), "p", "/a", Span(_at("and no more.").start, len(TEXT)))
    assert not both.tabular and [one.text for one in both.pieces] == ["and no more."]
    assert len(both.grids) == 1  # whose caption has the words of the caption


def test_a_sentence_of_another_file_or_a_paper_that_is_gone_is_text() -> None:
    quote = "It holds v_max as follows:"
    by = [Citation("p#x.1", quote, _at(quote), ())]
    assert cited(_library(), "p", "/a", quote, by).pictures
    worded = cited(_library(), "p", "/a", "It is so.", by)
    assert [one.text for one in worded.pieces] == ["It is so."] and worded.pictures
    other = [replace(by[0], quote="Something else")]
    assert cited(_library(), "p", "/a", quote, other) == as_text(quote)

    def gone(_: str) -> Any:
        raise PaperNotFound("p")

    def lost(_: str) -> Any:
        raise SourceNotFound("p", "no file")

    assert cited(_library(paper=gone), "p", "/a", quote, by) == as_text(quote)
    assert cited(_library(page_sizes=lost), "p", "/a", quote, by) == as_text(quote)


def test_a_part_of_a_page_is_cut_out_of_its_picture() -> None:
    page = Image.new("RGB", (800, 1200), "white")
    ImageDraw.Draw(page).rectangle((200, 400, 299, 419), fill="black")
    drawn = io.BytesIO()
    page.save(drawn, "PNG")
    part = Image.open(io.BytesIO(part_of(drawn.getvalue(), Box(1, 100, 200, 150, 210), 400)))
    assert part.size == (100, 20) and part.getextrema() == ((0, 0),) * 3
    edge = Image.open(io.BytesIO(part_of(drawn.getvalue(), Box(1, 399.9, 599.9, 400, 600), 400)))
    assert edge.size == (1, 1)


def test_lines_are_served_from_one_drawing_of_the_page(library: Any) -> None:
    app = FastAPI()
    session = Session(library, drawn=Pictures())
    app.include_router(view_router(SharedSession(session)))
    client = TestClient(app)
    words = library.paper("2401.00001").text
    span = f"{words.index('Each')}-{words.index('Limits')}"
    for number in (0, 0):
        answer = client.get(f"/view/library/2401.00001/lines/{span}/{number}.png")
        assert answer.status_code == 200 and answer.headers["content-type"] == "image/png"
    assert client.get("/view/library/2401.00001/lines/59-64/0.png").status_code == 200
    assert len(library.shown) == 1
    for gone in ("0-999999/0", "9-4/0", "59-92/7", "59-92/-1", "-1-5/0", "x-y/0"):
        answer = client.get(f"/view/library/2401.00001/lines/{gone}.png")
        assert answer.status_code in (404, 422), gone
    assert client.get("/view/other/2401.00001/lines/59-64/0.png").status_code == 404


def test_a_hit_of_a_real_page_shows_its_lines(
    open_library: Callable[..., Any], started_reader: Any, tmp_path: Path
) -> None:
    typst = pytest.importorskip("typst")
    prose = "Lanterns were placed on the path and lit at dusk, and nobody walked there at night. "
    source = (
        f"= Lanterns on Paths\n\n== Abstract\n{prose * 4}\n\n== Method\n{prose}\n\n"
        "The light of a lantern with $x_(max)^2$ drops of oil is $sum_(i=1)^n x_i$ in all nights. "
        + prose
        * 3
    )
    path = tmp_path / "lanterns.pdf"
    typst.compile(source.encode(), output=path, format="pdf", ignore_system_fonts=True)
    with open_library(tmp_path / "library", reader=started_reader) as library:
        added = library.add(Source(path, "lanterns"))
        assert added.status == "ok"
        session = Session(library)
        found = session.search("drops of oil", SearchFilter())
        address = re.search(
            r'src="(/view/[^"]*/lines/[^"]*)" width="(\d+)" height="(\d+)"', found.shown
        )
        assert address is not None and "drops of oil" in found.shown
        app = FastAPI()
        app.include_router(view_router(SharedSession(session)))
        picture = Image.open(io.BytesIO(TestClient(app).get(address[1]).content)).convert("L")
        assert picture.width == pytest.approx(int(address[2]) * 1.5, abs=2)
        assert picture.height == pytest.approx(int(address[3]) * 1.5, abs=2)
        assert picture.getextrema()[0] < 90  # it has ink


# --- lists ----------------------------------------------------------------------------------------


def test_lists_and_tables_have_the_formulas_of_their_quotes(
    library: Any, row_of: Any, digest_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.compare import Cell, ComparedPaper, Comparison, Row
    from app.compare.columns import COLUMNS
    from app.compare.related import AlikeSentences, Related, RelatedPaper
    from app.digest import Claim, Support
    from app.show.html import fill, to_html
    from app.web.comparing import Desk, table_html
    from app.web.related import related_html
    from app.web.texts import texts
    from app.web.today import DayFilter, day_list
    from app.write.claims import claim_records
    from index.config import Settings
    from index.read.markup.markdown import read_markdown

    hills = read_markdown(Path(__file__).with_name("hills.md"), "hills.md", "hills")
    span = next(one.span for one in hills.sentences if r"\eta_t" in one.span.of(hills.text))
    quote = Citation("hills#abstract.1", span.of(hills.text), span, ())
    claim = Claim(plain(quote.quote), "quoted", (quote,), Support(1.0, "supported", ()))
    digest = digest_of(summary=[claim])
    library.rows = [row_of("hills", source="markdown")]
    library.digests["hills"] = replace(digest, paper=replace(digest.paper, id="hills"))
    monkeypatch.setattr(type(library), "paper", lambda _, paper_id: hills)
    record = next(one for one in claim_records(digest) if one.text == claim.text)
    alike = RelatedPaper("hills", None, "H", (), None, 0.9, AlikeSentences(record, record, 0.9))
    monkeypatch.setattr("app.web.related.related", lambda *_: Related("hills", "H", (alike,)))

    step = r'<span class="tex" data-tex="\eta_t = \frac{c}{\sqrt{t}}">'
    row = Row(ComparedPaper("hills"), (Cell((claim,)),))
    desk = Desk(table=Comparison(COLUMNS[:1], (row,)))
    day = day_list(library, Settings(), DayFilter())
    today = fill("today.html", day=day, say=texts()["en"], lang="en")
    near = related_html(library, "hills", "en")
    around = all_within(library, library.digests["hills"], Pictures())
    file = to_html(library.digests["hills"], around)
    assert "script-src 'sha256-" in file and "<script" not in to_html(library.digests["hills"])
    lists = (table_html(library, desk, "en"), 1), (near, 2), (today, 1), (file, 1)
    for shown, times in lists:
        assert shown.count(step) == times, shown
    library.rows = []  # it was removed while it was on the screen: its words are there all the same
    shown = table_html(library, desk, "en")
    assert "With a step of $\\eta_t = \\frac{c}{\\sqrt{t}}$" in shown and step not in shown
