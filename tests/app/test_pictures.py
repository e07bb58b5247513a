"""Pictures of a library: where its papers stand on the map, and when they came."""

from __future__ import annotations

import datetime
import math
from typing import Any

import numpy as np
import pytest

from app.web.pictures import MOST_BARS, MOST_GROUPS, MOST_NAMES, map_of, positions, timeline_of


def test_one_paper_stands_in_the_middle_and_two_at_the_ends() -> None:
    assert positions([]) == []
    assert positions([[1.0, 2.0]]) == [(0.5, 0.5)]
    one, other = positions([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    assert sorted((one[0], other[0])) == pytest.approx([0.0, 1.0])
    assert (one[1], other[1]) == (pytest.approx(0.5), pytest.approx(0.5))
    assert positions([[0.6, 0.8]] * 3) == [(0.5, 0.5)] * 3  # papers that say the same


def test_distances_on_the_map_are_those_of_vectors_in_a_plane() -> None:
    corners = [(0.0, 0.0), (4.0, 0.0), (4.0, 1.0), (1.0, 3.0)]
    turn = np.linalg.qr(np.random.default_rng(7).normal(size=(5, 5)))[0]
    vectors = [[*corner, 0.0, 0.0, 0.0] @ turn for corner in corners]
    found = positions(vectors)
    scale = math.dist(found[0], found[1]) / 4.0
    for i, first in enumerate(corners):
        for j, second in enumerate(corners):
            assert math.dist(found[i], found[j]) == pytest.approx(scale * math.dist(first, second))
    assert all(-1e-9 <= number <= 1 + 1e-9 for place in found for number in place)


def test_the_same_vectors_give_the_same_picture_whatever_their_sign() -> None:
    vectors = np.random.default_rng(3).normal(size=(20, 8))
    assert positions(vectors.tolist()) == positions(vectors.tolist())
    mirrored = positions((-vectors).tolist())
    for found, other in zip(positions(vectors.tolist()), mirrored, strict=True):
        assert found == pytest.approx(other)


def test_marks_are_those_of_categories_or_years(row_of: Any) -> None:
    names = [f"cs.{letter}" for letter in "ABCDEFGH"]
    rows = [row_of(f"{n}", categories=(names[n % 8],), date=f"20{n % 2 + 20}") for n in range(12)]
    rows += [row_of("x", categories=(), date=None), row_of("gone")]
    vectors = {row.id: (float(number), 1.0) for number, row in enumerate(rows) if row.id != "gone"}
    found = map_of(rows, vectors)
    assert [dot.paper_id for dot in found.dots] == sorted(vectors)  # what has no vector is left out
    named = [group for group in found.groups if group.kind == "named"]
    assert [group.name for group in named] == names[:MOST_GROUPS]
    assert [(group.kind, group.papers) for group in found.groups[MOST_GROUPS:]] == [
        ("others", 2),
        ("unknown", 1),
    ]
    assert len({group.number for group in found.groups}) == len(found.groups)  # a shape for each
    years = map_of(rows, vectors, "year").groups
    assert [(group.name, group.papers) for group in years] == [("2020", 6), ("2021", 6), ("", 1)]


def test_names_do_not_stand_on_each_other(row_of: Any) -> None:
    rows = [row_of(f"{n:02}", title=f"A paper on lanterns, number {n}") for n in range(8)]
    vectors = {row.id: (n % 3 + n / 50, n // 3 + n / 90) for n, row in enumerate(rows)}
    dots = map_of(rows, vectors).dots
    assert all(dot.name for dot in dots)
    lines = [(dot.on_left, dot.x, dot.name_y) for dot in dots]
    assert len({(left, round(y, 3), round(x, 3)) for left, x, y in lines}) == len(dots)
    for left, x, y in lines:
        near = [
            other
            for other in lines
            if other != (left, x, y) and abs(other[2] - y) < 0.04 and other[0] == left
        ]
        assert all(abs(other[1] - x) > 0.2 for other in near)
    many = [row_of(f"{n:03}") for n in range(MOST_NAMES + 1)]
    crowded = map_of(many, {row.id: (float(n),) for n, row in enumerate(many)})
    assert not any(dot.name for dot in crowded.dots)


def test_a_thousand_papers_are_placed(row_of: Any) -> None:
    numbers = np.random.default_rng(1).normal(size=(1000, 384))
    rows = [row_of(f"{n:04}") for n in range(1000)]
    found = map_of(rows, {row.id: numbers[n].tolist() for n, row in enumerate(rows)})
    assert len(found.dots) == 1000


def test_a_timeline_counts_every_paper_once(row_of: Any) -> None:
    assert timeline_of([]) is None
    added = ["2024-07-05T23:59:59+00:00", "2024-07-05T00:00:00+00:00", "2024-07-08T10:00:00+00:00"]
    found = timeline_of([row_of(f"{n}", added=day) for n, day in enumerate(added)])
    assert found is not None
    assert [(bar.papers, bar.height) for bar in found.bars] == [(2, 1), (0, 0), (0, 0), (1, 0.5)]
    assert [bar.x for bar in found.bars] == [0, 0.25, 0.5, 0.75]
    assert (found.days, found.most, found.last) == (1, 2, datetime.date(2024, 7, 8))


@pytest.mark.parametrize(("days", "each"), [(92, 1), (93, 7), (700, 28), (4000, 91)])
def test_a_long_time_has_bars_of_more_days(row_of: Any, days: int, each: int) -> None:
    first = datetime.date(2014, 1, 1)
    last = first + datetime.timedelta(days=days - 1)
    rows = [row_of(f"{day}", added=f"{day.isoformat()}T00:00:00") for day in (first, last)]
    found = timeline_of(rows)
    assert found is not None
    assert found.days == each and len(found.bars) <= MOST_BARS
    assert sum(bar.papers for bar in found.bars) == 2
    assert found.bars[-1].papers == 1
