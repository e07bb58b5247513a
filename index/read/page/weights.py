"""Makes the weight of most of a file's letters its plain weight.

Text that a scanner recognised, and some typefaces of books, say that every letter is bold. Bold
type tells a heading from the text only where the text is not bold itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.read.page.pages import PageContent, PageWord, Style

_MOST = 0.6  # of the letters: a page of slides or a poster has less of its text in bold


def settle_weights(pages: Sequence[PageContent]) -> None:
    """Take bold type for plain, if most of the text is so set."""
    letters = bold = 0
    for page in pages:
        for line in page.lines:
            letters += len(line.text)
            bold += len(line.text) if line.bold else 0
    if bold <= _MOST * letters:
        return
    plain: dict[Style, Style] = {}
    for page in pages:
        for line in page.lines:
            for word in line.words:
                _settle(word, plain)
            line.measure()


def _settle(word: PageWord, plain: dict[Style, Style]) -> None:
    parts = []
    for text, style in word.parts:
        if style.bold and style not in plain:
            plain[style] = replace(style, bold=False)
        parts.append((text, plain.get(style, style)))
    word.parts = tuple(parts)
    word.style = plain.get(word.style, word.style)
