"""Collects the text of an article in pieces, in reading order, as its elements begin and end."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from index.accounts import Finding
from index.paper import BlockKind, Role
from index.read.markup.article import is_of_site
from index.read.markup.assemble import BlockDraft
from index.read.markup.byline import read_byline
from index.read.markup.elements import (
    BYLINES,
    CELL_CLASSES,
    DIVISIONS,
    INSTITUTES,
    LEFT_OUT_CLASSES,
    LISTINGS,
    ONE_BLOCK_CLASSES,
    ONE_BLOCK_TAGS,
    RUN_IN,
    TEX_CLASS,
    TITLE_ROLES,
    TYPED,
    UNREAD_TAGS,
    is_block,
)
from index.read.markup.formulas import SaidFormula, between_signs, formulas_in, parts_of
from index.read.markup.mathml import linear, tex_of, written
from index.read.markup.tree import Walk, classes, is_boxed_text, is_ornament, local_name, text_of
from index.read.markup.unseen import SAID, Unseen, findings_of
from index.read.page.hidden import MOST_FINDINGS
from index.read.page.unicode import plain, spelled
from index.read.text.headings import Heading, parse_heading
from index.read.text.labels import KEYWORDS_LABEL

if TYPE_CHECKING:
    from index.read.markup.tree import Element


_CAPTION = re.compile(r"(?:Figure|Fig\.|Table|Algorithm|Listing|Scheme)\s*[A-Z]?\.?\d", re.I)
FLOATS = frozenset({"caption", "table", "footnote"})
_CELL, _ROW = "\x1d", "\x1e"  # the ends of a table's cells and rows while it is read
_ORDINALS = frozenset({"st", "nd", "rd", "th", "e", "er", "re", "o", "a", "ème", "ère"})
_CODE = frozenset({"code", "pre", "kbd", "samp", "tt"})
_PROSE_OF_CELL = 1000  # characters: a cell with more holds a text, and its table lays a page out


@dataclass(slots=True)
class _OpenBlock:
    """An open stretch of text. ``whole``: blocks inside it do not end it (a table's, a note's)."""

    kind: BlockKind
    whole: bool = False
    parts: list[str] = field(default_factory=list)
    level: int = 0
    heading: Heading | None = None
    title: bool = False
    tag: str = ""  # the number at its head: "2.1", "Figure 3"
    marked: bool = False  # it begins with a raised mark
    classes: frozenset[str] = frozenset()


class HtmlDraft:
    """The blocks of an article in reading order, with what its markup says of them.

    ``sizes``: the number of characters in its elements, by which a site's own parts are
    recognised; without it, none are. ``typed``: whether LaTeXML's classes give all types.
    """

    def __init__(
        self, article: Element, sizes: Mapping[Element, int] | None, typed: bool | None = None
    ) -> None:
        self.pieces: list[BlockDraft] = []
        self.places: list[BlockDraft] = []
        self.title = ""
        if typed is None:
            typed = any(classes(element) & TYPED for element in article.iter("*"))
        self.typed = typed
        self._article = article
        self._sizes = sizes
        self._spelled: dict[str, None] = {}
        self._open = [_OpenBlock("paragraph")]
        self._opened_by: list[Element] = []
        self._notes: list[BlockDraft] = []  # wait for the end of the block they are in
        self._depth = 0
        self._appendix = 0
        self._items = 0
        self._code = 0
        self._next: Heading | None = None  # of a section without a title
        self._in_body = False
        self._headings = 0
        self._heads: set[Element] = set()  # raised marks at the head of what they mark
        self._authors: dict[str, None] = {}
        self._layouts = _layout_tables(article)
        walk = Walk(article)
        for event, element in walk:
            if event == "start":
                if not self._start(element):
                    walk.skip()
            else:
                self._end(element)
        self._flush()
        self.pieces += self._notes

    @property
    def authors(self) -> tuple[str, ...]:
        """The names, each once."""
        return tuple(self._authors)

    def findings(
        self, unseen: Sequence[Unseen], comment_words: int = 4, beside: str = ""
    ) -> tuple[Finding, ...]:
        """The hidden text of the article: in its markup, and in characters that draw nothing.

        A comment of fewer words than ``comment_words`` only marks a place. ``beside`` is what was
        read of the file in another way.
        """
        hidden = findings_of(unseen, self._article, self._is_of_site, comment_words)
        spelt = dict.fromkeys((*spelled(beside), *self._spelled))
        written = [Finding("unicode", words[:SAID]) for words in spelt]
        return (*hidden, *written[:MOST_FINDINGS])

    # Each element is begun, and ended with its tail, whether or not it was looked into.

    def _start(self, element: Element) -> bool:
        """Begin an element; False to leave out what is in it."""
        tag, named = local_name(element), classes(element)
        if element is not self._article and self._is_left_out(tag, named, element):
            return False
        if named & BYLINES and self.typed:
            self._flush()
            self._read_byline(element)
            return False
        if tag == "math":
            self._formula(element)
            return False
        if tag == "img":
            if "ltx_Math" in named:
                tex = tex_of(element.get("alt") or "")
                self._say(SaidFormula(tex, tex))
            return False
        if TEX_CLASS in named:
            self._say(between_signs(text_of(element)))
            return False
        if tag == "sup" and not self._raised(element):
            return False
        if tag == "sub" and self._before()[-1:].isalnum():
            self._say("_")
        if "ltx_tag" in named and not self._numbered(named, element):
            return False
        self._count(tag, named, 1)
        opened = self._opening(tag, named, element)
        if opened is not None:
            if "ltx_note" not in named:  # its paragraph continues after it
                self._flush()
            self._open.append(opened)
            self._opened_by.append(element)
        elif tag == "br":
            self._break()
        elif is_block(tag, named):
            self._part()
        self._write(element.text or "")
        return True

    def _end(self, element: Element) -> None:
        tag, named = local_name(element), classes(element)
        left_out = element is not self._article and self._is_left_out(tag, named, element)
        if not left_out:
            if self._opened_by and self._opened_by[-1] is element:
                self._opened_by.pop()
                self._close()
            elif self._open[-1].whole and (tag in ("td", "th") or named & CELL_CLASSES):
                self._say(_CELL)
            elif self._open[-1].whole and (tag == "tr" or "ltx_tr" in named):
                self._say(_ROW)
            elif is_block(tag, named):
                self._part()
            elif named & {"ltx_tag", "ltx_bibblock"} or element in self._heads:
                self._say(" ")
            if not (named & BYLINES and self.typed) and tag not in ("math", "img"):
                self._count(tag, named, -1)
        if element is not self._article:
            self._write(element.tail or "")

    def _is_left_out(self, tag: str, named: frozenset[str], element: Element) -> bool:
        return (
            not tag
            or tag in UNREAD_TAGS
            or (tag == "svg" and not is_boxed_text(element))
            or bool(named & LEFT_OUT_CLASSES)
            or self._is_of_site(element)
            or is_ornament(element)
        )

    def _is_of_site(self, element: Element) -> bool:
        return self._sizes is not None and is_of_site(element, self._article, self._sizes)

    def _count(self, tag: str, named: frozenset[str], step: int) -> None:
        """Keep count of the divisions and lists that are open."""
        if named & DIVISIONS:
            self._depth += step
        if "ltx_appendix" in named:
            self._appendix += step
        if tag in ("li", "dd"):
            self._items += step
        if tag in _CODE:
            self._code += step
        if "ltx_abstract" in named:
            self._flush()
            # Text after an abstract is not a part of it, even without a heading.
            self._next = Heading("", (), 1, "abstract" if step > 0 else "other")
            self._in_body = True

    def _opening(self, tag: str, named: frozenset[str], element: Element) -> _OpenBlock | None:
        """The stretch of text that this element opens, if it does."""
        if "ltx_note" in named:
            thanks = bool(named & {"ltx_role_thanks", "ltx_note_frontmatter"})
            front = thanks or (self.typed and not self._in_body)
            return _OpenBlock("front" if front else "footnote", whole=True, classes=named)
        kind = next((k for name, k in ONE_BLOCK_CLASSES.items() if name in named), None)
        kind = kind or ONE_BLOCK_TAGS.get(tag)
        if element in self._layouts and kind == "table" and not self._open[-1].whole:
            return None
        if kind is None and named & LISTINGS and tag in ("div", "pre", "figure"):
            kind = "table"
        if kind == "caption":
            return _OpenBlock(kind, whole=True, classes=named)
        if self._open[-1].whole:
            return None
        if kind is not None:
            return _OpenBlock(kind, whole=True, classes=named)
        if tag in ("figure", "svg"):
            return _OpenBlock("table")
        if re.fullmatch("h[1-6]", tag) or ("ltx_title" in named and tag == "div"):
            return _heading(tag, named, self.typed, self._depth, bool(self._appendix))
        return None

    def _numbered(self, named: frozenset[str], element: Element) -> bool:
        """Take note of a number that heads what is open; False to leave it out of the text."""
        here = self._open[-1]
        said = plain(text_of(element)).strip(" :.")
        if "ltx_tag_item" in named:
            letters = sum(character.isalpha() for character in said)
            return here.kind == "run-in" or letters > 4  # the term that is described
        if not here.tag:
            here.tag = said
        return True

    def _raised(self, element: Element) -> bool:
        """Whether a superscript is text, and not a reference to a note.

        "31^7", "x^n", "m^-2" and a name's mark, but "4th" and "XIXe".
        """
        if any((link.get("href") or "").startswith("#") for link in element.iter("{*}a", "a")):
            return False
        before, said = self._before(), text_of(element)
        word = said.isalpha() and (len(said) > 1 or (said in _ORDINALS and _counts(before)))
        if before[-1:].isalnum() and re.match(r"[-−–+]?\w", said) and not word:
            self._say("^")
        elif not before[-1:].isalnum() and not self.typed and self._headings < 2:
            # The mark of a place above the first section: "1 MIT".
            self._open[-1].marked = self._open[-1].marked or not before.strip()
            self._heads.add(element)
        return True

    def _before(self) -> str:
        return "".join(self._open[-1].parts[-3:])

    def _break(self) -> None:
        """A line's end, which ends a block above the paper's first section; two do anywhere."""
        here = self._open[-1]
        twice = here.parts and here.parts[-1] == "\n"
        if not here.whole and not self.typed and (twice or self._headings < 2):
            self._flush()
        else:
            self._say("\n")

    def _formula(self, element: Element) -> None:
        displayed = element.get("display") == "block"
        said = SaidFormula(linear(element), tex_of(written(element)), displayed)
        if not displayed or self._open[-1].whole:
            self._say(said)
            return
        self._flush()
        self._add(_OpenBlock("equation", parts=[said]))

    def _read_byline(self, element: Element) -> None:
        for line in read_byline(element):
            piece = BlockDraft("front", plain(line.text))
            if not piece.text:
                continue
            self.pieces.append(piece)
            self._authors.update(dict.fromkeys(line.names))
            if line.kind == "place":
                self.places.append(piece)

    def _write(self, text: str) -> None:
        """Text as people read it; what MathJax would set is formulas."""
        if not text or self.typed or self._code:
            self._say(text)
            return
        for part in parts_of(text):
            self._say(part)

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
            here.parts, here.marked = [], False

    def _close(self) -> None:
        here = self._open.pop()
        self._add(here)

    def _add(self, done: _OpenBlock) -> None:
        if not done.parts:
            return
        said = "".join(done.parts)
        self._spelled.update(dict.fromkeys(spelled(said)))
        clean = _rows if done.kind == "table" else plain
        text = clean(said)
        if not text:
            return
        self._headings += done.kind == "heading"
        if done.title and not self.title:
            self.title = text
        item = self._items > 0
        piece = BlockDraft(done.kind, text, level=done.level, item=item, marked=done.marked)
        if done.kind == "caption":
            piece.label = _label(done.tag, text)
        elif done.kind == "front" and "ltx_keywords" in done.classes:
            piece.text = text if KEYWORDS_LABEL.match(text) else f"Keywords: {text}"
        elif done.heading is not None:
            # "Theorem 1 .", and IEEE's appendix "-A Proofs"
            piece.text = re.sub(r"^-(?=[A-Z])| (?=[.:](?:\s|$))", "", text)
            self._headed(piece, done)
        if piece.text == text:
            piece.formulas = formulas_in(done.parts, text, clean)
        if done.kind == "footnote" and any(part.strip() for part in self._open[-1].parts):
            self._notes.append(piece)
            return
        if done.kind == "front" and done.classes & INSTITUTES:
            self.places.append(piece)
        if self._next is not None and piece.kind not in ("heading", "front", *FLOATS):
            piece.heading, self._next = self._next, None
        elif piece.heading is not None:
            self._next = None
        self._in_body = self._in_body or piece.heading is not None
        self.pieces += [piece, *self._notes]
        self._notes = []

    def _headed(self, piece: BlockDraft, done: _OpenBlock) -> None:
        """Make a heading of a piece. A paragraph's title with a number is one too."""
        heading = done.heading
        if heading is None or (done.kind == "run-in" and not re.match(r"\d+\.\d", done.tag)):
            return
        piece.kind = "heading"
        number = parse_heading(piece.text).number if done.tag else ()
        piece.heading = Heading(piece.text, number, heading.level, heading.role)


