"""Reads texts whose markup has only headings and paragraphs: Markdown, and HTML in general.

The end of the title, names and affiliations is found by the wording and the numbers of headings,
and by the form of the lines between them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.paper import Paper, SourceKind
from index.read.front.identity import Identity
from index.read.front.names import is_collective, is_name
from index.read.markup.assemble import BlockDraft, Body, FrontMatter, assemble
from index.read.markup.matter import Matter
from index.read.page.words import count_words
from index.read.sections.closing import LEAST_ENTRIES, reads_as_entry
from index.read.text.headings import KNOWN, Heading, follows, parse_heading, title_role
from index.read.text.labels import KEYWORDS_LABEL
from index.spans import Span

_NO_MATTER = Matter()
IMPRINT = re.compile(
    r"(?:Proceedings of|Copyright|©|Preprint|Published as|Under review|"
    r"\d+(?:st|nd|rd|th) Conference)"
)
_AUTHORS = re.compile(r"(?:authors?|by|作者)\s*[:：]\s*", re.I)
_MARKED_PLACE = re.compile(r"(?<![\w.])\d(?P<name>[A-Z][^\d.;]*[^\d.;,\s])")
_MARKED_FIRST = re.compile(
    r"\(?(?P<mark>\d{1,2}|[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}|[a-z]|[*∗†‡§¶])\)?[\s:.]*(?=[^\W\d_a-z])"
)
_LABEL = re.compile(r"(?P<label>[^\W\d_]{2,12})(?P<end>\s*[.:：—–-]+\s*|\s*$|\s+(?=[A-Z]))")
_NAME_ENDS = r"[,;，、；·|]+|\s+and\s+|\s&\s"
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_MARKS = r"[⁰¹²³⁴⁵⁶⁷⁸⁹˒ᵃᵇᶜᵈ]+|\^?\d+(?:\s*,\s*(?:\d+|[*∗†‡§¶])+)*|\^[a-z](?:,[a-z])*\b|[*∗†‡§¶^]+"
_EASTERN_ROW = re.compile(r"[\u4e00-\u9fff]{2,4}(?:\s+[\u4e00-\u9fff]{2,4}){2,}")
_ALONE = 30  # words of a paragraph above the first section: longer ones are no names


def compose(
    pieces: Sequence[BlockDraft],
    source: SourceKind,
    identity: Identity,
    matter: Matter = _NO_MATTER,
) -> Paper:
    """The paper that these pieces are, its front matter and its levels found out.

    ``matter`` is what the file says of itself: it fills in what the text does not say.
    """
    pieces = [piece for piece in pieces if piece.text]
    title_at = _title_at(pieces, matter.title)
    if title_at < 0 and matter.title:
        pieces.insert(0, BlockDraft("front", matter.title))
        title_at = 0
    body_at = _body_at(pieces, title_at)
    told = _known_front(pieces[:body_at], pieces[body_at:], matter)
    _open_abstract(pieces, body_at)
    _label_abstract(pieces[body_at:])
    pieces[body_at:body_at] = [*told.front, *told.abstract]
    body_at += len(told.front)
    _open_references(pieces, body_at)
    _head(pieces[body_at:])
    for piece in pieces[:body_at]:
        piece.kind = "front"
    body = assemble(pieces)
    front = _front(pieces, body, title_at, told, matter)
    if matter.date and (identity.date is None or len(identity.date) < len("2024-07-03")):
        identity = replace(identity, date=matter.date)
    return body.paper(source, identity, front)


@dataclass(frozen=True, slots=True)
class _FileMetadata:
    """The metadata that the file's own front matter adds to its text."""

    front: list[BlockDraft]
    places: list[BlockDraft]  # those of ``front`` that are affiliations
    authors: tuple[str, ...]
    abstract: list[BlockDraft]


def _known_front(
    front: Sequence[BlockDraft], body: Sequence[BlockDraft], matter: Matter
) -> _FileMetadata:
    said: list[BlockDraft] = []
    places: list[BlockDraft] = []
    authors = () if any(authors_in(piece.text) for piece in front[1:]) else matter.authors
    if authors:
        said.append(BlockDraft("front", ", ".join(authors)))
        places = [BlockDraft("front", place) for place in matter.places]
        said += places
    if matter.keywords and not any(KEYWORDS_LABEL.match(one.text) for one in (*front, *body)):
        said.append(BlockDraft("front", f"Keywords: {', '.join(matter.keywords)}"))
    abstract: list[BlockDraft] = []
    if matter.abstract and not any(_is_abstract(piece) for piece in body):
        abstract = [BlockDraft("heading", "Abstract", 1), BlockDraft("paragraph", matter.abstract)]
    return _FileMetadata(said, places, authors, abstract)


