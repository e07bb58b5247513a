"""What is read: ids, Markdown, HTML, front matter, arXiv's XML, lines of front pages, sentences."""

from __future__ import annotations

import math
import os
import re
import sqlite3
import tempfile
from contextlib import suppress
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from material import (
    CANARY,
    DOCUMENT,
    HTML,
    PIECE,
    REFERENCE,
    SENTENCE,
    TEXT,
    XML,
    front_matter,
    html_tree,
)
from targets import target

from index.catalog.pack import pack, unpack
from index.catalog.words import every, in_words
from index.errors import GlossError
from index.fetch import feeds
from index.fetch.polite import RETRY_AFTER_MOST, page_words, retry_after_seconds
from index.paper import Paper
from index.read.front.identity import identify, iso_date
from index.read.front.title import find_title
from index.read.markup.html import read_html
from index.read.markup.markdown import read_markdown
from index.read.markup.matter import read_matter
from index.read.page.pages import Line, PageContent, PageWord, Style
from index.read.page.pdf import Pages
from index.read.page.refused import UnreadableError
from index.read.text.headings import parse_heading, title_role
from index.read.text.sentences import split_sentences
from index.read.understand import understand
from index.reference import ARXIV_ID, parse_reference
from index.sources import find_sources, key_of
from index.spans import Span
from index.split import split

FOLDER = Path(tempfile.mkdtemp(prefix="gloss-fuzz-"))


def letters(text: str) -> str:
    """The letters and digits of a text, without what stands between them."""
    return "".join(re.findall(r"[^\W_]", text))


def count_tokens(texts: list[str]) -> list[int]:
    """Words, as pieces of a model."""
    return [len(text.split()) for text in texts]


def whole(paper: Paper) -> None:
    """A paper that was read: all that points into its text does, and it is stored as it is."""
    size = len(paper.text)
    spans = [one.span for one in (*paper.sections, *paper.sentences, *paper.blocks)]
    spans += [*paper.affiliations, *([paper.abstract] if paper.abstract else ())]
    spans += [cell.span for table in paper.tables for row in table.rows for cell in row]
    assert all(0 <= span.start <= span.end <= size for span in spans)
    sentences = [one.span for one in paper.sentences]
    assert all(a.end <= b.start for a, b in pairwise(sentences))
    assert all(span.of(paper.text).strip() for span in sentences)
    for one in paper.author_affiliations:
        assert all(0 <= number < len(paper.affiliations) for number in one)
    passages = split(paper, count_tokens, 20, 30)
    assert all(one.text == one.span.of(paper.text) for one in passages)
    assert all(a.span.end <= b.span.start for a, b in pairwise(passages))
    assert len({one.id for one in passages}) == len(passages)
    assert unpack(pack(paper)) == paper


@target(REFERENCE, 4)
def references(text: str) -> None:
    """What is understood as a paper is spelled so that it is understood as the same one."""
    found = parse_reference(text)
    assert find_sources([text.replace("/", "∕").replace("~", "-")]).papers in ((), (found,))
    if found is None:
        return
    assert parse_reference(str(found)) == found
    assert ARXIV_ID.fullmatch(str(found)) and str(found).isascii()
    key = key_of(str(found))
    assert (key.paper, key.version, key.arxiv) == (found.id, found.version, True)


@target(st.tuples(TEXT, TEXT), 3)
def identities(given: tuple[str, str]) -> None:
    """An id is a name: no path, nothing hidden, no option; a date is one of the calendar."""
    name, stamp = given
    found = identify(name, stamp, "0" * 64)
    assert found.id and not re.search(r"[\x00-\x1f\s]|\.\./", found.id)
    assert found.id.strip("-.") and not found.id.startswith(("-", ".", "/"))
    dates = [iso_date(name), found.date]
    with suppress(GlossError):
        dates.append(feeds.iso_date(name))
    for said in dates:
        if said is not None:
            date.fromisoformat(said + "-01-01"[: 10 - len(said)] if len(said) < 10 else said)


