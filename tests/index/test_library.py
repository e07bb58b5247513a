from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import library_fakes as fakes
import pytest
from forked import Forks
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from thinned import some

from index.catalog import KnownVersion, Origin
from index.config import Settings
from index.errors import (
    EmptyQuery,
    LibraryBusy,
    LibraryUnusable,
    PaperNotFound,
    PaperThere,
    SourceNotFound,
    StoreUnusable,
)
from index.hits import SearchFilter
from index.library import Added, Library, Step
from index.sources import Source
from index.spans import PageSize, Span

PROGRAM = Path(__file__).with_name("library_fakes.py")


def write(path: Path, **said: object) -> Source:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(said))
    return Source(path, path.name)


@pytest.fixture
def store() -> fakes.ListStore:
    return fakes.ListStore()


@pytest.fixture
def library(tmp_path: Path, store: fakes.ListStore) -> Iterator[Library]:
    with fakes.open_library(tmp_path / "lib", store=store) as opened:
        yield opened


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux's list of open files")
def test_a_file_is_on_the_disk_before_its_name_and_its_name_before_the_paper(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a loss of power leaves is what was synchronised, in this order."""
    synced: list[tuple[str, bool]] = []  # what, and whether the paper was there by then
    fsync = os.fsync

    def watched(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if path.is_relative_to(library.directory / "files"):
            name = "its folder" if path == library.directory / "files" else "the copy"
            synced.append((name, library.has_paper("a")))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    (tmp_path / "a.pdf").write_text(json.dumps({"text": "a bees", "title": "A"}))
    library.add(Source(tmp_path / "a.pdf", "a.pdf"))
    assert synced == [("the copy", False), ("its folder", False)]
    assert library.has_paper("a")


def found(library: Library, query: str, k: int = 10) -> list[str]:
    return [hit.passage.text for hit in library.search(query, k)]


def test_an_added_paper_is_found_with_its_place(library: Library, tmp_path: Path) -> None:
    stages: list[str] = []
    added = library.add(write(tmp_path / "Bees.pdf", text="bees buzz", date="2024"), stages.append)
    assert (added.paper_id, added.status, added.passages, added.changed) == ("Bees", "ok", 1, True)
    assert stages == list(added.seconds) == ["read", "split", "embed", "store"]
    (hit,) = library.search("bees")
    assert (hit.passage.id, hit.title, hit.passage.text) == (
        "Bees#method.1",
        "bees buzz",
        "bees buzz",
    )
    assert [(box.page, box.x0, box.x1) for box in hit.boxes] == [(1, 0.0, 9.0)]
    assert library.paper("Bees").text == "bees buzz"
    assert library.passage_at("Bees", 3) == hit.passage
    assert library.passage_at("Bees", 9) is None
    assert library.passage_of("Bees", Span(2, 5)) == hit.passage
    assert library.file_of("Bees").read_bytes() == (tmp_path / "Bees.pdf").read_bytes()
    assert library.page_image("Bees", 1, hit.boxes, 2.0) == b".pdf 1 1 2.0"
    with pytest.raises(SourceNotFound, match="has no page 2"):
        library.page_image("Bees", 2, (), 1.0)
    assert library.page_sizes("Bees") is library.page_sizes("Bees")  # the file is asked once
    assert library.page_sizes("Bees") == (PageSize(612, 792),)
    with pytest.raises(SourceNotFound, match="has no Table 1; its figures: none"):
        library.figure_image("Bees", "Table 1")
    assert library.health().ok


def test_adding_again_changes_nothing(
    library: Library, store: fakes.ListStore, tmp_path: Path
) -> None:
    source = write(tmp_path / "a.pdf", text="bees buzz")
    library.add(source)
    before = (library.papers(), list(store.points))
    again = library.add(source)
    moved = library.add(write(tmp_path / "elsewhere" / "b.pdf", text="bees buzz"))
    for added in (again, moved):
        assert (added.paper_id, added.status, added.changed, added.passages) == (
            "a",
            "ok",
            False,
            1,
        )
    assert (library.papers(), list(store.points)) == before
    library.file_of("a").unlink()
    assert "its file is gone" in library.health().problems[0]
    library.add(source)
    assert library.health().ok


def test_versions_of_an_arxiv_paper(library: Library, tmp_path: Path) -> None:
    def add(version: int | None, text: str) -> Added:
        name = f"{len(text)}-{version}.pdf"
        said = {"id": "2407.03300", "version": version, "title": "Numbers"}
        return library.add(write(tmp_path / name, text=text, **said))

    add(1, "one one")
    library.save_digest("2407.03300", "en", "{}")
    assert add(2, "two two two").changed
    assert library.saved_digest("2407.03300", "en") is None
    assert found(library, "o") == ["two two two"]
    older = add(1, "one again")
    assert (older.status, older.changed) == ("ok", False)
    assert older.reason == "kept version 2: version 1 does not replace it"
    assert "unknown version" in add(None, "no version").reason
    assert add(2, "two anew").changed
    assert found(library, "o") == ["two anew"]
    assert library.paper("2407.03300v2").text == "two anew"
    with pytest.raises(PaperNotFound, match=r"2407\.03300v1.*did you mean 2407\.03300v2"):
        library.paper("2407.03300v1")
    assert len(list((tmp_path / "lib" / "files").glob("*.pdf"))) == 1
    assert library.health().ok


def test_names_that_collide_and_files_that_change(library: Library, tmp_path: Path) -> None:
    first, second = tmp_path / "x" / "draft.md", tmp_path / "y" / "draft.md"
    assert library.add(write(first, text="bees")).paper_id == "draft"
    assert library.add(write(second, text="cats")).paper_id == "draft-2"
    assert library.add(write(second, text="cats and dogs")).paper_id == "draft-2"
    assert library.add(write(first, text="bees and wasps")).paper_id == "draft"
    assert library.add(write(tmp_path / "draft.md", status="broken")).paper_id == "draft-3"
    assert [(row.id, row.status, row.title) for row in library.papers()] == [
        ("draft", "ok", "bees and was"),
        ("draft-2", "ok", "cats and dog"),
        ("draft-3", "broken", ""),
    ]
    assert sorted(found(library, "a")) == ["bees and wasps", "cats and dogs"]
    with pytest.raises(SourceNotFound, match="added as markdown"):
        library.page_image("draft", 1, (), 1.0)
    assert library.page_sizes("draft") == ()


def test_failures_are_listed_and_hide_nothing(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    failed = library.add(write(path, status="encrypted"))
    assert (failed.status, failed.reason, failed.passages) == ("encrypted", "a reason", 0)
    assert [(row.id, row.status) for row in library.papers()] == [("a", "encrypted")]
    assert library.row("a").reason == "a reason"
    with pytest.raises(PaperNotFound):
        library.paper("a")
    assert library.add(write(path, text="bees")).status == "ok"
    assert library.add(write(path, status="broken")).status == "broken"
    (row,) = library.papers()
    assert (row.status, row.reason) == ("ok", "a.pdf was not taken: broken: a reason")
    assert found(library, "bees") == ["bees"]
    empty = library.add(write(tmp_path / "refs.pdf", text="refs", role="references"))
    assert empty.status == "no-text"
    odd = library.add(write(tmp_path / "odd.pdf", text="\ud800 odd"))
    assert (odd.status, odd.reason) == ("broken", "its text is not Unicode")
    library.remove("odd")
    assert [row.id for row in library.papers()] == ["a", "refs"]
    assert len(list((tmp_path / "lib" / "files").glob("*.pdf"))) == 1


def test_a_file_that_went_away(library: Library, tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound, match="cannot be read: No such file"):
        library.add(Source(tmp_path / "gone.pdf", "gone.pdf"))
    assert library.papers() == []


def test_what_is_asked_must_make_sense(library: Library, tmp_path: Path) -> None:
    assert library.search("anything") == []
    library.add(write(tmp_path / "attention.pdf", text="bees"))
    for blank in ("", " \n", "?!"):
        with pytest.raises(EmptyQuery):
            library.search(blank)
    assert found(library, "bees \udcff") == ["bees"]
    with pytest.raises(ValueError, match="k must be"):
        library.search("bees", 0)
    with pytest.raises(PaperNotFound, match="did you mean attention"):
        library.search("bees", filter=SearchFilter(paper_id="atention"))


def test_ids_that_are_none_are_not_found(library: Library, tmp_path: Path) -> None:
    """Half characters, ends of lines, letters of other scripts that look the same."""
    assert library.add(write(tmp_path / "a.pdf", text="bees")).paper_id == "a"
    other = ("\u0430", "\uff41", "a\u200b")
    for name in ("a\ud800", "\udcff", "a\n", "a\0", "\0", "a" * 100_000, "9" * 5000, "", *other):
        for ask in (library.paper, library.former_digests, library.remove):
            with pytest.raises(PaperNotFound):
                ask(name)
    assert [row.id for row in library.papers()] == ["a"]


def test_filters_reach_the_store(library: Library, tmp_path: Path) -> None:
    library.add(write(tmp_path / "a.pdf", id="2407.03300", version=1, text="bees"))
    library.add(write(tmp_path / "b.pdf", text="bees bees", role="results"))
    by_paper = library.search("bees", filter=SearchFilter(paper_id="2407.03300v1"))
    assert [hit.passage.paper_id for hit in by_paper] == ["2407.03300"]
    by_role = library.search("bees", filter=SearchFilter(role="results"))
    assert [hit.passage.paper_id for hit in by_role] == ["b"]


def test_a_category_is_that_of_the_papers_that_are_there(library: Library, tmp_path: Path) -> None:
    for name, categories in (("a", ["cs.CV", "cs.LG"]), ("b", ["stat.ML"]), ("c", [])):
        source = write(tmp_path / f"{name}.pdf", id=name, text="bees", categories=categories)
        library.add(source)

    def found(**wanted: Any) -> set[str]:
        hits = library.search("bees", filter=SearchFilter(**wanted))
        return {hit.passage.paper_id for hit in hits}

    assert found(category="CS.cv") == {"a"}
    assert found(category="s") == {"a", "b"}
    assert found(category="s", among=("b", "c")) == {"b"}
    assert found(category="s", paper_id="c") == set()
    assert found(category="math") == set()
    library.remove("b")
    assert found(category="s") == {"a"}


def test_where_each_paper_is_among_the_others(
    library: Library, store: fakes.ListStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert library.mean_vectors() == {}
    library.add(write(tmp_path / "a.pdf", id="a", text="bees"))
    library.add(write(tmp_path / "b.pdf", id="b", text="wasps"))
    means = library.mean_vectors()
    assert means.keys() == {"a", "b"}
    assert means["a"] == pytest.approx([float(one) for one in store.points[0].dense])
    asked: list[set[int]] = []
    read = store.means

    def counted(editions: Any) -> Any:
        asked.append(set(editions))
        return read(editions)

    monkeypatch.setattr(store, "means", counted)
    library.add(write(tmp_path / "c.pdf", id="c", text="ants"))
    library.remove("a")
    assert library.mean_vectors().keys() == {"b", "c"}
    assert library.mean_vectors().keys() == {"b", "c"}
    assert [len(editions) for editions in asked] == [1]  # each is read once
    engine = library._engines.current
    assert engine is not None and len(engine.means) == 2  # and forgotten with its paper


def test_sizes_of_pages_are_remembered_of_some_files(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.library.stored.SIZED_MOST", 2)
    for name in ("a", "b", "c"):
        library.add(write(tmp_path / f"{name}.pdf", id=name, text=name))
        assert library.page_sizes(name) == (PageSize(612, 792),)
    assert len(library.stored("a").holdings.page_sizes) <= 2


def test_the_papers_nearest_to_a_vector(
    library: Library, store: fakes.ListStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {"a": "bees", "b": "bee", "c": "wasps", "d": "zzz"}
    for name, text in texts.items():
        library.add(write(tmp_path / f"{name}.pdf", id=name, text=text, title="t"))
    (mean,) = library.mean_vectors(["a", "no such paper"]).values()
    near = library.near(mean, 3)
    assert [one.paper_id for one in near][:2] == ["a", "b"]
    assert near[0].score == pytest.approx(1.0)
    assert near[0].score > near[1].score > near[2].score
    others = library.near(mean, 9, SearchFilter(apart_from="a"))
    assert {one.paper_id for one in others} == {"b", "c", "d"}
    library.remove("b")
    assert "b" not in [one.paper_id for one in library.near(mean, 9)]
    # More of one paper's passages are near than are looked at: they are looked at deeper.
    monkeypatch.setattr("index.library.search._NEAR", 1)
    assert len(library.near(mean, 2)) == 2


def test_a_new_version_that_fails_midway_loses_nothing(
    library: Library, store: fakes.ListStore, tmp_path: Path
) -> None:
    library.add(write(tmp_path / "1.pdf", id="2407.03300", version=1, text="bees"))
    second = write(tmp_path / "2.pdf", id="2407.03300", version=2, text="bees two")
    store.fail_on = "upsert"
    with pytest.raises(StoreUnusable):
        library.add(second)
    assert found(library, "bees") == ["bees"]
    store.fail_on = "delete"  # the old points cannot be taken out: it counts all the same
    assert library.add(second).changed
    assert found(library, "bees", k=1) == ["bees two"]
    assert found(library, "bees") == ["bees two"]
    assert not library.health().ok
    store.fail_on = ""
    library.close()
    with fakes.open_library(tmp_path / "lib", store=store) as reopened:
        assert reopened.health().ok
        assert len(store.points) == 1


def test_hits_are_not_lost_to_points_that_do_not_count(
    library: Library, store: fakes.ListStore, tmp_path: Path
) -> None:
    from dataclasses import replace

    library.add(write(tmp_path / "a.pdf", text="bees"))
    store.upsert([replace(store.points[0], edition=number) for number in range(-50, 0)])
    assert found(library, "bees", k=1) == ["bees"]


def test_a_commit_that_was_interrupted_afterwards_counts(
    library: Library,
    store: fakes.ListStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library.add(write(tmp_path / "1.pdf", id="2407.03300", version=1, text="bees one"))
    real = library._catalog.editions.make_current

    def interrupted(number: int) -> None:
        real(number)
        raise KeyboardInterrupt

    monkeypatch.setattr(library._catalog.editions, "make_current", interrupted)
    with pytest.raises(KeyboardInterrupt):
        library.add(write(tmp_path / "2.pdf", id="2407.03300", version=2, text="bees two"))
    assert library.paper("2407.03300").version == 2
    library.close()
    with fakes.open_library(tmp_path / "lib", store=store) as reopened:
        assert found(reopened, "bees") == ["bees two"]
        assert reopened.file_of("2407.03300").read_bytes() == (tmp_path / "2.pdf").read_bytes()
        assert reopened.health().ok


def test_two_papers_that_claim_one_arxiv_id(library: Library, tmp_path: Path) -> None:
    def add(name: str, version: int, title: str) -> tuple[str, bool]:
        said = {"id": "2407.03300", "version": version, "title": title, "text": f"{name} {title}"}
        added = library.add(write(tmp_path / name, **said))
        return added.paper_id, added.changed

    assert add("a.pdf", 1, "On the dances of bees") == ("2407.03300", True)
    assert add("b.pdf", 2, "Quick sorting networks") == ("2407.03300-2", True)
    assert add("c.pdf", 3, "Quick Sorting-Networks, revisited") == ("2407.03300-2", True)
    assert add("d.pdf", 1, "Quick sorting networks") == ("2407.03300-2", False)
    assert add("e.pdf", 2, "On the dance of the bees") == ("2407.03300", True)
    assert add("e.pdf", 2, "Why swarms move") == ("2407.03300", True)  # the same file, changed
    assert [(row.id, row.version, row.title) for row in library.papers()] == [
        ("2407.03300", 2, "Why swarms move"),
        ("2407.03300-2", 3, "Quick Sorting-Networks, revisited"),
    ]
    assert library.paper("2407.03300v2").title == "Why swarms move"
    broken = library.add(write(tmp_path / "2407.03300v4.pdf", status="broken"))
    assert broken.paper_id == "2407.03300"
    assert library.health().ok


def test_a_file_name_that_is_not_utf8(library: Library, tmp_path: Path) -> None:
    name = os.fsdecode(b"be\xe9s.pdf")
    source = write(tmp_path / name, text="bees", title="Bees")
    added = library.add(source)
    assert (added.paper_id, added.status) == ("be\\xe9s", "ok")
    assert library.add(write(tmp_path / name, text="bees and wasps")).paper_id == added.paper_id
    broken = library.add(write(tmp_path / os.fsdecode(b"\xe9.pdf"), status="broken"))
    assert broken.status == "broken"
    titled = library.add(write(tmp_path / "t.pdf", text="ants", title="\udcff"))
    assert (titled.status, titled.reason) == ("broken", "its text is not Unicode")


def test_a_file_that_did_not_become_a_paper_says_why(library: Library, tmp_path: Path) -> None:
    library.add(write(tmp_path / "text.pdf", status="broken"))
    with pytest.raises(PaperNotFound) as refused:
        library.paper("text")
    assert str(refused.value) == "text: broken: a reason"


def test_removal(library: Library, store: fakes.ListStore, tmp_path: Path) -> None:
    library.add(write(tmp_path / "a.pdf", text="bees"))
    library.remove("a")
    assert (library.papers(), store.points, library.search("bees")) == ([], [], [])
    assert list((tmp_path / "lib" / "files").glob("*.pdf")) == []
    with pytest.raises(PaperNotFound):
        library.remove("a")


@pytest.mark.parametrize("step", ["vectors", "file"])
def test_a_removal_that_cannot_be_finished_is_one(
    library: Library,
    store: fakes.ListStore,
    tmp_path: Path,
    step: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The paper is out, so no error says otherwise; what is left of it goes at the next opening."""
    library.add(write(tmp_path / "a.pdf", text="bees"))
    kept = library.file_of("a")
    with monkeypatch.context() as patched:
        if step == "vectors":
            store.fail_on = "delete"
        else:

            def refuse(path: Path, missing_ok: bool = False) -> None:
                raise PermissionError(1, "Operation not permitted")

            patched.setattr(Path, "unlink", refuse)
        library.remove("a")
        assert library.papers() == []
    store.fail_on = ""
    library.close()
    with fakes.open_library(tmp_path / "lib", store=store) as reopened:
        reopened.search("bees")
        assert store.points == []
        aside = tmp_path / "lib" / "quarantine" / kept.name
        assert (kept.exists(), aside.exists()) == (False, step == "file")


def test_a_removal_that_cannot_begin_leaves_all(tmp_path: Path, library: Library) -> None:
    library.add(write(tmp_path / "a.pdf", text="bees"))
    library.close()
    other = fakes.LetterEmbedder("others", "others-1")
    with fakes.open_library(tmp_path / "lib", embedder=other) as reopened:
        catalog = reopened._catalog
        origin = Origin("0" * 64, "", "/elsewhere/a.pdf")
        catalog.editions.add_failed("a", "a", origin, "pdf", "broken", "a reason")
        with pytest.raises(LibraryUnusable, match="another model"):
            reopened.remove("a")
        assert len(catalog.editions.in_state("failed")) == 1


def test_repair_rebuilds_from_the_catalogue(tmp_path: Path, store: fakes.ListStore) -> None:
    with fakes.open_library(tmp_path / "lib", store=store) as library:
        for name in ("a", "b"):
            library.add(write(tmp_path / f"{name}.pdf", text=f"{name} bees"))
        store.points = store.points[:1]
        assert library.health().problems == (
            "b: 0 of 1 passages are in the index; run `gloss doctor --repair`",
        )
        assert library.repair().ok
        assert sorted(found(library, "bees")) == ["a bees", "b bees"]


def test_another_model_is_refused_until_repaired(tmp_path: Path, store: fakes.ListStore) -> None:
    other = fakes.LetterEmbedder("others", "others-1")
    with fakes.open_library(tmp_path / "lib", store=store) as library:
        library.add(write(tmp_path / "a.pdf", text="bees"))
    with fakes.open_library(tmp_path / "lib", store=store, embedder=other) as library:
        assert len(library.papers()) == 1
        with pytest.raises(LibraryUnusable, match=r"letters, not others.*gloss doctor --repair"):
            library.search("bees")
        told: list[Step] = []
        assert library.repair(told.append).ok
        assert told == [Step("a", 0, 1)]
        assert found(library, "bees") == ["bees"]
    with fakes.open_library(tmp_path / "lib", store=store, embedder=other) as library:
        assert found(library, "bees") == ["bees"]


def test_an_empty_library_takes_any_model(tmp_path: Path, store: fakes.ListStore) -> None:
    with fakes.open_library(tmp_path / "lib", store=store) as library:
        assert library.search("bees") == []
    other = fakes.LetterEmbedder("others", "others-1")
    with fakes.open_library(tmp_path / "lib", store=store, embedder=other) as library:
        assert library.search("bees") == []


def test_repair_splits_anew_when_the_size_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fakes.open_with_lists(tmp_path / "lib") as library:
        library.add(write(tmp_path / "a.pdf", text="bee " * 120))
        library.save_digest("a", "en", "{}")
        library.repair()
        assert library.saved_digest("a", "en") == "{}"
    fakes.cut_smaller(monkeypatch)
    with fakes.open_with_lists(tmp_path / "lib") as library:
        assert library.repair().passages == 2
        assert library.saved_digest("a", "en") is None


def test_directories_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "lib", Path("/proc/gloss")):
        with pytest.raises(LibraryUnusable, match=r"give a(nother)? --library"):
            fakes.open_library(place)
    with pytest.raises(LibraryUnusable, match="`gloss add` makes one"):
        Library.open(Settings(library=tmp_path / "typo"), create=False)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("inside", ["files/thesis.pdf", "vectors/a", "notes.txt", "lock/a"])
