"""What is made once, made before somebody waits for it, and not while somebody waits for an answer.

In this order: model and vectors, beside the imports of the server; the first screen; Gradio's part,
which takes a processor for seconds; the digests that the first screen shows, where none is written.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from index.errors import GlossError

if TYPE_CHECKING:
    from app.serve.site import Site
    from index.library import Papers

_REST = 1.5  # seconds without a question: whoever has just come has been answered
_REST_MOST = 60.0  # seconds after which it is done all the same


@contextmanager
def engine_opening(library: Papers) -> Iterator[threading.Thread]:
    """Have a library's model and vectors opened beside what is done here; gives the thread."""
    with _beside(threading.Thread(target=_open_engine, args=(library,), daemon=True)) as thread:
        yield thread


@contextmanager
def warming(library: Papers, address: str, site: Site, opening: threading.Thread) -> Iterator[None]:
    """Have the rest made, beside the server at ``address``, once ``opening`` has ended."""

    def work() -> None:
        opening.join()
        warm(library, address, site)

    with _beside(threading.Thread(target=work, daemon=True)):
        try:
            yield
        finally:
            site.traffic.end()


@contextmanager
def _beside(thread: threading.Thread) -> Iterator[threading.Thread]:
    thread.start()
    try:
        yield thread
    finally:
        thread.join()  # cut off in a conversion, the process ends badly


def _open_engine(library: Papers) -> None:
    with suppress(GlossError):  # whoever searches is told
        library.search("gloss", 1)


def warm(library: Papers, address: str, site: Site) -> None:
    """The first screen, Gradio's part, and digests of the newest paper and of the one that is lit.

    As after an update of gloss there may be none of the newest papers that is written as gloss
    writes it now.
    """
    from app.web.home import CARDS, LOOKED_AT, newest_of, with_pages
    from app.write import write_digest
    from app.write.saved import is_saved

    with suppress(OSError, HTTPException), closing(_connection(address)) as server:
        server.request("GET", "/")
        server.getresponse().read()
    if not site.traffic.rest(_REST, _REST_MOST):
        return
    site.traffic.come()  # what is done next rests meanwhile
    site.tabs.begin(site.traffic.answered)
    if not site.traffic.rest(_REST, _REST_MOST):
        return
    with suppress(GlossError):  # whoever opens the paper is told
        newest = newest_of(library, LOOKED_AT)
        for papers in (list(with_pages(library, newest)), newest[:CARDS]):
            if papers and not any(is_saved(library, one.id, "en") for one in papers):
                write_digest(library, papers[0].id)


def _connection(address: str) -> HTTPConnection:
    """To the server itself, whatever proxy is set."""
    there = urlsplit(address)
    return HTTPConnection(there.hostname or "127.0.0.1", there.port, timeout=60)