def _is_abstract(piece: BlockDraft) -> bool:
    """Whether a piece is the abstract's heading, or begins with it as its label."""
    if piece.kind == "heading":
        return title_role(piece.text) == "abstract"
    match = _LABEL.match(piece.text)
    return (
        piece.kind == "paragraph" and match is not None and title_role(match["label"]) == "abstract"
    )


def _open_abstract(pieces: list[BlockDraft], body_at: int) -> None:
    """Make the abstract a section where the body begins with it and no heading says so."""
    first = pieces[body_at] if body_at < len(pieces) else None
    if first is None or first.kind != "paragraph":
        return
    label = _LABEL.match(first.text) if _is_abstract(first) else None
    if label is not None:
        # A label with nothing after it is a heading; else it is at the head of its paragraph.
        pieces[body_at] = BlockDraft("heading", label[0].strip(), 1)
        if label.end() < len(first.text):
            first.cut(label.end())
            pieces.insert(body_at + 1, first)
            _close_abstract(pieces[body_at + 2 :])
    elif _is_prose(first) and any(piece.kind == "heading" for piece in pieces[body_at:]):
        first.heading = Heading("", (), 1, "abstract" if body_at else "other")
        _close_abstract(pieces[body_at + 1 :])


def _close_abstract(after: Sequence[BlockDraft]) -> None:
    """Begin an introduction without a heading after an abstract without one: where the first
    heading is of a later section, the abstract is one paragraph.
    """
    heading = next((piece for piece in after if piece.kind == "heading"), None)
    if heading is None or heading is after[0] or not _is_prose(after[0]):
        return
    number = parse_heading(heading.text).number
    if title_role(heading.text) != "introduction" and number not in (("1",), ("I",)):
        after[0].heading = Heading("", (), 1, "introduction")


def _label_abstract(pieces: Sequence[BlockDraft]) -> None:
    """Make labels of the headings inside an abstract, which are below its own."""
    level = 0
    for piece in pieces:
        if piece.kind != "heading":
            continue
        if level and piece.level > level and not parse_heading(piece.text).number:
            piece.kind = "run-in"
        elif level:
            return
        elif title_role(piece.text) == "abstract":
            level = piece.level


def _open_references(pieces: list[BlockDraft], body_at: int) -> None:
    """Let a section begin with the entries of a bibliography that has no heading: the last ones of
    a section. A line before them that is its name in bold type is its heading.
    """
    entries: list[int] = []
    for place in range(len(pieces) - 1, body_at, -1):
        piece = pieces[place]
        said = piece.kind in ("paragraph", "footnote", "equation")
        if said and reads_as_entry(piece.text, count_words(piece.text)):
            entries.append(place)
            continue
        # A line between two entries is the end of the first one.
        short = said and count_words(piece.text) <= 15
        if not (short and title_role(piece.text) != "references"):
            if len(entries) >= LEAST_ENTRIES:
                break
            entries.clear()
    if len(entries) < LEAST_ENTRIES:
        return
    first, last = entries[-1], entries[0]
    above = pieces[first - 1]
    named = title_role(above.text) == "references"
    if above.kind == "heading" and named:
        return
    after = pieces[last + 1] if last + 1 < len(pieces) else None
    if after is not None and after.kind != "heading" and _is_prose(after):
        after.heading = Heading("", (), 1)
    if named:
        pieces[first - 1] = BlockDraft("heading", above.text, 1)
    else:
        pieces[first].heading = Heading("", (), 1, "references")


def _is_prose(piece: BlockDraft) -> bool:
    """Whether a paragraph is running text, longer than any line of names or places."""
    long = count_words(piece.text) > _ALONE
    ends = len(re.findall(r"\b[a-z]{2,}[.!?](?:\s|$)|[。！？]", piece.text))
    return piece.kind == "paragraph" and long and ends >= 2 and not authors_in(piece.text)


def _title_at(pieces: list[BlockDraft], told: str) -> int:
    """The place of the title: the first heading, or a short line above the paper's own; or -1.

    If the file's front matter has a title, only that one, or a heading above all others.
    """
    first = next((i for i, piece in enumerate(pieces) if piece.kind == "heading"), None)
    if told:
        same = [i for i, piece in enumerate(pieces[:5]) if _letters(piece.text) == _letters(told)]
        levels = sorted(piece.level for piece in pieces if piece.kind == "heading")
        above = first == 0 and len(levels) > 1 and pieces[first].level == levels[0] < levels[1]
        return same[0] if same else 0 if above and not _is_section(pieces[0]) else -1
    if first is not None and not _is_section(pieces[first]):
        return first
    alone = (
        bool(pieces) and count_words(pieces[0].text) <= 25 and pieces[0].text[-1] not in ".!?。！？"
    )
    return 0 if alone and first != 0 else -1


