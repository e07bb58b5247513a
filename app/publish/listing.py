"""What is in the folder of the pages: a list that programs read, an index, an Atom feed.

``pages.json`` is gloss's own. It remembers what neither the library nor the pages can tell: when a
page last changed, the id that readers' programs know it by, the papers that could not be had and
are still to be fetched.
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.controls import escaped_in_json
from app.digest import Language
from app.publish.day import DAY_WORDS, anchor, counted, topic_title
from app.show.html import fill, style
from app.show.katex import NO_FORMULAS
from app.show.text import plain
from index.disk import read_file
from index.errors import GlossError

MANIFEST, INDEX, FEED = "pages.json", "index.html", "feed.xml"
_LARGEST = 200_000_000  # bytes of a list: some hundred thousand papers
TITLE = "Paper digests"
# Pages in the feed: programs that read feeds come daily, so weeks of several categories.
FEED_ENTRIES = 60
# Days of which the index names the papers; of those before it names the pages.
INDEX_RECENT = 14
ATOM = "http://www.w3.org/2005/Atom"
# What XML 1.0 cannot have at all: https://www.w3.org/TR/xml/#charsets.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class PagesUnusable(GlossError):
    """``pages.json`` is not one that gloss wrote."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}; mend it, or move it away to begin with an empty index")
        self.path = path
        self.why = why


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class PublishedPaper(_Kept):
    """A paper on a page."""

    id: str
    version: int | None = None
    title: str
    summary: str = ""


class PublishedPage(_Kept):
    """A page: which one it is, what is on it, since when it is as it is (ISO, UTC)."""

    stem: str
    topic: str
    date: datetime.date
    lang: Language
    id: str  # an IRI that stays (RFC 4287, 4.2.6)
    published: str
    updated: str
    papers: tuple[PublishedPaper, ...]
    failed: tuple[str, ...] = ()  # what its foot says of papers that are not on it
    files: tuple[str, ...] = ()  # the pictures in its folder

    @property
    def html(self) -> str:
        """The address of its HTML, beside the index."""
        return f"{quote(self.stem)}.html"


class PublishedFailure(_Kept):
    """A paper that came up on a day and could not be had or read."""

    id: str
    date: datetime.date
    reason: str
    title: str = ""
    categories: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()  # the queries that found it


class Waiting(_Kept):
    """A paper that is still to be fetched, as ``2407.03300v1``, and since when."""

    id: str
    since: datetime.date
    topics: tuple[str, ...] = ()  # the queries that found it


class QueryFinds(_Kept):
    """The papers that a query found, by id, of those that came in on one day."""

    topic: str
    date: datetime.date
    ids: tuple[str, ...]


class Mailed(_Kept):
    """The papers of a day that went out by e-mail; ``due``: a message was not taken."""

    date: datetime.date
    ids: tuple[str, ...] = ()
    due: bool = False


class Published(_Kept):
    """All that ``pages.json`` says."""

    format: Literal[1] = 1
    id: str = Field(default_factory=lambda: uuid.uuid4().urn)  # of the feed
    title: str = TITLE
    pages: tuple[PublishedPage, ...] = ()  # the newest day first
    failures: tuple[PublishedFailure, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    found: tuple[QueryFinds, ...] = ()
    mailed: tuple[Mailed, ...] = ()

    def page(self, stem: str) -> PublishedPage | None:
        """The page of that name."""
        return next((page for page in self.pages if page.stem == stem), None)

    def found_by(self, topic: str, date: datetime.date) -> frozenset[str]:
        """What a query found of the papers that came in on a day."""
        same = (one.ids for one in self.found if (one.topic, one.date) == (topic, date))
        return frozenset().union(*same)

    def mailed_on(self, date: datetime.date) -> Mailed:
        """What went out of a day."""
        return next((one for one in self.mailed if one.date == date), Mailed(date=date))

    def with_mailed(self, mailed: Mailed) -> Published:
        """With what went out of a day, in place of what was known of it."""
        others = (one for one in self.mailed if one.date != mailed.date)
        return self.changed(mailed=tuple(sorted((*others, mailed), key=lambda one: one.date)))

    def with_page(self, page: PublishedPage) -> Published:
        """With a page in place of the one of that name."""
        others = (one for one in self.pages if one.stem != page.stem)
        return self.changed(pages=_newest_first([page, *others]))

    def changed(self, **values: Any) -> Published:
        """With other values."""
        return self.model_copy(update=values)

    def without_lost(self, folder: Path) -> Published:
        """Without the pages whose file somebody took away."""
        return self.changed(
            pages=tuple(one for one in self.pages if (folder / f"{one.stem}.html").is_file())
        )

    def to_json(self) -> str:
        """As ``pages.json``."""
        return escaped_in_json(self.model_dump_json(indent=1)) + "\n"


def read_published(folder: Path) -> Published:
    """What the folder says of itself; nothing yet where it has no ``pages.json``.

    Raises ``PagesUnusable``.
    """
    path = folder / MANIFEST
    try:
        text = read_file(path, _LARGEST).decode("utf-8")
    except FileNotFoundError:
        return Published()
    except (OSError, UnicodeDecodeError) as error:
        raise PagesUnusable(path, f"cannot be read: {error}") from error
    try:
        return Published.model_validate_json(text)
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in wrong["loc"])
        raise PagesUnusable(path, plain(f"{where}: {wrong['msg']}".lstrip(": "))) from error


