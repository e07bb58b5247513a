"""A day's page, the index and the feed: text is data in them, and they stand alone."""

from __future__ import annotations

import datetime
import html.parser
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from browsing import context_of, needs_chromium, settles
from playwright.sync_api import expect
from test_render import ATTACKS

from app.digest import Digest
from app.publish.day import Day, FailedPaper, anchor, to_hexo, to_html_day
from app.publish.listing import Published, PublishedPage, PublishedPaper, to_atom, to_index
from app.publish.site import write_file, write_listed
from app.show.html import PUBLISHED, to_html
from app.show.html import script as script_of
from app.show.katex import FOLDER_BESIDE, files_beside
from app.show.markdown import to_markdown
from app.show.pieces import Piece, Sentence
from app.show.text import plain
from app.show.views import Picture, QuoteContext
from app.write.claims import claim_records

DATE = datetime.date(2024, 7, 5)
ATOM = "{http://www.w3.org/2005/Atom}"
APP = "https://app.example.org/gloss/"


ATTACKS = ATTACKS


class _Page(html.parser.HTMLParser):
    """The elements and the words of a page; ``article`` only those inside of one."""

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

    def of(self, tag: str, attribute: str) -> list[str]:
        return [
            str(found[attribute]) for name, found in self.tags if name == tag and attribute in found
        ]


def _day(digests: list[Digest], **other: Any) -> Day:
    return Day(**{"topic": "cs.CV", "date": DATE, "lang": "en", "digests": tuple(digests), **other})


def _titled(digest: Digest, title: str, paper_id: str = "2401.00001") -> Digest:
    return replace(digest, paper=replace(digest.paper, title=title, id=paper_id))


def _published(*titles: str, **page: Any) -> Published:
    papers = tuple(
        PublishedPaper(id=f"2401.0000{n}", title=title, summary=title)
        for n, title in enumerate(titles)
    )
    values = {
        "stem": "2024-07-05-cs.cv",
        "topic": "cs.CV",
        "date": DATE,
        "lang": "en",
        "id": "urn:uuid:00000000-0000-0000-0000-000000000002",
        "published": "2024-07-05T10:00:00Z",
        "updated": "2024-07-05T11:00:00Z",
        "papers": papers,
    }
    return Published(
        id="urn:uuid:00000000-0000-0000-0000-000000000001",
        pages=(PublishedPage(**{**values, **page}),),
    )


def test_pages_show_the_text_and_nothing_else(
    subtests: pytest.Subtests, digest_of: Callable[..., Digest], claim_of: Callable[..., Any]
) -> None:
    for attack in ATTACKS:
        with subtests.test(attack=attack):

            def shown(words: str) -> list[str]:
                method = [
                    claim_of(words, "method.1", 2),
                    claim_of(words, "method.1", 2, text=words),
                ]
                digest = _titled(digest_of(method=method), words)
                digest = replace(digest, paper=replace(digest.paper, authors=(words,) * 20))
                failed = (FailedPaper(words, words, words),)
                picture = {(digest.paper.id, "method.1"): Picture(words, "f/a.png", 1, 1)}
                day = _day(
                    [digest, digest], topic=words, failed=failed, pictures=picture, app_url=APP
                )
                published = _published(words, topic=words, failed=(words,))
                return [to_html_day(day), to_index(published.changed(title=words))]

            for page, expected in zip(shown(attack), shown("plain words"), strict=True):
                seen, clean = _Page(page), _Page(expected)
                ours = [tag for tag, _ in seen.tags if tag != "a"]
                assert ours == [tag for tag, _ in clean.tags if tag != "a"]
                assert plain(attack) in seen.text
                hidden = {letter for letter in page if unicodedata.category(letter) in ("Cc", "Cf")}
                assert hidden <= set("\n\t\r")
                for tag, attributes in seen.tags:
                    assert not any(name.startswith("on") for name in attributes)
                    if tag == "a":
                        address = str(attributes["href"])
                        assert re.match(
                            r"https://(arxiv|app|e)|#|index\.html|feed\.xml|2024-07-05", address
                        )


