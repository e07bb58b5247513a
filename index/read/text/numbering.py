"""Checks the numbers of headings: which number can follow, and on which level.

A number must follow the one before it in the paper's own scheme ("3", "3.2"; "II", "B", "1)";
"A.1"), so that a numbered list is not an outline.
"""

from __future__ import annotations

import re

from index.read.text.headings import Heading, ordinal

DIGITS, ROMAN, LETTER = "digits", "roman", "letter"


def kinds_of(part: str) -> tuple[str, ...]:
    """The kinds that a part of a number may have: "I" is a roman number or a letter."""
    if part.isdigit():
        return (DIGITS,)
    if re.fullmatch(r"[IVX]+", part):
        return (ROMAN, LETTER) if len(part) == 1 else (ROMAN,)
    return (LETTER,)


class Numbering:
    """The state of a paper's numbering: the number on each level, from the top."""

    def __init__(self) -> None:
        # Each level's number as printed, its kind, and whether it was printed with its parents'.
        self._path: list[tuple[str, str, bool]] = []

    def take(self, heading: Heading, level: int, kind: str) -> None:
        """Go on to this heading, which ``after`` has allowed."""
        number = heading.number
        if len(number) > 1:
            kinds = [kinds_of(part)[0] for part in number]
            self._path = [(p, k, True) for p, k in zip(number, kinds, strict=True)]
        else:
            self._path = [*self._path[: level - 1], (number[0], kind, False)]

    def after(self, heading: Heading, spaced: bool, as_top: bool) -> tuple[int, str] | None:
        """The level of a heading and the kind of its number; None if it cannot come next.

        ``spaced``: its number is clear of its title. ``as_top``: it is set like a section of
        the first level.
        """
        number = heading.number
        path = self._path
        if not path:
            begins = len(number) == 1 and number[0] in ("0", "1", "2", "I")
            return (1, kinds_of(number[0])[0]) if begins else None
        if len(number) > 1:
            return self._dotted(number)
        here = ordinal(number[0])
        for kind in kinds_of(number[0]):
            here = ordinal(number[0], roman=kind == ROMAN)
            for level in range(len(path), 0, -1):
                last, last_kind, dotted = path[level - 1]
                if dotted and level > 1:
                    continue
                before = ordinal(last, roman=last_kind == ROMAN)
                if last_kind == kind and 1 <= here - before <= 2:
                    return level, kind
        top = path[0][1]
        kind = kinds_of(number[0])[-1]
        if number[0] == "A" and top != LETTER and spaced:
            # In a paper of roman sections "A" is the first part of a section, unless it says or
            # shows that it is an appendix.
            inside = top == ROMAN and not (heading.says_appendix or as_top)
            return (2 if inside else 1), LETTER
        if number[0] == "1" and len(path) >= 1 and (top != DIGITS or not path[0][2]):
            if top == DIGITS or path[-1][1] == DIGITS:
                return None
            return len(path) + 1, DIGITS
        return None

    def _dotted(self, number: tuple[str, ...]) -> tuple[int, str] | None:
        path = [part for part, _, _ in self._path]
        level = len(number)
        kind = kinds_of(number[-1])[0]
        here = ordinal(number[-1])
        if tuple(path[: level - 1]) == number[:-1]:
            before = ordinal(path[level - 1]) if len(path) >= level else 0
            return (level, kind) if (0 if len(path) < level else 1) <= here - before <= 2 else None
        if kinds_of(number[0])[0] == self._path[0][1]:
            gap = ordinal(number[0]) - ordinal(path[0])
            return (level, kind) if gap in (0, 1) and here <= 2 else None
        # "A.1" where the heading of appendix A is a line of capitals without its letter.
        first = number[0] in ("A", "1") and here == 1 and level == 2
        return (level, kind) if first and number[0] == "A" else None
