"""A paper as an entry of BibTeX."""

from __future__ import annotations

import re
import unicodedata

from app.digest import Header
from app.show.text import COMMON_WORDS, file_slug, plain, web_address

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


def escape_tex(text: str) -> str:
    """``text`` so that TeX prints it as it is."""
    return "".join(_TEX.get(letter, letter) for letter in plain(text))


def _bibtex_name(author: str) -> str:
    """A name; one that BibTeX would take apart, as of a group, in braces."""
    name = escape_tex(author)
    return f"{{{name}}}" if re.search(r",|\band\b", name, re.I) else name


def _bibtex_key(header: Header, year: str) -> str:
    """As in ``vaswani2017attention``: the first author, the year, the title's first word."""

    def ascii_word(text: str) -> str:
        bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        return re.sub(r"[^A-Za-z0-9]", "", bare).lower()

    first_author = plain(header.authors[0]).split() if header.authors else []
    name = ascii_word(first_author[-1]) if first_author else ""
    words = (ascii_word(word) for word in plain(header.title).split())
    first = next((word for word in words if word and not COMMON_WORDS.fullmatch(word)), "")
    key = f"{name}{year}{first}" if name else ""
    return key or f"gloss:{file_slug(header.id)}"
