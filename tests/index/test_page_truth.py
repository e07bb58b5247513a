"""What a paper's text says is what its pages say: one test for each kind of fault that was seen.

Each kind has the input that it was reported with (in ``../shared/cases``) and one more of our own.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eval.boxes import DrawnPages
from index.paper import Paper, Reading
from index.read import _read_file
from index.read.page.letters import clean_text, draws_digits_twice, is_cipher, symbol_table
from index.read.page.levels import level_of
from index.read.page.pages import Line, PageWord, Style
from index.read.text.compose import Composer

typst = pytest.importorskip("typst")

SHARED = Path(__file__).parents[3] / "shared"
cases = pytest.mark.skipif(
    not (SHARED / "cases").is_dir(), reason="../shared/cases is not beside this checkout"
)

RIVERS = (
    "Earlier work on river levels used conceptual models with a handful of parameters that were "
    "fitted by hand. Later authors replaced them with regression trees and reported lower errors "
    "on small catchments. None of these studies looked at stations without a rain gauge nearby. We "
    "therefore ask whether a recurrent model needs local rain at all."
)
FRONT = """
#align(center)[#text(17pt)[*Levels of Rivers without a Gauge*]\\ Ada Example, Bela Muster]
"""


def read(path: Path) -> Reading:
    return _read_file(path, path.stem, None, 500, 6_000_000)


def paper_of(path: Path) -> Paper:
    reading = read(path)
    assert reading.paper is not None, (reading.status, reading.reason)
    return reading.paper


def typeset(folder: Path, source: str) -> Path:
    path = folder / "paper.pdf"
    typst.compile(source.encode(), output=path, format="pdf", ignore_system_fonts=True)
    return path


def case(name: str) -> Path:
    (path,) = (SHARED / "cases").glob(f"*/{name}")
    return path


def said(paper: Paper) -> list[str]:
    return [" ".join(one.span.of(paper.text).split()) for one in paper.sentences]


def assert_boxes_hold(path: Path, paper: Paper) -> None:
    drawn = DrawnPages(path)
    for one in paper.sentences:
        assert drawn.hold(paper.boxes(one.span), one.span.of(paper.text)), one.span.of(paper.text)


class TestRaisedAndLoweredType:
    @cases
    def test_of_letters_that_are_raised_by_the_font(self) -> None:
        text = paper_of(case("sup.pdf")).text
        for wanted in ("31^7 peaks", "2^8 false alarms", "4.2^12 cent", "75^3,4", "CO_2 were"):
            assert wanted in text
        assert "10^-4 and the noise variance is 2^10 times" in text

    def test_of_smaller_type(self, tmp_path: Path) -> None:
        source = f"""#set super(typographic: false)\n#set sub(typographic: false)
        {FRONT}
        = Introduction
        We saw 12#super[9] stars and 10#super[−7] grams of H#sub[2]O on the 5#super[th] of May.
        It was seen in Brazil.#super[1,2] By then all was over. {RIVERS}"""
        path = typeset(tmp_path, source)
        paper = paper_of(path)
        assert "12^9 stars and 10^-7 grams of H_2O on the 5th of May" in " ".join(
            paper.text.split()
        )
        assert "seen in Brazil.^1,2 By then" in paper.text
        assert_boxes_hold(path, paper)

    def test_a_font_that_draws_digits_twice(self) -> None:
        once = b"2 beginbfchar <0001> <0031> <0002> <0032> endbfchar"
        twice = (
            b"1 beginbfchar <0001> <0031> endbfchar 1 beginbfrange <0010> <0012> <0030> endbfrange"
        )
        assert not draws_digits_twice(once)
        assert draws_digits_twice(twice)

    @pytest.mark.parametrize(
        ("rise", "size", "level"), [(3.6, 7.0, 1), (-1.5, 7.0, -1), (0.0, 7.0, 0), (14.0, 10.0, 0)]
    )
    def test_the_level_of_type_on_a_line_of_ten_points(
        self, rise: float, size: float, level: int
    ) -> None:
        assert level_of(rise, size, 10.0) == level


