"""Finds the role of a section by its title, in several languages, from the wordings in
``roles.yaml``.

A title is clear if it is only a role's name ("Results and discussion", "5 Related work"), telling
if the role's word is its head ("Human evaluation", "Comparison of encoders"), and a hint if the
word only occurs in it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args

import yaml  # type: ignore[import-untyped]

from index.paper import Role

_TABLE = Path(__file__).with_name("roles.yaml")
_Kind = Literal["titles", "names", "words"]


class Strength(IntEnum):
    """How certain the role of a title is."""

    SILENT = 0
    HINT = 1  # a word of the role occurs somewhere in it
    TELLING = 2  # its head is such a word, or it has only such words
    CLEAR = 3  # it is the role's name


@dataclass(frozen=True, slots=True)
class TitleRole:
    """The role of a title, and how certain it is; ``other`` and ``SILENT`` if it has none."""

    role: Role
    strength: Strength


_SILENT = TitleRole("other", Strength.SILENT)
# Where the first noun phrase of a title ends: its head is before that (or first, in French).
_PHRASE_END = re.compile(
    r"\s*[:;–—]\s|\s(?:of|for|with|in|on|at|to|from|by|between|under|using|de|des|du|d'|von|fur|"
    r"mit|del|para|con)\s"
)
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MOST_WORDS = 4  # of a phrase whose first or last word can stand for all of it
_MARKS = " .,:;–—-•|【】[]()<>《》「」"


def fold(text: str) -> str:
    """A title for comparing: lower case, without accents and full-width forms, single spaces."""
    plain = _unaccented(text.replace("’", "'").replace("ß", "ss"))
    return " ".join(plain.casefold().split()).strip(_MARKS)


def _unaccented(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize(
        "NFKC", "".join(one for one in apart if not "\u0300" <= one <= "\u036f")
    )


@dataclass(frozen=True, slots=True)
class _Table:
    roles: tuple[Role, ...]  # the first of several counts
    wordings: dict[tuple[Role, _Kind], re.Pattern[str]]  # of scripts that set words apart
    unspaced: dict[tuple[Role, _Kind], re.Pattern[str]]  # of the others
    filler: re.Pattern[str]
    closing: re.Pattern[str]
    own: re.Pattern[str]
    labels: dict[Role, re.Pattern[str]]
    known: re.Pattern[str]


@cache
def _table() -> _Table:
    data: dict[str, Any] = yaml.safe_load(_TABLE.read_text("utf-8"))
    wordings: dict[tuple[Role, _Kind], re.Pattern[str]] = {}
    unspaced: dict[tuple[Role, _Kind], re.Pattern[str]] = {}
    titles: list[str] = []
    for role, kinds in data["roles"].items():
        if role not in get_args(Role):
            raise ValueError(f"{_TABLE.name}: {role} is not a role")
        for kind, languages in kinds.items():
            listed = [one for of_language in languages.values() for one in _entries(of_language)]
            titles += listed if kind == "titles" else []
            apart = [one for one in listed if not _UNSPACED.search(one)]
            if apart:
                wordings[role, kind] = re.compile(rf"(?<!\w)(?:{'|'.join(apart)})(?!\w)")
            if len(apart) < len(listed):
                rest = [one for one in listed if _UNSPACED.search(one)]
                unspaced[role, kind] = re.compile("|".join(rest))
    return _Table(
        roles=tuple(data["roles"]),
        wordings=wordings,
        unspaced=unspaced,
        filler=_within(_entries(data["fillers"])),
        closing=_whole(_entries(data["closing"])),
        own=_within(_entries(data["own"])),
        labels={role: _whole(_entries(listed)) for role, listed in data["labels"].items()},
        known=_whole(titles),
    )


def _entries(listed: str) -> list[str]:
    return [_unaccented(one.strip()) for one in listed.split(" | ")]


def _within(wordings: list[str]) -> re.Pattern[str]:
    """Wordings that stand for whole words, where their script sets words apart."""
    unspaced = [one for one in wordings if _UNSPACED.search(one)]
    spaced = [one for one in wordings if not _UNSPACED.search(one)]
    whole = rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)" if spaced else ""
    return re.compile("|".join(filter(None, [whole, *unspaced])))


def _whole(wordings: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one})" for one in wordings))


@lru_cache(maxsize=4096)
def is_known_title(text: str) -> bool:
    """Whether a line without a number says just what sections are called: "Related work:"."""
    return bool(_table().known.fullmatch(fold(text)))


def is_closing(title: str) -> bool:
    """Whether a title names a summary, which closes a paper where it does not open it."""
    return bool(_table().closing.fullmatch(fold(title)))


def abstract_label(text: str) -> Role | None:
    """The role of the part under a label in a structured abstract; None if it is no such label.

    ``text`` is the label alone, in any case and with or without its colon: "IMPORTANCE",
    "Main outcomes and measures:", "【目的】".
    """
    said = fold(text)
    return next((r for r, wording in _table().labels.items() if wording.fullmatch(said)), None)


@lru_cache(maxsize=4096)
def match_title(title: str) -> TitleRole:
    """The role of a title, which is given without its number."""
    table = _table()
    said = fold(title)
    if not said:
        return _SILENT
    others = _of_others(said, table)
    if others:
        return others
    parts = re.split(r"\s*(?::|\s[–—-])\s", said, maxsplit=1)
    for part in dict.fromkeys((said, parts[0])):
        found = _complete(part, table)
        if found.strength:
            return found
    return _partly(said, table)


def _of_others(said: str, table: _Table) -> TitleRole | None:
    """Background, for "Limitations of existing models": they are not the paper's own."""
    match = re.match(r"limit(?:ation|e)s? (?:of|in|de|des|du) (?P<whose>.+)", said)
    if match is None or table.own.match(match["whose"]):
        return None
    return TitleRole("background", Strength.TELLING)


