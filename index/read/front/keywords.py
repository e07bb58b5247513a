"""Reads the lists of keywords: the span of each keyword."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from index.paper import Block
from index.read.text.labels import KEYWORDS_LABEL
from index.spans import Span

_MOST_WORDS = 8  # of a keyword; what is longer, with no mark behind the label, is a sentence
# Another kind of list begins, or a line of numbers ("Word count: 111", "Received: 3 May").
_END = re.compile(
    r"\s(?i:arxiv|pacs|msc|jel|acm|cr categor(?:y|ies))\b|\s[A-Z][a-z]+(?: [a-z]+){0,2}:\s*\d"
)


def keyword_lists(
    text: str, blocks: Sequence[Block], items: Collection[int] = ()
) -> dict[int, list[Span]]:
    """What each block of keywords lists, by the start of the block.

    The list stands behind its label, or is the block below a label that stands alone, or the items
    of a list there; ``items`` are the starts of blocks that are such items.
    """
    lists: dict[int, list[Span]] = {}
    label_above = item_above = False
    for block in blocks:
        span = block.span
        label = KEYWORDS_LABEL.match(text, span.start, span.end)
        if label or label_above or (item_above and span.start in items):
            found = keyword_spans(text, Span(label.end() if label else span.start, span.end))
            short = all(len(one.of(text).split()) <= _MOST_WORDS for one in found)
            kinds = ("front", "paragraph", "table") if label else ("front", "paragraph")
            if block.kind in kinds and (short or (label and label["mark"])):
                lists[span.start] = found
        item_above = not label and span.start in lists and span.start in items
        label_above = label is not None and label.end() == span.end
    return lists


def keyword_spans(text: str, span: Span) -> list[Span]:
    """The items of the list in ``span``, set off by commas, semicolons or dots."""
    items = []
    end = _END.search(text, span.start, span.end)
    for match in re.finditer(
        r"[^,;·•，；、،؛]+", text[span.start : end.start() if end else span.end]
    ):
        item = match.group().strip(" .")
        if item:
            start = span.start + match.start() + match.group().index(item[0])
            items.append(Span(start, start + len(item)))
    return items
