"""Characters that steer a terminal are escaped wherever JSON is printed."""

from __future__ import annotations

import json

from app.controls import escaped_in_json, without_controls
from app.documents import Shape

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
