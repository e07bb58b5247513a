"""What is printed: a paper's words in each form are its words, and nothing else."""

from __future__ import annotations

import datetime
import html
import html.parser
import io
import json
import re
import unicodedata
from functools import cache
from xml.etree import ElementTree

import yaml
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from material import SENTENCE, TEXT
from rich.console import Console
from targets import target

from app.choose.template import TEMPLATE
from app.controls import escaped_in_json, without_controls
from app.digest import Claim, Digest, DigestSection, Header, Support
from app.documents.digests import DigestShape
from app.publish.day import Day, FailedPaper, to_hexo, to_html_day
from app.publish.listing import Published, PublishedPage, PublishedPaper, to_atom, to_index
from app.show.bibtex import escape_tex, to_bibtex
from app.show.html import fill, to_html
from app.show.markdown import escape_link_text, escape_markdown, to_markdown
from app.show.text import addresses_in, file_slug, plain, web_address
from index.hits import Citation
from index.spans import Box, Span

PLAIN = "plain words"
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufe00-\ufe0f\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
COMMONMARK = MarkdownIt("commonmark")
GENEROUS = MarkdownIt("js-default", {"html": True})


class Page(html.parser.HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def names(self, without: frozenset[str] = frozenset()) -> list[str]:
        """The elements' names in order."""
        return [tag for tag, _ in self.tags if tag not in without]

    @property
    def text(self) -> str:
        """Its words, a space between them."""
        return " ".join("".join(self.words).replace("\u2060", "").split())


def shown(text: str) -> str:
    """What a page must show of a text, spaces of any kind as one."""
    return " ".join(plain(text).split())


A = frozenset({"a"})


@target(TEXT, 2)
def markdown_text(text: str) -> None:
    """Escaped for Markdown, a text is itself: one paragraph, no element but links to the web."""
    for renderer in (COMMONMARK, GENEROUS):
        for before, around in (("", ["p"]), ("- ", ["ul", "li"]), ("## ", ["h2"])):
            page = Page(renderer.render(before + escape_markdown(text)))
            if not shown(text):
                continue
            assert page.names(A) == around
            assert page.text == shown(text)
            for tag, attributes in page.tags:
                if tag == "a":
                    assert re.match(r"https?://", str(attributes["href"]))
    assert not re.search(r"\{[{%#]", GENEROUS.render(escape_markdown(text)))


@target(TEXT, 2)
def link_text(text: str) -> None:
    """The words of a link are one link, whatever they are."""
    if not shown(text):
        return
    for renderer in (COMMONMARK, GENEROUS):
        page = Page(renderer.render(f"1. [{escape_link_text(text)}](#place)"))
        assert page.names() == ["ol", "li", "a"]
        assert page.tags[-1][1] == {"href": "#place"}
        assert page.text == shown(text)


@target(TEXT, 5)
def terminal(text: str) -> None:
    """A line on a terminal has no sign that steers it and no second line."""
    said = plain(text)
    assert not HIDDEN.search(said) and len(said.splitlines()) <= 1
    assert plain(said) == said
    out = io.StringIO()
    console = Console(markup=False, emoji=False, highlight=False, file=out, width=40)
    console.print(said, soft_wrap=True)
    assert out.getvalue() == f"{said}\n"
    assert all(web_address(one) == one for one in addresses_in(text))


@target(st.one_of(TEXT, st.lists(TEXT, max_size=3), st.dictionaries(TEXT, TEXT, max_size=3)), 4)
def json_text(value: object) -> None:
    """JSON of a text is read as the same text, and steers nothing."""
    printed = escaped_in_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(printed) == value
    assert not HIDDEN.search(printed)


@target(TEXT, 12)
def file_names(text: str) -> None:
    """A file's name is one, in its folder, not hidden, the same again."""
    name = file_slug(text)
    assert name and not re.search(r"[/\\\x00\s:]|\.\.", name)
    assert name[0] not in ".-" and len(name) <= 80
    assert file_slug(name) == name


@target(TEXT, 7)
def tex(text: str) -> None:
    """A BibTeX entry has its braces in pairs, and no command of the text's."""
    header = _header(text)
    entry = to_bibtex(header)
    bare = re.sub(r"\\[\\{}]", "", entry)
    assert bare.count("{") == bare.count("}")
    assert "\\input" not in entry and "\\write" not in escape_tex(text).replace("\\\\", "")


@target(TEXT, 1)
def markup(text: str) -> None:
    """A template shows a text and nothing else, with words marked or not."""
    for name in ("today_line.html", "empty.html"):
        page, clean = Page(fill(name, said=text)), Page(fill(name, said=PLAIN))
        assert page.names() == clean.names()
        assert [list(a) for _, a in page.tags] == [list(a) for _, a in clean.tags]
        assert shown(text) in page.text


def _header(text: str) -> Header:
    return Header(
        id="2401.00001",
        version=2,
        title=text,
        authors=(text, "Bo Li"),
        date="2024-01-02",
        categories=("cs.CV",),
        source="pdf",
        url="https://arxiv.org/abs/2401.00001v2",
    )


def _digest(text: str) -> Digest:
    box = Box(2, 72, 100, 300, 112)
    cited = (Citation("2401.00001#method.1", f"{text} in full", Span(0, 1), (box,)),)
    support = Support(1.0, "supported", ("verbatim",))
    claims = (
        Claim(text, "quoted", cited, support),
        Claim(f"{text} so", "compressed", cited, support),
    )
    filled = {"method": claims, "limits": claims[:1]}
    sections = tuple(DigestSection(one.name, filled.get(one.name, ())) for one in TEMPLATE)
    return Digest(_header(text), "en", "extractive", sections, lock={"model": "none"})


@cache
def _clean(form: str) -> Page:
    return _forms(PLAIN, form)


def _forms(text: str, form: str) -> Page:
    digest = _digest(text)
    if form == "html":
        return Page(to_html(digest))
    if form == "md":
        return Page(GENEROUS.render(to_markdown(digest)))
    if form == "day":
        failed = (FailedPaper(text, text, text),)
        return Page(to_html_day(_day(text, digest, failed)))
    if form == "index":
        return Page(to_index(_published(text).changed(title=text)))
    _, _front, body = re.split(r"^---$", to_hexo(_day(text, digest)), maxsplit=2, flags=re.M)
    return Page(GENEROUS.render(body))


def _day(text: str, digest: Digest, failed: tuple[FailedPaper, ...] = ()) -> Day:
    return Day(text, datetime.date(2024, 7, 5), "en", (digest, digest), failed)


def _published(text: str) -> Published:
    paper = PublishedPaper(id=text, title=text, summary=text)
    return Published(
        id="urn:uuid:00000000-0000-0000-0000-000000000001",
        pages=(
            PublishedPage(
                stem="2024-07-05-cs.cv",
                topic=text,
                date=datetime.date(2024, 7, 5),
                lang="en",
                id="tag:a",
                published="2024-07-05T10:00:00Z",
                updated="2024-07-05T11:00:00Z",
                papers=(paper,),
                failed=(text,),
            ),
        ),
    )


@target(st.tuples(st.sampled_from(("html", "md", "day", "index", "hexo")), TEXT), 0.2)
def pages(given: tuple[str, str]) -> None:
    """A page of any form has the elements of one with plain words, and shows the text."""
    form, text = given
    if not shown(text):
        return
    page, clean = _forms(text, form), _clean(form)
    assert page.names(A) == clean.names(A), form
    assert shown(text) in page.text, form
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes), form
        if tag == "a" and "href" in attributes:
            assert not re.match(r"\s*(?:javascript|data|vbscript):", str(attributes["href"]), re.I)


