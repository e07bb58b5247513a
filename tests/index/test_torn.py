"""Sentences that something on the page tears apart, and what must not be joined to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.paper import BlockKind, Paper
from index.read.front.identity import identify
from index.read.order.breaks import paragraphs
from index.read.order.layout import Layout, Paragraph
from index.read.order.torn import join_torn
from index.read.page.bidi import runs_right_to_left
from index.read.page.pages import Line, PageWord, Style
from index.read.page.pdf import read_pages
from index.read.text.sentences import split_sentences
from index.read.understand import understand
from index.spans import Span

typst = pytest.importorskip("typst")

FILLER = (
    "Sparse trees grow where dense forests once stood, and every leaf of them is counted by hand "
    "before the winter storms arrive. Patient readers compare the totals from northern hills with "
    "those of the valley, and note what differs. "
)


def at(x: float, y: float, text: str, width: float = 240, size: float = 10, last: str = "") -> str:
    """Typst: text in a box at a place on the page; its last line is as wide as the others.

    ``last``: what stands instead after the last line, such as a full stop's short line.
    """
    end = last or "#linebreak(justify: true)"
    box = f"block(width: {width}pt)[#set par(justify: true); {text}{end}]"
    return f"#place(top + left, dx: {x}pt, dy: {y}pt, text(size: {size}pt, {box}))"


def label(x: float, y: float, text: str, size: float = 10) -> str:
    """Typst: words on one line at a place on the page."""
    return f"#place(top + left, dx: {x}pt, dy: {y}pt, text(size: {size}pt)[#box[{text}]])"


HEAD = [
    label(150, 60, "A Count of Sparse Trees in Forests", 18),
    label(260, 100, "Ada Lovelace"),
    label(54, 130, "*1 Introduction*", 12),
]


@pytest.fixture
def typeset(tmp_path: Path):
    """Pages, each a list of Typst places, to a paper."""

    def read(*pages: list[str]) -> Paper:
        set_up = "#set page(width: 612pt, height: 792pt, margin: 0pt)\n"
        source = set_up + '#set text(font: "Libertinus Serif", size: 10pt)\n'
        source += "\n#pagebreak()\n".join("\n".join(page) for page in pages)
        path = tmp_path / "paper.pdf"
        typst.compile(source.encode(), output=path, format="pdf", ignore_system_fonts=True)
        return understand(read_pages(path, 50), identify("paper", "", ""))

    return read


def said(paper: Paper, kind: BlockKind = "paragraph") -> list[str]:
    return [one.span.of(paper.text) for one in paper.sentences if one.kind == kind]


def with_start(paper: Paper, start: str, kind: BlockKind = "paragraph") -> str:
    """The one sentence that begins so."""
    (found,) = [one for one in said(paper, kind) if one.startswith(start)]
    return found


TORN = "The counts of all those sparse trees in dense forests were far"
REST = "higher than before. " + FILLER
TWO = "Those sparse trees of dense forests were counted with the Kolmogorov"
NAME = "Smirnov Toolbox of them. " + FILLER


def left(text: str = FILLER * 3, y: float = 150) -> str:
    return at(54, y, text)


def right(text: str = FILLER * 3, y: float = 150) -> str:
    return at(318, y, text)


def test_a_page_of_small_figures_does_not_end_a_sentence(typeset) -> None:
    cells = [
        label(60 + 45 * (n % 11), 60 + 15 * (n // 11) + 6 * (n % 2), f"Group {n}", 5)
        for n in range(231)
    ]
    caption = at(54, 400, "Figure 1: The groups of trees.", 504, 9, " ")
    paper = typeset(
        [*HEAD, left(), right(FILLER * 2 + TORN)],
        [*cells, caption],
        [left(REST + FILLER, 60), right(y=60)],
    )
    assert with_start(paper, "The counts of").endswith("were far higher than before.")


def test_pages_of_tables_do_not_end_a_sentence(typeset) -> None:
    tables = [
        [label(54, 60, f"Table {n}: The trees of one year.", 9)]
        + [label(60 + 90 * (c % 5), 90 + 20 * (c // 5), f"{c * n}.{c}", 8) for c in range(50)]
        for n in (1, 2)
    ]
    figure = [label(54, 60, "Figure 1: The trees.", 9)]
    paper = typeset([*HEAD, left(), right(FILLER * 2 + TORN)], *tables, figure, [left(REST, 60)])
    assert with_start(paper, "The counts of").endswith("were far higher than before.")


def test_a_formula_in_a_figure_beside_the_text_does_not_end_a_sentence(typeset) -> None:
    text = at(380, 240, FILLER + TORN, 178)
    sizes = [label(318, 240 + 22 * n, "$1 degree times 1 degree$", 9) for n in range(4)]
    caption = at(54, 60, "Figure 1: The sizes of the trees.", 504, 9, " ")
    paper = typeset(
        [*HEAD, left(), right(FILLER), text, *sizes],
        [caption, left(REST + FILLER, 100), right(y=100)],
    )
    assert with_start(paper, "The counts of").endswith("were far higher than before.")


def test_a_label_on_an_axis_neither_ends_nor_goes_on_with_a_sentence(typeset) -> None:
    axis = [label(270, 60, "Minutes after the count"), label(262, 74, "Share of trees (moving)")]
    caption = at(54, 100, "Figure 1: The shares of the trees.", 504, 9, " ")
    paper = typeset(
        [*HEAD, left(), right(FILLER * 2 + TORN)],
        [*axis, caption, left(REST + FILLER, 140), right(y=140)],
    )
    assert with_start(paper, "The counts of").endswith("were far higher than before.")


def test_text_of_a_figure_is_no_rest_of_a_broken_word(typeset) -> None:
    shown = [
        label(318, 150, "[question text]"),
        at(
            318,
            175,
            "Answer yes or no on those trees and forests, and say why it was so in them.",
            200,
            last=" ",
        ),
    ]
    caption = at(318, 210, "Figure 1: What was asked of the trees.", 240, 9, " ")
    open_word = FILLER * 2 + "Those trees of all forests are major in their effective-"
    paper = typeset([*HEAD, left(open_word), *shown, caption, right("ness. " + FILLER, 250)])
    assert with_start(paper, "Those trees of all").endswith("their effectiveness.")


def test_a_name_goes_on_over_a_column_and_a_new_paragraph_does_not(typeset) -> None:
    paper = typeset([*HEAD, left(FILLER * 2 + TWO), right(NAME + FILLER * 2)])
    assert with_start(paper, "Those sparse trees").endswith("Kolmogorov Smirnov Toolbox of them.")
    indented = typeset([*HEAD, left(FILLER * 2 + TWO), right("#h(14pt)" + NAME + FILLER * 2)])
    assert with_start(indented, "Those sparse trees").endswith("the Kolmogorov")


def test_a_block_across_the_foot_of_the_columns_is_no_rest_of_them(typeset) -> None:
    block = at(54, 700, "Citation: Lovelace, A. (2018). " + FILLER, 504, 9.5)
    paper = typeset(
        [*HEAD, left(), right(FILLER * 2 + TORN), block], [left(REST + FILLER, 60), right(y=60)]
    )
    assert with_start(paper, "The counts of").endswith("were far higher than before.")


def test_an_entry_of_the_references_is_no_rest_of_the_one_before(typeset) -> None:
    entries = [f"[{n}] A. Lovelace and B. Babbage. Trees of the North." for n in range(1, 9)]
    column = [label(54, 170 + 14 * n, one) for n, one in enumerate(entries[:-1])]
    torn = at(
        54,
        270,
        "[8] A. Lovelace and B. Babbage. On a count of old trees in the forest of the north and "
        "of the south of it as the winter storms arrive in",
    )
    head = label(54, 150, "*References*", 12)
    other = at(
        318,
        150,
        "[9] Olga Babbage, Ada King. A count of the trees of the south, and of more "
        "of them. Journal of Trees and Forests of the North, 12:3.",
    )
    paper = typeset([*HEAD, left(y=150), right()], [head, *column, torn, other])
    references = [one.span.of(paper.text) for one in paper.blocks if one.kind == "reference"]
    assert any(one.startswith("[9] Olga") for one in references)


def test_a_note_with_a_formula_is_a_note(typeset) -> None:
    note = label(
        60,
        700,
        "#super(typographic: false)[2] Normalized such that $sum_j p_j^theta + q_j + r_k = 1 + t$.",
        8,
    )
    paper = typeset(
        [*HEAD, left(), right(FILLER * 2 + TORN), note], [left(REST + FILLER, 60), right(y=60)]
    )
    assert any("Normalized such that" in one for one in said(paper, "footnote"))
    assert with_start(paper, "The counts of").endswith("were far higher than before.")


def test_text_after_a_list_is_no_part_of_its_last_item(typeset) -> None:
    items = [
        label(66, 220, "• A set of all those trees that stand in a forest"),
        label(66, 233, "• A graph of all trees whose edges are the branches"),
        label(76, 246, "between them, and as many as were counted there"),
    ]
    after = at(54, 259, "From these, we construct simple questions on trees. " + FILLER)
    paper = typeset([*HEAD, left(FILLER), *items, after, right()])
    assert with_start(paper, "From these").endswith("questions on trees.")


def test_a_number_alone_on_the_last_line_belongs_to_its_sentence(typeset) -> None:
    words = "It is all in line with those counts of trees in Figure"
    lines = [
        left("Sparse trees grow where dense forests once stood and grew", 150 + 14 * n)
        for n in range(3)
    ]
    paper = typeset([*HEAD, *lines, left(words, 192), label(54, 208, "1."), left(y=240), right()])
    assert any(sentence.endswith("trees in Figure 1.") for sentence in said(paper))


def test_a_bold_label_of_two_lines_in_small_type_is_no_sentence(typeset) -> None:
    bold = 'text(size: 8pt, weight: "bold")'
    first = f"#{bold}[Effects of all the Notes on Trees in a Forest: Avoided and Avoidable]"
    one = at(54, 260, first)
    two = at(
        54, 272, f"#{bold}[Harm to Trees.] We next estimate how many of them were saved. " + FILLER
    )
    paper = typeset([*HEAD, left(FILLER), one, two, left(y=350), right()])
    assert not any(sentence.endswith("Avoidable") for sentence in said(paper))


def test_the_last_line_of_a_caption_may_read_as_a_formula(typeset) -> None:
    one = [
        at(54, 150, "Figure 1: The counts of trees by year, with the error of it all.", 180),
        at(318, 150, "Figure 2: The mean of the share of trees, over the seeds of real per-", 180),
        label(318, 177, "formance ($R^2 = 32 %$)."),
    ]
    paper = typeset([*HEAD, *one, at(54, 220, FILLER * 3, 504)], [at(54, 60, FILLER * 6, 504)])
    assert with_start(paper, "Figure 2", "caption").endswith("^2 = 32%).")


def test_a_caption_in_two_types_is_whole_and_takes_no_text_of_the_page(typeset) -> None:
    bold = "Figure 1: *The counts of the trees are*"
    more = "*high in the forests; those of leaves are*"
    caption = [at(380, 280, bold, 170), at(380, 293, more, 170)]
    caption.append(at(380, 306, "*low.* The bars of it are the means of all.", 170, last=" "))
    text = [at(54, 150, FILLER * 4 + TORN, 504), *caption, at(54, 370, REST + FILLER * 2, 504)]
    paper = typeset([*HEAD, *text])
    assert with_start(paper, "Figure 1", "caption").endswith("those of leaves are low.")
    assert with_start(paper, "The bars of it", "caption")
    assert with_start(paper, "The counts of all").endswith("were far higher than before.")


@pytest.mark.parametrize("end", ["and F.A.", "as those of Smith et al.", "in a few cases, e.g."])
def test_initials_at_the_end_of_a_ragged_line_end_no_sentence(typeset, end: str) -> None:
    first = at(54, 260, f"Those trees were counted {end}", 215, last=" ")
    paper = typeset([*HEAD, left(), first, at(54, 273, REST), left(y=330), right()])
    assert with_start(paper, "Those trees were").endswith(f"{end} higher than before.")


def test_a_note_in_wide_rows_of_small_type_is_whole(typeset) -> None:
    note = [
        label(54, 640, "#super(typographic: false)[a] High counts of the trees in a forest but", 7),
        label(60, 651, "less than four of them in each of those counted.", 7),
    ]
    paper = typeset([*HEAD, left(), right(), *note])
    assert with_start(paper, "a High", "footnote").endswith("of those counted.")


def split(text: str) -> list[str]:
    return [span.of(text) for span in split_sentences(text, Span(0, len(text)))]


@pytest.mark.parametrize(
    "text",
    [
        "The response was “Unsure. It may help, but it is no solution.”",
        "They state that “[w]e do not care. Yet people can publish it” [54].",
        "The Center “E. Piaggio” of Pisa took part.",
        "At the ‘J. Fourier’ Institute we met.",
    ],
)
def test_a_quotation_inside_a_sentence_is_one_with_it(text: str) -> None:
    assert split(text) == [text]


@pytest.mark.parametrize(
    "sentences",
    [
        ["“Trees grow.", "They fall,” said one.", "We agree."],
        ["It said “No.”", "The answer was wrong.", "It said “Yes.”"],
        ["We call it a “tree” here.", "Then “it” grows."],
        ["Es heißt „Baum“ hier.", "Dann „wächst“ er."],
        ["One “mark was never closed.", "The rest of it goes on.", "And it ends."],
    ],
)
def test_what_is_quoted_by_itself_is_split(sentences: list[str]) -> None:
    assert split(" ".join(sentences)) == sentences


def test_a_word_that_the_text_writes_small_begins_a_sentence_after_an_abbreviation() -> None:
    before = "We use a conjoint experiment, and a conjoint design."
    assert split(f"{before} It ran in the U.S. Conjoint analysis lets us see more.") == [
        before,
        "It ran in the U.S.",
        "Conjoint analysis lets us see more.",
    ]
    named = "The senate met, and a senate voted in the U.S. Senate of those days."
    assert split(named) == [named]
    known = "A fed rate is no fed rule, but the Fed meets, and the U.S. Fed rules it."
    assert split(known) == [known]


def test_items_with_and_between_them_are_apart() -> None:
    assert split("It is lost in two ways: • through air, and • through soil.") == [
        "It is lost in two ways:",
        "• through air, and",
        "• through soil.",
    ]


def test_a_heading_in_the_left_column_comes_before_the_line_across_that_it_heads(typeset) -> None:
    def abstract(y: float, heading: str, mark: str) -> list[str]:
        across = f"{mark} is the title of an abstract that reaches over columns"
        return [
            label(54, y, f"*{heading}*", 11),
            label(54, y + 18, f"*{across}*", 11),
            at(54, y + 36, f"{mark} one. {FILLER} " + FILLER + f"{mark} two is"),
            at(318, y + 36, f"torn. {FILLER} " + FILLER + f"{mark} three ends."),
        ]

    names = [("Resumen", "A"), ("Zusammenfassung", "B"), ("Conclusions", "C")]
    page = [one for n, name in enumerate(names) for one in abstract(60 + 230 * n, *name)]
    paper = typeset([*HEAD, left(FILLER * 5), right(FILLER * 5)], page)
    starts = [one for one in said(paper) if one[:2] in {"A ", "B ", "C "}]
    assert [one for one in starts if " t" in one[:4] or " one" in one] == [
        f"{mark} {rest}" for mark in "ABC" for rest in ("one.", "two is torn.", "three ends.")
    ]


@pytest.mark.parametrize("heading", ["REFERENCES", "*References*"])
def test_small_type_below_level_columns_comes_after_both(typeset, heading: str) -> None:
    entry = "A. Lovelace. A count of trees in the forests of the north, and of their leaves. 2001."
    text = [left(FILLER * 3 + TORN, 60), right(REST + FILLER * 2 + "It all ends here.", 60)]
    small = [label(54, 300, heading, 10)]
    for n in range(16):
        column, row = divmod(n, 8)
        small.append(at(54 + 264 * column, 320 + 30 * row, f"{n + 1}. {entry}", 240, 8, " "))
    paper = typeset([*HEAD, left(FILLER * 5), right(FILLER * 5)], [*text, *small])
    assert with_start(paper, "The counts of").endswith("were far higher than before.")
    assert "It all ends here." in said(paper)


@pytest.mark.parametrize(
    "text",
    [
        "CrI: 6.9–21.4)。据估计，因未经筛查受感染个体导致的献血感染病毒的风险为大约|"
        "每 10 000 天增加 1 例– 每 100 000 人中 1 例。",
        "2016 年 2 月，我们在 3 个数据库中检索了 25 篇文章|20 篇 (80%) 在 95% 的区间内符合标准。",
    ],
)
def test_text_without_spaces_is_no_table_for_its_numbers(text: str) -> None:
    assert kind_of(text.split("|")) == "paragraph"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (
            "Advances were made in trees [25, 26, 27, 28, 29, 30, 13, 31, 32, 2] and leaves|"
            "[38, 39, 40, 41, 5, 42, 7, 9], which grow, and in roots [43, 44, 45, 46, 47]",
            "paragraph",
        ),
        ("Sources [1, 3–5; 8] and [9, 10, 11, 12] of ours|and others [2, 4] count", "paragraph"),
        ("Trees [25] 12.5 13.0 14 15|Leaves [38] 1.5 3.0 4 5", "table"),
    ],
)
def test_text_that_cites_much_is_no_table(text: str, kind: BlockKind) -> None:
    assert kind_of(text.split("|")) == kind


def kind_of(rows: list[str]) -> BlockKind:
    """The kind of the one paragraph that rows of type of one size make."""
    style = Style(10, False, False, False, False, False, "Serif")
    lines = []
    for number, row in enumerate(rows):
        y, x = 100.0 + 12 * number, 50.0
        words = []
        for one in row.split():
            words.append(PageWord(one, x, y, x + 5 * len(one), y + 10, ((one, style),)))
            x += 5 * len(one) + 3
        lines.append(Line(1, 0, words))
    edges = (50.0, max(line.x1 for line in lines))
    (part,) = paragraphs(Layout(lines, [], [], [], 10, 12, {(0, 0): edges}))
    return part.kind


@pytest.mark.parametrize("size", [7, 8])
def test_an_expression_in_small_typewriter_type_is_inside_its_sentence(typeset, size: int) -> None:
    code = f"#text(size: {size}pt)[`([tT][rR][eE]-?d4-?d4,7)(a|b)*[xyz]`]"
    words = f"We extract them all by means of an expression {code}, which accounts for all gaps. "
    paper = typeset([*HEAD, left(FILLER + words + FILLER), right(FILLER * 3)])
    found = with_start(paper, "We extract them")
    assert "d4,7)(a|b)" in found and found.endswith("which accounts for all gaps.")


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        ("كان بالإمكان اكتشاف وجود الفيروس في الدم لمدة عشرة أيام", (2, 1)),
        ("כאשר העצים גדלים ביער הצפוני והעלים שלהם נספרים ביד", (2, 1)),
        ("Kolmogorov Smirnov Toolbox Trees Grow Where Forests Stood", (1, 2)),
    ],
)
def test_a_paragraph_goes_on_in_the_next_column_of_its_script(
    words: str, columns: tuple[int, int]
) -> None:
    edges = {1: (54.0, 294.0), 2: (318.0, 558.0)}

    def set_in(column: int, y: float) -> Paragraph:
        left, right = edges[column]
        return Paragraph(
            "paragraph", [row_of_words(words, left, right, y + 12 * n, column) for n in (0, 1)]
        )

    parts = [set_in(columns[0], 600), set_in(columns[1], 100)]
    lines = [line for part in parts for line in part.lines]
    places = {(1, column): edge for column, edge in edges.items()}
    layout = Layout(lines, [], [], [], 10, 12, places, {1: (306.0,)})
    assert len(join_torn(parts, set(), layout, set())) == 1
    indented = [set_in(columns[0], 600), set_in(columns[1], 100)]
    first = indented[1].lines[0]
    del first.words[0]
    first.measure()
    assert len(join_torn(indented, set(), layout, set())) == 2


def row_of_words(text: str, left: float, right: float, y: float, column: int) -> Line:
    """A full line of words of one width, the first of a right-to-left script at the right."""
    style = Style(10, False, False, False, False, False, "Serif")
    said = text.split()
    width = (right - left) / len(said)
    turned = runs_right_to_left(text)
    words = []
    for number, one in enumerate(said):
        x = right - width * (number + 1) if turned else left + width * number
        words.append(PageWord(one, x, y, x + width, y + 10, ((one, style),)))
    return Line(1, 0, words, column=column)
