"""Finds the bibliography of a paper, with or without a heading, and a journal's end matter.

A bibliography is recognised by its entries: paragraphs with three of a year, names with initials, a
leading number or bracket, and a volume or page of a journal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from index.paper import Role
from index.read.order.layout import Layout, Paragraph
from index.read.sections.opening import is_separator, setting_of
from index.read.text.headings import Heading, title_role

LEAST_ENTRIES = 5  # of a bibliography that has no heading
_BETWEEN = 6  # other parts between two entries: their second halves
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d[a-z]?\b")
_NUMBER = re.compile(r"[\[(]?\d{1,3}[\]).]?\s*[A-Z“\"'‘]|\[[A-Za-z+]{1,12}\d{2,4}[a-z]?\]")
_SURNAME = r"[^\W\d_a-z][\w’'‐-]+(?: [^\W\d_a-z][\w’'‐-]+)?"
_NAMED = re.compile(  # "Adams, B. C.", "B. C. Adams", "Adams BC,", "Bea Adams, Carl Brown and"
    rf"(?:\W*\d{{1,3}}\W+|\[.{{1,20}}\]\s*)?(?:{_SURNAME},? (?:[A-Z]\.[ -]?){{1,3}}|"
    rf"(?:[A-Z]\.[ -]?){{1,3}} ?{_SURNAME}|{_SURNAME} [A-Z]{{1,3}}[,.;:]|"
    rf"{_SURNAME}(?: [A-Z]\.)* {_SURNAME}(?:,| and | et al))"
)
_LOCATOR = re.compile(
    r"\d+\s*(?:\([\d–-]+\))?\s*[:,;]\s*(?:pp?\.?\s*)?[A-Za-z]?\d+(?:\s?[–-]\s?[A-Za-z]?\d+)?|doi|"
    r"arxiv|https?:|\bpp?\.\s*\d|\bIn:? (?:Proc|[A-Z])|\bPress\b|\bJournal\b|\bPh\.? ?D",
    re.I,
)
# Headings and labels of what journals print about a paper, in any order, before or after the
# references: the wordings that JAMA, Nature, PLOS, BMC, PNAS, IEEE and Elsevier prescribe.
END_MATTER = re.compile(
    r"(?:article information|additional (?:information|files?)|abbreviations|"
    r"authors?['’]? ?(?:contributions?|information|details|affiliations?|notes?)|"
    r"(?:credit|author)\b.{0,24}contributions?(?: statement)?|"
    r"(?:declarations?(?: of)? )?(?:competing|conflicts?(?: of)?|conflicting) ?(?:financial )?"
    r"interests?(?: statement| disclosures?)?|declarations?|disclosures?(?: statement)?|"
    r"funding(?:/support| information| statement)?|role of the funder.{0,12}|"
    r"(?:data|code|materials?)\b.{0,36}(?:availability|accessibility|sharing)(?: statement)?|"
    r"availability of (?:data|code|supporting).{0,24}|open (?:access|science)|"
    r"(?:electronic )?supplement(?:ary|al) (?:information|materials?|content|data)|"
    r"supporting information|publisher['’]s note|rights and permissions|reprints.{0,24}|"
    r"ethics(?: approval.{0,40}| statement| declarations?)?|consent (?:for|to) .{4,24}|"
    r"peer review.{0,24}|acknowledge?ments?(?: and .{4,24})?)"
    r"(?P<mark>\s*[.:—–]|$)",
    re.I,
)


@dataclass(slots=True)
class Closing:
    """The parts in the order of the text, and the sections that begin with them.

    ``begins`` has sections without a title and ``headings`` further headings, both by the identity
    of a part.
    """

    body: list[Paragraph]
    begins: dict[int, Heading] = field(default_factory=dict)
    headings: dict[int, Heading] = field(default_factory=dict)


def is_entry(part: Paragraph, after: Paragraph | None = None) -> bool:
    """Whether a paragraph reads as an entry of a bibliography, or begins one that ends in the part
    ``after`` it.
    """
    more = after.text if after is not None and len(after.words) <= 20 else ""
    return reads_as_entry(part.text, len(part.words), more)


def reads_as_entry(text: str, words: int, more: str = "") -> bool:
    """The same for a text of ``words`` words; ``more`` is text that may be its end."""
    numbered, named = bool(_NUMBER.match(text)), bool(_NAMED.match(text))
    if not (numbered or named) or words < 5:
        return False
    if more and not _YEAR.search(text):
        text = f"{text} {more}"
    years = len(_YEAR.findall(text))
    dense = years and years * 60 >= words
    return bool(dense) and numbered + named + bool(_LOCATOR.search(text)) >= 2


def begins_with_name(text: str) -> bool:
    """Whether a line begins with an author's name, or with a dash for the one above."""
    return bool(_NAMED.match(text)) or text[0] in "—–-_"


def find_closing(
    parts: Sequence[Paragraph], headings: dict[int, Heading], layout: Layout
) -> Closing:
    """Bibliographies and end matter among the parts of the body; ``headings`` by identity."""
    closing = Closing(_in_order(parts, headings))
    body = closing.body
    begun = 0
    for first, last in _runs(body, headings):
        _begin(closing, headings, first, begun)
        begun = last + 1
        _end(closing, headings, last + 1, body[first])
    _end_matter(closing, headings)
    return closing


