"""The numbers that a Chinese text states, in digits or characters.

What ``app.check.quantities`` is for English: ``500万`` is 5,000,000, ``三分之一`` a third, ``两倍``
twice, ``超过 2`` more than 2. A character that is part of an ordinary word (一般, 十分, 万一) is no
number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from app.check.quantities import Bound, quantities

CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")

# Full-width letters, digits and brackets as ASCII has them. Commas stay: "50，100" are two numbers.
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
for _mark in "，：；！？":
    del _NARROW[ord(_mark)]

_CHARACTERS = {character: value for value, character in enumerate("零一二三四五六七八九")}
_CHARACTERS |= {"〇": 0, "两": 2, "兩": 2, "双": 2, "雙": 2}
_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_LATIN_SCALES = {"k": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_LATIN_SCALES |= {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SCALE_LETTERS = "".join(_SCALES)

_ORDINARY = re.compile(  # not after a numeral: 五万一千 has no 万一, and 二十分 no 十分
    "(?<![零〇一二两三四五六七八九十百千万亿])(?:"
    "一般|一些|一定|一致|统一|唯一|(?<!分)之一|一样|一起|一旦|万一|十分(?!钟)|一直|一切|一系列|"
    "进一步|一方面|另一|同一|"
    "单一|任一|每一|某一|逐一|百科|万维|万能|十字|四舍五入|一点(?![零一二三四五六七八九])|一边|一同|一并|不一|十足|"
    "千万别|一如|一贯|一体|一度)"
)
_UNITS: tuple[tuple[str, frozenset[str]], ...] = tuple(
    (spelling, frozenset(units.split(",")))
    for spelling, units in (
        ("个?百分点", "points"),
        ("毫秒", "ms"),
        ("微秒", "µs"),
        ("纳秒", "ns"),
        ("秒钟?", "s"),
        ("分钟", "min"),
        ("个?(?:小时|钟头)", "h"),
        ("天", "day"),
        ("日", "day,"),
        ("个?(?:星期|礼拜)|周", "week"),
        ("个月", "month"),
        ("月", "month,"),
        ("年", "year,th,"),  # 2014年 is the year 2014
        ("倍|折", "times"),
        ("次", "times,"),
        ("(?:个点|个?分|点)", "points,min,"),
        ("个?(?:比特|位)", "bit,"),
        ("千赫兹?", "kHz"),
        ("兆赫兹?", "MHz"),
        ("吉赫兹?", "GHz"),
        ("赫兹?", "Hz"),
        ("千字节", "KB"),
        ("兆字节|兆", "MB"),
        ("吉字节", "GB"),
        ("太字节", "TB"),
        ("纳米", "nm"),
        ("毫米", "mm"),
        ("厘米", "cm"),
        ("千米|公里", "km"),
        ("米", "m"),
        ("毫克", "mg"),
        ("千克|公斤", "kg"),
        ("克", "g"),
        ("千瓦时", "kWh"),
        ("千瓦", "kW"),
        ("瓦特?", "W"),
        ("分贝", "dB"),
        ("摄氏度", "°C"),
        ("华氏度", "°F"),
        ("开尔文", "K"),
        ("帧(?:每秒|/秒)?", "fps,"),
        ("美元", "$"),
        ("欧元", "€"),
        ("英镑", "£"),
    )
)
_UNIT = re.compile(
    r"\s?(?:" + "|".join(f"(?P<u{at}>{spelling})" for at, (spelling, _) in enumerate(_UNITS)) + ")"
)
# English units that are words and not signs: "10 hours" has to be translated.
_UNIT_WORDS = re.compile(
    r"[a-z]{5,}|days?|hour|hrs?|secs?|mins?|week|year|bits?|fold|pct|point|gram"
)
_LATIN_UNIT = re.compile(r"\s?[A-Za-zµμ°×%]+")

# What may stand between such a word and its number. 高于 and its like compare as well
# ("高于基线 2 分"), so only what names nothing may follow them.
_FILLER = r"(?:了|有|是|为|的|\s){0,3}"
_WIDE_FILLER = r"[^，。；、,;0-9]{0,5}"
_WORDS_BEFORE: tuple[tuple[Bound, str, str], ...] = (
    (
        "at most",
        "最多|至多|多达|高达|不超过|不多于|不大于|不高于|上限|长达|最长|[≤⩽]|<=",
        _WIDE_FILLER,
    ),
    ("at most", "最高|最大|最长|不高于", _FILLER),
    ("at least", "至少|不少于|不低于|不小于|起码|最少|[≥⩾]|>=", _WIDE_FILLER),
    ("at least", "最低", _FILLER),
    ("more", "超过|超出|超|多于|大于|高于|逾|高出|长于|>", _FILLER),
    ("less", "少于|低于|不到|小于|不足|不及|未满|未达|短于|<", _FILLER),
    ("about", "大约|大概|约(?!束)|将近|差不多", _WIDE_FILLER),
    ("about", "(?<!最)近|接近|几乎|近似|(?<![0-9%])[~～≈∼≃]", _FILLER),
)
_BEFORE = tuple(
    (bound, re.compile(rf"(?:{words}){filler}[$€£]?$")) for bound, words, filler in _WORDS_BEFORE
)
_AFTER: tuple[tuple[Bound, re.Pattern[str]], ...] = (
    ("more", re.compile(r"\s?(?:余|多(?![种样少])|有余|\+)|[^，。；、,;\d]{0,8}?(?:以上|之上)")),
    ("less", re.compile(r"[^，。；、,;\d]{0,8}?(?:以下|之下|以内|之内)")),
    ("about", re.compile(r"[^，。；、,;\d]{0,8}?(?:左右|上下|许)")),
)

_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]{1,30})(?:\.[0-9]{1,30})?"
_NUMERAL = "[零〇一二两兩双雙三四五六七八九十百千万萬亿億]"
_ANY = rf"(?:{_DIGITS}|{_NUMERAL}+)"
_NUMBER = re.compile(
    rf"(?P<per>百分之|千分之)(?P<share>{_ANY}(?:点{_NUMERAL}+)?)"
    rf"|(?P<below>{_ANY})分之(?P<above>{_ANY})"
    r"|(?P<half>一半|半数|半(?=个?(?:小时|年|月|天)))"
    r"|(?P<doubled>翻一?[倍番]|加倍|倍增)"
    rf"|(?<![A-Za-z0-9_.])(?P<sign>(?<![A-Za-z0-9%)\]])(?:[-−–+]|±\s?|负))?(?P<money>[$€£]\s?)?(?P<digits>{_DIGITS})"
    r"(?P<power>\s?[×x·*]\s?10\s?\^?\s?\{?[-−+]?[0-9]{1,2}\}?(?![0-9.])|[eE][-−+]?[0-9]{1,2}(?![0-9A-Za-z])"
    r"|\^\s?\{?[-−+]?[0-9]{1,2}\}?)?"
    rf"(?P<scale>\s?[{_SCALE_LETTERS}]+|\s?(?:thousand|million|billion|trillion)\b|[kMBT](?![A-Za-z]))?"
    rf"|(?P<negative>负)?(?P<numeral>{_NUMERAL}+(?:点[零〇一二三四五六七八九]+)?)"
)
_VAGUE = re.compile(rf"(?:[数几]|成[百千]上|上(?=[百千万亿]))(?P<scale>[{_SCALE_LETTERS}]+)")
_RANGE = re.compile(r"\s*(?:-|–|—|~|～|至|到|±)\s*")
_BOTH = re.compile(r"\s*(?:和|与|或|、)\s*")


@dataclass(frozen=True, slots=True)
class ChineseNumber:
    """A number of a Chinese text. ``units`` are those of ``app.check.quantities`` that it can have.

    次 may count or multiply, 位 may be bits or people; an empty string among them means none.
    """

    text: str
    value: Fraction
    units: frozenset[str]
    bound: Bound
    in_digits: bool
    start: int
    end: int


def narrowed(text: str) -> str:
    """A Chinese text with ASCII's letters, digits and brackets in place of the full-width ones."""
    return text.translate(_NARROW)


