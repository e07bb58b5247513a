"""What the web UI's components call, without a browser."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import app.serve.server
import app.web.ui
import app.write
from app.serve.server import AddressInUse, serve
from app.show.html import fill
from app.web.session import HitPlace, NotAdded, NothingToSearch, Session, filter_of
from app.web.texts import texts
from index.config import Settings
from index.errors import EmptyQuery, NoDigests, RoleOfDigest
from index.hits import SearchFilter
from index.spans import Box, Span

LANTERNS_TEXT = (
    "Abstract\nWe measure how well lanterns light a path.\n"
    "Method\nEach lantern burns for 3.5 hours.\nLimits\nWe tried no lantern in the rain."
)


@pytest.fixture
def session(library: Any) -> Session:
    return Session(library)


def test_search_gives_hits_and_their_places(session: Session) -> None:
    found = session.search("lantern <b>", SearchFilter())
    assert "Each <mark>lantern</mark> burns" in found.shown
    assert 'data-pick="1"' in found.shown
    assert "Method · p. 2 · found by both meaning and words" in found.shown
    assert 'href="?paper=2401.00001&amp;lang=en" data-open="2401.00001"' in found.shown
    assert [place.paper_id for place in found.places] == ["2401.00001", "2401.00001"]
    assert [place.where for place in found.places] == ["Method", "Limitations"]
    assert found.said == "Passages found: 2. Best first."
    nothing = session.search("nothing", SearchFilter())
    assert (nothing.places, nothing.said) == ([], "Nothing found")
    assert "fewer filters" in nothing.shown


def test_what_was_chosen_becomes_a_filter() -> None:
    assert filter_of() == filter_of("", None, "", None) == SearchFilter()
    assert filter_of("x", "method", "2024", "cs.CV") == SearchFilter(
        paper_id="x", role="method", since="2024", until="2024", category="cs.CV"
    )
    assert filter_of(role="no such role", year="now") == SearchFilter()


def test_search_filters(session: Session) -> None:
    assert (
        len(session.search("lantern", filter_of("2401.00001", "method", "2024", "cs")).places) == 1
    )
    assert session.search("lantern", filter_of("text")).places == []
    assert session.search("lantern", filter_of(category="math")).places == []
    assert session.search("lantern", filter_of(year="2023")).places == []
    with pytest.raises(EmptyQuery):
        session.search("  ", SearchFilter())


def test_a_search_is_told_in_chinese(session: Session) -> None:
    found = session.search("lantern", SearchFilter(), "zh")
    assert "Method · 第 2 页 · 按含义和词语找到" in found.shown
    assert found.said == "找到 2 段原文，最相关的在前。"
    _, line = session.show(found.places[0], "zh")
    assert "第 2 页" in line
    assert "请换一些词语" in session.search("nothing", SearchFilter(), "zh").shown


@pytest.mark.parametrize(
    ("model", "query", "told"),
    [
        ("all-MiniLM-L6-v2", "灯笼", True),
        ("sentence-transformers/all-mpnet-base-v2", "灯笼 lantern", True),
        ("all-MiniLM-L6-v2", "lantern", False),
        ("multilingual-e5-small", "灯笼", False),
    ],
)
def test_a_chinese_question_to_an_english_model_is_told_what_to_do(
    session: Session,
    library: Any,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    query: str,
    told: bool,
) -> None:
    monkeypatch.setattr(type(library), "model", model)
    for lang in ("en", "zh"):
        shown = session.search(query, SearchFilter(), lang).shown
        assert ("GLOSS_MODEL=multilingual-e5-small gloss doctor --repair" in shown) is told


def test_search_across_digests(
    session: Session, library: Any, digest_of: Any, claim_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NothingToSearch, match="no digest yet: choose a paper under Paper"):
        session.search_digests("lantern", SearchFilter())
    words = "Each lantern burns for 3.5 hours."
    library.digests["2401.00001"] = digest_of(
        method=[claim_of(words, "method.1", 2)],
        limits=[claim_of("We tried no lantern in the rain.", "limitations.1", None)],
        summary=[claim_of(words, "method.1", 2, text="A lantern burns for hours.")],
    )
    found = session.search_digests("lantern <b>", SearchFilter())
    shown, places = found.shown, found.places
    assert shown.count("data-pick=") == len(places) == 3
    assert found.said == "Sentences of digests found: 3. Best first."
    assert "Each <mark>lantern</mark> burns" in shown
    assert "quoted from Method, p. 2" in shown
    assert "quoted from Limitations ·" in shown
    assert "· from Method, p. 2 · supported ·" in shown
    assert shown.count("<blockquote") == 1  # a quote needs no other words to rest on
    chinese = session.search_digests("lantern", SearchFilter(), "zh").shown
    assert "引自方法, 第 2 页" in chinese and "· 有原文支持 ·" in chinese
    assert [place.title for place in places] == ["Lanterns on Paths"] * 3
    assert [place.where for place in places] == ["Method", "Method", "Limitations"]  # of the paper
    image, line = session.show(places[1])
    assert image is not None and "p. 2" in line
    assert "none" in session.search_digests("snow", SearchFilter()).shown
    assert len(session.search_digests("rain", filter_of("2401.00001", year="2024")).places) == 1
    with pytest.raises(RoleOfDigest):
        session.search_digests("lantern", filter_of(role="method"))

    def refuse(*_: object) -> None:
        raise NoDigests("", 2)  # which the UI can do nothing about

    monkeypatch.setattr(library, "search_claims", refuse)
    with pytest.raises(NoDigests, match="gloss doctor --repair"):
        session.search_digests("lantern", SearchFilter())


def test_the_first_screen_has_a_tour_or_says_what_is_missing(
    session: Session, library: Any, digest_of: Any
) -> None:
    tour, empty = session.welcome()
    assert [f'data-step="{step}"' in tour for step in ("find", "ask", "read")] == [True] * 3
    assert 'data-open="2401.00001"' in tour and "Lanterns on Paths" in tour
    assert "Results stand here" in empty
    library.rows.append(SimpleNamespace(**vars(library.rows[0]) | {"id": "z", "title": ""}))
    library.digests["z"] = digest_of()
    assert 'data-open="z"' in session.welcome()[0]  # whose digest is written already
    library.rows.clear()
    assert session.welcome() == ("", session.welcome("en")[1])
    assert "library is empty" in session.welcome()[1]
    assert "还没有论文" in session.welcome("zh")[1]


def test_filters_offer_what_the_papers_have(session: Session, library: Any, row_of: Any) -> None:
    library.rows += [row_of("a", date="2019-03", categories=()), row_of("b", date=None)]
    assert session.years() == ["2024", "2019"]
    assert session.categories() == ["cs.CV", "cs.LG"]


def test_pictures_of_the_library(
    session: Session, library: Any, row_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.rows.append(row_of("x", title="<img src=x onerror=alert(1)>", categories=()))
    for by, group in (("category", "not known (1)"), ("year", "2024 (2)")):
        shown = session.pictures(by)
        assert shown.count("data-open=") == 2  # the failed one is on no map
        assert group in _text(shown)
        assert "<img" not in shown
    assert "论文地图" in session.pictures("category", "zh")
    drawn = session.pictures("category")
    with monkeypatch.context() as patch:
        patch.setattr(type(library), "mean_vectors", lambda _: {})
        assert session.pictures("category") == drawn  # nothing has changed
    assert "broken" not in shown
    library.rows.clear()
    assert "The map needs a paper" in session.pictures("category")


def _text(shown: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", shown).split())


def _place(text: str, *boxes: Box) -> HitPlace:
    start = LANTERNS_TEXT.index(text)
    return HitPlace("2401.00001", "Lanterns", "Method", Span(start, start + len(text)), boxes)


def test_a_place_is_shown_on_its_page(session: Session, library: Any) -> None:
    box = Box(2, 0, 0, 1, 1)
    image, line = session.show(_place("3.5 hours", box))
    assert image is not None and image.size == (40, 60)
    assert "p. 2" in line
    assert library.shown == [("2401.00001", 2, (box,))]


def test_a_place_on_two_pages_shows_the_first(session: Session, library: Any) -> None:
    boxes = (Box(1, 0, 0, 1, 1), Box(2, 0, 0, 1, 1))
    _, line = session.show(HitPlace("2401.00001", "Title", "Method", Span(0, 1), boxes))
    assert library.shown == [("2401.00001", 1, boxes[:1])]
    assert "p. 1 and 2" in line


def test_a_place_without_pages_is_shown_in_the_text(session: Session) -> None:
    text = session.library.paper("text").text
    start = text.index("3.5 hours")
    image, line = session.show(HitPlace("text", "Title", "Method", Span(start, start + 9), ()))
    assert image is None
    assert "burns for <mark>3.5 hours</mark>." in line


def test_add(session: Session, library: Any, paper_file: Path) -> None:
    seen: list[str] = []
    assert session.add(paper_file, seen.append) == "2401.00001"
    assert seen == ["read"]
    library.added[paper_file.name] = SimpleNamespace(status="encrypted", reason="has a password")
    with pytest.raises(NotAdded, match=r"2401\.00001\.pdf: encrypted: has a password"):
        session.add(paper_file, seen.append)
    other = paper_file.with_suffix(".exe")
    other.write_bytes(b"MZ")
    with pytest.raises(NotAdded, match="reads"):
        session.add(other, seen.append)


def test_papers_and_choices(session: Session, library: Any, row_of: Any) -> None:
    library.rows.append(row_of("x", title="<img src=x onerror=alert(1)>", version=None))
    shown = session.papers()
    assert "broken: cut short" in _text(shown)
    assert "<img" not in shown
    chinese = _text(session.papers("zh"))
    assert "已损坏: cut short" in chinese and "正常" in chinese
    assert [paper_id for _, paper_id in session.choices()] == ["x", "2401.00001"]
    library.rows.clear()
    assert "library is empty" in session.papers()


def test_titles_cannot_reorder_what_is_read(session: Session, library: Any, row_of: Any) -> None:
    title = "Safe \u202etxt.exe\u202c \u200bof\u2069 lanterns"
    library.rows[:] = [row_of("x", title=title)]
    assert session.choices() == [("Safe txt.exe of lanterns (x)", "x")]
    place = HitPlace("2401.00001", title, title, Span(0, 1), (Box(1, 0, 0, 1, 1),))
    for shown in (session.papers(), session.show(place)[1]):
        assert "Safe txt.exe of lanterns" in shown


def test_the_footer_offers_the_source_code() -> None:
    def footer(address: str) -> str:
        return fill("footer.html", texts=texts(), source_url=address)

    assert "Free software under the AGPL-3.0" in footer("")
    assert "自由软件" in footer("")
    assert "href" not in footer("javascript:alert(1)")
    address = "https://code.example/gloss/tree/v1"
    assert f'<a href="{address}"' in footer(address)


def test_the_setting_reaches_the_footer(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOSS_SOURCE_URL", "https://code.example/gloss")
    built: list[str] = []

    def build(library: Any, source_url: str, *_: object) -> None:
        built.append(source_url)
        raise KeyboardInterrupt

    monkeypatch.setattr(app.web.ui, "build", build)
    monkeypatch.setattr(app.serve.server, "_check_free", lambda host, port: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        serve(Settings(), "127.0.0.1", 7860)
    assert built == ["https://code.example/gloss"]


def test_a_port_in_use_is_said_before_the_library_opens(library: Any) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(AddressInUse, match="in use; give another --port"):
            serve(Settings(), "127.0.0.1", port)
    assert library.settings is None
    with pytest.raises(AddressInUse):
        serve(Settings(), "no such host", 7860)


# In a process of its own: importing Gradio warns, and warnings are errors here.
BUILD = """
import json
from app.web import ui
blocks = ui.build(None, "https://code.example/gloss")
config = blocks.get_config_file()
layout = {}
def walk(node, tab):
    props = next(c for c in config["components"] if c["id"] == node["id"])["props"]
    tab = props.get("id") or tab
    layout[node["id"]] = tab
    for child in node.get("children") or []:
        walk(child, tab)
