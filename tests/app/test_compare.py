"""Papers side by side, whose cells are cited quotes or say that there is none; near papers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compare import (
    MOST,
    Cell,
    ComparedPaper,
    Comparison,
    NotComparable,
    Row,
    compare,
    fill,
    table_of,
)
from app.compare.choice import chosen
from app.compare.columns import COLUMNS, Column, question_columns
from app.compare.related import related
from app.digest import Claim, Digest, Support
from app.show.comparison import related_views, table_view, to_csv, to_markdown
from app.show.workbook import to_xlsx
from app.write.ask import Answer, AnswerQuote
from index.errors import EmptyQuery, LibraryReadOnly, PaperNotFound, StoreUnusable
from index.hits import Citation
from index.spans import Box, Span

SIGNS = ("=", "+", "-", "@", "＝", "＠")


def quoted(text: str, part: str = "method.1", page: int | None = 2) -> Claim:
    boxes = (Box(page, 1, 2, 3, 4),) if page else ()
    cited = Citation(f"a#{part}", text, Span(0, len(text)), boxes)
    return Claim(text, "quoted", (cited,), Support(1.0, "supported", ()))


@pytest.fixture
def answers(library: Any, row_of: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Claim]]:
    """What the papers answer, by question; the library has two papers and a broken file."""
    library.rows.insert(1, row_of("text"))
    said: dict[str, list[Claim]] = {}

    def ask(_: Any, question: str, paper_id: str, *, most: int = 3) -> Answer:
        claims = said.get(question, [])[:most]
        sentences = tuple(AnswerQuote(one, paper_id, "t", "s", 1.0) for one in claims)
        return Answer(question, sentences, ())

    monkeypatch.setattr("app.write.ask.ask", ask)
    return said


def by_name(table: Comparison, row: int = 0) -> dict[str, Any]:
    return dict(zip([one.name for one in table.columns], table.rows[row].cells, strict=True))


def test_cells_are_the_digest_s_items_and_answers(library: Any, answers: Any) -> None:
    answers["How long?"] = [quoted("It burns for 3.5 hours.", page=2)]
    table = compare(library, ["2401.00001", "text"], ["How long?"])
    assert table.done == table.total == 14
    cells = by_name(table)
    assert [*cells] == ["task", "data", "method", "main_result", "limits", "code", "question.1"]
    assert cells["limits"].claims[0].text == "We tried no lantern in the rain."
    assert cells["question.1"].claims[0].citations[0].page == 2
    assert (cells["data"].status, cells["data"].claims) == ("not stated", ())
    assert all(cell.claims for cell in cells.values() if cell.status == "stated")


def test_what_the_digests_say_comes_first(library: Any, answers: Any) -> None:
    table = table_of(library, ["2401.00001", "text"], COLUMNS)
    order = []
    for filled in fill(library, table):
        before = {(r, c) for r, row in enumerate(table.rows) for c, x in enumerate(row.cells) if x}
        now = {(r, c) for r, row in enumerate(filled.rows) for c, x in enumerate(row.cells) if x}
        ((row, column),) = now - before
        order.append((COLUMNS[column].name, row))
        table = filled
    asking = {column.name for column in COLUMNS if column.questions}
    assert [name in asking for name, _ in order] == [False] * 8 + [True] * 4


def test_one_bad_paper_stops_no_other(
    library: Any, answers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = __import__("app.write").write.write_digest

    def fails(_: Any, paper_id: str, **others: Any) -> Digest:
        if paper_id == "text":
            raise RuntimeError("a slip")
        digest: Digest = real(_, paper_id, **others)
        return digest

    monkeypatch.setattr("app.write.write_digest", fails)
    table = compare(library, ["no such", "broken", "text", "2401.00001"])
    assert table.done == table.total
    assert [row.error is not None for row in table.rows] == [True, True, False, False]
    seen = table_view(table)
    assert "not in this library" in seen.rows[0].cells[0].text
    assert "cut short" in seen.rows[1].cells[2].text
    assert seen.rows[2].cells[0].text == "a slip"
    assert by_name(table, 2)["data"].status == "not stated"  # which needs no digest
    assert by_name(table, 3)["limits"].status == "stated"


def test_what_none_would_survive_is_raised(
    library: Any, answers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise StoreUnusable("here", "is closed")

    monkeypatch.setattr("app.write.ask.ask", fails)
    with pytest.raises(StoreUnusable):
        compare(library, ["2401.00001", "text"])


@pytest.mark.parametrize("ids", [[], ["a"], ["a", "a"], [str(one) for one in range(MOST + 1)]])
def test_a_table_has_two_to_twenty_papers(library: Any, ids: list[str]) -> None:
    with pytest.raises(NotComparable, match="2 to 20 different papers"):
        compare(library, ids)


def test_a_paper_under_two_ids_has_one_row(
    open_library: Any, versions: Any, tmp_path: Path
) -> None:
    from index.sources import Source

    with open_library(tmp_path / "lib") as opened:
        opened.add(Source(versions[0], versions[0].name))
        table = table_of(opened, ["2407.03300v1", "2407.03300", "other"], COLUMNS)
        assert [row.paper.id for row in table.rows] == ["2407.03300", "other"]


def test_questions_are_columns_once(library: Any) -> None:
    columns = question_columns(["How  long?", "How long?", "Why?"])
    assert [(one.name, one.titles["en"]) for one in columns] == [
        ("question.1", "How long?"),
        ("question.2", "Why?"),
    ]
    assert all(one.is_own for one in columns) and not any(one.is_own for one in COLUMNS)
    with pytest.raises(EmptyQuery):
        question_columns(["Why?", "?!"])


def test_a_column_takes_what_fits(library: Any, answers: Any) -> None:
    code = next(one for one in COLUMNS if one.name == "code")
    assert code.takes_item(quoted("https://github.com/a/b"))
    assert not code.takes_item(quoted("https://doi.org/10.1"))
    data = next(one for one in COLUMNS if one.name == "data")
    assert data.takes_answer(quoted("We use 2 sets of data."))
    assert not data.takes_answer(quoted("Whole 4.99 1.54 97 2.89"))
    assert not data.takes_answer(quoted("A. B. collected the data.", "acknowledgements.1"))
    answers[data.questions[0]] = [quoted("1 2 3")]
    answers[data.questions[1]] = [quoted("There were 28 lanterns.")]
    cell = by_name(compare(library, ["2401.00001", "text"]))["data"]
    assert [one.text for one in cell.claims] == ["There were 28 lanterns."]


def test_cells_of_a_former_table_are_kept_unless_they_failed() -> None:
    asked = Column("question.1", {"en": "Why?", "zh": "Why?"}, questions=("Why?",))
    stated, failed = Cell((quoted("It burns."),)), Cell(error=ValueError("x"))
    papers = [ComparedPaper("a", 1), ComparedPaper("b")]
    former = Comparison(
        (COLUMNS[0], asked), (Row(papers[0], (stated, stated)), Row(papers[1], (failed, stated)))
    )
    renamed = replace(asked, name="question.2")
    empty = Comparison(
        (COLUMNS[0], COLUMNS[2], renamed),
        tuple(Row(one, (None, None, None)) for one in (*papers, ComparedPaper("a", 2))),
    )
    known = empty.knowing(former)
    assert [row.cells for row in known.rows] == [
        (stated, None, stated),
        (None, None, stated),
        (None, None, None),  # another version of the paper
    ]
    assert (known.done, known.total) == (3, 9)
    left = known.without(["question.2"])
    assert [one.name for one in left.columns] == ["task", "method"]
    assert left.rows[0].cells == (stated, None)


def table_with(*texts: str) -> Comparison:
    columns = tuple(
        Column(f"question.{at}", {"en": text, "zh": text}) for at, text in enumerate(texts)
    )
    paper = ComparedPaper(texts[0], None, texts[-1], (texts[0],), "2024")
    cells = tuple(Cell((quoted(text), quoted(text, page=None))) for text in texts)
    return Comparison(columns, (Row(paper, cells),) * 2)


HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    '=HYPERLINK("http://a";"b")',
    "a;=1+1",
    'a; "=1',
    "＝1+1",
    "a\x00b\x1b[31mc\u202ed",
    'a, "b"\nc|d',
]


def read(text: str, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=delimiter))


def starts_formula(cell: str) -> bool:
    return cell.startswith((*SIGNS, "\t", "\r"))


@given(st.lists(st.sampled_from(HOSTILE) | st.text(";=-+@\"' \tab", max_size=12), min_size=1))
def test_no_cell_of_csv_begins_a_formula(texts: list[str]) -> None:
    written = to_csv(table_with(*texts))
    for delimiter in (",", ";"):
        for row in read(written, delimiter):
            for cell in row:
                # A spreadsheet of another country splits at semicolons; lines begin rows there.
                lines = cell.replace("\r\n", "\n").split("\n")
                assert not any(map(starts_formula, lines)), (delimiter, cell)


def test_csv_is_read_back() -> None:
    rows = read(to_csv(table_with('It burns, and "shines".', "=1")), ",")
    assert rows[0] == ["Paper", "Title", "Authors", "Date", 'It burns, and "shines".', "'=1"]
    assert rows[1][4] == 'It burns, and "shines". (p. 2)\nIt burns, and "shines".'
    assert rows[1][5] == "'=1 (p. 2)\n'=1"
    assert len(rows) == 3 and to_csv(table_with("a")).startswith("\ufeff")


def test_a_workbook_has_text_alone() -> None:
    from openpyxl import load_workbook

    texts = [*HOSTILE, "\ud800\uffff", "x" * 40_000, "x" + "\U0001f41d" * 40_000]
    sheet = load_workbook(io.BytesIO(to_xlsx(table_with(*texts)))).active
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.quotePrefix for cell in cells)
    assert sheet.cell(2, 5).value == "=cmd|' /C calc'!A0 (p. 2)\n=cmd|' /C calc'!A0"
    assert max(len(cell.value.encode("utf-16-le")) // 2 for cell in cells) == 32_767
    assert sheet.freeze_panes == "C2" and sheet.max_row == 3


def test_markdown_is_one_table() -> None:
    lines = to_markdown(table_with("a|b", "<b>*c*", "d\ne")).splitlines()
    assert len(lines) == 4
    assert {line.count("|") for line in lines} == {6}
    assert "a&#124;b (p. 2)<br>a&#124;b" in lines[2]
    assert "&lt;b>\\*c\\*" in lines[2]


def test_papers_of_a_search_and_of_a_day(library: Any, row_of: Any) -> None:
    library.rows = [
        row_of("c", date="2024-07-05"),
        row_of("d", date="2024-07"),
        row_of("e", date="2024-13-40"),
        row_of("f", date=None),
        row_of("g", date="2024-07-06"),
    ]
    assert chosen(library, ["x"], "lantern").ids == ("x", "2401.00001")
    assert chosen(library, [], day="2024-07-05").ids == ("c",)
    month = chosen(library, ["g"], day="2024-07", most=2)
    assert (month.ids, month.left_out) == (("g", "c", "d"), 1)
    with pytest.raises(ValueError, match="soon"):
        chosen(library, [], day="soon")


OTHER = """# Candles for Dark Rooms

