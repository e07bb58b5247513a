"""What ``gloss doctor --repair`` does: damaged papers read again, words and vectors rebuilt."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from index.catalog import Catalog, Edition, Origin
from index.errors import GlossError
from index.library.adding import Adding, recorded
from index.library.files import Files
from index.library.preparing import PendingPaper, Stages
from index.library.rebuild import Rebuilding, Step
from index.library.tools import Tools
from index.paper import Paper, Reading
from index.sources import Source

if TYPE_CHECKING:
    from index.embed import Embedder


@dataclass(eq=False)
class Repairing:
    """Repairs of an open library. The caller holds the lock of adding."""

    _catalog: Catalog
    _files: Files
    _tools: Tools
    _adding: Adding
    _rebuilding: Rebuilding

    def repair(self, progress: Callable[[Step], None] | None, embedder: Embedder | None) -> None:
        """Put right what can be: files, papers, vectors, the index of words.

        A paper whose text is not as it was needs vectors of its own: it is stored once the others'
        are rebuilt, where that cannot be done before. What stays damaged is left as it is.
        """
        current = [self._with_file(one) for one in self._catalog.editions.in_state("current")]
        for edition in current:
            self._copy_again(edition)
        sound = self._catalog.integrity.is_sound
        later = [one for one in current if not sound(one.number) and not self._read_again(one)]
        for number in self._catalog.integrity.damaged_claims():
            self._catalog.claims.purge(number)  # its digest is not searched until it is saved again
        self._rebuilding.rebuild(progress, embedder)
        for edition in later:
            self._read_again(edition)
        if not self._catalog.integrity.all_words_in_step():
            self._catalog.integrity.refill_words()
        self._files.tidy(self._catalog.editions.files())

    def _with_file(self, edition: Edition) -> Edition:
        """An edition with the name of its own file, which a damaged row may not have."""
        name = self._files.own_name(edition.file, edition.sha256, edition.original)
        return replace(edition, file=name)

    def _copy_again(self, edition: Edition) -> None:
        """Copy a file that is gone or damaged from where it was added, if it is still there."""
        if self._files.is_whole(edition.file):
            return
        original = Path(edition.original)
        if original.is_file():
            with suppress(GlossError):
                copy, sha256 = self._files.copied(Source(original, original.name))
                try:
                    if sha256 == edition.sha256:
                        self._files.make_durable(copy)
                        self._files.keep(copy, edition.file)
                finally:
                    copy.unlink(missing_ok=True)

    def _read_again(self, edition: Edition) -> bool:
        """Read a damaged paper again, from the library's file; whether that made it sound.

        A text that is as it was is stored where it was; another takes the place of the former, as
        that of a changed file does.
        """
        if not self._files.is_whole(edition.file):
            return False
        path = self._files.path(edition.file)
        reading = self._tools.reader().read(
            path, name=Path(edition.original).stem, sha256=edition.sha256
        )
        if reading.status != "ok" or reading.paper is None:
            return False
        paper = self._as_it_was(edition, reading.paper)
        origin = Origin(edition.sha256, edition.file, edition.original)
        pending = PendingPaper(Source(path, edition.paper_id), None, origin, Stages())
        try:
            return self._adding.store(pending, Reading("ok", "", paper), path).status == "ok"
        except GlossError:  # no vectors can be made yet
            return False

    def _as_it_was(self, edition: Edition, paper: Paper) -> Paper:
        """A paper that was read again, under its id and with arXiv's record, as far as kept."""
        paper = replace(paper, id=edition.paper_id, version=edition.version)
        kept = self._catalog.integrity.paper_without_text(edition.number)
        if kept is not None and kept.record is not None:
            return recorded(paper, kept.record)
        if not edition.recorded:
            return paper
        return replace(
            paper,
            title=edition.title or paper.title,
            authors=edition.authors or paper.authors,
            date=edition.date or paper.date,
            categories=edition.categories or paper.categories,
        )
