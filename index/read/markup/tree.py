"""Parses HTML bytes into a tree with lxml: libxml2 repairs any markup, quickly and offline.

Nothing is fetched, no script runs and no entity of a document's own is expanded. Comments stay in
the tree until ``index.read.markup.unseen`` has taken them out.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from index.read.markup.repair import closed, flattened
from index.read.page.refused import MOST_ELEMENTS, UnreadableError

if TYPE_CHECKING:
    from lxml.etree import _Element

    Element: TypeAlias = _Element

_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.I)
_XML_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{2,40})")
_XML = re.compile(r"\s*<\?xml\b|\s*(?:<!DOCTYPE[^>]*>\s*)?<html[^>]*\bxmlns\s*=", re.I)
_TAG = re.compile(r"<(?:!doctype\s+html|html|head|body|article|main|section|div|h[1-6]|p)\b", re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_LEAST_READ = 8  # words of a text that is there to be read
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"),
         (codecs.BOM_UTF16_BE, "utf-16-be"))  # fmt: skip
# The encodings of the Encoding Standard. Python has others that no page uses: base64, idna.
_ENCODING = re.compile(
    r"utf-?8|utf-16(?:le|be)?|us-ascii|ascii|latin-?1|(?:windows|cp)-?\d{3,4}|iso-?8859-?\d{1,2}|"
    r"koi8-[ru]|macintosh|gb\w{3,5}|big5(?:-hkscs)?|euc-(?:jp|kr)|shift[_-]jis|iso-2022-jp"
)
# What the WHATWG's Encoding Standard means by these labels, and Python does not.
_LABELS = {"iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "us-ascii": "cp1252",
           "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932",
           "euc-kr": "cp949", "utf-16": "utf-8", "utf-16le": "utf-8",
           "utf-16be": "utf-8"}  # fmt: skip


def read_source(content: bytes) -> str | None:
    """The characters of a page, decoded as HTML says; None if it is not HTML.

    A byte order mark decides, then what the first kilobyte declares, then UTF-8, then Windows-1252.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            source = content[len(mark) :].decode(encoding, "replace")
            break
    else:
        source = _decoded(content)
    return None if "\x00" in source or not _TAG.search(source) else source


def _decoded(content: bytes) -> str:
    declared = _XML_DECLARED.match(content[:1024]) or _DECLARED.search(content[:1024])
    if declared:
        label = declared[1].decode("ascii", "replace").lower()
        if _ENCODING.fullmatch(label):
            try:
                return content.decode(_LABELS.get(label, label), "replace")
            except LookupError:  # one that browsers know and Python does not
                pass
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        # A few broken bytes do not make a page another encoding's.
        damaged = content.decode("utf-8", "replace")
        lost = damaged.count("\ufffd")
        foreign = sum(byte >= 0x80 for byte in content[: 1 << 20])
        return damaged if 10 * lost < foreign else content.decode("cp1252", "replace")


def parse(source: str) -> Element | None:
    """The tree, repaired where it was broken; None if it has no element. Raises ``MemoryError``.

    XHTML is taken as XML where it is well formed, since there ``<script/>`` ends at once. Raises
    ``UnreadableError`` for a page of too many elements.
    """
    from lxml import etree

    content = _CONTROL.sub(" ", source).encode("utf-8", "replace")
    tree: Element | None = None
    if _XML.match(source):
        strict = etree.XMLParser(
            encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True,
            huge_tree=False, remove_pis=True,
        )  # fmt: skip
        try:
            tree = etree.fromstring(content, strict)
        except etree.XMLSyntaxError:
            _check_memory(strict)
            tree = None
    if tree is None or local_name(tree) != "html":
        sound = closed(_CONTROL.sub(" ", source))
        tree, cut = _lenient(sound)
        if cut:  # elements may nest 2,048 deep; what is deeper is left out
            tree, _ = _lenient(flattened(sound))
    if tree is not None and sum(1 for _ in tree.iter()) > MOST_ELEMENTS:
        raise UnreadableError("limit", f"more than {MOST_ELEMENTS} elements of HTML")
    return tree


def _lenient(source: str) -> tuple[Element | None, bool]:
    """The tree of any markup, and whether some was left out of it for its depth."""
    from lxml import etree

    parser: Any = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=True, remove_pis=True
    )
    try:
        tree = etree.fromstring(source.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        _check_memory(parser)
        return None, False
    _check_memory(parser)
    return tree, any(one.type_name == "ERR_RESOURCE_LIMIT" for one in parser.error_log)


def _check_memory(parser: Any) -> None:
    """Raise ``MemoryError`` where libxml2 had too little memory: it calls that a fault of the page,
    and what it made before is a part of it.
    """
    if any(one.type_name == "ERR_NO_MEMORY" for one in parser.error_log):
        raise MemoryError


class Walk:
    """An element and all in it, in document order: ``start`` before its content, ``end`` after it.

    No recursion, however deep the tree is. After ``skip()`` at a start, its end comes next.
    """

    def __init__(self, root: Element) -> None:
        from lxml import etree

        iterwalk: Any = etree.iterwalk
        self._steps = iterwalk(root, events=("start", "end"))

    def __iter__(self) -> Iterator[tuple[Literal["start", "end"], Element]]:
        return iter(self._steps)

    def skip(self) -> None:
        """Leave out what is inside the element whose start came last."""
        self._steps.skip_subtree()


def local_name(element: Element) -> str:
    """Its tag in lower case without a namespace; empty for a comment or an entity."""
    tag: Any = element.tag
    return _local(tag) if isinstance(tag, str) else ""


@lru_cache(maxsize=1024)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2].lower()


def classes(element: Element) -> frozenset[str]:
    """Its classes."""
    return frozenset((element.get("class") or "").split())


def is_ornament(element: Element) -> bool:
    """Whether it is marked as an ornament or a copy, and is one: few words, or a formula's picture.

    ``aria-hidden`` is for screen readers. People see such text, so where it is long it is text.
    """
    if element.get("aria-hidden") != "true":
        return False
    parent = element.getparent()
    return len(text_of(element).split()) < _LEAST_READ or (
        parent is not None and any(local_name(one) == "math" for one in parent.iter("*"))
    )


def is_boxed_text(drawing: Element) -> bool:
    """Whether a drawing only frames text, as LaTeXML draws a box of LaTeX."""
    return any(local_name(one) == "foreignobject" for one in drawing.iter("*")) and (
        len(text_of(drawing).split()) >= _LEAST_READ
    )


def text_of(element: Element) -> str:
    """All characters in it, with single spaces."""
    return " ".join("".join(map(str, element.itertext())).split())
