"""Where a figure or a table is on its page, told by its caption and by what is drawn.

A page is divided into what must not be cut (running text, headings, captions, page furniture) and
what may belong to a figure (pictures, drawn lines, cells, labels). From each caption the second is
gathered, upwards and downwards, as far as the first lets it; then the captions of a page choose
together, so that no two of them take the same thing. The method is that of PDFFigures 2.0 (Clark
and Divvala, JCDL 2016), with the layout that the reader has found already.

A box holds the content without the caption, whose words have boxes of their own. Where nothing is
found, as for a caption that was printed on another page, there is no box rather than a wrong one.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Literal, get_args

from index.paper import Box
from index.read.order.kinds import has_gap, prose_words
from index.read.order.layout import Layout, Paragraph
from index.read.page.pages import Area, Line, PageContent, is_typewriter
from index.read.sections.opening import setting_of

FigureKind = Literal["figure", "table", "algorithm", "listing", "scheme", "chart", "plate", "box"]

_NAME = re.compile(
    r"(?P<of>(?:extended\s+data|supplementary|supplemental|appendix)\s+)?"
    r"(?P<word>fig(?:ur[ae]|\.)?|table|tab(?:elle|leau|la|\.)?|algorithm|alg\.|listing|scheme|"
    r"chart|plate|box|abb(?:ildung|\.)|[图圖図表]|그림|표)"
    r"(?P<number>\s*(?:[a-z]{1,2}\.?-?)?\d+(?:\.\d+)*[a-z]?(?![a-z])|\s+[ivxlc]+\b|\s+[a-z]\b)"
    r"\s*(?P<mark>[.:：．|–—-])?",
    re.I,
)
_KIND: dict[str, FigureKind] = {
    "fig": "figure", "tab": "table", "alg": "algorithm", "表": "table", "표": "table",
}  # fmt: skip
_SUBCAPTION = re.compile(r"\(?[a-z]\)", re.I)
_ENDED = re.compile(r"[.!?:;][\"'”’)\]]*$")

_PADDING = 2.0  # points around the content
_THIN = 2.5  # points: a drawing no higher than this is a rule
_RULE = 35.0  # points: anything shorter is a fraction's bar or an underlined word
_REACH = 42.0  # points: the widest empty strip inside a figure, and between it and its caption
_ROWS_REACH = 26.0  # the same where there is nothing but text
_LEAST_WIDTH, _LEAST_HEIGHT = 24.0, 14.0  # points: less is no figure
_TELLING = 8  # lines of a paragraph that tell whether it is prose; longer ones are not counted
_RARE = 0.02  # of the lines of running text
_ROW = 18  # points: nothing that belongs to a line of text is higher
_MANY = 99  # words
_SMALL = 12.0  # points: drawings smaller than this are points of a plot, letters, arrow heads
_CLUSTERED_MOST = 1500  # drawings of a page that are looked at one by one, the largest first


@dataclass(frozen=True, slots=True)
class FigureName:
    """What a caption begins with: "Fig. 3" is the label, "figure" the kind and "3" the number."""

    label: str
    kind: FigureKind
    number: str
    of: str  # "supplementary", for one that is numbered apart from those of the paper
    marked: bool  # a colon or a full stop follows, which a sentence does not have there

    @property
    def stem(self) -> str:
        """A name for a file: "figure-3"."""
        parts = [*self.of.split(), self.kind, re.sub(r"[^0-9a-z.]", "", self.number.lower())]
        return "-".join(parts)


def figure_name(caption: str) -> FigureName | None:
    """The name at the head of a caption; None if it has none."""
    found = _NAME.match(caption.lstrip())
    if found is None:
        return None
    word = found["word"].lower()
    kind = next((k for k in get_args(FigureKind) if k == word), None) or _KIND.get(word[:3])
    label = " ".join(found.group()[: found.end("number") - found.start()].split())
    of = (found["of"] or "").lower().strip()
    number = found["number"].strip()
    return FigureName(label, kind or "figure", number, of, found["mark"] is not None)


def may_caption(line: Line) -> bool:
    """Whether a line may begin a caption: only pages with such a line are searched for drawings."""
    return _NAME.match(line.text) is not None


def captions_apart(page: PageContent) -> None:
    """Part the lines of captions that stand side by side where the file keeps them in one block."""
    lefts: dict[int, float] = {}  # block -> where its right caption begins
    heads = {line.block: line for line in reversed(page.lines) if may_caption(line)}
    for line in page.lines:
        head = heads.get(line.block)
        if head is None or abs(line.middle - head.middle) > 3:
            continue
        for number, word in enumerate(line.words):
            before = line.words[number - 1] if number else head.words[-1]
            beside = word.x0 - before.x1 > _SMALL and line.block not in lefts
            said = " ".join(one.text for one in line.words[number : number + 3])
            if beside and word is not head.words[0] and _NAME.match(said):
                lefts[line.block] = word.x0
    for block, left in lefts.items():
        held = [line for line in page.lines if line.block == block]
        place = page.lines.index(held[0])
        apart: tuple[list[Line], list[Line]] = [], []
        for line in held:
            right = [word for word in line.words if word.x0 > left - 2]
            for side, words in enumerate((line.words[: len(line.words) - len(right)], right)):
                if words:
                    number = block if side == 0 else -1 - block  # a number that no block has
                    apart[side].append(Line(line.page, number, words, line.upright))
        others = [line for line in page.lines if line.block != block]
        page.lines[:] = [*others[:place], *apart[0], *apart[1], *others[place:]]


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
    pieces: dict[int, list[_Piece]] = {part.lines[0].page: [] for part in captions}
    faces = _faces(parts)
    for part in parts:
        if part.lines[0].page in pieces or part.lines[-1].page in pieces:
            for piece in _pieces(part, layout, faces):
                if piece.page in pieces:
                    pieces[piece.page].append(piece)
    sheets = [
        _sheet(page, pieces[page.number], front, headings, layout)
        for page in pages
        if page.number in pieces
    ]
    usual = _usual_sides(sheets)
    boxes: dict[int, Box] = {}
    for sheet in sheets:
        for caption, area in _choose(sheet, usual):
            boxes[caption.part] = Box(sheet.number, area.x0, area.y0, area.x1, area.y1)
    return boxes


def take_in(parts: Sequence[Paragraph], headings: set[int], boxes: Iterable[Box]) -> None:
    """Make a table of what stands in a figure's box: cells, labels, a prompt that is shown.

    Before torn paragraphs are mended, so that none goes on in a table.
    """
    on_page: dict[int, list[Area]] = {}
    for box in boxes:
        on_page.setdefault(box.page, []).append(Area(box.x0, box.y0, box.x1, box.y1))
    for part in parts:
        areas = on_page.get(part.lines[0].page, ())
        if part.kind in ("caption", "table") or id(part) in headings or not areas:
            continue
        lines = [_area(line) for line in part.lines if line.page == part.lines[0].page]
        whole = len(lines) == len(part.lines)
        if whole and any(all(area.holds(line, 1) for line in lines) for area in areas):
            part.kind = "table"


def turned_lines(layout: Layout, boxes: Iterable[Box]) -> list[Line]:
    """Lines that stand on end amid the text or in a figure: labels of axes, rows of a table set
    sideways. Those beside the text, and those that more than one page has, are stamps."""
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
        or (len(pages[line.text]) == 1 and any(_stands_in(line, box) for box in held))
    ]


def _stands_in(line: Line, box: Box) -> bool:
    x, y = (line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2
    return line.page == box.page and box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1


def turned_in(parts: list[Paragraph], layout: Layout, boxes: Iterable[Box]) -> None:
    """Put turned lines at the end of their pages, so that no word is lost; they are no prose, but a
    table that lies on its side may have its caption beside it."""
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


# --- one page, divided ----------------------------------------------------------------------------

_Side = Literal["above", "below"]


@dataclass(frozen=True, slots=True)
class _Caption:
    part: int  # identity of its paragraph
    name: FigureName
    area: Area
    left: float  # of the strip that its figure may take
    right: float


@dataclass(frozen=True, slots=True)
class _Offer:
    """What a caption may take on one side of it."""

    area: Area
    drawn: bool  # whether it has drawings, and is not text alone
    ruled: bool  # whether there are rules across it, as tables have
    gap: float  # points between it and the caption


@dataclass(frozen=True, slots=True)
class _Sheet:
    number: int
    width: float
    height: float
    captions: tuple[_Caption, ...]
    kept: tuple[Area, ...]  # lines that no figure may cut
    graphics: tuple[Area, ...]
    rules: tuple[Area, ...]
    labels: tuple[Area, ...]  # text that may belong to a figure
    hosts: tuple[tuple[Area, ...], ...]  # of each label, the drawings at whose edge it stands
    offers: dict[tuple[int, _Side], _Offer]


@dataclass(frozen=True, slots=True)
class _Piece:
    """The lines of a paragraph that stand on one page and in one column."""

    part: Paragraph
    lines: tuple[Line, ...]
    area: Area
    full_size: bool  # whether it is as large as the body
    words: int  # of prose, in the first lines of the paragraph
    strange: bool  # in a face that the running text is not set in, and no larger: no heading

    @property
    def page(self) -> int:
        """Counted from 1."""
        return self.lines[0].page


def _sheet(
    page: PageContent,
    pieces: Sequence[_Piece],
    front: set[int],
    headings: set[int],
    layout: Layout,
) -> _Sheet:
    texts = [piece for piece in pieces if piece.part.kind != "caption"]
    named = [
        piece for piece in pieces if piece.part.kind == "caption" and figure_name(piece.part.text)
    ]
    prose = [piece for piece in texts if _is_prose(piece, front | headings, layout)]
    captions = _captions(named, page, layout)
    heads = [piece.area for piece in prose if id(piece.part) in headings]
    margin = [_area(line) for line in layout.furniture if line.page == page.number]
    graphics, rules = _drawings(page, prose, margin, texts)
    content = [_area(line) for piece in pieces for line in piece.lines] + graphics
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
            free = inside or (few and _reaches_in(_area(line), frames))
            if id(piece) in solid and not free:
                kept.append(_area(line))
            else:
                labels += _segments(line)
    for piece in pieces:
        if piece.part.kind == "caption":
            kept += [_area(line) for line in piece.lines]
    left = min((edges[0] for edges in layout.columns.values()), default=0.0)
    labels += [
        _area(line) for line in layout.stamps if line.page == page.number and line.x1 > left - 4
    ]
    sheet = _Sheet(
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
    sides: tuple[_Side, ...] = ("above", "below")
    for place, side in product(range(len(captions)), sides):
        offer = _offer(sheet, captions[place], side)
        if offer is not None:
            sheet.offers[place, side] = offer
    return sheet


def _held(area: Area, frames: Sequence[Area]) -> bool:
    return any(frame.holds(area, 2) for frame in frames)


def _reaches_in(area: Area, frames: Sequence[Area]) -> bool:
    """Whether a good part of it stands inside."""
    return any(frame.grown(2).shared(area) > 0.4 * area.area for frame in frames)


def _outermost(area: Area, content: Sequence[Area], height: float) -> bool:
    """Whether nothing but furniture stands beside or beyond it: else it is a cell or a label."""
    if area.y1 < 0.5 * height:
        return not any(one.y0 < area.y1 - 2 for one in content)
    return not any(one.y1 > area.y0 + 2 for one in content)


def _faces(parts: Sequence[Paragraph]) -> set[str]:
    """The families of type that more than a few paragraphs of running text are set in."""
    found: Counter[str] = Counter()
    for part in parts:
        if part.kind == "paragraph" and len(part.lines) > 3:
            found[setting_of(part).family] += len(part.lines)
    return {family for family, count in found.items() if count > _RARE * found.total()}


def _pieces(part: Paragraph, layout: Layout, faces: set[str]) -> Iterator[_Piece]:
    run: list[Line] = []
    short = len(part.lines) <= 3 and part.kind == "paragraph"
    same = part.size < layout.body_size + 0.6
    strange = short and same and bool(faces) and setting_of(part).family not in faces
    full_size = part.size > layout.body_size - 0.5
    long = len(part.lines) > _TELLING and part.kind == "paragraph"
    words = _MANY if long else sum(prose_words(line.words) for line in part.lines[:_TELLING])

    def piece() -> _Piece:
        return _Piece(part, tuple(run), _around(map(_area, run)), full_size, words, strange)

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


def _is_prose(piece: _Piece, known: set[int], layout: Layout) -> bool:
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
    # What begins inside a column and ends outside it stands in none: the label of an axis.
    narrow = piece.area.width < 0.6 * (right - left) or lines[0].x1 > right + 1.5 * size
    cells = words < 12 and any(map(has_gap, first))
    ended = bool(_ENDED.search(part.text))
    return not cells and not (inset and narrow and not ended) and words >= 2


def _in_pieces(lines: Sequence[Line]) -> bool:
    """Whether lines stand side by side, as labels do that the file gives as one paragraph."""
    beside = sum(
        abs(one.middle - other.middle) < 2 and other.x0 > one.x1 + one.size
        for one, other in pairwise(lines)
    )
    return beside >= 0.5 * len(lines)


def _captions(named: Sequence[_Piece], page: PageContent, layout: Layout) -> list[_Caption]:
    """The captions with the strip that each may reach across: its column, or between neighbours."""
    captions: list[_Caption] = []
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
        captions.append(_Caption(id(piece.part), name, piece.area, left, right))
    return captions


def _drawings(
    page: PageContent,
    prose: Sequence[_Piece],
    furniture: Sequence[Area],
    texts: Sequence[_Piece],
) -> tuple[list[Area], list[Area]]:
    """What the page draws, in clusters, and its rules; without what belongs to running text."""
    lines = [_area(line) for piece in prose for line in piece.lines]
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
    cells: dict[tuple[int, int], Area] = {}  # small ones by the square that they stand in
    large: list[Area] = []
    for area in areas:
        if max(area.width, area.height) < _SMALL:
            cell = int(area.x0 / _SMALL), int(area.y0 / _SMALL)
            cells[cell] = _around([area, cells[cell]]) if cell in cells else area
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
            merged = _around([merged, *near])
        found.append(merged)
    return found


def _ruled(rules: Sequence[Area], barriers: Sequence[Area], prose: Sequence[_Piece]) -> list[Area]:
    """What stands between the rules of a table, of one width and one below the other."""
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
                between = _around([above, between])
            frames.append(between)
            break
    return frames


def _runs_past(piece: _Piece, between: Area) -> bool:
    """Whether it is a paragraph of the body that two floats happen to stand around."""
    if piece.area.x0 < between.x0 - 4 or piece.area.x1 > between.x1 + 4:
        return True
    return (
        piece.full_size
        and len(piece.lines) > 1
        and piece.words > 20
        and piece.area.width > 0.85 * between.width
        and not _mono(piece)
    )


def _mono(piece: _Piece) -> bool:
    """Whether it is in typewriter type, as code and prompts are."""
    styles = [word.style for line in piece.lines for word in line.words]
    return sum(map(is_typewriter, styles)) > 0.5 * len(styles)


def _area(line: Line) -> Area:
    return Area(line.x0, line.y0, line.x1, line.y1)


def _segments(line: Line) -> Iterator[Area]:
    """The stretches of a line that wide spaces keep apart: cells of two tables side by side."""
    start = 0
    for number, (before, after) in enumerate(pairwise(line.words), 1):
        if after.x0 - before.x1 > 1.5 * line.size:
            yield _around(Area(w.x0, w.y0, w.x1, w.y1) for w in line.words[start:number])
            start = number
    yield _around(Area(w.x0, w.y0, w.x1, w.y1) for w in line.words[start:])


def _around(areas: Iterable[Area]) -> Area:
    every = iter(areas)
    first = next(every)
    x0, y0, x1, y1 = first.x0, first.y0, first.x1, first.y1
    for area in every:
        x0 = area.x0 if area.x0 < x0 else x0
        y0 = area.y0 if area.y0 < y0 else y0
        x1 = area.x1 if area.x1 > x1 else x1
        y1 = area.y1 if area.y1 > y1 else y1
    return Area(x0, y0, x1, y1)


# --- what each caption may take -------------------------------------------------------------------


def _offer(sheet: _Sheet, caption: _Caption, side: _Side) -> _Offer | None:
    """What stands above or below a caption, up to the nearest text that is kept."""
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
    return _Offer(_padded(content, sheet.kept, sheet), drawn, len(across) >= 2, gap)


def _part(one: Area, free: Area) -> Area | None:
    """What of ``one`` stands in the free strip; None for what belongs beside or beyond it."""
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
    """As ``_part``; but a label at the edge of a drawing, its host, goes where that goes."""
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
    side: _Side,
) -> tuple[Area, float] | None:
    """What follows on the caption without a wide gap, and the gap before it in points."""
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
        if gap > (_ROWS_REACH if plain else _REACH):
            break
        taken.append(one)
        edge = min(edge, one.y0) if side == "above" else max(edge, one.y1)
    if not taken:
        return None
    content = _around(taken)
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


def _padded(content: Area, kept: Sequence[Area], sheet: _Sheet) -> Area:
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


# --- the captions of a page choose ----------------------------------------------------------------

_AT_ONCE = 9  # captions that choose together; a page with more lets each choose for itself


def _usual_sides(sheets: Sequence[_Sheet]) -> dict[FigureKind, _Side]:
    """On which side of its caption each kind stands in this paper, by those that have no choice."""
    votes: dict[FigureKind, float] = {}
    for sheet in sheets:
        for place, caption in enumerate(sheet.captions):
            above = (place, "above") in sheet.offers
            below = (place, "below") in sheet.offers
            if above != below:
                kind = caption.name.kind
                votes[kind] = votes.get(kind, 0.0) + (1.0 if above else -1.0)
    return {kind: "above" if vote > 0 else "below" for kind, vote in votes.items() if vote}


def _choose(sheet: _Sheet, usual: dict[FigureKind, _Side]) -> Iterator[tuple[_Caption, Area]]:
    sides: tuple[_Side | None, ...] = (None, "above", "below")
    choices = [
        [side for side in sides if side is None or (place, side) in sheet.offers]
        for place in range(len(sheet.captions))
    ]
    if len(choices) > _AT_ONCE:
        groups = [[place] for place in range(len(choices))]
    else:
        groups = [list(range(len(choices)))]
    for group in groups:
        best: tuple[float, list[tuple[int, _Offer]]] = (-1.0, [])
        for chosen in product(*(choices[place] for place in group)):
            offers: list[tuple[int, _Offer]] = []
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


def _worth(offer: _Offer, name: FigureName, side: _Side, usual: dict[FigureKind, _Side]) -> float:
    """What an offer counts for: near, on the usual side, and made of what its kind is made of."""
    kind = name.kind
    worth = 2.0 - offer.gap / _REACH + (0.4 if name.marked else 0.0)
    worth += 0.6 if usual.get(kind) == side else 0.0
    if kind in ("figure", "scheme", "chart", "plate"):
        worth += (1.5 if offer.drawn else 0.0) + (0.3 if side == "above" else 0.0)
    else:
        worth += 1.0 if offer.ruled else 0.3 if offer.drawn else 0.0
    if kind in ("algorithm", "listing"):
        worth += 0.5 if side == "below" else 0.0
    return worth
