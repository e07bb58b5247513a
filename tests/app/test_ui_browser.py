"""The app in a browser: the first screen, searches and answers, addresses, adding, the library."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from browsing import (
    DESK,
    PHONE,
    asks,
    context_of,
    is_accessible,
    needs_chromium,
    settles,
    until,
    visit,
)
from playwright.sync_api import expect

DATA = Path(__file__).parents[2] / "data"
pytestmark = needs_chromium


@pytest.fixture
def home(page: Any, address: str) -> None:
    """The first page is in the tab."""
    visit(page, address)
    page.locator("#home .cards li").first.wait_for()


at_home = pytest.mark.usefixtures("home")
FRAMED = """() => {
  const [frame, mark] = ['.example .frame', '.example .mark.on']
    .map((one) => document.querySelector(one).getBoundingClientRect());
  return frame.left <= mark.left && mark.bottom <= frame.bottom;
}"""
ANSWER_ABOVE = """() => {
  const [answer, hits] = ['#answer', '#hits']
    .map((one) => document.querySelector(one).getBoundingClientRect());
  return answer.top < hits.top;
}"""
# While an answer is waited for; looked at in one moment.
NOTHING_BELOW = """() => document.querySelector('#hits .busy')
  && !document.querySelector('#hits .hit') && !document.querySelector('#said').textContent"""
NAME = "What are you looking for?"
TABS = {"today": "#today-list li", "library": "#papers table", "compare": "#compare-papers input"}


def _search(page: Any, query: str) -> None:
    page.get_by_label(NAME).fill(query)
    page.get_by_label(NAME).press("Enter")


@at_home
def test_the_first_screen_shows_what_this_is(page: Any) -> None:
    """A line, a box, a sentence lit on its page, and papers; Gradio is not waited for."""
    expect(page.get_by_text("Ask your research papers.")).to_be_visible()
    lit = page.locator(".example .lit.on")
    expect(lit).to_contain_text("We measure how well lanterns light a path.")
    image = page.locator(".example .frame img")
    image.evaluate("image => image.decode()")
    page.wait_for_function(FRAMED)
    titles = page.locator(".cards h3")
    hostile = "<img src=x onerror=alert(1)> ${1+1} {{value}}"
    expect(titles.get_by_text(hostile, exact=True)).to_be_visible()
    expect(titles.nth(3)).to_be_visible()
    expect(page.locator(".cards img")).to_have_count(0)
    expect(page).to_have_title("gloss")
    is_accessible(page)
    lit.click()
    page.locator(".claim.chosen").wait_for()
    asks(page, paper="2401.00001", sentence="summary.1")


def test_a_tab_that_cannot_be_had_is_asked_for_once_and_again_by_a_click(
    page: Any, address: str
) -> None:
    asked: list[Any] = []

    def fails(route: Any) -> None:
        asked.append(route)
        route.fulfill(status=500, body="no")

    page.route("**/gradio", fails)
    visit(page, f"{address}?view=library")
    again = page.locator("#starting").get_by_role("button", name="Try again")
    again.wait_for()
    page.wait_for_timeout(500)  # ten looks at whether the tab is there
    assert len(asked) == 1
    again.click()
    until(page, lambda: len(asked), 2)
    page.unroute("**/gradio")


@at_home
def test_a_question_gets_its_answer_above_the_passages(page: Any) -> None:
    _search(page, "How long does a lantern burn?")
    answer = page.locator("#answer .answer .say")
    expect(answer).to_contain_text("Each lantern burns for 3.5 hours.", use_inner_text=True)
    expect(page.locator("#answer .chip")).to_have_text("p. 2", use_inner_text=True)
    expect(page.locator("#hits .hit")).to_have_count(2)
    page.wait_for_function(ANSWER_ABOVE)
    expect(page).to_have_title("How long does a lantern burn? · gloss")
    is_accessible(page)
    _search(page, "Who lit the lantern?")
    page.get_by_text("No sentence of these papers answers that.").first.wait_for()
    _search(page, "lantern hours")
    page.locator("#said", has_text="Passages: 2, papers: 1.").wait_for()
    marked = page.locator("#hits mark")
    expect(marked).to_have_text(["lantern", "hours", "lantern"], use_inner_text=True)
    expect(page.locator("#answer")).to_have_text("")  # no question, no answer


@at_home
def test_the_last_question_wins(page: Any) -> None:
    _search(page, "slow")  # two seconds
    page.locator("#hits .busy").wait_for()
    _search(page, "lantern")
    page.locator("#hits .hit").first.wait_for()
    shown = page.locator("#hits").inner_html()
    page.wait_for_timeout(2500)
    until(page, page.locator("#hits").inner_html, shown)
    assert "<mark>lantern" in shown
    asks(page, q="lantern")


@at_home
def test_nothing_of_a_former_question_stays_below_a_new_one(page: Any) -> None:
    _search(page, "lantern")
    page.locator("#hits .hit").first.wait_for()
    _search(page, "slow")
    page.wait_for_function(NOTHING_BELOW)
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
def test_back_and_forward_lead_through_the_screens(page: Any) -> None:
    _search(page, "lantern")
    page.locator("#hits .hit").nth(1).click()
    page.locator(".mark.here.on").first.wait_for()
    asks(page, paper="2401.00001", at="100-132", q="lantern")
    page.locator("#digest .claim").first.wait_for()
    expect(page).to_have_title("Lanterns on Paths · gloss")
    page.reload(wait_until="commit")
    page.locator(".mark.here.on").first.wait_for()
    page.locator("#found-words", has_text="We tried no lantern in the rain.").wait_for()
    page.get_by_role("link", name="Back").click()
    page.locator("#hits .hit").first.wait_for()
    asks(page, q="lantern")
    page.go_back()
    page.locator("#home .cards").wait_for()
    expect(page).to_have_title("gloss")
    page.go_forward()
    page.locator("#hits .hit").first.wait_for()
    expect(page.get_by_label(NAME)).to_have_value("lantern")


def test_an_address_has_its_filters(page: Any, address: str) -> None:
    visit(page, f"{address}?q=lantern&part=method&year=2024&category=cs.LG")
    page.locator("#said", has_text="Passages: 1,").wait_for()
    part = page.get_by_label("Part of the paper")
    expect(part).to_have_value("method")
    part.select_option("")
    page.locator("#said", has_text="Passages: 2,").wait_for()
    asks(page, q="lantern", year="2024", category="cs.LG")
    page.get_by_label("Search in").select_option("digests")
    page.locator("#said", has_text="Sentences of digests:").wait_for()
    expect(part).to_be_disabled()
    page.go_back()
    page.locator("#said", has_text="Passages: 2,").wait_for()
    expect(part).to_be_enabled()


@at_home
def test_the_keyboard_is_enough(page: Any) -> None:
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    until(page, lambda: skip.bounding_box()["x"] >= 0, True)  # seen, once it has the focus
    page.keyboard.press("/")
    expect(page.get_by_label(NAME)).to_be_focused()
    page.keyboard.type("lantern")
    page.keyboard.press("Enter")
    link = page.locator("#hits .pick").first
    link.focus()
    page.keyboard.press("Enter")
    page.locator(".mark.here.on").first.wait_for()


def test_the_library_opens_papers(part: Any) -> None:
    part.get_by_role("link", name="Library").click()
    title = "<img src=x onerror=alert(1)> ${1+1} {{value}}"
    part.locator("#papers").get_by_role("link", name=title).wait_for()
    expect(part.locator("#papers img, #pictures img")).to_have_count(0)
    expect(part).to_have_title("Library · gloss")
    part.get_by_role("link", name="gloss", exact=True).click()
    part.locator("#home .cards").wait_for()
    part.go_back()
    part.locator("#papers table").wait_for()
    part.set_viewport_size(PHONE)
    settles(part, "document.documentElement.scrollWidth <= 390", True)
    part.set_viewport_size(DESK)


def test_the_list_is_sorted_filtered_and_undone(part: Any) -> None:
    part.get_by_role("link", name="Library", exact=True).click()
    rows = part.locator("#papers tbody tr")
    rows.first.wait_for()
    before = rows.count()
    part.locator("#papers").get_by_role("button", name="Paper", exact=True).click()
    part.locator("#papers th[aria-sort=ascending]").wait_for()
    part.locator("#papers tbody input").first.check()
    part.get_by_text("1 chosen").wait_for()
    part.locator("#papers").get_by_role("button", name="Remove", exact=True).click()
    part.get_by_text("Removed: 1.").wait_for()
    expect(rows).to_have_count(before - 1)
    part.get_by_role("button", name="Undo").click()
    part.get_by_text(f"Papers: {before}").wait_for()
    expect(rows).to_have_count(before)
    part.get_by_label("Filter by title").press_sequentially("no such words")
    part.get_by_text("No paper has these words").wait_for()
    part.get_by_label("Filter by title").press("Control+a")
    part.get_by_label("Filter by title").press("Backspace")
    part.get_by_text(f"Papers: {before}").wait_for()


def test_chosen_papers_are_tagged_and_taken_along(part: Any) -> None:
    part.get_by_role("link", name="Library", exact=True).click()
    papers = part.locator("#papers")
    rows = papers.locator("tbody tr")
    rows.first.wait_for()
    papers.get_by_label("Choose “A text”").check()
    papers.get_by_label("Tag", exact=True).fill("survey")
    papers.get_by_role("button", name="Add tag").click()
    papers.locator(".tag", has_text="#survey").wait_for()
    expect(papers.get_by_label("Choose “A text”")).to_be_checked()
    papers.locator("[data-by-tag]").select_option("survey")
    expect(rows).to_have_count(1)
    papers.locator(".take summary").click()
    with part.expect_download() as downloading:
        papers.get_by_role("button", name="BibTeX").click()
    assert downloading.value.suggested_filename == "papers.bib"
    assert "keywords = {survey}" in Path(downloading.value.path()).read_text()
    papers.locator(".take:not([open])").wait_for()
    papers.locator(".take summary").click()
    part.keyboard.press("Escape")
    papers.locator(".take:not([open])").wait_for()
    is_accessible(part)
    expect(papers.get_by_label("Tag", exact=True)).to_have_value("")
    papers.get_by_label("Tag", exact=True).fill("survey")
    papers.get_by_role("button", name="Take tag away").click()
    part.get_by_text("No paper has these words").wait_for()
    papers.locator("[data-by-tag]").select_option("")
    expect(rows.nth(1)).to_be_visible()


def test_today_is_marked_and_opens_a_paper(part: Any) -> None:
    part.get_by_role("link", name="Today", exact=True).click()
    item = part.locator("#today-list li", has_text="Lanterns on Paths").first
    item.wait_for()
    papers = part.locator("#today-list li").count()
    item.get_by_role("button", name="Mark as read").click()
    part.locator("#today-list li.read").wait_for()
    part.locator("#today-line", has_text=f"{papers - 1} unread").wait_for()
    item.get_by_role("button", name="Mark as read").click()
    part.locator("#today-line", has_text=f"{papers} unread").wait_for()
    part.get_by_label("Authors").press_sequentially("nobody at all")
    part.get_by_text("No paper of this day passes the filters.").wait_for()
    part.get_by_label("Authors").press("Control+a")
    part.get_by_label("Authors").press("Backspace")
    item.get_by_role("link", name="Lanterns on Paths").first.click()
    part.locator("#digest h2", has_text="Lanterns on Paths").wait_for()


def test_every_tab_in_the_dark(part: Any) -> None:
    """Gradio's part has the colours of the page around it, and a heading of the first level."""
    part.emulate_media(color_scheme="dark")
    for view, place in TABS.items():
        part.evaluate("(view) => gloss.go(new URLSearchParams({view}))", view)
        part.locator(place).first.locator("visible=true").wait_for()
        block = part.locator(".gradio-container .block:visible").first
        gradio = part.locator(".gradio-container").first
        expect(part.locator("body")).to_have_css("background-color", "rgb(23, 24, 26)")
        expect(gradio).to_have_css("background-color", "rgba(0, 0, 0, 0)")
        expect(block).to_have_css("background-color", "rgb(23, 24, 26)")
        is_accessible(part)
    part.emulate_media(color_scheme="light")


