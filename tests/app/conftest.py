"""A library that a reader can compute by hand: three papers, no model, no store."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from app.choose.template import TEMPLATE
from app.digest import Citation, Claim, Digest, DigestSection, Header, Language, Support
from app.write import Writer
from app.write.claims import claim_records
from index.catalog import Fingerprint, ShelfRow
from index.config import Settings
from index.errors import ClaimNotFound, EmptyQuery, NoDigests, PaperNotFound, RoleOfDigest
from index.hits import (
    ClaimHit,
    ClaimRecord,
    ClaimVector,
    Hit,
    NearPaper,
    Passage,
    SearchFilter,
    is_in_category,
)
from index.library import PaperTags
from index.notes import (
    Located,
    Note,
    NoteNotFound,
    NoteUnusable,
    Place,
    anchor_of,
    matches,
    note_text,
    occurrences,
    says,
    tag_name,
)
from index.paper import Paper, Role, Section
from index.spans import Box, PageSize, Span, Word, Words

if TYPE_CHECKING:
    from served_model import ServedModel

TEXT = (
    "Abstract\nWe measure how well lanterns light a path.\n"
    "Method\nEach lantern burns for 3.5 hours.\nLimits\nWe tried no lantern in the rain."
)


def _span(words: str) -> Span:
    start = TEXT.index(words)
    return Span(start, start + len(words))


def _words() -> Words:
    """The words of TEXT as printed: a line of it is two on the page; the abstract has page 1."""
    words = []
    line, left, before = 0, 40.0, 0
    for found in re.finditer(r"\S+", TEXT):
        if "\n" in TEXT[before : found.start()] or left > 200:
            line, left = line + 1, 40.0
        before = found.end()
        page = 1 if found.start() < TEXT.index("Method") else 2
        right, top = left + 6.0 * len(found[0]), 40.0 + 20 * line
        box = Box(page, left, top, right, top + 10)
        words.append(Word(Span(found.start(), found.end()), box, line))
        left = right + 4
    return Words.of(words)


LANTERNS = Paper(
    id="2401.00001",
    version=2,
    source="pdf",
    sha256="0" * 64,
    text=TEXT,
    title="Lanterns on Paths",
    authors=("Ada Byron", "Bo Li"),
    abstract=_span("We measure how well lanterns light a path."),
    date="2024-01-02",
    categories=("cs.CV", "cs.LG"),
    pages=2,
    sections=(
        Section("Abstract", "abstract", 1, Span(0, TEXT.index("Method"))),
        Section("Method", "method", 1, Span(TEXT.index("Method"), TEXT.index("Limits"))),
        Section("Limits", "limitations", 1, Span(TEXT.index("Limits"), len(TEXT))),
    ),
    words=_words(),
)


def cited(words: str, part: str, page: int | None, text: str | None = None) -> Claim:
    """A claim that quotes ``words`` of TEXT, or says ``text`` in their place."""
    span = _span(words) if words in TEXT else Span(0, len(words))
    boxes = (Box(page, 72, 100, 300, 112), Box(page, 72, 114, 200, 126)) if page else ()
    return Claim(
        text=text or words,
        origin="quoted" if text is None else "compressed",
        citations=(Citation(f"2401.00001#{part}", words, span, boxes),),
        support=Support(1.0, "supported", ("verbatim",)),
    )


def make_digest(lang: Language = "en", **sections: Sequence[Claim]) -> Digest:
    """A digest of the lanterns with these sections filled, and all others not stated."""
    filled = sections or {
        "summary": [cited("We measure how well lanterns light a path.", "abstract.1", 1)],
        "method": [
            cited("We measure how well lanterns light a path.", "abstract.1", 1),
            cited("Each lantern burns for 3.5 hours.", "method.1", 2),
        ],
        "limits": [cited("We tried no lantern in the rain.", "limitations.1", 2)],
    }
    return Digest(
        paper=Header(
            id=LANTERNS.id,
            version=LANTERNS.version,
            title=LANTERNS.title,
            authors=LANTERNS.authors,
            date=LANTERNS.date,
            categories=LANTERNS.categories,
            source="pdf",
            url="https://arxiv.org/abs/2401.00001v2",
        ),
        lang=lang,
        writer="extractive",
        sections=tuple(
            DigestSection(item.name, tuple(filled.get(item.name, ()))) for item in TEMPLATE
        ),
        lock={"model": "none"},
    )


@dataclass
class FakeNotes:
    """Notes and tags on a fake library's papers, in memory."""

    library: FakeLibrary
    kept: dict[tuple[str, Span | None], Located] = field(default_factory=dict)
    changes: int = 0

    def add(self, paper_id: str, text: str, span: Span | None = None) -> Located:
        self.changes += 1
        note = Note(self.changes, note_text(text), "2024-07-05", "2024-07-05")
        there = self._at(paper_id, span)
        return self._put(there, notes=(*there.place.notes, note))

    def tag(self, paper_id: str, name: str, span: Span | None = None) -> Located:
        there = self._at(paper_id, span)
        return self._put(there, tags=tuple(sorted({*there.place.tags, tag_name(name)})))

    def untag(self, paper_id: str, name: str, span: Span | None = None) -> None:
        there = self._at(paper_id, span)
        if name not in there.place.tags:
            raise NoteNotFound(f"{name}: no such tag on {paper_id}")
        self._put(there, tags=tuple(one for one in there.place.tags if one != name))

    def change(self, number: int, text: str) -> Located:
        there = self._with(number)
        notes = (
            replace(one, text=text) if one.number == number else one for one in there.place.notes
        )
        return self._put(there, notes=tuple(notes))

    def delete(self, number: int) -> None:
        there = self._with(number)
        self._put(there, notes=tuple(one for one in there.place.notes if one.number != number))

    def check_on(self, named: str, number: int) -> None:
        if self._with(number).paper_id != named:
            raise NoteUnusable(f"note {number} is not on {named}")

    def of(self, paper_id: str) -> list[Located]:
        self.library.paper(paper_id)
        return [one for one in self.kept.values() if one.paper_id == paper_id]

    def find(self, query: str = "", tag: str = "") -> list[Located]:
        return [
            one
            for one in self.kept.values()
            if matches(one.place, query)
            and (not tag or tag.casefold() in map(str.casefold, one.place.tags))
        ]

    def saying(self, words: Collection[str]) -> list[Located]:
        return [one for one in self.kept.values() if words and says(one.place, words)]

    def tagged(self, tag: str) -> list[str]:
        return list(dict.fromkeys(one.paper_id for one in self.find(tag=tag)))

    def tags(self) -> dict[str, int]:
        return {name: 1 for one in self.kept.values() for name in one.place.tags}

    def tags_by_paper(self) -> dict[str, PaperTags]:
        there = {one.paper_id: PaperTags() for one in self.kept.values() if one.place.tags}
        for one in self.kept.values():
            if one.place.tags:
                name = "own" if one.span is None else "of_words"
                there[one.paper_id] = replace(there[one.paper_id], **{name: one.place.tags})
        return there

    def quoted(self, paper_id: str, words: str) -> Span:
        (found,) = occurrences(words, self.library.paper(paper_id))
        return found

    def _with(self, number: int) -> Located:
        for one in self.kept.values():
            if any(note.number == number for note in one.place.notes):
                return one
        raise NoteNotFound(f"note {number}: no such note")

    def _at(self, paper_id: str, span: Span | None) -> Located:
        paper = self.library.paper(paper_id)
        anchor = anchor_of(paper, span) if span is not None else None
        place = Place(len(self.kept) + 1, paper_id, paper.title, anchor, False, (), ())
        page = anchor.page if anchor is not None else None
        return self.kept.get((paper_id, span), Located(place, paper_id, "here", span, page))

    def _put(self, there: Located, **changed: Any) -> Located:
        self.changes += 1
        put = replace(there, place=replace(there.place, **changed))
        self.kept[there.paper_id, there.span] = put
        if not (put.place.notes or put.place.tags):
            del self.kept[there.paper_id, there.span]
        return put


