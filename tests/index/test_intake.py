"""Stories of papers that come in: a day of arXiv's, the same day again, and what goes wrong."""

from __future__ import annotations

import json
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import library_fakes as fakes
import pymupdf
import pytest
from served_arxiv import ServedArxiv, ServedPaper, Version, served_arxiv

from index.errors import FetchError, LibraryUnusable, PaperNotFound, StoreUnusable
from index.fetch import Fetcher
from index.hits import SearchFilter
from index.intake import ArxivSelection, Outcome, Plan, Wanted, add_all, look_up, plan
from index.library import Library
from index.paper import Record
from index.reference import Reference
from index.sources import Source, find_sources

DATA = Path(__file__).parent.parent.parent / "data"
CV = ArxivSelection(categories=("cs.CV",))


def paper(
    arxiv_id: str, title: str, versions: int = 1, dates: tuple[str, ...] = (), **other: Any
) -> ServedPaper:
    """A paper of September 2024, whose versions came day by day."""
    days = dates or tuple(f"2024-09-{20 + number}" for number in range(versions))
    values = {
        "authors": "A. Byron and B. Li",
        "names": ("A. Byron", "B. Li"),
        "abstract": f"We write about {title}.",
        "categories": ("cs.CV",),
        "versions": tuple(Version(f"{day}T10:00:00Z") for day in days),
    }
    return ServedPaper(id=arxiv_id, title=title, **{**values, **other})


@pytest.fixture
def arxiv() -> Iterator[ServedArxiv]:
    with served_arxiv() as served:
        served.papers = (
            paper("2409.00001", "Bees at Work", doi="10.1000/bees", comments="9 pages"),
            paper("2409.00002", "Ants at Home", announced="cross"),
            paper("2409.00003", "Wasps Abroad", versions=2, announced="replace"),
        )
        for one in served.papers:
            for number in range(1, len(one.versions) + 1):
                name = f"{one.id}v{number}"
                served.files[name] = fakes.printed(text=f"{one.title} {number}", title="misread")
        yield served


@pytest.fixture
def fetcher(arxiv: ServedArxiv, tmp_path: Path) -> Iterator[Fetcher]:
    with Fetcher(arxiv.settings(tmp_path / "cache")) as opened:
        yield opened


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with fakes.open_library(tmp_path / "lib", store=fakes.ListStore()) as opened:
        yield opened


def told(outcomes: Any) -> dict[str, str]:
    return {one.wanted.name: f"{one.kind}: {one.reason}".rstrip(": ") for one in outcomes}


def fetch(library: Library, fetcher: Fetcher, wish: ArxivSelection = CV) -> dict[str, str]:
    """What becomes of each paper that a wish finds."""
    found = plan(library, fetcher, wish)
    return told([*found.settled, *add_all(library, found.wanted, 3, fetcher)])


def pdfs(arxiv: ServedArxiv) -> list[str]:
    return [path for path in arxiv.paths() if path.startswith("/pdf/")]


def texts(library: Library, query: str = "at") -> list[str]:
    return sorted(hit.passage.text for hit in library.search(query))


def test_a_day_and_the_same_day_again(
    library: Library, fetcher: Fetcher, arxiv: ServedArxiv
) -> None:
    assert fetch(library, fetcher) == {
        "2409.00001v1": "taken",
        "2409.00002v1": "taken",
        "2409.00003v2": "skipped: a replacement of a paper that is not in the library",
    }
    assert pdfs(arxiv) == ["/pdf/2409.00001v1", "/pdf/2409.00002v1"]
    assert texts(library) == ["Ants at Home 1", "Bees at Work 1"]
    bees = library.paper("2409.00001")
    assert (bees.title, bees.authors, bees.version) == ("Bees at Work", ("A. Byron", "B. Li"), 1)
    assert (bees.date, bees.categories) == ("2024-09-20", ("cs.CV",))
    assert bees.record is not None
    assert (bees.record.doi, bees.record.comment) == ("10.1000/bees", "9 pages")
    asked = len(arxiv.log)
    assert set(fetch(library, fetcher).values()) == {
        "skipped: already here",
        "skipped: a replacement of a paper that is not in the library",
    }
    assert arxiv.paths()[asked:] == ["/rss/cs.CV"]


