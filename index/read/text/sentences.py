"""Splits text into sentences: rules for scientific English, and full stops of other scripts.

A full stop ends a sentence unless it belongs to an abbreviation, an initial, a number, a label
("Fig. 1."), an ellipsis or an open bracket, or unless the next word cannot begin a sentence.
Libraries do not fit: pysbd returns strings that would have to be searched for again, and NLTK needs
a download.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.read.page.english import common_words
from index.spans import Span

# What follows these belongs to them, whatever it is.
_JOINING = frozenset({
    "cf", "vs", "viz", "e.g", "i.e", "resp", "approx", "ca", "w.r.t", "a.k.a", "s.t", "dept",
    "univ", "proc", "conf", "trans", "lett", "rev", "assoc", "intl", "natl", "ed", "eds", "esp",
    "incl", "vgl", "bzw", "bspw", "ggf", "evtl", "inkl", "sog", "ex", "ej",
})  # fmt: skip
_TITLES = frozenset({"Dr", "dr", "Prof", "prof", "Mr", "Mrs", "Ms", "St", "Mt"})
# These end a sentence unless a number or a letter comes next: "Sec. 4", "Eq. (2)", "Fig. S3".
_POINTING = frozenset({
    "fig", "figs", "eq", "eqs", "eqn", "eqns", "sec", "secs", "sect", "ch", "chap", "tab", "tbl",
    "ref", "refs", "thm", "lem", "prop", "def", "cor", "alg", "app", "appx", "no", "nos", "vol",
    "vols", "pp", "p", "exp", "abb", "bd", "nr", "sr", "art",
})  # fmt: skip
_NAMING = frozenset({"of", "for", "and", "on", "to"})  # "Department of", inside a name
_MONTHS = frozenset({
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
    "November", "Dezember",
})  # fmt: skip
# These end a sentence only before a word that begins one: not in "the U.S. Census".
_MAYBE_LAST = frozenset({
    "et.al", "al", "etc", "inc", "ltd", "co", "corp", "jr", "u.s", "u.k", "u.n", "e.u", "ph.d",
    "m.sc", "b.sc", "m.d", "a.m", "p.m", "i.i.d", "jan", "feb", "mar", "apr", "jun", "jul", "aug",
    "sep", "sept", "oct", "nov", "dec",
})  # fmt: skip

_CLOSERS = "\"'”’»)\\]"
_NOTE = (
    r"\^(?:[\d,;–—*∗†‡§¶#a-z-]{1,40}|\([^()\s]{1,30}\))"  # raised: "Brazil.^1 By"
    r"|\d{1,3}(?:[,–—-]\s?\d{1,3})*"  # raised, but not known to be: "CAD.10-19 In"
    r"|[†‡§¶‖*∗#]{1,3}"
    r"|\[\d[\d,\s–-]*\]"
)
_END = re.compile(
    rf"(?<![\^_])[.!?]+[{_CLOSERS}]*(?P<note>{_NOTE})?(?=\s|$)"
    r"|(?P<tight>(?<=[a-z]{3})[.!?]|(?<=[a-z0-9][)\]])[.!?])(?=[A-Z][a-z]*\s)"
    r"|(?P<full>[。！？｡।॥؟۔።]+|．(?![\d．]))[”’）」』】»\"]*"
    r"|(?P<bullet>\s)(?=[•‣▪◦●■]\s?\S)"
)
_BRACKET = re.compile(r"[()\[\]（）「」『』【】]")
_QUOTE = re.compile(r"(?<![^\s(\[—–-])“|”")
_OPENING = frozenset("([（「『【")
_CLOSING = ")]）」』】"
_LAST_WORD = re.compile(r"[\w.’'-]*$")
_OPENERS = re.compile(r"[\"'“‘«„(\[•‣▪◦●■–—¿¡「『（【-]*\s*")
_ITEM = re.compile(r"\(?(?:[ivx]{1,4}|[a-h]|\d{1,2})[.)]\s+\S")
_JOINED_ITEM = re.compile(r"[,;]\s(?:and|or|und|et|y)$")  # before the last of a list's items
_SIGNS = frozenset("§⋆∗†‡¶*#$∀∃")
_NUMBER_NEXT = re.compile(
    r"[(\[]?\s*(?:\d|[A-Z]{1,4}[.-]?\d|[A-Z]\b(?!['’])|[IVXLC]+\b|[^\w\s(\[])"
)
# What is before a number that numbers it; alone before a full stop it is no sentence.
_LABEL = re.compile(
    r"(?:(?:Extended Data|Supplementary|Suppl\.|Online)\s+)?(?:(?:Fig(?:ure|s)?|Table|Tab|Tbl|"
    r"Alg(?:orithm)?|Listing|Scheme|Box|Chart|Plate|Map|Panel|Video|Movie|Exp(?:eriment)?|Study|"
    r"Theorem|Lemma|Proposition|Definition|Corollary|Remark|Example|Claim|Assumption|Step|Case|"
    r"Appendix|Abb(?:ildung)?|Tabelle|Tableau|Figura|Tabla|Cuadro|Рис|Табл)\s?\.?|[图圖図表])\s*"
    r"(?:[A-Z]{1,2}[.-]?)?(?:\d{1,3}(?:[.-]\d{1,2})*[a-z]?|[IVXL]{1,5})?|"
    r"\(?(?:\d{1,2}|[ivx]{1,4}|[a-h])",
    re.I,
)
# A sentence that only says where the one before it comes from.
_SOURCE = re.compile(
    r"[(\[](?:[^()\[\]]*\b(?:1[5-9]|20)\d\d[a-z]?\b[^()\[\]]*|"
    r"(?:see |cf\. )?(?:Fig|Table|Tab|Eq|Sec|Appendix|Supplement)[^()\[\]]*|"
    r"\d[\d,\s–-]*(?=\]))[)\]]\s*\.(?=\s|$)",
)
_GOES_ON = frozenset("とはがをにのでもや、，,。；")  # after a quotation; particles are Japanese
# How far around a mark is looked: a paragraph may be as long as a book.
_BEFORE, _AFTER = 80, 400


def split_sentences(text: str, span: Span) -> Iterator[Span]:
    """The sentences of ``text[span.start:span.end]``, in order, without the space between them.

    Every character that is not white space is in exactly one sentence.
    """
    start = span.start
    for end in _ends(text, span):
        yield from _trimmed(text, start, end)
        start = end
    yield from _trimmed(text, start, span.end)


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if end > start:
        yield Span(start, end)


def _ends(text: str, span: Span) -> Iterator[int]:
    depth = 0
    opened_at = span.start
    quoted_at = -1  # where a quotation began that is still open
    position = said_to = start = span.start
    for match in _END.finditer(text, span.start, span.end):
        for bracket in _BRACKET.finditer(text, position, match.start()):
            if bracket.group() in _OPENING:
                if depth == 0:
                    opened_at = bracket.start()
                depth += 1
            else:
                depth = max(depth - 1, 0)
        position = match.start()
        for quote in _QUOTE.finditer(text, said_to, match.start()):
            quoted_at = quote.start() if quote.group() == "“" else -1
        said_to = match.start()
        if start < quoted_at and position - quoted_at < 300 and _quotation_continues(text, match):
            continue
        # A bracket that was never closed must not swallow the rest of the paragraph.
        if depth > 0 and position - opened_at < 300 and _closes_later(text, match, opened_at):
            continue
        if _ends_here(text, span, start, match):
            depth = 0
            position = said_to = start = match.end()
            quoted_at = -1
            yield match.end()


def _closes_later(text: str, match: re.Match[str], opened_at: int) -> bool:
    """Whether a mark is inside a bracket: the mark does not close it, and something does."""
    if any(character in _CLOSING for character in match.group()):
        return False
    closing = ")" if text[opened_at] in "([" else _CLOSING
    return any(text.find(one, match.end(), match.end() + 200) >= 0 for one in closing)


def _quotation_continues(text: str, match: re.Match[str]) -> bool:
    """Whether a mark is inside a quotation: it does not close it, and something soon does."""
    if any(character in _CLOSERS for character in match.group()):
        return False
    following = _QUOTE.search(text, match.end(), match.end() + 200)
    return following is not None and following.group() == "”"


def _ends_here(text: str, span: Span, start: int, match: re.Match[str]) -> bool:
    """Whether the sentence that begins at ``start`` ends with this mark."""
    rest = text[match.end() : min(match.end() + _AFTER, span.end)].lstrip()
    if not rest:
        return True
    if match["full"]:
        closed = match.group()[-1] in "”’）」』"
        return not (closed and rest[0] in _GOES_ON)
    word = _word_before(text, span, match.start())
    if match["bullet"]:
        before = text[max(match.start() - 1, span.start)]
        joined = _JOINED_ITEM.search(text, max(start, match.start() - 8), match.start())
        return before in ".;:!?" or bool(joined) or rest.lstrip("•‣▪◦●■ ")[:1].isupper()
    if match["tight"]:
        # "publication.The rest", and not "numpy.Array" or "www.The".
        follows = re.split(r"[^A-Za-z]", rest, maxsplit=1)[0]
        plain = not word or ("." not in word and word in common_words())
        return plain and follows in _STARTERS
    if _SOURCE.match(rest) or _is_label(text, start, match.start()):
        return False
    mark, note = match.group(), match["note"]
    if note and not _is_note(text, match, word, rest):
        return False
    if not _starts_sentence(rest):
        return mark == "." and _is_name_in_lower_case(word, rest)
    if mark[0] != ".":
        return True
    if mark.startswith("..."):
        return rest[0].isupper()
    return _full_stop_ends(text, span, match, word, rest)


def _word_before(text: str, span: Span, at: int) -> str:
    """The word that a mark follows, without the quotes around it; of "Fig ." too."""
    while at > span.start and text[at - 1] == " ":
        at -= 1
    found = _LAST_WORD.search(text, max(at - _BEFORE, span.start), at)
    return (found.group() if found else "").strip("'’").rstrip(".")


def _is_label(text: str, start: int, end: int) -> bool:
    """Whether all that a sentence would say is a label or a list's mark: "Figure 1.", "ii."."""
    said = text[start : min(end, start + 60)].strip()
    return end - start < 60 and bool(_LABEL.fullmatch(said.lstrip("•‣▪◦●■ ")))


