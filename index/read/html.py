"""HTML full texts: LaTeXML's, as arxiv.org/html and ar5iv serve them, and articles in general.

LaTeXML's classes tell what everything is, so nothing is guessed there but the lines of names. Any
other page gives its headings and paragraphs, and its front matter is found out as Markdown's is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from index.paper import ARXIV_ID, BlockKind, Paper, Role
from index.read import file_hash
from index.read.assemble import Front, Piece, assemble
from index.read.byline import read_byline
from index.read.headings import Heading, parse_heading
from index.read.identity import Identity, identify, is_stamp
from index.read.keywords import KEYWORDS_LABEL
from index.read.markup import Walk, classes, is_hidden, local_name, parse, read_source, text_of
from index.read.mathml import linear, tex_of
from index.read.plain import compose

if TYPE_CHECKING:
    from index.read.markup import Element

# --- what elements are ----------------------------------------------------------------------------

_LEFT_OUT_TAGS = frozenset({
    "script", "style", "template", "noscript", "nav", "footer", "aside", "button", "form", "input",
    "select", "textarea", "iframe", "object", "embed", "svg", "canvas", "dialog", "head", "title",
    "audio", "video", "picture", "map", "datalist",
})  # fmt: skip
_LEFT_OUT_CLASSES = frozenset({
    "ltx_page_header", "ltx_page_footer", "ltx_page_navbar", "ltx_page_logo", "ltx_TOC", "ltx_rdf",
    "ltx_ERROR", "ltx_pagination", "ltx_role_newpage", "ltx_listing_data", "ltx_tag_listingline",
    "ltx_bib_cited", "ltx_note_mark", "ltx_note_type", "ltx_tag_note", "ltx_role_footnotemark",
    "sr-only", "visually-hidden", "screen-reader-text", "infobox", "package-alerts", "ar5iv-footer",
    "ds-announcement", "arxiv-html-header", "html-header-logo",
})  # fmt: skip
_LEFT_OUT_ROLES = frozenset({"navigation", "search", "dialog", "contentinfo", "alert"})
_BLOCK_TAGS = frozenset({
    "p", "div", "section", "article", "main", "header", "hgroup", "address", "blockquote", "figure",
    "ul", "ol", "dl", "li", "dd", "hr", "center", "fieldset", "details", "summary", "body",
})  # fmt: skip
_BLOCK_CLASSES = frozenset({"ltx_p", "ltx_para", "ltx_item", "ltx_inline-block", "ltx_minipage"})
_ONE_BLOCK_TAGS: dict[str, BlockKind] = {
    "table": "table", "pre": "table", "figcaption": "caption", "caption": "caption",
    "dt": "run-in",
}  # fmt: skip
_ONE_BLOCK_CLASSES: dict[str, BlockKind] = {
    "ltx_equationgroup": "equation",
    "ltx_equation": "equation",
    "katex-display": "equation",
    "ltx_caption": "caption",
    "ltx_bibitem": "reference",
    "ltx_tabular": "table",
    "ltx_keywords": "front",
    "ltx_classification": "front",
    "ltx_dates": "front",
    "ltx_subtitle": "front",
}
_LISTINGS = frozenset({"ltx_listing", "ltx_lstlisting", "ltx_verbatim", "ltx_algorithmic"})
_BYLINES = frozenset({"ltx_authors", "ltx_creator", "ltx_personname"})
_INSTITUTES = frozenset({"ltx_role_institutetext", "ltx_role_institute", "ltx_role_affiliation",
                         "ltx_role_address"})  # fmt: skip
_RUN_IN = ("ltx_title_paragraph", "ltx_title_subparagraph", "ltx_title_theorem", "ltx_title_proof",
           "ltx_runin")  # fmt: skip
_TITLE_ROLES: dict[str, Role] = {
    "ltx_title_abstract": "abstract",
    "ltx_title_acknowledgements": "acknowledgements",
    "ltx_title_bibliography": "references",
}
_TYPED = frozenset({"ltx_document", "ltx_title_document", "ltx_section"})
_DIVISIONS = frozenset({
    "ltx_part", "ltx_chapter", "ltx_section", "ltx_subsection", "ltx_subsubsection",
    "ltx_paragraph", "ltx_subparagraph", "ltx_appendix", "ltx_bibliography",
    "ltx_acknowledgements", "ltx_index", "ltx_glossary",
})  # fmt: skip

_CAPTION = re.compile(r"(?:Figure|Fig\.|Table|Algorithm|Listing|Scheme)\s*[A-Z]?\.?\d", re.I)
_ABSTRACT_LABEL = re.compile(r"(?:abstract|summary)\s*(?:[.:—–-]+\s*|$)", re.I)
_SENTENCE_END = re.compile(r"[.!?:;。！？…][\"'”’)\]]*$")
_FLOATS = frozenset({"caption", "table", "footnote"})
_INVISIBLE = {ord(c): None for c in "\u00ad\u200b\u2060\ufeff\u202a\u202b\u202c\u202d\u202e"
              "\u2066\u2067\u2068\u2069\u200e\u200f"}  # fmt: skip


def read_html(path: Path, name: str, paper_id: str | None = None) -> Paper | None:
    """The paper in an HTML file, or None if the file is no HTML."""
    source = read_source(path.read_bytes())
    tree = parse(source) if source is not None else None
    if tree is None:
        return None
    page = _Page(tree)
    identity = page.identity(name, file_hash(path), paper_id)
    article = _article(tree)
    draft = _Draft(article)
    if not draft.typed:
        paper = compose([piece for piece in draft.pieces if piece.text], "html", identity)
        title, authors = page.title or paper.title, page.authors or paper.authors
        return replace(paper, title=title, authors=authors)
    pieces = _opened(_mended(draft.pieces))
    body = assemble(pieces)
    places = {id(piece) for piece in draft.places}
    spans = [s for piece, s in zip(pieces, body.spans, strict=True) if id(piece) in places]
    title = draft.title or page.title or page.document_title
    return body.paper("html", identity, Front(title, draft.authors or page.authors, tuple(spans)))


def _article(tree: Element) -> Element:
    """The element that holds the paper: LaTeXML's document, else the longest article, else all."""
    articles: list[Element] = []
    main: Element | None = None
    for element in tree.iter("*"):
        if "ltx_document" in classes(element):
            return element
        tag = local_name(element)
        if tag == "article" and not is_hidden(element):
            articles.append(element)
        elif main is None and (tag == "main" or element.get("role") == "main"):
            main = element
    if articles:
        return max(articles[:50], key=lambda article: len(text_of(article)))
    return tree if main is None else main


