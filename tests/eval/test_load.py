"""What the measure of a server under load makes of its samples and actions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from eval.measure.load import Action, by_minute, growth, latencies, write_report
from eval.measure.machine import below, on_disk, taken


def sample(at: float, megabytes: float) -> dict[str, Any]:
    memory = dict.fromkeys(("rss", "pss", "anonymous"), megabytes * 1e6)
    one = {**memory, "handles": 20, "threads": 5, "cpu": at / 2}
    disk = {"library": 2e6, "visitors": 0, "uploads": 0, "temporary": 0}
    return {"at": at, "server": one, "workers": one, "disk": disk, "load": 1.0}


DONE = [Action("ask", at, seconds) for at, seconds in ((1, 0.1), (2, 0.3), (130, 0.5))]
SAMPLES = [sample(10.0 * number, number) for number in range(8)]


def test_waiting_by_kind_and_by_minute() -> None:
    assert latencies(DONE) == {"ask": {"number": 3, "p50": 0.3, "p95": 0.48}}
    first, second, third = by_minute(DONE)["ask"]
    assert first is not None and (first["number"], first["p50"]) == (2, 0.2)
    assert second is None
    assert third == {"number": 1, "p50": 0.5, "p95": 0.5}


def test_growth_by_quarters() -> None:
    assert growth(SAMPLES)["server pss"] == {
        "first quarter": 0.5,
        "third quarter": 4.5,
        "last quarter": 6.5,
        "most": 7.0,
        "at the end": 7.0,
    }
    assert growth(SAMPLES)["disk library"]["most"] == 2.0


def test_the_report_draws_each_curve(tmp_path: Path) -> None:
    found = {
        "minutes": 1.0, "clients": 1, "cpus": 2, "visits": 1, "actions": 3, "ended with": 0,
        "latency": latencies(DONE), "minute by minute": by_minute(DONE), "growth": growth(SAMPLES),
        "errors": {"ask: <b>no</b>": 2}, "refused": {}, "samples": SAMPLES,
    }  # fmt: skip
    write_report(found, tmp_path / "load.html")
    page = (tmp_path / "load.html").read_text()
    assert page.count("<figure>") == 5 and page.count("<polyline") == 3 + 2 + 4 + 2 + 2
    assert "2 times: ask: &lt;b&gt;no&lt;/b&gt;" in page
    picture = (tmp_path / "load.svg").read_text()
    assert picture.count("<polyline") == 3 + 2 + 4 + 2 and "Memory, MB" in picture


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux's /proc")
def test_what_a_process_takes(tmp_path: Path) -> None:
    own = taken(os.getpid())
    assert own.rss >= own.pss >= own.anonymous > 1e6 and own.handles > 2 and own.cpu > 0
    assert os.getpid() in set(below(os.getppid()))
    assert taken(0).rss == 0  # there is none
    (tmp_path / "hole").write_bytes(b"")
    os.truncate(tmp_path / "hole", 10_000_000)
    assert on_disk(tmp_path) < 100_000 and on_disk(tmp_path / "missing") == 0
