"""Names and affiliations from LaTeXML's ``ltx_authors``.

LaTeXML marks the content of ``\\author`` as a "person's name", and authors write anything in it:
one name, all names with superscript numbers, or names, institutes and addresses on separate lines.
So an affiliation in the markup is trusted, and the lines of a name are parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from index.read.front.names import is_collective, is_name
from index.read.markup.mathml import is_mark, linear
from index.read.markup.tree import Walk, classes, is_ornament, local_name, text_of

if TYPE_CHECKING:
    from index.read.markup.tree import Element

Kind = Literal["names", "place", "other"]

_MARK = "\x1f"  # where a raised number or sign stood
_KINDS: dict[str, Kind] = {
    "ltx_personname": "names",
    "ltx_role_affiliation": "place",
    "ltx_role_altaffiliation": "place",
    "ltx_role_address": "place",
    "ltx_role_institute": "place",
    "ltx_role_institutetext": "place",
    "ltx_role_affiliationtext": "place",
    "ltx_author_notes": "other",
    "ltx_contact": "other",
    "ltx_note": "other",
}
_LEFT_OUT = frozenset({
    "ltx_ERROR", "ltx_contact_name", "ltx_contact_label", "ltx_note_mark", "ltx_note_type",
    "ltx_tag_note", "ltx_role_orcid", "ltx_author_before",
})  # fmt: skip
_FURNITURE = frozenset({"script", "style", "svg", "img", "button", "template"})
_BREAKS = frozenset({"br", "p", "div", "td", "th", "tr", "li", "table"})
_BREAKING = frozenset({"ltx_td", "ltx_tr", "ltx_p", "ltx_inline-block"})
_WIDE_GAP = re.compile(
    r"[\u2001-\u2003\u3000]+|[\u00a0\u2000-\u200a ]*\u00a0[\u00a0\u2000-\u200a ]+"
)
_AND = re.compile(r"\s*(?:,|;|·|•|\x1f|\b(?:and|AND|und|et)\b)\s*")
_CONTACT = re.compile(r"@|https?://|www\.|\be-?mail\b|\bdoi:|orcid|\d{4}-\d{4}-\d{4}", re.I)
_ADDRESS = re.compile(r"\{[^}]*\}\s*@\S+|\S+@\S+|https?://\S+|(?:\d{4}-){3}\d{3}[\dX]")
_TITLES = re.compile(
    r",?\s*\b(?:(?:(?:Graduate |Student |Senior |Life )*(?:Member|Fellow),?\s*"
    r"(?:IEEE|ACM|SIAM|AAAI)\b)|Ph\.?\s?D\.?|M\.?D\.)"
)
_NUMBERS = re.compile(r"(?<=[^\W\d_])\d[\d,∗*†‡]*(?=\s|,|;|$)")  # "Feld1": a number set flat
_SIGNS = re.compile(r"[∗*†‡§¶⋆✉♠♣♢♡]+")
_EDGES = " ,;:.()[]{}\n\t\u00a0&"


@dataclass(frozen=True, slots=True)
class BylineLine:
    """A line of the byline: names, an affiliation, or neither (an address, a note)."""

    kind: Kind
    text: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Raw:
    kind: Kind
    group: int
    text: str


def read_byline(authors: Element) -> list[BylineLine]:
    """The lines in order, each name and each place once."""
    raw = _raw_lines(authors)
    alone = len({line.group for line in raw if line.kind == "names"}) == 1
    done: list[BylineLine] = []
    for _, lines in groupby(raw, key=lambda line: line.group):
        group = list(lines)
        done += _named_lines([line.text for line in group if line.kind == "names"], alone)
        for line in group:
            if line.kind != "names":
                done += _places(line.text) if line.kind == "place" else _other(line.text)
    return _once(done)


def _raw_lines(authors: Element) -> list[_Raw]:
    """The lines as they are broken, marks in the place of raised numbers; a group an author."""
    lines: list[_Raw] = []
    open_lines: list[tuple[Kind, list[str]]] = [("names", [])]  # a note opens one inside another
    group = 0

    def end_line() -> None:
        kind, parts = open_lines[-1]
        if any(part.strip(_EDGES + _MARK) for part in parts):
            lines.append(_Raw(kind, group, "".join(parts)))
        parts.clear()

    walk = Walk(authors)
    for event, element in walk:
        tag, named = local_name(element), classes(element)
        marks = "ltx_role_footnotemark" in named or _is_raised(tag, named, element)
        kind = None if marks else next((_KINDS[name] for name in _KINDS if name in named), None)
        breaks = tag in _BREAKS or bool(named & _BREAKING)
        if event == "start":
            if breaks or "ltx_creator" in named:
                end_line()
            group += "ltx_creator" in named
            if kind is not None:
                open_lines.append((kind, []))
            if is_ornament(element) or tag in _FURNITURE or named & _LEFT_OUT or not tag:
                walk.skip()
            elif marks:
                open_lines[-1][1].append(_MARK)
                walk.skip()
            elif tag == "math":
                open_lines[-1][1].append(_MARK if is_mark(element) else linear(element))
                walk.skip()
            else:
                open_lines[-1][1].append(element.text or "")
            continue
        if any(name.startswith("ltx_affiliation_") for name in named):
            open_lines[-1][1].append(", ")
        if kind is not None:
            end_line()
            open_lines.pop()
            open_lines[-1][1].append(_MARK)
        if breaks:
            end_line()
        if element is not authors:
            open_lines[-1][1].append(element.tail or "")
    end_line()
    return lines


def _is_raised(tag: str, named: frozenset[str], element: Element) -> bool:
    """Whether this is a mark of reference, unlike the "th" of "4th"."""
    if tag != "sup" and "ltx_sup" not in named:
        return False
    said = text_of(element)
    return not (said.isalpha() and len(said) > 1)


def _named_lines(texts: list[str], alone: bool) -> list[BylineLine]:
    """Lines of ``ltx_personname``: names come first, and after an ``&``; then their places.

    ``alone``: one element holds all authors, so a second line may be a second name.
    """
    done: list[BylineLine] = []
    may_be_names = True
    for text in texts:
        for number, part in _parts(text):
            may_be_names = may_be_names or number > 0
            line = _NUMBERS.sub(_MARK, _WIDE_GAP.sub(";", _SIGNS.sub(_MARK, part)))
            if not line.strip(_EDGES + _MARK):
                continue
            if _CONTACT.search(part) or line.strip(_EDGES).endswith("}"):
                line = _ADDRESS.sub(_MARK, line)
                if not (may_be_names and _names(line)[0]):
                    done += _other(part)
                    may_be_names = False
                    continue
            if line.lstrip(_EDGES).startswith(_MARK):
                done += _places(line)
                may_be_names = False
                continue
            names, rest = _names(line)
            many = len(names) > 1 or _MARK in line
            first = may_be_names and not any(one.kind == "names" for one in done)
            fit = first or (len(names) > len(rest) and (many or (may_be_names and alone)))
            if names and (fit or (may_be_names and number > 0)):
                done.append(BylineLine("names", ", ".join(names), tuple(names)))
                left = ", ".join(rest)
                done += _places(left) if len(left.split()) > 1 else []
            elif first and _may_be_name(line):
                only = _plain(line)
                done.append(BylineLine("names", only, (only,)))
            else:
                done += _places(line)
                may_be_names = False
    return done


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """A line cut at each ``&``, which sets authors apart, and at the ends of a source's lines where
    an address of its own follows a name.
    """
    for number, part in enumerate(text.split("&")):
        yield from ((number, one) for one in (part.split("\n") if "@" in part else [part]))


def _names(line: str) -> tuple[list[str], list[str]]:
    """The names in a line, and what else it has."""
    names: list[str] = []
    rest: list[str] = []
    for piece in _AND.split(_TITLES.sub(",", line)):
        whole = _plain(piece)
        broken = [whole]
        if not _is_name(whole) and "\n" in piece.strip():
            broken = [_plain(one) for one in piece.split("\n")]
        for one in broken:
            if _is_name(one):
                names.append(one)
            elif one:
                rest.append(one)
    return names, rest


def _is_name(text: str) -> bool:
    return is_name(text) or is_collective(text)


def _may_be_name(line: str) -> bool:
    """Whether what is marked as a name can be one although it does not look like it: "王伟"."""
    said = _plain(line)
    return (
        0 < len(said.split()) <= 4
        and not re.search(r"[\d@:/]|\banonymous\b", said, re.I)
        and sum(character.isalpha() for character in said) >= 2
    )


def _places(text: str) -> list[BylineLine]:
    """Affiliations, each from its mark to the next one."""
    if _CONTACT.search(text):
        return _other(text)
    found = [_plain(part) for part in text.split(_MARK)]
    return [BylineLine("place", one) for one in found if sum(c.isalpha() for c in one) > 1]


def _other(text: str) -> list[BylineLine]:
    said = " ".join(text.replace(_MARK, " ").split())
    return [BylineLine("other", said)] if any(c.isalpha() for c in said) else []


def _plain(text: str) -> str:
    said = " ".join(text.replace(_MARK, " ").split())
    said = re.sub(r"\s*,(?:\s*,)+", ",", said)
    return said.strip(_EDGES) + (
        "." if re.search(r"\b(?:Jr|Sr|Inc|Ltd|Corp)\.[\s,]*$", said) else ""
    )


def _once(lines: list[BylineLine]) -> list[BylineLine]:
    done: list[BylineLine] = []
    seen: set[str] = set()
    for line in lines:
        if line.kind == "names":
            names = tuple(dict.fromkeys(name for name in line.names if name not in seen))
            seen.update(names)
            if names:
                done.append(BylineLine("names", ", ".join(names), names))
        elif line.text not in seen:
            seen.add(line.text)
            done.append(line)
    return done
