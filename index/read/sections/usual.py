"""The type of most of a paper's text, and whether other type differs from it visibly."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from index.read.order.layout import Paragraph
from index.read.page.pages import Style

_LEAST_COLOUR = 0x40  # of one of three channels


@dataclass(frozen=True, slots=True)
class Usual:
    """The family and the colour of most of a paper's letters."""

    family: str
    colour: int

    def is_other(self, style: Style) -> bool:
        """Whether letters so set differ at a glance from the text."""
        apart = max(
            abs((style.colour >> shift & 255) - (self.colour >> shift & 255))
            for shift in (0, 8, 16)
        )
        upright = not (style.bold or style.italic)
        return apart > _LEAST_COLOUR or (upright and family_of(style.font) != self.family)


def usual_type(parts: Sequence[Paragraph]) -> Usual:
    """The style of most letters of the text."""
    counted: Counter[Style] = Counter()
    for part in parts:
        if part.kind == "paragraph" and len(part.lines) > 2:
            for word in part.words:
                counted[word.style] += len(word.text)
    families: Counter[str] = Counter()
    colours: Counter[int] = Counter()
    for style, count in counted.items():
        families[family_of(style.font)] += count
        colours[style.colour] += count
    if not counted:
        return Usual("", 0)
    return Usual(families.most_common(1)[0][0], colours.most_common(1)[0][0])


@cache
def family_of(font: str) -> str:
    """A font's name without its subset, weight, slope and size: "ABCDEF+CMR10" is "cmr"."""
    name = re.split(r"[-,\d]", font.split("+")[-1].lower(), maxsplit=1)[0]
    return re.sub(r"(?:ps|mt|std|lt|pro|regular|roman)+$", "", name)
