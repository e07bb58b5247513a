"""Reads HTML full texts: LaTeXML's, as arxiv.org/html and ar5iv serve them, and other articles.

LaTeXML's classes (``elements``) give the type of everything, so only the lines of names have to be
guessed. Other pages give headings and paragraphs, and their front matter is found as in Markdown.
``article`` finds the paper on its page, ``draft`` reads it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from index.disk import sha256_of
from index.paper import Paper, Role
from index.read.markup.article import find_article, sizes_of
from index.read.markup.assemble import BlockDraft, FrontMatter, assemble
from index.read.markup.draft import FLOATS, HtmlDraft
from index.read.markup.head import Page
from index.read.markup.plain import compose
from index.read.markup.tree import parse, read_source
from index.read.markup.unseen import take_out
from index.read.text.headings import Heading

_ABSTRACT_LABEL = re.compile(r"(?:abstract|summary)\s*(?:[.:—–-]+\s*|$)", re.I)
_SENTENCE_END = re.compile(r"[.!?:;。！？…][\"'”’)\]]*$")


def read_html(
    path: Path, name: str, paper_id: str | None = None, sha256: str | None = None
) -> Paper | None:
    """The paper in an HTML file, or None if the file is not HTML."""
    source = read_source(path.read_bytes())
    tree = parse(source) if source is not None else None
    if tree is None:
        return None
    page = Page(tree)
    identity = page.identity(name, sha256 or sha256_of(path), paper_id)
    unseen = take_out(tree)
    sizes = sizes_of(tree)
    article = find_article(tree, sizes)
    draft = HtmlDraft(article, sizes)
    findings = draft.findings(unseen)
    if not draft.typed:
        paper = compose([piece for piece in draft.pieces if piece.text], "html", identity)
        title, authors = page.title or paper.title, page.authors or paper.authors
        return replace(paper, title=title, authors=authors, findings=findings)
    pieces = _opened(_mended(draft.pieces))
    body = assemble(pieces)
    places = {id(piece) for piece in draft.places}
    spans = [s for piece, s in zip(pieces, body.spans, strict=True) if id(piece) in places]
    title = draft.title or page.title or page.document_title
    front = FrontMatter(title, draft.authors or page.authors, tuple(spans))
    return replace(body.paper("html", identity, front), findings=findings)


def _mended(pieces: Sequence[BlockDraft]) -> list[BlockDraft]:
    """Join paragraphs that are split by a figure or table, which is moved behind them."""
    done: list[BlockDraft] = []
    last: BlockDraft | None = None  # the last one that does not float
    floated = False
    for piece in pieces:
        torn = (
            floated
            and last is not None
            and last.kind == piece.kind == "paragraph"
            and last.item == piece.item
            and piece.heading is None
            and piece.text[0].islower()
            and not _SENTENCE_END.search(last.text)
        )
        if torn and last is not None:
            last.append(piece)
        else:
            done.append(piece)
            if piece.kind not in FLOATS:
                last = piece
        floated = (floated and piece.kind == "footnote") or piece.kind in ("caption", "table")
    return done


def _opened(pieces: list[BlockDraft]) -> list[BlockDraft]:
    """Tell front matter from an abstract that is not marked as one: the first long paragraph."""
    body = next((i for i, piece in enumerate(pieces) if piece.heading is not None), len(pieces))
    told = any(piece.heading and piece.heading.role == "abstract" for piece in pieces)
    title = next((i for i, piece in enumerate(pieces[:body]) if piece.kind == "front"), 0)
    for number, piece in enumerate(pieces[:body]):
        if piece.kind not in ("paragraph", "run-in"):
            continue
        label = _ABSTRACT_LABEL.match(piece.text)
        if label and label.end() == len(piece.text):
            piece.kind, piece.heading = "heading", Heading(piece.text, (), 1, "abstract")
            break
        long = len(piece.text.split()) > 40 and piece.text.count(".") >= 2
        if number > title and (long or label):
            role: Role = "other" if told or body == len(pieces) else "abstract"
            piece.heading = Heading("", (), 1, role)
            break
        piece.kind = "front"
    return pieces
