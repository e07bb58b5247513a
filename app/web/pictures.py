"""Pictures of a library: its papers as a map, and when they came. Data to positions, no drawing.

The map is classical multidimensional scaling of Euclidean distances between the papers' mean
vectors (Torgerson 1952), which is the same as their first two principal components. Positions are
numbers from 0 to 1; templates draw them as SVG.
"""

from __future__ import annotations

import datetime
import statistics
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from app.show.text import plain

if TYPE_CHECKING:
    from index.library import Listed

Marks = Literal["category", "year"]
MOST_GROUPS = 6  # shapes that readers can distinguish; the rest are "others"
MOST_NAMES = 24  # papers whose titles fit beside their marks
MOST_BARS = 92  # a quarter of a year, day by day
_STEPS = (1, 7, 28, 91, 364)  # days that a bar may stand for
_NAME = 34  # letters of a title on the map
# What names take of a map of 920 by 540: a line's height, a letter's width, half a mark's, and how
# far beyond the outermost marks they may reach.
_LINE, _LETTER, _WIDE_LETTER, _MARK, _BEYOND = 0.042, 0.0092, 0.0175, 0.017, 0.03


@dataclass(frozen=True, slots=True)
class Group:
    """Papers with the same mark: ``number`` says which, from 0. Named by kind where not by name."""

    number: int
    kind: Literal["named", "others", "unknown"]
    name: str
    papers: int


@dataclass(frozen=True, slots=True)
class Dot:
    """A paper on the map, from the left and from the top; its name stands at ``name_y``, if any."""

    paper_id: str
    title: str
    x: float
    y: float
    group: Group
    name: str = ""  # as much of the title as there is room for
    name_y: float = 0.0
    on_left: bool = False  # of its mark


@dataclass(frozen=True, slots=True)
class Label:
    """The name of a group in the middle of its papers."""

    group: Group
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class LibraryMap:
    """Where the papers are, and the groups that are marked, the largest first.

    ``labels`` name the groups where the papers are too many to be named.
    """

    dots: tuple[Dot, ...]
    groups: tuple[Group, ...]
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """How many papers came from a day on; place and height from 0 to 1."""

    first: datetime.date
    papers: int
    x: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """Bars side by side, of so many days each; empty ones are there, too."""

    days: int
    bars: tuple[Bar, ...]
    first: datetime.date
    last: datetime.date

    @property
    def most(self) -> int:
        """The papers of the highest bar."""
        return max(bar.papers for bar in self.bars)


def map_of(
    papers: Sequence[Listed], vectors: Mapping[str, Sequence[float]], by: Marks = "category"
) -> LibraryMap:
    """The papers that have a vector, near each other where their vectors are."""
    there = sorted((one for one in papers if one.id in vectors), key=lambda one: one.id)
    groups = _groups([_mark(one, by) for one in there])
    places = positions([vectors[one.id] for one in there])
    dots = [
        Dot(one.id, plain(one.title) or one.id, x, y, groups[_mark(one, by)])
        for one, (x, y) in zip(there, places, strict=True)
    ]
    shown = sorted(set(groups.values()), key=lambda group: group.number)
    return LibraryMap(_named(dots), tuple(shown), _labels(dots))


def _labels(dots: Sequence[Dot]) -> tuple[Label, ...]:
    """The names of the groups, of which no two lie on each other; none where papers are named."""
    if len(dots) <= MOST_NAMES:
        return ()
    groups: dict[Group, list[Dot]] = {}
    for dot in dots:
        if dot.group.kind == "named":
            groups.setdefault(dot.group, []).append(dot)
    labels: list[Label] = []
    for group in sorted(groups, key=lambda one: one.number):
        x = statistics.median(dot.x for dot in groups[group])
        y = statistics.median(dot.y for dot in groups[group])
        steps = (0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6)
        places = [min(max(y + step * _LINE * 1.2, 0.0), 1.0) for step in steps]
        free = (at for at in places if all(_apart(x, at, one) for one in labels))
        labels.append(Label(group, x, next(free, y)))
    return tuple(labels)


def _apart(x: float, y: float, label: Label) -> bool:
    wide = 2 * _WIDE_LETTER * max(len(label.group.name), 4)
    return abs(y - label.y) >= _LINE * 1.1 or abs(x - label.x) >= wide


