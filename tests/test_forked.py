"""A program in a fork begins, talks and ends as one that ``subprocess`` started."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from forked import Forks

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    made = Forks("json")
    yield made
    made.close()


def test_it_ends_as_it_says(forks: Forks) -> None:
    for program, code, said in (
        ("print('there')", 0, ""),
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('why')", 1, "why\n"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, ""),
    ):
        ran = forks.run(program)
        assert (ran.returncode, ran.stderr) == (code, said), program
        assert ran.stdout == ("there\n" if code == 0 else "")
    assert forks.run("1 / 0").stderr.endswith("ZeroDivisionError: division by zero\n")


def test_it_has_its_arguments_folder_and_environment(forks: Forks, tmp_path: Path) -> None:
    program = "import os, sys; print(sys.argv, os.getcwd(), *os.environ, __name__, sep='\\n')"
    ran = forks.run(program, 1, tmp_path, env={"A": "b"}, cwd=tmp_path)
    assert ran.stdout.splitlines() == [f"['-c', '1', '{tmp_path}']", str(tmp_path), "A", "__main__"]
    (tmp_path / "program.py").write_text("import sys; print(sys.argv, __file__)")
    ran = forks.run(tmp_path / "program.py", "x")
    path = str(tmp_path / "program.py")
    assert ran.stdout == f"{[path, 'x']} {path}\n"


def test_what_it_does_to_itself_stays_with_it(forks: Forks) -> None:
    forks.run("import json, os, sys; json.dumps = None; os.environ['A'] = 'b'; sys.mine = 1")
    ran = forks.run("import json, os, sys; print(json.dumps(hasattr(sys, 'mine')))")
    assert (ran.stdout, ran.stderr) == ("false\n", "")


def test_it_is_talked_to_and_ended(forks: Forks) -> None:
    program = (
        "import sys, time\n"
        "sys.stdout.reconfigure(encoding='utf-8', line_buffering=True)\n"
        "print(sys.stdin.readline().upper())\n"
        "time.sleep(600)\n"
    )
    files = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with forks.start(program, **files) as running:
        assert running.stdin is not None and running.stdout is not None
        running.stdin.write("é\n")
        running.stdin.flush()
        assert running.stdout.readline() == "É\n"
        assert running.poll() is None
        running.terminate()
    assert running.returncode == -signal.SIGTERM
    with pytest.raises(subprocess.TimeoutExpired):
        forks.run("import time; time.sleep(600)", timeout=0.1)


def test_none_outlives_the_tests() -> None:
    forks = Forks("json")
    program = "import time; print('there', flush=True); time.sleep(9); print('still')"
    running = forks.start(program, stdout=subprocess.PIPE)
    assert running.stdout is not None and running.stdout.readline() == "there\n"
    forks.close()
    with running.stdout as said:
        assert said.read() == ""  # its end is closed with it