@dataclass
class FakeLibrary:
    """What the app asks of a library, answered from memory."""

    rows: list[Any] = field(default_factory=list)
    shown: list[tuple[str, int, tuple[Box, ...]]] = field(default_factory=list)
    added: dict[str, Any] = field(default_factory=dict)
    settings: Any = None
    digests: dict[str, Digest] = field(default_factory=dict)  # those that are searched, by paper
    unsearched: dict[str, tuple[str, ...]] = field(default_factory=dict)
    saved: dict[tuple[str, str], str] = field(default_factory=dict)  # by paper and key
    directory: Path = field(default_factory=lambda: Settings().library)
    marks: dict[str, set[str]] = field(default_factory=dict)  # ids by mark

    model = "m"

    def __post_init__(self) -> None:
        self.notes = FakeNotes(self)

    def imported(self, paper_id: str) -> None:
        """Nothing was."""

    def check_writable(self) -> None:
        """It is."""

    def papers(self, limit: int | None = None, offset: int = 0) -> list[Any]:
        return self.rows[offset:][:limit]

    def shelf(self) -> list[Any]:
        return [
            ShelfRow(
                row.id,
                row.title,
                row.authors,
                row.categories,
                row.date or "",
                row.added,
                row.status,
                ("en",) if row.id in self.digests else (),
                size=100_000 * len(row.id),
            )
            for row in self.rows
        ]

    def may_remove(self, paper_id: str) -> bool:
        return True

    def remove(self, paper_id: str) -> None:
        self.rows.remove(self.row(paper_id))

    def file_of(self, paper_id: str) -> Path:
        return Path(__file__)

    def stored(self, paper_id: str) -> Any:
        return SimpleNamespace(id=self.row(paper_id).id)

    def waiting_entries(self) -> list[Any]:
        return []

    def row(self, paper_id: str) -> Any:
        for one in self.rows:
            if one.id == paper_id:
                return one
        raise PaperNotFound(paper_id)

    def paper(self, paper_id: str) -> Paper:
        if paper_id == LANTERNS.id:
            return LANTERNS
        if paper_id == "text":
            text = {"source": "markdown", "pages": 0, "words": Words()}
            return replace(LANTERNS, id="text", version=None, **text)
        raise PaperNotFound(paper_id)

    def passages(self, paper_id: str) -> tuple[Passage, ...]:
        paper = self.paper(paper_id)
        return tuple(
            Passage(
                f"{paper.id}#{section.role}.1",
                paper.id,
                section.title,
                section.role,
                section.span,
                section.span.of(paper.text),
            )
            for section in paper.sections
        )

    def passage_of(self, paper_id: str, span: Span) -> Passage | None:
        return next((one for one in self.passages(paper_id) if one.span.contains(span)), None)

    def search(self, query: str, k: int, filter: SearchFilter) -> list[Hit]:
        if not any(character.isalnum() for character in query):
            raise EmptyQuery
        if filter.paper_id not in (None, LANTERNS.id) or "nothing" in query:
            return []
        if filter.category and not is_in_category(LANTERNS.categories, filter.category):
            return []
        if filter.until and filter.until < "2024":
            return []
        hits = []
        found: tuple[tuple[str, str, Role], ...] = (
            ("Each lantern burns for 3.5 hours.", "method.1", "method"),
            ("We tried no lantern in the rain.", "limitations.1", "limitations"),
        )
        for words, part, role in found:
            if filter.role in (None, role):
                passage = Passage(
                    f"{LANTERNS.id}#{part}",
                    LANTERNS.id,
                    role.capitalize(),
                    role,
                    _span(words),
                    words,
                )
                box = Box(2, 72, 100, 300, 112)
                hits.append(Hit(passage, 0.5, "both", LANTERNS.title, (box,)))
        return hits[:k]

    def search_claims(self, query: str, k: int, filter: SearchFilter) -> list[ClaimHit]:
        if filter.role is not None:
            raise RoleOfDigest(filter.role)
        if not any(character.isalnum() for character in query):
            raise EmptyQuery
        if not self.digests:
            raise NoDigests
        words = query.lower().split()
        return [
            ClaimHit(claim, 0.5, "both", digest.paper.title)
            for paper_id, digest in self.digests.items()
            for claim in claim_records(digest)
            if filter.paper_id in (None, paper_id)
            and any(word in claim.text.lower() for word in words)
        ][:k]

    def claims_like(
        self, claim_id: str, k: int, filter: SearchFilter
    ) -> tuple[ClaimRecord, list[ClaimHit]]:
        claims = [
            (claim, digest.paper.title)
            for digest in self.digests.values()
            for claim in claim_records(digest)
        ]
        for own, _ in claims:
            if own.id == claim_id:
                return own, [
                    ClaimHit(claim, 0.25, "dense", title)
                    for claim, title in claims
                    if claim.paper_id != own.paper_id
                ][:k]
        raise ClaimNotFound(claim_id, ("2401.00001v2/en/limits.1",))

    def mark(self, paper_ids: Sequence[str], mark: str, on: bool = True) -> None:
        marked = self.marks.setdefault(mark, set())
        (marked.update if on else marked.difference_update)(paper_ids)

    def marked(self, mark: str) -> frozenset[str]:
        return frozenset(self.marks.get(mark, ()))

    def mean_vectors(self, among: Collection[str] | None = None) -> dict[str, tuple[float, ...]]:
        there = [one.id for one in self.rows if one.status == "ok"]
        means = {paper_id: (float(number), 1.0) for number, paper_id in enumerate(there)}
        return {one: mean for one, mean in means.items() if among is None or one in among}

    def near(
        self, vector: Sequence[float], k: int = 10, filter: SearchFilter | None = None
    ) -> list[NearPaper]:
        apart_from = filter.apart_from if filter is not None else None
        there = [one for one in self.ids() if one != apart_from]
        return [NearPaper(one, 0.5) for one in there][:k]

    def claim_vectors(self, paper_id: str) -> tuple[ClaimVector, ...]:
        records = claim_records(self.digests[paper_id]) if paper_id in self.digests else ()
        return tuple(
            ClaimVector(claim, (float(len(claim.text)), float(number)))
            for number, claim in enumerate(records)
        )

    def unsearched_digests(self) -> dict[str, tuple[str, ...]]:
        return self.unsearched

    embedder = SimpleNamespace(fingerprint="none")

    def fingerprint(self, paper_id: str) -> Fingerprint:
        return Fingerprint(self.paper(paper_id).sha256, "1", "2")

    def saved_digest(self, paper_id: str, key: str) -> str | None:
        return self.saved.get((paper_id, key))

    @property
    def revision(self) -> Any:
        noted = self.notes.changes if self.notes is not None else 0
        return (*(one.id for one in self.rows), noted)

    def count(self) -> int:
        return len(self.ids())

    def ids(self, limit: int | None = None) -> list[str]:
        return [one.id for one in self.listed()][:limit]

    def digested(self, limit: int) -> list[str]:
        return [one for one in self.digests if one in self.ids()][:limit]

    def listed(self) -> list[Any]:
        return [one for one in self.rows if one.status == "ok"]

    def newest_digests(self) -> list[Any]:
        return []

    def newest_digest(self, paper_id: str, lang: str, writer: str) -> Any:
        from app.write.saved import to_text

        digest = self.digests.get(paper_id)
        return digest and SimpleNamespace(text=to_text(digest))

    def add(self, source: Any, progress: Callable[[str], None] | None = None) -> Any:
        if progress is not None:
            progress("read")
        name = source.path.name
        return self.added.get(
            name,
            SimpleNamespace(
                paper_id=source.path.stem,
                status="ok",
                reason="",
                passages=3,
                seconds={"read": 0.12345},
                changed=True,
            ),
        )

    def prepare(
        self, source: Any, progress: Callable[[str], None] | None = None, record: Any = None
    ) -> Any:
        return SimpleNamespace(source=source, progress=progress)

    def commit(self, pending: Any) -> Any:
        return self.add(pending.source, pending.progress)

    def page_image(self, paper_id: str, page: int, boxes: Sequence[Box], scale: float) -> bytes:
        from PIL import Image

        self.shown.append((paper_id, page, tuple(boxes)))
        data = io.BytesIO()
        Image.new("RGB", (40, 60), "white").save(data, "PNG")
        return data.getvalue()

    def page_sizes(self, paper_id: str) -> tuple[PageSize, ...]:
        return (PageSize(400, 600),) * self.paper(paper_id).pages

    def annotated(self, paper_id: str, highlights: Sequence[Any]) -> bytes:
        return b"%PDF-1.7 " + str(len(highlights)).encode()

    def figure_image(self, paper_id: str, label: str, scale: float = 3.0) -> bytes:
        return self.page_image(paper_id, 1, (), scale)

    def __enter__(self) -> FakeLibrary:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def row(paper_id: str, **other: Any) -> Any:
    """A row of ``papers``."""
    values = {
        "id": paper_id,
        "version": 2,
        "title": "Lanterns on Paths",
        "status": "ok",
        "reason": "",
        "source": "pdf",
        "passages": 3,
        "added": "2024-07-05T10:00:00+00:00",
        "authors": ("Ada Byron",),
        "date": "2024-01-02",
        "categories": ("cs.CV", "cs.LG"),
        "newest": None,
        "withdrawn": False,
    }
    return SimpleNamespace(**(values | other))