class TestPagesAreNotLost:
    @cases
    def test_under_a_soft_mask(self) -> None:
        assert "512 centimetres" in paper_of(case("softmask.pdf")).text

    def test_with_a_tiling_pattern_and_pale_words(self, tmp_path: Path) -> None:
        source = f"""{FRONT}
        = Introduction
        {RIVERS} {RIVERS}
        #pagebreak()
        #let hatch = tiling(size: (8pt, 8pt))[#line(start: (0%, 100%), end: (100%, 0%))]
        #rect(width: 100%, height: 2cm, fill: hatch)
        #rect(fill: gradient.linear(red.transparentize(60%), blue.transparentize(20%)))[shade]
        #rect(fill: black)[#text(fill: white)[Pale words.]]
        The second page holds 512 centimetres of rain."""
        assert "512 centimetres of rain" in paper_of(typeset(tmp_path, source)).text

    @cases
    def test_that_the_file_turns(self) -> None:
        path = case("lscape90.pdf")
        paper = paper_of(path)
        assert "The lowland stations stay below" in paper.text
        assert_boxes_hold(path, paper)

    def test_whose_text_lies_on_its_side(self, tmp_path: Path) -> None:
        source = f"""{FRONT}
        = Introduction
        {RIVERS} {RIVERS}
        #pagebreak()
        #rotate(-90deg, reflow: true, box(width: 18cm)[The turned page tells that 77 gauges were
        lost. {RIVERS}])"""
        path = typeset(tmp_path, source)
        paper = paper_of(path)
        assert "The turned page tells that 77 gauges were lost." in " ".join(paper.text.split())
        assert_boxes_hold(path, paper)

    @cases
    @pytest.mark.slow
    def test_where_two_lists_of_lines_differ(self) -> None:
        paper = paper_of(SHARED / "papers/faults/seung08.pdf")
        words = sum(word.box.page == 6 for word in paper.words)
        assert words > 480  # 505 are drawn; 328 were lost

    @cases
    @pytest.mark.slow
    def test_mathematics_in_a_font_without_height_is_seen(self) -> None:
        assert paper_of(SHARED / "papers/faults/mooney05.pdf").findings == ()

    def test_an_engine_that_fails_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from index.read.page import pdf

        source = f"{FRONT}\n= Introduction\n{RIVERS} {RIVERS}\n#pagebreak()\nThe end of it."
        path = typeset(tmp_path, source)
        whole = pdf._page

        def failing(page: object, number: int, variants: bool = False) -> object:
            if number == 2:
                raise RuntimeError("items left on stack")
            return whole(page, number, variants)

        monkeypatch.setattr(pdf, "_page", failing)
        pages = pdf.read_pages(path, 50).pages
        assert [page.number for page in pages] == [1, 2]
        assert "items left on stack" in pages[1].unread


