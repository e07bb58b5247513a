"""A library: papers go in, and passages are found. One directory, one owner at a time.

``catalog.sqlite`` is the truth, ``vectors/`` and ``claims/`` can be rebuilt from it (and are then
called ``vectors-2``, and so on), ``files/`` has a copy of each original. A paper is acknowledged
when ``add`` returns: by then its vectors are durable and one transaction of the catalogue has made
it count. Whatever is cut short before that never counted; what it left behind is cleared away when
the library is next opened for searching or adding. The same holds for a digest and the vectors of
its sentences.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from index.catalog import Alias, Catalog, ClaimSet, Edition, Fingerprint, KeptDigest, Known, Origin
from index.config import QdrantSettings, Settings
from index.errors import (
    GlossError,
    LibraryBusy,
    LibraryUnusable,
    PaperChanged,
    PaperNotFound,
    PaperThere,
    SourceNotFound,
    StoreUnusable,
)
from index.library.claims import ClaimIndex, claim_points, resolves
from index.library.points import TITLE_WEIGHT, points_of, valid_date
from index.library.points import VERSION as POINTS_VERSION
from index.library.rank import RERANKED, WordEncoder, question, rank
from index.paper import (
    Box,
    ClaimHit,
    ClaimRecord,
    Hit,
    PageSize,
    Paper,
    Passage,
    Reading,
    Record,
    SearchFilter,
    SourceKind,
    Span,
    SparseVector,
    Status,
    runs_of,
)
from index.reference import Reference, parse_reference
from index.sources import PaperKey, Source, key_of
from index.split import TOKENS, TOKENS_MAX, CountTokens, TooManyPassages, split
from index.store import Point, Scored, Shelf, Store, VectorQuery

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from index.embed import Embedder, Vectors

_CATALOG = "catalog.sqlite"
_VECTORS, _CLAIMS = "vectors", "claims"  # what stores are called, followed by the generation
# What opening makes before there is a catalogue with something in it.
_BEGUN = re.compile(r"lock(\.json|\.new)?|catalog\.sqlite(-\w+)?")
_KEPT_FILE = re.compile(r"[0-9a-f]{64}\.(pdf|md|markdown|html|htm|xhtml)")
_SAME_TITLE = 0.6  # of difflib's ratio: a title that was reworded, and not another one

Splitter = Callable[[Paper], tuple[Passage, ...]]
Progress = Callable[[str], None]
"""Told what is being done: a stage of ``add``."""


class FileReader(Protocol):
    """What a library needs of ``index.read.Reader``."""

    def read(self, path: Path, paper_id: str | None = None, name: str | None = None) -> Reading:
        """The paper in a file, or why there is none."""

    def render_page(self, path: Path, page: int, boxes: Sequence[Box], scale: float) -> bytes:
        """A page as PNG with boxes marked."""

    def render_figure(self, path: Path, box: Box, scale: float) -> bytes:
        """What a page shows in a box as PNG."""

    def page_sizes(self, path: Path) -> tuple[PageSize, ...]:
        """The sizes of a PDF's pages, as people see them."""

    def close(self) -> None:
        """End the workers."""


class HitReranker(Protocol):
    """What a library needs of ``index.embed.rerank.Reranker``."""

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query."""


class PassageEncoder(WordEncoder, Protocol):
    """What a library needs of ``index.embed.sparse.Bm25Encoder``."""

    def encode_passage(self, text: str) -> SparseVector:
        """The terms of a passage."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts that are given to a library, which stay the giver's to close. None: its own, lazily."""

    embedder: Embedder | None = None
    stores: Shelf | None = None
    reader: FileReader | None = None
    words: PassageEncoder | None = None
    count_tokens: CountTokens | None = None
    reranker: HitReranker | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a rebuild: a paper or a digest, how many came before it, and of how many."""

    what: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Added:
    """What came of adding one file. ``seconds`` has read, split, embed and store, as far as it got.

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


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A paper in the list, or a file that did not become one: then ``status`` is not ``ok``.

    A ``reason`` beside ``ok`` tells of a paper that this one belongs to by its file's name, of a
    later file for the same paper that failed, and of what arXiv has said since: ``newest`` is the
    version to get where there is a newer one.
    """

    id: str
    version: int | None
    title: str
    status: Status
    reason: str
    source: SourceKind
    passages: int
    added: str  # ISO, UTC
    authors: tuple[str, ...]
    date: str | None
    categories: tuple[str, ...]
    newest: int | None = None
    withdrawn: bool = False  # on arXiv


@dataclass(frozen=True, slots=True)
class Held:
    """What the library has of an arXiv paper. ``recorded``: with arXiv's record.

    ``paper_id`` is that of another paper where the two were one file.
    """

    paper_id: str
    version: int | None
    passages: int
    recorded: bool


@dataclass(frozen=True, slots=True)
class Encoders:
    """What makes vectors of passages."""

    embedder: Embedder
    words: PassageEncoder


@dataclass(frozen=True, slots=True)
class Prepared:
    """A reading cut into passages, with a vector for each; a ``failure`` where it cannot be.

    The passages have the id that the reading alone gives, and ``take`` sets what it becomes.
    """

    passages: tuple[Passage, ...] = ()
    vectors: Vectors | None = None  # (passages, dimension), unless it failed
    failure: Reading | None = None


@dataclass(slots=True)
class Ready:
    """A source on its way into the library. ``close`` one that is not taken.

    Received, it has a copy, unless its bytes were in the library when they were looked at; read,
    a reading. It may also have been prepared ahead.
    """

    source: Source
    record: Record | None
    origin: Origin
    stages: Stages
    copy: Path | None = None
    reading: Reading | None = None
    prepared: Prepared | None = None

    @property
    def name(self) -> str:
        """What the file is called, without extension; a paper without an id is named after it."""
        record = self.record
        name = str(Reference(record.id, record.version)) if record else self.source.path.stem
        return os.fsencode(name).decode("utf-8", "backslashreplace")

    def close(self) -> None:
        """Delete the copy that was read, unless the library kept it."""
        if self.copy is not None:
            self.copy.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether catalogue, vectors and files agree. Each problem says what to do."""

    papers: int
    failed: int
    passages: int
    points: int
    model: str
    problems: tuple[str, ...]
    claims: int = 0  # sentences of digests, and their vectors
    claim_points: int = 0
    rebuilding: str = ""  # the model that a rebuild which was cut short was for

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class _Engine(Encoders):
    """Model and vectors that belong together. Each rebuild makes another generation of them."""

    store: Store
    generation: int
    claims: list[ClaimIndex] = field(default_factory=list)  # one, once it is opened
    means: dict[int, tuple[float, ...]] = field(default_factory=dict)  # of editions looked at

    def close(self) -> None:
        try:
            for index in self.claims:
                index.close()
        finally:
            self.store.close()


