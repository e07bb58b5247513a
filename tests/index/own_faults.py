"""A program that ends gloss amid what a reader keeps and takes along, or has the machine fail it.

``own_faults.py FOLDER EVERY [COMMAND ...]`` writes, changes and deletes notes and tags, imports,
exports, compares and removes, on a library whose vectors are lists. Each command is run once to
count what it changes on the disk, and then killed before every change of it (``EVERY`` 3: before
every third); and run on full disks, on a medium that is read-only, with a clock of 1999, and beside
another. With ``COMMAND`` those alone are killed, and that is all. Another process looks whether all
that was acknowledged is there, and whether each exported file is whole or not there.

It prints a JSON line for each: the fault, the command, how it ended, and what was wrong.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import forks
import kills
import mediums

BEES = forks.BEES
RIS = f"""TY  - JOUR
TI  - On bees
AU  - Byron, Ada
UR  - https://arxiv.org/abs/{BEES}
L1  - 2407.03300v1.pdf
KW  - imported
N1  - of the export
ER  -
TY  - JOUR
TI  - Nowhere
AU  - Byron, Ada
ER  -
"""
MADE = (
    ("add", "{in}/2407.03300v1.pdf", "{in}/ants.pdf"),
    ("note", BEES, "kept"),
    ("note", "ants", "of ants"),
    ("tag", BEES, "ml"),
)
LEFT = (0, 1, 9, 40, 133)  # MB of a full disk
_MB = 10**6


@dataclass(frozen=True)
class Own:
    """A command, and what there is of notes and tags once it is through."""

    name: str
    command: tuple[str, ...]
    notes: frozenset[str] = frozenset(("kept", "of ants"))
    tags: frozenset[str] = frozenset(("ml",))
    code: int = 0


BEFORE = Own("nothing", ())
OPERATIONS = (
    Own("note", ("note", BEES, "new", "--quote", "They rest"), BEFORE.notes | {"new"}),
    Own("change", ("note", BEES, "changed", "--change", "1"), frozenset(("changed", "of ants"))),
    Own("delete", ("note", BEES, "--delete", "1"), frozenset(("of ants",))),
    Own("tag", ("tag", BEES, "one", "two", "--delete", "ml"), tags=frozenset(("one", "two"))),
    Own("import", ("import", "{in}/own.ris"), BEFORE.notes | {"of the export"},
        frozenset(("ml", "imported")), 3),
    Own("export", ("export", "--all", "--obsidian", "{out}/vault", "--pdf", "{out}/pdf",
                   "--bibtex", "{out}/a.bib", "--ris", "{out}/a.ris", "--csl", "{out}/a.json")),
    Own("compare", ("compare", BEES, "ants", "--ask", "who dance?", "--csv", "{out}/a.csv",
                    "--xlsx", "{out}/a.xlsx")),
    Own("remove", ("remove", "ants")),
)  # fmt: skip
READ = (
    ("notes",), ("papers",), ("show", BEES), ("search", "kept"), ("cite", BEES),
    ("export", "--all", "--bibtex", "-"),
)  # fmt: skip


def use_lists() -> None:
    """Vectors are lists, which a fork reads in no time."""
    import library_fakes as fakes

    from index.library import Library

    opened = Library.open.__func__  # type: ignore[attr-defined]

    def _open(cls: Any, settings: Any, **given: Any) -> Any:
        return opened(cls, settings, stores=fakes.FolderStoreFactory(settings.library), **given)

    Library.open = classmethod(_open)  # type: ignore[assignment]


def wrong_in(folder: Path, after: Own, whole: Path | None, through: bool) -> list[str]:
    """What is wrong with a library and with the files that were exported from it."""
    from index.library import Library

    found = []
    with Library.open(forks.settings_of(folder), create=False) as library:
        places = [one.place for one in library.notes.find()]
        notes = {note.text for place in places for note in place.notes}
        tags = {name for place in places for name in place.tags}
        allowed = [after.notes] if through else [after.notes, BEFORE.notes]
        if notes not in allowed:
            found.append(f"notes: {sorted(notes)}")
        # Tags are given and taken one by one.
        both = after.tags & BEFORE.tags, after.tags | BEFORE.tags
        if not (tags == after.tags if through else both[0] <= tags <= both[1]):
            found.append(f"tags: {sorted(tags)}")
        found += library.health(deep=True).problems
    for path in (folder / "out").rglob("*"):
        # A part that a kill left is swept by a run that comes an hour later.
        if not path.is_file() or path.suffix == ".part":
            continue
        same = whole / path.relative_to(folder / "out") if whole is not None else None
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as packed:
                found += [f"{path.name} is damaged"] if packed.testzip() else []
        elif same is None or not same.is_file() or same.read_bytes() != path.read_bytes():
            found.append(f"{path.name} is not whole")
    return found


def looked_at(folder: Path, look: Callable[[], list[str]]) -> list[str]:
    """What a process without a fault finds."""
    answer = folder.parent / "found.json"
    answer.unlink(missing_ok=True)

    def work() -> int:
        answer.write_text(json.dumps(look()))
        return 0

    ended = forks.forked(work, folder.parent)
    if not answer.exists():
        return [f"the check ended with {ended.status}: {ended.complained[-500:]}"]
    found: list[str] = json.loads(answer.read_text())
    return found


def row(fault: str, name: str, ended: Any, found: list[str]) -> dict[str, Any]:
    return {"fault": fault, "command": name, "status": ended.status,
            "complained": ended.complained[-2000:], "found": found}  # fmt: skip


def killed(
    root: Path, template: Path, every: int, operations: Sequence[Own]
) -> Iterator[dict[str, Any]]:
    """Each command, killed before its changes of the disk, and run again."""
    folder = root / "run"
    for one in operations:
        forks.copied(template, folder)
        operation: Any = one  # of which a command is all that is asked
        ended = forks.forked(kills.work_of(operation, folder, 0), root)
        whole = root / f"whole-{one.name}"
        if (folder / "out").exists():
            shutil.copytree(folder / "out", whole)
        found = looked_at(folder, partial(wrong_in, folder, one, whole, True))
        yield row(
            "none", one.name, ended, found if ended.status == one.code else ["failed", *found]
        )
        steps = int((root / "steps").read_text())
        for last in kills._spread(steps, -(-steps // every)):
            forks.copied(template, folder)
            ended = forks.forked(kills.work_of(operation, folder, last), root)
            found = looked_at(folder, partial(wrong_in, folder, one, whole, False))
            again = forks.forked(partial(forks.run, one.command, folder), root)
            # What is deleted or removed already is not there to be so again.
            if again.status != one.code and one.name not in ("delete", "remove", "tag"):
                found.append(f"run again, it ends with {again.status}: {again.complained[-300:]}")
            elif one.name != "tag":
                found += looked_at(folder, partial(wrong_in, folder, one, whole, True))
            yield row(f"killed at {last} of {steps}", one.name, ended, found)


def failed(root: Path, template: Path, work: Path) -> Iterator[dict[str, Any]]:
    """Each command, and all that reads, where the machine hinders it."""
    folder = work / "run"

    def tried(fault: str, one: Own, impose: Any, place: Path) -> dict[str, Any]:
        forks.copied(template, folder)
        commands = READ if one is BEFORE else (one.command,)
        with ExitStack() as stack:
            stack.enter_context(impose())

            def run() -> int:
                return max(forks.run(command, folder) for command in commands)

            ended = forks.forked(run, place)
        whole = root / f"whole-{one.name}"
        through = ended.status == one.code
        return row(fault, one.name, ended, looked_at(folder, partial(
            wrong_in, folder, one if through else BEFORE, whole, False)))  # fmt: skip

    for one in (*OPERATIONS, BEFORE):
        yield tried("a clock of 1999", one, _at_1999, root)
        if work != root:
            yield tried("read-only", one, partial(mediums.read_only, folder / "lib"), root)
            for left in LEFT:
                full = partial(_full, work, left * _MB)
                yield tried(f"a disk with {left} MB free", one, full, root)


def _at_1999() -> Any:
    import index.catalog.notes as notes

    real = notes._now
    notes._now = lambda: "1999-01-01T00:00:00+00:00"
    stack = ExitStack()
    stack.callback(setattr, notes, "_now", real)
    return stack


def _full(work: Path, left: int) -> Any:
    mediums.fill(work, left)
    stack = ExitStack()
    stack.callback((work / "filling").unlink)
    return stack


def at_once(root: Path, template: Path) -> Iterator[dict[str, Any]]:
    """Four processes write notes and tags: one after the other, and none is lost."""
    folder = root / "run"
    forks.copied(template, folder)
    given = [*(("note", BEES, f"at once {n}") for n in range(3)), ("tag", BEES, "ml", "at once")]
    children = []
    for number, command in enumerate(given):
        place = root / f"one-{number}"
        place.mkdir()
        child = os.fork()
        if child == 0:
            os._exit(forks.forked(partial(forks.run, command, folder), place).status & 255)
        children.append(child)
    statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    after = Own("at once", (), BEFORE.notes | {f"at once {n}" for n in range(3)},
                BEFORE.tags | {"at once"})  # fmt: skip
    found = looked_at(folder, partial(wrong_in, folder, after, None, True))
    yield row("four at once", "note", forks.Ended(max(statuses), "", ""), found)


def main(root: str, every: str, *names: str) -> None:
    """Print a line for each try."""
    with forks.prepared(root) as folder, ExitStack() as stack:
        use_lists()
        (folder / "in" / "own.ris").write_text(RIS)
        template = folder / "template"
        (template / "lib").mkdir(parents=True)
        for command in MADE:
            ended = forks.forked(partial(forks.run, command, template), folder)
            assert ended.status == 0, ended
        work: Any = nullcontext(folder)
        operations = [one for one in OPERATIONS if one.name in names or not names]
        tries = [killed(folder, template, int(every), operations)]
        if not names:
            if os.geteuid() == 0:
                work = mediums.mounted(folder / "small", 300)
            small = stack.enter_context(work)
            if small != folder:
                shutil.copytree(folder / "in", small / "in")
            tries += [failed(folder, template, small), at_once(folder, template)]
        for rows in tries:
            for found in rows:
                sys.stdout.write(json.dumps(found) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
