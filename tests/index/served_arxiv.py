"""An arXiv on this machine: its four services in its own formats, with faults to switch on.

The formats follow arXiv's documentation and sources: the API's manual
(https://info.arxiv.org/help/api/user-manual.html), https://github.com/arXiv/arxiv-feed for RSS and
https://github.com/arXiv/oaipmh for OAI-PMH.
"""

from __future__ import annotations

import gzip
import hashlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape, quoteattr

from index.config import ArxivSettings, Settings

FaultName = Literal[
    "status",  # an error: status=429, retry_after="2", words="Rate exceeded."
    "hang",  # no answer for seconds=...
    "drop",  # the connection is reset in the middle of the body
    "truncated",  # it is closed there, in good order
    "short length",  # Content-Length is half of what comes
    "malformed",  # half of the XML
    "html",  # a page instead of whatever was asked for
    "entities",  # a document that would grow to gigabytes
    "packed twice",  # ten megabytes in some hundred bytes: Content-Encoding "gzip, gzip"
    "redirect",  # 302 to the same address, with a mark
    "no items",  # RSS of a holiday
    "error entry",  # the API's way to say no: words="..."
    "empty page",  # the API forgets its entries
    "bad token",  # OAI-PMH has forgotten where it was
]

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY a0 "lol">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]><feed>&a9;</feed>"
)
PAGE = """<!DOCTYPE html>
<html><head><title>arXiv reCAPTCHA</title><script>var x = "y";</script></head>
<body><h1>Access denied</h1><p>Sadly, your client looks like a robot.<br></body></html>"""


@dataclass(frozen=True)
class Version:
    """A version: when, and whether it was withdrawn."""

    date: str  # ISO, with time, UTC
    withdrawn: bool = False


