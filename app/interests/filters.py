"""Papers by words that they say and by who wrote them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from app.show.text import plain

_ASCII = {number: " " for number in range(128) if not chr(number).isalnum()}


@dataclass(frozen=True, slots=True)
class PaperFilter:
    """Lets a paper pass that has one of the keywords or one of the authors; all, without any.

    A keyword is a phrase in the title or the abstract, from the beginning of a word on:
    "segment" finds "segmentation". An author is some words of a name, in any order: "Li, Bo". Case
    and accents do not count.
    """

    keywords: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.keywords or self.authors)

    def passes(self, title: str, abstract: str, authors: Sequence[str]) -> bool:
        """Whether a paper passes."""
        if not self:
            return True
        said = f" {folded(title)} | {folded(abstract)}"
        if any(_beginning(folded(one)) in said for one in self.keywords):
            return True
        names = [set(folded(name).split()) for name in authors]
        return any(set(folded(one).split()) <= name for one in self.authors for name in names)


def _beginning(keyword: str) -> str:
    """A keyword after a blank, but in a script that writes none between words."""
    return keyword if keyword[:1] >= "\u2e80" else f" {keyword}"


def folded(text: str) -> str:
    """``text`` as words in small letters without accents, a blank between two."""
    if text.isascii():  # twenty times as fast, and most are
        return " ".join(text.casefold().translate(_ASCII).split())
    parts = unicodedata.normalize("NFKD", plain(text)).casefold()
    return " ".join(
        "".join(
            one if one.isalnum() else " " for one in parts if not unicodedata.combining(one)
        ).split()
    )
