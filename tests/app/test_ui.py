"""What the web UI's components call, without a browser."""

from __future__ import annotations

import json
import re
import socket
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.serve.server import AddressInUse, serve
from app.serve.site import site_of
from app.web.found import is_question
from app.web.home import CARDS, _framing
from app.web.session import NotAdded, Session, SharedSession, filter_of
from app.web.texts import texts
from app.web.ui import VIEWS
from app.web.ui.first_page import Shell, View
from index.config import Settings
from index.errors import EmptyQuery, NoDigests, RoleOfDigest
from index.hits import SearchFilter
from index.spans import PageSize, Span

ALL = SearchFilter()

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
    assert found.shown.count('class="hit"') == len(found.places) == 2
    assert [place.address for place in found.places] == [
        "?paper=2401.00001&at=59-92",
        "?paper=2401.00001&at=100-132",
    ]
    assert 'href="?paper=2401.00001&amp;at=59-92"' in found.shown and ">p. 2</span>" in found.shown
    assert [place.paper_id for place in found.places] == ["2401.00001", "2401.00001"]
    assert [place.where for place in found.places] == ["Method", "Limitations"]
    assert found.said == "Passages: 2, papers: 1. Best first."
    nothing = session.search("nothing", SearchFilter())
    assert (nothing.places, nothing.said) == ([], "Nothing found")
    assert "fewer filters" in nothing.shown


def test_no_paper_fills_the_screen_unless_it_was_asked_for(
    session: Session, library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first, second) = library.search("lantern", 9, SearchFilter())
    others = [
        replace(second, passage=replace(second.passage, paper_id=f"p{number}"), title="Other")
        for number in range(9)
    ]
    monkeypatch.setattr(library, "search", lambda *_: [first] * 20 + others)
    found = session.search("lantern", SearchFilter())
    papers = [place.paper_id for place in found.places]
    assert papers == ["2401.00001"] * 3 + [f"p{number}" for number in range(7)]
    assert "17 more in this paper" in found.shown
    assert 'href="?q=lantern&amp;of=2401.00001"' in found.shown
    alone = session.search("lantern", filter_of("2401.00001"))
    assert [place.paper_id for place in alone.places][:10] == ["2401.00001"] * 10


@pytest.mark.parametrize(
    ("model", "found_by", "score", "far"),
    [
        ("all-MiniLM-L6-v2", "dense", 0.25, True),
        ("all-MiniLM-L6-v2", "dense", 0.45, False),
        ("all-MiniLM-L6-v2", "both", 0.25, False),
        ("multilingual-e5-small", "dense", 0.25, False),
    ],
)
def test_what_matches_nothing_well_is_said_to(
    session: Session,
    library: Any,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    found_by: Any,
    score: float,
    far: bool,
) -> None:
    hits = [replace(one, found_by=found_by, score=score) for one in library.search("x", 9, ALL)]
    monkeypatch.setattr(library, "search", lambda *_: hits)
    monkeypatch.setattr(type(library), "model", model)
    found = session.search("zzzzqqq xxyy", SearchFilter())
    assert ("Nothing here matches “zzzzqqq xxyy” well." in found.shown) is far
    assert found.said.startswith("Nothing matches well.") is far


@pytest.mark.parametrize(
    ("query", "asks"),
    [
        ("how is it trained", True),
        ("Which data sets?", True),
        ("scaled attention?", True),
        ("用了什么数据", True),
        ("limits of the method", False),
        ("how", False),
        ("is", False),
        ("2407.03300", False),
    ],
)
def test_a_question_is_known_from_a_search(query: str, asks: bool) -> None:
    assert is_question(query) is asks


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
    assert ">第 2 页</span>" in found.shown
    assert found.said == "找到 2 段原文，来自 1 篇论文，最相关的在前。"
    place = session.place("2401.00001", found.places[0].span, "zh")
    assert place is not None and place.where == "Method · 第 2 页"
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
    nothing = session.search_digests("lantern", SearchFilter())
    assert nothing.outcome == "no_digests" and "Open a paper" in nothing.shown
    words = "Each lantern burns for 3.5 hours."
    library.digests["2401.00001"] = digest_of(
        method=[claim_of(words, "method.1", 2)],
        limits=[claim_of("We tried no lantern in the rain.", "limitations.1", None)],
        summary=[claim_of(words, "method.1", 2, text="A lantern burns for hours.")],
    )
    found = session.search_digests("lantern <b>", SearchFilter())
    shown, places = found.shown, found.places
    assert shown.count('class="hit"') == len(places) == 3
    assert found.said == "Sentences of digests: 3, papers: 1. Best first."
    assert "Each <mark>lantern</mark> burns" in shown
    assert shown.count("<blockquote") == 1  # a quote needs no other words to rest on
    assert [place.title for place in places] == ["Lanterns on Paths"] * 3
    assert [place.where for place in places][:2] == ["Summary · Method", "Method · Method"]
    assert places[1].page == 2
    assert "none" in session.search_digests("snow", SearchFilter()).shown
    assert len(session.search_digests("rain", filter_of("2401.00001", year="2024")).places) == 1
    with pytest.raises(RoleOfDigest):
        session.search_digests("lantern", filter_of(role="method"))

    def refuse(*_: object) -> None:
        raise NoDigests("", 2)  # which the UI can do nothing about

    monkeypatch.setattr(library, "search_claims", refuse)
    with pytest.raises(NoDigests, match="gloss doctor --repair"):
        session.search_digests("lantern", SearchFilter())


