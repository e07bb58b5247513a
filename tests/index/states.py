"""A program that draws what people do to a library and when it is killed, beside a model of it.

``states.py FOLDER EXAMPLES STEPS`` has Hypothesis draw sequences of commands, of which some are
ended by SIGKILL at a drawn change of the disk and run again, or not. After each, another process
compares the library with what it has to have (``forks.State``): before and after a kill, either
what was or what was to be, and all that was acknowledged.

It prints how many commands ran and how many were killed; a sequence that fails is an error, which
has the shortest that Hypothesis found.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import kills
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

forks = kills.forks

BEES = forks.BEES
COUNTED = {"commands": 0, "killed": 0, "not run again": 0}
# A change of the disk that a command may be ended before; few commands have more. 0: it is not.
WHEN = st.one_of(st.just(0), st.integers(1, 80))
AGAIN = st.booleans()


def _operation(name: str, change: Callable[[Any], Any], *command: str) -> Any:
    return forks.Operation(name, command, change)


def _with(paper: str, text: str) -> Callable[[Any], Any]:
    """A paper comes, or is replaced, and its digest goes; the same again changes nothing."""

    def changed(state: Any) -> Any:
        if state.texts.get(paper) == text:
            return state
        return forks.State({**state.texts, paper: text}, state.digests - {paper})

    return changed


ANTS = _operation("add ants", _with("ants", forks.PASSAGE.format("ants")), "add", "{in}/ants.pdf")
FIRST = _operation("add v1", _with(BEES, forks.FIRST), "add", "{in}/2407.03300v1.pdf")
SECOND = _operation("add v2", _with(BEES, forks.SECOND), "add", "{in}/2407.03300v2.pdf")
REPAIR = _operation("repair", lambda state: state, "doctor", "--repair")


def _digest(paper: str) -> Any:
    return _operation(
        f"digest {paper}",
        lambda state: replace(state, digests=state.digests | {paper}),
        "digest",
        paper,
    )


def _remove(paper: str) -> Any:
    return _operation(f"remove {paper}", lambda state: state.without(paper), "remove", paper)


class Libraries(RuleBasedStateMachine):
    """A library on the disk, and the model of it."""

    root: Path

    @initialize()
    def begin(self) -> None:
        self.state = forks.State()
        self.folder = self.root / "run"
        empty = self.root / "empty"
        (empty / "lib").mkdir(parents=True, exist_ok=True)
        forks.copied(empty, self.folder)

    @rule(when=WHEN, again=AGAIN)
    def add(self, when: int, again: bool) -> None:
        self.do(ANTS, when, again)

    @precondition(lambda self: BEES not in self.state.texts)
    @rule(when=WHEN, again=AGAIN)
    def add_first(self, when: int, again: bool) -> None:
        self.do(FIRST, when, again)

    @rule(when=WHEN, again=AGAIN)
    def add_second(self, when: int, again: bool) -> None:
        self.do(SECOND, when, again)

    @precondition(lambda self: self.state.texts)
    @rule(data=st.data(), when=WHEN, again=AGAIN)
    def digest(self, data: Any, when: int, again: bool) -> None:
        paper = data.draw(st.sampled_from(sorted(self.state.texts)))
        self.do(_digest(paper), when, again)

    @precondition(lambda self: self.state.texts)
    @rule(data=st.data(), when=WHEN, again=AGAIN)
    def remove(self, data: Any, when: int, again: bool) -> None:
        paper = data.draw(st.sampled_from(sorted(self.state.texts)))
        self.do(_remove(paper), when, again)

    @precondition(lambda self: self.state.texts)
    @rule(when=WHEN, again=AGAIN)
    def repair(self, when: int, again: bool) -> None:
        self.do(REPAIR, when, again)

    def do(self, operation: Any, when: int, again: bool) -> None:
        """Run it, perhaps to a kill; then it is run again, or the library is left as it is."""
        before, after = self.state, operation.change(self.state)
        work = kills.work_of(operation, self.folder, when or 10**9)
        ended = forks.forked(work, self.folder)
        COUNTED["commands"] += 1
        COUNTED["killed"] += ended.status == -9
        assert ended.status in (0, -9), ended
        found = self.seen(before, after, ended.said, ended.status == 0)
        if ended.status == 0:
            self.state = after
            return
        if not again:
            COUNTED["not run again"] += 1
            self.state = found
            return
        code = forks.forked(lambda: forks.run(operation.command, self.folder), self.folder).status
        # What is gone already cannot be removed.
        assert code == 0 or (operation.name.startswith("remove") and found == after), code
        self.seen(after, after, "", True)
        self.state = after

    def seen(self, before: Any, after: Any, said: str, through: bool) -> Any:
        """What another process finds: nothing wrong, and which papers and digests."""
        answer = self.root / "found.json"
        answer.unlink(missing_ok=True)

        def look() -> int:
            from index.library import Library

            wrong = forks.problems(self.folder, before, after, said, through, deep=False)
            with Library.open(forks.settings_of(self.folder)) as library:
                texts = {row.id: library.paper(row.id).text for row in library.papers()}
                digests = sorted(library.digested(20))
            answer.write_text(json.dumps([wrong, texts, digests]))
            return 0

        looked = forks.forked(look, self.root)
        assert answer.exists(), looked
        wrong, texts, digests = json.loads(answer.read_text())
        assert wrong == []
        return forks.State(texts, frozenset(digests))


def main(root: str, examples: str, steps: str) -> None:
    """Draw so many sequences of so many commands at most."""
    with forks.prepared(root) as folder:
        Libraries.root = folder
        run_state_machine_as_test(
            Libraries,
            settings=settings(
                max_examples=int(examples),
                stateful_step_count=int(steps),
                deadline=None,
                database=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    sys.stdout.write(f"{json.dumps(COUNTED)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
