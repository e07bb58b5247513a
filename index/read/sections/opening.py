"""Finds the abstract, its end, and the parts beside it.

An abstract without a heading after it ends where the typesetting changes: another typeface, size or
line width, a drop cap, a line of keywords, dates or copyright, a page that is half empty. Without
any of these, its length decides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from index.paper import Role
from index.read.front.names import names_of
from index.read.order.kinds import is_contents_row
from index.read.order.layout import Layout, Paragraph
from index.read.page.pages import Style
from index.read.text.headings import KNOWN, Heading, parse_heading, title_role
from index.read.text.labels import INDEXING, KEYWORDS_LABEL
from index.read.text.roles import abstract_label

LONGEST = 500  # words of one abstract: of 2,000 on arXiv the longest has 400
_SHORTEST = 40  # words that a first paragraph has to be an abstract by itself
_NARROW = 0.7  # of the text's width: the widest side column
_LEAST_ASIDE = 15  # words of a side column
_LEAST_BOX = 30  # words of a box with a title
_PROSE = 12  # words: fewer are a label, a date or an address
_LOWER = 0.6  # of the words of prose: those of names and addresses begin with capitals
_DATELINE = re.compile(
    r"(?:received|accepted|revised|submitted|published|available online|edited by|communicated by|"
    r"citation|cite this|how to cite|correspondence|corresponding author|e-?mail|doi\b|"
    r"https?://|copyright|©|\(c\)|word count|"
    r"this (?:article|work|paper) is (?:licensed|distributed|published))",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Setting:
    """The style of a paragraph: font family, size in points, weight and slope."""

    family: str
    size: float
    bold: bool
    italic: bool

    def like(self, other: Setting) -> bool:
        """Whether both are one setting: half a point more or less is the same size."""
        alike = (self.family, self.bold, self.italic) == (other.family, other.bold, other.italic)
        return alike and abs(self.size - other.size) < 0.4


@dataclass(slots=True)
class Opening:
    """The parts of a paper in the order in which they are written, and what begins with them."""

    front: list[Paragraph]
    body: list[Paragraph]
    # By the identity of a part: the section that begins with it and has no title of its own in it,
    # or, of a box's title, that it is one.
    begins: dict[int, Heading] = field(default_factory=dict)
    boxes: dict[int, Heading] = field(default_factory=dict)
    apart: set[int] = field(default_factory=set)  # front matter that is beside or after it


def count_of(part: Paragraph) -> int:
    """Its words, those of scripts without spaces too."""
    return sum(line.count for line in part.lines)


def setting_of(part: Paragraph) -> Setting:
    """The style of most of its letters, without raised marks and formulas."""
    return _most([part])


def _most(parts: Sequence[Paragraph]) -> Setting:
    styles: dict[Style, int] = {}
    for part in parts:
        for line in part.lines:
            for word in line.words:
                for text, style in word.parts:
                    styles[style] = styles.get(style, 0) + len(text)
    found: Counter[tuple[str, float, bool, bool]] = Counter()
    for style, count in styles.items():
        if not (style.maths or style.raised):
            family = style.font.split("+")[-1].split("-")[0].split(",")[0]
            found[family, style.size, style.bold, style.italic] += count
    if not found:
        return Setting("", 0.0, False, False)
    return Setting(*found.most_common(1)[0][0])


def body_setting(parts: Sequence[Paragraph], layout: Layout) -> Setting:
    """The style of most of the running text."""
    prose = [
        part
        for part in parts
        if part.kind == "paragraph" and abs(part.size - layout.body_size) < 0.6 and _long(part)
    ]
    return _most(prose)


def _long(part: Paragraph) -> bool:
    return count_of(part) > 20


def find_opening(
    parts: Sequence[Paragraph], titled: set[int], headings: dict[int, Heading], layout: Layout
) -> Opening:
    """Front matter, abstract and body. ``headings`` are by place; ``titled`` has the identities of
    the title's words.
    """
    usual = body_setting(parts, layout)
    above = 1 + max(
        (n for n, part in enumerate(parts) if any(id(word) in titled for word in part.words)),
        default=-1,
    )
    known = {id(parts[place]): headings[place] for place in sorted(headings) if place >= above}
    aside = _beside(parts[above:], known, usual)
    flow = [part for part in parts[above:] if id(part) not in aside]
    start = _start(flow, known)
    opening = Opening([*parts[:above], *flow[:start]], flow[start:])
    place = _abstract(opening, known, usual, layout)
    _place_aside(opening, [part for part in parts if id(part) in aside], place)
    return opening


def _start(flow: Sequence[Paragraph], headings: dict[int, Heading]) -> int:
    """The place of the first part after the front matter: the heading of the abstract, a first
    paragraph of prose, or the first heading.
    """
    for place, part in enumerate(flow):
        heading = headings.get(id(part))
        if heading is not None and heading.role == "abstract" and part.lines[0].page <= 3:
            return place
    named = 0  # bold names right below the title look like a heading
    while named < len(flow) and _holds_names(flow[named], flow[0].lines[0].page):
        named += 1
    for place, part in enumerate(flow[named:], named):
        stops = part.text.count(".") + part.text.count("。")
        prose = count_of(part) > _SHORTEST and stops >= 2
        text = part.kind == "paragraph" and not is_contents_row(part)
        if id(part) in headings or (text and _is_labelled(part)):
            return place
        if text and prose:
            while place > named and _reads_like(flow[place - 1], part):
                place -= 1
            return place
    return named


def _reads_like(part: Paragraph, prose: Paragraph) -> bool:
    """Whether a shorter paragraph is in the type of the prose below it, and no line of names."""
    words = [word.text for word in part.words]
    lower = sum([word[0].islower() for word in words])
    return (
        is_prose(part) and lower > _LOWER * len(words) and setting_of(part).like(setting_of(prose))
    )


def _is_labelled(part: Paragraph) -> bool:
    """Whether it begins with a bold label of a structured abstract: "Objective To estimate"."""
    bold = [word.text for word in part.words[:5] if word.style.bold]
    head = " ".join(word.text for word in part.words[: len(bold)])
    return 0 < len(bold) < 5 and abstract_label(head) is not None


def _holds_names(part: Paragraph, page: int) -> bool:
    """Whether a paragraph below the title, on its page, is one of names."""
    if part.lines[0].page != page or KNOWN.match(part.text):
        return False
    names = names_of(part.lines[0])
    if len(names) > 1 and (len(names) > 2 or any(name.marks for name in names)):
        return True  # "I. I. Smith1, A. Ito2" has no number
    return bool(names) and not parse_heading(part.text).number


# --- the abstract ---------------------------------------------------------------------------------


def _abstract(
    opening: Opening, headings: dict[int, Heading], usual: Setting, layout: Layout
) -> int:
    """Record where the abstract and the next section begin in the body; return the place of the
    first part after the abstract.
    """
    body = opening.body
    if not body:
        return 0
    opens = headings.get(id(body[0]))
    if opens is not None and opens.role != "abstract":
        return 0
    first = 0 if opens is None else 1
    end = next((n for n in range(first, len(body)) if id(body[n]) in headings), len(body))
    region = body[first:end]
    prose = [n for n, part in enumerate(region) if is_prose(part)]
    if opens is not None and not prose:  # "This page is left blank."
        prose = [n for n, part in enumerate(region) if part.kind == "paragraph"][:1]
    # Without its heading, length says nothing: a first paragraph may be the text.
    after = abstract_end(region, prose, usual, layout, opens is not None) if prose else None
    until = len(region) if after is None else after
    told = bool(prose) and opens is not None
    if opens is None:
        following = headings[id(body[end])] if end < len(body) else None
        told = bool(prose) and _is_abstract(region, until, prose, following, usual, layout)
        role: Role = "abstract" if told else ("introduction" if headings and prose else "other")
        opening.begins[id(body[0])] = Heading("", (), 1, role)
    if not told:
        return end
    own, others = _sorted_out(region[:until], region[prose[0]])
    opening.apart |= {id(part) for part in others if part.kind in ("paragraph", "table")}
    body[first : first + until] = [*own, *others]
    if after is not None:
        text = region[after:]
        opened = end < len(body) and first_of_all(headings[id(body[end])])
        if opened:  # by the heading that comes next
            opening.apart |= {id(part) for part in text if not setting_of(part).like(usual)}
        if not all(id(part) in opening.apart for part in text):
            role = "other" if opened else "introduction"
            opening.begins[id(text[0])] = Heading("", (), 1, role)
    return first + until


def _is_abstract(
    region: Sequence[Paragraph],
    until: int,
    prose: Sequence[int],
    following: Heading | None,
    usual: Setting,
    layout: Layout,
) -> bool:
    """Whether text without a heading, the parts before ``until``, is an abstract: it is no longer
    than one, and the text begins after it with its first heading, or is set otherwise.
    """
    own = [n for n in prose if n < until]
    if sum(count_of(region[n]) for n in own) > LONGEST:
        return False
    if until < len(region):
        return True
    if following is not None and first_of_all(following):
        return True
    lead, last = region[own[0]], region[own[-1]]
    if following is None or any(map(is_separator, region[own[0] :])):
        return following is not None
    return not setting_of(lead).like(usual) or _half_empty(last, layout)


def _sorted_out(
    region: Sequence[Paragraph], lead: Paragraph
) -> tuple[list[Paragraph], list[Paragraph]]:
    """The parts of the abstract, and other parts below or between them: keywords and everything
    after them, small print, captions, footnotes.
    """
    own: list[Paragraph] = []
    others: list[Paragraph] = []
    below = False
    for part in region:
        below = below or (bool(own) and is_separator(part))
        small = part.size < lead.size - 0.9 or part.kind in ("table", "footnote", "caption")
        (others if below or small else own).append(part)
    return own, others


def first_of_all(heading: Heading) -> bool:
    """Whether no text of the paper comes before this heading."""
    return heading.role == "introduction" or heading.number[:1] in (("0",), ("1",), ("I",))


def is_prose(part: Paragraph) -> bool:
    """Whether it is running text, and no line of front matter."""
    text = part.kind == "paragraph" and not is_contents_row(part)
    return text and count_of(part) >= _PROSE and not is_separator(part)


def is_separator(part: Paragraph) -> bool:
    """Whether it is a line of what is printed between an abstract and the text, by its label."""
    text = part.text
    if KEYWORDS_LABEL.match(text) or INDEXING.match(text) or _is_list(part):
        return True
    return len(part.words) <= 60 and bool(_DATELINE.match(text.lstrip(" *†‡§|")))


def _is_list(part: Paragraph) -> bool:
    """Keywords without their label: terms between bars or dots, and no sentence."""
    marks = len(re.findall(r"\s[|·•∙]\s", part.text))
    return marks >= 2 and marks >= len(part.words) / 6 and part.text[-1] != "."


def abstract_end(
    region: Sequence[Paragraph],
    prose: Sequence[int],
    usual: Setting,
    layout: Layout,
    long: bool,
) -> int | None:
    """The place in ``region`` (the parts up to the next heading) of the first part after the
    abstract; None if all of them are the abstract. ``prose`` are the places of its paragraphs;
    ``long`` is whether its length may decide.
    """
    lead = region[prose[0]]
    for before, place in pairwise(prose):
        if _turns(lead, region[before], region[place], usual, layout):
            return place
        between = region[before + 1 : place]
        if any(map(is_separator, between)) and not _is_label(region[place]):
            return place
    words = sum(count_of(region[n]) for n in prose)
    return _by_length(region, prose, layout) if words > LONGEST and long else None


def _turns(
    lead: Paragraph, before: Paragraph, part: Paragraph, usual: Setting, layout: Layout
) -> bool:
    """Whether the text begins with ``part``, by how it is set."""
    own, other = setting_of(lead), setting_of(part)
    if not _long(part):
        return False
    if not own.like(usual) and other.like(usual):
        return True
    if own.like(other) and _drop_cap(part, other) and not _drop_cap(lead, own):
        return True
    left, right = lead.lines[0], part.lines[0]
    across = left.page == right.page and left.column == 0 < right.column and left.y1 < right.y0
    if across and _width(lead) > 1.3 * _width(part):  # above a text in columns
        return True
    if left.column == right.column and len(lead.lines) > 2 and len(part.lines) > 2:
        inset = _measure(lead)[0] - _measure(part)[0], _measure(part)[1] - _measure(lead)[1]
        if other.like(usual) and min(inset) > 0.8 * other.size:
            return True
    return part.lines[0].page > before.lines[-1].page and _half_empty(before, layout)


def _measure(part: Paragraph) -> tuple[float, float]:
    """Its left and right edge, its first line's indent apart."""
    lines = part.lines[1:] if len(part.lines) > 1 else part.lines
    return min(line.x0 for line in lines), max(line.x1 for line in part.lines)


