"""The numbers that a text states: their value, sign, unit, bound, and what they count.

``1,000`` and ``1000`` are one value, and so are ``3.3 × 10^18`` and ``3.3e18``, ``three`` and
``3``, ``half`` and ``50%``. Numbers inside names (``BLEU-4``, ``3D``, ``1.2.3``), references
(``Table 2``) and citations (``[12]``) are no quantities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

Bound = Literal["", "about", "at least", "at most", "more", "less"]

ABOUT = Fraction(5, 100)  # how far "about 30" may be from what the source says, by its size
_WORDS_AFTER = 4  # a number counts one of the next words

_SMALL_WORDS = """zero one two three four five six seven eight nine ten eleven twelve thirteen
    fourteen fifteen sixteen seventeen eighteen nineteen"""
_TENS_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL, _TENS = _SMALL_WORDS.split(), _TENS_WORDS.split()
_SPELLED = {word: value for value, word in enumerate(_SMALL)} | {
    word: 10 * value for value, word in enumerate(_TENS, 2)
}
_SPELLED |= {f"{ten}-{one}": _SPELLED[ten] + _SPELLED[one] for ten in _TENS for one in _SMALL[1:10]}
_SCALES = {
    "hundred": 10**2,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "bn": 10**9,
}
_GLUED_SCALES = {"k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_PARTS = {
    "half": Fraction(1, 2),
    "third": Fraction(1, 3),
    "quarter": Fraction(1, 4),
    "fifth": Fraction(1, 5),
    "tenth": Fraction(1, 10),
}
_UNITS = {
    spelling: unit
    for unit, spellings in {
        "%": "% percent per\u00a0cent pct",
        "points": "points point pp percentage\u00a0points percentage\u00a0point "
        "percent\u00a0points",
        "times": "× x times fold",
        "ms": "ms millisecond milliseconds",
        "µs": "µs μs us microsecond microseconds",
        "ns": "ns nanosecond nanoseconds",
        "s": "s sec secs second seconds",
        "min": "min mins minute minutes",
        "h": "h hr hrs hour hours",
        "day": "day days",
        "week": "week weeks",
        "month": "month months",
        "year": "year years",
        "KB": "KB kB kilobytes",
        "MB": "MB MiB megabytes",
        "GB": "GB GiB gigabytes",
        "TB": "TB TiB terabytes",
        "Hz": "Hz hertz",
        "kHz": "kHz",
        "MHz": "MHz",
        "GHz": "GHz",
        "nm": "nm",
        "mm": "mm millimetres millimeters",
        "cm": "cm centimetres centimeters",
        "m": "m metres meters metre meter",
        "km": "km kilometres kilometers",
        "mg": "mg milligrams",
        "g": "g grams",
        "kg": "kg kilograms",
        "W": "W watts",
        "kW": "kW",
        "kWh": "kWh",
        "dB": "dB",
        "°C": "°C",
        "°F": "°F",
        "K": "K",
        "fps": "fps",
        "bit": "bit bits",
        "FLOPs": "FLOPs FLOPS flops",
        "GFLOPs": "GFLOPs GFLOPS",
        "TFLOPs": "TFLOPs TFLOPS",
        "PFLOPs": "PFLOPs PFLOPS",
    }.items()
    for spelling in (one.replace("\u00a0", " ") for one in spellings.split(" "))
}
_BOUNDS: tuple[tuple[Bound, str], ...] = (
    ("at least", r"at least|no (?:less|fewer) than|not (?:less|fewer) than|a minimum of|≥|>=|⩾"),
    (
        "at most",
        r"at most|up to|no more than|not more than|as (?:many|much) as|a maximum of|≤|<=|⩽",
    ),
    ("more", r"(?:more|greater|higher|larger|longer) than|over|above|exceed(?:s|ed|ing)?|>"),
    ("less", r"(?:less|fewer|lower|smaller|shorter) than|under|below|<"),
    ("about", r"about|around|approximately|approx\.|roughly|nearly|almost|close to|some|~|≈|∼|≃"),
)
_BEFORE = tuple(
    (bound, re.compile(rf"(?:(?<![\w]){words})\s*(?:a |an |the )?[$€£]?\s*$", re.I))
    for bound, words in _BOUNDS
)
_AFTER = re.compile(r"\s*(?:\+(?!\s?\d)|or (?P<more>more|above|higher)|or (?P<less>less|fewer))")

_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_RAISED = re.compile(r"(?<=\d)[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_THIN = re.compile(r"(?<=[0-9])[\u2009\u202f\u00a0](?=[0-9]{3}(?![0-9]))")
_POINTER = re.compile(
    r"\b(?:tables?|figures?|figs?\.?|sections?|secs?\.?|appendix|appendices|algorithms?|equations?|eqs?\.?|"
    r"theorems?|lemmas?|chapters?|§)\s*\(?[0-9]+(?:\.[0-9]+)*[a-z]?\)?(?:\s*(?:,|and|[-–])\s*[0-9]+[a-z]?)*",
    re.I,
)
_CITED = re.compile(r"\[[0-9]+(?:\s*[,;–-]\s*[0-9]+)*\]")
# Raised numbers that are no powers: of notes and references ("Brazil.^1"), or of a symbol ("x^2").
_MARKED = re.compile(r"(?<=[^\d\s])\^\(?[0-9]+(?:\s?[,–-]\s?[0-9]+)*\)?")
_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]{1,30})(?:\.[0-9]{1,30})?|\.[0-9]{1,30}"
_NUMBER = re.compile(
    rf"(?<![A-Za-z0-9_.^])(?<![A-Za-z][-–_/.])(?<![0-9],)"
    rf"(?P<sign>(?:(?<![\w)\]%])[-−–+]|±\s?))?(?P<money>[$€£]\s?)?(?P<digits>{_DIGITS})"
    r"(?P<power>\s?[×x·∙⋅*∗]\s?10\s?(?P<raised>\^?)\s?\{?(?P<exponent>[-−+]?[0-9]{1,2})\}?(?![0-9.])"
    r"|[eE](?P<exponent_e>[-−+]?[0-9]{1,2})(?![0-9A-Za-z])"
    r"|\^\s?\{?(?P<exponent_base>[-−+]?[0-9]{1,2})\}?)?"
)
_VERSION = re.compile(r"\.[0-9]|[0-9]")
_GLUE = re.compile(r"[A-Za-zµμ°×%]+")
_NEXT_WORDS = re.compile(r"[\s-]*([A-Za-zµμ°×%]+(?: (?:points?|cent)\b)?)")
_WORD = re.compile(r"[A-Za-z]+")
_SPELLED_OUT = re.compile(
    r"(?<![\w-])(?:(?P<count>one|a|two|three|four|nine)[ -])?"
    r"(?P<part>half|thirds?|quarters?|fifths?|tenths?)"
    r"(?: of\b|(?= (?:as|the|a)\b)|(?=[.,;]|$))"
    rf"|(?<![\w-])(?P<word>{'|'.join(sorted(_SPELLED, key=len, reverse=True))})"
    r"(?![\w]|-(?:shot|hot))"
    r"|(?<![\w-])(?P<twice>twice|doubl(?:e|es|ed|ing)|tripl(?:e|es|ed|ing)|dozen)(?![\w-])",
    re.I,
)
_RANGE = re.compile(r"\s*(?:-|–|—|to|and|or|,|±)\s*")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a text. ``unit`` is empty where none of the known ones follows."""

    text: str
    value: Fraction
    decimals: int
    unit: str
    bound: Bound
    words_after: tuple[str, ...]  # small letters; the first is what it counts, or its adjective
    start: int
    end: int

    def is_value_of(self, source: Quantity) -> bool:
        """Whether it is the source's number in its unit, no more exact and not rounded.

        Rounding is for those that say so: "about 30" for 29.7, "over 30" for 31.4. A share may be
        said as a percentage.
        """
        if source.unit == self.unit:
            value = source.value
        elif {source.unit, self.unit} == {"%", ""}:
            shared = source if source.unit == "" else self
            if abs(shared.value) > 1 or shared.value == 0:
                return False
            value = source.value / 100 if source.unit == "%" else source.value * 100
        else:
            return False
        if value == self.value:
            return self.unit != source.unit or self.decimals <= source.decimals
        return self._rounds(value)

    def _rounds(self, value: Fraction) -> bool:
        near = abs(value - self.value) <= ABOUT * abs(value)
        match self.bound:
            case "about":
                return near
            case "more":
                return near and value > self.value
            case "less":
                return near and value < self.value
            case _:
                return False

    def is_bound_of(self, source: Quantity) -> bool:
        """Whether it says no more than the source's bound does: "up to 5" is not "5"."""
        if self.bound == source.bound or self.bound == "about":
            return True
        if source.bound == "":
            return self.bound in ("at least", "at most") or self.value != source.value
        return (self.bound, source.bound) in (("at least", "more"), ("at most", "less"))


