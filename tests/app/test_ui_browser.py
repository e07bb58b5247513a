"""The web UI in a browser: search, choose a hit, see its page. Papers are read elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    (path for path in map(Path, ("/usr/bin/chromium", "/usr/bin/google-chrome")) if path.exists()),
    None,
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

SERVER = """
import importlib.util, sys, threading
from dataclasses import replace
spec = importlib.util.spec_from_file_location("fakes", sys.argv[1])
fakes = sys.modules["fakes"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fakes)
import app.write
from types import SimpleNamespace
def write(library, paper_id, lang="en", writer="extractive", on_section=None):
    digest = fakes.make_digest(lang)
    return replace(digest, paper=replace(digest.paper, id=paper_id))
app.write.write_digest = write
import app.ask
from app.ask import Answer, Sentence
def ask(library, question, paper_id=None):
    words = "Each lantern burns for 3.5 hours."
    found = Sentence(fakes.cited(words, "method.1", 2), "2401.00001", "Lanterns", "Method", 1.0)
    nearest = tuple(library.search("lantern", 3, fakes.SearchFilter()))
    return Answer(question, (found,) if "long" in question else (), nearest)
app.ask.ask = ask
import socket
from app.server import running, web_app
from index.config import Settings
library = fakes.FakeLibrary(rows=[
    fakes.row("2401.00001"),
    fakes.row("attack", title="<img src=x onerror=alert(1)> ${1+1} {{value}}"),
])
library.digests["2401.00001"] = fakes.make_digest()
library.added["locked.pdf"] = SimpleNamespace(status="encrypted", reason="has a <b>password</b>")
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
with running(web_app(library, Settings()), "127.0.0.1", port) as address:
    print(address, flush=True)
    threading.Event().wait()
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(SERVER, tmp_path_factory.mktemp("server")) as line:
        yield line


@contextmanager
def served(program: str, folder: Path) -> Iterator[str]:
    """A program that prints its address and serves, until the context ends."""
    environment = dict(os.environ, GRADIO_TEMP_DIR=str(folder / "temporary"))
    with (folder / "stderr").open("w") as errors:
        server = subprocess.Popen(
            [sys.executable, "-c", program, str(Path(__file__).with_name("conftest.py"))],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        )
    try:
        assert server.stdout is not None
        line = server.stdout.readline().strip()
        assert line.startswith("http"), (folder / "stderr").read_text()
        yield line
    finally:
        server.terminate()
        server.wait(timeout=20)
        assert server.stdout is not None
        said = server.stdout.read() + (folder / "stderr").read_text()
        server.stdout.close()
    assert said == "", "the server talks to itself"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield running
        running.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(20_000)
    elsewhere: list[str] = []
    problems: list[str] = []
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((address, "data:", "blob:"))
            else elsewhere.append(request.url)
        ),
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: problems.append("a dialog opened"))
    page.goto(address)
    yield page
    page.close()
    assert elsewhere == []
    assert problems == []


def _is_drawn(image: Any) -> bool:
    image.wait_for()
    image.evaluate("image => image.decode()")
    return bool(image.evaluate("image => image.naturalWidth") == 40)


def test_search_and_see_the_page(page: Any) -> None:
    box = page.get_by_label("What are you looking for?")
    box.fill("lantern hours")
    box.press("Enter")
    page.locator("#hits li").first.wait_for()
    assert page.locator("#hits mark").all_inner_texts() == ["lantern", "hours", "lantern"]
    assert page.locator("#hit-image img").count() == 0
    page.locator("#hits li").nth(1).click()
    assert _is_drawn(page.locator("#hit-image img"))
    assert "p. 2" in page.locator("#hit-line").inner_text()
    box.fill("   ")
    box.press("Enter")
    page.get_by_text("the query is empty").first.wait_for()


def test_search_in_digests_instead(page: Any) -> None:
    box = page.get_by_label("What are you looking for?")
    box.fill("hours")
    box.press("Enter")
    page.locator("#hits li").first.wait_for()
    page.get_by_label("Sentences of digests").click()
    page.locator("#hits", has_text="quoted from Method, p. 2").wait_for()
    assert page.locator("#hits li").count() == 1
    page.locator("#hits li").click()
    assert _is_drawn(page.locator("#hit-image img"))
    page.get_by_role("button", name="Filters").click()
    assert page.get_by_label("Part of the paper").is_disabled()
    page.get_by_label("Passages of papers").click()
    page.locator("#hits li").nth(1).wait_for()
    assert page.locator("#hit-image img").count() == 0


def test_ask_and_see_the_page(page: Any) -> None:
    page.get_by_label("Ask: sentences that answer").click()
    box = page.get_by_label("What are you looking for?")
    box.fill("How long does a lantern burn?")
    box.press("Enter")
    page.locator("#hits", has_text="Each lantern burns for 3.5 hours. [1]").wait_for()
    assert page.locator("#hits li").count() == 1
    assert "Lanterns · Method · p. 2 · 2401.00001#method.1" in page.locator("#hits").inner_text()
    page.locator("#hits li").click()
    assert _is_drawn(page.locator("#hit-image img"))
    page.get_by_role("button", name="Filters").click()
    assert page.get_by_label("Part of the paper").is_disabled()
    assert page.get_by_label("Since").is_disabled()
    box.fill("Who lit the lantern?")
    box.press("Enter")
    page.get_by_text("Not found in these papers. The nearest passages:").wait_for()
    assert page.locator("#hits li").count() == 2
    page.locator("#hits li").nth(1).click()
    assert _is_drawn(page.locator("#hit-image img"))
    page.get_by_label("Passages of papers").click()
    page.get_by_text("Not found in these papers").wait_for(state="detached")
    assert page.get_by_label("Since").is_enabled()


def test_an_example_searches(page: Any) -> None:
    page.get_by_role("button", name="which data sets were used").click()
    page.locator("#hits li").first.wait_for()


def test_library_shows_titles_as_text(page: Any) -> None:
    page.get_by_role("tab", name="Library").click()
    page.get_by_text("<img src=x onerror=alert(1)> ${1+1} {{value}}").first.wait_for()
    assert page.locator("#papers img").count() == 0
