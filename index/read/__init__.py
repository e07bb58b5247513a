"""Reads files into papers, in worker processes that can be killed.

Any file may be hostile: a PDF of 2 kB can hang the engine for good. Each file is read in a worker
process (pebble) with limits on seconds and memory; a worker that exceeds them is killed and
replaced, and the status is ``limit``. The parent never opens a PDF itself.
"""

from __future__ import annotations

import gc
import os
import re
import signal
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import TimeoutError as ReadTimeout
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from index.errors import SourceNotFound
from index.paper import Paper, Reading, SourceKind
from index.spans import Box, Highlight, PageSize

if TYPE_CHECKING:  # each worker imports this module, and settings take it longer than all the rest
    from pebble import ProcessPool

    from index.config import Settings

KINDS: dict[str, SourceKind] = {
    ".pdf": "pdf",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
}
_LEAST_SENTENCES = 3  # fewer are a form, a slide or a notice
_LEAST_WORDS = 60
_UNREADABLE = 0.3  # of a text's characters: with more unreadable ones, no sentence is complete


@dataclass(eq=False)
class Reader:
    """Reads files in worker processes. Workers start with the first file and stay warm."""

    _settings: Settings
    # Of memory that a worker has taken so far, where that is known.
    most_megabytes: float = field(default=0.0, init=False)
    _started: ProcessPool | None = field(default=None, init=False)
    # Two threads that read at once share one pool.
    _starting: threading.Lock = field(default_factory=threading.Lock, init=False)

    def read(
        self,
        path: Path,
        paper_id: str | None = None,
        name: str | None = None,
        sha256: str | None = None,
    ) -> Reading:
        """The paper in the file at ``path``, or the status of a file without one and the reason.

        ``name`` is the name that the file had, without extension, where ``path`` is a copy;
        ``paper_id`` overrides the id found; ``sha256`` is the file's, where it is known. Raises
        nothing for bad content.
        """
        limits = (self._settings.read.pages_max, self._settings.read.characters_max)
        arguments = (path, name or path.stem, paper_id, *limits, sha256)
        result = self._run(_read_file, arguments)
        return result if isinstance(result, Reading) else Reading(*result)

    def render_page(self, path: Path, page: int, boxes: Sequence[Box], scale: float) -> bytes:
        """Page ``page`` (from 1) of a PDF as PNG with ``boxes`` marked; ``scale`` 1 is 72 dpi.

        Raises ``SourceNotFound`` if it cannot be drawn.
        """
        result = self._run(_draw_page, (path, page, tuple(boxes), scale))
        if isinstance(result, bytes):
            return result
        raise SourceNotFound(path.name, f"page {page} cannot be drawn: {result[1]}")

    def render_figure(self, path: Path, box: Box, scale: float) -> bytes:
        """What a PDF shows in ``box`` as PNG, upright; ``scale`` 1 is 72 dpi, and less is drawn
        where the picture would have more than four million pixels.

        Raises ``SourceNotFound`` if it cannot be drawn.
        """
        result = self._run(_draw_crop, (path, box, scale))
        if isinstance(result, bytes):
            return result
        raise SourceNotFound(path.name, f"page {box.page} cannot be drawn: {result[1]}")

    def page_sizes(self, path: Path) -> tuple[PageSize, ...]:
        """The sizes of a PDF's pages. Raises ``SourceNotFound`` if it cannot be opened."""
        result = self._run(_page_sizes, (path,))
        if isinstance(result[0], PageSize):
            return tuple(result)
        raise SourceNotFound(path.name, f"its pages cannot be drawn: {result[1]}")

    def annotate(self, path: Path, highlights: Sequence[Highlight]) -> bytes:
        """A copy of a PDF with ``highlights``. Raises ``SourceNotFound`` if it cannot be made."""
        result = self._run(_annotate, (path, tuple(highlights)))
        if isinstance(result, bytes):
            return result
        raise SourceNotFound(path.name, f"no notes can be put into it: {result[1]}")

    def close(self) -> None:
        """End the workers."""
        pool: Any = self._started  # pebble's stop() has no types
        if pool is not None:
            pool.stop()
            pool.join()
            self._started = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        from pebble import ProcessExpired

        from index.read.workers import signals_wait

        limit = self._settings.read.seconds
        with signals_wait():  # the first call starts the workers
            future = self._pool().schedule(_measured, args=(function, *arguments), timeout=limit)
        try:
            result, megabytes = future.result()
            self.most_megabytes = max(self.most_megabytes, megabytes)
            return result
        except ReadTimeout:
            return "limit", f"reading took longer than {limit:g} seconds"
        except MemoryError:
            return "limit", f"reading took more than {self._settings.read.megabytes} MB of memory"
        except ProcessExpired as error:
            return "broken", f"the reader crashed on this file (exit code {error.exitcode})"
        except Exception as error:  # whatever one file does to the reader, the others go on
            said = str(error).strip().splitlines()[:1]
            return "broken", ": ".join(
                ["the reader failed on this file", type(error).__name__, *said]
            )

    def _pool(self) -> ProcessPool:
        from pebble import ProcessPool

        from index.read.workers import WorkerContext

        with self._starting:
            if self._started is not None and not self._started.active:
                self.close()  # pebble gives a pool up when a worker ends that had nothing to do
            if self._started is None:
                self._started = ProcessPool(
                    max_workers=self._settings.read.workers,
                    max_tasks=200,  # MuPDF's caches grow; a fresh worker costs half a second
                    initializer=_limit,
                    initargs=(self._settings.read.megabytes,),
                    context=WorkerContext(),
                )
            return self._started


# --- inside the worker ----------------------------------------------------------------------------


