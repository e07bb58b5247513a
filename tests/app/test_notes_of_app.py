"""Notes, tags and exports as the app's script asks for them, without a browser."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.failures import NotesNotOffered, TooMany
from app.web.notes import Desk, notes_router
from app.web.removals import Removals
from app.web.session import Session, SharedSession
from app.web.takeaway import ARCHIVED_MOST, forms_of, takeaway_router

AT = "/view/library/2401.00001"
HOURS = {"start": 59, "end": 92, "version": "0" * 12}  # "Each lantern burns for 3.5 hours."


def asked_of(session: Session, **limits: Any) -> TestClient:
    app = FastAPI()
    sessions = SharedSession(session)
    app.include_router(notes_router(sessions))
    app.include_router(takeaway_router(sessions, **limits))
    return TestClient(app)


@pytest.fixture
def client(library: Any) -> TestClient:
    return asked_of(Session(library))


def test_notes_are_written_on_a_paper_and_on_words(client: TestClient) -> None:
    first = client.post(f"{AT}/notes", json={"text": "read <b>again</b>"}).json()
    assert "read &lt;b&gt;again&lt;/b&gt;" in first["places"][0]["html"]
    shown = client.post(f"{AT}/notes", json={"text": "how long?", **HOURS}).json()
    paper, words = shown["places"]
    assert (paper["on"], paper["span"], paper["marks"]) == ("paper", None, [])
    assert (words["on"], words["span"]) == ("words", [59, 92]) and words["marks"][0][0] == 2
    assert "“Each lantern burns for 3.5 hours.”" in words["html"] and "at=59-92" in words["html"]
    assert client.post(f"{AT}/tags", json={"name": "to  read"}).json()["known"] == ["to read"]
    number = int(words["html"].split('data-note="')[1].split('"')[0])
    changed = client.put(f"{AT}/notes/{number}", json={"text": "three hours?"}).json()
    assert "three hours?" in changed["places"][1]["html"]
    assert client.get(f"{AT}/notes.json?lang=zh").json()["html"].count("去掉标签“to read”") == 1
    left = client.delete(f"{AT}/tags", params={"name": "to read"}).json()
    assert "to read" not in left["html"]


def test_a_deleted_note_can_be_had_back_for_some_seconds(library: Any) -> None:
    due: list[Any] = []

    def later(seconds: float, act: Any) -> Any:
        due.append(act)
        return lambda: due.remove(act)

    desk, session = Desk(Removals(later)), Session(library)
    number = library.notes.add("2401.00001", "mine").place.notes[0].number
    desk.delete(session, "2401.00001", number)
    shown = desk.shown(session, "2401.00001", "en")
    assert shown["places"] == [] and "data-undo" in shown["html"]
    assert "data-undo" not in desk.shown(session, "text", "en")["html"]
    assert library.notes.of("2401.00001")  # nothing has happened to it yet
    desk.removals.undo(session.key)
    assert "mine" in desk.shown(session, "2401.00001", "en")["places"][0]["html"]
    desk.delete(session, "2401.00001", number)
    for act in due:
        act()
    assert library.notes.of("2401.00001") == []


def test_undo_over_http(client: TestClient) -> None:
    html = client.post(f"{AT}/notes", json={"text": "mine"}).json()["places"][0]["html"]
    number = html.split('data-note="')[1].split('"')[0]
    assert "data-undo" in client.delete(f"{AT}/notes/{number}").json()["html"]
    assert "mine" in client.post(f"{AT}/notes/undo").json()["places"][0]["html"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "2401.00001/notes", {"text": "  "}, 422),
        ("POST", "2401.00001/notes", {"text": "x" * 20_001}, 422),
        ("POST", "2401.00001/notes", {"text": "x", **HOURS, "version": "1" * 12}, 422),
        ("POST", "2401.00001/notes", {"text": "x", **HOURS, "end": 9999}, 422),
        ("POST", "2401.00001/notes", {"text": "x", **HOURS, "end": 59}, 422),
        ("POST", "2401.00001/notes", {"text": "x", **HOURS, "start": -1}, 422),
        ("POST", "2401.00001/notes", "text", 422),
        ("POST", "gone/notes", {"text": "x"}, 404),
        ("PUT", "2401.00001/notes/99", {"text": "x"}, 404),
        ("DELETE", "2401.00001/notes/99", None, 404),
        ("POST", "2401.00001/tags", {"name": "--"}, 422),
        ("DELETE", "2401.00001/tags?name=none", None, 404),
        ("GET", "gone/notes.json", None, 404),
    ],
)
def test_what_is_wrong_is_said(
    client: TestClient, method: str, path: str, body: Any, status: int
) -> None:
    answer = client.request(method, f"/view/library/{path}", json=body)
    assert answer.status_code == status
    for gone in ("notes.json", "export/ris"):
        nobody = client.get(f"/view/nobody/2401.00001/{gone}")
        assert nobody.status_code == 404 and "reload the page" in nobody.json()["told"]
    assert client.get(f"{AT}/notes.json").json()["places"] == []


def test_a_note_of_another_paper_is_not_changed(client: TestClient, library: Any) -> None:
    number = library.notes.add("text", "there").place.notes[0].number
    assert client.put(f"{AT}/notes/{number}", json={"text": "x"}).status_code == 404
    assert client.delete(f"{AT}/notes/{number}").status_code == 404
    assert library.notes.of("text")[0].place.notes[0].text == "there"


def test_a_visitor_writes_nothing_and_sees_nothing(client: TestClient, library: Any) -> None:
    library.notes.add("2401.00001", "the owner's")
    owners, library.notes = library.notes, None
    shown = client.get(f"{AT}/notes.json").json()
    assert shown["may"] is False and shown["places"] == [] and "owner" not in shown["html"]
    for method, path, body in (
        ("POST", "notes", {"text": "x"}),
        ("PUT", "notes/1", {"text": "x"}),
        ("DELETE", "notes/1", None),
        ("POST", "tags", {"name": "x"}),
        ("DELETE", "tags?name=x", None),
    ):
        answer = client.request(method, f"{AT}/{path}", json=body)
        assert answer.status_code == 403, path
        assert "need a library of your own" in answer.json()["told"]
    assert [note.text for one in owners.find() for note in one.place.notes] == ["the owner's"]
    assert (
        "需要您自己的论文库"
        in client.post(f"{AT}/notes?lang=zh", json={"text": "x"}).json()["told"]
    )
    assert "library of your own" in str(NotesNotOffered())
    ris = client.get(f"{AT}/export/ris").text
    assert "TI  - Lanterns on Paths" in ris and "owner" not in ris
    assert client.get(f"{AT}/export/pdf").status_code == 422
    assert forms_of(Session(library), True) == ("bibtex", "ris", "csl", "obsidian")


def test_a_paper_is_taken_along(client: TestClient, library: Any) -> None:
    library.notes.add("2401.00001", "of oil")
    library.annotated = lambda paper_id, highlights: b"%PDF " + repr(highlights).encode()
    for form, name, begin in (
        ("bibtex", "2401.00001.bib", b"@misc{byron2024lanterns"),
        ("ris", "2401.00001.ris", b"TY  - "),
        ("csl", "2401.00001.json", b"["),
        ("pdf", "2401.00001.pdf", b"%PDF"),
        ("obsidian", "2401.00001.zip", b"PK"),
    ):
        answer = client.get(f"{AT}/export/{form}")
        assert answer.headers["content-disposition"].endswith(f"''{name}")
        assert answer.content.startswith(begin), form
        if form in ("bibtex", "ris", "csl"):
            assert b"of oil" in answer.content
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        pdf, note = packed.namelist()
        assert (pdf, note) == ("pdf/2401.00001.pdf", "Lanterns on Paths (2401.00001).md")
        assert "pdf/2401.00001.pdf#page=2" in packed.read(note).decode()
    assert client.get("/view/library/gone/export/ris").status_code == 404
    assert client.get(f"{AT}/export/docx").status_code == 422
    assert "pdf" not in forms_of(Session(library), False)


def test_chosen_papers_are_taken_along(client: TestClient, library: Any, row_of: Any) -> None:
    library.rows.append(row_of("text", source="markdown"))

    def annotated(paper_id: str, highlights: Any) -> bytes:
        if paper_id == "text":
            raise NotesNotOffered
        return b"%PDF"

    library.annotated = annotated
    ids = ["2401.00001", "text", "broken", "gone", "text"]
    both = client.post("/view/library/export", json={"ids": ids, "form": "csl"})
    assert [one["title"] for one in json.loads(both.text)] == ["Lanterns on Paths"] * 2
    packed = client.post("/view/library/export", json={"ids": ids, "form": "pdf"})
    with zipfile.ZipFile(io.BytesIO(packed.content)) as files:
        assert files.namelist() == ["2401.00001.pdf", "not-exported.txt"]
        assert b"library of your own" in files.read("not-exported.txt")
    failed = client.post("/view/library/export", json={"ids": ["text"], "form": "pdf"})
    assert failed.status_code == 403  # what keeps the only one out is said
    library.rows += [row_of(f"p{number}") for number in range(ARCHIVED_MOST)]
    many = [row.id for row in library.rows]
    for chosen in ([], ["gone"], many):
        answer = client.post("/view/library/export", json={"ids": chosen, "form": "pdf"})
        assert answer.status_code == 422 and "choose 1 to 200" in answer.json()["told"]


def test_digests_of_exports_are_written_within_the_limits(library: Any) -> None:
    def refuse(visit: Any) -> None:
        raise TooMany("too many", 9)

    limited = asked_of(Session(library), rate_limiter=refuse)
    assert limited.get(f"{AT}/export/obsidian").status_code == 429
    asked = {"ids": ["2401.00001"], "form": "obsidian"}
    assert limited.post("/view/library/export", json=asked).status_code == 429
    assert limited.get(f"{AT}/export/ris").status_code == 200
