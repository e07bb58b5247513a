"""What all formats have in common: texts on one line, dates, DOIs, arXiv ids, notes in HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser

from index.entries import Entry
from index.reference import parse_reference

# https://www.crossref.org/blog/dois-and-matching-regular-expressions/
_DOI = re.compile(r"10\.\d{4,9}/[-._;()/:A-Za-z0-9<>\[\]]+")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
TEXT_MOST = 20_000  # characters of a value: an abstract has 2,000
_LISTED = 3_000  # of authors, tags, notes, files: physics has lists of thousands
_BLOCKS = frozenset(("p", "div", "br", "li", "h1", "h2", "h3", "blockquote", "tr"))

# What an item of Zotero's is, as a type of CSL: https://www.zotero.org/support/kb/item_types_and_fields
ZOTERO_KINDS = {
    "journalArticle": "article-journal",
    "conferencePaper": "paper-conference",
    "bookSection": "chapter",
    "book": "book",
    "report": "report",
    "thesis": "thesis",
    "webpage": "webpage",
    "preprint": "article",
}


def one_line(value: object) -> str:
    """A value as text on one line; empty for what is none. Half characters are left out."""
    if not isinstance(value, str | int | float):
        return ""
    text = str(value)[:TEXT_MOST].encode(errors="ignore").decode()
    return " ".join(text.split())


def listed(values: Iterable[object]) -> tuple[str, ...]:
    """Values on one line, those that say something, each once."""
    texts = (one_line(value) for value, _ in zip(values, range(_LISTED), strict=False))
    return tuple(dict.fromkeys(filter(None, texts)))


def doi_of(*values: object) -> str:
    """The first DOI in any of the values."""
    for value in values:
        found = _DOI.search(one_line(value))
        if found:
            return found[0].rstrip(".,;)")
    return ""


def arxiv_of(*values: object) -> str:
    """The first arXiv id that one of the values is, or that stands after "arXiv:" in it."""
    for value in values:
        text = one_line(value)
        named = re.search(r"arxiv:\s*([\w./-]+)", text, re.IGNORECASE)
        for part in (text, named[1] if named else ""):
            reference = parse_reference(part)
            if reference is not None:
                return str(reference)
    return ""


def date_of(value: object) -> str:
    """A date as ISO as far as it is known: "2017-06"; empty for what has no year."""
    text = one_line(value).replace("/", "-")
    iso = re.match(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?(?!\d)", text)
    if iso:
        month, day = int(iso[2] or 0), int(iso[3] or 0)
        return iso_date(int(iso[1]), month, day)
    year = re.search(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)", text)
    if year is None:
        return ""
    word = re.search("|".join(_MONTHS), text.lower())
    return iso_date(int(year[0]), _MONTHS.index(word[0]) + 1 if word else 0, 0)


def iso_date(year: int, month: int, day: int) -> str:
    """As in "2017-06-12"; without what is out of range."""
    if not 1 <= year <= 9999:
        return ""
    if not 1 <= month <= 12:
        return f"{year:04}"
    return f"{year:04}-{month:02}" + (f"-{day:02}" if 1 <= day <= 31 else "")


def with_title(entries: Iterable[Entry]) -> list[Entry]:
    """Those entries that have a title: of others nobody would know what they are."""
    return [entry for entry in entries if entry.title]


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _BLOCKS:
            self.said.append("\n")


def note_of(value: object) -> str:
    """A note, which Zotero has as HTML, as text with its paragraphs."""
    if not isinstance(value, str):
        return ""
    text = value[:TEXT_MOST].encode(errors="ignore").decode()
    if "<" in text:
        parser = _Text()
        parser.feed(text)
        text = "".join(parser.said)
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)
