"""What of an English sentence must stand in its Chinese translation, and where it does.

*Locked* are numbers with their units, names, formulas and symbols, citations, quoted words, code
and addresses. ``Sides`` holds both sentences, with what is locked taken out of each, so that the
rules (``app.chinese.rules``) see what is left: numbers to compare, and words.
"""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from app.check.proper_names import names_in
from app.check.quantities import Quantity, quantities
from app.chinese.glossary import Glossary, Term
from app.chinese.numbers import ChineseNumber, chinese_numbers, narrowed, without_vague
from index.spans import Span

# What must stand there, by kind, in the order in which it is looked for.
_ADDRESS = re.compile(r"https?://[^\s，。；、]+[\w/]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CITATION = re.compile(
    r"\[[0-9]+(?:\s*[,;–-]\s*[0-9]+)*\]"
    r"|\((?:[^()]*\b(?:19|20)[0-9]{2}[a-z]?(?:;\s*)?)+\)(?=[\s.,;:)]|$)"
    r"|[A-Z][\w'’-]+ et al\.?(?: \((?:19|20)[0-9]{2}[a-z]?\))?"
)
QUOTED = re.compile(
    r"“([^“”]{1,120})”|(?<!\w)[‘']([^‘’']{1,120})[’'](?!\w)|\"([^\"]{1,120})\"|`([^`]+)`"
)
_CODE = re.compile(
    r"(?<![\w-])(?:"
    r"--?[a-z][\w-]+(?=[\s=.,;)]|$)"  # --flag
    r"|[A-Za-z0-9]\w*_\w+|[a-z]+[A-Z]\w*|\w+\(\)"  # snake_case, camelCase, call()
    r"|[\w.~-]*/[\w./-]*\w\.[a-z]{1,5}\b|/?(?:[\w.-]+/){2,}[\w.-]*\w"  # paths
    r"|\w[\w-]*\.(?:py|json|jsonl|yaml|yml|toml|csv|tsv|txt|md|pdf|html|cpp|java|sh|ipynb|zip|gz)\b"
    r")"
)
_OPERATOR = r"[=≈≠≤≥⩽⩾∈∝≪≫<>→←↦⊂⊆∼+*/^|·×−-]"
_OPERAND = (
    r"(?:(?:[A-Za-zͰ-Ͽ]|[A-Z]{1,2}[a-z]{0,2}|[bcdfghjklmnpqrstvwxz]{2,3})[0-9]*"
    r"(?:\([^()\s]{1,12}(?:, ?[^()\s]{1,6})*\))?|[0-9]+(?:[.,][0-9]+)*%?|∞)"
)
_FORMULA = re.compile(
    rf"(?:(?<![\w.]){_OPERAND}\s?)?[=≈≠≤≥⩽⩾∈∝≪≫<>→]\s?{_OPERAND}"
    rf"(?:\s?{_OPERATOR}\s?{_OPERAND})*(?!\w)"
    r"|\bO\([^()]{1,24}\)"
    r"|(?<!\w)[A-Za-zͰ-Ͽ]{1,3}\((?!s\))(?:\w{1,3}(?:\s?[,|;]\s?\w{1,3})*)\)"
)
_SYMBOL = re.compile(
    r"[Ͱ-Ͽ∑∏∫√∂∇∞∈∀∃±→∝≤≥≈≠]"
    r"|(?<![\w'’.-])(?!e\.\s?g\.|i\.\s?e\.)[B-HJ-Zb-z](?![\w'’])(?!\.\s[A-Z])"
    r"|(?<![\w-])(?!(?:cf|vs|ms|ns|kg|km|mm|cm|nm|mg|px|pt|hr|th|nd|rd|st|pp|bn)\b)"
    r"[bcdfghjklmnpqrstvwxz]{2,3}(?![\w-])"  # the d with an index k, as a PDF has it: dk
)
_POINTER = re.compile(
    r"\b(?P<kind>tables?|figures?|figs?\.|sections?|secs?\.|appendix|appendices|algorithms?"
    r"|equations?|eqs?\.|theorems?|lemmas?|chapters?)"
    r"\s*\(?(?P<first>[0-9]+(?:\.[0-9]+)*[a-z]?|(?-i:[A-Z])(?:\.[0-9]+)?)(?!\w)\)?"
    r"(?P<more>(?:\s*(?:,|and|[-–])\s*\(?[0-9]+(?:\.[0-9]+)*[a-z]?(?!\w)\)?)*)",
    re.I,
)
_POINTER_WORDS = {
    "tab": "表格?",
    "fig": "图",
    "sec": "节|小节|章节|部分",
    "app": "附录",
    "alg": "算法",
    "equ": "公式|方程式?|等式|式",
    "eq": "公式|方程式?|等式|式",
    "the": "定理",
    "lem": "引理",
    "cha": "章",
}
_MONTHS = {name: at for at, name in enumerate(month_name) if name}
_MONTH = re.compile(
    rf"(?:(?<=[0-9] )|\b(?=(?:{'|'.join(_MONTHS)}),? [0-9]))(?P<month>{'|'.join(_MONTHS)})\b"
)
_MONTH_CHARACTERS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
LATIN = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ0-9'’]*")
_UPWARD = re.compile(
    r"\b(?:exceed|beyond|upward|surpass|above|over|more than|greater|at least)", re.I
)
_DOWNWARD = re.compile(
    r"\b(?:up to|at most|within|below|under|limit|max|less than|fewer|as (?:little|few))", re.I
)
_ROUGHLY = re.compile(
    r"\b(?:about|around|approximat|roughly|nearly|almost|close|near|estimat|some)", re.I
)
_SAME_BOUND = {
    "at least": ("up", _UPWARD),
    "more": ("up", _UPWARD),
    "at most": ("down", _DOWNWARD),
    "less": ("down", _DOWNWARD),
    "about": ("about", _ROUGHLY),
}
_BLANK = "¤"  # stands where something locked was taken out; no letter, no space
_SMALL_WORDS = frozenset(("of", "and", "for", "the", "in", "to", "on", "with"))


