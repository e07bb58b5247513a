"""Characters that steer a terminal are escaped wherever JSON is printed."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from unicodedata import category

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.controls import escaped_in_json, without_controls
from app.documents import Shape
from app.publish.listing import Published
from app.web.media import view_router
from index.paper import Paper
from index.spans import Box, PageSize, Span, Word, Words

HOSTILE = (
    "\x1b[31m\x9b31m \u202etfel\u202c \u200b \U000e0041 \x7f\x00 \ufeff"
    " a\ufe01\U000e0154b \u3164 \ufff9c\ufffad\ufffb \xad \U0001d173"
)
# Format characters that are seen: signs around numbers of Arabic, Syriac and Kaithi, and what puts
# Egyptian signs together.
SEEN = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
SEEN |= {*range(0x13430, 0x13440)}
SPACES = {*range(0x09, 0x0E)}
# Letters and marks that draw nothing (Default_Ignorable_Code_Point): joiners of Latin and Khmer,
# fillers of Korean, variation selectors.
IGNORED = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10)}
IGNORED |= {*range(0x180B, 0x1810), *range(0xE0000, 0xE1000)}


class Said(Shape):
    """One text."""

    text: str
    """Of a paper."""


def test_nothing_that_is_not_seen_is_left() -> None:
    """By Unicode's classes: of two letters with such a character between them, the letters."""
    unseen = {c for c in range(0x110000) if category(chr(c)) in ("Cc", "Cf", "Cs")} | IGNORED
    left = [hex(c) for c in unseen - SEEN - SPACES if without_controls(f"a{chr(c)}b") != "ab"]
    assert left == []
    for seen in "蜜é\u0301\u0300ß\u0600\t\n \u2028":
        assert without_controls(seen) == seen


def test_a_line_of_json_is_one_line() -> None:
    """To those who end lines as Unicode does, too, and whatever encodes it."""
    dumped = escaped_in_json(json.dumps(["a\u2028b\u2029c\x85d\ud800e"], ensure_ascii=False))
    assert dumped.splitlines() == [dumped]
    assert dumped.encode()
    assert json.loads(dumped) == ["a\u2028b\u2029c\x85d\ud800e"]


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