# --- the bibliography -----------------------------------------------------------------------------


def _in_order(parts: Sequence[Paragraph], headings: dict[int, Heading]) -> list[Paragraph]:
    """The parts with the end of the text moved above the heading of the references, if the
    heading is across the page and the second column above it continues the text.
    """
    ordered = list(parts)
    for place, part in enumerate(parts):
        heading = headings.get(id(part))
        if heading is None or heading.role != "references":
            continue
        head = part.lines[0]
        end = place + 1
        while end < len(parts):
            line = parts[end].lines[-1]
            above = line.page == head.page and line.y1 < head.y0 and line.x0 > head.x0
            if not above or id(parts[end]) in headings or is_entry(parts[end]):
                break
            end += 1
        ordered[place:end] = [*parts[place + 1 : end], part]
    return ordered


def _runs(body: Sequence[Paragraph], headings: dict[int, Heading]) -> list[tuple[int, int]]:
    """First and last place of each run of entries."""
    runs: list[tuple[int, int]] = []
    entries: list[int] = []

    def close() -> None:
        long = sum(len(body[n].words) for n in entries) / max(len(entries), 1) < 70
        if len(entries) >= LEAST_ENTRIES and long:
            runs.append((entries[0], entries[-1]))
        entries.clear()

    for place, part in enumerate(body):
        if id(part) in headings:
            close()
        elif part.kind in ("paragraph", "table", "footnote") and is_entry(part, _next(body, place)):
            if entries and place - entries[-1] > _BETWEEN:
                close()
            entries.append(place)
        elif entries and _is_other(part, body[entries[0]]):
            close()
    close()
    return runs


def _next(body: Sequence[Paragraph], place: int) -> Paragraph | None:
    return body[place + 1] if place + 1 < len(body) else None


def _is_other(part: Paragraph, entry: Paragraph) -> bool:
    """Whether it belongs to no bibliography that is set like this entry."""
    own, other = setting_of(part), setting_of(entry)
    # The second half of an entry may be the name of a journal, in italics.
    family = own.family != other.family and not (own.italic or other.italic)
    apart = family or abs(own.size - other.size) > 0.6
    if _begins_end_matter(part):
        return apart
    if part.kind != "paragraph" or len(part.words) <= 15 or _cites(part):
        return False
    return len(part.words) > 60 or apart


def _cites(part: Paragraph) -> bool:
    return bool(_YEAR.search(part.text) and _LOCATOR.search(part.text))


def _begin(closing: Closing, headings: dict[int, Heading], first: int, least: int) -> None:
    """Begin a section with the entry at ``first``, unless one has begun since ``least``, where the
    bibliography before it ended.
    """
    body = closing.body
    for place in range(first, least - 1, -1):
        part = body[place]
        known = headings.get(id(part)) or closing.begins.get(id(part))
        if known is not None and known.role == "references":
            return
        title = len(part.words) <= 5 and len(part.lines) == 1 and first - place <= _BETWEEN
        if place < first and title and title_role(part.text) == "references":
            closing.headings[id(part)] = Heading(part.text, (), 1, "references")
            return
        if known is not None:
            break
    else:
        if least:
            return
    closing.begins[id(body[first])] = Heading("", (), 1, "references")


def _end(closing: Closing, headings: dict[int, Heading], place: int, entry: Paragraph) -> None:
    """Begin another section with the first text after the entries."""
    for number, part in enumerate(closing.body[place:], place):
        if id(part) in headings or is_entry(part):
            return
        told = _begins_end_matter(part)
        other = _is_other(part, entry)
        if (other and told) or ((other or told) and not _continues(closing, headings, number)):
            closing.begins[id(part)] = Heading("", (), 1, _role(part))
            return


def _continues(closing: Closing, headings: dict[int, Heading], place: int) -> bool:
    """Whether more entries come before the next heading."""
    for part in closing.body[place + 1 :]:
        if id(part) in headings:
            return False
        if is_entry(part):
            return True
    return False


def _begins_end_matter(part: Paragraph) -> bool:
    address = part.text.lower().startswith(("http", "doi"))  # of the entry above
    return bool(END_MATTER.match(part.text)) or (is_separator(part) and not address)


# --- the end matter -------------------------------------------------------------------------------


def _end_matter(closing: Closing, headings: dict[int, Heading]) -> None:
    """Begin a section at labels of end matter ("Data accessibility. ..."), in the second half of
    the text.
    """
    inside = False
    body = closing.body
    total = sum(len(part.words) for part in body)
    passed = 0
    for part in body:
        passed += len(part.words)
        known = (
            headings.get(id(part)) or closing.headings.get(id(part)) or closing.begins.get(id(part))
        )
        if known is not None:
            inside = known.role in ("references", "acknowledgements", "appendix") or bool(
                END_MATTER.match(known.title)
            )
        elif not inside and passed > total / 2 and part.kind == "paragraph":
            label = END_MATTER.match(part.text)
            if label and label["mark"].strip() and len(part.words) > 3:
                closing.begins[id(part)] = Heading("", (), 1, _role(part))
                inside = True


def _role(part: Paragraph) -> Role:
    label = END_MATTER.match(part.text)
    told = title_role(label.group()) if label else "other"
    return "acknowledgements" if told == "acknowledgements" else "other"