# --- the head of the page -------------------------------------------------------------------------


_CANONICAL, _BASE, _LINK = range(3)


class _Page:
    """What a page says about its paper outside the text: addresses, ``meta`` elements, a stamp."""

    def __init__(self, tree: Element) -> None:
        self._meta: dict[str, list[str]] = {}
        self._addresses: list[tuple[int, str]] = []  # the most reliable kind first
        self._stamp = ""
        self.document_title = ""
        latexml = inside = False
        walk = Walk(tree)
        for event, element in walk:
            tag = local_name(element)
            if tag == "article":
                inside = event == "start"
                latexml = latexml or "ltx_document" in classes(element)
                walk.skip()
            if event == "start" and not inside:
                self._look(tag, element)
        if not latexml:  # any page may link to a paper
            self._addresses = [(rank, href) for rank, href in self._addresses if rank < _LINK]

    def _look(self, tag: str, element: Element) -> None:
        href = (element.get("href") or "").strip()
        if tag == "meta":
            key = (element.get("name") or element.get("property") or "").lower()
            value = _clean(element.get("content") or "")
            if key and value:
                self._meta.setdefault(key, []).append(value)
        elif tag == "link" and "canonical" in (element.get("rel") or "").lower().split():
            self._addresses.append((_CANONICAL, href))
        elif tag == "base":
            self._addresses.append((_BASE, href))
        elif tag == "a" and "/abs/" in href:
            self._addresses.append((_LINK, href))
        elif tag == "title" and not self.document_title:
            said = _clean(element.text or "")
            number = re.match(r"\[([\w.-]+(?:/\d+)?)\]\s*", said)  # ar5iv's
            if number:
                self._addresses.append((_LINK, f"https://arxiv.org/abs/{number[1]}"))
            self.document_title = said[number.end() :] if number else said
        elif element.get("id") == "watermark-tr":
            said = _clean(text_of(element))
            self._stamp = said if is_stamp(said) else ""

    @property
    def title(self) -> str:
        """As the page's ``meta`` elements give it."""
        return next(iter(self._meta.get("citation_title", self._meta.get("dc.title", []))), "")

    @property
    def authors(self) -> tuple[str, ...]:
        """As the page's ``meta`` elements give them."""
        found = self._meta.get("citation_author", self._meta.get("dc.creator", []))
        return tuple(dict.fromkeys(_name_first(name) for name in found))

    def identity(self, name: str, sha256: str, given: str | None) -> Identity:
        """From arXiv's stamp, else from the addresses that the page gives itself, else its name."""
        located = next(iter(self._meta.get("citation_arxiv_id", [])), "")
        ranked = sorted(self._addresses, key=lambda address: address[0])
        found = [located, *(_arxiv_address(href, rank) for rank, href in ranked)]
        told = next((one for one in found if ARXIV_ID.fullmatch(one)), "")
        named = identify(name, "", sha256, given)
        from_page = identify(told or name, self._stamp, sha256, given)
        if from_page.version is None and named.id == from_page.id:
            from_page = replace(from_page, version=named.version)
        if from_page.date is None or len(from_page.date) < len("2024-07-03"):
            from_page = replace(from_page, date=self._date or from_page.date)
        return from_page

    @property
    def _date(self) -> str | None:
        keys = ("citation_date", "citation_publication_date", "citation_online_date", "dc.date",
                "article:published_time")  # fmt: skip
        for value in (value for key in keys for value in self._meta.get(key, [])):
            match = re.match(r"(\d{4})[-/](\d{1,2})(?:[-/](\d{1,2}))?(?!\d)", value)
            if match:
                try:
                    day = datetime(int(match[1]), int(match[2]), int(match[3] or 1)).date()
                except ValueError:
                    continue
                return day.isoformat() if match[3] else day.isoformat()[:7]
        return None