def test_a_new_version_is_noted_and_taken(
    library: Library, fetcher: Fetcher, arxiv: ServedArxiv
) -> None:
    (one,) = look_up(library, fetcher, [Reference("2409.00003", 1)]).wanted
    assert told(add_all(library, [one], 1, fetcher)) == {"2409.00003v1": "taken"}
    assert library.row("2409.00003").newest is None
    arxiv.fail("status", where="/pdf/2409.00003v2", status=404)
    failed = fetch(library, fetcher)["2409.00003v2"]
    assert failed.startswith("failed: the PDF of 2409.00003v2: arXiv has none (HTTP 404)")
    row = library.row("2409.00003")
    assert (row.version, row.newest) == (1, 2)
    assert row.reason == "version 2 is on arXiv: gloss add 2409.00003v2"
    assert "Wasps Abroad 1" in texts(library)
    arxiv.papers = tuple(
        replace(one, title="A Title of Another Kind") if one.id == "2409.00003" else one
        for one in arxiv.papers
    )
    assert fetch(library, fetcher)["2409.00003v2"] == "taken"
    row = library.row("2409.00003")
    assert (row.version, row.newest, row.reason) == (2, None, "")
    assert row.title == "A Title of Another Kind"
    assert "Wasps Abroad 2" in texts(library) and "Wasps Abroad 1" not in texts(library)
    older = look_up(library, fetcher, [Reference("2409.00003", 1)])
    assert told(older.settled) == {
        "2409.00003v1": "skipped: kept version 2: version 1 does not replace it"
    }
    assert older.wanted == ()


def test_a_version_that_cannot_be_read_leaves_the_former_one(
    library: Library, fetcher: Fetcher, arxiv: ServedArxiv
) -> None:
    (one,) = look_up(library, fetcher, [Reference("2409.00003", 1)]).wanted
    list(add_all(library, [one], 1, fetcher))
    arxiv.files["2409.00003v2"] = fakes.printed(status="no-text")
    assert fetch(library, fetcher)["2409.00003v2"] == "failed: no-text: a reason"
    row = library.row("2409.00003")
    assert (row.version, row.status, row.newest) == (1, "ok", 2)
    assert row.reason.startswith("2409.00003v2 was not taken: no-text: a reason; version 2 is on")


def test_a_version_that_cannot_be_stored_leaves_the_former_one(
    fetcher: Fetcher, arxiv: ServedArxiv, tmp_path: Path
) -> None:
    store = fakes.ListStore()
    with fakes.open_library(tmp_path / "lib", store=store) as library:
        (one,) = look_up(library, fetcher, [Reference("2409.00003", 1)]).wanted
        list(add_all(library, [one], 1, fetcher))
        store.fail_on = "upsert"
        with pytest.raises(StoreUnusable):
            fetch(library, fetcher)
        store.fail_on = ""
        assert texts(library) == ["Wasps Abroad 1"]
        assert library.paper("2409.00003").version == 1
        assert fetch(library, fetcher)["2409.00003v2"] == "taken"


def test_withdrawn_papers_are_left_out_or_kept_and_marked(
    library: Library, fetcher: Fetcher, arxiv: ServedArxiv
) -> None:
    fetch(library, fetcher)
    gone = replace(
        paper("2409.00001", "Bees at Work", versions=2, announced="replace"),
        comments="This paper has been withdrawn by the authors",
    )
    never = replace(gone, id="2409.00009", announced="new")
    arxiv.papers = (gone, never)
    asked = len(pdfs(arxiv))
    assert fetch(library, fetcher) == {
        "2409.00001v2": "skipped: withdrawn on arXiv; version 1 is kept",
        "2409.00009v2": "skipped: withdrawn on arXiv: This paper has been withdrawn by the authors",
    }
    row = library.row("2409.00001")
    assert (row.withdrawn, row.newest, row.reason) == (True, None, "withdrawn on arXiv")
    assert "Bees at Work 1" in texts(library)
    named = look_up(library, fetcher, [Reference("2409.00001"), Reference("2409.00009")])
    assert (named.wanted, len(pdfs(arxiv))) == ((), asked)
    kept, left = named.settled
    assert kept.added is not None and kept.added.status == "ok"
    assert (left.kind, left.added) == ("skipped", None)


