"""A paper in a browser: added, watched, read, a sentence chosen, the right words marked."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def _loaded(name: str) -> Any:
    """A module beside this one: tests are no package."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None and spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


ui = _loaded("test_ui_browser")
browser, tab, page, home = ui.browser, ui.tab, ui.page, ui.home
pytestmark, at_home = ui.pytestmark, ui.at_home

SERVER = """
import importlib.util, socket, sys, threading, time
from dataclasses import replace
from types import SimpleNamespace
spec = importlib.util.spec_from_file_location("fakes", sys.argv[1])
fakes = sys.modules["fakes"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fakes)
import app.write
from app.web.session import Session
from app.serve.server import running, web_app
from index.config import Settings

SHORT = "A lantern lasts 3.5 hours."

class Library(fakes.FakeLibrary):
    def add(self, source, progress=None):
        steps = ("split", "embed", "store")
        for stage in (("read", *steps) if source.path.stem != "locked" else ("read",)):
            progress(stage)
            time.sleep(0.3)
        if source.path.stem == "slow":
            while True:  # until it is cancelled, which progress() raises
                time.sleep(0.1)
                progress("store")
        if source.path.stem == "locked":
            return SimpleNamespace(
                paper_id="locked", status="encrypted", reason="has a <b>password</b>",
            )
        self.rows.append(fakes.row(source.path.stem))
        return SimpleNamespace(paper_id=source.path.stem, status="ok", reason="", changed=True)

    def paper(self, paper_id):
        return replace(super().paper("text" if paper_id == "text" else "2401.00001"), id=paper_id)

def placed(library, claim, paper_id):
    paper = library.paper(paper_id)
    cited = tuple(replace(one, boxes=paper.boxes(one.span)) for one in claim.citations)
    return replace(claim, citations=cited)

def write(library, paper_id, lang="en", writer="extractive", on_section=None):
    time.sleep(2 if (paper_id, lang) == ("late", "en") else 0)
    digest = fakes.make_digest(lang)
    sections = tuple(
        replace(one, items=tuple(placed(library, claim, paper_id) for claim in one.items))
        for one in digest.sections
    )
    return replace(digest, paper=replace(digest.paper, id=paper_id), sections=sections)

def worded(self, paper_id, lang, writer, on_section):
    digest = write(self.library, paper_id, lang)
    done = []
    for section in digest.sections:
        time.sleep(0.4 if section.items else 0)
        items = tuple(
            replace(claim, text=SHORT, origin="compressed") if "3.5" in claim.text else claim
            for claim in section.items
        )
        done.append(replace(section, items=items))
        on_section(done[-1])
    self.library.worded = replace(digest, sections=tuple(done), writer="local")
    return self.library.worded

app.write.write_digest = write
Session.worded = worded
Session.writers = lambda self: ("extractive", "local")
Session.saved = lambda self, paper, lang, writer: (
    self.quoted(paper, lang) if writer == "extractive" else self.library.worded
)
library = Library(rows=[
    fakes.row("2401.00001"),
    fakes.row("text", title="A text", source="markdown"),
    fakes.row("late"),
])
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
with running(web_app(library, Settings()), "127.0.0.1", port) as address:
    print(address, flush=True)
    threading.Event().wait()
"""

# The words over the pages whose middle lies in the marks that are emphasised, as laid out.
MARKED = """() => {
  const boxes = [...document.querySelectorAll('#pages .page .mark.on')]
    .map((one) => one.getBoundingClientRect());
  return [...document.querySelectorAll('#pages .words span')].filter((word) => {
    const box = word.getBoundingClientRect();
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    return boxes.some((b) => b.left <= x && x <= b.right && b.top <= y && y <= b.bottom);
  }).map((word) => word.textContent.trim()).filter(Boolean).join(' ');
}"""
HOURS = "Each lantern burns for 3.5 hours."


