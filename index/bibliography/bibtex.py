"""BibTeX, by pybtex: its scanner, its names and its LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from index.bibliography.fields import (
    arxiv_of,
    date_of,
    doi_of,
    iso_date,
    listed,
    note_of,
    one_line,
    with_title,
)
from index.bibliography.refused import ExportUnusable
from index.entries import Entry, Name

_KINDS = {
    "article": "article-journal",
    "inproceedings": "paper-conference",
    "conference": "paper-conference",
    "incollection": "chapter",
    "inbook": "chapter",
    "book": "book",
    "phdthesis": "thesis",
    "mastersthesis": "thesis",
    "thesis": "thesis",
    "techreport": "report",
    "report": "report",
}
_STRING_MOST = 10_000  # characters of an abbreviation
_VALUE_MOST = 200_000  # of a value, before it is cut


class _Strings(dict[str, str]):
    """Abbreviations of a bounded size: each may be made of others, twice each time."""

    def __setitem__(self, name: str, value: str) -> None:
        if len(value) > _STRING_MOST or len(self) > _STRING_MOST:
            raise ExportUnusable("BibTeX", "an @string of it is too long to be an abbreviation")
        super().__setitem__(name.lower(), value)

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())


def read_bibtex(data: bytes) -> list[Entry]:
    """The entries of a BibTeX file; what cannot be read of it is passed over."""
    from pybtex.database.input.bibtex import LowLevelParser, month_names
    from pybtex.scanner import Pattern, Token

    class NearParser(LowLevelParser):  # type: ignore[misc]
        """pybtex's, but that it looks for the nearest of several signs, and not for each of them
        to the end of the text: 950 kB of opened braces took it a minute."""

        pos: int

        def skip_to(self, patterns: Sequence[Pattern]) -> Token | None:
            """What is there up to the first of these signs, and which it is."""
            signs = {one.description[1:-1]: one for one in patterns}  # "'{'"
            found = re.compile("|".join(map(re.escape, signs))).search(self.text, self.pos)
            if found is None:
                return None
            value = self.text[self.pos : found.end()]
            self.pos = found.end()
            self.update_lineno(value)
            return Token(value, signs[found[0]])

    text = data.decode("utf-8-sig", errors="replace")
    macros = _Strings(month_names)
    parser = NearParser(text, macros=macros, handle_error=lambda _: None)
    entries = []
    for command, body in parser:
        if command.lower() in ("string", "preamble") or not body[0]:
            continue
        key, fields = body
        values = {name.lower(): _joined(parts) for name, parts in reversed(fields)}
        entries.append(_entry(command.lower(), str(key), values))
    return with_title(entries)


def _joined(parts: Iterable[str]) -> str:
    value = ""
    for part in parts:
        value += part
        if len(value) > _VALUE_MOST:
            return value[:_VALUE_MOST]
    return value


def _entry(kind: str, key: str, fields: dict[str, str]) -> Entry:
    said = {name: _plain(value) for name, value in fields.items() if name != "file"}

    def first(*names: str) -> str:
        return next((said[name] for name in names if said.get(name)), "")

    date = date_of(first("date")) or date_of(first("year"))
    if len(date) == 4 and first("month"):
        month = first("month")
        numbered = int(month) if month.isdecimal() else 0
        date = iso_date(int(date), numbered, 0) if numbered else date_of(f"{month} {date}")
    eprint = first("eprint") if "arxiv" in first("archiveprefix", "eprinttype").lower() else ""
    kind = _KINDS.get(kind, "article")
    return Entry(
        title=first("title"),
        kind=kind,
        authors=_names(fields.get("author", "")),
        date=date,
        container=first("journal", "journaltitle", "booktitle", "howpublished"),
        volume=first("volume"),
        issue=first("number", "issue"),
        pages=first("pages").replace("–", "-").replace("--", "-"),
        publisher=first("publisher", "institution", "school"),
        doi=doi_of(first("doi")),
        arxiv=arxiv_of(eprint, first("url"), first("doi"), first("note"), first("journal")),
        url=first("url"),
        abstract=first("abstract"),
        key=one_line(key),
        tags=listed(re.split("[,;]", first("keywords"))),
        notes=tuple(filter(None, [note_of(first("annote", "annotation"))])),
        files=listed(_files(fields.get("file", ""))),
    )


def _plain(value: str) -> str:
    """A value without LaTeX; as it is, without braces, where it cannot be read."""
    # ``render_as`` looks through all installed packages for its backend, for each value anew.
    from pybtex.backends.plaintext import Backend
    from pybtex.richtext import Text
    from pybtex.scanner import PybtexSyntaxError

    try:
        return one_line(Text.from_latex(value).render(Backend()))
    except (PybtexSyntaxError, ValueError, RecursionError):
        return one_line(re.sub("[{}]", "", value))


def _names(value: str) -> tuple[Name, ...]:
    from pybtex.bibtex.utils import split_name_list
    from pybtex.database import InvalidNameString, Person

    names = []
    for one in split_name_list(value):
        if one.startswith("{") and one.endswith("}"):
            names.append(Name(_plain(one)))
            continue
        try:
            person = Person(one)
        except InvalidNameString:
            names.append(Name(_plain(one)))
            continue
        family = _plain(" ".join([*person.prelast_names, *person.last_names]))
        given = _plain(" ".join([*person.first_names, *person.middle_names]))
        names.append(Name(family, given) if family else Name(given))
    return tuple(name for name in names if name.family)


def _files(value: str) -> list[str]:
    """The paths of "title:path:type;…", as Zotero and JabRef write them, or of a path alone."""
    paths = []
    for one in re.split(r"(?<!\\);", value):
        parts = [re.sub(r"\\(.)", r"\1", part) for part in re.split(r"(?<!\\):", one)]
        if len(parts) >= 3:
            paths.append(":".join(parts[1:-1]))
        else:
            paths.append(re.sub(r"\\(.)", r"\1", one))
    return [path for path in paths if path.strip()]
