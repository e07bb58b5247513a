"""Every word of a page is accounted for, and what was lost on the way is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pymupdf
import pytest

from index.accounts import Loss, PageAccount
from index.library.adding import _noted
from index.paper import Paper
from index.read import Reader
from index.read.account import words_in, words_missing
from index.read.front.identity import identify
from index.read.page.pages import Line, PageContent, Pages, PageWord, Style
from index.read.page.pdf import read_pages
from index.read.understand import understand

typst = pytest.importorskip("typst")

CASES = Path(__file__).parents[3] / "shared" / "cases"
STYLE = Style(10.0, False, False, False, False, False, "Serif")
PROSE = (
    "Lanterns were placed on the path at equal distances and lit at dusk.",
    "Each of them was watched by two people until the morning came.",
    "The path was walked by nobody else in these nights of the trial.",
    "Rain fell twice, and neither time did any of the lanterns go out.",
)


def _page(number: int, rows: tuple[str, ...], printed: str | None = None, unread: str = ""):
    """A page of one column with a line for each row."""
    lines = []
    for row, text in enumerate(rows):
        top = 100.0 + 12 * row
        words = []
        x = 72.0
        for word in text.split():
            words.append(PageWord(word, x, top, x + 5 * len(word), top + 10, ((word, STYLE),)))
            x += 5 * len(word) + 3
        lines.append(Line(number, 0, words))
    said = "\n".join(rows) if printed is None else printed
    return PageContent(number, 612.0, 792.0, lines, printed=said, unread=unread)


def _understood(*pages: PageContent) -> Paper:
    return understand(Pages(list(pages), len(pages), 0), identify("paper", "", ""))


def _read(path: Path) -> Paper:
    return understand(read_pages(path, 50), identify("paper", "", ""))


def _set(folder: Path, source: str) -> Path:
    path = folder / "paper.pdf"
    typst.compile(source.encode(), output=path, format="pdf", ignore_system_fonts=True)
    return path


# --- words ----------------------------------------------------------------------------------------


def test_words_are_runs_of_letters_and_digits_folded() -> None:
    assert words_in("The ﬁrst Caf´e, 31⁷ + x_1") == ["the", "first", "cafe", "317", "x", "1"]
    assert words_in("soft\u00adly na\u200bïve") == ["softly", "naive"]
    assert words_in("BERT和大模型") == ["bert", "和", "大", "模", "型"]


@pytest.mark.parametrize(
    ("drawn", "found"),
    [
        ("31⁷ peaks at 10⁻⁴", "31^7 peaks at 10^-4"),  # scripts written out
        ("extract- ing", "extracting"),  # a hyphenation undone
        ("Abstract—We", "Abstract We"),
        ("大模型 说", "大 模型说"),
    ],
)
def test_a_word_cut_in_another_way_is_not_missing(drawn: str, found: str) -> None:
    assert words_missing(drawn, found) == words_missing(found, drawn) == []


def test_a_word_that_is_nowhere_is_missing_as_often_as_it_is() -> None:
    assert words_missing("lantern path lantern path lantern", "path lantern path") == [
        "lantern",
        "lantern",
    ]


def test_symbols_that_were_taken_for_letters_are_not_missing() -> None:
    assert words_missing("kw path, 5 12", "∥w path, = 12") == []
    assert words_missing("kwk path", "w∥ path") == ["kwk"]
    assert words_missing("lantern", "∥∥∥∥∥∥∥∥∥") == ["lantern"]


# --- accounts -------------------------------------------------------------------------------------


def test_a_page_whose_words_are_all_in_the_text() -> None:
    paper = _understood(_page(1, PROSE))
    [account] = paper.accounts
    assert account.drawn == account.text == sum(len(row.split()) for row in PROSE)
    assert (account.unaccounted, account.share, paper.losses) == (0, 1.0, ())


def test_words_that_never_became_lines_are_lost() -> None:
    printed = "\n".join((*PROSE, "Seven words of it fell out here."))
    paper = _understood(_page(1, PROSE), _page(2, PROSE, printed))
    assert [one.unaccounted for one in paper.accounts] == [0, 7]
    assert {"seven", "fell"} <= set(paper.accounts[1].lost)
    [loss] = paper.losses
    assert (loss.page, round(loss.share, 3)) == (2, round(7 / paper.accounts[1].drawn, 3))
    assert str(loss) == "12 % of page 2 could not be read"


def test_less_than_two_words_of_a_hundred_are_no_finding() -> None:
    printed = " ".join(PROSE * 3) + " lost"
    paper = _understood(_page(1, PROSE * 3, printed))
    assert paper.accounts[0].unaccounted == 1
    assert paper.losses == ()


def test_a_page_that_raised_says_so() -> None:
    paper = _understood(_page(1, PROSE), _page(2, (), unread="the PDF engine failed: no memory"))
    assert paper.losses == (Loss(2, 1.0, "the PDF engine failed: no memory"),)
    assert str(paper.losses[0]) == "page 2 could not be read"


def test_letters_that_cannot_be_read_are_a_loss() -> None:
    rows = (*PROSE, "\ufffd\ufffd\ufffd\ufffd\ufffd \ufffd\ufffd\ufffd\ufffd\ufffd")
    [loss] = _understood(_page(1, rows)).losses
    assert 0.03 < loss.share < 0.06
    assert "letters cannot be read" in loss.reason


def test_a_sentence_with_a_letter_that_cannot_be_read_is_not_quoted_and_this_is_said() -> None:
    rows = (*PROSE[:2], "The lamps burn while d \uf8ff 4 holds on the path.", *PROSE[2:])
    paper = _understood(_page(1, PROSE), _page(2, rows))
    said = [sentence.span.of(paper.text) for sentence in paper.sentences]
    assert PROSE[3] in said and not any("lamps" in one for one in said)
    [loss] = paper.losses
    assert loss.page == 2 and "not quoted" in loss.reason


def test_running_heads_and_page_numbers_are_furniture(tmp_path: Path) -> None:
    path = _set(
        tmp_path,
        "#set page(width: 400pt, height: 300pt, header: [Lanterns on every path], "
        'numbering: "1")\n' + "#lorem(800)",
    )
    paper = _read(path)
    later = paper.accounts[1:]
    assert len(later) > 3
    assert {one.furniture for one in later} == {5}
    assert all("Lanterns on every path" in one.aside for one in later)
    assert all(one.share == 1.0 for one in paper.accounts)


def test_captions_cells_labels_and_hidden_words_have_their_place(tmp_path: Path) -> None:
    path = _set(
        tmp_path,
        """#set page(width: 500pt, height: 700pt)
