"""A library that cannot be written is read; what would write it says why not, in one line."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import library_fakes as fakes
import mediums
import pytest
from thinned import some

from index.catalog import KnownVersion
from index.errors import DiskFull, LibraryBusy, LibraryReadOnly, LibraryUnusable, NoScratch
from index.library import Library
from index.library.backup import back_up, restore
from index.library.lock import SERVER, name_process
from index.room import LEAST, MARGIN, MIB, REMOVING, check_room, occupied, scratch_folder
from index.sources import Source
from index.store.edge import EdgeStore

read_only = mediums.read_only


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def with_free(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """The disk has so many bytes free, as far as it is asked."""
    monkeypatch.setattr("index.room.shutil.disk_usage", lambda _: Usage(10**12, 10**12, free))


def write(path: Path, **said: object) -> Source:
    path.write_text(json.dumps(said))
    return Source(path, path.name)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A library of two papers, one with a digest."""
    with fakes.open_library(tmp_path / "lib") as library:
        for name in ("bees", "ants"):
            library.add(write(tmp_path / f"{name}.pdf", text=f"{name} dance. {name} rest."))
        fakes.digest(library, "bees", "bees dance.")
    return tmp_path / "lib"


def state_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of everything in a folder but locks and SQLite's index."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if not path.is_dir() and not path.name.startswith(("lock", "catalog.sqlite-"))
    }


def is_read(library: Library) -> None:
    """Everything that is saved can be had."""
    assert [row.id for row in library.papers()] == ["ants", "bees"]
    assert library.paper("bees").text == "bees dance. bees rest."
    assert library.search("bees", k=1)[0].passage.text == "bees dance. bees rest."
    assert library.search('"ants dance"')[0].passage.paper_id == "ants"
    assert [hit.claim.text for hit in library.search_claims("bees")] == ["bees dance."]
    assert library.saved_digest("bees", "digest-en") == '["bees dance."]'
    assert library.mean_vectors().keys() == {"ants", "bees"}
    assert library.file_of("bees").is_file()


def writers(library: Library, tmp_path: Path) -> list[Callable[[], Any]]:
    source = write(tmp_path / "wasps.pdf", text="wasps sting.")
    return [
        lambda: library.add(source),
        lambda: library.remove("bees"),
        lambda: library.save_digest("bees", "name", "{}"),
        lambda: library.record_versions([KnownVersion("2407.03300", 2)]),
        lambda: library.repair(),
        library.check_writable,
    ]


def test_a_read_only_medium(made: Path, tmp_path: Path) -> None:
    before = state_of(made)
    with read_only(made), fakes.open_library(made) as library:
        is_read(library)
        for change in writers(library, tmp_path):
            with pytest.raises(LibraryReadOnly, match=r"cannot be written \(.*\); what is in it"):
                change()
        assert "cannot be written" in library.health().problems[0]
        assert len(library.health().problems) == 1
        with fakes.open_library(made) as other:  # who only reads keeps nobody out
            assert [row.id for row in other.papers()] == ["ants", "bees"]
            assert other.search("bees", k=1)[0].passage.paper_id == "bees"
    assert state_of(made) == before
    with fakes.open_library(made) as library:
        assert library.health().ok
        library.remove("bees")