class TestColumns:
    @cases
    @pytest.mark.parametrize("name", ["mir_g10_m4.pdf", "mir_g10_m0.pdf"])
    def test_margins_that_change_from_page_to_page(self, name: str) -> None:
        begun = re.findall(r"Paragraph (\d+) begins here", paper_of(case(name)).text)
        assert begun == [str(number) for number in range(1, len(begun) + 1)]
        assert len(begun) > 20

    def test_three_columns_after_two_and_a_wide_figure(self, tmp_path: Path) -> None:
        def column(mark: str, count: int) -> str:
            return "\n\n".join(
                f"{mark}{number} is said. {RIVERS}" for number in range(1, count + 1)
            )

        source = f"""#set page(margin: 1.6cm)\n#set text(size: 8.5pt)\n#set par(justify: true)
        {FRONT}
        #columns(2)[= Introduction\n{column("Two", 12)}]
        #pagebreak()
        #grid(columns: (2fr, 1fr), gutter: 14pt,
          [#rect(width: 100%, height: 4cm)[] #columns(2, gutter: 14pt)[{column("Left", 10)}]],
          [{column("Right", 8)}])"""
        text = paper_of(typeset(tmp_path, source)).text
        for mark in ("Two", "Left", "Right"):
            begun = [int(number) for number in re.findall(rf"{mark}(\d+) is said", text)]
            assert begun == sorted(begun) and len(begun) >= 8
        assert text.index("Left10 is") < text.index("Right1 is")
        assert text.count(RIVERS.split(". ")[1]) == 30  # no sentence is woven into another

    def test_an_abstract_in_columns_of_its_own(self, tmp_path: Path) -> None:
        source = f"""#set page(margin: 2cm)\n#set text(size: 9pt)\n#set par(justify: true)
        {FRONT}
        #v(12pt)
        #pad(x: 14pt, grid(columns: (1fr, 1fr), gutter: 24pt,
          [#align(center)[ABSTRACT]\n\nThe abstract begins here. {RIVERS} It goes on and is cut],
          [in the middle of a sentence. {RIVERS} One more. The abstract ends here.]))
        #v(30pt)
        #grid(columns: (1fr, 1fr), gutter: 20pt,
          [= INTRODUCTION\n{RIVERS} {RIVERS}\n\n{RIVERS}\n\nThe left text ends here.],
          [The right text begins here. {RIVERS}\n\n{RIVERS} {RIVERS}])"""
        text = " ".join(paper_of(typeset(tmp_path, source)).text.split())
        assert "It goes on and is cut in the middle of a sentence." in text
        order = ["abstract begins", "abstract ends", "INTRODUCTION", "left text", "right text"]
        assert [text.index(one) for one in order] == sorted(text.index(one) for one in order)

    def test_a_box_beside_the_text_of_the_first_page(self, tmp_path: Path) -> None:
        source = f"""#set text(size: 9pt)\n#set par(justify: true)
        #grid(columns: (4cm, 1fr), gutter: 18pt,
          [*Research*\n\nCite this article: Example A, Muster B. 2020 Levels of Rivers without a
           Gauge. River Lett. 15: 20200070.\n\nReceived: 29 January 2020\n\nAccepted: 1 April 2020
           \n\nSubject Areas:\\ ecology, rivers\n\nKeywords:\\ level, gauge, rain, model],
          [#text(17pt)[*Levels of Rivers without a Gauge*]\n\nAda Example, Bela Muster\n\n{RIVERS}
           \n\n= 1. Introduction\n{RIVERS} {RIVERS}\n\n{RIVERS}])"""
        found = said(paper_of(typeset(tmp_path, source)))
        for sentence in RIVERS.split(". "):
            assert sum(sentence.rstrip(".") in one for one in found) == 4


class TestFurniture:
    @cases
    @pytest.mark.parametrize("name", ["linenum5.pdf", "linenum.pdf"])
    def test_numbers_of_lines_are_in_no_sentence(self, name: str) -> None:
        text = " ".join(paper_of(case(name)).text.split())
        assert "The error grows with the distance" in text
        assert "ask whether a recurrent model needs local rain" in text

    def test_numbers_of_every_second_line_on_the_right(self, tmp_path: Path) -> None:
        source = f"""#set par.line(numbering: n => if calc.even(n) {{ n }}, number-margin: right)
        {FRONT}
        = Introduction\n{RIVERS}\n\n{RIVERS}\n\n{RIVERS}"""
        for sentence in said(paper_of(typeset(tmp_path, source))):
            assert not re.search(r"\d", sentence), sentence

    @cases
    def test_rows_of_a_table_are_no_running_heads(self) -> None:
        text = paper_of(case("tables.pdf")).text
        assert all(re.search(rf"Station {number}\b", text) for number in range(60))
        assert text.count("RMSE") == 3

    def test_a_table_at_the_head_of_each_page(self, tmp_path: Path) -> None:
        rows = ", ".join(f"[Gauge {n}], [{1900 + n}], [{n / 7:.2f}]" for n in range(1, 100))
        source = f"""#set page(header: [Rivers and Gauges #h(1fr) Example et al.], numbering: "1")
        {FRONT}
        = Introduction\n{RIVERS}\n\n{RIVERS}
        #table(columns: 3, stroke: none, table.header([Gauge], [Since], [Error]), {rows})"""
        text = paper_of(typeset(tmp_path, source)).text
        assert all(re.search(rf"Gauge {number}\b", text) for number in range(1, 100))
        assert "Rivers and Gauges" not in text

    @cases
    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["crackdowns", "vsl"])
    def test_cells_of_a_column_are_no_numbers_of_lines(self, name: str) -> None:
        if not (SHARED / "papers/digests").is_dir():
            pytest.skip("../shared/papers/digests is not there")
        from index.read.order.layout import lay_out
        from index.read.page.pdf import read_pages

        layout = lay_out(read_pages(SHARED / f"papers/digests/{name}.pdf", 100).pages)
        numbers = [line for line in layout.furniture if line.text.isdigit()]
        assert len(numbers) <= 2 * max(line.page for line in layout.lines)


