"""Runs the journeys of a reader through the app in headless Chromium, with a real server and model.

    python eval/measure/journeys.py LIBRARY PDF OUT [--port 7869]

LIBRARY, of six papers or more, is copied, PDF is uploaded, OUT gets a picture of each journey.
Prints a line for each: what was seen, and how long it took. Any failed expectation ends it with an
error.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from eval.measure.served import SECONDS, copied, serving


def first_visit(page: Page, address: str, pdf: Path) -> str:
    """A sentence is lit on its page, and leads to it in the reader."""
    page.goto(address)
    page.locator(".example .lit").first.click()
    page.locator("#digest .claim.chosen").wait_for()
    page.locator("#pages .mark.on").first.wait_for()
    return page.locator("#digest .claim.chosen .say").inner_text().strip()


def search_and_open(page: Page, address: str, pdf: Path) -> str:
    """A search, a hit at its place in the reader, and back to the same list."""
    page.goto(address)
    page.locator("#q").fill("scaled dot-product attention")
    page.locator("#q").press("Enter")
    page.locator("#hits .hit .pick").first.click()
    page.locator("#pages .mark.here.on").first.wait_for()
    where = page.locator("#found-words .by").inner_text().strip()
    page.go_back()
    page.locator("#hits .hit").first.wait_for()
    return where


def upload_and_read(page: Page, address: str, pdf: Path) -> str:
    """A paper is uploaded, read, and a chosen sentence's words are those that are marked."""
    page.goto(address)
    page.get_by_role("link", name="Add papers").click()
    page.locator("#upload input[type=file]").set_input_files(pdf)
    page.locator("#digest .reader").wait_for(timeout=SECONDS * 1000)
    sentence = page.locator("#digest .claim").nth(2)
    sentence.scroll_into_view_if_needed()
    sentence.click()
    page.locator("#pages .mark.on").first.wait_for()
    page.wait_for_function(
        "[...document.querySelectorAll('#pages .page')].some((one) =>"
        " one.querySelector('.mark.on') && one.querySelector('img')?.naturalWidth > 0)"
    )
    marks = page.locator("#pages .mark").count()
    return f"{marks} marks on its pages; chosen: {sentence.inner_text()[:60]!r}"


def ask(page: Page, address: str, pdf: Path) -> str:
    """A question is answered by cited sentences."""
    page.goto(address)
    page.locator("#q").fill("Which optimizer was used for training?")
    page.locator("#q").press("Enter")
    page.locator("#answer .say").first.click()
    page.locator("#pages .mark.here.on").first.wait_for()
    return page.locator("#found-words blockquote").inner_text().strip()


def two_questions(page: Page, address: str, pdf: Path) -> str:
    """Of two questions in a row the second is answered."""
    page.goto(address)
    for question in ("How many participants took part?", "Which optimizer was used for training?"):
        page.locator("#q").fill(question)
        page.locator("#q").press("Enter")
    page.locator("#answer .say").first.wait_for()
    asked, said = page.locator("#q").input_value(), page.locator("#answer .say").first.inner_text()
    page.wait_for_timeout(3000)  # an answer to the first would be there by now
    if page.locator("#answer .say").first.inner_text() != said or not page.title().startswith(
        asked
    ):
        raise SystemExit("the former question was answered, too")
    return f"{asked} {said}"


