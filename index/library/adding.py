"""Papers in: received, read, and committed one at a time.

The commit of a paper: its edition is ``pending`` in the catalogue, its file is kept, its points go
into the store, then one transaction makes the edition ``current``, then what it replaced where.
Whatever is cut short before that transaction never counted.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from index.catalog import Alias, Catalog, Edition, KnownVersion, Origin
from index.config import Settings
from index.entries import Entry
from index.errors import GlossError, PaperNotFound, PaperThere, SourceNotFound
from index.hits import Passage
from index.library.access import Access
from index.library.destination import Destination, destination
from index.library.engines import Engine, Engines
from index.library.files import Files
from index.library.ids import Ids
from index.library.parts import Parts
from index.library.points import paper_points
from index.library.preparing import (
    PendingPaper,
    Progress,
    Splitter,
    Stages,
    named,
    split_and_embed,
    splitter,
)
from index.library.rows import relation
from index.library.stored import StoredPaper
from index.library.tools import Tools
from index.paper import Paper, Reading, Record, SourceKind, Status
from index.reference import Reference
from index.sources import PaperKey, Source, key_of
from index.store import Point

# Bytes of the catalogue and its log for a byte of text: some 4 on the papers of ``data``.
_CATALOGUED = 12
_NOTED = 5  # pages that are listed
_READ_AGAIN = "was damaged, and has been read again"
_FILE_AGAIN = "its file was gone or damaged, and is here again"


@dataclass(frozen=True, slots=True)
class Added:
    """The result of adding one file. ``seconds`` has read, split, embed and store, if it got there.

    ``changed`` is false where the library already had it; a ``reason`` beside ``ok`` says why a
    file was not taken for the one that is there, whose bytes it has under another id, or that
    hidden text was left out of it or not all of it could be read.
    """

    paper_id: str
    status: Status
    reason: str
    passages: int
    seconds: dict[str, float]
    changed: bool


@dataclass(eq=False)
class Adding:
    """Adds papers to an open library."""

    _settings: Settings
    _access: Access
    _parts: Parts
    _catalog: Catalog
    _files: Files
    _ids: Ids
    _engines: Engines
    _tools: Tools
    # From a reading to its commit; taken before ``writing``.
    lock: threading.RLock = field(default_factory=threading.RLock, init=False)

    def prepare(
        self, source: Source, progress: Progress | None, record: Record | None
    ) -> PendingPaper:
        """Receive and read a source."""
        pending = self.receive(source, progress, record)
        if pending.copy is not None:
            try:
                with pending.stages("read"):
                    pending.reading = self._tools.reader().read(
                        pending.copy, name=pending.name, sha256=pending.origin.sha256
                    )
            except BaseException:
                pending.close()
                raise
        return pending

    def receive(
        self, source: Source, progress: Progress | None, record: Record | None
    ) -> PendingPaper:
        """Copy a source, unless the library has its bytes."""
        stages = Stages(progress)
        if record is not None:
            original = f"https://arxiv.org/abs/{Reference(record.id, record.version)}"
        else:  # a file name is bytes, and need not be UTF-8
            original = os.fsencode(source.path.absolute()).decode("utf-8", "backslashreplace")
        self._access.check(_size_of(source.path))
        copy, sha256 = self._files.copied(source)
        origin = Origin(sha256, f"{sha256}{source.path.suffix.lower()}", original)
        pending = PendingPaper(source, record, origin, stages, copy)
        try:
            if self._twin(pending) is not None:
                pending.close()
                pending.copy = None
                return pending
            self._engines.started()  # what cannot be embedded and stored is not worth reading
            self._files.make_durable(copy)
        except BaseException:
            pending.close()
            raise
        return pending

    def commit(self, pending: PendingPaper) -> Added | None:
        """Commit a pending paper; None if it must be read again."""
        try:
            with self.lock:
                # Another thread may have added the same bytes meanwhile.
                twin = self._twin(pending)
                if twin is not None:
                    return self._same(pending, twin)
                if pending.reading is not None and pending.copy is not None:
                    return self.store(pending, pending.reading, pending.copy)
        finally:
            pending.close()
        return None  # its twin was removed meanwhile

    def adopt(self, stored: StoredPaper) -> Added:
        """Take over a paper of another library as it was read there, under the id that it has."""
        edition, paper, file = stored.edition, stored.paper(), stored.file()
        pending = PendingPaper(
            Source(file, paper.id),
            paper.record,
            Origin(edition.sha256, edition.file, edition.original),
            Stages(),
        )
        with self.lock:
            there = self._catalog.editions.find("sha256", edition.sha256, "current")
            for name in (paper.id, key_of(paper.id).paper):
                with suppress(PaperNotFound):
                    there.append(self._ids.edition(name))
            if there:
                raise PaperThere(paper.id, there[0].paper_id)
            reading = Reading("ok", "", paper)
            cut, engine = self._splitter(), self._engines.started()
            pending.embedded = split_and_embed(reading, cut, engine, pending.stages)
            if pending.embedded.failure is not None:  # else it would be listed as a failed file
                raise SourceNotFound(paper.id, pending.embedded.failure.reason)
            pending.copy, _ = self._files.copied(pending.source)
            try:
                self._files.make_durable(pending.copy)
                return self.store(pending, reading, pending.copy)
            finally:
                pending.close()

    def store(self, pending: PendingPaper, reading: Reading, copy: Path) -> Added:
        """From a reading to a commit, or to a recorded failure. The caller holds ``lock``.

        A damaged paper of the same bytes is stored again where it was, if its text is as it was.
        """
        paper, record = reading.paper, pending.record
        titles = (paper.title,) if paper is not None else ()
        origin, stages = pending.origin, pending.stages
        if reading.status != "ok" or paper is None:
            status: Status = "broken" if reading.status == "ok" else reading.status
            return self._failed(pending, status, reading.reason)
        if pending.entry is not None:
            titles = (*titles, pending.entry.title)
        if record is not None:
            paper = recorded(paper, record)
            titles = (*titles, paper.title)  # an earlier file's may have been read as wrongly
            if record.version is not None:
                self._catalog.arxiv.record_versions(
                    [KnownVersion(record.id, record.version, record.withdrawn)]
                )
        damaged = self._damaged(origin)
        if damaged is not None:
            where = Destination(damaged.paper_id, damaged.paper_key, damaged)
        else:
            where = destination(
                self._catalog.editions, paper.id, paper.version, origin, titles, record is not None
            )
        if where.refusal and where.former is not None:
            count = where.former.passages
            return Added(where.former.paper_id, "ok", where.refusal, count, stages.seconds, False)
        if record is None and where.former is not None and where.former.recorded:
            former = self._catalog.integrity.paper_without_text(where.former.number)
            kept = former.record if former is not None else None
            if kept is not None and kept.version == (paper.version or key_of(paper.id).version):
                paper = recorded(paper, kept)
        if paper.record is None:
            paper = described(paper, pending.entry or self._catalog.entries.of(where.key))
        self._access.check(_CATALOGUED * len(paper.text))
        paper = replace(paper, id=where.paper_id, version=paper.version or key_of(paper.id).version)
        if damaged is not None:
            if copy.is_file() and not self._files.is_whole(origin.file):
                self._files.keep(copy, origin.file)
            restore = self._catalog.integrity.restore
            if restore(damaged.number, paper, origin.file, origin.original):
                count = damaged.passages
                return Added(paper.id, "ok", _READ_AGAIN, count, stages.seconds, True)
        engine = self._engines.started()
        embedded = pending.embedded or split_and_embed(
            Reading("ok", "", paper), self._splitter(), engine, stages
        )
        if embedded.failure is not None or embedded.vectors is None:
            failure = embedded.failure or Reading("broken", "it was not embedded")
            return self._failed(pending, failure.status, failure.reason)
        passages = named(embedded.passages, paper)
        points = paper_points(paper, passages, embedded.vectors, engine)
        with stages("store"), self._engines.writing:
            self._commit(paper, where, origin, copy, passages, points, engine)
        again = _READ_AGAIN if damaged is not None else ""
        notes = (again, relation(origin.original, where.key), _noted(paper))
        said = "; ".join(note for note in notes if note)
        return Added(paper.id, "ok", said, len(passages), stages.seconds, True)

    def _commit(
        self,
        paper: Paper,
        where: Destination,
        origin: Origin,
        copy: Path,
        passages: Sequence[Passage],
        points: Sequence[Point],
        engine: Engine,
    ) -> None:
        number = self._catalog.editions.add_pending(paper, where.key, origin, passages)
        try:
            self._files.keep(copy, origin.file)
            engine.store.upsert([replace(point, edition=number) for point in points])
            self._catalog.editions.make_current(number)
        except BaseException:
            # What was interrupted after the commit counts. What does not is taken out; if that
            # cannot be done now, the next opening does so.
            with suppress(GlossError):
                if number in self._catalog.editions.numbers("pending"):
                    self._engines.drop(number, engine)
            raise
        if where.former is not None:
            # The new edition counts. Points of the former one are not shown; if they cannot be
            # taken out now, the next opening does so.
            with suppress(GlossError):
                self._engines.drop(where.former.number, engine)

    def _failed(self, pending: PendingPaper, status: Status, reason: str) -> Added:
        from index.read.front.identity import identify

        path, record, origin = Path(pending.origin.original), pending.record, pending.origin
        if record is not None:
            where = destination(self._catalog.editions, record.id, record.version, origin)
        else:
            identity = identify(path.stem, "", origin.sha256)
            where = destination(self._catalog.editions, identity.id, identity.version, origin)
        kind = "pdf" if record is not None else _kind(path)
        self._catalog.editions.add_failed(where.paper_id, where.key, origin, kind, status, reason)
        return Added(where.paper_id, status, reason, 0, pending.stages.seconds, True)

    def _twin(self, pending: PendingPaper) -> Edition | None:
        """The paper with the same bytes, unless it lacks the record that came with these."""
        for edition in self._catalog.editions.find("sha256", pending.origin.sha256, "current"):
            if not self._catalog.integrity.is_sound(edition.number):
                continue  # it is read again
            record = pending.record
            its_own = record is not None and edition.paper_key == record.id
            if not its_own or edition.recorded:
                return edition
        return None

    def _damaged(self, origin: Origin) -> Edition | None:
        """The damaged paper of the same bytes, which a new reading of them puts right."""
        found = self._catalog.editions.find("sha256", origin.sha256, "current")
        sound = self._catalog.integrity.is_sound
        return next((one for one in found if not sound(one.number)), None)

    def _same(self, pending: PendingPaper, twin: Edition) -> Added:
        """The answer for bytes that the library already has, which need no work.

        An arXiv id that they came with, and that is not the paper's own, is kept as another name
        of it: kept as a paper, the same words would be found twice by every search.
        """
        put_right = not self._files.is_whole(twin.file)
        if put_right:
            copy, sha256 = self._files.copied(pending.source)
            try:
                if sha256 == twin.sha256:  # it may have changed since it was looked at
                    self._files.make_durable(copy)
                    self._files.keep(copy, twin.file)
            finally:
                copy.unlink(missing_ok=True)
        other = self._other_id(pending, twin)
        if other is None:
            said = _FILE_AGAIN if put_right else ""
            return Added(twin.paper_id, "ok", said, twin.passages, {}, put_right)
        self._catalog.arxiv.add_alias(Alias(other.paper, other.version, twin.paper_key))
        reason = f"same file as {twin.paper_id}"
        return Added(other.paper, "ok", reason, twin.passages, {}, False)

    def _other_id(self, pending: PendingPaper, twin: Edition) -> PaperKey | None:
        """The arXiv id that a file came with, by its record or its name, if it is another one."""
        from index.read.front.identity import identify

        if pending.record is not None:
            key = PaperKey(pending.record.id, pending.record.version, True)
        elif pending.origin.original == twin.original:
            return None
        else:
            named = identify(Path(pending.origin.original).stem, "", "")
            key = replace(key_of(named.id), version=named.version)
        return key if key.arxiv and key.paper != twin.paper_key else None

    def _splitter(self) -> Splitter:
        return splitter(self._settings, self._parts.count_tokens)


def _noted(paper: Paper) -> str:
    """What is to be said of a paper that is in: what could not be read of it, and where hidden text
    was left out of it."""
    said = [str(loss) for loss in paper.losses[:_NOTED]]
    if len(paper.losses) > _NOTED:
        said.append(f"nor could {len(paper.losses) - _NOTED} more pages in full")
    if paper.findings:
        pages = sorted({finding.box.page for finding in paper.findings if finding.box})
        listed = ", ".join(map(str, pages[:_NOTED])) + (", ..." if len(pages) > _NOTED else "")
        said.append("hidden text left out" + (f" on page {listed}" if pages else ""))
    return f"{'; '.join(said)}: `gloss show {paper.id}` lists it" if said else ""


def recorded(paper: Paper, record: Record) -> Paper:
    """A paper as its record has it; its text and all that points into it stay the page's.

    The date is that of version 1, which is what a paper is cited by.
    """
    return replace(
        paper,
        id=record.id,
        version=record.version or paper.version,
        title=record.title or paper.title,
        authors=record.authors or paper.authors,
        date=record.published or paper.date,
        categories=record.categories or paper.categories,
        record=record,
    )


def described(paper: Paper, entry: Entry | None) -> Paper:
    """A paper with title, authors and date of an entry of a bibliography, as far as it has them."""
    if entry is None:
        return paper
    return replace(
        paper,
        title=entry.title or paper.title,
        authors=tuple(map(str, entry.authors)) or paper.authors,
        date=entry.date or paper.date,
    )


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # reading it says so
        return 0


def _kind(path: Path) -> SourceKind:
    from index.read import KINDS

    return KINDS.get(path.suffix.lower(), "pdf")