def _drop_cap(part: Paragraph, setting: Setting) -> bool:
    return part.words[0].parts[0][1].size > 1.6 * setting.size


def _half_empty(part: Paragraph, layout: Layout) -> bool:
    last = part.lines[-1]
    foot = max(line.y1 for line in layout.lines)
    below = any(
        line.page == last.page
        and line.y0 > last.y1 + layout.leading
        and abs(line.size - last.size) < 0.6
        for line in layout.lines
    )
    return last.y1 < 0.7 * foot and not below


def _is_label(part: Paragraph) -> bool:
    return bool(part.label)


def _by_length(region: Sequence[Paragraph], prose: Sequence[int], layout: Layout) -> int | None:
    """The end by length, without other signs: at the widest gap after a paragraph or two, or after
    the first paragraph that is long enough.
    """
    words = 0
    widest: tuple[float, int] | None = None
    first: int | None = None
    for before, place in pairwise(prose):
        words += count_of(region[before])
        if words > LONGEST:
            break
        if words >= _SHORTEST and first is None and not _is_label(region[place]):
            first = place
        above, below = region[before].lines[-1], region[place].lines[0]
        gap = below.y0 - above.y1
        stands = above.page == below.page and above.column == below.column
        if stands and gap > 0.8 * layout.leading and (widest is None or gap > widest[0] + 1):
            widest = gap, place
    return widest[1] if widest is not None else first