def _heading(
    tag: str, named: frozenset[str], typed: bool, depth: int, in_appendix: bool
) -> _OpenBlock:
    """The heading that an element opens, ``depth`` divisions deep."""
    level = int(tag[1]) if tag[1:].isdigit() else 1
    if "ltx_title_document" in named:
        return _OpenBlock("front", whole=True, title=True)
    if not typed:
        return _OpenBlock("heading", whole=True, level=level)
    roles = (role for name, role in TITLE_ROLES.items() if name in named)
    role: Role = next(roles, "other")
    run_in = any(name in named for name in RUN_IN) and role == "other"
    if "ltx_title" not in named:  # a heading of the author's own, in a list or a note
        run_in = True
    if in_appendix and role == "other":
        role = "appendix"
    heading = Heading("", (), max(depth, 1), role)
    return _OpenBlock("run-in" if run_in else "heading", whole=True, heading=heading)


def _rows(said: str) -> str:
    """A table's rows on lines of their own, their cells with a bar between them."""
    rows = []
    for row in said.split(_ROW):
        cells = [plain(cell) for cell in row.strip(" \t\r\n").removesuffix(_CELL).split(_CELL)]
        if any(cells):
            rows.append(" ".join(" | ".join(cells).split()))
    return "\n".join(rows)


