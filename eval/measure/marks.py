"""Checks that the words marked on a page in the browser are the quote, for sampled sentences.

    python eval/measure/marks.py LIBRARY [--seed 1] [--sentences 50] [--chromium /usr/bin/chromium]

Serves the library (copy it first: one program at a time owns one), opens the address of each
sentence in Chromium and looks at the screen: which words of the text over the page have their
middle inside the marks that are emphasised. Spaces, hyphens and the forms of letters do not count,
nor does punctuation before the first word or after the last, which is printed as a part of it: of
"Answer Validation," the keyword is quoted without the comma and marked with it.
Needs `pip install playwright`.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from app.serve.server import running
from app.serve.site import site_of
from app.write import write_digest
from app.write.claims import sentence_names
from index.config import Settings
from index.library import Library

# Rectangles on the screen, as the browser has laid them out.
SEEN = """() => {
  const on = [...document.querySelectorAll('#pages .mark.on')];
  if (document.querySelector('#pages .pages.text')) return on.map((one) => one.textContent);
  const found = [];
  for (const page of document.querySelectorAll('#pages .page')) {
    const boxes = on.filter((one) => page.contains(one)).map((one) => one.getBoundingClientRect());
    if (!boxes.length) continue;
    for (const word of page.querySelectorAll('.words span')) {
      const box = word.getBoundingClientRect();
      const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      const inside = (b) => b.left <= x && x <= b.right && b.top <= y && y <= b.bottom;
      if (boxes.some(inside)) found.push(word.textContent);
    }
  }
  return found;
}"""
WRITTEN = """() => {
  const pages = [...document.querySelectorAll('#pages .page')]
    .filter((page) => page.querySelector('.mark.on'));
  return document.querySelector('#pages .pages.text .mark.on')
    || (pages.length && pages.every((page) => page.dataset.written === 'yes'));
}"""


def main() -> None:
    """Print each sentence whose marks show something else, and how many showed the quote."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sentences", type=int, default=50)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--port", type=int, default=7839)
    asked = parser.parse_args()

    settings = Settings(library=asked.library)
    with Library.open(settings, create=False) as library:
        found = sentences_of(library)
        drawn = random.Random(asked.seed).sample(found, min(asked.sentences, len(found)))
        with running(site_of(library, settings).app, "127.0.0.1", asked.port) as address:
            wrong = compare(address, sorted(drawn), asked.chromium)
    for one in wrong:
        sys.stdout.write(json.dumps(one, ensure_ascii=False) + "\n")
    papers = len({paper for paper, _, _ in drawn})
    sys.stdout.write(
        f"{len(drawn) - len(wrong)} of {len(drawn)} sentences of {papers} papers: "
        f"the marked words are the quote (seed {asked.seed})\n"
    )
    sys.exit(1 if wrong else 0)


def sentences_of(library: Library) -> list[tuple[str, str, str]]:
    """All sentences of the papers' digests: the paper's id, the sentence's name, its quotes."""
    found = []
    for row in library.papers():
        if row.status == "ok":
            digest = write_digest(library, row.id)
            for name, claim in zip(sentence_names(digest), digest.claims, strict=True):
                found.append((row.id, name, "".join(cited.quote for cited in claim.citations)))
    return found


def compare(address: str, drawn: list[tuple[str, str, str]], chromium: str) -> list[dict[str, Any]]:
    """The sentences whose marks show other words than the quote."""
    from playwright.sync_api import sync_playwright

    wrong = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        for paper_id, name, words in drawn:
            page.goto(f"{address}?paper={quote(paper_id)}&sentence={quote(name)}")
            page.wait_for_function(WRITTEN, timeout=60_000)
            seen = "".join(page.evaluate(SEEN))
            if bare(seen) != bare(words):
                wrong.append({"paper": paper_id, "sentence": name, "quote": words, "seen": seen})
        browser.close()
    return wrong


def bare(text: str) -> str:
    """``text`` without what a printed line adds or takes: spaces, hyphens, ligatures, an end."""
    kept = re.sub(r"[\s\u00ad\u2010-\u2014-]", "", unicodedata.normalize("NFKC", text))
    return re.sub(r"^\W+|\W+$", "", kept)


if __name__ == "__main__":
    main()
