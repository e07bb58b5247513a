"""Fuzzes gloss: draws cases for each target and prints one JSON line for it.

    python tests/fuzz/fuzz.py 1000000          # cases in all, shared out by what each costs
    python tests/fuzz/fuzz.py 2000 7 markdown  # a seed, and targets by name

Cases are drawn by Hypothesis in batches, each by a seed of its own, so that any of them comes
again. What breaks is shrunk and printed. Exits with 1 if anything broke.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
import traceback
import warnings
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning

_HERE = Path(__file__).parent
sys.path[:0] = [str(_HERE), str(_HERE.parents[1])]  # its own folder, which is no package, and ours
from targets import TARGETS, Target  # noqa: E402

for _name in ("claims", "outputs", "reading"):  # which put their targets in
    importlib.import_module(_name)

BATCH = 400  # draws: Hypothesis remembers them, and more take memory
AT_ONCE = 25  # cases of a draw: what Hypothesis does for each draw takes longer than many a case
LEAST = 10  # cases of a target
MEMORY = 4 << 30  # bytes that a case may make it take, beside what is there


def fuzzed(target: Target, cases: int, first: int) -> dict[str, object]:
    """``cases`` draws of a target; ends at the first batch in which something broke."""
    done, found = 0, ""
    began, cpu = time.monotonic(), time.process_time()
    slowest = 0.0

    def holds(drawn: list[object]) -> None:
        nonlocal done, slowest
        for one in drawn:
            done += 1
            start = time.process_time()
            target.holds(one)
            slowest = max(slowest, time.process_time() - start)

    at_once = max(1, min(AT_ONCE, cases // 10))  # the first draw of Hypothesis is the plainest
    drawn = st.lists(target.drawn, min_size=at_once, max_size=at_once)
    batch = 0
    while done < cases:
        batch += 1
        tried = settings(
            max_examples=min(BATCH, -(-(cases - done) // at_once)),
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        try:
            seed(1000 * first + batch)(tried(given(drawn)(holds)))()
        except BaseException as error:  # whatever it is, it is what was looked for
            if isinstance(error, KeyboardInterrupt):
                raise
            own = [one for one in traceback.extract_tb(error.__traceback__) if _is_ours(one)]
            place = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
            notes = "\n".join(getattr(error, "__notes__", []))
            found = f"{place}: {error!r:.500}\n{notes:.2000}"
            break
    return {
        "target": target.name,
        "cases": done,
        "seconds": round(time.monotonic() - began, 1),
        "cpu": round(time.process_time() - cpu, 1),
        "slowest": round(slowest, 3),
        "found": found,
    }


def _is_ours(frame: traceback.FrameSummary) -> bool:
    return "site-packages" not in frame.filename and "lib/python" not in frame.filename


def main(arguments: list[str]) -> int:
    """Cases in all, a seed and names of targets."""
    cases = int(arguments[0]) if arguments else 1_000_000
    first = int(arguments[1]) if len(arguments) > 1 else 1
    named = arguments[2:] or list(TARGETS)
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", HypothesisWarning)  # a draw that is long to print
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    whole = sum(TARGETS[name].share for name in named)
    broken = False
    for name in named:
        row = fuzzed(TARGETS[name], max(LEAST, round(cases * TARGETS[name].share / whole)), first)
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()
        broken = broken or bool(row["found"])
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