@dataclass(frozen=True, slots=True)
class _Rebuild:
    """A rebuild that was begun: which generation it makes, and what of."""

    generation: int
    made_with: Mapping[str, str]

    @classmethod
    def noted(cls, meta: Mapping[str, str]) -> _Rebuild | None:
        """The one that was cut short, if the catalogue has note of it."""
        note = meta.get("rebuilding")
        return cls(**json.loads(note)) if note else None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a paper goes: under which id, instead of which edition; or why it does not."""

    paper_id: str
    key: str
    former: Edition | None = None
    refusal: str = ""


class Library:
    """An open library. ``close`` it, or use it in ``with``. Safe to call from several threads."""

    def __init__(
        self, settings: Settings, directory: Path, lock: _Lock, parts: Parts, create: bool = True
    ) -> None:
        self.directory = directory
        self._settings = settings
        self._lock = lock
        self._parts = parts
        self._catalog = Catalog(directory / _CATALOG, create=create and _is_bare(directory))
        self._files = directory / "files"
        self._incoming = self._files / "incoming"
        # Taken in this order. Embedding a paper takes seconds, which nobody else should wait for.
        self._adding = threading.RLock()  # from a reading to its commit
        self._writing = threading.RLock()  # what changes which editions count; opening the store
        self._starting = threading.Lock()
        self._closed = False
        self._engine: _Engine | None = None
        self._former: list[_Engine] = []  # rebuilt; searches that had begun end on them
        self._claims_seen: ClaimIndex | None = None  # whose vectors were seen to be there
        self._reader: FileReader | None = parts.reader
        self._reranker: HitReranker | None = parts.reranker
        self._page_sizes: dict[str, tuple[PageSize, ...]] = {}  # by the file's name, its hash

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        create: bool = True,
        embedder: Embedder | None = None,
        stores: Shelf | None = None,
        reader: FileReader | None = None,
        words: PassageEncoder | None = None,
        count_tokens: CountTokens | None = None,
        reranker: HitReranker | None = None,
    ) -> Library:
        """Open the library of the settings; the model, the store and the reader wait for their use.

        A library is made only where nothing is, and with ``create`` false not even there. Raises
        ``LibraryBusy`` at once if another process has it, ``LibraryUnusable`` if it cannot be had.
        """
        directory = settings.library.expanduser().absolute()
        try:
            there = (directory / _CATALOG).is_file()
            if not create and not there:
                raise LibraryUnusable(directory, "no library here; `gloss add` makes one")
            directory.mkdir(parents=True, exist_ok=True)
            if not there and not _is_bare(directory):
                raise LibraryUnusable(
                    directory, "is not empty and no library; give an empty or new directory"
                )
        except OSError as error:
            raise _no_writing(directory, error) from error
        lock = _Lock(directory)
        try:
            library = cls(
                settings,
                directory,
                lock,
                Parts(embedder, stores, reader, words, count_tokens, reranker),
                create,
            )
        except OSError as error:
            lock.release()
            raise _no_writing(directory, error) from error
        except BaseException:
            lock.release()
            raise
        try:
            library._tidy()
        except OSError as error:
            library.close()
            raise _no_writing(directory, error) from error
        except BaseException:
            library.close()
            raise
        return library

    def beside(self, directory: Path) -> Library:
        """Open another library, its vectors in its own directory, with this one's parts.

        These stay this one's: no second model is loaded, and no other workers read its files. Close
        it before this one. Raises as ``open`` does, and what the model raises.
        """
        return Library.open(
            self._settings.model_copy(update={"library": directory, "qdrant": QdrantSettings()}),
            embedder=self.embedder,
            reader=self._own_reader(),
            words=self.words,
            count_tokens=self._parts.count_tokens,
            reranker=self._own_reranker(),
        )

    def close(self) -> None:
        """Let go of everything. Closing twice does no harm."""
        with self._starting:  # no thread that is still reading starts workers anew
            self._closed = True
        with self._adding, self._writing:
            try:
                self._close_engine()
                if self._reader is not None and self._parts.reader is None:
                    self._reader.close()
                    self._reader = None
            finally:
                self._catalog.close()
                self._lock.release()

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Papers in.

    def add(
        self, source: Source, progress: Progress | None = None, record: Record | None = None
    ) -> Added:
        """Add a file. A file that is no good is recorded with its status and raises nothing.

        The same bytes again change nothing. A higher or equal version of an arXiv paper takes the
        place of the one that is there if their titles are alike, and so does a file that changed
        where it is; other files of one name or id are other papers (``name-2``). Bytes that are in
        the library under another id stay one paper, and that id finds it too.

        ``record`` is what arXiv says of a PDF that came from there: it holds for the id, version,
        title, authors, date and categories, and is kept as ``Paper.record``. A paper that is there
        without one is read again. Raises ``SourceNotFound`` if the file cannot be opened,
        ``LibraryUnusable``, ``ModelUnusable`` or ``StoreUnusable`` if nothing can be added.
        """
        return self.take(self.ready(source, progress, record))

    def ready(
        self, source: Source, progress: Progress | None = None, record: Record | None = None
    ) -> Ready:
        """The first half of ``add``: a source received and read, which may be done ahead of others.

        Nothing of it is in the library before it is given to ``take``.
        """
        ready = self.receive(source, progress, record)
        if ready.copy is not None:
            try:
                with ready.stages("read"):
                    ready.reading = self._own_reader().read(ready.copy, name=ready.name)
            except BaseException:
                ready.close()
                raise
        return ready

    def receive(
        self, source: Source, progress: Progress | None = None, record: Record | None = None
    ) -> Ready:
        """What ``ready`` does before it reads, for a source that is read elsewhere."""
        from index.read import file_hash

        stages = Stages(progress)
        if record is not None:
            original = f"https://arxiv.org/abs/{Reference(record.id, record.version)}"
        else:  # a file name is bytes, and need not be UTF-8
            original = os.fsencode(source.path.absolute()).decode("utf-8", "backslashreplace")
        try:
            sha256 = file_hash(source.path)
        except OSError as error:
            raise _no_reading(source, error) from error
        suffix = source.path.suffix.lower()
        ready = Ready(source, record, Origin(sha256, f"{sha256}{suffix}", original), stages)
        if self._twin(ready) is not None:
            return ready
        self._started()  # what cannot be embedded and stored is not worth reading
        ready.copy = self._copied(source)
        try:
            sha256 = file_hash(ready.copy)
        except BaseException:
            ready.close()
            raise
        ready.origin = replace(ready.origin, sha256=sha256, file=f"{sha256}{suffix}")
        return ready

    def take(self, ready: Ready) -> Added:
        """The second half of ``add``: one source at a time, in the order of the calls."""
        try:
            with self._adding:
                # Another thread may have added the same bytes meanwhile.
                twin = self._twin(ready)
                if twin is not None:
                    return self._same(ready, twin)
                if ready.reading is not None and ready.copy is not None:
                    return self._take(ready, ready.reading, ready.copy)
        finally:
            ready.close()
        return self.add(ready.source, None, ready.record)  # its twin was removed meanwhile

    def adopt(self, other: Library, paper_id: str) -> Added:
        """Take over a paper of another library as it was read there, under the id that it has.

        Nothing that is here changes by it. Raises ``PaperNotFound``, ``SourceNotFound`` where its
        file is gone or nothing of it can be embedded, and ``PaperThere`` where a paper here has
        that id, or had it once, or has the same bytes.
        """
        edition, file = other._edition(paper_id), other.file_of(paper_id)
        paper = other._catalog.paper(edition.number)
        ready = Ready(
            Source(file, paper.id),
            paper.record,
            Origin(edition.sha256, edition.file, edition.original),
            Stages(),
        )
        with self._adding:
            there = self._catalog.find("sha256", edition.sha256, "current")
            for name in (paper.id, key_of(paper.id).paper):
                with suppress(PaperNotFound):
                    there.append(self._edition(name))
            if there:
                raise PaperThere(paper.id, there[0].paper_id)
            reading = Reading("ok", "", paper)
            ready.prepared = prepare(reading, self._splitter(), self._started(), ready.stages)
            if ready.prepared.failure is not None:  # else it would be listed as a failed file
                raise SourceNotFound(paper.id, ready.prepared.failure.reason)
            ready.copy = self._copied(ready.source)
            try:
                return self._take(ready, reading, ready.copy)
            finally:
                ready.close()

    def _take(self, ready: Ready, reading: Reading, copy: Path) -> Added:
        """From a reading to a commit, or to a recorded failure."""
        paper, record = reading.paper, ready.record
        titles = (paper.title,) if paper is not None else ()
        origin, stages = ready.origin, ready.stages
        if reading.status != "ok" or paper is None:
            status: Status = "broken" if reading.status == "ok" else reading.status
            return self._failed(ready, status, reading.reason)
        if record is not None:
            paper = _recorded(paper, record)
            titles = (*titles, paper.title)  # an earlier file's may have been read as wrongly
            if record.version is not None:
                self._catalog.note([Known(record.id, record.version, record.withdrawn)])
        place = self._place(paper.id, paper.version, origin, titles, record is not None)
        if place.refusal and place.former is not None:
            count = place.former.passages
            return Added(place.former.paper_id, "ok", place.refusal, count, stages.seconds, False)
        if record is None and place.former is not None and place.former.recorded:
            kept = self._catalog.paper(place.former.number).record
            if kept is not None and kept.version == (paper.version or key_of(paper.id).version):
                paper = _recorded(paper, kept)
        paper = replace(paper, id=place.paper_id, version=paper.version or key_of(paper.id).version)
        engine = self._started()
        prepared = ready.prepared or prepare(reading, self._splitter(), engine, stages)
        if prepared.failure is not None or prepared.vectors is None:
            failure = prepared.failure or Reading("broken", "it was not embedded")
            return self._failed(ready, failure.status, failure.reason)
        passages = _named(prepared.passages, paper)
        points = self._points(paper, passages, prepared.vectors, engine)
        with stages("store"), self._writing:
            self._keep(copy, origin)
            self._commit(paper, place, origin, passages, points, engine)
        notes = (_relation(origin.original, place.key), _noted(paper))
        said = "; ".join(note for note in notes if note)
        return Added(paper.id, "ok", said, len(passages), stages.seconds, True)

    def _commit(
        self,
        paper: Paper,
        place: _Place,
        origin: Origin,
        passages: Sequence[Passage],
        points: Sequence[Point],
        engine: _Engine,
    ) -> None:
        number = self._catalog.add_pending(paper, place.key, origin, passages)
        try:
            engine.store.upsert([replace(point, edition=number) for point in points])
            self._catalog.make_current(number)
        except BaseException:
            # What was interrupted after the commit counts. What does not is taken out; if that
            # cannot be done now, the next opening does so.
            with suppress(GlossError):
                if number in self._catalog.numbers("pending"):
                    self._drop(number, engine)
            raise
        if place.former is not None:
            # The new edition counts. Points of the former one are not shown; if they cannot be
            # taken out now, the next opening does so.
            with suppress(StoreUnusable):
                self._drop(place.former.number, engine)

    def _failed(self, ready: Ready, status: Status, reason: str) -> Added:
        from index.read.identity import identify

        path, record, origin = Path(ready.origin.original), ready.record, ready.origin
        if record is not None:
            place = self._place(record.id, record.version, origin)
        else:
            identity = identify(path.stem, "", origin.sha256)
            place = self._place(identity.id, identity.version, origin)
        kind = "pdf" if record is not None else _kind(path)
        self._catalog.add_failed(place.paper_id, place.key, origin, kind, status, reason)
        return Added(place.paper_id, status, reason, 0, ready.stages.seconds, True)

    def _twin(self, ready: Ready) -> Edition | None:
        """The paper with the same bytes, unless it lacks the record that came with these."""
        for edition in self._catalog.find("sha256", ready.origin.sha256, "current"):
            record = ready.record
            its_own = record is not None and edition.paper_key == record.id
            if not its_own or edition.recorded:
                return edition
        return None

    def _same(self, ready: Ready, twin: Edition) -> Added:
        """The answer for bytes that the library already has, which need no work.

        An arXiv id that they came with, and that is not the paper's own, is kept as another name
        of it: kept as a paper, the same words would be found twice by every search.
        """
        if not (self._files / twin.file).is_file():
            copy = self._copied(ready.source)
            try:
                self._keep(copy, Origin(twin.sha256, twin.file, twin.original))
            finally:
                copy.unlink(missing_ok=True)
        other = self._other_id(ready, twin)
        if other is None:
            return Added(twin.paper_id, "ok", "", twin.passages, {}, False)
        self._catalog.add_alias(Alias(other.paper, other.version, twin.paper_key))
        reason = f"same file as {twin.paper_id}"
        return Added(other.paper, "ok", reason, twin.passages, {}, False)

    def _other_id(self, ready: Ready, twin: Edition) -> PaperKey | None:
        """The arXiv id that a file came with, by its record or its name, if it is another one."""
        from index.read.identity import identify

        if ready.record is not None:
            key = PaperKey(ready.record.id, ready.record.version, True)
        elif ready.origin.original == twin.original:
            return None
        else:
            named = identify(Path(ready.origin.original).stem, "", "")
            key = replace(key_of(named.id), version=named.version)
        return key if key.arxiv and key.paper != twin.paper_key else None

    def _place(
        self,
        paper_id: str,
        version: int | None,
        origin: Origin,
        titles: Sequence[str] = (),
        recorded: bool = False,
    ) -> _Place:
        """Whether a paper is new, a newer version, a changed file, or another of the same name.

        Without ``titles`` nothing is known but the name. With them, a paper that only claims the
        arXiv id of another is another paper; two that arXiv gave (``recorded``) are versions of
        one, whatever it is called by now.
        """
        key = key_of(paper_id)
        if key.arxiv:
            free, number = key.paper, 1
            while current := self._catalog.find("paper_key", free, "current"):
                there = current[0]
                if (
                    not titles
                    or there.original == origin.original
                    or there.sha256 == origin.sha256
                    or any(_alike(there.title, title) for title in titles)
                    or (recorded and there.recorded)
                ):
                    refusal = _refusal(there, version or key.version)
                    return _Place(paper_id if number == 1 else free, free, there, refusal)
                number += 1
                free = f"{key.paper}-{number}"
            return _Place(paper_id if number == 1 else free, free)
        same_name = re.compile(rf"{re.escape(paper_id)}(-\d+)?")
        for edition in self._catalog.find("original", origin.original, "current", "failed"):
            if same_name.fullmatch(edition.paper_id):
                former = edition if edition.state == "current" else None
                return _Place(edition.paper_id, edition.paper_id, former)
        free, number = paper_id, 1
        while self._catalog.find("paper_key", free, "current", "failed"):
            number += 1
            free = f"{paper_id}-{number}"
        return _Place(free, free)

    def _splitter(self) -> Splitter:
        return splitter(self._settings, self._parts.count_tokens)

    def _split(self, paper: Paper) -> tuple[Passage, ...]:
        """Its passages; none where it has more than one may have by now."""
        with suppress(TooManyPassages):
            return self._splitter()(paper)
        return ()

    def remove(self, paper_id: str) -> None:
        """Take a paper out, and forget files that failed to become it.

        Raises ``PaperNotFound`` if there is neither.
        """
        with self._writing:
            failed = self._catalog.find("paper_id", paper_id, "failed")
            for one in failed:
                self._catalog.purge(one.number)
            try:
                edition = self._edition(paper_id)
            except PaperNotFound:
                if failed:
                    return
                raise
            engine = self._started()
            self._catalog.retire(edition.number)
            self._drop(edition.number, engine)

    # What is there.

    def papers(self) -> list[PaperRow]:
        """All papers by id, and the files that did not become papers."""
        current = self._catalog.editions("current")
        failed = self._catalog.editions("failed")
        failed_later = {edition.paper_key: edition for edition in failed}
        known = self._catalog.known()
        also: dict[str, list[str]] = {}
        for alias in self._catalog.aliases():
            also.setdefault(alias.target, []).append(alias.paper_key)
        keys = {edition.paper_key for edition in current}
        rows = [
            _row(
                edition,
                failed_later.get(edition.paper_key),
                known.get(edition.paper_key),
                also.get(edition.paper_key, ()),
            )
            for edition in current
        ]
        rows.extend(_row(edition) for edition in failed if edition.paper_key not in keys)
        return sorted(rows, key=lambda row: row.id)

    def row(self, paper_id: str) -> PaperRow:
        """The line of one paper or failed file. Raises ``PaperNotFound``."""
        try:
            wanted = self._edition(paper_id).paper_id
        except PaperNotFound:
            if not self._catalog.find("paper_id", paper_id, "failed"):
                raise
            wanted = paper_id
        return next(row for row in self.papers() if row.id == wanted)

    def held(self, arxiv_id: str) -> Held | None:
        """What the library has of the arXiv paper of that id (without a version), if anything."""
        alias = None
        found = self._catalog.find("paper_key", arxiv_id, "current")
        if not found:
            alias = self._catalog.alias(arxiv_id)
            found = self._catalog.find("paper_key", alias.target, "current") if alias else []
        if not found:
            return None
        edition = found[0]
        if alias is not None:
            return Held(edition.paper_id, alias.version, edition.passages, True)
        return Held(edition.paper_id, edition.version, edition.passages, edition.recorded)

    def note(self, heard: Iterable[Known]) -> None:
        """Remember which versions arXiv was heard to have, of papers that are here or not."""
        with self._writing:
            self._catalog.note(heard)

    def heard(self, paper_id: str) -> Known | None:
        """The newest version of a paper that arXiv was heard to have. Raises ``PaperNotFound``."""
        return self._catalog.known_of(self._edition(paper_id).paper_key)

    def paper(self, paper_id: str) -> Paper:
        """The paper of that id, with or without a version. Raises ``PaperNotFound``."""
        return self._catalog.paper(self._edition(paper_id).number)

    def passages(self, paper_id: str) -> tuple[Passage, ...]:
        """The paper's passages in text order. Raises ``PaperNotFound``."""
        return self._catalog.passages(self._edition(paper_id).number)

    def passage_at(self, paper_id: str, offset: int) -> Passage | None:
        """The passage that character ``offset`` lies in; none in references, for one."""
        return self.passage_of(paper_id, Span(offset, offset + 1))

    def passage_of(self, paper_id: str, span: Span) -> Passage | None:
        """The passage that shares most with ``span``: the one that contains it, if one does."""
        found = self._catalog.passages_across(self._edition(paper_id).number, span)

        def shared(passage: Passage) -> int:
            return min(passage.span.end, span.end) - max(passage.span.start, span.start)

        return max(found, key=shared, default=None)

    def file_of(self, paper_id: str) -> Path:
        """The library's copy of the file. Raises ``PaperNotFound``, ``SourceNotFound``."""
        edition = self._edition(paper_id)
        path = self._files / edition.file
        if not path.is_file():
            raise SourceNotFound(paper_id, "its file is gone from the library: add it again")
        return path

    def page_image(self, paper_id: str, page: int, boxes: Sequence[Box], scale: float) -> bytes:
        """Page ``page`` (from 1) as PNG with boxes marked; ``scale`` 1 is 72 dpi.

        Raises ``PaperNotFound``, and ``SourceNotFound`` for a page that there is not.
        """
        edition = self._edition(paper_id)
        pages = self._catalog.paper(edition.number).pages
        if edition.source != "pdf":
            raise SourceNotFound(paper_id, f"has no pages: it was added as {edition.source}")
        if not 1 <= page <= pages:
            raise SourceNotFound(paper_id, f"has no page {page}: its pages are 1 to {pages}")
        return self._own_reader().render_page(self.file_of(paper_id), page, boxes, scale)

    def page_sizes(self, paper_id: str) -> tuple[PageSize, ...]:
        """The size of each page; none for a paper without pages. A file is asked once.

        Raises ``PaperNotFound``, and ``SourceNotFound`` for a file that cannot be opened any more.
        """
        edition = self._edition(paper_id)
        if edition.source != "pdf":
            return ()
        if edition.file not in self._page_sizes:
            sizes = self._own_reader().page_sizes(self.file_of(paper_id))
            self._page_sizes[edition.file] = sizes
        return self._page_sizes[edition.file]

    def figure_image(self, paper_id: str, label: str, scale: float = 3.0) -> bytes:
        """A figure or table as PNG: "Table 2", "fig. 3", or "3" for Figure 3; 1 is 72 dpi.

        Raises ``PaperNotFound``, and ``SourceNotFound`` for a figure that there is not, or whose
        place on the page was not found.
        """
        from index.read.figures import figure_name

        edition = self._edition(paper_id)
        figures = {
            name.stem: figure
            for figure in self._catalog.paper(edition.number).figures
            if (name := figure_name(figure.label)) is not None
        }
        wanted = figure_name(label) or figure_name(f"Figure {label}")
        figure = figures.get(wanted.stem) if wanted else None
        if figure is None:
            there = ", ".join(one.label for one in figures.values()) or "none"
            raise SourceNotFound(paper_id, f"has no {label.strip()}; its figures: {there}")
        if figure.box is None:
            raise SourceNotFound(paper_id, f"{figure.label} was not found on its page")
        return self._own_reader().render_figure(self.file_of(paper_id), figure.box, scale)

    def span_picture(self, paper_id: str, span: Span, scale: float = 3.0) -> tuple[bytes, ...]:
        """A span as printed: a PNG for each run of lines that stand one below the other, in order;
        where it goes on in another column or on another page, a new one begins. 1 is 72 dpi.

        Raises ``PaperNotFound``, and ``SourceNotFound`` for a paper that has no pages, and for a
        span that stands on none.
        """
        edition = self._edition(paper_id)
        if edition.source != "pdf":
            raise SourceNotFound(paper_id, f"has no pages: it was added as {edition.source}")
        places = runs_of(self._catalog.paper(edition.number).boxes(span))
        if not places:
            raise SourceNotFound(paper_id, f"no word from {span.start} to {span.end} is on a page")
        path, reader = self.file_of(paper_id), self._own_reader()
        return tuple(reader.render_figure(path, place, scale) for place in places)

    def search(self, query: str, k: int = 10, filter: SearchFilter | None = None) -> list[Hit]:
        """The ``k`` best passages, best first. Raises ``EmptyQuery``, ``PaperNotFound``.

        Their scores are sums (``index.store.fused``), or the reranker's where there is one.
        A query that is nothing but the arXiv id or address of a paper that is here asks for that
        paper, not for those that cite it.
        """
        wanted = self._resolved(filter)
        engine = self._started()
        named = parse_reference(query)
        held = self.held(named.id) if named and wanted.paper_id is None else None
        if held is not None:
            wanted = self._resolved(replace(wanted, paper_id=held.paper_id))
            query = self.paper(held.paper_id).title or query
        asked = question(query, engine.embedder, engine.words)

        def best(limit: int) -> list[Scored]:
            return engine.store.search(
                VectorQuery(
                    dense=asked.dense,
                    sparse=asked.sparse,
                    limit=limit,
                    filter=wanted,
                )
            )

        reranker = self._own_reranker()
        depth = max(k, RERANKED) if reranker else k

        @cache  # the same hits come again where the store is asked for more
        def has_phrases(edition: int, passage_id: str) -> bool:
            text = self._catalog.passage_text(edition, passage_id)
            return text is not None and asked.is_met_by(text)

        def counts(scored: Scored) -> bool:
            if not self._catalog.is_current(scored.edition):
                return False
            return not asked.phrases or has_phrases(scored.edition, scored.passage_id)

        hits = self._hits(rank(best, depth, counts))
        if reranker:
            texts = [f"{hit.title}\n{hit.passage.text}" for hit in hits]
            scored_anew = zip(hits, reranker.scores(query, texts), strict=True)
            hits = [replace(hit, score=score) for hit, score in scored_anew]
            hits.sort(key=lambda hit: -hit.score)
        return hits[:k]

    def mean_vectors(self) -> dict[str, tuple[float, ...]]:
        """Where each paper is among the others: the mean of its passages' vectors, by paper id.

        Each is read from the store once. Raises ``StoreUnusable``.
        """
        engine = self._started()
        current = {one.number: one.paper_id for one in self._catalog.editions("current")}
        missing = current.keys() - engine.means.keys()
        if missing:
            engine.means.update(engine.store.means(missing))
        return {
            paper_id: engine.means[number]
            for number, paper_id in current.items()
            if number in engine.means
        }

    def _hits(self, ranked: Sequence[Scored]) -> list[Hit]:
        """What the catalogue has of what was found; not what was replaced a moment ago."""
        wanted: dict[int, list[str]] = {}
        for scored in ranked:
            wanted.setdefault(scored.edition, []).append(scored.passage_id)
        kept = {edition: self._catalog.found(edition, ids) for edition, ids in wanted.items()}
        return [
            Hit(one.passage, scored.score, scored.found_by, one.title, one.boxes)
            for scored in ranked
            if (one := kept[scored.edition].get(scored.passage_id)) is not None
        ]

    @property
    def model(self) -> str:
        """The model that the settings name, or where they name none the library's own."""
        if "model" in self._settings.model_fields_set:
            return self._settings.model
        return self._catalog.meta().get("model", self._settings.model)

    @property
    def embedder(self) -> Embedder:
        """The model that this library was made with. Raises ``ModelUnusable``."""
        return self._started().embedder

    @property
    def words(self) -> PassageEncoder:
        """What turns text into terms, for the passages of this library and for questions."""
        return self._started().words

    # Digests, as text that the app reads and writes.

    def saved_digest(self, paper_id: str, key: str) -> str | None:
        """The digest that was saved under ``key``, unless the paper has changed since."""
        return self._catalog.digest(self._edition(paper_id).number, key)

    def save_digest(
        self,
        paper_id: str,
        key: str,
        text: str,
        lang: str = "en",
        claims: Sequence[ClaimRecord] = (),
        writer: str = "extractive",
        embedder: Embedder | None = None,
    ) -> None:
        """Save a digest under ``key`` with the edition that the paper has now.

        ``embedder`` may stand in for the library's own where it is the same model, because it
        remembers vectors of sentences.

        From then on its ``claims`` are what ``search_claims`` finds for the paper in that
        language; both come about in one step or not at all. Raises ``PaperNotFound``, and
        ``PaperChanged`` where a claim cites what the paper does not say.
        """
        engine = self._started()
        edition = self._edition(paper_id)
        paper = self._catalog.paper(edition.number)
        if not all(resolves(claim, paper) for claim in claims):
            raise PaperChanged(paper_id)
        own = engine.embedder
        by = embedder if embedder and embedder.fingerprint == own.fingerprint else own
        points = claim_points(claims, valid_date(paper.date), by, engine.words)
        with self._writing:
            if self._edition(paper_id).number != edition.number:
                raise PaperChanged(paper_id)
            self._claims(engine).save(edition.number, lang, key, text, claims, points, writer)

    def newest_digest(self, paper_id: str, lang: str, writer: str) -> KeptDigest | None:
        """The digest of a paper that was last saved in that language by that writer.

        It may be of an edition that is no longer here, where the paper has none since; an id with
        a former version asks for that version's. Raises ``PaperNotFound``.
        """
        edition, former = self._edition_then(paper_id)
        key = key_of(paper_id)
        kept = [*self._catalog.newest_digests(edition.number), *former]
        if key.version is not None and key.paper == edition.paper_key:
            kept = [one for one in kept if one.version == key.version]
        return next((one for one in kept if (one.lang, one.writer) == (lang, writer)), None)

    def newest_digests(self) -> list[KeptDigest]:
        """The newest digest in each language by each writer, of every paper that is here."""
        return self._catalog.newest_digests()

    def former_digests(self, paper_id: str) -> tuple[KeptDigest, ...]:
        """Digests of what the paper's file was before, newest first.

        ``paper_id`` may name the former version. Raises ``PaperNotFound``.
        """
        edition, former = self._edition_then(paper_id)
        return tuple(one for one in former if one.sha256 != edition.sha256)

    def _edition_then(self, paper_id: str) -> tuple[Edition, list[KeptDigest]]:
        """The edition that counts now of a paper, and its former digests, newest first.

        An id with a version that is not here any more stands for the paper where a digest of that
        version is kept, and then only those of that version are told.
        """
        key = key_of(paper_id)
        try:
            edition = self._edition(paper_id)
        except PaperNotFound:
            current = self._catalog.find("paper_key", key.paper, "current")
            former = [
                one for one in self._catalog.former_digests(key.paper) if one.version == key.version
            ]
            if not (current and former):
                raise
            return current[0], former
        return edition, self._catalog.former_digests(edition.paper_key)

    def fingerprint(self, paper_id: str) -> Fingerprint:
        """What tells this reading of a paper from another. Raises ``PaperNotFound``."""
        return self._catalog.fingerprint(self._edition(paper_id).number)

    def is_searched(self, paper_id: str, key: str, lang: str) -> bool:
        """Whether the digest under ``key`` is the one that is searched in that language."""
        number = self._edition(paper_id).number
        return any(
            (one.digest, one.lang) == (key, lang) for one in self._catalog.claim_sets(number)
        )

    def search_claims(
        self, query: str, k: int = 10, filter: SearchFilter | None = None
    ) -> list[ClaimHit]:
        """The ``k`` best sentences of digests, best first: of each paper's newest in a language.

        Raises ``EmptyQuery``, ``PaperNotFound``, ``NoDigests``, and ``RoleOfDigest`` for a filter
        by role.
        """
        wanted = self._resolved(filter)
        engine = self._started()
        return self._claims_there(engine).search(query, k, wanted, engine.embedder, engine.words)

    def claims_like(
        self, claim_id: str, k: int = 10, filter: SearchFilter | None = None
    ) -> tuple[ClaimRecord, list[ClaimHit]]:
        """A claim, and the ``k`` nearest to it among those of other papers, nearest first.

        Raises ``ClaimNotFound``, ``PaperNotFound``, and ``RoleOfDigest`` for a filter by role.
        """
        wanted = self._resolved(filter)
        engine = self._started()
        return self._claims_there(engine).like(claim_id, k, wanted, engine.embedder)

    def unsearched_digests(self) -> dict[str, tuple[str, ...]]:
        """Papers whose saved digests are not searched, with the digests.

        An older gloss saved digests without their claims.
        """
        unclaimed = self._catalog.unclaimed()
        return {paper_id: self._catalog.digests(number) for number, paper_id in unclaimed.items()}

    def _resolved(self, filter: SearchFilter | None) -> SearchFilter:
        wanted = filter or SearchFilter()
        if wanted.paper_id is not None:
            wanted = replace(wanted, paper_id=self._edition(wanted.paper_id).paper_id)
        if wanted.category is not None:  # the store does not know of categories
            inside = self._catalog.in_category(wanted.category)
            if wanted.among is not None:
                inside = tuple(one for one in inside if one in wanted.among)
            wanted = replace(wanted, category=None, among=inside)
        return wanted

    # Health.

    def health(self) -> Health:
        """Compare catalogue, vectors and files. Problems are told, not raised."""
        problems: list[str] = []
        damage = self._catalog.damage()
        if damage:
            problems.append(f"catalogue damaged: {damage}; restore it from a copy")
        points: dict[int, int] = {}
        try:
            store = self._started().store
            points = store.editions()
            problems.extend(store.problems())
        except GlossError as error:
            problems.append(str(error))
            measured = False
        else:
            measured = True
        current = self._catalog.editions("current")
        for edition in current:
            if not (self._files / edition.file).is_file():
                problems.append(f"{edition.paper_id}: its file is gone; add it again")
            found = points.get(edition.number, 0)
            if measured and found != edition.passages:
                problems.append(
                    f"{edition.paper_id}: {found} of {edition.passages} passages are in the index; "
                    "run `gloss doctor --repair`"
                )
        meta = self._catalog.meta()
        made = self._splitting()
        if current and any(meta.get(name) != value for name, value in made.items()):
            problems.append(
                "its passages were made by an earlier version or other settings, and are found "
                "less well; run `gloss doctor --repair`"
            )
        strays = sum(points.values()) - sum(points.get(edition.number, 0) for edition in current)
        if strays:
            problems.append(
                f"{strays} vectors of no paper are in the index; run `gloss doctor --repair`"
            )
        sets, claim_points = self._claim_health(problems, measured)
        rebuild = _Rebuild.noted(self._catalog.meta())
        return Health(
            papers=len(current),
            failed=len(self._catalog.numbers("failed")),
            passages=sum(edition.passages for edition in current),
            points=sum(points.values()),
            model=self._catalog.meta().get("model", self._settings.model),
            problems=tuple(problems),
            claims=sum(one.claims for one in sets),
            claim_points=claim_points,
            rebuilding=rebuild.made_with.get("model", "") if rebuild else "",
        )

    def _claim_health(self, problems: list[str], started: bool) -> tuple[list[ClaimSet], int]:
        """The claim sets that count and how many vectors they have; adds what is wrong."""
        unsearched = len(self._catalog.unclaimed())
        if unsearched:
            problems.append(
                f"digests of {unsearched} papers cannot be searched; run `gloss doctor --repair`"
            )
        sets = self._catalog.claim_sets()
        if not (started and (sets or self._started().claims)):
            return sets, 0
        try:
            points = self._claims(self._started()).counts()
        except GlossError as error:
            problems.append(str(error))
            return sets, 0
        sets = self._catalog.claim_sets()
        for one in sets:
            found = points.get(one.number, 0)
            if found != one.claims:
                problems.append(
                    f"{one.paper_id}: {found} of {one.claims} sentences of its digest ({one.lang}) "
                    "are in the index; run `gloss doctor --repair`"
                )
        strays = sum(points.values()) - sum(points.get(one.number, 0) for one in sets)
        if strays:
            problems.append(
                f"{strays} vectors of no digest are in the index; run `gloss doctor --repair`"
            )
        return sets, sum(points.values())

    def repair(
        self, progress: Callable[[Step], None] | None = None, embedder: Embedder | None = None
    ) -> Health:
        """Rebuild the vectors from the catalogue with the passage size of the settings.

        The model is the settings', or ``embedder``, which is the library's from then on. The
        vectors come into being beside the former ones, which answer until one transaction lets the
        new ones count. Cut short, it leaves the library as it was; begun again with the same model
        and settings, it goes on after the papers that were done.
        """
        with self._adding:
            embedder = embedder or self._own_embedder()
            rebuild = self._begun(embedder)
            fresh = self._engine_of(embedder, rebuild.generation)
            try:
                staged: set[int] = set()
                self._fill(fresh, staged, progress)
                with self._writing:  # from here on no paper or digest comes or goes
                    self._fill(fresh, staged, None)
                    self._count(fresh, rebuild)
            except BaseException:
                if fresh is not self._engine:
                    fresh.close()
                raise
            self._discard()
            self._tidy()
            return self.health()

    def _begun(self, embedder: Embedder) -> _Rebuild:
        """The rebuild to go on with, or a new one; another that was cut short is given up."""
        with self._writing:
            self._discard()
            meta = self._catalog.meta()
            made_with = self._made_with(embedder)
            noted = _Rebuild.noted(meta)
            if noted and noted.made_with == made_with and self._is_sound(noted, embedder):
                return noted
            last = max(int(meta.get("generation", 1)), noted.generation if noted else 0)
            rebuild = _Rebuild(last + 1, made_with)
            values = {"rebuilding": json.dumps(asdict(rebuild))}
            if noted:
                values["discarded"] = json.dumps([noted.generation])
            if "collection" not in meta:
                values["collection"] = _collection()
            self._catalog.set_meta(values)
            self._discard()
            for name in (_VECTORS, _CLAIMS):
                self._shelf().drop(_stored(name, rebuild.generation))
            return rebuild

    def _is_sound(self, rebuild: _Rebuild, embedder: Embedder) -> bool:
        """Whether what a rebuild has made so far can be opened; a server's cannot be damaged."""
        if self._settings.qdrant.url:
            return True
        try:
            engine = self._engine_of(embedder, rebuild.generation)
            engine.store.editions()
            engine.close()
        except StoreUnusable:
            return False
        return True

    def _fill(
        self, fresh: _Engine, staged: set[int], progress: Callable[[Step], None] | None
    ) -> None:
        """Put in what the rebuilt vectors lack, and take out what is no more.

        ``staged`` are the editions that were split anew, which it adds to.
        """
        meta = self._catalog.meta()
        resplit = any(meta.get(name) != value for name, value in self._splitting().items())
        editions, sets = self._catalog.editions("current"), self._catalog.claim_sets()
        index = self._claims(fresh) if sets or fresh.claims else None
        there = fresh.store.editions()
        for number in there.keys() - {edition.number for edition in editions}:
            fresh.store.delete(number)
        total = len(editions) + len(sets)
        for done, edition in enumerate(editions):
            if edition.number in staged:
                continue
            if progress is not None:
                progress(Step(edition.paper_id, done, total))
            if not resplit and there.get(edition.number) == edition.passages:
                continue
            paper = self._still_there(edition.number)
            if paper is None:
                continue
            passages = kept = self._catalog.passages(edition.number)
            if resplit:
                passages = self._split(paper) or kept
            if passages != kept:
                self._catalog.stage_passages(edition.number, passages)
                staged.add(edition.number)
            if there.get(edition.number) == len(passages):
                continue
            vectors = fresh.embedder.embed_passages([one.text for one in passages])
            points = self._points(paper, passages, vectors, fresh)
            fresh.store.delete(edition.number)
            fresh.store.upsert([replace(point, edition=edition.number) for point in points])
        if index is None:
            return
        sets = [one for one in sets if one.edition not in staged]  # others cite former passages
        filled = index.counts()
        index.drop_vectors(filled.keys() - {one.number for one in sets})
        for done, one in enumerate(sets, start=len(editions)):
            if progress is not None:
                progress(Step(f"{one.paper_id}, digest ({one.lang})", done, total))
            if filled.get(one.number, 0) == one.claims:
                continue
            paper = self._still_there(one.edition)
            if paper is not None:
                claims, date = self._catalog.claims(one.number), valid_date(paper.date)
                index.fill(one, claim_points(claims, date, fresh.embedder, fresh.words))

    def _still_there(self, number: int) -> Paper | None:
        """The paper of an edition, unless it was removed a moment ago."""
        try:
            return self._catalog.paper(number)
        except KeyError:
            return None

    def _count(self, fresh: _Engine, rebuild: _Rebuild) -> None:
        """Let rebuilt vectors count instead of the former ones, which go when nothing uses them."""
        meta = self._catalog.meta()
        same_place = meta.get("store") == rebuild.made_with.get("store")
        former = int(meta.get("generation", 1))
        self._catalog.make_anew(
            {
                **rebuild.made_with,
                "generation": str(rebuild.generation),
                "rebuilding": "",
                "discarded": json.dumps([former] if same_place else []),
            }
        )
        if self._engine is not None:
            self._former.append(self._engine)
        self._engine = fresh

    def _discard(self) -> None:
        """Take away the vectors that a rebuild took the place of, or that were given up."""
        generations = json.loads(self._catalog.meta().get("discarded", "[]"))
        in_use = [*self._former, *([self._engine] if self._engine else [])]
        if any(engine.generation in generations for engine in in_use):
            return  # a search may be under way on them
        for generation in generations:
            for name in (_VECTORS, _CLAIMS):
                self._shelf().drop(_stored(name, generation))
        if generations:
            self._catalog.set_meta({"discarded": "[]"})

    def _points(
        self, paper: Paper, passages: Sequence[Passage], vectors: Vectors, engine: _Engine
    ) -> list[Point]:
        title = engine.embedder.embed_passages([paper.title])[0] if paper.title.strip() else None
        return points_of(paper, passages, vectors, title, engine.words)

    # Parts, opened when they are needed.

    def _started(self) -> _Engine:
        """Model and store, once they fit this library and what a crash left is cleared away."""
        engine = self._engine
        if engine is not None:
            return engine
        with self._writing:
            if self._engine is None:
                embedder = self._own_embedder()
                empty = self._check_model(embedder) or self._check_place()
                generation = self._generation()
                if empty:  # what is there may be damaged, or of another dimension
                    for name in (_VECTORS, _CLAIMS):
                        self._shelf().drop(_stored(name, generation))
                engine = self._engine_of(embedder, generation)
                try:
                    self._check_points(engine.store)
                    made_with = self._made_with(embedder) if empty else self._store_place()
                    if not made_with.items() <= self._catalog.meta().items():
                        self._catalog.set_meta(made_with)
                    for number in self._catalog.numbers("pending", "replaced"):
                        self._drop(number, engine)
                    self._discard()
                except BaseException:
                    engine.close()
                    raise
                self._engine = engine
            return self._engine

    def _check_model(self, embedder: Embedder) -> bool:
        """Whether the vectors are to be begun anew, for a library that has none that count.

        Vectors in bfloat16 and in f32 are of one model: a machine that has the former takes a
        library of the latter, and the other way about.
        """
        from index.embed import weights_of

        meta = self._catalog.meta()
        if weights_of(meta.get("fingerprint", "")) == weights_of(embedder.fingerprint):
            return False
        if not self._catalog.numbers("current"):
            if "collection" not in meta:
                self._catalog.set_meta({"collection": _collection()})
            return True
        model, wanted = meta.get("model", "unknown"), embedder.name
        if model == wanted:
            wanted = "of other weights, as those of that name are now"
        raise LibraryUnusable(
            self.directory,
            f"its vectors are of another model ({model}, not {wanted}); set GLOSS_MODEL back, or "
            "run `gloss doctor --repair` to rebuild them",
        )

    def _check_place(self) -> bool:
        """Whether the vectors are to be begun in another store, for a library that has none."""
        former = self._catalog.meta().get("store")
        here = self._store_place().get("store", former)
        if former is None or former == here:
            return False
        if not self._catalog.numbers("current"):
            return True
        raise LibraryUnusable(
            self.directory,
            f"its vectors are not here ({here}) but in {former}; set GLOSS_QDRANT__URL back, or "
            "run `gloss doctor --repair` to rebuild them",
        )

    def _check_points(self, store: Store) -> None:
        """A store without this library's points would find nothing, and say nothing of it."""
        current = self._catalog.numbers("current")
        if current and current.isdisjoint(store.editions()):
            raise LibraryUnusable(
                self.directory, "its vectors are not here; run `gloss doctor --repair`"
            )

    def _store_place(self) -> dict[str, str]:
        """Where this library's vectors are. A shelf that was given says nothing of its place."""
        if self._parts.stores is not None:
            return {}
        return {"store": self._settings.qdrant.url.rstrip("/") or "the embedded store"}

    def _shelf(self) -> Shelf:
        if self._parts.stores is not None:
            return self._parts.stores
        if self._settings.qdrant.url:
            from index.store.client import ClientShelf

            # Edition numbers are this library's own, so each library has its own collections.
            return ClientShelf(self._settings.qdrant, self._catalog.meta()["collection"])
        from index.store.edge import EdgeShelf

        return EdgeShelf(self.directory)

    def _generation(self) -> int:
        return int(self._catalog.meta().get("generation", 1))

    def _engine_of(self, embedder: Embedder, generation: int) -> _Engine:
        words = self._parts.words or word_encoder()
        store = self._shelf().open(_stored(_VECTORS, generation), embedder.dimension)
        return _Engine(embedder, words, store, generation)

    def _claims(self, engine: _Engine) -> ClaimIndex:
        """The claims and their store, once what a crash left is cleared away.

        A library without digests that count has nothing there that does.
        """
        if engine.claims:
            return engine.claims[0]
        with self._writing:
            if not engine.claims:
                shelf, name = self._shelf(), _stored(_CLAIMS, engine.generation)
                if not self._catalog.has_claims():
                    shelf.drop(name)
                store = shelf.open(name, engine.embedder.dimension)
                index = ClaimIndex(self._catalog, store)
                try:
                    if engine.generation == self._generation():
                        index.tidy()
                except BaseException:
                    index.close()
                    raise
                engine.claims.append(index)
            return engine.claims[0]

    def _claims_there(self, engine: _Engine) -> ClaimIndex:
        """The claims, for a search: without their vectors it would find nothing, and not say so."""
        index = self._claims(engine)
        if index is not self._claims_seen:
            with self._writing:  # no set comes or goes between the two looks
                there = index.counts().keys()
                gone = [
                    one
                    for one in self._catalog.claim_sets()
                    if one.claims and one.number not in there
                ]
            if gone:
                raise LibraryUnusable(
                    self.directory,
                    f"the vectors of {len(gone)} of its digests are not here; "
                    "run `gloss doctor --repair`",
                )
            self._claims_seen = index
        return index

    def _own_embedder(self) -> Embedder:
        if self._engine is not None:
            return self._engine.embedder
        if self._parts.embedder is not None:
            return self._parts.embedder
        from index.embed import open_embedder

        return open_embedder(self.model, self._settings.cache)

    def _own_reranker(self) -> HitReranker | None:
        with self._starting:
            if self._reranker is None and self._settings.reranker:
                from index.embed.rerank import Reranker

                self._reranker = Reranker(self._settings.reranker)
            return self._reranker

    def _own_reader(self) -> FileReader:
        with self._starting:
            if self._closed:
                raise LibraryUnusable(self.directory, "is closed; open it again")
            if self._reader is None:
                from index.read import Reader

                self._reader = Reader(self._settings)
            return self._reader

    def _close_engine(self) -> None:
        engines, self._engine = [*self._former, self._engine], None
        self._claims_seen = None
        try:
            for engine in engines:
                if engine is not None:
                    engine.close()
        finally:
            if self._former:
                self._former = []
                with suppress(GlossError):  # else the next opening does so
                    self._discard()

    def _splitting(self) -> dict[str, str]:
        """How passages and points are made of papers; other values make others."""
        return {
            "points": POINTS_VERSION,
            "title_weight": str(TITLE_WEIGHT),
            "passage_tokens": str(TOKENS),
            "passage_tokens_max": str(TOKENS_MAX),
        }

    def _made_with(self, embedder: Embedder) -> dict[str, str]:
        return {
            "model": embedder.name,
            "fingerprint": embedder.fingerprint,
            "dimension": str(embedder.dimension),
            **self._splitting(),
            **self._store_place(),
        }

    # Editions and files.

    def _edition(self, paper_id: str) -> Edition:
        """The current edition of an id with or without a version. Raises ``PaperNotFound``."""
        key = key_of(paper_id)
        exact = self._catalog.find("paper_id", paper_id, "current")
        found = exact or self._catalog.find("paper_key", key.paper, "current")
        if not found:
            alias = self._catalog.alias(key.paper)
            if alias is not None and key.version in (None, alias.version):
                found = self._catalog.find("paper_key", alias.target, "current")
                exact = found
        if not found:
            failed = self._catalog.find("paper_id", paper_id, "failed")
            if failed:
                raise PaperNotFound(paper_id, why=f"{failed[-1].status}: {failed[-1].reason}")
            ids = [edition.paper_id for edition in self._catalog.editions("current")]
            raise PaperNotFound(paper_id, tuple(difflib.get_close_matches(paper_id, ids)))
        edition = found[0]
        known = None not in (key.version, edition.version)
        if not exact and known and key.version != edition.version:
            raise PaperNotFound(paper_id, (f"{edition.paper_key}v{edition.version}",))
        return edition

    def _drop(self, number: int, engine: _Engine) -> None:
        """Vectors first, then the row that knows of them, then files that nothing refers to."""
        claim_sets = self._catalog.claim_numbers_of(number)
        if claim_sets:
            self._claims(engine).drop_vectors(claim_sets)
        engine.store.delete(number)
        self._catalog.purge(number)
        self._sweep()

    def _tidy(self) -> None:
        """Clear away what an add that was cut short left among the files."""
        shutil.rmtree(self._incoming, ignore_errors=True)
        self._incoming.mkdir(parents=True)
        self._sweep()

    def _sweep(self) -> None:
        wanted = self._catalog.files()
        with os.scandir(self._files) as entries:
            for entry in entries:
                ours = _KEPT_FILE.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
                if ours and entry.name not in wanted:
                    Path(entry.path).unlink(missing_ok=True)

    def _copied(self, source: Source) -> Path:
        """A copy inside the library, to be moved or deleted.

        What is read is what is kept, even if the original changes meanwhile.
        """
        copy = self._incoming / f"{uuid.uuid4().hex}{source.path.suffix.lower()}"
        try:
            original = source.path.open("rb")
        except OSError as error:
            raise _no_reading(source, error) from error
        try:
            with original, copy.open("xb") as target:
                shutil.copyfileobj(original, target, 1 << 20)
                target.flush()
                os.fsync(target.fileno())
        except BaseException as error:
            copy.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise _no_writing(self.directory, error) from error
            raise
        return copy

    def _keep(self, copy: Path, origin: Origin) -> None:
        try:
            copy.replace(self._files / origin.file)
        except OSError as error:
            raise _no_writing(self.directory, error) from error


