"""The library of a visitor's own papers: it is created for the first paper, and deleted at the end.

It holds a limited number of papers, and any of them may be moved to the shared library.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from index.errors import GlossError, PaperNotFound

if TYPE_CHECKING:
    from index.library import Library


class NoRoom(GlossError):
    """A visitor has as many papers as one may have."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"this visit has {most} papers of its own, which is all that fit: reload the page to "
            "start again, or run gloss on a machine of your own"
        )
        self.most = most


class VisitEnded(GlossError):
    """A paper is to go where there is nobody any more, or never was."""

    def __init__(self) -> None:
        super().__init__("this visit has ended: reload the page, and add the paper again")


class NotShared(GlossError):
    """A paper that stays its visitor's own, and why."""

    def __init__(self, paper_id: str, why: str) -> None:
        super().__init__(f"{paper_id}: {why}")
        self.paper_id = paper_id


class OwnPapers:
    """A visitor's own library, which need not exist. Safe to call from several threads.

    ``open_library`` creates it; it holds at most ``papers_most`` papers, with those that its
    visitor has moved to the shared library counted.
    """

    def __init__(
        self, shared: Library, papers_most: int, open_library: Callable[[], Library]
    ) -> None:
        self._shared = shared
        self._papers_most = papers_most
        self._open_library = open_library
        self._library: Library | None = None
        self._ended = False
        self._changing = threading.RLock()  # whether there is a library
        self._adding = threading.Lock()  # one paper at a time, so that they can be counted
        self._moved = 0  # papers that went to the shared library

    @property
    def library(self) -> Library | None:
        """The library, or None before its first paper and after the end."""
        return self._library

    @property
    def is_adding(self) -> bool:
        """Whether a paper is being added."""
        return self._adding.locked()

    def close(self) -> None:
        """Close the library for good, and delete it."""
        with self._changing:
            self._ended = True
            library, self._library = self._library, None
        if library is None:
            return
        try:
            library.close()
        finally:
            shutil.rmtree(library.directory)

    @contextmanager
    def adding(self) -> Iterator[Library]:
        """The library, created if need be, while one paper is added to it.

        Raises ``NoRoom``, and ``VisitEnded`` also where the library is closed meanwhile.
        """
        with self._adding:
            with self._changing:
                if self._ended:
                    raise VisitEnded
                if self._library is None:
                    self._library = self._open_library()
                library = self._library
            with self._unless_ended():
                if self._moved + library.count() >= self._papers_most:
                    raise NoRoom(self._papers_most)
                yield library

    @contextmanager
    def _unless_ended(self) -> Iterator[None]:
        """Raise ``VisitEnded`` for any error of a library that was closed meanwhile."""
        try:
            yield
        except Exception as error:
            if self._ended:
                raise VisitEnded from error
            raise

    def has(self, paper_id: str) -> bool:
        """Whether the library has the paper."""
        library = self._library
        if library is None:
            return False
        try:
            library.stored(paper_id)
        except PaperNotFound:
            return False
        return True

    def share(self, paper_id: str) -> str:
        """Move a paper into the shared library, as it was read; returns its id there.

        Raises ``NotShared`` if the visitor has no such paper, or it only claims to be arXiv's,
        ``PaperThere`` if it would replace another's paper, and ``VisitEnded``.
        """
        from index.sources import key_of

        with self._adding:
            library = self._library
            if library is None or not self.has(paper_id):
                raise NotShared(paper_id, "not a paper of this visit: add it first")
            with self._unless_ended():
                paper = library.paper(paper_id)
                if key_of(paper.id).arxiv and paper.record is None:
                    raise NotShared(
                        paper.id,
                        "an upload only says that it is arXiv's: add it by its id, and share that",
                    )
                added = self._shared.adopt(library, paper.id)
                self._moved += 1
                library.remove(paper.id)
        return added.paper_id
