"""Backups of a library, which another process may be using, and the way back.

A backup is a folder with the catalogue, the files and, of an embedded store, the vectors, all of
one moment, at which nothing is written (``rest``); ``backup.json`` lists them with their SHA-256.
It is complete or not there.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from index import __version__
from index.catalog import Catalog
from index.catalog.schema import SCHEMA
from index.disk import copy_file, read_file, sha256_of, sync_directory
from index.errors import BackupUnusable, LibraryBusy, LibraryUnusable
from index.library.engines import EMBEDDED, STORES, new_collection, stored_name
from index.library.files import CATALOG, FILES, QUARANTINE, Files, no_writing
from index.library.lock import LibraryLock
from index.library.opening import RESTORING, ready_to_restore
from index.library.rest import at_rest, connected

MANIFEST = "backup.json"
_LARGEST = 100_000_000  # bytes of it: some million files

_ODD_JSON = (OverflowError, RecursionError)  # of 1e999, of brackets without end
_RESTORED = "catalog.sqlite-restored"  # the catalogue of a backup, before it takes its place


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup has. ``made`` is ISO, UTC; ``size`` is in bytes, without holes."""

    folder: Path
    made: str
    papers: int
    passages: int
    digests: int
    size: int
    vectors: bool  # else they are on a server, or were being written to all the time
    damaged: tuple[str, ...] = ()  # papers whose files were damaged or gone when it was made


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. The former catalogue, if there was one, is kept beside the files."""

    backup: Backup
    directory: Path
    former: Path | None
    set_aside: int  # files in the quarantine: the backup knows no paper that has them
    vectors: bool  # else `gloss doctor` says whether `--repair` is needed


def back_up(directory: Path, folder: Path) -> Backup:
    """Copy a library, in use or not, to a folder that is not there yet.

    Raises ``BackupUnusable``, and ``LibraryUnusable`` where there is no library.
    """
    if not (directory / CATALOG).is_file():
        raise LibraryUnusable(directory, "no library here; `gloss add` makes one")
    making = folder.with_name(f".{folder.name}.part")
    try:
        if folder.exists() or folder.is_symlink():
            raise BackupUnusable(folder, "is there already; name a new folder")
        shutil.rmtree(making, ignore_errors=True)
        (making / FILES).mkdir(parents=True)
        backup = _copied(directory, making, folder)
        for path in (making / FILES, making, folder.parent):
            sync_directory(path)
        making.rename(folder)
        sync_directory(folder.parent)
    except OSError as error:
        raise BackupUnusable(folder, f"cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return backup


def _copied(directory: Path, making: Path, folder: Path) -> Backup:
    copied: dict[str, str] = {}  # SHA-256 by path in the backup
    with _explained(directory / CATALOG), closing(connected(directory / CATALOG)) as source:
        names = _files_of(source)
        _copy_files(directory, making, names, copied)  # most of the bytes, while others write
        with _at_rest(directory, source) as is_at_rest:
            with closing(sqlite3.connect(making / CATALOG)) as target:
                with closing(connected(directory / CATALOG)) as reader:
                    reader.backup(target)
                target.execute("PRAGMA journal_mode=DELETE")
                names, meta = _files_of(target), _meta(target)
                schema = int(target.execute("PRAGMA user_version").fetchone()[0])
                counts = {what: int(target.execute(query).fetchone()[0]) for what, query in _COUNTS}
            _copy_files(directory, making, names, copied)
            has_vectors = is_at_rest and meta.get("store", EMBEDDED) == EMBEDDED
            if has_vectors:
                for name in STORES:
                    stored = stored_name(name, int(meta.get("generation", 1)))
                    _copy_tree(directory / stored, making / stored, stored, copied)
    for path in set(copied) - {f"{FILES}/{name}" for name in names}:
        if path.startswith(f"{FILES}/"):  # its paper was taken out meanwhile
            (making / path).unlink()
            del copied[path]
    copied[CATALOG] = sha256_of(making / CATALOG)
    damaged = [paper for name, paper in names.items() if copied.get(f"{FILES}/{name}") != name[:64]]
    backup = Backup(
        folder=folder,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        size=sum(path.stat().st_size for path in making.rglob("*") if path.is_file()),
        vectors=has_vectors,
        damaged=tuple(sorted(damaged)),
        **counts,
    )
    _write_manifest(making / MANIFEST, backup, schema, copied)
    return backup


_COUNTS = (
    ("papers", "SELECT count(*) FROM editions WHERE state = 'current'"),
    (
        "passages",
        "SELECT count(*) FROM passages p JOIN editions e ON e.number = p.edition"
        " WHERE e.state = 'current'",
    ),
    ("digests", "SELECT count(*) FROM digests"),
)


@contextmanager
def _explained(catalogue: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise LibraryUnusable(
            catalogue.parent, f"{catalogue.name} cannot be copied ({error})"
        ) from error


@contextmanager
def _at_rest(directory: Path, source: sqlite3.Connection) -> Iterator[bool]:
    """Keep others from writing meanwhile; whether the vectors are at rest.

    A library that nobody uses is kept from being opened; of one that is in use, the catalogue is
    kept from being written to, once what its owner had begun is done.
    """
    try:
        lock = LibraryLock(directory)
    except LibraryBusy:
        lock = None
    try:
        with at_rest(source, owned=lock is not None) as rests:
            yield rests
    finally:
        if lock is not None:
            lock.release()


def _files_of(catalogue: sqlite3.Connection) -> dict[str, str]:
    """The files of the papers, with the id of each."""
    query = "SELECT file, paper_id FROM editions WHERE state = 'current'"
    return dict(catalogue.execute(query).fetchall())


def _meta(catalogue: sqlite3.Connection) -> dict[str, str]:
    return dict(catalogue.execute("SELECT name, value FROM meta").fetchall())


def _copy_files(
    directory: Path, making: Path, names: Mapping[str, str], copied: dict[str, str]
) -> None:
    for name in names:
        path = f"{FILES}/{name}"
        if path not in copied:
            with suppress(FileNotFoundError):  # gone, or just taken out: said at the end
                copied[path] = copy_file(directory / path, making / path)


def _copy_tree(source: Path, target: Path, name: str, copied: dict[str, str]) -> None:
    """Copy a store's folder, which need not be there."""
    for path in sorted([source, *source.rglob("*")]) if source.is_dir() else ():
        inside = path.relative_to(source)
        if path.is_dir():
            (target / inside).mkdir()
        else:
            copied[str(PurePosixPath(name, inside.as_posix()))] = copy_file(path, target / inside)


