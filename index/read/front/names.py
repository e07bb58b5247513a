"""Recognises names of persons and groups in lines of a page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from index.read.front.places import INSTITUTION, MARKS, Name, marks_in
from index.read.page.letters import ACCENTS, clean_text
from index.read.page.pages import Line, PageWord, Style
from index.read.text.headings import KNOWN

# By stems, and by whole words ("Francesca" and "Usama" are not countries).
_AFFILIATION = re.compile(
    r"\b(?:Universit|Institut|Depart|Dept|Laborator|School|Colleg|Corporation|GmbH|Hospital|"
    r"Technolog|Foundation|Polytechni|Observator|Ministry|Engineering|Consult|Societ|Divisi|"
    r"(?:Labs?|Research|Cent(?:re|er)s?|Academy|Faculty|Corp|Inc|Ltd|Company|Council|National|"
    r"Google|Microsoft|Facebook|Meta AI|OpenAI|DeepMind|NVIDIA|Amazon|IBM|Apple|Adobe|Alibaba|"
    r"Tencent|Huawei|Baidu|Yahoo|ETH|MIT|CNRS|INRIA|DFKI|Street|Road|Avenue|Sciences?|USA|Germany|"
    r"China|France|Italy|Canada|Japan|Korea|India|Poland|Kingdom|Berkeley|Group|Team|Project|"
    r"Agency|Studio)\b)",
    re.I,
)
_CONTACT = re.compile(r"@|\bdoi:|https?://|www\.|e-?mail|\.(?:edu|com|org|ac\.\w\w)\b", re.I)
_LONG_NUMBER = re.compile(r"(?<!\d)\d{3,}(?!\d)")  # a postcode, a street's or a year's
_PARTICLES = frozenset({
    "van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "du", "la", "le", "el",
    "al", "bin", "ben", "ibn", "ter", "ten", "zu", "zur", "af", "av", "y", "e", "do", "das",
    "degli", "dello", "lo", "op", "vom", "zum", "'t", "’t",
})  # fmt: skip
# "Schmidt", "d'Autume", "al-Khalili"; a letter with its accent counts as one.
_NAME_TOKEN = re.compile(r"(?:(?:[dl]['’]|(?:al|el|ul|bin|ben)[-‐])?[^\W\d_][\w'’.\-‐]*)$")
_PREFIXED = re.compile(r"(?:[dl]['’]|(?:al|el|ul|bin|ben)[-‐])(?=[^\W\d_])")
# A name in Chinese characters, kana or Hangul is written without a space.
# Names without a space, or with one after the family's: "张三", "山田 太郎". Korea's families are
# few (the census of 2015 counts 285, and these are those of 99 in 100 people), its words many.
_EASTERN_NAME = re.compile(
    "[\u4e00-\u9fff々]{2,4}|"
    "[\u4e00-\u9fff々]{1,3}[ \u3000・·]?[\u3040-\u30ff\u4e00-\u9fff々]{1,4}|"
    "[김이박최정강조윤장임한오서신권황안송류유전홍고문양손배백허남심노하곽성차주우구민진지엄채원천방"
    "공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용] ?[\uac00-\ud7af]{2}"
)
_EASTERN = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_EASTERN_PLACE = re.compile(
    r"大学|大學|学院|學院|学校|研究|实验|實驗|公司|会社|病院|医院|센터|대학|연구|학과"
)
_COLLECTIVE = re.compile(
    r"(?!anonymous)(?:the )?(?:[\w.'‐-]+ ){1,7}"
    r"(?:authors|team|consortium|collaborations?|collaborators|investigators|"
    r"(?:working|study|writing) group)",
    re.I,
)
_SEPARATOR = re.compile(r"[,;·•|、，；]")
_AND = re.compile(r"\s*(?:&|\b(?:and|AND|und|et)\b)\s*")
_MEMBERSHIP = re.compile(
    r",?\s*(?:(?:Graduate |Student |Senior |Life |Associate )+)?(?:Member|Fellow),?\s*"
    r"(?:IEEE|ACM|SIAM|AAAI)\b"
)
_BY = re.compile(r"(?:authors?|by|von|par|por)\s*:\s*|by\s+(?=[^\W\d_])", re.I)
_ADDRESSED = re.compile(r"(?:(?:Prof|Dr|Mr|Mrs|Ms|Ing|Dipl|PD)\.?[ -])+(?=\S)")
# "MD", "PhD", "Ph.D.", "PharmD", "DrPH", "M.Sc.": more than one capital, each with few letters.
_DEGREE = re.compile(r"(?:[A-Z][a-z]{0,4}\.?-?){2,6}(?:\([A-Za-z]+\))?")
_SUFFIX = re.compile(r"(?:Jr|Sr)\.?|I{2,3}|IV")
_NICKNAME = re.compile(r" [(\"“][^\W\d_][\w.-]*[)\"”] ")  # "Leith (Casey) Leedom"
_WHITE = 0xE0  # of each of a colour's three channels
_NOT_NAMES = frozenset({
    "abstract", "student", "member", "ieee", "fellow", "senior", "equal", "contribution", "author",
    "authors", "anonymous", "preprint", "draft", "article", "letter", "review", "note", "notes",
    "editor", "editors", "edited", "correspondence", "corresponding", "paper", "report", "journal",
    "submission", "version", "the", "keywords", "contents", "conference", "proceedings", "volume",
})  # fmt: skip


@dataclass(slots=True)
class _Piece:
    """A stretch of a line of names, what is raised after it, and its edges."""

    text: str
    x0: float
    x1: float
    marks: str = ""


def is_collective(text: str) -> bool:
    """Whether this names a group as author: "The gloss authors"."""
    return bool(_COLLECTIVE.fullmatch(text))


def is_name(text: str) -> bool:
    """Whether this can be a person's name: two to six capitalised words, particles apart, with
    initials before or after ("Yu.A.Pusep", "Alabsi S"), or two to six ideographs.
    """
    if _AFFILIATION.search(text):
        return False
    if _EASTERN.search(text):
        known = KNOWN.match(text) or _EASTERN_PLACE.search(text)
        return bool(_EASTERN_NAME.fullmatch(text)) and not known
    text = _NICKNAME.sub(" ", text)
    tokens = re.sub(r"\.(?=[^\W\d_])", ". ", text).split()
    if not 2 <= len(tokens) <= 7:
        return False
    if any(token.lower().strip(".'’‘“”\"").removesuffix("'s") in _NOT_NAMES for token in tokens):
        return False
    proper = 0
    for token in tokens:
        if token.lower() in _PARTICLES and token.islower():
            continue
        if not _is_proper(token):
            return False
        proper += 1
    return proper >= 2 and any(len(token.strip(".")) >= 2 for token in tokens)


def ends_in_particle(text: str) -> bool:
    """Whether more of the name must come: "Edward Van"."""
    return text.split()[-1].lower() in _PARTICLES if text else False


def _is_proper(token: str) -> bool:
    """Whether a word can be a part of a name: it begins with a capital, or has no case."""
    bare = _PREFIXED.sub("", token, count=1)
    return bool(_NAME_TOKEN.match(token)) and (bare[0].isupper() or not bare[0].isascii())


def names_of(line: Line, continued: bool = False) -> list[Name]:
    """The names in a line, from left to right; empty if most of it is not names.

    ``continued``: the line above is of names, too, and ends in a comma.
    """
    words = list(line.words)
    if _CONTACT.search(line.text) or _LONG_NUMBER.search(_on_the_line(line)):
        return []
    while words[1:] and words[0].text.lower() in ("and", "&"):  # an address was left out before
        words = words[1:]
    placed = _with_places(words, line) if INSTITUTION.search(line.text) else []
    if placed:
        return placed
    return _names_in(_pieces(words, line), line, continued) or _with_places(words, line)


def _on_the_line(line: Line) -> str:
    """The words of a line without raised parts."""
    parts = (part for word in line.words for part in (*word.parts, (" ", word.style)))
    return "".join(text for text, style in parts if not style.raised)


def _with_places(words: Sequence[PageWord], line: Line) -> list[Name]:
    """Names before their place in one line: "ANNA SCHMIDT, University of X", "Anna Li (MIT)"; and
    several of these between semicolons.
    """
    found: list[Name] = []
    parts = _between_semicolons(words)
    for part in parts:
        length = _head(part) or _before_place(part, certain=len(parts) > 1)
        named = _names_in(_pieces(part[:length], line), line) if length >= 2 else []
        beside = tuple(part[length:])
        if not named or sum(c.isalpha() for word in beside for c in word.text) < 2:
            return []
        found += [replace(name, beside=beside) for name in named]
    return found


def _between_semicolons(words: Sequence[PageWord]) -> list[list[PageWord]]:
    parts: list[list[PageWord]] = [[]]
    for number, word in enumerate(words):
        parts[-1].append(word)
        if word.text.endswith(";") and number + 1 < len(words):
            parts.append([])
    return parts


def _before_place(words: Sequence[PageWord], certain: bool) -> int:
    """How many words come before a bracket, dash or comma with an institution behind it; where a
    place is ``certain``, whatever it is called.
    """
    for number in range(2, len(words)):
        opens = words[number].text[0] in "(—–" or words[number - 1].text[-1] in ",;:("
        if opens and certain and is_name(_plain_name(" ".join(w.text for w in words[:number]))):
            return number
        if opens and INSTITUTION.search(" ".join(word.text for word in words[number:])):
            return number
    return 0


def _head(words: Sequence[PageWord]) -> int:
    """The number of words at the head in another type: larger, upright or bold."""
    first = words[0].style
    length = 0
    for word in words:
        style = word.style
        smaller = style.size < first.size - 0.7 and not style.raised
        if smaller or (style.italic, style.bold) != (first.italic, first.bold):
            break
        length += 1
    return 0 if length == len(words) else length


def _names_in(found: Sequence[_Piece], line: Line, continued: bool = False) -> list[Name]:
    names = _turned(found, line)
    if names:
        return names
    pieces = 0
    for piece in found:
        parts = list(_parts(piece.text))
        for number, part in enumerate(parts):
            if _SUFFIX.fullmatch(part) and names:
                names[-1] = replace(names[-1], text=f"{names[-1].text}, {part}")
                continue
            if _DEGREE.fullmatch(part) and names:
                continue
            pieces += 1
            single = len(part) > 3 and part.isalpha() and _is_proper(part) and part.istitle()
            if is_name(part) or is_collective(part) or (single and not _AFFILIATION.search(part)):
                marks = tuple(marks_in(piece.marks)) if number == len(parts) - 1 else ()
                names.append(Name(part, marks, piece.x0, piece.x1, line.middle))
    whole = [name for name in names if " " in name.text or is_name(name.text)]
    if (
        len(whole) < (1 if continued else 2) or len(whole) < 0.5 * pieces
    ):  # one word is a name among names alone
        names = whole
    # A line with more than names is an affiliation.
    return names if names and len(names) >= 0.6 * pieces else []


def _parts(text: str) -> Iterator[str]:
    """A piece cut at commas, and at "and" but inside the name of a group."""
    for part in _SEPARATOR.split(_MEMBERSHIP.sub(",", clean_text(text))):
        part = re.sub(r"^(?:and|und|et|&)\s+", "", part.strip())
        whole = _plain_name(part)
        before = _AND.split(whole)[:-1]
        if is_collective(whole) and not any(is_name(o) and not is_collective(o) for o in before):
            yield whole
            continue
        for one in _AND.split(part):
            said = _plain_name(one)
            if said:
                yield said


def _plain_name(piece: str) -> str:
    said = _ADDRESSED.sub("", _BY.sub("", piece.strip(), count=1))
    if said.rstrip().endswith(("Jr.", "Sr.")):
        return said.strip()
    return said.strip(f" ,;.:|()[]{{}}✉\u200b\u200a\u2009{MARKS}")


_TURNED = re.compile(
    r"(?P<last>(?:[^\W\d_][\w'’.-]*\s+){0,3}[^\W\d_][\w'’-]+), "
    r"(?P<first>(?:[^\W\d_][\w'’.-]*\s*){1,3})"
)


def _turned(found: Sequence[_Piece], line: Line) -> list[Name]:
    """Names with the last name first, which semicolons set apart: "Schmidt, Anna M.; Li, Xu"."""
    if sum(piece.text.count(";") for piece in found) + 1 < 2:
        return []
    names: list[Name] = []
    titled = True  # "Anna Schmidt, MD; Ben Ito, PhD"
    for piece in found:
        parts = [part.strip(f" ;{MARKS}") for part in clean_text(piece.text).split(";")]
        parts = [part for part in parts if part]
        for number, part in enumerate(parts):
            told = _TURNED.fullmatch(part)
            if not told or not is_name(f"{told['first']} {told['last']}"):
                return []
            titled = titled and bool(_DEGREE.fullmatch(told["first"]))
            marks = tuple(marks_in(piece.marks)) if number == len(parts) - 1 else ()
            names.append(Name(part, marks, piece.x0, piece.x1, line.middle))
    return [] if titled else names


# --- pieces of a line -----------------------------------------------------------------------------


def _pieces(words: Sequence[PageWord], line: Line) -> list[_Piece]:
    """The text of words of a line, cut at marks and at wide gaps."""
    if not words:
        return []
    wide = _wide_gap(words, line)
    before = marks_come_first(words, line)
    pieces: list[_Piece] = [_Piece("", words[0].x0, words[0].x1)]
    last: PageWord | None = None
    for word in words:
        if last is not None:
            if word.x0 - last.x1 > wide:
                pieces.append(_Piece("", word.x0, word.x1))
            elif pieces[-1].text:
                pieces[-1].text += " "
        for text, style in word.parts:
            if text in ACCENTS:  # a letter's own, drawn apart and high
                pieces[-1].text += text
                continue
            if text is not word.parts[0][0] and _is_badge(style, word.parts[0][1]):
                continue
            if _is_mark(text, style, line):
                marked = next((p for p in reversed(pieces) if p.text.strip(" ,;|")), pieces[-1])
                if pieces[-1].text:
                    pieces.append(_Piece("", word.x0, word.x1))
                (pieces[-1] if before else marked).marks += f" {text}"
            else:
                said = text if len(word.parts) > 1 else word.text
                pieces[-1].text += said
                pieces[-1].x1 = word.x1
        last = word
    return [flat for piece in pieces for flat in _cut_at_marks(piece) if flat.text]


def _is_mark(text: str, style: Style, line: Line) -> bool:
    small = style.raised or style.size < 0.8 * line.size or all(c in MARKS for c in text)
    return small and (not text.isalpha() or len(text) <= 2)


def _is_badge(style: Style, name: Style) -> bool:
    """Whether letters behind a name are white on a sign, as ORCID's "iD" is in some journals."""
    white = all(style.colour >> shift & 255 > _WHITE for shift in (0, 8, 16))
    return white and style.colour != name.colour and style.size < name.size


