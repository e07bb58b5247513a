"""A paper in a browser: opened at a place, a sentence chosen, the right words marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import DESK, PHONE, is_accessible, needs_chromium, settles, until, visit
from playwright.sync_api import expect

pytestmark = needs_chromium

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
CLIPBOARD = "navigator.clipboard.readText()"
BELOW_THE_BAR = """() => {
  const frame = document.querySelector('#sheet').getBoundingClientRect();
  return frame.top < 80 && frame.bottom === 800;
}"""
IN_SIGHT = """() => {
  const mark = document.querySelector('.mark.on')?.getBoundingClientRect();
  const frame = document.querySelector('.pages').getBoundingClientRect();
  return mark && mark.top >= frame.top && mark.bottom <= frame.bottom;
}"""


def _open(page: Any, address: str, query: str = "?paper=2401.00001") -> None:
    visit(page, address + query)
    page.locator("#digest .reader h2").wait_for()
    page.locator("#pages .pages").wait_for(state="attached")


def _go(page: Any, asked: str) -> None:
    """As a link in the app leads there."""
    page.evaluate("(asked) => gloss.go(new URLSearchParams(asked))", asked)


def _written(page: Any) -> None:
    page.wait_for_function(
        "() => [...document.querySelectorAll('.page')].every((p) => p.dataset.written === 'yes')"
    )


def _say(page: Any, name: str) -> Any:
    return page.locator(f'[data-sentence="{name}"] .say')


def _has_focus(page: Any, name: str) -> None:
    """The keyboard is on a sentence."""
    expect(_say(page, name)).to_be_focused()


def _button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name)


def test_sentences_marks_and_words_lead_to_each_other(page: Any, address: str) -> None:
    _open(page, address)
    _written(page)
    expect(page).to_have_title("Lanterns on Paths · gloss")
    page.wait_for_function(BELOW_THE_BAR)
    settles(page, "document.documentElement.scrollHeight", 800)
    _say(page, "method.2").click()
    settles(page, MARKED, HOURS)
    expect(_say(page, "method.2")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(f"{address}?paper=2401.00001&sentence=method.2")
    page.wait_for_function(IN_SIGHT)
    is_accessible(page)
    _say(page, "limits.1").click()
    page.wait_for_function("document.querySelector('.claim.chosen')?.dataset.sentence[0] === 'l'")
    settles(page, MARKED, "We tried no lantern in the rain.")
    expect(page.locator('.say[aria-pressed="true"]')).to_have_count(1)
    page.go_back()  # to the paper as it was opened, whatever was chosen since
    page.wait_for_function("!location.search.includes('sentence')")
    expect(page.locator(".mark.on")).to_have_count(0)
    _by_its_marks(page)
    _with_the_keyboard(page)
    _by_its_words(page)


def _with_the_keyboard(page: Any) -> None:
    """One stop of the Tab key leads through a digest."""
    expect(page.locator('#digest .say[tabindex="0"]')).to_have_count(1)
    _say(page, "summary.1").focus()
    for key, now in (("ArrowDown", "method.1"), ("ArrowDown", "method.2"), ("Enter", "method.2")):
        page.keyboard.press(key)
        _has_focus(page, now)
    page.locator('.claim.chosen[data-sentence="method.2"]').wait_for()
    _has_focus(page, "method.2")
    page.keyboard.press("End")
    _has_focus(page, "limits.1")
    expect(page.locator('#digest .say[tabindex="0"]')).to_have_count(1)
    expect(page.locator('#pages .mark[tabindex="0"]')).to_have_count(1)


def _by_its_marks(page: Any) -> None:
    """A mark shows the sentences that rest on it."""
    mark = page.locator('.mark[data-sentences="summary.1 method.1"]').first
    expect(mark).to_have_attribute("aria-label", re.compile("Marked words"))
    box = mark.bounding_box()  # below the words, which are what is hit
    mark.click(position={"x": 20, "y": box["height"] / 2}, force=True)
    page.locator(".reader .said", has_text="Sentences that rest on these words: 2").wait_for()
    expect(page.locator(".claim.chosen")).to_have_attribute("data-sentence", "summary.1")
    expect(page.locator(".claim.rests")).to_have_attribute("data-sentence", "method.1")
    page.locator('.mark[data-sentences="method.2"]').first.focus()
    page.keyboard.press("Enter")
    _has_focus(page, "method.2")
    expect(page.locator(".claim.chosen")).to_have_attribute("data-sentence", "method.2")


def _by_its_words(page: Any) -> None:
    """Words of a page can be found and selected."""
    page.locator("#find-words").fill("LANTERN")
    page.locator("#find-words").press("Enter")
    page.locator("#find-count", has_text="1 of 3").wait_for()
    page.locator("#find-words").press("Enter")
    page.locator("#find-count", has_text="2 of 3").wait_for()
    settles(page, MARKED.replace(".mark.on", ".mark.match.on"), "lantern")
    page.locator("#find-words").fill("kite")
    page.locator("#find-words").press("Enter")
    page.locator("#find-count", has_text="not found").wait_for()
    page.evaluate("document.querySelector('#left').remove()")  # which has the same words
    settles(page, "window.find('burns for 3.5 hours')", True)
    selected = "String(getSelection()).trim().split(/\\s+/)"
    settles(page, selected, ["burns", "for", "3.5", "hours"])


def test_outline_page_number_zoom_and_divider(page: Any, address: str) -> None:
    _open(page, address)
    expect(page.locator("#page-count")).to_have_text("of 2")
    page.locator("#outline summary").click()
    page.locator("#outline a", has_text="Limits").click()
    page.wait_for_function("document.querySelector('#page-number').value === '2'")
    page.locator("#page-number").fill("1")
    page.locator("#page-number").press("Enter")
    page.wait_for_function("document.querySelector('.pages').scrollTop < 20")
    before = page.locator(".page").first.bounding_box()["width"]
    _button(page, "Larger pages").click()
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
    expect(divider).to_have_attribute("aria-valuenow", "48")
    page.wait_for_function(
        "(left) => document.querySelector('#left').getBoundingClientRect().width > left", arg=left
    )
    box = divider.bounding_box()
    page.mouse.move(box["x"] + 4, 400)
    page.mouse.down()
    page.mouse.move(512, 400, steps=3)
    page.mouse.up()
    expect(divider).to_have_attribute("aria-valuenow", "40")
    page.reload(wait_until="commit")
    page.locator("#digest .claim").first.wait_for()
    expect(divider).to_have_attribute("aria-valuenow", "40")


def test_an_address_leads_to_a_sentence_or_a_place(page: Any, address: str) -> None:
    _open(page, address, "?paper=2401.00001&sentence=method.2")
    _written(page)
    page.locator(".claim.chosen", has_text=HOURS).wait_for()
    settles(page, MARKED, HOURS)
    _go(page, "paper=2401.00001&sentence=nowhere.7")
    page.locator(".reader .said", has_text="no place that can be shown").wait_for()
    _open(page, address, "?paper=2401.00001&at=59-92")
    _written(page)
    page.locator(".mark.here.on").first.wait_for()
    settles(page, MARKED, HOURS)
    expect(page.locator("#found-words .by")).to_have_text("Found here: Method · p. 2")
    for gone in ("9000-9001", "x-y"):
        _go(page, f"paper=2401.00001&at={gone}")
        page.locator("#found-words", has_text="not in the paper any more").wait_for()
        _go(page, "paper=2401.00001&at=59-92")
        page.locator("#found-words .by", has_text="Found here").wait_for()
    visit(page, f"{address}?paper=<b>gone</b>")
    page.locator("#digest", has_text="<b>gone</b> is not in this library").wait_for()
    expect(page.locator("#digest")).to_contain_text("add it by its id")


def test_a_paper_without_pages_has_its_text_marked(page: Any, address: str) -> None:
    _open(page, address, "?paper=text&sentence=method.2")
    expect(page.locator("#pages .mark.on")).to_have_text([HOURS])
    page.locator("#pages .mark", has_text="We tried no lantern").click()
    page.locator(".claim.chosen", has_text="We tried no lantern").wait_for()
    _open(page, address, "?paper=text&at=82-91")
    expect(page.locator("#pages .mark.here.on")).to_have_text(["3.5 hours"])


def _write_with(page: Any, writer: str) -> None:
    page.locator("#digest .menu > summary").click()
    page.get_by_label(writer).check()
    _button(page, "Write it so").click()


def test_sections_are_worded_one_after_the_other(page: Any, address: str) -> None:
    _open(page, address)
    _write_with(page, "local model")
    page.locator(".claim.compressed .say", has_text="A lantern lasts 3.5 hours.").wait_for()
    claim = page.locator(".claim.compressed")
    expect(claim.locator("blockquote")).to_have_text(HOURS)
    expect(claim).to_contain_text("shortened", use_inner_text=True)
    expect(claim).to_contain_text("supported", use_inner_text=True)
    expect(page.locator(".waiting")).to_have_count(0)
    claim.locator(".say").click()
    _written(page)
    settles(page, MARKED, HOURS)
    expect(page.locator("#digest .stop")).to_be_hidden()


def test_wording_can_be_stopped(page: Any, address: str) -> None:
    _open(page, address, "?paper=late&digest=zh")
    _write_with(page, "local model")
    page.locator(".waiting", has_text="being worded").first.wait_for()
    expect(page.locator(".claim.quoted", has_text=HOURS)).to_have_count(1)  # there meanwhile
    page.locator("#digest .stop").click()
    page.locator(".reader .said", has_text="Stopped").wait_for()
    expect(page.locator(".claim")).to_have_count(4)
    _write_with(page, "Your own language model")
    page.locator(".reader .said", has_text="this writer is not at hand here").wait_for()


def test_copy_and_download(page: Any, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    _open(page, address, "?paper=2401.00001&sentence=method.2")
    claim = page.locator(".claim.chosen")
    claim.get_by_role("button", name="copy", exact=True).click()
    page.locator(".reader .said", has_text="copied").wait_for()
    source = "Byron and Li, 2024, Lanterns on Paths, p. 2, https://arxiv.org/abs/2401.00001v2"
    settles(page, CLIPBOARD, f"“{HOURS}” ({source})")
    claim.get_by_role("button", name="copy link").click()
    settles(page, CLIPBOARD, f"{address}?paper=2401.00001&sentence=method.2")
    expect(page).to_have_url(f"{address}?paper=2401.00001&sentence=method.2")
    page.locator("#digest .menu > summary").click()
    _button(page, "copy digest").click()
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
    page.keyboard.press("Control+Enter")
    page.locator("#own .own-note", has_text="<b>soon</b>").wait_for()
    page.locator("#own button", has_text="Tag").click()
    page.get_by_label("Tag", exact=True).fill("to read, oil")
    page.keyboard.press("Enter")
    page.locator("#own .tag", has_text="#oil").wait_for()
    expect(page.locator('#own button[tabindex="0"]')).to_have_count(1)  # arrows lead on
    page.locator('#own button[tabindex="0"]').focus()
    page.keyboard.press("End")
    expect(page.locator(":focus")).to_have_text("Delete")
    # A note on a sentence stands beside it, and its words are marked on the page.
    _say(page, "limits.1").click()
    page.locator('[data-sentence="limits.1"] > .tools [data-write=note]').click()
    page.locator('[data-sentence="limits.1"] textarea').fill("why not?")
    _button(page, "Save").click()
    page.locator('[data-sentence="limits.1"] .own-note', has_text="why not?").wait_for()
    expect(page.locator(".mark.own")).to_have_count(1)
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
    is_accessible(page)  # with notes, tags, and a form
    _button(page, "Save").click()
    page.locator("#own .own-place", has_text="“burns for 3.5 hours.”").wait_for()
    page.locator("#own blockquote a").click()  # leads to the words
    page.locator("#found-words", has_text="burns for 3.5 hours.").wait_for()
    # Changed, deleted, had back; a tag is taken away and had back.
    page.locator("#own [data-edit]").first.click()
    page.locator("#own textarea").fill("read it all")
    _button(page, "Save").click()
    page.locator("#own .own-note", has_text="read it all").wait_for()
    page.locator("#own [data-delete]").first.click()
    page.locator("#own .own-note", has_text="read it all").wait_for(state="detached")
    expect(page.locator("#own [data-undo]")).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("#own .own-note", has_text="read it all").wait_for()
    page.locator('#own [data-untag="oil"]').click()
    page.locator("#own .tag", has_text="#oil").wait_for(state="detached")
    expect(page.locator("#own [data-retag]")).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("#own .tag", has_text="#oil").wait_for()
    page.reload(wait_until="commit")
    page.locator('[data-sentence="limits.1"] .own-note', has_text="why not?").wait_for()
    visit(page, f"{address}?q=oil")
    page.locator("#own-found .text", has_text="of oil?").wait_for()
    expect(page.locator("#hits")).not_to_contain_text("oil", use_inner_text=True)
    is_accessible(page)


def test_a_draft_is_kept_and_an_export_is_one_button(page: Any, address: str) -> None:
    _open(page, address, "?paper=text")
    page.locator("#own [data-write=note]").click()
    page.locator("#own textarea").fill("half a thou")
    page.keyboard.press("Escape")
    page.locator("#own textarea").wait_for(state="detached")
    page.locator("#own [data-write=note]").click()
    expect(page.locator("#own textarea")).to_have_value("half a thou")
    _button(page, "Cancel").click()
    page.locator("#digest .export summary").click()
    kinds = ["BibTeX", "RIS (Zotero, EndNote)", "CSL-JSON", "Markdown for Obsidian (ZIP)"]
    expect(page.locator(".export a")).to_have_text(kinds, use_inner_text=True)
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
    _button(page, "Save").click()
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
    _button(page, "Save").click()
    note = page.locator("#own .own-place", has_text="how many?")
    note.locator("blockquote", has_text=re.compile("^“T.*steps is”")).wait_for()
    expect(note.locator("blockquote .tex.set")).to_have_attribute("data-tex", "T")
    note.get_by_role("button", name="Delete").click()  # its marks are no part of other stories
    expect(note).to_have_count(0)


def test_a_slower_answer_does_not_hide_a_later_one(page: Any, address: str) -> None:
    visit(page, f"{address}?paper=late&digest=en")
    page.locator("#digest .busy", has_text="Writing the digest").wait_for()
    page.evaluate("gloss.go(new URLSearchParams('paper=late&digest=zh'))")
    page.locator("#digest h3", has_text="结论").wait_for()
    page.wait_for_timeout(2500)
    expect(page.locator("#digest h3", has_text="结论")).to_be_visible()
    _button(page, "English").click()
    page.locator("#digest .busy").wait_for()
    page.evaluate("gloss.go(new URLSearchParams('paper=2401.00001'))")
    page.locator('#digest [data-paper="2401.00001"]').wait_for()
    page.wait_for_timeout(2500)
    expect(page.locator('#digest [data-paper="2401.00001"]')).to_be_visible()


def test_dark_pages_are_dark_and_nobody_is_kept_out(page: Any, address: str) -> None:
    _open(page, address, "?paper=2401.00001&at=59-92&__theme=dark")
    page.locator(".mark.here.on").first.wait_for()
    image = page.locator(".page img").first
    expect(image).to_have_css("filter", re.compile("invert"))
    page.locator("#digest .claim").first.wait_for()
    page.wait_for_function("!document.querySelector('[aria-busy=true]')")
    is_accessible(page)
    page.locator("#invert").click()
    expect(image).to_have_css("filter", "none")


@pytest.fixture
def phone(page: Any) -> Iterator[Any]:
    page.set_viewport_size(PHONE)
    yield page
    page.set_viewport_size(DESK)


def test_on_a_phone_the_page_is_a_sheet_over_the_list(phone: Any, address: str) -> None:
    page = phone
    visit(page, f"{address}?q=lantern")
    page.locator("#hits .hit").first.click()
    page.locator(".mark.here.on").first.wait_for()
    page.wait_for_function(IN_SIGHT)
    settles(
        page,
        "(({x, y, width, height}) => [x, y, width, height])"
        "(document.querySelector('#sheet').getBoundingClientRect())",
        [0, 0, 390, 844],
    )
    page.wait_for_function(  # a column can be read
        "document.querySelector('.page').getBoundingClientRect().width > 600"
    )
    settles(page, "document.documentElement.scrollWidth", 390)
    _button(page, "Close").click()
    page.locator("#hits .hit").first.wait_for()
    _go(page, "paper=2401.00001&at=9000-9001")  # no page lies over what is said of it
    page.locator("#found-words", has_text="not in the paper any more").wait_for()
    expect(page.locator("#sheet")).to_be_hidden()
    _open(page, address)
    expect(page.locator("#sheet")).to_be_hidden()
    _say(page, "method.2").click()
    page.locator("#sheet").wait_for()
    page.go_back()
    page.locator("#sheet").wait_for(state="hidden")
    expect(page.locator("#digest")).to_be_visible()
    visit(page, address)
    page.locator(".cards").wait_for()
    settles(page, "document.documentElement.scrollWidth <= 390", True)


def test_what_a_hit_leads_to_is_asked_for_before_it_is_opened(page: Any, address: str) -> None:
    """The first hit's when it is shown, another's when it is pointed at; each of it once."""
    sent: list[str] = []

    def record(request: Any) -> None:
        found = re.search(
            r"/view/library/(.*?/(?:pages\.json|place\.json|pages/\d+\.png))", request.url
        )
        if found:
            sent.append(found[1])

    page.on("request", record)
    visit(page, f"{address}?q=lantern")
    page.locator("#hits .hit").first.wait_for()
    # The picture is of the page that has the place.
    first = [f"2401.00001/{one}" for one in ("pages.json", "pages/2.png", "place.json")]
    until(page, lambda: sorted(sent), first)
    with page.expect_response("**/place.json*"):
        page.locator("#hits .hit").nth(1).hover()
    before = list(sent)
    assert sent.count("2401.00001/pages.json") == 1
    page.locator("#hits .hit .pick").nth(1).click()
    page.locator(".mark.here.on").first.wait_for()
    assert [one for one in sent if one.endswith(".json")] == [
        one for one in before if one.endswith(".json")
    ]
    page.remove_listener("request", record)


def test_what_can_wait_waits_while_an_answer_is_sought_and_places_do_not(
    page: Any, address: str
) -> None:
    """Beside the import of Gradio, a first search took three times as long."""
    asked: dict[str, list[Any]] = {"answer.json": [], "place.json": [], "gradio": []}

    def hold(name: str) -> Any:
        return lambda route: (asked[name].append(route), name == "place.json" and route.continue_())

    for name in asked:
        page.route(f"**/{name}*", hold(name))
    visit(page, address)
    page.locator("#q").fill("How long does a lantern burn?")
    page.keyboard.press("Enter")
    until(page, lambda: len(asked["place.json"]), 1)
    page.evaluate("() => { window.requestIdleCallback = (then) => then(); }")
    page.wait_for_timeout(1500)
    assert len(asked["answer.json"]) == 1
    assert asked["gradio"] == []
    asked["answer.json"][0].continue_()
    until(page, lambda: len(asked["gradio"]), 1)
    asked["gradio"][0].abort()
    page.unroute_all()