def _is_note(text: str, match: re.Match[str], word: str, rest: str) -> bool:
    """Whether what follows a full stop at once is a note's mark and not the rest of a number."""
    note = match["note"].strip()
    if note[0] in "^[":
        return True
    if not note[0].isdigit():
        return _starts_sentence(rest)
    before = text[match.start() - 1] if match.start() else " "
    year = re.fullmatch(r"(?:1[89]|20)\d\d", word) and len(note) <= 2
    worded = len(word) >= 3 and word.isalpha() and word.lower() not in _POINTING | _JOINING
    ends = (before.isalpha() and worded) or before in _CLOSERS or bool(year)
    return ends and rest[0].isalpha() and _starts_sentence(rest)


def _starts_sentence(rest: str) -> bool:
    """Whether what follows can begin a sentence: a capital, a letter without case, a number."""
    if _ITEM.match(rest):
        return True
    opened = _OPENERS.match(rest)
    first = rest[opened.end() if opened else 0 :][:2]
    if not first:
        return False
    one = first[0]
    if one.isalpha():
        return not one.islower() or (first[1:].isupper() and one.isascii())
    return one.isdigit() or one in _SIGNS


def _is_name_in_lower_case(word: str, rest: str) -> bool:
    """Whether a name that is written small begins a sentence: "in practice. ampute's default"."""
    common = common_words()
    follows = re.match(r"[a-z]{3,}(?=['’]s\b|\s)|[a-z]{1,3}[A-Z]\w*|[a-z]-[A-Z]\w*", rest)
    if follows is None or len(word) < 4 or word not in common:
        return False
    return follows.group() not in common and not any(map(str.isspace, follows.group()))


