"""The web UI in a browser: search, choose a hit, see its page. Papers are read elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

CHROMIUM = next(
    (path for path in map(Path, ("/usr/bin/chromium", "/usr/bin/google-chrome")) if path.exists()),
    None,
)
DATA = Path(__file__).parents[2] / "data"
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

SERVER = """
import importlib.util, sys, threading
from dataclasses import replace
spec = importlib.util.spec_from_file_location("fakes", sys.argv[1])
fakes = sys.modules["fakes"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fakes)
import app.write
from types import SimpleNamespace
def write(library, paper_id, lang="en", writer="extractive", on_section=None):
    digest = fakes.make_digest(lang)
    return replace(digest, paper=replace(digest.paper, id=paper_id))
app.write.write_digest = write
import app.write.ask
from app.write.ask import Answer, AnswerQuote
def ask(library, question, within=None):
    words = "Each lantern burns for 3.5 hours."
    found = AnswerQuote(fakes.cited(words, "method.1", 2), "2401.00001", "Lanterns", "Method", 1.0)
    nearest = tuple(library.search("lantern", 3, fakes.SearchFilter()))
    return Answer(question, (found,) if "long" in question else (), nearest)
app.write.ask.ask = ask
import socket
from app.serve.server import running, web_app
from index.config import Settings
library = fakes.FakeLibrary(rows=[
    fakes.row("2401.00001"),
    fakes.row("attack", title="<img src=x onerror=alert(1)> ${1+1} {{value}}"),
])
library.digests["2401.00001"] = fakes.make_digest()
library.added["locked.pdf"] = SimpleNamespace(status="encrypted", reason="has a <b>password</b>")
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
with running(web_app(library, Settings()), "127.0.0.1", port) as address:
    print(address, flush=True)
    threading.Event().wait()
"""


PUBLIC = """
import os, signal, socket, sys, threading
from pathlib import Path
from app.serve.server import running, web_app
from index.config import Settings
from index.library import Library
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
library = Path(os.environ["GLOSS_LIBRARY"])
settings = Settings(library=library, public={"enabled": True, "shared_papers": 5})
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
with Library.open(settings) as library:
    with running(web_app(library, settings), "127.0.0.1", port) as address:
        print(address, flush=True)
        threading.Event().wait()
"""


@pytest.fixture(scope="module")
def address(serve_program: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_program(SERVER, tmp_path_factory.mktemp("server")) as line:
        yield line


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield running
        running.close()


@pytest.fixture(scope="module")
def tab(browser: Any) -> Iterator[Any]:
    """A tab for all tests of a file: Gradio's scripts are fetched and compiled once."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(tab: Any, address: str) -> Iterator[Any]:
    """The tab, empty, as on a first visit; nothing may go wrong in it, or be asked elsewhere."""
    elsewhere: list[str] = []
    problems: list[str] = []
    watched = {
        "request": lambda request: (
            None
            if request.url.startswith((address, "data:", "blob:"))
            else elsewhere.append(request.url)
        ),
        "pageerror": lambda error: problems.append(str(error)),
        "dialog": lambda dialog: problems.append("a dialog opened"),
    }
    for event, note in watched.items():
        tab.on(event, note)
    yield tab
    tab.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
    tab.context.clear_cookies()
    tab.context.clear_permissions()
    for event, note in watched.items():
        tab.remove_listener(event, note)
    tab.goto("about:blank")
    assert elsewhere == []
    assert problems == []


@pytest.fixture
def home(page: Any, address: str) -> None:
    """The first page is in the tab."""
    page.goto(address)
    page.get_by_label("Passages of papers").wait_for()


at_home = pytest.mark.usefixtures("home")


def _is_drawn(image: Any) -> bool:
    image.wait_for()
    image.evaluate("image => image.decode()")
    return bool(image.evaluate("image => image.naturalWidth") == 40)


def _search(page: Any, query: str) -> None:
    box = page.get_by_label("What are you looking for?")
    box.fill(query)
    box.press("Enter")


def _address(page: Any) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