for node in config["layout"]["children"]:
    walk(node, "")
said = []
for one in config["components"]:
    if one["type"] == "api":  # what programs call, which nobody sees
        continue
    props = one["props"]
    for name in ("label", "info", "placeholder", "value", "submit_btn", "choices"):
        text = props.get(name)
        if one["type"] == "html" and name == "value" or not text:
            continue
        said.append([layout.get(one["id"], ""), one["type"], name, str(text)])
tabs = next(one for one in blocks.blocks.values() if one.elem_id == "tabs")
handlers = list(blocks.fns.values())
print(json.dumps({
    "handlers": len(handlers),
    "public": [one.api_name for one in handlers if one.api_visibility != "private"],
    "analytics": blocks.analytics_enabled,
    "config": str(config),
    "said": said,
    "tabs": [(type(one).__name__, one.id) for one in tabs.children],
}))
"""


@pytest.fixture(scope="module")
def built() -> dict[str, Any]:
    """What Gradio knows of the UI, once it is built."""
    ran = subprocess.run(
        [sys.executable, "-c", BUILD], capture_output=True, text=True, env=dict(os.environ)
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_no_handler_but_those_for_programs_is_public_and_nothing_phones_home(
    built: dict[str, Any],
) -> None:
    assert built["handlers"] >= 11
    assert built["public"] == ["search", "ask", "digest", "papers"]
    assert built["analytics"] is False
    assert "googleapis" not in built["config"]
    assert "AGPL-3.0" in built["config"] and "https://code.example/gloss" in built["config"]


def test_every_label_is_in_both_languages(built: dict[str, Any]) -> None:
    """Whatever Gradio shows of a component comes by a key of texts.yaml; HTML from templates."""
    shown = [one for one in built["said"] if one[0] != "paper"]  # has its texts in its own module
    assert len(shown) >= 12
    for tab, kind, name, said in shown:
        key = re.fullmatch(
            r'__i18n__\{"__type__": "translation_metadata", "key": "([\w-]+)"\}', said
        )
        assert key and key[1] in texts()["en"], (tab, kind, name, said)


def test_only_tabs_stand_among_the_tabs(built: dict[str, Any]) -> None:
    """Gradio counts whatever else does as a tab, and then shows one twice."""
    assert built["tabs"] == [["Tab", "search"], ["Tab", "paper"], ["Tab", "library"]]
