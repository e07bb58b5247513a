"""Quotes in a browser as people read them: formulas set, tables, and lines as they are printed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from browsing import is_accessible, needs_chromium, settles, until, visit
from playwright.sync_api import expect

pytestmark = needs_chromium

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
    visit(page, address + query)
    page.locator("#digest .reader h2").wait_for()
    page.locator("#pages .pages").wait_for(state="attached")


def test_formulas_of_a_text_are_set_and_copied_as_they_were_written(
    page: Any, address: str
) -> None:
    _open(page, address, "?paper=hills&sentence=summary.1")
    first = page.locator('[data-sentence="summary.1"]')
    first.locator(".tex.set .katex").nth(2).wait_for()
    expect(first.locator(".tex.set")).to_have_count(3)
    expect(first.locator("math")).to_have_count(3)
    words = '[data-sentence="summary.1"] .say > span'
    until(page, lambda: page.evaluate(COPIED, words)[: len(STEP)], STEP)
    page.evaluate("getSelection().removeAllRanges()")
    # The text of the paper, beside it: the mark of a sentence has its formulas in it.
    marked = page.locator("#pages .mark.on .tex.set")
    expect(marked).to_have_count(3)
    expect(page.locator("#pages .mark.on")).to_have_count(1)
    page.locator("#pages .tex.displayed.set .katex-display").wait_for()
    expect(page.locator("#pages td.block, #pages th.block")).to_have_count(15)
    is_accessible(page)
    page.locator("#find-words").fill("steps is at most")
    page.locator("#find-words").press("Enter")
    page.locator("#find-count", has_text="1 of 1").wait_for()
    match = page.locator("#pages .mark.match")
    expect(match).to_have_text(["steps is at most"], use_inner_text=True)
    marked.first.wait_for()  # drawn again, they are set again


def test_hostile_latex_stays_text_or_small(page: Any, address: str) -> None:
    _open(page, address, "?paper=hills")
    page.locator(".claim", has_text="A rule of").locator(".tex.set").first.wait_for()
    said = page.locator("#digest .say > span:first-child")
    until(page, lambda: [one for one in HOSTILE if one not in said.all_inner_texts()], [])
    for selector in ('a[href^="javascript"]', "[data-x]", "#digest .katex .mark", ".say img"):
        expect(page.locator(selector)).to_have_count(0)
    page.evaluate(ADDED, ["x" + " + x" * 600, "x"])  # one that is too long, and one that is not
    page.locator("#added-1.set").wait_for()
    expect(page.locator("#added-0")).to_have_text("as written")
    left = page.locator("#left").bounding_box()
    for shown in page.locator("#digest .tex.set").all():
        box = shown.bounding_box()
        assert box["height"] < 300 and box["x"] >= left["x"]
        assert box["x"] + box["width"] <= left["x"] + left["width"]
        expect(shown).to_have_css("contain", "paint")


def test_a_table_is_a_table_on_a_phone_too(page: Any, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    try:
        visit(page, f"{address}?q=momentum")
        table = page.locator("#hits .grid table")
        expect(table.locator("caption")).to_have_text("Table 1: Error on three hills.")
        expect(table.locator("thead th[scope=col]")).to_have_count(5)
        expect(table.locator("tbody th[scope=row]").first).to_have_text("Bowl")
        expect(table.locator("tbody tr")).to_have_count(2)
        page.locator('#hits .grid[tabindex="0"]').wait_for()  # wider than the phone: it scrolls
        settles(page, "document.documentElement.scrollWidth", 390)
        is_accessible(page)
    finally:
        page.set_viewport_size({"width": 1280, "height": 800})


def test_mathematics_of_a_page_is_shown_as_it_is_printed(page: Any, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    words = "The walker has the speed v_max = ∑ x_i^2 at night, and sleeps by day."
    _open(page, address, "?paper=speeds&__theme=dark")
    picture = page.locator(".claim .printed img")
    picture.evaluate("image => image.decode()")
    expect(picture).to_have_attribute("alt", words)
    expect(picture).to_have_attribute("loading", "lazy")
    width, height = (int(picture.get_attribute(one)) for one in ("width", "height"))
    box = picture.bounding_box()
    assert box["height"] / box["width"] == pytest.approx(height / width, 0.01)
    expect(picture).to_have_css("filter", re.compile("invert"))
    is_accessible(page)
    visit(page, f"{address}?q=speed")
    page.locator("#hits .printed img").wait_for()
    page.locator("#hits .hit a").first.click()
    page.locator("#found-words .printed img").wait_for()
    expect(page.locator("#found-words blockquote")).to_contain_text(words, use_inner_text=True)
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
