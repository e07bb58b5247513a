"""Commands in any order, killed at any moment, run again or not, beside a model of the library."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from forked import Forks

PROGRAM = Path(__file__).with_name("states.py")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")


def drawn(forks: Forks, folder: Path, examples: int, steps: int) -> dict[str, int]:
    done = forks.run(PROGRAM, folder / "states", examples, steps, timeout=7200)
    assert done.returncode == 0, done.stderr[-3000:]
    counted: dict[str, int] = json.loads(done.stdout)
    return counted


def test_a_few_commands_in_any_order(forks: Forks, tmp_path: Path) -> None:
    assert drawn(forks, tmp_path, 2, 4)["commands"] > 1


@pytest.mark.slow
def test_commands_in_any_order_killed_at_any_moment(forks: Forks, tmp_path: Path) -> None:
    counted = drawn(forks, tmp_path, 40, 12)
    assert counted["killed"] >= 40 and counted["not run again"] >= 10, counted
