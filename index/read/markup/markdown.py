"""Reads Markdown full texts, also damaged ones: markdown-it-py makes HTML of them, which is read.

Full texts extracted from PDFs have headings as list items, paragraphs split by figures, and
formulas in pieces: a paragraph without an end continues in the next one, and one without prose is
an equation.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import replace
from pathlib import Path

from index.disk import sha256_of
from index.paper import BlockKind, Paper
from index.read.front.identity import identify
from index.read.markup.assemble import BlockDraft
from index.read.markup.draft import HtmlDraft
from index.read.markup.marked import to_html
from index.read.markup.matter import read_matter
from index.read.markup.plain import IMPRINT, compose
from index.read.markup.tree import parse
from index.read.markup.unseen import take_out
from index.read.page.refused import MOST_LINES, UnreadableError
from index.read.sections.closing import reads_as_entry
from index.read.text.headings import KNOWN, Heading, follows, parse_heading

_STAMP = re.compile(r"\s*arXiv:", re.I)
_CAPTION = re.compile(
    r"(?:Figure|Fig\.|Table|Algorithm|Listing)\s*[A-Z]?\.?\d+(?:\.\d+)?\s*[.:]", re.I
)
_DISPLAYED = re.compile(r"(?:\\\[.*\\\]|\$\$[^$]*\$\$)\s*(?:\(\S{1,6}\))?[.,;]?")
_PLACEHOLDER = re.compile(r"\[(?:Figure|Table|Image)[^\]]{0,40}\]$", re.I)
_FOOTNOTE = re.compile(r"[*∗†‡§¶]\s?\S|\d{1,2}(?=[A-Z][a-z]+ )")
_LONG = 300  # characters: no line of a name or a place
_SENTENCE_END = re.compile(r"[.!?:;。！？][\"'”’)\]]*$")
_PAGE = re.compile(r"\{?\d{1,4}\}?-{0,60}")  # a page's number, or marker's mark of its begin
_SYMBOLS = frozenset("=<>≤≥∈∑∏∫√∂∇±×·≈∼|{}^∥→←⟨⟩+−∗˙σθϕμλαβγε")


def read_markdown(
    path: Path, name: str, paper_id: str | None = None, sha256: str | None = None
) -> Paper | None:
    """The paper in a Markdown file, or None if the file is not text in UTF-8, or in UTF-16 with its
    byte order mark. Raises ``UnreadableError`` for one of too many lines.
    """
    content = path.read_bytes()
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        source = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        return None
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in source:
        return None
    if source.count("\n") > MOST_LINES:
        raise UnreadableError("limit", f"more than {MOST_LINES} lines of Markdown")
    matter, body = read_matter(source)
    tree = parse(to_html(body))
    if tree is None:
        return None
    unseen = take_out(tree)
    draft = HtmlDraft(tree, None, typed=False)
    pieces = [piece for piece in draft.pieces if not _PLACEHOLDER.match(piece.text)]
    stamp = next((piece.text for piece in pieces[:12] if _STAMP.match(piece.text)), "")
    pieces = [piece for piece in pieces if not _STAMP.match(piece.text)]
    identity = identify(name, stamp, sha256 or sha256_of(path), paper_id)
    paper = compose(_ordered(pieces), "markdown", identity, matter)
    above = source[: len(source) - len(body)]
    return replace(paper, findings=draft.findings(unseen, comment_words=2, beside=above))


def _kind(piece: BlockDraft) -> BlockKind:
    text = piece.text
    if piece.kind != "paragraph":
        return piece.kind
    if _CAPTION.match(text):
        return "caption"
    if IMPRINT.match(text):
        return "front"
    if _DISPLAYED.fullmatch(text):
        return "equation"
    words = text.split()
    prose = sum(1 for word in words if sum(c.isalpha() for c in word) >= 3)
    symbols = sum(c in _SYMBOLS or c.isdigit() for c in text)
    if prose <= 0.4 * len(words) and (symbols > 0 or len(words) < 4) and prose < 12:
        return "equation"
    if _FOOTNOTE.match(text) and len(words) > 3:
        return "footnote"
    return "paragraph"


def _ordered(pieces: list[BlockDraft]) -> list[BlockDraft]:
    """Torn paragraphs put together; what stood between their halves comes after them."""
    ordered: list[BlockDraft] = []
    waiting: list[BlockDraft] = []
    number: tuple[str, ...] | None = None
    last: BlockDraft | None = None  # a paragraph that has no end yet
    front = True  # above the first section, where names and places have lines of their own
    titled = False
    for piece in pieces:
        section = piece.kind == "heading" and (titled or bool(KNOWN.match(piece.text)))
        titled = titled or piece.kind == "heading"
        front = front and not section and len(piece.text) < _LONG
        piece.kind = _kind(piece)
        heading = parse_heading(piece.text)
        if piece.kind == "heading":
            number = heading.number or number
        elif piece.item and _lost_heading(heading, number):
            piece.kind, piece.level, number = "heading", len(heading.number), heading.number
        if last is not None and (
            piece.kind in ("caption", "table", "footnote", "front") or _PAGE.fullmatch(piece.text)
        ):
            waiting.append(piece)
            continue
        if (
            last is not None
            and piece.kind == "paragraph"
            and not front
            and (piece.text[0].islower() or piece.item or piece.text[0] in "([")
            and not reads_as_entry(piece.text, len(piece.text.split()))
        ):
            last.append(piece)
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
    """Whether a list item is a numbered heading: its number is the next one in the order."""
    return (
        bool(heading.number)
        and last is not None
        and follows(heading.number, last)
        and 1 < len(heading.title.split()) <= 10
        and heading.title.split(maxsplit=1)[1][0].isupper()
        and not re.search(r"[,-]|[.!?:;]$", heading.title)
    )