def without_vague(text: str) -> tuple[str, tuple[int, ...]]:
    """The text without its vague numbers (数百, 几十万), and how much each of them is."""
    found: list[int] = []

    def take(match: re.Match[str]) -> str:
        found.append(_product(match["scale"]))
        return " " * len(match.group())

    return _VAGUE.sub(take, text), tuple(found)


def chinese_numbers(text: str) -> tuple[ChineseNumber, ...]:
    """The numbers of a Chinese text in order. ``text`` is ``narrowed``."""
    text = _ORDINARY.sub(lambda match: " " * len(match.group()), text)
    found = list(_numbers(text))
    for at in range(len(found) - 2, -1, -1):
        here, after = found[at], found[at + 1]
        between = text[here.end : after.start]
        joined = _RANGE.fullmatch(between) or (
            _BOTH.fullmatch(between) and "之间" in text[after.end :][:12]
        )
        if "" in here.units and "" not in after.units and joined:
            found[at] = replace(here, units=after.units | here.units)
    return tuple(found)


def _numbers(text: str) -> Iterator[ChineseNumber]:
    for match in _NUMBER.finditer(text):
        value = _value(match)
        if value is None:
            continue
        end = match.end()
        if match["per"] or match["below"] or match["half"] == "一半" or match["half"] == "半数":
            units = frozenset({"%"})
        elif match["doubled"]:
            units = frozenset({"times"})
        else:
            units, end = _units(text, match, end)
        if text[: match.start()].rstrip().endswith("第"):
            units = units | {"th", ""}
        yield ChineseNumber(
            text[match.start() : end],
            value,
            units,
            _bound(text, match.start(), end),
            match["digits"] is not None or bool(re.match(r"[0-9]", match["share"] or "")),
            match.start(),
            end,
        )