def _complete(said: str, table: _Table) -> TitleRole:
    """The role of a title that has no other words than those of roles."""
    wordings = _wordings(said, table)
    named = [r for (r, kind), one in wordings if kind != "words" and one.fullmatch(said)]
    if named:
        return TitleRole(min(named, key=table.roles.index), Strength.CLEAR)
    spans = _matches(said, table)
    rest = said
    for _, start, end, _ in spans:
        rest = rest[:start] + " " * (end - start) + rest[end:]
    left = table.filler.sub(" ", rest)
    if not spans or re.search(r"[^\W\d_]", re.sub(r"(?<!\w)[ivx]+(?!\w)", " ", left)):
        return _SILENT
    listed = len({one[0] for one in spans}) == 1 or any(
        rest[before[2] : after[1]].strip() for before, after in pairwise(spans)
    )
    # "Results and discussion" are both; an "analysis method" is a method.
    heads = [one for one in spans if one[3] != "names"] or spans
    role, _, _, kind = (
        min(spans, key=lambda one: table.roles.index(one[0])) if listed else heads[-1]
    )
    clear = listed and kind != "words"
    return TitleRole(role, Strength.CLEAR if clear else Strength.TELLING)


def _partly(said: str, table: _Table) -> TitleRole:
    spans = [one for one in _matches(said, table) if one[0] not in _WHOLE_ONLY]
    if not spans:
        return _SILENT
    end = _PHRASE_END.search(f"{said} ")
    phrase = said[: end.start()] if end else said
    short = len(phrase.split()) <= _MOST_WORDS
    heads = [one for one in spans if short and (one[1] == 0 or one[2] == len(phrase))]
    role = min(heads or spans, key=lambda one: table.roles.index(one[0]))[0]
    return TitleRole(role, Strength.TELLING if heads else Strength.HINT)


# Only a title that says nothing else has these roles: "Literature search", "Summary of notation".
_WHOLE_ONLY: frozenset[Role] = frozenset(
    {"abstract", "references", "acknowledgements", "appendix", "other"}
)


def _wordings(said: str, table: _Table) -> list[tuple[tuple[Role, _Kind], re.Pattern[str]]]:
    """The wordings that a title can have by its script."""
    both = bool(_UNSPACED.search(said))
    return [*table.wordings.items(), *(table.unspaced.items() if both else ())]


def _matches(said: str, table: _Table) -> list[tuple[Role, int, int, _Kind]]:
    """Role, place and kind of each wording in a title, those inside a longer one left out."""
    found = [
        (role, match.start(), match.end(), kind)
        for (role, kind), wording in _wordings(said, table)
        for match in wording.finditer(said)
    ]
    return sorted(
        (
            one
            for one in found
            if not any(
                other[1] <= one[1] and one[2] <= other[2] and other[2] - other[1] > one[2] - one[1]
                for other in found
            )
        ),
        key=lambda one: one[1:3],
    )