def test_a_full_disk(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = state_of(made)
    with_free(monkeypatch, REMOVING - 1)
    scratch = tempfile.TemporaryDirectory(dir=tmp_path)
    monkeypatch.setattr("index.library.engines.scratch_folder", lambda: scratch)
    monkeypatch.setattr("index.store.edge.check_room", lambda *_, **__: None)  # of the scratch
    with fakes.open_library(made) as library:
        is_read(library)
        for change in writers(library, tmp_path):
            with pytest.raises(LibraryReadOnly, match=r"the disk is full, 8 MB free: make room\)"):
                change()
        with pytest.raises(LibraryBusy):  # the lock is held, which takes no room
            fakes.open_library(made)
    assert state_of(made) == before
    assert not Path(scratch.name).exists()


@pytest.mark.parametrize("free", some([REMOVING, LEAST - 1], 2))
def test_papers_go_from_a_full_disk(
    free: int, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their files at once, their vectors when there is room for the engine; the rest is read."""
    monkeypatch.setattr("index.store.edge.check_room", lambda *_, **__: None)  # of the scratch
    scratch = tempfile.TemporaryDirectory(dir=tmp_path)
    monkeypatch.setattr("index.library.engines.scratch_folder", lambda: scratch)
    vectors = {path: path.read_bytes() for path in (made / "vectors").rglob("*") if path.is_file()}
    with_free(monkeypatch, free)
    with fakes.open_library(made) as library:
        is_read(library)
        for change in writers(library, tmp_path):
            if change.__code__.co_names[:1] != ("remove",):
                with pytest.raises(LibraryReadOnly, match="make room, as by `gloss remove`"):
                    change()
        assert library.may_remove("ants")
        library.remove("ants")
        assert [row.id for row in library.papers()] == ["bees"]
        assert {hit.passage.paper_id for hit in library.search("ants", k=9)} == {"bees"}
        assert len(list((made / "files").glob("*.pdf"))) == 1
    assert all(path.read_bytes() == before for path, before in vectors.items())
    monkeypatch.undo()
    copy = tmp_path / "copy"
    with fakes.open_library(made) as library:
        assert library.health().ok
        back_up(made, copy)
        assert len(library.search("ants", k=9)) == 1  # which opens the engine, and sweeps
        there = library._engines.started().store.editions()
        assert there.keys() == library._catalog.editions.ids().keys()
        assert library.add(Source(tmp_path / "ants.pdf", "ants.pdf")).changed
        assert library.health().ok
    restore(tmp_path / "restored", copy)
    with fakes.open_library(tmp_path / "restored") as library:
        assert [row.id for row in library.papers()] == ["bees"] and library.health().ok


def test_papers_go_while_a_disk_fills_up(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library was opened with room, and its engine is at work."""
    with fakes.open_library(made) as library:
        library.search("bees")
        with_free(monkeypatch, REMOVING - 1)
        with pytest.raises(DiskFull, match="8 MB free, 8 MB needed"):
            library.remove("ants")
        with_free(monkeypatch, REMOVING)
        library.remove("ants")
        assert {hit.passage.paper_id for hit in library.search("ants", k=9)} == {"bees"}
    monkeypatch.undo()
    with fakes.open_library(made) as library:
        library.search("bees")
        assert library.health().ok and len(list((made / "files").glob("*.pdf"))) == 1


def test_a_file_system_with_ten_megabytes_left(tmp_path: Path) -> None:
    with mediums.mounted(tmp_path / "disk", 300) as disk:
        source = write(tmp_path / "bees.pdf", text="bees dance.")
        with fakes.open_library(disk / "lib") as library:
            library.add(source)
            library.add(write(tmp_path / "ants.pdf", text="ants rest."))
        mediums.fill(disk, 10 * MIB)
        with fakes.open_library(disk / "lib") as library:
            with pytest.raises(LibraryReadOnly, match="gloss remove"):
                library.add(write(tmp_path / "wasps.pdf", text="wasps sting."))
            library.remove("bees")
        (disk / "filling").unlink()
        with fakes.open_library(disk / "lib") as library:
            assert {hit.passage.paper_id for hit in library.search("bees", k=9)} == {"ants"}
            assert library.add(source).changed and library.health().ok


def test_a_disk_that_fills_up_loses_nothing(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fakes.open_library(made) as library:
        with_free(monkeypatch, MARGIN - 1)
        for change in writers(library, tmp_path):
            if change.__code__.co_names[:1] != ("remove",):
                with pytest.raises(DiskFull, match="201 MB free, 201 MB needed"):
                    change()
        is_read(library)
        library.remove("ants")  # what gives room back needs less of it
        assert [row.id for row in library.papers()] == ["bees"]
    monkeypatch.undo()
    with fakes.open_library(made) as library:
        assert library.health().ok
        assert library.add(Source(tmp_path / "wasps.pdf", "wasps.pdf")).changed
        assert library.health().ok


def test_room_that_goes_during_the_commit(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The catalogue has the edition as pending when the store refuses; it counts for nothing."""
    with fakes.open_library(made) as library:
        add_pending = library._catalog.editions.add_pending

        def and_fill(*given: Any) -> int:
            with_free(monkeypatch, LEAST)
            return int(add_pending(*given))

        monkeypatch.setattr(library._catalog.editions, "add_pending", and_fill)
        with pytest.raises(DiskFull):
            library.add(write(tmp_path / "wasps.pdf", text="wasps sting."))
        assert library.health().papers == 2
    monkeypatch.undo()
    with fakes.open_library(made) as library:
        assert len(library.search("wasps sting", k=9)) == 2
        assert library.health().ok
        assert len(list((made / "files").glob("*.pdf"))) == 2


def test_edge_is_asked_for_nothing_without_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = EdgeStore(tmp_path / "vectors", 26)
    with_free(monkeypatch, LEAST - 1)
    for change in (lambda: store.upsert([]), lambda: store.delete(1)):
        with pytest.raises(DiskFull, match="free some space and run it again"):
            change()
    with pytest.raises(DiskFull):
        EdgeStore(tmp_path / "other", 26)
    assert not (tmp_path / "other").exists()
    with_free(monkeypatch, LEAST)
    swept: list[bool] = []

    class Shard:
        def __init__(self, shard: Any) -> None:
            self._shard = shard

        def __getattr__(self, name: str) -> Any:
            return getattr(self._shard, name)

        def optimize(self) -> None:
            swept.append(True)

    store._shard = Shard(store._shard)  # type: ignore[assignment]
    store.delete(1)  # sweeping writes the rest anew, for which there is no room
    assert swept == []
    monkeypatch.undo()
    store.delete(1)
    assert swept == [True]
    store.close()


def test_changes_in_the_log_are_read_or_missed(made: Path, tmp_path: Path) -> None:
    """A process that was killed leaves its last commits in the log beside the catalogue."""
    left = tmp_path / "left"
    with fakes.open_library(made) as library:
        library.add(write(tmp_path / "wasps.pdf", text="wasps sting."))
        shutil.copytree(made, left)
    assert (left / "catalog.sqlite-wal").stat().st_size
    with read_only(left), fakes.open_library(left) as library:
        assert [row.id for row in library.papers()] == ["ants", "bees", "wasps"]
    (left / "catalog.sqlite-shm").unlink()
    with read_only(left), pytest.raises(LibraryUnusable, match="last changes stand in catalog"):
        fakes.open_library(left)
    with fakes.open_library(left) as library:
        assert len(library.papers()) == 3


def test_an_owner_of_the_lock_keeps_readers_out(made: Path, tmp_path: Path) -> None:
    with (
        fakes.open_library(made),
        read_only(made),
        pytest.raises(LibraryBusy, match="in use by"),
    ):
        fakes.open_library(made)


def test_beside_its_owner_a_library_is_read(made: Path, tmp_path: Path) -> None:
    with fakes.open_library(made) as owner:
        with pytest.raises(LibraryBusy):
            fakes.open_library(made)
        with fakes.open_library(made, beside=True) as other:
            is_read(other)
            for change in writers(other, tmp_path):
                with pytest.raises(LibraryReadOnly, match=r"in use by .* since"):
                    change()
            source = write(tmp_path / "wasps.pdf", text="wasps sting.")
            assert owner.add(source).changed
            assert [row.id for row in other.papers()] == ["ants", "bees", "wasps"]
            assert other.paper("wasps").text == "wasps sting."
            fakes.digest(owner, "wasps", "wasps sting.")
            owner.remove("bees")  # its vectors are in the copy, and found no more
            assert {hit.passage.paper_id for hit in other.search("bees", k=9)} == {"ants"}
            with fakes.open_library(made, beside=True) as later:
                assert later.search("wasps", k=1)[0].passage.paper_id == "wasps"
                assert [hit.claim.text for hit in later.search_claims("wasps")] == ["wasps sting."]
            owner.close()
            assert [row.id for row in other.papers()] == ["ants", "wasps"]
    with fakes.open_library(made, beside=True) as alone:  # which is its owner, then
        alone.remove("ants")
        assert alone.health().ok


def test_vectors_are_copied_while_nobody_writes_them(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.library.rest._PATIENCE", 0.2)
    with fakes.open_library(made) as owner:
        upsert = EdgeStore.upsert
        outcomes: list[object] = []

        def searched(store: EdgeStore, points: Any) -> None:
            """What one who searches finds while a paper's points are being written."""
            with fakes.open_library(made, beside=True) as other:
                outcomes.append(len(other.papers()))
                with pytest.raises(LibraryUnusable, match="written without a pause"):
                    other.search("bees")
            upsert(store, points)

        monkeypatch.setattr(EdgeStore, "upsert", searched)
        assert owner.add(write(tmp_path / "wasps.pdf", text="wasps sting.")).changed
        assert outcomes == [2]
        with fakes.open_library(made, beside=True) as other:
            assert other.search("wasps", k=1)[0].passage.paper_id == "wasps"


def test_the_owner_has_the_name_that_it_gave(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.library.lock._names", [])
    name_process("gloss serve")
    (made / SERVER).write_text("left by a server that was killed")
    with fakes.open_library(made), pytest.raises(LibraryBusy, match=r"in use by gloss serve \(pro"):
        assert not (made / SERVER).exists()
        fakes.open_library(made)


def test_what_is_no_library_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with read_only(tmp_path / "empty"), pytest.raises(LibraryUnusable, match="cannot be used"):
        fakes.open_library(tmp_path / "empty")


def test_a_catalogue_of_an_earlier_schema(made: Path) -> None:
    connection = sqlite3.connect(made / "catalog.sqlite")
    connection.execute("PRAGMA user_version=4")
    connection.close()
    with read_only(made), pytest.raises(LibraryUnusable, match="open it once where it can be"):
        fakes.open_library(made)


def test_a_folder_for_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with scratch_folder() as folder:
        assert Path(folder).is_dir()
    with_free(monkeypatch, LEAST - 1)
    with pytest.raises(NoScratch, match="set TMPDIR"):
        scratch_folder()
    with pytest.raises(DiskFull):
        check_room(tmp_path / "not" / "there")
    with (tmp_path / "holes").open("wb") as file:
        file.truncate(10**8)
    assert occupied(tmp_path) < 10**6