def test_a_directory_of_somebody_is_left_alone(tmp_path: Path, inside: str) -> None:
    file = tmp_path / "mine" / inside
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    with pytest.raises(LibraryUnusable, match="is not empty and no library; give an empty or new"):
        fakes.open_library(tmp_path / "mine")
    assert file.read_text() == "mine"
    assert [path for path in (tmp_path / "mine").rglob("*") if path.is_file()] == [file]


def test_a_library_is_made_where_making_one_was_cut_short(tmp_path: Path) -> None:
    for begun in ("lock", "lock.json", "catalog.sqlite"):
        (tmp_path / "lib").mkdir(exist_ok=True)
        (tmp_path / "lib" / begun).touch()
        fakes.open_library(tmp_path / "lib").close()
        shutil.rmtree(tmp_path / "lib")


def test_a_first_add_that_was_killed_leaves_no_damage(tmp_path: Path) -> None:
    """The file is there before its tables are: whoever opens it next has an empty library."""
    for pages in ("", "PRAGMA journal_mode=WAL"):
        (tmp_path / "lib").mkdir()
        with contextlib.closing(sqlite3.connect(tmp_path / "lib" / "catalog.sqlite")) as begun:
            begun.execute(pages)
        with Library.open(Settings(library=tmp_path / "lib"), create=False) as library:
            assert library.papers() == []
        shutil.rmtree(tmp_path / "lib")


