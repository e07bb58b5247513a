"""Measures the load of a day's page: bytes, requests, time to the first words, size of the DOM.

    python eval/measure/page_weight.py public/2026-11-28-all.html [...]

Each page is served by a server on this machine and opened in Chromium, once as a phone (390 pixels
wide, processor four times slower, 1.6 Mbit/s with 150 ms to each answer: the "slow 4G" that
Lighthouse measures with, https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md)
and once as a desk without a brake. Bytes are those of the bodies, not compressed. The first row of
each is the page as it opens, with the pictures that a screen needs; "to the end" is after scrolling
through all of it.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CHROMIUM = "/usr/bin/chromium"
PAINTS = """() => new Promise(done => new PerformanceObserver(list => {
  const last = list.getEntries().at(-1); done(last.startTime);
}).observe({type: 'largest-contentful-paint', buffered: true}))"""
FIGURES = """() => ({
  fcp: performance.getEntriesByName('first-contentful-paint')[0].startTime,
  loaded: performance.getEntriesByType('navigation')[0].loadEventEnd,
  nodes: document.querySelectorAll('*').length,
  wide: document.documentElement.scrollWidth - innerWidth,
})"""
SHIFTS = """() => new Promise(done => { let sum = 0; new PerformanceObserver(list => {
  for (const one of list.getEntries()) sum += one.value;
}).observe({type: 'layout-shift', buffered: true}); setTimeout(() => done(sum), 300); })"""


@dataclass(frozen=True)
class Device:
    """The device that opens the page."""

    name: str
    width: int
    height: int
    slower: int = 1
    kilobits: int | None = None
    latency: int = 0  # ms


DEVICES = (
    Device("phone, slow 4G", 390, 844, 4, 1600, 150),
    Device("desk", 1280, 900),
)


class _Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder at an address of this machine."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def measured(browser: Any, address: str, device: Device) -> dict[str, str]:
    """One opening of a page."""
    context = browser.new_context(viewport={"width": device.width, "height": device.height})
    page = context.new_page()
    answers: list[Any] = []
    page.on("requestfinished", lambda request: answers.append(request))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    session = context.new_cdp_session(page)
    if device.kilobits:
        rate = device.kilobits * 1000 / 8
        session.send("Network.enable")
        session.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": device.latency,
                "downloadThroughput": rate,
                "uploadThroughput": rate,
            },
        )
    session.send("Emulation.setCPUThrottlingRate", {"rate": device.slower})
    page.goto(address, wait_until="load", timeout=120_000)
    largest = page.evaluate(PAINTS)
    figures = page.evaluate(FIGURES)
    shift = page.evaluate(SHIFTS)

    def size() -> int:
        return sum(len(one.response().body()) for one in answers if one.url.startswith("http"))

    first_bytes, first_requests = size(), len(answers)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    if device.kilobits:
        unbraked = {"offline": False, "latency": 0, "downloadThroughput": -1}
        session.send("Network.emulateNetworkConditions", {**unbraked, "uploadThroughput": -1})
    height = page.evaluate("document.body.scrollHeight")
    for top in range(0, height, device.height):
        page.mouse.wheel(0, device.height)
        page.wait_for_timeout(20 if top else 50)
    page.wait_for_load_state("networkidle")
    host = address.partition("//")[2].partition("/")[0]
    foreign = [url for url in asked if not url.startswith((f"http://{host}/", "data:"))]
    row = {
        "device": device.name,
        "requests": str(first_requests),
        "kB": f"{first_bytes / 1000:.0f}",
        "first paint, ms": f"{figures['fcp']:.0f}",
        "largest paint, ms": f"{largest:.0f}",
        "loaded, ms": f"{figures['loaded']:.0f}",
        "layout shift": f"{shift:.3f}",
        "DOM elements": str(figures["nodes"]),
        "to the end: requests": str(len(answers)),
        "to the end: kB": f"{size() / 1000:.0f}",
        "other hosts": str(len(foreign)),
        "too wide, px": str(max(0, figures["wide"])),
    }
    context.close()
    return row


def main(paths: list[str]) -> None:
    """Print a table for each page."""
    from playwright.sync_api import sync_playwright

    if not paths:
        sys.exit(f"{__doc__}")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for path in map(Path, paths):
            with served(path.parent) as address:
                rows = [measured(browser, f"{address}/{path.name}", one) for one in DEVICES]
            sys.stdout.write(
                f"{path.name}\n\n| figure | {' | '.join(r['device'] for r in rows)} |\n"
            )
            sys.stdout.write("|---|" + "--:|" * len(rows) + "\n")
            for name in list(rows[0])[1:]:
                sys.stdout.write(f"| {name} | {' | '.join(row[name] for row in rows)} |\n")
            sys.stdout.write("\n")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
