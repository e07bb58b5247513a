"""Twenty visitors use a public ``gloss serve``, for an hour: what it takes, and how long they wait.

    python eval/measure/load.py LIBRARY PDFS OUT [--minutes 60] [--clients 20] [--port 7871]

The server is the real one, on a copy of LIBRARY, with the limits of a public instance. Visitors
come from addresses of their own, search, ask, read digests, see pages, add a paper of PDFS (which
differs in a comment behind its end each time, so that nothing is known already), read it, and
leave, which deletes what they added. They think between two actions, so that about half a core is
at work: an action takes a second of a core on average. Every ten seconds memory, handles, threads
and disk are noted, and of each action how long it took. OUT gets ``load.json`` and ``load.html``
with the curves, and ``load.svg`` those of memory, handles, disk, cores, searching and reading.

At the end all leave, the server is given a minute, and SIGTERM; then the library is checked.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx

from eval.measure.machine import Taken, below, on_disk, taken
from eval.measure.visitor import Unanswered, Visitor
from eval.pages import fill
from index.disk import copy_file

_SEED = 20261130
EVERY = 10.0  # seconds between two samples
THINK = 40.0  # mean seconds between two actions of a visitor
ACTIONS = (3, 9)  # least and most of a visit
_PICTURED = (
    "Memory, MB", "Open handles and threads of the server", "Disk, MB", "Cores at work",
    "Seconds of: search", "Seconds of: read",
)  # fmt: skip
PROGRAM = "from app.cli import main; main()"
QUESTIONS = tuple(
    f"{start} {subject}"
    for start in ("how is it measured:", "what are the limits of", "results on", "who studied")
    for subject in (
        "attention", "training data", "evaluation", "retrieval", "patients", "images",
        "statistical tests", "language models", "related work", "the proposed method",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a visitor did: at which second of the run, and how many it took."""

    kind: str
    at: float
    seconds: float