@dataclass(frozen=True, slots=True)
class LockedPart:
    """A part of an English sentence that must stand in the Chinese; ``others`` may stand for it."""

    kind: str
    text: str
    start: int
    end: int
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sides:
    """An English sentence and a Chinese one, as the rules compare them."""

    english: str
    chinese: str
    glossary: Glossary = field(default_factory=lambda: Glossary({}))

    @cached_property
    def locks(self) -> tuple[LockedPart, ...]:
        """What is locked in the English, in order."""
        return locks_of(self.english, self.glossary)

    @cached_property
    def _taken(self) -> tuple[str, tuple[LockedPart, ...]]:
        """The Chinese without what was locked verbatim, and the locks that it lacks."""
        rest = narrowed(self.chinese)
        lost: list[LockedPart] = []
        said: set[str] = set()
        # A lock inside another's words must not take them: long ones first, letters last.
        for lock in sorted(self.locks, key=lambda one: (_LAST.get(one.kind, 0), -len(one.text))):
            if lock.kind in ("number", "quoted"):
                continue
            if lock.kind == "name" and bare(lock.text) in said:
                continue  # it need not be said as often
            rest, found = _take(lock, rest)
            if not found:
                lost.append(lock)
            elif lock.kind == "name":
                said.add(bare(lock.text))
        return rest, tuple(sorted(lost, key=lambda lock: lock.start))

    @property
    def rest(self) -> str:
        """The Chinese, ASCII narrow, with a mark for each character of a lock that it keeps."""
        return self._taken[0]

    @property
    def lost(self) -> tuple[LockedPart, ...]:
        """The locks that the Chinese lacks, but for numbers."""
        return self._taken[1]

    @cached_property
    def english_rest(self) -> str:
        """The English with a mark for each character of a lock, numbers aside."""
        locks = (lock for lock in self.locks if lock.kind != "number")
        return _loosened(_without(self.english, locks))

    @cached_property
    def numbers(self) -> tuple[tuple[Quantity, ChineseNumber | None], ...]:
        """Each number of the English with the one of the Chinese that says it."""
        return _paired(self)

    @cached_property
    def chinese_numbers(self) -> tuple[ChineseNumber, ...]:
        """The numbers that the Chinese states beside what is locked."""
        return chinese_numbers(without_vague(self.rest)[0])

    @cached_property
    def letters(self) -> tuple[str, ...]:
        """Words in Latin letters in the Chinese that are neither locked nor units."""
        spans = [Span(number.start, number.end) for number in self.chinese_numbers]
        return tuple(
            match.group()
            for match in LATIN.finditer(self.rest)
            if not any(span.start <= match.start() < span.end for span in spans)
        )


