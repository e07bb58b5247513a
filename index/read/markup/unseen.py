"""Removes text that the reader of a web page does not see, and reports it.

Attributes and the page's own style sheets are evaluated as in a browser, as far as they decide
whether text is visible: colours and backgrounds, sizes, positions, display. tinycss2 parses the
sheets, cssselect2 matches them. External sheets are not fetched, media conditions are ignored, no
script runs. Text that a pointer or a click makes visible counts as visible.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from index.accounts import Finding, HiddenBy
from index.read.markup.tree import Walk, classes, is_boxed_text, local_name, text_of
from index.read.page.hidden import MOST_FINDINGS

if TYPE_CHECKING:
    from index.read.markup.tree import Element

Colour = tuple[float, float, float]  # red, green and blue, each 0 to 1

_FAINT = 0.1  # the least distance of two colours, and the least opacity, that is seen: as in PDFs
_TINY = 1.4  # CSS pixels: 1.05 points, as in PDFs
_AWAY = 500.0  # CSS pixels to the left or above: off any screen, and no hanging indent
_FAR = 5000.0  # CSS pixels to the right or below
SAID = 200  # characters of a finding's text
_HELPER_WORDS = 6  # of what is said to screen readers alone: "opens in a new window"
_FOR_SCREEN_READERS = frozenset({"sr-only", "visually-hidden", "screen-reader-text"})
_MOST_RULES = 4000  # that hide or show: a page with more is read by its attributes alone
_UNREAD = frozenset({"head", "script", "style", "title", "template", "noscript"})
_PROPERTIES = frozenset({
    "display", "visibility", "content-visibility", "opacity", "filter", "color", "background",
    "background-color", "background-image", "font-size", "font", "position", "left", "right", "top",
    "bottom", "text-indent", "margin-left", "margin-top", "transform", "clip", "clip-path", "width",
    "height", "max-width", "max-height", "overflow", "overflow-x", "overflow-y",
    "-webkit-text-fill-color", "translate", "scale", "zoom", "vertical-align",
})  # fmt: skip
# What LaTeXML's own style sheet, which its pages link to, makes of these.
_LATEXML = {"--ltx-fg-color": "color", "--ltx-bg-color": "background-color"}
_NAME = re.compile(r"var\(\s*(?P<name>--[\w-]+)\s*(?:,\s*(?P<otherwise>[^()]*(?:\([^()]*\))?))?\)")
_SHOWS = re.compile(r":(?:hover|focus(?:-within|-visible)?|active|checked|target)(?![\w-])")
_NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)"
_LENGTH = re.compile(rf"{_NUMBER}\s*(px|pt|pc|in|cm|mm|em|rem|ex|ch|vw|vh|%|)(?![\w%])", re.I)
_PIXELS = {"px": 1.0, "": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 37.8, "mm": 3.78,
           "em": 16.0, "rem": 16.0, "ex": 8.0, "ch": 8.0, "vw": 10.0, "vh": 10.0,
           "%": 10.0}  # fmt: skip
_MOVED = re.compile(r"translate[xy3d]*\([^)]*?-(?:\d{5,}|[5-9]\d{3}|\d{3,}(?:em|vw|vh|%))")
_SHRUNK = re.compile(r"scale[xy]?\(\s*0*\.?0*\s*[,)]")
_SYSTEM = {"canvas": (1.0, 1.0, 1.0, 1.0), "canvastext": (0.0, 0.0, 0.0, 1.0)}
_LEVELS = {"super": "sup", "sub": "sub"}  # elements that say what ``vertical-align`` does
_MEDIA = re.compile(r"^\s*(?:all|screen)?\s*$", re.I)


@dataclass(frozen=True, slots=True)
class Unseen:
    """Text that was taken out: where it stood, what it says, and how it was hidden."""

    inside: Element
    text: str
    why: HiddenBy
    helper: bool  # made for screen readers, by its class or its style


@dataclass(frozen=True, slots=True)
class _Look:
    """The style of an element's text, which its children inherit."""

    colour: Colour | None = (0.0, 0.0, 0.0)  # None: not known
    opacity: float = 1.0  # of the colour
    ground: Colour | None = (1.0, 1.0, 1.0)
    size: float = 16.0  # CSS pixels
    shown: bool = True

    @property
    def hidden_by(self) -> HiddenBy | None:
        if not self.shown:
            return "style"
        if self.size < _TINY:
            return "size"
        if self.opacity < _FAINT:
            return "transparency"
        if self.colour and self.ground:
            apart = max(abs(a - b) for a, b in zip(self.colour, self.ground, strict=True))
            return "colour" if apart < _FAINT else None
        return None