@dataclass
class Run:
    """The run so far. Errors are counted by kind and words; refusals are those that say when."""

    base: str
    library: Path
    out: Path
    pdfs: Sequence[bytes]
    papers: Sequence[tuple[str, bool]]  # of the library, and whether they have pages
    draw: random.Random = field(default_factory=lambda: random.Random(_SEED))
    began: float = field(default_factory=time.monotonic)
    numbers: Any = field(default_factory=count)
    done: list[Action] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    samples: list[dict[str, Any]] = field(default_factory=list)

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.began

    async def timed(self, kind: str, action: Callable[[], Awaitable[object]]) -> bool:
        """Do something, and note how it went; whether it went well."""
        began = self.now
        try:
            await action()
        except Unanswered as said:
            (self.refused if said.busy else self.errors)[f"{kind}: {said}"] += 1
            return False
        except Exception as error:  # whatever it was, it is one that a visitor saw
            self.errors[f"{kind}: {type(error).__name__} {error}"[:300]] += 1
            return False
        self.done.append(Action(kind, began, self.now - began))
        return True

    async def visits(self, until: float) -> None:
        """One visitor after the other, until the run ends."""
        while self.now < until:
            await self._think(until)
            number = next(self.numbers)
            visitor = Visitor(
                self.base, f"9.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
            )
            try:
                if await self.timed("arrive", visitor.arrive):
                    for _ in range(self.draw.randint(*ACTIONS)):
                        if self.now < until:
                            await self._think(until)
                            await self._act(visitor)
            finally:
                with suppress(httpx.HTTPError, OSError):
                    await visitor.leave()

    async def _think(self, until: float) -> None:
        seconds = self.draw.expovariate(1 / THINK)
        await asyncio.sleep(max(min(seconds, until - self.now), 0))

    async def _act(self, visitor: Visitor) -> None:
        question = self.draw.choice(QUESTIONS)
        paper, paged = self.draw.choice(self.papers)
        kind = self.draw.choices(
            ("search", "api search", "ask", "api ask", "read", "page", "digest", "add"),
            (6, 8, 2, 2, 4, 4, 3, 2),
        )[0]
        match kind:
            case "search":
                await self.timed(kind, lambda: visitor.search(question))
            case "api search":
                among = self.draw.choice(("passages", "passages", "digests"))
                wanted: dict[str, str | float] = {"q": question, "in": among, "k": 10}
                await self.timed(kind, lambda: visitor.get("search", **wanted))
            case "ask":
                await self.timed(kind, lambda: visitor.ask(question))
            case "api ask":
                await self.timed(kind, lambda: visitor.get("ask", q=question))
            case "read":
                if await self.timed(kind, lambda: visitor.read(paper)):
                    await self.timed("page", lambda: visitor.see_page(self.draw.choice))
            case "page" if paged:
                scale = self.draw.choice((1.0, 1.5, 2.0, 2.5))
                await self.timed(
                    kind, lambda: visitor.get(f"papers/{paper}/pages/1.png", scale=scale)
                )
            case "digest":
                form = self.draw.choice(("json", "md", "html"))
                await self.timed(kind, lambda: visitor.get(f"papers/{paper}/digest", format=form))
            case "add":
                data = self.draw.choice(self.pdfs) + f"\n% {next(self.numbers)}\n".encode()
                name = f"paper-{next(self.numbers)}.pdf"
                if await self.timed(kind, lambda: visitor.add(name, data)):
                    await self.timed("read own", lambda: visitor.read(visitor.own[-1]))
                    await self.timed("page", lambda: visitor.see_page(self.draw.choice))

    async def watch(self, server: int, temporary: Path, until: float) -> None:
        """Take samples, until the run ends; they are kept as they come."""
        while self.now < until:
            self.sample(server, temporary)
            if len(self.samples) % 12 == 0:
                self.keep({"samples": self.samples, "latency": latencies(self.done)})
            await asyncio.sleep(EVERY)

    def keep(self, found: dict[str, Any]) -> None:
        """Write what was found."""
        self.out.mkdir(parents=True, exist_ok=True)
        (self.out / "load.json").write_text(json.dumps(found), encoding="utf-8")

    def sample(self, server: int, temporary: Path) -> None:
        """Note what the server takes now."""
        workers = sum((taken(one) for one in below(server)), Taken())
        parts = {name: on_disk(self.library / name) for name in ("visitors", "uploads")}
        self.samples.append(
            {
                "at": round(self.now, 1),
                "server": asdict(taken(server)),
                "workers": asdict(workers),
                "disk": {
                    "library": on_disk(self.library) - sum(parts.values()),
                    **parts,
                    "temporary": on_disk(temporary),
                },
                "load": os.getloadavg()[0],
            }
        )


@contextmanager
def workplace(library: Path) -> Iterator[Path]:
    """A folder with a copy of ``library``, and ``tmp``, a folder for temporary files; deleted."""
    with tempfile.TemporaryDirectory(prefix="gloss-measure-") as name:
        folder = Path(name)
        shutil.copytree(
            library,
            folder / "library",
            ignore=shutil.ignore_patterns("lock*"),
            copy_function=lambda source, target: copy_file(Path(source), Path(target)),
        )
        (folder / "tmp").mkdir()
        yield folder