@pytest.fixture(scope="module")
def address(serve_program: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_program(SERVER, tmp_path_factory.mktemp("reader")) as line:
        yield line


def _open(page: Any, address: str, query: str = "?paper=2401.00001") -> None:
    page.goto(address + query)
    page.locator("#digest .reader h2").wait_for()
    page.locator("#pages .pages").wait_for(state="attached")


def _written(page: Any) -> None:
    page.wait_for_function(
        "() => [...document.querySelectorAll('.page')].every((p) => p.dataset.written === 'yes')"
    )


def _say(page: Any, name: str) -> Any:
    return page.locator(f'[data-sentence="{name}"] .say')


def _upload(page: Any, path: Path) -> None:
    path.write_bytes(b"%PDF-1.7\n")
    page.get_by_role("tab", name="Paper").click()
    with page.expect_file_chooser() as chooser:
        page.locator("#upload").click()
    chooser.value.set_files(path)


@at_home
def test_upload_watch_read_and_see_the_right_words_marked(page: Any, tmp_path: Path) -> None:
    _upload(page, tmp_path / "2402.00002.pdf")
    page.locator("#adding [aria-current=step]").wait_for()
    assert page.locator("#adding progress").get_attribute("value")
    page.locator("#digest h2", has_text="Lanterns on Paths").wait_for()
    page.locator("#adding", has_text="Added: 2402.00002").wait_for()
    _written(page)
    _say(page, "method.2").click()
    assert page.evaluate(MARKED) == HOURS
    assert _say(page, "method.2").get_attribute("aria-pressed") == "true"
    assert page.url.endswith("?paper=2402.00002&sentence=method.2")
    mark = page.locator(".mark.on").first
    assert mark.is_visible() and "Marked words" in str(mark.get_attribute("aria-label"))
    page.wait_for_function(
        "() => { const m = document.querySelector('.mark.on').getBoundingClientRect();"
        " return m.top > 0 && m.bottom < innerHeight; }"
    )
    _say(page, "limits.1").focus()
    page.keyboard.press("Enter")
    assert page.evaluate(MARKED) == "We tried no lantern in the rain."
    assert page.locator('.say[aria-pressed="true"]').count() == 1


def test_a_mark_shows_the_sentences_that_rest_on_it(page: Any, address: str) -> None:
    _open(page, address)
    _written(page)
    mark = page.locator('.mark[data-sentences="summary.1 method.1"]').first
    box = mark.bounding_box()
    page.mouse.click(box["x"] + 20, box["y"] + box["height"] / 2)
    page.locator(".said", has_text="Sentences that rest on these words: 2").wait_for()
    assert page.locator(".claim.chosen").get_attribute("data-sentence") == "summary.1"
    assert page.locator(".claim.rests").get_attribute("data-sentence") == "method.1"
    page.locator('.mark[data-sentences="method.2"]').first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className") == "say"
    assert page.locator(".claim.chosen").get_attribute("data-sentence") == "method.2"


def test_words_of_a_page_can_be_found_and_selected(page: Any, address: str) -> None:
    _open(page, address)
    _written(page)
    page.evaluate("document.querySelector('#digest').remove()")  # which has the same words
    assert page.evaluate("window.find('burns for 3.5 hours')")
    assert page.evaluate("String(getSelection())").split() == ["burns", "for", "3.5", "hours"]


def test_an_address_leads_to_a_sentence(page: Any, address: str) -> None:
    _open(page, address, "?paper=2401.00001&sentence=method.2")
    _written(page)
    page.locator(".claim.chosen", has_text=HOURS).wait_for()
    assert page.evaluate(MARKED) == HOURS
    _open(page, address, "?paper=2401.00001&sentence=nowhere.7")
    page.locator(".said", has_text="no place that can be shown").wait_for()
    page.goto(f"{address}?paper=<b>gone</b>")
    page.locator("#digest", has_text="<b>gone</b> is not in this library").wait_for()
    assert "paste its id and add it" in page.locator("#digest").inner_text()


def test_a_paper_without_pages_has_its_text_marked(page: Any, address: str) -> None:
    _open(page, address, "?paper=text&sentence=method.2")
    page.locator("#pages .mark.on").wait_for()
    assert page.locator("#pages .mark.on").all_inner_texts() == [HOURS]
    page.locator("#pages .mark", has_text="We tried no lantern").click()
    page.locator(".claim.chosen", has_text="We tried no lantern").wait_for()


@at_home
def test_what_fails_says_why_and_what_is_no_paper_what_to_do(page: Any, tmp_path: Path) -> None:
    _upload(page, tmp_path / "locked.pdf")
    page.locator("#adding [role=alert]", has_text="encrypted: has a <b>password</b>").wait_for()
    page.locator("#paper-add textarea, #paper-add input").fill("/etc/passwd")
    page.locator("#add").click()
    page.locator("#adding [role=alert]", has_text="paste one like 2407.03300").wait_for()


@at_home
def test_adding_can_be_cancelled(page: Any, address: str, tmp_path: Path) -> None:
    _upload(page, tmp_path / "slow.pdf")
    page.locator("#adding [aria-current=step]", has_text="storing").wait_for()
    page.locator("#cancel").click()
    page.locator("#adding", has_text="Stopped. Nothing was added.").wait_for()
    assert page.locator("#cancel").count() == 0 or not page.locator("#cancel").is_visible()
    page.goto(f"{address}?paper=slow")
    page.locator("#digest", has_text="slow is not in this library").wait_for()


def test_sections_are_worded_one_after_the_other(page: Any, address: str) -> None:
    _open(page, address)
    page.get_by_label("local model").click()
    page.locator(".waiting", has_text="being worded").first.wait_for()
    assert page.locator(".claim.quoted", has_text=HOURS).count() == 1  # there meanwhile
    page.locator(".claim.compressed .say", has_text="A lantern lasts 3.5 hours.").wait_for()
    claim = page.locator(".claim.compressed")
    assert claim.locator("blockquote").inner_text() == HOURS
    assert "shortened" in claim.inner_text() and "supported" in claim.inner_text()
    page.locator(".waiting").first.wait_for(state="detached")
    claim.locator(".say").click()
    _written(page)
    assert page.evaluate(MARKED) == HOURS
    assert not page.locator("#stop").is_visible()


def test_wording_can_be_stopped(page: Any, address: str) -> None:
    _open(page, address)
    page.get_by_label("local model").click()
    page.locator(".waiting").first.wait_for()
    page.locator("#stop").click()
    page.locator("#wording", has_text="Stopped").wait_for()
    assert page.locator(".claim").count() == 4


def test_copy_and_download(page: Any, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    _open(page, address, "?paper=2401.00001&sentence=method.2")
    claim = page.locator(".claim.chosen")
    claim.get_by_role("button", name="copy", exact=True).click()
    page.locator(".said", has_text="copied").wait_for()
    source = "(Lanterns on Paths, p. 2, Method, https://arxiv.org/abs/2401.00001v2)"
    assert page.evaluate("navigator.clipboard.readText()") == f"“{HOURS}” {source}"
    claim.get_by_role("button", name="copy link").click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()).startsWith('http')")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    page.get_by_role("button", name="copy digest").click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()).startsWith('# Lan')")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="BibTeX").click()
    assert downloading.value.suggested_filename == "2401.00001.bib"
    assert Path(downloading.value.path()).read_text().startswith("@misc{byron2024lanterns")


