"""What the app's script asks, without a browser."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.failures import TooMany
from app.web.screens import screen_router
from app.web.session import Session, SharedSession


def asked_of(session: Session, **options: Any) -> TestClient:
    """A client of a server with one session."""
    app = FastAPI()
    app.include_router(screen_router(SharedSession(session), **options))
    return TestClient(app)


@pytest.fixture
def client(library: Any) -> TestClient:
    return asked_of(Session(library))


def test_searches_say_whether_they_ask(client: TestClient, library: Any) -> None:
    found = client.get("/view/library/search.json?q=lantern").json()
    assert (found["outcome"], found["question"]) == ("passages", False)
    assert "<mark>lantern</mark>" in found["html"] and found["said"].startswith("Passages: 2")
    assert client.get("/view/library/search.json?q=how is a lantern lit").json()["question"]
    narrow = client.get("/view/library/search.json?q=lantern&part=method&year=2024").json()
    assert narrow["said"].startswith("Passages: 1,")
    none = client.get("/view/library/search.json?q=lantern&in=digests&part=method").json()
    assert none["outcome"] == "no_digests"  # whose sentences have no role to filter by


def test_a_search_of_no_papers_leads_to_adding_some(client: TestClient, library: Any) -> None:
    """It said to try other words, and an answer was looked for."""
    library.rows.clear()
    for address in ("q=how is a lantern lit", "q=lantern&in=digests"):
        found = client.get(f"/view/library/search.json?{address}").json()
        assert (found["outcome"], found["question"]) == ("no_papers", False)
        assert found["said"].startswith("The library is empty.")
        assert 'href="?view=add"' in found["html"]


def test_what_cannot_be_answered_says_why(client: TestClient) -> None:
    for path, status, kind in (
        ("nobody/search.json?q=lantern", 404, "failed"),
        ("library/search.json?q=%20", 422, "failed"),
        ("library/gone/pages.json", 404, "unknown"),
        ("library/gone/sentences.json", 404, "unknown"),
        ("library/gone/find.json?q=x", 404, "unknown"),
    ):
        answer = client.get(f"/view/{path}")
        assert (answer.status_code, answer.json()["error"]) == (status, kind), path
        assert answer.json()["told"]
    for path in (
        "place.json?start=-1&end=4",
        "place.json?start=x&end=4",
        "find.json?q=" + "x" * 2000,
    ):
        assert client.get(f"/view/library/2401.00001/{path}").status_code == 422
    assert client.get("/view/library/2401.00001/place.json?start=9&end=9").json() == {"place": None}


def test_a_paper_comes_with_its_pages_its_digest_and_its_places(client: TestClient) -> None:
    pages = client.get("/view/library/2401.00001/pages.json").json()
    assert pages["title"] == "Lanterns on Paths" and pages["html"].count('class="page"') == 2
    assert "Limits" in pages["outline"] and pages["share"] is False
    digest = client.get("/view/library/2401.00001/sentences.json?digest=zh").json()
    assert 'data-lang="zh"' in digest["html"] and "needs-model" in digest["html"]
    place = client.get("/view/library/2401.00001/place.json?start=59&end=92").json()["place"]
    assert place["text"] == "Each lantern burns for 3.5 hours." and place["marks"][0][0] == 2
    (found,) = client.get("/view/library/2401.00001/find.json?q=burns for").json()["places"]
    assert found["text"] == "burns for"


def test_a_visitor_who_is_not_known_yet_has_nothing_worded(library: Any) -> None:
    guest = asked_of(replace(Session(library), reads_only=True))
    answer = guest.post("/view/library/2401.00001/worded", json={"writer": "local"})
    assert "reload the page" in json.loads(answer.text)["error"]
    known = asked_of(Session(library))
    answer = known.post("/view/library/2401.00001/worded", json={"writer": "endpoint"})
    assert "not at hand here" in json.loads(answer.text)["error"]
    assert known.post("/view/library/2401.00001/worded", content="x").status_code == 422


def test_digests_are_written_within_the_limits(library: Any) -> None:
    def refuse(visit: Any) -> None:
        raise TooMany("too many", 9)

    limited = asked_of(Session(library), rate_limiter=refuse)
    answer = limited.get("/view/library/2401.00001/sentences.json")
    assert answer.status_code == 429 and "too many" in answer.json()["told"]
    assert limited.post("/view/library/2401.00001/share").status_code == 429
