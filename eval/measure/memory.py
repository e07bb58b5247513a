"""What a server keeps of its memory, operation by operation, counted and not timed.

    python eval/measure/memory.py LIBRARY PDFS OUT [--kinds KIND ...] [--rounds 8] [--times 1]
                                  [--trace FRAMES]

The server is the real ``gloss serve`` of a public instance, on a copy of LIBRARY, in a process of
its own; one client asks it over loopback. Each kind of operation comes alone, in rounds of as many
each; ``all`` has every kind in each round. After a round the server collects its garbage, gives
free memory back, and says what it has: anonymous memory, bytes that are allocated from the C
library, blocks that Python has allocated, threads and open handles. The least squares over the
rounds' second half say what an operation leaves behind, with the standard error.

Questions and files differ each time, so that what is kept for each shows. With ``--trace`` the
lines of Python that have allocated most between the middle and the end are listed.

OUT gets ``memory.json``; the table is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import json
import multiprocessing
import os
import re
import signal
import socket
import sys
import tempfile
import threading
import tracemalloc
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, fields
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx

from app.serve.memory import give_back
from eval.measure.load import QUESTIONS, workplace
from eval.measure.visitor import Visitor

# Operations of a round. A paper that is added costs seconds of a core, a search a tenth.
KINDS = {
    "search": 60,
    "api search": 60,
    "ask": 20,
    "api ask": 20,
    "read": 30,
    "page": 60,
    "digest": 60,
    "refused": 100,
    "visit": 40,
    "add": 6,
    "update": 6,
}
_LISTED = 20  # lines of a trace


@dataclass(frozen=True, slots=True)
class Held:
    """What a process has after a round: bytes, blocks and numbers."""

    anonymous: int  # bytes that are resident and no file's: heaps and stacks
    allocated: int  # bytes that malloc has given out
    blocks: int  # that Python's allocator has given out, of any size up to 512 bytes
    threads: int
    handles: int

    @classmethod
    def of_this_process(cls) -> Held:
        """After a collection, with free memory given back."""
        for _ in range(3):  # what a finalizer lets go is garbage of the next
            gc.collect()
        give_back()
        status = Path("/proc/self/status").read_text()
        numbers = {name: int(value) for name, value in re.findall(r"(\w+):\s+(\d+)", status)}
        return cls(
            anonymous=numbers["RssAnon"] * 1024,
            allocated=_allocated(),
            blocks=sys.getallocatedblocks(),
            threads=numbers["Threads"],
            handles=len(list(Path("/proc/self/fd").iterdir())),
        )


def _allocated() -> int:
    """Bytes that glibc's malloc has given out, over all arenas (malloc_info(3))."""
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    with tempfile.NamedTemporaryFile() as file:
        stream = ctypes.c_void_p(libc.fopen(file.name.encode(), b"w"))
        libc.malloc_info(0, stream)
        libc.fclose(stream)
        root = ElementTree.fromstring(file.read())
    sizes = {
        (part.tag, part.get("type")): int(part.get("size", "0"))
        for part in root
        if part.get("size")
    }
    free = sizes["total", "fast"] + sizes["total", "rest"]
    return sizes["system", "current"] - free + sizes.get(("total", "mmap"), 0)