#text(20pt)[Lanterns on Paths]
= Introduction
#lorem(60)
#figure(table(columns: 3, [Lamp], [Lumen], [Watt], [Tallow], [12], [8], [Wax], [14], [9],
  [Whale oil], [21], [7]), caption: [Light of two lamps.], kind: table)
#lorem(60)
#figure(rect(width: 200pt, height: 80pt)[North South], caption: [A map of the place.])
#place(text(fill: white)[Nobody sees these six words here])
#lorem(60)""",
    )
    [account] = _read(path).accounts
    assert (account.tables, account.figures, account.captions, account.hidden) == (13, 2, 13, 6)
    assert account.text == 184
    assert account.unaccounted == 0


def test_words_on_end_amid_the_text_are_in_the_text_and_in_no_sentence(tmp_path: Path) -> None:
    path = _set(
        tmp_path,
        """#set page(width: 500pt, height: 700pt)
#lorem(200)

#align(center, rotate(-90deg, reflow: true)[Proportion of lanterns])

#lorem(100)""",
    )
    paper = _read(path)
    assert paper.accounts[0].unaccounted == 0
    start = paper.text.index("Proportion of lanterns")
    assert not any(one.span.start <= start < one.span.end for one in paper.sentences)
    boxes = paper.boxes(replace(paper.sentences[0].span, start=start, end=start + 22))
    assert len(boxes) == 1
    assert boxes[0].y1 - boxes[0].y0 > 60 > boxes[0].x1 - boxes[0].x0


def test_a_table_set_sideways_on_a_turned_page_is_accounted_for() -> None:
    path = CASES / "02-page-turned-by-Rotate" / "lscape90.pdf"
    if not path.is_file():
        pytest.skip("../shared is not there")
    paper = _read(path)
    assert [one.unaccounted for one in paper.accounts] == [0, 0]
    assert "centimetres" in paper.text


def test_a_page_that_is_a_picture_is_said(tmp_path: Path, started_reader: Reader) -> None:
    document = pymupdf.open()
    for written in (True, False):
        page = document.new_page(width=400, height=600)
        if written:
            page.insert_text((40, 60), "Lanterns on Paths", fontsize=20)
            page.insert_text((40, 100), "Abstract", fontsize=14)
            page.insert_textbox(pymupdf.Rect(40, 120, 360, 560), " ".join(PROSE * 4), fontsize=10)
        else:
            pixels = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 40, 60))
            pixels.clear_with(128)
            page.insert_image(page.rect, pixmap=pixels)
    document.save(tmp_path / "paper.pdf")
    reading = started_reader.read(tmp_path / "paper.pdf")
    assert reading.paper is not None, reading
    [loss] = reading.paper.losses
    assert (loss.page, loss.share) == (2, 1.0)
    assert "run OCR" in loss.reason


def test_adding_a_paper_says_what_was_lost() -> None:
    printed = "\n".join((*PROSE, "Seven words of it fell out here."))
    lossy = _understood(_page(1, PROSE, printed), *(_page(n, (), unread="?") for n in range(2, 9)))
    assert _noted(lossy) == (
        "12 % of page 1 could not be read; page 2 could not be read; page 3 could not be read; "
        "page 4 could not be read; page 5 could not be read; nor could 3 more pages in full: "
        "`gloss show paper` lists it"
    )
    assert _noted(_understood(_page(1, PROSE))) == ""


def test_the_words_of_a_page_that_draws_nothing_are_not_lost() -> None:
    account = PageAccount(1, 0, 0, 0, 0, 0, 0, 0, 0)
    assert (account.share, account.loss) == (1.0, None)