@pytest.fixture
def lanterns() -> Digest:
    return make_digest()


@pytest.fixture
def digest_of() -> Callable[..., Digest]:
    return make_digest


@pytest.fixture
def claim_of() -> Callable[..., Claim]:
    return cited


@pytest.fixture
def row_of() -> Callable[..., Any]:
    return row


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeLibrary:
    """The library that every ``Library.open`` gives, and ``write_digest`` answers for."""
    import app.write
    import index.library

    fake = FakeLibrary(
        rows=[row("2401.00001"), row("broken", status="broken", reason="cut short")],
        directory=tmp_path / "fake-library",
    )

    def open_fake(settings: Any, **_: Any) -> FakeLibrary:
        fake.settings = settings
        return fake

    def write(
        _: Any,
        paper_id: str,
        lang: Language = "en",
        writer: Writer = app.write.EXTRACTIVE,
        again: bool = False,
        on_section: Any = None,
    ) -> Digest:
        fake.paper(paper_id)
        digest = make_digest(lang)
        return replace(digest, paper=replace(digest.paper, id=paper_id), writer=writer.name)

    monkeypatch.setattr(index.library.Library, "open", open_fake)
    monkeypatch.setattr(app.write, "write_digest", write)
    return fake


@pytest.fixture
def paper_file(tmp_path: Path) -> Path:
    path = tmp_path / "2401.00001.pdf"
    path.write_bytes(b"%PDF-1.7\n")
    return path