def test_the_first_screen_lights_a_sentence_on_its_page(
    session: Session, library: Any, row_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 'class="example"' not in session.home()  # no digest is written
    session = Session(library)
    monkeypatch.setattr("app.web.home.is_saved", lambda *_: True)
    shown = session.home()
    assert 'href="?paper=2401.00001&amp;sentence=summary.1"' in shown
    assert "/view/library/2401.00001/pages/1.png?v=000000000000" in shown
    assert shown.count('class="mark on"') >= 1
    cards = _text(shown[shown.index('class="cards"') :])
    assert "Lanterns on Paths" in cards and "Ada Byron · 2024-01-02" in cards
    assert "We measure how well lanterns light a path." in cards
    assert "1 in the library" in _text(shown)
    library.rows += [row_of(f"text-{number}", source="markdown") for number in range(20)]
    newer = replace(session).home()  # by papers without pages, none of which can be lit
    assert newer.count("<li><a href=") == CARDS and "2401.00001/pages/1.png" in newer
    library.rows.clear()
    empty = session.home()
    assert "library is empty" in empty and 'href="?view=add"' in empty
    assert "还没有论文" in session.home("zh")


def test_the_example_is_framed_so_that_its_words_are_in_the_middle() -> None:
    size = PageSize(600, 800)
    zoom, left, top = _framing([[10, 70, 40, 2]], size)  # a column on the left, far down
    assert zoom == 1.8 and left == pytest.approx(1.8 * 30 - 50, abs=0.1)
    height = 1.8 * 800 / 600 / 0.6
    assert top == pytest.approx(height * 71 - 50, abs=0.1)
    assert _framing([[0, 0, 100, 2]], size) == (1.0, 0.0, 0.0)  # never beyond the page's edge


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


def test_a_place_has_its_lines_and_its_words(session: Session, library: Any) -> None:
    start = LANTERNS_TEXT.index("3.5 hours")
    place = session.place("2401.00001", Span(start, start + 9), "en")
    assert place is not None
    assert (place.text, place.where) == ("3.5 hours", "Method · p. 2")
    assert [mark[0] for mark in place.marks] == [2]
    bare = session.place("text", Span(start, start + 9), "en")
    assert bare is not None and (bare.marks, bare.where) == ([], "Method")
    for start, end in ((0, 10_000), (5, 5)):
        assert session.place("2401.00001", Span(start, end), "en") is None


def test_words_are_found_across_lines_and_in_any_case(session: Session) -> None:
    (place,) = session.find("2401.00001", "BURNS  for")
    assert LANTERNS_TEXT[place.span.start : place.span.end] == "burns for"
    assert place.marks and place.marks[0][0] == 2
    assert len(session.find("text", "lantern")) == 3
    assert session.find("2401.00001", "  ") == session.find("2401.00001", "kite (") == []


def test_an_outline_leads_to_its_sections(session: Session) -> None:
    shown = session.outline("2401.00001", "en")
    assert _text(shown) == "Abstract p. 1 Method p. 2 Limits p. 2"
    assert 'data-page="2"' in shown
    assert 'data-start="0"' in session.outline("text", "en")


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
    assert [paper_id for _, paper_id in session.choices()] == ["x", "2401.00001"]


def test_titles_cannot_reorder_what_is_read(session: Session, library: Any, row_of: Any) -> None:
    title = "Safe \u202etxt.exe\u202c \u200bof\u2069 lanterns"
    library.rows[:] = [row_of("x", title=title)]
    assert session.choices() == [("Safe txt.exe of lanterns (x)", "x")]
    assert "Safe txt.exe of lanterns" in session.home()


def test_the_footer_offers_the_source_code(session: Session) -> None:
    def footer(address: str, lang: Any = "en") -> str:
        shell = Shell(SharedSession(session), (View("library", "library_tab"),), address)
        shown = shell.after(lang, at_home=False)
        return shown[shown.index("<footer") : shown.index("</footer>")]

    assert "Free software under the AGPL-3.0" in footer("")
    assert "自由软件" in footer("", "zh")
    assert "script:" not in footer("javascript:alert(1)")
    address = "https://code.example/gloss/tree/v1"
    assert f'<a href="{address}"' in footer(address)


def test_the_setting_reaches_the_footer(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOSS_SOURCE_URL", "https://code.example/gloss")
    page = TestClient(site_of(library, Settings()).app).get("/").text
    assert '<a href="https://code.example/gloss" rel="noopener" target="_blank">' in page


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
blocks = ui.build(None)
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
    "tabs": [(type(one).__name__, one.id, one.label.key) for one in tabs.children],
}))
"""


@pytest.fixture(scope="module")
def built(gradio_forks: Any) -> dict[str, Any]:
    """What Gradio knows of the UI, once it is built."""
    ran = gradio_forks.run(BUILD)
    assert (ran.returncode, ran.stderr) == (0, "")
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_no_handler_but_those_for_programs_is_public_and_nothing_phones_home(
    built: dict[str, Any],
) -> None:
    assert built["handlers"] >= 9
    assert built["public"] == ["search", "ask", "digest", "papers", "compare", "related"]
    assert built["analytics"] is False
    assert "googleapis" not in built["config"]


def test_every_label_is_in_both_languages(built: dict[str, Any]) -> None:
    """Whatever Gradio shows of a component comes by a key of texts.yaml; HTML from templates."""
    assert len(built["said"]) >= 8
    for tab, kind, name, said in built["said"]:
        key = re.fullmatch(
            r'__i18n__\{"__type__": "translation_metadata", "key": "([\w-]+)"\}', said
        )
        assert key and key[1] in texts()["en"], (tab, kind, name, said)


def test_the_navigation_has_the_tabs_and_only_tabs_stand_among_them(built: dict[str, Any]) -> None:
    """Gradio counts whatever else does as a tab, and then shows one twice."""
    assert built["tabs"] == [["Tab", one.id, one.text] for one in VIEWS]