def test_the_feed_is_well_formed_whatever_the_title(subtests: pytest.Subtests) -> None:
    for attack in ATTACKS:
        with subtests.test(attack=attack):
            feed = ElementTree.fromstring(
                to_atom(_published(attack, topic=attack, failed=(attack,)))
            )
            entry = feed.find(f"{ATOM}entry")
            assert entry is not None
            assert " ".join(str(entry.findtext(f"{ATOM}title")).split()).startswith(plain(attack))
            content = _Page(str(entry.findtext(f"{ATOM}content")))
            assert {tag for tag, _ in content.tags} == {"ol", "li", "a", "br", "p"}
            assert content.text.count(plain(attack)) >= 3


def test_a_page_of_several_papers_begins_with_their_list(lanterns: Digest) -> None:
    digests = [_titled(lanterns, "First", "2401.00001"), _titled(lanterns, "Second", "a/b")]
    page = _Page(to_html_day(_day(digests)))
    ids = page.of("article", "id")
    assert ids == ["paper-2401.00001", "paper-a-b"] == [anchor("2401.00001"), anchor("a/b")]
    assert [href for href in page.of("a", "href") if href.startswith("#paper-2")] == [f"#{ids[0]}"]
    markdown = to_hexo(_day(digests))
    assert "1. [First](#paper-2401.00001)\n2. [Second](#paper-a-b)\n" in markdown
    assert markdown.index('<a id="paper-a-b"></a>') < markdown.index("## Second")
    alone = to_hexo(_day(digests[:1]))
    assert "<a id" not in alone and "](#" not in alone
    assert 'class="contents"' not in to_html_day(_day(digests[:1]))


def test_papers_and_sentences_link_into_the_app(lanterns: Digest) -> None:
    day = _day([lanterns], app_url=APP)
    sentences = [one.id.rpartition("/")[2] for one in claim_records(lanterns)]
    assert sentences == ["summary.1", "method.1", "method.2", "limits.1"]
    address = f"{APP}?paper=2401.00001"
    expected = [address, *(f"{address}&sentence={name}" for name in sentences)]
    page = _Page(to_html_day(day))
    assert [href for href in page.of("a", "href") if href.startswith(APP)] == expected
    assert re.findall(r"\]\((https://app[^)]*)\)", to_hexo(day)) == expected
    assert APP not in to_html_day(_day([lanterns])) + to_hexo(_day([lanterns]))
    odd = _day([_titled(lanterns, "x", 'a) [b](c&d="e')], app_url=APP)
    assert "?paper=a%29+%5Bb%5D%28c%26d%3D%22e)" in to_hexo(odd)


def test_a_sentence_that_is_no_quote_has_its_quote_under_it(
    digest_of: Callable[..., Digest], claim_of: Callable[..., Any]
) -> None:
    quote = "Each lantern *burns* for 3.5 hours."
    worded = claim_of(quote, "method.1", 2, text="Lanterns burn 3.5 h.")
    alone, listed = digest_of(method=[worded]), digest_of(method=[worded, worded])
    escaped = "“Each lantern \\*burns\\* for 3.5 hours.”"
    assert f"\nLanterns burn 3.5 h. ([p. 2], Method)\n> {escaped}\n\n" in to_markdown(alone)
    assert f"\n- Lanterns burn 3.5 h. ([p. 2], Method)\n  > {escaped}\n- L" in to_markdown(listed)
    assert f"\n  > {escaped}\n" in to_hexo(_day([listed]))
    both = replace(worded, citations=worded.citations * 2)
    assert f"\n> {escaped}\n>\n> {escaped}\n" in to_markdown(digest_of(method=[both]))
    page = to_html_day(_day([alone]))
    assert f'<blockquote lang="en">{quote}</blockquote>' in page and "<details" in page
    plain_page = to_html_day(_day([digest_of()])) + to_markdown(digest_of())
    assert "<blockquote" not in plain_page and "“" not in plain_page
    from markdown_it import MarkdownIt

    for text in (to_markdown(alone), to_markdown(listed)):
        shown = _Page(MarkdownIt("commonmark").render(text))
        assert quote in shown.text