def _write_manifest(path: Path, backup: Backup, schema: int, copied: Mapping[str, str]) -> None:
    said = {
        "gloss": __version__,
        "schema": schema,
        "made": backup.made,
        "papers": backup.papers,
        "passages": backup.passages,
        "digests": backup.digests,
        "size": backup.size,
        "vectors": backup.vectors,
        "damaged": backup.damaged,
        "files": dict(sorted(copied.items())),
    }
    with path.open("x", encoding="utf-8") as file:
        json.dump(said, file, ensure_ascii=True, indent=1)
        file.flush()
        os.fsync(file.fileno())


def restore(directory: Path, folder: Path) -> Restored:
    """Let a library be what it was in a backup. Every byte of the backup is verified first.

    One rename makes the backup's catalogue the library's: until then the library is what it was,
    from then on what the backup is. Nothing is deleted but vectors of the former catalogue, which
    is kept. Raises ``BackupUnusable``; ``LibraryBusy`` while the library is in use;
    ``LibraryUnusable`` where the directory has something else, or cannot be written.
    """
    backup, files = _verified(folder)
    try:
        ready_to_restore(directory)
        lock = LibraryLock(directory)
        try:
            return _restored(directory, backup, files)
        finally:
            lock.release()
    except OSError as error:
        raise no_writing(directory, error) from error