class TestLetters:
    @cases
    def test_an_acute_for_an_apostrophe(self) -> None:
        text = paper_of(case("acute.pdf")).text
        assert "ś" not in text
        assert re.search(r"river[´'’]s", text)

    def test_an_accent_goes_on_the_letter_that_it_stands_over(self) -> None:
        assert clean_text("Val´ery", [(0, 5), (5, 9), (9, 11), (11, 14), (11, 15), (15, 18), (18, 22)]) == "Valéry"  # fmt: skip  # noqa: E501
        apart = [(0, 3), (3, 5), (5, 9), (9, 12), (12, 15), (15, 17), (17, 21)]
        assert clean_text("river´s", apart) == "river´s"

    @cases
    def test_fonts_without_unicode_are_said(self) -> None:
        reading = read(case("notou_bold.pdf"))
        assert reading.paper is not None
        assert reading.paper.title == ""
        assert not any("�" in one for one in said(reading.paper))

    def test_a_text_in_other_letters_than_the_page_shows(self, tmp_path: Path) -> None:
        def shifted(text: str) -> str:
            return "".join(
                chr((ord(c) - ord(base) + 7) % 26 + ord(base))
                if c.isascii() and c.isalpha() and (base := "a" if c.islower() else "A")
                else c
                for c in text
            )

        path = typeset(tmp_path, "\n\n".join([shifted(RIVERS)] * 4))
        reading = read(path)
        assert (reading.status, "OCR" in reading.reason) == ("no-text", True)
        assert not is_cipher(RIVERS * 4)
        assert is_cipher("$(+ &[ *M -!, C7 ) ?: @( FA+8( !, <067 *+8 &: M - " * 10)
        contents = "".join(f"{n} On Rivers . . . . . . . . . {n * 3}\n" for n in range(1, 40))
        assert not is_cipher(contents)
        assert not is_cipher("for (i = 0; i < n; i++) { a[i] += b[i] * c; } return a; " * 20)
        polish = (
            "Wyniki pokazują wyraźnie, że algorytm działa szybciej niż znane dotąd metody. " * 10
        )
        assert not is_cipher(polish)

    def test_signs_on_the_keys_of_letters(self) -> None:
        signs = symbol_table("ABCDEF+AdvPS586B", "863,;")
        assert signs is not None and "863,;".translate(signs) == "°±×<∼"
        greek = symbol_table("AdvGreekM", "abg")
        assert greek is not None and "abg".translate(greek) == "αβγ"
        assert symbol_table("AdvTimes", "863,;") is None
        assert symbol_table("AdvP499F1B", "0123456789") is None

    def test_thin_spaces_part_words(self, tmp_path: Path) -> None:
        source = (
            f"{FRONT}\n= Introduction\nIt took 6\u2009months and 18\u202fyears. {RIVERS} {RIVERS}"
        )
        assert "6 months and 18 years" in paper_of(typeset(tmp_path, source)).text

    @cases
    @pytest.mark.slow
    def test_words_without_drawn_spaces_are_cut_at_gaps(self) -> None:
        path = SHARED / "papers/digests/ukraine.pdf"
        if not path.is_file():
            pytest.skip("../shared/papers/digests is not there")
        paper = paper_of(path)
        assert "was developed by the Ukrainian software development company" in paper.text
        assert not re.search(r"[a-z]{30,}", paper.text)