@dataclass(frozen=True, slots=True)
class Slope:
    """What grows with each operation, and the standard error of that."""

    each: float
    error: float

    @classmethod
    def of(cls, values: Sequence[int], operations: int) -> Slope:
        """The least squares over the second half of the rounds."""
        late = values[len(values) // 2 :]
        middle, mean = (len(late) - 1) / 2, sum(late) / len(late)
        spread = sum((at - middle) ** 2 for at in range(len(late)))
        rise = sum((at - middle) * (value - mean) for at, value in enumerate(late)) / spread
        left = sum((value - mean - rise * (at - middle)) ** 2 for at, value in enumerate(late))
        return cls(rise / operations, (left / max(len(late) - 2, 1) / spread) ** 0.5 / operations)


# The server's process.


def _serve(pipe: Connection, library: Path, port: int, frames: int) -> None:
    """``gloss serve``, with a thread that says what it has when it is asked through the pipe."""
    from app.cli.work import read_job
    from app.serve.server import serve
    from index.config import Settings

    if frames:
        tracemalloc.start(frames)
    serve(
        Settings(library=library),
        "127.0.0.1",
        port,
        ready=lambda _: threading.Thread(target=_answer, args=(pipe, frames), daemon=True).start(),
        read_job=read_job,
    )


def _answer(pipe: Connection, frames: int) -> None:
    pipe.send("ready")
    before: tracemalloc.Snapshot | None = None
    while True:
        try:
            asked = pipe.recv()
        except EOFError:  # the client has ended
            os.kill(os.getpid(), signal.SIGTERM)
            return
        match asked:
            case "held":
                pipe.send(Held.of_this_process())
            case "remember" if frames:
                before = _snapshot()
            case "compare" if frames and before is not None:
                pipe.send(_grown(before, _snapshot(), frames))
            case "compare":
                pipe.send([])


def _snapshot() -> tracemalloc.Snapshot:
    gc.collect()
    return tracemalloc.take_snapshot().filter_traces(
        (tracemalloc.Filter(False, tracemalloc.__file__), tracemalloc.Filter(False, __file__))
    )


def _grown(before: tracemalloc.Snapshot, after: tracemalloc.Snapshot, frames: int) -> list[str]:
    by = "lineno" if frames == 1 else "traceback"
    return [
        f"{one.size_diff:+,} bytes in {one.count_diff:+,}: "
        + " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(one.traceback))
        for one in after.compare_to(before, by)[:_LISTED]
        if one.size_diff > 0
    ]


# The client's process.


@dataclass
class Client:
    """Asks a server; each operation has a number of its own."""

    base: str
    library: Path
    folder: Path
    pdfs: Sequence[bytes]
    papers: Sequence[tuple[str, bool]]  # of the library, and whether they have pages
    visitor: Visitor
    numbers: count[int]

    def operations(self) -> dict[str, Callable[[], Awaitable[object]]]:
        """What does each kind once."""
        return {
            "search": lambda: self.visitor.search(self._question()),
            "api search": self._api_search,
            "ask": lambda: self.visitor.ask(self._question()),
            "api ask": lambda: self.visitor.get("ask", q=self._question()),
            "read": lambda: self.visitor.read(self._paper(next(self.numbers))[0]),
            "page": self._page,
            "digest": self._digest,
            "refused": self._refused,
            "visit": self._visit,
            "add": self._add,
            "update": self._update,
        }

    async def repeat(self, kind: str, times: int) -> None:
        """Do it so many times, one after the other."""
        operation = self.operations()[kind]
        for _ in range(times):
            await operation()

    def _question(self) -> str:
        number = next(self.numbers)
        return f"{QUESTIONS[number % len(QUESTIONS)]} {number}"

    def _paper(self, number: int) -> tuple[str, bool]:
        return self.papers[number % len(self.papers)]

    async def _api_search(self) -> None:
        among = ("passages", "digests")[next(self.numbers) % 2]
        await self.visitor.get("search", q=self._question(), k=10.0, **{"in": among})

    async def _page(self) -> None:
        paged = [paper for paper, has_pages in self.papers if has_pages]
        number = next(self.numbers)
        scale = (1.0, 1.5, 2.0)[number % 3]
        await self.visitor.get(f"papers/{paged[number % len(paged)]}/pages/1.png", scale=scale)

    async def _digest(self) -> None:
        number = next(self.numbers)
        form = ("json", "md", "html")[number % 3]
        await self.visitor.get(f"papers/{self._paper(number)[0]}/digest", format=form)

    async def _refused(self) -> None:
        """What is unknown, too long, no JSON, or another site's."""
        async with httpx.AsyncClient(base_url=self.base, timeout=300) as client:
            number = next(self.numbers)
            answers = [
                await client.get(f"/api/papers/none-{number}"),
                await client.get("/api/search", params={"q": f"{number} " * 1000}),
                await client.get(f"/view/none-{number}/search.json", params={"q": "x"}),
                await client.post("/gradio_api/queue/join", content=b"[" * 100),
                await client.post(
                    "/gradio_api/upload", content=b"x", headers={"origin": "https://a.example"}
                ),
            ]
        unexpected = [one.status_code for one in answers if not 400 <= one.status_code < 500]
        if unexpected:
            raise SystemExit(f"answered, and not refused: {unexpected}")

    async def _visit(self) -> None:
        visitor = self._visitor()
        await visitor.arrive()
        await visitor.leave()

    async def _add(self) -> None:
        """A visitor adds a paper, reads it, and leaves, which deletes it."""
        visitor = self._visitor()
        await visitor.arrive()
        number = next(self.numbers)
        await visitor.add(f"paper-{number}.pdf", self._file(number))
        await visitor.read(visitor.own[-1])
        await visitor.leave()

    async def _update(self) -> None:
        """``gloss add`` and ``gloss remove``, which the server does."""
        number = next(self.numbers)
        path = self.folder / f"added-{number}.pdf"
        path.write_bytes(self._file(number))
        await self._command("add", str(path))
        await self._command("remove", path.stem)
        path.unlink()

    async def _command(self, *arguments: str) -> None:
        from app.cli.work import Work

        note = json.loads((self.library / "server.json").read_text())
        work = Work(arguments=arguments, command=arguments[0], folder=self.folder)
        async with httpx.AsyncClient(timeout=600) as client:
            answer = await client.post(
                f"http://127.0.0.1:{note['port']}/work",
                content=work.model_dump_json(),
                headers={"Authorization": f"Bearer {note['token']}"},
            )
        said = [json.loads(line) for line in answer.raise_for_status().text.splitlines()]
        if said[-1] != ["end", 0]:
            raise SystemExit(f"gloss {' '.join(arguments)}: {said}")

    def _file(self, number: int) -> bytes:
        return self.pdfs[number % len(self.pdfs)] + f"\n% {number}\n".encode()

    def _visitor(self) -> Visitor:
        number = next(self.numbers)
        return Visitor(self.base, f"9.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")


def measure(
    library: Path, pdfs: Path, kinds: Sequence[str], rounds: int, times: float, frames: int
) -> dict[str, Any]:
    """What is held after each round of each kind. ``library`` is copied."""
    with workplace(library) as folder:
        place, temporary = folder / "library", folder / "tmp"
        os.environ |= {"GLOSS_PUBLIC__ENABLED": "1", "TMPDIR": str(temporary)}
        port = _free_port()
        context = multiprocessing.get_context("spawn")
        pipe, theirs = context.Pipe()
        server = context.Process(target=_serve, args=(theirs, place, port, frames))
        server.start()
        theirs.close()
        try:
            pipe.recv()  # that it is ready
            base = f"http://127.0.0.1:{port}"
            listed = httpx.get(f"{base}/api/papers", timeout=300).json()["papers"]
            client = Client(
                base,
                place,
                folder,
                [path.read_bytes() for path in sorted(pdfs.glob("*.pdf"))],
                [(one["id"], one["source"] == "pdf") for one in listed],
                Visitor(base, "9.255.255.255"),
                count(),
            )
            return asyncio.run(_measured(client, pipe, kinds, rounds, times))
        finally:
            if server.pid is not None and server.is_alive():
                os.kill(server.pid, signal.SIGTERM)
            server.join(60)
            if server.is_alive():
                server.kill()


async def _measured(
    client: Client, pipe: Connection, kinds: Sequence[str], rounds: int, times: float
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    await client.visitor.arrive()
    for kind in kinds:
        chosen = {kind: KINDS[kind]} if kind in KINDS else KINDS
        each = {name: max(round(times * number), 1) for name, number in chosen.items()}
        held = []
        for number in range(rounds):
            for name, operations in each.items():
                await client.repeat(name, operations)
            held.append(await _asked(pipe, "held"))
            _say(f"{kind:12} {number:3} " + _figures(held[-1]))
            if number == rounds // 2:
                pipe.send("remember")
        operations = sum(each.values())
        found[kind] = {
            "operations of a round": operations,
            "rounds": [asdict(one) for one in held],
            "each": {
                field.name: asdict(Slope.of([getattr(one, field.name) for one in held], operations))
                for field in fields(Held)
            },
            "grown": await _asked(pipe, "compare"),
        }
        _say(_summary(kind, found[kind]))
    await client.visitor.leave()
    return found


async def _asked(pipe: Connection, what: str) -> Any:
    pipe.send(what)
    return await asyncio.to_thread(pipe.recv)


def _figures(held: Held) -> str:
    return (
        f"{held.anonymous / 1e6:8.1f} MB anonymous {held.allocated / 1e6:8.1f} MB allocated "
        f"{held.blocks:9} blocks {held.threads:4} threads {held.handles:4} handles"
    )


def _summary(kind: str, found: dict[str, Any]) -> str:
    parts = [
        f"{name} {one['each']:+.2f} ± {one['error']:.2f}" for name, one in found["each"].items()
    ]
    return "\n".join([f"{kind}, of each operation: {', '.join(parts)}", *found["grown"]])


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as one:
        port: int = one.getsockname()[1]
    return port


def main() -> None:
    """Measure, print and keep it."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("library", type=Path)
    asked.add_argument("pdfs", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("--kinds", nargs="+", choices=[*KINDS, "all"], default=[*KINDS, "all"])
    asked.add_argument("--rounds", type=int, default=8)
    asked.add_argument("--times", type=float, default=1, help="as many of each round")
    asked.add_argument("--trace", type=int, default=0, metavar="FRAMES")
    given = asked.parse_args()
    found = measure(given.library, given.pdfs, given.kinds, given.rounds, given.times, given.trace)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "memory.json").write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
