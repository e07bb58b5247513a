"""Papers as entries of BibTeX, and the keys that they are cited by."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from app.digest import Header
from app.show.text import COMMON_WORDS, file_slug, plain, web_address
from index.entries import Entry

_TEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    **{mark: f"\\{mark}" for mark in "&%$#_"},
    "{": r"\textbraceleft{}", "}": r"\textbraceright{}",  # BibTeX counts braces, escaped or not
}  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def to_bibtex(header: Header) -> str:
    """The paper as an entry of BibTeX, with what is known of it and nothing else.

    What came from arXiv has the fields of https://info.arxiv.org/help/hypertex/bibstyles.html.
    """
    title, url = plain(header.title), web_address(header.url)
    fields: dict[str, str] = {}
    if title:
        fields["title"] = f"{{{escape_tex(title)}}}"  # the second braces keep its capitals
    if header.authors:
        fields["author"] = " and ".join(map(_bibtex_name, header.authors))
    year, month, *_ = [*re.findall(r"\d+", header.date or ""), "", ""]
    if len(year) == 4:
        fields["year"] = year
    if header.url is not None:
        fields |= {"eprint": escape_tex(header.id), "archivePrefix": "arXiv"}
        if header.categories:
            fields["primaryClass"] = escape_tex(header.categories[0])
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    if month and 1 <= int(month) <= len(_MONTHS) and "year" in fields:
        lines.append(f"  month = {_MONTHS[int(month) - 1]},")
    if url is not None:
        lines.append(f"  url = {{{url}}},")
    return "\n".join([f"@misc{{{_bibtex_key(header, year)},", *lines, "}"]) + "\n"


# The type of an entry, and what its container is called, by the type of CSL.
_KINDS = {
    "article-journal": ("article", "journal"),
    "paper-conference": ("inproceedings", "booktitle"),
    "chapter": ("incollection", "booktitle"),
    "book": ("book", "series"),
    "thesis": ("phdthesis", "school"),
    "report": ("techreport", "institution"),
}


def entries_to_bibtex(entries: Iterable[Entry]) -> str:
    """Entries of a bibliography as BibTeX, each under a key of its own."""
    entries = list(entries)
    keys = citation_keys(entries)
    return "\n".join(_entry(key, entry) for key, entry in zip(keys, entries, strict=True))


def _entry(key: str, entry: Entry) -> str:
    kind, container = _KINDS.get(entry.kind, ("misc", "howpublished"))
    year, month, *_ = [*entry.date.split("-"), "", ""]
    fields = {
        "title": f"{{{escape_tex(entry.title)}}}" if entry.title else "",
        "author": " and ".join(
            f"{_bibtex_name(one.family)}, {_bibtex_name(one.given)}"
            if one.given
            else f"{{{escape_tex(one.family)}}}"  # a group, or a name that is one word
            for one in entry.authors
        ),
        "year": year,
        container: escape_tex(entry.container),
        "volume": escape_tex(entry.volume),
        "number": escape_tex(entry.issue),
        "pages": escape_tex(entry.pages).replace("–", "--"),
        "publisher": escape_tex(entry.publisher),
        "doi": escape_tex(entry.doi),
        "eprint": escape_tex(entry.arxiv),
        "archivePrefix": "arXiv" if entry.arxiv else "",
        "keywords": escape_tex(", ".join(entry.tags)),
        "annote": escape_tex(" / ".join(entry.notes)),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    if month and 1 <= int(month) <= len(_MONTHS):
        lines.append(f"  month = {_MONTHS[int(month) - 1]},")
    url = web_address(entry.url)
    if url is not None:
        lines.append(f"  url = {{{url}}},")
    return "\n".join([f"@{kind}{{{key},", *lines, "}"]) + "\n"


def citation_keys(entries: Sequence[Entry]) -> list[str]:
    """A key for each entry, as ``vaswani2017attention``; equal ones get letters: "…b", "…c"."""
    keys: dict[str, None] = {}
    for entry in entries:
        family = entry.authors[0].family if entry.authors else ""
        first = key = _key(family, entry.year, entry.title, entry.arxiv or entry.doi)
        count = 1
        while key in keys:
            count += 1
            key = f"{first}{_letters(count)}"
        keys[key] = None
    return list(keys)


def _letters(number: int) -> str:
    """2 is "b", 26 is "z", 27 is "aa", as in a bibliography."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters


def escape_tex(text: str) -> str:
    """``text`` so that TeX prints it as it is."""
    return "".join(_TEX.get(letter, letter) for letter in plain(text))


def _bibtex_name(author: str) -> str:
    """A name; one that BibTeX would take apart, as of a group, in braces."""
    name = escape_tex(author)
    return f"{{{name}}}" if re.search(r",|\band\b", name, re.I) else name


def _bibtex_key(header: Header, year: str) -> str:
    """That of a paper as it is on arXiv, or in a file."""
    words = plain(header.authors[0]).split() if header.authors else []
    return _key(words[-1] if words else "", year, header.title, header.id)


def _key(family: str, year: str, title: str, other: str) -> str:
    """As in ``vaswani2017attention``: the first author, the year, the title's first word."""

    def ascii_word(text: str) -> str:
        bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        return re.sub(r"[^A-Za-z0-9]", "", bare).lower()

    name = ascii_word(family)
    words = (ascii_word(word) for word in plain(title).split())
    first = next((word for word in words if word and not COMMON_WORDS.fullmatch(word)), "")
    key = f"{name}{year}{first}" if name else ""
    return key or f"gloss:{file_slug(other or title)}"
