"""Repairs broken HTML before it is parsed, so that the text after a fault is not lost.

The parser follows the standard, by which an unclosed comment or script extends to the end of the
file, and it drops elements nested deeper than 2,048 levels. The rest of the paper has to be read
all the same.
"""

from __future__ import annotations

import re

# Elements whose content is not markup, so that a tag inside them does not end them.
_RAW = ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes")
_OPEN = re.compile(rf"<!--|<(?P<raw>{'|'.join(_RAW)})\b[^<>]*>", re.I)
_RAW_ENDS = {name: re.compile(rf"</{name}\b", re.I) for name in _RAW}
_BLOCK = re.compile(
    r"<(?:/?(?:p|div|h[1-6]|section|article|main|body|table|ul|ol|blockquote|figure|dl|header)\b"
    r"|/head\b)",
    re.I,
)
# Parts that are left out: unclosed, one would take the rest of the paper with it.
_PART = re.compile(
    r"<(?P<end>/?)(?P<name>nav|aside|footer|form|button|select|svg|object|video|audio|canvas|dialog)"
    r"\b[^<>]*(?<!/)>",
    re.I,
)
_LINE_OR_TAG = re.compile(r"[\n<]")
_END_OF_PAGE = re.compile(r"</(?:body|html)\s*>", re.I)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)\b[^<>]*?(/?)>")
# Elements that stand alone, or that end where the next of their kind begins: they do not nest.
_FLAT = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr", "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option",
    "html", "head", "body", "h1", "h2", "h3", "h4", "h5", "h6",
})  # fmt: skip
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font",
    "i", "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong",
    "sub", "sup", "tt", "u", "var",
})  # fmt: skip
_DEEPEST = 500  # elements; LaTeXML's own pages stay below 60


def closed(source: str) -> str:
    """The page with an end for each comment, script or style sheet that has none.

    An open comment ends with its line or at the next tag, an open script before the next block.
    What follows the end of ``body`` belongs to it, as browsers have it.
    """
    done: list[str] = []
    place = 0
    endless: set[str] = set()  # what has no end in the rest of the page
    while (start := _OPEN.search(source, place)) is not None:
        name = (start["raw"] or "").lower()
        end = -1
        if name not in endless:
            found = _RAW_ENDS[name].search(source, start.end()) if name else None
            end = found.start() if found else -1
            if not name:
                end = source.find("-->", start.start() + len("<!"))
        if end < 0:
            endless.add(name)
            cut = (_BLOCK if name else _LINE_OR_TAG).search(source, start.end())
            end = cut.start() if cut else len(source)
            done.append(source[place:end] + (f"</{name}>" if name else "-->"))
        else:
            end += 0 if name else len("-->")
            done.append(source[place:end])
        place = end
    return _END_OF_PAGE.sub(" ", _parted("".join(done) + source[place:]))


def _parted(source: str) -> str:
    """The page with an end for each part of the site that has none, before the next block."""
    opened: dict[str, int] = {}
    unclosed: list[tuple[int, str]] = []
    for match in _PART.finditer(source):
        name = match["name"].lower()
        if name in opened and not match["end"]:
            unclosed.append((opened.pop(name), name))
        if match["end"]:
            opened.pop(name, None)
        else:
            opened[name] = match.end()
    unclosed += [(place, name) for name, place in opened.items()]
    done: list[str] = []
    last = end = 0
    for place, name in sorted(unclosed):
        if place > last:  # else the next block is the same as before
            block = _BLOCK.search(source, place)
            end = block.start() if block else len(source)
        done.append(f"{source[last:end]}</{name}>")
        last = end
    return "".join(done) + source[last:]


def flattened(source: str) -> str:
    """The page without elements that nest too deep: inline ones go, blocks become paragraphs."""
    depth = 0
    dropped: list[bool] = []  # of each open element: whether its tag was left out

    def seen(match: re.Match[str]) -> str:
        nonlocal depth
        end, name, alone = match[1], match[2].lower(), match[3]
        if name in _FLAT or alone:
            return match[0]
        if not end:
            depth += 1
            dropped.append(depth > _DEEPEST)
            return "" if dropped[-1] and name in _INLINE else "<p>" if dropped[-1] else match[0]
        if not dropped:
            return match[0]
        depth -= 1
        return "" if dropped.pop() else match[0]

    return _TAG.sub(seen, source)
