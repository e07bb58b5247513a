"""Collects the parts above and below a caption that may be its figure."""

from __future__ import annotations

from collections.abc import Sequence

from index.read.floats.sheet import Caption, Offer, Sheet, Side, area_around
from index.read.page.pages import Area

_PADDING = 2.0  # points around the content
REACH = 42.0  # points: the widest empty strip inside a figure, and between it and its caption
_ROWS_REACH = 26.0  # the same for rows of text alone
_LEAST_WIDTH, _LEAST_HEIGHT = 24.0, 14.0  # points: the smallest figure


def offer_of(sheet: Sheet, caption: Caption, side: Side) -> Offer | None:
    """The parts above or below a caption, up to the nearest barrier."""
    area = caption.area
    if side == "above":
        limits = [line.y1 for line in sheet.kept
                  if line.y1 <= area.y0 + 3 and line.shared_width(area) > 2]  # fmt: skip
        free = Area(caption.left, max(limits, default=0.0), caption.right, area.y0)
    else:
        limits = [line.y0 for line in sheet.kept
                  if line.y0 >= area.y1 - 3 and line.shared_width(area) > 2]  # fmt: skip
        free = Area(caption.left, area.y1, caption.right, min(limits, default=sheet.height))
    if free.height < _LEAST_HEIGHT:
        return None
    graphics = [one for one in (_part(one, free) for one in sheet.graphics) if one is not None]
    rules = [one for one in (_part(one, free) for one in sheet.rules) if one is not None]
    placed = (
        _label(one, hosts, free) for one, hosts in zip(sheet.labels, sheet.hosts, strict=True)
    )
    labels = [one for one in placed if one is not None]
    taken = _gathered(graphics, rules, labels, area, side)
    if taken is None:
        return None
    gathered, gap = taken
    content = _without(gathered, sheet.kept)
    if content is None or content.width < _LEAST_WIDTH or content.height < _LEAST_HEIGHT:
        return None
    big = [one for one in graphics if content.meets(one)]
    across = [one for one in rules if content.meets(one)]
    cells = [one for one in labels if content.meets(one)]
    drawn = sum(one.area for one in big) > 200
    if not drawn and len(across) < 2 and len(cells) < 4:
        return None
    return Offer(_padded(content, sheet.kept, sheet), drawn, len(across) >= 2, gap)


def _part(one: Area, free: Area) -> Area | None:
    """The part of ``one`` in the free strip; None if it belongs beside or beyond the strip."""
    shared = free.shared_height(one)
    if shared <= 0 and not free.y0 <= one.y0 <= one.y1 <= free.y1:
        return None
    middle = (one.x0 + one.x1) / 2
    if not free.x0 <= middle <= free.x1 and free.shared_width(one) < 0.6 * free.width:
        return None
    if shared < 0.4 * one.height:
        return None
    return Area(one.x0, max(one.y0, free.y0), one.x1, min(one.y1, free.y1))


def _label(label: Area, hosts: Sequence[Area], free: Area) -> Area | None:
    """As ``_part``; but a label at the edge of a drawing (its host) belongs where that does."""
    if free.shared_height(label) <= 0:
        return None
    if hosts and not any(_part(host, free) for host in hosts):
        return None
    beside = _part(label, free)
    if beside is None and hosts and free.shared_height(label) > 0.4 * label.height:
        return label.within(Area(label.x0, free.y0, label.x1, free.y1))
    return beside


def _gathered(
    graphics: Sequence[Area],
    rules: Sequence[Area],
    labels: Sequence[Area],
    caption: Area,
    side: Side,
) -> tuple[Area, float] | None:
    """The parts after the caption up to a wide gap, and the gap before them in points."""
    waiting = sorted(
        [*graphics, *rules, *labels],
        key=lambda one: -one.y1 if side == "above" else one.y0,
    )
    edge = caption.y0 if side == "above" else caption.y1
    start = edge
    taken: list[Area] = []
    plain = not graphics and not rules
    for one in waiting:
        gap = edge - one.y1 if side == "above" else one.y0 - edge
        if gap > (_ROWS_REACH if plain else REACH):
            break
        taken.append(one)
        edge = min(edge, one.y0) if side == "above" else max(edge, one.y1)
    if not taken:
        return None
    content = area_around(taken)
    gap = start - content.y1 if side == "above" else content.y0 - start
    return content, max(gap, 0.0)


def _without(content: Area, kept: Sequence[Area]) -> Area | None:
    """The content as far as it cuts no kept line: cut from the side that costs least."""
    for line in sorted(kept, key=lambda line: -line.area):
        if not content.meets(line, -1):
            continue
        cuts = [
            Area(content.x0, line.y1, content.x1, content.y1),
            Area(content.x0, content.y0, content.x1, line.y0),
            Area(line.x1, content.y0, content.x1, content.y1),
            Area(content.x0, content.y0, line.x0, content.y1),
        ]
        content = max(cuts, key=lambda cut: cut.area)
        if content.width <= 0 or content.height <= 0:
            return None
    return content


def _padded(content: Area, kept: Sequence[Area], sheet: Sheet) -> Area:
    """With a margin, but never into kept text."""
    wide = content.grown(_PADDING)
    x0, y0, x1, y1 = wide.x0, wide.y0, wide.x1, wide.y1
    for line in kept:
        if not wide.meets(line):
            continue
        if line.y1 <= content.y0 + 1:
            y0 = max(y0, min(line.y1, content.y0))
        elif line.y0 >= content.y1 - 1:
            y1 = min(y1, max(line.y0, content.y1))
        elif line.x1 <= content.x0 + 1:
            x0 = max(x0, min(line.x1, content.x0))
        elif line.x0 >= content.x1 - 1:
            x1 = min(x1, max(line.x0, content.x1))
    return Area(max(x0, 0.0), max(y0, 0.0), min(x1, sheet.width), min(y1, sheet.height))
