"""Corrects characters from a PDF's fonts: accents, symbols of old fonts, invisible characters.

Characters that cannot be corrected stay U+FFFD or in the private use area; ``unreadable`` counts
them.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence

from index.read.page.english import common_words
from index.read.page.unicode import clean

# Accents that old TeX fonts draw as a letter of their own, before or after the letter they sit on.
_SPACING_ACCENTS = {
    "´": "\u0301", "`": "\u0300", "¨": "\u0308", "ˆ": "\u0302", "˜": "\u0303", "¸": "\u0327",
    "ˇ": "\u030c", "˘": "\u0306", "˙": "\u0307", "˚": "\u030a", "˝": "\u030b", "¯": "\u0304",
}  # fmt: skip
ACCENTS = "".join(_SPACING_ACCENTS)
_BAR = "\u0335"  # TeX draws "ł" as a bar and an "l" over it
_ACCENT_FIRST = re.compile(f"([{ACCENTS}])([A-Za-zı])")
_ACCENT_LAST = re.compile(f"([A-Za-zı])([{ACCENTS}])")
# Kept for what comes after: a hyphen that is only drawn at a line's end, and letters without a
# meaning, which are counted.
_KEPT = re.compile("([\u00ad\ue000-\uf8ff]+)")
_NEEDED = "\u200c\u200d"  # ``clean`` leaves joiners where a script needs them
_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff]")


def _table(keys: str, signs: str) -> dict[int, str]:
    return {ord(key): sign for key, sign in zip(keys, signs, strict=True)}


# The keys of the Mathematical Pi fonts, which typesetters of journals took for symbols and Greek
# from the 1990s on; their PDFs give the key that was struck and not the sign that is drawn.
_PI_SIGNS = _table("12345678,.;", "+−×÷=±∓°<>∼")
_PI_LATIN1 = _table("¼þðÞ½", "=+()[")
# Arbortext's fonts of TeX's encodings: the letters are TeX's codes (The TeXbook, appendix F).
_TEX_SIGNS = {
    "AdvP4C4E46": _table("PXQYRZ", "∑∑∏∏∫∫"),
    "AdvP4C4E51": _table(":;=@", ".,/∂"),
    "AdvP4C4E59": _table("0;fgjkhi$12893pr", "′∅{}|‖⟨⟩↔∞∈∀∃∋√∇"),
}  # fmt: skip
_TEX_SIGNS["AdvP4C4E74"] = _TEX_SIGNS["AdvP4C4E59"]
# MathTime's two fonts, in which signs are where TeX has oldstyle figures and script capitals:
# "x D .0:5; 1/" is "x = (0.5, 1)".
_MATHTIME = re.compile(r"MT2?(MI|SY)(?:[TSF]|N|$)")
_MATHTIME_SIGNS = {
    "MI": _table(".:;/Œ", "(.,)["),
    "SY": _table("!CDIWfgjk0128¤", "→+=;:{}|‖′∞∈∀≠"),
}
# What is drawn of such a font where its characters are codes: TeX takes colons from the upright
# font, and an equals sign is drawn as one where a font has a map.
_MATHTIME_CODED = {"MI": set(":;"), "SY": set("CDIW")}
_SIGNED = re.compile(r"(?:^|\+)(?:Adv|MT2?(?:MI|SY))")


def may_sign(font: str) -> bool:
    """Whether a font may have signs in place of letters, by its name (see ``symbol_table``)."""
    return bool(_SIGNED.search(font))


_PI_GREEK = _table("abcdehijklmnprtuyzDL", "αβγδεηικκλμνπστυψζΔΛ")
_GREEK = _table("abgdezhqiklmnxoprstufcywDGLSFW", "αβγδεζηθικλμνξοπρστυφχψωΔΓΛΣΦΩ")


def symbol_table(font: str, drawn: str) -> dict[int, str] | None:
    """What the characters of a font mean, where its name and ``drawn``, all that a document draws
    in it, say that it has signs on the keys of letters; else None.

    The names are those of Arbortext's Advent and 3B2, which number a font's encoding: "AdvPS586B",
    and MathTime's.
    """
    name = font.partition("+")[2] or font
    signs = set(drawn)
    if mathtime := _MATHTIME.match(name):
        coded = signs & _MATHTIME_CODED[mathtime[1]] and "=" not in signs
        return _MATHTIME_SIGNS[mathtime[1]] if coded else None
    if name.startswith(("AdvGreek", "AdvSymbol")):
        return _GREEK
    if name.startswith("AdvPSMP"):
        return _PI_GREEK
    if name.startswith(("AdvP4C4E", "AdvMathSymb", "AdvMPi")):
        return _PI_LATIN1 | _TEX_SIGNS.get(name, {})
    if name.startswith("AdvP") and signs - set(",.;") and signs <= set("12345678,.;"):
        return _PI_SIGNS
    # TeX's italic has the full stop and the comma on other keys. Prose has commas.
    if name.startswith("Adv") and name.endswith(".I") and ";" in signs and not signs & set(",."):
        return _TEX_SIGNS["AdvP4C4E51"]
    return None


def clean_text(text: str, edges: Sequence[tuple[float, float]] | None = None) -> str:
    """Compose drawn accents, drop invisible and control characters, and apply Unicode's NFC.

    ``edges`` are the left and right edge of each character in points. With them an accent goes only
    on the letter that it is over: in "river´s" it is between two and is an apostrophe.
    """
    if text.isascii():
        return text if text.isprintable() else "".join(c for c in text if c.isprintable())
    if _BAR in text:
        text, edges = text.replace(f"{_BAR}l", "ł").replace(f"{_BAR}L", "Ł"), None
    if edges is None:
        text = _ACCENT_FIRST.sub(lambda m: m[2].replace("ı", "i") + _SPACING_ACCENTS[m[1]], text)
        text = _ACCENT_LAST.sub(lambda m: m[1].replace("ı", "i") + _SPACING_ACCENTS[m[2]], text)
    else:
        text = _composed(text, edges)
    text = unicodedata.normalize("NFC", visible(text))
    return "".join(c for c in text if c.isprintable() or c in _NEEDED or _KEPT.match(c))


def visible(text: str) -> str:
    """``text`` without characters that draw nothing; soft hyphens and private use stay."""
    pieces = [piece if _KEPT.match(piece) else clean(piece) for piece in _KEPT.split(text)]
    return "".join(pieces)


def _composed(text: str, edges: Sequence[tuple[float, float]]) -> str:
    """Each spacing accent that is over a letter beside it becomes a combining one after it."""
    said = list(text)
    for number, accent in enumerate(text):
        if accent not in _SPACING_ACCENTS:
            continue
        left, right = edges[number]
        middle = (left + right) / 2
        over = [
            other
            for other in (number - 1, number + 1)
            if 0 <= other < len(text)
            and text[other].isalpha()
            and edges[other][0] - 0.1 * (right - left) <= middle <= edges[other][1]
        ]
        if over:
            letter = over[0]
            base = "i" if text[letter] == "ı" else text[letter]
            said[number], said[letter] = "", base + _SPACING_ACCENTS[accent]
    return "".join(said)


def unreadable(text: str) -> int:
    """The number of unreadable characters: those without a letter in the font."""
    return len(_UNREADABLE.findall(text))


_LATIN_WORD = re.compile(r"[a-z]{3,}")
_LEAST_OF_CIPHER = 60  # words
_SAMPLED = 4000  # characters, which are some 600 words
_LEAST_KNOWN = 0.1  # of the words: German shares 0.3 with English, Polish 0.03
# Letters in a thousand of English text, a to z (Lewand 2000). As a cosine other languages with
# Latin letters are at 0.76 and more (German 0.91, Turkish 0.87, Finnish 0.82, Polish 0.76), shifted
# English is at 0.69 at most.
_USUAL = (82, 15, 28, 43, 127, 22, 20, 61, 70, 2, 8, 40, 24, 67, 75, 19, 1, 60, 63, 91, 28, 10, 24,
          2, 20, 1)  # fmt: skip
_LEAST_ALIKE = 0.74


def is_cipher(text: str) -> bool:
    """Whether the letters of a text are other ones than the page shows, as where a font's table of
    Unicode is wrong: hardly a word is known, and letters are frequent that are rare elsewhere; or
    there are hardly words among signs, as where a font has no table.
    """
    if _is_of_signs(text[:_SAMPLED]):
        return True
    plain = unicodedata.normalize("NFKD", text[:_SAMPLED].lower())
    if not plain.isascii():
        marks = [letter for letter in set(plain) if unicodedata.combining(letter)]
        plain = plain.translate(dict.fromkeys(map(ord, marks)))
    words = _LATIN_WORD.findall(plain)
    if len(words) < _LEAST_OF_CIPHER:
        return False
    usual = common_words()
    if sum([word in usual for word in words]) >= _LEAST_KNOWN * len(words):
        return False
    letters = "".join(words)
    counts = [letters.count(chr(0x61 + number)) for number in range(26)]
    shared = sum(one * other for one, other in zip(counts, _USUAL, strict=True))
    return shared / math.hypot(*counts) / math.hypot(*_USUAL) < _LEAST_ALIKE


# Of 107 papers pages of formulas and of program text have up to 0.37 of signs, or more words.
_LEAST_SIGNS = 0.4  # of the characters
_MOST_WORDS = 0.2  # of what is between spaces
_LEADERS = re.compile(r"([^\w\s])(?:\s?\1){2,}")


def _is_of_signs(text: str) -> bool:
    """Whether most of a text is neither words nor numbers; rows of dots apart."""
    pieces = _LEADERS.sub(" ", text).split()
    if len(pieces) < _LEAST_OF_CIPHER:
        return False
    signs = sum(not letter.isalnum() for piece in pieces for letter in piece)
    words = sum(piece.strip(".,;:()[]“”\"'!?").isalpha() for piece in pieces)
    return signs > _LEAST_SIGNS * sum(map(len, pieces)) and words < _MOST_WORDS * len(pieces)


_PAIRS = re.compile(rb"beginbfchar(.*?)endbfchar", re.S)
_PAIR = re.compile(rb"<([0-9A-Fa-f]+)>\s*<00(3[0-9])>")
_RANGES = re.compile(rb"beginbfrange(.*?)endbfrange", re.S)
_RANGE = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<00(3[0-9])>")


def draws_digits_twice(table: bytes) -> bool:
    """Whether a font's table of Unicode (a ToUnicode CMap) gives one digit for two codes."""
    codes: dict[int, set[int]] = {}
    for pairs in _PAIRS.findall(table):
        for code, digit in _PAIR.findall(pairs):
            codes.setdefault(int(digit, 16), set()).add(int(code, 16))
    for ranges in _RANGES.findall(table):
        for first, last, digit in _RANGE.findall(ranges):
            begin = int(first, 16)
            for step in range(min(int(last, 16) - begin + 1, 10)):
                codes.setdefault(int(digit, 16) + step, set()).add(begin + step)
    return any(len(found) > 1 for digit, found in codes.items() if 0x30 <= digit <= 0x39)