def pointers(text: str) -> tuple[str, ...]:
    """The references to a table, figure or section: "Table 2"."""
    return tuple(match.group() for match in _POINTER.finditer(text))


def without_pointers(text: str) -> str:
    """The text with references and citations blanked, each character a space."""
    for pattern in (_CITED, _POINTER, _MARKED):
        text = pattern.sub(lambda match: " " * len(match.group()), text)
    return text


def quantities(text: str, every_reading: bool = False) -> tuple[Quantity, ...]:
    """The numbers of a text in order.

    A PDF's "3 × 1018" may be 3 × 10^18 or a product, and "4.2^12" a power or 4.2 with a mark that
    names a note; ``every_reading`` gives both, for a source.
    """
    text = _RAISED.sub(lambda match: "^" + match.group().translate(_SUPERSCRIPT), text)
    text = without_pointers(_THIN.sub("", text))
    found = sorted((*_written(text, every_reading), *_spelled(text)), key=lambda one: one.start)
    for number in range(len(found) - 2, -1, -1):
        here, after = found[number], found[number + 1]
        if not here.unit and after.unit and _RANGE.fullmatch(text[here.end : after.start]):
            between = text[here.end : after.start].strip()
            if between in ("-", "–", "—", "to", "±") or "between" in text[: here.start][-12:]:
                found[number] = replace(here, unit=after.unit)
    return tuple(found)


