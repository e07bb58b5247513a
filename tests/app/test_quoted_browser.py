"""Quotes in a browser as people read them: formulas set, tables, and lines as they are printed."""

from __future__ import annotations

import importlib.util
import sys
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
browser, tab, page = ui.browser, ui.tab, ui.page
pytestmark = ui.pytestmark

COPIED = """(selector) => {
  const range = document.createRange();
  range.selectNodeContents(document.querySelector(selector));
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  let copied = null;
  document.addEventListener('copy', (event) => {
    copied = event.clipboardData.getData('text/plain');
  }, {once: true});
  document.execCommand('copy');
  return copied;
}"""
ADDED = """(formulas) => formulas.forEach((tex, number) => {
  const made = document.createElement('span');
  Object.assign(made, {id: `added-${number}`, className: 'tex', textContent: 'as written'});
  made.dataset.tex = tex;
  document.querySelector('#digest .reader header').append(made);
})"""
STEP = "With a step of $\\eta_t = \\frac{c}{\\sqrt{t}}$ the error"
HOSTILE = [
    "A link $\\href{javascript:alert(1)}{x}$ stays text.",
    "A class $\\htmlClass{mark}{x}$ and data $\\htmlData{x=1}{y}$ stay text.",
    "A picture $\\includegraphics{https://evil.example/a.png}$ stays text.",
    "A bomb $\\def\\a{\\a\\a}\\a$ and $\\newcommand{\\b}{\\b\\b}\\b$ stay text.",
    "A macro $\\def\\c{x}\\c$ stays text.",
    "What is no formula $\\frac{$ stays text.",
]


def _open(page: Any, address: str, query: str) -> None:
    page.goto(address + query, wait_until="commit")
    page.locator("#digest .reader h2").wait_for()
    page.locator("#pages .pages").wait_for(state="attached")


def test_formulas_of_a_text_are_set_and_copied_as_they_were_written(
    page: Any, address: str
) -> None:
    _open(page, address, "?paper=hills&sentence=summary.1")
    first = page.locator('[data-sentence="summary.1"]')
    first.locator(".tex.set .katex").nth(2).wait_for()
    assert first.locator(".tex.set").count() == 3 and first.locator("math").count() == 3
    assert page.evaluate(COPIED, '[data-sentence="summary.1"] .say > span').startswith(STEP)
    page.evaluate("getSelection().removeAllRanges()")
    # The text of the paper, beside it: the mark of a sentence has its formulas in it.
    marked = page.locator("#pages .mark.on .tex.set")
    marked.nth(2).wait_for()
    assert marked.count() == 3 and page.locator("#pages .mark.on").count() == 1
    page.locator("#pages .tex.displayed.set .katex-display").wait_for()
    assert page.locator("#pages td.block, #pages th.block").count() == 15
    assert ui.violations(page) == []
    page.locator("#find-words").fill("steps is at most")
    page.locator("#find-words").press("Enter")
    page.locator("#find-count", has_text="1 of 1").wait_for()
    page.locator("#pages .mark.match").first.wait_for()
    assert page.locator("#pages .mark.match").all_inner_texts() == ["steps is at most"]
    marked.first.wait_for()  # drawn again, they are set again


def test_hostile_latex_stays_text_or_small(page: Any, address: str) -> None:
    _open(page, address, "?paper=hills")
    page.locator(".claim", has_text="A rule of").locator(".tex.set").first.wait_for()
    said = page.locator("#digest .say > span:first-child").all_inner_texts()
    assert [one for one in HOSTILE if one not in said] == []
    for selector in ('a[href^="javascript"]', "[data-x]", "#digest .katex .mark", ".say img"):
        assert page.locator(selector).count() == 0
    page.evaluate(ADDED, ["x" + " + x" * 600, "x"])  # one that is too long, and one that is not
    page.locator("#added-1.set").wait_for()
    assert page.locator("#added-0").inner_text() == "as written"
    left = page.locator("#left").bounding_box()
    for shown in page.locator("#digest .tex.set").all():
        box = shown.bounding_box()
        assert box["height"] < 300 and box["x"] >= left["x"]
        assert box["x"] + box["width"] <= left["x"] + left["width"]
        assert shown.evaluate("one => getComputedStyle(one).contain") == "paint"


def test_a_table_is_a_table_on_a_phone_too(page: Any, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    try:
        page.goto(f"{address}?q=momentum", wait_until="commit")
        table = page.locator("#hits .grid table")
        table.wait_for()
        assert table.locator("caption").inner_text() == "Table 1: Error on three hills."
        assert table.locator("thead th[scope=col]").count() == 5
        assert table.locator("tbody th[scope=row]").first.inner_text() == "Bowl"
        assert table.locator("tbody tr").count() == 2
        page.locator('#hits .grid[tabindex="0"]').wait_for()  # wider than the phone: it scrolls
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert ui.violations(page) == []
    finally:
        page.set_viewport_size({"width": 1280, "height": 800})


def test_mathematics_of_a_page_is_shown_as_it_is_printed(page: Any, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    words = "The walker has the speed v_max = ∑ x_i^2 at night, and sleeps by day."
    _open(page, address, "?paper=speeds&__theme=dark")
    picture = page.locator(".claim .printed img")
    picture.evaluate("image => image.decode()")
    assert picture.get_attribute("alt") == words
    assert picture.get_attribute("loading") == "lazy"
    width, height = (int(picture.get_attribute(one)) for one in ("width", "height"))
    box = picture.bounding_box()
    assert box["height"] / box["width"] == pytest.approx(height / width, 0.01)
    assert "invert" in picture.evaluate("image => getComputedStyle(image).filter")
    assert ui.violations(page) == []
    page.goto(f"{address}?q=speed", wait_until="commit")
    page.locator("#hits .printed img").wait_for()
    page.locator("#hits .hit a").first.click()
    page.locator("#found-words .printed img").wait_for()
    assert words in page.locator("#found-words blockquote").inner_text()
    assert not any("/katex/" in one for one in asked)  # nothing here is LaTeX


def test_formulas_are_set_in_gradio_s_part_too(page: Any, address: str) -> None:
    page.goto(f"{address}?view=today", wait_until="commit")
    page.locator("#today-list .today").wait_for()
    added = """() => document.querySelector('#today-list .today')
      .insertAdjacentHTML('beforeend', '<p class="sum"><b class="tex" data-tex="x^2">x</b></p>')"""
    page.evaluate(added)
    page.locator("#today-list .sum .tex.set .katex").wait_for()
    page.evaluate(added)  # drawn again: set before it is seen as text
    page.locator("#today-list .sum").nth(1).locator(".tex.set .katex").wait_for()
