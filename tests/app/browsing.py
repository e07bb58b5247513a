"""A browser for tests: a tab with the app in it, and assertions that wait for what a page does.

What a page shows after a click, a key or an address comes in its own time: it is read by
Playwright's ``expect``, or by ``settles``, and never once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

CHROMIUM = next(
    (path for path in map(Path, ("/usr/bin/chromium", "/usr/bin/google-chrome")) if path.exists()),
    None,
)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
PATIENCE = 180.0  # seconds; what a busy machine takes is no failure


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, in which ``expect`` waits as long as everything else does.

    Of a file: while Playwright runs, no other test can run an event loop of asyncio.
    """
    api = pytest.importorskip("playwright.sync_api")
    api.expect.set_options(timeout=1000 * PATIENCE)
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield running
        running.close()


# The app starts Gradio's part once the browser has nothing else to do, seconds after each address:
# where it is not what a test is about, only what asks for it starts it.
NOT_AHEAD = """(() => {
  const idle = window.requestIdleCallback;
  window.requestIdleCallback = (work, options) => options?.timeout === 3000 || idle(work, options);
})()"""


def context_of(browser: Any, **wishes: Any) -> Any:
    """A visitor's browser: patient, and without movements."""
    context = browser.new_context(reduced_motion="reduce", **wishes)
    context.set_default_timeout(1000 * PATIENCE)
    return context


@pytest.fixture(scope="module")
def tab(browser: Any) -> Iterator[Any]:
    """A tab for all tests of a file: what it fetched and compiled once serves them all."""
    context = context_of(browser, viewport={"width": 1280, "height": 800})
    context.add_init_script(NOT_AHEAD)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(tab: Any, address: str) -> Iterator[Any]:
    """The tab, empty, as on a first visit; nothing may go wrong in it, or be asked elsewhere."""
    elsewhere: list[str] = []
    problems: list[str] = []
    watched = {
        "request": lambda request: (
            None
            if request.url.startswith((address, "data:", "blob:"))
            else elsewhere.append(request.url)
        ),
        "pageerror": lambda error: problems.append(str(error)),
        "dialog": lambda dialog: problems.append("a dialog opened"),
    }
    for event, note in watched.items():
        tab.on(event, note)
    yield tab
    tab.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
    tab.context.clear_cookies()
    tab.context.clear_permissions()
    for event, note in watched.items():
        tab.remove_listener(event, note)
    tab.goto("about:blank")
    assert elsewhere == []
    assert problems == []


def visit(page: Any, address: str) -> None:
    """Go to an address of the app, whose own scripts listen from then on."""
    page.goto(address, wait_until="commit")
    page.wait_for_function("() => document.readyState !== 'loading' && window.gloss?.reader")


def until(page: Any, read: Callable[[], Any], expected: Any) -> None:
    """Read a page again and again until it says this; a failure shows what it said last."""
    end = time.monotonic() + PATIENCE
    while (said := read()) != expected and time.monotonic() < end:
        page.wait_for_timeout(50)  # milliseconds
    assert said == expected


def settles(page: Any, expression: str, expected: Any, argument: Any = None) -> None:
    """Wait until an expression has this value in the page."""
    until(page, lambda: page.evaluate(expression, argument), expected)


def asks(page: Any, **asked: str) -> None:
    """Wait until the address asks for this, and for nothing else."""
    wanted = {name: [value] for name, value in asked.items()}
    until(page, lambda: parse_qs(urlsplit(page.url).query), wanted)


def is_accessible(page: Any) -> None:
    """axe-core finds nothing wrong with the screen once it is at rest, of whatever grade."""
    from axe_core_python.sync_playwright import Axe

    def violations() -> list[tuple[str, str]]:
        found = Axe().run(page)["violations"]
        return [(one["id"], node["html"][:200]) for one in found for node in one["nodes"]]

    until(page, violations, [])