def _arxiv_address(href: str, rank: int) -> str:
    """The id in the address of a page of arXiv's or ar5iv's, else nothing."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return ""
    host = (parts.hostname or "").removeprefix("www.")
    ours = host in ("ar5iv.org",) or host == "arxiv.org" or host.endswith(".arxiv.org")
    match = re.match(r"/(?:abs|html|pdf)/(.+?)/?$", parts.path)
    return match[1] if match and (ours or (not host and rank == _BASE)) else ""


def _name_first(name: str) -> str:
    """ "Lovelace, Ada" is Ada Lovelace."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma and "," not in first else name


def _clean(text: str) -> str:
    text = unicodedata.normalize("NFC", text.translate(_INVISIBLE))
    return " ".join(text.split())


# --- the text -------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Open:
    """An open stretch of text. ``whole``: blocks inside it do not end it (a table's, a note's)."""

    kind: BlockKind
    whole: bool = False
    parts: list[str] = field(default_factory=list)
    level: int = 0
    heading: Heading | None = None
    title: bool = False
    tag: str = ""  # the number at its head: "2.1", "Figure 3"
    classes: frozenset[str] = frozenset()


class _Draft:
    """The pieces of an article in reading order, and what its markup says of them."""

    def __init__(self, article: Element) -> None:
        self.pieces: list[Piece] = []
        self.places: list[Piece] = []
        self.title = ""
        self.typed = any(classes(element) & _TYPED for element in article.iter("*"))
        self._article = article
        self._open = [_Open("paragraph")]
        self._opened_by: list[Element] = []
        self._notes: list[Piece] = []  # wait for the end of the block they are in
        self._depth = 0
        self._appendix = 0
        self._items = 0
        self._next: Heading | None = None  # of a section without a title
        self._in_body = False
        self._authors: dict[str, None] = {}
        walk = Walk(article)
        for event, element in walk:
            if event == "start":
                if not self._start(element):
                    walk.skip()
            else:
                self._end(element)
        self._flush()

    @property
    def authors(self) -> tuple[str, ...]:
        """The names, each once."""
        return tuple(self._authors)

    # Each element is begun, and ended with its tail, whether or not it was looked into.

    def _start(self, element: Element) -> bool:
        """Begin an element; False to leave out what is in it."""
        tag, named = local_name(element), classes(element)
        if element is not self._article and self._is_left_out(tag, named, element):
            return False
        if named & _BYLINES and self.typed:
            self._flush()
            self._read_byline(element)
            return False
        if tag == "math":
            self._formula(element)
            return False
        if tag == "img":
            if "ltx_Math" in named:
                self._say(tex_of(element.get("alt") or ""))
            return False
        if tag == "sup" and not self._raised(element):
            return False
        if "ltx_tag" in named and not self._numbered(named, element):
            return False
        self._count(tag, named, 1)
        opened = self._opening(tag, named)
        if opened is not None:
            if "ltx_note" not in named:  # its paragraph goes on after it
                self._flush()
            self._open.append(opened)
            self._opened_by.append(element)
        elif tag == "br":
            self._say(" ")
        elif self._is_block(tag, named):
            self._part()
        self._say(element.text or "")
        return True

    def _end(self, element: Element) -> None:
        tag, named = local_name(element), classes(element)
        left_out = element is not self._article and self._is_left_out(tag, named, element)
        if not left_out:
            if self._opened_by and self._opened_by[-1] is element:
                self._opened_by.pop()
                self._close()
            elif self._is_block(tag, named):
                self._part()
            elif named & {"ltx_tag", "ltx_bibblock"} or tag in ("td", "th", "tr"):
                self._say(" ")
            if not (named & _BYLINES and self.typed) and tag not in ("math", "img"):
                self._count(tag, named, -1)
        if element is not self._article:
            self._say(element.tail or "")

    def _is_left_out(self, tag: str, named: frozenset[str], element: Element) -> bool:
        return (
            not tag
            or tag in _LEFT_OUT_TAGS
            or bool(named & _LEFT_OUT_CLASSES)
            or element.get("role") in _LEFT_OUT_ROLES
            or is_hidden(element)
            or (tag == "header" and local_name(self._article) != "article" and not _titled(element))
        )

    def _is_block(self, tag: str, named: frozenset[str]) -> bool:
        return tag in _BLOCK_TAGS or bool(named & _BLOCK_CLASSES)

    def _count(self, tag: str, named: frozenset[str], step: int) -> None:
        """Keep count of the divisions and lists that are open."""
        if named & _DIVISIONS:
            self._depth += step
        if "ltx_appendix" in named:
            self._appendix += step
        if tag in ("li", "dd"):
            self._items += step
        if "ltx_abstract" in named:
            self._flush()
            # What follows an abstract without a heading of its own is no part of it.
            self._next = Heading("", (), 1, "abstract" if step > 0 else "other")
            self._in_body = True

    def _opening(self, tag: str, named: frozenset[str]) -> _Open | None:
        """The stretch of text that this element opens, if it does."""
        if "ltx_note" in named:
            front = named & {"ltx_role_thanks", "ltx_note_frontmatter"} or not self._in_body
            return _Open("front" if front else "footnote", whole=True, classes=named)
        kind = next((k for name, k in _ONE_BLOCK_CLASSES.items() if name in named), None)
        kind = kind or _ONE_BLOCK_TAGS.get(tag)
        if kind is None and named & _LISTINGS and tag in ("div", "pre", "figure"):
            kind = "table"
        if kind == "caption":
            return _Open(kind, whole=True, classes=named)
        if self._open[-1].whole:
            return None
        if kind is not None:
            return _Open(kind, whole=True, classes=named)
        if tag == "figure":
            return _Open("table")
        if re.fullmatch("h[1-6]", tag) or ("ltx_title" in named and tag == "div"):
            return self._heading(tag, named)
        return None

    def _heading(self, tag: str, named: frozenset[str]) -> _Open:
        level = int(tag[1]) if tag[1:].isdigit() else 1
        if "ltx_title_document" in named:
            return _Open("front", whole=True, title=True)
        if not self.typed:
            return _Open("heading", whole=True, level=level)
        roles = (role for name, role in _TITLE_ROLES.items() if name in named)
        role: Role = next(roles, "other")
        run_in = any(name in named for name in _RUN_IN) and role == "other"
        if "ltx_title" not in named:  # a heading of the author's own, in a list or a note
            run_in = True
        if self._appendix and role == "other":
            role = "appendix"
        heading = Heading("", (), max(self._depth, 1), role)
        return _Open("run-in" if run_in else "heading", whole=True, heading=heading)

    def _numbered(self, named: frozenset[str], element: Element) -> bool:
        """Take note of a number that heads what is open; False to leave it out of the text."""
        here = self._open[-1]
        said = _clean(text_of(element)).strip(" :.")
        if "ltx_tag_item" in named:
            letters = sum(character.isalpha() for character in said)
            return here.kind == "run-in" or letters > 4  # the term that is described
        if not here.tag:
            here.tag = said
        return True

    def _raised(self, element: Element) -> bool:
        """Whether a superscript is text; a reference to a note is none."""
        if any((link.get("href") or "").startswith("#") for link in element.iter("{*}a")):
            return False
        before = "".join(self._open[-1].parts[-3:])
        if before[-1:].isalnum() and re.match(r"[-−+]?\d", text_of(element)):
            self._say("^")
        return True

    def _formula(self, element: Element) -> None:
        said = linear(element)
        displayed = element.get("display") == "block" and not self._open[-1].whole
        if not displayed:
            self._say(said)
            return
        self._flush()
        self._add(_Open("equation", parts=[said]))

    def _read_byline(self, element: Element) -> None:
        for line in read_byline(element):
            piece = Piece("front", _clean(line.text))
            if not piece.text:
                continue
            self.pieces.append(piece)
            self._authors.update(dict.fromkeys(line.names))
            if line.kind == "place":
                self.places.append(piece)

    def _say(self, text: str) -> None:
        if text:
            self._open[-1].parts.append(text)

    def _part(self) -> None:
        """Begin or end a block; in what stays whole that is a space."""
        if self._open[-1].whole:
            self._say(" ")
        else:
            self._flush()

    def _flush(self) -> None:
        """End the block that is being read, unless it is one that stays whole."""
        here = self._open[-1]
        if not here.whole:
            self._add(here)
            here.parts = []

    def _close(self) -> None:
        here = self._open.pop()
        self._add(here)

    def _add(self, done: _Open) -> None:
        text = _clean("".join(done.parts))
        if not text:
            return
        if done.title and not self.title:
            self.title = text
        piece = Piece(done.kind, text, level=done.level, item=self._items > 0)
        if done.kind == "caption":
            piece.label = _label(done.tag, text)
        elif done.kind == "front" and "ltx_keywords" in done.classes:
            piece.text = text if KEYWORDS_LABEL.match(text) else f"Keywords: {text}"
        elif done.heading is not None:
            # "Theorem 1 .", and IEEE's appendix "-A Proofs"
            piece.text = re.sub(r"^-(?=[A-Z])| (?=[.:](?:\s|$))", "", text)
            self._headed(piece, done)
        if done.kind == "footnote":
            self._notes.append(piece)
            return
        if done.kind == "front" and done.classes & _INSTITUTES:
            self.places.append(piece)
        if self._next is not None and piece.kind not in ("heading", "front", *_FLOATS):
            piece.heading, self._next = self._next, None
        elif piece.heading is not None:
            self._next = None
        self._in_body = self._in_body or piece.heading is not None
        self.pieces += [piece, *self._notes]
        self._notes = []

    def _headed(self, piece: Piece, done: _Open) -> None:
        """Make a heading of a piece. A paragraph's title with a number is one too."""
        heading = done.heading
        if heading is None or (done.kind == "run-in" and not re.match(r"\d+\.\d", done.tag)):
            return
        piece.kind = "heading"
        number = parse_heading(piece.text).number if done.tag else ()
        piece.heading = Heading(piece.text, number, heading.level, heading.role)


