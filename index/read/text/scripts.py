"""Writes superscripts and subscripts as plain text: ``31^7``, ``10^-4``, ``H_2O``.

Unicode has superscript and subscript forms of digits and of a few letters only; a caret works for
all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median

from index.read.page.english import common_words
from index.read.page.letters import clean_text
from index.read.page.levels import HALVES_APART, level_of, main_size
from index.read.page.pages import Line, PageWord

_SIGNS = str.maketrans("−–‐", "---")  # 10^-4 is typed with a hyphen
_UNMARKED = re.compile(r"[*∗†‡§¶⋆′″°◦®™©\s,;]+|(?:TM|SM)")  # are high anyway
_ORDINAL = re.compile(r"st|nd|rd|th|er|re|ème|e|a|o|ª|º")
_ONE = re.compile(r"\[[^][]*\]|[+-]?[\w.,]+(?:-\w+)*[+-]?|[^\w\s]")  # needs no brackets
_GLUED = 0.16  # of the type's size: the widest gap between a script and its base
_WITHIN = 0.4  # the same, between two words of one script
_FRACTION = 0.6  # of the narrower one: so much of both is over the other


def plain_text(line: Line) -> list[tuple[str, bool]]:
    """Each word of a line as it goes into the text, and whether the next one is glued to it."""
    words = line.words
    written: list[tuple[str, bool]] = []
    styles = {style for word in words for _, style in word.parts}
    if not any(style.raised or style.lowered for style in styles):
        return [
            (word.text, len(word.text) <= 2 and _is_initial(words, number))
            for number, word in enumerate(words)
        ]
    places = _places(words)
    at = 0
    while at < len(words):
        halves = _fraction(words, places, at)
        if halves is not None:
            middle, end = halves
            written += _as_fraction(words[at:middle], words[middle:end])
        else:
            end = at + 1
            while (
                end < len(words)
                and _continues(words[end - 1], words[end], line.size)
                and _fraction(words, places, end) is None
            ):
                end += 1
            texts = _marked(words[at:end], 0)
            written += [(said, True) for said in texts[:-1]]
            written.append((texts[-1], _is_initial(words, end - 1)))
        at = end
    return written


def in_order(words: list[PageWord]) -> list[PageWord]:
    """The words of a printed row with what is raised before what is lowered under it."""
    places = _places(words)
    ordered: list[PageWord] = []
    at = 0
    while at < len(words):
        end = at + 1
        if places[at]:
            right = words[at].x1
            while end < len(words) and places[end] and words[end].x0 < right + 1:
                right = max(right, words[end].x1)
                end += 1
            pile = list(zip(words[at:end], places[at:end], strict=True))
            ordered += [word for word, place in pile if place > 0]
            ordered += [word for word, place in pile if place < 0]
        else:
            ordered.append(words[at])
        at = end
    return ordered


def row_type(words: Sequence[PageWord]) -> tuple[float, float]:
    """The size of a printed row's letters, and its base; in points."""
    sizes: dict[float, int] = {}
    for word in words:
        for text, style in word.parts:
            sizes[style.size] = sizes.get(style.size, 0) + len(text)
    main = main_size(sizes)
    bases = [word.base for word in words if abs(word.style.size - main) < 0.3]
    return main, median(bases or [word.base for word in words])


def _places(words: list[PageWord]) -> list[int]:
    """For each word of small type 1 if it is above the row's baseline, -1 if below; else 0."""
    main, base = row_type(words)
    return [
        level_of(base - word.base, size, main)
        if (size := max(style.size for _, style in word.parts)) < main - 0.3
        else 0
        for word in words
    ]


def _fraction(words: list[PageWord], places: list[int], at: int) -> tuple[int, int] | None:
    """The start of the lower half and the end of a fraction that begins ``at`` a word."""
    if places[at] != 1:
        return None
    middle = _run(words, places, at)
    if middle == len(words) or places[middle] != -1:
        return None
    end = _run(words, places, middle)
    if all(_UNMARKED.fullmatch(word.text) for word in words[at:middle]):
        return None  # a prime over an index
    above, below = words[at:middle], words[middle:end]
    left, right = max(above[0].x0, below[0].x0), min(above[-1].x1, below[-1].x1)
    narrower = min(above[-1].x1 - above[0].x0, below[-1].x1 - below[0].x0)
    if right - left <= _FRACTION * narrower:
        return None
    before = words[at - 1] if at else None
    size = above[0].style.size
    if before is not None and _is_near(before, above[0], size):
        apart = below[0].base - above[0].base
        if apart < HALVES_APART * before.style.size and before.text[-1] not in _OPERATORS:
            return None  # the scripts of what is before
    return middle, end


def _run(words: list[PageWord], places: list[int], at: int) -> int:
    """The end of a run of words at the height of the word ``at`` which it begins."""
    end = at + 1
    while end < len(words) and places[end] == places[at]:
        if words[end].x0 - words[end - 1].x1 > 1.5 * _WITHIN * words[at].style.size:
            break
        end += 1
    return end


