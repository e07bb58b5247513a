"""HTML full texts: LaTeXML's, as arXiv serves them, other articles, and hostile files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.config import Settings
from index.paper import Paper, Status
from index.read import Reader
from index.read.markup.byline import read_byline
from index.read.markup.html import read_html
from index.read.markup.mathml import linear
from index.read.markup.tree import parse, read_source
from index.spans import Span

SAMPLE = Path(__file__).with_name("latexml_sample.html")
PROSE = "We grow sparse trees and count their leaves. The leaves are green in spring. " * 12


def paper_of(tmp_path: Path, source: str | bytes, name: str = "page") -> Paper:
    """The paper in an HTML file with this content."""
    path = tmp_path / f"{name}.html"
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    paper = read_html(path, name)
    assert paper is not None
    return paper


def article(*parts: str, head: str = "", above: str = "", below: str = "") -> str:
    """A page of LaTeXML's with these parts after its title, in arXiv's frame."""
    return (
        f'<!DOCTYPE html><html lang="en"><head>{head}<title>T</title></head><body>{above}'
        '<div class="ltx_page_main"><div class="ltx_page_content">'
        '<article class="ltx_document"><h1 class="ltx_title ltx_title_document">Trees</h1>'
        f"{''.join(parts)}</article></div>{below}</div></body></html>"
    )


def section(title: str, *parts: str, number: str = "", kind: str = "section") -> str:
    """A division as LaTeXML writes it."""
    tag = f'<span class="ltx_tag ltx_tag_{kind}">{number} </span>' if number else ""
    return (
        f'<section class="ltx_{kind}"><h2 class="ltx_title ltx_title_{kind}">\n{tag}{title}</h2>'
        f"{''.join(parts)}</section>"
    )


def para(text: str) -> str:
    return f'<div class="ltx_para"><p class="ltx_p">{text}</p></div>'


def byline(*people: str) -> str:
    """Authors, each of whom is the inside of an ``ltx_creator``."""
    creators = "".join(f'<span class="ltx_creator ltx_role_author">{one}</span>' for one in people)
    return f'<div class="ltx_authors">{creators}</div>'


def person(name: str) -> str:
    return f'<span class="ltx_personname">{name}</span>'


def of_kind(paper: Paper, kind: str) -> list[str]:
    return [block.span.of(paper.text) for block in paper.blocks if block.kind == kind]


def sentences(paper: Paper) -> list[str]:
    return [sentence.span.of(paper.text) for sentence in paper.sentences]


def spans(paper: Paper, found: tuple[Span, ...]) -> list[str]:
    return [span.of(paper.text) for span in found]


# --- one page of LaTeXML's own --------------------------------------------------------------------


def test_a_sentence_with_a_sign_that_cannot_be_read_is_not_quoted(tmp_path: Path) -> None:
    source = "<article><h1>Trees</h1><p>The share \ufffd 0.5 held. Trees grow.</p></article>"
    paper = paper_of(tmp_path, source)
    assert "The share \ufffd 0.5 held." in paper.text
    assert [one.span.of(paper.text) for one in paper.sentences] == ["Trees grow."]


@pytest.fixture(scope="module")
def hedges() -> Paper:
    """What LaTeXML 0.8.7 made of the LaTeX beside it."""
    paper = read_html(SAMPLE, "2407.03300v1")
    assert paper is not None
    return paper


def test_the_front_matter(hedges: Paper) -> None:
    assert hedges.source == "html"
    assert (hedges.id, hedges.version, hedges.date) == ("2407.03300", 1, "2024-07")
    assert hedges.title == "Counting Leaves Twice: A Small Study of Hedge Growth"
    assert hedges.authors == ("Nora Feld", "Emil van Aalst")
    assert spans(hedges, hedges.affiliations) == [
        "Institute of Hedges", "Example University", "Garden Laboratory",
    ]  # fmt: skip
    assert hedges.abstract is not None
    assert hedges.abstract.of(hedges.text) == (
        "We count the leaves of forty hedges twice. The second count differs from the first by "
        "less than 2% of n leaves. This makes a single count enough."
    )


def test_the_sections_with_their_numbers_as_printed(hedges: Paper) -> None:
    assert [(one.title, one.role, one.level) for one in hedges.sections] == [
        ("", "other", 1), ("Abstract", "abstract", 1), ("1 Introduction", "introduction", 1),
        ("2 Method", "method", 1), ("2.1 Counting by hand", "method", 2),
        ("3 Results", "results", 1), ("4 Conclusion", "conclusion", 1),
        ("Acknowledgements", "acknowledgements", 1), ("References", "references", 1),
        ("Appendix A Counts of all hedges", "appendix", 1),
    ]  # fmt: skip


def test_sentences_read_on_around_footnotes_formulas_and_citations(hedges: Paper) -> None:
    said = sentences(hedges)
    assert "We ask whether a second count is worth its time." in said
    assert "The answer is no." in said
    assert "Hedges are counted by hand [1]." in said
    assert "Let x_i be the first count and y_i the second one, for i = 1, …, n." in said
    assert "The mean error is ē = 0.017, i.e. less than two leaves in a hundred." in said
    assert of_kind(hedges, "footnote") == [
        "All counts are at https://example.org/hedges. They were made in summer."
    ]
    assert spans(hedges, hedges.links) == ["https://example.org/hedges"]


def test_equations_and_tables_are_no_sentences(hedges: Paper) -> None:
    assert of_kind(hedges, "equation") == [
        "e_i = (|x_i − y_i|)/x_i, (1)",
        "ē = 1/n ∑_{i=1}^n e_i, (2) s^2 = 1/(n − 1) ∑_{i=1}^n (e_i − ē)^2. (3)",
    ]
    assert (
        "Hedge | First | Second\nBeech | 4120 | 4087\nYew | 9310 | 9402\nBox | 7781 | 7702"
    ) in of_kind(hedges, "table")
    assert "for leaf in hedge: count += 1" in of_kind(hedges, "table")
    said = " ".join(sentences(hedges))
    assert "∑" not in said and "9310" not in said and "for leaf" not in said


def test_figures_have_labels_and_captions(hedges: Paper) -> None:
    assert [(one.label, one.caption.of(hedges.text)) for one in hedges.figures] == [
        ("Figure 1", "Figure 1: The hedge behind the institute, before the first count. "
                     "It has 4,120 leaves."),
        ("Table 1", "Table 1: First and second count of three hedges."),
    ]  # fmt: skip
    assert all(figure.page is None and figure.box is None for figure in hedges.figures)


def test_titles_of_paragraphs_theorems_and_proofs_run_in(hedges: Paper) -> None:
    assert of_kind(hedges, "run-in") == ["Contributions.", "Theorem 1.", "Proof."]
    assert "Contributions. We give two counts of each hedge." in hedges.text
    assert "If every leaf is seen once, then ē = 0." in sentences(hedges)


def test_references_are_blocks_and_no_sentences(hedges: Paper) -> None:
    assert of_kind(hedges, "reference") == [
        "[1] A. Bloom. Counting in gardens. Garden Press, 1998.",
        "[2] B. Green and C. Twig. Leaves and their number. Journal of Hedges, 3:1–9, 2011.",
    ]
    assert not any("Bloom" in sentence for sentence in sentences(hedges))


def test_nothing_of_the_page_around_the_paper(hedges: Paper) -> None:
    assert "Generated" not in hedges.text and "LOGO" not in hedges.text
    assert hedges.boxes(Span(0, len(hedges.text))) == ()


# --- names ----------------------------------------------------------------------------------------

_NOTES = '<span class="ltx_author_notes"><span class="ltx_author_notes_content">{}</span></span>'
_CONTACT = (
    '<span class="ltx_contact ltx_role_affiliation"><span class="ltx_contact_name">Affiliation: '
    "</span>{}</span>"
)
_ADDRESS = (
    '<span class="ltx_affiliation_institution">Example University</span>'
    '<span class="ltx_affiliation_city">Paris</span>'
)


@pytest.mark.parametrize(
    ("people", "names", "places"),
    [
        (  # lines of one element, one author after the other
            [person("Ada Lovelace<br>Google Brain<br>ada@example.org&amp;Alan Turing"
                    '<span class="ltx_note ltx_role_footnotemark"><sup>1</sup></span>'
                    "<br>University of Kent<br>{al, an}@example.org")],
            ["Ada Lovelace", "Alan Turing"], ["Google Brain", "University of Kent"],
        ),
        (  # raised numbers, places after them
            [person("Ada Lovelace<sup>1,2</sup>, Ludwig van der Berg<sup>2</sup> and\nMin Li"
                    "<sup>1</sup><br><sup>1</sup>Engine Lab, <sup>2</sup>Example University")],
            ["Ada Lovelace", "Ludwig van der Berg", "Min Li"], ["Engine Lab", "Example University"],
        ),
        (  # contacts of their own, one institute for two people
            [person("Ada Lovelace") + _NOTES.format(_CONTACT.format(_ADDRESS)),
             person("王伟") + _NOTES.format(_CONTACT.format(_ADDRESS))],
            ["Ada Lovelace", "王伟"], ["Example University, Paris"],
        ),
        (  # a formula for a mark, a macro that was not known, an ORCID
            [person('Ada Lovelace<math alttext="{}^{1^{*}}"><mn>1</mn></math>'
                    '<span class="ltx_ERROR undefined">\\orcidlink</span>0000-0001-2345-6789')],
            ["Ada Lovelace"], [],
        ),
        ([person("Ada Lovelace, ada@example.org")], ["Ada Lovelace"], []),
        (  # as ACM's and Springer's classes write it
            [person("Ada Lovelace") + '<span class="ltx_author_notes">11</span></span><span '
             'class="ltx_author_before"> and ', person("Alan Turing") + _CONTACT.format(_ADDRESS)],
            ["Ada Lovelace", "Alan Turing"], ["Example University, Paris"],
        ),
        ([person("Mary Smith, <em>Member, IEEE</em>, and John Doe Jr.")],
         ["Mary Smith", "John Doe Jr."], []),
        ([person("Gemini Team, Google")], ["Gemini Team"], []),
        ([person("Ada Lovelace<br>New York"), person("Alan Turing<br>Mountain View")],
         ["Ada Lovelace", "Alan Turing"], ["New York", "Mountain View"]),
        ([person("Anonymous")], [], ["Anonymous"]),
    ],
)  # fmt: skip
def test_names_apart_from_everything_beside_them(
    people: list[str], names: list[str], places: list[str]
) -> None:
    tree = parse(f"<html><body>{byline(*people)}</body></html>")
    assert tree is not None
    lines = read_byline(tree[0][0])
    assert [name for line in lines for name in line.names] == names
    assert [line.text for line in lines if line.kind == "place"] == places


def test_institutes_in_notes_above_the_title(tmp_path: Path) -> None:
    note = (
        '<span class="ltx_note ltx_role_institutetext"><sup class="ltx_note_mark">1</sup><span '
        'class="ltx_note_outer"><span class="ltx_note_content"><sup class="ltx_note_mark">1</sup>'
        '<span class="ltx_note_type">institutetext: </span>Engine Lab, London</span></span></span>'
    )
    source = article(byline(person("Ada Lovelace")), _BODY).replace("<h1", f"{note}<h1", 1)
    paper = paper_of(tmp_path, source)
    assert spans(paper, paper.affiliations) == ["Engine Lab, London"]


def test_thanks_are_front_matter(tmp_path: Path) -> None:
    thanks = '<span class="ltx_note ltx_role_thanks">Equal contribution.</span>'
    paper = paper_of(
        tmp_path, article(byline(person(f"Ada Lovelace{thanks}")), section("Introduction"))
    )
    assert paper.authors == ("Ada Lovelace",)
    assert of_kind(paper, "front") == ["Trees", "Ada Lovelace", "Equal contribution."]


# --- which paper it is ----------------------------------------------------------------------------

_STAMP = '<div id="watermark-tr">\narXiv:2407.03300v2 [cs.CV] 03 Jul 2024</div>'
_BODY = section("Introduction", para(PROSE), number="1")


@pytest.mark.parametrize(
    ("head", "above", "name", "known"),
    [
        ("", _STAMP, "page", ("2407.03300", 2, "2024-07-03", ("cs.CV",))),
        ('<base href="/html/2407.03300v1/">', "", "page", ("2407.03300", 1, "2024-07", ())),
        ('<link rel="canonical" href="https://ar5iv.labs.arxiv.org/html/2407.03300">', "", "page",
         ("2407.03300", None, "2024-07", ())),
        ("", '<header><a href="https://arxiv.org/abs/hep-th/9901001v3">Abstract</a></header>',
         "page", ("hep-th/9901001", 3, "1999-01", ())),
        ('<meta name="citation_arxiv_id" content="2407.03300">'
         '<meta name="citation_date" content="2024/07/03">', "", "2407.03300v4",
         ("2407.03300", 4, "2024-07-03", ())),
        ("<title>[2407.03300] Trees</title>", "", "page", ("2407.03300", None, "2024-07", ())),
        ("", "", "2407.03300v5", ("2407.03300", 5, "2024-07", ())),
        ('<link rel="canonical" href="https://example.org/html/2407.03300">', "", "my page",
         ("my-page", None, None, ())),
    ],
)  # fmt: skip
def test_id_version_and_date(
    tmp_path: Path, head: str, above: str, name: str, known: tuple[object, ...]
) -> None:
    paper = paper_of(tmp_path, article(_BODY, head=head, above=above), name)
    assert (paper.id, paper.version, paper.date, paper.categories) == known
    assert "arXiv:" not in paper.text


def test_a_paper_that_is_cited_is_not_this_one(tmp_path: Path) -> None:
    cited = section("Introduction", para('<a href="https://arxiv.org/abs/1706.03762">[1]</a> is.'))
    assert paper_of(tmp_path, article(cited)).id == "page"
    blog = f"<html><body><h1>Trees</h1>{cited}</body></html>"
    assert paper_of(tmp_path, blog.replace("ltx_", "")).id == "page"


# --- what stands in a text ------------------------------------------------------------------------


def test_arxivs_buttons_banners_and_errors_are_left_out(tmp_path: Path) -> None:
    paper = paper_of(
        tmp_path,
        article(
            '<div class="ltx_rdf">rdf</div><nav class="ltx_TOC">Contents</nav>',
            section("Introduction", para(
                'We grow <span class="ltx_ERROR undefined">\\foo</span>trees.'
                '<button class="sr-only button">Report issue for preceding element</button>'
                "<script>alert(1)</script><style>p {}</style><!-- a comment -->"
            )),
            above='<div class="package-alerts">HTML conversions sometimes display errors</div>'
            '<header><button>Report Issue</button></header><dialog><p>Describe it</p></dialog>',
            below='<footer class="ltx_page_footer">Generated on Monday</footer>',
        ),
    )  # fmt: skip
    assert paper.text == "Trees\n\nIntroduction\n\nWe grow trees."


@pytest.mark.parametrize(
    "attribute",
    ["hidden", 'style="display: none"', 'style="color:red;Visibility : hidden"',
     'aria-hidden="true"', 'style="font-size:0"', 'style="opacity: 0;"'],
)  # fmt: skip
def test_hidden_text_is_no_text(tmp_path: Path, attribute: str) -> None:
    source = article(section("Introduction", para(f"We <b {attribute}>do not </b>grow trees.")))
    assert sentences(paper_of(tmp_path, source)) == ["We grow trees."]


def test_a_note_of_thanks_tears_no_paragraph(tmp_path: Path) -> None:
    note = '<span class="ltx_note ltx_role_thanks">Thanks.</span>'
    paper = paper_of(tmp_path, article(section("Introduction", para(f"We grow{note} trees."))))
    assert sentences(paper) == ["We grow trees."]


def test_a_caption_in_the_middle_of_a_paragraph_comes_after_it(tmp_path: Path) -> None:
    figure = (
        '<figure class="ltx_figure"><img alt="Refer to caption" src="x1.png"><figure '
        'class="ltx_figure ltx_figure_panel"><figcaption class="ltx_caption"><span '
        'class="ltx_tag ltx_tag_figure">(a) </span>2 trees</figcaption></figure><figcaption '
        'class="ltx_caption"><span class="ltx_tag ltx_tag_figure">Figure 3: </span>Trees in '
        "spring.</figcaption></figure>"
    )
    paper = paper_of(
        tmp_path,
        article(section("Introduction", para("A tree depends on"), figure, para("the light."))),
    )
    assert sentences(paper)[0] == "A tree depends on the light."
    assert [figure.label for figure in paper.figures] == ["Figure 3"]
    assert of_kind(paper, "caption") == ["(a) 2 trees", "Figure 3: Trees in spring."]


def test_lists_lose_their_marks_and_keep_their_terms(tmp_path: Path) -> None:
    tag = '<span class="ltx_tag ltx_tag_item">{}</span>'
    paper = paper_of(
        tmp_path,
        article(section(
            "Method",
            f'<ol class="ltx_enumerate"><li class="ltx_item">{tag.format("1.")} {para("Sow it.")}'
            f'</li></ol><dl class="ltx_description"><dt class="ltx_item">{tag.format("Leaf")}</dt>'
            f'<dd class="ltx_item">{para("A green part.")}</dd></dl>',
        )),
    )  # fmt: skip
    assert sentences(paper) == ["Sow it.", "A green part."]
    assert of_kind(paper, "run-in") == ["Leaf"]


def test_an_algorithm_is_a_figure_and_no_prose(tmp_path: Path) -> None:
    paper = paper_of(
        tmp_path,
        article(section("Method", (
            '<figure class="ltx_float ltx_float_algorithm"><figcaption class="ltx_caption"><span '
            'class="ltx_tag ltx_tag_float">Algorithm 1</span> Growing</figcaption>'
            '<div class="ltx_listing"><div class="ltx_listing_data"><a href="data:x">⬇</a></div>'
            '<div class="ltx_listingline"><span class="ltx_tag ltx_tag_listingline">1</span>'
            "grow a tree.</div></div></figure>"
        ))),
    )  # fmt: skip
    assert [figure.label for figure in paper.figures] == ["Algorithm 1"]
    assert of_kind(paper, "table") == ["grow a tree."]


def test_keywords(tmp_path: Path) -> None:
    words = (
        '<div class="ltx_keywords"><h6 class="ltx_title ltx_title_keywords">Keywords: </h6>'
        "trees, forests; growth</div>"
    )
    paper = paper_of(tmp_path, article(words, section("Introduction", para("We grow trees."))))
    assert spans(paper, paper.keywords) == ["trees", "forests", "growth"]
    bare = article('<div class="ltx_keywords">trees, forests</div>', section("Introduction"))
    unlabelled = paper_of(tmp_path, bare)
    assert spans(unlabelled, unlabelled.keywords) == ["trees", "forests"]


def test_a_letter_without_sections_is_no_abstract(tmp_path: Path) -> None:
    abstract = '<div class="ltx_abstract"><p class="ltx_p">We grow trees.</p></div>'
    paper = paper_of(tmp_path, article(abstract, para("Trees are old."), para("They are green.")))
    assert paper.abstract is not None and paper.abstract.of(paper.text) == "We grow trees."
    assert [section.role for section in paper.sections] == ["other", "abstract", "other"]


def test_an_abstract_that_is_only_a_paragraph(tmp_path: Path) -> None:
    paper = paper_of(
        tmp_path, article(byline(person("Ada Lovelace")), para("Preprint"), para(PROSE), _BODY)
    )
    assert paper.abstract is not None and paper.abstract.of(paper.text) == PROSE.strip()
    assert "Preprint" in of_kind(paper, "front")


def test_levels_and_appendices(tmp_path: Path) -> None:
    deep = section("Data", number="2.1.1", kind="subsubsection")
    method = section("Method", section("Trees", deep, number="2.1", kind="subsection"), number="2")
    proofs = section("Proofs", para("It holds."), number="Appendix A", kind="appendix")
    more = section("More", para("It holds, too."), kind="appendix")
    paper = paper_of(tmp_path, article(_BODY, method, proofs, more))
    assert [(one.title, one.level, one.role) for one in paper.sections[1:]] == [
        ("1 Introduction", 1, "introduction"), ("2 Method", 1, "method"),
        ("2.1 Trees", 2, "method"), ("2.1.1 Data", 3, "method"),
        ("Appendix A Proofs", 1, "appendix"), ("More", 1, "appendix"),
    ]  # fmt: skip


# --- formulas -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mathml", "tex", "line"),
    [
        ("<msup><mn>10</mn><mrow><mo>−</mo><mn>3</mn></mrow></msup>", "10^{-3}", "10^{−3}"),
        ("<mrow><mn>4</mn><mo>,</mo><mn>120</mn></mrow>", "4{,}120", "4,120"),
        ("<mrow><mn>2</mn><mo>%</mo></mrow>", "2\\%", "2%"),
        ("<msup><mn>90</mn><mo>∘</mo></msup>", "90^{\\circ}", "90°"),
        ("<mrow><mi>x</mi><mo>=</mo><mrow><mo>−</mo><mn>1</mn></mrow></mrow>", "x=-1", "x = −1"),
        ("<mrow><mi>f</mi><mo>⁡</mo><mrow><mo>(</mo><mi>x</mi><mo>)</mo></mrow></mrow>", "f(x)",
         "f (x)"),
        ("<semantics><mi>x</mi><annotation encoding='application/x-tex'>x y</annotation>"
         "</semantics>", "x", "x"),
        ("<mrow><mi>x</mi><mphantom><mi>secret</mi></mphantom></mrow>", "x", "x"),
        ("", "\\displaystyle x_{i}", "x_{i}"),
    ],
)  # fmt: skip
def test_a_formula_on_a_line(mathml: str, tex: str, line: str) -> None:
    tree = parse(f'<html><body><math alttext="{tex}">{mathml}</math></body></html>')
    assert tree is not None
    assert linear(tree[0][0]) == line


# --- other pages ----------------------------------------------------------------------------------

_PLAIN = """<!doctype html><html><head><meta charset="utf-8"><title>Trees | Journal</title>
<meta name="citation_title" content="Sparse Trees"><meta name="citation_author"
content="Lovelace, Ada"><meta name="citation_author" content="Alan Turing">
<meta name="citation_publication_date" content="2024/07"></head><body>
<nav>Home</nav><article><header><h1>Sparse Trees</h1><p>Ada Lovelace, Alan Turing</p></header>
<h2>Abstract</h2><p>We grow trees. They are <em>quick</em>.</p>
<h2>1. Introduction</h2><p>Trees are old<sup><a href="#fn1">1</a></sup>. They cover 3
km<sup>2</sup>.</p><h3>History</h3><ul><li>They grew.<li>They fell.</ul>
<figure><img alt="a tree"><figcaption>Fig. 2. A tree.</figcaption></figure>
<span class="katex"><span class="katex-mathml"><math><mi>x</mi></math></span><span
class="katex-html" aria-hidden="true">x</span></span> is a tree.
<table><caption>Table 1. Counts.</caption><tr><td>a<td>1</table>
<h2>References</h2><ol><li>A. Turing. On trees. 1950.</ol></article><footer>Imprint</footer>"""


def test_an_article_that_is_not_latexmls(tmp_path: Path) -> None:
    paper = paper_of(tmp_path, _PLAIN)
    assert paper.title == "Sparse Trees"
    assert paper.authors == ("Ada Lovelace", "Alan Turing")
    assert paper.date == "2024-07"
    assert [(one.title, one.role, one.level) for one in paper.sections] == [
        ("", "other", 1), ("Abstract", "abstract", 1), ("1. Introduction", "introduction", 1),
        ("History", "introduction", 2), ("References", "references", 1),
    ]  # fmt: skip
    assert paper.abstract is not None
    assert paper.abstract.of(paper.text) == "We grow trees. They are quick."
    said = sentences(paper)
    assert {"Trees are old.", "They cover 3 km^2.", "They grew.", "x is a tree."} <= set(said)
    assert [figure.label for figure in paper.figures] == ["Fig. 2", "Table 1"]
    assert of_kind(paper, "reference") == ["A. Turing. On trees. 1950."]
    assert "Home" not in paper.text and "Imprint" not in paper.text


def test_markup_that_was_escaped_stays_text(tmp_path: Path) -> None:
    source = article(section("Introduction", para("Use &lt;script&gt;alert(1)&lt;/script&gt;.")))
    assert "Use <script>alert(1)</script>." in sentences(paper_of(tmp_path, source))


def test_xhtml_ends_a_script_at_once(tmp_path: Path) -> None:
    source = (
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><script src="x"/>'
        f'</head><body><h1>Trees</h1><h2>Introduction</h2><p>{PROSE}</p></body></html>'
    )  # fmt: skip
    assert paper_of(tmp_path, source).title == "Trees"


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ('<meta charset="iso-8859-1">', "cp1252"),
        ('<meta http-equiv="content-type" content="text/html; charset=GB2312">', "gb18030"),
        ("", "utf-8"),
        ("", "utf-8-sig"),
        ("", "utf-16"),
        ("", "cp1252"),
        ('<meta charset="no-such-thing">', "utf-8"),
        ('<meta charset="base64">', "utf-8"),
        ('<meta charset="utf-16">', "utf-8"),
    ],
)
def test_every_charset(declared: str, encoding: str) -> None:
    said = "树木" if encoding == "gb18030" else "Bäume“"
    source = read_source(f"<html><head>{declared}</head><body><p>{said}".encode(encoding))
    assert source is not None and said in source


# --- what holds for every page --------------------------------------------------------------------

_words = st.text(st.sampled_from("aA.! é(2,<&\n\u00a0\u200b"), max_size=30).map(
    lambda text: text.replace("&", "&amp;").replace("<", "&lt;")
)
_names = st.sampled_from([
    "p", "div", "span", "section", "h1", "h2", "h6", "table", "td", "figure", "figcaption", "ul",
    "li", "dl", "dt", "math", "sup", "br", "pre", "article", "header", "nav", "img",
])  # fmt: skip
_kinds = st.sampled_from([
    "", "ltx_document", "ltx_title ltx_title_document", "ltx_title ltx_title_section", "ltx_para",
    "ltx_section", "ltx_abstract", "ltx_title ltx_title_abstract", "ltx_note ltx_role_footnote",
    "ltx_equation", "ltx_tabular", "ltx_caption", "ltx_tag ltx_tag_figure", "ltx_authors",
    "ltx_creator", "ltx_personname", "ltx_bibliography", "ltx_bibitem", "ltx_keywords",
    "ltx_appendix", "ltx_title ltx_title_paragraph", "ltx_item", "ltx_ERROR", "ltx_listing",
])  # fmt: skip
_pages = st.recursive(
    _words,
    lambda inner: st.tuples(_names, _kinds, st.lists(inner, max_size=5), st.booleans()).map(
        lambda t: f'<{t[0]} class="{t[1]}">{"".join(t[2])}' + (f"</{t[0]}>" if t[3] else "")
    ),
    max_leaves=25,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(page=_pages, typed=st.booleans())
def test_every_span_points_into_the_text(tmp_path: Path, page: str, typed: bool) -> None:
    paper = paper_of(tmp_path, article(page) if typed else f"<html><body>{page}")
    text = paper.text
    assert [one.span.start for one in paper.sections] == [
        0, *(one.span.end for one in paper.sections[:-1]),
    ]  # fmt: skip
    assert paper.sections[-1].span.end == len(text)
    last = 0
    for block in paper.blocks:
        assert last <= block.span.start < block.span.end <= len(text)
        lines = block.span.of(text).split("\n")
        assert all(line and line == " ".join(line.split()) for line in lines)
        assert len(lines) == 1 or block.kind == "table"
        assert any(section.span.contains(block.span) for section in paper.sections)
        last = block.span.end
    for sentence in paper.sentences:
        assert any(
            block.span.contains(sentence.span) and block.kind == sentence.kind
            for block in paper.blocks
        )
    inside = [
        *paper.affiliations,
        *paper.keywords,
        *paper.links,
        *(f.caption for f in paper.figures),
    ]
    assert all(span.of(text).strip() for span in inside)
    assert paper.abstract is None or paper.abstract.of(text).strip()
    assert "\x1f" not in text


# --- hostile files --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(Settings(read={"workers": 1, "seconds": 8.0})) as made:
        yield made


_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY a "trees trees trees trees ">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 20}">' for a, b in ("ab", "bc", "cd", "de", "ef", "fg"))
    + '<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    f'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>{PROSE}</p><p>&g;&x;</p></body></html>'
)


AUTHORS = b'<html><body><article class="ltx_document"><div class="ltx_authors">'
AUTHOR = b'<span class="ltx_creator"><span class="ltx_personname">Ada Lovelace<br>'


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", "broken", "not HTML"),
        (b"Just a text without any tag. " * 50, "broken", "not HTML"),
        (b"%PDF-1.7\n<p>" + bytes(range(256)) * 40, "broken", "not HTML"),
        (b"<html><body><p>" + b"We grow\x00 trees. " * 90, "broken", "not HTML"),
        (os.urandom(1 << 16), "broken", "not HTML"),
        (b"<html><script>document.write('hello')</script><style>p{}</style>", "no-text", ""),
        (b"<html><body><div hidden>" + PROSE.encode() + b"</div></body>", "no-text", ""),
        (b"<html><body><p>Not found. The page that you asked for is not here any more.",
         "not-a-paper", "words of running text"),
        (b"<div>" * 4_000 + PROSE.encode() + b"</div>" * 4_000, "ok", ""),
        pytest.param(b"<div>" * 100_000 + PROSE.encode() + b"</div>" * 100_000, "ok", "",
                     marks=pytest.mark.slow),
        (b"<html><body>" + b"<b><i><p>" * 4_000 + PROSE.encode(), None, ""),
        pytest.param(b"<html><body>" + b"<b><i><p>" * 20_000 + PROSE.encode(), None, "",
                     marks=pytest.mark.slow),
        (_BOMB.encode(), "ok", ""),
        (b"<html><body><math>" + b"<mrow>" * 4_000 + b"</math><p>" + PROSE.encode(), None, ""),
        pytest.param(b"<html><body><math>" + b"<mrow>" * 50_000 + b"</math><p>" + PROSE.encode(),
                     None, "", marks=pytest.mark.slow),
        (AUTHORS + AUTHOR * 4_000, None, ""),
        pytest.param(AUTHORS + AUTHOR * 20_000, None, "", marks=pytest.mark.slow),
        (b"<html><meta charset=idna><body><p>" + PROSE.encode(), "ok", ""),
    ],
    ids=["empty", "text", "pdf", "nul", "noise", "scripts", "hidden", "notice", "deep",
         "deeper", "deep too", "deeper too", "entities", "deep formula", "deeper formula",
         "many authors", "more authors", "odd charset"],
)  # fmt: skip
def test_a_hostile_page_gets_a_status(
    tmp_path: Path, reader: Reader, content: bytes, status: str | None, said: str
) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(content)
    reading = reader.read(path)
    assert reading.status in get_args(Status) and "reader failed" not in reading.reason
    assert status is None or reading.status == status
    assert said in reading.reason
    if reading.paper is not None:
        assert "trees trees" not in reading.paper.text


@pytest.mark.parametrize(
    "times",
    [
        1_000,
        pytest.param(35_000, marks=pytest.mark.slow),
        pytest.param(700_000, marks=pytest.mark.slow),
    ],
)
def test_megabytes_of_junk_are_read_or_given_up(tmp_path: Path, reader: Reader, times: int) -> None:
    """Thirty kilobytes; one megabyte, and twenty."""
    path = tmp_path / "junk.htm"
    path.write_bytes(b"<html><p>" + b"<x <p> & lots of; <<junk>> </" * times)
    reading = reader.read(path)
    assert reading.status in get_args(Status) and "reader failed" not in reading.reason
    path.write_bytes(SAMPLE.read_bytes())
    assert reader.read(path).status == "ok"


@pytest.mark.parametrize("suffix", [".html", ".htm", ".xhtml", ".HTML"])
def test_every_suffix_is_read_as_html(tmp_path: Path, reader: Reader, suffix: str) -> None:
    path = tmp_path / f"hedges{suffix}"
    path.write_bytes(SAMPLE.read_bytes())
    reading = reader.read(path, paper_id="mine")
    assert reading.paper is not None
    assert (reading.status, reading.paper.id, reading.paper.source) == ("ok", "mine", "html")


def test_a_paper_in_several_articles(tmp_path: Path) -> None:
    said = "We grow sparse trees and count the leaves of each one in the spring. " * 6
    parts = "".join(f"<article><h2>{n} Part</h2><p>{said}</p></article>" for n in ("1", "2", "3"))
    path = tmp_path / "parts.html"
    path.write_text(f"<html><body><h1>Sparse Trees</h1>{parts}</body></html>", "utf-8")
    paper = read_html(path, "parts")
    assert paper is not None
    assert [one.title for one in paper.sections][-3:] == ["1 Part", "2 Part", "3 Part"]


def test_tables_that_nest_cost_little(tmp_path: Path) -> None:
    said = "We grow sparse trees and count the leaves of each one in the spring. " * 20
    path = tmp_path / "tables.html"
    path.write_text(f"<html><body>{'<table><tr><td>' * 3000}<p>{said}</p>", "utf-8")
    paper = read_html(path, "tables")
    assert paper is not None
    assert said.strip() in paper.text


@pytest.mark.parametrize("part", ["svg", "object", "video", "canvas", "dialog"])
def test_a_part_without_an_end_takes_nothing_with_it(tmp_path: Path, part: str) -> None:
    said = "We grow sparse trees and count the leaves of each one in the spring."
    path = tmp_path / "open.html"
    path.write_text(f"<html><body><h1>Trees</h1><{part}><h2>1 Leaves</h2><p>{said}</p>", "utf-8")
    paper = read_html(path, "open")
    assert paper is not None
    assert said in paper.text
