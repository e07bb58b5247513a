"""Checks that boxes hold their words, by reading the drawn characters of the page again.

Letters and digits are compared after Unicode folding: spacing, hyphens at line ends and the way a
font draws its accents do not count.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from index.read.page.characters import DrawnCharacter, drawn_characters
from index.spans import Box

_ACCENTS = re.compile(r"[´`¨ˆ˜¸ˇ˘˙˚˝¯]")


def letters(text: str) -> str:
    """Letters and digits alone, in lower case and without accents."""
    plain = unicodedata.normalize("NFKD", _ACCENTS.sub("", text).replace("ı", "i"))
    return "".join(character for character in plain.casefold() if character.isalnum())


class DrawnPages:
    """The characters of a PDF as they are drawn, read now, a page at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pages: dict[int, list[DrawnCharacter]] = {}

    def says(self, boxes: Sequence[Box]) -> str:
        """The letters whose middle lies in one of ``boxes``."""
        return letters(
            "".join(
                drawn.text
                for page in dict.fromkeys(box.page for box in boxes)
                for drawn in self._characters(page)
                if any(
                    box.page == page and box.x0 <= drawn.x <= box.x1 and box.y0 <= drawn.y <= box.y1
                    for box in boxes
                )
            )
        )

    def hold(self, boxes: Sequence[Box], text: str) -> bool:
        """Whether the letters inside ``boxes`` are those of ``text``."""
        return Counter(self.says(boxes)) == Counter(letters(text))

    def _characters(self, page: int) -> list[DrawnCharacter]:
        if page not in self._pages:
            self._pages[page] = drawn_characters(self._path, page)
        return self._pages[page]
