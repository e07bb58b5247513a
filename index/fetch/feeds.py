"""What arXiv announces and lists, as XML: RSS, OAI-PMH and Atom, read without trusting them.

defusedxml, because it refuses entities, with which a kilobyte of XML becomes gigabytes. pylatexenc
turns the TeX accents that arXiv keeps in titles and names into letters.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Literal, get_args
from xml.etree.ElementTree import Element, ParseError

from index.errors import FetchError
from index.paper import Record
from index.reference import Reference, parse_reference

_log = logging.getLogger(__name__)

AnnouncementKind = Literal["new", "cross", "replace", "replace-cross"]
ANNOUNCEMENT_KINDS: tuple[AnnouncementKind, ...] = get_args(AnnouncementKind)

_ATOM = "{http://www.w3.org/2005/Atom}"
_OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_RAW = "{http://arxiv.org/OAI/arXivRaw/}"


@dataclass(frozen=True, slots=True)
class Announcement:
    """A paper in the announcement of a day."""

    id: str  # without version
    version: int
    kind: AnnouncementKind
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]  # the primary one first


@dataclass(frozen=True, slots=True)
class Feed:
    """The announcements in a category on one day; none on weekends and holidays."""

    published: str  # ISO date of the announcement, in arXiv's own time zone
    announcements: tuple[Announcement, ...]


@dataclass(frozen=True, slots=True)
class Harvest:
    """One page of a list of records, and the token that asks for the next; empty at the end."""

    records: tuple[Record, ...]
    token: str


@dataclass(frozen=True, slots=True)
class AtomPage:
    """The header of a page of the API's answer, before its entries are read."""

    total: int  # results of the whole query; for a list of ids, the unknown ones are counted too
    entries: int  # on this page, that are papers
    error: str  # arXiv's own words where the query failed, else empty


