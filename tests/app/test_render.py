"""Text of a paper is data in every output, and the outputs say what the digest says."""

from __future__ import annotations

import datetime
import html
import html.parser
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml  # type: ignore[import-untyped]
from markdown_it import MarkdownIt

import app.show
from app.choose.template import TEMPLATE
from app.digest import Claim, Digest, Language, Support
from app.documents.digests import DigestShape
from app.publish.day import Day, to_hexo, to_html_day
from app.show.bibtex import to_bibtex
from app.show.comparison import AlikeView, RelatedView
from app.show.html import fill, to_html
from app.show.markdown import escape_link_text, escape_markdown, to_markdown
from app.show.pieces import Piece
from app.show.text import file_slug, plain, query_words, snippet
from app.show.views import Picture, QuoteContext, sources
from app.show.words import ROLE_TITLES
from app.web.found import Entry, FoundPlace, PaperEntries
from app.web.grids import Grid, GridCell
from app.web.home import Card, Example, Lit
from app.web.pictures import map_of, timeline_of
from app.web.quoted import Printed, Quoted
from app.web.reading import Heading
from app.web.session import Session
from app.web.shelf import ShelfLine, ShelfPage, ShelfView
from app.web.texts import texts
from app.web.today import DayLine, DayList
from app.web.ui.add import Line, Step
from app.write.ask import Answer, AnswerQuote
from app.write.claims import claim_records
from index.hits import Citation
from index.library import PaperRow
from index.library.notes import PaperTags
from index.notes import Located, Note
from index.notes import Place as OwnPlace
from index.paper import Paper
from index.spans import Span


def in_the_reader(digest: Digest, language: Language = "en") -> str:
    """A digest as the web UI shows it, of a paper without pages."""
    paper = Paper("p", None, "markdown", "0" * 64, "", "")
    library = SimpleNamespace(paper=lambda _: paper, page_sizes=lambda _: (), notes=None)
    return Session(cast(Any, library)).reader(digest, language)


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "[click](javascript:alert(1))",
    "![x](https://evil.example/track.png)",
    "<javascript:alert(1)>",
    "[label]: https://evil.example",
    "{% raw %}{{ config }}{% endraw %}",
    "{{ 7*7 }} {# hidden #}",
    "${alert(1)}",
    "---\ntitle: other\n---",
    "title: other",
    "- a\n- b",
    "# heading",
    "as in [2, 19] and [3-5]",
    "[1](javascript:alert(1)) [2][3] [4]: https://evil.example [5]",
    "[p. 1] and [^1] and [ ] and [x]",
    "12. first",
    "> quote",
    "    indented code",
    "```sh\nrm -rf /\n```",
    "`code` and ``more``",
    "$x^2$ and $$y$$ and \\(z\\) \\href{javascript:alert(1)}{x}",
    "$\\htmlData{x=1}{y}$ $\\def\\a{\\a\\a}\\a$ \\rule{9999em}{9999em}",
    "*emphasis* _emphasis_ __strong__ ~~gone~~ a_b_c",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "&lt;script&gt; &amp; &#60;",
    "Title\n===",
    "a  \nb\\",
    "C# and # and #1",
    "see https://example.org/a_b?c=1&d=2. And more",
    "\x1b[31mred\x1b[0m \u202etfel\u202c \x00",
    "fold\u200bed wo\u200drds\u200c \u2066left\u2069 \u061c\ufeff \U000e0041\U000e0042",
    "pick\ufe01ed\U000e0154\U000e0155 fill\u3164ed \u180bso\xadft\u034f \ufff9a\ufffab\ufffb",
    "../../etc/passwd",
    "* * *",
    "***",
    "<!-- comment -->",
    "<https://example.org/><b>",
]

# What the escaped text must show: the words as they are, on one line, without controls.
SHOWN = {text: plain(text) for text in ATTACKS}