def test_two_ids_with_the_same_bytes(
    library: Library, fetcher: Fetcher, arxiv: ServedArxiv
) -> None:
    arxiv.files["2409.00002v1"] = arxiv.files["2409.00001v1"]
    for _ in range(2):
        outcomes = fetch(library, fetcher)
        assert outcomes["2409.00002v1"] == "skipped: same file as 2409.00001"
    assert [row.id for row in library.papers()] == ["2409.00001"]
    assert library.row("2409.00001").reason == "also 2409.00002"
    for name in ("2409.00002", "2409.00002v1"):
        assert library.paper(name).id == library.row(name).id == "2409.00001"
    with pytest.raises(PaperNotFound):
        library.paper("2409.00002v2")
    assert texts(library) == ["Bees at Work 1"]
    arxiv.files["2409.00002v2"] = fakes.printed(text="Ants at Home 2")
    arxiv.papers = (paper("2409.00002", "Ants at Home", versions=2, announced="replace"),)
    assert fetch(library, fetcher) == {"2409.00002v2": "taken"}
    assert library.paper("2409.00002").text == "Ants at Home 2"
    assert texts(library) == ["Ants at Home 2", "Bees at Work 1"]


def test_a_file_and_another_name_for_it(library: Library, tmp_path: Path) -> None:
    for name in ("2409.00001v1.pdf", "2409.00002v1.pdf"):
        (tmp_path / name).write_bytes(fakes.printed(text="bees"))
    first, second = (library.add(one) for one in find_sources([*tmp_path.glob("*.pdf")]).found)
    assert (first.paper_id, first.reason) == ("2409.00001v1", "")
    assert (second.paper_id, second.status, second.changed) == ("2409.00002", "ok", False)
    assert second.reason == "same file as 2409.00001v1"
    assert library.paper("2409.00002").text == "bees"
    library.remove("2409.00001")
    with pytest.raises(PaperNotFound):
        library.paper("2409.00002")


def test_a_file_that_was_here_before_its_record(
    library: Library, fetcher: Fetcher, arxiv: ServedArxiv, tmp_path: Path
) -> None:
    path = tmp_path / "2409.00001v1.pdf"
    path.write_bytes(arxiv.files["2409.00001v1"])
    library.add(Source(path, path.name))
    assert library.paper("2409.00001").title == "misread"
    assert fetch(library, fetcher)["2409.00001v1"] == "skipped: already here"
    found = look_up(library, fetcher, [Reference("2409.00001")])
    assert told(add_all(library, found.wanted, 1, fetcher)) == {"2409.00001": "taken"}
    (row,) = library.papers()[:1]
    assert (row.id, row.title, row.date) == ("2409.00001", "Bees at Work", "2024-09-20")
    assert library.health().ok
    # Another file of the same version keeps what arXiv says of it.
    path.write_bytes(fakes.printed(id="2409.00001", version=1, text="bees", title="Bees at Work!"))
    assert library.add(Source(path, path.name)).changed
    assert library.paper("2409.00001").title == "Bees at Work"
    again = look_up(library, fetcher, [Reference("2409.00001")])
    assert (again.wanted, told(again.settled)) == ((), {"2409.00001": "skipped: already here"})


def test_out_of_order_in_the_middle(library: Library, fetcher: Fetcher, arxiv: ServedArxiv) -> None:
    arxiv.fail("status", times=3, where="/pdf/2409.00001v1", status=503)
    outcomes = fetch(library, fetcher)
    assert outcomes["2409.00001v1"].startswith("failed: the PDF of 2409.00001v1: arXiv is out of")
    assert outcomes["2409.00002v1"] == "taken"
    assert fetch(library, fetcher)["2409.00001v1"] == "taken"


