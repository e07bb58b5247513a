"""A library is copied while it is used, and put back: whole, or as it was."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import library_fakes as fakes
import pytest

from index.errors import BackupUnusable, GlossError, LibraryBusy, LibraryUnusable
from index.library import Backup, Library, back_up, backup, restore
from index.sources import Source


def add(library: Library, folder: Path, *names: str) -> None:
    for name in names:
        (folder / f"{name}.pdf").write_text(json.dumps({"text": f"{name} bees", "title": ""}))
        assert library.add(Source(folder / f"{name}.pdf", name)).status == "ok"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Two papers, whose vectors are lists in folders."""
    with fakes.open_with_lists(tmp_path / "lib") as opened:
        add(opened, tmp_path, "a", "b")
        yield opened


@pytest.fixture
def with_engine(tmp_path: Path) -> Iterator[Library]:
    """Two papers in the real embedded store: a copy of its room of zeros takes a while."""
    with fakes.open_library(tmp_path / "lib") as opened:
        add(opened, tmp_path, "a", "b")
        yield opened


@pytest.fixture
def digested(library: Library) -> Library:
    """One of the two with a digest, whose claims are in a store of their own."""
    fakes.digest(library, "a", "a bees")
    return library


Opens = Callable[[Path], Library]


def has(
    directory: Path,
    *names: str,
    digests: tuple[str, ...] = (),
    open_library: Opens = fakes.open_with_lists,
) -> None:
    """The library has these papers, whole, and finds them without a repair."""
    with open_library(directory) as library:
        assert [row.id for row in library.papers()] == list(names)
        assert {hit.passage.paper_id for hit in library.search('"bees"')} == set(names)
        assert set(library.digested(9)) == set(digests)
        if digests:
            assert {hit.claim.paper_id for hit in library.search_claims("bees")} == set(digests)
        health = library.health(deep=True)
        assert [one for one in health.problems if "no paper of the catalogue has" not in one] == []
        for name in names:
            assert json.loads(library.file_of(name).read_bytes())["text"] == f"{name} bees"


