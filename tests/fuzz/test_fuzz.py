"""Some cases for each target of the fuzzer; `make eval` has a million."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).with_name("fuzz.py")


def fuzzed(cases: int, *others: str) -> list[dict[str, Any]]:
    """What was found by target."""
    command = [sys.executable, str(PROGRAM), str(cases), *others]
    done = subprocess.run(command, capture_output=True, text=True, timeout=36_000)
    assert done.stdout, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def wrong(rows: list[dict[str, Any]]) -> list[str]:
    return [f"{row['target']}: {row['found']}" for row in rows if row["found"]]


def test_some_cases_of_each_target() -> None:
    """By one seed, so that a failure comes again."""
    rows = fuzzed(400, "1")
    assert wrong(rows) == []
    assert len(rows) >= 30 and all(row["cases"] >= 10 for row in rows)


@pytest.mark.slow
def test_a_million_cases() -> None:
    rows = fuzzed(1_000_000, "1")
    assert wrong(rows) == []
    assert sum(row["cases"] for row in rows) >= 1_000_000
