"""The app in a browser: the first screen, searches and answers, addresses, adding, the library."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import pytest

CHROMIUM = next(
    (path for path in map(Path, ("/usr/bin/chromium", "/usr/bin/google-chrome")) if path.exists()),
    None,
)
DATA = Path(__file__).parents[2] / "data"
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


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
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(60_000)
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
    page.goto(address, wait_until="commit")
    page.locator("#home .cards li").first.wait_for()


at_home = pytest.mark.usefixtures("home")
NAME = "What are you looking for?"
TABS = {"today": "#today-list li", "library": "#papers table", "compare": "#compare-papers input"}


def _search(page: Any, query: str) -> None:
    page.get_by_label(NAME).fill(query)
    page.get_by_label(NAME).press("Enter")


def _asked(page: Any) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def violations(page: Any) -> list[tuple[str, str]]:
    """What axe-core finds on the screen, of whatever grade."""
    from axe_core_python.sync_playwright import Axe

    found = Axe().run(page)["violations"]
    return [(one["id"], node["html"][:200]) for one in found for node in one["nodes"]]


@at_home
def test_the_first_screen_shows_what_this_is(page: Any) -> None:
    """A line, a box, a sentence lit on its page, and papers; Gradio is not waited for."""
    assert page.get_by_text("Ask your research papers.").is_visible()
    lit = page.locator(".example .lit.on")
    assert "We measure how well lanterns light a path." in lit.inner_text()
    image = page.locator(".example .frame img")
    image.evaluate("image => image.decode()")
    marks = page.locator(".example .mark.on")
    frame, mark = page.locator(".example .frame").bounding_box(), marks.first.bounding_box()
    assert frame["x"] <= mark["x"] and mark["y"] + mark["height"] <= frame["y"] + frame["height"]
    titles = page.locator(".cards h3").all_inner_texts()
    assert "<img src=x onerror=alert(1)> ${1+1} {{value}}" in titles and len(titles) >= 4
    assert page.locator(".cards img").count() == 0
    assert page.title() == "gloss"
    assert violations(page) == []
    lit.click()
    page.locator(".claim.chosen").wait_for()
    assert _asked(page)["sentence"] == ["summary.1"]


@at_home
def test_a_question_gets_its_answer_above_the_passages(page: Any) -> None:
    _search(page, "How long does a lantern burn?")
    answer = page.locator("#answer .answer .say")
    answer.wait_for()
    assert "Each lantern burns for 3.5 hours." in answer.inner_text()
    assert page.locator("#answer .chip").inner_text() == "p. 2"
    assert page.locator("#hits .hit").count() == 2
    tops = [page.locator(one).bounding_box()["y"] for one in ("#answer", "#hits")]
    assert tops[0] < tops[1]
    assert page.title() == "How long does a lantern burn? · gloss"
    assert violations(page) == []
    _search(page, "Who lit the lantern?")
    page.get_by_text("No sentence of these papers answers that.").first.wait_for()
    _search(page, "lantern hours")
    page.locator("#said", has_text="Passages: 2, papers: 1.").wait_for()
    assert page.locator("#hits mark").all_inner_texts() == ["lantern", "hours", "lantern"]
    assert page.locator("#answer").inner_text() == ""  # no question, no answer


@at_home
def test_the_last_question_wins(page: Any) -> None:
    _search(page, "slow")  # two seconds
    page.locator("#hits .busy").wait_for()
    _search(page, "lantern")
    page.locator("#hits .hit").first.wait_for()
    shown = page.locator("#hits").inner_html()
    page.wait_for_timeout(2500)
    assert page.locator("#hits").inner_html() == shown and "<mark>lantern" in shown
    assert _asked(page) == {"q": ["lantern"]}


@at_home
def test_nothing_of_a_former_question_stays_below_a_new_one(page: Any) -> None:
    _search(page, "lantern")
    page.locator("#hits .hit").first.wait_for()
    _search(page, "slow")
    page.locator("#hits .busy").wait_for()
    assert page.locator("#hits .hit").count() == 0 and page.locator("#said").inner_text() == ""
    page.locator("#hits .hit").first.wait_for()


@at_home
def test_nonsense_is_said_to_match_nothing(page: Any) -> None:
    _search(page, "zzzzqqq xxyy")
    page.get_by_text("Nothing here matches “zzzzqqq xxyy” well.").wait_for()
    _search(page, "crowd")
    page.locator("#said", has_text="Passages: 4, papers: 2").wait_for()
    page.get_by_role("link", name="more in this paper").click()
    page.wait_for_function("location.search.includes('of=2401.00001')")
    _search(page, "nothing")
    page.locator("#hits", has_text="Nothing found. Try other words").wait_for()
    _search(page, "!?!")
    page.locator("#hits [role=alert]", has_text="the query is empty").wait_for()


@at_home
def test_back_and_forward_lead_through_every_screen(page: Any, address: str) -> None:
    _search(page, "lantern")
    page.locator("#hits .hit").nth(1).click()
    page.locator(".mark.here.on").first.wait_for()
    assert _asked(page)["at"] == ["100-132"] and _asked(page)["q"] == ["lantern"]
    page.locator("#digest .claim").first.wait_for()
    assert page.title() == "Lanterns on Paths · gloss"
    page.reload(wait_until="commit")
    page.locator(".mark.here.on").first.wait_for()
    page.locator("#found-words", has_text="We tried no lantern in the rain.").wait_for()
    page.get_by_role("link", name="Back").click()
    page.locator("#hits .hit").first.wait_for()
    assert _asked(page) == {"q": ["lantern"]}
    page.go_back()
    page.locator("#home .cards").wait_for()
    assert page.title() == "gloss"
    page.go_forward()
    page.locator("#hits .hit").first.wait_for()
    assert page.get_by_label(NAME).input_value() == "lantern"
    page.goto(f"{address}?view=library", wait_until="commit")
    page.locator("#papers table").wait_for()
    assert page.title() == "Library · gloss"
    page.get_by_role("link", name="gloss", exact=True).click()
    page.locator("#home .cards").wait_for()
    page.go_back()
    page.locator("#papers table").wait_for()


def test_an_address_has_its_filters(page: Any, address: str) -> None:
    page.goto(f"{address}?q=lantern&part=method&year=2024&category=cs.LG", wait_until="commit")
    page.locator("#said", has_text="Passages: 1,").wait_for()
    part = page.get_by_label("Part of the paper")
    page.wait_for_function("document.querySelector('#filters [name=part]')?.value === 'method'")
    part.select_option("")
    page.locator("#said", has_text="Passages: 2,").wait_for()
    assert _asked(page) == {"q": ["lantern"], "year": ["2024"], "category": ["cs.LG"]}
    page.get_by_label("Search in").select_option("digests")
    page.locator("#said", has_text="Sentences of digests:").wait_for()
    assert part.is_disabled()
    page.go_back()
    page.locator("#said", has_text="Passages: 2,").wait_for()
    assert part.is_enabled()


@at_home
def test_the_keyboard_is_enough(page: Any) -> None:
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    assert skip.evaluate("link => link === document.activeElement")
    assert skip.bounding_box()["x"] >= 0  # seen, once it has the focus
    page.keyboard.press("/")
    page.keyboard.type("lantern")
    page.keyboard.press("Enter")
    link = page.locator("#hits .pick").first
    link.focus()
    page.keyboard.press("Enter")
    page.locator(".mark.here.on").first.wait_for()


@at_home
def test_the_library_opens_papers(page: Any) -> None:
    page.get_by_role("link", name="Library").click()
    title = "<img src=x onerror=alert(1)> ${1+1} {{value}}"
    page.locator("#papers").get_by_role("link", name=title).wait_for()
    assert page.locator("#papers img, #pictures img").count() == 0


@at_home
def test_the_list_is_sorted_filtered_and_undone(page: Any) -> None:
    page.get_by_role("link", name="Library", exact=True).click()
    rows = page.locator("#papers tbody tr")
    rows.first.wait_for()
    before = rows.count()
    page.locator("#papers").get_by_role("button", name="Paper", exact=True).click()
    page.locator("#papers th[aria-sort=ascending]").wait_for()
    page.locator("#papers tbody input").first.check()
    page.get_by_text("1 chosen").wait_for()
    page.locator("#papers").get_by_role("button", name="Remove", exact=True).click()
    page.get_by_text("Removed: 1.").wait_for()
    assert rows.count() == before - 1
    page.get_by_role("button", name="Undo").click()
    page.get_by_text(f"Papers: {before}").wait_for()
    assert rows.count() == before
    page.get_by_label("Filter by title").press_sequentially("no such words")
    page.get_by_text("No paper has these words").wait_for()
    page.get_by_label("Filter by title").press("Control+a")
    page.get_by_label("Filter by title").press("Backspace")
    page.get_by_text(f"Papers: {before}").wait_for()


@at_home
def test_chosen_papers_are_tagged_and_taken_along(page: Any) -> None:
    page.get_by_role("link", name="Library", exact=True).click()
    papers = page.locator("#papers")
    rows = papers.locator("tbody tr")
    rows.first.wait_for()
    papers.get_by_label("Choose “A text”").check()
    papers.get_by_label("Tag", exact=True).fill("survey")
    papers.get_by_role("button", name="Add tag").click()
    papers.locator(".tag", has_text="#survey").wait_for()
    assert papers.get_by_label("Choose “A text”").is_checked()
    papers.locator("[data-by-tag]").select_option("survey")
    page.wait_for_function("document.querySelectorAll('#papers tbody tr').length === 1")
    papers.locator(".take summary").click()
    with page.expect_download() as downloading:
        papers.get_by_role("button", name="BibTeX").click()
    assert downloading.value.suggested_filename == "papers.bib"
    assert "keywords = {survey}" in Path(downloading.value.path()).read_text()
    papers.locator(".take:not([open])").wait_for()
    assert violations(page) == []
    papers.get_by_label("Tag", exact=True).fill("survey")
    papers.get_by_role("button", name="Take tag away").click()
    page.get_by_text("No paper has these words").wait_for()


@at_home
def test_today_is_marked_and_opens_a_paper(page: Any) -> None:
    page.get_by_role("link", name="Today", exact=True).click()
    item = page.locator("#today-list li", has_text="Lanterns on Paths").first
    item.wait_for()
    papers = page.locator("#today-list li").count()
    item.get_by_role("button", name="Read").click()
    page.locator("#today-list li.read").wait_for()
    page.locator("#today-line", has_text=f"{papers - 1} unread").wait_for()
    item.get_by_role("button", name="Read").click()
    page.locator("#today-line", has_text=f"{papers} unread").wait_for()
    page.get_by_label("Authors").press_sequentially("nobody at all")
    page.get_by_text("No paper of this day passes the filters.").wait_for()
    page.get_by_label("Authors").press("Control+a")
    page.get_by_label("Authors").press("Backspace")
    item.get_by_role("link", name="Lanterns on Paths").first.click()
    page.locator("#digest h2", has_text="Lanterns on Paths").wait_for()


def test_every_tab_in_the_dark(browser: Any, address: str) -> None:
    """Gradio's part has the colours of the page around it, and a heading of the first level."""
    context = _in(browser, color_scheme="dark")
    tab = context.new_page()
    for view, place in TABS.items():
        tab.goto(f"{address}?view={view}", wait_until="commit")
        tab.locator(place).first.wait_for()
        behind = "one => getComputedStyle(document.querySelector(one)).backgroundColor"
        assert tab.evaluate(behind, "body") == "rgb(23, 24, 26)"
        assert tab.evaluate(behind, ".gradio-container") == "rgba(0, 0, 0, 0)"
        block = tab.locator(".gradio-container .block:visible").first
        assert block.evaluate("one => getComputedStyle(one).backgroundColor") == "rgb(23, 24, 26)"
        assert violations(tab) == [], view
    context.close()