class _Page(html.parser.HTMLParser):
    """Collects the elements and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split()).replace("\u2060", "")


def test_markdown_shows_the_text_and_nothing_else(subtests: pytest.Subtests) -> None:
    for attack in ATTACKS:
        with subtests.test(attack=attack):
            for renderer in (MarkdownIt("commonmark"), MarkdownIt("js-default", {"html": True})):
                for before, around in (("", ["p"]), ("- ", ["ul", "li"]), ("## ", ["h2"])):
                    page = _Page(renderer.render(before + escape_markdown(attack)))
                    links = [attributes for tag, attributes in page.tags if tag == "a"]
                    assert [tag for tag, _ in page.tags if tag != "a"] == around
                    assert all(str(link["href"]).startswith("https://e") for link in links)
                    assert page.text == SHOWN[attack]


def test_the_text_of_a_link_is_no_link_itself(subtests: pytest.Subtests) -> None:
    for attack in ATTACKS:
        with subtests.test(attack=attack):
            escaped = escape_link_text(attack)
            assert not re.search(r"[\[\]]|\{[{%#]", escaped)
            for renderer in (MarkdownIt("commonmark"), MarkdownIt("js-default", {"html": True})):
                page = _Page(renderer.render(f"1. [{escaped}](#place)"))
                assert [tag for tag, _ in page.tags] == ["ol", "li", "a"]
                assert page.tags[-1][1] == {"href": "#place"}
                assert page.text == SHOWN[attack]


def test_nunjucks_finds_nothing_in_rendered_markdown(subtests: pytest.Subtests) -> None:
    for attack in ATTACKS:
        with subtests.test(attack=attack):
            rendered = MarkdownIt("js-default").render(escape_markdown(attack))
            assert not re.search(r"\{[{%#]", rendered)
            assert not re.search(r"\{[{%#]", escape_markdown(attack))


def test_html_shows_the_text_and_nothing_else(
    subtests: pytest.Subtests, digest_of: Callable[..., Digest], claim_of: Callable[..., Any]
) -> None:
    for attack in ATTACKS:
        with subtests.test(attack=attack):
            digest = digest_of(limits=[claim_of(attack, "limitations.1", 2)])
            digest = replace(digest, paper=replace(digest.paper, title=attack, authors=(attack,)))
            clean = digest_of(limits=[claim_of("plain words", "limitations.1", 2)])
            for render in (to_html, in_the_reader):
                page, expected = _Page(render(digest)), _Page(render(clean))
                assert not re.search(
                    "[\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069]", render(digest)
                )
                ours = [tag for tag, _ in page.tags if tag != "a"]
                assert ours == [tag for tag, _ in expected.tags if tag != "a"]
                assert SHOWN[attack] in page.text
                for tag, attributes in page.tags:
                    assert not any(name.startswith("on") for name in attributes)
                    if tag == "a":
                        assert str(attributes["href"]).startswith(
                            ("https://", "/view/library/p/digest.", "/view/library/p/export/")
                        )


def _pages_of_the_ui(text: str) -> dict[str, str]:
    """Every template that is no digest's, with ``text`` wherever a paper's words can be."""
    cited = (Citation("p#method.1", f"{text} in full", Span(0, 1), ()),)
    sentence = AnswerQuote(
        Claim(text, "quoted", cited, Support(1.0, "supported", ())), "p", text, text, 1.0
    )
    place = FoundPlace("p", text, text, 2, Span(0, 1))
    pieces = (Piece(text), Piece(text, text), Piece(text, text, True))
    cells = (GridCell(pieces, 2, 2, "rowgroup", False, 3), GridCell(pieces, quoted=True))
    grid = Grid(text, ((GridCell(pieces, scope="col"),),), (cells,), 2)
    seen = Quoted(pieces, (grid,), (Printed("/view/library/p/lines/0-1/0.png", 9, 9, text),))
    cited_sources = [
        (source, place, one)
        for source in sources(Answer(text, (sentence,), ()))
        for one in (seen, replace(seen, tabular=True))
    ]
    answer = {"sources": cited_sources, "query": text}
    papers = [PaperEntries("p", text, (Entry(place, seen, (text,)),), 2)]
    row = PaperRow(text, 1, text, "ok", "", "pdf", 3, "2024-07-05T10:00:00", (text,), text, (text,))
    words = {"say": texts()["en"]}
    said: dict[str, Any] = {**words, "lang": "en", "english_only": True}
    lit = Lit("summary.1", text, [[1.0, 1.0, 1.0, 1.0]])
    card = Card("p", text, text, text, (Piece(text), Piece(text, text)))
    example = Example(card, 1, "/view/library/p", 1.0, 0.0, 0.0, 1.3, (lit,))
    step = Step(
        (
            Line(text, "done", "p", text),
            Line(text, "failed", reason=text),
            Line(text, "now"),
            Line(text, "waiting"),
        ),
        ("read", "embed"),
        "embed",
    )
    tags = PaperTags((text,), (text,))
    listed = ShelfLine(
        "p", text, text, text, text, text, "broken", text, text, (), text, True, tags
    )
    shelf = ShelfPage((listed, replace(listed, status="ok")), ShelfView(), 2, 2, (text,))
    shown = {"page": shelf, "removed": 0, "seconds": 1, "failure": text, "own": True, "forms": ()}
    note = Note(1, text, "", "")
    own = Located(OwnPlace(1, "p", text, None, False, (note,), (text,)), "p", "here")
    line = DayLine("p", text, text, text, text, text, pieces, text, "p", False, False, (text,))
    day = DayList("2024-07-05", (), (line,), 1, 1, True, text)
    alike = AlikeView(text, text, text, cited)
    near_said = {**said, "paper_id": "p", "error": "", "pieces": lambda *_: pieces}
    near = RelatedView("p", text, text, text, text, alike, alike)
    drawn = map_of([row], {text: (0.0, 0.0)})
    return {
        "hits.html": fill("hits.html", papers=papers, query=text, far=True, **said),
        "answer.html": fill("answer.html", found=True, **answer, **said)
        + fill("answer.html", found=False, **answer, **said),
        "home.html": fill("home.html", cards=[card], example=example, count=1, **words),
        "filters.html": fill("filters.html", lists={"of": (text, text, [(text, text)])}, **words),
        "outline.html": fill("outline.html", headings=[Heading(text, 1, 1, 2.0, 0)], **words),
        "pictures.html": fill("pictures.html", map=drawn, timeline=timeline_of([row]), **said),
        "empty.html": fill("empty.html", said=text),
        "adding.html": fill("adding.html", told=text, step=step, **words),
        "shelf.html": fill("shelf.html", **shown, **said),
        "own.html": fill("own.html", tags=(text,), undo=1, seconds=1, **words),
        "own_place.html": fill(
            "own_place.html",
            quote=pieces,
            page=1,
            gone=True,
            address="",
            notes=[note],
            tags=(text,),
            **words,
        ),
        "notes_found.html": fill(
            "notes_found.html", places=[(own, "?paper=p", text)], query=text, **words
        ),
        "today.html": fill("today.html", day=day, **said),
        "today_line.html": fill("today_line.html", said=text),
        "related.html": fill("related.html", at=lambda *_: "?paper=p", views=[near], **near_said)
        + fill("related.html", views=(), error=text, **said),
        "compare_said.html": fill("compare_said.html", error=text, said=text),
        "pages.html": fill(
            "pages.html",
            say=texts()["en"],
            paper_id=text,
            title=text,
            address="/view/library/p",
            version="0",
            sizes=(),
            scales=(1.0, 2.0),
            blocks=[
                ("heading", 0, pieces, None),
                ("paragraph", 9, pieces, None),
                ("paragraph", 9, (), grid),
            ],
        ),
        "place.html": fill("place.html", seen=seen, **words),
    }


def test_the_ui_shows_the_text_and_nothing_else(subtests: pytest.Subtests) -> None:
    for attack in ATTACKS:
        with subtests.test(attack=attack):
            expected = _pages_of_the_ui("plain words")
            for name, shown in _pages_of_the_ui(attack).items():
                page, clean = _Page(shown), _Page(expected[name])
                ours = [tag for tag, _ in page.tags if tag != "mark"]
                assert ours == [tag for tag, _ in clean.tags if tag != "mark"]
                assert SHOWN[attack] in page.text, name
                hidden = {
                    letter for letter in shown if unicodedata.category(letter) in ("Cc", "Cf")
                }
                assert hidden <= set("\n\t\r")
                for _, attributes in page.tags:
                    assert not any(one.startswith("on") for one in attributes)
                    ours_too = ("?paper=", "?q=", "#pages")
                    assert str(attributes.get("href", "?paper=")).startswith(ours_too)


def test_every_template_is_under_attack() -> None:
    templates = {path.name for path in Path(app.show.__file__).parent.glob("templates/*.html")}
    of_digests = {"day.html", "digest.html", "reader.html", "parts.html"}
    of_pages = {"site.html", "index.html", "entry.html"}  # test_day.py
    elsewhere = {"mail.html", "compare.html"}  # test_mail.py, test_compare.py
    macros = {"quoted.html"}  # in hits, answer, pages, place
    of_nobody = {
        "top.html",
        "shell.html",
        "nothing.html",
        "api.html",
        "related_section.html",
    }  # no paper's words
    assert templates == of_digests | of_pages | elsewhere | macros | of_nobody | set(
        _pages_of_the_ui("words")
    )


def test_a_hidden_character_does_not_keep_a_word_from_being_marked() -> None:
    entry = Entry(FoundPlace("p", "p", "", None, Span(0, 1)), Quoted((Piece("lan\u200btern"),)))
    papers = [PaperEntries("p", "p", (entry,), 0)]
    said: dict[str, Any] = {"say": texts()["en"], "english_only": False, "far": False}
    assert "<mark>lantern</mark>" in fill("hits.html", papers=papers, query="lantern", **said)


def test_of_a_long_text_the_part_with_the_words_of_the_query_is_shown() -> None:
    text = "First of all. " * 40 + "Each lantern burns for hours. " + "Much more of it. " * 40
    shown = snippet(text, "how long does a lantern burn")
    assert shown.startswith("… ") and shown.endswith(" …") and "lantern burns" in shown
    assert len(shown) <= 344
    assert snippet("short", "lantern") == "short"
    assert snippet("x" * 1000, "lantern") == f"{'x' * 340} …"
    assert snippet(text, "kite").startswith("First of all.")


def test_front_matter_has_the_seeds_keys_whatever_the_title(
    subtests: pytest.Subtests, digest_of: Callable[..., Digest]
) -> None:
    for attack in ATTACKS:
        with subtests.test(attack=attack):
            digest = digest_of()
            digest = replace(digest, paper=replace(digest.paper, title=attack))
            page = to_hexo(Day(attack, datetime.date(2024, 7, 5), "en", (digest,)))
            before, front, body = re.split(r"^---$", page, maxsplit=2, flags=re.M)
            values = yaml.safe_load(front)
            assert before == ""
            assert list(values) == [
                *(
                    "title",
                    "date",
                    "author",
                    "cover",
                    "categories",
                    "tags",
                    "description",
                    "keywords",
                ),
                *("toc", "toc_number", "toc_style_simple", "copyright", "copyright_author"),
                *("copyright_author_href", "copyright_url", "copyright_info", "mathjax", "katex"),
                *("aplayer", "highlight_shrink", "aside"),
            ]
            assert values["date"] == datetime.datetime(2024, 7, 5)
            assert values["tags"] == [values["title"]] == [values["keywords"]]
            assert values["title"] and values["description"]
            for name in ("title", "description"):  # which themes print as HTML, or escape
                assert not re.search(r"[<>\"'&{}\\`]", values[name])
                assert html.unescape(values[name]) == values[name] == plain(values[name])
            assert not re.search(r"^---$", body, flags=re.M)


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Learning <i>fast</i> and &amp; slow", "Learning fast and ＆ slow"),
        ("Errors with p < 0.05 and q > 3", "Errors with p ‹ 0.05 and q › 3"),
        ("&amp;lt;script&amp;gt;alert(1)", "alert(1)"),
        ("<scr<b>ipt>alert(1)</script>", "‹script›alert(1)"),
        ("A \"plain\" title: 'so'", "A ”plain” title: ’so’"),
    ],
)
def test_titles_for_themes_have_no_markup(
    title: str, shown: str, digest_of: Callable[..., Digest]
) -> None:
    page = to_hexo(Day(title, datetime.date(2024, 7, 5), "en", (digest_of(),)))
    assert yaml.safe_load(page.split("---")[1])["title"] == shown


NAMES = [*ATTACKS, "..", ".", "", "/", "cs.CV", "\\..\\x", "a/../b", "CON"]


def test_file_slug_is_a_plain_name(subtests: pytest.Subtests) -> None:
    for name in NAMES:
        with subtests.test(name=name):
            slug = file_slug(name)
            assert re.fullmatch(r"\w[\w.-]*", slug)
            assert ".." not in slug
            assert len(slug) <= 80


def test_markdown_of_a_digest(lanterns: Digest) -> None:
    text = to_markdown(lanterns)
    assert text.startswith(
        "# Lanterns on Paths\n\n**Authors:** Ada Byron, Bo Li  \n"
        "**Paper:** [2401.00001v2](https://arxiv.org/abs/2401.00001v2)  \n"
        "**Date:** 2024-01-02  \n**Categories:** cs.CV, cs.LG\n\n> Every sentence is quoted"
    )
    assert "\n- Each lantern burns for 3.5 hours. ([p. 2], Method)\n" in text
    assert "\n[p. 2]: https://arxiv.org/pdf/2401.00001v2#page=2\n" in text
    stated = sum(section.status == "stated" for section in lanterns.sections)
    assert text.count("*not stated in the paper*") == len(TEMPLATE) - stated
    assert "failed the check" not in text
    assert "3 sentence(s) failed the check" in to_markdown(replace(lanterns, rejected=3))


def test_a_paper_without_pages_cites_its_sections(
    digest_of: Callable[..., Digest], claim_of: Callable[..., Any]
) -> None:
    digest = digest_of(
        limits=[
            claim_of("We tried no lantern in the rain.", "limitations.1", None),
            claim_of("Each lantern burns for 3.5 hours.", "other.4", None),
        ]
    )
    text = to_markdown(digest)
    assert "in the rain. (Limitations)" in text
    assert "hours. (other.4)" in text
    assert "[p." not in text


def test_chinese_headings_leave_quotes_as_they_are(digest_of: Callable[..., Digest]) -> None:
    text = to_markdown(digest_of("zh"))
    assert "## 结论" in text
    assert "Each lantern burns for 3.5 hours. ([第 2 页], 方法)" in text
    assert "论文中未说明" in text
    assert "英文原文" in text
    assert '<html lang="zh-CN">' in to_html(digest_of("zh"))


def test_a_sentence_that_is_no_quote_shows_the_words_it_rests_on(
    digest_of: Callable[..., Digest], claim_of: Callable[..., Any]
) -> None:
    words = "Each lantern burns for 3.5 hours."
    digest = digest_of(method=[claim_of(words, "method.1", 2, text="Lanterns burn 3.5 h.")])
    assert f'<blockquote lang="en">{words}</blockquote>' in to_html(digest)
    assert "rests on words of the paper" in to_markdown(digest)


def test_html_makes_no_request_and_runs_no_script(lanterns: Digest) -> None:
    for page in (
        to_html(lanterns),
        to_html_day(Day("cs.CV", datetime.date(2024, 7, 5), "en", (lanterns,))),
    ):
        tags = _Page(page).tags
        assert not {"script", "iframe", "object", "img"} & {tag for tag, _ in tags}
        links = {str(attributes["href"]) for tag, attributes in tags if tag == "link"}
        assert links <= {"data:,", "feed.xml"}  # an empty icon, and what feed readers look for
        assert "default-src 'none'" in page
        assert "color-scheme: light dark" in page
        assert "width=device-width" in page
        assert "url(" not in page


def test_html_shows_a_figure_under_its_caption(
    digest_of: Callable[..., Digest], claim_of: Callable[..., Any]
) -> None:
    digest = digest_of(figures=[claim_of("Figure 1: A lantern.", "method.1", 2)])
    picture = Picture("Figure 1", "data:image/png;base64,iVBORw==", 30, 20)
    page = to_html(digest, QuoteContext(pictures={"figures.1": picture}))
    (image,) = [attributes for tag, attributes in _Page(page).tags if tag == "img"]
    assert image["src"] == picture.file
    assert (image["width"], image["height"]) == ("30", "20")
    assert image["alt"] == "Picture: Figure 1"


def test_the_reader_names_its_sentences_as_the_index_does(lanterns: Digest) -> None:
    names = re.findall(r'data-sentence="([^"]+)"', in_the_reader(lanterns))
    assert names == [one.id.rpartition("/")[2] for one in claim_records(lanterns)]
    assert names == ["summary.1", "method.1", "method.2", "limits.1"]


def test_an_address_that_is_not_http_is_no_link(lanterns: Digest) -> None:
    for url in ("javascript:alert(1)", "https://x.org/) [a](javascript:b", "file:///etc/passwd"):
        digest = replace(lanterns, paper=replace(lanterns.paper, url=url))
        assert url not in to_markdown(digest)
        assert not [tag for tag, _ in _Page(to_html(digest)).tags if tag == "a"]


@pytest.mark.parametrize(
    ("news", "said", "said_in_chinese"),
    [
        (
            {"newest": 3},
            "Version 3 is on arXiv; this digest is of version 2: gloss add 2401.00001v3",
            "arXiv 上已有第 3 版",
        ),
        ({"withdrawn": True}, "Withdrawn on arXiv.", "撤稿"),
        ({}, "", ""),
    ],
)
def test_what_has_happened_since_stands_above_the_digest(
    lanterns: Digest, news: dict[str, Any], said: str, said_in_chinese: str
) -> None:
    digest = replace(lanterns, paper=replace(lanterns.paper, **news))
    day = datetime.date(2024, 7, 5)
    quiet = replace(lanterns, paper=replace(lanterns.paper))
    assert (to_markdown(digest) == to_markdown(quiet)) == (not news)
    for shown in (
        to_markdown(digest),
        to_html(digest),
        in_the_reader(digest),
        to_hexo(Day("cs.CV", day, "en", (digest,))),
        to_html_day(Day("cs.CV", day, "en", (digest,))),
    ):
        assert said in shown
        assert shown.count("2401.00001v2") >= 1  # a digest names its version
    assert said_in_chinese in to_markdown(replace(digest, lang="zh"))
    header = DigestShape.of(digest).model_dump()["paper"]
    assert (header["newest"], header["withdrawn"]) == (news.get("newest"), "withdrawn" in news)


def test_a_translated_sentence_has_its_english_and_the_page_says_so(lanterns: Digest) -> None:
    chinese = "每盏灯燃烧3.5小时。"
    sections = tuple(
        replace(
            section,
            items=tuple(
                replace(claim, text=chinese, origin="translated", english=claim.text)
                if "3.5 hours" in claim.text
                else claim
                for claim in section.items
            ),
        )
        for section in lanterns.sections
    )
    digest = replace(lanterns, lang="zh", writer="local", sections=sections)
    markdown = to_markdown(digest)
    assert chinese in markdown
    assert "译自经核对的英文句子" in markdown and "论文中未说明" in markdown
    document = DigestShape.of(digest).model_dump()
    items = {item["text"]: item for s in document["sections"] for item in s["items"]}
    assert items[chinese]["english"] == "Each lantern burns for 3.5 hours."
    assert items[chinese]["origin"] == "translated"
    assert all("english" not in item for text, item in items.items() if text != chinese)


def test_what_is_still_english_in_a_chinese_digest_is_marked_and_explained(
    digest_of: Callable[..., Digest], claim_of: Callable[..., Any]
) -> None:
    shorter = claim_of("Each lantern burns for 3.5 hours.", "method.1", 2, text="It burns 3.5 h.")
    chinese = replace(shorter, text="它燃烧3.5小时。", origin="translated", english=shorter.text)
    quoted = claim_of("We tried no lantern in the rain.", "limitations.1", 2)
    for claim, marked in ((shorter, True), (quoted, True), (chinese, False)):
        digest = replace(digest_of("zh", limits=[claim]), writer="local")
        for page in (to_html(digest), in_the_reader(digest)):
            assert bool(re.search(f'<(span|p)[^>]* lang="en">{claim.text}</', page)) == marked
            assert claim.text in page
        assert "译文未通过核对的仍为英文" in to_markdown(digest)
        assert f'<span lang="en">{claim.text}' not in to_html(replace(digest, lang="en"))


def _letters_left(page: str, digest: Digest) -> set[str]:
    """Words in Latin letters that a reader sees and that are not the paper's."""
    paper = digest.paper
    own = [claim.text for claim in digest.claims]
    own += [cited.quote for claim in digest.claims for cited in claim.citations]
    own += [paper.title, *paper.authors, *paper.categories, paper.id]
    known = {word for text in own for word in re.findall("[A-Za-z]+", text)}
    return set(re.findall("[A-Za-z]+", page)) - known