def positions(vectors: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Two numbers from 0 to 1 for each vector; both axes on one scale, the longer one full.

    The same vectors give the same picture: of each axis, the number of the largest size is made
    positive, the first of them where several are.
    """
    import numpy as np

    if not vectors:
        return []
    table = np.asarray(vectors, dtype=np.float64)
    table = table - table.mean(axis=0)
    # As those of the table's singular value decomposition, in a twentieth of its time: the longest
    # axes of a covariance as wide as a vector, however many papers there are.
    _, directions = np.linalg.eigh(table.T @ table)
    axes = table @ directions[:, :-3:-1]
    # Papers that say the same: a direction of rounding errors.
    axes[:, np.linalg.norm(axes, axis=0) < 1e-9] = 0.0
    axes = np.pad(axes, ((0, 0), (0, 2 - axes.shape[1])))
    for column in axes.T:
        # Rounded, so that of two of one size it is not the last bit that decides.
        if column[np.argmax(np.abs(column).round(9))] < 0:
            column *= -1
    lowest, highest = axes.min(axis=0), axes.max(axis=0)
    extent = float((highest - lowest).max()) or 1.0
    scaled = (axes - (lowest + highest) / 2) / extent + 0.5
    return [(float(x), 1 - float(y)) for x, y in scaled]


def timeline_of(papers: Sequence[Listed]) -> Timeline | None:
    """When papers came, by UTC days; nothing for a library without papers."""
    days = Counter(datetime.date.fromisoformat(one.added[:10]) for one in papers)
    if not days:
        return None
    first, last = min(days), max(days)
    span = (last - first).days + 1
    step = next((step for step in _STEPS if span <= step * MOST_BARS), _STEPS[-1])
    number = -(-span // step)
    counts = Counter(dict.fromkeys(range(number), 0))
    for day, came in days.items():
        counts[(day - first).days // step] += came
    most = max(counts.values())
    bars = tuple(
        Bar(
            first=first + datetime.timedelta(days=at * step),
            papers=counts[at],
            x=at / number,
            width=1 / number,
            height=counts[at] / most,
        )
        for at in range(number)
    )
    return Timeline(step, bars, first, last)


def _mark(paper: Listed, by: Marks) -> str:
    if by == "year":
        return (paper.date or "")[:4]
    return plain(paper.categories[0]) if paper.categories else ""


def _groups(marks: Sequence[str]) -> dict[str, Group]:
    """The group of each mark: the most frequent ones of their own, then others, then unknown."""
    counts: Counter[str] = Counter(mark for mark in marks if mark)
    often = sorted(counts, key=lambda mark: (-counts[mark], mark))
    own, others = often[:MOST_GROUPS], often[MOST_GROUPS:]
    groups = {mark: Group(number, "named", mark, counts[mark]) for number, mark in enumerate(own)}
    if others:
        rest = Group(MOST_GROUPS, "others", "", sum(counts[mark] for mark in others))
        groups |= dict.fromkeys(others, rest)
    if "" in marks:
        groups[""] = Group(MOST_GROUPS + 1, "unknown", "", list(marks).count(""))
    return groups


def _named(dots: Sequence[Dot]) -> tuple[Dot, ...]:
    """With names where there is room for all: each beside its mark, as near as nothing covers."""
    if len(dots) > MOST_NAMES:
        return tuple(dots)
    marks = [(dot.x - _MARK, dot.y, dot.x + _MARK) for dot in dots]
    taken = list(marks)
    named: list[Dot] = []
    for dot in dots:
        name = dot.title if len(dot.title) <= _NAME else f"{dot.title[: _NAME - 1].rstrip()}…"
        width = sum(
            _WIDE_LETTER if unicodedata.east_asian_width(one) in "WF" else _LETTER for one in name
        )
        choices = [
            (on_left, dot.y + step * _LINE / 2)
            for step in (0, 1, -1, 2, -2, 3, -3, 4, -4)
            for on_left in ((True, False) if dot.x + width > 1 else (False, True))
        ]
        boxes = {
            choice: (dot.x - _MARK - width, choice[1], dot.x - _MARK)
            if choice[0]
            else (dot.x + _MARK, choice[1], dot.x + _MARK + width)
            for choice in choices
        }
        free = (one for one in choices if _is_free(boxes[one], taken))
        on_left, y = next(free, choices[0])
        taken.append(boxes[on_left, y])
        named.append(replace(dot, name=name, name_y=y, on_left=on_left))
    return tuple(named)


def _is_free(box: tuple[float, float, float], taken: Sequence[tuple[float, float, float]]) -> bool:
    """Whether a line of text, from left to right at a height, fits and lies on no other."""
    left, y, right = box
    return (
        left >= -_BEYOND
        and right <= 1 + _BEYOND
        and all(
            abs(y - other) >= _LINE or right <= start or end <= left for start, other, end in taken
        )
    )