class TestTornSentences:
    def test_a_dropped_capital(self, tmp_path: Path) -> None:
        source = f"""{FRONT}
        = Introduction
        #grid(columns: (24pt, 1fr), [#text(size: 30pt, top-edge: "cap-height")[T]],
          [he river carries many stones down to the sea where they lie. Nobody counts them in the
           winter months of the year.])
        {RIVERS}"""
        text = " ".join(paper_of(typeset(tmp_path, source)).text.split())
        assert "The river carries many stones down to the sea where they lie." in text

    def test_a_paragraph_goes_on_in_bold(self, tmp_path: Path) -> None:
        source = f"""#set par(justify: true)\n{FRONT}
        = Introduction
        {RIVERS} We find that human and other labels agree 61 percent of the time; when humans and
        the model *disagree, gold labels that were collected with care find the model to be right 77
        percent of the time, with a small standard error that we give below.* {RIVERS}"""
        (whole,) = [one for one in said(paper_of(typeset(tmp_path, source))) if "61 percent" in one]
        assert "when humans and the model disagree, gold labels" in whole
        assert whole.endswith("that we give below.")

    def test_lettered_headings_are_not_joined(self, tmp_path: Path) -> None:
        source = f"""#set page(columns: 2)\n#set par(justify: true)\n{FRONT}
        = Introduction\n{RIVERS}\n\n(a) Data collection\n\n{RIVERS}\n\n{RIVERS}\n\n{RIVERS}
        \n\n(b) Statistical analyses\n\n{RIVERS}"""
        text = paper_of(typeset(tmp_path, source)).text
        assert "(a) Data collection (b)" not in text
        assert text.count("therefore ask whether a recurrent") == 5

    @pytest.mark.parametrize(
        ("ends", "begins", "wanted"),
        [
            ("feature extract-", "ing from", "feature extracting from"),
            ("a transformer-", "based model", "a transformer-based model"),
            ("middle-", "to-top order", "middle-to-top order"),
            ("blood-", "oxygen-level-dependent", "blood-oxygen-level-dependent"),
            ("with pau-", "city of", "with paucity of"),
            ("a hal\u00ad", "lucination", "a hallucination"),
            ("in June-\u00ad", "July of", "in June-July of"),
            ("the \u00adfuture", "is near", "the future is near"),
            ("the \u00adfuture of\u00adten", "comes", "the future often comes"),
        ],
    )
    def test_hyphens_at_the_ends_of_lines(self, ends: str, begins: str, wanted: str) -> None:
        from collections import Counter

        style = Style(10.0, False, False, False, False, False, "Serif")

        def line(text: str, y: float) -> Line:
            words = [
                PageWord(one, 10.0 * n, y, 10.0 * n + 9, y + 10, ((one, style),))
                for n, one in enumerate(text.split())
            ]
            return Line(1, 0, words)

        composer = Composer(Counter())
        composer.write([line(ends, 0.0), line(begins, 12.0)])
        assert composer.text == wanted


