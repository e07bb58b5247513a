"""Assigns affiliations to authors.

A name refers to an affiliation by a mark ("1", "a", "*"), or by a common column, row or line.
Without either, an author gets no affiliation: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from index.read.front.places import AffiliationText, Name


def bind(names: Sequence[Name], places: Sequence[AffiliationText]) -> list[tuple[int, ...]]:
    """For each name the numbers of its places."""
    given = [_by_mark(name, places) for name in names]
    free = [n for n, place in enumerate(places) if not _refers(place, names)]
    for number, found in enumerate(given):
        own = names[number].beside
        if own:
            given[number] = tuple(n for n, place in enumerate(places) if place.words == own)
        elif not found and any(given) and not any(name.beside for name in names):
            # All authors without a mark share the one affiliation without a mark.
            given[number] = tuple(free) if len(_rows(free, places)) == 1 else ()
    if any(given):
        return given
    plain = [n for n in free if not places[n].mark] or free  # a mark that no name has
    return _by_column(names, places, plain)


def _refers(place: AffiliationText, names: Sequence[Name]) -> bool:
    return bool(place.mark) and any(_has(name, place.mark, {place.mark}) for name in names)


def _by_mark(name: Name, places: Sequence[AffiliationText]) -> tuple[int, ...]:
    known = {place.mark for place in places if place.mark}
    found: list[int] = []
    for mark in name.marks:
        wanted = [mark] if mark in known else list(mark) if mark.isdigit() else []
        found += [
            n for one in wanted for n, place in enumerate(places)
            if place.mark == one and n not in found
        ]  # fmt: skip
    return tuple(found)


def _has(name: Name, mark: str, known: set[str]) -> bool:
    return any(
        one == mark or (one.isdigit() and one not in known and mark in one) for one in name.marks
    )


def _rows(numbers: Sequence[int], places: Sequence[AffiliationText]) -> list[list[int]]:
    """The places that are side by side, row by row."""
    rows: list[list[int]] = []
    for n in sorted(numbers, key=lambda n: places[n].y0):
        middle = (places[n].y0 + places[n].y1) / 2
        if rows and middle < max(places[m].y1 for m in rows[-1]):
            rows[-1].append(n)
        else:
            rows.append([n])
    return rows


def _by_column(
    names: Sequence[Name], places: Sequence[AffiliationText], free: Sequence[int]
) -> list[tuple[int, ...]]:
    """Each place belongs to the names right above it: in its column, or to a row that it closes."""
    given: list[list[int]] = [[] for _ in names]
    for n in free:
        for number in _above(names, places, free, n):
            given[number].append(n)
    return [tuple(found) for found in given]


def _above(
    names: Sequence[Name], places: Sequence[AffiliationText], free: Sequence[int], n: int
) -> Iterator[int]:
    place = places[n]
    higher = [k for k, name in enumerate(names) if name.y < place.y0 + 1]
    if not higher:
        return
    beside = [
        m for m in free
        if m != n and min(places[m].y1, place.y1) > max(places[m].y0, place.y0)
    ]  # fmt: skip
    if beside:
        higher = [k for k in higher if _shares(names[k], place)]
        if not higher:
            return
    last = max(names[k].y for k in higher)
    row = [k for k in higher if last - names[k].y < 4]
    if not beside and not any(_shares(names[k], place) for k in row) and len(row) > 1:
        centre = (min(names[k].x0 for k in row) + max(names[k].x1 for k in row)) / 2
        if abs(centre - (place.x0 + place.x1) / 2) > 12:
            return
    alone = not beside and _closes(names, row, place)
    for k in higher:
        name = names[k]
        between = any(
            name.y < places[m].y0 < last
            and (_shares(name, places[m]) or (alone and not _in_a_row(places[m], names)))
            for m in free
            if m != n
        )
        if not between and (alone or _shares(name, place)):
            yield k


def _in_a_row(place: AffiliationText, names: Sequence[Name]) -> bool:
    """Whether names are at a place's side: it belongs to its column alone."""
    return any(place.y0 - 3 < name.y < place.y1 + 3 for name in names)


def _closes(names: Sequence[Name], row: Sequence[int], place: AffiliationText) -> bool:
    """Whether a single place below a row of names is set for all of them: in their middle, or
    from the same edge.
    """
    left, right = min(names[k].x0 for k in row), max(names[k].x1 for k in row)
    centred = abs((left + right) - (place.x0 + place.x1)) < 24
    return centred or abs(left - place.x0) < 6 or (place.x0 <= left + 6 and place.x1 >= right - 6)


def _shares(name: Name, place: AffiliationText) -> bool:
    return min(name.x1, place.x1) - max(name.x0, place.x0) > 0
