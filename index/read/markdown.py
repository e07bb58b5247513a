"""Markdown full texts, also damaged ones, by markdown-it-py (CommonMark with tables).

The paper's text is the plain text of the blocks. Full texts taken from PDFs come with headings as
list items, running paragraphs torn by figures, and formulas in pieces: a paragraph without an end
goes on in the next one, and what has no prose in it is an equation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from index.paper import Block, BlockKind, Figure, Paper, Section, Sentence, Span
from index.read import file_hash
from index.read.front import is_collective, is_name
from index.read.headings import KNOWN, Heading, assign_roles, follows, parse_heading
from index.read.identity import Identity, identify
from index.read.keywords import KEYWORDS_LABEL, keyword_spans
from index.read.links import find_links
from index.read.sentences import split_sentences

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---\r?\n.*?\r?\n---\r?\n", re.S)
_STAMP = re.compile(r"\s*arXiv:", re.I)
_CAPTION = re.compile(
    r"(?:Figure|Fig\.|Table|Algorithm|Listing)\s*[A-Z]?\.?\d+(?:\.\d+)?\s*[.:]", re.I
)
_PLACEHOLDER = re.compile(r"\[(?:Figure|Table|Image)[^\]]{0,40}\]$", re.I)
_IMPRINT = re.compile(
    r"(?:Proceedings of|Copyright|©|Preprint|Published as|Under review|"
    r"\d+(?:st|nd|rd|th) Conference)"
)
_FOOTNOTE = re.compile(r"[*∗†‡§¶]\s?\S|\d{1,2}(?=[A-Z][a-z]+ )")
_AUTHORS = re.compile(r"(?:authors?|by)\s*:\s*", re.I)
_MARKED_PLACE = re.compile(r"(?<![\w.])\d(?P<name>[A-Z][^\d.;]*[^\d.;,\s])")
_SENTENCE_END = re.compile(r"[.!?:;。！？][\"'”’)\]]*$")
_SYMBOLS = frozenset("=<>≤≥∈∑∏∫√∂∇±×·≈∼|{}^∥→←⟨⟩+−∗˙σθϕμλαβγε")
_LABELLED = re.compile(r"\S+\s*\S*?\d+(?:\.\d+)?|\S+\s+[IVX]+")


@dataclass(slots=True)
class _Piece:
    kind: BlockKind
    text: str
    level: int = 0  # of a heading
    item: bool = False  # of a list


def read_markdown(path: Path, name: str, paper_id: str | None = None) -> Paper | None:
    """The paper in a Markdown file, or None if the file is no UTF-8 text."""
    try:
        source = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if "\x00" in source:
        return None
    pieces = list(_pieces(_FRONT_MATTER.sub("", source)))
    stamp = next((piece.text for piece in pieces[:12] if _STAMP.match(piece.text)), "")
    pieces = [piece for piece in pieces if not _STAMP.match(piece.text)]
    return _compose(_ordered(pieces), identify(name, stamp, file_hash(path), paper_id))


def _pieces(source: str) -> Iterator[_Piece]:
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(source)
    depth = 0
    heading = 0
    cells: list[str] = []
    in_cell = False
    for token in tokens:
        if token.type == "list_item_open":
            depth += 1
        elif token.type == "list_item_close":
            depth -= 1
        elif token.type in ("td_open", "th_open", "td_close", "th_close"):
            in_cell = token.type.endswith("open")
        elif token.type == "heading_open":
            heading = int(token.tag[1])
        elif token.type == "table_close":
            yield _Piece("table", " ".join(cells))
            cells = []
        elif token.type in ("fence", "code_block"):
            text = " ".join(token.content.split())
            if text:
                yield _Piece("table", text)
        elif token.type == "inline":
            text = " ".join(_plain(token.children or []).split())
            if not text or _PLACEHOLDER.match(text):
                pass  # nothing to read
            elif in_cell:
                cells.append(text)
            elif heading:
                yield _Piece("heading", text, heading)
            else:
                yield _Piece("paragraph", text, item=depth > 0)
            heading = 0


def _plain(children: Sequence[Token]) -> str:
    parts = []
    for child in children:
        if child.type in ("text", "code_inline", "text_special"):
            parts.append(child.content)
        elif child.type == "image":
            parts.append(child.content)  # its text, which is the caption
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    return "".join(parts)


def _kind(piece: _Piece) -> BlockKind:
    text = piece.text
    if piece.kind != "paragraph":
        return piece.kind
    if _CAPTION.match(text):
        return "caption"
    if _IMPRINT.match(text):
        return "front"
    words = text.split()
    prose = sum(1 for word in words if sum(c.isalpha() for c in word) >= 3)
    symbols = sum(c in _SYMBOLS or c.isdigit() for c in text)
    if prose <= 0.4 * len(words) and (symbols > 0 or len(words) < 4) and prose < 12:
        return "equation"
    if _FOOTNOTE.match(text) and len(words) > 3:
        return "footnote"
    return "paragraph"


def _ordered(pieces: list[_Piece]) -> list[_Piece]:
    """Torn paragraphs put together; what stood between their halves comes after them."""
    ordered: list[_Piece] = []
    waiting: list[_Piece] = []
    number: tuple[str, ...] | None = None
    last: _Piece | None = None  # a paragraph that has no end yet
    for piece in pieces:
        piece.kind = _kind(piece)
        heading = parse_heading(piece.text)
        if piece.kind == "heading":
            number = heading.number or number
        elif piece.item and _lost_heading(heading, number):
            piece.kind, piece.level, number = "heading", len(heading.number), heading.number
        if last is not None and piece.kind in ("caption", "table", "footnote", "front"):
            waiting.append(piece)
            continue
        if (
            last is not None
            and piece.kind == "paragraph"
            and (piece.text[0].islower() or piece.item or piece.text[0] in "([")
        ):
            last.text = f"{last.text} {piece.text}"
        else:
            ordered += waiting
            waiting = []
            ordered.append(piece)
            last = piece if piece.kind == "paragraph" else None
        if last is not None and _SENTENCE_END.search(last.text):
            last = None
            ordered += waiting
            waiting = []
    return ordered + waiting


def _lost_heading(heading: Heading, last: tuple[str, ...] | None) -> bool:
    """Whether a list item is a numbered heading that was taken for one: the next in the order."""
    return (
        bool(heading.number)
        and last is not None
        and follows(heading.number, last)
        and 1 < len(heading.title.split()) <= 10
        and heading.title.split(maxsplit=1)[1][0].isupper()
        and not re.search(r"[,-]|[.!?:;]$", heading.title)
    )


def _compose(pieces: list[_Piece], identity: Identity) -> Paper:
    pieces = [piece for piece in pieces if piece.text]
    title_at = _title_at(pieces)
    body_at = _body_at(pieces, title_at)
    text = ""
    blocks: list[Block] = []
    marks: list[tuple[int, Heading]] = []
    last: tuple[str, ...] | None = None
    for number, piece in enumerate(pieces):
        text += "\n\n" if text else ""
        span = Span(len(text), len(text) + len(piece.text))
        text += piece.text
        if number < body_at:
            blocks.append(Block("front", span))
            continue
        blocks.append(Block(piece.kind, span))
        if piece.kind == "heading":
            heading = parse_heading(piece.text)
            if heading.number and follows(heading.number, last):
                last = heading.number
            else:  # "A Survey of ..." is no appendix A
                heading = Heading(piece.text, (), piece.level)
            level = (
                heading.level if heading.number else 1 if KNOWN.match(piece.text) else piece.level
            )
            marks.append((span.start, Heading(piece.text, heading.number, level)))
    marks = _levelled(marks)
    roles = assign_roles([heading for _, heading in marks])
    starts = [start for start, _ in marks]
    sections = [Section("", "other", 1, Span(0, starts[0] if starts else len(text)))]
    ends = [*starts[1:], len(text)] if starts else []
    for heading, start, end in zip(roles, starts, ends, strict=True):
        sections.append(Section(heading.title, heading.role, heading.level, Span(start, end)))
    return _finished(text, blocks, sections, pieces, title_at, identity)


def _title_at(pieces: list[_Piece]) -> int:
    """The place of the title: the first heading, or a short line above the paper's own; or -1."""
    first = next((i for i, piece in enumerate(pieces) if piece.kind == "heading"), None)
    if first is not None and not _is_section(pieces[first]):
        return first
    alone = bool(pieces) and len(pieces[0].text.split()) <= 25 and pieces[0].text[-1] not in ".!?"
    return 0 if alone and first != 0 else -1