def test_the_page_is_sent_compressed(address: str) -> None:
    plain, packed = Request(address), Request(address, headers={"Accept-Encoding": "gzip"})
    with urlopen(plain) as answer:
        whole = answer.read()
    with urlopen(packed) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        sent = answer.read()
    assert len(sent) < len(whole) / 3
    assert gzip.decompress(sent) == whole


@at_home
def test_the_map_opens_a_paper(page: Any) -> None:
    page.get_by_role("link", name="Library", exact=True).click()
    page.locator("#map-fold").get_by_role("button", name="Map of the library").click()
    dots = page.locator("#pictures .map a")
    dots.first.wait_for()
    assert dots.count() >= 2
    page.get_by_label("year", exact=True).click()
    page.locator("#pictures .legend", has_text="2024 (").wait_for()
    page.locator("#papers").get_by_role("link", name="Lanterns on Paths").first.click()
    page.locator("#digest h2", has_text="Lanterns on Paths").wait_for()
    page.go_back()
    page.locator("#papers table").wait_for()


def _in(browser: Any, **wishes: Any) -> Any:
    context = browser.new_context(reduced_motion="reduce", **wishes)
    context.set_default_timeout(60_000)
    return context


def test_a_chinese_visitor(browser: Any, address: str) -> None:
    context = _in(browser, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{address}?q=lantern", wait_until="commit")
    page.locator("#said", has_text="找到 2 段原文").wait_for()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    served = context.request.get(page.url, headers={"Accept-Language": "zh-CN"}).text()
    assert '<html\n\tlang="zh-CN"' in served
    shown = page.locator("#top").inner_text() + page.locator("#found").inner_text()
    for english in ("Search", "Filters", "Passages", "Library", "Add"):
        assert english not in shown
    assert violations(page) == []
    page.get_by_role("link", name="English").click()
    page.locator("#said", has_text="Passages: 2").wait_for()
    assert page.evaluate("document.documentElement.lang") == "en"
    context.close()


def _files(page: Any, *paths: Path) -> None:
    for path in paths:
        if not path.exists():
            path.write_bytes(b"%PDF-1.7\n")
    page.locator("#top a.add").click()
    page.locator("#upload input[type=file]").set_input_files([str(path) for path in paths])


@at_home
def test_files_are_added_one_after_the_other(page: Any, tmp_path: Path) -> None:
    before = int(page.locator(".newest .count").inner_text().split()[0])
    names = ("2402.00002.pdf", "locked.pdf", "2402.00003.pdf")
    _files(page, *(tmp_path / name for name in names))
    page.locator("#adding [aria-current=step]").first.wait_for()
    stages = page.locator("#adding .stages").first.inner_text()
    assert "embedding" in stages and "asking arXiv" not in stages  # nothing is fetched
    page.locator("#adding", has_text="3 of 3").wait_for()
    assert page.locator("#adding .done").count() == 2
    failed = page.locator("#adding .failed").inner_text()
    assert "encrypted: has a <b>password</b>" in failed
    page.get_by_label("Add a paper from arXiv").fill("/etc/passwd")
    page.locator("button#add").click()
    page.locator("#adding .failed", has_text="paste one like 2407.03300").wait_for()
    assert violations(page) == []
    page.get_by_role("link", name="gloss", exact=True).click()
    page.locator(".newest", has_text=f"{before + 2} in the library").wait_for()


@at_home
def test_one_paper_that_was_added_opens(page: Any, tmp_path: Path) -> None:
    _files(page, tmp_path / "2402.00009.pdf")
    page.locator("#digest h2", has_text="Lanterns on Paths").wait_for()
    assert _asked(page) == {"paper": ["2402.00009"]}


@at_home
def test_adding_can_be_cancelled(page: Any, address: str, tmp_path: Path) -> None:
    _files(page, tmp_path / "slow.pdf")
    page.locator("#adding [aria-current=step]", has_text="storing").wait_for()
    page.locator("#cancel").click()
    page.locator("#adding", has_text="Stopped. Nothing was added.").wait_for()
    assert not page.locator("#cancel").is_visible()
    page.goto(f"{address}?paper=slow", wait_until="commit")
    page.locator("#digest", has_text="slow is not in this library").wait_for()


def test_a_visitor_s_paper_is_the_others_once_it_is_shared(
    served: tuple[str, str, Path], browser: Any
) -> None:
    _, public, library = served

    def visit(query: str = "") -> Any:
        page = _in(browser).new_page()
        page.goto(public + query, wait_until="commit")
        return page

    def share(page: Any) -> Any:
        page.locator("#digest .menu summary").first.click()
        return page.get_by_role("button", name="Share with all visitors")

    ada = visit()
    ada.locator(".nothing").wait_for()
    _files(ada, DATA / "choosing-passage-size.md")
    ada.locator("#digest").get_by_role("heading", name="Choosing the Passage Size").wait_for()
    bo = visit("?paper=choosing-passage-size")
    bo.locator("#digest", has_text="is not in this library").wait_for()
    button = share(ada)
    ada.get_by_text("you cannot take it back").wait_for()
    button.click()
    ada.get_by_text("Shared with all visitors: choosing-passage-size").wait_for()
    bo.reload(wait_until="commit")
    bo.locator("#digest").get_by_role("heading", name="Choosing the Passage Size").wait_for()
    assert not share(bo).is_visible()
    for visitor in (ada, bo):
        visitor.context.close()
    folders = library / "visitors"
    for _ in range(100):  # until the server has let them go, so that it ends quietly
        if not list(folders.iterdir()):
            break
        time.sleep(0.1)
    assert list(folders.iterdir()) == []
