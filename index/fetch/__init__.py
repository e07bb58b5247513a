"""Papers from arXiv: what it says of them, what it announced, and their PDFs.

All of it goes through one polite client (``polite``), and the libraries are imported once something
is fetched: reading a reference costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from index.config import Settings
from index.errors import FetchError
from index.fetch.feeds import (
    Announcement,
    AnnouncementKind,
    Feed,
    category_spelling,
    iso_date,
    read_oai,
    read_rss,
    set_of,
)
from index.paper import Record
from index.reference import Reference, parse_reference

if TYPE_CHECKING:
    from index.fetch.downloads import Download

__all__ = ["Announcement", "AnnouncementKind", "Feed", "Fetcher", "Reference", "parse_reference"]


class Fetcher:
    """A client of arXiv that keeps its pace. ``close`` it, or use it in a ``with``.

    Every method may wait for its turns (``settings.arxiv.seconds`` to a request, over all processes
    that share ``settings.cache``) and raises ``FetchError``. The iterators ask as they are read.
    """

    def __init__(self, settings: Settings) -> None:
        from index.fetch.downloads import Downloads
        from index.fetch.polite import PoliteClient, unwritable

        folder = settings.cache / "arxiv"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(str(folder), error) from error
        self._settings = settings
        self._client = PoliteClient(settings, folder)
        limit = int(settings.arxiv.megabytes_max * 1e6)
        self._downloads = Downloads(folder, settings.arxiv.pdf, self._client, limit)

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; asking afterwards is an error."""
        self._client.close()

    def records(self, references: Sequence[Reference]) -> Mapping[Reference, Record]:
        """What arXiv says of papers, in the order of ``references``.

        A paper or version that arXiv does not have is missing, and a reference without version gets
        the newest. A hundred ids are one request.
        """
        from index.fetch.query import fetch_records

        return fetch_records(references, self._client, self._settings)

    def search(self, query: str, limit: int) -> Iterator[Record]:
        """At most ``limit`` papers, the last submitted first; a hundred are one request.

        ``query`` is in arXiv's language, as in ``cat:cs.CV AND ti:segmentation``:
        https://info.arxiv.org/help/api/user-manual.html#query_details.
        """
        from index.fetch.query import search_records

        return search_records(query, limit, self._client, self._settings)

    def today(self, category: str) -> Feed:
        """What arXiv announced last in a category like ``cs.CV``, over its RSS.

        The feed is new every midnight, New York time, and empty on days without an announcement:
        https://info.arxiv.org/help/rss.html.
        """
        category = category_spelling(category)
        asked = f"today's {category}"
        answer = self._client.get(f"{self._settings.arxiv.rss.rstrip('/')}/{category}", asked)
        return read_rss(answer.content, asked, answer.url)

    def since(self, category: str, date: str) -> Iterator[Record]:
        """The papers of a category that are new or changed since an ISO date, over OAI-PMH.

        The date is that of arXiv's last change to the record, not of the submission
        (https://info.arxiv.org/help/oa/index.html); a list of thousands takes several requests. The
        records have the newest version; those that arXiv deleted are left out.
        """
        category, date = category_spelling(category), iso_date(date)
        return self._harvest(category, date)

    def _harvest(self, category: str, date: str) -> Iterator[Record]:
        asked = f"the changes in {category} since {date}"
        base = self._settings.arxiv.oai.rstrip("/")
        pdf = self._settings.arxiv.pdf.rstrip("/")
        query = {"metadataPrefix": "arXivRaw", "set": set_of(category), "from": date}
        tokens: set[str] = set()
        while True:
            url = f"{base}?{urlencode({'verb': 'ListRecords', **query})}"
            answer = self._client.get(url, asked)
            page = read_oai(answer.content, asked, answer.url, pdf)
            yield from page.records
            if not page.token:
                return
            if page.token in tokens:
                raise FetchError(asked, "arXiv's list goes in a circle", "run it again", url)
            tokens.add(page.token)
            query = {"resumptionToken": page.token}

    def pdf(self, paper: Record | Reference) -> Download:
        """The PDF of a paper's version, from the cache or from arXiv.

        Where it names no version, arXiv is asked which one is the newest. Errors say so where arXiv
        has no such PDF, as for a withdrawn version.
        """
        reference = Reference(paper.id, paper.version)
        if paper.version is None:
            record = self.records([reference]).get(reference)
            if record is None:
                raise FetchError(
                    f"the PDF of {reference}", "no such paper is on arXiv", "check the id"
                )
            reference = Reference(record.id, record.version)
        return self._downloads.pdf(reference)