def _written(text: str, every_reading: bool) -> Iterator[Quantity]:
    for match in _NUMBER.finditer(text):
        end = match.end()
        if _VERSION.match(text, end):
            continue  # 1.2.3
        digits = match["digits"].replace(",", "")
        value = Fraction(digits)
        decimals = len(digits.partition(".")[2])
        exponent = match["exponent"] or match["exponent_e"]
        if exponent:
            value *= Fraction(10) ** int(exponent.replace("−", "-"))
        elif match["exponent_base"] and value:
            value **= int(match["exponent_base"].replace("−", "-"))
        if (match["sign"] or "").strip() in ("-", "−", "–"):
            value = -value
        unit = {"$": "$", "€": "€", "£": "£"}.get((match["money"] or "").strip(), "")
        scaled = _scale_and_unit(text, end)
        if scaled is None:
            continue  # 3D: a name
        scale, after, end = scaled
        start = match.start()
        yield _read(text, text[start:end], value * scale, decimals, unit or after, start, end)
        marked_base = (match["exponent_base"] or "").isdigit() and digits not in ("2", "10")
        if every_reading and marked_base:
            scale, after, end = _scale_and_unit(text, match.end()) or (1, "", match.end())
            alone = Fraction(digits) * scale
            yield _read(text, match["digits"], alone, decimals, unit or after, start, end)
        if every_reading and match["exponent"] and not match["raised"]:
            for digits in (match["digits"], f"10{match['exponent'].lstrip('-−+')}"):
                yield Quantity(
                    digits,
                    Fraction(digits.replace(",", "")),
                    0,
                    "",
                    "",
                    (),
                    match.start(),
                    match.end(),
                )


