"""What the web UI says, in each language."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Any, get_args

import pytest

from app.api.failures import UNAVAILABLE, TooBusy, TooMany, failure_of
from app.compare import NotComparable
from app.compare.choice import NoSuchTag
from app.web.errors import error_lines, line_of
from app.web.importing import EntryKept
from app.web.jobs import Stopped
from app.web.own_papers import NoRoom, VisitEnded
from app.web.session import NotRead
from app.web.texts import preferred, texts
from app.web.ui import VIEWS
from app.web.ui.compare import TooManyQuestions
from index.entries import Entry
from index.errors import (
    ClaimNotFound,
    DiskFull,
    EmptyQuery,
    FetchError,
    LibraryReadOnly,
    NoDigests,
    PaperChanged,
    PaperDamaged,
    PaperNotFound,
    RoleOfDigest,
    StoreUnusable,
)
from index.notes import NoteNotFound
from index.paper import Status


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


def test_no_text_names_a_tab_that_is_not_there() -> None:
    """Papers were said to be added "on the tab Paper", long after that was another button."""
    for lang, word in (("en", r"[Tt]ab ([A-Z]\w+)"), ("zh", r"“(\w+)”标签页")):
        tabs = {texts()[lang][one.text] for one in VIEWS}
        for key, said in texts()[lang].items():
            assert set(re.findall(word, said)) <= tabs, key


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


ERRORS = (
    ClaimNotFound("a/1"),
    DiskFull(Path("/lib"), 1, 2),
    EmptyQuery(),
    EntryKept(Entry("Oil")),
    FetchError("asked", "503", "wait"),
    LibraryReadOnly(Path("/lib"), "a medium"),
    NoDigests(),
    NoRoom(3),
    NoSuchTag("oil"),
    NotComparable(1),
    *(NotRead("a.pdf", status, "why") for status in get_args(Status) if status != "ok"),
    NoteNotFound("note 7"),
    PaperChanged("p"),
    PaperDamaged("p"),
    PaperNotFound("<p>"),
    RoleOfDigest("method"),
    Stopped(),
    TooBusy("busy", 2.5),
    TooMany("enough", 2.5),
    TooManyQuestions(),
    VisitEnded(),
)


def test_every_error_of_the_table_has_its_chinese_line() -> None:
    kinds = (
        f"{type(one).__name__} {one.status}" if isinstance(one, NotRead) else type(one).__name__
        for one in ERRORS
    )
    assert set(kinds) == set(error_lines()["zh"])
    for one in ERRORS:
        said = line_of(one, "zh")
        assert any("\u4e00" <= sign <= "\u9fff" for sign in said), said
        assert "/lib" not in said and "{" not in said, said
        assert line_of(one, "en") == " ".join(str(one).split())


def test_an_error_that_is_in_no_table_stays_english() -> None:
    store: Any = StoreUnusable("Qdrant", "gone")
    assert line_of(store, "zh") == "vector store Qdrant: gone"
    assert line_of(store, "zh", failure_of(store)) == UNAVAILABLE  # a stranger is told no details
    assert line_of(PaperNotFound("p", why="encrypted"), "zh") == "p：此库中没有这篇论文。encrypted"
