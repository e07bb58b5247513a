"""What the machine does to gloss ends in a line or in a recovery, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from damages import ENDS, outcome

HERE = Path(__file__).parent

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork"),
]


def rows_of(program: str, folder: Path, *given: object) -> list[dict[str, Any]]:
    """The JSON lines that a program prints, one for each try; ``folder`` keeps them."""
    command = [sys.executable, str(HERE / f"{program}.py"), str(folder / program)]
    lines = folder / f"{program}.jsonl"
    with lines.open("w") as printed:
        done = subprocess.run(
            [*command, *map(str, given)], stdout=printed, stderr=subprocess.PIPE, text=True,
            timeout=7200,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in lines.read_text().splitlines()]


def test_full_disks_limits_clocks_and_six_at_once(tmp_path: Path) -> None:
    """Too little memory alone may end the process: the engine is in Rust, and stops there."""
    wrong = []
    for row in rows_of("faults", tmp_path):
        memory = "memory" in row["fault"]
        ended = row["status"] in ENDS or (memory and row["status"] < 0)
        lines = len(row["complained"].splitlines())
        if row["found"] or not ended or (lines > 4 and not memory):  # of four commands, a line each
            wrong.append(row)
    assert wrong == []


def test_damage_at_500_places(tmp_path: Path) -> None:
    """It does no harm or is said; vectors and files come back by a repair, and nothing is wrong
    without a word. ``pytest -rP`` shows the outcomes.
    """
    counted: Counter[tuple[str, str]] = Counter()
    wrong = []
    for row in rows_of("damages", tmp_path, 500):
        ends, where = row["ends"], row["where"]
        counted[where, outcome(row)] += 1
        tracebacks = [name for name, (_, _, said) in ends.items() if "Traceback" in said]
        killed = [name for name, (status, _, _) in ends.items() if status not in ENDS]
        silent = "silent" in ends["look"][1] and "said" not in ends["look"][1]
        unrepaired = where != "catalog.sqlite" and ends["look again"][0] != 0
        # The engine trusts a length in one of its files of flags, and may take minutes over it.
        hangs = killed if where in ("vectors", "claims") else []
        if tracebacks or silent or unrepaired or [name for name in killed if name not in hangs]:
            wrong.append(row)
    for (where, became), times in sorted(counted.items()):
        sys.stdout.write(f"{where}: {became}: {times}\n")
    assert wrong == []
    assert sum(counted.values()) == 500 and len({where for where, _ in counted}) == 4
