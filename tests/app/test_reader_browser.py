"""A paper in a browser: opened at a place, a sentence chosen, the right words marked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import test_ui_browser as ui

browser, tab, page = ui.browser, ui.tab, ui.page
pytestmark = ui.pytestmark

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
IN_SIGHT = """() => {
  const mark = document.querySelector('.mark.on')?.getBoundingClientRect();
  const frame = document.querySelector('.pages').getBoundingClientRect();
  return mark && mark.top >= frame.top && mark.bottom <= frame.bottom;
}"""


def _open(page: Any, address: str, query: str = "?paper=2401.00001") -> None:
    page.goto(address + query, wait_until="commit")
    page.locator("#digest .reader h2").wait_for()
    page.locator("#pages .pages").wait_for(state="attached")


def _written(page: Any) -> None:
    page.wait_for_function(
        "() => [...document.querySelectorAll('.page')].every((p) => p.dataset.written === 'yes')"
    )


def _say(page: Any, name: str) -> Any:
    return page.locator(f'[data-sentence="{name}"] .say')


def test_a_sentence_marks_its_words_and_fills_the_window(page: Any, address: str) -> None:
    _open(page, address)
    _written(page)
    assert page.title() == "Lanterns on Paths · gloss"
    frame = page.locator("#sheet").bounding_box()
    assert frame["y"] < 80 and frame["y"] + frame["height"] == 800  # all below the bar
    assert page.evaluate("document.documentElement.scrollHeight") == 800
    _say(page, "method.2").click()
    page.locator(".mark.on").first.wait_for()
    assert page.evaluate(MARKED) == HOURS
    assert _say(page, "method.2").get_attribute("aria-pressed") == "true"
    assert page.url.endswith("?paper=2401.00001&sentence=method.2")
    page.wait_for_function(IN_SIGHT)
    assert ui.violations(page) == []
    _say(page, "limits.1").click()
    page.wait_for_function("document.querySelector('.claim.chosen')?.dataset.sentence[0] === 'l'")
    assert page.evaluate(MARKED) == "We tried no lantern in the rain."
    assert page.locator('.say[aria-pressed="true"]').count() == 1
    page.go_back()  # to the paper as it was opened, whatever was chosen since
    page.wait_for_function("!location.search.includes('sentence')")
    assert page.locator(".mark.on").count() == 0


def test_one_stop_of_the_tab_key_leads_through_a_digest(page: Any, address: str) -> None:
    _open(page, address)
    assert page.locator('#digest .say[tabindex="0"]').count() == 1
    _say(page, "summary.1").focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.locator('.claim.chosen[data-sentence="method.2"]').wait_for()
    assert page.evaluate("document.activeElement.closest('.claim').dataset.sentence") == "method.2"
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.closest('.claim').dataset.sentence") == "limits.1"
    assert page.locator('#digest .say[tabindex="0"]').count() == 1
    assert page.locator('#pages .mark[tabindex="0"]').count() == 1


def test_a_mark_shows_the_sentences_that_rest_on_it(page: Any, address: str) -> None:
    _open(page, address)
    _written(page)
    mark = page.locator('.mark[data-sentences="summary.1 method.1"]').first
    assert "Marked words" in str(mark.get_attribute("aria-label"))
    box = mark.bounding_box()
    page.mouse.click(box["x"] + 20, box["y"] + box["height"] / 2)
    page.locator(".reader .said", has_text="Sentences that rest on these words: 2").wait_for()
    assert page.locator(".claim.chosen").get_attribute("data-sentence") == "summary.1"
    assert page.locator(".claim.rests").get_attribute("data-sentence") == "method.1"
    page.locator('.mark[data-sentences="method.2"]').first.focus()
    page.keyboard.press("Enter")
    assert "say" in page.evaluate("document.activeElement.className")
    assert page.locator(".claim.chosen").get_attribute("data-sentence") == "method.2"


def test_words_of_a_page_can_be_found_and_selected(page: Any, address: str) -> None:
    _open(page, address)
    _written(page)
    page.locator("#find-words").fill("LANTERN")
    page.locator("#find-words").press("Enter")
    page.locator("#find-count", has_text="1 of 3").wait_for()
    page.locator("#find-words").press("Enter")
    page.locator("#find-count", has_text="2 of 3").wait_for()
    assert page.evaluate(MARKED) == "lantern"
    page.locator("#find-words").fill("kite")
    page.locator("#find-words").press("Enter")
    page.locator("#find-count", has_text="not found").wait_for()
    page.evaluate("document.querySelector('#left').remove()")  # which has the same words
    assert page.evaluate("window.find('burns for 3.5 hours')")
    assert page.evaluate("String(getSelection())").split() == ["burns", "for", "3.5", "hours"]


def test_outline_page_number_zoom_and_divider(page: Any, address: str) -> None:
    _open(page, address)
    assert page.locator("#page-count").inner_text() == "of 2"
    page.locator("#outline summary").click()
    page.locator("#outline a", has_text="Limits").click()
    page.wait_for_function("document.querySelector('#page-number').value === '2'")
    page.locator("#page-number").fill("1")
    page.locator("#page-number").press("Enter")
    page.wait_for_function("document.querySelector('.pages').scrollTop < 20")
    before = page.locator(".page").first.bounding_box()["width"]
    page.get_by_role("button", name="Larger pages").click()
    page.wait_for_function(
        """(wide) => {
          const page = document.querySelector('.page').getBoundingClientRect();
          return Math.abs(page.width / wide - 1) < 0.01;
        }""",
        arg=1.25 * before,
    )
    left = page.locator("#left").bounding_box()["width"]
    divider = page.locator("#divider")
    divider.focus()
    page.keyboard.press("ArrowRight")
    assert divider.get_attribute("aria-valuenow") == "48"
    assert page.locator("#left").bounding_box()["width"] > left
    box = divider.bounding_box()
    page.mouse.move(box["x"] + 4, 400)
    page.mouse.down()
    page.mouse.move(512, 400, steps=3)
    page.mouse.up()
    assert divider.get_attribute("aria-valuenow") == "40"
    page.reload(wait_until="commit")
    page.locator("#digest .claim").first.wait_for()
    assert page.locator("#divider").get_attribute("aria-valuenow") == "40"


def test_an_address_leads_to_a_sentence_or_a_place(page: Any, address: str) -> None:
    _open(page, address, "?paper=2401.00001&sentence=method.2")
    _written(page)
    page.locator(".claim.chosen", has_text=HOURS).wait_for()
    assert page.evaluate(MARKED) == HOURS
    _open(page, address, "?paper=2401.00001&sentence=nowhere.7")
    page.locator(".reader .said", has_text="no place that can be shown").wait_for()
    _open(page, address, "?paper=2401.00001&at=59-92")
    _written(page)
    page.locator(".mark.here.on").first.wait_for()
    assert page.evaluate(MARKED) == HOURS
    assert page.locator("#found-words .by").inner_text() == "Found here: Method · p. 2"
    for gone in ("9000-9001", "x-y"):
        _open(page, address, f"?paper=2401.00001&at={gone}")
        page.locator("#found-words", has_text="not in the paper any more").wait_for()
    page.goto(f"{address}?paper=<b>gone</b>", wait_until="commit")
    page.locator("#digest", has_text="<b>gone</b> is not in this library").wait_for()
    assert "add it by its id" in page.locator("#digest").inner_text()


def test_a_paper_without_pages_has_its_text_marked(page: Any, address: str) -> None:
    _open(page, address, "?paper=text&sentence=method.2")
    page.locator("#pages .mark.on").wait_for()
    assert page.locator("#pages .mark.on").all_inner_texts() == [HOURS]
    page.locator("#pages .mark", has_text="We tried no lantern").click()
    page.locator(".claim.chosen", has_text="We tried no lantern").wait_for()
    _open(page, address, "?paper=text&at=82-91")
    page.locator("#pages .mark.here.on").wait_for()
    assert page.locator("#pages .mark.here.on").all_inner_texts() == ["3.5 hours"]


def _write_with(page: Any, writer: str) -> None:
    page.locator("#digest .menu > summary").click()
    page.get_by_label(writer).check()
    page.get_by_role("button", name="Write it so").click()


def test_sections_are_worded_one_after_the_other(page: Any, address: str) -> None:
    _open(page, address)
    _write_with(page, "local model")
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
    assert not page.locator("#digest .stop").is_visible()


def test_wording_can_be_stopped(page: Any, address: str) -> None:
    _open(page, address, "?paper=late&digest=zh")
    _write_with(page, "local model")
    page.locator(".waiting").first.wait_for()
    page.locator("#digest .stop").click()
    page.locator(".reader .said", has_text="Stopped").wait_for()
    assert page.locator(".claim").count() == 4
    _write_with(page, "Your own language model")
    page.locator(".reader .said", has_text="this writer is not at hand here").wait_for()


def test_copy_and_download(page: Any, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    _open(page, address, "?paper=2401.00001&sentence=method.2")
    claim = page.locator(".claim.chosen")
    claim.get_by_role("button", name="copy", exact=True).click()
    page.locator(".reader .said", has_text="copied").wait_for()
    source = "Byron and Li, 2024, Lanterns on Paths, p. 2, https://arxiv.org/abs/2401.00001v2"
    assert page.evaluate("navigator.clipboard.readText()") == f"“{HOURS}” ({source})"
    claim.get_by_role("button", name="copy link").click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()).startsWith('http')")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    page.locator("#digest .menu > summary").click()
    page.get_by_role("button", name="copy digest").click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()).startsWith('# Lan')")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="BibTeX").click()
    assert downloading.value.suggested_filename == "2401.00001.bib"
    assert Path(downloading.value.path()).read_text().startswith("@misc{byron2024lanterns")


def test_notes_and_tags_beside_what_they_are_on(page: Any, address: str) -> None:
    _open(page, address, "?paper=2401.00001")
    _written(page)
    page.locator("#own button", has_text="Note").click()
    page.get_by_label("Note", exact=True).fill("read again\n<b>soon</b>")
    assert ui.violations(page) == []
    page.keyboard.press("Control+Enter")
    page.locator("#own .own-note", has_text="<b>soon</b>").wait_for()
    page.locator("#own button", has_text="Tag").click()
    page.get_by_label("Tag", exact=True).fill("to read, oil")
    page.keyboard.press("Enter")
    page.locator("#own .tag", has_text="#oil").wait_for()
    assert page.locator('#own button[tabindex="0"]').count() == 1  # arrows lead on
    page.locator('#own button[tabindex="0"]').focus()
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.textContent") == "Delete"
    # A note on a sentence stands beside it, and its words are marked on the page.
    _say(page, "limits.1").click()
    page.locator('[data-sentence="limits.1"] > .tools [data-write=note]').click()
    page.locator('[data-sentence="limits.1"] textarea').fill("why not?")
    page.get_by_role("button", name="Save").click()
    page.locator('[data-sentence="limits.1"] .own-note', has_text="why not?").wait_for()
    assert page.locator(".mark.own").count() == 1
    page.locator('[data-sentence="limits.1"] > .tools [data-write=tag]').click()
    page.locator('[data-sentence="limits.1"] .own-write input').fill("doubt")
    page.keyboard.press("Enter")
    page.locator('[data-sentence="limits.1"] .own-place .tag', has_text="#doubt").wait_for()
    # One on words that are selected, from the first whole word to the last.
    page.evaluate("""() => {
      const words = [...document.querySelectorAll('.page[data-page="2"] .words [data-start]')];
      const [first, last] = ['burns', 'hours.'].map(
        (word) => words.find((one) => one.textContent === word));
      getSelection().setBaseAndExtent(first.firstChild, 2, last.firstChild, 3);
    }""")
    page.locator("#note-words").click()
    page.locator("#sheet .own-write", has_text="On “burns for 3.5 hours.”").wait_for()
    page.locator("#sheet textarea").fill("of oil?")
    page.get_by_role("button", name="Save").click()
    page.locator("#own .own-place", has_text="“burns for 3.5 hours.”").wait_for()
    assert ui.violations(page) == []
    page.locator("#own blockquote a").click()  # leads to the words
    page.locator("#found-words", has_text="burns for 3.5 hours.").wait_for()
    # Changed, deleted, had back; a tag is taken away and had back.
    page.locator("#own [data-edit]").first.click()
    page.locator("#own textarea").fill("read it all")
    page.get_by_role("button", name="Save").click()
    page.locator("#own .own-note", has_text="read it all").wait_for()
    page.locator("#own [data-delete]").first.click()
    page.locator("#own .own-note", has_text="read it all").wait_for(state="detached")
    page.keyboard.press("Enter")  # on "Undo"
    page.locator("#own .own-note", has_text="read it all").wait_for()
    page.locator('#own [data-untag="oil"]').click()
    page.locator("#own .tag", has_text="#oil").wait_for(state="detached")
    page.keyboard.press("Enter")
    page.locator("#own .tag", has_text="#oil").wait_for()
    page.reload(wait_until="commit")
    page.locator('[data-sentence="limits.1"] .own-note', has_text="why not?").wait_for()
    page.goto(f"{address}?q=oil", wait_until="commit")
    page.locator("#own-found .text", has_text="of oil?").wait_for()
    assert "oil" not in page.locator("#hits").inner_text()
    assert ui.violations(page) == []


def test_a_draft_is_kept_and_an_export_is_one_button(page: Any, address: str) -> None:
    _open(page, address, "?paper=text")
    page.locator("#own [data-write=note]").click()
    page.locator("#own textarea").fill("half a thou")
    page.keyboard.press("Escape")
    page.locator("#own textarea").wait_for(state="detached")
    page.locator("#own [data-write=note]").click()
    assert page.locator("#own textarea").input_value() == "half a thou"
    page.get_by_role("button", name="Cancel").click()
    page.locator("#digest .export summary").click()
    assert page.locator(".export a").all_inner_texts() == [
        "BibTeX", "RIS (Zotero, EndNote)", "CSL-JSON", "Markdown for Obsidian (ZIP)"
    ]  # fmt: skip
    with page.expect_download() as downloading:
        page.locator(".export a", has_text="RIS").click()
    assert downloading.value.suggested_filename == "text.ris"
    page.evaluate("""() => {
      const mark = [...document.querySelectorAll('.block .mark')].find(
        (one) => one.textContent.includes('3.5'));
      getSelection().setBaseAndExtent(mark.firstChild, 5, mark.firstChild, 12);
    }""")
    page.locator("#note-words").click()
    page.locator("#sheet .own-write", has_text="On “lantern”").wait_for()
    page.locator("#sheet textarea").fill("which?")
    page.get_by_role("button", name="Save").click()
    page.locator("#pages .mark.own", has_text=re.compile("^lantern$")).wait_for()


def test_words_after_a_formula_are_those_that_were_selected(page: Any, address: str) -> None:
    _open(page, address, "?paper=hills")
    page.locator("#pages .block .katex").first.wait_for()
    page.evaluate("""() => {
      const block = [...document.querySelectorAll('.block')].find(
        (one) => one.textContent.includes('the error after'));
      const words = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
      while (!words.currentNode.data?.includes('steps is at most')) words.nextNode();
      const [node, formula] = [words.currentNode, block.querySelectorAll('.tex')[1]];
      const end = node.data.indexOf(' at most');
      getSelection().setBaseAndExtent(formula.querySelector('.mord'), 0, node, end);
    }""")
    page.locator("#note-words").click()
    page.locator("#sheet textarea").fill("how many?")
    page.get_by_role("button", name="Save").click()
    page.locator("#own blockquote", has_text="“$T$ steps is”").wait_for()


def test_a_chinese_visitor_reads_chinese(browser: Any, address: str) -> None:
    page = browser.new_page(locale="zh-CN")
    _open(page, address)
    page.locator("#digest h3", has_text="结论").wait_for()
    assert page.get_by_role("button", name="中文").get_attribute("aria-pressed") == "true"
    text = page.locator("#digest").inner_text()
    assert "论文中未说明" in text and "请在“复制与更多”中选择模型" in text
    assert not re.search(r"quoted|word for word|not stated", text)
    page.goto(f"{address}?paper=gone", wait_until="commit")
    page.locator("#digest", has_text="库中没有 gone").wait_for()
    page.close()


def test_a_slower_answer_does_not_hide_a_later_one(page: Any, address: str) -> None:
    page.goto(f"{address}?paper=late&digest=en", wait_until="commit")
    page.locator("#digest .busy", has_text="Writing the digest").wait_for()
    page.evaluate("gloss.go(new URLSearchParams('paper=late&digest=zh'))")
    page.locator("#digest h3", has_text="结论").wait_for()
    page.wait_for_timeout(2500)
    assert "结论" in page.locator("#digest").inner_text()
    page.get_by_role("button", name="English").click()
    page.locator("#digest .busy").wait_for()
    page.evaluate("gloss.go(new URLSearchParams('paper=2401.00001'))")
    page.locator('#digest [data-paper="2401.00001"]').wait_for()
    page.wait_for_timeout(2500)
    assert page.locator('#digest [data-paper="2401.00001"]').is_visible()


def test_dark_pages_are_dark_and_nobody_is_kept_out(page: Any, address: str) -> None:
    _open(page, address, "?paper=2401.00001&at=59-92&__theme=dark")
    page.locator(".mark.here.on").first.wait_for()
    assert "invert" in page.locator(".page img").first.evaluate("i => getComputedStyle(i).filter")
    page.locator("#digest .claim").first.wait_for()
    page.wait_for_load_state("networkidle")  # Gradio's parts come last
    page.wait_for_function("!document.querySelector('[aria-busy=true]')")
    assert ui.violations(page) == []
    page.locator("#invert").click()
    page.wait_for_function(
        "getComputedStyle(document.querySelector('.page img')).filter === 'none'"
    )
    assert page.locator(".page img").first.evaluate("i => getComputedStyle(i).filter") == "none"


def test_on_a_phone_the_page_is_a_sheet_over_the_list(browser: Any, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(f"{address}?q=lantern", wait_until="commit")
    page.locator("#hits .hit").first.click()
    page.locator(".mark.here.on").first.wait_for()
    page.wait_for_function(IN_SIGHT)
    assert page.locator("#sheet").bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    assert page.locator(".page").first.bounding_box()["width"] > 600  # a column can be read
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Close").click()
    page.locator("#hits .hit").first.wait_for()
    _open(page, address)
    assert not page.locator("#sheet").is_visible()
    _say(page, "method.2").click()
    page.locator("#sheet").wait_for()
    page.go_back()
    page.locator("#sheet").wait_for(state="hidden")
    assert page.locator("#digest").is_visible()
    for query in ("", "?q=lantern", "?view=library"):
        page.goto(address + query, wait_until="commit")
        page.locator(".cards, #hits .hit, #papers table").locator("visible=true").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, query
    context.close()