def _full_stop_ends(text: str, span: Span, match: re.Match[str], word: str, rest: str) -> bool:
    lower = word.lower().lstrip("(")
    following = re.split(r"\s", rest, maxsplit=1)[0].strip("\"'“‘”’").rstrip(",;:)”’")
    starts = following in _STARTERS  # "A." is another initial
    quoted = match.group().strip(".")[:1] in set("\"'”’»")
    if word in _TITLES or (lower in _JOINING and not quoted):
        return False
    if len(word) == 1 and word.isalpha() and re.match(r"[^\W\d_]\.(?=\s)", rest):
        return False  # "z. B.", "d. h.", "A. N. Gomez"
    if word.isdigit() and len(word) <= 2 and following in _MONTHS:
        return False  # "am 3. Mai"
    if lower in _POINTING and word != "P" and not quoted:
        return (starts and len(following) > 1) or not _NUMBER_NEXT.match(rest)
    if lower in _MAYBE_LAST:
        if lower == "etc" and following[:1].isupper():
            return True
        return starts or ("." in lower and _is_written_small(text, following, rest))
    before = text[max(span.start, match.start() - len(word) - 12) : match.start() - len(word)]
    if len(word) == 1 and word.isupper() and word.isascii():
        # An initial: "J. Smith", "A. N. Gomez". No unit: "5000 K. From"; no symbol: "of A. We".
        unit = re.search(r"\d\s*$", before)
        named = following.replace("-", "").replace(".", "").isalpha()
        begins = not before.strip() or before[-1:] in " .(-“‘\"'"
        return bool(unit) or not (begins and named and not starts)
    if word[:1].isupper() and 2 <= len(word) <= 7 and _is_in_a_reference(word, before, rest):
        return False
    # A numbered list's head: "1. First".
    return not (word.isdigit() and len(word) <= 2 and not before.strip())