def collect_rarely() -> None:
    """Look for cycles rarely: a paper is hundreds of thousands of objects without one, and looking
    for some takes a tenth of the time.
    """
    gc.set_threshold(100_000, 50, 100)


def _limit(megabytes: int) -> None:
    """Limit the worker's memory where the system can (not on Windows), and mute its output."""
    collect_rarely()
    # Pebble's handler would run only once the engine is back; the default ends the process at once.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        import resource
    except ImportError:  # Windows has no such limit; the limit of time still holds
        return
    size = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)


def _measured(function: Any, *arguments: Any) -> tuple[Any, float]:
    """What a function returns, and the most memory that this worker has taken, in megabytes."""
    result = function(*arguments)
    # On Linux `ru_maxrss` counts what the process had been before it was this program: a large
    # parent's size. The system's own "high water mark" begins with the program.
    status = Path("/proc/self/status")
    if status.exists():
        (most,) = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text()) or ("0",)
        return result, int(most) / 1024
    try:
        import resource
    except ImportError:
        return result, 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return result, peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _read_file(
    path: Path,
    name: str,
    paper_id: str | None,
    pages_max: int,
    characters_max: int,
    sha256: str | None = None,
) -> Reading:
    from index.read.page.refused import UnreadableError

    kind = KINDS.get(path.suffix.lower())
    try:
        if kind == "markdown":
            return _read_markdown(path, name, paper_id, characters_max, sha256)
        if kind == "html":
            return _read_html(path, name, paper_id, characters_max, sha256)
        return _read_pdf(path, name, paper_id, pages_max, characters_max, sha256)
    except UnreadableError as error:
        return Reading(error.status, error.reason)


def _read_markdown(
    path: Path, name: str, paper_id: str | None, characters_max: int, sha256: str | None
) -> Reading:
    from index.read.markup.markdown import read_markdown

    paper = read_markdown(path, name, paper_id, sha256)
    if paper is None:
        return Reading("broken", "not a text: it is not UTF-8")
    return _judged(paper, 0, characters_max)


def _read_html(
    path: Path, name: str, paper_id: str | None, characters_max: int, sha256: str | None
) -> Reading:
    from index.read.markup.html import read_html

    paper = read_html(path, name, paper_id, sha256)
    if paper is None:
        empty = not path.read_bytes().strip()
        why = "the file is empty" if empty else "it has no element of a page"
        return Reading("broken", f"not HTML: {why}")
    return _judged(paper, 0, characters_max)


def _read_pdf(
    path: Path,
    name: str,
    paper_id: str | None,
    pages_max: int,
    characters_max: int,
    sha256: str | None,
) -> Reading:
    from index.disk import sha256_of
    from index.read.front.identity import identify, is_stamp
    from index.read.page.pdf import read_pages
    from index.read.understand import understand

    pages = read_pages(path, pages_max, characters_max)
    first = pages.pages[:1]
    stamp = next((line.text for page in first for line in page.lines if is_stamp(line.text)), "")
    paper = understand(pages, identify(name, stamp, sha256 or sha256_of(path), paper_id))
    return _judged(paper, pages.images, characters_max)


def _judged(paper: Paper, images: int, characters_max: int) -> Reading:
    """``ok`` only for what reads as a paper: running text, in sentences."""
    from index.read.page.letters import is_cipher, unreadable

    if len(paper.text) > characters_max:
        return Reading("limit", f"more than {characters_max} characters of text")
    from index.read.page.words import count_words

    words = count_words(paper.text)
    body = [sentence for sentence in paper.sentences if sentence.kind == "paragraph"]
    running = sum(count_words(sentence.span.of(paper.text)) for sentence in body)
    if words < 10:
        what = f"{images} of its {paper.pages} pages are pictures" if images else "it has no text"
        hint = "; run OCR on it first" if images else ""
        return Reading("no-text", f"{what}{hint}")
    if images and images >= 0.8 * paper.pages:
        return Reading(
            "no-text", f"{images} of its {paper.pages} pages are pictures; run OCR on it first"
        )
    if unreadable(paper.text) > _UNREADABLE * len(paper.text) or (
        paper.source == "pdf" and is_cipher(paper.text)
    ):
        return Reading(
            "no-text", "its fonts do not say which letters they draw; run OCR on it first"
        )
    if len(body) < _LEAST_SENTENCES or running < _LEAST_WORDS:
        return Reading("not-a-paper", f"only {running} words of running text")
    return Reading("ok", "", paper)


def _draw_page(
    path: Path, page: int, boxes: tuple[Box, ...], scale: float
) -> bytes | tuple[str, str]:
    from index.read.page.pictures import draw_page
    from index.read.page.refused import UnreadableError

    try:
        return draw_page(path, page, boxes, scale)
    except UnreadableError as error:
        return error.status, error.reason


def _draw_crop(path: Path, box: Box, scale: float) -> bytes | tuple[str, str]:
    from index.read.page.pictures import draw_crop
    from index.read.page.refused import UnreadableError

    try:
        return draw_crop(path, box, scale)
    except UnreadableError as error:
        return error.status, error.reason


def _page_sizes(path: Path) -> tuple[PageSize, ...] | tuple[str, str]:
    from index.read.page.pictures import page_sizes
    from index.read.page.refused import UnreadableError

    try:
        return page_sizes(path)
    except UnreadableError as error:
        return error.status, error.reason


def _annotate(path: Path, highlights: tuple[Highlight, ...]) -> bytes | tuple[str, str]:
    from index.read.page.annotations import annotate
    from index.read.page.refused import UnreadableError

    try:
        return annotate(path, highlights)
    except UnreadableError as error:
        return error.status, error.reason
