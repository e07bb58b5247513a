"""A paper's words as a citation: with author, year and page."""

from __future__ import annotations

from app.show.text import plain
from index.entries import Entry, Name

_NAMED = 2  # of more authors, the first is named


def author_and_year(entry: Entry) -> str:
    """As in "Vaswani et al., 2017"; "n.d." is what stands for a year that is not known."""
    names = [_family(one) for one in entry.authors]
    if len(names) > _NAMED:
        said = f"{names[0]} et al."
    else:
        said = " & ".join(names) or f"“{plain(entry.title)}”"
    return f"{said}, {entry.year or 'n.d.'}"


def cite(entry: Entry, quote: str = "", page: int | None = None) -> str:
    """As in "“the words” (Vaswani et al., 2017, p. 4)"; without a quote, the parentheses alone."""
    where = author_and_year(entry) + (f", p. {page}" if page is not None else "")
    return f"“{plain(quote)}” ({where})" if quote else f"({where})"


def pandoc_cite(key: str, page: int | None = None) -> str:
    """As Pandoc's Markdown has it: "[@vaswani2017attention, p. 4]"."""
    return f"[@{key}, p. {page}]" if page is not None else f"[@{key}]"


def _family(name: Name) -> str:
    return plain(name.family)