@pytest.mark.parametrize("writer", ["extractive", "local"])
def test_all_fixed_words_of_a_chinese_digest_are_chinese(
    writer: str, digest_of: Callable[..., Digest], claim_of: Callable[..., Any]
) -> None:
    said = "We measure how well lanterns light a path."
    roles = list(ROLE_TITLES)
    sections = {
        item.name: [claim_of(said, f"{roles[at % len(roles)]}.1", 1)]
        for at, item in enumerate(TEMPLATE)
        if at % 4  # and some that are not stated
    }
    digest = replace(digest_of("zh", **sections), writer=writer, rejected=2)
    for news in ({}, {"newest": 3}, {"withdrawn": True}):
        told = replace(digest, paper=replace(digest.paper, **news))
        seen = " ".join(_Page(in_the_reader(told, "zh")).words)
        command = {"gloss", "add"} if "newest" in news else set()
        forms = {"Markdown", "HTML", "JSON", "BibTeX", "English", "OpenAI"}
        forms |= {"Zotero", "EndNote", "Obsidian", "RIS", "CSL", "ZIP"}
        forms |= set("GLOSS_ENDPOINT__URL GLOSS_ENDPOINT__MODEL".replace("_", " ").split())
        assert _letters_left(seen, told) - {"v", "arXiv"} == command | forms
        seen = "".join(_Page(MarkdownIt("commonmark").render(to_markdown(told))).words)
        assert _letters_left(seen, told) - {"v", "arXiv"} == command


