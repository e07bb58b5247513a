"""Removes invisible characters from the text of every source, and reports what they spell.

Unicode has characters that draw nothing: tags, joiners, directions, variation selectors. A language
model reads them all the same, and whole sentences can be hidden in them. They are removed from all
text; a joiner is kept where its script needs it (Persian, the scripts of India, emoji).

Classes of characters: https://www.unicode.org/reports/tr44/ (Cf, Co, Default_Ignorable_Code_Point);
tags: https://www.unicode.org/charts/PDF/UE0000.pdf.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby

_TAGS = "\U000e0000-\U000e007f"
_SELECTORS = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_WIDTHLESS = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200d\u2060-\u2064\u3164\ufeff\uffa0"
)
_DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_ANNOTATION = "\ufff9-\ufffb"
_OTHER = "\u206a-\u206f\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
_SURROGATES = "\ud800-\udfff"
_CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"
_UNSEEN = re.compile(
    f"[{_TAGS}{_SELECTORS}{_WIDTHLESS}{_DIRECTIONS}{_ANNOTATION}{_OTHER}{_PRIVATE}{_SURROGATES}"
    f"{_CONTROL}]"
)
# The flags of England, Scotland and Wales: https://www.unicode.org/reports/tr51/#valid-emoji-tag-sequences
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")
_ANNOTATED = re.compile("\ufff9([^\ufff9-\ufffb]*)\ufffa([^\ufff9\ufffb]*)\ufffb")
_TURNED = re.compile("[\u202d\u202e]([^\u202c\u2069\n]+)")
_TAGGED = re.compile(f"[{_TAGS}]+")
_SELECTED = re.compile(f"[{_SELECTORS}]{{2,}}")
_ROW = re.compile(f"[{_WIDTHLESS}\u200e\u200f]{{8,}}")
_WIDE = "\u2e80-\u303f\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uff00-\uff65"
# Chinese and Japanese have no spaces, so that a line break in the source is not one.
_LINE_END = re.compile(f"(?<=[{_WIDE}])[ \\t]*\\r?\\n[ \\t]*(?=[{_WIDE}])")
_JOINERS = "\u200c\u200d"
_LONG_ROW = 16  # characters without width side by side: no script and no editor sets as many
# Scripts in which a joiner changes the letters beside it: from Arabic to Tibetan, Burmese, Khmer
# and Mongolian, and Arabic's presentation forms.
_JOINING = re.compile("[\u0600-\u08ff\u0900-\u0fff\u1000-\u109f\u1780-\u18af\ufb50-\ufefc]")
_EMOJI = re.compile("[\u2190-\u2bff\u3030\u303d\ufe0f\U0001f000-\U0001faff]")


def clean(text: str) -> str:
    """``text`` without the characters that draw nothing, and without what is in annotations.

    Spaces and the ends of lines are not touched, and nothing is composed.
    """
    if text.isascii() and text.isprintable():
        return text
    if not _UNSEEN.search(text):
        return text
    text = _ANNOTATED.sub(r"\1", text)
    flags = {place for match in _FLAG.finditer(text) for place in range(*match.span())}
    return _UNSEEN.sub(
        lambda match: match[0] if match.start() in flags or _is_needed(text, match) else "", text
    )


def plain(text: str) -> str:
    """``text`` on one line, cleaned, its letters composed (NFC)."""
    text = _LINE_END.sub("", unicodedata.normalize("NFC", clean(text)))
    return " ".join(text.split())


def spelled(text: str) -> tuple[str, ...]:
    """The text that invisible characters of ``text`` spell, in order: words in tags, in variation
    selectors and in bits without width; annotations; and text that is shown in another direction.
    """
    if text.isascii() or not _UNSEEN.search(text):
        return ()
    found: list[tuple[int, str]] = []
    for match in _TAGGED.finditer(_FLAG.sub(lambda flag: " " * len(flag[0]), text)):
        said = "".join(chr(ord(character) - 0xE0000) for character in match[0])
        found.append((match.start(), said))
    for match in _SELECTED.finditer(text):
        found.append((match.start(), _bytes_of(match[0])))
    for match in _ROW.finditer(text):
        found.append((match.start(), _bits_of(match[0])))
    found += [(match.start(), match[2]) for match in _ANNOTATED.finditer(text)]
    found += [(match.start(), clean(match[1])) for match in _TURNED.finditer(text)]
    shown = ["".join(c for c in words if c.isprintable()).strip() for _, words in sorted(found)]
    return tuple(words for words in shown if sum(map(str.isalnum, words)) > 1)


def _is_needed(text: str, match: re.Match[str]) -> bool:
    """Whether a joiner joins two letters of a script that has joiners, or two emoji."""
    if match[0] not in _JOINERS:
        # An emoji's own presentation is a part of it where a joiner follows.
        return match[0] == "\ufe0f" and text[match.end() : match.end() + 1] == "\u200d"
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    if _JOINING.match(before) and _JOINING.match(after):
        return True
    return match[0] == "\u200d" and bool(_EMOJI.match(before) and _EMOJI.match(after))


def _bytes_of(selectors: str) -> str:
    """The text of variation selectors that stand for bytes: the first 16 and the other 240."""
    numbers = [
        ord(one) - 0xFE00 if 0xFE00 <= ord(one) <= 0xFE0F else ord(one) - 0xE0100 + 16
        for one in selectors
        if ord(one) >= 0xFE00
    ]
    return bytes(number for number in numbers if number < 256).decode("utf-8", "ignore")


def _bits_of(row: str) -> str:
    """The text of zero-width characters, if two of them stand for 0 and 1; else their number."""
    kinds = [one for one, _ in groupby(sorted(row))]
    for zero in kinds if len(kinds) == 2 and len(row) % 8 == 0 else []:
        bits = "".join("0" if one == zero else "1" for one in row)
        said = bytes(int(bits[place : place + 8], 2) for place in range(0, len(bits), 8))
        if said.isascii() and said.decode("ascii").isprintable():
            return said.decode("ascii")
    return f"{len(row)} characters without width" if len(row) >= _LONG_ROW else ""
