"""Writes lines into one text, and keeps for each printed word its span and its box on the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from index.read.page.english import is_compound
from index.read.page.pages import Line, PageWord
from index.read.page.words import sets_spaces
from index.read.text.scripts import plain_text
from index.spans import Span, Words

_RAISED, _LOWERED = 0.25, 0.2  # of the line's size: how far a script's script may reach
_HYPHENS = "-\u00ad\u2010"


def vocabulary(lines: Iterable[Line]) -> Counter[str]:
    """How often each word occurs unbroken in the document, to decide how to undo a hyphenation."""
    words: Counter[str] = Counter()
    for line in lines:
        for word in line.words[:-1]:
            words[word.text.strip(".,;:()[]\"'“”‘’").lower()] += 1
    return words


class Composer:
    """Builds ``Paper.text`` line by line; ``text`` and ``words`` are whole after the last line."""

    def __init__(self, known: Counter[str], addresses: Collection[str] = ()) -> None:
        """``known`` is the document's vocabulary; ``addresses`` are what its links lead to."""
        self._known = known
        self._addresses = addresses
        self._parts: list[str] = []
        self._length = 0
        self._words = Words()
        self._line = 0
        self._numbers: dict[int, int] = {}  # id of a page word -> its place in _words

    @property
    def text(self) -> str:
        """All that was written."""
        return "".join(self._parts)

    @property
    def words(self) -> Words:
        """All words that were written, with their places."""
        return self._words

    def write(self, lines: Sequence[Line], *, scripts: bool = True) -> Span:
        """One block of lines: words with a space between, hyphenation undone.

        Raised and lowered type is written as in plain text (``31^7``, ``H_2O``), unless ``scripts``
        is False: in a line of names it is a mark and no part of what is before it.
        """
        if self._length:
            self._put("\n\n")
        start = self._length
        self._write_lines(lines, scripts)
        return Span(start, self._length)

    def write_table(self, rows: Sequence[Sequence[Sequence[Line]]]) -> list[list[Span]]:
        """One block of rows of cells of lines: a line of text for each row, tabs between cells.

        Returns where each cell went.
        """
        if self._length:
            self._put("\n\n")
        spans: list[list[Span]] = []
        for number, row in enumerate(rows):
            if number:
                self._put("\n")
            spans.append([])
            for place, lines in enumerate(row):
                if place:
                    self._put("\t")
                start = self._length
                self._write_lines(lines, True)
                spans[-1].append(Span(start, self._length))
        return spans

    def span_of(self, words: Sequence[PageWord]) -> Span | None:
        """The span of these words, if they are contiguous in the text."""
        numbers = [self._numbers[id(word)] for word in words if id(word) in self._numbers]
        if not numbers or numbers != list(range(numbers[0], numbers[0] + len(words))):
            return None
        return Span(self._words.starts[numbers[0]], self._words.ends[numbers[-1]])

    def _write_lines(self, lines: Sequence[Line], scripts: bool) -> None:
        words, parts, numbers = self._words, self._parts, self._numbers
        starts, ends, corners = words.starts, words.ends, words.corners
        length = self._length
        address = ""  # at the end of the line before, if it goes on in this one
        for number, line in enumerate(lines):
            self._line += 1
            count = len(line.words)
            words.pages.extend([line.page] * count)
            words.lines.extend([self._line] * count)
            following = lines[number + 1] if number + 1 < len(lines) else None
            top, bottom = _reach(line)
            last = line.words[-1]
            written = plain_text(line) if scripts else [(word.text, False) for word in line.words]
            for word, (said, glued) in zip(line.words, written, strict=True):
                text = said.replace("\u00ad", "") or said
                if word is last:
                    if following is None:
                        glued = True
                    else:
                        # A soft hyphen is drawn only where it breaks a line.
                        text = said[:-1].replace("\u00ad", "") + said[-1:]
                        after = following.words[0].text
                        address = f"{address}{text}" if count == 1 else text
                        if self._is_linked(address, after):
                            glued = True
                        else:
                            address = ""
                            text, glued = self._end_of_line(text, after)
                        unspaced = line.count > 1.5 * count
                        glued = glued or not sets_spaces(text, after, unspaced)
                numbers[id(word)] = len(starts)
                starts.append(length)
                length += len(text)
                ends.append(length)
                # No higher than its line: a root's glyph reaches over the lines below.
                y0, y1 = word.y0, word.y1
                if y0 < top or y1 > bottom:
                    y0, y1 = _cut_to_line(word, line, top, bottom)
                corners.extend((word.x0, y0, word.x1, y1))
                parts.append(text)
                if not glued:
                    parts.append(" ")
                    length += 1
        self._length = length

    def _put(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def _is_linked(self, address: str, after: str) -> bool:
        """Whether an address and the word after it are the beginning of where a link leads."""
        start, more = address.find("http"), after.rstrip(".,;:)]")
        if start < 0 or not more:
            return False
        return any(known.startswith(address[start:] + more) for known in self._addresses)

    def _end_of_line(self, text: str, after: str) -> tuple[str, bool]:
        """The word at a line's end as it goes into the text; whether the next is glued to it."""
        if text.endswith(("http:", "https:")):
            return text, after.startswith("//")
        if "://" in text or text.startswith("www."):
            return text, _address_continues(text, after)
        # A dash that touches one word touches the other: "[31]–" + "[34]"; "counts" + "—the".
        ended = len(text) > 1 and text[-1] in "–—"
        begun = len(after) > 1 and after[0] == "—" and text[-1:] not in ".:;"
        if ended or begun:
            return text, True
        if text.endswith("-\u00ad"):  # a compound's own hyphen
            return text[:-1], True
        if len(text) < 2 or text[-1] not in _HYPHENS or not text[-2].isalnum():
            return text, False
        if text[-1] == "\u00ad":
            return text[:-1], after[:1].isalpha()
        if not after[0].isalpha():
            return text, after[0].isdigit() and text[-2].isalpha()
        left = text[:-1].lstrip("([\"'“‘").lower()
        right = after.strip(".,;:()[]\"'“”‘’").lower()
        joined, kept = self._known[left + right], self._known[f"{left}-{right}"]
        if kept > joined or (after[0].isupper() and joined == 0):
            return text, True
        if joined == 0 and is_compound(left, right):
            return text, True
        # "state-of-the-" + "art": a compound that has hyphens already keeps this one too.
        if joined == 0 and ("-" in left or "-" in right):
            return text, True
        return text[:-1], True


def _cut_to_line(word: PageWord, line: Line, top: float, bottom: float) -> tuple[float, float]:
    """The upper and lower edge of a word's box: raised and lowered type may reach further."""
    middle = (word.y0 + word.y1) / 2
    if any(style.raised and text.isalnum() for text, style in word.parts):
        top -= _RAISED * line.size
    if any(style.lowered for _, style in word.parts):
        bottom += _LOWERED * line.size
    return max(word.y0, min(top, middle - 0.5)), min(word.y1, max(bottom, middle + 0.5))


def _reach(line: Line) -> tuple[float, float]:
    """The vertical range of the words of a line."""
    if not line.upright:
        return line.y0, line.y1
    top, bottom = line.band
    margin = 0.15 * line.size
    return top - margin, bottom + margin


def _address_continues(text: str, after: str) -> bool:
    """Whether ``after``, on the next line, belongs to the address at the end of this one."""
    if "://" in after or after.startswith("www."):
        return False
    if after[0] in "./-_?=&~#":
        return True
    if text[-1] == ".":  # "https://github." + "com/..."; a new sentence begins with a capital
        return after[0].islower()
    if text[-1] == "/":  # a plain word continues the sentence
        return not after.strip(".,;:)").isalnum() or (after[0].isdigit() and len(after) > 2)
    return text[-1] in "-_=&?~" and after[0].isalnum()
