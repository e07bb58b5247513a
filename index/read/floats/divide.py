"""Divides a page into text that figures must not include, and parts that may belong to one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, product

from index.read.floats.captions import figure_name
from index.read.floats.offers import offer_of
from index.read.floats.sheet import Caption, ParagraphPart, Sheet, Side, area_around, area_of
from index.read.order.kinds import has_gap, prose_words
from index.read.order.layout import Layout, Paragraph
from index.read.page.pages import Area, Line, PageContent, is_typewriter
from index.read.sections.opening import setting_of

_SUBCAPTION = re.compile(r"\(?[a-z]\)", re.I)
_ENDED = re.compile(r"[.!?:;][\"'”’)\]]*$")
_THIN = 2.5  # points: a drawing no higher than this is a rule
_RULE = 35.0  # points: anything shorter is a fraction's bar or an underlined word
_TELLING = 8  # lines of a paragraph whose words are counted; a longer one counts as prose
_RARE = 0.02  # of the lines of running text
_ROW = 18  # points: nothing that belongs to a line of text is higher
_MANY = 99  # words
_SMALL = 12.0  # points: drawings smaller than this are points of a plot, letters, arrow heads
_CLUSTERED_MOST = 1500  # drawings of a page that are looked at one by one, the largest first


def divide_page(
    page: PageContent,
    pieces: Sequence[ParagraphPart],
    front: set[int],
    headings: set[int],
    layout: Layout,
) -> Sheet:
    """Divide a page with its ``pieces`` of paragraphs; offer each caption what it may take."""
    texts = [piece for piece in pieces if piece.part.kind != "caption"]
    named = [
        piece for piece in pieces if piece.part.kind == "caption" and figure_name(piece.part.text)
    ]
    prose = [piece for piece in texts if _is_prose(piece, front | headings, layout)]
    captions = _captions(named, page, layout)
    heads = [piece.area for piece in prose if id(piece.part) in headings]
    margin = [area_of(line) for line in layout.furniture if line.page == page.number]
    graphics, rules = _drawings(page, prose, margin, texts)
    content = [area_of(line) for piece in pieces for line in piece.lines] + graphics
    furniture = [area for area in margin if _outermost(area, content, page.height)]
    barriers = [caption.area for caption in captions] + heads
    frames = [area for area in graphics if area.width > 40 and area.height > 20]
    frames += _ruled(rules, barriers, prose)
    kept: list[Area] = [*heads, *furniture]
    labels = [area for area in margin if area not in furniture]
    solid = {id(piece) for piece in prose}
    for piece in texts:
        if id(piece.part) in headings:
            continue
        # A paragraph is taken only as a whole; of numbers and labels some stand outside the axes.
        few = piece.words < 12
        inside = _held(piece.area, frames) or (few and _reaches_in(piece.area, frames))
        for line in piece.lines:
            free = inside or (few and _reaches_in(area_of(line), frames))
            if id(piece) in solid and not free:
                kept.append(area_of(line))
            else:
                labels += _segments(line)
    for piece in pieces:
        if piece.part.kind == "caption":
            kept += [area_of(line) for line in piece.lines]
    left = min((edges[0] for edges in layout.columns.values()), default=0.0)
    labels += [
        area_of(line) for line in layout.stamps if line.page == page.number and line.x1 > left - 4
    ]
    sheet = Sheet(
        page.number,
        page.width,
        page.height,
        tuple(captions),
        tuple(kept),
        tuple(graphics),
        tuple(rules),
        tuple(labels),
        tuple(
            tuple(one for one in graphics if one.meets(label, 8) and one.area > label.area)
            for label in labels
        ),
        {},
    )
    sides: tuple[Side, ...] = ("above", "below")
    for place, side in product(range(len(captions)), sides):
        offer = offer_of(sheet, captions[place], side)
        if offer is not None:
            sheet.offers[place, side] = offer
    return sheet


def _held(area: Area, frames: Sequence[Area]) -> bool:
    return any(frame.holds(area, 2) for frame in frames)


def _reaches_in(area: Area, frames: Sequence[Area]) -> bool:
    """Whether a good part of it is inside."""
    return any(frame.grown(2).shared(area) > 0.4 * area.area for frame in frames)


def _outermost(area: Area, content: Sequence[Area], height: float) -> bool:
    """Whether only furniture is beside or beyond it: else it is a cell or a label."""
    if area.y1 < 0.5 * height:
        return not any(one.y0 < area.y1 - 2 for one in content)
    return not any(one.y1 > area.y0 + 2 for one in content)


def faces_of(parts: Sequence[Paragraph]) -> set[str]:
    """The families of type that more than a few paragraphs of running text are set in."""
    found: Counter[str] = Counter()
    for part in parts:
        if part.kind == "paragraph" and len(part.lines) > 3:
            found[setting_of(part).family] += len(part.lines)
    return {family for family, count in found.items() if count > _RARE * found.total()}


def pieces_of(part: Paragraph, layout: Layout, faces: set[str]) -> Iterator[ParagraphPart]:
    """A paragraph in pieces: one for each page and column that it is on."""
    run: list[Line] = []
    short = len(part.lines) <= 3 and part.kind == "paragraph"
    same = part.size < layout.body_size + 0.6
    strange = short and same and bool(faces) and setting_of(part).family not in faces
    full_size = part.size > layout.body_size - 0.5
    long = len(part.lines) > _TELLING and part.kind == "paragraph"
    words = _MANY if long else sum(prose_words(line.words) for line in part.lines[:_TELLING])

    def piece() -> ParagraphPart:
        return ParagraphPart(
            part, tuple(run), area_around(map(area_of, run)), full_size, words, strange
        )

    for line in part.lines:
        last = run[-1] if run else line
        if (
            last.page != line.page
            or last.column != line.column
            or (run and line.y0 < run[0].y0 - line.height)
        ):
            yield piece()
            run = []
        run.append(line)
    yield piece()


def _is_prose(piece: ParagraphPart, known: set[int], layout: Layout) -> bool:
    """Whether the piece is running text or a heading, and no label or cell."""
    part, lines = piece.part, piece.lines
    if id(part) in known:
        return True
    if part.kind == "table" or not lines[0].upright:
        return False
    size = max(line.size for line in lines)
    if part.kind == "equation":
        return size > layout.body_size - 0.7
    if part.kind in ("footnote", "front", "reference"):
        return True
    left, right = layout.edges(lines[0])
    words = piece.words
    first = lines[: 2 * _TELLING]
    if sum(map(has_gap, first)) > 0.5 * len(first) or _in_pieces(lines):
        return False
    small = size < layout.body_size - 0.7 and lines[0].x0 > left + 1.5 * size
    if len(part.lines) <= 3 and words <= 12 and (small or piece.strange):
        return False
    if size < 0.8 * layout.body_size and words < 30:
        return False
    if len(part.lines) > 3 and words > 20:
        return True
    if _SUBCAPTION.match(part.text) and len(part.lines) <= 2:
        return False
    inset = min(line.x0 for line in lines) > left + 4
    # A line that begins inside a column and ends outside it is in neither: an axis label.
    narrow = piece.area.width < 0.6 * (right - left) or lines[0].x1 > right + 1.5 * size
    cells = words < 12 and any(map(has_gap, first))
    ended = bool(_ENDED.search(part.text))
    return not cells and not (inset and narrow and not ended) and words >= 2


def _in_pieces(lines: Sequence[Line]) -> bool:
    """Whether lines are side by side, like labels that the file gives as one paragraph."""
    beside = sum(
        abs(one.middle - other.middle) < 2 and other.x0 > one.x1 + one.size
        for one, other in pairwise(lines)
    )
    return beside >= 0.5 * len(lines)


def _captions(named: Sequence[ParagraphPart], page: PageContent, layout: Layout) -> list[Caption]:
    """The captions with the strip that each may reach across: its column, or between neighbours."""
    captions: list[Caption] = []
    gutters = layout.gutters.get(page.number, ())
    for piece in named:
        name = figure_name(piece.part.text)
        if name is None or piece.lines[0] is not piece.part.lines[0]:
            continue
        left, right = 0.0, page.width
        for gutter in gutters:
            if piece.area.x1 < gutter + 4:
                right = min(right, gutter)
            elif piece.area.x0 > gutter - 4:
                left = max(left, gutter)
        for other in named:
            beside = other is not piece and other.area.shared_height(piece.area) > 4
            if beside and other.area.x0 >= piece.area.x1 - 2:
                right = min(right, (piece.area.x1 + other.area.x0) / 2)
            elif beside and other.area.x1 <= piece.area.x0 + 2:
                left = max(left, (piece.area.x0 + other.area.x1) / 2)
        captions.append(Caption(id(piece.part), name, piece.area, left, right))
    return captions


def _drawings(
    page: PageContent,
    prose: Sequence[ParagraphPart],
    furniture: Sequence[Area],
    texts: Sequence[ParagraphPart],
) -> tuple[list[Area], list[Area]]:
    """The drawings of the page in clusters, and its rules, without those of running text."""
    lines = [area_of(line) for piece in prose for line in piece.lines]
    notes = [piece.area for piece in texts if piece.part.kind == "footnote"]
    whole = page.width * page.height
    rules: list[Area] = []
    solid: list[Area] = []
    rows: dict[int, list[Area]] = {}
    for line in lines:
        for row in range(int(line.y0 - 2) // _ROW, int(line.y1 + 2) // _ROW + 1):
            rows.setdefault(row, []).append(line)
    for area in page.drawn:
        if area.area > 0.8 * whole:
            continue  # the background of the page
        if area.height <= _THIN and area.width >= _RULE:
            opens_notes = any(
                0 <= note.y0 - area.y1 < 16 and abs(note.x0 - area.x0) < 24 for note in notes
            )
            heads = any(abs(line.y1 - area.y0) < 8 or abs(line.y0 - area.y1) < 8
                        for line in furniture) and (
                area.y1 < 0.12 * page.height or area.y0 > 0.88 * page.height)  # fmt: skip
            if not opens_notes and not heads:
                rules.append(area)
            continue
        if area.area > 0.3 * whole and _holds_most(area, lines):
            continue
        near = rows.get(int(area.y0) // _ROW, ())
        if area.height < _ROW and any(line.holds(area, 2) for line in near):
            continue  # a bar of a fraction, a marked or linked word
        solid.append(area)
    return _clusters(solid), sorted(rules, key=lambda rule: rule.y0)


def _holds_most(area: Area, lines: Sequence[Area]) -> bool:
    return sum(area.holds(line) for line in lines) > 0.5 * len(lines) > 2


def _clusters(areas: Iterable[Area]) -> list[Area]:
    """Areas that touch, as one."""
    cells: dict[tuple[int, int], Area] = {}  # small ones by the square that they are in
    large: list[Area] = []
    for area in areas:
        if max(area.width, area.height) < _SMALL:
            cell = int(area.x0 / _SMALL), int(area.y0 / _SMALL)
            cells[cell] = area_around([area, cells[cell]]) if cell in cells else area
        else:
            large.append(area)
    found: list[Area] = []
    for area in sorted([*large, *cells.values()], key=lambda area: -area.area)[:_CLUSTERED_MOST]:
        if any(one.holds(area) for one in found):
            continue
        merged = area
        while True:
            near = [one for one in found if one.meets(merged, 3)]
            if not near:
                break
            found = [one for one in found if not one.meets(merged, 3)]
            merged = area_around([merged, *near])
        found.append(merged)
    return found


def _ruled(
    rules: Sequence[Area], barriers: Sequence[Area], prose: Sequence[ParagraphPart]
) -> list[Area]:
    """The areas between the rules of a table, which have one width and are above one another."""
    frames: list[Area] = []
    for number, top in enumerate(rules):
        for bottom in rules[number + 1 :]:
            if abs(top.x0 - bottom.x0) > 5 or abs(top.x1 - bottom.x1) > 5:
                continue
            between = Area(top.x0 - 4, top.y0, top.x1 + 4, bottom.y1)
            if any(between.meets(one) for one in barriers):
                break
            if any(between.meets(piece.area) and _runs_past(piece, between) for piece in prose):
                break
            above = next((one for one in frames if one.meets(top, 6)), None)
            if above is not None and above.holds(top, 6):
                frames.remove(above)
                between = area_around([above, between])
            frames.append(between)
            break
    return frames


def _runs_past(piece: ParagraphPart, between: Area) -> bool:
    """Whether it is a paragraph of the body that is between two floats by chance."""
    if piece.area.x0 < between.x0 - 4 or piece.area.x1 > between.x1 + 4:
        return True
    return (
        piece.full_size
        and len(piece.lines) > 1
        and piece.words > 20
        and piece.area.width > 0.85 * between.width
        and not _mono(piece)
    )


def _mono(piece: ParagraphPart) -> bool:
    """Whether it is in typewriter type, as code and prompts are."""
    styles = [word.style for line in piece.lines for word in line.words]
    return sum(map(is_typewriter, styles)) > 0.5 * len(styles)


def _segments(line: Line) -> Iterator[Area]:
    """The stretches of a line that wide spaces keep apart: cells of two tables side by side."""
    start = 0
    for number, (before, after) in enumerate(pairwise(line.words), 1):
        if after.x0 - before.x1 > 1.5 * line.size:
            yield area_around(Area(w.x0, w.y0, w.x1, w.y1) for w in line.words[start:number])
            start = number
    yield area_around(Area(w.x0, w.y0, w.x1, w.y1) for w in line.words[start:])
