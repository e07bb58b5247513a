"""Splits drawn words: at gaps, between the halves of fractions, after marks and labels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

from index.read.page.letter_places import Edges, drawn_letters, gaps_of
from index.read.page.levels import HALVES_APART, SMALL, main_type

# Spaces that MuPDF takes for letters: thin, hair, en, em, ideographic.
SPACES = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# The end of one sentence and the first word of the next, without a space: "publication.The".
_GLUED = re.compile(r"(?<=[a-z]{3}[.!?])(?=[A-Z][a-z])|(?<=[a-z\d)][)\]][.!?])(?=[A-Z][a-z])")
_GAP = 0.16  # of the type's size: the widest gap between a letter and its raised or lowered type

# Between two words: the letters before it (white space apart), and the edges beside it.
Cut = tuple[int, float, float]


def pieces_of(
    x0: float, x1: float, text: str, position: int, edges: Edges, spaceless: bool
) -> Iterator[tuple[float, float, str]]:
    """A drawn word, or those that it falls into, at gaps or at spaces that MuPDF has as letters."""
    spaces = None if text.isascii() else SPACES.search(text)
    if spaces is not None:
        width = (x1 - x0) / len(text)
        at = position
        for match in re.finditer(rf"[^{SPACES.pattern[1:]}+", text):
            letters = edges.of(at, match.group())
            at += len(match.group())
            if letters:
                yield letters[0][1], letters[-1][2], match.group()
            else:
                yield x0 + match.start() * width, x0 + match.end() * width, match.group()
        return
    address = "/" in text or "@" in text
    cuts = [] if address else [match.end() for match in _GLUED.finditer(text)]
    if cuts or (spaceless and len(text) > 3 and not address):
        letters = edges.of(position, text)
        gaps = gaps_of(letters) if spaceless else []
        ends = [0, *sorted({*cuts, *gaps}), len(letters)]
        if letters:
            for begin, end in pairwise(ends):
                yield letters[begin][1], letters[end - 1][2], text[begin:end]
            return
    yield x0, x1, text


def cut_up(
    pieces: Sequence[tuple[float, float, str]], position: int, cuts: Sequence[Cut]
) -> Iterator[tuple[float, float, str]]:
    """Pieces of a line, from ``position`` on, cut where ``cuts`` say."""
    for left, right, text in pieces:
        begin = 0
        for at, before, after in cuts:
            end = at - position
            if begin < end < len(text):
                yield left, before, text[begin:end]
                left, begin = after, end
        yield left, right, text[begin:]
        position += len(text)


_MARK = re.compile(r"[*∗†‡§¶⋆♠♣♦]+|\d{1,2}")
_LABEL = re.compile(r"(?:abstract|summary|index terms|key\s?words) ?[—–-]", re.I)


def cuts_at_head(spans: list[dict[str, Any]]) -> list[Cut]:
    """The cuts of a line that begins with two words without a drawn space between them.

    They are a footnote's raised mark and its first word, or a label like "Abstract—" and its text.
    """
    for number, (first, second) in enumerate(pairwise(spans[:4])):
        text = first["text"].strip()
        if not second["text"][:1].strip():
            continue
        raised = first["flags"] & 1 or first["size"] < 0.8 * second["size"]
        label = "".join(span["text"] for span in spans[: number + 1]).strip()
        if (number == 0 and raised and _MARK.fullmatch(text)) or _LABEL.fullmatch(label):
            edge = float(first["bbox"][2])
            return [(len(drawn_letters(label)), edge, edge)]
    return []


def cuts_of_fractions(spans: list[dict[str, Any]]) -> list[Cut]:
    """Around and between the halves of fractions, which are drawn one over the other."""
    if len({span["size"] for span in spans}) == 1:
        return []
    kept = [(span, length) for span in spans if (length := len(drawn_letters(span["text"])))]
    if len(kept) < 2:
        return []
    main, base = main_type(kept)
    ends = list(accumulate(length for _, length in kept))
    boxes = [span["bbox"] for span, _ in kept]

    def small(number: int, side: float) -> bool:
        """Whether a span is of smaller type and above (-1) or below (1) the line's base."""
        span = kept[number][0]
        fall = side * (float(span["origin"][1]) - base)
        return bool(span["size"] < SMALL * main and fall > 0.05 * main)

    cuts: list[Cut] = []
    for number in range(1, len(kept)):
        fall = kept[number][0]["origin"][1] - kept[number - 1][0]["origin"][1]
        side = 1.0 if fall > 0 else -1.0
        back = boxes[number][0] < boxes[number - 1][2] - 0.3 * kept[number][0]["size"]
        apart = HALVES_APART * main <= abs(fall) < 2 * main
        gap = boxes[number][0] - boxes[number - 1][2]
        # A bracket is set apart from what leans towards it: "W_off (M)".
        least = _GAP + 0.09 * (kept[number][0]["text"][:1] in "([")
        if abs(fall) > 0.05 * main and gap > least * main:
            cuts.append((ends[number - 1], boxes[number - 1][2], boxes[number][0]))
        if not (back and apart and small(number, side) and small(number - 1, -side)):
            continue
        first, last = number - 1, number
        while first and small(first - 1, -side) and boxes[first - 1][2] <= boxes[first][0] + 1:
            first -= 1
        while last + 1 < len(kept) and small(last + 1, side):
            last += 1
        right = max(box[2] for box in boxes[first:number])
        if first:
            cuts.append((ends[first - 1], boxes[first - 1][2], boxes[first][0]))
        cuts.append((ends[number - 1], right, boxes[number][0]))
        if last + 1 < len(kept):
            cuts.append((ends[last], boxes[last][2], boxes[last + 1][0]))
    return sorted(set(cuts))
