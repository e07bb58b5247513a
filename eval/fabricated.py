"""Finds fabricated facts of a digest: authors, affiliations, links, numbers not in the paper.

Title and authors may be those of arXiv's record. Letters are compared without accents, spacing and
punctuation. A number is in the paper if its digits are, whatever they count there (the checker
decides that), or if its value is: "three" for 3, 50% for a half.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from app.check.quantities import Quantity, quantities
from app.digest import Digest
from eval.boxes import letters
from index.paper import Paper

Kind = Literal["title", "author", "affiliation", "link", "number"]

LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>\"'，。；（）()\[\]]+"
    r"|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|io|edu|net|ai)/[^\s<>\"'，。；（）()\[\]]*",
    re.I | re.A,
)
_DIGITS = re.compile(r"[0-9]+(?:[.,][0-9]+)*")


@dataclass(frozen=True, slots=True)
class Fabrication:
    """Something that a digest says and the paper does not."""

    paper_id: str
    section: str  # the digest's, or "header"
    kind: Kind
    said: str
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Fields:
    """The number of facts that were looked up, and those that were not found."""

    looked_up: int
    fabricated: tuple[Fabrication, ...]


class SourceText:
    """A text as it is asked whether it says something."""

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def of(cls, paper: Paper) -> SourceText:
        """The paper's text, and arXiv's record of it where there is one."""
        record = paper.record
        told = (
            ()
            if record is None
            else (
                record.title, *record.authors, record.abstract, record.comment, record.doi,
                record.journal, *record.categories,
            )
        )  # fmt: skip
        return cls("\n".join((paper.text, *told)))

    @cached_property
    def _letters(self) -> str:
        return letters(self.text)

    @cached_property
    def _numbers(self) -> frozenset[str]:
        found = set()
        for match in _DIGITS.finditer(_plain(self.text)):
            found.add(_same(match.group()))
            found.update(_same(part) for part in match.group().split(","))
        return frozenset(found)

    @cached_property
    def _quantities(self) -> tuple[Quantity, ...]:
        return quantities(self.text, every_reading=True)

    def has(self, said: str) -> bool:
        """Whether the letters and digits of ``said`` are in it in a row."""
        return letters(said) in self._letters

    def foreign_numbers(self, said: str) -> list[str]:
        """The numbers of ``said`` that it does not have, as they are written there."""
        return list(dict.fromkeys(self._foreign(said)))

    def _foreign(self, said: str) -> Iterator[str]:
        stated = quantities(said)
        for match in _DIGITS.finditer(_plain(said)):
            number = match.group()
            if _same(number) in self._numbers:
                continue
            if "," in number and all(_same(one) in self._numbers for one in number.split(",")):
                continue
            if not any(number in one.text and self._has_value(one) for one in stated):
                yield number
        for one in stated:
            spelled = abs(one.value) != 1 and not any(map(str.isdigit, one.text))
            if spelled and not self.has(one.text) and not self._has_value(one):
                yield one.text

    def _has_value(self, number: Quantity) -> bool:
        return any(
            number.value == there.value or number.is_value_of(there) for there in self._quantities
        )


def numbers_in(said: str) -> int:
    """The number of numerals in a text."""
    return sum(1 for _ in _DIGITS.finditer(_plain(said)))


def links_in(said: str) -> list[str]:
    """The addresses in a text."""
    return [match.group().rstrip(".,;:!?/") for match in LINK.finditer(said)]


def fabrications(digest: Digest, paper: Paper) -> Fields:
    """Whatever of the digest's header and sentences is neither in the paper nor in its record."""
    source = SourceText.of(paper)
    found: list[Fabrication] = []
    looked_up = 0

    def look_up(section: str, kind: Kind, said: str, there: bool, sentence: str = "") -> None:
        nonlocal looked_up
        looked_up += 1
        if not there:
            found.append(Fabrication(paper.id, section, kind, said, sentence))

    header = digest.paper
    look_up("header", "title", header.title, source.has(header.title))
    for author in header.authors:
        look_up("header", "author", author, source.has(author))
    if header.url is not None:
        told = f"https://arxiv.org/abs/{paper.id}" + (f"v{paper.version}" if paper.version else "")
        look_up("header", "link", header.url, header.url == told)
    for section in digest.sections:
        for claim in section.items:
            if section.name == "affiliation":
                said = claim.english or claim.text
                look_up(section.name, "affiliation", said, source.has(said), claim.text)
            linked = links_in(claim.text)
            for link in linked:
                look_up(section.name, "link", link, source.has(link), claim.text)
            said = claim.text
            for link in linked:
                said = said.replace(link, " ")
            foreign = source.foreign_numbers(said)
            looked_up += numbers_in(said) - sum(any(map(str.isdigit, one)) for one in foreign)
            for number in foreign:
                look_up(section.name, "number", number, False, claim.text)
    return Fields(looked_up, tuple(found))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _same(number: str) -> str:
    """A number in one spelling: without commas and without noughts that say nothing."""
    whole, _, part = number.replace(",", "").partition(".")
    part = part.rstrip("0")
    return f"{whole.lstrip('0') or '0'}{'.' if part else ''}{part}"