@dataclass(frozen=True)
class ServedPaper:
    """A paper that this arXiv has. Texts are as its database has them, with TeX."""

    id: str
    title: str
    authors: str
    names: tuple[str, ...]  # as the API shows them
    abstract: str
    categories: tuple[str, ...]
    versions: tuple[Version, ...]
    comments: str = ""
    doi: str = ""
    journal: str = ""
    announced: str = "new"
    deleted: bool = False

    def pdf(self, version: int, kilobytes: int = 100) -> bytes:
        """A whole PDF of one empty page, longer than a socket's buffer, other for each version."""
        seed = f"{self.id}v{version}".encode()
        blocks = (hashlib.sha256(seed + bytes([n % 256, n // 256])).hexdigest() for n in range(16))
        padding = "".join(blocks).encode() * kilobytes
        objects = (
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>",
            b"<</Length %d>>stream\n%b\nendstream" % (len(padding), padding),
        )
        content, offsets = b"%PDF-1.5\n", []
        for number, one in enumerate(objects, 1):
            offsets.append(len(content))
            content += b"%d 0 obj%b\nendobj\n" % (number, one)
        table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
        return content + (
            b"xref\n0 5\n0000000000 65535 f \n%btrailer<</Size 5/Root 1 0 R>>\n"
            b"startxref\n%d\n%%%%EOF\n" % (table, len(content))
        )


PAPERS = (
    ServedPaper(
        id="2407.03300",
        title="DisCo-Diff: Enhancing Continuous Diffusion Models\n  with 50% fewer $\\alpha$ steps",
        authors='Yilun Xu (1), Gabriele Corso, Tommi Jaakkola, Arash Vahdat and Karsten Kr\\"{e}is '
        "((1) MIT (Cambridge, USA), (2) NVIDIA)",
        names=("Yilun Xu", "Gabriele Corso", "Tommi Jaakkola", "Arash Vahdat", "Karsten Krëis"),
        abstract="  Diffusion models (DMs) encode data into a Gaussian &\nnoise. We write"
        " Poincar\\'e & Erd\\H{o}s, at a cost of 5%.\n",
        categories=("cs.LG", "cs.CV", "stat.ML"),
        versions=(Version("2024-07-03T17:42:46Z"), Version("2024-10-11T08:00:00Z")),
        comments="code: https://example.org/; replaces 2301.00001, which has been withdrawn",
        doi="10.1000/disco.1",
        journal="ICML 2024, vol. 7",
        announced="replace",
    ),
    ServedPaper(
        id="hep-th/9901001",
        title="Strings on $AdS_3$",
        authors="J. Smith, Jr., M. G\\'omez",
        names=("J. Smith Jr", "M. Gómez"),
        abstract="Old and short.",
        categories=("hep-th",),
        versions=(Version("1999-01-01T12:00:00Z"),),
        announced="cross",
    ),
    ServedPaper(
        id="math/0309136",
        title="A question of Erd\\H os",
        authors="P. \\O stergaard",
        names=("P. Østergaard",),
        abstract="Graphs.",
        categories=("math.GT", "math.CO"),
        versions=(Version("2003-09-08T10:00:00Z"),),
        announced="replace-cross",
    ),
    ServedPaper(
        id="2401.00007",
        title="A claim that did not hold",
        authors="A. Author",
        names=("A. Author",),
        abstract="We claim.",
        categories=("cs.CV",),
        versions=(Version("2024-01-01T00:00:00Z"), Version("2024-02-01T00:00:00Z", True)),
        comments="This paper has been withdrawn by the author due to an error in Lemma 2",
    ),
    ServedPaper(
        id="2401.00008",
        title="Never mind",
        authors="B. Author",
        names=("B. Author",),
        abstract="We mind.",
        categories=("cs.CV",),
        versions=(Version("2024-01-02T00:00:00Z"),),
        deleted=True,
    ),
)


@dataclass(frozen=True)
class Seen:
    """A request as it came: when (monotonic seconds), the path with its query, the headers."""

    time: float
    path: str
    headers: dict[str, str]


@dataclass
class Fault:
    """A fault of the next ``times`` requests whose path contains ``where``."""

    name: FaultName
    times: int = 1
    where: str = ""
    status: int = 503
    retry_after: str = ""
    words: str = ""
    seconds: float = 5.0


@dataclass
class ServedArxiv:
    """The server, its log and its faults. ``url`` is its address."""

    papers: tuple[ServedPaper, ...] = PAPERS
    log: list[Seen] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    ranges: bool = True  # whether PDFs may be had in parts
    validators: bool = True  # whether they have an ETag
    kilobytes: int = 100  # of a PDF
    files: dict[str, bytes] = field(default_factory=dict)  # "2407.03300v1": a PDF of its own
    page_size: int = 3  # of OAI-PMH
    url: str = ""
    busy: int = 0  # requests being answered
    busiest: int = 0  # the most at once
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fail(self, name: FaultName, times: int = 1, where: str = "", **options: Any) -> None:
        """Let the next ``times`` requests to paths with ``where`` fail."""
        self.faults.append(Fault(name, times, where, **options))

    def take_fault(self, path: str) -> Fault | None:
        """The fault of this request, if it has one."""
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and fault.where in path:
                    fault.times -= 1
                    return fault
        return None

    def paths(self) -> list[str]:
        """The paths asked for, in order, without their queries."""
        return [urlsplit(seen.path).path for seen in self.log]

    def gaps(self) -> list[float]:
        """Seconds between one request's arrival and the next one's."""
        times = sorted(seen.time for seen in self.log)
        return [late - early for early, late in pairwise(times)]

    def settings(self, cache: Path, **changes: Any) -> Settings:
        """Settings that ask here instead of at arXiv; quick ones unless changed."""
        own = {name: changes.pop(name) for name in ArxivSettings.model_fields if name in changes}
        arxiv = {
            "api": f"{self.url}/api/query",
            "rss": f"{self.url}/rss",
            "oai": f"{self.url}/oai",
            "pdf": f"{self.url}/pdf",
            "seconds": 0.02,
            "timeout": 5.0,
            "tries": 3,
            "patience": 5.0,
        }
        return Settings(cache=cache, arxiv={**arxiv, **own}, **changes)

    def paper(self, arxiv_id: str) -> ServedPaper | None:
        """The paper of that id."""
        return next((paper for paper in self.papers if paper.id == arxiv_id), None)

    # What the four services answer.

    def atom(self, query: dict[str, str]) -> str:
        """The API: by ids, or by a search that finds everything, newest first."""
        start, most = int(query.get("start", "0")), int(query.get("max_results", "10"))
        if query.get("id_list"):
            ids = query["id_list"].split(",")
            found, total = [], len(ids)  # arXiv counts the unknown ones, too
            for one in ids:
                bare, _, version = one.partition("v")
                paper = self.paper(bare)
                if paper is not None and int(version or 1) <= len(paper.versions):
                    found.append((paper, int(version or len(paper.versions))))
        else:
            found = [(paper, len(paper.versions)) for paper in self.papers if not paper.deleted]
            found.sort(key=lambda one: one[0].versions[0].date, reverse=True)
            total = len(found)
        entries = (self.entry(*one) for one in found[start : start + most])
        return _atom("\n".join(entries), total, start, most)

    def entry(self, paper: ServedPaper, version: int) -> str:
        """An entry of the API's."""
        name = f"{paper.id}v{version}"
        optional = "".join(
            f"<arxiv:{tag}>{escape(text)}</arxiv:{tag}>"
            for tag, text in (
                ("comment", paper.comments), ("journal_ref", paper.journal), ("doi", paper.doi)
            )
            if text
        )  # fmt: skip
        authors = "".join(f"<author><name>{escape(one)}</name></author>" for one in paper.names)
        categories = "".join(
            f'<category term="{one}" scheme="http://arxiv.org/schemas/atom"/>'
            for one in paper.categories
        )
        return f"""  <entry>
    <id>http://arxiv.org/abs/{name}</id>
    <title>{escape(paper.title)}</title>
    <updated>{paper.versions[version - 1].date}</updated>
    <link href="https://arxiv.org/abs/{name}" rel="alternate" type="text/html"/>
    <link href="https://arxiv.org/pdf/{name}" rel="related" type="application/pdf" title="pdf"/>
    <summary>{escape(paper.abstract)}</summary>
    {categories}
    <published>{paper.versions[0].date}</published>
    {optional}<arxiv:primary_category term="{paper.categories[0]}"/>
    {authors}
  </entry>"""

    def rss(self, category: str, empty: bool) -> str:
        """The day's announcement of a category."""
        items = "" if empty else "".join(
            f"""
    <item>
      <title>{escape(paper.title)}</title>
      <link>https://arxiv.org/abs/{paper.id}</link>
      <description>arXiv:{paper.id}v{len(paper.versions)} Announce Type: {paper.announced}&#32;
Abstract: {escape(paper.abstract.strip())}</description>
      <guid isPermaLink="false">oai:arXiv.org:{paper.id}v{len(paper.versions)}</guid>
      {"".join(f"<category>{one}</category>" for one in paper.categories)}
      <pubDate>Mon, 30 Sep 2024 00:00:00 -0400</pubDate>
      <arxiv:announce_type>{paper.announced}</arxiv:announce_type>
      <dc:rights>http://arxiv.org/licenses/nonexclusive-distrib/1.0/</dc:rights>
      <dc:creator>{escape(paper.authors)}</dc:creator>
    </item>"""
            for paper in self.papers if not paper.deleted
        )  # fmt: skip
        return f"""<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" \
xmlns:atom="http://www.w3.org/2005/Atom" version="2.0">
  <channel>
    <title>{category} updates on arXiv.org</title>
    <link>http://rss.arxiv.org/rss/{category}</link>
    <description>{category} updates on the arXiv.org e-print archive.</description>
    <atom:link href="http://rss.arxiv.org/rss/{category}" rel="self" type="application/rss+xml"/>
    <docs>http://www.rssboard.org/rss-specification</docs>
    <language>en-us</language>
    <lastBuildDate>Mon, 30 Sep 2024 04:00:11 +0000</lastBuildDate>
    <managingEditor>rss-help@arxiv.org</managingEditor>
    <pubDate>Mon, 30 Sep 2024 00:00:00 -0400</pubDate>
    <skipDays>
      <day>Sunday</day>
      <day>Saturday</day>
    </skipDays>{items}
  </channel>
</rss>"""

    def oai(self, query: dict[str, str], forgotten: bool) -> str:
        """A page of ListRecords; the token says where it goes on."""
        token = query.get("resumptionToken", "")
        if forgotten or (token and not token.startswith("skip=")):
            return _oai_error(
                "badResumptionToken",
                "The value of the resumptionToken argument is invalid or expired.",
            )
        if query.get("from", "") > "2026":
            return _oai_error(
                "noRecordsMatch",
                "The combination of the values of the from, until, set and metadataPrefix "
                "arguments results in an empty list.",
            )
        start = int(token.removeprefix("skip=") or 0)
        records = "".join(map(_record, self.papers[start : start + self.page_size]))
        more = start + self.page_size < len(self.papers)
        end = (
            f"<resumptionToken expires='2026-11-24T00:00:00Z'>skip={start + self.page_size}"
            "</resumptionToken>"
            if more
            else "<resumptionToken/>"
        )
        return _oai(f"<ListRecords>{records}{end if more or token else ''}</ListRecords>")


def _atom(entries: str, total: int, start: int, most: int) -> str:
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" \
xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">
  <id>https://arxiv.org/api/cHxbiOdZaP56ODnBPIenZhzg5f8</id>
  <title>arXiv Query: start={start}&amp;max_results={most}</title>
  <updated>2026-11-23T00:00:00Z</updated>
  <link href="https://arxiv.org/api/query?start={start}" type="application/atom+xml"/>
  <opensearch:itemsPerPage>{most}</opensearch:itemsPerPage>
  <opensearch:totalResults>{total}</opensearch:totalResults>
  <opensearch:startIndex>{start}</opensearch:startIndex>
{entries}
</feed>"""


def _error_entry(words: str) -> str:
    place = f"https://arxiv.org/api/errors#{words.replace(' ', '_')}"
    return _atom(
        f"""  <entry>
    <id>{escape(place)}</id>
    <title>Error</title>
    <updated>2026-11-23T00:00:00Z</updated>
    <link href={quoteattr(place)} rel="alternate" type="text/html"/>
    <summary>{escape(words)}</summary>
    <published>2026-11-23T00:00:00Z</published>
    <author><name>arXiv api core</name></author>
  </entry>""",
        1,
        0,
        1,
    )


def _oai(inside: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation=\
"http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">
  <responseDate>2026-11-23T22:00:00Z</responseDate>
  <request verb="ListRecords">http://oaipmh.arxiv.org/oai</request>
  {inside}
</OAI-PMH>"""


def _oai_error(code: str, words: str) -> str:
    return _oai(f"<error code='{code}'>{words}</error>")


def _record(paper: ServedPaper) -> str:
    status = ' status="deleted"' if paper.deleted else ""
    header = f"""<header{status}>
  <identifier>oai:arXiv.org:{paper.id}</identifier><datestamp>2024-10-14</datestamp>
  <setSpec>cs:cs:CV</setSpec></header>"""
    if paper.deleted:
        return f"<record>{header}</record>"
    versions = "".join(
        f'<version version="v{number}">'
        f"<date>{datetime.fromisoformat(one.date):%a, %d %b %Y %H:%M:%S GMT}</date>"
        f"<size>{0 if one.withdrawn else 1024}kb</size>"
        f"<source_type>{'I' if one.withdrawn else 'D'}</source_type></version>"
        for number, one in enumerate(paper.versions, 1)
    )
    optional = "".join(
        f"<{tag}>{escape(text)}</{tag}>"
        for tag, text in (
            ("comments", paper.comments), ("journal-ref", paper.journal), ("doi", paper.doi)
        )
        if text
    )  # fmt: skip
    return f"""<record>{header}<metadata>
<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">
  <id>{paper.id}</id><submitter>Somebody</submitter>{versions}
  <title>{escape(paper.title)}</title><authors>{escape(paper.authors)}</authors>
  <categories>{" ".join(paper.categories)}</categories>{optional}
  <license>http://arxiv.org/licenses/nonexclusive-distrib/1.0/</license>
  <abstract>{escape(paper.abstract)}</abstract>
</arXivRaw></metadata></record>"""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    arxiv: ServedArxiv

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        arxiv = self.arxiv
        with arxiv.lock:
            arxiv.log.append(Seen(time.monotonic(), self.path, dict(self.headers.items())))
            arxiv.busy += 1
            arxiv.busiest = max(arxiv.busiest, arxiv.busy)
        try:
            self.answer(arxiv.take_fault(self.path))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with arxiv.lock:
                arxiv.busy -= 1

    def answer(self, fault: Fault | None) -> None:
        address = urlsplit(self.path)
        name = "" if fault is None else fault.name
        if fault is not None and name == "status":
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            page = f"<h1>Error {fault.status}</h1><p>{escape(fault.words)}</p>"
            self.send(fault.status, "text/html", page.encode(), headers)
        elif fault is not None and name == "hang":
            self.arxiv.released.wait(fault.seconds)
            self.close_connection = True
        elif name == "redirect":
            mark = "&" if address.query else "?"
            self.send(302, "text/html", b"", {"Location": f"{self.path}{mark}moved=1"})
        elif name == "html":
            self.send(200, "text/html; charset=utf-8", PAGE.encode())
        elif name == "entities":
            self.send(200, "application/xml", BOMB.encode())
        elif name == "packed twice":
            small = gzip.compress(gzip.compress(bytes(10**7)))
            self.send(200, "application/xml", small, {"Content-Encoding": "gzip, gzip"})
        elif fault is not None and name == "error entry":
            self.send(400, "application/atom+xml", _error_entry(fault.words).encode())
        elif address.path.startswith("/pdf/"):
            self.send_pdf(address.path.removeprefix("/pdf/"), name)
        else:
            query = {key: values[0] for key, values in parse_qs(address.query).items()}
            content = self.document(address.path, query, name)
            if content is None:
                self.send(404, "text/html", b"<p>No such page.</p>")
            else:
                half = content[: len(content) // 2] if name == "malformed" else content
                self.send(200, "application/xml; charset=utf-8", half.encode(), fault=name)

    def document(self, path: str, query: dict[str, str], fault: str) -> str | None:
        if path == "/api/query":
            if fault == "empty page":
                return _atom("", len(self.arxiv.papers), 0, 10)
            return self.arxiv.atom(query)
        if path.startswith("/rss/"):
            return self.arxiv.rss(path.removeprefix("/rss/"), fault == "no items")
        return self.arxiv.oai(query, fault == "bad token") if path == "/oai" else None

    def send_pdf(self, name: str, fault: str) -> None:
        bare, _, number = name.rpartition("v")
        paper, version = self.arxiv.paper(bare), int(number)
        known = paper is not None and version <= len(paper.versions)
        if paper is None or not known or paper.versions[version - 1].withdrawn:
            self.send(404, "text/html", b"<html><body><h1>No PDF</h1></body></html>")
            return
        content = self.arxiv.files.get(name) or paper.pdf(version, self.arxiv.kilobytes)
        tag = f'"{hashlib.md5(content).hexdigest()}"'
        headers = {"ETag": tag} if self.arxiv.validators else {}
        wanted = self.headers.get("Range", "")
        if self.arxiv.ranges and wanted and self.headers.get("If-Range", tag) == tag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                self.send(416, "text/plain", b"", {"Content-Range": f"bytes */{len(content)}"})
                return
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.send(206, "application/pdf", content[start:], headers, fault)
        else:
            self.send(200, "application/pdf", content, headers, fault)

    def send(
        self,
        status: int,
        kind: str,
        content: bytes,
        headers: dict[str, str] | None = None,
        fault: str = "",
    ) -> None:
        length = len(content) // 2 if fault == "short length" else len(content)
        self.send_response(status)
        for name, value in {"Content-Type": kind, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        cut = fault in ("drop", "truncated")
        self.wfile.write(content[: len(content) // 2] if cut else content)
        self.wfile.flush()
        if cut or fault == "short length":
            self.close_connection = True
        if fault == "drop":
            # What was sent has to arrive before the reset, which overtakes it otherwise.
            time.sleep(0.1)
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that went away


@contextmanager
def served_arxiv(change: Callable[[ServedArxiv], None] | None = None) -> Iterator[ServedArxiv]:
    """An arXiv for as long as the block lasts."""
    arxiv = ServedArxiv()
    if change is not None:
        change(arxiv)
    handler = type("Handler", (_Handler,), {"arxiv": arxiv})
    server = _Server(("127.0.0.1", 0), handler)
    arxiv.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield arxiv
    finally:
        arxiv.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
