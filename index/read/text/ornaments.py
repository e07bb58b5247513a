"""Marks that are no part of a sentence: bullets, dingbats, ornaments; and signs without a letter.

A font without a table of Unicode gives U+FFFD or a character of private use for what it draws.
Before a sentence such a sign is a bullet or an ornament, for lists are set so; anywhere else it is
a letter or a sign that cannot be read, and words around it may say something else on the page.
"""

from __future__ import annotations

import re

from index.spans import Span

# Bullets, and of dingbats and geometric shapes what lists are set with. Signs that formulas and
# legends have, too, are bullets only before a space.
_BULLETS = "•‣▪●■◼◾▸▶►❖❑❏❒➢➤➔✓✔✦✧⁃"
_SHAPES = "◦□○◆◇★☆◻◽▹▷✗✘"
_UNKNOWN = "\ufffd\ue000-\uf8ff\U000f0000-\U0010fffd"
_FIRST = re.compile(
    rf"(?:[{_BULLETS}{_UNKNOWN}]\s*|[{_SHAPES}]\s+)+(?=[\w\"“‘'«(\[¿¡$]|$)|[{_SHAPES}]+$"
)
_LAST = re.compile(rf"(?<=[.!?:;)\]”\"'’])[\s{_BULLETS}{_SHAPES}∎{_UNKNOWN}]+$")
_UNREADABLE = re.compile(rf"[{_UNKNOWN}]")


def without_ornaments(text: str, sentence: Span) -> Span | None:
    """A sentence without the marks before it and after its end; None if it is nothing else."""
    said = sentence.of(text)
    if said.isascii():
        return sentence
    start, end = 0, len(said)
    first = _FIRST.match(said)
    if first is not None:
        # "\\ufffdfficient": a letter is missing, and not a bullet.
        part = _UNREADABLE.search(first.group()) and said[first.end() : first.end() + 1].islower()
        start = 0 if part and not first.group()[-1].isspace() else first.end()
    last = _LAST.search(said, start)
    if last is not None:
        end = last.start()
    if start >= end:
        return None
    return Span(sentence.start + start, sentence.start + end)


def is_readable(text: str, sentence: Span) -> bool:
    """Whether each character of a sentence is known."""
    return _UNREADABLE.search(text, sentence.start, sentence.end) is None