@at_home
def test_search_and_see_the_page(page: Any) -> None:
    _search(page, "lantern hours")
    page.locator("#hits .hit").first.wait_for()
    assert page.locator("#hits mark").all_inner_texts() == ["lantern", "hours", "lantern"]
    assert page.locator("#hit-image img").count() == 0
    said = page.locator("#said [role=status]")
    assert said.inner_text() == "Passages found: 2. Best first."
    assert page.locator("#hits.waiting").count() == 0
    page.locator("#hits .hit").nth(1).click()
    assert _is_drawn(page.locator("#hit-image img"))
    assert "p. 2" in page.locator("#hit-line").inner_text()
    alt = page.locator("#hit-image img").get_attribute("alt")
    assert alt == "Page 2 of “Lanterns on Paths”, with the place marked"
    _search(page, "   ")
    page.get_by_text("the query is empty").first.wait_for()
    page.get_by_text("That did not work").first.wait_for()
    assert page.locator("#hits.waiting").count() == 0


@at_home
def test_the_keyboard_is_enough(page: Any) -> None:
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the results")
    assert skip.evaluate("link => link === document.activeElement")
    assert skip.bounding_box()["x"] >= 0  # seen, once it has the focus
    box = page.get_by_label("What are you looking for?")
    for _ in range(8):
        page.keyboard.press("Tab")
        if box.evaluate("box => box === document.activeElement"):
            break
    page.keyboard.type("lantern")
    page.keyboard.press("Enter")
    page.locator("#hits .hit").first.wait_for()
    title = page.locator("#hits .pick").first
    title.focus()
    page.keyboard.press("Enter")
    assert _is_drawn(page.locator("#hit-image img"))
    assert title.get_attribute("aria-current") == "true"


@at_home
def test_search_in_digests_instead(page: Any) -> None:
    _search(page, "hours")
    page.locator("#hits .hit").first.wait_for()
    page.get_by_label("Sentences of digests").click()
    page.locator("#hits", has_text="quoted from Method, p. 2").wait_for()
    assert page.locator("#hits .hit").count() == 1
    assert _address(page) == {"q": ["hours"], "in": ["digests"]}
    page.locator("#hits .hit").click()
    assert _is_drawn(page.locator("#hit-image img"))
    page.get_by_role("button", name="Filters").click()
    assert page.get_by_label("Part of the paper").is_disabled()
    page.get_by_label("Passages of papers").click()
    page.locator("#hits .hit").nth(1).wait_for()
    assert page.locator("#hit-image img").count() == 0
    assert page.get_by_label("Part of the paper").is_enabled()