def _is_section(piece: _Piece) -> bool:
    """Whether a heading opens a section of the body, and can be no title."""
    known = KNOWN.match(piece.text) or parse_heading(piece.text).number in (("1",), ("I",))
    return piece.kind == "heading" and bool(known)


def _body_at(pieces: list[_Piece], title_at: int) -> int:
    """The first piece of the body: the abstract's heading, the next known one, or long prose."""
    if title_at < 0:
        return 0
    for number, piece in enumerate(pieces):
        if number <= title_at:
            continue
        if piece.kind == "heading" and (
            KNOWN.match(piece.text) or parse_heading(piece.text).number
        ):
            return number
    for number, piece in enumerate(pieces):
        if number > title_at and (piece.kind == "heading" or len(piece.text.split()) > 30):
            return number
    return min(title_at + 1, len(pieces))


def _levelled(marks: list[tuple[int, Heading]]) -> list[tuple[int, Heading]]:
    """Levels from 1: Markdown's own may start anywhere."""
    if not marks:
        return marks
    own = [
        heading.level
        for _, heading in marks
        if not heading.number and not KNOWN.match(heading.title)
    ]
    numbered = any(heading.number for _, heading in marks)
    least = min(own, default=1)
    levelled = []
    for start, heading in marks:
        if heading.number or KNOWN.match(heading.title):
            levelled.append((start, heading))
        else:
            level = 2 if numbered else heading.level - least + 1
            levelled.append((start, Heading(heading.title, heading.number, level)))
    return levelled


