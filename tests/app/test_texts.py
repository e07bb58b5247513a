"""What the web UI says, in each language."""

from __future__ import annotations

import string

import pytest

from app.web.texts import preferred, texts


def test_each_text_is_there_in_each_language_with_the_same_places_to_fill() -> None:
    assert texts()["en"].keys() == texts()["zh"].keys()
    for key, english in texts()["en"].items():
        chinese = texts()["zh"][key]
        assert english.strip() and chinese.strip(), key
        fields = [
            sorted(name for _, name, _, _ in string.Formatter().parse(said) if name is not None)
            for said in (english, chinese)
        ]
        assert fields[0] == fields[1], key


@pytest.mark.parametrize(
    ("accepted", "lang"),
    [
        (None, "en"),
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("de,en;q=0.5,zh;q=0.7", "zh"),
        ("fr", "en"),
        ("zh;q=x, en", "en"),
        ("zho", "en"),
    ],
)
def test_the_language_is_the_browsers(accepted: str | None, lang: str) -> None:
    assert preferred(accepted) == lang