def marks_come_first(words: Sequence[PageWord], line: Line) -> bool:
    """Whether each mark is before its name: "*Ada Li, †Ben Ito"."""
    parts = [part for word in words for part in word.parts]
    marks = [_is_mark(text, style, line) for text, style in parts]
    runs = sum(here and not last for last, here in zip([False, *marks], marks, strict=False))
    return marks[0] and not marks[-1] and runs > line.text.rstrip(" ,").count(",")


def _wide_gap(words: Sequence[PageWord], line: Line) -> float:
    """The distance between two words, in points, from which on they belong to two names: twice
    what it is within a name, or as wide as a letter.
    """
    gaps = [after.x0 - word.x1 for word, after in pairwise(words)]
    if len(gaps) < 3 or "," in line.text:
        return 0.9 * line.size
    return min(0.9 * line.size, max(2.2 * median(gaps), 0.5 * line.size))


def _cut_at_marks(piece: _Piece) -> list[_Piece]:
    """Some fonts draw raised digits and signs in full size; a name has none ("COVID-19" has)."""
    cut: list[_Piece] = []
    for said in re.split(rf"((?<![-‐–\d])\d+|[{re.escape(MARKS)}]+)", piece.text):
        if said.strip(" ,;") and not (said[0].isdigit() or said[0] in MARKS):
            cut.append(_Piece(said.strip(), piece.x0, piece.x1))
        elif cut:
            cut[-1].marks += f" {said}"
    if cut:
        cut[-1].marks += f" {piece.marks}"
    return cut