_LAST = {"name": 1, "symbol": 2}


def locks_of(english: str, glossary: Glossary) -> tuple[LockedPart, ...]:
    """What has to stand in the Chinese as it does in the English, in order.

    Addresses, citations, quoted words, code, formulas, "Table 2", months of dates, names, acronyms
    and versions, symbols, and numbers with their units. A name may also stand as the glossary has
    it, and a number in other characters of the same value.
    """
    locks: list[LockedPart] = []
    rest = english
    for kind, pattern in (
        ("address", _ADDRESS),
        ("citation", _CITATION),
        ("quoted", QUOTED),
        ("code", _CODE),
        ("formula", _FORMULA),
        ("pointer", _POINTER),
        ("month", _MONTH),
    ):
        found = []
        for match in pattern.finditer(rest):
            start, end = match.start(), match.end()
            inside = next((one for one in match.groups() if one), "") if kind == "quoted" else ""
            if kind == "quoted" and not re.fullmatch(r"[a-z ,'-]+", inside):
                kept = LockedPart("words", inside, match.start(match.lastindex or 0), end - 1)
                found.append(kept)
            elif kind == "quoted":
                continue  # ordinary words in quotation marks may be translated, inside some
            else:
                found.append(LockedPart(kind, match.group(), start, end))
        locks += found
        rest = _without(rest, found)
    names = list(_names(rest, glossary))
    rest = _without(rest, names)
    symbols = [LockedPart("symbol", m.group(), m.start(), m.end()) for m in _SYMBOL.finditer(rest)]
    rest = _without(rest, symbols)
    rest = _loosened(rest)
    numbers = [
        LockedPart("number", n.text, n.start, n.end) for n in quantities(rest) if not _is_pronoun(n)
    ]
    return tuple(sorted((*locks, *names, *symbols, *numbers), key=lambda lock: lock.start))


def _without(text: str, locks: Iterable[LockedPart]) -> str:
    for lock in locks:
        text = text[: lock.start] + _BLANK * (lock.end - lock.start) + text[lock.end :]
    return text


def _loosened(text: str) -> str:
    """The number in "top-100" is one to translate, as it is not in a name."""
    return re.sub(r"(?<=[a-z]{2})-(?=[0-9])", " ", text)


def _is_pronoun(number: Quantity) -> bool:
    """ "One of the", "allow one to": no number that a translation has to say."""
    return number.text.lower().startswith("one") and number.value == 1 and not number.unit


def _names(text: str, glossary: Glossary) -> Iterator[LockedPart]:
    """Names, but not those that an acronym stands for: "Elastic Rope (ER)"."""
    free = list(spelled_out(text))
    terms = list(glossary.occurrences(text))
    at = 0
    for name in names_in(text):
        start = text.find(name, at)
        start = start if start >= 0 else text.find(name)  # versions come after all other names
        at = start + len(name)
        if _BLANK in name or any(span.start <= start < span.end for span in free):
            continue
        for first, last in _named_parts(name, start, terms):
            part = text[first:last]
            yield LockedPart("name", part, first, last, _chinese_of(terms, first, last))