def test_a_refusal_is_final_for_the_day(
    library: Library, fetcher: Fetcher, arxiv: ServedArxiv
) -> None:
    arxiv.fail("status", times=9, where="/pdf/", status=403)
    outcomes = fetch(library, fetcher)
    said = sorted(outcomes[name] for name in ("2409.00001v1", "2409.00002v1"))
    assert "arXiv refuses to answer this machine" in said[0]
    assert "not asked for, since arXiv refuses" in said[1]
    assert len(pdfs(arxiv)) == 1


def test_since_a_day(library: Library, fetcher: Fetcher, arxiv: ServedArxiv) -> None:
    old = paper("0901.00001", "Dragonflies", dates=("2009-01-01",))
    arxiv.papers = (*arxiv.papers, old)
    found = plan(library, fetcher, ArxivSelection(("cs.CV",), since="2024-09-24"))
    assert [one.name for one in found.wanted] == ["2409.00001v1", "2409.00002v1", "2409.00003v2"]
    assert told(found.settled) == {
        "0901.00001v1": "skipped: a change to the record of a paper that is not in the library"
    }
    assert [(one.name, one.papers) for one in found.asked] == [("cs.CV", 4)]
    assert plan(library, fetcher, ArxivSelection(("cs.CV",), since="2027-01-01")) == Plan(
        (), (), found.asked[:0] or (replace(found.asked[0], papers=0),)
    )


def test_a_query_looks_as_far_as_it_takes(
    library: Library, fetcher: Fetcher, arxiv: ServedArxiv
) -> None:
    arxiv.papers = tuple(
        paper(f"2409.{number:05}", f"Bug {number}", dates=(f"2024-09-{30 - number // 5:02}",))
        for number in range(1, 121)
    )
    arxiv.files = {f"{one.id}v1": fakes.printed(text=one.title) for one in arxiv.papers}
    wish = ArxivSelection(query="ti:bug", limit=2)
    assert sum(one == "taken" for one in fetch(library, fetcher, wish).values()) == 2
    found = plan(library, fetcher, replace(wish, limit=3))
    assert [one.name for one in found.wanted] == ["2409.00003v1", "2409.00004v1", "2409.00005v1"]
    assert found.asked[0].papers == 100
    assert told(found.settled)["2409.00006v1"] == "skipped: beyond --limit 3"
    dated = plan(library, fetcher, ArxivSelection(query="ti:bug", since="2024-09-29"))
    assert len(dated.wanted) + len(dated.settled) == 9
    assert plan(library, fetcher, ArxivSelection(query="ti:bug")).asked[0].papers == 100


def test_a_dry_run_changes_nothing(
    library: Library, fetcher: Fetcher, arxiv: ServedArxiv, tmp_path: Path
) -> None:
    path = tmp_path / "2409.00003v1.pdf"
    path.write_bytes(arxiv.files["2409.00003v1"])
    library.add(Source(path, path.name))
    found = plan(library, fetcher, CV, dry_run=True)
    assert [one.name for one in found.wanted] == ["2409.00001v1", "2409.00002v1", "2409.00003v2"]
    assert (pdfs(arxiv), library.row("2409.00003").newest) == ([], None)


def test_ids_that_arxiv_does_not_have(library: Library, fetcher: Fetcher) -> None:
    asked = [Reference("2409.99999"), Reference("2409.00001", 7), Reference("2409.00001")]
    found = look_up(library, fetcher, [*asked, Reference("2409.00001", 1)])
    assert told(found.settled) == {
        "2409.99999": "failed: arXiv has no such paper or version",
        "2409.00001v7": "failed: arXiv has no such paper or version",
    }
    assert [one.name for one in found.wanted] == ["2409.00001"]


def test_nothing_is_planned_where_arxiv_fails(
    library: Library, fetcher: Fetcher, arxiv: ServedArxiv
) -> None:
    arxiv.fail("html", where="/rss/")
    with pytest.raises(FetchError, match="no RSS feed"):
        plan(library, fetcher, CV)
    with pytest.raises(FetchError, match="is no category"):
        plan(library, fetcher, ArxivSelection(("a b",)))
    assert library.papers() == []


# Reading ahead.


