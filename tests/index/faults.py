"""A program that runs gloss where the machine fails it, and looks at what is left.

``faults.py FOLDER`` runs commands on a copy of a library: on a full disk (where a file system may
be mounted), with files that may not grow, too few open files, too little memory, no temporary
folder, a clock that goes backwards, and six at once. Each must do its work or say in a line what
hinders it, and nothing that was acknowledged may be lost.

It prints a JSON line for each command: the fault, the command, how it ended and what was wrong.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any

import forks
import mediums

MB = 10**6
MADE = forks.OPERATIONS[:3]  # what the library had before
TRIED = {one.name: one for one in forks.OPERATIONS[3:]} | {"add two": forks.OPERATIONS[1]}
READ = (("papers",), ("show", forks.BEES), ("search", "dance"), ("digest", forks.BEES))
LEFT = (0, 1, 9, 12, 40, 66, 100, 133, 140, 170, 200, 205, 240)  # MB of a full disk


def limited(kind: int, most: int) -> None:
    """A limit of this process and those that it starts."""
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (most, hard))


def with_memory(more: int) -> None:
    """A limit on memory, so many bytes above what is taken now."""
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limited(resource.RLIMIT_AS, taken + more)


def without_temporary_folder() -> None:
    """What is to lie in a temporary folder has no place."""
    os.environ["TMPDIR"] = "/not/there"
    tempfile.tempdir = None
    tempfile._candidate_tempdir_list = lambda: ["/not/there"]  # type: ignore[attr-defined]


def with_clock(year: int) -> None:
    """The catalogue's clock stands in that year."""
    import index.catalog.editions

    index.catalog.editions._now = lambda: f"{year}-01-01T00:00:00+00:00"


FAULTS: dict[str, Callable[[], None]] = {
    **{
        f"files of {most} MB at most": partial(limited, resource.RLIMIT_FSIZE, most * MB)
        for most in (1, 20, 40)
    },
    **{
        f"{most} open files": partial(limited, resource.RLIMIT_NOFILE, most)
        for most in (8, 32, 64, 128)
    },
    **{f"{more} MB of memory": partial(with_memory, more * MB) for more in (300, 600)},
    "no temporary folder": without_temporary_folder,
    "a clock of 1999": partial(with_clock, 1999),
}


def cases(root: Path, work: Path) -> Iterator[dict[str, Any]]:
    """Each fault with each command, on a copy of the same library."""
    template, folder = root / "template", work / "run"
    (template / "lib").mkdir(parents=True)
    state = forks.State()
    for operation in MADE:
        ended = forks.forked(partial(forks.run, operation.command, template), root)
        assert ended.status == 0, ended
        state = operation.change(state)
    for fault, impose in FAULTS.items():
        for command in (TRIED["new version"], TRIED["digest another"], TRIED["repair"], None):
            forks.copied(template, folder)
            yield one(fault, impose, command, folder, state)
    if work != root:
        for left in LEFT:
            for command in (*TRIED.values(), None):
                if command is not None and command.name == "add two":
                    continue
                forks.copied(template, folder)
                mediums.fill(work, left * MB)
                yield one(f"a disk with {left} MB free", lambda: None, command, folder, state, work)
    forks.copied(template, folder)
    yield from six_at_once(folder, state)


def one(
    fault: str,
    impose: Callable[[], None],
    operation: Any,
    folder: Path,
    state: Any,
    full: Path | None = None,
) -> dict[str, Any]:
    """A command under a fault, and what is wrong once the fault is over; None is all that reads."""
    commands = READ if operation is None else (operation.command,)

    def work() -> int:
        impose()
        return max(forks.run(command, folder) for command in commands)

    ended = forks.forked(work, folder.parent.parent if full else folder.parent)
    if full is not None:
        with suppress(FileNotFoundError):
            (full / "filling").unlink()
    after = state if operation is None else operation.change(state)
    return {
        "fault": fault,
        "command": "reading" if operation is None else operation.name,
        "status": ended.status,
        "complained": ended.complained[-2000:],
        "found": looked_at(folder, state, after, ended),
    }


def looked_at(folder: Path, before: Any, after: Any, ended: Any) -> list[str]:
    """What is wrong with the library, seen by a process without a fault."""
    answer = folder.parent / "found.json"
    answer.unlink(missing_ok=True)

    def look() -> int:
        found = forks.problems(folder, before, after, ended.said, ended.status == 0)
        answer.write_text(json.dumps(found))
        return 0

    looked = forks.forked(look, folder.parent)
    if not answer.exists():
        return [f"the check ended with {looked.status}: {looked.complained[-500:]}"]
    found: list[str] = json.loads(answer.read_text())
    return found


def six_at_once(folder: Path, before: Any) -> Iterator[dict[str, Any]]:
    """Six processes ask for the same library: one after the other has it, the others are told."""
    commands = (forks.OPERATIONS[1].command, *READ, ("doctor",))
    children = []
    for number, command in enumerate(commands):
        place = folder.parent / f"one-{number}"
        place.mkdir()
        child = os.fork()
        if child == 0:
            ended = forks.forked(partial(forks.run, command, folder), place)
            (place / "status").write_text(str(ended.status))
            os._exit(0)
        children.append((child, command, place))
    after = forks.OPERATIONS[1].change(before)
    for child, _, _ in children:  # who looks is not to be told that another is at it
        os.waitpid(child, 0)
    for _, command, place in children:
        ended = forks.Ended(
            int((place / "status").read_text()),
            (place / "stdout").read_text(),
            (place / "stderr").read_text(),
        )
        mine = after if command == commands[0] else before
        yield {
            "fault": "six at once",
            "command": " ".join(command[:1]),
            "status": ended.status,
            "complained": ended.complained[-2000:],
            "found": looked_at(folder, before, after, ended) if mine is after else [],
        }


def main(root: str) -> None:
    """Print a line for each command."""
    with forks.prepared(root) as folder:
        small: Any = nullcontext(folder)
        if os.geteuid() == 0:
            small = mediums.mounted(folder / "small", 700)
        with small as work:
            if work != folder:
                shutil.copytree(folder / "in", work / "in")
            for found in cases(folder, work):
                sys.stdout.write(json.dumps(found) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