def _is_written_small(text: str, word: str, rest: str) -> bool:
    """Whether a word has its capital from a sentence's begin: the text writes it small elsewhere.

    "in the U.S. Conjoint analysis" beside "a conjoint experiment", and not "the U.S. Senate".
    """
    follows = rest.split(None, 2)[1:2]
    begins = len(word) > 3 and word.isalpha() and word[0].isupper() and word[1:].islower()
    if not begins or not follows or not follows[0][0].islower() or follows[0] in _NAMING:
        return False
    if text.count(f" {word.lower()} ") < 2:
        return False
    return re.search(rf"(?<=[a-z,] ){word}\b", text) is None


def _is_in_a_reference(word: str, before: str, rest: str) -> bool:
    """Whether a short word is cut from a journal's name: "Am. Econ. Rev. 12", "Hum. Biol."."""
    follows = re.match(r"([A-Z][a-z]{0,6})\.(?=[\s,])|\d+\s*[,:(]", rest)
    if follows is None or not word.isalpha() or follows[1] in _TITLES:
        return False
    after = (follows[1] or "").lower()
    if after in _POINTING and len(after) > 1:
        return False
    common = common_words()
    short = word.lower() not in common or before.rstrip().endswith(".")
    return short or bool(len(after) > 1 and after not in common)


_STARTERS = frozenset({
    "A", "About", "Above", "According", "Across", "Additionally", "After", "Afterwards", "Again",
    "Against", "All", "Also", "Alternatively", "Although", "Among", "An", "Analogously", "And",
    "Another", "Any", "As", "At", "Based", "Because", "Before", "Below", "Besides", "Between",
    "Beyond", "Both", "But", "By", "Clearly", "Compared", "Concretely", "Consequently",
    "Considering", "Contrary", "Conversely", "Currently", "Despite", "Did", "Do", "Does", "Due",
    "During", "Each", "Either", "Equation", "Especially", "Even", "Every", "Except", "Few",
    "Figure", "Figures", "Finally", "First", "Firstly", "Following", "For", "Formally",
    "From", "Further", "Furthermore", "Generally", "Given", "Hence", "Here", "How", "However",
    "I", "If", "Importantly", "In", "Indeed", "Instead", "Intuitively", "Is", "It", "Its",
    "Last", "Lastly", "Later", "Let", "Like", "Likewise", "Many", "Meanwhile", "More",
    "Moreover", "Most", "Much", "Namely", "Neither", "Nevertheless", "Next", "No", "None",
    "Nonetheless", "Nor", "Not", "Notably", "Note", "Notice", "Now", "Of", "On", "Once", "One",
    "Only", "Or", "Other", "Others", "Otherwise", "Our", "Out", "Over", "Overall",
    "Particularly", "Per", "Previous", "Prior", "Rather", "Recall", "Recently", "Regarding",
    "Second", "Secondly", "Section", "See", "Several", "She", "Should", "Similarly", "Since",
    "So", "Some", "Specifically", "Still", "Subsequently", "Such", "Suppose", "Table",
    "Tables", "Taken", "Than", "That", "The", "Their", "Then", "There", "Thereby",
    "Therefore", "These", "They", "Third", "Thirdly", "This", "Those", "Though", "Three",
    "Through", "Throughout", "Thus", "To", "Together", "Toward", "Towards", "Two",
    "Typically", "Under", "Unfortunately", "Unless", "Unlike", "Until", "Upon", "Using",
    "Usually", "Via", "We", "Were", "What", "When", "Where", "Whereas", "Whether", "Which",
    "While", "Who", "Whose", "Why", "With", "Within", "Without", "Yes", "Yet", "You", "Your",
})  # fmt: skip
