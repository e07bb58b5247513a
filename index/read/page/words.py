"""Counts the words of a text in any script, for decisions by length."""

from __future__ import annotations

import math
from functools import lru_cache

import regex  # type: ignore[import-untyped]

# Scripts that set no spaces between words.
_UNSPACED = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]"
)
_WORD = regex.compile(r"[\p{L}\p{N}\p{M}][^\s]*")
_LETTERS_A_WORD = 2  # in Chinese some 1.6, in Japanese some 2.5


_JOINED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\u3000-\u303f\u30fb\u30fc\uff00-\uff65]")


def sets_spaces(before: str, after: str, unspaced_line: bool) -> bool:
    """Whether a space stands for a line end between two words.

    Chinese and Japanese set none; beside a number or a Latin word only where the line is theirs.
    """
    one, other = bool(_JOINED.match(before[-1:])), bool(_JOINED.match(after[:1]))
    if one and other:
        return False
    plain = before[-1:].isalnum() and after[:1].isalnum()
    return not ((one or other) and unspaced_line and plain)


@lru_cache(maxsize=65_536)
def words_of(text: str) -> int:
    """The words in a text without spaces: one, unless its script has no spaces."""
    letters = 0 if text.isascii() else len(_UNSPACED.findall(text))
    return max(letters // _LETTERS_A_WORD, 1)


def count_words(text: str) -> int:
    """The number of words in a text; in scripts without spaces, two letters count as one word."""
    letters = len(_UNSPACED.findall(text))
    spaced = len(_WORD.findall(_UNSPACED.sub(" ", text)))
    return spaced + math.ceil(letters / _LETTERS_A_WORD)
