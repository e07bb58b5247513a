"""Programs in forks of one process that has imported what takes long to import.

To start Python and import gloss takes a processor a second, and Gradio seven more; a fork of a
process that has them, next to nothing. What a program does to itself (signals, limits, patches, an
end by a kill) stays with it, and it ends as every Python does. What must begin with nothing
imported is started by ``subprocess``.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parent.parent
PATIENCE = 180.0  # seconds until a program that does not end is an error
_LONGEST = 200_000  # bytes of an order
_NUMBER = 10  # letters of a process's number, as it is told

# Where it is installed, jsonschema, which Gradio and MCP import, takes three seconds to build its
# grammar of addresses with letters of all scripts, which nothing here has checked.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]


class Program:
    """A running program, of which ``subprocess.Popen`` is the model."""

    def __init__(self, pid: int, status: int, files: Mapping[str, IO[str]]) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdin, self.stdout, self.stderr = map(files.get, ("stdin", "stdout", "stderr"))
        self._status = status
        self._files = files

    def wait(self, timeout: float = PATIENCE) -> int:
        """The exit code once it has ended, or minus the signal that ended it."""
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            said = os.read(self._status, 100)
            self.returncode = os.waitstatus_to_exitcode(int(said))
            os.close(self._status)
        return self.returncode

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for it; whoever reads no more of it closes what it reads."""
        for file in self._files.values():
            file.close()
        self.wait()


class Forks:
    """A process that has imported modules, and runs programs in forks of itself."""

    def __init__(self, *modules: str) -> None:
        self._orders, orders = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with orders:
            command = [sys.executable, __file__, str(orders.fileno()), *modules]
            self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed by close()
            self._process = subprocess.Popen(
                command, pass_fds=[orders.fileno()], stdin=subprocess.DEVNULL, stderr=self._said
            )

    def close(self) -> None:
        """Let go of it; what it says while it imports is an error."""
        self._orders.close()
        code = self._process.wait(PATIENCE)
        with self._said as said:
            said.seek(0)
            assert (code, said.read()) == (0, ""), "while it imports"

    def start(
        self,
        program: str | Path,
        *arguments: object,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        **files: int | IO[Any],
    ) -> Program:
        """Begin to run the text of a program, or a file.

        ``files`` are those of ``Popen``: PIPE, or a file, for ``stdin``, ``stdout`` and ``stderr``.
        """
        mine: dict[str, IO[str]] = {}
        theirs = {"stdin": 0, "stdout": 1, "stderr": 2}
        closing = []
        for name, file in files.items():
            if file == subprocess.PIPE:
                ends = os.pipe()
                here, there = (ends[1], ends[0]) if name == "stdin" else ends
                mine[name] = os.fdopen(here, "w" if name == "stdin" else "r", encoding="utf-8")
                closing.append(there)
                theirs[name] = there
            else:
                theirs[name] = file if isinstance(file, int) else file.fileno()
        status, told = os.pipe()
        order = {
            "program": str(program),
            "is_file": isinstance(program, Path),
            "arguments": [str(one) for one in arguments],
            "env": dict(os.environ if env is None else env),
            "cwd": str(cwd or Path.cwd()),
        }
        sent = json.dumps(order).encode()
        socket.send_fds(self._orders, [sent], [*theirs.values(), told])
        for one in (*closing, told):
            os.close(one)
        return Program(int(os.read(status, _NUMBER)), status, mine)

    def run(
        self, program: str | Path, *arguments: object, timeout: float = PATIENCE, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; what it printed, and how it ended."""
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            running = self.start(program, *arguments, stdout=out, stderr=err, **options)
            try:
                code = running.wait(timeout)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
                raise
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(list(arguments), code, out.read(), err.read())


# In the process that forks.


def _ordered(orders: socket.socket) -> dict[str, Any]:
    """The order that this fork is to carry out: it returns in forks alone."""
    running: dict[int, int] = {}  # where to tell how a process ended, by its number
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    while True:
        ready, _, _ = select.select([orders, ended], [], [])
        if ended in ready:
            os.read(ended, 1000)
            _tell(running)
            continue
        sent, files, _, _ = socket.recv_fds(orders, _LONGEST, 4)
        if not sent:  # the tests are over, or were ended
            for pid in running:
                os.kill(pid, signal.SIGKILL)
            sys.exit()
        *theirs, told = files
        if not (pid := os.fork()):
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            orders.close()
            for at, file in enumerate(theirs):
                os.dup2(file, at)
            for one in (ended, wake, *files, *running.values()):
                os.close(one)
            order: dict[str, Any] = json.loads(sent)
            return order
        os.write(told, f"{pid:{_NUMBER}}".encode())
        running[pid] = told
        for one in theirs:
            os.close(one)


def _tell(running: dict[int, int]) -> None:
    """How each of the processes that ended did."""
    for pid, told in list(running.items()):
        over, status = os.waitpid(pid, os.WNOHANG)
        if over:
            os.write(told, str(status).encode())
            os.close(running.pop(pid))


def _open_streams() -> None:
    """Python's own, of the files of this program: those of the start are of other kinds."""
    kept = {"encoding": sys.stdout.encoding, "closefd": False}
    sys.stdin = sys.__stdin__ = os.fdopen(0, **kept)
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", **kept)
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", 1, errors="backslashreplace", **kept)
    sys.stdout.reconfigure(write_through="PYTHONUNBUFFERED" in os.environ)  # type: ignore[union-attr]


def _main(orders: int, modules: list[str]) -> None:
    sys.path[0] = ""
    sys.path.insert(1, str(ROOT))
    sys.path[2:2] = [str(ROOT / "tests" / one) for one in ("", "index", "app")]
    for name in modules:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    order = _ordered(socket.socket(fileno=orders))
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    _open_streams()
    program = order["program"]
    if order["is_file"]:
        sys.argv = [program, *order["arguments"]]
        runpy.run_path(program, run_name="__main__")
    else:
        sys.argv = ["-c", *order["arguments"]]
        names = vars(sys.modules["__main__"])
        names.clear()
        names["__name__"] = "__main__"
        exec(compile(program, "<string>", "exec"), names)


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2:])