def test_the_page_is_sent_compressed(address: str) -> None:
    plain, packed = Request(address), Request(address, headers={"Accept-Encoding": "gzip"})
    with urlopen(plain) as answer:
        whole = answer.read()
    with urlopen(packed) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        sent = answer.read()
    assert len(sent) < len(whole) / 3
    assert gzip.decompress(sent) == whole


def test_the_map_opens_a_paper(part: Any) -> None:
    part.get_by_role("link", name="Library", exact=True).click()
    part.locator("#map-fold").get_by_role("button", name="Map of the library").click()
    dots = part.locator("#pictures .map a")
    expect(dots.nth(1)).to_be_visible()
    part.get_by_label("year", exact=True).click()
    part.locator("#pictures .legend", has_text="2024 (").wait_for()
    part.locator("#papers").get_by_role("link", name="Lanterns on Paths").first.click()
    part.locator("#digest h2", has_text="Lanterns on Paths").wait_for()
    part.go_back()
    part.locator("#papers table").wait_for()


def test_a_chinese_visitor(browser: Any, address: str) -> None:
    context = context_of(browser, locale="zh-CN")
    page = context.new_page()
    visit(page, f"{address}?q=lantern")
    page.locator("#said", has_text="找到 2 段原文").wait_for()
    html = page.locator("html")
    expect(html).to_have_attribute("lang", "zh-CN")
    served = context.request.get(page.url, headers={"Accept-Language": "zh-CN"}).text()
    assert '<html lang="zh-CN">' in served
    for english in ("Search", "Filters", "Passages", "Library", "Add"):
        for part in ("#top", "#found"):
            expect(page.locator(part)).not_to_contain_text(english, use_inner_text=True)
    is_accessible(page)
    visit(page, f"{address}?paper=2401.00001")
    digest = page.locator("#digest")
    digest.locator("h3", has_text="结论").wait_for()
    expect(page.get_by_role("button", name="中文")).to_have_attribute("aria-pressed", "true")
    for words in ("论文中未说明", "请在“复制与更多”中选择模型"):
        expect(digest).to_contain_text(words, use_inner_text=True)
    quoted = re.compile(r"quoted|word for word|not stated")
    expect(digest).not_to_contain_text(quoted, use_inner_text=True)
    page.evaluate("gloss.go(new URLSearchParams('paper=gone'))")
    page.locator("#digest", has_text="库中没有 gone").wait_for()
    page.evaluate("gloss.go(new URLSearchParams('q=lantern'))")
    page.get_by_role("link", name="English").click()
    page.locator("#said", has_text="Passages: 2").wait_for()
    expect(html).to_have_attribute("lang", "en")
    context.close()


