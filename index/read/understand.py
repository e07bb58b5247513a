"""Builds a ``Paper`` from pages: front matter, headings, body, references, in one text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from index.paper import Block, BlockKind, Cell, Figure, Paper, Section, Sentence, Table
from index.read.account import account_for
from index.read.floats.asides import (
    mark_footnotes,
    mark_framed_labels,
    mark_listings,
    mark_lone_signs,
    mark_notes,
    mark_small_cells,
)
from index.read.floats.captions import figure_name, split_captions
from index.read.floats.continuations import join_continuations
from index.read.floats.figures import append_turned, find_boxes, mark_inside
from index.read.floats.grid import Grid
from index.read.floats.tables import find_tables
from index.read.front.authors import FrontBlock, read_above, read_front
from index.read.front.cover import printed_title, read_cover, told_by
from index.read.front.identity import Identity
from index.read.front.keywords import keyword_lists
from index.read.front.parts import by_block, lists_of_places, read_front_cells, split_title
from index.read.front.spans import spans_of_places, title_of
from index.read.front.title import find_title, first_page
from index.read.order.breaks import paragraphs
from index.read.order.cells import mark_cells
from index.read.order.layout import Layout, Paragraph, lay_out
from index.read.order.torn import join_torn
from index.read.page.pages import Line, PageContent, Pages
from index.read.sections.closing import find_closing
from index.read.sections.entries import split_entries
from index.read.sections.heads import split_headings
from index.read.sections.labels import rejoin_labels, split_labels
from index.read.sections.opening import find_opening
from index.read.sections.outline import find_headings
from index.read.text.compose import Composer, vocabulary
from index.read.text.headings import Heading
from index.read.text.labels import INDEXING
from index.read.text.links import find_links
from index.read.text.ornaments import is_readable, without_ornaments
from index.read.text.sentences import split_sentences
from index.spans import Box, Span, Words, around

_CONTENTS = re.compile(r"(?:table of )?contents$", re.I)
_LEFT_OUT = "its fonts do not say which signs some sentences have, and these are not quoted"
_PROSE: frozenset[BlockKind] = frozenset({"paragraph", "caption", "footnote"})


@dataclass(slots=True)
class _PaperDraft:
    """The parts of a paper while its text is written."""

    composer: Composer
    blocks: list[Block] = field(default_factory=list)
    headings: list[tuple[Heading, Span]] = field(default_factory=list)
    labels: dict[int, int] = field(default_factory=dict)  # start of a paragraph -> end of its label
    pages: dict[int, int] = field(default_factory=dict)  # start of a block -> its page
    former: dict[Span, BlockKind] = field(default_factory=dict)  # of front matter in other places
    boxes: dict[int, Box] = field(default_factory=dict)  # start of a caption -> its figure's box
    captions: dict[int, int] = field(default_factory=dict)  # identity of a caption -> its start
    grids: list[tuple[Grid, list[list[Span]]]] = field(default_factory=list)  # where cells went


def understand(pages: Pages, identity: Identity) -> Paper:
    """The paper on these pages. Its text may be empty, which the caller has to check."""
    for page in pages.pages:
        split_captions(page)
    covers = first_page(pages.pages)
    layout = lay_out(pages.pages[covers:])
    parts = split_labels(split_headings(paragraphs(layout), layout))
    height = pages.pages[covers].height if pages.pages else 0.0
    cover = read_cover(pages.pages[:covers])
    title_lines = printed_title(layout.first_page, cover) if cover else ()
    title_lines = title_lines or find_title(layout.first_page, height)
    title_words = {id(word) for line in title_lines for word in line.words}
    parts = split_title(parts, title_words)
    headings = find_headings(parts, layout, title_words)
    heading_of = {id(parts[place]): heading for place, heading in headings.items()}
    opening = find_opening(parts, title_words, headings, layout)
    heading_of |= opening.boxes
    closing = find_closing(rejoin_labels(opening.body, set(heading_of)), heading_of, layout)
    heading_of |= closing.headings
    begins = opening.begins | closing.begins
    body = closing.body
    kept = {*heading_of, *begins, *opening.apart}
    join_continuations(body, kept, layout)
    mark_small_cells(body, begins | heading_of, layout)
    mark_footnotes(body, begins | heading_of, layout, pages.pages[covers:])
    mark_cells(body, set(heading_of), layout)
    addresses = frozenset[str]().union(*(page.addresses for page in pages.pages))
    draft = _PaperDraft(Composer(vocabulary(layout.lines), addresses))
    above = [part for part in opening.front if id(part) not in opening.apart]
    front, cells = read_front_cells(above, layout, title_words)
    front += [part for part in opening.front if id(part) in opening.apart]
    listed = lists_of_places(parts)
    first = pages.pages[covers].number if pages.pages else 0
    boxes = find_boxes([*front, *body], len(front), set(heading_of), layout, pages.pages)
    mark_inside(body, set(heading_of), boxes.values())
    grids = find_tables(body, boxes, pages.pages, kept)
    mark_listings(body, set(heading_of))
    mark_lone_signs(body, set(heading_of))
    mark_framed_labels(body, set(heading_of), pages.pages[covers:])
    mark_notes(body, begins | heading_of, layout, boxes)
    join_continuations(body, {*kept, *grids}, layout)  # and the notes found since
    append_turned(body, layout, boxes.values())
    for page in pages.pages[:covers]:
        for lines in by_block(page):
            _write(draft, "front", Paragraph("paragraph", lines))
    for part in front:
        # A caption in the front matter is of a figure over the abstract.
        span = _write(draft, "caption" if part.kind == "caption" else "front", part)
        if id(part) in opening.apart:
            draft.former[span] = part.kind
        if id(part) in boxes:
            draft.boxes[span.start] = boxes[id(part)]
    whole = join_torn(body, set(heading_of), layout, set(begins))
    for part in split_entries(whole, heading_of, begins):
        heading = heading_of.get(id(part))
        if id(part) in grids:
            _write_table(draft, grids[id(part)], part)
            continue
        kind: BlockKind = "front" if id(part) in opening.apart else part.kind
        span = _write(draft, "heading" if heading else kind, part)
        if id(part) in opening.apart:
            draft.former[span] = part.kind
        if id(part) in begins and not heading:
            draft.headings.append((begins[id(part)], Span(span.start, span.start)))
        if id(part) in boxes:
            draft.boxes[span.start] = boxes[id(part)]
            draft.captions[id(part)] = span.start
        if heading:
            draft.headings.append((heading, span))
        elif part.label and part.kind == "paragraph":
            label = draft.composer.span_of(part.words[: part.label])
            if label is not None and label.end < span.end:
                draft.labels[span.start] = label.end
    notes = _first_lines(layout, draft, ("footnote", "paragraph"))
    # Journals with a column at the side print the affiliations there.
    beside = [part for part in parts if id(part) in opening.apart and part.lines[0].page == first]
    notes.append([line for part in beside for line in part.lines])
    known = read_front(cells, title_lines, notes, listed)
    if not known.authors:  # few print the authors there, too
        known = read_front([*cells, *notes[-1]], title_lines, notes[:-1], listed)
    if not known.authors:
        known = read_above(layout.first_page, title_lines)
    if cover is not None:
        known = told_by(cover, known)
    return _paper(draft, layout, pages, identity, known)


def _write(draft: _PaperDraft, kind: BlockKind, part: Paragraph) -> Span:
    span = draft.composer.write(part.lines, scripts=kind != "front")
    draft.blocks.append(Block(kind, span))
    draft.pages[span.start] = part.lines[0].page
    return span


def _write_table(draft: _PaperDraft, grid: Grid, part: Paragraph) -> None:
    spans = draft.composer.write_table([[cell.lines for cell in row] for row in grid.rows])
    whole = Span(spans[0][0].start, spans[-1][-1].end)
    draft.blocks.append(Block("table", whole))
    draft.pages[whole.start] = part.lines[0].page
    draft.grids.append((grid, spans))


# --- the paper ------------------------------------------------------------------------------------


def _paper(
    draft: _PaperDraft,
    layout: Layout,
    pages: Pages,
    identity: Identity,
    front: FrontBlock,
) -> Paper:
    text, words = draft.composer.text, draft.composer.words
    sections = _sections(draft, text)
    references = [section.span for section in sections if section.role == "references"]
    ciphers = {page.number for page in pages.pages if page.cipher}
    left_out: set[int] = set()  # pages with sentences of which a sign cannot be read
    blocks: list[Block] = []
    sentences: list[Sentence] = []
    keywords = keyword_lists(text, draft.blocks)
    for block in draft.blocks:
        kind, span = block.kind, block.span
        if kind == "paragraph" and any(place.contains(span) for place in references):
            blocks.append(Block("reference", span))
            continue
        label_end = draft.labels.get(span.start)
        if span.start in keywords:
            blocks.append(Block("front", span))
            continue
        if kind in ("paragraph", "footnote") and INDEXING.match(text, span.start, span.end):
            blocks.append(Block("front", span))
            continue
        if kind == "paragraph" and label_end is not None:
            blocks.append(Block("run-in", Span(span.start, label_end)))
            start = label_end + (
                len(text[label_end : span.end]) - len(text[label_end : span.end].lstrip())
            )
            span = Span(start, span.end)
        blocks.append(Block(kind, span))
        if kind in _PROSE and not any(place.contains(span) for place in references):
            for whole in split_sentences(text, span):
                one = without_ornaments(text, whole)
                if one is None:
                    continue
                if not is_readable(text, one):
                    left_out |= {word.box.page for word in words.within(one)}
                elif not ciphers or all(w.box.page not in ciphers for w in words.within(one)):
                    sentences.append(Sentence(one, kind))
    for page in pages.pages:
        if page.number in left_out:
            page.unread = page.unread or _LEFT_OUT
    affiliations, numbers = spans_of_places(draft.composer, text, front.places)
    turned = {page.number: page for page in pages.pages if page.turned}
    abstract = next((s for s in sections if s.role == "abstract"), None)
    figures = tuple(_figures(blocks, text, draft, turned))
    words = _turned_back(words, turned)
    return Paper(
        id=identity.id,
        version=identity.version,
        source="pdf",
        sha256=identity.sha256,
        text=text,
        title=title_of(draft.composer, text, front.title_lines),
        authors=front.authors,
        affiliations=affiliations,
        author_affiliations=tuple(
            tuple(dict.fromkeys(n for place in places for n in numbers[place]))
            for places in front.places_of
        ),
        keywords=tuple(chain.from_iterable(keywords.values())),
        links=tuple(find_links(text, references)),
        abstract=_body_of(abstract, blocks) if abstract else None,
        date=identity.date,
        categories=identity.categories,
        pages=pages.count,
        sections=tuple(sections),
        blocks=tuple(blocks),
        sentences=tuple(sentences),
        figures=figures,
        words=words,
        findings=tuple(
            replace(finding, box=page.stored(finding.box) if finding.box else None)
            for page in pages.pages
            for finding in page.findings
        ),
        tables=tuple(_tables(draft, figures, words)),
        accounts=account_for(pages.pages, layout, text, words, blocks, figures),
    )


def _turned_back(words: Words, turned: dict[int, PageContent]) -> Words:
    """Words with their boxes on the pages as they are stored."""
    if not turned:
        return words
    return Words.of(
        replace(word, box=turned[word.box.page].stored(word.box))
        if word.box.page in turned
        else word
        for word in words
    )


def _first_lines(
    layout: Layout, draft: _PaperDraft, kinds: tuple[BlockKind, ...]
) -> list[list[Line]]:
    """The lines of page 1 before they were joined, grouped by the blocks of these kinds.

    Of paragraphs only those in small type, which journals set at the foot of a column.
    """
    every = {block.span: block.kind for block in draft.blocks} | draft.former
    kind_of = {span: kind for span, kind in every.items() if kind in kinds}
    found: dict[Span, list[Line]] = {}
    for line in layout.first_page:
        span = draft.composer.span_of(line.words[:1])
        block = next((one for one in kind_of if span is not None and one.contains(span)), None)
        if block is not None and (
            kind_of[block] != "paragraph" or line.size < layout.body_size - 0.6
        ):
            found.setdefault(block, []).append(line)
    return list(found.values())


def _sections(draft: _PaperDraft, text: str) -> list[Section]:
    marks: list[tuple[int, str, Heading | None]] = [(0, "", None)]
    for heading, span in draft.headings:
        marks.append((span.start, _title_of(heading, span.of(text)), heading))
    if marks[1:2] and marks[1][0] == 0:
        marks = marks[1:]
    ends = [start for start, _, _ in marks[1:]] + [len(text)]
    return [
        Section(
            title,
            heading.role if heading else "other",
            heading.level if heading else 1,
            Span(start, end),
        )
        for (start, title, heading), end in zip(marks, ends, strict=True)
    ]


def _tables(draft: _PaperDraft, figures: Sequence[Figure], words: Words) -> Iterator[Table]:
    """The tables whose caption names them, in the order of the text."""
    by_caption = {figure.caption.start: figure for figure in figures}
    for grid, spans in draft.grids:
        figure = by_caption.get(draft.captions.get(grid.caption, -1))
        if figure is None or figure.box is None:
            continue
        rows = tuple(
            tuple(
                Cell(
                    span,
                    around(words.boxes(span)),
                    cell.row,
                    cell.column,
                    cell.down,
                    cell.across,
                )
                for cell, span in zip(row, places, strict=True)
            )
            for row, places in zip(grid.rows, spans, strict=True)
        )
        yield Table(
            figure.label,
            figure.caption,
            rows[: grid.head],
            rows[grid.head :],
            grid.stub,
            grid.heads,
            figure.box,
        )


def _title_of(heading: Heading, printed: str) -> str:
    """The printed title without line-end hyphens, and without the mark after a run-in heading."""
    title = " ".join(printed.split())
    return title.rstrip(".:—– ") if heading.number else title


def _body_of(section: Section, blocks: Sequence[Block]) -> Span | None:
    """The prose of the abstract, with its labels ("Objective:")."""
    prose = [
        block.span
        for block in blocks
        if block.kind in ("paragraph", "run-in") and section.span.contains(block.span)
    ]
    return Span(prose[0].start, prose[-1].end) if prose else None


def _figures(
    blocks: Sequence[Block], text: str, draft: _PaperDraft, turned: dict[int, PageContent]
) -> list[Figure]:
    """One figure for each name. Of two captions with one name, the one whose figure was found is
    kept, else the one with a colon or full stop after the name: the other is a sentence.
    """
    best: dict[str, tuple[tuple[bool, bool], Figure]] = {}
    for block in blocks:
        name = figure_name(block.span.of(text)) if block.kind == "caption" else None
        if name is None:
            continue
        start = block.span.start
        box = draft.boxes.get(start)
        if box is not None and box.page in turned:
            box = turned[box.page].stored(box)
        figure = Figure(name.label, block.span, draft.pages.get(start), box)
        rank = (box is not None, name.marked)
        if name.stem not in best or rank > best[name.stem][0]:
            best[name.stem] = (rank, figure)
    return sorted((figure for _, figure in best.values()), key=lambda figure: figure.caption)