def entry_id(published: Published, stem: str, date: datetime.date, pages_url: str) -> str:
    """The id of a new page: a tag (RFC 4151) of its place, or a URN where none is known.

    It is kept with the page, so that it stays what it is when the pages move.
    """
    host = urlsplit(pages_url).hostname
    if host:
        below = quote(urlsplit(pages_url).path.strip("/"))
        return f"tag:{host},{date.isoformat()}:{below}{'/' if below else ''}{quote(stem)}"
    return uuid.uuid5(uuid.UUID(published.id), stem).urn


def _newest_first(pages: Sequence[PublishedPage]) -> tuple[PublishedPage, ...]:
    by_topic = sorted(pages, key=lambda page: (page.topic.casefold(), page.lang))
    return tuple(sorted(by_topic, key=lambda page: page.date, reverse=True))


def to_index(published: Published) -> str:
    """The page that lists all pages, by day."""
    days: list[dict[str, Any]] = []
    for date, pages in groupby(published.pages, key=lambda page: page.date):
        days.append(
            {
                "date": date.isoformat(),
                "recent": len(days) < INDEX_RECENT,
                "pages": [
                    {
                        "html": page.html,
                        "topic": topic_title(page.topic, page.lang),
                        "lang": page.lang,
                        "count": counted(len(page.papers), page.lang),
                        "papers": _papers(page),
                    }
                    for page in pages
                ],
            }
        )
    return fill(
        "index.html",
        title=published.title,
        days=days,
        style=style("site.css"),
        formulas=NO_FORMULAS,
    )


def _papers(page: PublishedPage) -> list[dict[str, str]]:
    return [
        {"anchor": anchor(one.id), "title": one.title, "summary": one.summary}
        for one in page.papers
    ]


def to_atom(published: Published, pages_url: str = "") -> str:
    """The feed (RFC 4287), an entry for each page, the newest first.

    Without ``pages_url``, where the pages are published, its links are relative to itself.
    """
    base = f"{pages_url.rstrip('/')}/" if pages_url else ""
    pages = published.pages[:FEED_ENTRIES]
    feed = ElementTree.Element("feed", {"xmlns": ATOM})
    _text(feed, "id", published.id)
    _text(feed, "title", published.title)
    newest = max((page.updated for page in published.pages), default="1970-01-01T00:00:00Z")
    _text(feed, "updated", newest)
    _text(ElementTree.SubElement(feed, "author"), "name", "gloss")
    _text(feed, "generator", "gloss")
    ElementTree.SubElement(feed, "link", {"rel": "alternate", "href": f"{base}{INDEX}"})
    if base:
        ElementTree.SubElement(feed, "link", {"rel": "self", "href": f"{base}{FEED}"})
    for page in pages:
        entry = ElementTree.SubElement(feed, "entry", {"xml:lang": _language(page.lang)})
        _text(entry, "id", page.id)
        _text(entry, "title", f"{topic_title(page.topic, page.lang)}: {_update(page)}")
        _text(entry, "published", page.published)
        _text(entry, "updated", page.updated)
        link = {"rel": "alternate", "type": "text/html", "href": base + page.html}
        ElementTree.SubElement(entry, "link", link)
        ElementTree.SubElement(entry, "category", {"term": _xml(page.topic)})
        content = fill(
            "entry.html",
            html=base + page.html,
            papers=_papers(page),
            failed=page.failed,
            missing=DAY_WORDS["missing"][page.lang],
        )
        _text(entry, "content", content, type="html")
    ElementTree.indent(feed)
    body = ElementTree.tostring(feed, encoding="unicode", short_empty_elements=True)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def _language(lang: Language) -> str:
    return "zh-CN" if lang == "zh" else "en"


def _update(page: PublishedPage) -> str:
    return DAY_WORDS["update"][page.lang].format(page.date.isoformat())


def _text(parent: ElementTree.Element, name: str, text: str, **attributes: str) -> None:
    ElementTree.SubElement(parent, name, attributes).text = _xml(text)


def _xml(text: str) -> str:
    return _NO_XML.sub("", text)