def measure(
    library: Path, pdfs: Path, out: Path, minutes: float, clients: int, port: int
) -> dict[str, Any]:
    """The whole run. ``library`` is copied."""
    with workplace(library) as folder:
        place, temporary = folder / "library", folder / "tmp"
        log = folder / "log"
        environment = os.environ | {"GLOSS_PUBLIC__ENABLED": "1", "TMPDIR": str(temporary)}
        command = [sys.executable, "-c", PROGRAM]
        with log.open("wb") as said:
            server = subprocess.Popen(
                [*command, "serve", "--library", str(place), "--port", str(port)],
                stdout=said, stderr=said, env=environment,
            )  # fmt: skip
        base = f"http://127.0.0.1:{port}"
        try:
            _wait_for(base, server)
            papers = [
                (one["id"], one["source"] == "pdf")
                for one in _asked(f"{base}/api/papers")["papers"]
            ]
            files = [path.read_bytes() for path in sorted(pdfs.glob("*.pdf"))]
            run = Run(base, place, out, files, papers)
            asyncio.run(_all(run, server.pid, temporary, 60 * minutes, clients))
            time.sleep(min(60.0, 30 * minutes))  # for what is done after the last has left
            run.sample(server.pid, temporary)
            server.send_signal(signal.SIGTERM)
            ended = server.wait(timeout=60)
        finally:
            if server.poll() is None:
                server.kill()
                server.wait()
        checked = subprocess.run(
            [*command, "doctor", "--deep", "--library", str(place)],
            capture_output=True, text=True, env=environment,
        )  # fmt: skip
        found = so_far(run, minutes, clients) | {
            "ended with": ended,
            "log": log.read_text(errors="replace")[-5000:],
            "left": {
                "visitors": _names(place / "visitors"),
                "uploads": _names(place / "uploads"),
                "temporary": _names(temporary),
            },
            "doctor": {"ended with": checked.returncode, "said": checked.stdout[-3000:]},
        }
        run.keep(found)
        return found


def so_far(run: Run, minutes: float, clients: int) -> dict[str, Any]:
    """What was measured until now."""
    return {
        "minutes": minutes,
        "clients": clients,
        "cpus": os.cpu_count(),
        "visits": sum(one.kind == "arrive" for one in run.done),
        "actions": len(run.done),
        "latency": latencies(run.done),
        "minute by minute": by_minute(run.done),
        "errors": dict(run.errors.most_common()),
        "refused": dict(run.refused.most_common()),
        "samples": run.samples,
        "growth": growth(run.samples),
    }


async def _all(run: Run, server: int, temporary: Path, seconds: float, clients: int) -> None:
    await asyncio.gather(
        run.watch(server, temporary, seconds), *(run.visits(seconds) for _ in range(clients))
    )


def latencies(done: Sequence[Action]) -> dict[str, dict[str, float]]:
    """For each kind of action: how many, and seconds."""
    of: dict[str, list[float]] = defaultdict(list)
    for one in done:
        of[one.kind].append(one.seconds)
    return {kind: _spread(seconds) for kind, seconds in sorted(of.items())}


