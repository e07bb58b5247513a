"""Text of a web page that nobody sees: in no passage, and listed. What is seen stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.accounts import HiddenBy
from index.paper import Paper
from index.read.markup.html import read_html
from index.read.markup.markdown import read_markdown

SAID = "The hidden sentence praises this paper."
_PAGE = (
    "<html><body><h1>Sparse Trees</h1><h2>1 Introduction</h2><p>"
    + "We grow sparse trees and count the leaves. " * 10
    + "</p>{}<h2>2 Method</h2><p>We count twice.</p></body></html>"
)


def paper_of(tmp_path: Path, inside: str) -> Paper:
    path = tmp_path / "page.html"
    path.write_text(_PAGE.format(inside), "utf-8")
    paper = read_html(path, "page")
    assert paper is not None
    assert paper.sections[-1].title == "2 Method"  # nothing after it is lost
    return paper


_HIDDEN: list[tuple[str, HiddenBy]] = [
    ('<p style="color:white">{}</p>', "colour"),
    ('<p STYLE="COLOR: #FFF">{}</p>', "colour"),
    ('<span style="color:rgb(255, 255, 255)">{}</span>', "colour"),
    ('<p style="color:#fefefe">{}</p>', "colour"),
    ('<p style="color:hsl(0, 0%, 100%)">{}</p>', "colour"),
    ('<font color="#ffffff">{}</font>', "colour"),
    ('<div style="background:#123456"><p style="color:#123456">{}</p></div>', "colour"),
    ('<div style="color:#fff"><div><b><i>{}</i></b></div></div>', "colour"),
    ('<table><tr><td style="color:white">{}</td></tr></table>', "colour"),
    ("<style>:root{{--p:#fff}}.z{{color:var(--p)}}</style><p class=z>{}</p>", "colour"),
    ("<style>body{{background:#111;color:#eee}}.z{{color:#111}}</style><p class=z>{}</p>",
     "colour"),
    ('<span class="ltx_text" style="--ltx-fg-color:#FFFFFF;">{}</span>', "colour"),
    ('<p style="color:transparent">{}</p>', "transparency"),
    ('<p style="color:rgba(0,0,0,0)">{}</p>', "transparency"),
    ('<p style="opacity:0.01">{}</p>', "transparency"),
    ('<p style="display:none !important">{}</p>', "style"),
    ('<p style="visibility: hidden">{}</p>', "style"),
    ("<p hidden>{}</p>", "style"),
    ("<style>.z{{display:none}}</style><p class='a z'>{}</p>", "style"),
    ("<style>p.z{{display:none!important}}</style><p class=z style='display:block'>{}</p>",
     "style"),
    ("<style>@media screen{{#q > p{{visibility:hidden}}}}</style><div id=q><p>{}</p></div>",
     "style"),
    ("<template><p>{}</p></template>", "style"),
    ('<p style="font-size:0">{}</p>', "size"),
    ('<p style="font-size:1px">{}</p>', "size"),
    ('<p style="font-size:0.01em">{}</p>', "size"),
    ('<p style="font:0/0 a">{}</p>', "size"),
    ('<p style="position:absolute;left:-9999px">{}</p>', "position"),
    ('<div style="position:fixed;top:-1000em"><p>{}</p></div>', "position"),
    ('<p style="text-indent:-9999px">{}</p>', "position"),
    ('<p style="margin-left:-9999px">{}</p>', "position"),
    ('<p style="clip-path:inset(100%)">{}</p>', "position"),
    ('<p style="transform:translateX(-9999px)">{}</p>', "position"),
    ('<p style="transform:scale(0)">{}</p>', "position"),
    ("<style>[data-x]{{position:absolute;left:-5000px}}</style><p data-x=1>{}</p>", "position"),
    ('<span style="position:absolute;clip:rect(0,0,0,0)">{0} {0}</span>', "position"),
    ('<div style="max-height:0;overflow:hidden">{0} {0}</div>', "position"),
    ('<span class="sr-only">{0} {0}</span>', "position"),
    ("<p>We count.<!-- {} --></p>", "comment"),
    ('<p style="color:oklch(100% 0 0)">{}</p>', "colour"),
    ('<p style="color:lab(100% 0 0)">{}</p>', "colour"),
    ('<p style="color:hsl(0deg 0% 100%)">{}</p>', "colour"),
    ('<p style="color:Canvas">{}</p>', "colour"),
    ('<p style="zoom:0.01">{}</p>', "size"),
    ('<p style="position:relative;left:-9999px">{}</p>', "position"),
    ('<p style="translate:-9999px 0">{}</p>', "position"),
    ('<p style="scale:0">{}</p>', "position"),
    ("<style>@supports (display:grid){{.z{{display:none}}}}</style><p class=z>{}</p>", "style"),
]  # fmt: skip


def test_hidden_text_is_in_no_passage_and_is_listed(
    subtests: pytest.Subtests, tmp_path: Path
) -> None:
    for markup, why in _HIDDEN:
        with subtests.test(markup=markup, why=why):
            paper = paper_of(tmp_path, markup.format(SAID))
            assert SAID not in paper.text
            assert [one.hidden_by for one in paper.findings if SAID in one.text] == [why]


SEEN = [
    '<table><tr><th style="background:#333;color:white">{}</th></tr></table>',
    '<table bgcolor="black"><tr><td><font color="white">{}</font></td></tr></table>',
    "<style>body{{background:#111;color:#eee}}</style><p>{}</p>",
    "<style>.dark{{background-color:navy}}.dark p{{color:#fff}}</style>"
    '<div class="dark"><p>{}</p></div>',
    '<div style="background:linear-gradient(#000,#333)"><p style="color:#fff">{}</p></div>',
    '<div style="background-image:url(x.png)"><p style="color:#fff">{}</p></div>',
    "<style>.z{{display:none}} .n:hover .z{{display:block}}</style>"
    '<div class="n"><p class="z">{}</p></div>',  # so LaTeXML shows its footnotes
    "<style>@media print{{.z{{display:none}}}}</style><p class='z'>{}</p>",
    "<style>@media (prefers-color-scheme: dark){{p{{color:white}}}}</style><p>{}</p>",
    "<style>.z{{display:none}} p.z{{display:block}}</style><p class='z'>{}</p>",
    '<div style="visibility:hidden"><p style="visibility:visible">{}</p></div>',
    '<p style="color:#777;opacity:.6;font-size:8px">{}</p>',
    '<p style="text-indent:-2em;padding-left:2em">{}</p>',
    '<div style="overflow:hidden;width:600px">{}</div>',
    '<div style="transform:translate(-1057.7pt,24.6pt) scale(0.42,0.42)">{}</div>',
    '<p aria-hidden="true">{0} {0}</p>',
    "<details><summary>More</summary>{}</details>",
    '<p style="color:oklch(50% 0.1 200);zoom:1;translate:none;scale:1.2">{}</p>',
    '<p style="position:relative;left:2px;transform:none">{}</p>',
    "<style>@supports not (display:grid){{.z{{display:none}}}}</style><p class=z>{}</p>",
]


def test_what_is_seen_is_text_and_no_finding(subtests: pytest.Subtests, tmp_path: Path) -> None:
    for markup in SEEN:
        with subtests.test(markup=markup):
            paper = paper_of(tmp_path, markup.format(SAID))
            assert SAID in paper.text
            assert paper.findings == ()


HELPERS = [
    '<a class="sr-only" href="#x">Skip to main content</a>',
    '<button style="display:none">Report an issue for the preceding element</button>',
    '<nav hidden><a href="/">All the papers of this year</a></nav>',
    "<!-- end of content -->",
    "<!-- %**** main.tex Line 75 of the source that was read **** -->",
    "<!--[if lt IE 9]><p>Your browser is too old for this page</p><![endif]-->",
    '<span class="katex"><span class="katex-mathml" style="position:absolute;clip:rect(1px,1px,'
    '1px,1px)"><math><mi>x</mi></math></span><span aria-hidden="true">x</span></span>',
]


def test_helpers_and_a_sites_own_parts_are_no_findings(
    subtests: pytest.Subtests, tmp_path: Path
) -> None:
    for markup in HELPERS:
        with subtests.test(markup=markup):
            assert paper_of(tmp_path, markup).findings == ()


def test_a_formula_beside_its_picture_stays(tmp_path: Path) -> None:
    paper = paper_of(
        tmp_path,
        '<p>Let <span class="katex"><span style="position:absolute;clip:rect(1px,1px,1px,1px)">'
        '<math><mi>x</mi></math></span><span aria-hidden="true">x</span></span> be a tree.</p>',
    )
    assert "Let x be a tree." in paper.text


def test_part_of_a_sentence_is_taken_out_of_it(tmp_path: Path) -> None:
    paper = paper_of(
        tmp_path,
        '<p>We count <span style="color:white">and praise, <b style="color:black">with care'
        "</b> and joy,</span> all leaves.</p>",
    )
    assert "We count with care all leaves." in paper.text
    assert [one.text for one in paper.findings] == ["and praise, and joy,"]


def test_a_page_that_a_script_would_show_is_read(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(_PAGE.format("").replace("<body>", '<body style="opacity:0">'))
    paper = read_html(path, "page")
    assert paper is not None and "We grow sparse trees" in paper.text


def test_markdown_hides_no_better(tmp_path: Path) -> None:
    path = tmp_path / "paper.md"
    path.write_text(
        "# Sparse Trees\n\n## 1 Introduction\n\n" + "We grow sparse trees. " * 9
        + f'\n\n<div style="display:none">{SAID}</div>\n\nWe <b style="color:#fff">never</b> count.'
    )  # fmt: skip
    paper = read_markdown(path, "paper")
    assert paper is not None and SAID not in paper.text and "never" not in paper.text
    assert [(one.hidden_by, one.text) for one in paper.findings] == [
        ("colour", "never"), ("style", SAID),
    ]  # fmt: skip


def test_what_is_raised_by_its_style_is_raised(tmp_path: Path) -> None:
    inside = (
        "<style>.low{vertical-align:sub}</style><p>There were 31"
        '<span style="vertical-align:super;font-size:smaller">7</span> peaks of CO'
        "<span class=low>2</span> here.</p>"
    )
    assert "There were 31^7 peaks of CO_2 here." in paper_of(tmp_path, inside).text
