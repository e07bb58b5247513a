"""Files that somebody names are regular ones of a size: a pipe or a device is not waited for."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.chinese.glossary import GlossaryUnusable, load_glossary
from app.publish import exports
from app.publish.daily_file import ConfigUnusable, read_daily
from app.publish.files import OutputUnusable
from app.publish.listing import PagesUnusable, read_published
from index.bibliography import ExportUnusable, read_export
from index.disk import copy_data, copy_file, read_file, sha256_of
from index.errors import BackupUnusable, GlossError
from index.library.backup import restore

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")


@contextmanager
def pipe(path: Path, said: bytes = b"[]") -> Iterator[Path]:
    """A pipe by that name with something in it, whose writer goes after a second: whoever reads it
    then has what was said, and this test fails rather than hang."""
    os.mkfifo(path)
    number = os.open(path, os.O_RDWR)
    os.write(number, said)
    open_yet = [number]
    closing = threading.Timer(1.0, lambda: os.close(open_yet.pop()))
    closing.start()
    try:
        yield path
    finally:
        closing.cancel()
        closing.join()
        for number in open_yet:
            os.close(number)


READ: list[tuple[str, Callable[[Path], object], type[GlossError]]] = [
    ("a.bib", read_export, ExportUnusable),
    ("a.json", read_export, ExportUnusable),
    ("daily.toml", read_daily, ConfigUnusable),
    ("pages.json", lambda path: read_published(path.parent), PagesUnusable),
    ("glossary.yaml", load_glossary, GlossaryUnusable),
    ("(a).md", exports._kept, OutputUnusable),
    ("backup.json", lambda path: restore(path.parent / "lib", path.parent), BackupUnusable),
]


@pytest.mark.parametrize(("name", "read", "error"), READ, ids=[name for name, _, _ in READ])
def test_a_pipe_is_refused_at_once(
    tmp_path: Path, name: str, read: Callable[[Path], object], error: type[GlossError]
) -> None:
    with (
        pipe(tmp_path / name) as path,
        pytest.raises(error, match=r"Not a regular file|is no backup"),
    ):
        read(path)


def test_all_that_reads_files_asks_what_they_are(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for read in (
        sha256_of,
        lambda path: copy_file(path, copy),
        lambda path: copy_data(path, copy),
    ):
        with pipe(tmp_path / "pipe") as path, pytest.raises(OSError, match="Not a regular file"):
            read(path)
        (tmp_path / "pipe").unlink()
        with pytest.raises(IsADirectoryError):
            read(tmp_path)
    assert not copy.exists()


@pytest.mark.parametrize("seekable", [True, False])
def test_a_copy_without_holes_has_the_same_bytes(
    seekable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system tells data from holes, and where it does not."""
    if not seekable:
        monkeypatch.delattr(os, "SEEK_DATA", raising=False)
    for number, parts in enumerate(
        ([], [(0, b"a" * 100_000)], [(300_000, b"b")], [(5, b"c"), (200_000, b"d" * 9)])
    ):
        file, copy = tmp_path / f"{number}", tmp_path / f"{number}-copy"
        with file.open("wb") as writing:
            for at, part in parts:
                writing.seek(at)
                writing.write(part)
            writing.truncate(400_000 if parts else 0)
        copy_data(file, copy)
        assert copy.read_bytes() == file.read_bytes()
        with pytest.raises(FileExistsError):
            copy_data(file, copy)


def test_a_file_has_a_size(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 1000)
    assert read_file(file, 1000) == b"x" * 1000
    with pytest.raises(OSError, match=r"Larger than 0\.000999 MB"):
        read_file(file, 999)
    (tmp_path / "link").symlink_to(file)
    assert read_file(tmp_path / "link", 1000) == b"x" * 1000
