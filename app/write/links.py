"""Which of a paper's links lead to its own code, data or project page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.paper import Paper
from index.spans import Span

_THINGS = (
    r"(?:code|data|datasets?|demos?|models?|software|corpus|corpora|toolkit|implementation|"
    r"benchmark|scripts?|materials?|website|page|repository)"
)
_OWN = re.compile(
    rf"\bour\b(?: [\w-]+){{0,5}} {_THINGS}\b"
    r"|\bwe (?:\w+ ){0,2}(?:releas|publish|provid|shar|mak|made|deposit|open-?sourc)"
    r"|\b(?:available|released|found|downloaded|accessible|deposited|open-?sourced|"
    r"project (?:page|website|site))\b[^.]{0,60}$",
    re.I,
)
# "We use MetaMap Lite, available at": it is somebody else's.
_USED = re.compile(
    r"^\W*(?:\d+ )?(?:[^.]{0,80}, )?we (?:\w+ly )?"
    r"(?:use|employ|adopt|obtain|download|extract|took|take|follow)",
    re.I,
)
# What journals print on themselves and on what may be done with the paper, and who paid for it.
_JOURNAL = re.compile(
    r"\b(?:copy of (?:this|the) licen[cs]e|reprints?|permissions?|terms (?:and|&) conditions|"
    r"terms of use|journal homepage|funded by|supported by|funding)\b",
    re.I,
)
_HOSTS = re.compile(
    r"github\.com|gitlab|bitbucket|codeberg|huggingface\.co|code\.google|sourceforge|zenodo|"
    r"4open\.science|osf\.io|figshare|dataverse|datadryad|kaggle\.com",
    re.I,
)
_BARE = re.compile(r"\W*(\d{1,3}|[*†‡§¶#]{1,2})?\W*(?:(?:see|available|at|from)\W+){0,3}", re.I)
_NEAR = 120  # characters before a link that is in no sentence
_FAR = 12_000  # characters before a footnote in which its mark is: a page or two


def own_links(paper: Paper) -> Iterator[Span]:
    """Links to the paper's own code, data or project page, the surest first.

    They stand above the introduction, or their sentence says "our code" or "available at", or they
    name an author, or a host of code and data has them under a word of the title. What is said of
    a footnote that is nothing but a link is said where its mark is.
    """
    authors = {author.split()[-1].lower() for author in paper.authors if author.split()}
    title = set(re.findall(r"[^\W\d_]{4,}", paper.title.lower()))
    body = next((s.span.start for s in paper.sections if s.role == "introduction"), 0)
    said = {span: _said_of(paper, span) for span in paper.links}

    def is_own(span: Span) -> bool:
        words = said[span]
        return bool(_OWN.search(words)) and not _USED.search(words)

    def is_named(span: Span) -> bool:
        address = span.of(paper.text).lower()
        parts = set(re.findall(r"[^\W\d_]{4,}", address))
        named = title & parts if _HOSTS.search(address) else set()
        return bool(named) or any(len(name) > 3 and name in address for name in authors)

    for span in sorted(paper.links, key=lambda one: (one.start > body, not is_own(one), one.start)):
        if _JOURNAL.search(said[span]):
            continue
        if span.start <= body or is_own(span) or is_named(span):
            yield span


def _said_of(paper: Paper, link: Span) -> str:
    """The sentence up to the link. Before it, if a footnote is all link, the one that has its mark.

    The notes of Markdown stand beside what they are of, and have no mark.
    """
    sentence = next((one for one in paper.sentences if one.span.contains(link)), None)
    if sentence is None:
        return " ".join(paper.text[max(0, link.start - _NEAR) : link.start].split())
    before = " ".join(paper.text[sentence.span.start : link.start].split())
    bare = _BARE.fullmatch(before)
    if sentence.kind != "footnote" or bare is None:
        return before
    marked = _marked(paper, bare[1], link) if bare[1] else sentence.span.start
    citing = max(
        (one for one in paper.sentences if one.span.start < marked and one.kind != "footnote"),
        key=lambda one: one.span.start,
        default=None,
    )
    if citing is None:
        return before
    said = " ".join(paper.text[citing.span.start : min(citing.span.end, marked)].split())
    return f"{said.rstrip('.,;')} {before}"


def _marked(paper: Paper, mark: str, link: Span) -> int:
    """Where the mark of the footnote with this link is in the text; 0 if it is nowhere."""
    known = re.compile(rf"\^\(?{re.escape(mark)}(?!\d)")
    places = known.finditer(paper.text, max(0, link.start - _FAR), link.start)
    return max((one.start() for one in places), default=0)