def _choose(page: Any, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


@at_home
def test_a_filter_searches_anew_and_is_in_the_address(page: Any) -> None:
    _search(page, "lantern")
    page.locator("#hits .hit").nth(1).wait_for()
    page.get_by_role("button", name="Filters").click()
    _choose(page, "Part of the paper", "Method")
    page.locator("#said", has_text="Passages found: 1.").wait_for()
    _choose(page, "Year", "2024")
    _choose(page, "Category", "cs.LG")
    page.wait_for_function("location.search.includes('cs.LG')")
    asked = {"q": ["lantern"], "in": ["passages"], "part": ["method"]}
    assert _address(page) == asked | {"year": ["2024"], "category": ["cs.LG"]}


def test_an_address_opens_its_search(page: Any, address: str) -> None:
    page.goto(f"{address}?q=lantern&in=passages&part=method&year=2024&category=gone&of=gone")
    page.locator("#hits .hit").first.wait_for()
    assert page.locator("#hits .hit").count() == 1
    assert page.get_by_label("What are you looking for?").input_value() == "lantern"
    page.goto(f"{address}?q=Who lit the lantern?&in=ask")
    page.get_by_text("Not found in these papers. The nearest passages:").wait_for()
    page.goto(f"{address}?q=lantern&in=digests&part=method")
    page.locator("#hits", has_text="does not apply to digests").wait_for()  # it says why


@at_home
def test_ask_and_see_the_page(page: Any) -> None:
    page.get_by_label("What are you looking for?").fill("How long does a lantern burn?")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator("#hits", has_text="Each lantern burns for 3.5 hours. [1]").wait_for()
    assert page.locator("#hits .hit").count() == 1
    assert "Method · p. 2 · 2401.00001#method.1" in page.locator("#hits").inner_text()
    assert _address(page)["in"] == ["ask"]
    page.locator("#hits .hit").click()
    assert _is_drawn(page.locator("#hit-image img"))
    page.get_by_label("What are you looking for?").fill("Who lit the lantern?")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_text("Not found in these papers. The nearest passages:").wait_for()
    assert page.locator("#hits .hit").count() == 2
    page.locator("#hits .hit").nth(1).click()
    assert _is_drawn(page.locator("#hit-image img"))
    page.get_by_role("button", name="Search", exact=True).click()
    page.locator("#said", has_text="Passages found: 2").wait_for()
    assert _address(page)["in"] == ["passages"]


@at_home
def test_the_tour_is_there_until_it_was_used(page: Any, address: str) -> None:
    tour = page.locator("#tour section")
    tour.get_by_role("button", name="Find a passage").click()
    page.locator("#hits .hit").first.wait_for()
    assert _is_drawn(page.locator("#hit-image img"))  # at its place at once
    assert tour.get_by_role("button", name="Find a passage").inner_text().endswith("✓ seen")
    assert _address(page) == {"q": ["what are the limits of the method"], "in": ["passages"]}
    tour.get_by_role("button", name="Ask, and get").click()
    page.get_by_text("Not found in these papers.").first.wait_for()
    page.goto(address)
    assert tour.get_by_role("button", name="Ask, and get").inner_text().endswith("✓ seen")
    tour.get_by_role("button", name="Read a digest").click()
    page.locator("#digest h2", has_text="Lanterns on Paths").wait_for()
    page.goto(address)
    page.get_by_text("Results stand here").wait_for()
    assert tour.is_hidden()


@at_home
def test_an_own_question_ends_the_tour(page: Any, address: str) -> None:
    page.locator("#tour section").wait_for()
    _search(page, "lantern")
    page.locator("#tour section").wait_for(state="hidden")


@at_home
def test_a_result_opens_its_paper(page: Any, address: str) -> None:
    _search(page, "lantern")
    page.get_by_role("link", name="Read this paper").first.click()
    page.locator("#digest h2", has_text="Lanterns on Paths").wait_for()
    assert page.get_by_role("tab", name="Paper").get_attribute("aria-selected") == "true"
    page.goto(f"{address}?paper=2401.00001")
    page.locator("#digest h2", has_text="Lanterns on Paths").wait_for()
    page.goto(f"{address}?paper=gone")
    page.locator("#digest", has_text="gone is not in this library").wait_for()


@at_home
def test_library_shows_titles_as_text(page: Any) -> None:
    page.get_by_role("tab", name="Library").click()
    title = "<img src=x onerror=alert(1)> ${1+1} {{value}}"
    page.locator("#papers").get_by_role("link", name=title).wait_for()
    assert page.locator("#papers img, #pictures img").count() == 0


@at_home
def test_the_map_opens_a_paper(page: Any) -> None:
    page.get_by_role("tab", name="Library").click()
    dots = page.locator("#pictures .map a")
    dots.first.wait_for()
    assert dots.count() == 2
    page.get_by_label("year", exact=True).click()
    page.locator("#pictures .legend", has_text="2024 (2)").wait_for()
    page.locator("#pictures .map").get_by_role("link", name="Lanterns on Paths (2024)").click()
    page.locator("#digest h2", has_text="Lanterns on Paths").wait_for()


def _in(browser: Any, **wishes: Any) -> Any:
    context = browser.new_context(reduced_motion="reduce", **wishes)
    context.set_default_timeout(20_000)
    return context


def test_a_chinese_visitor(browser: Any, address: str) -> None:
    for locale, asked in (("zh-CN", ""), ("en-US", "&lang=zh")):
        context = _in(browser, locale=locale)
        page = context.new_page()
        page.goto(f"{address}?q=lantern{asked}")
        page.locator("#said", has_text="找到 2 段原文").wait_for()
        assert page.evaluate("document.documentElement.lang") == "zh-CN"
        page.get_by_role("tab", name="论文库").wait_for()
        served = context.request.get(page.url, headers={"Accept-Language": locale}).text()
        assert '<html\n\tlang="zh-CN"' in served
        page.get_by_label("想找什么？").press("Control+a")
        page.keyboard.type(" ")
        page.keyboard.press("Enter")
        page.get_by_text("操作未成功").first.wait_for()
        shown = page.locator("#tab-search, [role=tabpanel]").first.inner_text()
        for english in ("Search", "Filters", "Passages", "found by", "Choose"):
            assert english not in shown
        page.get_by_role("link", name="English").press("Enter")  # the message lies over it for 10 s
        page.get_by_label("What are you looking for?").wait_for()
        assert page.evaluate("document.documentElement.lang") == "en"
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_nothing_stands_in_the_way_of_anybody(
    page: Any, address: str, scheme: str, lang: str
) -> None:
    """axe-core finds nothing serious or critical, on every tab."""
    from axe_core_python.sync_playwright import Axe

    axe = Axe()
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{address}?q=lantern&lang={lang}")
    page.locator("#hits .hit").first.click()
    page.locator("#hit-image img").wait_for()
    for number in range(3):
        if number:
            page.get_by_role("tab").nth(number).click()
            page.locator("#upload, #pictures svg.map").locator("visible=true").first.wait_for()
        found = axe.run(page)["violations"]
        grave = [one for one in found if one["impact"] in ("serious", "critical")]
        assert [(one["id"], one["nodes"][0]["html"]) for one in grave] == []
    page.emulate_media(color_scheme="null", reduced_motion="null")


def test_a_phone_needs_no_scrolling_sideways(browser: Any, address: str) -> None:
    context = _in(browser, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{address}?q=lantern")
    page.locator("#hits .hit").first.wait_for()
    for name in ("Search", "Paper", "Library"):
        page.get_by_role("tab", name=name).click()
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
    context.close()


def test_a_visitor_s_paper_is_the_others_once_it_is_shared(
    serve_program: Any, browser: Any, tmp_path: Path
) -> None:
    with serve_program(PUBLIC, tmp_path) as address:

        def visit(query: str = "") -> Any:
            page = browser.new_context().new_page()
            page.set_default_timeout(30_000)
            page.goto(address + query)
            page.get_by_role("tab", name="Paper", exact=True).click()
            return page

        def choices(page: Any) -> list[str]:
            page.get_by_label("A paper of the library").click()
            options = page.get_by_role("option")
            return list(options.all_inner_texts())

        ada = visit()
        assert not ada.locator("#share").is_visible()
        with ada.expect_file_chooser() as chooser:
            ada.locator("#upload").click()
        chooser.value.set_files(DATA / "choosing-passage-size.md")
        ada.get_by_text("Added: choosing-passage-size").wait_for()
        ada.locator("#share").get_by_text("Share this paper").click()
        bo = visit()
        assert choices(bo) == []
        bo.context.close()
        ada.get_by_text("you cannot take it back").wait_for()
        ada.get_by_role("button", name="Share with all visitors").click()
        ada.get_by_text("Shared with all visitors: choosing-passage-size").wait_for()
        ada.locator("#share").wait_for(state="hidden")
        bo = visit("?paper=choosing-passage-size")
        bo.locator("#digest").get_by_role("heading", name="Choosing the Passage Size").wait_for()
        assert not bo.locator("#share").is_visible()
        (choice,) = choices(bo)
        assert "(choosing-passage-size)" in choice
        for visitor in (ada, bo):
            visitor.context.close()
        folders = tmp_path / "library" / "visitors"
        for _ in range(100):  # until the server has let them go, so that it ends quietly
            if not list(folders.iterdir()):
                break
            time.sleep(0.1)
        assert list(folders.iterdir()) == []
