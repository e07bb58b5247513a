"""Finds the web addresses that a paper prints: code, data, project pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from index.spans import Span

_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>\"'“”‘’{}|\\^`\u4e00-\u9fff]+"
    r"|(?<![\w@./])(?:github\.com|gitlab\.com|huggingface\.co|bitbucket\.org)/[^\s<>\"'“”‘’{}|\\^`]+",
    re.I,
)


def find_links(text: str, references: Sequence[Span]) -> Iterator[Span]:
    """Addresses outside the bibliography, each once, without the punctuation that follows."""
    seen: set[str] = set()
    for match in _ADDRESS.finditer(text):
        address = match.group().rstrip(".,;:!?*†‡")
        while address.endswith((")", "]")) and address.count("(") < address.count(
            ")"
        ) + address.count("]"):
            address = address[:-1].rstrip(".,;:")
        span = Span(match.start(), match.start() + len(address))
        key = address.lower().removeprefix("https://").removeprefix("http://").rstrip("/")
        if key in seen or any(place.contains(span) for place in references):
            continue
        seen.add(key)
        yield span