def _is_section(piece: BlockDraft) -> bool:
    """Whether a heading opens a section of the body, and can be no title."""
    known = KNOWN.match(piece.text) or parse_heading(piece.text).number in (("1",), ("I",))
    return piece.kind == "heading" and bool(known)


def _body_at(pieces: list[BlockDraft], title_at: int) -> int:
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
        if _is_abstract(piece) or _is_prose(piece):
            headed = number - 1 > title_at and pieces[number - 1].kind == "heading"
            return number - 1 if headed else number
    for number, piece in enumerate(pieces):
        if number > title_at and (piece.kind == "heading" or count_words(piece.text) > 30):
            return number
    return min(title_at + 1, len(pieces))


def _head(pieces: Sequence[BlockDraft]) -> None:
    """Give the headings of the body their numbers and levels."""
    headed = [piece for piece in pieces if piece.kind == "heading"]
    headings: list[Heading] = []
    last: tuple[str, ...] | None = None
    for piece in headed:
        heading = parse_heading(piece.text)
        if heading.number and follows(heading.number, last):
            last = heading.number
        else:  # "A Survey of ..." is not appendix A
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


def _front(
    pieces: Sequence[BlockDraft], body: Body, title_at: int, told: _FileMetadata, matter: Matter
) -> FrontMatter:
    title = pieces[title_at].text if title_at >= 0 else ""
    if told.authors:
        own = {id(piece) for piece in told.places}
        said = tuple(s for piece, s in zip(pieces, body.spans, strict=True) if id(piece) in own)
        return FrontMatter(title, told.authors, said, matter.author_places if said else ())
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
            if not found and number > title_at and _is_place(piece.text):
                affiliations += _marked_places(body.text, span, piece.marked)
        if piece.kind in ("footnote", "front") and span.start < introduction:
            affiliations += _places(body.text, span)
    return FrontMatter(title, tuple(authors), tuple(affiliations))


def authors_in(line: str) -> list[str]:
    """The names in a line that has names and little else."""
    line = _AUTHORS.sub("", line)
    if "@" in line or "http" in line:
        return []
    if is_collective(line.strip(" .")):
        return [line.strip(" .")]
    line = re.sub(_MARKS, ",", line)
    if _EASTERN_ROW.fullmatch(line.strip()):  # one or two could be a family's name and its own
        line = ",".join(line.split())
    pieces = [piece.strip(" .") for piece in re.split(_NAME_ENDS, line)]
    pieces = [piece for piece in pieces if piece]
    names = [piece for piece in pieces if is_name(piece)]
    return names if len(names) >= 0.6 * len(pieces) else []


def _is_place(line: str) -> bool:
    """Whether a line of the front matter, which names nobody, can be an affiliation."""
    contact = "@" in line or "http" in line or IMPRINT.match(line) or KEYWORDS_LABEL.match(line)
    return not contact and 1 < count_words(line) <= 16


def _marked_places(text: str, span: Span, raised: bool) -> list[Span]:
    """Affiliations of a line, without the marks that set them apart: "1 MIT 2 NVIDIA".

    A mark that is not raised is one only where it is the first, "1" or "a". What a star marks is a
    note on a person.
    """
    first = _MARKED_FIRST.match(text, span.start, span.end)
    mark = first["mark"] if first else ""
    if first is None or not (raised or mark in "1a" or mark[0] in _RAISED):
        return [span]
    if mark in "*∗":
        return []
    starts = [first.end()]
    ends: list[int] = []
    while mark.isalnum():
        mark = _next_mark(mark)
        following = re.compile(rf"[\s,;]*(?<!\w)\(?\^?{re.escape(mark)}\)?[\s:.]*(?=[^\W\d_a-z])")
        match = following.search(text, starts[-1], span.end)
        if match is None:
            break
        ends.append(match.start())
        starts.append(match.end())
    places = [Span(start, end) for start, end in zip(starts, [*ends, span.end], strict=True)]
    return [place for place in places if place.of(text).strip(" ,;.")]


def _next_mark(mark: str) -> str:
    """After "1" comes "2", after "¹" comes "²", after "a" comes "b"."""
    if not mark.isdigit():
        return chr(ord(mark) + 1)
    number = str(int(unicodedata.normalize("NFKC", mark)) + 1)
    return "".join(_RAISED[int(one)] for one in number) if mark[0] in _RAISED else number


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _places(text: str, span: Span) -> list[Span]:
    """Affiliations that a footnote numbers: "1NVIDIA 2MIT"."""
    return [
        Span(match.start("name"), match.end("name"))
        for match in _MARKED_PLACE.finditer(text, span.start, span.end)
        if not is_name(match["name"])
    ]