def everything(directory: Path) -> dict[str, tuple[int, int]]:
    """The files of a directory, with what changes where they are written to."""
    return {
        str(path.relative_to(directory)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in directory.rglob("*")
        if path.is_file() and not path.name.startswith("lock")
    }


def test_a_library_in_use_is_copied_and_put_back(digested: Library, tmp_path: Path) -> None:
    made = back_up(digested.directory, tmp_path / "copies" / "one")
    assert (made.papers, made.passages, made.digests, made.vectors) == (2, 2, 1, True)
    assert [path.name for path in (tmp_path / "copies").iterdir()] == ["one"]
    before = everything(tmp_path / "copies" / "one")
    digested.remove("b")
    add(digested, tmp_path, "c", "d")
    fakes.digest(digested, "c", "c bees")
    with pytest.raises(LibraryBusy):
        restore(digested.directory, made.folder)
    digested.close()
    has(digested.directory, "a", "c", "d", digests=("a", "c"))
    for times in (1, 2):
        done = restore(digested.directory, made.folder)
        assert (done.backup, done.directory, done.vectors) == (made, digested.directory, True)
        assert done.set_aside == 2
        has(digested.directory, "a", "b", digests=("a",))
        assert len(list((digested.directory / "quarantine").glob("catalog-*"))) == times
    assert done.former is not None
    assert everything(made.folder) == before
    stores = {path.name for path in digested.directory.iterdir() if path.is_dir()}
    assert stores == {"files", "quarantine", "vectors-3", "claims-3"}
    # And the other way about, by hand, as an older gloss advised.
    first = min((digested.directory / "quarantine").glob("catalog-*.sqlite"))
    shutil.copy(first, digested.directory / "catalog.sqlite")
    with fakes.open_with_lists(digested.directory) as opened:
        opened.repair()
    has(digested.directory, "a", "c", "d", digests=("a", "c"))


def test_a_backup_becomes_a_library_elsewhere(with_engine: Library, tmp_path: Path) -> None:
    fakes.digest(with_engine, "a", "a bees")
    made = back_up(with_engine.directory, tmp_path / "one")
    has_holes(made)
    (tmp_path / "empty").mkdir()
    done = restore(tmp_path / "empty", made.folder)
    assert (done.former, done.set_aside) == (None, 0)
    whole: dict[str, Any] = {"digests": ("a",), "open_library": fakes.open_library}
    has(tmp_path / "empty", "a", "b", **whole)
    add(with_engine, tmp_path, "c")
    with_engine.close()
    has(with_engine.directory, "a", "b", "c", **whole)


def has_holes(made: Backup) -> None:
    """The store keeps room of zeros in its files: a copy takes no more of the disk."""
    if hasattr(os, "statvfs"):  # else there are no sparse files here
        kept = sum(path.stat().st_blocks * 512 for path in made.folder.rglob("*") if path.is_file())
        assert made.size > 100_000_000 > 10 * kept


def test_a_rebuilt_library_is_copied_with_the_vectors_that_count(
    digested: Library, tmp_path: Path
) -> None:
    digested.repair()
    made = back_up(digested.directory, tmp_path / "one")
    assert {path.name for path in made.folder.iterdir() if path.is_dir()} == {
        *("files", "vectors-2", "claims-2")
    }
    restore(tmp_path / "new", made.folder)
    has(tmp_path / "new", "a", "b", digests=("a",))


def test_a_damaged_backup_changes_nothing(library: Library, tmp_path: Path) -> None:
    folder = back_up(library.directory, tmp_path / "one").folder
    library.close()
    before = everything(library.directory)
    files = sorted((folder / "files").iterdir())
    stored = min(path for path in (folder / "vectors").rglob("*") if path.is_file())
    manifest = folder / "backup.json"

    def flip(data: bytes) -> bytes:
        return data[:9] + bytes([data[9] ^ 1]) + data[10:]

    def outside(data: bytes) -> bytes:
        said = json.loads(data)
        said["files"]["../lib/catalog.sqlite"] = "0" * 64
        return json.dumps(said).encode()

    def without_name(data: bytes) -> bytes:
        said = json.loads(data)
        said["files"] = {"a\0b": "0" * 64, **said["files"]}
        return json.dumps(said).encode()

    def newer(data: bytes) -> bytes:
        return json.dumps({**json.loads(data), "schema": 10**6}).encode()

    damages: list[tuple[Path, Callable[[bytes], bytes | None], str]] = [
        (folder / "catalog.sqlite", flip, "catalog.sqlite is damaged; nothing was restored"),
        (folder / "catalog.sqlite", lambda data: data[:-100], "catalog.sqlite is damaged"),
        (files[0], flip, f"files/{files[0].name} is damaged; nothing was restored"),
        (files[1], lambda _: None, f"files/{files[1].name} cannot be read"),
        (stored, flip, "is damaged; nothing was restored"),
        (manifest, lambda data: data[:-2], "is no backup: it has no backup.json that can be read"),
        (manifest, lambda _: b"[]", "is no backup: it has no backup.json that can be read"),
        (manifest, outside, "names a file outside itself: ../lib/catalog.sqlite"),
        (manifest, without_name, "cannot be read (embedded null byte); nothing was restored"),
        (manifest, newer, "was made by a newer gloss"),
    ]
    for path, damage, said in damages:
        whole = path.read_bytes()
        damaged = damage(whole)
        path.unlink() if damaged is None else path.write_bytes(damaged)
        with pytest.raises(BackupUnusable) as refused:
            restore(library.directory, folder)
        assert said in str(refused.value) and "\n" not in str(refused.value)
        assert everything(library.directory) == before
        path.write_bytes(whole)
    restore(library.directory, folder)


def test_what_is_there_is_left_alone(library: Library, tmp_path: Path) -> None:
    made = back_up(library.directory, tmp_path / "one")
    with pytest.raises(BackupUnusable, match="is there already; name a new folder"):
        back_up(library.directory, made.folder)
    with pytest.raises(LibraryUnusable, match="no library here"):
        back_up(tmp_path / "nothing", tmp_path / "two")
    with pytest.raises(BackupUnusable, match=r"is no backup: it has no backup\.json"):
        restore(tmp_path / "new", tmp_path / "lib")
    (tmp_path / "file").write_text("")
    with pytest.raises(BackupUnusable, match="cannot be written"):
        back_up(library.directory, tmp_path / "file" / "two")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.pdf").write_text("mine")
    with pytest.raises(LibraryUnusable, match="is not empty and no library"):
        restore(tmp_path / "mine", made.folder)
    assert list(everything(tmp_path / "mine")) == ["thesis.pdf"]
    library.close()
    (library.directory / "catalog.sqlite").write_bytes(b"damaged" * 1000)
    with pytest.raises(LibraryUnusable, match="cannot be copied"):
        back_up(library.directory, tmp_path / "three")
    assert not (tmp_path / "three").exists()
    done = restore(library.directory, made.folder)  # what a damaged catalogue is cured by
    assert done.former is not None and done.former.read_bytes() == b"damaged" * 1000
    has(library.directory, "a", "b")


class Killed(BaseException):
    """What no part of the program catches."""


def cut_short(patched: pytest.MonkeyPatch, at: int) -> list[int]:
    """Have a restore end at that of its steps; a list with how many are left."""
    left = [at]

    def counted(call: Any) -> Any:
        def step(*given: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            return call(*given, **named)

        return step

    for name in ("copy_file", "sync_directory"):
        patched.setattr(backup, name, counted(getattr(backup, name)))
    for name in ("replace", "touch", "unlink"):
        patched.setattr(Path, name, counted(getattr(Path, name)))
    return left


@pytest.fixture
def former(library: Library, tmp_path: Path) -> Path:
    return gone_on(library, tmp_path)


def gone_on(library: Library, tmp_path: Path) -> Path:
    """A library that went on after its backup was made."""
    back_up(library.directory, tmp_path / "one")
    library.remove("b")
    add(library, tmp_path, "c")
    library.close()
    return library.directory


def ids_after(directory: Path, open_library: Opens) -> str:
    """What a library has after a restore was cut short: what is there can be searched."""
    try:
        with open_library(directory) as opened:
            opened.search("bees")
            return "".join(opened.ids())
    except GlossError as error:
        assert "a restore was cut short here; run `gloss restore BACKUP` again" in str(error)
        return "again"


def ends_of_killed_restores(
    former: Path, steps: Callable[[int], int], there: str, open_library: Opens
) -> set[str]:
    """What the library has after each; the next restore comes to its end.

    ``steps`` has the number of the step that comes after one.
    """
    ends, number, left = set(), 0, [0]
    while left[0] <= 0:
        number = steps(number)
        directory = former.with_name(str(number))
        if there == "a library":
            shutil.copytree(former, directory)
        with pytest.MonkeyPatch.context() as patched, contextlib.suppress(Killed):
            left = cut_short(patched, number)
            restore(directory, former.with_name("one"))
        ends.add(ids_after(directory, open_library))
        restore(directory, former.with_name("one"))
        has(directory, "a", "b", open_library=open_library)
        shutil.rmtree(directory)
    return ends


@pytest.mark.parametrize(
    ("there", "ends"), [("a library", {"ac", "ab"}), ("nothing", {"again", "ab", ""})]
)
def test_a_killed_restore_leaves_the_former_library_or_the_new_one(
    former: Path, there: str, ends: set[str]
) -> None:
    """At each third step."""
    found = ends_of_killed_restores(former, lambda one: one + 3, there, fakes.open_with_lists)
    assert found == ends


@pytest.mark.slow
@pytest.mark.parametrize(
    ("there", "ends"), [("a library", {"ac", "ab"}), ("nothing", {"again", "ab", ""})]
)
def test_at_each_step_a_killed_restore_leaves_the_former_library_or_the_new_one(
    with_engine: Library, tmp_path: Path, there: str, ends: set[str]
) -> None:
    def step(one: int) -> int:
        return one + (1 if one < 9 or one > 180 else 20)  # amid the vectors all are alike

    former = gone_on(with_engine, tmp_path)
    assert ends_of_killed_restores(former, step, there, fakes.open_library) == ends


def test_it_waits_for_a_paper_that_is_being_committed(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Slow(fakes.ListStore):
        def upsert(self, points: Any) -> None:
            begun.set()
            assert go_on.wait(10)
            super().upsert(points)

    with fakes.open_library(tmp_path / "lib", store=Slow()) as library:
        adding = threading.Thread(target=add, args=(library, tmp_path, "a"))
        adding.start()
        assert begun.wait(10)
        copies: list[Any] = []
        copying = threading.Thread(
            target=lambda: copies.append(back_up(library.directory, tmp_path / "one"))
        )
        copying.start()
        copying.join(0.5)
        assert copying.is_alive()
        go_on.set()
        for thread in (adding, copying):
            thread.join(10)
        assert [(made.papers, made.vectors) for made in copies] == [(1, True)]


def test_it_waits_no_longer_than_it_must(
    tmp_path: Path, digested: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash may have left a pending row, which the owner has not cleared away yet."""
    monkeypatch.setattr("index.library.rest._PATIENCE", 0.3)
    connection = digested._catalog
    with connection.transaction() as opened:
        opened.execute(
            "INSERT INTO editions (paper_id, paper_key, state, status, reason, source, sha256,"
            " file, original, added) VALUES ('x', 'x', 'pending', 'ok', '', 'pdf', '', '', '', '')"
        )
    made = back_up(digested.directory, tmp_path / "one")
    assert (made.papers, made.vectors) == (2, False)
    done = restore(tmp_path / "new", made.folder)
    assert not done.vectors
    with fakes.open_with_lists(tmp_path / "new") as restored:
        assert restored.repair().problems == ()
    has(tmp_path / "new", "a", "b", digests=("a",))


@pytest.mark.slow
def test_copies_that_are_made_while_papers_come_and_go(
    with_engine: Library, tmp_path: Path
) -> None:
    stop = threading.Event()

    def come_and_go() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            add(with_engine, tmp_path, f"p{number}")
            if number > 3:
                with_engine.remove(f"p{number - 3}")

    busy = threading.Thread(target=come_and_go)
    busy.start()
    try:
        copies = [back_up(with_engine.directory, tmp_path / f"copy-{one}") for one in range(3)]
    finally:
        stop.set()
        busy.join(30)
    for made in copies:
        assert made.vectors and made.damaged == ()
        done = restore(tmp_path / "new" / made.folder.name, made.folder)
        with fakes.open_library(done.directory) as restored:
            assert restored.health(deep=True).problems == ()
            assert len(restored.ids()) == made.papers
            found = {hit.passage.paper_id for hit in restored.search("bees", 99)}
            assert found == set(restored.ids())


def test_damaged_files_are_named(library: Library, tmp_path: Path) -> None:
    library.file_of("a").write_bytes(b"damaged")
    library.file_of("b").unlink()
    made = back_up(library.directory, tmp_path / "one")
    assert made.damaged == ("a", "b")
    done = restore(tmp_path / "new", made.folder)
    assert done.backup.damaged == ("a", "b")
    with fakes.open_with_lists(tmp_path / "new") as restored:
        assert len(restored.health().problems) == 2


def test_of_vectors_on_a_server_it_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Restored elsewhere, it does not write to the collection of the library that it is of."""
    monkeypatch.setenv("GLOSS_QDRANT__URL", ":memory:")
    with fakes.open_library(tmp_path / "lib") as library:
        add(library, tmp_path, "a")
        collection = library._catalog.meta()["collection"]
        made = back_up(library.directory, tmp_path / "one")
    assert not made.vectors
    for there, is_the_same in ((tmp_path / "lib", True), (tmp_path / "new", False)):
        assert not restore(there, made.folder).vectors
        with fakes.open_library(there) as library:
            assert (library._catalog.meta()["collection"] == collection) is is_the_same
            assert library.repair().problems == ()
            assert [hit.passage.paper_id for hit in library.search("bees")] == ["a"]
