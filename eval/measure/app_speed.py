"""Measures the speed of the web app with the real server, the real model and real browsers.

    python eval/measure/app_speed.py LIBRARY [--port 7849]

On a copy of LIBRARY it measures, and prints as JSON, in seconds:

- from the start of the server's process, with Chromium open as a reader has it: ``listening``,
  ``answered`` to the first search by the HTTP API, and ``boot`` to the first search of which the
  hits are on the screen (another question; it is asked by its address once the server listens, and
  ``loaded`` is when Chromium has that page);
- ``interactive``: from the address to the first screen with a box that works, in Chromium, of ten
  visits, each with an empty cache;
- ``search``: from Enter to the results on the screen, in Chromium, of 40 questions, one by one;
- ``place``: from a click on a hit, a second after the hits came, to its marked words in sight, and
  ``picture`` to the picture of that page beneath them, of the first hits of 20 questions;
- ``digest``: from a paper's address to its sentences, of 10 papers whose digests are saved, and
  ``written`` of the same papers before that;
- ``crowd``: the same for ten visitors at once, each a browser context of its own that asks four
  questions, while two digests are written (LIBRARY must not have digests); errors are searches
  and digests that failed. The browsers take most of the processor then, so
- ``clients``: the same number of programs at once, without browsers (gradio_client).

Needs Chromium, and playwright from the extra "dev". It takes some two minutes on two cores. What a
measurement has not reached after ``--seconds`` is left out, and named in ``unfinished``; progress
goes to standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import threading
import time
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from eval.measure.served import copied, serving

CHROMIUM = next(
    (path for path in map(Path, ("/usr/bin/chromium", "/usr/bin/google-chrome")) if path.exists()),
    None,
)
SUBJECTS = (
    "attention", "training data", "the loss function", "evaluation", "retrieval", "beam search",
    "related work", "the decoder", "latent variables", "human judgement",
)  # fmt: skip
FORMS = (
    "how is {} computed",
    "what are the limits of {}",
    "results on {}",
    "{} compared to others",
)
QUESTIONS = [form.format(subject) for form in FORMS for subject in SUBJECTS]
VISITORS, EACH = 10, 4
READS = 1.0  # seconds that a person looks at hits at least, before one is chosen
PATIENCE = 60_000  # milliseconds for one answer


def main() -> None:
    """Measure, and print the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("--port", type=int, default=7849)
    parser.add_argument("--seconds", type=float, default=110.0, help="of all browsers together")
    given = parser.parse_args()
    load = os.getloadavg()[0]  # of what else is done here
    with copied(given.library) as library:
        measured = asyncio.run(_measured(library, given.port, given.seconds))
    measured = {"cpus": os.cpu_count(), "load": load} | measured
    sys.stdout.write(json.dumps(measured, indent=1, default=lambda one: round(one, 3)) + "\n")


async def _measured(library: Path, port: int, seconds: float) -> dict[str, Any]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM) if CHROMIUM else None, args=["--no-sandbox"]
        )
        first = await browser.new_page()
        await first.goto("about:blank")
        began = time.perf_counter()
        with serving(library, port) as address:
            found: dict[str, Any] = {"listening": time.perf_counter() - began}
            with urllib.request.urlopen(f"{address}api/search?q={quote(QUESTIONS[1])}") as answer:
                answer.read()
            found["answered"] = time.perf_counter() - began
            await first.goto(f"{address}?q={quote(QUESTIONS[0])}")
            found["loaded"] = time.perf_counter() - began
            await first.locator("#hits .hit").first.wait_for(timeout=PATIENCE)
            found["boot"] = time.perf_counter() - began
            await first.close()
            found |= await _of_visits(browser, address, seconds)
        await browser.close()
    return found


async def _of_visits(browser: Any, address: str, seconds: float) -> dict[str, Any]:
    """Every measurement of a server that runs, as long as ``seconds`` last."""
    began = time.perf_counter()
    found: dict[str, Any] = {}
    with urllib.request.urlopen(f"{address}api/papers") as answer:
        rows = json.load(answer)["papers"]
    with urllib.request.urlopen(f"{address}gradio") as answer:  # all of it has started
        answer.read()
    papers = [row["id"] for row in rows if row["status"] == "ok"]
    page = await _open(browser, address)

    async def crowd() -> dict[str, Any]:
        return await _crowd(browser, address, papers)

    measures: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
        "interactive": partial(_each, _visit, browser, [address] * 10),
        "search": partial(_each, _ask, page, QUESTIONS),
        "place": partial(_places, page, QUESTIONS[:20]),
        "crowd": crowd,
        "written": partial(_each, _read, page, papers[2:12]),
        "digest": partial(_each, _read, page, papers[2:12]),
    }
    for name, measure in measures.items():
        sys.stderr.write(f"{name}: {time.perf_counter() - began:.0f} s\n")
        try:
            measured = await asyncio.wait_for(
                measure(), max(began + seconds - time.perf_counter(), 0)
            )
        except TimeoutError:
            found.setdefault("unfinished", []).append(name)
            continue
        found |= measured if name == "place" else {name: measured}
    if "unfinished" not in found:
        found["clients"] = await asyncio.to_thread(_clients, address)
    return found


async def _each(
    measure: Callable[[Any, str], Awaitable[float]], where: Any, of: Sequence[str]
) -> dict[str, float]:
    return _statistics([await measure(where, one) for one in of])


async def _places(page: Any, questions: Sequence[str]) -> dict[str, dict[str, float]]:
    took = [await _to_the_place(page, question) for question in questions]
    return {
        "place": _statistics([place for place, _ in took]),
        "picture": _statistics([picture for _, picture in took]),
    }