class Stages:
    """Times the stages of an add and tells of them."""

    def __init__(self, progress: Progress | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Tells of a stage as it begins, and times it."""
        if self._progress is not None:
            self._progress(stage)
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = time.perf_counter() - start


class _Lock:
    """The library's owner: a file lock, and beside it a note that says who holds it.

    The system lets go of the lock when its process ends, however it ends.
    """

    def __init__(self, directory: Path) -> None:
        from filelock import FileLock, Timeout

        note = directory / "lock.json"
        # Any thread may close the library, so the lock must not belong to the one that opened it.
        self._lock: BaseFileLock = FileLock(directory / "lock", timeout=0, thread_local=False)
        try:
            self._lock.acquire()
        except Timeout:
            raise LibraryBusy(directory, _holder(note)) from None
        except (OSError, NotImplementedError) as error:
            raise _no_writing(directory, error) from error
        self._note = note
        command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]]).strip() or "python"
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        try:
            fresh = note.with_suffix(".new")
            fresh.write_text(json.dumps({"pid": os.getpid(), "command": command, "since": since}))
            fresh.replace(note)
        except OSError as error:
            self._lock.release()
            raise _no_writing(directory, error) from error

    def release(self) -> None:
        """Let the next one in."""
        if self._lock.is_locked:
            self._note.unlink(missing_ok=True)
            self._lock.release()


def _is_bare(directory: Path) -> bool:
    """Whether a library may be made here: nothing is there but what making one begins with."""
    for path in directory.iterdir():
        if path.name in ("files", "vectors") and (directory / _CATALOG).is_file():
            if any(not inner.is_dir() for inner in path.rglob("*")):
                return False
        elif not (_BEGUN.fullmatch(path.name) and path.is_file()):
            return False
    return True


def _holder(note: Path) -> str:
    """Who holds the lock, in words: "gloss serve (process 123 since 14:02)"."""
    try:
        said = json.loads(note.read_text())
        since = datetime.fromisoformat(said["since"]).astimezone()
        today = since.date() == datetime.now().astimezone().date()
        when = since.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")
        return f"{said['command']} (process {int(said['pid'])} since {when})"
    except (OSError, ValueError, KeyError, TypeError):  # it has not yet, or no longer, said so
        return "another process"


def word_encoder() -> PassageEncoder:
    """BM25, loaded when it is asked for."""
    from index.embed.sparse import Bm25Encoder

    return Bm25Encoder()


def splitter(settings: Settings, count: CountTokens | None = None) -> Splitter:
    """How papers are cut by these settings; ``count`` stands in for the model's word pieces."""
    from index.embed import count_tokens

    return partial(
        split,
        count_tokens=count or count_tokens,
        target=TOKENS,
        maximum=TOKENS_MAX,
        most=settings.read.passages_max,
    )


def prepare(reading: Reading, cut: Splitter, encoders: Encoders, stages: Stages) -> Prepared:
    """Split and embed what was read. It depends on nothing but the reading, the settings and the
    model, so it may be done anywhere and in any order."""
    paper = reading.paper
    if reading.status != "ok" or paper is None:
        return Prepared(failure=reading)
    try:
        "".join((paper.id, paper.text, paper.title, *paper.authors)).encode()
    except UnicodeEncodeError:
        return Prepared(failure=Reading("broken", "its text is not Unicode"))
    try:
        with stages("split"):
            passages = cut(paper)
    except TooManyPassages as error:
        return Prepared(failure=Reading("limit", str(error)))
    if not passages:
        return Prepared(failure=Reading("no-text", "nothing but references or headings"))
    with stages("embed"):
        vectors = encoders.embedder.embed_passages([passage.text for passage in passages])
    return Prepared(passages, vectors)


def _named(passages: Sequence[Passage], paper: Paper) -> tuple[Passage, ...]:
    """The same passages under the id and version that the paper has now."""
    named = f"{Reference(paper.id, paper.version or None)}"
    return tuple(
        replace(one, id=f"{named}#{one.id.rpartition('#')[2]}", paper_id=paper.id)
        for one in passages
    )


def _alike(title: str, other: str) -> bool:
    """Whether two titles may be those of two versions of one paper, by their letters."""
    first, second = (
        "".join(letter for letter in text.casefold() if letter.isalpha()) for text in (title, other)
    )
    return difflib.SequenceMatcher(None, first, second, autojunk=False).ratio() >= _SAME_TITLE


_NOTED = 5  # pages that are listed


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


def _relation(original: str, paper_key: str) -> str:
    """What is to be said of a document whose file is named after another paper."""
    from index.read.identity import identify

    named = identify(Path(original).stem, "", "")
    if named.belongs_to and named.belongs_to != paper_key:
        return f"belongs to {named.belongs_to}, as its file name says"
    if re.fullmatch(rf"{re.escape(named.id)}-\d+", paper_key) and key_of(named.id).arxiv:
        return f"another paper than {named.id}, which its file is named after"
    return ""


def _refusal(former: Edition, version: int | None) -> str:
    """Why a file does not take the place of the edition that is there; empty if it does.

    A file whose version is unknown does not take the place of one whose version is known.
    """
    if former.version is None or (version is not None and version >= former.version):
        return ""
    this = "a file of unknown version" if version is None else f"version {version}"
    return f"kept version {former.version}: {this} does not replace it"


def _row(
    edition: Edition,
    failed_later: Edition | None = None,
    known: Known | None = None,
    also: Sequence[str] = (),
) -> PaperRow:
    relation = _relation(edition.original, edition.paper_key)
    said = [one for one in (edition.reason, relation) if one]
    if failed_later is not None:
        name = Path(failed_later.original).name
        said.append(f"{name} was not taken: {failed_later.status}: {failed_later.reason}")
    withdrawn = known is not None and bool(known.withdrawn)
    newest = None
    if withdrawn:
        said.append("withdrawn on arXiv")
    elif known is not None and edition.version is not None and known.version > edition.version:
        newest = known.version
        get = Reference(edition.paper_key, newest)
        said.append(f"version {newest} is on arXiv: gloss add {get}")
    if also:
        said.append(f"also {', '.join(also)}")
    return PaperRow(
        id=edition.paper_id,
        version=edition.version,
        title=edition.title,
        status=edition.status,
        reason="; ".join(said),
        source=edition.source,
        passages=edition.passages,
        added=edition.added,
        authors=edition.authors,
        date=edition.date,
        categories=edition.categories,
        newest=newest,
        withdrawn=withdrawn,
    )


def _recorded(paper: Paper, record: Record) -> Paper:
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


def _kind(path: Path) -> SourceKind:
    from index.read import KINDS

    return KINDS.get(path.suffix.lower(), "pdf")


def _stored(name: str, generation: int) -> str:
    """What a store of a generation is called; of the first, as folders were before there were any
    others."""
    return name if generation == 1 else f"{name}-{generation}"


def _collection() -> str:
    return f"gloss-{uuid.uuid4().hex[:12]}"


def _no_reading(source: Source, error: OSError) -> SourceNotFound:
    return SourceNotFound(source.name, f"cannot be read: {error.strerror or error}")


def _no_writing(directory: Path, error: Exception) -> LibraryUnusable:
    why = getattr(error, "strerror", None) or error
    return LibraryUnusable(
        directory, f"cannot be used ({why}): give a --library that can be written"
    )
