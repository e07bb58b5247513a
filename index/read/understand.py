"""Pages to a ``Paper``: front matter, headings, body, references, and every span in one text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from index.paper import Block, BlockKind, Figure, Paper, Section, Sentence, Span
from index.read.compose import Composer, vocabulary
from index.read.front import Place, find_title, read_front
from index.read.headings import KNOWN, Heading, assign_roles, follows, parse_heading
from index.read.identity import Identity
from index.read.keywords import KEYWORDS_LABEL, keyword_spans
from index.read.layout import Layout, Paragraph, is_contents_row, lay_out, paragraphs
from index.read.links import find_links
from index.read.mend import draw_in, mend
from index.read.pages import Line, Pages
from index.read.sentences import split_sentences

_ABSTRACT_LABEL = re.compile(r"(?:abstract|summary)\s*[.:—–-]*$", re.I)
_CONTENTS = re.compile(r"(?:table of )?contents$", re.I)
_PROSE: frozenset[BlockKind] = frozenset({"paragraph", "caption", "footnote"})
_LABEL = re.compile(r"\S+\s*\S*?\d+(?:\.\d+)?[a-z]?|\S+\s+[IVX]+")


@dataclass(slots=True)
class _Draft:
    """What is being put together while the text grows."""

    composer: Composer
    blocks: list[Block] = field(default_factory=list)
    headings: list[tuple[Heading, Span]] = field(default_factory=list)
    labels: dict[int, int] = field(default_factory=dict)  # start of a paragraph -> end of its label
    pages: dict[int, int] = field(default_factory=dict)  # start of a block -> its page


def understand(pages: Pages, identity: Identity) -> Paper:
    """The paper that these pages are. Its text may be empty: the caller judges that."""
    layout = lay_out(pages.pages)
    parts = _without_labels(paragraphs(layout))
    height = pages.pages[0].height if pages.pages else 0.0
    title_lines = find_title(layout.first_page, height)
    title_words = {id(word) for line in title_lines for word in line.words}
    headings = find_headings(parts, layout, title_words)
    body_start = _body_start(parts, headings, title_words)
    heading_of = {id(parts[place]): heading for place, heading in headings.items()}
    body = parts[body_start:]
    draw_in(body, set(heading_of), layout)
    draft = _Draft(Composer(vocabulary(layout.lines)))
    for part in parts[:body_start]:
        _write(draft, "front", part)
    for part in mend(body, set(heading_of), layout):
        heading = heading_of.get(id(part))
        span = _write(draft, "heading" if heading else part.kind, part)
        if heading:
            draft.headings.append((heading, span))
        elif part.label and part.kind == "paragraph":
            label = draft.composer.span_of(part.words[: part.label])
            if label is not None and label.end < span.end:
                draft.labels[span.start] = label.end
    return _paper(draft, layout, pages, identity, title_lines)


def _write(draft: _Draft, kind: BlockKind, part: Paragraph) -> Span:
    span = draft.composer.write(part.lines)
    draft.blocks.append(Block(kind, span))
    draft.pages[span.start] = part.lines[0].page
    return span


# --- labels at the head of a paragraph ------------------------------------------------------------


def _without_labels(parts: list[Paragraph]) -> list[Paragraph]:
    """Set "Abstract." apart as a heading, and mark the bold labels at the head of paragraphs."""
    done: list[Paragraph] = []
    for part in parts:
        if part.kind not in ("paragraph", "footnote") or part.bold:
            done.append(part)
            continue
        label = _label_length(part)
        said = " ".join(word.text for word in part.words[:label])
        if label and _ABSTRACT_LABEL.match(said) and label < len(part.lines[0].words):
            head, rest = _cut(part, label)
            done += [head, rest]
            continue
        part.label = label
        done.append(part)
    return done


def _cut(part: Paragraph, label: int) -> tuple[Paragraph, Paragraph]:
    line = part.lines[0]
    head = type(line)(line.page, line.block, line.words[:label], line.upright, line.column)
    rest = type(line)(line.page, line.block, line.words[label:], line.upright, line.column)
    return Paragraph(part.kind, [head]), Paragraph("paragraph", [rest, *part.lines[1:]])


def _label_length(part: Paragraph) -> int:
    """Words of the bold or italic label that a paragraph begins with; 0 without one."""
    words = part.words
    body = _usual_style(part)
    count = 0
    for word in words:
        style = word.style
        if style.maths or not ((style.bold and not body[0]) or (style.italic and not body[1])):
            break
        count += 1
    if not count or count > 24 or count == len(words):
        return 0
    last, after = words[count - 1], words[count]
    gap = after.x0 - last.x1 if abs(after.y0 - last.y0) < part.size else 0.0
    closed = last.text[-1] in ".:—–?" or (last.style.bold and gap > 0.8 * part.size and count <= 10)
    return count if closed else 0


def _usual_style(part: Paragraph) -> tuple[bool, bool]:
    words = part.words
    bold = sum(word.style.bold for word in words) > 0.6 * len(words)
    italic = sum(word.style.italic for word in words) > 0.6 * len(words)
    return bold, italic


# --- headings -------------------------------------------------------------------------------------


def find_headings(
    parts: Sequence[Paragraph], layout: Layout, title: set[int]
) -> dict[int, Heading]:
    """The paragraphs that are headings, by their place.

    Numbered headings must come in their order. In a paper that has them, an unnumbered one must
    bear a well-known name or be set like a numbered one.
    """
    numbered: dict[int, Heading] = {}
    last: tuple[str, ...] | None = None
    for place, part in enumerate(parts):
        heading = _numbered_heading(part, layout)
        if heading and follows(heading.number, last):
            numbered[place] = heading
            last = heading.number
    if len(numbered) < 3:  # fewer are a numbered list in bold
        numbered = {}
    styles = {_set(parts[place]) for place, heading in numbered.items() if heading.level == 1}
    if not numbered:
        styles = {
            _set(part)
            for part in parts
            if _stands_out(part, layout) and KNOWN.match(part.text.strip())
        }
    found = dict(numbered)
    level_of = {
        _set(parts[place]): numbered[place].level for place in sorted(numbered, reverse=True)
    }
    for place, part in enumerate(parts):
        if place in found or not _may_head(part, layout) or id(part.lines[0].words[0]) in title:
            continue
        text = part.text.strip()
        known = bool(KNOWN.match(text))
        if known and (_stands_out(part, layout) or _alone(parts, place)):
            found[place] = Heading(text, (), 1)
        elif _stands_out(part, layout) and _set(part) in styles:
            found[place] = Heading(text, (), level_of.get(_set(part), 1))
        elif not numbered and part.bold and part.size >= layout.body_size - 0.2:
            found[place] = Heading(text, (), 2 if styles else 1)
    anchors = [
        p for p, heading in found.items() if heading.number or KNOWN.match(parts[p].text.strip())
    ]
    first = min(anchors, default=0)  # bold lines above it are authors
    ordered = [
        place
        for place in sorted(found)
        if place >= first and not _CONTENTS.match(parts[place].text)
    ]
    roles = assign_roles([found[place] for place in ordered])
    return dict(zip(ordered, roles, strict=True))


def _set(part: Paragraph) -> tuple[float, bool, bool]:
    """How it is set: size, bold, capitals."""
    letters = [c for c in part.text if c.isalpha()]
    return round(part.size * 2) / 2, part.bold, all(c.isupper() for c in letters)


def _may_head(part: Paragraph, layout: Layout) -> bool:
    text = part.text
    letters = sum(c.isalpha() for c in text)
    return (
        part.kind in ("paragraph", "table")
        and len(part.lines) <= 3
        and 3 <= letters <= 140
        and letters > 0.5 * len(text.replace(" ", ""))
        and (text[0].isupper() or text[0].isdigit())
        and not text.rstrip().endswith((",", ";"))
        and part.size >= layout.body_size - 1.2
        and not is_contents_row(part)
    )


def _stands_out(part: Paragraph, layout: Layout) -> bool:
    letters = [c for c in part.text if c.isalpha()]
    capitals = sum(c.isupper() for c in letters) > 0.9 * max(len(letters), 1) and len(letters) > 4
    return part.bold or part.size > layout.body_size + 0.7 or capitals


def _alone(parts: Sequence[Paragraph], place: int) -> bool:
    return len(parts[place].lines) == 1 and parts[place].kind == "paragraph"


def _numbered_heading(part: Paragraph, layout: Layout) -> Heading | None:
    if not _may_head(part, layout):
        return None
    heading = parse_heading(part.text.strip())
    if not heading.number or (part.text.rstrip().endswith(".") and not part.bold):
        return None
    italic = all(line.italic for line in part.lines)
    if not (_stands_out(part, layout) or italic):
        return None
    title = heading.title.split(maxsplit=1)[-1]
    return heading if title[0].isalpha() and (title[0].isupper() or part.bold) else None


def _body_start(parts: Sequence[Paragraph], headings: dict[int, Heading], title: set[int]) -> int:
    """The place of the first paragraph that is not front matter."""
    after_title = 0
    for place, part in enumerate(parts):
        if any(id(word) in title for line in part.lines for word in line.words):
            after_title = place + 1
    first_heading = next((place for place in sorted(headings) if place >= after_title), None)
    for place in range(after_title, len(parts) if first_heading is None else first_heading):
        part = parts[place]
        words = sum(len(line.words) for line in part.lines)
        if part.kind == "paragraph" and words > 40 and part.text.count(".") >= 2:
            return place  # an abstract without a heading
    return after_title if first_heading is None else first_heading


# --- the paper ------------------------------------------------------------------------------------


def _paper(
    draft: _Draft,
    layout: Layout,
    pages: Pages,
    identity: Identity,
    title_lines: Sequence[Line],
) -> Paper:
    text, words = draft.composer.text, draft.composer.words
    front = read_front(_front_lines(layout, draft), tuple(title_lines))
    sections = _sections(draft, text)
    references = [section.span for section in sections if section.role == "references"]
    blocks: list[Block] = []
    sentences: list[Sentence] = []
    keywords: list[Span] = []
    for block in draft.blocks:
        kind, span = block.kind, block.span
        if kind == "paragraph" and any(place.contains(span) for place in references):
            blocks.append(Block("reference", span))
            continue
        label_end = draft.labels.get(span.start)
        keyword_label = KEYWORDS_LABEL.match(text, span.start, span.end)
        if kind in ("paragraph", "front", "table") and keyword_label:
            blocks.append(Block("front", span))
            keywords += keyword_spans(text, Span(keyword_label.end(), span.end))
            continue
        if kind == "paragraph" and label_end is not None:
            blocks.append(Block("run-in", Span(span.start, label_end)))
            start = label_end + (
                len(text[label_end : span.end]) - len(text[label_end : span.end].lstrip())
            )
            span = Span(start, span.end)
        blocks.append(Block(kind, span))
        if kind in _PROSE and not any(place.contains(span) for place in references):
            sentences += [Sentence(one, kind) for one in split_sentences(text, span)]
    places = [_affiliation(draft, text, place) for place in front.places]
    abstract = next((s for s in sections if s.role == "abstract"), None)
    return Paper(
        id=identity.id,
        version=identity.version,
        source="pdf",
        sha256=identity.sha256,
        text=text,
        title=" ".join(" ".join(line.text for line in front.title_lines).split()),
        authors=front.authors,
        affiliations=tuple(place for place in places if place is not None),
        keywords=tuple(keywords),
        links=tuple(find_links(text, references)),
        abstract=_body_of(abstract, blocks) if abstract else None,
        date=identity.date,
        categories=identity.categories,
        pages=pages.count,
        sections=tuple(sections),
        blocks=tuple(blocks),
        sentences=tuple(sentences),
        figures=tuple(_figures(blocks, text, words_page=draft.pages)),
        words=words,
    )


def _affiliation(draft: _Draft, text: str, place: Place) -> Span | None:
    """Where it went, without its marker and the punctuation around it; None if little is left."""
    span = draft.composer.span_of(place.words)
    if span is None:
        return None
    said = text[span.start + place.marker : span.end]
    end = span.start + place.marker + len(said.rstrip(" ,;&"))
    start = span.end - len(said.lstrip(" ,;"))
    return Span(start, end) if end - start > 3 else None


def _front_lines(layout: Layout, draft: _Draft) -> list[Line]:
    """The unjoined lines of page 1 whose words went into front blocks."""
    fronts = [block.span for block in draft.blocks if block.kind == "front"]
    lines: list[Line] = []
    for line in layout.first_page:
        span = draft.composer.span_of(line.words[:1])
        if span is not None and any(front.contains(span) for front in fronts):
            lines.append(line)
    return lines


def _sections(draft: _Draft, text: str) -> list[Section]:
    body = next((b.span.start for b in draft.blocks if b.kind != "front"), len(text))
    first_heading = draft.headings[0][1].start if draft.headings else len(text)
    marks: list[tuple[int, str, Heading | None]] = [(0, "", None)]
    if body < first_heading:
        marks.append((body, "", Heading("", (), 1, "abstract" if draft.headings else "other")))
    for heading, span in draft.headings:
        marks.append((span.start, heading.title, heading))
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


def _body_of(section: Section, blocks: Sequence[Block]) -> Span | None:
    prose = [b.span for b in blocks if b.kind == "paragraph" and section.span.contains(b.span)]
    return Span(prose[0].start, prose[-1].end) if prose else None


def _figures(blocks: Sequence[Block], text: str, words_page: dict[int, int]) -> list[Figure]:
    figures = []
    seen: Counter[str] = Counter()
    for block in blocks:
        if block.kind == "caption":
            label = _LABEL.match(text, block.span.start, block.span.end)
            name = " ".join(label.group().split()) if label else ""
            seen[name] += 1
            if seen[name] == 1:
                figures.append(Figure(name, block.span, words_page.get(block.span.start)))
    return figures