def test_a_chinese_visitor_reads_chinese(browser: Any, address: str) -> None:
    page = browser.new_page(locale="zh-CN")
    _open(page, address)
    page.locator("#digest h3", has_text="结论").wait_for()
    assert page.get_by_label("中文").is_checked()
    text = page.locator("#digest").inner_text()
    assert "与原文逐字一致" in text and "论文中未说明" in text
    assert not re.search(r"quoted|word for word|not stated", text)
    page.goto(f"{address}?paper=gone")
    page.locator("#digest", has_text="库中没有 gone").wait_for()
    page.wait_for_timeout(1000)  # whatever else the page begins with is there
    assert "库中没有 gone" in page.locator("#digest").inner_text()
    page.close()


def test_a_question_without_a_paper_hides_no_digest(browser: Any, address: str) -> None:
    """A page sets its language, then its paper; here the first question arrives last."""
    page = browser.new_page(locale="zh-CN")
    held: list[Any] = []

    def hold(route: Any) -> None:
        data = route.request.post_data_json["data"]
        if len(data) == 6 and not data[0]:  # what the reader is asked with, without a paper
            held.append(route)
        else:
            route.continue_()

    page.route("**/queue/join*", hold)
    for _ in range(10):  # loadings; some set the paper before anything is asked
        page.goto(f"{address}?paper=2401.00001")
        page.locator("#digest .reader h2").wait_for()
        page.wait_for_timeout(1000)  # a slow machine asks later
        if held:
            break
    with page.expect_response("**/queue/join*"):
        held.pop().continue_()
    page.wait_for_timeout(1000)  # for its answer
    assert page.locator("#digest .reader h2").is_visible()
    page.close()


def test_a_slower_answer_does_not_hide_a_later_one(page: Any, address: str) -> None:
    page.goto(f"{address}?paper=late")
    page.wait_for_function("document.querySelector('#paper-choice input')?.value.includes('late')")
    page.wait_for_timeout(300)  # its English digest is being written
    page.get_by_label("中文").check()
    page.locator("#digest h3", has_text="结论").wait_for()
    page.wait_for_timeout(2500)
    assert "结论" in page.locator("#digest").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_is_kept_out(page: Any, address: str, theme: str) -> None:
    from axe_core_python.sync_playwright import Axe

    _open(page, address, f"?paper=2401.00001&sentence=method.2&__theme={theme}")
    _written(page)
    bad = [one for one in Axe().run(page)["violations"] if one["impact"] in ("serious", "critical")]
    assert [(one["id"], one["nodes"][0]["html"]) for one in bad] == []


def test_on_a_phone_the_pages_come_up_from_the_foot(browser: Any, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    _open(page, address.rstrip("/") + "/", "?paper=2401.00001")
    assert not page.locator("#pages").is_visible()
    _say(page, "method.2").click()
    page.locator(".mark.on").first.wait_for()
    assert page.locator("#pages").bounding_box()["y"] > 300
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="close").click()
    page.locator("#pages").wait_for(state="hidden")
    page.close()