class SlowLibrary:
    """Reads in as many seconds as a file's name says; counts what is begun and taken."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.taken: list[str] = []
        self.closed: list[str] = []
        self.busiest = 0
        self._busy = 0
        self._lock = threading.Lock()

    def prepare(self, source: Source, progress: Any = None, record: Any = None) -> Any:
        with self._lock:
            self.begun.append(source.name)
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
        if progress is not None:
            progress("read")
        time.sleep(float(source.name.partition(" ")[0]))
        with self._lock:
            self._busy -= 1
        if "fatal" in source.name:
            raise LibraryUnusable(Path("lib"), "is full")
        if "bug" in source.name:
            raise ValueError("a slip")
        return SimpleNamespace(name=source.name, close=lambda: self.closed.append(source.name))

    def commit(self, pending: Any) -> Any:
        self.taken.append(pending.name)
        return SimpleNamespace(status="ok", reason="", changed=True)


def named(*names: str) -> list[Wanted]:
    return [Wanted(name, Source(Path(name), name)) for name in names]


def test_papers_are_taken_in_their_order_whatever_their_reading_takes() -> None:
    library = SlowLibrary()
    names = ["0.2 a", "0 b bug", "0.1 c", "0 d"]
    stages: list[str] = []

    def progress(name: str) -> Callable[[str], None]:
        return lambda stage: stages.append(f"{name} {stage}")

    outcomes = list(add_all(library, named(*names), 3, progress=progress))
    assert [one.kind for one in outcomes] == ["taken", "failed", "taken", "taken"]
    assert (outcomes[1].reason, library.taken) == ("ValueError: a slip", ["0.2 a", "0.1 c", "0 d"])
    assert library.busiest == 3
    assert sorted(stages) == sorted(f"{name} read" for name in names)


def test_reading_ahead_is_bounded_and_stops_at_once() -> None:
    library = SlowLibrary()
    running = add_all(library, named(*(f"0 {n}" for n in range(50))), 2)
    assert next(running).kind == "taken"
    time.sleep(0.2)
    assert len(library.begun) <= 5
    assert isinstance(running, Iterator)
    running.close()  # type: ignore[attr-defined]
    time.sleep(0.1)
    assert len(library.begun) <= 6
    slow = SlowLibrary()
    running = add_all(slow, named("0 a", "5 b", "5 c"), 3)
    next(running)
    running.close()  # type: ignore[attr-defined]
    assert slow.closed == []  # it has not waited for those that are being read
    assert slow.taken == ["0 a"]


def test_what_no_paper_would_survive_is_raised() -> None:
    library = SlowLibrary()
    outcomes: list[Outcome] = []
    with pytest.raises(LibraryUnusable, match="is full"):
        for one in add_all(library, named("0 a", "0 b fatal", "0 c"), 2):
            outcomes.append(one)
    assert [one.wanted.name for one in outcomes] == ["0 a"]
    assert library.taken == ["0 a"]


def test_what_was_read_and_not_taken_leaves_no_file(library: Library, tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"{number}.md").write_text(json.dumps({"text": f"bees {number}"}))
    found = find_sources([*tmp_path.glob("*.md")]).found
    running = add_all(library, [Wanted(one.name, one) for one in found], 2)
    next(running)
    time.sleep(0.3)
    running.close()  # type: ignore[attr-defined]
    assert [row.id for row in library.papers()] == ["0"]
    assert list((tmp_path / "lib" / "files" / "incoming").iterdir()) == []


def test_a_record_without_a_fetcher_is_a_slip() -> None:
    one = Wanted("2409.00001v1", record=Record("2409.00001", 1, "T", (), "", "", "", ()))
    (outcome,) = add_all(SlowLibrary(), [one], 1)
    assert outcome.reason.startswith("ValueError")


# A folder with everything in it.

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8


def mixed_folder(folder: Path, times: int) -> tuple[set[str], set[str]]:
    """So many times 16 files and more, the good ones' names and the bad ones'."""
    folder.mkdir()
    pdf = pymupdf.open(DATA / "cited-digests.pdf")  # type: ignore[no-untyped-call]
    markdown = (DATA / "choosing-passage-size.md").read_text("utf-8")
    html = (Path(__file__).with_name("latexml_sample.html")).read_text("utf-8")
    good, bad = set(), set()

    def put(name: str, content: bytes, names: set[str]) -> None:
        (folder / name).write_bytes(content)
        names.add(name)

    for n in range(2 * times + 2):
        pdf.set_metadata({"subject": f"copy {n}"})
        put(f"printed-{n}.pdf", pdf.tobytes(), good)
    for n in range(6 * times):
        text = markdown.replace("\n\n", f"\n\nMark word{n} stands here. ", 3)
        put(f"note-{n}.md", text.encode(), good)
    for n in range(times):
        put(f"web-{n}.html", html.replace("</p>", f" Mark web{n} too.</p>", 1).encode(), good)
    whole = pdf.tobytes()
    locked = pdf.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="u", owner_pw="o")
    for n in range(times):
        put(f"empty-{n}.pdf", b"", bad)
        put(f"cut-{n}.pdf", whole[: 3000 + n], bad)
        put(f"locked-{n}.pdf", locked + b"%" * n, bad)
        letter = f"# Letter {n}\n\nDear all, this is to say that we meet again soon, here.\n"
        put(f"letter-{n}.md", letter.encode(), bad)
        put(f"picture-{n}.md", PICTURE + bytes([n]), bad)
        put(f"picture-{n}.pdf", PICTURE + bytes([n]), bad)
        put(f"page-{n}.pdf", b"<html><body><p>Not found.</p></body></html>" + bytes([65 + n]), bad)
    put("empty.html", b"", bad)
    put("empty.md", b"", bad)
    pdf.close()
    return good, bad


@pytest.mark.parametrize("times", [1, pytest.param(6, marks=pytest.mark.slow)])
def test_a_folder_with_everything_in_it(
    times: int,
    tmp_path: Path,
    fake_embedder: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from app import cli
    from app.cli import options

    good, bad = mixed_folder(tmp_path / "all", times)
    real = Library.open

    def open_quickly(settings: Any, **options: Any) -> Library:
        parts = {"embedder": fake_embedder, "sentence_encoder": fakes.PlainStates()}
        return real(settings, **parts, **options)

    monkeypatch.setattr(Library, "open", open_quickly)
    if times == 1:  # a process that reads takes seconds to start
        monkeypatch.setenv("GLOSS_READ__WORKERS", "1")
    directory = tmp_path / "lib"
    arguments = ["gloss", "--library", str(directory), "add", str(tmp_path / "all"), "--json"]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 3
    rows = json.loads(capsys.readouterr().out)["added"]
    assert [Path(row["source"]).name for row in rows] == sorted(good | bad)
    by_name = {Path(row["source"]).name: row for row in rows}
    assert {name for name, row in by_name.items() if row["status"] == "ok"} == good
    failed = {name: (by_name[name]["status"], by_name[name]["reason"]) for name in bad}
    assert all(reason for _, reason in failed.values())
    kinds = {name.partition("-")[0]: status for name, (status, _) in failed.items()}
    assert kinds == {
        "empty.html": "broken",
        "empty.md": "no-text",
        "empty": "broken",
        "cut": "broken",
        "locked": "encrypted",
        "letter": "not-a-paper",
        "picture": "broken",
        "page": "broken",
    }
    with open_quickly(
        options.settings_of(SimpleNamespace(obj=directory, info_name="papers"), None)
    ) as library:  # type: ignore[arg-type]
        listed = {row.id: row.status for row in library.papers()}
        assert len(listed) == len(good) + len(bad)
        assert sum(status == "ok" for status in listed.values()) == len(good)
        for n in range(6 * times):
            hits = library.search(f"Mark word{n} stands here", 3)
            assert f"note-{n}" in {hit.passage.paper_id for hit in hits}
        for n in range(times):
            hits = library.search(f"Mark web{n} too", 3)
            assert f"web-{n}" in {hit.passage.paper_id for hit in hits}
        for n in range(2 * times + 2):
            assert library.search("digest", 1, SearchFilter(paper_id=f"printed-{n}"))
        health = library.health()
        assert (health.ok, health.papers, health.failed) == (True, len(good), len(bad))
    shutil.rmtree(directory)
