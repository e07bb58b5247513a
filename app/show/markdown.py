"""A digest as Markdown. What a paper says is escaped, for Hexo and its nunjucks, too."""

from __future__ import annotations

import re
from collections.abc import Callable

from app.digest import Digest
from app.show.text import find_addresses, plain, web_address
from app.show.views import (
    NOTHING_AROUND,
    CitationView,
    ClaimView,
    DigestView,
    QuoteContext,
    view,
)
from app.show.words import WORDS

_MARKDOWN = re.compile(
    r"""
      (?P<reference>\[\d+(?:(?:,\ ?|[-–])\d+)*\](?![(\[:]))  # "[2, 19]" is what it seems
    | (?P<brace>\{(?=[{%\#]))                 # nunjucks, which Hexo runs over the finished HTML
    | (?P<entity>&(?=\#?\w+;))
    | (?P<tag><)
    | (?P<mark>[\\`*\[\]~$])
    | (?P<underscore>(?<![^\W_])_|_(?![^\W_]))  # inside a word it means nothing
    | (?P<heading>(?:^|(?<=\s))\#)
    | (?P<start>^(?:[-+>=|:]|\d{1,9}(?=[.)](?:\s|$))))
    """,
    re.VERBOSE,
)


def _escape_mark(match: re.Match[str]) -> str:
    found = match.group()
    match match.lastgroup:
        case "reference":
            return found
        case "brace":
            # A backslash or an entity would be a brace again before nunjucks looks.
            return "{&#8288;"
        case "entity":
            return "&amp;"
        case "tag":
            return "&lt;"
        case "start" if found.isdigit():
            return f"{found}\\"
        case _:
            return f"\\{found}"


def escape_markdown(text: str) -> str:
    """``text`` so that Markdown, and Hexo after it, shows it as it is; addresses become links.

    Handles HTML, links, emphasis, code, lists, headings, tables, ``$`` math and nunjucks braces.
    """
    text = plain(text)
    parts: list[str] = []
    end = 0
    for start, address in find_addresses(text):
        # Escaped with its surroundings, as ^ and the look-arounds must see the whole text.
        parts += [_escape_part(text, end, start), f"<{address}>"]
        end = start + len(address)
    return "".join(parts) + _escape_part(text, end, len(text))


def escape_link_text(text: str) -> str:
    """``text`` for the brackets of a link, which has no other link in it: addresses stay words.

    Brackets are entities, since marked, which Hexo has, takes the backslash of an escaped one away
    before it reads the text of a link, so that ``!\\[x\\](address)`` would be an image.
    """
    text = plain(text)
    parts: list[str] = []
    end = 0
    for bracket in re.finditer(r"[\[\]]", text):
        parts += [_escape_part(text, end, bracket.start()), f"&#{ord(bracket.group())};"]
        end = bracket.end()
    return "".join(parts) + _escape_part(text, end, len(text))


def _escape_part(text: str, start: int, end: int) -> str:
    parts: list[str] = []
    for match in _MARKDOWN.finditer(text, start, end):
        parts += [text[start : match.start()], _escape_mark(match)]
        start = match.end()
    return "".join(parts) + text[start:end]


def to_markdown(digest: Digest) -> str:
    """The digest as Markdown that reads well as it is: page links stand at the end."""
    seen = view(digest)
    targets: dict[str, str] = {}

    def page_link(citation: CitationView) -> str:
        if citation.url is None:
            return citation.page
        targets[citation.page] = citation.url
        return f"[{citation.page}]"

    lines = markdown_lines(seen, level=1, page_link=page_link, with_note=True)
    if targets:
        lines += ["", *(f"[{page}]: {url}" for page, url in targets.items())]
    return "\n".join(lines) + "\n"


PageLink = Callable[[CitationView], str]


def markdown_lines(
    seen: DigestView,
    *,
    level: int,
    page_link: PageLink,
    with_note: bool,
    around: QuoteContext = NOTHING_AROUND,
) -> list[str]:
    """A digest as lines of Markdown under a heading of ``level``."""
    mark = "#" * level
    lines = [f"{mark} {escape_markdown(seen.title)}", "", *_markdown_header(seen, around)]
    if around.near:
        lines += ["", escape_markdown(around.near)]
    for notice in seen.notices:
        lines += ["", f"> **{escape_markdown(notice)}**"]
    if with_note:
        lines += ["", f"> {seen.note}"]
    for group in seen.groups:
        lines += ["", f"{mark}# {escape_markdown(group.title)}"]
        for item in group.items:
            if item.title:
                lines += ["", f"**{escape_markdown(item.title)}**"]
            lines.append("")
            for claim in item.claims:
                lines += _markdown_claim(claim, len(item.claims) > 1, seen, page_link, around)
            if not item.claims:
                lines.append(f"*{seen.not_stated}*")
    for said in (seen.rejected, seen.losses):
        if said:
            lines += ["", f"*{escape_markdown(said)}*"]
    return lines


def _markdown_header(seen: DigestView, around: QuoteContext) -> list[str]:
    fields = []
    if seen.authors:
        fields.append((WORDS["authors"][seen.lang], escape_markdown(seen.authors)))
    label = escape_markdown(seen.paper_label)
    url = web_address(seen.header.url)
    paper = f"[{label}]({url})" if url else label
    open_in_app = around.link(seen.header.id)
    if open_in_app:
        paper += f" · [{WORDS['open'][seen.lang]}]({open_in_app})"
    fields.append((WORDS["paper"][seen.lang], paper))
    fields += [(name, escape_markdown(value)) for name, value in seen.facts]
    # The two spaces make a line break.
    return [f"**{name}:** {value}  " for name, value in fields[:-1]] + [
        f"**{name}:** {value}" for name, value in fields[-1:]
    ]


def _markdown_claim(
    claim: ClaimView, listed: bool, seen: DigestView, page_link: PageLink, around: QuoteContext
) -> list[str]:
    """A sentence with its place; below it, its picture and, if it is no quote, what it rests on."""
    places = [
        ", ".join(part for part in (page_link(citation), escape_markdown(citation.place)) if part)
        for citation in claim.citations
    ]
    where = "; ".join(dict.fromkeys(place for place in places if place))
    check = around.link(seen.header.id, claim.name)
    if check:
        where += f"{', ' if where else ''}[{WORDS['check'][seen.lang]}]({check})"
    bullet, indent = ("- ", "  ") if listed else ("", "")
    lines = [bullet + escape_markdown(claim.text) + (f" ({where})" if where else "")]
    if not claim.quoted:
        quotes = [f"{indent}> “{escape_markdown(cited.quote)}”" for cited in claim.citations]
        lines += f"\n{indent}>\n".join(quotes).splitlines()
    picture = around.pictures.get(claim.name)
    if picture:
        lines += ["", f"{indent}![{escape_markdown(picture.label)}]({picture.file})"]
        lines += [""] if listed else []
    return lines
