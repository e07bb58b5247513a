"""Work that can be stopped: between two steps, and never in one."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from app.api.failures import QueryUnusable
from app.web.comparing import Desks, Layout
from app.web.jobs import Job, Jobs, Stopped, Turns
from app.web.ui.compare import _laid_out, _with
from index.errors import GlossError


def test_a_job_tells_its_steps_and_what_went_wrong() -> None:
    def fine(tell: Any) -> None:
        tell("one")
        tell("two")

    def broken(tell: Any) -> None:
        tell("one")
        raise GlossError("no more paper")

    assert list(Job(fine).steps()) == ["one", "two"]
    steps = Job(broken).steps()
    assert next(steps) == "one"
    with pytest.raises(GlossError, match="no more paper"):
        next(steps)


def test_a_job_stops_before_its_next_step() -> None:
    may_go, done = threading.Event(), []

    def work(tell: Any) -> None:
        tell("read")
        may_go.wait(10)
        done.append("read")
        tell("store")
        done.append("stored")

    job = Job(work)
    steps = job.steps()
    assert next(steps) == job.last == "read"
    assert not job.stop(0.0) and job.stopping  # it has not come to the end of its step
    may_go.set()
    assert job.stop(10)
    assert done == ["read"]
    with pytest.raises(Stopped):
        list(steps)


def test_what_had_ended_before_it_was_stopped_is_told_apart() -> None:
    job = Job(lambda tell: tell("stored"))
    assert list(job.steps()) == ["stored"]
    assert not job.stop(10) and not job.running


def test_a_session_has_one_job() -> None:
    jobs: Jobs[str] = Jobs()
    go = threading.Event()

    def work(tell: Any) -> None:
        go.wait(10)
        tell("on")

    first, other = jobs.begin("a", work), jobs.begin("b", work)
    second = jobs.begin("a", work)
    assert (first.stopping, second.stopping, other.stopping) == (True, False, False)
    jobs.end("a", first)  # whose place another one has
    assert jobs.pop("a") is second and jobs.pop("a") is None
    jobs.end("b")
    assert other.stopping
    go.set()


def test_only_what_was_asked_for_last_is_answered() -> None:
    turns = Turns()
    english, other = turns.begin("ada"), turns.begin("bo")
    assert turns.is_last("ada", english)
    chinese = turns.begin("ada")
    assert not turns.is_last("ada", english)
    assert turns.is_last("ada", chinese) and turns.is_last("bo", other)
    turns.end("ada")
    assert not turns.is_last("ada", chinese) and turns.is_last("bo", other)


def test_sessions_that_never_end_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program may name any number of them."""
    monkeypatch.setattr("app.web.jobs.TURNS_MOST", 3)
    monkeypatch.setattr("app.web.comparing.DESKS_MOST", 3)
    turns, desks = Turns(), Desks()
    for number in range(10):
        turns.begin(f"made up {number}")
        desks.of(f"made up {number}").questions = (str(number),)
        assert desks.of("ada") is desks.of("ada")
    assert (len(turns._last), len(desks._of)) == (3, 3)
    assert turns.is_last("made up 9", 1) and not turns.is_last("made up 0", 1)
    assert desks.of("made up 9").questions == ("9",) and desks.of("made up 0").questions == ()


def test_a_table_has_the_columns_and_the_questions_that_it_has_room_for() -> None:
    """What a browser's field would not send, a program does."""
    names = ("task", "limits")
    layout = Layout()
    for name in ("x" * 100_000, "", "limits", 7):
        for key in ("hide", "sort", "show"):
            layout = _laid_out(layout, SimpleNamespace(_data={key: name}), names)
    layout = _laid_out(layout, SimpleNamespace(_data={"hide": "task"}), names)
    assert layout == Layout(frozenset({"task"}), "limits")
    assert _with(("why?",), "how " * 250) == ("why?", ("how " * 250).strip())
    with pytest.raises(QueryUnusable, match="question: at most 1000 characters"):
        _with((), "x" * 1001)