def test_pictures_stand_by_their_captions(
    digest_of: Callable[..., Digest], claim_of: Callable[..., Any]
) -> None:
    captions = [claim_of(f"Figure {n}: A lantern.", "method.1", 2) for n in (1, 2)]
    digest = digest_of(figures=captions)
    picture = Picture("Figure 2", "2024-07-05-cs.cv/a-figure-2.png", 300, 200)
    day = _day([digest], pictures={("2401.00001", "figures.2"): picture})
    markdown = to_hexo(day)
    assert "\n  ![Figure 2](2024-07-05-cs.cv/a-figure-2.png)\n" in markdown
    assert "\npermalink: 2024-07-05-cs.cv.html\n" in markdown
    (image,) = (found for tag, found in _Page(to_html_day(day)).tags if tag == "img")
    assert image == {
        "src": "2024-07-05-cs.cv/a-figure-2.png",
        "width": "300",
        "height": "200",
        "loading": "lazy",
        "decoding": "async",
        "alt": "Picture: Figure 2",
    }
    assert "permalink" not in to_hexo(_day([digest]))
    # The same caption in another paper has no picture.
    other = _titled(digest, "Other", "2401.00002")
    assert to_hexo(replace(day, digests=(other,))).count("![") == 0
    assert to_html(digest).count("<img") == 0


def test_long_lists_of_authors_are_folded(lanterns: Digest) -> None:
    names = tuple(f"Author {n}" for n in range(1, 40))
    many = replace(lanterns, paper=replace(lanterns.paper, authors=names))
    page = to_html_day(_day([many]))
    assert "Author 9, Author 10 <details" in page and "and 29 more" in page
    assert "Author 39" in page
    few = replace(lanterns, paper=replace(lanterns.paper, authors=names[:12]))
    assert "Author 11, Author 12" in to_html_day(_day([few]))


def test_a_chinese_page_says_so(digest_of: Callable[..., Digest]) -> None:
    failed = (FailedPaper("2401.00009v2", "broken: cut short"),)
    day = _day([digest_of("zh")], lang="zh", topic="all", failed=failed)
    assert day.stem == "2024-07-05-all-zh"
    page = to_html_day(day)
    assert '<html lang="zh-CN">' in page and "全部论文" in page and "未收录" in page
    assert 'href="https://arxiv.org/abs/2401.00009v2"' in page
    assert "## 未收录" in to_hexo(day)


# The feed, by RFC 4287.


def test_the_feed_is_one_by_its_specification() -> None:
    one = _published("A", "B").pages[0]
    later = one.model_copy(
        update={
            "stem": "2024-07-06-cs.cv",
            "date": DATE + datetime.timedelta(days=1),
            "id": "tag:example.org,2024-07-06:2024-07-06-cs.cv",
            "updated": "2024-07-06T11:00:00Z",
            "lang": "zh",
        }
    )
    published = _published().changed(pages=(later, one))
    for base in ("", "https://example.org/papers/"):
        text = to_atom(published, base)
        feed = ElementTree.fromstring(text)
        assert feed.tag == f"{ATOM}feed"
        for element in (feed, *feed.findall(f"{ATOM}entry")):
            for name in ("id", "title", "updated"):  # 4.1.1, 4.1.2: exactly one of each
                assert len(element.findall(f"{ATOM}{name}")) == 1
            assert re.match(r"(urn|tag|https?):\S+$", str(element.findtext(f"{ATOM}id")))
            updated = str(element.findtext(f"{ATOM}updated"))  # 3.3
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", updated)
            links = element.findall(f"{ATOM}link")
            alternate = [link for link in links if link.get("rel") == "alternate"]
            assert len({link.get("type") for link in alternate}) == len(alternate) == 1
        assert feed.findtext(f"{ATOM}author/{ATOM}name")  # holds for all entries: 4.2.1
        ids = [one.text for one in feed.iter(f"{ATOM}id")]
        assert len(set(ids)) == len(ids) == 3
        assert feed.findtext(f"{ATOM}updated") == "2024-07-06T11:00:00Z"
        addresses = [str(link.get("href")) for link in feed.iter(f"{ATOM}link")]
        assert all(address.startswith(base) for address in addresses)
        selves = [
            link.get("href") for link in feed.iter(f"{ATOM}link") if link.get("rel") == "self"
        ]
        assert selves == ([f"{base}feed.xml"] if base else [])
        assert f'href="{base}2024-07-05-cs.cv.html#paper-2401.00000"' in str(
            feed.findall(f"{ATOM}entry/{ATOM}content")[1].text
        )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_feed_reader_reads_it() -> None:
    import feedparser

    read = feedparser.parse(to_atom(_published("A & B", "<c>"), "https://example.org/"))
    assert (read.bozo, read.version) == (False, "atom10")
    assert (read.feed.author, read.feed.title) == ("gloss", "Paper digests")
    (entry,) = read.entries
    assert (entry.title, entry.link, entry.updated) == (
        "cs.CV: Update of 2024-07-05",
        "https://example.org/2024-07-05-cs.cv.html",
        "2024-07-05T11:00:00Z",
    )
    assert "A &amp; B" in entry.content[0].value and "&lt;c&gt;" in entry.content[0].value


