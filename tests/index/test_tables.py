"""A table keeps its rows and cells, so that a cell is quoted with the heads of row and column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.paper import Paper, Table, quote_cell
from index.read.floats.tables import find_tables
from index.read.front.identity import identify
from index.read.markup.html import read_html
from index.read.markup.markdown import read_markdown
from index.read.order.layout import Paragraph
from index.read.page.pages import Area, Line, PageContent, PageWord, Style
from index.read.page.pdf import read_pages
from index.read.understand import understand
from index.spans import Box

typst = pytest.importorskip("typst")

SHARED = Path(__file__).parents[3] / "shared" / "papers"
PROSE = (
    "Lanterns were placed on the path at equal distances and lit at dusk. Each of them was watched "
    "by two people until the morning came. The path was walked by nobody else in these nights. "
)
RULED = "#set table(stroke: none, inset: (x: 6pt, y: 3pt))\n"
LAMPS = """#figure(kind: table, caption: [Light of four lamps.], table(columns: 4,
  table.hline(), [Lamp], [Lumen], [Watt], [Hours], table.hline(stroke: .5pt),
  [Tallow], [12], [8], [3.5], [Bees wax], [14], [9], [4], [Whale oil], [21], [], [7.25],
  [Gas], [90], [61], [--], table.hline()))