def test_files_that_no_paper_has_are_set_aside(library: Library, tmp_path: Path) -> None:
    for name in ("mine.pdf", "0" * 64 + ".md", "0" * 64 + ".txt"):
        (tmp_path / "lib" / "files" / name).touch()
    library.close()
    fakes.open_library(tmp_path / "lib").close()
    kept = {path.name for path in (tmp_path / "lib" / "files").iterdir()}
    assert kept == {"incoming", "mine.pdf", "0" * 64 + ".txt"}
    assert [one.name for one in (tmp_path / "lib" / "quarantine").iterdir()] == ["0" * 64 + ".md"]


def test_an_older_catalogue_takes_no_file_with_it(tmp_path: Path) -> None:
    """It is put back by hand: what came since is set aside, and may be added again."""
    directory, catalogue = tmp_path / "lib", tmp_path / "lib" / "catalog.sqlite"
    with fakes.open_with_lists(directory) as library:
        library.add(write(tmp_path / "a.pdf", text="a bees"))
    shutil.copy(catalogue, tmp_path / "older.sqlite")
    with fakes.open_with_lists(directory) as library:
        for name in "bc":
            library.add(write(tmp_path / f"{name}.pdf", text=f"{name} bees"))
            fakes.digest(library, name, f"{name} bees")
    shutil.copy(catalogue, tmp_path / "newer.sqlite")
    shutil.copy(tmp_path / "older.sqlite", catalogue)
    with fakes.open_with_lists(directory) as library:
        assert [row.id for row in library.papers()] == ["a"]
        aside = sorted((directory / "quarantine").iterdir())
        originals = [(tmp_path / f"{name}.pdf").read_bytes() for name in "bc"]
        assert sorted(one.read_bytes() for one in aside) == sorted(originals)
        told = " ".join(library.health().problems)
        assert f"2 files that no paper of the catalogue has are in {directory}/quarantine" in told
        assert f"`gloss add {directory}/quarantine` adds them again" in told
        # No paper has the number, and with it the vectors, of one that the catalogue forgot.
        library.add(write(tmp_path / "d.pdf", text="d bees"))
        fakes.digest(library, "d", "d bees")
        assert found(library, "bees") == ["a bees", "d bees"]
        assert [hit.claim.text for hit in library.search_claims("bees")] == ["d bees"]
        assert [one for one in library.health().problems if one.startswith("d:")] == []
        for path in aside:
            assert library.add(Source(path, path.name)).status == "ok"
    with fakes.open_with_lists(directory) as library:
        assert not (directory / "quarantine").exists()
        assert library.repair().ok
        texts = {"a bees", "b bees", "c bees", "d bees"}
        assert set(found(library, "bees")) == texts
    shutil.copy(tmp_path / "newer.sqlite", catalogue)
    with fakes.open_with_lists(directory) as library:  # and the other way about
        for name in "abc":
            assert library.file_of(name).read_bytes() == (tmp_path / f"{name}.pdf").read_bytes()


