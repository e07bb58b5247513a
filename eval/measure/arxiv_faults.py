"""Tests faults of arXiv, at arXiv's own pace of one request every three seconds.

    python eval/measure/arxiv_faults.py > table.md

Each row switches one fault on in the arXiv of ``tests/index/served_arxiv.py``, which runs on this
machine, and asks it through ``index.fetch`` with the default settings, but for a shorter timeout.
The smallest gap is that between two requests as they arrived, rounded down. It
takes some three minutes.
"""

from __future__ import annotations

import importlib.util
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from index.config import Settings
from index.errors import FetchError
from index.fetch import Fetcher, Reference

SERVER = Path(__file__).parents[2] / "tests" / "index" / "served_arxiv.py"
PAPER = Reference("2407.03300", 1)
Ask = Callable[[Fetcher], str]


def load_server() -> ModuleType:
    """The module with the arXiv of this machine."""
    spec = importlib.util.spec_from_file_location("served_arxiv", SERVER)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["served_arxiv"] = module
    spec.loader.exec_module(module)
    return module


def records(fetcher: Fetcher) -> str:
    """Ask the API."""
    return f"{len(fetcher.records([Reference('2407.03300')]))} record"


def search(fetcher: Fetcher) -> str:
    """Search with the API."""
    return f"{len(list(fetcher.search('cat:cs.CV', 3)))} records"


def today(fetcher: Fetcher) -> str:
    """Read the RSS."""
    return f"{len(fetcher.today('cs.CV').announcements)} announcements"


def since(fetcher: Fetcher) -> str:
    """Read the OAI-PMH, two pages."""
    return f"{len(list(fetcher.since('cs.CV', '2024-10-01')))} records"


def pdf(fetcher: Fetcher) -> str:
    """Fetch a PDF."""
    return f"a PDF of {fetcher.pdf(PAPER).size:,} bytes"


def twice(fetcher: Fetcher) -> str:
    """Fetch a PDF, damage it, fetch it again."""
    fetcher.pdf(PAPER).path.write_bytes(b"%PDF-")
    return f"fetched again, {pdf(fetcher)}"


# What goes wrong, the fault and its options, what is asked.
ROWS: tuple[tuple[str, str, dict[str, Any], Ask], ...] = (
    ("none: a list of two pages", "", {}, since),
    ("none: a PDF", "", {}, pdf),
    ("a PDF damaged on disk", "", {}, twice),
    ("429, Retry-After: 5", "status", {"status": 429, "retry_after": "5"}, records),
    ("429, Retry-After: 3600", "status", {"status": 429, "retry_after": "3600"}, records),
    ("503 twice, without Retry-After", "status", {"status": 503, "times": 2}, today),
    ("503 for ever", "status", {"status": 503, "times": 99}, today),
    ("403", "status", {"status": 403, "times": 9}, pdf),
    ("404", "status", {"status": 404, "times": 9}, pdf),
    ("no answer, once", "hang", {"seconds": 9.0}, today),
    ("connection reset in a feed", "drop", {}, since),
    ("connection reset in a PDF", "drop", {}, pdf),
    ("PDF shorter than announced", "truncated", {}, pdf),
    ("the same, without Range", "truncated", {"ranges": False}, pdf),
    ("PDF longer than announced", "short length", {}, pdf),
    ("HTML instead of a PDF", "html", {}, pdf),
    ("malformed XML from the API", "malformed", {}, records),
    ("malformed RSS", "malformed", {}, today),
    ("HTML instead of RSS", "html", {}, today),
    ("HTML instead of OAI-PMH", "html", {}, since),
    ("entity bomb", "entities", {}, today),
    ("RSS of a holiday, without items", "no items", {}, today),
    ("an error as an Atom entry", "error entry", {"words": "start must be an integer"}, search),
    ("an empty page of a search, once", "empty page", {}, search),
    ("bad resumption token", "bad token", {"where": "resumptionToken"}, since),
    ("redirect", "redirect", {}, today),
)


def settings_for(arxiv: Any, cache: Path) -> Settings:
    """gloss's own settings, but for the addresses and a timeout that one can sit through."""
    own = Settings()
    pace = own.arxiv.model_dump(include={"seconds", "tries", "patience"})
    settings: Settings = arxiv.settings(cache, **pace, timeout=4.0)
    return settings


def line(fault: str, did: str, arxiv: Any) -> str:
    """A row of the table."""
    gaps = arxiv.gaps()
    smallest = f"{math.floor(min(gaps) * 1000) / 1000:.3f}" if gaps else "-"
    return f"| {fault} | {did.replace('|', '/')} | {len(arxiv.log)} | {smallest} |\n"


def measure(row: tuple[str, str, dict[str, Any], Ask], server: ModuleType) -> str:
    """The row of one fault, in a cache of its own."""
    name, fault, options, ask = row
    with server.served_arxiv() as arxiv, tempfile.TemporaryDirectory() as folder:
        arxiv.ranges = options.pop("ranges", True)
        if fault:
            arxiv.fail(fault, **options)
        with Fetcher(settings_for(arxiv, Path(folder))) as fetcher:
            try:
                did = ask(fetcher)
            except FetchError as error:
                did = f"error: {error}"
        return line(name, did, arxiv)


PROCESS = """
import sys
from pathlib import Path
from index.config import Settings
from index.fetch import Fetcher

with Fetcher(Settings(cache=Path(sys.argv[1]), arxiv={"rss": f"{sys.argv[2]}/rss"})) as fetcher:
    for _ in range(3):
        fetcher.today("cs.CV")
"""


def four_processes(server: ModuleType) -> str:
    """The row of four processes with one cache, which ask three times each."""
    with server.served_arxiv() as arxiv, tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", PROCESS, folder, arxiv.url]
        processes = [subprocess.Popen(command) for _ in range(4)]
        codes = [process.wait() for process in processes]
        did = f"exit codes {', '.join(map(str, codes))}; at most {arxiv.busiest} request at a time"
        return line("four processes, three requests each", did, arxiv)


if __name__ == "__main__":
    module = load_server()
    sys.stdout.write("| fault | what gloss did | requests | smallest gap, s |\n|---|---|--:|--:|\n")
    for one in ROWS:
        sys.stdout.write(measure(one, module))
        sys.stdout.flush()
    sys.stdout.write(four_processes(module))
