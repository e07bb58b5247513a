"""A paper as a note of Obsidian: YAML front matter, the digest with links by page, own notes.

What a paper, a reference manager or a note says is data: escaped for Markdown, and for what
Obsidian adds to it (comments, highlights, names of blocks); YAML goes through a YAML writer.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import quote

from app.digest import Digest
from app.show.citation import cite
from app.show.markdown import escape_markdown, markdown_lines
from app.show.text import plain, web_address
from app.show.views import CitationView, view
from index.entries import Entry
from index.notes import Located
from index.reference import parse_reference

# Everything below this line is the reader's, and stays when the note is written again.
KEPT_BELOW = "%% gloss: what is below this line is yours, and is kept %%"

_FORBIDDEN = re.compile(r'[\\/:*?"<>|#^\[\]%]+')  # in names of files and links of Obsidian
_TITLE_BYTES, _ID_BYTES = 120, 80  # of 255 that a file's name may have
# What Windows takes for a device, whatever its ending.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_OBSIDIAN = re.compile(r"%%|==|\^(?=[\w-]+$)", re.MULTILINE)


def note_name(entry: Entry, paper_id: str) -> str:
    """The name of a paper's file: its title as far as files may be called so, and its id."""
    title = " ".join(_FORBIDDEN.sub(" ", plain(entry.title)).split()).strip(". ")
    short = title.encode()[:_TITLE_BYTES].decode(errors="ignore").strip(". ")
    if short.partition(".")[2] and _DEVICE.fullmatch(short):
        short = f"_{short}"
    return f"{short} ({safe_id(paper_id)}).md" if short else f"({safe_id(paper_id)}).md"


def safe_id(paper_id: str) -> str:
    """A paper's id as part of a file's name, never a path, and never another id's name.

    What files may not be called so has a part of its SHA-256, but for the slash of arXiv's ids.
    """
    written = unicodedata.normalize("NFC", plain(paper_id))
    safe = " ".join(_FORBIDDEN.sub("-", written).split()).strip(". ")
    as_named = paper_id.replace("/", "-") if parse_reference(paper_id) else paper_id
    kept = safe != "" and safe == as_named
    if kept and len(safe.encode()) <= _ID_BYTES and not _DEVICE.fullmatch(safe):
        return safe
    short = safe.encode(errors="ignore")[:_ID_BYTES].decode(errors="ignore").strip(". ")
    short = f"paper-{short}" if _DEVICE.fullmatch(short) else short or "paper"
    return f"{short}-{hashlib.sha256(paper_id.encode(errors='replace')).hexdigest()[:8]}"


def to_obsidian(
    digest: Digest, entry: Entry, marked: Sequence[Located], key: str, pdf: str = ""
) -> str:
    """The note; ``pdf`` is the path of the paper's PDF beside it, to which pages lead."""
    seen = view(digest)

    def page_link(citation: CitationView) -> str:
        number = re.search(r"\d+", citation.page)
        if number and pdf:
            return f"[{citation.page}]({quote(pdf)}#page={number[0]})"
        return f"[{citation.page}]({citation.url})" if citation.url else citation.page

    body = markdown_lines(seen, level=1, page_link=page_link, with_note=True)
    lines = [*_front_matter(digest, entry, key), "", *map(_for_obsidian, body)]
    lines += _own(marked, entry, pdf)
    return "\n".join([*lines, "", KEPT_BELOW, ""])


def kept_part(former: str) -> str:
    """What the reader has written below the line of a note that is written again."""
    return former.replace("\r\n", "\n").partition(f"\n{KEPT_BELOW}\n")[2]


def _front_matter(digest: Digest, entry: Entry, key: str) -> list[str]:
    import yaml  # type: ignore[import-untyped]

    paper = digest.paper
    values = {
        "title": plain(entry.title),
        "aliases": [plain(entry.title)] if plain(entry.title) else [],
        "authors": [str(one) for one in entry.authors],
        "date": entry.date,
        "gloss_id": paper.id,
        "citekey": key,
        "journal": entry.container,
        "doi": entry.doi,
        "arxiv": entry.arxiv,
        "url": web_address(entry.url),
        "categories": list(paper.categories),
        "tags": list(dict.fromkeys(map(_tag, entry.tags))),
    }
    given = {name: value for name, value in values.items() if value}
    dumped: str = yaml.safe_dump(given, allow_unicode=True, sort_keys=False, width=math.inf)
    return ["---", *dumped.splitlines(), "---"]


def _tag(name: str) -> str:
    """A tag as Obsidian has it: letters, digits, ``_-/``, and not a number alone."""
    tag = re.sub(r"[^\w/-]+", "-", plain(name)).strip("-/") or "tag"
    return f"n{tag}" if tag.isdecimal() else tag


def _own(marked: Sequence[Located], entry: Entry, pdf: str) -> list[str]:
    """The reader's notes and tags, each on the words that it is on."""
    lines: list[str] = []
    for one in marked:
        anchor = one.place.anchor
        if anchor is None and not one.place.notes:
            continue  # its tags are in the front matter
        if anchor is not None:
            cited = _for_obsidian(escape_markdown(cite(entry, anchor.quote, one.page)))
            link = f" [→]({quote(pdf)}#page={one.page})" if pdf and one.page else ""
            gone = " (its words are no longer in this version)" if one.where == "gone" else ""
            lines += [f"> {cited}{link}{gone}", ""]
        for note in one.place.notes:
            lines += [
                *(_for_obsidian(escape_markdown(line)) for line in note.text.splitlines()),
                "",
            ]
        if anchor is not None and one.place.tags:
            lines += [" ".join(f"#{_tag(name)}" for name in one.place.tags), ""]
    return ["", "## Own notes", "", *lines[:-1]] if lines else []


def _for_obsidian(line: str) -> str:
    """A line of Markdown without what only Obsidian acts on: comments, highlights, block names."""
    return _OBSIDIAN.sub(lambda found: "".join(f"\\{one}" for one in found[0]), line)