class TestOfFaultsSeenLater:
    @cases
    @pytest.mark.slow
    def test_a_page_number_beside_the_first_line_of_text(self) -> None:
        path = SHARED / "papers/digests/polarbears.pdf"
        if not path.is_file():
            pytest.skip("../shared/papers/digests is not there")
        text = " ".join(paper_of(path).text.split())
        assert "this could be tested by assessing variance in litter size probability" in text

    def test_a_paragraph_in_small_type_between_cells(self, tmp_path: Path) -> None:
        source = f"""#set page(numbering: "1 of 1")\n{FRONT}
        = Introduction\n{RIVERS}\n\n{RIVERS}
        #table(columns: 3, stroke: none, [a], [1.0], [2.0], [b], [3.0], [4.0])
        #text(size: 9pt)[{RIVERS}]
        #table(columns: 3, stroke: none, [c], [5.0], [6.0], [d], [7.0], [8.0])"""
        found = said(paper_of(typeset(tmp_path, source)))
        assert sum("regression trees" in one for one in found) == 3

    def test_a_title_at_the_head_of_one_column(self, tmp_path: Path) -> None:
        told = [f"Here number {n} was read by hand in the winter of the year." for n in range(130)]
        source = f"""#set page(columns: 2)\n#set par(justify: true)
        {FRONT}
        = Introduction\n{" ".join(told)}"""
        found = said(paper_of(typeset(tmp_path, source)))
        assert [one for one in found if "number" in one] == told

    def test_letters_that_a_gradient_shines_through_are_seen(self, tmp_path: Path) -> None:
        source = f"""{FRONT}\n= Introduction\n{RIVERS}\n\n{RIVERS}
        \n\n#text(fill: gradient.linear(red, blue))[The gauges stood in the sun all year.]"""
        paper = paper_of(typeset(tmp_path, source))
        assert "The gauges stood in the sun all year." in paper.text
        assert paper.findings == ()

    def test_one_page_in_other_letters_than_it_shows(self, tmp_path: Path) -> None:
        turned = str.maketrans("abcdefghijklmnopqrstuvwxyz", "hijklmnopqrstuvwxyzabcdefg")
        source = f"""{FRONT}\n= Introduction\n{RIVERS}\n\n{RIVERS}
        #pagebreak()\n{" ".join([RIVERS.translate(turned)] * 3)}"""
        paper = paper_of(typeset(tmp_path, source))
        assert [loss.page for loss in paper.losses] == [2]
        assert not any("dvyr" in one for one in said(paper))

    def test_text_that_repeats_at_the_head_of_pages(self, tmp_path: Path) -> None:
        told = "\n\n".join(
            f"Gauge {n} on the upper river shows {100 + n} centimetres in a windy winter night."
            for n in range(1, 160)
        )
        paper = paper_of(typeset(tmp_path, f"{FRONT}\n= Introduction\n{told}"))
        assert all(f"Gauge {n} on the upper" in paper.text for n in range(1, 160))

    def test_an_abstract_whose_label_is_smaller_than_the_text(self, tmp_path: Path) -> None:
        source = f"""#set text(12pt)\n{FRONT}
        #text(11pt)[#align(center)[*Abstract*]
        #pad(x: 3em)[A design for gauges derived from the work of others.\n
        Rain replaces what the gauge would have told us.\n\n{RIVERS}]]
        *Introduction*\n\n{RIVERS} {RIVERS}\n\n*Rivers*\n\n{RIVERS}"""
        paper = paper_of(typeset(tmp_path, source))
        assert paper.abstract is not None
        assert paper.abstract.of(paper.text).startswith("A design for gauges")

    def test_a_table_of_contents_is_no_abstract(self, tmp_path: Path) -> None:
        lines = "\\\n".join(
            f"{n}.{k} What we say of gauges here #box(width: 1fr, repeat[. ]) {n}{k}"
            for n in range(1, 4)
            for k in range(1, 8)
        )
        source = f"""{FRONT}\n{lines}\n#pagebreak()\n= Introduction\n{RIVERS}\n\n{RIVERS}"""
        paper = paper_of(typeset(tmp_path, source))
        assert not any("What we say of gauges" in one for one in said(paper))
        assert paper.abstract is None

    def test_a_short_first_paragraph_of_an_abstract_without_a_label(self, tmp_path: Path) -> None:
        source = f"""{FRONT}
        The levels of rivers are measured again. New results about the gauges upstream are:\n
        {RIVERS}\n\n*Keywords and Phrases:* rivers, water levels, gauges upstream, recurrent models.
        \n= Introduction\n{RIVERS} {RIVERS}\n\n= Rivers\n\n{RIVERS}"""
        paper = paper_of(typeset(tmp_path, source))
        assert paper.abstract is not None
        assert paper.abstract.of(paper.text).startswith("The levels of rivers are measured again.")
        assert paper.keywords[1].of(paper.text) == "water levels"
        assert not any("Keywords" in section.title for section in paper.sections)
