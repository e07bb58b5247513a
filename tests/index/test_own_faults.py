"""What a reader keeps and takes along outlives kills, full disks, media that are read-only and
clocks that go back; each says what it cannot do in a line, and all that reads goes on.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from forked import Forks

PROGRAM = Path(__file__).with_name("own_faults.py")
ENDS = {0, 2, 3}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")


def tries(forks: Forks, folder: Path, *given: object) -> list[dict[str, Any]]:
    done = forks.run(PROGRAM, folder / "own", *given, timeout=7200)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_killed_in_the_middle(forks: Forks, tmp_path: Path) -> None:
    """Of two commands; the next test has all, and all other faults."""
    rows = tries(forks, tmp_path, 1000, "import", "export")
    assert [row for row in rows if row["found"]] == []
    assert [row["status"] for row in rows] == [3, -9, 0, -9]


@pytest.mark.slow
def test_each_change_of_the_disk_and_each_fault(forks: Forks, tmp_path: Path) -> None:
    """``pytest -rP`` shows how many there were."""
    rows = tries(forks, tmp_path, 1)
    wrong = []
    for row in rows:
        killed = row["fault"].startswith("killed")
        ended = row["status"] in (ENDS | {-9} if killed else ENDS)
        lines = [one for one in row["complained"].splitlines() if one.startswith("gloss: ")]
        if row["found"] or not ended or (not killed and row["status"] == 2 and len(lines) != 1):
            wrong.append(row)
    assert wrong == []
    sys.stdout.write(f"{len(rows)}, {sum(row['status'] == -9 for row in rows)} of them killed\n")
