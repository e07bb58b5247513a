"""What is installed is what was locked, and what is known against it ends `make check`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
AUDIT = ROOT / ".ci" / "audit.py"


def hashes(name: str) -> dict[str, list[str]]:
    """The SHA-256s of each pin of a file."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines() if line and line[0] != "#"]
    return {pin: [part.removeprefix("--hash=sha256:") for part in rest] for pin, *rest in lines}


def test_every_pin_has_its_hashes() -> None:
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8").split()
    pins = {pin.lower().replace("_", "-").replace(".", "-"): rest for pin, rest in
            hashes("requirements.hashes").items()}  # fmt: skip
    assert {pin.lower().replace("_", "-").replace(".", "-") for pin in locked} == pins.keys(), (
        "run `make hashes`"
    )
    digests = [one for rest in pins.values() for one in rest]
    assert all(pins.values()) and all(re.fullmatch("[0-9a-f]{64}", one) for one in digests)


def test_the_cpu_build_of_torch_is_another_file() -> None:
    everywhere, cpu = hashes("requirements.hashes"), hashes("requirements.torch")
    (torch,) = cpu
    assert len(cpu[torch]) == 8 and not set(cpu[torch]) & set(everywhere[torch])


def audited(folder: Path, answer: Any, accepted: str = "") -> tuple[int, list[str]]:
    """How the audit ends where pip-audit answers so."""
    pretender, reasons = folder / "pip-audit", folder / "accepted"
    said = answer if isinstance(answer, str) else json.dumps({"dependencies": answer})
    pretender.write_text(f"#!{sys.executable}\nprint({said!r})\n")
    pretender.chmod(0o755)
    reasons.write_text(accepted)
    done = subprocess.run(
        [sys.executable, AUDIT, folder / "requirements", reasons],
        env={**os.environ, "PIP_AUDIT": str(pretender)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


BAD = {
    "name": "lamp",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["1.1"]}],
}
GOOD = {"name": "oil", "version": "2.0", "vulns": []}
UNKNOWN = {"name": "wick", "skip_reason": "not found"}


@pytest.mark.parametrize("answer", ["", "no network", [], [UNKNOWN]])
def test_without_a_database_it_is_said(answer: Any, tmp_path: Path) -> None:
    """Also by an index that knows no package, for which pip-audit itself finds nothing wrong."""
    assert audited(tmp_path, answer) == (0, ["not audited: database not reached"])


def test_what_is_known_ends_the_check(tmp_path: Path) -> None:
    code, lines = audited(tmp_path, [BAD, GOOD, UNKNOWN])
    assert (code, lines[0]) == (1, "lamp 1.0: PYSEC-1, mended in 1.1")
    assert lines[-1] == "audited: 2 packages, 1 not in the database"


@pytest.mark.parametrize(
    ("accepted", "code"),
    [("PYSEC-1 its server is never run\n", 0), ("CVE-1 the same\n", 0), ("CVE-1\n", 1), ("", 1)],
)
def test_what_is_accepted_has_a_reason(accepted: str, code: int, tmp_path: Path) -> None:
    assert audited(tmp_path, [BAD], accepted)[0] == code


@pytest.mark.parametrize("page", ["SECURITY.md", "docs/reliability.md"])
def test_every_test_that_a_page_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"`?(tests/[\w/]+\.py)(?:::(\w+))?", text)
    assert named
    for file, test in named:
        assert (ROOT / file).is_file(), file
        assert not test or f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), test
