"""Under which id a paper goes in, and instead of which edition; or why it does not."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.catalog import Edition, Editions, Origin
from index.sources import key_of

_SAME_TITLE = 0.6  # of difflib's ratio: a title that was reworded, and not another one


@dataclass(frozen=True, slots=True)
class Destination:
    """The id of a new edition and the edition that it replaces, or the reason against adding it."""

    paper_id: str
    key: str
    former: Edition | None = None
    refusal: str = ""


def destination(
    editions: Editions,
    paper_id: str,
    version: int | None,
    origin: Origin,
    titles: Sequence[str] = (),
    recorded: bool = False,
) -> Destination:
    """Whether a paper is new, a newer version, a changed file, or another of the same name.

    Without ``titles`` nothing is known but the name. With them, a paper that only claims the
    arXiv id of another is another paper; two that arXiv gave (``recorded``) are versions of
    one, whatever it is called by now.
    """
    key = key_of(paper_id)
    if key.arxiv:
        free, number = key.paper, 1
        while current := editions.find("paper_key", free, "current"):
            there = current[0]
            if (
                not titles
                or there.original == origin.original
                or there.sha256 == origin.sha256
                or any(_alike(there.title, title) for title in titles)
                or (recorded and there.recorded)
            ):
                refusal = _refusal(there, version or key.version)
                return Destination(paper_id if number == 1 else free, free, there, refusal)
            number += 1
            free = f"{key.paper}-{number}"
        return Destination(paper_id if number == 1 else free, free)
    same_name = re.compile(rf"{re.escape(paper_id)}(-\d+)?")
    for edition in editions.find("original", origin.original, "current", "failed"):
        if same_name.fullmatch(edition.paper_id):
            former = edition if edition.state == "current" else None
            return Destination(edition.paper_id, edition.paper_id, former)
    free, number = paper_id, 1
    while editions.find("paper_key", free, "current", "failed"):
        number += 1
        free = f"{paper_id}-{number}"
    return Destination(free, free)


def _alike(title: str, other: str) -> bool:
    """Whether two titles may be those of two versions of one paper, by their letters."""
    first, second = (
        "".join(letter for letter in text.casefold() if letter.isalpha()) for text in (title, other)
    )
    return difflib.SequenceMatcher(None, first, second, autojunk=False).ratio() >= _SAME_TITLE


def _refusal(former: Edition, version: int | None) -> str:
    """Why a file does not replace the current edition; empty if it does.

    A file without a known version does not replace one with a known version.
    """
    if former.version is None or (version is not None and version >= former.version):
        return ""
    this = "a file of unknown version" if version is None else f"version {version}"
    return f"kept version {former.version}: {this} does not replace it"