async def _open(browser: Any, address: str) -> Any:
    page = await (await browser.new_context()).new_page()
    await page.goto(address, wait_until="commit")
    await page.locator("#home .cards, #home .nothing").first.wait_for(timeout=PATIENCE)
    return page


async def _visit(browser: Any, address: str) -> float:
    """Until the first screen is there and the box can be typed into, with an empty cache."""
    began = time.perf_counter()
    page = await _open(browser, address)
    await page.get_by_label("What are you looking for?").fill("x", timeout=PATIENCE)
    took = time.perf_counter() - began
    await page.context.close()
    return took


async def _ask(page: Any, question: str) -> float:
    """From Enter to other results in place, as the browser's own clock has it.

    What stood there is taken away first, so that results that are the same are seen to come.
    """
    box = page.get_by_label("What are you looking for?")
    await box.fill(question)
    took: float = await page.evaluate(
        """async ([patience]) => {
          const hits = document.querySelector('#hits');
          hits.replaceChildren();
          const began = performance.now();
          document.querySelector('#ask').requestSubmit();
          return await new Promise((resolve, reject) => {
            const look = () => {
              if (hits.querySelector('.hit')) {
                requestAnimationFrame(() => resolve((performance.now() - began) / 1000));
              } else if (performance.now() - began > patience) {
                reject(new Error('no results'));
              } else {
                setTimeout(look, 5);
              }
            };
            look();
          });
        }""",
        [PATIENCE],
    )
    return took


async def _to_the_place(page: Any, question: str) -> tuple[float, float]:
    """From a click on the first hit to its marks in sight, and to the picture below them."""
    await _ask(page, question)
    await asyncio.sleep(READS)
    took: list[float] = await page.evaluate(
        """async ([patience]) => {
          const began = performance.now();
          document.querySelector('#hits .hit .pick').click();
          const until = async (there) => {
            while (!there()) {
              if (performance.now() - began > patience) throw new Error('no place');
              await new Promise((go) => setTimeout(go, 5));
            }
            return (performance.now() - began) / 1000;
          };
          const mark = () => document.querySelector('.mark.here.on, #found-words blockquote');
          const seen = () => {
            const frame = document.querySelector('#pages').getBoundingClientRect();
            const box = mark()?.getBoundingClientRect();
            return box && (box.bottom > frame.top && box.top < frame.bottom);
          };
          const picture = () => {
            const there = mark();  // gone for a moment where the marks are drawn again
            const image = there?.closest('.page')?.querySelector('img');
            return there && !image || image?.complete && image.naturalWidth > 0;
          };
          return [await until(seen), await until(picture)];
        }""",
        [PATIENCE],
    )
    return took[0], took[1]


async def _read(page: Any, paper: str) -> float:
    """From going to a paper's address, within the app, to the sentences of its digest."""
    await page.evaluate("gloss.go(new URLSearchParams())")
    took: float = await page.evaluate(
        """async ([paper, patience]) => {
          const began = performance.now();
          gloss.go(new URLSearchParams([['paper', paper]]));
          while (![...document.querySelectorAll('#digest .reader')].some(
            (one) => one.dataset.paper === paper)) {
            if (performance.now() - began > patience) throw new Error('no digest');
            await new Promise((go) => setTimeout(go, 5));
          }
          return (performance.now() - began) / 1000;
        }""",
        [paper, 2 * PATIENCE],
    )
    return took


async def _crowd(browser: Any, address: str, papers: Sequence[str]) -> dict[str, Any]:
    pages = [await _open(browser, address) for _ in range(VISITORS)]
    errors: list[str] = []

    async def visitor(number: int) -> list[float]:
        took = []
        for question in QUESTIONS[number * EACH : (number + 1) * EACH]:
            try:
                took.append(await _ask(pages[number], question))
            except Exception as error:  # whatever it was, it is one that a visitor saw
                errors.append(str(error).splitlines()[0])
        return took

    async def reader(paper: str) -> float:
        began = time.perf_counter()
        page = await (await browser.new_context()).new_page()
        await page.goto(f"{address}?paper={quote(paper)}")
        await page.locator("#digest .claim").first.wait_for(timeout=2 * PATIENCE)
        return time.perf_counter() - began

    digests = [asyncio.create_task(reader(paper)) for paper in papers[:2]]
    asked = await asyncio.gather(*(visitor(number) for number in range(VISITORS)))
    written = await asyncio.gather(*digests, return_exceptions=True)
    errors += [str(one).splitlines()[0] for one in written if isinstance(one, BaseException)]
    return {
        "visitors": VISITORS,
        "search": _statistics([one for took in asked for one in took]),
        "digests": [round(one, 3) for one in written if not isinstance(one, BaseException)],
        "errors": errors,
    }


def _clients(address: str) -> dict[str, float]:
    from gradio_client import Client  # type: ignore[import-untyped]

    def visit(client: Client, number: int) -> list[float]:
        ready.wait()
        took = []
        for question in QUESTIONS[number * EACH : (number + 1) * EACH]:
            began = time.perf_counter()
            client.predict(question, api_name="/search")
            took.append(time.perf_counter() - began)
        return took

    ready = threading.Barrier(VISITORS)
    clients = [Client(address, verbose=False) for _ in range(VISITORS)]
    with ThreadPoolExecutor(VISITORS) as threads:  # an error of any ends the measurement
        each = list(threads.map(visit, clients, range(VISITORS)))
    return _statistics([one for took in each for one in took])


def _statistics(seconds: Sequence[float]) -> dict[str, float]:
    if len(seconds) < 2:
        return {"number": len(seconds)}
    return {
        "number": len(seconds),
        "p50": round(statistics.median(seconds), 3),
        "p95": round(statistics.quantiles(seconds, n=20, method="inclusive")[18], 3),
        "most": round(max(seconds), 3),
    }


if __name__ == "__main__":
    main()
