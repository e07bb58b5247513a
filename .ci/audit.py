"""Look up what is known against the packages of requirements.hashes, by pip-audit.

    python .ci/audit.py [REQUIREMENTS [ACCEPTED]]

Ends with 1 where a vulnerability is known that ACCEPTED, lines of `ID reason`, does not have. Where
the database cannot be reached, or knows no package, it says so in a line, and ends with 0. An audit
without findings counts for a day.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
SECONDS = 90  # for some 200 questions to the database, one after the other
DAY = 86_400
NOT_AUDITED = "not audited: database not reached"


def main(
    requirements: str = str(ROOT / "requirements.hashes"),
    accepted: str = str(ROOT / ".ci" / "accepted.txt"),
) -> int:
    """Audit, and print a line for each finding."""
    done = ROOT / "build" / "audited"
    if _is_fresh(done, Path(requirements), Path(accepted)):
        _say("audited within a day: nothing known")
        return 0
    audit = os.environ.get("PIP_AUDIT", str(Path(sys.executable).with_name("pip-audit")))
    command = [audit, "--requirement", requirements, "--disable-pip", "--no-deps"]
    try:
        ended = subprocess.run(
            [*command, "--format", "json", "--progress-spinner", "off", "--timeout", "10"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        found = json.loads(ended.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError):
        _say(NOT_AUDITED)
        return 0
    known = [one for one in found if "skip_reason" not in one]
    if not known:  # an index without the database answers for no package
        _say(NOT_AUDITED)
        return 0
    reasons = _accepted(Path(accepted))
    wrong = 0
    for package in known:
        for one in package["vulns"]:
            ids = [one["id"], *one.get("aliases", ())]
            reason = next((reasons[name] for name in ids if name in reasons), "")
            wrong += not reason
            fixed = ", ".join(one.get("fix_versions", ())) or "no version yet"
            said = f"accepted: {reason}" if reason else f"mended in {fixed}"
            _say(f"{package['name']} {package['version']}: {one['id']}, {said}")
    missed = len(found) - len(known)
    rest = f", {missed} not in the database" if missed else ""
    _say(f"audited: {len(known)} packages{rest}")
    if not wrong and Path(requirements).parent == ROOT:
        done.parent.mkdir(exist_ok=True)
        done.touch()
    return 1 if wrong else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _is_fresh(done: Path, *of: Path) -> bool:
    if not done.exists() or of[0].parent != ROOT:
        return False
    when = done.stat().st_mtime
    return time.time() - when < DAY and all(one.stat().st_mtime < when for one in of)


def _accepted(path: Path) -> dict[str, str]:
    """Reasons by id. A line without one counts for nothing."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = [line.partition(" ") for line in lines if line.strip() and not line.startswith("#")]
    return {name: reason.strip() for name, _, reason in pairs if reason.strip()}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
