"""A browser for tests: a tab with the app in it, and assertions that wait for what a page does.

What a page shows after a click, a key or an address comes in its own time: it is read by
Playwright's ``expect``, or by ``settles``, and never once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

CHROMIUM = next(
    (path for path in map(Path, ("/usr/bin/chromium", "/usr/bin/google-chrome")) if path.exists()),
    None,
)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}  # of a window
PATIENCE = 180.0  # seconds; what a busy machine takes is no failure


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: while Playwright runs, no other can run a loop of asyncio."""
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, started once in a run; ``expect`` waits in it as long as everything else does."""
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


@pytest.fixture(scope="session")
def tab(browser: Any) -> Iterator[Any]:
    """A tab for all tests: what it fetched and compiled once serves them all."""
    context = context_of(browser, viewport=DESK)
    context.add_init_script(NOT_AHEAD)
    yield context.new_page()
    context.close()


@contextmanager
def _all_well(tab: Any, address: str) -> Iterator[None]:
    """Nothing goes wrong in a tab meanwhile, and nobody but the app is asked."""
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
    try:
        yield
    finally:
        for event, note in watched.items():
            tab.remove_listener(event, note)
    assert elsewhere == []
    assert problems == []


@pytest.fixture
def page(tab: Any, address: str) -> Iterator[Any]:
    """The tab, empty, as on a first visit."""
    try:
        with _all_well(tab, address):
            yield tab
            tab.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
            tab.context.clear_cookies()
            tab.context.clear_permissions()
    finally:
        tab.goto("about:blank")


@pytest.fixture(scope="module")
def _second(tab: Any, address: str) -> Iterator[Any]:
    """Another tab, at the library."""
    second = tab.context.new_page()
    visit(second, f"{address}?view=library")
    second.locator("#papers table").wait_for()
    yield second
    second.close()


@pytest.fixture
def part(_second: Any, address: str) -> Iterator[Any]:
    """A tab in which Gradio's part was started, at the first screen: it stays for a file's tests.

    To start it takes a processor two seconds, and seven the first time.
    """
    with _all_well(_second, address):
        _second.get_by_role("link", name="gloss", exact=True).click()
        _second.locator("#home .cards li").first.wait_for()
        yield _second


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
