"""Some cases for each target of the fuzzer; `make eval` has a million."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from forked import Forks

PROGRAM = Path(__file__).with_name("fuzz.py")


def fuzzed(forks: Forks, cases: int, *others: str) -> list[dict[str, Any]]:
    """What was found by target."""
    done = forks.run(PROGRAM, cases, *others, timeout=36_000)
    assert done.stdout, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def wrong(rows: list[dict[str, Any]]) -> list[str]:
    return [f"{row['target']}: {row['found']}" for row in rows if row["found"]]


def test_some_cases_of_each_target(forks: Forks) -> None:
    """By one seed, so that a failure comes again."""
    rows = fuzzed(forks, 400, "1")
    assert wrong(rows) == []
    assert len(rows) >= 30 and all(row["cases"] >= 10 for row in rows)


@pytest.mark.slow
def test_a_million_cases(forks: Forks) -> None:
    rows = fuzzed(forks, 1_000_000, "1")
    assert wrong(rows) == []
    assert sum(row["cases"] for row in rows) >= 1_000_000