def test_json_is_what_the_design_says(lanterns: Digest) -> None:
    document = json.loads(DigestShape.of(lanterns).to_json())
    assert set(document) == {"paper", "lang", "writer", "sections", "rejected", "lock"}
    assert document["paper"] == {
        "id": "2401.00001",
        "version": 2,
        "title": "Lanterns on Paths",
        "authors": ["Ada Byron", "Bo Li"],
        "date": "2024-01-02",
        "categories": ["cs.CV", "cs.LG"],
        "source": "pdf",
        "url": "https://arxiv.org/abs/2401.00001v2",
        "losses": [],
        "newest": None,
        "withdrawn": False,
    }
    sections = {section["name"]: section for section in document["sections"]}
    assert list(sections) == [item.name for item in TEMPLATE]
    assert sections["keywords"] == {"name": "keywords", "items": [], "status": "not stated"}
    item = sections["limits"]["items"][0]
    assert sections["limits"]["status"] == "stated"
    assert item["support"] == {"score": 1.0, "verdict": "supported"}
    citation = item["citations"][0]
    assert citation["passage_id"] == "2401.00001#limitations.1"
    assert citation["quote"] == item["text"] == "We tried no lantern in the rain."
    assert citation["page"] == 2
    assert citation["boxes"][0] == {"page": 2, "x0": 72, "y0": 100, "x1": 300, "y1": 112}


