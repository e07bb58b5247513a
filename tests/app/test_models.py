"""Models by name: where they lie, what is damaged, and downloads that break off."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import app.llm.models
from app import cli
from app.llm.models import (
    REGISTRY,
    LocalModelFile,
    get_model,
    is_there,
    known_model,
    local_model_path,
    local_model_sha256,
)
from index.config import Settings
from index.errors import ModelUnusable

CONTENT = b"GGUF" + bytes(range(256)) * 12_000  # 3 MB


@dataclass
class ServedFile:
    """A server of one file, and what goes wrong with its next requests."""

    content: bytes = CONTENT
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)  # bytes after which the next answers end
    statuses: list[int] = field(default_factory=list)  # of the next answers, instead of the file
    log: list[tuple[str, str]] = field(default_factory=list)  # path and Range
    url: str = ""

    def entry(self, **changes: Any) -> LocalModelFile:
        sha256 = hashlib.sha256(CONTENT).hexdigest()
        url = f"{self.url}/resolve/lantern.gguf"
        known = LocalModelFile("lantern", "lantern.gguf", sha256, len(CONTENT), "MIT", url, "tests")
        return replace(known, **changes)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedFile]:
    file = ServedFile()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

        def do_GET(self) -> None:
            asked = self.headers.get("Range", "")
            file.log.append((self.path, asked))
            status = file.statuses.pop(0) if file.statuses else 0
            if status:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if self.path.startswith("/resolve/"):  # as the hub does: the file lies elsewhere
                self.send_response(302)
                self.send_header("Location", self.path.replace("/resolve/", "/files/"))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and file.ranges else 0
            part = file.content[start:]
            self.send_response(206 if asked and file.ranges else 200)
            if asked and file.ranges:
                whole = len(file.content)
                self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            if file.cuts:
                part = part[: file.cuts.pop(0)]
                self.close_connection = True
            try:
                self.wfile.write(part)
            except (BrokenPipeError, ConnectionResetError):  # it did not want the rest
                self.close_connection = True

    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        file.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield file
        server.shutdown()
        thread.join()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache=tmp_path / "cache")


def get(settings: Settings, model: LocalModelFile) -> tuple[Path, list[int]]:
    told: list[int] = []
    path, _ = get_model(settings, model, told.append)
    return path, told


def files(settings: Settings) -> set[str]:
    return {path.name for path in (settings.cache / "models").iterdir() if path.suffix != ".lock"}


def test_a_download(served: ServedFile, settings: Settings) -> None:
    path, told = get(settings, served.entry())
    assert path == settings.cache / "models" / "lantern.gguf"
    assert path.read_bytes() == CONTENT
    assert told == sorted(told) and told[0] == 0 and told[-1] == len(CONTENT)
    assert files(settings) == {"lantern.gguf"}
    assert is_there(settings, served.entry())
    assert get_model(settings, served.entry(), told.append) == (path, False)
    assert len(served.log) == 2  # and nothing was asked again


def test_it_goes_on_after_a_cut(served: ServedFile, settings: Settings) -> None:
    served.cuts = [1_500_000, 500_000]
    path, told = get(settings, served.entry())
    assert path.read_bytes() == CONTENT
    asked = [range for path, range in served.log if path.startswith("/files/")]
    assert asked[0] == ""
    starts = [int(one.removeprefix("bytes=").rstrip("-")) for one in asked[1:]]
    assert starts == [1_500_000, 2_000_000]
    assert max(told) == len(CONTENT)


def test_a_later_run_goes_on(served: ServedFile, settings: Settings) -> None:
    served.cuts = [1_000_000] + [0] * 4
    with pytest.raises(ModelUnusable, match=r"at 1 of 3 MB; `gloss models get lantern` goes on"):
        get(settings, served.entry())
    assert files(settings) == {"lantern.gguf.part"}
    path, told = get(settings, served.entry())
    assert path.read_bytes() == CONTENT
    assert told[0] == 1_000_000
    assert served.log[-1][1] == "bytes=1000000-"


def test_a_server_without_ranges_begins_anew(served: ServedFile, settings: Settings) -> None:
    served.cuts, served.ranges = [1_500_000], False
    path, _ = get(settings, served.entry())
    assert path.read_bytes() == CONTENT


def test_a_busy_server_is_asked_again(served: ServedFile, settings: Settings) -> None:
    served.statuses = [503, 429]
    path, _ = get(settings, served.entry())
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("status", [404, 403])
def test_not_there(served: ServedFile, settings: Settings, status: int) -> None:
    served.statuses = [status]
    with pytest.raises(ModelUnusable, match=f"lantern.gguf: HTTP {status}") as error:
        get(settings, served.entry())
    assert "\n" not in str(error.value)
    assert len(served.log) == 1


def test_another_content_is_not_kept(served: ServedFile, settings: Settings) -> None:
    served.content = CONTENT[:-1] + b"?"
    with pytest.raises(ModelUnusable, match="is another file than it was"):
        get(settings, served.entry())
    assert files(settings) == set()


@pytest.mark.parametrize("length", [1000, len(CONTENT) + 1000])
def test_another_size_is_not_begun(served: ServedFile, settings: Settings, length: int) -> None:
    served.content = (CONTENT + CONTENT)[:length]
    with pytest.raises(ModelUnusable, match="bytes are announced instead of 3,072,004"):
        get(settings, served.entry())
    assert files(settings) == set()


@pytest.mark.parametrize("length", [1_000_000, len(CONTENT) * 2])
def test_a_beginning_of_another_file_is_dropped(
    served: ServedFile, settings: Settings, length: int
) -> None:
    """What lies there is the beginning of something else, or too long."""
    folder = settings.cache / "models"
    folder.mkdir(parents=True)
    (folder / "lantern.gguf.part").write_bytes(b"?" * length)
    if length < len(CONTENT):  # only the SHA-256 tells
        with pytest.raises(ModelUnusable, match="is another file"):
            get(settings, served.entry())
    path, _ = get(settings, served.entry())
    assert path.read_bytes() == CONTENT


def test_a_shorter_file_at_the_server_is_told(served: ServedFile, settings: Settings) -> None:
    served.cuts = [1_000_000] + [0] * 4
    with pytest.raises(ModelUnusable):
        get(settings, served.entry())
    served.content = CONTENT[:2_000_000]
    with pytest.raises(ModelUnusable, match="2,000,000 bytes are announced"):
        get(settings, served.entry())


def test_a_damaged_file_is_got_again(served: ServedFile, settings: Settings) -> None:
    path, _ = get(settings, served.entry())
    path.write_bytes(CONTENT[:-1] + b"?")
    assert get(settings, served.entry())[0].read_bytes() == CONTENT


def test_a_full_disk_is_one_line(
    served: ServedFile, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(app.llm.models.os, "fsync", full)
    with pytest.raises(ModelUnusable, match=r"the disk is full, 3 MB are needed.*GLOSS_CACHE"):
        get(settings, served.entry())


def test_a_folder_that_cannot_be_made(served: ServedFile, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelUnusable, match=r"cannot be written .*GLOSS_CACHE"):
        get(Settings(cache=tmp_path / "file"), served.entry())


# Finding one's model.


def test_the_registry_is_whole() -> None:
    assert len({model.name for model in REGISTRY}) == len({model.file for model in REGISTRY}) == 2
    for model in REGISTRY:
        assert len(bytes.fromhex(model.sha256)) == 32
        assert model.url.startswith("https://") and "/resolve/" in model.url
    assert known_model(Settings().local_model)  # the default is one of them


@pytest.mark.parametrize(
    ("wanted", "content", "said"),
    [
        ("smollm2-135m", None, "`gloss models get smollm2-135m` gets it"),
        ("smollm2-135m", b"<html>", "is no GGUF file; `gloss models get"),
        ("llama-9000b", None, "not known; there is qwen2.5-coder-1.5b, smollm2-135m, or"),
        ("FOLDER/own.gguf", None, "is not there; set GLOSS_LOCAL_MODEL"),
        ("FOLDER/own.gguf", b"PK\x03\x04", "is no GGUF file; set GLOSS_LOCAL_MODEL"),
        ("FOLDER/own.gguf", b"", "is no GGUF file"),
        ("FOLDER/", None, "cannot be read"),
    ],
)
def test_a_file_that_is_none(
    settings: Settings, tmp_path: Path, wanted: str, content: bytes | None, said: str
) -> None:
    folder = settings.cache / "models"
    folder.mkdir(parents=True)
    if content is not None:
        (folder / "smollm2-135m-instruct-q4_1.gguf").write_bytes(content)
        (tmp_path / "own.gguf").write_bytes(content)
    chosen = settings.model_copy(update={"local_model": wanted.replace("FOLDER", str(tmp_path))})
    with pytest.raises(ModelUnusable) as error:
        local_model_path(chosen)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_hash_is_remembered_while_the_file_stays(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(CONTENT)
    first = local_model_sha256(settings, path)
    assert first == hashlib.sha256(CONTENT).hexdigest()
    counted: list[Path] = []
    compute = app.llm.models._sha256

    def counting(one: Path) -> str:
        counted.append(one)
        return compute(one)

    monkeypatch.setattr(app.llm.models, "_sha256", counting)
    assert local_model_sha256(settings, path) == first and not counted
    path.write_bytes(CONTENT + b"!")
    assert local_model_sha256(settings, path) == hashlib.sha256(CONTENT + b"!").hexdigest()
    assert counted == [path]
    (settings.cache / "models" / "sha256.json").write_text('{"x": 3, "y": []')
    local_model_sha256(settings, path)
    assert counted == [path, path]


def test_a_known_file_that_is_another(settings: Settings) -> None:
    path = settings.cache / "models" / "smollm2-135m-instruct-q4_1.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    with pytest.raises(ModelUnusable, match="gloss models get smollm2-135m"):
        local_model_sha256(settings, path)


# The commands.


@pytest.fixture
def gloss(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.setenv("GLOSS_CACHE", str(settings.cache))

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gloss", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
        captured = capsys.readouterr()
        return int(left.value.code or 0), captured.out, captured.err

    return run


def test_gloss_models(
    gloss: Callable[..., tuple[int, str, str]],
    served: ServedFile,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app.llm.models, "REGISTRY", (served.entry(),))
    monkeypatch.setenv("GLOSS_LOCAL_MODEL", "lantern")
    code, out, err = gloss("models")
    assert (code, err) == (0, "")
    assert "lantern" in out and "3 MB  MIT  not there" in out and served.entry().url in out
    path = settings.cache / "models" / "lantern.gguf"
    assert gloss("models", "get", "lantern") == (0, f"{path}\n", "")
    assert gloss("models", "get", "lantern") == (0, f"{path}  was there already\n", "")
    code, out, _ = gloss("models", "--json")
    (row,) = json.loads(out)["models"]
    assert row["there"] is True and row["path"] == str(path) and row["size"] == len(CONTENT)


def test_gloss_models_of_ones_own(
    gloss: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.gguf"
    monkeypatch.setenv("GLOSS_LOCAL_MODEL", str(own))
    assert "is not there" in gloss("models")[2]
    own.write_bytes(CONTENT)
    assert f"GLOSS_LOCAL_MODEL     {own}" in gloss("models")[1]


def test_gloss_models_get_of_nothing(gloss: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = gloss("models", "get", "nix")
    assert (code, out) == (2, "")
    assert err.startswith("gloss: model nix: not known") and err.count("\n") == 1