def _named_parts(name: str, start: int, terms: list[Term]) -> Iterator[tuple[int, int]]:
    """Of "English-to-German" both names, and not the word between; of "GPT-3" the whole."""
    parts = list(re.finditer(r"[^-–]+", name))
    end = start + len(name)
    if len(parts) == 1 or re.search(r"[0-9]", name) or _chinese_of(terms, start, end):
        yield start, end
        return
    for part in parts:
        if re.search(r"[A-Z]", part.group()):
            yield start + part.start(), start + part.end()


def _chinese_of(terms: list[Term], start: int, end: int) -> tuple[str, ...]:
    return tuple(
        chinese
        for term in terms
        if term.start <= start and end <= term.end
        for chinese in term.chinese
    )


def spelled_out(text: str) -> Iterator[Span]:
    """The words before an acronym in brackets that have its initials."""
    for match in re.finditer(r"\((?P<acronym>[A-Za-z]*[A-Z][A-Za-z]*)\)", text):
        acronym = re.sub(r"s$", "", match["acronym"]).lower()
        words = list(re.finditer(r"[A-Za-z]+", text[: match.start()]))[-10:]
        for first in range(len(words) - 1, -1, -1):
            every = "".join(word.group()[0] for word in words[first:]).lower()
            some = "".join(
                word.group()[0] for word in words[first:] if word.group() not in _SMALL_WORDS
            ).lower()
            if acronym in (every, some) and words[first].group().lower() not in _SMALL_WORDS:
                yield Span(words[first].start(), match.start())
                break


def _take(lock: LockedPart, chinese: str) -> tuple[str, bool]:
    """The Chinese with the lock's words marked, and whether it had them."""
    match lock.kind:
        case "name":
            patterns = [name_pattern(lock.text), *map(re.escape, lock.others)]
            found = re.search("|".join(patterns), chinese, re.I)
            if found is None:
                return chinese, False
            # All places: a name may be said again, and is no other word's part then.
            for pattern in patterns:
                chinese = re.sub(pattern, _marks, chinese, flags=re.I)
            return chinese, True
        case "pointer":
            pattern = _pointer_pattern(lock.text)
        case "month":
            at = _MONTHS[lock.text]
            pattern = rf"(?<![0-9])(?:{at}|{_MONTH_CHARACTERS[at - 1]})\s?月"
        case "citation":
            pattern = _citation_pattern(lock.text)
        case _:
            pattern = _verbatim(lock.text)
    flags = re.I if lock.kind in ("pointer", "citation") else 0
    if lock.kind in ("symbol", "words", "code", "address", "formula"):
        return re.subn(pattern, _marks, chinese, flags=flags)[0], bool(re.search(pattern, chinese))
    rest, times = re.subn(pattern, _marks, chinese, count=1, flags=flags)
    return rest, times > 0


def _marks(match: re.Match[str]) -> str:
    return _BLANK * len(match.group())


_ALIKE = {
    **dict.fromkeys("-–—−", r"\s*[-–—−]\s*"),
    ",": r"\s*[,，、]\s*",
    ";": r"\s*[;；]\s*",
    ":": r"\s*[:：]\s*",
    "?": r"\s*[?？]",
    "!": r"\s*[!！]",
    **dict.fromkeys("‘’'", "[‘’']"),
    **dict.fromkeys('“”"', '[“”"]'),
}


def _verbatim(text: str) -> str:
    """A pattern for the same characters, whatever the spaces, dashes and width of commas."""
    parts = [r"\s*" if c.isspace() else _ALIKE.get(c, re.escape(c)) for c in text]
    if not re.search(r"[\w]", text):
        return r"\s*".join(parts)
    spaced = "".join(
        rf"\s*{part}\s*" if not c.isalnum() and c not in "_.'’" and not c.isspace() else part
        for c, part in zip(text, parts, strict=True)
    )
    before = r"(?<![A-Za-z0-9])" if text[0].isalnum() else ""
    after = r"(?![A-Za-z0-9])" if text[-1].isalnum() else ""
    return before + spaced + after


