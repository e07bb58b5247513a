"""Builds a ``Paper`` from the pieces of a text without pages (Markdown and HTML)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from index.paper import Block, BlockKind, Figure, Formula, Paper, Section, Sentence, SourceKind
from index.read.front.identity import Identity
from index.read.front.keywords import keyword_lists
from index.read.markup.bars import find_tables
from index.read.text.headings import Heading, assign_roles
from index.read.text.links import find_links
from index.read.text.ornaments import is_readable, without_ornaments
from index.read.text.sentences import split_sentences
from index.spans import Span

_LABELLED = re.compile(r"\S+\s*\S*?\d+(?:\.\d+)?|\S+\s+[IVX]+")


@dataclass(slots=True)
class BlockDraft:
    """A future block. A reader changes it until ``assemble`` receives it."""

    kind: BlockKind
    text: str
    level: int = 0  # of a heading
    item: bool = False  # of a list
    marked: bool = False  # it begins with a raised mark, as an affiliation or a note does
    heading: Heading | None = None  # what opens a section; its role, unless "other", is the one
    label: str | None = None  # of a caption: None is not read yet, "" is a caption without a figure
    formulas: list[Formula] = field(default_factory=list)  # their spans are those of ``text``

    def append(self, other: BlockDraft) -> None:
        """Continue the text with that of another piece."""
        shift = len(self.text) + 1
        self.text = f"{self.text} {other.text}"
        self.formulas += [_moved(one, shift) for one in other.formulas]

    def cut(self, start: int) -> None:
        """Take the first characters off the text."""
        self.text = self.text[start:]
        self.formulas = [_moved(one, -start) for one in self.formulas if one.span.start >= start]


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """A paper's metadata before its body, as each reader finds it."""

    title: str = ""
    authors: tuple[str, ...] = ()
    affiliations: tuple[Span, ...] = ()
    author_affiliations: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """A text with everything that points into it."""

    text: str
    spans: tuple[Span, ...]  # of the pieces
    blocks: tuple[Block, ...]  # one for each piece
    sections: tuple[Section, ...]
    sentences: tuple[Sentence, ...]
    keywords: tuple[Span, ...]
    links: tuple[Span, ...]
    figures: tuple[Figure, ...]
    abstract: Span | None
    formulas: tuple[Formula, ...]

    def paper(self, source: SourceKind, identity: Identity, front: FrontMatter) -> Paper:
        """The paper, which has no pages and no boxes."""
        return Paper(
            id=identity.id,
            version=identity.version,
            source=source,
            sha256=identity.sha256,
            text=self.text,
            title=front.title,
            authors=front.authors,
            affiliations=front.affiliations,
            author_affiliations=front.author_affiliations,
            keywords=self.keywords,
            links=self.links,
            abstract=self.abstract,
            date=identity.date,
            categories=identity.categories,
            sections=self.sections,
            blocks=self.blocks,
            sentences=self.sentences,
            figures=self.figures,
            tables=tuple(find_tables(self.text, self.blocks, self.figures)),
            formulas=self.formulas,
        )


def assemble(pieces: Sequence[BlockDraft]) -> Body:
    """Blocks, sections, sentences, keywords and figures of pieces that have some text each."""
    text, spans = _joined(pieces)
    sections = _sections(pieces, spans, len(text))
    references = [section.span for section in sections if section.role == "references"]
    starts = [section.span.start for section in sections]
    blocks: list[Block] = []
    sentences: list[Sentence] = []
    placed = list(zip(pieces, spans, strict=True))
    keywords = keyword_lists(
        text,
        [Block(piece.kind, span) for piece, span in placed],
        items={span.start for piece, span in placed if piece.item},
    )
    for piece, span in placed:
        kind = "front" if span.start in keywords else piece.kind
        section = sections[bisect_right(starts, span.start) - 1]
        if kind in ("paragraph", "equation") and section.role == "references":
            kind = "reference"
        blocks.append(Block(kind, span))
        if kind in ("paragraph", "caption", "footnote"):
            sentences += [
                Sentence(one, kind)
                for whole in split_sentences(text, span)
                if (one := without_ornaments(text, whole)) is not None and is_readable(text, one)
            ]
    return Body(
        text=text,
        spans=tuple(spans),
        blocks=tuple(blocks),
        sections=tuple(sections),
        sentences=tuple(sentences),
        keywords=tuple(chain.from_iterable(keywords.values())),
        links=tuple(find_links(text, references)),
        figures=tuple(_figures(pieces, spans)),
        abstract=_abstract(sections, blocks),
        formulas=tuple(_moved(one, span.start) for piece, span in placed for one in piece.formulas),
    )


def _moved(formula: Formula, by: int) -> Formula:
    return replace(formula, span=Span(formula.span.start + by, formula.span.end + by))


def _joined(pieces: Sequence[BlockDraft]) -> tuple[str, list[Span]]:
    """The text. A label at the head of a paragraph is on its line."""
    parts: list[str] = []
    spans: list[Span] = []
    length = 0
    for number, piece in enumerate(pieces):
        last = pieces[number - 1] if number else None
        if last is not None:
            runs_on = last.kind == "run-in" and piece.kind in ("paragraph", "reference")
            parts.append(" " if runs_on else "\n\n")
            length += len(parts[-1])
        spans.append(Span(length, length + len(piece.text)))
        parts.append(piece.text)
        length += len(piece.text)
    return "".join(parts), spans


def _sections(pieces: Sequence[BlockDraft], spans: Sequence[Span], length: int) -> list[Section]:
    marks = [
        (piece.heading, span.start)
        for piece, span in zip(pieces, spans, strict=True)
        if piece.heading is not None
    ]
    told = assign_roles([heading for heading, _ in marks])
    sections = [Section("", "other", 1, Span(0, marks[0][1] if marks else length))]
    ends = [*(start for _, start in marks[1:]), length] if marks else []
    for (own, start), heading, end in zip(marks, told, ends, strict=True):
        if own.role != "other":
            heading = replace(heading, role=own.role)
        sections.append(Section(heading.title, heading.role, heading.level, Span(start, end)))
    return sections


def _abstract(sections: Sequence[Section], blocks: Sequence[Block]) -> Span | None:
    section = next((section for section in sections if section.role == "abstract"), None)
    if section is None:
        return None
    prose = [b.span for b in blocks if b.kind == "paragraph" and section.span.contains(b.span)]
    return Span(prose[0].start, prose[-1].end) if prose else None


def _figures(pieces: Sequence[BlockDraft], spans: Sequence[Span]) -> list[Figure]:
    figures = []
    for piece, span in zip(pieces, spans, strict=True):
        if piece.kind == "caption":
            read = _LABELLED.match(piece.text) if piece.label is None else None
            label = read.group() if read else piece.label
            if label:
                figures.append(Figure(label, span))
    return figures
