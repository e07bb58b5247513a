"""Finds the part of a web page that is the paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from index.read.markup.elements import SITE_CLASSES, SITE_ROLES, SITE_TAGS, UNREAD_TAGS
from index.read.markup.tree import Walk, classes, local_name

if TYPE_CHECKING:
    from index.read.markup.tree import Element


_SIZED = frozenset({
    "html", "body", "main", "article", "section", "div", "header", *SITE_TAGS,
})  # fmt: skip
_WHOLE = 0.3  # of a page's text: what holds less is a teaser, a notice or a comment
_BESIDE = 0.5  # of the largest part: with so much beside it, all of them are the paper
_NEARLY = 0.8  # of what the elements around it hold


def sizes_of(tree: Element) -> dict[Element, int]:
    """The characters that people read in each element that may hold a paper or be beside it."""
    sizes: dict[Element, int] = {}
    totals = [0]
    walk = Walk(tree)
    for event, element in walk:
        tag = local_name(element)
        if event == "start":
            totals.append(0)
            if tag in UNREAD_TAGS or not tag:
                walk.skip()
            continue
        inside = totals.pop()
        if tag and tag not in UNREAD_TAGS:
            inside += len((element.text or "").strip())
            if tag in _SIZED:
                sizes[element] = inside
            totals[-1] += inside
        totals[-1] += len((element.tail or "").strip())
    return sizes


def find_article(tree: Element, sizes: Mapping[Element, int]) -> Element:
    """The element that holds the paper: of those that are marked as a document, an article or the
    main part, the innermost that holds the text; all of the page where none does.

    A mark alone proves nothing: banners have the class of a document, and teasers are articles.
    """
    kinds: list[list[Element]] = [[], [], []]
    for element in sizes:
        if "ltx_document" in classes(element):
            kinds[0].append(element)
        elif local_name(element) == "article":
            kinds[1].append(element)
        elif local_name(element) == "main" or element.get("role") == "main":
            kinds[2].append(element)
    chrome = sum(
        size
        for element, size in sizes.items()
        if local_name(element) in SITE_TAGS and size < _NEARLY * sizes.get(tree, 0)
    )
    whole = max(sizes.get(tree, 0) - chrome, 1)
    for marked in kinds:
        most = max((sizes[element] for element in marked), default=0)
        if most >= _WHOLE * whole:
            # Elements are in the order of their ends, so the first one is the innermost.
            found = next(element for element in marked if sizes[element] >= _NEARLY * most)
            around = found.getparent()
            beside = (one for one in marked if one is not found and one.getparent() is around)
            if around is not None and sum(sizes[one] for one in beside) >= _BESIDE * most:
                return around  # a paper in several parts
            return found
    return tree


def is_of_site(element: Element, article: Element, sizes: Mapping[Element, int]) -> bool:
    """Whether an element is a part of the site: by its kind, and since it holds no paper."""
    tag = local_name(element)
    return (
        tag in SITE_TAGS
        or bool(classes(element) & SITE_CLASSES)
        or element.get("role") in SITE_ROLES
        or (tag == "header" and local_name(article) != "article" and not _titled(element))
    ) and 2 * sizes.get(element, 0) < sizes.get(article, 1)


def _titled(header: Element) -> bool:
    return any(local_name(element) == "h1" for element in header.iter("*"))
