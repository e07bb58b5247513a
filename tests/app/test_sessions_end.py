"""What a session leaves on the server once it has ended: nothing in memory, and no upload outside
the folder that is swept.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import library_fakes as fakes
import pytest
from forks import PASSAGE

from eval.measure.visitor import Visitor

TABS = 3  # that Gradio may keep something of, here

# The real ``gloss serve``, over a library whose model counts letters; one route more says of how
# many sessions Gradio keeps something, and how many visitors are known.
SERVER = f"""
import os, socket, tempfile
tempfile.tempdir = os.environ["TMPDIR"]  # of this process, and not of the one that it is a fork of
import forks, library_fakes
forks.use_fakes(library_fakes)
import app.serve.server as server
import app.web.ui
from index.config import Settings
from starlette.responses import JSONResponse
from starlette.routing import Route

app.web.ui._TABS_MOST = app.web.ui._QUEUED_MOST = {TABS}
gradio_app = app.web.ui.gradio_app

def watched(*given):
    made = gradio_app(*given)
    holder = next(one.app.state_holder for one in made.routes
                  if hasattr(getattr(one, "app", None), "state_holder"))
    queue = holder.blocks._queue
    def kept(request):
        return JSONResponse([len(holder.session_data), len(holder.time_last_used),
                             len(queue.pending_event_ids_session)])
    made.router.routes.insert(0, Route("/kept", kept))
    return made

app.web.ui.gradio_app = watched
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
server.serve(Settings(public={{"enabled": True}}), "127.0.0.1", port,
             ready=lambda address: print(address, flush=True))
"""


@dataclass(frozen=True)
class Server:
    """A server, its library's folder, and the folder that is its system's for temporary files."""

    address: str
    library: Path
    temporary: Path

    def kept(self) -> int:
        """The sessions of which Gradio keeps something."""
        states, times, events = httpx.get(f"{self.address}/kept", timeout=60).json()
        assert states == times
        assert events <= TABS
        return int(states)

    def uploads(self) -> list[Path]:
        """The papers in the folder of uploads."""
        return list((self.library / "uploads").rglob("*.pdf"))


@pytest.fixture(scope="module")
def server(serve_program: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    temporary = folder / "tmp"
    temporary.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        patch.delenv("GRADIO_TEMP_DIR", raising=False)
        program = serve_program(SERVER, folder)
        address = program.__enter__()
    yield Server(address.rstrip("/"), folder / "library", temporary)
    program.__exit__(None, None, None)
    assert not (folder / "library" / "uploads").exists()


def paper(name: str) -> bytes:
    return fakes.printed(text=PASSAGE.format(name), title=f"On {name}", id=name)


def visited(server: Server, do: Callable[[Visitor], Awaitable[object]], address: str) -> None:
    """One visit, from the first page to the leaving."""

    async def visit() -> None:
        visitor = Visitor(server.address, address)
        try:
            await visitor.arrive()
            await do(visitor)
        finally:
            await visitor.leave()

    asyncio.run(visit())


async def nothing(_: Visitor) -> None:
    """A page that is opened and closed."""


def comes(what: Callable[[], bool]) -> bool:
    """Whether something comes about that the server does after it has answered."""
    for _ in range(600):
        if what():
            return True
        time.sleep(0.1)
    return False


def test_of_a_session_that_ended_nothing_is_kept(server: Server) -> None:
    """Gradio kept 120 kB of each of the last 10,000."""
    seen: list[int] = []

    async def look(_: Visitor) -> None:
        seen.append(await asyncio.to_thread(server.kept))

    for number in range(2):
        visited(server, look, f"9.1.0.{number}")
        assert comes(lambda: server.kept() == 0)
    assert seen == [1, 1]


def test_of_tabs_that_never_end_some_are_kept(server: Server) -> None:
    """A program that asks as a tab does, and has no heartbeat that could end."""
    with httpx.Client(base_url=server.address, timeout=60) as client:
        config = client.get("/config").json()
        (load, *_) = (
            one["id"]
            for one in config["dependencies"]
            if one["backend_fn"] and any(event == "load" for _, event in one["targets"])
        )
        for number in range(TABS + 3):
            asked = {"data": [], "fn_index": load, "session_hash": f"program{number}"}
            client.post("/gradio_api/queue/join", json=asked).raise_for_status()
            with client.stream(
                "GET", "/gradio_api/queue/data", params={"session_hash": f"program{number}"}
            ) as answer:
                said = [json.loads(line[5:])["msg"] for line in answer.iter_lines() if line]
            assert "process_completed" in said
    assert 0 < server.kept() <= TABS


def test_every_upload_of_a_session_lies_in_the_folder_that_is_swept(server: Server) -> None:
    """The second one went to the system's temporary folder, and stayed there."""
    lying: list[set[str]] = []

    async def add_two(visitor: Visitor) -> None:
        for name in ("bees", "ants"):
            assert await visitor.add(f"{name}.pdf", paper(name)) == name
            lying.append({path.name for path in server.uploads()})

    visited(server, add_two, "9.2.0.1")
    assert lying == [{"bees.pdf"}, {"bees.pdf", "ants.pdf"}]
    assert list(server.temporary.rglob("*.pdf")) == []
    assert comes(lambda: not list((server.library / "visitors").iterdir()))
    for path in server.uploads():  # as if an hour had passed
        os.utime(path, (0, 0))
    with httpx.Client(base_url=server.address, headers={"X-Forwarded-For": "9.2.0.2"}) as client:
        sent = {"files": ("wasps.pdf", paper("wasps"))}
        client.post("/gradio_api/upload", files=sent, timeout=60).raise_for_status()
    assert [path.name for path in server.uploads()] == ["wasps.pdf"]