def _layout_tables(article: Element) -> frozenset[Element]:
    """The tables that only lay out a page: those with headings or a text in them."""
    found: set[Element] = set()
    tables: list[Element] = []  # that are open
    known = 0  # of those, the outer ones that lay out
    lengths = [0]
    for event, element in Walk(article):
        tag = local_name(element)
        if event == "start":
            lengths.append(len((element.text or "").strip()))
            if tag == "table":
                tables.append(element)
                if element.get("role") in ("presentation", "none"):
                    found.add(element)
            tells = bool(re.fullmatch("h[1-6]", tag))
        else:
            length = lengths.pop()
            tells = tag in ("td", "th") and length > _PROSE_OF_CELL
            lengths[-1] += length + len((element.tail or "").strip())
            if tag == "table":
                tables.pop()
                known = min(known, len(tables))
        if tells:
            found.update(tables[known:])
            known = len(tables)
    return frozenset(found)


def _counts(before: str) -> bool:
    """Whether this is a number, in digits or Roman: a superscript after it is its ending."""
    return bool(re.search(r"(?:\d|\b[IVXLC]+)$", before))


def _label(tag: str, text: str) -> str:
    """ "Figure 3" for a caption that has it; nothing for that of a part, "(a)"."""
    if tag[:1].isalpha() and any(character.isdigit() for character in tag):
        return tag
    match = _CAPTION.match(text)
    whole = re.match(r"\S+\s*[A-Z]?\.?\d+(?:\.\d+)*", text) if match else None
    return whole.group() if whole else ""
