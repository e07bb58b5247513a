"""What the web UI's components call, without a browser."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import app.server
import app.ui
import app.write
from app.desk import Desk, NotAdded, NothingToSearch, Place
from app.render import fill
from app.server import AddressInUse, serve, serve_space
from index.config import Settings
from index.errors import EmptyQuery, NoDigests, RoleOfDigest
from index.paper import Box, Span

LANTERNS_TEXT = (
    "Abstract\nWe measure how well lanterns light a path.\n"
    "Method\nEach lantern burns for 3.5 hours.\nLimits\nWe tried no lantern in the rain."
)


@pytest.fixture
def desk(library: Any) -> Desk:
    return Desk(library)


def test_search_gives_hits_and_their_places(desk: Desk) -> None:
    shown, places = desk.search("lantern <b>", "", "", "")
    assert "Each <mark>lantern</mark> burns" in shown
    assert 'data-pick="1"' in shown
    assert [place.paper_id for place in places] == ["2401.00001", "2401.00001"]
    assert [place.where for place in places] == ["Method", "Limitations"]


def test_search_filters(desk: Desk) -> None:
    assert len(desk.search("lantern", "2401.00001", "method", "2024")[1]) == 1
    assert desk.search("lantern", "text", None, None)[1] == []
    assert len(desk.search("lantern", "", "no such role", "")[1]) == 2
    with pytest.raises(EmptyQuery):
        desk.search("  ", "", "", "")


def test_search_across_digests(
    desk: Desk, library: Any, digest_of: Any, claim_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NothingToSearch, match="no digest yet: choose a paper under Paper"):
        desk.search_digests("lantern", "", "", "")
    words = "Each lantern burns for 3.5 hours."
    library.digests["2401.00001"] = digest_of(
        method=[claim_of(words, "method.1", 2)],
        limits=[claim_of("We tried no lantern in the rain.", "limitations.1", None)],
        summary=[claim_of(words, "method.1", 2, text="A lantern burns for hours.")],
    )
    shown, places = desk.search_digests("lantern <b>", "", "", "")
    assert shown.count("data-pick=") == len(places) == 3
    assert "Each <mark>lantern</mark> burns" in shown
    assert "quoted from Method, p. 2" in shown
    assert "quoted from Limitations ·" in shown
    assert "· from Method, p. 2 · supported ·" in shown
    assert shown.count("<blockquote>") == 1  # a quote needs no other words to rest on
    assert [place.title for place in places] == ["Lanterns on Paths"] * 3
    assert [place.where for place in places] == ["Method", "Method", "Limitations"]  # of the paper
    image, line = desk.show(places[1])
    assert image is not None and "p. 2" in line
    assert "none" in desk.search_digests("snow", "", "", "")[0]
    assert len(desk.search_digests("rain", "2401.00001", None, "2024")[1]) == 1
    with pytest.raises(RoleOfDigest):
        desk.search_digests("lantern", "", "method", "")

    def refuse(*_: object) -> None:
        raise NoDigests("", 2)  # which the UI can do nothing about

    monkeypatch.setattr(library, "search_claims", refuse)
    with pytest.raises(NoDigests, match="gloss doctor --repair"):
        desk.search_digests("lantern", "", "", "")


def _place(text: str, *boxes: Box) -> Place:
    start = LANTERNS_TEXT.index(text)
    return Place("2401.00001", "Lanterns", "Method", Span(start, start + len(text)), boxes)


def test_a_place_is_shown_on_its_page(desk: Desk, library: Any) -> None:
    box = Box(2, 0, 0, 1, 1)
    image, line = desk.show(_place("3.5 hours", box))
    assert image is not None and image.size == (40, 60)
    assert "p. 2" in line
    assert library.shown == [("2401.00001", 2, (box,))]


def test_a_place_on_two_pages_shows_the_first(desk: Desk, library: Any) -> None:
    boxes = (Box(1, 0, 0, 1, 1), Box(2, 0, 0, 1, 1))
    _, line = desk.show(Place("2401.00001", "Title", "Method", Span(0, 1), boxes))
    assert library.shown == [("2401.00001", 1, boxes[:1])]
    assert "p. 1 and 2" in line


def test_a_place_without_pages_is_shown_in_the_text(desk: Desk) -> None:
    text = desk.library.paper("text").text
    start = text.index("3.5 hours")
    image, line = desk.show(Place("text", "Title", "Method", Span(start, start + 9), ()))
    assert image is None
    assert "burns for <mark>3.5 hours</mark>." in line


def test_add(desk: Desk, library: Any, paper_file: Path) -> None:
    seen: list[str] = []
    assert desk.add(paper_file, seen.append) == "2401.00001"
    assert seen == ["read"]
    library.added[paper_file.name] = SimpleNamespace(status="encrypted", reason="has a password")
    with pytest.raises(NotAdded, match=r"2401\.00001\.pdf: encrypted: has a password"):
        desk.add(paper_file, seen.append)
    other = paper_file.with_suffix(".exe")
    other.write_bytes(b"MZ")
    with pytest.raises(NotAdded, match="reads"):
        desk.add(other, seen.append)


def test_papers_and_choices(desk: Desk, library: Any, row_of: Any) -> None:
    library.rows.append(row_of("x", title="<img src=x onerror=alert(1)>", version=None))
    shown = desk.papers()
    assert "broken: cut short" in shown
    assert "<img" not in shown
    assert [paper_id for _, paper_id in desk.choices()] == ["x", "2401.00001"]
    library.rows.clear()
    assert "library is empty" in desk.papers()


def test_titles_cannot_reorder_what_is_read(desk: Desk, library: Any, row_of: Any) -> None:
    title = "Safe \u202etxt.exe\u202c \u200bof\u2069 lanterns"
    library.rows[:] = [row_of("x", title=title)]
    assert desk.choices() == [("Safe txt.exe of lanterns (x)", "x")]
    place = Place("2401.00001", title, title, Span(0, 1), (Box(1, 0, 0, 1, 1),))
    for shown in (desk.papers(), desk.show(place)[1]):
        assert "Safe txt.exe of lanterns" in shown


def test_a_space_begins_with_the_sample_papers_only(
    library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    added: list[str] = []
    digested: list[str] = []

    def add(source: Any) -> Any:
        added.append(source.path.name)
        return SimpleNamespace(paper_id=source.path.stem, status="ok")

    library.rows.clear()
    monkeypatch.setattr(library, "add", add)
    monkeypatch.setattr(app.write, "write_digest", lambda _, paper_id: digested.append(paper_id))
    monkeypatch.setattr(app.server, "serve", lambda settings, host, port: None)
    serve_space(Path(__file__).parents[2] / "data")
    assert sorted(added) == [
        "choosing-passage-size.md",
        "cited-digests.pdf",
        "every-sentence-needs-a-source.pdf",
    ]
    assert digested == [Path(name).stem for name in added]


def test_the_footer_offers_the_source_code() -> None:
    assert "Free software under the AGPL-3.0" in fill("footer.html", source_url="")
    assert "href" not in fill("footer.html", source_url="javascript:alert(1)")
    address = "https://code.example/gloss/tree/v1"
    assert f'<a href="{address}"' in fill("footer.html", source_url=address)


def test_the_setting_reaches_the_footer(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOSS_SOURCE_URL", "https://code.example/gloss")
    built: list[str] = []

    def build(library: Any, source_url: str) -> None:
        built.append(source_url)
        raise KeyboardInterrupt

    monkeypatch.setattr(app.ui, "build", build)
    monkeypatch.setattr(app.server, "_check_free", lambda host, port: None)
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


def test_the_handlers_are_no_public_interface_and_nothing_phones_home() -> None:
    # In a process of its own: importing Gradio warns, and warnings are errors here.
    program = (
        "from app import ui\n"
        "blocks = ui.build(None, 'https://code.example/gloss')\n"
        "handlers = list(blocks.fns.values())\n"
        "assert len(handlers) >= 7, handlers\n"
        "assert {one.api_visibility for one in handlers} == {'private'}\n"
        "assert blocks.analytics_enabled is False\n"
        "config = str(blocks.get_config_file())\n"
        "assert 'googleapis' not in config\n"
        "assert 'AGPL-3.0' in config and 'https://code.example/gloss' in config\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=dict(os.environ)
    )
    assert (ran.returncode, ran.stderr, ran.stdout) == (0, "", "")