def by_minute(done: Sequence[Action]) -> dict[str, list[dict[str, float] | None]]:
    """For each kind, p50 and p95 of each minute; None for a minute without one."""
    minutes = 1 + max((int(one.at // 60) for one in done), default=0)
    of: dict[str, list[list[float]]] = {}
    for one in done:
        of.setdefault(one.kind, [[] for _ in range(minutes)])[int(one.at // 60)].append(one.seconds)
    return {
        kind: [_spread(minute) if minute else None for minute in all_minutes]
        for kind, all_minutes in sorted(of.items())
    }


def growth(samples: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """By halves of the run: what was taken on average, in MB or in numbers."""
    rows = {
        f"{who} {what}": [
            one[who][what] / (1e6 if what in ("pss", "anonymous", "rss") else 1) for one in samples
        ]
        for who in ("server", "workers")
        for what in ("rss", "pss", "anonymous", "handles", "threads")
    } | {
        f"disk {part}": [one["disk"][part] / 1e6 for one in samples] for part in samples[0]["disk"]
    }
    quarter = max(len(samples) // 4, 1)
    return {
        name: {
            "first quarter": round(sum(values[:quarter]) / quarter, 1),
            "third quarter": round(sum(values[2 * quarter : 3 * quarter]) / quarter, 1)
            if len(values) >= 4
            else round(values[-1], 1),
            "last quarter": round(sum(values[-quarter:]) / quarter, 1),
            "most": round(max(values), 1),
            "at the end": round(values[-1], 1),
        }
        for name, values in rows.items()
    }


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    top = quantiles(seconds, n=20, method="inclusive")[18] if len(seconds) > 1 else seconds[0]
    return {"number": len(seconds), "p50": round(median(seconds), 3), "p95": round(top, 3)}


def _wait_for(base: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise SystemExit("the server ended before it began")
        try:
            _asked(f"{base}/api/health")
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the server does not answer")


def _asked(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return json.load(answer)


def _names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))[:50]


def main() -> None:
    """Run, write the two files, and print the short part."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("library", type=Path)
    asked.add_argument("pdfs", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("--minutes", type=float, default=60.0)
    asked.add_argument("--clients", type=int, default=20)
    asked.add_argument("--port", type=int, default=7871)
    given = asked.parse_args()
    found = measure(given.library, given.pdfs, given.out, given.minutes, given.clients, given.port)
    short = {
        name: value for name, value in found.items() if name not in ("samples", "minute by minute")
    }
    sys.stdout.write(f"{json.dumps(short, indent=1)}\n")
    write_report(found, given.out / "load.html")


def write_report(found: dict[str, Any], path: Path) -> None:
    """The curves of a run."""
    minutes = max(one["at"] for one in found["samples"]) / 60
    drawn = charts(found)
    text = fill("load.html", found=found, charts=drawn, minutes=minutes)
    path.write_text(text, encoding="utf-8")
    first = [one for one in drawn if one["what"] in _PICTURED]
    picture = fill("load.svg", charts=first, minutes=minutes)
    path.with_suffix(".svg").write_text(picture, encoding="utf-8")


def charts(found: dict[str, Any]) -> list[dict[str, Any]]:
    """What is drawn, each with its highest value: memory, handles, disk, cores, waiting."""
    samples = found["samples"]
    times = [one["at"] / 60 for one in samples]
    used = [one["server"]["cpu"] + one["workers"]["cpu"] for one in samples]
    cores = [
        max(after - before, 0) / max(60 * (later - at), 1)  # a worker that ended takes its own away
        for at, later, before, after in zip(times, times[1:], used, used[1:], strict=False)
    ]

    def of(who: str, what: str, unit: float = 1.0) -> list[tuple[float, float]]:
        values = [one[who][what] / unit for one in samples]
        return list(zip(times, values, strict=True))

    drawn: dict[str, dict[str, list[tuple[float, float]]]] = {
        "Memory, MB": {
            "server (PSS)": of("server", "pss", 1e6),
            "of it, heap and stacks": of("server", "anonymous", 1e6),
            "processes that read (PSS)": of("workers", "pss", 1e6),
        },
        "Open handles and threads of the server": {
            "handles": of("server", "handles"),
            "threads": of("server", "threads"),
        },
        "Disk, MB": {
            part: of("disk", part, 1e6) for part in ("library", "visitors", "uploads", "temporary")
        },
        "Cores at work": {
            "server and its processes": list(zip(times[1:], cores, strict=True)),
            "load of the machine": [
                (at, one["load"]) for at, one in zip(times, samples, strict=True)
            ],
        },
    }
    for kind, minutes in found["minute by minute"].items():
        drawn[f"Seconds of: {kind}"] = {
            part: [(at + 0.5, one[part]) for at, one in enumerate(minutes) if one is not None]
            for part in ("p50", "p95")
        }
    return [_chart(what, curves) for what, curves in drawn.items()]


def _chart(what: str, curves: dict[str, list[tuple[float, float]]]) -> dict[str, Any]:
    top = max((value for points in curves.values() for _, value in points), default=0) or 1.0
    shares = {name: [(at, value / top) for at, value in points] for name, points in curves.items()}
    return {"what": what, "top": top, "curves": shares}


if __name__ == "__main__":
    main()