def _as_fraction(above: list[PageWord], below: list[PageWord]) -> list[tuple[str, bool]]:
    """The words of a fraction as ``(a + b)/2``."""
    upper, lower = _bracketed(_marked(above, 1)), _bracketed(_marked(below, -1))
    lower[0] = f"/{lower[0]}"
    return [
        *((said, False) for said in upper[:-1]), (upper[-1], True),
        *((said, False) for said in lower),
    ]  # fmt: skip


def _bracketed(texts: list[str]) -> list[str]:
    """A half of a fraction, in brackets unless it is a letter or a number."""
    if len(texts) == 1 and (len(texts[0]) < 2 or texts[0].replace("_", "").isalnum()):
        return texts
    texts[0] = f"({texts[0]}"
    texts[-1] += ")"
    return texts


def _is_initial(words: list[PageWord], number: int) -> bool:
    """Whether a word is the dropped or large capital that the next one begins with."""
    capital = words[number]
    if number + 1 == len(words) or len(capital.text) > 2 or not capital.text[-1].isupper():
        return False
    rest = words[number + 1]
    larger = capital.style.size > 1.15 * rest.style.size
    dropped = number == 0 and capital.style.size > 1.6 * rest.style.size
    near = rest.x0 - capital.x1 < (1.2 if dropped else 0.2) * rest.style.size
    if not larger or not near or not rest.text[0].isalpha():
        return False
    if not dropped:
        return rest.text.rstrip(".,;:").isupper()
    said = rest.text.rstrip(".,;:").lower()
    return not (
        capital.text[-1] in "AI"
        and said in common_words()
        and (capital.text[-1].lower() + said) not in common_words()
    )


def _continues(before: PageWord, word: PageWord, size: float) -> bool:
    """Whether a word is the script of the one before, or continues its script."""
    level = _level(word, 0)
    if not level:
        return False
    if _is_near(before, word, size):
        return True
    if len(before.parts) < 2 or _level(before, -1) != level:
        return False
    last = before.parts[-1][1].size
    same = all(style.at(level) is style and style.size <= last for _, style in word.parts)
    small = last < 0.95 * max(style.size for _, style in before.parts)
    return same and small and 0 <= word.x0 - before.x1 < _WITHIN * size


def _marked(words: list[PageWord], level: int) -> list[str]:
    """The texts of words side by side with marks at what is higher or lower than ``level``."""
    pieces = [(n, *piece) for n, word in enumerate(words) for piece in _levels(word, level)]
    texts = [""] * len(words)
    if len({own for _, _, own, _ in pieces}) < 2:
        return [word.text for word in words]
    said = ""
    for run in _runs(pieces):
        text, own = "".join([one for _, one, *_ in run]), run[0][2]
        before, after = "", ""
        ordinal = own > 0 and said[-1:].isdigit() and _ORDINAL.fullmatch(text)
        if own and said and not ordinal and not _UNMARKED.fullmatch(text):
            plain = text.translate(_SIGNS)
            before, after = "^" if own > 0 else "_", ""
            if not _ONE.fullmatch(plain):
                before, after = f"{before}(", ")"
        said += text
        for place, (number, one, *_) in enumerate(run):
            one = one.translate(_SIGNS) if before else one
            first, last = place == 0, place == len(run) - 1
            texts[number] += f"{before if first else ''}{one}{after if last else ''}"
    return texts


_Piece = tuple[int, str, int, float]
"""A part of a word: the word's number, its text, its level, its size in points."""


def _runs(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    """Neighbours on one level as one, unless a smaller word begins: the script of a script."""
    runs: list[list[_Piece]] = []
    for piece in pieces:
        last = runs[-1][-1] if runs else None
        if last is not None and last[2] == piece[2]:
            nested = last[0] != piece[0] and piece[3] < last[3] - 0.5
            if not (piece[2] and nested):
                runs[-1].append(piece)
                continue
        runs.append([piece])
    return runs


def _levels(word: PageWord, level: int) -> list[tuple[str, int, float]]:
    """The parts of a word by how they stand to ``level``, neighbours that are alike as one; with
    the size of the first of them in points.
    """
    parts: list[tuple[str, int, float]] = []
    if level:  # in a half of a fraction its largest letters are on the level
        largest = max(style.size for _, style in word.parts)
        style = next(style for _, style in word.parts if style.size == largest)
        level = style.raised - style.lowered
    for text, style in word.parts:
        own = max(-1, min(style.raised - style.lowered - level, 1))
        if parts and parts[-1][1] == own:
            parts[-1] = (parts[-1][0] + text, own, parts[-1][2])
        else:
            parts.append((text, own, style.size))
    return [(clean, own, size) for text, own, size in parts if (clean := clean_text(text))]


def _level(word: PageWord, number: int) -> int:
    style = word.parts[number][1]
    return style.raised - style.lowered


def _is_near(before: PageWord, word: PageWord, size: float) -> bool:
    if word.x0 - before.x1 >= _GLUED * size:
        return False
    # Under or over the script of a letter, however long that is.
    level = _level(word, 0)
    script = len(before.parts) > 1 and level * _level(before, -1) < 0 and word.x0 > before.x0
    return script or word.x0 - before.x1 > -size


_OPERATORS = "=<>≤≥≈∼∝+−–±×·⋅/(,∈"