def test_query_words_match_whole_words_and_longer_forms() -> None:
    pattern = query_words("lantern of light a")
    assert pattern is not None
    found = pattern.findall("Lanterns often lit the lighthouse of lamplight")
    assert found == ["Lanterns", "lighthouse"]
    only_common = query_words("what is it")
    assert only_common is not None
    assert only_common.findall("It is here") == ["It", "is"]
    assert query_words("? !") is None


def test_bibtex_has_what_is_known_and_nothing_else(lanterns: Digest) -> None:
    assert to_bibtex(lanterns.paper) == (
        "@misc{byron2024lanterns,\n"
        "  title = {{Lanterns on Paths}},\n"
        "  author = {Ada Byron and Bo Li},\n"
        "  year = {2024},\n"
        "  eprint = {2401.00001},\n"
        "  archivePrefix = {arXiv},\n"
        "  primaryClass = {cs.CV},\n"
        "  month = jan,\n"
        "  url = {https://arxiv.org/abs/2401.00001v2},\n"
        "}\n"
    )
    bare = replace(lanterns.paper, authors=(), date=None, categories=(), url=None, id="my notes")
    assert to_bibtex(bare) == "@misc{gloss:my-notes,\n  title = {{Lanterns on Paths}},\n}\n"
    vague = replace(bare, authors=("The Lamp, Oil and Wick Group", "Łukasz Żak"), date="2017")
    assert "author = {{The Lamp, Oil and Wick Group} and Łukasz Żak}" in to_bibtex(vague)
    assert "year = {2017}" in to_bibtex(vague) and "month" not in to_bibtex(vague)


@pytest.mark.parametrize("attack", ["50% of $x_1$ & {all} ~^#\\end{document}", "}{\\input{a}", "{"])
def test_bibtex_keeps_its_braces_whatever_a_title_says(attack: str, lanterns: Digest) -> None:
    entry = to_bibtex(replace(lanterns.paper, title=attack, authors=(attack,)))
    assert entry.count("{") == entry.count("}")  # which is how BibTeX finds the end of a field
    depth = 0
    for letter in entry:
        depth += (letter == "{") - (letter == "}")
        assert depth >= 0
    assert not re.search(r"(?<!\\)[%&$#_~^]", entry.replace("gloss_", ""))
    assert "\\input" not in entry and "\\end" not in entry
