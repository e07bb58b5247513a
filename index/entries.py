"""Entries of a bibliography: what a reference manager or a record says of a work."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Bibliography = Literal["bibtex", "ris", "csl"]  # what is written of entries

# Words before a family name that belong to it: "Laurens van der Maaten".
_PARTICLES = re.compile(
    "af|al|bin|da|das|de|del|della|den|der|di|do|dos|du|el|la|le|ten|ter|van|vom|von|zu|zum|zur"
)
_GROUP = re.compile(
    r"\b(?:and|consortium|collaboration|group|team|institute|university|project|committee|"
    r"organization|association|community|inc|ltd|lab|labs|research|foundation)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Name:
    """An author's name; of a group, and of a name that is not taken apart, ``family`` alone."""

    family: str
    given: str = ""

    def __str__(self) -> str:
        return f"{self.given} {self.family}".strip()


@dataclass(frozen=True, slots=True)
class Entry:
    """A work of a bibliography. What is not known is empty.

    ``kind`` is a type of CSL: https://docs.citationstyles.org/en/stable/specification.html
    """

    title: str
    kind: str = "article"
    authors: tuple[Name, ...] = ()
    date: str = ""  # ISO, as exact as is known: "2017-06"
    container: str = ""  # the journal, the proceedings, the book
    volume: str = ""
    issue: str = ""
    pages: str = ""
    publisher: str = ""
    doi: str = ""
    arxiv: str = ""  # an arXiv id, with a version where one is meant
    url: str = ""
    abstract: str = ""
    key: str = ""  # that it is cited by
    tags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()  # as the export names them

    @property
    def year(self) -> str:
        """Of the date; empty where there is none."""
        return self.date[:4]

    @property
    def identity(self) -> str:
        """What tells a work from another, the same in each export of it."""
        if self.doi:
            return f"doi:{self.doi.casefold()}"
        if self.arxiv:
            return f"arxiv:{re.sub(r'v[0-9]+$', '', self.arxiv.casefold())}"
        letters = "".join(one for one in self.title.casefold() if one.isalnum())
        first = self.authors[0].family.casefold() if self.authors else ""
        whole = json.dumps([letters, first, self.year])
        return f"work:{hashlib.sha256(whole.encode()).hexdigest()[:16]}"

    def to_json(self) -> str:
        """As JSON, for ``from_json``."""
        return json.dumps(asdict(self))


def entry_from_json(text: str) -> Entry:
    """The entry that was written. Raises ``ValueError``, ``TypeError`` or ``KeyError`` for anything
    else, as a damaged row has it."""
    try:
        said: dict[str, Any] = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    lists = {name: tuple(map(_text, said[name])) for name in ("tags", "notes", "files")}
    names = tuple(Name(**{key: _text(one[key]) for key in one}) for one in said["authors"])
    texts = {key: _text(said[key]) for key in said if key not in (*lists, "authors")}
    fields: dict[str, Any] = {**texts, **lists, "authors": names}
    return Entry(**fields)


def _text(value: object) -> str:
    """The value, if it is text without half characters."""
    if not isinstance(value, str):
        raise TypeError("no text")
    value.encode()
    return value


def name_of(text: str) -> Name:
    """A name as a title page has it: "Ada Byron", "Byron, Ada", "van der Maaten, L.", "王伟"."""
    text = " ".join(text.split())
    family, comma, given = text.partition(", ")
    if comma:
        return Name(family, given)
    words = text.split(" ")
    if len(words) == 1 or _GROUP.search(text) or words[-1].islower():
        return Name(text)
    at = len(words) - 1
    while at > 1 and _PARTICLES.fullmatch(words[at - 1]):
        at -= 1
    return Name(" ".join(words[at:]), " ".join(words[:at]))


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry that was imported; ``paper_key`` is the id, without a version, of its paper.

    Where none came of it, ``paper_key`` is empty and ``reason`` says why.
    """

    number: int
    entry: Entry
    paper_key: str
    reason: str
    source: str  # the file or address that it came from


@dataclass(frozen=True, slots=True)
class Imported:
    """The entries of one export, and the folder that the files they name may lie in."""

    entries: tuple[Entry, ...]
    folder: Path | None  # None: no file may be taken