def take_out(tree: Element) -> list[Unseen]:
    """Remove hidden text and comments from a page, and return them.

    What is raised or lowered by its style becomes an element that says so.
    """
    found = _comments(tree)
    styled = _Styles(tree)
    whole: list[tuple[Element, HiddenBy]] = []
    parts: list[tuple[Element, HiddenBy]] = []
    looks = [_Look()]
    walk = Walk(tree)
    for event, element in walk:
        if event == "end":
            looks.pop()
            continue
        style = styled.of(element)
        look = _look(looks[-1], style) if style else looks[-1]
        looks.append(look)
        root = local_name(element) in ("html", "body")  # hidden until a script has run
        why = None if root else _gone(style, element)
        if local_name(element) == "template":
            why = "style"
        level = _LEVELS.get(style.get("vertical-align", "")) if style else None
        if level is not None and local_name(element) in ("span", "font", "small", "a"):
            element.tag = level
        drawn = local_name(element) == "svg"
        if drawn:  # shapes, whose colours are not looked at, are the ground
            looks[-1] = replace(look, ground=None)
        if local_name(element) in _UNREAD or why or (drawn and not is_boxed_text(element)):
            if why:
                whole.append((element, why))
            walk.skip()
        elif look.hidden_by is not None:
            parts.append((element, look.hidden_by))
    for element, hidden in parts:
        own = [element.text or "", *(child.tail or "" for child in element)]
        if any(text.strip() for text in own):
            found.append(Unseen(element, " ".join(" ".join(own).split()), hidden, False))
            element.text = " " if element.text else None
            for child in element:
                child.tail = " " if child.tail else None
    for element, hidden in whole:
        style = styled.of(element)
        # The usual way to speak to screen readers alone: a point, clipped, out of the flow.
        clipped = style.get("position") == "absolute" and "width" in style and _is_clipped(style)
        helper = clipped or bool(classes(element) & _FOR_SCREEN_READERS)
        found.append(Unseen(element, text_of(element), hidden, helper))
        element.text = None
        for child in list(element):
            element.remove(child)  # with the text after it
    return found


def findings_of(
    unseen: Sequence[Unseen],
    article: Element,
    is_chrome: Callable[[Element], bool],
    comment_words: int,
) -> list[Finding]:
    """The hidden text of an article that is worth reporting, each text once.

    No finding is a helper for screen readers of a few words, what is in the site's own parts,
    or a comment of fewer than ``comment_words`` words, of LaTeX's own (which LaTeXML carries over)
    or for a browser.
    """
    found: dict[tuple[HiddenBy, str], None] = {}
    for one in unseen:
        words = one.text.split()
        said = sum(any(map(str.isalpha, word)) for word in words)
        if not said or (one.helper and len(words) <= _HELPER_WORDS):
            continue
        if one.why == "comment" and (
            one.text.startswith(("%", "[if ", "[endif")) or said < comment_words
        ):
            continue
        around = [one.inside, *one.inside.iterancestors()]
        if article in around and not any(map(is_chrome, around[: around.index(article)])):
            found[one.why, one.text[:SAID]] = None
    return [Finding(why, text) for why, text in islice(found, MOST_FINDINGS)]


def _comments(tree: Element) -> list[Unseen]:
    """Remove the comments of a page, and return them."""
    from lxml import etree

    found = [
        Unseen(parent, " ".join((comment.text or "").split()), "comment", False)
        for comment in tree.iter(etree.Comment)
        if (parent := comment.getparent()) is not None  # else it is above the page
    ]
    etree.strip_tags(tree, etree.Comment)
    return found


# --- what is said of an element -------------------------------------------------------------------


class _Declared(NamedTuple):
    name: str
    value: str
    important: bool


