"""The nouns of the index: a paper, and places in it.

``Paper.text`` is stored once. Sections, sentences, passages and citations are ``Span``s of it, and
the words of a PDF keep the boxes they had on the page, so a span's boxes are looked up and never
searched for again. Every noun is frozen; a stage is a function from one noun to the next.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

Role = Literal[
    "abstract",
    "introduction",
    "background",
    "method",
    "experiments",
    "results",
    "discussion",
    "conclusion",
    "limitations",
    "acknowledgements",
    "references",
    "appendix",
    "other",
]
ROLES: tuple[Role, ...] = get_args(Role)

BlockKind = Literal[
    "front",  # title, authors, affiliations, keywords: page 1 above the body
    "heading",
    "run-in",  # a bold label at the head of a paragraph: "Optimizer."
    "paragraph",
    "caption",
    "footnote",
    "equation",
    "table",
    "reference",
]

Status = Literal["ok", "no-text", "encrypted", "broken", "limit", "not-a-paper"]

SourceKind = Literal["pdf", "markdown", "html"]

HiddenBy = Literal[
    "colour",  # white or nearly so, on a page that is as light there
    "size",  # too small to read
    "render mode",  # drawn with neither fill nor stroke, and no layer of text over a scan
    "transparency",
    "cover",  # something opaque was painted over it
    "position",  # off the page, or clipped away
    "layer",  # on an optional layer that is switched off
    "style",  # by an attribute or a style sheet that says not to show it
    "comment",  # in a comment of the source
    "unicode",  # in characters that draw nothing
]

FoundBy = Literal["dense", "words", "both"]

# https://info.arxiv.org/help/arxiv_identifier.html: "2407.03300" since April 2007, before that
# "hep-th/9901001" and "math.GT/0309136". The first four digits are a year and a month.
ARXIV_ID = re.compile(
    r"(?i:(?P<id>\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
    r"|[a-z][a-z-]*(?:\.[a-z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3})"
    r"(?:v(?P<version>\d{1,2}))?)"
)


def arxiv_spelling(arxiv_id: str) -> str:
    """An id without version as arXiv writes it: "MATH.gt/0309136" is "math.GT/0309136"."""
    archive, slash, digits = arxiv_id.rpartition("/")
    name, dot, subject = archive.partition(".")
    return f"{name.lower()}{dot}{subject.upper()}{slash}{digits}"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of ``Paper.text``."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: {self.start}..{self.end}")

    def __len__(self) -> int:
        return self.end - self.start

    def contains(self, other: Span) -> bool:
        """Whether ``other`` lies wholly inside."""
        return self.start <= other.start and other.end <= self.end

    def of(self, text: str) -> str:
        """The characters themselves."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """A rectangle on a page. ``page`` counts from 1; the rest is PDF points from the top left.

    The page is the one that is stored: where the file turns its pages, before they are turned.
    """

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class PageSize:
    """A page as people see it, in points. ``turned`` is by how many degrees the file turns it."""

    width: float
    height: float
    turned: int = 0  # clockwise: 0, 90, 180 or 270

    def seen(self, box: Box) -> Box:
        """A box of the stored page, which is not turned, where people see it."""
        match self.turned:
            case 90:
                x0, x1 = self.width - box.y1, self.width - box.y0
                return Box(box.page, x0, box.x0, x1, box.x1)
            case 180:
                x0, x1 = self.width - box.x1, self.width - box.x0
                return Box(box.page, x0, self.height - box.y1, x1, self.height - box.y0)
            case 270:
                return Box(box.page, box.y0, self.height - box.x1, box.y1, self.height - box.x0)
            case _:
                return box


@dataclass(frozen=True, slots=True)
class Word:
    """One word as the PDF drew it: where it is in the text, and where on the page.

    ``line`` numbers the printed lines of the paper in reading order. A word that was hyphenated at
    a line's end is two of these, side by side in the text.
    """

    span: Span
    box: Box
    line: int


@dataclass(frozen=True, slots=True)
class Words:
    """All words of a PDF in text order, kept as columns (a paper has some ten thousand).

    Empty for a paper that is no PDF: such a paper has spans and no boxes.
    """

    starts: array[int] = field(default_factory=lambda: array("i"))
    ends: array[int] = field(default_factory=lambda: array("i"))
    pages: array[int] = field(default_factory=lambda: array("i"))
    lines: array[int] = field(default_factory=lambda: array("i"))
    corners: array[float] = field(default_factory=lambda: array("f"))  # x0, y0, x1, y1 of each

    @classmethod
    def of(cls, words: Iterable[Word]) -> Words:
        """Columns of ``words``, which must come in text order without overlap."""
        columns = cls()
        end = 0
        for word in words:
            if word.span.start < end:
                raise ValueError(f"words overlap or are out of order at {word.span}")
            end = word.span.end
            columns.starts.append(word.span.start)
            columns.ends.append(end)
            columns.pages.append(word.box.page)
            columns.lines.append(word.line)
            columns.corners.extend((word.box.x0, word.box.y0, word.box.x1, word.box.y1))
        return columns

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, number: int) -> Word:
        x0, y0, x1, y1 = self.corners[4 * number : 4 * number + 4]
        return Word(
            Span(self.starts[number], self.ends[number]),
            Box(self.pages[number], x0, y0, x1, y1),
            self.lines[number],
        )

    def __iter__(self) -> Iterator[Word]:
        return (self[number] for number in range(len(self)))

    def within(self, span: Span) -> list[Word]:
        """The words that overlap ``span``, in order."""
        return [self[number] for number in range(*self._overlapping(span))]

    def _overlapping(self, span: Span) -> tuple[int, int]:
        """The numbers of the first word that overlaps ``span`` and of the one after the last."""
        return bisect_right(self.ends, span.start), bisect_left(self.starts, span.end)

    def on(self, page: int) -> list[Word]:
        """The words of a page, in text order."""
        return [self[number] for number, one in enumerate(self.pages) if one == page]

    def inside(self, boxes: Sequence[Box]) -> list[Word]:
        """The words whose middle lies in one of ``boxes``, in text order."""
        on_page: dict[int, list[Box]] = {}
        for box in boxes:
            on_page.setdefault(box.page, []).append(box)
        found: list[Word] = []
        for number, page in enumerate(self.pages):
            if page in on_page:
                x0, y0, x1, y1 = self.corners[4 * number : 4 * number + 4]
                x, y = (x0 + x1) / 2, (y0 + y1) / 2
                if any(b.x0 <= x <= b.x1 and b.y0 <= y <= b.y1 for b in on_page[page]):
                    found.append(self[number])
        return found

    def boxes(self, span: Span) -> tuple[Box, ...]:
        """Where ``span`` is on the page: one box for each printed line it touches, in order."""
        boxes: list[Box] = []
        page = line = -1
        x0 = y0 = x1 = y1 = 0.0
        for number in range(*self._overlapping(span)):
            left, top, right, bottom = self.corners[4 * number : 4 * number + 4]
            if (self.pages[number], self.lines[number]) == (page, line):
                x0, y0, x1, y1 = min(x0, left), min(y0, top), max(x1, right), max(y1, bottom)
                continue
            if page >= 0:
                boxes.append(Box(page, x0, y0, x1, y1))
            page, line = self.pages[number], self.lines[number]
            x0, y0, x1, y1 = left, top, right, bottom
        if page >= 0:
            boxes.append(Box(page, x0, y0, x1, y1))
        return tuple(boxes)


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text of one kind, as it was set: a paragraph, a caption, an equation."""

    kind: BlockKind
    span: Span


