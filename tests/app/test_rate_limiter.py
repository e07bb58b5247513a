"""Costly requests are limited for each visitor of a public instance, and not on a laptop."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import Headers

from app.api import http
from app.api.failures import TooMany, failure_of
from app.api.rate_limiter import UNKNOWN, VisitorRateLimiter, visitor_of
from app.api.service import RateLimiter
from app.api.tools import checked, tools_of, within_limits
from index.config import Settings
from index.errors import GlossError

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


Ask = Callable[..., Any]


@pytest.fixture(params=["http", "tool"])
def compare_as(request: Any, library: Any) -> Callable[[RateLimiter], Ask]:
    """Compare papers over HTTP or as a tool, for a visit that the limiter is asked about."""

    def over_http(limiter: RateLimiter) -> Ask:
        def ask(**named: Any) -> Any:
            sent = {"paper": named.pop("papers", []), "ask": named.pop("questions", []), **named}
            answer = TestClient(http.api(library, Settings(), limiter)).get("/compare", params=sent)
            if answer.status_code == 429:
                raise TooMany("enough", 1)
            return answer.status_code == 200

        return ask

    def as_tool(limiter: RateLimiter) -> Ask:
        tool = checked(tools_of(lambda: library)["compare"])

        def ask(**named: Any) -> Any:
            given = {"papers": [], "questions": [], **named}
            with within_limits("compare", limiter, visit(ADA), library, (), given):
                try:
                    return tool(**given)
                except TooMany:
                    raise
                except GlossError:
                    return False

        return ask

    return over_http if request.param == "http" else as_tool


def test_papers_that_a_comparison_finds_are_counted(
    library: Any, row_of: Any, compare_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.rows.append(row_of("text"))
    counted: list[str] = []
    searched: list[str] = []
    for_real = type(library).search
    monkeypatch.setattr(
        type(library),
        "search",
        lambda self, query, *rest: searched.append(query) or for_real(self, query, *rest),
    )
    ask = compare_as(lambda _: counted.append("one"))

    def count(**named: Any) -> int:
        counted.clear()
        ask(**named)
        return len(counted)

    two = ["2401.00001", "text"]
    assert count(papers=two) == 2
    assert count(papers=["text"], search="lantern") == 2  # both hits are of one paper
    assert searched.count("lantern") == 1  # once: to count the papers and to compare them
    assert count(day="2024-01-02") == 2
    assert count(papers=two, search="lantern", day="2024") == 2  # each once
    assert count(papers=two, questions=["why"]) == 3
    for unusable in ({"search": "!"}, {"search": "x" * 1001}, {"day": "soon"}, {"k": 0}):
        assert count(papers=two, **unusable) == 0, unusable


def test_what_a_comparison_costs_is_asked_before_anything_is_written(
    compare_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Any) -> None:
        raise TooMany("enough", 3)

    monkeypatch.setattr("app.compare.compare", lambda *_: pytest.fail("it was compared"))
    with pytest.raises(TooMany):
        compare_as(refuse)(papers=["2401.00001"], search="lantern")


def test_the_settings_say_how_many() -> None:
    limiter = VisitorRateLimiter.of(Settings(public={"costly_per_minute": 1, "costly_per_hour": 7}))
    assert (limiter.per_minute, limiter.per_hour) == (1, 7)
    limiter(visit(ADA))
    with pytest.raises(TooMany):
        limiter(visit(f"{BO}, {ADA}"))
