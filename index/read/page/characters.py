"""The single characters that a page draws, with their positions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from index.read.page.devices import listed
from index.read.page.engine import open_file, text_of
from index.read.page.letters import may_sign, symbol_table
from index.read.page.pages import Area


@lru_cache(maxsize=4)
def _signs_of(path: Path) -> dict[str, dict[int, str] | None]:
    """The meaning of characters in fonts that draw signs for letters, for a whole document."""
    drawn: dict[str, set[str]] = {}
    with open_file(path) as document:
        for page in document:
            if not any(may_sign(font[3]) for font in page.get_fonts()):
                continue
            for block in page.get_text("dict", flags=0)["blocks"]:
                for line in block.get("lines", ()):
                    for span in line["spans"]:
                        drawn.setdefault(span["font"], set()).update(span["text"].replace(" ", ""))
    return {font: symbol_table(font, "".join(used)) for font, used in drawn.items()}


@dataclass(frozen=True, slots=True)
class DrawnCharacter:
    """A character as a page draws it, with the middle of its box in points."""

    text: str
    x: float
    y: float


def drawn_characters(path: Path, page: int) -> list[DrawnCharacter]:
    """All characters of page ``page`` (from 1), as they are drawn: to check boxes against.

    Opens the file in this process, so only for files that were read before. Raises
    ``UnreadableError``.
    """
    with open_file(path) as document:
        drawn = document[page - 1]
        drawn.set_rotation(0)
        area = Area(drawn.rect.x0, drawn.rect.y0, drawn.rect.x1, drawn.rect.y1)
        blocks = text_of(listed(drawn), area).extractRAWDICT()["blocks"]
    signs = _signs_of(path)
    return [
        DrawnCharacter(
            character["c"].translate(signs.get(span["font"]) or {}),
            (character["bbox"][0] + character["bbox"][2]) / 2,
            (character["bbox"][1] + character["bbox"][3]) / 2,
        )
        for block in blocks
        for line in block.get("lines", ())
        for span in line["spans"]
        for character in span["chars"]
    ]