def test_a_file_comes_back_from_the_quarantine(library: Library, tmp_path: Path) -> None:
    """Of two of its name, the one that has its bytes stays."""
    library.add(write(tmp_path / "a.pdf", text="bees"))
    kept = library.file_of("a")
    library.close()
    aside = tmp_path / "lib" / "quarantine" / kept.name
    for here, there in ((None, "whole"), ("damaged", "whole"), ("whole", "damaged")):
        aside.parent.mkdir()
        for path, what in ((kept, here), (aside, there)):
            path.unlink(missing_ok=True)
            if what is not None:
                text = (tmp_path / "a.pdf").read_text() if what == "whole" else "damaged"
                path.write_text(text)
        fakes.open_library(tmp_path / "lib").close()
        assert kept.read_bytes() == (tmp_path / "a.pdf").read_bytes()
        assert not aside.parent.exists()


@pytest.mark.parametrize("create", [True, False])
def test_an_emptied_catalogue_takes_no_file_with_it(tmp_path: Path, create: bool) -> None:
    with fakes.open_with_lists(tmp_path / "lib") as library:
        library.add(write(tmp_path / "a.pdf", text="bees"))
        kept = library.file_of("a")
    (tmp_path / "lib" / "catalog.sqlite").write_bytes(b"")
    with pytest.raises(LibraryUnusable, match=r"catalogue is damaged.*gloss restore BACKUP"):
        Library.open(Settings(library=tmp_path / "lib"), create=create)
    assert kept.read_bytes() == (tmp_path / "a.pdf").read_bytes()
    (tmp_path / "lib" / "catalog.sqlite").unlink()
    with pytest.raises(LibraryUnusable):
        Library.open(Settings(library=tmp_path / "lib"), create=create)
    assert kept.is_file()