def _finished(
    text: str,
    blocks: list[Block],
    sections: list[Section],
    pieces: list[_Piece],
    title_at: int,
    identity: Identity,
) -> Paper:
    references = [section.span for section in sections if section.role == "references"]
    done: list[Block] = []
    sentences: list[Sentence] = []
    keywords: list[Span] = []
    authors: list[str] = []
    affiliations: list[Span] = []
    first_body = next((b.span.start for b in blocks if b.kind not in ("front",)), len(text))
    introduction = next((s.span.end for s in sections if s.role == "introduction"), first_body)
    for number, block in enumerate(blocks):
        kind, span = block.kind, block.span
        if kind == "front" and number != title_at and span.start < first_body:
            found = _authors(pieces[number].text)
            authors += [author for author in found if author not in authors]
            if not found and _is_place(pieces[number].text):
                affiliations.append(span)
        if kind in ("footnote", "front") and span.start < introduction and number != title_at:
            affiliations += _places(text, span)
        keyword_label = KEYWORDS_LABEL.match(text, span.start, span.end)
        if kind in ("front", "paragraph") and keyword_label:
            keywords += keyword_spans(text, Span(keyword_label.end(), span.end))
            kind = "front"
        if kind in ("paragraph", "equation") and any(place.contains(span) for place in references):
            kind = "reference"
        done.append(Block(kind, span))
        if kind in ("paragraph", "caption", "footnote"):
            sentences += [Sentence(one, kind) for one in split_sentences(text, span)]
    abstract = next((section for section in sections if section.role == "abstract"), None)
    prose = [
        b.span
        for b in done
        if abstract and b.kind == "paragraph" and abstract.span.contains(b.span)
    ]
    figures = []
    for block in done:
        label = (
            _LABELLED.match(text, block.span.start, block.span.end)
            if block.kind == "caption"
            else None
        )
        if label:
            figures.append(Figure(label.group(), block.span))
    return Paper(
        id=identity.id,
        version=identity.version,
        source="markdown",
        sha256=identity.sha256,
        text=text,
        title=pieces[title_at].text if title_at >= 0 else "",
        authors=tuple(authors),
        affiliations=tuple(affiliations),
        keywords=tuple(keywords),
        links=tuple(find_links(text, references)),
        abstract=Span(prose[0].start, prose[-1].end) if prose else None,
        date=identity.date,
        categories=identity.categories,
        sections=tuple(sections),
        blocks=tuple(done),
        sentences=tuple(sentences),
        figures=tuple(figures),
    )


def _authors(line: str) -> list[str]:
    line = _AUTHORS.sub("", line)
    if "@" in line or "http" in line:
        return []
    if is_collective(line.strip(" .")):
        return [line.strip(" .")]
    pieces = [piece.strip(" .") for piece in re.split(r"[\d*∗†‡§¶,;]+|\s+and\s+", line)]
    pieces = [piece for piece in pieces if piece]
    names = [piece for piece in pieces if is_name(piece)]
    return names if len(names) >= 0.6 * len(pieces) else []


def _is_place(line: str) -> bool:
    """Whether a line of the front matter, which names nobody, can be an affiliation."""
    contact = "@" in line or "http" in line or _IMPRINT.match(line) or KEYWORDS_LABEL.match(line)
    return not contact and 1 < len(line.split()) <= 16


def _places(text: str, span: Span) -> list[Span]:
    """Affiliations that a footnote numbers: "1NVIDIA 2MIT"."""
    return [
        Span(match.start("name"), match.end("name"))
        for match in _MARKED_PLACE.finditer(text, span.start, span.end)
        if not is_name(match["name"])
    ]
