"""A real server on a copy of a library, for what is measured or looked at in a browser."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS = 120


@contextmanager
def copied(library: Path) -> Iterator[Path]:
    """A copy of a library that may be changed; gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "library")
        shutil.copytree(library, copy, ignore=shutil.ignore_patterns("lock*"))
        yield copy


@contextmanager
def serving(library: Path, port: int) -> Iterator[str]:
    """The address of a server that listens; ended afterwards. ``SystemExit`` if it does not."""
    address = f"http://127.0.0.1:{port}/"
    program = "from app.cli import main; main()"
    server = subprocess.Popen(
        [sys.executable, "-c", program, "serve", "--library", str(library), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + SECONDS
        while not _listens(address):
            if server.poll() is not None or time.monotonic() > end:
                raise SystemExit("the server does not answer")
            time.sleep(0.02)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def _listens(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except OSError:
        return False
