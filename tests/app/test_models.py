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


REVISION = "5" * 40


@dataclass
class ServedHub:
    """A hub with one file, and what goes wrong with its next requests."""

    content: bytes = CONTENT
    cuts: list[int] = field(default_factory=list)  # bytes after which the next answers end
    statuses: list[int] = field(default_factory=list)  # of the next answers, instead of the file
    log: list[tuple[str, str]] = field(default_factory=list)  # method and Range
    url: str = ""

    def entry(self, **changes: Any) -> LocalModelFile:
        sha256 = hashlib.sha256(CONTENT).hexdigest()
        known = LocalModelFile(
            "lantern",
            "lantern.gguf",
            sha256,
            len(CONTENT),
            "MIT",
            repository="we/Lantern-GGUF",
            revision=REVISION,
            path="Lantern.gguf",
            use="tests",
        )
        return replace(known, **changes)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ServedHub]:
    """As https://huggingface.co answers for a file: a HEAD that tells of it, a GET of a part."""
    import huggingface_hub.constants

    hub = ServedHub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(b"")

        def do_GET(self) -> None:
            self._answer(hub.content)

        def _answer(self, body: bytes) -> None:
            asked = self.headers.get("Range", "")
            status = 404
            if self.path == f"/we/Lantern-GGUF/resolve/{REVISION}/Lantern.gguf":
                hub.log.append((self.command, asked))
                status = hub.statuses.pop(0) if hub.statuses else 0
            if status:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
            whole = len(hub.content)
            self.send_response(206 if asked else 200)
            if asked:
                self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
            self.send_header("Content-Length", str(whole - start))
            self.send_header("ETag", f'"{hashlib.sha256(hub.content).hexdigest()}"')
            self.send_header("X-Repo-Commit", REVISION)
            self.end_headers()
            part = body[start:]
            if body and hub.cuts:
                part = part[: hub.cuts.pop(0)]
                self.close_connection = True
            self.wfile.write(part)

    constants = huggingface_hub.constants
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 100_000)  # what a cut can lose
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        hub.url = f"http://127.0.0.1:{server.server_address[1]}"
        # What the package makes of HF_ENDPOINT when it is imported.
        address = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, hub.url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address)
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield hub
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
    return {path.name for path in (settings.cache / "models").glob("*.gguf")}


def test_a_download(served: ServedHub, settings: Settings) -> None:
    path, told = get(settings, served.entry())
    assert path == settings.cache / "models" / "lantern.gguf"
    assert path.read_bytes() == CONTENT
    assert told == sorted(told) and told[-1] == len(CONTENT)
    assert files(settings) == {"lantern.gguf"}
    assert is_there(settings, served.entry())
    assert get_model(settings, served.entry(), told.append) == (path, False)
    assert [method for method, _ in served.log] == ["HEAD", "GET"]  # and nothing was asked again


def test_it_resumes_after_a_cut(served: ServedHub, settings: Settings) -> None:
    served.cuts = [1_500_000, 500_000]
    path, told = get(settings, served.entry())
    assert path.read_bytes() == CONTENT
    starts = [range for method, range in served.log if method == "GET"]
    assert starts == ["", "bytes=1500000-", "bytes=2000000-"]
    assert max(told) == len(CONTENT)


def test_what_ends_again_and_again_is_told(served: ServedHub, settings: Settings) -> None:
    served.cuts = [1_000_000] + [0] * 20
    with pytest.raises(ModelUnusable, match=r"Lantern.gguf: .*; try again") as error:
        get(settings, served.entry())
    assert "\n" not in str(error.value)
    assert files(settings) == set()
    served.cuts = []
    assert get(settings, served.entry())[0].read_bytes() == CONTENT


def test_a_busy_server_is_asked_again(served: ServedHub, settings: Settings) -> None:
    served.statuses = [503, 503]
    path, _ = get(settings, served.entry())
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("status", [404, 403])
def test_not_there(served: ServedHub, settings: Settings, status: int) -> None:
    served.statuses = [status]
    with pytest.raises(ModelUnusable, match=f"Lantern.gguf: .*{status}") as error:
        get(settings, served.entry())
    assert "\n" not in str(error.value)
    assert len(served.log) == 1


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"?", CONTENT[:1000], CONTENT + b"!"])
def test_another_content_is_not_kept(served: ServedHub, settings: Settings, content: bytes) -> None:
    served.content = content
    with pytest.raises(ModelUnusable, match="is another file than it was"):
        get(settings, served.entry())
    assert files(settings) == set()


def test_a_damaged_file_is_got_again(served: ServedHub, settings: Settings) -> None:
    path, _ = get(settings, served.entry())
    path.write_bytes(CONTENT[:-1] + b"?")
    assert get(settings, served.entry())[0].read_bytes() == CONTENT


def test_a_damaged_file_under_the_hubs_own_name(served: ServedHub, settings: Settings) -> None:
    entry = served.entry(file="Lantern.gguf")
    path, _ = get(settings, entry)
    path.write_bytes(CONTENT[:-1] + b"?")
    assert get(settings, entry)[0].read_bytes() == CONTENT


def test_a_full_disk_is_one_line(
    served: ServedHub, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("huggingface_hub.file_download.http_get", full)
    with pytest.raises(ModelUnusable, match=r"the disk is full, 3 MB are needed.*GLOSS_CACHE"):
        get(settings, served.entry())


def test_a_folder_that_cannot_be_made(served: ServedHub, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelUnusable, match=r"cannot be written .*GLOSS_CACHE"):
        get(Settings(cache=tmp_path / "file"), served.entry())


# Finding one's model.


def test_the_registry_is_whole() -> None:
    assert len({model.name for model in REGISTRY}) == len({model.file for model in REGISTRY}) == 2
    for model in REGISTRY:
        assert len(bytes.fromhex(model.sha256)) == 32
        assert model.url.startswith("https://") and "/resolve/" in model.url
    assert known_model(Settings().local.model)  # the default is one of them


@pytest.mark.parametrize(
    ("wanted", "content", "said"),
    [
        ("smollm2-135m", None, "`gloss models get smollm2-135m` gets it"),
        ("smollm2-135m", b"<html>", "is no GGUF file; `gloss models get"),
        ("llama-9000b", None, "not known; there is qwen2.5-coder-1.5b, smollm2-135m, or"),
        ("FOLDER/own.gguf", None, "is not there; set GLOSS_LOCAL__MODEL"),
        ("FOLDER/own.gguf", b"PK\x03\x04", "is no GGUF file; set GLOSS_LOCAL__MODEL"),
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
    own = wanted.replace("FOLDER", str(tmp_path))
    chosen = Settings(cache=settings.cache, local={"model": own})
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
    served: ServedHub,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app.llm.models, "REGISTRY", (served.entry(),))
    monkeypatch.setenv("GLOSS_LOCAL__MODEL", "lantern")
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
    monkeypatch.setenv("GLOSS_LOCAL__MODEL", str(own))
    assert "is not there" in gloss("models")[2]
    own.write_bytes(CONTENT)
    assert f"GLOSS_LOCAL__MODEL    {own}" in gloss("models")[1]


def test_gloss_models_get_of_nothing(gloss: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = gloss("models", "get", "nix")
    assert (code, out) == (2, "")
    assert err.startswith("gloss: model nix: not known") and err.count("\n") == 1