@target(TEXT, 0.3)
def hexo_front_matter(text: str) -> None:
    """The front matter of a page for Hexo is YAML of known keys, without markup in its values."""
    page = to_hexo(_day(text, _digest(text)))
    before, front, body = re.split(r"^---$", page, maxsplit=2, flags=re.M)
    values = yaml.safe_load(front)
    assert before == "" and list(values) == _known_keys()
    for name in ("title", "description", "keywords"):
        assert isinstance(values[name], str)
        assert not re.search(r"[<>\"'&{}\\`]", values[name])
        assert html.unescape(values[name]) == values[name] == plain(values[name])
    assert not re.search(r"^---$", body, flags=re.M)


@cache
def _known_keys() -> list[str]:
    page = to_hexo(_day(PLAIN, _digest(PLAIN)))
    return list(yaml.safe_load(page.split("---")[1]))


@target(TEXT, 1)
def feed(text: str) -> None:
    """The feed is well-formed XML, and its entries show the text alone."""
    tree = ElementTree.fromstring(to_atom(_published(text), "https://a.example/"))
    atom = "{http://www.w3.org/2005/Atom}"
    entry = tree.find(f"{atom}entry")
    assert entry is not None
    content = Page(str(entry.findtext(f"{atom}content")))
    assert set(content.names()) <= {"ol", "li", "a", "br", "p"}
    allowed = "".join(one for one in shown(text) if unicodedata.category(one) not in ("Cc", "Cs"))
    assert " ".join(_in_xml(allowed).split()) in content.text
    assert not HIDDEN.search("".join(entry.itertext()))


def _in_xml(text: str) -> str:
    return re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


@target(SENTENCE, 0.6)
def digest_json(text: str) -> None:
    """A digest as JSON has the text as it is."""
    document = json.loads(DigestShape.of(_digest(text)).to_json())
    assert document["paper"]["title"] == text
    assert text in json.dumps(document, ensure_ascii=False) or json.dumps(text)[1:-1]
    said = [one["text"] for section in document["sections"] for one in section["items"]]
    assert said.count(text) == 2
    assert without_controls(text) == without_controls(without_controls(text))