def _files(page: Any, *paths: Path) -> None:
    for path in paths:
        if not path.exists():
            path.write_bytes(b"%PDF-1.7\n")
    page.locator("#top a.add").click()
    page.locator("#upload input[type=file]").set_input_files([str(path) for path in paths])


def test_files_are_added_one_after_the_other(part: Any, tmp_path: Path) -> None:
    before = int(part.locator(".newest .count").inner_text().split()[0])
    names = ("2402.00002.pdf", "locked.pdf", "2402.00003.pdf")
    _files(part, *(tmp_path / name for name in names))
    part.locator("#adding", has_text="3 of 3").wait_for()
    expect(part.locator("#adding .done")).to_have_count(2)
    failed = part.locator("#adding .failed")
    expect(failed).to_contain_text("encrypted: has a <b>password</b>", use_inner_text=True)
    part.get_by_label("Add a paper from arXiv").fill("/etc/passwd")
    part.locator("button#add").click()
    part.locator("#adding .failed", has_text="paste one like 2407.03300").wait_for()
    is_accessible(part)
    part.get_by_role("link", name="gloss", exact=True).click()
    part.locator(".newest", has_text=f"{before + 2} in the library").wait_for()


def test_one_paper_that_was_added_opens(part: Any, tmp_path: Path) -> None:
    _files(part, tmp_path / "2402.00009.pdf")
    part.locator("#digest h2", has_text="Lanterns on Paths").wait_for()
    asks(part, paper="2402.00009")


