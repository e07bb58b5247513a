"""Standard output closed, full or not read, and signals: a line at most, and no traceback."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from thinned import some

from app.cli.terminal import (
    Answers,
    OutputLost,
    answers_on_standard_output,
    ended_by_sigterm,
)

ROOT = Path(__file__).parents[2]
GLOSS = "import sys; sys.path.insert(0, '.'); from gloss import main; main()"


def gloss(*arguments: str, before: str = "", **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", before + GLOSS, *arguments]
    return subprocess.run(command, text=True, cwd=ROOT, timeout=60, **options)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows closes no streams by number")
def test_no_file_gets_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    """Whoever printed to it would write into the catalogue."""
    program = (
        "import os, sys\n"
        "for number in (0, 1, 2): os.close(number)\n"
        "sys.stdin = sys.stdout = sys.stderr = None\n"
        "from app.cli.terminal import occupy_standard_streams\n"
        "occupy_standard_streams()\n"
        f"number = os.open({str(tmp_path / 'catalogue')!r}, os.O_WRONLY | os.O_CREAT)\n"
        "print('heard by nobody', flush=True)\n"
        "os.write(2, b'nor this')\n"
        "os.write(number, str(number).encode())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=60)
    assert done.returncode == 0
    assert int((tmp_path / "catalogue").read_text()) > 2


class Failing:
    """A stream on a full disk, or whose reader went away."""

    def __init__(self, error: int) -> None:
        self._error = error

    def write(self, text: str) -> int:
        raise OSError(self._error, os.strerror(self._error))

    def flush(self) -> None:
        raise OSError(self._error, os.strerror(self._error))

    def fileno(self) -> int:
        raise OSError(errno.EBADF, "none")


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG])
def test_an_answer_that_cannot_be_written(error: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stream: Any = Failing(error)
    for ask in (lambda: Answers(stream).write("words"), Answers(stream).flush):
        with pytest.raises(OutputLost, match=r"cannot be written to standard output: [A-Z]"):
            ask()
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(OutputLost), answers_on_standard_output():
        pass  # what was printed is still kept back
    assert sys.stdout is stream


def test_a_reader_that_went_away_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Failing(errno.EPIPE))
    with pytest.raises(SystemExit) as ended, answers_on_standard_output():
        sys.stdout.write("words")
    assert ended.value.code == 1


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """As on a full disk: one line, also where Python writes what it kept at its end."""
    resource = pytest.importorskip("resource")
    with (tmp_path / "out").open("w") as out:
        told = gloss(
            "--help",
            before=f"import resource; resource.setrlimit({resource.RLIMIT_FSIZE}, (0, 0))\n",
            stdout=out,
            stderr=subprocess.PIPE,
        )
    assert told.returncode == 2
    assert told.stderr == (
        "gloss: the answer cannot be written to standard output: File too large\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
def test_sigterm_closes_what_is_open() -> None:
    former = signal.getsignal(signal.SIGTERM)
    closed = []
    with pytest.raises(SystemExit) as ended, ended_by_sigterm():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            closed.append(True)
    assert (ended.value.code, closed) == (143, [True])
    assert signal.getsignal(signal.SIGTERM) is former


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C to a whole group")
def test_ctrl_c_while_modules_are_imported() -> None:
    before = (
        "import builtins, os, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "importing = builtins.__import__\n"
        "def interrupted(name, *given):\n"
        "    if name == 'typer': os.kill(os.getpid(), signal.SIGINT)\n"
        "    return importing(name, *given)\n"
        "builtins.__import__ = interrupted\n"
    )
    ended = gloss("papers", before=before, capture_output=True)
    assert (ended.returncode, ended.stderr, ended.stdout) == (130, "", "")


# What a process that reads files with workers does to itself: it gets a signal in a phase of the
# workers' lives, alone or with all processes of its group, as a terminal's Ctrl-C has it.
INTERRUPTED = """
import multiprocessing.resource_tracker, multiprocessing.util, os, pebble, signal, sys, time
from pathlib import Path
from app.cli.terminal import ended_by_sigterm
from index.config import Settings
from index.read import Reader
os.setpgid(0, 0)
multiprocessing.resource_tracker.ensure_running()  # else it would be the first to be started
signal.signal(signal.SIGINT, signal.default_int_handler)
name, number, whom, delay = sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
place = multiprocessing.util if name == "spawnv_passfds" else pebble.ProcessPool
original = getattr(place, name)
def signalled(*given, **named):
    setattr(place, name, original)
    done = original(*given, **named)
    time.sleep(delay)
    {"one": os.kill, "all": os.killpg}[whom](os.getpid(), number)
    return done
setattr(place, name, signalled)
try:
    with ended_by_sigterm(), Reader(Settings()) as reader:
        assert reader.read(Path(sys.argv[5])).status == "not-a-paper"
except KeyboardInterrupt:
    sys.exit(130)
sys.exit("nothing came")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("phase", "number", "whom", "delay"),
    [
        ("spawnv_passfds", signal.SIGTERM, "one", 0.0),  # between its start and its work
        ("spawnv_passfds", signal.SIGINT, "all", 0.1),
        ("schedule", signal.SIGINT, "all", 0.1),  # while it imports
        *some(
            [
                ("stop", signal.SIGTERM, "one", 0.0),
                ("schedule", signal.SIGINT, "all", 0.0),
                ("schedule", signal.SIGINT, "all", 0.3),
                ("join", signal.SIGINT, "all", 0.0),
                ("schedule", signal.SIGTERM, "all", 0.1),
                ("stop", signal.SIGINT, "all", 0.0),
                ("join", signal.SIGTERM, "one", 0.0),
            ],
            every=7,
        ),
    ],
)
def test_workers_that_are_interrupted_say_nothing(
    gradio_forks: Any, tmp_path: Path, phase: str, number: int, whom: str, delay: float
) -> None:
    """No traceback of a worker that had just begun, no semaphore that is named as leaked."""
    path = tmp_path / "note.md"
    path.write_text("# A note\n\nOf ten words and one, for whoever reads notes at all.\n")
    ended = gradio_forks.run(INTERRUPTED, phase, int(number), whom, delay, path)
    assert ended.stderr == ""
    assert ended.returncode == (143 if number == signal.SIGTERM else 130)
