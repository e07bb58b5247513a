"""Serving: how a server ends while browsers are still there."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import socket
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

import app.serve.server
from app.serve.memory import give_back
from app.serve.server import LetGo, running, serve
from eval.measure.machine import taken
from index.config import Settings


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@pytest.fixture
def endless() -> FastAPI:
    """An application whose one answer does not end, as the events of an open tab do not."""
    made = FastAPI()

    async def words() -> AsyncIterator[bytes]:
        while True:
            yield b"still here\n"
            await asyncio.sleep(0.05)

    @made.get("/")
    async def answer() -> StreamingResponse:
        return StreamingResponse(words())

    @made.get("/broken")
    async def broken() -> None:
        raise ValueError("this one is a defect")

    return made


def test_a_stop_lets_open_tabs_go_without_a_word(
    endless: FastAPI,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app.serve.server, "STOP_SECONDS", 0.2)
    with httpx.Client(timeout=5) as browser:
        with running(endless, "127.0.0.1", free_port()) as address:
            tab = browser.send(browser.build_request("GET", address), stream=True)
            lines = tab.iter_lines()  # which hang up when they are forgotten
            assert next(lines) == "still here"
        tab.close()
    assert capfd.readouterr() == ("", "")


def test_any_other_error_is_told(endless: FastAPI, capfd: pytest.CaptureFixture[str]) -> None:
    def kept(message: str, error: BaseException | None = None) -> bool:
        raised = (type(error), error, None) if error else None
        return LetGo().filter(
            logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, message, (), raised)
        )

    assert kept("a defect") and kept("Exception in ASGI application", ValueError("a defect"))
    assert not kept("Exception in ASGI application", asyncio.CancelledError())
    assert not kept("Cancel 2 running task(s), timeout graceful shutdown exceeded")
    with running(endless, "127.0.0.1", free_port()) as address:
        assert httpx.get(f"{address}broken").status_code == 500
    logging.getLogger("uvicorn.error").error("and after it, too")
    told = capfd.readouterr().err
    assert "this one is a defect" in told and "and after it, too" in told


def test_what_gradio_copies_later_lies_with_the_uploads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second upload of a session went to the system's temporary folder, and stayed there."""
    monkeypatch.delenv("GRADIO_TEMP_DIR", raising=False)
    made = FastAPI()
    made.state.begin_late = lambda: None
    monkeypatch.setattr("app.serve.server.web_app", lambda *_: made)
    monkeypatch.setattr("app.serve.server.signal.signal", lambda *_: None)
    folders: list[str] = []

    def ready(_: str) -> None:
        folders.append(os.environ["GRADIO_TEMP_DIR"])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        serve(Settings(library=tmp_path / "library"), "127.0.0.1", free_port(), ready=ready)
    assert folders == [str((tmp_path / "library" / "uploads").resolve())]
    assert "GRADIO_TEMP_DIR" not in os.environ


SIZE, BLOCKS = 64 * 1024, 1000  # below what the C library maps on its own (128 KiB)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_memory_that_is_free_goes_back() -> None:
    """What a thread has freed between blocks that it keeps stays with it, until it is asked for."""
    left: list[int] = []

    def work() -> None:
        kept = [bytes([number % 251]) * SIZE for number in range(BLOCKS)]
        kept[:] = kept[::50]
        before = taken(os.getpid()).anonymous
        give_back()
        left.append(before - taken(os.getpid()).anonymous)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert left[0] > SIZE * BLOCKS / 2
