"""Raised and lowered type as people write it in plain text: ``31^7``, ``10^-4``, ``H_2O``.

Unicode has raised and lowered forms of digits and of few letters; a caret says the same of all.
"""

from __future__ import annotations

import re

from index.read.english import common_words
from index.read.letters import clean_text
from index.read.pages import Line, PageWord

_SIGNS = str.maketrans("−–‐", "---")  # 10^-4 is typed with a hyphen
_UNMARKED = re.compile(r"[*∗†‡§¶⋆′″°◦®™©\s,;]+|(?:TM|SM)")  # stand high anyway
_ORDINAL = re.compile(r"st|nd|rd|th|er|re|ème|e|a|o|ª|º")
_ONE = re.compile(r"\[[^][]*\]|[+-]?[\w.,]+(?:-\w+)*[+-]?|[^\w\s]")  # needs no brackets
_GLUED = 0.16  # of the type's size: a script is no further from what it belongs to
_FRACTION = 0.6  # of the narrower one: so much of both stands over the other


def plain_text(line: Line) -> list[tuple[str, bool]]:
    """Each word of a line as it goes into the text, and whether the next one is glued to it."""
    words = line.words
    styles = {style for word in words for _, style in word.parts}
    if not any(style.raised or style.lowered for style in styles):
        return [
            (word.text, len(word.text) <= 2 and _is_initial(words, number))
            for number, word in enumerate(words)
        ]
    written: list[tuple[str, bool]] = []
    for number, word in enumerate(words):
        before = words[number - 1] if number else None
        if before is not None and _is_fraction(before, word, words[number - 2 : number - 1]):
            written[-1] = (_flat(before), True)
            written.append((f"/{_flat(word)}", False))
            continue
        glued = before is not None and _level(word, 0) != 0 and _is_near(before, word, line.size)
        if glued:
            written[-1] = (written[-1][0], True)
        said = written[-1][0] if glued else ""
        written.append((_written(word, said), _is_initial(words, number)))
    return written


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


def _written(word: PageWord, before: str) -> str:
    """A word with the marks of its raised and lowered parts; ``before`` is what it is glued to."""
    parts = _levels(word)
    if len(parts) == 1 and (parts[0][1] == 0 or not before):
        return word.text
    said = ""
    for text, level in parts:
        if level == 0 or not (said or before):
            said += text
            continue
        text = text.translate(_SIGNS)
        last = (said or before)[-1]
        ordinal = level > 0 and last.isdigit() and _ORDINAL.fullmatch(text)
        if _UNMARKED.fullmatch(text) or ordinal:
            said += text
        else:
            sign = "^" if level > 0 else "_"
            said += f"{sign}{text}" if _ONE.fullmatch(text) else f"{sign}({text})"
    return said


def _levels(word: PageWord) -> list[tuple[str, int]]:
    """The parts of a word by level, neighbours of one level as one."""
    parts: list[tuple[str, int]] = []
    for number, (text, style) in enumerate(word.parts):
        level = _level(word, number)
        if parts and parts[-1][1] == level:
            parts[-1] = (parts[-1][0] + text, level)
        else:
            parts.append((text, style.raised - style.lowered))
    return [(clean, level) for text, level in parts if (clean := clean_text(text))]


def _level(word: PageWord, number: int) -> int:
    style = word.parts[number][1]
    return style.raised - style.lowered


def _is_near(before: PageWord, word: PageWord, size: float) -> bool:
    return -size < word.x0 - before.x1 < _GLUED * size


def _is_fraction(above: PageWord, below: PageWord, base: list[PageWord]) -> bool:
    """Whether two words are a fraction's halves, one over the other, and no scripts of a third."""
    if len(above.parts) != 1 or len(below.parts) != 1:
        return False
    if (_level(above, 0), _level(below, 0)) != (1, -1):
        return False
    shared = min(above.x1, below.x1) - max(above.x0, below.x0)
    stacked = shared > _FRACTION * min(above.x1 - above.x0, below.x1 - below.x0)
    if not stacked or not base or not _is_near(base[0], above, above.style.size):
        return stacked
    return base[0].text[-1] in _OPERATORS  # which has no scripts of its own


_OPERATORS = "=<>≤≥≈∼∝+−–±×·⋅/(,∈"


def _flat(word: PageWord) -> str:
    return word.text if len(word.text) < 2 or word.text.isalnum() else f"({word.text})"