def parse_xml(content: bytes, root: str, asked: str, kind: str, url: str) -> Element:
    """The tree of ``content``, whose root is ``root``.

    Raises ``FetchError`` saying that ``asked`` was answered with no ``kind``: for malformed XML, a
    page of HTML, another document, and one with entities.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        tree: Element = fromstring(content)
    except DefusedXmlException as error:
        reason = "it has entities, which no answer of arXiv's has"
        raise _no_feed(asked, kind, reason, url) from error
    except (ParseError, ValueError, LookupError) as error:
        reason = "it is HTML" if _is_html(content) else f"it is malformed: {error}"
        raise _no_feed(asked, kind, reason, url) from error
    if tree.tag != root:
        name = tree.tag.rpartition("}")[2]
        raise _no_feed(asked, kind, f"it is <{name}>", url)
    return tree


def _no_feed(asked: str, kind: str, reason: str, url: str) -> FetchError:
    return FetchError(
        asked, f"arXiv answered something that is no {kind} ({reason})", "try again later", url
    )


def _is_html(content: bytes) -> bool:
    return re.match(rb"(?i)\s*(?:<!doctype\s+html|<html|<head|<body)", content) is not None


def read_atom(content: bytes, asked: str, url: str) -> AtomPage:
    """A page of https://info.arxiv.org/help/api/user-manual.html, checked and counted.

    Raises ``FetchError`` where it is no Atom feed.
    """
    tree = parse_xml(content, f"{_ATOM}feed", asked, "feed", url)
    entries, error = 0, ""
    for entry in tree.iterfind(f"{_ATOM}entry"):
        place = _text(entry, f"{_ATOM}id")
        if "/api/errors" in place:
            error = _text(entry, f"{_ATOM}summary") or place
        elif place and _text(entry, f"{_ATOM}updated") and _text(entry, f"{_ATOM}published"):
            entries += 1
    total = _text(tree, f"{_OPENSEARCH}totalResults")
    return AtomPage(int(total) if total.isdecimal() else entries, entries, error)


def read_rss(content: bytes, asked: str, url: str) -> Feed:
    """The announcement of a day (https://info.arxiv.org/help/rss.html).

    A feed without items is a day without papers; whatever is no feed is a ``FetchError``.
    """
    tree = parse_xml(content, "rss", asked, "RSS feed", url)
    channel = tree.find("channel")
    if channel is None:
        raise _no_feed(asked, "RSS feed", "it has no channel", url)
    title = _text(channel, "title")
    if title.lower().startswith("feed error"):
        reason = _text(channel, "description") or title
        raise FetchError(asked, f"arXiv says: {reason}", "check the category", url)
    published = _day(_text(channel, "pubDate") or _text(channel, "lastBuildDate"))
    if not published:
        raise _no_feed(asked, "RSS feed", "it has no date", url)
    return Feed(published, tuple(_announcements(channel.iterfind("item"))))


def _announcements(items: Iterable[Element]) -> Iterable[Announcement]:
    for item in items:
        guid, kind = _text(item, "guid"), _text(item, f"{_ARXIV}announce_type")
        reference = parse_reference(guid.removeprefix("oai:arXiv.org:"))
        known = next((one for one in ANNOUNCEMENT_KINDS if one == kind), None)
        if reference is None or reference.version is None or known is None:
            _log.warning("an announcement was left out: id %r, kind %r", guid, kind)
            continue
        # "arXiv:2407.03300v1 Announce Type: new \nAbstract: ..."
        abstract = re.sub(
            r"\s*arXiv:\S+\s+Announce Type:\s*\S+\s+(?:Abstract:\s*)?",
            "",
            item.findtext("description") or "",
            count=1,
        )
        yield Announcement(
            id=reference.id,
            version=reference.version,
            kind=known,
            title=plain_text(_text(item, "title")),
            abstract=plain_text(abstract),
            authors=author_names(_text(item, f"{_DUBLIN_CORE}creator")),
            categories=tuple(
                " ".join((one.text or "").split()) for one in item.iterfind("category")
            ),
        )


def read_oai(content: bytes, asked: str, url: str, pdf: str) -> Harvest:
    """One page of ListRecords in the arXivRaw format (https://info.arxiv.org/help/oa/index.html).

    ``pdf`` is the address below which the PDFs lie. A record that was deleted is left out, and
    "noRecordsMatch" is an empty page; raises ``FetchError`` for any other error and where it is no
    OAI-PMH.
    """
    tree = parse_xml(content, f"{_OAI}OAI-PMH", asked, "OAI-PMH", url)
    error = tree.find(f"{_OAI}error")
    if error is not None:
        code = error.get("code", "")
        if code == "noRecordsMatch":
            return Harvest((), "")
        advice = "check the category and the date"
        if code == "badResumptionToken":
            advice = "the list has changed or expired half-way: run it again"
        words = " ".join((error.text or "").split())
        raise FetchError(asked, f"arXiv says {code}: {words}", advice, url)
    page = tree.find(f"{_OAI}ListRecords")
    if page is None:
        raise _no_feed(asked, "list of records", "it has none", url)
    records: list[Record] = []
    for record in page.iterfind(f"{_OAI}record"):
        header = record.find(f"{_OAI}header")
        if header is not None and header.get("status") == "deleted":
            continue
        raw = record.find(f"{_OAI}metadata/{_RAW}arXivRaw")
        understood = None if raw is None else _record(raw, pdf)
        if understood is None:
            name = "" if header is None else _text(header, f"{_OAI}identifier")
            _log.warning("a record was left out: %r has no id or no version", name)
        else:
            records.append(understood)
    return Harvest(tuple(records), _text(page, f"{_OAI}resumptionToken"))


def _record(raw: Element, pdf: str) -> Record | None:
    """A record in arXivRaw (http://arxiv.org/OAI/arXivRaw.xsd), or nothing where it is none."""
    reference = parse_reference(_text(raw, f"{_RAW}id"))
    versions = {
        int(number[1:]): one
        for one in raw.iterfind(f"{_RAW}version")
        if re.fullmatch("v[0-9]{1,4}", number := one.get("version", ""))
    }
    if reference is None or not versions:
        return None
    newest = max(versions)
    comment = plain_text(_text(raw, f"{_RAW}comments"))
    abstract = plain_text(_text(raw, f"{_RAW}abstract"))
    # "I" is arXiv's flag for a version whose source was withdrawn; its size is then 0kb. The size
    # alone says nothing: it is 0kb as well where arXiv does not know it.
    gone = "I" in _text(versions[newest], f"{_RAW}source_type")
    return Record(
        id=reference.id,
        version=newest,
        title=plain_text(_text(raw, f"{_RAW}title")),
        authors=author_names(_text(raw, f"{_RAW}authors")),
        abstract=abstract,
        published=_day(_text(versions[min(versions)], f"{_RAW}date")),
        updated=_day(_text(versions[newest], f"{_RAW}date")),
        categories=tuple(_text(raw, f"{_RAW}categories").split()),
        comment=comment,
        doi=_text(raw, f"{_RAW}doi"),
        journal=plain_text(_text(raw, f"{_RAW}journal-ref")),
        withdrawn=gone or says_withdrawn(comment, abstract),
        pdf_url=f"{pdf}/{Reference(reference.id, newest)}",
    )


# https://info.arxiv.org/help/withdraw.html: the comments of a withdrawn paper say so, and often
# the abstract begins with it. "Replaces 1234.5678, which has been withdrawn" is another paper.
_WITHDRAWN = re.compile(
    r"(?:this|the|our)\s+(?:\w+\s+)?(?:paper|article|manuscript|preprint|submission|work|version)"
    r"\s+(?:has\s+been|have\s+been|was|is|had\s+been|is\s+being)\s+(?:\w+\s+)?withdrawn"
    r"|\bwithdrawn\s+by\s+(?:the\s+)?(?:\w+\s+)?(?:authors?|submitter|arxiv|admin\w*)"
    r"|^\W*(?:(?:paper|article|submission|manuscript)\s+)?withdrawn\b",
    re.IGNORECASE,
)


def says_withdrawn(comment: str, abstract: str) -> bool:
    """Whether the authors' comment, or the abstract's beginning, says that it was withdrawn."""
    return any(_WITHDRAWN.search(text) is not None for text in (comment, abstract[:120]))


# arXiv's sets since 2025 are group:archive:CATEGORY, or group:archive for an archive without
# subject classes: https://oaipmh.arxiv.org/oai?verb=ListSets. All other archives are physics.
_GROUPS = frozenset({"cs", "econ", "eess", "math", "q-bio", "q-fin", "stat"})
_LOWER = frozenset({"cond-mat", "physics"})  # archives with classes in small letters


def category_spelling(category: str) -> str:
    """A category as arXiv spells it: "CS.cv" is "cs.CV", "Physics.Optics" is "physics.optics".

    Raises ``FetchError`` for what cannot be one (https://arxiv.org/category_taxonomy).
    """
    text = category.strip()
    if not re.fullmatch(r"[A-Za-z]+(?:-[A-Za-z]+)?(?:\.[A-Za-z]+(?:-[A-Za-z]+)?)?", text):
        raise FetchError(
            repr(category), "is no category of arXiv's", 'give one like "cs.CV" or "hep-th"'
        )
    archive, dot, subject = text.partition(".")
    archive = archive.lower()
    return f"{archive}{dot}{subject.lower() if archive in _LOWER else subject.upper()}"


def set_of(category: str) -> str:
    """The OAI-PMH set of a category: "cs.CV" is "cs:cs:CV", "hep-th" is "physics:hep-th"."""
    archive, _, subject = category.partition(".")
    group = archive if archive in _GROUPS else "physics"
    return ":".join(part for part in (group, archive, subject) if part)


# What is TeX for one letter: an accent and its letter, or a letter with a name. Braces around it
# or around the letter belong to it, and so does the space that ends a name: "{\"o}", "\'\i", "\o ".
_LETTER = r"(?:\\[ij](?![A-Za-z])|[A-Za-z])"
_ACCENTED = (
    rf"\\(?:[\"'`^~=.]\s*|[uvHcdbrkt](?![A-Za-z])\s*)(?:\{{\s*{_LETTER}?{_LETTER}\s*\}}|{_LETTER})"
)
_NAMED = r"\\(?:ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j|dh|DH|th|TH|dj|DJ|ng|NG)(?![A-Za-z])(?:\{\}|\s+)?"
_TEX_LETTER = re.compile(
    rf"\{{\s*(?P<braced>{_ACCENTED}|{_NAMED})\s*\}}|(?P<bare>{_ACCENTED}|{_NAMED})"
)
_MATH = re.compile(r"(\$\$.*?\$\$|(?<!\\)\$[^$]*\$)", re.DOTALL)


@cache
def _letter(tex: str) -> str:
    from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]

    return str(LatexNodes2Text().latex_to_text(tex)).strip() or tex


def plain_text(text: str) -> str:
    """``text`` on one line, with its TeX accents as letters.

    Formulas and everything else stay as arXiv has them: to TeX, the rest of "50% better" would be
    a comment.
    """
    parts = _MATH.split(text)
    for number in range(0, len(parts), 2):
        parts[number] = _TEX_LETTER.sub(
            lambda match: _letter(match["braced"] or match["bare"]), parts[number]
        )
    return " ".join("".join(parts).split())


_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV)\.?")


def author_names(text: str) -> tuple[str, ...]:
    """The names in arXiv's one line of authors, in order, without affiliations.

    "A. Author (1), B. Author and C. Author ((1) Here, (2) There)": names are separated by commas
    or "and", whatever is in parentheses is an affiliation, and a colon ends a collaboration's name
    (https://info.arxiv.org/help/prep.html#author).
    """
    flat = _without_parentheses(plain_text(text))
    names: list[str] = []
    for part in re.split(r"\s*[,;:]\s*(?:(?:and|&)\s+)?|\s+(?:and|&)\s+", flat):
        name = " ".join(part.split())
        if name and names and _SUFFIX.fullmatch(name):
            names[-1] += f" {name}"
        elif name and not re.fullmatch(r"et\.? al\.?", name):
            names.append(name)
    return tuple(names)


def _without_parentheses(text: str) -> str:
    """``text`` without what is in parentheses, which may be nested or left open."""
    kept: list[str] = []
    depth = 0
    for char in text:
        if char == "(":
            depth += 1
        elif char == ")":
            depth = max(depth - 1, 0)
        elif not depth:
            kept.append(char)
    return "".join(kept)


def _text(element: Element, path: str) -> str:
    """The text of a child on one line; empty where there is none."""
    return " ".join((element.findtext(path) or "").split())


def _day(text: str) -> str:
    """The ISO date in an e-mail's date or an ISO time, in its own time zone; empty for neither."""
    try:
        return parsedate_to_datetime(text).date().isoformat()
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).date().isoformat()
    except ValueError:
        return ""


def iso_date(text: str) -> str:
    """``text`` if it is a date like 2026-11-23; else ``FetchError``."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise FetchError(repr(text), "is no date", "give one like 2026-11-23") from None