def _titled(header: Element) -> bool:
    return any(local_name(element) == "h1" for element in header.iter("*"))


def _label(tag: str, text: str) -> str:
    """ "Figure 3" for a caption that has it; nothing for that of a part, "(a)"."""
    if tag[:1].isalpha() and any(character.isdigit() for character in tag):
        return tag
    match = _CAPTION.match(text)
    whole = re.match(r"\S+\s*[A-Z]?\.?\d+(?:\.\d+)*", text) if match else None
    return whole.group() if whole else ""


# --- what the markup does not tell ----------------------------------------------------------------


def _mended(pieces: Sequence[Piece]) -> list[Piece]:
    """Paragraphs that a figure or table stands in made whole; it comes after them."""
    done: list[Piece] = []
    last: Piece | None = None  # the last one that does not float
    floated = False
    for piece in pieces:
        torn = (
            floated
            and last is not None
            and last.kind == piece.kind == "paragraph"
            and last.item == piece.item
            and piece.heading is None
            and piece.text[0].islower()
            and not _SENTENCE_END.search(last.text)
        )
        if torn and last is not None:
            last.text = f"{last.text} {piece.text}"
        else:
            done.append(piece)
            if piece.kind not in _FLOATS:
                last = piece
        floated = (floated and piece.kind == "footnote") or piece.kind in ("caption", "table")
    return done


def _opened(pieces: list[Piece]) -> list[Piece]:
    """Tell front matter from an abstract that is not marked as one: the first long paragraph."""
    body = next((i for i, piece in enumerate(pieces) if piece.heading is not None), len(pieces))
    told = any(piece.heading and piece.heading.role == "abstract" for piece in pieces)
    title = next((i for i, piece in enumerate(pieces[:body]) if piece.kind == "front"), 0)
    for number, piece in enumerate(pieces[:body]):
        if piece.kind not in ("paragraph", "run-in"):
            continue
        label = _ABSTRACT_LABEL.match(piece.text)
        if label and label.end() == len(piece.text):
            piece.kind, piece.heading = "heading", Heading(piece.text, (), 1, "abstract")
            break
        long = len(piece.text.split()) > 40 and piece.text.count(".") >= 2
        if number > title and (long or label):
            role: Role = "other" if told or body == len(pieces) else "abstract"
            piece.heading = Heading("", (), 1, role)
            break
        piece.kind = "front"
    return pieces