class _Styles:
    """The declarations of style sheets and attributes for each element, in cascade order."""

    def __init__(self, tree: Element) -> None:
        self._by_rule: dict[Element, list[list[_Declared]]] = {}
        self._named: dict[str, str] = {}  # the page's own names of colours and sizes: "--paper"
        rules = list(islice(_rules(tree), _MOST_RULES + 1))
        if rules and len(rules) <= _MOST_RULES:
            self._match(tree, rules)
        for element in (tree, *(one for one in tree if local_name(one) == "body")):
            said = self.of(element).items()
            self._named.update({name: value for name, value in said if name.startswith("--")})

    def of(self, element: Element) -> dict[str, str]:
        """Its declarations that matter here, by property."""
        if not element.attrib and element not in self._by_rule:
            return {}
        style, matched = element.get("style"), self._by_rule.get(element, ())
        said = [one for rule in matched for one in rule]
        if style:
            said += _declared(style)
        done = {one.name: one.value for one in said if not one.important}
        done.update({one.name: one.value for one in said if one.important})
        if element.get("hidden") is not None and "display" not in done:
            done["display"] = "none"
        for attribute, name in (("bgcolor", "background-color"), ("color", "color")):
            value = element.get(attribute)
            if value and (attribute == "bgcolor" or local_name(element) == "font"):
                done.setdefault(name, value)
        if self._named:
            return {name: _NAME.sub(self._value, value) for name, value in done.items()}
        return done

    def _value(self, name: re.Match[str]) -> str:
        return self._named.get(name["name"], name["otherwise"] or name[0])

    def _match(self, tree: Element, rules: Sequence[tuple[str, list[_Declared]]]) -> None:
        import cssselect2

        matcher: Any = cssselect2.Matcher()
        for selectors, declared in rules:
            try:
                compiled = cssselect2.compile_selector_list(selectors)
            except cssselect2.SelectorError:
                continue
            for selector in compiled:
                if selector.pseudo_element is None:
                    matcher.add_selector(selector, declared)
        for wrapper in cssselect2.ElementWrapper.from_html_root(tree).iter_subtree():
            matched = matcher.match(wrapper)
            if matched:
                self._by_rule[wrapper.etree_element] = [declared for *_, declared in matched]


def _rules(tree: Element) -> Iterator[tuple[str, list[_Declared]]]:
    """Selectors and declarations of the page's own style sheets, in order."""
    import tinycss2

    for element in tree.iter("{*}style", "style"):
        if _MEDIA.match(element.get("media") or ""):
            text = "".join(map(str, element.itertext()))
            yield from _rules_in(tinycss2.parse_stylesheet(text, True, True))


def _rules_in(nodes: Sequence[Any]) -> Iterator[tuple[str, list[_Declared]]]:
    import tinycss2

    for node in nodes:
        if node.type == "at-rule" and node.content is not None:
            condition = tinycss2.serialize(node.prelude)
            if (
                node.lower_at_keyword == "layer"
                or (node.lower_at_keyword == "media" and _MEDIA.match(condition))
                or (node.lower_at_keyword == "supports" and "not" not in condition)
            ):
                yield from _rules_in(tinycss2.parse_rule_list(node.content, True, True))
        elif node.type == "qualified-rule":
            declared = _declared(node.content)
            if declared:
                selectors = tinycss2.serialize(node.prelude)
                # What a pointer shows is there to be seen; what one would hide is not hidden yet.
                yield (_SHOWS.sub("", selectors) if _may_show(declared) else selectors), declared


def _may_show(declared: Sequence[_Declared]) -> bool:
    return any(
        (one.name == "display" and one.value != "none")
        or (one.name == "visibility" and one.value == "visible")
        or (one.name == "opacity" and _number(one.value, 1.0) >= _FAINT)
        for one in declared
    )


def _declared(content: Any) -> list[_Declared]:
    """The declarations in a ``style`` attribute or between a rule's braces, those that matter."""
    import tinycss2

    return [
        _Declared(
            _LATEXML.get(node.lower_name, node.lower_name),
            tinycss2.serialize(node.value).strip().lower(),
            bool(node.important),
        )
        for node in tinycss2.parse_blocks_contents(content, True, True)
        if node.type == "declaration"
        and (node.lower_name in _PROPERTIES or node.lower_name.startswith("--"))
    ]


# --- what that means ------------------------------------------------------------------------------


def _gone(style: Mapping[str, str], element: Element) -> HiddenBy | None:
    """Why an element is not seen with all that is in it."""
    if not style and not element.get("class"):
        return None
    if classes(element) & _FOR_SCREEN_READERS and not _is_formula(element):
        return "position"
    if not style:
        return None
    if style.get("display") == "none" or style.get("content-visibility") == "hidden":
        return "style"
    if _number(style.get("opacity", ""), 1.0) < _FAINT or re.search(
        r"opacity\(\s*0*(?:\.0\d*)?%?\s*\)", style.get("filter", "")
    ):
        return "transparency"
    away = _is_away(style) or _is_clipped(style)
    return "position" if away and not _is_formula(element) else None


def _is_away(style: Mapping[str, str]) -> bool:
    if style.get("position") in ("absolute", "fixed", "relative"):
        for side in ("left", "top", "right", "bottom"):
            place = _length(style.get(side, ""))
            if place is not None and (place <= -_AWAY or place >= _FAR):
                return True
    for name in ("text-indent", "margin-left", "margin-top"):
        place = _length(style.get(name, ""))
        if place is not None and place <= -_AWAY:
            return True
    transform = style.get("transform", "")
    for name in ("translate", "scale"):  # properties of their own, too
        if name in style:
            transform += f" {name}({style[name]})"
    return bool(_MOVED.search(transform)) or bool(_SHRUNK.search(transform))