@pytest.fixture
def served_model() -> Iterator[ServedModel]:
    """A language model's server whose answers and faults are a script."""
    import served_model as model_server  # here: servers load this file, too

    with model_server.serve_model() as served:
        yield served


@pytest.fixture
def open_library(
    fake_embedder: Any,
    reader_here: Any,
    sentence_encoder: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Any]:
    """Open a real library in a folder, which reads files for real; its vectors are the fake's,
    in lists."""
    from library_fakes import FolderStoreFactory

    from index.config import Settings
    from index.library import Library

    monkeypatch.setattr("index.store.edge.EdgeStoreFactory", FolderStoreFactory)  # visitors', too

    real = Library.open

    def opened(settings: Any, **parts: Any) -> Any:
        chosen = settings if isinstance(settings, Settings) else Settings(library=settings)
        own = {
            "embedder": fake_embedder,
            "reader": reader_here,
            "sentence_encoder": sentence_encoder,
        }
        return real(chosen, **{**own, **parts})

    return opened


@pytest.fixture
def run_gloss(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., SimpleNamespace]:
    """Run ``gloss`` in this process: what it printed, and its exit code."""
    from app import cli

    def run(*arguments: str) -> SimpleNamespace:
        monkeypatch.setattr(sys, "argv", ["gloss", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
        captured = capsys.readouterr()
        return SimpleNamespace(out=captured.out, err=captured.err, code=left.value.code or 0)

    return run


@pytest.fixture
def gloss_on_disk(
    run_gloss: Callable[..., SimpleNamespace],
    open_library: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., SimpleNamespace]:
    """Run ``gloss`` on a real library in ``tmp_path / "library"``."""
    from index.library import Library

    monkeypatch.setattr(Library, "open", open_library)
    monkeypatch.setenv("GLOSS_LIBRARY", str(tmp_path / "library"))
    return run_gloss


@pytest.fixture
def gloss_on_arxiv(
    run_gloss: Callable[..., SimpleNamespace],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sentence_encoder: Any,
) -> Callable[[Any, Any], Callable[..., SimpleNamespace]]:
    """Run ``gloss`` on a library of fake parts and an arXiv on this machine.

    Of a ``ServedArxiv``, and of the module of the fakes.
    """
    from index.library import Library

    def prepared(arxiv: Any, fakes: Any) -> Callable[..., SimpleNamespace]:
        settings = arxiv.settings(tmp_path / "cache")
        monkeypatch.setenv("GLOSS_CACHE", str(settings.cache))
        for name in settings.arxiv.model_fields_set:
            value = getattr(settings.arxiv, name)
            monkeypatch.setenv(f"GLOSS_ARXIV__{name.upper()}", str(value))
        monkeypatch.setenv("GLOSS_LIBRARY", str(tmp_path / "lib"))
        real = Library.open

        def open_with_fakes(settings: Any, create: bool = True) -> Library:
            return real(
                settings,
                create=create,
                embedder=fakes.LetterEmbedder(),
                sentence_encoder=sentence_encoder,
                reader=fakes.JsonReader(),
                sparse_encoder=fakes.LetterEncoder(),
                count_tokens=fakes.count_tokens,
            )

        monkeypatch.setattr(Library, "open", open_with_fakes)
        return run_gloss

    return prepared


@pytest.fixture(scope="session")
def gradio_forks() -> Iterator[Any]:
    """Runs programs in forks of a process that has imported what a server needs."""
    from forked import Forks  # here: servers load this file, too

    if sys.platform == "win32":
        pytest.skip("Windows has no fork")
    forks = Forks("app.cli.serve", "app.api.http", "app.web.screens", "gradio", "library_fakes")
    yield forks
    forks.close()


@pytest.fixture(scope="session")
def serve_program(gradio_forks: Any) -> Callable[[str, Path], AbstractContextManager[str]]:
    """Run a program that prints its address and serves, until the context ends; gives the address.

    It is given the path of this file, for the fakes in it, and has a folder for what it writes.
    """

    @contextmanager
    def served(program: str, folder: Path) -> Iterator[str]:
        environment = dict(os.environ, GLOSS_LIBRARY=str(folder / "library"))
        with (folder / "stderr").open("w") as errors:
            server = gradio_forks.start(
                program, __file__, env=environment, stdout=subprocess.PIPE, stderr=errors
            )
        try:
            line = server.stdout.readline().strip()
            assert line.startswith("http"), (folder / "stderr").read_text()
            yield line
        finally:
            server.terminate()
            server.wait()
            said = server.stdout.read() + (folder / "stderr").read_text()
            server.stdout.close()
        assert said == "", "the server talks to itself"

    return served


@pytest.fixture(scope="session")
def served(
    serve_program: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str, Path]]:
    """The app over the fakes, and a public one over the real library in a folder; see
    ``served_app``: their addresses, and the folder."""
    folder = tmp_path_factory.mktemp("served")
    program = Path(__file__).with_name("served_app.py").read_text(encoding="utf-8")
    with serve_program(program, folder) as line:
        of_fakes, public = line.split()
        yield of_fakes, public, folder / "library"


@pytest.fixture(scope="session")
def address(served: tuple[str, str, Path]) -> str:
    """Where the app over the fakes is."""
    return served[0]


FIRST = """# Lanterns for Long Paths

Ada Byron, Bo Li

## Abstract

We present a lantern that lights long paths for people who walk at night. Our lantern reaches 28.4
lumens on the standard path and burns for three hours on a single fill of oil. We show that it
outperforms all candles that were tested before.

## Introduction

People walk at night, and paths are dark in most villages of the north. Candles go out in the wind,
which is a problem that has been known for a very long time. In this paper we propose a lantern with
two walls of glass that keeps the wind away from the flame.

## Method

We build the lantern from two walls of glass and a tank that holds one litre of oil. The flame is
fed by a wick of cotton whose length is controlled by a small screw. We use a data-driven rule to
choose the length of the wick for each weather.

## Results

On the standard path the lantern reaches 28.4 lumens, which is more than the best candle. It burns
for three hours on average over twenty nights of tests. In the wind it went out in only 2% of all
nights, while candles went out in 61% of them.

## Conclusion

We presented a lantern with two walls of glass that stays lit in the wind. In future work we plan to
test the lantern in heavy rain and on steep mountains.
"""
SECOND = (
    FIRST.replace("28.4", "28.9")
    .replace("data-driven", "data-\ndriven")
    .replace("only 2% of", "only 12% of")
    .replace("In future work we plan to\ntest the lantern in heavy rain and on steep mountains.",
             "All shops of the village\nhave sold it since last spring.")
)  # fmt: skip


@pytest.fixture
def versions(tmp_path: Path) -> tuple[Path, Path]:
    """Two versions of a paper on lanterns: numbers changed, and one sentence went."""
    files = (tmp_path / "2407.03300v1.md", tmp_path / "2407.03300v2.md")
    for file, text in zip(files, (FIRST, SECOND), strict=True):
        file.write_text(text, encoding="utf-8")
    return files
