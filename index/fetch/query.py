"""arXiv's API: records by id, and searches.

The arxiv package, because it knows the API's paging and its Atom. It asks through a session of
ours: its own has no timeout, knows no ``Retry-After`` and other processes, and it reads malformed
XML as an empty list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import arxiv  # type: ignore[import-untyped]

from index.config import Settings
from index.errors import FetchError
from index.fetch.feeds import AtomPage, plain_text, read_atom, says_withdrawn
from index.fetch.polite import PoliteClient
from index.paper import Record
from index.reference import Reference, parse_reference

# Ids to a request: the API takes more, but an address has to stay below some 2,000 characters.
IDS_MAX = 100
# Results to a page; the API allows 2,000, and answers few of those in time.
PAGE_MAX = 100


@dataclass(frozen=True, slots=True)
class _Reply:
    """The part of a response that the arxiv package reads."""

    status_code: int
    content: bytes


class _ArxivSaysError(FetchError):
    """The API answered with an entry that is an error; ``words`` are arXiv's own."""

    def __init__(self, asked: str, words: str, url: str) -> None:
        super().__init__(asked, f"arXiv says: {words}", "change what is asked for", url)
        self.words = words

    def __reduce__(self) -> tuple[type[FetchError], tuple[object, ...]]:
        return _ArxivSaysError, (self.asked, self.words, self.url)


class PoliteSession:
    """A stand-in for the arxiv package's ``requests.Session``: each page in turn, and checked.

    ``page`` is what the last answer said of itself. A page that is empty although the query has
    more results is asked for again: arXiv's API is known for it.
    """

    def __init__(self, client: PoliteClient, asked: str, tries: int) -> None:
        self._client = client
        self.asked = asked
        self._tries = tries
        self.page = AtomPage(0, 0, "")

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> _Reply:
        """The page at ``url``, well-formed and without an error in it; else ``FetchError``."""
        query = parse_qs(urlsplit(url).query)
        start = int(query.get("start", ["0"])[0])
        for _ in range(self._tries):
            # arXiv answers 400 to what it does not understand, with its reason as an entry.
            answer = self._client.get(url, self.asked, also=frozenset({400}))
            self.page = read_atom(answer.content, self.asked, answer.url)
            if self.page.error:
                raise _ArxivSaysError(self.asked, self.page.error, url)
            if answer.status != 200:
                raise FetchError(
                    self.asked, "arXiv does not understand it", "change it", url, answer.status
                )
            # A list of ids may be shorter than it says: those that do not exist are counted too.
            if "id_list" in query or self.page.entries or self.page.total <= start:
                return _Reply(answer.status, answer.content)
        raise FetchError(
            self.asked,
            f"arXiv answered an empty page of {self.page.total} results, {self._tries} times",
            "try again later",
            url,
        )


def fetch_records(
    references: Sequence[Reference], client: PoliteClient, settings: Settings
) -> dict[Reference, Record]:
    """The records of ``references``, in their order; what arXiv does not have is missing.

    A reference without version gets the newest. Raises ``FetchError``.
    """
    wanted = list(dict.fromkeys(references))
    found: dict[tuple[str, int], Record] = {}
    for start in range(0, len(wanted), IDS_MAX):
        for record in _batch(wanted[start : start + IDS_MAX], client, settings):
            if record.version is not None:
                found[Reference(record.id).api_id, record.version] = record
    newest: dict[str, Record] = {}
    for (api_id, _), record in sorted(found.items(), key=lambda item: item[0]):
        newest[api_id] = record
    answered: dict[Reference, Record] = {}
    for reference in wanted:
        record_of = (
            newest.get(reference.api_id)
            if reference.version is None
            else found.get((reference.api_id, reference.version))
        )
        if record_of is not None:
            answered[reference] = record_of
    return answered


def _batch(batch: list[Reference], client: PoliteClient, settings: Settings) -> Iterator[Record]:
    """The records of one request; again without an id that arXiv takes for malformed."""
    while batch:
        ids = [str(Reference(one.api_id, one.version)) for one in batch]
        asked = ids[0] if len(ids) == 1 else f"{ids[0]} and {len(ids) - 1} more"
        session = PoliteSession(client, f"the records of {asked}", settings.arxiv.tries)
        search = arxiv.Search(id_list=ids, max_results=len(ids))
        try:
            yield from _results(search, session, len(ids), settings, pages=1)
            return
        except _ArxivSaysError as error:
            named = re.fullmatch(r"incorrect id format for (\S+)", error.words)
            left = [
                one for one, api_id in zip(batch, ids, strict=True)
                if named is None or named[1].rstrip(".") not in (api_id, one.api_id)
            ]  # fmt: skip
            if len(left) == len(batch):
                raise
            batch = left


def search_records(
    query: str, limit: int, client: PoliteClient, settings: Settings
) -> Iterator[Record]:
    """At most ``limit`` papers that ``query`` finds, the last submitted first.

    The query is in arXiv's language (``cat:cs.CV AND ti:segmentation``):
    https://info.arxiv.org/help/api/user-manual.html#query_details. Raises ``FetchError``.
    """
    if limit <= 0:
        return
    if not query.strip():
        raise FetchError("a search without words", "has no answer", "say what to search for")
    session = PoliteSession(client, f"a search for {query}", settings.arxiv.tries)
    search = arxiv.Search(
        query=query,
        max_results=limit,
        sort_by=arxiv.SortCriterion.SubmittedDate,
        sort_order=arxiv.SortOrder.Descending,
    )
    yield from _results(search, session, min(limit, PAGE_MAX), settings)


def _results(
    search: Any, session: PoliteSession, page_size: int, settings: Settings, pages: int = 0
) -> Iterator[Record]:
    """The results of one search, after at most ``pages`` pages where given."""
    package = arxiv.Client(page_size=page_size, delay_seconds=0, num_retries=0)
    package._session.close()
    package._session = session
    package.query_url_format = f"{settings.arxiv.api.rstrip('/')}?{{}}"
    seen = 0
    try:
        for result in package.results(search):
            seen += 1
            record = _record(result, settings.arxiv.pdf.rstrip("/"))
            if record is not None:
                yield record
            if pages and seen >= session.page.entries:
                return  # the package would ask for the ids that do not exist
    except arxiv.ArxivError as error:
        raise FetchError(
            session.asked, f"arXiv answered too little ({error.message})", "try again", error.url
        ) from error


def _record(result: Any, pdf: str) -> Record | None:
    """What the arxiv package says of a paper, as a ``Record``; nothing for what is no paper."""
    reference = parse_reference(result.entry_id)
    if reference is None or reference.version is None or not result.title.strip():
        return None
    comment = plain_text(result.comment or "")
    abstract = plain_text(result.summary)
    categories = dict.fromkeys((result.primary_category, *result.categories))
    return Record(
        id=reference.id,
        version=reference.version,
        title=plain_text(result.title),
        authors=tuple(plain_text(author.name) for author in result.authors),
        abstract=abstract,
        published=result.published.date().isoformat(),
        updated=result.updated.date().isoformat(),
        categories=tuple(category for category in categories if category),
        comment=comment,
        doi=(result.doi or "").strip(),
        journal=plain_text(result.journal_ref or ""),
        withdrawn=says_withdrawn(comment, abstract),
        pdf_url=f"{pdf}/{reference}",
    )
