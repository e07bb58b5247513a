"""Counting the words of a text of any script, for what is decided by length."""

from __future__ import annotations

import math

import regex  # type: ignore[import-untyped]

# Scripts that set no spaces between words.
_UNSPACED = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]"
)
_WORD = regex.compile(r"[\p{L}\p{N}\p{M}][^\s]*")
_LETTERS_A_WORD = 2  # in Chinese some 1.6, in Japanese some 2.5


def count_words(text: str) -> int:
    """How many words a text has; of scripts without spaces, two letters are one word."""
    letters = len(_UNSPACED.findall(text))
    spaced = len(_WORD.findall(_UNSPACED.sub(" ", text)))
    return spaced + math.ceil(letters / _LETTERS_A_WORD)