def _verified(folder: Path) -> tuple[Backup, tuple[str, ...]]:
    """What a backup has, once each of its files is what it was."""
    try:
        said = json.loads(read_file(folder / MANIFEST, _LARGEST))
        files = {str(name): str(sha256) for name, sha256 in said["files"].items()}
        backup = Backup(
            folder,
            str(said["made"]),
            int(said["papers"]),
            int(said["passages"]),
            int(said["digests"]),
            int(said["size"]),
            bool(said["vectors"]),
            tuple(map(str, said["damaged"])),
        )
        schema = int(said["schema"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, *_ODD_JSON):
        raise BackupUnusable(
            folder, f"is no backup: it has no {MANIFEST} that can be read"
        ) from None
    if schema > SCHEMA:
        raise BackupUnusable(folder, f"was made by a newer gloss ({said.get('gloss')}); update")
    for name, sha256 in files.items():
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts or "\\" in name or ":" in name:
            raise BackupUnusable(folder, f"names a file outside itself: {name}")
        try:
            if sha256_of(folder / inside) != sha256:
                raise BackupUnusable(folder, f"{name} is damaged; nothing was restored")
        except (OSError, ValueError) as error:  # a name with a NUL is none
            why = getattr(error, "strerror", None) or error
            raise BackupUnusable(
                folder, f"{name} cannot be read ({why}); nothing was restored"
            ) from error
    if CATALOG not in files:
        raise BackupUnusable(folder, "has no catalogue")
    return backup, tuple(files)


def _restored(directory: Path, backup: Backup, names: tuple[str, ...]) -> Restored:
    marker, fresh = directory / RESTORING, directory / _RESTORED
    marker.touch()
    files = Files(directory / FILES)
    files.tidy({path.name for path in files.folder.glob("*")})
    for name in names:
        if PurePosixPath(name).parts[0] == FILES and not files.is_whole(PurePosixPath(name).name):
            copy = files.incoming(Path(name).suffix)
            copy_file(backup.folder / name, copy)
            files.keep(copy, PurePosixPath(name).name)
    generations = _generations(directory)
    for leftover in directory.glob(f"{_RESTORED}*"):
        leftover.unlink()
    copy_file(backup.folder / CATALOG, fresh)
    with Catalog(fresh, create=False) as catalog:
        meta = catalog.meta()
        former = int(meta.get("generation", 1))
        values = {"rebuilding": "", "discarded": "[]"}
        if meta.get("store", EMBEDDED) == EMBEDDED:
            values["discarded"] = json.dumps(sorted(generations))
            generation = max({*generations, former}) + 1
            values["generation"] = str(generation)
            for name in STORES:
                target = directory / stored_name(name, generation)
                shutil.rmtree(target, ignore_errors=True)
                source = stored_name(name, former)
                _copy_tree(backup.folder / source, target, name, {})
        elif _collection_of(directory) != meta.get("collection"):
            # Another library's from here on: theirs may not be written to.
            values["collection"] = new_collection()
        catalog.set_meta(values)
        wanted = catalog.editions.files()
    kept = _set_aside(directory)
    fresh.replace(directory / CATALOG)
    sync_directory(directory)
    files.tidy(wanted)
    marker.unlink(missing_ok=True)
    return Restored(backup, directory, kept, len(files.unknown(wanted)), backup.vectors)


def _generations(directory: Path) -> set[int]:
    """The generations of vectors that are in a directory."""
    found = set()
    for name in STORES:
        for path in directory.glob(f"{name}*"):
            number = path.name.removeprefix(name).removeprefix("-") or "1"
            if number.isdecimal() and path.name == stored_name(name, int(number)):
                found.add(int(number))
    return found


def _collection_of(directory: Path) -> str | None:
    """The collection of the library that is there, if its catalogue can be read."""
    with suppress(sqlite3.Error), closing(connected(directory / CATALOG)) as connection:
        return _meta(connection).get("collection")
    return None


def _set_aside(directory: Path) -> Path | None:
    """A copy of the catalogue that is there, which is made whole in one file if that can be."""
    catalogue = directory / CATALOG
    if not catalogue.is_file():
        return None
    with suppress(sqlite3.Error), closing(connected(catalogue)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    aside = directory / QUARANTINE
    aside.mkdir(exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    kept = aside / f"catalog-{stamp}.sqlite"
    copy_file(catalogue, kept)
    for ending in ("-wal", "-shm"):
        beside = catalogue.with_name(f"{CATALOG}{ending}")
        if beside.is_file():  # else the other catalogue would be taken to go on with it
            copy_file(beside, kept.with_name(f"{kept.name}{ending}"))
            beside.unlink()
    return kept