@target(TEXT, 10)
def headers(text: str) -> None:
    """A wait is a number of seconds within its bounds; a page's words are one printable line."""
    wait = retry_after_seconds(text)
    assert wait is None or (math.isfinite(wait) and 0 <= wait <= RETRY_AFTER_MOST)
    said = page_words(text.encode("utf-8", "surrogatepass"))
    assert len(said) <= 160 and said.isprintable()


def _written(name: str, text: str) -> Path:
    path = FOLDER / f"{os.getpid()}-{name}"
    path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    return path


@target(st.one_of(DOCUMENT, front_matter()), 0.3)
def markdown(text: str) -> None:
    """A paper or None; what points into it does; its words are the file's."""
    try:
        paper = read_markdown(_written("a.md", text), "a")
    except UnreadableError:
        return
    if paper is not None:
        whole(paper)


@target(front_matter(), 0.5)
def matter(text: str) -> None:
    """What follows the front matter is the end of the file; its fields are plain texts."""
    found, body = read_matter(text)
    assert text.endswith(body)
    for said in (found.title, found.abstract, *found.authors, *found.places, *found.keywords):
        assert isinstance(said, str)
        assert letters(said) == "" or len(letters(said)) <= 4 * len(text)
    for numbers in found.author_places:
        assert all(0 <= number < len(found.places) for number in numbers)
    if found.date is not None:
        date.fromisoformat(found.date + "-01-01"[: 10 - len(found.date)])


@target(st.one_of(HTML, HTML, DOCUMENT), 1)
def html(text: str) -> None:
    """A paper or None, whatever the tags are; what points into it does."""
    try:
        paper = read_html(_written("a.html", text), "a")
    except UnreadableError:
        return
    if paper is not None:
        whole(paper)


@target(html_tree(), 0.2)
def html_unseen(text: str) -> None:
    """What nobody sees is not in the paper, and is reported where it has a sentence's words."""
    paper = read_html(_written("b.html", text), "b")
    if paper is None:  # a NUL, as other files than HTML have
        assert "\x00" in text
        return
    whole(paper)
    assert CANARY not in paper.text and CANARY not in paper.title
    seen = re.sub(r"<(script|style)>.*?</\1>|<!--.*?-->", "", text, flags=re.S)
    if "<p hidden>" in seen or "display:none" in seen:
        assert any(CANARY in one.text for one in paper.findings)


@target(XML, 2)
def arxiv_xml(text: str) -> None:
    """An answer of arXiv is what it should be or a ``FetchError``; no entity is expanded."""
    content = text.encode("utf-8", "surrogatepass")
    for read in (
        lambda: feeds.read_atom(content, "a", "u"),
        lambda: feeds.read_rss(content, "a", "u"),
        lambda: feeds.read_oai(content, "a", "u", "p"),
    ):
        try:
            read()
        except GlossError as error:
            assert "\n" not in str(error) and len(str(error)) < 1000
    said = feeds.plain_text(text)
    assert said == " ".join(said.split())
    assert all(name.strip() for name in feeds.author_names(text))


@target(DOCUMENT, 5)
def sentences(text: str) -> None:
    """Sentences are in order, apart, and leave no letter of the text out."""
    spans = list(split_sentences(text, Span(0, len(text))))
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert all(span.of(text).strip() for span in spans)
    assert letters("".join(span.of(text) for span in spans)) == letters(text)


@target(TEXT, 9)
def headings(text: str) -> None:
    """A heading's number and title are its own letters, and its role is always the same."""
    found = parse_heading(text)
    assert letters(found.title) in letters(text)
    assert title_role(found.title) == title_role(found.title)


_STORE = sqlite3.connect(":memory:")
_STORE.execute("CREATE VIRTUAL TABLE store USING fts5(words)")


@target(st.tuples(TEXT, TEXT), 4)
def phrases(given: tuple[str, str]) -> None:
    """A phrase of any signs is found where its words stand in a row, and is no syntax of FTS5."""
    text, quoted = given
    phrase = in_words(quoted)
    if not phrase:
        return
    number = _STORE.execute(
        "INSERT INTO store (words) VALUES (?)", (in_words(f"{text} {quoted} {text}"),)
    ).lastrowid
    query = "SELECT count(*) FROM store WHERE store MATCH ?"
    assert _STORE.execute(query, (every([phrase]),)).fetchone() == (1,)
    _STORE.execute("DELETE FROM store WHERE rowid = ?", (number,))