def test_adding_can_be_cancelled(part: Any, tmp_path: Path) -> None:
    _files(part, tmp_path / "slow.pdf")
    part.locator("#adding [aria-current=step]", has_text="storing").wait_for()
    stages = part.locator("#adding .stages").first
    expect(stages).to_contain_text("embedding", use_inner_text=True)
    expect(stages).not_to_contain_text("asking arXiv", use_inner_text=True)  # nothing is fetched
    part.locator("#cancel").click()
    part.locator("#adding", has_text="Stopped. Nothing was added.").wait_for()
    expect(part.locator("#cancel")).to_be_hidden()
    part.evaluate("gloss.go(new URLSearchParams('paper=slow'))")
    part.locator("#digest", has_text="slow is not in this library").wait_for()


def test_a_visitor_s_paper_is_the_others_once_it_is_shared(
    served: tuple[str, str, Path], browser: Any
) -> None:
    _, public, library = served

    def visitor(query: str = "") -> Any:
        page = context_of(browser).new_page()
        visit(page, public + query)
        return page

    def share(page: Any) -> Any:
        page.locator("#digest .menu summary").first.click()
        return page.get_by_role("button", name="Share with all visitors")

    ada = visitor()
    ada.locator(".nothing").wait_for()
    for view in ("library", "today", "compare"):  # of an empty library: no forms, a way on
        ada.evaluate("(view) => gloss.go(new URLSearchParams({view}))", view)
        tab = ada.locator(f"#{view}-tab, [role=tabpanel]").locator("visible=true")
        tab.locator(".nothing a", has_text="Add papers").wait_for()
        expect(tab.locator("input:visible, table")).to_have_count(0)
    late: list[Any] = []  # the pages, which come after the digest here
    ada.route("**/pages.json*", lambda route: late.append(route))
    _files(ada, DATA / "choosing-passage-size.md")
    ada.locator("#digest").get_by_role("heading", name="Choosing the Passage Size").wait_for()
    for one in late:
        one.continue_()
    ada.unroute("**/pages.json*")
    bo = visitor("?paper=choosing-passage-size")
    bo.locator("#digest", has_text="is not in this library").wait_for()
    expect(bo.locator("#digest .failed a").first).to_have_text("Add papers")
    expect(bo.locator("#sheet")).to_be_hidden()
    button = share(ada)
    ada.get_by_text("you cannot take it back").wait_for()
    button.click()
    ada.get_by_text("Shared with all visitors: choosing-passage-size").wait_for()
    bo.reload(wait_until="commit")
    bo.locator("#digest").get_by_role("heading", name="Choosing the Passage Size").wait_for()
    bo.locator("#pages .pages").wait_for()  # with which it is known whether it may be shared
    expect(share(bo)).to_be_hidden()
    bo.context.close()
    ada.goto("about:blank")
    folders = library / "visitors"  # are let go, so that the server ends quietly
    until(ada, lambda: list(folders.iterdir()), [])
    ada.context.close()
