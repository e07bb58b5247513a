"""Takes a picture of every screen of the app, and asks axe-core what is wrong with each.

    python eval/measure/screens.py LIBRARY OUT [--port 7868] [--lang zh] [--only NAME ...]

A real server has a copy of LIBRARY, of six papers or more. Each screen is opened in headless
Chromium at three sizes, light and dark, and pictured at rest: OUT/SCREEN-SIZE-SCHEME.png.
Prints a line for each with what axe-core found, of every grade, and what is wider than the window.
Ends with 1 if anything was found.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.request
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from axe_core_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, sync_playwright

from eval.measure.served import SECONDS, copied, serving

SIZES = {"desk": (1280, 800), "wide": (1600, 1000), "phone": (390, 844)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
QUESTION = "which data sets were used?"
REST = 900  # milliseconds after the last thing that is waited for: pictures fade in


def screens(address: str) -> dict[str, tuple[str, str]]:
    """The address of each screen, and what is there once it is ready (a selector)."""
    with urllib.request.urlopen(f"{address}api/papers?limit=50") as answer:
        papers = [one["id"] for one in json.load(answer)["papers"] if one["status"] == "ok"]
    paper = quote(papers[1], safe="")
    return {
        "first": ("", ".example .lit"),
        "found": (f"q={quote('attention')}", "#hits .hit"),
        "answered": (f"q={quote(QUESTION)}", "#found .answer li, #found .answer p"),
        "nothing": ("q=zzzzqqq+xxyy", "#hits"),
        "paper": (f"paper={paper}", "#digest .claim"),
        "place": (f"q=attention&paper={paper}&at=1200-1400", "#pages .page, #found-words"),
        "no-paper": ("paper=0000.00000", ".failed"),
        "today": ("view=today", "#today-list"),
        "library": ("view=library", ".gloss.shelf tbody tr"),
        "compare": (f"view=compare&papers={quote(','.join(papers[:6]))}", ".comparing tbody tr"),
        "add": ("view=add", "#upload"),
    }


def main() -> None:
    """Open, picture and examine all of them."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("library", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("--port", type=int, default=7868)
    asked.add_argument("--lang", choices=("en", "zh"), default="en")
    asked.add_argument("--only", nargs="*")
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    found = 0
    with (
        copied(given.library) as library,
        serving(library, given.port) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        for name, (query, ready) in screens(address).items():
            if given.only and name not in given.only:
                continue
            for size, (width, height) in SIZES.items():
                for scheme in SCHEMES:
                    page: Any = browser.new_page(
                        viewport={"width": width, "height": height}, color_scheme=scheme
                    )
                    page.set_default_timeout(SECONDS * 1000 / 2)
                    page.goto(f"{address}?{query}&lang={given.lang}")
                    page.locator(ready).first.wait_for()
                    problems = examined(page)
                    page.screenshot(path=given.out / f"{name}-{size}-{scheme}.png")
                    page.close()
                    found += len(problems)
                    told = "; ".join(problems) or "nothing"
                    sys.stdout.write(f"{name} {size} {scheme}: {told}\n")
                    sys.stdout.flush()
        browser.close()
    raise SystemExit(1 if found else 0)


def examined(page: Page) -> list[str]:
    """What axe-core finds, and how much wider than the window the page is."""
    page.wait_for_timeout(REST)
    page.wait_for_function("!document.querySelector('.busy .spinner')")
    page.wait_for_timeout(REST)
    told = [
        f"{one['id']}: {node['html'][:120]}"
        for one in Axe().run(page)["violations"]
        for node in one["nodes"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*told, *([f"{wide} pixels too wide"] if wide > 0 else [])]


if __name__ == "__main__":
    main()