def on_a_phone(page: Page, address: str, pdf: Path) -> str:
    """The page with a place comes as a sheet over the hits, and goes again."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}?q=attention")
    page.locator("#hits .hit .pick").first.click()
    page.locator("#pages .mark.here.on").first.wait_for()
    sheet = page.locator("#sheet").bounding_box()
    page.locator("#close").click()
    page.locator("#hits .hit").first.wait_for()
    return f"sheet {sheet}, width {page.evaluate('document.documentElement.scrollWidth')}"


def ten_files(page: Page, address: str, pdf: Path) -> str:
    """Ten files that are dropped at once are all added."""
    text = "# Kite {0}\n\nAda Byron\n\n## Abstract\n\nWe fly kite {0}. {1}\n\n## Results\n\n{1}\n"
    words = "The kite stays in the air for nine hours in a steady wind over the sea. " * 20
    page.goto(f"{address}?view=add")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"kite-{number}.md" for number in range(10)]
        for number, file in enumerate(files):
            file.write_text(text.format(number, words), encoding="utf-8")
        page.locator("#upload input[type=file]").set_input_files(files)
        page.locator("#adding .done").nth(9).wait_for(timeout=SECONDS * 1000)
    return f"{page.locator('#adding .done').count()} added"


def compare_six(page: Page, address: str, pdf: Path) -> str:
    """Six papers and a column of one's own, and their table as CSV."""
    with urllib.request.urlopen(f"{address}api/papers?limit=6") as answer:
        papers = [one["id"] for one in json.load(answer)["papers"]]
    question = "How large is the data set?"
    page.goto(f"{address}?view=compare&papers={','.join(papers)}")
    page.locator(".comparing tbody tr").nth(5).wait_for()
    page.locator("#compare-question textarea, #compare-question input").first.fill(question)
    page.locator("#compare").click()
    page.locator(".comparing th", has_text=question).wait_for()
    page.locator(".comparing .exports").wait_for(timeout=SECONDS * 1000)
    with page.expect_download() as got:
        page.locator(".comparing .exports a", has_text="CSV").click()
    with Path(got.value.path()).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    if len(rows) != 7 or not any(question in name for name in rows[0]):
        raise SystemExit(f"CSV of {len(rows)} rows: {rows[0]}")
    return f"CSV of {len(rows)} rows and {len(rows[0])} columns"


def today(page: Page, address: str, pdf: Path) -> str:
    """The papers of the last day, the nearest first, and which paper each is near."""
    page.goto(f"{address}?view=today")
    page.locator("#today-list li").first.wait_for()
    near = page.locator("#today-list .near")
    return f"{page.locator('#today-line').inner_text()}; {near.count()} near one that is kept"


def download(page: Page, address: str, pdf: Path) -> str:
    """The digest as a file in each of four forms."""
    page.goto(f"{address}?paper=1706.03762")
    page.locator("#digest .menu > summary").click()
    sizes = []
    for form in ("md", "html", "json", "bib"):
        with page.expect_download() as got:
            page.locator(f"#digest a[href*='digest.{form}']").first.click()
        sizes.append(f"{got.value.suggested_filename} {Path(got.value.path()).stat().st_size}")
    return ", ".join(sizes)


def a_chinese_visitor(page: Page, address: str, pdf: Path) -> str:
    """All of the interface in Chinese, and a digest under Chinese headings."""
    page.goto(f"{address}?lang=zh&paper=1706.03762")
    page.locator("#digest h3", has_text="结论").wait_for()
    lang = page.evaluate("document.documentElement.lang")
    return f"html lang={lang}, links {page.locator('#top nav a').all_inner_texts()}"


JOURNEYS: tuple[Callable[[Page, str, Path], str], ...] = (
    first_visit,
    search_and_open,
    upload_and_read,
    ask,
    two_questions,
    on_a_phone,
    ten_files,
    compare_six,
    today,
    download,
    a_chinese_visitor,
)


def main() -> None:
    """Go on all of them."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("library", type=Path)
    asked.add_argument("pdf", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("--port", type=int, default=7869)
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with (
        copied(given.library) as library,
        serving(library, given.port) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        for journey in JOURNEYS:
            page: Any = browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(SECONDS * 1000 / 2)
            problems: list[str] = []
            page.on("pageerror", lambda error, said=problems: said.append(str(error)))
            page.on(
                "request",
                lambda request, said=problems: (
                    None
                    if request.url.startswith((address, "data:", "blob:"))
                    else said.append(request.url)
                ),
            )
            began = time.monotonic()
            seen = journey(page, address, given.pdf)
            seconds = time.monotonic() - began
            page.wait_for_timeout(1000)
            page.screenshot(path=given.out / f"{journey.__name__}.png")
            page.close()
            if problems:
                raise SystemExit(f"{journey.__name__}: {problems}")
            sys.stdout.write(f"{journey.__name__}: {seconds:.1f} s; {seen}\n")
            sys.stdout.flush()
        browser.close()


if __name__ == "__main__":
    main()
