"""Whatever ends gloss, and when: what it acknowledged is there, and nothing else is left."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from forked import Forks

PROGRAM = Path(__file__).with_name("kills.py")
NINE = {
    "first add", "add two", "digest", "digest another", "new version", "remove", "repair", "page",
    "daily",
}  # fmt: skip

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")


def ended(forks: Forks, folder: Path, *given: object) -> list[dict[str, Any]]:
    """What was found after each run that was ended."""
    done = forks.run(PROGRAM, folder / "kills", *given, timeout=7200)
    shutil.rmtree(folder / "kills", ignore_errors=True)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["operation"] for row in rows} == NINE
    return rows


def wrong(rows: list[dict[str, Any]]) -> list[str]:
    return [
        f"{row['operation']}, step {row['step']}: {row['found']}" for row in rows if row["found"]
    ]


def test_killed_at_some_changes_of_the_disk(forks: Forks, tmp_path: Path) -> None:
    """One in the middle of each command; the next test has all."""
    rows = ended(forks, tmp_path, 10**6)
    assert wrong(rows) == []
    assert sum(row["status"] == -9 for row in rows) >= len(NINE) - 1  # threads may end before it


@pytest.mark.slow
def test_killed_at_every_change_of_the_disk_and_at_random(forks: Forks, tmp_path: Path) -> None:
    rows = ended(forks, tmp_path, 1, "SIGKILL", 180)
    killed = Counter(row["operation"] for row in rows if row["status"] == -9)
    assert wrong(rows) == []
    assert killed.total() >= 1000, killed


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_signals_at_changes_of_the_disk(forks: Forks, tmp_path: Path, name: str) -> None:
    """A signal that asks to stop ends a command in one line at most, and loses as little."""
    rows = ended(forks, tmp_path, 5, name)
    assert wrong(rows) == []
    assert [row for row in rows if len(row["complained"].splitlines()) > 1] == []
    statuses = Counter(row["status"] for row in rows)
    assert statuses.keys() <= ({-15, 143, 0} if name == "SIGTERM" else {130, 0}), statuses