@dataclass(frozen=True, slots=True)
class Section:
    """A section. ``span`` runs from its heading to the next heading of any level.

    The sections of a paper lie side by side and cover its text; ``level`` (1 is the top) tells the
    tree. The first one is the front matter: title, authors, affiliations, with an empty title.
    """

    title: str
    role: Role
    level: int
    span: Span


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a paragraph, a caption or a footnote (``kind`` says which)."""

    span: Span
    kind: BlockKind


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure or table: its label ("Figure 1"), its caption, and the caption's page."""

    label: str
    caption: Span
    page: int | None = None
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table. Empty cells are left out."""

    span: Span
    box: Box | None  # around its words; None for a paper that is no PDF
    row: int  # from 0, counted through head and body; the first of those that it covers
    column: int  # from 0
    down: int = 1  # how many rows it covers
    across: int = 1  # how many columns it covers


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its cells, row by row from left to right, as they are in ``Paper.text``."""

    label: str  # "Table 2"
    caption: Span
    header: tuple[tuple[Cell, ...], ...]  # its rows of column heads; may be empty
    rows: tuple[tuple[Cell, ...], ...]
    stub: int  # how many columns at the left name the rows
    heads: tuple[int, ...]  # rows, counted as those of cells, that head the columns anew
    box: Box | None

    @property
    def span(self) -> Span:
        """From its first cell to its last."""
        rows = (*self.header, *self.rows)
        return Span(rows[0][0].span.start, rows[-1][-1].span.end)

    def row_heads(self, cell: Cell) -> tuple[Cell, ...]:
        """The cells that name the row of ``cell``, outermost first, without itself: the heads of
        the rows' group, then those of the row."""
        if cell.row < len(self.header):
            return ()
        return tuple(
            one
            for row in self.rows
            for one in row
            if one.column < min(self.stub, cell.column)
            and one.row < cell.row + cell.down
            and cell.row < one.row + one.down
        )

    def column_heads(self, cell: Cell) -> tuple[Cell, ...]:
        """The cells that name the column of ``cell``, from top to bottom, without itself."""
        anew = max((row for row in self.heads if row < cell.row), default=None)
        heads = [
            one
            for row in (self.header if anew is None else self.rows)
            for one in row
            if anew is None or one.row == anew
        ]
        return tuple(
            one
            for one in heads
            if one.row < cell.row
            and one.column < cell.column + cell.across
            and cell.column < one.column + one.across
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """Text in the file that is invisible on the page. It is not in ``Paper.text``."""

    hidden_by: HiddenBy
    text: str  # at most its first 200 characters
    box: Box | None = None  # none in a file without pages


@dataclass(frozen=True, slots=True)
class Loss:
    """A page of which words were lost, or that could not be read at all."""

    page: int
    share: float  # of its words, 0..1
    reason: str

    @property
    def percent(self) -> int:
        """The share in whole percents, and never 0."""
        return max(round(100 * self.share), 1)

    def __str__(self) -> str:
        if self.percent >= 100:
            return f"page {self.page} could not be read"
        return f"{self.percent} % of page {self.page} could not be read"


@dataclass(frozen=True, slots=True)
class PageAccount:
    """Where the words of one page went. Counts are of words: runs of letters and digits.

    ``drawn`` is counted apart from the other counts, and a word that the text has in two parts is
    two there, so the sum of the others may differ by some.
    """

    page: int
    drawn: int  # by the engine, whether anything became of them or not
    text: int  # front matter, headings, paragraphs, footnotes, equations, references
    captions: int
    tables: int
    figures: int  # labels in drawings
    furniture: int  # running heads, page numbers, line numbers, stamps in the margin
    hidden: int  # see ``Finding``
    unaccounted: int  # drawn, and in none of these
    lost: tuple[str, ...] = ()  # the first of these words
    aside: str = ""  # lines that are not in ``Paper.text``: the furniture, what a clip cuts off
    unreadable: float = 0.0  # share of its characters that stand for no known letter
    unread: str = ""  # why the page, or a part of it, could not be read

    @property
    def share(self) -> float:
        """The share of its words that are accounted for, 0..1."""
        if self.drawn == 0:
            return 0.0 if self.unread else 1.0
        return 1 - self.unaccounted / self.drawn

    @property
    def loss(self) -> Loss | None:
        """What was lost of it, if more than ``LOSS`` or if it could not be read."""
        lost = max(1 - self.share, self.unreadable)
        if lost <= LOSS and not self.unread:
            return None
        why = "its words were lost in reading"
        if self.unreadable > 1 - self.share:
            why = "its letters cannot be read; run OCR on it"
        return Loss(self.page, lost, self.unread or why)


LOSS = 0.02  # of a page's words: more is reported wherever the paper is shown


@dataclass(frozen=True, slots=True)
class Record:
    """arXiv's record of a paper, which overrules what was read from its pages."""

    id: str  # without version, as arXiv writes it
    version: int | None
    title: str
    authors: tuple[str, ...]
    abstract: str
    published: str  # ISO dates: of version 1, and of this version
    updated: str
    categories: tuple[str, ...]  # the primary one first
    comment: str = ""
    doi: str = ""
    journal: str = ""
    withdrawn: bool = False
    pdf_url: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as it was read. All spans point into ``text``."""

    id: str
    version: int | None  # arXiv's, where known
    source: SourceKind
    sha256: str  # of the file it was read from
    text: str
    title: str
    authors: tuple[str, ...] = ()
    affiliations: tuple[Span, ...] = ()
    # For each author its places in ``affiliations``; none where the paper does not tell.
    author_affiliations: tuple[tuple[int, ...], ...] = ()
    keywords: tuple[Span, ...] = ()
    links: tuple[Span, ...] = ()  # addresses that the paper prints: code, project page, data
    abstract: Span | None = None
    date: str | None = None  # ISO, as exact as is known: "2024-07-03", "2017-06"
    categories: tuple[str, ...] = ()
    pages: int = 0  # 0 for a paper that has none
    sections: tuple[Section, ...] = ()
    blocks: tuple[Block, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    words: Words = field(default_factory=Words)
    findings: tuple[Finding, ...] = ()  # hidden text
    record: Record | None = None  # arXiv's, where it came from there
    accounts: tuple[PageAccount, ...] = ()  # of each page of a PDF

    @property
    def losses(self) -> tuple[Loss, ...]:
        """The pages of which words were lost, in order."""
        return tuple(one.loss for one in self.accounts if one.loss is not None)

    def section_at(self, offset: int) -> Section:
        """The section that character ``offset`` lies in."""
        starts = [section.span.start for section in self.sections]
        return self.sections[max(bisect_right(starts, offset) - 1, 0)]

    def boxes(self, span: Span) -> tuple[Box, ...]:
        """Where ``span`` is on the page; nothing for a paper that is no PDF."""
        return self.words.boxes(span)


def around(boxes: Sequence[Box]) -> Box | None:
    """The box around boxes of one page; of several pages, that of the first. None for none."""
    if not boxes:
        return None
    page = boxes[0].page
    own = [box for box in boxes if box.page == page]
    return Box(
        page,
        min(box.x0 for box in own),
        min(box.y0 for box in own),
        max(box.x1 for box in own),
        max(box.y1 for box in own),
    )


_APART = 2.4  # of a line's height: lines of one paragraph are nearer
_EDGE = 1.5  # points around a run of lines: accents and commas reach over the words' boxes


def runs_of(boxes: Sequence[Box]) -> tuple[Box, ...]:
    """The boxes of lines, in reading order, as one box for each run of lines that follow closely on
    one another; the jump to another column or page begins a new one.
    """
    runs: list[list[Box]] = []
    # A line of text is longer than it is high; on a page that lies on its side it stands on end.
    flat = sum(box.x1 - box.x0 for box in boxes) >= sum(box.y1 - box.y0 for box in boxes)
    edges = [(box.y0, box.y1) if flat else (box.x0, box.x1) for box in boxes]
    heights = sorted(end - start for start, end in edges)
    usual = heights[len(heights) // 2] if heights else 0.0
    middle = 0.0
    for box, (start, end) in zip(boxes, edges, strict=True):
        near = abs((start + end) / 2 - middle) <= _APART * usual
        if runs and runs[-1][-1].page == box.page and near:
            runs[-1].append(box)
        else:
            runs.append([box])
        middle = (start + end) / 2
    wholes = (around(run) for run in runs)
    return tuple(
        Box(one.page, one.x0 - _EDGE, one.y0 - _EDGE, one.x1 + _EDGE, one.y1 + _EDGE)
        for one in wholes
        if one is not None
    )


def quote_cell(paper: Paper, cell: Cell) -> str:
    """A cell of one of the paper's tables with its heads: "BERT: 84.6 (MNLI dev)"."""
    table = next(one for one in paper.tables if one.span.contains(cell.span))

    def said(cells: Iterable[Cell]) -> str:
        texts = (" ".join(one.span.of(paper.text).split()) for one in cells)
        return " ".join(dict.fromkeys(texts))

    rows, columns = said(table.row_heads(cell)), said(table.column_heads(cell))
    quote = said([cell])
    return (f"{rows}: " if rows else "") + quote + (f" ({columns})" if columns else "")


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading one file: a status, its reason, and the paper if it is ``ok``."""

    status: Status
    reason: str = ""
    paper: Paper | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """Some 200 tokens of one section: the unit of embedding, search and citation.

    ``id`` is readable, and stable for one reading of one version: the paper's id and version,
    ``#``, the section's role (``front`` for what stands above the abstract) and the number in that
    role: ``2407.03300v1#method.3``.
    """

    id: str
    paper_id: str
    section: str  # the section's title
    role: Role
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found. ``found_by`` says which half of the search did."""

    passage: Passage
    score: float
    found_by: FoundBy
    title: str  # of the paper
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Citation:
    """The words of the paper that a claim rests on. ``quote`` is ``paper.text`` at ``span``."""

    passage_id: str  # empty where they lie in no passage
    quote: str
    span: Span
    boxes: tuple[Box, ...]  # empty for a paper that is no PDF

    @property
    def part(self) -> str:
        """The passage within its paper: ``method.3``, as ``Passage.id`` ends."""
        return self.passage_id.rpartition("#")[2]

    @property
    def role(self) -> str:
        """That of the passage's section, or ``front``: ``method`` of ``method.3``."""
        return self.part.rpartition(".")[0]

    @property
    def page(self) -> int | None:
        """The page where the quote begins, from 1."""
        return self.boxes[0].page if self.boxes else None


@dataclass(frozen=True, slots=True)
class ClaimRecord:
    """A sentence of a digest in the index: embedded, searched, and always with its source.

    ``id`` is readable, and the same whenever the same digest is written again: the paper's id and
    version, the digest's language, its section and the number in that section:
    ``2407.03300v1/en/method.2``.
    """

    id: str
    paper_id: str
    lang: str
    section: str  # the digest's: "key_takeaways"
    text: str
    citations: tuple[Citation, ...]
    support: float  # 0..1: how well the citations carry it
    verdict: str


@dataclass(frozen=True, slots=True)
class ClaimHit:
    """A sentence of a digest that a search found, as ``Hit`` is a passage."""

    claim: ClaimRecord
    score: float
    found_by: FoundBy
    title: str  # of the paper


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """Conditions on hits. Empty fields do not filter."""

    paper_id: str | None = None
    role: Role | None = None  # of passages: sentences of digests have none
    since: str | None = None  # ISO date; papers without a date do not pass
    until: str | None = None  # ISO date, with all of that day, month or year; as above
    category: str | None = None  # a paper belongs where one of its own contains it, in any case
    among: tuple[str, ...] | None = None  # only these papers: what a library makes of a category


def is_in_category(categories: Iterable[str], category: str) -> bool:
    """Whether one of a paper's categories contains ``category``, in any case: "cs" has "cs.CV"."""
    wanted = category.casefold()
    return any(wanted in name.casefold() for name in categories)


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Term weights by term number: ``indices[i]`` weighs ``values[i]``.

    Empty for text without terms.
    """

    indices: tuple[int, ...]
    values: tuple[float, ...]
