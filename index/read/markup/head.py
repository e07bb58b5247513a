"""Reads a web page's metadata of the paper: addresses, ``meta`` elements, arXiv's stamp."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from index.read.front.identity import Identity, identify, is_stamp, iso_date
from index.read.markup.tree import Walk, classes, local_name, text_of
from index.read.page.unicode import plain
from index.reference import ARXIV_ID

if TYPE_CHECKING:
    from index.read.markup.tree import Element

_CANONICAL, _BASE, _LINK = range(3)


class Page:
    """What a page says about its paper outside the text: addresses, ``meta`` elements, a stamp."""

    def __init__(self, tree: Element) -> None:
        self._meta: dict[str, list[str]] = {}
        self._addresses: list[tuple[int, str]] = []  # the most reliable kind first
        self._stamp = ""
        self.document_title = ""
        latexml = inside = False
        walk = Walk(tree)
        for event, element in walk:
            tag = local_name(element)
            if tag == "article":
                inside = event == "start"
                latexml = latexml or "ltx_document" in classes(element)
                walk.skip()
            if event == "start" and not inside:
                self._look(tag, element)
        if not latexml:  # any page may link to a paper
            self._addresses = [(rank, href) for rank, href in self._addresses if rank < _LINK]

    def _look(self, tag: str, element: Element) -> None:
        href = (element.get("href") or "").strip()
        if tag == "meta":
            key = (element.get("name") or element.get("property") or "").lower()
            value = plain(element.get("content") or "")
            if key and value:
                self._meta.setdefault(key, []).append(value)
        elif tag == "link" and "canonical" in (element.get("rel") or "").lower().split():
            self._addresses.append((_CANONICAL, href))
        elif tag == "base":
            self._addresses.append((_BASE, href))
        elif tag == "a" and "/abs/" in href:
            self._addresses.append((_LINK, href))
        elif tag == "title" and not self.document_title:
            said = plain(element.text or "")
            number = re.match(r"\[([\w.-]+(?:/\d+)?)\]\s*", said)  # ar5iv's
            if number:
                self._addresses.append((_LINK, f"https://arxiv.org/abs/{number[1]}"))
            self.document_title = said[number.end() :] if number else said
        elif element.get("id") == "watermark-tr":
            said = plain(text_of(element))
            self._stamp = said if is_stamp(said) else ""

    @property
    def title(self) -> str:
        """As the page's ``meta`` elements give it."""
        return next(iter(self._meta.get("citation_title", self._meta.get("dc.title", []))), "")

    @property
    def authors(self) -> tuple[str, ...]:
        """As the page's ``meta`` elements give them."""
        found = self._meta.get("citation_author", self._meta.get("dc.creator", []))
        return tuple(dict.fromkeys(_name_first(name) for name in found))

    def identity(self, name: str, sha256: str, given: str | None) -> Identity:
        """From arXiv's stamp, else from the addresses that the page gives itself, else its name."""
        located = next(iter(self._meta.get("citation_arxiv_id", [])), "")
        ranked = sorted(self._addresses, key=lambda address: address[0])
        found = [located, *(_arxiv_address(href, rank) for rank, href in ranked)]
        told = next((one for one in found if ARXIV_ID.fullmatch(one)), "")
        named = identify(name, "", sha256, given)
        from_page = identify(told or name, self._stamp, sha256, given)
        if from_page.version is None and named.id == from_page.id:
            from_page = replace(from_page, version=named.version)
        if from_page.date is None or len(from_page.date) < len("2024-07-03"):
            from_page = replace(from_page, date=self._date or from_page.date)
        return from_page

    @property
    def _date(self) -> str | None:
        keys = ("citation_date", "citation_publication_date", "citation_online_date", "dc.date",
                "article:published_time")  # fmt: skip
        for value in (value for key in keys for value in self._meta.get(key, [])):
            found = iso_date(value)
            if found is not None:
                return found
        return None


def _arxiv_address(href: str, rank: int) -> str:
    """The id in the address of a page of arXiv's or ar5iv's, else nothing."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return ""
    host = (parts.hostname or "").removeprefix("www.")
    ours = host in ("ar5iv.org",) or host == "arxiv.org" or host.endswith(".arxiv.org")
    match = re.match(r"/(?:abs|html|pdf)/(.+?)/?$", parts.path)
    return match[1] if match and (ours or (not host and rank == _BASE)) else ""


def _name_first(name: str) -> str:
    """ "Lovelace, Ada" is Ada Lovelace."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma and "," not in first else name