def _is_clipped(style: Mapping[str, str]) -> bool:
    placed = style.get("position") in ("absolute", "fixed")
    edges = _lengths(style.get("clip", ""))
    if placed and len(edges) == 4 and max(edges) - min(edges) < 1.5:
        return True
    path = style.get("clip-path", "")
    if re.search(r"inset\(\s*(?:[5-9]\d|100)(?:\.\d+)?%|(?:circle|ellipse)\(\s*0", path):
        return True
    cut = any(
        style.get(name, "").split()[:1] in (["hidden"], ["clip"])
        for name in ("overflow", "overflow-x", "overflow-y")
    )
    sides = ("width", "height", "max-width", "max-height")
    least = [length for name in sides if (length := _length(style.get(name, ""))) is not None]
    return cut and bool(least) and min(least) <= 1.5


def _is_formula(element: Element) -> bool:
    """Whether it is the MathML of a formula, whose picture is beside it."""
    formulas = [one for one in element.iter("*") if local_name(one) == "math"]
    return bool(formulas) and text_of(element) == " ".join(map(text_of, formulas))


def _look(around: _Look, style: Mapping[str, str]) -> _Look:
    """The style of the element's own text, given that of its parent."""
    visibility = style.get("visibility")
    shown = around.shown if visibility is None else visibility not in ("hidden", "collapse")
    size = _size(style, around.size) * _number(style.get("zoom", ""), 1.0)
    look = replace(around, shown=shown, size=size, ground=_ground(style, around.ground))
    said = style.get("-webkit-text-fill-color") or style.get("color")
    if not said or said in ("inherit", "currentcolor", "unset"):
        return look
    colour = _colour(said)
    if colour is None:
        return replace(look, colour=None, opacity=1.0)
    return replace(look, colour=colour[:3], opacity=colour[3])


def _size(style: Mapping[str, str], around: float) -> float:
    said = style.get("font-size") or style.get("font", "").partition("/")[0]
    match = _LENGTH.search(said)
    if match is None:
        return 16.0 if said else around
    number, unit = float(match[1]), match[2].lower()
    if unit in ("em", "%"):
        return around * (number if unit == "em" else number / 100)
    return number * _PIXELS[unit]


def _ground(style: Mapping[str, str], around: Colour | None) -> Colour | None:
    """The background colour of text; None if it is a picture or not known."""
    for name in ("background-image", "background", "background-color"):
        said = style.get(name, "")
        if not said or said in ("none", "transparent", "inherit", "initial", "unset"):
            continue
        if "url(" in said or "gradient" in said:
            return None
        if name == "background-image":
            continue
        parts = re.findall(r"[^\s(]+\([^)]*\)|[^\s,/]+", said)
        colours = [colour for part in parts if (colour := _colour(part)) is not None]
        if not colours:
            return None if "var(" in said else around
        red, green, blue, opacity = colours[0]
        if around is None:
            return (red, green, blue) if opacity > 1 - _FAINT else None
        return (
            red * opacity + around[0] * (1 - opacity),
            green * opacity + around[1] * (1 - opacity),
            blue * opacity + around[2] * (1 - opacity),
        )
    return around


def _colour(said: str) -> tuple[float, float, float, float] | None:
    """Red, green, blue and opacity, each 0 to 1; None if it is not a colour or not known."""
    from tinycss2 import color3, color4

    plain = color3.parse_color(said)
    if isinstance(plain, color3.RGBA):
        return plain.red, plain.green, plain.blue, plain.alpha
    if said in _SYSTEM:
        return _SYSTEM[said]
    other = color4.parse_color(said)
    if isinstance(other, color4.Color):
        try:
            other = other.to("srgb")
        except NotImplementedError:  # Lab and similar spaces: the lightness shows white and black
            most = 100.0 if other.space in ("lab", "lch") else 1.0
            light = float(other.coordinates[0] or 0) / most
            ends = other.space in ("lab", "lch", "oklab", "oklch") and not 0.05 < light < 0.97
            return (light, light, light, float(other.alpha)) if ends else None
        red, green, blue = (float(one or 0) for one in other.coordinates)
        return red, green, blue, float(other.alpha)
    return None


def _number(said: str, otherwise: float) -> float:
    match = re.match(rf"{_NUMBER}(%?)\s*$", said)
    return float(match[1]) / (100 if match[2] else 1) if match else otherwise


def _length(said: str) -> float | None:
    found = _lengths(said)
    return found[0] if found else None


def _lengths(said: str) -> list[float]:
    """Lengths in CSS pixels; a percentage as of a thousand."""
    return [float(match[1]) * _PIXELS[match[2].lower()] for match in _LENGTH.finditer(said)]
