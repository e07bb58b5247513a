"""Notes, tags, citations and bibliographies over HTTP."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from standing import Standing

from app.api.http import PREFIX, api
from index.config import Settings
from index.sources import Source


@pytest.fixture(scope="module")
def standing() -> Standing:
    return Standing(own=True, base=f"http://testserver{PREFIX}")


@pytest.fixture
def client(
    open_library: Any,
    versions: tuple[Path, Path],
    tmp_path: Path,
    standing: Standing,
) -> Iterator[TestClient]:
    with open_library(Settings(library=tmp_path / "library")) as library:
        library.add(Source(versions[0], versions[0].name))
        yield standing.of(library)


def test_notes_are_written_changed_found_and_deleted(client: Any) -> None:
    made = client.post("/notes", json={"paper": "2407.03300", "text": "mine"})
    assert made.status_code == 200 and made.json()["where"] == "here"
    said = {"paper": "2407.03300/en/summary.1", "text": "on a sentence"}
    assert client.post("/notes", json=said).json()["quote"]
    quoted = {"paper": "2407.03300", "text": "on words", "quote": "two walls of glass that stays"}
    assert client.post("/notes", json=quoted).json()["quote"] == "two walls of glass that stays"
    assert client.post("/tags", json={"paper": "2407.03300", "name": "ml"}).json()["tags"] == ["ml"]
    assert len(client.get("/notes", params={"q": "on words"}).json()["places"]) == 1
    assert len(client.get("/notes", params={"paper": "2407.03300v1"}).json()["places"]) >= 2
    number = made.json()["notes"][0]["number"]
    changed = client.put(f"/notes/{number}", json={"text": "changed"})
    assert changed.json()["notes"][0]["text"] == "changed"
    cited = client.get("/cite", params={"paper": "2407.03300", "quote": quoted["quote"]}).json()
    assert cited["text"].startswith("“two walls of glass that stays” (")
    ris = client.get("/bibliography", params={"format": "ris", "tag": "ml"})
    assert "KW  - ml" in ris.text and ris.headers["content-type"].startswith("application/x-res")
    assert json.loads(client.get("/bibliography?format=csl").text)[0]["note"]
    assert client.delete(f"/notes/{number}").status_code == 204
    assert client.delete("/tags", params={"paper": "2407.03300", "name": "ML"}).status_code == 204
    left = client.get("/notes").json()["places"]
    assert [note["text"] for one in left for note in one["notes"]] == ["on a sentence", "on words"]


def test_what_one_takes_along(client: Any) -> None:
    client.post("/notes", json={"paper": "2407.03300", "text": "of oil"})
    assert (
        client.get("/search", params={"q": "the oil"}).json()["notes"][0]["paper"] == "2407.03300"
    )
    answer = client.get("/obsidian")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        (name,) = packed.namelist()
        assert name == "Lanterns for Long Paths (2407.03300).md"
        assert "of oil" in packed.read(name).decode()
    assert client.get("/obsidian", params={"q": "lantern"}).content == answer.content
    none = client.get("/pdf", params={"paper": "2407.03300"})  # it was added as Markdown
    assert (none.status_code, none.json()["error"]["kind"]) == (404, "page-not-found")


@pytest.mark.parametrize(
    "method, address, body, status, kind",
    [
        ("POST", "/notes", {"paper": "nothing", "text": "x"}, 404, "paper-not-found"),
        ("POST", "/notes", {"paper": "2407.03300", "text": " "}, 422, "unusable"),
        ("POST", "/notes", {"paper": "2407.03300", "text": "x" * 20_001}, 422, "unusable"),
        ("POST", "/notes", {"paper": "2407.03300", "text": "x", "by": "me"}, 422, "unusable"),
        ("POST", "/notes", {"paper": "2407.03300", "text": "x", "quote": "no such words"}, 422,
         "note-unusable"),
        ("POST", "/notes", {"paper": "2407.03300/en/method.99", "text": "x"}, 404,
         "sentence-not-found"),
        ("PUT", "/notes/99", {"text": "x"}, 404, "note-not-found"),
        ("DELETE", "/notes/99", None, 404, "note-not-found"),
        ("POST", "/tags", {"paper": "2407.03300", "name": "a\u200b"}, 422, "note-unusable"),
        ("POST", "/tags", {"paper": "2407.03300", "name": "--"}, 422, "unusable"),
        ("DELETE", "/tags?paper=2407.03300&name=ml", None, 404, "note-not-found"),
        ("GET", "/bibliography?tag=nowhere", None, 404, "nothing-chosen"),
        ("GET", "/bibliography?format=docx", None, 422, "unusable"),
        ("GET", "/obsidian?tag=nowhere", None, 404, "nothing-chosen"),
        ("GET", "/pdf?paper=nothing", None, 404, "paper-not-found"),
        ("GET", "/compare?paper=2407.03300&tag=nowhere", None, 404, "no-such-tag"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(
    client: Any, method: str, address: str, body: Any, status: int, kind: str
) -> None:
    answer = client.request(method, address, json=body)
    assert (answer.status_code, answer.json()["error"]["kind"]) == (status, kind)


def test_other_sites_pages_cannot_write(client: Any) -> None:
    sent = json.dumps({"paper": "2407.03300", "text": "evil"})
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = client.post("/notes", content=sent, headers={"content-type": kind})
        assert answer.status_code == 422
    binary = {"content": b"\xff\xfe", "headers": {"content-type": "application/json"}}
    assert client.post("/notes", **binary).json()["error"]["kind"] == "unusable"
    assert client.get("/notes").json() == {"places": []}


def test_an_instance_of_strangers_has_none(library: Any) -> None:
    strangers = TestClient(api(library, Settings()))
    for address in ("/notes", "/cite?paper=x", "/bibliography", "/pdf?paper=x", "/obsidian"):
        assert strangers.get(address).json()["error"]["kind"] == "no-such-address"
    library.notes.add("2401.00001", "of oil")
    library.notes.tag("2401.00001", "secret")
    assert strangers.get("/search?q=oil").json()["notes"] == []
    asked = strangers.get("/compare?paper=2401.00001&tag=secret")
    assert asked.json()["error"]["kind"] == "no-such-tag"
