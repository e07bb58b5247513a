"""Arabic and Hebrew papers: the words of a line in the order in which people read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.read import _read_file
from index.read.page.bidi import is_right_to_left, row_of
from index.read.page.pages import PageWord, Style
from index.read.page.pdf import read_pages

CASE = Path(__file__).parents[2].parent / "shared/cases/11-right-to-left/ar.pdf"
ODD = Path(__file__).parents[2].parent / "shared/papers/odd/docling_right_to_left_01.pdf"
STYLE = Style(10, False, False, False, False, False, "Any")


def lines_of(path: Path) -> list[str]:
    """The lines of the first page."""
    return [line.text for line in read_pages(path, 5, 10**6).pages[0].lines]


@pytest.mark.skipif(not CASE.exists(), reason="../shared is not here")
def test_lines_with_digits_and_full_stops_are_not_reversed() -> None:
    reading = _read_file(CASE, "ar", None, 100, 10**6)
    assert reading.paper is not None
    text = reading.paper.text
    assert reading.paper.title == "نماذج تكرارية لمستويات الأنهار"
    assert "لأربعين محطة بين عامي 1998 و2019." in text
    assert "يبلغ متوسط الخطأ المطلق 4.2 سنتيمترا مقابل 6.9 سنتيمترا للنموذج الخطي." in text
    roles = [section.role for section in reading.paper.sections][1:]
    assert roles == ["abstract", "introduction", "method", "results", "conclusion"]


@pytest.mark.skipif(not ODD.exists(), reason="../shared is not here")
def test_latin_words_stand_where_they_are_read() -> None:
    reading = _read_file(ODD, "odd", None, 100, 10**6)
    assert reading.paper is not None
    assert "مكتبة pandas في Python لإدارة البيانات بكفاءة، بينما توفر R أدوات" in reading.paper.text
    assert reading.paper.title.endswith("البرمجة بلغة R وPython")


HEBREW = """#set page(width: 15cm, height: 12cm)
#set text(font: "Libertinus Serif", lang: "he", size: 11pt)
מערך הנתונים כולל 40 תחנות (ראו איור 2) בין 1998 ל-2019. השתמשנו בספריית
pandas של Python כדי לנתח אותו [3, 4]. השגיאה הייתה 4.2 סנטימטר, רק 75% זוהו.

The word שלום means peace (and hello) in Hebrew.
"""


def test_hebrew_with_numbers_brackets_and_latin_words(tmp_path: Path) -> None:
    typst = pytest.importorskip("typst")
    path = tmp_path / "he.pdf"
    typst.compile(HEBREW.encode(), output=path, format="pdf", ignore_system_fonts=True)
    said = " ".join(lines_of(path))
    assert " ".join(HEBREW.split("\n", 2)[2].split()) == said


def test_brackets_that_are_stored_as_drawn_are_turned(tmp_path: Path) -> None:
    pymupdf = pytest.importorskip("pymupdf")
    document = pymupdf.open()
    page = document.new_page()
    box = pymupdf.Rect(50, 50, 500, 400)
    page.insert_htmlbox(box, '<p dir="rtl">שלום (עולם) 12.5 סוף. word כאן.</p>')
    path = tmp_path / "html.pdf"
    document.save(path)
    assert lines_of(path) == ["שלום (עולם) 12.5 סוף. word כאן."]


def test_commas_and_brackets_after_a_word_in_an_english_line(tmp_path: Path) -> None:
    typst = pytest.importorskip("typst")
    source = """#set page(width: 15cm, height: 12cm)
#set text(font: "Libertinus Serif", size: 11pt)
We write peace (or שלום), and world as עולם, as people do; they say שלום. Then all is well."""
    path = tmp_path / "en.pdf"
    typst.compile(source.encode(), output=path, format="pdf", ignore_system_fonts=True)
    assert " ".join(lines_of(path)) == " ".join(source.split("\n", 2)[2].split())


def word(text: str, x: float) -> PageWord:
    """A word of 30 points."""
    return PageWord(text, x, 0, x + 30, 10, ((text, STYLE),))


def test_pieces_of_a_row_are_joined_in_its_direction() -> None:
    right, left = [word("שלום", 200), word("12", 160)], [word("עולם", 50)]
    assert [one.text for one in row_of(left, right)] == ["שלום", "12", "עולם"]
    english = [word("world", 200)], [word("hello", 50)]
    assert [one.text for one in row_of(*english)] == ["hello", "world"]
    assert not is_right_to_left("Ελληνικά и Ω")


ABSTRACT = (
    "מערך הנתונים כולל 40 תחנות (ראו איור 2) בין 1998 ל-2019. השתמשנו בספריית pandas של Python כדי"
    " לנתח אותו [3, 4]. השגיאה הייתה 4.2 סנטימטר לעומת 6.9 בקו הבסיס."
)
PROSE = "המודל שלנו קטן ומהיר. הוא אומן על השנים הראשונות ונבדק על השנים האחרונות. " * 4


@pytest.mark.parametrize("columns", [1, 2])
def test_the_right_column_is_read_first(columns: int, tmp_path: Path) -> None:
    typst = pytest.importorskip("typst")
    titles = ["1 מבוא", "2 שיטה", "3 תוצאות", "4 דיון", "5 סיכום"]
    body = "".join(f"= {title}\n{ABSTRACT}\n\n{PROSE}\n\n{PROSE}\n\n" for title in titles)
    source = f"""#set page("a4", margin: 2.2cm, columns: {columns})
#set text(font: "Libertinus Serif", lang: "he", size: 10.5pt)
#set par(justify: true, first-line-indent: 1em)
#place(top + center, scope: "parent", float: true)[#text(17pt)[*מודלים חוזרים למפלס נהרות*] \\
דנה כהן, יוסי לוי]
#show heading: it => block(above: 14pt, below: 8pt, text(13pt, it.body))
= תקציר
{ABSTRACT}

{body}"""
    path = tmp_path / "he.pdf"
    typst.compile(source.encode(), output=path, format="pdf", ignore_system_fonts=True)
    paper = _read_file(path, "he", None, 100, 10**6).paper
    assert paper is not None
    assert paper.title == "מודלים חוזרים למפלס נהרות"
    assert paper.authors == ("דנה כהן", "יוסי לוי")
    assert paper.abstract is not None
    assert " ".join(paper.abstract.of(paper.text).split()) == ABSTRACT
    assert [(one.title, one.role) for one in paper.sections[2:]] == list(
        zip(titles, ["introduction", "method", "results", "discussion", "conclusion"], strict=True)
    )


def test_paragraphs_that_only_their_indent_tells_apart(tmp_path: Path) -> None:
    typst = pytest.importorskip("typst")
    source = f"""#set page("a4", margin: 3cm)
#set text(font: "Libertinus Serif", lang: "he", size: 11pt)
#set par(justify: true, first-line-indent: 2em, spacing: 0.65em)
#text(17pt)[*מודלים חוזרים למפלס נהרות*]

{PROSE}

{PROSE}סוף.

{PROSE}

{PROSE}"""
    path = tmp_path / "he.pdf"
    typst.compile(source.encode(), output=path, format="pdf", ignore_system_fonts=True)
    paper = _read_file(path, "he", None, 100, 10**6).paper
    assert paper is not None
    said = [" ".join(block.span.of(paper.text).split()) for block in paper.blocks[1:]]
    assert said == [PROSE.strip(), f"{PROSE}סוף.", PROSE.strip(), PROSE.strip()]