Cy Dee

## Abstract

We present a candle that lights dark rooms for people who read at night. Our candle reaches 12.1
lumens on the standard path and burns for two hours on a single wick.

## Introduction

People read at night, and rooms are dark in most villages of the north. Lanterns are heavy, which is
a problem that has been known for a very long time. In this paper we propose a candle of wax.

## Conclusion

We presented a candle of wax that lights a room. In future work we plan to test it in the wind.
"""


def test_related_papers_have_two_sentences_that_are_alike(
    open_library: Any, versions: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from index.sources import Source

    other = tmp_path / "candles.md"
    other.write_text(OTHER, encoding="utf-8")
    monkeypatch.setattr("app.compare.related.LEAST", -1.0)
    with open_library(tmp_path / "lib") as opened:
        for file in (versions[0], other):
            opened.add(Source(file, file.name))
        found = related(opened, "2407.03300")
        assert (found.paper_id, found.title) == ("2407.03300", "Lanterns for Long Paths")
        (near,) = found.papers
        assert (near.id, near.authors) == ("candles", ("Cy Dee",))
        assert 0 < near.score <= 1.0001
        assert near.alike is not None
        own, others = near.alike.own, near.alike.other
        assert (own.paper_id, others.paper_id) == ("2407.03300", "candles")
        assert own.citations[0].quote in opened.paper("2407.03300").text
        assert others.citations[0].quote in opened.paper("candles").text
        # No two sentences of the two are more alike.
        texts = [
            [one.claim.text for one in opened.claim_vectors(name) if one.claim.section != "limits"]
            for name in ("2407.03300", "candles")
        ]
        vectors = [opened.embedder.embed_passages(one) for one in texts]
        assert near.alike.score == pytest.approx(float((vectors[0] @ vectors[1].T).max()), abs=0.2)
        (view,) = related_views(found)
        assert view.own is not None and view.own.text == own.text
        # Digests that cannot be saved are compared all the same.
        assert opened.claim_vectors("candles")
        monkeypatch.setattr(opened, "claim_vectors", lambda _: ())
        calls: list[str] = []

        def refused(_: Any, paper_id: str) -> None:
            calls.append(paper_id)
            raise LibraryReadOnly(tmp_path, "it is on a read-only medium")

        monkeypatch.setattr("app.write.write_digest", refused)
        again = related(opened, "2407.03300")
        assert calls == ["2407.03300", "candles"]
        assert again.papers[0].alike is not None
        assert again.papers[0].alike.own.text == own.text
        monkeypatch.setattr("app.compare.related.LEAST", 2.0)
        assert related(opened, "2407.03300").papers == ()
        with pytest.raises(PaperNotFound):
            related(opened, "no such paper")


def test_the_command_writes_what_was_asked_for(
    library: Any,
    answers: dict[str, list[Claim]],
    run_gloss: Callable[..., SimpleNamespace],
    tmp_path: Path,
) -> None:
    answers["How long?"] = [quoted("It burns for 3.5 hours.")]
    files = tmp_path / "out" / "t.csv", tmp_path / "t.xlsx"
    done = run_gloss(
        "compare", "2401.00001", "text", "--ask", "How long?", "--json",
        "--csv", str(files[0]), "--xlsx", str(files[1]),
    )  # fmt: skip
    assert done.code == 0
    said = json.loads(done.out)
    assert [one["question"] for one in said["columns"]] == [""] * 6 + ["How long?"]
    cell = said["rows"][0]["cells"][6]
    assert (cell["column"], cell["status"]) == ("question.1", "stated")
    assert cell["claims"][0]["citations"][0]["page"] == 2
    assert "It burns for 3.5 hours. (p. 2)" in files[0].read_text("utf-8")
    assert files[1].read_bytes().startswith(b"PK")

    done = run_gloss("compare", "2401.00001", "text", "no such", "--markdown")
    assert (done.code, done.out.count("\n")) == (3, 5)
    done = run_gloss("compare", "2401.00001", "text", "--ask", "How long?")
    assert "How long?\n    It burns for 3.5 hours.  (p. 2, Method)" in done.out
    assert "not stated in the paper" in done.out
    done = run_gloss("compare", "--day", "2024-01-02", "--json")
    assert [row["paper"]["id"] for row in json.loads(done.out)["rows"]] == ["2401.00001", "text"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["2401.00001"], "give 2 to 20 different papers, not one paper"),
        ([], "not 0 papers"),
        (["a", "b", "--json", "--markdown"], "not both"),
        (["a", "b", "--day", "soon"], "'soon' is not a date"),
        (["a", "b", "--ask", "?"], "the query is empty"),
    ],
)
def test_what_cannot_be_compared_says_why(
    library: Any, run_gloss: Callable[..., SimpleNamespace], arguments: list[str], said: str
) -> None:
    done = run_gloss("compare", *arguments)
    assert done.code == 2 and said in done.err and done.out == ""


def test_the_command_lists_related_papers(
    library: Any, row_of: Any, digest_of: Any, run_gloss: Callable[..., SimpleNamespace]
) -> None:
    library.rows.insert(0, row_of("text", title="Candles"))
    library.digests = {"2401.00001": digest_of(), "text": digest_of()}
    said = json.loads(run_gloss("related", "2401.00001", "--json").out)
    (near,) = said["related"]
    assert (near["paper_id"], near["title"], near["version"]) == ("text", "Candles", 2)
    assert near["alike"]["own"]["citations"][0]["quote"]
    done = run_gloss("related", "2401.00001")
    assert " 1  Candles  text" in done.out and "    here" in done.out and "    there" in done.out
    library.rows = [row_of("2401.00001")]
    done = run_gloss("related", "2401.00001")
    assert (done.out, done.code) == ("", 0) and "No other paper" in done.err
    assert run_gloss("related", "no such").code == 2


def test_the_table_as_html(library: Any, answers: Any) -> None:
    from app.web.comparing import Desk, Layout, filled_in_turn, named_in, table_html

    begun = table_of(library, ["2401.00001", "text", "no <b>"], COLUMNS)
    desk = Desk(table=begun)
    assert "6 of 18 cells" in table_html(library, desk, "en")
    *_, desk.table = filled_in_turn(library, begun)
    shown = table_html(library, desk, "en")
    assert 'href="?paper=2401.00001&amp;at=' in shown and "no &lt;b&gt;" in shown
    assert 'download="comparison.xlsx" href="data:application/vnd' in shown
    desk.layout = Layout().sorting("paper").sorting("paper")
    desk.layout = replace(desk.layout, hidden=frozenset({"limits"}))
    shown = table_html(library, desk, "en")
    assert 'aria-sort="descending"' in shown and 'data-show="limits"' in shown
    assert "We tried no lantern" not in shown
    assert named_in({"papers": "a,b", "asks": "Why?\n!\n"}) == (["a", "b"], ("Why?",))