def _value(match: re.Match[str]) -> Fraction | None:
    if match["per"]:
        per_cent = Fraction(1) if match["per"] == "百分之" else Fraction(1, 10)
        return _read(match["share"]) * per_cent
    if match["below"]:
        below = _read(match["below"])
        return _read(match["above"]) / below * 100 if below else None
    if match["half"]:
        return Fraction(50) if match["half"] in ("一半", "半数") else Fraction(1, 2)
    if match["doubled"]:
        return Fraction(2)
    if match["numeral"]:
        value = _read(match["numeral"])
        return -value if match["negative"] else value
    written = quantities(match["digits"] + (match["power"] or ""))
    if not written:
        return None
    value = written[0].value * (_product(match["scale"].strip()) if match["scale"] else 1)
    return -value if (match["sign"] or "").strip() in ("-", "−", "–", "负") else value


def _units(text: str, match: re.Match[str], end: int) -> tuple[frozenset[str], int]:
    money = (match["money"] or "").strip()
    if money:
        return frozenset({money}), end
    unit = _UNIT.match(text, end)
    if unit:
        at = next(int(name[1:]) for name, value in unit.groupdict().items() if value)
        return _UNITS[at][1], unit.end()
    latin = _LATIN_UNIT.match(text, end)
    if latin and match["digits"]:
        # Letters mean what they mean in English: ms, GB, %, K.
        said = quantities(f"1{latin.group()}")
        is_word = _UNIT_WORDS.fullmatch(latin.group().strip())
        if said and said[0].unit and said[0].value == 1 and not is_word:
            return frozenset({said[0].unit}), end + said[0].end - 1
    return frozenset({""}), end


def _bound(text: str, start: int, end: int) -> Bound:
    before = text[max(0, start - 16) : start]
    for bound, pattern in _BEFORE:
        if pattern.search(before):
            return bound
    for bound, pattern in _AFTER:
        if pattern.match(text, end):
            return bound
    return ""


def _read(number: str) -> Fraction:
    """A number in digits, or in characters: 一千零五, 三点五, 二〇二四."""
    if number[0].isascii():
        return Fraction(number.replace(",", ""))
    whole, _, part = number.partition("点")
    value = Fraction(_whole(whole))
    if part:
        digits = "".join(str(_CHARACTERS[character]) for character in part)
        value += Fraction(int(digits), 10 ** len(digits))
    return value


def _whole(number: str) -> int:
    if len(number) > 1 and not any(character in _SCALES for character in number):
        return int("".join(str(_CHARACTERS[character]) for character in number))
    total, section, digit = 0, 0, 0
    for character in number:
        if character in _CHARACTERS:
            digit = _CHARACTERS[character]
        elif _SCALES[character] < 10**4:
            section += (digit or 1) * _SCALES[character]
            digit = 0
        else:
            total = (total + (section + digit or 1)) * _SCALES[character]
            section = digit = 0
    return total + section + digit


def _product(scale: str) -> int:
    if scale in _LATIN_SCALES:
        return _LATIN_SCALES[scale]
    value = 1
    for character in scale:
        value *= _SCALES[character]
    return value