def test_an_empty_folder_has_an_index_and_a_feed(tmp_path: Path) -> None:
    write_listed(tmp_path, Published(), "")
    assert "No page yet." in (tmp_path / "index.html").read_text()
    assert not ElementTree.parse(tmp_path / "feed.xml").findall(f"{ATOM}entry")


# In a browser.


@needs_chromium
def test_a_page_asks_nobody_else_and_fits_a_phone(
    browser: Any, digest_of: Callable[..., Digest], claim_of: Callable[..., Any], tmp_path: Path
) -> None:
    import io

    from PIL import Image

    address = "https://example.org/" + "a-very-long-path/" * 12
    worded = claim_of("Each lantern burns.", "method.1", 2, text="Lanterns burn.")
    digest = digest_of(
        links=[claim_of(address, "method.1", 2)],
        method=[worded],
        figures=[claim_of("Figure 1: A lantern.", "method.1", 2)],
    )
    digest = replace(digest, paper=replace(digest.paper, authors=("Ada Byron",) * 30))
    data = io.BytesIO()
    Image.new("RGB", (1200, 300), "white").save(data, "PNG")
    pictures = {("2401.00001", "figures.1"): Picture("Figure 1", "day/figure.png", 800, 200)}
    failed = (FailedPaper("2401.00009", "broken: " + "x" * 300),)
    root = "\\frac{a}{b}" * 40
    written = Sentence(
        (Piece("Lanterns burn "), Piece("a/b", root), Piece("x", "\\href{https://x.org}{x}")),
        ((Piece("Each lantern burns "), Piece("sum", "\\sum_{i=1}^n i", True)),),
    )
    day = _day(
        [digest, _titled(digest, "L" * 200, "b")],
        pictures=pictures,
        failed=failed,
        formulas={"2401.00001": {"method.1": written}},
    )
    for name, script in files_beside(script_of(*PUBLISHED)).items():
        write_file(tmp_path / FOLDER_BESIDE / name, script)
    alone = to_html(digest, QuoteContext(formulas={"method.1": written}))
    write_file(tmp_path / "alone.html", alone.encode())
    write_file(tmp_path / "day" / "figure.png", data.getvalue())
    write_file(tmp_path / "day.html", to_html_day(replace(day, app_url=APP)).encode())
    write_listed(tmp_path, _published("L" * 200, topic="x" * 100), "")
    context = context_of(browser, viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text))
    for name in ("day.html", "index.html"):
        page.goto((tmp_path / name).as_uri())
        settles(page, "innerWidth", 390)
        settles(page, "document.documentElement.scrollWidth <= innerWidth", True)
    page.goto((tmp_path / "day.html").as_uri())
    page.locator("img").first.scroll_into_view_if_needed()
    settles(page, "document.images[0].naturalWidth", 1200)
    expect(page.locator("body")).to_have_css("background-color", "rgb(23, 24, 26)")
    quotes = page.locator("blockquote")
    expect(quotes.first).to_be_hidden()
    for name in ("alone.html", "day.html"):
        page.goto((tmp_path / name).as_uri())
        expect(page.locator(".item .tex.set .katex")).to_have_count(2)
        expect(page.get_by_text("x", exact=True)).to_have_class("tex")  # what asks for trust stays
        settles(page, "document.fonts.check('12px KaTeX_Main')", True)
        settles(page, "document.documentElement.scrollWidth <= innerWidth", True)
    page.locator(".quote summary").first.click()
    expect(quotes.first).to_be_visible()
    page.reload()
    page.emulate_media(media="print", color_scheme="light")
    height = "document.querySelector('blockquote').getBoundingClientRect().height"
    settles(page, f"{height} > 0", True)
    expect(page.locator("header nav")).to_be_hidden()
    context.close()
    assert {url.partition(str(tmp_path))[0] for url in asked if not url.startswith("data:")} == {
        "file://"
    }
    assert wrong == []