def test_vectors_that_are_gone_are_missed(tmp_path: Path) -> None:
    with fakes.open_library(tmp_path / "lib") as library:
        library.add(write(tmp_path / "a.pdf", text="bees"))
    shutil.rmtree(tmp_path / "lib" / "vectors")
    with fakes.open_library(tmp_path / "lib") as library:
        for _ in range(2):
            with pytest.raises(LibraryUnusable, match="not here; run `gloss doctor --repair`"):
                library.search("bees")
        assert not library.health().ok
        assert library.repair().ok
        assert found(library, "bees") == ["bees"]


def test_another_store_is_refused_until_repaired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fakes.open_library(tmp_path / "lib") as library:
        library.add(write(tmp_path / "a.pdf", text="bees"))
    monkeypatch.setenv("GLOSS_QDRANT__URL", ":memory:")
    with fakes.open_library(tmp_path / "lib") as library:
        with pytest.raises(
            LibraryUnusable, match=r"not here \(:memory:\) but in the embedded store"
        ):
            library.search("bees")
        assert library.repair().ok
        assert found(library, "bees") == ["bees"]
    monkeypatch.delenv("GLOSS_QDRANT__URL")
    with fakes.open_library(tmp_path / "lib") as library:
        with pytest.raises(LibraryUnusable, match="but in :memory:; set GLOSS_QDRANT__URL back"):
            library.search("bees")
        library.repair()
        library.remove("a")
    monkeypatch.setenv("GLOSS_QDRANT__URL", ":memory:")
    with fakes.open_library(tmp_path / "lib") as library:  # nothing is lost: any store will do
        library.add(write(tmp_path / "a.pdf", text="bees"))
        assert found(library, "bees") == ["bees"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_without_permission(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir(mode=0o500)
    with pytest.raises(LibraryUnusable, match="Permission denied"):
        fakes.open_library(tmp_path / "lib")


def test_opening_needs_no_model(tmp_path: Path) -> None:
    Library.open(Settings(library=tmp_path / "lib", model="no-such-model")).close()
    with Library.open(Settings(library=tmp_path / "lib", model="no-such-model")) as library:
        assert library.papers() == []
    library.close()  # twice does no harm


def test_a_second_process_is_refused_at_once(tmp_path: Path, forks: Forks) -> None:
    files = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with forks.start(PROGRAM, tmp_path / "lib", "hold", **files) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(LibraryBusy) as refused:
            fakes.open_library(tmp_path / "lib")
        assert f"(process {holder.pid} since " in str(refused.value)
        assert "in use by library_fakes.py" in str(refused.value)
        holder.kill()
    fakes.open_library(tmp_path / "lib").close()  # who was killed holds nothing


@pytest.mark.parametrize(
    ("moment", "acknowledged", "text"),
    some(
        [
            ("before upsert", False, "bees one"),
            ("before keep", False, "bees one"),
            ("after upsert", False, "bees one"),
            ("before delete", False, "bees two"),  # committed, if not yet said
            ("before current", False, "bees one"),
            ("after delete", False, "bees two"),
            ("never", True, "bees two"),
            ("before purge", False, "bees two"),
        ]
    ),
)
def test_kill_at_each_step(
    tmp_path: Path, forks: Forks, moment: str, acknowledged: bool, text: str
) -> None:
    from index.store.edge import EdgeStore

    directory = tmp_path / "lib"
    for version, said in ((1, "bees one"), (2, "bees two")):
        write(tmp_path / f"{version}.pdf", id="2407.03300", version=version, text=said)
    with fakes.open_library(directory) as library:
        library.add(Source(tmp_path / "1.pdf", "1.pdf"))
    died = forks.run(PROGRAM, directory, moment, tmp_path / "2.pdf")
    assert (died.returncode == 0, "2407.03300 ok" in died.stdout) == (acknowledged, acknowledged)
    assert died.returncode in (0, 9), died.stderr
    with fakes.open_library(directory) as library:
        assert found(library, "bees") == [text]
        health = library.health()
        assert (health.problems, health.papers, health.points) == ((), 1, 1)
        assert len(list((directory / "files").iterdir())) == 2  # one file, and the empty incoming/
        library.add(Source(tmp_path / "2.pdf", "2.pdf"))
        assert found(library, "bees") == ["bees two"]
    store = EdgeStore(directory / "vectors", 26)
    assert list(store.editions().values()) == [1]
    store.close()


def test_threads_may_add_and_search_at_once(library: Library, tmp_path: Path) -> None:
    sources = [
        write(tmp_path / f"{n}.pdf", id=f"p{n % 4}", text=f"bees {n % 4}") for n in range(12)
    ]
    added: list[Added] = []

    def work(part: list[Source]) -> None:
        for source in part:
            added.append(library.add(source))
            library.search("bees")
            library.papers()

    threads = [threading.Thread(target=work, args=(sources[n::3],)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(added) == 12
    assert sum(one.changed for one in added) == 4
    assert sorted(found(library, "bees")) == [f"bees {n}" for n in range(4)]
    assert library.health().ok


class Papers(RuleBasedStateMachine):
    """Whatever fails in between, the library holds the last good version of each paper."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.store = fakes.ListStore()
        self.library = fakes.open_library(self.root / "lib", store=self.store)
        self.good: dict[str, tuple[int, str]] = {}

    @rule(
        paper=st.sampled_from(["2401.00001", "2401.00002"]),
        version=st.integers(1, 3),
        text=st.sampled_from(["bees", "wasps", "ants"]),
        fault=st.sampled_from(["", "", "status", "upsert", "delete"]),
    )
    def add(self, paper: str, version: int, text: str, fault: str) -> None:
        text = f"{text} {paper} {version}"
        said = {"status": "broken", "text": text} if fault == "status" else {"text": text}
        name = f"{paper}v{version}.pdf"
        source = write(self.root / name, id=paper, version=version, title="Insects", **said)
        self.store.fail_on = fault
        held = self.good.get(paper, (0, ""))
        try:
            added = self.library.add(source)
        except StoreUnusable:
            assert fault == "upsert"
            return
        finally:
            self.store.fail_on = ""
        if added.status == "ok" and version >= held[0]:
            assert added.changed == (held[1] != text)
            self.good[paper] = (version, text)
        else:
            assert not added.changed or added.status == "broken"

    @rule()
    def reopen(self) -> None:
        self.library.close()
        self.library = fakes.open_library(self.root / "lib", store=self.store)
        assert self.library.health().ok

    @rule(paper=st.sampled_from(["2401.00001", "2401.00002"]))
    def remove(self, paper: str) -> None:
        if paper in self.good:
            self.library.remove(paper)
            del self.good[paper]

    @invariant()
    def what_is_good_is_there(self) -> None:
        listed = {row.id: row.version for row in self.library.papers() if row.status == "ok"}
        assert listed == {paper: version for paper, (version, _) in self.good.items()}
        assert sorted(found(self.library, "bees")) == sorted(text for _, text in self.good.values())

    def teardown(self) -> None:
        self.library.close()
        self.folder.cleanup()


TestPapers = Papers.TestCase
TestPapers.settings = hypothesis_settings(max_examples=12, stateful_step_count=10, deadline=None)


def test_what_is_known_is_not_made_again(tmp_path: Path) -> None:
    reader = fakes.JsonReader()
    with fakes.open_with_lists(tmp_path / "lib", reader=reader) as library:
        library.add(write(tmp_path / "a.pdf", text="ants"))
        assert reader.hashes == [hashlib.sha256((tmp_path / "a.pdf").read_bytes()).hexdigest()]
        assert library.file_of("a").stem == reader.hashes[0]
        assert library.stored("a") == library.stored("a")
        assert library.passages("a") is library.passages("a")
        asked: list[str] = []
        library._catalog._connection.set_trace_callback(asked.append)
        assert library.paper("a") is library.paper("a")
        assert library.row("a").id == "a"
        assert not any("paper_id = 'a'" in query for query in asked)
        library._catalog._connection.set_trace_callback(None)
        library.add(write(tmp_path / "a.pdf", text="bees"))
        assert library.passages("a")[0].text == library.paper("a").text == "bees"
        library.remove("a")
        with pytest.raises(PaperNotFound):
            library.stored("a")


def test_a_paper_that_goes_while_it_is_looked_at(library: Library, tmp_path: Path) -> None:
    library.add(write(tmp_path / "a.pdf", text="ants"))
    stored = library.stored("a")
    library.remove("a")
    assert stored.passages() == ()
    for ask in (stored.paper, stored.fingerprint):
        with pytest.raises(PaperNotFound):
            ask()
    with pytest.raises(SourceNotFound, match="its file is gone"):
        stored.file()


def test_no_lookup_reads_all_papers(library: Library, tmp_path: Path) -> None:
    """None of what is done for one paper may take longer the more papers there are."""
    library.add(write(tmp_path / "1.pdf", id="2407.03300", version=1, text="bees", title="Bees"))
    fakes.digest(library, "2407.03300", "bees")
    asked: list[str] = []
    connection = library._catalog._connection
    connection.set_trace_callback(asked.append)
    library.add(write(tmp_path / "2.pdf", id="2407.03300", version=2, text="wasps", title="Bees"))
    library.add(write(tmp_path / "a.pdf", text="ants"))
    library.add(write(tmp_path / "b.pdf", text="ants"))
    library.add(write(tmp_path / "c.pdf", status="broken"))
    fakes.digest(library, "2407.03300", "wasps")
    library.record_versions([KnownVersion("2407.03300", 3)])
    for paper_id in ("2407.03300", "a", "c"):
        assert library.row(paper_id).id == paper_id
    assert library.paper("2407.03300v2").title == "Bees"
    assert library.find_arxiv("2407.03300") is not None
    assert library.newest_digest("2407.03300v1", "en", "extractive") is not None
    assert library.former_digests("2407.03300")
    assert found(library, '"wasps"') == ["wasps"]
    library.remove("a")
    connection.set_trace_callback(None)
    scans = {
        f"{row['detail']}: {query}"
        for query in asked
        if query.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"))
        for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")
        if re.match(
            # ":M" is the index of words, by what it must match
            r"SCAN (?!\d* ?CONSTANT|asked|w VIRTUAL TABLE INDEX \d+:M)|.*\(state=\?\)$",
            row["detail"],
        )
    }
    assert scans == set()


def test_health_tells_of_a_store_made_otherwise(
    library: Library, store: fakes.ListStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert library.health().ok
    monkeypatch.setattr(store, "problems", lambda: ["the list has one shard"])
    assert library.health().problems == ("the list has one shard",)


def test_a_paper_is_adopted_beside_the_others_only(library: Library, tmp_path: Path) -> None:
    for name, words in (("a", "ants"), ("b", "bees")):
        library.add(write(tmp_path / f"{name}.pdf", text=words))
    (tmp_path / "from").mkdir()
    with fakes.open_with_lists(tmp_path / "other") as other:
        for name, words in (("a", "wasps"), ("c", "bees"), ("d", "moths")):
            other.add(write(tmp_path / "from" / f"{name}.pdf", text=words))
        other.add(write(tmp_path / "from" / "e.pdf", status="broken"))
        for name, there in (("a", "of this id already"), ("c", "this id or file, b, already")):
            with pytest.raises(PaperThere, match=there):
                library.adopt(other, name)
        with pytest.raises(PaperNotFound):
            library.adopt(other, "e")
        assert library.adopt(other, "d").changed and found(library, "moths")[0] == "moths"
        assert library.paper("d") == other.paper("d")
        with pytest.raises(PaperThere):
            library.adopt(other, "d")
    assert [row.id for row in library.papers()] == ["a", "b", "d"]
    assert found(library, "ants")[0] == "ants" and library.health().ok
    assert library.file_of("d").is_file()


def test_a_paper_is_taken_out_with_the_files_that_failed_to_become_it(
    library: Library, tmp_path: Path
) -> None:
    library.add(write(tmp_path / "a.pdf", text="ants"))
    library.add(write(tmp_path / "a.pdf", status="broken"))
    library.remove("a")
    assert library.papers() == []


def test_a_paper_that_cannot_be_embedded_here_is_not_adopted(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fakes.open_with_lists(tmp_path / "other") as other:
        other.add(write(tmp_path / "a.pdf", text="ants"))
        monkeypatch.setattr(library._adding, "_splitter", lambda: lambda paper: ())
        with pytest.raises(SourceNotFound, match="nothing but references"):
            library.adopt(other, "a")
    assert library.papers() == []