# --- what is beside it ------------------------------------------------------------------------


def _beside(parts: Sequence[Paragraph], headings: dict[int, Heading], usual: Setting) -> set[int]:
    """The parts of a side column on page 1: narrower than the text, and with no text in it."""
    here = [part for part in parts if part.lines[0].page == parts[0].lines[0].page]
    prose = [part for part in here if is_prose(part) and count_of(part) > _SHORTEST]
    texts = [part for part in prose if setting_of(part).like(usual)]
    if not texts and prose:
        texts = [max(prose, key=_width)]
    if not texts:
        return set()
    texts += [part for part in here if part.kind == "caption"]
    found = set()
    for part in here:
        heading = headings.get(id(part))
        kept = heading is not None and (heading.number or heading.role == "abstract")
        if kept or part.kind not in ("paragraph", "table", "footnote"):
            continue
        clear = [one for one in texts if not _shares_column(one, part)]
        # Text across the whole page may follow below a box.
        spans = [any(_shares_column(one, text) for text in clear) for one in texts]
        narrow = clear and _width(part) < _NARROW * max(map(_width, clear))
        if narrow and all(spans):
            found.add(id(part))
    words = sum(count_of(part) for part in here if id(part) in found)
    return found if words >= _LEAST_ASIDE else set()


def _shares_column(one: Paragraph, other: Paragraph) -> bool:
    (left, right), (x0, x1) = _reach(one), _reach(other)
    return left <= x1 and x0 <= right