def name_pattern(name: str) -> str:
    """A pattern for a name in any case, whatever hyphens and spaces it has, also in the plural."""
    name = re.sub(r"['’]s$", "", name)
    if len(name) > 2:
        name = re.sub(r"(?<=[A-Za-z0-9])s$", "", name)
    parts = re.findall(r"[^\W_]+|[.+&/]", name)
    joined = r"[\s–—·-]*".join(map(re.escape, parts))
    return rf"(?<![A-Za-z0-9]){joined}s?(?![A-Za-z0-9])"


def _citation_pattern(text: str) -> str:
    parts = re.split(r"(\s*\bet al\.?|\s+(?:and|&)\s+)", text)
    alike = {True: r"\s*(?:et al\.?|等人?)", False: r"\s*(?:and|&|和|与)\s*"}
    return "".join(
        alike["al" in part] if at % 2 else _verbatim(part) if part else ""
        for at, part in enumerate(parts)
    )


def _pointer_pattern(text: str) -> str:
    match = _POINTER.match(text)
    if match is None:  # pragma: no cover - only what the pattern found gets here
        return _verbatim(text)
    kind = match["kind"].lower()
    words = next(said for key, said in _POINTER_WORDS.items() if kind.startswith(key))
    numbers = [match["first"], *re.findall(r"[0-9]+(?:\.[0-9]+)*[a-z]?", match["more"])]
    joined = rf"\)?\s*(?:[、,，和及与至到~–-]|以及)+\s*(?:{words})?\s*\(?".join(
        map(re.escape, numbers)
    )
    english = rf"{re.escape(match['kind'])}\s*\(?{joined}(?![0-9])\)?"
    return rf"(?:{words})\s*\(?{joined}(?![0-9])\)?|第\s*{joined}\s*(?:{words})|{english}"


def bare(word: str) -> str:
    """A word's letters and digits in small letters, without the plural's ending."""
    plain = re.sub(r"[\W_]+", "", re.sub(r"['’]s$", "", word)).lower()
    return plain.removesuffix("s") if len(plain) > 2 else plain


def _paired(sides: Sides) -> tuple[tuple[Quantity, ChineseNumber | None], ...]:
    unused = list(sides.chinese_numbers)
    said: list[ChineseNumber] = []
    pairs: list[tuple[Quantity, ChineseNumber | None]] = []
    for number in quantities(sides.english_rest):
        fitting = [one for one in unused if _says(one, number, sides.english)]
        # The one with its bound, where there are several.
        fitting.sort(key=lambda one: not bound_kept(number, one, sides.english))
        if fitting:
            unused.remove(fitting[0])
            said.append(fitting[0])
            pairs.append((number, fitting[0]))
        elif not _is_pronoun(number):
            # "WMT 2014 ... and WMT 2014": a name's number need not be said again.
            again = sides.english_rest[: number.start].rstrip(" ").endswith(_BLANK)
            before = [one for one in said if _says(one, number, sides.english)]
            pairs.append((number, before[0] if again and before else None))
    return tuple(pairs)


def _says(said: ChineseNumber, number: Quantity, english: str) -> bool:
    if said.value != number.value:
        return False
    if number.unit in said.units:
        return not ("year" in said.units and number.unit == "") or 1500 <= number.value <= 2100
    if number.unit == "th":
        return "" in said.units
    by_factor = re.search(r"\b(?:factor|fold|times)\b", english)
    return number.unit == "" and "times" in said.units and by_factor is not None


def bound_kept(number: Quantity, said: ChineseNumber, english: str) -> bool:
    """Whether "over", "up to" and "about" are said of a number as they are in the English."""
    if number.bound == "":
        return said.bound == "" or bool(_SAME_BOUND[said.bound][1].search(english))
    if said.bound == "":
        # "averaged over 5 runs" is no bound.
        before = english[: number.start]
        return bool(
            re.search(
                r"\b(?:averag|mean|sum|comput|aggregat|taken|vari|rang|improvement)\w* over\s*$",
                before,
            )
        )
    return _SAME_BOUND[number.bound][0] == _SAME_BOUND[said.bound][0]
