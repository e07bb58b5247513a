"""What install.sh asks of pip, by a Python that only writes down what it is asked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PRETENDER = """#!/bin/sh
case "$*" in
    "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
    *" show "*) [ -z "$TORCH_THERE" ] && exit 1; echo "Name: torch"; echo "Version: $TORCH_THERE" ;;
    *" install "*) echo "$*" >>"$ASKED" ;;
esac
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere PyPI's torch is a CPU build")
@pytest.mark.parametrize(
    ("there", "fetched"),
    [("", True), ("2.9.0", True), ("2.12.1+cu126", True), ("2.13.0", False), ("2.13.0+cpu", False)],
)
def test_torch_of_another_version_gives_way_to_the_cpu_build(
    there: str, fetched: bool, tmp_path: Path
) -> None:
    python, asked = tmp_path / "python", tmp_path / "asked"
    python.write_text(PRETENDER)
    python.chmod(0o755)
    subprocess.run(
        [ROOT / "install.sh", tmp_path / "venv"],
        env={**os.environ, "PYTHON": str(python), "ASKED": str(asked), "TORCH_THERE": there},
        capture_output=True,
        check=True,
        timeout=30,
    )
    wanted = [line for line in asked.read_text().splitlines() if "whl/cpu" in line]
    by_hash = "--require-hashes --requirement requirements.torch"
    assert [line.endswith(by_hash) for line in wanted] == [True] * fetched
    *_, packages, gloss = asked.read_text().splitlines()
    assert packages.endswith("--no-deps --require-hashes --requirement requirements.hashes")
    assert gloss.endswith("--no-deps --no-build-isolation --editable .")
