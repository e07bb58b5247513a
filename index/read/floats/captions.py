"""The name at the head of a caption: label, kind and number; captions side by side in one row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from index.read.page.pages import Line, PageContent

FigureKind = Literal["figure", "table", "algorithm", "listing", "scheme", "chart", "plate", "box"]

_NAME = re.compile(
    r"(?P<of>(?:extended\s+data|supplementary|supplemental|appendix)\s+)?"
    r"(?P<word>fig(?:ur[ae]|\.)?|table|tab(?:elle|leau|la|\.)?|algorithm|alg\.|listing|scheme|"
    r"chart|plate|box|abb(?:ildung|\.)|[图圖図表]|그림|표)"
    r"(?P<number>\s*(?:[a-z]{1,2}\.?-?)?\d+(?:\.\d+)*[a-z]?(?![a-z])|\s+[ivxlc]+\b|\s+[a-z]\b)"
    r"\s*(?P<mark>[.:：．|–—-])?",
    re.I,
)
_KIND: dict[str, FigureKind] = {
    "fig": "figure", "tab": "table", "alg": "algorithm", "表": "table", "표": "table",
}  # fmt: skip
_BESIDE = 12.0  # points: words of one row that are further apart are of two captions


@dataclass(frozen=True, slots=True)
class FigureName:
    """The head of a caption: "Fig. 3" is the label, "figure" the kind and "3" the number."""

    label: str
    kind: FigureKind
    number: str
    of: str  # "supplementary", if it has a numbering apart from the paper's
    marked: bool  # a colon or a full stop follows, which a sentence does not have there

    @property
    def stem(self) -> str:
        """A name for a file: "figure-3"."""
        parts = [*self.of.split(), self.kind, re.sub(r"[^0-9a-z.]", "", self.number.lower())]
        return "-".join(parts)


def figure_name(caption: str) -> FigureName | None:
    """The name at the head of a caption; None if it has none."""
    found = _NAME.match(caption.lstrip())
    if found is None:
        return None
    word = found["word"].lower()
    kind = next((k for k in get_args(FigureKind) if k == word), None) or _KIND.get(word[:3])
    label = " ".join(found.group()[: found.end("number") - found.start()].split())
    of = (found["of"] or "").lower().strip()
    number = found["number"].strip()
    return FigureName(label, kind or "figure", number, of, found["mark"] is not None)


def may_caption(line: Line) -> bool:
    """Whether a line may begin a caption: only pages with such a line are searched for drawings."""
    return _NAME.match(line.text) is not None


def split_captions(page: PageContent) -> None:
    """Split lines of side-by-side captions that the file keeps in one block, in place."""
    lefts: dict[int, float] = {}  # block -> where its right caption begins
    heads = {line.block: line for line in reversed(page.lines) if may_caption(line)}
    for line in page.lines:
        head = heads.get(line.block)
        if head is None or abs(line.middle - head.middle) > 3:
            continue
        for number, word in enumerate(line.words):
            before = line.words[number - 1] if number else head.words[-1]
            beside = word.x0 - before.x1 > _BESIDE and line.block not in lefts
            said = " ".join(one.text for one in line.words[number : number + 3])
            if beside and word is not head.words[0] and _NAME.match(said):
                lefts[line.block] = word.x0
    for block, left in lefts.items():
        held = [line for line in page.lines if line.block == block]
        place = page.lines.index(held[0])
        apart: tuple[list[Line], list[Line]] = [], []
        for line in held:
            right = [word for word in line.words if word.x0 > left - 2]
            for side, words in enumerate((line.words[: len(line.words) - len(right)], right)):
                if words:
                    number = block if side == 0 else -1 - block  # a number that no block has
                    apart[side].append(Line(line.page, number, words, line.upright))
        others = [line for line in page.lines if line.block != block]
        page.lines[:] = [*others[:place], *apart[0], *apart[1], *others[place:]]
