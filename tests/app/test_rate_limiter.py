"""Costly requests are limited for each visitor of a public instance, and not on a laptop."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.datastructures import Headers

from app.api.failures import TooMany, failure_of
from app.api.rate_limiter import UNKNOWN, VisitorRateLimiter, visitor_of
from app.api.service import limit_compare
from index.config import Settings

ADA, BO = "8.8.8.8", "9.9.9.9"


def visit(forwarded: str | None = None, host: str | None = "10.0.0.7") -> Any:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return SimpleNamespace(headers=headers, client=SimpleNamespace(host=host) if host else None)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=1_000_000.0)
    monkeypatch.setattr(time, "time", lambda: clock.now)
    return clock


def test_a_visitor_has_so_many_a_minute_and_is_told_when_there_are_more(
    clock: SimpleNamespace,
) -> None:
    limiter = VisitorRateLimiter(per_minute=2, per_hour=10)
    limiter(visit(ADA))
    clock.now += 20
    limiter(visit(ADA))
    with pytest.raises(TooMany) as refused:
        limiter(visit(ADA))
    assert str(refused.value) == (
        "too many papers added or digests written for one visitor (2 a minute); "
        "ask again in 40 seconds"
    )
    failure = failure_of(refused.value)
    assert (failure.status, failure.retry_after) == (429, 40)
    limiter(visit(BO))  # another's are another's
    clock.now += 40.1  # the first of the two is a minute old
    limiter(visit(ADA))
    with pytest.raises(TooMany):
        limiter(visit(ADA))


def test_and_so_many_an_hour(clock: SimpleNamespace) -> None:
    limiter = VisitorRateLimiter(per_minute=2, per_hour=3)
    for _ in range(3):
        limiter(visit(ADA))
        clock.now += 61
    for _ in range(3):  # what is refused does not count
        with pytest.raises(TooMany, match=r"\(3 an hour\); ask again in 34\d\d seconds"):
            limiter(visit(ADA))
        clock.now += 1
    clock.now += 3600 - 3 * 61
    limiter(visit(ADA))


@pytest.mark.parametrize(
    ("forwarded", "host", "visitor"),
    [
        (None, ADA, ADA),
        (None, "192.168.1.5", "192.168.1.5"),
        (None, None, UNKNOWN),
        (ADA, "10.0.0.7", ADA),
        (f"{ADA}, {BO}", "10.0.0.7", BO),  # what a visitor wrote stands on the left
        (f"{ADA}, {BO}, 10.0.0.9", "127.0.0.1", BO),  # another proxy inside
        (ADA, BO, BO),  # no proxy in between: whoever asks wrote the header
        (f"{BO}:4711", "10.0.0.7", BO),
        ("nonsense, <b>", "10.0.0.7", "10.0.0.7"),
        ("", "10.0.0.7", "10.0.0.7"),
        ("2600:1f18:1:2:3:4:5:6", "10.0.0.7", "2600:1f18:1:2::/64"),
        ("[2600:1f18:1:2::1]:443", "10.0.0.7", "2600:1f18:1:2::/64"),
        (f"::ffff:{ADA}", "10.0.0.7", ADA),
        (ADA, "testclient", ADA),
    ],
)
def test_who_asks(forwarded: str | None, host: str | None, visitor: str) -> None:
    assert visitor_of(visit(forwarded, host)) == visitor


def test_a_header_that_a_proxy_added_counts_and_not_the_one_before_it() -> None:
    lines = [(b"x-forwarded-for", one.encode()) for one in (ADA, BO)]
    request = SimpleNamespace(headers=Headers(raw=lines), client=SimpleNamespace(host="10.0.0.7"))
    assert visitor_of(request) == BO


def test_papers_that_a_comparison_finds_are_counted(library: Any, row_of: Any) -> None:
    library.rows.append(row_of("text"))
    counted: list[str] = []

    def count(*named: Any) -> list[str]:
        counted.clear()
        limit_compare(lambda _: counted.append("one"), visit(ADA), library, *named)
        return counted

    assert len(count([], [], "lantern")) == 1  # both hits are of one paper
    assert len(count([], [], "", "2024-01-02")) == 2
    assert len(count([], [], "", "2024", 1)) == 1
    assert len(count(["2401.00001"], [], "lantern", "2024")) == 2  # each once
    assert len(count(["2401.00001"], ["why"], "lantern", "2024", "not a number")) == 3
    for unusable in (("!",), ("x" * 1001,), (7,), ("", "soon"), ("", 7), ("", "", -1)):
        assert count([], [], *unusable) == [], unusable


def test_the_settings_say_how_many() -> None:
    limiter = VisitorRateLimiter.of(Settings(public={"costly_per_minute": 1, "costly_per_hour": 7}))
    assert (limiter.per_minute, limiter.per_hour) == (1, 7)
    limiter(visit(ADA))
    with pytest.raises(TooMany):
        limiter(visit(f"{BO}, {ADA}"))
