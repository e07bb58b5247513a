"""Characters that steer a terminal are escaped wherever JSON is printed."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.controls import escaped_in_json, without_controls
from app.documents import Shape
from app.publish.listing import Published
from app.web.media import view_router
from index.paper import Paper
from index.spans import Box, PageSize, Span, Word, Words

HOSTILE = "\x1b[31m\x9b31m \u202etfel\u202c \u200b \U000e0041 \x7f\x00 \ufeff"


class Said(Shape):
    """One text."""

    text: str
    """Of a paper."""


def test_documents_print_no_control_and_keep_their_values() -> None:
    printed = Said(text=HOSTILE + "蜜 \n \\u202e").to_json()
    assert printed == without_controls(printed)
    assert json.loads(printed) == {"text": HOSTILE + "蜜 \n \\u202e"}
    assert "蜜" in printed


def test_escaping_is_for_what_is_dumped() -> None:
    for text in (HOSTILE, "\\\u202e", '"\u202e"'):
        dumped = escaped_in_json(json.dumps([text], ensure_ascii=False))
        assert json.loads(dumped) == [text]
        assert dumped == without_controls(dumped)


def test_the_list_of_pages_steers_nothing() -> None:
    printed = Published(id="urn:a", title=HOSTILE).to_json()
    assert printed == without_controls(printed)
    assert Published.model_validate_json(printed).title == HOSTILE


def test_the_words_of_a_page_steer_nothing() -> None:
    word = Word(Span(0, len(HOSTILE)), Box(1, 0, 0, 9, 9), 0)
    paper = Paper("p", None, "pdf", "0" * 64, HOSTILE, "", pages=1, words=Words.of([word]))
    library = SimpleNamespace(paper=lambda _: paper, page_sizes=lambda _: (PageSize(10, 10),))
    session = SimpleNamespace(library=library)
    sessions: Any = SimpleNamespace(by_key=lambda _: session)
    app = FastAPI()
    app.include_router(view_router(sessions))
    answer = TestClient(app).get("/view/key/p/pages/1.json")
    assert answer.text == without_controls(answer.text)
    assert answer.json() == [[[0, 0, 9, 9, HOSTILE, 0]]]