"""


def _read(folder: Path, tables: str, setup: str = RULED) -> Paper:
    source = (
        "#set page(width: 460pt, height: 700pt)\n#set text(10pt)\n" + setup +
        "#text(18pt)[Lanterns on Paths]\n\n= Introduction\n"
        f"{PROSE}\n\n{tables}\n{PROSE}\n"
    )  # fmt: skip
    path = folder / "paper.pdf"
    typst.compile(source.encode(), output=path, format="pdf", ignore_system_fonts=True)
    return understand(read_pages(path, 50), identify("paper", "", ""))


def _texts(paper: Paper, table: Table) -> list[list[str]]:
    return [
        [" ".join(cell.span.of(paper.text).split()) for cell in row]
        for row in (*table.header, *table.rows)
    ]


def _quotes(paper: Paper, table: Table) -> list[str]:
    return [quote_cell(paper, cell) for row in table.rows for cell in row]


def test_a_table_with_ruled_head_has_rows_and_cells(tmp_path: Path) -> None:
    paper = _read(tmp_path, LAMPS)
    [table] = paper.tables
    assert table.label == "Table 1"
    assert len(table.header) == 1
    assert _texts(paper, table) == [
        ["Lamp", "Lumen", "Watt", "Hours"],
        ["Tallow", "12", "8", "3.5"],
        ["Bees wax", "14", "9", "4"],
        ["Whale oil", "21", "7.25"],
        ["Gas", "90", "61", "–"],
    ]
    assert [cell.column for cell in table.rows[2]] == [0, 1, 3]


def test_a_cell_is_quoted_with_the_heads_of_its_row_and_column(tmp_path: Path) -> None:
    paper = _read(tmp_path, LAMPS)
    quotes = _quotes(paper, paper.tables[0])
    assert "Bees wax: 14 (Lumen)" in quotes
    assert "Whale oil: 7.25 (Hours)" in quotes
    assert "Gas (Lamp)" in quotes


def test_cells_are_in_the_text_row_by_row_and_in_no_sentence(tmp_path: Path) -> None:
    paper = _read(tmp_path, LAMPS)
    assert "Tallow\t12\t8\t3.5\nBees wax\t14\t9\t4\n" in paper.text
    [table] = paper.tables
    spans = [cell.span for row in (*table.header, *table.rows) for cell in row]
    assert spans == sorted(spans)
    assert not any(
        sentence.span.start < span.end and span.start < sentence.span.end
        for sentence in paper.sentences
        for span in spans
    )
    assert paper.accounts[0].unaccounted == 0


def test_a_cell_has_the_box_of_its_words(tmp_path: Path) -> None:
    paper = _read(tmp_path, LAMPS)
    [table] = paper.tables
    for row in table.rows:
        assert len({round(cell.box.y0) for cell in row if cell.box}) == 1
        lefts = [cell.box.x0 for cell in row if cell.box]
        assert lefts == sorted(lefts)
    assert table.box is not None
    assert all(
        table.box.x0 <= cell.box.x0 and cell.box.y1 <= table.box.y1
        for row in table.rows
        for cell in row
        if cell.box
    )


def test_a_head_over_several_columns_heads_each_of_them(tmp_path: Path) -> None:
    paper = _read(
        tmp_path,
        """#figure(kind: table, caption: [Two nights.], table(columns: 5, align: center,
  table.hline(), [], table.cell(colspan: 2)[First night], table.cell(colspan: 2)[Second night],
  table.hline(start: 1, end: 3, stroke: .4pt), table.hline(start: 3, end: 5, stroke: .4pt),
  [Lamp], [Lit], [Out], [Lit], [Out], table.hline(stroke: .5pt),
  [Tallow], [12], [8], [3], [1], [Wax], [14], [9], [4], [2], [Oil], [21], [6], [7], [5],
  table.hline()))""",
    )
    [table] = paper.tables
    assert len(table.header) == 2
    quotes = _quotes(paper, table)
    assert "Wax: 14 (First night Lit)" in quotes
    assert "Wax: 9 (First night Out)" in quotes
    assert "Oil: 7 (Second night Lit)" in quotes
    assert "Oil: 5 (Second night Out)" in quotes


def test_a_row_of_one_name_heads_the_rows_that_are_set_further_in(tmp_path: Path) -> None:
    paper = _read(
        tmp_path,
        """#figure(kind: table, caption: [Lamps by fuel.], table(columns: 3, align: left,
  table.hline(), [Lamp], [Lumen], [Hours], table.hline(stroke: .5pt),
  [Solid], [], [], [#h(10pt)Tallow], [12], [3], [#h(10pt)Wax], [14], [4],
  [Liquid], [], [], [#h(10pt)Whale oil], [21], [7], [Gas], [90], [1], table.hline()))""",
    )
    quotes = _quotes(paper, paper.tables[0])
    assert "Solid Wax: 14 (Lumen)" in quotes
    assert "Liquid Whale oil: 21 (Lumen)" in quotes
    assert "Gas: 90 (Lumen)" in quotes


def test_a_cell_of_several_lines_is_one_cell(tmp_path: Path) -> None:
    paper = _read(
        tmp_path,
        """#figure(kind: table, caption: [What became of the lamps.], table(
  columns: (60pt, 130pt, 50pt), align: left, table.hline(), [Lamp],
  [What was seen], [Hours], table.hline(stroke: .5pt),
  [Tallow], [It smoked for most of the night and then went out by itself], [3],
  [Wax], [Nothing was seen of it], [4],
  [Oil], [It was carried away by a visitor before the morning came], [7], table.hline()))""",
    )
    [table] = paper.tables
    assert _texts(paper, table)[1:] == [
        ["Tallow", "It smoked for most of the night and then went out by itself", "3"],
        ["Wax", "Nothing was seen of it", "4"],
        ["Oil", "It was carried away by a visitor before the morning came", "7"],
    ]


def test_a_name_in_the_middle_of_its_rows_names_all_of_them(tmp_path: Path) -> None:
    paper = _read(
        tmp_path,
        """#figure(kind: table, caption: [Three nights.], table(columns: 3, align: left + horizon,
  table.hline(), [Lamp], [Night], [Hours], table.hline(stroke: .5pt),
  table.cell(rowspan: 3)[Tallow], [1], [3], [2], [4], [3], [5],
  table.cell(rowspan: 3)[Wax], [1], [6], [2], [7], [3], [8], table.hline()))""",
    )
    quotes = _quotes(paper, paper.tables[0])
    assert {"Tallow: 3 (Hours)", "Tallow: 5 (Hours)", "Wax: 6 (Hours)", "Wax: 8 (Hours)"} <= set(
        quotes
    )


def test_a_second_head_takes_the_place_of_the_first(tmp_path: Path) -> None:
    paper = _read(
        tmp_path,
        """#figure(kind: table, caption: [Two sets.], table(columns: 3, align: left,
  table.hline(), [Old set], [dusk], [dawn], table.hline(stroke: .5pt),
  [Lit], [31], [42], [Out], [53], [64], [Lost], [5], [6], table.hline(stroke: .5pt),
  [New set], [noon], [night], table.hline(stroke: .5pt),
  [Lit], [75], [86], [Out], [97], [18], [Lost], [7], [8], table.hline()))""",
    )
    quotes = _quotes(paper, paper.tables[0])
    assert "Lit: 31 (dusk)" in quotes
    assert "Lit: 75 (noon)" in quotes
    assert "Out: 18 (night)" in quotes


@pytest.mark.parametrize("setup", ["", "#set table(stroke: none)\n"])
def test_a_table_in_a_grid_or_without_any_line(tmp_path: Path, setup: str) -> None:
    paper = _read(
        tmp_path,
        """#figure(kind: table, caption: [Light of lamps.], table(columns: 3,
  [Lamp], [Lumen], [Watt], [Tallow], [12], [8], [Wax], [14], [9], [Oil], [21], [7]))""",
        setup,
    )
    [table] = paper.tables
    assert len(table.header) == 1
    assert "Wax: 9 (Watt)" in _quotes(paper, table)


def test_rows_of_running_text_are_no_table_but_text(tmp_path: Path) -> None:
    words = "and so it went on through the night until the morning came to all of the lamps there "
    cells = ", ".join(f"[{words * 2}], [{words * 3}]" for _ in range(3))
    paper = _read(
        tmp_path,
        "#figure(kind: table, caption: [What people said.], table(columns: (150pt, 200pt), "
        f"align: left, stroke: none, gutter: 0pt, inset: (x: 6pt, y: 2pt), {cells}))",
    )
    assert paper.tables == ()
    assert all(account.unaccounted == 0 for account in paper.accounts)


def test_two_tables_side_by_side_share_no_words(tmp_path: Path) -> None:
    paper = _read(
        tmp_path,
        """#grid(columns: 2, gutter: 12pt,
  figure(kind: table, caption: [Light.], table(columns: 2, table.hline(), [Lamp], [Lumen],
    table.hline(stroke: .5pt), [Tallow], [12], [Wax], [14], [Oil], [21], table.hline())),
  figure(kind: table, caption: [Time.], table(columns: 2, table.hline(), [Night], [Hours],
    table.hline(stroke: .5pt), [First], [3], [Second], [4], [Third], [7], table.hline())))""",
    )
    assert [_texts(paper, table)[1] for table in paper.tables] == [["Tallow", "12"], ["First", "3"]]


STYLE = Style(9.0, False, False, False, False, False, "Serif")
places = st.tuples(st.integers(0, 40), st.integers(0, 30), st.sampled_from(["12", "lamp", "–"]))
rules = st.tuples(st.integers(0, 40), st.integers(0, 62), st.integers(1, 40))


@settings(max_examples=200, deadline=None)
@given(st.lists(places, min_size=1, max_size=40), st.lists(rules, max_size=6))
def test_no_word_is_lost_or_written_twice_wherever_words_stand(
    words: list[tuple[int, int, str]], drawn: list[tuple[int, int, int]]
) -> None:
    lines = []
    for x, y, text in words:
        left, top = 60 + 6.0 * x, 100 + 5.0 * y
        word = PageWord(text, left, top, left + 5 * len(text), top + 9, ((text, STYLE),))
        lines.append(Line(1, 0, [word]))
    name = PageWord("Table", 60, 80, 90, 89, (("Table", STYLE),))
    number = PageWord("1:", 93, 80, 103, 89, (("1:", STYLE),))
    caption = Paragraph("caption", [Line(1, 0, [name, number])])
    across = tuple(
        Area(60 + 6.0 * x, 100 + 2.5 * y, 60 + 6.0 * (x + wide), 100.5 + 2.5 * y)
        for x, y, wide in drawn
    )
    page = PageContent(1, 612, 792, lines, across)
    parts = [caption, *(Paragraph("table", [line]) for line in lines)]
    find_tables(parts, {id(caption): Box(1, 50, 95, 400, 300)}, [page])
    kept = [id(word) for part in parts[1:] for word in part.words]
    assert sorted(kept) == sorted(id(word) for line in lines for word in line.words)


@pytest.mark.parametrize(
    ("name", "label", "quote"),
    [
        ("open/1706.03762.pdf", "Table 2", "ConvS2S [9]: 40.46 (BLEU EN-FR)"),
        ("open/1706.03762.pdf", "Table 3", "(A): 25.8 (BLEU (dev))"),
        ("open/2005.11401.pdf", "Table 1", "Book DPR [26]: 41.5 (NQ)"),
        ("open/ALCE.pdf", "Table 9", "w/ RERANK: 83.9 (ALCE Rec.)"),
        ("open/ALCE.pdf", "Table 18", "Open-source LLaMA-33B SUMM (10-psg): 72.0 (3.0) "
         "(Fluency (MAUVE))"),
        ("digests/jays.pdf", "Table 1", "Lisbon CAB-MP: 5 (Raw Data C M)"),
        ("digests/bpvar.pdf", "Table 1", "Sex Female: 9001 (54) "
         "(Patients, No. (%) (N = 16 688))"),
    ],
)  # fmt: skip
def test_tables_of_papers(
    published_paper: Callable[[Path], Paper], name: str, label: str, quote: str
) -> None:
    paper = published_paper(SHARED / name)
    [table] = [one for one in paper.tables if one.label == label]
    assert quote in _quotes(paper, table)


# --- Markdown and HTML ----------------------------------------------------------------------------

ROWS = """| Lamp | Lumen | Hours |
|------|------:|------:|
| Tallow | 12 | 3.5 |
| Wax | | 4 |
| Oil | 21 | 7 |
"""


def _markdown(folder: Path, table: str) -> Paper:
    path = folder / "lanterns.md"
    path.write_text(f"# Lanterns\n\n## Results\n\n{PROSE}\n\n{table}\n\n{PROSE}\n", "utf-8")
    paper = read_markdown(path, "lanterns", None)
    assert isinstance(paper, Paper)
    return paper


def test_a_table_of_markdown_has_cells(tmp_path: Path) -> None:
    paper = _markdown(tmp_path, f"Table 1: Light of lamps.\n\n{ROWS}")
    [table] = paper.tables
    assert (table.label, table.caption.of(paper.text)) == ("Table 1", "Table 1: Light of lamps.")
    quotes = _quotes(paper, table)
    assert "Tallow: 3.5 (Hours)" in quotes
    assert "Wax: 4 (Hours)" in quotes
    assert all(cell.box is None for row in table.rows for cell in row)


def test_a_table_without_a_caption_has_no_label(tmp_path: Path) -> None:
    [table] = _markdown(tmp_path, ROWS).tables
    assert table.label == ""


def test_a_table_of_html_has_cells(tmp_path: Path) -> None:
    path = tmp_path / "lanterns.html"
    path.write_text(
        f"<html><body><article><h1>Lanterns</h1><h2>Results</h2><p>{PROSE}</p><figure><table>"
        "<tr><th>Lamp</th><th>Lumen</th></tr><tr><td>Tallow</td><td>12</td></tr>"
        "<tr><td>Wax</td><td>14</td></tr></table><figcaption>Table 2: Light.</figcaption></figure>"
        f"<p>{PROSE}</p></article></body></html>",
        "utf-8",
    )
    paper = read_html(path, "lanterns", None)
    assert isinstance(paper, Paper)
    [table] = paper.tables
    assert table.label == "Table 2"
    assert "Wax: 14 (Lumen)" in _quotes(paper, table)


def test_rows_of_unlike_length_are_text_and_no_table(tmp_path: Path) -> None:
    paper = _markdown(tmp_path, ROWS.replace("| Wax | |", "| Bees \\| wax | 14 |"))
    assert paper.tables == ()
    assert "Tallow | 12 | 3.5" in paper.text