def _width(part: Paragraph) -> float:
    left, right = _reach(part)
    return right - left


def _reach(part: Paragraph) -> tuple[float, float]:
    return min(line.x0 for line in part.lines), max(line.x1 for line in part.lines)


def _place_aside(opening: Opening, parts: Sequence[Paragraph], place: int) -> None:
    """A box with a title becomes a section after the abstract; the rest is front matter."""
    runs: list[list[Paragraph]] = []
    for part in sorted(parts, key=lambda part: (part.lines[0].x0 // 100, part.lines[0].y0)):
        if runs and _continues(runs[-1], part):
            runs[-1].append(part)
        else:
            runs.append([part])
    boxes: list[Paragraph] = []
    for run in runs:
        title, *rest = run
        words = sum(map(count_of, rest))
        if words >= _LEAST_BOX and _is_title(title, rest) and not is_separator(rest[0]):
            heading = Heading(title.text, (), 1, title_role(title.text))
            opening.boxes[id(title)] = heading
            boxes += [title, *(_as_prose(part) for part in rest)]
        else:
            opening.front += run
            opening.apart |= {id(part) for part in run}
    if boxes:
        opening.body[place:place] = boxes
        follows = opening.body[place + len(boxes) :]
        if follows and id(follows[0]) not in opening.begins:
            opening.begins[id(follows[0])] = Heading("", (), 1, "other")


def _continues(run: Sequence[Paragraph], part: Paragraph) -> bool:
    last = run[-1].lines[-1]
    first = part.lines[0]
    near = 0 <= first.y0 - last.y1 < 1.8 * max(first.size, last.size)
    return near and (len(run) == 1 or abs(run[-1].size - part.size) < 0.6) and not part.bold


def _is_title(part: Paragraph, rest: Sequence[Paragraph]) -> bool:
    short = len(part.lines) == 1 and len(part.words) <= 4 and part.text[-1] not in ".:"
    own, other = setting_of(part), _most(rest)
    return short and (own.bold > other.bold or own.size > other.size + 0.7)


def _as_prose(part: Paragraph) -> Paragraph:
    return replace(part, kind="paragraph") if part.kind == "table" else part
