"""A program that damages bytes of a library at drawn places, and looks at what becomes of them.

``damages.py FOLDER TIMES`` makes a library of three papers and digests, and as often damages a copy
of it: in the catalogue, its vectors, its claims or its files, in turn, some bytes at one place that
holds data are changed, zeroed, or cut off with all that follows. Then, each in a process of its
own, gloss lists the papers, shows and searches them, and looks after its health; it repairs, looks
again, and all papers are compared with what they were.

It prints a JSON line for each: what was damaged, how each process ended, and what they said.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import forks

WHERE = ("catalog.sqlite", "vectors", "claims", "files")
HOW = ("changed", "zeroed", "cut off")
ENDS = {0, 2, 3}  # all well, unusable, something failed
_LENGTHS = (1, 16, 4096)  # bytes


@dataclass(frozen=True)
class Damage:
    """Bytes of a file that are not what they were."""

    file: str
    how: str
    start: int
    length: int


def damaged(library: Path, where: str, draw: random.Random) -> Damage:
    """Damage one place of a file of this part of a library, where it has data."""
    part = library / where
    files = [part] if part.is_file() else sorted(path for path in part.rglob("*") if path.is_file())
    path = draw.choice([path for path in files if _data(path)])
    first, end = draw.choice(_data(path))
    start, length, how = draw.randrange(first, end), draw.choice(_LENGTHS), draw.choice(HOW)
    with path.open("r+b") as file:
        if how == "cut off":
            file.truncate(start)
        else:
            file.seek(start)
            old = file.read(length)
            file.seek(start)
            file.write(bytes(len(old)) if how == "zeroed" else bytes(255 - one for one in old))
    return Damage(str(path.relative_to(library)), how, start, length)


def _data(path: Path) -> list[tuple[int, int]]:
    """Where a file holds data: from and to, in bytes, without its holes."""
    found, end = [], 0
    with path.open("rb") as file:
        while True:
            try:
                start = os.lseek(file.fileno(), end, os.SEEK_DATA)
            except OSError:  # no more
                return found
            end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            found.append((start, end))


def looked_at(folder: Path, state: Any) -> Callable[[], int]:
    """Whether all papers are as they were, and are found, and digests are: 0, or 3."""

    def look() -> int:
        from index.errors import GlossError
        from index.library import Library

        wrong: list[str] = []
        try:
            with Library.open(forks.settings_of(folder)) as library:
                health = library.health(deep=True)
                wrong += [f"said: {one}" for one in health.problems]
                for name, text in state.texts.items():
                    try:
                        if library.paper(name).text != text:
                            wrong.append(f"silent: the text of {name}")
                        hits = library.search(text, k=20)
                        if text not in [hit.passage.text for hit in hits]:
                            wrong.append(f"silent: {name} is not found")
                    except GlossError as error:
                        wrong.append(f"said: {error}")
                missing = state.digests - set(library.digested(20))
                wrong += [f"silent: no digest of {name}" for name in missing]
        except GlossError as error:
            wrong.append(f"said: {error}")
        sys.stdout.write(json.dumps(wrong))
        return 3 if wrong else 0

    return look


def outcome(row: dict[str, Any]) -> str:
    """What became of a library that was damaged, from the line that was printed of it."""
    ends = row["ends"]
    for name, (status, _, _) in ends.items():
        if status < 0:  # SIGKILL is what ends a process that hangs
            return f"{name} ended by {signal.Signals(-status).name}"
        if status not in ENDS:
            return f"{name} ended in a traceback"
    for name, harmless in (("look", "no harm"), ("look again", "said, and whole after a repair")):
        status, said, _ = ends[name]
        if status == 0:
            return harmless
        if "silent" in said and "said" not in said:
            return "silent"
    return "said, and to be restored"


def damages(root: Path, times: int) -> Iterator[dict[str, Any]]:
    """Each damage, and what followed."""
    template, folder = root / "template", root / "run"
    (template / "lib").mkdir(parents=True)
    state = forks.State()
    for operation in forks.OPERATIONS[:4]:
        forks.forked(lambda: forks.run(operation.command, template), root)  # noqa: B023
        state = operation.change(state)
    for number in range(times):
        forks.copied(template, folder)
        draw = random.Random(number)
        damage = damaged(folder / "lib", WHERE[number % len(WHERE)], draw)
        ends = {}
        for command in (("papers",), ("show", forks.BEES), ("search", "dance")):
            ends[command[0]] = forks.forked(lambda: forks.run(command, folder), root)  # noqa: B023
        ends["look"] = forks.forked(looked_at(folder, state), root)
        ends["repair"] = forks.forked(lambda: forks.run(("doctor", "--repair"), folder), root)
        ends["look again"] = forks.forked(looked_at(folder, state), root)
        ends["add again"] = forks.forked(
            lambda: forks.run(forks.OPERATIONS[0].command, folder), root
        )
        yield {
            "where": WHERE[number % len(WHERE)],
            "damage": [damage.file, damage.how, damage.start, damage.length],
            "ends": {
                name: [ended.status, ended.said[-600:], ended.complained[-1500:]]
                for name, ended in ends.items()
            },
        }


def main(root: str, times: str) -> None:
    """Print a line for each damage."""
    with forks.prepared(root) as folder:
        for one in damages(folder, int(times)):
            sys.stdout.write(json.dumps(one) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
