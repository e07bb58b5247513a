"""Texts whose markup tells headings and paragraphs and no more: Markdown, and HTML in general.

Where the title, the names and the affiliations end and the body begins is told by the headings'
wording and numbers, and by what the lines between them look like.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.paper import Paper, SourceKind, Span
from index.read.assemble import Body, Front, Piece, assemble
from index.read.headings import KNOWN, Heading, follows, parse_heading
from index.read.identity import Identity
from index.read.keywords import KEYWORDS_LABEL
from index.read.names import is_collective, is_name

IMPRINT = re.compile(
    r"(?:Proceedings of|Copyright|©|Preprint|Published as|Under review|"
    r"\d+(?:st|nd|rd|th) Conference)"
)
_AUTHORS = re.compile(r"(?:authors?|by)\s*:\s*", re.I)
_MARKED_PLACE = re.compile(r"(?<![\w.])\d(?P<name>[A-Z][^\d.;]*[^\d.;,\s])")


def compose(pieces: Sequence[Piece], source: SourceKind, identity: Identity) -> Paper:
    """The paper that these pieces are, its front matter and its levels found out."""
    pieces = [piece for piece in pieces if piece.text]
    title_at = _title_at(pieces)
    body_at = _body_at(pieces, title_at)
    _head(pieces[body_at:])
    for piece in pieces[:body_at]:
        piece.kind = "front"
    body = assemble(pieces)
    return body.paper(source, identity, _front(pieces, body, title_at))


def _title_at(pieces: list[Piece]) -> int:
    """The place of the title: the first heading, or a short line above the paper's own; or -1."""
    first = next((i for i, piece in enumerate(pieces) if piece.kind == "heading"), None)
    if first is not None and not _is_section(pieces[first]):
        return first
    alone = bool(pieces) and len(pieces[0].text.split()) <= 25 and pieces[0].text[-1] not in ".!?"
    return 0 if alone and first != 0 else -1


def _is_section(piece: Piece) -> bool:
    """Whether a heading opens a section of the body, and can be no title."""
    known = KNOWN.match(piece.text) or parse_heading(piece.text).number in (("1",), ("I",))
    return piece.kind == "heading" and bool(known)


def _body_at(pieces: list[Piece], title_at: int) -> int:
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


def _head(pieces: Sequence[Piece]) -> None:
    """Give the headings of the body their numbers and levels."""
    headed = [piece for piece in pieces if piece.kind == "heading"]
    headings: list[Heading] = []
    last: tuple[str, ...] | None = None
    for piece in headed:
        heading = parse_heading(piece.text)
        if heading.number and follows(heading.number, last):
            last = heading.number
        else:  # "A Survey of ..." is no appendix A
            heading = Heading(piece.text, (), piece.level)
        level = heading.level if heading.number else 1 if KNOWN.match(piece.text) else piece.level
        headings.append(Heading(piece.text, heading.number, level))
    for piece, heading in zip(headed, _levelled(headings), strict=True):
        piece.heading = heading


def _levelled(headings: list[Heading]) -> list[Heading]:
    """Levels from 1: the text's own may start anywhere."""
    own = [
        heading.level
        for heading in headings
        if not heading.number and not KNOWN.match(heading.title)
    ]
    numbered = any(heading.number for heading in headings)
    least = min(own, default=1)
    levelled = []
    for heading in headings:
        if heading.number or KNOWN.match(heading.title):
            levelled.append(heading)
        else:
            level = 2 if numbered else heading.level - least + 1
            levelled.append(Heading(heading.title, heading.number, level))
    return levelled


def _front(pieces: Sequence[Piece], body: Body, title_at: int) -> Front:
    authors: list[str] = []
    affiliations: list[Span] = []
    spans = body.spans
    ahead = next((s.start for p, s in zip(pieces, spans, strict=True) if p.kind != "front"), None)
    first_body = len(body.text) if ahead is None else ahead
    introduction = next((s.span.end for s in body.sections if s.role == "introduction"), first_body)
    for number, (piece, span) in enumerate(zip(pieces, spans, strict=True)):
        if number == title_at:
            continue
        if piece.kind == "front" and span.start < first_body:
            found = authors_in(piece.text)
            authors += [author for author in found if author not in authors]
            if not found and _is_place(piece.text):
                affiliations.append(span)
        if piece.kind in ("footnote", "front") and span.start < introduction:
            affiliations += _places(body.text, span)
    title = pieces[title_at].text if title_at >= 0 else ""
    return Front(title, tuple(authors), tuple(affiliations))


def authors_in(line: str) -> list[str]:
    """The names in a line that has names and little else."""
    line = _AUTHORS.sub("", line)
    if "@" in line or "http" in line:
        return []
    if is_collective(line.strip(" .")):
        return [line.strip(" .")]
    pieces = [piece.strip(" .") for piece in re.split(r"[\d*∗†‡§¶,;，、；]+|\s+and\s+", line)]
    pieces = [piece for piece in pieces if piece]
    names = [piece for piece in pieces if is_name(piece)]
    return names if len(names) >= 0.6 * len(pieces) else []


def _is_place(line: str) -> bool:
    """Whether a line of the front matter, which names nobody, can be an affiliation."""
    contact = "@" in line or "http" in line or IMPRINT.match(line) or KEYWORDS_LABEL.match(line)
    return not contact and 1 < len(line.split()) <= 16


def _places(text: str, span: Span) -> list[Span]:
    """Affiliations that a footnote numbers: "1NVIDIA 2MIT"."""
    return [
        Span(match.start("name"), match.end("name"))
        for match in _MARKED_PLACE.finditer(text, span.start, span.end)
        if not is_name(match["name"])
    ]