def _read(
    text: str, said: str, value: Fraction, decimals: int, unit: str, start: int, end: int
) -> Quantity:
    """A number from ``start`` to ``end`` of a text, with its bound and what it counts."""
    return Quantity(
        said, value, decimals, unit, _bound(text, start, end), _words(text, end), start, end
    )


def _scale_and_unit(text: str, end: int) -> tuple[int, str, int] | None:
    """What follows a number's digits: its scale, its unit, where they end. None: it is a name."""
    scale, unit = 1, ""
    glued = _GLUE.match(text, end)
    if glued:
        letters = glued.group()
        if letters in _UNITS:
            unit, end = _UNITS[letters], glued.end()
        elif letters in _GLUED_SCALES:
            scale, end = _GLUED_SCALES[letters], glued.end()
        elif letters.lower() in _SCALES:
            scale, end = _SCALES[letters.lower()], glued.end()
        elif letters not in ("st", "nd", "rd", "th"):
            return None
        else:
            return 1, "th", glued.end()
    for _ in range(2):  # a scale, then a unit: "3 million years", "5% points"
        following = _NEXT_WORDS.match(text, end)
        if following is None:
            break
        both, word = following[1], following[1].split(" ")[0]
        if unit == "%" and word in ("points", "point"):
            unit, end = "points", following.end()
        elif unit:
            break
        elif both in _UNITS:
            unit, end = _UNITS[both], following.end()
        elif word in _UNITS and (len(word) > 1 or word in "%×"):
            unit, end = _UNITS[word], following.start(1) + len(word)
        elif word in _UNITS and text[end : end + 1] == " " and word not in "x":
            unit, end = _UNITS[word], following.start(1) + 1
        elif word.lower() in _SCALES:
            scale *= _SCALES[word.lower()]
            end = following.start(1) + len(word)
        else:
            break
    return scale, unit, end


def _spelled(text: str) -> Iterator[Quantity]:
    for match in _SPELLED_OUT.finditer(text):
        end = match.end()
        scale, unit = 1, ""
        if match["part"]:
            part = _PARTS[match["part"].lower().removesuffix("s")]
            value = part * _SPELLED.get((match["count"] or "").lower(), 1) * 100
            if not match["count"] and not match["part"].lower().startswith("half"):
                continue  # "the third": an ordinal
            unit = "%"
        elif match["twice"]:
            word = match["twice"].lower()
            value = Fraction(12 if word == "dozen" else 3 if word.startswith("tr") else 2)
            unit = "" if word == "dozen" else "times"
        else:
            value = Fraction(_SPELLED[match["word"].lower()])
            scaled = _scale_and_unit(text, end) if text[end : end + 1] in (" ", "-") else None
            scale, unit, end = scaled or (1, "", end)
        yield Quantity(
            text[match.start() : end],
            value * scale,
            0,
            unit,
            _bound(text, match.start(), end),
            _words(text, end),
            match.start(),
            end,
        )


def _bound(text: str, start: int, end: int) -> Bound:
    before = text[max(0, start - 28) : start]
    for bound, pattern in _BEFORE:
        if pattern.search(before):
            return bound
    after = _AFTER.match(text, end)
    if after is None:
        return ""
    return "at most" if after["less"] else "at least"


def _words(text: str, end: int) -> tuple[str, ...]:
    clause = re.split(r"[.;:,()0-9]", text[end : end + 80], maxsplit=1)[0]
    return tuple(word.lower() for word in _WORD.findall(clause)[:_WORDS_AFTER])