_STYLES = [
    Style(size, bold, False, maths, raised, False, font)
    for size, bold, maths, raised, font in (
        (17.0, True, False, False, "CMBX17"),
        (10.0, False, False, False, "CMR10"),
        (10.0, True, False, False, "CMBX10"),
        (7.0, False, False, True, "CMR7"),
        (10.0, False, True, False, "CMMI10"),
        (0.5, False, False, False, ""),
    )
]
_PRINTED = (
    "Leaves", "of", "Sparse", "Trees", "Ada", "Byron", "Bo", "Li", "van", "der", "Berg", "and", "&",
    "University", "Institute", "of", "Kiel,", "Paris", "1", "2,3", "∗", "†", "*", ",", ";",
    "Abstract", "Abstract—We", "1", "Introduction", "a.byron@kiel.example", "{a,b}@c.example",
    "arXiv:2407.03300v1", "Figure", "Table", "References", "[1]", "Keywords:", "CVPR", "2024",
    "ORCID", "Dr.", "Jr.", "李", "明",
)  # fmt: skip
_TOKEN = st.one_of(
    st.sampled_from(_PRINTED),
    st.sampled_from(_PRINTED),
    PIECE.map(lambda text: "".join(text.split())).filter(bool),
)
_PRINTED_LINE = st.tuples(
    st.integers(0, 40),  # where it begins, in tens of points
    st.integers(0, 5),  # what it is from the line above, in fives
    st.integers(0, 5),  # its style
    st.lists(_TOKEN, min_size=1, max_size=8),
    st.integers(0, 9),  # a word of another style
)


def _pages(rows: list[Any]) -> Pages:
    pages: list[PageContent] = []
    lines: list[Line] = []
    top = 60.0
    for number, (left, gap, style, tokens, odd) in enumerate(rows):
        x = 10.0 * left
        top += 5.0 * gap
        words = []
        for at, token in enumerate(tokens):
            own = _STYLES[(style + (at == odd) * 3) % len(_STYLES)]
            width = 0.5 * own.size * len(token)
            words.append(PageWord(token, x, top, x + width, top + own.size, ((token, own),)))
            x += width + 3 + 40 * (odd == 9)
        lines.append(Line(len(pages) + 1, number // 3, words))
        if top > 700:
            pages.append(_page(lines))
            lines, top = [], 60.0
    return Pages([*pages, _page(lines, len(pages) + 1)], len(pages) + 1, 0)


def _page(lines: list[Line], number: int = 0) -> PageContent:
    said = "\n".join(line.text for line in lines)
    return PageContent(number or lines[0].page, 612.0, 792.0, lines, printed=said)


@target(st.lists(_PRINTED_LINE, min_size=1, max_size=30), 0.15)
def front_pages(rows: list[Any]) -> None:
    """Any lines on a page are a paper: its title and names are printed there, no letter is new."""
    printed = letters(" ".join(token for row in rows for token in row[3]))
    lines = _pages(rows).pages[0].lines
    assert all(one in lines for one in find_title(lines, 792.0))
    paper = understand(_pages(rows), identify("a", "", "0" * 64))
    whole(paper)
    known = set(_folded(printed))
    for said in (paper.title, *paper.authors):
        assert set(_folded(letters(said))) <= known
    assert len(letters(paper.text)) <= 2 * len(printed)


def _folded(text: str) -> str:
    import unicodedata

    return "".join(one for one in unicodedata.normalize("NFKD", text).casefold() if one.isalnum())


@target(SENTENCE, 5)
def queries(text: str) -> None:
    """A question of any words is understood, and has no more words than it says."""
    from app.answer.questions import question_of

    asked = question_of(text)
    assert len(asked.words) == len(asked.stems) == len(set(asked.stems))
    assert len(asked.words) <= len(text)
