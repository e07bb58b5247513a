"""Paths and addresses that nothing can be done with: one line, and exit code 2."""

from __future__ import annotations

import errno
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from thinned import some

from app.llm import EndpointUnusable
from app.llm.endpoint import models_of, open_endpoint
from app.publish.exports import ArchiveUnusable, Part, _note_file, archive
from app.publish.files import OutputUnusable, write_text
from app.web.importing import DroppedEntry, _folder_with
from app.web.session import NotAdded
from index.config import Settings
from index.entries import Entry
from index.library import back_up

NOBODY = "~nobody-of-that-name/x"
ASKED = (
    ("export", "a", "--pdf"), ("export", "a", "--obsidian"), ("export", "a", "--bibtex"),
    ("export", "a", "--ris"), ("export", "a", "--csl"), ("compare", "a", "b", "--csv"),
    ("compare", "a", "b", "--xlsx"), ("digest", "a", "--out"), ("show", "a", "--figures"),
    ("page", "--category", "all", "--out"), ("page", "--category", "all", "--out", "x", "--hexo"),
    ("daily", "--config"), ("backup",), ("restore",), ("import",), ("notes", "--library"),
)  # fmt: skip
# What no client can ask.
NO_SERVERS = (
    "http://a..b/v1", "http://" + "a" * 64 + ".example/v1", "http://localhost:x/v1", "http://[::1/v1",
    "http://localhost:1/" + "a" * 70_000, "http://x\x7fy/v1", "http://localhost:0/v1", "http://",
)  # fmt: skip


@pytest.mark.parametrize("command", ASKED)
def test_a_home_of_nobody_is_said_before_anything_is_made(
    run_gloss: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run_gloss(*command, NOBODY)
    assert (done.out, done.code, list(tmp_path.iterdir())) == ("", 2, [])
    assert done.err == f"gloss: {NOBODY}: no such user here; give the whole path, or ./{NOBODY}\n"


@pytest.mark.parametrize("name", ["LIBRARY", "CACHE", "GLOSSARY", "BIBTEX", "MAIL__CA"])
def test_a_setting_with_a_home_of_nobody_is_named(
    run_gloss: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"GLOSS_{name}", NOBODY)
    done = run_gloss("papers")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert f"GLOSS_{name}: {NOBODY}: no such user here" in done.err


def test_ones_own_home_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    from index.disk import expanded

    assert expanded(Path("~/x")) == tmp_path / "x" and expanded(Path("a~/b")) == Path("a~/b")


@pytest.mark.parametrize("address", some(NO_SERVERS, 4))
def test_what_is_no_address_of_a_server_is_said(
    run_gloss: Any, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """Each client has an error of its own for it, some of which are of no kind that is caught."""
    for name in ("API", "PDF"):
        monkeypatch.setenv(f"GLOSS_ARXIV__{name}", address)
        done = run_gloss("add", "2409.00001")
        assert (done.code, done.err.count("\n")) == (2, 1) and len(done.err) < 300
        assert f"GLOSS_ARXIV__{name}: no address of a server; give http(s)://HOST/PATH" in done.err
        monkeypatch.delenv(f"GLOSS_ARXIV__{name}")
    for model in ("m", ""):
        settings = Settings(endpoint={"url": address, "model": model})
        for ask in (open_endpoint, models_of):
            with pytest.raises(EndpointUnusable, match=r"URL: no address of a server"):
                ask(settings)


def test_a_name_that_is_too_long_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.library.backup.CATALOG", tmp_path.name)  # a library is there
    (tmp_path / tmp_path.name).touch()
    long = tmp_path / ("x" * 300)
    for write in (lambda: back_up(tmp_path, long), lambda: write_text(long / "a.ris", "")):
        with pytest.raises(Exception, match=r"cannot be written.*File name too long"):
            write()
    assert [one.name for one in tmp_path.iterdir()] == [tmp_path.name]


def test_a_vault_that_cannot_be_read_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(folder: Path) -> Iterator[Path]:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))

    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(OutputUnusable, match=r"it cannot be read .Permission denied"):
        _note_file(tmp_path, "Bees (bees).md", "bees")


def test_one_unusable_tag_leaves_all_out(run_gloss: Any, library: Any) -> None:
    done = run_gloss("tag", "2401.00001", "good", "x" * 200, "--delete", "old")
    assert (done.code, done.err.count("\n"), library.notes.of("2401.00001")) == (2, 1, [])
    assert run_gloss("tag", "2401.00001", "good").code == 0


class _Full(io.BytesIO):
    """A temporary file on a full disk, which can be opened and not written."""

    made: ClassVar[list[_Full]] = []

    def __init__(self, **_: object) -> None:
        super().__init__()
        _Full.made.append(self)

    def write(self, _: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_temporary_folder_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.publish.exports.tempfile.SpooledTemporaryFile", _Full)
    with pytest.raises(ArchiveUnusable, match=r"No space left on device.*set TMPDIR"):
        archive(iter([Part("a", "a.md", (("a.md", b"a"),))]))
    assert [one.closed for one in _Full.made] == [True]
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    dropped = DroppedEntry(Entry("Bees"), "bees.ris", tmp_path / "bees.pdf")
    with (
        pytest.raises(NotAdded, match=r"its file cannot be copied .No such.*set TMPDIR"),
        _folder_with(dropped),
    ):
        pass


def test_a_file_is_whole_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a note of Obsidian's, the reader's own words would be lost with it."""
    done: list[str] = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda file: (done.append("synced"), sync(file)))
    monkeypatch.setattr(Path, "replace", lambda a, b: (done.append("named"), replace(a, b))[1])
    write_text(tmp_path / "a.md", "mine")
    assert done == ["synced", "named"] and (tmp_path / "a.md").read_text() == "mine"
