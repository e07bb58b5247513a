"""Finds the box of each figure and table on its page, from its caption and the drawings.

A page is divided into barriers (running text, headings, captions, page furniture) and parts that
may belong to a figure (pictures, drawn lines, cells, labels). From each caption, parts are
collected upwards and downwards up to the next barrier; then the captions of a page choose together,
so that no part belongs to two. The method is that of PDFFigures 2.0 (Clark and Divvala,
JCDL 2016), on the layout that was found before.

A box holds the content without the caption, whose words have their own boxes. A caption for which
nothing is found, for example one that is printed on another page, gets no box.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from index.read.floats.captions import FigureKind, FigureName, figure_name
from index.read.floats.divide import divide_page, faces_of, pieces_of
from index.read.floats.offers import REACH
from index.read.floats.sheet import Caption, Offer, ParagraphPart, Sheet, Side, area_of
from index.read.order.layout import Layout, Paragraph
from index.read.page.pages import Area, Line, PageContent
from index.spans import Box


def find_boxes(
    parts: Sequence[Paragraph],
    body_start: int,
    headings: set[int],
    layout: Layout,
    pages: Sequence[PageContent],
) -> dict[int, Box]:
    """The box of each caption's figure, by the identity of the caption's paragraph.

    ``parts`` are all paragraphs in order, those up to ``body_start`` front matter; ``headings`` the
    identities of those that are headings.
    """
    front = {id(part) for part in parts[:body_start] if part.kind != "table"}
    captions = [part for part in parts if part.kind == "caption" and figure_name(part.text)]
    pieces: dict[int, list[ParagraphPart]] = {part.lines[0].page: [] for part in captions}
    faces = faces_of(parts)
    for part in parts:
        if part.lines[0].page in pieces or part.lines[-1].page in pieces:
            for piece in pieces_of(part, layout, faces):
                if piece.page in pieces:
                    pieces[piece.page].append(piece)
    sheets = [
        divide_page(page, pieces[page.number], front, headings, layout)
        for page in pages
        if page.number in pieces
    ]
    usual = _usual_sides(sheets)
    boxes: dict[int, Box] = {}
    for sheet in sheets:
        for caption, area in _choose(sheet, usual):
            boxes[caption.part] = Box(sheet.number, area.x0, area.y0, area.x1, area.y1)
    return boxes


def mark_inside(parts: Sequence[Paragraph], headings: set[int], boxes: Iterable[Box]) -> None:
    """Mark the paragraphs in the box of a figure as tables: cells, labels, a prompt.

    This comes before split paragraphs are joined, so that none continues in a table.
    """
    on_page: dict[int, list[Area]] = {}
    for box in boxes:
        on_page.setdefault(box.page, []).append(Area(box.x0, box.y0, box.x1, box.y1))
    for part in parts:
        areas = on_page.get(part.lines[0].page, ())
        if part.kind in ("caption", "table") or id(part) in headings or not areas:
            continue
        lines = [area_of(line) for line in part.lines if line.page == part.lines[0].page]
        whole = len(lines) == len(part.lines)
        if whole and any(all(area.holds(line, 1) for line in lines) for area in areas):
            part.kind = "table"


def turned_lines(layout: Layout, boxes: Iterable[Box]) -> list[Line]:
    """Rotated lines inside the text or a figure: labels of axes, rows of a table that is set
    sideways. Rotated lines beside the text, or the same on several pages, are stamps."""
    pages: dict[str, set[int]] = {}
    for line in layout.stamps:
        pages.setdefault(line.text, set()).add(line.page)
    held = list(boxes)
    left = min((edges[0] for edges in layout.columns.values()), default=-math.inf)
    right = max((edges[1] for edges in layout.columns.values()), default=math.inf)
    return [
        line
        for line in layout.stamps
        if left < (line.x0 + line.x1) / 2 < right
        or (len(pages[line.text]) == 1 and any(_is_inside(line, box) for box in held))
    ]


def _is_inside(line: Line, box: Box) -> bool:
    x, y = (line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2
    return line.page == box.page and box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1


def append_turned(parts: list[Paragraph], layout: Layout, boxes: Iterable[Box]) -> None:
    """Append rotated lines to the end of their pages, so that no word is lost. They are not
    prose, but a table that is set sideways may have its caption beside it."""
    blocks: dict[tuple[int, int], list[Line]] = {}
    for line in turned_lines(layout, boxes):
        blocks.setdefault((line.page, line.block), []).append(line)
    for (page, _), lines in blocks.items():
        place = next(
            (at for at in reversed(range(len(parts))) if parts[at].lines[0].page <= page), -1
        )
        name = figure_name(lines[0].text)
        if name is not None and name.marked:
            parts.insert(place + 1, Paragraph("caption", lines))
        else:
            parts[place + 1 : place + 1] = [Paragraph("table", [line]) for line in lines]


# --- the captions of a page choose ----------------------------------------------------------------

_AT_ONCE = 9  # captions that choose together; a page with more lets each choose for itself


def _usual_sides(sheets: Sequence[Sheet]) -> dict[FigureKind, Side]:
    """The side of the caption for each kind in this paper, by the unambiguous ones."""
    votes: dict[FigureKind, float] = {}
    for sheet in sheets:
        for place, caption in enumerate(sheet.captions):
            above = (place, "above") in sheet.offers
            below = (place, "below") in sheet.offers
            if above != below:
                kind = caption.name.kind
                votes[kind] = votes.get(kind, 0.0) + (1.0 if above else -1.0)
    return {kind: "above" if vote > 0 else "below" for kind, vote in votes.items() if vote}


def _choose(sheet: Sheet, usual: dict[FigureKind, Side]) -> Iterator[tuple[Caption, Area]]:
    sides: tuple[Side | None, ...] = (None, "above", "below")
    choices = [
        [side for side in sides if side is None or (place, side) in sheet.offers]
        for place in range(len(sheet.captions))
    ]
    if len(choices) > _AT_ONCE:
        groups = [[place] for place in range(len(choices))]
    else:
        groups = [list(range(len(choices)))]
    for group in groups:
        best: tuple[float, list[tuple[int, Offer]]] = (-1.0, [])
        for chosen in product(*(choices[place] for place in group)):
            offers: list[tuple[int, Offer]] = []
            worth = 0.0
            for place, side in zip(group, chosen, strict=True):
                if side is None:
                    continue
                offer = sheet.offers[place, side]
                worth += _worth(offer, sheet.captions[place].name, side, usual)
                offers.append((place, offer))
            for number, (_, one) in enumerate(offers):
                for _, other in offers[number + 1 :]:
                    shared = one.area.shared(other.area)
                    worth -= 4.0 * shared / max(min(one.area.area, other.area.area), 1.0)
            if worth > best[0]:
                best = (worth, offers)
        for place, offer in best[1]:
            yield sheet.captions[place], offer.area


def _worth(offer: Offer, name: FigureName, side: Side, usual: dict[FigureKind, Side]) -> float:
    """The score of an offer: near, on the usual side, and made of the usual parts of its kind."""
    kind = name.kind
    worth = 2.0 - offer.gap / REACH + (0.4 if name.marked else 0.0)
    worth += 0.6 if usual.get(kind) == side else 0.0
    if kind in ("figure", "scheme", "chart", "plate"):
        worth += (1.5 if offer.drawn else 0.0) + (0.3 if side == "above" else 0.0)
    else:
        worth += 1.0 if offer.ruled else 0.3 if offer.drawn else 0.0
    if kind in ("algorithm", "listing"):
        worth += 0.5 if side == "below" else 0.0
    return worth
